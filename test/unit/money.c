/*
 * money.c
 *	  Unit tests of src/core/money.c: rates against independent int128 arithmetic,
 *	  amounts to text and back over the whole int128.
 */
#include <inttypes.h>
#include <string.h>

#include "core/money.h"
#include "random.h"
#include "tap.h"

#define ROUNDS 50000

typedef unsigned __int128 Magnitude;

static const Money LARGEST = (Money) (~(Magnitude) 0 >> 1);

static Magnitude
PowerOfTen(int exponent)
{
	Magnitude	power = 1;

	while (exponent-- > 0)
		power *= 10;
	return power;
}

static void
RateIs(const char *decimal, int64_t unit_quantity, MoneyStatus expected, int64_t expected_rate)
{
	int64_t		rate = -1;
	MoneyStatus status = RateFromDecimal(decimal, unit_quantity, &rate);

	Ok(status == expected && rate == (expected == MONEY_OK ? expected_rate : -1),
	   "%s per %" PRId64 ": status %d, rate %" PRId64, decimal, unit_quantity, status, rate);
}

static void
TestRates(void)
{
	static const char *const malformed[] = {
		"", "-", ".", "-.", "+1", " 1", "1 ", "1e", "1e+", "1e1.5", "1.2.3", "1,5", "0x10",
		"NaN", "Infinity", "--1", "1e1e1", "$3"
	};

	RateIs("3", 1000000, MONEY_OK, INT64_C(3000000000));
	RateIs("0.30", 1000000, MONEY_OK, 300000000);
	RateIs("10", 1000, MONEY_OK, INT64_C(10000000000000));
	RateIs("4.6875e-09", 1, MONEY_OK, 4687500);
	RateIs("1E-15", 1, MONEY_OK, 1);
	RateIs("1e+0", 1, MONEY_OK, INT64_C(1000000000000000));
	RateIs("0.000000001", 1000000, MONEY_OK, 1);
	RateIs(".5", 1, MONEY_OK, INT64_C(500000000000000));
	RateIs("5.", 1, MONEY_OK, INT64_C(5000000000000000));
	RateIs("007", 1, MONEY_OK, INT64_C(7000000000000000));
	RateIs("3", 3, MONEY_OK, INT64_C(1000000000000000));
	RateIs("0", 7, MONEY_OK, 0);
	RateIs("-0.0", 1, MONEY_OK, 0);
	RateIs("0e999999999999999999999", 1, MONEY_OK, 0);
	RateIs("9223.372036854775807", 1, MONEY_OK, INT64_MAX);
	RateIs("9223372036.854775807", 1000000, MONEY_OK, INT64_MAX);
	RateIs("0.0000030000000000000000000000000000000000000000000000000000000000", 1, MONEY_OK,
		   INT64_C(3000000000));
	RateIs("3000000000000000000000000000000000000000000000000000000000000e-60", 1, MONEY_OK,
		   INT64_C(3000000000000000));
	RateIs("0.00000000000000000000000000000000000000000000000000000000003e+53", 1, MONEY_OK,
		   INT64_C(3000000000));

	RateIs("1", 3, MONEY_TOO_FINE, 0);
	RateIs("0.0000000001", 1000000, MONEY_TOO_FINE, 0);
	RateIs("1e-16", 1, MONEY_TOO_FINE, 0);
	RateIs("1e-999999999999999999999", 1, MONEY_TOO_FINE, 0);
	RateIs("3.0000000000000000000000000000000000000000000000000000000001", 1, MONEY_TOO_FINE, 0);
	RateIs("9223.372036854775808", 1, MONEY_TOO_LARGE, 0);
	RateIs("9223372036.854775808", 1000000, MONEY_TOO_LARGE, 0);
	RateIs("1e300", 1, MONEY_TOO_LARGE, 0);
	RateIs("1e999999999999999999999", INT64_MAX, MONEY_TOO_LARGE, 0);
	RateIs("123456789012345678901234567890123456789012345678901234567890", 1, MONEY_TOO_LARGE, 0);
	RateIs("-1", 1, MONEY_NEGATIVE, 0);
	RateIs("-1e-99", 1, MONEY_NEGATIVE, 0);
	RateIs("-1e99", 1, MONEY_NEGATIVE, 0);

	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		RateIs(malformed[i], 1, MONEY_SYNTAX, 0);
	RateIs("1", 0, MONEY_SYNTAX, 0);
	RateIs("1", -1, MONEY_SYNTAX, 0);
}

/*
 * Write digits / 10^places, places <= 24, in one of the notations that mean it:
 * with zeros appended, and with the point moved against an exponent.
 */
static void
WriteDecimal(char *text, uint64_t digits, int places)
{
	char		all[64];
	int			length;
	int			moved = Random() % 2 ? 0 : (int) (Random() % 9);
	int			zeros = (int) (Random() % 30);

	/* At least one digit before the point. */
	length = sprintf(all, "%0*" PRIu64, places + moved + 1, digits);
	text += sprintf(text, "%.*s", length - places - moved, all);
	text += sprintf(text, ".%s%.*s", all + length - places - moved, zeros,
					"000000000000000000000000000000");
	if (moved > 0)
		sprintf(text, "%s%d", Random() % 2 ? "e" : "E+", moved);
}

static void
TestRandomRates(void)
{
	static const int64_t units[] = {1, 1000, 1000000, 60, 3, 7, 1024};
	bool		exact = true;
	int			seen[5] = {0};

	for (int i = 0; i < ROUNDS; i++)
	{
		uint64_t	digits = (Random() >> (Random() % 64)) % UINT64_C(1000000000000000000);
		int			places = (int) (Random() % 19);
		int64_t		unit_quantity = units[Random() % 7];
		Magnitude	price = (Magnitude) digits * PowerOfTen(MONEY_SCALE);
		Magnitude	unit = (Magnitude) unit_quantity * PowerOfTen(places);
		MoneyStatus expected = price % unit != 0 ? MONEY_TOO_FINE : MONEY_OK;
		MoneyStatus status;
		int64_t		rate = 0;
		char		text[128];

		WriteDecimal(text, digits, places);
		status = RateFromDecimal(text, unit_quantity, &rate);
		seen[status]++;

		/* Of a price that is both, either may be said. */
		if (price / unit > INT64_MAX)
			exact &= status == MONEY_TOO_LARGE || (status == MONEY_TOO_FINE && expected == status);
		else
			exact &= status == expected && (status != MONEY_OK || rate == (int64_t) (price / unit));
	}
	Ok(exact, "random decimals give the rate of int128 arithmetic, or are refused for its reason");
	Ok(seen[MONEY_OK] > 1000 && seen[MONEY_TOO_FINE] > 1000 && seen[MONEY_TOO_LARGE] > 100,
	   "of them %d fit, %d are too fine, %d are too large", seen[MONEY_OK], seen[MONEY_TOO_FINE],
	   seen[MONEY_TOO_LARGE]);
}

static void
TextIs(Money money, const char *expected)
{
	char		text[MONEY_TEXT_SIZE];
	int			length = MoneyToText(money, text);
	Money		again = 0;

	Ok(strcmp(text, expected) == 0 && length == (int) strlen(expected) &&
	   MoneyFromText(text, &again) == MONEY_OK && again == money, "%s is %s", text, expected);
}

static void
TestText(void)
{
	const Money usd = (Money) PowerOfTen(MONEY_SCALE);

	TextIs(0, "0");
	TextIs(1, "0.000000000000001");
	TextIs(-1, "-0.000000000000001");
	TextIs(usd, "1");
	TextIs(-usd, "-1");
	TextIs(usd * 780, "780");
	TextIs(usd / 100000 * 348, "0.00348");
	TextIs(usd / 10, "0.1");
	TextIs(usd * 1000000, "1000000");
	TextIs(INT64_MAX, "9223.372036854775807");
	TextIs(INT64_MIN, "-9223.372036854775808");
	TextIs((Money) INT64_MAX + 1, "9223.372036854775808");
	TextIs((Money) PowerOfTen(38), "100000000000000000000000");
	TextIs(LARGEST, "170141183460469231731687.303715884105727");
	TextIs(-LARGEST - 1, "-170141183460469231731687.303715884105728");
}

static void
TestTextIsRefused(const char *text, MoneyStatus expected)
{
	Money		money = 42;

	Ok(MoneyFromText(text, &money) == expected && money == 42, "refused with status %d: %s",
	   expected, text);
}

static void
TestRefusals(void)
{
	TestTextIsRefused("170141183460469231731687.303715884105728", MONEY_TOO_LARGE);
	TestTextIsRefused("-170141183460469231731687.303715884105729", MONEY_TOO_LARGE);
	TestTextIsRefused("999999999999999999999999999999999999999", MONEY_TOO_LARGE);
	TestTextIsRefused("340282366920938463463374.607431768211456", MONEY_TOO_LARGE);
	TestTextIsRefused("0.0000000000000001", MONEY_TOO_FINE);
	TestTextIsRefused("1 USD", MONEY_SYNTAX);
	TestTextIsRefused("", MONEY_SYNTAX);
}

static void
TestRandomAmounts(void)
{
	bool		round_trip = true;
	bool		trimmed = true;
	bool		added = true;

	for (int i = 0; i < ROUNDS; i++)
	{
		Magnitude	bits = (Magnitude) Random() << 64 | Random();
		Money		money = (Money) (bits >> (Random() % 128));
		Money		rest;
		Money		again = 0;
		Money		sum;
		char		text[MONEY_TEXT_SIZE];
		int			scale;

		if (Random() % 2)
			money = money / (Money) PowerOfTen(15) * (Money) PowerOfTen((int) (Random() % 16));
		if (Random() % 2)
			money = (Money) -(Magnitude) money;

		MoneyToText(money, text);
		round_trip &= MoneyFromText(text, &again) == MONEY_OK && again == money;
		round_trip &= strchr(text, '.') == NULL || text[strlen(text) - 1] != '0';

		rest = money;
		scale = MoneyTrim(&rest);
		trimmed &= scale >= 0 && scale <= MONEY_SCALE && (scale == 0 || rest % 10 != 0);
		trimmed &= (Money) ((Magnitude) rest * PowerOfTen(MONEY_SCALE - scale)) == money ||
			(money == 0 && scale == 0);

		sum = money;
		if (MoneyAddProduct(&sum, (int64_t) bits, INT64_MAX))
			added &= sum - (Money) (int64_t) bits * INT64_MAX == money;
		else
			added &= sum == money;
	}
	Ok(round_trip, "random amounts survive text, which has no trailing zeros");
	Ok(trimmed, "MoneyTrim takes off every factor of ten, and nothing else");
	Ok(added, "MoneyAddProduct is exact, or leaves the sum alone");
}

static void
TestOverflow(void)
{
	Money		sum = LARGEST - 5;

	Ok(MoneyAddProduct(&sum, 5, 1) && sum == LARGEST, "a sum may reach the largest amount");
	Ok(!MoneyAddProduct(&sum, 1, 1) && sum == LARGEST, "beyond it the sum is unchanged");
}

int
main(void)
{
	TestRates();
	TestRandomRates();
	TestText();
	TestRefusals();
	TestRandomAmounts();
	TestOverflow();
	return Done();
}
