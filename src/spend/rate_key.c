/*
 * rate_key.c
 *	  What tells requests apart.
 *
 * Pure C: no postgres.h.  See rate_key.h.
 */
#include "spend/rate_key.h"

#define MICROSECONDS_PER_HOUR INT64_C(3600000000)

uint32_t
UsageKinds(uint32_t present)
{
	uint32_t	kinds = 0;

	for (uint32_t rest = present & ~METER_BIT(METER_REQUESTS); rest != 0; rest &= rest - 1)
		kinds |= METER_BIT(MeterLine((Meter) __builtin_ctz(rest)));
	return kinds;
}

RowProblem
RowCheck(int64_t at, const Usage *usage)
{
	if (at < ROW_AT_MIN || at >= ROW_AT_END)
		return ROW_TIME;
	return UsageIsBeyond(usage) ? ROW_COUNT : ROW_OK;
}

/* The last of ascending bounds that is not after value, or otherwise. */
static int64_t
LastBound(const int64_t *bounds, uint32_t nbounds, int64_t value, int64_t otherwise)
{
	uint32_t	low = 0;
	uint32_t	high = nbounds;

	while (low < high)
	{
		uint32_t	middle = low + (high - low) / 2;

		if (bounds[middle] <= value)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? bounds[low - 1] : otherwise;
}

RateKey
RateKeyOf(const RateBounds *bounds, int64_t at, const Usage *usage, int64_t *input)
{
	int64_t		into = at % MICROSECONDS_PER_HOUR;
	int64_t		hour = at - into - (into < 0 ? MICROSECONDS_PER_HOUR : 0);
	int64_t		slice = LastBound(bounds->times, bounds->ntimes, at, hour);

	(void) UsageTotal(usage, METERS_OF_INPUT, input);	/* fits: RowCheck() has bounded each */
	return (RateKey) {
		.hour = hour,
		.slice = slice > hour ? slice : hour,
		.context_from = LastBound(bounds->inputs, bounds->ninputs, *input, 0),
		.kinds = UsageKinds(usage->present),
		.aggregated = UsageCount(usage, METER_REQUESTS) > 1
	};
}
