/*
 * model_advice.h
 *	  What a name that is unknown seems to be, and what its owner can do: names that
 *	  say no model (a profile, a deployment of one's own, a router) and models that
 *	  nobody sells by the token (self-hosted ones).
 *
 * Pure C: no postgres.h; allocates nothing.
 */
#ifndef INFERACCT_MODEL_ADVICE_H
#define INFERACCT_MODEL_ADVICE_H

/* A sentence for a hint, or NULL when the name is of no such kind. */
extern const char *ModelAdvice(const char *name);

#endif							/* INFERACCT_MODEL_ADVICE_H */
