/*
 * weekly_hours.c
 *	  Weekly windows of prices: from their canonical JSON to spans.
 */
#include "core/weekly_hours.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* "HH:MM" up to 24:00, as minutes of the day; -1 when it is not that. */
static int
ParseMinute(const cJSON *item)
{
	const char *text = cJSON_GetStringValue(item);
	int			minute;

	if (text == NULL || strlen(text) != 5 || text[2] != ':' ||
		strspn(text, "0123456789") != 2 || strspn(text + 3, "0123456789") != 2)
		return -1;
	minute = atoi(text) * 60 + atoi(text + 3);
	return text[3] <= '5' && minute <= 1440 ? minute : -1;
}

/* Array of ISO weekdays (Monday 1) as a bitmap; absent means every day; 0 is an error. */
static unsigned
ParseDays(const cJSON *item)
{
	const cJSON *day;
	unsigned	days = 0;

	if (item == NULL || cJSON_IsNull(item))
		return 0x7F;
	cJSON_ArrayForEach(day, item)
	{
		if (!cJSON_IsNumber(day) || day->valuedouble != day->valueint || day->valueint < 1 || day->valueint > 7)
			return 0;
		days |= 1U << (day->valueint - 1);
	}
	return days;
}

static bool
ParseSpans(const cJSON *windows, WindowSpan *spans, int max_spans, int *nspans)
{
	const cJSON *window;

	*nspans = 0;
	cJSON_ArrayForEach(window, windows)
	{
		unsigned	days = ParseDays(cJSON_GetObjectItemCaseSensitive(window, "days"));
		int			from = ParseMinute(cJSON_GetObjectItemCaseSensitive(window, "from"));
		int			to = ParseMinute(cJSON_GetObjectItemCaseSensitive(window, "to"));

		if (days == 0 || from < 0 || to <= from || *nspans == max_spans)
			return false;
		spans[(*nspans)++] = (WindowSpan) {(uint16_t) days, (uint16_t) from, (uint16_t) to, 0};
	}
	return *nspans > 0;
}

bool
WindowsParse(const char *text, char *timezone, size_t timezone_size,
			 WindowSpan *spans, int max_spans, int *nspans)
{
	cJSON	   *tree = cJSON_Parse(text);
	const char *zone = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, "timezone"));
	bool		parsed = zone != NULL && strlen(zone) > 0 && strlen(zone) < timezone_size &&
		ParseSpans(cJSON_GetObjectItemCaseSensitive(tree, "windows"), spans, max_spans, nspans);

	if (parsed)
		strcpy(timezone, zone);
	cJSON_Delete(tree);
	return parsed;
}
