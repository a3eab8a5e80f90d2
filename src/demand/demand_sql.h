/*
 * demand_sql.h
 *	  Type demand for the C code of other modules.
 *
 * A Datum is either flat, as it lies in a table (demand_bytes.c), or an
 * expanded object, which aggregates change in place.  Included after postgres.h.
 */
#ifndef INFERACCT_DEMAND_SQL_H
#define INFERACCT_DEMAND_SQL_H

#include "fmgr.h"

#include "server/compat.h"
#include "demand/demand.h"

/* Raise what failed. */
extern void CheckDemandOutcome(DemandOutcome outcome);

static inline void
CheckDemand(DemandStatus status)
{
	CheckDemandOutcome((DemandOutcome) {.status = status,.meter = METER_REQUESTS});
}

/* The demand behind a Datum, sorted and read-only; made in the current memory context when it is flat. */
extern const Demand *DatumGetDemand(Datum datum);

/* Initialize an empty demand whose buckets will lie in a memory context. */
extern void DemandInContext(Demand *demand, int64 width, MemoryContext context);

/* A DemandAppend, to a StringInfo. */
extern void AppendDemandText(void *sink, const char *text);

/* The flat form, palloc'd, of a demand, which is sorted by this. */
extern Datum DemandGetDatum(Demand *demand);

#define PG_GETARG_DEMAND(n) DatumGetDemand(PG_GETARG_DATUM(n))

#endif							/* INFERACCT_DEMAND_SQL_H */
