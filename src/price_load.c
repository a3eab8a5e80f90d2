/*
 * price_load.c
 *	  Reading the price tables, through SPI, as the active snapshot and the
 *	  current user see them.
 *
 * Operators are named with their schema: the caller's search_path must not
 * choose them.
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "errors.h"
#include "price_load.h"
#include "price_query.h"

/* In the order of PriceTable. */
const char *const price_table_names[PRICE_TABLE_COUNT] = {
	"inferacct.price_epoch", "inferacct.price_version", "inferacct.price", "inferacct.model_alias",
	"inferacct.contract", "inferacct.contract_term", "inferacct.fx_rate"
};

#define EPOCH_TABLE_COLUMN 4	/* the first of them */

static PriceQuery epoch_query = {
	.sql = "SELECT epoch, xmin, xmax, tableoid, 'inferacct.price_version'::pg_catalog.regclass, "
	"'inferacct.price'::pg_catalog.regclass, 'inferacct.model_alias'::pg_catalog.regclass, "
	"'inferacct.contract'::pg_catalog.regclass, 'inferacct.contract_term'::pg_catalog.regclass, "
	"'inferacct.fx_rate'::pg_catalog.regclass FROM inferacct.price_epoch",
	.nargs = 0
};

/* Columns of price rows, in the order of the enum. */
#define PRICE_COLUMNS \
	"p.service_tier, p.region, p.meter, p.rate, (p.multiplier OPERATOR(pg_catalog.*) 1000000000)::bigint, " \
	"p.unit_quantity, p.above_input_tokens, p.threshold_inclusive, p.time_windows::text, " \
	"p.valid_from, p.version, v.published_at, p.source, p.provider, p.model, " \
	"p.currency, inferacct.price_rate(p.amount, p.unit_quantity) "

#define PRICE_TABLES \
	"FROM inferacct.price p JOIN inferacct.price_version v ON v.version OPERATOR(pg_catalog.=) p.version "

enum
{
	COLUMN_TIER = 1, COLUMN_REGION, COLUMN_METER, COLUMN_RATE, COLUMN_MULTIPLIER,
	COLUMN_UNIT_QUANTITY, COLUMN_ABOVE, COLUMN_INCLUSIVE, COLUMN_WINDOWS,
	COLUMN_VALID_FROM, COLUMN_VERSION, COLUMN_PUBLISHED_AT, COLUMN_SOURCE,
	COLUMN_PROVIDER, COLUMN_MODEL, COLUMN_CURRENCY, COLUMN_AMOUNT_RATE
};

static PriceQuery card_query = {
	.sql = "SELECT " PRICE_COLUMNS PRICE_TABLES
	"WHERE p.model OPERATOR(pg_catalog.=) $1 AND p.provider OPERATOR(pg_catalog.=) $2 "
	"AND v.published_at OPERATOR(pg_catalog.<=) $3",
	.nargs = 3,
	.types = {TEXTOID, TEXTOID, TIMESTAMPTZOID}
};

static PriceQuery book_query = {
	.sql = "SELECT " PRICE_COLUMNS PRICE_TABLES
	"WHERE v.published_at OPERATOR(pg_catalog.<=) $1 AND v.version OPERATOR(pg_catalog.<=) $2 "
	"ORDER BY p.model COLLATE \"C\", p.provider COLLATE \"C\"",
	.nargs = 2,
	.types = {TIMESTAMPTZOID, INT8OID}
};

/* The terms of a contract that bear on a model. */
static PriceQuery contract_query = {
	.sql = "SELECT t.valid_from, t.valid_to, t.version, v.published_at, t.service_tier, t.region, t.meter, t.rate, "
	"((100 OPERATOR(pg_catalog.-) t.percent_off) OPERATOR(pg_catalog.*) 10000000)::bigint, t.unit_quantity, t.source, "
	"CASE WHEN t.model IS NOT NULL THEN 2 WHEN t.provider IS NOT NULL THEN 1 ELSE 0 END::bigint "
	"FROM inferacct.contract_term t JOIN inferacct.price_version v ON v.version OPERATOR(pg_catalog.=) t.version "
	"WHERE t.contract OPERATOR(pg_catalog.=) $1 AND v.published_at OPERATOR(pg_catalog.<=) $2 "
	"AND (t.provider IS NULL OR t.provider OPERATOR(pg_catalog.=) $3) "
	"AND (t.model IS NULL OR t.model OPERATOR(pg_catalog.=) $4) AND t.version OPERATOR(pg_catalog.<=) $5",
	.nargs = 5,
	.types = {TEXTOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, INT8OID}
};

static PriceQuery contract_exists_query = {
	.sql = "SELECT 1 FROM (SELECT contract, version FROM inferacct.contract UNION ALL "
	"SELECT contract, version FROM inferacct.contract_term) c "
	"JOIN inferacct.price_version v ON v.version OPERATOR(pg_catalog.=) c.version "
	"WHERE c.contract OPERATOR(pg_catalog.=) $1 AND v.published_at OPERATOR(pg_catalog.<=) $2 LIMIT 1",
	.nargs = 2,
	.types = {TEXTOID, TIMESTAMPTZOID}
};

static PriceQuery fx_query = {
	.sql = "SELECT f.currency, (f.usd_per_unit OPERATOR(pg_catalog.*) 1000000000000)::bigint, "
	"f.valid_from, f.version, v.published_at, f.source "
	"FROM inferacct.fx_rate f JOIN inferacct.price_version v ON v.version OPERATOR(pg_catalog.=) f.version "
	"WHERE v.published_at OPERATOR(pg_catalog.<=) $1 AND f.version OPERATOR(pg_catalog.<=) $2",
	.nargs = 2,
	.types = {TIMESTAMPTZOID, INT8OID}
};

static PriceQuery version_query = {
	.sql = "SELECT pg_catalog.max(version) FROM inferacct.price_version "
	"WHERE published_at OPERATOR(pg_catalog.<=) $1 AND version OPERATOR(pg_catalog.<=) $2",
	.nargs = 2,
	.types = {TIMESTAMPTZOID, INT8OID}
};

static PriceQuery find_query = {
	.sql = "SELECT DISTINCT p.provider COLLATE \"C\" " PRICE_TABLES
	"WHERE p.model OPERATOR(pg_catalog.=) $1 AND v.published_at OPERATOR(pg_catalog.<=) $2 "
	"AND ($3 IS NULL OR p.provider OPERATOR(pg_catalog.=) $3) ORDER BY 1",
	.nargs = 3,
	.types = {TEXTOID, TIMESTAMPTZOID, TEXTOID}
};

static PriceQuery provider_query = {
	.sql = "SELECT 1 " PRICE_TABLES
	"WHERE p.provider OPERATOR(pg_catalog.=) $1 AND v.published_at OPERATOR(pg_catalog.<=) $2 LIMIT 1",
	.nargs = 2,
	.types = {TEXTOID, TIMESTAMPTZOID}
};

#define ALIAS_COLUMNS \
	"SELECT a.valid_from, a.version, v.published_at, a.alias, a.provider, a.model, a.region " \
	"FROM inferacct.model_alias a JOIN inferacct.price_version v ON v.version OPERATOR(pg_catalog.=) a.version "

static PriceQuery alias_query = {
	.sql = ALIAS_COLUMNS
	"WHERE a.alias OPERATOR(pg_catalog.=) $1 AND v.published_at OPERATOR(pg_catalog.<=) $2",
	.nargs = 2,
	.types = {TEXTOID, TIMESTAMPTZOID}
};

static PriceQuery all_aliases_query = {
	.sql = ALIAS_COLUMNS "WHERE v.published_at OPERATOR(pg_catalog.<=) $1 AND v.version OPERATOR(pg_catalog.<=) $2",
	.nargs = 2,
	.types = {TIMESTAMPTZOID, INT8OID}
};

static PriceQuery names_query = {
	.sql = "SELECT DISTINCT p.provider OPERATOR(pg_catalog.||) '/' OPERATOR(pg_catalog.||) p.model COLLATE \"C\" " PRICE_TABLES
	"WHERE v.published_at OPERATOR(pg_catalog.<=) $1 ORDER BY 1",
	.nargs = 1,
	.types = {TIMESTAMPTZOID}
};

/* ---------- the epoch ---------- */

PriceEpoch
LoadPriceEpoch(void)
{
	PriceEpoch	epoch;
	bool		isnull;

	PriceQueryConnect();
	PriceQueryRun(&epoch_query, NULL, NULL);
	if (SPI_processed != 1)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table inferacct.price_epoch must have one row, and has " UINT64_FORMAT, SPI_processed),
				 errhint("Create the extension again, or restore the row.")));
	epoch.epoch = DatumGetInt64(Column(0, 1, &isnull));

	/*
	 * A row version that we have replaced is still the one that a snapshot of
	 * before sees, and yet that snapshot may see some of the rows we wrote.
	 */
	epoch.own = TransactionIdIsCurrentTransactionId(DatumGetTransactionId(Column(0, 2, &isnull))) ||
		TransactionIdIsCurrentTransactionId(DatumGetTransactionId(Column(0, 3, &isnull)));
	for (int i = 0; i < PRICE_TABLE_COUNT; i++)
		epoch.table[i] = DatumGetObjectId(Column(0, EPOCH_TABLE_COLUMN + i, &isnull));
	PriceQueryFinish();
	return epoch;
}

/* ---------- rows ---------- */

/* Rows as they come together; in SPI's memory, as their strings are. */
typedef struct RowList
{
	PriceRow   *rows;
	uint64		count;
	uint64		capacity;
	bool		has_amounts;	/* some are in another currency */
} RowList;

static PriceRow *
AppendRow(RowList *list)
{
	if (list->count == list->capacity)
	{
		uint64		capacity = Max(2 * list->capacity, 16);
		Size		size = capacity * sizeof(PriceRow);

		list->rows = list->rows == NULL ? MemoryContextAllocHuge(CurrentMemoryContext, size) : repalloc_huge(list->rows, size);
		list->capacity = capacity;
	}
	return &list->rows[list->count++];
}

/* Append a price row of a result. */
static void
AppendPriceRow(uint64 i, RowList *list)
{
	PriceRow   *row = AppendRow(list);
	char	   *meter = TextColumn(i, COLUMN_METER);
	int64		above = Int64Column(i, COLUMN_ABOVE);
	bool		no_rate,
				no_amount,
				no_multiplier,
				isnull;
	Datum		rate = Column(i, COLUMN_RATE, &no_rate);
	Datum		amount = Column(i, COLUMN_AMOUNT_RATE, &no_amount);
	Datum		multiplier = Column(i, COLUMN_MULTIPLIER, &no_multiplier);
	bool		inclusive = DatumGetBool(Column(i, COLUMN_INCLUSIVE, &isnull));

	*row = (PriceRow) {
		.kind = !no_rate ? PRICE_RATE : !no_amount ? PRICE_AMOUNT : !no_multiplier ? PRICE_MULTIPLIER : PRICE_WITHDRAWN,
		.value = !no_rate ? DatumGetInt64(rate) : !no_amount ? DatumGetInt64(amount) :
			!no_multiplier ? DatumGetInt64(multiplier) : 0,
		.service_tier = TextColumn(i, COLUMN_TIER),
		.region = TextColumn(i, COLUMN_REGION),
		.currency = TextColumn(i, COLUMN_CURRENCY),
		.meter = MeterByName(meter, strlen(meter)), /* METER_ANY for '*' */
		.unit_quantity = Int64Column(i, COLUMN_UNIT_QUANTITY),
		.min_input = above == 0 && !inclusive ? 0 : above + (inclusive ? 0 : 1),
		.windows = TextOr(TextColumn(i, COLUMN_WINDOWS), ""),
		.valid_from = Int64Column(i, COLUMN_VALID_FROM),
		.valid_to = TIME_END,
		.version = Int64Column(i, COLUMN_VERSION),
		.published_at = Int64Column(i, COLUMN_PUBLISHED_AT),
		.source = TextOr(TextColumn(i, COLUMN_SOURCE), "")
	};
	list->has_amounts |= row->kind == PRICE_AMOUNT;
}

/* Append what a contract says of a model. */
static void
AppendContract(RowList *list, const PriceScope *scope, const char *provider, const char *model)
{
	Datum		args[] = {CStringGetTextDatum(scope->contract), TimestampTzGetDatum(scope->as_of),
		CStringGetTextDatum(provider), CStringGetTextDatum(model), Int64GetDatum(scope->last_version)
	};

	if (scope->contract[0] == '\0')
		return;
	PriceQueryRun(&contract_query, args, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		PriceRow   *row = AppendRow(list);
		char	   *meter = TextColumn(i, 7);
		bool		no_rate,
					no_factor;
		Datum		rate = Column(i, 8, &no_rate);
		Datum		factor = Column(i, 9, &no_factor);

		*row = (PriceRow) {
			.kind = !no_rate ? CONTRACT_RATE : !no_factor ? CONTRACT_FACTOR : CONTRACT_NONE,
			.value = !no_rate ? DatumGetInt64(rate) : !no_factor ? DatumGetInt64(factor) : 0,
			.scope = (ContractScope) Int64Column(i, 12),
			.meter = meter == NULL ? METER_ANY : MeterByName(meter, strlen(meter)),
			.service_tier = TextOr(TextColumn(i, 5), ANY),
			.region = TextOr(TextColumn(i, 6), ANY),
			.currency = "USD",
			.windows = "",
			.unit_quantity = Int64Column(i, 10),
			.valid_from = Int64Column(i, 1),
			.valid_to = Int64Column(i, 2),
			.version = Int64Column(i, 3),
			.published_at = Int64Column(i, 4),
			.source = TextOr(TextColumn(i, 11), "")
		};
	}
}

/* Append the exchange rates, when a price needs one. */
static void
AppendFx(RowList *list, const PriceScope *scope)
{
	Datum		args[] = {TimestampTzGetDatum(scope->as_of), Int64GetDatum(scope->last_version)};

	if (!list->has_amounts)
		return;
	PriceQueryRun(&fx_query, args, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		PriceRow   *row = AppendRow(list);

		*row = (PriceRow) {
			.kind = FX_RATE,
			.value = Int64Column(i, 2),
			.meter = METER_ANY,
			.service_tier = ANY,
			.region = ANY,
			.currency = TextColumn(i, 1),
			.windows = "",
			.unit_quantity = 1,
			.valid_from = Int64Column(i, 3),
			.valid_to = TIME_END,
			.version = Int64Column(i, 4),
			.published_at = Int64Column(i, 5),
			.source = TextOr(TextColumn(i, 6), "")
		};
	}
}

static void
FillAliasRow(uint64 i, AliasRow *row)
{
	row->valid_from = Int64Column(i, 1);
	row->version = Int64Column(i, 2);
	row->published_at = Int64Column(i, 3);
	row->alias = TextColumn(i, 4);
	row->provider = TextColumn(i, 5);
	row->model = TextColumn(i, 6);
	row->region = TextColumn(i, 7);
}

static void *
AllocateInContext(void *arg, size_t size)
{
	return MemoryContextAllocExtended(arg, size, MCXT_ALLOC_HUGE);
}

/* Raise what is wrong with a row. */
static void
CardError(CardStatus status, const char *provider, const char *model, const PriceRow *culprit)
{
	switch (status)
	{
		case CARD_OK:
			break;
		case CARD_NO_MEMORY:
			ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory for the prices of %s/%s", provider, model)));
			break;
		case CARD_BAD_WINDOWS:
			ereport(ERROR,
					(errcode(ERRCODE_IA_MALFORMED_CATALOG),
					 errmsg("price of %s/%s has time_windows that cannot be read", provider, model),
					 errdetail("Version " INT64_FORMAT ": %s", culprit->version, culprit->windows),
					 errhint("Expected {\"timezone\": \"...\", \"windows\": [{\"days\": [1, 2], \"from\": \"HH:MM\", \"to\": \"HH:MM\"}]}.")));
			break;
		case CARD_TOO_MANY:
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many prices of %s/%s", provider, model),
					 errdetail("A model can have 65534 price rows, and at any time six different time_windows."),
					 errhint("Withdraw the prices of time_windows that no longer apply.")));
			break;
		case CARD_TOO_FINE:
		case CARD_TOO_LARGE:
			ereport(ERROR,
					(errcode(ERRCODE_IA_PRICE_PRECISION),
					 errmsg("a price of %s/%s does not fit the fixed point of 1e-15 USD per unit", provider, model),
					 errdetail("A %s of version " INT64_FORMAT " makes it %s.",
							   culprit->kind == FX_RATE ? "rate of exchange" :
							   culprit->kind == CONTRACT_FACTOR ? "percentage of a contract" : "multiplier",
							   culprit->version, status == CARD_TOO_FINE ? "finer" : "larger"),
					 errhint("State the price itself in USD, or use fewer decimals.")));
			break;
	}
}

/* Build the card of rows with what a contract and exchange rates add; in context. */
static RateCard *
BuildCard(const char *provider, const char *model, RowList *list, const PriceScope *scope, MemoryContext context)
{
	RateCard   *card;
	const PriceRow *culprit;
	CardStatus	status;

	AppendContract(list, scope, provider, model);
	AppendFx(list, scope);
	status = RateCardBuild(provider, model, list->rows, (int) list->count, AllocateInContext, context, &card, &culprit);
	if (status != CARD_OK)
		CardError(status, provider, model, culprit);
	return card;
}

RateCard *
LoadRateCard(const char *provider, const char *model, TimestampTz as_of, const char *contract,
			 MemoryContext context)
{
	Datum		args[] = {CStringGetTextDatum(model), CStringGetTextDatum(provider), TimestampTzGetDatum(as_of)};
	PriceScope	scope = {.as_of = as_of,.contract = contract,.last_version = PG_INT64_MAX};
	RateCard   *card = NULL;
	RowList		list = {0};

	PriceQueryConnect();
	PriceQueryRun(&card_query, args, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
		AppendPriceRow(i, &list);
	if (list.count > 0)
	{
		RateCard   *built = BuildCard(provider, model, &list, &scope, CurrentMemoryContext);

		card = MemoryContextAlloc(context, built->size);
		memcpy(card, built, built->size);
	}
	PriceQueryFinish();
	return card;
}

void
CheckContract(const char *contract, TimestampTz as_of)
{
	Datum		args[] = {CStringGetTextDatum(contract), TimestampTzGetDatum(as_of)};
	bool		exists;

	if (contract[0] == '\0')
		return;
	PriceQueryConnect();
	PriceQueryRun(&contract_exists_query, args, NULL);
	exists = SPI_processed > 0;
	PriceQueryFinish();
	if (!exists)
		ereport(ERROR,
				(errcode(ERRCODE_IA_UNKNOWN_CONTRACT),
				 errmsg("unknown contract \"%s\"", contract),
				 errhint("Contracts are the rows of inferacct.contract and inferacct.contract_term; an empty name means list prices.")));
}

/* ---------- names ---------- */

static int
TableFind(void *arg, const char *provider, const char *model, ModelRef *refs, int max)
{
	Datum		args[] = {CStringGetTextDatum(model), TimestampTzGetDatum(*(TimestampTz *) arg),
		provider == NULL ? (Datum) 0 : CStringGetTextDatum(provider)
	};

	PriceQueryRun(&find_query, args, provider == NULL ? "  n" : NULL);
	for (int i = 0; i < max && i < (int) SPI_processed; i++)
		ModelRefSet(&refs[i], TextColumn(i, 1), model, "");
	return (int) SPI_processed;
}

static bool
TableAlias(void *arg, const char *name, int64_t at, ModelRef *ref, int64_t *from, int64_t *to)
{
	Datum		args[] = {CStringGetTextDatum(name), TimestampTzGetDatum(*(TimestampTz *) arg)};
	AliasRow   *rows;
	int			row;

	PriceQueryRun(&alias_query, args, NULL);
	if (SPI_processed == 0)
		return false;
	rows = palloc(SPI_processed * sizeof(AliasRow));
	for (uint64 i = 0; i < SPI_processed; i++)
		FillAliasRow(i, &rows[i]);
	row = AliasInForce(rows, (int) SPI_processed, at, from, to);
	if (row < 0)
		return false;
	ModelRefSet(ref, rows[row].provider, rows[row].model, rows[row].region);
	return true;
}

static bool
TableIsProvider(void *arg, const char *provider)
{
	Datum		args[] = {CStringGetTextDatum(provider), TimestampTzGetDatum(*(TimestampTz *) arg)};

	PriceQueryRun(&provider_query, args, NULL);
	return SPI_processed > 0;
}

ModelStatus
LoadModel(const char *name, TimestampTz at, TimestampTz as_of, ModelMatch *match)
{
	ModelDirectory directory = {
		.arg = &as_of,.find = TableFind,.alias = TableAlias,.is_provider = TableIsProvider
	};
	ModelStatus status;

	PriceQueryConnect();
	status = ModelResolve(name, at, &directory, match);
	PriceQueryFinish();
	return status;
}

int
LoadModelNames(TimestampTz as_of, char ***names, MemoryContext context)
{
	Datum		args[] = {TimestampTzGetDatum(as_of)};
	int			count;

	PriceQueryConnect();
	PriceQueryRun(&names_query, args, NULL);
	count = (int) SPI_processed;
	*names = MemoryContextAlloc(context, Max(count, 1) * sizeof(char *));
	for (int i = 0; i < count; i++)
		(*names)[i] = MemoryContextStrdup(context, TextColumn(i, 1));
	PriceQueryFinish();
	return count;
}

/* ---------- everything at once ---------- */

/* Cards of all models, from rows ordered by model and provider. */
static uint32
LoadCards(const PriceScope *scope, RateCard ***cards)
{
	Datum		args[] = {TimestampTzGetDatum(scope->as_of), Int64GetDatum(scope->last_version)};
	SPITupleTable *table;
	uint64		count;
	uint64		row = 0;
	uint32		ncards = 0;

	PriceQueryRun(&book_query, args, NULL);
	table = SPI_tuptable;
	count = SPI_processed;
	*cards = MemoryContextAllocHuge(CurrentMemoryContext, Max(count, 1) * sizeof(RateCard *));
	while (row < count)
	{
		char	   *provider;
		char	   *model;
		RowList		list = {0};

		/* Queries for a contract or exchange rates have replaced the result. */
		SPI_tuptable = table;
		provider = TextColumn(row, COLUMN_PROVIDER);
		model = TextColumn(row, COLUMN_MODEL);
		do
			AppendPriceRow(row++, &list);
		while (row < count && strcmp(model, TextColumn(row, COLUMN_MODEL)) == 0 &&
			   strcmp(provider, TextColumn(row, COLUMN_PROVIDER)) == 0);
		(*cards)[ncards++] = BuildCard(provider, model, &list, scope, CurrentMemoryContext);
		CHECK_FOR_INTERRUPTS();
	}
	return ncards;
}

static uint32
LoadAliases(const PriceScope *scope, AliasRow **aliases)
{
	Datum		args[] = {TimestampTzGetDatum(scope->as_of), Int64GetDatum(scope->last_version)};

	PriceQueryRun(&all_aliases_query, args, NULL);
	*aliases = palloc(Max(SPI_processed, 1) * sizeof(AliasRow));
	for (uint64 i = 0; i < SPI_processed; i++)
		FillAliasRow(i, &(*aliases)[i]);
	return (uint32) SPI_processed;
}

PriceBook *
LoadPriceBook(const PriceScope *scope, MemoryContext context)
{
	Datum		args[] = {TimestampTzGetDatum(scope->as_of), Int64GetDatum(scope->last_version)};
	RateCard  **cards;
	AliasRow   *aliases;
	uint32		ncards,
				naliases;
	int64		version;
	PriceBook  *book;

	CheckContract(scope->contract, scope->as_of);
	PriceQueryConnect();
	PriceQueryRun(&version_query, args, NULL);
	version = Int64Column(0, 1);
	ncards = LoadCards(scope, &cards);
	naliases = LoadAliases(scope, &aliases);
	book = PriceBookBuild(scope->as_of, version, scope->contract, cards, ncards, aliases, naliases, AllocateInContext, context);
	PriceQueryFinish();
	if (book == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the price book would be larger than 2 GB")));
	return book;
}
