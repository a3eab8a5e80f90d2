/*
 * request_refusal.c
 *	  Why a request has no price, in words.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "server/compat.h"
#include "server/errors.h"
#include "session/known_at.h"
#include "session/request_refusal.h"

static char *
Shown(RequestText given)
{
	return pnstrdup(given.bytes, given.length);
}

/* "provider/model" of a card. */
static char *
CardName(const RateCard *card)
{
	return psprintf("%s/%s", CardString(card, card->provider), CardString(card, card->model));
}

/* The names of the meters that have a price in a vector. */
static char *
PricedMeters(const RateVector *vector)
{
	StringInfoData list;

	initStringInfo(&list);
	for (Meter meter = 0; meter < METER_COUNT; meter++)
	{
		if (vector->priced & METER_BIT(meter))
			appendStringInfo(&list, "%s%s", list.len == 0 ? "" : ", ", MeterName(meter));
	}
	return list.data;
}

/* What a look back hides; to follow what was found. */
static char *
HiddenFrom(const Pricing *pricing)
{
	return HiddenNote(pricing->book != NULL ? pricing->book->as_of : pricing->reader.as_of);
}

Refusal
UnpricedMeter(const Pricing *pricing, const RequestPrice *price, TimestampTz at, Meter meter)
{
	char	   *time = pstrdup(timestamptz_to_str(at));
	char	   *priced = PricedMeters(price->vector);

	return (Refusal) {
		.sqlstate = ERRCODE_IA_UNPRICED_METER,
		.message = psprintf("no price for meter \"%s\" of model \"%s\"", MeterName(meter), CardName(price->card)),
		.detail = psprintf("Request of %s, service tier \"%s\". Priced then: %s.%s", time,
						   CardString(price->card, price->lane->service_tier), priced[0] == '\0' ? "nothing" : priced,
						   HiddenFrom(pricing)),
		.hint = psprintf("Add the price with set_price(), or %s.", LeaveOutHint(pricing))
	};
}

static Refusal
MissingFx(const Pricing *pricing, const RequestPrice *price, TimestampTz at, Meter meter)
{
	const CardRow *row = &CardRows(price->card)[price->vector->row[meter]];
	char	   *time = pstrdup(timestamptz_to_str(at));

	return (Refusal) {
		.sqlstate = ERRCODE_IA_MISSING_FX_RATE,
		.message = psprintf("no exchange rate for %s", CardString(price->card, row->currency)),
		.detail = psprintf("Meter \"%s\" of model \"%s\" is priced in it; the request is of %s.%s",
						   MeterName(meter), CardName(price->card), time, HiddenFrom(pricing)),
		.hint = "Add the rate that was valid then to inferacct.fx_rate."
	};
}

/* Why a price in another currency has no rate in USD. */
Refusal
Foreign(Pricing *pricing, const RequestPrice *price, TimestampTz at, Meter meter)
{
	Conversion	found = RateInUsd(price->card, price->stated, meter, PricingFx, pricing, at);
	const CardRow *row = &CardRows(price->card)[price->vector->row[meter]];
	char	   *time = pstrdup(timestamptz_to_str(at));

	if (found.fx == NULL)
		return MissingFx(pricing, price, at, meter);
	return (Refusal) {
		.sqlstate = ERRCODE_IA_PRICE_PRECISION,
		.message = psprintf("the price in %s of meter \"%s\" of model \"%s\" does not fit the fixed point of 1e-15 USD per unit",
							CardString(price->card, row->currency), MeterName(meter), CardName(price->card)),
		.detail = psprintf("A %s of version " INT64_FORMAT " makes it %s; the request is of %s.",
						   found.culprit == NULL ? "rate of exchange" :
						   found.culprit->kind == CONTRACT_FACTOR ? "percentage of a contract" : "multiplier",
						   found.culprit == NULL ? found.fx->version : found.culprit->version,
						   found.status == CARD_TOO_FINE ? "finer" : "larger", time),
		.hint = "State the price itself in USD, or use fewer decimals."
	};
}

Refusal
UnknownTier(const Pricing *pricing, const RateCard *card, RequestText tier)
{
	const Lane *lanes = CardAt(card, card->lanes);
	StringInfoData list;

	initStringInfo(&list);
	for (uint32 i = 0; i < card->nlanes; i++)
	{
		if (CardString(card, lanes[i].region)[0] == '\0')
			appendStringInfo(&list, "%s%s", list.len == 0 ? "" : ", ", CardString(card, lanes[i].service_tier));
	}
	return (Refusal) {
		.sqlstate = ERRCODE_IA_UNKNOWN_TIER,
		.message = psprintf("model \"%s\" has no prices for service tier \"%s\"", CardName(card),
							Shown(tier.bytes == NULL ? STANDARD_TIER : tier)),
		.detail = psprintf("Its service tiers: %s.%s", list.data, HiddenFrom(pricing)),
		.hint = psprintf("Add its prices with set_price(service_tier => ...), or %s.", LeaveOutHint(pricing))
	};
}

Refusal
NoPriceYet(const Pricing *pricing, const RateCard *card, const Lane *lane, TimestampTz at)
{
	const Segment *first = CardAt(card, lane->segments);
	char	   *time = pstrdup(timestamptz_to_str(at));

	return (Refusal) {
		.sqlstate = ERRCODE_IA_UNPRICED_METER,
		.message = psprintf("no price for meter \"input\" of model \"%s\"", CardName(card)),
		.detail = lane->nsegments == 0 ?
			psprintf("Service tier \"%s\" has no prices.%s", CardString(card, lane->service_tier), HiddenFrom(pricing)) :
			psprintf("Request of %s; its first price holds from %s.%s", time, pstrdup(timestamptz_to_str(first->from)),
					 HiddenFrom(pricing)),
		.hint = "Add the earlier price with set_price(valid_from => ...)."
	};
}

Refusal
Aggregated(const RateCard *card, const Usage *usage, int64 threshold)
{
	int64		total = 0;

	UsageTotal(usage, METERS_OF_INPUT, &total);
	return (Refusal) {
		.sqlstate = ERRCODE_IA_AGGREGATED_USAGE,
		.message = "the usage of several requests cannot be priced as one",
		.detail = psprintf("Model \"%s\" costs more for a request of " INT64_FORMAT " input tokens or above; these " INT64_FORMAT
						   " requests have " INT64_FORMAT " together.",
						   CardName(card), threshold, UsageCount(usage, METER_REQUESTS), total),
		.hint = "Price each request with token_cost() or spend() and add up the costs."
	};
}

/* What to do about a guess that is refused. */
static char *
GuessHint(const Pricing *pricing, const char *instead)
{
	return psprintf("%s, or allow and mark guesses: %s.", instead,
					pricing->book != NULL ? "price_book(guess => 'allow')" : "SET inferacct.guess = 'allow'");
}

Refusal
GuessedName(const Pricing *pricing, const RequestPrice *price, const Request *request)
{
	char	   *name = CardName(price->card);
	char	   *time = pstrdup(timestamptz_to_str(request->at));

	return (Refusal) {
		.sqlstate = ERRCODE_IA_GUESS_REFUSED,
		.message = psprintf("what model \"%s\" means would be a guess", Shown(request->model)),
		.detail = psprintf("By rule %s it is %s (request of %s).", ModelRuleName(price->name_rule), name, time),
		.hint = GuessHint(pricing, psprintf("Say what it means, as in SELECT set_alias(%s, %s, valid_from => '...')",
											quote_literal_cstr(Shown(request->model)), quote_literal_cstr(name)))
	};
}

Refusal
FallbackRegion(const Pricing *pricing, const RequestPrice *price, RequestText region)
{
	return (Refusal) {
		.sqlstate = ERRCODE_IA_GUESS_REFUSED,
		.message = psprintf("model \"%s\" has no price for region \"%s\"", CardName(price->card), Shown(region)),
		.detail = psprintf("It has prices for other regions; that of none of them would be a guess.%s", HiddenFrom(pricing)),
		.hint = GuessHint(pricing, "Add its prices with set_price(region => ...)")
	};
}

Refusal
FallbackMeter(const Pricing *pricing, const RequestPrice *price, TimestampTz at, Meter meter)
{
	char	   *time = pstrdup(timestamptz_to_str(at));
	bool		of_region = price->vector->confidence[meter] == CONFIDENCE_FALLBACK_REGION;

	return (Refusal) {
		.sqlstate = ERRCODE_IA_GUESS_REFUSED,
		.message = psprintf("meter \"%s\" of model \"%s\" has no price of its own%s", MeterName(meter), CardName(price->card),
							of_region ? psprintf(" in region \"%s\"", CardString(price->card, price->lane->region)) : ""),
		.detail = psprintf("Request of %s, service tier \"%s\"; the price of another %s would be a guess.%s", time,
						   CardString(price->card, price->lane->service_tier), of_region ? "region" : "meter or tier", HiddenFrom(pricing)),
		.hint = GuessHint(pricing, "Add the price with set_price()")
	};
}
