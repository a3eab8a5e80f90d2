/*
 * calendar.c
 *	  Unit tests of src/core/calendar.c: every day of the times that a timestamptz
 *	  has, in order, against counting.
 */
#include "core/calendar.h"
#include "tap.h"

static int
DaysOfMonth(int64_t year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool		leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

static bool
SameDate(Date a, Date b)
{
	return a.year == b.year && a.month == b.month && a.day == b.day;
}

int
main(void)
{
	Date		date = {-4713, 11, 24}; /* the first day of a timestamptz */
	int64_t		first = DaysFromDate(date);
	bool		dates = true;
	bool		days = true;

	for (int64_t day = first; date.year < 6000; day++)
	{
		days &= DaysFromDate(date) == day;
		dates &= SameDate(DateFromDays(day), date);
		if (++date.day > DaysOfMonth(date.year, date.month))
		{
			date.day = 1;
			if (++date.month > 12)
			{
				date.month = 1;
				date.year++;
			}
		}
	}
	Ok(days, "the days of dates count on one by one, over ten thousand years");
	Ok(dates, "and are those of the dates");
	Ok(first == -2451545, "from the first day that PostgreSQL has");
	Ok(DaysFromDate((Date) {2000, 1, 1}) == 0 && DaysFromDate((Date) {1970, 1, 1}) == -DAYS_FROM_1970_TO_2000,
	   "counted from 2000; 1970 is so many days before");
	Ok(DaysFromDate((Date) {2023, 2, 29}) == DaysFromDate((Date) {2023, 3, 1}), "a day that a month has not is one of the next");
	Ok(SameDate(DateFromDays(DaysFromDate((Date) {294276, 12, 31})), (Date) {294276, 12, 31}), "up to the last year");
	return Done();
}
