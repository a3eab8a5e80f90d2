/*
 * usage_sql.c
 *	  SQL type usage: text and binary form, construction, operators, sum().
 *
 * Invariant: every Datum made here is a Usage that UsageIsValid() accepts, with
 * its length word set, so that equal usages are equal bytes and hash alike.
 * Units: see meter.h.  Results are palloc'd in the current memory context; only
 * an aggregate's own state is changed in place.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "common/hashfn.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "port/pg_bitutils.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "server/call_site.h"
#include "server/errors.h"
#include "server/guc.h"
#include "core/meter_sql.h"
#include "core/usage_sql.h"

PG_FUNCTION_INFO_V1(usage_in);
PG_FUNCTION_INFO_V1(usage_out);
PG_FUNCTION_INFO_V1(usage_recv);
PG_FUNCTION_INFO_V1(usage_send);
PG_FUNCTION_INFO_V1(usage_make);
PG_FUNCTION_INFO_V1(usage_from_json);
PG_FUNCTION_INFO_V1(usage_from_jsonb);
PG_FUNCTION_INFO_V1(usage_to_json);
PG_FUNCTION_INFO_V1(usage_to_jsonb);
PG_FUNCTION_INFO_V1(usage_add);
PG_FUNCTION_INFO_V1(usage_accum);
PG_FUNCTION_INFO_V1(usage_subtract);
PG_FUNCTION_INFO_V1(usage_eq);
PG_FUNCTION_INFO_V1(usage_ne);
PG_FUNCTION_INFO_V1(usage_lt);
PG_FUNCTION_INFO_V1(usage_le);
PG_FUNCTION_INFO_V1(usage_gt);
PG_FUNCTION_INFO_V1(usage_ge);
PG_FUNCTION_INFO_V1(usage_cmp);
PG_FUNCTION_INFO_V1(usage_hash);
PG_FUNCTION_INFO_V1(usage_hash_extended);
PG_FUNCTION_INFO_V1(usage_meter);
PG_FUNCTION_INFO_V1(usage_input_tokens);
PG_FUNCTION_INFO_V1(usage_output_tokens);
PG_FUNCTION_INFO_V1(usage_cached_tokens);
PG_FUNCTION_INFO_V1(usage_token_part);
PG_FUNCTION_INFO_V1(usage_meters);

/* The bytes that make two usages equal: all but the length word. */
#define USAGE_KEY(usage) ((const unsigned char *) &(usage)->present)
#define USAGE_KEY_SIZE(usage) \
	((int) (USAGE_SIZE(UsageMeters(usage)) - offsetof(Usage, present)))

static void
SetSize(Usage *usage)
{
	SET_VARSIZE(usage, USAGE_SIZE(UsageMeters(usage)));
}

Usage *
UsageCopy(const Usage *usage)
{
	Usage	   *copy = palloc(USAGE_SIZE(UsageMeters(usage)));

	memcpy(copy, usage, USAGE_SIZE(UsageMeters(usage)));
	SetSize(copy);
	return copy;
}

Usage *
UsageFromCounts(const MeterCounts *counts)
{
	UsageBuffer buffer;

	UsagePack(counts, &buffer.usage);
	return UsageCopy(&buffer.usage);
}

void
UsageError(UsageStatus status, Meter meter)
{
	if (status == USAGE_NEGATIVE)
		ereport(ERROR,
				(errcode(ERRCODE_IA_NEGATIVE_USAGE),
				 errmsg("usage of meter \"%s\" cannot be negative", MeterName(meter))));
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("usage of meter \"%s\" is out of range", MeterName(meter)),
			 errdetail("A count does not exceed 9223372036854775807.")));
}

/* ---- text and binary form ---- */

/* Raise why string is not a usage; at is where, as UsageFromText() says it. */
static void
TextError(UsageStatus status, const char *string, const char *at)
{
	int			sqlstate = ERRCODE_INVALID_TEXT_REPRESENTATION;
	char	   *detail;

	switch (status)
	{
		case USAGE_NEGATIVE:
			sqlstate = ERRCODE_IA_NEGATIVE_USAGE;
			detail = psprintf("The count %.*s is below zero.",
							  (int) strcspn(at, ",} \t\r\n"), at);
			break;
		case USAGE_OVERFLOW:
			sqlstate = ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE;
			detail = psprintf("The count %.*s exceeds 9223372036854775807.",
							  (int) strcspn(at, ",} \t\r\n"), at);
			break;
		case USAGE_UNKNOWN_METER:
			detail = psprintf("There is no meter \"%.*s\".", (int) strcspn(at, "\""), at);
			break;
		case USAGE_REPEATED_METER:
			detail = psprintf("Meter \"%.*s\" is given twice.", (int) strcspn(at, "\""), at);
			break;
		default:
			detail = psprintf("It stops being a JSON object of whole numbers at character %d.",
							  pg_mbstrlen_with_len(string, (int) (at - string)) + 1);
			break;
	}
	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg("invalid input syntax for type %s: \"%s\"", "usage", string),
			 errdetail_internal("%s", detail),
			 status == USAGE_SYNTAX || status == USAGE_UNKNOWN_METER ? HintMeters() : 0));
}

static Usage *
UsageFromCString(const char *string)
{
	MeterCounts counts;
	const char *at;
	UsageStatus status = UsageFromText(string, &counts, &at);

	if (status != USAGE_OK)
		TextError(status, string, at);
	return UsageFromCounts(&counts);
}

Datum
usage_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_USAGE(UsageFromCString(PG_GETARG_CSTRING(0)));
}

Datum
usage_out(PG_FUNCTION_ARGS)
{
	char		string[USAGE_TEXT_SIZE];

	UsageToText(PG_GETARG_USAGE(0), string);
	PG_RETURN_CSTRING(pstrdup(string));
}

/* Binary form: the bitmap of meters as uint32, then their counts as int64. */
Datum
usage_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	UsageBuffer buffer;
	Usage	   *usage = &buffer.usage;

	usage->present = pq_getmsgint(message, 4);
	if ((usage->present & ~ALL_METERS) == 0)
	{
		for (int i = 0; i < UsageMeters(usage); i++)
			usage->count[i] = pq_getmsgint64(message);
	}
	if (!UsageIsValid(usage, USAGE_SIZE(UsageMeters(usage))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary representation of type %s", "usage"),
				 errdetail("It has an unknown meter, or a count that is not positive.")));
	PG_RETURN_USAGE(UsageCopy(usage));
}

Datum
usage_send(PG_FUNCTION_ARGS)
{
	const Usage *usage = PG_GETARG_USAGE(0);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendint32(&message, usage->present);
	for (int i = 0; i < UsageMeters(usage); i++)
		pq_sendint64(&message, usage->count[i]);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/* ---- construction and casts ---- */

/* What usage() keeps where it is called. */
typedef struct UsageCall
{
	int			nmeters;		/* that a row may have; 0: not looked at yet */
	uint8		meters[METER_COUNT];
	UsageBuffer made;
} UsageCall;

/* Leave out the meters whose argument is none in every row, as nearly all are by default. */
static pg_noinline void
LookAtArguments(FunctionCallInfo fcinfo, UsageCall *call)
{
	if (PG_NARGS() > METER_COUNT)
		elog(ERROR, "usage() has %d arguments for %d meters", PG_NARGS(), METER_COUNT);
	for (int meter = 0; meter < PG_NARGS(); meter++)
	{
		const Const *given = CallSiteConstant(fcinfo, meter);

		if (given == NULL || !(given->constisnull || DatumGetInt64(given->constvalue) == 0))
			call->meters[call->nmeters++] = (uint8) meter;
	}
}

/*
 * usage(input, output, ...): one argument per meter, NULL or 0 for none.  Called
 * once per log row, hence packed in one pass into memory of the call site, where
 * few of the meters are named.
 */
Datum
usage_make(PG_FUNCTION_ARGS)
{
	UsageCall  *call = CallSiteMemory(fcinfo, sizeof(UsageCall));
	Usage	   *usage = &call->made.usage;
	uint32		present = 0;
	int			n = 0;

	if (unlikely(call->nmeters == 0))
		LookAtArguments(fcinfo, call);
	for (int i = 0; i < call->nmeters; i++)
	{
		int			meter = call->meters[i];
		int64		count = PG_ARGISNULL(meter) ? 0 : PG_GETARG_INT64(meter);

		if (count == 0)
			continue;
		if (count < 0)
			UsageError(USAGE_NEGATIVE, (Meter) meter);
		present |= METER_BIT(meter);
		usage->count[n++] = count;
	}
	SET_VARSIZE(usage, USAGE_SIZE(n));
	usage->present = present;
	PG_RETURN_USAGE(usage);
}

Datum
usage_from_json(PG_FUNCTION_ARGS)
{
	PG_RETURN_USAGE(UsageFromCString(text_to_cstring(PG_GETARG_TEXT_PP(0))));
}

Datum
usage_from_jsonb(PG_FUNCTION_ARGS)
{
	Jsonb	   *jsonb = PG_GETARG_JSONB_P(0);

	PG_RETURN_USAGE(UsageFromCString(JsonbToCString(NULL, &jsonb->root, VARSIZE(jsonb))));
}

Datum
usage_to_json(PG_FUNCTION_ARGS)
{
	char		string[USAGE_TEXT_SIZE];
	int			length = UsageToText(PG_GETARG_USAGE(0), string);

	PG_RETURN_TEXT_P(cstring_to_text_with_len(string, length));
}

Datum
usage_to_jsonb(PG_FUNCTION_ARGS)
{
	char		string[USAGE_TEXT_SIZE];

	UsageToText(PG_GETARG_USAGE(0), string);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(string));
}

/* ---- sums and differences ---- */

/*
 * left + right; also the transition and the combine function of sum(), which
 * then adds to its own state in place unless a meter is new to it.
 */
Datum
usage_add(PG_FUNCTION_ARGS)
{
	const Usage *left = PG_GETARG_USAGE(0);
	const Usage *right = PG_GETARG_USAGE(1);
	bool		in_place = (right->present & ~left->present) == 0 &&
		AggCheckCallContext(fcinfo, NULL);
	UsageBuffer buffer;
	Usage	   *result = in_place ? (Usage *) PG_GETARG_POINTER(0) : &buffer.usage;
	Meter		meter;
	UsageStatus status = UsageSum(left, right, result, &meter);

	if (status != USAGE_OK)
		UsageError(status, meter);
	PG_RETURN_USAGE(in_place ? result : UsageCopy(result));
}

/* Say it once for each sum of a statement. */
static void
WarnOfLeftOut(FunctionCallInfo fcinfo)
{
	bool	   *warned = CallSiteMemory(fcinfo, sizeof(bool));

	if (*warned)
		return;
	*warned = true;
	ereport(WARNING,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("a usage with a count above " INT64_FORMAT " is left out of a sum", ROW_COUNT_MAX),
			 errhint("rejected_usage names such rows of the log and of sources.")));
}

/* The transition function of sum(): where what has no price is left out, so is a count that no request has. */
Datum
usage_accum(PG_FUNCTION_ARGS)
{
	if (!PG_ARGISNULL(1) && setting_unpriced == UNPRICED_NULL && unlikely(UsageIsBeyond(PG_GETARG_USAGE(1))))
		WarnOfLeftOut(fcinfo);
	else if (!PG_ARGISNULL(1))
		return PG_ARGISNULL(0) ? PG_GETARG_DATUM(1) : usage_add(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return PG_GETARG_DATUM(0);
}

/* left - right */
Datum
usage_subtract(PG_FUNCTION_ARGS)
{
	const Usage *left = PG_GETARG_USAGE(0);
	const Usage *right = PG_GETARG_USAGE(1);
	UsageBuffer buffer;
	Meter		meter;
	UsageStatus status = UsageDifference(left, right, &buffer.usage, &meter);

	if (status != USAGE_OK)
		UsageError(status, meter);
	PG_RETURN_USAGE(UsageCopy(&buffer.usage));
}

/* ---- comparison ---- */

Datum
usage_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(UsageEqual(PG_GETARG_USAGE(0), PG_GETARG_USAGE(1)));
}

Datum
usage_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!UsageEqual(PG_GETARG_USAGE(0), PG_GETARG_USAGE(1)));
}

Datum
usage_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(UsageCompare(PG_GETARG_USAGE(0), PG_GETARG_USAGE(1)) < 0);
}

Datum
usage_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(UsageCompare(PG_GETARG_USAGE(0), PG_GETARG_USAGE(1)) <= 0);
}

Datum
usage_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(UsageCompare(PG_GETARG_USAGE(0), PG_GETARG_USAGE(1)) > 0);
}

Datum
usage_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(UsageCompare(PG_GETARG_USAGE(0), PG_GETARG_USAGE(1)) >= 0);
}

Datum
usage_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(UsageCompare(PG_GETARG_USAGE(0), PG_GETARG_USAGE(1)));
}

Datum
usage_hash(PG_FUNCTION_ARGS)
{
	const Usage *usage = PG_GETARG_USAGE(0);

	return hash_any(USAGE_KEY(usage), USAGE_KEY_SIZE(usage));
}

Datum
usage_hash_extended(PG_FUNCTION_ARGS)
{
	const Usage *usage = PG_GETARG_USAGE(0);

	return hash_any_extended(USAGE_KEY(usage), USAGE_KEY_SIZE(usage), PG_GETARG_INT64(1));
}

/* ---- reading single meters ---- */

/* meter(usage, name): the count of one meter, 0 when it was not consumed. */
Datum
usage_meter(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(UsageCount(PG_GETARG_USAGE(0), MeterArgument(PG_GETARG_TEXT_PP(1))));
}

/* The total of these meters, which are called so. */
static int64
TokensOf(const Usage *usage, uint32 meters, const char *what)
{
	int64		total;

	if (!UsageTotal(usage, meters, &total))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s tokens are out of range", what),
				 errdetail("Their sum exceeds 9223372036854775807.")));
	return total;
}

Datum
usage_input_tokens(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(TokensOf(PG_GETARG_USAGE(0), METERS_OF_INPUT, "input"));
}

Datum
usage_output_tokens(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(TokensOf(PG_GETARG_USAGE(0), METERS_OF_OUTPUT, "output"));
}

Datum
usage_cached_tokens(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(TokensOf(PG_GETARG_USAGE(0), METERS_OF_CACHE, "cached"));
}

/* token_part(usage): without what is not tokens. */
Datum
usage_token_part(PG_FUNCTION_ARGS)
{
	MeterCounts counts;

	UsageUnpack(PG_GETARG_USAGE(0), &counts);
	for (Meter meter = 0; meter < METER_COUNT; meter++)
	{
		if (!MeterIsTokens(meter))
			counts.of[meter] = 0;
	}
	PG_RETURN_USAGE(UsageFromCounts(&counts));
}

/* meters(usage): one row for each meter that was consumed, in the order of meter.h. */
Datum
usage_meters(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	const Usage *usage;
	uint32		left;			/* meters that are not returned yet */
	Datum		values[2];
	bool		nulls[2] = {false, false};

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext caller;
		TupleDesc	row;

		context = SRF_FIRSTCALL_INIT();
		caller = MemoryContextSwitchTo(context->multi_call_memory_ctx);
		if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "meters() does not return a row");
		context->tuple_desc = BlessTupleDesc(row);
		context->user_fctx = UsageCopy(PG_GETARG_USAGE(0));
		MemoryContextSwitchTo(caller);
	}

	context = SRF_PERCALL_SETUP();
	usage = context->user_fctx;
	left = usage->present;
	for (uint64 i = 0; i < context->call_cntr; i++)
		left &= left - 1;
	if (left == 0)
		SRF_RETURN_DONE(context);

	values[0] = CStringGetTextDatum(MeterName((Meter) pg_rightmost_one_pos32(left)));
	values[1] = Int64GetDatum(usage->count[context->call_cntr]);
	SRF_RETURN_NEXT(context, HeapTupleGetDatum(heap_form_tuple(context->tuple_desc, values, nulls)));
}
