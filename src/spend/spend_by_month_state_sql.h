/*
 * spend_by_month_state_sql.h
 *	  SQL type spend_by_month_state: a SpendByMonth that an aggregate changes in
 *	  place.
 *
 * While an aggregate runs the state is an expanded object: a memory context of
 * its own, a child of the aggregate's.  Anywhere else (in a tuple on its way
 * from a parallel worker, in a table) it is flat.
 *
 * Invariant: a state that is not read-write expanded is never changed.
 * Included after postgres.h.
 */
#ifndef INFERACCT_SPEND_BY_MONTH_STATE_SQL_H
#define INFERACCT_SPEND_BY_MONTH_STATE_SQL_H

#include "fmgr.h"
#include "utils/expandeddatum.h"

#include "core/state_sql.h"
#include "server/compat.h"
#include "session/statement_prices.h"
#include "spend/spend_by_month.h"

typedef struct SpendByMonthState
{
	ExpandedState expanded;
	SpendByMonth sums;

	/* What the rates in the sums are of: good while generation is price_generation. */
	Pricing    *pricing;
	uint64		generation;
} SpendByMonthState;

extern const StateType spend_by_month_state_type;

/* The sums of a state in any form, to read. */
static inline const SpendByMonth *
ReadState(Datum state)
{
	return &((const SpendByMonthState *) StateBehind(&spend_by_month_state_type, state))->sums;
}

/* Raise that a sum of counts or costs does not fit. */
extern void SpendByMonthOverflowError(void) __attribute__((noreturn));

/* Add all cells of other sums. */
extern void AddSums(SpendByMonth *sums, const SpendByMonth *other);

/* The models of sums in the order of their names' bytes; palloc'd. */
extern MonthModel **SortedModels(const SpendByMonth *sums);

static inline Datum
StateGetDatum(const SpendByMonthState *state)
{
	return ExpandedStateGetDatum(&state->expanded);
}

#endif							/* INFERACCT_SPEND_BY_MONTH_STATE_SQL_H */
