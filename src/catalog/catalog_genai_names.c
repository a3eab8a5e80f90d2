/*
 * catalog_genai_names.c
 *	  Which names a model of genai-prices goes by: its exact names, patterns of
 *	  text with stars, and regular expressions of text and digits.
 *
 * Invariant: a name is the alias of one model of a provider, the first that has
 * it.  What no alias can say is rejected, with its place.
 */
#include "catalog/catalog_genai.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define PROBLEM_PATTERN "name pattern cannot be expressed"

/*
 * Give the model one more name, unless an earlier model of the provider has it.
 * A name is the provider's: it becomes the alias "provider/name".
 */
static void
AddAlias(GenaiModel *model, Names *names, const char *path, const char *alias)
{
	Catalog    *catalog = model->catalog;
	CatalogRow *row;
	size_t		earlier;

	if (strcmp(alias, model->model) == 0)
		return;
	if (!model->priced)
	{
		CatalogReject(catalog, path, "alias of a model without a price");
		return;
	}
	alias = CatalogString(catalog, alias);
	if (!NamesAdd(catalog, names, alias, 0, &earlier))
	{
		CatalogReject(catalog, path, "alias already taken");
		return;
	}
	row = CatalogAdd(catalog, CATALOG_ALIAS, path);
	row->alias = CatalogPrint(catalog, "%s/%s", model->provider, alias);
	row->provider = model->provider;
	row->model = model->model;
	row->region = "";
	row->source = model->source;
}

/* Give the model the names that start with, end with or contain a text: an alias with stars. */
static void
AddPattern(GenaiModel *model, Names *names, const char *path, const char *before, const char *text, const char *after)
{
	if (text[0] == '\0' || strpbrk(text, "*#") != NULL)
		CatalogReject(model->catalog, path, PROBLEM_PATTERN);
	else
		AddAlias(model, names, path, CatalogPrint(model->catalog, "%s%s%s", before, text, after));
}

/* How many digits \d or \d{n}, of which \d has been read, stands for; 0 when it is neither. */
static size_t
DigitsOfRegex(const char **regex)
{
	char	   *end;
	long		count;

	if (**regex != '{')
		return 1;
	count = strtol(*regex + 1, &end, 10);
	if (count < 1 || count > 32 || *end != '}')
		return 0;
	*regex = end + 1;
	return (size_t) count;
}

/*
 * A regular expression of plain text and digits, from the start of a name, as an
 * alias with a # for each digit and a star where it leaves the end open; NULL
 * when it says anything else.
 */
static const char *
PatternOfRegex(Catalog *catalog, const char *regex)
{
	char		pattern[256];
	size_t		length = 0;

	if (*regex++ != '^')
		return NULL;
	while (*regex != '\0' && strcmp(regex, "$") != 0)
	{
		size_t		count = 1;
		char		c = *regex++;

		if (c == '\\' && *regex == 'd')
		{
			regex++;
			count = DigitsOfRegex(&regex);
			c = '#';
		}
		else if (c == '\\' && *regex != '\0' && strchr("*#", *regex) == NULL && !isalnum((unsigned char) *regex))
			c = *regex++;
		else if (strchr("\\.[](){}*+?|^$#", c) != NULL)
			return NULL;
		/* What stands before a quantifier is no text. */
		if (count == 0 || length + count + 2 > sizeof(pattern) || (*regex != '\0' && strchr("{*+?|", *regex) != NULL))
			return NULL;
		memset(pattern + length, c, count);
		length += count;
	}
	if (*regex == '\0')
		pattern[length++] = '*';
	return length < 2 ? NULL : CatalogCopy(catalog, pattern, length);
}

/* Give the model the names of a regular expression. */
static void
AddRegex(GenaiModel *model, Names *names, const char *path, const char *regex)
{
	const char *alias = PatternOfRegex(model->catalog, regex);

	if (alias == NULL)
		CatalogReject(model->catalog, path, PROBLEM_PATTERN);
	else
		AddAlias(model, names, path, alias);
}

void
GenaiReadNames(GenaiModel *model, Names *names, const char *path, const cJSON *clause)
{
	Catalog    *catalog = model->catalog;
	const cJSON *kind;

	cJSON_ArrayForEach(kind, clause)
	{
		const char *kind_path = CatalogPrint(catalog, "%s.%s", path, kind->string);
		const cJSON *item;
		size_t		index = 0;

		if (strcmp(kind->string, "equals") == 0 && cJSON_IsString(kind))
			AddAlias(model, names, kind_path, kind->valuestring);
		else if (strcmp(kind->string, "starts_with") == 0 && cJSON_IsString(kind))
			AddPattern(model, names, kind_path, "", kind->valuestring, "*");
		else if (strcmp(kind->string, "ends_with") == 0 && cJSON_IsString(kind))
			AddPattern(model, names, kind_path, "*", kind->valuestring, "");
		else if (strcmp(kind->string, "contains") == 0 && cJSON_IsString(kind))
			AddPattern(model, names, kind_path, "*", kind->valuestring, "*");
		else if (strcmp(kind->string, "regex") == 0 && cJSON_IsString(kind))
			AddRegex(model, names, kind_path, kind->valuestring);
		else if (strcmp(kind->string, "or") == 0 && cJSON_IsArray(kind))
		{
			cJSON_ArrayForEach(item, kind)
				GenaiReadNames(model, names, CatalogPrint(catalog, "%s[%zu]", kind_path, index++), item);
		}
		else
			CatalogReject(catalog, kind_path, PROBLEM_PATTERN);
	}
}

static const char *
BareName(const CatalogRow *alias)
{
	return alias->alias + strlen(alias->provider) + 1;
}

#define NAME_OF_MODEL SIZE_MAX

/* A name with a slash never stands alone: its first part would be read as a provider. */
void
GenaiAddBareAliases(Catalog *catalog, const cJSON *root)
{
	size_t		count = catalog->row_count;
	bool	   *shared = calloc(count + 1, sizeof(bool));
	Names		names = {0};
	const cJSON *provider;
	const cJSON *model;
	size_t		earlier;

	if (shared == NULL)
	{
		catalog->out_of_memory = true;
		return;
	}
	cJSON_ArrayForEach(provider, root)
	{
		cJSON_ArrayForEach(model, Field(provider, "models"))
		{
			if (StringField(model, "id") != NULL)
				NamesAdd(catalog, &names, StringField(model, "id"), NAME_OF_MODEL, &earlier);
		}
	}
	for (size_t i = 0; i < count && !catalog->out_of_memory; i++)
	{
		if (catalog->rows[i].kind != CATALOG_ALIAS || NamesAdd(catalog, &names, BareName(&catalog->rows[i]), i, &earlier))
			continue;
		shared[i] = true;
		if (earlier != NAME_OF_MODEL)
			shared[earlier] = true;
	}
	for (size_t i = 0; i < count && !catalog->out_of_memory; i++)
	{
		CatalogRow	alias = catalog->rows[i];

		if (alias.kind != CATALOG_ALIAS || shared[i] || strpbrk(BareName(&alias), "/*#") != NULL)
			continue;
		alias.alias = BareName(&alias);
		*CatalogAdd(catalog, CATALOG_ALIAS, alias.path) = alias;
	}
	free(shared);
	NamesFree(&names);
}
