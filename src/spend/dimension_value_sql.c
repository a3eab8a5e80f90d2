/*
 * dimension_value_sql.c
 *	  What a row of the log states for a dimension that was chosen: dimension_value()
 *	  of a text, tag_value() of tags.
 *
 * Invariant: different values stay different, and each takes at most
 * DIMENSION_VALUE_MAX bytes, whatever a log holds; an empty one states none.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "server/compat.h"

PG_FUNCTION_INFO_V1(dimension_value);
PG_FUNCTION_INFO_V1(tag_value);

#define DIMENSION_VALUE_MAX 200
#define CUT_VALUE_MAX 40		/* bytes of a longer one, before its digest */

/* A value of so many bytes as it is kept; NULL for an empty one. */
static text *
KeptValue(const char *bytes, int length)
{
	text	   *digest;
	int			head;

	if (length == 0)
		return NULL;
	if (length <= DIMENSION_VALUE_MAX)
		return cstring_to_text_with_len(bytes, length);
	digest = DatumGetTextPP(DirectFunctionCall1(md5_text, PointerGetDatum(cstring_to_text_with_len(bytes, length))));
	head = pg_mbcliplen(bytes, length, CUT_VALUE_MAX);
	return cstring_to_text(psprintf("%.*s...%.*s", head, bytes, (int) VARSIZE_ANY_EXHDR(digest), VARDATA_ANY(digest)));
}

Datum
dimension_value(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	int			length = VARSIZE_ANY_EXHDR(value);

	if (length == 0)
		PG_RETURN_NULL();
	if (length <= DIMENSION_VALUE_MAX)
		PG_RETURN_TEXT_P(value);
	PG_RETURN_TEXT_P(KeptValue(VARDATA_ANY(value), length));
}

/* A value of an object as text; NULL for null. */
static text *
ValueText(JsonbValue *value)
{
	char	   *string;

	switch (value->type)
	{
		case jbvNull:
			return NULL;
		case jbvString:
			return KeptValue(value->val.string.val, value->val.string.len);
		case jbvNumeric:
			string = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
			break;
		case jbvBool:
			string = value->val.boolean ? "true" : "false";
			break;
		default:
			string = JsonbToCString(NULL, value->val.binary.data, value->val.binary.len);
			break;
	}
	return KeptValue(string, (int) strlen(string));
}

/* The rest of the first "key:..." among the strings of an array; NULL when there is none. */
static text *
TagOfArray(JsonbContainer *tags, const char *key, int length)
{
	for (uint32 i = 0; i < JsonContainerSize(tags); i++)
	{
		JsonbValue *tag = getIthJsonbValueFromContainer(tags, i);

		if (tag->type == jbvString && tag->val.string.len > length && tag->val.string.val[length] == ':' &&
			memcmp(tag->val.string.val, key, length) == 0)
			return KeptValue(tag->val.string.val + length + 1, tag->val.string.len - length - 1);
	}
	return NULL;
}

/* (tags, key): what tags state for a key. */
Datum
tag_value(PG_FUNCTION_ARGS)
{
	Jsonb	   *tags = PG_GETARG_JSONB_P(0);
	text	   *key = PG_GETARG_TEXT_PP(1);
	text	   *value = NULL;

	if (JB_ROOT_IS_OBJECT(tags))
	{
		JsonbValue	found;

		if (getKeyJsonValueFromContainer(&tags->root, VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key), &found) != NULL)
			value = ValueText(&found);
	}
	else if (JB_ROOT_IS_ARRAY(tags) && !JB_ROOT_IS_SCALAR(tags))
		value = TagOfArray(&tags->root, VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key));
	if (value == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(value);
}
