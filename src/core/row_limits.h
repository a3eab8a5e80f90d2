/*
 * row_limits.h
 *	  What a row of a log may say to be counted: the rollup and the sources refuse
 *	  the same rows.
 *
 * Times are microseconds since 2000-01-01 UTC.  Pure C: no postgres.h.
 */
#ifndef INFERACCT_ROW_LIMITS_H
#define INFERACCT_ROW_LIMITS_H

#include <stdint.h>

/* More of a meter than this is no count of a request, nor of a page of many: such rows are refused, so that sums fit. */
#define ROW_COUNT_MAX INT64_C(10000000000000000)

/* Times before and from which rows are refused: there are those of the years 2000 to 2099. */
#define ROW_AT_MIN INT64_C(0)
#define ROW_AT_END INT64_C(3155760000000000)

/* The same in the words that people read. */
#define ROW_AT_PROBLEM "its time is not within the years 2000 to 2099"

#endif							/* INFERACCT_ROW_LIMITS_H */
