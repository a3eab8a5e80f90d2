/*
 * mix.h
 *	  The cheapest way to serve a load by an API and several deployments at once.
 *
 * The problem.  Work comes in classes: what the same candidates may serve, each with
 * the same quality.  Variables:
 *
 *	  t(k)		the classes that candidate k takes, of those that it may serve
 *	  u(k, b)	its share of all of them that comes at once in bucket b
 *	  v(k, b)	its share of all of them that may wait
 *
 * with sum of u(k, b) <= 1 and sum of v(k, b) <= 1 over the k that take a class, and its
 * replicas: n, a(b), z(b), x and y of optimum.h.  The API does the rest.  What a candidate
 * costs beside its replicas (per token, or for answers that are asked of the API again) is
 * own_usd.
 *
 * The answer is the best of: one candidate; one that comes first, with every number of
 * replicas that there can be (of many, those about the best), and one on what that leaves;
 * then any other on the rest.  gap_usd is how much less any choice could cost at most: for
 * whatever prices work has (at most the API's), all candidates together save no more than
 * each by itself does at those prices, and what is served twice is paid back (Lagrange).
 * The prices are searched for; the bound holds for any.  It is 0 where candidates share no
 * work, and none waits.
 *
 * Invariant: usd = api_usd - the saved_usd of all candidates.
 * Pure C: no postgres.h.  Nothing here allocates.
 */
#ifndef INFERACCT_MIX_H
#define INFERACCT_MIX_H

#include "demand/optimum.h"

/* Shares of a bucket's work are counted in these, so that halves, thirds ... sixteenths are exact. */
#define MIX_SHARE INT64_C(720720000000000)

/* Classes that a candidate may serve; every set of them is tried. */
#define MIX_MOST_SERVED 6

typedef struct MixCandidate
{
	FleetTerms	terms;
	uint64_t	serves;			/* bit c: class c, of at most 64 */
	const int64_t *now;			/* parts, by class and bucket, all buckets of a class together */
	const int64_t *waiting;
	const Money *now_own_usd;	/* what they cost beside replicas */
	const Money *waiting_own_usd;
} MixCandidate;

typedef struct MixPlan
{
	Optimum		optimum;		/* all 0 for a candidate without replicas */
	uint64_t	takes;			/* t(k) */
	Money		saved_usd;		/* against the API, for what those before it left */
} MixPlan;

typedef struct Mix
{
	Money		api_usd;		/* the API alone */
	Money		usd;
	Money		gap_usd;
} Mix;

typedef struct MixProblem
{
	int64_t		nbuckets;
	int			nclasses;
	int			ncandidates;
	const Money *now_usd;		/* of the API, by class and bucket */
	const Money *waiting_usd;
	const MixCandidate *candidates;
	/* of the solver, for nbuckets each: LoadBucket once, the others for each class */
	LoadBucket *buckets;
	int64_t    *now_left;		/* shares */
	int64_t    *waiting_left;
	int64_t    *now_served;
	int64_t    *waiting_served;
	Money	   *now_price;
	Money	   *waiting_price;
	void		(*check_interrupts) (void);
} MixProblem;

/* plans: one for each candidate, in their order. */
extern OptimumStatus MixFind(MixProblem *problem, Mix *mix, MixPlan *plans);

#endif							/* INFERACCT_MIX_H */
