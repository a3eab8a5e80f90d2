/*
 * rate_reason.h
 *	  Why a rate of a card is what it is: its row, its factors, and what would
 *	  hold if that row were not there.
 *
 * Pure C: no postgres.h.
 */
#ifndef INFERACCT_RATE_REASON_H
#define INFERACCT_RATE_REASON_H

#include "price/rate_card.h"

#define MAX_NEXT 2

typedef struct RateReason
{
	PriceRow	from;			/* strings are the card's */
	PriceRow	factors[MAX_FACTORS];	/* in the order in which they apply */
	int			nfactors;
	Meter		priced_as;		/* the meter whose price it is */
	bool		fallback_region;
	bool		fallback_tier;
	PriceRow	next[MAX_NEXT]; /* rows that would hold instead, the next one first */
	int			nnext;
} RateReason;

/*
 * *reason is why a meter has its rate in a vector of a segment of a lane; false
 * when there is none, or memory is out, which the host gives.
 */
extern bool RateCardReason(const RateCard *card, const Lane *lane, const Segment *segment, const CardVector *vector,
						   Meter meter, const Host *host, RateReason *reason);

#endif							/* INFERACCT_RATE_REASON_H */
