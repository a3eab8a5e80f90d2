/*
 * model_fetch.c
 *	  The names in the price tables, as the directory that model_resolve.c looks them up in.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "server/compat.h"
#include "session/model_fetch.h"
#include "server/spi_query.h"
#include "session/price_tuple.h"

static SpiQuery names_query = {
	.sql = "SELECT DISTINCT p.provider OPERATOR(pg_catalog.||) '/' OPERATOR(pg_catalog.||) p.model COLLATE pg_catalog.\"C\" "
	"FROM inferacct.price p JOIN inferacct.price_version v ON v.version OPERATOR(pg_catalog.=) p.version "
	"WHERE v.published_at OPERATOR(pg_catalog.<=) $1 ORDER BY 1",
	.nargs = 1,
	.types = {TIMESTAMPTZOID}
};

/* Aliases with a star or a #, and where they come from. */
static SpiQuery patterns_query = {
	.sql = "SELECT a.*, v.published_at, v.catalog "
	"FROM inferacct.model_alias a JOIN inferacct.price_version v ON v.version OPERATOR(pg_catalog.=) a.version "
	"WHERE a.alias OPERATOR(pg_catalog.~) '[*#]' AND v.published_at OPERATOR(pg_catalog.<=) $1",
	.nargs = 1,
	.types = {TIMESTAMPTZOID}
};

static int
CompareTexts(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Whoever has a model, in the order of their names, each once. */
static int
TableFind(void *arg, const char *provider, const char *model, ModelRef *refs, int max)
{
	PriceReader *reader = arg;
	PriceScan	scan;
	HeapTuple	tuple;
	PriceOrigin origin;
	char	  **providers = NULL;
	int			count = 0;
	int			unique = 0;

	PriceScanBegin(&scan, reader, provider != NULL ? PRICE_BY_MODEL_AND_PROVIDER : PRICE_BY_MODEL,
				   CStringGetTextDatum(model), provider != NULL ? CStringGetTextDatum(provider) : (Datum) 0);
	while ((tuple = PriceScanNext(&scan, &origin)) != NULL)
	{
		char	   *name = TupleText(tuple, scan.desc, Anum_price_provider);

		if (count > 0 && strcmp(providers[count - 1], name) == 0)
			continue;
		providers = providers == NULL ? palloc(sizeof(char *)) : repalloc(providers, (count + 1) * sizeof(char *));
		providers[count++] = name;
		if (provider != NULL)
			break;
	}
	PriceScanEnd(&scan);

	if (count > 1)
		qsort(providers, count, sizeof(char *), CompareTexts);
	for (int i = 0; i < count; i++)
	{
		if (i > 0 && strcmp(providers[i], providers[i - 1]) == 0)
			continue;
		if (unique < max)
			ModelRefSet(&refs[unique], providers[i], model, "");
		unique++;
	}
	return unique;
}

static bool
TableAlias(void *arg, const char *name, int64_t at, ModelRef *ref, int64_t *from, int64_t *to)
{
	PriceReader *reader = arg;
	ModelDirectory directory = {.arg = arg,.find = TableFind};
	PriceScan	scan;
	HeapTuple	tuple;
	PriceOrigin origin;
	AliasRow   *rows = NULL;
	int			count = 0;

	PriceScanBegin(&scan, reader, ALIAS_BY_NAME, CStringGetTextDatum(name), 0);
	while ((tuple = PriceScanNext(&scan, &origin)) != NULL)
	{
		rows = rows == NULL ? palloc(sizeof(AliasRow)) : repalloc(rows, (count + 1) * sizeof(AliasRow));
		AliasRowFill(&rows[count++], tuple, scan.desc, &origin);
	}
	PriceScanEnd(&scan);
	return AliasResolve(rows, count, at, &directory, ref, from, to);
}

/* Read the patterns into the reader's memory. */
static void
ReadPatterns(PriceReader *reader)
{
	Datum		args[] = {TimestampTzGetDatum(reader->as_of)};
	MemoryContext caller;
	int			count;
	AliasRow   *rows;

	SpiQueryBegin(&patterns_query, args);
	caller = MemoryContextSwitchTo(reader->ranks.context);
	count = (int) SPI_processed;
	rows = palloc(Max(count, 1) * sizeof(AliasRow));
	for (int i = 0; i < count; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		PriceOrigin origin = OriginOfVersion(&reader->ranks, TupleInt64(tuple, desc, Anum_model_alias_version),
											 TupleInt64(tuple, desc, desc->natts - 1), TupleText(tuple, desc, desc->natts));

		AliasRowFill(&rows[i], tuple, desc, &origin);
	}
	MemoryContextSwitchTo(caller);
	SpiQueryEnd();
	reader->patterns = rows;
	reader->npatterns = count;
}

static bool
TablePattern(void *arg, const char *provider, const char *name, int64_t at, ModelRef *ref, int64_t *from, int64_t *to)
{
	PriceReader *reader = arg;
	ModelDirectory directory = {.arg = arg,.find = TableFind};

	if (reader->npatterns < 0)
		ReadPatterns(reader);
	return AliasResolvePattern(reader->patterns, reader->npatterns, provider, name, at, &directory, ref, from, to);
}

static bool
TableIsProvider(void *arg, const char *provider)
{
	PriceReader *reader = arg;
	PriceScan	scan;
	PriceOrigin origin;
	bool		known;

	PriceScanBegin(&scan, reader, PRICE_BY_PROVIDER, CStringGetTextDatum(provider), 0);
	known = PriceScanNext(&scan, &origin) != NULL;
	PriceScanEnd(&scan);
	return known;
}

ModelStatus
LoadModel(PriceReader *reader, const char *name, TimestampTz at, ModelMatch *match)
{
	ModelDirectory directory = {
		.arg = reader,.find = TableFind,.alias = TableAlias,.is_provider = TableIsProvider,
		.pattern = TablePattern
	};
	MemoryContext reading = AllocSetContextCreate(CurrentMemoryContext, "inferacct name look-up", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(reading);
	ModelStatus status = ModelResolve(name, at, &directory, match);

	MemoryContextSwitchTo(caller);
	MemoryContextDelete(reading);
	return status;
}

int
LoadModelNames(TimestampTz as_of, char ***names, MemoryContext context)
{
	Datum		args[] = {TimestampTzGetDatum(as_of)};
	int			count;

	SpiQueryBegin(&names_query, args);
	count = (int) SPI_processed;
	*names = MemoryContextAlloc(context, Max(count, 1) * sizeof(char *));
	for (int i = 0; i < count; i++)
		(*names)[i] = MemoryContextStrdup(context, TextColumn(i, 1));
	SpiQueryEnd();
	return count;
}
