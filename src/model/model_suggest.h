/*
 * model_suggest.h
 *	  The known names nearest to one that is unknown, for hints.
 *
 * Offer every known name, in any order and how often ever; best[] then holds the
 * nearest, nearest first, each once, and does not depend on that order.  For the
 * name of a model, what is wanted is ModelMatch.unwrapped.
 *
 * Near is: few edits (one inserts, deletes, replaces a byte, or swaps two
 * neighbours; letter case does not count), with a bonus for a common start.
 * A whole part that one name has more at its end ("-20241022", ":free") is
 * one edit.  Of the unknown name, its part after the last slash may match
 * instead of the whole.  More edits than a third of the name is not near.
 *
 * Names are at most MODEL_NAME_SIZE - 1 bytes; longer ones match nothing.
 * Pure C: no postgres.h; allocates nothing; best[] points to the offered names,
 * which must outlive it.  Cost of an offer: the product of the two lengths.
 */
#ifndef INFERACCT_MODEL_SUGGEST_H
#define INFERACCT_MODEL_SUGGEST_H

#include "model/model_resolve.h"

#define NEAREST_COUNT 3

typedef struct NearName
{
	const char *name;
	int			distance;		/* lower is nearer */
} NearName;

typedef struct Nearest
{
	char		wanted[MODEL_NAME_SIZE];	/* in lower case */
	int			count;
	NearName	best[NEAREST_COUNT];
} Nearest;

extern void NearestInit(Nearest *nearest, const char *wanted);
extern void NearestOffer(Nearest *nearest, const char *name);

#endif							/* INFERACCT_MODEL_SUGGEST_H */
