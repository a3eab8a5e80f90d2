/*
 * routing.c
 *	  Unit tests of src/routing/routing.c, src/routing/route_state.c, src/routing/route_flat.h and
 *	  src/routing/route_quality.c:
 *	  half-open tiers, scaling against exact division, buckets, sums against
 *	  the requests themselves, all models at once against one after the other,
 *	  and the quality curve against one drawn point by point.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "routing/route_flat.h"
#include "routing/route_quality.h"
#include "random.h"
#include "tap.h"

/* ---------- tiers ---------- */

static RoutePolicy
ThreeTiers(RouteKind kind)
{
	RoutePolicy policy = {.kind = kind,.ntiers = 3};

	for (int i = 0; i < 3; i++)
		policy.tiers[i] = (RouteTier) {
			.below_score = i == 0 ? 0.3 : i == 1 ? 0.7 : INFINITY,
			.below_share = i == 0 ? 0.3 : i == 1 ? 0.7 : INFINITY,
			.tokenizer_ratio = ROUTE_RATIO_ONE,.output_ratio = ROUTE_RATIO_ONE,.keeps_cache = true
		};
	return policy;
}

static void
TestTiers(void)
{
	static const struct
	{
		double		score;
		int			tier;
	}			cases[] = {
		{-INFINITY, 0}, {0, 0}, {0x1.3333333333332p-2, 0}, {0.3, 1}, {0x1.6666666666665p-1, 1}, {0.7, 2}, {1, 2},
		{INFINITY, 2}, {NAN, 2}
	};
	RoutePolicy policy = ThreeTiers(ROUTE_SCORE);
	int			drawn[3] = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		Ok(RouteTierOf(&policy, cases[i].score) == cases[i].tier, "score %.17g goes to tier %d", cases[i].score, cases[i].tier);
	Ok(RouteUnscoredTier(&policy) == 2, "an unscored request goes to the last tier");
	policy.kind = ROUTE_CASCADE;
	Ok(RouteUnscoredTier(&policy) == policy.ntiers - 1, "also of a cascade, as its requests are paid for");

	policy.kind = ROUTE_SPLIT;
	for (int i = 0; i < 100000; i++)
		drawn[RouteTierOf(&policy, i / 100000.0)]++;
	Ok(abs(drawn[0] - 30000) < 600 && abs(drawn[1] - 40000) < 600, "a split draws its shares: %d %d %d", drawn[0], drawn[1], drawn[2]);
	Ok(RouteTierOf(&policy, 0.0) == RouteTierOf(&policy, -0.0), "equal scores are drawn alike");
}

/* ---------- scaling ---------- */

static void
TestScaling(void)
{
	RouteTier	tier = {.tokenizer_ratio = 1200000,.output_ratio = 500000,.keeps_cache = false};
	MeterCounts counts = {{0}};
	UsageBuffer usage,
				scaled;
	Meter		meter;
	bool		exact = true;

	counts.of[METER_INPUT] = 7;
	counts.of[METER_CACHE_READ] = 4;
	counts.of[METER_OUTPUT] = 3;
	counts.of[METER_REQUESTS] = 1;
	counts.of[METER_IMAGES] = 5;
	UsagePack(&counts, &usage.usage);
	Ok(RouteUsage(&tier, &usage.usage, &scaled.usage, &meter) == USAGE_OK &&
	   UsageCount(&scaled.usage, METER_INPUT) == 9 + 5 && UsageCount(&scaled.usage, METER_CACHE_READ) == 0,
	   "prompt tokens are scaled, rounded up, and a lost cache is plain input");
	Ok(UsageCount(&scaled.usage, METER_OUTPUT) == 2, "answers are scaled by both ratios");
	Ok(UsageCount(&scaled.usage, METER_REQUESTS) == 1 && UsageCount(&scaled.usage, METER_IMAGES) == 5,
	   "what is not tokens stays");

	for (int i = 0; i < 20000; i++)
	{
		int64_t		count = (int64_t) (Random() >> (2 + Random() % 60));
		int64_t		ratio = 1 + (int64_t) (Random() % ROUTE_RATIO_MAX);
		__int128	product = (__int128) count * ratio;
		__int128	expected = (product + ROUTE_RATIO_ONE - 1) / ROUTE_RATIO_ONE;
		UsageStatus status;

		tier = (RouteTier) {.tokenizer_ratio = ratio,.output_ratio = ROUTE_RATIO_ONE,.keeps_cache = true};
		counts = (MeterCounts) {{0}};
		counts.of[METER_OUTPUT] = count;
		UsagePack(&counts, &usage.usage);
		status = RouteUsage(&tier, &usage.usage, &scaled.usage, &meter);
		if (expected > INT64_MAX)
			exact &= status == USAGE_OVERFLOW && meter == METER_OUTPUT;
		else
			exact &= status == USAGE_OK && UsageCount(&scaled.usage, METER_OUTPUT) == (int64_t) expected;
	}
	Ok(exact, "scaling is exact division, rounded up, or overflow");
	tier = (RouteTier) {.tokenizer_ratio = ROUTE_RATIO_ONE,.output_ratio = ROUTE_RATIO_ONE,.keeps_cache = true};
	Ok(RouteTierIsPlain(&tier), "ratios of 1 leave usage alone");
}

/* ---------- buckets ---------- */

static void
TestBuckets(void)
{
	bool		found = true;
	bool		narrow = true;

	for (int bucket = 0; bucket < ROUTE_BUCKETS; bucket++)
	{
		int64_t		from = RouteBucketFrom(bucket);

		found &= RouteBucket(from) == bucket && (from == 0 || RouteBucket(from - 1) == bucket - 1);
		if (bucket + 1 < ROUTE_BUCKETS)
			narrow &= (RouteBucketFrom(bucket + 1) - 1 - from) * ROUTE_OCTAVE <= from || from < 2 * ROUTE_OCTAVE;
	}
	Ok(found, "every bucket begins where the one before ends");
	Ok(narrow, "lengths of one bucket differ by less than 1/%d", ROUTE_OCTAVE);
	Ok(RouteBucket(63) == 63 && RouteBucket(64) == RouteBucket(65) && RouteBucket(INT64_MAX) == ROUTE_BUCKETS - 1,
	   "exact below 64, and the longest prompt has a bucket");
}

/* ---------- state ---------- */

#define SAMPLE 500

static RouteCosts
RandomCosts(int ntiers)
{
	RouteCosts	costs = {
		.tier = (int) (Random() % (uint64_t) ntiers),.scored = Random() % 2,.requests = 1 + (int64_t) (Random() % 3),
		.prompt_tokens = (int64_t) (Random() >> (1 + Random() % 62)),.at = (int64_t) (Random() >> 4)
	};

	for (int i = 0; i <= ntiers; i++)
		costs.usd[i] = (Money) (Random() >> 1) * (int64_t) (Random() >> 20);
	return costs;
}

/* A state of the costs from..to, of another window than it needs at first. */
static RouteState *
StateOf(const RouteCosts *costs, int count, int ntiers)
{
	RouteState *state = malloc(RouteStateSize(ntiers, RouteNamesSize(2, 1), 0));

	RouteStateInit(state, ntiers, "{}", "m");
	for (int i = 0; i < count; i++)
	{
		int			bucket = RouteBucket(costs[i].prompt_tokens);
		int			first,
					nbuckets;

		if (!RouteWindow(state, bucket, bucket, &first, &nbuckets))
		{
			RouteState *wider = malloc(RouteStateSize(ntiers, state->names_size, nbuckets));

			RouteStateCopy(state, wider, first, nbuckets);
			free(state);
			state = wider;
		}
		if (!RouteStateAdd(state, &costs[i]))
			abort();
	}
	return state;
}

static void
TestState(void)
{
	RouteCosts	costs[SAMPLE];
	RouteState *whole,
			   *part,
			   *other,
			   *wider;
	size_t		size;
	int			first,
				nbuckets;
	Money		expected[3][4] = {{0}};
	Money		total = 0,
				bucketed = 0;
	int64_t		requests[3] = {0};
	bool		right = true;

	for (int i = 0; i < SAMPLE; i++)
	{
		costs[i] = RandomCosts(3);
		requests[costs[i].tier] += costs[i].requests;
		for (int j = 0; j < 4; j++)
			expected[costs[i].tier][j] += costs[i].usd[j];
		total += costs[i].usd[0];
	}
	whole = StateOf(costs, SAMPLE, 3);
	size = RouteStateSize(3, whole->names_size, whole->nbuckets);
	for (int i = 0; i < 3; i++)
	{
		right &= RouteTierAt(whole, i)->requests == requests[i];
		for (int j = 0; j < 4; j++)
			right &= RouteTierAt(whole, i)->usd[j] == expected[i][j];
	}
	Ok(right, "sums by tier are those of the requests");
	for (int i = 0; i < whole->nbuckets; i++)
		bucketed += RouteBucketAt(whole, i)->usd[0];
	Ok(bucketed == total, "sums by length are the same money");
	Ok(RouteStateIsValid(whole, size) && !RouteStateIsValid(whole, size - 8), "a state knows its size");

	part = StateOf(costs, SAMPLE / 3, 3);
	other = StateOf(costs + SAMPLE / 3, SAMPLE - SAMPLE / 3, 3);
	RouteWindow(part, other->first_bucket, other->first_bucket + other->nbuckets - 1, &first, &nbuckets);
	wider = malloc(size);
	RouteStateCopy(part, wider, first, nbuckets);
	Ok(RouteStateMatches(wider, other) && RouteStateMerge(wider, other) && memcmp(wider, whole, size) == 0,
	   "parts merge to the whole, byte for byte");

	costs[0].usd[1] = ((Money) 1 << 126);
	RouteTierAt(whole, costs[0].tier)->usd[1] = ((Money) 1 << 126);
	Ok(!RouteStateAdd(whole, &costs[0]), "a sum beyond 128 bits is refused");
	free(whole);
	free(part);
	free(other);
	free(wider);
}

/* ---------- all models at once ---------- */

/* A usage of random meters; one in eight counts is too large to be sure of. */
static void
RandomUsage(UsageBuffer *buffer)
{
	MeterCounts counts = {{0}};
	uint64_t	chosen = Random();

	for (int meter = 0; meter < METER_COUNT; meter++)
	{
		if (meter <= METER_OUTPUT ? chosen >> meter & 3 : (chosen >> (meter + 8) & 7) == 0)
			counts.of[meter] = 1 + (int64_t) (Random() >> (Random() % 8 == 0 ? 15 : 20 + Random() % 40));
	}
	counts.of[METER_REQUESTS] = chosen >> 60 & 1 ? 0 : 1 + (int64_t) (chosen >> 61);
	UsagePack(&counts, &buffer->usage);
}

/* The same, priced model by model; false when a meter that is not free has no price. */
static bool
PriceEach(const int64_t rates[][METER_COUNT], const uint32_t *priced, int ntiers, const Usage *usage, RouteCosts *costs)
{
	int64_t		requests = UsageCount(usage, METER_REQUESTS);

	costs->requests = requests == 0 ? 1 : requests;
	if (!UsageTotal(usage, METERS_OF_INPUT, &costs->prompt_tokens))
		abort();
	costs->prompt_tokens /= costs->requests;
	for (int model = 0; model <= ntiers; model++)
	{
		if ((usage->present & ~priced[model] & ~METER_BIT(METER_REQUESTS)) != 0)
			return false;
		costs->usd[model] = 0;
		for (Meter meter = 0; meter < METER_COUNT; meter++)
		{
			if (!MoneyAddProduct(&costs->usd[model], UsageCount(usage, meter), rates[model][meter]))
				abort();
		}
	}
	return true;
}

static void
TestFlat(void)
{
	enum
	{
		TIERS = 3, ROUNDS = 20000
	};
	int64_t		rates[TIERS + 1][METER_COUNT];
	uint32_t	priced[TIERS + 1];
	RouteFlat	flat = {.from = 1000,.to = 1000000,.known = ~UINT32_C(0)};
	int			added = 0,
				unsure = 0;
	bool		same = true;
	size_t		size = RouteStateSize(TIERS, RouteNamesSize(2, 1), ROUTE_BUCKETS / 2);
	RouteState *together = malloc(size);
	RouteState *one_by_one = malloc(size);
	RouteState *empty = malloc(RouteStateSize(TIERS, RouteNamesSize(2, 1), 0));

	RouteStateInit(empty, TIERS, "{}", "m");
	RouteStateCopy(empty, together, 0, ROUTE_BUCKETS / 2 / ROUTE_OCTAVE * ROUTE_OCTAVE);
	RouteStateCopy(empty, one_by_one, 0, together->nbuckets);
	size = RouteStateSize(TIERS, together->names_size, together->nbuckets);
	for (int model = 0; model <= TIERS; model++)
	{
		priced[model] = ~(METER_BIT(METER_PAGES) | METER_BIT(METER_CITATION)) & (METER_BIT(METER_COUNT) - 1);
		priced[model] &= ~(model == 1 ? METER_BIT(METER_IMAGES) : 0) & ~(model > 1 ? METER_BIT(METER_REQUESTS) : 0);
		for (int meter = 0; meter < METER_COUNT; meter++)
			rates[model][meter] = priced[model] & METER_BIT(meter) ? (int64_t) (Random() >> 16) : 0;
		flat.rates[model] = rates[model];
		flat.known &= priced[model] | METER_BIT(METER_REQUESTS);
		flat.charged |= priced[model];
	}
	for (int round = 0; round < ROUNDS && same; round++)
	{
		UsageBuffer usage;
		RouteCosts	costs = {
			.at = (int64_t) (Random() % 1010000),.tier = (int) (Random() % TIERS),.scored = Random() % 3 > 0
		};
		bool		in_time = costs.at >= 1000 && costs.at < 1000000;

		RandomUsage(&usage);
		if (RouteFlatAdd(&flat, together, &usage.usage, costs.at, costs.tier, costs.scored) == ROUTE_FLAT_UNSURE)
		{
			unsure++;
			continue;
		}
		added++;
		same = in_time && PriceEach(rates, priced, TIERS, &usage.usage, &costs) && RouteStateAdd(one_by_one, &costs) &&
			memcmp(together, one_by_one, size) == 0;
	}
	Ok(same && memcmp(together, one_by_one, size) == 0, "priced at once, %d requests are what they are one by one", added);
	Ok(added > ROUNDS / 10 && unsure > ROUNDS / 10, "and %d others change nothing", unsure);

	RouteTierAt(together, 0)->usd[TIERS] = ((Money) 1 << 126) + (((Money) 1 << 126) - 1);
	Ok(RouteFlatAdd(&flat, together, &((UsageBuffer) {.room = {(int64_t) METER_BIT(METER_INPUT) << 32, INT64_C(1) << 20}}).usage, 1000, 0, true) == ROUTE_FLAT_OVERFLOW,
	   "a sum beyond 128 bits is told");
	free(together);
	free(one_by_one);
	free(empty);
}

/* ---------- quality ---------- */

/* The least k whose point on the curve of strict scores reaches x. */
static double
FirstCrossing(const double *curve, int count, double x)
{
	for (int k = 0; k <= count; k++)
	{
		if (curve[k] >= x * curve[count] - 1e-9)
			return (double) k / count;
	}
	return NAN;
}

static void
TestQuality(void)
{
	static const double thresholds[QUALITY_THRESHOLDS] = {0.2, 0.5, 0.8};
	bool		areas = true;
	bool		crossings = true;
	int			compared = 0;
	QualityReport report;
	QualityPoint tied[] = {{1, 0, 1}, {1, 1, 0}, {1, 0, 1}, {1, 0, 0}};

	for (int round = 0; round < 2000; round++)
	{
		QualityPoint points[40];
		double		curve[41] = {0};
		double		area = 0;
		int			count = 1 + (int) (Random() % 40);

		for (int i = 0; i < count; i++)
		{
			points[i] = (QualityPoint) {.score = count - i,.weak = (double) (Random() % 5),.strong = (double) (Random() % 6)};
			curve[i + 1] = curve[i] + points[i].strong - points[i].weak;
			area += (curve[i] + curve[i + 1]) / 2;
		}
		RouteQuality(points, (size_t) count, &report);
		if (report.status != QUALITY_OK)
			continue;
		compared++;
		areas &= fabs(report.router.apgr - area / count / curve[count]) < 1e-9;
		for (int i = 0; i < QUALITY_THRESHOLDS; i++)
			crossings &= report.router.cpt[i] == FirstCrossing(curve, count, thresholds[i]) &&
				report.router.holds[i] >= report.router.cpt[i] && report.oracle.cpt[i] <= report.router.cpt[i];
		areas &= report.oracle.apgr >= report.router.apgr - 1e-9;
	}
	Ok(compared > 500 && areas, "area of %d curves drawn point by point", compared);
	Ok(crossings, "first crossings of the same; the oracle is never later");

	RouteQuality(tied, 4, &report);
	Ok(report.status == QUALITY_OK && report.router.apgr == 0.5 && report.router.cpt[1] == 0.5,
	   "a score that tells nothing apart is the straight line");
	Ok(report.oracle.apgr == 1.375 && report.oracle.cpt[1] == 0.25 && report.oracle.holds[1] == 0.25,
	   "an oracle may close more than the gap: %g", report.oracle.apgr);

	RouteQuality((QualityPoint[]) {{3, 0, 1}, {2, 1, 0}, {1, 0, 1}}, 3, &report);
	Ok(report.router.cpt[1] == 1.0 / 3 && report.router.holds[1] == 1, "a curve that falls again holds later than it crosses");
	RouteQuality((QualityPoint[]) {{1, 1, 1}}, 1, &report);
	Ok(report.status == QUALITY_NO_GAP, "no gap");
	RouteQuality((QualityPoint[]) {{1, 1, 0}}, 1, &report);
	Ok(report.status == QUALITY_STRONG_IS_WORSE, "the strong model is worse");
	RouteQuality(NULL, 0, &report);
	Ok(report.status == QUALITY_EMPTY, "no requests");
}

int
main(void)
{
	TestTiers();
	TestScaling();
	TestBuckets();
	TestState();
	TestFlat();
	TestQuality();
	return Done();
}
