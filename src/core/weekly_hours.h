/*
 * weekly_hours.h
 *	  Weekly windows of prices: from their canonical JSON,
 *	  {"timezone": "...", "windows": [{"days": [1, 2], "from": "HH:MM", "to": "HH:MM"}]},
 *	  to spans of local time.
 *
 * Invariant: a span never wraps midnight; days is never empty.
 * Pure C: no postgres.h.  Nothing is kept of the text.
 */
#ifndef INFERACCT_WEEKLY_HOURS_H
#define INFERACCT_WEEKLY_HOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One weekly opening, in minutes of the local day. */
typedef struct WindowSpan
{
	uint16_t	days;			/* bit 0 Monday .. bit 6 Sunday */
	uint16_t	from;			/* half-open [from, to), 0 .. 1440 */
	uint16_t	to;
	uint16_t	reserved;
} WindowSpan;

/* Room that every catalog's windows and the names of time zones fit in. */
#define WINDOWS_MAX_SPANS 256
#define WINDOWS_TIMEZONE_SIZE 64

/* Read the text; false when it is not that, or does not fit. */
extern bool WindowsParse(const char *text, char *timezone, size_t timezone_size,
						 WindowSpan *spans, int max_spans, int *nspans);

#endif							/* INFERACCT_WEEKLY_HOURS_H */
