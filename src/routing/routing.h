/*
 * routing.h
 *	  Which model a request goes to, and what of it that model would be charged.
 *
 * A policy has tiers in ascending order of strength.  By score, tier k serves
 * [below_score of k-1, below_score of k); the last is open-ended, and also
 * serves requests that nobody scored: what is not known to be easy is not.
 *
 * Invariant: 1 <= ntiers <= ROUTE_MAX_TIERS, below_score ascends strictly by
 * score and cascade; the last one is infinite.  Ratios are positive.
 *
 * The work of a tier is summed up as if it were one more tier that nobody is sent
 * to: its rates are replica-hours x 1e-15 per token.
 *
 * Units: ratios x 1e-6; shares in [0, 1]; rates USD x 1e-15 per token.
 * Strings belong to whoever made the policy.  Pure C: no postgres.h.
 */
#ifndef INFERACCT_ROUTING_H
#define INFERACCT_ROUTING_H

#include "core/money.h"
#include "core/usage.h"

#define ROUTE_MAX_TIERS 8
#define ROUTE_RATIO_ONE 1000000
#define ROUTE_RATIO_MAX (1000 * (int64_t) ROUTE_RATIO_ONE)

typedef enum RouteKind
{
	ROUTE_SPLIT,				/* a fixed share of the requests to each tier */
	ROUTE_SCORE,				/* the score chooses the tier */
	ROUTE_CASCADE				/* the lowest tier first; what escalates pays every tier it tried */
} RouteKind;

typedef struct RouteTier
{
	double		below_score;
	double		below_share;	/* split: cumulative share */
	int64_t		tokenizer_ratio;	/* tokens of this model for one logged token */
	int64_t		output_ratio;	/* length of its answers for one logged */
	int64_t		token_rate;		/* of a tier served by a deployment, whatever the token */
	int64_t		cached_rate;	/* of one read from a cache */
	int64_t		output_rate;	/* of one answered */
	bool		deployed;		/* served by a deployment: no price per model */
	bool		keeps_cache;	/* false: what was read from a cache is plain input */
	const char *model;			/* to call; the deployment's name when it has no other */
} RouteTier;

typedef struct RoutePolicy
{
	RouteKind	kind;
	int			ntiers;
	int			nsums;			/* tiers, and after them the work of those that a deployment serves */
	RouteTier	tiers[ROUTE_MAX_TIERS];
} RoutePolicy;

/* The tier that a split draws for a score. */
extern int	RouteDrawnTier(const RoutePolicy *policy, double score);

/* The tier that answers a request of that score; of a split, the tier drawn for it. */
static inline int
RouteTierOf(const RoutePolicy *policy, double score)
{
	int			tier = 0;

	if (policy->kind == ROUTE_SPLIT)
		return RouteDrawnTier(policy, score);

	/* Count the thresholds passed: scores are no pattern that a branch could learn. */
	for (int i = 0; i < policy->ntiers - 1; i++)
		tier += !(score < policy->tiers[i].below_score);
	return tier;
}

/* The same when nobody scored it: the last, for what is not known to be easy is not. */
static inline int
RouteUnscoredTier(const RoutePolicy *policy)
{
	return policy->ntiers - 1;
}

/* Does the tier's model count and answer as the logged one did? */
extern bool RouteTierIsPlain(const RouteTier *tier);

/*
 * What the tier's model would have consumed: token meters scaled by the ratios
 * and rounded up, meter by meter.  On failure *meter says where.
 */
extern UsageStatus RouteUsage(const RouteTier *tier, const Usage *usage, Usage *result, Meter *meter);

/*
 * Buckets of prompt length: exact below 64 tokens, then 32 to the octave, so
 * that lengths in one bucket differ by less than 1/32.
 */
#define ROUTE_BUCKET_BITS 5
#define ROUTE_OCTAVE (1 << ROUTE_BUCKET_BITS)
#define ROUTE_BUCKETS ((64 - ROUTE_BUCKET_BITS) * ROUTE_OCTAVE)

static inline int
RouteBucket(int64_t tokens)
{
	int			octave;

	if (tokens < 2 * ROUTE_OCTAVE)
		return (int) tokens;
	octave = 63 - __builtin_clzll((uint64_t) tokens) - ROUTE_BUCKET_BITS;
	return octave * ROUTE_OCTAVE + (int) (tokens >> octave);
}

/* The least length in a bucket. */
extern int64_t RouteBucketFrom(int bucket);

#endif							/* INFERACCT_ROUTING_H */
