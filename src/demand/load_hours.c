/*
 * load_hours.c
 *	  Hours of load: counting, merging, fields.  See load_hours.h.
 */
#include <string.h>

#include "demand/load_hours.h"

#define HOUR_MICROSECONDS INT64_C(3600000000)

/* Hours beyond these are no times. */
#define MOST_HOUR (INT64_MAX / HOUR_MICROSECONDS)

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
	return UsageTotal(usage, METERS_OF_INPUT & ~METERS_OF_CACHE, &hour->input) &&
		UsageTotal(usage, METERS_OF_CACHE, &hour->cached) &&
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

void
LoadHourFields(Fields *fields, LoadHour *hour)
{
	FieldInteger(fields, &hour->hour, -MOST_HOUR, MOST_HOUR);
	FieldInteger(fields, &hour->requests, 0, INT64_MAX);
	FieldInteger(fields, &hour->input, 0, INT64_MAX);
	FieldInteger(fields, &hour->cached, 0, INT64_MAX);
	FieldInteger(fields, &hour->output, 0, INT64_MAX);
	FieldMoney(fields, &hour->api_usd);
	if (hour->api_usd < 0)
		FieldsRefuse(fields);
}
