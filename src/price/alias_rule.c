/*
 * alias_rule.c
 *	  Which alias of a name is in force, and what it means.
 */
#include "price/alias_rule.h"

#include "model/name_pattern.h"

#include <stdio.h>
#include <string.h>

void
ModelRefSet(ModelRef *ref, const char *provider, const char *model, const char *region)
{
	snprintf(ref->provider, sizeof(ref->provider), "%s", provider);
	snprintf(ref->model, sizeof(ref->model), "%s", model);
	snprintf(ref->region, sizeof(ref->region), "%s", region);
	ref->guessed = false;
}

int
AliasCompare(const void *left, const void *right)
{
	const AliasRow *a = left;
	const AliasRow *b = right;
	int			order = strcmp(a->alias, b->alias);

	return order != 0 ? order : CompareInForce(a, b);
}

bool
AliasGoesBefore(const AliasRow *row, const AliasRow *best)
{
	return row->rank != best->rank ? row->rank < best->rank : AliasCompare(best, row) < 0;
}

bool
AliasHasBegun(int64_t valid_from, int64_t at, int64_t *from, int64_t *to)
{
	if (valid_from > at)
	{
		if (valid_from < *to)
			*to = valid_from;
		return false;
	}
	if (valid_from > *from)
		*from = valid_from;
	return true;
}

int
AliasInForce(const AliasRow *rows, int nrows, int64_t at, int64_t *from, int64_t *to)
{
	int			best = -1;

	for (int i = 0; i < nrows; i++)
	{
		if (AliasHasBegun(rows[i].valid_from, at, from, to) && (best < 0 || AliasGoesBefore(&rows[i], &rows[best])))
			best = i;
	}
	return best >= 0 && rows[best].model != NULL ? best : -1;
}

/* Is a name, with its provider or of the one that its alias leads to, that of a model with prices? */
static bool
HasOwnPrices(const AliasRow *row, const ModelDirectory *directory, ModelRef *own)
{
	const char *slash = strchr(row->alias, '/');
	char		provider[MODEL_NAME_SIZE];

	if (directory->find(directory->arg, row->provider, row->alias, own, 1) > 0)
		return true;
	if (slash == NULL || (size_t) (slash - row->alias) >= sizeof(provider))
		return false;
	memcpy(provider, row->alias, (size_t) (slash - row->alias));
	provider[slash - row->alias] = '\0';
	return directory->find(directory->arg, provider, slash + 1, own, 1) > 0;
}

/* Does a name say that what it means changes? */
static bool
MovesByName(const char *name)
{
	static const char moves[] = "latest";
	size_t		length = strlen(name);

	return length >= strlen(moves) && strcmp(name + length - strlen(moves), moves) == 0;
}

bool
AliasMeans(const AliasRow *row, const ModelDirectory *directory, ModelRef *ref)
{
	if (row->model == NULL)
		return false;
	if (row->rank == RANK_SHIPPED && HasOwnPrices(row, directory, ref))
		return true;
	ModelRefSet(ref, row->provider, row->model, row->region);
	ref->guessed = row->rank != RANK_OWN && row->valid_from == TIME_BEGIN && MovesByName(row->alias);
	return true;
}

bool
AliasResolve(const AliasRow *rows, int nrows, int64_t at, const ModelDirectory *directory,
			 ModelRef *ref, int64_t *from, int64_t *to)
{
	int			row = AliasInForce(rows, nrows, at, from, to);

	return row >= 0 && AliasMeans(&rows[row], directory, ref);
}

/* Is a row that has begun the one in force of its alias? */
static bool
IsInForce(const AliasRow *rows, int nrows, int64_t at, const AliasRow *row)
{
	for (int i = 0; i < nrows; i++)
	{
		if (rows[i].valid_from <= at && strcmp(rows[i].alias, row->alias) == 0 && AliasGoesBefore(&rows[i], row))
			return false;
	}
	return row->model != NULL;
}

bool
AliasResolvePattern(const AliasRow *rows, int nrows, const char *provider, const char *name, int64_t at,
					const ModelDirectory *directory, ModelRef *ref, int64_t *from, int64_t *to)
{
	const AliasRow *best = NULL;
	size_t		stated = 0;
	bool		tied = false;

	for (int i = 0; i < nrows; i++)
	{
		const AliasRow *row = &rows[i];
		size_t		length = IsNamePattern(row->alias) ? NamePatternMatches(row->alias, provider, name) : 0;

		if (length == 0 || !AliasHasBegun(row->valid_from, at, from, to) || length < stated || !IsInForce(rows, nrows, at, row))
			continue;
		if (length > stated)
			tied = false;
		else if (best != NULL && strcmp(row->provider, best->provider) != 0)
			tied = true;
		if (length > stated || strcmp(row->alias, best->alias) < 0)
			best = row;
		stated = length;
	}
	if (best == NULL || tied || !AliasMeans(best, directory, ref))
		return false;
	ref->guessed = best->rank != RANK_OWN;
	return true;
}
