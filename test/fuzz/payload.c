/*
 * payload.c
 *	  libFuzzer harness of the payload readers.
 *
 * The first byte chooses the flavor, the rest is the payload, copied so that it
 * ends right after its NUL.  Beside the sanitizers' checks: what is accepted is
 * one request without a count below zero, and the fields of the result
 * are within their buffers.
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
	MeterCounts counts;
	char		model[PAYLOAD_MODEL_SIZE];
	char		tier[PAYLOAD_TIER_SIZE];
	char		problem[PAYLOAD_PROBLEM_SIZE];
	char	   *text;

	if (size == 0)
		return 0;
	text = malloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';

	if (PayloadParseUsage(text, size - 1, data[0] % FLAVOR_COUNT, &counts, problem, sizeof(problem)) == PAYLOAD_OK)
	{
		for (Meter meter = 0; meter < METER_COUNT; meter++)
			Check(counts.of[meter] >= 0);
		Check(counts.of[METER_REQUESTS] == 1);
	}
	else
		Check(memchr(problem, '\0', sizeof(problem)) != NULL);
	if (PayloadParseModel(text, size - 1, model, problem, sizeof(problem)) == PAYLOAD_OK)
		Check(memchr(model, '\0', sizeof(model)) != NULL);
	if (PayloadParseServiceTier(text, size - 1, tier, problem, sizeof(problem)) == PAYLOAD_OK)
		Check(memchr(tier, '\0', sizeof(tier)) != NULL);
	free(text);
	return 0;
}
