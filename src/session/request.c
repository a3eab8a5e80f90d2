/*
 * request.c
 *	  One request, as SQL describes it, priced by a Pricing.
 *
 * Invariant: a request either has one vector of rates, or a reason why not; what
 * is said of the reason stands in request_refusal.c.
 */
#include "postgres.h"

#include "server/compat.h"
#include "server/errors.h"
#include "session/request_refusal.h"
#include "core/service_tier.h"
#include "core/usage_sql.h"

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

static void
OverflowError(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("the cost of the request is out of range")));
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
		tier = STANDARD_TIER;
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
		RequestRefuse(price, NameRefusal(pricing, request->model.bytes, request->model.length, request->at,
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
