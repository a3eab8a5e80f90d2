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
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/expandeddatum.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "demand/load_hours.h"
#include "server/compat.h"
#include "core/money_sql.h"
#include "session/price_cache.h"
#include "session/request.h"
#include "session/request_arguments.h"
#include "core/usage_sql.h"

PG_FUNCTION_INFO_V1(breakeven_state_in);
PG_FUNCTION_INFO_V1(breakeven_state_out);
PG_FUNCTION_INFO_V1(breakeven_state_recv);
PG_FUNCTION_INFO_V1(breakeven_state_send);
PG_FUNCTION_INFO_V1(breakeven_accum);
PG_FUNCTION_INFO_V1(breakeven_combine);
PG_FUNCTION_INFO_V1(breakeven_deployment);
PG_FUNCTION_INFO_V1(breakeven_hours);

#define STATE_MAGIC 0x6c6f6164

/* As it lies in a table; the deployment's name follows the hours. */
typedef struct FlatState
{
	int32		header;			/* varlena length word */
	int32		count;
	int32		name_length;
	int32		unused;			/* zero */
	LoadHour	hours[FLEXIBLE_ARRAY_MEMBER];
} FlatState;

typedef struct State
{
	ExpandedObjectHeader expanded;
	int			magic;
	char	   *name;			/* of the deployment; not NUL-terminated */
	int			name_length;
	Load		load;
} State;

#define FLAT_SIZE(count, name_length) (offsetof(FlatState, hours) + (Size) (count) * sizeof(LoadHour) + (Size) (name_length))
#define MOST_HOURS ((int) ((MaxAllocSize - 1024) / sizeof(LoadHour)))

/* ---------- the expanded object ---------- */

static Size
FlatSize(ExpandedObjectHeader *expanded)
{
	State	   *state = (State *) expanded;

	return FLAT_SIZE(state->load.count, state->name_length);
}

static void
Flatten(ExpandedObjectHeader *expanded, void *result, Size size)
{
	State	   *state = (State *) expanded;
	FlatState  *flat = result;

	SET_VARSIZE(flat, size);
	flat->count = state->load.count;
	flat->name_length = state->name_length;
	flat->unused = 0;
	if (state->load.count > 0)
		memcpy(flat->hours, state->load.hours, (Size) state->load.count * sizeof(LoadHour));
	memcpy(&flat->hours[state->load.count], state->name, state->name_length);
}

static const ExpandedObjectMethods state_methods = {FlatSize, Flatten};

/* An empty state of a deployment in a context of its own below parent. */
static State *
StateCreate(MemoryContext parent, const char *name, int name_length)
{
	MemoryContext context = AllocSetContextCreate(parent, "inferacct breakeven", ALLOCSET_DEFAULT_SIZES);
	State	   *state = MemoryContextAllocZero(context, sizeof(State));

	EOH_init_header(&state->expanded, &state_methods, context);
	state->magic = STATE_MAGIC;
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

/* Is this Datum an expanded state, which can be read as it is? */
static State *
ExpandedState(Datum datum)
{
	State	   *state;

	if (!VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum)))
		return NULL;
	state = (State *) DatumGetEOHP(datum);
	Assert(state->magic == STATE_MAGIC);
	return state;
}

/* A state of its own, below parent, with what the Datum holds. */
static State *
StateCopy(MemoryContext parent, Datum datum)
{
	State	   *from = ExpandedState(datum);
	FlatState  *flat;
	State	   *state;
	const LoadHour *hours;
	int			count;

	if (from != NULL)
	{
		state = StateCreate(parent, from->name, from->name_length);
		hours = from->load.hours;
		count = from->load.count;
	}
	else
	{
		flat = (FlatState *) PG_DETOAST_DATUM(datum);
		hours = flat->hours;
		count = flat->count;
		state = StateCreate(parent, (const char *) &hours[count], flat->name_length);
	}
	for (int i = 0; i < count; i++)
		StateAddHour(state, &hours[i]);
	return state;
}

/* A state to read. */
static State *
StateRead(Datum datum)
{
	State	   *state = ExpandedState(datum);

	return state != NULL ? state : StateCopy(CurrentMemoryContext, datum);
}

/* The first argument as a state to change: the aggregate's own, else a copy; NULL for NULL. */
static State *
StateArgument(FunctionCallInfo fcinfo, MemoryContext *context)
{
	bool		is_aggregate = AggCheckCallContext(fcinfo, context) != 0;

	if (!is_aggregate)
		*context = CurrentMemoryContext;
	if (PG_ARGISNULL(0))
		return NULL;
	if (is_aggregate && VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(PG_GETARG_DATUM(0))))
		return ExpandedState(PG_GETARG_DATUM(0));
	return StateCopy(*context, PG_GETARG_DATUM(0));
}

#define RETURN_STATE(state) return EOHPGetRWDatum(&(state)->expanded)

/* ---------- text and binary form ---------- */

static void
CheckState(const State *state)
{
	if (!LoadIsValid(state->load.hours, state->load.count))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("hours of type %s are out of order or negative", "breakeven_state")));
}

static void
TextError(const char *string)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s: \"%s\"", "breakeven_state", string),
			 errhint("Expected bytes:deployment, then hour/requests/input/cached/output/usd of each hour, in order.")));
}

/* "4:name 234120/1/1000/0/200/0.006 ...": the bytes of the name, the name, the hours. */
Datum
breakeven_state_in(PG_FUNCTION_ARGS)
{
	char	   *string = PG_GETARG_CSTRING(0);
	char	   *name;
	long		name_length = strtol(string, &name, 10);
	State	   *state;
	const char *at;

	if (name == string || *name != ':' || name_length < 0 || (Size) name_length > strlen(name + 1))
		TextError(string);
	state = StateCreate(CurrentMemoryContext, name + 1, (int) name_length);
	for (at = name + 1 + name_length; *at == ' ';)
	{
		LoadHour	hour;

		at = LoadHourFromText(at + 1, &hour);
		if (at == NULL ||
			(state->load.count > 0 && state->load.hours[state->load.count - 1].hour >= hour.hour))
			TextError(string);
		StateAddHour(state, &hour);
	}
	if (*at != '\0')
		TextError(string);
	CheckState(state);
	RETURN_STATE(state);
}

Datum
breakeven_state_out(PG_FUNCTION_ARGS)
{
	State	   *state = StateRead(PG_GETARG_DATUM(0));
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "%d:", state->name_length);
	appendBinaryStringInfo(&text, state->name, state->name_length);
	for (int i = 0; i < state->load.count; i++)
	{
		char		hour[LOAD_HOUR_TEXT_SIZE];

		LoadHourToText(&state->load.hours[i], hour);
		appendStringInfo(&text, " %s", hour);
	}
	PG_RETURN_CSTRING(text.data);
}

Datum
breakeven_state_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			length = pq_getmsgint(message, 4);
	const char *name = pq_getmsgbytes(message, length);
	State	   *state = StateCreate(CurrentMemoryContext, name, length);
	int			count = pq_getmsgint(message, 4);

	pg_verifymbstr(name, length, false);
	for (int i = 0; i < count; i++)
	{
		LoadHour	hour;

		hour.hour = pq_getmsgint64(message);
		hour.requests = pq_getmsgint64(message);
		hour.input = pq_getmsgint64(message);
		hour.cached = pq_getmsgint64(message);
		hour.output = pq_getmsgint64(message);
		hour.api_usd = MoneyReceive(message);
		StateAddHour(state, &hour);
	}
	CheckState(state);
	RETURN_STATE(state);
}

Datum
breakeven_state_send(PG_FUNCTION_ARGS)
{
	State	   *state = StateRead(PG_GETARG_DATUM(0));
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendint32(&message, state->name_length);
	pq_sendbytes(&message, state->name, state->name_length);
	pq_sendint32(&message, state->load.count);
	for (int i = 0; i < state->load.count; i++)
	{
		const LoadHour *hour = &state->load.hours[i];

		pq_sendint64(&message, hour->hour);
		pq_sendint64(&message, hour->requests);
		pq_sendint64(&message, hour->input);
		pq_sendint64(&message, hour->cached);
		pq_sendint64(&message, hour->output);
		MoneySend(&message, hour->api_usd);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

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
	MemoryContext context;
	State	   *state = StateArgument(fcinfo, &context);
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
		state = StateCreate(context, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	CheckDeployment(state, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));

	request.at = PG_GETARG_TIMESTAMPTZ(2);
	request.model = TextArgument(fcinfo, 3);
	usage = PG_GETARG_USAGE(4);
	CheckRequestTime(request.at);
	if (!RequestUsageCost(PricingOfStatement(), &request, usage, &hour.api_usd))
		RETURN_STATE(state);
	hour.hour = LoadHourOfTime(request.at);
	if (!LoadHourOfUsage(usage, &hour))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the tokens of a request are out of range")));
	StateAddHour(state, &hour);
	RETURN_STATE(state);
}

Datum
breakeven_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	State	   *state = StateArgument(fcinfo, &context);
	State	   *other;

	if (PG_ARGISNULL(1))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		RETURN_STATE(state);
	}
	if (state == NULL)
	{
		state = StateCopy(context, PG_GETARG_DATUM(1));
		RETURN_STATE(state);
	}
	other = StateRead(PG_GETARG_DATUM(1));
	CheckDeployment(state, other->name, other->name_length);
	for (int i = 0; i < other->load.count; i++)
		StateAddHour(state, &other->load.hours[i]);
	RETURN_STATE(state);
}

/* ---------- reading ---------- */

Datum
breakeven_deployment(PG_FUNCTION_ARGS)
{
	State	   *state = StateRead(PG_GETARG_DATUM(0));

	PG_RETURN_TEXT_P(cstring_to_text_with_len(state->name, state->name_length));
}

Datum
breakeven_hours(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	State	   *state = StateRead(PG_GETARG_DATUM(0));

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
