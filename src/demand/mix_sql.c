/*
 * mix_sql.c
 *	  mix(): the cheapest plan for a load that several deployments may share.
 *
 * Invariant: counts are whole and amounts exact; one row for each candidate, in their
 * order.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/numeric.h"
#include "utils/tuplestore.h"

#include "core/money_sql.h"
#include "demand/mix.h"
#include "demand/optimum_sql.h"
#include "server/compat.h"

PG_FUNCTION_INFO_V1(mix);

/* The arguments, by their place. */
enum
{
	NOW_USD, WAITING_USD, SERVES, NOW, NOW_OWN_USD, WAITING, WAITING_OWN_USD, SIZE, WAIT, LEAST, MOST, CONSTANT_USD,
	STARTED_USD, SPOT_USD, SPOT_MILLIONTHS, FIXED_USD, CLASSES
};

/* A bound of money that leaves room for sums over buckets and candidates. */
#define MOST_USD ((Money) 1 << 90)

static void *
Room(Size count, Size size)
{
	return MemoryContextAllocHuge(CurrentMemoryContext, Max(count, 1) * size);
}

static int64 *
CountsOf(FunctionCallInfo fcinfo, int argument, int count, int64 least)
{
	Datum	   *elements = PlanCounts(fcinfo, argument, &count);
	int64	   *counts = Room(count, sizeof(int64));

	for (int i = 0; i < count; i++)
	{
		counts[i] = DatumGetInt64(elements[i]);
		if (counts[i] < least || counts[i] > OPTIMUM_MOST_PARTS / 64)
			PlanTooLarge();
	}
	return counts;
}

static Money *
AmountsOf(FunctionCallInfo fcinfo, int argument, int *count, int64 least)
{
	Datum	   *elements = PlanAmounts(fcinfo, argument, count);
	Money	   *amounts = Room(*count, sizeof(Money));

	for (int i = 0; i < *count; i++)
	{
		amounts[i] = MoneyFromNumeric(elements[i]);
		if (amounts[i] < 0 && least < 0)
			amounts[i] = -1;
		else if (amounts[i] < 0 || amounts[i] > MOST_USD)
			PlanTooLarge();
	}
	return amounts;
}

/* What the solver works with. */
static void
MakeRoom(MixProblem *problem)
{
	Size		all = (Size) problem->nclasses * problem->nbuckets;

	problem->buckets = Room(problem->nbuckets, sizeof(LoadBucket));
	problem->now_left = Room(all, sizeof(int64));
	problem->waiting_left = Room(all, sizeof(int64));
	problem->now_served = Room(all, sizeof(int64));
	problem->waiting_served = Room(all, sizeof(int64));
	problem->now_price = Room(all, sizeof(Money));
	problem->waiting_price = Room(all, sizeof(Money));
	problem->check_interrupts = PlanCheckInterrupts;
}

static void
ReadCandidates(FunctionCallInfo fcinfo, MixProblem *problem, MixCandidate *candidates)
{
	int			n = problem->ncandidates;
	int			all = problem->nclasses * (int) problem->nbuckets;
	int			cells = n * all;
	int64	   *serves = CountsOf(fcinfo, SERVES, n, 0);
	int64	   *now = CountsOf(fcinfo, NOW, cells, 0);
	int64	   *waiting = CountsOf(fcinfo, WAITING, cells, 0);
	Money	   *now_own = AmountsOf(fcinfo, NOW_OWN_USD, &cells, 0);
	Money	   *waiting_own = AmountsOf(fcinfo, WAITING_OWN_USD, &cells, 0);
	int64	   *fewest = CountsOf(fcinfo, LEAST, n, 0);
	int64	   *most = CountsOf(fcinfo, MOST, n, -1);
	int64	   *spot_millionths = CountsOf(fcinfo, SPOT_MILLIONTHS, n, 1);
	Money	   *constant = AmountsOf(fcinfo, CONSTANT_USD, &n, -1);
	Money	   *started = AmountsOf(fcinfo, STARTED_USD, &n, -1);
	Money	   *spot = AmountsOf(fcinfo, SPOT_USD, &n, -1);
	Money	   *fixed = AmountsOf(fcinfo, FIXED_USD, &n, 0);

	for (int k = 0; k < n; k++)
	{
		if ((serves[k] >> problem->nclasses) != 0 || spot_millionths[k] > 1000000 || (most[k] >= 0 && most[k] < fewest[k]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("candidate %d of a mix serves classes that there are not, has more replicas than it may have, or spot ones for more than all the time",
							k + 1)));
		candidates[k] = (MixCandidate) {
			.terms = {
				.size = PG_GETARG_INT64(SIZE),.wait = PG_GETARG_INT64(WAIT),.least = fewest[k],.most = most[k],
				.constant_usd = constant[k],.started_usd = started[k],.spot_usd = spot[k],
				.spot_millionths = spot_millionths[k],.fixed_usd = fixed[k]
			},
			.serves = (uint64) serves[k],.now = now + (Size) k * all,.waiting = waiting + (Size) k * all,
			.now_own_usd = now_own + (Size) k * all,.waiting_own_usd = waiting_own + (Size) k * all
		};
	}
}

Datum
mix(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MixProblem	problem = {0};
	MixCandidate *candidates;
	MixPlan    *plans;
	Mix			found;
	int			all = -1;

	InitMaterializedSRF(fcinfo, 0);
	problem.now_usd = AmountsOf(fcinfo, NOW_USD, &all, 0);
	problem.waiting_usd = AmountsOf(fcinfo, WAITING_USD, &all, 0);
	problem.nclasses = PG_GETARG_INT32(CLASSES);
	problem.ncandidates = ArrayGetNItems(ARR_NDIM(PG_GETARG_ARRAYTYPE_P(SERVES)), ARR_DIMS(PG_GETARG_ARRAYTYPE_P(SERVES)));
	if (problem.nclasses < 1 || problem.nclasses > 60 || all % problem.nclasses != 0 || problem.ncandidates > 60 ||
		PG_GETARG_INT64(SIZE) < 1 || PG_GETARG_INT64(SIZE) > INT64CONST(1000000000000) || PG_GETARG_INT64(WAIT) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a mix needs from 1 to 60 classes of the same buckets, at most 60 candidates, and a size and a wait of at least 1")));
	problem.nbuckets = all / problem.nclasses;
	if ((int64) all * problem.ncandidates > PG_INT32_MAX)
		PlanTooLarge();
	candidates = Room(problem.ncandidates, sizeof(MixCandidate));
	plans = Room(problem.ncandidates, sizeof(MixPlan));
	ReadCandidates(fcinfo, &problem, candidates);
	problem.candidates = candidates;
	MakeRoom(&problem);
	if (MixFind(&problem, &found, plans) != OPTIMUM_OK)
		PlanTooLarge();
	for (int k = 0; k < problem.ncandidates; k++)
	{
		const Optimum *o = &plans[k].optimum;
		int64		size = candidates[k].terms.size;
		bool		nulls[14] = {false};
		Datum		values[14] = {
			Int32GetDatum(k + 1), Int64GetDatum((int64) plans[k].takes), Int64GetDatum(o->replicas),
			Int64GetDatum(o->most_started), PlanShareDatum(o->started * size, size), PlanShareDatum(o->spot * size, size),
			PlanShareDatum(o->waited_started, size), PlanShareDatum(o->waited, size), PlanShareDatum(o->served, size),
			PlanUsdDatum(o->constant_usd + o->started_usd + o->spot_usd + o->fixed_usd), PlanUsdDatum(plans[k].saved_usd),
			PlanUsdDatum(found.api_usd), PlanUsdDatum(found.usd), PlanUsdDatum(found.gap_usd)
		};

		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
