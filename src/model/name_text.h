/*
 * name_text.h
 *	  Text of names: copying into a buffer, beginnings and ends, lower case.
 *
 * Invariant: what is written is NUL-terminated within its buffer.
 *
 * Pure C: no postgres.h.  Nothing here allocates.
 */
#ifndef INFERACCT_NAME_TEXT_H
#define INFERACCT_NAME_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Copy bytes as a string into a buffer of `size`; false when they do not fit. */
static inline bool
CopyText(char *buffer, size_t size, const char *text, size_t length)
{
	if (length >= size)
		return false;
	memmove(buffer, text, length);
	buffer[length] = '\0';
	return true;
}

static inline bool
StartsWith(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static inline bool
EndsWith(const char *text, const char *end)
{
	size_t		length = strlen(text);

	return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

static inline void
LowerCase(char *text)
{
	for (; *text != '\0'; text++)
	{
		if (*text >= 'A' && *text <= 'Z')
			*text += 'a' - 'A';
	}
}

#endif							/* INFERACCT_NAME_TEXT_H */
