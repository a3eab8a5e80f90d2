/*
 * cache_savings_sql.c
 *	  The aggregate cache_savings(): what a prompt cache saved, net of what it
 *	  cost to write it, and how often a written token must be read to pay.
 *
 * The state is a real type of fixed size, changed in place.  A request that has
 * no price as it is, or without a cache, is an error, or left out.
 * Units: USD x 1e-15, tokens.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "server/compat.h"
#include "core/money_sql.h"
#include "session/price_cache.h"
#include "session/request_arguments.h"
#include "spend/cache_state_sql.h"
#include "spend/spend_state_sql.h"

PG_FUNCTION_INFO_V1(cache_accum);
PG_FUNCTION_INFO_V1(cache_combine);
PG_FUNCTION_INFO_V1(cache_final);

StaticAssertDecl(sizeof(CacheState) == 160, "cache_state is declared with 160 bytes");

/* ---------- the state ---------- */

static void *
CacheFields(Fields *fields, void *value)
{
	CacheState *state = fields->reading ? cache_state_type.copy(NULL) : value;
	CacheSavings *sum = &state->sum;

	FieldFormat(fields, cache_state_type.format, false);
	FieldInteger(fields, &sum->requests, 0, PG_INT64_MAX);
	FieldInteger(fields, &sum->input_tokens, 0, PG_INT64_MAX);
	FieldInteger(fields, &sum->read_tokens, 0, PG_INT64_MAX);
	FieldInteger(fields, &sum->write_tokens, 0, PG_INT64_MAX);
	FieldInteger(fields, &sum->write_1h_tokens, 0, PG_INT64_MAX);
	FieldMoney(fields, &sum->usd);
	FieldMoney(fields, &sum->saved);
	FieldMoney(fields, &sum->premium);
	FieldMoney(fields, &sum->premium_1h);
	FieldMoney(fields, &sum->reread);
	FieldMoney(fields, &sum->reread_1h);
	FieldMoney(fields, &sum->unread);
	return state;
}

static const void *
CacheOfDatum(Datum datum)
{
	const CacheState *state = (const CacheState *) DatumGetPointer(datum);

	if (state->format != cache_state_type.format)
		StateFormatError(&cache_state_type, (int) state->format);
	return state;
}

static Datum
CacheToDatum(void *state)
{
	return PointerGetDatum(state);
}

static void *
CacheCopy(const void *from)
{
	CacheState *state = palloc0(sizeof(CacheState));

	state->format = cache_state_type.format;
	if (from != NULL)
		*state = *(const CacheState *) from;
	return state;
}

const StateType cache_state_type = {
	.name = "cache_state",.format = 1,
	.fields = CacheFields,.of_datum = CacheOfDatum,.to_datum = CacheToDatum,.copy = CacheCopy
};

STATE_TYPE_FUNCTIONS(cache_state, cache_state_type);

/* ---------- transitions ---------- */

void
AddToCacheState(CacheState *state, Pricing *pricing, const RequestPrice *price, const Usage *usage, TimestampTz at)
{
	CostProblem problem;

	RequestOutcome(pricing, CacheSavingsAdd(&state->sum, price->vector, usage, &problem), &problem, price, at);
}

Datum
cache_accum(PG_FUNCTION_ARGS)
{
	CacheState *state = StateArgument(fcinfo, &cache_state_type);
	RequestPrice price = {.refusal = NULL};
	Request		request;
	const Usage *usage;
	Pricing    *pricing;

	if (!UsageRequest(fcinfo, NO_BOOK, 1, &request, &usage))
		PG_RETURN_POINTER(state);
	pricing = PricingOfCall(fcinfo);
	if (RequestFindPrice(pricing, &request, usage, &price))
		AddToCacheState(state, pricing, &price, usage, request.at);
	PG_RETURN_POINTER(state);
}

static void
OutOfRange(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("what a cache saves is out of range")));
}

Datum
cache_combine(PG_FUNCTION_ARGS)
{
	CacheState *state = StateArgument(fcinfo, &cache_state_type);

	if (!PG_ARGISNULL(1) &&
		!CacheSavingsMerge(&state->sum, &((const CacheState *) CacheOfDatum(PG_GETARG_DATUM(1)))->sum))
		OutOfRange();
	PG_RETURN_POINTER(state);
}

/* ---------- the result ---------- */

/* How many reads of what was written earn back its premium; NULL: nothing was written, or no number of them does. */
static Datum
Reuse(Money premium, Money reread, int64 written, bool *null)
{
	*null = written == 0 || reread <= 0;
	return *null ? (Datum) 0 : MoneyQuotient(Max(premium, 0), reread);
}

static Datum
Share(int64 part, Money whole, bool *null)
{
	*null = whole == 0;
	return *null ? (Datum) 0 : MoneyQuotient(part, whole);
}

static Datum
Usd(Money money)
{
	return NumericGetDatum(MoneyToNumeric(money));
}

#define CACHE_COLUMNS 16

Datum
cache_final(PG_FUNCTION_ARGS)
{
	static const CacheSavings nothing = {0};
	const CacheState *state = PG_ARGISNULL(0) ? NULL : CacheOfDatum(PG_GETARG_DATUM(0));
	const CacheSavings *sum;
	Datum		values[CACHE_COLUMNS];
	bool		nulls[CACHE_COLUMNS] = {false};
	TupleDesc	row;
	Money		premium,
				net,
				reread,
				written,
				prompt;

	if (state == NULL || memcmp(&state->sum, &nothing, sizeof(nothing)) == 0)
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "cache_savings() does not return a row");
	sum = &state->sum;
	if (!CacheSavingsNet(sum, &premium, &net) || __builtin_add_overflow(sum->reread, sum->reread_1h, &reread))
		OutOfRange();
	written = (Money) sum->write_tokens + sum->write_1h_tokens;
	prompt = written + sum->read_tokens + sum->input_tokens;

	values[0] = Usd(sum->saved);
	values[1] = Usd(premium);
	values[2] = Usd(net);
	values[3] = Reuse(premium, reread, written != 0, &nulls[3]);
	values[4] = Reuse(sum->premium, sum->reread, sum->write_tokens, &nulls[4]);
	values[5] = Reuse(sum->premium_1h, sum->reread_1h, sum->write_1h_tokens, &nulls[5]);
	values[6] = Share(sum->read_tokens, written, &nulls[6]);
	values[7] = Share(sum->read_tokens, prompt, &nulls[7]);
	values[8] = Int64GetDatum(sum->requests);
	values[9] = Int64GetDatum(sum->input_tokens);
	values[10] = Int64GetDatum(sum->read_tokens);
	values[11] = Int64GetDatum(sum->write_tokens);
	values[12] = Int64GetDatum(sum->write_1h_tokens);
	values[13] = Usd(sum->usd);
	values[14] = Usd(sum->unread);
	nulls[15] = written != 0 && reread > 0;
	values[15] = nulls[15] ? (Datum) 0 :
		CStringGetTextDatum(written == 0 ? "nothing was written to a cache" :
							"a read costs no less than plain input: writing never pays");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls));
}
