/*
 * model_fetch.h
 *	  What a model's name means by the price tables.
 *
 * Invariant: only rows that the reader's versions and policies let it know of
 * count.  Included after postgres.h.
 */
#ifndef INFERACCT_MODEL_FETCH_H
#define INFERACCT_MODEL_FETCH_H

#include "model/model_resolve.h"
#include "session/price_scan.h"

/* What a name means at a time. */
extern ModelStatus LoadModel(PriceReader *reader, const char *name, TimestampTz at, ModelMatch *match);

/* All (provider, model) pairs, as "provider/model", in context; for hints. */
extern int	LoadModelNames(TimestampTz as_of, char ***names, MemoryContext context);

#endif							/* INFERACCT_MODEL_FETCH_H */
