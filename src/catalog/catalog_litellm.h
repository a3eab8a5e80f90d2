/*
 * catalog_litellm.h
 *	  The names LiteLLM gives: keys of entries, price fields, tiers, regions
 *	  and off-peak windows.  Private to the LiteLLM reader.
 */
#ifndef INFERACCT_CATALOG_LITELLM_H
#define INFERACCT_CATALOG_LITELLM_H

#include "catalog/catalog_build.h"

/* Of a price for each pixel; where the model's name says how many there are, it is one of the image. */
#define PROBLEM_PIXEL "per-pixel price has no size"

/* What the key of an entry says. */
typedef struct LitellmModel
{
	const char *provider;
	const char *model;
	const char *region;
	bool		commitment;		/* the price of reserved capacity, by time */
	bool		threshold_inclusive;	/* its context tiers begin at the threshold */
} LitellmModel;

/* What the name of a price field says. */
typedef struct LitellmField
{
	Meter		meter;			/* METER_COUNT: all */
	const char *service_tier;
	const char *region;			/* NULL: that of the entry */
	int64_t		above_input_tokens;
	const char *problem;		/* why it has no meter, or NULL */
} LitellmField;

extern void ParseLitellmKey(Catalog *catalog, const char *key, const char *provider,
							LitellmModel *model);
extern void ParseLitellmField(const char *name, LitellmField *field);
extern int64_t ImagePixels(const char *model);
extern bool IsServiceTier(const char *name);
extern bool IsRegion(const char *name);

/* Canonical windows of an off_peak_pricing block, or NULL and *problem. */
extern const char *OffPeakWindows(Catalog *catalog, const cJSON *block, const char **problem);

#endif							/* INFERACCT_CATALOG_LITELLM_H */
