/*
 * cost_sql.c
 *	  token_cost() and token_cost_detail().
 *
 * NULL model or time gives NULL, as does a NULL usage; NULL token counts are 0;
 * a NULL service tier is the standard one, a NULL region the one that the
 * model's name states.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "server/compat.h"
#include "core/money_sql.h"
#include "session/price_cache.h"
#include "session/request.h"
#include "session/request_arguments.h"
#include "core/usage_sql.h"

PG_FUNCTION_INFO_V1(token_cost_tokens);
PG_FUNCTION_INFO_V1(token_cost_usage);
PG_FUNCTION_INFO_V1(token_cost_book);
PG_FUNCTION_INFO_V1(token_cost_detail_tokens);
PG_FUNCTION_INFO_V1(token_cost_detail_usage);
PG_FUNCTION_INFO_V1(token_cost_detail_book);

#define DETAIL_COLUMNS 9

static const Usage *
MakePlainUsage(int64 input, int64 output, UsageBuffer *plain)
{
	MeterCounts counts = {{0}};

	counts.of[METER_INPUT] = input;
	counts.of[METER_OUTPUT] = output;
	counts.of[METER_REQUESTS] = 1;
	UsagePack(&counts, &plain->usage);
	return &plain->usage;
}

/* ---------- token_cost ---------- */

Datum
token_cost_tokens(PG_FUNCTION_ARGS)
{
	Request		request;
	int64		input,
				output;
	Money		usd;

	if (!TokensRequest(fcinfo, NO_BOOK, 0, &request, &input, &output) ||
		!RequestTokensCost(PricingOfStatement(), &request, input, output, &usd))
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(MoneyToNumericOfCall(fcinfo, usd));
}

Datum
token_cost_usage(PG_FUNCTION_ARGS)
{
	Request		request;
	const Usage *usage;
	Money		usd;

	if (!UsageRequest(fcinfo, NO_BOOK, 0, &request, &usage) ||
		!RequestUsageCost(PricingOfStatement(), &request, usage, &usd))
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(MoneyToNumericOfCall(fcinfo, usd));
}

Datum
token_cost_book(PG_FUNCTION_ARGS)
{
	Request		request;
	const Usage *usage;
	Money		usd;

	if (PG_ARGISNULL(0) || !UsageRequest(fcinfo, 0, 1, &request, &usage) ||
		!RequestUsageCost(PricingOfArgument(fcinfo, 0), &request, usage, &usd))
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(MoneyToNumeric(usd));
}

/* ---------- token_cost_detail ---------- */

/* How a rate was chosen: service tier, and region, context, hours, contract and multipliers when they matter. */
static char *
TierLabel(const RequestPrice *price, const CardRow *row, Meter meter)
{
	const RateCard *card = price->card;
	const char *lane_region = CardString(card, price->lane->region);
	bool		contracted = (price->vector->contracted & METER_BIT(meter)) != 0;
	StringInfoData label;

	initStringInfo(&label);
	appendStringInfoString(&label, strcmp(CardString(card, row->service_tier), ANY) == 0 ? "standard" :
						   CardString(card, row->service_tier));
	if (CardString(card, row->region)[0] != '\0' && strcmp(CardString(card, row->region), ANY) != 0)
		appendStringInfo(&label, ", region %s", CardString(card, row->region));
	if (row->min_input > 0)
		appendStringInfo(&label, ", input >= " INT64_FORMAT, row->min_input);
	if (CardString(card, row->windows)[0] != '\0')
		appendStringInfoString(&label, ", time window");
	if (contracted)
		appendStringInfoString(&label, ", contract");
	else if (row->kind == PRICE_RATE && row->value != price->vector->rate[meter])
		appendStringInfo(&label, ", multiplied for %s%s%s", CardString(card, price->lane->service_tier),
						 lane_region[0] == '\0' ? "" : ", region ", lane_region);
	return label.data;
}

static void
EmitMeter(ReturnSetInfo *rsinfo, const RequestPrice *price, Meter meter, int64 quantity)
{
	const CardRow *row = &CardRows(price->card)[price->vector->row[meter]];
	int64		rate = price->vector->rate[meter];
	const char *source = CardString(price->card, row->source);
	bool		nulls[DETAIL_COLUMNS] = {false};
	Datum		values[DETAIL_COLUMNS] = {
		CStringGetTextDatum(MeterName(meter)),
		Int64GetDatum(quantity),
		Int64GetDatum(row->unit_quantity),
		NumericGetDatum(MoneyToNumeric((Money) rate * row->unit_quantity)),
		NumericGetDatum(MoneyToNumeric((Money) rate * quantity)),
		Int64GetDatum(row->version),
		TimestampTzGetDatum(row->valid_from),
		CStringGetTextDatum(TierLabel(price, row, meter)),
		CStringGetTextDatum(source)
	};

	nulls[DETAIL_COLUMNS - 1] = source[0] == '\0';
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* A row for every meter that costs something, or could. */
static void
EmitDetail(FunctionCallInfo fcinfo, Pricing *pricing, const Request *request, const Usage *usage)
{
	RequestPrice price = {.refusal = NULL};
	Money		usd;

	/* Complains of what is unpriced, and of overflow. */
	if (!RequestUsageCost(pricing, request, usage, &usd) ||
		!RequestFindPrice(pricing, request, usage, &price))
		return;
	for (Meter meter = 0; meter < METER_COUNT; meter++)
	{
		int64		quantity = UsageCount(usage, meter);

		if (quantity > 0 && (price.vector->priced & METER_BIT(meter)))
			EmitMeter((ReturnSetInfo *) fcinfo->resultinfo, &price, meter, quantity);
	}
}

Datum
token_cost_detail_tokens(PG_FUNCTION_ARGS)
{
	Request		request;
	int64		input,
				output;
	UsageBuffer plain;

	InitMaterializedSRF(fcinfo, 0);
	if (TokensRequest(fcinfo, NO_BOOK, 0, &request, &input, &output))
		EmitDetail(fcinfo, PricingOfStatement(), &request, MakePlainUsage(input, output, &plain));
	return (Datum) 0;
}

Datum
token_cost_detail_usage(PG_FUNCTION_ARGS)
{
	Request		request;
	const Usage *usage;

	InitMaterializedSRF(fcinfo, 0);
	if (UsageRequest(fcinfo, NO_BOOK, 0, &request, &usage))
		EmitDetail(fcinfo, PricingOfStatement(), &request, usage);
	return (Datum) 0;
}

Datum
token_cost_detail_book(PG_FUNCTION_ARGS)
{
	Request		request;
	const Usage *usage;

	InitMaterializedSRF(fcinfo, 0);
	if (!PG_ARGISNULL(0) && UsageRequest(fcinfo, 0, 1, &request, &usage))
		EmitDetail(fcinfo, PricingOfArgument(fcinfo, 0), &request, usage);
	return (Datum) 0;
}
