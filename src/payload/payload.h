/*
 * payload.h
 *	  Reads what a provider's API returned: its usage as disjoint meters, the
 *	  model it names and the service tier it was served at.
 *
 * Invariant: whether a count contains another (cached in input, reasoning in
 * output) is a property of the API that sent it, told by the shape of the
 * payload or by the caller's flavor, never by the model.  Counts that contradict
 * each other or the stated total are refused, not guessed; so is a count whose
 * name is not known.
 *
 * Units: tokens, requests, searches, images, seconds, characters, pages.
 * Memory: the payload is the caller's; results go to the caller's buffers.
 * Nodes are made and freed inside each call, so a caller may report an error in
 * any way it likes.
 * Pure C: no postgres.h.
 */
#ifndef INFERACCT_PAYLOAD_H
#define INFERACCT_PAYLOAD_H

#include "core/usage.h"
#include "payload/json_value.h"

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
	PAYLOAD_UNRECONCILED,		/* counts contradict each other */
	PAYLOAD_UNKNOWN_NAME,		/* a count whose name is not known */
	PAYLOAD_SEVERAL,			/* several requests, or several models */
	PAYLOAD_BAD_NAMES,			/* what the caller says of names makes no sense */
	PAYLOAD_NOTHING				/* a line of a batch without an answer: no request */
} PayloadStatus;

/* The flavor called by these bytes, or FLAVOR_COUNT when there is none. */
extern PayloadFlavor PayloadFlavorByName(const char *name, size_t length);
extern const char *PayloadFlavorName(PayloadFlavor flavor);

/*
 * A payload, wherever it lies, and what the caller says of names that no
 * release knows: an object of name to meter, total or null.  Its source is NULL
 * when he says nothing.
 */
typedef struct Payload
{
	const JsonSource *source;
	JsonValue	root;
	const JsonSource *names_source;
	JsonValue	names;
} Payload;

/* Fill *counts with the disjoint meters of one request; on failure say why in problem. */
extern PayloadStatus PayloadReadUsage(const Payload *payload, PayloadFlavor flavor, MeterCounts *counts,
									  char *problem, size_t problem_size);

/* Copy the model that the payload names; an empty string when it names none. */
extern PayloadStatus PayloadReadModel(const Payload *payload, char model[PAYLOAD_MODEL_SIZE],
									  char *problem, size_t problem_size);

/* Copy the service tier that the payload was served at; "standard" when it does not say. */
extern PayloadStatus PayloadReadServiceTier(const Payload *payload, char tier[PAYLOAD_TIER_SIZE],
											char *problem, size_t problem_size);

/* Copy the region that the payload says it was served in; an empty string when it says none. */
extern PayloadStatus PayloadReadRegion(const Payload *payload, char region[PAYLOAD_TIER_SIZE],
									   char *problem, size_t problem_size);

#define PAYLOAD_MAX_REQUESTS 64

/* What a payload was charged for one model. */
typedef struct PayloadRequest
{
	char		model[PAYLOAD_MODEL_SIZE];	/* empty when it names none */
	char		tier[PAYLOAD_TIER_SIZE];
	char		region[PAYLOAD_TIER_SIZE];	/* empty when it says none */
	MeterCounts counts;
} PayloadRequest;

/* Fill requests, with room for PAYLOAD_MAX_REQUESTS: one for each model that was charged. */
extern PayloadStatus PayloadReadRequests(const Payload *payload, PayloadFlavor flavor,
										 PayloadRequest *requests, size_t *count,
										 char *problem, size_t problem_size);

#endif							/* INFERACCT_PAYLOAD_H */
