/*
 * tool_counts.c
 *	  Counts that a tool keeps of a request.  The first byte chooses the tool, how
 *	  long cached tokens live where nothing tells (0x40: an hour), and whether the
 *	  tool says that something was charged (0x80), or that it failed (both); the
 *	  rest is the row, in JSON.
 *
 * What is read has no count below zero and none above what a row may have, and
 * what is refused says why.
 */
#include "fuzz.h"

#include "core/row_limits.h"
#include "payload/tool_counts.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Payload		payload = {.source = &json_text_source};
	MeterCounts counts;
	char		problem[PAYLOAD_PROBLEM_SIZE] = "";
	JsonText	json;
	ToolRow		row;
	char	   *text;

	if (size == 0)
		return 0;
	text = FuzzText(data + 1, size - 1);
	Promise(SourceToolByName(text, strlen(text)) <= TOOL_COUNT, "a tool, or none");
	if (!JsonTextParse(text, size - 1, &json))
	{
		free(text);
		return 0;
	}
	payload.root = json.root;
	row = (ToolRow) {.one_hour = data[0] & 0x40,.charged = data[0] & 0x80,.failed = (data[0] & 0xC0) == 0xC0};
	if (PayloadReadTool(&payload, (SourceTool) ((data[0] & 0x3F) % TOOL_COUNT), &row, &counts, problem, sizeof(problem)) == PAYLOAD_OK)
	{
		for (Meter meter = 0; meter < METER_COUNT; meter++)
			Promise(counts.of[meter] >= 0 && counts.of[meter] <= ROW_COUNT_MAX, "a count is one of a row");
	}
	else
		Promise(EndsWithin(problem, sizeof(problem)), "the problem fits");
	JsonTextFree(&json);
	free(text);
	return 0;
}
