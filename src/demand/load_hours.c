/*
 * load_hours.c
 *	  Hours of load: counting, merging, text.  See load_hours.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demand/load_hours.h"

#define HOUR_MICROSECONDS INT64_C(3600000000)

/* Hours beyond these are no times. */
#define MOST_HOUR (INT64_MAX / HOUR_MICROSECONDS)

/* Tokens that a self-hosted prefix cache holds, too. */
#define CACHED_METERS \
	(METER_BIT(METER_CACHE_READ) | METER_BIT(METER_CACHE_READ_AUDIO) | METER_BIT(METER_CACHE_READ_IMAGE))

int64_t
LoadHourOfTime(int64_t microseconds)
{
	int64_t		hour = microseconds / HOUR_MICROSECONDS;

	return microseconds % HOUR_MICROSECONDS < 0 ? hour - 1 : hour;
}

bool
LoadHourOfUsage(const Usage *usage, LoadHour *hour)
{
	hour->requests = UsageCount(usage, METER_REQUESTS);
	return UsageTotal(usage, METERS_OF_INPUT & ~CACHED_METERS, &hour->input) &&
		UsageTotal(usage, CACHED_METERS, &hour->cached) &&
		UsageTotal(usage, METERS_OF_OUTPUT, &hour->output);
}

/* Where an hour is or belongs; logs mostly come in order, so the end is tried first. */
static int
FindHour(const Load *load, int64_t hour)
{
	int			low = 0,
				high = load->count;

	if (high > 0 && load->hours[high - 1].hour < hour)
		return high;
	if (high > 0 && load->hours[high - 1].hour == hour)
		return high - 1;
	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (load->hours[middle].hour < hour)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
AddHour(LoadHour *into, const LoadHour *hour)
{
	LoadHour	sum = *into;

	if (__builtin_add_overflow(sum.requests, hour->requests, &sum.requests) ||
		__builtin_add_overflow(sum.input, hour->input, &sum.input) ||
		__builtin_add_overflow(sum.cached, hour->cached, &sum.cached) ||
		__builtin_add_overflow(sum.output, hour->output, &sum.output) ||
		__builtin_add_overflow(sum.api_usd, hour->api_usd, &sum.api_usd))
		return false;
	*into = sum;
	return true;
}

bool
LoadAdd(Load *load, const LoadHour *hour)
{
	int			place = FindHour(load, hour->hour);

	if (place < load->count && load->hours[place].hour == hour->hour)
		return AddHour(&load->hours[place], hour);
	memmove(&load->hours[place + 1], &load->hours[place], (size_t) (load->count - place) * sizeof(LoadHour));
	load->hours[place] = *hour;
	load->count++;
	return true;
}

int
LoadHourToText(const LoadHour *hour, char text[LOAD_HOUR_TEXT_SIZE])
{
	int			length = sprintf(text, "%" PRId64 "/%" PRId64 "/%" PRId64 "/%" PRId64 "/%" PRId64 "/",
								 hour->hour, hour->requests, hour->input, hour->cached, hour->output);

	return length + MoneyToText(hour->api_usd, text + length);
}

/* Read a whole number that ends with a slash; returns what follows, NULL when it is none. */
static const char *
ReadCount(const char *text, int64_t *count)
{
	char	   *end;

	if (text == NULL || (*text != '-' && (*text < '0' || *text > '9')))
		return NULL;
	errno = 0;
	*count = strtoll(text, &end, 10);
	return errno == 0 && end != text && *end == '/' ? end + 1 : NULL;
}

const char *
LoadHourFromText(const char *text, LoadHour *hour)
{
	char		usd[MONEY_TEXT_SIZE];
	size_t		length;

	text = ReadCount(text, &hour->hour);
	text = ReadCount(text, &hour->requests);
	text = ReadCount(text, &hour->input);
	text = ReadCount(text, &hour->cached);
	text = ReadCount(text, &hour->output);
	if (text == NULL)
		return NULL;
	length = strcspn(text, " ");
	if (length >= sizeof(usd))
		return NULL;
	memcpy(usd, text, length);
	usd[length] = '\0';
	return MoneyFromText(usd, &hour->api_usd) == MONEY_OK ? text + length : NULL;
}

bool
LoadIsValid(const LoadHour *hours, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (hours[i].hour < -MOST_HOUR || hours[i].hour > MOST_HOUR || hours[i].requests < 0 || hours[i].input < 0 ||
			hours[i].cached < 0 || hours[i].output < 0 || hours[i].api_usd < 0 ||
			(i > 0 && hours[i - 1].hour >= hours[i].hour))
			return false;
	}
	return true;
}
