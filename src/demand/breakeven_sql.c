/*
 * breakeven_sql.c
 *	  Type breakeven_state: what the aggregate breakeven() has seen of a log, a
 *	  deployment's name and the demand of the rows by the hour.
 *
 * The verdict itself is reached in SQL, in numeric, over that demand
 * (sql/install/275-breakeven_log.sql).
 *
 * Invariant: a state is of one deployment.  Partial states travel between
 * workers and nodes and lie in tables; only an aggregate's own is ever changed.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "core/state_sql.h"
#include "core/usage_sql.h"
#include "demand/demand_sql.h"
#include "session/price_cache.h"
#include "session/request.h"
#include "session/request_arguments.h"

PG_FUNCTION_INFO_V1(breakeven_accum);
PG_FUNCTION_INFO_V1(breakeven_combine);
PG_FUNCTION_INFO_V1(breakeven_deployment);
PG_FUNCTION_INFO_V1(breakeven_demand);

/* A name, and a demand: raised with every change of either's form. */
#define BREAKEVEN_FORMAT DEMAND_FORMAT

/* The longest name of a deployment that is read. */
#define NAME_MAX_LENGTH (1 << 20)

static const StateType breakeven_state_type;

typedef struct State
{
	ExpandedState expanded;
	char	   *name;			/* of the deployment; not NUL-terminated */
	size_t		name_length;
	Demand		demand;
} State;

static State *
MakeState(const char *name, size_t name_length)
{
	State	   *state = ExpandedStateMake(&breakeven_state_type, sizeof(State));
	MemoryContext context = ExpandedStateContext(&state->expanded);

	state->name = MemoryContextAlloc(context, Max(name_length, 1));
	memcpy(state->name, name, name_length);
	state->name_length = name_length;
	DemandInContext(&state->demand, DEMAND_HOUR, context);
	return state;
}

/* ---------- the type ---------- */

static void
WriteDemand(Fields *fields, Demand *demand)
{
	StringInfoData form;
	const char *bytes;
	size_t		length;

	CheckDemand(DemandSort(demand));
	initStringInfo(&form);
	if (fields->form == FIELDS_TEXT)
		DemandToText(demand, AppendDemandText, &form);
	else
	{
		Size		size = DemandSize(demand);

		if (!AllocSizeIsValid(size))
			CheckDemand(DEMAND_TOO_MANY);
		enlargeStringInfo(&form, (int) size);
		DemandWrite(demand, (unsigned char *) form.data);
		form.len = (int) size;
	}
	bytes = form.data;
	length = (size_t) form.len;
	FieldRest(fields, &bytes, &length);
	pfree(form.data);
}

/* What another version laid out otherwise, FieldFormat() has refused. */
static void
ReadDemand(Fields *fields, Demand *demand)
{
	const char *form;
	size_t		size;
	DemandStatus status;

	FieldRest(fields, &form, &size);
	if (!FieldsAreGood(fields))
		return;
	if (fields->form == FIELDS_TEXT)
	{
		char	   *text = pnstrdup(form, size);
		const char *at;

		status = strlen(text) == size ? DemandFromText(demand, text, &at) : DEMAND_CORRUPT;
		if (status == DEMAND_CORRUPT || status == DEMAND_OTHER_FORMAT)
			fields->at = form + (at - text);
		pfree(text);
	}
	else
		status = DemandRead(demand, (const unsigned char *) form, size);
	if (status == DEMAND_CORRUPT || status == DEMAND_OTHER_FORMAT || status == DEMAND_OTHER_METERS ||
		demand->width != DEMAND_HOUR)
		FieldsRefuse(fields);
	else
		CheckDemand(status);
}

static void *
StateFields(Fields *fields, void *value)
{
	State	   *state = value;
	const char *name = fields->reading ? "" : state->name;
	size_t		name_length = fields->reading ? 0 : state->name_length;

	FieldFormat(fields, BREAKEVEN_FORMAT, true);
	FieldString(fields, &name, &name_length, NAME_MAX_LENGTH);
	if (!fields->reading)
	{
		WriteDemand(fields, &state->demand);
		return state;
	}
	state = MakeState(name, name_length);
	ReadDemand(fields, &state->demand);
	return state;
}

/* A new state is one of a deployment: there is none without. */
static void *
StateCopy(const void *value)
{
	const State *from = value;
	State	   *state;

	if (from == NULL)
		return NULL;
	state = MakeState(from->name, from->name_length);
	CheckDemandOutcome(DemandMerge(&state->demand, &from->demand));
	return state;
}

static const StateType breakeven_state_type = {
	.name = "breakeven_state",.format = BREAKEVEN_FORMAT,
	.fields = StateFields,.copy = StateCopy
};

STATE_TYPE_FUNCTIONS(breakeven_state, breakeven_state_type);

/* ---------- the aggregate ---------- */

/* The first argument as a state of this deployment to change; one state answers for one deployment. */
static State *
StateOf(FunctionCallInfo fcinfo, const char *name, size_t name_length)
{
	State	   *state = ExpandedStateArgument(fcinfo, &breakeven_state_type);
	MemoryContext caller;

	if (state == NULL)
	{
		caller = MemoryContextSwitchTo(StateContext(fcinfo));
		state = MakeState(name, name_length);
		MemoryContextSwitchTo(caller);
	}
	if (state->name_length != name_length || memcmp(state->name, name, name_length) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a break-even is asked for two deployments at once"),
				 errdetail("One is \"%s\", the other \"%s\".", pnstrdup(state->name, state->name_length),
						   pnstrdup(name, name_length)),
				 errhint("GROUP BY the deployment, or name one.")));
	return state;
}

/* breakeven_accum(state, deployment, at, model, usage): rows with a NULL, or without a price, are left out. */
Datum
breakeven_accum(PG_FUNCTION_ARGS)
{
	State	   *state;
	Request		request = {.at = 0};
	const Usage *usage;
	Money		usd;
	text	   *name;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3) || PG_ARGISNULL(4))
		return StateUnchanged(fcinfo);
	name = PG_GETARG_TEXT_PP(1);
	state = StateOf(fcinfo, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	request.at = PG_GETARG_TIMESTAMPTZ(2);
	request.model = TextArgument(fcinfo, 3);
	usage = PG_GETARG_USAGE(4);
	if (UsageIsSound(fcinfo, NO_BOOK, &request, usage) && RequestUsageCost(PricingOfStatement(), &request, usage, &usd))
		CheckDemandOutcome(DemandAdd(&state->demand, request.at, usage, true, usd));
	PG_RETURN_DATUM(ExpandedStateGetDatum(&state->expanded));
}

Datum
breakeven_combine(PG_FUNCTION_ARGS)
{
	State	   *state;
	const State *other;

	if (PG_ARGISNULL(1))
		return StateUnchanged(fcinfo);
	other = StateBehind(&breakeven_state_type, PG_GETARG_DATUM(1));
	state = StateOf(fcinfo, other->name, other->name_length);
	CheckDemandOutcome(DemandMerge(&state->demand, &other->demand));
	PG_RETURN_DATUM(ExpandedStateGetDatum(&state->expanded));
}

/* ---------- reading ---------- */

Datum
breakeven_deployment(PG_FUNCTION_ARGS)
{
	const State *state = StateBehind(&breakeven_state_type, PG_GETARG_DATUM(0));

	PG_RETURN_TEXT_P(cstring_to_text_with_len(state->name, (int) state->name_length));
}

Datum
breakeven_demand(PG_FUNCTION_ARGS)
{
	State	   *state = (State *) StateBehind(&breakeven_state_type, PG_GETARG_DATUM(0));

	PG_RETURN_DATUM(DemandGetDatum(&state->demand));	/* puts the buckets in order, and leaves them */
}
