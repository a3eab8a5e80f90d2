/*
 * model_resolve.h
 *	  From the name that a log has for a model to the one that prices are kept
 *	  under.
 *
 * The catalog behind it is a ModelDirectory, so the same rules serve a backend
 * that looks prices up as it goes and a self-contained price book.
 *
 * A name is read as (provider, model, region), and each reading is looked up
 * before the next rule rewrites it further.  The first that is known wins; the
 * first that several providers have is ambiguous, and ends the search.
 *
 *	1. An alias of the name as written.
 *	2. "provider/model" (or "provider:model"), when the prefix is a provider of
 *	   the directory or a known spelling of one; then the whole name, as written,
 *	   as a model.  A name without such a prefix is a bare model: its maker's,
 *	   where several have it, and else it must be unique.
 *	3. What only wraps the model is taken off: call routes and regions of Bedrock
 *	   and Azure paths, models/, publishers/x/models/, accounts/fireworks/models/,
 *	   the head of a Bedrock ARN, the geography of a Bedrock inference profile, and
 *	   what changes no price: a context size, thinking, a search.
 *	4. What loses something comes last, in this order: Vertex @date, the
 *	   owner's part of a fine-tuned model (whose own price it keeps: "ft:base",
 *	   never the base model's), the vendor and version of a Bedrock id (one that
 *	   is missing is added), OpenRouter's choice of a host, the number format of
 *	   open weights, the date of a snapshot, in whose place "-latest" is tried
 *	   first; and an undated name is also sought as "name-latest".
 *
 *	5. When all failed, an alias that is a pattern: of the name without its
 *	   provider, then of what rule 3 leaves of it.
 *
 * A look-up tries an alias, then the model, under these spellings: as written,
 * in lower case, then with dashes for the dots between two lone digits
 * ("claude-sonnet-4.5"), then with dots for such dashes.
 *
 * Invariants:
 *	- A name that states its provider, by a prefix, a path, an ARN, or the vendor
 *	  of a Bedrock id, never takes the model of another one, unless nobody knows a
 *	  price of that provider and the other has a model called by the whole name.  models/, @date and a profile's geography
 *	  only prefer a provider: others are tried when no reading leads to it.
 *	- An alias of a bare name also redirects "provider/name" when it stays with
 *	  that provider.  The target of an alias is final.
 *	- Prices published under a name are never hidden by a shipped alias of it: the
 *	  directory then says that the name means itself.
 *	- The region is what the name says, by whichever rule the model is found; an
 *	  alias with a region overrides it, and so may the caller.  A region without
 *	  prices of its own has those of the base region: that is the caller's rule.
 *	- The rule reported is the last, most daring, of those that it took; one that
 *	  loses part of the name's meaning, and an undated alias of a name that moves,
 *	  make the answer a guess.
 *
 * Names are at most MODEL_NAME_SIZE - 1 bytes.  Times are microseconds since
 * 2000-01-01.  Pure C: no postgres.h; allocates nothing; keeps no pointer.
 */
#ifndef INFERACCT_MODEL_RESOLVE_H
#define INFERACCT_MODEL_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_NAME_SIZE 256		/* of a model or a provider, NUL included */
#define MODEL_REGION_SIZE 64
#define MODEL_CANDIDATES 8		/* most that an answer lists */

typedef struct ModelRef
{
	char		provider[MODEL_NAME_SIZE];
	char		model[MODEL_NAME_SIZE];
	char		region[MODEL_REGION_SIZE];	/* "" is the base region */
	bool		guessed;		/* an alias leads here that moves, and nobody says since when, a catalog's pattern, or the only one who
								 * sells by this name what another makes */
} ModelRef;

typedef struct ModelDirectory
{
	void	   *arg;

	/*
	 * Number of providers that have exactly this model (provider NULL: any);
	 * writes the first `max` of them to refs, as the catalog spells them, with
	 * region "", in a stable order.
	 */
	int			(*find) (void *arg, const char *provider, const char *model,
						 ModelRef *refs, int max);

	/*
	 * The alias of exactly this name in force at `at`, the user's before the
	 * shipped one.  Whether there is one or not, narrows [*from, *to) to the
	 * time for which that answer holds.
	 */
	bool		(*alias) (void *arg, const char *name, int64_t at, ModelRef *ref,
						  int64_t *from, int64_t *to);

	/* Has any model a price under exactly this provider? */
	bool		(*is_provider) (void *arg, const char *provider);

	/*
	 * The alias in force that is a pattern (name_pattern.h) of a provider, "" for
	 * any, and states most of the name; false when there is none, or those of
	 * several providers state as much.  Narrows [*from, *to) as alias() does.
	 * NULL: there are no patterns.
	 */
	bool		(*pattern) (void *arg, const char *provider, const char *name, int64_t at, ModelRef *ref,
							int64_t *from, int64_t *to);
} ModelDirectory;

typedef enum ModelStatus
{
	MODEL_FOUND,
	MODEL_UNKNOWN,				/* candidates: the same model elsewhere, or its base */
	MODEL_AMBIGUOUS,			/* candidates: the providers that have it */
	MODEL_NAME_TOO_LONG
} ModelStatus;

/* MODEL_RULE(ENUM, name): mildest first. */
#define MODEL_RULES(MODEL_RULE) \
	MODEL_RULE(EXACT, exact)					/* as written */ \
	MODEL_RULE(PROVIDER, provider)				/* openai/gpt-4o */ \
	MODEL_RULE(ROUTE, route)					/* bedrock/converse/..., azure/eu/... */ \
	MODEL_RULE(PATH, path)						/* models/..., publishers/x/models/... */ \
	MODEL_RULE(ARN, arn)						/* arn:aws:bedrock:... */ \
	MODEL_RULE(PROFILE, profile)				/* eu.anthropic.... */ \
	MODEL_RULE(VERTEX_DATE, vertex_date)		/* ...@20250929 */ \
	MODEL_RULE(VARIANT, variant)				/* ...[1m], ...:thinking */ \
	MODEL_RULE(SPELLING, spelling)				/* claude-sonnet-4.5, GPT-4o */ \
	MODEL_RULE(ALIAS, alias) \
	MODEL_RULE(FINE_TUNE, fine_tune)			/* ft:base:org:name:id */ \
	MODEL_RULE(VENDOR, vendor)					/* anthropic.... without its vendor */ \
	MODEL_RULE(VERSION, version)				/* ...-v2:0 without its version */ \
	MODEL_RULE(ROUTING, routing)				/* ...:floor */ \
	MODEL_RULE(QUANTIZATION, quantization)		/* ...-fp8 */ \
	MODEL_RULE(DATED_SNAPSHOT, dated_snapshot)	/* ...-2024-08-06 without its date */ \
	MODEL_RULE(LATEST, latest)					/* as name-latest */ \
	MODEL_RULE(PATTERN, pattern)				/* as an alias with a star says */

typedef enum ModelRule
{
#define MODEL_RULE(ENUM, name) MODEL_RULE_##ENUM,
	MODEL_RULES(MODEL_RULE)
#undef MODEL_RULE
	MODEL_RULE_COUNT
} ModelRule;

typedef struct ModelMatch
{
	ModelRef	ref;			/* when found */
	ModelRule	rule;			/* when found */
	int			candidate_count;	/* when not found */
	int			provider_count; /* when ambiguous: how many, also those not listed */
	ModelRef	candidates[MODEL_CANDIDATES];
	char		unwrapped[MODEL_NAME_SIZE]; /* the model in the name, to seek near ones of */
	int64_t		from;			/* the answer holds for times in [from, to) */
	int64_t		to;
} ModelMatch;

extern ModelStatus ModelResolve(const char *name, int64_t at,
								const ModelDirectory *directory, ModelMatch *match);

/*
 * May the name lead to one of the known names, in whatever directory?  Known are
 * names of models and their aliases, patterns among them.  Never false where
 * ModelResolve() could answer with such a model; providers are not looked at.
 */
extern bool ModelMayMean(const char *name, const char *const *known, int count);

extern const char *ModelRuleName(ModelRule rule);

/* Does what was found rest on a guess: a version or date left out, a moving name, a catalog's pattern? */
static inline bool
ModelIsGuessed(const ModelMatch *match)
{
	return (match->rule >= MODEL_RULE_VERSION && match->rule != MODEL_RULE_PATTERN) || match->ref.guessed;
}

/* Is it the name as the prices have it, with or without its provider? */
static inline bool
ModelIsExact(const ModelMatch *match)
{
	return match->rule <= MODEL_RULE_PROVIDER;
}

#endif							/* INFERACCT_MODEL_RESOLVE_H */
