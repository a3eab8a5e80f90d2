/*
 * spend_by_month.c
 *	  Unit tests of src/spend/spend_by_month.c and src/spend/spend_by_month_text.c: the
 *	  calendar, cells against plain arithmetic, and text there and back.
 */
#include <stdlib.h>

#include "spend/spend_by_month.h"
#include "random.h"
#include "tap.h"

#define MODELS 500
#define MONTHS 30
#define REQUESTS 100000

/* All memory of a test, freed together. */
static void *blocks[1 << 16];
static int	nblocks;

static void *
Allocate(void *arg, size_t size)
{
	(void) arg;
	if (nblocks == (int) (sizeof(blocks) / sizeof(blocks[0])))
		abort();
	return blocks[nblocks++] = malloc(size);
}

static void
FreeAll(void)
{
	while (nblocks > 0)
		free(blocks[--nblocks]);
}

/* Month by month, by the rule of leap years. */
static void
TestCalendar(void)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool		lengths = true;
	bool		bounds = true;

	for (int32_t year = -4713; year <= 294276; year++)
	{
		bool		leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

		for (int month = 0; month < 12; month++)
		{
			int32_t		number = year * 12 + month;
			int64_t		from = MonthStart(number);
			int64_t		to = MonthStart(number + 1);

			lengths &= to - from == (days[month] + (leap && month == 1)) * INT64_C(86400000000);
			bounds &= MonthOf(from) == number && MonthOf(to - 1) == number;
		}
	}
	Ok(lengths, "every month of a timestamptz has its days");
	Ok(bounds, "the first and the last microsecond of every month belong to it");
	Ok(MonthStart(2000 * 12) == 0, "times count from the start of 2000");
}

/* A name of 0 to 40 bytes; many differ in one byte only. */
static uint32_t
NameOf(int model, char name[64])
{
	int			length = model % 41;

	memset(name, 'a' + model % 3, 64);
	if (length > 0)
		name[(model * 7) % length] = (char) (128 + model % 128);
	return (uint32_t) length;
}

/* The cell of a request, as spend_by_month() finds it. */
static MonthCell *
CellOf(SpendByMonth *sums, const char *name, uint32_t length, int64_t at)
{
	MonthCell  *cell = SpendByMonthFind(sums, name, length, at);

	return cell != NULL ? cell : SpendByMonthCell(sums, name, length, MonthOf(at));
}

static bool
SameText(const SpendByMonth *sums, char **text)
{
	MonthModel *models[MODELS];
	size_t		room = 1;
	char	   *end;

	SpendByMonthModels(sums, models);
	for (uint32_t i = 0; i < sums->nmodels; i++)
		room += models[i]->ncells * (MonthCellTextSize(models[i]) + 2);
	*text = end = Allocate(NULL, room);
	*end = '\0';
	for (uint32_t i = 0; i < sums->nmodels; i++)
	{
		for (uint32_t n = 0; n < models[i]->ncells; n++)
		{
			if (end > *text)
				end = stpcpy(end, ";\n");
			end += MonthCellToText(models[i], models[i]->cells[n], end);
		}
		if (i > 0 && memcmp(models[i - 1]->name, models[i]->name, models[i - 1]->length < models[i]->length ? models[i - 1]->length : models[i]->length) > 0)
			return false;
	}
	return true;
}

static void
TestCells(void)
{
	static int64_t input[MODELS][MONTHS];
	static Money usd[MODELS][MONTHS];
	static int	first_of[MODELS];	/* several models can have one name */
	SpendByMonth sums;
	SpendByMonth copy;
	const int32_t first_month = 1999 * 12 + 5;
	bool		same = true;
	char	   *text;
	char	   *again;
	uint32_t	found = 0;

	for (int model = 0; model < MODELS; model++)
	{
		char		name[64];
		char		other[64];
		uint32_t	length = NameOf(model, name);

		for (first_of[model] = 0; first_of[model] < model; first_of[model]++)
		{
			if (NameOf(first_of[model], other) == length && memcmp(name, other, length) == 0)
				break;
		}
	}

	SpendByMonthInit(&sums, Allocate, NULL);
	for (int n = 0; n < REQUESTS; n++)
	{
		int			model = (int) (Random() % MODELS);
		int			month = (int) (Random() % MONTHS);
		int64_t		from = MonthStart(first_month + month);
		int64_t		at = from + (int64_t) (Random() % (uint64_t) (MonthStart(first_month + month + 1) - from));
		int64_t		tokens = (int64_t) (Random() >> 40);
		char		name[64];
		uint32_t	length = NameOf(model, name);
		MonthCell  *cell = CellOf(&sums, name, length, at);

		same &= MonthCellAddTokens(cell, tokens, 0);
		input[first_of[model]][month] += tokens;
		if (n % 3 == 0)
			continue;
		same &= MonthCellAddCost(cell, (Money) tokens * 1000);
		usd[first_of[model]][month] += (Money) tokens * 1000;
	}
	for (int model = 0; model < MODELS; model++)
	{
		for (int month = 0; month < MONTHS; month++)
		{
			char		name[64];
			uint32_t	length = NameOf(model, name);
			MonthCell  *cell = SpendByMonthFind(&sums, name, length, MonthStart(first_month + month));

			if (first_of[model] != model)
				continue;
			found += cell != NULL;
			same &= (cell == NULL ? 0 : cell->used.of[METER_INPUT]) == input[model][month];
			same &= (cell == NULL ? 0 : cell->usd) == usd[model][month];
		}
	}
	Ok(same, "cells have the sums of their requests");
	Ok(found == sums.ncells, "and there are no others");

	Ok(SameText(&sums, &text), "models are in the order of their bytes");
	SpendByMonthInit(&copy, Allocate, NULL);
	Ok(SpendByMonthFromText(&copy, text) == NULL, "their text is read");
	Ok(SameText(&copy, &again) && strcmp(text, again) == 0, "and gives the same text");
	SpendByMonthFromText(&copy, text);
	Ok(copy.ncells == sums.ncells, "read again it adds to the same cells");
	FreeAll();
}

static void
TestText(void)
{
	static const char *const malformed[] = {
		"x", "\"a", "\"a\\", "\"a\"", "\"a\" 2026", "\"a\" 2026-1 1 {}", "\"a\" 2026-13 1 {}", "\"a\" 2026-00 1 {}",
		"\"a\" 294277-01 1 {}", "\"a\" -4714-12 1 {}", "\"a\" 99999999999999999999-01 1 {}", "\"a\" 2026-10 {}",
		"\"a\" 2026-10 1", "\"a\" 2026-10 1 {", "\"a\" 2026-10 1 {\"inputs\":1}", "\"a\" 2026-10 1 {};",
		"\"a\" 2026-10 1 {} \"b\" 2026-10 1 {}", "\"a\" 2026-10 0.0000000000000001 {}", "\"a\" 2026-10 1 {\"input\":-1}",
		"\"a\" 2026-10 1 {\"input\":9223372036854775807}; \"a\" 2026-10 1 {\"input\":1}"
	};
	SpendByMonth sums;
	char	   *text;

	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
	{
		SpendByMonthInit(&sums, Allocate, NULL);
		Ok(SpendByMonthFromText(&sums, malformed[i]) != NULL, "malformed: %s", malformed[i]);
	}
	SpendByMonthInit(&sums, Allocate, NULL);
	Ok(SpendByMonthFromText(&sums, "") == NULL && sums.ncells == 0, "no text is no cell");
	Ok(SpendByMonthFromText(&sums, " \"a\\\"b\\\\c;d\" -4713-11 null {} ;\"\" 294276-12 0.5 {\"input\" : 7}") == NULL &&
	   SameText(&sums, &text) && strcmp(text, "\"\" 294276-12 0.5 {\"input\":7};\n\"a\\\"b\\\\c;d\" -4713-11 null {}") == 0,
	   "quotes, backslashes, the first and the last month");
	FreeAll();
}

static void
TestOverflow(void)
{
	const Money largest = (Money) (~(unsigned __int128) 0 >> 1);
	SpendByMonth sums;
	MonthCell  *cell;
	MonthCell	other = {0};

	SpendByMonthInit(&sums, Allocate, NULL);
	cell = SpendByMonthCell(&sums, "a", 1, 24000);
	Ok(MonthCellAddTokens(cell, INT64_MAX, 0) && !MonthCellAddTokens(cell, 1, 5) &&
	   cell->used.of[METER_OUTPUT] == 0 && cell->used.of[METER_REQUESTS] == 1, "tokens that do not fit are not counted");
	Ok(MonthCellAddCost(cell, largest) && !MonthCellAddCost(cell, 1) && cell->usd == largest, "nor is a cost");
	other.used.of[METER_PAGES] = 3;
	Ok(MonthCellMerge(cell, &other) && cell->used.of[METER_PAGES] == 3, "cells add up");
	other.priced = true;
	other.usd = 1;
	Ok(!MonthCellMerge(cell, &other), "unless they do not fit");
	FreeAll();
}

int
main(void)
{
	TestCalendar();
	TestCells();
	TestText();
	TestOverflow();
	return Done();
}
