/*
 * Unit test of price books: the text form and what damage to it does, finding
 * models and aliases, and telling books apart.
 */
#include "tap.h"

#include "cards.h"
#include "price/price_book.h"
#include "price/price_book_text.h"

#define BOOKS 100
#define DAMAGED 3000
#define MAX_MODELS 6
#define MAX_ALIASES 12

static const char *const some_models[] = {"chat-1", "chat-2", "a\"b\\c\x7f", "\xe6\xa8\xa1\xe5\x9e\x8b", "x", "Chat-1"};
static const char *const some_providers[] = {"acme", "emca", "a/b"};
static const char *const some_aliases[] = {"chat", "chat-1", "old"};

static AliasRow
RandomAlias(void)
{
	return (AliasRow) {
		.valid_from = PICK(some_times),.version = Below(2) ? 1 + Below(5) : 1001 + Below(5),
		.published_at = Below(3),.alias = PICK(some_aliases),.provider = PICK(some_providers),
		.model = Below(4) ? PICK(some_models) : NULL,.region = PICK(some_regions),.rank = PICK(some_ranks)
	};
}

static PriceBook *
Book(RateCard **cards, uint32_t ncards, AliasRow *aliases, uint32_t naliases, Arena *arena)
{
	Host		host = ArenaHost(arena);
	BookContent content = {
		.terms = {.as_of = TIME_END,.version = 1001,.contract = ""},
		.cards = cards,.ncards = ncards,.aliases = aliases,.naliases = naliases
	};

	return PriceBookBuild(&content, &host);
}

/* The book of a text. */
static PriceBook *
Read(const char *text, Arena *arena, const char **problem)
{
	Host		host = ArenaHost(arena);
	cJSON	   *root = cJSON_ParseWithOpts(text, NULL, true);
	PriceBook  *book = PriceBookFromJson(root, &host, problem);

	cJSON_Delete(root);
	return book;
}

/* A book of random models; *ncards tells how many it has. */
static PriceBook *
RandomBook(Arena *arena, uint32_t *ncards)
{
	RateCard   *cards[MAX_MODELS];
	AliasRow	aliases[MAX_ALIASES];
	FxRow		fx[SOME_FX];
	uint32_t	naliases = (uint32_t) Below(MAX_ALIASES + 1);
	Host		host = ArenaHost(arena);
	BookContent content = {
		.terms = {
			.as_of = Below(2) ? TIME_END : Below(1000) * DAY,.version = 1 + Below(2000),.contract = Below(2) ? "" : "gold",
			.unpriced_null = Below(2),.guess_refuse = Below(2),.before_known = Below(2),.stale_after = Below(2) ? STALE_NEVER : Below(400)
		},
		.cards = cards,.aliases = aliases,.naliases = naliases,
		.fx = fx,.nfx = (uint32_t) Below(SOME_FX + 1)
	};

	*ncards = 0;
	for (int i = Below(MAX_MODELS + 1); i > 0; i--)
	{
		PriceRow	rows[MAX_ROWS];
		int			nrows = RandomRows(rows, 2);
		const PriceRow *culprit;

		if (RateCardBuild(some_providers[i % 3], some_models[i - 1], rows, nrows, content.terms.guess_refuse, &host,
						  &cards[*ncards], &culprit) == CARD_OK)
			(*ncards)++;
	}
	for (uint32_t i = 0; i < naliases; i++)
		aliases[i] = RandomAlias();
	memcpy(fx, some_fx, sizeof(fx));
	content.ncards = *ncards;
	return PriceBookBuild(&content, &host);
}

static bool
SameBytes(const PriceBook *a, const PriceBook *b)
{
	return a != NULL && b != NULL && a->size == b->size && memcmp(a, b, a->size) == 0;
}

static void
TestRoundTrip(void)
{
	int			different = 0,
				lost = 0,
				models = 0;

	for (int n = 0; n < BOOKS; n++)
	{
		Arena		arena = {.left = -1};
		uint32_t	ncards;
		PriceBook  *book = RandomBook(&arena, &ncards);
		char	   *text = PriceBookToText(book);
		const char *problem;
		PriceBook  *again = Read(text, &arena, &problem);

		different += !SameBytes(book, again) || problem != NULL;
		for (uint32_t i = 0; again != NULL && i < ncards; i++)
		{
			const RateCard *card = PriceBookCardAt(again, i);

			models++;
			lost += PriceBookCard(again, CardString(card, card->provider), CardString(card, card->model)) != card;
		}
		lost += again != NULL && (PriceBookCard(again, "acme", "nothing") != NULL || again->ncards != ncards);
		free(text);
		ArenaFree(&arena);
	}
	Ok(different == 0, "the text of %d random books gives the same books, byte for byte", BOOKS);
	Ok(lost == 0 && models > BOOKS, "every model of a book is found in it (%d)", models);
}

/* ---------- damage ---------- */

/* Change a text at random: bytes, pieces, numbers. */
static void
Damage(char *text, size_t *length, size_t capacity)
{
	static const char *const pieces[] = {
		"null", "-1", "{}", "[]", "\"", "9223372036854775808", "-9223372036854775808", "0", "\"*\"", "{\"provider\":\"\"}",
		"\"standard\"", "multiplier", "[[", "\\u0000", "rate"
	};
	size_t		at = (size_t) (Random64() % (*length + 1));
	size_t		span = (size_t) Below(40);

	if (at + span > *length)
		span = *length - at;
	switch (Below(5))
	{
		case 0:					/* a byte */
			if (at < *length)
				text[at] = (char) (1 + Below(255));
			return;
		case 1:					/* something missing */
			memmove(text + at, text + at + span, *length - at - span);
			*length -= span;
			return;
		case 2:					/* cut off */
			*length = at;
			return;
		case 3:					/* something twice */
			if (*length + span > capacity)
				return;
			memmove(text + at + span, text + at, *length - at);
			*length += span;
			return;
		case 4:					/* something else */
			{
				const char *piece = PICK(pieces);

				if (*length + strlen(piece) > capacity)
					return;
				memmove(text + at + strlen(piece), text + at, *length - at);
				memcpy(text + at, piece, strlen(piece));
				*length += strlen(piece);
			}
	}
}

/* Ask a book for everything that it should be able to answer. */
static void
Use(const PriceBook *book)
{
	ModelDirectory directory = PriceBookDirectory(book);
	ModelMatch	match;

	for (uint32_t i = 0; i < book->ncards; i++)
	{
		const RateCard *card = PriceBookCardAt(book, i);
		const Lane *lane = RateCardLane(card, "batch", 5, "eu", 2);
		const Segment *segment = lane == NULL ? NULL : LaneSegment(card, lane, 15 * DAY);

		if (segment != NULL)
		{
			RateVector	usd;
			int64_t		from = TIME_BEGIN,
						to = TIME_END;
			const CardVector *vector = SegmentVector(card, segment, 101, 15 * DAY, TestOffset);

			VectorFxSpan(card, vector, PriceBookFx, (void *) book, 15 * DAY, &from, &to);
			VectorInUsd(card, vector, PriceBookFx, (void *) book, 15 * DAY, &usd);
		}
	}
	for (size_t i = 0; i < sizeof(some_aliases) / sizeof(some_aliases[0]); i++)
		ModelResolve(some_aliases[i], 5 * DAY, &directory, &match);
}

/* Change stored bytes at random, by words, as offsets and counts are; then seal them, as a forger could. */
static void
Forge(PriceBook *book, uint32_t size)
{
	static const uint32_t words[] = {0, 1, 4, 7, 8, 64, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff};
	uint32_t   *word = (uint32_t *) book + 1 + Random64() % (size / sizeof(uint32_t) - 1);

	switch (Below(4))
	{
		case 0:
			*word = PICK(words);
			break;
		case 1:
			*word += (uint32_t) (Below(64) - 32);
			break;
		case 2:
			*word = (uint32_t) (Random64() % (size + 16));
			break;
		case 3:
			((char *) word)[Below(4)] ^= (char) (1 << Below(8));
	}
}

/* In memory of just its size, so that the sanitizer sees a read outside. */
static void
TestForged(void)
{
	int			unsealed = 0,
				read = 0,
				refused = 0,
				others = 0;

	for (int n = 0; n < BOOKS; n++)
	{
		Arena		arena = {.left = -1};
		uint32_t	ncards;
		PriceBook  *book = RandomBook(&arena, &ncards);
		PriceBook  *forged = malloc(book->size);
		Host		host = ArenaHost(&arena);

		for (int i = 0; i < 20; i++)
		{
			uint32_t	size = book->size;

			memcpy(forged, book, size);
			for (int changes = 1 + Below(3); changes > 0; changes--)
				Forge(forged, size);
			unsealed += memcmp(forged, book, size) != 0 && PriceBookCheck(forged, size) == BOOK_OK;
			forged->format = PRICE_BOOK_FORMAT;
			forged->meters = METER_COUNT;
			forged->size = size;
			forged->fingerprint = PriceBookFingerprint(forged);
			if (PriceBookCheck(forged, size) != BOOK_OK)
			{
				refused++;
				continue;
			}
			read++;
			Use(forged);
			free(PriceBookToText(forged));
			if (i == 0)
				PriceBookScale(forged, &(BookScale) {.meter = METER_ANY,.factor = MULTIPLIER_ONE}, &host);
		}
		forged->format++;
		others += PriceBookCheck(forged, book->size) == BOOK_OTHER_FORMAT;
		forged->format--;
		forged->meters++;
		others += PriceBookCheck(forged, book->size) == BOOK_OTHER_METERS;
		free(forged);
		ArenaFree(&arena);
	}
	Ok(unsealed == 0, "stored bytes that have changed are refused");
	Ok(read > BOOKS && refused > BOOKS, "a forged book is refused (%d), or read within its bytes (%d)", refused, read);
	Ok(others == 2 * BOOKS, "a book of another format, or number of meters, is told apart");
}

static void
TestDamage(void)
{
	Arena		base = {.left = -1};
	uint32_t	ncards;
	PriceBook  *book = RandomBook(&base, &ncards);
	size_t		length,
				capacity;
	char	   *text;
	char	   *damaged;
	int			read = 0,
				refused = 0,
				unstable = 0;

	while (ncards < 2 || book->naliases < 2 || book->size > 30000)
		book = RandomBook(&base, &ncards);
	text = PriceBookToText(book);
	length = strlen(text);
	capacity = 2 * length;
	damaged = malloc(capacity + 1);
	for (int n = 0; n < DAMAGED; n++)
	{
		Arena		arena = {.left = -1};
		size_t		now = length;
		const char *problem = NULL;
		PriceBook  *other;

		memcpy(damaged, text, length);
		for (int i = 1 + Below(3); i > 0; i--)
			Damage(damaged, &now, capacity);
		damaged[now] = '\0';
		other = Read(damaged, &arena, &problem);
		if (other == NULL)
			refused += problem != NULL;
		else
		{
			char	   *back = PriceBookToText(other);

			read++;
			Use(other);
			unstable += !SameBytes(other, Read(back, &arena, &problem));
			free(back);
		}
		ArenaFree(&arena);
	}
	free(damaged);
	free(text);
	ArenaFree(&base);
	Ok(read + refused == DAMAGED && refused > DAMAGED / 2, "damaged texts are refused (%d) or read as another book (%d)", refused, read);
	Ok(read > 20 && unstable == 0, "what was read is a book as any other");
}

/* The members that every text needs. */
#define HEAD "\"format\":\"1\",\"unpriced\":\"error\",\"guess\":\"allow\","

static void
TestRefused(void)
{
	static const char *const bad[] = {
		"", "[]", "{}",
		"{\"version\":\"1\",\"as_of\":\"0\",\"contract\":\"\",\"models\":[],\"aliases\":[],\"fx_rates\":[]}",
		"{\"format\":\"2\",\"unpriced\":\"error\",\"guess\":\"allow\",\"version\":\"1\",\"as_of\":\"0\",\"contract\":\"\",\"models\":[],\"aliases\":[],\"fx_rates\":[]}",
		"{" HEAD "\"version\":1,\"as_of\":\"0\",\"contract\":\"\",\"models\":[],\"aliases\":[],\"fx_rates\":[]}",
		"{" HEAD "\"version\":\"1\",\"as_of\":\"0\",\"contract\":\"\",\"models\":{},\"aliases\":[],\"fx_rates\":[]}",
		"{" HEAD "\"version\":\"1\",\"as_of\":\"0\",\"contract\":\"\",\"models\":[],\"aliases\":[],\"fx_rates\":[]}x",
		"{" HEAD "\"version\":\"1x\",\"as_of\":\"0\",\"contract\":\"\",\"models\":[],\"aliases\":[],\"fx_rates\":[]}",
		"{" HEAD "\"version\":\"1\",\"as_of\":\"99999999999999999999\",\"contract\":\"\",\"models\":[],\"aliases\":[],\"fx_rates\":[]}",
		"{" HEAD "\"version\":\"1\",\"as_of\":\"0\",\"contract\":\"\",\"models\":[{}],\"aliases\":[],\"fx_rates\":[]}",
		"{" HEAD "\"version\":\"1\",\"as_of\":\"0\",\"contract\":\"\",\"models\":[],\"aliases\":[{}],\"fx_rates\":[]}",
		"{" HEAD "\"version\":\"1\",\"as_of\":\"0\",\"contract\":\"\",\"models\":[],\"aliases\":[]}",
		"{" HEAD "\"version\":\"1\",\"as_of\":\"0\",\"contract\":\"\",\"models\":[],\"aliases\":[],\"fx_rates\":[{\"currency\":\"EURO\",\"valid_from\":\"0\",\"value\":\"1\",\"version\":\"1\"}]}",
		"{" HEAD "\"version\":\"1\",\"as_of\":\"0\",\"contract\":\"\",\"models\":[],\"aliases\":[],\"fx_rates\":[{\"currency\":\"EUR\",\"valid_from\":\"0\",\"value\":\"0\",\"version\":\"1\"}]}",
	};
	const char *good = "{" HEAD "\"version\":\"1\",\"as_of\":\"0\",\"contract\":\"\",\"models\":[],\"aliases\":[],\"fx_rates\":[]}";
	Arena		arena = {.left = -1};
	const char *problem;
	int			accepted = 0;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		accepted += Read(bad[i], &arena, &problem) != NULL || problem == NULL;
	Ok(accepted == 0, "what is no price book is refused");
	Ok(Read(good, &arena, &problem) != NULL && problem == NULL, "an empty one is one");
	ArenaFree(&arena);
}

static void
TestNoMemory(void)
{
	Arena		base = {.left = -1};
	uint32_t	ncards = 0;
	PriceBook  *book = NULL;
	char	   *text;
	bool		done = false,
				clean = true;

	while (ncards < 2)
		book = RandomBook(&base, &ncards);
	text = PriceBookToText(book);
	for (long allocations = 0; allocations < 2000 && !done; allocations++)
	{
		Arena		arena = {.left = allocations};
		const char *problem = NULL;

		done = Read(text, &arena, &problem) != NULL;
		clean &= done == (problem == NULL);
		ArenaFree(&arena);
	}
	Ok(done && clean, "running out of memory is reported, at every allocation");
	free(text);
	ArenaFree(&base);
}

/* ---------- aliases ---------- */

static bool
LaterAlias(const AliasRow *a, const AliasRow *b)
{
	if (a->valid_from != b->valid_from)
		return a->valid_from > b->valid_from;
	if (a->published_at != b->published_at)
		return a->published_at > b->published_at;
	return a->version > b->version;
}

/* The latest begun row of the lowest rank that has one, unless it ends the alias. */
static const AliasRow *
ReferenceAliasInForce(const AliasRow *rows, int nrows, int64_t at)
{
	const AliasRow *best = NULL;

	for (int i = 0; i < nrows; i++)
	{
		if (rows[i].valid_from <= at && (best == NULL || rows[i].rank < best->rank ||
										 (rows[i].rank == best->rank && LaterAlias(&rows[i], best))))
			best = &rows[i];
	}
	return best != NULL && best->model != NULL ? best : NULL;
}

/* Rows of one alias, no two of the same time and version. */
static int
RandomAliases(AliasRow *rows, int max)
{
	int			nrows = 0;

	for (int i = Below(max + 1); i > 0; i--)
	{
		rows[nrows] = RandomAlias();
		rows[nrows].alias = "chat";
		rows[nrows].valid_from = max > MAX_ALIASES ? Below(400) * DAY : rows[nrows].valid_from;
		rows[nrows].version = (Below(2) ? 0 : 1000) + i;
		nrows++;
	}
	return nrows;
}

static void
TestAliasInForce(void)
{
	int			wrong = 0,
				too_wide = 0;

	for (int n = 0; n < 5000; n++)
	{
		AliasRow	rows[MAX_ALIASES];
		int			nrows = RandomAliases(rows, MAX_ALIASES);
		int64_t		at = (Below(23) - 1) * DAY + Below(3) - 1;
		int64_t		from = TIME_BEGIN,
					to = TIME_END;
		int			found;
		const AliasRow *expected;

		found = AliasInForce(rows, nrows, at, &from, &to);
		expected = ReferenceAliasInForce(rows, nrows, at);
		wrong += expected == NULL ? found != -1 : found < 0 || &rows[found] != expected;
		too_wide += !(from <= at && at < to) ||
			ReferenceAliasInForce(rows, nrows, from) != expected || ReferenceAliasInForce(rows, nrows, to - 1) != expected;
	}
	Ok(wrong == 0, "the alias in force is the user's latest, where there is none the latest shipped (%d are not)", wrong);
	Ok(too_wide == 0, "and holds in all of the span that it says");
}

/* A book finds the same among any number of rows. */
static void
TestAliasInBook(void)
{
	int			wrong = 0,
				many = 0;

	for (int n = 0; n < 300; n++)
	{
		static AliasRow rows[200];
		int			nrows = RandomAliases(rows, 200);
		Arena		arena = {.left = -1};
		RateCard   *none[1];
		PriceBook  *book = Book(none, 0, rows, (uint32_t) nrows, &arena);
		ModelDirectory directory = PriceBookDirectory(book);

		many += nrows > 100;
		for (int i = 0; i < 20; i++)
		{
			int64_t		at = Below(420) * DAY - DAY,
						from = TIME_BEGIN,
						to = TIME_END;
			const AliasRow *expected = ReferenceAliasInForce(rows, nrows, at);
			ModelRef	ref;
			bool		found = directory.alias(directory.arg, "chat", at, &ref, &from, &to);

			wrong += found != (expected != NULL) || !(from <= at && at < to) ||
				(found && (strcmp(ref.model, expected->model) != 0 || strcmp(ref.provider, expected->provider) != 0 ||
						   strcmp(ref.region, expected->region) != 0 ||
						   ReferenceAliasInForce(rows, nrows, from) != expected ||
						   ReferenceAliasInForce(rows, nrows, to - 1) != expected));
		}
		ArenaFree(&arena);
	}
	Ok(wrong == 0 && many > 50, "a book finds an alias in force among any number of rows (%d not)", wrong);
}

/* ---------- exchange rates ---------- */

static void
TestFxInBook(void)
{
	Arena		arena = {.left = -1};
	Host		host = ArenaHost(&arena);
	FxRow		fx[SOME_FX];
	RateCard   *none[1];
	AliasRow	no_alias[1];
	BookContent content = {.terms = {.contract = ""},.cards = none,.aliases = no_alias,.fx = fx,.nfx = SOME_FX};
	PriceBook  *book;
	int			wrong = 0;

	memcpy(fx, some_fx, sizeof(fx));
	book = PriceBookBuild(&content, &host);
	for (int i = 0; i < 500; i++)
	{
		const char *currency = PICK(some_currencies);
		int64_t		at = Below(20) * DAY + Below(3) - 1;
		int64_t		from = TIME_BEGIN,
					to = TIME_END;
		FxSeries	series = PriceBookFx(book, currency);
		const FxRate *rate = FxInForce(&series, at, &from, &to);
		int64_t		expected = TestFx(currency, at);

		wrong += expected != (rate == NULL ? 0 : rate->value) || !(from <= at && at < to) ||
			TestFx(currency, from) != expected || TestFx(currency, to - 1) != expected;
	}
	Ok(wrong == 0, "a book has the exchange rate of every time (%d it has not)", wrong);
	ArenaFree(&arena);
}

/* ---------- patterns ---------- */

static AliasRow
Pattern(const char *alias, const char *model, uint16_t rank)
{
	return (AliasRow) {.valid_from = TIME_BEGIN,.version = 1001,.alias = alias,.provider = "acme",.model = model,.region = "",.rank = rank};
}

/* The model that a name leads to, "" for none; with its provider when that is given. */
static const char *
Matched(const char *provider, const char *name)
{
	static const AliasRow *kept;
	static ModelRef ref;
	AliasRow	rows[] = {
		Pattern("acme/chat*", "chat-1", RANK_SHIPPED), Pattern("acme/chat-2*", "chat-2", RANK_SHIPPED), Pattern("acme/*-mini", "mini", 20),
		Pattern("acme/*vision*", "vision", 20), Pattern("emca/*vision*", "elsewhere", 20), Pattern("acme/gone*", "gone", RANK_SHIPPED),
		Pattern("acme/gone*", NULL, RANK_OWN), Pattern("acme/own*", "own", RANK_OWN), Pattern("acme/*", "all", 20), Pattern("acme/a*b", "inner", 20)
	};
	PriceBook	book = {.ncards = 0};
	ModelDirectory directory = PriceBookDirectory(&book);
	int64_t		from = TIME_BEGIN,
				to = TIME_END;

	rows[4].provider = "emca";
	kept = rows;
	return AliasResolvePattern(kept, (int) (sizeof(rows) / sizeof(rows[0])), provider, name, 0, &directory, &ref, &from, &to) ?
		(strcmp(ref.model, "own") == 0) == ref.guessed ? "wrongly guessed" : ref.model : "";
}

static void
TestPatterns(void)
{
	Ok(strcmp(Matched("acme", "chat-9"), "chat-1") == 0, "a pattern of a beginning");
	Ok(strcmp(Matched("", "chat-9"), "chat-1") == 0, "of any provider");
	Ok(strcmp(Matched("acme", "chat-2-x"), "chat-2") == 0, "the one that states most of the name counts");
	Ok(strcmp(Matched("acme", "x-mini"), "mini") == 0 && Matched("acme", "x-minis")[0] == '\0', "one of an end");
	Ok(strcmp(Matched("acme", "my-vision-model"), "vision") == 0 && strcmp(Matched("emca", "my-vision-model"), "elsewhere") == 0, "one of a part");
	Ok(Matched("", "my-vision-model")[0] == '\0', "which of two providers is meant is not guessed");
	Ok(Matched("acme", "gone-1")[0] == '\0', "one's own end of a pattern ends it");
	Ok(strcmp(Matched("acme", "own-1"), "own") == 0, "a pattern of one's own is no guess");
	Ok(Matched("acme", "something")[0] == '\0' && Matched("acme", "axb")[0] == '\0' && Matched("else", "chat-9")[0] == '\0', "nothing else matches");
}

/* ---------- telling books apart ---------- */

static PriceBook *
BookOfOnePrice(int64_t valid_from, const char *source, int64_t value, Arena *arena)
{
	PriceRow	row = {
		.valid_from = valid_from,.value = value,.unit_quantity = 1,.version = 1001,.kind = PRICE_RATE,.meter = METER_INPUT,
		.service_tier = "standard",.region = "",.windows = "",.source = source,.catalog = "",.note = "",
		.valid_to = TIME_END,.currency = "USD"
	};
	Host		host = ArenaHost(arena);
	RateCard   *card;
	const PriceRow *culprit;

	RateCardBuild("acme", "chat-1", &row, 1, false, &host, &card, &culprit);
	return Book(&card, 1, (AliasRow[1]) {0}, 0, arena);
}

static void
TestFingerprint(void)
{
	Arena		arena = {.left = -1};
	static const int64_t times[] = {TIME_BEGIN, 0, INT64_C(1) << 62, INT64_C(1) << 56};
	int			alike = 0;

	for (size_t i = 0; i < 4; i++)
	{
		for (size_t j = 0; j < i; j++)
			alike += BookOfOnePrice(times[i], "", 5, &arena)->fingerprint == BookOfOnePrice(times[j], "", 5, &arena)->fingerprint;
	}
	for (int bit = 0; bit < 63; bit++)
		alike += BookOfOnePrice(0, "", INT64_C(1) << bit, &arena)->fingerprint == BookOfOnePrice(0, "", 0, &arena)->fingerprint;
	for (char c = 'a'; c < 'z'; c++)
	{
		char		source[] = "aaaaaaaaaaaaaaa";

		source[7] = source[14] = c + 1;
		alike += BookOfOnePrice(0, source, 5, &arena)->fingerprint == BookOfOnePrice(0, "aaaaaaaaaaaaaaa", 5, &arena)->fingerprint;
	}
	Ok(alike == 0, "books that differ anywhere have other fingerprints (%d do not)", alike);
	ArenaFree(&arena);
}

int
main(void)
{
	TestRoundTrip();
	TestDamage();
	TestForged();
	TestRefused();
	TestNoMemory();
	TestAliasInForce();
	TestPatterns();
	TestAliasInBook();
	TestFxInBook();
	TestFingerprint();
	return Done();
}
