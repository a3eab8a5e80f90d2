/*
 * price_book.c
 *	  A price book as bytes: putting it together, checking bytes that were stored,
 *	  finding in it, and making one with other prices of it.
 *
 * One file, since all of it knows how a book is laid out; nothing else does, but
 * the accessors of price_book.h.
 */
#include "price/price_book.h"

#include "model/name_pattern.h"

#include <stdlib.h>
#include <string.h>

static size_t
Padded(size_t size)
{
	return (size + 7) & ~(size_t) 7;
}

static int
CompareNames(const char *model_a, const char *provider_a, const char *model_b, const char *provider_b)
{
	int			order = strcmp(model_a, model_b);

	return order != 0 ? order : strcmp(provider_a, provider_b);
}

static int
CompareCards(const void *left, const void *right)
{
	const RateCard *a = *(RateCard *const *) left;
	const RateCard *b = *(RateCard *const *) right;

	return CompareNames(CardString(a, a->model), CardString(a, a->provider),
						CardString(b, b->model), CardString(b, b->provider));
}

static size_t
StringSize(const char *string)
{
	return string == NULL ? 0 : Padded(strlen(string) + 1);
}

/* Bytes that the strings of an alias take. */
static size_t
AliasStringsSize(const AliasRow *row)
{
	return StringSize(row->alias) + StringSize(row->provider) + StringSize(row->model) + StringSize(row->region);
}

/* Copy a string to *offset of a zeroed book and move on; 0 for NULL. */
static uint32_t
PutString(PriceBook *book, size_t *offset, const char *string)
{
	uint32_t	put = (uint32_t) *offset;

	if (string == NULL)
		return 0;
	strcpy((char *) book + put, string);
	*offset += StringSize(string);
	return put;
}

/* FNV-1a over words. */
static uint64_t
HashWords(uint64_t hash, const void *memory, size_t size)
{
	const uint64_t *words = memory;

	for (size_t i = 0; i < size / sizeof(uint64_t); i++)
	{
		hash = (hash ^ words[i]) * UINT64_C(1099511628211);
		hash ^= hash >> 32;		/* or the high bits of a word would stay high bits */
	}
	return hash;
}

uint64_t
PriceBookFingerprint(const PriceBook *book)
{
	PriceBook	fixed = *book;

	fixed.header = 0;
	fixed.fingerprint = 0;
	return HashWords(HashWords(UINT64_C(14695981039346656037), &fixed, sizeof(fixed)),
					 book + 1, book->size - sizeof(PriceBook));
}

/* How many currencies rows, in their order, are of. */
static uint32_t
CountCurrencies(const FxRow *rows, uint32_t count)
{
	uint32_t	currencies = 0;

	for (uint32_t i = 0; i < count; i++)
		currencies += i == 0 || strcmp(rows[i].currency, rows[i - 1].currency) != 0;
	return currencies;
}

/* Put the exchange rates, in their order, at *offset of a zeroed book and move on. */
static void
PutFx(PriceBook *book, size_t *offset, const BookContent *content)
{
	BookFx	   *series = (BookFx *) ((char *) book + *offset) - 1;
	FxRate	   *rates;

	book->ncurrencies = CountCurrencies(content->fx, content->nfx);
	book->currencies = (uint32_t) *offset;
	*offset += book->ncurrencies * sizeof(BookFx);
	for (uint32_t i = 0; i < content->nfx; i++)
	{
		const FxRow *row = &content->fx[i];

		if (i == 0 || strcmp(row->currency, row[-1].currency) != 0)
		{
			series++;
			series->currency = PutString(book, offset, row->currency);
			series->rates = (uint32_t) *offset;
		}
		rates = (FxRate *) ((char *) book + series->rates);
		rates[series->nrates++] = FxRateOf(row);
		*offset += sizeof(FxRate);
	}
}

/* Bytes that a book takes. */
static size_t
BookSize(const BookContent *content)
{
	size_t		size = sizeof(PriceBook) + StringSize(content->terms.contract) +
		Padded(content->ncards * sizeof(uint32_t)) + content->naliases * sizeof(BookAlias) +
		content->nfx * sizeof(FxRate) +
		CountCurrencies(content->fx, content->nfx) * (sizeof(BookFx) + Padded(CURRENCY_SIZE));

	for (uint32_t i = 0; i < content->ncards; i++)
		size += content->cards[i]->size;
	for (uint32_t i = 0; i < content->naliases; i++)
		size += AliasStringsSize(&content->aliases[i]);
	return size;
}

PriceBook *
PriceBookBuild(BookContent *content, const Host *host)
{
	PriceBook  *book;
	BookAlias  *book_aliases;
	uint32_t   *offsets;
	size_t		offset = sizeof(PriceBook);
	size_t		size;

	content->nfx = FxDropCorrected(content->fx, content->nfx);
	size = BookSize(content);
	if (size > PRICE_BOOK_MAX_SIZE || (book = HostAllocate(host, size)) == NULL)
		return NULL;
	memset(book, 0, size);

	qsort(content->cards, content->ncards, sizeof(RateCard *), CompareCards);
	qsort(content->aliases, content->naliases, sizeof(AliasRow), AliasCompare);

	book->size = (uint32_t) size;
	book->format = PRICE_BOOK_FORMAT;
	book->meters = METER_COUNT;
	book->unpriced_null = content->terms.unpriced_null;
	book->guess_refuse = content->terms.guess_refuse;
	book->before_known = content->terms.before_known;
	book->stale_after = content->terms.stale_after;
	book->as_of = content->terms.as_of;
	book->version = content->terms.version;
	book->contract = PutString(book, &offset, content->terms.contract);
	book->ncards = content->ncards;
	book->cards = (uint32_t) offset;
	offsets = (uint32_t *) ((char *) book + offset);
	offset += Padded(content->ncards * sizeof(uint32_t));
	for (uint32_t i = 0; i < content->ncards; i++)
	{
		host->check_interrupts();
		offsets[i] = (uint32_t) offset;
		memcpy((char *) book + offset, content->cards[i], content->cards[i]->size);
		offset += content->cards[i]->size;
	}
	book->naliases = content->naliases;
	book->aliases = (uint32_t) offset;
	book_aliases = (BookAlias *) ((char *) book + offset);
	offset += content->naliases * sizeof(BookAlias);
	for (uint32_t i = 0; i < content->naliases; i++)
	{
		const AliasRow *row = &content->aliases[i];

		book_aliases[i].valid_from = row->valid_from;
		book_aliases[i].version = row->version;
		book_aliases[i].published_at = row->published_at;
		book_aliases[i].alias = PutString(book, &offset, row->alias);
		book_aliases[i].provider = PutString(book, &offset, row->provider);
		book_aliases[i].model = PutString(book, &offset, row->model);
		book_aliases[i].region = PutString(book, &offset, row->region);
		book_aliases[i].rank = row->rank;
	}
	PutFx(book, &offset, content);
	book->fingerprint = PriceBookFingerprint(book);
	return book;
}

/* ---------- bytes that were stored ---------- */

/* Is there a string of less than `limit` bytes at an offset? */
static bool
HasString(const PriceBook *book, uint32_t offset, size_t limit)
{
	const char *string = (const char *) book + offset;
	size_t		room = offset < book->size ? book->size - offset : 0;

	return memchr(string, '\0', room < limit ? room : limit) != NULL;
}

/* Do `count` items of a size lie at an offset, aligned as their kind is? */
static bool
HasArray(const PriceBook *book, uint32_t offset, uint32_t count, size_t size, size_t alignment)
{
	return offset >= sizeof(PriceBook) && offset <= book->size && offset % alignment == 0 &&
		count <= (book->size - offset) / size;
}

static bool
CardsAreValid(const PriceBook *book)
{
	const uint32_t *offsets = (const uint32_t *) ((const char *) book + book->cards);

	if (!HasArray(book, book->cards, book->ncards, sizeof(uint32_t), sizeof(uint32_t)))
		return false;
	for (uint32_t i = 0; i < book->ncards; i++)
	{
		if (!HasArray(book, offsets[i], 1, sizeof(RateCard), sizeof(uint64_t)) ||
			!RateCardIsValid(PriceBookCardAt(book, i), book->size - offsets[i]))
			return false;
	}
	return true;
}

static bool
AliasesAreValid(const PriceBook *book)
{
	const BookAlias *aliases = PriceBookAliases(book);

	if (!HasArray(book, book->aliases, book->naliases, sizeof(BookAlias), sizeof(uint64_t)))
		return false;
	for (uint32_t i = 0; i < book->naliases; i++)
	{
		if (aliases[i].alias == 0 || !HasString(book, aliases[i].alias, MODEL_NAME_SIZE) ||
			aliases[i].provider == 0 || !HasString(book, aliases[i].provider, MODEL_NAME_SIZE) ||
			aliases[i].region == 0 || !HasString(book, aliases[i].region, MODEL_NAME_SIZE) ||
			(aliases[i].model != 0 && !HasString(book, aliases[i].model, MODEL_NAME_SIZE)))
			return false;
	}
	return true;
}

static bool
CurrenciesAreValid(const PriceBook *book)
{
	const BookFx *currencies = PriceBookCurrencies(book);

	if (!HasArray(book, book->currencies, book->ncurrencies, sizeof(BookFx), sizeof(uint64_t)))
		return false;
	for (uint32_t i = 0; i < book->ncurrencies; i++)
	{
		if (currencies[i].currency == 0 || !HasString(book, currencies[i].currency, CURRENCY_SIZE) ||
			!HasArray(book, currencies[i].rates, currencies[i].nrates, sizeof(FxRate), sizeof(uint64_t)))
			return false;
	}
	return true;
}

BookStatus
PriceBookCheck(const PriceBook *book, size_t size)
{
	if (size < sizeof(PriceBook))
		return BOOK_DAMAGED;
	if (book->format != PRICE_BOOK_FORMAT)
		return BOOK_OTHER_FORMAT;
	if (book->meters != METER_COUNT)
		return BOOK_OTHER_METERS;
	if (book->size != size || size % sizeof(uint64_t) != 0 || book->fingerprint != PriceBookFingerprint(book) ||
		book->unpriced_null > 1 || book->guess_refuse > 1 || book->before_known > 1 || book->stale_after < 0 ||
		book->contract == 0 || !HasString(book, book->contract, SIZE_MAX) ||
		!CardsAreValid(book) || !AliasesAreValid(book) || !CurrenciesAreValid(book))
		return BOOK_DAMAGED;
	return BOOK_OK;
}

/* ---------- finding ---------- */

/* Index of the first card that is not before model, provider. */
static uint32_t
LowerBound(const PriceBook *book, const char *model, const char *provider)
{
	uint32_t	low = 0,
				high = book->ncards;

	while (low < high)
	{
		uint32_t	middle = low + (high - low) / 2;
		const RateCard *card = PriceBookCardAt(book, middle);

		if (CompareNames(CardString(card, card->model), CardString(card, card->provider), model, provider) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const RateCard *
PriceBookCard(const PriceBook *book, const char *provider, const char *model)
{
	uint32_t	index = LowerBound(book, model, provider);
	const RateCard *card;

	if (index == book->ncards)
		return NULL;
	card = PriceBookCardAt(book, index);
	return CompareNames(CardString(card, card->model), CardString(card, card->provider), model, provider) == 0 ? card : NULL;
}

/* An alias of the book as a row; its strings are the book's. */
static AliasRow
AliasOfBook(const PriceBook *book, uint32_t index)
{
	const BookAlias *alias = &PriceBookAliases(book)[index];

	return (AliasRow) {
		.valid_from = alias->valid_from,.version = alias->version,.published_at = alias->published_at,
		.alias = PriceBookString(book, alias->alias),
		.provider = PriceBookString(book, alias->provider),
		.model = PriceBookString(book, alias->model),
		.region = PriceBookString(book, alias->region),
		.rank = alias->rank
	};
}

/* ---------- what if ---------- */

static bool
IsScaled(const BookScale *scale, const RateCard *card, const PriceRow *row)
{
	return (row->kind == PRICE_RATE || row->kind == PRICE_AMOUNT || row->kind == CONTRACT_RATE) &&
		(scale->meter == METER_ANY || scale->meter == row->meter) &&
		(scale->provider == NULL || strcmp(scale->provider, CardString(card, card->provider)) == 0) &&
		(scale->model == NULL || strcmp(scale->model, CardString(card, card->model)) == 0);
}

/* The card of the same rows with some multiplied, or NULL. */
static RateCard *
ScaleCard(const RateCard *card, const BookScale *scale, const Host *host)
{
	PriceRow   *rows = HostAllocate(host, (card->nrows + 1) * sizeof(PriceRow));
	RateCard   *scaled;
	const PriceRow *culprit;

	if (rows == NULL)
		return NULL;
	for (uint32_t i = 0; i < card->nrows; i++)
	{
		rows[i] = RateCardRow(card, i);
		if (IsScaled(scale, card, &rows[i]) && RateTimes(&rows[i].value, scale->factor, MULTIPLIER_ONE) != CARD_OK)
			return NULL;
	}
	RateCardBuild(CardString(card, card->provider), CardString(card, card->model), rows, (int) card->nrows,
				  card->refuses_guess, host, &scaled, &culprit);
	return scaled;
}

/* The exchange rates of a book as rows; their strings are the book's. */
static uint32_t
FxRowsOfBook(const PriceBook *book, FxRow *rows)
{
	uint32_t	count = 0;

	for (uint32_t i = 0; i < book->ncurrencies; i++)
	{
		const BookFx *series = &PriceBookCurrencies(book)[i];
		const FxRate *rates = (const FxRate *) ((const char *) book + series->rates);

		for (uint32_t r = 0; r < series->nrates; r++)
			rows[count++] = (FxRow) {
			.currency = PriceBookString(book, series->currency),.valid_from = rates[r].valid_from,
			.version = rates[r].version,.value = rates[r].value
		};
	}
	return count;
}

static uint32_t
CountFx(const PriceBook *book)
{
	uint32_t	count = 0;

	for (uint32_t i = 0; i < book->ncurrencies; i++)
		count += PriceBookCurrencies(book)[i].nrates;
	return count;
}

PriceBook *
PriceBookScale(const PriceBook *book, const BookScale *scale, const Host *host)
{
	BookContent content = {
		.terms = {
			.as_of = book->as_of,.version = book->version,.contract = PriceBookString(book, book->contract),
			.unpriced_null = book->unpriced_null,.guess_refuse = book->guess_refuse,
			.before_known = book->before_known,.stale_after = book->stale_after
		},
		.cards = HostAllocate(host, (book->ncards + 1) * sizeof(RateCard *)),
		.aliases = HostAllocate(host, (book->naliases + 1) * sizeof(AliasRow)),
		.fx = HostAllocate(host, (CountFx(book) + 1) * sizeof(FxRow))
	};

	if (content.cards == NULL || content.aliases == NULL || content.fx == NULL)
		return NULL;
	for (; content.ncards < book->ncards; content.ncards++)
	{
		content.cards[content.ncards] = ScaleCard(PriceBookCardAt(book, content.ncards), scale, host);
		if (content.cards[content.ncards] == NULL)
			return NULL;
	}
	for (; content.naliases < book->naliases; content.naliases++)
		content.aliases[content.naliases] = AliasOfBook(book, content.naliases);
	content.nfx = FxRowsOfBook(book, content.fx);
	return PriceBookBuild(&content, host);
}

FxSeries
PriceBookFx(void *arg, const char *currency)
{
	const PriceBook *book = arg;

	for (uint32_t i = 0; i < book->ncurrencies; i++)
	{
		const BookFx *series = &PriceBookCurrencies(book)[i];

		if (strcmp(PriceBookString(book, series->currency), currency) == 0)
			return (FxSeries) {
			.rates = (const FxRate *) ((const char *) book + series->rates),.count = series->nrates
		};
	}
	return (FxSeries) {0};
}

/* ---------- the book as a directory of names ---------- */

static int
BookFind(void *arg, const char *provider, const char *model, ModelRef *refs, int max)
{
	const PriceBook *book = arg;
	int			found = 0;

	for (uint32_t i = LowerBound(book, model, provider == NULL ? "" : provider); i < book->ncards; i++)
	{
		const RateCard *card = PriceBookCardAt(book, i);

		if (strcmp(CardString(card, card->model), model) != 0 ||
			(provider != NULL && strcmp(CardString(card, card->provider), provider) != 0))
			break;
		if (found < max)
			ModelRefSet(&refs[found], CardString(card, card->provider), model, "");
		found++;
	}
	return found;
}

static bool
BookAliasFind(void *arg, const char *name, int64_t at, ModelRef *ref, int64_t *from, int64_t *to)
{
	const PriceBook *book = arg;
	const BookAlias *aliases = PriceBookAliases(book);
	ModelDirectory directory = {.arg = arg,.find = BookFind};
	AliasRow	best = {.alias = NULL};
	uint32_t	low = 0,
				high = book->naliases;

	while (low < high)
	{
		uint32_t	middle = low + (high - low) / 2;

		if (strcmp(PriceBookString(book, aliases[middle].alias), name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < book->naliases && strcmp(PriceBookString(book, aliases[low].alias), name) == 0; low++)
	{
		AliasRow	row = AliasOfBook(book, low);

		if (AliasHasBegun(row.valid_from, at, from, to) && (best.alias == NULL || AliasGoesBefore(&row, &best)))
			best = row;
	}
	return best.alias != NULL && AliasMeans(&best, &directory, ref);
}

static bool
BookIsProvider(void *arg, const char *provider)
{
	const PriceBook *book = arg;

	for (uint32_t i = 0; i < book->ncards; i++)
	{
		const RateCard *card = PriceBookCardAt(book, i);

		if (strcmp(CardString(card, card->provider), provider) == 0)
			return true;
	}
	return false;
}

/* More patterns than that never match one name. */
#define MAX_PATTERNS 256

static bool
BookPattern(void *arg, const char *provider, const char *name, int64_t at, ModelRef *ref, int64_t *from, int64_t *to)
{
	const PriceBook *book = arg;
	ModelDirectory directory = {.arg = arg,.find = BookFind};
	AliasRow	rows[MAX_PATTERNS];
	int			nrows = 0;

	for (uint32_t i = 0; i < book->naliases && nrows < MAX_PATTERNS; i++)
	{
		const char *alias = PriceBookString(book, PriceBookAliases(book)[i].alias);

		if (IsNamePattern(alias) && NamePatternMatches(alias, provider, name) > 0)
			rows[nrows++] = AliasOfBook(book, i);
	}
	return AliasResolvePattern(rows, nrows, provider, name, at, &directory, ref, from, to);
}

ModelDirectory
PriceBookDirectory(const PriceBook *book)
{
	return (ModelDirectory) {
		.arg = (void *) book,.find = BookFind,.alias = BookAliasFind,.is_provider = BookIsProvider,.pattern = BookPattern
	};
}
