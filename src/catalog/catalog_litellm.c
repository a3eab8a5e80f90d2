/*
 * catalog_litellm.c
 *	  The format litellm: model_prices_and_context_window.json of LiteLLM.
 *
 * A file is an object of entries.  The key of an entry spells the provider's
 * prefix, a region and the model; the price is in fields whose names spell
 * meter, service tier and context tier.  Which key parts and which field names
 * are understood is said by the tables of catalog_litellm_keys.c.
 *
 * Invariant: a field is a price field when its value is not null or boolean
 * and its name has "cost", "price", "pricing", "multiplier", "dbu" or is
 * provider_specific_entry.  Each price field, and each member of the objects
 * among them that hold several, gives exactly one row.  Two fields of one entry
 * that state one charge twice (input and output seconds of a transcription)
 * are one price and a merged row; when they differ both are rejected.
 *
 * A 0 is a free price, as it is explicit.  The entry sample_spec documents the
 * format and is skipped.
 *
 * Units: the catalog is in USD per token; rows are per 1,000,000 tokens.
 */
#include "catalog/catalog_litellm.h"

#include <string.h>

#define PROBLEM_TWO_PRICES "two prices for one meter"

/* What the fields at one place of an entry have in common. */
typedef struct Place
{
	Catalog    *catalog;
	const char *path;
	LitellmModel model;
	const char *source;
	int64_t		above_input_tokens; /* start of a range of tiered_pricing */
	const char *time_windows;	/* of off_peak_pricing */
	bool		video;			/* seconds are those of a video that is made */
	const char *problem;		/* why no price here can be taken, or NULL */
} Place;

static bool
IsValue(const cJSON *field)
{
	return !cJSON_IsNull(field) && !cJSON_IsBool(field);
}

static bool
IsPriceName(const char *name)
{
	static const char *const parts[] = {"cost", "price", "pricing", "multiplier", "dbu"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
	{
		if (strstr(name, parts[i]) != NULL)
			return true;
	}
	return false;
}

/* Append a price row and return it, or NULL for a rejected one when there is a problem. */
static CatalogRow *
AddRow(const Place *place, const char *name, const LitellmField *field, const cJSON *value,
	   const char *usd, const char *multiplier, const char *problem)
{
	Catalog    *catalog = place->catalog;
	const char *path = CatalogPrint(catalog, "%s.%s", place->path, name);
	CatalogRow *row = CatalogAdd(catalog, problem == NULL ? CATALOG_PRICE : CATALOG_REJECTED, path);

	row->problem = problem;
	row->provider = place->model.provider;
	row->model = place->model.model;
	row->source = place->source;
	if (problem != NULL)
	{
		row->figure = CatalogFigure(catalog, value);
		return NULL;
	}

	row->region = field->region == NULL ? place->model.region : CatalogString(catalog, field->region);
	row->service_tier = CatalogString(catalog, field->service_tier);
	row->meter = field->meter == METER_COUNT ? "*" : MeterName(field->meter);
	row->unit_quantity = field->meter == METER_COUNT ? 1 : MeterPriceUnit(field->meter);
	row->usd = usd;
	row->currency = "USD";
	row->multiplier = multiplier;
	row->above_input_tokens = field->above_input_tokens;
	row->threshold_inclusive = row->above_input_tokens > 0 && place->model.threshold_inclusive;
	row->time_windows = place->time_windows;
	return row;
}

/* A price of the field's meter. */
static void
AddPrice(const Place *place, const char *name, const LitellmField *field, const cJSON *value)
{
	const char *problem = place->problem != NULL ? place->problem : field->problem;
	const char *usd = NULL;
	const char *rounded = NULL;
	CatalogRow *row;

	if (problem == NULL && place->model.commitment && field->meter == METER_SECONDS)
		problem = "commitment price has no meter";
	if (problem == NULL)
		usd = CatalogDecimal(place->catalog, value, 1, MeterPriceUnit(field->meter), &rounded, &problem);
	row = AddRow(place, name, field, value, usd, NULL, problem);
	if (row != NULL && rounded != NULL)
		CatalogRounded(place->catalog, row, rounded);
}

/* The price of a pixel, as that of the image. */
static void
AddPixelPrice(const Place *place, const char *name, const LitellmField *field, const cJSON *value, int64_t pixels)
{
	const char *problem = place->problem;
	const char *usd = NULL;
	CatalogRow *row;

	if (problem == NULL)
		usd = CatalogProduct(place->catalog, value, pixels, &problem);
	row = AddRow(place, name, field, value, usd, NULL, problem);
	if (row != NULL && strcmp(usd, "0") != 0)
		CatalogRounded(place->catalog, row, CatalogPrint(place->catalog, "%s a pixel", CatalogFigure(place->catalog, value)));
}

/* A multiplier of all prices of the model, in a region or a service tier. */
static void
AddMultiplier(const Place *place, const char *path_name, const char *name, const cJSON *value)
{
	LitellmField field = {.meter = METER_COUNT, .service_tier = SERVICE_TIER_STANDARD};
	const char *problem = place->problem;
	const char *multiplier = NULL;

	if (IsServiceTier(name))
		field.service_tier = name;
	else if (IsRegion(name))
		field.region = name;
	else if (problem == NULL)
		problem = "multiplier is of neither a region nor a service tier";
	if (problem == NULL)
		multiplier = CatalogDecimal(place->catalog, value, 1, 1, NULL, &problem);
	AddRow(place, path_name, &field, value, NULL, multiplier, problem);
}

/* What a search of one size costs more than one of the size whose price is that of the search. */
static void
AddSearchSurcharge(const Place *place, const char *name, Meter meter, const cJSON *value, const cJSON *base)
{
	LitellmField field = {.meter = meter, .service_tier = SERVICE_TIER_STANDARD};
	const char *problem = place->problem;
	const char *usd = NULL;
	CatalogRow *row;

	if (problem == NULL)
		usd = CatalogDifference(place->catalog, value, base, &problem);
	row = AddRow(place, name, &field, value, usd, NULL, problem);
	if (row != NULL)
		row->note = CatalogPrint(place->catalog, "%s less %s", CatalogFigure(place->catalog, value), CatalogFigure(place->catalog, base));
}

/* The size of a search's context that ends the name of a member: low, medium, high, or NULL. */
static const char *
SearchSize(const cJSON *member)
{
	static const char *const sizes[] = {"low", "medium", "high"};
	size_t		length = strlen(member->string);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		size_t		part = strlen(sizes[i]);

		if (length >= part && strcmp(member->string + length - part, sizes[i]) == 0)
			return sizes[i];
	}
	return NULL;
}

/* The price of a web search by the size of its context: one for all, or each member a row. */
static void
AddSearchPrice(const Place *place, const char *name, const cJSON *object)
{
	/* Perplexity bills a fee for the request, of the smallest size unless one was chosen; others a search of medium size. */
	bool		fee = SameText(place->model.provider, "perplexity");
	LitellmField field = {.meter = METER_WEB_SEARCHES, .service_tier = SERVICE_TIER_STANDARD};
	const cJSON *base = NULL;
	const cJSON *member;
	bool		same = true;

	cJSON_ArrayForEach(member, object)
	{
		const char *size = SearchSize(member);

		same = same && cJSON_Compare(member, object->child, true);
		if (size != NULL && strcmp(size, fee ? "low" : "medium") == 0)
			base = member;
	}
	if (same || base == NULL)
	{
		field.problem = object->child == NULL ? PROBLEM_NO_PRICE : same ? NULL : PROBLEM_SHAPE;
		AddPrice(place, name, &field, object->child);
		return;
	}
	if (fee)
		field.meter = METER_REQUESTS;
	cJSON_ArrayForEach(member, object)
	{
		const char *path = CatalogPrint(place->catalog, "%s.%s", name, member->string);
		const char *size = SearchSize(member);
		LitellmField none = {.meter = METER_COUNT, .service_tier = SERVICE_TIER_STANDARD};

		if (member == base)
			AddPrice(place, path, &field, member);
		else if (size != NULL && strcmp(size, "medium") == 0)
			AddSearchSurcharge(place, path, METER_MEDIUM_CONTEXT_SEARCHES, member, base);
		else if (size != NULL && strcmp(size, "high") == 0)
			AddSearchSurcharge(place, path, METER_HIGH_CONTEXT_SEARCHES, member, base);
		else
		{
			none.problem = size == NULL ? PROBLEM_SHAPE : "a search of the smallest context size has no meter";
			AddPrice(place, path, &none, member);
		}
	}
}

static void ReadFields(const Place *place, const cJSON *object);

/* The ranges of tiered_pricing: each prices the requests whose input is above its start. */
static void
ReadTieredPricing(const Place *place, const cJSON *list)
{
	const cJSON *item;
	size_t		index = 0;

	cJSON_ArrayForEach(item, list)
	{
		Place		range = *place;
		const cJSON *start = cJSON_GetArrayItem(Field(item, "range"), 0);

		if (CatalogStopped(place->catalog))
			return;
		range.path = CatalogPrint(place->catalog, "%s.tiered_pricing[%zu]", place->path, index++);
		if (!cJSON_IsObject(item))
		{
			CatalogReject(place->catalog, range.path, PROBLEM_NOT_OBJECT);
			continue;
		}
		if (!IsInteger(start, 0, &range.above_input_tokens))
			range.problem = PROBLEM_SHAPE;
		ReadFields(&range, item);
	}
}

/* The prices of off_peak_pricing, which hold in its windows. */
static void
ReadOffPeakPricing(const Place *place, const cJSON *block)
{
	Place		window = *place;

	window.path = CatalogPrint(place->catalog, "%s.off_peak_pricing", place->path);
	if (window.problem == NULL)
		window.time_windows = OffPeakWindows(place->catalog, block, &window.problem);
	ReadFields(&window, block);
}

/* provider_specific_entry: {"fast": 6.0, "us": 1.1} */
static void
ReadSpecificEntry(const Place *place, const cJSON *object)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, object)
	{
		if (IsValue(item))
			AddMultiplier(place, CatalogPrint(place->catalog, "provider_specific_entry.%s", item->string),
						  item->string, item);
	}
}

/* One price field. */
static void
ReadField(const Place *place, const cJSON *value)
{
	static const char uplift[] = "regional_processing_uplift_multiplier_";
	const char *name = value->string;
	LitellmField field;

	if (strncmp(name, uplift, sizeof(uplift) - 1) == 0)
	{
		AddMultiplier(place, name, name + sizeof(uplift) - 1, value);
		return;
	}
	ParseLitellmField(name, &field);
	if (field.above_input_tokens == 0)
		field.above_input_tokens = place->above_input_tokens;
	if (field.meter == METER_SECONDS && place->video)
		field.meter = METER_VIDEO_SECONDS;
	if (field.problem == NULL && field.meter == METER_WEB_SEARCHES && cJSON_IsObject(value))
		AddSearchPrice(place, name, value);
	else if (field.meter == METER_IMAGES && field.problem != NULL && place->problem == NULL && ImagePixels(place->model.model) > 0)
		AddPixelPrice(place, name, &field, value, ImagePixels(place->model.model));
	else
		AddPrice(place, name, &field, value);
}

/* All price fields of an object. */
static void
ReadFields(const Place *place, const cJSON *object)
{
	const cJSON *field;

	cJSON_ArrayForEach(field, object)
	{
		const char *name = field->string;

		if (!IsValue(field))
			continue;
		if (strcmp(name, "tiered_pricing") == 0 && cJSON_IsArray(field))
			ReadTieredPricing(place, field);
		else if (strcmp(name, "off_peak_pricing") == 0 && cJSON_IsObject(field))
			ReadOffPeakPricing(place, field);
		else if (strcmp(name, "provider_specific_entry") == 0 && cJSON_IsObject(field))
			ReadSpecificEntry(place, field);
		else if (IsPriceName(name))
			ReadField(place, field);
	}
}

/* Turn a price row into one that says what became of it. */
static void
Mark(CatalogRow *row, CatalogKind kind, const char *problem)
{
	row->kind = kind;
	row->problem = problem;
}

static bool
IsZero(const CatalogRow *row)
{
	return row->usd != NULL && strcmp(row->usd, "0") == 0;
}

/*
 * Two fields of an entry state the price of one key.  The same charge twice is
 * one charge; 0 on one side of a charge by the second, character or image adds
 * nothing to the other; anything else cannot be told apart.
 */
static void
ResolvePair(CatalogRow *one, CatalogRow *other)
{
	Meter		meter = MeterByName(one->meter, strlen(one->meter));
	bool		sides = meter != METER_COUNT && !MeterIsTokens(meter);

	if (SameText(one->usd, other->usd) && SameText(one->multiplier, other->multiplier))
		Mark(other, CATALOG_MERGED, "same charge as another field");
	else if (sides && IsZero(other))
		Mark(other, CATALOG_MERGED, "adds nothing to another field");
	else if (sides && IsZero(one))
		Mark(one, CATALOG_MERGED, "adds nothing to another field");
	else
	{
		Mark(one, CATALOG_REJECTED, PROBLEM_TWO_PRICES);
		Mark(other, CATALOG_REJECTED, PROBLEM_TWO_PRICES);
	}
}

/* Leave one price of each key among the rows that an entry gave. */
static void
ResolveEntry(Catalog *catalog, size_t first_row)
{
	for (size_t i = first_row; i < catalog->row_count; i++)
	{
		CatalogRow *one = &catalog->rows[i];

		if (CatalogStopped(catalog))
			return;
		for (size_t j = i + 1; j < catalog->row_count; j++)
		{
			CatalogRow *other = &catalog->rows[j];
			bool		open = one->kind == CATALOG_PRICE || SameText(one->problem, PROBLEM_TWO_PRICES);

			if (open && other->kind == CATALOG_PRICE && SamePriceKey(one, other))
				ResolvePair(one, other);
		}
	}
}

static void
ReadEntry(Catalog *catalog, const cJSON *json)
{
	Place		place = {.catalog = catalog};
	const char *provider = StringField(json, "litellm_provider");
	size_t		first_row = catalog->row_count;

	place.path = CatalogString(catalog, json->string);
	if (!cJSON_IsObject(json))
	{
		CatalogReject(catalog, place.path, PROBLEM_NOT_OBJECT);
		return;
	}
	if (provider == NULL)
		place.problem = PROBLEM_NO_PROVIDER;
	else
		ParseLitellmKey(catalog, json->string, provider, &place.model);
	if (place.problem == NULL && place.model.model[0] == '\0')
		place.problem = PROBLEM_NO_MODEL;
	place.source = CatalogString(catalog, StringField(json, "source"));
	place.video = SameText(StringField(json, "mode"), "video_generation");

	ReadFields(&place, json);
	if (catalog->row_count == first_row)
		CatalogReject(catalog, place.path, PROBLEM_NO_PRICE);
	ResolveEntry(catalog, first_row);
}

bool
CatalogReadLitellm(Catalog *catalog, const cJSON *root)
{
	static const char hint[] = "The text is no LiteLLM catalog: it is not an object of models.";
	const cJSON *entry;

	if (!cJSON_IsObject(root))
	{
		memcpy(catalog->detail, hint, sizeof(hint));
		return false;
	}
	cJSON_ArrayForEach(entry, root)
	{
		if (CatalogStopped(catalog))
			break;
		if (strcmp(entry->string, "sample_spec") != 0)
			ReadEntry(catalog, entry);
	}
	return true;
}
