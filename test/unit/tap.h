/*
 * tap.h
 *	  The least a C unit test needs: Ok(condition, name ...), then Done().
 */
#ifndef INFERACCT_TAP_H
#define INFERACCT_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static int	tap_run,
			tap_failed;

__attribute__((format(printf, 2, 3)))
static inline bool
Ok(bool condition, const char *name,...)
{
	va_list		args;

	printf("%sok %d - ", condition ? "" : "not ", ++tap_run);
	va_start(args, name);
	vprintf(name, args);
	va_end(args);
	putchar('\n');
	tap_failed += !condition;
	return condition;
}

/* Print the plan; the exit status of main(). */
static inline int
Done(void)
{
	printf("1..%d\n", tap_run);
	return tap_failed != 0;
}

#endif							/* INFERACCT_TAP_H */
