/*
 * money.c
 *	  Decimal text to exact money and back.
 *
 * Invariant: no float, no rounding.  A decimal is read as a whole number of
 * 1e-15 USD or refused.  Unit: USD x 1e-15.  Pure C: no postgres.h.  Nothing
 * here allocates.
 */
#include "core/money.h"

#include <string.h>

typedef unsigned __int128 Magnitude;

/* More digits than any text has, so that adding to it is safe. */
#define EXPONENT_LIMIT INT64_C(1000000000000000)

static bool
IsDigit(char c)
{
	return c >= '0' && c <= '9';
}

/* Append a decimal digit; false on overflow. */
static bool
AppendDigit(Magnitude *value, int digit)
{
	return !__builtin_mul_overflow(*value, (Magnitude) 10, value) &&
		!__builtin_add_overflow(*value, (Magnitude) digit, value);
}

/* Read the digits after an 'e', with their sign; false when there are none. */
static bool
ReadExponent(const char **text, int64_t *exponent)
{
	bool		negative = **text == '-';

	if (**text == '-' || **text == '+')
		(*text)++;
	if (!IsDigit(**text))
		return false;
	for (*exponent = 0; IsDigit(**text); (*text)++)
	{
		if (*exponent < EXPONENT_LIMIT)
			*exponent = *exponent * 10 + (**text - '0');
	}
	if (negative)
		*exponent = -*exponent;
	return true;
}

/*
 * Read |text| as a whole number of 1e-15, from its first to its last non-zero
 * digit: zeros outside of these only shift the point.
 */
static MoneyStatus
ReadDecimal(const char *text, bool *negative, Magnitude *value)
{
	const char *first = NULL;	/* first and last digit that is not zero */
	const char *last = NULL;
	const char *point = NULL;
	const char *end;
	int64_t		digits = 0;
	int64_t		exponent = 0;
	int64_t		shift;			/* powers of ten that the last digit stands for */

	*negative = *text == '-';
	*value = 0;
	for (end = text + *negative; IsDigit(*end) || (*end == '.' && point == NULL); end++)
	{
		if (*end == '.')
		{
			point = end;
			continue;
		}
		digits++;
		if (*end == '0')
			continue;
		last = end;
		if (first == NULL)
			first = end;
	}
	if (digits == 0)
		return MONEY_SYNTAX;
	if (point == NULL)
		point = end;
	if (*end == 'e' || *end == 'E')
	{
		end++;
		if (!ReadExponent(&end, &exponent))
			return MONEY_SYNTAX;
	}
	if (*end != '\0')
		return MONEY_SYNTAX;
	if (first == NULL)
		return MONEY_OK;

	shift = exponent + MONEY_SCALE + (last < point ? point - last - 1 : point - last);
	if (shift < 0)
		return MONEY_TOO_FINE;
	for (const char *digit = first; digit <= last; digit++)
	{
		if (*digit != '.' && !AppendDigit(value, *digit - '0'))
			return MONEY_TOO_LARGE;
	}
	for (; shift > 0; shift--)
	{
		if (!AppendDigit(value, 0))
			return MONEY_TOO_LARGE;
	}
	return MONEY_OK;
}

MoneyStatus
RateFromDecimal(const char *decimal, int64_t unit_quantity, int64_t *rate)
{
	bool		negative;
	Magnitude	price;
	MoneyStatus status = ReadDecimal(decimal, &negative, &price);

	if (status == MONEY_SYNTAX)
		return MONEY_SYNTAX;
	if (negative && (status != MONEY_OK || price != 0))
		return MONEY_NEGATIVE;
	if (status != MONEY_OK)
		return status;
	if (unit_quantity < 1)
		return MONEY_SYNTAX;
	if (price / (Magnitude) unit_quantity > INT64_MAX)
		return MONEY_TOO_LARGE;
	if (price % (Magnitude) unit_quantity != 0)
		return MONEY_TOO_FINE;
	*rate = (int64_t) (price / (Magnitude) unit_quantity);
	return MONEY_OK;
}

#define TRIM(value, power, digits, scale) \
	do { \
		if ((value) % (power) == 0) \
		{ \
			(value) /= (power); \
			(scale) -= (digits); \
		} \
	} while (0)

int
MoneyTrim(Money *money)
{
	int			scale = MONEY_SCALE;	/* 8 + 4 + 2 + 1 */
	int64_t		narrow = (int64_t) *money;

	if (*money == 0)
		return 0;

	/* Nearly every amount fits 64 bits, where division is many times cheaper. */
	if (narrow == *money)
	{
		TRIM(narrow, 100000000, 8, scale);
		TRIM(narrow, 10000, 4, scale);
		TRIM(narrow, 100, 2, scale);
		TRIM(narrow, 10, 1, scale);
		*money = narrow;
		return scale;
	}

	TRIM(*money, 100000000, 8, scale);
	TRIM(*money, 10000, 4, scale);
	TRIM(*money, 100, 2, scale);
	TRIM(*money, 10, 1, scale);
	return scale;
}

int
MoneyToText(Money money, char text[MONEY_TEXT_SIZE])
{
	char		reversed[MONEY_TEXT_SIZE];
	int			length = 0;
	int			n = 0;
	bool		negative = money < 0;
	int			scale = MoneyTrim(&money);
	Magnitude	rest = negative ? -(Magnitude) money : (Magnitude) money;

	/* From the last digit on, until the one left of the point is written. */
	for (; rest != 0 || n <= scale; n++)
	{
		if (n == scale && scale > 0)
			reversed[length++] = '.';
		reversed[length++] = (char) ('0' + (int) (rest % 10));
		rest /= 10;
	}
	if (negative)
		reversed[length++] = '-';

	for (int i = 0; i < length; i++)
		text[i] = reversed[length - 1 - i];
	text[length] = '\0';
	return length;
}

MoneyStatus
MoneyFromText(const char *text, Money *money)
{
	const Magnitude largest = ~(Magnitude) 0 >> 1;
	bool		negative;
	Magnitude	value;
	MoneyStatus status = ReadDecimal(text, &negative, &value);

	if (status != MONEY_OK)
		return status;
	if (value > largest + negative)
		return MONEY_TOO_LARGE;
	*money = (Money) (negative ? -value : value);
	return MONEY_OK;
}
