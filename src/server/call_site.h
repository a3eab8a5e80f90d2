/*
 * call_site.h
 *	  Results of functions that are called for every row, in memory of the call
 *	  site instead of an allocation per row.
 *
 * Invariant: such a result is good until the next call from the same place, as
 * an argument by value would be.  Whoever evaluates an expression again has done
 * with, or has copied, what it gave before, since the memory of a row is reset
 * then; test/pgtap/call_site.sql asks all that keep results of many rows.  Not
 * for casts, which an array calls for all of its elements first, and not for
 * functions that keep something else in fn_extra.  Included after postgres.h.
 */
#ifndef INFERACCT_CALL_SITE_H
#define INFERACCT_CALL_SITE_H

#include "fmgr.h"
#include "utils/memutils.h"

/* So many bytes, the same ones at each call. */
static inline void *
CallSiteMemory(FunctionCallInfo fcinfo, Size size)
{
	FmgrInfo   *call = fcinfo->flinfo;

	if (unlikely(call->fn_extra == NULL))
		call->fn_extra = MemoryContextAlloc(call->fn_mcxt, size);
	return call->fn_extra;
}

#endif							/* INFERACCT_CALL_SITE_H */
