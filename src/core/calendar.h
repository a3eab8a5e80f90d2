/*
 * calendar.h
 *	  Days and dates of the proleptic Gregorian calendar.
 *
 * Days are counted from 2000-01-01, as PostgreSQL does; years are astronomical: 0
 * is 1 BC.  Pure C: no postgres.h.
 */
#ifndef INFERACCT_CALENDAR_H
#define INFERACCT_CALENDAR_H

#include <stdint.h>

#define DAYS_FROM_1970_TO_2000 10957

typedef struct Date
{
	int64_t		year;
	int			month;			/* 1 .. 12 */
	int			day;			/* 1 .. 31 */
} Date;

/* Any day of a month of 31 counts on into the next month. */
extern int64_t DaysFromDate(Date date);
extern Date DateFromDays(int64_t days);

/* Rounds toward minus infinity; the divisor is positive. */
static inline int64_t
FloorDivide(int64_t dividend, int64_t divisor)
{
	return dividend / divisor - (dividend % divisor < 0);
}

#endif							/* INFERACCT_CALENDAR_H */
