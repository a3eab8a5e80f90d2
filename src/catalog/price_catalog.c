/*
 * price_catalog.c
 *	  Reads a catalog: chooses the reader of its format, then finds duplicates.
 *
 * Invariant: no two price rows that leave CatalogParse have the same key.
 *
 * Memory: what the readers made is the Catalog's; no JSON tree outlives
 * CatalogParse.
 */
#include "catalog/catalog_build.h"
#include "core/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct FormatReader
{
	const char *name;
	bool		(*read) (Catalog *catalog, const cJSON *root);	/* false: it is no catalog of that format */
} FormatReader;

static const FormatReader formats[CATALOG_FORMAT_COUNT] = {
#define CATALOG_FORMAT(ENUM, name, reader) {name, reader},
	CATALOG_FORMATS(CATALOG_FORMAT)
#undef CATALOG_FORMAT
};

static const char *const kind_names[] = {"price", "alias", "gpu_price", "rejected", "merged"};

bool
CatalogFormatByName(const char *name, CatalogFormat *format)
{
	for (CatalogFormat known = 0; known < CATALOG_FORMAT_COUNT; known++)
	{
		if (strcmp(name, formats[known].name) == 0)
		{
			*format = known;
			return true;
		}
	}
	return false;
}

const char *
CatalogFormatName(CatalogFormat format)
{
	return formats[format].name;
}

const char *
CatalogKindName(CatalogKind kind)
{
	return kind_names[kind];
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
			return CatalogPrint(catalog, "g\x1f%s\x1f%s\x1f%s\x1f%s\x1f%" PRId64,
								row->gpu, row->vendor, row->region, row->term, row->valid_from);
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
	root = JsonParse(text, length, &end);
	if (root == NULL)
		DescribeSyntaxError(catalog, text, end);
	return root;
}

CatalogStatus
CatalogParse(const char *text, size_t length, CatalogFormat format, CatalogStop stop, Catalog *catalog)
{
	cJSON	   *root;
	bool		read;

	memset(catalog, 0, sizeof(*catalog));
	catalog->stop = stop;
	root = ParseJson(catalog, text, length);
	if (root == NULL)
		return CATALOG_MALFORMED;

	read = formats[format].read(catalog, root);
	cJSON_Delete(root);

	if (catalog->stopped)
		return CATALOG_STOPPED;
	if (read)
		ResolveDuplicates(catalog, format == CATALOG_INFERACCT);
	if (catalog->out_of_memory)
		return CATALOG_OUT_OF_MEMORY;
	return read ? CATALOG_OK : CATALOG_MALFORMED;
}
