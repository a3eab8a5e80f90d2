/*
 * usage_cells.c
 *	  The rows of a log summed up by rate key and labels.
 *
 * Pure C: no postgres.h.  See usage_cells.h for invariants and units.
 */
#include "core/name_hash.h"
#include "spend/usage_cells.h"

#include <string.h>

#define FIRST_SLOTS 64
#define FIRST_ROOM 32

static void *
AllocateZero(const UsageCells *cells, size_t size)
{
	return memset(cells->allocate(cells->arg, size), 0, size);
}

void
UsageCellsInit(UsageCells *cells, HostAllocator allocate, void *arg)
{
	memset(cells, 0, sizeof(*cells));
	cells->allocate = allocate;
	cells->arg = arg;
	cells->sets = AllocateZero(cells, FIRST_SLOTS * sizeof(LabelSet *));
	cells->slots = AllocateZero(cells, FIRST_SLOTS * sizeof(UsageCell *));
	cells->set_mask = cells->slot_mask = FIRST_SLOTS - 1;
	cells->cells = allocate(arg, FIRST_ROOM * sizeof(UsageCell *));
	cells->room = FIRST_ROOM;
}

/* ---------- hashes ---------- */

/* Labels are what users of an API write: their bytes are hashed with the key of the process. */
static inline uint64_t
Mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
	return hash ^ hash >> 32;
}

static uint64_t
HashLabels(const CellLabel labels[LABEL_COUNT])
{
	uint64_t	hash = 0;

	for (int i = 0; i < LABEL_COUNT; i++)
	{
		if (labels[i].bytes != NULL)
			hash = Mix(hash, NameHash(labels[i].bytes, labels[i].length));
		else
			hash = Mix(hash, UINT64_MAX);
	}
	return hash;
}

static uint64_t
HashCell(const LabelSet *set, const RateKey *key)
{
	uint64_t	hash = Mix(set->hash, (uint64_t) key->hour);

	hash = Mix(hash, (uint64_t) key->slice);
	hash = Mix(hash, (uint64_t) key->context_from);
	return Mix(hash, (uint64_t) key->kinds << 1 | key->aggregated);
}

/* ---------- labels ---------- */

static bool
LabelsEqual(const CellLabel a[LABEL_COUNT], const CellLabel b[LABEL_COUNT])
{
	for (int i = 0; i < LABEL_COUNT; i++)
	{
		if ((a[i].bytes == NULL) != (b[i].bytes == NULL) || a[i].length != b[i].length)
			return false;
		if (a[i].bytes != NULL && memcmp(a[i].bytes, b[i].bytes, a[i].length) != 0)
			return false;
	}
	return true;
}

static LabelSet **
SetSlot(const UsageCells *cells, uint64_t hash, const CellLabel labels[LABEL_COUNT])
{
	for (uint32_t i = (uint32_t) hash & cells->set_mask;; i = (i + 1) & cells->set_mask)
	{
		LabelSet   *set = cells->sets[i];

		if (set == NULL || (set->hash == hash && LabelsEqual(set->label, labels)))
			return &cells->sets[i];
	}
}

static void
GrowSets(UsageCells *cells)
{
	LabelSet  **old = cells->sets;
	uint32_t	nold = cells->set_mask + 1;

	cells->set_mask = nold * 2 - 1;
	cells->sets = AllocateZero(cells, (size_t) nold * 2 * sizeof(LabelSet *));
	for (uint32_t i = 0; i < nold; i++)
	{
		if (old[i] != NULL)
			*SetSlot(cells, old[i]->hash, old[i]->label) = old[i];
	}
}

/* A copy of labels, with their bytes. */
static LabelSet *
MakeSet(UsageCells *cells, uint64_t hash, const CellLabel labels[LABEL_COUNT])
{
	size_t		size = sizeof(LabelSet);
	LabelSet   *set;
	char	   *at;

	for (int i = 0; i < LABEL_COUNT; i++)
		size += labels[i].length;
	set = cells->allocate(cells->arg, size);
	at = (char *) (set + 1);
	set->hash = hash;
	set->latest = NULL;
	for (int i = 0; i < LABEL_COUNT; i++)
	{
		set->label[i] = (CellLabel) {NULL, 0};
		if (labels[i].bytes == NULL)
			continue;
		memcpy(at, labels[i].bytes, labels[i].length);
		set->label[i] = (CellLabel) {at, labels[i].length};
		at += labels[i].length;
	}
	return set;
}

static LabelSet *
FindSet(UsageCells *cells, const CellLabel labels[LABEL_COUNT])
{
	uint64_t	hash = HashLabels(labels);
	LabelSet  **slot = SetSlot(cells, hash, labels);

	if (*slot != NULL)
		return *slot;
	if (2 * (cells->nsets + 1) > cells->set_mask)
	{
		GrowSets(cells);
		slot = SetSlot(cells, hash, labels);
	}
	cells->nsets++;
	return *slot = MakeSet(cells, hash, labels);
}

/* ---------- cells ---------- */

static UsageCell **
CellSlot(const UsageCells *cells, const LabelSet *set, const RateKey *key)
{
	uint32_t	mask = cells->slot_mask;

	for (uint32_t i = (uint32_t) HashCell(set, key) & mask;; i = (i + 1) & mask)
	{
		UsageCell  *cell = cells->slots[i];

		if (cell == NULL || (cell->labels == set && RateKeyEqual(&cell->key, key)))
			return &cells->slots[i];
	}
}

static void
GrowSlots(UsageCells *cells)
{
	cells->slot_mask = cells->slot_mask * 2 + 1;
	cells->slots = AllocateZero(cells, ((size_t) cells->slot_mask + 1) * sizeof(UsageCell *));
	for (uint32_t i = 0; i < cells->ncells; i++)
	{
		UsageCell  *cell = cells->cells[i];

		*CellSlot(cells, cell->labels, &cell->key) = cell;
	}
}

static UsageCell *
MakeCell(UsageCells *cells, LabelSet *set, const RateKey *key)
{
	UsageCell  *cell = AllocateZero(cells, sizeof(UsageCell));

	cell->key = *key;
	cell->labels = set;
	cell->first_at = cell->min_input = INT64_MAX;
	cell->last_at = cell->max_input = INT64_MIN;
	if (cells->ncells == cells->room)
	{
		UsageCell **grown = cells->allocate(cells->arg, 2 * (size_t) cells->room * sizeof(UsageCell *));

		memcpy(grown, cells->cells, cells->ncells * sizeof(UsageCell *));
		cells->cells = grown;
		cells->room *= 2;
	}
	return cells->cells[cells->ncells++] = cell;
}

UsageCell *
UsageCellsFind(UsageCells *cells, const RateKey *key, const CellLabel labels[LABEL_COUNT])
{
	LabelSet   *set = FindSet(cells, labels);
	UsageCell **slot;

	if (set->latest != NULL && RateKeyEqual(&set->latest->key, key))
		return set->latest;
	slot = CellSlot(cells, set, key);
	if (*slot == NULL)
	{
		if (2 * (cells->ncells + 1) > cells->slot_mask)
		{
			GrowSlots(cells);
			slot = CellSlot(cells, set, key);
		}
		*slot = MakeCell(cells, set, key);
	}
	return set->latest = *slot;
}

/* Does usage fit into what is used so far? */
static bool
Fits(const MeterCounts *used, const Usage *usage)
{
	const int64_t *count = usage->count;
	int64_t		total;

	for (uint32_t left = usage->present; left != 0; left &= left - 1)
	{
		if (__builtin_add_overflow(used->of[__builtin_ctz(left)], *count++, &total))
			return false;
	}
	return true;
}

bool
UsageCellAdd(UsageCell *cell, const CellRow *row, const Usage *usage)
{
	Meter		meter;

	if (!Fits(&cell->used, usage))
		return false;
	(void) UsageAdd(&cell->used, usage, &meter);
	cell->first_at = row->first_at < cell->first_at ? row->first_at : cell->first_at;
	cell->last_at = row->last_at > cell->last_at ? row->last_at : cell->last_at;
	cell->min_input = row->min_input < cell->min_input ? row->min_input : cell->min_input;
	cell->max_input = row->max_input > cell->max_input ? row->max_input : cell->max_input;
	cell->rows += row->rows;
	cell->reported += row->reported;
	cell->fingerprint += row->fingerprint;
	return true;
}
