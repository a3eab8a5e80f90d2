/*
 * host_sql.c
 *	  The server as the host of the pure core.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "server/compat.h"
#include "core/host_sql.h"

static void *
AllocateInContext(void *arg, size_t size)
{
	return MemoryContextAllocExtended(arg, size, MCXT_ALLOC_HUGE);
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
