/*
 * cluster_sql.c
 *	  What SQL asks of the cluster that this node may be part of.
 */
#include "postgres.h"

#include "fmgr.h"

#include "server/compat.h"
#include "server/spread_table.h"
#include "session/cluster.h"

PG_FUNCTION_INFO_V1(is_worker);
PG_FUNCTION_INFO_V1(check_publisher);

/* Is this a node of a cluster other than its coordinator? */
Datum
is_worker(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!IsCoordinator() && HasOtherNodes());
}

/* Raise where what is published would not reach the other nodes. */
Datum
check_publisher(PG_FUNCTION_ARGS)
{
	CheckPublisher();
	PG_RETURN_VOID();
}
