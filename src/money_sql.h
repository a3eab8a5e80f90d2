/*
 * money_sql.h
 *	  Money as SQL sees it: numeric USD without trailing zeros.
 *
 * Unit: Money is USD x 1e-15, the numeric is USD.  Included after postgres.h.
 */
#ifndef INFERACCT_MONEY_SQL_H
#define INFERACCT_MONEY_SQL_H

#include "fmgr.h"
#include "utils/numeric.h"

#include "money.h"

/* Exact for every Money; the result is palloc'd in the current context. */
extern Numeric MoneyToNumeric(Money money);

/*
 * The same for the result of a function that is called for every row: in memory
 * of the call site, good until the next call from there.  Whoever evaluates an
 * expression again has done with, or copied, what it gave before; only a cast,
 * which an array calls for all of its elements, must not use it.  Not for
 * functions that use fn_extra.
 */
extern Numeric MoneyToNumericOfCall(FunctionCallInfo fcinfo, Money money);

/*
 * The inverse, without a round trip through text: cheap enough to be called for
 * every row.  Raises 22003 for NaN, infinity, what is finer than 1e-15 and what
 * exceeds 1e22.
 */
extern Money MoneyFromNumeric(Datum datum);

#endif							/* INFERACCT_MONEY_SQL_H */
