/*
 * refusal.h
 *	  Why something has no price, as its error says it.
 *
 * Invariant: a Refusal says what is missing (message), of which request (detail),
 * and what to do about it (hint); making one raises nothing and changes nothing.
 *
 * Strings are palloc'd in the current memory context, or constant.  Included
 * after postgres.h.
 */
#ifndef INFERACCT_REFUSAL_H
#define INFERACCT_REFUSAL_H

#include "session/statement_prices.h"

typedef struct Refusal
{
	int			sqlstate;
	const char *message;
	const char *detail;
	const char *hint;
} Refusal;

extern void RaiseRefusal(const Refusal *refusal) __attribute__((noreturn));

/* How to have such requests left out, for a hint. */
extern const char *LeaveOutHint(const Pricing *pricing);

/* Why a name has no card: unknown or ambiguous; `near` asks for a hint of what is near it, which takes long. */
extern Refusal NameRefusal(Pricing *pricing, const char *name, Size length, TimestampTz at, bool near);

#endif							/* INFERACCT_REFUSAL_H */
