/*
 * spend_sql.c
 *	  The aggregate spend(): exact sum of what requests cost.
 *
 * The state is a real type of 32 bytes, so that partial sums can travel as text
 * between nodes and lie in tables.  Transition functions change it in place and
 * allocate nothing per row.
 *
 * Invariant: usd is the exact sum of the costs of `requests` priced rows; rows
 * without a model, time or usage, and rows left out by inferacct.unpriced, are
 * not counted.  The sum of no row is NULL.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "server/compat.h"
#include "core/money_sql.h"
#include "price/confidence.h"
#include "session/price_cache.h"
#include "session/request.h"
#include "session/request_arguments.h"
#include "spend/spend_state_sql.h"

PG_FUNCTION_INFO_V1(spend_accum_tokens);
PG_FUNCTION_INFO_V1(spend_accum_usage);
PG_FUNCTION_INFO_V1(spend_accum_book_tokens);
PG_FUNCTION_INFO_V1(spend_accum_book_usage);
PG_FUNCTION_INFO_V1(spend_remove_tokens);
PG_FUNCTION_INFO_V1(spend_remove_usage);
PG_FUNCTION_INFO_V1(spend_remove_book_tokens);
PG_FUNCTION_INFO_V1(spend_remove_book_usage);
PG_FUNCTION_INFO_V1(spend_combine);
PG_FUNCTION_INFO_V1(spend_final);
PG_FUNCTION_INFO_V1(worst_final);

/* ---------- the state: requests, USD, doubt ---------- */

static void *
SpendFields(Fields *fields, void *value)
{
	SpendState *state = fields->reading ? spend_state_type.copy(NULL) : value;
	int64		doubt = state->doubt;

	FieldFormat(fields, spend_state_type.format, false);
	FieldInteger(fields, &state->requests, PG_INT64_MIN, PG_INT64_MAX);
	FieldMoney(fields, &state->usd);
	FieldInteger(fields, &doubt, 0, CONFIDENCE_COUNT);
	state->doubt = (int32) doubt;
	return state;
}

static const void *
SpendOfDatum(Datum datum)
{
	const SpendState *state = (const SpendState *) DatumGetPointer(datum);

	if (state->format != spend_state_type.format || state->doubt < 0 || state->doubt > CONFIDENCE_COUNT)
		StateFormatError(&spend_state_type, (int) state->format);
	return state;
}

static Datum
SpendToDatum(void *state)
{
	return PointerGetDatum(state);
}

static void *
SpendCopy(const void *from)
{
	SpendState *state = palloc0(sizeof(SpendState));

	state->format = spend_state_type.format;
	if (from != NULL)
		*state = *(const SpendState *) from;
	return state;
}

const StateType spend_state_type = {
	.name = "spend_state",.format = 1,
	.fields = SpendFields,.of_datum = SpendOfDatum,.to_datum = SpendToDatum,.copy = SpendCopy
};

STATE_TYPE_FUNCTIONS(spend_state, spend_state_type);

/* ---------- transitions ---------- */

/* Add (sign 1) or take away (sign -1) a request; `book` tells whether a price_book comes first. */
static inline Datum
Accumulate(FunctionCallInfo fcinfo, bool book, bool tokens, int sign)
{
	SpendState *state = StateArgument(fcinfo, &spend_state_type);
	int			first = book ? 2 : 1;
	Request		request;
	const Usage *usage;
	int64		input,
				output;
	Money		usd;
	bool		priced;

	if (book && PG_ARGISNULL(1))
		PG_RETURN_POINTER(state);
	if (tokens)
		priced = TokensRequest(fcinfo, book ? 1 : NO_BOOK, first, &request, &input, &output) &&
			RequestTokensCost(book ? PricingOfArgument(fcinfo, 1) : PricingOfCall(fcinfo), &request, input, output, &usd);
	else
		priced = UsageRequest(fcinfo, book ? 1 : NO_BOOK, first, &request, &usage) &&
			RequestUsageCost(book ? PricingOfArgument(fcinfo, 1) : PricingOfCall(fcinfo), &request, usage, &usd);
	if (priced)
		AddToState(state, sign * usd, sign);
	PG_RETURN_POINTER(state);
}

Datum
spend_accum_tokens(PG_FUNCTION_ARGS)
{
	return Accumulate(fcinfo, false, true, 1);
}

Datum
spend_accum_usage(PG_FUNCTION_ARGS)
{
	return Accumulate(fcinfo, false, false, 1);
}

Datum
spend_accum_book_tokens(PG_FUNCTION_ARGS)
{
	return Accumulate(fcinfo, true, true, 1);
}

Datum
spend_accum_book_usage(PG_FUNCTION_ARGS)
{
	return Accumulate(fcinfo, true, false, 1);
}

Datum
spend_remove_tokens(PG_FUNCTION_ARGS)
{
	return Accumulate(fcinfo, false, true, -1);
}

Datum
spend_remove_usage(PG_FUNCTION_ARGS)
{
	return Accumulate(fcinfo, false, false, -1);
}

Datum
spend_remove_book_tokens(PG_FUNCTION_ARGS)
{
	return Accumulate(fcinfo, true, true, -1);
}

Datum
spend_remove_book_usage(PG_FUNCTION_ARGS)
{
	return Accumulate(fcinfo, true, false, -1);
}

Datum
spend_combine(PG_FUNCTION_ARGS)
{
	SpendState *state = StateArgument(fcinfo, &spend_state_type);

	if (!PG_ARGISNULL(1))
	{
		const SpendState *other = SpendOfDatum(PG_GETARG_DATUM(1));

		AddToState(state, other->usd, other->requests);
		state->doubt = Max(state->doubt, other->doubt);
	}
	PG_RETURN_POINTER(state);
}

/* The worst confidence that the state has met; NULL when nothing had a price. */
Datum
worst_final(PG_FUNCTION_ARGS)
{
	const SpendState *state = PG_ARGISNULL(0) ? NULL : SpendOfDatum(PG_GETARG_DATUM(0));

	if (state == NULL || state->doubt == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(ConfidenceName((Confidence) (CONFIDENCE_COUNT - state->doubt))));
}

Datum
spend_final(PG_FUNCTION_ARGS)
{
	const SpendState *state = PG_ARGISNULL(0) ? NULL : SpendOfDatum(PG_GETARG_DATUM(0));

	if (state == NULL || state->requests == 0)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(MoneyToNumeric(state->usd));
}
