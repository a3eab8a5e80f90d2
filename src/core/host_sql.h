/*
 * host_sql.h
 *	  The server as the host of the pure core.  Included after postgres.h.
 */
#ifndef INFERACCT_HOST_SQL_H
#define INFERACCT_HOST_SQL_H

#include "core/host.h"

/* A HostAllocator: memory of a context, of any size. */
extern void *AllocateInContext(void *context, size_t size);

/* Memory of a context, where running out is an error; a cancelled query ends in one, too. */
extern Host HostOf(MemoryContext context);

#endif							/* INFERACCT_HOST_SQL_H */
