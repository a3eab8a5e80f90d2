/*
 * spend_by_month.c
 *	  Unit tests of src/spend/spend_by_month.c and src/spend/spend_by_month_fields.c:
 *	  the calendar, cells against plain arithmetic, and both forms there and back.
 */
#include <stdlib.h>

#include "blocks.h"
#include "month_sums.h"

#define MODELS 500
#define MONTHS 30
#define REQUESTS 100000

/* Of sums, too, that outlive what CheckForms() frees. */
static void
FreeAll(void)
{
	BlocksFree();
	FormsFree();
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

static void
TestCells(void)
{
	static int64_t input[MODELS][MONTHS];
	static Money usd[MODELS][MONTHS];
	static int	first_of[MODELS];	/* several models can have one name */
	SpendByMonth sums;
	SpendByMonth *copy;
	Form		form;
	Form		again;
	const int32_t first_month = 1999 * 12 + 5;
	bool		same = true;
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

	SpendByMonthInit(&sums, BlocksAllocate, NULL);
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

	form = FormOf(FIELDS_BINARY, SumsFields, &sums);
	copy = FormRead(FIELDS_BINARY, SumsFields, form.bytes, form.size, NULL);
	again = FormOf(FIELDS_BINARY, SumsFields, copy);
	Ok(FormsAlike(&form, &again) && copy->ncells == sums.ncells, "many cells read back alike");
	free(form.bytes);
	free(again.bytes);
	FreeAll();
}

static void
TestForms(void)
{
	static const char *const malformed[] = {
		"", "1", "1 x", "1 1", "1 1 \"a\"", "1 1 \"a\" 2026 10 1 1", "1 1 \"a\" 2026 0 1 1 {}", "1 1 \"a\" 2026 13 1 1 {}",
		"1 1 \"a\" 294277 1 1 1 {}", "1 1 \"a\" -4714 12 1 1 {}", "1 1 \"a\" 2026 10 2 1 {}", "1 1 \"a\" 2026 10 0 1 {}",
		"1 1 \"a\" 2026 10 1 {}", "1 1 \"a\" 2026 10 1 1 {", "1 1 \"a\" 2026 10 1 1 {\"inputs\":1}", "1 2 \"a\" 2026 10 1 1 {}",
		"1 1 \"a\" 2026 10 1 1 {} \"b\" 2026 10 1 1 {}", "1 1 \"a\" 2026 10 1 0.0000000000000001 {}",
		"1 1 \"a\" 2026 10 1 1 {\"input\":-1}", "2 0",
		"1 2 \"a\" 2026 10 1 1 {\"input\":9223372036854775807} \"a\" 2026 10 1 1 {\"input\":1}"
	};
	SpendByMonth sums;

	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		Ok(TextIs(SumsFields, malformed[i], NULL), "malformed: %s", malformed[i]);
	Ok(TextIs(SumsFields, "1 0", "1 0"), "no cell");
	Ok(TextIs(SumsFields, "1 2 \"a\\\"b\\\\c;d\" -4713 11 0 0 {} \"\" 294276 12 1 0.5 {\"input\" : 7}",
			  "1 2 \"\" 294276 12 1 0.5 {\"input\":7} \"a\\\"b\\\\c;d\" -4713 11 0 0 {}"),
	   "quotes, backslashes, the first and the last month, in order");

	SpendByMonthInit(&sums, BlocksAllocate, NULL);
	for (int n = 0; n < 12; n++)
	{
		char		name[64];
		uint32_t	length = NameOf(n % 5 * 3, name);
		MonthCell  *cell;

		for (uint32_t i = 0; i < length; i++)
			name[i] &= 0x7f;
		cell = CellOf(&sums, name, length, MonthStart(2026 * 12 + n));
		MonthCellAddTokens(cell, 1000 * n, n);
		if (n % 3 > 0)
			MonthCellAddCost(cell, (Money) n * 123456789);
	}
	CheckForms(SumsFields, &sums, 3000, "sums");
	FreeAll();
}

static void
TestOverflow(void)
{
	const Money largest = (Money) (~(unsigned __int128) 0 >> 1);
	SpendByMonth sums;
	MonthCell  *cell;
	MonthCell	other = {0};

	SpendByMonthInit(&sums, BlocksAllocate, NULL);
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
	TestForms();
	TestOverflow();
	return Done();
}
