/*
 * inferacct.c
 *	  Module magic and start-up; nothing else lives here.
 */
#include "postgres.h"

#include "fmgr.h"

#include "server/compat.h"
#include "session/price_cache.h"
#include "server/guc.h"

INFERACCT_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	SettingInit(PriceCacheForget);
	PriceCacheInit();
}
