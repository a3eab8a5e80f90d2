/*
 * usage_cells_sql.c
 *	  The aggregate kept_cells(): rows of a log summed up into rows of the rollup in
 *	  one pass, its state as an SQL type, and what is kept as rows.
 *
 * Invariants: every row is counted once.  One that cannot be summed up (no usage,
 * no model, or RowCheck() refuses it) is in a cell without labels and without
 * usage, which only counts rows: what was read is known even of these.  The cells
 * of a state that was merged, sent or stored are those of one that read the rows.
 * One state at most is kept between two statements of a transaction, not longer.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "core/host_sql.h"
#include "core/state_sql.h"
#include "core/usage_sql.h"
#include "server/compat.h"
#include "session/request_arguments.h"
#include "spend/usage_cells.h"

PG_FUNCTION_INFO_V1(usage_cells_accum);
PG_FUNCTION_INFO_V1(usage_cells_combine);
PG_FUNCTION_INFO_V1(usage_cells_keep);
PG_FUNCTION_INFO_V1(kept_cells_rows);
PG_FUNCTION_INFO_V1(kept_cells_hours);
PG_FUNCTION_INFO_V1(rate_key);
PG_FUNCTION_INFO_V1(row_problem);
PG_FUNCTION_INFO_V1(countable_usage);

/* Raised with every change of what StateFields() writes. */
#define USAGE_CELLS_FORMAT 2

#define LABEL_LENGTH_MAX ((size_t) 1 << 30)
#define ROW_COLUMNS (14 + LABEL_COUNT)
#define KEY_COLUMNS 5

typedef struct CellsState
{
	ExpandedState expanded;
	UsageCells	cells;
} CellsState;

static const StateType usage_cells_state_type;

/* A new state without cells. */
static CellsState *
MakeCells(void)
{
	CellsState *state = ExpandedStateMake(&usage_cells_state_type, sizeof(CellsState));

	UsageCellsInit(&state->cells, AllocateInContext, ExpandedStateContext(&state->expanded));
	return state;
}

static Datum
CellsGetDatum(const CellsState *state)
{
	return ExpandedStateGetDatum(&state->expanded);
}

/* ---------- sums ---------- */

/* Add USD that provider or tool reported: numeric, since tools report more digits than any price has. */
static void
AddReported(CellsState *state, UsageCell *cell, Numeric usd)
{
	MemoryContext old = MemoryContextSwitchTo(ExpandedStateContext(&state->expanded));
	Numeric		before = cell->reported_usd;

	if (before == NULL)
		cell->reported_usd = DatumGetNumericCopy(NumericGetDatum(usd));
	else
	{
		cell->reported_usd = DatumGetNumeric(DirectFunctionCall2(numeric_add, NumericGetDatum(before), NumericGetDatum(usd)));
		pfree(before);
	}
	MemoryContextSwitchTo(old);
}

static void
CellOverflowError(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("the usage of a row of the rollup is out of range"),
			 errdetail("A count does not exceed 9223372036854775807.")));
}

static void
AddCell(CellsState *state, const UsageCell *from)
{
	UsageCell  *cell = UsageCellsFind(&state->cells, &from->key, from->labels->label);
	CellRow		row = {
		.first_at = from->first_at,.last_at = from->last_at,.min_input = from->min_input,.max_input = from->max_input,
		.rows = from->rows,.reported = from->reported,.fingerprint = from->fingerprint
	};
	UsageBuffer used;

	UsagePack(&from->used, &used.usage);
	if (!UsageCellAdd(cell, &row, &used.usage))
		CellOverflowError();
	if (from->reported_usd != NULL)
		AddReported(state, cell, from->reported_usd);
}

/* ---------- the type ---------- */

/* A numeric in text, or "" for none. */
static void
FieldReported(Fields *fields, UsageCell *cell)
{
	const char *text = "";
	size_t		length;

	if (!fields->reading && cell->reported_usd != NULL)
		text = DatumGetCString(DirectFunctionCall1(numeric_out, PointerGetDatum(cell->reported_usd)));
	length = strlen(text);
	FieldString(fields, &text, &length, LABEL_LENGTH_MAX);
	if (!fields->reading || !FieldsAreGood(fields) || length == 0)
		return;
	cell->reported_usd = DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(text),
															ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

static void
FieldLabel(Fields *fields, CellLabel *label)
{
	bool		given = label->bytes != NULL;
	size_t		length = label->length;

	FieldFlag(fields, &given);
	if (given)
		FieldString(fields, &label->bytes, &length, LABEL_LENGTH_MAX);
	else if (fields->reading)
		label->bytes = NULL;
	label->length = (uint32_t) length;
}

static void
FieldCell(Fields *fields, UsageCell *cell)
{
	int64		kinds = cell->key.kinds;
	int64		fingerprint = (int64) cell->fingerprint;
	bool		aggregated = cell->key.aggregated;

	FieldInteger(fields, &cell->key.hour, INT64_MIN, INT64_MAX);
	FieldInteger(fields, &cell->key.slice, INT64_MIN, INT64_MAX);
	FieldInteger(fields, &cell->key.context_from, 0, INT64_MAX);
	FieldInteger(fields, &kinds, 0, UINT32_MAX);
	FieldFlag(fields, &aggregated);
	FieldInteger(fields, &cell->first_at, INT64_MIN, INT64_MAX);
	FieldInteger(fields, &cell->last_at, INT64_MIN, INT64_MAX);
	FieldInteger(fields, &cell->min_input, 0, INT64_MAX);
	FieldInteger(fields, &cell->max_input, 0, INT64_MAX);
	FieldInteger(fields, &cell->rows, 1, INT64_MAX);
	FieldInteger(fields, &cell->reported, 0, INT64_MAX);
	FieldInteger(fields, &fingerprint, INT64_MIN, INT64_MAX);
	FieldUsage(fields, &cell->used);
	FieldReported(fields, cell);
	for (int i = 0; i < LABEL_COUNT; i++)
		FieldLabel(fields, &cell->labels->label[i]);
	cell->key.kinds = (uint32_t) kinds;
	cell->key.aggregated = aggregated;
	cell->fingerprint = (uint64_t) fingerprint;
}

/* Write the cells of a state, or read them into a new one. */
static void *
StateFields(Fields *fields, void *value)
{
	CellsState *state = fields->reading ? MakeCells() : value;
	uint32		ncells = state->cells.ncells;

	FieldFormat(fields, USAGE_CELLS_FORMAT, true);
	FieldCount(fields, &ncells, UINT32_MAX);
	for (uint32 i = 0; i < ncells && FieldsAreGood(fields); i++)
	{
		LabelSet	labels = {0};
		UsageCell	read = {.labels = &labels};

		FieldCell(fields, fields->reading ? &read : state->cells.cells[i]);
		if (fields->reading && FieldsAreGood(fields))
			AddCell(state, &read);
	}
	return state;
}

static void *
StateCopy(const void *from)
{
	CellsState *state = MakeCells();

	for (uint32 i = 0; from != NULL && i < ((const CellsState *) from)->cells.ncells; i++)
		AddCell(state, ((const CellsState *) from)->cells.cells[i]);
	return state;
}

static const StateType usage_cells_state_type = {
	.name = "usage_cells_state",.format = USAGE_CELLS_FORMAT,
	.fields = StateFields,.copy = StateCopy
};

STATE_TYPE_FUNCTIONS(usage_cells_state, usage_cells_state_type);

/* The cells of a state in any form, to read. */
static const UsageCells *
ReadCells(Datum datum)
{
	return &((const CellsState *) StateBehind(&usage_cells_state_type, datum))->cells;
}

static inline CellsState *
CellsToAddTo(FunctionCallInfo fcinfo)
{
	return ExpandedStateArgument(fcinfo, &usage_cells_state_type);
}

/* ---------- transitions ---------- */

/* An ascending array without NULLs, of 8-byte values. */
static const int64 *
BoundsArgument(FunctionCallInfo fcinfo, int argument, uint32 *n)
{
	ArrayType  *array;

	if (PG_ARGISNULL(argument))
	{
		*n = 0;
		return NULL;
	}
	array = PG_GETARG_ARRAYTYPE_P(argument);
	if (array_contains_nulls(array) || ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the bounds of prices are a list without NULLs")));
	*n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	return (const int64 *) ARR_DATA_PTR(array);
}

static RateBounds
RateBoundsArgument(FunctionCallInfo fcinfo, int first)
{
	RateBounds bounds;

	bounds.times = BoundsArgument(fcinfo, first, &bounds.ntimes);
	bounds.inputs = BoundsArgument(fcinfo, first + 1, &bounds.ninputs);
	return bounds;
}

/* (state, times, inputs, at, usage, provider_usd, fingerprint, labels ...) */
#define FIRST_LABEL 7

Datum
usage_cells_accum(PG_FUNCTION_ARGS)
{
	CellsState *state;
	CellLabel	labels[LABEL_COUNT] = {{0}};
	CellRow		row = {.rows = 1};
	TimestampTz at;
	const Usage *usage;
	RateBounds bounds;
	RateKey	key;
	UsageCell  *cell;
	UsageBuffer none = {.usage.present = 0};
	bool		counts;

	if (PG_ARGISNULL(3))
		return StateUnchanged(fcinfo);
	state = CellsToAddTo(fcinfo);
	at = PG_GETARG_TIMESTAMPTZ(3);
	usage = PG_ARGISNULL(4) ? &none.usage : PG_GETARG_USAGE(4);
	counts = !PG_ARGISNULL(4) && !PG_ARGISNULL(FIRST_LABEL + LABEL_MODEL) && RowCheck(at, usage) == ROW_OK;
	if (unlikely(!counts))
		usage = &none.usage;
	bounds = RateBoundsArgument(fcinfo, 1);
	key = RateKeyOf(&bounds, at, usage, &row.min_input);
	row.max_input = row.min_input;
	row.first_at = row.last_at = at;
	row.fingerprint = PG_ARGISNULL(6) ? 0 : (uint64_t) PG_GETARG_INT64(6);
	if (counts)
	{
		row.reported = !PG_ARGISNULL(5);
		for (int i = 0; i < LABEL_COUNT; i++)
		{
			RequestText text = TextArgument(fcinfo, FIRST_LABEL + i);

			labels[i] = (CellLabel) {text.bytes, (uint32_t) text.length};
		}
	}
	cell = UsageCellsFind(&state->cells, &key, labels);
	if (unlikely(!UsageCellAdd(cell, &row, usage)))
		CellOverflowError();
	if (row.reported)
		AddReported(state, cell, PG_GETARG_NUMERIC(5));
	PG_RETURN_DATUM(CellsGetDatum(state));
}

Datum
usage_cells_combine(PG_FUNCTION_ARGS)
{
	CellsState *state;
	const UsageCells *other;

	if (PG_ARGISNULL(1))
		return StateUnchanged(fcinfo);
	state = CellsToAddTo(fcinfo);
	other = ReadCells(PG_GETARG_DATUM(1));
	for (uint32 i = 0; i < other->ncells; i++)
		AddCell(state, other->cells[i]);
	PG_RETURN_DATUM(CellsGetDatum(state));
}

/* ---------- results ---------- */

static void
KeyColumns(const RateKey *key, Datum *values)
{
	values[0] = TimestampTzGetDatum(key->hour);
	values[1] = TimestampTzGetDatum(key->slice);
	values[2] = Int64GetDatum(key->context_from);
	values[3] = Int32GetDatum((int32) key->kinds);
	values[4] = BoolGetDatum(key->aggregated != 0);
}

/* Columns of a row of the rollup, in the current memory context. */
static void
CellColumns(const UsageCell *cell, Datum values[ROW_COLUMNS], bool nulls[ROW_COLUMNS])
{
	bool		counts = cell->labels->label[LABEL_MODEL].bytes != NULL;

	memset(nulls, false, ROW_COLUMNS * sizeof(bool));
	KeyColumns(&cell->key, values);
	values[5] = TimestampTzGetDatum(cell->first_at);
	values[6] = TimestampTzGetDatum(cell->last_at);
	values[7] = Int64GetDatum(cell->min_input);
	values[8] = Int64GetDatum(cell->max_input);
	values[9] = Int64GetDatum(cell->rows);
	values[10] = Int64GetDatum(cell->reported);
	nulls[11] = !counts;
	values[11] = counts ? UsageGetDatum(UsageFromCounts(&cell->used)) : (Datum) 0;
	nulls[12] = cell->reported_usd == NULL;
	values[12] = PointerGetDatum(cell->reported_usd);
	values[13] = Int64GetDatum((int64) cell->fingerprint);
	for (int n = 0; n < LABEL_COUNT; n++)
	{
		const CellLabel *label = &cell->labels->label[n];

		nulls[14 + n] = label->bytes == NULL;
		values[14 + n] = label->bytes == NULL ? (Datum) 0 : PointerGetDatum(cstring_to_text_with_len(label->bytes, (int) label->length));
	}
}

/* ---------- kept between statements ---------- */

static struct
{
	CellsState *state;			/* in TopTransactionContext; NULL: none */
	int64		number;			/* of the state that was kept last */
	MemoryContextCallback gone;
}			kept;

static void
ForgetKept(void *state)
{
	if (kept.state == state)
		kept.state = NULL;
}

static int
CompareCells(const void *a, const void *b)
{
	const UsageCell *left = *(UsageCell *const *) a;
	const UsageCell *right = *(UsageCell *const *) b;

	if (left->key.hour != right->key.hour)
		return left->key.hour < right->key.hour ? -1 : 1;
	return left->first_at < right->first_at ? -1 : left->first_at > right->first_at;
}

/* The final function of an aggregate: its state becomes the transaction's, in the order of time. */
Datum
usage_cells_keep(PG_FUNCTION_ARGS)
{
	Datum		datum = PG_GETARG_DATUM(0);
	CellsState *state;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "usage_cells_keep called in a context that is no aggregate");
	/* Given as read-only even to a final function that may change its state, as this one may. */
	state = VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum)) ? (CellsState *) DatumGetEOHP(datum) : CellsToAddTo(fcinfo);
	if (kept.state != NULL)
		MemoryContextDelete(ExpandedStateContext(&kept.state->expanded));
	TransferExpandedObject(CellsGetDatum(state), TopTransactionContext);
	qsort(state->cells.cells, state->cells.ncells, sizeof(UsageCell *), CompareCells);
	kept.state = state;
	kept.gone = (MemoryContextCallback) {.func = ForgetKept,.arg = state};
	MemoryContextRegisterResetCallback(ExpandedStateContext(&state->expanded), &kept.gone);
	PG_RETURN_INT64(++kept.number);
}

static const UsageCells *
KeptArgument(FunctionCallInfo fcinfo)
{
	if (kept.state == NULL || PG_GETARG_INT64(0) != kept.number)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no usage is kept under number " INT64_FORMAT, PG_GETARG_INT64(0)),
				 errdetail("kept_cells() keeps what it has summed up until another is kept, or to the end of its transaction.")));
	return &kept.state->cells;
}

Datum
kept_cells_rows(PG_FUNCTION_ARGS)
{
	const UsageCells *cells = KeptArgument(fcinfo);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext scratch;
	MemoryContext old;

	InitMaterializedSRF(fcinfo, 0);
	scratch = AllocSetContextCreate(CurrentMemoryContext, "inferacct usage cells, row", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(scratch);
	for (uint32 i = 0; i < cells->ncells; i++)
	{
		Datum		values[ROW_COLUMNS];
		bool		nulls[ROW_COLUMNS];

		CHECK_FOR_INTERRUPTS();
		CellColumns(cells->cells[i], values, nulls);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		MemoryContextReset(scratch);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
	return (Datum) 0;
}

/* (hour, rows, fingerprint) of each hour; cells are kept in the order of time. */
Datum
kept_cells_hours(PG_FUNCTION_ARGS)
{
	const UsageCells *cells = KeptArgument(fcinfo);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	uint32		i = 0;

	InitMaterializedSRF(fcinfo, 0);
	while (i < cells->ncells)
	{
		int64		hour = cells->cells[i]->key.hour;
		int64		rows = 0;
		uint64		fingerprint = 0;
		Datum		values[3];
		bool		nulls[3] = {false};

		for (; i < cells->ncells && cells->cells[i]->key.hour == hour; i++)
		{
			rows += cells->cells[i]->rows;
			fingerprint += cells->cells[i]->fingerprint;
		}
		values[0] = TimestampTzGetDatum(hour);
		values[1] = Int64GetDatum(rows);
		values[2] = Int64GetDatum((int64) fingerprint);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* The key of one row as (hour, slice, context_from, kinds, aggregated). */
Datum
rate_key(PG_FUNCTION_ARGS)
{
	RateBounds bounds = RateBoundsArgument(fcinfo, 0);
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(2);
	const Usage *usage = PG_GETARG_USAGE(3);
	Datum		values[KEY_COLUMNS];
	bool		nulls[KEY_COLUMNS] = {false};
	TupleDesc	desc;
	RateKey	key;
	int64		input;

	if (RowCheck(at, usage) != ROW_OK)
		PG_RETURN_NULL();
	key = RateKeyOf(&bounds, at, usage, &input);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	KeyColumns(&key, values);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/* Why the rollup cannot have a row; NULL when it can. */
Datum
row_problem(PG_FUNCTION_ARGS)
{
	switch (RowCheck(PG_GETARG_TIMESTAMPTZ(0), PG_GETARG_USAGE(1)))
	{
		case ROW_TIME:
			PG_RETURN_TEXT_P(cstring_to_text(ROW_AT_PROBLEM));
		case ROW_COUNT:
			PG_RETURN_TEXT_P(cstring_to_text("a count is above 10000000000000000"));
		case ROW_OK:
			break;
	}
	PG_RETURN_NULL();
}

/* The usage of a row that the rollup can have, else NULL. */
Datum
countable_usage(PG_FUNCTION_ARGS)
{
	const Usage *usage = PG_GETARG_USAGE(1);

	if (RowCheck(PG_GETARG_TIMESTAMPTZ(0), usage) != ROW_OK)
		PG_RETURN_NULL();
	PG_RETURN_USAGE(usage);
}
