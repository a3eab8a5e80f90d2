/*
 * price_query.h
 *	  A query of the price tables: prepared once per backend, run read-only
 *	  through SPI, so with the snapshot and the rights of the statement that asks.
 *	  Private to price_load.c.
 *
 * Results lie in SPI_tuptable and in SPI's memory until PriceQueryFinish().
 * Included after postgres.h.
 */
#ifndef INFERACCT_PRICE_QUERY_H
#define INFERACCT_PRICE_QUERY_H

#include "executor/spi.h"

#define PRICE_QUERY_ARGS 5

typedef struct PriceQuery
{
	const char *sql;
	int			nargs;
	Oid			types[PRICE_QUERY_ARGS];
	SPIPlanPtr	plan;
} PriceQuery;

extern void PriceQueryConnect(void);
extern void PriceQueryFinish(void);

/* Run a query between these two; nulls as SPI has them, or NULL. */
extern void PriceQueryRun(PriceQuery *query, Datum *args, const char *nulls);

/* A column of the result, counted from 1; Int64Column gives 0 for NULL, TextColumn NULL. */
extern Datum Column(uint64 row, int column, bool *isnull);
extern int64 Int64Column(uint64 row, int column);
extern char *TextColumn(uint64 row, int column);
extern const char *TextOr(const char *value, const char *otherwise);

#endif							/* INFERACCT_PRICE_QUERY_H */
