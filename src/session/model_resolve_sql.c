/*
 * model_resolve_sql.c
 *	  resolve_model(): what a model's name means; may_mean(): what it might mean
 *	  at other prices.
 *
 * Invariant: the answer is the one that token_cost() acts on, as both ask the
 * Pricing of the statement; and no prices give it one that may_mean() rules out.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "session/price_cache.h"
#include "session/request_arguments.h"

PG_FUNCTION_INFO_V1(resolve_model);
PG_FUNCTION_INFO_V1(may_mean);

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
		refusal = NameRefusal(pricing, name, strlen(name), at, true);
		RaiseRefusal(&refusal);
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(MatchTuple(fcinfo, &match)));
}

/* (model, names): may the name lead to one of the names, of models and their aliases? */
Datum
may_mean(PG_FUNCTION_ARGS)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	const char **names;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	names = palloc(Max(count, 1) * sizeof(char *));
	for (int i = 0; i < count; i++)
		names[i] = nulls[i] ? "" : TextDatumGetCString(elements[i]);
	PG_RETURN_BOOL(ModelMayMean(text_to_cstring(PG_GETARG_TEXT_PP(0)), names, count));
}
