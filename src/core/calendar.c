/*
 * calendar.c
 *	  Days and dates of the proleptic Gregorian calendar.
 *
 * Years here begin in March, so that the leap day is the last of a year; five
 * months from March or August on always have 153 days.
 */
#include "core/calendar.h"

#define DAYS_TO_2000 730425		/* from 0000-03-01 */
#define DAYS_PER_ERA 146097		/* 400 years */

int64_t
DaysFromDate(Date date)
{
	int64_t		year = date.month <= 2 ? date.year - 1 : date.year;
	int64_t		era = FloorDivide(year, 400);
	int64_t		year_of_era = year - era * 400;
	int64_t		day_of_year = (153 * (date.month > 2 ? date.month - 3 : date.month + 9) + 2) / 5 + date.day - 1;

	return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - DAYS_TO_2000;
}

Date
DateFromDays(int64_t days)
{
	int64_t		since = days + DAYS_TO_2000;
	int64_t		era = FloorDivide(since, DAYS_PER_ERA);
	int64_t		day = since - era * DAYS_PER_ERA;
	int64_t		year = (day - day / 1460 + day / 36524 - day / (DAYS_PER_ERA - 1)) / 365;
	int64_t		day_of_year = day - (365 * year + year / 4 - year / 100);
	int64_t		month = (5 * day_of_year + 2) / 153;

	return (Date) {
		.year = year + era * 400 + (month >= 10),
		.month = (int) (month < 10 ? month + 3 : month - 9),
		.day = (int) (day_of_year - (153 * month + 2) / 5) + 1
	};
}
