/*
 * request_refusal.h
 *	  Why a request has no price, in words: the sentences to the reasons that
 *	  request.c finds.
 *
 * Strings are palloc'd in the current memory context, or constant.  Included
 * after postgres.h.
 */
#ifndef INFERACCT_REQUEST_REFUSAL_H
#define INFERACCT_REQUEST_REFUSAL_H

#include "session/refusal.h"
#include "session/request.h"

/* The model has no prices for the service tier, or none yet at the time. */
extern Refusal UnknownTier(const Pricing *pricing, const RateCard *card, RequestText tier);
extern Refusal NoPriceYet(const Pricing *pricing, const RateCard *card, const Lane *lane, TimestampTz at);

/* A meter has no price, one in another currency that is none in USD, or only another meter's or region's. */
extern Refusal UnpricedMeter(const Pricing *pricing, const RequestPrice *price, TimestampTz at, Meter meter);
extern Refusal Foreign(Pricing *pricing, const RequestPrice *price, TimestampTz at, Meter meter);
extern Refusal FallbackMeter(const Pricing *pricing, const RequestPrice *price, TimestampTz at, Meter meter);

/* A name, or a region, that only a guess could price. */
extern Refusal GuessedName(const Pricing *pricing, const RequestPrice *price, const Request *request);
extern Refusal FallbackRegion(const Pricing *pricing, const RequestPrice *price, RequestText region);

/* The usage of several requests, which together pass a context tier. */
extern Refusal Aggregated(const RateCard *card, const Usage *usage, int64 threshold);

#endif							/* INFERACCT_REQUEST_REFUSAL_H */
