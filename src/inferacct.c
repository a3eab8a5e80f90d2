/*
 * inferacct.c
 *	  Module magic and start-up; nothing else lives here.
 */
#include "postgres.h"

#include "fmgr.h"

#include "core/name_hash.h"
#include "server/compat.h"
#include "server/guc.h"
#include "session/cluster_statement.h"
#include "session/price_cache.h"

INFERACCT_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	if (!pg_strong_random(name_hash_key, sizeof(name_hash_key)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not draw a key for the hash of names")));
	SettingInit(ClusterPlansForget, PriceCacheForget);
	PriceCacheInit();
	ClusterStatementInit();
}
