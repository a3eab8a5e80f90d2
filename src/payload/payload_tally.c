/*
 * payload_tally.c
 *	  The tally of a usage: adding to it by meter, and the one place where its
 *	  inclusive counts become disjoint meters.
 *
 * Invariant: counts that do not fit into one another are a problem; none is cut.
 */
#include "payload/payload_reader.h"

#include <inttypes.h>
#include <string.h>

static const Meter input_meters[MODALITY_COUNT] = {METER_INPUT_AUDIO, METER_INPUT_IMAGE, METER_INPUT_VIDEO};

/* Cached video has no meter of its own: it is read from the cache like text. */
static const Meter cached_meters[MODALITY_COUNT] = {METER_CACHE_READ_AUDIO, METER_CACHE_READ_IMAGE, METER_CACHE_READ};
static const Meter output_meters[MODALITY_COUNT] = {METER_OUTPUT_AUDIO, METER_OUTPUT_IMAGE, METER_OUTPUT_VIDEO};

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
