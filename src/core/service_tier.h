/*
 * service_tier.h
 *	  The words that logs and providers have for service tiers.
 *
 * Invariant: what a word means is said here and nowhere else.  A tier is its
 * word in lower case; on_demand_X is X; and these are the standard tier: no word
 * at all, standard, default, auto, on_demand, standard_only, unspecified,
 * traffic_type_unspecified.  docs/prices.md lists the same.
 *
 * Pure C: no postgres.h.  Nothing allocates.
 */
#ifndef INFERACCT_SERVICE_TIER_H
#define INFERACCT_SERVICE_TIER_H

#include <stddef.h>

#define SERVICE_TIER_STANDARD "standard"

/* Room that the word of `length` bytes may need, with its NUL. */
#define SERVICE_TIER_ROOM(length) ((length) + sizeof(SERVICE_TIER_STANDARD))

/* Write what a word means to `word`, which has SERVICE_TIER_ROOM(length) bytes; returns its length. */
extern size_t ServiceTierOf(const char *bytes, size_t length, char *word);

#endif							/* INFERACCT_SERVICE_TIER_H */
