/*
 * optimum.c
 *	  The cheapest way to serve a load by an API, its batch prices and the
 *	  replicas of one deployment.
 */
#include "demand/optimum.h"

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* Replicas x buckets that are tried where work may wait. */
#define MOST_TRIES INT64_C(400000000)

/* Rounds in which idle time is worth what those who waited in vain would have paid in the one before. */
#define MOST_ROUNDS 3

/* What the largest amounts may be, so that their sums do not overflow. */
#define MOST_USD ((Money) 1 << 100)

/* ---------- work that is done at once ---------- */

/* What the API takes for so many of the parts that come at once. */
static Money
NowUsd(const LoadBucket *bucket, int64_t parts)
{
	return parts == 0 ? 0 : ShareOf(bucket->now_usd, parts, bucket->now);
}

/* Replicas started for a bucket, and what they do. */
typedef struct Started
{
	int64_t		by_hour;
	int64_t		spot;
	int64_t		done;			/* parts at once */
	int64_t		idle;			/* of those by the hour; a spot replica is not waited for */
} Started;

static int64_t
SpotShare(const FleetTerms *terms, int64_t parts)
{
	return (int64_t) ((Money) parts * terms->spot_millionths / 1000000);
}

/* Start `count` more for so many parts each, by the hour or as spot, where the API and those who wait make one worth it. */
static void
StartEach(const LoadBucket *bucket, const FleetTerms *terms, int64_t count, int64_t parts, Started *started)
{
	int64_t		spot_parts = SpotShare(terms, parts);
	Money		idle_usd = (terms->size - parts) * bucket->price / OPTIMUM_PRICE_UNIT;
	Money		saved = terms->started_usd < 0 ? 0 : NowUsd(bucket, parts) + idle_usd - terms->started_usd;
	Money		spot_saved = terms->spot_usd < 0 ? 0 : NowUsd(bucket, spot_parts) - terms->spot_usd;

	if (MAX(saved, spot_saved) <= 0)
		return;
	if (spot_saved > saved)
	{
		started->spot += count;
		started->done += count * spot_parts;
		return;
	}
	started->by_hour += count;
	started->done += count * parts;
	started->idle += count * (terms->size - parts);
}

/*
 * Replicas to start for what the constant ones leave of a bucket.  What one costs, less
 * what it spares, is concave in the parts that it is given: so all are full but one.
 */
static Started
StartFor(const LoadBucket *bucket, const FleetTerms *terms, int64_t replicas, int64_t over)
{
	int64_t		most = terms->most < 0 ? INT64_MAX : terms->most - replicas;
	int64_t		full = MIN(over / terms->size, most);
	Started		started = {0};

	if (full > 0)
		StartEach(bucket, terms, full, terms->size, &started);
	if (full < most && over > full * terms->size)
		StartEach(bucket, terms, 1, over - full * terms->size, &started);
	return started;
}

/* Parts at once that constant replicas do: none where those who wait pay more for the same time. */
static int64_t
Constant(const LoadBucket *bucket, const FleetTerms *terms, int64_t replicas)
{
	int64_t		parts = MIN(replicas * terms->size, bucket->now);

	return parts * bucket->price / OPTIMUM_PRICE_UNIT > NowUsd(bucket, parts) ? 0 : parts;
}

/* Serve what comes at once with so many constant replicas; buckets get their idle parts. */
static void
ServeNow(LoadBucket *buckets, int64_t nbuckets, const FleetTerms *terms, Optimum *plan)
{
	for (int64_t b = 0; b < nbuckets; b++)
	{
		LoadBucket *bucket = &buckets[b];
		int64_t		constant = Constant(bucket, terms, plan->replicas);
		Started		started = StartFor(bucket, terms, plan->replicas,
									   bucket->now - MIN(plan->replicas * terms->size, bucket->now));

		bucket->started = started.by_hour + started.spot;
		bucket->done = constant + started.done;
		bucket->idle = plan->replicas * terms->size - constant + started.idle;
		plan->started += started.by_hour;
		plan->spot += started.spot;
		plan->most_started = MAX(plan->most_started, bucket->started);
		plan->served += bucket->done;
		plan->api_usd += NowUsd(bucket, bucket->now - bucket->done);
		plan->started_usd += started.by_hour * MAX(terms->started_usd, 0);
		plan->spot_usd += started.spot * MAX(terms->spot_usd, 0);
	}
}

/* ---------- work that waits ---------- */

static Money
WaitingUsd(const LoadBucket *bucket, int64_t parts)
{
	return parts == 0 ? 0 : ShareOf(bucket->waiting_usd, parts, bucket->waiting);
}

/*
 * What a replica's bucket of work costs on replicas that are started for work that waits,
 * by the hour or spot: that waits until they are back.  -1: none can be started.
 */
static Money
LaterUsd(const FleetTerms *terms)
{
	Money		spot = terms->spot_usd < 0 ? -1 : terms->spot_usd * 1000000 / terms->spot_millionths;

	if (spot < 0 || terms->started_usd < 0)
		return MAX(spot, terms->started_usd);
	return MIN(spot, terms->started_usd);
}

/* What a bucket's waiting parts cost at most, per part: the API, or a replica started for them. */
static Money
WaitingPrice(const LoadBucket *bucket, const FleetTerms *terms)
{
	Money		price = bucket->waiting_usd * OPTIMUM_PRICE_UNIT / bucket->waiting;
	Money		later = LaterUsd(terms);

	if (later >= 0)
		price = MIN(price, later * OPTIMUM_PRICE_UNIT / terms->size);
	return price;
}

/*
 * Give idle parts to those who wait, earliest deadline first.  Where somebody's
 * time is over, idle time has been worth what it costs him since the last bucket
 * after which nobody waited.
 */
static void
ServeWaiting(LoadBucket *buckets, int64_t nbuckets, const FleetTerms *terms, Optimum *plan)
{
	int64_t		oldest = 0;
	int64_t		since = 0;		/* somebody has waited after every bucket from here on */
	Money		backlog = 0;

	for (int64_t b = 0; b < nbuckets; b++)
	{
		int64_t		over = b - terms->wait + 1; /* whose last bucket this is */

		buckets[b].left = buckets[b].waiting;
		buckets[b].price = 0;
		backlog += buckets[b].waiting;
		oldest = MAX(oldest, over);
		while (oldest <= b && buckets[b].idle > 0)
		{
			int64_t		done = MIN(buckets[b].idle, buckets[oldest].left);

			buckets[b].idle -= done;
			buckets[oldest].left -= done;
			backlog -= done;
			plan->waited += oldest < b ? done : 0;
			plan->served += done;
			if (buckets[oldest].left > 0)
				break;
			oldest++;
		}
		if (over >= 0 && buckets[over].left > 0)
		{
			Money		price = WaitingPrice(&buckets[over], terms);

			for (int64_t i = b; i >= since && buckets[i].price < price; i--)
				buckets[i].price = price;
			backlog -= buckets[over].left;
		}
		if (backlog == 0)
			since = b + 1;
	}
}

/* Is a replica started for waiting parts of a bucket cheaper than the API? */
static bool
IsWorthStarting(const LoadBucket *bucket, const FleetTerms *terms, Money later)
{
	return bucket->left > 0 && ShareOf(later, bucket->left, terms->size) < WaitingUsd(bucket, bucket->left);
}

/* Parts that replicas could do in a bucket beyond those that run, where there can be only so many. */
static int64_t
Startable(const LoadBucket *bucket, const FleetTerms *terms, const Optimum *plan, Money later)
{
	int64_t		parts = (terms->most - plan->replicas - bucket->started) * terms->size;

	return later == terms->started_usd ? parts : SpotShare(terms, parts);
}

/* Start replicas for parts that would have waited in vain, and send the others to the API. */
static void
StartForWaiting(LoadBucket *buckets, int64_t nbuckets, const FleetTerms *terms, Optimum *plan)
{
	int64_t		oldest = 0;
	Money		later = LaterUsd(terms);

	for (int64_t b = 0; b < nbuckets && later >= 0; b++)
	{
		int64_t		room = terms->most < 0 ? OPTIMUM_MOST_PARTS : Startable(&buckets[b], terms, plan, later);

		oldest = MAX(oldest, b - terms->wait + 1);
		for (int64_t i = oldest; i <= b && room > 0; i++)
		{
			int64_t		done = MIN(room, buckets[i].left);

			if (!IsWorthStarting(&buckets[i], terms, later))
				continue;
			plan->started_usd += ShareOf(later, done, terms->size);
			plan->waited += i < b ? done : 0;
			plan->waited_started += done;
			plan->served += done;
			buckets[i].left -= done;
			room -= done;
		}
	}
	for (int64_t b = 0; b < nbuckets; b++)
		plan->batch_usd += WaitingUsd(&buckets[b], buckets[b].left);
}

/* ---------- what no choice can undercut ---------- */

/* The least that so many started replicas add to a bucket's cost, for so many parts each. */
static Money
LeastOfStarting(const LoadBucket *bucket, const FleetTerms *terms, int64_t count, int64_t parts)
{
	Money		least = 0;

	if (terms->started_usd >= 0)
		least = MIN(least, count * terms->started_usd - NowUsd(bucket, count * parts) -
					count * (terms->size - parts) * bucket->price / OPTIMUM_PRICE_UNIT - 2);
	if (terms->spot_usd >= 0)
		least = MIN(least, count * terms->spot_usd - NowUsd(bucket, count * SpotShare(terms, parts)) - 1);
	return least;
}

/* The least that a bucket can cost when its idle time is paid for at its price. */
static Money
LeastUsd(const LoadBucket *bucket, const FleetTerms *terms, int64_t replicas)
{
	int64_t		capacity = replicas * terms->size;
	int64_t		constant = MIN(capacity, bucket->now);
	int64_t		over = bucket->now - constant;
	Money		unserved = bucket->now_usd - capacity * bucket->price / OPTIMUM_PRICE_UNIT - 1;
	Money		least = NowUsd(bucket, over) - (capacity - constant) * bucket->price / OPTIMUM_PRICE_UNIT - 1;

	if (over > 0)
		least += LeastOfStarting(bucket, terms, over / terms->size, terms->size) +
			LeastOfStarting(bucket, terms, 1, over % terms->size);
	return MIN(least, unserved);
}

/* A bound of what so many constant replicas can cost, fixed_usd aside, by the prices of idle time that ServeWaiting() left. */
static Money
BoundUsd(const LoadBucket *buckets, int64_t nbuckets, const FleetTerms *terms, int64_t replicas)
{
	Money		bound = replicas * MAX(terms->constant_usd, 0) * nbuckets;
	Money		least;

	for (int64_t b = 0; b < nbuckets; b++)
	{
		bound += LeastUsd(&buckets[b], terms, replicas);
		if (buckets[b].waiting == 0)
			continue;
		least = WaitingPrice(&buckets[b], terms);
		for (int64_t c = b; c < MIN(nbuckets, b + terms->wait) && least > 0; c++)
			least = MIN(least, buckets[c].price);
		bound += MIN(least * buckets[b].waiting / OPTIMUM_PRICE_UNIT, buckets[b].waiting_usd) - 1;
	}
	return bound;
}

/* ---------- all of it ---------- */

static void
SumUp(Optimum *plan)
{
	plan->usd = plan->constant_usd + plan->started_usd + plan->spot_usd + plan->fixed_usd + plan->api_usd + plan->batch_usd;
}

/* A plan with so many constant replicas; idle time is worth what the buckets say, and they are told anew. */
static void
PlanAtPrices(LoadBucket *buckets, int64_t nbuckets, const FleetTerms *terms, int64_t replicas, Optimum *plan)
{
	*plan = (Optimum) {.replicas = replicas};
	ServeNow(buckets, nbuckets, terms, plan);
	ServeWaiting(buckets, nbuckets, terms, plan);
	StartForWaiting(buckets, nbuckets, terms, plan);
	plan->constant_usd = replicas * MAX(terms->constant_usd, 0) * nbuckets;
	if (replicas > 0 || plan->served > 0)
		plan->fixed_usd = terms->fixed_usd;
	SumUp(plan);
}

/* After so many rounds, in the first of which idle time is worth nothing. */
static void
PlanWith(LoadBucket *buckets, int64_t nbuckets, const FleetTerms *terms, int64_t replicas, int rounds, Optimum *plan)
{
	for (int64_t b = 0; b < nbuckets; b++)
		buckets[b].price = 0;
	for (int round = 0; round < rounds; round++)
		PlanAtPrices(buckets, nbuckets, terms, replicas, plan);
}

/* The best of so many replicas to so many, where cost falls before it rises. */
static void
FindConvex(LoadBucket *buckets, int64_t nbuckets, const FleetTerms *terms, int64_t from, int64_t to,
		   void (*check_interrupts) (void), Optimum *best)
{
	Optimum		plan,
				next;

	while (from < to)
	{
		int64_t		middle = from + (to - from) / 2;

		check_interrupts();
		PlanWith(buckets, nbuckets, terms, middle, 1, &plan);
		PlanWith(buckets, nbuckets, terms, middle + 1, 1, &next);
		if (next.usd - next.fixed_usd < plan.usd - plan.fixed_usd)
			from = middle + 1;
		else
			to = middle;
	}
	PlanWith(buckets, nbuckets, terms, from, 1, best);
}

/* The best of all of them, and of some rounds; *rounds is told how many that took. */
static OptimumStatus
FindAny(LoadBucket *buckets, int64_t nbuckets, const FleetTerms *terms, int64_t from, int64_t to,
		void (*check_interrupts) (void), Optimum *best, int *rounds)
{
	Optimum		plan;
	Money		bound = 0;

	if ((to - from) * nbuckets > MOST_TRIES)
		return OPTIMUM_TOO_LARGE;
	*rounds = 0;
	for (int64_t replicas = from; replicas <= to; replicas++)
	{
		Money		least = 0;

		check_interrupts();
		for (int64_t b = 0; b < nbuckets; b++)
			buckets[b].price = 0;
		for (int round = 1; round <= MOST_ROUNDS; round++)
		{
			Money		this;

			PlanAtPrices(buckets, nbuckets, terms, replicas, &plan);
			this = BoundUsd(buckets, nbuckets, terms, replicas);
			if (round == 1 || this > least)
				least = this;
			if (*rounds == 0 || plan.usd < best->usd)
			{
				*best = plan;
				*rounds = round;
			}
		}
		if (replicas == from || least < bound)
			bound = least;
	}
	bound += terms->fixed_usd;
	/* Bounds are rounded down by at most a unit a term: less than that is nothing. */
	best->gap_usd = best->usd - bound > 4 * (Money) nbuckets + 4 ? best->usd - bound : 0;
	return OPTIMUM_OK;
}

/* The API alone, whose sums say whether amounts fit. */
static OptimumStatus
ApiAlone(const LoadBucket *buckets, int64_t nbuckets, Optimum *plan, int64_t *peak, bool *waits)
{
	*plan = (Optimum) {0};
	*peak = 0;
	*waits = false;
	for (int64_t b = 0; b < nbuckets; b++)
	{
		if (buckets[b].now > OPTIMUM_MOST_PARTS || buckets[b].waiting > OPTIMUM_MOST_PARTS ||
			buckets[b].now_usd > MOST_USD || buckets[b].waiting_usd > MOST_USD)
			return OPTIMUM_OVERFLOW;
		plan->api_usd += buckets[b].now_usd;
		plan->batch_usd += buckets[b].waiting_usd;
		if (plan->api_usd > MOST_USD || plan->batch_usd > MOST_USD)
			return OPTIMUM_OVERFLOW;
		*peak = MAX(*peak, buckets[b].now + buckets[b].waiting);
		*waits |= buckets[b].waiting > 0;
	}
	plan->usd = plan->api_usd + plan->batch_usd;
	return OPTIMUM_OK;
}

static void
LeaveToApi(LoadBucket *buckets, int64_t nbuckets)
{
	for (int64_t b = 0; b < nbuckets; b++)
	{
		buckets[b].done = 0;
		buckets[b].left = buckets[b].waiting;
	}
}

OptimumStatus
OptimumFind(LoadBucket *buckets, int64_t nbuckets, const FleetTerms *terms,
			void (*check_interrupts) (void), Optimum *best)
{
	Optimum		own;
	int64_t		peak,
				most;
	bool		waits;
	int			rounds = 1;
	OptimumStatus status = ApiAlone(buckets, nbuckets, best, &peak, &waits);

	if (status != OPTIMUM_OK)
		return status;
	LeaveToApi(buckets, nbuckets);
	if (terms->constant_usd < 0 && (MAX(terms->started_usd, terms->spot_usd) < 0 || terms->least > 0))
		return OPTIMUM_OK;
	most = terms->constant_usd < 0 ? 0 : (peak + terms->size - 1) / terms->size;
	if (terms->most >= 0)
		most = MIN(most, terms->most);
	most = MAX(most, terms->least);
	if (MAX(terms->constant_usd, MAX(terms->started_usd, terms->spot_usd)) > MOST_USD / MAX(1, most) / MAX(1, nbuckets))
		return OPTIMUM_OVERFLOW;
	if (terms->bought)
	{
		PlanWith(buckets, nbuckets, terms, terms->least, 1, best);
		best->fixed_usd = terms->fixed_usd;
		SumUp(best);
		return OPTIMUM_OK;
	}
	if (waits)
		status = FindAny(buckets, nbuckets, terms, terms->least, most, check_interrupts, &own, &rounds);
	else
		FindConvex(buckets, nbuckets, terms, terms->least, most, check_interrupts, &own);
	if (status != OPTIMUM_OK)
		return status;
	if (own.usd >= best->usd)
	{
		best->gap_usd = MAX(0, own.gap_usd - (own.usd - best->usd));
		LeaveToApi(buckets, nbuckets);
		return OPTIMUM_OK;
	}
	PlanWith(buckets, nbuckets, terms, own.replicas, rounds, best); /* which leaves the buckets as it serves them */
	best->gap_usd = own.gap_usd;
	return OPTIMUM_OK;
}
