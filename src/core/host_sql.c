/*
 * host_sql.c
 *	  The server as the host of the pure core.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "server/compat.h"
#include "core/host_sql.h"

void *
AllocateInContext(void *context, size_t size)
{
	return MemoryContextAllocHuge(context, size);
}

static void
CheckInterrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

Host
HostOf(MemoryContext context)
{
	return (Host) {
		.allocate = AllocateInContext,.arg = context,.check_interrupts = CheckInterrupts
	};
}
