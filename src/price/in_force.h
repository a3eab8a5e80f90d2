/*
 * in_force.h
 *	  Which of the rows for one thing that hold at a time is in force: the one
 *	  valid from later, then published later, then of the higher version.
 *
 * The same rule in SQL is in_force_order().  Pure C: no postgres.h.
 */
#ifndef INFERACCT_IN_FORCE_H
#define INFERACCT_IN_FORCE_H

#include <stdint.h>

static inline int
CompareInt64(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* Below 0 when row b is in force rather than a, 0 when neither; of rows that have these three members. */
#define CompareInForce(a, b) \
	((a)->valid_from != (b)->valid_from ? CompareInt64((a)->valid_from, (b)->valid_from) : \
	 (a)->published_at != (b)->published_at ? CompareInt64((a)->published_at, (b)->published_at) : \
	 CompareInt64((a)->version, (b)->version))

#endif							/* INFERACCT_IN_FORCE_H */
