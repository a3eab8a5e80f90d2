/*
 * money.h
 *	  Exact money.  A rate is an int64 of 1e-15 USD per unit of a meter
 *	  (1e-9 USD per million tokens); an amount is an int128 of the same 1e-15
 *	  USD.  Nothing is rounded: what does not fit is refused.
 *
 * Bounds: |rate| < 2^63 and |count| < 2^63, so a product is below 2^126 and the
 * sum of two products cannot overflow; longer sums are checked.
 *
 * Pure C: no postgres.h.
 */
#ifndef INFERACCT_MONEY_H
#define INFERACCT_MONEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* palloc and tables align to 8 bytes, so the type must not promise 16. */
typedef __int128 Money __attribute__((aligned(8)));

#define MONEY_SCALE 15			/* decimal digits right of the point */

/* Longest text of a Money: sign, 39 digits, point, leading zero, NUL. */
#define MONEY_TEXT_SIZE 48

typedef enum MoneyStatus
{
	MONEY_OK,
	MONEY_SYNTAX,				/* not a decimal number */
	MONEY_NEGATIVE,
	MONEY_TOO_FINE,				/* needs more digits than 1e-15 USD per unit */
	MONEY_TOO_LARGE				/* does not fit 64 bits */
} MoneyStatus;

/*
 * Rate per unit of a price of `decimal` USD per `unit_quantity` units.  Takes
 * plain and scientific notation ("3", "0.30", "4.6875e-09").  A
 * unit_quantity below 1 is MONEY_SYNTAX, too.  *rate is set only when the result is MONEY_OK.
 */
extern MoneyStatus RateFromDecimal(const char *decimal, int64_t unit_quantity, int64_t *rate);

/* *sum += a * b exactly; false on overflow, and *sum is then unchanged. */
static inline bool
MoneyAddProduct(Money *sum, int64_t count, int64_t rate)
{
	Money		product = (Money) count * rate;
	Money		total;

	if (__builtin_add_overflow(*sum, product, &total))
		return false;
	*sum = total;
	return true;
}

/*
 * Divide *money by the largest power of ten, up to 10^MONEY_SCALE, that leaves
 * no remainder; returns the decimal digits that then lie right of the point.
 */
extern int	MoneyTrim(Money *money);

/* Decimal text in USD, trailing zeros trimmed ("780", "0.00348"); returns its length. */
extern int	MoneyToText(Money money, char text[MONEY_TEXT_SIZE]);

/* The inverse of MoneyToText, for reading stored states back. */
extern MoneyStatus MoneyFromText(const char *text, Money *money);

#endif							/* INFERACCT_MONEY_H */
