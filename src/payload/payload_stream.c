/*
 * payload_stream.c
 *	  Finds the usage in a response, and merges that of a stream's chunks.
 *
 * Invariant: usage in a stream is cumulative.  Each field is merged on its own and
 * the largest number wins, so a chunk that repeats or omits a field does no harm;
 * nothing is summed.
 */
#include "payload/payload_reader.h"

#include <string.h>

#define MAX_DEPTH 3

/* Where a usage may stand, the most telling place first. */
static const char *const usage_paths[][MAX_DEPTH + 1] = {
	{"usageMetadata"},
	{"usage_metadata"},
	{"usageDetails"},
	{"usage_details"},
	{"usage"},
	{"usage_info"},				/* Mistral OCR */
	{"response", "usage"},		/* events of the responses and realtime APIs */
	{"response", "usageMetadata"},	/* batch output of Vertex AI */
	{"response", "body", "usage"},	/* batch output of OpenAI */
	{"message", "usage"},		/* Anthropic's message_start */
	{"result", "message", "usage"}, /* batch output of Anthropic */
	{"delta", "usage"},			/* Cohere's message-end */
	{"metadata", "usage"},		/* Bedrock's ConverseStream */
	{"x_groq", "usage"},
	{"meta"},					/* Cohere's embed and rerank */
	{"amazon-bedrock-invocationMetrics"},
};

static bool
IsUsage(const PayloadBody *body)
{
	return IsGemini(body) || IsCohere(body) || IsChat(body) || IsResponses(body) ||
		IsConverse(body) || IsInvocation(body) || IsBuckets(body) || IsUnits(body);
}

bool
FindUsage(const cJSON *root, PayloadBody *body)
{
	for (size_t i = 0; i < sizeof(usage_paths) / sizeof(usage_paths[0]); i++)
	{
		const char *const *key = usage_paths[i];

		body->container = root;
		body->usage = Member(root, *key);
		while (body->usage != NULL && *++key != NULL)
		{
			body->container = body->usage;
			body->usage = Member(body->usage, *key);
		}
		if (body->usage != NULL && IsUsage(body))
			return true;
	}
	body->container = NULL;
	body->usage = root;
	return IsUsage(body);
}

/* Bring the fields of from into into; false when out of memory. */
static bool
MergeUsage(cJSON *into, const cJSON *from)
{
	const cJSON *field;

	cJSON_ArrayForEach(field, from)
	{
		cJSON	   *known = cJSON_GetObjectItemCaseSensitive(into, field->string);
		cJSON	   *copy;

		if (cJSON_IsNull(field))
			continue;
		if (cJSON_IsObject(known) && cJSON_IsObject(field))
		{
			if (!MergeUsage(known, field))
				return false;
			continue;
		}
		if (cJSON_IsNumber(known) && cJSON_IsNumber(field) && known->valuedouble >= field->valuedouble)
			continue;
		copy = cJSON_Duplicate(field, true);
		if (copy == NULL)
			return false;
		if (known == NULL ? !cJSON_AddItemToObject(into, field->string, copy)
			: !cJSON_ReplaceItemViaPointer(into, known, copy))
		{
			cJSON_Delete(copy);
			return false;
		}
	}
	return true;
}

/* The id of the response that a chunk belongs to, or NULL when it does not say. */
static const char *
ResponseId(const PayloadBody *body)
{
	const char *id = StringOf(body->container, "id");

	return id != NULL ? id : StringOf(body->container, "responseId");
}

void
MergeStream(PayloadReader *reader, const cJSON *chunks, PayloadBody *body, cJSON **merged)
{
	const cJSON *chunk;
	const char *id = NULL;

	*merged = cJSON_CreateObject();
	body->container = NULL;
	body->usage = *merged;
	cJSON_ArrayForEach(chunk, chunks)
	{
		PayloadBody part;
		const char *part_id;

		if (!FindUsage(chunk, &part))
			continue;
		part_id = ResponseId(&part);
		if (id != NULL && part_id != NULL && strcmp(id, part_id) != 0)
		{
			Problem(reader, PAYLOAD_MALFORMED,
					"The array holds more than one response: \"%.80s\" and \"%.80s\".", id, part_id);
			return;
		}
		if (part_id != NULL)
			id = part_id;
		body->container = part.container;
		if (*merged == NULL || !MergeUsage(*merged, part.usage))
		{
			Problem(reader, PAYLOAD_OUT_OF_MEMORY, "%s", "");
			return;
		}
	}
}
