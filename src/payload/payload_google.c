/*
 * payload_google.c
 *	  Usage of the Gemini API and of Vertex AI: usageMetadata, spelled in camel
 *	  case by the API and in snake case by the Python SDK, and the usage of the
 *	  Interactions API.
 *
 * Invariant: cached content is part of the prompt; thoughts come on top of the
 * candidates and tool results on top of the prompt.  Details by modality may be
 * incomplete: what they leave out is text.
 */
#include "payload/payload_reader.h"

#include <inttypes.h>
#include <string.h>

/*
 * Add the tokens of each modality in details; return the tokens of all, text
 * included.
 */
static int64_t
AddDetails(PayloadReader *reader, Node *details, int64_t *of)
{
	int64_t		sum = 0;

	for (Node *detail = Child(reader, details); detail != NULL; detail = detail->next)
	{
		Modality	modality = ModalityByName(StringOf(reader, detail, KEY_modality));
		int64_t		count = CountAny(reader, detail, KEY_tokenCount, KEY_token_count, KEY_tokens, KEY_NONE);

		AddCount(reader, &sum, count);
		if (modality != MODALITY_TEXT)
			AddCount(reader, &of[modality], count);
	}
	return sum;
}

/* Does an earlier element of the lists say the same?  Lists are short. */
typedef struct Queries
{
	Node	   *seen[64];
	int			unique;
	bool		maps;			/* a place of Google Maps was used */
} Queries;

static void
AddQueries(PayloadReader *reader, Node *list, Queries *queries)
{
	for (Node *query = Child(reader, list); query != NULL; query = query->next)
	{
		bool		known = !IsKind(query, JSON_STRING) || query->value.length == 0;

		for (int i = 0; i < queries->unique && !known; i++)
			known = StringsEqual(queries->seen[i], query);
		if (known)
			continue;
		if (queries->unique == 64)
		{
			Problem(reader, PAYLOAD_BAD_COUNT, "More than 64 searches in one answer.");
			return;
		}
		queries->seen[queries->unique++] = query;
	}
}

/* The searches that a candidate is grounded on, for pages and for images: these are not the same search for that their words are. */
static void
AddGroundingOf(PayloadReader *reader, Node *candidate, Queries *queries, Queries *of_images)
{
	Node	   *grounding = FirstOf(reader, candidate, KEY_groundingMetadata, KEY_grounding_metadata, KEY_NONE);
	Node	   *chunks = FirstOf(reader, grounding, KEY_groundingChunks, KEY_grounding_chunks, KEY_NONE);

	AddQueries(reader, FirstOf(reader, grounding, KEY_webSearchQueries, KEY_web_search_queries, KEY_NONE), queries);
	AddQueries(reader, FirstOf(reader, grounding, KEY_imageSearchQueries, KEY_image_search_queries, KEY_NONE), of_images);
	queries->maps = queries->maps || HasAny(reader, grounding, KEY_googleMapsWidgetContextToken, KEY_google_maps_widget_context_token, KEY_NONE);
	for (Node *chunk = Child(reader, chunks); chunk != NULL; chunk = chunk->next)
		queries->maps = queries->maps || HasAny(reader, chunk, KEY_maps, KEY_NONE);
}

static void
AddGrounding(PayloadReader *reader, Node *candidates, Queries *queries, Queries *of_images)
{
	for (Node *candidate = Child(reader, candidates); candidate != NULL; candidate = candidate->next)
		AddGroundingOf(reader, candidate, queries, of_images);
}

/* Gemini 2 and older charge a grounded prompt once, later ones each search. */
static bool
IsChargedByPrompt(const Node *model)
{
	return StringHas(model, "gemini-2") || StringHas(model, "gemini-1");
}

static int64_t
SearchesOf(PayloadReader *reader, const Queries *queries)
{
	return queries->unique > 1 && IsChargedByPrompt(FindModel(reader)) ? 1 : queries->unique;
}

static void
TallyQueries(PayloadReader *reader, const Queries *queries, Tally *tally)
{
	tally->units[METER_WEB_SEARCHES] = SearchesOf(reader, queries);
	tally->units[METER_MAP_SEARCHES] = queries->maps;
}

void
ReadGroundingOfStep(PayloadReader *reader, Node *step, int64_t *searches, int64_t *maps)
{
	Node	   *kept = Member(reader, step, KEY_providerMetadata);
	Queries		queries = {.unique = 0};
	Queries		of_images = {.unique = 0};

	AddGroundingOf(reader, FirstOf(reader, kept, KEY_google, KEY_vertex, KEY_NONE), &queries, &of_images);
	queries.unique += of_images.unique;
	*searches += SearchesOf(reader, &queries);
	*maps += queries.maps;
}

/* Grounding may stand in any chunk of a stream. */
static void
ReadGrounding(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Queries		queries = {.unique = 0};
	Queries		of_images = {.unique = 0};

	AddGrounding(reader, Member(reader, body->container, KEY_candidates), &queries, &of_images);
	for (Node *chunk = Child(reader, body->chunks); chunk != NULL; chunk = chunk->next)
	{
		AddGrounding(reader, Member(reader, chunk, KEY_candidates), &queries, &of_images);
		AddGrounding(reader, Member(reader, Member(reader, chunk, KEY_response), KEY_candidates), &queries, &of_images);
	}
	queries.unique += of_images.unique;
	TallyQueries(reader, &queries, tally);
}

bool
IsGemini(PayloadReader *reader, const PayloadBody *body)
{
	return HasAny(reader, body->usage, KEY_promptTokenCount, KEY_candidatesTokenCount, KEY_totalTokenCount,
				  KEY_candidates_token_count, KEY_total_token_count, KEY_NONE) ||
		(HasAny(reader, body->usage, KEY_prompt_token_count, KEY_NONE) &&
		 !HasAny(reader, body->usage, KEY_generation_token_count, KEY_generation, KEY_NONE));
}

void
ReadGemini(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Node	   *usage = body->usage;
	int64_t		prompt = CountAny(reader, usage, KEY_promptTokenCount, KEY_prompt_token_count, KEY_NONE);
	int64_t		tool = CountAny(reader, usage, KEY_toolUsePromptTokenCount, KEY_tool_use_prompt_token_count, KEY_NONE);
	int64_t		answer = CountAny(reader, usage, KEY_candidatesTokenCount, KEY_responseTokenCount,
								  KEY_candidates_token_count, KEY_response_token_count, KEY_NONE);
	int64_t		thoughts = CountAny(reader, usage, KEY_thoughtsTokenCount, KEY_thoughts_token_count, KEY_NONE);
	int64_t		total = CountAny(reader, usage, KEY_totalTokenCount, KEY_total_token_count, KEY_NONE);
	bool		has_total = HasAny(reader, usage, KEY_totalTokenCount, KEY_total_token_count, KEY_NONE);
	int64_t		prompt_detailed;
	int64_t		answer_detailed;

	tally->input = prompt + tool;
	tally->output = answer + thoughts;
	tally->reasoning = thoughts;

	/* Proxies may put the thoughts into the candidates: then the total says so. */
	if (has_total && thoughts > 0 && total == prompt + tool + answer)
		tally->output = answer;

	tally->cache_read = CountAny(reader, usage, KEY_cachedContentTokenCount, KEY_cached_content_token_count, KEY_NONE);
	if (tally->cache_read > prompt)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"%" PRId64 " cached tokens are more than the %" PRId64 " of the prompt.",
				tally->cache_read, prompt);
	prompt_detailed = AddDetails(reader, FirstOf(reader, usage, KEY_promptTokensDetails, KEY_promptTokenDetails,
												 KEY_prompt_tokens_details, KEY_NONE), tally->input_of);
	answer_detailed = AddDetails(reader, FirstOf(reader, usage, KEY_candidatesTokensDetails, KEY_responseTokensDetails,
												 KEY_candidates_tokens_details, KEY_response_tokens_details, KEY_NONE),
								 tally->output_of);
	(void) AddDetails(reader, FirstOf(reader, usage, KEY_toolUsePromptTokensDetails,
									  KEY_tool_use_prompt_tokens_details, KEY_NONE), tally->input_of);
	(void) AddDetails(reader, FirstOf(reader, usage, KEY_cacheTokensDetails, KEY_cache_tokens_details, KEY_NONE),
					  tally->cached_of);

	/* A total that is too small yields to counts that their details bear out. */
	if (has_total && total != tally->input + tally->output &&
		!(total < tally->input + tally->output && prompt_detailed == prompt && answer_detailed == answer))
		Problem(reader, PAYLOAD_UNRECONCILED,
				"prompt %" PRId64 " + tool results %" PRId64 " + candidates %" PRId64 " + thoughts %" PRId64 " = %" PRId64 ", but the stated total is %" PRId64 ".",
				prompt, tool, answer, thoughts, tally->input + tally->output, total);
	ReadGrounding(reader, body, tally);
}

bool
IsInteraction(PayloadReader *reader, const PayloadBody *body)
{
	return HasAny(reader, body->usage, KEY_total_input_tokens, KEY_NONE) &&
		HasAny(reader, body->usage, KEY_total_output_tokens, KEY_total_thought_tokens, KEY_NONE);
}

/* Searches among the steps of an interaction, or of the events of its stream. */
static void
AddStepQueries(PayloadReader *reader, Node *step, Queries *queries)
{
	Node	   *type = StringOf(reader, step, KEY_type);

	if (StringIs(type, "google_search_call"))
	{
		AddQueries(reader, Member(reader, step, KEY_queries), queries);
		AddQueries(reader, Member(reader, Member(reader, step, KEY_arguments), KEY_queries), queries);
	}
	queries->maps = queries->maps || StringIs(type, "google_maps_call");
}

void
ReadInteraction(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Node	   *usage = body->usage;
	Node	   *total = Member(reader, usage, KEY_total_tokens);
	int64_t		prompt = Count(reader, usage, KEY_total_input_tokens);
	int64_t		tool = Count(reader, usage, KEY_total_tool_use_tokens);
	int64_t		answer = Count(reader, usage, KEY_total_output_tokens);
	int64_t		thoughts = CountAny(reader, usage, KEY_total_thought_tokens, KEY_total_reasoning_tokens, KEY_NONE);
	Queries		queries = {.unique = 0};
	Node	   *steps = FirstOf(reader, body->container, KEY_steps, KEY_outputs, KEY_NONE);

	tally->cache_read = Count(reader, usage, KEY_total_cached_tokens);
	tally->input = prompt + tool;
	tally->output = answer + thoughts;
	tally->reasoning = thoughts;
	(void) AddDetails(reader, Member(reader, usage, KEY_input_tokens_by_modality), tally->input_of);
	(void) AddDetails(reader, Member(reader, usage, KEY_tool_use_tokens_by_modality), tally->input_of);
	(void) AddDetails(reader, Member(reader, usage, KEY_cached_tokens_by_modality), tally->cached_of);
	(void) AddDetails(reader, Member(reader, usage, KEY_output_tokens_by_modality), tally->output_of);
	if (total != NULL && CountOf(reader, total) != tally->input + tally->output)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"input %" PRId64 " + tool results %" PRId64 " + output %" PRId64 " + thoughts %" PRId64 " = %" PRId64 ", but the stated total is %" PRId64 ".",
				prompt, tool, answer, thoughts, tally->input + tally->output, CountOf(reader, total));

	for (Node *step = Child(reader, steps); step != NULL; step = step->next)
		AddStepQueries(reader, step, &queries);
	for (Node *chunk = Child(reader, body->chunks); chunk != NULL; chunk = chunk->next)
	{
		AddStepQueries(reader, Member(reader, chunk, KEY_step), &queries);
		AddStepQueries(reader, Member(reader, chunk, KEY_content), &queries);
		AddStepQueries(reader, Member(reader, chunk, KEY_delta), &queries);
	}
	TallyQueries(reader, &queries, tally);
}
