/*
 * cluster.c
 *	  Whether prices that are read here are those of the whole cluster.
 *
 * The price tables of each node are its own, and only the coordinator publishes.
 * citus_setup() makes published_row a reference table: what is published on the
 * coordinator goes into it, too, in the same transaction, and a trigger of each
 * worker's copy takes the rows over into the worker's own tables and notes in
 * applied_row how far it has come (620-citus.sql).  Without it a statement over a
 * distributed table would be priced by whatever each node has, so it is refused;
 * and on a worker that has come less far than its copy.
 *
 * What a transaction has written over one connection of Citus another connection
 * of the same transaction does not see, so a statement that spans both would mix
 * two states of the prices.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"

#include "server/compat.h"
#include "server/errors.h"
#include "server/spi_query.h"
#include "server/spread_table.h"
#include "session/cluster.h"

#define SCHEMA "inferacct_internal"

/* Does a transaction that writes here belong to the distributed transaction that we are part of? */
static SpiQuery same_transaction_query = {
	.sql = "SELECT EXISTS (SELECT FROM pg_catalog.get_all_active_transactions() o "
	"JOIN pg_catalog.get_all_active_transactions() a USING (global_pid, transaction_number) "
	"JOIN pg_catalog.pg_locks l ON l.pid OPERATOR(pg_catalog.=) a.process_id::pg_catalog.int4 "
	"WHERE o.process_id::pg_catalog.int4 OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() "
	"AND o.transaction_number OPERATOR(pg_catalog.>) 0 AND l.granted "
	"AND l.locktype OPERATOR(pg_catalog.=) 'transactionid' AND l.transactionid OPERATOR(pg_catalog.=) $1)",
	.nargs = 1,
	.types = {XIDOID}
};

static Oid
InternalTable(const char *name)
{
	return get_relname_relid(name, LookupExplicitNamespace(SCHEMA, false));
}

/* The highest value of the one bigint that a table's only index has, 0 without rows.  Whoever asks need not be able to read it. */
static int64
HighestKey(Oid relation)
{
	Relation	table = table_open(relation, AccessShareLock);
	Relation	index = index_open(linitial_oid(RelationGetIndexList(table)), AccessShareLock);
	SysScanDesc scan = systable_beginscan_ordered(table, index, GetActiveSnapshot(), 0, NULL);
	HeapTuple	row = systable_getnext_ordered(scan, BackwardScanDirection);
	int64		highest = 0;
	bool		isnull;

	if (HeapTupleIsValid(row))
		highest = DatumGetInt64(heap_getattr(row, index->rd_index->indkey.values[0], RelationGetDescr(table), &isnull));
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(table, AccessShareLock);
	return highest;
}

static void
LocalPricesError(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_IA_NODE_PRICES),
			 errmsg("the prices of this node are not those of the cluster"),
			 errdetail("Other nodes are known (pg_dist_node), and the price tables are local: each node would price its rows by its own."),
			 errhint("SELECT inferacct.citus_setup() on the coordinator, or make a price book there and give it along: "
					 "sum(inferacct.token_cost((SELECT inferacct.price_book()), model, usage, at)).")));
}

/* Raise when this node, a worker, does not have what the coordinator has published. */
static void
CheckWorkerPrices(void)
{
	Oid			published = InternalTable("published_row");
	Oid			copy = IsSpread(published) ? CopyOfSpreadTable(published) : InvalidOid;

	if (!OidIsValid(copy))
		LocalPricesError();
	if (HighestKey(copy) != HighestKey(InternalTable("applied_row")))
		ereport(ERROR,
				(errcode(ERRCODE_IA_NODE_PRICES),
				 errmsg("this node does not have all prices that were published"),
				 errdetail("Its copy of published_row has rows that it has not taken over."),
				 errhint("SELECT inferacct.citus_setup() on the coordinator.")));
}

bool
CheckStatementPrices(void)
{
	if (likely(!HasOtherNodes()))
		return false;
	if (!IsCoordinator())
		CheckWorkerPrices();
	else if (!IsSpread(InternalTable("published_row")))
		LocalPricesError();
	return true;
}

void
CheckBookPrices(void)
{
	if (HasOtherNodes() && !IsCoordinator())
		CheckWorkerPrices();
}

void
CheckPublisher(void)
{
	if (likely(!HasOtherNodes()))
		return;
	if (!IsCoordinator())
		ereport(ERROR,
				(errcode(ERRCODE_IA_NODE_PRICES),
				 errmsg("prices are published on the coordinator of the cluster"),
				 errdetail("What is written here would be known to this node only.")));
	if (!IsSpread(InternalTable("published_row")))
		ereport(ERROR,
				(errcode(ERRCODE_IA_NODE_PRICES),
				 errmsg("what is published here does not reach the other nodes of the cluster"),
				 errhint("SELECT inferacct.citus_setup() first.")));
}

void
CheckPriceWriter(TransactionId writer)
{
	Datum		args[] = {TransactionIdGetDatum(writer)};
	bool		same,
				isnull;

	if (!HasOtherNodes())
		return;
	SpiQueryBegin(&same_transaction_query, args);
	same = DatumGetBool(Column(0, 1, &isnull));
	SpiQueryEnd();
	if (same)
		ereport(ERROR,
				(errcode(ERRCODE_IA_NODE_PRICES),
				 errmsg("this transaction has published prices that this connection of the cluster does not see"),
				 errhint("COMMIT first, or SET LOCAL citus.multi_shard_modify_mode = 'sequential' before the first statement "
						 "of the transaction over several shards, or give a price book along.")));
}
