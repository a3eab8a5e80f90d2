/*
 * inferacct.c
 *	  Module magic and start-up; nothing else lives here.
 */
#include "postgres.h"

#include "fmgr.h"

#include "compat.h"
#include "price_cache.h"
#include "setting.h"

INFERACCT_MODULE_MAGIC;

void		_PG_init(void);

void
_PG_init(void)
{
	SettingInit(PriceCacheForget);
	PriceCacheInit();
}
