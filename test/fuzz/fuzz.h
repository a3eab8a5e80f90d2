/*
 * fuzz.h
 *	  What the targets of test/fuzz share.  A target is one file with
 *	  LLVMFuzzerTestOneInput(): clang's libFuzzer calls it with made-up bytes (`make
 *	  fuzz`), replay.h with the files that are kept (`make test`).
 *
 * Beside what the sanitizers see, Promise() says what has to hold for any bytes.
 * Bytes are copied into memory of just their size, so that a read beyond it is seen.
 */
#ifndef INFERACCT_FUZZ_H
#define INFERACCT_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void
Promise(bool kept, const char *promise)
{
	if (kept)
		return;
	fprintf(stderr, "not kept: %s\n", promise);
	abort();
}

/* Bytes as a text that ends in a NUL; free() it. */
static inline char *
FuzzText(const uint8_t *data, size_t size)
{
	char	   *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* Does a buffer of this size hold a text that ends in it? */
static inline bool
EndsWithin(const char *buffer, size_t size)
{
	return memchr(buffer, '\0', size) != NULL;
}

/* Nobody interrupts a target. */
static inline void
NotAsked(void)
{
}

static inline bool
Never(void)
{
	return false;
}

#endif							/* INFERACCT_FUZZ_H */
