/*
 * request_arguments.h
 *	  Reading a request from the arguments of an SQL function.
 *
 * Invariant: NULL model, time or usage means no request; NULL token counts are
 * 0; a NULL service tier or region is one that is not given.  Included after
 * postgres.h.
 */
#ifndef INFERACCT_REQUEST_ARGUMENTS_H
#define INFERACCT_REQUEST_ARGUMENTS_H

#include "fmgr.h"
#include "utils/timestamp.h"

#include "session/book_argument.h"
#include "session/price_cache.h"
#include "session/request.h"
#include "core/usage_sql.h"

static inline void
CheckRequestTime(TimestampTz at)
{
	if (unlikely(TIMESTAMP_NOT_FINITE(at)))
		RequestTimeError();
}

#define NO_BOOK (-1)

/* Is what has no price left out?  The price_book is the argument book. */
static inline bool
LeavesOutUnpriced(FunctionCallInfo fcinfo, int book)
{
	return PricingLeavesOut(book == NO_BOOK ? PricingOfStatement() : PricingOfArgument(fcinfo, book));
}

/*
 * Can a request be priced at all?  One with an infinite time or, where tokens are
 * given, fewer than none is an error; where what has no price is left out, false,
 * and so it is for more tokens than a row of a log may have.
 */
static inline bool
RequestIsSound(FunctionCallInfo fcinfo, int book, const Request *request, int64 input, int64 output)
{
	if (likely(!TIMESTAMP_NOT_FINITE(request->at) && (input | output) >= 0 && (input | output) <= ROW_COUNT_MAX))
		return true;
	if (!TIMESTAMP_NOT_FINITE(request->at) && (input | output) >= 0)
		return Max(input, output) <= ROW_COUNT_MAX || !LeavesOutUnpriced(fcinfo, book);
	if (LeavesOutUnpriced(fcinfo, book))
		return false;
	CheckRequestTime(request->at);
	RequestTokensError(input);
}

/* The same of a request with a usage. */
static inline bool
UsageIsSound(FunctionCallInfo fcinfo, int book, const Request *request, const Usage *usage)
{
	return RequestIsSound(fcinfo, book, request, 0, 0) &&
		(likely(!UsageIsBeyond(usage)) || !LeavesOutUnpriced(fcinfo, book));
}

static inline int64
TokensArgument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? 0 : PG_GETARG_INT64(argument);
}

static inline RequestText
TextArgument(FunctionCallInfo fcinfo, int argument)
{
	const char *value;

	if (PG_ARGISNULL(argument))
		return (RequestText) {NULL, 0};
	value = DatumGetPointer(PG_GETARG_DATUM(argument));

	/* Nearly always the short header of a name in a table. */
	if (unlikely(!VARATT_IS_1B(value) || VARATT_IS_1B_E(value)))
		value = (const char *) PG_GETARG_TEXT_PP(argument);
	return (RequestText) {
		VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)
	};
}

/* Read (model, input, output, at) from an argument on; false when model or time is NULL, or it is left out. */
static inline bool
TokensRequest(FunctionCallInfo fcinfo, int book, int first, Request *request, int64 *input, int64 *output)
{
	if (PG_ARGISNULL(first) || PG_ARGISNULL(first + 3))
		return false;
	*request = (Request) {.model = TextArgument(fcinfo, first),.at = PG_GETARG_TIMESTAMPTZ(first + 3)};
	*input = TokensArgument(fcinfo, first + 1);
	*output = TokensArgument(fcinfo, first + 2);
	return RequestIsSound(fcinfo, book, request, *input, *output);
}

/*
 * Read (model, usage, at) from an argument on, and (service_tier, region) when
 * the function has them; false when one of the first three is NULL, or it is left out.
 */
static inline bool
UsageRequest(FunctionCallInfo fcinfo, int book, int first, Request *request, const Usage **usage)
{
	if (PG_ARGISNULL(first) || PG_ARGISNULL(first + 1) || PG_ARGISNULL(first + 2))
		return false;
	*request = (Request) {.model = TextArgument(fcinfo, first),.at = PG_GETARG_TIMESTAMPTZ(first + 2)};
	if (PG_NARGS() > first + 3)
	{
		request->service_tier = TextArgument(fcinfo, first + 3);
		request->region = TextArgument(fcinfo, first + 4);
	}
	*usage = PG_GETARG_USAGE(first + 1);
	return UsageIsSound(fcinfo, book, request, *usage);
}

#endif							/* INFERACCT_REQUEST_ARGUMENTS_H */
