/*
 * payload_plain.h
 *	  The usage that most answers have, read at a look: tokens of the prompt and of
 *	  the completion, of these cached and reasoning ones, and their total.
 *
 * Invariant: what is read here, PayloadReadUsage() reads alike.  Whatever has
 * another name that counts, another kind of value, or a sum that is not the total
 * is left to it.
 *
 * Pure C: no postgres.h.  Allocates nothing.
 */
#ifndef INFERACCT_PAYLOAD_PLAIN_H
#define INFERACCT_PAYLOAD_PLAIN_H

#include "core/usage.h"
#include "payload/json_value.h"

/* Fill *counts from a bare usage of the chat API; false when it has more to it than that. */
extern bool PayloadReadPlain(const JsonSource *source, const JsonValue *usage, MeterCounts *counts);

#endif							/* INFERACCT_PAYLOAD_PLAIN_H */
