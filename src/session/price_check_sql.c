/*
 * price_check_sql.c
 *	  SQL functions of the price tables: the fixed point, the meters' names, who
 *	  wrote a row, and the trigger that tells the cache of new rows.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "server/compat.h"
#include "server/errors.h"
#include "core/meter.h"
#include "core/money.h"
#include "core/weekly_hours.h"
#include "session/price_cache.h"

PG_FUNCTION_INFO_V1(price_rate);
PG_FUNCTION_INFO_V1(is_own_transaction);
PG_FUNCTION_INFO_V1(price_row_written);
PG_FUNCTION_INFO_V1(is_time_windows);

Datum
price_rate(PG_FUNCTION_ARGS)
{
	char	   *usd = DatumGetCString(DirectFunctionCall1(numeric_out, PG_GETARG_DATUM(0)));
	int64		unit_quantity = PG_GETARG_INT64(1);
	int64		rate;

	if (unit_quantity <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unit_quantity must be positive")));
	switch (RateFromDecimal(usd, unit_quantity, &rate))
	{
		case MONEY_OK:
			PG_RETURN_INT64(rate);
		case MONEY_NEGATIVE:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("a price cannot be negative: %s", usd)));
			break;
		case MONEY_TOO_FINE:
			ereport(ERROR,
					(errcode(ERRCODE_IA_PRICE_PRECISION),
					 errmsg("price of %s USD per " INT64_FORMAT " units is too fine", usd, unit_quantity),
					 errdetail("Prices are kept exactly, in steps of 1e-15 USD per single unit; this one would have to be rounded."),
					 errhint("Give the price with fewer decimals, or for another unit_quantity.")));
			break;
		case MONEY_TOO_LARGE:
			ereport(ERROR,
					(errcode(ERRCODE_IA_PRICE_PRECISION),
					 errmsg("price of %s USD per " INT64_FORMAT " units is too large", usd, unit_quantity),
					 errdetail("The largest price is 9223.372036854775807 USD per single unit."),
					 errhint("Check unit_quantity: token prices are usually given per 1000000.")));
			break;
		case MONEY_SYNTAX:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("a price cannot be %s", usd)));
			break;
	}
	pg_unreachable();
}

/* Of subtransactions, too, which a comparison with the current transaction's number would miss. */
Datum
is_own_transaction(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(TransactionIdIsCurrentTransactionId(PG_GETARG_TRANSACTIONID(0)));
}

/* Row trigger of the price tables: what a statement has read of them so far is no longer all. */
Datum
price_row_written(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("price_row_written() must be called as a trigger")));
	PriceCacheForgetOwn();
	return PointerGetDatum(((TriggerData *) fcinfo->context)->tg_trigtuple);
}

Datum
is_time_windows(PG_FUNCTION_ARGS)
{
	Jsonb	   *value = PG_GETARG_JSONB_P(0);
	char	   *json = JsonbToCString(NULL, &value->root, VARSIZE(value));
	WindowSpan	spans[WINDOWS_MAX_SPANS];
	char		timezone[WINDOWS_TIMEZONE_SIZE];
	int			nspans;

	PG_RETURN_BOOL(WindowsParse(json, timezone, sizeof(timezone), spans, WINDOWS_MAX_SPANS, &nspans));
}
