/*
 * payload_names.c
 *	  What the names of a usage count: as the caller maps them, and what becomes of
 *	  counts that no reader took.
 *
 * Invariant: a count is read, free by its name, mapped by the caller, or a
 * problem that names it by its path.
 */
#include "payload/payload_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static Target
TargetOf(const Node *mapping)
{
	if (IsKind(mapping, JSON_NULL))
		return TARGET_NONE;
	if (StringIs(mapping, "input_total"))
		return TARGET_INPUT_TOTAL;
	if (StringIs(mapping, "output_total"))
		return TARGET_OUTPUT_TOTAL;
	if (StringIs(mapping, "cache_write_total"))
		return TARGET_CACHE_WRITE_TOTAL;
	if (IsKind(mapping, JSON_STRING))
	{
		Meter		meter = MeterByName(mapping->value.at, mapping->value.length);

		return meter == METER_COUNT ? TARGET_UNKNOWN : (Target) meter;
	}
	return TARGET_UNKNOWN;
}

#define PATH_SIZE 256

/* What the caller says of a name: by its path within the usage, or by itself. */
static Node *
MappingOf(PayloadReader *reader, const Node *node, const char *path)
{
	Node	   *by_name = NULL;

	for (Node *mapping = Child(reader, reader->names); mapping != NULL; mapping = mapping->next)
	{
		if (mapping->name_length == strlen(path) && memcmp(mapping->name, path, mapping->name_length) == 0)
			return mapping;
		if (node->name != NULL && mapping->name_length == node->name_length &&
			memcmp(mapping->name, node->name, node->name_length) == 0)
			by_name = mapping;
	}
	return by_name;
}

bool
IsMapped(PayloadReader *reader, Node *usage)
{
	if (reader->names == NULL || !IsKind(usage, JSON_OBJECT))
		return false;
	for (Node *mapping = Child(reader, reader->names); mapping != NULL; mapping = mapping->next)
	{
		for (Node *child = Child(reader, usage); child != NULL; child = child->next)
		{
			if (child->name_length == mapping->name_length && TargetOf(mapping) != TARGET_NONE &&
				memcmp(child->name, mapping->name, child->name_length) == 0)
				return true;

			/* "details.audio": the first part of a path. */
			if (child->name_length < mapping->name_length && mapping->name[child->name_length] == '.' &&
				IsKind(child, JSON_OBJECT) && memcmp(child->name, mapping->name, child->name_length) == 0)
				return true;
		}
	}
	return false;
}

bool
IsCaller(PayloadReader *reader, const Node *node)
{
	return reader->names != NULL && MappingOf(reader, node, "") != NULL;
}

void
AddMapping(PayloadReader *reader, Tally *tally, const Node *mapping, int64_t count)
{
	AddTarget(reader, tally, TargetOf(mapping), count);
}

bool
CheckNames(PayloadReader *reader)
{
	if (reader->names != NULL && reader->names->value.kind != JSON_OBJECT)
		Problem(reader, PAYLOAD_BAD_NAMES, "The names are not a JSON object.");
	for (Node *mapping = Child(reader, reader->names); mapping != NULL; mapping = mapping->next)
	{
		if (TargetOf(mapping) == TARGET_UNKNOWN)
			Problem(reader, PAYLOAD_BAD_NAMES, "\"%.*s\" is mapped to what is no meter.",
					(int) (mapping->name_length > 80 ? 80 : mapping->name_length), mapping->name);
	}
	return reader->status == PAYLOAD_OK;
}

/* Where a count stands within the usage; written out only when somebody asks. */
typedef struct Path
{
	const struct Path *up;
	const Node *node;
} Path;

static size_t
WritePath(const Path *path, char text[PATH_SIZE])
{
	size_t		length = path->up == NULL ? 0 : WritePath(path->up, text);
	int			written;

	text[length] = '\0';
	if (path->node->name == NULL)
		return length;
	written = snprintf(text + length, PATH_SIZE - length, "%s%.*s", length == 0 ? "" : ".",
					   (int) path->node->name_length, path->node->name);
	return written >= (int) (PATH_SIZE - length) ? PATH_SIZE - 1 : length + (size_t) written;
}

/* Does a name say that it is money or a speed?  Gateways have many of their own, and none is a count. */
static bool
IsNamedFree(const Node *node)
{
	static const char *const ends[] = {"cost", "Cost", "costs", "_usd", "latency", "Latency", "latency_ms", "per_second", "per_sec"};
	Node		name = {.value = {JSON_STRING, node->name_length, node->name}};

	if (PayloadKeyIsFree(node->key))
		return true;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]) && node->name != NULL && node->key == KEY_UNKNOWN; i++)
	{
		if (StringEnds(&name, ends[i]))
			return true;
	}
	return false;
}

/* A number that no reader took: zero, free, mapped by the caller, or a problem. */
static void
SettleName(PayloadReader *reader, const Path *path, Node *node, Tally *tally)
{
	char		text[PATH_SIZE];
	Node	   *mapping;
	int64_t		count = 0;

	if (reader->names == NULL && IsNamedFree(node))
		return;
	if (IsDigits(reader, node) ? DigitsOf(node) == 0 :
		reader->tree->source->count(&node->value, &count) == COUNT_EXACT && count == 0)
		return;
	(void) WritePath(path, text);
	mapping = MappingOf(reader, node, text);
	if (mapping != NULL)
		AddTarget(reader, tally, TargetOf(mapping),
				  TargetOf(mapping) == TARGET_NONE ? 0 : CountOf(reader, node));
	else if (!IsNamedFree(node))
		Problem(reader, PAYLOAD_UNKNOWN_NAME, "\"%.120s\" is %.17g, and what it counts is not known.",
				text, IsDigits(reader, node) ? (double) DigitsOf(node) : reader->tree->source->number(&node->value));
}

/* Is an object or array not to be looked into? */
static bool
IsLeftOut(PayloadReader *reader, const Path *path, const Node *node)
{
	char		text[PATH_SIZE];
	Node	   *mapping;

	if (IsNamedFree(node))
		return true;
	if (reader->names == NULL)
		return false;
	(void) WritePath(path, text);
	mapping = MappingOf(reader, node, text);
	return mapping != NULL && TargetOf(mapping) == TARGET_NONE;
}

static void
SettleNamesAt(PayloadReader *reader, Node *node, const Path *up, int depth, Tally *tally)
{
	for (Node *child = Child(reader, node); child != NULL && reader->status == PAYLOAD_OK; child = child->next)
	{
		Path		path = {up, child};

		if (!child->read && (child->value.kind == JSON_NUMBER || IsDigits(reader, child)))
			SettleName(reader, &path, child, tally);
		if (child->value.kind < JSON_ARRAY || IsLeftOut(reader, &path, child))
			continue;
		if (depth == MAX_DEPTH)
			Problem(reader, PAYLOAD_UNKNOWN_NAME, "\"%.*s\" is nested too deeply to be part of a usage.",
					(int) (child->name_length > 80 ? 80 : child->name_length), child->name == NULL ? "" : child->name);
		else
			SettleNamesAt(reader, child, &path, depth + 1, tally);
	}
}

void
SettleNames(PayloadReader *reader, Node *usage, Tally *tally)
{
	SettleNamesAt(reader, usage, NULL, 0, tally);
}

/* A usage of which the caller names the counts: nothing else is read of it. */
void
ReadMapped(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Node	   *total = FirstOf(reader, body->usage, KEY_total_tokens, KEY_totalTokens, KEY_total, KEY_NONE);
	bool		has_total = IsKind(total, JSON_NUMBER) && MappingOf(reader, total, "") == NULL;
	int64_t		stated = has_total ? CountOf(reader, total) : 0;

	tally->disjoint_input = true;
	tally->disjoint_output = true;
	for (Node *mapping = Child(reader, reader->names); mapping != NULL; mapping = mapping->next)
	{
		if (TargetOf(mapping) == TARGET_INPUT_TOTAL)
			tally->disjoint_input = false;
		if (TargetOf(mapping) == TARGET_OUTPUT_TOTAL)
			tally->disjoint_output = false;
	}
	SettleNames(reader, body->usage, tally);
	if (has_total && stated != tally->input + tally->output)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"input %" PRId64 " + output %" PRId64 " = %" PRId64 ", but the stated total is %" PRId64 ".",
				tally->input, tally->output, tally->input + tally->output, stated);
}
