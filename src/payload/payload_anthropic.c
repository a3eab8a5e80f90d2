/*
 * payload_anthropic.c
 *	  Usage of Anthropic's messages API, also as served by Bedrock, Vertex and
 *	  others, and as Claude Code logs it.
 *
 * Invariant: input_tokens, cache_read_input_tokens and
 * cache_creation_input_tokens are disjoint, and their sum is the prompt;
 * thinking is part of output_tokens.  What another model did within the answer
 * (an advisor) is a charge of that model, never of this one.
 */
#include "payload/payload_reader.h"

#include <inttypes.h>

/* Writes by time to live: of the whole, what is not for one hour is for five minutes. */
static void
ReadWrites(PayloadReader *reader, Node *usage, int64_t *written, int64_t *written_1h)
{
	Node	   *creation = Member(reader, usage, KEY_cache_creation);
	int64_t		written_5m = Count(reader, creation, KEY_ephemeral_5m_input_tokens);

	*written_1h = Count(reader, creation, KEY_ephemeral_1h_input_tokens);
	*written = Count(reader, usage, KEY_cache_creation_input_tokens);
	if (!HasAny(reader, usage, KEY_cache_creation_input_tokens, KEY_NONE))
		*written = written_5m + *written_1h;
	if (written_5m + *written_1h > *written)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"cache writes of %" PRId64 " (5 minutes) + %" PRId64 " (1 hour) tokens are more than the %" PRId64 " written.",
				written_5m, *written_1h, *written);
}

/* One set of counts: the usage itself, or one of its iterations. */
static void
AddMessage(PayloadReader *reader, Node *usage, Tally *tally)
{
	int64_t		read = Count(reader, usage, KEY_cache_read_input_tokens);
	int64_t		thinking = Count(reader, Member(reader, usage, KEY_output_tokens_details), KEY_thinking_tokens);
	int64_t		output = Count(reader, usage, KEY_output_tokens);
	int64_t		written;
	int64_t		written_1h;

	ReadWrites(reader, usage, &written, &written_1h);
	AddCount(reader, &tally->input, Count(reader, usage, KEY_input_tokens));
	AddPart(reader, &tally->cache_read, read, &tally->input);
	AddPart(reader, &tally->cache_write, written, &tally->input);
	AddCount(reader, &tally->cache_write_1h, written_1h);
	AddCount(reader, &tally->output, output);
	AddCount(reader, &tally->reasoning, thinking);
	if (thinking > output)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"%" PRId64 " tokens of thinking are more than the %" PRId64 " of the output.", thinking, output);
	AddCount(reader, &tally->units[METER_WEB_SEARCHES],
			 Count(reader, Member(reader, usage, KEY_server_tool_use), KEY_web_search_requests));
}

/*
 * The steps within an answer.  Those of type message are in the totals already;
 * compaction is billed, yet left out of them; an advisor is another model.
 */
static void
ReadIterations(PayloadReader *reader, Node *iterations, Tally *tally)
{
	for (Node *step = Child(reader, iterations); step != NULL; step = step->next)
	{
		Node	   *type = StringOf(reader, step, KEY_type);
		Charge	   *charge;

		if (type == NULL || StringIs(type, "message") || StringIs(type, "fallback_message"))
			Taken(reader, step);
		else if (StringIs(type, "compaction"))
			AddMessage(reader, step, tally);
		else if (StringIs(type, "advisor_message"))
		{
			charge = AddCharge(reader, StringOf(reader, step, KEY_model));
			if (charge != NULL)
				AddMessage(reader, step, &charge->tally);
		}
		else
			Problem(reader, PAYLOAD_UNKNOWN_NAME, "An iteration is of type \"%.*s\", and what it is charged is not known.",
					STRING_ARGS(type));
	}
}

bool
IsAnthropic(PayloadReader *reader, const PayloadBody *body)
{
	return HasAny(reader, body->usage, KEY_cache_creation_input_tokens, KEY_cache_read_input_tokens,
				  KEY_cache_creation, KEY_server_tool_use, KEY_inference_geo, KEY_iterations, KEY_NONE) &&
		HasAny(reader, body->usage, KEY_input_tokens, KEY_output_tokens, KEY_NONE) &&
		!HasAny(reader, body->usage, KEY_prompt_tokens, KEY_completion_tokens,
				KEY_input_tokens_details, KEY_input_token_details, KEY_prompt_tokens_details,
				KEY_non_cached_input_tokens, KEY_cache_write_input_tokens, KEY_NONE);
}

void
ReadAnthropic(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Node	   *usage = body->usage;
	Node	   *iterations = Member(reader, usage, KEY_iterations);
	int64_t		total = Count(reader, usage, KEY_total_tokens);
	int64_t		uncached;

	tally->disjoint_input = true;
	AddMessage(reader, usage, tally);
	uncached = tally->input - tally->cache_read - tally->cache_write;
	if (HasAny(reader, usage, KEY_total_tokens, KEY_NONE) && total != tally->input + tally->output &&
		total != uncached + tally->output)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"input %" PRId64 " + cache reads %" PRId64 " + cache writes %" PRId64 " + output %" PRId64 " = %" PRId64 ", but the stated total is %" PRId64 ".",
				uncached, tally->cache_read, tally->cache_write, tally->output,
				tally->input + tally->output, total);
	if (IsKind(iterations, JSON_ARRAY))
		ReadIterations(reader, iterations, tally);
}

/* An event of Claude Code's telemetry: the same disjoint counts under shorter names. */
bool
IsAgentEvent(PayloadReader *reader, const PayloadBody *body)
{
	return HasAny(reader, body->usage, KEY_cache_creation_tokens, KEY_NONE) &&
		HasAny(reader, body->usage, KEY_input_tokens, KEY_NONE) &&
		HasAny(reader, body->usage, KEY_output_tokens, KEY_NONE);
}

void
ReadAgentEvent(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	tally->disjoint_input = true;
	AddCount(reader, &tally->input, Count(reader, body->usage, KEY_input_tokens));
	AddPart(reader, &tally->cache_read, Count(reader, body->usage, KEY_cache_read_tokens), &tally->input);
	AddPart(reader, &tally->cache_write, Count(reader, body->usage, KEY_cache_creation_tokens), &tally->input);
	tally->output = Count(reader, body->usage, KEY_output_tokens);
}
