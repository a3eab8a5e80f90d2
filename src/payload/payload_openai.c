/*
 * payload_openai.c
 *	  Usage in the two shapes of OpenAI, which most other APIs send too.
 *
 * chat: prompt_tokens, completion_tokens.  OpenAI, Azure, Mistral, Groq,
 * DeepSeek, xAI, OpenRouter, Perplexity, the compatible endpoints of Google and
 * Anthropic, embeddings (no completion), and LiteLLM's unified form.
 *
 * responses: input_tokens, output_tokens.  The responses, realtime, images and
 * transcription APIs, LangChain's usage_metadata and Pydantic AI's usage.  (An
 * Anthropic usage without any cache or tool field has the same counts.)
 *
 * Invariant: cached and written tokens are part of the prompt.  Reasoning is part of
 * the completion, except for xAI chat, Perplexity's research, and the compatible
 * endpoint of Gemini, whose completion leaves the thoughts out while its
 * total contains them.
 */
#include "payload/payload_reader.h"

#include <inttypes.h>
#include <string.h>

/* What a payload states about its answer, before reasoning is settled. */
typedef struct Answer
{
	int64_t		input;
	int64_t		output;
	int64_t		reasoning;
	bool		has_total;
	int64_t		total;
	PayloadFlavor flavor;		/* as named, or as told by fields only one API sends */
} Answer;

static void
ReadModalities(PayloadReader *reader, const cJSON *details, int64_t *of)
{
	of[MODALITY_AUDIO] = ReadCountAny(reader, details, "audio_tokens", "audio", NULL);
	of[MODALITY_IMAGE] = ReadCount(reader, details, "image_tokens");
	of[MODALITY_VIDEO] = ReadCount(reader, details, "video_tokens");
}

/* The parts of the prompt that its details tell. */
static void
ReadPromptDetails(PayloadReader *reader, const cJSON *details, Tally *tally)
{
	const cJSON *written = Member(details, "cache_creation_token_details");

	ReadModalities(reader, details, tally->input_of);
	ReadModalities(reader, Member(details, "cached_tokens_details"), tally->cached_of);
	tally->cache_read = Larger(tally->cache_read,
							   ReadCountAny(reader, details, "cached_tokens", "cache_read", NULL));
	tally->cache_write = Larger(tally->cache_write,
								ReadCountAny(reader, details, "cache_write_tokens",
											 "cache_creation_tokens", "cache_creation", NULL));
	tally->cache_write_1h = Larger(tally->cache_write_1h,
								   ReadCount(reader, written, "ephemeral_1h_input_tokens"));
}

static const cJSON *
FirstMember(const cJSON *object, const char *key, const char *other_key)
{
	const cJSON *member = Member(object, key);

	return member != NULL ? member : Member(object, other_key);
}

/* Searches among the output items of the responses API; reading a page is free. */
static int64_t
CountSearchCalls(const cJSON *output)
{
	const cJSON *item;
	int64_t		calls = 0;

	if (!cJSON_IsArray(output))
		return 0;
	cJSON_ArrayForEach(item, output)
	{
		const char *type = StringOf(item, "type");
		const char *action = StringOf(Member(item, "action"), "type");
		const char *status = StringOf(item, "status");

		if (type != NULL && strcmp(type, "web_search_call") == 0 &&
			(action == NULL || strcmp(action, "search") == 0) &&
			(status == NULL || strcmp(status, "failed") != 0))
			calls++;
	}
	return calls;
}

static int64_t
ReadSearches(PayloadReader *reader, const PayloadBody *body)
{
	const cJSON *usage = body->usage;
	int64_t		searches;

	searches = ReadCountAny(reader, usage, "num_search_queries", "num_sources_used", "web_searches", NULL);
	searches = Larger(searches, ReadCount(reader, Member(usage, "server_tool_use"), "web_search_requests"));
	searches = Larger(searches, ReadCount(reader, Member(usage, "prompt_tokens_details"), "web_search_requests"));
	searches = Larger(searches, ReadCount(reader, Member(usage, "server_side_tool_usage_details"), "web_search_calls"));
	return Larger(searches, CountSearchCalls(Member(body->container, "output")));
}

/* May this API leave reasoning out of the completion? */
static bool
MayExcludeReasoning(PayloadFlavor flavor)
{
	return flavor == FLAVOR_DETECT || flavor == FLAVOR_XAI ||
		flavor == FLAVOR_AZURE || flavor == FLAVOR_GEMINI;
}

/*
 * Decide by the total, and without one by the API, whether reasoning comes on
 * top of the completion; fill input, output and reasoning of the tally.
 */
static void
SettleAnswer(PayloadReader *reader, const Answer *answer, Tally *tally)
{
	int64_t		plain = answer->input + answer->output;
	int64_t		over = answer->total - plain;

	tally->input = answer->input;
	tally->output = answer->output;
	tally->reasoning = answer->reasoning;

	if (!answer->has_total)
	{
		if (answer->flavor == FLAVOR_XAI)
			tally->output += answer->reasoning;
		return;
	}
	if (over == 0)
		return;
	if (over > 0 && answer->flavor == FLAVOR_GEMINI && answer->reasoning == 0)
	{
		tally->output += over;
		tally->reasoning = over;
		return;
	}
	if (over == answer->reasoning && MayExcludeReasoning(answer->flavor))
	{
		tally->output += answer->reasoning;
		return;
	}
	Problem(reader, PAYLOAD_UNRECONCILED,
			"input %" PRId64 " + output %" PRId64 " = %" PRId64 ", but the stated total is %" PRId64 " (reasoning %" PRId64 ").",
			answer->input, answer->output, plain, answer->total, answer->reasoning);
}

/* Does the payload name a model that starts so, as only its maker's own API does? */
static bool
NamesModel(const PayloadBody *body, const char *start)
{
	const char *model = StringOf(body->container, "model");

	return model != NULL && strncmp(model, start, strlen(start)) == 0;
}

static PayloadFlavor
ChatFlavor(const PayloadReader *reader, const PayloadBody *body)
{
	if (reader->flavor != FLAVOR_DETECT)
		return reader->flavor;
	if (HasAny(body->usage, "citation_tokens", "num_search_queries", "search_context_size", NULL) ||
		NamesModel(body, "sonar"))
		return FLAVOR_PERPLEXITY;
	if (HasAny(body->usage, "cost_in_usd_ticks", "num_sources_used", "cached_prompt_text_tokens", NULL) ||
		NamesModel(body, "grok"))
		return FLAVOR_XAI;
	if (NamesModel(body, "gemini") || NamesModel(body, "models/gemini"))
		return FLAVOR_GEMINI;
	return FLAVOR_DETECT;
}

/*
 * Perplexity's research bills reasoning and citations beside the completion and
 * outside the total.  Its reasoning models have the reasoning in the completion.
 */
static void
SettlePerplexity(PayloadReader *reader, const Answer *answer, Tally *tally)
{
	int64_t		plain = answer->input + answer->output;

	tally->input = answer->input;
	tally->output = answer->output + answer->reasoning + tally->citation;
	tally->reasoning = answer->reasoning;
	if (answer->has_total && answer->total != plain &&
		answer->total != tally->input + tally->output)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"input %" PRId64 " + output %" PRId64 " = %" PRId64 ", but the stated total is %" PRId64 ".",
				answer->input, answer->output, plain, answer->total);
}

bool
IsChat(const PayloadBody *body)
{
	return HasAny(body->usage, "prompt_tokens", "completion_tokens", NULL);
}

void
ReadChat(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	const cJSON *usage = body->usage;
	const cJSON *prompt = FirstMember(usage, "prompt_tokens_details", "prompt_token_details");
	const cJSON *completion = FirstMember(usage, "completion_tokens_details", "completion_token_details");
	Answer		answer = {.flavor = ChatFlavor(reader, body)};

	answer.input = ReadCount(reader, usage, "prompt_tokens");
	answer.output = ReadCount(reader, usage, "completion_tokens");
	answer.reasoning = Larger(ReadCount(reader, usage, "reasoning_tokens"),
							  ReadCount(reader, completion, "reasoning_tokens"));
	answer.has_total = HasAny(usage, "total_tokens", NULL);
	answer.total = ReadCount(reader, usage, "total_tokens");

	ReadPromptDetails(reader, prompt, tally);
	ReadModalities(reader, completion, tally->output_of);

	/* Mistral's num_cached_tokens is not read: its price list discounts cached_tokens only. */
	tally->cache_read = Larger(tally->cache_read,
							   ReadCountAny(reader, usage, "cached_tokens", "prompt_cache_hit_tokens",
											"cache_read_input_tokens", "cached_prompt_text_tokens", NULL));
	tally->cache_write = Larger(tally->cache_write, ReadCount(reader, usage, "cache_creation_input_tokens"));
	tally->citation = ReadCount(reader, usage, "citation_tokens");
	tally->web_searches = ReadSearches(reader, body);

	if (HasAny(usage, "prompt_cache_miss_tokens", NULL) && HasAny(usage, "prompt_tokens", NULL) &&
		tally->cache_read + ReadCount(reader, usage, "prompt_cache_miss_tokens") != answer.input)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"cache hits %" PRId64 " + misses %" PRId64 " are not the %" PRId64 " tokens of the prompt.",
				tally->cache_read, ReadCount(reader, usage, "prompt_cache_miss_tokens"), answer.input);

	/* Mistral bills audio by the second and counts its tokens in the total only. */
	tally->seconds = ReadCount(reader, usage, "prompt_audio_seconds");
	if (tally->seconds > 0 && answer.total > answer.input + answer.output)
		answer.has_total = false;

	if (answer.flavor == FLAVOR_PERPLEXITY && !(NamesModel(body, "sonar-reasoning") && tally->citation == 0))
		SettlePerplexity(reader, &answer, tally);
	else
		SettleAnswer(reader, &answer, tally);
}

bool
IsResponses(const PayloadBody *body)
{
	return HasAny(body->usage, "input_tokens", "output_tokens", NULL);
}

void
ReadResponses(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	const cJSON *usage = body->usage;
	const cJSON *input = FirstMember(usage, "input_tokens_details", "input_token_details");
	const cJSON *output = FirstMember(usage, "output_tokens_details", "output_token_details");
	Answer		answer = {.flavor = reader->flavor};

	/* The responses API of xAI counts reasoning as OpenAI does, unless a total says otherwise. */
	answer.has_total = HasAny(usage, "total_tokens", NULL);
	if (answer.flavor == FLAVOR_XAI && !answer.has_total)
		answer.flavor = FLAVOR_OPENAI;
	answer.input = ReadCount(reader, usage, "input_tokens");
	answer.output = ReadCount(reader, usage, "output_tokens");
	answer.reasoning = Larger(ReadCountAny(reader, usage, "reasoning_tokens", "output_reasoning_tokens", NULL),
							  ReadCountAny(reader, output, "reasoning_tokens", "thinking_tokens", "reasoning", NULL));
	answer.total = ReadCount(reader, usage, "total_tokens");

	ReadPromptDetails(reader, input, tally);
	ReadModalities(reader, output, tally->output_of);

	/* The same parts as Pydantic AI and genai-prices name them, beside the totals. */
	tally->cache_read = Larger(tally->cache_read,
							   ReadCountAny(reader, usage, "cache_read_tokens", "cached_tokens", NULL));
	tally->cache_write = Larger(tally->cache_write, ReadCount(reader, usage, "cache_write_tokens"));
	tally->cache_write_1h = Larger(tally->cache_write_1h, ReadCount(reader, usage, "cache_write_1h_tokens"));
	tally->citation = ReadCount(reader, usage, "output_citation_tokens");
	for (Modality m = 0; m < MODALITY_COUNT; m++)
	{
		static const char *const input_keys[] = {"input_audio_tokens", "input_image_tokens", "input_video_tokens"};
		static const char *const cached_keys[] = {"cache_audio_read_tokens", "cache_image_read_tokens", "cache_video_read_tokens"};
		static const char *const output_keys[] = {"output_audio_tokens", "output_image_tokens", "output_video_tokens"};

		tally->input_of[m] = Larger(tally->input_of[m], ReadCount(reader, usage, input_keys[m]));
		tally->cached_of[m] = Larger(tally->cached_of[m], ReadCount(reader, usage, cached_keys[m]));
		tally->output_of[m] = Larger(tally->output_of[m], ReadCount(reader, usage, output_keys[m]));
	}
	tally->web_searches = ReadSearches(reader, body);
	SettleAnswer(reader, &answer, tally);
}
