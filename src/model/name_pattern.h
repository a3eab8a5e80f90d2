/*
 * name_pattern.h
 *	  Aliases that stand for many names, with a star for what a name may have
 *	  before or after the text that they state, and a # for each digit in it.
 *
 * Invariant: a pattern begins with its provider and a slash; what follows has a
 * star at an end or at both, no other, or a #, and text beside them.
 *
 * Pure C: no postgres.h.  Nothing here allocates.
 */
#ifndef INFERACCT_NAME_PATTERN_H
#define INFERACCT_NAME_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/* Is the alias a pattern? */
extern bool IsNamePattern(const char *alias);

/*
 * How many bytes of a name a pattern states, 0 when it does not match.  provider
 * is whose patterns count, "" for any.
 */
extern size_t NamePatternMatches(const char *alias, const char *provider, const char *name);

#endif							/* INFERACCT_NAME_PATTERN_H */
