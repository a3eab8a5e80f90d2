/*
 * statement_prices.c
 *	  Prices as one statement sees them: names resolved and rate cards fetched
 *	  when first asked for.
 *
 * Invariant: what was found is kept as long as the Pricing, so a pointer to it
 * stays good; a name's spans are found one by one, as the times of the log reach
 * them.  The unknown names of a log are remembered as well, up to a number.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "server/compat.h"
#include "price/cost.h"
#include "session/model_fetch.h"
#include "session/price_fetch.h"
#include "session/statement_prices.h"

/* Unknown names remembered by one Pricing. */
#define MAX_UNKNOWN 10000

/* A hash table from bytes to a pointer. */
typedef struct NameKey
{
	const char *bytes;
	Size		length;
} NameKey;

typedef struct NameEntry
{
	NameKey		key;
	uint32		hash;
	char		status;
	void	   *value;			/* NameSpan list, or RateCard */
} NameEntry;

static inline uint32
HashName(NameKey key)
{
	return (uint32) NameHash(key.bytes, key.length);
}

static inline bool
SameName(NameKey a, NameKey b)
{
	return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

#define SH_PREFIX name
#define SH_ELEMENT_TYPE NameEntry
#define SH_KEY_TYPE NameKey
#define SH_KEY key
#define SH_HASH_KEY(tb, key) HashName(key)
#define SH_EQUAL(tb, a, b) SameName(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"	/* its own, in PostgreSQL's header */
#include "lib/simplehash.h"
#pragma GCC diagnostic pop

/* A hash table from a vector, and since when its exchange rates hold, to what it is in USD then. */
typedef struct UsdKey
{
	const CardVector *vector;
	TimestampTz from;
} UsdKey;

typedef struct UsdEntry
{
	UsdKey		key;
	char		status;
	RateVector *usd;
} UsdEntry;

static inline uint32
HashUsd(UsdKey key)
{
	return hash_bytes((const unsigned char *) &key, sizeof(key));
}

#define SH_PREFIX usd
#define SH_ELEMENT_TYPE UsdEntry
#define SH_KEY_TYPE UsdKey
#define SH_KEY key
#define SH_HASH_KEY(tb, key) HashUsd(key)
#define SH_EQUAL(tb, a, b) ((a).vector == (b).vector && (a).from == (b).from)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#include "lib/simplehash.h"
#pragma GCC diagnostic pop

/* A currency with its exchange rates. */
typedef struct Currency
{
	struct Currency *next;
	FxSeries	series;
	char		name[CURRENCY_SIZE];
} Currency;

Pricing *
PricingCreate(MemoryContext parent, const char *context_name, const PriceBook *book)
{
	/* Cards are never freed one by one; this kind does not round their sizes up to powers of two. */
	MemoryContext context = GenerationContextCreate(parent, context_name, ALLOCSET_DEFAULT_SIZES);
	Pricing    *pricing = MemoryContextAllocZero(context, sizeof(Pricing));

	pricing->context = context;
	pricing->book = book;
	pricing->names = name_create(context, 64, NULL);
	pricing->cards = name_create(context, 64, NULL);
	return pricing;
}

/* The entry of a key, made with a copy of the key when it is new. */
static NameEntry *
InsertName(Pricing *pricing, struct name_hash *table, NameKey key)
{
	NameEntry  *entry = name_lookup(table, key);
	bool		found;

	if (entry == NULL)
	{
		char	   *bytes = MemoryContextAlloc(pricing->context, key.length + 1);

		memcpy(bytes, key.bytes, key.length);
		bytes[key.length] = '\0';
		key.bytes = bytes;
		entry = name_insert(table, key, &found);
		entry->value = NULL;
	}
	return entry;
}

/* The card of a model, fetched once. */
static const RateCard *
FetchCard(Pricing *pricing, const ModelRef *ref)
{
	char		bytes[2 * MODEL_NAME_SIZE];
	NameKey		key = {bytes, strlen(ref->provider) + 1 + strlen(ref->model)};
	NameEntry  *entry;
	RateCard   *card;

	if (pricing->book != NULL)
		return PriceBookCard(pricing->book, ref->provider, ref->model);

	strcpy(bytes, ref->provider);
	strcpy(bytes + strlen(ref->provider) + 1, ref->model);
	entry = name_lookup(pricing->cards, key);
	if (entry != NULL)
		return entry->value;
	card = LoadRateCard(&pricing->reader, ref->provider, ref->model, pricing->context);
	if (card == NULL)			/* the target of an alias may have no prices */
		return NULL;
	entry = InsertName(pricing, pricing->cards, key);
	entry->value = card;
	return card;
}

ModelStatus
PricingResolve(Pricing *pricing, const char *name, TimestampTz at, ModelMatch *match)
{
	ModelDirectory directory;

	if (pricing->book == NULL)
		return LoadModel(&pricing->reader, name, at, match);
	directory = PriceBookDirectory(pricing->book);
	return ModelResolve(name, at, &directory, match);
}

/* ---------- prices in other currencies ---------- */

FxSeries
PricingFx(void *arg, const char *currency)
{
	Pricing    *pricing = arg;
	Currency   *known = pricing->currencies;
	FxSeries	series;

	if (pricing->book != NULL)
		return PriceBookFx((void *) pricing->book, currency);
	while (known != NULL && strcmp(known->name, currency) != 0)
		known = known->next;
	if (known != NULL)
		return known->series;

	pricing->busy++;
	PG_TRY();
	{
		series = LoadFxSeries(&pricing->reader, currency, pricing->context);
	}
	PG_FINALLY();
	{
		pricing->busy--;
	}
	PG_END_TRY();
	known = MemoryContextAllocZero(pricing->context, sizeof(Currency));
	strlcpy(known->name, currency, sizeof(known->name));
	known->series = series;
	known->next = pricing->currencies;
	pricing->currencies = known;
	return series;
}

const RateVector *
PricingConverted(Pricing *pricing, const RateCard *card, const CardVector *vector,
				 TimestampTz at, TimestampTz *from, TimestampTz *to)
{
	UsdKey		key = {vector, DT_NOBEGIN};
	TimestampTz until = DT_NOEND;
	RateVector *usd;
	UsdEntry   *entry;
	bool		found;

	VectorFxSpan(card, vector, PricingFx, pricing, at, &key.from, &until);
	*from = Max(*from, key.from);
	*to = Min(*to, until);
	if (pricing->converted == NULL)
		pricing->converted = usd_create(pricing->context, 64, NULL);
	entry = usd_lookup(pricing->converted, key);
	if (entry != NULL)
		return entry->usd;
	usd = MemoryContextAlloc(pricing->context, sizeof(RateVector));
	VectorInUsd(card, vector, PricingFx, pricing, at, usd);
	usd_insert(pricing->converted, key, &found)->usd = usd;
	return usd;
}

/* Keep in a span the segment of the standard tier that holds at a time. */
static void
FindStandard(Pricing *pricing, NameSpan *span, TimestampTz at)
{
	const Lane *lane = RateCardLane(span->card, "standard", strlen("standard"), span->region, span->region_length);
	const Segment *segment = lane == NULL ? NULL : LaneSegment(span->card, lane, at);
	const CardVector *vector;
	const RateVector *flat = NULL;
	TimestampTz from,
				to;

	if (segment == NULL || SpanIsRefused(pricing, span) ||
		(PricingRefusesGuess(pricing) && LaneIsFallback(span->card, lane, span->region_length)))
		return;
	from = Max(segment->from, span->from);
	to = Min(segment->to, span->to);
	if (SegmentIsFlat(segment))
	{
		vector = CardAt(span->card, segment->vectors);
		flat = CardVectorInUsd(vector);
		if (flat == NULL)
			flat = PricingConverted(pricing, span->card, vector, at, &from, &to);
	}
	span->segment = segment;
	span->lane = lane;
	span->segment_from = from;
	span->segment_to = to;
	span->flat = flat;
	span->flat_from = flat != NULL ? from : DT_NOBEGIN;
	span->flat_to = flat != NULL ? to : DT_NOBEGIN;
}

/* What a name means at a time; everything that can fail. */
static NameSpan
FindSpan(Pricing *pricing, const char *name, Size length, TimestampTz at)
{
	char	   *terminated = pnstrdup(name, length);
	ModelMatch	match;
	ModelStatus status = PricingResolve(pricing, terminated, at, &match);
	NameSpan	span = {.from = match.from,.to = match.to,.region = ""};

	pfree(terminated);
	if (status == MODEL_NAME_TOO_LONG)
	{
		span.from = DT_NOBEGIN;
		span.to = DT_NOEND;
	}
	if (status == MODEL_FOUND)
		span.card = FetchCard(pricing, &match.ref);
	if (span.card != NULL)
	{
		span.region = MemoryContextStrdup(pricing->context, match.ref.region);
		span.region_length = strlen(span.region);
		span.rule = match.rule;
		span.confidence = ModelIsGuessed(&match) ? CONFIDENCE_GUESSED_NAME :
			ModelIsExact(&match) ? CONFIDENCE_EXACT : CONFIDENCE_ALIAS;
	}
	return span;
}

/* The same, while the Pricing must not be freed. */
static pg_noinline NameSpan
FindSpanBusy(Pricing *pricing, const char *name, Size length, TimestampTz at)
{
	NameSpan	span = {.card = NULL};

	pricing->busy++;
	PG_TRY();
	{
		span = FindSpan(pricing, name, length, at);
	}
	PG_FINALLY();
	{
		pricing->busy--;
	}
	PG_END_TRY();
	return span;
}

/* Keep a span with its name, but not unknown names without end. */
static NameSpan *
KeepSpan(Pricing *pricing, NameKey key, const NameSpan *found)
{
	NameEntry  *entry;
	NameSpan   *span;

	if (found->card == NULL && pricing->nunknown >= MAX_UNKNOWN)
	{
		pricing->unknown = *found;
		return &pricing->unknown;
	}
	span = MemoryContextAlloc(pricing->context, sizeof(NameSpan));
	entry = InsertName(pricing, pricing->names, key);
	*span = *found;
	span->next = entry->value;
	entry->value = span;
	pricing->nunknown += found->card == NULL;
	return span;
}

NameSpan *
PricingName(Pricing *pricing, const char *name, Size length, TimestampTz at)
{
	NameKey		key = {name, length};
	NameEntry  *entry = name_lookup(pricing->names, key);
	NameSpan   *span = entry == NULL ? NULL : entry->value;

	while (span != NULL && !(span->from <= at && at < span->to))
		span = span->next;
	if (span == NULL)
	{
		NameSpan	found = FindSpanBusy(pricing, name, length, at);

		span = KeepSpan(pricing, key, &found);
	}
	if (span->card != NULL && !(span->segment_from <= at && at < span->segment_to))
		FindStandard(pricing, span, at);
	entry = name_lookup(pricing->names, key);	/* what was read meanwhile may have moved it */
	if (entry != NULL)
		*FrontEntryOf(pricing, name, length) = (FrontEntry) {
		.bytes = entry->key.bytes,.length = length,.span = span
	};
	return span;
}

int32_t
PricingUtcOffset(const char *timezone, int64_t at)
{
	pg_tz	   *tz = pg_tzset(timezone);
	pg_time_t	time = timestamptz_to_time_t(at);
	struct pg_tm *local;

	if (tz == NULL || (local = pg_localtime(&time, tz)) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" of a price is not known to this server", timezone)));
	return (int32_t) local->tm_gmtoff;
}
