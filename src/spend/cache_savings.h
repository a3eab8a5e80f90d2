/*
 * cache_savings.h
 *	  What a prompt cache saves, and what it costs to fill it.
 *
 * A cache changes neither the size of a request nor its context tier, so one
 * vector of rates prices the request as it was, without a cache (what was read
 * and written is plain input), and read whole from one.
 *
 * Invariant: with S the cost as it was, S + saved - premium - premium_1h is
 * exactly what the same requests cost without a cache.  A failed addition
 * changes nothing.
 *
 * Units: USD x 1e-15, tokens.  Pure C: no postgres.h.  Nothing allocates.
 */
#ifndef INFERACCT_CACHE_SAVINGS_H
#define INFERACCT_CACHE_SAVINGS_H

#include "price/cost.h"

typedef struct CacheSavings
{
	int64_t		requests;
	int64_t		input_tokens;	/* of the prompt, neither read nor written */
	int64_t		read_tokens;
	int64_t		write_tokens;	/* for five minutes, or as long as the provider likes */
	int64_t		write_1h_tokens;
	Money		usd;			/* as it was */
	Money		saved;			/* reads: what they would cost uncached, less what they cost */
	Money		premium;		/* writes: what they cost, less what plain input would */
	Money		premium_1h;
	Money		reread;			/* what reading each written token once saves */
	Money		reread_1h;
	Money		unread;			/* what is saved if the rest of the prompt is read from a cache, too */
} CacheSavings;

/* Add requests that have these rates. */
extern CostStatus CacheSavingsAdd(CacheSavings *sum, const RateVector *vector, const Usage *usage, CostProblem *problem);

/* Add those of a part. */
extern bool CacheSavingsMerge(CacheSavings *sum, const CacheSavings *part);

/* *usd = all of the premium; *net = what is saved less that. */
extern bool CacheSavingsNet(const CacheSavings *sum, Money *usd, Money *net);

#endif							/* INFERACCT_CACHE_SAVINGS_H */
