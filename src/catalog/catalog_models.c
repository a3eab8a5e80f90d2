/*
 * catalog_models.c
 *	  The formats models.dev (api.json) and pi-ai (its catalog of models): both list,
 *	  by provider, models that have a "cost" in USD per 1,000,000 tokens.
 *
 *	models.dev	{provider: {"models": {id: {"cost": {...}}}}}
 *	pi-ai		{provider: {api: {"kind:id": {"id": id, "type": kind, "cost": {...}}}}}
 *
 * Invariant: every member of a cost gives exactly one row, and a model without a
 * cost gives one rejected row.  A price of 0 is free in models.dev; pi-ai writes 0
 * for what it does not know, so there it is no price.
 */
#include "catalog/catalog_build.h"

#include <string.h>

#define PROBLEM_ZERO "0 stands for an unknown price"
#define PROBLEM_PLAN "price of a subscription is not per token"
#define PROBLEM_KIND "price of another use of the model"

/* Providers that inferacct calls otherwise. */
static const char *const provider_names[][2] = {
	{"alibaba", "dashscope"},
	{"amazon-bedrock", "aws"},
	{"azure-cognitive-services", "azure"},
	{"cloudflare-workers-ai", "cloudflare"},
	{"fireworks-ai", "fireworks"},
	{"google-vertex-anthropic", "google-vertex"},
	{"novita-ai", "novita"},
	{"snowflake-cortex", "snowflake"},
	{"togetherai", "together"},
	{"xai", "x-ai"},
};

/* Parts of the name of a provider that sells plans. */
static const char *const plans[] = {"-plan", "-coding", "-codex"};

static const char *const profile_regions[] = {
	"us.", "eu.", "apac.", "au.", "jp.", "ca.", "in.", "global.", "us-gov.", NULL
};

typedef struct CostField
{
	const char *name;
	Meter		meter;
} CostField;

static const CostField cost_fields[] = {
	{"input", METER_INPUT},
	{"output", METER_OUTPUT},
	{"cacheRead", METER_CACHE_READ},
	{"cache_read", METER_CACHE_READ},
	{"cacheWrite", METER_CACHE_WRITE},
	{"cache_write", METER_CACHE_WRITE},
	{"reasoning", METER_REASONING},
	{"input_audio", METER_INPUT_AUDIO},
	{"output_audio", METER_OUTPUT_AUDIO},
};

/* Where prices are read from, and what they have in common. */
typedef struct Place
{
	Catalog    *catalog;
	const char *path;
	const char *provider;
	const char *model;
	const char *region;
	int64_t		above_input_tokens;
	bool		zero_is_unknown;
	const char *problem;		/* why no price here can be taken, or NULL */
} Place;

static const char *
ProviderName(Catalog *catalog, const char *name)
{
	for (size_t i = 0; i < sizeof(provider_names) / sizeof(provider_names[0]); i++)
	{
		if (strcmp(provider_names[i][0], name) == 0)
			return provider_names[i][1];
	}
	return CatalogString(catalog, name);
}

static bool
SellsPlans(const char *provider)
{
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++)
	{
		const char *found = strstr(provider, plans[i]);

		if (found != NULL && (found[strlen(plans[i])] == '\0' || found[strlen(plans[i])] == '-'))
			return true;
	}
	return false;
}

/* Cut the region from the front of a Bedrock id. */
static void
SplitRegion(Place *place)
{
	place->region = "";
	if (strcmp(place->provider, "aws") != 0)
		return;
	for (const char *const *region = profile_regions; *region != NULL; region++)
	{
		size_t		length = strlen(*region);

		if (strncmp(place->model, *region, length) != 0 || place->model[length] == '\0')
			continue;
		place->region = CatalogCopy(place->catalog, *region, length - 1);
		place->model += length;
		return;
	}
}

static void
ReadPrice(const Place *place, const cJSON *value)
{
	Catalog    *catalog = place->catalog;
	const char *path = CatalogPrint(catalog, "%s.%s", place->path, value->string);
	const char *problem = place->problem;
	const char *usd = NULL;
	const char *rounded = NULL;
	Meter		meter = METER_COUNT;
	CatalogRow *row;

	for (size_t i = 0; i < sizeof(cost_fields) / sizeof(cost_fields[0]); i++)
	{
		if (strcmp(cost_fields[i].name, value->string) == 0)
			meter = cost_fields[i].meter;
	}
	if (problem == NULL && meter == METER_COUNT)
		problem = PROBLEM_NO_METER;
	if (problem == NULL)
		usd = CatalogDecimal(catalog, value, 1000000, 1000000, &rounded, &problem);
	if (usd != NULL && place->zero_is_unknown && strcmp(usd, "0") == 0)
		problem = PROBLEM_ZERO;
	row = CatalogAdd(catalog, problem == NULL ? CATALOG_PRICE : CATALOG_REJECTED, path);
	row->problem = problem;
	row->provider = place->provider;
	row->model = place->model;
	if (problem != NULL)
	{
		row->figure = CatalogFigure(catalog, value);
		return;
	}
	row->region = place->region;
	row->service_tier = SERVICE_TIER_STANDARD;
	row->meter = MeterName(meter);
	row->unit_quantity = MeterPriceUnit(meter);
	row->usd = usd;
	row->currency = "USD";
	row->above_input_tokens = place->above_input_tokens;
	row->threshold_inclusive = place->above_input_tokens > 0 && strcmp(place->provider, "x-ai") == 0;
	if (rounded != NULL)
		CatalogRounded(catalog, row, rounded);
}

/* The size above which {"inputTokensAbove": n} or {"tier": {"size": n}} holds: of the context, whether "type" says so or nothing. */
static const cJSON *
TierSize(const cJSON *tier)
{
	const cJSON *kind = Field(tier, "tier");
	const char *type = StringField(kind, "type");

	if (kind == NULL)
		return Field(tier, "inputTokensAbove");
	return type == NULL || strcmp(type, "context") == 0 ? Field(kind, "size") : NULL;
}

/* The prices of requests above a size. */
static void
ReadContextTier(const Place *place, const cJSON *tier, const char *path)
{
	Place		above = *place;
	const cJSON *field;

	above.path = path;
	if (!cJSON_IsObject(tier))
	{
		CatalogReject(place->catalog, path, PROBLEM_NOT_OBJECT);
		return;
	}
	if (above.problem == NULL && !IsInteger(TierSize(tier), 1, &above.above_input_tokens))
		above.problem = PROBLEM_SHAPE;
	cJSON_ArrayForEach(field, tier)
	{
		if (field != Field(tier, "inputTokensAbove") && field != Field(tier, "tier"))
			ReadPrice(&above, field);
	}
}

static void
ReadContextTiers(const Place *place, const cJSON *list)
{
	const cJSON *tier;
	size_t		index = 0;

	cJSON_ArrayForEach(tier, list)
	{
		if (CatalogStopped(place->catalog))
			return;
		ReadContextTier(place, tier, CatalogPrint(place->catalog, "%s.tiers[%zu]", place->path, index++));
	}
}

/* {"input": ..., "context_over_200k": {"input": ...}} */
static void
ReadOver200k(const Place *place, const cJSON *object, bool repeated)
{
	Place		above = *place;
	const cJSON *field;

	above.path = CatalogPrint(place->catalog, "%s.%s", place->path, object->string);
	above.above_input_tokens = 200000;
	cJSON_ArrayForEach(field, object)
	{
		if (repeated)
		{
			CatalogRow *row = CatalogReject(place->catalog, CatalogPrint(place->catalog, "%s.%s", above.path, field->string),
											"same charge as in \"tiers\"");

			row->kind = CATALOG_MERGED;
			row->provider = place->provider;
			row->model = place->model;
			row->figure = CatalogFigure(place->catalog, field);
			continue;
		}
		ReadPrice(&above, field);
	}
}

static void
ReadCost(Place *place, const cJSON *json)
{
	const cJSON *cost = Field(json, "cost");
	const cJSON *field;

	SplitRegion(place);
	if (!cJSON_IsObject(cost) || cost->child == NULL)
	{
		CatalogRow *row = CatalogReject(place->catalog, place->path, PROBLEM_NO_PRICE);

		row->provider = place->provider;
		row->model = place->model;
		return;
	}
	/* Beside "tiers", context_over_200k repeats the only one of them for old readers, whatever its size: 272,000, too. */
	cJSON_ArrayForEach(field, cost)
	{
		if (strcmp(field->string, "tiers") == 0 && cJSON_IsArray(field))
			ReadContextTiers(place, field);
		else if (strcmp(field->string, "context_over_200k") == 0 && cJSON_IsObject(field))
			ReadOver200k(place, field, cJSON_IsArray(Field(cost, "tiers")));
		else
			ReadPrice(place, field);
	}
}

bool
CatalogReadModelsDev(Catalog *catalog, const cJSON *root)
{
	static const char hint[] = "The text is no catalog of models.dev: it is not an object of providers that have \"models\".";
	const cJSON *provider;
	const cJSON *model;

	if (!cJSON_IsObject(root) || !cJSON_IsObject(Field(root->child, "models")))
	{
		memcpy(catalog->detail, hint, sizeof(hint));
		return false;
	}
	cJSON_ArrayForEach(provider, root)
	{
		Place		place = {.catalog = catalog, .provider = ProviderName(catalog, provider->string)};

		if (SellsPlans(provider->string))
			place.problem = PROBLEM_PLAN;
		cJSON_ArrayForEach(model, Field(provider, "models"))
		{
			if (CatalogStopped(catalog))
				return true;
			place.path = CatalogPrint(catalog, "%s.%s", provider->string, model->string);
			place.model = CatalogString(catalog, model->string);
			ReadCost(&place, model);
		}
	}
	return true;
}

/* One model of pi-ai, whose member says what it is for and its id. */
static void
ReadPiModel(Place *place, const char *provider, const cJSON *model)
{
	const char *id = StringField(model, "id");
	const char *kind = StringField(model, "type");
	const char *problem = place->problem;

	place->path = CatalogPrint(place->catalog, "%s.%s", provider, model->string);
	if (id == NULL)
	{
		CatalogReject(place->catalog, place->path, PROBLEM_NO_MODEL);
		return;
	}
	place->model = CatalogString(place->catalog, id);
	if (problem == NULL && kind != NULL && strcmp(kind, "chat") != 0)
		place->problem = PROBLEM_KIND;
	ReadCost(place, model);
	place->problem = problem;
}

bool
CatalogReadPiAi(Catalog *catalog, const cJSON *root)
{
	static const char hint[] = "The text is no catalog of pi-ai: it is not an object of providers, each an object of APIs.";
	const cJSON *provider;
	const cJSON *api;
	const cJSON *model;

	if (!cJSON_IsObject(root) || !cJSON_IsObject(root->child) || !cJSON_IsObject(root->child->child) ||
		Field(root->child, "models") != NULL)
	{
		memcpy(catalog->detail, hint, sizeof(hint));
		return false;
	}
	cJSON_ArrayForEach(provider, root)
	{
		Place		place = {.catalog = catalog, .provider = ProviderName(catalog, provider->string), .zero_is_unknown = true};

		if (SellsPlans(provider->string))
			place.problem = PROBLEM_PLAN;
		cJSON_ArrayForEach(api, provider)
		{
			cJSON_ArrayForEach(model, api)
			{
				if (CatalogStopped(catalog))
					return true;
				ReadPiModel(&place, provider->string, model);
			}
		}
	}
	return true;
}
