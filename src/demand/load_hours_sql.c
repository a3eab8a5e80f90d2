/*
 * load_hours_sql.c
 *	  Type breakeven_state: the log that the aggregate breakeven() has seen.
 *
 * The verdict itself is reached in SQL, in numeric, from the hours given out
 * here (sql/install/230-breakeven_log.sql).
 *
 * The state is a real type, so that partial states travel between workers and
 * nodes and lie in tables.  While the aggregate runs it is an expanded object in
 * a memory context of its own below the aggregate's; transition functions change
 * it in place.  Only an aggregate's own state is ever changed.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/expandeddatum.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "demand/load_hours.h"
#include "server/compat.h"
#include "core/money_sql.h"
#include "core/state_sql.h"
#include "session/price_cache.h"
#include "session/request.h"
#include "session/request_arguments.h"
#include "core/usage_sql.h"

PG_FUNCTION_INFO_V1(breakeven_accum);
PG_FUNCTION_INFO_V1(breakeven_combine);
PG_FUNCTION_INFO_V1(breakeven_deployment);
PG_FUNCTION_INFO_V1(breakeven_hours);

#define BREAKEVEN_FORMAT 1

/* The longest name of a deployment that is read. */
#define NAME_MAX_LENGTH (1 << 20)

static const StateType breakeven_state_type;

typedef struct State
{
	ExpandedObjectHeader expanded;
	char	   *name;			/* of the deployment; not NUL-terminated */
	int			name_length;
	Load		load;
} State;

#define MOST_HOURS ((int) ((MaxAllocSize - 1024) / sizeof(LoadHour)))

/* ---------- the expanded object ---------- */

static Size
FlatSize(ExpandedObjectHeader *expanded)
{
	return StateFlatSize(&breakeven_state_type, expanded);
}

static void
Flatten(ExpandedObjectHeader *expanded, void *result, Size size)
{
	StateFlatten(&breakeven_state_type, expanded, result, size);
}

static const ExpandedObjectMethods state_methods = {FlatSize, Flatten};

/* An empty state of a deployment in a context of its own below the current one. */
static State *
StateCreate(const char *name, int name_length)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "inferacct breakeven", ALLOCSET_DEFAULT_SIZES);
	State	   *state = MemoryContextAllocZero(context, sizeof(State));

	EOH_init_header(&state->expanded, &state_methods, context);
	state->name = MemoryContextAlloc(context, Max(name_length, 1));
	memcpy(state->name, name, name_length);
	state->name_length = name_length;
	return state;
}

/* Make room for one more hour. */
static void
StateReserve(State *state)
{
	Load	   *load = &state->load;

	if (load->count < load->room)
		return;
	if (load->count >= MOST_HOURS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the log has too many different hours")));
	load->room = load->room == 0 ? 32 : Min(load->room * 2, MOST_HOURS);
	if (load->hours == NULL)
		load->hours = MemoryContextAlloc(state->expanded.eoh_context, (Size) load->room * sizeof(LoadHour));
	else
		load->hours = repalloc(load->hours, (Size) load->room * sizeof(LoadHour));
}

static void
StateAddHour(State *state, const LoadHour *hour)
{
	StateReserve(state);
	if (!LoadAdd(&state->load, hour))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the load of an hour is out of range")));
}

#define RETURN_STATE(state) return EOHPGetRWDatum(&(state)->expanded)

/* ---------- the type ---------- */

/* The deployment's name; the hours, in order. */
static void *
StateFields(Fields *fields, void *value)
{
	State	   *state = value;
	const char *name = fields->reading ? "" : state->name;
	size_t		name_length = fields->reading ? 0 : (size_t) state->name_length;
	uint32		count = fields->reading ? 0 : (uint32) state->load.count;
	int64		previous = PG_INT64_MIN;

	FieldFormat(fields, BREAKEVEN_FORMAT, false);
	FieldString(fields, &name, &name_length, NAME_MAX_LENGTH);
	FieldCount(fields, &count, MOST_HOURS);
	if (fields->reading)
		state = StateCreate(name, (int) name_length);
	for (uint32 i = 0; i < count && FieldsAreGood(fields); i++)
	{
		LoadHour	hour = fields->reading ? (LoadHour) {0} : state->load.hours[i];

		LoadHourFields(fields, &hour);
		if (!fields->reading)
			continue;
		if (hour.hour <= previous)
			FieldsRefuse(fields);
		previous = hour.hour;
		if (FieldsAreGood(fields))
			StateAddHour(state, &hour);
	}
	return state;
}

static const void *
StateOfDatum(Datum datum)
{
	if (VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum)))
		return DatumGetEOHP(datum);
	return StateOfFlat(&breakeven_state_type, datum);
}

static Datum
StateToDatum(void *state)
{
	RETURN_STATE((State *) state);
}

/* A new state is one of a deployment: there is none without. */
static void *
StateCopy(const void *value)
{
	const State *from = value;
	State	   *state;

	if (from == NULL)
		return NULL;
	state = StateCreate(from->name, from->name_length);
	for (int i = 0; i < from->load.count; i++)
		StateAddHour(state, &from->load.hours[i]);
	return state;
}

static const StateType breakeven_state_type = {
	.name = "breakeven_state",.format = BREAKEVEN_FORMAT,
	.fields = StateFields,.of_datum = StateOfDatum,.to_datum = StateToDatum,.copy = StateCopy
};

STATE_TYPE_FUNCTIONS(breakeven_state, breakeven_state_type);

/* ---------- the aggregate ---------- */

/* One state answers for one deployment. */
static void
CheckDeployment(const State *state, const char *name, int name_length)
{
	if (state->name_length == name_length && memcmp(state->name, name, name_length) == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("a break-even is asked for two deployments at once"),
			 errdetail("One is \"%s\", the other \"%s\".", pnstrdup(state->name, state->name_length),
					   pnstrdup(name, name_length)),
			 errhint("GROUP BY the deployment, or name one.")));
}

/* breakeven_accum(state, deployment, at, model, usage): rows with a NULL, or without a price, are left out. */
Datum
breakeven_accum(PG_FUNCTION_ARGS)
{
	State	   *state = ExpandedStateArgument(fcinfo, &breakeven_state_type);
	Request		request = {.at = 0};
	const Usage *usage;
	LoadHour	hour;
	text	   *name;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3) || PG_ARGISNULL(4))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		RETURN_STATE(state);
	}
	name = PG_GETARG_TEXT_PP(1);
	if (state == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(StateContext(fcinfo));

		state = StateCreate(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
		MemoryContextSwitchTo(caller);
	}
	CheckDeployment(state, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));

	request.at = PG_GETARG_TIMESTAMPTZ(2);
	request.model = TextArgument(fcinfo, 3);
	usage = PG_GETARG_USAGE(4);
	if (!RequestIsSound(fcinfo, NO_BOOK, &request, 0, 0) || !RequestUsageCost(PricingOfStatement(), &request, usage, &hour.api_usd))
		RETURN_STATE(state);
	hour.hour = LoadHourOfTime(request.at);
	if (!LoadHourOfUsage(usage, &hour))
	{
		if (PricingLeavesOut(PricingOfStatement()))
			RETURN_STATE(state);
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the tokens of a request are out of range")));
	}
	StateAddHour(state, &hour);
	RETURN_STATE(state);
}

Datum
breakeven_combine(PG_FUNCTION_ARGS)
{
	State	   *state = ExpandedStateArgument(fcinfo, &breakeven_state_type);
	const State *other;

	if (PG_ARGISNULL(1))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		RETURN_STATE(state);
	}
	other = breakeven_state_type.of_datum(PG_GETARG_DATUM(1));
	if (state == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(StateContext(fcinfo));

		state = StateCopy(other);
		MemoryContextSwitchTo(caller);
		RETURN_STATE(state);
	}
	CheckDeployment(state, other->name, other->name_length);
	for (int i = 0; i < other->load.count; i++)
		StateAddHour(state, &other->load.hours[i]);
	RETURN_STATE(state);
}

/* ---------- reading ---------- */

Datum
breakeven_deployment(PG_FUNCTION_ARGS)
{
	const State *state = StateOfDatum(PG_GETARG_DATUM(0));

	PG_RETURN_TEXT_P(cstring_to_text_with_len(state->name, state->name_length));
}

Datum
breakeven_hours(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const State *state = StateOfDatum(PG_GETARG_DATUM(0));

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < state->load.count; i++)
	{
		const LoadHour *hour = &state->load.hours[i];
		bool		nulls[6] = {false};
		Datum		values[6] = {
			TimestampTzGetDatum(hour->hour * USECS_PER_HOUR),
			Int64GetDatum(hour->requests),
			Int64GetDatum(hour->input),
			Int64GetDatum(hour->cached),
			Int64GetDatum(hour->output),
			NumericGetDatum(MoneyToNumeric(hour->api_usd))
		};

		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
