/*
 * payload_google.c
 *	  Usage of the Gemini API and of Vertex AI: usageMetadata, spelled in camel
 *	  case by the API and in snake case by the Python SDK.
 *
 * Invariant: cached content is part of the prompt; thoughts come on top of the
 * candidates and tool results on top of the prompt.  Details by modality may be
 * incomplete: what they leave out is text.
 */
#include "payload/payload_reader.h"

#include <inttypes.h>
#include <string.h>

static Modality
ModalityOf(const cJSON *detail)
{
	const char *name = StringOf(detail, "modality");

	if (name == NULL)
		return MODALITY_TEXT;
	if (strcmp(name, "AUDIO") == 0)
		return MODALITY_AUDIO;
	if (strcmp(name, "IMAGE") == 0 || strcmp(name, "DOCUMENT") == 0)
		return MODALITY_IMAGE;
	if (strcmp(name, "VIDEO") == 0)
		return MODALITY_VIDEO;
	return MODALITY_TEXT;
}

/*
 * Add the tokens of each modality in the first of these lists, ended by NULL,
 * that is there; return the tokens of all, text included.
 */
static int64_t
AddDetails(PayloadReader *reader, const cJSON *usage, const char *const *keys, int64_t *of)
{
	const cJSON *details = NULL;
	const cJSON *detail;
	int64_t		sum = 0;

	while (details == NULL && *keys != NULL)
		details = Member(usage, *keys++);
	if (!cJSON_IsArray(details))
		return 0;
	cJSON_ArrayForEach(detail, details)
	{
		Modality	modality = ModalityOf(detail);
		int64_t		count = ReadCountAny(reader, detail, "tokenCount", "token_count", NULL);

		AddCount(reader, &sum, count);
		if (modality != MODALITY_TEXT)
			AddCount(reader, &of[modality], count);
	}
	return sum;
}

/* Queries that grounding sent to the search engine. */
static int64_t
CountSearchQueries(const cJSON *candidates)
{
	const cJSON *candidate;
	int64_t		queries = 0;

	if (!cJSON_IsArray(candidates))
		return 0;
	cJSON_ArrayForEach(candidate, candidates)
	{
		const cJSON *camel = Member(Member(candidate, "groundingMetadata"), "webSearchQueries");
		const cJSON *snake = Member(Member(candidate, "grounding_metadata"), "web_search_queries");

		queries += cJSON_GetArraySize(camel != NULL ? camel : snake);
	}
	return queries;
}

bool
IsGemini(const PayloadBody *body)
{
	return HasAny(body->usage, "promptTokenCount", "candidatesTokenCount", "totalTokenCount",
				  "candidates_token_count", "total_token_count", NULL) ||
		(HasAny(body->usage, "prompt_token_count", NULL) &&
		 !HasAny(body->usage, "generation_token_count", NULL));
}

void
ReadGemini(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	static const char *const prompt_keys[] = {"promptTokensDetails", "promptTokenDetails", "prompt_tokens_details", NULL};
	static const char *const tool_keys[] = {"toolUsePromptTokensDetails", "tool_use_prompt_tokens_details", NULL};
	static const char *const cache_keys[] = {"cacheTokensDetails", "cache_tokens_details", NULL};
	static const char *const answer_keys[] = {"candidatesTokensDetails", "responseTokensDetails",
	"candidates_tokens_details", "response_tokens_details", NULL};
	const cJSON *usage = body->usage;
	int64_t		prompt = ReadCountAny(reader, usage, "promptTokenCount", "prompt_token_count", NULL);
	int64_t		tool = ReadCountAny(reader, usage, "toolUsePromptTokenCount", "tool_use_prompt_token_count", NULL);
	int64_t		answer = ReadCountAny(reader, usage, "candidatesTokenCount", "responseTokenCount",
									  "candidates_token_count", "response_token_count", NULL);
	int64_t		thoughts = ReadCountAny(reader, usage, "thoughtsTokenCount", "thoughts_token_count", NULL);
	int64_t		total = ReadCountAny(reader, usage, "totalTokenCount", "total_token_count", NULL);
	bool		has_total = HasAny(usage, "totalTokenCount", "total_token_count", NULL);
	int64_t		prompt_detailed;
	int64_t		answer_detailed;

	tally->input = prompt + tool;
	tally->output = answer + thoughts;
	tally->reasoning = thoughts;

	/* Proxies may put the thoughts into the candidates: then the total says so. */
	if (has_total && thoughts > 0 && total == prompt + tool + answer)
		tally->output = answer;

	tally->cache_read = ReadCountAny(reader, usage, "cachedContentTokenCount", "cached_content_token_count", NULL);
	if (tally->cache_read > prompt)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"%" PRId64 " cached tokens are more than the %" PRId64 " of the prompt.",
				tally->cache_read, prompt);
	prompt_detailed = AddDetails(reader, usage, prompt_keys, tally->input_of);
	answer_detailed = AddDetails(reader, usage, answer_keys, tally->output_of);
	(void) AddDetails(reader, usage, tool_keys, tally->input_of);
	(void) AddDetails(reader, usage, cache_keys, tally->cached_of);

	/* A total that is too small yields to counts that their details bear out. */
	if (has_total && total != tally->input + tally->output &&
		!(total < tally->input + tally->output && prompt_detailed == prompt && answer_detailed == answer))
		Problem(reader, PAYLOAD_UNRECONCILED,
				"prompt %" PRId64 " + tool results %" PRId64 " + candidates %" PRId64 " + thoughts %" PRId64 " = %" PRId64 ", but the stated total is %" PRId64 ".",
				prompt, tool, answer, thoughts, tally->input + tally->output, total);
	tally->web_searches = CountSearchQueries(Member(body->container, "candidates"));
}
