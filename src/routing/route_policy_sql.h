/*
 * route_policy_sql.h
 *	  Routing policies as the statement that runs sees them, kept at a call site.
 *
 * Invariant: what RouteCallOf() returns was read under the Pricing that the
 * statement uses, and is read again when that is another: the routing tables
 * move the price epoch.  A RouteCall is of one policy and one baseline model and
 * is kept in the call site's cache under these two names, so that they may
 * alternate from row to row.  Included after postgres.h.
 */
#ifndef INFERACCT_ROUTE_POLICY_SQL_H
#define INFERACCT_ROUTE_POLICY_SQL_H

#include "fmgr.h"

#include "server/call_site.h"
#include "session/statement_prices.h"
#include "session/request.h"
#include "routing/route_flat.h"

/* Times of flat rates that are kept: a log lies in few, but not always in their order. */
#define ROUTE_FLATS 8

typedef struct RouteCall
{
	Pricing    *pricing;
	uint64		generation;
	char	   *definition;		/* as routing_definition() has it */
	RoutePolicy policy;

	/* Of route_savings() only. */
	struct RouteState *empty;	/* a state of this policy and baseline; NULL: not made yet */
	bool		is_baseline[ROUTE_MAX_TIERS];	/* tiers that cost what the baseline does */
	bool		is_plain[ROUTE_MAX_TIERS];	/* RouteTierIsPlain() */
	RequestText models[ROUTE_MAX_TIERS];
	NameSpan   *spans[ROUTE_MAX_TIERS + 1]; /* last met; NULL: none */

	/* Rates of all models in times around requests that were priced one by one; none overlap. */
	RouteFlat	flats[ROUTE_FLATS];
	int			nflats;
	int			last_flat;		/* where the last request fell, or was put */
} RouteCall;

/* The parts of the key of a RouteCall. */
enum
{
	ROUTE_POLICY, ROUTE_BASELINE
};

static inline CallKey
RouteCallKey(RequestText policy, RequestText baseline)
{
	return (CallKey) {.bytes = {policy.bytes, baseline.bytes},.length = {policy.length, baseline.length}};
}

/*
 * The policy of that name, for a baseline model when one matters; errors are
 * routing_definition()'s.
 */
extern RouteCall *RouteCallOf(FunctionCallInfo fcinfo, RequestText policy, RequestText baseline);

#endif							/* INFERACCT_ROUTE_POLICY_SQL_H */
