/*
 * rate_card.h
 *	  What one model costs, at all times, tiers, regions and context sizes.
 *
 * A rate card is built once from the price rows of a model and is then
 * read-only.  It is one flat piece of memory with offsets instead of pointers,
 * so the same bytes serve in a backend's cache and inside a price_book value.
 * All decisions that do not depend on the request are taken when it is built:
 * corrections, parents of unpriced meters, fall-back from a tier or region to
 * the base, multipliers.  What is left to find for a request is
 *
 *		lane	service tier and region
 *		segment	half-open time [from, to) in which no price changes
 *		vector	one rate per meter, chosen in the segment by the request's
 *				total input (bucket) and by the set of weekly windows that are open
 *
 * Prices in another currency stay in it: what they are in USD is found for the
 * time of a request, in the series of exchange rates of that currency (fx.h).
 *
 * Invariants: segments of a lane are in order, do not overlap, and the last
 * one has no end; bucket 0 begins at 0 tokens; set 0 means no window is open.
 *
 * Units: rates are USD x 1e-15 per single unit; times are microseconds since
 * 2000-01-01 UTC, as PostgreSQL's timestamptz; tokens.
 *
 * Pure C: no postgres.h.  The builder allocates with the function it is given.
 */
#ifndef INFERACCT_RATE_CARD_H
#define INFERACCT_RATE_CARD_H

#include <string.h>

#include "core/host.h"
#include "core/meter.h"
#include "core/money.h"
#include "core/weekly_hours.h"
#include "price/confidence.h"
#include "price/fx.h"

#define TIME_BEGIN INT64_MIN	/* -infinity */
#define TIME_END INT64_MAX		/* infinity */

#define METER_ANY METER_COUNT	/* of a multiplier: every token meter */

/*
 * What a row says.  List prices come first, then the terms of a contract; only
 * rows of one of these two classes replace each other.
 */
typedef enum PriceKind
{
	PRICE_RATE,					/* value is a rate */
	PRICE_AMOUNT,				/* value is a rate in `currency` */
	PRICE_MULTIPLIER,			/* value is a factor x 1e-9 */
	PRICE_WITHDRAWN,			/* no price from valid_from on */
	PRICE_ENDED,				/* nothing is stated from valid_from on: what others state holds */
	CONTRACT_RATE,				/* value is a negotiated rate */
	CONTRACT_FACTOR,			/* value is a factor x 1e-9 on the list price */
	CONTRACT_NONE				/* ends the term alike */
} PriceKind;

#define PRICE_KIND_COUNT (CONTRACT_NONE + 1)

#define MULTIPLIER_ONE INT64_C(1000000000)

#define ANY "*"					/* of a contract's service tier or region */

/* Whom a term of a contract is for; the narrower wins. */
typedef enum ContractScope
{
	SCOPE_ALL,
	SCOPE_PROVIDER,
	SCOPE_MODEL
} ContractScope;

/* One price row as known to the book.  Strings belong to the caller. */
typedef struct PriceRow
{
	int64_t		valid_from;
	int64_t		valid_to;		/* of contract terms; TIME_END for others */
	int64_t		value;			/* by kind */
	int64_t		unit_quantity;	/* units that the source's price is for */
	int64_t		min_input;		/* smallest total input it applies to; 0: base */
	int64_t		version;
	int64_t		published_at;
	PriceKind	kind;
	ContractScope scope;		/* of contract terms */
	Meter		meter;			/* or METER_ANY */
	const char *currency;		/* "USD" unless kind says otherwise */
	const char *service_tier;
	const char *region;			/* "" for the base */
	const char *windows;		/* canonical text of weekly windows, "" for always */
	const char *source;			/* "" when not stated */
	const char *catalog;		/* that was loaded; "" for others */
	const char *note;			/* what other sources say; "" when nothing */
	uint16_t	rank;			/* of whoever states it; of list prices */
	uint16_t	checked_on;		/* days since 2000-01-01; when it became known, if not stated */
	Agreement	agreement;
} PriceRow;

/* A row as kept in a card, for telling why it costs that. */
typedef struct CardRow
{
	int64_t		valid_from;
	int64_t		valid_to;
	int64_t		value;
	int64_t		unit_quantity;
	int64_t		min_input;
	int64_t		version;
	int64_t		published_at;
	uint32_t	service_tier;	/* offsets of strings in the card */
	uint32_t	region;
	uint32_t	windows;
	uint32_t	source;
	uint32_t	currency;
	uint32_t	catalog;
	uint32_t	note;
	uint16_t	rank;
	uint16_t	checked_on;
	uint16_t	meter;
	uint8_t		kind;
	uint8_t		scope;
	uint8_t		agreement;
	uint8_t		unused[3];
} CardRow;

#define NO_ROW UINT16_MAX

/* Rates in USD. */
typedef struct RateVector
{
	int64_t		rate[METER_COUNT];	/* 0 where priced lacks the bit */
	uint32_t	priced;
	uint32_t	foreign;		/* has a price in another currency, and no rate in USD */
	uint32_t	contracted;		/* a contract has changed or set the rate */
	uint32_t	refused;		/* would have a fallback's rate, which the card refuses */
	uint16_t	row[METER_COUNT];	/* the row that a rate comes from */
	uint16_t	checked_on[METER_COUNT];	/* the first day on which one of its rows was checked */
	uint8_t		confidence[METER_COUNT];	/* apart from the request's name, region and time */
} RateVector;

/* The rows whose factors a price in another currency is multiplied by, in this order, once it is converted. */
#define MAX_FACTORS 4

typedef struct ForeignFactors
{
	uint16_t	row[MAX_FACTORS];	/* NO_ROW: no more */
} ForeignFactors;

/*
 * A vector as a card has it: where `foreign` has the bit, rate[] holds the bytes
 * of ForeignFactors, and the amount is that of the row.  It costs nothing before
 * it is a RateVector: see CardVectorInUsd() and VectorInUsd().
 */
typedef struct CardVector
{
	RateVector	stated;
} CardVector;

typedef struct CardWindows
{
	uint32_t	text;			/* offset of the canonical text */
	uint32_t	timezone;		/* offset of the name of the time zone */
	uint32_t	spans;			/* offset of WindowSpan[nspans] */
	uint32_t	nspans;
} CardWindows;

typedef struct Segment
{
	int64_t		from;			/* half-open [from, to) */
	int64_t		to;
	uint32_t	vectors;		/* offset of CardVector[SegmentSets()][nbuckets] */
	uint32_t	buckets;		/* offset of int64_t[nbuckets]: smallest total input */
	uint32_t	windows;		/* offset of uint32_t[nwindows]: CardWindows, [0] unused */
	uint16_t	nbuckets;		/* at least 1 */
	uint16_t	nwindows;		/* at least 1 */
} Segment;

/* Sets of windows that can be open: window w, from 1 on, is a bit of the set. */
#define SegmentSetBit(w) (UINT32_C(1) << ((w) - 1))
#define SegmentSets(segment) (UINT32_C(1) << ((segment)->nwindows - 1))

typedef struct Lane
{
	uint32_t	service_tier;	/* offsets */
	uint32_t	region;
	uint32_t	segments;
	uint32_t	nsegments;
} Lane;

typedef struct RateCard
{
	uint32_t	size;			/* bytes, a multiple of 8 */
	uint32_t	provider;		/* offsets */
	uint32_t	model;
	uint32_t	lanes;
	uint32_t	nlanes;
	uint32_t	rows;
	uint32_t	nrows;
	uint32_t	windows;
	uint32_t	nwindows;
	uint32_t	refuses_guess;	/* 1: no rate is a fallback's */
} RateCard;

static inline const void *
CardAt(const RateCard *card, uint32_t offset)
{
	return (const char *) card + offset;
}

static inline const char *
CardString(const RateCard *card, uint32_t offset)
{
	return (const char *) card + offset;
}

static inline const CardRow *
CardRows(const RateCard *card)
{
	return CardAt(card, card->rows);
}

typedef enum CardStatus
{
	CARD_OK,
	CARD_TOO_FINE,				/* a factor or exchange rate makes a rate finer than 1e-15 USD */
	CARD_TOO_LARGE,				/* ... or larger than the fixed point */
	CARD_TOO_MANY,				/* more rows, or windows at a time, than a card can have */
	CARD_BAD_WINDOWS,			/* time_windows that cannot be read */
	CARD_NO_MEMORY
} CardStatus;

/*
 * Build the card of provider/model from its rows (sorted in place), with or
 * without the rates of fallbacks.  Scratch memory and the card come from the host
 * and belong to the caller.  On failure *culprit is the row to blame.
 */
extern CardStatus RateCardBuild(const char *provider, const char *model,
								PriceRow *rows, int nrows, bool refuse_guess, const Host *host,
								RateCard **card, const PriceRow **culprit);

/* Are these bytes, at most `size` of them, a card whose offsets and counts all stay within it? */
extern bool RateCardIsValid(const RateCard *card, size_t size);

/* A row of a card as the builder takes it; its strings are the card's. */
extern PriceRow RateCardRow(const RateCard *card, uint32_t index);

/*
 * The lane of a tier and region: an unknown region falls to the base region;
 * NULL when the model has no such tier.
 */
extern const Lane *RateCardLane(const RateCard *card, const char *service_tier, size_t tier_length,
								const char *region, size_t region_length);

/* Is a lane that of the base region for a region that was asked for, though the model has prices by region? */
extern bool LaneIsFallback(const RateCard *card, const Lane *lane, size_t region_length);

/* Is this a region with prices of its own?  "global" has the price of no region. */
static inline bool
IsPlace(const char *region)
{
	return region[0] != '\0' && strcmp(region, "global") != 0;
}

/* The segment of a lane that holds at `at`; NULL before its first price. */
extern const Segment *LaneSegment(const RateCard *card, const Lane *lane, int64_t at);

/* Offset of local time from UTC in seconds at a moment, for weekly windows. */
typedef int32_t (*UtcOffset) (const char *timezone, int64_t at);

/* The vector for a request of that total input at that moment. */
extern const CardVector *SegmentVector(const RateCard *card, const Segment *segment,
									   int64_t total_input, int64_t at, UtcOffset utc_offset);

/* ---------- prices in other currencies ---------- */

/* *rate times factor / one, when that is exact and fits. */
extern CardStatus RateTimes(int64_t *rate, int64_t factor, int64_t one);

/* A vector that needs no exchange rate; NULL for one that does, or for none. */
static inline const RateVector *
CardVectorInUsd(const CardVector *vector)
{
	return vector != NULL && vector->stated.foreign == 0 ? &vector->stated : NULL;
}

/* Where the series of a currency are found. */
typedef FxSeries (*FxLookup) (void *arg, const char *currency);

/* What became of a price in another currency at a time. */
typedef struct Conversion
{
	int64_t		rate;			/* in USD, when it has one */
	const FxRate *fx;			/* NULL: there is no exchange rate */
	CardStatus	status;			/* CARD_OK, or why there is no rate */
	const CardRow *culprit;		/* the factor to blame; NULL: the exchange rate */
} Conversion;

/* Convert the rate of a foreign meter. */
extern Conversion RateInUsd(const RateCard *card, const CardVector *vector, Meter meter, FxLookup lookup, void *arg,
							int64_t at);

/* Narrow [*from, *to) to where, around a time, all exchange rates of a vector hold. */
extern void VectorFxSpan(const RateCard *card, const CardVector *vector, FxLookup lookup, void *arg,
						 int64_t at, int64_t *from, int64_t *to);

/* *usd = a vector with all that can be converted at a time. */
extern void VectorInUsd(const RateCard *card, const CardVector *vector, FxLookup lookup, void *arg,
						int64_t at, RateVector *usd);

#endif							/* INFERACCT_RATE_CARD_H */
