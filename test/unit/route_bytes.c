/*
 * route_bytes.c
 *	  Unit tests of src/routing/route_bytes.c and src/routing/route_definition.c: what is
 *	  written reads back, and bytes that were cut off or changed are refused or
 *	  are another valid state, which has just these bytes.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "routing/route_bytes.h"
#include "random.h"
#include "tap.h"

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

/* Read bytes; when they are of a state, does that have these bytes again? */
static bool
IsRefusedOrTrue(const unsigned char *bytes, size_t size, int *read)
{
	unsigned char *exact = malloc(size == 0 ? 1 : size);	/* so that a sanitizer sees the end */
	size_t		state_size;
	bool		right = true;

	memcpy(exact, bytes, size);
	state_size = RouteBytesStateSize(exact, size);
	if (state_size > 0)
	{
		RouteState *state = malloc(state_size);

		if (RouteBytesRead(exact, size, state))
		{
			unsigned char *again = malloc(RouteBytesSize(state));

			RouteBytesWrite(state, again);
			right = RouteStateIsValid(state, state_size) && RouteBytesSize(state) == size && memcmp(again, bytes, size) == 0;
			(*read)++;
			free(again);
		}
		free(state);
	}
	free(exact);
	return right;
}

static void
TestState(int count)
{
	size_t		state_size;
	RouteState *state = RandomState(count, &state_size);
	size_t		size = RouteBytesSize(state);
	unsigned char *bytes = malloc(size + 1);
	unsigned char *changed = malloc(size + 1);
	int			read = 0;
	bool		right = true;

	RouteBytesWrite(state, bytes);
	Ok(RouteStateIsValid(state, state_size) && IsRefusedOrTrue(bytes, size, &read) && read == 1, "a state of %d requests reads back", count);
	bytes[size] = 0;
	read = 0;
	for (size_t cut = 0; cut < size; cut++)
		right &= IsRefusedOrTrue(bytes, cut, &read);
	right &= IsRefusedOrTrue(bytes, size + 1, &read);
	Ok(right && read == 0, "cut off at any of %zu bytes, or too long, it is refused", size);

	for (int i = 0; i < MUTATIONS / 10; i++)
	{
		memcpy(changed, bytes, size);
		for (int change = 0; change < 1 + i % 3; change++)
			changed[Random() % (i % 2 == 0 ? size : 64)] = (unsigned char) (Random() >> 11);
		right &= IsRefusedOrTrue(changed, size, &read);
	}
	Ok(right && read > 0 && read < MUTATIONS / 20, "changed, it is refused or another state: %d times of %d", read, MUTATIONS / 10);
	free(state);
	free(bytes);
	free(changed);
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

static void
TestQuality(void)
{
	QualityPoint points[20],
				read_points[21];
	unsigned char bytes[1 + 24 * 20 + 24],
				again[sizeof(bytes)];
	size_t		size = QualityBytesSize(20);
	bool		refused = true;
	bool		right = true;
	int			read = 0;

	for (int i = 0; i < 20; i++)
		points[i] = (QualityPoint) {i % 7 == 0 ? -INFINITY : i % 5 == 0 ? -0.0 : ldexp((double) Random(), -60), (double) i / 3, 1e300 / (i + 1)};
	QualityBytesWrite(points, 20, bytes);
	Ok(QualityBytesCount(bytes, size) == 20 && QualityBytesRead(bytes, size, read_points) && memcmp(points, read_points, sizeof(points)) == 0,
	   "requests judged read back, bit for bit");
	Ok(QualityBytesCount(bytes, 1) == 0 && QualityBytesRead(bytes, 1, read_points), "and so do none");
	for (size_t cut = 0; cut < size; cut++)
		refused &= QualityBytesCount(bytes, cut) != 20;
	for (size_t cut = 0; cut <= size + 24; cut++)
		refused &= (QualityBytesCount(bytes, cut) == SIZE_MAX) == (cut % 24 != 1);
	Ok(refused, "cut off within a request, they are refused");
	bytes[0] = 2;
	Ok(QualityBytesCount(bytes, size) == SIZE_MAX && !QualityBytesRead(bytes, size, read_points), "another format is refused");
	bytes[0] = 1;
	for (int i = 0; i < MUTATIONS; i++)
	{
		size_t		place = 1 + Random() % (size - 1);

		bytes[place] = (unsigned char) (Random() >> 7);
		if (i % 3 == 0)
			bytes[1 + (place - 1) / 8 * 8] = 0x7f + 0x80 * (i % 2);
		if (QualityBytesRead(bytes, size, read_points))
		{
			read++;
			for (int n = 0; n < 20; n++)
				right &= QualityPointIsUsable(&read_points[n]);
			QualityBytesWrite(read_points, 20, again);
			right &= memcmp(bytes, again, size) == 0;
		}
		QualityBytesWrite(points, 20, bytes);
	}
	Ok(right && read > 0 && read < MUTATIONS, "changed, they are refused or others: %d times of %d", read, MUTATIONS);
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
