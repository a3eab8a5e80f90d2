/*
 * json_value.h
 *	  A JSON value as the payload readers see it, wherever it lies.
 *
 * Invariant: the readers know JSON through this interface only, so that a
 * payload of text and one of jsonb are read by the same code.  There are two
 * sources: json_text.c (cJSON's tree of a text) and jsonb_value_sql.c (jsonb
 * where it lies).
 *
 * Memory: a value points into its source, which outlives it; strings are not
 * ended by a NUL.  Pure C: no postgres.h.
 */
#ifndef INFERACCT_JSON_VALUE_H
#define INFERACCT_JSON_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum JsonKind
{
	JSON_NULL,
	JSON_BOOLEAN,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
} JsonKind;

typedef struct JsonValue
{
	JsonKind	kind;
	uint32_t	length;			/* bytes of a string; of a boolean, whether it is true */
	const void *at;
} JsonValue;

/* Is a number a count? */
typedef enum JsonCount
{
	COUNT_EXACT,
	COUNT_NEGATIVE,
	COUNT_TOO_LARGE,
	COUNT_FRACTION
} JsonCount;

/*
 * JSON readers keep numbers as doubles: up to here each integer has one of its
 * own, while 2^53 is also what 2^53 + 1 is rounded to.
 */
#define COUNT_MAX ((INT64_C(1) << 53) - 1)

/* Takes a member or an element (whose name is NULL); false ends the visit. */
typedef bool (*JsonVisit) (void *context, const char *name, size_t name_length, const JsonValue *value);

typedef struct JsonSource
{
	void		(*each) (const JsonValue *container, JsonVisit visit, void *context);
	JsonCount	(*count) (const JsonValue *number, int64_t *count);
	double		(*number) (const JsonValue *number);	/* for messages */
	void	   *(*allocate) (size_t size);	/* NULL when there is no memory */
	void		(*release) (void *memory);
} JsonSource;

/* The tree that cJSON made of a text, and the source that it is read by. */
typedef struct JsonText
{
	void	   *tree;
	JsonValue	root;
} JsonText;

extern const JsonSource json_text_source;

/* The value of a text that ends in a NUL at text[length]; false when it is not one JSON value. */
extern bool JsonTextParse(const char *text, size_t length, JsonText *json);
extern void JsonTextFree(JsonText *json);

#endif							/* INFERACCT_JSON_VALUE_H */
