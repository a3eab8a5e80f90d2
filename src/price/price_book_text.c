/*
 * price_book_text.c
 *	  The text form of a price book: JSON that carries its rows.
 *
 *	{"format": "1", "version": "12", "as_of": "9223372036854775807", "contract": "",
 *	 "unpriced": "error", "guess": "allow", "stale_after": "90",
 *	 "models": [{"provider": "openai", "model": "gpt-4o", "prices": [
 *		{"service_tier": "standard", "region": "", "meter": "input", "kind": "rate",
 *		 "scope": "0", "currency": "USD", "valid_to": "...", "value": "2500000000", "unit_quantity": "1000000", "min_input": "0", "windows": "",
 *		 "valid_from": "...", "version": "1", "published_at": "...", "source": "...", "rank": "65535", "checked_on": "9700",
 *		 "catalog": "litellm", "agreement": "single", "note": "..."}]}],
 *	 "aliases": [{"alias": "gpt-4o", "provider": "openai", "model": "gpt-4o", "region": "",
 *		 "valid_from": "...", "version": "1", "published_at": "...", "rank": "65535"}],
 *	 "fx_rates": [{"currency": "EUR", "valid_from": "...", "value": "1080000000000", "version": "1001"}]}
 *
 * What is 0 or empty from "rank" on may be left out.
 */
#include "price/price_book_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[] = {
	[PRICE_RATE] = "rate",[PRICE_AMOUNT] = "amount",[PRICE_MULTIPLIER] = "multiplier",
	[PRICE_WITHDRAWN] = "withdrawn",[PRICE_ENDED] = "ended",[CONTRACT_RATE] = "contract_rate",[CONTRACT_FACTOR] = "contract_factor",
	[CONTRACT_NONE] = "contract_none"
};

#define ANY_METER "*"

/* Raised when the text of an older version no longer means the same. */
#define TEXT_FORMAT 1

static const char *const unpriced_words[2] = {"error", "null"};
static const char *const guess_words[2] = {"allow", "refuse"};

/* ---------- book -> text ---------- */

static bool
AddInteger(cJSON *object, const char *name, int64_t value)
{
	char		text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	return cJSON_AddStringToObject(object, name, text) != NULL;
}

static bool
AddString(cJSON *object, const char *name, const char *value)
{
	if (value == NULL)
		return cJSON_AddNullToObject(object, name) != NULL;
	return cJSON_AddStringToObject(object, name, value) != NULL;
}

/* The same, but nothing for what says nothing. */
static bool
AddNumberIfAny(cJSON *object, const char *name, int64_t value)
{
	return value == 0 || AddInteger(object, name, value);
}

static bool
AddStringIfAny(cJSON *object, const char *name, const char *value)
{
	return value[0] == '\0' || AddString(object, name, value);
}

/* Append a new object to an array; NULL when memory is out. */
static cJSON *
AppendObject(cJSON *array)
{
	cJSON	   *object = array == NULL ? NULL : cJSON_CreateObject();

	if (object != NULL && !cJSON_AddItemToArray(array, object))
	{
		cJSON_Delete(object);
		return NULL;
	}
	return object;
}

static bool
AddPrice(cJSON *prices, const RateCard *card, const CardRow *row)
{
	cJSON	   *price = AppendObject(prices);

	return price != NULL &&
		AddString(price, "service_tier", CardString(card, row->service_tier)) &&
		AddString(price, "region", CardString(card, row->region)) &&
		AddString(price, "meter", row->meter == METER_ANY ? ANY_METER : MeterName((Meter) row->meter)) &&
		AddString(price, "kind", kind_names[row->kind]) &&
		AddInteger(price, "scope", row->scope) &&
		AddString(price, "currency", CardString(card, row->currency)) &&
		AddInteger(price, "value", row->value) &&
		AddInteger(price, "unit_quantity", row->unit_quantity) &&
		AddInteger(price, "min_input", row->min_input) &&
		AddString(price, "windows", CardString(card, row->windows)) &&
		AddInteger(price, "valid_from", row->valid_from) &&
		AddInteger(price, "valid_to", row->valid_to) &&
		AddInteger(price, "version", row->version) &&
		AddInteger(price, "published_at", row->published_at) &&
		AddString(price, "source", CardString(card, row->source)) &&
		AddNumberIfAny(price, "rank", row->rank) &&
		AddNumberIfAny(price, "checked_on", row->checked_on) &&
		AddStringIfAny(price, "catalog", CardString(card, row->catalog)) &&
		AddStringIfAny(price, "agreement", AgreementName((Agreement) row->agreement)) &&
		AddStringIfAny(price, "note", CardString(card, row->note));
}

static bool
AddModel(cJSON *models, const RateCard *card)
{
	cJSON	   *model = AppendObject(models);
	cJSON	   *prices;
	bool		added = model != NULL &&
		AddString(model, "provider", CardString(card, card->provider)) &&
		AddString(model, "model", CardString(card, card->model));

	prices = added ? cJSON_AddArrayToObject(model, "prices") : NULL;
	for (uint32_t i = 0; i < card->nrows && prices != NULL; i++)
	{
		if (!AddPrice(prices, card, &CardRows(card)[i]))
			return false;
	}
	return prices != NULL;
}

static bool
AddAlias(cJSON *aliases, const PriceBook *book, const BookAlias *row)
{
	cJSON	   *alias = AppendObject(aliases);

	return alias != NULL &&
		AddString(alias, "alias", PriceBookString(book, row->alias)) &&
		AddString(alias, "provider", PriceBookString(book, row->provider)) &&
		AddString(alias, "model", PriceBookString(book, row->model)) &&
		AddString(alias, "region", PriceBookString(book, row->region)) &&
		AddInteger(alias, "valid_from", row->valid_from) &&
		AddInteger(alias, "version", row->version) &&
		AddInteger(alias, "published_at", row->published_at) &&
		AddNumberIfAny(alias, "rank", row->rank);
}

static bool
AddFxRate(cJSON *fx_rates, const char *currency, const FxRate *rate)
{
	cJSON	   *fx_rate = AppendObject(fx_rates);

	return fx_rate != NULL &&
		AddString(fx_rate, "currency", currency) &&
		AddInteger(fx_rate, "valid_from", rate->valid_from) &&
		AddInteger(fx_rate, "value", rate->value) &&
		AddInteger(fx_rate, "version", rate->version);
}

static bool
AddCurrency(cJSON *fx_rates, const PriceBook *book, const BookFx *series)
{
	const FxRate *rates = (const FxRate *) ((const char *) book + series->rates);

	for (uint32_t i = 0; i < series->nrates; i++)
	{
		if (!AddFxRate(fx_rates, PriceBookString(book, series->currency), &rates[i]))
			return false;
	}
	return true;
}

static bool
AddBook(cJSON *root, const PriceBook *book)
{
	bool		added = AddInteger(root, "format", TEXT_FORMAT) &&
		AddInteger(root, "version", book->version) &&
		AddInteger(root, "as_of", book->as_of) &&
		AddString(root, "contract", PriceBookString(book, book->contract)) &&
		AddString(root, "unpriced", unpriced_words[book->unpriced_null]) &&
		AddString(root, "guess", guess_words[book->guess_refuse]) &&
		(book->stale_after == STALE_NEVER || AddInteger(root, "stale_after", book->stale_after)) &&
		AddNumberIfAny(root, "before_known", book->before_known);
	cJSON	   *models = added ? cJSON_AddArrayToObject(root, "models") : NULL;
	cJSON	   *aliases = models != NULL ? cJSON_AddArrayToObject(root, "aliases") : NULL;
	cJSON	   *fx_rates = aliases != NULL ? cJSON_AddArrayToObject(root, "fx_rates") : NULL;

	for (uint32_t i = 0; i < book->ncards && fx_rates != NULL; i++)
	{
		if (!AddModel(models, PriceBookCardAt(book, i)))
			return false;
	}
	for (uint32_t i = 0; i < book->naliases && fx_rates != NULL; i++)
	{
		if (!AddAlias(aliases, book, &PriceBookAliases(book)[i]))
			return false;
	}
	for (uint32_t i = 0; i < book->ncurrencies && fx_rates != NULL; i++)
	{
		if (!AddCurrency(fx_rates, book, &PriceBookCurrencies(book)[i]))
			return false;
	}
	return fx_rates != NULL;
}

char *
PriceBookToText(const PriceBook *book)
{
	cJSON	   *root = cJSON_CreateObject();
	char	   *text = root != NULL && AddBook(root, book) ? cJSON_PrintUnformatted(root) : NULL;

	cJSON_Delete(root);
	return text;
}

/* ---------- text -> book ---------- */

/* Reads fields and remembers the first thing that was wrong. */
typedef struct Reader
{
	const Host *host;
	const char *problem;
	bool		refuse_guess;
} Reader;

static void
Fail(Reader *reader, const char *problem)
{
	if (reader->problem == NULL)
		reader->problem = problem;
}

static void *
Allocate(Reader *reader, size_t size)
{
	void	   *memory = reader->problem == NULL ? HostAllocate(reader->host, size + 1) : NULL;

	if (memory == NULL)
		Fail(reader, "out of memory");
	return memory;
}

static const char *
ReadString(Reader *reader, const cJSON *object, const char *name, size_t limit)
{
	const char *string = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	if (string != NULL && strlen(string) < limit)
		return string;
	Fail(reader, string == NULL ? "a field that must be a string is missing" : "a name is too long");
	return "";
}

static int64_t
ReadInteger(Reader *reader, const cJSON *object, const char *name)
{
	const char *string = ReadString(reader, object, name, 24);
	char	   *end;
	long long	value;

	errno = 0;
	value = strtoll(string, &end, 10);
	if (errno != 0 || end == string || *end != '\0')
		Fail(reader, "an integer (written as a string) cannot be read");
	return value;
}

/* A number from 0 to a limit, or what it is when it is left out. */
static int64_t
ReadNumberIfAny(Reader *reader, const cJSON *object, const char *name, int64_t limit, int64_t otherwise)
{
	int64_t		value;

	if (cJSON_GetObjectItemCaseSensitive(object, name) == NULL)
		return otherwise;
	value = ReadInteger(reader, object, name);
	if (value < 0 || value > limit)
		Fail(reader, "a number is out of range");
	return value;
}

static const char *
ReadStringIfAny(Reader *reader, const cJSON *object, const char *name, size_t limit)
{
	return cJSON_GetObjectItemCaseSensitive(object, name) == NULL ? "" : ReadString(reader, object, name, limit);
}

static Agreement
ReadAgreement(Reader *reader, const cJSON *object)
{
	Agreement	agreement = AgreementByName(ReadStringIfAny(reader, object, "agreement", 16));

	if (agreement != AGREEMENT_COUNT)
		return agreement;
	Fail(reader, "a price has an unknown agreement");
	return AGREEMENT_UNKNOWN;
}

/* Which of two words stands there? */
static bool
ReadWord(Reader *reader, const cJSON *object, const char *name, const char *const words[2])
{
	const char *word = ReadString(reader, object, name, 16);

	if (strcmp(word, words[0]) != 0 && strcmp(word, words[1]) != 0)
		Fail(reader, "a policy (unpriced or guess) has an unknown word");
	return strcmp(word, words[1]) == 0;
}

static PriceKind
ReadKind(Reader *reader, const cJSON *object)
{
	const char *name = ReadString(reader, object, "kind", 16);

	for (PriceKind kind = PRICE_RATE; kind < PRICE_KIND_COUNT; kind++)
	{
		if (strcmp(name, kind_names[kind]) == 0)
			return kind;
	}
	Fail(reader, "a price has an unknown kind");
	return PRICE_WITHDRAWN;
}

static PriceRow
ReadPrice(Reader *reader, const cJSON *price)
{
	const char *meter = ReadString(reader, price, "meter", 64);
	int64_t		scope = ReadInteger(reader, price, "scope");
	PriceRow	row = {
		.valid_from = ReadInteger(reader, price, "valid_from"),
		.valid_to = ReadInteger(reader, price, "valid_to"),
		.value = ReadInteger(reader, price, "value"),
		.unit_quantity = ReadInteger(reader, price, "unit_quantity"),
		.min_input = ReadInteger(reader, price, "min_input"),
		.version = ReadInteger(reader, price, "version"),
		.published_at = ReadInteger(reader, price, "published_at"),
		.kind = ReadKind(reader, price),
		.scope = (ContractScope) scope,
		.meter = MeterByName(meter, strlen(meter)),
		.currency = ReadString(reader, price, "currency", 16),
		.service_tier = ReadString(reader, price, "service_tier", MODEL_NAME_SIZE),
		.region = ReadString(reader, price, "region", MODEL_REGION_SIZE),
		.windows = ReadString(reader, price, "windows", SIZE_MAX),
		.source = ReadString(reader, price, "source", SIZE_MAX),
		.catalog = ReadStringIfAny(reader, price, "catalog", SIZE_MAX),
		.note = ReadStringIfAny(reader, price, "note", SIZE_MAX),
		.rank = (uint16_t) ReadNumberIfAny(reader, price, "rank", RANK_SHIPPED, RANK_OWN),
		.checked_on = (uint16_t) ReadNumberIfAny(reader, price, "checked_on", CHECKED_ALWAYS, 0),
		.agreement = ReadAgreement(reader, price)
	};

	if (row.meter == METER_ANY && (strcmp(meter, ANY_METER) != 0 || row.kind == PRICE_RATE ||
								   row.kind == PRICE_AMOUNT || row.kind == CONTRACT_RATE))
		Fail(reader, "a price has an unknown meter");
	if (strlen(row.currency) >= CURRENCY_SIZE)
		Fail(reader, "a currency is not three letters");
	if (scope < SCOPE_ALL || scope > SCOPE_MODEL || row.value < 0 || row.unit_quantity <= 0 || row.min_input < 0 || row.service_tier[0] == '\0')
		Fail(reader, "a price has a value out of range");
	return row;
}

static RateCard *
ReadModel(Reader *reader, const cJSON *model)
{
	const char *provider = ReadString(reader, model, "provider", MODEL_NAME_SIZE);
	const char *name = ReadString(reader, model, "model", MODEL_NAME_SIZE);
	const cJSON *prices = cJSON_GetObjectItemCaseSensitive(model, "prices");
	PriceRow   *rows = Allocate(reader, (size_t) cJSON_GetArraySize(prices) * sizeof(PriceRow));
	const cJSON *price;
	int			nrows = 0;
	RateCard   *card = NULL;
	const PriceRow *culprit;

	if (!cJSON_IsArray(prices))
		Fail(reader, "a model has no array of prices");
	if (reader->problem != NULL)
		return NULL;
	cJSON_ArrayForEach(price, prices)
		rows[nrows++] = ReadPrice(reader, price);
	if (reader->problem != NULL)
		return NULL;
	switch (RateCardBuild(provider, name, rows, nrows, reader->refuse_guess, reader->host, &card, &culprit))
	{
		case CARD_OK:
			break;
		case CARD_NO_MEMORY:
			Fail(reader, "out of memory");
			break;
		case CARD_BAD_WINDOWS:
			Fail(reader, "a price has windows that cannot be read");
			break;
		case CARD_TOO_MANY:
			Fail(reader, "a model has too many prices");
			break;
		case CARD_TOO_FINE:
		case CARD_TOO_LARGE:
			Fail(reader, "a price does not fit the fixed point");
			break;
	}
	return card;
}

static AliasRow
ReadAlias(Reader *reader, const cJSON *alias)
{
	bool		ended = cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(alias, "model"));

	return (AliasRow) {
		.valid_from = ReadInteger(reader, alias, "valid_from"),
		.version = ReadInteger(reader, alias, "version"),
		.published_at = ReadInteger(reader, alias, "published_at"),
		.alias = ReadString(reader, alias, "alias", MODEL_NAME_SIZE),
		.provider = ReadString(reader, alias, "provider", MODEL_NAME_SIZE),
		.model = ended ? NULL : ReadString(reader, alias, "model", MODEL_NAME_SIZE),
		.region = ReadString(reader, alias, "region", MODEL_REGION_SIZE),
		.rank = (uint16_t) ReadNumberIfAny(reader, alias, "rank", RANK_SHIPPED, RANK_OWN)
	};
}

static FxRow
ReadFxRate(Reader *reader, const cJSON *fx_rate)
{
	FxRow		row = {
		.currency = ReadString(reader, fx_rate, "currency", CURRENCY_SIZE),
		.valid_from = ReadInteger(reader, fx_rate, "valid_from"),
		.value = ReadInteger(reader, fx_rate, "value"),
		.version = ReadInteger(reader, fx_rate, "version")
	};

	if (row.value <= 0)
		Fail(reader, "an exchange rate is out of range");
	return row;
}

/* Room for as many as an array of the root has; the array is *items. */
static void *
ReadArray(Reader *reader, const cJSON *root, const char *name, size_t size, const cJSON **items)
{
	*items = cJSON_GetObjectItemCaseSensitive(root, name);
	if (!cJSON_IsArray(*items))
		Fail(reader, "models, aliases and fx_rates must be arrays");
	return Allocate(reader, (size_t) cJSON_GetArraySize(*items) * size);
}

static PriceBook *
ReadBook(Reader *reader, const cJSON *root)
{
	const cJSON *models,
			   *aliases,
			   *fx_rates,
			   *item;
	bool		known_format = ReadInteger(reader, root, "format") == TEXT_FORMAT;
	BookContent content = {
		.terms = {
			.version = ReadInteger(reader, root, "version"),
			.as_of = ReadInteger(reader, root, "as_of"),
			.contract = ReadString(reader, root, "contract", SIZE_MAX),
			.unpriced_null = ReadWord(reader, root, "unpriced", unpriced_words),
			.guess_refuse = ReadWord(reader, root, "guess", guess_words),
			.before_known = ReadNumberIfAny(reader, root, "before_known", 1, 0) == 1,
			.stale_after = (int32_t) ReadNumberIfAny(reader, root, "stale_after", STALE_NEVER, STALE_NEVER)
		},
		.cards = ReadArray(reader, root, "models", sizeof(RateCard *), &models),
		.aliases = ReadArray(reader, root, "aliases", sizeof(AliasRow), &aliases),
		.fx = ReadArray(reader, root, "fx_rates", sizeof(FxRow), &fx_rates)
	};
	PriceBook  *book;

	reader->refuse_guess = content.terms.guess_refuse;
	if (!known_format)
		Fail(reader, "the format is of another version of inferacct");
	if (reader->problem != NULL)
		return NULL;
	cJSON_ArrayForEach(item, models)
	{
		content.cards[content.ncards++] = ReadModel(reader, item);
		if (reader->problem != NULL)
			return NULL;
	}
	cJSON_ArrayForEach(item, aliases)
		content.aliases[content.naliases++] = ReadAlias(reader, item);
	cJSON_ArrayForEach(item, fx_rates)
		content.fx[content.nfx++] = ReadFxRate(reader, item);
	if (reader->problem != NULL)
		return NULL;
	book = PriceBookBuild(&content, reader->host);
	if (book == NULL)
		Fail(reader, "the book is too large");
	return book;
}

PriceBook *
PriceBookFromJson(const cJSON *root, const Host *host, const char **problem)
{
	Reader		reader = {.host = host};
	PriceBook  *book = NULL;

	if (cJSON_IsObject(root))
		book = ReadBook(&reader, root);
	else
		Fail(&reader, "it is not a JSON object");
	*problem = reader.problem;
	return reader.problem == NULL ? book : NULL;
}
