/*
 * usage_cells.c
 *	  Unit tests of src/spend/rate_key.c and src/spend/usage_cells.c: keys at
 *	  their edges, and cells against sums made by comparing every row with every
 *	  cell.
 */
#include <stdlib.h>
#include <string.h>

#include "spend/usage_cells.h"
#include "blocks.h"
#include "random.h"
#include "tap.h"

#define HOUR INT64_C(3600000000)
#define ROWS 20000
#define CELLS_MAX 20000

static const Usage *
UsageOf(UsageBuffer *buffer, int64_t input, int64_t cached, int64_t output, int64_t searches, int64_t requests)
{
	MeterCounts counts = {{0}};

	counts.of[METER_INPUT] = input;
	counts.of[METER_CACHE_READ] = cached;
	counts.of[METER_OUTPUT] = output;
	counts.of[METER_WEB_SEARCHES] = searches;
	counts.of[METER_REQUESTS] = requests;
	UsagePack(&counts, &buffer->usage);
	return &buffer->usage;
}

static void
TestKeys(void)
{
	static const int64_t times[] = {HOUR / 2, HOUR + 7};
	static const int64_t inputs[] = {100, 200001};
	RateBounds	bounds = {times, inputs, 2, 2};
	UsageBuffer buffer;
	int64_t		input;
	RateKey		key = RateKeyOf(&bounds, HOUR / 2 - 1, UsageOf(&buffer, 99, 0, 1, 0, 1), &input);

	Ok(key.hour == 0 && key.slice == 0 && key.context_from == 0 && !key.aggregated && input == 99, "before every bound");
	key = RateKeyOf(&bounds, HOUR / 2, UsageOf(&buffer, 60, 40, 1, 0, 2), &input);
	Ok(key.hour == 0 && key.slice == HOUR / 2 && key.context_from == 100 && key.aggregated && input == 100, "at a bound, cached tokens counting");
	key = RateKeyOf(&bounds, HOUR, UsageOf(&buffer, 200001, 0, 0, 0, 1), &input);
	Ok(key.hour == HOUR && key.slice == HOUR && key.context_from == 200001, "a slice begins with its hour");
	key = RateKeyOf(&bounds, 3 * HOUR - 1, UsageOf(&buffer, 200000, 0, 0, 0, 1), &input);
	Ok(key.hour == 2 * HOUR && key.slice == 2 * HOUR && key.context_from == 100, "and does not reach back");
	Ok(UsageKinds(METER_BIT(METER_CACHE_READ)) == UsageKinds(METER_BIT(METER_INPUT)), "cached tokens have a price when input has");
	Ok(UsageKinds(METER_BIT(METER_INPUT)) != UsageKinds(METER_BIT(METER_INPUT) | METER_BIT(METER_WEB_SEARCHES)), "searches have their own");
	Ok(UsageKinds(METER_BIT(METER_INPUT) | METER_BIT(METER_CACHE_WRITE_1H)) != UsageKinds(METER_BIT(METER_INPUT)),
	   "a one-hour write has a price of its own, or none");
	Ok(UsageKinds(METER_BIT(METER_INPUT_AUDIO)) != UsageKinds(METER_BIT(METER_INPUT)), "audio may have a price where text has none");
	Ok(UsageKinds(METER_BIT(METER_REQUESTS)) == 0, "requests are of no kind");
}

static void
TestChecks(void)
{
	UsageBuffer buffer;

	Ok(RowCheck(ROW_AT_MIN, UsageOf(&buffer, ROW_COUNT_MAX, 0, 0, 0, 1)) == ROW_OK, "the first moment and the largest count");
	Ok(RowCheck(ROW_AT_MIN - 1, &buffer.usage) == ROW_TIME, "before the first moment");
	Ok(RowCheck(ROW_AT_END - 1, &buffer.usage) == ROW_OK && RowCheck(ROW_AT_END, &buffer.usage) == ROW_TIME, "the last one");
	Ok(RowCheck(INT64_MIN, &buffer.usage) == ROW_TIME && RowCheck(INT64_MAX, &buffer.usage) == ROW_TIME, "infinity is no time");
	Ok(RowCheck(0, UsageOf(&buffer, 1, ROW_COUNT_MAX + 1, 0, 0, 1)) == ROW_COUNT, "a larger count");
}

typedef struct Plain
{
	RateKey		key;
	int			labels[LABEL_COUNT];
	int64_t		rows;
	int64_t		input;
	int64_t		first_at;
	int64_t		last_at;
} Plain;

static Plain plain[CELLS_MAX];

static const char *const values[] = {NULL, "", "a", "b", "a longer name of a team", "a longer name of a tean"};

static void
LabelsOf(const int *labels, CellLabel *label)
{
	for (int i = 0; i < LABEL_COUNT; i++)
		label[i] = (CellLabel) {values[labels[i]], values[labels[i]] == NULL ? 0 : (uint32_t) strlen(values[labels[i]])};
}

static Plain *
PlainCell(int *nplain, const RateKey *key, const int *labels)
{
	for (int i = 0; i < *nplain; i++)
	{
		if (RateKeyEqual(&plain[i].key, key) && memcmp(plain[i].labels, labels, sizeof(plain[i].labels)) == 0)
			return &plain[i];
	}
	if (*nplain == CELLS_MAX)
		abort();
	plain[*nplain] = (Plain) {.key = *key,.first_at = INT64_MAX};
	memcpy(plain[*nplain].labels, labels, sizeof(plain[*nplain].labels));
	return &plain[(*nplain)++];
}

static void
TestCells(void)
{
	static const int64_t inputs[] = {500};
	RateBounds	bounds = {NULL, inputs, 0, 1};
	UsageCells	cells;
	int			nplain = 0;
	bool		same = true;

	UsageCellsInit(&cells, BlocksAllocate, NULL);
	for (int i = 0; i < ROWS; i++)
	{
		int64_t		at = (int64_t) (Random() % 40) * HOUR / 4 + i;
		int			labels[LABEL_COUNT] = {0};
		CellLabel	label[LABEL_COUNT];
		UsageBuffer buffer;
		const Usage *usage = UsageOf(&buffer, (int64_t) (Random() % 1000), 0, 1, Random() % 2, 1);
		CellRow		row = {.first_at = at,.last_at = at,.rows = 1,.fingerprint = (uint64_t) i};
		RateKey		key = RateKeyOf(&bounds, at, usage, &row.min_input);
		Plain	   *one;

		labels[LABEL_MODEL] = 2 + Random() % 2;
		labels[LABEL_TEAM] = Random() % 6;
		labels[LABEL_PROJECT] = Random() % 2;
		row.max_input = row.min_input;
		LabelsOf(labels, label);
		same &= UsageCellAdd(UsageCellsFind(&cells, &key, label), &row, usage);
		one = PlainCell(&nplain, &key, labels);
		one->rows++;
		one->input += UsageCount(usage, METER_INPUT);
		one->first_at = at < one->first_at ? at : one->first_at;
		one->last_at = at > one->last_at ? at : one->last_at;
	}
	Ok(same, "every row is counted");
	Ok(nplain > 500 && cells.ncells == (uint32_t) nplain, "as many cells as there are keys");
	for (int i = 0; i < nplain; i++)
	{
		CellLabel	label[LABEL_COUNT];
		UsageCell  *cell;

		LabelsOf(plain[i].labels, label);
		cell = UsageCellsFind(&cells, &plain[i].key, label);
		same &= cell->rows == plain[i].rows && cell->used.of[METER_INPUT] == plain[i].input &&
			cell->first_at == plain[i].first_at && cell->last_at == plain[i].last_at;
	}
	Ok(same && cells.ncells == (uint32_t) nplain, "each with its sums");
}

static void
TestOverflow(void)
{
	UsageCells	cells;
	CellLabel	labels[LABEL_COUNT] = {{NULL, 0}};
	RateKey		key = {0};
	CellRow		row = {.rows = 1};
	UsageBuffer buffer;
	UsageCell  *cell;

	UsageCellsInit(&cells, BlocksAllocate, NULL);
	cell = UsageCellsFind(&cells, &key, labels);
	Ok(UsageCellAdd(cell, &row, UsageOf(&buffer, INT64_MAX, 0, 0, 0, 1)), "a sum up to 2^63-1");
	Ok(!UsageCellAdd(cell, &row, UsageOf(&buffer, 1, 0, 5, 0, 1)) && cell->rows == 1 && cell->used.of[METER_OUTPUT] == 0, "one more, and nothing is counted");
}

int
main(void)
{
	TestKeys();
	TestChecks();
	TestCells();
	TestOverflow();
	BlocksFree();
	return Done();
}
