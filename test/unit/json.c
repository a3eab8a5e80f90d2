/*
 * Unit test of JSON whose numbers lose nothing: a number of the tree is what was
 * written, to the last digit, or it is text.
 */
#include "tap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cards.h"
#include "core/json.h"
#include "core/money.h"

#define NUMBERS 20000

/* A decimal with a point, an exponent or both; returns its length. */
static int
RandomDecimal(char *text)
{
	char	   *at = text;
	int			digits = 1 + Below(Below(4) == 0 ? 80 : 20);
	bool		point = Below(2);

	if (Below(8) == 0)
		*at++ = '-';
	*at++ = (char) ('1' + Below(9));
	if (Below(3) == 0)
		at[-1] = '0';
	else
	{
		for (int i = Below(digits); i > 0; i--)
			*at++ = (char) ('0' + (Below(3) ? Below(10) : 0));
	}
	if (point)
	{
		*at++ = '.';
		for (int i = 0; i < digits; i++)
			*at++ = (char) ('0' + (Below(3) ? Below(10) : 0));
	}
	if (!point || Below(2))
		at += sprintf(at, "%c%s%d", Below(2) ? 'e' : 'E', Below(2) ? "-" : Below(2) ? "+" : "", Below(Below(3) ? 12 : 500));
	*at = '\0';
	return (int) (at - text);
}

/* The decimal as the exact number of 1e-15 that it is; false when it is none. */
static bool
Exact(const char *decimal, Money *money)
{
	return MoneyFromText(decimal, money) == MONEY_OK;
}

static void
TestNumbers(void)
{
	int			lost = 0,
				numbers = 0,
				texts = 0;

	for (int i = 0; i < NUMBERS; i++)
	{
		char		decimal[700];
		char		json[800];
		char		back[40];
		const char *end;
		cJSON	   *root;
		const cJSON *member;
		Money		given,
					read;
		bool		fits;

		RandomDecimal(decimal);
		snprintf(json, sizeof(json), "{\"1e-400\": \"\\\"1e-400\", \"n\": %s}", decimal);
		root = JsonParse(json, strlen(json), &end);
		member = cJSON_GetObjectItem(root, "n");
		fits = Exact(decimal, &given);
		if (cJSON_IsString(member))
		{
			texts++;
			lost += strcmp(member->valuestring, decimal) != 0;
		}
		else if (cJSON_IsNumber(member))
		{
			numbers++;
			snprintf(back, sizeof(back), "%.15g", member->valuedouble);
			lost += Exact(back, &read) != fits || (fits && read != given);
			lost += member->valuedouble == 0 && strpbrk(decimal, "123456789") != NULL && strpbrk(decimal, "123456789") < decimal + strcspn(decimal, "eE");
		}
		else
			lost++;
		lost += strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(root, "1e-400")), "\"1e-400") != 0;
		cJSON_Delete(root);
	}
	Ok(lost == 0 && numbers > NUMBERS / 8 && texts > NUMBERS / 8, "%d numbers and %d texts are what was written (%d are not)", numbers, texts, lost);
}

static void
KindIs(const char *json, int kind)
{
	const char *end;
	cJSON	   *root = JsonParse(json, strlen(json), &end);

	Ok((root == NULL ? cJSON_Invalid : root->type & 0xFF) == kind, "%.40s", json);
	cJSON_Delete(root);
}

static void
ErrorIsAt(const char *json, long place)
{
	const char *end;
	cJSON	   *root = JsonParse(json, strlen(json), &end);

	Ok(root == NULL && end - json == place, "%s goes wrong at %ld", json, place);
	cJSON_Delete(root);
}

int
main(void)
{
	TestNumbers();
	KindIs("1e-400", cJSON_String);
	KindIs("1e400", cJSON_String);
	KindIs("-1E-99999999999999999999", cJSON_String);
	KindIs("1e99999999999999999999", cJSON_String);
	KindIs("0e99999999999999999999", cJSON_Number);
	KindIs("0.0000", cJSON_Number);
	KindIs("0.1234567890123456", cJSON_String);
	KindIs("0.123456789012345", cJSON_Number);
	KindIs("123456789.0123456", cJSON_String);
	KindIs("1.500000000000000000000000", cJSON_Number);
	KindIs("1.50000000000000000000000000000000000000000000000000000000000000000000000000", cJSON_String);
	KindIs("5.00000000000000000001", cJSON_String);
	KindIs("12345678901234567890", cJSON_Number);
	KindIs("01.5e-400", cJSON_String);
	KindIs("1.e-400", cJSON_String);
	KindIs("\"1e-400", cJSON_Invalid);
	KindIs("\"\\\\\"", cJSON_String);
	KindIs("", cJSON_Invalid);
	ErrorIsAt("[1e-400, 2, }", 12);
	ErrorIsAt("[1, 2, }", 7);
	return Done();
}
