/*
 * payload_key.c
 *	  Finds the key of a name.
 *
 * Invariant: the table is filled from the list in payload_key.h when it is first
 * asked, and never changes after.
 */
#include "payload/payload_key.h"

#include <stdint.h>
#include <string.h>

typedef struct KeyInfo
{
	const char *name;
	uint16_t	length;
	bool		free;
} KeyInfo;

#define INFO(ident) {#ident, sizeof(#ident) - 1, false},
#define INFO_NAMED(ident, name) {name, sizeof(name) - 1, false},
#define INFO_FREE(ident, reason) {#ident, sizeof(#ident) - 1, true},

static const KeyInfo keys[] = {
	{"", 0, false},
	PAYLOAD_KEYS(INFO, INFO_NAMED, INFO_FREE)
	{"", 0, false},
};

/* The first and the last eight bytes of a name: all of it, up to sixteen. */
typedef struct Ends
{
	uint64_t	first;
	uint64_t	last;
} Ends;

typedef struct Place
{
	Ends		ends;
	uint16_t	length;
	uint16_t	key;			/* KEY_NONE: the place is empty */
} Place;

/* Open addressing: more than four times as many places as keys keep the ways short. */
#define PLACES 2048

static Place places[PLACES];
static bool filled = false;

static inline Ends
EndsOf(const char *name, size_t length)
{
	Ends		ends = {0, 0};

	if (length >= sizeof(uint64_t))
	{
		memcpy(&ends.first, name, sizeof(uint64_t));
		memcpy(&ends.last, name + length - sizeof(uint64_t), sizeof(uint64_t));
	}
	else if (length >= sizeof(uint32_t))
	{
		uint32_t	half;

		memcpy(&half, name, sizeof(half));
		ends.first = half;
		memcpy(&half, name + length - sizeof(half), sizeof(half));
		ends.last = half;
	}
	else
	{
		for (size_t i = 0; i < length; i++)
			ends.first = ends.first << 8 | (unsigned char) name[i];
	}
	return ends;
}

static inline size_t
PlaceOf(Ends ends, size_t length)
{
	uint64_t	mixed = (ends.first ^ (ends.last << 7) ^ (ends.last >> 9) ^ length) * UINT64_C(0x9E3779B97F4A7C15);

	return (mixed ^ mixed >> 29) >> 32 & (PLACES - 1);
}

static void
Fill(void)
{
	for (PayloadKey key = KEY_NONE + 1; key < KEY_UNKNOWN; key++)
	{
		Ends		ends = EndsOf(keys[key].name, keys[key].length);
		size_t		at = PlaceOf(ends, keys[key].length);

		while (places[at].key != KEY_NONE)
			at = (at + 1) % PLACES;
		places[at] = (Place) {ends, keys[key].length, (uint16_t) key};
	}
	filled = true;
}

PayloadKey
PayloadKeyByName(const char *name, size_t length)
{
	Ends		ends = EndsOf(name, length);

	if (!filled)
		Fill();
	for (size_t at = PlaceOf(ends, length); places[at].key != KEY_NONE; at = (at + 1) % PLACES)
	{
		const Place *place = &places[at];

		if (place->ends.first == ends.first && place->ends.last == ends.last && place->length == length &&
			(length <= 2 * sizeof(uint64_t) || memcmp(keys[place->key].name, name, length) == 0))
			return (PayloadKey) place->key;
	}
	return KEY_UNKNOWN;
}

bool
PayloadKeyIsFree(unsigned key)
{
	return keys[key].free;
}
