/*
 * queueing.c
 *	  How long requests wait for one of many servers: Erlang C, and its like for
 *	  arrivals that come in bursts.
 *
 * Erlang C by the recursion of Erlang B, which is stable for any number of
 * servers: B(0) = 1, B(k) = a B(k-1) / (k + a B(k-1)), C = c B / (c - a (1 - B)).
 * Exact for exponential service; how far other service is off, the unit test
 * says, by simulation.
 * Pure C: no postgres.h.
 */
#include "demand/queueing.h"

#include <math.h>

/* Halvings of the utilization, after which doubles have nothing left to halve. */
#define BISECTIONS 60

double
ErlangC(int servers, double offered)
{
	double		blocked = 1;

	if (offered >= servers)
		return 1;
	for (int k = 1; k <= servers; k++)
		blocked = offered * blocked / (k + offered * blocked);
	return servers * blocked / (servers - offered * (1 - blocked));
}

/* ---------- arrivals of any burstiness ---------- */

/* Beyond so many servers fewer are looked at, which wait no less. */
#define MOST_SERVERS 100000

/*
 * Arrivals are taken as renewals with gamma times between them, which is how
 * inference traffic was found to come (BurstGPT, arXiv:2401.17644).  What is
 * waited for then depends on the servers' clocks through the Laplace transform
 * of these times alone: a(s) = (1 + s v / lambda)^(-1 / v), v the squared cv.
 */
typedef struct Renewals
{
	double		rate;			/* arrivals per mean service */
	double		variance;		/* squared cv of the times between them */
} Renewals;

static double
Transform(const Renewals *arrivals, double s)
{
	if (arrivals->variance == 0)
		return exp(-s / arrivals->rate);
	return exp(-log1p(s * arrivals->variance / arrivals->rate) / arrivals->variance);
}

/* The root in (0, 1) of x = a(c (1 - x)): each further one who waits is x times as likely. */
static double
QueueRatio(const Renewals *arrivals, double servers)
{
	double		low = 0;
	double		high = 1;

	for (int i = 0; i < BISECTIONS; i++)
	{
		double		middle = (low + high) / 2;

		if (Transform(arrivals, servers * (1 - middle)) > middle)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/*
 * Probability that an arrival finds all servers busy, service being exponential:
 * GI/M/c, exactly (L. Takacs, Introduction to the Theory of Queues, 1962; as in
 * Gross and Harris, Fundamentals of Queueing Theory, section on G/M/c).  All
 * terms are positive; binomials are taken in logarithms.
 */
static double
BusyProbability(const Renewals *arrivals, int servers, double ratio)
{
	double		free_servers = servers * (1 - ratio);
	double		sum = 1 / (1 - ratio);
	double		log_product = 0;

	for (int j = 1; j <= servers; j++)
	{
		double		a = Transform(arrivals, j);
		double		near = fabs(free_servers - j) < 1e-4 ? j + 1e-3 : j;	/* where both differences vanish */

		log_product += log(a) - log1p(-a);
		sum += exp(lgamma(servers + 1.0) - lgamma(j + 1.0) - lgamma(servers - j + 1.0) - log_product) / (1 - a) *
			(servers * (1 - Transform(arrivals, near)) - near) / (free_servers - near);
	}
	return fmin(1, 1 / sum / (1 - ratio));
}

/*
 * How requests wait: a share of them, and those exponentially, at `rate` per
 * mean service.  Service of another cv changes how many a burst keeps busy at
 * once (its peakedness: between 1 + (v - 1) / 2 for exponential and v for
 * constant service) and how fast a queue drains (Allen-Cunneen).
 */
static void
Waiting(int servers, double offered, double cv_arrival, double cv_service, double *share, double *rate)
{
	double		v = cv_arrival * cv_arrival;
	double		w = cv_service * cv_service;
	double		scale = servers > MOST_SERVERS ? (double) MOST_SERVERS / servers : 1;
	Renewals	arrivals = {.rate = offered * scale,.variance = v > 1 ? 1 + (v - 1) * 2 / (1 + w) : v};
	int			looked_at = servers > MOST_SERVERS ? MOST_SERVERS : servers;
	double		ratio;

	if (v == 1)
	{
		*share = ErlangC(servers, offered);
		*rate = (servers - offered) * 2 / (1 + w);
		return;
	}
	ratio = QueueRatio(&arrivals, looked_at);
	*share = BusyProbability(&arrivals, looked_at, ratio);
	*rate = looked_at * (1 - ratio) * (1 + arrivals.variance) / (v + w);
}

double
WaitProbability(int servers, double offered, double service_seconds, double wait_seconds,
				double cv_arrival, double cv_service)
{
	double		share,
				rate;

	if (offered >= servers)
		return 1;
	if (offered == 0 || (cv_arrival == 0 && cv_service == 0))	/* nobody's turn ever comes late */
		return 0;
	Waiting(servers, offered, cv_arrival, cv_service, &share, &rate);
	return share * exp(-rate * wait_seconds / service_seconds);
}

double
MeanWait(int servers, double offered, double service_seconds, double cv_arrival, double cv_service)
{
	double		share,
				rate;

	if (offered >= servers)
		return INFINITY;
	if (offered == 0 || (cv_arrival == 0 && cv_service == 0))
		return 0;
	Waiting(servers, offered, cv_arrival, cv_service, &share, &rate);
	return share * service_seconds / rate;
}

double
MaxUtilization(int servers, double service_seconds, double wait_seconds, double probability,
			   double cv_arrival, double cv_service, void (*check_interrupts) (void))
{
	double		low = 0;
	double		high = 1;

	for (int i = 0; i < BISECTIONS; i++)
	{
		double		middle = (low + high) / 2;

		check_interrupts();
		if (WaitProbability(servers, middle * servers, service_seconds, wait_seconds,
							cv_arrival, cv_service) <= probability)
			low = middle;
		else
			high = middle;
	}
	return low;
}
