/*
 * tool_counts_sql.c
 *	  source_usage() and source_problem(): the counts of a tool, as jsonb and as
 *	  columns, read into a usage.
 *
 * A jsonb is detoasted once and walked once; names of nested objects are joined
 * with a dot.  What is no number, and no text of digits, is not a count.
 */
#include "postgres.h"

#include <errno.h>

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "server/compat.h"
#include "payload/tool_counts.h"
#include "core/usage_sql.h"

PG_FUNCTION_INFO_V1(source_usage);
PG_FUNCTION_INFO_V1(source_problem);

#define PATH_SIZE 128			/* no name that we know is longer */
#define DEPTH 3
#define SEVERAL 2

/* Read a whole number of at most 63 bits; false when it is none. */
static bool
ReadWhole(const char *digits, int64 *value)
{
	char	   *end;

	errno = 0;
	*value = strtoll(digits, &end, 10);
	if (end == digits || errno != 0)
		return false;
	if (*end == '.')			/* 12.0 is whole */
		end += 1 + strspn(end + 1, "0");
	return *end == '\0';
}

/* The text of a number, or of a string of digits (as OTLP writes 64 bits); NULL for others. */
static char *
NumberText(const JsonbValue *value)
{
	char	   *text;

	if (value->type == jbvNumeric)
		return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	if (value->type != jbvString || value->val.string.len == 0 || value->val.string.len > 20)
		return NULL;
	text = pnstrdup(value->val.string.val, value->val.string.len);
	return strspn(text, "0123456789") == strlen(text) ? text : NULL;
}

static void
AddValue(SourceTool tool, SourceCounts *counts, const char *path, Size length, const JsonbValue *value)
{
	int			count = SourceCountByName(tool, path, length);
	char	   *text;
	int64		number;

	if (count == COUNT_END && !SourceIsClosed(tool, path, length))
		return;
	text = NumberText(value);
	if (text == NULL || (ReadWhole(text, &number) && number == 0 && count == COUNT_END))
		return;
	if (count == COUNT_END)
		counts->problem = SOURCE_UNKNOWN;
	else if (!ReadWhole(text, &number))
		counts->problem = SOURCE_NOT_WHOLE;
	else
		SourceAdd(counts, count, number);
	pfree(text);
}

/* Walk an object, and the objects in it, path[0 .. length) being its own name. */
static void
WalkObject(SourceTool tool, SourceCounts *counts, JsonbContainer *object, char *path, Size length, int depth)
{
	JsonbIterator *iterator = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue	value;
	Size		end = length;
	bool		fits = false;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			fits = length + value.val.string.len + 1 < PATH_SIZE;
			if (!fits)
				continue;
			memcpy(path + length, value.val.string.val, value.val.string.len);
			end = length + value.val.string.len;
		}
		else if (token == WJB_VALUE && fits)
		{
			if (value.type != jbvBinary)
				AddValue(tool, counts, path, end, &value);
			else if (JsonContainerIsObject(value.val.binary.data) && depth < DEPTH)
			{
				path[end] = '.';
				WalkObject(tool, counts, value.val.binary.data, path, end + 1, depth + 1);
			}
		}
	}
}

/* LiteLLM's counts lie in one object of its metadata. */
static JsonbContainer *
CountsOf(SourceTool tool, Jsonb *payload, JsonbValue *buffer)
{
	JsonbValue *found;

	if (!JB_ROOT_IS_OBJECT(payload))
		return NULL;
	if (tool != TOOL_LITELLM)
		return &payload->root;
	found = getKeyJsonValueFromContainer(&payload->root, "usage_object", strlen("usage_object"), buffer);
	if (found == NULL || found->type != jbvBinary || !JsonContainerIsObject(found->val.binary.data))
		return NULL;
	return found->val.binary.data;
}

/* OpenAI states cached tokens in sum, and by modality only since some time. */
static void
AddOpenAIParts(SourceCounts *counts, Jsonb *payload)
{
	static const struct
	{
		const char *name;
		int			count;
		int			cached;
	}			sums[] = {
		{"input_cached_tokens", METER_CACHE_READ, METER_CACHE_READ},
		{"input_audio_tokens", METER_INPUT_AUDIO, METER_CACHE_READ_AUDIO},
		{"input_image_tokens", METER_INPUT_IMAGE, METER_CACHE_READ_IMAGE}
	};

	for (size_t i = 0; i < lengthof(sums); i++)
	{
		JsonbValue	buffer;
		JsonbValue *found = getKeyJsonValueFromContainer(&payload->root, sums[i].name, strlen(sums[i].name), &buffer);
		char	   *text = found == NULL ? NULL : NumberText(found);
		int64		number;

		if (text == NULL)
			continue;
		if (!ReadWhole(text, &number))
			counts->problem = SOURCE_NOT_WHOLE;
		else if (i > 0)			/* of this modality, cached ones included */
			SourceAdd(counts, sums[i].count, number - counts->of[sums[i].cached]);
		else if ((counts->stated & METER_BIT(METER_CACHE_READ)) == 0)
			SourceAdd(counts, METER_CACHE_READ,
					  number - counts->of[METER_CACHE_READ_AUDIO] - counts->of[METER_CACHE_READ_IMAGE]);
	}
}

/* A count given as a column is one that the tool's own object may state instead. */
static void
AddColumn(FunctionCallInfo fcinfo, int argument, SourceCounts *counts, int count)
{
	if (!PG_ARGISNULL(argument) && (counts->stated >> count & 1) == 0)
		SourceAdd(counts, count, PG_GETARG_INT64(argument));
}

/* Read (tool, counts, input, output). */
static SourceProblem
ReadSource(FunctionCallInfo fcinfo, MeterCounts *meters)
{
	text	   *name = PG_GETARG_TEXT_PP(0);
	SourceTool	tool = SourceToolByName(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	SourceCounts counts = {{0}, 0, SOURCE_OK};
	bool		exclusive = tool == TOOL_LANGFUSE || tool == TOOL_ANTHROPIC;

	if (tool == TOOL_COUNT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown tool \"%s\"", text_to_cstring(name)),
				 errhint("The tools are columns, litellm, langfuse, otel, openai_usage_api and anthropic_usage_report.")));
	if (!PG_ARGISNULL(1))
	{
		Jsonb	   *payload = PG_GETARG_JSONB_P(1);
		char		path[PATH_SIZE];
		JsonbValue	buffer;
		JsonbContainer *object = CountsOf(tool, payload, &buffer);

		if (object != NULL)
			WalkObject(tool, &counts, object, path, 0, 1);
		if (object != NULL && tool == TOOL_OPENAI)
			AddOpenAIParts(&counts, payload);
		PG_FREE_IF_COPY(payload, 1);
	}

	/* Anthropic's report sums up requests without counting them: it is never one. */
	if (tool == TOOL_ANTHROPIC)
		SourceAdd(&counts, METER_REQUESTS, SEVERAL);
	AddColumn(fcinfo, 2, &counts, exclusive ? (int) METER_INPUT : (int) COUNT_INPUT_TOTAL);
	AddColumn(fcinfo, 3, &counts, exclusive ? (int) METER_OUTPUT : (int) COUNT_OUTPUT_TOTAL);
	return SourceResolve(&counts, meters);
}

Datum
source_usage(PG_FUNCTION_ARGS)
{
	MeterCounts meters;

	if (PG_ARGISNULL(0) || ReadSource(fcinfo, &meters) != SOURCE_OK)
		PG_RETURN_NULL();
	PG_RETURN_USAGE(UsageFromCounts(&meters));
}

Datum
source_problem(PG_FUNCTION_ARGS)
{
	MeterCounts meters;
	const char *text;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	text = SourceProblemText(ReadSource(fcinfo, &meters));
	if (text == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(text));
}
