/*
 * spend_by_month.h
 *	  Sums of usage and cost by model and calendar month (UTC): the state of the
 *	  aggregate spend_by_month().
 *
 * A hash table of model names, and for each a list of months in order.  A
 * request finds its cell by one hash of the name and, nearly always, by the
 * bounds of the month that the model's last request was of: no date arithmetic.
 * A cell remembers the flat rates that priced it last, and when they hold.
 *
 * Invariants: names are told apart by their bytes; the months of a model are in
 * order and differ; a cell has counted at least one request that somebody gave,
 * unless its caller has failed since.  Rates are borrowed: whoever owns them
 * calls SpendByMonthForgetRates() before they go.
 *
 * Units: times are microseconds since 2000-01-01 UTC, as timestamptz; a month is
 * year x 12 + (0 .. 11), years counted astronomically; USD x 1e-15; meters.
 *
 * Pure C: no postgres.h.  Everything is allocated with the function given to
 * SpendByMonthInit(), which does not return when there is no memory, and is
 * freed by its owner all at once.
 */
#ifndef INFERACCT_SPEND_BY_MONTH_H
#define INFERACCT_SPEND_BY_MONTH_H

#include <string.h>

#include "core/fields.h"
#include "core/name_hash.h"
#include "price/cost.h"

typedef struct MonthCell
{
	int64_t		from;			/* the month, [from, to) */
	int64_t		to;
	int64_t		rated_from;		/* when `rates` hold; empty when there are none */
	int64_t		rated_to;
	const RateVector *rates;
	Money		usd;			/* of the requests that have a price */
	int32_t		month;
	bool		priced;			/* any has one */
	bool		rates_sought;	/* rates have been looked for, found or not */
	MeterCounts used;
} MonthCell;

typedef struct MonthModel
{
	MonthCell  *latest;			/* of the last request */
	MonthCell **cells;
	uint32_t	ncells;
	uint32_t	room;
	uint32_t	length;
	char		name[];
} MonthModel;

typedef struct MonthSlot
{
	MonthModel *model;			/* NULL: free */
	uint32_t	hash;
	uint32_t	length;
} MonthSlot;

typedef struct SpendByMonth
{
	MonthSlot  *slots;			/* open addressing */
	uint32_t	mask;			/* slots - 1, a power of two less one */
	uint32_t	nmodels;
	uint32_t	ncells;
	HostAllocator allocate;
	void	   *arg;
} SpendByMonth;

extern void SpendByMonthInit(SpendByMonth *sums, HostAllocator allocate, void *arg);

/* The month of a time, and the time at which a month begins. */
extern int32_t MonthOf(int64_t at);
extern int64_t MonthStart(int32_t month);

/* Months of the years that a timestamptz can have. */
#define FIRST_MONTH (-4713 * 12)
#define LAST_MONTH (294276 * 12 + 11)

static inline bool
MonthIsValid(int32_t month)
{
	return FIRST_MONTH <= month && month <= LAST_MONTH;
}

/* The cell of a model and month; made when it is new. */
extern MonthCell *SpendByMonthCell(SpendByMonth *sums, const char *name, uint32_t length, int32_t month);

/* The cell of a model at a time among those of earlier months, or NULL. */
extern MonthCell *MonthModelCell(MonthModel *model, int64_t at);

/* No cell knows rates any more. */
extern void SpendByMonthForgetRates(SpendByMonth *sums);

/* Add what another cell has; on failure the sums are spoilt. */
extern bool MonthCellMerge(MonthCell *cell, const MonthCell *other);

/* Write the models, in the order of their names' bytes, to models[nmodels]. */
extern void SpendByMonthModels(const SpendByMonth *sums, MonthModel **models);

/* Raised with every change of what SpendByMonthFields() writes. */
#define SPEND_BY_MONTH_FORMAT 1

/*
 * All cells, in the order of models[nmodels], which SpendByMonthModels() has
 * sorted; or add those that are read, and then models is not looked at.
 */
extern void SpendByMonthFields(Fields *fields, SpendByMonth *sums, MonthModel *const *models);

/* The slot of a name: its own, or the free one where it belongs. */
static inline MonthSlot *
MonthSlotOf(const SpendByMonth *sums, const char *name, uint32_t length, uint32_t hash)
{
	for (uint32_t i = hash & sums->mask;; i = (i + 1) & sums->mask)
	{
		MonthSlot  *slot = &sums->slots[i];

		if (slot->model == NULL ||
			(slot->hash == hash && slot->length == length && memcmp(slot->model->name, name, length) == 0))
			return slot;
	}
}

/* The cell of a model at a time, or NULL when there is none yet. */
static inline MonthCell *
SpendByMonthFind(const SpendByMonth *sums, const char *name, uint32_t length, int64_t at)
{
	MonthModel *model = MonthSlotOf(sums, name, length, (uint32_t) NameHash(name, length))->model;

	if (model == NULL)
		return NULL;
	if (model->latest->from <= at && at < model->latest->to)
		return model->latest;
	return MonthModelCell(model, at);
}

static inline bool
MonthCellHasRates(const MonthCell *cell, int64_t at)
{
	return cell->rated_from <= at && at < cell->rated_to;
}

/* Count a request of plain tokens; false, and nothing is counted, when a sum does not fit. */
static inline bool
MonthCellAddTokens(MonthCell *cell, int64_t input, int64_t output)
{
	int64_t    *used = cell->used.of;
	int64_t		requests;

	if (__builtin_add_overflow(used[METER_INPUT], input, &input) ||
		__builtin_add_overflow(used[METER_OUTPUT], output, &output) ||
		__builtin_add_overflow(used[METER_REQUESTS], 1, &requests))
		return false;
	used[METER_INPUT] = input;
	used[METER_OUTPUT] = output;
	used[METER_REQUESTS] = requests;
	return true;
}

/* Add a cost; false, and nothing is added, when the sum does not fit. */
static inline bool
MonthCellAddCost(MonthCell *cell, Money usd)
{
	if (__builtin_add_overflow(cell->usd, usd, &usd))
		return false;
	cell->usd = usd;
	cell->priced = true;
	return true;
}

#endif							/* INFERACCT_SPEND_BY_MONTH_H */
