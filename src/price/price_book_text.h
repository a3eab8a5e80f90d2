/*
 * price_book_text.h
 *	  The text form of a price book: JSON that carries its rows.
 *
 * Invariant: the text of a book, read back, gives the same book, byte for byte.
 * 64-bit integers are JSON strings, because JSON numbers are doubles to most
 * readers; times are microseconds since 2000-01-01 UTC.
 *
 * Pure C: no postgres.h.
 */
#ifndef INFERACCT_PRICE_BOOK_TEXT_H
#define INFERACCT_PRICE_BOOK_TEXT_H

#include <cjson/cJSON.h>

#include "price/price_book.h"

/* The text of a book in malloc'd memory that the caller frees; NULL: out of memory. */
extern char *PriceBookToText(const PriceBook *book);

/*
 * The book of a text that cJSON_ParseWithOpts() has read, NULL for one that it
 * could not; or NULL with *problem set to what is wrong (a constant).  The host
 * need not return: the tree is the caller's, who frees it either way.
 */
extern PriceBook *PriceBookFromJson(const cJSON *root, const Host *host, const char **problem);

#endif							/* INFERACCT_PRICE_BOOK_TEXT_H */
