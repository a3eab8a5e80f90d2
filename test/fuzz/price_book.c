/*
 * price_book.c
 *	  The text of a price book, and the stored bytes of the book that it is of.
 *
 * The first byte is a number of changes of the stored bytes, each of 8 bytes: where,
 * and what is put there.  The rest is the text.  A book that is read prints and
 * reads back alike, byte for byte; one that was changed, and sealed again as a forger
 * could, is refused or read within its bytes.
 */
#include "fuzz.h"

#include "price/price_book.h"
#include "price/price_book_text.h"

#define CHANGE_SIZE 8

/* Memory that is freed together. */
static void **blocks;
static size_t nblocks;

static void *
Allocate(void *arg, size_t size)
{
	(void) arg;
	blocks = realloc(blocks, (nblocks + 1) * sizeof(void *));
	return blocks[nblocks++] = malloc(size);
}

static void
FreeAll(void)
{
	while (nblocks > 0)
		free(blocks[--nblocks]);
	free(blocks);
	blocks = NULL;
}

static const Host host = {.allocate = Allocate,.check_interrupts = NotAsked};

/* The book of a text. */
static PriceBook *
Read(const char *text, const char **problem)
{
	cJSON	   *root = cJSON_ParseWithOpts(text, NULL, true);
	PriceBook  *book = PriceBookFromJson(root, &host, problem);

	cJSON_Delete(root);
	return book;
}

static int32_t
Offset(const char *timezone, int64_t at)
{
	return (int32_t) (strlen(timezone) % 24) * 3600 + (at < 0 ? 3600 : 0);
}

/* Ask a book for everything that it should be able to answer. */
static void
Use(const PriceBook *book)
{
	static const int64_t times[] = {TIME_BEGIN, 0, INT64_C(820454400000000), TIME_END};
	ModelDirectory directory = PriceBookDirectory(book);
	ModelMatch	match;

	for (uint32_t i = 0; i < book->ncards; i++)
	{
		const RateCard *card = PriceBookCardAt(book, i);
		const Lane *lane = RateCardLane(card, "standard", 8, "", 0);

		Promise(PriceBookCard(book, CardString(card, card->provider), CardString(card, card->model)) != NULL, "a card is found");
		for (size_t t = 0; lane != NULL && t < sizeof(times) / sizeof(times[0]); t++)
		{
			const Segment *segment = LaneSegment(card, lane, times[t]);

			if (segment != NULL)
				Promise(SegmentVector(card, segment, 200001, times[t], Offset) != NULL, "there are rates at any time");
		}
		for (uint32_t row = 0; row < card->nrows; row++)
			RateCardRow(card, row);
	}
	for (uint32_t i = 0; i < book->naliases && i < 100; i++)
		ModelResolve(PriceBookString(book, PriceBookAliases(book)[i].alias), 0, &directory, &match);
	ModelResolve("openai/gpt-4o", 0, &directory, &match);
	PriceBookScale(book, &(BookScale) {.meter = METER_ANY,.factor = MULTIPLIER_ONE / 2}, &host);
}

static void
CheckText(const PriceBook *book)
{
	const char *problem = NULL;
	char	   *text = PriceBookToText(book);
	PriceBook  *back = Read(text, &problem);

	Promise(back != NULL && back->size == book->size && memcmp(back, book, book->size) == 0, "a book reads back alike");
	free(text);
}

/* Change the stored bytes, and seal them. */
static void
Forge(const PriceBook *book, const uint8_t *changes, int nchanges)
{
	uint32_t	size = book->size;
	PriceBook  *forged = malloc(size);

	memcpy(forged, book, size);
	for (int i = 0; i < nchanges; i++)
	{
		uint32_t	words[2];

		memcpy(words, changes + i * CHANGE_SIZE, sizeof(words));
		((uint32_t *) forged)[1 + words[0] % (size / sizeof(uint32_t) - 1)] = words[1];
	}
	forged->format = PRICE_BOOK_FORMAT;
	forged->meters = METER_COUNT;
	forged->size = size;
	forged->fingerprint = PriceBookFingerprint(forged);
	if (PriceBookCheck(forged, size) == BOOK_OK)
	{
		Use(forged);
		free(PriceBookToText(forged));
	}
	free(forged);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *problem = NULL;
	size_t		before;
	PriceBook  *book;
	char	   *text;

	if (size == 0)
		return 0;
	before = 1 + data[0] % 8 * CHANGE_SIZE;
	if (before > size)
		return 0;
	text = FuzzText(data + before, size - before);
	book = Read(text, &problem);
	Promise((book == NULL) == (problem != NULL), "it is said what is wrong");
	if (book != NULL)
	{
		Promise(PriceBookCheck(book, book->size) == BOOK_OK, "a book that is read is whole");
		Use(book);
		CheckText(book);
		if (data[0] % 8 > 0)
			Forge(book, data + 1, data[0] % 8);
	}
	free(text);
	FreeAll();
	return 0;
}
