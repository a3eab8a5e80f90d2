/*
 * catalog_sql.c
 *	  parse_catalog(): the rows of a Catalog as a set.
 *
 * Invariant: nothing is reported while the JSON tree is alive; it does not
 * outlive CatalogParse.  The Catalog is malloc'd, so whatever fails while its
 * rows are turned into tuples, it is freed on the way out.
 *
 * Catalogs are UTF-8 inside; text is converted at this border only.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "catalog/price_catalog.h"
#include "server/compat.h"
#include "server/errors.h"

PG_FUNCTION_INFO_V1(parse_catalog);

#define CATALOG_COLUMNS 26

#define UNIX_TO_POSTGRES_DAYS (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)

/* The tuple being filled, column by column. */
typedef struct TupleBuilder
{
	Datum		values[CATALOG_COLUMNS];
	bool		nulls[CATALOG_COLUMNS];
	int			column;
} TupleBuilder;

/* Set the next column. */
static void
AddDatum(TupleBuilder *tuple, Datum value, bool isnull)
{
	Assert(tuple->column < CATALOG_COLUMNS);
	tuple->values[tuple->column] = value;
	tuple->nulls[tuple->column] = isnull;
	tuple->column++;
}

/* Set the next column to UTF-8 text, NULL for NULL. */
static void
AddText(TupleBuilder *tuple, const char *text)
{
	if (text == NULL)
	{
		AddDatum(tuple, (Datum) 0, true);
		return;
	}
	AddDatum(tuple, CStringGetTextDatum(pg_any_to_server(text, strlen(text), PG_UTF8)), false);
}

/* Set the next column to a decimal, NULL for NULL. */
static void
AddNumeric(TupleBuilder *tuple, const char *text)
{
	if (text == NULL)
	{
		AddDatum(tuple, (Datum) 0, true);
		return;
	}
	AddDatum(tuple, DirectFunctionCall3(numeric_in, CStringGetDatum(text),
										ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)), false);
}

static void
AddJsonb(TupleBuilder *tuple, const char *text)
{
	if (text == NULL)
	{
		AddDatum(tuple, (Datum) 0, true);
		return;
	}
	AddDatum(tuple, DirectFunctionCall1(jsonb_in, CStringGetDatum(text)), false);
}

/* Set the next column to a time, -infinity for a price that was always valid. */
static void
AddTimestamp(TupleBuilder *tuple, int64 microseconds, bool isnull)
{
	TimestampTz at = DT_NOBEGIN;

	if (microseconds != CATALOG_ALWAYS)
		at = microseconds - UNIX_TO_POSTGRES_DAYS * USECS_PER_DAY;
	AddDatum(tuple, TimestampTzGetDatum(at), isnull);
}

static void
AddDate(TupleBuilder *tuple, int32 days)
{
	DateADT		date = days == CATALOG_UNCHECKED ? 0 : days - UNIX_TO_POSTGRES_DAYS;

	AddDatum(tuple, DateADTGetDatum(date), days == CATALOG_UNCHECKED);
}

/* Fill the columns in the order of the function's result. */
static void
FillTuple(TupleBuilder *tuple, const CatalogRow *row)
{
	bool		refused = row->kind == CATALOG_REJECTED || row->kind == CATALOG_MERGED;
	bool		priced = row->kind == CATALOG_PRICE;

	tuple->column = 0;
	AddText(tuple, CatalogKindName(row->kind));
	AddText(tuple, row->path);
	AddText(tuple, row->problem);
	AddText(tuple, row->provider);
	AddText(tuple, row->model);
	AddText(tuple, row->region);
	AddText(tuple, row->service_tier);
	AddText(tuple, row->meter);
	AddDatum(tuple, Int64GetDatum(row->unit_quantity), row->unit_quantity == 0);
	AddNumeric(tuple, row->usd);
	AddText(tuple, row->currency);
	AddNumeric(tuple, row->amount);
	AddNumeric(tuple, row->multiplier);
	AddDatum(tuple, Int64GetDatum(row->above_input_tokens), !priced);
	AddDatum(tuple, BoolGetDatum(row->threshold_inclusive), !priced);
	AddJsonb(tuple, row->time_windows);
	AddTimestamp(tuple, row->valid_from, refused);
	AddText(tuple, row->alias);
	AddText(tuple, row->gpu);
	AddText(tuple, row->vendor);
	AddText(tuple, row->term);
	AddText(tuple, row->source);
	AddDate(tuple, row->checked_on);
	AddText(tuple, row->agreement);
	AddText(tuple, row->note);
	AddJsonb(tuple, row->figure);
	Assert(tuple->column == CATALOG_COLUMNS);
}

/* Put all rows into the result, in a context that is emptied row by row. */
static void
PutRows(ReturnSetInfo *rsinfo, const Catalog *catalog)
{
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext,
													  "parse_catalog row",
													  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old_context = MemoryContextSwitchTo(row_context);
	TupleBuilder tuple;

	for (size_t i = 0; i < catalog->row_count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		FillTuple(&tuple, &catalog->rows[i]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, tuple.values, tuple.nulls);
		MemoryContextReset(row_context);
	}
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(row_context);
}

/* The names of the formats, as a sentence lists them. */
static char *
ListFormats(void)
{
	StringInfoData list;

	initStringInfo(&list);
	for (CatalogFormat format = 0; format < CATALOG_FORMAT_COUNT; format++)
		appendStringInfo(&list, "%s%s", format == 0 ? "" : format + 1 < CATALOG_FORMAT_COUNT ? ", " : " and ",
						 CatalogFormatName(format));
	return list.data;
}

static CatalogFormat
CheckFormat(const char *name)
{
	CatalogFormat format;

	if (!CatalogFormatByName(name, &format))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown catalog format \"%s\"", name),
				 errhint("The formats are %s.", ListFormats())));
	return format;
}

/* Is the query to end?  Asked while memory is held that an error would lose. */
static bool
QueryEnds(void)
{
	return QueryCancelPending || ProcDiePending;
}

/* Report what kept the text from being read. */
static void
CheckStatus(CatalogStatus status, const Catalog *catalog, const char *format)
{
	switch (status)
	{
		case CATALOG_OK:
			break;
		case CATALOG_STOPPED:
			CHECK_FOR_INTERRUPTS();
			ereport(ERROR,
					(errcode(ERRCODE_QUERY_CANCELED),
					 errmsg("canceling statement due to user request")));
			break;
		case CATALOG_MALFORMED:
			ereport(ERROR,
					(errcode(ERRCODE_IA_MALFORMED_CATALOG),
					 errmsg("malformed price catalog"),
					 errdetail("%s", catalog->detail),
					 errhint("The catalog was read in the format \"%s\": load it whole and unchanged, "
							 "or name the format it is in.", format)));
			break;
		case CATALOG_OUT_OF_MEMORY:
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY),
					 errmsg("out of memory"),
					 errdetail("The price catalog does not fit in memory.")));
			break;
	}
}

Datum
parse_catalog(PG_FUNCTION_ARGS)
{
	text	   *catalog_text = PG_GETARG_TEXT_PP(0);
	char	   *format_name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	CatalogFormat format = CheckFormat(format_name);
	char	   *server_text = text_to_cstring(catalog_text);
	char	   *utf8_text = pg_server_to_any(server_text, strlen(server_text), PG_UTF8);
	Catalog		catalog;
	CatalogStatus status;

	InitMaterializedSRF(fcinfo, 0);
	status = CatalogParse(utf8_text, strlen(utf8_text), format, QueryEnds, &catalog);
	PG_TRY();
	{
		CheckStatus(status, &catalog, format_name);
		PutRows((ReturnSetInfo *) fcinfo->resultinfo, &catalog);
	}
	PG_FINALLY();
	{
		CatalogFree(&catalog);
	}
	PG_END_TRY();
	return (Datum) 0;
}
