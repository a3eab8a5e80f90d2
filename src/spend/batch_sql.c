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
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "server/compat.h"
#include "core/money_sql.h"
#include "core/state_sql.h"
#include "session/price_cache.h"
#include "session/request.h"
#include "session/request_arguments.h"

PG_FUNCTION_INFO_V1(batch_accum);
PG_FUNCTION_INFO_V1(batch_combine);
PG_FUNCTION_INFO_V1(batch_final);

/* The window of the batch APIs. */
#define BATCH_WINDOW USECS_PER_DAY

typedef struct BatchState
{
	int64		requests;
	int64		eligible;
	int64		unbatched;		/* may wait, but the model has no batch price */
	int64		format;			/* a value of another version is refused */
	Money		usd;
	Money		eligible_usd;
	Money		batch_usd;
} BatchState;

StaticAssertDecl(sizeof(BatchState) == 80, "batch_state is declared with 80 bytes");

/* ---------- the state ---------- */

static const StateType batch_state_type;

static void *
BatchFields(Fields *fields, void *value)
{
	BatchState *state = fields->reading ? batch_state_type.copy(NULL) : value;

	FieldFormat(fields, batch_state_type.format, false);
	FieldInteger(fields, &state->requests, 0, PG_INT64_MAX);
	FieldInteger(fields, &state->eligible, 0, PG_INT64_MAX);
	FieldInteger(fields, &state->unbatched, 0, PG_INT64_MAX);
	FieldMoney(fields, &state->usd);
	FieldMoney(fields, &state->eligible_usd);
	FieldMoney(fields, &state->batch_usd);
	return state;
}

static const void *
BatchOfDatum(Datum datum)
{
	const BatchState *state = (const BatchState *) DatumGetPointer(datum);

	if (state->format != batch_state_type.format)
		StateFormatError(&batch_state_type, (int) state->format);
	return state;
}

static Datum
BatchToDatum(void *state)
{
	return PointerGetDatum(state);
}

static void *
BatchCopy(const void *from)
{
	BatchState *state = palloc0(sizeof(BatchState));

	state->format = batch_state_type.format;
	if (from != NULL)
		*state = *(const BatchState *) from;
	return state;
}

static const StateType batch_state_type = {
	.name = "batch_state",.format = 1,
	.fields = BatchFields,.of_datum = BatchOfDatum,.to_datum = BatchToDatum,.copy = BatchCopy
};

STATE_TYPE_FUNCTIONS(batch_state, batch_state_type);

/* ---------- transitions ---------- */

static void
Add(Money *sum, Money money)
{
	if (__builtin_add_overflow(*sum, money, sum))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the sum of costs is out of range")));
}

static void
Count(int64 *count, int64 more)
{
	if (__builtin_add_overflow(*count, more, count))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the number of requests is out of range")));
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
	BatchState *state = StateArgument(fcinfo, &batch_state_type);
	Pricing    *pricing = PricingOfStatement();
	Request		request;
	const Usage *usage;
	Money		usd,
				batch_usd;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		PG_RETURN_POINTER(state);
	usage = PG_GETARG_USAGE(2);
	request = (Request) {.model = TextArgument(fcinfo, 1),.at = PG_GETARG_TIMESTAMPTZ(3)};
	if (!UsageIsSound(fcinfo, NO_BOOK, &request, usage) || !RequestUsageCost(pricing, &request, usage, &usd))
		PG_RETURN_POINTER(state);
	Count(&state->requests, 1);
	Add(&state->usd, usd);
	if (!ToleratesBatch(fcinfo, 4))
		PG_RETURN_POINTER(state);

	request.service_tier = (RequestText) {"batch", strlen("batch")};
	if (!HasBatchPrice(pricing, &request) || !RequestUsageCost(pricing, &request, usage, &batch_usd))
	{
		Count(&state->unbatched, 1);
		PG_RETURN_POINTER(state);
	}
	Count(&state->eligible, 1);
	Add(&state->eligible_usd, usd);
	Add(&state->batch_usd, batch_usd);
	PG_RETURN_POINTER(state);
}

Datum
batch_combine(PG_FUNCTION_ARGS)
{
	BatchState *state = StateArgument(fcinfo, &batch_state_type);
	const BatchState *other;

	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(state);
	other = BatchOfDatum(PG_GETARG_DATUM(1));
	Count(&state->requests, other->requests);
	Count(&state->eligible, other->eligible);
	Count(&state->unbatched, other->unbatched);
	Add(&state->usd, other->usd);
	Add(&state->eligible_usd, other->eligible_usd);
	Add(&state->batch_usd, other->batch_usd);
	PG_RETURN_POINTER(state);
}

/* part / whole as numeric; NULL when the whole is nothing. */
static Datum
Share(Money part, Money whole, bool *null)
{
	*null = whole == 0;
	return *null ? (Datum) 0 : MoneyQuotient(part, whole);
}

Datum
batch_final(PG_FUNCTION_ARGS)
{
	const BatchState *state = PG_ARGISNULL(0) ? NULL : BatchOfDatum(PG_GETARG_DATUM(0));
	Datum		values[9];
	bool		nulls[9] = {false};
	TupleDesc	row;
	Money		saved;
	int			n = 0;

	if (state == NULL || state->requests == 0)
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "batch_savings() does not return a row");
	if (__builtin_sub_overflow(state->eligible_usd, state->batch_usd, &saved))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the sum of costs is out of range")));
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
