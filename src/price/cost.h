/*
 * cost.h
 *	  Usage x rates -> exact USD.
 *
 * Invariant: a cost is the sum over meters of count x rate in 128-bit integers;
 * nothing is rounded, and whatever has no price is reported, never taken as 0.
 * The one exception is the meter `requests`, which every usage carries: it
 * costs something only where a price per request exists, in whatever currency.
 *
 * Units: USD x 1e-15, tokens.  Pure C: no postgres.h.  Nothing allocates.
 */
#ifndef INFERACCT_COST_H
#define INFERACCT_COST_H

#include "price/rate_card.h"
#include "core/usage.h"

typedef enum CostStatus
{
	COST_OK,
	COST_UNPRICED,				/* problem.meter has no price */
	COST_AGGREGATED,			/* several requests whose total passes problem.threshold */
	COST_OVERFLOW
} CostStatus;

typedef struct CostProblem
{
	Meter		meter;
	int64_t		threshold;
} CostProblem;

/* Does every request at this time cost the same per token, whatever its size? */
static inline bool
SegmentIsFlat(const Segment *segment)
{
	return segment->nbuckets == 1 && segment->nwindows == 1;
}

/* The vector that prices a usage at a moment; NULL with *problem set when it cannot be chosen. */
extern const CardVector *UsageVector(const RateCard *card, const Segment *segment, const Usage *usage,
									 int64_t at, UtcOffset utc_offset,
									 CostStatus *status, CostProblem *problem);

/* *usd = the cost of a usage at the rates of a vector. */
extern CostStatus UsageCost(const RateVector *vector, const Usage *usage, Money *usd, CostProblem *problem);

/* The same for one request of plain input and output tokens, both >= 0. */
static inline CostStatus
TokensCost(const RateVector *vector, int64_t input, int64_t output, Money *usd, CostProblem *problem)
{
	const uint32_t needed = (input > 0 ? METER_BIT(METER_INPUT) : 0) | (output > 0 ? METER_BIT(METER_OUTPUT) : 0);
	const uint32_t unpriced = (needed & ~vector->priced) | (vector->foreign & METER_BIT(METER_REQUESTS));

	if (unpriced != 0)
	{
		problem->meter = (Meter) __builtin_ctz(unpriced);
		return COST_UNPRICED;
	}

	/* An unpriced meter has rate 0; three products cannot overflow (money.h). */
	*usd = (Money) input * vector->rate[METER_INPUT] +
		(Money) output * vector->rate[METER_OUTPUT] + vector->rate[METER_REQUESTS];
	return COST_OK;
}

#endif							/* INFERACCT_COST_H */
