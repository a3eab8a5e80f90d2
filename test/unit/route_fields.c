/*
 * route_fields.c
 *	  Unit tests of src/routing/route_fields.c and src/routing/route_definition.c: what is
 *	  written reads back, and what was cut off or changed is refused or of another
 *	  valid state.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "routing/route_fields.h"
#include "forms.h"

#define MUTATIONS 200000

static const char *const definition =
	"{\"kind\": \"score\", \"tiers\": [{\"model\": \"s\", \"share\": null, \"usd_per_month\": null}, "
	"{\"model\": \"l\", \"share\": null, \"usd_per_month\": 876.5}], \"misroute_share\": 0.1, \"escalation_share\": null, "
	"\"classifier_usd_per_request\": 0.0001}";

/* A state of random requests of two tiers; its size in *size. */
static RouteState *
RandomState(int count, size_t *size)
{
	const int	ntiers = 2;
	const int	nbuckets = 1024;
	int			names_size = RouteNamesSize(strlen(definition), strlen("l\xc3\xa4"));
	RouteState *empty = malloc(RouteStateSize(ntiers, names_size, 0));
	RouteState *state = malloc(RouteStateSize(ntiers, names_size, nbuckets));

	RouteStateInit(empty, ntiers, definition, "l\xc3\xa4");
	RouteStateCopy(empty, state, 0, count == 0 ? 0 : nbuckets);
	for (int i = 0; i < count; i++)
	{
		RouteCosts	costs = {
			.tier = (int) (Random() % 2),.scored = Random() % 2,.requests = 1 + (int64_t) (Random() % 3),
			.prompt_tokens = (int64_t) (Random() >> 40),.at = (int64_t) (Random() >> 4)
		};

		for (int model = 0; model <= ntiers; model++)
			costs.usd[model] = (Money) (Random() >> 1) * (int64_t) (Random() >> (20 + Random() % 40));
		if (!RouteStateAdd(state, &costs))
			abort();
	}
	free(empty);
	*size = RouteStateSize(ntiers, names_size, state->nbuckets);
	return state;
}

static void *
StateFields(Fields *fields, void *value)
{
	return RouteStateFields(fields, value);
}

static void
TestState(int count)
{
	char		what[40];
	size_t		size;
	RouteState *state = RandomState(count, &size);

	snprintf(what, sizeof(what), "a state of %d requests", count);
	Ok(RouteStateIsValid(state, size), "%s is valid", what);
	CheckForms(StateFields, state, MUTATIONS / 10, what);
	free(state);
}

/* What only a sender who knows the form could get wrong. */
static void
TestInvariants(void)
{
	size_t		size;
	RouteState *state = RandomState(20, &size);
	RouteTierSums *tier = RouteTierAt(state, 0);
	int64_t		first_at = state->first_at;

	tier->usd[0] += 1;
	Ok(!RouteStateIsValid(state, size), "money by tier is money by length");
	tier->usd[0] -= 1;
	tier->usd[2] = -1;
	Ok(!RouteStateIsValid(state, size), "no cost is negative");
	tier->usd[2] = 0;
	Ok(RouteStateIsValid(state, size), "what a baseline costs is free to be anything else");
	tier->requests++;
	Ok(!RouteStateIsValid(state, size), "requests by tier are requests");
	tier->requests--;
	state->first_at = state->last_at + 1;
	Ok(!RouteStateIsValid(state, size), "the first comes before the last");
	state->first_at = INT64_MIN;
	Ok(!RouteStateIsValid(state, size), "and not at the beginning of time");
	state->first_at = first_at;
	state->unscored = state->requests + 1;
	Ok(!RouteStateIsValid(state, size), "not more are unscored than there are");
	free(state);
}

static void
TestDefinitions(void)
{
	static const struct
	{
		const char *from;
		const char *to;
	}			changes[] = {
		{"score", "lot"}, {"null}, {", "\"1\"}, {"}, {"\"kind\"", "\"kin\""}, {"0.0001", "-0.0001"}, {"0.1", "\"a\""},
		{"\"escalation_share\": null", "\"escalation_share\": []"}, {"876.5", "{}"}, {"\"l\"", "5"}, {"}, {", "}, 1, {"},
		{"\"tiers\": [", "\"tiers\": 1, \"others\": ["}, {"0.0001}", "0.0001"}, {"0.0001}", "0.0001} 1"}, {"score", "split"}
	};

	Ok(RouteDefinitionIsValid(definition, 2), "a definition");
	Ok(!RouteDefinitionIsValid(definition, 3) && !RouteDefinitionIsValid(definition, 1), "of so many tiers");
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
	{
		const char *at = strstr(definition, changes[i].from);
		char		changed[512];

		snprintf(changed, sizeof(changed), "%.*s%s%s", (int) (at - definition), definition, changes[i].to, at + strlen(changes[i].from));
		Ok(!RouteDefinitionIsValid(changed, 2), "no definition with %s for %s", changes[i].to, changes[i].from);
	}
	Ok(!RouteDefinitionIsValid("", 1) && !RouteDefinitionIsValid("[]", 1) && !RouteDefinitionIsValid("null", 1), "nor what is no object");
}

typedef struct Points
{
	uint32_t	count;
	QualityPoint points[20];
} Points;

static void *
PointsFields(Fields *fields, void *value)
{
	Points	   *points = fields->reading ? FormsZeros(sizeof(Points)) : value;

	QualityCountField(fields, &points->count, 20);
	QualityPointFields(fields, points->points, points->count);
	return points;
}

static void
TestQuality(void)
{
	Points		points = {.count = 20};
	Form		form;

	for (int i = 0; i < 20; i++)
		points.points[i] = (QualityPoint) {
			i % 7 == 0 ? -INFINITY : i % 5 == 0 ? -0.0 : ldexp((double) Random(), -60), (double) i / 3, 1e300 / (i + 1)
		};
	CheckForms(PointsFields, &points, MUTATIONS / 10, "requests judged");
	form = FormOf(FIELDS_BINARY, PointsFields, &points);
	Ok(memcmp(((Points *) FormRead(FIELDS_BINARY, PointsFields, form.bytes, form.size, NULL))->points, points.points,
			  sizeof(points.points)) == 0, "they read back bit for bit");
	free(form.bytes);
	points.count = 0;
	CheckForms(PointsFields, &points, 100, "none judged");
	Ok(TextIs(PointsFields, "1 1 nan 0 1", NULL) && TextIs(PointsFields, "1 1 0 inf 1", NULL), "what cannot be judged is refused");
	FormsFree();
}

int
main(void)
{
	TestState(0);
	TestState(1);
	TestState(60);
	TestInvariants();
	TestDefinitions();
	TestQuality();
	return Done();
}
