/*
 * tool_counts.c
 *	  From the counts that a tool keeps of a request to disjoint meters.
 *
 * Where a tool has several names for one count (older and newer versions, the
 * provider's own names passed through), a zero gives way to a count, and two
 * counts must agree.
 */
#include "payload/tool_counts.h"

#include <string.h>

typedef struct SourceName
{
	SourceTool	tool;
	const char *name;
	int			count;
} SourceName;

static const SourceName names[] = {
	{TOOL_COLUMNS, "input_total", COUNT_INPUT_TOTAL},
	{TOOL_COLUMNS, "output_total", COUNT_OUTPUT_TOTAL},
	{TOOL_COLUMNS, "cache_write_total", COUNT_CACHE_WRITE_TOTAL},

	/* The prompt includes cached, written and other parts. */
	{TOOL_LITELLM, "prompt_tokens", COUNT_INPUT_TOTAL},
	{TOOL_LITELLM, "completion_tokens", COUNT_OUTPUT_TOTAL},
	{TOOL_LITELLM, "cache_read_input_tokens", METER_CACHE_READ},
	{TOOL_LITELLM, "prompt_tokens_details.cached_tokens", METER_CACHE_READ},
	{TOOL_LITELLM, "cache_creation_input_tokens", COUNT_CACHE_WRITE_TOTAL},
	{TOOL_LITELLM, "prompt_tokens_details.cache_creation_tokens", COUNT_CACHE_WRITE_TOTAL},
	{TOOL_LITELLM, "cache_creation_token_details.ephemeral_5m_input_tokens", METER_CACHE_WRITE},
	{TOOL_LITELLM, "cache_creation_token_details.ephemeral_1h_input_tokens", METER_CACHE_WRITE_1H},
	{TOOL_LITELLM, "prompt_tokens_details.cache_creation_token_details.ephemeral_5m_input_tokens", METER_CACHE_WRITE},
	{TOOL_LITELLM, "prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens", METER_CACHE_WRITE_1H},
	{TOOL_LITELLM, "prompt_tokens_details.audio_tokens", METER_INPUT_AUDIO},
	{TOOL_LITELLM, "prompt_tokens_details.image_tokens", METER_INPUT_IMAGE},
	{TOOL_LITELLM, "completion_tokens_details.reasoning_tokens", METER_REASONING},
	{TOOL_LITELLM, "completion_tokens_details.audio_tokens", METER_OUTPUT_AUDIO},
	{TOOL_LITELLM, "completion_tokens_details.image_tokens", METER_OUTPUT_IMAGE},
	{TOOL_LITELLM, "server_tool_use.web_search_requests", METER_WEB_SEARCHES},

	/* Every usage type has a price of its own: they are disjoint. */
	{TOOL_LANGFUSE, "input", METER_INPUT},
	{TOOL_LANGFUSE, "input_tokens", METER_INPUT},
	{TOOL_LANGFUSE, "prompt_tokens", METER_INPUT},
	{TOOL_LANGFUSE, "input_text", METER_INPUT},
	{TOOL_LANGFUSE, "output", METER_OUTPUT},
	{TOOL_LANGFUSE, "output_tokens", METER_OUTPUT},
	{TOOL_LANGFUSE, "completion_tokens", METER_OUTPUT},
	{TOOL_LANGFUSE, "output_text", METER_OUTPUT},
	{TOOL_LANGFUSE, "input_cached_tokens", METER_CACHE_READ},
	{TOOL_LANGFUSE, "input_cached_text_tokens", METER_CACHE_READ},
	{TOOL_LANGFUSE, "input_cache_read", METER_CACHE_READ},
	{TOOL_LANGFUSE, "cache_read_input_tokens", METER_CACHE_READ},
	{TOOL_LANGFUSE, "input_cache_creation", COUNT_CACHE_WRITE_TOTAL},
	{TOOL_LANGFUSE, "cache_creation_input_tokens", COUNT_CACHE_WRITE_TOTAL},
	{TOOL_LANGFUSE, "cache_write_tokens", COUNT_CACHE_WRITE_TOTAL},
	{TOOL_LANGFUSE, "input_cache_creation_5m", METER_CACHE_WRITE},
	{TOOL_LANGFUSE, "input_cache_creation_1h", METER_CACHE_WRITE_1H},
	{TOOL_LANGFUSE, "output_reasoning_tokens", METER_REASONING},
	{TOOL_LANGFUSE, "output_reasoning", METER_REASONING},
	{TOOL_LANGFUSE, "reasoning_tokens", METER_REASONING},
	{TOOL_LANGFUSE, "thoughts_token_count", METER_REASONING},
	{TOOL_LANGFUSE, "input_audio_tokens", METER_INPUT_AUDIO},
	{TOOL_LANGFUSE, "input_audio", METER_INPUT_AUDIO},
	{TOOL_LANGFUSE, "output_audio_tokens", METER_OUTPUT_AUDIO},
	{TOOL_LANGFUSE, "output_audio", METER_OUTPUT_AUDIO},
	{TOOL_LANGFUSE, "input_image", METER_INPUT_IMAGE},
	{TOOL_LANGFUSE, "web_search_queries", METER_WEB_SEARCHES},

	/* Both totals include their parts. */
	{TOOL_OTEL, "gen_ai.usage.input_tokens", COUNT_INPUT_TOTAL},
	{TOOL_OTEL, "gen_ai.usage.prompt_tokens", COUNT_INPUT_TOTAL},
	{TOOL_OTEL, "gen_ai.usage.output_tokens", COUNT_OUTPUT_TOTAL},
	{TOOL_OTEL, "gen_ai.usage.completion_tokens", COUNT_OUTPUT_TOTAL},
	{TOOL_OTEL, "gen_ai.usage.cache_read.input_tokens", METER_CACHE_READ},
	{TOOL_OTEL, "gen_ai.usage.cache_read_input_tokens", METER_CACHE_READ},
	{TOOL_OTEL, "gen_ai.usage.input_cached_tokens", METER_CACHE_READ},
	{TOOL_OTEL, "gen_ai.usage.cached_tokens", METER_CACHE_READ},
	{TOOL_OTEL, "gen_ai.usage.cache_creation.input_tokens", COUNT_CACHE_WRITE_TOTAL},
	{TOOL_OTEL, "gen_ai.usage.cache_creation_input_tokens", COUNT_CACHE_WRITE_TOTAL},
	{TOOL_OTEL, "gen_ai.usage.reasoning.output_tokens", METER_REASONING},
	{TOOL_OTEL, "gen_ai.usage.reasoning_tokens", METER_REASONING},
	{TOOL_OTEL, "gen_ai.usage.audio.input_tokens", METER_INPUT_AUDIO},
	{TOOL_OTEL, "gen_ai.usage.image.input_tokens", METER_INPUT_IMAGE},
	{TOOL_OTEL, "gen_ai.usage.video.input_tokens", METER_INPUT_VIDEO},
	{TOOL_OTEL, "gen_ai.usage.audio.output_tokens", METER_OUTPUT_AUDIO},

	/* input_tokens includes cached, audio and image tokens. */
	{TOOL_OPENAI, "input_tokens", COUNT_INPUT_TOTAL},
	{TOOL_OPENAI, "output_tokens", COUNT_OUTPUT_TOTAL},
	{TOOL_OPENAI, "input_cached_text_tokens", METER_CACHE_READ},
	{TOOL_OPENAI, "input_cached_audio_tokens", METER_CACHE_READ_AUDIO},
	{TOOL_OPENAI, "input_cached_image_tokens", METER_CACHE_READ_IMAGE},
	{TOOL_OPENAI, "input_cache_write_tokens", COUNT_CACHE_WRITE_TOTAL},
	{TOOL_OPENAI, "output_audio_tokens", METER_OUTPUT_AUDIO},
	{TOOL_OPENAI, "output_image_tokens", METER_OUTPUT_IMAGE},
	{TOOL_OPENAI, "num_model_requests", METER_REQUESTS},
	{TOOL_OPENAI, "images", METER_IMAGES},
	{TOOL_OPENAI, "characters", METER_CHARACTERS},
	{TOOL_OPENAI, "seconds", METER_SECONDS},

	/* All disjoint. */
	{TOOL_ANTHROPIC, "uncached_input_tokens", METER_INPUT},
	{TOOL_ANTHROPIC, "cache_read_input_tokens", METER_CACHE_READ},
	{TOOL_ANTHROPIC, "cache_creation.ephemeral_5m_input_tokens", METER_CACHE_WRITE},
	{TOOL_ANTHROPIC, "cache_creation.ephemeral_1h_input_tokens", METER_CACHE_WRITE_1H},
	{TOOL_ANTHROPIC, "cache_creation_5m_input_tokens", METER_CACHE_WRITE},
	{TOOL_ANTHROPIC, "cache_creation_1h_input_tokens", METER_CACHE_WRITE_1H},
	{TOOL_ANTHROPIC, "output_tokens", METER_OUTPUT},
	{TOOL_ANTHROPIC, "server_tool_use.web_search_requests", METER_WEB_SEARCHES},
};

#define NAMES (sizeof(names) / sizeof(names[0]))

/* Parts of the totals: every token meter but the plain one, input or output. */
#define INPUT_PARTS (METERS_OF_INPUT & ~METER_BIT(METER_INPUT))
#define OUTPUT_PARTS (METERS_OF_OUTPUT & ~METER_BIT(METER_OUTPUT))

static bool
Is(const char *string, const char *bytes, size_t length)
{
	return strlen(string) == length && memcmp(string, bytes, length) == 0;
}

SourceTool
SourceToolByName(const char *name, size_t length)
{
	static const char *const tools[TOOL_COUNT] = {
		"columns", "litellm", "langfuse", "otel", "openai_usage_api", "anthropic_usage_report"
	};
	int			tool = 0;

	while (tool < TOOL_COUNT && !Is(tools[tool], name, length))
		tool++;
	return (SourceTool) tool;
}

int
SourceCountByName(SourceTool tool, const char *name, size_t length)
{
	Meter		meter;

	for (size_t i = 0; i < NAMES; i++)
	{
		if (names[i].tool == tool && Is(names[i].name, name, length))
			return names[i].count;
	}
	if (tool != TOOL_COLUMNS)
		return COUNT_END;
	meter = MeterByName(name, length);
	return meter == METER_COUNT ? COUNT_END : (int) meter;
}

bool
SourceIsClosed(SourceTool tool, const char *name, size_t length)
{
	if (tool == TOOL_COLUMNS)
		return true;
	return tool == TOOL_LANGFUSE && !Is("total", name, length) && !Is("total_tokens", name, length);
}

static void
Report(SourceCounts *counts, SourceProblem problem)
{
	if (counts->problem == SOURCE_OK)
		counts->problem = problem;
}

void
SourceAdd(SourceCounts *counts, int count, int64_t value)
{
	bool		stated = (counts->stated >> count & 1) != 0;

	if (value < 0)
		Report(counts, SOURCE_NEGATIVE);
	else if (stated && value != 0 && counts->of[count] != 0 && value != counts->of[count])
		Report(counts, SOURCE_CONTRADICTION);
	else if (value != 0 || !stated)
		counts->of[count] = value;
	counts->stated |= UINT64_C(1) << count;
}

/* *rest = total - the parts; false when they exceed it. */
static bool
Subtract(const MeterCounts *meters, uint32_t parts, int64_t total, int64_t *rest)
{
	*rest = total;
	for (Meter meter = 0; meter < METER_COUNT; meter++)
	{
		if ((parts & METER_BIT(meter)) == 0)
			continue;
		if (meters->of[meter] > *rest)
			return false;
		*rest -= meters->of[meter];
	}
	return true;
}

SourceProblem
SourceResolve(const SourceCounts *counts, MeterCounts *meters)
{
	MeterCounts found;

	if (counts->problem != SOURCE_OK)
		return counts->problem;
	memcpy(&found, counts->of, sizeof(found));
	if ((counts->stated & METER_BIT(METER_REQUESTS)) == 0)
		found.of[METER_REQUESTS] = 1;

	/* A total that has no parts is all of the shorter life, which is the default. */
	if (counts->stated >> COUNT_CACHE_WRITE_TOTAL & 1)
	{
		int64_t		total = counts->of[COUNT_CACHE_WRITE_TOTAL];
		int64_t		rest;

		if (!Subtract(&found, METER_BIT(METER_CACHE_WRITE) | METER_BIT(METER_CACHE_WRITE_1H), total, &rest))
			return SOURCE_PARTS_EXCEED_WRITES;
		found.of[METER_CACHE_WRITE] += rest;
	}
	if ((counts->stated >> COUNT_INPUT_TOTAL & 1) &&
		!Subtract(&found, INPUT_PARTS, counts->of[COUNT_INPUT_TOTAL], &found.of[METER_INPUT]))
		return SOURCE_PARTS_EXCEED_INPUT;
	if ((counts->stated >> COUNT_OUTPUT_TOTAL & 1) &&
		!Subtract(&found, OUTPUT_PARTS, counts->of[COUNT_OUTPUT_TOTAL], &found.of[METER_OUTPUT]))
		return SOURCE_PARTS_EXCEED_OUTPUT;
	*meters = found;
	return SOURCE_OK;
}

const char *
SourceProblemText(SourceProblem problem)
{
	switch (problem)
	{
		case SOURCE_OK:
			break;
		case SOURCE_NEGATIVE:
			return "a count is below zero";
		case SOURCE_NOT_WHOLE:
			return "a count is not a whole number";
		case SOURCE_UNKNOWN:
			return "a count has a name that is not known";
		case SOURCE_CONTRADICTION:
			return "two counts of the same contradict each other";
		case SOURCE_PARTS_EXCEED_INPUT:
			return "cached and other parts exceed the input";
		case SOURCE_PARTS_EXCEED_OUTPUT:
			return "reasoning and other parts exceed the output";
		case SOURCE_PARTS_EXCEED_WRITES:
			return "parts exceed the tokens written to the cache";
	}
	return NULL;
}
