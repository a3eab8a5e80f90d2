/*
 * known_at.h
 *	  The time as of which prices are known, and what a time hides.
 *
 * Invariant: a time before the oldest price version is answered with the oldest
 * version, and the session is told so once; so a look back never hides all
 * prices.  Included after postgres.h.
 */
#ifndef INFERACCT_KNOWN_AT_H
#define INFERACCT_KNOWN_AT_H

#include "datatype/timestamp.h"

#include "model/model_resolve.h"
#include "session/price_scan.h"

/* as_of, or when the oldest version was published if that was later (*before_known then); DT_NOEND stays. */
extern TimestampTz KnownAt(TimestampTz as_of, bool *before_known);

/*
 * Since when the model that a name means is known, as a sentence, when only the
 * reader's as_of hides it; NULL when it does not.  In the current memory context.
 */
extern char *HiddenModel(const PriceReader *reader, const char *name, TimestampTz at);

/* " Prices are asked for as of ...: what was published later is not seen.", or "". */
extern char *HiddenNote(TimestampTz as_of);

#endif							/* INFERACCT_KNOWN_AT_H */
