/*
 * Unit test of what a cache saves: against the cost of the same requests with
 * every token of a cache put back to plain input, and by hand.
 */
#include "tap.h"

#include "cards.h"
#include "spend/cache_savings.h"

#define SAMPLES 100000

/* Rates and counts small enough for sums of all samples. */
static void
RandomCase(MeterCounts *counts, RateVector *vector)
{
	memset(counts, 0, sizeof(*counts));
	memset(vector, 0, sizeof(*vector));
	for (Meter meter = 0; meter < METER_COUNT; meter++)
	{
		if (Below(2) == 0)
			counts->of[meter] = Below(1000000);
		vector->priced |= METER_BIT(meter);
		vector->rate[meter] = Below(1000000000);
	}
}

static Money
CostOf(const MeterCounts *counts, const RateVector *vector)
{
	Money		sum = 0;

	for (Meter meter = 0; meter < METER_COUNT; meter++)
		sum += (Money) counts->of[meter] * vector->rate[meter];
	return sum;
}

/* The same requests without a cache, said anew: each meter by its name. */
static MeterCounts
Uncached(MeterCounts counts)
{
	counts.of[METER_INPUT] += counts.of[METER_CACHE_READ] + counts.of[METER_CACHE_WRITE] + counts.of[METER_CACHE_WRITE_1H];
	counts.of[METER_INPUT_AUDIO] += counts.of[METER_CACHE_READ_AUDIO];
	counts.of[METER_INPUT_IMAGE] += counts.of[METER_CACHE_READ_IMAGE];
	counts.of[METER_CACHE_READ] = counts.of[METER_CACHE_WRITE] = counts.of[METER_CACHE_WRITE_1H] = 0;
	counts.of[METER_CACHE_READ_AUDIO] = counts.of[METER_CACHE_READ_IMAGE] = 0;
	return counts;
}

/* And with all of the prompt read from one. */
static MeterCounts
WhollyCached(MeterCounts counts)
{
	counts.of[METER_CACHE_READ] += counts.of[METER_INPUT] + counts.of[METER_CACHE_WRITE] + counts.of[METER_CACHE_WRITE_1H];
	counts.of[METER_CACHE_READ_AUDIO] += counts.of[METER_INPUT_AUDIO];
	counts.of[METER_CACHE_READ_IMAGE] += counts.of[METER_INPUT_IMAGE];
	counts.of[METER_INPUT] = counts.of[METER_CACHE_WRITE] = counts.of[METER_CACHE_WRITE_1H] = 0;
	counts.of[METER_INPUT_AUDIO] = counts.of[METER_INPUT_IMAGE] = 0;
	return counts;
}

static void
TestAgainstCosts(void)
{
	CacheSavings all = {0},
				halves[2] = {{0}};
	int			wrong = 0;

	for (int i = 0; i < SAMPLES; i++)
	{
		CacheSavings one = {0};
		CostProblem problem;
		MeterCounts counts,
					uncached,
					cached;
		RateVector	vector;
		UsageBuffer buffer;
		Money		premium,
					net;

		RandomCase(&counts, &vector);
		uncached = Uncached(counts);
		cached = WhollyCached(counts);
		UsagePack(&counts, &buffer.usage);
		if (CacheSavingsAdd(&one, &vector, &buffer.usage, &problem) != COST_OK ||
			!CacheSavingsNet(&one, &premium, &net) ||
			one.usd != CostOf(&counts, &vector) || one.usd + net != CostOf(&uncached, &vector) ||
			one.usd - one.unread != CostOf(&cached, &vector))
			wrong++;
		CacheSavingsAdd(&all, &vector, &buffer.usage, &problem);
		CacheSavingsAdd(&halves[i % 2], &vector, &buffer.usage, &problem);
	}
	Ok(wrong == 0, "a cost, what is saved and what is not read add up to those of the same requests otherwise");
	Ok(CacheSavingsMerge(&halves[0], &halves[1]) && memcmp(&halves[0], &all, sizeof(all)) == 0, "parts are merged to the whole");
}

/* Anthropic's ratios: reads a tenth, writes 1.25 and 2 times the input. */
static RateVector
Ratios(void)
{
	RateVector	vector = {.priced = METER_BIT(METER_INPUT) | METER_BIT(METER_CACHE_READ) | METER_BIT(METER_CACHE_WRITE) | METER_BIT(METER_CACHE_WRITE_1H)};

	vector.rate[METER_INPUT] = 100;
	vector.rate[METER_CACHE_READ] = 10;
	vector.rate[METER_CACHE_WRITE] = 125;
	vector.rate[METER_CACHE_WRITE_1H] = 200;
	return vector;
}

static CacheSavings
Of(RateVector vector, int64_t input, int64_t read, int64_t write, int64_t write_1h, CostStatus *status, CostProblem *problem)
{
	CacheSavings sum = {0};
	MeterCounts counts = {{0}};
	UsageBuffer buffer;

	counts.of[METER_INPUT] = input;
	counts.of[METER_CACHE_READ] = read;
	counts.of[METER_CACHE_WRITE] = write;
	counts.of[METER_CACHE_WRITE_1H] = write_1h;
	counts.of[METER_REQUESTS] = 1;
	UsagePack(&counts, &buffer.usage);
	*status = CacheSavingsAdd(&sum, &vector, &buffer.usage, problem);
	return sum;
}

static CostStatus
AddOnce(CacheSavings *sum, const RateVector *vector, int64_t read)
{
	MeterCounts counts = {{0}};
	UsageBuffer buffer;
	CostProblem problem;

	counts.of[METER_CACHE_READ] = read;
	UsagePack(&counts, &buffer.usage);
	return CacheSavingsAdd(sum, vector, &buffer.usage, &problem);
}

static void
TestByHand(void)
{
	CostProblem problem = {METER_COUNT, 0};
	CacheSavings sum,
				empty = {0};
	RateVector	vector = Ratios();
	CostStatus	status;

	sum = Of(vector, 5, 40, 10, 20, &status, &problem);
	Ok(status == COST_OK && sum.usd == 500 + 400 + 1250 + 4000 && sum.saved == 3600 && sum.premium == 250 && sum.premium_1h == 2000,
	   "reads save nine tenths, writes cost a quarter and the whole more");
	Ok(sum.reread == 900 && sum.reread_1h == 1800 && sum.unread == 450 + 1150 + 3800, "once more read; all of it read");
	Ok(sum.requests == 1 && sum.input_tokens == 5 && sum.read_tokens == 40 && sum.write_tokens == 10 && sum.write_1h_tokens == 20,
	   "tokens by what a cache did for them");

	vector.priced &= ~METER_BIT(METER_INPUT);
	sum = Of(vector, 0, 40, 0, 0, &status, &problem);
	Ok(status == COST_UNPRICED && problem.meter == METER_INPUT && memcmp(&sum, &empty, sizeof(sum)) == 0,
	   "reads without a price as plain input are refused");
	vector = Ratios();
	vector.foreign = METER_BIT(METER_INPUT);
	sum = Of(vector, 0, 0, 1, 0, &status, &problem);
	Ok(status == COST_UNPRICED && problem.meter == METER_INPUT, "and writes with one that has no rate in USD");
	vector = Ratios();
	vector.priced &= ~METER_BIT(METER_CACHE_READ);
	sum = Of(vector, 7, 0, 10, 0, &status, &problem);
	Ok(status == COST_OK && sum.unread == 0 && sum.reread == 0 && sum.premium == 250, "without a price for reads, reading saves nothing");
	vector = Ratios();
	sum = Of(vector, 0, INT64_MAX, 0, 0, &status, &problem);
	empty = sum;
	Ok(status == COST_OK && AddOnce(&sum, &vector, INT64_MAX) == COST_OVERFLOW && memcmp(&sum, &empty, sizeof(sum)) == 0,
	   "what does not fit is refused, and changes nothing");
	sum.requests = INT64_MAX;
	empty = sum;
	Ok(!CacheSavingsMerge(&sum, &empty) && memcmp(&sum, &empty, sizeof(sum)) == 0, "also of two parts");
}

int
main(void)
{
	TestAgainstCosts();
	TestByHand();
	return Done();
}
