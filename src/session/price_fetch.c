/*
 * price_fetch.c
 *	  Rate cards and price books from the price tables, as the active snapshot
 *	  and the current user see them.
 *
 * The rows of one model come by their key; what is rare, and everything at
 * once, by queries.  Operators are named with their schema there: the caller's
 * search_path must not choose them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "server/compat.h"
#include "core/host_sql.h"
#include "server/errors.h"
#include "session/cluster.h"
#include "session/price_fetch.h"
#include "server/spi_query.h"
#include "session/price_tuple.h"

/* Rows of price and, last, where they come from. */
static SpiQuery book_query = {
	.sql = "SELECT p.*, v.published_at, v.catalog "
	"FROM inferacct.price p JOIN inferacct.price_version v ON v.version OPERATOR(pg_catalog.=) p.version "
	"WHERE v.published_at OPERATOR(pg_catalog.<=) $1 AND v.version OPERATOR(pg_catalog.<=) $2 "
	"ORDER BY p.model COLLATE pg_catalog.\"C\", p.provider COLLATE pg_catalog.\"C\"",
	.nargs = 2,
	.types = {TIMESTAMPTZOID, INT8OID}
};

/*
 * The terms of a contract that bear on a model: those that name it, by its own
 * name or by an alias (with whose region), and those that name none.
 */
static SpiQuery contract_query = {
	.sql = "SELECT t.valid_from, t.valid_to, t.version, t.published_at, t.service_tier, "
	"COALESCE(t.region, NULLIF(t.named_region, '')), t.meter, t.rate, "
	"((100 OPERATOR(pg_catalog.-) t.percent_off) OPERATOR(pg_catalog.*) 10000000)::bigint, t.unit_quantity, t.source, "
	"CASE WHEN t.model IS NOT NULL THEN 2 WHEN t.provider IS NOT NULL THEN 1 ELSE 0 END::bigint "
	"FROM (SELECT c.*, v.published_at, CASE "
	"WHEN c.model IS NULL OR c.model OPERATOR(pg_catalog.=) $4 AND c.provider OPERATOR(pg_catalog.=) $3 THEN '' "
	"WHEN ARRAY[c.model, c.provider OPERATOR(pg_catalog.||) '/' OPERATOR(pg_catalog.||) c.model] OPERATOR(pg_catalog.&&) "
	"ARRAY(SELECT a.alias FROM inferacct.model_alias a WHERE a.provider OPERATOR(pg_catalog.=) $3 AND a.model OPERATOR(pg_catalog.=) $4) "
	"THEN (SELECT a.region FROM inferacct_internal.alias_target(c.provider, c.model, "
	"CASE WHEN pg_catalog.isfinite(c.valid_from) THEN c.valid_from ELSE v.published_at END, $2, $5) a "
	"WHERE a.provider OPERATOR(pg_catalog.=) $3 AND a.model OPERATOR(pg_catalog.=) $4) END AS named_region "
	"FROM inferacct.contract_term c JOIN inferacct.price_version v ON v.version OPERATOR(pg_catalog.=) c.version "
	"WHERE c.contract OPERATOR(pg_catalog.=) $1 AND v.published_at OPERATOR(pg_catalog.<=) $2 "
	"AND c.version OPERATOR(pg_catalog.<=) $5 "
	"AND (c.model IS NOT NULL OR c.provider IS NULL OR c.provider OPERATOR(pg_catalog.=) $3)) t "
	"WHERE t.named_region IS NOT NULL",
	.nargs = 5,
	.types = {TEXTOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, INT8OID}
};

/* When a contract became known. */
static SpiQuery contract_since_query = {
	.sql = "SELECT pg_catalog.min(v.published_at) FROM (SELECT contract, version FROM inferacct.contract UNION ALL "
	"SELECT contract, version FROM inferacct.contract_term) c "
	"JOIN inferacct.price_version v ON v.version OPERATOR(pg_catalog.=) c.version "
	"WHERE c.contract OPERATOR(pg_catalog.=) $1",
	.nargs = 1,
	.types = {TEXTOID}
};

static SpiQuery fx_query = {
	.sql = "SELECT f.currency, (f.usd_per_unit OPERATOR(pg_catalog.*) 1000000000000)::bigint, "
	"f.valid_from, f.version, v.published_at "
	"FROM inferacct.fx_rate f JOIN inferacct.price_version v ON v.version OPERATOR(pg_catalog.=) f.version "
	"WHERE v.published_at OPERATOR(pg_catalog.<=) $1 AND f.version OPERATOR(pg_catalog.<=) $2 "
	"AND f.currency OPERATOR(pg_catalog.=) ANY ($3)",
	.nargs = 3,
	.types = {TIMESTAMPTZOID, INT8OID, TEXTARRAYOID}
};

static SpiQuery version_query = {
	.sql = "SELECT pg_catalog.max(version) FROM inferacct.price_version "
	"WHERE published_at OPERATOR(pg_catalog.<=) $1 AND version OPERATOR(pg_catalog.<=) $2",
	.nargs = 2,
	.types = {TIMESTAMPTZOID, INT8OID}
};

/* Rows of model_alias and, last, where they come from. */
static SpiQuery all_aliases_query = {
	.sql = "SELECT a.*, v.published_at, v.catalog "
	"FROM inferacct.model_alias a JOIN inferacct.price_version v ON v.version OPERATOR(pg_catalog.=) a.version "
	"WHERE v.published_at OPERATOR(pg_catalog.<=) $1 AND v.version OPERATOR(pg_catalog.<=) $2",
	.nargs = 2,
	.types = {TIMESTAMPTZOID, INT8OID}
};

/* ---------- rows ---------- */

/* Append what a contract says of a model. */
static void
AppendContract(RowList *list, const PriceScope *scope, const char *provider, const char *model)
{
	Datum		args[] = {CStringGetTextDatum(scope->contract), TimestampTzGetDatum(scope->as_of),
		CStringGetTextDatum(provider), CStringGetTextDatum(model), Int64GetDatum(scope->last_version)
	};

	if (scope->contract[0] == '\0')
		return;
	SpiQueryBegin(&contract_query, args);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		PriceRow   *row = PriceRowNew(list);
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
			.source = TextOr(TextColumn(i, 11), ""),
			.catalog = "",.note = "",
			.checked_on = CHECKED_ALWAYS
		};
	}
	SpiQueryEnd();
}

/* The exchange rates of some currencies. */
static uint32
LoadFxRows(const PriceScope *scope, Datum *currencies, int ncurrencies, FxRow **rows)
{
	Datum		args[] = {TimestampTzGetDatum(scope->as_of), Int64GetDatum(scope->last_version),
		PointerGetDatum(construct_array(currencies, ncurrencies, TEXTOID, -1, false, TYPALIGN_INT))
	};
	uint32		count;

	SpiQueryBegin(&fx_query, args);
	count = (uint32) SPI_processed;
	*rows = palloc_extended(Max(count, 1) * sizeof(FxRow), MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < count; i++)
		(*rows)[i] = (FxRow) {
		.currency = TextColumn(i, 1),.value = Int64Column(i, 2),.valid_from = Int64Column(i, 3),
		.version = Int64Column(i, 4),.published_at = Int64Column(i, 5)
	};
	SpiQueryEnd();
	return count;
}

FxSeries
LoadFxSeries(PriceReader *reader, const char *currency, MemoryContext context)
{
	PriceScope	scope = {.as_of = reader->as_of,.last_version = PG_INT64_MAX};
	MemoryContext reading = AllocSetContextCreate(CurrentMemoryContext, "inferacct exchange rates", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(reading);
	Datum		name = CStringGetTextDatum(currency);
	FxRow	   *rows;
	uint32		count = LoadFxRows(&scope, &name, 1, &rows);
	FxRate	   *rates;

	count = FxDropCorrected(rows, count);
	rates = MemoryContextAllocHuge(context, Max(count, 1) * sizeof(FxRate));
	for (uint32 i = 0; i < count; i++)
		rates[i] = FxRateOf(&rows[i]);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(reading);
	return (FxSeries) {
		.rates = rates,.count = count
	};
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
							   culprit->kind == CONTRACT_FACTOR ? "percentage of a contract" : "multiplier",
							   culprit->version, status == CARD_TOO_FINE ? "finer" : "larger"),
					 errhint("State the price itself in USD, or use fewer decimals.")));
			break;
	}
}

/* Build the card of rows with what a contract adds; in context. */
static RateCard *
BuildCard(const char *provider, const char *model, RowList *list, const PriceScope *scope, MemoryContext context)
{
	Host		host = HostOf(context);
	RateCard   *card;
	const PriceRow *culprit;
	CardStatus	status;

	AppendContract(list, scope, provider, model);
	status = RateCardBuild(provider, model, list->rows, (int) list->count, scope->refuse_guess, &host, &card, &culprit);
	if (status != CARD_OK)
		CardError(status, provider, model, culprit);
	return card;
}

RateCard *
LoadRateCard(PriceReader *reader, const char *provider, const char *model, MemoryContext context)
{
	PriceScope	scope = {
		.as_of = reader->as_of,.contract = reader->contract,.last_version = PG_INT64_MAX,.refuse_guess = reader->refuse_guess
	};
	MemoryContext reading = AllocSetContextCreate(CurrentMemoryContext, "inferacct price rows", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(reading);
	RateCard   *card = NULL;
	RowList		list = {0};
	PriceScan	scan;
	HeapTuple	tuple;
	PriceOrigin origin;

	PriceScanBegin(&scan, reader, PRICE_BY_MODEL_AND_PROVIDER, CStringGetTextDatum(model), CStringGetTextDatum(provider));
	while ((tuple = PriceScanNext(&scan, &origin)) != NULL)
		AppendPriceRow(&list, tuple, scan.desc, &origin);
	PriceScanEnd(&scan);
	if (list.count > 0)
	{
		RateCard   *built = BuildCard(provider, model, &list, &scope, reading);

		card = MemoryContextAlloc(context, built->size);
		memcpy(card, built, built->size);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(reading);
	return card;
}

void
CheckContract(const char *contract, TimestampTz as_of)
{
	Datum		args[] = {CStringGetTextDatum(contract)};
	TimestampTz since;
	bool		none;
	char	   *shown;

	if (contract[0] == '\0')
		return;
	SpiQueryBegin(&contract_since_query, args);
	since = DatumGetTimestampTz(Column(0, 1, &none));
	SpiQueryEnd();
	if (none)
		ereport(ERROR,
				(errcode(ERRCODE_IA_UNKNOWN_CONTRACT),
				 errmsg("unknown contract \"%s\"", contract),
				 errhint("Contracts are the rows of inferacct.contract and inferacct.contract_term; an empty name means list prices.")));
	if (since <= as_of)
		return;
	shown = pstrdup(timestamptz_to_str(since));
	ereport(ERROR,
			(errcode(ERRCODE_IA_UNKNOWN_CONTRACT),
			 errmsg("unknown contract \"%s\"", contract),
			 errdetail("It is known since %s, and prices are asked for as of %s.", shown, timestamptz_to_str(as_of)),
			 errhint("RESET inferacct.as_of, or ask as of a time when it was known.")));
}

/* ---------- everything at once ---------- */

/* Where a row of a query comes from that has, after its columns, its version's time and catalog. */
static PriceOrigin
OriginOfTuple(CatalogRanks *ranks, HeapTuple tuple, TupleDesc desc, AttrNumber version)
{
	return OriginOfVersion(ranks, TupleInt64(tuple, desc, version), TupleInt64(tuple, desc, desc->natts - 1),
						   TupleText(tuple, desc, desc->natts));
}

/* Cards of all models, from rows ordered by model and provider. */
static uint32
LoadCards(const PriceScope *scope, CatalogRanks *ranks, RateCard ***cards)
{
	Datum		args[] = {TimestampTzGetDatum(scope->as_of), Int64GetDatum(scope->last_version)};
	HeapTuple  *tuples;
	TupleDesc	desc;
	uint64		count;
	uint64		row = 0;
	uint32		ncards = 0;

	SpiQueryBegin(&book_query, args);
	tuples = SPI_tuptable->vals;
	desc = SPI_tuptable->tupdesc;
	count = SPI_processed;
	*cards = MemoryContextAllocHuge(CurrentMemoryContext, Max(count, 1) * sizeof(RateCard *));
	while (row < count)
	{
		char	   *provider = TupleText(tuples[row], desc, Anum_price_provider);
		char	   *model = TupleText(tuples[row], desc, Anum_price_model);
		RowList		list = {0};

		do
		{
			PriceOrigin origin = OriginOfTuple(ranks, tuples[row], desc, Anum_price_version);

			CHECK_FOR_INTERRUPTS();
			AppendPriceRow(&list, tuples[row], desc, &origin);
			row++;
		}
		while (row < count && strcmp(model, TupleText(tuples[row], desc, Anum_price_model)) == 0 &&
			   strcmp(provider, TupleText(tuples[row], desc, Anum_price_provider)) == 0);
		(*cards)[ncards++] = BuildCard(provider, model, &list, scope, CurrentMemoryContext);
		CHECK_FOR_INTERRUPTS();
	}
	SpiQueryEnd();
	return ncards;
}

/* The exchange rates of the currencies that cards name. */
static void
LoadCurrencies(const PriceScope *scope, BookContent *content)
{
	Datum	   *currencies = NULL;
	int			count = 0;
	StringInfoData seen;

	initStringInfo(&seen);
	for (uint32 i = 0; i < content->ncards; i++)
	{
		const RateCard *card = content->cards[i];

		for (uint32 r = 0; r < card->nrows; r++)
		{
			const CardRow *row = &CardRows(card)[r];
			const char *currency = CardString(card, row->currency);

			if (row->kind != PRICE_AMOUNT || strstr(seen.data, currency) != NULL)
				continue;
			appendStringInfo(&seen, "%s ", currency);
			currencies = currencies == NULL ? palloc(sizeof(Datum)) : repalloc(currencies, (count + 1) * sizeof(Datum));
			currencies[count++] = CStringGetTextDatum(currency);
		}
	}
	if (count > 0)
		content->nfx = LoadFxRows(scope, currencies, count, &content->fx);
}

static uint32
LoadAliases(const PriceScope *scope, CatalogRanks *ranks, AliasRow **aliases)
{
	Datum		args[] = {TimestampTzGetDatum(scope->as_of), Int64GetDatum(scope->last_version)};

	uint32		count;

	SpiQueryBegin(&all_aliases_query, args);
	count = (uint32) SPI_processed;
	*aliases = palloc(Max(count, 1) * sizeof(AliasRow));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		PriceOrigin origin = OriginOfTuple(ranks, tuple, desc, Anum_model_alias_version);

		AliasRowFill(&(*aliases)[i], tuple, desc, &origin);
	}
	SpiQueryEnd();
	return count;
}

PriceBook *
LoadPriceBook(const PriceScope *scope, MemoryContext context)
{
	Datum		args[] = {TimestampTzGetDatum(scope->as_of), Int64GetDatum(scope->last_version)};
	Host		host = HostOf(context);
	BookContent content = {
		.terms = {.as_of = scope->as_of,.contract = scope->contract,.unpriced_null = scope->unpriced_null,
			.guess_refuse = scope->refuse_guess,.before_known = scope->before_known,.stale_after = scope->stale_after}
	};
	CatalogRanks ranks = {.as_of = scope->as_of,.last_version = scope->last_version};
	MemoryContext reading,
				caller;
	PriceBook  *book;

	CheckBookPrices();
	CheckContract(scope->contract, scope->as_of);
	reading = AllocSetContextCreate(CurrentMemoryContext, "inferacct price rows", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(reading);
	SpiQueryBegin(&version_query, args);
	content.terms.version = Int64Column(0, 1);
	SpiQueryEnd();
	ranks.context = reading;
	content.ncards = LoadCards(scope, &ranks, &content.cards);
	content.naliases = LoadAliases(scope, &ranks, &content.aliases);
	LoadCurrencies(scope, &content);
	book = PriceBookBuild(&content, &host);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(reading);
	if (book == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the price book would be larger than 1 GB")));
	return book;
}
