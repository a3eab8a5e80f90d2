/*
 * blocks.h
 *	  Memory that a test of a core allocates, and frees all together.
 */
#ifndef INFERACCT_BLOCKS_H
#define INFERACCT_BLOCKS_H

#include <stdlib.h>

static void *blocks[1 << 16];
static int	nblocks;

/* A HostAllocator. */
static void *
BlocksAllocate(void *arg, size_t size)
{
	(void) arg;
	if (nblocks == (int) (sizeof(blocks) / sizeof(blocks[0])))
		abort();
	return blocks[nblocks++] = malloc(size);
}

static void
BlocksFree(void)
{
	while (nblocks > 0)
		free(blocks[--nblocks]);
}

#endif							/* INFERACCT_BLOCKS_H */
