/*
 * tool_counts.c
 *	  From the counts that a tool keeps of a request to disjoint meters.
 *
 * Where a tool has several names for one count (older and newer versions, the
 * provider's own names passed through), a zero gives way to a count, and two
 * counts must agree.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE				/* memmem */
#endif

#include "payload/tool_counts.h"

#include "payload/payload_reader.h"

#include <inttypes.h>
#include <string.h>

/* Meters, then what no meter is alone. */
typedef enum ToolCount
{
	COUNT_INPUT_TOTAL = METER_COUNT,	/* the whole prompt */
	COUNT_OUTPUT_TOTAL,			/* the whole answer */
	COUNT_CACHE_WRITE_TOTAL,	/* cache_write and cache_write_1h */
	COUNT_CACHED_TOTAL,			/* cached tokens of every modality */
	COUNT_AUDIO_TOTAL,			/* audio tokens of the prompt, cached ones included */
	COUNT_IMAGE_TOTAL,
	COUNT_ACCEPTED,				/* of a prediction: priced as output, beside it */
	COUNT_REJECTED,
	COUNT_TOTAL,				/* all that is stated */
	COUNT_IGNORED,				/* the rest of a total */
	COUNT_END
} ToolCount;

typedef struct ToolName
{
	SourceTool	tool;
	const char *name;
	int			count;
} ToolName;

static const ToolName names[] = {
	/* Beside the meters, by their own names. */
	{TOOL_COLUMNS, "input_total", COUNT_INPUT_TOTAL},
	{TOOL_COLUMNS, "output_total", COUNT_OUTPUT_TOTAL},
	{TOOL_COLUMNS, "cache_write_total", COUNT_CACHE_WRITE_TOTAL},

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
	{TOOL_LANGFUSE, "prompt_token_count", METER_INPUT},
	{TOOL_LANGFUSE, "promptTokenCount", METER_INPUT},
	{TOOL_LANGFUSE, "input_modality_1", METER_INPUT},
	{TOOL_LANGFUSE, "input_text_tokens", METER_INPUT},
	{TOOL_LANGFUSE, "candidates_token_count", METER_OUTPUT},
	{TOOL_LANGFUSE, "candidatesTokenCount", METER_OUTPUT},
	{TOOL_LANGFUSE, "output_modality_1", METER_OUTPUT},
	{TOOL_LANGFUSE, "output_text_tokens", METER_OUTPUT},
	{TOOL_LANGFUSE, "output_accepted_prediction_tokens", COUNT_ACCEPTED},
	{TOOL_LANGFUSE, "output_rejected_prediction_tokens", COUNT_REJECTED},
	{TOOL_LANGFUSE, "cached_content_token_count", METER_CACHE_READ},
	{TOOL_LANGFUSE, "cachedContentTokenCount", METER_CACHE_READ},
	{TOOL_LANGFUSE, "cached_tokens", METER_CACHE_READ},
	{TOOL_LANGFUSE, "cache_read_tokens", METER_CACHE_READ},
	{TOOL_LANGFUSE, "input_cached", METER_CACHE_READ},
	{TOOL_LANGFUSE, "cache_read", METER_CACHE_READ},
	{TOOL_LANGFUSE, "thoughtsTokenCount", METER_REASONING},
	{TOOL_LANGFUSE, "reasoning", METER_REASONING},
	{TOOL_LANGFUSE, "thinking_tokens", METER_REASONING},
	{TOOL_LANGFUSE, "input_cached_audio_tokens", METER_CACHE_READ_AUDIO},
	{TOOL_LANGFUSE, "input_cached_audio", METER_CACHE_READ_AUDIO},
	{TOOL_LANGFUSE, "input_cached_image_tokens", METER_CACHE_READ_IMAGE},
	{TOOL_LANGFUSE, "input_cached_image", METER_CACHE_READ_IMAGE},
	{TOOL_LANGFUSE, "groundingQueries", METER_WEB_SEARCHES},
	{TOOL_LANGFUSE, "grounding_queries", METER_WEB_SEARCHES},
	{TOOL_LANGFUSE, "webSearchQueries", METER_WEB_SEARCHES},
	{TOOL_LANGFUSE, "web_search_requests", METER_WEB_SEARCHES},
	{TOOL_LANGFUSE, "web_searches", METER_WEB_SEARCHES},
	{TOOL_LANGFUSE, "input_image_tokens", METER_INPUT_IMAGE},
	{TOOL_LANGFUSE, "input_video", METER_INPUT_VIDEO},
	{TOOL_LANGFUSE, "input_video_tokens", METER_INPUT_VIDEO},
	{TOOL_LANGFUSE, "output_image", METER_OUTPUT_IMAGE},
	{TOOL_LANGFUSE, "output_image_tokens", METER_OUTPUT_IMAGE},
	{TOOL_LANGFUSE, "output_video", METER_OUTPUT_VIDEO},
	{TOOL_LANGFUSE, "output_video_tokens", METER_OUTPUT_VIDEO},
	{TOOL_LANGFUSE, "cache_creation_tokens", COUNT_CACHE_WRITE_TOTAL},
	{TOOL_LANGFUSE, "input_cache_write", COUNT_CACHE_WRITE_TOTAL},
	{TOOL_LANGFUSE, "total", COUNT_TOTAL},
	{TOOL_LANGFUSE, "total_tokens", COUNT_TOTAL},
	{TOOL_LANGFUSE, "totalTokenCount", COUNT_TOTAL},
	{TOOL_LANGFUSE, "total_token_count", COUNT_TOTAL},

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
	{TOOL_OPENAI, "input_cached_tokens", COUNT_CACHED_TOTAL},
	{TOOL_OPENAI, "input_audio_tokens", COUNT_AUDIO_TOTAL},
	{TOOL_OPENAI, "input_image_tokens", COUNT_IMAGE_TOTAL},
	{TOOL_OPENAI, "num_sessions", METER_CONTAINER_SESSIONS},
	{TOOL_OPENAI, "web_searches", METER_WEB_SEARCHES},
	{TOOL_OPENAI, "file_searches", METER_FILE_SEARCHES},
	{TOOL_OPENAI, "storage_byte_days", METER_STORAGE_BYTE_DAYS},
	{TOOL_OPENAI, "input_uncached_tokens", COUNT_IGNORED},
	{TOOL_OPENAI, "input_text_tokens", COUNT_IGNORED},
	{TOOL_OPENAI, "output_text_tokens", COUNT_IGNORED},

	/* All disjoint. */
	{TOOL_ANTHROPIC, "uncached_input_tokens", METER_INPUT},
	{TOOL_ANTHROPIC, "cache_read_input_tokens", METER_CACHE_READ},
	{TOOL_ANTHROPIC, "cache_creation.ephemeral_5m_input_tokens", METER_CACHE_WRITE},
	{TOOL_ANTHROPIC, "cache_creation.ephemeral_1h_input_tokens", METER_CACHE_WRITE_1H},
	{TOOL_ANTHROPIC, "cache_creation_5m_input_tokens", METER_CACHE_WRITE},
	{TOOL_ANTHROPIC, "cache_creation_1h_input_tokens", METER_CACHE_WRITE_1H},
	{TOOL_ANTHROPIC, "output_tokens", METER_OUTPUT},
	{TOOL_ANTHROPIC, "server_tool_use.web_search_requests", METER_WEB_SEARCHES},
	{TOOL_ANTHROPIC, "server_tool_use.web_fetch_requests", COUNT_IGNORED},	/* free */
};

#define NAMES (sizeof(names) / sizeof(names[0]))
#define PATH_SIZE 128			/* no name that we know is longer */

/* Anthropic's report sums up requests without counting them: it is never one. */
#define SEVERAL 2

static bool
Is(const char *string, const char *bytes, size_t length)
{
	return strlen(string) == length && memcmp(string, bytes, length) == 0;
}

SourceTool
SourceToolByName(const char *name, size_t length)
{
	static const char *const tools[TOOL_COUNT] = {
		"response", "attributes", "columns", "langfuse", "openai_usage_api", "anthropic_usage_report"
	};
	int			tool = 0;

	while (tool < TOOL_COUNT && !Is(tools[tool], name, length))
		tool++;
	return (SourceTool) tool;
}

static int
CountByName(SourceTool tool, const char *name, size_t length)
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

/* What a tool states of one row. */
typedef struct ToolCounts
{
	SourceTool	tool;
	int64_t		of[COUNT_END];
	uint64_t	stated;			/* a bit per count */
} ToolCounts;

static bool
IsStated(const ToolCounts *counts, int count)
{
	return (counts->stated >> count & 1) != 0;
}

/*
 * What is under no name known has to be zero, or the caller's.  Langfuse prices every
 * type of usage: none is free.  A report has words beside its numbers.
 */
static void
CheckType(PayloadReader *reader, const ToolCounts *counts, Node *node)
{
	if (counts->tool != TOOL_LANGFUSE && (!IsKind(node, JSON_NUMBER) || PayloadKeyIsFree(node->key)))
		return;
	if (IsCaller(reader, node) || CountOf(reader, node) == 0)
		return;
	Problem(reader, PAYLOAD_UNKNOWN_NAME, "\"%.*s\" is %" PRId64 ", and what it counts is not known.",
			node->name_length > 80 ? 80 : (int) node->name_length, node->name, CountOf(reader, node));
}

/* Add the counts of an object, and of the objects in it, path[0 .. length) being its own name. */
static void
AddCounts(PayloadReader *reader, Node *object, char *path, size_t length, ToolCounts *counts)
{
	for (Node *child = Child(reader, object); child != NULL; child = child->next)
	{
		size_t		end = length + child->name_length;
		int			count;

		if (child->name == NULL || child->value.kind == JSON_NULL)
			continue;
		if (end + 1 >= PATH_SIZE)
		{
			CheckType(reader, counts, child);
			continue;
		}
		memcpy(path + length, child->name, child->name_length);
		if (IsKind(child, JSON_OBJECT) && length == 0)
		{
			path[end] = '.';
			AddCounts(reader, child, path, end + 1, counts);
			continue;
		}
		count = CountByName(counts->tool, path, end);
		if (count == COUNT_END)
		{
			CheckType(reader, counts, child);
			continue;
		}
		counts->of[count] = AgreedOf(reader, counts->of[count], child);
		counts->stated |= UINT64_C(1) << count;
	}
}

/* OpenAI states cached tokens in sum, and by modality only since some time. */
static void
SplitSums(PayloadReader *reader, ToolCounts *counts)
{
	static const struct
	{
		int			total;
		int			plain;
		int			cached;
	}			sums[] = {
		{COUNT_AUDIO_TOTAL, METER_INPUT_AUDIO, METER_CACHE_READ_AUDIO},
		{COUNT_IMAGE_TOTAL, METER_INPUT_IMAGE, METER_CACHE_READ_IMAGE}
	};
	int64_t		cached = counts->of[METER_CACHE_READ_AUDIO] + counts->of[METER_CACHE_READ_IMAGE];

	if (counts->of[COUNT_CACHED_TOTAL] > 0 && counts->of[METER_CACHE_READ] == 0)
		counts->of[METER_CACHE_READ] = counts->of[COUNT_CACHED_TOTAL] - cached;
	if (counts->of[METER_CACHE_READ] < 0)
		Problem(reader, PAYLOAD_UNRECONCILED, "The cached tokens of audio and images are more than all cached tokens.");
	for (int i = 0; i < 2; i++)
	{
		if (IsStated(counts, sums[i].total))
			counts->of[sums[i].plain] = counts->of[sums[i].total] - counts->of[sums[i].cached];
		if (counts->of[sums[i].plain] < 0)
			Problem(reader, PAYLOAD_UNRECONCILED, "The cached tokens of a modality are more than its tokens.");
	}
}

/* What is written and not told apart by lifetime. */
static void
SplitWrites(PayloadReader *reader, bool one_hour, ToolCounts *counts)
{
	int64_t		parts = counts->of[METER_CACHE_WRITE] + counts->of[METER_CACHE_WRITE_1H];
	int64_t		total = counts->of[COUNT_CACHE_WRITE_TOTAL];

	if (!IsStated(counts, COUNT_CACHE_WRITE_TOTAL))
		return;
	if (parts > total)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"%" PRId64 " tokens written to the cache by lifetime are more than the %" PRId64 " written.", parts, total);
	else
		counts->of[one_hour && parts == 0 ? METER_CACHE_WRITE_1H : METER_CACHE_WRITE] += total - parts;
}

/* A total is of all tokens, or of everything: Langfuse sums up whatever it has. */
static void
CheckStatedTotal(PayloadReader *reader, const ToolCounts *counts, const Tally *tally)
{
	int64_t		tokens = tally->input + tally->output;
	int64_t		total = counts->of[COUNT_TOTAL];

	if (total == 0 || total == tokens || total == tokens + tally->units[METER_WEB_SEARCHES])
		return;
	Problem(reader, PAYLOAD_UNRECONCILED, "The counts sum to %" PRId64 ", but the stated total is %" PRId64 ".", tokens, total);
}

static void
ReadTool(PayloadReader *reader, SourceTool tool, bool one_hour, Tally *tally)
{
	ToolCounts	counts = {.tool = tool};
	char		path[PATH_SIZE];

	AddCounts(reader, reader->root, path, 0, &counts);
	if (counts.stated == 0 && reader->status == PAYLOAD_OK && reader->names == NULL)
		Problem(reader, PAYLOAD_NO_USAGE, "Nothing is counted, not even zero.");
	SplitSums(reader, &counts);
	SplitWrites(reader, one_hour, &counts);
	if (reader->status != PAYLOAD_OK)
		return;
	tally->disjoint_input = !IsStated(&counts, COUNT_INPUT_TOTAL);
	tally->disjoint_output = !IsStated(&counts, COUNT_OUTPUT_TOTAL);
	for (int count = 0; count <= COUNT_OUTPUT_TOTAL; count++)
	{
		if (IsStated(&counts, count) || counts.of[count] != 0)
			AddTarget(reader, tally, count, counts.of[count]);
	}
	AddTarget(reader, tally, METER_OUTPUT, counts.of[COUNT_ACCEPTED]);
	AddTarget(reader, tally, METER_OUTPUT, counts.of[COUNT_REJECTED]);
	if (tool == TOOL_ANTHROPIC)
		AddTarget(reader, tally, METER_REQUESTS, SEVERAL);
	SettleNames(reader, reader->root, tally);
	CheckStatedTotal(reader, &counts, tally);
}

/* Does anything say how long what was written to the cache lives? */
static bool
TellsLifetime(PayloadReader *reader, Node *node, int depth)
{
	for (Node *child = Child(reader, node); child != NULL; child = child->next)
	{
		if (child->name != NULL && memmem(child->name, child->name_length, "ephemeral_", strlen("ephemeral_")) != NULL)
			return true;
		if (depth > 0 && child->value.kind >= JSON_ARRAY && TellsLifetime(reader, child, depth - 1))
			return true;
	}
	return false;
}

void
CountFailedRequest(MeterCounts *counts)
{
	*counts = (MeterCounts) {{0}};
	counts->of[METER_REQUESTS] = 1;
}

static void
CheckCharge(PayloadReader *reader, bool charged, const MeterCounts *counts)
{
	bool		counted = false;

	for (Meter meter = 0; meter < METER_COUNT; meter++)
		counted = counted || (meter != METER_REQUESTS && counts->of[meter] != 0);
	if (charged && !counted && counts->of[METER_REQUESTS] == 1)
		Problem(reader, PAYLOAD_NO_USAGE, "A charge is stated, but nothing is counted: what was charged is not known.");
}

PayloadStatus
PayloadReadTool(const Payload *payload, SourceTool tool, const ToolRow *row,
				MeterCounts *counts, char *problem, size_t problem_size)
{
	Reading		reading;
	PayloadReader *reader = &reading.reader;
	Tally		tally = {0};
	PayloadStatus status;

	StartReading(&reading, payload, FLAVOR_DETECT, problem, problem_size);
	reader->text_counts = tool != TOOL_RESPONSE;
	if (reader->status != PAYLOAD_OK)
		return EndReading(&reading);
	if (!IsKind(reader->root, JSON_OBJECT) && !(tool == TOOL_RESPONSE && IsKind(reader->root, JSON_ARRAY)))
		Problem(reader, PAYLOAD_MALFORMED, "The counts are no JSON object.");
	else if (tool == TOOL_RESPONSE || tool == TOOL_TEXTS || (tool == TOOL_LANGFUSE && StringOf(reader, reader->root, KEY_unit) != NULL))
		ReadRoot(reader, &tally);
	else
		ReadTool(reader, tool, row->one_hour, &tally);
	if (row->one_hour && tally.cache_write_1h == 0 && !TellsLifetime(reader, reader->root, 4))
		tally.cache_write_1h = tally.cache_write;
	CheckOneCharge(reader);
	if (reader->status == PAYLOAD_OK)
		TallyToCounts(reader, &tally, counts);
	if (reader->status == PAYLOAD_OK && !row->failed)
		CheckCharge(reader, row->charged, counts);
	status = EndReading(&reading);
	if (status != PAYLOAD_NO_USAGE || !row->failed)
		return status;
	CountFailedRequest(counts);
	return PAYLOAD_OK;
}
