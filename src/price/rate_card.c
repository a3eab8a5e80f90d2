/*
 * rate_card.c
 *	  Looking up what a request costs in a rate card.
 *
 * Nothing here allocates or fails: a card that was built is complete.  One that
 * comes out of a table is held against RateCardIsValid() first.
 */
#include "price/rate_card.h"

#include <string.h>

#define MICROSECONDS INT64_C(1000000)
#define SECONDS_A_DAY 86400

static bool
IsString(const char *string, const char *bytes, size_t length)
{
	return strncmp(string, bytes, length) == 0 && string[length] == '\0';
}

/* ---------- bytes that were stored ---------- */

/* Is there a string that ends within the card? */
static bool
HasString(const RateCard *card, uint32_t offset)
{
	return offset < card->size && memchr(CardAt(card, offset), '\0', card->size - offset) != NULL;
}

/* Do `count` items of a size lie at an offset, aligned as their kind is? */
static bool
HasArray(const RateCard *card, uint32_t offset, size_t count, size_t size, size_t alignment)
{
	return offset >= sizeof(RateCard) && offset <= card->size && offset % alignment == 0 &&
		count <= (card->size - offset) / size;
}

static bool
RowsAreValid(const RateCard *card)
{
	const CardRow *rows = CardRows(card);

	if (!HasArray(card, card->rows, card->nrows, sizeof(CardRow), sizeof(uint64_t)))
		return false;
	for (uint32_t i = 0; i < card->nrows; i++)
	{
		if (rows[i].kind >= PRICE_KIND_COUNT || rows[i].scope > SCOPE_MODEL || rows[i].meter > METER_ANY ||
			rows[i].agreement >= AGREEMENT_COUNT || !HasString(card, rows[i].catalog) || !HasString(card, rows[i].note) ||
			!HasString(card, rows[i].service_tier) || !HasString(card, rows[i].region) ||
			!HasString(card, rows[i].windows) || !HasString(card, rows[i].source) || !HasString(card, rows[i].currency))
			return false;
	}
	return true;
}

static bool
WindowsAreValid(const RateCard *card)
{
	const CardWindows *windows = CardAt(card, card->windows);

	if (!HasArray(card, card->windows, card->nwindows, sizeof(CardWindows), sizeof(uint32_t)))
		return false;
	for (uint32_t i = 1; i < card->nwindows; i++)	/* the first is that of no window */
	{
		if (!HasString(card, windows[i].text) || !HasString(card, windows[i].timezone) ||
			!HasArray(card, windows[i].spans, windows[i].nspans, sizeof(WindowSpan), sizeof(uint16_t)))
			return false;
	}
	return true;
}

/* Do the factors of a price in another currency name rows? */
static bool
FactorsAreValid(const RateCard *card, int64_t rate)
{
	ForeignFactors factors;

	memcpy(&factors, &rate, sizeof(factors));
	for (int i = 0; i < MAX_FACTORS; i++)
	{
		if (factors.row[i] != NO_ROW && factors.row[i] >= card->nrows)
			return false;
	}
	return true;
}

/* Does every meter that has a price, in whatever currency, name the row that it is from, and what it rests on? */
static bool
VectorIsValid(const RateCard *card, const RateVector *vector)
{
	uint32_t	stated = vector->priced | vector->foreign | vector->refused;

	if ((stated & ~ALL_METERS) != 0 || (vector->priced & vector->foreign) != 0)
		return false;
	for (; stated != 0; stated &= stated - 1)
	{
		Meter		meter = (Meter) __builtin_ctz(stated);

		if (vector->row[meter] >= card->nrows || vector->confidence[meter] >= CONFIDENCE_COUNT ||
			((vector->foreign & METER_BIT(meter)) && !FactorsAreValid(card, vector->rate[meter])))
			return false;
	}
	return true;
}

static bool
SegmentIsValid(const RateCard *card, const Segment *segment)
{
	const uint32_t *used = CardAt(card, segment->windows);
	const CardVector *vectors = CardAt(card, segment->vectors);
	size_t		nvectors;

	if (segment->nbuckets < 1 || segment->nwindows < 1 || segment->nwindows > 32 ||
		!HasArray(card, segment->buckets, segment->nbuckets, sizeof(int64_t), sizeof(uint64_t)) ||
		!HasArray(card, segment->windows, segment->nwindows, sizeof(uint32_t), sizeof(uint32_t)))
		return false;
	nvectors = (size_t) SegmentSets(segment) * segment->nbuckets;
	if (!HasArray(card, segment->vectors, nvectors, sizeof(CardVector), sizeof(uint64_t)))
		return false;
	for (uint32_t w = 1; w < segment->nwindows; w++)
	{
		if (used[w] < 1 || used[w] >= card->nwindows)
			return false;
	}
	for (size_t i = 0; i < nvectors; i++)
	{
		if (!VectorIsValid(card, &vectors[i].stated))
			return false;
	}
	return true;
}

static bool
LanesAreValid(const RateCard *card)
{
	const Lane *lanes = CardAt(card, card->lanes);

	if (!HasArray(card, card->lanes, card->nlanes, sizeof(Lane), sizeof(uint32_t)))
		return false;
	for (uint32_t i = 0; i < card->nlanes; i++)
	{
		const Segment *segments = CardAt(card, lanes[i].segments);

		if (!HasString(card, lanes[i].service_tier) || !HasString(card, lanes[i].region) ||
			!HasArray(card, lanes[i].segments, lanes[i].nsegments, sizeof(Segment), sizeof(uint64_t)))
			return false;
		for (uint32_t n = 0; n < lanes[i].nsegments; n++)
		{
			if (!SegmentIsValid(card, &segments[n]))
				return false;
		}
	}
	return true;
}

bool
RateCardIsValid(const RateCard *card, size_t size)
{
	return size >= sizeof(RateCard) && card->size >= sizeof(RateCard) && card->size <= size &&
		HasString(card, card->provider) && HasString(card, card->model) &&
		RowsAreValid(card) && WindowsAreValid(card) && LanesAreValid(card);
}

/* ---------- looking up ---------- */

PriceRow
RateCardRow(const RateCard *card, uint32_t index)
{
	const CardRow *row = &CardRows(card)[index];

	return (PriceRow) {
		.valid_from = row->valid_from,.valid_to = row->valid_to,.value = row->value,
		.unit_quantity = row->unit_quantity,.min_input = row->min_input,
		.version = row->version,.published_at = row->published_at,
		.kind = (PriceKind) row->kind,.scope = (ContractScope) row->scope,.meter = (Meter) row->meter,
		.currency = CardString(card, row->currency),
		.service_tier = CardString(card, row->service_tier),
		.region = CardString(card, row->region),
		.windows = CardString(card, row->windows),
		.source = CardString(card, row->source),
		.catalog = CardString(card, row->catalog),
		.note = CardString(card, row->note),
		.rank = row->rank,.checked_on = row->checked_on,.agreement = (Agreement) row->agreement
	};
}

const Lane *
RateCardLane(const RateCard *card, const char *service_tier, size_t tier_length,
			 const char *region, size_t region_length)
{
	const Lane *lanes = CardAt(card, card->lanes);
	const Lane *base = NULL;

	for (uint32_t i = 0; i < card->nlanes; i++)
	{
		const char *lane_region = CardString(card, lanes[i].region);

		if (!IsString(CardString(card, lanes[i].service_tier), service_tier, tier_length))
			continue;
		if (IsString(lane_region, region, region_length))
			return &lanes[i];
		if (lane_region[0] == '\0')
			base = &lanes[i];
	}
	return base;
}

bool
LaneIsFallback(const RateCard *card, const Lane *lane, size_t region_length)
{
	const Lane *lanes = CardAt(card, card->lanes);

	if (region_length == 0 || CardString(card, lane->region)[0] != '\0')
		return false;
	for (uint32_t i = 0; i < card->nlanes; i++)
	{
		if (IsPlace(CardString(card, lanes[i].region)))
			return true;
	}
	return false;
}

const Segment *
LaneSegment(const RateCard *card, const Lane *lane, int64_t at)
{
	const Segment *segments = CardAt(card, lane->segments);

	/* Newest first: logs are mostly about the latest prices. */
	for (uint32_t i = lane->nsegments; i-- > 0;)
	{
		if (segments[i].from <= at)
			return &segments[i];
	}
	return NULL;
}

/* Is any of the weekly windows open at this moment, by its own clock? */
static bool
WindowsOpen(const RateCard *card, const CardWindows *windows, int64_t at, UtcOffset utc_offset)
{
	const WindowSpan *spans = CardAt(card, windows->spans);
	int64_t		second = at / MICROSECONDS - (at % MICROSECONDS < 0);
	int64_t		day,
				minute;
	unsigned	weekday;

	second += utc_offset(CardString(card, windows->timezone), at);
	day = second / SECONDS_A_DAY - (second % SECONDS_A_DAY < 0);
	minute = (second - day * SECONDS_A_DAY) / 60;
	weekday = (unsigned) (((day + 5) % 7 + 7) % 7); /* 2000-01-01 was a Saturday */

	for (uint32_t i = 0; i < windows->nspans; i++)
	{
		if ((spans[i].days >> weekday & 1) && spans[i].from <= minute && minute < spans[i].to)
			return true;
	}
	return false;
}

const CardVector *
SegmentVector(const RateCard *card, const Segment *segment,
			  int64_t total_input, int64_t at, UtcOffset utc_offset)
{
	const CardVector *vectors = CardAt(card, segment->vectors);
	const CardWindows *windows = CardAt(card, card->windows);
	const int64_t *buckets = CardAt(card, segment->buckets);
	const uint32_t *used = CardAt(card, segment->windows);
	uint32_t	set = 0,
				bucket = segment->nbuckets - 1;

	for (uint32_t w = 1; w < segment->nwindows; w++)
	{
		if (WindowsOpen(card, &windows[used[w]], at, utc_offset))
			set |= SegmentSetBit(w);
	}
	while (bucket > 0 && total_input < buckets[bucket])
		bucket--;
	return &vectors[set * segment->nbuckets + bucket];
}

/* ---------- prices in other currencies ---------- */

CardStatus
RateTimes(int64_t *rate, int64_t factor, int64_t one)
{
	Money		product = (Money) *rate * factor;

	if (product % one != 0)
		return CARD_TOO_FINE;
	if (product / one > INT64_MAX)
		return CARD_TOO_LARGE;
	*rate = (int64_t) (product / one);
	return CARD_OK;
}

void
VectorFxSpan(const RateCard *card, const CardVector *vector, FxLookup lookup, void *arg,
			 int64_t at, int64_t *from, int64_t *to)
{
	uint32_t	last = 0;		/* the header lies there, and no string */

	for (uint32_t foreign = vector->stated.foreign; foreign != 0; foreign &= foreign - 1)
	{
		uint32_t	currency = CardRows(card)[vector->stated.row[__builtin_ctz(foreign)]].currency;
		FxSeries	series;

		if (currency == last)
			continue;
		last = currency;
		series = lookup(arg, CardString(card, currency));
		FxInForce(&series, at, from, to);
	}
}

Conversion
RateInUsd(const RateCard *card, const CardVector *vector, Meter meter, FxLookup lookup, void *arg, int64_t at)
{
	const CardRow *rows = CardRows(card);
	const CardRow *stated = &rows[vector->stated.row[meter]];
	FxSeries	series = lookup(arg, CardString(card, stated->currency));
	int64_t		from = TIME_BEGIN,
				to = TIME_END;
	Conversion	found = {.rate = stated->value,.fx = FxInForce(&series, at, &from, &to)};
	ForeignFactors factors;

	if (found.fx == NULL)
		return found;
	memcpy(&factors, &vector->stated.rate[meter], sizeof(factors));
	found.status = RateTimes(&found.rate, found.fx->value, FX_ONE);
	for (int i = 0; i < MAX_FACTORS && factors.row[i] != NO_ROW && found.status == CARD_OK; i++)
	{
		found.culprit = &rows[factors.row[i]];
		found.status = RateTimes(&found.rate, found.culprit->value, MULTIPLIER_ONE);
	}
	return found;
}

void
VectorInUsd(const RateCard *card, const CardVector *vector, FxLookup lookup, void *arg, int64_t at, RateVector *usd)
{
	*usd = vector->stated;
	usd->foreign = 0;
	for (uint32_t foreign = vector->stated.foreign; foreign != 0; foreign &= foreign - 1)
	{
		Meter		meter = (Meter) __builtin_ctz(foreign);
		Conversion	found = RateInUsd(card, vector, meter, lookup, arg, at);
		bool		converted = found.fx != NULL && found.status == CARD_OK;

		usd->rate[meter] = converted ? found.rate : 0;
		if (converted)
			usd->priced |= METER_BIT(meter);
		else
			usd->foreign |= METER_BIT(meter);
	}
}
