/*
 * payload_sql.c
 *	  SQL functions over a stored payload: parse_usage, parse_model and
 *	  parse_service_tier, each from text, json and jsonb.
 *
 * Invariant: no JSON tree is alive here, as the core frees its own before it
 * returns; so errors are raised freely.  Text is handed over in UTF-8, which
 * is what JSON's \u escapes turn into.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "server/compat.h"
#include "server/errors.h"
#include "core/service_tier.h"
#include "payload/payload.h"

PG_FUNCTION_INFO_V1(parse_usage_text);
PG_FUNCTION_INFO_V1(source_tier);
PG_FUNCTION_INFO_V1(parse_usage_jsonb);
PG_FUNCTION_INFO_V1(parse_model_text);
PG_FUNCTION_INFO_V1(parse_model_jsonb);
PG_FUNCTION_INFO_V1(parse_service_tier_text);
PG_FUNCTION_INFO_V1(parse_service_tier_jsonb);

/* A text or json argument as a C string in UTF-8. */
static char *
PayloadOfText(text *payload)
{
	char	   *string = text_to_cstring(payload);

	return pg_server_to_any(string, strlen(string), PG_UTF8);
}

static char *
PayloadOfJsonb(Jsonb *payload)
{
	char	   *string = JsonbToCString(NULL, &payload->root, VARSIZE(payload));

	return pg_server_to_any(string, strlen(string), PG_UTF8);
}

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
	}
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
				 errhint("Flavors are openai, azure, anthropic, gemini, bedrock, mistral, cohere, groq, deepseek, xai, openrouter, perplexity, or NULL.")));
	return flavor;
}

static Datum
ParseUsage(const char *payload, PayloadFlavor flavor)
{
	MeterCounts counts;
	char		problem[PAYLOAD_PROBLEM_SIZE];
	Usage	   *usage;

	CheckPayload(PayloadParseUsage(payload, strlen(payload), flavor, &counts, problem, sizeof(problem)),
				 problem);
	usage = (Usage *) palloc(USAGE_MAX_SIZE);
	SET_VARSIZE(usage, UsagePack(&counts, usage));
	return PointerGetDatum(usage);
}

Datum
parse_usage_text(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(ParseUsage(PayloadOfText(PG_GETARG_TEXT_PP(0)), FlavorArgument(fcinfo, 1)));
}

Datum
parse_usage_jsonb(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(ParseUsage(PayloadOfJsonb(PG_GETARG_JSONB_P(0)), FlavorArgument(fcinfo, 1)));
}

static Datum
ParseModel(FunctionCallInfo fcinfo, const char *payload)
{
	char		model[PAYLOAD_MODEL_SIZE];
	char		problem[PAYLOAD_PROBLEM_SIZE];

	CheckPayload(PayloadParseModel(payload, strlen(payload), model, problem, sizeof(problem)), problem);
	if (model[0] == '\0')
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(pg_any_to_server(model, strlen(model), PG_UTF8)));
}

Datum
parse_model_text(PG_FUNCTION_ARGS)
{
	return ParseModel(fcinfo, PayloadOfText(PG_GETARG_TEXT_PP(0)));
}

Datum
parse_model_jsonb(PG_FUNCTION_ARGS)
{
	return ParseModel(fcinfo, PayloadOfJsonb(PG_GETARG_JSONB_P(0)));
}

static Datum
ParseServiceTier(const char *payload)
{
	char		tier[PAYLOAD_TIER_SIZE];
	char		problem[PAYLOAD_PROBLEM_SIZE];

	CheckPayload(PayloadParseServiceTier(payload, strlen(payload), tier, problem, sizeof(problem)), problem);
	return PointerGetDatum(cstring_to_text(pg_any_to_server(tier, strlen(tier), PG_UTF8)));
}

Datum
parse_service_tier_text(PG_FUNCTION_ARGS)
{
	return ParseServiceTier(PayloadOfText(PG_GETARG_TEXT_PP(0)));
}

Datum
parse_service_tier_jsonb(PG_FUNCTION_ARGS)
{
	return ParseServiceTier(PayloadOfJsonb(PG_GETARG_JSONB_P(0)));
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
