/*
 * statement_prices.h
 *	  Prices as one statement sees them: from the tables, or from a price_book
 *	  that the statement was given.
 *
 * A Pricing answers what a model's name means at a time and which rate card
 * prices it; both are found when first asked for and then kept.  A pointer to
 * a Pricing of the tables is good as long as price_generation does not move;
 * whoever keeps one compares that first.
 *
 * Units: times are timestamptz.  Everything belongs to the Pricing's memory
 * context.  Included after postgres.h.
 */
#ifndef INFERACCT_STATEMENT_PRICES_H
#define INFERACCT_STATEMENT_PRICES_H

#include "datatype/timestamp.h"
#include "fmgr.h"

#include "core/name_hash.h"
#include "model/model_resolve.h"
#include "price/price_book.h"
#include "server/guc.h"
#include "session/price_scan.h"

/* What a name means in [from, to). */
typedef struct NameSpan
{
	struct NameSpan *next;
	TimestampTz from;
	TimestampTz to;
	const RateCard *card;		/* NULL: no model, see NameRefusal() */
	const char *region;			/* what the name says of the region */
	Size		region_length;
	ModelRule	rule;			/* by which the name was understood */
	Confidence	confidence;		/* guessed name, alias or exact */

	/*
	 * Standard tier: the segment that holds in [segment_from, segment_to), none
	 * when empty.  Where its rates are flat, the exchange rates hold there, too.
	 */
	TimestampTz segment_from;
	TimestampTz segment_to;
	const Segment *segment;
	const Lane *lane;

	/* The same where its rates are flat: valid in [flat_from, flat_to), none when empty. */
	TimestampTz flat_from;
	TimestampTz flat_to;
	const RateVector *flat;
} NameSpan;

/*
 * A direct-mapped table in front of the hash table of names: most requests of a
 * log are for a few dozen of them.
 */
#define FRONT_BITS 10
#define FRONT_SIZE (1 << FRONT_BITS)

typedef struct FrontEntry
{
	const char *bytes;			/* of a name; NULL: empty */
	Size		length;
	NameSpan   *span;
} FrontEntry;

struct name_hash;
struct usd_hash;
struct Currency;

typedef struct Pricing
{
	MemoryContext context;
	struct name_hash *names;	/* as logs spell them -> NameSpan list */
	struct name_hash *cards;	/* provider, NUL, model -> RateCard; of the tables only */
	struct usd_hash *converted; /* vectors with prices in other currencies -> RateVector */
	struct Currency *currencies;	/* those met so far, with their exchange rates */
	const PriceBook *book;		/* NULL: of the tables */
	PriceReader reader;			/* of the tables */
	int			busy;			/* loads under way: it must not be freed */
	int			nunknown;		/* unknown names in names */
	NameSpan	unknown;		/* the last one beyond that */
	FrontEntry	front[FRONT_SIZE];
} Pricing;

/* Make an empty Pricing in a context of its own below parent. */
extern Pricing *PricingCreate(MemoryContext parent, const char *context_name, const PriceBook *book);

/* The span of a name that holds at `at`; never NULL; good until the next call. */
extern NameSpan *PricingName(Pricing *pricing, const char *name, Size length, TimestampTz at);

/*
 * Are two pieces of memory of the same length equal?  From 8 to 32 bytes
 * without a branch: the words overlap where it is shorter.
 */
static inline bool
SameWords(const char *a, const char *b, Size length)
{
	Size		last = length - 8;
	Size		second = Min(8, last);
	Size		third = Min(16, last);
	uint64		differ;

	if (unlikely(length < 8))
		return NameShortWord(a, length) == NameShortWord(b, length);
	differ = (NameWord(a) ^ NameWord(b)) | (NameWord(a + second) ^ NameWord(b + second)) |
		(NameWord(a + third) ^ NameWord(b + third)) | (NameWord(a + last) ^ NameWord(b + last));

	for (Size i = 24; unlikely(i < last); i += 8)
		differ |= NameWord(a + i) ^ NameWord(b + i);
	return differ == 0;
}

/* Where a name would be in the front table. */
static inline FrontEntry *
FrontEntryOf(Pricing *pricing, const char *name, Size length)
{
	return &pricing->front[NameHash(name, length) >> (64 - FRONT_BITS)];
}

/*
 * The span of a name with the segment of its standard tier at a time; NULL when
 * there is none, and the long way tells why.
 */
static inline const NameSpan *
PricingStandard(Pricing *pricing, const char *name, Size length, TimestampTz at)
{
	const FrontEntry *entry = FrontEntryOf(pricing, name, length);
	const NameSpan *span = NULL;

	if (likely(entry->span != NULL && entry->length == length && SameWords(entry->bytes, name, length)))
		span = entry->span;
	if (unlikely(span == NULL || at < span->segment_from || at >= span->segment_to))
		span = PricingName(pricing, name, length, at);
	return span->segment_from <= at && at < span->segment_to ? span : NULL;
}

/* The exchange rates of a currency, fetched once (an FxLookup). */
extern FxSeries PricingFx(void *pricing, const char *currency);

/* A vector in USD at a time, and [*from, *to) narrowed to where that holds; good as long as the Pricing. */
extern const RateVector *PricingConverted(Pricing *pricing, const RateCard *card, const CardVector *vector,
										  TimestampTz at, TimestampTz *from, TimestampTz *to);

/* What a name means at a time, by the tables or the book. */
extern ModelStatus PricingResolve(Pricing *pricing, const char *name, TimestampTz at, ModelMatch *match);

/* Is a request without a price left out?  Otherwise it is an error.  A book says so itself. */
static inline bool
PricingLeavesOut(const Pricing *pricing)
{
	return pricing->book != NULL ? pricing->book->unpriced_null : setting_unpriced == UNPRICED_NULL;
}

/* Has what only a guess or a fallback could price no price?  A book says so itself. */
static inline bool
PricingRefusesGuess(const Pricing *pricing)
{
	return pricing->book != NULL ? pricing->book->guess_refuse : pricing->reader.refuse_guess;
}

/* For how many days a check of a price holds. */
static inline int32
PricingStaleAfter(const Pricing *pricing)
{
	return pricing->book != NULL ? pricing->book->stale_after : SettingStaleAfter();
}

/* Are these the prices of the oldest version, asked for as of a time before it? */
static inline bool
PricingBeforeKnown(const Pricing *pricing)
{
	return pricing->book != NULL ? pricing->book->before_known : pricing->reader.before_known;
}

/* Does a name only mean what is guessed, which is refused? */
static inline bool
SpanIsRefused(const Pricing *pricing, const NameSpan *span)
{
	return span->confidence == CONFIDENCE_GUESSED_NAME && PricingRefusesGuess(pricing);
}

/* The offset of a time zone from UTC in seconds at a time; an unknown zone is an error. */
extern int32_t PricingUtcOffset(const char *timezone, int64_t at);

#endif							/* INFERACCT_STATEMENT_PRICES_H */
