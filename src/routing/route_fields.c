/*
 * route_fields.c
 *	  What the states of route_savings() and route_quality() consist of.
 */
#include <string.h>

#include "routing/route_fields.h"

/* Half of what names may take together. */
#define NAME_MAX_LENGTH ((size_t) ROUTE_NAMES_MAX / 2 - 8)

static void
FieldAmounts(Fields *fields, Money *amounts, int count)
{
	for (int i = 0; i < count; i++)
		FieldMoney(fields, &amounts[i]);
}

/* Number of tiers and the names; those of a state, or of a new one without anything else. */
static RouteState *
FieldNames(Fields *fields, const RouteState *state)
{
	int64_t		ntiers = state == NULL ? 0 : state->ntiers;
	const char *definition = state == NULL ? "" : RouteDefinition(state);
	const char *baseline = state == NULL ? "" : RouteBaseline(state);
	size_t		definition_length = strlen(definition);
	size_t		baseline_length = strlen(baseline);
	RouteState *made;

	FieldInteger(fields, &ntiers, 1, ROUTE_MAX_TIERS);
	FieldString(fields, &definition, &definition_length, NAME_MAX_LENGTH);
	FieldString(fields, &baseline, &baseline_length, NAME_MAX_LENGTH);
	if (!fields->reading)
		return NULL;
	if (FieldsAreGood(fields) && !RouteDefinitionIsValid(definition, (int) ntiers))
		FieldsRefuse(fields);
	if (!FieldsAreGood(fields))
		return NULL;
	made = fields->allocate(fields->owner,
							RouteStateSize((int) ntiers, RouteNamesSize(definition_length, baseline_length), 0));
	RouteStateInit(made, (int) ntiers, definition, baseline);
	return made;
}

/* Counts, times and sums by tier; a state that is written is not changed. */
static void
FieldTotals(Fields *fields, RouteState *state)
{
	FieldInteger(fields, &state->requests, 0, INT64_MAX);
	FieldInteger(fields, &state->unscored, 0, INT64_MAX);
	FieldInteger(fields, &state->left_out, 0, INT64_MAX);
	FieldInteger(fields, &state->first_at, INT64_MIN, INT64_MAX);
	FieldInteger(fields, &state->last_at, INT64_MIN, INT64_MAX);
	for (int i = 0; i < state->ntiers; i++)
	{
		RouteTierSums *tier = RouteTierAt(state, i);

		FieldInteger(fields, &tier->requests, 0, INT64_MAX);
		FieldAmounts(fields, tier->usd, state->ntiers + 1);
	}
}

static void
WriteBuckets(Fields *fields, const RouteState *state)
{
	uint32_t	filled = 0;

	for (int i = 0; i < state->nbuckets; i++)
		filled += RouteBucketAt(state, i)->requests > 0;
	FieldCount(fields, &filled, ROUTE_BUCKETS);
	for (int i = 0; i < state->nbuckets; i++)
	{
		RouteBucketSums *bucket = RouteBucketAt(state, i);
		int64_t		number = state->first_bucket + i;

		if (bucket->requests == 0)
			continue;
		FieldInteger(fields, &number, 0, ROUTE_BUCKETS - 1);
		FieldInteger(fields, &bucket->requests, 1, INT64_MAX);
		FieldAmounts(fields, bucket->usd, state->ntiers);
	}
}

/* The state, or a larger copy, with a bucket. */
static RouteState *
WithBucket(Fields *fields, RouteState *state, int number)
{
	int			first_bucket,
				nbuckets;
	RouteState *wider;

	if (RouteWindow(state, number, number, &first_bucket, &nbuckets))
		return state;
	wider = fields->allocate(fields->owner, RouteStateSize(state->ntiers, state->names_size, nbuckets));
	RouteStateCopy(state, wider, first_bucket, nbuckets);
	return wider;
}

static RouteState *
ReadBuckets(Fields *fields, RouteState *state)
{
	uint32_t	filled = 0;
	int64_t		number = -1;

	FieldCount(fields, &filled, ROUTE_BUCKETS);
	for (uint32_t i = 0; i < filled && FieldsAreGood(fields); i++)
	{
		RouteBucketSums *bucket;

		FieldInteger(fields, &number, number + 1, ROUTE_BUCKETS - 1);
		if (!FieldsAreGood(fields))
			break;
		state = WithBucket(fields, state, (int) number);
		bucket = RouteBucketAt(state, (int) number - state->first_bucket);
		FieldInteger(fields, &bucket->requests, 1, INT64_MAX);
		FieldAmounts(fields, bucket->usd, state->ntiers);
	}
	if (FieldsAreGood(fields) &&
		!RouteStateIsValid(state, RouteStateSize(state->ntiers, state->names_size, state->nbuckets)))
		FieldsRefuse(fields);
	return FieldsAreGood(fields) ? state : NULL;
}

RouteState *
RouteStateFields(Fields *fields, const RouteState *state)
{
	RouteState *made;

	FieldFormat(fields, ROUTE_STATE_FORMAT, false);
	made = FieldNames(fields, state);
	if (!fields->reading)
	{
		FieldTotals(fields, (RouteState *) state);
		WriteBuckets(fields, state);
		return NULL;
	}
	if (made == NULL)
		return NULL;
	FieldTotals(fields, made);
	return ReadBuckets(fields, made);
}

/* ---------- requests judged ---------- */

void
QualityCountField(Fields *fields, uint32_t *count, uint32_t most)
{
	FieldFormat(fields, QUALITY_FORMAT, false);
	FieldCount(fields, count, most);
}

void
QualityPointFields(Fields *fields, QualityPoint *points, uint32_t count)
{
	for (uint32_t i = 0; i < count && FieldsAreGood(fields); i++)
	{
		FieldDouble(fields, &points[i].score);
		FieldDouble(fields, &points[i].weak);
		FieldDouble(fields, &points[i].strong);
		if (fields->reading && FieldsAreGood(fields) && !QualityPointIsUsable(&points[i]))
			FieldsRefuse(fields);
	}
}
