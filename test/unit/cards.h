/*
 * cards.h
 *	  Random price rows for unit tests, and an allocator that can run dry.
 *
 * The numbers are the same in every run.  Rates are whole multiples of 10^6 and
 * multipliers have two decimals, so that three of them still give an exact rate;
 * amounts in other currencies are of 10^8, and exchange rates have two decimals.
 */
#ifndef INFERACCT_TEST_CARDS_H
#define INFERACCT_TEST_CARDS_H

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "price/rate_card.h"

#define DAY (INT64_C(86400) * 1000000)
#define MAX_ROWS 40

/* ---------- random numbers ---------- */

static uint64_t random_state = 88172645463325252;

static inline uint64_t
Random64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * UINT64_C(2685821657736338717);
}

static inline int
Below(int limit)
{
	return (int) ((Random64() >> 33) % (unsigned) limit);
}

/* ---------- memory that is freed together, and may run out ---------- */

typedef struct Arena
{
	void	  **blocks;
	size_t		count;
	long		left;			/* allocations until it is empty; < 0: never */
} Arena;

static inline void *
ArenaAllocate(void *arg, size_t size)
{
	Arena	   *arena = arg;

	if (arena->left == 0)
		return NULL;
	if (arena->left > 0)
		arena->left--;
	arena->blocks = realloc(arena->blocks, (arena->count + 1) * sizeof(void *));
	return arena->blocks[arena->count++] = malloc(size);
}

static uint64_t interrupts_checked;

static inline void
CountInterrupts(void)
{
	interrupts_checked++;
}

static inline Host
ArenaHost(Arena *arena)
{
	return (Host) {
		.allocate = ArenaAllocate,.arg = arena,.check_interrupts = CountInterrupts
	};
}

static inline void
ArenaFree(Arena *arena)
{
	for (size_t i = 0; i < arena->count; i++)
		free(arena->blocks[i]);
	free(arena->blocks);
	*arena = (Arena) {.left = -1};
}

/* ---------- weekly windows ---------- */

/* The clock of a zone: "Test/Fixed" is 8 hours ahead, "Test/Summer" jumps on day 15, the rest is UTC. */
static inline int32_t
TestOffset(const char *timezone, int64_t at)
{
	if (strcmp(timezone, "Test/Fixed") == 0)
		return 8 * 3600;
	if (strcmp(timezone, "Test/Summer") == 0)
		return at < 15 * DAY ? -5 * 3600 : -4 * 3600;
	return 0;
}

typedef struct TestWindow
{
	const char *text;
	const char *timezone;
	const char *days;			/* ISO weekdays in which it is open */
	int			from;
	int			to;				/* minutes */
} TestWindow;

/* No two of the first three are ever open at once; the last overlaps them all. */
static const TestWindow test_windows[] = {
	{"{\"timezone\":\"Test/Fixed\",\"windows\":[{\"days\":[1,2,3,4,5],\"from\":\"01:00\",\"to\":\"07:30\"}]}",
	"Test/Fixed", "12345", 60, 450},
	{"{\"timezone\":\"UTC\",\"windows\":[{\"from\":\"00:00\",\"to\":\"12:00\"}]}",
	"UTC", "1234567", 0, 720},
	{"{\"timezone\":\"Test/Summer\",\"windows\":[{\"days\":[6,7],\"from\":\"09:15\",\"to\":\"11:00\"}]}",
	"Test/Summer", "67", 555, 660},
	{"{\"timezone\":\"UTC\",\"windows\":[{\"days\":[7,1,3],\"from\":\"00:00\",\"to\":\"24:00\"}]}",
	"UTC", "713", 0, 1440}
};

/* Is it open, by the calendar of the C library? */
static inline bool
TestWindowOpen(const char *text, int64_t at)
{
	for (size_t i = 0; i < sizeof(test_windows) / sizeof(test_windows[0]); i++)
	{
		const TestWindow *window = &test_windows[i];
		time_t		local;
		struct tm	tm;
		int			minute;

		if (strcmp(window->text, text) != 0)
			continue;
		local = (time_t) ((at + INT64_C(946684800000000)) / 1000000 + TestOffset(window->timezone, at));
		gmtime_r(&local, &tm);
		minute = tm.tm_hour * 60 + tm.tm_min;
		return strchr(window->days, tm.tm_wday == 0 ? '7' : '0' + tm.tm_wday) != NULL &&
			window->from <= minute && minute < window->to;
	}
	return false;
}

/* ---------- exchange rates ---------- */

/* Of EUR twice, once corrected; of CNY from day 5 on; of JPY none. */
static const FxRow some_fx[] = {
	{"EUR", 2 * DAY, 0, 1, 108 * (FX_ONE / 100)}, {"EUR", 12 * DAY, 0, 2, 1 * FX_ONE}, {"EUR", 12 * DAY, 1, 1, 95 * (FX_ONE / 100)},
	{"CNY", 5 * DAY, 0, 3, 14 * (FX_ONE / 100)}, {"CNY", 15 * DAY, 0, 3, 16 * (FX_ONE / 100)}
};

#define SOME_FX ((int) (sizeof(some_fx) / sizeof(some_fx[0])))

/* The value of a currency at a time; 0: none. */
static inline int64_t
TestFx(const char *currency, int64_t at)
{
	const FxRow *best = NULL;

	for (int i = 0; i < SOME_FX; i++)
	{
		const FxRow *row = &some_fx[i];

		if (strcmp(row->currency, currency) == 0 && row->valid_from <= at &&
			(best == NULL || row->valid_from > best->valid_from ||
			 (row->valid_from == best->valid_from && row->published_at > best->published_at)))
			best = row;
	}
	return best == NULL ? 0 : best->value;
}

/* The series of a currency (an FxLookup). */
static inline FxSeries
TestFxSeries(void *arg, const char *currency)
{
	static FxRate series[SOME_FX];
	FxRow		rows[SOME_FX];
	uint32_t	count;
	FxSeries	found = {.rates = series};

	(void) arg;
	memcpy(rows, some_fx, sizeof(rows));
	count = FxDropCorrected(rows, SOME_FX);
	for (uint32_t i = 0; i < count; i++)
	{
		if (strcmp(rows[i].currency, currency) == 0)
			series[found.count++] = FxRateOf(&rows[i]);
	}
	return found;
}

/* ---------- random rows ---------- */

static const char *const some_tiers[] = {"standard", "batch", "flex"};
static const char *const some_regions[] = {"", "eu", "us"};
static const Meter some_meters[] = {
	METER_INPUT, METER_OUTPUT, METER_CACHE_READ, METER_CACHE_WRITE, METER_CACHE_WRITE_1H,
	METER_REASONING, METER_CACHE_READ_AUDIO, METER_REQUESTS, METER_WEB_SEARCHES
};
static const int64_t some_times[] = {TIME_BEGIN, 0, 3 * DAY, 10 * DAY + 1, 20 * DAY};
static const int64_t some_minimums[] = {0, 100, 101, 5000};
static const char *const some_sources[] = {"", "https://example.com/prices", "a \"quoted\"\\\n\x01 \xc3\xa9 source"};

static const uint16_t some_ranks[] = {RANK_OWN, 20, 30, RANK_SHIPPED};
static const char *const some_notes[] = {"", "", "2.5 elsewhere"};

static const char *const some_currencies[] = {"EUR", "CNY", "EUR", "JPY"};

#define PICK(list) ((list)[Below((int) (sizeof(list) / sizeof((list)[0])))])
#define BIASED(list) ((list)[Below(2) ? 0 : Below((int) (sizeof(list) / sizeof((list)[0])))])

static inline PriceRow
RandomRow(int nwindows, int64_t version)
{
	int			kind = Below(10);
	PriceRow	row = {
		.valid_from = PICK(some_times),
		.unit_quantity = Below(3) ? 1000000 : 1 + Below(1000),
		.min_input = BIASED(some_minimums),
		.version = version,
		.published_at = Below(3) * DAY,
		.meter = PICK(some_meters),
		.service_tier = BIASED(some_tiers),
		.region = BIASED(some_regions),
		.windows = nwindows > 0 && Below(3) == 0 ? test_windows[Below(nwindows)].text : "",
		.source = PICK(some_sources),
		.note = PICK(some_notes),
		.rank = PICK(some_ranks),
		.checked_on = (uint16_t) Below(100),
		.agreement = (Agreement) Below(AGREEMENT_COUNT),
		.valid_to = TIME_END,.currency = "USD"
	};

	row.catalog = row.rank == 20 || row.rank == 30 ? "elsewhere" : "";
	if (kind < 6)
	{
		row.kind = PRICE_RATE;
		row.value = Below(6) == 0 ? 0 : (int64_t) Below(1000000) * 1000000;
		if (Below(4) == 0)
		{
			row.kind = PRICE_AMOUNT;
			row.value *= 100;
			row.currency = PICK(some_currencies);
		}
	}
	else if (kind < 9)
	{
		row.kind = PRICE_MULTIPLIER;
		row.value = (1 + Below(300)) * (MULTIPLIER_ONE / 100);
		if (Below(2))
			row.meter = METER_ANY;
	}
	else
		row.kind = Below(2) ? PRICE_WITHDRAWN : PRICE_ENDED;
	return row;
}

/* Random rows, each of a version of its own; returns how many. */
static inline int
RandomRows(PriceRow *rows, int nwindows)
{
	int			nrows = 1 + Below(MAX_ROWS);

	for (int i = 0; i < nrows; i++)
		rows[i] = RandomRow(nwindows, i + 1);
	return nrows;
}

#endif							/* INFERACCT_TEST_CARDS_H */
