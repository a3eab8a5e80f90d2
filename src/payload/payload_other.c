/*
 * payload_other.c
 *	  Usage in the shapes that only one API sends: Cohere, OpenRouter's
 *	  generations, Ollama, and bodies that are billed by something else than
 *	  tokens.
 */
#include "payload/payload_reader.h"

#include <inttypes.h>

bool
IsCohere(PayloadReader *reader, const PayloadBody *body)
{
	Node	   *tokens = Member(reader, body->usage, KEY_tokens);

	return IsKind(Member(reader, body->usage, KEY_billed_units), JSON_OBJECT) ||
		HasAny(reader, tokens, KEY_input_tokens, KEY_output_tokens, KEY_NONE);
}

/*
 * Cohere bills billed_units, which leave out what it adds to a prompt; tokens is
 * read only when there are none.  A rerank of more documents than one search
 * unit holds is charged as so many requests; image tokens come beside input_tokens.
 */
void
ReadCohere(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Node	   *units = Member(reader, body->usage, KEY_billed_units);
	Node	   *searches;

	Taken(reader, Member(reader, body->usage, KEY_cached_tokens));
	if (units != NULL)
		Taken(reader, Member(reader, body->usage, KEY_tokens));
	else
		units = Member(reader, body->usage, KEY_tokens);
	searches = Member(reader, units, KEY_search_units);
	tally->input_of[MODALITY_IMAGE] = Count(reader, units, KEY_image_tokens);
	tally->input = Count(reader, units, KEY_input_tokens) + tally->input_of[MODALITY_IMAGE];
	tally->output = Count(reader, units, KEY_output_tokens);
	tally->units[METER_IMAGES] = Count(reader, units, KEY_images);
	if (searches != NULL && CountOf(reader, searches) > 0)
	{
		tally->requests_stated = true;
		tally->units[METER_REQUESTS] = CountOf(reader, searches);
	}
}

/* What OpenRouter and the gateway of Vercel tell of a finished generation. */
bool
IsGeneration(PayloadReader *reader, const PayloadBody *body)
{
	return HasAny(reader, body->usage, KEY_native_tokens_prompt, KEY_native_tokens_completion, KEY_NONE);
}

void
ReadGeneration(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Node	   *usage = body->usage;

	tally->input = Count(reader, usage, KEY_native_tokens_prompt);
	tally->cache_read = Count(reader, usage, KEY_native_tokens_cached);
	tally->output = Count(reader, usage, KEY_native_tokens_completion);
	tally->reasoning = Count(reader, usage, KEY_native_tokens_reasoning);
	tally->output_of[MODALITY_IMAGE] = Count(reader, usage, KEY_native_tokens_completion_images);

	/* The same counted by another tokenizer, and the charge. */
	Taken(reader, Member(reader, usage, KEY_tokens_prompt));
	Taken(reader, Member(reader, usage, KEY_tokens_completion));
	Taken(reader, Member(reader, usage, KEY_usage));
}

bool
IsOllama(PayloadReader *reader, const PayloadBody *body)
{
	return HasAny(reader, body->usage, KEY_eval_count, KEY_prompt_eval_count, KEY_NONE);
}

void
ReadOllama(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	tally->input = Count(reader, body->usage, KEY_prompt_eval_count);
	tally->output = Count(reader, body->usage, KEY_eval_count);
}

/* A video that is made: charged by its seconds. */
bool
IsVideo(PayloadReader *reader, const PayloadBody *body)
{
	Node	   *usage = body->usage;

	return (StringIs(StringOf(reader, usage, KEY_object), "video") &&
			StringIs(StringOf(reader, usage, KEY_status), "completed") && HasAny(reader, usage, KEY_seconds, KEY_NONE)) ||
		HasAny(reader, Member(reader, usage, KEY_video), KEY_duration, KEY_NONE);
}

/* The seconds of a video are digits in a string. */
static int64_t
SecondsOf(PayloadReader *reader, Node *node)
{
	int64_t		seconds = 0;

	if (!IsKind(node, JSON_STRING))
		return CountOf(reader, node);
	for (uint32_t i = 0; i < node->value.length; i++)
	{
		char		digit = ((const char *) node->value.at)[i];

		if (digit < '0' || digit > '9' || i == 9)
		{
			Problem(reader, PAYLOAD_BAD_COUNT, "\"%.*s\" is not a whole number of seconds.", STRING_ARGS(node));
			return 0;
		}
		seconds = seconds * 10 + (digit - '0');
	}
	return seconds;
}

void
ReadVideo(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Node	   *duration = Member(reader, Member(reader, body->usage, KEY_video), KEY_duration);

	tally->units[METER_VIDEO_SECONDS] = SecondsOf(reader, duration != NULL ? duration :
												  Member(reader, body->usage, KEY_seconds));
	Taken(reader, body->usage);
}

/* Images that the body holds, when it has no usage to bill them by. */
static int64_t
CountImages(PayloadReader *reader, Node *root)
{
	Node	   *data = Member(reader, root, KEY_data);
	int64_t		images = 0;

	if (!IsKind(data, JSON_ARRAY) || !HasAny(reader, root, KEY_created, KEY_NONE))
		return 0;
	for (Node *image = Child(reader, data); image != NULL; image = image->next)
		images += HasAny(reader, image, KEY_url, KEY_b64_json, KEY_NONE);
	return images;
}

/* A total alone is that of an embedding or a rerank; what counts tokens calls it no usage, and an answer has an output. */
static bool
IsTotal(PayloadReader *reader, const PayloadBody *body)
{
	Node		name = {.value = {JSON_STRING, body->usage->name_length, body->usage->name}};

	/* That of merged chunks has no name: each of them had. */
	return body->container != NULL && HasAny(reader, body->usage, KEY_total_tokens, KEY_NONE) &&
		(body->usage->name == NULL || StringHas(&name, "usage")) &&
		!HasAny(reader, body->container, KEY_choices, KEY_candidates, KEY_NONE) &&
		!IsKind(Member(reader, body->container, KEY_output), JSON_ARRAY) &&
		!IsKind(Member(reader, body->container, KEY_content), JSON_ARRAY) &&
		!IsKind(Member(reader, body->container, KEY_message), JSON_OBJECT);
}

bool
IsUnits(PayloadReader *reader, const PayloadBody *body)
{
	Node	   *usage = body->usage;

	return HasAny(reader, usage, KEY_pages_processed, KEY_web_searches, KEY_NONE) ||
		IsTotal(reader, body) || (body->container != NULL && HasAny(reader, usage, KEY_characters, KEY_NONE)) ||
		(IsKind(Member(reader, usage, KEY_tokens), JSON_NUMBER) &&
		 HasAny(reader, body->container, KEY_embedding, KEY_embeddings, KEY_NONE)) ||
		(StringIs(StringOf(reader, usage, KEY_unit), "TOKENS") && HasAny(reader, usage, KEY_total, KEY_NONE)) ||
		(HasAny(reader, usage, KEY_seconds, KEY_NONE) && StringOf(reader, usage, KEY_type) != NULL) ||
		CountImages(reader, usage) > 0;
}

/*
 * Mistral OCR (pages), transcription by duration (seconds), speech (characters),
 * images made by a model without token usage, embeddings that state a total alone
 * (Voyage), and searches alone.
 */
void
ReadUnits(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Node	   *usage = body->usage;

	tally->units[METER_PAGES] = Count(reader, usage, KEY_pages_processed);
	tally->units[METER_SECONDS] = Count(reader, usage, KEY_seconds);
	tally->units[METER_IMAGES] = CountImages(reader, usage);
	tally->units[METER_WEB_SEARCHES] = Count(reader, usage, KEY_web_searches);
	tally->units[METER_CHARACTERS] = Count(reader, usage, KEY_characters);
	tally->input = CountAny(reader, usage, KEY_total_tokens, KEY_tokens, KEY_total, KEY_NONE);
	if (tally->units[METER_IMAGES] > 0)
		Taken(reader, Member(reader, usage, KEY_created));
}
