/*
 * route_policy_sql.h
 *	  A routing policy as the statement that runs sees it, kept at a call site.
 *
 * Invariant: what RouteCallOf() returns was read under the Pricing that the
 * statement uses, and is read again when that is another: the routing tables
 * move the price epoch.  Belongs to the call site (fn_mcxt).  Included after
 * postgres.h.
 */
#ifndef INFERACCT_ROUTE_POLICY_SQL_H
#define INFERACCT_ROUTE_POLICY_SQL_H

#include "fmgr.h"

#include "session/statement_prices.h"
#include "session/request.h"
#include "routing/route_flat.h"

/* Times of flat rates that are kept: a log lies in few, but not always in their order. */
#define ROUTE_FLATS 8

typedef struct RouteCall
{
	MemoryContext context;		/* of what is below; NULL: nothing read */
	Pricing    *pricing;
	uint64		generation;
	char	   *policy_name;
	Size		policy_length;
	char	   *definition;		/* as routing_definition() has it */
	RoutePolicy policy;

	/* Of route_savings() only. */
	bool		in_aggregate;	/* and not in a plain call, or a window */
	bool		is_constant;	/* so are policy and baseline */
	char	   *baseline;
	Size		baseline_length;
	struct RouteState *empty;	/* a state of this policy and baseline */
	bool		is_baseline[ROUTE_MAX_TIERS];	/* tiers that cost what the baseline does */
	bool		is_plain[ROUTE_MAX_TIERS];	/* RouteTierIsPlain() */
	RequestText models[ROUTE_MAX_TIERS];
	NameSpan   *spans[ROUTE_MAX_TIERS + 1]; /* last met; NULL: none */

	/* Rates of all models in times around requests that were priced one by one; none overlap. */
	RouteFlat	flats[ROUTE_FLATS];
	int			nflats;
	int			last_flat;		/* where the last request fell, or was put */
} RouteCall;

/* The policy of that name; errors are routing_definition()'s. */
extern RouteCall *RouteCallOf(FunctionCallInfo fcinfo, RequestText policy);

#endif							/* INFERACCT_ROUTE_POLICY_SQL_H */
