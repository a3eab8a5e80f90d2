/*
 * catalog_build.c
 *	  What the readers of all catalog formats stand on: the memory of a
 *	  Catalog, its rows, exact decimals.
 *
 * Invariant: a price is read as decimal text, never through arithmetic on a
 * double.  Of JSON numbers those that a double holds in 15 digits reach us as
 * doubles, and are what these print as; the others as their own text (json.h).
 * A whole number beyond that is refused.
 *
 * Units: the rate behind every price is an int64 of 1e-15 USD (money.h).
 * Memory: strings lie in chunks, rows in one array; both are the Catalog's.
 */
#include "catalog/catalog_build.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/money.h"

#define CHUNK_SIZE 65536
#define MAX_EXACT_INTEGER 9007199254740992.0	/* 2^53 */

typedef struct CatalogChunk
{
	struct CatalogChunk *next;
	size_t		used;
	size_t		size;
	char		bytes[];
} CatalogChunk;

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

/* Is reading to be given up?  Every loop over members that grows faster than they do asks. */
bool
CatalogStopped(Catalog *catalog)
{
	catalog->stopped = catalog->stopped || catalog->stop();
	return catalog->stopped;
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

/* Say of a price what it was rounded from. */
void
CatalogRounded(Catalog *catalog, CatalogRow *row, const char *rounded)
{
	row->rounded = true;
	row->note = CatalogPrint(catalog, "rounded from %s", rounded);
}

/* Digits that nobody states: what arithmetic on floats leaves behind has so many. */
#define NOISY_DIGITS 16
#define MOST_NOISY_DIGITS 17

/* Significant digits of a decimal, those of an exponent left out. */
static int
SignificantDigits(const char *text)
{
	int			digits = 0;

	for (; *text != '\0' && *text != 'e' && *text != 'E'; text++)
		digits += *text >= '0' && *text <= '9' && (digits > 0 || *text != '0');
	return digits;
}

/* A figure as the catalog writes it, for those who are told why it was refused. */
const char *
CatalogFigure(Catalog *catalog, const cJSON *value)
{
	char	   *printed = value == NULL ? NULL : cJSON_PrintUnformatted(value);
	const char *figure = CatalogString(catalog, printed);

	cJSON_free(printed);
	return figure;
}

/*
 * The price in `value`, a number or a decimal string, per `per` units, as
 * exact decimal text per `unit_quantity` units.  NULL and *problem when it
 * cannot be had exactly.  Where rounded is given, the noise of floats is taken
 * off at 12 significant digits, and *rounded is what was written, else NULL.
 */
const char *
CatalogDecimal(Catalog *catalog, const cJSON *value, int64_t per, int64_t unit_quantity,
			   const char **rounded, const char **problem)
{
	char		number[32];
	char		text[MONEY_TEXT_SIZE];
	const char *decimal = number;
	int64_t		rate;
	int			length,
				digits;

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
	if (rounded != NULL)
		*rounded = NULL;
	digits = SignificantDigits(decimal);
	if (rounded != NULL && digits >= NOISY_DIGITS && digits <= MOST_NOISY_DIGITS)
	{
		*rounded = CatalogString(catalog, decimal);
		snprintf(number, sizeof(number), "%.11e", strtod(decimal, NULL));
		decimal = number;
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

/*
 * The price of `count` of what the figure in `value` prices one of, as exact
 * decimal text.  The last digit of a figure is rounded or cut off, so the price
 * has one digit less than the figure.
 */
const char *
CatalogProduct(Catalog *catalog, const cJSON *value, int64_t count, const char **problem)
{
	char		number[32];
	cJSON		product = {.type = cJSON_String,.valuestring = number};
	int			digits;

	if (!cJSON_IsNumber(value) || !DecimalOfDouble(value->valuedouble, number))
		return CatalogDecimal(catalog, value, 1, 1, NULL, problem);
	digits = SignificantDigits(number) - 1;
	snprintf(number, sizeof(number), "%.*e", digits < 1 ? 0 : digits > 12 ? 11 : digits - 1, value->valuedouble * (double) count);
	return CatalogDecimal(catalog, &product, 1, 1, NULL, problem);
}

/*
 * What the price in `value` has above that in `base`, both of 1 unit, as exact
 * decimal text; NULL and *problem when it has nothing above it.
 */
const char *
CatalogDifference(Catalog *catalog, const cJSON *value, const cJSON *base, const char **problem)
{
	const char *one = CatalogDecimal(catalog, value, 1, 1, NULL, problem);
	const char *other = one == NULL ? NULL : CatalogDecimal(catalog, base, 1, 1, NULL, problem);
	char		text[MONEY_TEXT_SIZE];
	int64_t		rate,
				base_rate;

	if (other == NULL)
		return NULL;
	if (RateFromDecimal(one, 1, &rate) != MONEY_OK || RateFromDecimal(other, 1, &base_rate) != MONEY_OK || rate < base_rate)
	{
		*problem = "price is below that which it is compared with";
		return NULL;
	}
	return CatalogCopy(catalog, text, (size_t) MoneyToText((Money) rate - base_rate, text));
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
