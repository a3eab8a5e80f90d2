/*
 * demand.c
 *	  The text of a demand, and its stored bytes.
 *
 * The first byte chooses.  What is read has bytes and a text that read back alike.
 */
#include "fuzz.h"

#include "demand/demand.h"

static void *
Resize(void *owner, void *old, size_t size)
{
	(void) owner;
	return realloc(old, size);
}

static void
Start(Demand *demand)
{
	DemandInit(demand, DEMAND_HOUR, Resize, free, NotAsked, NULL);
}

typedef struct Text
{
	char	   *at;
	size_t		length;
} Text;

static void
Append(void *sink, const char *piece)
{
	Text	   *text = sink;
	size_t		length = strlen(piece);

	text->at = realloc(text->at, text->length + length + 1);
	memcpy(text->at + text->length, piece, length + 1);
	text->length += length;
}

/* The stored bytes; free() them. */
static unsigned char *
Bytes(Demand *demand, size_t *size)
{
	unsigned char *bytes;

	Promise(DemandSort(demand) == DEMAND_OK, "a demand can be put in order");
	*size = DemandSize(demand);
	bytes = malloc(*size);
	DemandWrite(demand, bytes);
	return bytes;
}

static void
Use(Demand *demand)
{
	Demand		other;
	Text		text = {NULL, 0};
	const char *at;
	size_t		size,
				other_size;
	unsigned char *bytes = Bytes(demand, &size);
	unsigned char *other_bytes;

	Start(&other);
	Promise(DemandRead(&other, bytes, size) == DEMAND_OK, "bytes read back");
	other_bytes = Bytes(&other, &other_size);
	Promise(size == other_size && memcmp(bytes, other_bytes, size) == 0, "bytes read back alike");
	free(other_bytes);
	DemandMerge(&other, demand);
	DemandFree(&other);

	DemandToText(demand, Append, &text);
	Start(&other);
	Promise(DemandFromText(&other, text.at, &at) == DEMAND_OK, "a text reads back");
	other_bytes = Bytes(&other, &other_size);
	Promise(size == other_size && memcmp(bytes, other_bytes, size) == 0, "a text reads back alike");
	free(other_bytes);
	DemandFree(&other);
	free(text.at);
	free(bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Demand		demand;
	char	   *text;
	const char *at = NULL;

	if (size == 0)
		return 0;
	Start(&demand);
	text = FuzzText(data + 1, size - 1);
	if (data[0] % 2 == 0)
	{
		DemandStatus status = DemandFromText(&demand, text, &at);

		if (status == DEMAND_OK)
			Use(&demand);
		else
			Promise(at >= text && at <= text + strlen(text), "a problem lies in the text");
	}
	else
	{
		unsigned char *bytes = malloc(size - 1);

		memcpy(bytes, data + 1, size - 1);
		if (DemandRead(&demand, bytes, size - 1) == DEMAND_OK)
			Use(&demand);
		free(bytes);
	}
	DemandFree(&demand);
	free(text);
	return 0;
}
