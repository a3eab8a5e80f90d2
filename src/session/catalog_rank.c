/*
 * catalog_rank.c
 *	  Who states a price, and whose statement goes before whose.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "server/compat.h"
#include "server/spi_query.h"
#include "session/catalog_rank.h"

/* Of each catalog the rank that was published last. */
static SpiQuery rank_query = {
	.sql = "SELECT DISTINCT ON (r.catalog COLLATE pg_catalog.\"C\") r.catalog, r.rank::bigint "
	"FROM inferacct.catalog_rank r JOIN inferacct.price_version v ON v.version OPERATOR(pg_catalog.=) r.version "
	"WHERE v.published_at OPERATOR(pg_catalog.<=) $1 AND v.version OPERATOR(pg_catalog.<=) $2 "
	"ORDER BY r.catalog COLLATE pg_catalog.\"C\", v.published_at DESC, v.version DESC",
	.nargs = 2,
	.types = {TIMESTAMPTZOID, INT8OID}
};

/* One more catalog with its rank. */
static CatalogRank *
AddRank(CatalogRanks *ranks, const char *catalog, int64 rank)
{
	MemoryContext caller = MemoryContextSwitchTo(ranks->context);

	ranks->list = ranks->list == NULL ? palloc(sizeof(CatalogRank)) :
		repalloc(ranks->list, (ranks->count + 1) * sizeof(CatalogRank));
	ranks->list[ranks->count] = (CatalogRank) {.catalog = pstrdup(catalog),.rank = (uint16) rank};
	MemoryContextSwitchTo(caller);
	return &ranks->list[ranks->count++];
}

static void
ReadRanks(CatalogRanks *ranks)
{
	Datum		args[] = {TimestampTzGetDatum(ranks->as_of), Int64GetDatum(ranks->last_version)};

	SpiQueryBegin(&rank_query, args);
	for (uint64 i = 0; i < SPI_processed; i++)
		AddRank(ranks, TextColumn(i, 1), Int64Column(i, 2));
	SpiQueryEnd();
	ranks->read = true;
}

static const CatalogRank *
RankOfCatalog(CatalogRanks *ranks, const char *catalog)
{
	if (!ranks->read)
		ReadRanks(ranks);
	for (int i = 0; i < ranks->count; i++)
	{
		if (strcmp(ranks->list[i].catalog, catalog) == 0)
			return &ranks->list[i];
	}
	return AddRank(ranks, catalog, RANK_OTHERS);
}

PriceOrigin
OriginOfVersion(CatalogRanks *ranks, int64 version, TimestampTz published_at, const char *catalog)
{
	PriceOrigin origin = {.published_at = published_at,.rank = RANK_OWN,.catalog = ""};
	const CatalogRank *rank;

	if (version <= LAST_SHIPPED_VERSION)
		origin.rank = RANK_SHIPPED;
	else if (catalog != NULL)
	{
		rank = RankOfCatalog(ranks, catalog);
		origin.rank = rank->rank;
		origin.catalog = rank->catalog;
	}
	return origin;
}
