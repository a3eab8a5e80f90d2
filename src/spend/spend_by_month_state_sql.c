/*
 * spend_by_month_state_sql.c
 *	  SQL type spend_by_month_state: its fields, and sums of sums.
 *
 * All forms have the cells in one order, by name and month; the flat form is the
 * binary one.
 */
#include "postgres.h"

#include "core/host_sql.h"
#include "server/compat.h"
#include "spend/spend_by_month_state_sql.h"

/* A new state without cells. */
static SpendByMonthState *
MakeState(void)
{
	SpendByMonthState *state = ExpandedStateMake(&spend_by_month_state_type, sizeof(SpendByMonthState));

	SpendByMonthInit(&state->sums, AllocateInContext, ExpandedStateContext(&state->expanded));
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
	.fields = StateFields,.copy = StateCopy
};

STATE_TYPE_FUNCTIONS(spend_by_month_state, spend_by_month_state_type);
