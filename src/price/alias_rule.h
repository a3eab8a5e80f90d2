/*
 * alias_rule.h
 *	  The rule of which alias of a name is in force, and what it means.
 *
 * Invariant: one answer holds for a whole interval of times, and is given with
 * it.  What a book has and what tables have is judged alike.
 *
 * Times are microseconds since 2000-01-01 UTC.  Pure C: no postgres.h.
 */
#ifndef INFERACCT_ALIAS_RULE_H
#define INFERACCT_ALIAS_RULE_H

#include "model/model_resolve.h"
#include "price/in_force.h"
#include "price/rate_card.h"

/* One alias row as it is known.  Strings belong to the caller; model NULL ends the alias. */
typedef struct AliasRow
{
	int64_t		valid_from;
	int64_t		version;
	int64_t		published_at;
	const char *alias;
	const char *provider;
	const char *model;
	const char *region;
	uint16_t	rank;			/* of whoever states it */
} AliasRow;

/* Fill a reference; what does not fit is cut, and tables refuse such names. */
extern void ModelRefSet(ModelRef *ref, const char *provider, const char *model, const char *region);

/* By alias, then the one in force last; for qsort(). */
extern int	AliasCompare(const void *left, const void *right);

/* Does a row that has begun go before the best so far: of a lower rank, or the later one of the same? */
extern bool AliasGoesBefore(const AliasRow *row, const AliasRow *best);

/* Narrow [*from, *to) to where a row has, or has not, begun; returns whether it has at `at`. */
extern bool AliasHasBegun(int64_t valid_from, int64_t at, int64_t *from, int64_t *to);

/* What a row in force means; false when it ends the alias. */
extern bool AliasMeans(const AliasRow *row, const ModelDirectory *directory, ModelRef *ref);

/*
 * Of the rows of one alias, the one in force at `at`; -1 for none.  Once a row of
 * one rank holds, those of higher ranks count for nothing, also where it ends the
 * alias.  [*from, *to) is narrowed to where that holds.
 */
extern int	AliasInForce(const AliasRow *rows, int nrows, int64_t at, int64_t *from, int64_t *to);

/*
 * What it means; false when there is none.  A shipped alias never hides prices
 * that were published under the name: then the name means itself.  (A user's
 * alias is a statement on the name, and wins.)  One of a name that says "latest",
 * without a date and not the user's, is a guess.  Of the directory, find is used.
 */
extern bool AliasResolve(const AliasRow *rows, int nrows, int64_t at, const ModelDirectory *directory,
						 ModelRef *ref, int64_t *from, int64_t *to);

/*
 * What the patterns among rows of any aliases say of a name: the one that states
 * most of it, of a provider, or of any when that is "".  false when none matches,
 * or those of several providers state as much.  What is not the user's is a guess.
 */
extern bool AliasResolvePattern(const AliasRow *rows, int nrows, const char *provider, const char *name, int64_t at,
								const ModelDirectory *directory, ModelRef *ref, int64_t *from, int64_t *to);

#endif							/* INFERACCT_ALIAS_RULE_H */
