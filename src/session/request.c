/*
 * request.c
 *	  One request, as SQL describes it, priced by a Pricing.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "server/compat.h"
#include "server/errors.h"
#include "session/known_at.h"
#include "session/request.h"
#include "core/service_tier.h"
#include "core/usage_sql.h"

static const RequestText standard_tier = {"standard", 8};

void
RequestTimeError(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("the time of a request must be finite"),
			 errhint("Prices differ over time; give the moment at which the request was made.")));
}

void
RequestTokensError(int64 input)
{
	UsageError(USAGE_NEGATIVE, input < 0 ? METER_INPUT : METER_OUTPUT);
}

/* ---------- errors ---------- */

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

static void
OverflowError(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("the cost of the request is out of range")));
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

/* ---------- why a request has no price ---------- */

/* Has a request without a price to be left out without a word? */
static bool
LeavesOut(const Pricing *pricing, const RequestPrice *price)
{
	return price->refusal == NULL && PricingLeavesOut(pricing);
}

bool
RequestRefuse(const RequestPrice *price, Refusal refusal)
{
	if (price->refusal == NULL)
		RaiseRefusal(&refusal);
	*price->refusal = refusal;
	return false;
}

/* What a look back hides; to follow what was found. */
static char *
HiddenFrom(const Pricing *pricing)
{
	return HiddenNote(pricing->book != NULL ? pricing->book->as_of : pricing->reader.as_of);
}

static Refusal
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
		.hint = psprintf("Add the price with set_price(), or %s.", PricingLeaveOutHint(pricing))
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
static Refusal
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

static Refusal
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
							Shown(tier.bytes == NULL ? standard_tier : tier)),
		.detail = psprintf("Its service tiers: %s.%s", list.data, HiddenFrom(pricing)),
		.hint = psprintf("Add its prices with set_price(service_tier => ...), or %s.", PricingLeaveOutHint(pricing))
	};
}

static Refusal
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

static Refusal
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

static Refusal
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

static Refusal
FallbackRegion(const Pricing *pricing, const RequestPrice *price, RequestText region)
{
	return (Refusal) {
		.sqlstate = ERRCODE_IA_GUESS_REFUSED,
		.message = psprintf("model \"%s\" has no price for region \"%s\"", CardName(price->card), Shown(region)),
		.detail = psprintf("It has prices for other regions; that of none of them would be a guess.%s", HiddenFrom(pricing)),
		.hint = GuessHint(pricing, "Add its prices with set_price(region => ...)")
	};
}

static Refusal
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

/* ---------- finding the rates ---------- */

/* The lane of what the word for a tier means, when that is another word; or NULL. */
static const Lane *
LaneOfMeaning(const RateCard *card, RequestText tier, RequestText region)
{
	char	   *word = palloc(SERVICE_TIER_ROOM(tier.length));
	Size		length = ServiceTierOf(tier.bytes, tier.length, word);
	const Lane *lane = RateCardLane(card, word, length, region.bytes, region.length);

	pfree(word);
	return lane;
}

/*
 * A report of a provider names the context tier that its sums were billed by, behind
 * the service tier: "batch long".  Then the size of the sum says nothing.
 */
static bool
TakeContext(RequestText *tier, int64 *input)
{
	static const struct
	{
		const char *word;
		int64		input;		/* of a request of that context tier */
	}			words[] = {{" short", 0}, {" long", PG_INT64_MAX}};

	for (size_t i = 0; i < lengthof(words); i++)
	{
		size_t		length = strlen(words[i].word);

		if (tier->length <= length || memcmp(tier->bytes + tier->length - length, words[i].word, length) != 0)
			continue;
		tier->length -= length;
		*input = words[i].input;
		return true;
	}
	return false;
}

/* The lane of a request for a region; NULL when the model has no such tier. */
static const Lane *
FindLane(const RateCard *card, const Request *request, RequestText region)
{
	RequestText tier = request->service_tier;
	int64		input;
	const Lane *lane;

	if (tier.bytes == NULL)
		tier = standard_tier;
	(void) TakeContext(&tier, &input);
	lane = RateCardLane(card, tier.bytes, tier.length, region.bytes, region.length);
	return lane != NULL ? lane : LaneOfMeaning(card, tier, region);
}

/* The segment of a request, NULL when it has no price. */
static const Segment *
FindSegment(Pricing *pricing, const Request *request, RequestPrice *price)
{
	NameSpan   *span = PricingName(pricing, request->model.bytes, request->model.length, request->at);
	RequestText region = request->region;
	bool		guessed_name = SpanIsRefused(pricing, span);

	if (region.bytes == NULL)
		region = (RequestText) {span->region, span->region_length};
	price->segment = NULL;
	price->card = span->card;
	price->name_rule = span->rule;
	price->name_confidence = span->confidence;
	price->lane = span->card == NULL ? NULL : FindLane(span->card, request, region);
	price->fallback_region = price->lane != NULL && LaneIsFallback(price->card, price->lane, region.length);
	if (price->lane != NULL && !guessed_name && !(price->fallback_region && PricingRefusesGuess(pricing)))
		price->segment = LaneSegment(price->card, price->lane, request->at);
	if (price->segment != NULL || LeavesOut(pricing, price))
		return price->segment;
	if (price->card == NULL)
		RequestRefuse(price, PricingNameRefusal(pricing, request->model.bytes, request->model.length, request->at,
												price->refusal == NULL));
	else if (price->lane == NULL)
		RequestRefuse(price, UnknownTier(pricing, price->card, request->service_tier));
	else if (guessed_name)
		RequestRefuse(price, GuessedName(pricing, price, request));
	else if (price->fallback_region && PricingRefusesGuess(pricing))
		RequestRefuse(price, FallbackRegion(pricing, price, region));
	else
		RequestRefuse(price, NoPriceYet(pricing, price->card, price->lane, request->at));
	return NULL;
}

/* Set the vector of a price to what is stated, in USD. */
static void
Convert(Pricing *pricing, RequestPrice *price, TimestampTz at)
{
	TimestampTz from = DT_NOBEGIN;
	TimestampTz to = DT_NOEND;

	price->vector = CardVectorInUsd(price->stated);
	if (price->vector == NULL)
		price->vector = PricingConverted(pricing, price->card, price->stated, at, &from, &to);
}

bool
RequestFindPrice(Pricing *pricing, const Request *request, const Usage *usage, RequestPrice *price)
{
	const Segment *segment = FindSegment(pricing, request, price);
	RequestText tier = request->service_tier;
	CostProblem problem;
	CostStatus	status;
	int64		input;

	if (segment == NULL)
		return false;
	if (TakeContext(&tier, &input))
	{
		price->stated = SegmentVector(price->card, segment, input, request->at, PricingUtcOffset);
		Convert(pricing, price, request->at);
		return true;
	}
	price->stated = UsageVector(price->card, segment, usage, request->at, PricingUtcOffset, &status, &problem);
	if (status != COST_OK && LeavesOut(pricing, price))
		return false;
	if (status == COST_OVERFLOW)
		OverflowError();
	if (status == COST_AGGREGATED)
		return RequestRefuse(price, Aggregated(price->card, usage, problem.threshold));
	Convert(pricing, price, request->at);
	return true;
}

bool
RequestOutcome(Pricing *pricing, CostStatus status, const CostProblem *problem, const RequestPrice *price,
			   TimestampTz at)
{
	if (status == COST_OK)
		return true;
	if (LeavesOut(pricing, price))
		return false;
	if (status == COST_OVERFLOW)
		OverflowError();
	if (price->vector->foreign & METER_BIT(problem->meter))
		return RequestRefuse(price, Foreign(pricing, price, at, problem->meter));
	if (price->vector->refused & METER_BIT(problem->meter))
		return RequestRefuse(price, FallbackMeter(pricing, price, at, problem->meter));
	return RequestRefuse(price, UnpricedMeter(pricing, price, at, problem->meter));
}

Confidence
RequestConfidence(const Pricing *pricing, const RequestPrice *price, Meter meter, TimestampTz at)
{
	const RateVector *vector = price->vector;
	bool		negotiated = CardRows(price->card)[vector->row[meter]].kind == CONTRACT_RATE;
	Confidence	confidence = WorseConfidence((Confidence) vector->confidence[meter], price->name_confidence);

	if (price->fallback_region && !negotiated && MeterSideOf(meter) != SIDE_OTHER)
		confidence = WorseConfidence(confidence, CONFIDENCE_FALLBACK_REGION);
	if (PricingBeforeKnown(pricing) || IsStale(vector->checked_on[meter], at, PricingStaleAfter(pricing)))
		confidence = WorseConfidence(confidence, CONFIDENCE_STALE);
	return confidence;
}

bool
RequestUsageCostAnyhow(Pricing *pricing, const Request *request, const Usage *usage, Money *usd)
{
	RequestPrice price = {.refusal = NULL};
	CostProblem problem;
	CostStatus	status;

	if (!RequestFindPrice(pricing, request, usage, &price))
		return false;
	status = UsageCost(price.vector, usage, usd, &problem);
	return RequestOutcome(pricing, status, &problem, &price, request->at);
}

bool
RequestTokensCostAnyhow(Pricing *pricing, const Request *request, int64 input, int64 output, Money *usd)
{
	const Segment *segment;
	RequestPrice price = {.refusal = NULL};
	CostProblem problem;
	CostStatus	status;

	segment = FindSegment(pricing, request, &price);
	if (segment == NULL)
		return false;
	price.stated = SegmentVector(price.card, segment, input, request->at, PricingUtcOffset);
	Convert(pricing, &price, request->at);
	status = TokensCost(price.vector, input, output, usd, &problem);
	return RequestOutcome(pricing, status, &problem, &price, request->at);
}
