/*
 * model_name.c
 *	  Names of models, as users of an API write them.
 *
 * What is found is in the directory; no answer takes many look-ups; hints are
 * names that were offered.
 */
#include "fuzz.h"

#include "model/model_resolve.h"
#include "model/model_suggest.h"

#define LOOK_UPS 2000			/* readings times spellings of a model times those of its provider */

typedef struct Known
{
	const char *provider;
	const char *model;
} Known;

static const Known known[] = {
	{"openai", "gpt-4o"}, {"openai", "gpt-4o-2024-08-06"}, {"openai", "ft:gpt-4o"}, {"azure", "gpt-4o"}, {"openai", "gpt-4.1-latest"},
	{"anthropic", "claude-sonnet-4-5"}, {"aws", "anthropic.claude-sonnet-4-5-v1:0"}, {"google", "gemini-2.5-pro"},
	{"vertex_ai", "gemini-2.5-pro"}, {"fireworks", "accounts/fireworks/models/llama-v3"}, {"openrouter", "openai/gpt-4o:free"},
	{"mistral", "mistral-large-2407"}, {"a", "b"}
};

#define KNOWN_COUNT (sizeof(known) / sizeof(known[0]))

static void
SetRef(ModelRef *ref, const char *provider, const char *model)
{
	snprintf(ref->provider, sizeof(ref->provider), "%s", provider);
	snprintf(ref->model, sizeof(ref->model), "%s", model);
	ref->region[0] = '\0';
}

static int
Find(void *arg, const char *provider, const char *model, ModelRef *refs, int max)
{
	int			count = 0;

	Promise(++*(int *) arg < LOOK_UPS, "no name takes many look-ups");
	for (size_t i = 0; i < KNOWN_COUNT; i++)
	{
		if (strcmp(known[i].model, model) != 0 || (provider != NULL && strcmp(known[i].provider, provider) != 0))
			continue;
		if (count < max)
			SetRef(&refs[count], known[i].provider, known[i].model);
		count++;
	}
	return count;
}

static bool
FindAlias(void *arg, const char *name, int64_t at, ModelRef *ref, int64_t *from, int64_t *to)
{
	(void) at;
	(void) from;
	(void) to;
	Promise(++*(int *) arg < LOOK_UPS, "no name takes many look-ups");
	if (strcmp(name, "chat") != 0 && strcmp(name, "gpt-4") != 0)
		return false;
	SetRef(ref, "openai", "gpt-4o");
	return true;
}

static bool
IsProvider(void *arg, const char *provider)
{
	Promise(++*(int *) arg < LOOK_UPS, "no name takes many look-ups");
	for (size_t i = 0; i < KNOWN_COUNT; i++)
	{
		if (strcmp(known[i].provider, provider) == 0)
			return true;
	}
	return false;
}

static bool
IsKnown(const ModelRef *ref)
{
	int			look_ups = 0;
	ModelRef	found;

	return EndsWithin(ref->provider, sizeof(ref->provider)) && EndsWithin(ref->model, sizeof(ref->model)) &&
		EndsWithin(ref->region, sizeof(ref->region)) && Find(&look_ups, ref->provider, ref->model, &found, 1) == 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int			look_ups = 0;
	ModelDirectory directory = {&look_ups, Find, FindAlias, IsProvider, NULL};
	ModelMatch	match;
	ModelStatus status;
	Nearest		nearest;
	char	   *name = FuzzText(data, size);

	status = ModelResolve(name, 0, &directory, &match);
	Promise((status == MODEL_NAME_TOO_LONG) == (strlen(name) >= MODEL_NAME_SIZE), "a name is too long from its length on");
	if (status == MODEL_FOUND)
	{
		Promise(IsKnown(&match.ref) && ModelRuleName(match.rule) != NULL, "what is found is known");
		Promise(ModelMayMean(name, (const char *const[]) {match.ref.model, "chat", "gpt-4"}, 3), "what is found was possible");
	}
	else if (status != MODEL_NAME_TOO_LONG)
	{
		Promise(match.candidate_count >= (status == MODEL_AMBIGUOUS ? 2 : 0) && match.candidate_count <= MODEL_CANDIDATES,
				"candidates fit");
		for (int i = 0; i < match.candidate_count; i++)
			Promise(IsKnown(&match.candidates[i]), "candidates are known");
		Promise(EndsWithin(match.unwrapped, sizeof(match.unwrapped)), "the name unwrapped fits");
		NearestInit(&nearest, match.unwrapped);
		for (size_t i = 0; i < KNOWN_COUNT; i++)
			NearestOffer(&nearest, known[i].model);
		Promise(nearest.count <= NEAREST_COUNT, "hints fit");
	}
	NearestInit(&nearest, name);
	NearestOffer(&nearest, name);
	free(name);
	return 0;
}
