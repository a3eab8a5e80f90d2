/*
 * rate_key.h
 *	  What tells requests apart: two requests of the same labels whose rate keys
 *	  are equal have the same rates, at any price that was known when the bounds
 *	  were taken.
 *
 * This is the only place that says so: the rollup is cut by it, by hour and,
 * with months for hours, by month.  A key has
 *
 *	- the slice of time, in which no price of any model begins or ends,
 *	- the context bucket, in which no context tier of any model begins,
 *	- the kinds of meters present: those that have a price, or none, together,
 *	- whether the row sums up several requests itself.
 *
 * The bounds do not depend on names: what is cut too often only makes more rows.
 *
 * Times are microseconds since 2000-01-01 UTC, sizes are tokens.  Pure C: no
 * postgres.h; allocates nothing.
 */
#ifndef INFERACCT_RATE_KEY_H
#define INFERACCT_RATE_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/row_limits.h"
#include "core/usage.h"

typedef enum RowProblem
{
	ROW_OK,
	ROW_TIME,					/* not within [ROW_AT_MIN, ROW_AT_END) */
	ROW_COUNT					/* a count above ROW_COUNT_MAX */
} RowProblem;

/* Moments and total inputs at which something may begin, each ascending. */
typedef struct RateBounds
{
	const int64_t *times;
	const int64_t *inputs;
	uint32_t	ntimes;
	uint32_t	ninputs;
} RateBounds;

typedef struct RateKey
{
	int64_t		hour;			/* its beginning */
	int64_t		slice;			/* the later of hour and the last of the times */
	int64_t		context_from;	/* the last of the inputs, or 0 */
	uint32_t	kinds;
	uint32_t	aggregated;		/* 0 or 1 */
} RateKey;

/* May a row be counted at all? */
extern RowProblem RowCheck(int64_t at, const Usage *usage);

/* The key of a row that may be, and its total input. */
extern RateKey RateKeyOf(const RateBounds *bounds, int64_t at, const Usage *usage, int64_t *input);

/* The kinds of the meters present, as meters: those with whose price they stand and fall. */
extern uint32_t UsageKinds(uint32_t present);

static inline bool
RateKeyEqual(const RateKey *a, const RateKey *b)
{
	return a->hour == b->hour && a->slice == b->slice && a->context_from == b->context_from &&
		a->kinds == b->kinds && a->aggregated == b->aggregated;
}

#endif							/* INFERACCT_RATE_KEY_H */
