/*
 * Unit test of rate cards: random cards against a reference that looks every
 * price up in the rows themselves, with no segments, buckets or lanes.
 */
#include "tap.h"

#include "cards.h"
#include "price/cost.h"

#define CARDS 500
#define LOOKUPS 40

/* ---------- the reference ---------- */

/* What a request asks the rows. */
typedef struct Question
{
	const PriceRow *rows;
	int			nrows;
	const char *tier;
	const char *region;
	int64_t		at;
	int64_t		total;
	bool		in_force[MAX_ROWS];
} Question;

static bool
SameKey(const PriceRow *a, const PriceRow *b)
{
	return a->meter == b->meter && a->min_input == b->min_input && strcmp(a->service_tier, b->service_tier) == 0 &&
		strcmp(a->region, b->region) == 0 && strcmp(a->windows, b->windows) == 0;
}

static bool
Later(const PriceRow *a, const PriceRow *b)
{
	if (a->valid_from != b->valid_from)
		return a->valid_from > b->valid_from;
	if (a->published_at != b->published_at)
		return a->published_at > b->published_at;
	return a->version > b->version;
}

/* Does the row say something at that time: begun, and not followed by one of the same rank? */
static bool
IsLatest(const Question *question, const PriceRow *row)
{
	if (row->valid_from > question->at)
		return false;
	for (int i = 0; i < question->nrows; i++)
	{
		const PriceRow *other = &question->rows[i];

		if (other->valid_from <= question->at && other->rank == row->rank && SameKey(row, other) && Later(other, row))
			return false;
	}
	return true;
}

/* Does the row hold at that time: nor is it withdrawn, by itself or by whoever goes before? */
static bool
InForce(const Question *question, const PriceRow *row)
{
	if (row->kind == PRICE_WITHDRAWN || row->kind == PRICE_ENDED || !IsLatest(question, row))
		return false;
	for (int i = 0; i < question->nrows; i++)
	{
		const PriceRow *other = &question->rows[i];

		if (other->kind == PRICE_WITHDRAWN && other->rank < row->rank && SameKey(row, other) && IsLatest(question, other))
			return false;
	}
	return true;
}

/* How well a row fits a request, larger is better; 0 not at all. */
static int64_t
Fitness(const Question *question, const PriceRow *row, PriceKind kind, const char *tier, const char *region, Meter meter)
{
	PriceKind	own = row->kind == PRICE_AMOUNT ? PRICE_RATE : row->kind;
	bool		any = row->kind == PRICE_MULTIPLIER && row->meter == METER_ANY && MeterIsTokens(meter);
	int64_t		window = row->windows[0] != '\0';

	if (own != kind || (row->meter != meter && !any) || strcmp(row->service_tier, tier) != 0 ||
		strcmp(row->region, region) != 0 || row->min_input > question->total || !question->in_force[row - question->rows] ||
		(window && !TestWindowOpen(row->windows, question->at)))
		return 0;
	return 100000 - row->rank + row->min_input * 1000000 + window * INT64_C(100000000000) + !any * INT64_C(1000000000000) +
		(row->rank == RANK_OWN) * INT64_C(10000000000000);
}

static const PriceRow *
Best(const Question *question, PriceKind kind, const char *tier, const char *region, Meter meter)
{
	const PriceRow *best = NULL;
	int64_t		fitness = 0;

	for (int i = 0; i < question->nrows; i++)
	{
		int64_t		fits = Fitness(question, &question->rows[i], kind, tier, region, meter);

		if (fits > fitness || (fits > 0 && fits == fitness && Later(&question->rows[i], best)))
		{
			fitness = fits;
			best = &question->rows[i];
		}
	}
	return best;
}

static __int128
Factor(const Question *question, const char *tier, const char *region, Meter meter)
{
	const PriceRow *row = Best(question, PRICE_MULTIPLIER, tier, region, meter);

	return row == NULL ? -1 : row->value;
}

/* The best price of a tier and region, unless a multiplier of a lower rank takes its place. */
static const PriceRow *
BestPrice(const Question *question, const char *tier, const char *region, Meter meter)
{
	const PriceRow *row = Best(question, PRICE_RATE, tier, region, meter);
	const PriceRow *factor = Best(question, PRICE_MULTIPLIER, tier, region, meter);
	bool		base = strcmp(tier, "standard") == 0 && region[0] == '\0';

	return row != NULL && !base && factor != NULL && factor->rank < row->rank ? NULL : row;
}

/* The multiplier on the base price for a context or hours that it is not for. */
static __int128
BaseFactor(const Question *question, const PriceRow *row, Meter meter)
{
	const PriceRow *factor = Best(question, PRICE_MULTIPLIER, "standard", "", meter);

	if (factor == NULL || strcmp(row->service_tier, "standard") != 0 || row->region[0] != '\0' ||
		!(factor->min_input > row->min_input || (factor->windows[0] != '\0' && row->windows[0] == '\0')))
		return MULTIPLIER_ONE;
	return factor->value;
}

#define NO_FX (-2)

/* What a row states, in USD at the time of the question, times its base factor and two more; NO_FX without exchange rate. */
static int64_t
InUsd(const Question *question, const PriceRow *row, Meter meter, __int128 first, __int128 second)
{
	__int128	rate = row->value;

	if (row->kind == PRICE_AMOUNT)
	{
		int64_t		fx = TestFx(row->currency, question->at);

		if (fx == 0)
			return NO_FX;
		rate = rate * fx / FX_ONE;
	}
	rate = rate * BaseFactor(question, row, meter) / MULTIPLIER_ONE;
	return (int64_t) (rate * first / MULTIPLIER_ONE * second / MULTIPLIER_ONE);
}

/* The rate of exactly this meter; -1: none. */
static int64_t
OwnRate(const Question *question, Meter meter)
{
	const char *tier = question->tier;
	const char *region = question->region;
	__int128	by_tier = Factor(question, tier, "", meter);
	__int128	by_region = Factor(question, tier, region, meter);
	__int128	of_both = by_region;
	const PriceRow *row;

	if (by_region < 0)
		by_region = Factor(question, "standard", region, meter);
	if (of_both < 0)
		of_both = MULTIPLIER_ONE;
	if (by_tier >= 0)
		of_both = by_tier;
	if (by_tier < 0 || strcmp(tier, "standard") == 0)
		by_tier = MULTIPLIER_ONE;
	if (by_region < 0 || region[0] == '\0')
		by_region = MULTIPLIER_ONE;

	if ((row = BestPrice(question, tier, region, meter)) != NULL)
		return InUsd(question, row, meter, MULTIPLIER_ONE, MULTIPLIER_ONE);
	if ((row = BestPrice(question, tier, "", meter)) != NULL)
		return InUsd(question, row, meter, by_region, MULTIPLIER_ONE);
	if ((row = BestPrice(question, "standard", region, meter)) != NULL)
		return InUsd(question, row, meter, of_both, MULTIPLIER_ONE);
	if ((row = BestPrice(question, "standard", "", meter)) != NULL)
		return InUsd(question, row, meter, by_tier, by_region);
	return -1;
}

/* Does the model sell this tier at that time, in the region or everywhere? */
static bool
TierInForce(const Question *question)
{
	for (int i = 0; i < question->nrows; i++)
	{
		const PriceRow *row = &question->rows[i];

		if (strcmp(row->service_tier, question->tier) == 0 && question->in_force[i] &&
			(row->region[0] == '\0' || strcmp(row->region, question->region) == 0))
			return true;
	}
	return false;
}

/* The rate of a meter or of the nearest parent that has one; -1: none, NO_FX: one that cannot be converted. */
static int64_t
ReferenceRate(const Question *question, Meter meter)
{
	int64_t		rate = -1;

	if (!TierInForce(question))
		return -1;
	for (;;)
	{
		rate = OwnRate(question, meter);
		if (rate != -1 || MeterParent(meter) == meter)
			return rate;
		meter = MeterParent(meter);
	}
}

/* ---------- the card ---------- */

static bool
HasTier(const Question *question)
{
	for (int i = 0; i < question->nrows; i++)
	{
		if (strcmp(question->rows[i].service_tier, question->tier) == 0)
			return true;
	}
	return strcmp(question->tier, "standard") == 0;
}

static bool
HasRegion(const Question *question)
{
	for (int i = 0; i < question->nrows; i++)
	{
		if (strcmp(question->rows[i].region, question->region) == 0)
			return true;
	}
	return false;
}

/* The rate of a meter by the card; -1: none, NO_FX: one that cannot be converted. */
static int64_t
CardRate(const RateCard *card, const Lane *lane, const Question *question, Meter meter)
{
	const Segment *segment = LaneSegment(card, lane, question->at);
	const CardVector *vector;
	RateVector	usd;

	if (segment == NULL)
		return -1;
	vector = SegmentVector(card, segment, question->total, question->at, TestOffset);
	VectorInUsd(card, vector, TestFxSeries, NULL, question->at, &usd);
	if (CardVectorInUsd(vector) != NULL && memcmp(&usd, CardVectorInUsd(vector), sizeof(usd)) != 0)
		return INT64_MIN;
	return usd.priced & METER_BIT(meter) ? usd.rate[meter] : usd.foreign & METER_BIT(meter) ? NO_FX : -1;
}

/* Ask card and rows the same; true when they agree. */
static bool
Agree(const RateCard *card, Question question)
{
	const Lane *lane = RateCardLane(card, question.tier, strlen(question.tier), question.region, strlen(question.region));

	if ((lane != NULL) != HasTier(&question))
		return false;
	if (lane == NULL)
		return true;
	if (!HasRegion(&question))
		question.region = "";
	for (int i = 0; i < question.nrows; i++)
		question.in_force[i] = InForce(&question, &question.rows[i]);
	for (Meter meter = 0; meter < METER_COUNT; meter++)
	{
		int64_t		expected = ReferenceRate(&question, meter);
		int64_t		found = CardRate(card, lane, &question, meter);

		if (expected != found)
		{
			printf("# tier %s region '%s' at %lld total %lld meter %s: expected %lld, card has %lld\n",
				   question.tier, question.region, (long long) question.at, (long long) question.total,
				   MeterName(meter), (long long) expected, (long long) found);
			return false;
		}
	}
	return true;
}

/* A moment in, at, or just before a time at which prices or windows change. */
static int64_t
RandomTime(void)
{
	int64_t		base = some_times[1 + Below(4)] - DAY + Below(3) * DAY;

	if (Below(3) == 0)
		return base + Below(3) - 1;
	return base + (int64_t) Below(86400) * 1000000 + (Below(4) == 0 ? -1 : 0);
}

static Question
RandomQuestion(const PriceRow *rows, int nrows)
{
	static const char *const tiers[] = {"standard", "batch", "flex", "priority", "standar", "batch2"};
	static const char *const regions[] = {"", "eu", "us", "ap"};
	static const int64_t totals[] = {0, 99, 100, 101, 4999, 5000, INT64_MAX};

	return (Question) {
		.rows = rows,.nrows = nrows,.tier = PICK(tiers),.region = PICK(regions),
		.at = RandomTime(),.total = PICK(totals)
	};
}

/* In order, without gaps, open at the end; rows of the vectors price their meters. */
static bool
IsSound(const RateCard *card)
{
	const Lane *lanes = CardAt(card, card->lanes);

	for (uint32_t l = 0; l < card->nlanes; l++)
	{
		const Segment *segments = CardAt(card, lanes[l].segments);

		for (uint32_t s = 0; s < lanes[l].nsegments; s++)
		{
			const int64_t *buckets = CardAt(card, segments[s].buckets);
			bool		last = s + 1 == lanes[l].nsegments;

			if (segments[s].to != (last ? TIME_END : segments[s + 1].from) || segments[s].from >= segments[s].to)
				return false;
			if (segments[s].nbuckets < 1 || segments[s].nwindows < 1 || buckets[0] != 0)
				return false;
			for (uint32_t b = 1; b < segments[s].nbuckets; b++)
			{
				if (buckets[b] <= buckets[b - 1])
					return false;
			}
		}
	}
	return card->size % 8 == 0;
}

static RateCard *
Build(PriceRow *rows, int nrows, Arena *arena, CardStatus *status)
{
	RateCard   *card;
	const PriceRow *culprit;

	Host		host = ArenaHost(arena);

	*status = RateCardBuild("acme", "model", rows, nrows, false, &host, &card, &culprit);
	return card;
}

static void
Shuffle(PriceRow *rows, int nrows)
{
	for (int i = nrows - 1; i > 0; i--)
	{
		int			j = Below(i + 1);
		PriceRow	kept = rows[i];

		rows[i] = rows[j];
		rows[j] = kept;
	}
}

/* Random cards of rows with the first nwindows weekly windows. */
static void
TestRandomCards(int nwindows, const char *what)
{
	int			disagreeing = 0,
				unsound = 0,
				unequal = 0,
				failed = 0;

	for (int n = 0; n < CARDS; n++)
	{
		PriceRow	rows[MAX_ROWS],
					given[MAX_ROWS];
		int			nrows = RandomRows(rows, nwindows);
		Arena		arena = {.left = -1};
		CardStatus	status;
		RateCard   *built,
				   *again,
				   *card;

		memcpy(given, rows, sizeof(rows));
		built = Build(rows, nrows, &arena, &status);
		if (built == NULL)
		{
			failed++;
			ArenaFree(&arena);
			continue;
		}
		if (n % 8 == 0)
		{
			memcpy(rows, given, sizeof(rows));
			Shuffle(rows, nrows);
			again = Build(rows, nrows, &arena, &status);
			unequal += again == NULL || again->size != built->size || memcmp(again, built, built->size) != 0;
		}

		/* Elsewhere, and with what it was built from gone: it has no pointers. */
		card = malloc(built->size);
		memcpy(card, built, built->size);
		ArenaFree(&arena);
		unsound += !IsSound(card);
		for (int i = 0; i < LOOKUPS; i++)
			disagreeing += !Agree(card, RandomQuestion(given, nrows));
		free(card);
	}
	Ok(failed == 0, "%s: %d random cards are built", what, CARDS);
	Ok(disagreeing == 0, "%s: a card has the prices of its rows (%d look-ups differ)", what, disagreeing);
	Ok(unsound == 0, "%s: segments follow each other, buckets rise", what);
	Ok(unequal == 0, "%s: the order of rows does not matter, to the byte", what);
}

/* ---------- single rules ---------- */

static PriceRow
Row(const char *tier, const char *region, Meter meter, PriceKind kind, int64_t value)
{
	return (PriceRow) {
		.valid_from = TIME_BEGIN,.value = value,.unit_quantity = 1000000,.version = 1,
		.kind = kind,.meter = meter,.service_tier = tier,.region = region,.windows = "",.source = "",.catalog = "",.note = "",
		.valid_to = TIME_END,.currency = "USD"
	};
}

static CardStatus
StatusOf(PriceRow *rows, int nrows)
{
	Arena		arena = {.left = -1};
	CardStatus	status;

	Build(rows, nrows, &arena, &status);
	ArenaFree(&arena);
	return status;
}

/* n weekly windows side by side, all different. */
static CardStatus
StatusOfWindows(int n)
{
	PriceRow	rows[16];
	char		texts[16][100];

	for (int i = 0; i < n; i++)
	{
		snprintf(texts[i], sizeof(texts[i]), "{\"timezone\":\"UTC\",\"windows\":[{\"from\":\"%02d:00\",\"to\":\"24:00\"}]}", i);
		rows[i] = Row("standard", "", METER_INPUT, PRICE_RATE, i);
		rows[i].windows = texts[i];
	}
	return StatusOf(rows, n);
}

static void
TestRefused(void)
{
	PriceRow	fine[] = {
		Row("standard", "", METER_INPUT, PRICE_RATE, 5), Row("batch", "", METER_ANY, PRICE_MULTIPLIER, MULTIPLIER_ONE / 2)
	};
	PriceRow	large[] = {
		Row("standard", "", METER_INPUT, PRICE_RATE, INT64_MAX), Row("fast", "", METER_ANY, PRICE_MULTIPLIER, 2 * MULTIPLIER_ONE)
	};
	PriceRow	exact[] = {
		Row("standard", "", METER_INPUT, PRICE_RATE, INT64_MAX), Row("fast", "", METER_ANY, PRICE_MULTIPLIER, MULTIPLIER_ONE)
	};
	PriceRow	windows = Row("standard", "", METER_INPUT, PRICE_RATE, 5);
	static const char *const bad[] = {
		"{", "null", "[]", "{\"timezone\":\"UTC\"}", "{\"timezone\":\"UTC\",\"windows\":[]}",
		"{\"timezone\":\"\",\"windows\":[{\"from\":\"00:00\",\"to\":\"01:00\"}]}",
		"{\"timezone\":\"UTC\",\"windows\":[{\"from\":\"00:00\"}]}",
		"{\"timezone\":\"UTC\",\"windows\":[{\"from\":\"01:00\",\"to\":\"01:00\"}]}",
		"{\"timezone\":\"UTC\",\"windows\":[{\"from\":\"00:60\",\"to\":\"01:00\"}]}",
		"{\"timezone\":\"UTC\",\"windows\":[{\"from\":\"00:00\",\"to\":\"24:01\"}]}",
		"{\"timezone\":\"UTC\",\"windows\":[{\"from\":\"0:00\",\"to\":\"01:00\"}]}",
		"{\"timezone\":\"UTC\",\"windows\":[{\"days\":[],\"from\":\"00:00\",\"to\":\"01:00\"}]}",
		"{\"timezone\":\"UTC\",\"windows\":[{\"days\":[0],\"from\":\"00:00\",\"to\":\"01:00\"}]}",
		"{\"timezone\":\"UTC\",\"windows\":[{\"days\":[8],\"from\":\"00:00\",\"to\":\"01:00\"}]}",
		"{\"timezone\":\"UTC\",\"windows\":[{\"days\":[1.5],\"from\":\"00:00\",\"to\":\"01:00\"}]}"
	};
	int			accepted = 0;

	Ok(StatusOf(fine, 2) == CARD_TOO_FINE, "a multiplier that makes a rate too fine is refused");
	Ok(StatusOf(large, 2) == CARD_TOO_LARGE, "and one that makes it too large");
	Ok(StatusOf(exact, 2) == CARD_OK, "the largest rate times 1 is not");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		PriceRow	row = windows;

		row.windows = bad[i];
		if (StatusOf(&row, 1) != CARD_BAD_WINDOWS)
		{
			accepted++;
			printf("# accepted: %s\n", bad[i]);
		}
	}
	Ok(accepted == 0, "windows that cannot be read are refused");
	Ok(StatusOfWindows(6) == CARD_OK && StatusOfWindows(7) == CARD_TOO_MANY, "six different windows at a time are the most");
}

/* ---------- other currencies ---------- */

static PriceRow
Amount(const char *tier, const char *currency, int64_t value)
{
	PriceRow	row = Row(tier, "", METER_INPUT, PRICE_AMOUNT, value);

	row.currency = currency;
	return row;
}

/* What becomes of the input price of rows, on some tier, at some time. */
static Conversion
Converted(PriceRow *rows, int nrows, const char *tier, int64_t at, Arena *arena)
{
	CardStatus	status;
	RateCard   *card = Build(rows, nrows, arena, &status);
	const Lane *lane = RateCardLane(card, tier, strlen(tier), "", 0);
	const CardVector *vector = SegmentVector(card, LaneSegment(card, lane, at), 0, at, TestOffset);

	return RateInUsd(card, vector, METER_INPUT, TestFxSeries, NULL, at);
}

static void
TestForeign(void)
{
	Arena		arena = {.left = -1};
	PriceRow	row = Amount("standard", "EUR", 100);
	PriceRow	rows[] = {row, Row("batch", "", METER_ANY, PRICE_MULTIPLIER, MULTIPLIER_ONE / 2)};
	PriceRow	odd[] = {Amount("standard", "EUR", 50), rows[1]};
	PriceRow	large = Amount("standard", "EUR", INT64_MAX);
	PriceRow	both[] = {row, Row("standard", "", METER_REQUESTS, PRICE_AMOUNT, 100)};
	Conversion	found;
	CardStatus	status;
	RateCard   *card;
	const CardVector *vector;
	RateVector	usd;
	MeterCounts counts = {{[METER_REQUESTS] = 1}};
	UsageBuffer usage;
	Money		cost;
	CostProblem problem;
	int64_t		from = TIME_BEGIN,
				to = TIME_END;

	Ok(Converted(&row, 1, "standard", 2 * DAY - 1, &arena).fx == NULL, "before the first exchange rate there is none");
	found = Converted(&row, 1, "standard", 2 * DAY, &arena);
	Ok(found.fx != NULL && found.status == CARD_OK && found.rate == 108, "from its first moment it holds");
	Ok(Converted(&row, 1, "standard", 12 * DAY - 1, &arena).rate == 108, "until the next one");
	Ok(Converted(&row, 1, "standard", 12 * DAY, &arena).rate == 95, "which is the one published last");
	found = Converted(rows, 2, "batch", 2 * DAY, &arena);
	Ok(found.status == CARD_OK && found.rate == 54, "a multiplier is applied to the USD");
	found = Converted(odd, 2, "batch", 12 * DAY, &arena);
	Ok(found.status == CARD_TOO_FINE && found.culprit == NULL, "an exchange rate that makes a rate too fine is told of");
	found = Converted(rows, 2, "batch", 12 * DAY, &arena);
	Ok(found.status == CARD_TOO_FINE && found.culprit != NULL && found.culprit->kind == PRICE_MULTIPLIER, "and the multiplier that does");
	found = Converted(&large, 1, "standard", 2 * DAY, &arena);
	Ok(found.fx != NULL && found.status != CARD_OK, "what does not fit 64 bits has no rate");

	/* A price per request is not free for lack of an exchange rate. */
	both[1].currency = "JPY";
	card = Build(both, 2, &arena, &status);
	vector = SegmentVector(card, LaneSegment(card, RateCardLane(card, "standard", 8, "", 0), 0), 0, 3 * DAY, TestOffset);
	VectorInUsd(card, vector, TestFxSeries, NULL, 3 * DAY, &usd);
	UsagePack(&counts, &usage.usage);
	Ok(UsageCost(&usd, &usage.usage, &cost, &problem) == COST_UNPRICED && problem.meter == METER_REQUESTS,
	   "a price per request without exchange rate is missed by a usage");
	Ok(TokensCost(&usd, 1, 0, &cost, &problem) == COST_UNPRICED && problem.meter == METER_REQUESTS, "and by plain tokens");
	VectorFxSpan(card, vector, TestFxSeries, NULL, 3 * DAY, &from, &to);
	Ok(from == 2 * DAY && to == 12 * DAY, "a vector holds as long as its exchange rates");
	ArenaFree(&arena);
}

/* A card does not grow with the exchange rates, and its builder can be stopped. */
static void
TestInterrupts(void)
{
	static PriceRow rows[3000];
	Arena		arena = {.left = -1};
	CardStatus	status;
	uint64_t	before = interrupts_checked;

	for (int i = 0; i < 3000; i++)
	{
		rows[i] = Row("standard", "", METER_INPUT, PRICE_RATE, i);
		rows[i].valid_from = i * DAY;
	}
	Build(rows, 3000, &arena, &status);
	Ok(status == CARD_OK && interrupts_checked - before > 3000, "a long build asks whether it is to stop, for every vector");
	ArenaFree(&arena);
}

/* ---------- whose price holds, and what it rests on ---------- */

static PriceRow
Ranked(PriceRow row, uint16_t rank, Agreement agreement)
{
	row.rank = rank;
	row.agreement = agreement;
	return row;
}

/* The vector of a total input for a tier and region of a card of rows. */
static const RateVector *
VectorOfRows(PriceRow *rows, int nrows, const char *tier, const char *region, int64_t total, bool refuse_guess, Arena *arena)
{
	Host		host = ArenaHost(arena);
	RateCard   *card;
	const PriceRow *culprit;
	const Lane *lane;

	RateCardBuild("acme", "model", rows, nrows, refuse_guess, &host, &card, &culprit);
	lane = RateCardLane(card, tier, strlen(tier), region, strlen(region));
	return CardVectorInUsd(SegmentVector(card, LaneSegment(card, lane, DAY), total, DAY, TestOffset));
}

#define COUNT(rows) ((int) (sizeof(rows) / sizeof((rows)[0])))

static Confidence
ConfidenceOf(PriceRow *rows, int nrows, const char *tier, const char *region, Meter meter)
{
	Arena		arena = {.left = -1};
	const RateVector *vector = VectorOfRows(rows, nrows, tier, region, 0, false, &arena);
	Confidence	confidence = vector->priced & METER_BIT(meter) ? (Confidence) vector->confidence[meter] : CONFIDENCE_COUNT;

	ArenaFree(&arena);
	return confidence;
}

static int64_t
RateOf(PriceRow *rows, int nrows, const char *tier, int64_t total)
{
	Arena		arena = {.left = -1};
	int64_t		rate = VectorOfRows(rows, nrows, tier, "", total, false, &arena)->rate[METER_INPUT];

	ArenaFree(&arena);
	return rate;
}

static void
TestConfidence(void)
{
	const PriceRow input = Row("standard", "", METER_INPUT, PRICE_RATE, 10);
	const PriceRow output = Row("standard", "", METER_OUTPUT, PRICE_RATE, 20);
	PriceRow	plain[] = {input, output};
	PriceRow	half[] = {input, Row("batch", "", METER_ANY, PRICE_MULTIPLIER, MULTIPLIER_ONE / 2)};
	PriceRow	tier[] = {input, Row("standard", "", METER_CACHE_READ, PRICE_RATE, 1), Row("batch", "", METER_INPUT, PRICE_RATE, 5)};
	PriceRow	region[] = {input, output, Row("standard", "eu", METER_INPUT, PRICE_MULTIPLIER, 2 * MULTIPLIER_ONE), Row("standard", "", METER_WEB_SEARCHES, PRICE_RATE, 1)};
	PriceRow	single[] = {Ranked(input, RANK_SHIPPED, AGREEMENT_SINGLE)};
	PriceRow	agreed[] = {Ranked(input, 20, AGREEMENT_SINGLE), Ranked(input, RANK_SHIPPED, AGREEMENT_UNKNOWN)};
	PriceRow	disputed[] = {Ranked(input, 20, AGREEMENT_UNKNOWN), Ranked(Row("standard", "", METER_INPUT, PRICE_RATE, 11), RANK_SHIPPED, AGREEMENT_UNKNOWN)};
	PriceRow	own[] = {Ranked(input, RANK_OWN, AGREEMENT_UNKNOWN), disputed[1]};
	PriceRow	later[] = {disputed[0], disputed[1]};
	Arena		arena = {.left = -1};
	const RateVector *vector;

	Ok(ConfidenceOf(plain, COUNT(plain), "standard", "", METER_INPUT) == CONFIDENCE_EXACT, "a price as it is stated is exact");
	Ok(ConfidenceOf(plain, COUNT(plain), "standard", "", METER_REASONING) == CONFIDENCE_EXACT, "and so is that of reasoning, which is output");
	Ok(ConfidenceOf(plain, COUNT(plain), "standard", "", METER_CACHE_READ) == CONFIDENCE_FALLBACK_METER, "another meter's is a fallback");
	Ok(ConfidenceOf(half, COUNT(half), "batch", "", METER_INPUT) == CONFIDENCE_DERIVED, "one times a factor is derived");
	Ok(ConfidenceOf(tier, COUNT(tier), "batch", "", METER_CACHE_READ) == CONFIDENCE_FALLBACK_METER, "that of another tier is a fallback");
	Ok(ConfidenceOf(region, COUNT(region), "standard", "eu", METER_INPUT) == CONFIDENCE_DERIVED, "a region's factor derives");
	Ok(ConfidenceOf(region, COUNT(region), "standard", "eu", METER_OUTPUT) == CONFIDENCE_FALLBACK_REGION, "a meter without one falls back");
	Ok(ConfidenceOf(region, COUNT(region), "standard", "eu", METER_WEB_SEARCHES) == CONFIDENCE_EXACT, "but not what is no tokens");
	Ok(ConfidenceOf(single, COUNT(single), "standard", "", METER_INPUT) == CONFIDENCE_SINGLE_SOURCE, "a single source is told of");
	Ok(ConfidenceOf(agreed, COUNT(agreed), "standard", "", METER_INPUT) == CONFIDENCE_EXACT, "until another one agrees");
	Ok(ConfidenceOf(disputed, COUNT(disputed), "standard", "", METER_INPUT) == CONFIDENCE_DISPUTED, "or does not");
	later[0].valid_from = 0;
	later[0].checked_on = 5;
	Ok(ConfidenceOf(later, COUNT(later), "standard", "", METER_INPUT) == CONFIDENCE_DISPUTED, "a source of the very day may disagree");
	later[0].valid_from = DAY;
	Ok(ConfidenceOf(later, COUNT(later), "standard", "", METER_INPUT) == CONFIDENCE_EXACT, "one that was read before the price began cannot");
	Ok(ConfidenceOf(own, COUNT(own), "standard", "", METER_INPUT) == CONFIDENCE_EXACT, "nobody disputes one's own price");

	vector = VectorOfRows(plain, COUNT(plain), "standard", "", 0, true, &arena);
	Ok(!(vector->priced & METER_BIT(METER_CACHE_READ)) && (vector->refused & METER_BIT(METER_CACHE_READ)) &&
	   (vector->priced & METER_BIT(METER_REASONING)), "a card that refuses guesses has no rate of a fallback");
	ArenaFree(&arena);
}

static bool
UnknownRegionFalls(const char *known)
{
	PriceRow	rows[] = {Row("standard", "", METER_INPUT, PRICE_RATE, 10), Row("standard", known, METER_INPUT, PRICE_RATE, 11)};
	Arena		arena = {.left = -1};
	CardStatus	status;
	RateCard   *card = Build(rows, COUNT(rows), &arena, &status);
	bool		falls = LaneIsFallback(card, RateCardLane(card, "standard", 8, "ap", 2), 2);

	ArenaFree(&arena);
	return falls;
}

static void
TestRank(void)
{
	PriceRow	own = Row("standard", "", METER_INPUT, PRICE_RATE, 100);
	PriceRow	shipped = Ranked(Row("standard", "", METER_INPUT, PRICE_RATE, 10), RANK_SHIPPED, AGREEMENT_UNKNOWN);
	PriceRow	later = shipped;
	PriceRow	windowed = shipped;
	PriceRow	large = shipped;
	PriceRow	larger = Ranked(Row("standard", "", METER_INPUT, PRICE_MULTIPLIER, 2 * MULTIPLIER_ONE), RANK_SHIPPED, AGREEMENT_UNKNOWN);
	PriceRow	batch = Ranked(Row("batch", "", METER_INPUT, PRICE_RATE, 5), RANK_SHIPPED, AGREEMENT_UNKNOWN);
	PriceRow	half = Ranked(Row("batch", "", METER_ANY, PRICE_MULTIPLIER, MULTIPLIER_ONE / 2), 20, AGREEMENT_UNKNOWN);
	PriceRow	none = Row("standard", "", METER_INPUT, PRICE_WITHDRAWN, 0);

	later.valid_from = 0;
	windowed.windows = "{\"timezone\":\"UTC\",\"windows\":[{\"from\":\"00:00\",\"to\":\"24:00\"}]}";
	large.min_input = larger.min_input = 5000;
	Ok(RateOf((PriceRow[]) {own, shipped, later}, 3, "standard", 0) == 100, "an own price holds whatever was shipped later");
	Ok(RateOf((PriceRow[]) {own, shipped, windowed}, 3, "standard", 0) == 100, "at every hour");
	Ok(RateOf((PriceRow[]) {own, shipped, large}, 3, "standard", 9000) == 100, "and for every context");
	Ok(RateOf((PriceRow[]) {own, shipped, larger}, 3, "standard", 9000) == 200, "but what is a multiple of it follows");
	Ok(RateOf((PriceRow[]) {shipped, larger}, 2, "standard", 4999) == 10, "from its context on");
	Ok(RateOf((PriceRow[]) {own, batch}, 2, "batch", 0) == 5, "a price of another tier stays");
	Ok(RateOf((PriceRow[]) {own, batch, half}, 3, "batch", 0) == 50, "unless whoever goes before makes it a multiple");
	Ok(RateOf((PriceRow[]) {none, shipped}, 2, "standard", 0) == 0, "an own withdrawal withdraws the shipped price");
	Ok(UnknownRegionFalls("eu"), "an unknown region of a model with prices by region is a fallback");
	Ok(!UnknownRegionFalls("global"), "where only the global price differs it is not");
}

/* Every allocation can fail, and then the card is not built and nothing else happens. */
static void
TestNoMemory(void)
{
	PriceRow	rows[MAX_ROWS];
	int			nrows = RandomRows(rows, 3);
	Arena		arena = {0};
	CardStatus	status = CARD_NO_MEMORY;
	long		allocations = 0;
	bool		clean = true;

	for (; allocations < 1000 && status == CARD_NO_MEMORY; allocations++)
	{
		RateCard   *card;

		arena.left = allocations;
		card = Build(rows, nrows, &arena, &status);
		clean &= (card == NULL) == (status != CARD_OK);
		ArenaFree(&arena);
	}
	Ok(clean && status == CARD_OK && allocations > 8, "running out of memory is reported, at every allocation");
}

/* Rows as equal as the tables allow: two spellings of one threshold in one version. */
static void
TestTies(void)
{
	PriceRow	rows[] = {
		Row("standard", "", METER_INPUT, PRICE_RATE, 1), Row("standard", "", METER_INPUT, PRICE_RATE, 2)
	};
	PriceRow	reversed[] = {rows[1], rows[0]};
	Arena		arena = {.left = -1};
	CardStatus	status;
	RateCard   *one = Build(rows, 2, &arena, &status);
	RateCard   *other = Build(reversed, 2, &arena, &status);

	Ok(one->size == other->size && memcmp(one, other, one->size) == 0, "rows that tie are chosen by what they say");
	ArenaFree(&arena);
}

int
main(void)
{
	TestRandomCards(0, "no windows");
	TestRandomCards(1, "one window");
	TestRandomCards(3, "windows");
	TestRandomCards(4, "overlapping windows");
	TestRefused();
	TestTies();
	TestForeign();
	TestInterrupts();
	TestConfidence();
	TestRank();
	TestNoMemory();
	return Done();
}
