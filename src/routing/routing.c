/*
 * routing.c
 *	  Which model a request goes to, and what of it that model would be charged.
 */
#include <math.h>
#include <string.h>

#include "routing/routing.h"

/* ---------- choosing the tier ---------- */

/* A number in [0, 1) that depends on the score alone; equal scores have equal ones. */
static double
Draw(double score)
{
	uint64_t	bits;

	if (score == 0)
		score = 0;				/* -0, too */
	memcpy(&bits, &score, sizeof(bits));

	/* The finalizer of splitmix64: every bit of the score moves half of the result. */
	bits += UINT64_C(0x9e3779b97f4a7c15);
	bits = (bits ^ (bits >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	bits = (bits ^ (bits >> 27)) * UINT64_C(0x94d049bb133111eb);
	bits ^= bits >> 31;
	return (double) (bits >> 11) * 0x1p-53;
}

int
RouteDrawnTier(const RoutePolicy *policy, double score)
{
	double		drawn = Draw(score);
	int			tier = 0;

	while (tier < policy->ntiers - 1 && drawn >= policy->tiers[tier].below_share)
		tier++;
	return tier;
}

/* ---------- what it would be charged ---------- */

bool
RouteTierIsPlain(const RouteTier *tier)
{
	return tier->tokenizer_ratio == ROUTE_RATIO_ONE && tier->output_ratio == ROUTE_RATIO_ONE && tier->keeps_cache;
}

/* *scaled = count x ratio, rounded up; the ratio has `one` for 1. */
static bool
ScaleUp(int64_t count, int64_t ratio, int64_t one, int64_t *scaled)
{
	__int128	product = (__int128) count * ratio;
	__int128	quotient = product / one + (product % one != 0);

	*scaled = (int64_t) quotient;
	return quotient <= INT64_MAX;
}

UsageStatus
RouteUsage(const RouteTier *tier, const Usage *usage, Usage *result, Meter *meter)
{
	const int64_t one = (int64_t) ROUTE_RATIO_ONE * ROUTE_RATIO_ONE;
	int64_t		input_ratio = tier->tokenizer_ratio * ROUTE_RATIO_ONE;
	int64_t		output_ratio = tier->tokenizer_ratio * tier->output_ratio;
	MeterCounts counts = {{0}};
	uint32_t	present = usage->present;

	for (int i = 0; present != 0; i++, present &= present - 1)
	{
		Meter		from = (Meter) __builtin_ctz(present);
		Meter		to = tier->keeps_cache ? from : MeterUncached(from);
		int64_t		scaled = usage->count[i];
		bool		fits = true;

		if (METERS_OF_INPUT & METER_BIT(from))
			fits = ScaleUp(scaled, input_ratio, one, &scaled);
		else if (METERS_OF_OUTPUT & METER_BIT(from))
			fits = ScaleUp(scaled, output_ratio, one, &scaled);
		if (!fits || __builtin_add_overflow(counts.of[to], scaled, &counts.of[to]))
		{
			*meter = to;
			return USAGE_OVERFLOW;
		}
	}
	UsagePack(&counts, result);
	return USAGE_OK;
}

/* ---------- buckets of prompt length ---------- */

int64_t
RouteBucketFrom(int bucket)
{
	int			octave = bucket / ROUTE_OCTAVE - 1;

	if (octave < 1)
		return bucket;
	return (int64_t) (bucket - octave * ROUTE_OCTAVE) << octave;
}
