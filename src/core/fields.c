/*
 * fields.c
 *	  One list of fields, four ways.
 */
#include "core/fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for the longest field that is written as one piece. */
#define PIECE_SIZE (USAGE_TEXT_SIZE + MONEY_TEXT_SIZE)

Fields
FieldsToWrite(FieldsForm form, FieldsAppend append, void *sink)
{
	return (Fields) {.form = form,.append = append,.sink = sink};
}

Fields
FieldsToRead(FieldsForm form, const char *bytes, size_t size,
			 HostAllocator allocate, void *owner, FieldsVerify verify)
{
	return (Fields) {
		.form = form,.reading = true,.at = bytes,.end = bytes + size,
		.allocate = allocate,.owner = owner,.verify = verify
	};
}

void
FieldsRefuse(Fields *fields)
{
	if (fields->problem == FIELDS_OK)
		fields->problem = FIELDS_MALFORMED;
}

/* ---------- pieces ---------- */

static void
Append(Fields *fields, const char *bytes, size_t size)
{
	if (fields->append != NULL)
		fields->append(fields->sink, bytes, size);
	fields->size += size;
}

/* A field of the text form. */
static void
AppendText(Fields *fields, const char *text, size_t length)
{
	if (fields->begun)
		Append(fields, " ", 1);
	fields->begun = true;
	Append(fields, text, length);
}

static void
AppendWord(Fields *fields, uint64_t word, int nbytes)
{
	char		bytes[8];

	for (int i = 0; i < nbytes; i++)
		bytes[i] = (char) (word >> 8 * (nbytes - 1 - i));
	Append(fields, bytes, (size_t) nbytes);
}

/* The next bytes of the binary form; zeros when there are not so many. */
static const char *
Take(Fields *fields, size_t size)
{
	static const char zeros[8];
	const char *taken = fields->at;

	if (size > (size_t) (fields->end - fields->at))
		FieldsRefuse(fields);
	if (!FieldsAreGood(fields))
		return zeros;
	fields->at += size;
	return taken;
}

static uint64_t
TakeWord(Fields *fields, int nbytes)
{
	const char *bytes = Take(fields, (size_t) nbytes);
	uint64_t	word = 0;

	for (int i = 0; i < nbytes; i++)
		word = word << 8 | (unsigned char) bytes[i];
	return word;
}

/* Step over the space between two fields of the text form. */
static void
TakeSpace(Fields *fields)
{
	if (fields->begun)
	{
		if (fields->at == fields->end || *fields->at != ' ')
			FieldsRefuse(fields);
		else if (FieldsAreGood(fields))
			fields->at++;
	}
	fields->begun = true;
}

/* A field of the text form up to a space, in `item`; "" when it does not fit. */
static void
TakeItem(Fields *fields, char *item, size_t room)
{
	const char *space;
	size_t		length;

	TakeSpace(fields);
	space = memchr(fields->at, ' ', (size_t) (fields->end - fields->at));
	length = (size_t) ((space != NULL ? space : fields->end) - fields->at);
	if (length == 0 || length >= room || memchr(fields->at, '\0', length) != NULL)
		FieldsRefuse(fields);
	if (!FieldsAreGood(fields))
		length = 0;
	memcpy(item, fields->at, length);
	item[length] = '\0';
}

/* The item before has been understood; refused otherwise. */
static void
Accept(Fields *fields, const char *item, bool understood)
{
	if (!understood)
		FieldsRefuse(fields);
	if (FieldsAreGood(fields))
		fields->at += strlen(item);
}

/* ---------- fields ---------- */

/* A whole number as it is written by us: no leading zeros, no plus. */
static bool
IntegerFromText(const char *text, int64_t *value)
{
	const char *digit = text + (*text == '-');
	int64_t		sum = 0;

	if (*digit == '\0' || (*digit == '0' && (digit[1] != '\0' || *text == '-')))
		return false;
	for (; *digit != '\0'; digit++)
	{
		if (*digit < '0' || *digit > '9' ||
			__builtin_mul_overflow(sum, INT64_C(10), &sum) ||
			__builtin_sub_overflow(sum, (int64_t) (*digit - '0'), &sum))
			return false;
	}
	if (*text != '-' && __builtin_sub_overflow(INT64_C(0), sum, &sum))
		return false;
	*value = sum;
	return true;
}

static void
Integer(Fields *fields, int64_t *value, int nbytes)
{
	char		item[32];

	if (fields->form == FIELDS_BINARY)
	{
		if (!fields->reading)
			AppendWord(fields, (uint64_t) *value, nbytes);
		else
			*value = (int64_t) TakeWord(fields, nbytes);
		return;
	}
	if (!fields->reading)
	{
		AppendText(fields, item, (size_t) snprintf(item, sizeof(item), "%" PRId64, *value));
		return;
	}
	TakeItem(fields, item, sizeof(item));
	*value = 0;
	Accept(fields, item, IntegerFromText(item, value));
}

void
FieldInteger(Fields *fields, int64_t *value, int64_t least, int64_t most)
{
	const char *at = fields->at;

	Integer(fields, value, 8);
	if (!fields->reading)
		return;
	if (FieldsAreGood(fields) && (*value < least || *value > most))
	{
		FieldsRefuse(fields);
		fields->at = at;
	}
	if (!FieldsAreGood(fields))
		*value = 0;
}

void
FieldFormat(Fields *fields, int format, bool has_meters)
{
	int64_t		number = format;
	int64_t		meters = METER_COUNT;

	Integer(fields, &number, 1);
	if (fields->reading && FieldsAreGood(fields) && number != format)
	{
		fields->problem = FIELDS_OTHER_FORMAT;
		fields->found = number >= 0 && number <= INT32_MAX ? (int) number : -1;
	}
	if (!has_meters || fields->form == FIELDS_TEXT) /* text has the meters by name */
		return;
	Integer(fields, &meters, 1);
	if (fields->reading && FieldsAreGood(fields) && meters != METER_COUNT)
	{
		fields->problem = FIELDS_OTHER_METERS;
		fields->found = (int) meters;
	}
}

void
FieldCount(Fields *fields, uint32_t *count, uint32_t most)
{
	int64_t		number = fields->reading ? 0 : *count;
	int64_t		left = fields->reading ? (int64_t) (fields->end - fields->at) : 0;

	FieldInteger(fields, &number, 0, most < left || !fields->reading ? most : left);
	if (fields->reading)
		*count = (uint32_t) number;
}

void
FieldFlag(Fields *fields, bool *value)
{
	int64_t		number = fields->reading ? 0 : *value;

	FieldInteger(fields, &number, 0, 1);
	if (fields->reading)
		*value = number != 0;
}

void
FieldMoney(Fields *fields, Money *value)
{
	char		item[MONEY_TEXT_SIZE];

	if (fields->form == FIELDS_BINARY && !fields->reading)
	{
		AppendWord(fields, (uint64_t) ((unsigned __int128) *value >> 64), 8);
		AppendWord(fields, (uint64_t) *value, 8);
	}
	else if (fields->form == FIELDS_BINARY)
	{
		uint64_t	high = TakeWord(fields, 8);
		uint64_t	low = TakeWord(fields, 8);

		*value = FieldsAreGood(fields) ? (Money) ((unsigned __int128) high << 64 | low) : 0;
	}
	else if (!fields->reading)
		AppendText(fields, item, (size_t) MoneyToText(*value, item));
	else
	{
		*value = 0;
		TakeItem(fields, item, sizeof(item));
		Accept(fields, item, FieldsAreGood(fields) && MoneyFromText(item, value) == MONEY_OK);
	}
}

/* The fewest digits that read back alike. */
static int
DoubleToText(double number, char *text, size_t room)
{
	int			length = 0;

	for (int digits = 15; digits <= 17; digits++)
	{
		length = snprintf(text, room, "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	return length;
}

void
FieldDouble(Fields *fields, double *value)
{
	char		item[40];
	char	   *end;
	uint64_t	bits;

	if (fields->form == FIELDS_BINARY && !fields->reading)
	{
		memcpy(&bits, value, sizeof(bits));
		AppendWord(fields, bits, 8);
	}
	else if (fields->form == FIELDS_BINARY)
	{
		bits = TakeWord(fields, 8);
		memcpy(value, &bits, sizeof(bits));
	}
	else if (!fields->reading)
		AppendText(fields, item, (size_t) DoubleToText(*value, item, sizeof(item)));
	else
	{
		TakeItem(fields, item, sizeof(item));
		*value = strtod(item, &end);
		Accept(fields, item, end != item && *end == '\0' && strchr(" \t\n\v\f\r+", item[0]) == NULL);
	}
	if (fields->reading && !FieldsAreGood(fields))
		*value = 0;
}

static void
UsageInText(Fields *fields, MeterCounts *counts)
{
	char		text[USAGE_TEXT_SIZE];
	UsageBuffer packed;
	const char *close;
	const char *problem;
	size_t		length;

	if (!fields->reading)
	{
		UsagePack(counts, &packed.usage);
		AppendText(fields, text, (size_t) UsageToText(&packed.usage, text));
		return;
	}
	TakeSpace(fields);
	close = memchr(fields->at, '}', (size_t) (fields->end - fields->at));
	length = close == NULL ? sizeof(text) : (size_t) (close + 1 - fields->at);
	if (length >= sizeof(text) || memchr(fields->at, '\0', length) != NULL)
		FieldsRefuse(fields);
	if (!FieldsAreGood(fields))
		return;
	memcpy(text, fields->at, length);
	text[length] = '\0';
	Accept(fields, text, UsageFromText(text, counts, &problem) == USAGE_OK);
}

/* A bitmap of meters, then their counts, none of them 0. */
static void
UsageInBytes(Fields *fields, MeterCounts *counts)
{
	UsageBuffer packed;
	int			n = 0;

	if (!fields->reading)
	{
		UsagePack(counts, &packed.usage);
		AppendWord(fields, packed.usage.present, 4);
		for (int i = 0; i < UsageMeters(&packed.usage); i++)
			AppendWord(fields, (uint64_t) packed.usage.count[i], 8);
		return;
	}
	packed.usage.present = (uint32_t) TakeWord(fields, 4);
	if ((packed.usage.present & ~ALL_METERS) != 0)
		FieldsRefuse(fields);
	for (; FieldsAreGood(fields) && n < UsageMeters(&packed.usage); n++)
		packed.usage.count[n] = (int64_t) TakeWord(fields, 8);
	if (FieldsAreGood(fields) && !UsageIsValid(&packed.usage, USAGE_SIZE(n)))
		FieldsRefuse(fields);
	if (FieldsAreGood(fields))
		UsageUnpack(&packed.usage, counts);
}

void
FieldUsage(Fields *fields, MeterCounts *counts)
{
	if (fields->reading)
		memset(counts, 0, sizeof(*counts));
	if (fields->form == FIELDS_TEXT)
		UsageInText(fields, counts);
	else
		UsageInBytes(fields, counts);
	if (fields->reading && !FieldsAreGood(fields))
		memset(counts, 0, sizeof(*counts));
}

static void
AppendQuoted(Fields *fields, const char *bytes, size_t length)
{
	size_t		plain = 0;

	AppendText(fields, "\"", 1);
	for (size_t i = 0; i < length; i++)
	{
		if (bytes[i] != '"' && bytes[i] != '\\')
			continue;
		Append(fields, bytes + plain, i - plain);
		Append(fields, "\\", 1);
		plain = i;
	}
	Append(fields, bytes + plain, length - plain);
	Append(fields, "\"", 1);
}

/* Length of the string in quotes that comes next, and what follows it; false when there is none. */
static bool
QuotedLength(const Fields *fields, size_t *length, const char **after)
{
	const char *at = fields->at;

	*length = 0;
	if (at == fields->end || *at != '"')
		return false;
	for (at++; at < fields->end && *at != '"'; at++, (*length)++)
	{
		if (*at == '\\' && ++at == fields->end)
			return false;
		if (*at == '\0')
			return false;
	}
	*after = at + 1;
	return at < fields->end;
}

/* Copy what comes next, in quotes or not, to so many bytes. */
static const char *
CopyString(Fields *fields, const char *from, size_t length)
{
	char	   *copy = fields->allocate(fields->owner, length + 1);

	for (size_t i = 0; i < length; i++)
	{
		if (fields->form == FIELDS_TEXT && *from == '\\')
			from++;
		copy[i] = *from++;
	}
	copy[length] = '\0';
	if (memchr(copy, '\0', length) != NULL || (fields->verify != NULL && !fields->verify(copy, length)))
		FieldsRefuse(fields);
	return copy;
}

void
FieldString(Fields *fields, const char **bytes, size_t *length, size_t most)
{
	const char *from;
	const char *after = fields->at;

	if (!fields->reading)
	{
		if (fields->form == FIELDS_TEXT)
		{
			AppendQuoted(fields, *bytes, *length);
			return;
		}
		AppendWord(fields, *length, 4);
		Append(fields, *bytes, *length);
		return;
	}
	if (fields->form == FIELDS_TEXT)
	{
		TakeSpace(fields);
		if (!QuotedLength(fields, length, &after))
			FieldsRefuse(fields);
		from = fields->at + 1;
	}
	else
	{
		*length = (size_t) TakeWord(fields, 4);
		from = fields->at;
		if (*length > (size_t) (fields->end - from))
			FieldsRefuse(fields);
		after = from + *length;
	}
	if (*length > most)
		FieldsRefuse(fields);
	if (FieldsAreGood(fields))
		*bytes = CopyString(fields, from, *length);
	if (FieldsAreGood(fields))
	{
		fields->at = after;
		return;
	}
	*bytes = "";
	*length = 0;
}

void
FieldRest(Fields *fields, const char **bytes, size_t *length)
{
	if (!fields->reading)
	{
		if (fields->form == FIELDS_TEXT)
			AppendText(fields, *bytes, *length);
		else
			Append(fields, *bytes, *length);
		return;
	}
	if (fields->form == FIELDS_TEXT)
		TakeSpace(fields);
	*bytes = fields->at;
	*length = FieldsAreGood(fields) ? (size_t) (fields->end - fields->at) : 0;
	fields->at += *length;
}

bool
FieldsEnd(Fields *fields)
{
	if (fields->at != fields->end)
		FieldsRefuse(fields);
	return FieldsAreGood(fields);
}
