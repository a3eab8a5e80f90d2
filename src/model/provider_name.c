/*
 * provider_name.c
 *	  What catalogs, gateways and frameworks call a provider, and how the names of
 *	  a maker's models begin.
 *
 * Invariant: a spelling is of one provider.
 *
 * Pure C: no postgres.h.  Nothing here allocates.
 */
#include "model/model_resolve.h"
#include "model/name_text.h"
#include "model/provider_name.h"

#include <string.h>

/*
 * Spellings of one provider: ids of this and other catalogs, of LiteLLM, of
 * OpenTelemetry's gen_ai.provider.name, of LangChain, OpenLLMetry, OpenInference,
 * Helicone, Portkey and the AI SDK.  A provider that has no models under the
 * spelling given is sought under the others, in this order.
 */
static const char *const families[][32] = {
	{"aws", "bedrock", "bedrock_converse", "aws.bedrock", "amazon", "amazon-bedrock", "amazon_bedrock", "aws_bedrock", "aws-bedrock",
		"bedrock-converse", "bedrock-runtime", "bedrock_mantle", "amazon.bedrock", "amazonbedrock", "chatbedrock", "chatbedrockconverse"},
	{"azure", "azure_ai", "azure_text", "azure.ai.openai", "azure.ai.inference", "azure-openai", "azure_openai", "azureopenai",
		"azure.openai", "azure-ai-inference", "azure-ai", "az.ai.openai", "az.ai.inference", "azureml", "azure_foundry", "azure-foundry",
		"azure-cognitive-services", "azure_openai_chat", "azure-openai-chat"},
	{"google", "gemini", "vertex_ai", "gcp.gemini", "gcp.vertex_ai", "gcp.gen_ai", "google-gla", "google-vertex", "vertex_ai_beta",
		"google_genai", "google_vertexai", "google-genai", "google-vertexai", "google_ai", "google-ai", "googleai", "google-ai-studio",
		"google_ai_studio", "google.generative-ai", "google.vertex", "google_vertex_ai", "vertexai", "vertex-ai", "vertex",
		"vertex.anthropic", "google.vertex.anthropic", "google-vertex-anthropic", "google_anthropic_vertex", "google_gemini"},
	{"openai", "text-completion-openai", "openai-chat", "openai_chat", "openai-responses", "openai_responses", "openai.responses", "openai.chat", "open_ai"},
	{"anthropic", "anthropic_text", "anthropic-messages"},
	{"ai21", "ai21_chat", "ai21labs"},
	{"cloudflare", "cloudflare-workers-ai", "workers-ai", "workers_ai"},
	{"cohere", "cohere_chat"},
	{"dashscope", "alibaba", "alibaba-cloud", "alibaba_cloud", "tongyi"},
	{"deepinfra", "deep_infra"},
	{"deepseek", "deepseek-ai", "deepseek_ai"},
	{"fireworks", "fireworks_ai", "fireworks-ai", "fireworks.ai", "fireworksai"},
	{"github-copilot", "github_copilot"},
	{"jina", "jina_ai", "jinaai"},
	{"meta", "meta_llama"},
	{"mistral", "mistral_ai", "mistralai", "mistral-ai", "codestral", "text-completion-codestral"},
	{"moonshotai", "moonshot", "moonshot_ai", "moonshot-ai"},
	{"novita", "novita-ai", "novita_ai"},
	{"together", "together_ai", "together-ai", "togetherai", "together.ai"},
	{"voyageai", "voyage", "voyage_ai"},
	{"watsonx", "ibm.watsonx.ai"},
	{"x-ai", "xai", "x_ai", "x.ai"},
	{"xiaomi", "xiaomi_mimo", "xiaomimimo"},
	{"zai", "z-ai", "z.ai", "z_ai"},
	{"zhipuai", "zhipu"},
	{"openrouter", "open_router"}, {"perplexity", "perplexity-ai", "perplexity_ai", "perplexityai"},
	{"baseten"}, {"cerebras"}, {"databricks"}, {"groq"}, {"minimax"}, {"nebius"}, {"ovhcloud"}, {"sambanova"}, {"snowflake"}
};

/* How the names of a maker's models begin, in lower case. */
static const char *const makers[][2] = {
	{"claude-", "anthropic"},
	{"command-", "cohere"}, {"embed-", "cohere"}, {"rerank-", "cohere"},
	{"deepseek-", "deepseek"},
	{"gemini-", "google"},
	{"glm-", "zai"},
	{"gpt-", "openai"}, {"chatgpt-", "openai"}, {"o1", "openai"}, {"o3", "openai"}, {"o4", "openai"}, {"text-embedding-", "openai"},
	{"whisper-", "openai"}, {"tts-", "openai"}, {"dall-e-", "openai"}, {"sora-", "openai"}, {"omni-moderation", "openai"}, {"text-moderation", "openai"},
	{"grok-", "x-ai"},
	{"jamba-", "ai21"},
	{"kimi-", "moonshotai"},
	{"mimo-", "xiaomi"},
	{"minimax-", "minimax"},
	{"mistral-", "mistral"}, {"ministral-", "mistral"}, {"magistral-", "mistral"}, {"codestral-", "mistral"},
	{"devstral-", "mistral"}, {"pixtral-", "mistral"}, {"voxtral-", "mistral"},
	{"muse-", "meta"},
	{"qwen", "dashscope"}, {"qwq-", "dashscope"},
	{"sonar", "perplexity"},
	{"voyage-", "voyageai"}
};

/* Length of a provider without the API behind it, as the AI SDK writes it: "openai.responses". */
static size_t
BareLength(const char *provider)
{
	static const char *const apis[] = {
		".chat", ".responses", ".messages", ".completion", ".embedding", ".textembedding", ".image", ".speech", ".transcription", ".video", ".rerank"
	};
	size_t		length = strlen(provider);

	for (size_t i = 0; i < sizeof(apis) / sizeof(apis[0]); i++)
	{
		if (EndsWith(provider, apis[i]))
			return length - strlen(apis[i]);
	}
	return length;
}

const char *const *
ProviderFamily(const char *provider)
{
	size_t		length = BareLength(provider);

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
	{
		for (int j = 0; families[i][j] != NULL; j++)
		{
			if (strncmp(families[i][j], provider, length) == 0 && families[i][j][length] == '\0')
				return families[i];
		}
	}
	return NULL;
}

const char *
MakerOf(const char *model)
{
	char		lower[MODEL_NAME_SIZE];

	if (!CopyText(lower, sizeof(lower), model, strlen(model)))
		return NULL;
	LowerCase(lower);
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++)
	{
		if (StartsWith(lower, makers[i][0]))
			return makers[i][1];
	}
	return NULL;
}

bool
ProviderNameOf(const char *label, size_t length, const char *vendor, char *name)
{
	char		lower[MODEL_NAME_SIZE];
	const char *const *family;
	const char *one;

	if (!CopyText(name, MODEL_NAME_SIZE, label, length))
		return false;
	CopyText(lower, sizeof(lower), label, length);
	LowerCase(lower);
	if (vendor != NULL && strcmp(lower, vendor) == 0)
		return CopyText(name, MODEL_NAME_SIZE, vendor, strlen(vendor));
	family = ProviderFamily(lower);
	if (family == NULL)
		return true;
	one = family[0];
	if (vendor != NULL && ProviderFamily(vendor) == family)
		one = vendor;
	return CopyText(name, MODEL_NAME_SIZE, one, strlen(one));
}
