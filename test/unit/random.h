/*
 * random.h
 *	  Numbers that look random and are the same in every run: xorshift64, of
 *	  Marsaglia, "Xorshift RNGs", 2003.  One stream per test program.
 */
#ifndef INFERACCT_RANDOM_H
#define INFERACCT_RANDOM_H

#include <stdint.h>

static uint64_t random_state = UINT64_C(88172645463325252);

static inline uint64_t
Random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

#endif							/* INFERACCT_RANDOM_H */
