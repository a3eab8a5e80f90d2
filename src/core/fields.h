/*
 * fields.h
 *	  One list of fields, four ways: the text and the binary form of a value,
 *	  written and read.
 *
 * A type says once, in a function that calls Field...() for each of its fields
 * in turn, what it consists of; the same function writes both forms and reads
 * them.  A form begins with its format number, and the binary form of what holds
 * counts by meter also with the number of meters: what another version laid out
 * otherwise is refused, never misread.
 *
 * Text: fields with one space between them; strings in double quotes, with a
 * backslash before quotes and backslashes; USD as decimals; usages as JSON.
 * Binary: integers of 8 bytes, USD of 16, two's complement, highest byte first;
 * IEEE 754; strings after 4 bytes of length.
 *
 * Invariant: what was written reads back alike, and nothing else is read: after
 * the first field that does not fit, all are 0 and `problem` says so.
 *
 * Pure C: no postgres.h.  What is read is allocated with the function given;
 * strings that are read have no NUL in them, and one behind them.
 */
#ifndef INFERACCT_FIELDS_H
#define INFERACCT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/host.h"
#include "core/money.h"
#include "core/usage.h"

typedef enum FieldsForm
{
	FIELDS_TEXT,
	FIELDS_BINARY
} FieldsForm;

typedef enum FieldsProblem
{
	FIELDS_OK,
	FIELDS_MALFORMED,			/* what no value has */
	FIELDS_OTHER_FORMAT,		/* of another version: `found` is its format number */
	FIELDS_OTHER_METERS			/* `found` is its number of meters */
} FieldsProblem;

/* Takes a piece that is written. */
typedef void (*FieldsAppend) (void *sink, const char *bytes, size_t size);

/* Is a string one of the database's encoding? */
typedef bool (*FieldsVerify) (const char *bytes, size_t size);

typedef struct Fields
{
	FieldsForm	form;
	bool		reading;
	bool		begun;			/* text: a field has been written */

	/* writing */
	FieldsAppend append;		/* NULL: only count */
	void	   *sink;
	size_t		size;			/* written so far */

	/* reading */
	const char *at;				/* what comes next; where it does not fit after a problem */
	const char *end;
	FieldsProblem problem;
	int			found;
	HostAllocator allocate;		/* does not return when there is no memory */
	void	   *owner;
	FieldsVerify verify;		/* NULL: any bytes are a string */
} Fields;

extern Fields FieldsToWrite(FieldsForm form, FieldsAppend append, void *sink);
extern Fields FieldsToRead(FieldsForm form, const char *bytes, size_t size,
						   HostAllocator allocate, void *owner, FieldsVerify verify);

/* The first of all: the format number, and whether counts by meter follow. */
extern void FieldFormat(Fields *fields, int format, bool has_meters);

/* A whole number within bounds. */
extern void FieldInteger(Fields *fields, int64_t *value, int64_t least, int64_t most);

/* A number of items that follow; no more than there can be in what is left. */
extern void FieldCount(Fields *fields, uint32_t *count, uint32_t most);

extern void FieldFlag(Fields *fields, bool *value);
extern void FieldMoney(Fields *fields, Money *value);
extern void FieldDouble(Fields *fields, double *value);
extern void FieldUsage(Fields *fields, MeterCounts *counts);

/* Of at most `most` bytes; what is read is allocated. */
extern void FieldString(Fields *fields, const char **bytes, size_t *length, size_t most);

/*
 * All the rest, as the last field: a value that has both forms of its own.  What
 * is read lies where it was given.
 */
extern void FieldRest(Fields *fields, const char **bytes, size_t *length);

/* What was read is none: for invariants across fields. */
extern void FieldsRefuse(Fields *fields);

/* Has everything been read, and nothing else? */
extern bool FieldsEnd(Fields *fields);

static inline bool
FieldsAreGood(const Fields *fields)
{
	return fields->problem == FIELDS_OK;
}

#endif							/* INFERACCT_FIELDS_H */
