/*
 * payload.c
 *	  libFuzzer harness of the payload readers.
 *
 * The first byte chooses the flavor, and whether the caller maps names; the rest
 * is the payload, copied so that it ends right after its NUL.  Beside the
 * sanitizers' checks: what is accepted has no count below zero, parse_requests
 * agrees with parse_usage, and the fields of the result are within their buffers.
 */
#include "payload/payload.h"

#include <stdlib.h>
#include <string.h>

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
Check(int condition)
{
	if (!condition)
		abort();
}

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
	text = malloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (!JsonTextParse(text, size - 1, &json))
	{
		free(text);
		return 0;
	}
	payload.root = json.root;
	Check(JsonTextParse(names, sizeof(names) - 1, &named));
	if (data[0] & 0x80)
	{
		payload.names_source = &json_text_source;
		payload.names = named.root;
	}

	status = PayloadReadUsage(&payload, data[0] % FLAVOR_COUNT, &counts, problem, sizeof(problem));
	if (status == PAYLOAD_OK)
	{
		for (Meter meter = 0; meter < METER_COUNT; meter++)
			Check(counts.of[meter] >= 0);
	}
	else
		Check(memchr(problem, '\0', sizeof(problem)) != NULL);

	/* What is read as one request is the one row, and what is refused gives none or several. */
	if (PayloadReadRequests(&payload, data[0] % FLAVOR_COUNT, requests, &count, problem, sizeof(problem)) == PAYLOAD_OK)
	{
		Check(count <= PAYLOAD_MAX_REQUESTS);
		Check(status == PAYLOAD_OK || status == PAYLOAD_SEVERAL);
		if (status == PAYLOAD_OK)
			Check(count == 1 && memcmp(&requests[0].counts, &counts, sizeof(counts)) == 0);
	}
	if (PayloadReadModel(&payload, model, problem, sizeof(problem)) == PAYLOAD_OK)
		Check(memchr(model, '\0', sizeof(model)) != NULL);
	if (PayloadReadServiceTier(&payload, word, problem, sizeof(problem)) == PAYLOAD_OK)
		Check(memchr(word, '\0', sizeof(word)) != NULL);
	if (PayloadReadRegion(&payload, word, problem, sizeof(problem)) == PAYLOAD_OK)
		Check(memchr(word, '\0', sizeof(word)) != NULL);
	JsonTextFree(&named);
	JsonTextFree(&json);
	free(text);
	return 0;
}
