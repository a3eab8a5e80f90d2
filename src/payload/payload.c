/*
 * payload.c
 *	  Parses a payload's text and hands it to the reader of its shape.
 *
 * Invariant: a payload is read as the first shape below that it has; the named
 * flavor does not choose the shape, it must be an API that sends it.  See
 * payload.h for memory and units.
 */
#include "core/json.h"
#include "core/service_tier.h"
#include "payload/payload_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLAVOR_BIT(flavor) (UINT32_C(1) << (flavor))
#define ANY_FLAVOR (~UINT32_C(0))
#define lengthof_array(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_DEPTH 4

static const char *const flavor_names[FLAVOR_COUNT] = {
	[FLAVOR_DETECT] = "",
	[FLAVOR_OPENAI] = "openai",
	[FLAVOR_AZURE] = "azure",
	[FLAVOR_ANTHROPIC] = "anthropic",
	[FLAVOR_GEMINI] = "gemini",
	[FLAVOR_BEDROCK] = "bedrock",
	[FLAVOR_MISTRAL] = "mistral",
	[FLAVOR_COHERE] = "cohere",
	[FLAVOR_GROQ] = "groq",
	[FLAVOR_DEEPSEEK] = "deepseek",
	[FLAVOR_XAI] = "xai",
	[FLAVOR_OPENROUTER] = "openrouter",
	[FLAVOR_PERPLEXITY] = "perplexity",
};

typedef struct PayloadShape
{
	const char *name;
	bool		(*is) (const PayloadBody *body);
	void		(*read) (PayloadReader *reader, const PayloadBody *body, Tally *tally);
	uint32_t	flavors;		/* FLAVOR_BITs of the APIs that send it */
} PayloadShape;

static const PayloadShape shapes[] = {
	{"Gemini usageMetadata", IsGemini, ReadGemini, FLAVOR_BIT(FLAVOR_GEMINI)},
	{"Cohere billed_units", IsCohere, ReadCohere,
	FLAVOR_BIT(FLAVOR_COHERE) | FLAVOR_BIT(FLAVOR_AZURE) | FLAVOR_BIT(FLAVOR_BEDROCK)},
	{"OpenAI chat", IsChat, ReadChat, ANY_FLAVOR},
	{"Anthropic messages", IsAnthropic, ReadAnthropic,
	FLAVOR_BIT(FLAVOR_ANTHROPIC) | FLAVOR_BIT(FLAVOR_AZURE) | FLAVOR_BIT(FLAVOR_BEDROCK) |
	FLAVOR_BIT(FLAVOR_GEMINI) | FLAVOR_BIT(FLAVOR_DEEPSEEK) | FLAVOR_BIT(FLAVOR_XAI) |
	FLAVOR_BIT(FLAVOR_OPENROUTER)},
	{"OpenAI responses", IsResponses, ReadResponses, ANY_FLAVOR},
	{"Vercel AI SDK", IsAiSdk, ReadAiSdk, ANY_FLAVOR},
	{"Bedrock Converse", IsConverse, ReadConverse, FLAVOR_BIT(FLAVOR_BEDROCK)},
	{"Bedrock invocation", IsInvocation, ReadInvocation, FLAVOR_BIT(FLAVOR_BEDROCK)},
	{"disjoint buckets", IsBuckets, ReadBuckets, ANY_FLAVOR},
	{"billed units", IsUnits, ReadUnits, ANY_FLAVOR},
};

PayloadFlavor
PayloadFlavorByName(const char *name, size_t length)
{
	for (PayloadFlavor flavor = FLAVOR_DETECT + 1; flavor < FLAVOR_COUNT; flavor++)
	{
		if (strlen(flavor_names[flavor]) == length &&
			memcmp(flavor_names[flavor], name, length) == 0)
			return flavor;
	}
	return FLAVOR_COUNT;
}

const char *
PayloadFlavorName(PayloadFlavor flavor)
{
	return flavor_names[flavor];
}

/* The tree of the whole text, or NULL when it is not one JSON value. */
static cJSON *
ParseText(PayloadReader *reader, const char *text, size_t length)
{
	cJSON	   *root = NULL;
	const char *end;

	/* Parsing with the closing NUL makes cJSON look at what follows the value. */
	if (memchr(text, '\0', length) == NULL)
		root = JsonParse(text, length, &end);
	if (root == NULL)
		Problem(reader, PAYLOAD_MALFORMED, "The payload is not a JSON value, or is nested too deeply.");
	return root;
}

static void
ReadUsage(PayloadReader *reader, const PayloadBody *body, MeterCounts *counts)
{
	Tally		tally = {0};

	for (size_t i = 0; i < lengthof_array(shapes); i++)
	{
		if (!shapes[i].is(body))
			continue;
		if (reader->flavor != FLAVOR_DETECT && !(shapes[i].flavors & FLAVOR_BIT(reader->flavor)))
		{
			Problem(reader, PAYLOAD_WRONG_FLAVOR,
					"The usage has the shape of %s, which flavor \"%s\" does not send.",
					shapes[i].name, PayloadFlavorName(reader->flavor));
			return;
		}
		shapes[i].read(reader, body, &tally);
		TallyToCounts(reader, &tally, counts);
		return;
	}
	Problem(reader, PAYLOAD_NO_USAGE, "The payload has no token counts under any name known.");
}

PayloadStatus
PayloadParseUsage(const char *text, size_t length, PayloadFlavor flavor,
				  MeterCounts *counts, char *problem, size_t problem_size)
{
	PayloadReader reader = {flavor, PAYLOAD_OK, problem, problem_size};
	PayloadBody body = {NULL, NULL};
	cJSON	   *merged = NULL;
	cJSON	   *root = ParseText(&reader, text, length);

	if (cJSON_IsArray(root))
		MergeStream(&reader, root, &body, &merged);
	else if (root != NULL)
		(void) FindUsage(root, &body);
	if (reader.status == PAYLOAD_OK)
		ReadUsage(&reader, &body, counts);
	cJSON_Delete(merged);
	cJSON_Delete(root);
	return reader.status;
}

/* The string at the first of these paths that has one, else NULL. */
static const char *
StringAt(const cJSON *root, const char *const (*paths)[MAX_DEPTH + 1], size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		const char *string = cJSON_GetStringValue(MemberAt(root, paths[i]));

		if (string != NULL && string[0] != '\0')
			return string;
	}
	return NULL;
}

static const char *
FindModel(const cJSON *root)
{
	static const char *const paths[][MAX_DEPTH + 1] = {
		{"model"},
		{"modelVersion"},
		{"model_version"},
		{"modelId"},
		{"response", "model"},
		{"response", "modelVersion"},
		{"response", "body", "model"},
		{"message", "model"},
		{"result", "message", "model"},
		{"response_metadata", "model_name"},
	};

	return StringAt(root, paths, lengthof_array(paths));
}

PayloadStatus
PayloadParseModel(const char *text, size_t length, char model[PAYLOAD_MODEL_SIZE],
				  char *problem, size_t problem_size)
{
	PayloadReader reader = {FLAVOR_DETECT, PAYLOAD_OK, problem, problem_size};
	cJSON	   *root = ParseText(&reader, text, length);
	const char *found = FindModel(root);
	const cJSON *chunk;

	model[0] = '\0';
	if (cJSON_IsArray(root))
	{
		cJSON_ArrayForEach(chunk, root)
		{
			if (found == NULL)
				found = FindModel(chunk);
		}
	}
	if (found != NULL && strlen(found) >= PAYLOAD_MODEL_SIZE)
		Problem(&reader, PAYLOAD_MALFORMED, "The name of the model is longer than %d bytes.", PAYLOAD_MODEL_SIZE - 1);
	else if (found != NULL)
		strcpy(model, found);
	cJSON_Delete(root);
	return reader.status;
}

/* Write our word for a tier as a provider spells it. */
static void
NormalizeTier(PayloadReader *reader, const char *tier, char word[PAYLOAD_TIER_SIZE])
{
	char		meant[SERVICE_TIER_ROOM(PAYLOAD_TIER_SIZE)];

	if (strlen(tier) >= PAYLOAD_TIER_SIZE)
	{
		Problem(reader, PAYLOAD_MALFORMED, "The name of the service tier is longer than %d bytes.", PAYLOAD_TIER_SIZE - 1);
		return;
	}
	ServiceTierOf(tier, strlen(tier), meant);
	strcpy(word, meant);
}

/*
 * Take over the tier at the first of these paths that says more than
 * "standard"; true when any of them says anything.
 */
static bool
FindTierAt(PayloadReader *reader, const cJSON *root, const char *const (*paths)[MAX_DEPTH + 1], size_t count,
		   char tier[PAYLOAD_TIER_SIZE])
{
	bool		found = false;

	for (size_t i = 0; i < count; i++)
	{
		const char *stated = StringAt(root, &paths[i], 1);

		if (stated == NULL)
			continue;
		found = true;
		NormalizeTier(reader, stated, tier);
		if (strcmp(tier, "standard") != 0)
			break;
	}
	return found;
}

/* What the response says wins over what the request asked for. */
static void
FindTier(PayloadReader *reader, const cJSON *root, char tier[PAYLOAD_TIER_SIZE])
{
	static const char *const response_paths[][MAX_DEPTH + 1] = {
		{"usage", "speed"},		/* Anthropic's fast mode */
		{"message", "usage", "speed"},
		{"speed"},
		{"service_tier"},
		{"usage", "service_tier"},
		{"message", "usage", "service_tier"},
		{"result", "message", "usage", "service_tier"},
		{"response", "service_tier"},
		{"response", "body", "service_tier"},
		{"usageMetadata", "serviceTier"},
		{"usageMetadata", "trafficType"},
		{"usage_metadata", "service_tier"},
		{"usage_metadata", "traffic_type"},
		{"response", "usageMetadata", "serviceTier"},
		{"response", "usageMetadata", "trafficType"},
		{"serviceTier"},
		{"trafficType"},
		{"serviceTier", "type"},	/* Bedrock Converse */
		{"metadata", "serviceTier", "type"},
	};
	static const char *const request_paths[][MAX_DEPTH + 1] = {
		{"model_parameters", "service_tier"},	/* Langfuse */
		{"modelParameters", "service_tier"},
	};

	if (!FindTierAt(reader, root, response_paths, lengthof_array(response_paths), tier))
		(void) FindTierAt(reader, root, request_paths, lengthof_array(request_paths), tier);

	/* A line of a batch's output, whose inner response says "default". */
	if (strcmp(tier, "standard") == 0 && HasAny(root, "custom_id", NULL) &&
		(HasAny(Member(root, "response"), "body", NULL) || HasAny(Member(root, "result"), "message", NULL)))
		strcpy(tier, "batch");
}

PayloadStatus
PayloadParseServiceTier(const char *text, size_t length, char tier[PAYLOAD_TIER_SIZE],
						char *problem, size_t problem_size)
{
	PayloadReader reader = {FLAVOR_DETECT, PAYLOAD_OK, problem, problem_size};
	cJSON	   *root = ParseText(&reader, text, length);
	const cJSON *chunk;

	strcpy(tier, "standard");
	FindTier(&reader, root, tier);
	if (cJSON_IsArray(root))
	{
		cJSON_ArrayForEach(chunk, root)
			FindTier(&reader, chunk, tier);
	}
	cJSON_Delete(root);
	return reader.status;
}
