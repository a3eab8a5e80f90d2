/*
 * catalog_genai.c
 *	  The format genai-prices: data.json, version 2, of pydantic/genai-prices.
 *
 * A file is a list of providers, each with models; the prices of a model are
 * one set, or a list of sets of which the last whose condition holds is in
 * force.  A context tier {start, price} reprices a request whose total input is
 * above start.
 *
 * Invariants: every number in a price set gives one row.  When a later set no
 * longer states a price that an earlier one did, a row without a price ends
 * it: a set replaces the whole set before it.  An empty set means that the
 * price is unknown, not that it is 0, but for a name that says ":free".  When
 * one condition of a list cannot be expressed, none of its prices is taken:
 * half of a conditional price is no price.
 *
 * Which names a model goes by is read in catalog_genai_names.c.
 *
 * Units: fields *_mtok are USD per 1,000,000, *_kcount and *_kpages per 1,000,
 * *_hours per 3,600 seconds.
 */
#include "catalog/catalog_genai.h"

#include <stdio.h>
#include <string.h>

typedef struct PriceField
{
	const char *name;
	Meter		meter;
	int64_t		unit_quantity;
} PriceField;

static const PriceField price_fields[] = {
	{"input_mtok", METER_INPUT, 1000000},
	{"output_mtok", METER_OUTPUT, 1000000},
	{"cache_read_mtok", METER_CACHE_READ, 1000000},
	{"cache_write_mtok", METER_CACHE_WRITE, 1000000},
	{"cache_write_1h_mtok", METER_CACHE_WRITE_1H, 1000000},
	{"output_reasoning_mtok", METER_REASONING, 1000000},
	{"input_audio_mtok", METER_INPUT_AUDIO, 1000000},
	{"output_audio_mtok", METER_OUTPUT_AUDIO, 1000000},
	{"cache_audio_read_mtok", METER_CACHE_READ_AUDIO, 1000000},
	{"input_image_mtok", METER_INPUT_IMAGE, 1000000},
	{"output_image_mtok", METER_OUTPUT_IMAGE, 1000000},
	{"cache_image_read_mtok", METER_CACHE_READ_IMAGE, 1000000},
	{"input_video_mtok", METER_INPUT_VIDEO, 1000000},
	{"output_video_mtok", METER_OUTPUT_VIDEO, 1000000},
	{"output_citation_mtok", METER_CITATION, 1000000},
	{"web_searches_kcount", METER_WEB_SEARCHES, 1000},
	{"requests_kcount", METER_REQUESTS, 1000},
	{"storage_searches_kcount", METER_FILE_SEARCHES, 1000},
	{"input_document_kpages", METER_PAGES, 1000},
	{"audio_hours", METER_SECONDS, 3600},	/* SECONDS_AN_HOUR */
	{"input_audio_hours", METER_SECONDS, 3600},
	{NULL, METER_COUNT, 0}
};

/* A model being read; its names are in the catalog's memory. */
/* One set of prices: when it holds, and the rows it gave. */
typedef struct PriceSet
{
	int64_t		valid_from;
	const char *time_windows;
	const char *problem;		/* why none of it can be taken, or NULL */
	size_t		first_row;
	size_t		end_row;
} PriceSet;

static const PriceField *
FindPriceField(const char *name)
{
	const PriceField *field = price_fields;

	while (field->name != NULL && strcmp(field->name, name) != 0)
		field++;
	return field;
}

#define SECONDS_AN_HOUR 3600

/* The price of a second of what costs an hour, where there is no exact one: at 15 decimals. */
static const char *
SecondOfHour(Catalog *catalog, const cJSON *hour, const char **rounded, const char **problem)
{
	char		number[32];
	cJSON		second = {.type = cJSON_String,.valuestring = number};

	*problem = NULL;
	*rounded = CatalogPrint(catalog, "%s an hour", CatalogFigure(catalog, hour));
	snprintf(number, sizeof(number), "%.15f", hour->valuedouble / SECONDS_AN_HOUR);
	return CatalogDecimal(catalog, &second, 1, 1, NULL, problem);
}

/* One number of a set. */
static void
AddPrice(GenaiModel *model, const PriceSet *set, const PriceField *field, const char *path,
		 const cJSON *value, int64_t above)
{
	Catalog    *catalog = model->catalog;
	const char *problem = set->problem;
	const char *usd = NULL;
	const char *rounded = NULL;
	int64_t		unit_quantity = field->unit_quantity;
	CatalogRow *row;

	if (problem == NULL && field->name == NULL)
		problem = PROBLEM_NO_METER;
	/* It keeps the highest of Perplexity's fees, which depend on the size of the search's context. */
	if (problem == NULL && field->meter == METER_REQUESTS && strcmp(model->provider, "perplexity") == 0)
		problem = "fee of one search context size for all of them";
	if (problem == NULL)
		usd = CatalogDecimal(catalog, value, field->unit_quantity, field->unit_quantity, &rounded, &problem);
	if (problem != NULL && field->unit_quantity == SECONDS_AN_HOUR && set->problem == NULL && cJSON_IsNumber(value))
	{
		unit_quantity = 1;
		usd = SecondOfHour(catalog, value, &rounded, &problem);
	}
	row = CatalogAdd(catalog, problem == NULL ? CATALOG_PRICE : CATALOG_REJECTED, path);
	row->problem = problem;
	row->provider = model->provider;
	row->model = model->model;
	row->source = model->source;
	if (problem != NULL)
	{
		row->figure = CatalogFigure(catalog, value);
		return;
	}
	if (rounded != NULL)
		CatalogRounded(catalog, row, rounded);

	row->region = "";
	row->service_tier = SERVICE_TIER_STANDARD;
	row->meter = MeterName(field->meter);
	row->unit_quantity = unit_quantity;
	row->usd = usd;
	row->currency = "USD";
	row->above_input_tokens = above;
	row->time_windows = set->time_windows;
	row->valid_from = set->valid_from;
	model->priced = true;
}

/* A price with context tiers: {"base": price, "tiers": [{"start": n, "price": price}]}. */
static void
AddTieredPrice(GenaiModel *model, const PriceSet *set, const PriceField *field, const char *path,
			   const cJSON *tiered)
{
	Catalog    *catalog = model->catalog;
	const cJSON *base = Field(tiered, "base");
	const cJSON *tiers = Field(tiered, "tiers");
	const cJSON *tier;
	size_t		index = 0;

	if (base == NULL || !cJSON_IsArray(tiers))
	{
		CatalogReject(catalog, path, PROBLEM_SHAPE);
		return;
	}
	AddPrice(model, set, field, CatalogPrint(catalog, "%s.base", path), base, 0);
	cJSON_ArrayForEach(tier, tiers)
	{
		const char *tier_path = CatalogPrint(catalog, "%s.tiers[%zu]", path, index++);
		int64_t		start;

		if (IsInteger(Field(tier, "start"), 1, &start))
			AddPrice(model, set, field, tier_path, Field(tier, "price"), start);
		else
			CatalogReject(catalog, tier_path, PROBLEM_SHAPE);
	}
}

/* Does a model's name say that it costs nothing? */
static bool
IsFree(const char *model)
{
	static const char free_name[] = ":free";
	size_t		length = strlen(model);

	return length > strlen(free_name) && strcmp(model + length - strlen(free_name), free_name) == 0;
}

/* What costs nothing has a price of 0. */
static void
AddFree(GenaiModel *model, PriceSet *set, const char *path)
{
	cJSON		zero = {.type = cJSON_Number};

	AddPrice(model, set, FindPriceField("input_mtok"), path, &zero, 0);
	AddPrice(model, set, FindPriceField("output_mtok"), path, &zero, 0);
	set->end_row = model->catalog->row_count;
}

/* All prices of one set. */
static void
AddPriceSet(GenaiModel *model, PriceSet *set, const char *path, const cJSON *prices)
{
	Catalog    *catalog = model->catalog;
	const cJSON *price;

	set->first_row = catalog->row_count;
	set->end_row = set->first_row;
	if (cJSON_IsObject(prices) && prices->child == NULL && IsFree(model->model))
	{
		AddFree(model, set, path);
		return;
	}
	if (!cJSON_IsObject(prices) || prices->child == NULL)
	{
		CatalogReject(catalog, path, PROBLEM_NO_PRICE);
		return;
	}
	cJSON_ArrayForEach(price, prices)
	{
		const char *price_path = CatalogPrint(catalog, "%s.%s", path, price->string);
		const PriceField *field = FindPriceField(price->string);

		if (cJSON_IsNull(price))
			continue;
		if (cJSON_IsObject(price))
			AddTieredPrice(model, set, field, price_path, price);
		else
			AddPrice(model, set, field, price_path, price, 0);
	}
	set->end_row = catalog->row_count;
}

/* Does the set state a price of that meter and context tier? */
static bool
SetHas(const Catalog *catalog, const PriceSet *set, const char *meter, int64_t above)
{
	for (size_t i = set->first_row; i < set->end_row; i++)
	{
		const CatalogRow *row = &catalog->rows[i];

		if (row->kind == CATALOG_PRICE && row->above_input_tokens == above &&
			strcmp(row->meter, meter) == 0)
			return true;
	}
	return false;
}

/* End the prices of `old` that its successor `new` does not state. */
static void
WithdrawDropped(GenaiModel *model, const PriceSet *old, const PriceSet *new)
{
	Catalog    *catalog = model->catalog;

	for (size_t i = old->first_row; i < old->end_row && !CatalogStopped(catalog); i++)
	{
		CatalogRow	row = catalog->rows[i];
		CatalogRow *added;

		if (row.kind != CATALOG_PRICE)
			continue;
		if (SameText(old->time_windows, new->time_windows) &&
			SetHas(catalog, new, row.meter, row.above_input_tokens))
			continue;
		row.usd = NULL;
		row.valid_from = new->valid_from;
		added = CatalogAdd(catalog, CATALOG_PRICE, row.path);
		*added = row;
	}
}

/* Reject what the default states and the window does not: outside billed, inside unknown. */
static void
CheckWindowComplete(GenaiModel *model, const PriceSet *standard, const PriceSet *window, const char *path)
{
	Catalog    *catalog = model->catalog;

	for (size_t i = standard->first_row; i < standard->end_row && !CatalogStopped(catalog); i++)
	{
		const CatalogRow *row = &catalog->rows[i];

		if (row->kind == CATALOG_PRICE && !SetHas(catalog, window, row->meter, row->above_input_tokens))
			CatalogReject(catalog, CatalogPrint(catalog, "%s.%s", path, row->meter),
						  "time window leaves out a price of the default");
	}
}

/* Read HH:MM:00Z. */
static bool
ReadUtcClock(const char *text, int *minute)
{
	if (text == NULL || strlen(text) < 8 || !ParseClock(text, 5, minute))
		return false;
	return strcmp(text + 5, ":00Z") == 0 || strcmp(text + 5, ":00+00:00") == 0;
}

#define MAX_CONDITIONS 64
#define MAX_WINDOWS 6			/* as a rate card can have at a time */

/* When each set of a list holds. */
typedef struct Conditions
{
	PriceSet	sets[MAX_CONDITIONS];	/* without rows yet */
	int			window_of[MAX_CONDITIONS];	/* its week, or -1 */
	Week		weeks[MAX_WINDOWS];
	int			count;
	int			nweeks;
	bool		whole;			/* every condition is understood */
} Conditions;

/* Read the condition of one set; false when it cannot be expressed. */
static bool
ReadConstraint(Conditions *conditions, const cJSON *constraint)
{
	PriceSet   *set = &conditions->sets[conditions->count];
	int		   *window = &conditions->window_of[conditions->count];
	const char *start_date = StringField(constraint, "start_date");
	int			members = cJSON_GetArraySize(constraint);
	int32_t		days;
	int			from,
				to;

	*set = (PriceSet) {.valid_from = CATALOG_ALWAYS};
	*window = -1;
	conditions->count++;
	if (constraint == NULL || cJSON_IsNull(constraint))
		return true;
	if (start_date != NULL && members == 1 && ParseDate(start_date, &days))
	{
		set->valid_from = (int64_t) days * 86400 * 1000000;
		return true;
	}
	if (members != 2 || !ReadUtcClock(StringField(constraint, "start_time"), &from) ||
		!ReadUtcClock(StringField(constraint, "end_time"), &to) || conditions->nweeks == MAX_WINDOWS)
		return false;
	/* The format has no windows across midnight: such a one never holds. */
	if (from >= to)
	{
		set->problem = "time window is empty";
		return true;
	}
	*window = conditions->nweeks++;
	memset(&conditions->weeks[*window], 0, sizeof(Week));
	WeekAdd(&conditions->weeks[*window], EVERY_DAY, from, to);
	return true;
}

static void
ReadConditions(Conditions *conditions, const cJSON *list)
{
	const cJSON *item;

	conditions->count = 0;
	conditions->nweeks = 0;
	conditions->whole = cJSON_GetArraySize(list) <= MAX_CONDITIONS;
	if (!conditions->whole)
		return;
	cJSON_ArrayForEach(item, list)
		conditions->whole &= ReadConstraint(conditions, Field(item, "constraint"));
}

/* Take the minutes of a later window out of an earlier one; false when none is left. */
static bool
WeekSubtract(Week *week, const Week *later)
{
	bool		left = false;

	for (int day = 0; day < 7; day++)
	{
		for (int minute = 0; minute < 24 * 60; minute++)
		{
			week->minute[day][minute] &= !later->minute[day][minute];
			left |= week->minute[day][minute];
		}
	}
	return left;
}

/* The last set whose condition holds is in force: see what later ones leave of the set of a number. */
static void
Overtake(Catalog *catalog, Conditions *conditions, int number)
{
	PriceSet   *set = &conditions->sets[number];
	int			window = conditions->window_of[number];

	for (int later = number + 1; later < conditions->count && set->problem == NULL; later++)
	{
		const PriceSet *other = &conditions->sets[later];
		int			other_window = conditions->window_of[later];

		if (other->problem != NULL)
			continue;
		if ((other_window < 0 && other->valid_from <= set->valid_from) ||
			(window >= 0 && other_window >= 0 && !WeekSubtract(&conditions->weeks[window], &conditions->weeks[other_window])))
			set->problem = "price is never in force";
	}
	if (window >= 0 && set->problem == NULL)
		set->time_windows = WeekText(catalog, &conditions->weeks[window], "UTC");
}

/*
 * Read a list of sets.  `standard` is the set in force outside windows,
 * `windows` those inside; a new set without a window ends all of them.
 */
static void
ReadConditionalPrices(GenaiModel *model, const cJSON *list)
{
	Catalog    *catalog = model->catalog;
	const cJSON *item;
	PriceSet	standard = {.valid_from = CATALOG_ALWAYS};
	PriceSet	windows[MAX_WINDOWS];
	Conditions	conditions;
	int			nwindows = 0;
	int			number = 0;

	ReadConditions(&conditions, list);
	cJSON_ArrayForEach(item, list)
	{
		const char *path = CatalogPrint(catalog, "%s.prices[%d]", model->path, number);
		PriceSet	set = {.problem = "condition of the price, or of another one of the model, cannot be expressed"};

		if (CatalogStopped(catalog))
			return;
		if (conditions.whole)
		{
			Overtake(catalog, &conditions, number);
			set = conditions.sets[number];
		}
		number++;
		AddPriceSet(model, &set, path, Field(item, "prices"));
		if (set.problem != NULL)
			continue;

		if (set.time_windows != NULL)
		{
			CheckWindowComplete(model, &standard, &set, path);
			windows[nwindows++] = set;
			continue;
		}
		WithdrawDropped(model, &standard, &set);
		for (; nwindows > 0; nwindows--)
			WithdrawDropped(model, &windows[nwindows - 1], &set);
		standard = set;
	}
	if (number == 0)
		CatalogReject(catalog, CatalogPrint(catalog, "%s.prices", model->path), PROBLEM_NO_PRICE);
}

static void
ReadModel(Catalog *catalog, const char *provider, const char *source, const cJSON *json,
		  const char *path, Names *names)
{
	const char *id = StringField(json, "id");
	const cJSON *prices = Field(json, "prices");
	GenaiModel	model = {.catalog = catalog, .provider = provider, .source = source};

	if (!cJSON_IsObject(json) || id == NULL)
	{
		CatalogReject(catalog, path, cJSON_IsObject(json) ? PROBLEM_NO_MODEL : PROBLEM_NOT_OBJECT);
		return;
	}
	model.model = CatalogString(catalog, id);
	model.path = CatalogPrint(catalog, "%s/%s", provider, id);
	if (cJSON_IsArray(prices))
		ReadConditionalPrices(&model, prices);
	else
	{
		PriceSet	set = {.valid_from = CATALOG_ALWAYS};

		AddPriceSet(&model, &set, CatalogPrint(catalog, "%s.prices", model.path), prices);
	}
	GenaiReadNames(&model, names, CatalogPrint(catalog, "%s.match", model.path), Field(json, "match"));
}

static void
ReadProvider(Catalog *catalog, const cJSON *json, size_t index)
{
	const cJSON *models = Field(json, "models");
	const cJSON *url = cJSON_GetArrayItem(Field(json, "pricing_urls"), 0);
	const char *source = cJSON_IsString(url) ? CatalogString(catalog, url->valuestring) : NULL;
	const char *provider = CatalogString(catalog, StringField(json, "id"));
	const cJSON *model;
	Names		names = {0};
	size_t		earlier;
	size_t		at = 0;

	if (provider == NULL || !cJSON_IsArray(models))
	{
		CatalogReject(catalog, CatalogPrint(catalog, "[%zu]", index),
					  !cJSON_IsObject(json) ? PROBLEM_NOT_OBJECT :
					  provider == NULL ? PROBLEM_NO_PROVIDER : PROBLEM_NO_MODEL);
		return;
	}
	/* The id of a model is a name that no other model may take as an alias. */
	cJSON_ArrayForEach(model, models)
	{
		if (StringField(model, "id") != NULL)
			NamesAdd(catalog, &names, StringField(model, "id"), 0, &earlier);
	}
	cJSON_ArrayForEach(model, models)
		ReadModel(catalog, provider, source, model,
				  CatalogPrint(catalog, "%s.models[%zu]", provider, at++), &names);
	NamesFree(&names);
}

bool
CatalogReadGenaiPrices(Catalog *catalog, const cJSON *root)
{
	static const char hint[] = "The text is no genai-prices catalog: it is not a list of providers.";
	const cJSON *provider;
	size_t		index = 0;

	if (!cJSON_IsArray(root))
	{
		memcpy(catalog->detail, hint, sizeof(hint));
		return false;
	}
	cJSON_ArrayForEach(provider, root)
		ReadProvider(catalog, provider, index++);
	GenaiAddBareAliases(catalog, root);
	return true;
}
