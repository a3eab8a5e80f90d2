/*
 * usage_sql.h
 *	  Type usage for the C code of other modules.
 *
 * Invariant: the type is STORAGE plain and aligned to 8 bytes, so a Datum is a
 * pointer to a Usage with a four-byte length word, never toasted or packed.
 * A Usage that came from SQL is read-only.  Included after postgres.h.
 */
#ifndef INFERACCT_USAGE_SQL_H
#define INFERACCT_USAGE_SQL_H

#include "fmgr.h"

#include "server/compat.h"
#include "core/usage.h"

#define DatumGetUsage(datum) ((const Usage *) DatumGetPointer(datum))
#define UsageGetDatum(usage) PointerGetDatum(usage)
#define PG_GETARG_USAGE(n) DatumGetUsage(PG_GETARG_DATUM(n))
#define PG_RETURN_USAGE(usage) return UsageGetDatum(usage)

/* Copy a usage, and the packed form of counts, to a palloc'd Datum. */
extern Usage *UsageCopy(const Usage *usage);
extern Usage *UsageFromCounts(const MeterCounts *counts);

/* Raise what failed at a meter: a count below zero, or one beyond 64 bits. */
extern void UsageError(UsageStatus status, Meter meter) __attribute__((noreturn));

#endif							/* INFERACCT_USAGE_SQL_H */
