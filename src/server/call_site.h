/*
 * call_site.h
 *	  What a function keeps at the place of a query that calls it: the same
 *	  memory at each call, or values made for the arguments that were met.
 *
 * A call site keeps one of the two, never both: CallSiteMemory() for what does
 * not depend on the arguments, CallCache for what does.  Nothing else in the
 * source touches fn_extra (.ci/meta).
 *
 * Invariants of a CallCache: a value is found only by the key that it was made
 * for, byte for byte; it lies in a memory context of its own that is deleted as
 * a whole; there are never more than CALL_CACHE_VALUES of them, nor more than
 * CALL_CACHE_BYTES in all but the newest, however the arguments alternate.  The
 * value used longest ago goes first.  A value found or kept is good until the
 * next call from the same place.
 *
 * A result in CallSiteMemory() is good until the next call from the same place,
 * as an argument by value would be.  Whoever evaluates an expression again has
 * done with, or has copied, what it gave before, since the memory of a row is
 * reset then; test/pgtap/call_site.sql asks all that keep results of many rows.
 * Not for casts, which an array calls for all of its elements first.
 *
 * Included after postgres.h.
 */
#ifndef INFERACCT_CALL_SITE_H
#define INFERACCT_CALL_SITE_H

#include "fmgr.h"
#include "nodes/execnodes.h"
#include "nodes/primnodes.h"
#include "utils/memutils.h"

#define CALL_CACHE_VALUES 128
#define CALL_CACHE_BYTES (512 * 1024 * 1024)

/* So many bytes, zero at first, the same ones at each call. */
static inline void *
CallSiteMemory(FunctionCallInfo fcinfo, Size size)
{
	FmgrInfo   *call = fcinfo->flinfo;

	if (unlikely(call->fn_extra == NULL))
		call->fn_extra = MemoryContextAllocZero(call->fn_mcxt, size);
	return call->fn_extra;
}

/* An argument that the query writes as a constant, or leaves for one by default: the same in every row.  NULL: no constant. */
extern const Const *CallSiteConstant(FunctionCallInfo fcinfo, int argument);

/* Is it the transition or combine function of an aggregate, or of a window's, that is called? */
static inline bool
IsAggregateCall(FunctionCallInfo fcinfo)
{
	return fcinfo->context != NULL && (IsA(fcinfo->context, AggState) || IsA(fcinfo->context, WindowAggState));
}

/* ---------- values by key ---------- */

/* A key in two parts, either of which may be empty. */
typedef struct CallKey
{
	const void *bytes[2];
	Size		length[2];
} CallKey;

/* What stands before a value; the key follows the value in memory. */
typedef struct CallValue
{
	MemoryContext context;
	CallKey		key;
	uint64		used;			/* when last, by the cache's clock */
} CallValue;

#define CALL_VALUE_SIZE MAXALIGN(sizeof(CallValue))

typedef struct CallCache
{
	int			nvalues;
	int			last;			/* of the value used last */
	uint64		clock;
	CallValue  *values[CALL_CACHE_VALUES];
} CallCache;

static inline bool
CallKeyIs(const CallKey *key, int part, const void *bytes, Size length)
{
	/* A part that a key lacks has no bytes, which memcmp() may not be given. */
	return key->length[part] == length && (length == 0 || memcmp(key->bytes[part], bytes, length) == 0);
}

static inline const CallKey *
CallValueKey(const void *value)
{
	return &((const CallValue *) ((const char *) value - CALL_VALUE_SIZE))->key;
}

/* The memory that a value belongs to: for what it points to. */
static inline MemoryContext
CallValueContext(const void *value)
{
	return ((const CallValue *) ((const char *) value - CALL_VALUE_SIZE))->context;
}

/* The value used last at this place, NULL when there is none. */
static inline void *
CallCacheLast(FunctionCallInfo fcinfo)
{
	const CallCache *cache = fcinfo->flinfo->fn_extra;

	if (unlikely(cache == NULL || cache->nvalues == 0))
		return NULL;
	return (char *) cache->values[cache->last] + CALL_VALUE_SIZE;
}

/* The value of a key, NULL when there is none. */
extern void *CallCacheFind(FunctionCallInfo fcinfo, CallKey key);

/*
 * Make a value of zeros for a key; `what`, a constant, tells in
 * pg_backend_memory_contexts what it is.  It is found only after CallCacheKeep(), and
 * belongs to the current memory context until then: a failure in between leaves
 * nothing behind.
 */
extern void *CallCacheMake(CallKey key, const char *what, Size size);
extern void CallCacheKeep(FunctionCallInfo fcinfo, void *value);

/* Let go of a value that is no longer good. */
extern void CallCacheDrop(FunctionCallInfo fcinfo, void *value);

#endif							/* INFERACCT_CALL_SITE_H */
