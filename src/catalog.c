/*
 * catalog.c
 *	  What the readers of all catalog formats stand on: the memory of a
 *	  Catalog, its rows, exact decimals, and the search for duplicates.
 *
 * Invariants: a price is read as decimal text, never through arithmetic on a
 * double.  JSON numbers reach us as doubles, so one is taken only when a
 * decimal of at most 15 digits reads back as the same double: then it is what
 * was written.  No two price rows that leave CatalogParse have the same key.
 *
 * Units: the rate behind every price is an int64 of 1e-15 USD (money.h).
 * Memory: strings lie in chunks, rows in one array; both are the Catalog's.
 */
#include "catalog_build.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "money.h"

#define CHUNK_SIZE 65536
#define MAX_EXACT_INTEGER 9007199254740992.0	/* 2^53 */

typedef struct CatalogChunk
{
	struct CatalogChunk *next;
	size_t		used;
	size_t		size;
	char		bytes[];
} CatalogChunk;

static const char *const format_names[] = {"inferacct", "genai-prices", "litellm"};
static const char *const kind_names[] = {"price", "alias", "gpu_price", "rejected", "merged"};

bool
CatalogFormatByName(const char *name, CatalogFormat *format)
{
	for (size_t i = 0; i < sizeof(format_names) / sizeof(format_names[0]); i++)
	{
		if (strcmp(name, format_names[i]) == 0)
		{
			*format = (CatalogFormat) i;
			return true;
		}
	}
	return false;
}

const char *
CatalogKindName(CatalogKind kind)
{
	return kind_names[kind];
}

/* `size` bytes of the catalog's memory, or NULL. */
static char *
Allocate(Catalog *catalog, size_t size)
{
	CatalogChunk *chunk = catalog->chunks;

	if (chunk == NULL || chunk->size - chunk->used < size)
	{
		size_t		room = size > CHUNK_SIZE ? size : CHUNK_SIZE;

		chunk = malloc(sizeof(CatalogChunk) + room);
		if (chunk == NULL)
		{
			catalog->out_of_memory = true;
			return NULL;
		}
		chunk->used = 0;
		chunk->size = room;
		chunk->next = catalog->chunks;
		catalog->chunks = chunk;
	}
	chunk->used += size;
	return chunk->bytes + chunk->used - size;
}

/* Copy bytes into the catalog as a string. */
const char *
CatalogCopy(Catalog *catalog, const char *text, size_t length)
{
	char	   *copy = Allocate(catalog, length + 1);

	if (copy == NULL)
		return "";
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

/* Copy a string into the catalog; NULL stays NULL. */
const char *
CatalogString(Catalog *catalog, const char *text)
{
	return text == NULL ? NULL : CatalogCopy(catalog, text, strlen(text));
}

/* printf into the catalog's memory. */
const char *
CatalogPrint(Catalog *catalog, const char *format,...)
{
	va_list		args;
	int			length;
	char	   *text;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);

	text = length < 0 ? NULL : Allocate(catalog, (size_t) length + 1);
	if (text == NULL)
	{
		catalog->out_of_memory = true;
		return "";
	}
	va_start(args, format);
	vsnprintf(text, (size_t) length + 1, format, args);
	va_end(args);
	return text;
}

/* Append a row of defaults.  It may move when the next row is added. */
CatalogRow *
CatalogAdd(Catalog *catalog, CatalogKind kind, const char *path)
{
	CatalogRow *row = &catalog->spare;

	if (catalog->row_count == catalog->row_capacity)
	{
		size_t		capacity = catalog->row_capacity == 0 ? 256 : catalog->row_capacity * 2;
		CatalogRow *rows = realloc(catalog->rows, capacity * sizeof(CatalogRow));

		if (rows != NULL)
		{
			catalog->rows = rows;
			catalog->row_capacity = capacity;
		}
	}
	if (catalog->row_count < catalog->row_capacity)
		row = &catalog->rows[catalog->row_count++];
	else
		catalog->out_of_memory = true;

	memset(row, 0, sizeof(*row));
	row->kind = kind;
	row->path = path;
	row->valid_from = CATALOG_ALWAYS;
	row->checked_on = CATALOG_UNCHECKED;
	return row;
}

CatalogRow *
CatalogReject(Catalog *catalog, const char *path, const char *problem)
{
	CatalogRow *row = CatalogAdd(catalog, CATALOG_REJECTED, path);

	row->problem = problem;
	return row;
}

/* Prices of tokens are quoted per million, all others per one. */
int64_t
MeterDefaultUnit(Meter meter)
{
	return MeterSideOf(meter) == SIDE_OTHER ? 1 : 1000000;
}

/* A member by its exact name, or NULL.  The first of several. */
const cJSON *
Field(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* A string member that is not empty, or NULL. */
const char *
StringField(const cJSON *object, const char *name)
{
	const cJSON *field = Field(object, name);

	if (!cJSON_IsString(field) || field->valuestring[0] == '\0')
		return NULL;
	return field->valuestring;
}

/* Is it a JSON number that is a whole number from `low` to 2^53? */
bool
IsInteger(const cJSON *value, int64_t low, int64_t *integer)
{
	if (!cJSON_IsNumber(value) || !(value->valuedouble >= (double) low) ||
		!(value->valuedouble <= MAX_EXACT_INTEGER) ||
		floor(value->valuedouble) != value->valuedouble)
		return false;
	*integer = (int64_t) value->valuedouble;
	return true;
}

bool
SameText(const char *one, const char *other)
{
	if (one == NULL || other == NULL)
		return one == other;
	return strcmp(one, other) == 0;
}

/* Would the two price rows answer the same question? */
bool
SamePriceKey(const CatalogRow *one, const CatalogRow *other)
{
	return SameText(one->provider, other->provider) &&
		SameText(one->model, other->model) &&
		SameText(one->region, other->region) &&
		SameText(one->service_tier, other->service_tier) &&
		SameText(one->meter, other->meter) &&
		one->above_input_tokens == other->above_input_tokens &&
		one->threshold_inclusive == other->threshold_inclusive &&
		SameText(one->time_windows, other->time_windows) &&
		one->valid_from == other->valid_from;
}

/* The decimal that a double was written as, when 15 digits can say it. */
static bool
DecimalOfDouble(double value, char text[32])
{
	if (!isfinite(value))
		return false;
	snprintf(text, 32, "%.15g", value == 0 ? 0.0 : value);
	return strtod(text, NULL) == value;
}

/*
 * The price in `value`, a number or a decimal string, per `per` units, as
 * exact decimal text per `unit_quantity` units.  NULL and *problem when it
 * cannot be had exactly.
 */
const char *
CatalogDecimal(Catalog *catalog, const cJSON *value, int64_t per, int64_t unit_quantity,
			   const char **problem)
{
	char		number[32];
	char		text[MONEY_TEXT_SIZE];
	const char *decimal = number;
	int64_t		rate;
	int			length;

	if (cJSON_IsString(value))
		decimal = value->valuestring;
	else if (!cJSON_IsNumber(value))
	{
		*problem = PROBLEM_SHAPE;
		return NULL;
	}
	else if (!DecimalOfDouble(value->valuedouble, number))
	{
		*problem = "price is not an exact decimal";
		return NULL;
	}

	switch (RateFromDecimal(decimal, per, &rate))
	{
		case MONEY_OK:
			length = MoneyToText((Money) rate * unit_quantity, text);
			return CatalogCopy(catalog, text, (size_t) length);
		case MONEY_SYNTAX:
			*problem = "price is not an exact decimal";
			break;
		case MONEY_NEGATIVE:
			*problem = "negative price";
			break;
		case MONEY_TOO_FINE:
			*problem = "price finer than 1e-15 USD per unit";
			break;
		case MONEY_TOO_LARGE:
			*problem = "price too large";
			break;
	}
	return NULL;
}

/* What must be unique among the rows of a catalog; NULL for rows that need not be. */
static const char *
RowKey(Catalog *catalog, const CatalogRow *row)
{
	switch (row->kind)
	{
		case CATALOG_PRICE:
			return CatalogPrint(catalog, "p\x1f%s\x1f%s\x1f%s\x1f%s\x1f%s"
								"\x1f%" PRId64 "\x1f%d\x1f%s\x1f%" PRId64,
								row->provider, row->model, row->region, row->service_tier,
								row->meter, row->above_input_tokens, row->threshold_inclusive,
								row->time_windows == NULL ? "" : row->time_windows, row->valid_from);
		case CATALOG_ALIAS:
			return CatalogPrint(catalog, "a\x1f%s\x1f%s\x1f%" PRId64,
								row->alias, row->provider, row->valid_from);
		case CATALOG_GPU_PRICE:
			return CatalogPrint(catalog, "g\x1f%s\x1f%s\x1f%s\x1f%" PRId64,
								row->gpu, row->vendor, row->term, row->valid_from);
		case CATALOG_REJECTED:
		case CATALOG_MERGED:
			break;
	}
	return NULL;
}

/* Do two rows of one key say the same? */
static bool
SameStatement(const CatalogRow *one, const CatalogRow *other)
{
	if (one->kind == CATALOG_ALIAS)
		return SameText(one->model, other->model) && SameText(one->region, other->region);
	return one->unit_quantity == other->unit_quantity &&
		SameText(one->usd, other->usd) &&
		SameText(one->currency, other->currency) &&
		SameText(one->amount, other->amount) &&
		SameText(one->multiplier, other->multiplier);
}

/*
 * Keep the first row of each key.  A later one is rejected; in a foreign
 * catalog one that says the same is merged into the first.
 */
static void
ResolveDuplicates(Catalog *catalog, bool strict)
{
	Names		keys = {0};

	for (size_t i = 0; i < catalog->row_count; i++)
	{
		CatalogRow *row = &catalog->rows[i];
		const char *key = RowKey(catalog, row);
		size_t		first;

		if (key == NULL || NamesAdd(catalog, &keys, key, i, &first))
			continue;
		if (!strict && SameStatement(row, &catalog->rows[first]))
		{
			row->kind = CATALOG_MERGED;
			row->problem = "same as another entry";
			continue;
		}
		row->kind = CATALOG_REJECTED;
		row->problem = "duplicate of another entry";
	}
	NamesFree(&keys);
}

/* Write what is wrong with the JSON text at byte `at`, and where that is. */
static void
DescribeSyntaxError(Catalog *catalog, const char *text, const char *at)
{
	size_t		line = 1;
	const char *line_start = text;

	for (const char *c = text; c < at; c++)
	{
		if (*c == '\n')
		{
			line++;
			line_start = c + 1;
		}
	}
	snprintf(catalog->detail, sizeof(catalog->detail),
			 "The text is not JSON: see line %zu, column %zu.",
			 line, (size_t) (at - line_start) + 1);
}

/* The first \u0000 escape, which would cut a string short; or NULL. */
static const char *
FindNulEscape(const char *text)
{
	for (const char *c = strchr(text, '\\'); c != NULL; c = strchr(c, '\\'))
	{
		if (strncmp(c, "\\u0000", 6) == 0)
			return c;
		c += c[1] == '\0' ? 1 : 2;
	}
	return NULL;
}

/* Parse the whole text as one JSON value; NULL when it is not one. */
static cJSON *
ParseJson(Catalog *catalog, const char *text, size_t length)
{
	const char *end = text;
	const char *nul = FindNulEscape(text);
	cJSON	   *root;

	if (nul != NULL)
	{
		DescribeSyntaxError(catalog, text, nul);
		return NULL;
	}
	root = cJSON_ParseWithLengthOpts(text, length + 1, &end, 1);
	if (root == NULL)
		DescribeSyntaxError(catalog, text, end);
	return root;
}

CatalogStatus
CatalogParse(const char *text, size_t length, CatalogFormat format, Catalog *catalog)
{
	cJSON	   *root;
	bool		read = false;

	memset(catalog, 0, sizeof(*catalog));
	root = ParseJson(catalog, text, length);
	if (root == NULL)
		return CATALOG_MALFORMED;

	switch (format)
	{
		case CATALOG_INFERACCT:
			read = CatalogReadInferacct(catalog, root);
			break;
		case CATALOG_GENAI_PRICES:
			read = CatalogReadGenaiPrices(catalog, root);
			break;
		case CATALOG_LITELLM:
			read = CatalogReadLitellm(catalog, root);
			break;
	}
	cJSON_Delete(root);

	if (read)
		ResolveDuplicates(catalog, format == CATALOG_INFERACCT);
	if (catalog->out_of_memory)
		return CATALOG_OUT_OF_MEMORY;
	return read ? CATALOG_OK : CATALOG_MALFORMED;
}

void
CatalogFree(Catalog *catalog)
{
	CatalogChunk *next;

	for (CatalogChunk *chunk = catalog->chunks; chunk != NULL; chunk = next)
	{
		next = chunk->next;
		free(chunk);
	}
	free(catalog->rows);
	memset(catalog, 0, sizeof(*catalog));
}
