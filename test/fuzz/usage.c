/*
 * usage.c
 *	  The text of a usage, and its packed bytes.
 *
 * The first byte chooses.  What is read is valid, prints, and reads back alike.
 */
#include "fuzz.h"

#include "core/usage.h"

/* The packed usage of counts is valid, and has the counts; its text has them, too. */
static void
CheckCounts(const MeterCounts *counts)
{
	UsageBuffer packed;
	MeterCounts back;
	char		text[USAGE_TEXT_SIZE];
	const char *at;
	int64_t		total;
	size_t		size = UsagePack(counts, &packed.usage);

	for (Meter meter = 0; meter < METER_COUNT; meter++)
		Promise(counts->of[meter] >= 0, "no count is negative");
	Promise(UsageIsValid(&packed.usage, size), "what is packed is valid");
	UsageUnpack(&packed.usage, &back);
	Promise(memcmp(&back, counts, sizeof(back)) == 0, "what is packed unpacks alike");
	Promise((size_t) UsageToText(&packed.usage, text) == strlen(text), "the length of a text is told");
	Promise(UsageFromText(text, &back, &at) == USAGE_OK && memcmp(&back, counts, sizeof(back)) == 0, "a text reads back alike");
	UsageTotal(&packed.usage, METERS_OF_INPUT | METERS_OF_OUTPUT, &total);
}

static void
FuzzUsageText(const uint8_t *data, size_t size)
{
	char	   *text = FuzzText(data, size);
	MeterCounts counts;
	const char *at = NULL;

	if (UsageFromText(text, &counts, &at) == USAGE_OK)
		CheckCounts(&counts);
	else
		Promise(at >= text && at <= text + strlen(text), "a problem lies in the text");
	free(text);
}

static void
FuzzUsageBytes(const uint8_t *data, size_t size)
{
	Usage	   *usage = malloc(size);
	UsageBuffer sum;
	MeterCounts counts;
	Meter		meter;

	memcpy(usage, data, size);
	if (UsageIsValid(usage, size))
	{
		UsageUnpack(usage, &counts);
		CheckCounts(&counts);
		Promise(UsageEqual(usage, usage) && UsageCompare(usage, usage) == 0, "a usage equals itself");
		UsageSum(usage, usage, &sum.usage, &meter);
		Promise(UsageDifference(usage, usage, &sum.usage, &meter) == USAGE_OK && sum.usage.present == 0, "less itself it is nothing");
	}
	free(usage);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] % 2 == 0)
		FuzzUsageText(data + 1, size - 1);
	else
		FuzzUsageBytes(data + 1, size - 1);
	return 0;
}
