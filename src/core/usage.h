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

#include "core/meter.h"
#include "core/row_limits.h"

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

/* Room for any usage, on the stack. */
typedef union UsageBuffer
{
	Usage		usage;
	int64_t		room[(USAGE_MAX_SIZE + sizeof(int64_t) - 1) / sizeof(int64_t)];
} UsageBuffer;

/* Longest text of a usage: braces, NUL and, for each meter, "name":count, */
#define USAGE_TEXT_OF_METER(ENUM, name, ...) + sizeof("\"" #name "\":9223372036854775807,")
#define USAGE_TEXT_SIZE (3 METERS(USAGE_TEXT_OF_METER))

typedef enum UsageStatus
{
	USAGE_OK,
	USAGE_NEGATIVE,				/* a count would be below zero */
	USAGE_OVERFLOW,				/* a count would not fit 64 bits */
	USAGE_SYNTAX,				/* text: not a flat JSON object of integers */
	USAGE_UNKNOWN_METER,		/* text: a name that is no meter */
	USAGE_REPEATED_METER		/* text: a meter named twice */
} UsageStatus;

/* Write the packed form of counts, all >= 0, to *usage; return its size in bytes. */
extern size_t UsagePack(const MeterCounts *counts, Usage *usage);
extern void UsageUnpack(const Usage *usage, MeterCounts *counts);

/* counts += usage; on failure *meter says where and counts is unchanged there. */
extern UsageStatus UsageAdd(MeterCounts *counts, const Usage *usage, Meter *meter);

/*
 * *result = left + right and left - right, packed.  result has room for the
 * meters of both, and may be left itself when right has no other meters than
 * left.  On failure *meter says where, and *result is spoilt.
 */
extern UsageStatus UsageSum(const Usage *left, const Usage *right, Usage *result, Meter *meter);
extern UsageStatus UsageDifference(const Usage *left, const Usage *right, Usage *result, Meter *meter);

/*
 * A total order, < 0, 0 or > 0: by the count of the first meter, in the order
 * of meter.h, that differs.
 */
extern int	UsageCompare(const Usage *left, const Usage *right);
extern bool UsageEqual(const Usage *left, const Usage *right);

/* Count of one meter; 0 when absent. */
extern int64_t UsageCount(const Usage *usage, Meter meter);

/* Total over the meters in a bitmap; false when it does not fit 64 bits. */
extern bool UsageTotal(const Usage *usage, uint32_t meters, int64_t *total);

/* Is it the usage of bytes that a client or a disk could have damaged? */
extern bool UsageIsValid(const Usage *usage, size_t size);

/* JSON of the meters that are present, in the order of meter.h; returns its length. */
extern int	UsageToText(const Usage *usage, char text[USAGE_TEXT_SIZE]);

/*
 * The inverse: a flat JSON object of meters and whole numbers, exact to 2^63-1.
 * On failure *at is the place: the name for an unknown or repeated meter, the
 * count for one out of range, else the first byte that does not fit.
 */
extern UsageStatus UsageFromText(const char *text, MeterCounts *counts, const char **at);

static inline int
UsageMeters(const Usage *usage)
{
	return __builtin_popcount(usage->present);
}

/* Has it a count that no request has?  All counts at once, as there hardly ever is one. */
static inline bool
UsageIsBeyond(const Usage *usage)
{
	int			meters = UsageMeters(usage);
	int64_t		bits = 0;

	for (int i = 0; i < meters; i++)
		bits |= usage->count[i];
	if (__builtin_expect(bits <= ROW_COUNT_MAX, 1))
		return false;
	for (int i = 0; i < meters; i++)
	{
		if (usage->count[i] > ROW_COUNT_MAX)
			return true;
	}
	return false;
}

#endif							/* INFERACCT_USAGE_H */
