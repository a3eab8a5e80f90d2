/*
 * cluster.c
 *	  Whether prices that are read here are those of the whole cluster.
 *
 * Citus keeps its nodes in pg_dist_node, and the tables that it spreads over
 * them in pg_dist_partition, both of pg_catalog.  Nothing else of it is needed:
 * where there is no such relation there is no cluster, and finding that out
 * costs one look into a cache, once per statement.
 *
 * The price tables of each node are its own.  A statement over a distributed
 * table would be priced by whatever each node has, so it is refused.  When they
 * are spread, as reference tables, their rows lie in shards of other names,
 * which price_scan.c does not read: what it would find are rows of before.  A
 * price book is read by queries, which Citus sends to the shards; it may be made
 * of spread tables anywhere, and of local ones on the coordinator.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_namespace.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "server/compat.h"
#include "server/errors.h"
#include "session/cluster.h"

#define COORDINATOR_GROUP 0

/* A relation of Citus; InvalidOid when there is none. */
static Oid
CitusRelation(const char *name)
{
	return get_relname_relid(name, PG_CATALOG_NAMESPACE);
}

/* A column by its name; `otherwise` when there is no such column, or it is NULL. */
static Datum
NamedColumn(HeapTuple row, Relation table, const char *name, Datum otherwise)
{
	AttrNumber	column = get_attnum(RelationGetRelid(table), name);
	bool		isnull;
	Datum		value;

	if (column == InvalidAttrNumber)
		return otherwise;
	value = heap_getattr(row, column, RelationGetDescr(table), &isnull);
	return isnull ? otherwise : value;
}

/* The group of nodes that this one is of. */
static int32
LocalGroup(void)
{
	Oid			relation = CitusRelation("pg_dist_local_group");
	int32		group = COORDINATOR_GROUP;
	Relation	table;
	SysScanDesc scan;
	HeapTuple	row;

	if (!OidIsValid(relation))
		return group;
	table = table_open(relation, AccessShareLock);
	scan = systable_beginscan(table, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(row = systable_getnext(scan)))
		group = DatumGetInt32(NamedColumn(row, table, "groupid", Int32GetDatum(group)));
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	return group;
}

/* Are active nodes of other groups than ours known? */
static bool
HasOtherNodes(Oid nodes, int32 local_group)
{
	Relation	table = table_open(nodes, AccessShareLock);
	SysScanDesc scan = systable_beginscan(table, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	row;
	bool		found = false;

	while (!found && HeapTupleIsValid(row = systable_getnext(scan)))
		found = DatumGetBool(NamedColumn(row, table, "isactive", BoolGetDatum(true))) &&
			DatumGetInt32(NamedColumn(row, table, "groupid", Int32GetDatum(-1))) != local_group;
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	return found;
}

/* Is a table spread over the nodes? */
static bool
IsSpread(Oid relation)
{
	Oid			partitions = CitusRelation("pg_dist_partition");
	AttrNumber	column;
	Relation	table;
	SysScanDesc scan;
	ScanKeyData key;
	bool		found;

	if (!OidIsValid(partitions))
		return false;
	column = get_attnum(partitions, "logicalrelid");
	if (column == InvalidAttrNumber)
		return false;
	table = table_open(partitions, AccessShareLock);
	ScanKeyInit(&key, column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
	scan = systable_beginscan(table, InvalidOid, false, NULL, 1, &key);
	found = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	return found;
}

static void
LocalPricesError(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_IA_NODE_PRICES),
			 errmsg("the prices of this node are not those of the cluster"),
			 errdetail("Other nodes are known (pg_dist_node), and the price tables are local: each node would price its rows by its own."),
			 errhint("Make a price book on the coordinator and give it along: "
					 "sum(inferacct.token_cost((SELECT inferacct.price_book()), model, usage, at)).")));
}

void
CheckStatementPrices(Oid price_table)
{
	Oid			nodes = CitusRelation("pg_dist_node");

	if (likely(!OidIsValid(nodes)) || !HasOtherNodes(nodes, LocalGroup()))
		return;
	if (!IsSpread(price_table))
		LocalPricesError();
	ereport(ERROR,
			(errcode(ERRCODE_IA_NODE_PRICES),
			 errmsg("the prices of the cluster cannot be read here"),
			 errdetail("The price tables are spread over the nodes (pg_dist_partition): their rows lie in shards."),
			 errhint("Give the prices along as a price book: "
					 "sum(inferacct.token_cost((SELECT inferacct.price_book()), model, usage, at)).")));
}

void
CheckBookPrices(Oid price_table)
{
	Oid			nodes = CitusRelation("pg_dist_node");
	int32		group;

	if (likely(!OidIsValid(nodes)))
		return;
	group = LocalGroup();
	if (group != COORDINATOR_GROUP && HasOtherNodes(nodes, group) && !IsSpread(price_table))
		LocalPricesError();
}
