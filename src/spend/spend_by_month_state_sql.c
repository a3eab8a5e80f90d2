/*
 * spend_by_month_state_sql.c
 *	  SQL type spend_by_month_state: expanded, flat, text and binary form.
 *
 * All forms have the cells in one order, by name and month.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "utils/memutils.h"

#include "server/compat.h"
#include "core/money_sql.h"
#include "spend/spend_by_month_state_sql.h"
#include "core/usage_sql.h"

PG_FUNCTION_INFO_V1(spend_by_month_state_in);
PG_FUNCTION_INFO_V1(spend_by_month_state_out);
PG_FUNCTION_INFO_V1(spend_by_month_state_recv);
PG_FUNCTION_INFO_V1(spend_by_month_state_send);

/* A cell in the flat form: its counts follow, then its model's name, padded to 8 bytes. */
typedef struct FlatCell
{
	Money		usd;
	int32		month;
	uint32		length;			/* of the name */
	uint32		priced;
	uint32		present;		/* METER_BITs of the counts */
	int64		count[FLEXIBLE_ARRAY_MEMBER];
} FlatCell;

typedef struct FlatState
{
	int32		header;			/* the varlena length word */
	uint32		ncells;
	char		cells[FLEXIBLE_ARRAY_MEMBER];
} FlatState;

static uint32
MetersPresent(const MonthCell *cell)
{
	uint32		present = 0;

	for (Meter meter = 0; meter < METER_COUNT; meter++)
		present |= cell->used.of[meter] != 0 ? METER_BIT(meter) : 0;
	return present;
}

static Size
FlatCellSize(uint32 present, uint32 length)
{
	return offsetof(FlatCell, count) + __builtin_popcount(present) * sizeof(int64) + TYPEALIGN(8, length);
}

/* ---------- the expanded form ---------- */

static Size
FlatSize(ExpandedObjectHeader *header)
{
	const SpendByMonth *sums = &((SpendByMonthState *) header)->sums;
	Size		size = offsetof(FlatState, cells);

	for (uint32 i = 0; i <= sums->mask; i++)
	{
		const MonthModel *model = sums->slots[i].model;

		for (uint32 n = 0; model != NULL && n < model->ncells; n++)
			size += FlatCellSize(MetersPresent(model->cells[n]), model->length);
	}
	return size;
}

static char *
WriteFlatCell(char *at, const MonthModel *model, const MonthCell *cell)
{
	FlatCell   *flat = (FlatCell *) at;
	UsageBuffer used;
	int			meters;

	UsagePack(&cell->used, &used.usage);
	meters = UsageMeters(&used.usage);
	flat->usd = cell->usd;
	flat->month = cell->month;
	flat->length = model->length;
	flat->priced = cell->priced;
	flat->present = used.usage.present;
	memcpy(flat->count, used.usage.count, meters * sizeof(int64));
	memcpy(&flat->count[meters], model->name, model->length);
	return at + FlatCellSize(flat->present, flat->length);
}

static void
Flatten(ExpandedObjectHeader *header, void *result, Size size)
{
	const SpendByMonth *sums = &((SpendByMonthState *) header)->sums;
	MonthModel **models = SortedModels(sums);
	FlatState  *flat = result;
	char	   *at = flat->cells;

	memset(result, 0, size);	/* the padding, too */
	SET_VARSIZE(result, size);
	flat->ncells = sums->ncells;
	for (uint32 i = 0; i < sums->nmodels; i++)
	{
		for (uint32 n = 0; n < models[i]->ncells; n++)
			at = WriteFlatCell(at, models[i], models[i]->cells[n]);
	}
	Assert(at == (char *) result + size);
	pfree(models);
}

static const ExpandedObjectMethods state_methods = {
	.get_flat_size = FlatSize,
	.flatten_into = Flatten
};

static void *
AllocateInContext(void *context, size_t size)
{
	return MemoryContextAllocHuge(context, size);
}

SpendByMonthState *
MakeState(MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "inferacct spend by month", ALLOCSET_START_SMALL_SIZES);
	SpendByMonthState *state = MemoryContextAllocZero(context, sizeof(SpendByMonthState));

	EOH_init_header(&state->header, &state_methods, context);
	SpendByMonthInit(&state->sums, AllocateInContext, context);
	return state;
}

/* Add the cells of a flat state. */
static void
AddFlat(SpendByMonth *sums, const FlatState *flat)
{
	const char *at = flat->cells;

	for (uint32 i = 0; i < flat->ncells; i++)
	{
		const FlatCell *from = (const FlatCell *) at;
		int			meters = __builtin_popcount(from->present);
		MonthCell	cell = {.usd = from->usd,.priced = from->priced != 0};
		UsageBuffer used;

		used.usage.present = from->present;
		memcpy(used.usage.count, from->count, meters * sizeof(int64));
		UsageUnpack(&used.usage, &cell.used);
		if (!MonthCellMerge(SpendByMonthCell(sums, (const char *) &from->count[meters], from->length, from->month), &cell))
			SpendByMonthOverflowError();
		at += FlatCellSize(from->present, from->length);
	}
}

void
AddSums(SpendByMonth *sums, const SpendByMonth *other)
{
	for (uint32 i = 0; i <= other->mask; i++)
	{
		const MonthModel *model = other->slots[i].model;

		for (uint32 n = 0; model != NULL && n < model->ncells; n++)
		{
			const MonthCell *cell = model->cells[n];

			if (!MonthCellMerge(SpendByMonthCell(sums, model->name, model->length, cell->month), cell))
				SpendByMonthOverflowError();
		}
	}
}

SpendByMonthState *
CopyState(Datum from, MemoryContext parent)
{
	SpendByMonthState *state = MakeState(parent);

	if (VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(from)))
		AddSums(&state->sums, &((SpendByMonthState *) DatumGetEOHP(from))->sums);
	else
		AddFlat(&state->sums, (const FlatState *) PG_DETOAST_DATUM(from));
	return state;
}

const SpendByMonth *
ReadState(Datum state)
{
	if (VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(state)))
		return &((SpendByMonthState *) DatumGetEOHP(state))->sums;
	return &CopyState(state, CurrentMemoryContext)->sums;
}

MonthModel **
SortedModels(const SpendByMonth *sums)
{
	MonthModel **models = palloc(Max(sums->nmodels, 1) * sizeof(MonthModel *));

	SpendByMonthModels(sums, models);
	return models;
}

void
SpendByMonthOverflowError(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("the usage or cost of a model in a month is out of range"),
			 errdetail("A count does not exceed 9223372036854775807.")));
}

/* The flat form of a state that is done with. */
static Datum
FlatDatum(const SpendByMonthState *state)
{
	return PointerGetDatum(PG_DETOAST_DATUM(StateGetDatum(state)));
}

/* ---------- text and binary form ---------- */

Datum
spend_by_month_state_in(PG_FUNCTION_ARGS)
{
	char	   *string = PG_GETARG_CSTRING(0);
	SpendByMonthState *state = MakeState(CurrentMemoryContext);
	const char *problem = SpendByMonthFromText(&state->sums, string);

	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", "spend_by_month_state", string),
				 errdetail("It is malformed or out of range at \"%s\".", problem),
				 errhint("Expected cells such as \"gpt-4o\" 2026-10 0.0042 {\"input\":1200,\"requests\":3}, separated by semicolons.")));
	PG_RETURN_DATUM(FlatDatum(state));
}

Datum
spend_by_month_state_out(PG_FUNCTION_ARGS)
{
	const SpendByMonth *sums = ReadState(PG_GETARG_DATUM(0));
	MonthModel **models = SortedModels(sums);
	StringInfoData text;

	initStringInfo(&text);
	for (uint32 i = 0; i < sums->nmodels; i++)
	{
		for (uint32 n = 0; n < models[i]->ncells; n++)
		{
			if (text.len > 0)
				appendStringInfoString(&text, "; ");
			enlargeStringInfo(&text, MonthCellTextSize(models[i]));
			text.len += MonthCellToText(models[i], models[i]->cells[n], text.data + text.len);
		}
	}
	PG_RETURN_CSTRING(text.data);
}

/* Cells: name as counted text, month, priced, USD as two int64, bitmap of meters, counts. */
Datum
spend_by_month_state_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	SpendByMonthState *state = MakeState(CurrentMemoryContext);
	uint32		ncells = pq_getmsgint(message, 4);

	for (uint32 i = 0; i < ncells; i++)
	{
		int			bytes = pq_getmsgint(message, 4);
		int			length;
		char	   *name = pq_getmsgtext(message, bytes, &length);
		int32		month = (int32) pq_getmsgint(message, 4);
		MonthCell	cell = {.priced = pq_getmsgbyte(message) != 0};
		UsageBuffer used;

		cell.usd = MoneyReceive(message);
		used.usage.present = pq_getmsgint(message, 4) & (METER_BIT(METER_COUNT) - 1);
		for (int n = 0; n < UsageMeters(&used.usage); n++)
			used.usage.count[n] = pq_getmsgint64(message);
		if (!MonthIsValid(month) || !UsageIsValid(&used.usage, USAGE_SIZE(UsageMeters(&used.usage))))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
					 errmsg("invalid binary representation of type %s", "spend_by_month_state")));
		UsageUnpack(&used.usage, &cell.used);
		if (!MonthCellMerge(SpendByMonthCell(&state->sums, name, length, month), &cell))
			SpendByMonthOverflowError();
	}
	PG_RETURN_DATUM(FlatDatum(state));
}

Datum
spend_by_month_state_send(PG_FUNCTION_ARGS)
{
	const SpendByMonth *sums = ReadState(PG_GETARG_DATUM(0));
	MonthModel **models = SortedModels(sums);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendint32(&message, sums->ncells);
	for (uint32 i = 0; i < sums->nmodels; i++)
	{
		for (uint32 n = 0; n < models[i]->ncells; n++)
		{
			const MonthCell *cell = models[i]->cells[n];
			UsageBuffer used;

			UsagePack(&cell->used, &used.usage);
			InferacctSendCountedText(&message, models[i]->name, models[i]->length);
			pq_sendint32(&message, cell->month);
			pq_sendbyte(&message, cell->priced);
			MoneySend(&message, cell->usd);
			pq_sendint32(&message, used.usage.present);
			for (int m = 0; m < UsageMeters(&used.usage); m++)
				pq_sendint64(&message, used.usage.count[m]);
		}
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}
