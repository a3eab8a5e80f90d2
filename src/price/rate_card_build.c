/*
 * rate_card_build.c
 *	  Price rows of a model -> its rate card: lanes, segments and their vectors.
 *	  Which rows are in force is decided in active_rows.c, and what a vector's rates
 *	  are in price_rule.c.
 *
 * Invariant: a card is one piece of memory that grows as its parts are appended,
 * rows and windows first, then the lanes; parts refer to each other by offset.
 */
#include "price/active_rows.h"

#include <stdlib.h>
#include <string.h>

typedef struct Builder
{
	const Host *host;
	char	   *data;
	size_t		size;
	size_t		capacity;
	bool		no_memory;

	const PriceRow *rows;
	int			nrows;
	bool		refuse_guess;
	ActiveRows	active;			/* rows in force in the current segment */
	const char **windows;		/* distinct texts, in the order of CardWindows */
	int			nwindows;
	const PriceRow *culprit;
	CardStatus	status;
} Builder;

/* ---------- a flat, growing piece of memory ---------- */

/* Append size bytes, 8-aligned, zeroed when bytes is NULL; returns the offset. */
static uint32_t
Append(Builder *builder, const void *bytes, size_t size)
{
	size_t		offset = builder->size;
	size_t		padded = (size + 7) & ~(size_t) 7;

	if (offset + padded > builder->capacity)
	{
		size_t		capacity = (offset + padded) * 2;
		char	   *data = capacity <= UINT32_MAX ? HostAllocate(builder->host, capacity) : NULL;

		if (data == NULL)
		{
			builder->no_memory = true;
			return 0;
		}
		if (offset > 0)
			memcpy(data, builder->data, offset);
		builder->data = data;
		builder->capacity = capacity;
	}
	memset(builder->data + offset, 0, padded);
	if (bytes != NULL && size > 0)
		memcpy(builder->data + offset, bytes, size);
	builder->size = offset + padded;
	return (uint32_t) offset;
}

static void *
At(Builder *builder, uint32_t offset)
{
	return builder->data + offset;
}

static uint32_t
AppendString(Builder *builder, const char *string)
{
	return Append(builder, string, strlen(string) + 1);
}

/* ---------- rows ---------- */

/* Distinct strings of a list of rows, in order of first appearance, after first. */
static int
Distinct(const Builder *builder, const char *(*get) (const PriceRow *), const char *first, const char **list)
{
	int			count = 0;

	list[count++] = first;
	for (int i = 0; i < builder->nrows; i++)
	{
		const char *string = get(&builder->rows[i]);
		int			known = 0;

		builder->host->check_interrupts();
		if (Same(string, ANY))
			continue;
		while (known < count && !Same(list[known], string))
			known++;
		if (known == count)
			list[count++] = string;
	}
	return count;
}

static const char *
TierOf(const PriceRow *row)
{
	return row->service_tier;
}

static const char *
RegionOf(const PriceRow *row)
{
	return row->region;
}

static const char *
WindowsOf(const PriceRow *row)
{
	return row->windows;
}

static uint16_t
RowIndex(const Builder *builder, const PriceRow *row)
{
	return (uint16_t) (row - builder->rows);
}

/* Keep the factors of a price in another currency in place of its rate. */
static void
KeepFactors(const Builder *builder, const RateFound *found, int64_t *rate)
{
	ForeignFactors factors = {0};

	for (int i = 0; i < MAX_FACTORS; i++)
		factors.row[i] = i < found->nfactors ? RowIndex(builder, found->factors[i]) : NO_ROW;
	memcpy(rate, &factors, sizeof(factors));
}

static void
FillVector(Builder *builder, const VectorKey *key, RateVector *vector)
{
	memset(vector, 0, sizeof(*vector));
	for (Meter meter = 0; meter < METER_COUNT; meter++)
	{
		RateFound	found = {0};
		bool		is_found = FindRate(&builder->active, key, meter, &found);

		if (found.status != CARD_OK)
		{
			builder->status = found.status;
			builder->culprit = found.culprit;
			return;
		}
		vector->row[meter] = is_found ? RowIndex(builder, found.from) : NO_ROW;
		if (!is_found)
			continue;
		vector->confidence[meter] = (uint8_t) found.confidence;
		vector->checked_on[meter] = found.checked_on;
		if (found.contracted)
			vector->contracted |= METER_BIT(meter);
		if (builder->refuse_guess && found.confidence <= CONFIDENCE_FALLBACK_METER)
		{
			vector->refused |= METER_BIT(meter);
			continue;
		}
		if (found.foreign)
		{
			vector->foreign |= METER_BIT(meter);
			KeepFactors(builder, &found, &vector->rate[meter]);
			continue;
		}
		vector->priced |= METER_BIT(meter);
		vector->rate[meter] = found.rate;
	}
}

/* ---------- segments and lanes ---------- */

static int
CompareTimes(const void *a, const void *b)
{
	return CompareInt64(*(const int64_t *) a, *(const int64_t *) b);
}

/* Sort and make unique. */
static int
SortUnique(int64_t *values, int count)
{
	int			kept = 0;

	qsort(values, (size_t) count, sizeof(int64_t), CompareTimes);
	for (int i = 0; i < count; i++)
	{
		if (i == 0 || values[i] != values[kept - 1])
			values[kept++] = values[i];
	}
	return kept;
}

/* The indexes of the windows that rows in force use, after [0] for none. */
static int
CollectWindows(const Builder *builder, uint32_t *used)
{
	int			count = 1;

	used[0] = 0;
	for (int w = 1; w < builder->nwindows; w++)
	{
		for (int i = 0; i < builder->active.count; i++)
		{
			if (Same(builder->active.rows[i]->windows, builder->windows[w]))
			{
				used[count++] = (uint32_t) w;
				break;
			}
		}
	}
	return count;
}

static void
BuildSegment(Builder *builder, const char *tier, const char *region, uint32_t at_offset, int64_t from, int64_t to,
			 int64_t *buckets, uint32_t *used)
{
	Segment		segment = {.from = from,.to = to};
	bool		exists = CollectActive(builder->rows, builder->nrows, tier, region, from, &builder->active);
	int			nbuckets = 1;
	uint32_t	nsets;

	if (!exists)
		builder->active.count = 0;
	buckets[0] = 0;
	for (int i = 0; i < builder->active.count; i++)
		buckets[nbuckets++] = builder->active.rows[i]->min_input;
	nbuckets = SortUnique(buckets, nbuckets);

	segment.nbuckets = (uint16_t) nbuckets;
	segment.nwindows = (uint16_t) CollectWindows(builder, used);
	if (segment.nwindows > 1 + MAX_WINDOWS)
	{
		builder->culprit = builder->active.rows[builder->active.count - 1];
		builder->status = CARD_TOO_MANY;
		return;
	}
	nsets = SegmentSets(&segment);
	segment.buckets = Append(builder, buckets, (size_t) nbuckets * sizeof(int64_t));
	segment.windows = Append(builder, used, segment.nwindows * sizeof(uint32_t));
	segment.vectors = Append(builder, NULL, (size_t) nsets * segment.nbuckets * sizeof(CardVector));
	if (builder->no_memory)
		return;

	for (uint32_t set = 0; set < nsets; set++)
	{
		VectorKey	key = {.service_tier = tier,.region = region};
		CardVector *vectors = At(builder, segment.vectors);

		for (int w = 1; w < segment.nwindows; w++)
		{
			if (set & SegmentSetBit(w))
				key.open[key.nopen++] = builder->windows[used[w]];
		}
		for (int b = 0; b < nbuckets; b++)
		{
			builder->host->check_interrupts();
			key.min_input = buckets[b];
			FillVector(builder, &key, &vectors[set * segment.nbuckets + (uint32_t) b].stated);
		}
	}
	memcpy(At(builder, at_offset), &segment, sizeof(segment));
}

static void
BuildLane(Builder *builder, const char *tier, const char *region, uint32_t lane_offset,
		  int64_t *times, int64_t *buckets, uint32_t *used)
{
	Lane		lane;
	int			ntimes = 0;

	for (int i = 0; i < builder->nrows; i++)
	{
		if (!BearsOn(&builder->rows[i], tier, region))
			continue;
		times[ntimes++] = builder->rows[i].valid_from;
		if (builder->rows[i].valid_to != TIME_END)
			times[ntimes++] = builder->rows[i].valid_to;
	}
	ntimes = SortUnique(times, ntimes);

	lane.service_tier = AppendString(builder, tier);
	lane.region = AppendString(builder, region);
	lane.nsegments = (uint32_t) ntimes;
	lane.segments = Append(builder, NULL, (size_t) ntimes * sizeof(Segment));
	for (int i = 0; i < ntimes && !builder->no_memory && builder->status == CARD_OK; i++)
		BuildSegment(builder, tier, region, lane.segments + (uint32_t) (i * sizeof(Segment)),
					 times[i], i + 1 < ntimes ? times[i + 1] : TIME_END, buckets, used);
	if (!builder->no_memory)
		memcpy(At(builder, lane_offset), &lane, sizeof(lane));
}

/* ---------- the card ---------- */

/* Append a string once, or give the offset it already has. */
static uint32_t
AppendOnce(Builder *builder, const char *string, const char **seen, uint32_t *offsets, int *nseen)
{
	for (int i = 0; i < *nseen; i++)
	{
		if (Same(seen[i], string))
			return offsets[i];
	}
	seen[*nseen] = string;
	offsets[*nseen] = AppendString(builder, string);
	return offsets[(*nseen)++];
}

static bool
AppendRows(Builder *builder, RateCard *card)
{
	size_t		strings = 7 * (size_t) builder->nrows + 1;
	const char **seen = HostAllocate(builder->host, strings * sizeof(char *));
	uint32_t   *offsets = HostAllocate(builder->host, strings * sizeof(uint32_t));
	int			nseen = 0;

	if (seen == NULL || offsets == NULL)
		return false;
	card->nrows = (uint32_t) builder->nrows;
	card->rows = Append(builder, NULL, card->nrows * sizeof(CardRow));
	for (int i = 0; i < builder->nrows && !builder->no_memory; i++)
	{
		const PriceRow *row = &builder->rows[i];
		CardRow		kept = {
			.valid_from = row->valid_from,.valid_to = row->valid_to,.value = row->value,.unit_quantity = row->unit_quantity,
			.min_input = row->min_input,.version = row->version,.published_at = row->published_at,
			.service_tier = AppendOnce(builder, row->service_tier, seen, offsets, &nseen),
			.region = AppendOnce(builder, row->region, seen, offsets, &nseen),
			.windows = AppendOnce(builder, row->windows, seen, offsets, &nseen),
			.source = AppendOnce(builder, row->source, seen, offsets, &nseen),
			.currency = AppendOnce(builder, row->currency, seen, offsets, &nseen),
			.catalog = AppendOnce(builder, row->catalog, seen, offsets, &nseen),
			.note = AppendOnce(builder, row->note, seen, offsets, &nseen),
			.rank = row->rank,.checked_on = row->checked_on,.meter = (uint16_t) row->meter,
			.kind = (uint8_t) row->kind,.scope = (uint8_t) row->scope,.agreement = (uint8_t) row->agreement
		};

		builder->host->check_interrupts();
		if (!builder->no_memory)
			((CardRow *) At(builder, card->rows))[i] = kept;
	}
	return !builder->no_memory;
}

static bool
AppendWindows(Builder *builder, RateCard *card)
{
	card->nwindows = (uint32_t) builder->nwindows;
	card->windows = Append(builder, NULL, card->nwindows * sizeof(CardWindows));
	for (int w = 1; w < builder->nwindows && !builder->no_memory; w++)
	{
		WindowSpan	spans[WINDOWS_MAX_SPANS];
		char		timezone[WINDOWS_TIMEZONE_SIZE];
		int			nspans;
		CardWindows windows;

		if (!WindowsParse(builder->windows[w], timezone, sizeof(timezone), spans, WINDOWS_MAX_SPANS, &nspans))
		{
			for (int i = 0; i < builder->nrows; i++)
			{
				if (Same(builder->rows[i].windows, builder->windows[w]))
					builder->culprit = &builder->rows[i];
			}
			builder->status = CARD_BAD_WINDOWS;
			return false;
		}
		windows.text = AppendString(builder, builder->windows[w]);
		windows.timezone = AppendString(builder, timezone);
		windows.nspans = (uint32_t) nspans;
		windows.spans = Append(builder, spans, (size_t) nspans * sizeof(WindowSpan));
		if (!builder->no_memory)
			((CardWindows *) At(builder, card->windows))[w] = windows;
	}
	return !builder->no_memory;
}

static void
BuildCard(Builder *builder, const char *provider, const char *model)
{
	size_t		slots = (size_t) builder->nrows + 1;
	const char **tiers = HostAllocate(builder->host, slots * sizeof(char *));
	const char **regions = HostAllocate(builder->host, slots * sizeof(char *));
	int64_t    *times = HostAllocate(builder->host, 2 * slots * sizeof(int64_t));
	int64_t    *buckets = HostAllocate(builder->host, slots * sizeof(int64_t));
	uint32_t   *used = HostAllocate(builder->host, slots * sizeof(uint32_t));
	RateCard	card = {.refuses_guess = builder->refuse_guess};
	int			ntiers,
				nregions;

	builder->windows = HostAllocate(builder->host, slots * sizeof(char *));
	builder->active.rows = HostAllocate(builder->host, slots * sizeof(PriceRow *));
	if (!tiers || !regions || !times || !buckets || !used || !builder->windows || !builder->active.rows)
	{
		builder->no_memory = true;
		return;
	}
	ntiers = Distinct(builder, TierOf, STANDARD, tiers);
	nregions = Distinct(builder, RegionOf, "", regions);
	builder->nwindows = Distinct(builder, WindowsOf, "", builder->windows);

	Append(builder, NULL, sizeof(RateCard));
	card.provider = AppendString(builder, provider);
	card.model = AppendString(builder, model);
	if (!AppendRows(builder, &card) || !AppendWindows(builder, &card))
		return;
	card.nlanes = (uint32_t) (ntiers * nregions);
	card.lanes = Append(builder, NULL, card.nlanes * sizeof(Lane));
	for (int i = 0; i < ntiers * nregions && !builder->no_memory && builder->status == CARD_OK; i++)
		BuildLane(builder, tiers[i / nregions], regions[i % nregions],
				  card.lanes + (uint32_t) ((size_t) i * sizeof(Lane)), times, buckets, used);
	card.size = (uint32_t) builder->size;
	if (!builder->no_memory)
		memcpy(At(builder, 0), &card, sizeof(card));
}

CardStatus
RateCardBuild(const char *provider, const char *model, PriceRow *rows, int nrows, bool refuse_guess, const Host *host,
			  RateCard **card, const PriceRow **culprit)
{
	Builder		builder = {.host = host,.rows = rows,.refuse_guess = refuse_guess};

	*card = NULL;
	*culprit = NULL;
	if (nrows >= NO_ROW)
	{
		*culprit = rows;
		return CARD_TOO_MANY;
	}
	builder.nrows = DropCorrected(rows, nrows);
	BuildCard(&builder, provider, model);
	if (builder.no_memory)
		return CARD_NO_MEMORY;
	*culprit = builder.culprit;
	if (builder.status == CARD_OK)
		*card = (RateCard *) builder.data;
	return builder.status;
}
