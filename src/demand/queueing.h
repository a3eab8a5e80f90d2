/*
 * queueing.h
 *	  Waiting in front of identical servers: a latency target becomes a highest
 *	  utilization.
 *
 * A server is one slot of concurrency: replicas x sequences served at a time.
 * `offered` load is arrivals x service time, in servers.  Floats: none of it is
 * money.  Pure C: no postgres.h.
 */
#ifndef INFERACCT_QUEUEING_H
#define INFERACCT_QUEUEING_H

/* Probability that an arrival waits, M/M/c; 1 when offered >= servers. */
extern double ErlangC(int servers, double offered);

/*
 * Probability of waiting longer than wait_seconds, and the mean wait in
 * seconds, with coefficients of variation of the times between arrivals (gamma
 * renewals) and of service: exact for exponential service.
 */
extern double WaitProbability(int servers, double offered, double service_seconds, double wait_seconds,
							  double cv_arrival, double cv_service);
extern double MeanWait(int servers, double offered, double service_seconds, double cv_arrival, double cv_service);

/* The highest offered/servers at which at most `probability` wait longer than wait_seconds. */
extern double MaxUtilization(int servers, double service_seconds, double wait_seconds, double probability,
							 double cv_arrival, double cv_service, void (*check_interrupts) (void));

#endif							/* INFERACCT_QUEUEING_H */
