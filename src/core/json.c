/*
 * json.c
 *	  JSON whose numbers lose nothing: before cJSON reads them, those that a
 *	  double cannot hold become strings.
 */
#include "core/json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MOST_DIGITS 15			/* that a double keeps */
#define MOST_EXPONENT 300		/* well within what a double has */
#define LONGEST 60				/* characters of a number that every cJSON reads */

static size_t
CountDigits(const char *text)
{
	return strspn(text, "0123456789");
}

/* The length of a number with a point or an exponent, as cJSON takes them; 0 for anything else. */
static size_t
DecimalLength(const char *text)
{
	const char *at = text + (*text == '-');
	size_t		digits = CountDigits(at);
	bool		whole = true;

	if (digits == 0)
		return 0;
	at += digits;
	if (*at == '.')
	{
		at += 1 + CountDigits(at + 1);
		whole = false;
	}
	if (*at == 'e' || *at == 'E')
	{
		const char *exponent = at + 1 + (at[1] == '-' || at[1] == '+');

		digits = CountDigits(exponent);
		if (digits == 0)
			return 0;
		at = exponent + digits;
		whole = false;
	}
	return whole ? 0 : (size_t) (at - text);
}

/* Would a double lose some of a decimal? */
static bool
Loses(const char *text, size_t length)
{
	const char *end = text + length;
	const char *point = NULL;
	const char *first = NULL;	/* digit that is not zero */
	const char *last = NULL;
	const char *at;
	long		exponent = 0;
	long		digits;

	for (at = text + (*text == '-'); at < end && *at != 'e' && *at != 'E'; at++)
	{
		if (*at == '.')
			point = at;
		else if (*at != '0')
		{
			first = first == NULL ? at : first;
			last = at;
		}
	}
	if (first == NULL)
		return length > LONGEST;	/* it is 0 */
	if (point == NULL)
		point = at;
	if (at < end)
		exponent = strtol(at + 1, NULL, 10);	/* one beyond its range is at an end of it */
	digits = last - first + 1 - (first < point && point < last);
	if (exponent < -MOST_EXPONENT || exponent > MOST_EXPONENT)
		return true;
	exponent += first < point ? point - first - 1 : point - first;
	return length > LONGEST || digits > MOST_DIGITS || exponent < -MOST_EXPONENT || exponent > MOST_EXPONENT;
}

/* The character after a string, whose first quote `text` is; its end when there is no second. */
static const char *
PastString(const char *text)
{
	for (text++; *text != '"' && *text != '\0'; text++)
	{
		if (*text == '\\' && text[1] != '\0')
			text++;
	}
	return *text == '"' ? text + 1 : text;
}

/* Go on to the next decimal that a double would lose; NULL when there is none. */
static const char *
NextLost(const char *text, size_t *length)
{
	while (*text != '\0')
	{
		if (*text == '"')
		{
			text = PastString(text);
			continue;
		}
		if (*text != '-' && (*text < '0' || *text > '9'))
		{
			text++;
			continue;
		}
		*length = DecimalLength(text);
		if (*length > 0 && Loses(text, *length))
			return text;
		text += strspn(text, "0123456789+-.eE");
	}
	return NULL;
}

/* A copy of the text with quotes around what would be lost; NULL: out of memory. */
static char *
QuoteLost(const char *text, size_t length)
{
	char	   *copy = malloc(2 * length + 3);	/* each is longer than its two quotes */
	char	   *to = copy;
	const char *lost;
	size_t		digits;

	while (copy != NULL && (lost = NextLost(text, &digits)) != NULL)
	{
		memcpy(to, text, (size_t) (lost - text));
		to += lost - text;
		*to++ = '"';
		memcpy(to, lost, digits);
		to += digits;
		*to++ = '"';
		text = lost + digits;
	}
	if (copy != NULL)
		strcpy(to, text);
	return copy;
}

cJSON *
JsonParse(const char *text, size_t length, const char **end)
{
	size_t		digits;
	char	   *copy;
	cJSON	   *root;

	*end = text;
	if (NextLost(text, &digits) == NULL)
		return cJSON_ParseWithLengthOpts(text, length + 1, end, true);
	copy = QuoteLost(text, length);
	root = copy == NULL ? NULL : cJSON_ParseWithLengthOpts(copy, strlen(copy) + 1, NULL, true);
	free(copy);
	if (root == NULL)			/* where, in the text as it was given */
		cJSON_Delete(cJSON_ParseWithLengthOpts(text, length + 1, end, true));
	return root;
}
