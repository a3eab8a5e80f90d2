/*
 * payload_anthropic.c
 *	  Usage of Anthropic's messages API, also as served by Bedrock, Vertex and others.
 *
 * Invariant: input_tokens, cache_read_input_tokens and
 * cache_creation_input_tokens are disjoint, and their sum is the prompt;
 * thinking is part of output_tokens.
 */
#include "payload/payload_reader.h"

#include <inttypes.h>
#include <string.h>

/* One set of counts: the usage itself, or one of its iterations. */
static void
AddMessage(PayloadReader *reader, const cJSON *usage, Tally *tally)
{
	const cJSON *creation = Member(usage, "cache_creation");
	int64_t		read = ReadCount(reader, usage, "cache_read_input_tokens");
	int64_t		written = ReadCount(reader, usage, "cache_creation_input_tokens");
	int64_t		written_5m = ReadCount(reader, creation, "ephemeral_5m_input_tokens");
	int64_t		written_1h = ReadCount(reader, creation, "ephemeral_1h_input_tokens");

	if (!HasAny(usage, "cache_creation_input_tokens", NULL))
		written = written_5m + written_1h;
	if (written_5m + written_1h > written)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"cache writes of %" PRId64 " (5 minutes) + %" PRId64 " (1 hour) tokens are more than the %" PRId64 " written.",
				written_5m, written_1h, written);

	AddCount(reader, &tally->input, ReadCount(reader, usage, "input_tokens"));
	AddCount(reader, &tally->input, read);
	AddCount(reader, &tally->input, written);
	AddCount(reader, &tally->cache_read, read);
	AddCount(reader, &tally->cache_write, written);
	AddCount(reader, &tally->cache_write_1h, written_1h);
	AddCount(reader, &tally->output, ReadCount(reader, usage, "output_tokens"));
}

/*
 * Compaction is billed, yet left out of the totals.  Iterations of type message
 * are in them already; those of an advisor are another model's, at its prices.
 */
static void
AddCompactions(PayloadReader *reader, const cJSON *iterations, Tally *tally)
{
	const cJSON *iteration;

	if (!cJSON_IsArray(iterations))
		return;
	cJSON_ArrayForEach(iteration, iterations)
	{
		const char *type = StringOf(iteration, "type");

		if (type != NULL && strcmp(type, "compaction") == 0)
			AddMessage(reader, iteration, tally);
	}
}

bool
IsAnthropic(const PayloadBody *body)
{
	return HasAny(body->usage, "cache_creation_input_tokens", "cache_read_input_tokens",
				  "cache_creation", "server_tool_use", "inference_geo", "iterations", NULL) &&
		HasAny(body->usage, "input_tokens", "output_tokens", NULL) &&
		!HasAny(body->usage, "prompt_tokens", "completion_tokens",
				"input_tokens_details", "input_token_details", NULL);
}

void
ReadAnthropic(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	const cJSON *usage = body->usage;
	int64_t		total = ReadCount(reader, usage, "total_tokens");
	int64_t		uncached;

	AddMessage(reader, usage, tally);
	uncached = tally->input - tally->cache_read - tally->cache_write;
	if (HasAny(usage, "total_tokens", NULL) && total != tally->input + tally->output &&
		total != uncached + tally->output)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"input %" PRId64 " + cache reads %" PRId64 " + cache writes %" PRId64 " + output %" PRId64 " = %" PRId64 ", but the stated total is %" PRId64 ".",
				uncached, tally->cache_read, tally->cache_write, tally->output,
				tally->input + tally->output, total);

	tally->reasoning = ReadCount(reader, Member(usage, "output_tokens_details"), "thinking_tokens");
	if (tally->reasoning > tally->output)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"%" PRId64 " tokens of thinking are more than the %" PRId64 " of the output.",
				tally->reasoning, tally->output);
	tally->web_searches = ReadCount(reader, Member(usage, "server_tool_use"), "web_search_requests");
	AddCompactions(reader, Member(usage, "iterations"), tally);
}
