/*
 * optimum_sql.c
 *	  optimum(): the cheapest plan for a load given as arrays, one element a bucket.
 *
 * Invariant: counts are whole and amounts exact; a factor is in millionths and
 * scales counts up and amounts down to whole units.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "core/money_sql.h"
#include "demand/optimum_sql.h"
#include "server/compat.h"

PG_FUNCTION_INFO_V1(optimum);

/* The arguments, by their place. */
enum
{
	NOW, NOW_USD, NOW_OWN_USD, WAITING, WAITING_USD, WAITING_OWN_USD, SIZE, WAIT, LEAST, MOST, CONSTANT_USD, STARTED_USD,
	SPOT_USD, SPOT_MILLIONTHS, FIXED_USD, LOAD_MILLIONTHS, PRICE_MILLIONTHS, BOUGHT
};

#define MILLION INT64CONST(1000000)

void
PlanTooLarge(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("a load or an amount is too large to plan with"),
			 errhint("Plan for a shorter time, or with wider buckets.")));
}

void
PlanCheckInterrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

/* The elements of an array without NULLs; they have to be as many as *count, unless that is -1. */
static Datum *
Elements(FunctionCallInfo fcinfo, int argument, Oid type, int length, bool by_value, int *count)
{
	Datum	   *elements;
	bool	   *nulls;
	int			found;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), type, length, by_value,
					  by_value ? TYPALIGN_DOUBLE : TYPALIGN_INT, &elements, &nulls, &found);
	if (*count >= 0 && found != *count)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("the arrays of a load have different lengths")));
	for (int i = 0; i < found; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a bucket of a load cannot be null")));
	}
	*count = found;
	return elements;
}

Datum *
PlanCounts(FunctionCallInfo fcinfo, int argument, int *count)
{
	return Elements(fcinfo, argument, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, count);
}

Datum *
PlanAmounts(FunctionCallInfo fcinfo, int argument, int *count)
{
	return Elements(fcinfo, argument, NUMERICOID, -1, false, count);
}

/* Counts are rounded up, so that a factor takes no work away. */
static int64
Scaled(int64 parts, int64 millionths)
{
	Money		scaled = ((Money) parts * millionths + MILLION - 1) / MILLION;

	if (parts < 0 || scaled > OPTIMUM_MOST_PARTS)
		PlanTooLarge();
	return (int64) scaled;
}

static Money
ScaledUsd(Datum usd, int64 millionths)
{
	Money		amount = MoneyFromNumeric(usd);

	if (amount < 0 || amount > ((Money) 1 << 90))
		PlanTooLarge();
	return ShareOf(amount, millionths, MILLION);
}

/* What work costs at the API beyond what it costs on replicas, too, of which *paid is told the rest. */
static Money
Beyond(int64 parts, Datum api_usd, Datum own_usd, int64 load, int64 price, Money *paid)
{
	Money		api = ShareOf(ScaledUsd(api_usd, price), load, MILLION);
	Money		own = ShareOf(ScaledUsd(own_usd, MILLION), load, MILLION);

	if (parts == 0)
		own = api;
	*paid += Min(api, own);
	return Max(api - own, 0);
}

/* The buckets of the arrays, times the factors; *paid is what they cost whoever serves them. */
static LoadBucket *
ReadBuckets(FunctionCallInfo fcinfo, int *count, Money *paid)
{
	int64		load = PG_GETARG_INT64(LOAD_MILLIONTHS);
	int64		price = PG_GETARG_INT64(PRICE_MILLIONTHS);
	Datum	   *now,
			   *now_usd,
			   *now_own,
			   *waiting,
			   *waiting_usd,
			   *waiting_own;
	LoadBucket *buckets;

	if (load < 0 || load > MILLION * MILLION || price < 0 || price > MILLION * MILLION)
		PlanTooLarge();
	*count = -1;
	*paid = 0;
	now = PlanCounts(fcinfo, NOW, count);
	now_usd = PlanAmounts(fcinfo, NOW_USD, count);
	now_own = PlanAmounts(fcinfo, NOW_OWN_USD, count);
	waiting = PlanCounts(fcinfo, WAITING, count);
	waiting_usd = PlanAmounts(fcinfo, WAITING_USD, count);
	waiting_own = PlanAmounts(fcinfo, WAITING_OWN_USD, count);
	buckets = MemoryContextAllocHuge(CurrentMemoryContext, (Size) Max(*count, 1) * sizeof(LoadBucket));
	for (int i = 0; i < *count; i++)
	{
		LoadBucket *bucket = &buckets[i];

		CHECK_FOR_INTERRUPTS();
		*bucket = (LoadBucket) {
			.now = Scaled(DatumGetInt64(now[i]), load),.waiting = Scaled(DatumGetInt64(waiting[i]), load)
		};
		bucket->now_usd = Beyond(bucket->now, now_usd[i], now_own[i], load, price, paid);
		bucket->waiting_usd = Beyond(bucket->waiting, waiting_usd[i], waiting_own[i], load, price, paid);
	}
	return buckets;
}

/* An amount per bucket, -1 for NULL: there is none. */
static Money
AmountOrNone(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? -1 : ScaledUsd(PG_GETARG_DATUM(argument), MILLION);
}

Datum
PlanUsdDatum(Money usd)
{
	return NumericGetDatum(MoneyToNumeric(usd));
}

Datum
PlanShareDatum(Money parts, int64 size)
{
	Datum		whole = NumericGetDatum(int64_to_numeric((int64) (parts / size)));
	Datum		rest = NumericGetDatum(int64_div_fast_to_numeric((int64) ((Money) (parts % size) * 1000000000 / size), 9));

	return DirectFunctionCall1(numeric_trim_scale, DirectFunctionCall2(numeric_add, whole, rest));
}

Datum
optimum(PG_FUNCTION_ARGS)
{
	TupleDesc	row;
	LoadBucket *buckets;
	int			count;
	Money		paid;
	FleetTerms	terms;
	Optimum		best;
	Datum		values[16];
	bool		nulls[16] = {false};
	int			n = 0;

	for (int i = 0; i < PG_NARGS(); i++)
	{
		if (PG_ARGISNULL(i) && i != MOST && i != CONSTANT_USD && i != STARTED_USD && i != SPOT_USD)
			PG_RETURN_NULL();
	}
	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "optimum() does not return a row");
	buckets = ReadBuckets(fcinfo, &count, &paid);
	terms = (FleetTerms) {
		.size = PG_GETARG_INT64(SIZE),.wait = PG_GETARG_INT64(WAIT),
		.least = PG_GETARG_INT64(LEAST),.most = PG_ARGISNULL(MOST) ? -1 : PG_GETARG_INT64(MOST),
		.constant_usd = AmountOrNone(fcinfo, CONSTANT_USD),.started_usd = AmountOrNone(fcinfo, STARTED_USD),
		.spot_usd = AmountOrNone(fcinfo, SPOT_USD),.spot_millionths = PG_GETARG_INT64(SPOT_MILLIONTHS),
		.fixed_usd = ScaledUsd(PG_GETARG_DATUM(FIXED_USD), MILLION),.bought = PG_GETARG_BOOL(BOUGHT)
	};
	if (terms.size < 1 || terms.size > MILLION * MILLION || terms.wait < 1 || terms.least < 0 ||
		(!PG_ARGISNULL(MOST) && terms.most < terms.least) || terms.least > MILLION ||
		terms.spot_millionths < 1 || terms.spot_millionths > MILLION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a plan needs a size and a wait of at least 1, least replicas between 0 and most, and spot replicas that are there for some time")));
	if (OptimumFind(buckets, count, &terms, PlanCheckInterrupts, &best) != OPTIMUM_OK)
		PlanTooLarge();

	values[n++] = Int64GetDatum(best.replicas);
	values[n++] = Int64GetDatum(best.most_started);
	values[n++] = PlanShareDatum(best.started * terms.size, terms.size);
	values[n++] = PlanShareDatum(best.spot * terms.size, terms.size);
	values[n++] = PlanShareDatum(best.waited_started, terms.size);
	values[n++] = PlanShareDatum(best.waited, terms.size);
	values[n++] = PlanShareDatum(best.served, terms.size);
	values[n++] = PlanUsdDatum(best.usd + paid);
	values[n++] = PlanUsdDatum(paid);
	values[n++] = PlanUsdDatum(best.constant_usd);
	values[n++] = PlanUsdDatum(best.started_usd);
	values[n++] = PlanUsdDatum(best.spot_usd);
	values[n++] = PlanUsdDatum(best.fixed_usd);
	values[n++] = PlanUsdDatum(best.api_usd);
	values[n++] = PlanUsdDatum(best.batch_usd);
	values[n++] = PlanUsdDatum(best.gap_usd);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls)));
}
