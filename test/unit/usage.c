/*
 * usage.c
 *	  Unit tests of src/core/usage.c and src/core/meter.c: properties over random usages
 *	  against plain dense arithmetic, and the strict reader of their text.
 */
#include <string.h>

#include "random.h"
#include "tap.h"
#include "core/usage.h"

#define ROUNDS 20000

/* Counts of every magnitude; about half of the meters are zero. */
static MeterCounts
RandomCounts(void)
{
	MeterCounts counts;

	for (Meter meter = 0; meter < METER_COUNT; meter++)
		counts.of[meter] = Random() % 2 ? 0 : (int64_t) (Random() >> (1 + Random() % 63));
	return counts;
}

static bool
SameCounts(const MeterCounts *left, const MeterCounts *right)
{
	return memcmp(left, right, sizeof(*left)) == 0;
}

/* What a line of meter.h may say, of whatever meter. */
static void
TestMeterProperties(void)
{
	bool		tokens = true;
	bool		cached = true;
	bool		ends = true;
	bool		parents = true;
	bool		lines = true;

	for (Meter meter = 0; meter < METER_COUNT; meter++)
	{
		Meter		priced_as = meter;
		int			steps = 0;

		tokens &= MeterIsTokens(meter) == (MeterSideOf(meter) != SIDE_OTHER) &&
			MeterPriceUnit(meter) == (MeterIsTokens(meter) ? 1000000 : 1) &&
			strcmp(MeterUnit(meter), MeterIsTokens(meter) ? "Tokens" : MeterFocusName(meter)) == 0;
		for (Meter other = 0; other < meter; other++)
			tokens &= strcmp(MeterFocusName(other), MeterFocusName(meter)) != 0;
		cached &= (MeterCacheOf(meter) == CACHE_NONE || MeterSideOf(meter) == SIDE_INPUT) &&
			((METERS_OF_CACHE & METER_BIT(meter)) != 0) == (MeterCacheOf(meter) == CACHE_READS) &&
			MeterKindOf(MeterUncached(meter)) == MeterKindOf(meter) &&
			(MeterUncached(meter) != meter) == (MeterCacheOf(meter) == CACHE_READS) &&
			MeterCacheOf(MeterUncached(meter)) != CACHE_READS;
		/* Only what is not tokens and what costs more than any other stand alone. */
		parents &= MeterParent(meter) != meter || !MeterIsTokens(meter) ||
			meter == METER_INPUT || meter == METER_OUTPUT || meter == METER_CACHE_WRITE_1H;
		lines &= MeterLine(MeterLine(meter)) == MeterLine(meter) && MeterKindOf(MeterLine(meter)) == MeterKindOf(meter);
		while (MeterPricedAs(meter, priced_as) != priced_as && steps++ <= METER_COUNT)
			priced_as = MeterPricedAs(meter, priced_as);
		ends &= steps < METER_COUNT && MeterParent(priced_as) == priced_as;
	}
	Ok(tokens, "tokens are priced by the million and count as tokens, others as themselves; no name twice");
	Ok(cached, "only tokens of a prompt are cached, and each has a meter that is not");
	Ok(parents, "a token meter has a parent, but for those that nothing stands in for");
	Ok(ends, "what a meter is priced as ends at one without a parent");
	Ok(lines, "meters with a price together are of one kind");
	Ok(MeterPricedAs(METER_CACHE_READ_AUDIO, METER_CACHE_READ_AUDIO) == METER_CACHE_READ &&
	   MeterPricedAs(METER_CACHE_READ_AUDIO, METER_CACHE_READ) == METER_INPUT_AUDIO &&
	   MeterPricedAs(METER_CACHE_READ_AUDIO, METER_INPUT_AUDIO) == METER_INPUT &&
	   MeterPricedAs(METER_CACHE_READ, METER_CACHE_READ) == METER_INPUT, "without a cache price it costs what it does uncached");
}

static void
TestMeters(void)
{
	bool		by_name = true;
	bool		sides = true;

	for (Meter meter = 0; meter < METER_COUNT; meter++)
	{
		bool		input = (METERS_OF_INPUT & METER_BIT(meter)) != 0;
		bool		output = (METERS_OF_OUTPUT & METER_BIT(meter)) != 0;

		by_name &= MeterByName(MeterName(meter), strlen(MeterName(meter))) == meter;
		by_name &= strstr(METER_NAMES, MeterName(meter)) != NULL;
		sides &= input == (MeterSideOf(meter) == SIDE_INPUT);
		sides &= output == (MeterSideOf(meter) == SIDE_OUTPUT);
		sides &= MeterSideOf(MeterParent(meter)) == MeterSideOf(meter);
	}
	Ok(by_name, "every meter is found by its name and is listed");
	Ok(sides, "bitmaps, sides and parents agree");
	Ok(MeterByName("inpu", 4) == METER_COUNT && MeterByName("inputs", 6) == METER_COUNT &&
	   MeterByName("", 0) == METER_COUNT, "a name that is no meter is not found");
	TestMeterProperties();
	Ok(strncmp(METER_NAMES, "input, output, ", 15) == 0, "the list of names starts with the first");
}

static void
TestPacking(void)
{
	bool		round_trip = true;
	bool		valid = true;
	bool		counted = true;
	bool		totals = true;

	for (int i = 0; i < ROUNDS; i++)
	{
		MeterCounts counts = RandomCounts();
		MeterCounts unpacked;
		UsageBuffer buffer;
		Usage	   *usage = &buffer.usage;
		size_t		size = UsagePack(&counts, usage);
		uint32_t	meters = (uint32_t) Random();
		__int128	expected = 0;
		int64_t		total;

		UsageUnpack(usage, &unpacked);
		round_trip &= SameCounts(&counts, &unpacked) && size == USAGE_SIZE(UsageMeters(usage));
		valid &= UsageIsValid(usage, size) && !UsageIsValid(usage, size + 8);
		for (Meter meter = 0; meter < METER_COUNT; meter++)
		{
			counted &= UsageCount(usage, meter) == counts.of[meter];
			if (meters & METER_BIT(meter))
				expected += counts.of[meter];
		}
		if (UsageTotal(usage, meters, &total))
			totals &= total == expected;
		else
			totals &= expected > INT64_MAX;
	}
	Ok(round_trip, "packing and unpacking keep every count");
	Ok(valid, "packed usages are valid, in their own size only");
	Ok(counted, "UsageCount reads every meter");
	Ok(totals, "UsageTotal adds exactly, and fails only beyond 64 bits");
}

static void
TestValidity(void)
{
	MeterCounts counts = {{0}};
	UsageBuffer buffer;
	Usage	   *usage = &buffer.usage;
	size_t		size;

	size = UsagePack(&counts, usage);
	Ok(size == 8 && UsageIsValid(usage, size), "nothing consumed is a usage of 8 bytes");
	Ok(!UsageIsValid(usage, 7), "less than a bitmap is no usage");

	counts.of[METER_PAGES] = INT64_MAX;
	size = UsagePack(&counts, usage);
	Ok(UsageIsValid(usage, size), "the last meter may hold 2^63-1");
	usage->count[0] = 0;
	Ok(!UsageIsValid(usage, size), "a zero count is damage");
	usage->count[0] = -1;
	Ok(!UsageIsValid(usage, size), "a negative count is damage");
	usage->count[0] = 1;
	usage->present = METER_BIT(METER_COUNT);
	Ok(!UsageIsValid(usage, size), "an unknown meter is damage");
}

/* Sum and difference, packed and dense, against each other and int128. */
static void
TestArithmetic(void)
{
	bool		sums = true;
	bool		back = true;
	bool		overflow = true;
	bool		negative = true;
	bool		in_place = true;

	for (int i = 0; i < ROUNDS; i++)
	{
		MeterCounts a = RandomCounts();
		MeterCounts b = RandomCounts();
		MeterCounts dense = a;
		MeterCounts unpacked;
		UsageBuffer left;
		UsageBuffer right;
		UsageBuffer sum;
		UsageBuffer difference;
		Meter		first_overflow = METER_COUNT;
		Meter		first_negative = METER_COUNT;
		Meter		meter = METER_COUNT;
		Meter		packed_meter = METER_COUNT;

		UsagePack(&a, &left.usage);
		UsagePack(&b, &right.usage);
		for (int m = METER_COUNT - 1; m >= 0; m--)
		{
			if ((__int128) a.of[m] + b.of[m] > INT64_MAX)
				first_overflow = (Meter) m;
			if (a.of[m] < b.of[m])
				first_negative = (Meter) m;
		}

		negative &= UsageDifference(&left.usage, &right.usage, &difference.usage, &packed_meter) ==
			(first_negative == METER_COUNT ? USAGE_OK : USAGE_NEGATIVE);
		negative &= packed_meter == first_negative;

		packed_meter = METER_COUNT;
		if (first_overflow != METER_COUNT)
		{
			overflow &= UsageAdd(&dense, &right.usage, &meter) == USAGE_OVERFLOW;
			overflow &= UsageSum(&left.usage, &right.usage, &sum.usage, &packed_meter) == USAGE_OVERFLOW;
			overflow &= meter == first_overflow && packed_meter == first_overflow;
			overflow &= dense.of[meter] == a.of[meter];
			continue;
		}

		sums &= UsageAdd(&dense, &right.usage, &meter) == USAGE_OK;
		sums &= UsageSum(&left.usage, &right.usage, &sum.usage, &meter) == USAGE_OK;
		UsageUnpack(&sum.usage, &unpacked);
		sums &= SameCounts(&dense, &unpacked);
		for (int m = 0; m < METER_COUNT; m++)
			sums &= dense.of[m] == a.of[m] + b.of[m];

		back &= UsageDifference(&sum.usage, &right.usage, &difference.usage, &meter) == USAGE_OK;
		back &= UsageEqual(&difference.usage, &left.usage);
		back &= UsageIsValid(&difference.usage, USAGE_SIZE(UsageMeters(&difference.usage)));

		/* A state that has all meters of what it takes in may be its own result. */
		in_place &= UsageDifference(&sum.usage, &right.usage, &sum.usage, &meter) == USAGE_OK;
		in_place &= UsageEqual(&sum.usage, &left.usage);
		if (UsageSum(&left.usage, &left.usage, &difference.usage, &meter) != USAGE_OK)
			continue;
		in_place &= UsageSum(&sum.usage, &left.usage, &sum.usage, &meter) == USAGE_OK;
		in_place &= UsageEqual(&sum.usage, &difference.usage);
	}
	Ok(sums, "sums are exact, packed and dense");
	Ok(back, "subtracting what was added restores the bytes");
	Ok(overflow, "a sum beyond 64 bits fails at its first meter");
	Ok(negative, "a difference below zero fails at its first meter");
	Ok(in_place, "sum and difference may overwrite their left side");
}

static void
TestOrder(void)
{
	bool		total = true;

	for (int i = 0; i < ROUNDS; i++)
	{
		MeterCounts a = RandomCounts();
		MeterCounts b = Random() % 4 ? RandomCounts() : a;
		UsageBuffer left;
		UsageBuffer right;
		int			expected = 0;

		b.of[Random() % METER_COUNT] = (int64_t) (Random() % 3);
		UsagePack(&a, &left.usage);
		UsagePack(&b, &right.usage);
		for (int m = METER_COUNT - 1; m >= 0; m--)
		{
			if (a.of[m] != b.of[m])
				expected = a.of[m] < b.of[m] ? -1 : 1;
		}
		total &= UsageCompare(&left.usage, &right.usage) == expected;
		total &= UsageCompare(&right.usage, &left.usage) == -expected;
		total &= UsageEqual(&left.usage, &right.usage) == (expected == 0);
	}
	Ok(total, "the order is that of the first meter that differs");
}

static void
TestText(void)
{
	bool		round_trip = true;
	MeterCounts largest;
	UsageBuffer buffer;
	char		text[USAGE_TEXT_SIZE];
	const char *at;

	for (int i = 0; i < ROUNDS; i++)
	{
		MeterCounts counts = RandomCounts();
		MeterCounts again;

		UsagePack(&counts, &buffer.usage);
		round_trip &= UsageToText(&buffer.usage, text) == (int) strlen(text);
		round_trip &= UsageFromText(text, &again, &at) == USAGE_OK && SameCounts(&counts, &again);
		round_trip &= *at == '\0';
	}
	Ok(round_trip, "text keeps every count");

	for (Meter meter = 0; meter < METER_COUNT; meter++)
		largest.of[meter] = INT64_MAX;
	UsagePack(&largest, &buffer.usage);
	Ok(UsageToText(&buffer.usage, text) < (int) USAGE_TEXT_SIZE &&
	   strncmp(text, "{\"input\":9223372036854775807,", 29) == 0, "the longest text fits");
}

/* What the reader says of a text, and where: offset in bytes, -1 for any. */
static void
TextIs(const char *text, UsageStatus expected, int offset)
{
	MeterCounts counts;
	const char *at;
	UsageStatus status = UsageFromText(text, &counts, &at);

	Ok(status == expected && (offset < 0 || at - text == offset), "status %d at %d (is %d at %d): %s",
	   expected, offset, status, (int) (at - text), text);
}

static void
TestReader(void)
{
	MeterCounts counts;
	const char *at;

	Ok(UsageFromText("{\r\n\"input\"\n:\n1\n}\n", &counts, &at) == USAGE_OK &&
	   counts.of[METER_INPUT] == 1, "line breaks are space");
	TextIs("{}", USAGE_OK, 2);
	TextIs(" \t{ } ", USAGE_OK, -1);
	TextIs("{ \"input\" : 0 , \"pages\" : 12 }", USAGE_OK, -1);
	TextIs("{\"input\":9007199254740993}", USAGE_OK, -1);
	TextIs("{\"input\":9223372036854775807}", USAGE_OK, -1);
	TextIs("{\"input\":-0}", USAGE_OK, -1);
	TextIs("{\"input\":9223372036854775808}", USAGE_OVERFLOW, 9);
	TextIs("{\"input\":18446744073709551617}", USAGE_OVERFLOW, 9);
	TextIs("{\"input\":-1}", USAGE_NEGATIVE, 9);
	TextIs("{\"input\":-99999999999999999999}", USAGE_NEGATIVE, 9);
	TextIs("{\"input\":1,\"input\":1}", USAGE_REPEATED_METER, 12);
	TextIs("{\"input\":0,\"input\":0}", USAGE_REPEATED_METER, 12);
	TextIs("{\"inputs\":1}", USAGE_UNKNOWN_METER, 2);
	TextIs("{\"\":1}", USAGE_UNKNOWN_METER, 2);
	TextIs("{\"in\\u0070ut\":1}", USAGE_SYNTAX, 4);
	TextIs("{\"input\":1e3}", USAGE_SYNTAX, 10);
	TextIs("{\"input\":1.5}", USAGE_SYNTAX, 10);
	TextIs("{\"input\":1.0}", USAGE_SYNTAX, 10);
	TextIs("{\"input\":01}", USAGE_SYNTAX, 9);
	TextIs("{\"input\":+1}", USAGE_SYNTAX, 9);
	TextIs("{\"input\":-}", USAGE_SYNTAX, 9);
	TextIs("{\"input\":\"1\"}", USAGE_SYNTAX, 9);
	TextIs("{\"input\":null}", USAGE_SYNTAX, 9);
	TextIs("{\"input\":1,}", USAGE_SYNTAX, 11);
	TextIs("{,}", USAGE_SYNTAX, 1);
	TextIs("{\"input\" 1}", USAGE_SYNTAX, 9);
	TextIs("{\"input\":1 \"output\":1}", USAGE_SYNTAX, 11);
	TextIs("{\"input\":1}}", USAGE_SYNTAX, 11);
	TextIs("{\"input\":1} x", USAGE_SYNTAX, 12);
	TextIs("{\"input\":1", USAGE_SYNTAX, 10);
	TextIs("{\"input\":", USAGE_SYNTAX, 9);
	TextIs("{\"input", USAGE_SYNTAX, 7);
	TextIs("{", USAGE_SYNTAX, 1);
	TextIs("", USAGE_SYNTAX, 0);
	TextIs("null", USAGE_SYNTAX, 0);
	TextIs("[]", USAGE_SYNTAX, 0);
}

/* Damaged texts: read or refused, never misread, and never beyond their end. */
static void
TestDamage(void)
{
	static const char bytes[] = "{}\",:-0123456789eE. \\\t\xc3\xa9x";
	bool		sane = true;
	int			refused = 0;

	for (int i = 0; i < 10 * ROUNDS; i++)
	{
		MeterCounts counts = RandomCounts();
		MeterCounts again;
		UsageBuffer buffer;
		char		text[USAGE_TEXT_SIZE];
		const char *at;
		int			length;
		UsageStatus status;

		UsagePack(&counts, &buffer.usage);
		length = UsageToText(&buffer.usage, text);
		for (uint64_t edits = 1 + Random() % 3; edits > 0; edits--)
			text[Random() % (uint64_t) length] = bytes[Random() % (sizeof(bytes) - 1)];
		if (Random() % 4 == 0)
			text[Random() % (uint64_t) length] = '\0';

		status = UsageFromText(text, &again, &at);
		sane &= at >= text && at <= text + strlen(text);
		if (status != USAGE_OK)
		{
			refused++;
			continue;
		}
		sane &= *at == '\0';
		UsagePack(&again, &buffer.usage);
		sane &= UsageIsValid(&buffer.usage, USAGE_SIZE(UsageMeters(&buffer.usage)));
	}
	Ok(sane, "damaged texts are read within their bounds and give valid usages");
	Ok(refused > 5 * ROUNDS, "most damage is refused");
}

int
main(void)
{
	TestMeters();
	TestPacking();
	TestValidity();
	TestArithmetic();
	TestOrder();
	TestText();
	TestReader();
	TestDamage();
	return Done();
}
