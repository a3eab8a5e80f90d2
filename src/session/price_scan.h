/*
 * price_scan.h
 *	  The tables that prices are read from: their columns, the epoch that names
 *	  what a snapshot sees of them, and their rows by key.
 *
 * Invariant: a row is read exactly if the active snapshot shows it, its version
 * was published by as_of and, where row security applies, the policies show both.  Privileges are checked by whoever
 * reads; see price_cache.c.  Locks on the tables are kept until the transaction
 * ends, as a query keeps them.  Included after postgres.h.
 */
#ifndef INFERACCT_PRICE_SCAN_H
#define INFERACCT_PRICE_SCAN_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "datatype/timestamp.h"

#include "session/catalog_rank.h"

/* Those not always needed come last. */
typedef enum PriceTable
{
	TABLE_EPOCH,
	TABLE_VERSION,
	TABLE_PRICE,
	TABLE_ALIAS,
	TABLE_CONTRACT,
	TABLE_CONTRACT_TERM,
	TABLE_FX_RATE,
	TABLE_CATALOG_RANK,
	PRICE_TABLE_COUNT
} PriceTable;

extern const char *const price_table_names[PRICE_TABLE_COUNT];

/* Their columns, as 030-price.sql has them. */
enum
{
	Anum_price_epoch_epoch = 1
};

enum
{
	Anum_price_version_version = 1,
	Anum_price_version_published_at,
	Anum_price_version_catalog
};

enum
{
	Anum_price_above_input_tokens = 1,
	Anum_price_unit_quantity,
	Anum_price_valid_from,
	Anum_price_version,
	Anum_price_threshold_inclusive,
	Anum_price_provider,
	Anum_price_model,
	Anum_price_region,
	Anum_price_service_tier,
	Anum_price_meter,
	Anum_price_usd,
	Anum_price_currency,
	Anum_price_amount,
	Anum_price_multiplier,
	Anum_price_time_windows,
	Anum_price_source,
	Anum_price_checked_on,
	Anum_price_agreement,
	Anum_price_note,
	Anum_price_ended,
	Anum_price_attributes,
	Anum_price_rate
};

enum
{
	Anum_model_alias_valid_from = 1,
	Anum_model_alias_version,
	Anum_model_alias_alias,
	Anum_model_alias_provider,
	Anum_model_alias_model,
	Anum_model_alias_region
};

/* What the snapshot says of the price tables. */
typedef struct PriceEpoch
{
	int64		epoch;
	Oid			table[PRICE_TABLE_COUNT];	/* others when the extension is created again */
	bool		own;			/* being written by the current transaction */
} PriceEpoch;

extern PriceEpoch LoadPriceEpoch(void);

/* Where a version's rows come from, and when it became known. */
typedef struct KnownVersion
{
	int64		version;
	PriceOrigin origin;
	bool		known;			/* looked up */
	bool		visible;		/* there, for this reader */
} KnownVersion;

#define KNOWN_VERSIONS 64

/* Whoever reads prices for a statement: what is known at as_of, in the currency of a contract. */
typedef struct PriceReader
{
	TimestampTz as_of;			/* DT_NOEND: all that is known */
	bool		before_known;	/* it was asked for as of a time before the oldest version */
	bool		refuse_guess;	/* what only a guess or a fallback could price has no price */
	const char *contract;		/* "" list prices */
	Oid			table[PRICE_TABLE_COUNT];
	bool		row_security;	/* policies choose the rows */
	CatalogRanks ranks;
	struct AliasRow *patterns;	/* aliases with a star, read when first asked for, in ranks.context */
	int			npatterns;		/* -1: not read */
	KnownVersion versions[KNOWN_VERSIONS];	/* by version, those asked for last */
} PriceReader;

/* Rows that have a key are found through an index. */
typedef enum PriceKey
{
	PRICE_BY_MODEL,
	PRICE_BY_MODEL_AND_PROVIDER,
	PRICE_BY_PROVIDER,
	ALIAS_BY_NAME,
	VERSION_BY_NUMBER,			/* private */
	PRICE_KEY_COUNT
} PriceKey;

typedef struct PriceScan
{
	TupleDesc	desc;			/* of the rows */
	PriceReader *reader;
	AttrNumber	version;		/* the column that has it */
	struct RelationData *table;
	struct RelationData *index;
	struct SysScanDescData *scan;	/* NULL: from rows */
	HeapTuple  *rows;
	uint64		count;
	uint64		next;
} PriceScan;

/* Begin reading the rows of a key; second is of PRICE_BY_MODEL_AND_PROVIDER. */
extern void PriceScanBegin(PriceScan *scan, PriceReader *reader, PriceKey key, Datum first, Datum second);

/* The next row that the reader knows of, good until the next call, and where it comes from; NULL after the last. */
extern HeapTuple PriceScanNext(PriceScan *scan, PriceOrigin *origin);
extern void PriceScanEnd(PriceScan *scan);

#endif							/* INFERACCT_PRICE_SCAN_H */
