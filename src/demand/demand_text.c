/*
 * demand_text.c
 *	  The text form of a demand: JSON.
 *
 *	{"format": 1, "minutes": 60, "buckets": [
 *		{"from": "2024-05-01T13:00Z", "requests": 2, "usage": {"input": 1200, "requests": 2},
 *		 "usd": "0.0036", "unpriced": 1}]}
 *
 * `format` is DEMAND_FORMAT: text of another version is refused, never misread.
 * Text that says none, as people write it, is of format 1.
 * `unpriced`, the requests whose API cost is not known, is left out when it is
 * 0.  Years are astronomical: 0000 is 1 BC.  Reading takes members in any order
 * and buckets in any order, each once.
 *
 * Pure C: no postgres.h.  Nothing here allocates but the buckets that are read.
 */
#include "core/calendar.h"
#include "demand/demand.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FARTHEST_YEAR 300000	/* beyond what timestamptz has; its microseconds fit 64 bits */

#define FORMAT_UNSAID 1			/* what text without a format number is of */

#define BUCKET_TEXT_SIZE (USAGE_TEXT_SIZE + MONEY_TEXT_SIZE + 160)

/* ---------- writing ---------- */

static void
TimeToText(int64_t time, char *text, size_t size)
{
	int64_t		days = FloorDivide(time, DEMAND_DAY);
	int			minute = (int) ((time - days * DEMAND_DAY) / DEMAND_MINUTE);
	Date		date = DateFromDays(days);

	snprintf(text, size, "%s%04" PRId64 "-%02d-%02dT%02d:%02dZ", date.year < 0 ? "-" : "",
			 date.year < 0 ? -date.year : date.year, date.month, date.day,
			 minute / 60, minute % 60);
}

void
DemandToText(const Demand *demand, DemandAppend append, void *sink)
{
	char		text[BUCKET_TEXT_SIZE];

	snprintf(text, sizeof(text), "{\"format\":%d,\"minutes\":%" PRId64 ",\"buckets\":[", DEMAND_FORMAT,
			 demand->width / DEMAND_MINUTE);
	append(sink, text);
	for (uint32_t i = 0; i < demand->nbuckets; i++)
	{
		const DemandBucket *bucket = DemandBucketAt(demand, i);
		UsageBuffer buffer;
		char		from[40];
		char		usage[USAGE_TEXT_SIZE];
		char		usd[MONEY_TEXT_SIZE];

		demand->check_interrupts();
		TimeToText(DemandStart(demand, bucket->number), from, sizeof(from));
		DemandUsage(demand, bucket, &buffer.usage);
		UsageToText(&buffer.usage, usage);
		MoneyToText(bucket->usd, usd);
		snprintf(text, sizeof(text), "%s{\"from\":\"%s\",\"requests\":%" PRId64 ",\"usage\":%s,\"usd\":\"%s\"",
				 i == 0 ? "" : ",", from, DemandRequests(demand, bucket), usage, usd);
		append(sink, text);
		if (bucket->unpriced != 0)
		{
			snprintf(text, sizeof(text), ",\"unpriced\":%" PRId64, bucket->unpriced);
			append(sink, text);
		}
		append(sink, "}");
	}
	append(sink, "]}");
}

/* ---------- reading ---------- */

typedef struct Scanner
{
	const char *at;
	bool		bad;			/* at is then where */
} Scanner;

/* What one bucket's members say. */
typedef struct BucketText
{
	int64_t		from;
	int64_t		requests;
	int64_t		unpriced;
	MeterCounts counts;
	Money		usd;
	unsigned	seen;
} BucketText;

static const char *const members[] = {"from", "requests", "usage", "usd", "unpriced"};

enum
{
	FROM, REQUESTS, USAGE, USD, UNPRICED, MEMBERS
};

static void
SkipSpace(Scanner *scanner)
{
	scanner->at += strspn(scanner->at, " \t\r\n");
}

/* Go past a character, if it is next. */
static bool
Accept(Scanner *scanner, char expected)
{
	SkipSpace(scanner);
	if (scanner->bad || *scanner->at != expected)
		return false;
	scanner->at++;
	return true;
}

static void
Expect(Scanner *scanner, char expected)
{
	if (!Accept(scanner, expected))
		scanner->bad = true;
}

/* A string without escapes; "" when there is none, or it does not fit. */
static void
ReadString(Scanner *scanner, char *string, size_t size)
{
	size_t		length;

	string[0] = '\0';
	Expect(scanner, '"');
	length = strcspn(scanner->at, "\"\\");
	if (scanner->bad || length >= size || scanner->at[length] != '"')
	{
		scanner->bad = true;
		return;
	}
	memcpy(string, scanner->at, length);
	string[length] = '\0';
	scanner->at += length + 1;
}

/* A whole number without sign. */
static int64_t
ReadNumber(Scanner *scanner)
{
	int64_t		value = 0;

	SkipSpace(scanner);
	if (*scanner->at < '0' || *scanner->at > '9')
		scanner->bad = true;
	for (; !scanner->bad && *scanner->at >= '0' && *scanner->at <= '9'; scanner->at++)
	{
		if (__builtin_mul_overflow(value, INT64_C(10), &value) ||
			__builtin_add_overflow(value, (int64_t) (*scanner->at - '0'), &value))
			scanner->bad = true;
	}
	return scanner->bad ? 0 : value;	/* a number that overflowed is none */
}

static int64_t
ReadTime(Scanner *scanner)
{
	char		string[40],
				again[40];
	Date		date;
	int			hour,
				minute;
	int64_t		time;

	ReadString(scanner, string, sizeof(string));
	if (sscanf(string, "%7" SCNd64 "-%2d-%2dT%2d:%2dZ", &date.year, &date.month, &date.day, &hour, &minute) != 5 ||
		date.year < -FARTHEST_YEAR || date.year > FARTHEST_YEAR)
	{
		scanner->bad = true;
		return 0;
	}
	time = DaysFromDate(date) * DEMAND_DAY + hour * DEMAND_HOUR + minute * DEMAND_MINUTE;

	/* What is written another way, like February 30, is no time. */
	TimeToText(time, again, sizeof(again));
	if (strcmp(string, again) != 0)
		scanner->bad = true;
	return time;
}

static void
ReadUsage(Scanner *scanner, MeterCounts *counts)
{
	char		text[2 * USAGE_TEXT_SIZE];
	const char *at;
	size_t		length;

	SkipSpace(scanner);
	length = strcspn(scanner->at, "}");
	if (scanner->at[length] != '}' || length + 2 > sizeof(text))
	{
		scanner->bad = true;
		return;
	}
	memcpy(text, scanner->at, length + 1);
	text[length + 1] = '\0';
	if (UsageFromText(text, counts, &at) != USAGE_OK)
	{
		scanner->at += at - text;
		scanner->bad = true;
		return;
	}
	scanner->at += length + 1;
}

static void
ReadUsd(Scanner *scanner, Money *usd)
{
	char		string[MONEY_TEXT_SIZE];

	ReadString(scanner, string, sizeof(string));
	if (!scanner->bad && MoneyFromText(string, usd) != MONEY_OK)
		scanner->bad = true;
}

/* One member of a bucket, name and value. */
static void
ReadMember(Scanner *scanner, BucketText *bucket)
{
	char		name[16];
	unsigned	member = 0;

	ReadString(scanner, name, sizeof(name));
	while (member < MEMBERS && strcmp(name, members[member]) != 0)
		member++;
	if (member == MEMBERS || bucket->seen & 1u << member)
		scanner->bad = true;
	if (scanner->bad)
		return;
	bucket->seen |= 1u << member;
	Expect(scanner, ':');
	switch (member)
	{
		case FROM:
			bucket->from = ReadTime(scanner);
			break;
		case REQUESTS:
			bucket->requests = ReadNumber(scanner);
			break;
		case USAGE:
			ReadUsage(scanner, &bucket->counts);
			break;
		case USD:
			ReadUsd(scanner, &bucket->usd);
			break;
		case UNPRICED:
			bucket->unpriced = ReadNumber(scanner);
			break;
	}
}

/* Put what a bucket's text says into the demand. */
static DemandStatus
StoreBucket(Demand *demand, const BucketText *text)
{
	uint32_t	nbuckets = demand->nbuckets;
	UsageBuffer buffer;
	DemandBucket *bucket;

	if (text->from < DEMAND_FIRST_TIME || text->from >= DEMAND_END_TIME ||
		DemandStart(demand, DemandNumber(demand, text->from)) != text->from)
		return DEMAND_CORRUPT;
	UsagePack(&text->counts, &buffer.usage);
	if (DemandAddMeters(demand, buffer.usage.present) != DEMAND_OK)
		return DEMAND_NO_MEMORY;
	bucket = DemandBucketOf(demand, DemandNumber(demand, text->from));
	if (bucket == NULL)
		return DEMAND_NO_MEMORY;
	if (demand->nbuckets == nbuckets)
		return DEMAND_CORRUPT;	/* there twice */

	for (uint32_t left = demand->meters, i = 0; left != 0; left &= left - 1, i++)
		bucket->count[i] = text->counts.of[__builtin_ctz(left)];
	bucket->unstated = text->requests - text->counts.of[METER_REQUESTS];
	bucket->unpriced = text->unpriced;
	bucket->usd = text->usd;
	return DemandBucketIsValid(demand, bucket) ? DEMAND_OK : DEMAND_CORRUPT;
}

static DemandStatus
ReadBucket(Scanner *scanner, Demand *demand)
{
	const char *start;
	BucketText	bucket = {0};
	DemandStatus status;

	demand->check_interrupts();
	SkipSpace(scanner);
	start = scanner->at;
	Expect(scanner, '{');
	do
		ReadMember(scanner, &bucket);
	while (Accept(scanner, ','));
	Expect(scanner, '}');
	if ((bucket.seen | 1u << UNPRICED) != (1u << MEMBERS) - 1)
		scanner->bad = true;
	if (scanner->bad)
		return DEMAND_CORRUPT;
	status = StoreBucket(demand, &bucket);
	if (status != DEMAND_OK)
	{
		scanner->at = start;
		scanner->bad = true;
	}
	return status;
}

static bool
ExpectName(Scanner *scanner, const char *expected)
{
	char		name[16];

	ReadString(scanner, name, sizeof(name));
	if (strcmp(name, expected) != 0)
		scanner->bad = true;
	Expect(scanner, ':');
	return !scanner->bad;
}

/* `{`, and `"format": n,` if it is there; another format's n is where the scanner stops. */
static DemandStatus
ReadFormat(Scanner *scanner)
{
	const char *start;
	int64_t		format = FORMAT_UNSAID;

	Expect(scanner, '{');
	SkipSpace(scanner);
	start = scanner->at;
	if (strncmp(start, "\"format\"", strlen("\"format\"")) == 0)
	{
		(void) ExpectName(scanner, "format");
		SkipSpace(scanner);
		start = scanner->at;
		format = ReadNumber(scanner);
		Expect(scanner, ',');
	}
	if (scanner->bad)
		return DEMAND_CORRUPT;
	if (format == DEMAND_FORMAT)
		return DEMAND_OK;
	scanner->at = start;
	return DEMAND_OTHER_FORMAT;
}

/* `"minutes": n, "buckets":`, up to the array. */
static void
ReadWidth(Scanner *scanner, Demand *demand)
{
	int64_t		minutes;

	if (!ExpectName(scanner, "minutes"))
		return;
	minutes = ReadNumber(scanner);
	if (scanner->bad || minutes > DEMAND_WEEK / DEMAND_MINUTE || !DemandWidthIsValid(minutes * DEMAND_MINUTE))
		scanner->bad = true;
	else
		DemandReset(demand, minutes * DEMAND_MINUTE);
	Expect(scanner, ',');
	ExpectName(scanner, "buckets");
}

DemandStatus
DemandFromText(Demand *demand, const char *text, const char **at)
{
	Scanner		scanner = {text, false};
	DemandStatus status = ReadFormat(&scanner);

	if (status != DEMAND_OK)
	{
		*at = scanner.at;
		return status;
	}
	ReadWidth(&scanner, demand);
	Expect(&scanner, '[');
	if (!scanner.bad && !Accept(&scanner, ']'))
	{
		do
			status = ReadBucket(&scanner, demand);
		while (status == DEMAND_OK && Accept(&scanner, ','));
		Expect(&scanner, ']');
	}
	Expect(&scanner, '}');
	SkipSpace(&scanner);
	if (*scanner.at != '\0')
		scanner.bad = true;
	*at = scanner.at;
	if (status != DEMAND_OK)
		return status;
	return scanner.bad ? DEMAND_CORRUPT : DemandSort(demand);
}
