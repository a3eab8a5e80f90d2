/*
 * payload.c
 *	  The payload readers.
 *
 * The first byte chooses the flavor, and whether the caller maps names; the rest
 * is the payload.  What is accepted has no count below zero, parse_requests()
 * agrees with parse_usage(), and the fields of the result end within their buffers.
 */
#include "fuzz.h"

#include "payload/payload.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static PayloadRequest requests[PAYLOAD_MAX_REQUESTS];
	static const char names[] = "{\"tokens\":\"input_total\",\"usage.extra\":\"output\",\"none\":null}";
	Payload		payload = {.source = &json_text_source};
	MeterCounts counts;
	char		model[PAYLOAD_MODEL_SIZE];
	char		word[PAYLOAD_TIER_SIZE];
	char		problem[PAYLOAD_PROBLEM_SIZE];
	JsonText	json;
	JsonText	named;
	size_t		count;
	PayloadStatus status;
	char	   *text;

	if (size == 0)
		return 0;
	text = FuzzText(data + 1, size - 1);
	if (!JsonTextParse(text, size - 1, &json))
	{
		free(text);
		return 0;
	}
	payload.root = json.root;
	Promise(JsonTextParse(names, sizeof(names) - 1, &named), "the mapping is JSON");
	if (data[0] & 0x80)
	{
		payload.names_source = &json_text_source;
		payload.names = named.root;
	}

	status = PayloadReadUsage(&payload, data[0] % FLAVOR_COUNT, &counts, problem, sizeof(problem));
	if (status == PAYLOAD_OK)
	{
		for (Meter meter = 0; meter < METER_COUNT; meter++)
			Promise(counts.of[meter] >= 0, "no count is negative");
	}
	else
		Promise(EndsWithin(problem, sizeof(problem)), "the problem fits");

	/* What is read as one request is the one row, and what is refused gives none or several. */
	if (PayloadReadRequests(&payload, data[0] % FLAVOR_COUNT, requests, &count, problem, sizeof(problem)) == PAYLOAD_OK)
	{
		Promise(count <= PAYLOAD_MAX_REQUESTS, "requests fit");
		Promise(status == PAYLOAD_OK || status == PAYLOAD_SEVERAL, "what is read as requests is read as usage, too");
		if (status == PAYLOAD_OK)
			Promise(count == 1 && memcmp(&requests[0].counts, &counts, sizeof(counts)) == 0, "one request has the usage");
	}
	if (PayloadReadModel(&payload, model, problem, sizeof(problem)) == PAYLOAD_OK)
		Promise(EndsWithin(model, sizeof(model)), "the model fits");
	if (PayloadReadServiceTier(&payload, word, problem, sizeof(problem)) == PAYLOAD_OK)
		Promise(EndsWithin(word, sizeof(word)), "the word fits");
	if (PayloadReadRegion(&payload, word, problem, sizeof(problem)) == PAYLOAD_OK)
		Promise(EndsWithin(word, sizeof(word)), "the word fits");
	JsonTextFree(&named);
	JsonTextFree(&json);
	free(text);
	return 0;
}
