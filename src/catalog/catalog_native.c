/*
 * catalog_native.c
 *	  The format inferacct: strict, so that a price list kept by hand cannot
 *	  hold a slip of the pen.
 *
 * Invariant: an entry with a problem of its own (an unknown field, no model, a
 * bad date) gives only rejected rows; otherwise each of its prices gives one
 * row, a price or a rejected one.
 *
 * Units: a price is per 1,000,000 tokens, or per one of any other meter,
 * unless it says otherwise with "per".
 */
#include "catalog/catalog_build.h"

#include <string.h>

#define CATALOG_VERSION 1
#define MAX_WINDOWS 100
#define PROBLEM_AGREEMENT "agreement is not agreed, single or disputed"

/* What the entries of one file inherit. */
typedef struct Defaults
{
	const char *source;
	int32_t		checked_on;
	const char *agreement;
	const char *prefix;			/* of paths: which catalog of several */
} Defaults;

typedef struct Entry
{
	Catalog    *catalog;
	const cJSON *json;
	const char *path;
	bool		sound;			/* no problem found so far */
	CatalogRow	row;			/* what its rows have in common */
} Entry;

static const char *const root_fields[] = {
	"inferacct", "note", "source", "checked_on", "agreement", "prices", "aliases", "gpu_prices", NULL
};
static const char *const price_fields[] = {
	"provider", "model", "region", "service_tier", "above_input_tokens", "threshold_inclusive",
	"time_windows", "valid_from", "currency", "source", "checked_on", "agreement", "note",
	"usd", "amount", "multiplier", NULL
};
static const char *const alias_fields[] = {
	"alias", "provider", "model", "region", "valid_from", "source", "checked_on", NULL
};
static const char *const gpu_fields[] = {
	"gpu", "vendor", "region", "term", "usd_per_hour", "valid_from", "source", "checked_on", NULL
};
static const char *const agreements[] = {"agreed", "single", "disputed", NULL};
static const char *const gpu_terms[] = {"on_demand", "reserved_1y", "reserved_3y", "spot", NULL};

static bool
IsOneOf(const char *name, const char *const *names)
{
	for (; *names != NULL; names++)
	{
		if (strcmp(name, *names) == 0)
			return true;
	}
	return false;
}

/* Reject a field of the entry, which gives no prices then. */
static void
Reject(Entry *entry, const char *field, const char *problem)
{
	entry->sound = false;
	CatalogReject(entry->catalog, CatalogPrint(entry->catalog, "%s.%s", entry->path, field), problem);
}

/* Reject fields that are unknown or given twice; false when there are any. */
static bool
CheckFields(Catalog *catalog, const cJSON *object, const char *path, const char *const *known)
{
	const cJSON *field;
	bool		sound = true;

	cJSON_ArrayForEach(field, object)
	{
		const char *problem = NULL;

		if (CatalogStopped(catalog))
			return false;
		if (!IsOneOf(field->string, known))
			problem = "unknown field";
		else if (Field(object, field->string) != field)
			problem = "field is given twice";
		if (problem == NULL)
			continue;
		CatalogReject(catalog, CatalogPrint(catalog, "%s%s%s", path, *path == '\0' || path[strlen(path) - 1] == '.' ? "" : ".",
											field->string), problem);
		sound = false;
	}
	return sound;
}

/*
 * A text field, or `missing` when it is absent.  It is rejected when it is not
 * text, empty though `missing` is not, or absent with no `missing`.
 */
static const char *
TextField(Entry *entry, const char *name, const char *missing, const char *problem)
{
	const cJSON *field = Field(entry->json, name);

	if (field == NULL && missing != NULL)
		return missing;
	if (cJSON_IsString(field) && (field->valuestring[0] != '\0' || (missing != NULL && *missing == '\0')))
		return CatalogString(entry->catalog, field->valuestring);
	Reject(entry, name, problem);
	return "";
}

/* Read source, checked_on and valid_from, which every entry has. */
static void
ReadProvenance(Entry *entry, const Defaults *defaults)
{
	const cJSON *checked_on = Field(entry->json, "checked_on");
	const cJSON *valid_from = Field(entry->json, "valid_from");

	entry->row.source = TextField(entry, "source", defaults->source, "no source");

	entry->row.checked_on = defaults->checked_on;
	if (checked_on != NULL)
	{
		if (!cJSON_IsString(checked_on) || !ParseDate(checked_on->valuestring, &entry->row.checked_on))
			Reject(entry, "checked_on", "date is not YYYY-MM-DD");
	}
	else if (defaults->checked_on == CATALOG_UNCHECKED)
		Reject(entry, "checked_on", "no date of the check");

	entry->row.valid_from = CATALOG_ALWAYS;
	if (valid_from != NULL &&
		(!cJSON_IsString(valid_from) || !ParseTimestamp(valid_from->valuestring, &entry->row.valid_from)))
		Reject(entry, "valid_from", "time is neither a date nor a timestamp with its offset from UTC");
}

/* Read what sources say of the price: NULL is nothing. */
static void
ReadAgreement(Entry *entry, const Defaults *defaults)
{
	const cJSON *agreement = Field(entry->json, "agreement");

	entry->row.agreement = defaults->agreement;
	if (agreement != NULL)
		entry->row.agreement = TextField(entry, "agreement", NULL, PROBLEM_AGREEMENT);
	if (entry->row.agreement != NULL && entry->row.agreement[0] != '\0' && !IsOneOf(entry->row.agreement, agreements))
		Reject(entry, "agreement", PROBLEM_AGREEMENT);
	if (Field(entry->json, "note") != NULL)
		entry->row.note = TextField(entry, "note", NULL, "note is not text");
}

/* Start on an entry; false when it is not even an object. */
static bool
BeginEntry(Entry *entry, Catalog *catalog, const cJSON *json, const char *list, size_t index,
		   const char *const *known, const Defaults *defaults)
{
	memset(entry, 0, sizeof(*entry));
	entry->catalog = catalog;
	entry->json = json;
	entry->path = CatalogPrint(catalog, "%s%s[%zu]", defaults->prefix, list, index);
	if (!cJSON_IsObject(json))
	{
		CatalogReject(catalog, entry->path, PROBLEM_NOT_OBJECT);
		return false;
	}
	entry->sound = CheckFields(catalog, json, entry->path, known);
	ReadProvenance(entry, defaults);
	if (known == price_fields)
		ReadAgreement(entry, defaults);
	return true;
}

/* Append a row with what the entry's rows have in common. */
static CatalogRow *
AddRow(Entry *entry, CatalogKind kind, const char *path)
{
	CatalogRow *row = CatalogAdd(entry->catalog, kind, path);

	*row = entry->row;
	row->kind = kind;
	row->path = path;
	return row;
}

/* Read the days of a window as a bitmap; none given means all. */
static bool
ReadDays(const cJSON *list, unsigned *days)
{
	const cJSON *item;
	int64_t		day;

	*days = list == NULL ? EVERY_DAY : 0;
	if (list == NULL)
		return true;
	if (!cJSON_IsArray(list))
		return false;
	cJSON_ArrayForEach(item, list)
	{
		if (!IsInteger(item, 1, &day) || day > 7)
			return false;
		*days |= 1u << (day - 1);
	}
	return *days != 0;
}

static bool
ReadClock(const cJSON *field, int *minute)
{
	return cJSON_IsString(field) &&
		ParseClock(field->valuestring, strlen(field->valuestring), minute);
}

/* Add one window to the week; false after having rejected it. */
static bool
ReadWindow(Entry *entry, const cJSON *window, size_t index, Week *week)
{
	static const char *const known[] = {"days", "from", "to", NULL};
	const char *path = CatalogPrint(entry->catalog, "%s.time_windows.windows[%zu]", entry->path, index);
	const char *problem = NULL;
	unsigned	days;
	int			from,
				to;

	if (!cJSON_IsObject(window))
		problem = PROBLEM_NOT_OBJECT;
	else if (!CheckFields(entry->catalog, window, path, known))
		return false;
	else if (!ReadDays(Field(window, "days"), &days))
		problem = "days are not a list of 1 (Monday) to 7 (Sunday)";
	else if (!ReadClock(Field(window, "from"), &from) || !ReadClock(Field(window, "to"), &to) ||
			 from == 24 * 60)
		problem = "time of day is not HH:MM";
	else if (from == to)
		problem = "time window is empty";

	if (problem != NULL)
	{
		CatalogReject(entry->catalog, path, problem);
		return false;
	}
	WeekAdd(week, days, from, to);
	return true;
}

/* Read time_windows into its canonical text. */
static void
ReadTimeWindows(Entry *entry)
{
	static const char *const known[] = {"timezone", "windows", NULL};
	const cJSON *json = Field(entry->json, "time_windows");
	const cJSON *windows,
			   *window;
	const char *timezone;
	const char *path;
	Week		week = {0};
	size_t		index = 0;

	if (json == NULL)
		return;
	path = CatalogPrint(entry->catalog, "%s.time_windows", entry->path);
	timezone = StringField(json, "timezone");
	windows = Field(json, "windows");
	if (!cJSON_IsObject(json))
		Reject(entry, "time_windows", PROBLEM_NOT_OBJECT);
	else if (!CheckFields(entry->catalog, json, path, known))
		entry->sound = false;
	else if (timezone == NULL || !IsTimeZoneName(timezone))
		Reject(entry, "time_windows.timezone", "no name of a time zone");
	else if (!cJSON_IsArray(windows) || windows->child == NULL)
		Reject(entry, "time_windows.windows", "no windows");
	else if (cJSON_GetArraySize(windows) > MAX_WINDOWS)
		Reject(entry, "time_windows.windows", "too many windows");
	else
	{
		cJSON_ArrayForEach(window, windows)
		{
			if (!ReadWindow(entry, window, index++, &week))
				entry->sound = false;
		}
		if (entry->sound)
			entry->row.time_windows = WeekText(entry->catalog, &week, timezone);
	}
}

/* Read the context tier that the entry is for. */
static void
ReadContextTier(Entry *entry)
{
	const cJSON *above = Field(entry->json, "above_input_tokens");
	const cJSON *inclusive = Field(entry->json, "threshold_inclusive");

	if (above != NULL && !IsInteger(above, 0, &entry->row.above_input_tokens))
		Reject(entry, "above_input_tokens", "count is not a whole number");
	if (inclusive != NULL && !cJSON_IsBool(inclusive))
		Reject(entry, "threshold_inclusive", "value is not true or false");
	/* With no threshold there is nothing to include. */
	entry->row.threshold_inclusive = cJSON_IsTrue(inclusive) && entry->row.above_input_tokens > 0;
}

/* Split {"usd": price, "per": n} into its parts; false when it is not that. */
static bool
ReadPriceObject(const cJSON **price, const char *unit, int64_t *per)
{
	const cJSON *object = *price;
	const cJSON *field;

	cJSON_ArrayForEach(field, object)
	{
		if (strcmp(field->string, unit) != 0 && strcmp(field->string, "per") != 0)
			return false;
		if (Field(object, field->string) != field)
			return false;
	}
	*price = Field(object, unit);
	return *price != NULL && IsInteger(Field(object, "per"), 1, per);
}

/* One price of the map `name`, which is "usd" or "amount". */
static void
ReadPrice(Entry *entry, const char *name, const cJSON *price)
{
	Catalog    *catalog = entry->catalog;
	const char *path = CatalogPrint(catalog, "%s.%s.%s", entry->path, name, price->string);
	Meter		meter = MeterByName(price->string, strlen(price->string));
	const char *problem = NULL;
	const char *text = NULL;
	int64_t		per;
	CatalogRow *row;

	if (meter == METER_COUNT)
	{
		CatalogReject(catalog, path, "unknown meter");
		return;
	}
	per = MeterPriceUnit(meter);
	if (cJSON_IsObject(price) && !ReadPriceObject(&price, name, &per))
		problem = PROBLEM_SHAPE;
	else if (!cJSON_IsNull(price))
		text = CatalogDecimal(catalog, price, per, per, NULL, &problem);
	if (problem != NULL)
	{
		CatalogReject(catalog, path, problem);
		return;
	}

	row = AddRow(entry, CATALOG_PRICE, path);
	row->meter = MeterName(meter);
	row->unit_quantity = per;
	if (strcmp(name, "usd") == 0)
		row->usd = text;
	else
		row->amount = text;
}

/* One multiplier of the price that the base region and tier has. */
static void
ReadMultiplier(Entry *entry, const cJSON *value)
{
	Catalog    *catalog = entry->catalog;
	const char *path = CatalogPrint(catalog, "%s.multiplier.%s", entry->path, value->string);
	Meter		meter = MeterByName(value->string, strlen(value->string));
	bool		all = strcmp(value->string, "*") == 0;
	const char *problem = NULL;
	const char *text = NULL;
	CatalogRow *row;

	if (meter == METER_COUNT && !all)
		problem = "unknown meter";
	else if (!cJSON_IsNull(value))
		text = CatalogDecimal(catalog, value, 1, 1, NULL, &problem);
	if (problem != NULL)
	{
		CatalogReject(catalog, path, problem);
		return;
	}
	row = AddRow(entry, CATALOG_PRICE, path);
	row->meter = all ? "*" : MeterName(meter);
	row->unit_quantity = all ? 1 : MeterPriceUnit(meter);
	row->multiplier = text;
}

/* Read the maps of prices. */
static void
ReadPriceMaps(Entry *entry)
{
	bool		dollars = strcmp(entry->row.currency, "USD") == 0;
	const char *name = dollars ? "usd" : "amount";
	const cJSON *prices = Field(entry->json, name);
	const cJSON *multipliers = Field(entry->json, "multiplier");
	const cJSON *item;

	if (Field(entry->json, dollars ? "amount" : "usd") != NULL)
		Reject(entry, dollars ? "amount" : "usd", "prices in USD are in usd, others in amount");
	if (prices != NULL && !cJSON_IsObject(prices))
		Reject(entry, name, PROBLEM_NOT_OBJECT);
	if (multipliers != NULL && !cJSON_IsObject(multipliers))
		Reject(entry, "multiplier", PROBLEM_NOT_OBJECT);
	if ((prices == NULL || prices->child == NULL) && (multipliers == NULL || multipliers->child == NULL))
		Reject(entry, name, PROBLEM_NO_PRICE);
	if (!entry->sound)
		return;

	cJSON_ArrayForEach(item, prices)
		ReadPrice(entry, name, item);
	cJSON_ArrayForEach(item, multipliers)
		ReadMultiplier(entry, item);
}

static bool
IsCurrency(const char *text)
{
	return strlen(text) == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

static void
ReadPriceEntry(Entry *entry)
{
	entry->row.provider = TextField(entry, "provider", NULL, PROBLEM_NO_PROVIDER);
	entry->row.model = TextField(entry, "model", NULL, PROBLEM_NO_MODEL);
	entry->row.region = TextField(entry, "region", "", "region is not text");
	entry->row.service_tier = TextField(entry, "service_tier", SERVICE_TIER_STANDARD,
										"service tier is not text");
	entry->row.currency = TextField(entry, "currency", "USD", "currency is not an ISO 4217 code");
	if (entry->row.currency[0] != '\0' && !IsCurrency(entry->row.currency))
		Reject(entry, "currency", "currency is not an ISO 4217 code");
	ReadContextTier(entry);
	ReadTimeWindows(entry);
	ReadPriceMaps(entry);
}

static void
ReadAliasEntry(Entry *entry)
{
	bool		ended = cJSON_IsNull(Field(entry->json, "model"));

	entry->row.alias = TextField(entry, "alias", NULL, "no alias");
	entry->row.provider = TextField(entry, "provider", NULL, PROBLEM_NO_PROVIDER);
	entry->row.model = ended ? NULL : TextField(entry, "model", NULL, PROBLEM_NO_MODEL);
	entry->row.region = TextField(entry, "region", "", "region is not text");
	if (entry->sound)
		AddRow(entry, CATALOG_ALIAS, entry->path);
}

static void
ReadGpuEntry(Entry *entry)
{
	const cJSON *price = Field(entry->json, "usd_per_hour");
	const char *problem = NULL;

	entry->row.gpu = TextField(entry, "gpu", NULL, "no gpu");
	entry->row.vendor = TextField(entry, "vendor", NULL, "no vendor");
	entry->row.region = TextField(entry, "region", "", "region is not text");
	entry->row.term = TextField(entry, "term", NULL, "no term");
	if (entry->row.term[0] != '\0' && !IsOneOf(entry->row.term, gpu_terms))
		Reject(entry, "term", "unknown term");
	entry->row.currency = "USD";
	entry->row.unit_quantity = 1;
	if (price == NULL)
		problem = PROBLEM_NO_PRICE;
	else if (!cJSON_IsNull(price))
		entry->row.usd = CatalogDecimal(entry->catalog, price, 1, 1, NULL, &problem);
	if (problem != NULL)
		Reject(entry, "usd_per_hour", problem);
	if (entry->sound)
		AddRow(entry, CATALOG_GPU_PRICE, entry->path);
}

/* Read one of the three lists, entry by entry. */
static void
ReadList(Catalog *catalog, const cJSON *root, const char *name, const char *const *known,
		 const Defaults *defaults, void (*read) (Entry *))
{
	const cJSON *list = Field(root, name);
	const cJSON *item;
	size_t		index = 0;
	Entry		entry;

	if (list == NULL)
		return;
	if (!cJSON_IsArray(list))
	{
		CatalogReject(catalog, CatalogPrint(catalog, "%s%s", defaults->prefix, name), "value is not a list");
		return;
	}
	cJSON_ArrayForEach(item, list)
	{
		if (CatalogStopped(catalog))
			return;
		if (BeginEntry(&entry, catalog, item, name, index++, known, defaults))
			read(&entry);
	}
}

/* Read one catalog object. */
static bool
ReadOne(Catalog *catalog, const cJSON *root, const char *prefix)
{
	static const char hint[] = "The text is no price catalog: it has no \"inferacct\": 1 at its top level.";
	Defaults	defaults = {NULL, CATALOG_UNCHECKED, NULL, prefix};
	const cJSON *checked_on;
	int64_t		version;

	if (!cJSON_IsObject(root) || !IsInteger(Field(root, "inferacct"), 1, &version) ||
		version != CATALOG_VERSION)
	{
		memcpy(catalog->detail, hint, sizeof(hint));
		return false;
	}
	CheckFields(catalog, root, prefix, root_fields);
	defaults.source = CatalogString(catalog, StringField(root, "source"));
	checked_on = Field(root, "checked_on");
	if (checked_on != NULL &&
		(!cJSON_IsString(checked_on) || !ParseDate(checked_on->valuestring, &defaults.checked_on)))
		CatalogReject(catalog, CatalogPrint(catalog, "%schecked_on", prefix), "date is not YYYY-MM-DD");
	defaults.agreement = CatalogString(catalog, StringField(root, "agreement"));
	if (Field(root, "agreement") != NULL && (defaults.agreement == NULL || !IsOneOf(defaults.agreement, agreements)))
		CatalogReject(catalog, CatalogPrint(catalog, "%sagreement", prefix), PROBLEM_AGREEMENT);

	ReadList(catalog, root, "prices", price_fields, &defaults, ReadPriceEntry);
	ReadList(catalog, root, "aliases", alias_fields, &defaults, ReadAliasEntry);
	ReadList(catalog, root, "gpu_prices", gpu_fields, &defaults, ReadGpuEntry);
	return true;
}

bool
CatalogReadInferacct(Catalog *catalog, const cJSON *root)
{
	const cJSON *item;
	int			index = 0;

	if (!cJSON_IsArray(root) || cJSON_GetArraySize(root) == 0)
		return ReadOne(catalog, root, "");
	cJSON_ArrayForEach(item, root)
	{
		if (!ReadOne(catalog, item, CatalogPrint(catalog, "[%d].", index++)))
			return false;
	}
	return true;
}
