/*
 * payload.c
 *	  Hands a payload to the reader of its shape, and gives what it read.
 *
 * Invariant: a payload is read as the first shape below that it has; the named
 * flavor does not choose the shape, it must be an API that sends it.  See
 * payload.h for memory and units.
 */
#include "payload/payload_reader.h"

#include <inttypes.h>
#include <string.h>

#define FLAVOR_BIT(flavor) (UINT32_C(1) << (flavor))
#define ANY_FLAVOR (~UINT32_C(0))
#define lengthof_array(array) (sizeof(array) / sizeof((array)[0]))

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
	bool		(*is) (PayloadReader *reader, const PayloadBody *body);
	void		(*read) (PayloadReader *reader, const PayloadBody *body, Tally *tally);
	uint32_t	flavors;		/* FLAVOR_BITs of the APIs that send it */
} PayloadShape;

static const PayloadShape shapes[] = {
	{"Gemini usageMetadata", IsGemini, ReadGemini, FLAVOR_BIT(FLAVOR_GEMINI)},
	{"Gemini interaction", IsInteraction, ReadInteraction, FLAVOR_BIT(FLAVOR_GEMINI)},
	{"Cohere billed_units", IsCohere, ReadCohere,
	FLAVOR_BIT(FLAVOR_COHERE) | FLAVOR_BIT(FLAVOR_AZURE) | FLAVOR_BIT(FLAVOR_BEDROCK)},
	{"OpenAI chat", IsChat, ReadChat, ANY_FLAVOR},
	{"OpenRouter generation", IsGeneration, ReadGeneration, FLAVOR_BIT(FLAVOR_OPENROUTER)},
	{"Anthropic messages", IsAnthropic, ReadAnthropic,
	FLAVOR_BIT(FLAVOR_ANTHROPIC) | FLAVOR_BIT(FLAVOR_AZURE) | FLAVOR_BIT(FLAVOR_BEDROCK) |
	FLAVOR_BIT(FLAVOR_GEMINI) | FLAVOR_BIT(FLAVOR_DEEPSEEK) | FLAVOR_BIT(FLAVOR_XAI) |
	FLAVOR_BIT(FLAVOR_OPENROUTER)},
	{"Claude Code event", IsAgentEvent, ReadAgentEvent, FLAVOR_BIT(FLAVOR_ANTHROPIC)},
	{"OpenAI responses", IsResponses, ReadResponses, ANY_FLAVOR},
	{"Vercel AI SDK", IsAiSdk, ReadAiSdk, ANY_FLAVOR},
	{"prompt and completion tokens", IsPromptTokens, ReadPromptTokens, ANY_FLAVOR},
	{"coding agent", IsAgent, ReadAgent, ANY_FLAVOR},
	{"Bedrock Converse", IsConverse, ReadConverse, FLAVOR_BIT(FLAVOR_BEDROCK)},
	{"Bedrock invocation", IsInvocation, ReadInvocation, FLAVOR_BIT(FLAVOR_BEDROCK)},
	{"Bedrock guardrail", IsGuardrail, ReadGuardrail, FLAVOR_BIT(FLAVOR_BEDROCK)},
	{"disjoint buckets", IsBuckets, ReadBuckets, ANY_FLAVOR},
	{"OpenTelemetry", IsOtel, ReadOtel, ANY_FLAVOR},
	{"OpenInference", IsOpenInference, ReadOpenInference, ANY_FLAVOR},
	{"Ollama", IsOllama, ReadOllama, 0},
	{"video", IsVideo, ReadVideo, ANY_FLAVOR},
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

static const PayloadShape *
ShapeOf(PayloadReader *reader, const PayloadBody *body)
{
	if (reader->shaped == body->usage && reader->shape != NULL)
		return reader->shape;
	for (size_t i = 0; i < lengthof_array(shapes) && IsKind(body->usage, JSON_OBJECT); i++)
	{
		if (shapes[i].is(reader, body))
		{
			reader->shaped = body->usage;
			reader->shape = &shapes[i];
			return &shapes[i];
		}
	}
	return NULL;
}

bool
IsUsage(PayloadReader *reader, const PayloadBody *body)
{
	return ShapeOf(reader, body) != NULL || IsMapped(reader, body->usage);
}

void
ReadShape(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	const PayloadShape *shape = ShapeOf(reader, body);

	if (IsMapped(reader, body->usage) && (shape == NULL || shape->read == ReadUnits))
		ReadMapped(reader, body, tally);
	else if (shape == NULL)
	{
		/* Counts that are there, but under names that are not known, are told by name. */
		if (body->container != NULL)
			SettleNames(reader, body->usage, tally);
		Problem(reader, PAYLOAD_NO_USAGE, "The payload has no counts under any name known.");
	}
	else if (reader->flavor != FLAVOR_DETECT && !(shape->flavors & FLAVOR_BIT(reader->flavor)))
		Problem(reader, PAYLOAD_WRONG_FLAVOR,
				"The usage has the shape of %s, which flavor \"%s\" does not send.",
				shape->name, PayloadFlavorName(reader->flavor));
	else
		shape->read(reader, body, tally);
}

/* A charge without a count is unknown, not free. */
static void
CheckCharged(PayloadReader *reader, const PayloadBody *body, const Tally *tally)
{
	Node	   *cost;

	if (tally->input + tally->output > 0 || tally->requests_stated || reader->charge_count > 0)
		return;
	for (Meter meter = 0; meter < METER_COUNT; meter++)
	{
		if (meter != METER_REQUESTS && tally->units[meter] != 0)
			return;
	}
	cost = FirstOf(reader, body->usage, KEY_cost, KEY_total_cost, KEY_total_cost_usd, KEY_cost_in_usd_ticks, KEY_NONE);
	if (IsKind(cost, JSON_NUMBER) && reader->tree->source->number(&cost->value) > 0)
		Problem(reader, PAYLOAD_NO_USAGE, "The payload states a cost of %.17g, but no count.",
				reader->tree->source->number(&cost->value));
}

void
ReadRoot(PayloadReader *reader, Tally *tally)
{
	PayloadBody body = {NULL, NULL, NULL};

	if (IsKind(reader->root, JSON_ARRAY))
		MergeStream(reader, reader->root, &body);
	else if (IsUnansweredLine(reader, reader->root))
		Problem(reader, PAYLOAD_NOTHING, "%s", "");
	else if (!FindUsage(reader, reader->root, &body) && AnswersOfBatch(reader, reader->root) != NULL)
		Problem(reader, PAYLOAD_SEVERAL, "The payload lists the answers of a batch.");
	if (reader->status != PAYLOAD_OK)
		return;
	ReadShape(reader, &body, tally);
	ReadTools(reader, &body, tally);
	ReadGuardrails(reader, &body, tally);
	ReadRequests(reader, &body, tally);
	SettleNames(reader, body.usage, tally);
	CheckCharged(reader, &body, tally);
}

void
StartReading(Reading *reading, const Payload *payload, PayloadFlavor flavor, char *problem, size_t problem_size)
{
	reading->reader = (PayloadReader) {
		.flavor = flavor, .status = PAYLOAD_OK, .problem = problem, .problem_size = problem_size,
		.tree = &reading->tree, .charges = reading->charges,
	};
	TreeInit(&reading->tree, payload->source);
	TreeInit(&reading->names, payload->names_source);
	reading->reader.root = NewNode(&reading->tree, &payload->root);
	if (payload->names_source == NULL)
		return;

	/* Opened in its own tree, so that readers walk it like any other node. */
	reading->reader.names = NewNode(&reading->names, &payload->names);
	(void) FirstChild(&reading->names, reading->reader.names);
	(void) CheckNames(&reading->reader);
}

PayloadStatus
EndReading(Reading *reading)
{
	if (reading->tree.out_of_memory || reading->names.out_of_memory)
		reading->reader.status = PAYLOAD_OUT_OF_MEMORY;
	TreeFree(&reading->tree);
	TreeFree(&reading->names);
	return reading->reader.status;
}

void
CheckOneCharge(PayloadReader *reader)
{
	Node	   *model;

	if (reader->status != PAYLOAD_OK || reader->charge_count == 0)
		return;
	model = reader->charges[0].model;
	Problem(reader, PAYLOAD_SEVERAL, "The payload was charged for %s%.*s%s, too.",
			model == NULL ? "another model" : "model \"", model == NULL ? 0 : (int) model->value.length,
			model == NULL ? "" : (const char *) model->value.at, model == NULL ? "" : "\"");
}

PayloadStatus
PayloadReadUsage(const Payload *payload, PayloadFlavor flavor, MeterCounts *counts, char *problem, size_t problem_size)
{
	Reading		reading;
	PayloadReader *reader = &reading.reader;
	Tally		tally = {0};

	StartReading(&reading, payload, flavor, problem, problem_size);
	if (reader->status == PAYLOAD_OK)
		ReadRoot(reader, &tally);
	CheckOneCharge(reader);
	if (reader->status == PAYLOAD_OK)
		TallyToCounts(reader, &tally, counts);
	return EndReading(&reading);
}

/* Copy a string to a buffer; false when there is no room. */
static bool
CopyString(const Node *string, char *buffer, size_t size)
{
	buffer[0] = '\0';
	if (string == NULL)
		return true;
	if (string->value.length >= size)
		return false;
	memcpy(buffer, string->value.at, string->value.length);
	buffer[string->value.length] = '\0';
	return true;
}

static void
CopyModel(PayloadReader *reader, const Node *model, char buffer[PAYLOAD_MODEL_SIZE])
{
	if (!CopyString(model, buffer, PAYLOAD_MODEL_SIZE))
		Problem(reader, PAYLOAD_MALFORMED, "The name of the model is longer than %d bytes.", PAYLOAD_MODEL_SIZE - 1);
}

/* Of the chunks of a stream the last that says a tier counts, as a tier is revised; a speed is not. */
static void
CopyTier(PayloadReader *reader, char tier[PAYLOAD_TIER_SIZE])
{
	Node	   *speed = NULL;

	strcpy(tier, "standard");
	FindTier(reader, reader->root, tier);
	if (IsKind(reader->root, JSON_ARRAY))
	{
		for (Node *chunk = Child(reader, reader->root); chunk != NULL; chunk = chunk->next)
		{
			FindTier(reader, chunk, tier);
			if (speed == NULL)
				speed = FindSpeed(reader, chunk);
		}
	}
	if (speed != NULL)
		NormalizeTier(reader, speed, tier);
}

PayloadStatus
PayloadReadServiceTier(const Payload *payload, char tier[PAYLOAD_TIER_SIZE], char *problem, size_t problem_size)
{
	Reading		reading;

	StartReading(&reading, payload, FLAVOR_DETECT, problem, problem_size);
	CopyTier(&reading.reader, tier);
	return EndReading(&reading);
}

static void
CopyRegion(PayloadReader *reader, char region[PAYLOAD_TIER_SIZE])
{
	Node	   *found = FindRegion(reader, reader->root);

	if (IsKind(reader->root, JSON_ARRAY))
	{
		for (Node *chunk = Child(reader, reader->root); chunk != NULL && found == NULL; chunk = chunk->next)
			found = FindRegion(reader, chunk);
	}
	if (!CopyString(found, region, PAYLOAD_TIER_SIZE))
		Problem(reader, PAYLOAD_MALFORMED, "The name of the region is longer than %d bytes.", PAYLOAD_TIER_SIZE - 1);
	for (char *letter = region; *letter != '\0'; letter++)
	{
		if (*letter >= 'A' && *letter <= 'Z')
			*letter = (char) (*letter - 'A' + 'a');
	}
}

/*
 * A geography that Anthropic was told to stay in costs more: it goes before the
 * name, as in Bedrock's profiles, so that the name alone is priced right.
 */
static void
NameGeography(PayloadReader *reader, char model[PAYLOAD_MODEL_SIZE])
{
	char		region[PAYLOAD_TIER_SIZE] = "";
	size_t		length;

	if (strncmp(model, "claude-", strlen("claude-")) != 0)
		return;
	CopyRegion(reader, region);
	length = strlen(region);
	if (length == 0 || strcmp(region, "global") == 0 || length + 1 + strlen(model) >= PAYLOAD_MODEL_SIZE)
		return;
	memmove(model + length + 1, model, strlen(model) + 1);
	memcpy(model, region, length);
	model[length] = '.';
}

PayloadStatus
PayloadReadModel(const Payload *payload, char model[PAYLOAD_MODEL_SIZE], char *problem, size_t problem_size)
{
	Reading		reading;

	StartReading(&reading, payload, FLAVOR_DETECT, problem, problem_size);
	CopyModel(&reading.reader, FindModel(&reading.reader), model);
	NameGeography(&reading.reader, model);
	return EndReading(&reading);
}

PayloadStatus
PayloadReadRegion(const Payload *payload, char region[PAYLOAD_TIER_SIZE], char *problem, size_t problem_size)
{
	Reading		reading;

	StartReading(&reading, payload, FLAVOR_DETECT, problem, problem_size);
	CopyRegion(&reading.reader, region);
	return EndReading(&reading);
}

/* One more request, or more of the same model, tier and region. */
static void
AddRequest(PayloadReader *reader, const PayloadRequest *request, PayloadRequest *requests, size_t *count)
{
	for (size_t i = 0; i < *count; i++)
	{
		if (strcmp(requests[i].model, request->model) != 0 || strcmp(requests[i].tier, request->tier) != 0 ||
			strcmp(requests[i].region, request->region) != 0)
			continue;
		for (Meter meter = 0; meter < METER_COUNT; meter++)
			AddCount(reader, &requests[i].counts.of[meter], request->counts.of[meter]);
		return;
	}
	if (*count == PAYLOAD_MAX_REQUESTS)
		Problem(reader, PAYLOAD_SEVERAL, "The payload was charged for more than %d models.", PAYLOAD_MAX_REQUESTS);
	else
		requests[(*count)++] = *request;
}

/* What reader's root was charged, of its own model and of others. */
static void
AddRequestsOf(PayloadReader *reader, PayloadRequest *requests, size_t *count)
{
	PayloadRequest request;
	Tally		tally = {0};

	reader->charge_count = 0;
	reader->no_main = false;
	ReadRoot(reader, &tally);
	if (reader->status != PAYLOAD_OK)
		return;
	CopyTier(reader, request.tier);
	CopyRegion(reader, request.region);
	if (!reader->no_main)
	{
		CopyModel(reader, FindModel(reader), request.model);
		TallyToCounts(reader, &tally, &request.counts);
		AddRequest(reader, &request, requests, count);
	}
	for (size_t i = 0; i < reader->charge_count; i++)
	{
		CopyModel(reader, reader->charges[i].model, request.model);
		TallyToCounts(reader, &reader->charges[i].tally, &request.counts);
		AddRequest(reader, &request, requests, count);
	}
}

PayloadStatus
PayloadReadRequests(const Payload *payload, PayloadFlavor flavor, PayloadRequest *requests, size_t *count,
					char *problem, size_t problem_size)
{
	Reading		reading;
	PayloadReader *reader = &reading.reader;

	*count = 0;
	StartReading(&reading, payload, flavor, problem, problem_size);
	if (reader->status == PAYLOAD_OK)
		AddRequestsOf(reader, requests, count);

	/* Several answers: each of its own. */
	if (reader->status == PAYLOAD_SEVERAL && *count == 0)
	{
		Node	   *array = IsKind(reader->root, JSON_ARRAY) ? reader->root : AnswersOfBatch(reader, reader->root);

		if (array != NULL)
			reader->status = PAYLOAD_OK;
		reader->of_batch = array != reader->root;
		for (Node *answer = Child(reader, array); answer != NULL; answer = answer->next)
		{
			reader->root = answer;
			if (IsKind(answer, JSON_OBJECT) && reader->status == PAYLOAD_OK)
				AddRequestsOf(reader, requests, count);
			if (reader->status == PAYLOAD_NOTHING)
				reader->status = PAYLOAD_OK;
		}
	}
	return EndReading(&reading);
}
