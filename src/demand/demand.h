/*
 * demand.h
 *	  How load lies over time: requests, usage and API cost in buckets.
 *
 * Invariants: a bucket is there only when a request fell into it, so an absent
 * bucket is a zero; every bucket covers [start, start + width) and starts a
 * whole number of widths from Monday 2000-01-03 00:00 UTC; `meters` is exactly
 * the set of meters that some bucket has.  Adding and merging commute: equal
 * requests give equal bytes in whatever order and parts they came.
 *
 * Units: microseconds since 2000-01-01 00:00 UTC (timestamptz), USD x 1e-15,
 * the units of meter.h.  Pure C: no postgres.h.  Memory comes from the caller's
 * resize function and is given back by DemandFree().
 */
#ifndef INFERACCT_DEMAND_H
#define INFERACCT_DEMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/money.h"
#include "core/usage.h"

#define DEMAND_MINUTE INT64_C(60000000)
#define DEMAND_HOUR (60 * DEMAND_MINUTE)
#define DEMAND_DAY (24 * DEMAND_HOUR)
#define DEMAND_WEEK (7 * DEMAND_DAY)
#define DEMAND_ORIGIN (2 * DEMAND_DAY)	/* Monday 2000-01-03 */

/* The times that timestamptz has: [first, end). */
#define DEMAND_FIRST_TIME INT64_C(-211813488000000000)
#define DEMAND_END_TIME INT64_C(9223371331200000000)

typedef struct DemandBucket
{
	int64_t		number;			/* widths since DEMAND_ORIGIN */
	int64_t		unstated;		/* requests whose usage did not count itself */
	int64_t		unpriced;		/* requests without an API cost */
	Money		usd;			/* API cost of the others */
	int64_t		count[];		/* one per bit of the demand's meters, lowest first */
} DemandBucket;

/* realloc() that is told an owner; NULL only when memory is out. */
typedef void *(*DemandResize) (void *owner, void *old, size_t size);
typedef void (*DemandRelease) (void *old);

/* Asked once for every bucket that a long loop comes to; need not return. */
typedef void (*DemandInterrupts) (void);

typedef struct Demand
{
	int64_t		width;			/* microseconds, whole minutes, at most a week */
	uint32_t	meters;			/* METER_BITs of the columns of every bucket */
	uint32_t	nbuckets;
	uint32_t	capacity;		/* buckets that there is room for */
	uint32_t	nslots;			/* of the hash table: 0 or a power of two */
	size_t		stride;			/* bytes of a bucket */
	char	   *buckets;		/* in order of arrival until DemandSort() */
	uint32_t   *slots;			/* bucket + 1, or 0: open addressing by number */

	/* Where the last request fell: [from, to) of that bucket. */
	int64_t		last_from;
	int64_t		last_to;
	DemandBucket *last;

	DemandResize resize;
	DemandRelease release;
	DemandInterrupts check_interrupts;
	void	   *owner;
} Demand;

typedef enum DemandStatus
{
	DEMAND_OK,
	DEMAND_NO_MEMORY,
	DEMAND_TIME,				/* not a time that timestamptz has */
	DEMAND_METER_OVERFLOW,		/* a count beyond 64 bits */
	DEMAND_MONEY_OVERFLOW,
	DEMAND_WIDTH,				/* not whole minutes from one to a week; or two widths */
	DEMAND_TOO_MANY,			/* more than 2^31 buckets */
	DEMAND_CORRUPT,				/* bytes or text that no demand has */
	DEMAND_OTHER_FORMAT,		/* stored by a version with another DEMAND_FORMAT, the first byte */
	DEMAND_OTHER_METERS			/* ... or with another number of meters, the second */
} DemandStatus;

/* What became of adding. */
typedef struct DemandOutcome
{
	DemandStatus status;
	Meter		meter;			/* whose count overflowed, with DEMAND_METER_OVERFLOW */
} DemandOutcome;

/* An empty demand; it does not allocate. */
extern void DemandInit(Demand *demand, int64_t width, DemandResize resize, DemandRelease release,
					   DemandInterrupts check_interrupts, void *owner);

/* Begin again with nothing in it, and another width. */
extern void DemandReset(Demand *demand, int64_t width);
extern void DemandFree(Demand *demand);

extern bool DemandWidthIsValid(int64_t width);

/*
 * Add a request, or several that count themselves under meter requests; usd is
 * ignored unless priced.  After a failure the demand may not be used.
 */
extern DemandOutcome DemandAdd(Demand *demand, int64_t at, const Usage *usage, bool priced, Money usd);

/* Add all of another demand of the same width. */
extern DemandOutcome DemandMerge(Demand *demand, const Demand *other);

/* Put the buckets in the order of time. */
extern DemandStatus DemandSort(Demand *demand);

/* The bucket with that number, made when it is not there; NULL when memory is out. */
extern DemandBucket *DemandBucketOf(Demand *demand, int64_t number);

/* Give every bucket columns for these meters, too. */
extern DemandStatus DemandAddMeters(Demand *demand, uint32_t meters);

/* The number of the bucket that a time falls into, and when a bucket starts. */
extern int64_t DemandNumber(const Demand *demand, int64_t at);
extern int64_t DemandStart(const Demand *demand, int64_t number);

static inline DemandBucket *
DemandBucketAt(const Demand *demand, uint32_t i)
{
	return (DemandBucket *) (demand->buckets + i * demand->stride);
}

/* What one bucket has: requests, and the usage as its packed form. */
extern int64_t DemandRequests(const Demand *demand, const DemandBucket *bucket);
extern int64_t DemandCount(const Demand *demand, const DemandBucket *bucket, Meter meter);
extern void DemandUsage(const Demand *demand, const DemandBucket *bucket, Usage *usage);

/* Is a bucket one that adding requests could have made? */
extern bool DemandBucketIsValid(const Demand *demand, const DemandBucket *bucket);

/*
 * Raised with every change of the stored form or the text.
 */
#define DEMAND_FORMAT 1

/*
 * demand_bytes.c: the stored form of a sorted demand, the same for equal
 * demands on every machine.  DemandSize() says how much room DemandWrite()
 * takes; DemandRead() takes bytes that a client or a disk could have damaged
 * into an initialized demand.
 */

extern size_t DemandSize(const Demand *demand);
extern void DemandWrite(const Demand *demand, unsigned char *bytes);
extern DemandStatus DemandRead(Demand *demand, const unsigned char *bytes, size_t size);

/*
 * demand_text.c: the text form of a sorted demand, JSON.  DemandToText() hands
 * its pieces to append; DemandFromText() leaves in *at what did not fit, or the
 * number of another format.
 */
typedef void (*DemandAppend) (void *sink, const char *text);
extern void DemandToText(const Demand *demand, DemandAppend append, void *sink);
extern DemandStatus DemandFromText(Demand *demand, const char *text, const char **at);

#endif							/* INFERACCT_DEMAND_H */
