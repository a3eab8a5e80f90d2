/*
 * price_rule.h
 *	  Which rate a meter has, of the price rows in force at one moment.
 *	  Private to the building of rate cards.
 *
 * Units: USD x 1e-15 per single unit.  Pure C: no postgres.h.  Nothing allocates.
 */
#ifndef INFERACCT_PRICE_RULE_H
#define INFERACCT_PRICE_RULE_H

#include <string.h>

#include "price/in_force.h"
#include "price/rate_card.h"

#define STANDARD "standard"
#define MAX_WINDOWS 6			/* different ones at a time: a segment has a vector for each set of open ones */

typedef struct ActiveRows
{
	const PriceRow **rows;
	int			count;
} ActiveRows;

/* What a vector is for. */
typedef struct VectorKey
{
	const char *service_tier;
	const char *region;
	int64_t		min_input;
	const char *open[MAX_WINDOWS];	/* weekly windows that are open */
	int			nopen;
} VectorKey;

/* What was found for a meter. */
typedef struct RateFound
{
	const PriceRow *from;
	int64_t		rate;			/* in USD unless foreign */
	bool		foreign;		/* it is the row's amount in its currency, times factors */
	const PriceRow *factors[MAX_FACTORS];
	int			nfactors;
	bool		contracted;		/* a contract set or changed it */
	Meter		priced_as;		/* the meter whose price it is */
	bool		fallback_region;	/* the base price, though prices differ by region */
	bool		fallback_tier;	/* the standard price, though the tier has prices */
	Confidence	confidence;		/* apart from the request's name, region and time */
	uint16_t	checked_on;		/* the first day on which one of its rows was checked */
	CardStatus	status;			/* CARD_OK, or why the rate cannot be computed */
	const PriceRow *culprit;
} RateFound;

/* Find the rate of a meter for a vector; *found must be zeroed; false: none, or failed. */
extern bool FindRate(const ActiveRows *active, const VectorKey *key, Meter meter, RateFound *found);

static inline bool
Same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* Rows of different classes stand side by side: list prices and terms of contracts. */
static inline int
PriceClass(const PriceRow *row)
{
	return row->kind >= CONTRACT_RATE ? 1 : 0;
}

#endif							/* INFERACCT_PRICE_RULE_H */
