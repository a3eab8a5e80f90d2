/*
 * reshape.h
 *	  A usage as another model would count it: other tokenizers, longer or shorter
 *	  answers, another share of the prompt read from a cache.
 *
 * Invariant: only counts of text change, each is whole and rounded once, half up;
 * a hit rate moves tokens between meters of the prompt and keeps their sum.
 *
 * Units: tokens; ratios and rates x 1e-9.  Pure C: no postgres.h.
 */
#ifndef INFERACCT_RESHAPE_H
#define INFERACCT_RESHAPE_H

#include "core/usage.h"

#define RESHAPE_ONE INT64_C(1000000000)
#define RESHAPE_KEEP (-1)		/* of a hit rate: leave it */

typedef struct Reshape
{
	int64_t		input_ratio;	/* tokens of the prompt for each there was */
	int64_t		output_ratio;	/* of the answer */
	int64_t		hit_rate;		/* tokens read from a cache for each of the prompt; 0 to RESHAPE_ONE, or RESHAPE_KEEP */
} Reshape;

/* Change counts; on failure *meter says where a count does not fit. */
extern UsageStatus UsageReshape(MeterCounts *counts, const Reshape *reshape, Meter *meter);

#endif							/* INFERACCT_RESHAPE_H */
