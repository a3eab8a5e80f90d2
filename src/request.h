/*
 * request.h
 *	  One request, as SQL describes it, priced by a Pricing.
 *
 * The functions return false, and leave their results alone, when the request
 * has no price and inferacct.unpriced is null; by default that is an error.
 * Everything else that is wrong is always an error.
 *
 * Units: USD x 1e-15, tokens.  Strings need not end in NUL and are the caller's.
 * Included after postgres.h.
 */
#ifndef INFERACCT_REQUEST_H
#define INFERACCT_REQUEST_H

#include "cost.h"
#include "pricing.h"

typedef struct RequestText
{
	const char *bytes;			/* NULL when not given */
	Size		length;
} RequestText;

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
	const RateCard *card;
	const Lane *lane;
	const RateVector *vector;
} RequestPrice;

/* Find the rates of a request of that usage. */
extern bool RequestFindPrice(Pricing *pricing, const Request *request, const Usage *usage, RequestPrice *price);

/* *usd = what it costs. */
extern bool RequestUsageCost(Pricing *pricing, const Request *request, const Usage *usage, Money *usd);
extern bool RequestTokensCost(Pricing *pricing, const Request *request, int64 input, int64 output, Money *usd);

/* Make an error of a cost that could not be computed, or false where that is allowed. */
extern bool RequestOutcome(CostStatus status, const CostProblem *problem, const RequestPrice *price, TimestampTz at);

/* Read the model's arguments: not NULL is checked by the caller. */
extern RequestText RequestTextOf(const text *value);

extern void CheckRequestTime(TimestampTz at);
extern void CheckTokens(int64 input, int64 output);

#endif							/* INFERACCT_REQUEST_H */
