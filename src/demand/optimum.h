/*
 * optimum.h
 *	  The cheapest way to serve a load by an API, its batch prices and the
 *	  replicas of one deployment.  (Of several: mix.h.)
 *
 * The problem.  Time is buckets.  In each comes work that is done at once and
 * work that may wait, counted in parts of what a replica does.  Variables:
 *
 *	  n			replicas that run in every bucket, each at constant_usd a bucket
 *	  a(b)		replicas started for bucket b, each at started_usd
 *	  z(b)		spot replicas of bucket b, each at spot_usd, which do spot_millionths of what
 *				they are given: all are away at the same time, and the API does the rest
 *	  s(b)		parts of the work of b that replicas do at once; the API does the rest
 *	  x(b, c)	parts that come in b and wait for idle replicas in c, b <= c < b + wait
 *	  y(b, c)	the same, on replicas started for them and billed for the time they work
 *
 * with s(b) + sum of x(., b) <= size x (n + a(b)) + what z(b) do of s(b), and n + a(b) +
 * z(b) + sum of y(., b) / size <= most.  fixed_usd is paid when there is any replica.  What waits for none goes to
 * the API at what that takes for work that may wait.
 *
 * The answer is exact where nothing may wait: its cost is convex in n, and given n
 * each bucket is alone.  Work that waits is given to idle replicas earliest deadline
 * first, for every n there can be; a(b) and z(b) are chosen as if idle time were worth
 * nothing, and then what those who waited in vain would have paid.  How much less any
 * other choice could cost, gap_usd, is proven by such prices of idle time (Lagrange).
 * It is 0 where that is exact, too.
 *
 * Invariant: usd is the sum of its parts, all >= 0; no amount is rounded but
 * shares of a bucket's API cost or of a replica's, down to 1e-15 USD.
 * Pure C: no postgres.h.  Nothing here allocates.
 */
#ifndef INFERACCT_OPTIMUM_H
#define INFERACCT_OPTIMUM_H

#include "core/money.h"

/* Parts of a bucket, and replicas, stay below this. */
#define OPTIMUM_MOST_PARTS INT64_C(1000000000000000000)

typedef struct LoadBucket
{
	int64_t		now;			/* parts to be done at once */
	int64_t		waiting;		/* parts that may wait */
	Money		now_usd;		/* what the API takes for them */
	Money		waiting_usd;
	/* of the solver; done and left are then those of the plan found */
	int64_t		done;			/* parts that replicas do at once */
	int64_t		idle;			/* parts that replicas have left */
	int64_t		started;		/* replicas, by the hour and spot */
	int64_t		left;			/* waiting parts that no replica does */
	Money		price;			/* of idle time, per part, in 1e-15 USD / OPTIMUM_PRICE_UNIT */
} LoadBucket;

#define OPTIMUM_PRICE_UNIT 1000000

typedef struct FleetTerms
{
	int64_t		size;			/* parts that a replica does in a bucket */
	int64_t		wait;			/* buckets in which waiting parts may be done, their own first; >= 1 */
	int64_t		least;			/* replicas that run in every bucket when there is any */
	int64_t		most;			/* replicas at once; -1: no limit */
	Money		constant_usd;	/* a bucket of a replica that runs in every bucket; -1: there is none */
	Money		started_usd;	/* of one that is started for the bucket; -1: there is none */
	Money		spot_usd;		/* of a spot replica, for the time it is there; -1: there is none */
	int64_t		spot_millionths;	/* the part of the time in which it is there, > 0 */
	Money		fixed_usd;		/* with any replica, over all buckets */
	bool		bought;			/* `least` replicas always run, whatever else would be cheaper */
} FleetTerms;

typedef struct Optimum
{
	int64_t		replicas;		/* n */
	int64_t		most_started;	/* the largest a(b) + z(b) */
	Money		started;		/* sum of a(b) */
	Money		spot;			/* sum of z(b) */
	Money		waited;			/* parts that waited for a replica, sum of x + y */
	Money		waited_started; /* of them, y */
	Money		served;			/* parts done by replicas */
	Money		constant_usd;
	Money		started_usd;	/* of a(b) and y */
	Money		spot_usd;		/* of z(b) */
	Money		fixed_usd;
	Money		api_usd;		/* for work that comes at once */
	Money		batch_usd;		/* to the API, for work that may wait */
	Money		usd;			/* all of it */
	Money		gap_usd;		/* what another choice could save at most */
} Optimum;

typedef enum OptimumStatus
{
	OPTIMUM_OK,
	OPTIMUM_OVERFLOW,			/* an amount does not fit */
	OPTIMUM_TOO_LARGE			/* too many replicas x buckets to try */
} OptimumStatus;

/* Counts and amounts >= 0; the solver's own fields of the buckets are overwritten. */
extern OptimumStatus OptimumFind(LoadBucket *buckets, int64_t nbuckets, const FleetTerms *terms,
								 void (*check_interrupts) (void), Optimum *best);

/* amount x part / whole, rounded down; part <= whole or both small enough to stay in range. */
static inline Money
ShareOf(Money amount, int64_t part, int64_t whole)
{
	return amount / whole * part + amount % whole * part / whole;
}

#endif							/* INFERACCT_OPTIMUM_H */
