/*
 * name_hash.h
 *	  The hash of names that come out of logs, for tables in memory.
 *
 * Names of models are what users of an API write; whoever could choose many of
 * one hash would make every look-up a search.  So the hash takes a key that is
 * drawn by chance when the library is loaded, and with which the bytes of a name,
 * eight at a time, are multiplied and folded.  It is not one of cryptography, and never leaves the
 * process: no result may depend on it.
 *
 * Pure C: no postgres.h.
 */
#ifndef INFERACCT_NAME_HASH_H
#define INFERACCT_NAME_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Set once per process, before the first name is hashed. */
extern uint64_t name_hash_key[4];

/* Eight bytes as a word. */
static inline uint64_t
NameWord(const char *bytes)
{
	uint64_t	word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

/* Up to 7 bytes as a word; equal words of equal length mean equal bytes. */
static inline uint64_t
NameShortWord(const char *bytes, size_t length)
{
	uint32_t	first,
				last;

	if (length == 0)
		return 0;
	if (length < 4)
		return (uint8_t) bytes[0] | (uint32_t) (uint8_t) bytes[length / 2] << 8 | (uint32_t) (uint8_t) bytes[length - 1] << 16;
	memcpy(&first, bytes, sizeof(first));
	memcpy(&last, bytes + length - sizeof(last), sizeof(last));
	return (uint64_t) last << 32 | first;
}

/* Both halves of a product of 128 bits. */
static inline uint64_t
NameFold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128) a * b;

	return (uint64_t) product ^ (uint64_t) (product >> 64);
}

/*
 * All bytes of a name: up to 32 of them without a branch or a loop, for the
 * names of a log have no pattern of lengths.  Words overlap where it is shorter.
 */
static inline uint64_t
NameHash(const char *name, size_t length)
{
	const uint64_t *key = name_hash_key;
	size_t		last = length - 8;
	size_t		second = last < 8 ? last : 8;
	size_t		third = last < 16 ? last : 16;
	uint64_t	hash;

	if (__builtin_expect(length < 8, 0))
		return NameFold(NameShortWord(name, length) ^ key[0], length ^ key[1]);
	hash = NameFold(NameWord(name) ^ key[0], NameWord(name + second) ^ length ^ key[1]) ^
		NameFold(NameWord(name + third) ^ key[2], NameWord(name + last) ^ key[3]);
	for (size_t i = 24; __builtin_expect(i < last, 0); i += 8)
		hash = NameFold(hash ^ NameWord(name + i), key[0]);
	return hash;
}

#endif							/* INFERACCT_NAME_HASH_H */
