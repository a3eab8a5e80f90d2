/*
 * money_sql.c
 *	  Money to numeric and back, without a round trip through text.
 *
 * Invariant: exact over the whole int128, and the result has no trailing zeros
 * (780, 0.00348, 0).  Unit: Money is USD x 1e-15.  Results are palloc'd in the
 * current memory context.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/fmgrprotos.h"

#include "server/call_site.h"
#include "server/compat.h"
#include "core/money_sql.h"

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

/*
 * The common case, done directly: an amount of at most 922 USD either way.
 *
 * numeric.c has no public way from an integer to a numeric with trimmed scale
 * that does not go over it twice.  This writes the short on-disk format, which
 * a major release cannot change without breaking pg_upgrade: a header of sign,
 * display scale and weight, then base-10000 digits without zeros at either end.
 * test/pgtap/money.sql compares it with numeric's own reading on every run.
 */
#define NUMERIC_DIGITS 5		/* 16 decimals take four; one more before the point */
#define DIGIT_BASE 10000
#define SHORT_HEADER 0x8000
#define SHORT_NEGATIVE 0x2000
#define SHORT_SCALE_SHIFT 7
#define SHORT_WEIGHT_MASK 0x007F
#define DIRECT_LIMIT (PG_INT64_MAX / 10)
#define NARROW_SIZE (VARHDRSZ + sizeof(uint16) + NUMERIC_DIGITS * sizeof(int16))

/* Decimals of a digit that are zeros at its end: 0 to 3 of a digit that is not 0. */
static inline int
TrailingZeros(int digit)
{
	return digit % 10 != 0 ? 0 : digit % 100 != 0 ? 1 : digit % 1000 != 0 ? 2 : 3;
}

/* Into `place` of NARROW_SIZE bytes. */
static Numeric
NarrowToNumeric(int64 femto, char *place)
{
	uint64		rest = (uint64) (femto < 0 ? -femto : femto) * 10;	/* 16 decimals */
	int16		digits[NUMERIC_DIGITS];
	int			first = NUMERIC_DIGITS,
				last = NUMERIC_DIGITS - 1;
	int			scale = 16;
	int			weight;
	int			ndigits;
	uint16		header;

	while (rest % DIGIT_BASE == 0)
	{
		rest /= DIGIT_BASE;
		last--;
		scale -= 4;
	}
	for (first = last + 1; rest > 0; rest /= DIGIT_BASE)
		digits[--first] = (int16) (rest % DIGIT_BASE);
	if (scale > 0)
		scale -= TrailingZeros(digits[last]);
	weight = NUMERIC_DIGITS - 1 - 4 - first;
	header = SHORT_HEADER | (femto < 0 ? SHORT_NEGATIVE : 0) |
		(uint16) (Max(scale, 0) << SHORT_SCALE_SHIFT) | ((uint16) weight & SHORT_WEIGHT_MASK);

	ndigits = last - first + 1;
	SET_VARSIZE(place, VARHDRSZ + sizeof(header) + ndigits * sizeof(int16));
	memcpy(place + VARHDRSZ, &header, sizeof(header));
	memcpy(place + VARHDRSZ + sizeof(header), &digits[first], ndigits * sizeof(int16));
	return (Numeric) place;
}

static inline bool
IsNarrow(Money money)
{
	return likely(money != 0 && money >= -DIRECT_LIMIT && money <= DIRECT_LIMIT);
}

Numeric
MoneyToNumericOfCall(FunctionCallInfo fcinfo, Money money)
{
	if (!IsNarrow(money))
		return MoneyToNumeric(money);
	return NarrowToNumeric((int64) money, CallSiteMemory(fcinfo, NARROW_SIZE));
}

/* Convert an amount to USD as SQL shows it. */
Numeric
MoneyToNumeric(Money money)
{
	int			scale;

	if (IsNarrow(money))
		return NarrowToNumeric((int64) money, palloc(NARROW_SIZE));
	scale = MoneyTrim(&money);
	if (money < PG_INT64_MIN || money > PG_INT64_MAX)
		return WideToNumeric(money, scale);
	if (scale == 0)
		return int64_to_numeric((int64) money);
	return int64_div_fast_to_numeric((int64) money, scale);
}

/* Divided to 36 decimals and rounded once, so that equal quotients of different terms come out equal. */
Datum
MoneyQuotient(Money part, Money whole)
{
	Numeric		one = int64_div_fast_to_numeric(PART, 18);
	Numeric		product = Multiply(MoneyToNumeric(part), Multiply(one, one));
	Datum		quotient = DirectFunctionCall2(numeric_div, NumericGetDatum(product), NumericGetDatum(MoneyToNumeric(whole)));

	return DirectFunctionCall1(numeric_trim_scale, DirectFunctionCall2(numeric_round, quotient, Int32GetDatum(20)));
}

/*
 * numeric as it lies on disk, which pg_upgrade keeps: a header of one (short)
 * or two (long) 16-bit words, then digits of base 10000, highest first.
 */
#define NUMERIC_KIND 0xC000		/* sign of a long one; short; or not a number */
#define NUMERIC_LONG_NEGATIVE 0x4000
#define NUMERIC_SHORT 0x8000
#define NUMERIC_NOT_FINITE 0xC000
#define NUMERIC_SHORT_NEGATIVE 0x2000
#define NUMERIC_SHORT_WEIGHT_NEGATIVE 0x0040
#define NUMERIC_SHORT_WEIGHT 0x003F
#define NUMERIC_BASE 10000

/* Digits of base 10000 right of the point: one decimal more than MONEY_SCALE. */
#define FRACTION_DIGITS 4

static void
MoneyRangeError(Datum datum)
{
	char	   *text = DatumGetCString(DirectFunctionCall1(numeric_out, datum));

	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s is no exact amount of USD", text),
			 errdetail("An amount is a multiple of 1e-15 USD, of at most 1e22 USD.")));
}

static uint16
Word(const char *words, int i)
{
	uint16		word;

	memcpy(&word, words + i * sizeof(uint16), sizeof(uint16));
	return word;
}

/*
 * Read the digits of a numeric whose highest has that weight, as a multiple of
 * 1e-16; false when it needs finer digits or does not fit.
 */
static bool
ReadDigits(const char *words, int ndigits, int weight, Money *value)
{
	*value = 0;
	if (weight - ndigits + 1 < -FRACTION_DIGITS)
		return false;
	for (int i = 0; i < weight + FRACTION_DIGITS + 1; i++)
	{
		if (__builtin_mul_overflow(*value, (Money) NUMERIC_BASE, value) ||
			__builtin_add_overflow(*value, (Money) (i < ndigits ? Word(words, i) : 0), value))
			return false;
	}
	return true;
}

Money
MoneyFromNumeric(Datum datum)
{
	struct varlena *packed = PG_DETOAST_DATUM_PACKED(datum);
	const char *words = VARDATA_ANY(packed);
	int			nwords = VARSIZE_ANY_EXHDR(packed) / sizeof(uint16);
	uint16		head = Word(words, 0);
	bool		is_short = (head & NUMERIC_KIND) == NUMERIC_SHORT;
	int			head_words = is_short ? 1 : 2;
	bool		negative;
	int			weight;
	Money		value;

	if ((head & NUMERIC_KIND) == NUMERIC_NOT_FINITE)
		MoneyRangeError(datum);
	if (is_short)
	{
		negative = (head & NUMERIC_SHORT_NEGATIVE) != 0;
		weight = (head & NUMERIC_SHORT_WEIGHT) -
			(head & NUMERIC_SHORT_WEIGHT_NEGATIVE ? NUMERIC_SHORT_WEIGHT + 1 : 0);
	}
	else
	{
		negative = (head & NUMERIC_KIND) == NUMERIC_LONG_NEGATIVE;
		weight = (int16) Word(words, 1);
	}
	if (nwords == head_words)
		return 0;
	if (!ReadDigits(words + head_words * sizeof(uint16), nwords - head_words, weight, &value) || value % 10 != 0)
		MoneyRangeError(datum);
	value /= 10;
	return negative ? -value : value;
}
