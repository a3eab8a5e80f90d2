/*
 * breakeven.c
 *	  Unit tests of src/demand/load_hours.c: hours add up in any order, text loses
 *	  nothing, what is no load is refused.
 */
#include <stdlib.h>
#include <string.h>

#include "demand/load_hours.h"
#include "forms.h"

#define HOURS 200
#define ROWS 5000

static void
TestHourOfTime(void)
{
	Ok(LoadHourOfTime(0) == 0 && LoadHourOfTime(INT64_C(3599999999)) == 0, "an hour begins on the hour");
	Ok(LoadHourOfTime(INT64_C(3600000000)) == 1, "and ends before the next");
	Ok(LoadHourOfTime(-1) == -1 && LoadHourOfTime(INT64_C(-3600000000)) == -1 &&
	   LoadHourOfTime(INT64_C(-3600000001)) == -2, "also before 2000");
}

static void
TestHourOfUsage(void)
{
	MeterCounts counts = {{0}};
	UsageBuffer buffer;
	LoadHour	hour;

	for (Meter meter = 0; meter < METER_COUNT; meter++)
		counts.of[meter] = INT64_C(1) << meter;
	UsagePack(&counts, &buffer.usage);
	Ok(LoadHourOfUsage(&buffer.usage, &hour) && hour.requests == INT64_C(1) << METER_REQUESTS,
	   "requests are those of the usage");
	Ok((hour.input & hour.cached) == 0 && (hour.input | hour.cached) == METERS_OF_INPUT,
	   "every token of the prompt is either prefilled or cached");
	Ok(hour.cached == (METER_BIT(METER_CACHE_READ) | METER_BIT(METER_CACHE_READ_AUDIO) |
					   METER_BIT(METER_CACHE_READ_IMAGE)), "those read from a cache are cached, those written are not");
	Ok(hour.output == METERS_OF_OUTPUT, "the answer is decoded");

	counts.of[METER_INPUT] = counts.of[METER_INPUT_AUDIO] = INT64_MAX;
	UsagePack(&counts, &buffer.usage);
	Ok(!LoadHourOfUsage(&buffer.usage, &hour), "tokens beyond 64 bits are refused");
}

/* Rows in random order give what a plain array of sums has. */
static void
TestSums(void)
{
	static LoadHour hours[HOURS];
	LoadHour	sums[HOURS] = {{0}};
	Load		load = {hours, 0, HOURS};
	bool		same = true;
	int			present = 0;

	for (int i = 0; i < ROWS; i++)
	{
		int			at = (int) (Random() % HOURS);
		LoadHour	row = {at - 77, 1, (int64_t) (Random() % 5000), (int64_t) (Random() % 3),
		(int64_t) (Random() % 900), (Money) Random() * 1000};

		sums[at].requests += 1;
		sums[at].input += row.input;
		sums[at].cached += row.cached;
		sums[at].output += row.output;
		sums[at].api_usd += row.api_usd;
		same &= LoadAdd(&load, &row);
	}
	for (int at = 0; at < HOURS; at++)
	{
		if (sums[at].requests == 0)
			continue;
		sums[at].hour = at - 77;
		same &= present < load.count &&
			hours[present].hour == sums[at].hour && hours[present].requests == sums[at].requests &&
			hours[present].input == sums[at].input && hours[present].cached == sums[at].cached &&
			hours[present].output == sums[at].output && hours[present].api_usd == sums[at].api_usd;
		present++;
	}
	Ok(same && present == load.count && present > HOURS / 2, "%d rows in random order add up to %d hours", ROWS, present);
	for (int i = 1; i < load.count; i++)
		same &= hours[i - 1].hour < hours[i].hour;
	Ok(same, "which ascend");
}

static void
TestOverflow(void)
{
	LoadHour	hours[2];
	Load		load = {hours, 0, 2};
	LoadHour	full = {5, 1, INT64_MAX, 0, 0, 1};
	LoadHour	one = {5, 1, 1, 0, 0, 1};
	Money		most = (Money) (~(unsigned __int128) 0 >> 1);

	Ok(LoadAdd(&load, &full) && !LoadAdd(&load, &one), "tokens of an hour beyond 64 bits are refused");
	Ok(hours[0].requests == 1 && hours[0].input == INT64_MAX && hours[0].api_usd == 1, "and nothing of them is added");
	one = (LoadHour) {5, 0, 0, 0, 0, most};
	Ok(!LoadAdd(&load, &one), "costs beyond 128 bits, too");
}

static void *
HourFields(Fields *fields, void *value)
{
	LoadHour   *hour = fields->reading ? memset(FormsAllocate(NULL, sizeof(LoadHour)), 0, sizeof(LoadHour)) : value;

	FieldFormat(fields, 1, false);
	LoadHourFields(fields, hour);
	return hour;
}

static void
TestForms(void)
{
	static const char *const malformed[] = {
		"", "1", "1 1 2 3 4 5", "1 1 2 3 4 5 x", "1 1 -2 3 4 5 6", "1 1 2 -3 4 5 6", "1 1 2 3 4 5 -6", "1 2562047789 2 3 4 5 6",
		"1 -2562047789 2 3 4 5 6", "1 1 2 3 4 5 6 7", "1 1 2 3 4 5 0.0000000000000001"
	};
	LoadHour	hour = {-3, 1, 10, 0, 5, (Money) INT64_MAX * INT64_MAX};

	CheckForms(HourFields, &hour, ROWS, "an hour");
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		Ok(TextIs(HourFields, malformed[i], NULL), "\"%s\" is no hour", malformed[i]);
	Ok(TextIs(HourFields, "1 -3 1 10 0 5 0.25", "1 -3 1 10 0 5 0.25"), "this is one");
}

int
main(void)
{
	TestHourOfTime();
	TestHourOfUsage();
	TestSums();
	TestOverflow();
	TestForms();
	return Done();
}
