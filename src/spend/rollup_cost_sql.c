/*
 * rollup_cost_sql.c
 *	  What a row of usage_hourly costs: rollup_cost() and rollup_spend(); what a
 *	  cache saved: rollup_cache_savings(); why it has no cost: rollup_problem();
 *	  what its cost rests on: rollup_confidence() and rollup_worst().
 *
 * Such a row sums up requests from first_at to last_at, of min_input to
 * max_input total input each.  Invariant: it is priced only if every one of
 * these requests has the same rates, so that the price of the sum is the sum of
 * the prices, whatever prices, as_of or contract are asked for; otherwise it is
 * an error, never an approximation.
 *
 * Why the two ends are enough: a name's meaning and a price segment hold for
 * an interval of time, and a context bucket for an interval of sizes, so what
 * both ends have in common, all between them have.  Weekly windows may open and
 * close in between; where one may, they are looked at minute by minute.
 *
 * Units: USD x 1e-15, tokens.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "server/compat.h"
#include "server/errors.h"
#include "core/money_sql.h"
#include "session/price_cache.h"
#include "session/request.h"
#include "session/request_arguments.h"
#include "spend/cache_state_sql.h"
#include "spend/rate_key.h"
#include "spend/spend_state_sql.h"

PG_FUNCTION_INFO_V1(usage_kinds);
PG_FUNCTION_INFO_V1(rollup_cost);
PG_FUNCTION_INFO_V1(rollup_problem);
PG_FUNCTION_INFO_V1(rollup_accum);
PG_FUNCTION_INFO_V1(rollup_cache_accum);
PG_FUNCTION_INFO_V1(rollup_judge);
PG_FUNCTION_INFO_V1(rollup_confidence);
PG_FUNCTION_INFO_V1(confidence_order);

/* The longest time that one row may be asked to cover, for the walk over minutes: a month. */
#define LONGEST_ROW (31 * SECS_PER_DAY * USECS_PER_SEC)
#define MINUTES_A_DAY (HOURS_PER_DAY * MINS_PER_HOUR)

/* The requests that a row sums up. */
typedef struct RollupRow
{
	Request		request;		/* the first of them */
	TimestampTz last_at;
	int64		min_input;
	int64		max_input;
	bool		aggregated;		/* each is a sum of several itself */
	const Usage *usage;
} RollupRow;

/* The kinds of meters of a request, as a bitmap of meters that stand for them. */
Datum
usage_kinds(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32((int32) UsageKinds(PG_GETARG_USAGE(0)->present));
}

/* Read (model, usage, first_at, last_at, min_input, max_input, aggregated, service_tier, region). */
static bool
RollupArguments(FunctionCallInfo fcinfo, int first, RollupRow *row)
{
	for (int i = 0; i < 7; i++)
	{
		if (PG_ARGISNULL(first + i))
			return false;
	}
	row->usage = PG_GETARG_USAGE(first + 1);
	row->last_at = PG_GETARG_TIMESTAMPTZ(first + 3);
	row->min_input = PG_GETARG_INT64(first + 4);
	row->max_input = PG_GETARG_INT64(first + 5);
	row->aggregated = PG_GETARG_BOOL(first + 6);
	row->request = (Request) {
		.model = TextArgument(fcinfo, first),.at = PG_GETARG_TIMESTAMPTZ(first + 2),
		.service_tier = TextArgument(fcinfo, first + 7),.region = TextArgument(fcinfo, first + 8)
	};
	CheckRequestTime(row->request.at);
	CheckRequestTime(row->last_at);
	if (row->last_at < row->request.at || row->last_at - row->request.at > LONGEST_ROW ||
		row->min_input < 0 || row->max_input < row->min_input)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a row of a rollup must have its ends in order, and not exceed 31 days")));
	return true;
}

/* The rates of a request of that size; false when it has none, and that is allowed. */
static bool
PriceOfSize(Pricing *pricing, const RollupRow *row, TimestampTz at, int64 input, RequestPrice *price)
{
	Request		request = row->request;
	MeterCounts counts = {{0}};
	UsageBuffer size;

	request.at = at;
	counts.of[METER_INPUT] = input;
	counts.of[METER_REQUESTS] = row->aggregated ? Max(UsageCount(row->usage, METER_REQUESTS), 2) : 1;
	UsagePack(&counts, &size.usage);
	return RequestFindPrice(pricing, &request, &size.usage, price);
}

/* Whole minutes since 2000, by a clock that is offset seconds ahead of UTC; for times since then. */
static int64
MinuteOf(TimestampTz at, int64 offset)
{
	return (at + offset * USECS_PER_SEC) / USECS_PER_MINUTE;
}

static Refusal
MixedRates(const RollupRow *row)
{
	return (Refusal) {
		.sqlstate = ERRCODE_IA_AGGREGATED_USAGE,
		.message = "a row of the rollup sums up requests of different prices",
		.detail = psprintf("Model \"%s\", from %s on: a price changes between its requests, or a context tier begins between their sizes.",
						   pnstrdup(row->request.model.bytes, row->request.model.length),
						   timestamptz_to_str(row->request.at)),
		.hint = "Such a price came after the row: CALL refresh_usage() splits it."
	};
}

/*
 * Can this weekly window neither open nor close from the first request to the
 * last?  Only within one local day, by a clock that is not changed meanwhile.
 */
static bool
WindowStays(const RollupRow *row, const RateCard *card, const CardWindows *windows)
{
	const WindowSpan *spans = CardAt(card, windows->spans);
	const char *timezone = CardString(card, windows->timezone);
	int64		offset = PricingUtcOffset(timezone, row->request.at);
	int64		first = MinuteOf(row->request.at, offset);
	int64		last = MinuteOf(row->last_at, offset);
	int64		midnight = first - first % MINUTES_A_DAY;

	if (last >= midnight + MINUTES_A_DAY || offset != PricingUtcOffset(timezone, row->last_at))
		return false;
	for (uint32 i = 0; i < windows->nspans; i++)
	{
		int64		opens = midnight + spans[i].from;
		int64		closes = midnight + spans[i].to;

		if ((first < opens && opens <= last) || (first < closes && closes <= last))
			return false;
	}
	return true;
}

/* Do the weekly windows stay as they are from the first request to the last? */
static bool
WindowsStay(const RollupRow *row, const RequestPrice *price)
{
	const Segment *segment = LaneSegment(price->card, price->lane, row->request.at);
	const CardWindows *windows = CardAt(price->card, price->card->windows);
	const uint32 *used = CardAt(price->card, segment->windows);
	bool		stay = true;

	for (uint32 i = 1; i < segment->nwindows && stay; i++)
		stay = WindowStays(row, price->card, &windows[used[i]]);
	if (stay)
		return true;
	for (int64 minute = MinuteOf(row->request.at, 0) + 1; minute <= MinuteOf(row->last_at, 0); minute++)
	{
		if (SegmentVector(price->card, segment, row->min_input, minute * USECS_PER_MINUTE, PricingUtcOffset) != price->stated)
			return false;
	}
	return true;
}

/* What prices all requests of the row; refused when it is not one and the same. */
static bool
RollupPrice(Pricing *pricing, const RollupRow *row, RequestPrice *price)
{
	RequestPrice last = {.refusal = price->refusal};
	bool		priced = PriceOfSize(pricing, row, row->request.at, row->min_input, price);
	bool		last_priced;

	if ((row->last_at == row->request.at && row->max_input == row->min_input) ||
		(!priced && price->refusal != NULL))
		return priced;
	last_priced = PriceOfSize(pricing, row, row->last_at, row->max_input, &last);
	if (!last_priced && last.refusal != NULL)
		return false;
	if (priced != last_priced ||
		(priced && (last.vector != price->vector || !WindowsStay(row, price))))
		return RequestRefuse(price, MixedRates(row));
	return priced;
}

/*
 * Of requests without a price for some meter none counts, but all have to lack
 * it: in a line of meters some of which are priced, that cannot be told.
 */
static bool
UnpricedAlike(const RollupRow *row, const RequestPrice *price)
{
	uint32		priced = row->usage->present & price->vector->priced;
	uint32		unpriced = row->usage->present & ~price->vector->priced;

	return (UsageKinds(priced) & UsageKinds(unpriced)) == 0;
}

/*
 * The way that nearly all rows take: at rates that are flat, whatever the size or
 * the hour, from the first request to the last, nothing is to be compared.
 * False: find out the long way.
 */
static inline bool
RollupFlatPrice(Pricing *pricing, const RollupRow *row, RequestPrice *price)
{
	const NameSpan *span = RequestStandard(pricing, &row->request);

	if (span == NULL || span->flat == NULL || row->request.at < span->flat_from || row->last_at >= span->flat_to)
		return false;
	price->card = span->card;
	price->lane = span->lane;
	price->segment = span->segment;
	price->stated = CardAt(span->card, span->segment->vectors);
	price->vector = span->flat;
	price->name_rule = span->rule;
	price->name_confidence = span->confidence;
	price->fallback_region = span->region_length > 0 && LaneIsFallback(span->card, span->lane, span->region_length);
	return true;
}

/* *usd = the cost of a row at *price, or false; told in price->refusal why, unless that is NULL. */
static bool
RollupRowPrice(Pricing *pricing, const RollupRow *row, RequestPrice *price, Money *usd)
{
	CostProblem problem;
	CostStatus	status;

	if (likely(RollupFlatPrice(pricing, row, price)) && likely(UsageCost(price->vector, row->usage, usd, &problem) == COST_OK))
		return true;
	if (!RollupPrice(pricing, row, price))
		return false;
	status = UsageCost(price->vector, row->usage, usd, &problem);
	if (status == COST_UNPRICED && price->refusal == NULL && PricingLeavesOut(pricing) && !UnpricedAlike(row, price))
		return RequestRefuse(price, MixedRates(row));
	return RequestOutcome(pricing, status, &problem, price, row->request.at);
}

static bool
RollupRowCost(Pricing *pricing, const RollupRow *row, Money *usd, Refusal *refusal)
{
	RequestPrice price = {.refusal = refusal};

	return RollupRowPrice(pricing, row, &price, usd);
}

/* ---------- what a cost rests on ---------- */

/* The meters of a row that have a price. */
static uint32
PricedMeters(const RollupRow *row, const RequestPrice *price)
{
	return row->usage->present & price->vector->priced;
}

/* The worst confidence of a row's figures; that of the last of its requests, which may be stale when the first is not. */
static Confidence
WorstConfidence(Pricing *pricing, const RollupRow *row, const RequestPrice *price)
{
	Confidence	worst = CONFIDENCE_EXACT;

	for (uint32 meters = PricedMeters(row, price); meters != 0; meters &= meters - 1)
		worst = WorseConfidence(worst, RequestConfidence(pricing, price, (Meter) __builtin_ctz(meters), row->last_at));
	return worst;
}

/* Say once in a session that a report rests on such as were checked long before the requests. */
static void
WarnOfStale(Pricing *pricing, const RollupRow *row, const RequestPrice *price)
{
	static bool told = false;
	int32		stale_after = PricingStaleAfter(pricing);

	if (told)
		return;
	for (uint32 meters = PricedMeters(row, price); meters != 0; meters &= meters - 1)
	{
		Meter		meter = (Meter) __builtin_ctz(meters);
		uint16		checked_on = price->vector->checked_on[meter];

		if (!IsStale(checked_on, row->last_at, stale_after))
			continue;
		told = true;
		ereport(WARNING,
				(errmsg("prices were checked more than %d days before the requests that they price", stale_after),
				 errdetail("One of them is meter \"%s\" of %s/%s, checked on %s.", MeterName(meter),
						   CardString(price->card, price->card->provider), CardString(price->card, price->card->model),
						   DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(checked_on)))),
				 errhint("View price_confidence has the share of spend that rests on them. Load a newer catalog with load_prices(), or SET inferacct.stale_after.")));
		return;
	}
}

Datum
rollup_cost(PG_FUNCTION_ARGS)
{
	RollupRow	row;
	Money		usd;

	if (!RollupArguments(fcinfo, 0, &row) || !RollupRowCost(PricingOfStatement(), &row, &usd, NULL))
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(MoneyToNumeric(usd));
}

/* Why a row has no cost, as SQLSTATE and message of the error that rollup_cost() raises; NULL when it has one. */
Datum
rollup_problem(PG_FUNCTION_ARGS)
{
	RollupRow	row;
	Money		usd;
	Refusal		refusal;

	if (!RollupArguments(fcinfo, 0, &row) || RollupRowCost(PricingOfStatement(), &row, &usd, &refusal))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s %s", unpack_sql_state(refusal.sqlstate), refusal.message)));
}

/* The row of a transition and what it costs; NULL when it adds nothing. */
static inline Pricing *
PricedRow(FunctionCallInfo fcinfo, RollupRow *row, RequestPrice *price, Money *usd)
{
	Pricing    *pricing;

	if (!RollupArguments(fcinfo, 1, row))
		return NULL;
	pricing = PricingOfCall(fcinfo);
	return RollupRowPrice(pricing, row, price, usd) ? pricing : NULL;
}

/* Add what a row costs, and, when it is judged, what that rests on. */
static inline Datum
AccumulateRow(FunctionCallInfo fcinfo, bool judged)
{
	SpendState *state = StateArgument(fcinfo, &spend_state_type);
	RequestPrice price = {.refusal = NULL};
	RollupRow	row;
	Money		usd;
	Pricing    *pricing = PricedRow(fcinfo, &row, &price, &usd);

	if (pricing != NULL)
	{
		WarnOfStale(pricing, &row, &price);
		AddToState(state, usd, 1);
		if (judged)
			state->doubt = Max(state->doubt, CONFIDENCE_COUNT - (int32) WorstConfidence(pricing, &row, &price));
	}
	PG_RETURN_POINTER(state);
}

Datum
rollup_accum(PG_FUNCTION_ARGS)
{
	return AccumulateRow(fcinfo, false);
}

Datum
rollup_judge(PG_FUNCTION_ARGS)
{
	return AccumulateRow(fcinfo, true);
}

/* Rows of the rollup for cache_savings(): the rates of one are those of all its requests. */
Datum
rollup_cache_accum(PG_FUNCTION_ARGS)
{
	CacheState *state = StateArgument(fcinfo, &cache_state_type);
	RequestPrice price = {.refusal = NULL};
	RollupRow	row;
	Money		usd;
	Pricing    *pricing = PricedRow(fcinfo, &row, &price, &usd);

	if (pricing != NULL)
		AddToCacheState(state, pricing, &price, row.usage, row.request.at);
	PG_RETURN_POINTER(state);
}

#define CONFIDENCE_COLUMNS 4

/* A row for each confidence that figures of a row of the rollup have; no row where it has no price. */
Datum
rollup_confidence(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Refusal		refusal;
	RequestPrice price = {.refusal = &refusal};
	Money		usd_of[CONFIDENCE_COUNT] = {0};
	uint16		checked_on[CONFIDENCE_COUNT];
	uint32		met = 0;
	Pricing    *pricing;
	RollupRow	row;
	Money		usd;

	InitMaterializedSRF(fcinfo, 0);
	if (!RollupArguments(fcinfo, 0, &row))
		return (Datum) 0;
	pricing = PricingOfStatement();
	if (!RollupRowPrice(pricing, &row, &price, &usd))
		return (Datum) 0;
	met = UINT32_C(1) << WorstConfidence(pricing, &row, &price);
	memset(checked_on, 0xff, sizeof(checked_on));
	for (uint32 meters = PricedMeters(&row, &price); meters != 0; meters &= meters - 1)
	{
		Meter		meter = (Meter) __builtin_ctz(meters);
		Confidence	confidence = RequestConfidence(pricing, &price, meter, row.last_at);

		/* Each is part of a sum that fits. */
		usd_of[confidence] += (Money) price.vector->rate[meter] * UsageCount(row.usage, meter);
		checked_on[confidence] = Min(checked_on[confidence], price.vector->checked_on[meter]);
		met |= UINT32_C(1) << confidence;
	}
	for (Confidence confidence = 0; confidence < CONFIDENCE_COUNT; confidence++)
	{
		bool		worst = (met & ((UINT32_C(1) << confidence) - 1)) == 0;
		bool		nulls[CONFIDENCE_COLUMNS] = {false, false, false, checked_on[confidence] == CHECKED_ALWAYS};
		Datum		values[CONFIDENCE_COLUMNS] = {
			CStringGetTextDatum(ConfidenceName(confidence)),
			Int64GetDatum(worst ? UsageCount(row.usage, METER_REQUESTS) : 0),
			NumericGetDatum(MoneyToNumeric(usd_of[confidence])),
			DateADTGetDatum(checked_on[confidence])
		};

		if (met & (UINT32_C(1) << confidence))
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

Datum
confidence_order(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));

	for (Confidence confidence = 0; confidence < CONFIDENCE_COUNT; confidence++)
	{
		if (strcmp(ConfidenceName(confidence), name) == 0)
			PG_RETURN_INT32(confidence);
	}
	PG_RETURN_NULL();
}
