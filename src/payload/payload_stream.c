/*
 * payload_stream.c
 *	  Finds the usage in a response, and merges that of a stream's chunks.
 *
 * Invariants: only chunks of one answer are merged; without an id that they
 * share, each but the last must show that it is a chunk.  Each field, and each
 * object of details as a whole, is that of the last chunk that states it:
 * providers revise what they said before.  Nothing is summed.
 */
#include "payload/payload_reader.h"

#include <string.h>

#define MAX_PATH 4

/* Where a usage may stand, the most telling place first. */
static const PayloadKey usage_paths[][MAX_PATH + 1] = {
	{KEY_usageMetadata},
	{KEY_usage_metadata},
	{KEY_usageDetails},
	{KEY_usage_details},
	{KEY_totalUsage},			/* the AI SDK: of all steps, where usage is that of the last */
	{KEY_usage},
	{KEY_usage_info},			/* Mistral OCR */
	{KEY_response, KEY_usage},	/* events of the responses and realtime APIs */
	{KEY_response, KEY_usageMetadata},	/* batch output of Gemini and Vertex AI */
	{KEY_response, KEY_usage_metadata},
	{KEY_response, KEY_body, KEY_usage},	/* batch output of OpenAI */
	{KEY_interaction, KEY_usage},	/* events of Gemini's interactions */
	{KEY_message, KEY_usage},	/* Anthropic's message_start */
	{KEY_result, KEY_message, KEY_usage},	/* batch output of Anthropic */
	{KEY_modelOutput, KEY_usage},	/* batch output of Bedrock */
	{KEY_modelOutput, KEY_usageMetadata},
	{KEY_modelOutput},
	{KEY_delta, KEY_usage},		/* Cohere's message-end */
	{KEY_metadata, KEY_usage},	/* Bedrock's ConverseStream */
	{KEY_x_groq, KEY_usage},
	{KEY_bedrock_invocationMetrics},
	{KEY_meta},					/* Cohere's embed and rerank */
	{KEY_meta, KEY_usage},		/* Haystack */
	{KEY_response, KEY_meta},	/* Cohere's stream-end */
	{KEY_response_metadata, KEY_token_usage},	/* LangChain */
	{KEY_response_metadata, KEY_tokenUsage},
	{KEY_response_metadata, KEY_usage},
	{KEY_llm_output, KEY_token_usage},
	{KEY_llmOutput, KEY_tokenUsage},
	{KEY_token_usage},
	{KEY_tokenUsage},
	{KEY_last_token_usage},		/* Codex */
	{KEY_info, KEY_last_token_usage},
	{KEY_payload, KEY_info, KEY_last_token_usage},
	{KEY_info, KEY_tokens},		/* opencode */
	{KEY_tokens},				/* opencode, Gemini CLI */
	{KEY_message, KEY_tokens},
	{KEY_data},					/* OpenRouter's generation, an event of the Copilot CLI */
	{KEY_attributes},			/* spans */
	{KEY_attributes, KEY_llm, KEY_token_count},
	{KEY_llm, KEY_token_count},
};

bool
FindUsage(PayloadReader *reader, Node *root, PayloadBody *body)
{
	PayloadBody unknown = {NULL, NULL, NULL};
	Node	   *answer;
	Node	   *choice;

	for (size_t i = 0; i < sizeof(usage_paths) / sizeof(usage_paths[0]); i++)
	{
		const PayloadKey *key = usage_paths[i];

		body->container = root;
		body->usage = Member(reader, root, *key);
		while (body->usage != NULL && *++key != KEY_NONE)
		{
			body->container = body->usage;
			body->usage = Member(reader, body->usage, *key);
		}
		if (body->usage == NULL)
			continue;
		if (IsUsage(reader, body))
			return true;

		/* A usage by its place, but under names that are not known. */
		if (unknown.usage == NULL && usage_paths[i][1] == KEY_NONE && IsKind(body->usage, JSON_OBJECT) &&
			StringHas(&(Node) {.value = {JSON_STRING, body->usage->name_length, body->usage->name}}, "usage"))
			unknown = *body;
	}
	body->container = NULL;
	body->usage = root;
	if (IsUsage(reader, body))
		return true;

	/* Moonshot's streams have it in the choice. */
	choice = Child(reader, Member(reader, root, KEY_choices));
	*body = (PayloadBody) {root, Member(reader, choice, KEY_usage), NULL};
	if (body->usage != NULL && choice->next == NULL && IsUsage(reader, body))
		return true;
	answer = AnswerOfLine(reader, root);
	if (IsKind(answer, JSON_OBJECT) && FindUsage(reader, answer, body))
		return true;
	if (IsKind(answer, JSON_OBJECT) && body->usage != answer && unknown.usage == NULL)
		unknown = *body;
	*body = unknown.usage != NULL ? unknown : (PayloadBody) {NULL, root, NULL};
	return false;
}

/* The id of the response that a chunk belongs to, or NULL when it does not say.  That in x_groq is the request's. */
static Node *
ResponseId(PayloadReader *reader, Node *chunk, const PayloadBody *part)
{
	Node	   *body = part->container == NULL ? part->usage : part->container->key == KEY_x_groq ? chunk : part->container;

	return FirstOf(reader, body, KEY_id, KEY_responseId, KEY_response_id, KEY_item_id, KEY_NONE);
}

/* Does it begin an answer? */
static bool
IsStart(PayloadReader *reader, Node *chunk)
{
	return StringIs(StringOf(reader, chunk, KEY_type), "message_start");
}

/* Does it say that it goes on with the answer before?  A usage without any prompt does. */
static bool
IsContinuation(PayloadReader *reader, Node *chunk, const PayloadBody *part)
{
	return (StringStarts(StringOf(reader, chunk, KEY_type), "message_") && !IsStart(reader, chunk)) ||
		(HasAny(reader, part->usage, KEY_output_tokens, KEY_NONE) &&
		 !HasAny(reader, part->usage, KEY_input_tokens, KEY_cache_read_input_tokens, KEY_NONE));
}

/* Does it show that more of the same answer follows? */
static bool
IsOpen(PayloadReader *reader, Node *chunk, const PayloadBody *part)
{
	Node	   *type = StringOf(reader, chunk, KEY_type);
	Node	   *choice = Child(reader, Member(reader, chunk, KEY_choices));
	Node	   *candidate = Child(reader, Member(reader, chunk, KEY_candidates));
	Node	   *done = Member(reader, chunk, KEY_done);

	if (StringIs(type, "message_start") || StringIs(type, "message_delta"))
		return true;
	if (choice != NULL)
		return HasAny(reader, choice, KEY_delta, KEY_NONE) && !HasAny(reader, choice, KEY_finish_reason, KEY_NONE);
	if (candidate != NULL)
		return !HasAny(reader, candidate, KEY_finishReason, KEY_finish_reason, KEY_NONE);
	if (HasAny(reader, part->usage, KEY_promptTokenCount, KEY_NONE) &&
		!HasAny(reader, chunk, KEY_embedding, KEY_embeddings, KEY_NONE))
		return !HasAny(reader, part->usage, KEY_candidatesTokenCount, KEY_responseTokenCount, KEY_NONE);
	if (done != NULL)
		return done->value.kind == JSON_BOOLEAN && done->value.length == 0;
	if (HasAny(reader, chunk, KEY_generation, KEY_NONE))
		return !HasAny(reader, chunk, KEY_stop_reason, KEY_NONE);
	return HasAny(reader, chunk, KEY_outputText, KEY_NONE) && !HasAny(reader, chunk, KEY_completionReason, KEY_NONE);
}

/* Counts of the prompt: an answer without any does not exist. */
static bool
IsOfPrompt(PayloadKey key)
{
	return key == KEY_input_tokens || key == KEY_prompt_tokens || key == KEY_promptTokenCount ||
		key == KEY_cache_read_input_tokens || key == KEY_cache_creation_input_tokens || key == KEY_cache_creation;
}

/* Does a chunk state a prompt of no tokens at all?  Then it says nothing of the prompt. */
static bool
StatesNoPrompt(PayloadReader *reader, Node *usage)
{
	bool		stated = false;

	for (Node *child = Child(reader, usage); child != NULL; child = child->next)
	{
		int64_t		count = 0;

		if (!IsOfPrompt((PayloadKey) child->key) || child->value.kind != JSON_NUMBER)
			continue;
		stated = true;
		if (reader->tree->source->count(&child->value, &count) != COUNT_EXACT || count != 0)
			return false;
	}
	return stated;
}

static void
MergeUsage(PayloadReader *reader, Node *into, Node *from)
{
	bool		no_prompt = StatesNoPrompt(reader, from) && into->first != NULL;

	for (Node *field = Child(reader, from); field != NULL; field = field->next)
	{
		Node	   *copy;

		if (field->value.kind == JSON_NULL || (no_prompt && IsOfPrompt((PayloadKey) field->key)))
			continue;
		copy = NewNode(reader->tree, &field->value);
		if (copy == NULL)
			return;
		*copy = *field;
		copy->next = NULL;
		PutChild(into, copy);
	}
}

/* A chunk of another answer than the parts before it. */
static bool
IsOfAnother(PayloadReader *reader, Node *chunk, const PayloadBody *part, const Node *id, const Node *part_id, bool open)
{
	if (id != NULL && part_id != NULL)
		return !StringsEqual(id, part_id);
	return IsStart(reader, chunk) || !(open || IsContinuation(reader, chunk, part));
}

bool
IsStepEnd(PayloadReader *reader, Node *part)
{
	Node	   *type = StringOf(reader, part, KEY_type);

	return StringIs(type, "finish-step") || StringIs(type, "step-finish") ||
		(StringIs(StringOf(reader, part, KEY_object), "thread.run.step") && IsKind(Member(reader, part, KEY_usage), JSON_OBJECT));
}

bool
IsRunEnd(PayloadReader *reader, Node *part)
{
	return (StringIs(StringOf(reader, part, KEY_type), "finish") || StringIs(StringOf(reader, part, KEY_object), "thread.run")) &&
		IsKind(FirstOf(reader, part, KEY_totalUsage, KEY_usage, KEY_NONE), JSON_OBJECT);
}

/* A stream of the AI SDK or of the assistants API: its last part sums up those that end a step.  False when it is none. */
static bool
FindRunEnd(PayloadReader *reader, Node *parts, PayloadBody *body)
{
	Node	   *end = NULL;

	for (Node *part = Child(reader, parts); part != NULL; part = part->next)
	{
		if (!IsRunEnd(reader, part))
			continue;
		if (end != NULL)
			Problem(reader, PAYLOAD_SEVERAL, "The array holds more than one run.");
		end = part;
	}
	if (end == NULL)
		return false;
	*body = (PayloadBody) {end, FirstOf(reader, end, KEY_totalUsage, KEY_usage, KEY_NONE), parts};
	return true;
}

void
MergeStream(PayloadReader *reader, Node *chunks, PayloadBody *body)
{
	JsonValue	object = {JSON_OBJECT, 0, NULL};
	Node	   *merged = NewNode(reader->tree, &object);
	PayloadBody metrics = {NULL, NULL, NULL};
	PayloadBody unknown = {NULL, NULL, NULL};
	Node	   *id = NULL;
	bool		open = true;

	*body = (PayloadBody) {NULL, merged, chunks};
	if (merged == NULL || FindRunEnd(reader, chunks, body))
		return;
	merged->opened = true;
	for (Node *chunk = Child(reader, chunks); chunk != NULL; chunk = chunk->next)
	{
		PayloadBody part;
		Node	   *part_id;

		if (!FindUsage(reader, chunk, &part))
		{
			if (part.usage != chunk)
				unknown = part;
			continue;
		}
		if (part.usage->key == KEY_bedrock_invocationMetrics)
		{
			if (metrics.usage != NULL)
				Problem(reader, PAYLOAD_SEVERAL, "The array holds more than one response.");
			metrics = part;
			continue;
		}
		part_id = ResponseId(reader, chunk, &part);
		if (merged->first != NULL && IsOfAnother(reader, chunk, &part, id, part_id, open))
		{
			if (IsKind(id, JSON_STRING) && IsKind(part_id, JSON_STRING))
				Problem(reader, PAYLOAD_SEVERAL,
						"The array holds more than one response: \"%.*s\" and \"%.*s\".",
						(int) (id->value.length > 80 ? 80 : id->value.length), (const char *) id->value.at,
						(int) (part_id->value.length > 80 ? 80 : part_id->value.length), (const char *) part_id->value.at);
			else
				Problem(reader, PAYLOAD_SEVERAL,
						"The array holds more than one usage, and nothing shows that they are of chunks of one response.");
			return;
		}
		if (part_id != NULL)
			id = part_id;
		open = IsOpen(reader, chunk, &part);
		body->container = part.container;
		MergeUsage(reader, merged, part.usage);
	}

	/* Bedrock's metrics close a stream: they are the whole where the model has no usage of its own. */
	if (metrics.usage != NULL && (merged->first == NULL || IsInvocation(reader, body)))
	{
		body->container = metrics.container;
		body->usage = metrics.usage;
	}
	else if (merged->first == NULL && unknown.usage != NULL)
	{
		body->container = unknown.container;
		body->usage = unknown.usage;
	}
}
