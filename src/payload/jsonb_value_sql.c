/*
 * jsonb_value_sql.c
 *	  Reads jsonb where it lies: no text is made of it, and nothing is copied.
 *
 * Invariant: a container's entries are passed in the order in which they are
 * stored, each exactly once, at the offsets that utils/jsonb.h describes.  A
 * number is a count when it is a whole one of [0, COUNT_MAX].
 */
#include "payload/jsonb_value_sql.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

static JsonValue
ValueOf(JEntry entry, const char *base, uint32 offset, uint32 length)
{
	JsonValue	value = {JSON_NULL, 0, NULL};

	if (JBE_ISSTRING(entry))
	{
		value.kind = JSON_STRING;
		value.at = base + offset;
		value.length = length;
	}
	else if (JBE_ISNUMERIC(entry))
	{
		value.kind = JSON_NUMBER;
		value.at = base + INTALIGN(offset);
	}
	else if (JBE_ISBOOL(entry))
	{
		value.kind = JSON_BOOLEAN;
		value.length = JBE_ISBOOL_TRUE(entry);
	}
	else if (JBE_ISCONTAINER(entry))
	{
		value.at = base + INTALIGN(offset);
		value.kind = JsonContainerIsArray((const JsonbContainer *) value.at) ? JSON_ARRAY : JSON_OBJECT;
	}
	return value;
}

static void
Each(const JsonValue *container, JsonVisit visit, void *context)
{
	const JsonbContainer *jsonb = container->at;
	uint32		size = JsonContainerSize(jsonb);
	bool		object = JsonContainerIsObject(jsonb);
	const JEntry *names = jsonb->children;
	const JEntry *values = object ? jsonb->children + size : jsonb->children;
	const char *base = (const char *) (values + size);
	uint32		name_at = 0;
	uint32		value_at = object && size > 0 ? getJsonbOffset(jsonb, (int) size) : 0;

	for (uint32 i = 0; i < size; i++)
	{
		const char *name = object ? base + name_at : NULL;
		uint32		name_end = name_at;
		uint32		value_end = value_at;
		JsonValue	value;

		if (object)
			JBE_ADVANCE_OFFSET(name_end, names[i]);
		JBE_ADVANCE_OFFSET(value_end, values[i]);
		value = ValueOf(values[i], base, value_at, value_end - value_at);
		if (!visit(context, name, name_end - name_at, &value))
			return;
		name_at = name_end;
		value_at = value_end;
	}
}

static double
Number(const JsonValue *number)
{
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, PointerGetDatum(number->at)));
}

/*
 * What nearly all counts are: a whole number, without decimals, below 10^12.  Read
 * by the format that numerics have on disk since 9.1, which no release can change
 * without rewriting every table: a short header of sign, scale and weight, and
 * digits of base 10000.  Whatever else it is, is left to numeric's own functions.
 */
static bool
IsSmallCount(const void *numeric, int64_t *count)
{
	const uint16 *words = (const uint16 *) VARDATA(numeric);
	int			ndigits = (int) ((VARSIZE(numeric) - VARHDRSZ) / sizeof(uint16)) - 1;
	int			weight = words[0] & 0x007F;
	int64		value = 0;

	if ((words[0] & 0xFF80) != 0x8000 || weight > 2 || ndigits > weight + 1)
		return false;
	for (int i = 0; i <= weight; i++)
		value = value * 10000 + (i < ndigits ? words[1 + i] : 0);
	*count = value;
	return true;
}

static JsonCount
Count(const JsonValue *number, int64_t *count)
{
	Datum		value = PointerGetDatum(number->at);
	bool		beyond = false;
	int32		small;

	if (IsSmallCount(number->at, count))
		return COUNT_EXACT;
	small = numeric_int4_opt_error(DatumGetNumeric(value), &beyond);

	/* What has no decimals was not rounded. */
	if (!beyond && DatumGetInt32(DirectFunctionCall1(numeric_scale, value)) == 0)
	{
		*count = small;
		return small < 0 ? COUNT_NEGATIVE : COUNT_EXACT;
	}
	if (DatumGetInt32(DirectFunctionCall2(numeric_cmp, value, NumericGetDatum(int64_to_numeric(0)))) < 0)
		return COUNT_NEGATIVE;
	if (DatumGetInt32(DirectFunctionCall2(numeric_cmp, value, NumericGetDatum(int64_to_numeric(COUNT_MAX)))) > 0)
		return COUNT_TOO_LARGE;
	*count = DatumGetInt64(DirectFunctionCall1(numeric_int8, value));
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, value, NumericGetDatum(int64_to_numeric(*count)))) == 0 ?
		COUNT_EXACT : COUNT_FRACTION;
}

static void *
Allocate(size_t size)
{
	return palloc_extended(size, MCXT_ALLOC_NO_OOM);
}

const JsonSource jsonb_source = {Each, Count, Number, Allocate, pfree};

JsonValue
JsonbRootValue(const Jsonb *jsonb)
{
	JsonValue	root = {JSON_ARRAY, 0, &jsonb->root};

	if (JB_ROOT_IS_OBJECT(jsonb))
		root.kind = JSON_OBJECT;
	else if (JB_ROOT_IS_SCALAR(jsonb))
		root = ValueOf(jsonb->root.children[0], (const char *) (jsonb->root.children + 1), 0,
					   JBE_OFFLENFLD(jsonb->root.children[0]));
	return root;
}
