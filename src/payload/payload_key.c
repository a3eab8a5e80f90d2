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

/* Open addressing: four times as many places as keys keep the ways short. */
#define PLACES 2048

static uint16_t place_of[PLACES];
static bool filled = false;

/* Of the length, the first eight bytes and the last: names differ in these. */
static uint32_t
Hash(const char *name, size_t length)
{
	uint64_t	first = 0;
	uint64_t	last = 0;

	if (length >= sizeof(first))
	{
		memcpy(&first, name, sizeof(first));
		memcpy(&last, name + length - sizeof(last), sizeof(last));
	}
	else
		memcpy(&first, name, length);
	first = (first ^ (last << 7) ^ (last >> 9) ^ length) * UINT64_C(0x9E3779B97F4A7C15);
	return (uint32_t) (first >> 32) ^ (uint32_t) (first >> 53);
}

static bool
IsKey(PayloadKey key, const char *name, size_t length)
{
	return keys[key].length == length && memcmp(keys[key].name, name, length) == 0;
}

static void
Fill(void)
{
	for (PayloadKey key = KEY_NONE + 1; key < KEY_UNKNOWN; key++)
	{
		uint32_t	place = Hash(keys[key].name, keys[key].length) % PLACES;

		while (place_of[place] != KEY_NONE)
			place = (place + 1) % PLACES;
		place_of[place] = (uint16_t) key;
	}
	filled = true;
}

PayloadKey
PayloadKeyByName(const char *name, size_t length)
{
	uint32_t	place = Hash(name, length) % PLACES;

	if (!filled)
		Fill();
	while (place_of[place] != KEY_NONE)
	{
		if (IsKey((PayloadKey) place_of[place], name, length))
			return (PayloadKey) place_of[place];
		place = (place + 1) % PLACES;
	}
	return KEY_UNKNOWN;
}

bool
PayloadKeyIsFree(unsigned key)
{
	return keys[key].free;
}
