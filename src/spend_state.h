/*
 * spend_state.h
 *	  The state of the aggregates that sum up costs: spend(), rollup_spend().
 *
 * Invariant: usd is the exact sum of `requests` costs.  A state belongs to the
 * aggregate, and is changed in place.  Unit: USD x 1e-15.  Included after
 * postgres.h.
 */
#ifndef INFERACCT_SPEND_STATE_H
#define INFERACCT_SPEND_STATE_H

#include "fmgr.h"

#include "money.h"

typedef struct SpendState
{
	Money		usd;
	int64		requests;
} SpendState;

StaticAssertDecl(sizeof(SpendState) == 24, "spend_state is declared with 24 bytes");

/* The state of an aggregate, made when there is none yet. */
static inline SpendState *
StateArgument(FunctionCallInfo fcinfo)
{
	MemoryContext context;
	int			kind = AggCheckCallContext(fcinfo, &context);
	SpendState *state;

	if (kind != 0 && !PG_ARGISNULL(0))
		return (SpendState *) PG_GETARG_POINTER(0);

	/* Called as a plain function: leave the argument as it is. */
	state = MemoryContextAllocZero(kind != 0 ? context : CurrentMemoryContext, sizeof(SpendState));
	if (!PG_ARGISNULL(0))
		*state = *(SpendState *) PG_GETARG_POINTER(0);
	return state;
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

#endif							/* INFERACCT_SPEND_STATE_H */
