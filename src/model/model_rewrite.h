/*
 * model_rewrite.h
 *	  One way to understand a model's name, and the rules that rewrite it into
 *	  the next.  Internal to the resolution of names: model_resolve.h is its interface.
 *
 * Invariant: every name in a Reading is NUL-terminated within its buffer, and
 * the model is not empty unless the name was.
 *
 * Pure C: no postgres.h.  Nothing here allocates.
 */
#ifndef INFERACCT_MODEL_REWRITE_H
#define INFERACCT_MODEL_REWRITE_H

#include "model/model_resolve.h"
#include "model/name_text.h"

typedef struct Reading
{
	ModelRule	rule;			/* the most daring rule so far */
	bool		prefers;		/* the provider is a preference: the name does not state it */
	bool		no_preference;	/* have no preferences */
	bool		verbatim;		/* the model is not to be spelled otherwise */
	char		provider[MODEL_NAME_SIZE];	/* "": any */
	char		model[MODEL_NAME_SIZE];
	char		region[MODEL_REGION_SIZE];
} Reading;

/* A rule that rewrites for good leaves its reading to those after it. */
typedef struct ReadingRule
{
	ModelRule	rule;
	bool		for_good;
	bool		(*rewrite) (Reading *reading);	/* false: does not apply, and the reading is void */
} ReadingRule;

/* In the order in which they are tried. */
extern const ReadingRule reading_rules[];
extern const int reading_rule_count;

/* *rewritten is the reading under a rule; false when the rule does not apply. */
extern bool ReadingRewrite(const Reading *reading, const ReadingRule *rule, Reading *rewritten);

static inline ModelRule
BolderRule(ModelRule a, ModelRule b)
{
	return a > b ? a : b;
}

typedef enum Spelling
{
	SPELLING_AS_WRITTEN,
	SPELLING_LOWER,
	SPELLING_DASHED,			/* lower case, and 4-5 for 4.5 */
	SPELLING_DOTTED				/* lower case, and 4.5 for 4-5 */
} Spelling;

/* Spell a model into a buffer of MODEL_NAME_SIZE; false when that is no other spelling. */
extern bool ReadingRespell(const char *model, Spelling spelling, char *spelled);

/* Give the provider, stated by the name or preferred, unless the name stated one before. */
extern void ReadingSetProvider(Reading *reading, const char *provider, bool prefers);

/* Take off LiteLLM's own proxy, which stands before any other prefix and bills nothing. */
extern bool ReadingCutProxy(Reading *reading);

/* Drop the first bytes of the model; false when nothing would be left. */
extern bool ReadingCutHead(Reading *reading, size_t length);

#endif							/* INFERACCT_MODEL_REWRITE_H */
