/*
 * price_catalog.h
 *	  Price catalogs: from the JSON of one of several formats to flat rows.
 *
 * Invariant: every price field of a foreign catalog ends as exactly one row:
 * a price, a rejected row that says why, or a merged row (the charge is already
 * stated by another field).  Nothing is dropped, and nothing is rounded but the
 * noise of floats, which the row says.
 *
 * Units: usd, amount are decimal text per unit_quantity units of the meter;
 * valid_from is microseconds since 1970-01-01 00:00 UTC; checked_on is days
 * since 1970-01-01.
 *
 * Memory: a Catalog owns its rows and every string in them, all from malloc;
 * CatalogFree releases them.  No JSON tree outlives CatalogParse.
 * Pure C: no postgres.h.  Text is UTF-8.
 */
#ifndef INFERACCT_PRICE_CATALOG_H
#define INFERACCT_PRICE_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* CATALOG_FORMAT(ENUM, name, reader): the one list of formats; the first is the native one, which is strict. */
#define CATALOG_FORMATS(CATALOG_FORMAT) \
	CATALOG_FORMAT(INFERACCT, "inferacct", CatalogReadInferacct) \
	CATALOG_FORMAT(GENAI_PRICES, "genai-prices", CatalogReadGenaiPrices)	/* data.json, version 2 */ \
	CATALOG_FORMAT(LITELLM, "litellm", CatalogReadLitellm)	/* model_prices_and_context_window.json */ \
	CATALOG_FORMAT(MODELS_DEV, "models.dev", CatalogReadModelsDev)	/* api.json */ \
	CATALOG_FORMAT(PI_AI, "pi-ai", CatalogReadPiAi)	/* its catalog of models */

typedef enum CatalogFormat
{
#define CATALOG_FORMAT(ENUM, name, reader) CATALOG_##ENUM,
	CATALOG_FORMATS(CATALOG_FORMAT)
#undef CATALOG_FORMAT
	CATALOG_FORMAT_COUNT
} CatalogFormat;

typedef enum CatalogStatus
{
	CATALOG_OK,
	CATALOG_MALFORMED,			/* see Catalog.detail */
	CATALOG_OUT_OF_MEMORY,
	CATALOG_STOPPED				/* by Catalog.stop */
} CatalogStatus;

/* Asked now and then while a catalog is read: is it to be given up? */
typedef bool (*CatalogStop) (void);

typedef enum CatalogKind
{
	CATALOG_PRICE,
	CATALOG_ALIAS,
	CATALOG_GPU_PRICE,
	CATALOG_REJECTED,
	CATALOG_MERGED
} CatalogKind;

/* valid_from of a price that was always valid */
#define CATALOG_ALWAYS INT64_MIN

/* checked_on of a row that does not say */
#define CATALOG_UNCHECKED INT32_MIN

/*
 * One row; a NULL string is SQL NULL.  A price row has exactly one of usd,
 * amount and multiplier, or none of them: the price is withdrawn.
 */
typedef struct CatalogRow
{
	CatalogKind kind;
	const char *path;			/* where in the catalog */
	const char *problem;		/* rejected and merged rows: why, without variable parts */
	const char *provider;
	const char *model;
	const char *region;
	const char *service_tier;
	const char *meter;
	int64_t		unit_quantity;
	const char *usd;
	const char *currency;
	const char *amount;
	const char *multiplier;
	int64_t		above_input_tokens;
	bool		threshold_inclusive;
	const char *time_windows;	/* canonical JSON */
	int64_t		valid_from;
	const char *alias;
	const char *gpu;
	const char *vendor;
	const char *term;
	const char *source;
	int32_t		checked_on;
	const char *agreement;		/* agreed, single, disputed; NULL when the catalog does not say */
	const char *note;			/* what other sources say of the price, or what it was rounded from */
	const char *figure;			/* of a rejected price: the JSON of what was stated */
	bool		rounded;		/* the noise of floats was taken off */
} CatalogRow;

typedef struct Catalog
{
	CatalogRow *rows;
	size_t		row_count;
	size_t		row_capacity;
	struct CatalogChunk *chunks;	/* where the strings live */
	bool		out_of_memory;	/* sticky: strings are "" and rows are lost from then on */
	bool		stopped;		/* sticky, too */
	CatalogStop stop;
	CatalogRow	spare;			/* what a row is written to when it cannot be kept */
	char		detail[200];	/* of CATALOG_MALFORMED: what is wrong, and where */
} Catalog;

/* The format called `name`; false when there is none. */
extern bool CatalogFormatByName(const char *name, CatalogFormat *format);
extern const char *CatalogFormatName(CatalogFormat format);

/* Read NUL-terminated text of `length` bytes.  Call CatalogFree whatever it returns. */
extern CatalogStatus CatalogParse(const char *text, size_t length, CatalogFormat format,
								  CatalogStop stop, Catalog *catalog);
extern void CatalogFree(Catalog *catalog);

extern const char *CatalogKindName(CatalogKind kind);

#endif							/* INFERACCT_PRICE_CATALOG_H */
