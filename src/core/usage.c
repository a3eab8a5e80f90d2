/*
 * usage.c
 *	  Arithmetic and text of usage.
 *
 * Invariant: every packed result has positive counts only, so that equal usages
 * are equal bytes.  Counts are tokens, requests, searches ... (see meter.h).
 * Pure C: no postgres.h.  Nothing here allocates; callers own every buffer, and
 * set the varlena length word themselves.
 */
#include "core/usage.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The lowest meter of a bitmap that is not empty. */
static inline Meter
LowestMeter(uint32_t meters)
{
	return (Meter) __builtin_ctz(meters);
}

/* The bitmap without its lowest meter. */
static inline uint32_t
WithoutLowest(uint32_t meters)
{
	return meters & (meters - 1);
}

size_t
UsagePack(const MeterCounts *counts, Usage *usage)
{
	uint32_t	present = 0;
	int			n = 0;

	for (Meter meter = 0; meter < METER_COUNT; meter++)
	{
		if (counts->of[meter] == 0)
			continue;
		present |= METER_BIT(meter);
		usage->count[n++] = counts->of[meter];
	}
	usage->present = present;
	return USAGE_SIZE(n);
}

void
UsageUnpack(const Usage *usage, MeterCounts *counts)
{
	const int64_t *count = usage->count;

	memset(counts, 0, sizeof(*counts));
	for (uint32_t left = usage->present; left != 0; left = WithoutLowest(left))
		counts->of[LowestMeter(left)] = *count++;
}

UsageStatus
UsageAdd(MeterCounts *counts, const Usage *usage, Meter *meter)
{
	const int64_t *count = usage->count;

	for (uint32_t left = usage->present; left != 0; left = WithoutLowest(left))
	{
		int64_t		total;

		*meter = LowestMeter(left);
		if (__builtin_add_overflow(counts->of[*meter], *count++, &total))
			return USAGE_OVERFLOW;
		counts->of[*meter] = total;
	}
	return USAGE_OK;
}

UsageStatus
UsageSum(const Usage *left, const Usage *right, Usage *result, Meter *meter)
{
	const uint32_t in_left = left->present;
	const uint32_t in_right = right->present;
	const int64_t *of_left = left->count;
	const int64_t *of_right = right->count;
	int			n = 0;

	for (uint32_t rest = in_left | in_right; rest != 0; rest = WithoutLowest(rest))
	{
		Meter		current = LowestMeter(rest);
		int64_t		a = in_left & METER_BIT(current) ? *of_left++ : 0;
		int64_t		b = in_right & METER_BIT(current) ? *of_right++ : 0;

		if (__builtin_add_overflow(a, b, &result->count[n++]))
		{
			*meter = current;
			return USAGE_OVERFLOW;
		}
	}
	result->present = in_left | in_right;
	return USAGE_OK;
}

UsageStatus
UsageDifference(const Usage *left, const Usage *right, Usage *result, Meter *meter)
{
	const uint32_t in_left = left->present;
	const uint32_t in_right = right->present;
	const int64_t *of_left = left->count;
	const int64_t *of_right = right->count;
	uint32_t	present = 0;
	int			n = 0;

	for (uint32_t rest = in_left | in_right; rest != 0; rest = WithoutLowest(rest))
	{
		Meter		current = LowestMeter(rest);
		int64_t		a = in_left & METER_BIT(current) ? *of_left++ : 0;
		int64_t		b = in_right & METER_BIT(current) ? *of_right++ : 0;

		if (a < b)
		{
			*meter = current;
			return USAGE_NEGATIVE;
		}
		if (a == b)
			continue;
		present |= METER_BIT(current);
		result->count[n++] = a - b;
	}
	result->present = present;
	return USAGE_OK;
}

int
UsageCompare(const Usage *left, const Usage *right)
{
	const int64_t *of_left = left->count;
	const int64_t *of_right = right->count;

	for (uint32_t rest = left->present | right->present; rest != 0; rest = WithoutLowest(rest))
	{
		uint32_t	bit = METER_BIT(LowestMeter(rest));
		int64_t		a = left->present & bit ? *of_left++ : 0;
		int64_t		b = right->present & bit ? *of_right++ : 0;

		if (a != b)
			return a < b ? -1 : 1;
	}
	return 0;
}

bool
UsageEqual(const Usage *left, const Usage *right)
{
	return left->present == right->present &&
		memcmp(left->count, right->count, (size_t) UsageMeters(left) * sizeof(int64_t)) == 0;
}

int64_t
UsageCount(const Usage *usage, Meter meter)
{
	uint32_t	before = METER_BIT(meter) - 1;

	if (!(usage->present & METER_BIT(meter)))
		return 0;
	return usage->count[__builtin_popcount(usage->present & before)];
}

bool
UsageTotal(const Usage *usage, uint32_t meters, int64_t *total)
{
	const int64_t *count = usage->count;
	int64_t		sum = 0;

	for (uint32_t left = usage->present; left != 0; left = WithoutLowest(left), count++)
	{
		if (!(meters & METER_BIT(LowestMeter(left))))
			continue;
		if (__builtin_add_overflow(sum, *count, &sum))
			return false;
	}
	*total = sum;
	return true;
}

bool
UsageIsValid(const Usage *usage, size_t size)
{
	if (size < USAGE_SIZE(0) || (usage->present & ~ALL_METERS) != 0 ||
		size != USAGE_SIZE(UsageMeters(usage)))
		return false;
	for (int i = 0; i < UsageMeters(usage); i++)
	{
		if (usage->count[i] <= 0)
			return false;
	}
	return true;
}

int
UsageToText(const Usage *usage, char text[USAGE_TEXT_SIZE])
{
	const int64_t *count = usage->count;
	char	   *end = text;

	*end++ = '{';
	for (uint32_t left = usage->present; left != 0; left = WithoutLowest(left))
	{
		if (count != usage->count)
			*end++ = ',';
		end += snprintf(end, (size_t) (text + USAGE_TEXT_SIZE - end), "\"%s\":%" PRId64,
						MeterName(LowestMeter(left)), *count++);
	}
	*end++ = '}';
	*end = '\0';
	return (int) (end - text);
}

static const char *
SkipSpace(const char *text)
{
	return text + strspn(text, " \t\n\r");
}

/* Step over one character that has to be there; false when it is not. */
static bool
Expect(const char **at, char expected)
{
	*at = SkipSpace(*at);
	if (**at != expected)
		return false;
	(*at)++;
	return true;
}

/* Read "name": to a meter that *seen does not have yet, and note it there. */
static UsageStatus
ReadMeter(const char **at, uint32_t *seen, Meter *meter)
{
	const char *name;
	size_t		length;

	if (!Expect(at, '"'))
		return USAGE_SYNTAX;
	name = *at;
	length = strcspn(name, "\"\\");
	if (name[length] != '"')
	{
		*at += length;
		return USAGE_SYNTAX;
	}
	*meter = MeterByName(name, length);
	if (*meter == METER_COUNT)
		return USAGE_UNKNOWN_METER;
	if (*seen & METER_BIT(*meter))
		return USAGE_REPEATED_METER;
	*seen |= METER_BIT(*meter);
	*at += length + 1;
	return Expect(at, ':') ? USAGE_OK : USAGE_SYNTAX;
}

/*
 * Read a JSON integer in 0 .. 2^63-1.  A fraction or an exponent is left unread,
 * which the caller then finds not to be a comma.
 */
static UsageStatus
ReadCount(const char **at, int64_t *count)
{
	const char *start = SkipSpace(*at);
	const char *digits = start + (*start == '-');
	size_t		length = strspn(digits, "0123456789");
	int64_t		value = 0;
	bool		overflow = false;

	*at = start;
	if (length == 0 || (length > 1 && *digits == '0'))
		return USAGE_SYNTAX;
	for (size_t i = 0; i < length; i++)
		overflow |= __builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, digits[i] - '0', &value);
	if (*start == '-' && (overflow || value != 0))
		return USAGE_NEGATIVE;
	if (overflow)
		return USAGE_OVERFLOW;
	*at = digits + length;
	*count = value;
	return USAGE_OK;
}

UsageStatus
UsageFromText(const char *text, MeterCounts *counts, const char **at)
{
	uint32_t	seen = 0;

	memset(counts, 0, sizeof(*counts));
	*at = text;
	if (!Expect(at, '{'))
		return USAGE_SYNTAX;

	for (bool more = *SkipSpace(*at) != '}'; more; more = Expect(at, ','))
	{
		Meter		meter;
		UsageStatus status = ReadMeter(at, &seen, &meter);

		if (status == USAGE_OK)
			status = ReadCount(at, &counts->of[meter]);
		if (status != USAGE_OK)
			return status;
	}

	if (!Expect(at, '}'))
		return USAGE_SYNTAX;
	*at = SkipSpace(*at);
	return **at == '\0' ? USAGE_OK : USAGE_SYNTAX;
}
