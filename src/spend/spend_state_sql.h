/*
 * spend_state_sql.h
 *	  The state of the aggregates that sum up costs: spend(), rollup_spend().
 *
 * Invariant: usd is the exact sum of `requests` costs.  A state belongs to the
 * aggregate, and is changed in place.  Unit: USD x 1e-15.  Included after
 * postgres.h.
 */
#ifndef INFERACCT_SPEND_STATE_SQL_H
#define INFERACCT_SPEND_STATE_SQL_H

#include "fmgr.h"

#include "core/money.h"
#include "server/call_site.h"
#include "session/price_cache.h"

typedef struct SpendState
{
	Money		usd;
	int64		requests;
} SpendState;

StaticAssertDecl(sizeof(SpendState) == 24, "spend_state is declared with 24 bytes");

/* A new state: the first of an aggregate, or the result of a plain call, which leaves its argument as it is. */
static inline SpendState *
NewState(FunctionCallInfo fcinfo)
{
	MemoryContext context;
	int			kind = AggCheckCallContext(fcinfo, &context);
	SpendState *state;

	state = MemoryContextAllocZero(kind != 0 ? context : CurrentMemoryContext, sizeof(SpendState));
	if (!PG_ARGISNULL(0))
		*state = *(SpendState *) PG_GETARG_POINTER(0);
	return state;
}

/* The state of an aggregate to change in place, made when there is none yet. */
static inline SpendState *
StateArgument(FunctionCallInfo fcinfo)
{
	if (likely(!PG_ARGISNULL(0) && IsAggregateCall(fcinfo)))
		return (SpendState *) PG_GETARG_POINTER(0);
	return NewState(fcinfo);
}

/*
 * The Pricing of the statement that the aggregate is in.  An aggregate lives in
 * one execution and so has one snapshot: only price_generation is looked at.
 */
typedef struct SpendCall
{
	Pricing    *pricing;
	uint64		generation;		/* 0: none yet, or not an aggregate's */
} SpendCall;

static inline Pricing *
PricingOfCall(FunctionCallInfo fcinfo)
{
	SpendCall  *call = CallSiteMemory(fcinfo, sizeof(SpendCall));

	if (unlikely(call->generation != price_generation))
	{
		call->pricing = PricingOfStatement();
		call->generation = IsAggregateCall(fcinfo) ? price_generation : 0;
	}
	return call->pricing;
}

static inline void
AddToState(SpendState *state, Money usd, int64 requests)
{
	if (__builtin_add_overflow(state->usd, usd, &state->usd) ||
		__builtin_add_overflow(state->requests, requests, &state->requests))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the sum of costs is out of range")));
}

#endif							/* INFERACCT_SPEND_STATE_SQL_H */
