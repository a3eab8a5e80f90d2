/*
 * payload.c
 *	  Unit tests of the payload readers: what the SQL tests cannot see.  Nothing
 *	  is lost or made up when inclusive counts are split, every failed
 *	  allocation is survived, and no buffer is overrun.  Run under ASan.
 */
#include "payload/payload.h"
#include "payload/payload_key.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

static char problem[PAYLOAD_PROBLEM_SIZE];

/* Parse a copy that ends right after its NUL, so that ASan sees any overrun. */
static PayloadStatus
Parse(const char *text, size_t length, PayloadFlavor flavor, MeterCounts *counts)
{
	char	   *copy = malloc(length + 1);
	Payload		payload = {.source = &json_text_source};
	JsonText	json;
	PayloadStatus status = PAYLOAD_MALFORMED;

	memcpy(copy, text, length);
	copy[length] = '\0';
	memset(counts, 0xff, sizeof(*counts));
	if (JsonTextParse(copy, length, &json))
	{
		payload.root = json.root;
		status = PayloadReadUsage(&payload, flavor, counts, problem, sizeof(problem));
		JsonTextFree(&json);
	}
	free(copy);
	return status;
}

/* A reader of one word of a payload. */
typedef PayloadStatus (*WordReader) (const Payload *payload, char *word, char *why, size_t why_size);

static PayloadStatus
ReadWord(const char *text, WordReader read, char *word)
{
	Payload		payload = {.source = &json_text_source};
	JsonText	json;
	PayloadStatus status;

	if (!JsonTextParse(text, strlen(text), &json))
		return PAYLOAD_MALFORMED;
	payload.root = json.root;
	status = read(&payload, word, problem, sizeof(problem));
	JsonTextFree(&json);
	return status;
}

/* Parse with what the caller says of names. */
static PayloadStatus
ParseNamed(const char *text, const char *names, MeterCounts *counts)
{
	Payload		payload = {.source = &json_text_source, .names_source = &json_text_source};
	JsonText	json,
				named;
	PayloadStatus status = PAYLOAD_MALFORMED;

	if (!JsonTextParse(names, strlen(names), &named))
		return PAYLOAD_MALFORMED;
	if (JsonTextParse(text, strlen(text), &json))
	{
		payload.root = json.root;
		payload.names = named.root;
		status = PayloadReadUsage(&payload, FLAVOR_DETECT, counts, problem, sizeof(problem));
		JsonTextFree(&json);
	}
	JsonTextFree(&named);
	return status;
}

static int64_t
SideTotal(const MeterCounts *counts, uint32_t meters)
{
	int64_t		total = 0;

	for (Meter meter = 0; meter < METER_COUNT; meter++)
	{
		if (meters & METER_BIT(meter))
			total += counts->of[meter];
	}
	return total;
}

static void
TestFlavors(void)
{
	bool		same = true;

	for (PayloadFlavor flavor = FLAVOR_DETECT + 1; flavor < FLAVOR_COUNT; flavor++)
		same = same && PayloadFlavorByName(PayloadFlavorName(flavor), strlen(PayloadFlavorName(flavor))) == flavor;
	Ok(same, "every flavor is found by its name");
	Ok(PayloadFlavorByName("", 0) == FLAVOR_COUNT, "the empty name is no flavor");
	Ok(PayloadFlavorByName("openaix", 6) == FLAVOR_OPENAI, "only the given bytes are looked at");
	Ok(PayloadFlavorByName("OpenAI", 6) == FLAVOR_COUNT, "flavors are lower case");
}

static void
TestText(void)
{
	static const char inner_nul[] = "{\"prompt_tokens\":1}\0{}";
	static const char around[] = " {\"prompt_tokens\":1}\n\t ";
	MeterCounts counts;

	Ok(Parse("", 0, FLAVOR_DETECT, &counts) == PAYLOAD_MALFORMED, "empty text");
	Ok(Parse(inner_nul, sizeof(inner_nul) - 1, FLAVOR_DETECT, &counts) == PAYLOAD_MALFORMED, "a NUL within the text");
	Ok(Parse(around, strlen(around), FLAVOR_DETECT, &counts) == PAYLOAD_OK && counts.of[METER_INPUT] == 1, "white space around");
	Ok(Parse("{\"prompt_tokens\":1}]", 20, FLAVOR_DETECT, &counts) == PAYLOAD_MALFORMED, "text after the value");
}

/* Does a text cut off at any byte give an error and nothing worse? */
static void
TestCutOff(void)
{
	static const char text[] = "[{\"id\":\"a\",\"usage\":{\"input_tokens\":10,\"output_tokens\":5,\"cache_read_input_tokens\":3}}]";
	MeterCounts counts;
	bool		refused = true;

	for (size_t length = 0; length < sizeof(text) - 1; length++)
		refused = refused && Parse(text, length, FLAVOR_DETECT, &counts) == PAYLOAD_MALFORMED;
	Ok(refused, "a text cut off anywhere is malformed");
	Ok(Parse(text, sizeof(text) - 1, FLAVOR_DETECT, &counts) == PAYLOAD_OK, "and whole it is not");
}

static int64_t
Random(int64_t below)
{
	return rand() % below;
}

/*
 * Split random inclusive counts.  Whatever is accepted must keep its totals and
 * what was stated of them; whatever contradicts itself must be refused.
 */
static void
TestSplitKeepsTotals(void)
{
	int			accepted = 0,
				refused = 0,
				wrong = 0;

	srand(1);
	for (int round = 0; round < 20000; round++)
	{
		char		text[512];
		MeterCounts counts;
		const int64_t *of = counts.of;
		int64_t		input = Random(60),
					read = Random(40),
					written = Random(20),
					audio = Random(30),
					image = Random(30),
					cached_audio = Random(12),
					cached_image = Random(12),
					output = Random(60),
					reasoning = Random(40),
					spoken = Random(20);
		bool		possible = read + written <= input && cached_audio + cached_image <= read &&
			(audio > cached_audio ? audio : cached_audio) + (image > cached_image ? image : cached_image) <= input &&
			reasoning + spoken <= output;
		int			length;
		PayloadStatus status;

		length = snprintf(text, sizeof(text),
						  "{\"input_tokens\":%" PRId64 ",\"output_tokens\":%" PRId64 ",\"input_token_details\":"
						  "{\"cached_tokens\":%" PRId64 ",\"cache_write_tokens\":%" PRId64 ",\"audio_tokens\":%" PRId64
						  ",\"image_tokens\":%" PRId64 ",\"cached_tokens_details\":{\"audio_tokens\":%" PRId64
						  ",\"image_tokens\":%" PRId64 "}},\"output_token_details\":{\"reasoning_tokens\":%" PRId64
						  ",\"audio_tokens\":%" PRId64 "}}",
						  input, output, read, written, audio, image, cached_audio, cached_image, reasoning, spoken);
		status = Parse(text, (size_t) length, FLAVOR_DETECT, &counts);
		if (!possible)
		{
			refused++;
			wrong += status != PAYLOAD_UNRECONCILED;
			continue;
		}
		accepted++;
		wrong += status != PAYLOAD_OK ||
			SideTotal(&counts, METERS_OF_INPUT) != input ||
			SideTotal(&counts, METERS_OF_OUTPUT) != output ||
			of[METER_CACHE_READ] + of[METER_CACHE_READ_AUDIO] + of[METER_CACHE_READ_IMAGE] != read ||
			of[METER_CACHE_WRITE] != written ||
			of[METER_CACHE_READ_AUDIO] < cached_audio ||
			of[METER_INPUT_AUDIO] + of[METER_CACHE_READ_AUDIO] > (audio > cached_audio ? audio : cached_audio) ||
			of[METER_REASONING] != reasoning || of[METER_OUTPUT_AUDIO] != spoken;
		for (Meter meter = 0; meter < METER_COUNT; meter++)
			wrong += of[meter] < 0;
	}
	Ok(wrong == 0, "split counts keep their totals, contradictions are refused");
	Ok(accepted > 500 && refused > 500, "both happened often");
}

/* Counts at the end of the exact range must not overflow when they are added. */
static void
TestLargeCounts(void)
{
	MeterCounts counts;
	const char *sum = "{\"input_tokens\":9007199254740991,\"cache_read_input_tokens\":9007199254740991,\"output_tokens\":1}";
	const char *details = "{\"usageMetadata\":{\"promptTokenCount\":9007199254740991,\"promptTokensDetails\":["
		"{\"modality\":\"AUDIO\",\"tokenCount\":9007199254740991},{\"modality\":\"AUDIO\",\"tokenCount\":9007199254740991}]}}";

	Ok(Parse(sum, strlen(sum), FLAVOR_DETECT, &counts) == PAYLOAD_BAD_COUNT, "a sum beyond the exact range");
	Ok(Parse(details, strlen(details), FLAVOR_DETECT, &counts) == PAYLOAD_BAD_COUNT, "a sum of details beyond it");
}

static void
TestBuffers(void)
{
	char		text[4096];
	char		model[PAYLOAD_MODEL_SIZE];
	char		tier[PAYLOAD_TIER_SIZE];
	char		small[8];
	Payload		payload = {.source = &json_text_source};
	JsonText	json;
	MeterCounts counts;
	int			length;

	length = snprintf(text, sizeof(text), "{\"model\":\"%01023d\",\"service_tier\":\"%063d\"}", 7, 7);
	Ok(ReadWord(text, PayloadReadModel, model) == PAYLOAD_OK && strlen(model) == 1023, "the longest model");
	Ok(ReadWord(text, PayloadReadServiceTier, tier) == PAYLOAD_OK && strlen(tier) == 63, "the longest tier");
	length = snprintf(text, sizeof(text), "{\"model\":\"%01024d\",\"service_tier\":\"%064d\"}", 7, 7);
	Ok(ReadWord(text, PayloadReadModel, model) == PAYLOAD_MALFORMED, "a model too long");
	Ok(ReadWord(text, PayloadReadServiceTier, tier) == PAYLOAD_MALFORMED, "a tier too long");
	length = snprintf(text, sizeof(text), "[{\"id\":\"%0600d\",\"usage\":{\"prompt_tokens\":1}},{\"id\":\"%0601d\",\"usage\":{\"prompt_tokens\":1}}]", 1, 2);
	Ok(Parse(text, (size_t) length, FLAVOR_DETECT, &counts) == PAYLOAD_SEVERAL && strlen(problem) < sizeof(problem), "a long problem is cut");
	Ok(JsonTextParse("{}", 2, &json), "an empty object");
	payload.root = json.root;
	Ok(PayloadReadUsage(&payload, FLAVOR_DETECT, &counts, small, sizeof(small)) == PAYLOAD_NO_USAGE && strlen(small) == 7, "to the size of the buffer");
	JsonTextFree(&json);
}

/* Every name is found, and is of one kind. */
static void
TestKeys(void)
{
#define COUNTED(ident) found = found && PayloadKeyByName(#ident, strlen(#ident)) == KEY_##ident;
#define COUNTED_NAMED(ident, name) found = found && PayloadKeyByName(name, strlen(name)) == KEY_##ident;
#define COUNTED_FREE(ident, reason) COUNTED(ident) free = free && PayloadKeyIsFree(KEY_##ident) && sizeof(reason) > 1;
	bool		found = true;
	bool		free = true;

	PAYLOAD_KEYS(COUNTED, COUNTED_NAMED, COUNTED_FREE)
	Ok(found, "every name has a key of its own");
	Ok(free, "what is free is known to be, with a reason");
	Ok(PayloadKeyByName("", 0) == KEY_UNKNOWN && PayloadKeyByName("prompt_token", 12) == KEY_UNKNOWN &&
	   PayloadKeyByName("prompt_tokensx", 13) == KEY_prompt_tokens, "others have none, and only the given bytes are looked at");
	Ok(!PayloadKeyIsFree(KEY_prompt_tokens) && !PayloadKeyIsFree(KEY_UNKNOWN), "the others are not free");
}

/* Deep and broad payloads are read or refused, at the depth of a usage and beyond. */
static void
TestNesting(void)
{
	char		text[8192];
	size_t		length;
	MeterCounts counts;
	bool		refused = true;

	for (int depth = 1; depth < 60; depth++)
	{
		length = (size_t) snprintf(text, sizeof(text), "{\"prompt_tokens\":1,\"completion_tokens\":1");
		for (int i = 0; i < depth; i++)
			length += (size_t) snprintf(text + length, sizeof(text) - length, ",\"a%d\":{\"b\":0", i);
		length += (size_t) snprintf(text + length, sizeof(text) - length, ",\"deep\":1");
		for (int i = 0; i <= depth; i++)
			text[length++] = '}';
		refused = refused && Parse(text, length, FLAVOR_DETECT, &counts) == PAYLOAD_UNKNOWN_NAME;
	}
	Ok(refused, "a count that is not known is found at any depth");
	length = (size_t) snprintf(text, sizeof(text), "{\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1");
	for (int i = 0; i < 400; i++)
		length += (size_t) snprintf(text + length, sizeof(text) - length, ",\"none%d\":0", i);
	length += (size_t) snprintf(text + length, sizeof(text) - length, ",\"last\":1}}");
	Ok(Parse(text, length, FLAVOR_DETECT, &counts) == PAYLOAD_UNKNOWN_NAME && strstr(problem, "\"last\"") != NULL,
	   "and named, after hundreds that are zero");
}

static void
TestNames(void)
{
	MeterCounts counts;

	Ok(ParseNamed("{\"usage\":{\"in\":5,\"out\":2}}", "{\"in\":\"input\",\"out\":\"output\"}", &counts) == PAYLOAD_OK &&
	   counts.of[METER_INPUT] == 5 && counts.of[METER_OUTPUT] == 2 && counts.of[METER_REQUESTS] == 1, "names of the caller");
	Ok(ParseNamed("{\"prompt_tokens\":5,\"completion_tokens\":2,\"new\":3}", "{\"new\":\"cache_read\"}", &counts) == PAYLOAD_OK &&
	   counts.of[METER_INPUT] == 2 && counts.of[METER_CACHE_READ] == 3, "a part of an inclusive prompt");
	Ok(ParseNamed("{\"input_tokens\":5,\"output_tokens\":2,\"cache_read_input_tokens\":0,\"new\":3}", "{\"new\":\"cache_read\"}", &counts) == PAYLOAD_OK &&
	   counts.of[METER_INPUT] == 5 && counts.of[METER_CACHE_READ] == 3, "and on top of an exclusive one");
	Ok(ParseNamed("{\"prompt_tokens\":5}", "{\"new\":\"imput\"}", &counts) == PAYLOAD_BAD_NAMES &&
	   ParseNamed("{\"prompt_tokens\":5}", "[]", &counts) == PAYLOAD_BAD_NAMES &&
	   ParseNamed("{\"prompt_tokens\":5}", "{\"new\":5}", &counts) == PAYLOAD_BAD_NAMES, "names that make no sense");
}

/* An allocator that fails at the allocation it is told to. */
static int	allocations_left;

static void *
Allocate(size_t size)
{
	return allocations_left-- > 0 ? malloc(size) : NULL;
}

static void
TestFailedAllocations(void)
{
	static const char text[] = "[{\"id\":\"a\",\"usage\":{\"prompt_tokens\":7,\"prompt_tokens_details\":{\"cached_tokens\":2}}},"
		"{\"id\":\"a\",\"usage\":{\"prompt_tokens\":8,\"prompt_tokens_details\":{\"cached_tokens\":3},\"completion_tokens\":4}}]";
	cJSON_Hooks failing = {Allocate, free};
	MeterCounts counts;
	PayloadStatus status = PAYLOAD_MALFORMED;
	int			allocations = 0;
	bool		told = true;

	cJSON_InitHooks(&failing);
	while (status != PAYLOAD_OK && allocations < 1000)
	{
		allocations_left = allocations++;
		status = Parse(text, sizeof(text) - 1, FLAVOR_DETECT, &counts);
		told = told && (status == PAYLOAD_OK || status == PAYLOAD_MALFORMED || status == PAYLOAD_OUT_OF_MEMORY);
	}
	cJSON_InitHooks(NULL);
	Ok(told && status == PAYLOAD_OK && allocations > 20, "every failed allocation is an error, until none fails");
	Ok(counts.of[METER_INPUT] == 5 && counts.of[METER_CACHE_READ] == 3 && counts.of[METER_OUTPUT] == 4, "and then the counts are right");
}

int
main(void)
{
	TestFlavors();
	TestText();
	TestCutOff();
	TestSplitKeepsTotals();
	TestLargeCounts();
	TestBuffers();
	TestKeys();
	TestNesting();
	TestNames();
	TestFailedAllocations();
	return Done();
}
