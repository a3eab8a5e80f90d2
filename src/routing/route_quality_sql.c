/*
 * route_quality_sql.c
 *	  The aggregate route_quality().
 *
 * The state keeps every request, since the curve is exact: 24 bytes each, in a
 * flat varlena with room to grow.  Rows with a NULL or a NaN are left out.  The
 * forms are those of route_fields.h.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "server/compat.h"
#include "core/state_sql.h"
#include "routing/route_fields.h"

PG_FUNCTION_INFO_V1(route_quality_accum);
PG_FUNCTION_INFO_V1(route_quality_combine);
PG_FUNCTION_INFO_V1(route_quality_final);

#define REPORT_COLUMNS 18

/* Points that a new state has room for. */
#define LEAST_CAPACITY 8

typedef struct QualityState
{
	int32		header;			/* varlena length word */
	int32		format;			/* QUALITY_FORMAT; stays here in every format */
	int64		capacity;		/* points that the value has room for */
	int64		count;
	QualityPoint points[FLEXIBLE_ARRAY_MEMBER];
} QualityState;

#define STATE_SIZE(capacity) (offsetof(QualityState, points) + (Size) (capacity) * sizeof(QualityPoint))
#define MAX_POINTS ((int64) ((MaxAllocSize - offsetof(QualityState, points)) / sizeof(QualityPoint)))

static const StateType route_quality_state_type;

/* A state in the current context with the points of another, or none, and room for more. */
static QualityState *
MakeState(const QualityState *from, int64 capacity)
{
	QualityState *state;

	if (capacity > MAX_POINTS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("route_quality() cannot hold more than " INT64_FORMAT " requests", MAX_POINTS),
				 errhint("Take a sample of the requests.")));
	state = palloc(STATE_SIZE(capacity));
	memset(state, 0, STATE_SIZE(0));
	SET_VARSIZE(state, STATE_SIZE(capacity));
	state->format = QUALITY_FORMAT;
	state->capacity = capacity;
	if (from != NULL)
	{
		state->count = from->count;
		memcpy(state->points, from->points, from->count * sizeof(QualityPoint));
	}
	return state;
}

/* The state with room for some more points: itself, or a larger copy. */
static QualityState *
MakeRoom(QualityState *state, int64 more)
{
	if (state->count + more <= state->capacity)
		return state;
	return MakeState(state, Max(state->count + more, Min(state->capacity * 2, MAX_POINTS)));
}

Datum
route_quality_accum(PG_FUNCTION_ARGS)
{
	QualityState *state = StateArgument(fcinfo, &route_quality_state_type);
	QualityPoint point;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		PG_RETURN_POINTER(state);
	point = (QualityPoint) {
		PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2), PG_GETARG_FLOAT8(3)
	};
	if (!QualityPointIsUsable(&point))
		PG_RETURN_POINTER(state);
	state = MakeRoom(state, 1);
	state->points[state->count++] = point;
	PG_RETURN_POINTER(state);
}

Datum
route_quality_combine(PG_FUNCTION_ARGS)
{
	QualityState *state = StateArgument(fcinfo, &route_quality_state_type);
	const QualityState *other;

	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(state);
	other = route_quality_state_type.of_datum(PG_GETARG_DATUM(1));
	state = MakeRoom(state, other->count);
	memcpy(state->points + state->count, other->points, other->count * sizeof(QualityPoint));
	state->count += other->count;
	PG_RETURN_POINTER(state);
}

/* ---------- the type ---------- */

static void *
StateFields(Fields *fields, void *value)
{
	QualityState *state = value;
	uint32		count = fields->reading ? 0 : (uint32) state->count;

	QualityCountField(fields, &count, MAX_POINTS);
	if (fields->reading)
	{
		state = MakeState(NULL, Max(count, LEAST_CAPACITY));
		state->count = count;
	}
	QualityPointFields(fields, state->points, count);
	return state;
}

static const void *
StateOfDatum(Datum datum)
{
	const QualityState *state = (const QualityState *) PG_DETOAST_DATUM(datum);

	if (VARSIZE(state) < STATE_SIZE(0))
		StateDamagedError(&route_quality_state_type);
	if (state->format != QUALITY_FORMAT)
		StateFormatError(&route_quality_state_type, state->format);
	if (state->count < 0 || state->count > state->capacity || state->capacity > MAX_POINTS ||
		VARSIZE(state) != STATE_SIZE(state->capacity))
		StateDamagedError(&route_quality_state_type);
	return state;
}

static Datum
StateToDatum(void *state)
{
	return PointerGetDatum(state);
}

static void *
StateCopy(const void *value)
{
	const QualityState *from = value;

	return MakeState(from, from == NULL ? LEAST_CAPACITY : from->capacity);
}

static const StateType route_quality_state_type = {
	.name = "route_quality_state",.format = QUALITY_FORMAT,
	.fields = StateFields,.of_datum = StateOfDatum,.to_datum = StateToDatum,.copy = StateCopy
};

STATE_TYPE_FUNCTIONS(route_quality_state, route_quality_state_type);

/* ---------- the result ---------- */

static void
PutCurve(const QualityCurve *curve, bool with_holds, Datum *values, int *column)
{
	values[(*column)++] = Float8GetDatum(curve->apgr);
	for (int i = 0; i < QUALITY_THRESHOLDS; i++)
		values[(*column)++] = Float8GetDatum(curve->cpt[i]);
	for (int i = 0; with_holds && i < QUALITY_THRESHOLDS; i++)
		values[(*column)++] = Float8GetDatum(curve->holds[i]);
}

Datum
route_quality_final(PG_FUNCTION_ARGS)
{
	const QualityState *state = route_quality_state_type.of_datum(PG_GETARG_DATUM(0));
	QualityState *sorted = MakeState(state, state->count);
	QualityReport report;
	TupleDesc	description;
	Datum		values[REPORT_COLUMNS] = {0};
	bool		nulls[REPORT_COLUMNS] = {false};
	int			column = 0;

	if (get_call_result_type(fcinfo, NULL, &description) != TYPEFUNC_COMPOSITE ||
		description->natts != REPORT_COLUMNS)
		elog(ERROR, "route_quality_final() does not return its type");
	RouteQuality(sorted->points, (size_t) sorted->count, &report);

	PutCurve(&report.router, true, values, &column);
	values[column++] = Float8GetDatum(0.5);
	PutCurve(&report.oracle, false, values, &column);
	values[column++] = Float8GetDatum(2 * report.router.apgr - 1);
	if (report.status != QUALITY_OK)
	{
		for (int i = 0; i < column; i++)
			nulls[i] = true;
	}
	values[column++] = Float8GetDatum(report.weak);
	values[column++] = Float8GetDatum(report.strong);
	if (report.status == QUALITY_EMPTY)
		nulls[column - 1] = nulls[column - 2] = true;
	values[column++] = Int64GetDatum(state->count);
	values[column++] = BoolGetDatum(memcmp(report.router.cpt, report.router.holds, sizeof(report.router.cpt)) != 0);
	nulls[column - 1] = report.status != QUALITY_OK;
	values[column++] = CStringGetTextDatum(QualityStatusName(report.status));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(description), values, nulls)));
}
