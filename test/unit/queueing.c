/*
 * queueing.c
 *	  Unit tests of src/demand/queueing.c: Erlang C against the sum that defines it,
 *	  highest utilizations against the waits they lead to.
 */
#include <math.h>

#include "demand/queueing.h"
#include "random.h"
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

/* A number in (0, 1). */
static double
Uniform(void)
{
	return ((double) (Random() >> 11) + 0.5) * 0x1p-53;
}

/* Gamma of mean 1 and that coefficient of variation (Marsaglia and Tsang, 2000). */
static double
Gamma(double cv)
{
	double		shape = 1 / (cv * cv);
	double		boost = shape < 1 ? pow(Uniform(), 1 / shape) : 1;
	double		d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3;

	for (;;)
	{
		double		normal = sqrt(-2 * log(Uniform())) * cos(2 * 3.14159265358979323846 * Uniform());
		double		v = pow(1 + normal / sqrt(9 * d), 3);

		if (v > 0 && log(Uniform()) < normal * normal / 2 + d - d * v + d * log(v))
			return boost * d * v / shape;
	}
}

#define MOST_SERVERS 64
#define REQUESTS 600000

/* The share of simulated requests that wait longer than wait_seconds. */
static double
Simulated(int servers, double offered, double service_seconds, double wait_seconds, double cv_arrival, double cv_service)
{
	double		free_at[MOST_SERVERS] = {0};
	double		now = 0;
	int			late = 0;

	for (int i = 0; i < REQUESTS; i++)
	{
		int			first = 0;

		now += Gamma(cv_arrival) * service_seconds / offered;
		for (int s = 1; s < servers; s++)
			first = free_at[s] < free_at[first] ? s : first;
		late += free_at[first] - now > wait_seconds;
		free_at[first] = fmax(now, free_at[first]) + Gamma(cv_service) * service_seconds;
	}
	return late / (double) REQUESTS;
}

/* The mean wait of simulated requests. */
static double
SimulatedMean(int servers, double offered, double service_seconds, double cv_arrival)
{
	double		free_at[MOST_SERVERS] = {0};
	double		now = 0;
	double		sum = 0;

	for (int i = 0; i < REQUESTS; i++)
	{
		int			first = 0;

		now += Gamma(cv_arrival) * service_seconds / offered;
		for (int s = 1; s < servers; s++)
			first = free_at[s] < free_at[first] ? s : first;
		sum += fmax(0, free_at[first] - now);
		free_at[first] = fmax(now, free_at[first]) + Gamma(1) * service_seconds;
	}
	return sum / REQUESTS;
}

/* Is the mean wait that is told within a tenth of a simulation's? */
static void
MeanPromise(int servers, double utilization, double cv_arrival)
{
	double		told = MeanWait(servers, utilization * servers, 5, cv_arrival, 1);
	double		waited = SimulatedMean(servers, utilization * servers, 5, cv_arrival);

	Ok(Near(told, waited, 0.1), "%d servers used to %g, arrivals of cv %g: a mean wait of %.4f s, %.4f simulated", servers, utilization, cv_arrival, told, waited);
}

/* Is the promise kept that at most 1 in 100 (or what was asked) waits longer, within a factor? */
static void
Promise(int servers, double wait_seconds, double probability, double cv_arrival, double cv_service, double within)
{
	double		utilization = MaxUtilization(servers, 5, wait_seconds, probability, cv_arrival, cv_service, NotAsked);
	double		share = Simulated(servers, utilization * servers, 5, wait_seconds, cv_arrival, cv_service);

	Ok(share < probability * within && share > probability / within,
	   "%d servers, arrivals of cv %g, service of cv %g: used to %.3f, %.4f wait longer, %.4f asked for",
	   servers, cv_arrival, cv_service, utilization, share, probability);
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
	for (double cv = 1; cv <= 4; cv++)
	{
		Promise(32, 0.5, 0.01, cv, 1, 1.25);
		Promise(8, 5, 0.05, cv, 1, 1.25);
		Promise(1, 5, 0.1, cv, 1, 1.25);
		Promise(32, 0.5, 0.02, cv, 0.5, 2.1);
		Promise(32, 0.5, 0.02, cv, 2, 2.1);
		Promise(32, 0.5, 0.02, cv, 3, 2.1);
		MeanPromise(8, 0.5, cv);
		MeanPromise(2, 0.6, cv);
	}
	Ok(MaxUtilization(1, 5, 0.5, 0.01, 0, 0, NotAsked) > 0.999, "without variability nobody waits");
	return Done();
}
