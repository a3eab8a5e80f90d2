/*
 * cache_state_sql.h
 *	  The state of cache_savings(), which requests and rows of the rollup add to.
 *
 * Included after postgres.h.
 */
#ifndef INFERACCT_CACHE_STATE_SQL_H
#define INFERACCT_CACHE_STATE_SQL_H

#include "core/state_sql.h"
#include "session/request.h"
#include "spend/cache_savings.h"

typedef struct CacheState
{
	int64		format;			/* a value of another version is refused */
	CacheSavings sum;
} CacheState;

extern const StateType cache_state_type;

/* Add requests of that price; what has none is an error, or left out. */
extern void AddToCacheState(CacheState *state, Pricing *pricing, const RequestPrice *price, const Usage *usage,
							TimestampTz at);

#endif							/* INFERACCT_CACHE_STATE_SQL_H */
