/*
 * tool_counts_sql.c
 *	  What attached sources are read by: source_usage() and source_problem(), and
 *	  words of a payload, times and JSON out of whatever a row has.
 *
 * Invariant: no value of a row raises an error here.  What cannot be read is NULL,
 * and source_problem() says why.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/jsonapi.h"
#include "common/shortest_dec.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "core/row_limits.h"
#include "core/usage_sql.h"
#include "payload/jsonb_value_sql.h"
#include "payload/payload.h"
#include "payload/payload_plain.h"
#include "payload/tool_counts.h"
#include "server/compat.h"

PG_FUNCTION_INFO_V1(source_usage);
PG_FUNCTION_INFO_V1(source_problem);
PG_FUNCTION_INFO_V1(litellm_is_other);
PG_FUNCTION_INFO_V1(litellm_plain_usage);
PG_FUNCTION_INFO_V1(payload_word);
PG_FUNCTION_INFO_V1(utc_time);
PG_FUNCTION_INFO_V1(float_usd);
PG_FUNCTION_INFO_V1(try_time);
PG_FUNCTION_INFO_V1(try_number);
PG_FUNCTION_INFO_V1(source_model);
PG_FUNCTION_INFO_V1(try_json);
PG_FUNCTION_INFO_V1(source_row_problem);
PG_FUNCTION_INFO_V1(first_word);

/* The tool that the first argument names. */
static SourceTool
ToolArgument(FunctionCallInfo fcinfo)
{
	text	   *name = PG_GETARG_TEXT_PP(0);
	SourceTool	tool = SourceToolByName(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));

	if (tool == TOOL_COUNT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown tool \"%s\"", text_to_cstring(name)),
				 errhint("The tools are response, attributes, columns, langfuse, openai_usage_api and anthropic_usage_report.")));
	return tool;
}

/* Read (tool, counts, charged, names, one_hour, failed). */
static PayloadStatus
ReadSource(FunctionCallInfo fcinfo, MeterCounts *counts, char problem[PAYLOAD_PROBLEM_SIZE])
{
	SourceTool	tool = ToolArgument(fcinfo);
	Payload		payload = {.source = &jsonb_source};
	ToolRow		row = {
		.one_hour = !PG_ARGISNULL(4) && PG_GETARG_BOOL(4),
		.failed = !PG_ARGISNULL(5) && PG_GETARG_BOOL(5)
	};

	if (PG_ARGISNULL(1) && row.failed)
	{
		CountFailedRequest(counts);
		return PAYLOAD_OK;
	}
	if (PG_ARGISNULL(1))
	{
		snprintf(problem, PAYLOAD_PROBLEM_SIZE, "There are no counts, or they are no JSON.");
		return PAYLOAD_NO_USAGE;
	}
	payload.root = JsonbRootValue(PG_GETARG_JSONB_P(1));
	if (!PG_ARGISNULL(2))
	{
		Numeric		usd = PG_GETARG_NUMERIC(2);

		row.charged = !numeric_is_nan(usd) &&
			DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(usd), NumericGetDatum(int64_to_numeric(0)))) > 0;
	}
	if (!PG_ARGISNULL(3))
	{
		payload.names_source = &jsonb_source;
		payload.names = JsonbRootValue(PG_GETARG_JSONB_P(3));
	}
	return PayloadReadTool(&payload, tool, &row, counts, problem, PAYLOAD_PROBLEM_SIZE);
}

Datum
source_usage(PG_FUNCTION_ARGS)
{
	MeterCounts counts;
	char		problem[PAYLOAD_PROBLEM_SIZE];

	if (PG_ARGISNULL(0) || ReadSource(fcinfo, &counts, problem) != PAYLOAD_OK)
		PG_RETURN_NULL();
	PG_RETURN_USAGE(UsageFromCounts(&counts));
}

Datum
source_problem(PG_FUNCTION_ARGS)
{
	MeterCounts counts;
	char		problem[PAYLOAD_PROBLEM_SIZE];
	PayloadStatus status;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	status = ReadSource(fcinfo, &counts, problem);
	switch (status)
	{
		case PAYLOAD_OK:
			PG_RETURN_NULL();
		case PAYLOAD_NOTHING:
			PG_RETURN_TEXT_P(cstring_to_text("a line of a batch without an answer"));
		case PAYLOAD_OUT_OF_MEMORY:
			ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory while reading a payload")));
			break;
		case PAYLOAD_UNKNOWN_NAME:
			PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s Say it in the mapping, under \"names\".", problem)));
		case PAYLOAD_SEVERAL:
			PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s Attach a view that calls parse_requests().", problem)));
		case PAYLOAD_NO_USAGE:
			PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s Say what counts in the mapping, under \"names\", or leave such rows out by \"filter\".",
													  problem)));
		case PAYLOAD_UNRECONCILED:
		case PAYLOAD_BAD_COUNT:
		case PAYLOAD_NEGATIVE:
			PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s Leave it out by \"filter\", or attach a view that mends it.", problem)));
		default:
			break;
	}
	PG_RETURN_TEXT_P(cstring_to_text(problem));
}

/* Is it a call of which a usage_object counts anything but one answer in text? */
static bool
IsOtherCall(const char *type, size_t length)
{
	static const char *const words[] = {"batch", "image", "rerank", "video"};

	for (size_t at = 0; at < length; at++)
	{
		for (size_t i = 0; i < lengthof(words); i++)
		{
			if (type[at] == words[i][0] && length - at >= strlen(words[i]) && memcmp(type + at, words[i], strlen(words[i])) == 0)
				return true;
		}
	}
	return false;
}

Datum
litellm_is_other(PG_FUNCTION_ARGS)
{
	text	   *type = PG_GETARG_TEXT_PP(0);

	PG_RETURN_BOOL(IsOtherCall(VARDATA_ANY(type), VARSIZE_ANY_EXHDR(type)));
}

/* The usage_object of LiteLLM's metadata, when it is plain. */
static bool
ReadPlainMetadata(struct varlena *datum, MeterCounts *counts)
{
	Jsonb	   *metadata = DatumGetJsonbP(PointerGetDatum(datum));
	JsonbValue	buffer;
	JsonbValue *found = NULL;
	JsonValue	usage = {JSON_OBJECT, 0, NULL};
	bool		is_plain = false;

	if (JB_ROOT_IS_OBJECT(metadata))
		found = getKeyJsonValueFromContainer(&metadata->root, "usage_object", strlen("usage_object"), &buffer);
	if (found != NULL && found->type == jbvBinary && JsonContainerIsObject(found->val.binary.data))
	{
		usage.at = found->val.binary.data;
		is_plain = PayloadReadPlain(&jsonb_source, &usage, counts);
	}
	if ((struct varlena *) metadata != datum)
		pfree(metadata);
	return is_plain;
}

/*
 * What the last metadata said, since the usage of a row, its tier and its region
 * ask in turn.  Compared as it lies in the row, so that what is compressed is
 * taken apart once; what lies outside the row has no bytes to compare.
 */
#define LAST_METADATA_SIZE 8192

static struct
{
	size_t		size;			/* 0: none */
	bool		is_plain;
	UsageBuffer usage;
	char		bytes[LAST_METADATA_SIZE];
}			last;

static void
ReadLastMetadata(struct varlena *datum)
{
	size_t		size = VARATT_IS_EXTERNAL(datum) ? 0 : VARSIZE_ANY(datum);
	MeterCounts counts;

	if (size != 0 && size == last.size && memcmp(datum, last.bytes, size) == 0)
		return;
	last.size = 0;
	last.is_plain = ReadPlainMetadata(datum, &counts);
	if (last.is_plain)
		UsagePack(&counts, &last.usage.usage);
	if (size == 0 || size > LAST_METADATA_SIZE)
		return;
	memcpy(last.bytes, datum, size);
	last.size = size;
}

/* (metadata, call_type): the usage of a row of LiteLLM that has a plain one, else NULL. */
Datum
litellm_plain_usage(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	ReadLastMetadata((struct varlena *) PG_GETARG_POINTER(0));
	if (!last.is_plain)
		PG_RETURN_NULL();
	if (!PG_ARGISNULL(1))
	{
		text	   *type = PG_GETARG_TEXT_PP(1);

		if (IsOtherCall(VARDATA_ANY(type), VARSIZE_ANY_EXHDR(type)))
			PG_RETURN_NULL();
	}
	PG_RETURN_USAGE(UsageCopy(&last.usage.usage));
}

/* (word, payload): the model, service_tier or region that a payload names. */
Datum
payload_word(PG_FUNCTION_ARGS)
{
	char	   *which = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Payload		payload = {.source = &jsonb_source, .root = JsonbRootValue(PG_GETARG_JSONB_P(1))};
	char		word[PAYLOAD_MODEL_SIZE];
	char		problem[PAYLOAD_PROBLEM_SIZE];
	PayloadStatus status;

	if (strcmp(which, "model") == 0)
		status = PayloadReadModel(&payload, word, problem, sizeof(problem));
	else if (strcmp(which, "region") == 0)
		status = PayloadReadRegion(&payload, word, problem, sizeof(problem));
	else
		status = PayloadReadServiceTier(&payload, word, problem, sizeof(problem));
	if (status != PAYLOAD_OK || word[0] == '\0')
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(word));
}

/* Is it a word that means another time at every reading, or none at all? */
static bool
IsNoMoment(char **field, int nfields)
{
	static const char *const words[] = {"now", "today", "tomorrow", "yesterday", "allballs"};

	for (int i = 0; i < nfields; i++)
	{
		for (size_t w = 0; w < lengthof(words); w++)
		{
			if (pg_strcasecmp(field[i], words[w]) == 0)
				return true;
		}
	}
	return false;
}

/* A time from a text, in UTC where it states no zone; false when it is none. */
static bool
ReadTime(const char *string, TimestampTz *at)
{
	char		work[MAXDATELEN + MAXDATEFIELDS];
	char	   *field[MAXDATEFIELDS];
	int			ftype[MAXDATEFIELDS];
	int			nfields,
				dtype,
				tz = 0;
	struct pg_tm tm;
	fsec_t		fsec;

	return ParseDateTime(string, work, sizeof(work), field, ftype, MAXDATEFIELDS, &nfields) == 0 &&
		!IsNoMoment(field, nfields) &&
		InferacctDecodeDateTime(field, ftype, nfields, &dtype, &tm, &fsec, &tz) == 0 &&
		dtype == DTK_DATE &&
		tm2timestamp(&tm, fsec, &tz, at) == 0;
}

/* The same for every session: its zone and the order of its dates have no part in it. */
Datum
try_time(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	char	   *string;
	pg_tz	   *session_zone = session_timezone;
	int			session_order = DateOrder;
	volatile bool is_time = false;
	TimestampTz at = 0;

	if (VARSIZE_ANY_EXHDR(value) > MAXDATELEN)
		PG_RETURN_NULL();
	string = text_to_cstring(value);
	PG_TRY();
	{
		session_timezone = pg_tzset("UTC");
		DateOrder = DATEORDER_MDY;
		is_time = ReadTime(string, &at);
	}
	PG_FINALLY();
	{
		session_timezone = session_zone;
		DateOrder = session_order;
	}
	PG_END_TRY();
	if (!is_time)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(at);
}

/* A time without a zone is one in UTC: the same number, of a time that has one. */
Datum
utc_time(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(PG_GETARG_TIMESTAMP(0));
}

/* The number that the shortest text of a float is; NULL when it is none, or infinite. */
Datum
float_usd(PG_FUNCTION_ARGS)
{
	float8		usd = PG_GETARG_FLOAT8(0);
	char		text[DOUBLE_SHORTEST_DECIMAL_LEN];

	if (isnan(usd) || isinf(usd))
		PG_RETURN_NULL();
	double_to_shortest_decimal_buf(usd, text);
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

#define JSON_DEPTH 200			/* nested deeper than any log is */
#define JSON_SIZE (64 * 1024 * 1024)
#define JSON_DIGITS 400			/* longer numbers are no counts, and may be beyond numeric */

/* Would a text that is JSON be nested too deeply, or have a number that no jsonb holds? */
static bool
IsBeyondJsonb(const char *text, size_t length)
{
	int			depth = 0;
	bool		quoted = false;

	for (size_t i = 0; i < length; i++)
	{
		char		letter = text[i];

		if (quoted)
		{
			i += letter == '\\';
			quoted = letter != '"';
		}
		else if (letter == '"')
			quoted = true;
		else if (letter == '{' || letter == '[')
		{
			if (++depth > JSON_DEPTH)
				return true;
		}
		else if (letter == '}' || letter == ']')
			depth--;
		else if ((letter >= '0' && letter <= '9') || letter == '-')
		{
			size_t		start = i;
			long		exponent = 0;

			while (i + 1 < length && strchr("0123456789.eE+-", text[i + 1]) != NULL)
			{
				i++;
				if ((text[i] | 0x20) == 'e')
					exponent = strtol(text + i + 1, NULL, 10);
			}
			if (i - start > JSON_DIGITS || exponent > JSON_DIGITS || exponent < -JSON_DIGITS)
				return true;
		}
	}
	return false;
}

/* jsonb from a text; NULL when it is no JSON. */
Datum
try_json(PG_FUNCTION_ARGS)
{
	char	   *string = text_to_cstring(PG_GETARG_TEXT_PP(0));
	size_t		length = strlen(string);

	if (length > JSON_SIZE || IsBeyondJsonb(string, length) || !InferacctIsJson(string, (int) length))
		PG_RETURN_NULL();
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(string));
}

/* Go past at most so many digits; false when there are more. */
static bool
SkipDigits(const char **at, int most)
{
	while (**at >= '0' && **at <= '9' && most-- >= 0)
		(*at)++;
	return most >= 0;
}

/* Is a text a plain number, of so few digits that it can be read? */
static bool
IsPlainNumber(const char *at)
{
	const char *start;
	int			digits;

	at += strspn(at, " \t\n\r\v\f");
	at += *at == '-' || *at == '+';
	start = at;
	if (!SkipDigits(&at, 40))
		return false;
	digits = (int) (at - start);
	if (*at == '.')
	{
		start = ++at;
		if (!SkipDigits(&at, 60))
			return false;
		digits += (int) (at - start);
	}
	if (digits > 0 && (*at | 0x20) == 'e')
	{
		at++;
		at += *at == '-' || *at == '+';
		start = at;
		if (!SkipDigits(&at, 2) || at == start)
			return false;
	}
	return digits > 0 && at[strspn(at, " \t\n\r\v\f")] == '\0';
}

/* numeric from a text; NULL when it is no plain number. */
Datum
try_number(PG_FUNCTION_ARGS)
{
	char	   *string = text_to_cstring(PG_GETARG_TEXT_PP(0));

	if (!IsPlainNumber(string))
		PG_RETURN_NULL();
	return DirectFunctionCall3(numeric_in, CStringGetDatum(string), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

/* (provider, model): "provider/model", or the model alone where it names the provider already, or there is none. */
Datum
source_model(PG_FUNCTION_ARGS)
{
	const text *provider = PG_ARGISNULL(0) ? NULL : PG_GETARG_TEXT_PP(0);
	const text *model = PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1);
	int			provider_length = provider == NULL ? 0 : (int) VARSIZE_ANY_EXHDR(provider);
	int			length = model == NULL ? 0 : (int) VARSIZE_ANY_EXHDR(model);
	StringInfoData name;

	if (length == 0)
		PG_RETURN_NULL();
	if (provider_length == 0 || (length > provider_length && VARDATA_ANY(model)[provider_length] == '/' &&
								 memcmp(VARDATA_ANY(model), VARDATA_ANY(provider), provider_length) == 0))
		PG_RETURN_DATUM(PG_GETARG_DATUM(1));
	initStringInfo(&name);
	appendBinaryStringInfo(&name, VARDATA_ANY(provider), provider_length);
	appendStringInfoChar(&name, '/');
	appendBinaryStringInfo(&name, VARDATA_ANY(model), length);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(name.data, name.len));
}

/* (at, request_id, model): why a row cannot be counted, whatever it counts. */
Datum
source_row_problem(PG_FUNCTION_ARGS)
{
	TimestampTz at = PG_ARGISNULL(0) ? DT_NOEND : PG_GETARG_TIMESTAMPTZ(0);
	const char *problem = NULL;

	if (TIMESTAMP_NOT_FINITE(at))
		problem = "no time";
	else if (at < ROW_AT_MIN || at >= ROW_AT_END)
		problem = ROW_AT_PROBLEM;
	else if (PG_ARGISNULL(1) || VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(1)) == 0)
		problem = "no request_id";
	else if (PG_ARGISNULL(2) || VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(2)) == 0)
		problem = "no model";
	if (problem == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(problem));
}

/* The value of a name in an object, flat ("a.b") or nested; NULL when there is none. */
static JsonbValue *
FindAttribute(JsonbContainer *object, const char *name, size_t length, JsonbValue *buffer)
{
	JsonbValue *found = getKeyJsonValueFromContainer(object, name, (int) length, buffer);
	const char *point = memchr(name, '.', length);

	if (found != NULL || point == NULL)
		return found;
	found = getKeyJsonValueFromContainer(object, name, (int) (point - name), buffer);
	if (found == NULL || found->type != jbvBinary || !JsonContainerIsObject(found->val.binary.data))
		return NULL;
	return FindAttribute(found->val.binary.data, point + 1, length - (size_t) (point + 1 - name), buffer);
}

/* (attributes, names): the first of these that is there and not empty, as text. */
Datum
first_word(PG_FUNCTION_ARGS)
{
	Jsonb	   *attributes;
	Datum	   *names;
	bool	   *nulls;
	int			count;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	attributes = PG_GETARG_JSONB_P(0);
	if (!JB_ROOT_IS_OBJECT(attributes))
		PG_RETURN_NULL();
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		text	   *name = nulls[i] ? NULL : DatumGetTextPP(names[i]);
		JsonbValue	buffer;
		JsonbValue *found = name == NULL ? NULL :
			FindAttribute(&attributes->root, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), &buffer);

		if (found == NULL)
			continue;
		if (found->type == jbvString && found->val.string.len > 0)
			PG_RETURN_TEXT_P(cstring_to_text_with_len(found->val.string.val, found->val.string.len));
		if (found->type == jbvNumeric)
			PG_RETURN_TEXT_P(cstring_to_text(DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(found->val.numeric)))));
		if (found->type == jbvBool)
			PG_RETURN_TEXT_P(cstring_to_text(found->val.boolean ? "true" : "false"));
	}
	PG_RETURN_NULL();
}
