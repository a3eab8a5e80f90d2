/*
 * route_quality_sql.c
 *	  The aggregate route_quality().
 *
 * The state keeps every request, since the curve is exact: 24 bytes each, in a
 * flat varlena with room to grow.  Rows with a NULL or a NaN are left out.  The
 * text form is "score weak strong" per request, separated by spaces, shortest
 * digits that read back alike; the binary form is that of route_bytes.h.
 */
#include "postgres.h"

#include "common/shortest_dec.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "server/compat.h"
#include "routing/route_bytes.h"

PG_FUNCTION_INFO_V1(route_quality_state_in);
PG_FUNCTION_INFO_V1(route_quality_state_out);
PG_FUNCTION_INFO_V1(route_quality_state_recv);
PG_FUNCTION_INFO_V1(route_quality_state_send);
PG_FUNCTION_INFO_V1(route_quality_accum);
PG_FUNCTION_INFO_V1(route_quality_combine);
PG_FUNCTION_INFO_V1(route_quality_final);

#define REPORT_COLUMNS 18

typedef struct QualityState
{
	int32		header;			/* varlena length word */
	int32		capacity;		/* points that the value has room for */
	int64		count;
	QualityPoint points[FLEXIBLE_ARRAY_MEMBER];
} QualityState;

#define STATE_SIZE(capacity) (offsetof(QualityState, points) + (Size) (capacity) * sizeof(QualityPoint))
#define MAX_POINTS ((int64) ((MaxAllocSize - offsetof(QualityState, points)) / sizeof(QualityPoint)))
#define PG_GETARG_QUALITY_STATE(n) ((QualityState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(n)))

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
	state->capacity = (int32) capacity;
	if (from != NULL)
	{
		state->count = from->count;
		memcpy(state->points, from->points, from->count * sizeof(QualityPoint));
	}
	return state;
}

/* The state of an aggregate, to be changed in place; one that is made when there is none. */
static QualityState *
StateArgument(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		return MakeState(NULL, 8);
	if (AggCheckCallContext(fcinfo, NULL) != 0)
		return PG_GETARG_QUALITY_STATE(0);
	return (QualityState *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0));
}

/* The state with room for some more points: itself, or a larger copy. */
static QualityState *
MakeRoom(QualityState *state, int64 more)
{
	if (state->count + more <= state->capacity)
		return state;
	return MakeState(state, Max(state->count + more, Min((int64) state->capacity * 2, MAX_POINTS)));
}

Datum
route_quality_accum(PG_FUNCTION_ARGS)
{
	QualityState *state = StateArgument(fcinfo);
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
	QualityState *state = StateArgument(fcinfo);
	const QualityState *other;

	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(state);
	other = PG_GETARG_QUALITY_STATE(1);
	state = MakeRoom(state, other->count);
	memcpy(state->points + state->count, other->points, other->count * sizeof(QualityPoint));
	state->count += other->count;
	PG_RETURN_POINTER(state);
}

/* ---------- text and binary form ---------- */

/* Write the shortest digits that read back alike, whatever extra_float_digits is. */
static void
AppendNumber(StringInfo out, double number)
{
	enlargeStringInfo(out, DOUBLE_SHORTEST_DECIMAL_LEN);
	out->len += double_to_shortest_decimal_buf(number, out->data + out->len);
}

Datum
route_quality_state_out(PG_FUNCTION_ARGS)
{
	const QualityState *state = PG_GETARG_QUALITY_STATE(0);
	StringInfoData out;

	initStringInfo(&out);
	for (int64 i = 0; i < state->count; i++)
	{
		const QualityPoint *point = &state->points[i];

		if (i > 0)
			appendStringInfoChar(&out, ' ');
		AppendNumber(&out, point->score);
		appendStringInfoChar(&out, ' ');
		AppendNumber(&out, point->weak);
		appendStringInfoChar(&out, ' ');
		AppendNumber(&out, point->strong);
	}
	PG_RETURN_CSTRING(out.data);
}

static double
NextNumber(char **cursor)
{
	Size		length = strcspn(*cursor, " ");
	char	   *item = pnstrdup(*cursor, length);

	*cursor += length;
	if (**cursor == ' ')
		(*cursor)++;
	return DatumGetFloat8(DirectFunctionCall1(float8in, CStringGetDatum(item)));
}

Datum
route_quality_state_in(PG_FUNCTION_ARGS)
{
	char	   *cursor = PG_GETARG_CSTRING(0);
	QualityState *state = MakeState(NULL, 8);

	while (*cursor != '\0')
	{
		QualityPoint point;

		point.score = NextNumber(&cursor);
		point.weak = NextNumber(&cursor);
		point.strong = NextNumber(&cursor);
		if (!QualityPointIsUsable(&point))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid input syntax for type %s", "route_quality_state"),
					 errhint("Only what the type's own output function wrote can be read.")));
		state = MakeRoom(state, 1);
		state->points[state->count++] = point;
	}
	PG_RETURN_POINTER(state);
}

static void
BinaryError(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid binary representation of type %s", "route_quality_state")));
}

Datum
route_quality_state_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			size = message->len - message->cursor;
	const unsigned char *bytes = (const unsigned char *) pq_getmsgbytes(message, size);
	size_t		count = QualityBytesCount(bytes, size);
	QualityState *state;

	if (count == SIZE_MAX)
		BinaryError();
	state = MakeState(NULL, Max((int64) count, 8));
	if (!QualityBytesRead(bytes, size, state->points))
		BinaryError();
	state->count = (int64) count;
	PG_RETURN_POINTER(state);
}

Datum
route_quality_state_send(PG_FUNCTION_ARGS)
{
	const QualityState *state = PG_GETARG_QUALITY_STATE(0);
	size_t		size = QualityBytesSize((size_t) state->count);
	StringInfoData message;

	pq_begintypsend(&message);
	enlargeStringInfo(&message, (int) size);
	QualityBytesWrite(state->points, (size_t) state->count, (unsigned char *) message.data + message.len);
	message.len += (int) size;
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

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
	const QualityState *state = PG_GETARG_QUALITY_STATE(0);
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
