/*
 * payload_reader.c
 *	  Checked access to a payload: problems, members, strings, counts.  See
 *	  payload_reader.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE				/* memmem */
#endif

#include "payload/payload_reader.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
Problem(PayloadReader *reader, PayloadStatus status, const char *format,...)
{
	va_list		args;

	if (reader->status != PAYLOAD_OK)
		return;
	reader->status = status;
	va_start(args, format);
	vsnprintf(reader->problem, reader->problem_size, format, args);
	va_end(args);
}

Node *
MemberAt(PayloadReader *reader, Node *object, const PayloadKey *keys)
{
	while (object != NULL && *keys != KEY_NONE)
		object = Member(reader, object, *keys++);
	return object;
}

Node *
StringOf(PayloadReader *reader, Node *object, PayloadKey key)
{
	Node	   *string = Member(reader, object, key);

	return IsKind(string, JSON_STRING) && string->value.length > 0 ? string : NULL;
}

bool
StringIs(const Node *string, const char *text)
{
	return IsKind(string, JSON_STRING) && string->value.length == strlen(text) &&
		memcmp(string->value.at, text, string->value.length) == 0;
}

bool
StringStarts(const Node *string, const char *text)
{
	return IsKind(string, JSON_STRING) && string->value.length >= strlen(text) &&
		memcmp(string->value.at, text, strlen(text)) == 0;
}

bool
StringEnds(const Node *string, const char *text)
{
	size_t		length = strlen(text);

	return IsKind(string, JSON_STRING) && string->value.length >= length &&
		memcmp((const char *) string->value.at + string->value.length - length, text, length) == 0;
}

bool
StringHas(const Node *string, const char *text)
{
	return IsKind(string, JSON_STRING) &&
		memmem(string->value.at, string->value.length, text, strlen(text)) != NULL;
}

bool
StringsEqual(const Node *a, const Node *b)
{
	return IsKind(a, JSON_STRING) && IsKind(b, JSON_STRING) && a->value.length == b->value.length &&
		memcmp(a->value.at, b->value.at, a->value.length) == 0;
}

static void
CountProblem(PayloadReader *reader, const Node *node, JsonCount why)
{
	int			length = node->name == NULL ? 10 : node->name_length > 80 ? 80 : (int) node->name_length;
	const char *name = node->name == NULL ? "an element" : node->name;
	double		value = reader->tree->source->number(&node->value);

	switch (why)
	{
		case COUNT_EXACT:
			break;
		case COUNT_NEGATIVE:
			Problem(reader, PAYLOAD_NEGATIVE, "\"%.*s\" is %.17g.", length, name, value);
			break;
		case COUNT_TOO_LARGE:
			Problem(reader, PAYLOAD_BAD_COUNT,
					"\"%.*s\" is larger than %" PRId64 ", beyond which a JSON number may not be exact.",
					length, name, COUNT_MAX);
			break;
		case COUNT_FRACTION:
			Problem(reader, PAYLOAD_BAD_COUNT, "\"%.*s\" is %.17g, not an integer.", length, name, value);
			break;
	}
}

bool
IsDigits(const PayloadReader *reader, const Node *node)
{
	const char *text = node->value.at;

	if (!reader->text_counts || node->value.kind != JSON_STRING || node->value.length == 0 || node->value.length > 15)
		return false;
	for (size_t i = 0; i < node->value.length; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
	}
	return true;
}

int64_t
DigitsOf(const Node *node)
{
	const char *text = node->value.at;
	int64_t		count = 0;

	for (size_t i = 0; i < node->value.length; i++)
		count = count * 10 + (text[i] - '0');
	return count;
}

int64_t
CountOf(PayloadReader *reader, Node *node)
{
	int64_t		count = 0;
	JsonCount	how;

	if (node == NULL)
		return 0;
	node->read = true;
	if (IsDigits(reader, node))
		return DigitsOf(node);
	if (node->value.kind != JSON_NUMBER)
	{
		Problem(reader, PAYLOAD_BAD_COUNT, "\"%.*s\" is not a number.",
				node->name_length > 80 ? 80 : (int) node->name_length, node->name == NULL ? "" : node->name);
		return 0;
	}
	how = reader->tree->source->count(&node->value, &count);
	if (how == COUNT_EXACT)
		return count;
	CountProblem(reader, node, how);
	return 0;
}

void
Disagreed(PayloadReader *reader, int64_t a, int64_t b, const char *what)
{
	Problem(reader, PAYLOAD_UNRECONCILED, "Two counts of %s are %" PRId64 " and %" PRId64 ".", what, a, b);
}

/* Of an object of details; what is deeper, and what is no count where one may be, is left. */
static bool
NothingLeftAt(PayloadReader *reader, Node *details)
{
	for (Node *child = Child(reader, details); child != NULL; child = child->next)
	{
		if (child->value.kind != JSON_NULL && !child->read)
			return false;
	}
	return true;
}

bool
NothingLeft(PayloadReader *reader, Node *node)
{
	for (Node *child = Child(reader, node); child != NULL; child = child->next)
	{
		if (child->value.kind >= JSON_ARRAY ? !NothingLeftAt(reader, child) :
			child->value.kind != JSON_NULL && !child->read)
			return false;
	}
	return true;
}

int64_t
AgreedOf(PayloadReader *reader, int64_t agreed, Node *member)
{
	int64_t		count = CountOf(reader, member);

	if (count != 0 && agreed != 0 && count != agreed)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"\"%.*s\" is %" PRId64 ", but another count of the same is %" PRId64 ".",
				(int) member->name_length, member->name, count, agreed);
	return Larger(agreed, count);
}

void
AddCount(PayloadReader *reader, int64_t *sum, int64_t count)
{
	if (count > COUNT_MAX - *sum)
	{
		Problem(reader, PAYLOAD_BAD_COUNT, "A sum of counts is larger than %" PRId64 ".", COUNT_MAX);
		return;
	}
	*sum += count;
}

/* Add to a part of a whole, and to the whole. */
void
AddPart(PayloadReader *reader, int64_t *sum, int64_t count, int64_t *whole)
{
	AddCount(reader, sum, count);
	AddCount(reader, whole, count);
}

static void
TakeTo(PayloadReader *reader, Node *node, int depth)
{
	if (node == NULL || depth > MAX_DEPTH)
		return;
	node->read = true;
	for (Node *child = Child(reader, node); child != NULL; child = child->next)
		TakeTo(reader, child, depth + 1);
}

void
Taken(PayloadReader *reader, Node *node)
{
	TakeTo(reader, node, 0);
}

Modality
ModalityByName(const Node *name)
{
	static const struct
	{
		const char *name;
		Modality	modality;
	}			words[] = {
		{"audio", MODALITY_AUDIO}, {"image", MODALITY_IMAGE},
		{"document", MODALITY_IMAGE}, {"video", MODALITY_VIDEO},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && IsKind(name, JSON_STRING); i++)
	{
		const char *text = name->value.at;
		size_t		at = 0;

		while (at < name->value.length && (text[at] | 0x20) == words[i].name[at])
			at++;
		if (at == name->value.length && words[i].name[at] == '\0')
			return words[i].modality;
	}
	return MODALITY_TEXT;
}
