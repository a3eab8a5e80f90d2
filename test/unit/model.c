/*
 * Unit test of the resolution of model names and of the hints for unknown ones:
 *	  cc -Isrc -Itest/unit test/unit/model.c src/model/model_resolve.c src/model/model_rewrite.c src/model/model_suggest.c
 *
 * The directories name models as the genai-prices and LiteLLM catalogs do.
 */
#include "tap.h"

#include <stdlib.h>
#include <string.h>

#include "model/model_advice.h"
#include "model/model_resolve.h"
#include "model/name_pattern.h"
#include "model/provider_name.h"
#include "model/model_suggest.h"

#define LENGTH(array) ((int) (sizeof(array) / sizeof((array)[0])))

typedef struct Row
{
	const char *provider;
	const char *model;
} Row;

typedef struct Alias
{
	const char *name;
	const char *provider;
	const char *model;
	const char *region;
	int64_t		from;
	int64_t		to;
	bool		is_user;
} Alias;

typedef struct Book
{
	const Row  *rows;
	int			row_count;
	const Alias *aliases;
	int			alias_count;
	long		calls;
} Book;

static void
SetRef(ModelRef *ref, const char *provider, const char *model, const char *region)
{
	snprintf(ref->provider, sizeof(ref->provider), "%s", provider);
	snprintf(ref->model, sizeof(ref->model), "%s", model);
	snprintf(ref->region, sizeof(ref->region), "%s", region);
}

static int
BookFind(void *arg, const char *provider, const char *model, ModelRef *refs, int max)
{
	Book	   *book = arg;
	int			count = 0;

	book->calls++;
	for (int i = 0; i < book->row_count; i++)
	{
		const Row  *row = &book->rows[i];

		if (strcmp(row->model, model) != 0 || (provider != NULL && strcmp(row->provider, provider) != 0))
			continue;
		if (count < max)
			SetRef(&refs[count], row->provider, row->model, "");
		count++;
	}
	return count;
}

static bool
BookAlias(void *arg, const char *name, int64_t at, ModelRef *ref, int64_t *from, int64_t *to)
{
	Book	   *book = arg;
	const Alias *best = NULL;

	book->calls++;
	for (int i = 0; i < book->alias_count; i++)
	{
		const Alias *alias = &book->aliases[i];
		const int64_t edges[] = {alias->from, alias->to};

		if (strcmp(alias->name, name) != 0)
			continue;
		for (int j = 0; j < 2; j++)
		{
			if (edges[j] <= at && edges[j] > *from)
				*from = edges[j];
			if (edges[j] > at && edges[j] < *to)
				*to = edges[j];
		}
		if (at >= alias->from && at < alias->to && (best == NULL || alias->is_user))
			best = alias;
	}
	if (best != NULL)
		SetRef(ref, best->provider, best->model, best->region);
	return best != NULL;
}

static bool
BookIsProvider(void *arg, const char *provider)
{
	Book	   *book = arg;

	book->calls++;
	for (int i = 0; i < book->row_count; i++)
	{
		if (strcmp(book->rows[i].provider, provider) == 0)
			return true;
	}
	return false;
}

/* Nothing is found that ModelMayMean() rules out, knowing the model's name and its aliases. */
static void
HoldToMayMean(const Book *book, const char *name, const ModelRef *found)
{
	const char *known[64] = {found->model};
	int			count = 1;

	for (int i = 0; i < book->alias_count && count < LENGTH(known); i++)
	{
		if (strcmp(book->aliases[i].model, found->model) == 0)
			known[count++] = book->aliases[i].name;
	}
	if (!ModelMayMean(name, known, count))
		Ok(false, "%s may mean %s", name, found->model);
}

/* What a name resolves to, as text: "provider model region rule", or "status: candidates". */
static const char *
Resolved(Book *book, const char *name, int64_t at, ModelMatch *match)
{
	static char text[4096];
	ModelDirectory directory = {book, BookFind, BookAlias, BookIsProvider, NULL};
	ModelStatus status = ModelResolve(name, at, &directory, match);
	size_t		length;

	switch (status)
	{
		case MODEL_FOUND:
			HoldToMayMean(book, name, &match->ref);
			snprintf(text, sizeof(text), "%s %s %s %s", match->ref.provider, match->ref.model,
					 match->ref.region[0] == '\0' ? "-" : match->ref.region, ModelRuleName(match->rule));
			return text;
		case MODEL_NAME_TOO_LONG:
			return "too long";
		case MODEL_UNKNOWN:
		case MODEL_AMBIGUOUS:
			break;
	}
	snprintf(text, sizeof(text), "%s:", status == MODEL_UNKNOWN ? "unknown" : "ambiguous");
	for (int i = 0; i < match->candidate_count; i++)
	{
		length = strlen(text);
		snprintf(text + length, sizeof(text) - length, " %s %s%s", match->candidates[i].provider,
				 match->candidates[i].model, i + 1 < match->candidate_count ? "," : "");
	}
	return text;
}

static void
Is(Book *book, const char *name, const char *expected)
{
	ModelMatch	match;
	const char *got = Resolved(book, name, 0, &match);

	if (!Ok(strcmp(got, expected) == 0, "%s -> %s", name, expected))
		printf("# got %s\n", got);
}

typedef struct Case
{
	const char *name;
	const char *expected;
} Case;

static void
AreAll(Book *book, const Case *cases, int count)
{
	for (int i = 0; i < count; i++)
		Is(book, cases[i].name, cases[i].expected);
}

/* One id per model, without dates; Bedrock by geography. */
static const Row genai_rows[] = {
	{"anthropic", "claude-3-5-sonnet"}, {"anthropic", "claude-3-7-sonnet-latest"}, {"anthropic", "claude-sonnet-4-5"},
	{"aws", "global.anthropic.claude-sonnet-4-5-20250929-v1:0"},
	{"aws", "regional.anthropic.claude-sonnet-4-5-20250929-v1:0"},
	{"aws", "regional.anthropic.claude-3-5-sonnet-20241022-v2:0"},
	{"aws", "amazon.nova-lite-v1:0"},
	{"azure", "o1"}, {"azure", "phi-4"},
	{"deepseek", "deepseek-chat"},
	{"fireworks", "deepseek-v3-0324"}, {"fireworks", "deepseek-v3p2"},
	{"google", "claude-3-5-sonnet"}, {"google", "claude-3-7-sonnet"}, {"google", "gemini-2.5-flash"}, {"google", "gemini-2.5-pro"},
	{"openai", "davinci"}, {"openai", "ft:gpt-4o"}, {"openai", "ft:gpt-3.5-turbo-"}, {"openai", "gpt-3.5-turbo"}, {"openai", "gpt-3.5-turbo-0613"},
	{"openai", "gpt-4o"}, {"openai", "o1"}, {"openai", "gpt-oss-20b"},
	{"groq", "openai/gpt-oss-20b"},
	{"openrouter", "anthropic/claude-sonnet-4.5"}, {"openrouter", "openai/gpt-4o"}, {"openrouter", "deepseek/deepseek-r1"},
	{"novita", "deepseek/deepseek-r1"},
	{"zhipuai", "GLM-4-FlashX-250414"}
};

/* The key without its provider; a row per snapshot and per geography. */
static const Row litellm_rows[] = {
	{"openai", "gpt-4o"}, {"openai", "gpt-4o-2024-05-13"}, {"openai", "gpt-4o-2024-08-06"},
	{"openai", "gpt-3.5-turbo"}, {"openai", "gpt-3.5-turbo-0613"},
	{"openai", "ft:gpt-3.5-turbo"}, {"openai", "ft:gpt-3.5-turbo-0613"}, {"openai", "ft:gpt-4o-2024-08-06"},
	{"azure", "gpt-4o"}, {"azure", "gpt-4o-2024-08-06"}, {"azure", "eu/gpt-4o-2024-08-06"},
	{"anthropic", "claude-3-5-sonnet-20240620"}, {"anthropic", "claude-3-5-sonnet-20241022"},
	{"anthropic", "claude-3-5-sonnet-latest"}, {"anthropic", "claude-sonnet-4-5"}, {"anthropic", "claude-sonnet-4-5-20250929"},
	{"bedrock", "anthropic.claude-3-5-sonnet-20241022-v2:0"}, {"bedrock", "us.anthropic.claude-3-5-sonnet-20241022-v2:0"},
	{"bedrock", "claude-sonnet-4-5-20250929-v1:0"}, {"bedrock", "anthropic.claude-v1"},
	{"vertex_ai", "gemini-2.5-flash"}, {"vertex_ai", "gemini-2.5-pro"},
	{"gemini", "gemini-2.5-flash"}, {"gemini", "gemini-2.5-pro"},
	{"fireworks_ai", "accounts/fireworks/models/deepseek-v3"}, {"deepseek", "deepseek-v3"},
	{"openrouter", "openai/gpt-4o"}, {"openrouter", "anthropic/claude-3.5-sonnet"}, {"vercel", "anthropic/claude-3.5-sonnet"}
};

static const Row plain_rows[] = {
	{"anthropic", "claude-sonnet-4-5"}, {"anthropic", "claude-sonnet-4-5-20250929"}, {"google", "claude-sonnet-4-5"},
	{"anthropic", "claude-3-opus"}, {"anthropic", "claude-opus-4"},
	{"aws", "anthropic.claude-sonnet-4-5"}, {"aws", "claude-haiku-4-5"},
	{"azure", "gpt-4o"}, {"openai", "gpt-4o"}, {"openai", "gpt-4o-2024-08-06"}, {"openai", "gpt-4.1"}, {"openai", "gpt-4.1-20250501"},
	{"openai", "text-embedding"}, {"mistral", "mistral-large"}, {"x-ai", "grok-3"}, {"Acme", "Chat"},
	{"p1", "llama"}, {"p2", "llama"}, {"p3", "llama"}, {"p4", "llama"}, {"p5", "llama"},
	{"p6", "llama"}, {"p7", "llama"}, {"p8", "llama"}, {"p9", "llama"}
};

static Book genai = {.rows = genai_rows, .row_count = LENGTH(genai_rows)};
static Book litellm = {.rows = litellm_rows, .row_count = LENGTH(litellm_rows)};
static Book plain = {.rows = plain_rows, .row_count = LENGTH(plain_rows)};

#define EU_ARN "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
#define MODEL_ARN "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0"

/* The references that no existing tool resolves all of. */
static void
TestReferences(void)
{
	static const Case in_genai[] = {
		{"gpt-4o-2024-08-06", "openai gpt-4o - dated_snapshot"},
		{"openai/gpt-4o", "openai gpt-4o - provider"},
		{"azure/gpt-4o", "unknown: openai gpt-4o"},
		{"ft:gpt-4o-2024-08-06:org::abc", "openai ft:gpt-4o - dated_snapshot"},
		{"ft:gpt-3.5-turbo-0613:org::abc", "unknown: openai gpt-3.5-turbo-0613, openai gpt-3.5-turbo"},
		{"gpt-4o-2099-01-01", "openai gpt-4o - dated_snapshot"},
		{"anthropic/claude-3-5-sonnet", "anthropic claude-3-5-sonnet - provider"},
		{"anthropic/claude-sonnet-4.5", "anthropic claude-sonnet-4-5 - spelling"},
		{"claude-sonnet-4-5@20250929", "anthropic claude-sonnet-4-5 - dated_snapshot"},
		{"us.anthropic.claude-3-5-sonnet-20241022-v2:0", "aws regional.anthropic.claude-3-5-sonnet-20241022-v2:0 us profile"},
		{EU_ARN, "aws regional.anthropic.claude-sonnet-4-5-20250929-v1:0 eu profile"},
		{"models/gemini-2.5-flash", "google gemini-2.5-flash - path"},
		{"gemini-2.5-flash-002", "google gemini-2.5-flash - dated_snapshot"},
		{"publishers/google/models/gemini-2.5-pro", "google gemini-2.5-pro - path"},
		{"accounts/fireworks/models/deepseek-v3", "unknown:"},
		{"totally-unknown-model", "unknown:"}
	};
	static const Case in_litellm[] = {
		{"gpt-4o-2024-08-06", "openai gpt-4o-2024-08-06 - exact"},
		{"openai/gpt-4o", "openai gpt-4o - provider"},
		{"azure/gpt-4o", "azure gpt-4o - provider"},
		{"ft:gpt-4o-2024-08-06:org::abc", "openai ft:gpt-4o-2024-08-06 - fine_tune"},
		{"ft:gpt-3.5-turbo-0613:org::abc", "openai ft:gpt-3.5-turbo-0613 - fine_tune"},
		{"gpt-4o-2099-01-01", "openai gpt-4o - dated_snapshot"},
		{"anthropic/claude-3-5-sonnet", "anthropic claude-3-5-sonnet-latest - latest"},
		{"anthropic/claude-sonnet-4.5", "anthropic claude-sonnet-4-5 - spelling"},
		{"claude-sonnet-4-5@20250929", "anthropic claude-sonnet-4-5-20250929 - vertex_date"},
		{"us.anthropic.claude-3-5-sonnet-20241022-v2:0", "bedrock us.anthropic.claude-3-5-sonnet-20241022-v2:0 us exact"},
		{EU_ARN, "bedrock claude-sonnet-4-5-20250929-v1:0 eu vendor"},
		{"models/gemini-2.5-flash", "gemini gemini-2.5-flash - path"},
		{"gemini-2.5-flash-002", "ambiguous: vertex_ai gemini-2.5-flash, gemini gemini-2.5-flash"},
		{"publishers/google/models/gemini-2.5-pro", "vertex_ai gemini-2.5-pro - path"},
		{"accounts/fireworks/models/deepseek-v3", "fireworks_ai accounts/fireworks/models/deepseek-v3 - exact"},
		{"totally-unknown-model", "unknown:"}
	};

	AreAll(&genai, in_genai, LENGTH(in_genai));
	AreAll(&litellm, in_litellm, LENGTH(in_litellm));
}

static void
TestRules(void)
{
	static const Case in_genai[] = {
		{"gpt-4o", "openai gpt-4o - exact"},
		{"GPT-4o", "openai gpt-4o - spelling"},
		{"OpenAI/GPT-4o", "openai gpt-4o - spelling"},
		{"openai:gpt-4o", "openai gpt-4o - provider"},
		{"azure.ai.openai/phi-4", "azure phi-4 - provider"},
		{"litellm_proxy/gpt-4o", "openai gpt-4o - route"},
		{"litellm/openai/gpt-4o", "openai gpt-4o - route"},
		{"gpt-3-5-turbo", "openai gpt-3.5-turbo - spelling"},
		{"gpt-3.5-turbo-0613", "openai gpt-3.5-turbo-0613 - exact"},
		{"gpt-3.5-turbo-0301", "openai gpt-3.5-turbo - dated_snapshot"},
		{"davinci-002", "unknown:"},
		{"o1", "openai o1 - exact"},
		{"o1-2024-12-17", "openai o1 - dated_snapshot"},
		{"azure/o1-2024-12-17", "azure o1 - dated_snapshot"},
		{"openrouter/anthropic/claude-sonnet-4.5", "openrouter anthropic/claude-sonnet-4.5 - provider"},
		{"openrouter/anthropic/claude-sonnet-4-5", "openrouter anthropic/claude-sonnet-4.5 - spelling"},
		{"openai/gpt-oss-20b", "openai gpt-oss-20b - provider"},
		{"groq/openai/gpt-oss-20b", "groq openai/gpt-oss-20b - provider"},
		{"deepseek/deepseek-r1", "unknown: openrouter deepseek/deepseek-r1, novita deepseek/deepseek-r1"},
		{"claude-3-7-sonnet-20250219", "anthropic claude-3-7-sonnet-latest - latest"},
		{"anthropic/claude-3-7-sonnet", "anthropic claude-3-7-sonnet-latest - latest"},
		{"claude-3-7-sonnet@20250219", "google claude-3-7-sonnet - dated_snapshot"},
		{"anthropic/claude-sonnet-4.5-20250929", "anthropic claude-sonnet-4-5 - dated_snapshot"},
		{"vertex_ai/claude-3-5-sonnet@20240620", "google claude-3-5-sonnet - dated_snapshot"},
		{"claude-3-5-sonnet@20240620", "google claude-3-5-sonnet - dated_snapshot"},
		{"claude-3-5-sonnet@default", "google claude-3-5-sonnet - vertex_date"},
		{"projects/p/locations/us-east5/publishers/anthropic/models/claude-3-5-sonnet@20240620",
		"google claude-3-5-sonnet us-east5 dated_snapshot"},
		{"gemini/models/gemini-2.5-flash", "google gemini-2.5-flash - path"},
		{"google-gla:gemini-2.5-flash-preview-05-20", "unknown:"},
		{"models/gpt-4o", "openai gpt-4o - path"},
		{"global.anthropic.claude-sonnet-4-5-20250929-v1:0", "aws global.anthropic.claude-sonnet-4-5-20250929-v1:0 global exact"},
		{"anthropic.claude-sonnet-4-5-20250929-v1:0", "aws regional.anthropic.claude-sonnet-4-5-20250929-v1:0 - profile"},
		{"global.anthropic.claude-3-5-sonnet-20241022-v2:0", "unknown: anthropic claude-3-5-sonnet, google claude-3-5-sonnet"},
		{"bedrock/us-gov-west-1/anthropic.claude-sonnet-4-5-20250929-v1:0",
		"aws regional.anthropic.claude-sonnet-4-5-20250929-v1:0 us-gov-west-1 profile"},
		{"bedrock/converse/us.amazon.nova-lite-v1:0", "aws amazon.nova-lite-v1:0 us profile"},
		{"bedrock/" MODEL_ARN, "aws regional.anthropic.claude-sonnet-4-5-20250929-v1:0 us-east-1 profile"},
		{"fireworks_ai/accounts/fireworks/models/deepseek-v3p2", "fireworks deepseek-v3p2 - path"},
		{"accounts/acme/models/deepseek-v3p2", "unknown:"},
		{"GLM-4-FlashX-250414", "zhipuai GLM-4-FlashX-250414 - exact"},
		{"arn:aws:s3:::bucket/gpt-4o", "unknown:"},
		{"arn:aws:bedrock:us-east-1:1:provisioned-model/x1y2", "unknown:"},
		{"gpt-4o-2024-08-06.ft-0123abc", "openai ft:gpt-4o - dated_snapshot"},
		{"nobody/gpt-4o", "unknown:"},
		{"GPT 4o", "openai gpt-4o - spelling"},
		{"openai.responses/gpt-4o", "openai gpt-4o - provider"},
		{"gpt-4o[1m]", "openai gpt-4o - variant"},
		{"claude-sonnet-4-5-20250929[1m]", "anthropic claude-sonnet-4-5 - dated_snapshot"},
		{"amazon.nova-lite-v1:0:24k", "aws amazon.nova-lite-v1:0 - variant"},
		{"us.amazon.nova-lite-v1:0:300k", "aws amazon.nova-lite-v1:0 us variant"},
		{"amazon.nova-lite", "aws amazon.nova-lite-v1:0 - version"},
		{"amazon.nova-lite-v1", "aws amazon.nova-lite-v1:0 - version"},
		{"gpt-4o:24k", "unknown:"},
		{"claude-sonnet-4-5-thinking", "anthropic claude-sonnet-4-5 - variant"},
		{"gpt-4o-thinking", "unknown:"},
		{"openrouter/anthropic/claude-sonnet-4.5:thinking", "openrouter anthropic/claude-sonnet-4.5 - variant"},
		{"openrouter/openai/gpt-4o:online", "openrouter openai/gpt-4o - variant"},
		{"openrouter/openai/gpt-4o:floor", "openrouter openai/gpt-4o - routing"},
		{"openai/gpt-4o:nitro", "openai gpt-4o - routing"},
		{"openrouter/openai/gpt-4o:free", "unknown:"},
		{"groq/openai/gpt-oss-20b-FP8", "groq openai/gpt-oss-20b - quantization"},
		{"gpt-3.5-turbo:20230824-v2", "openai gpt-3.5-turbo - dated_snapshot"}
	};
	static const Case in_litellm[] = {
		{"azure/eu/gpt-4o-2024-08-06", "azure eu/gpt-4o-2024-08-06 eu provider"},
		{"azure/us/gpt-4o-2024-08-06", "azure gpt-4o-2024-08-06 us route"},
		{"azure/global-standard/gpt-4o", "azure gpt-4o - route"},
		{"eu.anthropic.claude-3-5-sonnet-20241022-v2:0", "bedrock anthropic.claude-3-5-sonnet-20241022-v2:0 eu profile"},
		{"aws.bedrock/anthropic.claude-v1", "bedrock anthropic.claude-v1 - provider"},
		{"bedrock/us-west-2/anthropic.claude-v1", "bedrock anthropic.claude-v1 us-west-2 route"},
		{"vertex_ai/gemini-2.5-pro", "vertex_ai gemini-2.5-pro - provider"},
		{"google/gemini-2.5-pro", "gemini gemini-2.5-pro - provider"},
		{"ft:gpt-4-turbo:org::x", "unknown:"},
		{"ft:gpt-4o:org::x", "unknown: openai gpt-4o, azure gpt-4o"},
		{"claude-3-5-sonnet", "anthropic claude-3-5-sonnet-latest - latest"}
	};
	static const Case in_plain[] = {
		{"claude-sonnet-4-5@20250929", "google claude-sonnet-4-5 - dated_snapshot"},
		{"eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "aws anthropic.claude-sonnet-4-5 eu dated_snapshot"},
		{"us.anthropic.claude-haiku-4-5-20251001-v1:0", "aws claude-haiku-4-5 us dated_snapshot"},
		{"anthropic.claude-opus-4-v1:0", "unknown: anthropic claude-opus-4"},
		{"openai/gpt-4.1-2025-04-14", "openai gpt-4.1 - dated_snapshot"},
		{"text-embedding-002", "unknown:"},
		{"openai/gpt-4o-2024-13-05", "unknown:"}, {"openai/gpt-4o-2024-12-32", "unknown:"}, {"openai/gpt-4o-1924-12-31", "unknown:"},
		{"openai/gpt-4-1-20250501", "openai gpt-4.1-20250501 - spelling"},
		{"mistral_ai/mistral-large-2407", "mistral mistral-large - dated_snapshot"},
		{"xai/grok-3-latest", "x-ai grok-3 - dated_snapshot"},
		{"Acme/Chat", "Acme Chat - provider"},
		{"acme/chat", "unknown:"},
		{"/", "unknown:"}, {":", "unknown:"}, {"@", "unknown:"}, {"ft:", "unknown:"}, {".ft-", "unknown:"},
		{"openai/", "unknown:"}, {"models/", "unknown:"}, {"us.", "unknown:"}, {"litellm/", "unknown:"},
		{"", "unknown:"}
	};
	ModelMatch	match;

	AreAll(&genai, in_genai, LENGTH(in_genai));
	AreAll(&litellm, in_litellm, LENGTH(in_litellm));
	AreAll(&plain, in_plain, LENGTH(in_plain));
	Resolved(&plain, "llama", 0, &match);
	Ok(match.candidate_count == MODEL_CANDIDATES && match.provider_count == 9,
	   "an ambiguity lists %d of 9 providers", match.candidate_count);
}

static void
IsAt(Book *book, const char *name, int64_t at, const char *expected, int64_t from, int64_t to)
{
	ModelMatch	match;
	const char *got = Resolved(book, name, at, &match);

	if (!Ok(strcmp(got, expected) == 0 && match.from == from && match.to == to,
			"%s at %ld -> %s", name, (long) at, expected))
		printf("# got %s in [%ld, %ld)\n", got, (long) match.from, (long) match.to);
}

static void
TestAliases(void)
{
	static const Alias aliases[] = {
		{"claude-3-opus", "anthropic", "claude-opus-4", "", 100, 200, false},
		{"gpt-4o", "openai", "gpt-4o", "", INT64_MIN, INT64_MAX, false},
		{"gpt-4.1", "openai", "gpt-4o-2024-08-06", "", INT64_MIN, INT64_MAX, false},
		{"gpt-4.1", "azure", "gpt-4o", "eu", 500, 600, true},
		{"azure/o1", "openai", "gpt-4o", "", INT64_MIN, INT64_MAX, false},
		{"eu.house.model", "aws", "claude-haiku-4-5", "jp", INT64_MIN, INT64_MAX, true},
		{"Our Bot/v1", "anthropic", "claude-opus-4", "", 7, INT64_MAX, true}
	};
	Book		book = plain;

	book.aliases = aliases;
	book.alias_count = LENGTH(aliases);

	IsAt(&book, "claude-3-opus", 99, "anthropic claude-3-opus - exact", INT64_MIN, 100);
	IsAt(&book, "claude-3-opus", 100, "anthropic claude-opus-4 - alias", 100, 200);
	IsAt(&book, "claude-3-opus", 199, "anthropic claude-opus-4 - alias", 100, 200);
	IsAt(&book, "claude-3-opus", 200, "anthropic claude-3-opus - exact", 200, INT64_MAX);
	IsAt(&book, "anthropic/claude-3-opus", 150, "anthropic claude-opus-4 - alias", 100, 200);
	IsAt(&book, "claude-3-opus-20240229", 150, "anthropic claude-opus-4 - dated_snapshot", 100, 200);
	IsAt(&book, "gpt-4o", 0, "openai gpt-4o - alias", INT64_MIN, INT64_MAX);
	IsAt(&book, "openai/gpt-4o", 0, "openai gpt-4o - provider", INT64_MIN, INT64_MAX);
	IsAt(&book, "azure/gpt-4o", 0, "azure gpt-4o - provider", INT64_MIN, INT64_MAX);
	IsAt(&book, "gpt-4.1", 499, "openai gpt-4o-2024-08-06 - alias", INT64_MIN, 500);
	IsAt(&book, "gpt-4.1", 500, "azure gpt-4o eu alias", 500, 600);
	IsAt(&book, "gpt-4.1", 600, "openai gpt-4o-2024-08-06 - alias", 600, INT64_MAX);
	IsAt(&book, "azure/gpt-4.1", 0, "unknown: openai gpt-4.1", INT64_MIN, 500);
	IsAt(&book, "azure/o1", 0, "openai gpt-4o - alias", INT64_MIN, INT64_MAX);
	IsAt(&book, "Azure/o1", 0, "openai gpt-4o - alias", INT64_MIN, INT64_MAX);
	IsAt(&book, "eu.house.model", 0, "aws claude-haiku-4-5 jp alias", INT64_MIN, INT64_MAX);
	IsAt(&book, "Our Bot/v1", 7, "anthropic claude-opus-4 - alias", 7, INT64_MAX);
	IsAt(&book, "Our Bot/v1", 6, "unknown:", INT64_MIN, 7);
}

/* What is left of a name for the hint. */
static void
TestUnwrapped(void)
{
	static const Case cases[] = {
		{"azure/gpt-4o", "gpt-4o"}, {"totally-unknown-model", "totally-unknown-model"},
		{"ft:gpt-3.5-turbo-0613:org::abc", "ft:gpt-3.5-turbo-0613"},
		{EU_ARN, "anthropic.claude-sonnet-4-5-20250929-v1:0"},
		{"litellm/accounts/fireworks/models/deepseek-v3", "deepseek-v3"}, {"", ""}
	};
	ModelMatch	match;

	for (int i = 0; i < LENGTH(cases); i++)
	{
		Resolved(&genai, cases[i].name, 0, &match);
		Ok(strcmp(match.unwrapped, cases[i].expected) == 0, "%s is unwrapped to %s", cases[i].name, cases[i].expected);
	}
}

/* What a name may mean in a directory that nobody has yet; that nothing found is ruled out, Resolved() asks of all names here. */
static void
TestMayMean(void)
{
	static const struct
	{
		const char *name;
		const char *known;
		bool		expected;
	}			cases[] = {
		{"night-owl", "night-owl", true}, {"Night Owl", "night-owl", true}, {"night-owl-2026-01-01", "night-owl", true},
		{"newco/night-owl", "night-owl", true}, {"NewCo:night-owl", "night-owl", true}, {"newco/night-owl", "other/night-owl", true},
		{"us.newco.night-owl-v1:0", "night-owl", true}, {"night-owl", "night-owl-latest", true},
		{"night-owl-7b", "night-owl", false}, {"my-night-owl", "night-owl", false}, {"night", "night-owl", false},
		{"night-owl-7b", "newco/night-*", true}, {"owl", "newco/night-*", false}, {"newco/an-owl", "newco/*owl*", true},
		{"", "night-owl", false}
	};
	char		longest[1024];

	for (int i = 0; i < LENGTH(cases); i++)
		Ok(ModelMayMean(cases[i].name, &cases[i].known, 1) == cases[i].expected, "%s %s mean %s", cases[i].name,
		   cases[i].expected ? "may" : "cannot", cases[i].known);
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	Ok(!ModelMayMean(longest, (const char *const[]) {longest}, 1), "a name that is too long means nothing");
	Ok(!ModelMayMean("night-owl", NULL, 0), "nothing known, nothing meant");
}

static void
TestLength(void)
{
	char		name[1024];
	char		start[MODEL_NAME_SIZE];
	Row			row = {"acme", name};
	Book		book = {.rows = &row, .row_count = 1};
	ModelMatch	match;

	memset(name, 'x', sizeof(name));
	name[255] = '\0';
	memcpy(start, name, sizeof(start));
	Resolved(&book, name, 0, &match);
	Ok(strcmp(match.ref.model, name) == 0, "a name of 255 bytes is found");
	memcpy(start, "us.anthropic.", 13);
	memcpy(start + 251, ".ft-", 5);
	Ok(strcmp(Resolved(&plain, start, 0, &match), "unknown:") == 0, "a name without room for rewriting is unknown");
	memcpy(start + 242, "-v1:0", 6);
	Ok(strcmp(Resolved(&plain, start, 0, &match), "unknown:") == 0, "nor is one of 247 bytes found");
	name[255] = 'x';
	name[256] = '\0';
	Ok(strcmp(Resolved(&book, name, 0, &match), "too long") == 0, "a name of 256 bytes is too long");
	name[256] = 'x';
	name[1023] = '\0';
	Ok(strcmp(Resolved(&book, name, 0, &match), "too long") == 0, "a name of 1023 bytes is too long");
}

/* Glue pieces of real names and random bytes together: no crash, and a true answer. */
static void
TestFuzz(void)
{
	static const char *const pieces[] = {
		"openai/", "bedrock/", "azure/", "litellm/", "models/", "publishers/", "google/", "projects/", "locations/",
		"accounts/fireworks/models/", "arn:aws:bedrock:", "us-east-1", ":", "::", "inference-profile/", "/", "us.", "eu.",
		"anthropic.", "claude-sonnet-4-5", "claude-sonnet-4.5", "gpt-4o", "@", "20250929", "-20250929", "-2024-08-06",
		"-v1:0", "ft:", ".ft-", "-latest", "-preview", "-0613", "-002", ".", "-", "1", "converse/", "us/", "GPT-4o"
	};
	Book	   *books[] = {&genai, &litellm, &plain};
	bool		is_true = true;
	long		most_calls = 0;
	int			found = 0;

	srand(1);
	for (int run = 0; run < 30000; run++)
	{
		Book	   *book = books[run % 3];
		char		name[600];
		size_t		length = 0;
		int			count = 1 + rand() % (run % 50 == 0 ? 60 : 7);
		ModelMatch	match;
		const char *got;
		ModelRef	ref;

		for (int i = 0; i < count && length < 500; i++)
		{
			const char *piece = pieces[rand() % LENGTH(pieces)];

			if (rand() % 12 == 0)
				name[length++] = (char) (1 + rand() % 255);
			memcpy(name + length, piece, strlen(piece));
			length += strlen(piece);
		}
		name[length] = '\0';
		book->calls = 0;
		got = Resolved(book, name, 0, &match);
		most_calls = book->calls > most_calls ? book->calls : most_calls;
		if (strncmp(got, "unknown:", 8) == 0)
			is_true &= match.candidate_count >= 0 && match.candidate_count <= MODEL_CANDIDATES;
		else if (strncmp(got, "ambiguous:", 10) == 0)
			is_true &= match.candidate_count > 1 && match.candidate_count <= MODEL_CANDIDATES;
		else if (strcmp(got, "too long") == 0)
			is_true &= length >= MODEL_NAME_SIZE;
		else
		{
			found++;
			is_true &= BookFind(book, match.ref.provider, match.ref.model, &ref, 1) == 1;
		}
	}
	Ok(is_true && found > 100, "30000 made-up names: every model found is in the directory (%d)", found);
	Ok(most_calls < 1200, "no name takes more than %ld look-ups", most_calls);
}

static void
AreNearest(const char *wanted, const char *const *names, int count, const char *expected)
{
	char		text[1024];

	for (int turn = 0; turn < 2; turn++)
	{
		Nearest		nearest;

		NearestInit(&nearest, wanted);
		for (int i = 0; i < count; i++)
			NearestOffer(&nearest, names[turn == 0 ? i : count - 1 - i]);
		text[0] = '\0';
		for (int i = 0; i < nearest.count; i++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i > 0 ? " " : "", nearest.best[i].name);
		if (!Ok(strcmp(text, expected) == 0, "nearest to %s%s: %s", wanted, turn == 0 ? "" : ", offered backwards", expected))
			printf("# got %s\n", text);
	}
}

static void
TestNearest(void)
{
	static const char *const names[] = {
		"gpt-4o", "gpt-4o", "gpt-4o-mini", "gpt-4o-mini-2024-07-18", "gpt-4.1", "o1", "claude-3-7-sonnet", "claude-3-5-sonnet-20241022",
		"claude-3-5-sonnet-20240620", "claude-3-opus", "gemini-2.5-flash", "GLM-5.2", "deepseek-chat", "grok",
		"claude-4-haiku", "claude-4-opus", "claude-4-sonnet"
	};
	char		long_name[3][300];
	Nearest		nearest;

	AreNearest("gpt-4o-mni", names, LENGTH(names), "gpt-4o-mini gpt-4o");
	AreNearest("gtp-4o", names, LENGTH(names), "gpt-4o");
	AreNearest("gemini-2.5-flsah", names, LENGTH(names), "gemini-2.5-flash");
	AreNearest("claude-3-5-sonnet", names, LENGTH(names),
			   "claude-3-5-sonnet-20240620 claude-3-5-sonnet-20241022 claude-3-7-sonnet");
	AreNearest("azure/gpt-4o-mini", names, LENGTH(names), "gpt-4o-mini gpt-4o-mini-2024-07-18 gpt-4o");
	AreNearest("deepseek-chat:free", names, LENGTH(names), "deepseek-chat");
	AreNearest("gork", names, LENGTH(names), "grok");
	AreNearest("claude-4", names, LENGTH(names), "claude-4-opus claude-4-haiku claude-4-sonnet");
	AreNearest("glm-5.2", names, LENGTH(names), "GLM-5.2");
	AreNearest("totally-unknown-model", names, LENGTH(names), "");
	AreNearest("", names, LENGTH(names), "");

	for (int i = 0; i < 3; i++)
	{
		memset(long_name[i], 'a', 254 + i);
		long_name[i][254 + i] = '\0';
	}
	NearestInit(&nearest, long_name[1]);
	NearestOffer(&nearest, long_name[0]);
	NearestOffer(&nearest, long_name[2]);
	Ok(nearest.count == 1 && nearest.best[0].name == long_name[0],
	   "a name of 255 bytes has a near one; one of 256 bytes is near nothing");
}

/* Does the advice for a name hold these words? */
static void
Advises(const char *name, const char *words)
{
	const char *advice = ModelAdvice(name);

	Ok(words == NULL ? advice == NULL : advice != NULL && strstr(advice, words) != NULL, "advice for %s", name);
}

static void
TestAdvice(void)
{
	Advises("arn:aws:bedrock:us-east-1:1:application-inference-profile/x1", "set_alias()");
	Advises("bedrock/arn:aws:bedrock:us-east-1:1:provisioned-model/x1", "names no model");
	Advises("azure/my-deployment", "On Azure");
	Advises("azure_ai/anything", "On Azure");
	Advises("ollama/llama3.1:8b", "deployment that serves it");
	Advises("hosted_vllm/meta-llama/Llama-3.1-8B-Instruct", "deployment that serves it");
	Advises("openrouter/auto", "router");
	Advises("groq/compound", "router");
	Advises("groq/groq/compound-mini", "router");
	Advises("dall-e-3", "size and quality");
	Advises("vertex_ai/imagegeneration@006", "size and quality");
	Advises("opus[1m]", "newest");
	Advises("opus-9", NULL);
	Advises("gpt-9", NULL);
	Advises("", NULL);
}

static void
IsProvider(const char *label, const char *vendor, const char *expected)
{
	char		name[MODEL_NAME_SIZE];

	Ok(ProviderNameOf(label, strlen(label), vendor, name) && strcmp(name, expected) == 0, "%s is %s", label, expected);
}

static void
TestProviders(void)
{
	char		label[MODEL_NAME_SIZE + 1];
	char		name[MODEL_NAME_SIZE];

	IsProvider("OPENAI", NULL, "openai");
	IsProvider("gcp.gemini", "vertex_ai", "vertex_ai");
	IsProvider("gcp.gemini", "openai", "google");
	IsProvider("x_ai", NULL, "x-ai");
	IsProvider("MyCo", "myco", "myco");
	IsProvider("Our Gateway", "openai", "Our Gateway");
	IsProvider("", NULL, "");
	memset(label, 'a', sizeof(label));
	Ok(!ProviderNameOf(label, MODEL_NAME_SIZE, NULL, name), "a label that does not fit");
}

static void
TestPatterns(void)
{
	static const char *const none[] = {
		"m*", "p/m", "p/", "p/*", "p/**", "p/#", "p/#*", "p/##", "*/m", "p*/m*", "p/a*b", "p/*a*b*", "p/***", "#/m"
	};
	/* pattern, name, bytes stated */
	static const struct
	{
		const char *alias;
		const char *name;
		size_t		stated;
	}			cases[] = {
		{"p/m*", "m", 1}, {"p/m*", "m-2", 1}, {"p/m*", "x-m", 0}, {"p/*m", "x-m", 1}, {"p/*m", "m-x", 0}, {"p/*m*", "a-m-b", 1}, {"p/*m*", "a", 0},
		{"p/m-########", "m-20261120", 10}, {"p/m-########", "m-2026112", 0}, {"p/m-########", "m-202611200", 0}, {"p/m-########", "m-2026-112", 0},
		{"p/m-####-##-##", "m-2026-11-20", 12}, {"p/m-#*", "m-9", 3}, {"p/m-#*", "m-9-fast", 3}, {"p/m-#*", "m-x", 0}, {"p/*-##", "m-07", 3}, {"p/*-##", "m-7", 0},
		{"p/*#b*", "a1ba2b", 2}, {"p/m#", "m#", 2}, {"p/m/n*", "m/n-1", 3}
	};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		Ok(!IsNamePattern(none[i]), "%s is no pattern", none[i]);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		Ok(IsNamePattern(cases[i].alias) && NamePatternMatches(cases[i].alias, "", cases[i].name) == cases[i].stated &&
		   NamePatternMatches(cases[i].alias, "p", cases[i].name) == cases[i].stated && NamePatternMatches(cases[i].alias, "pp", cases[i].name) == 0,
		   "%s states %zu bytes of %s", cases[i].alias, cases[i].stated, cases[i].name);
}

int
main(void)
{
	TestPatterns();
	TestAdvice();
	TestProviders();
	TestReferences();
	TestRules();
	TestAliases();
	TestUnwrapped();
	TestMayMean();
	TestLength();
	TestFuzz();
	TestNearest();
	return Done();
}
