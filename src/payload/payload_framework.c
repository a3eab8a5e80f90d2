/*
 * payload_framework.c
 *	  Usage as frameworks, agents and instrumentations spell it: the Vercel AI SDK,
 *	  Spring AI, coding agents, disjoint buckets (Langfuse, and type usage's own
 *	  text), OpenTelemetry and OpenInference.
 *
 * Invariant: a shape is told by all of its names, not by a familiar one.  Whether
 * input contains the cached tokens is what the tool's names or its total say;
 * where neither does, the usage is refused.
 */
#include "payload/payload_reader.h"

#include <inttypes.h>
#include <string.h>

bool
IsAiSdk(PayloadReader *reader, const PayloadBody *body)
{
	Node	   *usage = body->usage;

	return HasAny(reader, usage, KEY_inputTokens, KEY_outputTokens, KEY_NONE) &&
		(HasAny(reader, usage, KEY_cachedInputTokens, KEY_inputTokenDetails, KEY_outputTokenDetails, KEY_NONE) ||
		 IsKind(Member(reader, usage, KEY_inputTokens), JSON_OBJECT) ||
		 (HasAny(reader, usage, KEY_reasoningTokens, KEY_NONE) &&
		  !HasAny(reader, usage, KEY_cacheReadTokens, KEY_cacheWriteTokens, KEY_NONE)));
}

/* The AI SDK makes every provider's counts inclusive. */
void
ReadAiSdk(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Node	   *usage = body->usage;
	Node	   *input = Member(reader, usage, KEY_inputTokens);
	Node	   *output = Member(reader, usage, KEY_outputTokens);
	Node	   *input_parts = IsKind(input, JSON_OBJECT) ? input : Member(reader, usage, KEY_inputTokenDetails);
	Node	   *output_parts = IsKind(output, JSON_OBJECT) ? output : Member(reader, usage, KEY_outputTokenDetails);
	int64_t		total = Count(reader, usage, KEY_totalTokens);

	tally->input = IsKind(input, JSON_OBJECT) ? Count(reader, input, KEY_total) : CountOf(reader, input);
	tally->output = IsKind(output, JSON_OBJECT) ? Count(reader, output, KEY_total) : CountOf(reader, output);
	tally->cache_read = Agreed(reader, Count(reader, usage, KEY_cachedInputTokens),
							   CountAny(reader, input_parts, KEY_cacheRead, KEY_cacheReadTokens, KEY_NONE), "cached tokens");
	tally->cache_write = CountAny(reader, input_parts, KEY_cacheWrite, KEY_cacheWriteTokens, KEY_NONE);
	tally->reasoning = Agreed(reader, Count(reader, usage, KEY_reasoningTokens),
							  CountAny(reader, output_parts, KEY_reasoning, KEY_reasoningTokens, KEY_NONE), "reasoning tokens");
	Taken(reader, input_parts);
	Taken(reader, output_parts);
	if (!HasAny(reader, usage, KEY_totalTokens, KEY_NONE) || total == tally->input + tally->output)
		return;

	/* It passes on what Gemini and xAI leave out of the answer. */
	if (total == tally->input + tally->output + tally->reasoning)
		tally->output += tally->reasoning;
	else
		Problem(reader, PAYLOAD_UNRECONCILED,
				"input %" PRId64 " + output %" PRId64 " = %" PRId64 ", but the stated total is %" PRId64 ".",
				tally->input, tally->output, tally->input + tally->output, total);
}

/* Spring AI, LangChain.js, and the AI SDK before 5: no parts, but perhaps the provider's own usage. */
bool
IsPromptTokens(PayloadReader *reader, const PayloadBody *body)
{
	return HasAny(reader, body->usage, KEY_promptTokens, KEY_NONE) &&
		HasAny(reader, body->usage, KEY_completionTokens, KEY_generationTokens, KEY_totalTokens, KEY_NONE);
}

void
ReadPromptTokens(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Node	   *usage = body->usage;
	PayloadBody native = {body->container, Member(reader, usage, KEY_nativeUsage), NULL};
	int64_t		total = Count(reader, usage, KEY_totalTokens);

	tally->input = Count(reader, usage, KEY_promptTokens);
	tally->output = CountAny(reader, usage, KEY_completionTokens, KEY_generationTokens, KEY_NONE);
	if (IsKind(native.usage, JSON_OBJECT) && IsUsage(reader, &native))
	{
		memset(tally, 0, sizeof(*tally));
		ReadShape(reader, &native, tally);
		return;
	}
	if (HasAny(reader, usage, KEY_totalTokens, KEY_NONE) && total != tally->input + tally->output)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"input %" PRId64 " + output %" PRId64 " = %" PRId64 ", but the stated total is %" PRId64 ".",
				tally->input, tally->output, tally->input + tally->output, total);
}

/* Messages of pi, opencode, the Gemini CLI and the Copilot CLI. */
bool
IsAgent(PayloadReader *reader, const PayloadBody *body)
{
	Node	   *usage = body->usage;
	bool		counted = IsKind(FirstOf(reader, usage, KEY_input, KEY_inputTokens, KEY_NONE), JSON_NUMBER) &&
		IsKind(FirstOf(reader, usage, KEY_output, KEY_outputTokens, KEY_NONE), JSON_NUMBER);

	return counted &&
		(HasAny(reader, usage, KEY_cacheRead, KEY_cacheWrite, KEY_cacheReadTokens, KEY_cacheWriteTokens,
				KEY_cached, KEY_thoughts, KEY_NONE) ||
		 IsKind(Member(reader, usage, KEY_cache), JSON_OBJECT));
}

/* The Gemini CLI counts as its API: cached within the input, thoughts and tools beside. */
static void
ReadGeminiCli(PayloadReader *reader, Node *usage, Tally *tally)
{
	int64_t		total = Count(reader, usage, KEY_total);

	tally->input = Count(reader, usage, KEY_input) + Count(reader, usage, KEY_tool);
	tally->cache_read = Count(reader, usage, KEY_cached);
	tally->reasoning = Count(reader, usage, KEY_thoughts);
	tally->output = Count(reader, usage, KEY_output) + tally->reasoning;
	if (HasAny(reader, usage, KEY_total, KEY_NONE) && total != tally->input + tally->output)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"input %" PRId64 " + output %" PRId64 " = %" PRId64 ", but the stated total is %" PRId64 ".",
				tally->input, tally->output, tally->input + tally->output, total);
}

void
ReadAgent(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Node	   *usage = body->usage;
	Node	   *cache = Member(reader, usage, KEY_cache);
	Node	   *total = FirstOf(reader, usage, KEY_total, KEY_totalTokens, KEY_NONE);
	int64_t		input = CountAny(reader, usage, KEY_input, KEY_inputTokens, KEY_NONE);
	int64_t		output = CountAny(reader, usage, KEY_output, KEY_outputTokens, KEY_NONE);
	int64_t		reasoning = CountAny(reader, usage, KEY_reasoning, KEY_reasoningTokens, KEY_NONE);

	if (HasAny(reader, usage, KEY_cached, KEY_thoughts, KEY_NONE))
	{
		ReadGeminiCli(reader, usage, tally);
		return;
	}
	tally->reasoning = reasoning;
	if (IsKind(cache, JSON_OBJECT))
	{
		/* opencode: all disjoint; its total, where it has one, may leave the reasoning to the output. */
		int64_t		all;

		tally->disjoint_input = true;
		tally->input = input;
		AddPart(reader, &tally->cache_read, Count(reader, cache, KEY_read), &tally->input);
		AddPart(reader, &tally->cache_write, Count(reader, cache, KEY_write), &tally->input);
		tally->output = output + reasoning;
		all = tally->input + tally->output;
		if (total != NULL && CountOf(reader, total) == all - reasoning)
			tally->output = output;
		else if (total != NULL && CountOf(reader, total) != all)
			Problem(reader, PAYLOAD_UNRECONCILED, "The counts sum to %" PRId64 ", but the stated total is %" PRId64 ".",
					all, CountOf(reader, total));
		return;
	}
	/* The Copilot CLI's, in milliseconds. */
	if (HasAny(reader, usage, KEY_cacheReadTokens, KEY_cacheWriteTokens, KEY_NONE))
		Taken(reader, Member(reader, usage, KEY_duration));
	tally->output = output;
	SettlePrompt(reader, tally, input, CountAny(reader, usage, KEY_cacheRead, KEY_cacheReadTokens, KEY_NONE),
				 CountAny(reader, usage, KEY_cacheWrite, KEY_cacheWriteTokens, KEY_NONE),
				 output, total == NULL ? -1 : CountOf(reader, total));
}

bool
IsBuckets(PayloadReader *reader, const PayloadBody *body)
{
	return IsKind(Member(reader, body->usage, KEY_input), JSON_NUMBER) ||
		IsKind(Member(reader, body->usage, KEY_output), JSON_NUMBER);
}

/* Langfuse counts in other units than tokens, too: then the whole is that unit. */
static bool
ReadUnit(PayloadReader *reader, Node *usage, Tally *tally)
{
	static const struct
	{
		const char *unit;
		Meter		meter;
	}			units[] = {{"CHARACTERS", METER_CHARACTERS}, {"SECONDS", METER_SECONDS},
	{"IMAGES", METER_IMAGES}, {"REQUESTS", METER_REQUESTS}};
	Node	   *unit = StringOf(reader, usage, KEY_unit);
	int64_t		input = Count(reader, usage, KEY_input);
	int64_t		output = Count(reader, usage, KEY_output);

	if (unit == NULL || StringIs(unit, "TOKENS"))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
	{
		if (!StringIs(unit, units[i].unit) || (input > 0 && output > 0))
			continue;
		tally->units[units[i].meter] = Agreed(reader, input + output, Count(reader, usage, KEY_total), "the whole");
		tally->requests_stated = units[i].meter == METER_REQUESTS;
		return true;
	}
	Problem(reader, PAYLOAD_UNKNOWN_NAME, "The usage is counted in \"%.*s\", and how that is charged is not known.", STRING_ARGS(unit));
	return true;
}

/* Buckets that contain nothing of each other, as Langfuse stores them. */
void
ReadBuckets(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Node	   *usage = body->usage;
	Node	   *total = Member(reader, usage, KEY_total);
	int64_t		audio = CountAny(reader, usage, KEY_input_audio, KEY_input_audio_tokens, KEY_NONE);
	int64_t		cached_audio = CountAny(reader, usage, KEY_cache_read_audio, KEY_input_cached_audio_tokens, KEY_NONE);
	int64_t		image = CountAny(reader, usage, KEY_input_image, KEY_input_image_tokens, KEY_NONE);
	int64_t		cached_image = Count(reader, usage, KEY_cache_read_image);
	int64_t		written = CountAny(reader, usage, KEY_cache_write, KEY_input_cache_creation,
								   KEY_cache_creation_input_tokens, KEY_input_cache_creation_5m, KEY_NONE);

	tally->disjoint_input = true;
	tally->disjoint_output = true;
	if (ReadUnit(reader, usage, tally))
		return;
	tally->input_of[MODALITY_VIDEO] = Count(reader, usage, KEY_input_video);
	tally->input_of[MODALITY_AUDIO] = audio + cached_audio;
	tally->input_of[MODALITY_IMAGE] = image + cached_image;
	tally->cached_of[MODALITY_AUDIO] = cached_audio;
	tally->cached_of[MODALITY_IMAGE] = cached_image;
	tally->cache_read = cached_audio + cached_image +
		CountAny(reader, usage, KEY_cache_read, KEY_input_cached_tokens, KEY_input_cache_read,
				 KEY_cache_read_input_tokens, KEY_NONE);
	tally->cache_write_1h = CountAny(reader, usage, KEY_cache_write_1h, KEY_input_cache_creation_1h, KEY_NONE);
	tally->cache_write = written + tally->cache_write_1h;
	tally->input = Count(reader, usage, KEY_input) + audio + image + tally->input_of[MODALITY_VIDEO] +
		tally->cache_read + tally->cache_write;

	tally->output_of[MODALITY_AUDIO] = CountAny(reader, usage, KEY_output_audio, KEY_output_audio_tokens, KEY_NONE);
	tally->output_of[MODALITY_IMAGE] = CountAny(reader, usage, KEY_output_image, KEY_output_image_tokens, KEY_NONE);
	tally->output_of[MODALITY_VIDEO] = Count(reader, usage, KEY_output_video);
	tally->reasoning = CountAny(reader, usage, KEY_reasoning, KEY_output_reasoning, KEY_output_reasoning_tokens, KEY_NONE);
	tally->citation = Count(reader, usage, KEY_citation);
	tally->output = Count(reader, usage, KEY_output) + tally->reasoning + tally->citation;
	for (Modality m = 0; m < MODALITY_COUNT; m++)
		tally->output += tally->output_of[m];
	if (total != NULL && CountOf(reader, total) != tally->input + tally->output)
		Problem(reader, PAYLOAD_UNRECONCILED, "The counts sum to %" PRId64 ", but the stated total is %" PRId64 ".",
				tally->input + tally->output, CountOf(reader, total));

	tally->units[METER_WEB_SEARCHES] = CountAny(reader, usage, KEY_web_searches, KEY_grounding_queries, KEY_NONE);

	/* What type usage itself writes: each meter that is not tokens under its own name. */
	for (Node *child = Child(reader, usage); child != NULL; child = child->next)
	{
		Meter		meter = child->read || child->value.kind != JSON_NUMBER ? METER_COUNT :
			MeterByName(child->name, child->name_length);

		if (meter == METER_COUNT || MeterSideOf(meter) != SIDE_OTHER)
			continue;
		tally->units[meter] = CountOf(reader, child);
		tally->requests_stated = tally->requests_stated || meter == METER_REQUESTS;
	}
}

/* Attributes of a span by OpenTelemetry's conventions for GenAI, of any generation. */
bool
IsOtel(PayloadReader *reader, const PayloadBody *body)
{
	return HasAny(reader, body->usage, KEY_gen_ai_usage_input_tokens, KEY_gen_ai_usage_output_tokens,
				  KEY_gen_ai_usage_prompt_tokens, KEY_gen_ai_usage_completion_tokens,
				  KEY_ai_usage_inputTokens, KEY_ai_usage_promptTokens, KEY_ai_usage_tokens, KEY_NONE);
}

/* Of the attributes, only those whose names start so are a usage. */
static void
TakeOtherAttributes(PayloadReader *reader, Node *attributes)
{
	static const char *const starts[] = {"gen_ai.usage.", "llm.usage.", "llm.token_count.", "ai.usage."};

	for (Node *child = Child(reader, attributes); child != NULL; child = child->next)
	{
		JsonValue	name = {JSON_STRING, child->name_length, child->name};
		bool		usage = false;

		for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
			usage = usage || StringStarts(&(Node) {.value = name}, starts[i]);

		/* Pydantic AI's details are the provider's own counts, of which the rest was made. */
		if (!usage || StringHas(&(Node) {.value = name}, "cost") || StringStarts(&(Node) {.value = name}, "gen_ai.usage.details."))
			Taken(reader, child);
	}
}

/* By the conventions the input contains the cached tokens; a total that says otherwise wins. */
static void
SettleByTotal(PayloadReader *reader, Node *total, Tally *tally)
{
	int64_t		parts = tally->cache_read + tally->cache_write;

	if (total == NULL || parts == 0 || CountOf(reader, total) != tally->input + parts + tally->output)
		return;
	tally->disjoint_input = true;
	AddCount(reader, &tally->input, parts);
}

static void
CheckTotal(PayloadReader *reader, Node *total, const Tally *tally)
{
	if (total != NULL && CountOf(reader, total) != tally->input + tally->output)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"input %" PRId64 " + output %" PRId64 " = %" PRId64 ", but the stated total is %" PRId64 ".",
				tally->input, tally->output, tally->input + tally->output, CountOf(reader, total));
}

void
ReadOtel(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Node	   *usage = body->usage;

	tally->input = CountAny(reader, usage, KEY_gen_ai_usage_input_tokens, KEY_gen_ai_usage_prompt_tokens,
							KEY_ai_usage_inputTokens, KEY_ai_usage_promptTokens, KEY_ai_usage_tokens, KEY_NONE);
	tally->output = CountAny(reader, usage, KEY_gen_ai_usage_output_tokens, KEY_gen_ai_usage_completion_tokens,
							 KEY_ai_usage_outputTokens, KEY_ai_usage_completionTokens, KEY_NONE);
	tally->cache_read = CountAny(reader, usage, KEY_gen_ai_usage_cache_read_dot_input_tokens,
								 KEY_gen_ai_usage_cache_read_input_tokens, KEY_gen_ai_usage_input_cached_tokens,
								 KEY_gen_ai_usage_cached_tokens, KEY_ai_usage_cachedInputTokens,
								 KEY_ai_usage_inputTokenDetails_cacheReadTokens,
								 KEY_gen_ai_usage_details_cache_read_tokens, KEY_gen_ai_usage_details_cached_tokens,
								 KEY_gen_ai_usage_details_cache_read_input_tokens,
								 KEY_gen_ai_usage_details_cached_content_tokens, KEY_NONE);
	tally->cache_write = CountAny(reader, usage, KEY_gen_ai_usage_cache_creation_dot_input_tokens,
								  KEY_gen_ai_usage_cache_creation_input_tokens,
								  KEY_ai_usage_inputTokenDetails_cacheWriteTokens,
								  KEY_gen_ai_usage_details_cache_write_tokens,
								  KEY_gen_ai_usage_details_cache_creation_input_tokens, KEY_NONE);
	tally->reasoning = CountAny(reader, usage, KEY_gen_ai_usage_reasoning_dot_output_tokens,
								KEY_gen_ai_usage_reasoning_tokens, KEY_ai_usage_reasoningTokens,
								KEY_ai_usage_outputTokenDetails_reasoningTokens,
								KEY_gen_ai_usage_details_reasoning_tokens, KEY_gen_ai_usage_details_thoughts_tokens, KEY_NONE);
	Taken(reader, Member(reader, usage, KEY_ai_usage_inputTokenDetails_noCacheTokens));
	Taken(reader, Member(reader, usage, KEY_ai_usage_outputTokenDetails_textTokens));
	tally->input_of[MODALITY_AUDIO] = Count(reader, usage, KEY_gen_ai_usage_audio_dot_input_tokens);
	tally->input_of[MODALITY_IMAGE] = Count(reader, usage, KEY_gen_ai_usage_image_dot_input_tokens);
	tally->input_of[MODALITY_VIDEO] = Count(reader, usage, KEY_gen_ai_usage_video_dot_input_tokens);
	tally->output_of[MODALITY_AUDIO] = Count(reader, usage, KEY_gen_ai_usage_audio_dot_output_tokens);
	tally->output_of[MODALITY_IMAGE] = Count(reader, usage, KEY_gen_ai_usage_image_dot_output_tokens);
	tally->units[METER_WEB_SEARCHES] = Count(reader, usage, KEY_gen_ai_usage_details_web_search_requests);
	if (StringIs(StringOf(reader, usage, KEY_gen_ai_operation_name), "image_generation") && tally->output_of[MODALITY_IMAGE] == 0)
		tally->output_of[MODALITY_IMAGE] = tally->output;
	SettleByTotal(reader, FirstOf(reader, usage, KEY_gen_ai_usage_total_tokens, KEY_llm_usage_total_tokens, KEY_NONE), tally);
	CheckTotal(reader, FirstOf(reader, usage, KEY_gen_ai_usage_total_tokens, KEY_llm_usage_total_tokens, KEY_NONE), tally);
	CheckTotal(reader, Member(reader, usage, KEY_ai_usage_totalTokens), tally);
	TakeOtherAttributes(reader, usage);
}

/* OpenInference (Phoenix), flat or nested. */
bool
IsOpenInference(PayloadReader *reader, const PayloadBody *body)
{
	return HasAny(reader, body->usage, KEY_llm_token_count_prompt, KEY_llm_token_count_completion, KEY_NONE) ||
		(IsKind(Member(reader, body->usage, KEY_prompt), JSON_NUMBER) &&
		 IsKind(Member(reader, body->usage, KEY_completion), JSON_NUMBER));
}

void
ReadOpenInference(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Node	   *usage = body->usage;
	Node	   *prompt = Member(reader, usage, KEY_prompt_details);
	Node	   *completion = Member(reader, usage, KEY_completion_details);

	tally->input = CountAny(reader, usage, KEY_llm_token_count_prompt, KEY_prompt, KEY_NONE);
	tally->output = CountAny(reader, usage, KEY_llm_token_count_completion, KEY_completion, KEY_NONE);
	tally->cache_read = Agreed(reader,
							   CountAny(reader, usage, KEY_llm_token_count_prompt_details_cache_read,
										KEY_llm_token_count_prompt_details_cache_input, KEY_NONE),
							   CountAny(reader, prompt, KEY_cache_read, KEY_cache_input, KEY_NONE), "cached tokens");
	tally->cache_write = Agreed(reader, Count(reader, usage, KEY_llm_token_count_prompt_details_cache_write),
								Count(reader, prompt, KEY_cache_write), "tokens written to the cache");
	tally->input_of[MODALITY_AUDIO] = Agreed(reader, Count(reader, usage, KEY_llm_token_count_prompt_details_audio),
											 Count(reader, prompt, KEY_audio), "audio tokens");
	tally->output_of[MODALITY_AUDIO] = Agreed(reader, Count(reader, usage, KEY_llm_token_count_completion_details_audio),
											  Count(reader, completion, KEY_audio), "audio tokens");
	tally->reasoning = Agreed(reader, Count(reader, usage, KEY_llm_token_count_completion_details_reasoning),
							  Count(reader, completion, KEY_reasoning), "reasoning tokens");
	CheckTotal(reader, FirstOf(reader, usage, KEY_llm_token_count_total, KEY_total, KEY_NONE), tally);
	if (HasAny(reader, usage, KEY_llm_token_count_prompt, KEY_llm_token_count_completion, KEY_NONE))
		TakeOtherAttributes(reader, usage);
}
