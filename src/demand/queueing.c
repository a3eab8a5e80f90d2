/*
 * queueing.c
 *	  Erlang C, and the Allen-Cunneen correction for other than Poisson
 *	  arrivals and exponential service.
 *
 * Erlang C by the recursion of Erlang B, which is stable for any number of
 * servers: B(0) = 1, B(k) = a B(k-1) / (k + a B(k-1)), C = c B / (c - a (1 - B)).
 * The wait of those who wait is exponential with rate (c - a) / S; with
 * v = (Ca^2 + Cs^2) / 2 the mean wait is multiplied, and the rate divided, by v
 * (A. O. Allen, Probability, Statistics and Queueing Theory, 2nd ed., 1990).
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

static double
Variability(double cv_arrival, double cv_service)
{
	return (cv_arrival * cv_arrival + cv_service * cv_service) / 2;
}

double
WaitProbability(int servers, double offered, double service_seconds, double wait_seconds,
				double cv_arrival, double cv_service)
{
	double		variability = Variability(cv_arrival, cv_service);

	if (offered >= servers)
		return 1;
	if (variability == 0)		/* nobody's turn ever comes late */
		return 0;
	return ErlangC(servers, offered) *
		exp(-(servers - offered) * wait_seconds / service_seconds / variability);
}

double
MeanWait(int servers, double offered, double service_seconds, double cv_arrival, double cv_service)
{
	if (offered >= servers)
		return INFINITY;
	return Variability(cv_arrival, cv_service) * ErlangC(servers, offered) * service_seconds / (servers - offered);
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
