/*
 * catalog_litellm_keys.c
 *	  The vocabulary of LiteLLM's catalog, as tables: providers, regions,
 *	  price fields and their suffixes, off-peak windows.
 *
 * Invariant: what a table does not know is never guessed.  An unknown provider
 * keeps its name, an unknown key part stays in the model's name, an unknown
 * field name or suffix is a field without a meter.
 */
#include "catalog/catalog_litellm.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OFF_PEAK_WINDOWS 100

/*
 * Providers that inferacct calls otherwise.  `whole` names match exactly, the
 * others also stand for name-anything (vertex_ai-language-models).  Models of
 * Gemini's own API and of Vertex share ids but not prices: two providers.
 */
typedef struct ProviderName
{
	const char *litellm;
	bool		whole;
	const char *provider;
	const char *prefix;			/* of the keys */
} ProviderName;

static const ProviderName provider_names[] = {
	{"azure_text", true, "azure", "azure/"},
	{"bedrock", true, "aws", "bedrock/"},
	{"bedrock_converse", true, "aws", "bedrock/"},
	{"cohere_chat", true, "cohere", "cohere/"},
	{"fireworks_ai", false, "fireworks", "fireworks_ai/"},
	{"gemini", true, "google", "gemini/"},
	{"moonshot", true, "moonshotai", "moonshot/"},
	{"text-completion-openai", true, "openai", "openai/"},
	{"together_ai", true, "together", "together_ai/"},
	{"vertex_ai", false, "google-vertex", "vertex_ai/"},
	{"voyage", true, "voyageai", "voyage/"},
	{"xai", true, "x-ai", "xai/"},
	{"zhipu", true, "zhipuai", "zhipu/"}
};

/* First parts of a model id that name an inference profile's region (Bedrock). */
static const char *const profile_regions[] = {
	"us", "eu", "apac", "au", "jp", "ca", "global", "us-gov", NULL
};

/* Key parts that name where an Azure deployment runs. */
static const char *const azure_regions[] = {"us", "eu", "global", "global-standard", NULL};

/* Key parts of Bedrock that name an API, not a model. */
static const char *const bedrock_routes[] = {"invoke", "converse", NULL};

static const char *const service_tiers[] = {"batch", "flex", "priority", "fast", NULL};

typedef struct FieldName
{
	const char *name;
	Meter		meter;
	const char *problem;
} FieldName;

#define PROBLEM_MEDIA_SECOND "price per second of media in the prompt has no meter"
#define PROBLEM_AUDIO_WRITE "cache write of audio has no meter"
#define PROBLEM_DBU "price in DBU is not in a currency"

static const FieldName field_names[] = {
	{"input_cost_per_token", METER_INPUT, NULL},
	{"output_cost_per_token", METER_OUTPUT, NULL},
	{"cache_read_input_token_cost", METER_CACHE_READ, NULL},
	{"input_cost_per_token_cache_hit", METER_CACHE_READ, NULL},
	{"cache_creation_input_token_cost", METER_CACHE_WRITE, NULL},
	{"output_cost_per_reasoning_token", METER_REASONING, NULL},
	{"input_cost_per_audio_token", METER_INPUT_AUDIO, NULL},
	{"output_cost_per_audio_token", METER_OUTPUT_AUDIO, NULL},
	{"cache_read_input_audio_token_cost", METER_CACHE_READ_AUDIO, NULL},
	{"cache_creation_input_audio_token_cost", METER_COUNT, PROBLEM_AUDIO_WRITE},
	{"input_cost_per_image_token", METER_INPUT_IMAGE, NULL},
	{"output_cost_per_image_token", METER_OUTPUT_IMAGE, NULL},
	{"cache_read_input_image_token_cost", METER_CACHE_READ_IMAGE, NULL},
	{"input_cost_per_video_token", METER_INPUT_VIDEO, NULL},
	{"output_cost_per_video_token", METER_OUTPUT_VIDEO, NULL},
	{"citation_cost_per_token", METER_CITATION, NULL},
	{"input_cost_per_request", METER_REQUESTS, NULL},
	{"input_cost_per_query", METER_REQUESTS, NULL},
	{"search_context_cost_per_query", METER_WEB_SEARCHES, NULL},
	{"input_cost_per_image", METER_IMAGES, NULL},
	{"output_cost_per_image", METER_IMAGES, NULL},
	{"input_cost_per_second", METER_SECONDS, NULL},
	{"output_cost_per_second", METER_SECONDS, NULL},
	{"output_cost_per_video_per_second", METER_VIDEO_SECONDS, NULL},
	{"code_interpreter_cost_per_session", METER_CONTAINER_SESSIONS, NULL},
	{"input_cost_per_character", METER_CHARACTERS, NULL},
	{"output_cost_per_character", METER_CHARACTERS, NULL},
	{"ocr_cost_per_page", METER_PAGES, NULL},
	{"input_cost_per_pixel", METER_IMAGES, PROBLEM_PIXEL},
	{"output_cost_per_pixel", METER_IMAGES, PROBLEM_PIXEL},
	{"input_cost_per_audio_per_second", METER_COUNT, PROBLEM_MEDIA_SECOND},
	{"input_cost_per_video_per_second", METER_COUNT, PROBLEM_MEDIA_SECOND},
	{"input_dbu_cost_per_token", METER_COUNT, PROBLEM_DBU},
	{"output_dbu_cost_per_token", METER_COUNT, PROBLEM_DBU},
	{"output_db_cost_per_token", METER_COUNT, PROBLEM_DBU}
};

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Is `name`, of that length, in the list? */
static bool
IsOneOf(const char *name, size_t length, const char *const *names)
{
	for (; *names != NULL; names++)
	{
		if (strlen(*names) == length && strncmp(*names, name, length) == 0)
			return true;
	}
	return false;
}

bool
IsServiceTier(const char *name)
{
	return IsOneOf(name, strlen(name), service_tiers);
}

/* Is it a region of Amazon's: eu-central-1, us-gov-west-1? */
static bool
IsAmazonRegion(const char *name, size_t length)
{
	if (length < 6 || !islower((unsigned char) name[0]) || !islower((unsigned char) name[1]) ||
		name[2] != '-' || name[length - 2] != '-' || !isdigit((unsigned char) name[length - 1]))
		return false;
	for (size_t i = 3; i < length - 2; i++)
	{
		if (!islower((unsigned char) name[i]) && name[i] != '-')
			return false;
	}
	return true;
}

bool
IsRegion(const char *name)
{
	size_t		length = strlen(name);

	return IsOneOf(name, length, profile_regions) || IsAmazonRegion(name, length);
}

/* Move past a literal at the start. */
static bool
SkipText(const char **text, const char *expected)
{
	size_t		length = strlen(expected);

	if (strncmp(*text, expected, length) != 0)
		return false;
	*text += length;
	return true;
}

/* Find what inferacct calls the provider, and cut its prefix from the key. */
static void
ParseProvider(Catalog *catalog, const char **key, const char *provider, LitellmModel *model)
{
	for (size_t i = 0; i < LENGTH_OF(provider_names); i++)
	{
		const ProviderName *known = &provider_names[i];
		size_t		length = strlen(known->litellm);

		if (strncmp(provider, known->litellm, length) != 0)
			continue;
		if (provider[length] != '\0' && (known->whole || provider[length] != '-'))
			continue;
		model->provider = known->provider;
		SkipText(key, known->prefix);
		return;
	}
	model->provider = CatalogString(catalog, provider);
	SkipText(key, CatalogPrint(catalog, "%s/", provider));
}

/* The length of the key part before the next slash; 0 when there is none. */
static size_t
PartLength(const char *key)
{
	const char *slash = strchr(key, '/');

	return slash == NULL ? 0 : (size_t) (slash - key);
}

/* Cut region, commitment and API from the front of a Bedrock key. */
static void
ParseBedrockParts(Catalog *catalog, const char **key, LitellmModel *model)
{
	static const char commitment[] = "-month-commitment";
	size_t		suffix = sizeof(commitment) - 1;
	size_t		length;

	while ((length = PartLength(*key)) > 0)
	{
		if (IsAmazonRegion(*key, length))
			model->region = CatalogCopy(catalog, *key, length);
		else if (length > suffix && strncmp(*key + length - suffix, commitment, suffix) == 0)
			model->commitment = true;
		else if (strncmp(*key, "*/", 2) != 0 && !IsOneOf(*key, length, bedrock_routes))
			break;
		*key += length + 1;
	}
	length = strcspn(*key, ".");
	if ((*key)[length] == '.' && model->region[0] == '\0' && IsOneOf(*key, length, profile_regions))
	{
		model->region = CatalogCopy(catalog, *key, length);
		*key += length + 1;
	}
}

/* Cut the region from the front of an Azure key. */
static void
ParseAzureParts(Catalog *catalog, const char **key, LitellmModel *model)
{
	size_t		length = PartLength(*key);

	if (length == 0 || !IsOneOf(*key, length, azure_regions))
		return;
	model->region = CatalogCopy(catalog, *key, length);
	*key += length + 1;
}

/* Take the key of an entry apart; image quality and size stay in the model's name. */
void
ParseLitellmKey(Catalog *catalog, const char *key, const char *provider, LitellmModel *model)
{
	memset(model, 0, sizeof(*model));
	model->region = "";
	ParseProvider(catalog, &key, provider, model);
	if (strcmp(model->provider, "aws") == 0)
		ParseBedrockParts(catalog, &key, model);
	else if (strncmp(model->provider, "azure", 5) == 0)
		ParseAzureParts(catalog, &key, model);
	model->model = CatalogString(catalog, key);
	model->threshold_inclusive = strcmp(model->provider, "x-ai") == 0;
}

/* Read a number of pixels. */
static bool
SkipPixels(const char **text, int64_t *pixels)
{
	const char *at = *text;

	for (*pixels = 0; isdigit((unsigned char) *at) && *pixels <= INT16_MAX; at++)
		*pixels = *pixels * 10 + (*at - '0');
	if (at == *text || *pixels == 0 || *pixels > INT16_MAX)
		return false;
	*text = at;
	return true;
}

/* The pixels of an image whose size is a part of the model's name, WIDTH-x-HEIGHT/; 0 when none is. */
int64_t
ImagePixels(const char *model)
{
	for (const char *part = model; part != NULL; part = strchr(part, '/') == NULL ? NULL : strchr(part, '/') + 1)
	{
		const char *at = part;
		int64_t		width,
					height;

		if (SkipPixels(&at, &width) && SkipText(&at, "-x-") && SkipPixels(&at, &height) && *at == '/')
			return width * height;
	}
	return 0;
}

/* Read _above_<N>k_tokens. */
static bool
SkipThreshold(const char **text, int64_t *tokens)
{
	const char *at = *text;
	int64_t		thousands = 0;

	if (!SkipText(&at, "_above_") || !isdigit((unsigned char) *at))
		return false;
	for (; isdigit((unsigned char) *at); at++)
	{
		thousands = thousands * 10 + (*at - '0');
		if (thousands > INT32_MAX)
			return false;
	}
	if (thousands == 0 || !SkipText(&at, "k_tokens"))
		return false;
	*tokens = thousands * 1000;
	*text = at;
	return true;
}

/* Read the suffixes of a field's name, in any order, each at most once. */
static bool
ParseSuffixes(const char *text, LitellmField *field)
{
	bool		tier = false;

	while (*text != '\0')
	{
		const char *service_tier = NULL;

		if (field->above_input_tokens == 0 && SkipThreshold(&text, &field->above_input_tokens))
			continue;
		if (field->meter == METER_CACHE_WRITE && SkipText(&text, "_above_1hr"))
		{
			field->meter = METER_CACHE_WRITE_1H;
			continue;
		}
		if (SkipText(&text, "_batches") || SkipText(&text, "_batch_requests"))
			service_tier = "batch";
		else if (SkipText(&text, "_flex"))
			service_tier = "flex";
		else if (SkipText(&text, "_priority"))
			service_tier = "priority";
		if (tier || service_tier == NULL)
			return false;
		tier = true;
		field->service_tier = service_tier;
	}
	return true;
}

/* Say what the name of a price field says; the longest known name counts. */
void
ParseLitellmField(const char *name, LitellmField *field)
{
	size_t		longest = 0;

	*field = (LitellmField) {.meter = METER_COUNT, .problem = PROBLEM_NO_METER};
	for (size_t i = 0; i < LENGTH_OF(field_names); i++)
	{
		const FieldName *known = &field_names[i];
		size_t		length = strlen(known->name);
		LitellmField candidate = {.meter = known->meter, .service_tier = SERVICE_TIER_STANDARD};

		if (length < longest || strncmp(name, known->name, length) != 0)
			continue;
		candidate.problem = known->problem;
		/* What cannot be priced cannot with any suffix. */
		if (candidate.problem == NULL && !ParseSuffixes(name + length, &candidate))
			continue;
		longest = length;
		*field = candidate;
	}
}

/* A weekday as LiteLLM has it, 1 to 7 or an English name; 0 when it is neither. */
static int
ReadWeekday(const cJSON *item)
{
	static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
	int64_t		day;

	if (IsInteger(item, 1, &day))
		return day <= 7 ? (int) day : 0;
	if (!cJSON_IsString(item))
		return 0;
	for (int i = 0; i < 7; i++)
	{
		bool		same = true;

		for (int c = 0; c < 3 && same; c++)
			same = tolower((unsigned char) item->valuestring[c]) == names[i][c];
		if (same)
			return i + 1;
	}
	return 0;
}

/* Read a list of weekdays as a bitmap; none given means all. */
static bool
ReadWeekdays(const cJSON *list, unsigned *days)
{
	const cJSON *item;

	*days = list == NULL || cJSON_IsNull(list) ? EVERY_DAY : 0;
	if (*days != 0)
		return true;
	cJSON_ArrayForEach(item, list)
	{
		int			day = ReadWeekday(item);

		if (day == 0)
			return false;
		*days |= 1u << (day - 1);
	}
	return *days != 0;
}

/*
 * Add HH:MM-HH:MM on each of the days.  The weekday is that of the moment, not
 * of the start, so the part past midnight is on the same days.
 */
static bool
AddHours(Week *week, unsigned days, const cJSON *hours)
{
	int			from,
				to;

	if (!cJSON_IsString(hours) || strlen(hours->valuestring) != 11 || hours->valuestring[5] != '-' ||
		!ParseClock(hours->valuestring, 5, &from) || !ParseClock(hours->valuestring + 6, 5, &to))
		return false;
	from %= 24 * 60;
	if (from == to)
	{
		WeekAdd(week, days, 0, 24 * 60);
		return true;
	}
	if (to > from)
	{
		WeekAdd(week, days, from, to);
		return true;
	}
	WeekAdd(week, days, from, 24 * 60);
	if (to > 0)
		WeekAdd(week, days, 0, to);
	return true;
}

/* Add one rule, {"hours_utc": "HH:MM-HH:MM" or a list of such, "weekdays": [...]}. */
static bool
AddOffPeakRule(Week *week, const cJSON *rule, bool *weekdays)
{
	const cJSON *hours = Field(rule, "hours_utc");
	const cJSON *item;
	unsigned	days;

	if (!ReadWeekdays(Field(rule, "weekdays"), &days))
		return false;
	*weekdays |= days != EVERY_DAY;
	if (!cJSON_IsArray(hours))
		return AddHours(week, days, hours);
	if (hours->child == NULL || cJSON_GetArraySize(hours) > MAX_OFF_PEAK_WINDOWS)
		return false;
	cJSON_ArrayForEach(item, hours)
	{
		if (!AddHours(week, days, item))
			return false;
	}
	return true;
}

const char *
OffPeakWindows(Catalog *catalog, const cJSON *block, const char **problem)
{
	const cJSON *windows = Field(block, "windows");
	const char *zone = StringField(block, "weekday_timezone");
	const cJSON *rule;
	bool		weekdays = false;
	bool		sound = true;
	Week		week = {0};

	if (Field(block, "hours_utc") != NULL)
		sound = AddOffPeakRule(&week, block, &weekdays);
	else if (!cJSON_IsArray(windows) || windows->child == NULL)
		sound = false;
	if (cJSON_GetArraySize(windows) > MAX_OFF_PEAK_WINDOWS)
		sound = false;
	cJSON_ArrayForEach(rule, windows)
		sound = sound && AddOffPeakRule(&week, rule, &weekdays);

	if (!sound)
		*problem = PROBLEM_WINDOW;
	else if (weekdays && zone != NULL && strcmp(zone, "UTC") != 0)
		*problem = "weekdays and hours are in different time zones";
	return *problem == NULL ? WeekText(catalog, &week, "UTC") : NULL;
}
