/*
 * catalog_rank.h
 *	  Who states a price, and whose statement goes before whose.
 *
 * One's own prices go before those of loaded catalogs, in the order of table
 * catalog_rank, and these before the shipped ones.  Included after postgres.h.
 */
#ifndef INFERACCT_CATALOG_RANK_H
#define INFERACCT_CATALOG_RANK_H

#include "datatype/timestamp.h"
#include "price/confidence.h"

/* Versions up to here are shipped with the extension; later ones are the database's. */
#define LAST_SHIPPED_VERSION 1000

/* The rank of a catalog that has none in catalog_rank. */
#define RANK_OTHERS 60001

typedef struct CatalogRank
{
	const char *catalog;
	uint16		rank;
} CatalogRank;

/* The ranks as known at as_of, read when first needed; in context. */
typedef struct CatalogRanks
{
	MemoryContext context;
	TimestampTz as_of;
	int64		last_version;	/* of versions up to this one */
	bool		read;
	int			count;
	CatalogRank *list;
} CatalogRanks;

/* Where a row of the price tables comes from: its version's. */
typedef struct PriceOrigin
{
	TimestampTz published_at;
	uint16		rank;
	const char *catalog;		/* "" for what no catalog states; lives as long as the ranks */
} PriceOrigin;

/* The origin of the rows of a version, which names the catalog that it was loaded from, or NULL. */
extern PriceOrigin OriginOfVersion(CatalogRanks *ranks, int64 version, TimestampTz published_at, const char *catalog);

#endif							/* INFERACCT_CATALOG_RANK_H */
