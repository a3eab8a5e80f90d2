/*
 * route_state_sql.h
 *	  Type route_savings_state for the aggregate.  Included after postgres.h.
 */
#ifndef INFERACCT_ROUTE_STATE_SQL_H
#define INFERACCT_ROUTE_STATE_SQL_H

#include "core/state_sql.h"
#include "routing/route_state.h"

extern const StateType route_savings_state_type;

#endif							/* INFERACCT_ROUTE_STATE_SQL_H */
