/*
 * catalog_build.h
 *	  What the readers of all catalog formats share: making rows, reading
 *	  exact decimals, dates and weekly windows.  Private to src/catalog.
 *
 * Memory: functions that return text return it in the catalog's own memory.
 * When memory runs out they return "" and set catalog->out_of_memory, so
 * callers need no check; CatalogParse looks at the flag once, at the end.
 */
#ifndef INFERACCT_CATALOG_BUILD_H
#define INFERACCT_CATALOG_BUILD_H

#include <cjson/cJSON.h>

#include "catalog/price_catalog.h"
#include "core/meter.h"
#include "core/service_tier.h"

/* Reasons that more than one format gives. */
#define PROBLEM_NOT_OBJECT "entry is not an object"
#define PROBLEM_NO_PROVIDER "no provider"
#define PROBLEM_NO_MODEL "no model"
#define PROBLEM_NO_PRICE "no price"
#define PROBLEM_NO_METER "price field has no meter"
#define PROBLEM_SHAPE "price has an unknown shape"
#define PROBLEM_WINDOW "time window is not valid"

/* catalog_build.c: text, rows, prices */
extern const char *CatalogCopy(Catalog *catalog, const char *text, size_t length);
extern const char *CatalogString(Catalog *catalog, const char *text);
extern const char *CatalogPrint(Catalog *catalog, const char *format,...)
			__attribute__((format(printf, 2, 3)));
extern CatalogRow *CatalogAdd(Catalog *catalog, CatalogKind kind, const char *path);
extern bool CatalogStopped(Catalog *catalog);
extern CatalogRow *CatalogReject(Catalog *catalog, const char *path, const char *problem);

extern const char *CatalogDecimal(Catalog *catalog, const cJSON *value, int64_t per,
								  int64_t unit_quantity, const char **rounded, const char **problem);
extern const char *CatalogProduct(Catalog *catalog, const cJSON *value, int64_t count, const char **problem);
extern const char *CatalogDifference(Catalog *catalog, const cJSON *value, const cJSON *base, const char **problem);
extern const char *CatalogFigure(Catalog *catalog, const cJSON *value);
extern void CatalogRounded(Catalog *catalog, CatalogRow *row, const char *rounded);
extern const cJSON *Field(const cJSON *object, const char *name);
extern const char *StringField(const cJSON *object, const char *name);
extern bool IsInteger(const cJSON *value, int64_t low, int64_t *integer);
extern bool SameText(const char *one, const char *other);
extern bool SamePriceKey(const CatalogRow *one, const CatalogRow *other);

/* catalog_time.c: dates and weekly windows */
typedef struct Week
{
	bool		minute[7][24 * 60]; /* Monday first */
} Week;

#define EVERY_DAY 0x7F

extern bool ParseDate(const char *text, int32_t *days);
extern bool ParseTimestamp(const char *text, int64_t *microseconds);
extern bool ParseClock(const char *text, size_t length, int *minute);
extern bool IsTimeZoneName(const char *text);
extern void WeekAdd(Week *week, unsigned days, int from, int to);
extern const char *WeekText(Catalog *catalog, const Week *week, const char *timezone);

/* one per format; false when the text is no catalog of it, with catalog->detail set */
#define CATALOG_FORMAT(ENUM, name, reader) extern bool reader(Catalog *catalog, const cJSON *root);
CATALOG_FORMATS(CATALOG_FORMAT)
#undef CATALOG_FORMAT

/* name_set.c: a set of names, each with the number it was first given */
typedef struct NameSlot
{
	const char *name;			/* not owned */
	size_t		number;
} NameSlot;

typedef struct Names
{
	NameSlot   *slots;
	size_t		used;
	size_t		capacity;		/* a power of two, or 0 */
} Names;

extern bool NamesAdd(Catalog *catalog, Names *names, const char *name, size_t number,
					 size_t *earlier);
extern void NamesFree(Names *names);

#endif							/* INFERACCT_CATALOG_BUILD_H */
