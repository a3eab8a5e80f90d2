/*
 * call_site.c
 *	  What is known at the place of a query that calls a function: values kept by
 *	  key, and arguments that are constants.
 *
 * Values are few: they are looked for one by one, the one used last first.
 */
#include "postgres.h"

#include "server/call_site.h"

const Const *
CallSiteConstant(FunctionCallInfo fcinfo, int argument)
{
	const Node *call = (const Node *) fcinfo->flinfo->fn_expr;
	const Node *given;

	/* Whoever calls with arguments that it does not show is not asked. */
	if (call == NULL || !IsA(call, FuncExpr) || list_length(((const FuncExpr *) call)->args) != PG_NARGS())
		return NULL;
	given = list_nth(((const FuncExpr *) call)->args, argument);
	return IsA(given, Const) ? (const Const *) given : NULL;
}

static CallCache *
CacheOf(FunctionCallInfo fcinfo)
{
	return CallSiteMemory(fcinfo, sizeof(CallCache));
}

static inline bool
SameKey(const CallKey *a, const CallKey *b)
{
	return CallKeyIs(a, 0, b->bytes[0], b->length[0]) && CallKeyIs(a, 1, b->bytes[1], b->length[1]);
}

void *
CallCacheFind(FunctionCallInfo fcinfo, CallKey key)
{
	CallCache  *cache = CacheOf(fcinfo);

	for (int n = 0; n < cache->nvalues; n++)
	{
		int			i = (cache->last + n) % cache->nvalues;
		CallValue  *found = cache->values[i];

		if (SameKey(&found->key, &key))
		{
			cache->last = i;
			found->used = ++cache->clock;
			return (char *) found + CALL_VALUE_SIZE;
		}
	}
	return NULL;
}

void *
CallCacheMake(CallKey key, const char *what, Size size)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "inferacct call site", ALLOCSET_SMALL_SIZES);
	Size		value_size = CALL_VALUE_SIZE + MAXALIGN(size);
	CallValue  *made = MemoryContextAllocZero(context, value_size + key.length[0] + key.length[1]);
	char	   *copy = (char *) made + value_size;

	MemoryContextSetIdentifier(context, what);
	made->context = context;
	for (int part = 0; part < 2; part++)
	{
		if (key.length[part] > 0)
			memcpy(copy, key.bytes[part], key.length[part]);
		made->key.bytes[part] = copy;
		made->key.length[part] = key.length[part];
		copy += key.length[part];
	}
	return (char *) made + CALL_VALUE_SIZE;
}

/* Free the value at a place, and move the last one there. */
static void
FreeValue(CallCache *cache, int place)
{
	MemoryContextDelete(cache->values[place]->context);
	cache->values[place] = cache->values[--cache->nvalues];
	cache->last = 0;
}

static int
UsedLongestAgo(const CallCache *cache)
{
	int			oldest = 0;

	for (int i = 1; i < cache->nvalues; i++)
	{
		if (cache->values[i]->used < cache->values[oldest]->used)
			oldest = i;
	}
	return oldest;
}

static Size
BytesKept(const CallCache *cache)
{
	Size		bytes = 0;

	for (int i = 0; i < cache->nvalues; i++)
		bytes += MemoryContextMemAllocated(cache->values[i]->context, true);
	return bytes;
}

void
CallCacheKeep(FunctionCallInfo fcinfo, void *value)
{
	CallCache  *cache = CacheOf(fcinfo);
	CallValue  *made = (CallValue *) ((char *) value - CALL_VALUE_SIZE);

	while (cache->nvalues > 0 && (cache->nvalues == CALL_CACHE_VALUES || BytesKept(cache) > CALL_CACHE_BYTES))
		FreeValue(cache, UsedLongestAgo(cache));
	MemoryContextSetParent(made->context, fcinfo->flinfo->fn_mcxt);
	made->used = ++cache->clock;
	cache->last = cache->nvalues;
	cache->values[cache->nvalues++] = made;
}

void
CallCacheDrop(FunctionCallInfo fcinfo, void *value)
{
	CallCache  *cache = CacheOf(fcinfo);

	for (int i = 0; i < cache->nvalues; i++)
	{
		if ((char *) cache->values[i] + CALL_VALUE_SIZE == value)
		{
			FreeValue(cache, i);
			return;
		}
	}
}
