/*
 * route_policy_sql.c
 *	  Routing policies as the statement that runs sees them, kept at a call site.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "server/compat.h"
#include "server/spi_query.h"
#include "session/price_cache.h"
#include "routing/route_policy_sql.h"

/* Columns in the order of the enum; a row for every tier. */
static SpiQuery policy_query = {
	.sql = "SELECT d::pg_catalog.text, d OPERATOR(pg_catalog.->>) 'kind', t.model, t.below_score, t.below_share, "
	"t.tokenizer_ratio, t.output_ratio, t.token_rate, t.deployed, t.keeps_cache, "
	"coalesce(t.cached_rate, t.token_rate), coalesce(t.output_rate, t.token_rate), t.work_of "
	"FROM inferacct_internal.routing_definition($1) AS d, "
	"pg_catalog.jsonb_to_recordset((d OPERATOR(pg_catalog.->) 'tiers') OPERATOR(pg_catalog.||) "
	"(d OPERATOR(pg_catalog.->) 'works')) AS t(model pg_catalog.text, "
	"below_score double precision, below_share double precision, tokenizer_ratio bigint, output_ratio bigint, "
	"token_rate bigint, deployed boolean, keeps_cache boolean, cached_rate bigint, output_rate bigint, work_of int)",
	.nargs = 1,.types = {TEXTOID}
};

enum
{
	COLUMN_DEFINITION = 1, COLUMN_KIND, COLUMN_MODEL, COLUMN_BELOW_SCORE, COLUMN_BELOW_SHARE,
	COLUMN_TOKENIZER_RATIO, COLUMN_OUTPUT_RATIO, COLUMN_TOKEN_RATE, COLUMN_DEPLOYED, COLUMN_KEEPS_CACHE,
	COLUMN_CACHED_RATE, COLUMN_OUTPUT_RATE, COLUMN_WORK_OF
};

/* The last tier has no bound: it is NULL there. */
static double
BoundColumn(uint64 row, int column)
{
	bool		isnull;
	Datum		value = Column(row, column, &isnull);

	return isnull ? INFINITY : DatumGetFloat8(value);
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
	MemoryContext context = CallValueContext(call);
	bool		isnull;

	if (SPI_processed < 1 || SPI_processed > ROUTE_MAX_TIERS)
		elog(ERROR, "a routing policy has " UINT64_FORMAT " tiers", SPI_processed);
	call->definition = MemoryContextStrdup(context, TextColumn(0, COLUMN_DEFINITION));
	call->policy.kind = KindOf(TextColumn(0, COLUMN_KIND));
	call->policy.nsums = (int) SPI_processed;
	call->policy.ntiers = 0;
	for (int i = 0; i < call->policy.nsums; i++)
	{
		Column(i, COLUMN_WORK_OF, &isnull);
		call->policy.ntiers += isnull;	/* works come last */
		call->policy.tiers[i] = (RouteTier) {
			.below_score = BoundColumn(i, COLUMN_BELOW_SCORE),
			.below_share = BoundColumn(i, COLUMN_BELOW_SHARE),
			.tokenizer_ratio = Int64Column(i, COLUMN_TOKENIZER_RATIO),
			.output_ratio = Int64Column(i, COLUMN_OUTPUT_RATIO),
			.token_rate = Int64Column(i, COLUMN_TOKEN_RATE),
			.cached_rate = Int64Column(i, COLUMN_CACHED_RATE),
			.output_rate = Int64Column(i, COLUMN_OUTPUT_RATE),
			.deployed = DatumGetBool(Column(i, COLUMN_DEPLOYED, &isnull)),
			.keeps_cache = DatumGetBool(Column(i, COLUMN_KEEPS_CACHE, &isnull)),
			.model = MemoryContextStrdup(context, TextColumn(i, COLUMN_MODEL))
		};
	}
}

/*
 * Whoever calls without an expression has no place in a query: Citus calls the
 * transition functions of the aggregates that it splits so, with a new FmgrInfo
 * for every row.  One place of the backend stands for all of them.
 */
static FunctionCallInfo
SiteOf(FunctionCallInfo fcinfo)
{
	static FmgrInfo backend_call;
	static FunctionCallInfoBaseData backend_site;

	if (likely(fcinfo->flinfo->fn_expr != NULL))
		return fcinfo;
	backend_call.fn_mcxt = TopMemoryContext;
	backend_site.flinfo = &backend_call;
	return &backend_site;
}

/*
 * Is what was read still what the statement sees?  An aggregate lives in one
 * execution and so under one snapshot: only price_generation is looked at.
 */
static bool
IsGood(FunctionCallInfo site, const RouteCall *call)
{
	return (IsAggregateCall(site) || call->pricing == PricingOfStatement()) &&
		call->generation == price_generation;
}

RouteCall *
RouteCallOf(FunctionCallInfo fcinfo, RequestText policy, RequestText baseline)
{
	CallKey		key = RouteCallKey(policy, baseline);
	FunctionCallInfo site = SiteOf(fcinfo);
	RouteCall  *call = CallCacheFind(site, key);
	Datum		name;

	if (call != NULL && IsGood(site, call))
		return call;
	if (call != NULL)
		CallCacheDrop(site, call);
	call = CallCacheMake(key, "routing policy", sizeof(RouteCall));
	name = PointerGetDatum(cstring_to_text_with_len(policy.bytes, (int) policy.length));
	SpiQueryBegin(&policy_query, &name);
	ReadPolicy(call);
	SpiQueryEnd();

	/* Last: reading may itself have made prices load anew. */
	call->pricing = PricingOfStatement();
	call->generation = price_generation;
	CallCacheKeep(site, call);
	return call;
}
