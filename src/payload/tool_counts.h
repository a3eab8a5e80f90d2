/*
 * tool_counts.h
 *	  From the counts that a tool keeps of a request to disjoint meters.
 *
 * What a tool keeps as the provider stated it is read as any payload.  The other
 * tools have counts of their own names, flat or one object deep, and differ in
 * what these contain: some state the whole prompt and, beside it, how much of it
 * was cached; others state the parts.
 *
 * Invariants: all are read by the reader of payloads (payload_reader.h), so the
 * same counts are refused for the same reasons.  Nothing is clamped.
 *
 * Pure C: no postgres.h.
 */
#ifndef INFERACCT_TOOL_COUNTS_H
#define INFERACCT_TOOL_COUNTS_H

#include <stdbool.h>

#include "payload/payload.h"

typedef enum SourceTool
{
	TOOL_RESPONSE,				/* what a provider answered */
	TOOL_TEXTS,					/* the same, where counts may be strings of digits: attributes of spans */
	TOOL_COLUMNS,				/* names of meters and of totals, for mappings of columns */
	TOOL_LANGFUSE,				/* usage_details of observations */
	TOOL_OPENAI,				/* a result of OpenAI's usage API */
	TOOL_ANTHROPIC,				/* a result of Anthropic's usage report */
	TOOL_COUNT
} SourceTool;

/* The tool of that name, or TOOL_COUNT. */
extern SourceTool SourceToolByName(const char *name, size_t length);

/* What a row says beside its counts. */
typedef struct ToolRow
{
	bool		one_hour;		/* tokens written to a cache live so long where nothing tells */
	bool		charged;		/* it cost something, as the tool says */
	bool		failed;			/* the call did: that it counts nothing is no wonder */
} ToolRow;

/*
 * Fill *counts with the disjoint meters of one row of a tool; on failure say why
 * in problem.  A row that failed and has no count is one request.
 */
extern PayloadStatus PayloadReadTool(const Payload *payload, SourceTool tool, const ToolRow *row,
									 MeterCounts *counts, char *problem, size_t problem_size);

/* The counts of a request that failed before anything was counted. */
extern void CountFailedRequest(MeterCounts *counts);

#endif							/* INFERACCT_TOOL_COUNTS_H */
