/*
 * payload.h
 *	  Reads what a provider's API returned: its usage as disjoint meters, the
 *	  model it names and the service tier it was served at.
 *
 * Invariant: whether a count contains another (cached in input, reasoning in
 * output) is a property of the API that sent it, told by the shape of the
 * payload or by the caller's flavor, never by the model.  Counts that contradict
 * each other or the stated total are refused, not guessed.
 *
 * Units: tokens, requests, searches, images, seconds, characters, pages.
 * Memory: text is the caller's and ends in a NUL at text[length]; results go
 * to the caller's buffers.  The JSON tree is built and freed inside each call,
 * so a caller may report an error in any way it likes.
 * Pure C: no postgres.h.
 */
#ifndef INFERACCT_PAYLOAD_H
#define INFERACCT_PAYLOAD_H

#include "core/usage.h"

#define PAYLOAD_PROBLEM_SIZE 512	/* room for any description of a problem */
#define PAYLOAD_MODEL_SIZE 1024
#define PAYLOAD_TIER_SIZE 64

typedef enum PayloadFlavor
{
	FLAVOR_DETECT,				/* tell by shape */
	FLAVOR_OPENAI,
	FLAVOR_AZURE,
	FLAVOR_ANTHROPIC,
	FLAVOR_GEMINI,
	FLAVOR_BEDROCK,
	FLAVOR_MISTRAL,
	FLAVOR_COHERE,
	FLAVOR_GROQ,
	FLAVOR_DEEPSEEK,
	FLAVOR_XAI,
	FLAVOR_OPENROUTER,
	FLAVOR_PERPLEXITY,
	FLAVOR_COUNT
} PayloadFlavor;

typedef enum PayloadStatus
{
	PAYLOAD_OK,
	PAYLOAD_OUT_OF_MEMORY,
	PAYLOAD_MALFORMED,			/* not JSON, or not one response */
	PAYLOAD_NO_USAGE,			/* no shape of usage that we know */
	PAYLOAD_WRONG_FLAVOR,		/* the named API does not send this shape */
	PAYLOAD_BAD_COUNT,			/* a count is not an exact integer */
	PAYLOAD_NEGATIVE,			/* a count is below zero */
	PAYLOAD_UNRECONCILED		/* counts contradict each other */
} PayloadStatus;

/* The flavor called by these bytes, or FLAVOR_COUNT when there is none. */
extern PayloadFlavor PayloadFlavorByName(const char *name, size_t length);
extern const char *PayloadFlavorName(PayloadFlavor flavor);

/* Fill *counts with the disjoint meters of one response; on failure say why in problem. */
extern PayloadStatus PayloadParseUsage(const char *text, size_t length, PayloadFlavor flavor,
									   MeterCounts *counts, char *problem, size_t problem_size);

/* Copy the model that the payload names; an empty string when it names none. */
extern PayloadStatus PayloadParseModel(const char *text, size_t length,
									   char model[PAYLOAD_MODEL_SIZE],
									   char *problem, size_t problem_size);

/* Copy the service tier that the payload was served at; "standard" when it does not say. */
extern PayloadStatus PayloadParseServiceTier(const char *text, size_t length,
											 char tier[PAYLOAD_TIER_SIZE],
											 char *problem, size_t problem_size);

#endif							/* INFERACCT_PAYLOAD_H */
