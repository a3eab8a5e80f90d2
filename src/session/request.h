/*
 * request.h
 *	  One request, as SQL describes it, priced by a Pricing.
 *
 * The functions return false, and leave their results alone, when the request
 * has no price and such requests are left out (PricingLeavesOut()); by default
 * that is an error.  A cost out of range is left out likewise.  Whoever
 * wants to be told instead gives a Refusal to fill in.
 *
 * Units: USD x 1e-15, tokens.  Strings need not end in NUL and are the caller's.
 * Included after postgres.h.
 */
#ifndef INFERACCT_REQUEST_H
#define INFERACCT_REQUEST_H

#include "price/cost.h"
#include "session/refusal.h"
#include "session/statement_prices.h"

typedef struct RequestText
{
	const char *bytes;			/* NULL when not given */
	Size		length;
} RequestText;

#define STANDARD_TIER ((RequestText) {"standard", 8})

typedef struct Request
{
	RequestText model;
	RequestText service_tier;	/* not given: standard */
	RequestText region;			/* not given: what the model's name says */
	TimestampTz at;
} Request;

/* What a request is priced with. */
typedef struct RequestPrice
{
	Refusal    *refusal;		/* told why there is no price instead of an error; NULL: raise it */
	const RateCard *card;
	const Lane *lane;
	const Segment *segment;
	const CardVector *stated;	/* in the currencies of the prices */
	const RateVector *vector;	/* in USD at the time of the request */
	ModelRule	name_rule;		/* how the name was understood */
	Confidence	name_confidence;
	bool		fallback_region;	/* the lane is that of the base region, for want of one */
} RequestPrice;

/* Find the rates of a request of that usage. */
extern bool RequestFindPrice(Pricing *pricing, const Request *request, const Usage *usage, RequestPrice *price);

/* What it costs, the long way: every tier, region, context and reason why not. */
extern bool RequestUsageCostAnyhow(Pricing *pricing, const Request *request, const Usage *usage, Money *usd);
extern bool RequestTokensCostAnyhow(Pricing *pricing, const Request *request, int64 input, int64 output, Money *usd);

/* Make an error of a cost that could not be computed, or false where that is allowed. */
extern bool RequestOutcome(Pricing *pricing, CostStatus status, const CostProblem *problem,
						   const RequestPrice *price, TimestampTz at);

/* Raise why there is no price, or tell it; false. */
extern bool RequestRefuse(const RequestPrice *price, Refusal refusal);

/* What the price of a meter of a request rests on: the worst that applies. */
extern Confidence RequestConfidence(const Pricing *pricing, const RequestPrice *price, Meter meter, TimestampTz at);

/* Is the service tier not given, or "standard"? */
static inline bool
RequestIsStandard(const Request *request)
{
	return request->service_tier.bytes == NULL ||
		(request->service_tier.length == 8 && memcmp(request->service_tier.bytes, "standard", 8) == 0);
}

/* The standard segment of a request that asks for nothing special, or NULL. */
static inline const NameSpan *
RequestStandard(Pricing *pricing, const Request *request)
{
	if (request->region.bytes != NULL || !RequestIsStandard(request))
		return NULL;
	return PricingStandard(pricing, request->model.bytes, request->model.length, request->at);
}

/* *usd = what a request of a usage costs. */
static inline bool
RequestUsageCost(Pricing *pricing, const Request *request, const Usage *usage, Money *usd)
{
	const NameSpan *span = RequestStandard(pricing, request);
	CostProblem problem;
	CostStatus	status;

	if (likely(span != NULL))
	{
		const RateVector *vector = likely(span->flat != NULL) ? span->flat :
			CardVectorInUsd(UsageVector(span->card, span->segment, usage, request->at, PricingUtcOffset, &status, &problem));

		if (likely(vector != NULL && UsageCost(vector, usage, usd, &problem) == COST_OK))
			return true;
	}
	return RequestUsageCostAnyhow(pricing, request, usage, usd);
}

/* *usd = what a request of plain tokens costs. */
static inline bool
RequestTokensCost(Pricing *pricing, const Request *request, int64 input, int64 output, Money *usd)
{
	const NameSpan *span = RequestStandard(pricing, request);
	CostProblem problem;

	if (likely(span != NULL))
	{
		const RateVector *vector = likely(span->flat != NULL) ? span->flat :
			CardVectorInUsd(SegmentVector(span->card, span->segment, input, request->at, PricingUtcOffset));

		if (likely(vector != NULL && TokensCost(vector, input, output, usd, &problem) == COST_OK))
			return true;
	}
	return RequestTokensCostAnyhow(pricing, request, input, output, usd);
}

/* Raise what is wrong with the time or the tokens of a request. */
extern void RequestTimeError(void) __attribute__((noreturn));
extern void RequestTokensError(int64 input) __attribute__((noreturn));

#endif							/* INFERACCT_REQUEST_H */
