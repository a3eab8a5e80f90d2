/*
 * pricing.h
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
#ifndef INFERACCT_PRICING_H
#define INFERACCT_PRICING_H

#include "datatype/timestamp.h"
#include "fmgr.h"

#include "model.h"
#include "price_book.h"

/* What a name means in [from, to). */
typedef struct NameSpan
{
	struct NameSpan *next;
	TimestampTz from;
	TimestampTz to;
	const RateCard *card;		/* NULL: no model, see PricingNameError() */
	const char *region;			/* what the name says of the region */
	Size		region_length;

	/* Standard tier, flat rates: valid in [flat_from, flat_to), none when empty. */
	TimestampTz flat_from;
	TimestampTz flat_to;
	const RateVector *flat;
} NameSpan;

struct name_hash;

typedef struct Pricing
{
	MemoryContext context;
	struct name_hash *names;	/* as logs spell them -> NameSpan list */
	struct name_hash *cards;	/* provider, NUL, model -> RateCard; of the tables only */
	const PriceBook *book;		/* NULL: of the tables */
	TimestampTz as_of;			/* DT_NOEND: all that is known */
	char	   *contract;		/* "" list prices */
	int			busy;			/* loads under way: it must not be freed */
	int			nunknown;		/* unknown names in names */
	NameSpan	unknown;		/* the last one beyond that */
} Pricing;

/* Make an empty Pricing in a context of its own below parent. */
extern Pricing *PricingCreate(MemoryContext parent, const char *context_name, const PriceBook *book,
							  TimestampTz as_of, const char *contract);

/* The span of a name that holds at `at`; never NULL; good until the next call. */
extern NameSpan *PricingName(Pricing *pricing, const char *name, Size length, TimestampTz at);

/* What a name means at a time, by the tables or the book. */
extern ModelStatus PricingResolve(Pricing *pricing, const char *name, TimestampTz at, ModelMatch *match);

/* Raise why a name has no card: unknown or ambiguous, with what is near it. */
extern void PricingNameError(Pricing *pricing, const char *name, Size length, TimestampTz at)
			pg_attribute_noreturn();

/* A value argument of a function that takes a price_book, kept at its call site. */
extern Pricing *PricingOfArgument(FunctionCallInfo fcinfo, int argument);

/* The offset of a time zone from UTC in seconds at a time; an unknown zone is an error. */
extern int32_t PricingUtcOffset(const char *timezone, int64_t at);

#endif							/* INFERACCT_PRICING_H */
