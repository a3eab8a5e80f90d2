/*
 * route_fields.h
 *	  What the states of route_savings() and route_quality() consist of, for
 *	  their text and binary form.
 *
 * Of route_savings(): number of tiers, definition, name of the baseline;
 * requests, unscored, left out, first and last time; for each tier requests and
 * USD on each tier and on the baseline; the number of buckets that have requests,
 * and for each of them, ascending: its number, requests, USD on each tier.
 *
 * Of route_quality(): the number of requests, and the score and both qualities
 * of each.
 *
 * Equal states have equal forms.  Readers take what anybody could have sent.
 * Pure C: no postgres.h.  What is read is allocated by the Fields' owner.
 */
#ifndef INFERACCT_ROUTE_FIELDS_H
#define INFERACCT_ROUTE_FIELDS_H

#include "core/fields.h"
#include "routing/route_quality.h"
#include "routing/route_state.h"

/*
 * Write the fields of a state; or read them into a new one, which is returned,
 * NULL when they are of none.  The varlena header is left to the caller.
 */
extern RouteState *RouteStateFields(Fields *fields, const RouteState *state);

/* Is it a definition, as routing_definition() writes them, of so many tiers? */
extern bool RouteDefinitionIsValid(const char *definition, int ntiers);

/* Raised with every change of the fields, or of QualityPoint. */
#define QUALITY_FORMAT 1

/* Write how many points there are; or read that, at most so many. */
extern void QualityCountField(Fields *fields, uint32_t *count, uint32_t most);

/* Write points, or read so many into the room that is given. */
extern void QualityPointFields(Fields *fields, QualityPoint *points, uint32_t count);

#endif							/* INFERACCT_ROUTE_FIELDS_H */
