/*
 * reshape.c
 *	  A usage as another model would count it.
 */
#include "spend/reshape.h"

#include "core/money.h"

static bool
Scale(int64_t *count, int64_t ratio)
{
	Money		scaled = ((Money) *count * ratio + RESHAPE_ONE / 2) / RESHAPE_ONE;

	if (scaled > INT64_MAX)
		return false;
	*count = (int64_t) scaled;
	return true;
}

/* Take a share of each that is not read, in proportion; what rounding leaves is plain input. */
static void
ReadMore(MeterCounts *counts, int64_t more)
{
	int64_t		rest = counts->of[METER_INPUT] + counts->of[METER_CACHE_WRITE] + counts->of[METER_CACHE_WRITE_1H];
	int64_t		left = rest - more;

	counts->of[METER_CACHE_WRITE] = (int64_t) ((Money) counts->of[METER_CACHE_WRITE] * left / rest);
	counts->of[METER_CACHE_WRITE_1H] = (int64_t) ((Money) counts->of[METER_CACHE_WRITE_1H] * left / rest);
	counts->of[METER_INPUT] = left - counts->of[METER_CACHE_WRITE] - counts->of[METER_CACHE_WRITE_1H];
	counts->of[METER_CACHE_READ] += more;
}

/* Does the prompt fit 64 bits, so that its parts do? */
static bool
SetHitRate(MeterCounts *counts, int64_t hit_rate)
{
	static const Meter parts[] = {METER_INPUT, METER_CACHE_READ, METER_CACHE_WRITE, METER_CACHE_WRITE_1H};
	int64_t		prompt = 0;
	int64_t		read;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
	{
		if (__builtin_add_overflow(prompt, counts->of[parts[i]], &prompt))
			return false;
	}
	read = prompt;
	Scale(&read, hit_rate);
	if (read > counts->of[METER_CACHE_READ])
		ReadMore(counts, read - counts->of[METER_CACHE_READ]);
	else
	{
		counts->of[METER_INPUT] += counts->of[METER_CACHE_READ] - read;
		counts->of[METER_CACHE_READ] = read;
	}
	return true;
}

UsageStatus
UsageReshape(MeterCounts *counts, const Reshape *reshape, Meter *meter)
{
	for (*meter = 0; *meter < METER_COUNT; (*meter)++)
	{
		MeterSide	side = MeterSideOf(*meter);

		if (MeterKindOf(*meter) == KIND_TEXT &&
			!Scale(&counts->of[*meter], side == SIDE_INPUT ? reshape->input_ratio : reshape->output_ratio))
			return USAGE_OVERFLOW;
	}
	*meter = METER_INPUT;
	if (reshape->hit_rate != RESHAPE_KEEP && !SetHitRate(counts, reshape->hit_rate))
		return USAGE_OVERFLOW;
	return USAGE_OK;
}
