/*
 * json.h
 *	  JSON whose numbers lose nothing.
 *
 * cJSON makes a double of every number.  Invariant: in a tree that JsonParse()
 * gives, a number that is written with a point or an exponent is exactly what
 * its double prints as in 15 digits; one that is not (too many digits, too
 * small, too large, longer than cJSON reads) is a string of the same characters.
 * Whole numbers stay numbers: up to 2^53 they are exact, and beyond that whoever
 * reads one refuses it.
 *
 * Pure C: no postgres.h.  The tree is malloc'd; cJSON_Delete() frees it.
 */
#ifndef INFERACCT_JSON_H
#define INFERACCT_JSON_H

#include <cjson/cJSON.h>
#include <stddef.h>

/*
 * Read NUL-terminated text of `length` bytes, all of which has to be one value.
 * NULL when it is not, and *end then lies where it goes wrong.
 */
extern cJSON *JsonParse(const char *text, size_t length, const char **end);

#endif							/* INFERACCT_JSON_H */
