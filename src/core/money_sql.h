/*
 * money_sql.h
 *	  Money as SQL sees it: numeric USD without trailing zeros.
 *
 * Unit: Money is USD x 1e-15, the numeric is USD.  Included after postgres.h.
 */
#ifndef INFERACCT_MONEY_SQL_H
#define INFERACCT_MONEY_SQL_H

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/numeric.h"

#include "core/money.h"

/* Exact for every Money; the result is palloc'd in the current context. */
extern Numeric MoneyToNumeric(Money money);

/* The same in memory of the call site, see call_site.h. */
extern Numeric MoneyToNumericOfCall(FunctionCallInfo fcinfo, Money money);

/*
 * The inverse, without a round trip through text: cheap enough to be called for
 * every row.  Raises 22003 for NaN, infinity, what is finer than 1e-15 and what
 * exceeds 1e22.
 */
extern Money MoneyFromNumeric(Datum datum);

/* part / whole as a numeric without trailing zeros, to 20 decimals; whole is not 0. */
extern Datum MoneyQuotient(Money part, Money whole);

#endif							/* INFERACCT_MONEY_SQL_H */
