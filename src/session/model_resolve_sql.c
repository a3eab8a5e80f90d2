/*
 * model_resolve_sql.c
 *	  resolve_model(): what a model's name means.
 *
 * Invariant: the answer is the one that token_cost() acts on, as both ask the
 * Pricing of the statement.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "session/price_cache.h"
#include "session/request_arguments.h"

PG_FUNCTION_INFO_V1(resolve_model);

#define RESOLVE_COLUMNS 4

/* The match as a row of (provider, model, region or NULL, rule). */
static HeapTuple
MatchTuple(FunctionCallInfo fcinfo, const ModelMatch *match)
{
	TupleDesc	desc;
	bool		nulls[RESOLVE_COLUMNS] = {false};
	Datum		values[RESOLVE_COLUMNS] = {
		CStringGetTextDatum(match->ref.provider),
		CStringGetTextDatum(match->ref.model),
		CStringGetTextDatum(match->ref.region),
		CStringGetTextDatum(ModelRuleName(match->rule))
	};

	nulls[2] = match->ref.region[0] == '\0';
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return heap_form_tuple(BlessTupleDesc(desc), values, nulls);
}

Datum
resolve_model(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(1);
	Pricing    *pricing = PricingOfStatement();
	ModelMatch	match;

	CheckRequestTime(at);
	if (PricingResolve(pricing, name, at, &match) != MODEL_FOUND)
	{
		Refusal		refusal;

		if (PricingLeavesOut(pricing))
			PG_RETURN_NULL();
		refusal = PricingNameRefusal(pricing, name, strlen(name), at, true);
		RaiseRefusal(&refusal);
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(MatchTuple(fcinfo, &match)));
}
