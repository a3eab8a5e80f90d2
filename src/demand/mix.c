/*
 * mix.c
 *	  The cheapest way to serve a load by an API and several deployments at once.
 */
#include "demand/mix.h"

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* Rounds in which prices of work are searched for. */
#define MOST_ROUNDS 60

/* Numbers of replicas that are tried at first; then those about the best. */
#define FIRST_TRIES 16

/* What the candidate that takes work first does with it. */
typedef enum Taking
{
	TAKE_NOW,					/* replicas that always run serve what comes at once */
	TAKE_IDLE,					/* and what waits for them */
	TAKE_ALL,					/* and others are started */
	TAKINGS
} Taking;

typedef struct Pair
{
	int			first;			/* -1: none */
	int			second;			/* -1: none */
	Taking		taking;
	uint64_t	takes;			/* classes of the first */
	int64_t		replicas;		/* of the first */
	Money		saved_usd;
} Pair;

/* ---------- one candidate's part ---------- */

static int64_t
LeftOf(int64_t parts, int64_t share)
{
	return (int64_t) (((Money) parts * share + MIX_SHARE - 1) / MIX_SHARE);
}

/* The least that is left, in a bucket, of classes that are taken together. */
static int64_t
LeastLeft(const MixProblem *problem, const int64_t *left, uint64_t takes, int64_t b)
{
	int64_t		least = MIX_SHARE;

	for (int c = 0; c < problem->nclasses; c++)
	{
		if (takes >> c & 1)
			least = MIN(least, left[c * problem->nbuckets + b]);
	}
	return least;
}

/*
 * The load of a candidate: what is left of the classes that it takes, at these prices less
 * what it costs beside replicas.  Returns what that is worth, which it cannot save more than.
 */
static Money
FillBuckets(MixProblem *problem, const MixCandidate *candidate, uint64_t takes, const Money *now_usd,
			const Money *waiting_usd)
{
	Money		value = 0;

	for (int64_t b = 0; b < problem->nbuckets; b++)
	{
		LoadBucket	bucket = {0};
		int64_t		now_left = LeastLeft(problem, problem->now_left, takes, b);
		int64_t		waiting_left = LeastLeft(problem, problem->waiting_left, takes, b);

		for (int c = 0; c < problem->nclasses; c++)
		{
			int64_t		i = c * problem->nbuckets + b;

			if ((takes >> c & 1) == 0)
				continue;
			bucket.now += candidate->now[i];
			bucket.waiting += candidate->waiting[i];
			bucket.now_usd += now_usd[i] - candidate->now_own_usd[i];
			bucket.waiting_usd += waiting_usd[i] - candidate->waiting_own_usd[i];
		}
		bucket.now = bucket.now_usd > 0 ? LeftOf(bucket.now, now_left) : 0;
		bucket.now_usd = bucket.now > 0 ? ShareOf(bucket.now_usd, now_left, MIX_SHARE) : 0;
		bucket.waiting = bucket.waiting_usd > 0 ? LeftOf(bucket.waiting, waiting_left) : 0;
		bucket.waiting_usd = bucket.waiting > 0 ? ShareOf(bucket.waiting_usd, waiting_left, MIX_SHARE) : 0;
		value += bucket.now_usd + bucket.waiting_usd;
		problem->buckets[b] = bucket;
	}
	return value;
}

/* A share of a share. */
static int64_t
ShareOfParts(int64_t share, int64_t parts, int64_t all)
{
	return all == 0 ? 0 : (int64_t) ((Money) share * parts / all);
}

/* Note the shares that the plan in the buckets serves of the classes taken, and take them away if asked to. */
static void
NoteServed(MixProblem *problem, uint64_t takes, bool take)
{
	for (int64_t b = 0; b < problem->nbuckets; b++)
	{
		const LoadBucket *bucket = &problem->buckets[b];
		int64_t		now = ShareOfParts(LeastLeft(problem, problem->now_left, takes, b), bucket->done, bucket->now);
		int64_t		waiting = ShareOfParts(LeastLeft(problem, problem->waiting_left, takes, b),
										   bucket->waiting - bucket->left, bucket->waiting);

		for (int c = 0; c < problem->nclasses; c++)
		{
			int64_t		i = c * problem->nbuckets + b;

			if ((takes >> c & 1) == 0)
				continue;
			problem->now_served[i] += now;
			problem->waiting_served[i] += waiting;
			problem->now_left[i] -= take ? now : 0;
			problem->waiting_left[i] -= take ? waiting : 0;
		}
	}
}

static void
NothingServed(MixProblem *problem)
{
	for (int64_t i = 0; i < problem->nclasses * problem->nbuckets; i++)
	{
		problem->now_left[i] = problem->waiting_left[i] = MIX_SHARE;
		problem->now_served[i] = problem->waiting_served[i] = 0;
	}
}

/* The best plan of a candidate that takes these classes; at what the API takes, or at the problem's prices of work. */
static OptimumStatus
PlanFor(MixProblem *problem, int candidate, uint64_t takes, bool at_prices, MixPlan *plan)
{
	const MixCandidate *own = &problem->candidates[candidate];
	Money		value = FillBuckets(problem, own, takes, at_prices ? problem->now_price : problem->now_usd,
									at_prices ? problem->waiting_price : problem->waiting_usd);
	OptimumStatus status = OptimumFind(problem->buckets, problem->nbuckets, &own->terms, problem->check_interrupts,
									   &plan->optimum);

	plan->takes = takes;
	plan->saved_usd = value - plan->optimum.usd;
	return status;
}

/* The same, of the best of: all classes that it may serve, those that others take, and those that they do not. */
static OptimumStatus
PlanRest(MixProblem *problem, int candidate, uint64_t others, MixPlan *plan)
{
	uint64_t	serves = problem->candidates[candidate].serves;
	uint64_t	choices[] = {serves, serves & others, serves & ~others};
	uint64_t	best = serves;
	Money		most = -1;
	OptimumStatus status = OPTIMUM_OK;

	for (int i = 0; i < 3 && status == OPTIMUM_OK; i++)
	{
		status = PlanFor(problem, candidate, choices[i], false, plan);
		if (plan->saved_usd > most)
		{
			most = plan->saved_usd;
			best = choices[i];
		}
		if ((serves & others) == 0)
			return status;
	}
	return status == OPTIMUM_OK ? PlanFor(problem, candidate, best, false, plan) : status;
}

/* What so many replicas of the candidate that comes first serve. */
static OptimumStatus
PlanFirst(MixProblem *problem, const Pair *pair, MixPlan *plan)
{
	const MixCandidate *own = &problem->candidates[pair->first];
	FleetTerms	terms = own->terms;
	Money		value;
	OptimumStatus status;

	NothingServed(problem);
	value = FillBuckets(problem, own, pair->takes, problem->now_usd, problem->waiting_usd);
	terms.least = pair->replicas;
	terms.bought = true;
	if (pair->taking != TAKE_ALL)
		terms.started_usd = terms.spot_usd = -1;
	for (int64_t b = 0; pair->taking == TAKE_NOW && b < problem->nbuckets; b++)
	{
		value -= problem->buckets[b].waiting_usd;
		problem->buckets[b].waiting = 0;
		problem->buckets[b].waiting_usd = 0;
	}
	status = OptimumFind(problem->buckets, problem->nbuckets, &terms, problem->check_interrupts, &plan->optimum);
	plan->takes = pair->takes;
	plan->saved_usd = value - plan->optimum.usd;
	NoteServed(problem, pair->takes, true);
	return status;
}

/* ---------- two candidates ---------- */

static OptimumStatus
TryPair(MixProblem *problem, Pair *pair, Pair *best)
{
	MixPlan		first = {0},
				second = {0};
	OptimumStatus status = OPTIMUM_OK;

	if (pair->first < 0)
		NothingServed(problem);
	else
		status = PlanFirst(problem, pair, &first);
	if (status == OPTIMUM_OK)
		status = PlanRest(problem, pair->second, first.takes, &second);
	pair->saved_usd = first.saved_usd + second.saved_usd;
	if (status == OPTIMUM_OK && pair->saved_usd > best->saved_usd)
		*best = *pair;
	return status;
}

/* The numbers of replicas of the first: some between the fewest and the most, then those about the best. */
static OptimumStatus
TryReplicas(MixProblem *problem, Pair pair, int64_t from, int64_t to, Pair *best)
{
	int64_t		step = MAX(1, (to - from) / FIRST_TRIES);
	Pair		here = {.first = -1,.second = -1,.replicas = from,.saved_usd = -((Money) 1 << 120)};
	OptimumStatus status = OPTIMUM_OK;

	for (int64_t n = from; n <= to && status == OPTIMUM_OK; n += step)
	{
		pair.replicas = n;
		status = TryPair(problem, &pair, &here);
	}
	while (step > 1 && status == OPTIMUM_OK)
	{
		int64_t		middle = here.replicas;

		step = (step + 1) / 2;
		for (int64_t n = middle - step; n <= middle + step && status == OPTIMUM_OK; n += 2 * step)
		{
			pair.replicas = n;
			if (n >= from && n <= to)
				status = TryPair(problem, &pair, &here);
		}
	}
	if (here.saved_usd > best->saved_usd)
		*best = here;
	return status;
}

/* Every number of replicas of a candidate that comes first, and takes these classes. */
static OptimumStatus
TryFirst(MixProblem *problem, int first, int second, uint64_t takes, Pair *best)
{
	const FleetTerms *terms = &problem->candidates[first].terms;
	OptimumStatus status = OPTIMUM_OK;
	int64_t		peak = 0;
	bool		waits = false;
	bool		starts = MAX(terms->started_usd, terms->spot_usd) >= 0;
	int64_t		most;

	NothingServed(problem);
	FillBuckets(problem, &problem->candidates[first], takes, problem->now_usd, problem->waiting_usd);
	for (int64_t b = 0; b < problem->nbuckets; b++)
	{
		peak = MAX(peak, problem->buckets[b].now + problem->buckets[b].waiting);
		waits |= problem->buckets[b].waiting > 0;
	}
	most = terms->constant_usd < 0 ? 0 : (peak + terms->size - 1) / terms->size;
	if (terms->most >= 0)
		most = MIN(most, terms->most);
	if (most < terms->least || peak == 0)
		return OPTIMUM_OK;
	for (Taking taking = TAKE_NOW; taking < TAKINGS && status == OPTIMUM_OK; taking++)
	{
		Pair		pair = {.first = first,.second = second,.taking = taking,.takes = takes};

		if ((taking == TAKE_IDLE && !waits) || (taking == TAKE_ALL && !starts))
			continue;
		status = TryReplicas(problem, pair, terms->least, most, best);
	}
	return status;
}

static OptimumStatus
TryBoth(MixProblem *problem, int first, int second, Pair *best)
{
	uint64_t	serves = problem->candidates[first].serves;
	uint64_t	others = problem->candidates[second].serves;
	OptimumStatus status = TryFirst(problem, first, second, serves, best);

	if (status == OPTIMUM_OK && (serves & others) != 0)
		status = TryFirst(problem, first, second, serves & others, best);
	if (status == OPTIMUM_OK && (serves & others) != 0)
		status = TryFirst(problem, first, second, serves & ~others, best);
	return status;
}

/* ---------- what no choice can undercut ---------- */

static void
MovePrice(Money *price, Money api_usd, int64_t served, int round)
{
	int64_t		twice = MIN(served - MIX_SHARE, MIX_SHARE);

	if (twice > 0)
		*price -= ShareOf(*price, twice, MIX_SHARE) / (round + 2);
	else
		*price = MIN(api_usd, *price + ShareOf(api_usd, -twice, MIX_SHARE) / (round + 2));
}

/* What a candidate saves at most, whichever classes it takes, and what it then serves. */
static OptimumStatus
MostSaved(MixProblem *problem, int candidate, Money *most)
{
	uint64_t	serves = problem->candidates[candidate].serves;
	uint64_t	best = serves;
	OptimumStatus status = OPTIMUM_OK;
	MixPlan		plan;

	*most = 0;
	for (uint64_t takes = serves; takes > 0 && status == OPTIMUM_OK; takes = (takes - 1) & serves)
	{
		status = PlanFor(problem, candidate, takes, true, &plan);
		if (plan.saved_usd + plan.optimum.gap_usd > *most)
		{
			*most = plan.saved_usd + plan.optimum.gap_usd;
			best = takes;
		}
	}
	if (status == OPTIMUM_OK)
		status = PlanFor(problem, candidate, best, true, &plan);
	NoteServed(problem, best, false);
	return status;
}

/* What all candidates leave to pay at least, when work is worth its present prices. */
static OptimumStatus
BoundAtPrices(MixProblem *problem, Money *bound)
{
	OptimumStatus status = OPTIMUM_OK;

	NothingServed(problem);
	*bound = 0;
	for (int64_t i = 0; i < problem->nclasses * problem->nbuckets; i++)
		*bound += problem->now_price[i] + problem->waiting_price[i];
	for (int k = 0; k < problem->ncandidates && status == OPTIMUM_OK; k++)
	{
		Money		saved;

		status = MostSaved(problem, k, &saved);
		*bound -= saved;
	}
	return status;
}

static OptimumStatus
FindBound(MixProblem *problem, Mix *mix, Money tolerance)
{
	int64_t		all = problem->nclasses * problem->nbuckets;
	Money		highest = 0;

	for (int64_t i = 0; i < all; i++)
	{
		problem->now_price[i] = problem->now_usd[i];
		problem->waiting_price[i] = problem->waiting_usd[i];
	}
	for (int round = 0; round < MOST_ROUNDS && highest < mix->usd - tolerance; round++)
	{
		Money		bound;
		OptimumStatus status = BoundAtPrices(problem, &bound);

		if (status != OPTIMUM_OK)
			return status;
		highest = MAX(highest, bound);
		for (int64_t i = 0; i < all; i++)
		{
			MovePrice(&problem->now_price[i], problem->now_usd[i], problem->now_served[i], round);
			MovePrice(&problem->waiting_price[i], problem->waiting_usd[i], problem->waiting_served[i], round);
		}
	}
	mix->gap_usd = mix->usd - highest > tolerance ? mix->usd - highest : 0;
	return OPTIMUM_OK;
}

/* ---------- all of it ---------- */

/* The candidate that saves most of what is left by those whose classes are taken; -1: none does. */
static OptimumStatus
FindNext(MixProblem *problem, const MixPlan *plans, uint64_t taken, int *next)
{
	OptimumStatus status = OPTIMUM_OK;
	Money		most = 0;

	*next = -1;
	for (int k = 0; k < problem->ncandidates && status == OPTIMUM_OK; k++)
	{
		MixPlan		plan;

		if (plans[k].takes != 0)
			continue;
		status = PlanRest(problem, k, taken, &plan);
		if (plan.saved_usd > most)
		{
			most = plan.saved_usd;
			*next = k;
		}
	}
	return status;
}

/* The plans of the best pair, and of others on what it leaves. */
static OptimumStatus
PlanAll(MixProblem *problem, const Pair *best, MixPlan *plans)
{
	OptimumStatus status = OPTIMUM_OK;
	uint64_t	taken = 0;
	int			next = best->second;

	NothingServed(problem);
	if (best->first >= 0)
	{
		status = PlanFirst(problem, best, &plans[best->first]);
		taken = best->takes;
	}
	while (next >= 0 && status == OPTIMUM_OK)
	{
		status = PlanRest(problem, next, taken, &plans[next]);
		NoteServed(problem, plans[next].takes, true);
		taken |= plans[next].takes;
		if (status == OPTIMUM_OK)
			status = FindNext(problem, plans, taken, &next);
	}
	return status;
}

OptimumStatus
MixFind(MixProblem *problem, Mix *mix, MixPlan *plans)
{
	Pair		best = {.first = -1,.second = -1};
	int64_t		all = problem->nclasses * problem->nbuckets;
	OptimumStatus status = OPTIMUM_OK;

	*mix = (Mix) {0};
	for (int64_t i = 0; i < all; i++)
		mix->api_usd += problem->now_usd[i] + problem->waiting_usd[i];
	for (int k = 0; k < problem->ncandidates && status == OPTIMUM_OK; k++)
	{
		Pair		single = {.first = -1,.second = k};

		plans[k] = (MixPlan) {0};
		if (__builtin_popcountll(problem->candidates[k].serves) > MIX_MOST_SERVED)
			return OPTIMUM_TOO_LARGE;
		status = TryPair(problem, &single, &best);
	}
	for (int first = 0; first < problem->ncandidates; first++)
		for (int second = 0; second < problem->ncandidates && status == OPTIMUM_OK; second++)
			if (first != second)
				status = TryBoth(problem, first, second, &best);
	if (status == OPTIMUM_OK)
		status = PlanAll(problem, &best, plans);
	if (status != OPTIMUM_OK)
		return status;
	mix->usd = mix->api_usd;
	for (int k = 0; k < problem->ncandidates; k++)
		mix->usd -= plans[k].saved_usd;
	/* Shares of amounts are rounded down: less than that is nothing. */
	return FindBound(problem, mix, 16 * (Money) (all + 1) * problem->ncandidates);
}
