/*
 * tool_counts.h
 *	  From the counts that a tool keeps of a request to disjoint meters.
 *
 * Tools differ in what their counts contain: some state the whole prompt and,
 * beside it, how much of it was cached; others state the parts.  A Count is what
 * one name means in one tool: a meter, or a total of which meters are parts.
 *
 * Invariant: nothing is clamped.  Parts that exceed their total, counts below
 * zero, two names that disagree about the same count, and names that a tool
 * prices but we do not know are reported, never repaired.
 *
 * Pure C: no postgres.h.  Nothing allocates.
 */
#ifndef INFERACCT_TOOL_COUNTS_H
#define INFERACCT_TOOL_COUNTS_H

#include "core/usage.h"

typedef enum SourceTool
{
	TOOL_COLUMNS,				/* names of meters and of totals, for mappings of columns */
	TOOL_LITELLM,				/* metadata.usage_object of LiteLLM_SpendLogs */
	TOOL_LANGFUSE,				/* usage_details of observations */
	TOOL_OTEL,					/* attributes of GenAI spans */
	TOOL_OPENAI,				/* a result of OpenAI's usage API */
	TOOL_ANTHROPIC,				/* a result of Anthropic's usage report */
	TOOL_COUNT
} SourceTool;

/* Meters, then totals. */
typedef enum SourceCount
{
	COUNT_INPUT_TOTAL = METER_COUNT,	/* the whole prompt */
	COUNT_OUTPUT_TOTAL,			/* the whole answer */
	COUNT_CACHE_WRITE_TOTAL,	/* cache_write and cache_write_1h */
	COUNT_END
} SourceCount;

typedef enum SourceProblem
{
	SOURCE_OK,
	SOURCE_NEGATIVE,
	SOURCE_NOT_WHOLE,			/* a count that is no whole number below 2^63 */
	SOURCE_UNKNOWN,				/* a name that we do not know, of a tool whose names are all charged */
	SOURCE_CONTRADICTION,		/* two names, two values, one count */
	SOURCE_PARTS_EXCEED_INPUT,
	SOURCE_PARTS_EXCEED_OUTPUT,
	SOURCE_PARTS_EXCEED_WRITES
} SourceProblem;

typedef struct SourceCounts
{
	int64_t		of[COUNT_END];
	uint64_t	stated;			/* a bit per count */
	SourceProblem problem;		/* the first that was met */
} SourceCounts;

/* The tool of that name, or TOOL_COUNT. */
extern SourceTool SourceToolByName(const char *name, size_t length);

/* What a name ("prompt_tokens_details.cached_tokens") counts; COUNT_END: nothing that matters. */
extern int	SourceCountByName(SourceTool tool, const char *name, size_t length);

/* Is a name that counts nothing we know a mistake, in this tool? */
extern bool SourceIsClosed(SourceTool tool, const char *name, size_t length);

/* Add a count; count is one that SourceCountByName() gave. */
extern void SourceAdd(SourceCounts *counts, int count, int64_t value);

/* *meters = the disjoint counts, unless there is a problem. */
extern SourceProblem SourceResolve(const SourceCounts *counts, MeterCounts *meters);

/* Why, for people. */
extern const char *SourceProblemText(SourceProblem problem);

#endif							/* INFERACCT_TOOL_COUNTS_H */
