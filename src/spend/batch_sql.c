/*
 * batch_sql.c
 *	  The aggregate batch_savings(): what requests that may wait would cost at
 *	  batch prices.
 *
 * The state is a real type of fixed size, changed in place.  Invariant: usd is
 * the exact cost of `requests` priced rows, of which `eligible` cost
 * eligible_usd at the standard tier and batch_usd at the tier "batch".
 * Units: USD x 1e-15.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "server/compat.h"
#include "core/money_sql.h"
#include "session/price_cache.h"
#include "session/request.h"
#include "session/request_arguments.h"

PG_FUNCTION_INFO_V1(batch_state_in);
PG_FUNCTION_INFO_V1(batch_state_out);
PG_FUNCTION_INFO_V1(batch_state_recv);
PG_FUNCTION_INFO_V1(batch_state_send);
PG_FUNCTION_INFO_V1(batch_accum);
PG_FUNCTION_INFO_V1(batch_combine);
PG_FUNCTION_INFO_V1(batch_final);

/* The window of the batch APIs. */
#define BATCH_WINDOW USECS_PER_DAY

#define COUNTS 3
#define SUMS 3

typedef struct BatchState
{
	int64		requests;
	int64		eligible;
	int64		unbatched;		/* may wait, but the model has no batch price */
	Money		usd;
	Money		eligible_usd;
	Money		batch_usd;
} BatchState;

StaticAssertDecl(sizeof(BatchState) == 72, "batch_state is declared with 72 bytes");

/* ---------- text and binary form ---------- */

static void
StateSyntaxError(const char *string)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s: \"%s\"", "batch_state", string)));
}

Datum
batch_state_in(PG_FUNCTION_ARGS)
{
	const char *string = PG_GETARG_CSTRING(0);
	char	   *left = pstrdup(string);
	BatchState *state = palloc0(sizeof(BatchState));
	int64	   *counts[COUNTS] = {&state->requests, &state->eligible, &state->unbatched};
	Money	   *sums[SUMS] = {&state->usd, &state->eligible_usd, &state->batch_usd};

	for (int i = 0; i < COUNTS + SUMS; i++)
	{
		char	   *field = strsep(&left, ":");

		if (field == NULL)
			StateSyntaxError(string);
		if (i < COUNTS)
			*counts[i] = pg_strtoint64(field);
		else if (MoneyFromText(field, sums[i - COUNTS]) != MONEY_OK)
			StateSyntaxError(string);
	}
	if (left != NULL)
		StateSyntaxError(string);
	PG_RETURN_POINTER(state);
}

Datum
batch_state_out(PG_FUNCTION_ARGS)
{
	const BatchState *state = (BatchState *) PG_GETARG_POINTER(0);
	char		usd[MONEY_TEXT_SIZE];
	char		eligible_usd[MONEY_TEXT_SIZE];
	char		batch_usd[MONEY_TEXT_SIZE];

	MoneyToText(state->usd, usd);
	MoneyToText(state->eligible_usd, eligible_usd);
	MoneyToText(state->batch_usd, batch_usd);
	PG_RETURN_CSTRING(psprintf(INT64_FORMAT ":" INT64_FORMAT ":" INT64_FORMAT ":%s:%s:%s",
							   state->requests, state->eligible, state->unbatched, usd, eligible_usd, batch_usd));
}

Datum
batch_state_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	BatchState *state = palloc(sizeof(BatchState));

	state->requests = pq_getmsgint64(message);
	state->eligible = pq_getmsgint64(message);
	state->unbatched = pq_getmsgint64(message);
	state->usd = MoneyReceive(message);
	state->eligible_usd = MoneyReceive(message);
	state->batch_usd = MoneyReceive(message);
	PG_RETURN_POINTER(state);
}

Datum
batch_state_send(PG_FUNCTION_ARGS)
{
	const BatchState *state = (BatchState *) PG_GETARG_POINTER(0);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendint64(&message, state->requests);
	pq_sendint64(&message, state->eligible);
	pq_sendint64(&message, state->unbatched);
	MoneySend(&message, state->usd);
	MoneySend(&message, state->eligible_usd);
	MoneySend(&message, state->batch_usd);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/* ---------- transitions ---------- */

/* The state of an aggregate, made when there is none yet; a copy outside of one. */
static BatchState *
StateArgument(FunctionCallInfo fcinfo)
{
	MemoryContext context;
	bool		aggregate = AggCheckCallContext(fcinfo, &context) != 0;
	BatchState *state;

	if (aggregate && !PG_ARGISNULL(0))
		return (BatchState *) PG_GETARG_POINTER(0);
	state = MemoryContextAllocZero(aggregate ? context : CurrentMemoryContext, sizeof(BatchState));
	if (!PG_ARGISNULL(0))
		*state = *(BatchState *) PG_GETARG_POINTER(0);
	return state;
}

static void
Add(Money *sum, Money money)
{
	if (__builtin_add_overflow(*sum, money, sum))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the sum of costs is out of range")));
}

/* May the answer wait as long as a batch takes? */
static bool
ToleratesBatch(FunctionCallInfo fcinfo, int argument)
{
	Interval	window = {.time = BATCH_WINDOW};

	return !PG_ARGISNULL(argument) &&
		DatumGetBool(DirectFunctionCall2(interval_ge, PG_GETARG_DATUM(argument), IntervalPGetDatum(&window)));
}

/* Does the model of a request that has a price have prices of its own for batches? */
static bool
HasBatchPrice(Pricing *pricing, const Request *batch)
{
	const NameSpan *span = PricingName(pricing, batch->model.bytes, batch->model.length, batch->at);
	const Lane *lane = RateCardLane(span->card, batch->service_tier.bytes, batch->service_tier.length,
									span->region, span->region_length);

	return lane != NULL && LaneSegment(span->card, lane, batch->at) != NULL;
}

Datum
batch_accum(PG_FUNCTION_ARGS)
{
	BatchState *state = StateArgument(fcinfo);
	Pricing    *pricing = PricingOfStatement();
	Request		request;
	const Usage *usage;
	Money		usd,
				batch_usd;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		PG_RETURN_POINTER(state);
	usage = PG_GETARG_USAGE(2);
	request = (Request) {.model = TextArgument(fcinfo, 1),.at = PG_GETARG_TIMESTAMPTZ(3)};
	CheckRequestTime(request.at);
	if (!RequestUsageCost(pricing, &request, usage, &usd))
		PG_RETURN_POINTER(state);
	state->requests++;
	Add(&state->usd, usd);
	if (!ToleratesBatch(fcinfo, 4))
		PG_RETURN_POINTER(state);

	request.service_tier = (RequestText) {"batch", strlen("batch")};
	if (!HasBatchPrice(pricing, &request) || !RequestUsageCost(pricing, &request, usage, &batch_usd))
	{
		state->unbatched++;
		PG_RETURN_POINTER(state);
	}
	state->eligible++;
	Add(&state->eligible_usd, usd);
	Add(&state->batch_usd, batch_usd);
	PG_RETURN_POINTER(state);
}

Datum
batch_combine(PG_FUNCTION_ARGS)
{
	BatchState *state = StateArgument(fcinfo);
	const BatchState *other;

	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(state);
	other = (BatchState *) PG_GETARG_POINTER(1);
	state->requests += other->requests;
	state->eligible += other->eligible;
	state->unbatched += other->unbatched;
	Add(&state->usd, other->usd);
	Add(&state->eligible_usd, other->eligible_usd);
	Add(&state->batch_usd, other->batch_usd);
	PG_RETURN_POINTER(state);
}

/* part / whole as numeric; NULL when the whole is nothing. */
static Datum
Share(Money part, Money whole, bool *null)
{
	Numeric		scale = int64_div_fast_to_numeric(INT64CONST(100000000000000000), 17);
	Datum		product;

	*null = whole == 0;
	if (*null)
		return (Datum) 0;
	product = DirectFunctionCall2(numeric_mul, NumericGetDatum(MoneyToNumeric(part)), NumericGetDatum(scale));
	return DirectFunctionCall1(numeric_trim_scale,
							   DirectFunctionCall2(numeric_div, product, NumericGetDatum(MoneyToNumeric(whole))));
}

Datum
batch_final(PG_FUNCTION_ARGS)
{
	const BatchState *state = PG_ARGISNULL(0) ? NULL : (BatchState *) PG_GETARG_POINTER(0);
	Datum		values[9];
	bool		nulls[9] = {false};
	TupleDesc	row;
	Money		saved;
	int			n = 0;

	if (state == NULL || state->requests == 0)
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "batch_savings() does not return a row");
	saved = state->eligible_usd - state->batch_usd;
	values[n++] = Int64GetDatum(state->requests);
	values[n++] = Int64GetDatum(state->eligible);
	values[n++] = Int64GetDatum(state->unbatched);
	values[n++] = NumericGetDatum(MoneyToNumeric(state->usd));
	values[n++] = NumericGetDatum(MoneyToNumeric(state->eligible_usd));
	values[n++] = NumericGetDatum(MoneyToNumeric(state->batch_usd));
	values[n++] = NumericGetDatum(MoneyToNumeric(saved));
	values[n] = Share(saved, state->usd, &nulls[n]);
	n++;
	values[n] = Share(state->eligible_usd, state->usd, &nulls[n]);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls));
}
