/*
 * price_scan.c
 *	  Reading rows of the price tables by key.
 *
 * A session asks about each model that it meets a handful of small questions.
 * Answered by the executor they would cost a plan each and a few times as much
 * as the rest of the work, so rows come straight from the index that has the
 * key.  Only where row security applies does a query of the same rows take its
 * place, as policies belong to queries.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/procarray.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "server/compat.h"
#include "server/spi_query.h"
#include "session/cluster.h"
#include "session/price_scan.h"

#define SCHEMA "inferacct"
#define EPOCH_SCHEMA "inferacct_internal"

/* In the order of PriceTable. */
const char *const price_table_names[PRICE_TABLE_COUNT] = {
	"price_epoch", "price_version", "price", "model_alias", "contract", "contract_term", "fx_rate", "catalog_rank"
};

typedef struct KeyColumn
{
	AttrNumber	column;
	RegProcedure equal;
} KeyColumn;

/* How the rows of a key are found: by an index, or by a query. */
typedef struct KeyAccess
{
	PriceTable	table;
	AttrNumber	version;		/* the column that has it */
	const char *index;
	int			ncolumns;
	KeyColumn	columns[2];
	SpiQuery	query;
} KeyAccess;

#define ROWS_OF(table, condition) "SELECT * FROM " SCHEMA "." table " WHERE " condition
#define IS(column, parameter) column " OPERATOR(pg_catalog.=) " parameter

/* In the order of PriceKey. */
static KeyAccess accesses[PRICE_KEY_COUNT] = {
	{
		TABLE_PRICE, Anum_price_version, "price_key", 1, {{Anum_price_model, F_TEXTEQ}},
		{.sql = ROWS_OF("price", IS("model", "$1")),.nargs = 1,.types = {TEXTOID}}
	},
	{
		TABLE_PRICE, Anum_price_version, "price_key", 2, {{Anum_price_model, F_TEXTEQ}, {Anum_price_provider, F_TEXTEQ}},
		{.sql = ROWS_OF("price", IS("model", "$1") " AND " IS("provider", "$2")),.nargs = 2,.types = {TEXTOID, TEXTOID}}
	},
	{
		TABLE_PRICE, Anum_price_version, "price_provider", 1, {{Anum_price_provider, F_TEXTEQ}},
		{.sql = ROWS_OF("price", IS("provider", "$1")),.nargs = 1,.types = {TEXTOID}}
	},
	{
		TABLE_ALIAS, Anum_model_alias_version, "model_alias_pkey", 1, {{Anum_model_alias_alias, F_TEXTEQ}},
		{.sql = ROWS_OF("model_alias", IS("alias", "$1")),.nargs = 1,.types = {TEXTOID}}
	},
	{
		TABLE_VERSION, Anum_price_version_version, "price_version_pkey", 1, {{Anum_price_version_version, F_INT8EQ}},
		{.sql = ROWS_OF("price_version", IS("version", "$1")),.nargs = 1,.types = {INT8OID}}
	}
};

static Snapshot
StatementSnapshot(void)
{
	if (!ActiveSnapshotSet())
		elog(ERROR, "prices are read outside a statement");
	return GetActiveSnapshot();
}

/* ---------- the epoch ---------- */

/* The transaction, other than ours, that is replacing a row version; none: InvalidTransactionId. */
static TransactionId
OtherWriter(HeapTupleHeader row)
{
	TransactionId writer;

	if ((row->t_infomask & HEAP_XMAX_INVALID) != 0 || HEAP_XMAX_IS_LOCKED_ONLY(row->t_infomask))
		return InvalidTransactionId;
	writer = HeapTupleHeaderGetUpdateXid(row);
	if (TransactionIdIsCurrentTransactionId(writer) || !TransactionIdIsInProgress(writer))
		return InvalidTransactionId;
	return writer;
}

PriceEpoch
LoadPriceEpoch(void)
{
	Oid			schema = LookupExplicitNamespace(SCHEMA, false);
	Oid			internal = LookupExplicitNamespace(EPOCH_SCHEMA, false);
	PriceEpoch	epoch = {0};
	Relation	table;
	SysScanDesc scan;
	HeapTuple	row;
	TransactionId writer = InvalidTransactionId;
	int			count = 0;

	for (int i = 0; i < PRICE_TABLE_COUNT; i++)
		epoch.table[i] = get_relname_relid(price_table_names[i], i == TABLE_EPOCH ? internal : schema);

	table = table_open(epoch.table[TABLE_EPOCH], AccessShareLock);
	scan = systable_beginscan(table, InvalidOid, false, StatementSnapshot(), 0, NULL);
	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		bool		isnull;

		epoch.epoch = DatumGetInt64(heap_getattr(row, Anum_price_epoch_epoch, RelationGetDescr(table), &isnull));

		/*
		 * A row version that we have replaced is still the one that a snapshot
		 * of before sees, and yet that snapshot may see some of the rows we
		 * wrote.
		 */
		epoch.own = TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(row->t_data)) ||
			TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetRawXmax(row->t_data));
		writer = OtherWriter(row->t_data);
		count++;
	}
	systable_endscan(scan);
	table_close(table, NoLock);
	if (count != 1)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table %s.%s must have one row, and has %d", EPOCH_SCHEMA, price_table_names[TABLE_EPOCH], count),
				 errhint("Create the extension again, or restore the row.")));
	if (TransactionIdIsValid(writer))
		CheckPriceWriter(writer);
	return epoch;
}

/* ---------- rows by key ---------- */

/* The rows of a query, copied to the caller's memory. */
static void
RunQuery(PriceScan *scan, SpiQuery *query, Datum *args)
{
	SpiQueryBegin(query, args);
	scan->desc = CreateTupleDescCopy(SPI_tuptable->tupdesc);
	scan->count = SPI_processed;
	scan->rows = palloc(Max(scan->count, 1) * sizeof(HeapTuple));
	for (uint64 i = 0; i < scan->count; i++)
		scan->rows[i] = heap_copytuple(SPI_tuptable->vals[i]);
	SpiQueryEnd();
}

void
PriceScanBegin(PriceScan *scan, PriceReader *reader, PriceKey key, Datum first, Datum second)
{
	KeyAccess  *access = &accesses[key];
	Datum		values[2] = {first, second};
	ScanKeyData keys[2];

	*scan = (PriceScan) {.reader = reader,.version = access->version};
	if (reader->row_security)
	{
		RunQuery(scan, &access->query, values);
		return;
	}
	scan->table = table_open(reader->table[access->table], AccessShareLock);
	scan->desc = RelationGetDescr(scan->table);
	for (int i = 0; i < access->ncolumns; i++)
	{
		AttrNumber	column = access->columns[i].column;

		ScanKeyEntryInitialize(&keys[i], 0, column, BTEqualStrategyNumber, InvalidOid,
							   TupleDescAttr(scan->desc, column - 1)->attcollation,
							   access->columns[i].equal, values[i]);
	}
	scan->scan = systable_beginscan(scan->table, get_relname_relid(access->index, RelationGetNamespace(scan->table)),
									true, StatementSnapshot(), access->ncolumns, keys);
}

static HeapTuple
NextRow(PriceScan *scan)
{
	if (scan->scan != NULL)
		return systable_getnext(scan->scan);
	return scan->next < scan->count ? scan->rows[scan->next++] : NULL;
}

void
PriceScanEnd(PriceScan *scan)
{
	if (scan->scan == NULL)
		return;
	systable_endscan(scan->scan);
	table_close(scan->table, NoLock);
}

/* ---------- versions ---------- */

static KnownVersion
LookUpVersion(PriceReader *reader, int64 version)
{
	KnownVersion found = {.version = version,.known = true};
	PriceScan	scan;
	HeapTuple	row;

	PriceScanBegin(&scan, reader, VERSION_BY_NUMBER, Int64GetDatum(version), 0);
	row = NextRow(&scan);
	if (HeapTupleIsValid(row))
	{
		bool		isnull,
					no_catalog;
		Datum		published_at = heap_getattr(row, Anum_price_version_published_at, scan.desc, &isnull);
		Datum		catalog = heap_getattr(row, Anum_price_version_catalog, scan.desc, &no_catalog);

		found.origin = OriginOfVersion(&reader->ranks, version, DatumGetTimestampTz(published_at),
									   no_catalog ? NULL : TextDatumGetCString(catalog));
		found.visible = true;
	}
	PriceScanEnd(&scan);
	return found;
}

/* Does the reader know of a version, and where do its rows come from? */
static bool
VersionIsKnown(PriceReader *reader, int64 version, PriceOrigin *origin)
{
	KnownVersion *known = &reader->versions[(uint64) version % KNOWN_VERSIONS];

	if (!known->known || known->version != version)
		*known = LookUpVersion(reader, version);
	*origin = known->origin;
	return known->visible && origin->published_at <= reader->as_of;
}

HeapTuple
PriceScanNext(PriceScan *scan, PriceOrigin *origin)
{
	HeapTuple	row;

	while ((row = NextRow(scan)) != NULL)
	{
		bool		isnull;
		int64		version;

		CHECK_FOR_INTERRUPTS();
		version = DatumGetInt64(heap_getattr(row, scan->version, scan->desc, &isnull));

		if (VersionIsKnown(scan->reader, version, origin))
			break;
	}
	return row;
}
