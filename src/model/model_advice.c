/*
 * model_advice.c
 *	  The kinds of names that no rule can lead to a price: see model_advice.h.
 *
 * Pure C: no postgres.h.  Nothing here allocates.
 */
#include "model/model_advice.h"

#include "model/model_resolve.h"
#include "model/name_text.h"
#include "model/provider_name.h"

#include <string.h>

static const char profile[] =
	"An application inference profile or provisioned model names no model: "
	"say once which one it was made of, with set_alias().";
static const char deployment[] =
	"On Azure a deployment has a name of one's own: say once which model it runs, with set_alias().";
static const char self_hosted[] =
	"Nobody sells a self-hosted model by the token: describe the deployment that serves it (docs/breakeven.md), "
	"or set_price() of what a token costs you.";
static const char router[] =
	"A router chooses the model and its host: log those that its answer names.";
static const char newest[] =
	"A coding agent's own name means whatever was newest: log the model that the answer names.";
static const char sized[] =
	"Images and videos are priced by size and quality, which this name does not say: "
	"log the name with them, or set_price() of yours.";

/* LiteLLM's prefixes of servers of one's own. */
static const char *const servers[] = {
	"ollama/", "ollama_chat/", "hosted_vllm/", "vllm/", "lm_studio/", "llamafile/", "llamacpp/", "llama_cpp/", "localai/",
	"sglang/", "tgi/", "triton/", "xinference/", "openai_like/", "custom_openai/", "docker_model_runner/"
};

/* What Claude Code calls the newest of a family. */
static const char *const newest_names[] = {"opus", "sonnet", "haiku", "default", "best", "opusplan"};

static const char *const sized_models[] = {"dall-e-", "sora-", "veo-", "imagen-", "imagegeneration"};

const char *
ModelAdvice(const char *name)
{
	const char *model = strrchr(name, '/');
	char		provider[MODEL_NAME_SIZE];
	const char *const *family;

	model = model == NULL ? name : model + 1;
	if (strstr(name, ":application-inference-profile/") != NULL || strstr(name, ":provisioned-model/") != NULL)
		return profile;
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
	{
		if (StartsWith(name, servers[i]))
			return self_hosted;
	}
	for (size_t i = 0; i < sizeof(sized_models) / sizeof(sized_models[0]); i++)
	{
		if (StartsWith(model, sized_models[i]))
			return sized;
	}
	if ((model != name && strcmp(model, "auto") == 0) || StartsWith(name, "huggingface/") ||
		(StartsWith(name, "groq/") && StartsWith(model, "compound")))
		return router;
	for (size_t i = 0; i < sizeof(newest_names) / sizeof(newest_names[0]); i++)
	{
		if (strncmp(name, newest_names[i], strcspn(name, "[")) == 0 && strlen(newest_names[i]) == strcspn(name, "["))
			return newest;
	}
	if (!CopyText(provider, sizeof(provider), name, strcspn(name, "/")))
		return NULL;
	family = ProviderFamily(provider);
	if (family != NULL && strcmp(family[0], "azure") == 0)
		return deployment;
	return NULL;
}
