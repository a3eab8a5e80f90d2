/*
 * catalog_time.c
 *	  Dates, times and weekly windows of catalogs, independent of any session
 *	  setting.
 *
 * Invariant: the text of a Week is canonical.  Windows are sorted, disjoint,
 * as long as they can be, never pass midnight (a window that does is two) and
 * name their days, so the same hours always give the same text.
 * Units: minutes since midnight, [from, to); days Monday = 1 to Sunday = 7.
 */
#include "catalog/catalog_build.h"
#include "core/calendar.h"

#include <stdlib.h>
#include <string.h>

#define MINUTES_PER_DAY (24 * 60)
#define MICROSECONDS_PER_SECOND INT64_C(1000000)

/* Read exactly `digits` decimal digits. */
static bool
ParseDigits(const char **text, int digits, int *number)
{
	*number = 0;
	for (int i = 0; i < digits; i++, (*text)++)
	{
		if (**text < '0' || **text > '9')
			return false;
		*number = *number * 10 + (**text - '0');
	}
	return true;
}

static bool
Skip(const char **text, char expected)
{
	if (**text != expected)
		return false;
	(*text)++;
	return true;
}

/* Read YYYY-MM-DD and move on to what follows. */
static bool
ParseDatePart(const char **text, int32_t *days)
{
	static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int			year,
				month,
				day,
				last;

	if (!ParseDigits(text, 4, &year) || !Skip(text, '-') ||
		!ParseDigits(text, 2, &month) || !Skip(text, '-') ||
		!ParseDigits(text, 2, &day))
		return false;
	if (year < 1 || month < 1 || month > 12)
		return false;
	last = month_days[month - 1];
	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		last = 29;
	if (day < 1 || day > last)
		return false;
	*days = (int32_t) DaysFromDate((Date) {.year = year,.month = month,.day = day}) + DAYS_FROM_1970_TO_2000;
	return true;
}

bool
ParseDate(const char *text, int32_t *days)
{
	return ParseDatePart(&text, days) && *text == '\0';
}

/* Read the fraction of a second, at most six digits, after its point. */
static bool
ParseFraction(const char **text, int *microseconds)
{
	int			digit;
	int			scale = 100000;

	*microseconds = 0;
	if (!ParseDigits(text, 1, &digit))
		return false;
	do
	{
		*microseconds += digit * scale;
		scale /= 10;
	} while (scale > 0 && **text >= '0' && **text <= '9' && ParseDigits(text, 1, &digit));
	return true;
}

/* Read Z, +HH or +HH:MM as seconds east of UTC. */
static bool
ParseOffset(const char **text, int *seconds)
{
	int			sign,
				hours,
				minutes = 0;

	*seconds = 0;
	if (Skip(text, 'Z'))
		return true;
	if (**text != '+' && **text != '-')
		return false;
	sign = **text == '-' ? -1 : 1;
	(*text)++;
	if (!ParseDigits(text, 2, &hours))
		return false;
	if (Skip(text, ':') && !ParseDigits(text, 2, &minutes))
		return false;
	if (hours > 15 || minutes > 59)
		return false;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

/*
 * Read an ISO 8601 date (00:00 UTC) or a date and time with its offset from
 * UTC.  A time without an offset means nothing and is refused.
 */
bool
ParseTimestamp(const char *text, int64_t *microseconds)
{
	int32_t		days;
	int			hour,
				minute,
				second = 0,
				fraction = 0,
				offset;

	if (!ParseDatePart(&text, &days))
		return false;
	*microseconds = (int64_t) days * 86400 * MICROSECONDS_PER_SECOND;
	if (*text == '\0')
		return true;

	if (!Skip(&text, 'T') && !Skip(&text, ' '))
		return false;
	if (!ParseDigits(&text, 2, &hour) || !Skip(&text, ':') || !ParseDigits(&text, 2, &minute))
		return false;
	if (Skip(&text, ':') && !ParseDigits(&text, 2, &second))
		return false;
	if (Skip(&text, '.') && !ParseFraction(&text, &fraction))
		return false;
	if (!ParseOffset(&text, &offset) || *text != '\0')
		return false;
	if (hour > 23 || minute > 59 || second > 59)
		return false;

	*microseconds += ((int64_t) hour * 3600 + minute * 60 + second - offset) *
		MICROSECONDS_PER_SECOND + fraction;
	return true;
}

/* Read HH:MM, up to 24:00. */
bool
ParseClock(const char *text, size_t length, int *minute)
{
	int			hour,
				past;

	if (length != 5 || !ParseDigits(&text, 2, &hour) || !Skip(&text, ':') ||
		!ParseDigits(&text, 2, &past))
		return false;
	if (past > 59)
		return false;
	*minute = hour * 60 + past;
	return *minute <= MINUTES_PER_DAY;
}

/* Could it name a time zone?  Only the server knows which zones there are. */
bool
IsTimeZoneName(const char *text)
{
	return *text != '\0' &&
		text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					"0123456789_+-/")] == '\0';
}

/*
 * Add [from, to) on each of the days, a bitmap with Monday lowest.  A window
 * that ends no later than it starts goes on into the day after.
 */
void
WeekAdd(Week *week, unsigned days, int from, int to)
{
	int			end = to > from ? to : to + MINUTES_PER_DAY;

	for (int day = 0; day < 7; day++)
	{
		if ((days & (1u << day)) == 0)
			continue;
		for (int at = from; at < end; at++)
			week->minute[(day + at / MINUTES_PER_DAY) % 7][at % MINUTES_PER_DAY] = true;
	}
}

/* Days, as a bitmap, that have exactly the window [from, to). */
static unsigned
DaysWithWindow(const Week *week, int from, int to)
{
	unsigned	days = 0;

	for (int day = 0; day < 7; day++)
	{
		const bool *minute = week->minute[day];

		if ((from > 0 && minute[from - 1]) || (to < MINUTES_PER_DAY && minute[to]))
			continue;
		if (memchr(&minute[from], false, (size_t) (to - from)) == NULL)
			days |= 1u << day;
	}
	return days;
}

/* One window as JSON, after `text`. */
static const char *
WindowText(Catalog *catalog, const char *text, unsigned days, int from, int to)
{
	char		list[2 * 7 * 2];
	size_t		length = 0;

	for (int day = 0; day < 7; day++)
	{
		if ((days & (1u << day)) == 0)
			continue;
		if (length > 0)
		{
			list[length++] = ',';
			list[length++] = ' ';
		}
		list[length++] = (char) ('1' + day);
	}
	list[length] = '\0';
	return CatalogPrint(catalog, "%s%s{\"days\": [%s], \"from\": \"%02d:%02d\", \"to\": \"%02d:%02d\"}",
						text, *text == '\0' ? "" : ", ", list,
						from / 60, from % 60, to / 60, to % 60);
}

/* The first minute from `at` on, of one day, that is in a window or not. */
static int
NextMinute(const bool *minute, int at, bool inside)
{
	while (at < MINUTES_PER_DAY && minute[at] != inside)
		at++;
	return at;
}

/* The canonical JSON of the windows, which stand in the zone's local time. */
const char *
WeekText(Catalog *catalog, const Week *week, const char *timezone)
{
	const char *windows = "";

	for (int from = 0; from < MINUTES_PER_DAY; from++)
	{
		unsigned	done = 0;

		for (int day = 0; day < 7; day++)
		{
			const bool *minute = week->minute[day];
			unsigned	days;
			int			to;

			if (!minute[from] || (from > 0 && minute[from - 1]) || (done & (1u << day)) != 0)
				continue;
			to = NextMinute(minute, from, false);
			days = DaysWithWindow(week, from, to);
			done |= days;
			windows = WindowText(catalog, windows, days, from, to);
		}
	}
	return CatalogPrint(catalog, "{\"timezone\": \"%s\", \"windows\": [%s]}", timezone, windows);
}
