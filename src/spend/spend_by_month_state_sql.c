/*
 * spend_by_month_state_sql.c
 *	  SQL type spend_by_month_state: its expanded form and its fields.
 *
 * All forms have the cells in one order, by name and month; the flat form is the
 * binary one.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "server/compat.h"
#include "spend/spend_by_month_state_sql.h"

/* ---------- the expanded form ---------- */

static Size
FlatSize(ExpandedObjectHeader *header)
{
	return StateFlatSize(&spend_by_month_state_type, header);
}

static void
Flatten(ExpandedObjectHeader *header, void *result, Size size)
{
	StateFlatten(&spend_by_month_state_type, header, result, size);
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

/* A new state without cells in a context of its own below the current one. */
static SpendByMonthState *
MakeState(void)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "inferacct spend by month",
												  ALLOCSET_START_SMALL_SIZES);
	SpendByMonthState *state = MemoryContextAllocZero(context, sizeof(SpendByMonthState));

	EOH_init_header(&state->header, &state_methods, context);
	SpendByMonthInit(&state->sums, AllocateInContext, context);
	return state;
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

/* ---------- the type ---------- */

static void *
StateFields(Fields *fields, void *value)
{
	SpendByMonthState *state = fields->reading ? MakeState() : value;
	MonthModel **models = fields->reading ? NULL : SortedModels(&state->sums);

	SpendByMonthFields(fields, &state->sums, models);
	if (models != NULL)
		pfree(models);
	return state;
}

static const void *
StateOfDatum(Datum datum)
{
	if (VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum)))
		return DatumGetEOHP(datum);
	return StateOfFlat(&spend_by_month_state_type, datum);
}

static Datum
StateToDatum(void *state)
{
	return StateGetDatum(state);
}

static void *
StateCopy(const void *from)
{
	SpendByMonthState *state = MakeState();

	if (from != NULL)
		AddSums(&state->sums, &((const SpendByMonthState *) from)->sums);
	return state;
}

const StateType spend_by_month_state_type = {
	.name = "spend_by_month_state",.format = SPEND_BY_MONTH_FORMAT,
	.fields = StateFields,.of_datum = StateOfDatum,.to_datum = StateToDatum,.copy = StateCopy
};

STATE_TYPE_FUNCTIONS(spend_by_month_state, spend_by_month_state_type);
