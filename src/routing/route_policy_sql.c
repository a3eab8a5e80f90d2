/*
 * route_policy_sql.c
 *	  A routing policy as the statement that runs sees it, kept at a call site.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "server/compat.h"
#include "session/price_cache.h"
#include "routing/route_policy_sql.h"

/* Columns in the order of the enum; a row for every tier. */
static const char *const policy_query =
	"SELECT d::text, d OPERATOR(pg_catalog.->>) 'kind', t.model, t.below_score, t.below_share, "
	"t.tokenizer_ratio, t.output_ratio, t.token_rate, t.deployed, t.keeps_cache "
	"FROM inferacct_internal.routing_definition($1) AS d, "
	"pg_catalog.jsonb_to_recordset(d OPERATOR(pg_catalog.->) 'tiers') AS t(model text, below_score float8, below_share float8, "
	"tokenizer_ratio bigint, output_ratio bigint, token_rate bigint, deployed boolean, keeps_cache boolean)";

enum
{
	COLUMN_DEFINITION = 1, COLUMN_KIND, COLUMN_MODEL, COLUMN_BELOW_SCORE, COLUMN_BELOW_SHARE,
	COLUMN_TOKENIZER_RATIO, COLUMN_OUTPUT_RATIO, COLUMN_TOKEN_RATE, COLUMN_DEPLOYED, COLUMN_KEEPS_CACHE
};

static Datum
Column(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

static int64
Int64Column(uint64 row, int column)
{
	bool		isnull;
	Datum		value = Column(row, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

/* The last tier has no bound: it is NULL there. */
static double
BoundColumn(uint64 row, int column)
{
	bool		isnull;
	Datum		value = Column(row, column, &isnull);

	return isnull ? INFINITY : DatumGetFloat8(value);
}

static char *
TextColumn(uint64 row, int column, MemoryContext context)
{
	bool		isnull;
	Datum		value = Column(row, column, &isnull);

	return isnull ? NULL : MemoryContextStrdup(context, TextDatumGetCString(value));
}

static RouteKind
KindOf(const char *word)
{
	if (strcmp(word, "split") == 0)
		return ROUTE_SPLIT;
	return strcmp(word, "cascade") == 0 ? ROUTE_CASCADE : ROUTE_SCORE;
}

/* Read what the last query returned. */
static void
ReadPolicy(RouteCall *call)
{
	bool		isnull;

	if (SPI_processed < 1 || SPI_processed > ROUTE_MAX_TIERS)
		elog(ERROR, "a routing policy has " UINT64_FORMAT " tiers", SPI_processed);
	call->definition = TextColumn(0, COLUMN_DEFINITION, call->context);
	call->policy.kind = KindOf(TextColumn(0, COLUMN_KIND, CurrentMemoryContext));
	call->policy.ntiers = (int) SPI_processed;
	for (int i = 0; i < call->policy.ntiers; i++)
	{
		call->policy.tiers[i] = (RouteTier) {
			.below_score = BoundColumn(i, COLUMN_BELOW_SCORE),
			.below_share = BoundColumn(i, COLUMN_BELOW_SHARE),
			.tokenizer_ratio = Int64Column(i, COLUMN_TOKENIZER_RATIO),
			.output_ratio = Int64Column(i, COLUMN_OUTPUT_RATIO),
			.token_rate = Int64Column(i, COLUMN_TOKEN_RATE),
			.deployed = DatumGetBool(Column(i, COLUMN_DEPLOYED, &isnull)),
			.keeps_cache = DatumGetBool(Column(i, COLUMN_KEEPS_CACHE, &isnull)),
			.model = TextColumn(i, COLUMN_MODEL, call->context)
		};
	}
}

static void
LoadPolicy(RouteCall *call, RequestText policy)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {PointerGetDatum(cstring_to_text_with_len(policy.bytes, (int) policy.length))};

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args(policy_query, 1, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read a routing policy");
	ReadPolicy(call);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
}

/* Forget what the call site has, and read the policy. */
static void
Fill(RouteCall *call, FunctionCallInfo fcinfo, RequestText policy)
{
	MemoryContext context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "inferacct routing policy",
												  ALLOCSET_SMALL_SIZES);

	if (call->context != NULL)
		MemoryContextDelete(call->context);
	memset(call, 0, sizeof(*call));
	call->context = context;
	LoadPolicy(call, policy);
	call->policy_name = MemoryContextAlloc(context, policy.length + 1);
	memcpy(call->policy_name, policy.bytes, policy.length);
	call->policy_length = policy.length;

	/* Last: reading may itself have made prices load anew. */
	call->pricing = PricingOfStatement();
	call->generation = price_generation;
}

RouteCall *
RouteCallOf(FunctionCallInfo fcinfo, RequestText policy)
{
	RouteCall  *call = fcinfo->flinfo->fn_extra;
	Pricing    *pricing = PricingOfStatement();

	if (call == NULL)
		call = fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(RouteCall));
	if (call->pricing != pricing || call->generation != price_generation ||
		call->policy_length != policy.length || memcmp(call->policy_name, policy.bytes, policy.length) != 0)
		Fill(call, fcinfo, policy);
	return call;
}
