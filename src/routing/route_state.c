/*
 * route_state.c
 *	  What route_savings() has seen: sums by tier, and by length of prompt.
 */
#include <string.h>

#include "routing/route_state.h"

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* FNV-1a. */
static int64_t
Fingerprint(const char *bytes, size_t size)
{
	uint64_t	hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char) bytes[i]) * UINT64_C(0x100000001b3);
	return (int64_t) hash;
}

void
RouteStateName(RouteState *state, int ntiers, const char *definition, size_t definition_length,
			   const char *baseline, size_t baseline_length)
{
	state->format = ROUTE_STATE_FORMAT;
	state->ntiers = (int16_t) ntiers;
	state->names_size = RouteNamesSize(definition_length, baseline_length);
	state->baseline_offset = (int32_t) definition_length + 1;
	memcpy(state->names, definition, definition_length);
	memcpy(state->names + state->baseline_offset, baseline, baseline_length);
	state->fingerprint = Fingerprint(state->names, (size_t) state->names_size);
}

void
RouteStateInit(RouteState *state, int ntiers, const char *definition, const char *baseline)
{
	size_t		definition_length = strlen(definition);
	size_t		baseline_length = strlen(baseline);

	memset(state, 0, RouteStateSize(ntiers, RouteNamesSize(definition_length, baseline_length), 0));
	RouteStateName(state, ntiers, definition, definition_length, baseline, baseline_length);
	state->first_at = INT64_MAX;
	state->last_at = INT64_MIN;
}

bool
RouteWindow(const RouteState *state, int first, int last, int *first_bucket, int *nbuckets)
{
	int			from = first / ROUTE_OCTAVE * ROUTE_OCTAVE;
	int			to = (last / ROUTE_OCTAVE + 1) * ROUTE_OCTAVE;

	if (state->nbuckets > 0)
	{
		from = MIN(from, state->first_bucket);
		to = MAX(to, state->first_bucket + state->nbuckets);
	}
	*first_bucket = from;
	*nbuckets = to - from;
	return from == state->first_bucket && to - from == state->nbuckets;
}

void
RouteStateCopy(const RouteState *from, RouteState *to, int first_bucket, int nbuckets)
{
	size_t		fixed = RouteStateSize(from->ntiers, from->names_size, 0);

	memset(to, 0, RouteStateSize(from->ntiers, from->names_size, nbuckets));
	memcpy(to, from, fixed);
	to->first_bucket = first_bucket;
	to->nbuckets = nbuckets;
	if (from->nbuckets > 0)
		memcpy(RouteBucketAt(to, from->first_bucket - first_bucket), RouteBucketAt(from, 0),
			   (size_t) from->nbuckets * RouteBucketSize(from->ntiers));
}

static bool
AddAmounts(Money *sums, const Money *amounts, int count)
{
	bool		overflow = false;

	for (int i = 0; i < count; i++)
		overflow |= __builtin_add_overflow(sums[i], amounts[i], &sums[i]);
	return !overflow;
}

bool
RouteStateAdd(RouteState *state, const RouteCosts *costs)
{
	RouteTierSums *tier = RouteTierAt(state, costs->tier);
	RouteBucketSums *bucket = RouteBucketAt(state, RouteBucket(costs->prompt_tokens) - state->first_bucket);

	/* Tiers and buckets are parts of the total. */
	if (__builtin_add_overflow(state->requests, costs->requests, &state->requests))
		return false;
	tier->requests += costs->requests;
	bucket->requests += costs->requests;
	if (!costs->scored)
		state->unscored += costs->requests;
	state->first_at = MIN(state->first_at, costs->at);
	state->last_at = MAX(state->last_at, costs->at);
	return AddAmounts(tier->usd, costs->usd, state->ntiers + 1) &&
		AddAmounts(bucket->usd, costs->usd, state->ntiers);
}

bool
RouteStateMerge(RouteState *state, const RouteState *other)
{
	bool		fits = true;

	if (__builtin_add_overflow(state->requests, other->requests, &state->requests) ||
		__builtin_add_overflow(state->left_out, other->left_out, &state->left_out))
		return false;
	state->unscored += other->unscored;
	state->first_at = MIN(state->first_at, other->first_at);
	state->last_at = MAX(state->last_at, other->last_at);
	for (int i = 0; i < state->ntiers; i++)
	{
		RouteTierSums *tier = RouteTierAt(state, i);
		const RouteTierSums *added = RouteTierAt(other, i);

		tier->requests += added->requests;
		fits &= AddAmounts(tier->usd, added->usd, state->ntiers + 1);
	}
	for (int i = 0; i < other->nbuckets; i++)
	{
		RouteBucketSums *bucket = RouteBucketAt(state, other->first_bucket - state->first_bucket + i);
		const RouteBucketSums *added = RouteBucketAt(other, i);

		bucket->requests += added->requests;
		fits &= AddAmounts(bucket->usd, added->usd, state->ntiers);
	}
	return fits;
}

/* The struct itself: sizes that fit each other, names that end, counts that can be. */
static bool
FrameIsValid(const RouteState *state, size_t size)
{
	if (size < sizeof(RouteState) || state->format != ROUTE_STATE_FORMAT ||
		state->ntiers < 1 || state->ntiers > ROUTE_MAX_TIERS ||
		state->names_size < 8 || state->names_size > ROUTE_NAMES_MAX || state->names_size % 8 != 0 ||
		state->first_bucket < 0 || state->nbuckets < 0 ||
		state->first_bucket % ROUTE_OCTAVE != 0 || state->nbuckets % ROUTE_OCTAVE != 0 ||
		state->nbuckets > ROUTE_BUCKETS || state->first_bucket > ROUTE_BUCKETS - state->nbuckets ||
		size != RouteStateSize(state->ntiers, state->names_size, state->nbuckets))
		return false;
	if (state->baseline_offset < 1 || state->baseline_offset >= state->names_size ||
		state->names[state->baseline_offset - 1] != '\0' || state->names[state->names_size - 1] != '\0' ||
		state->fingerprint != Fingerprint(state->names, (size_t) state->names_size) ||
		state->requests < 0 || state->unscored < 0 || state->unscored > state->requests || state->left_out < 0)
		return false;
	if (state->requests == 0)
		return state->first_at == INT64_MAX && state->last_at == INT64_MIN;
	return state->first_at >= ROUTE_FIRST_TIME && state->last_at < ROUTE_END_TIME && state->first_at <= state->last_at;
}

/* Take the requests and amounts of a part from what is left of the total; false when they cannot be. */
static bool
TakePart(int64_t *left, int64_t requests, const Money *amounts, int count)
{
	if (requests < 0 || requests > *left)
		return false;
	*left -= requests;
	for (int i = 0; i < count; i++)
	{
		if (amounts[i] < 0 || (requests == 0 && amounts[i] != 0))
			return false;
	}
	return true;
}

bool
RouteStateIsValid(const RouteState *state, size_t size)
{
	unsigned __int128 difference[ROUTE_MAX_TIERS] = {0};	/* of the sums both ways */
	int64_t		unassigned,
				unmeasured;

	if (!FrameIsValid(state, size))
		return false;
	unassigned = unmeasured = state->requests;
	for (int i = 0; i < state->ntiers; i++)
	{
		const RouteTierSums *tier = RouteTierAt(state, i);

		if (!TakePart(&unassigned, tier->requests, tier->usd, state->ntiers + 1))
			return false;
		for (int j = 0; j < state->ntiers; j++)
			difference[j] += (unsigned __int128) tier->usd[j];
	}
	for (int i = 0; i < state->nbuckets; i++)
	{
		const RouteBucketSums *bucket = RouteBucketAt(state, i);

		if (!TakePart(&unmeasured, bucket->requests, bucket->usd, state->ntiers))
			return false;
		for (int j = 0; j < state->ntiers; j++)
			difference[j] -= (unsigned __int128) bucket->usd[j];
	}
	for (int j = 0; j < state->ntiers; j++)
	{
		if (difference[j] != 0)
			return false;
	}
	return unassigned == 0 && unmeasured == 0;
}
