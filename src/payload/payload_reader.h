/*
 * payload_reader.h
 *	  What the readers of the single APIs share: members of a payload, counts
 *	  that are checked as they are read, and the tally they fill.
 *
 * Invariants: the first problem met wins and later ones are dropped, so readers
 * are straight lines and the dispatcher asks once, at the end.  Every count in a
 * tally comes from Count() or AddCount() and lies in [0, COUNT_MAX].  A count of
 * the usage that no reader took is free of charge by name (payload_key.h), is
 * mapped by the caller, or is a problem.
 *
 * A Tally is inclusive on both sides, whatever the API: input contains cached,
 * written and spoken tokens, output contains reasoning.  TallyToCounts() alone
 * makes it disjoint, and is where contradictions are found.
 *
 * Memory: nothing here owns anything.  Private to src/payload.
 */
#ifndef INFERACCT_PAYLOAD_READER_H
#define INFERACCT_PAYLOAD_READER_H

#include "payload/payload.h"
#include "payload/payload_node.h"

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
	bool		disjoint_input; /* parts of the input that the caller maps come on top of it */
	bool		disjoint_output;	/* and those of the output */
	bool		requests_stated;
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
	int64_t		units[METER_COUNT];	/* what is not tokens, by meter */
} Tally;

/* A payload that is nested deeper than any API's is not walked to its end. */
#define MAX_DEPTH 16

/* What one payload was charged for one model. */
#define MAX_CHARGES 16

typedef struct Charge
{
	Node	   *model;			/* a string; NULL: not named */
	Tally		tally;
} Charge;

typedef struct PayloadReader
{
	PayloadFlavor flavor;
	PayloadStatus status;
	char	   *problem;
	size_t		problem_size;
	Node	   *names;			/* of the caller: what a name counts; or NULL */
	Tree	   *tree;
	Node	   *root;
	Charge	   *charges;		/* of other models than the payload's own; room for MAX_CHARGES */
	size_t		charge_count;
	bool		no_main;		/* the charges are all there is */
	bool		text_counts;	/* a string of digits is a count, too */
	bool		of_batch;		/* root is one of the answers that a batch lists */
	const Node *shaped;			/* the usage whose shape was found last */
	const struct PayloadShape *shape;
} PayloadReader;

/*
 * One usage, the object it stood in, and what stands beside it in any chunk.
 * container is NULL for a bare usage.
 */
typedef struct PayloadBody
{
	Node	   *container;
	Node	   *usage;
	Node	   *chunks;			/* of a stream; NULL when it is none */
} PayloadBody;

/* Everything that reading one payload needs, on the caller's stack. */
typedef struct Reading
{
	PayloadReader reader;
	Tree		tree;
	Tree		names;
	Charge		charges[MAX_CHARGES];
} Reading;

extern void StartReading(Reading *reading, const Payload *payload, PayloadFlavor flavor, char *problem, size_t problem_size);
extern PayloadStatus EndReading(Reading *reading);

/* The usage of reader's root, and charges of other models beside it. */
extern void ReadRoot(PayloadReader *reader, Tally *tally);

/* A problem when other models were charged, too. */
extern void CheckOneCharge(PayloadReader *reader);

/* Keep the first problem; later calls do nothing. */
extern void Problem(PayloadReader *reader, PayloadStatus status, const char *format,...)
			__attribute__((format(printf, 3, 4)));

static inline Node *
Member(PayloadReader *reader, Node *object, PayloadKey key)
{
	return FindMember(reader->tree, object, key);
}

/* Follow keys, ended by KEY_NONE, down from object. */
extern Node *MemberAt(PayloadReader *reader, Node *object, const PayloadKey *keys);

/* The first of these members, ended by KEY_NONE, that is there. */
static inline Node *
FirstOfKeys(PayloadReader *reader, Node *object, const PayloadKey *keys)
{
	Node	   *found = NULL;

	while (object != NULL && found == NULL && *keys != KEY_NONE)
		found = Member(reader, object, *keys++);
	return found;
}
#define FirstOf(reader, object, ...) FirstOfKeys(reader, object, (const PayloadKey[]) {__VA_ARGS__})

/* Is any of these keys, ended by KEY_NONE, there and not null? */
#define HasAny(reader, ...) (FirstOf(reader, __VA_ARGS__) != NULL)

static inline Node *
Child(PayloadReader *reader, Node *node)
{
	return FirstChild(reader->tree, node);
}

/* A string that is not empty, under key; NULL when there is none. */
extern Node *StringOf(PayloadReader *reader, Node *object, PayloadKey key);
extern bool StringIs(const Node *string, const char *text);
extern bool StringStarts(const Node *string, const char *text);
extern bool StringEnds(const Node *string, const char *text);
extern bool StringHas(const Node *string, const char *text);
extern bool StringsEqual(const Node *a, const Node *b);

#define STRING_ARGS(node) ((int) (node)->value.length), ((const char *) (node)->value.at)

/* A count as text, as OTLP writes 64 bits: of at most as many digits as are below COUNT_MAX. */
extern bool IsDigits(const PayloadReader *reader, const Node *node);
extern int64_t DigitsOf(const Node *node);

/* The count that node is; 0 when it is NULL. */
extern int64_t CountOf(PayloadReader *reader, Node *node);

/* The count under key; 0 when it is absent or null. */
static inline int64_t
Count(PayloadReader *reader, Node *object, PayloadKey key)
{
	Node	   *member = Member(reader, object, key);

	return member == NULL ? 0 : CountOf(reader, member);
}

/* A count so far, and another of the same: the one that is not zero; they must agree. */
extern int64_t AgreedOf(PayloadReader *reader, int64_t agreed, Node *member);

/* The one of two counts of the same that is not zero; they must agree. */
extern void Disagreed(PayloadReader *reader, int64_t a, int64_t b, const char *what);

static inline int64_t
Agreed(PayloadReader *reader, int64_t a, int64_t b, const char *what)
{
	if (a != 0 && b != 0 && a != b)
		Disagreed(reader, a, b, what);
	return a > b ? a : b;
}

/* Is every count of node taken?  Then no reader need look for more. */
extern bool NothingLeft(PayloadReader *reader, Node *node);

/* The count under these names of one thing, ended by KEY_NONE; a zero gives way, else they must agree. */
static inline int64_t
CountAnyKey(PayloadReader *reader, Node *object, const PayloadKey *keys)
{
	int64_t		agreed = 0;

	for (; object != NULL && *keys != KEY_NONE; keys++)
	{
		Node	   *member = Member(reader, object, *keys);

		if (member != NULL)
			agreed = AgreedOf(reader, agreed, member);
	}
	return agreed;
}
#define CountAny(reader, object, ...) CountAnyKey(reader, object, (const PayloadKey[]) {__VA_ARGS__})

extern void AddCount(PayloadReader *reader, int64_t *sum, int64_t count);
extern void AddPart(PayloadReader *reader, int64_t *sum, int64_t count, int64_t *whole);

/* The counts of node, at any depth, are taken: they are copies of what is read elsewhere. */
extern void Taken(PayloadReader *reader, Node *node);

static inline int64_t
Larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The modality of that name, in whatever case. */
extern Modality ModalityByName(const Node *name);

/* Every count of usage is read, free, zero or mapped by the caller, which adds it to tally. */
extern void SettleNames(PayloadReader *reader, Node *usage, Tally *tally);

/* Does the caller map a name of this object? */
extern bool IsMapped(PayloadReader *reader, Node *usage);
extern void ReadMapped(PayloadReader *reader, const PayloadBody *body, Tally *tally);

/* Beside the meters: totals of which other meters are parts. */
typedef enum Target
{
	TARGET_INPUT_TOTAL = METER_COUNT,
	TARGET_OUTPUT_TOTAL,
	TARGET_CACHE_WRITE_TOTAL,
	TARGET_NONE,				/* it carries no charge */
	TARGET_UNKNOWN
} Target;

/* Add a count of a meter or Target. */
extern void AddTarget(PayloadReader *reader, Tally *tally, int target, int64_t count);

/* Does the caller map this name? */
extern bool IsCaller(PayloadReader *reader, const Node *node);

/* Add what the caller says that a name counts. */
extern void AddMapping(PayloadReader *reader, Tally *tally, const Node *mapping, int64_t count);

/* Are the caller's names an object of meters, totals and nulls? */
extern bool CheckNames(PayloadReader *reader);

extern void TallyToCounts(PayloadReader *reader, const Tally *tally, MeterCounts *counts);

/* A charge of another model; NULL when there are too many. */
extern Charge *AddCharge(PayloadReader *reader, Node *model);

/* The model that the payload names; NULL when it names none. */
extern Node *FindModel(PayloadReader *reader);

/* The service tier that root was served at, in our word; tier keeps its value when root says nothing. */
extern void FindTier(PayloadReader *reader, Node *root, char tier[PAYLOAD_TIER_SIZE]);

/* A mode that is faster than the standard one, which one chunk of a stream tells for all; NULL when root says none. */
extern Node *FindSpeed(PayloadReader *reader, Node *root);
extern void NormalizeTier(PayloadReader *reader, const Node *tier, char word[PAYLOAD_TIER_SIZE]);

/* The region that root says it was served in; NULL when it does not say. */
extern Node *FindRegion(PayloadReader *reader, Node *root);

/*
 * Decide by the total whether the cached tokens are part of the input, fill the
 * prompt of tally, and leave no total unexplained.  total < 0: none is stated.
 */
extern void SettlePrompt(PayloadReader *reader, Tally *tally, int64_t input, int64_t read, int64_t written,
						 int64_t output, int64_t total);

/* The readers, each of one shape of usage.  Is...() looks, Read...() tallies. */
#define SHAPE(name) \
	extern bool Is##name(PayloadReader *reader, const PayloadBody *body); \
	extern void Read##name(PayloadReader *reader, const PayloadBody *body, Tally *tally);

SHAPE(Gemini)
SHAPE(Interaction)
SHAPE(Cohere)
SHAPE(Generation)
SHAPE(Ollama)
SHAPE(Chat)
SHAPE(Anthropic)
SHAPE(AgentEvent)
SHAPE(Responses)
SHAPE(AiSdk)
SHAPE(PromptTokens)
SHAPE(Converse)
SHAPE(Invocation)
SHAPE(Guardrail)
SHAPE(Agent)
SHAPE(Buckets)
SHAPE(Otel)
SHAPE(OpenInference)
SHAPE(Video)
SHAPE(Units)

/* Charges beside the usage: calls of tools among the items of an answer. */
extern void ReadTools(PayloadReader *reader, const PayloadBody *body, Tally *tally);

/* What an answer of Gemini is grounded on, as a step of the AI SDK keeps it. */
extern void ReadGroundingOfStep(PayloadReader *reader, Node *step, int64_t *searches, int64_t *maps);

/* Units of Bedrock's guardrails, which stand beside the usage. */
extern void ReadGuardrails(PayloadReader *reader, const PayloadBody *body, Tally *tally);

/* How many requests the payload says it sums, and refuse sums that do not say. */
extern void ReadRequests(PayloadReader *reader, const PayloadBody *body, Tally *tally);

/* Find the usage in a response, an event or a bare usage object; false when there is none. */
extern bool FindUsage(PayloadReader *reader, Node *root, PayloadBody *body);

/* Does the body have the shape of a usage? */
extern bool IsUsage(PayloadReader *reader, const PayloadBody *body);

/* Read a usage as the first shape that it has. */
extern void ReadShape(PayloadReader *reader, const PayloadBody *body, Tally *tally);

/* Merge the chunks of one stream into body. */
extern void MergeStream(PayloadReader *reader, Node *chunks, PayloadBody *body);

/* Does a part of a stream of the AI SDK, or of the assistants API, end a step, or the run? */
extern bool IsStepEnd(PayloadReader *reader, Node *part);
extern bool IsRunEnd(PayloadReader *reader, Node *part);

/* The answer that stands whole within a line of a batch, and the answers that a batch lists; NULL when there is none. */
extern Node *AnswerOfLine(PayloadReader *reader, Node *root);
extern Node *AnswersOfBatch(PayloadReader *reader, Node *root);

/* Is it a line of a batch's output, and if so, one without an answer? */
extern bool IsBatchLine(PayloadReader *reader, Node *root);
extern bool IsUnansweredLine(PayloadReader *reader, Node *root);

#endif							/* INFERACCT_PAYLOAD_READER_H */
