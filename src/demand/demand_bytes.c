/*
 * demand_bytes.c
 *	  The stored form of a demand: small, sorted, the same on every machine.
 *
 *	DEMAND_FORMAT (1 byte), METER_COUNT (1 byte)
 *	width in minutes, meters, digits, buckets
 *	for each bucket, in the order of time:
 *		number (signed) for the first, then the buckets skipped since the last
 *		columns without a count, the counts of the other columns
 *		unstated, unpriced, usd (signed) in units of 10^digits x 1e-15 USD
 *
 * Every number is a varint: seven bits a byte, lowest first, the high bit set
 * on all but the last; signed ones have their sign in the lowest bit.  `digits`
 * is the largest that leaves every usd whole.
 *
 * Invariant: equal demands have equal bytes; a year of hours with six meters
 * takes some 300 kB.  Pure C: no postgres.h.  Nothing here allocates but the
 * buckets that are read.
 */
#include "demand/demand.h"

typedef unsigned __int128 Wide;

/* ---------- writing ---------- */

typedef struct Writer
{
	unsigned char *at;			/* NULL: only count */
	size_t		size;
} Writer;

static void
PutByte(Writer *writer, unsigned char byte)
{
	if (writer->at != NULL)
		writer->at[writer->size] = byte;
	writer->size++;
}

static void
Put(Writer *writer, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		PutByte(writer, (unsigned char) (value | 0x80));
	PutByte(writer, (unsigned char) value);
}

static void
PutSigned(Writer *writer, __int128 value)
{
	Wide		magnitude = value < 0 ? ~(Wide) value : (Wide) value;
	Wide		left = magnitude << 1 | (value < 0);

	for (; left >= 0x80; left >>= 7)
		PutByte(writer, (unsigned char) (left | 0x80));
	PutByte(writer, (unsigned char) left);
}

/* How many trailing decimal zeros every usd has, at most MONEY_SCALE. */
static int
CommonDigits(const Demand *demand)
{
	int			digits = MONEY_SCALE;

	for (uint32_t i = 0; i < demand->nbuckets && digits > 0; i++)
	{
		Money		usd = DemandBucketAt(demand, i)->usd;
		int			trimmed = MONEY_SCALE - MoneyTrim(&usd);

		if (trimmed < digits)
			digits = trimmed;
	}
	return digits;
}

static Money
PowerOfTen(int exponent)
{
	Money		power = 1;

	while (exponent-- > 0)
		power *= 10;
	return power;
}

static void
PutBucket(Writer *writer, const Demand *demand, const DemandBucket *bucket, Money unit)
{
	int			columns = __builtin_popcount(demand->meters);
	uint32_t	absent = 0;

	for (int i = 0; i < columns; i++)
		absent |= (uint32_t) (bucket->count[i] == 0) << i;
	Put(writer, absent);
	for (int i = 0; i < columns; i++)
	{
		if (bucket->count[i] != 0)
			Put(writer, (uint64_t) bucket->count[i]);
	}
	Put(writer, (uint64_t) bucket->unstated);
	Put(writer, (uint64_t) bucket->unpriced);
	PutSigned(writer, bucket->usd / unit);
}

static void
PutDemand(Writer *writer, const Demand *demand)
{
	int			digits = CommonDigits(demand);
	Money		unit = PowerOfTen(digits);
	int64_t		previous = 0;

	PutByte(writer, DEMAND_FORMAT);
	PutByte(writer, METER_COUNT);
	Put(writer, (uint64_t) (demand->width / DEMAND_MINUTE));
	Put(writer, demand->meters);
	Put(writer, (uint64_t) digits);
	Put(writer, demand->nbuckets);
	for (uint32_t i = 0; i < demand->nbuckets; i++)
	{
		const DemandBucket *bucket = DemandBucketAt(demand, i);

		demand->check_interrupts();
		if (i == 0)
			PutSigned(writer, bucket->number);
		else
			Put(writer, (uint64_t) (bucket->number - previous - 1));
		previous = bucket->number;
		PutBucket(writer, demand, bucket, unit);
	}
}

size_t
DemandSize(const Demand *demand)
{
	Writer		writer = {NULL, 0};

	PutDemand(&writer, demand);
	return writer.size;
}

void
DemandWrite(const Demand *demand, unsigned char *bytes)
{
	Writer		writer = {bytes, 0};

	PutDemand(&writer, demand);
}

/* ---------- reading ---------- */

typedef struct Reader
{
	const unsigned char *at;
	const unsigned char *end;
	bool		bad;			/* bytes ran out, or a number did not fit */
} Reader;

/* The next number of at most `bits` bits. */
static Wide
Get(Reader *reader, int bits)
{
	Wide		value = 0;

	for (int shift = 0; reader->at < reader->end && shift < bits; shift += 7)
	{
		unsigned char byte = *reader->at++;
		Wide		part = byte & 0x7F;

		if (bits - shift < 7 && part >> (bits - shift) != 0)
			break;
		value |= part << shift;
		if (!(byte & 0x80))
			return value;
	}
	reader->bad = true;
	return 0;
}

static __int128
GetSigned(Reader *reader, int bits)
{
	Wide		value = Get(reader, bits);
	Wide		magnitude = value >> 1;

	return value & 1 ? -(__int128) magnitude - 1 : (__int128) magnitude;
}

/* A count: the 63 bits above zero. */
static int64_t
GetCount(Reader *reader)
{
	return (int64_t) Get(reader, 63);
}

/* The number of the next bucket; one out of the range of times is bad. */
static int64_t
GetNumber(Reader *reader, const Demand *demand, const int64_t *previous)
{
	__int128	number = previous == NULL ? GetSigned(reader, 64) : (__int128) *previous + 1 + GetCount(reader);
	__int128	start = number * demand->width + DEMAND_ORIGIN;

	if (start < DEMAND_FIRST_TIME || start >= DEMAND_END_TIME)
		reader->bad = true;
	return reader->bad ? 0 : (int64_t) number;
}

static void
GetBucket(Reader *reader, const Demand *demand, DemandBucket *bucket, Money unit)
{
	uint32_t	absent = (uint32_t) Get(reader, 32);
	__int128	usd;

	for (int i = 0; i < __builtin_popcount(demand->meters); i++)
	{
		if (!(absent & UINT32_C(1) << i))
			bucket->count[i] = GetCount(reader);
	}
	bucket->unstated = GetCount(reader);
	bucket->unpriced = GetCount(reader);
	usd = GetSigned(reader, 128);
	if (__builtin_mul_overflow(usd, unit, &usd))
		reader->bad = true;
	bucket->usd = usd;
	if (!reader->bad && !DemandBucketIsValid(demand, bucket))
		reader->bad = true;
}

/* Are there only the meters that some bucket has? */
static bool
AllMetersUsed(const Demand *demand)
{
	uint32_t	used = 0;

	for (uint32_t i = 0; i < demand->nbuckets; i++)
	{
		UsageBuffer buffer;

		DemandUsage(demand, DemandBucketAt(demand, i), &buffer.usage);
		used |= buffer.usage.present;
	}
	return used == demand->meters;
}

DemandStatus
DemandRead(Demand *demand, const unsigned char *bytes, size_t size)
{
	Reader		reader = {bytes, bytes + size, false};
	int			format = (int) Get(&reader, 7);
	int			meter_count = (int) Get(&reader, 7);
	int64_t		width = (int64_t) Get(&reader, 16) * DEMAND_MINUTE;
	uint32_t	meters = (uint32_t) Get(&reader, 32);
	int			digits = (int) Get(&reader, 7);
	uint32_t	nbuckets = (uint32_t) Get(&reader, 31);
	int64_t		number = 0;

	if (size > 0 && format != DEMAND_FORMAT)
		return DEMAND_OTHER_FORMAT;
	if (size > 1 && meter_count != METER_COUNT)
		return DEMAND_OTHER_METERS;
	if (reader.bad || !DemandWidthIsValid(width) || (meters & ~ALL_METERS) != 0 ||
		digits > MONEY_SCALE)
		return DEMAND_CORRUPT;
	DemandReset(demand, width);
	DemandAddMeters(demand, meters);	/* nothing to move yet: cannot fail */
	for (uint32_t i = 0; i < nbuckets; i++)
	{
		DemandBucket *bucket;

		demand->check_interrupts();
		number = GetNumber(&reader, demand, i == 0 ? NULL : &number);
		if (reader.bad)
			return DEMAND_CORRUPT;
		bucket = DemandBucketOf(demand, number);
		if (bucket == NULL)
			return DEMAND_NO_MEMORY;
		GetBucket(&reader, demand, bucket, PowerOfTen(digits));
		if (reader.bad)
			return DEMAND_CORRUPT;
	}
	return reader.at == reader.end && AllMetersUsed(demand) ? DEMAND_OK : DEMAND_CORRUPT;
}
