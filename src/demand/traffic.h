/*
 * traffic.h
 *	  Statistics of load over time: peak, percentile, burstiness, predictability.
 *
 * Invariant: the statistics are over the whole grid of `count` buckets from
 * number `first` on; a bucket without a sample is a zero.  Variances are those
 * of the population.  Floats are fine here: none of it is money.
 *
 * Pure C: no postgres.h.  Callers own the samples, whose order is spoilt only
 * by TrafficPercentile().
 */
#ifndef INFERACCT_TRAFFIC_H
#define INFERACCT_TRAFFIC_H

#include <stdint.h>

#define DISPERSION_WIDTHS 3

typedef struct TrafficSample
{
	int64_t		number;			/* of the bucket, see demand.h */
	double		value;			/* load: tokens, say */
	double		requests;
} TrafficSample;

typedef struct TrafficGrid
{
	int64_t		width;			/* of a bucket, in microseconds */
	int64_t		first;			/* number of the first bucket */
	int64_t		count;			/* buckets, > 0 */
	TrafficSample *samples;		/* in the order of time, all in the grid */
	int64_t		nsamples;
} TrafficGrid;

/* What has no answer is NaN. */
typedef struct Traffic
{
	double		mean;
	double		peak;
	double		cv;				/* standard deviation / mean */
	double		predictability; /* share of the variance that the hour of the week explains, adjusted (0 for noise); NaN below two weeks */

	/* Variance / mean of the requests in windows of so many microseconds; width 0: none. */
	int64_t		window[DISPERSION_WIDTHS];
	double		dispersion[DISPERSION_WIDTHS];
} Traffic;

extern void TrafficMeasure(const TrafficGrid *grid, Traffic *traffic);

/* The least value that at least `share` of the buckets do not exceed.  Reorders the samples. */
extern double TrafficPercentile(const TrafficGrid *grid, double share);

#endif							/* INFERACCT_TRAFFIC_H */
