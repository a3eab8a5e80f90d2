/*
 * spread_table.c
 *	  What a Citus cluster is made of, as one of its nodes knows it.
 *
 * A reference table has one shard, a relation of the same schema whose name ends
 * in the shard's number, of which every node has a copy.
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
#include "server/spread_table.h"

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

bool
IsCoordinator(void)
{
	return LocalGroup() == COORDINATOR_GROUP;
}

bool
HasOtherNodes(void)
{
	Oid			nodes = CitusRelation("pg_dist_node");
	int32		local_group;
	Relation	table;
	SysScanDesc scan;
	HeapTuple	row;
	bool		found = false;

	if (likely(!OidIsValid(nodes)))
		return false;
	local_group = LocalGroup();
	table = table_open(nodes, AccessShareLock);
	scan = systable_beginscan(table, InvalidOid, false, NULL, 0, NULL);
	while (!found && HeapTupleIsValid(row = systable_getnext(scan)))
		found = DatumGetBool(NamedColumn(row, table, "isactive", BoolGetDatum(true))) &&
			DatumGetInt32(NamedColumn(row, table, "groupid", Int32GetDatum(-1))) != local_group;
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	return found;
}

/* A column of the row that a catalog of Citus has for a table; `otherwise` when it has none. */
static Datum
CatalogColumn(const char *catalog, Oid relation, const char *name, Datum otherwise)
{
	Oid			catalog_oid = CitusRelation(catalog);
	AttrNumber	key_column = OidIsValid(catalog_oid) ? get_attnum(catalog_oid, "logicalrelid") : InvalidAttrNumber;
	Relation	table;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	row;
	Datum		found = otherwise;

	if (key_column == InvalidAttrNumber)
		return otherwise;
	table = table_open(catalog_oid, AccessShareLock);
	ScanKeyInit(&key, key_column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
	scan = systable_beginscan(table, InvalidOid, false, NULL, 1, &key);
	row = systable_getnext(scan);
	if (HeapTupleIsValid(row))
		found = NamedColumn(row, table, name, otherwise);
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	return found;
}

bool
IsSpread(Oid relation)
{
	return OidIsValid(DatumGetObjectId(CatalogColumn("pg_dist_partition", relation, "logicalrelid", ObjectIdGetDatum(InvalidOid))));
}

Oid
CopyOfSpreadTable(Oid relation)
{
	int64		shard = DatumGetInt64(CatalogColumn("pg_dist_shard", relation, "shardid", Int64GetDatum(0)));

	return get_relname_relid(psprintf("%s_" INT64_FORMAT, get_rel_name(relation), shard), get_rel_namespace(relation));
}
