/*
 * model_rewrite.c
 *	  The rules that rewrite a reading of a model's name; model_rewrite.h says what
 *	  they promise, model_resolve.h in which order they come and why.
 *
 * Invariant: a rewriting that would not fit its buffer does not apply.
 *
 * One room, though long: each rule is a small function of its own, and the table
 * of them at the end is the order in which they are tried.  A new one is a
 * function and a line of the table.
 *
 * Pure C: no postgres.h.  Nothing here allocates.
 */
#include "model/model_rewrite.h"
#include "model/provider_name.h"

#include <stdio.h>

static bool
IsDigit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
IsLower(char c)
{
	return c >= 'a' && c <= 'z';
}

bool
ReadingCutHead(Reading *reading, size_t length)
{
	if (reading->model[length] == '\0')
		return false;
	return CopyText(reading->model, sizeof(reading->model),
					reading->model + length, strlen(reading->model + length));
}

/* Put a prefix before the model, if the whole fits. */
static bool
AddHead(Reading *reading, const char *head)
{
	size_t		added = strlen(head);
	size_t		length = strlen(reading->model);

	if (added + length >= sizeof(reading->model))
		return false;
	memmove(reading->model + added, reading->model, length + 1);
	memcpy(reading->model, head, added);
	return true;
}

/* Turn each `old` between two lone digits into `new`: the 4.5 of "4.5-20250929". */
static void
ReplacePoints(char *text, char old, char new)
{
	if (text[0] == '\0')
		return;
	for (char *point = text + 1; *point != '\0'; point++)
	{
		if (*point == old && IsDigit(point[-1]) && IsDigit(point[1]) && !IsDigit(point[2]) &&
			(point == text + 1 || !IsDigit(point[-2])))
			*point = new;
	}
}

/* Is the reading of this provider, under any spelling? */
static bool
IsOf(const Reading *reading, const char *provider)
{
	const char *const *family = ProviderFamily(reading->provider);

	return family != NULL && strcmp(family[0], provider) == 0;
}

void
ReadingSetProvider(Reading *reading, const char *provider, bool prefers)
{
	if ((reading->provider[0] != '\0' && !reading->prefers) || (prefers && reading->no_preference))
		return;
	CopyText(reading->provider, sizeof(reading->provider), provider, strlen(provider));
	reading->prefers = prefers;
}

/* Length of the vendor and dot of a Bedrock id ("anthropic."), or 0. */
static size_t
VendorLength(const char *model)
{
	size_t		length = 0;

	while (IsLower(model[length]) || IsDigit(model[length]))
		length++;
	return length > 0 && model[length] == '.' && IsLower(model[length + 1]) ? length + 1 : 0;
}

static bool
IsBedrockId(const Reading *reading)
{
	if (reading->provider[0] != '\0' && !IsOf(reading, "aws"))
		return false;
	return VendorLength(reading->model) > 0;
}

bool
ReadingCutProxy(Reading *reading)
{
	if (StartsWith(reading->model, "litellm/"))
		return ReadingCutHead(reading, strlen("litellm/"));
	if (StartsWith(reading->model, "litellm_proxy/"))
		return ReadingCutHead(reading, strlen("litellm_proxy/"));
	return false;
}

/* A region as Azure paths ("eu") and AWS ("us-gov-west-1") spell it. */
static bool
IsRegion(const char *text, size_t length)
{
	if (length == 2)
		return strncmp(text, "us", 2) == 0 || strncmp(text, "eu", 2) == 0;
	if (length == strlen("global") && StartsWith(text, "global"))
		return true;
	return length >= strlen("us-x-1") && IsLower(text[0]) && IsLower(text[1]) && text[2] == '-' &&
		text[length - 2] == '-' && IsDigit(text[length - 1]);
}

/* bedrock/converse/, bedrock/us-east-1/, azure/eu/ */
static bool
ReadRoute(Reading *reading)
{
	static const char *const routes[] = {
		"converse/", "converse_like/", "invoke/", "mantle/", "global-standard/", "standard/", "data-zone-standard/", "regional/"
	};
	bool		applies = false;
	size_t		length;

	if (!IsOf(reading, "aws") && !IsOf(reading, "azure"))
		return false;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
	{
		if (StartsWith(reading->model, routes[i]))
			applies |= ReadingCutHead(reading, strlen(routes[i]));
	}
	length = strcspn(reading->model, "/");
	if (reading->model[length] == '/' && reading->model[length + 1] != '\0' &&
		IsRegion(reading->model, length) &&
		CopyText(reading->region, sizeof(reading->region), reading->model, length))
		applies |= ReadingCutHead(reading, length + 1);
	return applies;
}

/* What follows a path in which '*' stands for one part, or NULL; *part is the last such. */
static const char *
AfterPath(const char *name, const char *path, const char **part)
{
	for (; *path != '\0'; path++)
	{
		if (*path == '*')
		{
			*part = name;
			name += strcspn(name, "/");
		}
		else if (*name++ != *path)
			return NULL;
	}
	return name;
}

static bool
ReadPath(Reading *reading)
{
	static const struct
	{
		const char *path;
		const char *provider;
		bool		prefers;
	}			paths[] = {
		{"models/", "gemini", true},
		{"publishers/*/models/", "vertex_ai", false},
		{"accounts/fireworks/models/", "fireworks", false}
	};
	const char *region = NULL;
	const char *place = AfterPath(reading->model, "projects/*/locations/*/", &region);

	if (place != NULL &&
		!CopyText(reading->region, sizeof(reading->region), region, strcspn(region, "/")))
		return false;
	if (place != NULL && !ReadingCutHead(reading, place - reading->model))
		return false;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
	{
		const char *part;
		const char *model = AfterPath(reading->model, paths[i].path, &part);

		if (model == NULL || !ReadingCutHead(reading, model - reading->model))
			continue;
		ReadingSetProvider(reading, paths[i].provider, paths[i].prefers);
		return true;
	}
	return place != NULL;
}

/* arn:PARTITION:bedrock:REGION:ACCOUNT:TYPE/MODEL */
static bool
ReadArn(Reading *reading)
{
	const char *part[5];
	const char *rest = reading->model;

	if (!StartsWith(rest, "arn:"))
		return false;
	for (int i = 0; i < 5; i++)
	{
		part[i] = rest;
		rest = strchr(rest, ':');
		if (rest == NULL)
			return false;
		rest++;
	}
	if (!StartsWith(part[2], "bedrock:"))
		return false;
	rest += strcspn(rest, "/");
	if (*rest == '\0' ||
		!CopyText(reading->region, sizeof(reading->region), part[3], part[4] - part[3] - 1) ||
		!ReadingCutHead(reading, rest + 1 - reading->model))
		return false;
	ReadingSetProvider(reading, "aws", false);
	return true;
}

/*
 * The geography of a Bedrock inference profile: eu.anthropic...., or the one that
 * an answer of Anthropic says it stayed in, as parse_model() puts it: us.claude-....
 */
static bool
ReadProfile(Reading *reading)
{
	static const char *const zones[] = {"us.", "eu.", "apac.", "au.", "ca.", "jp.", "global.", "us-gov.", "sa.", "mx.", "in.", "me.", "uk."};

	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
	{
		size_t		length = strlen(zones[i]);
		const char *seller;

		if (!StartsWith(reading->model, zones[i]))
			continue;
		seller = VendorLength(reading->model + length) > 0 ? "aws" :
			StartsWith(reading->model + length, "claude-") ? "anthropic" : NULL;
		if (seller == NULL || (reading->provider[0] != '\0' && !IsOf(reading, seller)))
			return false;
		CopyText(reading->region, sizeof(reading->region), zones[i], length - 1);
		ReadingSetProvider(reading, seller, true);
		return ReadingCutHead(reading, length);
	}
	return false;
}

/* genai-prices has one id for all geographies but the global one. */
static bool
AddRegional(Reading *reading)
{
	if (!IsBedrockId(reading) || strcmp(reading->region, "global") == 0)
		return false;
	ReadingSetProvider(reading, "aws", false);
	return AddHead(reading, "regional.");
}

/* claude-sonnet-4-5@20250929; @default is no date */
static bool
ReadVertexDate(Reading *reading)
{
	char	   *date = strrchr(reading->model, '@');

	if (date == NULL || date == reading->model)
		return false;
	*date = strcmp(date, "@default") == 0 ? '\0' : '-';
	ReadingSetProvider(reading, "vertex_ai", true);
	return true;
}

/* Cut an ending off; false when the name does not end so, or is nothing else. */
static bool
CutEnd(Reading *reading, const char *end)
{
	size_t		length = strlen(reading->model);

	if (length <= strlen(end) || !EndsWith(reading->model, end))
		return false;
	reading->model[length - strlen(end)] = '\0';
	return true;
}

/* The context size that ends a Bedrock id (:28k) or a name of Claude Code ([1m]); the price is by what is sent. */
static bool
CutContextSize(Reading *reading)
{
	char	   *colon = strrchr(reading->model, ':');
	size_t		digits;

	if (CutEnd(reading, "[1m]") || CutEnd(reading, "[1M]"))
		return true;
	if (colon == NULL || colon == reading->model || !IsBedrockId(reading))
		return false;
	digits = strspn(colon + 1, "0123456789");
	if (digits == 0 || strcmp(colon + 1 + digits, "k") != 0)
		return false;
	*colon = '\0';
	return true;
}

/*
 * The same model asked otherwise: what it thinks or searches is counted by its own
 * meters.  A model that OpenRouter gives away is none of its paid ones.
 */
static bool
CutVariant(Reading *reading)
{
	static const char *const ends[] = {":thinking", ":beta", ":online"};
	const char *slash = strrchr(reading->model, '/');
	bool		is_claude = StartsWith(slash == NULL ? reading->model : slash + 1, "claude-");
	bool		applies = CutContextSize(reading);

	if (IsOf(reading, "openrouter") || (reading->provider[0] == '\0' && slash != NULL))
	{
		if (CutEnd(reading, ":free"))
		{
			ReadingSetProvider(reading, "openrouter", false);
			return CopyText(reading->model, sizeof(reading->model), "openrouter/free", strlen("openrouter/free"));
		}
	}
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		applies |= CutEnd(reading, ends[i]);
	if (is_claude)
		applies |= CutEnd(reading, "-thinking");
	return applies;
}

/* OpenRouter's choice among the hosts of a model, whose prices differ: a guess. */
static bool
CutRouting(Reading *reading)
{
	static const char *const ends[] = {":floor", ":nitro", ":exacto", ":extended"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
	{
		if (CutEnd(reading, ends[i]))
			return true;
	}
	return false;
}

/* The number format of open weights, which a host may sell at another price: a guess. */
static bool
CutQuantization(Reading *reading)
{
	static const char *const ends[] = {
		"fp8", "fp16", "bf16", "fp4", "nvfp4", "mxfp4", "int8", "int4", "awq", "gptq", "w4a16", "w8a8"
	};
	char		end[16];
	char		lower[MODEL_NAME_SIZE];

	CopyText(lower, sizeof(lower), reading->model, strlen(reading->model));
	LowerCase(lower);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
	{
		snprintf(end, sizeof(end), "-%s", ends[i]);
		if (strlen(lower) > strlen(end) && EndsWith(lower, end))
		{
			reading->model[strlen(lower) - strlen(end)] = '\0';
			return true;
		}
	}
	return false;
}

/* ft:BASE:ORG:NAME:ID as OpenAI spells it, BASE.ft-ID as Azure does, to ft:BASE */
static bool
ReadFineTune(Reading *reading)
{
	char	   *end;

	if (StartsWith(reading->model, "ft:"))
	{
		end = strchr(reading->model + strlen("ft:"), ':');
		if (end != NULL)
			*end = '\0';
		return end != NULL;
	}
	end = strstr(reading->model, ".ft-");
	if (end == NULL || end == reading->model)
		return false;
	*end = '\0';
	return AddHead(reading, "ft:");
}

static bool
CutVendor(Reading *reading)
{
	if (!IsBedrockId(reading))
		return false;
	ReadingSetProvider(reading, "aws", false);
	return ReadingCutHead(reading, VendorLength(reading->model));
}

/* Add the version that a Bedrock id lacks. */
static bool
AddVersion(Reading *reading, const char *version)
{
	size_t		length = strlen(reading->model);

	if (!IsBedrockId(reading))
		return false;
	ReadingSetProvider(reading, "aws", false);
	return CopyText(reading->model + length, sizeof(reading->model) - length, version, strlen(version));
}

static bool
AddV1(Reading *reading)
{
	return AddVersion(reading, "-v1");
}

static bool
AddV1Revision(Reading *reading)
{
	size_t		length = strlen(reading->model);
	bool		versioned = length > 3 && strncmp(reading->model + length - 3, "-v", 2) == 0 &&
		IsDigit(reading->model[length - 1]);

	return AddVersion(reading, versioned ? ":0" : "-v1:0");
}

static bool
AddRevision(Reading *reading)
{
	return AddVersion(reading, "-1:0");
}

/* The :0 that ends a Bedrock id. */
static bool
CutRevision(Reading *reading)
{
	size_t		length = strlen(reading->model);

	if ((!IsOf(reading, "aws") && !IsBedrockId(reading)) || length < 3 ||
		reading->model[length - 2] != ':' || !IsDigit(reading->model[length - 1]))
		return false;
	reading->model[length - 2] = '\0';
	return true;
}

/* The -v2, -v2:0 or -v1:0:200k that ends a Bedrock id. */
static bool
CutVersion(Reading *reading)
{
	char	   *version = strstr(reading->model, "-v");
	char	   *next;

	if (!IsOf(reading, "aws") && !IsBedrockId(reading))
		return false;
	while (version != NULL && (next = strstr(version + 1, "-v")) != NULL)
		version = next;
	if (version == NULL || version == reading->model || !IsDigit(version[2]))
		return false;
	next = version + 2;
	while (IsDigit(*next))
		next++;
	if (*next != '\0' && *next != ':')
		return false;
	*version = '\0';
	return true;
}

/* Two digits as a number from low to high? */
static bool
IsBetween(const char *digits, int low, int high)
{
	int			number = (digits[0] - '0') * 10 + digits[1] - '0';

	return number >= low && number <= high;
}

/*
 * Does a text end like this shape?  Y, M and D are the digits of a year from
 * 2020 to 2099 (or its last two), month and day; N is any digit.
 */
static bool
EndsLike(const char *text, const char *shape)
{
	size_t		length = strlen(shape);

	if (strlen(text) <= length)
		return false;
	text += strlen(text) - length;
	for (size_t i = 0; i < length; i++)
	{
		bool		letter = shape[i] >= 'A' && shape[i] <= 'Z';
		bool		pair = letter && shape[i + 1] == shape[i];

		if (letter ? !IsDigit(text[i]) : text[i] != shape[i])
			return false;
		if (!pair || !IsDigit(text[i + 1]) || shape[i] == 'N')
			continue;
		if ((shape[i] == 'Y' && !IsBetween(text + i, 20, 99)) ||
			(shape[i] == 'M' && !IsBetween(text + i, 1, 12)) ||
			(shape[i] == 'D' && !IsBetween(text + i, 1, 31)))
			return false;
		i++;
	}
	return true;
}

/* The date of a snapshot; -002 is one of a Gemini, but another model elsewhere. */
static bool
CutDate(Reading *reading)
{
	static const char *const shapes[] = {
		":20YYMMDD-vN", "-20YY-MM-DD", "-20YYMMDD", "-MM-20YY", "-MM-DD", "-YYMMDD", "-MMDD", "-YYMM", "-latest", "-0NN"
	};
	const char *slash = strrchr(reading->model, '/');
	bool		is_gemini = StartsWith(slash == NULL ? reading->model : slash + 1, "gemini-");

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
	{
		if (!EndsLike(reading->model, shapes[i]) || (EndsWith(shapes[i], "NN") && !is_gemini))
			continue;
		reading->model[strlen(reading->model) - strlen(shapes[i])] = '\0';
		return true;
	}
	return false;
}

static bool
AddLatest(Reading *reading)
{
	size_t		length = strlen(reading->model);

	if (length == 0 || EndsWith(reading->model, "-latest"))
		return false;
	return CopyText(reading->model + length, sizeof(reading->model) - length,
					"-latest", strlen("-latest"));
}

/* An undated name may be another provider's, where the dated one's has name-latest. */
static bool
DateToLatest(Reading *reading)
{
	return CutDate(reading) && AddLatest(reading);
}

const ReadingRule reading_rules[] = {
	{MODEL_RULE_ROUTE, true, ReadRoute},
	{MODEL_RULE_PATH, true, ReadPath},
	{MODEL_RULE_ARN, true, ReadArn},
	{MODEL_RULE_PROFILE, true, ReadProfile},
	{MODEL_RULE_PROFILE, false, AddRegional},
	{MODEL_RULE_VERTEX_DATE, true, ReadVertexDate},
	{MODEL_RULE_VARIANT, true, CutVariant},
	{MODEL_RULE_FINE_TUNE, true, ReadFineTune},
	{MODEL_RULE_VERSION, false, CutRevision},
	{MODEL_RULE_VERSION, false, AddV1Revision},
	{MODEL_RULE_VERSION, false, AddV1},
	{MODEL_RULE_VERSION, false, AddRevision},
	{MODEL_RULE_VENDOR, false, CutVendor},
	{MODEL_RULE_VERSION, true, CutVersion},
	{MODEL_RULE_VENDOR, false, CutVendor},
	{MODEL_RULE_ROUTING, true, CutRouting},
	{MODEL_RULE_QUANTIZATION, true, CutQuantization},
	{MODEL_RULE_LATEST, false, DateToLatest},
	{MODEL_RULE_DATED_SNAPSHOT, true, CutDate},
	{MODEL_RULE_VENDOR, true, CutVendor},
	{MODEL_RULE_LATEST, false, AddLatest}
};

const int	reading_rule_count = sizeof(reading_rules) / sizeof(reading_rules[0]);

bool
ReadingRewrite(const Reading *reading, const ReadingRule *rule, Reading *rewritten)
{
	*rewritten = *reading;
	if (!rule->rewrite(rewritten))
		return false;
	rewritten->rule = BolderRule(reading->rule, rule->rule);
	return true;
}

bool
ReadingRespell(const char *model, Spelling spelling, char *spelled)
{
	char		lower[MODEL_NAME_SIZE];

	CopyText(lower, sizeof(lower), model, strlen(model));
	LowerCase(lower);
	for (char *space = strchr(lower, ' '); space != NULL; space = strchr(space, ' '))
		*space = '-';
	memcpy(spelled, lower, sizeof(lower));
	switch (spelling)
	{
		case SPELLING_AS_WRITTEN:
			CopyText(spelled, MODEL_NAME_SIZE, model, strlen(model));
			return true;
		case SPELLING_LOWER:
			return strcmp(spelled, model) != 0;
		case SPELLING_DASHED:
			ReplacePoints(spelled, '.', '-');
			return strcmp(spelled, lower) != 0;
		case SPELLING_DOTTED:
			ReplacePoints(spelled, '-', '.');
			return strcmp(spelled, lower) != 0;
	}
	return false;
}
