/*
 * payload_openai.c
 *	  Usage in the two shapes of OpenAI, which most other APIs send too.
 *
 * chat: prompt_tokens, completion_tokens.  OpenAI, Azure, Mistral, Groq,
 * DeepSeek, xAI, OpenRouter, Perplexity, the compatible endpoints of Google and
 * Anthropic, embeddings (no completion), and LiteLLM's unified form.
 *
 * responses: input_tokens, output_tokens.  The responses, realtime, images and
 * transcription APIs, LangChain's usage_metadata, Pydantic AI's usage, Codex and
 * Datadog.  (An Anthropic usage without any cache or tool field has the same
 * counts.)
 *
 * Invariant: cached and written tokens are part of the prompt.  Reasoning is part of
 * the completion, except for xAI chat, Perplexity's research, and the compatible
 * endpoint of Gemini, whose completion leaves the thoughts out while its
 * total contains them.  Details count under whichever of their names they come.
 */
#include "payload/payload_reader.h"

#include <inttypes.h>

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
ReadModalities(PayloadReader *reader, Node *details, int64_t *of)
{
	of[MODALITY_AUDIO] = Agreed(reader, of[MODALITY_AUDIO], CountAny(reader, details, KEY_audio_tokens, KEY_audio, KEY_NONE), "audio tokens");
	of[MODALITY_IMAGE] = Agreed(reader, of[MODALITY_IMAGE], CountAny(reader, details, KEY_image_tokens, KEY_image, KEY_NONE), "image tokens");
	of[MODALITY_VIDEO] = Agreed(reader, of[MODALITY_VIDEO], CountAny(reader, details, KEY_video_tokens, KEY_video, KEY_NONE), "video tokens");
}

static void
MergeWrites(PayloadReader *reader, Tally *tally, int64_t written, int64_t written_5m, int64_t written_1h)
{
	if (written != 0 && written_5m + written_1h > written)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"%" PRId64 " tokens written to the cache by lifetime are more than the %" PRId64 " written.",
				written_5m + written_1h, written);
	tally->cache_write = Agreed(reader, tally->cache_write, written == 0 ? written_5m + written_1h : written, "tokens written to the cache");
	tally->cache_write_1h = Agreed(reader, tally->cache_write_1h, written_1h, "tokens written for one hour");
}

/* Writes to the cache, in whole and by time to live. */
static void
ReadDetailedWrites(PayloadReader *reader, Node *details, Tally *tally)
{
	Node	   *creation = Member(reader, details, KEY_cache_creation);
	Node	   *split = FirstOf(reader, details, KEY_cache_creation_token_details, KEY_NONE);
	int64_t		written = CountAny(reader, details, KEY_cache_write_tokens, KEY_cache_creation_tokens,
								   KEY_cache_creation_input_tokens, KEY_cached_write_tokens, KEY_cache_write, KEY_NONE);

	if (IsKind(creation, JSON_OBJECT))
		split = creation;
	else
		written = Agreed(reader, written, CountOf(reader, creation), "tokens written to the cache");
	if (split == NULL)
		split = details;
	MergeWrites(reader, tally, written, Count(reader, split, KEY_ephemeral_5m_input_tokens),
				Count(reader, split, KEY_ephemeral_1h_input_tokens));
}

/* The parts of the prompt that one object of details tells. */
static void
ReadPromptDetails(PayloadReader *reader, Node *details, Tally *tally)
{
	if (!IsKind(details, JSON_OBJECT))
		return;
	tally->cache_read = Agreed(reader, tally->cache_read,
							   CountAny(reader, details, KEY_cached_tokens, KEY_cache_read, KEY_cached_read_tokens, KEY_cache_read_tokens,
										KEY_cache_read_input_tokens, KEY_priority_cache_read, KEY_flex_cache_read, KEY_NONE),
							   "cached tokens");
	if (NothingLeft(reader, details))
		return;
	ReadModalities(reader, details, tally->input_of);
	ReadModalities(reader, Member(reader, details, KEY_cached_tokens_details), tally->cached_of);
	ReadDetailedWrites(reader, details, tally);
	tally->units[METER_WEB_SEARCHES] = Larger(tally->units[METER_WEB_SEARCHES], Count(reader, details, KEY_web_search_requests));
	tally->units[METER_MAP_SEARCHES] = Larger(tally->units[METER_MAP_SEARCHES], Count(reader, details, KEY_google_maps_grounding_requests));
}

/* Reasoning that one object of details tells; the other parts of the answer go to the tally. */
static int64_t
ReadAnswerDetails(PayloadReader *reader, Node *details, Tally *tally)
{
	if (!IsKind(details, JSON_OBJECT))
		return 0;
	ReadModalities(reader, details, tally->output_of);
	return CountAny(reader, details, KEY_reasoning_tokens, KEY_thinking_tokens, KEY_reasoning,
					KEY_priority_reasoning, KEY_flex_reasoning, KEY_NONE);
}

/* Details of both families: a tool that renames one set leaves the other. */
static void
ReadDetails(PayloadReader *reader, Node *usage, Answer *answer, Tally *tally)
{
	static const PayloadKey prompt[] = {KEY_prompt_tokens_details, KEY_prompt_token_details,
	KEY_input_tokens_details, KEY_input_token_details};
	static const PayloadKey completion[] = {KEY_completion_tokens_details, KEY_completion_token_details,
	KEY_output_tokens_details, KEY_output_token_details};

	for (int i = 0; i < 4; i++)
	{
		if (NothingLeft(reader, usage))
			return;
		ReadPromptDetails(reader, Member(reader, usage, prompt[i]), tally);
		answer->reasoning = Agreed(reader, answer->reasoning,
								   ReadAnswerDetails(reader, Member(reader, usage, completion[i]), tally), "reasoning tokens");
	}
	tally->cache_read = Agreed(reader, tally->cache_read,
							   CountAny(reader, usage, KEY_cached_tokens, KEY_prompt_cache_hit_tokens, KEY_cache_read_input_tokens,
										KEY_cached_prompt_text_tokens, KEY_cached_prompt_tokens, KEY_cached_input_tokens,
										KEY_cache_read_tokens, KEY_input_cached_tokens, KEY_NONE), "cached tokens");
	MergeWrites(reader, tally,
				CountAny(reader, usage, KEY_cache_creation_input_tokens, KEY_cache_write_tokens,
						 KEY_cache_write_input_tokens, KEY_NONE),
				0, Count(reader, usage, KEY_cache_write_1h_tokens));
	if (IsKind(Member(reader, usage, KEY_cache_creation), JSON_OBJECT))
		MergeWrites(reader, tally, 0, Count(reader, Member(reader, usage, KEY_cache_creation), KEY_ephemeral_5m_input_tokens),
					Count(reader, Member(reader, usage, KEY_cache_creation), KEY_ephemeral_1h_input_tokens));
	if (IsKind(Member(reader, usage, KEY_cache_creation_token_details), JSON_OBJECT))
		ReadDetailedWrites(reader, usage, tally);
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
NamesModel(PayloadReader *reader, const PayloadBody *body, const char *start)
{
	return StringStarts(StringOf(reader, body->container, KEY_model), start);
}

static PayloadFlavor
ChatFlavor(PayloadReader *reader, const PayloadBody *body)
{
	Node	   *model = StringOf(reader, body->container, KEY_model);

	if (reader->flavor != FLAVOR_DETECT)
		return reader->flavor;
	if (StringStarts(model, "sonar") ||
		HasAny(reader, body->usage, KEY_citation_tokens, KEY_num_search_queries, KEY_search_context_size, KEY_NONE))
		return FLAVOR_PERPLEXITY;
	if (StringStarts(model, "grok") ||
		HasAny(reader, body->usage, KEY_cost_in_usd_ticks, KEY_num_sources_used, KEY_cached_prompt_text_tokens, KEY_NONE))
		return FLAVOR_XAI;
	if (StringStarts(model, "gemini") || StringStarts(model, "models/gemini"))
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

/*
 * Perplexity's fee for a request depends on how much of the web its search read:
 * the price of requests is that of the smallest size, the meters of the larger
 * ones have what those cost more.  Research is billed by the search, at any size.
 */
static void
ReadSearchContext(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Node	   *size = StringOf(reader, body->usage, KEY_search_context_size);

	if (size == NULL || HasAny(reader, body->usage, KEY_num_search_queries, KEY_NONE) ||
		NamesModel(reader, body, "sonar-deep-research"))
		return;
	if (StringIs(size, "medium"))
		AddCount(reader, &tally->units[METER_MEDIUM_CONTEXT_SEARCHES], 1);
	else if (StringIs(size, "high"))
		AddCount(reader, &tally->units[METER_HIGH_CONTEXT_SEARCHES], 1);
	else if (!StringIs(size, "low"))
		Problem(reader, PAYLOAD_UNKNOWN_NAME, "\"search_context_size\" is neither low, medium nor high.");
}

/*
 * OpenRouter charges for tokens of Gemini's cache both to write and to read them,
 * and counts them twice within one prompt.
 */
static void
SettleReadAndWritten(PayloadReader *reader, Node *usage, Tally *tally)
{
	bool		openrouter = reader->flavor == FLAVOR_OPENROUTER ||
		HasAny(reader, usage, KEY_cost, KEY_cost_details, KEY_is_byok, KEY_NONE);

	if (openrouter && tally->cache_read == tally->cache_write && tally->cache_read <= tally->input &&
		tally->cache_read + tally->cache_write > tally->input)
		AddCount(reader, &tally->input, tally->cache_write);
}

/* Helicone does not say whether prompt_tokens contains the cached ones. */
static void
ReadHelicone(PayloadReader *reader, Node *usage, const Answer *answer, Tally *tally)
{
	int64_t		read = Count(reader, usage, KEY_prompt_cache_read_tokens);
	int64_t		written = Count(reader, usage, KEY_prompt_cache_write_tokens);

	tally->input_of[MODALITY_AUDIO] = Larger(tally->input_of[MODALITY_AUDIO], Count(reader, usage, KEY_prompt_audio_tokens));
	tally->output_of[MODALITY_AUDIO] = Larger(tally->output_of[MODALITY_AUDIO], Count(reader, usage, KEY_completion_audio_tokens));
	if (read + written > 0 && tally->cache_read + tally->cache_write == 0)
		SettlePrompt(reader, tally, answer->input, read, written, answer->output, answer->has_total ? answer->total : -1);
}

/* Gateways repeat the counts of this shape under the names of the other. */
static void
CheckCopies(PayloadReader *reader, Node *usage, const Answer *answer, const Tally *tally)
{
	int64_t		input = Count(reader, usage, KEY_input_tokens);
	int64_t		output = Count(reader, usage, KEY_output_tokens);

	if (input != 0 && input != answer->input && input + tally->cache_read + tally->cache_write != answer->input)
		Problem(reader, PAYLOAD_UNRECONCILED, "\"prompt_tokens\" is %" PRId64 ", but \"input_tokens\" is %" PRId64 ".",
				answer->input, input);
	if (output != 0 && output != answer->output)
		Problem(reader, PAYLOAD_UNRECONCILED, "\"completion_tokens\" is %" PRId64 ", but \"output_tokens\" is %" PRId64 ".",
				answer->output, output);
}

/* What only some of the APIs of this shape send. */
static void
ReadMoreOfChat(PayloadReader *reader, Node *usage, Answer *answer, Tally *tally)
{
	int64_t		connected = Count(reader, usage, KEY_connector_tokens);

	CheckCopies(reader, usage, answer, tally);
	answer->reasoning = Agreed(reader, answer->reasoning,
							   CountAny(reader, usage, KEY_reasoning_tokens, KEY_reasoning_output_tokens, KEY_NONE),
							   "reasoning tokens");
	tally->citation = Count(reader, usage, KEY_citation_tokens);

	/* Mistral counts what its connectors fetched in the total only, and charges it as prompt. */
	if (connected > 0 && answer->total == answer->input + answer->output + connected)
		answer->input += connected;

	if (HasAny(reader, usage, KEY_prompt_cache_miss_tokens, KEY_NONE) && HasAny(reader, usage, KEY_prompt_tokens, KEY_NONE) &&
		tally->cache_read + Count(reader, usage, KEY_prompt_cache_miss_tokens) != answer->input)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"cache hits %" PRId64 " + misses %" PRId64 " are not the %" PRId64 " tokens of the prompt.",
				tally->cache_read, Count(reader, usage, KEY_prompt_cache_miss_tokens), answer->input);

	/* Mistral bills audio by the second and counts its tokens in the total only. */
	tally->units[METER_SECONDS] = Count(reader, usage, KEY_prompt_audio_seconds);
	if (tally->units[METER_SECONDS] > 0 && answer->total > answer->input + answer->output)
		answer->has_total = false;
}

bool
IsChat(PayloadReader *reader, const PayloadBody *body)
{
	return HasAny(reader, body->usage, KEY_prompt_tokens, KEY_completion_tokens, KEY_NONE);
}

void
ReadChat(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Node	   *usage = body->usage;
	Answer		answer = {.flavor = ChatFlavor(reader, body)};
	bool		more;

	answer.input = Count(reader, usage, KEY_prompt_tokens);
	answer.output = Count(reader, usage, KEY_completion_tokens);
	answer.has_total = HasAny(reader, usage, KEY_total_tokens, KEY_NONE);
	answer.total = Count(reader, usage, KEY_total_tokens);

	/* Mistral's num_cached_tokens is not read: its price list discounts cached_tokens only. */
	ReadDetails(reader, usage, &answer, tally);
	more = !NothingLeft(reader, usage);
	if (more)
		ReadMoreOfChat(reader, usage, &answer, tally);
	if (more && HasAny(reader, usage, KEY_prompt_cache_read_tokens, KEY_prompt_cache_write_tokens,
			   KEY_prompt_audio_tokens, KEY_completion_audio_tokens, KEY_NONE))
	{
		ReadHelicone(reader, usage, &answer, tally);
		if (tally->cache_read + tally->cache_write > 0)
		{
			tally->output = answer.output;
			tally->reasoning = answer.reasoning;
			return;
		}
	}
	if (answer.flavor == FLAVOR_PERPLEXITY && !(NamesModel(reader, body, "sonar-reasoning") && tally->citation == 0))
		SettlePerplexity(reader, &answer, tally);
	else
		SettleAnswer(reader, &answer, tally);
	SettleReadAndWritten(reader, usage, tally);
	if (answer.flavor == FLAVOR_PERPLEXITY)
		ReadSearchContext(reader, body, tally);
}

/* An endpoint that counts tokens answers with input_tokens alone. */
bool
IsResponses(PayloadReader *reader, const PayloadBody *body)
{
	return HasAny(reader, body->usage, KEY_output_tokens, KEY_NONE) ||
		(body->container != NULL && HasAny(reader, body->usage, KEY_input_tokens, KEY_NONE));
}

/* DashScope repeats parts of the input beside its details. */
static void
TakeRepeatedParts(PayloadReader *reader, Node *usage, const Tally *tally)
{
	static const PayloadKey keys[MODALITY_COUNT] = {KEY_audio_tokens, KEY_image_tokens, KEY_video_tokens};

	for (Modality m = 0; m < MODALITY_COUNT; m++)
	{
		Node	   *part = Member(reader, usage, keys[m]);

		if (part != NULL && CountOf(reader, part) != tally->input_of[m])
			part->read = false;
	}
}

/* The answer is an image when the body holds one. */
static bool
HoldsImage(PayloadReader *reader, const PayloadBody *body)
{
	Node	   *type = StringOf(reader, body->container, KEY_type);
	Node	   *first = Child(reader, Member(reader, body->container, KEY_data));

	return (StringStarts(type, "image_") && StringEnds(type, ".completed")) ||
		HasAny(reader, first, KEY_b64_json, KEY_url, KEY_NONE);
}

void
ReadResponses(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Node	   *usage = body->usage;
	Answer		answer = {.flavor = reader->flavor};
	Node	   *details = Member(reader, usage, KEY_details);
	Node	   *uncached = Member(reader, usage, KEY_non_cached_input_tokens);

	/* The responses API of xAI counts reasoning as OpenAI does, unless a total says otherwise. */
	answer.has_total = HasAny(reader, usage, KEY_total_tokens, KEY_NONE);
	if (answer.flavor == FLAVOR_XAI && !answer.has_total)
		answer.flavor = FLAVOR_OPENAI;
	answer.input = Count(reader, usage, KEY_input_tokens);
	answer.output = Count(reader, usage, KEY_output_tokens);
	answer.reasoning = CountAny(reader, usage, KEY_reasoning_tokens, KEY_output_reasoning_tokens,
								KEY_reasoning_output_tokens, KEY_NONE);
	answer.total = Count(reader, usage, KEY_total_tokens);
	ReadDetails(reader, usage, &answer, tally);

	/* The same parts as Pydantic AI and genai-prices name them, beside the totals. */
	tally->citation = Count(reader, usage, KEY_output_citation_tokens);
	for (Modality m = 0; m < MODALITY_COUNT; m++)
	{
		static const PayloadKey input_keys[] = {KEY_input_audio_tokens, KEY_input_image_tokens, KEY_input_video_tokens};
		static const PayloadKey cached_keys[] = {KEY_cache_audio_read_tokens, KEY_cache_image_read_tokens, KEY_cache_video_read_tokens};
		static const PayloadKey output_keys[] = {KEY_output_audio_tokens, KEY_output_image_tokens, KEY_output_video_tokens};

		tally->input_of[m] = Agreed(reader, tally->input_of[m], Count(reader, usage, input_keys[m]), "a part of the input");
		tally->cached_of[m] = Agreed(reader, tally->cached_of[m], Count(reader, usage, cached_keys[m]), "a part of the cache");
		tally->output_of[m] = Agreed(reader, tally->output_of[m], Count(reader, usage, output_keys[m]), "a part of the output");
	}

	/* Pydantic AI keeps the provider's own counts beside those it made of them. */
	if (details != NULL)
	{
		answer.reasoning = Agreed(reader, answer.reasoning,
								  CountAny(reader, details, KEY_reasoning_tokens, KEY_thoughts_tokens, KEY_thinking_tokens, KEY_NONE),
								  "reasoning tokens");
		tally->units[METER_WEB_SEARCHES] = Larger(tally->units[METER_WEB_SEARCHES], Count(reader, details, KEY_web_search_requests));
		Taken(reader, details);
	}
	if (uncached != NULL && CountOf(reader, uncached) + tally->cache_read + tally->cache_write != answer.input)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"uncached %" PRId64 " + cache reads %" PRId64 " + cache writes %" PRId64 " are not the %" PRId64 " tokens of the input.",
				CountOf(reader, uncached), tally->cache_read, tally->cache_write, answer.input);
	SettleAnswer(reader, &answer, tally);
	TakeRepeatedParts(reader, usage, tally);
	if (HasAny(reader, usage, KEY_output_tokens_details, KEY_output_token_details, KEY_NONE))
		return;
	if (HoldsImage(reader, body))
		tally->output_of[MODALITY_IMAGE] = tally->output;
	else if (StringIs(StringOf(reader, body->container, KEY_type), "speech.audio.done"))
		tally->output_of[MODALITY_AUDIO] = tally->output;
}
