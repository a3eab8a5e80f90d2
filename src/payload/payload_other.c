/*
 * payload_other.c
 *	  Usage in the shapes that only one API or tool sends: Cohere, the Vercel AI
 *	  SDK, disjoint buckets (Langfuse, and type usage's own text), and bodies
 *	  that are billed by something else than tokens.
 */
#include "payload/payload_reader.h"

#include <inttypes.h>
#include <string.h>

bool
IsCohere(const PayloadBody *body)
{
	return cJSON_IsObject(Member(body->usage, "billed_units")) ||
		cJSON_IsObject(Member(body->usage, "tokens"));
}

/*
 * Cohere bills billed_units, which leave out what it adds to a prompt; tokens is
 * read only when there are none.  A search unit (one rerank of up to 100
 * documents) counts as a web search; image tokens come beside input_tokens.
 */
void
ReadCohere(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	const cJSON *units = Member(body->usage, "billed_units");

	if (units == NULL)
		units = Member(body->usage, "tokens");
	tally->input_of[MODALITY_IMAGE] = ReadCount(reader, units, "image_tokens");
	tally->input = ReadCount(reader, units, "input_tokens") + tally->input_of[MODALITY_IMAGE];
	tally->output = ReadCount(reader, units, "output_tokens");
	tally->web_searches = ReadCount(reader, units, "search_units");
	tally->images = ReadCount(reader, units, "images");
}

bool
IsAiSdk(const PayloadBody *body)
{
	return HasAny(body->usage, "inputTokens", "outputTokens", NULL) &&
		HasAny(body->usage, "cachedInputTokens", "reasoningTokens", NULL);
}

/* The Vercel AI SDK makes every provider's counts inclusive. */
void
ReadAiSdk(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	const cJSON *usage = body->usage;
	int64_t		total = ReadCount(reader, usage, "totalTokens");

	tally->input = ReadCount(reader, usage, "inputTokens");
	tally->cache_read = ReadCount(reader, usage, "cachedInputTokens");
	tally->output = ReadCount(reader, usage, "outputTokens");
	tally->reasoning = ReadCount(reader, usage, "reasoningTokens");
	if (!HasAny(usage, "totalTokens", NULL) || total == tally->input + tally->output)
		return;

	/* It passes on what Gemini and xAI leave out of the answer. */
	if (total == tally->input + tally->output + tally->reasoning)
		tally->output += tally->reasoning;
	else
		Problem(reader, PAYLOAD_UNRECONCILED,
				"input %" PRId64 " + output %" PRId64 " = %" PRId64 ", but the stated total is %" PRId64 ".",
				tally->input, tally->output, tally->input + tally->output, total);
}

bool
IsBuckets(const PayloadBody *body)
{
	return cJSON_IsNumber(Member(body->usage, "input")) ||
		cJSON_IsNumber(Member(body->usage, "output"));
}

/* Buckets that contain nothing of each other, as Langfuse stores them. */
void
ReadBuckets(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	const cJSON *usage = body->usage;
	int64_t		audio = ReadCountAny(reader, usage, "input_audio", "input_audio_tokens", NULL);
	int64_t		cached_audio = ReadCountAny(reader, usage, "cache_read_audio", "input_cached_audio_tokens", NULL);
	int64_t		image = ReadCountAny(reader, usage, "input_image", "input_image_tokens", NULL);
	int64_t		cached_image = ReadCount(reader, usage, "cache_read_image");
	int64_t		written = ReadCountAny(reader, usage, "cache_write", "input_cache_creation",
									   "cache_creation_input_tokens", "input_cache_creation_5m", NULL);

	tally->input_of[MODALITY_VIDEO] = ReadCount(reader, usage, "input_video");
	tally->input_of[MODALITY_AUDIO] = audio + cached_audio;
	tally->input_of[MODALITY_IMAGE] = image + cached_image;
	tally->cached_of[MODALITY_AUDIO] = cached_audio;
	tally->cached_of[MODALITY_IMAGE] = cached_image;
	tally->cache_read = cached_audio + cached_image +
		ReadCountAny(reader, usage, "cache_read", "input_cached_tokens", "input_cache_read",
					 "cache_read_input_tokens", NULL);
	tally->cache_write_1h = ReadCountAny(reader, usage, "cache_write_1h", "input_cache_creation_1h", NULL);
	tally->cache_write = written + tally->cache_write_1h;
	tally->input = ReadCount(reader, usage, "input") + audio + image + tally->input_of[MODALITY_VIDEO] +
		tally->cache_read + tally->cache_write;

	tally->output_of[MODALITY_AUDIO] = ReadCountAny(reader, usage, "output_audio", "output_audio_tokens", NULL);
	tally->output_of[MODALITY_IMAGE] = ReadCountAny(reader, usage, "output_image", "output_image_tokens", NULL);
	tally->output_of[MODALITY_VIDEO] = ReadCount(reader, usage, "output_video");
	tally->reasoning = ReadCountAny(reader, usage, "reasoning", "output_reasoning", "output_reasoning_tokens", NULL);
	tally->citation = ReadCount(reader, usage, "citation");
	tally->output = ReadCount(reader, usage, "output") + tally->reasoning + tally->citation;
	for (Modality m = 0; m < MODALITY_COUNT; m++)
		tally->output += tally->output_of[m];

	tally->web_searches = ReadCountAny(reader, usage, "web_searches", "grounding_queries", NULL);
	tally->images = ReadCount(reader, usage, "images");
	tally->seconds = ReadCount(reader, usage, "seconds");
	tally->pages = ReadCount(reader, usage, "pages");
}

/* Images that the body holds, when it has no usage to bill them by. */
static int64_t
CountImages(const cJSON *root)
{
	const cJSON *image;
	int64_t		images = 0;

	if (!cJSON_IsArray(Member(root, "data")) || !HasAny(root, "created", NULL))
		return 0;
	cJSON_ArrayForEach(image, Member(root, "data"))
		images += HasAny(image, "url", "b64_json", NULL);
	return images;
}

bool
IsUnits(const PayloadBody *body)
{
	return HasAny(body->usage, "pages_processed", "total_tokens", "web_searches", NULL) ||
		(HasAny(body->usage, "seconds", NULL) && StringOf(body->usage, "type") != NULL) ||
		CountImages(body->usage) > 0;
}

/*
 * Mistral OCR (pages), transcription by duration (seconds), images made by a
 * model without token usage, embeddings that state a total alone (Voyage), and
 * searches alone.
 */
void
ReadUnits(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	tally->pages = ReadCount(reader, body->usage, "pages_processed");
	tally->seconds = ReadCount(reader, body->usage, "seconds");
	tally->images = CountImages(body->usage);
	tally->web_searches = ReadCount(reader, body->usage, "web_searches");
	tally->input = ReadCount(reader, body->usage, "total_tokens");
}
