/*
 * payload_bedrock.c
 *	  Usage of Amazon Bedrock: Converse, the counts that InvokeModel and the
 *	  invocation log give for models that have no usage object of their own, and
 *	  guardrails.
 *
 * Invariant: inputTokens, cacheReadInputTokens and cacheWriteInputTokens are
 * disjoint, and their sum is the prompt.  No body names the model but the log's.
 */
#include "payload/payload_reader.h"

#include <inttypes.h>

/* Tokens written to the cache to be kept for one hour. */
static int64_t
ReadHourWrites(PayloadReader *reader, Node *details)
{
	int64_t		written = 0;

	for (Node *detail = Child(reader, details); detail != NULL; detail = detail->next)
	{
		int64_t		count = Count(reader, detail, KEY_inputTokens);
		Node	   *ttl = StringOf(reader, detail, KEY_ttl);

		if (StringIs(ttl, "1h"))
			AddCount(reader, &written, count);
		else if (ttl != NULL && !StringIs(ttl, "5m") && count > 0)
			Problem(reader, PAYLOAD_UNKNOWN_NAME, "The cache is written for \"%.*s\", and what that is charged is not known.",
					STRING_ARGS(ttl));
	}
	return written;
}

static void
TallyDisjoint(PayloadReader *reader, int64_t input, int64_t read, int64_t written, int64_t output, Tally *tally)
{
	tally->disjoint_input = true;
	AddCount(reader, &tally->input, input);
	AddPart(reader, &tally->cache_read, read, &tally->input);
	AddPart(reader, &tally->cache_write, written, &tally->input);
	tally->output = output;
}

/* CountTokens of Bedrock answers with inputTokens alone. */
bool
IsConverse(PayloadReader *reader, const PayloadBody *body)
{
	return HasAny(reader, body->usage, KEY_outputTokens, KEY_NONE) ||
		(body->container != NULL && HasAny(reader, body->usage, KEY_inputTokens, KEY_NONE));
}

static void
ReadGuardrailUnits(PayloadReader *reader, Node *usage, Tally *tally)
{
	int64_t		of_data = Count(reader, usage, KEY_sensitiveInformationPolicyUnits);

	AddCount(reader, &tally->units[METER_GUARDRAIL_UNITS], Count(reader, usage, KEY_contentPolicyUnits));
	AddCount(reader, &tally->units[METER_GUARDRAIL_UNITS], Count(reader, usage, KEY_topicPolicyUnits));
	AddCount(reader, &tally->units[METER_GUARDRAIL_DATA_UNITS], of_data);
	AddCount(reader, &tally->units[METER_GUARDRAIL_DATA_UNITS], Count(reader, usage, KEY_contextualGroundingPolicyUnits));
	SettleNames(reader, usage, tally);
}

/* The assessments of a guardrail, of the input and of the output, by its id. */
static void
ReadAssessments(PayloadReader *reader, Node *assessments, int depth, Tally *tally)
{
	Node	   *usage = Member(reader, Member(reader, assessments, KEY_invocationMetrics), KEY_usage);

	if (usage != NULL)
	{
		ReadGuardrailUnits(reader, usage, tally);
		return;
	}
	for (Node *child = depth == 0 ? NULL : Child(reader, assessments); child != NULL; child = child->next)
		ReadAssessments(reader, child, depth - 1, tally);
}

static void
ReadTrace(PayloadReader *reader, Node *trace, Tally *tally)
{
	Node	   *guardrail = Member(reader, trace, KEY_guardrail);

	ReadAssessments(reader, FirstOf(reader, guardrail, KEY_inputAssessment, KEY_input, KEY_NONE), 2, tally);
	ReadAssessments(reader, FirstOf(reader, guardrail, KEY_outputAssessments, KEY_outputs, KEY_NONE), 3, tally);
	Taken(reader, guardrail);
}

/* What guardrails were charged: the trace of Converse, or that of InvokeModel in any chunk. */
void
ReadGuardrails(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	ReadTrace(reader, Member(reader, body->container, KEY_trace), tally);
	ReadTrace(reader, Member(reader, body->container != NULL ? body->container : body->usage, KEY_bedrock_trace), tally);
	for (Node *chunk = Child(reader, body->chunks); chunk != NULL; chunk = chunk->next)
	{
		if (chunk != body->container)
			ReadTrace(reader, Member(reader, chunk, KEY_bedrock_trace), tally);
	}
}

void
ReadConverse(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Node	   *usage = body->usage;
	int64_t		input = Count(reader, usage, KEY_inputTokens);
	int64_t		output = Count(reader, usage, KEY_outputTokens);
	int64_t		read = CountAny(reader, usage, KEY_cacheReadInputTokens, KEY_cacheReadInputTokenCount, KEY_NONE);
	int64_t		written = CountAny(reader, usage, KEY_cacheWriteInputTokens, KEY_cacheWriteInputTokenCount,
								   KEY_cacheCreationInputTokens, KEY_NONE);
	int64_t		total = Count(reader, usage, KEY_totalTokens);

	TallyDisjoint(reader, input, read, written, output, tally);
	tally->cache_write_1h = ReadHourWrites(reader, Member(reader, usage, KEY_cacheDetails));
	if (HasAny(reader, usage, KEY_totalTokens, KEY_NONE) && total != tally->input + output && total != input + output)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"input %" PRId64 " + cache reads %" PRId64 " + cache writes %" PRId64 " + output %" PRId64 " = %" PRId64 ", but the stated total is %" PRId64 ".",
				input, read, written, output, tally->input + output, total);
}

bool
IsInvocation(PayloadReader *reader, const PayloadBody *body)
{
	return HasAny(reader, body->usage, KEY_inputTokenCount, KEY_outputTokenCount,
				  KEY_inputTextTokenCount, KEY_totalOutputTextTokenCount, KEY_generation_token_count, KEY_NONE) ||
		HasAny(reader, Member(reader, body->usage, KEY_input), KEY_inputTokenCount, KEY_NONE);
}

/*
 * The log repeats the answer, and there alone stands how long a write is kept.
 * Its own counts are the whole ones.
 */
static void
ReadLoggedWrites(PayloadReader *reader, Node *answer, Tally *tally)
{
	PayloadBody inner = {NULL, NULL, NULL};
	int64_t		written_1h;

	if (IsKind(answer, JSON_ARRAY))
		MergeStream(reader, answer, &inner);
	else if (answer == NULL || !FindUsage(reader, answer, &inner))
		return;
	written_1h = Agreed(reader,
						Count(reader, Member(reader, inner.usage, KEY_cache_creation), KEY_ephemeral_1h_input_tokens),
						ReadHourWrites(reader, Member(reader, inner.usage, KEY_cacheDetails)), "one-hour writes");
	if (written_1h > 0 && tally->cache_write == 0)
		AddPart(reader, &tally->cache_write, written_1h, &tally->input);
	tally->cache_write_1h = written_1h;
	tally->units[METER_WEB_SEARCHES] = Count(reader, Member(reader, inner.usage, KEY_server_tool_use), KEY_web_search_requests);
}

/* Metrics of an invocation stream, an entry of the invocation log, Titan, Llama. */
void
ReadInvocation(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Node	   *usage = body->usage;
	Node	   *input = IsKind(Member(reader, usage, KEY_input), JSON_OBJECT) ? Member(reader, usage, KEY_input) : usage;
	Node	   *output = IsKind(Member(reader, usage, KEY_output), JSON_OBJECT) ? Member(reader, usage, KEY_output) : usage;
	Node	   *results = Member(reader, usage, KEY_results);
	int64_t		answer = 0;

	for (Node *result = Child(reader, results); result != NULL; result = result->next)
		AddCount(reader, &answer, Count(reader, result, KEY_tokenCount));
	answer = Agreed(reader, answer,
					CountAny(reader, output, KEY_outputTokenCount, KEY_generation_token_count, KEY_totalOutputTextTokenCount, KEY_NONE),
					"the output");
	TallyDisjoint(reader,
				  CountAny(reader, input, KEY_inputTokenCount, KEY_inputTextTokenCount, KEY_prompt_token_count, KEY_NONE),
				  Count(reader, input, KEY_cacheReadInputTokenCount),
				  Count(reader, input, KEY_cacheWriteInputTokenCount),
				  answer, tally);
	if (output != usage)
		ReadLoggedWrites(reader, Member(reader, output, KEY_outputBodyJson), tally);
}

/* ApplyGuardrail, alone. */
bool
IsGuardrail(PayloadReader *reader, const PayloadBody *body)
{
	return HasAny(reader, body->usage, KEY_contentPolicyUnits, KEY_topicPolicyUnits,
				  KEY_sensitiveInformationPolicyUnits, KEY_NONE);
}

void
ReadGuardrail(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	ReadGuardrailUnits(reader, body->usage, tally);
}
