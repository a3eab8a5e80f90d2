/*
 * spend_by_month_text.c
 *	  Sums by model and month as text, and back, without loss.
 *
 * A name is in double quotes, with a backslash before quotes and backslashes.
 * Pure C: no postgres.h.  Scratch memory comes from the sums' own allocator.
 */
#include "spend/spend_by_month.h"

#include <stdio.h>
#include <stdlib.h>

size_t
MonthCellTextSize(const MonthModel *model)
{
	return 2 * (size_t) model->length + MONEY_TEXT_SIZE + USAGE_TEXT_SIZE + sizeof("\"\" -2147483648-12  ");
}

size_t
MonthCellToText(const MonthModel *model, const MonthCell *cell, char *text)
{
	int32_t		year = cell->month / 12 - (cell->month % 12 < 0);
	UsageBuffer used;
	char	   *end = text;

	*end++ = '"';
	for (uint32_t i = 0; i < model->length; i++)
	{
		if (model->name[i] == '"' || model->name[i] == '\\')
			*end++ = '\\';
		*end++ = model->name[i];
	}
	end += sprintf(end, "\" %04d-%02d ", year, cell->month - year * 12 + 1);
	if (cell->priced)
		end += MoneyToText(cell->usd, end);
	else
		end += sprintf(end, "null");
	*end++ = ' ';
	UsagePack(&cell->used, &used.usage);
	end += UsageToText(&used.usage, end);
	return (size_t) (end - text);
}

/* Each of these reads one field, steps over it, and returns false where it is malformed. */

static void
SkipSpace(const char **at)
{
	*at += strspn(*at, " \t\n\r");
}

static bool
ReadName(const char **at, char *name, uint32_t *length)
{
	*length = 0;
	if (**at != '"')
		return false;
	for ((*at)++; **at != '"'; (*at)++)
	{
		if (**at == '\\')
			(*at)++;
		if (**at == '\0')
			return false;
		name[(*length)++] = **at;
	}
	(*at)++;
	return true;
}

static bool
ReadMonth(const char **at, int32_t *month)
{
	char	   *end;
	long		year = strtol(*at, &end, 10);
	const char *digits = end + 1;

	if (end == *at || *end != '-' || strspn(digits, "0123456789") != 2 ||
		year < FIRST_MONTH / 12 || year > LAST_MONTH / 12)
		return false;
	*month = (digits[0] - '0') * 10 + digits[1] - '0';
	if (*month < 1 || *month > 12)
		return false;
	*month += (int32_t) year * 12 - 1;
	*at = digits + 2;
	return true;
}

static bool
ReadCost(const char **at, MonthCell *cell)
{
	size_t		length = strcspn(*at, " \t\n\r{");
	char		usd[MONEY_TEXT_SIZE];

	if (length == 0 || length >= sizeof(usd))
		return false;
	memcpy(usd, *at, length);
	usd[length] = '\0';
	cell->priced = strcmp(usd, "null") != 0;
	if (cell->priced && MoneyFromText(usd, &cell->usd) != MONEY_OK)
		return false;
	*at += length;
	return true;
}

static bool
ReadUsage(const char **at, MonthCell *cell)
{
	size_t		length = strcspn(*at, "}") + 1;
	char		usage[USAGE_TEXT_SIZE];
	const char *problem;

	if (length > strlen(*at) || length >= sizeof(usage))
		return false;
	memcpy(usage, *at, length);
	usage[length] = '\0';
	if (UsageFromText(usage, &cell->used, &problem) != USAGE_OK)
		return false;
	*at += length;
	return true;
}

const char *
SpendByMonthFromText(SpendByMonth *sums, const char *text)
{
	char	   *name = sums->allocate(sums->arg, strlen(text) + 1);
	const char *at = text;

	SkipSpace(&at);
	while (*at != '\0')
	{
		MonthCell	read = {0};
		uint32_t	length;
		const char *start = at;

		if (!ReadName(&at, name, &length))
			return at;
		SkipSpace(&at);
		if (!ReadMonth(&at, &read.month))
			return at;
		SkipSpace(&at);
		if (!ReadCost(&at, &read))
			return at;
		SkipSpace(&at);
		if (!ReadUsage(&at, &read))
			return at;
		if (!MonthCellMerge(SpendByMonthCell(sums, name, length, read.month), &read))
			return start;
		SkipSpace(&at);
		if (*at == ';')
		{
			at++;
			SkipSpace(&at);
			if (*at == '\0')
				return at;
		}
		else if (*at != '\0')
			return at;
	}
	return NULL;
}
