/*
 * price_cache.h
 *	  The Pricing of the current statement, kept per backend.
 *
 * Invariant: a Pricing is used by a statement only if it was loaded under the
 * price epoch, user, as_of and contract that the statement itself sees; see
 * price_cache.c.  Included after postgres.h.
 */
#ifndef INFERACCT_PRICE_CACHE_H
#define INFERACCT_PRICE_CACHE_H

#include "session/statement_prices.h"

/* Moves whenever a Pricing of the tables that somebody may still hold is no longer good. */
extern uint64 price_generation;

/* The Pricing of the statement that is running. */
extern Pricing *PricingOfStatement(void);

/* Settings have changed: the next call looks again. */
extern void PriceCacheForget(void);

/* A row of prices of our own arrives, or is rolled back: drop what was loaded from such rows. */
extern void PriceCacheForgetOwn(void);

/* Register what keeps the cache right; called once when the library is loaded. */
extern void PriceCacheInit(void);

#endif							/* INFERACCT_PRICE_CACHE_H */
