/*
 * cost.c
 *	  Usage x rates -> exact USD: the parts that are not inlined.
 */
#include "price/cost.h"

const CardVector *
UsageVector(const RateCard *card, const Segment *segment, const Usage *usage,
			int64_t at, UtcOffset utc_offset, CostStatus *status, CostProblem *problem)
{
	const int64_t *buckets = CardAt(card, segment->buckets);
	int64_t		total;

	*status = COST_OK;
	if (SegmentIsFlat(segment))
		return CardAt(card, segment->vectors);
	if (!UsageTotal(usage, METERS_OF_INPUT, &total))
	{
		*status = COST_OVERFLOW;
		return NULL;
	}

	/* The sum of several requests says nothing about the size of each. */
	if (segment->nbuckets > 1 && total >= buckets[1] && UsageCount(usage, METER_REQUESTS) > 1)
	{
		*status = COST_AGGREGATED;
		problem->threshold = buckets[1];
		return NULL;
	}
	return SegmentVector(card, segment, total, at, utc_offset);
}

CostStatus
UsageCost(const RateVector *vector, const Usage *usage, Money *usd, CostProblem *problem)
{
	uint32_t	unpriced = usage->present & ((~vector->priced & ~METER_BIT(METER_REQUESTS)) | vector->foreign);
	uint32_t	present = usage->present;
	Money		sum = 0;

	if (unpriced != 0)
	{
		problem->meter = (Meter) __builtin_ctz(unpriced);
		return COST_UNPRICED;
	}
	for (int i = 0; present != 0; i++, present &= present - 1)
	{
		if (!MoneyAddProduct(&sum, usage->count[i], vector->rate[__builtin_ctz(present)]))
			return COST_OVERFLOW;
	}
	*usd = sum;
	return COST_OK;
}
