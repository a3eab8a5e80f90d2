/*
 * fx.c
 *	  Ordering exchange rates, and finding the one in force.
 */
#include "price/fx.h"
#include "price/in_force.h"

#include <stdlib.h>
#include <string.h>

/* By currency, then the one in force last. */
static int
CompareFxRows(const void *left, const void *right)
{
	const FxRow *a = left;
	const FxRow *b = right;
	int			order = strcmp(a->currency, b->currency);

	if (order == 0)
		order = CompareInForce(a, b);
	return order != 0 ? order : CompareInt64(a->value, b->value);
}

uint32_t
FxDropCorrected(FxRow *rows, uint32_t count)
{
	uint32_t	kept = 0;

	if (count > 0)
		qsort(rows, count, sizeof(FxRow), CompareFxRows);
	for (uint32_t i = 0; i < count; i++)
	{
		if (i + 1 == count || rows[i].valid_from != rows[i + 1].valid_from ||
			strcmp(rows[i].currency, rows[i + 1].currency) != 0)
			rows[kept++] = rows[i];
	}
	return kept;
}

const FxRate *
FxInForce(const FxSeries *series, int64_t at, int64_t *from, int64_t *to)
{
	uint32_t	low = 0,
				high = series->count;

	/* The first that has not begun. */
	while (low < high)
	{
		uint32_t	middle = low + (high - low) / 2;

		if (series->rates[middle].valid_from <= at)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < series->count && series->rates[low].valid_from < *to)
		*to = series->rates[low].valid_from;
	if (low == 0)
		return NULL;
	if (series->rates[low - 1].valid_from > *from)
		*from = series->rates[low - 1].valid_from;
	return &series->rates[low - 1];
}
