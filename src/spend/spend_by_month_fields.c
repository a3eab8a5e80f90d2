/*
 * spend_by_month_fields.c
 *	  What sums by model and month consist of, for their text and binary form.
 *
 * The number of cells; then of each the model's name, year and month, whether
 * it has a price, USD, usage.  Pure C: no postgres.h.
 */
#include "spend/spend_by_month.h"

/* A name is as long as a text can be. */
#define NAME_MAX_LENGTH ((size_t) 1 << 30)

typedef struct CellFields
{
	const char *name;
	size_t		length;
	int64_t		year;
	int64_t		month;			/* 1 .. 12 */
	MonthCell	cell;			/* usage and cost */
} CellFields;

static void
FieldCell(Fields *fields, CellFields *cell)
{
	FieldString(fields, &cell->name, &cell->length, NAME_MAX_LENGTH);
	FieldInteger(fields, &cell->year, FIRST_MONTH / 12, LAST_MONTH / 12);
	FieldInteger(fields, &cell->month, 1, 12);
	FieldFlag(fields, &cell->cell.priced);
	FieldMoney(fields, &cell->cell.usd);
	FieldUsage(fields, &cell->cell.used);
}

static void
WriteCells(Fields *fields, const MonthModel *model)
{
	for (uint32_t n = 0; n < model->ncells; n++)
	{
		CellFields	cell = {.name = model->name,.length = model->length,.cell = *model->cells[n]};
		int32_t		month = cell.cell.month;

		cell.year = month / 12 - (month % 12 < 0);
		cell.month = month - cell.year * 12 + 1;
		FieldCell(fields, &cell);
	}
}

static void
ReadCell(Fields *fields, SpendByMonth *sums)
{
	CellFields	read = {.length = 0};
	int32_t		month;

	FieldCell(fields, &read);
	if (!FieldsAreGood(fields))
		return;
	month = (int32_t) (read.year * 12 + read.month - 1);
	if (!MonthIsValid(month) || (!read.cell.priced && read.cell.usd != 0) ||
		!MonthCellMerge(SpendByMonthCell(sums, read.name, (uint32_t) read.length, month), &read.cell))
		FieldsRefuse(fields);
}

void
SpendByMonthFields(Fields *fields, SpendByMonth *sums, MonthModel *const *models)
{
	uint32_t	ncells = sums->ncells;

	FieldFormat(fields, SPEND_BY_MONTH_FORMAT, true);
	FieldCount(fields, &ncells, UINT32_MAX);
	if (fields->reading)
	{
		for (uint32_t i = 0; i < ncells && FieldsAreGood(fields); i++)
			ReadCell(fields, sums);
		return;
	}
	for (uint32_t i = 0; i < sums->nmodels; i++)
		WriteCells(fields, models[i]);
}
