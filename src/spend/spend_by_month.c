/*
 * spend_by_month.c
 *	  Sums of usage and cost by model and calendar month (UTC).
 *
 * Pure C: no postgres.h.  See spend_by_month.h for invariants, units and who
 * owns the memory.
 */
#include "core/calendar.h"
#include "spend/spend_by_month.h"

#include <stdlib.h>

#define FIRST_SLOTS 16
#define FIRST_CELLS 4

#define MICROSECONDS_PER_DAY INT64_C(86400000000)

static void *
AllocateZero(const SpendByMonth *sums, size_t size)
{
	return memset(sums->allocate(sums->arg, size), 0, size);
}

void
SpendByMonthInit(SpendByMonth *sums, HostAllocator allocate, void *arg)
{
	memset(sums, 0, sizeof(*sums));
	sums->allocate = allocate;
	sums->arg = arg;
	sums->slots = AllocateZero(sums, FIRST_SLOTS * sizeof(MonthSlot));
	sums->mask = FIRST_SLOTS - 1;
}

/* ---------- calendar ---------- */

int32_t
MonthOf(int64_t at)
{
	Date		date = DateFromDays(FloorDivide(at, MICROSECONDS_PER_DAY));

	return (int32_t) (date.year * 12 + date.month - 1);
}

int64_t
MonthStart(int32_t month)
{
	int64_t		year = FloorDivide(month, 12);

	return DaysFromDate((Date) {.year = year,.month = (int) (month - year * 12) + 1,.day = 1}) * MICROSECONDS_PER_DAY;
}

/* ---------- models ---------- */

/* Twice as many slots. */
static void
GrowSlots(SpendByMonth *sums)
{
	SpendByMonth grown = *sums;

	grown.mask = sums->mask * 2 + 1;
	grown.slots = AllocateZero(sums, ((size_t) grown.mask + 1) * sizeof(MonthSlot));
	for (uint32_t i = 0; i <= sums->mask; i++)
	{
		const MonthSlot *slot = &sums->slots[i];

		if (slot->model != NULL)
			*MonthSlotOf(&grown, slot->model->name, slot->length, slot->hash) = *slot;
	}
	*sums = grown;
}

/* A model without cells, which its caller puts in its slot when it has one. */
static MonthModel *
MakeModel(SpendByMonth *sums, const char *name, uint32_t length)
{
	MonthModel *model = AllocateZero(sums, offsetof(MonthModel, name) + length);

	model->length = length;
	memcpy(model->name, name, length);
	model->room = FIRST_CELLS;
	model->cells = sums->allocate(sums->arg, FIRST_CELLS * sizeof(MonthCell *));
	return model;
}

/* The number of a model's cells whose month is before `month`. */
static uint32_t
CellsBefore(const MonthModel *model, int32_t month)
{
	uint32_t	low = 0;
	uint32_t	high = model->ncells;

	while (low < high)
	{
		uint32_t	middle = low + (high - low) / 2;

		if (model->cells[middle]->month < month)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Put a new cell in its place. */
static MonthCell *
InsertCell(SpendByMonth *sums, MonthModel *model, uint32_t place, int32_t month)
{
	MonthCell  *cell = AllocateZero(sums, sizeof(MonthCell));

	cell->month = month;
	cell->from = MonthStart(month);
	cell->to = MonthStart(month + 1);
	if (model->ncells == model->room)
	{
		MonthCell **cells = sums->allocate(sums->arg, 2 * (size_t) model->room * sizeof(MonthCell *));

		memcpy(cells, model->cells, model->ncells * sizeof(MonthCell *));
		model->cells = cells;
		model->room *= 2;
	}
	memmove(&model->cells[place + 1], &model->cells[place], (model->ncells - place) * sizeof(MonthCell *));
	model->cells[place] = cell;
	model->ncells++;
	model->latest = cell;
	sums->ncells++;
	return cell;
}

MonthCell *
SpendByMonthCell(SpendByMonth *sums, const char *name, uint32_t length, int32_t month)
{
	uint32_t	hash = (uint32_t) NameHash(name, length);
	MonthSlot  *slot = MonthSlotOf(sums, name, length, hash);
	MonthModel *model = slot->model;
	MonthCell  *cell;
	uint32_t	place;

	if (model != NULL)
	{
		place = CellsBefore(model, month);
		if (place < model->ncells && model->cells[place]->month == month)
			return model->cells[place];
		return InsertCell(sums, model, place, month);
	}
	if (2 * (sums->nmodels + 1) > sums->mask)
	{
		GrowSlots(sums);
		slot = MonthSlotOf(sums, name, length, hash);
	}
	model = MakeModel(sums, name, length);
	cell = InsertCell(sums, model, 0, month);
	*slot = (MonthSlot) {model, hash, length};
	sums->nmodels++;
	return cell;
}

MonthCell *
MonthModelCell(MonthModel *model, int64_t at)
{
	uint32_t	low = 0;
	uint32_t	high = model->ncells;

	while (low < high)
	{
		uint32_t	middle = low + (high - low) / 2;
		MonthCell  *cell = model->cells[middle];

		if (at < cell->from)
			high = middle;
		else if (at >= cell->to)
			low = middle + 1;
		else
			return model->latest = cell;
	}
	return NULL;
}

void
SpendByMonthForgetRates(SpendByMonth *sums)
{
	for (uint32_t i = 0; i <= sums->mask; i++)
	{
		const MonthModel *model = sums->slots[i].model;

		for (uint32_t n = 0; model != NULL && n < model->ncells; n++)
		{
			MonthCell  *cell = model->cells[n];

			cell->rates = NULL;
			cell->rated_from = cell->rated_to = 0;
			cell->rates_sought = false;
		}
	}
}

bool
MonthCellMerge(MonthCell *cell, const MonthCell *other)
{
	for (Meter meter = 0; meter < METER_COUNT; meter++)
	{
		if (__builtin_add_overflow(cell->used.of[meter], other->used.of[meter], &cell->used.of[meter]))
			return false;
	}
	return !other->priced || MonthCellAddCost(cell, other->usd);
}

static int
CompareModels(const void *left, const void *right)
{
	const MonthModel *a = *(MonthModel *const *) left;
	const MonthModel *b = *(MonthModel *const *) right;
	int			order = memcmp(a->name, b->name, a->length < b->length ? a->length : b->length);

	return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

void
SpendByMonthModels(const SpendByMonth *sums, MonthModel **models)
{
	uint32_t	n = 0;

	for (uint32_t i = 0; i <= sums->mask; i++)
	{
		if (sums->slots[i].model != NULL)
			models[n++] = sums->slots[i].model;
	}
	qsort(models, n, sizeof(MonthModel *), CompareModels);
}
