/*
 * confidence.h
 *	  What a priced figure rests on: the worst that applies, and where prices
 *	  that stand side by side come from.
 *
 * Pure C: no postgres.h.
 */
#ifndef INFERACCT_CONFIDENCE_H
#define INFERACCT_CONFIDENCE_H

#include <stdbool.h>
#include <stdint.h>

/* CONFIDENCE(ENUM, name): worst first. */
#define CONFIDENCES(CONFIDENCE) \
	CONFIDENCE(GUESSED_NAME, "guessed name")		/* a rule that loses part of the name, or a moving alias without dates */ \
	CONFIDENCE(FALLBACK_REGION, "fallback region")	/* the base price of a model that has prices by region, but not there */ \
	CONFIDENCE(FALLBACK_METER, "fallback meter")	/* the price of another meter, or of the standard tier */ \
	CONFIDENCE(DISPUTED, "disputed")				/* another source states another price */ \
	CONFIDENCE(STALE, "stale")						/* its source was read too long before the request */ \
	CONFIDENCE(SINGLE_SOURCE, "single source")		/* one source alone states it */ \
	CONFIDENCE(DERIVED, "derived")					/* the price of another tier, region or context, times a factor */ \
	CONFIDENCE(ALIAS, "alias")						/* under another name that means the same */ \
	CONFIDENCE(EXACT, "exact")

typedef enum Confidence
{
#define CONFIDENCE(ENUM, name) CONFIDENCE_##ENUM,
	CONFIDENCES(CONFIDENCE)
#undef CONFIDENCE
	CONFIDENCE_COUNT
} Confidence;

extern const char *ConfidenceName(Confidence confidence);

static inline Confidence
WorseConfidence(Confidence a, Confidence b)
{
	return a < b ? a : b;
}

/* What sources say of a price, as they are compared. */
typedef enum Agreement
{
	AGREEMENT_UNKNOWN,			/* nobody has compared */
	AGREEMENT_AGREED,			/* two or more state it */
	AGREEMENT_SINGLE,			/* one alone does */
	AGREEMENT_DISPUTED,			/* another one states another price */
	AGREEMENT_COUNT
} Agreement;

/* Its word; "" for AGREEMENT_UNKNOWN. */
extern const char *AgreementName(Agreement agreement);

/* The agreement of a word; AGREEMENT_COUNT when there is none. */
extern Agreement AgreementByName(const char *name);

/*
 * The order of those who state prices: what one says goes before all that those
 * of higher ranks say.  Catalogs that were loaded lie between one's own prices and
 * the shipped ones.
 */
#define RANK_OWN 0
#define RANK_SHIPPED UINT16_MAX

/* Days since 2000-01-01 on which a price was checked; that of a contract never is too long ago. */
#define CHECKED_ALWAYS UINT16_MAX

/* How many days a check holds, when it holds for ever. */
#define STALE_NEVER INT32_MAX

/* The UTC day, since 2000-01-01, of a time in microseconds since then; within what a check can be. */
static inline uint16_t
CheckedDay(int64_t at)
{
	int64_t		day = at / INT64_C(86400000000);

	return (uint16_t) (at < 0 ? 0 : day >= CHECKED_ALWAYS ? CHECKED_ALWAYS - 1 : day);
}

/* Was a price that was checked on a day checked more than so many days before a request? */
static inline bool
IsStale(uint16_t checked_on, int64_t at, int32_t stale_after)
{
	return checked_on != CHECKED_ALWAYS && stale_after != STALE_NEVER &&
		(int64_t) CheckedDay(at) - checked_on > stale_after;
}

#endif							/* INFERACCT_CONFIDENCE_H */
