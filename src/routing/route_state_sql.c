/*
 * route_state_sql.c
 *	  Type route_savings_state: text and binary form, and what it contains as
 *	  rows.
 *
 * Text form, one space between items and amounts in USD:
 *	ntiers requests unscored left_out first_at last_at
 *	{requests usd ... baseline_usd} per tier
 *	buckets {bucket requests usd ...} per bucket with requests
 *	length-of-definition definition baseline
 * where the last two are the bytes themselves.  It is lossless, and so is the
 * binary form, that of route_bytes.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "server/compat.h"
#include "core/money_sql.h"
#include "routing/route_bytes.h"

PG_FUNCTION_INFO_V1(route_savings_state_in);
PG_FUNCTION_INFO_V1(route_savings_state_out);
PG_FUNCTION_INFO_V1(route_savings_state_recv);
PG_FUNCTION_INFO_V1(route_savings_state_send);
PG_FUNCTION_INFO_V1(route_savings_summary);
PG_FUNCTION_INFO_V1(route_savings_tiers);
PG_FUNCTION_INFO_V1(route_savings_lengths);

#define PG_GETARG_ROUTE_STATE(n) ((const RouteState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(n)))

/* ---------- out ---------- */

static void
AppendAmounts(StringInfo out, const Money *amounts, int count)
{
	char		usd[MONEY_TEXT_SIZE];

	for (int i = 0; i < count; i++)
	{
		MoneyToText(amounts[i], usd);
		appendStringInfo(out, " %s", usd);
	}
}

Datum
route_savings_state_out(PG_FUNCTION_ARGS)
{
	const RouteState *state = PG_GETARG_ROUTE_STATE(0);
	StringInfoData out;
	int			filled = 0;

	initStringInfo(&out);
	appendStringInfo(&out, "%d " INT64_FORMAT " " INT64_FORMAT " " INT64_FORMAT " " INT64_FORMAT " " INT64_FORMAT,
					 state->ntiers, state->requests, state->unscored, state->left_out, state->first_at, state->last_at);
	for (int i = 0; i < state->ntiers; i++)
	{
		const RouteTierSums *tier = RouteTierAt(state, i);

		appendStringInfo(&out, " " INT64_FORMAT, tier->requests);
		AppendAmounts(&out, tier->usd, state->ntiers + 1);
	}
	for (int i = 0; i < state->nbuckets; i++)
		filled += RouteBucketAt(state, i)->requests > 0;
	appendStringInfo(&out, " %d", filled);
	for (int i = 0; i < state->nbuckets; i++)
	{
		const RouteBucketSums *bucket = RouteBucketAt(state, i);

		if (bucket->requests == 0)
			continue;
		appendStringInfo(&out, " %d " INT64_FORMAT, state->first_bucket + i, bucket->requests);
		AppendAmounts(&out, bucket->usd, state->ntiers);
	}
	appendStringInfo(&out, " %zu %s %s", strlen(RouteDefinition(state)), RouteDefinition(state), RouteBaseline(state));
	PG_RETURN_CSTRING(out.data);
}

/* ---------- in ---------- */

static void
SyntaxError(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s", "route_savings_state"),
			 errhint("Only what the type's own output function wrote can be read.")));
}

/* The next item, up to a space, in `item`. */
static void
NextItem(char **cursor, char item[MONEY_TEXT_SIZE])
{
	Size		length = strcspn(*cursor, " ");

	if (length == 0 || length >= MONEY_TEXT_SIZE || (*cursor)[length] == '\0')
		SyntaxError();
	memcpy(item, *cursor, length);
	item[length] = '\0';
	*cursor += length + 1;
}

static int64
NextInt64(char **cursor)
{
	char		item[MONEY_TEXT_SIZE];

	NextItem(cursor, item);
	return pg_strtoint64(item);
}

static int
NextInt(char **cursor, int64 from, int64 to)
{
	int64		value = NextInt64(cursor);

	if (value < from || value > to)
		SyntaxError();
	return (int) value;
}

static void
NextAmounts(char **cursor, Money *amounts, int count)
{
	char		item[MONEY_TEXT_SIZE];

	for (int i = 0; i < count; i++)
	{
		NextItem(cursor, item);
		if (MoneyFromText(item, &amounts[i]) != MONEY_OK)
			SyntaxError();
	}
}

/* Skip what stands before the names; the cursor is at the tiers. */
static char *
FindNames(char *cursor, int ntiers)
{
	char		item[MONEY_TEXT_SIZE];
	int			filled;

	for (int i = 0; i < ntiers * (ntiers + 2); i++)
		NextItem(&cursor, item);
	filled = NextInt(&cursor, 0, ROUTE_BUCKETS);
	for (int i = 0; i < filled * (ntiers + 2); i++)
		NextItem(&cursor, item);
	return cursor;
}

/* An empty state with the names that stand at the cursor. */
static RouteState *
StateOfNames(char *cursor, int ntiers)
{
	int			length = NextInt(&cursor, 1, MaxAllocSize / 4);
	char	   *definition = cursor;
	Size		size;
	RouteState *state;

	if (strlen(cursor) <= (Size) length || cursor[length] != ' ')
		SyntaxError();
	definition = pnstrdup(cursor, length);
	cursor += length + 1;
	size = RouteStateSize(ntiers, RouteNamesSize(length, strlen(cursor)), 0);
	state = palloc(size);
	RouteStateInit(state, ntiers, definition, cursor);
	SET_VARSIZE(state, size);
	return state;
}

/* Read the buckets, which widen the state as they come. */
static RouteState *
ReadBuckets(char **cursor, RouteState *state)
{
	int			filled = NextInt(cursor, 0, ROUTE_BUCKETS);

	for (int i = 0; i < filled; i++)
	{
		int			index = NextInt(cursor, 0, ROUTE_BUCKETS - 1);
		int			first_bucket,
					nbuckets;
		RouteBucketSums *bucket;

		if (!RouteWindow(state, index, index, &first_bucket, &nbuckets))
		{
			Size		size = RouteStateSize(state->ntiers, state->names_size, nbuckets);
			RouteState *wider = palloc(size);

			RouteStateCopy(state, wider, first_bucket, nbuckets);
			SET_VARSIZE(wider, size);
			state = wider;
		}
		bucket = RouteBucketAt(state, index - state->first_bucket);
		bucket->requests = NextInt64(cursor);
		NextAmounts(cursor, bucket->usd, state->ntiers);
	}
	return state;
}

Datum
route_savings_state_in(PG_FUNCTION_ARGS)
{
	char	   *cursor = PG_GETARG_CSTRING(0);
	int			ntiers = NextInt(&cursor, 1, ROUTE_MAX_TIERS);
	int64		requests = NextInt64(&cursor);
	int64		unscored = NextInt64(&cursor);
	int64		left_out = NextInt64(&cursor);
	int64		first_at = NextInt64(&cursor);
	int64		last_at = NextInt64(&cursor);
	RouteState *state = StateOfNames(FindNames(cursor, ntiers), ntiers);

	state->requests = requests;
	state->unscored = unscored;
	state->left_out = left_out;
	state->first_at = first_at;
	state->last_at = last_at;
	for (int i = 0; i < ntiers; i++)
	{
		RouteTierSums *tier = RouteTierAt(state, i);

		tier->requests = NextInt64(&cursor);
		NextAmounts(&cursor, tier->usd, ntiers + 1);
	}
	state = ReadBuckets(&cursor, state);
	if (!RouteStateIsValid(state, VARSIZE(state)) || !RouteDefinitionIsValid(RouteDefinition(state), ntiers))
		SyntaxError();
	PG_RETURN_POINTER(state);
}

/* ---------- binary form ---------- */

Datum
route_savings_state_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			size = message->len - message->cursor;
	const unsigned char *bytes = (const unsigned char *) pq_getmsgbytes(message, size);
	size_t		state_size = RouteBytesStateSize(bytes, size);
	RouteState *state = state_size == 0 ? NULL : palloc(state_size);

	if (state == NULL || !RouteBytesRead(bytes, size, state))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary representation of type %s", "route_savings_state")));
	SET_VARSIZE(state, state_size);
	pg_verifymbstr(RouteDefinition(state), (int) strlen(RouteDefinition(state)), false);
	pg_verifymbstr(RouteBaseline(state), (int) strlen(RouteBaseline(state)), false);
	PG_RETURN_POINTER(state);
}

Datum
route_savings_state_send(PG_FUNCTION_ARGS)
{
	const RouteState *state = PG_GETARG_ROUTE_STATE(0);
	size_t		size = RouteBytesSize(state);
	StringInfoData message;

	pq_begintypsend(&message);
	enlargeStringInfo(&message, (int) size);
	RouteBytesWrite(state, (unsigned char *) message.data + message.len);
	message.len += (int) size;
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

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
	const RouteState *state = PG_GETARG_ROUTE_STATE(0);
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
	const RouteState *state = PG_GETARG_ROUTE_STATE(0);
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
	const RouteState *state = PG_GETARG_ROUTE_STATE(0);
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
