/*
 * routing_sql.c
 *	  route() and the aggregate route_savings().
 *
 * A row without policy, baseline model, usage or time is left out, as in
 * spend(); one of which a cost is unknown is an error, or is counted as left
 * out under inferacct.unpriced = 'null'.  The state is a flat varlena that is
 * changed in place; a larger one is made in the caller's memory when a length
 * is met that its window does not hold.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "server/compat.h"
#include "session/price_cache.h"
#include "session/request.h"
#include "session/request_arguments.h"
#include "routing/route_policy_sql.h"
#include "routing/route_state_sql.h"
#include "core/usage_sql.h"

PG_FUNCTION_INFO_V1(route);
PG_FUNCTION_INFO_V1(route_savings_accum);
PG_FUNCTION_INFO_V1(route_savings_combine);

/* ---------- route ---------- */

Datum
route(PG_FUNCTION_ARGS)
{
	const RouteCall *call;
	const RoutePolicy *policy;
	int			tier;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	call = RouteCallOf(fcinfo, TextArgument(fcinfo, 0), (RequestText) {NULL, 0});
	policy = &call->policy;
	tier = PG_ARGISNULL(1) ? RouteUnscoredTier(policy) : RouteTierOf(policy, PG_GETARG_FLOAT8(1));
	PG_RETURN_TEXT_P(cstring_to_text(policy->tiers[tier].model));
}

/* ---------- what a request would cost ---------- */

static void
OutOfRange(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("the sum of costs is out of range")));
}

static void
RequestsOutOfRange(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("the number of requests is out of range")));
}

/* Cost of a request of a named model; `span` remembers what the name meant. */
static bool
ModelCost(RouteCall *call, NameSpan **span, const Request *request, const Usage *usage, Money *usd)
{
	NameSpan   *known = *span;
	CostProblem problem;

	if (known != NULL && known->flat_from <= request->at && request->at < known->flat_to &&
		request->service_tier.bytes == NULL && request->region.bytes == NULL &&
		UsageCost(known->flat, usage, usd, &problem) == COST_OK)
		return true;
	if (!RequestUsageCost(call->pricing, request, usage, usd))
		return false;
	*span = PricingName(call->pricing, request->model.bytes, request->model.length, request->at);
	return true;
}

/* Cost of a request on a tier. */
static bool
TierCost(RouteCall *call, int index, const Request *request, const Usage *usage, Money *usd)
{
	const RouteTier *tier = &call->policy.tiers[index];
	UsageBuffer scaled;
	Request		routed = *request;
	int64		tokens,
				cached,
				answered;

	if (!call->is_plain[index])
	{
		Meter		meter;

		if (RouteUsage(tier, usage, &scaled.usage, &meter) != USAGE_OK)
			UsageError(USAGE_OVERFLOW, meter);
		usage = &scaled.usage;
	}
	if (tier->deployed)
	{
		if (!UsageTotal(usage, METERS_OF_INPUT & ~METERS_OF_CACHE, &tokens) ||
			!UsageTotal(usage, METERS_OF_CACHE, &cached) || !UsageTotal(usage, METERS_OF_OUTPUT, &answered))
			OutOfRange();
		*usd = 0;
		if (!MoneyAddProduct(usd, tokens, tier->token_rate) || !MoneyAddProduct(usd, cached, tier->cached_rate) ||
			!MoneyAddProduct(usd, answered, tier->output_rate))
			OutOfRange();
		return true;
	}
	routed.model = call->models[index];
	return ModelCost(call, &call->spans[index], &routed, usage, usd);
}

/* The rates that are flat for all models at a time, or NULL when none are known. */
static inline const RouteFlat *
FlatRatesAt(RouteCall *call, TimestampTz at)
{
	const RouteFlat *flat = &call->flats[call->last_flat];

	if (likely(flat->from <= at && at < flat->to))
		return flat;
	for (int i = 0; i < call->nflats; i++)
	{
		flat = &call->flats[i];
		if (flat->from <= at && at < flat->to)
		{
			call->last_flat = i;
			return flat;
		}
	}
	return NULL;
}

/* Find the time, around that of a request just priced, in which rates are flat for all. */
static bool
FindFlatRates(const RouteCall *call, RouteFlat *flat)
{
	int			nsums = call->policy.nsums;

	flat->from = DT_NOBEGIN + 1;	/* the infinite past is no time */
	flat->to = DT_NOEND;
	flat->known = ~UINT32_C(0);
	flat->charged = 0;
	for (int i = 0; i <= nsums; i++)
	{
		const NameSpan *span = i < nsums && call->is_baseline[i] ? call->spans[nsums] : call->spans[i];

		if (span == NULL || (i < nsums && !call->is_plain[i]) || span->flat_from >= span->flat_to)
			return false;
		flat->from = Max(flat->from, span->flat_from);
		flat->to = Min(flat->to, span->flat_to);
		flat->known &= (span->flat->priced | METER_BIT(METER_REQUESTS)) & ~span->flat->foreign;
		flat->charged |= span->flat->priced;
		flat->rates[i] = span->flat->rate;
	}
	return flat->from < flat->to;
}

/* Keep the flat rates at the time of a request just priced, in the place of others when all are taken. */
static void
KeepFlatRates(RouteCall *call, TimestampTz at)
{
	RouteFlat	flat;
	int			place = call->nflats < ROUTE_FLATS ? call->nflats : (call->last_flat + 1) % ROUTE_FLATS;

	if (FlatRatesAt(call, at) != NULL || !FindFlatRates(call, &flat) || at < flat.from || at >= flat.to)
		return;
	call->flats[place] = flat;
	call->nflats = Max(call->nflats, place + 1);
	call->last_flat = place;
}

/* Price a request on the baseline and on every tier; false when one has no price. */
static bool
PriceRequest(RouteCall *call, const Request *request, const Usage *usage, RouteCosts *costs)
{
	int			nsums = call->policy.nsums;

	if (!ModelCost(call, &call->spans[nsums], request, usage, &costs->usd[nsums]))
		return false;
	for (int i = 0; i < nsums; i++)
	{
		if (call->is_baseline[i])
			costs->usd[i] = costs->usd[nsums];
		else if (!TierCost(call, i, request, usage, &costs->usd[i]))
			return false;
	}
	KeepFlatRates(call, request->at);
	return true;
}

/* How many requests a usage is of, 1 when it does not say, and the length of each one's prompt. */
static void
ReadRequests(const Usage *usage, RouteCosts *costs)
{
	uint32_t	present = usage->present;
	int64		tokens = 0;

	costs->requests = 1;
	for (int i = 0; present != 0; i++, present &= present - 1)
	{
		uint32_t	meter = present & -present;

		if (meter == METER_BIT(METER_REQUESTS))
			costs->requests = usage->count[i];
		else if ((meter & METERS_OF_INPUT) && __builtin_add_overflow(tokens, usage->count[i], &tokens))
			OutOfRange();
	}
	costs->prompt_tokens = tokens / costs->requests;
}

/* ---------- the state ---------- */

static void
MixedPoliciesError(const RouteState *state)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("route_savings() was given several policies or baseline models at once"),
			 errdetail("The first was %s with baseline \"%s\".", RouteDefinition(state), RouteBaseline(state)),
			 errhint("GROUP BY the policy and the baseline model.")));
}

/* Copy a state, with a window that holds buckets first to last, to the current context. */
static RouteState *
CopyState(const RouteState *state, int first_bucket, int nbuckets)
{
	size_t		size = RouteStateSize(state->ntiers, state->names_size, nbuckets);
	RouteState *copy = palloc(size);

	RouteStateCopy(state, copy, first_bucket, nbuckets);
	SET_VARSIZE(copy, size);
	return copy;
}

/* An empty state of the call's policy and baseline, made once and kept with the call. */
static const RouteState *
EmptyState(RouteCall *call)
{
	const CallKey *key = CallValueKey(call);
	char	   *baseline;
	size_t		size;

	if (call->empty != NULL)
		return call->empty;
	baseline = pnstrdup(key->bytes[ROUTE_BASELINE], key->length[ROUTE_BASELINE]);
	for (int i = 0; i < call->policy.nsums; i++)
	{
		const RouteTier *tier = &call->policy.tiers[i];

		call->is_plain[i] = RouteTierIsPlain(tier);
		call->is_baseline[i] = !tier->deployed && call->is_plain[i] && strcmp(tier->model, baseline) == 0;
		call->models[i] = (RequestText) {
			tier->model, strlen(tier->model)
		};
	}
	size = RouteStateSize(call->policy.nsums, RouteNamesSize(strlen(call->definition), strlen(baseline)), 0);
	call->empty = MemoryContextAlloc(CallValueContext(call), size);
	RouteStateInit(call->empty, call->policy.nsums, call->definition, baseline);
	SET_VARSIZE(call->empty, size);
	return call->empty;
}

/* The state with room for the buckets from first to last: itself, or a copy. */
static RouteState *
Widen(RouteState *state, int first, int last)
{
	int			first_bucket,
				nbuckets;

	if (RouteWindow(state, first, last, &first_bucket, &nbuckets))
		return state;
	return CopyState(state, first_bucket, nbuckets);
}

/* Is an argument these bytes, as far as can be seen without taking it apart? */
static pg_attribute_always_inline bool
ArgumentIs(FunctionCallInfo fcinfo, int argument, const char *bytes, Size length)
{
	const char *value = DatumGetPointer(PG_GETARG_DATUM(argument));

	if (PG_ARGISNULL(argument))
		return false;
	if (VARATT_IS_4B_U(value))
		return VARSIZE_4B(value) - VARHDRSZ == length && SameWords(VARDATA_4B(value), bytes, length);
	return VARATT_IS_1B(value) && !VARATT_IS_1B_E(value) &&
		VARSIZE_1B(value) - VARHDRSZ_SHORT == length && SameWords(VARDATA_1B(value), bytes, length);
}

/* What the call site has read for the policy and the baseline of a row; NULL: nothing. */
static inline RouteCall *
KnownCall(FunctionCallInfo fcinfo)
{
	RouteCall  *last = CallCacheLast(fcinfo);
	const CallKey *key;

	if (unlikely(last == NULL))
		return NULL;
	key = CallValueKey(last);
	if (likely(ArgumentIs(fcinfo, 1, key->bytes[ROUTE_POLICY], key->length[ROUTE_POLICY]) &&
			   ArgumentIs(fcinfo, 3, key->bytes[ROUTE_BASELINE], key->length[ROUTE_BASELINE])))
		return last;
	if (PG_ARGISNULL(1) || PG_ARGISNULL(3))
		return NULL;
	return CallCacheFind(fcinfo, RouteCallKey(TextArgument(fcinfo, 1), TextArgument(fcinfo, 3)));
}

/*
 * Add a row as nearly all are: in an aggregate, of a policy and baseline that
 * were met before, when flat rates are known.  An aggregate lives in one
 * execution and so under one snapshot: what its call site has read stays good
 * until price_generation moves.
 */
static inline bool
AccumulateFlat(FunctionCallInfo fcinfo)
{
	RouteCall  *call;
	RouteState *state = (RouteState *) PG_GETARG_POINTER(0);
	const RouteFlat *flat;
	RouteFlatResult result;
	int			tier;

	if (!IsAggregateCall(fcinfo) ||
		PG_ARGISNULL(0) || PG_ARGISNULL(4) || PG_ARGISNULL(5) ||
		(PG_NARGS() > 6 && !(PG_ARGISNULL(6) && PG_ARGISNULL(7))))
		return false;
	call = KnownCall(fcinfo);
	if (call == NULL || call->generation != price_generation || call->empty == NULL ||
		!RouteStateMatches(state, call->empty))
		return false;
	flat = FlatRatesAt(call, PG_GETARG_TIMESTAMPTZ(5));
	if (flat == NULL)
		return false;
	tier = PG_ARGISNULL(2) ? RouteUnscoredTier(&call->policy) : RouteTierOf(&call->policy, PG_GETARG_FLOAT8(2));
	result = RouteFlatAdd(flat, state, PG_GETARG_USAGE(4), PG_GETARG_TIMESTAMPTZ(5), tier, !PG_ARGISNULL(2));
	if (unlikely(result == ROUTE_FLAT_OVERFLOW))
		OutOfRange();
	return result == ROUTE_FLAT_ADDED;
}

/* Add a row in whatever context, of whatever policy, at whatever prices. */
static pg_noinline Datum
Accumulate(FunctionCallInfo fcinfo)
{
	RouteState *state = StateArgument(fcinfo, &route_savings_state_type);
	const RouteState *empty;
	RouteCall  *call;
	RouteCosts	costs;
	Request		request;
	const Usage *usage;
	int			bucket;

	if (PG_ARGISNULL(1) || !UsageRequest(fcinfo, NO_BOOK, 3, &request, &usage))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	call = RouteCallOf(fcinfo, TextArgument(fcinfo, 1), request.model);
	empty = EmptyState(call);
	if (state == NULL)
		state = CopyState(empty, 0, 0);
	else if (!RouteStateMatches(state, empty))
		MixedPoliciesError(state);

	ReadRequests(usage, &costs);
	if (!PriceRequest(call, &request, usage, &costs))
	{
		if (__builtin_add_overflow(state->left_out, costs.requests, &state->left_out))
			RequestsOutOfRange();
		PG_RETURN_POINTER(state);
	}
	costs.scored = !PG_ARGISNULL(2);
	costs.tier = costs.scored ? RouteTierOf(&call->policy, PG_GETARG_FLOAT8(2)) : RouteUnscoredTier(&call->policy);
	costs.at = request.at;
	bucket = RouteBucket(costs.prompt_tokens);
	if (bucket < state->first_bucket || bucket >= state->first_bucket + state->nbuckets)
		state = Widen(state, bucket, bucket);
	if (!RouteStateAdd(state, &costs))
		OutOfRange();
	PG_RETURN_POINTER(state);
}

Datum
route_savings_accum(PG_FUNCTION_ARGS)
{
	if (likely(AccumulateFlat(fcinfo)))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	return Accumulate(fcinfo);
}

Datum
route_savings_combine(PG_FUNCTION_ARGS)
{
	RouteState *state = StateArgument(fcinfo, &route_savings_state_type);
	const RouteState *other;

	if (PG_ARGISNULL(1))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	other = route_savings_state_type.of_datum(PG_GETARG_DATUM(1));
	if (state == NULL)
		PG_RETURN_POINTER(CopyState(other, other->first_bucket, other->nbuckets));
	if (!RouteStateMatches(state, other))
		MixedPoliciesError(state);
	if (other->nbuckets > 0)
		state = Widen(state, other->first_bucket, other->first_bucket + other->nbuckets - 1);
	if (!RouteStateMerge(state, other))
		OutOfRange();
	PG_RETURN_POINTER(state);
}
