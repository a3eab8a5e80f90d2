/*
 * load_hours.h
 *	  What a log asked of a fleet, hour by hour: the material of a break-even
 *	  verdict.
 *
 * Invariants: hours ascend and are distinct; hours without a request are not
 * kept; counts are never negative.  Everything is an integer, so hours add up
 * and merge exactly, in any order.  No deployment's speed is in here: the same
 * hours answer for any deployment.
 *
 * Units: hours since 2000-01-01 00:00 UTC, tokens, USD x 1e-15.
 * Pure C: no postgres.h.  Nothing allocates; the caller provides the room.
 */
#ifndef INFERACCT_LOAD_HOURS_H
#define INFERACCT_LOAD_HOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/fields.h"
#include "core/money.h"
#include "core/usage.h"

typedef struct LoadHour
{
	int64_t		hour;
	int64_t		requests;
	int64_t		input;			/* tokens to prefill: of the prompt, not read from a cache */
	int64_t		cached;			/* tokens of the prompt that a cache holds */
	int64_t		output;			/* tokens to decode */
	Money		api_usd;		/* what the API charges for them */
} LoadHour;

typedef struct Load
{
	LoadHour   *hours;
	int			count;
	int			room;
} Load;

/* The hour of a time in microseconds since 2000-01-01, also before it. */
extern int64_t LoadHourOfTime(int64_t microseconds);

/* Fill in the tokens and requests of a usage; false when they exceed 64 bits. */
extern bool LoadHourOfUsage(const Usage *usage, LoadHour *hour);

/*
 * Add an hour to the load, to the one that is there or as a new one; needs room
 * for one more.  false on overflow, and the load is then unchanged.
 */
extern bool LoadAdd(Load *load, const LoadHour *hour);

/* What an hour consists of: hour, requests, input, cached, output, USD. */
extern void LoadHourFields(Fields *fields, LoadHour *hour);

#endif							/* INFERACCT_LOAD_HOURS_H */
