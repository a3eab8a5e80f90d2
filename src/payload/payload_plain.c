/*
 * payload_plain.c
 *	  The usage that most answers have.  See payload_plain.h.
 */
#include "payload/payload_plain.h"

#include "payload/payload_key.h"

typedef enum Part
{
	PART_USAGE,
	PART_PROMPT,				/* details of the prompt */
	PART_COMPLETION
} Part;

typedef enum Stated
{
	STATED_PROMPT,
	STATED_COMPLETION,
	STATED_TOTAL,
	STATED_CACHED,
	STATED_REASONING,
	STATED_COUNT
} Stated;

typedef struct Plain
{
	const JsonSource *source;
	Part		part;
	bool		is_plain;
	uint32_t	stated;			/* a bit per count */
	int64_t		of[STATED_COUNT];
} Plain;

/* What a name counts there; STATED_COUNT for what has to be zero. */
static Stated
StatedBy(Part part, PayloadKey key)
{
	switch (part)
	{
		case PART_USAGE:
			return key == KEY_prompt_tokens ? STATED_PROMPT :
				key == KEY_completion_tokens ? STATED_COMPLETION :
				key == KEY_total_tokens ? STATED_TOTAL : STATED_COUNT;
		case PART_PROMPT:
			return key == KEY_cached_tokens ? STATED_CACHED : STATED_COUNT;
		case PART_COMPLETION:
			return key == KEY_reasoning_tokens ? STATED_REASONING : STATED_COUNT;
	}
	return STATED_COUNT;
}

/* May it be there, as long as it is zero?  No other name is known here. */
static bool
MayBeZero(Part part, PayloadKey key)
{
	if (part == PART_USAGE)
		return key == KEY_cache_creation_input_tokens || key == KEY_cache_read_input_tokens;
	return key == KEY_audio_tokens || key == KEY_image_tokens ||
		(part == PART_COMPLETION && (key == KEY_accepted_prediction_tokens || key == KEY_rejected_prediction_tokens));
}

static bool Visit(void *context, const char *name, size_t length, const JsonValue *value);

static void
ReadDetails(Plain *plain, Part part, const JsonValue *details)
{
	plain->part = part;
	plain->source->each(details, Visit, plain);
	plain->part = PART_USAGE;
}

static void
ReadMember(Plain *plain, PayloadKey key, const JsonValue *value)
{
	Stated		stated = StatedBy(plain->part, key);
	int64_t		count;

	if (value->kind == JSON_NULL)
		return;
	if (value->kind == JSON_OBJECT && plain->part == PART_USAGE && key == KEY_prompt_tokens_details)
		ReadDetails(plain, PART_PROMPT, value);
	else if (value->kind == JSON_OBJECT && plain->part == PART_USAGE && key == KEY_completion_tokens_details)
		ReadDetails(plain, PART_COMPLETION, value);
	else if (value->kind != JSON_NUMBER || plain->source->count(value, &count) != COUNT_EXACT)
		plain->is_plain = false;
	else if (stated != STATED_COUNT)
	{
		plain->of[stated] = count;
		plain->stated |= UINT32_C(1) << stated;
	}
	else if (count != 0 || !MayBeZero(plain->part, key))
		plain->is_plain = false;
}

static bool
Visit(void *context, const char *name, size_t length, const JsonValue *value)
{
	Plain	   *plain = context;

	ReadMember(plain, name == NULL ? KEY_UNKNOWN : PayloadKeyByName(name, length), value);
	return plain->is_plain;
}

bool
PayloadReadPlain(const JsonSource *source, const JsonValue *usage, MeterCounts *counts)
{
	static const uint32_t needed = 1 << STATED_PROMPT | 1 << STATED_COMPLETION | 1 << STATED_TOTAL;
	Plain		plain = {.source = source,.is_plain = true};
	const int64_t *of = plain.of;

	if (usage->kind != JSON_OBJECT)
		return false;
	source->each(usage, Visit, &plain);
	if (!plain.is_plain || (plain.stated & needed) != needed)
		return false;
	if (of[STATED_TOTAL] == 0 || of[STATED_TOTAL] != of[STATED_PROMPT] + of[STATED_COMPLETION] ||
		of[STATED_CACHED] > of[STATED_PROMPT] || of[STATED_REASONING] > of[STATED_COMPLETION])
		return false;
	*counts = (MeterCounts) {.of = {
		[METER_INPUT] = of[STATED_PROMPT] - of[STATED_CACHED],
		[METER_CACHE_READ] = of[STATED_CACHED],
		[METER_OUTPUT] = of[STATED_COMPLETION] - of[STATED_REASONING],
		[METER_REASONING] = of[STATED_REASONING],
		[METER_REQUESTS] = 1
	}};
	return true;
}
