/*
 * payload_sql.c
 *	  SQL functions over a stored payload: parse_usage, parse_requests,
 *	  parse_model, parse_service_tier and parse_region, each from text, json and
 *	  jsonb.
 *
 * Invariant: no tree of a payload is alive when an error is raised here, as the
 * core frees its own before it returns and JsonTextFree() comes first.  Text is
 * handed over in UTF-8, which is what JSON's \u escapes turn into; jsonb is read
 * where it lies, in the server's encoding.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "core/usage_sql.h"
#include "payload/jsonb_value_sql.h"
#include "payload/payload.h"
#include "server/compat.h"
#include "server/errors.h"
#include "core/service_tier.h"

PG_FUNCTION_INFO_V1(parse_usage_text);
PG_FUNCTION_INFO_V1(source_tier);
PG_FUNCTION_INFO_V1(parse_usage_jsonb);
PG_FUNCTION_INFO_V1(parse_requests_text);
PG_FUNCTION_INFO_V1(parse_requests_jsonb);
PG_FUNCTION_INFO_V1(parse_model_text);
PG_FUNCTION_INFO_V1(parse_model_jsonb);
PG_FUNCTION_INFO_V1(parse_service_tier_text);
PG_FUNCTION_INFO_V1(parse_service_tier_jsonb);
PG_FUNCTION_INFO_V1(parse_region_text);
PG_FUNCTION_INFO_V1(parse_region_jsonb);

/* A payload argument, and for text the tree that has to be freed. */
typedef struct PayloadArgument
{
	Payload		payload;
	JsonText	text;
	bool		of_text;
} PayloadArgument;

static void
CheckPayload(PayloadStatus status, const char *problem)
{
	switch (status)
	{
		case PAYLOAD_OK:
			return;
		case PAYLOAD_OUT_OF_MEMORY:
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY),
					 errmsg("out of memory while reading a payload")));
			break;
		case PAYLOAD_MALFORMED:
			ereport(ERROR,
					(errcode(ERRCODE_IA_MALFORMED_PAYLOAD),
					 errmsg("malformed payload"),
					 errdetail("%s", problem),
					 errhint("Pass one response of a provider's API, its usage object, or an array of the chunks of one stream.")));
			break;
		case PAYLOAD_NO_USAGE:
			ereport(ERROR,
					(errcode(ERRCODE_IA_MALFORMED_PAYLOAD),
					 errmsg("payload has no usage"),
					 errdetail("%s", problem),
					 errhint("Pass a whole response or its usage object. A streamed response has usage only when the request asked for it, in its last chunk.")));
			break;
		case PAYLOAD_WRONG_FLAVOR:
			ereport(ERROR,
					(errcode(ERRCODE_IA_MALFORMED_PAYLOAD),
					 errmsg("payload is not of the named flavor"),
					 errdetail("%s", problem),
					 errhint("Leave the flavor NULL to have it told by the shape of the payload.")));
			break;
		case PAYLOAD_BAD_COUNT:
			ereport(ERROR,
					(errcode(ERRCODE_IA_MALFORMED_PAYLOAD),
					 errmsg("payload has a count that is not an exact integer"),
					 errdetail("%s", problem),
					 errhint("Counts are JSON numbers, whole and not below zero.")));
			break;
		case PAYLOAD_NEGATIVE:
			ereport(ERROR,
					(errcode(ERRCODE_IA_NEGATIVE_USAGE),
					 errmsg("payload has a count below zero"),
					 errdetail("%s", problem)));
			break;
		case PAYLOAD_UNRECONCILED:
			ereport(ERROR,
					(errcode(ERRCODE_IA_UNRECONCILED_PAYLOAD),
					 errmsg("counts of the payload contradict each other"),
					 errdetail("%s", problem),
					 errhint("Whether a count contains another depends on the API: name it in the argument flavor.")));
			break;
		case PAYLOAD_UNKNOWN_NAME:
			ereport(ERROR,
					(errcode(ERRCODE_IA_UNKNOWN_COUNT),
					 errmsg("payload counts something that is not known"),
					 errdetail("%s", problem),
					 errhint("Say what it counts in the argument names, as in names => '{\"tokens_in\": \"input\"}': a meter, input_total, output_total or cache_write_total, or null when it carries no charge.")));
			break;
		case PAYLOAD_SEVERAL:
			ereport(ERROR,
					(errcode(ERRCODE_IA_SEVERAL_REQUESTS),
					 errmsg("payload holds more than one request"),
					 errdetail("%s", problem),
					 errhint("parse_requests(payload) gives a row for each model that was charged. Pass the answers of an array one by one.")));
			break;
		case PAYLOAD_BAD_NAMES:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("malformed names"),
					 errdetail("%s", problem),
					 errhint("names is an object of name to meter, input_total, output_total, cache_write_total or null, as in {\"tokens_in\": \"input\"}. Meters are %s.", METER_NAMES)));
			break;
		case PAYLOAD_NOTHING:
			break;
	}
}

/* The names of the flavors, as a sentence lists them. */
static char *
ListFlavors(void)
{
	StringInfoData list;

	initStringInfo(&list);
	for (PayloadFlavor flavor = FLAVOR_DETECT + 1; flavor < FLAVOR_COUNT; flavor++)
		appendStringInfo(&list, "%s%s", list.len == 0 ? "" : ", ", PayloadFlavorName(flavor));
	return list.data;
}

/* The API that a flavor argument names; NULL means to tell it by shape. */
static PayloadFlavor
FlavorArgument(FunctionCallInfo fcinfo, int argument)
{
	text	   *name;
	PayloadFlavor flavor;

	if (PG_ARGISNULL(argument))
		return FLAVOR_DETECT;
	name = PG_GETARG_TEXT_PP(argument);
	flavor = PayloadFlavorByName(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	if (flavor == FLAVOR_COUNT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown payload flavor \"%s\"", text_to_cstring(name)),
				 errhint("Flavors are %s, or NULL.", ListFlavors())));
	return flavor;
}

/* Open the argument 0; what the caller says of names is the argument names, when there is one. */
static void
OpenPayload(FunctionCallInfo fcinfo, bool of_text, int names, PayloadArgument *argument)
{
	Payload    *payload = &argument->payload;

	memset(payload, 0, sizeof(*payload));
	argument->of_text = of_text;
	if (names > 0 && !PG_ARGISNULL(names))
	{
		payload->names_source = &jsonb_source;
		payload->names = JsonbRootValue(PG_GETARG_JSONB_P(names));
	}
	if (of_text)
	{
		char	   *string = text_to_cstring(PG_GETARG_TEXT_PP(0));

		string = pg_server_to_any(string, (int) strlen(string), PG_UTF8);
		if (!JsonTextParse(string, strlen(string), &argument->text))
			CheckPayload(PAYLOAD_MALFORMED, "The payload is not a JSON value, or is nested too deeply.");
		payload->source = &json_text_source;
		payload->root = argument->text.root;
	}
	else
	{
		payload->source = &jsonb_source;
		payload->root = JsonbRootValue(PG_GETARG_JSONB_P(0));
	}
}

static void
ClosePayload(PayloadArgument *argument, PayloadStatus status, const char *problem)
{
	if (argument->of_text)
		JsonTextFree(&argument->text);
	CheckPayload(status, problem);
}

/* A string of a payload as text; of text it is in UTF-8. */
static Datum
TextOf(const PayloadArgument *argument, const char *string)
{
	if (argument->of_text)
		string = pg_any_to_server(string, (int) strlen(string), PG_UTF8);
	return PointerGetDatum(cstring_to_text(string));
}

static Usage *
PackedUsage(const MeterCounts *counts)
{
	Usage	   *usage = (Usage *) palloc(USAGE_MAX_SIZE);

	SET_VARSIZE(usage, UsagePack(counts, usage));
	return usage;
}

static Datum
ParseUsage(FunctionCallInfo fcinfo, bool of_text)
{
	PayloadArgument argument;
	PayloadFlavor flavor;
	MeterCounts counts;
	char		problem[PAYLOAD_PROBLEM_SIZE];
	PayloadStatus status;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	flavor = FlavorArgument(fcinfo, 1);
	OpenPayload(fcinfo, of_text, 2, &argument);
	status = PayloadReadUsage(&argument.payload, flavor, &counts, problem, sizeof(problem));
	ClosePayload(&argument, status, problem);
	if (status == PAYLOAD_NOTHING)
		PG_RETURN_NULL();
	return PointerGetDatum(PackedUsage(&counts));
}

Datum
parse_usage_text(PG_FUNCTION_ARGS)
{
	return ParseUsage(fcinfo, true);
}

Datum
parse_usage_jsonb(PG_FUNCTION_ARGS)
{
	return ParseUsage(fcinfo, false);
}

static Datum
ParseRequests(FunctionCallInfo fcinfo, bool of_text)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	PayloadArgument argument;
	PayloadFlavor flavor;
	PayloadRequest *requests;
	size_t		count;
	char		problem[PAYLOAD_PROBLEM_SIZE];
	PayloadStatus status;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	flavor = FlavorArgument(fcinfo, 1);
	requests = (PayloadRequest *) palloc(PAYLOAD_MAX_REQUESTS * sizeof(PayloadRequest));
	OpenPayload(fcinfo, of_text, 2, &argument);
	status = PayloadReadRequests(&argument.payload, flavor, requests, &count, problem, sizeof(problem));
	ClosePayload(&argument, status, problem);
	for (size_t i = 0; i < count; i++)
	{
		bool		nulls[4] = {requests[i].model[0] == '\0', false, false, requests[i].region[0] == '\0'};
		Datum		values[4] = {
			TextOf(&argument, requests[i].model), PointerGetDatum(PackedUsage(&requests[i].counts)),
			TextOf(&argument, requests[i].tier), TextOf(&argument, requests[i].region)
		};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

Datum
parse_requests_text(PG_FUNCTION_ARGS)
{
	return ParseRequests(fcinfo, true);
}

Datum
parse_requests_jsonb(PG_FUNCTION_ARGS)
{
	return ParseRequests(fcinfo, false);
}

/* A function that gives one word of a payload; an empty one is NULL. */
typedef PayloadStatus (*WordReader) (const Payload *payload, char *word, char *problem, size_t problem_size);

static Datum
ParseWord(FunctionCallInfo fcinfo, bool of_text, WordReader read)
{
	PayloadArgument argument;
	char		word[PAYLOAD_MODEL_SIZE];
	char		problem[PAYLOAD_PROBLEM_SIZE];
	PayloadStatus status;

	OpenPayload(fcinfo, of_text, 0, &argument);
	status = read(&argument.payload, word, problem, sizeof(problem));
	ClosePayload(&argument, status, problem);
	if (word[0] == '\0')
		PG_RETURN_NULL();
	return TextOf(&argument, word);
}

Datum
parse_model_text(PG_FUNCTION_ARGS)
{
	return ParseWord(fcinfo, true, PayloadReadModel);
}

Datum
parse_model_jsonb(PG_FUNCTION_ARGS)
{
	return ParseWord(fcinfo, false, PayloadReadModel);
}

Datum
parse_service_tier_text(PG_FUNCTION_ARGS)
{
	return ParseWord(fcinfo, true, PayloadReadServiceTier);
}

Datum
parse_service_tier_jsonb(PG_FUNCTION_ARGS)
{
	return ParseWord(fcinfo, false, PayloadReadServiceTier);
}

Datum
parse_region_text(PG_FUNCTION_ARGS)
{
	return ParseWord(fcinfo, true, PayloadReadRegion);
}

Datum
parse_region_jsonb(PG_FUNCTION_ARGS)
{
	return ParseWord(fcinfo, false, PayloadReadRegion);
}

Datum
source_tier(PG_FUNCTION_ARGS)
{
	text	   *tier;
	char	   *word;

	if (PG_ARGISNULL(0))
		PG_RETURN_TEXT_P(cstring_to_text(SERVICE_TIER_STANDARD));
	tier = PG_GETARG_TEXT_PP(0);
	word = palloc(SERVICE_TIER_ROOM(VARSIZE_ANY_EXHDR(tier)));
	PG_RETURN_TEXT_P(cstring_to_text_with_len(word, ServiceTierOf(VARDATA_ANY(tier), VARSIZE_ANY_EXHDR(tier), word)));
}
