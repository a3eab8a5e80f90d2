/*
 * payload_reader.c
 *	  Checked access to a payload's JSON tree, and the one place where
 *	  inclusive counts become disjoint meters.  See payload_reader.h.
 */
#include "payload/payload_reader.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * cJSON keeps numbers as doubles: up to here each integer has one of its own,
 * while 2^53 is also what 2^53 + 1 is rounded to.
 */
#define COUNT_MAX ((INT64_C(1) << 53) - 1)

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

const cJSON *
Member(const cJSON *object, const char *key)
{
	const cJSON *found = NULL;
	const cJSON *child;

	if (!cJSON_IsObject(object))
		return NULL;
	cJSON_ArrayForEach(child, object)
	{
		if (child->string != NULL && strcmp(child->string, key) == 0)
			found = child;
	}
	return cJSON_IsNull(found) ? NULL : found;
}

const cJSON *
MemberAt(const cJSON *object, const char *const *keys)
{
	while (object != NULL && *keys != NULL)
		object = Member(object, *keys++);
	return object;
}

bool
HasAny(const cJSON *object,...)
{
	va_list		keys;
	const char *key;
	bool		found = false;

	va_start(keys, object);
	while (!found && (key = va_arg(keys, const char *)) != NULL)
		found = Member(object, key) != NULL;
	va_end(keys);
	return found;
}

const char *
StringOf(const cJSON *object, const char *key)
{
	const char *string = cJSON_GetStringValue(Member(object, key));

	return string != NULL && string[0] != '\0' ? string : NULL;
}

/* Take a count only if the double that cJSON made of it is exactly that count. */
static int64_t
CheckCount(PayloadReader *reader, const cJSON *item, const char *key)
{
	double		value;

	if (item == NULL)
		return 0;
	if (!cJSON_IsNumber(item))
	{
		Problem(reader, PAYLOAD_BAD_COUNT, "\"%s\" is not a number.", key);
		return 0;
	}
	value = item->valuedouble;
	if (value < 0)
	{
		Problem(reader, PAYLOAD_NEGATIVE, "\"%s\" is %.17g.", key, value);
		return 0;
	}
	if (!(value <= (double) COUNT_MAX))
	{
		Problem(reader, PAYLOAD_BAD_COUNT,
				"\"%s\" is larger than %" PRId64 ", beyond which a JSON number may not be exact.",
				key, COUNT_MAX);
		return 0;
	}
	if (value != (double) (int64_t) value)
	{
		Problem(reader, PAYLOAD_BAD_COUNT, "\"%s\" is %.17g, not an integer.", key, value);
		return 0;
	}
	return (int64_t) value;
}

int64_t
ReadCount(PayloadReader *reader, const cJSON *object, const char *key)
{
	return CheckCount(reader, Member(object, key), key);
}

int64_t
ReadCountAny(PayloadReader *reader, const cJSON *object,...)
{
	va_list		keys;
	const char *key;
	int64_t		largest = 0;

	va_start(keys, object);
	while ((key = va_arg(keys, const char *)) != NULL)
		largest = Larger(largest, ReadCount(reader, object, key));
	va_end(keys);
	return largest;
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
	memset(counts, 0, sizeof(*counts));
	SplitInput(reader, tally, counts->of);
	SplitOutput(reader, tally, counts->of);
	counts->of[METER_REQUESTS] = 1;
	counts->of[METER_WEB_SEARCHES] = tally->web_searches;
	counts->of[METER_IMAGES] = tally->images;
	counts->of[METER_SECONDS] = tally->seconds;
	counts->of[METER_PAGES] = tally->pages;
}
