/*
 * statement_prices.c
 *	  Prices as one statement sees them: names resolved and rate cards fetched
 *	  when first asked for.
 *
 * A name's spans are found one by one, as the times of the log reach them; the
 * unknown names of a log are remembered as well, up to a number.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "server/compat.h"
#include "price/cost.h"
#include "server/errors.h"
#include "model/model_advice.h"
#include "model/provider_name.h"
#include "model/model_suggest.h"
#include "server/call_site.h"
#include "session/known_at.h"
#include "session/model_fetch.h"
#include "session/price_fetch.h"
#include "session/statement_prices.h"

/* Unknown names remembered by one Pricing. */
#define MAX_UNKNOWN 10000

/* A hash table from bytes to a pointer. */
typedef struct NameKey
{
	const char *bytes;
	Size		length;
} NameKey;

typedef struct NameEntry
{
	NameKey		key;
	uint32		hash;
	char		status;
	void	   *value;			/* NameSpan list, or RateCard */
} NameEntry;

static inline uint32
HashName(NameKey key)
{
	return (uint32) NameHash(key.bytes, key.length);
}

static inline bool
SameName(NameKey a, NameKey b)
{
	return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

#define SH_PREFIX name
#define SH_ELEMENT_TYPE NameEntry
#define SH_KEY_TYPE NameKey
#define SH_KEY key
#define SH_HASH_KEY(tb, key) HashName(key)
#define SH_EQUAL(tb, a, b) SameName(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"	/* its own, in PostgreSQL's header */
#include "lib/simplehash.h"
#pragma GCC diagnostic pop

/* A hash table from a vector, and since when its exchange rates hold, to what it is in USD then. */
typedef struct UsdKey
{
	const CardVector *vector;
	TimestampTz from;
} UsdKey;

typedef struct UsdEntry
{
	UsdKey		key;
	char		status;
	RateVector *usd;
} UsdEntry;

static inline uint32
HashUsd(UsdKey key)
{
	return hash_bytes((const unsigned char *) &key, sizeof(key));
}

#define SH_PREFIX usd
#define SH_ELEMENT_TYPE UsdEntry
#define SH_KEY_TYPE UsdKey
#define SH_KEY key
#define SH_HASH_KEY(tb, key) HashUsd(key)
#define SH_EQUAL(tb, a, b) ((a).vector == (b).vector && (a).from == (b).from)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#include "lib/simplehash.h"
#pragma GCC diagnostic pop

/* A currency with its exchange rates. */
typedef struct Currency
{
	struct Currency *next;
	FxSeries	series;
	char		name[CURRENCY_SIZE];
} Currency;

Pricing *
PricingCreate(MemoryContext parent, const char *context_name, const PriceBook *book)
{
	/* Cards are never freed one by one; this kind does not round their sizes up to powers of two. */
	MemoryContext context = GenerationContextCreate(parent, context_name, ALLOCSET_DEFAULT_SIZES);
	Pricing    *pricing = MemoryContextAllocZero(context, sizeof(Pricing));

	pricing->context = context;
	pricing->book = book;
	pricing->names = name_create(context, 64, NULL);
	pricing->cards = name_create(context, 64, NULL);
	return pricing;
}

/* The entry of a key, made with a copy of the key when it is new. */
static NameEntry *
InsertName(Pricing *pricing, struct name_hash *table, NameKey key)
{
	NameEntry  *entry = name_lookup(table, key);
	bool		found;

	if (entry == NULL)
	{
		char	   *bytes = MemoryContextAlloc(pricing->context, key.length + 1);

		memcpy(bytes, key.bytes, key.length);
		bytes[key.length] = '\0';
		key.bytes = bytes;
		entry = name_insert(table, key, &found);
		entry->value = NULL;
	}
	return entry;
}

/* The card of a model, fetched once. */
static const RateCard *
FetchCard(Pricing *pricing, const ModelRef *ref)
{
	char		bytes[2 * MODEL_NAME_SIZE];
	NameKey		key = {bytes, strlen(ref->provider) + 1 + strlen(ref->model)};
	NameEntry  *entry;
	RateCard   *card;

	if (pricing->book != NULL)
		return PriceBookCard(pricing->book, ref->provider, ref->model);

	strcpy(bytes, ref->provider);
	strcpy(bytes + strlen(ref->provider) + 1, ref->model);
	entry = name_lookup(pricing->cards, key);
	if (entry != NULL)
		return entry->value;
	card = LoadRateCard(&pricing->reader, ref->provider, ref->model, pricing->context);
	if (card == NULL)			/* the target of an alias may have no prices */
		return NULL;
	entry = InsertName(pricing, pricing->cards, key);
	entry->value = card;
	return card;
}

ModelStatus
PricingResolve(Pricing *pricing, const char *name, TimestampTz at, ModelMatch *match)
{
	ModelDirectory directory;

	if (pricing->book == NULL)
		return LoadModel(&pricing->reader, name, at, match);
	directory = PriceBookDirectory(pricing->book);
	return ModelResolve(name, at, &directory, match);
}

/* ---------- prices in other currencies ---------- */

FxSeries
PricingFx(void *arg, const char *currency)
{
	Pricing    *pricing = arg;
	Currency   *known = pricing->currencies;
	FxSeries	series;

	if (pricing->book != NULL)
		return PriceBookFx((void *) pricing->book, currency);
	while (known != NULL && strcmp(known->name, currency) != 0)
		known = known->next;
	if (known != NULL)
		return known->series;

	pricing->busy++;
	PG_TRY();
	{
		series = LoadFxSeries(&pricing->reader, currency, pricing->context);
	}
	PG_FINALLY();
	{
		pricing->busy--;
	}
	PG_END_TRY();
	known = MemoryContextAllocZero(pricing->context, sizeof(Currency));
	strlcpy(known->name, currency, sizeof(known->name));
	known->series = series;
	known->next = pricing->currencies;
	pricing->currencies = known;
	return series;
}

const RateVector *
PricingConverted(Pricing *pricing, const RateCard *card, const CardVector *vector,
				 TimestampTz at, TimestampTz *from, TimestampTz *to)
{
	UsdKey		key = {vector, DT_NOBEGIN};
	TimestampTz until = DT_NOEND;
	RateVector *usd;
	UsdEntry   *entry;
	bool		found;

	VectorFxSpan(card, vector, PricingFx, pricing, at, &key.from, &until);
	*from = Max(*from, key.from);
	*to = Min(*to, until);
	if (pricing->converted == NULL)
		pricing->converted = usd_create(pricing->context, 64, NULL);
	entry = usd_lookup(pricing->converted, key);
	if (entry != NULL)
		return entry->usd;
	usd = MemoryContextAlloc(pricing->context, sizeof(RateVector));
	VectorInUsd(card, vector, PricingFx, pricing, at, usd);
	usd_insert(pricing->converted, key, &found)->usd = usd;
	return usd;
}

/* Keep in a span the segment of the standard tier that holds at a time. */
static void
FindStandard(Pricing *pricing, NameSpan *span, TimestampTz at)
{
	const Lane *lane = RateCardLane(span->card, "standard", strlen("standard"), span->region, span->region_length);
	const Segment *segment = lane == NULL ? NULL : LaneSegment(span->card, lane, at);
	const CardVector *vector;
	const RateVector *flat = NULL;
	TimestampTz from,
				to;

	if (segment == NULL || SpanIsRefused(pricing, span) ||
		(PricingRefusesGuess(pricing) && LaneIsFallback(span->card, lane, span->region_length)))
		return;
	from = Max(segment->from, span->from);
	to = Min(segment->to, span->to);
	if (SegmentIsFlat(segment))
	{
		vector = CardAt(span->card, segment->vectors);
		flat = CardVectorInUsd(vector);
		if (flat == NULL)
			flat = PricingConverted(pricing, span->card, vector, at, &from, &to);
	}
	span->segment = segment;
	span->segment_from = from;
	span->segment_to = to;
	span->flat = flat;
	span->flat_from = flat != NULL ? from : DT_NOBEGIN;
	span->flat_to = flat != NULL ? to : DT_NOBEGIN;
}

/* What a name means at a time; everything that can fail. */
static NameSpan
FindSpan(Pricing *pricing, const char *name, Size length, TimestampTz at)
{
	char	   *terminated = pnstrdup(name, length);
	ModelMatch	match;
	ModelStatus status = PricingResolve(pricing, terminated, at, &match);
	NameSpan	span = {.from = match.from,.to = match.to,.region = ""};

	pfree(terminated);
	if (status == MODEL_NAME_TOO_LONG)
	{
		span.from = DT_NOBEGIN;
		span.to = DT_NOEND;
	}
	if (status == MODEL_FOUND)
		span.card = FetchCard(pricing, &match.ref);
	if (span.card != NULL)
	{
		span.region = MemoryContextStrdup(pricing->context, match.ref.region);
		span.region_length = strlen(span.region);
		span.rule = match.rule;
		span.confidence = ModelIsGuessed(&match) ? CONFIDENCE_GUESSED_NAME :
			ModelIsExact(&match) ? CONFIDENCE_EXACT : CONFIDENCE_ALIAS;
	}
	return span;
}

/* The same, while the Pricing must not be freed. */
static pg_noinline NameSpan
FindSpanBusy(Pricing *pricing, const char *name, Size length, TimestampTz at)
{
	NameSpan	span = {.card = NULL};

	pricing->busy++;
	PG_TRY();
	{
		span = FindSpan(pricing, name, length, at);
	}
	PG_FINALLY();
	{
		pricing->busy--;
	}
	PG_END_TRY();
	return span;
}

/* Keep a span with its name, but not unknown names without end. */
static NameSpan *
KeepSpan(Pricing *pricing, NameKey key, const NameSpan *found)
{
	NameEntry  *entry;
	NameSpan   *span;

	if (found->card == NULL && pricing->nunknown >= MAX_UNKNOWN)
	{
		pricing->unknown = *found;
		return &pricing->unknown;
	}
	span = MemoryContextAlloc(pricing->context, sizeof(NameSpan));
	entry = InsertName(pricing, pricing->names, key);
	*span = *found;
	span->next = entry->value;
	entry->value = span;
	pricing->nunknown += found->card == NULL;
	return span;
}

NameSpan *
PricingName(Pricing *pricing, const char *name, Size length, TimestampTz at)
{
	NameKey		key = {name, length};
	NameEntry  *entry = name_lookup(pricing->names, key);
	NameSpan   *span = entry == NULL ? NULL : entry->value;

	while (span != NULL && !(span->from <= at && at < span->to))
		span = span->next;
	if (span == NULL)
	{
		NameSpan	found = FindSpanBusy(pricing, name, length, at);

		span = KeepSpan(pricing, key, &found);
	}
	if (span->card != NULL && !(span->segment_from <= at && at < span->segment_to))
		FindStandard(pricing, span, at);
	entry = name_lookup(pricing->names, key);	/* what was read meanwhile may have moved it */
	if (entry != NULL)
		*FrontEntryOf(pricing, name, length) = (FrontEntry) {
		.bytes = entry->key.bytes,.length = length,.span = span
	};
	return span;
}

/* ---------- what to say of a name that has no card ---------- */

static void
AppendCandidates(StringInfo list, const ModelMatch *match)
{
	for (int i = 0; i < match->candidate_count; i++)
		appendStringInfo(list, "%s%s/%s", i == 0 ? "" : ", ",
						 match->candidates[i].provider, match->candidates[i].model);
}

/* Names of the book, as "provider/model". */
static int
KnownNames(Pricing *pricing, char ***names)
{
	if (pricing->book == NULL)
		return LoadModelNames(pricing->reader.as_of, names, CurrentMemoryContext);

	*names = palloc(Max(pricing->book->ncards, 1) * sizeof(char *));
	for (uint32 i = 0; i < pricing->book->ncards; i++)
	{
		const RateCard *card = PriceBookCardAt(pricing->book, i);

		(*names)[i] = psprintf("%s/%s", CardString(card, card->provider), CardString(card, card->model));
	}
	return (int) pricing->book->ncards;
}

/* Up to three known models whose names are nearest, of every provider, as "provider/model". */
static void
AppendNearest(StringInfo list, Pricing *pricing, const char *name)
{
	char	  **names;
	int			count = KnownNames(pricing, &names);
	Nearest		nearest;

	NearestInit(&nearest, name);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		NearestOffer(&nearest, strchr(names[i], '/') + 1);
	}
	for (int n = 0; n < nearest.count; n++)
	{
		const char *maker = MakerOf(nearest.best[n].name);

		/* Of those that have it, the maker goes first. */
		for (int pass = maker == NULL; pass < 2; pass++)
		{
			for (int i = 0; i < count; i++)
			{
				bool		by_maker = maker != NULL && strncmp(names[i], maker, strlen(maker)) == 0 && names[i][strlen(maker)] == '/';

				if (by_maker == (pass == 0) && strcmp(nearest.best[n].name, strchr(names[i], '/') + 1) == 0)
					appendStringInfo(list, "%s%s", list->len == 0 ? "" : ", ", names[i]);
			}
		}
	}
}

const char *
PricingLeaveOutHint(const Pricing *pricing)
{
	return pricing->book != NULL ? "make the book with price_book(unpriced => 'null') to leave such requests out" :
		"SET inferacct.unpriced = 'null' to leave such requests out";
}

void
RaiseRefusal(const Refusal *refusal)
{
	ereport(ERROR,
			(errcode(refusal->sqlstate),
			 errmsg_internal("%s", refusal->message),
			 errdetail_internal("%s", refusal->detail),
			 errhint("%s", refusal->hint)));
}

Refusal
PricingNameRefusal(Pricing *pricing, const char *name, Size length, TimestampTz at, bool near)
{
	char	   *shown = pnstrdup(name, pg_mbcliplen(name, (int) length, MODEL_NAME_SIZE - 1));
	char	   *terminated = pnstrdup(name, length);
	char	   *time = pstrdup(timestamptz_to_str(at));
	char	   *hidden = near && pricing->book == NULL ? HiddenModel(&pricing->reader, terminated, at) : NULL;
	ModelMatch	match;
	ModelStatus status = PricingResolve(pricing, terminated, at, &match);
	StringInfoData list;
	const char *meant;
	const char *advice;

	initStringInfo(&list);
	if (status == MODEL_AMBIGUOUS)
	{
		AppendCandidates(&list, &match);
		return (Refusal) {
			.sqlstate = ERRCODE_IA_AMBIGUOUS_MODEL,
			.message = psprintf("model \"%s\" is ambiguous", shown),
			.detail = psprintf("%d providers have it: %s.", match.provider_count, list.data),
			.hint = psprintf("Write the provider too, as in \"%s/%s\", or add an alias.",
							 match.candidates[0].provider, match.candidates[0].model)
		};
	}
	if (hidden != NULL)
		return (Refusal) {
			.sqlstate = ERRCODE_IA_UNKNOWN_MODEL,
			.message = psprintf("unknown model \"%s\"", shown),
			.detail = hidden,
			.hint = "RESET inferacct.as_of, or ask as of a time when it was known."
		};
	if (status == MODEL_FOUND)
		return (Refusal) {
			.sqlstate = ERRCODE_IA_UNKNOWN_MODEL,
			.message = psprintf("unknown model \"%s\"", shown),
			.detail = psprintf("It means %s/%s at %s, which has no prices.", match.ref.provider, match.ref.model, time),
			.hint = "Add prices with set_price() or load_prices()."
		};
	if (status == MODEL_UNKNOWN)
		AppendCandidates(&list, &match);
	if (near && list.len == 0)
		AppendNearest(&list, pricing, terminated);
	advice = ModelAdvice(terminated);
	meant = list.len == 0 ? "provider/model" : pnstrdup(list.data, strcspn(list.data, ","));
	return (Refusal) {
		.sqlstate = ERRCODE_IA_UNKNOWN_MODEL,
		.message = psprintf("unknown model \"%s\"", shown),
		.detail = psprintf("No provider has prices for it (request of %s).", time),
		.hint = psprintf("%s%s%s%s%sAdd a price with set_price(), or say what it means, as in SELECT set_alias(%s, %s). %s",
						 advice == NULL ? "" : advice, advice == NULL ? "" : " ",
						 list.len == 0 ? "" : "Nearest known: ", list.data, list.len == 0 ? "" : ". ",
						 quote_literal_cstr(shown), quote_literal_cstr(meant),
						 pricing->book != NULL ? "A book made with price_book(unpriced => 'null') leaves such requests out." :
						 "View unpriced_usage lists all such names of the log; SET inferacct.unpriced = 'null' leaves such requests out.")
	};
}

int32_t
PricingUtcOffset(const char *timezone, int64_t at)
{
	pg_tz	   *tz = pg_tzset(timezone);
	pg_time_t	time = timestamptz_to_time_t(at);
	struct pg_tm *local;

	if (tz == NULL || (local = pg_localtime(&time, tz)) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" of a price is not known to this server", timezone)));
	return (int32_t) local->tm_gmtoff;
}

/* ---------- a price_book as an argument ---------- */

/* A stored value whole in memory, when it was made by a build like this one and is not damaged. */
static const PriceBook *
CheckedBook(struct varlena *value)
{
	const PriceBook *book = (const PriceBook *) value;

	switch (PriceBookCheck(book, VARSIZE(value)))
	{
		case BOOK_OK:
			break;
		case BOOK_OTHER_FORMAT:
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("the price_book was stored by another version of inferacct"),
					 errdetail("Its format is number %d, this version reads number %d.", book->format, PRICE_BOOK_FORMAT),
					 errhint("Make it again with price_book(), or move it as text from the version that made it.")));
			break;
		case BOOK_OTHER_METERS:
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("the price_book was stored by another version of inferacct"),
					 errdetail("It has rates of %d meters, this version has %d meters.", book->meters, METER_COUNT),
					 errhint("Make it again with price_book(), or move it as text from the version that made it.")));
			break;
		case BOOK_DAMAGED:
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("the stored price_book is damaged"),
					 errhint("Make it again with price_book().")));
	}
	return book;
}

const PriceBook *
BookArgument(FunctionCallInfo fcinfo, int argument)
{
	return CheckedBook(PG_DETOAST_DATUM(PG_GETARG_DATUM(argument)));
}

/* What identifies a book without reading it whole: where it is stored, else its size and fingerprint. */
typedef struct BookKey
{
	char		pointer[TOAST_POINTER_SIZE];
	uint32		size;
	uint64		fingerprint;
} BookKey;

static CallKey
KeyOfBook(struct varlena *value, BookKey *key)
{
	if (VARATT_IS_EXTERNAL_ONDISK(value))
		return (CallKey) {.bytes = {value},.length = {TOAST_POINTER_SIZE}};
	if (VARATT_IS_EXTENDED(value))
		value = pg_detoast_datum(value);
	if (VARSIZE(value) < sizeof(PriceBook))
		CheckedBook(value);		/* complains */
	memset(key, 0, sizeof(*key));
	key->size = VARSIZE(value);
	key->fingerprint = ((const PriceBook *) value)->fingerprint;
	return (CallKey) {.bytes = {key},.length = {sizeof(*key)}};
}

/* What a call site keeps for a book. */
typedef struct BookCall
{
	Pricing    *pricing;
} BookCall;

Pricing *
PricingOfArgument(FunctionCallInfo fcinfo, int argument)
{
	struct varlena *value = (struct varlena *) PG_GETARG_POINTER(argument);
	BookKey		key;
	CallKey		call_key = KeyOfBook(value, &key);
	BookCall   *call = CallCacheFind(fcinfo, call_key);
	MemoryContext caller;
	const PriceBook *book;

	if (likely(call != NULL))
		return call->pricing;
	call = CallCacheMake(call_key, "price book", sizeof(BookCall));
	caller = MemoryContextSwitchTo(CallValueContext(call));
	book = CheckedBook(pg_detoast_datum_copy(value));
	MemoryContextSwitchTo(caller);
	call->pricing = PricingCreate(CallValueContext(call), "inferacct prices of a book", book);
	CallCacheKeep(fcinfo, call);
	return call->pricing;
}
