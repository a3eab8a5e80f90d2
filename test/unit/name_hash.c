/*
 * name_hash.c
 *	  Unit tests of src/core/name_hash.h: it spreads names like those of logs, and
 *	  names made to collide under one key do not under another.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/name_hash.h"
#include "random.h"
#include "tap.h"

#define NAMES 4096
#define SLOTS 4096

static void
DrawKey(void)
{
	for (int i = 0; i < 4; i++)
		name_hash_key[i] = Random();
}

/* Names that differ in a number somewhere; of all lengths up to 60. */
static size_t
NameOf(int n, int length, char name[64])
{
	char		number[16];
	int			digits = snprintf(number, sizeof(number), "%d", n);
	int			at = length > digits ? (n * 7) % (length - digits) : 0;

	memset(name, 'm', 64);
	memcpy(name + at, number, (size_t) digits);
	return (size_t) (length > digits ? length : digits);
}

/* The most names in one slot, by the highest or the lowest bits of the hash. */
static int
MostInASlot(int length, bool highest)
{
	static int	slots[SLOTS];
	int			most = 0;

	memset(slots, 0, sizeof(slots));
	for (int n = 0; n < NAMES; n++)
	{
		char		name[64];
		size_t		size = NameOf(n, length, name);
		uint64_t	hash = NameHash(name, size);
		int		   *slot = &slots[highest ? hash >> 52 : hash % SLOTS];

		if (++*slot > most)
			most = *slot;
	}
	return most;
}

static void
TestSpread(void)
{
	int			most = 0;

	for (int key = 0; key < 5; key++)
	{
		for (int length = 1; length <= 60; length++)
		{
			int			high = MostInASlot(length, true);
			int			low = MostInASlot(length, false);

			most = high > most ? high : most;
			most = low > most ? low : most;
		}
		DrawKey();
	}
	Ok(most <= 16, "no more than 16 of %d names in one of %d slots (%d)", NAMES, SLOTS, most);
}

/* Every byte counts, and so does the length. */
static void
TestBytes(void)
{
	int			alike = 0;

	for (size_t length = 0; length <= 60; length++)
	{
		char		name[64] = {0};
		uint64_t	hash = NameHash(name, length);

		alike += length > 0 && hash == NameHash(name, length - 1);
		for (size_t i = 0; i < length; i++)
		{
			for (int bit = 0; bit < 8; bit++)
			{
				name[i] ^= (char) (1 << bit);
				alike += hash == NameHash(name, length);
				name[i] ^= (char) (1 << bit);
			}
		}
	}
	Ok(alike == 0, "a bit more or less is another hash");
}

/* Of many names, those in one slot under a key, which somebody has found out, are spread under the next. */
static void
TestKey(void)
{
	static char names[1000][64];
	static int	slots[64];
	int			found = 0;
	int			most = 0;

	for (int n = 0; found < 1000; n++)
	{
		size_t		size = (size_t) snprintf(names[found], 64, "a-model-of-some-name-%d", n);

		found += NameHash(names[found], size) % 64 == 7;
	}
	DrawKey();
	for (int n = 0; n < found; n++)
	{
		int		   *slot = &slots[NameHash(names[n], strlen(names[n])) % 64];

		if (++*slot > most)
			most = *slot;
	}
	Ok(most < 60, "%d names of one slot under a key are spread under another (%d in one)", found, most);
}

int
main(void)
{
	TestSpread();
	TestBytes();
	TestKey();
	return Done();
}
