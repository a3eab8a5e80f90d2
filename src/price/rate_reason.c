/*
 * rate_reason.c
 *	  Why a rate of a card is what it is: the rule asked again, of the rows that
 *	  the card keeps.
 *
 * Pure C: no postgres.h.
 */
#include "price/active_rows.h"
#include "price/rate_reason.h"

#include <stddef.h>
#include <string.h>

/* What the vector of a segment is for. */
static VectorKey
KeyOfVector(const RateCard *card, const Lane *lane, const Segment *segment, const CardVector *vector)
{
	const CardWindows *windows = CardAt(card, card->windows);
	const uint32_t *used = CardAt(card, segment->windows);
	const int64_t *buckets = CardAt(card, segment->buckets);
	ptrdiff_t	index = vector - (const CardVector *) CardAt(card, segment->vectors);
	VectorKey	key = {
		.service_tier = CardString(card, lane->service_tier),.region = CardString(card, lane->region),
		.min_input = buckets[index % segment->nbuckets]
	};

	for (uint32_t w = 1; w < segment->nwindows && key.nopen < MAX_WINDOWS; w++)
	{
		if ((uint32_t) (index / segment->nbuckets) & SegmentSetBit(w))
			key.open[key.nopen++] = CardString(card, windows[used[w]].text);
	}
	return key;
}

static void
RemoveActive(ActiveRows *active, const PriceRow *row)
{
	int			kept = 0;

	for (int i = 0; i < active->count; i++)
	{
		if (active->rows[i] != row)
			active->rows[kept++] = active->rows[i];
	}
	active->count = kept;
}

bool
RateCardReason(const RateCard *card, const Lane *lane, const Segment *segment, const CardVector *vector,
			   Meter meter, const Host *host, RateReason *reason)
{
	PriceRow   *rows = HostAllocate(host, (card->nrows + 1) * sizeof(PriceRow));
	ActiveRows	active = {.rows = HostAllocate(host, (card->nrows + 1) * sizeof(PriceRow *))};
	VectorKey	key = KeyOfVector(card, lane, segment, vector);
	RateFound	found = {0};

	memset(reason, 0, sizeof(*reason));
	if (rows == NULL || active.rows == NULL)
		return false;
	for (uint32_t i = 0; i < card->nrows; i++)
		rows[i] = RateCardRow(card, i);
	CollectActive(rows, (int) card->nrows, key.service_tier, key.region, segment->from, &active);
	if (!FindRate(&active, &key, meter, &found))
		return false;
	reason->from = *found.from;
	for (; reason->nfactors < found.nfactors; reason->nfactors++)
		reason->factors[reason->nfactors] = *found.factors[reason->nfactors];
	reason->priced_as = found.priced_as;
	reason->fallback_region = found.fallback_region;
	reason->fallback_tier = found.fallback_tier;
	while (reason->nnext < MAX_NEXT)
	{
		RemoveActive(&active, found.from);
		memset(&found, 0, sizeof(found));
		if (!FindRate(&active, &key, meter, &found))
			break;
		reason->next[reason->nnext++] = *found.from;
	}
	return true;
}
