/*
 * traffic_sql.c
 *	  Reading a demand bucket by bucket: demand_series(), traffic().
 *
 * The grid runs from the first bucket to the last one with a request, or over
 * those that start in an explicit [since, until); absent buckets are zeros.
 * Units: tokens, requests, seconds; money is numeric USD.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "demand/demand_sql.h"
#include "core/money_sql.h"
#include "demand/traffic.h"
#include "core/usage_sql.h"

PG_FUNCTION_INFO_V1(demand_series);
PG_FUNCTION_INFO_V1(demand_traffic);
PG_FUNCTION_INFO_V1(demand_width);

/* Buckets that a grid may have, empty ones included: two centuries of minutes to look at, twenty years to return. */
#define MOST_BUCKETS INT64CONST(105120000)
#define MOST_ROWS INT64CONST(10519200)

typedef struct Grid
{
	const Demand *demand;
	int64		first;			/* numbers of buckets: [first, end) */
	int64		end;
	uint32		next;			/* the first bucket not before the current number */
} Grid;

/* The number of the first bucket that starts at a time or later. */
static int64
FirstFrom(const Demand *demand, TimestampTz at)
{
	int64		number;

	if (TIMESTAMP_NOT_FINITE(at))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("the range of a demand must be finite")));
	number = DemandNumber(demand, at);
	return DemandStart(demand, number) < at ? number + 1 : number;
}

/* Lay the grid over a demand; the two arguments from `range` on are its range. */
static void
MakeGrid(Grid *grid, const Demand *demand, FunctionCallInfo fcinfo, int range)
{
	grid->demand = demand;
	grid->first = grid->end = 0;
	grid->next = 0;
	if (demand->nbuckets > 0)
	{
		grid->first = DemandBucketAt(demand, 0)->number;
		grid->end = DemandBucketAt(demand, demand->nbuckets - 1)->number + 1;
	}
	if (!PG_ARGISNULL(range))
		grid->first = FirstFrom(demand, PG_GETARG_TIMESTAMPTZ(range));
	if (!PG_ARGISNULL(range + 1))
		grid->end = FirstFrom(demand, PG_GETARG_TIMESTAMPTZ(range + 1));
	if (demand->nbuckets == 0 && (PG_ARGISNULL(range) || PG_ARGISNULL(range + 1)))
		grid->end = grid->first;	/* it has no range of its own */
	while (grid->next < demand->nbuckets && DemandBucketAt(demand, grid->next)->number < grid->first)
	{
		CHECK_FOR_INTERRUPTS();
		grid->next++;
	}
}

/* A handful of buckets far apart has a grid that nobody waits for, and no disk holds. */
static void
CheckBuckets(const Grid *grid, int64 most)
{
	if (grid->end - grid->first > most)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the range of the demand has too many buckets"),
				 errdetail("It has " INT64_FORMAT ", of at most " INT64_FORMAT ", from %s on.",
						   grid->end - grid->first, most,
						   timestamptz_to_str(DemandStart(grid->demand, grid->first))),
				 errhint("Give a shorter range, or use wider buckets.")));
}

/* The bucket of a number, or NULL when it is empty; numbers must come in their order. */
static const DemandBucket *
GridBucket(Grid *grid, int64 number)
{
	const DemandBucket *bucket;

	if (grid->next >= grid->demand->nbuckets)
		return NULL;
	bucket = DemandBucketAt(grid->demand, grid->next);
	if (bucket->number != number)
		return NULL;
	grid->next++;
	return bucket;
}

/* ---------- demand_series ---------- */

Datum
demand_series(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Grid		grid;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	MakeGrid(&grid, PG_GETARG_DEMAND(0), fcinfo, 1);
	CheckBuckets(&grid, MOST_ROWS);
	for (int64 number = grid.first; number < grid.end; number++)
	{
		const DemandBucket *bucket = GridBucket(&grid, number);
		UsageBuffer buffer;
		Usage	   *usage;
		Numeric		usd;
		Datum		values[4];
		bool		nulls[4] = {false};

		CHECK_FOR_INTERRUPTS();
		buffer.usage.present = 0;
		if (bucket != NULL)
			DemandUsage(grid.demand, bucket, &buffer.usage);
		usage = UsageCopy(&buffer.usage);
		usd = MoneyToNumeric(bucket == NULL ? 0 : bucket->usd);
		values[0] = TimestampTzGetDatum(DemandStart(grid.demand, number));
		values[1] = Int64GetDatum(bucket == NULL ? 0 : DemandRequests(grid.demand, bucket));
		values[2] = UsageGetDatum(usage);
		values[3] = NumericGetDatum(usd);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		pfree(usage);
		pfree(usd);
	}
	PG_RETURN_NULL();
}

/* ---------- traffic ---------- */

typedef enum Load
{
	LOAD_TOKENS, LOAD_INPUT, LOAD_OUTPUT, LOAD_REQUESTS, LOAD_USD, LOAD_METERS
} Load;

/* What a bucket's load is measured by: tokens, input_tokens, output_tokens, requests, usd, or a meter. */
static int
LoadArgument(const text *argument)
{
	static const char *const names[] = {"tokens", "input_tokens", "output_tokens", "requests", "usd"};
	char	   *name = text_to_cstring(argument);
	Meter		meter = MeterByName(name, strlen(name));

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		if (strcmp(name, names[i]) == 0)
			return i;
	}
	if (meter == METER_COUNT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no measure of load \"%s\"", name),
				 errhint("Use tokens, input_tokens, output_tokens, requests, usd, or a meter: %s.", METER_NAMES)));
	return LOAD_METERS + meter;
}

/* The sum of the counts of some meters. */
static double
SumOf(const Usage *usage, uint32 meters)
{
	double		sum = 0;

	for (Meter meter = 0; meter < METER_COUNT; meter++)
	{
		if (meters & METER_BIT(meter))
			sum += (double) UsageCount(usage, meter);
	}
	return sum;
}

static double
LoadOf(const Demand *demand, const DemandBucket *bucket, int load)
{
	UsageBuffer buffer;

	DemandUsage(demand, bucket, &buffer.usage);
	switch (load)
	{
		case LOAD_TOKENS:
			return SumOf(&buffer.usage, METERS_OF_INPUT | METERS_OF_OUTPUT);
		case LOAD_INPUT:
			return SumOf(&buffer.usage, METERS_OF_INPUT);
		case LOAD_OUTPUT:
			return SumOf(&buffer.usage, METERS_OF_OUTPUT);
		case LOAD_REQUESTS:
			return (double) DemandRequests(demand, bucket);
		case LOAD_USD:
			return (double) bucket->usd / 1e15;
		default:
			return (double) UsageCount(&buffer.usage, (Meter) (load - LOAD_METERS));
	}
}

static Datum
IntervalOf(int64 microseconds)
{
	Interval   *interval = palloc0(sizeof(Interval));

	interval->day = (int32) (microseconds / USECS_PER_DAY);
	interval->time = microseconds % USECS_PER_DAY;
	return IntervalPGetDatum(interval);
}

/* A float8, or NULL for what has no answer. */
static Datum
FloatOrNull(double value, bool *null)
{
	*null = isnan(value);
	return *null ? (Datum) 0 : Float8GetDatum(value);
}

/* What the statistics say, as the columns of type traffic_statistics. */
static Datum
TrafficRow(FunctionCallInfo fcinfo, const Grid *grid, TrafficGrid *samples, int64 requests, int64 unpriced, Money usd)
{
	const Demand *demand = grid->demand;
	Traffic		traffic;
	double		p99;
	Datum		values[16];
	bool		nulls[16] = {false};
	Datum		windows[DISPERSION_WIDTHS];
	Datum		dispersion[DISPERSION_WIDTHS];
	bool		no_dispersion[DISPERSION_WIDTHS];
	int			n = 0;
	int			dims,
				lower = 1;
	TupleDesc	row;

	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "traffic() does not return a row");
	TrafficMeasure(samples, &traffic);
	p99 = TrafficPercentile(samples, 0.99);
	for (dims = 0; dims < DISPERSION_WIDTHS && traffic.window[dims] != 0; dims++)
	{
		windows[dims] = IntervalOf(traffic.window[dims]);
		dispersion[dims] = FloatOrNull(traffic.dispersion[dims], &no_dispersion[dims]);
	}

	values[n++] = TimestampTzGetDatum(DemandStart(demand, grid->first));
	values[n++] = TimestampTzGetDatum(DemandStart(demand, grid->end));
	values[n++] = IntervalOf(demand->width);
	values[n++] = Int64GetDatum(samples->count);
	values[n++] = Int64GetDatum(requests);
	values[n++] = Int64GetDatum(unpriced);
	values[n++] = NumericGetDatum(MoneyToNumeric(usd));
	values[n++] = Float8GetDatum(traffic.mean);
	values[n++] = Float8GetDatum(traffic.peak);
	values[n++] = Float8GetDatum(p99);
	values[n] = FloatOrNull(traffic.mean == 0 ? NAN : traffic.peak / traffic.mean, &nulls[n]);
	n++;
	values[n] = FloatOrNull(traffic.mean == 0 ? NAN : p99 / traffic.mean, &nulls[n]);
	n++;
	values[n] = FloatOrNull(traffic.cv, &nulls[n]);
	n++;
	values[n++] = PointerGetDatum(construct_md_array(dispersion, no_dispersion, 1, &dims, &lower, FLOAT8OID,
													 sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	values[n++] = PointerGetDatum(construct_array(windows, dims, INTERVALOID, sizeof(Interval), false, TYPALIGN_DOUBLE));
	values[n] = FloatOrNull(traffic.predictability, &nulls[n]);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls));
}

Datum
demand_traffic(PG_FUNCTION_ARGS)
{
	Grid		grid;
	TrafficGrid samples;
	int			load;
	int64		requests = 0,
				unpriced = 0;
	Money		usd = 0;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	load = LoadArgument(PG_GETARG_TEXT_PP(1));
	MakeGrid(&grid, PG_GETARG_DEMAND(0), fcinfo, 2);
	samples = (TrafficGrid) {.width = grid.demand->width,.first = grid.first,.count = grid.end - grid.first};
	if (samples.count <= 0)
		PG_RETURN_NULL();
	CheckBuckets(&grid, MOST_BUCKETS);
	samples.samples = MemoryContextAllocHuge(CurrentMemoryContext, (grid.demand->nbuckets + 1) * sizeof(TrafficSample));
	for (; grid.next < grid.demand->nbuckets; grid.next++)
	{
		const DemandBucket *bucket = DemandBucketAt(grid.demand, grid.next);

		CHECK_FOR_INTERRUPTS();
		if (bucket->number >= grid.end)
			break;
		samples.samples[samples.nsamples++] = (TrafficSample)
		{
			bucket->number, LoadOf(grid.demand, bucket, load), (double) DemandRequests(grid.demand, bucket)
		};
		if (__builtin_add_overflow(requests, DemandRequests(grid.demand, bucket), &requests))
			UsageError(USAGE_OVERFLOW, METER_REQUESTS);
		unpriced += bucket->unpriced;	/* never more than the requests */
		if (__builtin_add_overflow(usd, bucket->usd, &usd))
			CheckDemand(DEMAND_MONEY_OVERFLOW);
	}
	return TrafficRow(fcinfo, &grid, &samples, requests, unpriced, usd);
}

/* bucket_width(demand) */
Datum
demand_width(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(IntervalOf(PG_GETARG_DEMAND(0)->width));
}
