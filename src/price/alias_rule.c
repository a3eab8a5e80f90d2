/*
 * alias_rule.c
 *	  Which alias of a name is in force, and what it means.
 */
#include "price/alias_rule.h"

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
