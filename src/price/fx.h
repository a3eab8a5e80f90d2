/*
 * fx.h
 *	  Exchange rates: one series for each currency, ordered by time.
 *
 * Invariant: a rate holds from its time until that of the next one of its
 * currency; before the first there is none, and none is made up.
 *
 * Units: USD x 1e-12 per unit of the currency; times in microseconds since
 * 2000-01-01 UTC.  Pure C: no postgres.h.  Nothing allocates.
 */
#ifndef INFERACCT_FX_H
#define INFERACCT_FX_H

#include <stdint.h>

#define FX_ONE INT64_C(1000000000000)
#define CURRENCY_SIZE 4			/* three capital letters, and NUL */

/* One exchange rate as known.  The string belongs to the caller. */
typedef struct FxRow
{
	const char *currency;
	int64_t		valid_from;
	int64_t		published_at;
	int64_t		version;
	int64_t		value;
} FxRow;

typedef struct FxRate
{
	int64_t		valid_from;
	int64_t		value;
	int64_t		version;
} FxRate;

/* The rates of one currency, in order; count 0 when there are none. */
typedef struct FxSeries
{
	const FxRate *rates;
	uint32_t	count;
} FxSeries;

/* Order rows by currency and time, and drop those that were corrected; returns how many are left. */
extern uint32_t FxDropCorrected(FxRow *rows, uint32_t count);

static inline FxRate
FxRateOf(const FxRow *row)
{
	return (FxRate) {
		.valid_from = row->valid_from,.value = row->value,.version = row->version
	};
}

/* The rate at a time, or NULL; [*from, *to) is narrowed to where that holds. */
extern const FxRate *FxInForce(const FxSeries *series, int64_t at, int64_t *from, int64_t *to);

#endif							/* INFERACCT_FX_H */
