/*
 * meter.h
 *	  The one list of meters: what a request can consume and be charged for.
 *
 * Invariant: meters are disjoint.  A cached token is counted under cache_read
 * and nowhere else, so the tokens of a request are the plain sum of its token
 * meters.  The order is the storage order of type usage: append, never insert.
 *
 * METER(ENUM, name, side, kind, cache, parent, focus): what is said of a meter is
 * said here and nowhere else; C, SQL (meter_list()), docs/meters.md and FOCUS
 * read it.
 *	  side		the side of the request that it counts toward
 *	  kind		of tokens: what they carry; text for reasoning and citations, too
 *	  cache		of tokens of the prompt: read from a cache, written to one, neither
 *	  parent	as what it is billed without a price of its own; a meter that is its
 *				own parent has none: what is not tokens, and writes for one hour, which
 *				no other price bounds from above
 *	  focus		its SkuMeter in FOCUS; of what is not tokens also the unit
 *
 * Pure C: no postgres.h.
 */
#ifndef INFERACCT_METER_H
#define INFERACCT_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum MeterSide
{
	SIDE_INPUT,					/* tokens of the prompt */
	SIDE_OUTPUT,				/* tokens of the answer */
	SIDE_OTHER					/* not tokens: requests, searches, seconds ... */
} MeterSide;

typedef enum MeterKind
{
	KIND_NONE,					/* not tokens */
	KIND_TEXT,
	KIND_AUDIO,
	KIND_IMAGE,
	KIND_VIDEO
} MeterKind;

typedef enum MeterCache
{
	CACHE_NONE,
	CACHE_READS,				/* tokens that a cache holds, and need no prefill */
	CACHE_WRITES
} MeterCache;

#define METERS(METER) \
	METER(INPUT, input, SIDE_INPUT, KIND_TEXT, CACHE_NONE, INPUT, "Input Tokens") \
	METER(OUTPUT, output, SIDE_OUTPUT, KIND_TEXT, CACHE_NONE, OUTPUT, "Output Tokens") \
	METER(CACHE_READ, cache_read, SIDE_INPUT, KIND_TEXT, CACHE_READS, INPUT, "Cache Read Input Tokens") \
	METER(CACHE_WRITE, cache_write, SIDE_INPUT, KIND_TEXT, CACHE_WRITES, INPUT, "Cache Write Input Tokens") \
	METER(CACHE_WRITE_1H, cache_write_1h, SIDE_INPUT, KIND_TEXT, CACHE_WRITES, CACHE_WRITE_1H, "Cache Write One Hour Input Tokens") \
	METER(REASONING, reasoning, SIDE_OUTPUT, KIND_TEXT, CACHE_NONE, OUTPUT, "Reasoning Output Tokens") \
	METER(INPUT_AUDIO, input_audio, SIDE_INPUT, KIND_AUDIO, CACHE_NONE, INPUT, "Audio Input Tokens") \
	METER(OUTPUT_AUDIO, output_audio, SIDE_OUTPUT, KIND_AUDIO, CACHE_NONE, OUTPUT, "Audio Output Tokens") \
	METER(CACHE_READ_AUDIO, cache_read_audio, SIDE_INPUT, KIND_AUDIO, CACHE_READS, CACHE_READ, "Cache Read Audio Input Tokens") \
	METER(INPUT_IMAGE, input_image, SIDE_INPUT, KIND_IMAGE, CACHE_NONE, INPUT, "Image Input Tokens") \
	METER(OUTPUT_IMAGE, output_image, SIDE_OUTPUT, KIND_IMAGE, CACHE_NONE, OUTPUT, "Image Output Tokens") \
	METER(CACHE_READ_IMAGE, cache_read_image, SIDE_INPUT, KIND_IMAGE, CACHE_READS, CACHE_READ, "Cache Read Image Input Tokens") \
	METER(INPUT_VIDEO, input_video, SIDE_INPUT, KIND_VIDEO, CACHE_NONE, INPUT, "Video Input Tokens") \
	METER(OUTPUT_VIDEO, output_video, SIDE_OUTPUT, KIND_VIDEO, CACHE_NONE, OUTPUT, "Video Output Tokens") \
	METER(CITATION, citation, SIDE_OUTPUT, KIND_TEXT, CACHE_NONE, OUTPUT, "Citation Output Tokens") \
	METER(REQUESTS, requests, SIDE_OTHER, KIND_NONE, CACHE_NONE, REQUESTS, "Requests") \
	METER(WEB_SEARCHES, web_searches, SIDE_OTHER, KIND_NONE, CACHE_NONE, WEB_SEARCHES, "Web Searches") \
	METER(IMAGES, images, SIDE_OTHER, KIND_NONE, CACHE_NONE, IMAGES, "Images") \
	METER(SECONDS, seconds, SIDE_OTHER, KIND_NONE, CACHE_NONE, SECONDS, "Seconds") \
	METER(CHARACTERS, characters, SIDE_OTHER, KIND_NONE, CACHE_NONE, CHARACTERS, "Characters") \
	METER(PAGES, pages, SIDE_OTHER, KIND_NONE, CACHE_NONE, PAGES, "Pages") \
	METER(FILE_SEARCHES, file_searches, SIDE_OTHER, KIND_NONE, CACHE_NONE, FILE_SEARCHES, "File Searches") \
	METER(MAP_SEARCHES, map_searches, SIDE_OTHER, KIND_NONE, CACHE_NONE, MAP_SEARCHES, "Map Searches") \
	METER(CONTAINER_SESSIONS, container_sessions, SIDE_OTHER, KIND_NONE, CACHE_NONE, CONTAINER_SESSIONS, "Container Sessions") \
	METER(VIDEO_SECONDS, video_seconds, SIDE_OTHER, KIND_NONE, CACHE_NONE, VIDEO_SECONDS, "Video Seconds") \
	METER(CACHE_TOKEN_HOURS, cache_token_hours, SIDE_OTHER, KIND_NONE, CACHE_NONE, CACHE_TOKEN_HOURS, "Cache Token-Hours") \
	METER(STORAGE_BYTE_DAYS, storage_byte_days, SIDE_OTHER, KIND_NONE, CACHE_NONE, STORAGE_BYTE_DAYS, "Storage Byte-Days") \
	METER(GUARDRAIL_UNITS, guardrail_units, SIDE_OTHER, KIND_NONE, CACHE_NONE, GUARDRAIL_UNITS, "Guardrail Units") \
	METER(GUARDRAIL_DATA_UNITS, guardrail_data_units, SIDE_OTHER, KIND_NONE, CACHE_NONE, GUARDRAIL_DATA_UNITS, "Guardrail Data Units") \
	METER(MEDIUM_CONTEXT_SEARCHES, medium_context_searches, SIDE_OTHER, KIND_NONE, CACHE_NONE, MEDIUM_CONTEXT_SEARCHES, "Medium Context Searches") \
	METER(HIGH_CONTEXT_SEARCHES, high_context_searches, SIDE_OTHER, KIND_NONE, CACHE_NONE, HIGH_CONTEXT_SEARCHES, "High Context Searches")

typedef enum Meter
{
#define METER(ENUM, ...) METER_##ENUM,
	METERS(METER)
#undef METER
	METER_COUNT
} Meter;

/*
 * A set of meters is a bitmap of 32 bits, in Usage and wherever usages are kept:
 * a 33rd meter needs a wider one, and so another stored form.
 */
#define METER_BIT(meter) (UINT32_C(1) << (meter))
#define ALL_METERS (UINT32_MAX >> (32 - METER_COUNT))

_Static_assert(METER_COUNT <= 32, "meters fit the bitmap");

/* What the list says of one meter. */
extern const char *MeterName(Meter meter);
extern MeterSide MeterSideOf(Meter meter);
extern MeterKind MeterKindOf(Meter meter);
extern MeterCache MeterCacheOf(Meter meter);
extern Meter MeterParent(Meter meter);
extern const char *MeterFocusName(Meter meter);

/* What follows from it. */
extern bool MeterIsTokens(Meter meter);
extern const char *MeterUnit(Meter meter);	/* what its count counts, as FOCUS calls it */
extern int64_t MeterPriceUnit(Meter meter); /* so many units a price is usually of */

/* What a token read from a cache is when there is no cache; other meters are themselves. */
extern Meter MeterUncached(Meter meter);

/*
 * As which meter this one is priced after `priced_as`, itself or an earlier
 * answer, had no price; priced_as when there is no further.  Where nothing that
 * a cache holds has a price, it costs what it does uncached.
 */
extern Meter MeterPricedAs(Meter meter, Meter priced_as);

/* The meter with which this one has a price or lacks it: of text, the last parent. */
extern Meter MeterLine(Meter meter);

/* The meter called by these bytes, or METER_COUNT when there is none. */
extern Meter MeterByName(const char *name, size_t length);

/* All names, comma-separated: for hints. */
extern const char *const METER_NAMES;

/* Bitmaps of the meters of each side, and of those that a cache holds. */
extern const uint32_t METERS_OF_INPUT;
extern const uint32_t METERS_OF_OUTPUT;
extern const uint32_t METERS_OF_CACHE;

#endif							/* INFERACCT_METER_H */
