/*
 * reshape_sql.c
 *	  reshaped(): a usage as another model would count it, for what_if() and
 *	  compare_models(), which check the ratios.
 */
#include "postgres.h"

#include "fmgr.h"

#include "core/usage_sql.h"
#include "spend/reshape.h"

PG_FUNCTION_INFO_V1(reshaped);

static int64
CheckedRatio(FunctionCallInfo fcinfo, int argument, int64 least, int64 most)
{
	int64		value = PG_GETARG_INT64(argument);

	if (value < least || value > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a usage cannot be reshaped by %lld", (long long) value),
				 errdetail("It must be from %lld to %lld, in units of 1e-9.", (long long) least, (long long) most)));
	return value;
}

/* (usage, input ratio, output ratio, hit rate or -1), all x 1e-9. */
Datum
reshaped(PG_FUNCTION_ARGS)
{
	const Usage *usage = PG_GETARG_USAGE(0);
	Reshape		reshape = {
		.input_ratio = CheckedRatio(fcinfo, 1, 0, 1000 * RESHAPE_ONE),
		.output_ratio = CheckedRatio(fcinfo, 2, 0, 1000 * RESHAPE_ONE),
		.hit_rate = CheckedRatio(fcinfo, 3, RESHAPE_KEEP, RESHAPE_ONE)
	};
	MeterCounts counts;
	Meter		meter;
	UsageStatus status;

	UsageUnpack(usage, &counts);
	status = UsageReshape(&counts, &reshape, &meter);
	if (status != USAGE_OK)
		UsageError(status, meter);
	PG_RETURN_USAGE(UsageFromCounts(&counts));
}
