/*
 * payload_reader.c
 *	  Checked access to a payload, and the one place where inclusive counts
 *	  become disjoint meters.  See payload_reader.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE				/* memmem */
#endif

#include "payload/payload_reader.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const Meter input_meters[MODALITY_COUNT] = {METER_INPUT_AUDIO, METER_INPUT_IMAGE, METER_INPUT_VIDEO};

/* Cached video has no meter of its own: it is read from the cache like text. */
static const Meter cached_meters[MODALITY_COUNT] = {METER_CACHE_READ_AUDIO, METER_CACHE_READ_IMAGE, METER_CACHE_READ};
static const Meter output_meters[MODALITY_COUNT] = {METER_OUTPUT_AUDIO, METER_OUTPUT_IMAGE, METER_OUTPUT_VIDEO};

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

/* A count as text, as OTLP writes 64 bits: of at most as many digits as are below COUNT_MAX. */
static bool
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

static int64_t
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

/* A payload that is nested deeper than any API's is not walked to its end. */
#define MAX_DEPTH 16

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

/* --- Names that the caller maps ------------------------------------------ */

/* Beside the meters: totals of which other meters are parts. */
typedef enum Target
{
	TARGET_INPUT_TOTAL = METER_COUNT,
	TARGET_OUTPUT_TOTAL,
	TARGET_CACHE_WRITE_TOTAL,
	TARGET_NONE,				/* it carries no charge */
	TARGET_UNKNOWN
} Target;

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

static void
AddInputPart(PayloadReader *reader, Tally *tally, int64_t *part, int64_t count)
{
	AddCount(reader, part, count);
	if (tally->disjoint_input)
		AddCount(reader, &tally->input, count);
}

static void
AddOutputPart(PayloadReader *reader, Tally *tally, int64_t *part, int64_t count)
{
	AddCount(reader, part, count);
	if (tally->disjoint_output)
		AddCount(reader, &tally->output, count);
}

static void
AddCached(PayloadReader *reader, Tally *tally, Modality modality, int64_t count)
{
	AddCount(reader, &tally->cached_of[modality], count);
	AddCount(reader, &tally->input_of[modality], count);
	AddInputPart(reader, tally, &tally->cache_read, count);
}

void
AddTarget(PayloadReader *reader, Tally *tally, int target, int64_t count)
{
	switch (target)
	{
		case METER_INPUT:
		case TARGET_INPUT_TOTAL:
			AddCount(reader, &tally->input, count);
			break;
		case METER_OUTPUT:
		case TARGET_OUTPUT_TOTAL:
			AddCount(reader, &tally->output, count);
			break;
		case METER_CACHE_READ:
			AddInputPart(reader, tally, &tally->cache_read, count);
			break;
		case METER_CACHE_WRITE_1H:
			AddCount(reader, &tally->cache_write_1h, count);
			AddInputPart(reader, tally, &tally->cache_write, count);
			break;
		case METER_CACHE_WRITE:
		case TARGET_CACHE_WRITE_TOTAL:
			AddInputPart(reader, tally, &tally->cache_write, count);
			break;
		case METER_CACHE_READ_AUDIO:
			AddCached(reader, tally, MODALITY_AUDIO, count);
			break;
		case METER_CACHE_READ_IMAGE:
			AddCached(reader, tally, MODALITY_IMAGE, count);
			break;
		case METER_REASONING:
			AddOutputPart(reader, tally, &tally->reasoning, count);
			break;
		case METER_CITATION:
			AddOutputPart(reader, tally, &tally->citation, count);
			break;
		case TARGET_NONE:
			break;
		case METER_REQUESTS:
			tally->requests_stated = true;
			AddCount(reader, &tally->units[METER_REQUESTS], count);
			break;
		default:
			for (Modality m = 0; m < MODALITY_COUNT; m++)
			{
				if (input_meters[m] == (Meter) target)
				{
					AddInputPart(reader, tally, &tally->input_of[m], count);
					return;
				}
				if (output_meters[m] == (Meter) target)
				{
					AddOutputPart(reader, tally, &tally->output_of[m], count);
					return;
				}
			}
			AddCount(reader, &tally->units[target], count);
			break;
	}
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

/* --- From a tally to meters ---------------------------------------------- */

void
SettlePrompt(PayloadReader *reader, Tally *tally, int64_t input, int64_t read, int64_t written,
			 int64_t output, int64_t total)
{
	int64_t		parts = read + written;

	tally->cache_read = read;
	tally->cache_write = written;
	tally->input = input;
	if (parts == 0 && (total < 0 || total == input + output))
		return;
	if (total < 0 ? parts > input : total == input + parts + output)
	{
		tally->disjoint_input = true;
		AddCount(reader, &tally->input, parts);
		return;
	}
	if (total == input + output && parts <= input)
		return;
	if (total < 0)
		Problem(reader, PAYLOAD_UNRECONCILED,
				"Nothing tells whether the %" PRId64 " tokens of the input contain the %" PRId64 " of the cache.", input, parts);
	else
		Problem(reader, PAYLOAD_UNRECONCILED,
				"input %" PRId64 " + cache %" PRId64 " + output %" PRId64 " are not the stated total of %" PRId64 ".",
				input, parts, output, total);
}

/*
 * Prompt side.  A detail that says a modality was cached implies that much of
 * it in the prompt.  Where an API does not say which modality was cached, text
 * is taken first: so much overlap as the counts force, no more.
 */
static void
SplitInput(PayloadReader *reader, const Tally *tally, int64_t *of)
{
	int64_t		cached_text = tally->cache_read;
	int64_t		text = tally->input;
	int64_t		missing;
	int64_t		plain[MODALITY_COUNT];

	if (tally->cache_read > tally->input - tally->cache_write)
	{
		Problem(reader, PAYLOAD_UNRECONCILED,
				"%" PRId64 " tokens read from and %" PRId64 " written to the cache are more than the %" PRId64 " of the input.",
				tally->cache_read, tally->cache_write, tally->input);
		return;
	}
	if (tally->cache_write_1h > tally->cache_write)
	{
		Problem(reader, PAYLOAD_UNRECONCILED,
				"%" PRId64 " tokens written to the cache for one hour are more than the %" PRId64 " written.",
				tally->cache_write_1h, tally->cache_write);
		return;
	}
	for (Modality m = 0; m < MODALITY_COUNT; m++)
	{
		cached_text -= tally->cached_of[m];
		plain[m] = Larger(tally->input_of[m] - tally->cached_of[m], 0);
		text -= plain[m] + tally->cached_of[m];
		of[cached_meters[m]] += tally->cached_of[m];
	}
	if (cached_text < 0 || text < 0)
	{
		Problem(reader, PAYLOAD_UNRECONCILED,
				"The audio, image and video tokens of the %s are more than its %" PRId64 " tokens.",
				text < 0 ? "input" : "cache", text < 0 ? tally->input : tally->cache_read);
		return;
	}

	/* Never more than the sum of plain[], as cached and written fit in the input. */
	missing = Larger(cached_text + tally->cache_write - text, 0);
	text -= cached_text + tally->cache_write - missing;
	for (Modality m = 0; m < MODALITY_COUNT; m++)
	{
		int64_t		overlap = missing < plain[m] ? missing : plain[m];
		int64_t		cached = overlap < cached_text ? overlap : cached_text;

		missing -= overlap;
		plain[m] -= overlap;
		cached_text -= cached;
		of[cached_meters[m]] += cached;
		of[input_meters[m]] = plain[m];
	}
	of[METER_INPUT] = text;
	of[METER_CACHE_READ] += cached_text;
	of[METER_CACHE_WRITE] = tally->cache_write - tally->cache_write_1h;
	of[METER_CACHE_WRITE_1H] = tally->cache_write_1h;
}

/* Answer side: what is neither reasoned, cited, spoken nor drawn is text. */
static void
SplitOutput(PayloadReader *reader, const Tally *tally, int64_t *of)
{
	int64_t		special = tally->reasoning + tally->citation;

	for (Modality m = 0; m < MODALITY_COUNT; m++)
	{
		special += tally->output_of[m];
		of[output_meters[m]] = tally->output_of[m];
	}
	if (special > tally->output)
	{
		Problem(reader, PAYLOAD_UNRECONCILED,
				"%" PRId64 " tokens of reasoning, audio, images and video are more than the %" PRId64 " of the output.",
				special, tally->output);
		return;
	}
	of[METER_OUTPUT] = tally->output - special;
	of[METER_REASONING] = tally->reasoning;
	of[METER_CITATION] = tally->citation;
}

void
TallyToCounts(PayloadReader *reader, const Tally *tally, MeterCounts *counts)
{
	memcpy(counts->of, tally->units, sizeof(counts->of));
	SplitInput(reader, tally, counts->of);
	SplitOutput(reader, tally, counts->of);
	if (!tally->requests_stated)
		counts->of[METER_REQUESTS] = 1;
}

Charge *
AddCharge(PayloadReader *reader, Node *model)
{
	Charge	   *charge = &reader->charges[reader->charge_count];

	if (reader->charge_count == MAX_CHARGES)
	{
		Problem(reader, PAYLOAD_SEVERAL, "The payload was charged for more than %d models.", MAX_CHARGES);
		return NULL;
	}
	reader->charge_count++;
	memset(charge, 0, sizeof(*charge));
	charge->model = model;
	return charge;
}
