/*
 * Unit test of costs: usage x rates against arithmetic in 32-bit limbs, done
 * by hand.
 */
#include "tap.h"

#include "cards.h"
#include "price/cost.h"

#define SAMPLES 200000
#define LIMBS 6					/* 192 bits */

/* ---------- sums of products, as on paper ---------- */

typedef struct Wide
{
	uint32_t	limb[LIMBS];	/* least first */
} Wide;

static void
WideAdd(Wide *sum, int position, uint64_t value)
{
	for (; value != 0 && position < LIMBS; position++)
	{
		uint64_t	total = (value & UINT32_MAX) + sum->limb[position];

		sum->limb[position] = (uint32_t) total;
		value = (value >> 32) + (total >> 32);
	}
}

static void
WideAddProduct(Wide *sum, uint64_t a, uint64_t b)
{
	WideAdd(sum, 0, (a & UINT32_MAX) * (b & UINT32_MAX));
	WideAdd(sum, 1, (a >> 32) * (b & UINT32_MAX));
	WideAdd(sum, 1, (a & UINT32_MAX) * (b >> 32));
	WideAdd(sum, 2, (a >> 32) * (b >> 32));
}

static bool
WideFits(const Wide *wide)
{
	return wide->limb[4] == 0 && wide->limb[5] == 0 && wide->limb[3] <= INT32_MAX;
}

static bool
WideEquals(const Wide *wide, Money money)
{
	for (int i = 0; i < 4; i++)
	{
		if (wide->limb[i] != (uint32_t) ((unsigned __int128) money >> (32 * i)))
			return false;
	}
	return true;
}

/* ---------- random usage and rates ---------- */

/* Small, middling and huge numbers, and the extremes. */
static int64_t
RandomCount(void)
{
	static const int64_t extremes[] = {0, 1, INT64_MAX - 1, INT64_MAX};

	if (Below(3) == 0)
		return PICK(extremes);
	return (int64_t) (Random64() >> (1 + Below(63)));
}

static void
RandomCase(MeterCounts *counts, RateVector *vector)
{
	memset(counts, 0, sizeof(*counts));
	memset(vector, 0, sizeof(*vector));
	for (Meter meter = 0; meter < METER_COUNT; meter++)
	{
		if (Below(3) == 0)
			counts->of[meter] = RandomCount();
		if (Below(12) == 0)
			continue;
		vector->priced |= METER_BIT(meter);
		vector->rate[meter] = RandomCount();
	}
}

static void
TestUsageCost(void)
{
	int			wrong = 0,
				seen[4] = {0};

	for (int n = 0; n < SAMPLES; n++)
	{
		MeterCounts counts;
		UsageBuffer buffer;
		RateVector	vector;
		Wide		expected = {{0}};
		Meter		unpriced = METER_COUNT;
		Money		usd = -1;
		CostProblem problem = {METER_COUNT, 0};
		CostStatus	status;

		RandomCase(&counts, &vector);
		UsagePack(&counts, &buffer.usage);
		for (Meter meter = METER_COUNT; meter-- > 0;)
		{
			if (counts.of[meter] > 0 && (vector.priced & METER_BIT(meter)))
				WideAddProduct(&expected, (uint64_t) counts.of[meter], (uint64_t) vector.rate[meter]);
			else if (counts.of[meter] > 0 && meter != METER_REQUESTS)
				unpriced = meter;
		}

		status = UsageCost(&vector, &buffer.usage, &usd, &problem);
		seen[status]++;
		if (unpriced != METER_COUNT)
			wrong += status != COST_UNPRICED || problem.meter != unpriced || usd != -1;
		else if (!WideFits(&expected))
			wrong += status != COST_OVERFLOW || usd != -1;
		else
			wrong += status != COST_OK || !WideEquals(&expected, usd);
	}
	Ok(wrong == 0, "%d random usages cost what arithmetic by hand says (%d do not)", SAMPLES, wrong);
	Ok(seen[COST_OK] > 1000 && seen[COST_UNPRICED] > 1000 && seen[COST_OVERFLOW] > 1000,
	   "among them exact costs (%d), unpriced meters (%d), overflows (%d)",
	   seen[COST_OK], seen[COST_UNPRICED], seen[COST_OVERFLOW]);
}

/* The short cut for plain tokens is the same as the usage of one request. */
static void
TestTokensCost(void)
{
	int			wrong = 0;

	for (int n = 0; n < SAMPLES; n++)
	{
		MeterCounts counts = {{0}};
		UsageBuffer buffer;
		RateVector	vector;
		Money		usd = -1,
					same = -1;
		CostProblem problem = {METER_COUNT, 0},
					other = {METER_COUNT, 0};
		CostStatus	status;

		RandomCase(&counts, &vector);
		memset(&counts, 0, sizeof(counts));
		counts.of[METER_INPUT] = RandomCount();
		counts.of[METER_OUTPUT] = RandomCount();
		counts.of[METER_REQUESTS] = 1;
		UsagePack(&counts, &buffer.usage);
		status = TokensCost(&vector, counts.of[METER_INPUT], counts.of[METER_OUTPUT], &usd, &problem);
		wrong += status != UsageCost(&vector, &buffer.usage, &same, &other) ||
			usd != same || problem.meter != other.meter;
	}
	Ok(wrong == 0, "plain tokens cost as much as their usage (%d do not)", wrong);
}

/* ---------- the vector of a usage ---------- */

static PriceRow
InputRow(int64_t min_input, int64_t value)
{
	return (PriceRow) {
		.valid_from = TIME_BEGIN,.value = value,.unit_quantity = 1,.min_input = min_input,.version = 1,
		.kind = PRICE_RATE,.meter = METER_INPUT,.service_tier = "standard",.region = "",.windows = "",.source = "",.catalog = "",.note = "",
		.valid_to = TIME_END,.currency = "USD"
	};
}

static const RateVector *
VectorOf(const RateCard *card, int64_t input, int64_t cache_read, int64_t output, int64_t requests,
		 CostStatus *status, CostProblem *problem)
{
	MeterCounts counts = {{0}};
	UsageBuffer buffer;

	counts.of[METER_INPUT] = input;
	counts.of[METER_CACHE_READ] = cache_read;
	counts.of[METER_OUTPUT] = output;
	counts.of[METER_REQUESTS] = requests;
	UsagePack(&counts, &buffer.usage);
	return CardVectorInUsd(UsageVector(card, LaneSegment(card, RateCardLane(card, "standard", 8, "", 0), 0),
					   &buffer.usage, 0, TestOffset, status, problem));
}

static void
TestUsageVector(void)
{
	PriceRow	rows[] = {InputRow(0, 1), InputRow(200001, 2), InputRow(1000000, 3)};
	PriceRow	flat_row = InputRow(0, 1);
	Arena		arena = {.left = -1};
	Host		host = ArenaHost(&arena);
	RateCard   *card,
			   *flat;
	const PriceRow *culprit;
	CostProblem problem = {METER_COUNT, 0};
	CostStatus	status;

	RateCardBuild("acme", "tiers", rows, 3, false, &host, &card, &culprit);
	RateCardBuild("acme", "flat", &flat_row, 1, false, &host, &flat, &culprit);

	Ok(VectorOf(card, 200000, 0, 9999999, 1, &status, &problem)->rate[METER_INPUT] == 1, "at the threshold: not above it; output does not count");
	Ok(VectorOf(card, 200000, 1, 0, 1, &status, &problem)->rate[METER_INPUT] == 2, "a cached token counts toward the total input");
	Ok(VectorOf(card, 999999, 0, 0, 1, &status, &problem)->rate[METER_INPUT] == 2, "the second tier up to the third");
	Ok(VectorOf(card, 1000000, 0, 0, 0, &status, &problem)->rate[METER_INPUT] == 3, "the third; without a count of requests it is one");
	Ok(VectorOf(card, 100000, 100000, 0, 5, &status, &problem)->rate[METER_INPUT] == 1 && status == COST_OK,
	   "five requests that together do not pass the threshold");
	Ok(VectorOf(card, 100000, 100001, 0, 5, &status, &problem) == NULL && status == COST_AGGREGATED && problem.threshold == 200001,
	   "five that together do are refused");
	Ok(VectorOf(flat, INT64_MAX, INT64_MAX, 0, 5, &status, &problem)->rate[METER_INPUT] == 1 && status == COST_OK,
	   "without tiers any number of requests will do");
	Ok(VectorOf(card, INT64_MAX, 1, 0, 1, &status, &problem) == NULL && status == COST_OVERFLOW,
	   "a total input beyond 64 bits is refused");
	ArenaFree(&arena);
}

int
main(void)
{
	TestUsageCost();
	TestTokensCost();
	TestUsageVector();
	return Done();
}
