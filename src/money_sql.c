/*
 * money_sql.c
 *	  Money to numeric, without a round trip through text.
 *
 * Invariant: exact over the whole int128, and the result has no trailing zeros
 * (780, 0.00348, 0).  Unit: Money is USD x 1e-15.  Results are palloc'd in the
 * current memory context.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/fmgrprotos.h"

#include "money_sql.h"

/* Largest power of ten that fits int64, so that three parts make any int128. */
#define PART INT64CONST(1000000000000000000)

static Numeric
Multiply(Numeric left, Numeric right)
{
	return DatumGetNumeric(DirectFunctionCall2(numeric_mul, NumericGetDatum(left),
											   NumericGetDatum(right)));
}

static Numeric
Add(Numeric left, Numeric right)
{
	return DatumGetNumeric(DirectFunctionCall2(numeric_add, NumericGetDatum(left),
											   NumericGetDatum(right)));
}

/* value / 10^scale, for a value that does not fit int64. */
static Numeric
WideToNumeric(Money value, int scale)
{
	Numeric		part = int64_to_numeric(PART);
	Numeric		result;

	result = int64_to_numeric((int64) (value / PART / PART));
	result = Add(Multiply(result, part), int64_to_numeric((int64) (value / PART % PART)));
	result = Add(Multiply(result, part), int64_to_numeric((int64) (value % PART)));
	return Multiply(result, int64_div_fast_to_numeric(1, scale));
}

/* Convert an amount to USD as SQL shows it. */
Numeric
MoneyToNumeric(Money money)
{
	int			scale = MoneyTrim(&money);

	if (money < PG_INT64_MIN || money > PG_INT64_MAX)
		return WideToNumeric(money, scale);
	if (scale == 0)
		return int64_to_numeric((int64) money);
	return int64_div_fast_to_numeric((int64) money, scale);
}
