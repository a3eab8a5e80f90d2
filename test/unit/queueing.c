/*
 * queueing.c
 *	  Unit tests of src/demand/queueing.c: Erlang C against the sum that defines it,
 *	  highest utilizations against the waits they lead to.
 */
#include <math.h>

#include "demand/queueing.h"
#include "tap.h"

/* Erlang C as it is defined, by sums of a^k / k! in logarithms. */
static void
NotAsked(void)
{
}

static double
ErlangCBySum(int servers, double offered)
{
	double		sum = 0;
	double		last = servers * log(offered) - lgamma(servers + 1.0) + log(servers / (servers - offered));

	for (int k = 0; k < servers; k++)
		sum += exp(k * log(offered) - lgamma(k + 1.0) - last);
	return 1 / (1 + sum);
}

static bool
Near(double a, double b, double tolerance)
{
	return fabs(a - b) <= tolerance * fabs(b);
}

int
main(void)
{
	static const int servers[] = {1, 2, 3, 4, 8, 10, 32, 64, 128, 500};
	bool		same = true;
	bool		kept = true;

	for (unsigned i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
	{
		for (double utilization = 0.05; utilization < 1; utilization += 0.05)
			same = same && Near(ErlangC(servers[i], utilization * servers[i]),
								ErlangCBySum(servers[i], utilization * servers[i]), 1e-9);
	}
	Ok(same, "the recursion is the sum");
	Ok(Near(ErlangC(1, 0.8), 0.8, 1e-15), "one server waits as often as it is busy");
	Ok(ErlangC(4, 4) == 1 && ErlangC(4, 9) == 1 && ErlangC(4, 0) == 0, "overload and idleness");
	Ok(Near(MeanWait(2, 1.6, 1, 1, 1), 1.7777777777777786, 1e-12), "mean wait of two servers");
	Ok(Near(MeanWait(2, 1.6, 1, 1, 0), MeanWait(2, 1.6, 1, 1, 1) / 2, 1e-12), "constant service halves it");
	Ok(isinf(MeanWait(2, 2, 1, 1, 1)), "an overloaded queue grows without end");

	for (unsigned i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
	{
		double		utilization = MaxUtilization(servers[i], 5, 0.5, 0.01, 2, 1, NotAsked);

		kept = kept && WaitProbability(servers[i], utilization * servers[i], 5, 0.5, 2, 1) <= 0.01 &&
			WaitProbability(servers[i], (utilization + 1e-6) * servers[i], 5, 0.5, 2, 1) > 0.01;
	}
	Ok(kept, "the highest utilization keeps the target, a little more does not");
	Ok(MaxUtilization(1, 5, 0.5, 0.01, 0, 0, NotAsked) > 0.999, "without variability nobody waits");
	return Done();
}
