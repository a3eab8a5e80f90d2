/*
 * name_hash.c
 *	  The key of the hash of names.
 */
#include "core/name_hash.h"

/* Any numbers, for a process that draws no others: a unit test. */
uint64_t	name_hash_key[4] = {
	UINT64_C(0x9E3779B97F4A7C15), UINT64_C(0xC2B2AE3D27D4EB4F), UINT64_C(0xD6E8FEB86659FD93), UINT64_C(0xA0761D6478BD642F)
};
