/*
 * payload_bedrock.c
 *	  Usage of Amazon Bedrock: Converse, and the counts that InvokeModel and the
 *	  invocation log give for models that have no usage object of their own.
 *
 * Invariant: inputTokens, cacheReadInputTokens and cacheWriteInputTokens are
 * disjoint, and their sum is the prompt.  No body names the model but the log's.
 */
#include "payload/payload_reader.h"

#include <inttypes.h>
#include <string.h>

/* Tokens written to the cache to be kept for one hour. */
static int64_t
ReadHourWrites(PayloadReader *reader, const cJSON *details)
{
	const cJSON *detail;
	int64_t		written = 0;

	if (!cJSON_IsArray(details))
		return 0;
	cJSON_ArrayForEach(detail, details)
	{
		const char *ttl = StringOf(detail, "ttl");

		if (ttl != NULL && strcmp(ttl, "1h") == 0)
			AddCount(reader, &written, ReadCount(reader, detail, "inputTokens"));
	}
	return written;
}

static void
TallyDisjoint(PayloadReader *reader, int64_t input, int64_t read, int64_t written, int64_t output, Tally *tally)
{
	AddCount(reader, &tally->input, input);
	AddCount(reader, &tally->input, read);
	AddCount(reader, &tally->input, written);
	tally->cache_read = read;
	tally->cache_write = written;
	tally->output = output;
}

bool
IsConverse(const PayloadBody *body)
{
	return HasAny(body->usage, "inputTokens", "outputTokens", NULL);
}

void
ReadConverse(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	const cJSON *usage = body->usage;
	int64_t		input = ReadCount(reader, usage, "inputTokens");
	int64_t		output = ReadCount(reader, usage, "outputTokens");
	int64_t		read = ReadCountAny(reader, usage, "cacheReadInputTokens", "cacheReadInputTokenCount", NULL);
	int64_t		written = ReadCountAny(reader, usage, "cacheWriteInputTokens", "cacheWriteInputTokenCount", NULL);
	int64_t		total = ReadCount(reader, usage, "totalTokens");

	TallyDisjoint(reader, input, read, written, output, tally);
	tally->cache_write_1h = ReadHourWrites(reader, Member(usage, "cacheDetails"));
	if (HasAny(usage, "totalTokens", NULL) && total != tally->input + output && total != input + output)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"input %" PRId64 " + cache reads %" PRId64 " + cache writes %" PRId64 " + output %" PRId64 " = %" PRId64 ", but the stated total is %" PRId64 ".",
				input, read, written, output, tally->input + output, total);
}

bool
IsInvocation(const PayloadBody *body)
{
	return HasAny(body->usage, "inputTokenCount", "outputTokenCount",
				  "inputTextTokenCount", "generation_token_count", NULL) ||
		HasAny(Member(body->usage, "input"), "inputTokenCount", NULL);
}

/* Metrics of an invocation stream, an entry of the invocation log, Titan, Llama. */
void
ReadInvocation(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	const cJSON *usage = body->usage;
	const cJSON *input = cJSON_IsObject(Member(usage, "input")) ? Member(usage, "input") : usage;
	const cJSON *output = cJSON_IsObject(Member(usage, "output")) ? Member(usage, "output") : usage;
	const cJSON *result;
	int64_t		answer = 0;

	cJSON_ArrayForEach(result, Member(usage, "results"))
		AddCount(reader, &answer, ReadCount(reader, result, "tokenCount"));
	answer = Larger(answer, ReadCountAny(reader, output, "outputTokenCount", "generation_token_count", NULL));
	TallyDisjoint(reader,
				  ReadCountAny(reader, input, "inputTokenCount", "inputTextTokenCount", "prompt_token_count", NULL),
				  ReadCount(reader, input, "cacheReadInputTokenCount"),
				  ReadCount(reader, input, "cacheWriteInputTokenCount"),
				  answer, tally);
}
