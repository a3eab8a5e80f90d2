/*
 * demand.c
 *	  Adding requests to the buckets of a demand, and merging demands.
 *
 * Invariant: every bucket is in the hash table under its number, and has a
 * column for each bit of demand->meters; `last` points into buckets or is NULL.
 * Units and memory: see demand.h.  Pure C: no postgres.h.
 */
#include "demand/demand.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 16
#define MOST_BUCKETS (UINT32_C(1) << 31)

/* ---------- layout ---------- */

static size_t
StrideOf(uint32_t meters)
{
	return sizeof(DemandBucket) + (size_t) __builtin_popcount(meters) * sizeof(int64_t);
}

/* The column of a meter that has one. */
static int
ColumnOf(uint32_t meters, uint32_t bit)
{
	return __builtin_popcount(meters & (bit - 1));
}

bool
DemandWidthIsValid(int64_t width)
{
	return width >= DEMAND_MINUTE && width <= DEMAND_WEEK && width % DEMAND_MINUTE == 0;
}

void
DemandInit(Demand *demand, int64_t width, DemandResize resize, DemandRelease release,
		   DemandInterrupts check_interrupts, void *owner)
{
	memset(demand, 0, sizeof(*demand));
	demand->width = width;
	demand->stride = StrideOf(0);
	demand->resize = resize;
	demand->release = release;
	demand->check_interrupts = check_interrupts;
	demand->owner = owner;
}

void
DemandReset(Demand *demand, int64_t width)
{
	DemandInit(demand, width, demand->resize, demand->release, demand->check_interrupts, demand->owner);
}

void
DemandFree(Demand *demand)
{
	if (demand->buckets != NULL)
		demand->release(demand->buckets);
	if (demand->slots != NULL)
		demand->release(demand->slots);
	DemandReset(demand, demand->width);
}

int64_t
DemandNumber(const Demand *demand, int64_t at)
{
	int64_t		since = at - DEMAND_ORIGIN;
	int64_t		number = since / demand->width;

	return since % demand->width < 0 ? number - 1 : number;
}

int64_t
DemandStart(const Demand *demand, int64_t number)
{
	return DEMAND_ORIGIN + number * demand->width;
}

/* ---------- the hash table ---------- */

static uint32_t
HashOf(int64_t number)
{
	return (uint32_t) (((uint64_t) number * UINT64_C(0x9E3779B97F4A7C15)) >> 32);
}

/* The slot of a number, or the empty one where it belongs. */
static uint32_t *
SlotOf(const Demand *demand, int64_t number)
{
	uint32_t	mask = demand->nslots - 1;
	uint32_t	i = HashOf(number) & mask;

	while (demand->slots[i] != 0 && DemandBucketAt(demand, demand->slots[i] - 1)->number != number)
		i = (i + 1) & mask;
	return &demand->slots[i];
}

static void
FillSlots(Demand *demand)
{
	memset(demand->slots, 0, demand->nslots * sizeof(uint32_t));
	for (uint32_t i = 0; i < demand->nbuckets; i++)
		*SlotOf(demand, DemandBucketAt(demand, i)->number) = i + 1;
}

/* Make room for one more bucket, with the hash table at most half full. */
static bool
Grow(Demand *demand)
{
	uint32_t	capacity = demand->capacity == 0 ? FIRST_CAPACITY : demand->capacity * 2;
	void	   *memory;

	memory = demand->resize(demand->owner, demand->slots, (size_t) capacity * 2 * sizeof(uint32_t));
	if (memory == NULL)
		return false;
	demand->slots = memory;
	demand->nslots = capacity * 2;
	FillSlots(demand);

	memory = demand->resize(demand->owner, demand->buckets, capacity * demand->stride);
	if (memory == NULL)
		return false;
	demand->buckets = memory;
	demand->capacity = capacity;
	demand->last = NULL;
	return true;
}

DemandBucket *
DemandBucketOf(Demand *demand, int64_t number)
{
	uint32_t   *slot = demand->nslots == 0 ? NULL : SlotOf(demand, number);
	DemandBucket *bucket;

	if (slot != NULL && *slot != 0)
		return DemandBucketAt(demand, *slot - 1);
	if (demand->nbuckets == demand->capacity)
	{
		if (demand->nbuckets >= MOST_BUCKETS / 2 || !Grow(demand))
			return NULL;
		slot = SlotOf(demand, number);
	}
	bucket = DemandBucketAt(demand, demand->nbuckets);
	memset(bucket, 0, demand->stride);
	bucket->number = number;
	*slot = ++demand->nbuckets;
	return bucket;
}

/* ---------- columns ---------- */

/* Copy the counts of one set of meters to the columns of a larger one. */
static void
SpreadCounts(const int64_t *from, uint32_t meters, int64_t *to, uint32_t wider)
{
	for (; wider != 0; wider &= wider - 1)
		*to++ = meters & wider & -wider ? *from++ : 0;
}

DemandStatus
DemandAddMeters(Demand *demand, uint32_t meters)
{
	uint32_t	wider = demand->meters | meters;
	size_t		stride = StrideOf(wider);
	char	   *buckets = NULL;

	if (wider == demand->meters)
		return DEMAND_OK;
	if (demand->capacity > 0)
	{
		buckets = demand->resize(demand->owner, NULL, demand->capacity * stride);
		if (buckets == NULL)
			return DEMAND_NO_MEMORY;
	}
	for (uint32_t i = 0; i < demand->nbuckets; i++)
	{
		const DemandBucket *old = DemandBucketAt(demand, i);
		DemandBucket *new = (DemandBucket *) (buckets + i * stride);

		demand->check_interrupts();
		memcpy(new, old, sizeof(DemandBucket));
		SpreadCounts(old->count, demand->meters, new->count, wider);
	}
	if (demand->buckets != NULL)
		demand->release(demand->buckets);
	demand->buckets = buckets;
	demand->stride = stride;
	demand->meters = wider;
	demand->last = NULL;
	return DEMAND_OK;
}

/* ---------- adding ---------- */

/* Remember the bucket that a time falls into as the last one. */
static DemandStatus
FindLast(Demand *demand, int64_t at)
{
	int64_t		number;

	if (at < DEMAND_FIRST_TIME || at >= DEMAND_END_TIME)
		return DEMAND_TIME;
	number = DemandNumber(demand, at);
	demand->last_from = DemandStart(demand, number);
	demand->last_to = demand->last_from + demand->width;
	if (demand->last_from < DEMAND_FIRST_TIME)
		return DEMAND_TIME;
	demand->last = DemandBucketOf(demand, number);
	return demand->last == NULL ? DEMAND_NO_MEMORY : DEMAND_OK;
}

/* count[] += the counts of a usage whose meters all have a column. */
static DemandStatus
AddCounts(uint32_t meters, int64_t *count, uint32_t present, const int64_t *added, Meter *meter)
{
	/* Column by column, which is the usual case. */
	for (; present == meters && present != 0; present &= present - 1, meters &= meters - 1)
	{
		if (__builtin_add_overflow(*count, *added, count))
		{
			*meter = (Meter) __builtin_ctz(present);
			return DEMAND_METER_OVERFLOW;
		}
		count++, added++;
	}
	for (; present != 0; present &= present - 1)
	{
		uint32_t	bit = present & -present;

		if (__builtin_add_overflow(count[ColumnOf(meters, bit)], *added, &count[ColumnOf(meters, bit)]))
		{
			*meter = (Meter) __builtin_ctz(bit);
			return DEMAND_METER_OVERFLOW;
		}
		added++;
	}
	return DEMAND_OK;
}

/* Check that the requests of a bucket, stated or not, fit 64 bits. */
static DemandStatus
CheckRequests(const Demand *demand, const DemandBucket *bucket, Meter *meter)
{
	int64_t		total;

	*meter = METER_REQUESTS;
	if (__builtin_add_overflow(bucket->unstated, DemandCount(demand, bucket, METER_REQUESTS), &total))
		return DEMAND_METER_OVERFLOW;
	return DEMAND_OK;
}

static DemandStatus
AddRequest(Demand *demand, int64_t at, const Usage *usage, bool priced, Money usd, Meter *meter)
{
	uint32_t	present = usage->present;
	int64_t		stated;
	DemandStatus status;
	DemandBucket *bucket;

	if (present & ~demand->meters)
	{
		status = DemandAddMeters(demand, present);
		if (status != DEMAND_OK)
			return status;
	}
	if (demand->last == NULL || at < demand->last_from || at >= demand->last_to)
	{
		status = FindLast(demand, at);
		if (status != DEMAND_OK)
			return status;
	}
	bucket = demand->last;
	status = AddCounts(demand->meters, bucket->count, present, usage->count, meter);
	if (status != DEMAND_OK)
		return status;

	stated = UsageCount(usage, METER_REQUESTS);
	bucket->unstated += stated == 0;
	if (!priced)
		bucket->unpriced += stated == 0 ? 1 : stated;
	else if (__builtin_add_overflow(bucket->usd, usd, &bucket->usd))
		return DEMAND_MONEY_OVERFLOW;
	return CheckRequests(demand, bucket, meter);
}

DemandOutcome
DemandAdd(Demand *demand, int64_t at, const Usage *usage, bool priced, Money usd)
{
	DemandOutcome outcome = {.meter = METER_REQUESTS};

	outcome.status = AddRequest(demand, at, usage, priced, usd, &outcome.meter);
	return outcome;
}

static DemandStatus
MergeBucket(Demand *demand, const Demand *other, const DemandBucket *from, Meter *meter)
{
	DemandBucket *bucket = DemandBucketOf(demand, from->number);
	DemandStatus status;

	if (bucket == NULL)
		return DEMAND_NO_MEMORY;
	status = AddCounts(demand->meters, bucket->count, other->meters, from->count, meter);
	if (status != DEMAND_OK)
		return status;
	*meter = METER_REQUESTS;
	if (__builtin_add_overflow(bucket->unstated, from->unstated, &bucket->unstated) ||
		__builtin_add_overflow(bucket->unpriced, from->unpriced, &bucket->unpriced))
		return DEMAND_METER_OVERFLOW;
	if (__builtin_add_overflow(bucket->usd, from->usd, &bucket->usd))
		return DEMAND_MONEY_OVERFLOW;
	return CheckRequests(demand, bucket, meter);
}

DemandOutcome
DemandMerge(Demand *demand, const Demand *other)
{
	DemandOutcome outcome = {.meter = METER_REQUESTS};

	if (demand->width != other->width)
	{
		outcome.status = DEMAND_WIDTH;
		return outcome;
	}
	outcome.status = DemandAddMeters(demand, other->meters);
	demand->last = NULL;
	for (uint32_t i = 0; i < other->nbuckets && outcome.status == DEMAND_OK; i++)
	{
		demand->check_interrupts();
		outcome.status = MergeBucket(demand, other, DemandBucketAt(other, i), &outcome.meter);
	}
	return outcome;
}

/* ---------- sorting ---------- */

typedef struct SortKey
{
	int64_t		number;
	uint32_t	bucket;
} SortKey;

static int
CompareKeys(const void *left, const void *right)
{
	int64_t		a = ((const SortKey *) left)->number;
	int64_t		b = ((const SortKey *) right)->number;

	return (a > b) - (a < b);
}

static bool
IsSorted(const Demand *demand)
{
	for (uint32_t i = 1; i < demand->nbuckets; i++)
	{
		if (DemandBucketAt(demand, i - 1)->number > DemandBucketAt(demand, i)->number)
			return false;
	}
	return true;
}

DemandStatus
DemandSort(Demand *demand)
{
	SortKey    *keys;
	char	   *sorted;

	if (IsSorted(demand))
		return DEMAND_OK;
	keys = demand->resize(demand->owner, NULL, demand->nbuckets * sizeof(SortKey));
	if (keys == NULL)
		return DEMAND_NO_MEMORY;
	sorted = demand->resize(demand->owner, NULL, demand->capacity * demand->stride);
	if (sorted == NULL)
	{
		demand->release(keys);
		return DEMAND_NO_MEMORY;
	}
	for (uint32_t i = 0; i < demand->nbuckets; i++)
		keys[i] = (SortKey) {DemandBucketAt(demand, i)->number, i};
	qsort(keys, demand->nbuckets, sizeof(SortKey), CompareKeys);
	for (uint32_t i = 0; i < demand->nbuckets; i++)
	{
		demand->check_interrupts();
		memcpy(sorted + i * demand->stride, DemandBucketAt(demand, keys[i].bucket), demand->stride);
	}
	demand->release(keys);
	demand->release(demand->buckets);
	demand->buckets = sorted;
	demand->last = NULL;
	FillSlots(demand);
	return DEMAND_OK;
}

/* ---------- reading ---------- */

int64_t
DemandCount(const Demand *demand, const DemandBucket *bucket, Meter meter)
{
	uint32_t	bit = METER_BIT(meter);

	return demand->meters & bit ? bucket->count[ColumnOf(demand->meters, bit)] : 0;
}

int64_t
DemandRequests(const Demand *demand, const DemandBucket *bucket)
{
	return bucket->unstated + DemandCount(demand, bucket, METER_REQUESTS);
}

void
DemandUsage(const Demand *demand, const DemandBucket *bucket, Usage *usage)
{
	const int64_t *count = bucket->count;
	int			n = 0;

	usage->present = 0;
	for (uint32_t left = demand->meters; left != 0; left &= left - 1, count++)
	{
		if (*count == 0)
			continue;
		usage->present |= left & -left;
		usage->count[n++] = *count;
	}
}

bool
DemandBucketIsValid(const Demand *demand, const DemandBucket *bucket)
{
	Meter		meter;
	int64_t		requests;

	for (int i = 0; i < __builtin_popcount(demand->meters); i++)
	{
		if (bucket->count[i] < 0)
			return false;
	}
	if (bucket->unstated < 0 || bucket->unpriced < 0 || CheckRequests(demand, bucket, &meter) != DEMAND_OK)
		return false;
	requests = DemandRequests(demand, bucket);
	return requests > 0 && bucket->unpriced <= requests && (bucket->unpriced < requests || bucket->usd == 0);
}
