/*
 * price_tuple.h
 *	  From rows of the price tables to those of the pure core.
 *
 * Strings and lists are made in the current memory context.  A tuple is of
 * table price or model_alias, or begins with all columns of it.  Included after
 * postgres.h.
 */
#ifndef INFERACCT_PRICE_TUPLE_H
#define INFERACCT_PRICE_TUPLE_H

#include "price/price_book.h"
#include "session/price_scan.h"

/* Rows as they come together. */
typedef struct RowList
{
	PriceRow   *rows;
	uint64		count;
	uint64		capacity;
} RowList;

/* Room for one more row, not yet filled. */
extern PriceRow *PriceRowNew(RowList *list);

/* Append a row of price of that origin. */
extern void AppendPriceRow(RowList *list, HeapTuple tuple, TupleDesc desc, const PriceOrigin *origin);

/* Fill in a row of model_alias of that origin. */
extern void AliasRowFill(AliasRow *row, HeapTuple tuple, TupleDesc desc, const PriceOrigin *origin);

/* A column: NULL, and 0, for NULL. */
extern char *TupleText(HeapTuple tuple, TupleDesc desc, AttrNumber column);
extern int64 TupleInt64(HeapTuple tuple, TupleDesc desc, AttrNumber column);

#endif							/* INFERACCT_PRICE_TUPLE_H */
