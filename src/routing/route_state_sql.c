/*
 * route_state_sql.c
 *	  Type route_savings_state, and what it contains as rows.
 *
 * A state is a flat varlena that the aggregate changes in place (route_state.h);
 * its forms are those of route_fields.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "server/compat.h"
#include "core/money_sql.h"
#include "routing/route_fields.h"
#include "routing/route_state_sql.h"

PG_FUNCTION_INFO_V1(route_savings_summary);
PG_FUNCTION_INFO_V1(route_savings_tiers);
PG_FUNCTION_INFO_V1(route_savings_lengths);

/* ---------- the type ---------- */

/* Does jsonb take a text?  cJSON, which has looked at it before, is less strict. */
static bool
IsJsonb(const char *text)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile bool good = true;

	PG_TRY();
	{
		DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
	}
	PG_CATCH();
	{
		if (ERRCODE_TO_CATEGORY(geterrcode()) != ERRCODE_DATA_EXCEPTION)
			PG_RE_THROW();
		MemoryContextSwitchTo(caller);
		FlushErrorState();
		good = false;
	}
	PG_END_TRY();
	return good;
}

static void *
StateFields(Fields *fields, void *value)
{
	RouteState *state = RouteStateFields(fields, value);

	if (state != NULL && !IsJsonb(RouteDefinition(state)))
		FieldsRefuse(fields);
	return state;
}

static const void *
StateOfDatum(Datum datum)
{
	const RouteState *state = (const RouteState *) PG_DETOAST_DATUM(datum);

	if (VARSIZE(state) < sizeof(RouteState))
		StateDamagedError(&route_savings_state_type);
	if (state->format != ROUTE_STATE_FORMAT)
		StateFormatError(&route_savings_state_type, state->format);
	if (!RouteStateIsValid(state, VARSIZE(state)))
		StateDamagedError(&route_savings_state_type);
	return state;
}

static Datum
StateToDatum(void *value)
{
	RouteState *state = value;

	SET_VARSIZE(state, RouteStateSize(state->ntiers, state->names_size, state->nbuckets));
	return PointerGetDatum(state);
}

/* A new state is one of a policy and a baseline: there is none without. */
static void *
StateCopy(const void *value)
{
	const RouteState *from = value;
	RouteState *state;

	if (from == NULL)
		return NULL;
	state = palloc(VARSIZE(from));
	memcpy(state, from, VARSIZE(from));
	return state;
}

const StateType route_savings_state_type = {
	.name = "route_savings_state",.format = ROUTE_STATE_FORMAT,
	.fields = StateFields,.of_datum = StateOfDatum,.to_datum = StateToDatum,.copy = StateCopy
};

STATE_TYPE_FUNCTIONS(route_savings_state, route_savings_state_type);

/* ---------- as rows ---------- */

static Datum
AmountsToArray(const Money *amounts, int count)
{
	Datum		values[ROUTE_MAX_TIERS + 1];

	for (int i = 0; i < count; i++)
		values[i] = NumericGetDatum(MoneyToNumeric(amounts[i]));
	return PointerGetDatum(construct_array(values, count, NUMERICOID, -1, false, TYPALIGN_INT));
}

Datum
route_savings_summary(PG_FUNCTION_ARGS)
{
	const RouteState *state = StateOfDatum(PG_GETARG_DATUM(0));
	bool		empty = state->requests == 0;
	bool		nulls[7] = {false, false, false, false, false, empty, empty};
	Datum		values[7] = {
		CStringGetTextDatum(RouteDefinition(state)),
		CStringGetTextDatum(RouteBaseline(state)),
		Int64GetDatum(state->requests),
		Int64GetDatum(state->unscored),
		Int64GetDatum(state->left_out),
		TimestampTzGetDatum(state->first_at),
		TimestampTzGetDatum(state->last_at)
	};
	TupleDesc	description;

	if (get_call_result_type(fcinfo, NULL, &description) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(description), values, nulls)));
}

Datum
route_savings_tiers(PG_FUNCTION_ARGS)
{
	const RouteState *state = StateOfDatum(PG_GETARG_DATUM(0));
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		nulls[4] = {false};

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < state->ntiers; i++)
	{
		const RouteTierSums *tier = RouteTierAt(state, i);
		Datum		values[4] = {
			Int32GetDatum(i + 1),
			Int64GetDatum(tier->requests),
			AmountsToArray(tier->usd, state->ntiers),
			NumericGetDatum(MoneyToNumeric(tier->usd[state->ntiers]))
		};

		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

Datum
route_savings_lengths(PG_FUNCTION_ARGS)
{
	const RouteState *state = StateOfDatum(PG_GETARG_DATUM(0));
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		nulls[3] = {false};

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < state->nbuckets; i++)
	{
		const RouteBucketSums *bucket = RouteBucketAt(state, i);
		Datum		values[3] = {
			Int64GetDatum(RouteBucketFrom(state->first_bucket + i)),
			Int64GetDatum(bucket->requests),
			AmountsToArray(bucket->usd, state->ntiers)
		};

		if (bucket->requests > 0)
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
