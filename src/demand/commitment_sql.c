/*
 * commitment_sql.c
 *	  The state of the aggregates commitment() and spend_commitment(): the rows
 *	  themselves, three numerics each, in one numeric[].
 *
 * The verdict needs every hour, and any precision that numeric has, so nothing
 * smaller would do; hours are few.  The array is an expanded object that the
 * transition functions append to in place.
 *
 * Invariant: a state has a multiple of three elements, none of them NULL.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "core/state_sql.h"
#include "server/compat.h"

PG_FUNCTION_INFO_V1(commitment_accum);
PG_FUNCTION_INFO_V1(spend_commitment_accum);
PG_FUNCTION_INFO_V1(commitment_combine);

#define VALUES_PER_ROW 3

/* The state so far, or an empty one, as an array that can grow in place. */
static ExpandedArrayHeader *
StateArray(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		return construct_empty_expanded_array(NUMERICOID, StateContext(fcinfo), NULL);
	if (IsAggregateCall(fcinfo))
		return DatumGetExpandedArray(PG_GETARG_DATUM(0));

	/* Called as a plain function: leave the argument as it is. */
	return DatumGetExpandedArray(PointerGetDatum(DatumGetArrayTypePCopy(PG_GETARG_DATUM(0))));
}

static void
AppendNumeric(ExpandedArrayHeader *state, Datum value)
{
	int			index = state->ndims == 0 ? 1 : state->lbound[0] + state->dims[0];

	array_set_element(EOHPGetRWDatum(&state->hdr), 1, &index, value, false, -1, -1, false, TYPALIGN_INT);
}

/* A row without one of its values cannot be left out: it is an hour. */
static void
CheckRow(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("an hour of a commitment cannot be null"),
				 errhint("An hour without demand has 0 units; leave rows out with FILTER.")));
}

Datum
commitment_accum(PG_FUNCTION_ARGS)
{
	ExpandedArrayHeader *state;

	CheckRow(fcinfo);
	state = StateArray(fcinfo);
	for (int i = 1; i <= VALUES_PER_ROW; i++)
		AppendNumeric(state, PG_GETARG_DATUM(i));
	PG_RETURN_DATUM(EOHPGetRWDatum(&state->hdr));
}

/* The hour in place of the time, as a number of hours. */
Datum
spend_commitment_accum(PG_FUNCTION_ARGS)
{
	ExpandedArrayHeader *state;
	TimestampTz at;
	int64		hour;

	CheckRow(fcinfo);
	at = PG_GETARG_TIMESTAMPTZ(1);
	if (TIMESTAMP_NOT_FINITE(at))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("the hour of a commitment must be finite")));
	hour = at / USECS_PER_HOUR - (at % USECS_PER_HOUR < 0 ? 1 : 0);
	state = StateArray(fcinfo);
	AppendNumeric(state, NumericGetDatum(int64_to_numeric(hour)));
	AppendNumeric(state, PG_GETARG_DATUM(2));
	AppendNumeric(state, PG_GETARG_DATUM(3));
	PG_RETURN_DATUM(EOHPGetRWDatum(&state->hdr));
}

/* Append the rows of the second state to the first. */
Datum
commitment_combine(PG_FUNCTION_ARGS)
{
	ExpandedArrayHeader *state;
	Datum	   *values;
	int			nvalues;

	if (PG_ARGISNULL(1))
		return StateUnchanged(fcinfo);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), NUMERICOID, -1, false, TYPALIGN_INT, &values, NULL, &nvalues);
	state = StateArray(fcinfo);
	for (int i = 0; i < nvalues; i++)
		AppendNumeric(state, values[i]);
	PG_RETURN_DATUM(EOHPGetRWDatum(&state->hdr));
}
