/*
 * price_load.h
 *	  Reading the price tables, through SPI, as the active snapshot and the
 *	  current user see them.
 *
 * Invariant: nothing is read but through SPI, so privileges, row security and
 * snapshots hold as in any query.  Results are copied to the caller's memory
 * context before SPI ends.  Included after postgres.h.
 */
#ifndef INFERACCT_PRICE_LOAD_H
#define INFERACCT_PRICE_LOAD_H

#include "datatype/timestamp.h"

#include "price_book.h"

/* The tables that prices are read from; those not always needed come last. */
typedef enum PriceTable
{
	TABLE_EPOCH,
	TABLE_VERSION,
	TABLE_PRICE,
	TABLE_ALIAS,
	TABLE_CONTRACT,
	TABLE_CONTRACT_TERM,
	TABLE_FX_RATE,
	PRICE_TABLE_COUNT
} PriceTable;

extern const char *const price_table_names[PRICE_TABLE_COUNT];

/* What the snapshot says of the price tables. */
typedef struct PriceEpoch
{
	int64		epoch;
	Oid			table[PRICE_TABLE_COUNT];	/* others when the extension is created again */
	bool		own;			/* being written by the current transaction */
} PriceEpoch;

extern PriceEpoch LoadPriceEpoch(void);

/* The card of a model, NULL when it has no prices; in context. */
extern RateCard *LoadRateCard(const char *provider, const char *model, TimestampTz as_of, const char *contract,
							  MemoryContext context);

/* Raise that there is no such contract; "" is none and always there. */
extern void CheckContract(const char *contract, TimestampTz as_of);

/* What a name means at a time, by the names in the tables. */
extern ModelStatus LoadModel(const char *name, TimestampTz at, TimestampTz as_of, ModelMatch *match);

/* Which rows of the tables are to be known. */
typedef struct PriceScope
{
	TimestampTz as_of;			/* published until then; DT_NOEND: all */
	int64		last_version;	/* of versions up to this one; PG_INT64_MAX: all */
	const char *contract;		/* "" list prices */
} PriceScope;

/* Everything at once. */
extern PriceBook *LoadPriceBook(const PriceScope *scope, MemoryContext context);

/* All (provider, model) pairs, as "provider/model"; for hints. */
extern int	LoadModelNames(TimestampTz as_of, char ***names, MemoryContext context);

#endif							/* INFERACCT_PRICE_LOAD_H */
