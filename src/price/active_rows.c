/*
 * active_rows.c
 *	  Which price rows of a model are in force.
 *
 * Pure C: no postgres.h.  See active_rows.h.
 */
#include "price/active_rows.h"

#include <stdlib.h>
#include <string.h>

/* Order of keys: what distinguishes prices that hold side by side. */
static int
CompareKeys(const PriceRow *a, const PriceRow *b)
{
	int			order;

	if ((order = PriceClass(a) - PriceClass(b)) != 0 ||
		(order = (int) a->rank - (int) b->rank) != 0 ||
		(order = (int) a->scope - (int) b->scope) != 0 ||
		(order = strcmp(a->service_tier, b->service_tier)) != 0 ||
		(order = strcmp(a->region, b->region)) != 0 ||
		(order = (int) a->meter - (int) b->meter) != 0 ||
		(order = CompareInt64(a->min_input, b->min_input)) != 0)
		return order;
	return strcmp(a->windows, b->windows);
}

/* Keys, then time, then what was known later last.  Rows that tie are ordered by what they say. */
static int
CompareRows(const void *left, const void *right)
{
	const PriceRow *a = left;
	const PriceRow *b = right;
	int			order;

	if ((order = CompareKeys(a, b)) != 0 ||
		(order = CompareInForce(a, b)) != 0 ||
		(order = (int) a->kind - (int) b->kind) != 0 ||
		(order = CompareInt64(a->value, b->value)) != 0 ||
		(order = CompareInt64(a->unit_quantity, b->unit_quantity)) != 0 ||
		(order = CompareInt64(a->valid_to, b->valid_to)) != 0 ||
		(order = (int) a->checked_on - (int) b->checked_on) != 0 ||
		(order = (int) a->agreement - (int) b->agreement) != 0 ||
		(order = strcmp(a->currency, b->currency)) != 0 ||
		(order = strcmp(a->catalog, b->catalog)) != 0 ||
		(order = strcmp(a->note, b->note)) != 0)
		return order;
	return strcmp(a->source, b->source);
}

int
DropCorrected(PriceRow *rows, int nrows)
{
	int			kept = 0;

	qsort(rows, (size_t) nrows, sizeof(PriceRow), CompareRows);
	for (int i = 0; i < nrows; i++)
	{
		bool		corrected = i + 1 < nrows && CompareKeys(&rows[i], &rows[i + 1]) == 0 &&
			rows[i].valid_from == rows[i + 1].valid_from;

		if (!corrected)
			rows[kept++] = rows[i];
	}
	return kept;
}

bool
BearsOn(const PriceRow *row, const char *tier, const char *region)
{
	return (Same(row->service_tier, tier) || Same(row->service_tier, STANDARD) || Same(row->service_tier, ANY)) &&
		(Same(row->region, region) || row->region[0] == '\0' || Same(row->region, ANY));
}

/* Is the price of a list row withdrawn by whoever goes before those who state it? */
static bool
IsWithdrawn(const ActiveRows *active, const PriceRow *row)
{
	for (int i = 0; i < active->count; i++)
	{
		const PriceRow *other = active->rows[i];

		if (other->kind == PRICE_WITHDRAWN && other->rank < row->rank && other->meter == row->meter &&
			other->min_input == row->min_input && Same(other->windows, row->windows) &&
			Same(other->service_tier, row->service_tier) && Same(other->region, row->region))
			return true;
	}
	return false;
}

/* Take out withdrawals, and what they withdraw. */
static void
DropWithdrawn(ActiveRows *active, bool withdrawals)
{
	int			kept = 0;

	if (!withdrawals)
		return;
	for (int i = 0; i < active->count; i++)
	{
		/* In their order the withdrawals that matter come first, and are still there. */
		if (active->rows[i]->kind == PRICE_WITHDRAWN || PriceClass(active->rows[i]) != 0 || !IsWithdrawn(active, active->rows[i]))
			active->rows[kept++] = active->rows[i];
	}
	active->count = kept;
	kept = 0;
	for (int i = 0; i < active->count; i++)
	{
		if (active->rows[i]->kind != PRICE_WITHDRAWN)
			active->rows[kept++] = active->rows[i];
	}
	active->count = kept;
}

bool
CollectActive(const PriceRow *rows, int nrows, const char *tier, const char *region, int64_t at, ActiveRows *active)
{
	bool		tier_exists = false;
	bool		withdrawals = false;

	active->count = 0;
	for (int i = 0; i < nrows; i++)
	{
		const PriceRow *row = &rows[i];
		bool		replaced = PriceClass(row) == 0 && i + 1 < nrows &&
			CompareKeys(row, row + 1) == 0 && row[1].valid_from <= at;

		if (row->valid_from > at || row->valid_to <= at || replaced || row->kind == PRICE_ENDED || !BearsOn(row, tier, region))
			continue;
		active->rows[active->count++] = row;
		withdrawals |= row->kind == PRICE_WITHDRAWN;
	}
	DropWithdrawn(active, withdrawals);
	for (int i = 0; i < active->count && !tier_exists; i++)
	{
		const PriceRow *row = active->rows[i];

		tier_exists = (Same(row->service_tier, tier) && row->kind != CONTRACT_FACTOR && row->kind != CONTRACT_NONE) ||
			(row->kind == CONTRACT_RATE && Same(row->service_tier, ANY) && Same(tier, STANDARD));
	}
	return tier_exists;
}
