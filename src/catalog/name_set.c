/*
 * name_set.c
 *	  A set of names that remembers the number each came with first: what tells
 *	  a duplicate from a first in time linear in the size of a catalog.
 *
 * Invariant: at most half the slots are in use.  Names are not copied.
 */
#include "catalog/catalog_build.h"

#include <stdlib.h>
#include <string.h>

/* The slot that holds `name`, or the empty one where it belongs. */
static NameSlot *
FindSlot(NameSlot *slots, size_t capacity, const char *name)
{
	uint64_t	hash = UINT64_C(14695981039346656037);	/* FNV-1a */
	size_t		at;

	for (const char *c = name; *c != '\0'; c++)
		hash = (hash ^ (unsigned char) *c) * UINT64_C(1099511628211);
	hash ^= hash >> 32;

	for (at = hash & (capacity - 1); slots[at].name != NULL; at = (at + 1) & (capacity - 1))
	{
		if (strcmp(slots[at].name, name) == 0)
			break;
	}
	return &slots[at];
}

/* Double the table; false when there is no memory. */
static bool
Grow(Names *names)
{
	size_t		capacity = names->capacity == 0 ? 64 : names->capacity * 2;
	NameSlot   *slots = calloc(capacity, sizeof(NameSlot));

	if (slots == NULL)
		return false;
	for (size_t i = 0; i < names->capacity; i++)
	{
		if (names->slots[i].name != NULL)
			*FindSlot(slots, capacity, names->slots[i].name) = names->slots[i];
	}
	free(names->slots);
	names->slots = slots;
	names->capacity = capacity;
	return true;
}

/* Add a name; when it is there already, false and *earlier is its number. */
bool
NamesAdd(Catalog *catalog, Names *names, const char *name, size_t number, size_t *earlier)
{
	NameSlot   *slot;

	if (names->used * 2 >= names->capacity && !Grow(names))
	{
		catalog->out_of_memory = true;
		return true;
	}
	slot = FindSlot(names->slots, names->capacity, name);
	if (slot->name != NULL)
	{
		*earlier = slot->number;
		return false;
	}
	slot->name = name;
	slot->number = number;
	names->used++;
	return true;
}

void
NamesFree(Names *names)
{
	free(names->slots);
	memset(names, 0, sizeof(*names));
}
