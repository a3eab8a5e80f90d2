/*
 * money.c
 *	  The text of an amount, and of a price.
 *
 * The first byte chooses how many units a price is for.  An amount prints and
 * reads back alike; a price is not negative, and what is read both ways is equal.
 */
#include "fuzz.h"

#include "core/money.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t units[] = {1, 1000, 1000000, 7, INT64_MAX, 0, -1, INT64_MIN};
	char	   *text;
	char		printed[MONEY_TEXT_SIZE];
	int64_t		unit_quantity;
	int64_t		rate = 0;
	int64_t		rate_of_one = 0;
	Money		money;
	Money		back;
	MoneyStatus status;

	if (size == 0)
		return 0;
	unit_quantity = units[data[0] % (sizeof(units) / sizeof(units[0]))];
	text = FuzzText(data + 1, size - 1);
	status = RateFromDecimal(text, unit_quantity, &rate);
	Promise(status != MONEY_OK || (rate >= 0 && unit_quantity > 0), "no price is negative, or for less than one unit");
	if (RateFromDecimal(text, 1, &rate_of_one) == MONEY_OK && status == MONEY_OK)
		Promise((Money) rate * unit_quantity == rate_of_one, "a price for many is exact");
	if (MoneyFromText(text, &money) == MONEY_OK)
	{
		Promise((size_t) MoneyToText(money, printed) == strlen(printed) && strlen(printed) < sizeof(printed), "the length of a text is told");
		Promise(MoneyFromText(printed, &back) == MONEY_OK && back == money, "an amount reads back alike");
		if (RateFromDecimal(text, 1, &rate) == MONEY_OK)
			Promise(rate == money, "a price for one is the amount");
		MoneyTrim(&money);
	}
	free(text);
	return 0;
}
