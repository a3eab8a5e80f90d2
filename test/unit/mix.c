/*
 * mix.c
 *	  Unit tests of src/demand/mix.c against a search over every variable: replicas that
 *	  always run, those started by the hour and as spot, and the shares of two candidates
 *	  bucket by bucket.
 */
#include <stdlib.h>
#include <string.h>

#include "demand/mix.h"
#include "random.h"
#include "tap.h"

#define BUCKETS 3
#define CLASSES 2
#define CANDIDATES 2
#define ALL (BUCKETS * CLASSES)
#define SIZE 2					/* parts of a replica */
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define DOLLAR ((Money) MIX_SHARE)	/* so that shares of it are whole */
#define UNKNOWN ((Money) -1)

typedef struct Instance
{
	Money		now_usd[ALL];
	Money		waiting_usd[ALL];
	Money		none[ALL];
	Money		own_usd[CANDIDATES][ALL];
	int64_t		now[CANDIDATES][ALL];
	int64_t		waiting[CANDIDATES][ALL];
	uint64_t	serves[CANDIDATES];
	MixCandidate candidates[CANDIDATES];
	LoadBucket	buckets[BUCKETS];
	int64_t		counts[4][ALL];
	Money		prices[2][ALL];
	MixProblem	problem;
} Instance;

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

static FleetTerms
SomeTerms(void)
{
	return (FleetTerms) {
		.size = SIZE,.wait = 1,.least = Between(0, 4) / 4,.most = Between(0, 2) == 0 ? Between(1, 2) : -1,
		.constant_usd = Between(0, 9) == 0 ? -1 : DOLLAR * Between(1, 40),
		.started_usd = Between(0, 2) == 0 ? -1 : DOLLAR * Between(1, 60),
		.spot_usd = Between(0, 1) == 0 ? -1 : DOLLAR * Between(1, 40),.spot_millionths = 500000,
		.fixed_usd = DOLLAR * Between(0, 3) / 3 * Between(0, 60)
	};
}

static void
Draw(Instance *in, bool shared, bool waits)
{
	memset(in, 0, sizeof(*in));
	for (int k = 0; k < CANDIDATES; k++)
	{
		in->serves[k] = UINT64_C(1) << k | (shared ? (uint64_t) Between(0, 3) : 0);
		for (int i = 0; i < ALL; i++)
		{
			in->now[k][i] = in->serves[k] >> i / BUCKETS & 1 ? SIZE * Between(0, 2) : 0;
			in->waiting[k][i] = in->serves[k] >> i / BUCKETS & 1 && waits ? SIZE * Between(0, 1) : 0;
			in->own_usd[k][i] = DOLLAR * Between(0, 4) / 4 * Between(0, 20);
		}
		in->candidates[k] = (MixCandidate) {
			.terms = SomeTerms(),.serves = in->serves[k],.now = in->now[k],.waiting = in->waiting[k],
			.now_own_usd = in->own_usd[k],.waiting_own_usd = in->none
		};
		in->candidates[k].terms.wait = waits ? Between(1, 2) : 1;
	}
	for (int i = 0; i < ALL; i++)
	{
		in->now_usd[i] = DOLLAR * Between(0, 60);
		in->waiting_usd[i] = waits ? DOLLAR * Between(0, 30) : 0;
	}
	in->problem = (MixProblem) {
		.nbuckets = BUCKETS,.nclasses = CLASSES,.ncandidates = CANDIDATES,.now_usd = in->now_usd,
		.waiting_usd = in->waiting_usd,.candidates = in->candidates,.buckets = in->buckets,
		.now_left = in->counts[0],.waiting_left = in->counts[1],.now_served = in->counts[2],
		.waiting_served = in->counts[3],.now_price = in->prices[0],.waiting_price = in->prices[1],
		.check_interrupts = NotAsked
	};
}

/* ---------- the search ---------- */

/* A way to serve a bucket: what it costs, and what share of its load replicas can do and pay for. */
typedef struct Way
{
	Money		usd;
	int64_t		share;			/* of the load, up to MIX_SHARE */
} Way;

/* A started spot replica may do a half of what it is given: count by count, what all do of a load. */
static int
Ways(const Instance *in, int k, int b, int64_t replicas, Way *ways)
{
	const FleetTerms *terms = &in->candidates[k].terms;
	int64_t		load = 0;
	int			n = 0;

	for (int c = 0; c < CLASSES; c++)
		load += in->candidates[k].serves >> c & 1 ? in->now[k][c * BUCKETS + b] : 0;
	for (int64_t started = 0; started <= (terms->started_usd < 0 ? 0 : 4); started++)
		for (int64_t spot = 0; spot <= (terms->spot_usd < 0 ? 0 : 4); spot++)
		{
			int64_t		sure = (replicas + started) * SIZE;

			if (terms->most >= 0 && replicas + started + spot > terms->most)
				continue;
			if (load == 0)
				ways[n++] = (Way) {0};
			else
				ways[n++] = (Way) {
					.usd = started * MAX(terms->started_usd, 0) + spot * MAX(terms->spot_usd, 0),
					.share = (2 * MIN(sure, load) + MIN(spot * SIZE, MAX(load - sure, 0))) * MIX_SHARE / (2 * load)
				};
		}
	return n;
}

/* What a share of what a candidate serves saves of the API, before replicas. */
static Money
Worth(const Instance *in, int k, int b)
{
	Money		worth = 0;
	int64_t		load = 0;

	for (int c = 0; c < CLASSES; c++)
	{
		int			i = c * BUCKETS + b;

		if ((in->candidates[k].serves >> c & 1) == 0)
			continue;
		worth += in->now_usd[i] - in->own_usd[k][i];
		load += in->now[k][i];
	}
	return load == 0 ? 0 : MAX(worth, 0);
}

static bool
ShareWork(const Instance *in)
{
	return (in->candidates[0].serves & in->candidates[1].serves) != 0;
}

/* The most that a bucket can save, less what is started. */
static Money
BucketSaves(const Instance *in, int b, int64_t n0, int64_t n1)
{
	Way			ways0[64],
				ways1[64];
	int			count0 = Ways(in, 0, b, n0, ways0);
	int			count1 = Ways(in, 1, b, n1, ways1);
	Money		worth0 = Worth(in, 0, b),
				worth1 = Worth(in, 1, b),
				best = 0;

	for (int i = 0; i < count0; i++)
		for (int j = 0; j < count1; j++)
			for (int dearer = 0; dearer < 2; dearer++)
			{
				/* Linear in the shares: one candidate does all that it can, the other of the rest. */
				int64_t		share0 = ways0[i].share,
							share1 = ways1[j].share;

				if (ShareWork(in) && dearer == 0)
					share1 = MIN(share1, MIX_SHARE - share0);
				else if (ShareWork(in))
					share0 = MIN(share0, MIX_SHARE - share1);
				best = MAX(best, ShareOf(worth0, share0, MIX_SHARE) + ShareOf(worth1, share1, MIX_SHARE)
						   - ways0[i].usd - ways1[j].usd);
			}
	return best;
}

static Money
SearchAll(const Instance *in)
{
	Money		api = 0,
				saved = 0;

	for (int i = 0; i < ALL; i++)
		api += in->now_usd[i] + in->waiting_usd[i];
	/* A candidate that takes nothing costs nothing, and need not have its fewest replicas. */
	for (int taken = 1; taken < 16; taken++)
		for (int64_t n0 = 0; n0 <= 4; n0++)
			for (int64_t n1 = 0; n1 <= 4; n1++)
			{
				Instance	limited = *in;
				int64_t		n[2] = {n0, n1};
				Money		this = 0;
				bool		allowed = true;

				for (int k = 0; k < CANDIDATES; k++)
				{
					FleetTerms *terms = &limited.candidates[k].terms;
					uint64_t	takes = taken >> 2 * k & 3;

					allowed &= (takes & ~in->serves[k]) == 0;
					limited.candidates[k].serves = takes;
					if (takes == 0)
					{
						allowed &= n[k] == 0;
						terms->started_usd = terms->spot_usd = -1;
						continue;
					}
					allowed &= n[k] >= terms->least && (n[k] == 0 || terms->constant_usd >= 0) &&
						(terms->most < 0 || n[k] <= terms->most);
					this -= terms->fixed_usd + n[k] * MAX(terms->constant_usd, 0) * BUCKETS;
				}
				for (int b = 0; b < BUCKETS && allowed; b++)
					this += BucketSaves(&limited, b, n0, n1);
				if (allowed)
					saved = MAX(saved, this);
			}
	return api - saved;
}

static bool
AddsUp(const Instance *in, const Mix *mix, const MixPlan *plans)
{
	Money		saved = 0;

	for (int k = 0; k < CANDIDATES; k++)
	{
		const FleetTerms *terms = &in->candidates[k].terms;
		const Optimum *o = &plans[k].optimum;

		saved += plans[k].saved_usd;
		if ((terms->most >= 0 && o->replicas + o->most_started > terms->most) || o->usd < 0)
			return false;
	}
	return mix->usd == mix->api_usd - saved && mix->usd >= 0 && mix->gap_usd >= 0;
}

int
main(void)
{
	int			unsound = 0,
				apart = 0,
				beyond = 0,
				exact = 0,
				mixed = 0,
				waiting = 0;
	Money		gaps = 0,
				bills = 0;

	for (int i = 0; i < 3000; i++)
	{
		static Instance in;
		Mix			mix;
		MixPlan		plans[CANDIDATES];
		Money		searched;

		Draw(&in, i % 3 > 0, i % 6 == 5);
		if (MixFind(&in.problem, &mix, plans) != OPTIMUM_OK || !AddsUp(&in, &mix, plans))
		{
			unsound++;
			continue;
		}
		searched = SearchAll(&in);
		if (i % 3 == 0)
			apart += searched != mix.usd || mix.gap_usd != 0;
		else if (i % 6 == 5)	/* the search knows nothing of waiting: it finds no less than the bound */
			waiting += searched < mix.usd - mix.gap_usd;
		else
		{
			exact += searched == mix.usd;
			mixed++;
			beyond += searched > mix.usd || searched < mix.usd - mix.gap_usd;
			gaps += mix.gap_usd;
			bills += mix.usd;
		}
	}
	Ok(unsound == 0, "mixes add up, within what there may be: %d do not", unsound);
	Ok(apart == 0, "1000 of candidates that share no work: the search finds the same (%d do not)", apart);
	Ok(beyond == 0, "%d that share work: the search finds less by no more than gap_usd (%d do)", mixed, beyond);
	Ok(waiting == 0, "500 with work that waits: not waiting is no cheaper than the bound (%d are)", waiting);
	Ok(exact > mixed * 9 / 10, "and mostly the same (%d of %d)", exact, mixed);
	Ok(gaps * 10 < bills, "the gap is %d in 1000 of the bill", (int) (gaps * 1000 / bills));
	return Done();
}
