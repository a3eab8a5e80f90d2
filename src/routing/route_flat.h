/*
 * route_flat.h
 *	  Pricing a request on all models of a policy at once and adding it: the way
 *	  that nearly all rows of a log take.
 *
 * Models have flat rates in a time when neither the size of a request nor the
 * hour of the day changes them; then the cost on every tier is one product per
 * meter, and no name has to be looked up.
 *
 * Invariant: what RouteFlatAdd() adds is to the last digit what pricing the
 * usage on every model and RouteStateAdd() would add; what it is not sure of, it
 * leaves alone.  Units: rates USD x 1e-15; times are timestamptz.  Pure C: no
 * postgres.h.  Nothing here allocates; the rates are whoever's who filled them in.
 */
#ifndef INFERACCT_ROUTE_FLAT_H
#define INFERACCT_ROUTE_FLAT_H

#include "routing/route_state.h"

typedef struct RouteFlat
{
	int64_t		from;			/* the rates hold in [from, to); none when empty */
	int64_t		to;
	uint32_t	known;			/* meters that every model prices, or gives for free without a price */
	uint32_t	charged;		/* meters that some model prices */
	const int64_t *rates[ROUTE_MAX_TIERS + 1];	/* by meter, 0 without a price; of the tiers, then of the baseline */
} RouteFlat;

typedef enum RouteFlatResult
{
	ROUTE_FLAT_ADDED,
	ROUTE_FLAT_UNSURE,			/* nothing has changed; price it model by model */
	ROUTE_FLAT_OVERFLOW			/* a sum is spoilt */
} RouteFlatResult;

/* What the meters in a bitmap, whose counts begin at `first`, cost at a model's rates. */
static inline Money
RouteFlatOthers(const int64_t *rates, const Usage *usage, int first, uint32_t meters)
{
	Money		usd = 0;

	for (int i = first; meters != 0; i++, meters &= meters - 1)
		usd += (Money) usage->count[i] * rates[__builtin_ctz(meters)];
	return usd;
}

/* Add a request of the standard service tier that a tier of the policy answers. */
static inline RouteFlatResult
RouteFlatAdd(const RouteFlat *flat, RouteState *state, const Usage *usage, int64_t at, int tier, bool scored)
{
	const uint32_t in_and_out = METER_BIT(METER_INPUT) | METER_BIT(METER_OUTPUT);
	uint32_t	present = usage->present;
	uint32_t	others = present & ~in_and_out;
	int			nfirst = 0;		/* counts before those of the others */
	int64_t		input = present & METER_BIT(METER_INPUT) ? usage->count[nfirst++] : 0;
	int64_t		output = present & METER_BIT(METER_OUTPUT) ? usage->count[nfirst++] : 0;
	int64_t		prompt_tokens = input;
	int64_t		requests = 1;
	RouteTierSums *tier_sums;
	RouteBucketSums *bucket_sums;
	int			bucket;
	bool		overflow;

	/* Below 2^48 the products of all meters stay below 2^127, and tokens below 2^63. */
	if (at < flat->from || at >= flat->to || (present & ~flat->known) != 0 || (input | output) >> 48 != 0)
		return ROUTE_FLAT_UNSURE;
	for (int i = nfirst; others != 0; i++, others &= others - 1)
	{
		uint32_t	bit = others & -others;

		if (usage->count[i] >> 48 != 0)
			return ROUTE_FLAT_UNSURE;
		if (bit == METER_BIT(METER_REQUESTS))
			requests = usage->count[i];
		else if (bit & METERS_OF_INPUT)
			prompt_tokens += usage->count[i];
	}
	bucket = RouteBucket(requests == 1 ? prompt_tokens : prompt_tokens / requests) - state->first_bucket;
	if (bucket < 0 || bucket >= state->nbuckets)
		return ROUTE_FLAT_UNSURE;

	tier_sums = RouteTierAt(state, tier);
	bucket_sums = RouteBucketAt(state, bucket);
	overflow = __builtin_add_overflow(state->requests, requests, &state->requests);
	tier_sums->requests += requests;
	bucket_sums->requests += requests;
	state->unscored += scored ? 0 : requests;
	if (at < state->first_at)
		state->first_at = at;
	if (at > state->last_at)
		state->last_at = at;
	others = present & flat->charged & ~in_and_out;
	for (int model = 0; model <= state->ntiers; model++)
	{
		const int64_t *rates = flat->rates[model];
		Money		usd = (Money) input * rates[METER_INPUT] + (Money) output * rates[METER_OUTPUT];

		if (others != 0)
			usd += RouteFlatOthers(rates, usage, nfirst, present & ~in_and_out);
		overflow |= __builtin_add_overflow(tier_sums->usd[model], usd, &tier_sums->usd[model]);
		if (model < state->ntiers)
			overflow |= __builtin_add_overflow(bucket_sums->usd[model], usd, &bucket_sums->usd[model]);
	}
	return overflow ? ROUTE_FLAT_OVERFLOW : ROUTE_FLAT_ADDED;
}

#endif							/* INFERACCT_ROUTE_FLAT_H */
