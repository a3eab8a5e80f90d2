/*
 * active_rows.h
 *	  Which price rows of a model are in force, for a service tier and region, at
 *	  a moment.
 *
 * Invariant: of rows with one key (all that tells prices apart which hold side by
 * side) at most one is in force: the one valid from later, then known later
 * (in_force.h).  A withdrawal is in force as well, until it has taken out what
 * those after its rank state.
 *
 * Private to the building of rate cards.  Pure C: no postgres.h.  Nothing allocates.
 */
#ifndef INFERACCT_ACTIVE_ROWS_H
#define INFERACCT_ACTIVE_ROWS_H

#include "price/price_rule.h"

/* Sort the rows by key and time, and drop those that were corrected; returns how many are left. */
extern int	DropCorrected(PriceRow *rows, int nrows);

/* Does a row bear on the lane of this tier and region? */
extern bool BearsOn(const PriceRow *row, const char *tier, const char *region);

/*
 * Collect the rows in force at `at` that bear on a lane into memory that has room
 * for all; returns whether its tier exists then.  The rows are as DropCorrected()
 * leaves them.
 */
extern bool CollectActive(const PriceRow *rows, int nrows, const char *tier, const char *region, int64_t at,
						  ActiveRows *active);

#endif							/* INFERACCT_ACTIVE_ROWS_H */
