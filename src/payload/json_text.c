/*
 * json_text.c
 *	  JSON of a text, as cJSON parses it.
 *
 * Invariant: a number is a count only if the double that cJSON made of it is
 * exactly that count.
 */
#include "core/json.h"
#include "payload/json_value.h"

#include <cjson/cJSON.h>
#include <string.h>

static JsonValue
ValueOf(const cJSON *item)
{
	JsonValue	value = {JSON_NULL, 0, item};

	if (cJSON_IsNumber(item))
		value.kind = JSON_NUMBER;
	else if (cJSON_IsString(item))
	{
		value.kind = JSON_STRING;
		value.at = item->valuestring;
		value.length = (uint32_t) strlen(item->valuestring);
	}
	else if (cJSON_IsArray(item))
		value.kind = JSON_ARRAY;
	else if (cJSON_IsObject(item))
		value.kind = JSON_OBJECT;
	else if (cJSON_IsBool(item))
	{
		value.kind = JSON_BOOLEAN;
		value.length = cJSON_IsTrue(item);
	}
	return value;
}

static void
Each(const JsonValue *container, JsonVisit visit, void *context)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, (const cJSON *) container->at)
	{
		JsonValue	value = ValueOf(item);

		if (!visit(context, item->string, item->string == NULL ? 0 : strlen(item->string), &value))
			return;
	}
}

static double
Number(const JsonValue *number)
{
	return ((const cJSON *) number->at)->valuedouble;
}

static JsonCount
Count(const JsonValue *number, int64_t *count)
{
	double		value = Number(number);

	if (value < 0)
		return COUNT_NEGATIVE;
	if (!(value <= (double) COUNT_MAX))
		return COUNT_TOO_LARGE;
	if (value != (double) (int64_t) value)
		return COUNT_FRACTION;
	*count = (int64_t) value;
	return COUNT_EXACT;
}

const JsonSource json_text_source = {Each, Count, Number, cJSON_malloc, cJSON_free};

bool
JsonTextParse(const char *text, size_t length, JsonText *json)
{
	cJSON	   *tree = NULL;
	const char *end;

	/* Parsing with the closing NUL makes cJSON look at what follows the value. */
	if (memchr(text, '\0', length) == NULL)
		tree = JsonParse(text, length, &end);
	json->tree = tree;
	if (tree == NULL)
		return false;
	json->root = ValueOf(tree);
	return true;
}

void
JsonTextFree(JsonText *json)
{
	cJSON_Delete(json->tree);
}
