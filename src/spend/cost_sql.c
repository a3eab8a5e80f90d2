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
#include "utils/date.h"
#include "utils/timestamp.h"

#include "server/compat.h"
#include "core/host_sql.h"
#include "core/money_sql.h"
#include "price/rate_reason.h"
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

#define DETAIL_COLUMNS 15

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

/* Whose statement a row is. */
static char *
RuleOf(const PriceRow *row)
{
	if (row->kind >= CONTRACT_RATE)
		return "contract";
	if (row->rank == RANK_OWN)
		return "own price";
	return row->rank == RANK_SHIPPED ? "shipped" : psprintf("catalog %s", row->catalog);
}

/* A number without trailing zeros, as text. */
static char *
ShownMoney(Money usd)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(MoneyToNumeric(usd))));
}

/* A price as its row states it: "2.5 USD per 1000000". */
static char *
StatedPrice(const PriceRow *row)
{
	return psprintf("%s %s per " INT64_FORMAT, ShownMoney((Money) row->value * row->unit_quantity), row->currency, row->unit_quantity);
}

/* What a factor is for: "0.5 for service tier batch". */
static void
AppendFactor(StringInfo note, const PriceRow *factor)
{
	/* Factors are x 1e-9, money is x 1e-15. */
	char	   *value = ShownMoney((Money) factor->value * 1000000);

	if (factor->kind == CONTRACT_FACTOR)
		appendStringInfo(note, ", x %s by contract", value);
	else if (factor->windows[0] != '\0')
		appendStringInfo(note, ", x %s in its time window", value);
	else if (factor->min_input > 0)
		appendStringInfo(note, ", x %s for input >= " INT64_FORMAT, value, factor->min_input);
	else if (strcmp(factor->service_tier, "standard") != 0)
		appendStringInfo(note, ", x %s for service tier %s", value, factor->service_tier);
	else
		appendStringInfo(note, ", x %s for region %s", value, factor->region);
}

/* What would hold if the row were not there. */
static void
AppendNext(StringInfo note, const RateReason *reason)
{
	for (int i = 0; i < reason->nnext; i++)
	{
		const PriceRow *next = &reason->next[i];

		appendStringInfo(note, "%s%s: %s of %s", i == 0 ? ". Next: " : ", then ", RuleOf(next), StatedPrice(next), MeterName(next->meter));
		if (next->min_input > 0)
			appendStringInfo(note, " for input >= " INT64_FORMAT, next->min_input);
	}
}

/* Sentences on how a rate came about, from its price to what would hold instead. */
static char *
Note(Pricing *pricing, const Request *request, const RequestPrice *price, Meter meter, const RateReason *reason)
{
	const RateCard *card = price->card;
	const PriceRow *row = &reason->from;
	int			days = CheckedDay(request->at) - price->vector->checked_on[meter];
	StringInfoData note;

	initStringInfo(&note);
	appendStringInfoString(&note, StatedPrice(row));
	for (int i = 0; i < reason->nfactors; i++)
		AppendFactor(&note, &reason->factors[i]);
	if (row->kind == PRICE_AMOUNT)
		appendStringInfoString(&note, ", at the exchange rate of the request's time");
	if (price->name_confidence != CONFIDENCE_EXACT)
		appendStringInfo(&note, ". %s is read as %s/%s by rule %s%s", pnstrdup(request->model.bytes, request->model.length),
						 CardString(card, card->provider), CardString(card, card->model), ModelRuleName(price->name_rule),
						 price->name_confidence == CONFIDENCE_GUESSED_NAME ? ", a guess" : "");
	if (reason->fallback_region || (price->fallback_region && row->kind != CONTRACT_RATE))
		appendStringInfoString(&note, ". Its region has no price: that of the base region");
	if (reason->fallback_tier)
		appendStringInfo(&note, ". Service tier %s has no price of it: that of the standard tier",
						 CardString(card, price->lane->service_tier));
	if (reason->priced_as != meter)
		appendStringInfo(&note, ". It has no price of its own: that of %s", MeterName(reason->priced_as));
	if (price->vector->confidence[meter] == CONFIDENCE_DISPUTED)
		appendStringInfoString(&note, ". Another source states another price");
	if (price->vector->confidence[meter] == CONFIDENCE_SINGLE_SOURCE)
		appendStringInfoString(&note, ". One source alone states it");
	if (row->note[0] != '\0')
		appendStringInfo(&note, ": %s", row->note);
	if (PricingBeforeKnown(pricing))
		appendStringInfoString(&note, ". inferacct.as_of lies before the oldest price version, which is used instead");
	else if (IsStale(price->vector->checked_on[meter], request->at, PricingStaleAfter(pricing)))
		appendStringInfo(&note, ". Checked %d days before the request", days);
	AppendNext(&note, reason);
	appendStringInfoChar(&note, '.');
	return note.data;
}

/* The day on which a price was checked, NULL for a contract's. */
static Datum
CheckedDate(uint16 checked_on, bool *isnull)
{
	*isnull = checked_on == CHECKED_ALWAYS;
	return DateADTGetDatum(checked_on);
}

static void
EmitMeter(ReturnSetInfo *rsinfo, Pricing *pricing, const Request *request, const RequestPrice *price, Meter meter, int64 quantity)
{
	const CardRow *row = &CardRows(price->card)[price->vector->row[meter]];
	int64		rate = price->vector->rate[meter];
	const char *source = CardString(price->card, row->source);
	Host		host = HostOf(CurrentMemoryContext);
	RateReason	reason;
	bool		nulls[DETAIL_COLUMNS] = {false};
	Datum		values[DETAIL_COLUMNS];

	if (!RateCardReason(price->card, price->lane, price->segment, price->stated, meter, &host, &reason))
		elog(ERROR, "a rate has no reason");
	values[0] = CStringGetTextDatum(MeterName(meter));
	values[1] = Int64GetDatum(quantity);
	values[2] = Int64GetDatum(row->unit_quantity);
	values[3] = NumericGetDatum(MoneyToNumeric((Money) rate * row->unit_quantity));
	values[4] = NumericGetDatum(MoneyToNumeric((Money) rate * quantity));
	values[5] = Int64GetDatum(row->version);
	values[6] = TimestampTzGetDatum(row->valid_from);
	values[7] = CStringGetTextDatum(TierLabel(price, row, meter));
	values[8] = CStringGetTextDatum(source);
	nulls[8] = source[0] == '\0';
	values[9] = CStringGetTextDatum(RuleOf(&reason.from));
	values[10] = CStringGetTextDatum(ConfidenceName(RequestConfidence(pricing, price, meter, request->at)));
	values[11] = CStringGetTextDatum(CardString(price->card, price->card->provider));
	values[12] = CStringGetTextDatum(CardString(price->card, price->card->model));
	values[13] = CheckedDate(price->vector->checked_on[meter], &nulls[13]);
	values[14] = CStringGetTextDatum(Note(pricing, request, price, meter, &reason));
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
			EmitMeter((ReturnSetInfo *) fcinfo->resultinfo, pricing, request, &price, meter, quantity);
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
