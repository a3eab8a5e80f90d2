/*
 * optimum.c
 *	  Unit tests of src/demand/optimum.c against a search over every variable:
 *	  replicas, replicas started by the hour and as spot, parts served at once, parts that wait for idle
 *	  replicas and parts for which replicas are started, bucket by bucket.
 */
#include <stdlib.h>
#include <string.h>

#include "demand/optimum.h"
#include "random.h"
#include "tap.h"

#define BUCKETS 4
#define MOST_WAIT 2				/* buckets */
#define MOST_WAITING 2			/* parts */
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define CENT 1000000			/* so that a unit of rounding is nothing */
#define UNKNOWN ((Money) -1)

typedef struct Search
{
	const LoadBucket *buckets;
	const FleetTerms *terms;
	int64_t		replicas;
	bool		used;			/* has to use a replica, since fixed_usd is paid */
	Money		known[BUCKETS][MOST_WAITING + 1];	/* by bucket and what the one before has left */
} Search;

/* A number at least low and at most high. */
static int64_t
Between(int64_t low, int64_t high)
{
	return low + (int64_t) (Random() % (uint64_t) (high - low + 1));
}

static void
NotAsked(void)
{
}

static Money SearchFrom(Search *search, int b, int64_t before);

/* What a replica's bucket costs when it is started for work that waits; a spot replica is there half of the time. */
static Money
LaterUsd(const FleetTerms *terms)
{
	if (terms->spot_usd < 0 || (terms->started_usd >= 0 && terms->started_usd <= 2 * terms->spot_usd))
		return terms->started_usd;
	return 2 * terms->spot_usd;
}

/* The cheapest of: so many started, so many parts at once, x and y of this bucket's and the one's before. */
static Money
SearchWaiting(Search *search, int b, int64_t before, int64_t started, int64_t idle)
{
	const FleetTerms *terms = search->terms;
	const LoadBucket *bucket = &search->buckets[b];
	Money		later = LaterUsd(terms);
	int64_t		room = terms->most < 0 ? 100 : (terms->most - search->replicas - started) *
		(later == terms->started_usd ? terms->size : terms->size / 2);
	Money		best = UNKNOWN;

	for (int64_t old = 0; old <= before; old++)
		for (int64_t old_started = 0; old_started <= before - old; old_started++)
			for (int64_t own = 0; own <= bucket->waiting; own++)
				for (int64_t own_started = 0; own_started <= bucket->waiting - own; own_started++)
				{
					int64_t		left = bucket->waiting - own - own_started;
					Money		usd = 0;

					if (old + own > idle || old_started + own_started > room ||
						(later < 0 && old_started + own_started > 0))
						continue;
					usd = (old_started + own_started) * MAX(later, 0) / terms->size;
					if (before > 0)
						usd += (before - old - old_started) * search->buckets[b - 1].waiting_usd / search->buckets[b - 1].waiting;
					if (terms->wait == 1)
					{
						usd += left == 0 ? 0 : left * bucket->waiting_usd / bucket->waiting;
						left = 0;
					}
					usd += SearchFrom(search, b + 1, left);
					if (best == UNKNOWN || usd < best)
						best = usd;
				}
	return best;
}

static Money
SearchFrom(Search *search, int b, int64_t before)
{
	const FleetTerms *terms = search->terms;
	const LoadBucket *bucket = &search->buckets[b];
	Money		best = UNKNOWN;

	if (b == BUCKETS)
		return before == 0 ? 0 : before * search->buckets[b - 1].waiting_usd / search->buckets[b - 1].waiting;
	if (search->known[b][before] != UNKNOWN)
		return search->known[b][before];
	for (int64_t started = 0; started <= (terms->started_usd < 0 ? 0 : 4); started++)
		for (int64_t spot = 0; spot <= (terms->spot_usd < 0 ? 0 : 4); spot++)
		{
			int64_t		capacity = (search->replicas + started) * terms->size;

			if (terms->most >= 0 && search->replicas + started + spot > terms->most)
				break;
			for (int64_t served = 0; served <= MIN(bucket->now, capacity); served++)
			{
				/* A part is done of two that a spot replica is given. */
				int64_t		done = served + MIN(bucket->now - served, spot * terms->size) / 2;
				Money		usd = started * MAX(terms->started_usd, 0) + spot * MAX(terms->spot_usd, 0) +
					(bucket->now == 0 ? 0 : (bucket->now - done) * bucket->now_usd / bucket->now) +
					SearchWaiting(search, b, before, started + spot, capacity - served);

				if (best == UNKNOWN || usd < best)
					best = usd;
			}
		}
	search->known[b][before] = best;
	return best;
}

static Money
SearchAll(const LoadBucket *buckets, const FleetTerms *terms)
{
	Money		best = 0;

	for (int b = 0; b < BUCKETS; b++)
		best += buckets[b].now_usd + buckets[b].waiting_usd;
	for (int64_t n = terms->least; n <= (terms->most >= 0 ? terms->most : 5); n++)
	{
		Search		search = {.buckets = buckets,.terms = terms,.replicas = n};
		Money		usd;

		if (terms->constant_usd < 0 && n > 0)
			break;
		for (int b = 0; b < BUCKETS; b++)
			for (int left = 0; left <= MOST_WAITING; left++)
				search.known[b][left] = UNKNOWN;
		usd = SearchFrom(&search, 0, 0) + n * MAX(terms->constant_usd, 0) * BUCKETS + terms->fixed_usd;
		best = MIN(best, usd);
	}
	return best;
}

/* Does a plan add up, and count what it says? */
static bool
AddsUp(const Optimum *best, const LoadBucket *buckets, const FleetTerms *terms)
{
	Money		parts = 0;

	for (int b = 0; b < BUCKETS; b++)
		parts += buckets[b].now + buckets[b].waiting;
	return best->usd == best->constant_usd + best->started_usd + best->spot_usd + best->fixed_usd + best->api_usd + best->batch_usd &&
		best->gap_usd >= 0 && best->served <= parts && best->waited_started <= best->served &&
		(terms->most < 0 || best->replicas + best->most_started <= terms->most) &&
		(best->usd == best->api_usd + best->batch_usd || best->replicas >= terms->least) &&
		(best->served < parts || (best->api_usd == 0 && best->batch_usd == 0));
}

int
main(void)
{
	int			wrong = 0,
				unsound = 0,
				beyond = 0,
				exact = 0,
				waiting = 0;

	for (int i = 0; i < 4000; i++)
	{
		LoadBucket	buckets[BUCKETS] = {0};
		bool		waits = i % 2 == 1;
		FleetTerms	terms = {
			.size = 2,.wait = 1 + Between(0, MOST_WAIT - 1),.least = Between(0, 3) / 3,
			.most = Between(0, 2) == 0 ? Between(1, 3) : -1,
			.constant_usd = Between(0, 9) == 0 ? -1 : CENT * 2 * Between(0, 40),
			.started_usd = Between(0, 3) == 0 ? -1 : CENT * 2 * Between(1, 60),.spot_usd = Between(0, 1) == 0 ? -1 : CENT * 2 * Between(1, 40),.spot_millionths = 500000,
			.fixed_usd = CENT * Between(0, 100)
		};
		int64_t		batch = Between(1, 30);	/* a part that waits costs the same whenever it comes, or not */
		Optimum		best;
		Money		searched;

		for (int b = 0; b < BUCKETS; b++)
		{
			buckets[b].now = Between(0, 6);
			buckets[b].now_usd = buckets[b].now * CENT * Between(0, 40);
			if (!waits)
				continue;
			buckets[b].waiting = Between(0, MOST_WAITING);
			buckets[b].waiting_usd = buckets[b].waiting * CENT * (i % 4 == 1 ? batch : Between(0, 30));
		}
		searched = SearchAll(buckets, &terms);
		if (OptimumFind(buckets, BUCKETS, &terms, NotAsked, &best) != OPTIMUM_OK || !AddsUp(&best, buckets, &terms))
		{
			unsound++;
			continue;
		}
		if (!waits)
			wrong += best.usd != searched || best.gap_usd != 0;
		else
		{
			waiting++;
			exact += best.usd == searched;
			beyond += searched > best.usd || searched < best.usd - best.gap_usd;
		}
	}
	Ok(unsound == 0, "plans add up, within what there may be: %d do not", unsound);
	Ok(wrong == 0, "2000 loads that cannot wait: the search finds the same (%d do not)", wrong);
	Ok(beyond == 0, "2000 loads that may: the search finds less by no more than gap_usd (%d do)", beyond);
	Ok(exact > waiting * 3 / 4, "and mostly the same (%d of %d)", exact, waiting);
	return Done();
}
