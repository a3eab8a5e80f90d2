/*
 * spend_sql.c
 *	  The aggregate spend(): exact sum of what requests cost.
 *
 * The state is a real type of 24 bytes, so that partial sums can travel as text
 * between nodes and lie in tables.  Transition functions change it in place and
 * allocate nothing per row.
 *
 * Invariant: usd is the exact sum of the costs of `requests` priced rows; rows
 * without a model, time or usage, and rows left out by inferacct.unpriced, are
 * not counted.  The sum of no row is NULL.
 */
#include "postgres.h"

#include "fmgr.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"

#include "server/compat.h"
#include "core/money_sql.h"
#include "session/price_cache.h"
#include "session/request.h"
#include "session/request_arguments.h"
#include "spend/spend_state_sql.h"

PG_FUNCTION_INFO_V1(spend_state_in);
PG_FUNCTION_INFO_V1(spend_state_out);
PG_FUNCTION_INFO_V1(spend_state_recv);
PG_FUNCTION_INFO_V1(spend_state_send);
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

/* ---------- text and binary form: requests:usd ---------- */

Datum
spend_state_in(PG_FUNCTION_ARGS)
{
	char	   *string = PG_GETARG_CSTRING(0);
	char	   *colon = strchr(string, ':');
	SpendState *state = palloc0(sizeof(SpendState));

	if (colon == NULL || MoneyFromText(colon + 1, &state->usd) != MONEY_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", "spend_state", string),
				 errhint("Expected the number of requests, a colon and the sum in USD.")));
	state->requests = pg_strtoint64(pnstrdup(string, colon - string));
	PG_RETURN_POINTER(state);
}

Datum
spend_state_out(PG_FUNCTION_ARGS)
{
	const SpendState *state = (SpendState *) PG_GETARG_POINTER(0);
	char		usd[MONEY_TEXT_SIZE];

	MoneyToText(state->usd, usd);
	PG_RETURN_CSTRING(psprintf(INT64_FORMAT ":%s", state->requests, usd));
}

Datum
spend_state_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	SpendState *state = palloc(sizeof(SpendState));

	state->requests = pq_getmsgint64(message);
	state->usd = MoneyReceive(message);
	PG_RETURN_POINTER(state);
}

Datum
spend_state_send(PG_FUNCTION_ARGS)
{
	const SpendState *state = (SpendState *) PG_GETARG_POINTER(0);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendint64(&message, state->requests);
	MoneySend(&message, state->usd);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/* ---------- transitions ---------- */

/* Add (sign 1) or take away (sign -1) a request; `book` tells whether a price_book comes first. */
static inline Datum
Accumulate(FunctionCallInfo fcinfo, bool book, bool tokens, int sign)
{
	SpendState *state = StateArgument(fcinfo);
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
		priced = TokensRequest(fcinfo, first, &request, &input, &output) &&
			RequestTokensCost(book ? PricingOfArgument(fcinfo, 1) : PricingOfCall(fcinfo), &request, input, output, &usd);
	else
		priced = UsageRequest(fcinfo, first, &request, &usage) &&
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
	SpendState *state = StateArgument(fcinfo);

	if (!PG_ARGISNULL(1))
	{
		const SpendState *other = (SpendState *) PG_GETARG_POINTER(1);

		AddToState(state, other->usd, other->requests);
	}
	PG_RETURN_POINTER(state);
}

Datum
spend_final(PG_FUNCTION_ARGS)
{
	const SpendState *state = PG_ARGISNULL(0) ? NULL : (SpendState *) PG_GETARG_POINTER(0);

	if (state == NULL || state->requests == 0)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(MoneyToNumeric(state->usd));
}
