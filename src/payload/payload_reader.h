/*
 * payload_reader.h
 *	  What the readers of the single APIs share: access to the JSON tree,
 *	  counts that are checked as they are read, and the tally they fill.
 *
 * Invariants: the first problem met wins and later ones are dropped, so readers
 * are straight lines and the dispatcher asks once, at the end.  Every count in a
 * tally comes from ReadCount() or AddCount() and lies in [0, 2^53 - 1].
 *
 * A Tally is inclusive on both sides, whatever the API: input contains cached,
 * written and spoken tokens, output contains reasoning.  TallyToCounts() alone
 * makes it disjoint, and is where contradictions are found.
 *
 * Memory: nothing here owns anything.  Private to src/payload.
 */
#ifndef INFERACCT_PAYLOAD_READER_H
#define INFERACCT_PAYLOAD_READER_H

#include <cjson/cJSON.h>

#include "payload/payload.h"

typedef struct PayloadReader
{
	PayloadFlavor flavor;
	PayloadStatus status;
	char	   *problem;
	size_t		problem_size;
} PayloadReader;

/* One usage and the object it stood in; container is NULL for a bare usage. */
typedef struct PayloadBody
{
	const cJSON *container;
	const cJSON *usage;
} PayloadBody;

typedef enum Modality
{
	MODALITY_AUDIO,
	MODALITY_IMAGE,
	MODALITY_VIDEO,
	MODALITY_COUNT,
	MODALITY_TEXT = MODALITY_COUNT	/* counted as the remainder */
} Modality;

typedef struct Tally
{
	int64_t		input;			/* the whole prompt */
	int64_t		cache_read;		/* of input */
	int64_t		cache_write;	/* of input, every time to live */
	int64_t		cache_write_1h; /* of cache_write */
	int64_t		input_of[MODALITY_COUNT];	/* of input */
	int64_t		cached_of[MODALITY_COUNT];	/* of cache_read and of input_of */
	int64_t		output;			/* the whole answer */
	int64_t		reasoning;		/* of output */
	int64_t		citation;		/* of output */
	int64_t		output_of[MODALITY_COUNT];	/* of output */
	int64_t		web_searches;
	int64_t		images;
	int64_t		seconds;
	int64_t		pages;
} Tally;

/* Keep the first problem; later calls do nothing. */
extern void Problem(PayloadReader *reader, PayloadStatus status, const char *format,...)
			__attribute__((format(printf, 3, 4)));

/*
 * The member called key, or NULL when object is not an object, has none, or has
 * null.  Of duplicate keys the last counts, as in jsonb.
 */
extern const cJSON *Member(const cJSON *object, const char *key);

/* Follow keys, ended by NULL, down from object. */
extern const cJSON *MemberAt(const cJSON *object, const char *const *keys);

/* Is any of these keys, ended by NULL, there and not null? */
extern bool HasAny(const cJSON *object,...) __attribute__((sentinel));

/* The string under key when it is one and not empty, else NULL. */
extern const char *StringOf(const cJSON *object, const char *key);

/* The count under key; 0 when it is absent or null. */
extern int64_t ReadCount(PayloadReader *reader, const cJSON *object, const char *key);

/* The largest of the counts under these names of one thing, ended by NULL. */
extern int64_t ReadCountAny(PayloadReader *reader, const cJSON *object,...)
			__attribute__((sentinel));

extern void AddCount(PayloadReader *reader, int64_t *sum, int64_t count);

static inline int64_t
Larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

extern void TallyToCounts(PayloadReader *reader, const Tally *tally, MeterCounts *counts);

/* The readers, each of one shape of usage.  Is...() looks, Read...() tallies. */
extern bool IsChat(const PayloadBody *body);
extern void ReadChat(PayloadReader *reader, const PayloadBody *body, Tally *tally);
extern bool IsResponses(const PayloadBody *body);
extern void ReadResponses(PayloadReader *reader, const PayloadBody *body, Tally *tally);
extern bool IsAnthropic(const PayloadBody *body);
extern void ReadAnthropic(PayloadReader *reader, const PayloadBody *body, Tally *tally);
extern bool IsGemini(const PayloadBody *body);
extern void ReadGemini(PayloadReader *reader, const PayloadBody *body, Tally *tally);
extern bool IsConverse(const PayloadBody *body);
extern void ReadConverse(PayloadReader *reader, const PayloadBody *body, Tally *tally);
extern bool IsInvocation(const PayloadBody *body);
extern void ReadInvocation(PayloadReader *reader, const PayloadBody *body, Tally *tally);
extern bool IsCohere(const PayloadBody *body);
extern void ReadCohere(PayloadReader *reader, const PayloadBody *body, Tally *tally);
extern bool IsAiSdk(const PayloadBody *body);
extern void ReadAiSdk(PayloadReader *reader, const PayloadBody *body, Tally *tally);
extern bool IsBuckets(const PayloadBody *body);
extern void ReadBuckets(PayloadReader *reader, const PayloadBody *body, Tally *tally);
extern bool IsUnits(const PayloadBody *body);
extern void ReadUnits(PayloadReader *reader, const PayloadBody *body, Tally *tally);

/* Find the usage in a response, an event or a bare usage object; false when there is none. */
extern bool FindUsage(const cJSON *root, PayloadBody *body);

/*
 * Merge the chunks of one stream into body; *merged is a tree that the caller
 * deletes after use.
 */
extern void MergeStream(PayloadReader *reader, const cJSON *chunks, PayloadBody *body, cJSON **merged);

#endif							/* INFERACCT_PAYLOAD_READER_H */
