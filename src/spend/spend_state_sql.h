/*
 * spend_state_sql.h
 *	  The state of the aggregates that sum up costs, spend() and rollup_spend(),
 *	  and rollup_worst(), which has one with rollup_judged() beside it.
 *
 * Invariant: usd is the exact sum of `requests` costs; doubt is CONFIDENCE_COUNT less
 * the worst confidence of the rollup's among them, 0 for none.  A state belongs to
 * the aggregate, and is changed in place.  Unit: USD x 1e-15.  Included after
 * postgres.h.
 */
#ifndef INFERACCT_SPEND_STATE_SQL_H
#define INFERACCT_SPEND_STATE_SQL_H

#include "fmgr.h"

#include "core/money.h"
#include "core/state_sql.h"
#include "session/price_cache.h"

typedef struct SpendState
{
	Money		usd;
	int64		requests;
	int32		format;			/* spend_state_type's: a value of another version is refused */
	int32		doubt;
} SpendState;

StaticAssertDecl(sizeof(SpendState) == 32, "spend_state is declared with 32 bytes");

extern const StateType spend_state_type;

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
