/*
 * Unit test of usages as another model would count them.
 */
#include "tap.h"

#include "cards.h"
#include "spend/reshape.h"

#define SAMPLES 200000

static int64_t
Prompt(const MeterCounts *counts)
{
	return counts->of[METER_INPUT] + counts->of[METER_CACHE_READ] + counts->of[METER_CACHE_WRITE] + counts->of[METER_CACHE_WRITE_1H];
}

static void
TestHitRates(void)
{
	int			wrong = 0;

	for (int i = 0; i < SAMPLES; i++)
	{
		MeterCounts before = {{0}},
					after;
		Reshape		reshape = {RESHAPE_ONE, RESHAPE_ONE, Below(1000000001)};
		Meter		meter;
		int64_t		limit = Below(3) == 0 ? 3 : 1000000;

		for (meter = 0; meter < METER_COUNT; meter++)
			before.of[meter] = Below(3) == 0 ? 0 : Below((int) limit);
		after = before;
		if (UsageReshape(&after, &reshape, &meter) != USAGE_OK || Prompt(&after) != Prompt(&before) ||
			after.of[METER_CACHE_READ] != (Prompt(&before) * reshape.hit_rate + RESHAPE_ONE / 2) / RESHAPE_ONE ||
			after.of[METER_OUTPUT] != before.of[METER_OUTPUT] || after.of[METER_CACHE_READ_AUDIO] != before.of[METER_CACHE_READ_AUDIO])
			wrong++;
		for (meter = 0; meter < METER_COUNT; meter++)
			wrong += after.of[meter] < 0;
		if (after.of[METER_CACHE_WRITE] > before.of[METER_CACHE_WRITE] || after.of[METER_CACHE_WRITE_1H] > before.of[METER_CACHE_WRITE_1H])
			wrong++;
	}
	Ok(wrong == 0, "a hit rate moves tokens within the prompt, and writes do not grow");
}

static void
TestRatios(void)
{
	MeterCounts counts = {{0}};
	Reshape		reshape = {1250000000, 500000000, RESHAPE_KEEP};
	Meter		meter;

	counts.of[METER_INPUT] = 10;
	counts.of[METER_CACHE_READ] = 2;
	counts.of[METER_OUTPUT] = 5;
	counts.of[METER_REASONING] = 4;
	counts.of[METER_INPUT_IMAGE] = counts.of[METER_PAGES] = counts.of[METER_REQUESTS] = 7;
	Ok(UsageReshape(&counts, &reshape, &meter) == USAGE_OK && counts.of[METER_INPUT] == 13 && counts.of[METER_CACHE_READ] == 3 &&
	   counts.of[METER_OUTPUT] == 3 && counts.of[METER_REASONING] == 2, "text is scaled by its side, half up");
	Ok(counts.of[METER_INPUT_IMAGE] == 7 && counts.of[METER_PAGES] == 7 && counts.of[METER_REQUESTS] == 7, "nothing else is");
	counts.of[METER_CITATION] = INT64_MAX / 2 + 1;
	reshape.output_ratio = 2 * RESHAPE_ONE;
	Ok(UsageReshape(&counts, &reshape, &meter) == USAGE_OVERFLOW && meter == METER_CITATION, "what does not fit is told");
	counts.of[METER_CITATION] = 0;
	counts.of[METER_INPUT] = counts.of[METER_CACHE_WRITE] = INT64_MAX;
	reshape = (Reshape) {RESHAPE_ONE, RESHAPE_ONE, 1};
	Ok(UsageReshape(&counts, &reshape, &meter) == USAGE_OVERFLOW && meter == METER_INPUT, "also of a whole prompt");
}

int
main(void)
{
	TestHitRates();
	TestRatios();
	return Done();
}
