/*
 * price_book.h
 *	  What everything costs, as known at one moment: a self-contained value.
 *
 * A price book is flat, read-only memory: rate cards ordered by model and
 * provider, model aliases ordered by alias, and the exchange rates of the
 * currencies that the cards name.  It is the SQL type price_book
 * as it lies in memory (the first word is the varlena length) and in tables.
 * Its text and binary forms carry the rows, and the book is built from them.
 *
 * Stored bytes are those of the build that made them: they hold a number for
 * every meter.  PriceBookCheck() tells whether this build can read them, and
 * whether they are whole; nothing else may be called for bytes it has not seen.
 *
 * Invariants: equal rows and policies give equal bytes.  A book says by itself
 * what becomes of a request without a price: no setting changes what it answers.
 *
 * Units: USD x 1e-15; times in microseconds since 2000-01-01 UTC.
 * Pure C: no postgres.h.
 */
#ifndef INFERACCT_PRICE_BOOK_H
#define INFERACCT_PRICE_BOOK_H

#include "price/alias_rule.h"
#include "price/rate_card.h"

/* No larger value can be kept in memory by the server, nor sent. */
#define PRICE_BOOK_MAX_SIZE (INT32_C(1) << 30)

typedef struct BookAlias
{
	int64_t		valid_from;
	int64_t		version;
	int64_t		published_at;
	uint32_t	alias;			/* offsets of strings; 0: NULL */
	uint32_t	provider;
	uint32_t	model;
	uint32_t	region;
	uint16_t	rank;
	uint16_t	unused[3];
} BookAlias;

/* The exchange rates of one currency. */
typedef struct BookFx
{
	uint32_t	currency;		/* offset of its name */
	uint32_t	nrates;
	uint32_t	rates;			/* offset of FxRate[nrates] */
	uint32_t	unused;
} BookFx;

/* Raised with every change of what the structs of this file and of rate_card.h mean or where they lie. */
#define PRICE_BOOK_FORMAT 2

typedef struct PriceBook
{
	int32_t		header;			/* room for the varlena length word */
	uint8_t		format;			/* PRICE_BOOK_FORMAT and METER_COUNT of the build that made it; */
	uint8_t		meters;			/* these two stay where they are in every format */
	uint8_t		unpriced_null;	/* 1: a request without a price is left out; 0: an error */
	uint8_t		guess_refuse;	/* 1: a guessed name or a fallback is refused; 0: allowed */
	int64_t		as_of;			/* TIME_END: everything known was taken */
	int64_t		version;		/* highest price version in it */
	uint64_t	fingerprint;	/* PriceBookFingerprint(), to recognize a book by */
	uint32_t	size;
	uint32_t	contract;		/* offset of its name, "" for list prices */
	uint32_t	ncards;
	uint32_t	cards;			/* offset of uint32_t[ncards]: offsets of RateCards */
	uint32_t	naliases;
	uint32_t	aliases;		/* offset of BookAlias[naliases] */
	uint32_t	ncurrencies;
	uint32_t	currencies;		/* offset of BookFx[ncurrencies], ordered by name */
	int32_t		stale_after;	/* days for which a check of a price holds, or STALE_NEVER */
	uint32_t	before_known;	/* 1: it was asked for as of a time before the oldest version, which it has instead */
} PriceBook;

/* What a book is of, besides its rows; contract "" for list prices. */
typedef struct BookTerms
{
	int64_t		as_of;
	int64_t		version;
	const char *contract;
	bool		unpriced_null;
	bool		guess_refuse;
	bool		before_known;
	int32_t		stale_after;
} BookTerms;

static inline const RateCard *
PriceBookCardAt(const PriceBook *book, uint32_t index)
{
	const uint32_t *offsets = (const uint32_t *) ((const char *) book + book->cards);

	return (const RateCard *) ((const char *) book + offsets[index]);
}

static inline const BookAlias *
PriceBookAliases(const PriceBook *book)
{
	return (const BookAlias *) ((const char *) book + book->aliases);
}

static inline const char *
PriceBookString(const PriceBook *book, uint32_t offset)
{
	return offset == 0 ? NULL : (const char *) book + offset;
}

static inline const BookFx *
PriceBookCurrencies(const PriceBook *book)
{
	return (const BookFx *) ((const char *) book + book->currencies);
}

/* What a book is built from; the lists are sorted in place. */
typedef struct BookContent
{
	BookTerms	terms;
	RateCard  **cards;
	uint32_t	ncards;
	AliasRow   *aliases;
	uint32_t	naliases;
	FxRow	   *fx;				/* of the currencies that the cards name */
	uint32_t	nfx;
} BookContent;

/* Put it together; NULL when memory or PRICE_BOOK_MAX_SIZE is exceeded. */
extern PriceBook *PriceBookBuild(BookContent *content, const Host *host);

typedef enum BookStatus
{
	BOOK_OK,
	BOOK_OTHER_FORMAT,			/* made by a build that lays books out otherwise */
	BOOK_OTHER_METERS,			/* made by a build with more or fewer meters */
	BOOK_DAMAGED				/* not what any build has made */
} BookStatus;

/*
 * Can bytes of this size, 8-aligned, be read as a book?  When BOOK_OK, no function
 * of this file or of rate_card.h reads outside of them, whoever made them.
 */
extern BookStatus PriceBookCheck(const PriceBook *book, size_t size);

/* A hash of all bytes but the varlena length and itself. */
extern uint64_t PriceBookFingerprint(const PriceBook *book);

/* Whose prices are to be multiplied; NULL or METER_ANY: all. */
typedef struct BookScale
{
	const char *provider;
	const char *model;
	Meter		meter;
	int64_t		factor;			/* x 1e-9 */
} BookScale;

/* A book with some prices multiplied; NULL when one does not fit the fixed point, or memory is out. */
extern PriceBook *PriceBookScale(const PriceBook *book, const BookScale *scale, const Host *host);

/* The exchange rates of a currency in a book (an FxLookup). */
extern FxSeries PriceBookFx(void *book, const char *currency);

/* The card of a model of a provider, or NULL. */
extern const RateCard *PriceBookCard(const PriceBook *book, const char *provider, const char *model);

/* The names that a book knows, for ModelResolve(). */
extern ModelDirectory PriceBookDirectory(const PriceBook *book);

#endif							/* INFERACCT_PRICE_BOOK_H */
