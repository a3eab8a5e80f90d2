/*
 * route_state.h
 *	  What route_savings() has seen: sums by tier, and by length of prompt.
 *
 * Every request was priced for every tier and for the baseline model.  The
 * sums answer what any assignment of shares would have cost: the policy's own
 * from `cross`, requests drawn at random from its column totals, the longest
 * prompts first from the buckets.
 *
 * Layout, all of it aligned to 8 bytes: the struct, then names_size bytes of
 * names (definition, NUL, baseline model, NUL, padding), then per tier a
 * RouteTierSums with ntiers + 1 amounts (the last for the baseline), then
 * nbuckets buckets from first_bucket on.  The window of buckets covers whole
 * octaves, so it rarely grows.
 *
 * Invariant: `requests` is the sum over tiers and the sum over buckets, and what
 * they cost on a tier is the same sum both ways.
 * Sums are independent of the order of rows.  Units: USD x 1e-15; times are
 * timestamptz.  Pure C: no postgres.h.  Nothing here allocates.
 */
#ifndef INFERACCT_ROUTE_STATE_H
#define INFERACCT_ROUTE_STATE_H

#include "routing/routing.h"

/* Raised with every change of the structs here, or of their fields (route_fields.c). */
#define ROUTE_STATE_FORMAT 1

typedef struct RouteState
{
	int32_t		header;			/* room for the varlena length word */
	int16_t		format;			/* ROUTE_STATE_FORMAT; stays here in every format */
	int16_t		ntiers;
	int32_t		names_size;		/* multiple of 8 */
	int32_t		baseline_offset;	/* of the baseline's name in names */
	int32_t		first_bucket;	/* multiple of ROUTE_OCTAVE */
	int32_t		nbuckets;		/* the same; 0: none yet */
	int64_t		requests;
	int64_t		unscored;		/* of them, without a score */
	int64_t		left_out;		/* requests not counted: something had no price */
	int64_t		fingerprint;	/* of the names */
	int64_t		first_at;		/* INT64_MAX when there are none */
	int64_t		last_at;		/* INT64_MIN */
	char		names[];
} RouteState;

typedef struct RouteTierSums
{
	int64_t		requests;		/* assigned to the tier */
	Money		usd[];			/* what they cost on each tier, then on the baseline */
} RouteTierSums;

typedef struct RouteBucketSums
{
	int64_t		requests;
	Money		usd[];			/* on each tier */
} RouteBucketSums;

/* A request to add. */
typedef struct RouteCosts
{
	int			tier;			/* that answers it */
	bool		scored;
	int64_t		requests;		/* 1, unless the usage is of several */
	int64_t		prompt_tokens;	/* of each */
	int64_t		at;
	Money		usd[ROUTE_MAX_TIERS + 1];	/* on each tier, then on the baseline */
} RouteCosts;

static inline size_t
RouteTierSize(int ntiers)
{
	return sizeof(RouteTierSums) + (size_t) (ntiers + 1) * sizeof(Money);
}

static inline size_t
RouteBucketSize(int ntiers)
{
	return sizeof(RouteBucketSums) + (size_t) ntiers * sizeof(Money);
}

static inline size_t
RouteStateSize(int ntiers, int names_size, int nbuckets)
{
	return sizeof(RouteState) + (size_t) names_size + (size_t) ntiers * RouteTierSize(ntiers) +
		(size_t) nbuckets * RouteBucketSize(ntiers);
}

/* Bytes that names of these lengths take, NULs and padding included. */
static inline int
RouteNamesSize(size_t definition_length, size_t baseline_length)
{
	return (int) ((definition_length + baseline_length + 2 + 7) / 8 * 8);
}

static inline const char *
RouteDefinition(const RouteState *state)
{
	return state->names;
}

static inline const char *
RouteBaseline(const RouteState *state)
{
	return state->names + state->baseline_offset;
}

static inline RouteTierSums *
RouteTierAt(const RouteState *state, int tier)
{
	return (RouteTierSums *) (state->names + state->names_size + (size_t) tier * RouteTierSize(state->ntiers));
}

static inline RouteBucketSums *
RouteBucketAt(const RouteState *state, int index)
{
	return (RouteBucketSums *) ((char *) RouteTierAt(state, state->ntiers) +
								(size_t) index * RouteBucketSize(state->ntiers));
}

/* The times that timestamptz has: [first, end). */
#define ROUTE_FIRST_TIME INT64_C(-211813488000000000)
#define ROUTE_END_TIME INT64_C(9223371331200000000)

/* The longest names_size of a state that is read. */
#define ROUTE_NAMES_MAX (1 << 20)

/* Give names, in bytes without NUL, to a state whose memory is all zeros. */
extern void RouteStateName(RouteState *state, int ntiers, const char *definition, size_t definition_length,
						   const char *baseline, size_t baseline_length);

/* Make an empty state in RouteStateSize(ntiers, RouteNamesSize(), 0) bytes. */
extern void RouteStateInit(RouteState *state, int ntiers, const char *definition, const char *baseline);

/*
 * Are both of the same policy, as defined then, and the same baseline?  By
 * fingerprint of 64 bits, for this is asked of every row.
 */
static inline bool
RouteStateMatches(const RouteState *left, const RouteState *right)
{
	return left->fingerprint == right->fingerprint && left->names_size == right->names_size &&
		left->ntiers == right->ntiers;
}

/* The window that holds the state's buckets and [first, last], too; false when it has to grow. */
extern bool RouteWindow(const RouteState *state, int first, int last, int *first_bucket, int *nbuckets);

/* Copy a state to a larger one with another window. */
extern void RouteStateCopy(const RouteState *from, RouteState *to, int first_bucket, int nbuckets);

/* Add a request whose bucket is in the window, or a state whose window is; false on overflow. */
extern bool RouteStateAdd(RouteState *state, const RouteCosts *costs);
extern bool RouteStateMerge(RouteState *state, const RouteState *other);

/* Is it the state of bytes that a client or a disk could have damaged? */
extern bool RouteStateIsValid(const RouteState *state, size_t size);

#endif							/* INFERACCT_ROUTE_STATE_H */
