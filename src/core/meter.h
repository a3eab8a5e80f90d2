/*
 * meter.h
 *	  The one list of meters: what a request can consume and be charged for.
 *
 * Invariant: meters are disjoint.  A cached token is counted under cache_read
 * and nowhere else, so the tokens of a request are the plain sum of its token
 * meters.  The order is the storage order of type usage: append, never insert.
 *
 * METER(ENUM, name, side, parent): side says which side of the request it
 * counts toward; a token meter without a price of its own is billed as its
 * parent; a meter that is its own parent has none: what is not tokens, and
 * writes for one hour, which no other price bounds from above.  (Cached audio
 * and images have a second one: where cache reads have no price, they cost what
 * audio and images do.)
 *
 * Pure C: no postgres.h.
 */
#ifndef INFERACCT_METER_H
#define INFERACCT_METER_H

#include <stddef.h>
#include <stdint.h>

typedef enum MeterSide
{
	SIDE_INPUT,					/* tokens of the prompt */
	SIDE_OUTPUT,				/* tokens of the answer */
	SIDE_OTHER					/* not tokens: requests, searches, seconds ... */
} MeterSide;

#define METERS(METER) \
	METER(INPUT, input, SIDE_INPUT, INPUT) \
	METER(OUTPUT, output, SIDE_OUTPUT, OUTPUT) \
	METER(CACHE_READ, cache_read, SIDE_INPUT, INPUT) \
	METER(CACHE_WRITE, cache_write, SIDE_INPUT, INPUT) \
	METER(CACHE_WRITE_1H, cache_write_1h, SIDE_INPUT, CACHE_WRITE_1H) \
	METER(REASONING, reasoning, SIDE_OUTPUT, OUTPUT) \
	METER(INPUT_AUDIO, input_audio, SIDE_INPUT, INPUT) \
	METER(OUTPUT_AUDIO, output_audio, SIDE_OUTPUT, OUTPUT) \
	METER(CACHE_READ_AUDIO, cache_read_audio, SIDE_INPUT, CACHE_READ) \
	METER(INPUT_IMAGE, input_image, SIDE_INPUT, INPUT) \
	METER(OUTPUT_IMAGE, output_image, SIDE_OUTPUT, OUTPUT) \
	METER(CACHE_READ_IMAGE, cache_read_image, SIDE_INPUT, CACHE_READ) \
	METER(INPUT_VIDEO, input_video, SIDE_INPUT, INPUT) \
	METER(OUTPUT_VIDEO, output_video, SIDE_OUTPUT, OUTPUT) \
	METER(CITATION, citation, SIDE_OUTPUT, OUTPUT) \
	METER(REQUESTS, requests, SIDE_OTHER, REQUESTS) \
	METER(WEB_SEARCHES, web_searches, SIDE_OTHER, WEB_SEARCHES) \
	METER(IMAGES, images, SIDE_OTHER, IMAGES) \
	METER(SECONDS, seconds, SIDE_OTHER, SECONDS) \
	METER(CHARACTERS, characters, SIDE_OTHER, CHARACTERS) \
	METER(PAGES, pages, SIDE_OTHER, PAGES) \
	METER(FILE_SEARCHES, file_searches, SIDE_OTHER, FILE_SEARCHES) \
	METER(MAP_SEARCHES, map_searches, SIDE_OTHER, MAP_SEARCHES) \
	METER(CONTAINER_SESSIONS, container_sessions, SIDE_OTHER, CONTAINER_SESSIONS) \
	METER(VIDEO_SECONDS, video_seconds, SIDE_OTHER, VIDEO_SECONDS) \
	METER(CACHE_TOKEN_HOURS, cache_token_hours, SIDE_OTHER, CACHE_TOKEN_HOURS) \
	METER(STORAGE_BYTE_HOURS, storage_byte_hours, SIDE_OTHER, STORAGE_BYTE_HOURS) \
	METER(GUARDRAIL_UNITS, guardrail_units, SIDE_OTHER, GUARDRAIL_UNITS) \
	METER(GUARDRAIL_DATA_UNITS, guardrail_data_units, SIDE_OTHER, GUARDRAIL_DATA_UNITS)

typedef enum Meter
{
#define METER(ENUM, name, side, parent) METER_##ENUM,
	METERS(METER)
#undef METER
	METER_COUNT
} Meter;

#define METER_BIT(meter) (UINT32_C(1) << (meter))

/* What the list says of one meter. */
extern const char *MeterName(Meter meter);
extern MeterSide MeterSideOf(Meter meter);
extern Meter MeterParent(Meter meter);

/* The meter called by these bytes, or METER_COUNT when there is none. */
extern Meter MeterByName(const char *name, size_t length);

/* All names, comma-separated: for hints. */
extern const char *const METER_NAMES;

/* Bitmaps of the meters of each side. */
extern const uint32_t METERS_OF_INPUT;
extern const uint32_t METERS_OF_OUTPUT;

#endif							/* INFERACCT_METER_H */
