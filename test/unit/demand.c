/*
 * demand.c
 *	  Unit tests of src/demand: what is added comes out again, in whatever
 *	  order and parts; text and bytes lose nothing; damaged bytes are refused.
 */
#include <stdlib.h>
#include <string.h>

#include "demand/demand.h"
#include "random.h"
#include "tap.h"

#define REQUESTS 3000
#define PARTS 7

static void
NotAsked(void)
{
}

static void *
Resize(void *owner, void *old, size_t size)
{
	(void) owner;
	return realloc(old, size);
}

static void
Start(Demand *demand, int64_t width)
{
	DemandInit(demand, width, Resize, free, NotAsked, NULL);
}

/* ---------- random requests ---------- */

typedef struct Added
{
	int64_t		at;
	UsageBuffer usage;
	bool		priced;
	Money		usd;
} Added;

static Added
RandomRequest(void)
{
	Added		added;
	MeterCounts counts = {{0}};

	for (int i = Random() % 5; i > 0; i--)
		counts.of[Random() % METER_COUNT] = (int64_t) (Random() % 100000);
	UsagePack(&counts, &added.usage.usage);
	added.at = (int64_t) (Random() % (400 * (uint64_t) DEMAND_DAY)) - 100 * DEMAND_DAY;
	added.priced = Random() % 8 != 0;
	added.usd = (Money) (Random() % 1000000) * 1000000 - 1000;
	return added;
}

static bool
AddRequest(Demand *demand, const Added *added)
{

	return DemandAdd(demand, added->at, &added->usage.usage, added->priced, added->usd).status == DEMAND_OK;
}

/* The bytes of a demand; free() them. */
static unsigned char *
Bytes(Demand *demand, size_t *size)
{
	unsigned char *bytes;

	DemandSort(demand);
	*size = DemandSize(demand);
	bytes = malloc(*size);
	DemandWrite(demand, bytes);
	return bytes;
}

static bool
SameBytes(Demand *left, Demand *right)
{
	size_t		left_size,
				right_size;
	unsigned char *a = Bytes(left, &left_size);
	unsigned char *b = Bytes(right, &right_size);
	bool		same = left_size == right_size && memcmp(a, b, left_size) == 0;

	free(a);
	free(b);
	return same;
}

/* ---------- tests ---------- */

/* What all requests consumed and cost is what all buckets have. */
static void
TestTotals(const Demand *demand, const Added *added)
{
	MeterCounts counts = {{0}};
	MeterCounts buckets = {{0}};
	Money		usd = 0,
				buckets_usd = 0;
	int64_t		requests = 0,
				buckets_requests = 0;
	bool		in_order = true;

	for (int i = 0; i < REQUESTS; i++)
	{
		int64_t		stated = UsageCount(&added[i].usage.usage, METER_REQUESTS);
		Meter		meter;

		UsageAdd(&counts, &added[i].usage.usage, &meter);
		usd += added[i].priced ? added[i].usd : 0;
		requests += stated == 0 ? 1 : stated;
	}
	for (uint32_t i = 0; i < demand->nbuckets; i++)
	{
		const DemandBucket *bucket = DemandBucketAt(demand, i);
		UsageBuffer buffer;
		Meter		meter;

		DemandUsage(demand, bucket, &buffer.usage);
		UsageAdd(&buckets, &buffer.usage, &meter);
		buckets_usd += bucket->usd;
		buckets_requests += DemandRequests(demand, bucket);
		in_order = in_order && (i == 0 || DemandBucketAt(demand, i - 1)->number < bucket->number);
	}
	Ok(memcmp(&counts, &buckets, sizeof(counts)) == 0, "the usage of the buckets is that of the requests");
	Ok(usd == buckets_usd && requests == buckets_requests, "so are cost and number");
	Ok(in_order, "buckets are sorted, each once");
}

static void
TestMerge(int64_t width)
{
	static Added added[REQUESTS];
	Demand		whole,
				merged,
				part[PARTS];
	bool		done = true;

	Start(&whole, width);
	Start(&merged, width);
	for (int i = 0; i < PARTS; i++)
		Start(&part[i], width);
	for (int i = 0; i < REQUESTS; i++)
	{
		added[i] = RandomRequest();
		done = done && AddRequest(&whole, &added[i]);
	}
	for (int i = REQUESTS - 1; i >= 0; i--)
		done = done && AddRequest(&part[Random() % PARTS], &added[i]);
	for (int i = 0; i < PARTS; i++)
		done = done && DemandMerge(&merged, &part[i]).status == DEMAND_OK;
	Ok(done, "added and merged");
	Ok(SameBytes(&whole, &merged), "%d parts merged have the bytes of the whole", PARTS);
	TestTotals(&whole, added);
	DemandFree(&whole);
	DemandFree(&merged);
	for (int i = 0; i < PARTS; i++)
		DemandFree(&part[i]);
}

static char text[1 << 22];

static void
AppendToText(void *sink, const char *piece)
{
	char	  **end = sink;

	*end = strcpy(*end, piece) + strlen(piece);
}

static void
TestForms(void)
{
	Demand		demand,
				read,
				parsed;
	size_t		size;
	unsigned char *bytes;
	char	   *end = text;
	const char *at;

	Start(&demand, DEMAND_HOUR);
	Start(&read, DEMAND_HOUR);
	Start(&parsed, DEMAND_HOUR);
	for (int i = 0; i < REQUESTS; i++)
	{
		Added		added = RandomRequest();

		AddRequest(&demand, &added);
	}
	bytes = Bytes(&demand, &size);
	Ok(DemandRead(&read, bytes, size) == DEMAND_OK && SameBytes(&demand, &read), "bytes are read back");
	DemandToText(&demand, AppendToText, &end);
	Ok(DemandFromText(&parsed, text, &at) == DEMAND_OK && SameBytes(&demand, &parsed), "text is read back");
	DemandFree(&parsed);
	DemandFree(&read);

	/* Damage: refused, or a demand that can be written again. */
	for (int i = 0, bad = 0; i < 3000; i++)
	{
		size_t		place = Random() % size;
		unsigned char was = bytes[place];
		size_t		cut = i % 3 == 0 ? Random() % size : size;

		bytes[place] ^= (unsigned char) (1 << Random() % 8);
		Start(&read, DEMAND_HOUR);
		if (DemandRead(&read, bytes, cut) == DEMAND_OK)
			bad += DemandSize(&read) == 0;
		DemandFree(&read);
		bytes[place] = was;
		if (bad != 0 || i == 2999)
			Ok(bad == 0, "damaged bytes do no harm");
	}
	for (int i = 0; i < 2000; i++)
	{
		size_t		length = end - text;
		size_t		place = Random() % (length < 4000 ? length : 4000);
		char		was = text[place];

		text[place] = (char) (' ' + Random() % 90);
		Start(&parsed, DEMAND_HOUR);
		if (DemandFromText(&parsed, text, &at) != DEMAND_OK && !(at >= text && at <= end))
			Ok(false, "an error lies in the text");
		DemandFree(&parsed);
		text[place] = was;
	}
	Ok(true, "damaged text does no harm");
	free(bytes);
	DemandFree(&demand);
}

static void
TextIs(const char *given, bool valid, const char *name)
{
	Demand		demand;
	const char *at;
	char	   *end = text;
	DemandStatus status;

	Start(&demand, DEMAND_HOUR);
	status = DemandFromText(&demand, given, &at);
	if (status == DEMAND_OK)
		DemandToText(&demand, AppendToText, &end);
	Ok(valid ? status == DEMAND_OK && strcmp(text, given) == 0 : status == DEMAND_CORRUPT, "%s", name);
	DemandFree(&demand);
}

static DemandStatus
StatusOfText(const char *given)
{
	Demand		demand;
	const char *at;
	DemandStatus status;

	Start(&demand, DEMAND_HOUR);
	status = DemandFromText(&demand, given, &at);
	DemandFree(&demand);
	return status;
}

static void
TestText(void)
{
	TextIs("{\"format\":1,\"minutes\":60,\"buckets\":[]}", true, "an empty demand");
	TextIs("{\"format\":1,\"minutes\":1,\"buckets\":[{\"from\":\"2024-02-29T23:59Z\",\"requests\":2,"
		   "\"usage\":{\"input\":5,\"requests\":1},\"usd\":\"-0.000000000000001\",\"unpriced\":1}]}", true, "a leap day");
	TextIs("{\"format\":1,\"minutes\":10080,\"buckets\":[{\"from\":\"1999-12-27T00:00Z\",\"requests\":1,\"usage\":{},\"usd\":\"0\"}]}",
		   true, "weeks begin on Monday");
	TextIs("{\"format\":1,\"minutes\":60,\"buckets\":[{\"from\":\"-0044-03-15T12:00Z\",\"requests\":1,\"usage\":{},\"usd\":\"1\"}]}",
		   true, "a year before 0");
	TextIs("{\"format\":1,\"minutes\":60,\"buckets\":[{\"from\":\"2023-02-29T00:00Z\",\"requests\":1,\"usage\":{},\"usd\":\"0\"}]}",
		   false, "no leap day");
	TextIs("{\"format\":1,\"minutes\":60,\"buckets\":[{\"from\":\"2024-02-29T00:01Z\",\"requests\":1,\"usage\":{},\"usd\":\"0\"}]}",
		   false, "not on the grid");
	TextIs("{\"format\":1,\"minutes\":60,\"buckets\":[{\"from\":\"2024-02-29T00:00Z\",\"requests\":0,\"usage\":{},\"usd\":\"0\"}]}",
		   false, "no request");
	TextIs("{\"format\":1,\"minutes\":60,\"buckets\":[{\"from\":\"2024-02-29T00:00Z\",\"requests\":1,\"usage\":{\"requests\":2},\"usd\":\"0\"}]}",
		   false, "fewer requests than the usage says");
	TextIs("{\"format\":1,\"minutes\":60,\"buckets\":[{\"from\":\"2024-02-29T00:00Z\",\"requests\":1,\"usage\":{},\"usd\":\"0.0000000000000001\"}]}",
		   false, "money too fine");
	TextIs("{\"format\":1,\"minutes\":60,\"buckets\":[{\"from\":\"2024-02-29T00:00Z\",\"requests\":1,\"usage\":{},\"usd\":\"1\",\"unpriced\":1}]}",
		   false, "a cost of unpriced requests");
	TextIs("{\"format\":1,\"minutes\":60,\"buckets\":[{\"from\":\"2024-02-29T00:00Z\",\"requests\":1,\"usage\":{},\"usd\":\"0\"},"
		   "{\"from\":\"2024-02-29T00:00Z\",\"requests\":1,\"usage\":{},\"usd\":\"0\"}]}", false, "a bucket twice");
	TextIs("{\"format\":1,\"minutes\":0,\"buckets\":[]}", false, "no width");
	TextIs("{\"format\":1,\"minutes\":10081,\"buckets\":[]}", false, "too wide");
	TextIs("{\"format\":1,\"minutes\":99999999999999999999,\"buckets\":[]}", false, "a width that does not fit 64 bits");
	TextIs("{\"format\":1,\"minutes\":18446744073709551615,\"buckets\":[]}", false, "nor 64 bits without a sign");
	TextIs("{\"format\":1,\"minutes\":60,\"buckets\":[{\"from\":\"9999999-01-01T00:00Z\",\"requests\":1,\"usage\":{},\"usd\":\"0\"}]}",
		   false, "a year that does not fit 64 bits");
	TextIs("{\"format\":1,\"minutes\":60,\"buckets\":[{\"from\":\"-999999-99-99T99:99Z\",\"requests\":1,\"usage\":{},\"usd\":\"0\"}]}",
		   false, "nor before our era");
	TextIs("{\"format\":1,\"minutes\":60,\"buckets\":[{\"from\":\"2024-02-29T00:00Z\",\"requests\":99999999999999999999,\"usage\":{},\"usd\":\"0\"}]}",
		   false, "requests that do not fit 64 bits");
	TextIs("{\"format\":1,\"minutes\":60,\"buckets\":[]} x", false, "more text");
	Ok(StatusOfText("{\"format\":2,\"minutes\":60,\"buckets\":[]}") == DEMAND_OTHER_FORMAT, "text of another format");
	Ok(StatusOfText("{\"format\":12,\"months\":1}") == DEMAND_OTHER_FORMAT, "whatever follows");
	Ok(StatusOfText("{\"minutes\":60,\"buckets\":[]}") == DEMAND_OK, "text that says no format is of the first");
	TextIs("{\"format\":\"1\",\"minutes\":60,\"buckets\":[]}", false, "a format that is no number");
	TextIs("{\"format\":1,\"minutes\":60}", false, "no buckets");
	TextIs("", false, "nothing");
}

static void
TestLimits(void)
{
	Demand		demand;
	DemandOutcome outcome;
	MeterCounts counts = {{0}};
	UsageBuffer buffer;

	counts.of[METER_PAGES] = INT64_MAX;
	UsagePack(&counts, &buffer.usage);
	Start(&demand, DEMAND_HOUR);
	Ok(DemandAdd(&demand, 0, &buffer.usage, true, 1).status == DEMAND_OK, "the largest count");
	outcome = DemandAdd(&demand, 1, &buffer.usage, true, 1);
	Ok(outcome.status == DEMAND_METER_OVERFLOW && outcome.meter == METER_PAGES, "one more does not fit");
	DemandFree(&demand);

	buffer.usage.present = 0;
	Ok(DemandAdd(&demand, 0, &buffer.usage, true, (Money) (~(unsigned __int128) 0 >> 1)).status == DEMAND_OK &&
	   DemandAdd(&demand, 0, &buffer.usage, true, 1).status == DEMAND_MONEY_OVERFLOW, "costs beyond 128 bits");
	DemandFree(&demand);
	Ok(DemandAdd(&demand, INT64_MAX, &buffer.usage, true, 1).status == DEMAND_TIME &&
	   DemandAdd(&demand, INT64_MIN, &buffer.usage, true, 1).status == DEMAND_TIME, "infinite times");
	Ok(DemandAdd(&demand, DEMAND_END_TIME - 1, &buffer.usage, true, 1).status == DEMAND_OK &&
	   DemandAdd(&demand, DEMAND_FIRST_TIME, &buffer.usage, true, 1).status == DEMAND_OK, "the first and the last time");
	DemandSort(&demand);
	Ok(DemandStart(&demand, DemandBucketAt(&demand, 0)->number) == DEMAND_FIRST_TIME, "come out in order");
	DemandFree(&demand);
}

/* A year of hours with six meters stays below 400 kB. */
static void
TestSize(void)
{
	Demand		demand;
	MeterCounts counts = {{0}};
	UsageBuffer buffer;

	Start(&demand, DEMAND_HOUR);
	for (int64_t hour = 0; hour < 8784; hour++)
	{
		for (Meter m = METER_INPUT; m <= METER_REASONING; m++)
			counts.of[m] = (int64_t) (Random() % 100000000);
		counts.of[METER_REQUESTS] = (int64_t) (Random() % 10000);
		UsagePack(&counts, &buffer.usage);
		DemandAdd(&demand, hour * DEMAND_HOUR, &buffer.usage, true, (Money) (Random() % 10000000000) * 1000000);
	}
	Ok(DemandSize(&demand) < 400000, "a year of hours with seven meters: %zu bytes", DemandSize(&demand));
	DemandFree(&demand);
}

int
main(void)
{
	TestMerge(DEMAND_HOUR);
	TestMerge(DEMAND_MINUTE);
	TestMerge(7 * DEMAND_MINUTE);
	TestMerge(DEMAND_WEEK);
	TestForms();
	TestText();
	TestLimits();
	TestSize();
	return Done();
}
