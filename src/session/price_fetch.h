/*
 * price_fetch.h
 *	  Rate cards and price books from the price tables, as the active snapshot
 *	  and the current user see them.
 *
 * Invariant: what is not known at as_of, or hidden by a policy, has no part in
 * a result.  Results are made in the memory context that is given.  Included
 * after postgres.h.
 */
#ifndef INFERACCT_PRICE_FETCH_H
#define INFERACCT_PRICE_FETCH_H

#include "price/price_book.h"
#include "session/price_scan.h"

/* The card of a model, NULL when it has no prices; in context. */
extern RateCard *LoadRateCard(PriceReader *reader, const char *provider, const char *model, MemoryContext context);

/* The exchange rates of a currency, in context. */
extern FxSeries LoadFxSeries(PriceReader *reader, const char *currency, MemoryContext context);

/* Raise that there is no such contract; "" is none and always there. */
extern void CheckContract(const char *contract, TimestampTz as_of);

/* Which rows of the tables are to be known. */
typedef struct PriceScope
{
	TimestampTz as_of;			/* published until then; DT_NOEND: all */
	int64		last_version;	/* of versions up to this one; PG_INT64_MAX: all */
	const char *contract;		/* "" list prices */
	bool		unpriced_null;	/* the book leaves out what has no price */
	bool		refuse_guess;	/* what only a guess or a fallback could price has no price */
	bool		before_known;	/* as_of was asked for before the oldest version */
	int32		stale_after;	/* days for which a check of a price holds, or STALE_NEVER */
} PriceScope;

/* Everything at once. */
extern PriceBook *LoadPriceBook(const PriceScope *scope, MemoryContext context);

#endif							/* INFERACCT_PRICE_FETCH_H */
