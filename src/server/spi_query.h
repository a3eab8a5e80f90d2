/*
 * spi_query.h
 *	  A query of tables of ours: prepared once per backend, run read-only through
 *	  SPI, so with the snapshot and the rights of the statement that asks.
 *
 * The result lies in SPI_tuptable and SPI_processed from SpiQueryBegin() to
 * SpiQueryEnd(); what is made of it meanwhile lies in the caller's memory.
 * Queries nest.  Included after postgres.h.
 */
#ifndef INFERACCT_SPI_QUERY_H
#define INFERACCT_SPI_QUERY_H

#include "executor/spi.h"

#define SPI_QUERY_ARGS 5

typedef struct SpiQuery
{
	const char *sql;
	int			nargs;
	Oid			types[SPI_QUERY_ARGS];
	SPIPlanPtr	plan;
} SpiQuery;

extern void SpiQueryBegin(SpiQuery *query, Datum *args);
extern void SpiQueryEnd(void);

/* A column of the result, counted from 1; Int64Column gives 0 for NULL, TextColumn NULL. */
extern Datum Column(uint64 row, int column, bool *isnull);
extern int64 Int64Column(uint64 row, int column);
extern char *TextColumn(uint64 row, int column);
extern const char *TextOr(const char *value, const char *otherwise);

#endif							/* INFERACCT_SPI_QUERY_H */
