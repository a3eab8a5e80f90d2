/*
 * usage.h
 *	  What one request, or many, consumed: a vector of disjoint meters.
 *
 * Two forms.  MeterCounts is dense, for code that fills or edits counts.
 * Usage is packed, and is the SQL type as it lies in a table: a bitmap of the
 * meters that are present (non-zero) and their counts in the order of meter.h.
 *
 * Invariants: counts are never negative; a zero count is absent, so that equal
 * usages are equal bytes (the header aside).
 *
 * Units: tokens, requests, searches, images, seconds, characters, pages.
 * Pure C: no postgres.h.  Nothing here allocates.
 */
#ifndef INFERACCT_USAGE_H
#define INFERACCT_USAGE_H

#include <stdbool.h>

#include "meter.h"

typedef struct MeterCounts
{
	int64_t		of[METER_COUNT];
} MeterCounts;

typedef struct Usage
{
	int32_t		header;			/* room for the varlena length word */
	uint32_t	present;		/* METER_BITs of the meters that follow */
	int64_t		count[];		/* one per bit of present, lowest bit first */
} Usage;

#define USAGE_SIZE(meters) (offsetof(Usage, count) + (size_t) (meters) * sizeof(int64_t))
#define USAGE_MAX_SIZE USAGE_SIZE(METER_COUNT)

typedef enum UsageStatus
{
	USAGE_OK,
	USAGE_NEGATIVE,				/* a count would be below zero */
	USAGE_OVERFLOW				/* a count would not fit 64 bits */
} UsageStatus;

/* Write the packed form of counts, all >= 0, to *usage; return its size in bytes. */
extern size_t UsagePack(const MeterCounts *counts, Usage *usage);
extern void UsageUnpack(const Usage *usage, MeterCounts *counts);

/* counts += usage, counts -= usage; on failure *meter says where and counts is unchanged there. */
extern UsageStatus UsageAdd(MeterCounts *counts, const Usage *usage, Meter *meter);
extern UsageStatus UsageSubtract(MeterCounts *counts, const Usage *usage, Meter *meter);

/* Count of one meter; 0 when absent. */
extern int64_t UsageCount(const Usage *usage, Meter meter);

/* Total over the meters in a bitmap; false when it does not fit 64 bits. */
extern bool UsageTotal(const Usage *usage, uint32_t meters, int64_t *total);

/* Is it the usage of bytes that a client or a disk could have damaged? */
extern bool UsageIsValid(const Usage *usage, size_t size);

static inline int
UsageMeters(const Usage *usage)
{
	return __builtin_popcount(usage->present);
}

#endif							/* INFERACCT_USAGE_H */
