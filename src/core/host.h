/*
 * host.h
 *	  What the pure core asks of whoever calls it: memory, and to be told to stop.
 *
 * Invariant: whatever takes a Host may run long, and asks check_interrupts()
 * once for every piece of work of bounded size.  Neither function need return:
 * nothing is held that memory of the Host does not hold.
 *
 * Pure C: no postgres.h.
 */
#ifndef INFERACCT_HOST_H
#define INFERACCT_HOST_H

#include <stddef.h>

typedef void *(*HostAllocator) (void *arg, size_t size);	/* NULL: none is left */

typedef struct Host
{
	HostAllocator allocate;
	void	   *arg;
	void		(*check_interrupts) (void);
} Host;

static inline void *
HostAllocate(const Host *host, size_t size)
{
	return host->allocate(host->arg, size);
}

#endif							/* INFERACCT_HOST_H */
