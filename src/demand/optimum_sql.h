/*
 * optimum_sql.h
 *	  What optimum() and mix() share: reading arrays and amounts, and writing them.
 *
 * Invariant: counts are whole and amounts exact.
 */
#ifndef INFERACCT_OPTIMUM_SQL_H
#define INFERACCT_OPTIMUM_SQL_H

#include "fmgr.h"

#include "demand/optimum.h"

extern void PlanTooLarge(void) __attribute__((noreturn));
extern void PlanCheckInterrupts(void);

/* The elements of a bigint[] or numeric[] argument without NULLs; *count, unless -1, is how many they have to be. */
extern Datum *PlanCounts(FunctionCallInfo fcinfo, int argument, int *count);
extern Datum *PlanAmounts(FunctionCallInfo fcinfo, int argument, int *count);

extern Datum PlanUsdDatum(Money usd);

/* A number of parts as a number of replicas x buckets, and of whole ones. */
extern Datum PlanShareDatum(Money parts, int64 size);

#endif							/* INFERACCT_OPTIMUM_SQL_H */
