/*
 * tool_counts.c
 *	  Counts that a tool keeps of a request.  The first byte chooses the tool; then
 *	  come lines of name=value.
 *
 * What is resolved has no negative count, and its parts add up to a total that was stated.
 */
#include "fuzz.h"

#include "payload/tool_counts.h"

static __int128
Sum(const MeterCounts *counts, uint32_t meters)
{
	__int128	sum = 0;

	for (Meter meter = 0; meter < METER_COUNT; meter++)
		sum += meters & METER_BIT(meter) ? counts->of[meter] : 0;
	return sum;
}

/* Was a total stated?  Then it is the sum of its parts. */
static void
CheckTotal(const SourceCounts *stated, int total, const MeterCounts *counts, uint32_t parts)
{
	if (stated->stated >> total & 1)
		Promise(Sum(counts, parts) == stated->of[total], "parts add up to the total");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SourceCounts stated = {{0}, 0, SOURCE_OK};
	SourceProblem problem;
	MeterCounts counts;
	SourceTool	tool;
	char	   *text;
	char	   *saved;

	if (size == 0)
		return 0;
	tool = (SourceTool) (data[0] % TOOL_COUNT);
	text = FuzzText(data + 1, size - 1);
	Promise(SourceToolByName(text, strlen(text)) <= TOOL_COUNT, "a tool, or none");
	for (char *line = strtok_r(text, "\n", &saved); line != NULL; line = strtok_r(NULL, "\n", &saved))
	{
		size_t		length = strcspn(line, "=");
		int			count = SourceCountByName(tool, line, length);

		Promise(count >= 0 && count <= COUNT_END, "a name counts something, or nothing");
		if (count != COUNT_END)
			SourceAdd(&stated, count, line[length] == '=' ? strtoll(line + length + 1, NULL, 10) : 0);
		else if (SourceIsClosed(tool, line, length) && stated.problem == SOURCE_OK)
			stated.problem = SOURCE_UNKNOWN;
	}
	problem = SourceResolve(&stated, &counts);
	Promise((problem == SOURCE_OK) == (SourceProblemText(problem) == NULL), "it is said what is wrong");
	if (problem == SOURCE_OK)
	{
		for (Meter meter = 0; meter < METER_COUNT; meter++)
			Promise(counts.of[meter] >= 0, "no count is negative");
		CheckTotal(&stated, COUNT_INPUT_TOTAL, &counts, METERS_OF_INPUT);
		CheckTotal(&stated, COUNT_OUTPUT_TOTAL, &counts, METERS_OF_OUTPUT);
		CheckTotal(&stated, COUNT_CACHE_WRITE_TOTAL, &counts, METER_BIT(METER_CACHE_WRITE) | METER_BIT(METER_CACHE_WRITE_1H));
	}
	free(text);
	return 0;
}
