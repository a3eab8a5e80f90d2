/*
 * model_resolve.c
 *	  The rules by which a name leads to a model: see model_resolve.h for their order.
 *
 * Invariant: the first look-up that is not MODEL_UNKNOWN ends the search; only a
 * search that found nothing at all looks for suggestions.
 *
 * Pure C: no postgres.h.  Nothing here allocates.
 */
#include "model/model_resolve.h"
#include "model/model_rewrite.h"
#include "model/name_pattern.h"
#include "model/provider_name.h"

#include <stdio.h>
#include <string.h>

typedef struct Search
{
	const ModelDirectory *directory;
	int64_t		at;
	ModelMatch *match;
	Reading		reading;		/* the one being looked up */
	bool		respelled;		/* its model is not spelled as read */
	char		no_alias[MODEL_NAME_SIZE];	/* the name that was last found to be none */
} Search;

/* Looks up one model name of the reading; MODEL_UNKNOWN goes on. */
typedef ModelStatus (*LookUp) (Search *search, const char *model);

/* Looks up the reading; MODEL_UNKNOWN goes on. */
typedef ModelStatus (*Visit) (Search *search);

static void
NoteRule(Search *search, ModelRule rule)
{
	rule = BolderRule(rule, search->reading.rule);
	search->match->rule = search->respelled ? BolderRule(rule, MODEL_RULE_SPELLING) : rule;
}

static bool
FindAlias(Search *search, const char *name, ModelRef *ref)
{
	const ModelDirectory *directory = search->directory;

	if (strcmp(name, search->no_alias) == 0)
		return false;
	ref->guessed = false;
	if (directory->alias(directory->arg, name, search->at, ref,
						 &search->match->from, &search->match->to))
		return true;
	CopyText(search->no_alias, sizeof(search->no_alias), name, strlen(name));
	return false;
}

/* The model of its maker, whose name it has under one spelling or another. */
static ModelStatus
LookUpMaker(Search *search, const char *model)
{
	const ModelDirectory *directory = search->directory;
	ModelMatch *match = search->match;
	const char *maker = MakerOf(model);

	if (FindAlias(search, model, &match->ref))
	{
		NoteRule(search, MODEL_RULE_ALIAS);
		return MODEL_FOUND;
	}
	if (maker == NULL || directory->find(directory->arg, maker, model, &match->ref, 1) <= 0)
		return MODEL_UNKNOWN;
	match->ref.guessed = false;
	NoteRule(search, MODEL_RULE_EXACT);
	return MODEL_FOUND;
}

/* Is the model another's than its maker's, whose prices are known? */
static bool
IsNotItsMakers(Search *search, const char *model, const char *provider)
{
	const char *maker = MakerOf(model);

	return maker != NULL && strcmp(maker, provider) != 0 && search->directory->is_provider(search->directory->arg, maker);
}

/* The model of whoever has it; where its maker sells models and not this one, who is meant is a guess. */
static ModelStatus
LookUpBare(Search *search, const char *model)
{
	const ModelDirectory *directory = search->directory;
	ModelMatch *match = search->match;
	int			count;

	if (FindAlias(search, model, &match->ref))
	{
		NoteRule(search, MODEL_RULE_ALIAS);
		return MODEL_FOUND;
	}
	count = directory->find(directory->arg, NULL, model, match->candidates, MODEL_CANDIDATES);
	if (count <= 0)
		return MODEL_UNKNOWN;
	if (count > 1)
	{
		match->provider_count = count;
		match->candidate_count = count < MODEL_CANDIDATES ? count : MODEL_CANDIDATES;
		return MODEL_AMBIGUOUS;
	}
	match->ref = match->candidates[0];
	match->ref.guessed = IsNotItsMakers(search, model, match->ref.provider);
	NoteRule(search, MODEL_RULE_EXACT);
	return MODEL_FOUND;
}

/* The model of the provider of this very spelling. */
static ModelStatus
LookUpAt(Search *search, const char *provider, const char *model)
{
	const ModelDirectory *directory = search->directory;
	bool		is_provider = directory->is_provider(directory->arg, provider);
	char		name[MODEL_NAME_SIZE];
	ModelRef	ref;

	if (!is_provider && strcmp(provider, search->reading.provider) != 0)
		return MODEL_UNKNOWN;
	if ((snprintf(name, sizeof(name), "%s/%s", provider, model) < (int) sizeof(name) &&
		 FindAlias(search, name, &ref)) ||
		(FindAlias(search, model, &ref) &&
		 strcmp(ref.provider, provider) == 0 && strcmp(ref.model, model) != 0))
	{
		search->match->ref = ref;
		NoteRule(search, MODEL_RULE_ALIAS);
		return MODEL_FOUND;
	}
	if (!is_provider || directory->find(directory->arg, provider, model, &ref, 1) <= 0)
		return MODEL_UNKNOWN;
	search->match->ref = ref;
	search->match->ref.guessed = false;
	NoteRule(search, MODEL_RULE_EXACT);
	return MODEL_FOUND;
}

/* The model of the reading's provider, under any spelling of the provider. */
static ModelStatus
LookUpWithProvider(Search *search, const char *model)
{
	const char *provider = search->reading.provider;
	const char *const *family = ProviderFamily(provider);
	ModelStatus status = LookUpAt(search, provider, model);

	for (; status == MODEL_UNKNOWN && family != NULL && *family != NULL; family++)
	{
		if (strcmp(*family, provider) != 0)
			status = LookUpAt(search, *family, model);
	}
	return status;
}

/* For the hint when all failed: whoever has the model, or the base of a fine-tuned one. */
static ModelStatus
Suggest(Search *search, const char *model)
{
	const ModelDirectory *directory = search->directory;
	ModelMatch *match = search->match;
	ModelRef	refs[MODEL_CANDIDATES];
	int			count;

	if (StartsWith(model, "ft:"))
		model += strlen("ft:");
	count = directory->find(directory->arg, NULL, model, refs, MODEL_CANDIDATES);
	for (int i = 0; i < count && i < MODEL_CANDIDATES; i++)
	{
		bool		listed = match->candidate_count == MODEL_CANDIDATES;

		for (int j = 0; j < match->candidate_count && !listed; j++)
			listed = strcmp(match->candidates[j].provider, refs[i].provider) == 0 &&
				strcmp(match->candidates[j].model, refs[i].model) == 0;
		if (!listed)
			match->candidates[match->candidate_count++] = refs[i];
	}
	return MODEL_UNKNOWN;
}

/* Look the model up as written, then in each other spelling. */
static ModelStatus
LookUpSpellings(Search *search, LookUp look_up)
{
	char		model[MODEL_NAME_SIZE];
	ModelStatus status = MODEL_UNKNOWN;
	Spelling	last = search->reading.verbatim ? SPELLING_AS_WRITTEN : SPELLING_DOTTED;

	for (Spelling spelling = SPELLING_AS_WRITTEN; spelling <= last && status == MODEL_UNKNOWN; spelling++)
	{
		if (!ReadingRespell(search->reading.model, spelling, model))
			continue;
		search->respelled = spelling != SPELLING_AS_WRITTEN;
		status = look_up(search, model);
	}
	return status;
}

static ModelStatus
LookUpReading(Search *search)
{
	ModelStatus status;

	if (search->reading.provider[0] != '\0')
		return LookUpSpellings(search, LookUpWithProvider);
	status = LookUpSpellings(search, LookUpMaker);
	return status != MODEL_UNKNOWN ? status : LookUpSpellings(search, LookUpBare);
}

static ModelStatus
SuggestReading(Search *search)
{
	return LookUpSpellings(search, Suggest);
}

/* Take a prefix off that is a provider of the directory, or a known spelling of one. */
static bool
ReadProvider(Reading *reading, const ModelDirectory *directory)
{
	size_t		length = strcspn(reading->model, "/:");
	char		provider[MODEL_NAME_SIZE];

	if (length == 0 || reading->model[length] == '\0' ||
		!CopyText(provider, sizeof(provider), reading->model, length))
		return false;
	if (!directory->is_provider(directory->arg, provider))
	{
		LowerCase(provider);
		if (ProviderFamily(provider) == NULL && !directory->is_provider(directory->arg, provider))
			return false;
	}
	if (!ReadingCutHead(reading, length + 1))
		return false;
	ReadingSetProvider(reading, provider, false);
	return true;
}

/* Does the directory know a provider, under this or another spelling? */
static bool
IsSold(const ModelDirectory *directory, const char *provider)
{
	const char *const *family = ProviderFamily(provider);

	if (provider[0] == '\0' || directory->is_provider(directory->arg, provider))
		return provider[0] != '\0';
	for (; family != NULL && *family != NULL; family++)
	{
		if (directory->is_provider(directory->arg, *family))
			return true;
	}
	return false;
}

/*
 * Visit the readings of a name, from the mildest on, until one is no longer
 * unknown; those of a preferred provider before those of any.
 */
static ModelStatus
VisitReadings(Search *search, const Reading *written, Visit visit)
{
	Reading		kept = *written;
	ModelStatus status = MODEL_UNKNOWN;

	if (ReadProvider(&kept, search->directory))
	{
		kept.rule = BolderRule(kept.rule, MODEL_RULE_PROVIDER);
		search->reading = kept;
		status = visit(search);
	}
	search->reading = *written;
	search->reading.verbatim = kept.provider[0] != '\0';
	/* Whose prices are known is not overruled by one who calls a model by the whole name. */
	if (status == MODEL_UNKNOWN && !(visit == LookUpReading && IsSold(search->directory, kept.provider)))
		status = visit(search);
	for (int i = 0; i < reading_rule_count && status == MODEL_UNKNOWN; i++)
	{
		if (!ReadingRewrite(&kept, &reading_rules[i], &search->reading))
			continue;
		status = visit(search);
		if (reading_rules[i].for_good)
			kept = search->reading;
	}
	if (status == MODEL_UNKNOWN && kept.prefers)
	{
		kept = *written;
		kept.no_preference = true;
		status = VisitReadings(search, &kept, visit);
	}
	return status;
}

/* The name without all that loses nothing: what stays is the model, and the region. */
static void
Unwrap(Reading *reading, const ModelDirectory *directory)
{
	Reading		rewritten;

	ReadProvider(reading, directory);
	for (int i = 0; i < reading_rule_count; i++)
	{
		if (reading_rules[i].for_good && reading_rules[i].rule <= MODEL_RULE_FINE_TUNE &&
			ReadingRewrite(reading, &reading_rules[i], &rewritten))
			*reading = rewritten;
	}
}

/* Look for a pattern of the reading's provider, under any spelling, or of any. */
static bool
FindPattern(Search *search, const Reading *reading)
{
	const ModelDirectory *directory = search->directory;
	ModelMatch *match = search->match;
	const char *const *family = ProviderFamily(reading->provider);

	if (directory->pattern(directory->arg, reading->provider, reading->model, search->at, &match->ref, &match->from, &match->to))
		return true;
	for (; family != NULL && *family != NULL; family++)
	{
		if (strcmp(*family, reading->provider) != 0 &&
			directory->pattern(directory->arg, *family, reading->model, search->at, &match->ref, &match->from, &match->to))
			return true;
	}
	return false;
}

/* What patterns say of a name, as it is written after its provider and as it is unwrapped. */
static ModelStatus
LookUpPattern(Search *search, const Reading *written)
{
	Reading		reading = *written;

	if (search->directory->pattern == NULL)
		return MODEL_UNKNOWN;
	ReadProvider(&reading, search->directory);
	if (!FindPattern(search, &reading))
	{
		reading = *written;
		Unwrap(&reading, search->directory);
		if (!FindPattern(search, &reading))
			return MODEL_UNKNOWN;
	}
	search->match->rule = MODEL_RULE_PATTERN;
	return MODEL_FOUND;
}

ModelStatus
ModelResolve(const char *name, int64_t at, const ModelDirectory *directory, ModelMatch *match)
{
	Reading		written = {.rule = MODEL_RULE_EXACT};
	Search		search = {.directory = directory, .at = at, .match = match};
	ModelStatus status = MODEL_UNKNOWN;

	memset(match, 0, sizeof(*match));
	match->from = INT64_MIN;
	match->to = INT64_MAX;
	if (!CopyText(written.model, sizeof(written.model), name, strnlen(name, MODEL_NAME_SIZE)))
		return MODEL_NAME_TOO_LONG;
	if (name[0] == '\0')
		return MODEL_UNKNOWN;

	if (FindAlias(&search, name, &match->ref))
	{
		match->rule = MODEL_RULE_ALIAS;
		status = MODEL_FOUND;
	}
	if (ReadingCutProxy(&written))
		written.rule = MODEL_RULE_ROUTE;
	if (status == MODEL_UNKNOWN)
		status = VisitReadings(&search, &written, LookUpReading);
	if (status == MODEL_UNKNOWN)
		status = LookUpPattern(&search, &written);
	if (status == MODEL_UNKNOWN)
		VisitReadings(&search, &written, SuggestReading);

	Unwrap(&written, directory);
	if (status == MODEL_FOUND && match->ref.region[0] == '\0')
		memcpy(match->ref.region, written.region, sizeof(match->ref.region));
	memcpy(match->unwrapped, written.model, sizeof(match->unwrapped));
	return status;
}

/* ---------- what a name may mean ---------- */

/* Names, in place of a directory. */
typedef struct KnownNames
{
	const char *const *names;
	int			count;
	bool		any_provider;	/* any prefix may be a provider; else only those that everybody knows */
} KnownNames;

/* A name without its first part, which may be a provider's. */
static const char *
AfterProvider(const char *name)
{
	const char *slash = strchr(name, '/');

	return slash == NULL ? name : slash + 1;
}

static int
FindKnown(void *arg, const char *provider, const char *model, ModelRef *refs, int max)
{
	const KnownNames *known = arg;

	(void) provider, (void) refs, (void) max;
	for (int i = 0; i < known->count; i++)
	{
		const char *name = known->names[i];

		if (IsNamePattern(name) ? NamePatternMatches(name, "", model) > 0 :
			strcmp(name, model) == 0 || strcmp(AfterProvider(name), model) == 0 || strcmp(name, AfterProvider(model)) == 0)
			return 1;
	}
	return 0;
}

static bool
MayBeProvider(void *arg, const char *provider)
{
	(void) provider;
	return ((const KnownNames *) arg)->any_provider;
}

static ModelStatus
LookUpKnown(Search *search, const char *model)
{
	return FindKnown(search->directory->arg, NULL, model, NULL, 0) > 0 ? MODEL_FOUND : MODEL_UNKNOWN;
}

static ModelStatus
KnownReading(Search *search)
{
	return LookUpSpellings(search, LookUpKnown);
}

bool
ModelMayMean(const char *name, const char *const *known, int count)
{
	KnownNames	names = {.names = known,.count = count};
	ModelDirectory directory = {.arg = &names,.find = FindKnown,.is_provider = MayBeProvider};
	Search		search = {.directory = &directory};
	Reading		written = {.rule = MODEL_RULE_EXACT};

	if (!CopyText(written.model, sizeof(written.model), name, strnlen(name, MODEL_NAME_SIZE)) || name[0] == '\0')
		return false;
	if (FindKnown(&names, NULL, name, NULL, 0) > 0)
		return true;
	ReadingCutProxy(&written);
	if (VisitReadings(&search, &written, KnownReading) == MODEL_FOUND)
		return true;
	names.any_provider = true;
	return VisitReadings(&search, &written, KnownReading) == MODEL_FOUND;
}

const char *
ModelRuleName(ModelRule rule)
{
	static const char *const names[MODEL_RULE_COUNT] = {
#define MODEL_RULE(ENUM, name) #name,
		MODEL_RULES(MODEL_RULE)
#undef MODEL_RULE
	};

	return names[rule];
}
