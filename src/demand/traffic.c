/*
 * traffic.c
 *	  Statistics of load over time.
 *
 * Definitions: notes on burstiness in docs/demand.md.  Index of dispersion for
 * counts: Cox and Lewis, The Statistical Analysis of Series of Events, 1966;
 * 1 for Poisson arrivals at every width.  Pure C: no postgres.h.
 */
#include "demand/traffic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "demand/demand.h"

#define HOURS_PER_WEEK 168

static double
Mean(const TrafficGrid *grid)
{
	double		total = 0;

	for (int64_t i = 0; i < grid->nsamples; i++)
		total += grid->samples[i].value;
	return total / (double) grid->count;
}

static double
Variance(const TrafficGrid *grid, double mean)
{
	double		squares = (double) (grid->count - grid->nsamples) * mean * mean;

	for (int64_t i = 0; i < grid->nsamples; i++)
	{
		double		distance = grid->samples[i].value - mean;

		squares += distance * distance;
	}
	return squares / (double) grid->count;
}

static double
Peak(const TrafficGrid *grid)
{
	double		peak = 0;

	for (int64_t i = 0; i < grid->nsamples; i++)
		peak = fmax(peak, grid->samples[i].value);
	return peak;
}

/* Variance / mean of the requests in consecutive windows of so many buckets; a last part of one is left out. */
static double
Dispersion(const TrafficGrid *grid, int64_t buckets)
{
	int64_t		windows = grid->count / buckets;
	double		total = 0;
	double		squares = 0;
	double		mean;

	if (windows < 2)
		return NAN;
	for (int64_t i = 0; i < grid->nsamples;)
	{
		int64_t		window = (grid->samples[i].number - grid->first) / buckets;
		double		requests = 0;

		for (; i < grid->nsamples && (grid->samples[i].number - grid->first) / buckets == window; i++)
			requests += grid->samples[i].requests;
		if (window >= windows)
			break;
		total += requests;
		squares += requests * requests;
	}
	mean = total / (double) windows;
	return mean == 0 ? NAN : (squares / (double) windows - mean * mean) / mean;
}

/* The bucket's own width, and the next two of hour, day and week that it divides. */
static void
ChooseWindows(int64_t width, int64_t window[DISPERSION_WIDTHS])
{
	static const int64_t usual[] = {DEMAND_HOUR, DEMAND_DAY, DEMAND_WEEK};
	int			n = 1;

	memset(window, 0, DISPERSION_WIDTHS * sizeof(window[0]));
	window[0] = width;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]) && n < DISPERSION_WIDTHS; i++)
	{
		if (usual[i] > width && usual[i] % width == 0)
			window[n++] = usual[i];
	}
}

static int
HourOfWeek(const TrafficGrid *grid, int64_t number)
{
	int64_t		since = number * grid->width % DEMAND_WEEK;

	return (int) ((since < 0 ? since + DEMAND_WEEK : since) / DEMAND_HOUR);
}

/* How many buckets begin in each hour of the week, empty ones included: they repeat after some weeks. */
static void
CountHours(const TrafficGrid *grid, double buckets[HOURS_PER_WEEK])
{
	int64_t		period = 1;		/* buckets */
	int64_t		whole;

	while (period * grid->width % DEMAND_WEEK != 0)
		period++;
	whole = grid->count / period;
	for (int64_t i = 0; i < period; i++)
		buckets[HourOfWeek(grid, grid->first + i)] += (double) (whole + (i < grid->count % period));
}

/*
 * How much of the variance the means of the hours of the week explain, adjusted
 * for how many means there are: so many explain a part of mere noise, too.
 */
static double
Predictability(const TrafficGrid *grid, double mean, double variance)
{
	double		total[HOURS_PER_WEEK] = {0};
	double		buckets[HOURS_PER_WEEK] = {0};
	double		explained = 0;
	double		freedom = (double) grid->count - 1;
	int			means = 0;

	if (grid->count < 2 * DEMAND_WEEK / grid->width || variance == 0)
		return NAN;
	CountHours(grid, buckets);
	for (int64_t i = 0; i < grid->nsamples; i++)
		total[HourOfWeek(grid, grid->samples[i].number)] += grid->samples[i].value;
	for (int hour = 0; hour < HOURS_PER_WEEK; hour++)
	{
		double		distance = buckets[hour] == 0 ? 0 : total[hour] / buckets[hour] - mean;

		explained += buckets[hour] * distance * distance;
		means += buckets[hour] > 0;
	}
	explained /= (double) grid->count * variance;
	return fmax(0, 1 - (1 - explained) * freedom / (freedom + 1 - means));
}

void
TrafficMeasure(const TrafficGrid *grid, Traffic *traffic)
{
	double		variance;

	traffic->mean = Mean(grid);
	variance = Variance(grid, traffic->mean);
	traffic->peak = Peak(grid);
	traffic->cv = traffic->mean == 0 ? NAN : sqrt(variance) / traffic->mean;
	traffic->predictability = Predictability(grid, traffic->mean, variance);
	ChooseWindows(grid->width, traffic->window);
	for (int i = 0; i < DISPERSION_WIDTHS; i++)
		traffic->dispersion[i] = traffic->window[i] == 0 ? NAN : Dispersion(grid, traffic->window[i] / grid->width);
}

static int
CompareValues(const void *left, const void *right)
{
	double		a = ((const TrafficSample *) left)->value;
	double		b = ((const TrafficSample *) right)->value;

	return (a > b) - (a < b);
}

double
TrafficPercentile(const TrafficGrid *grid, double share)
{
	int64_t		rank = (int64_t) ceil(share * (double) grid->count - 1e-9);
	int64_t		zeros = grid->count - grid->nsamples;

	qsort(grid->samples, (size_t) grid->nsamples, sizeof(TrafficSample), CompareValues);
	return rank <= zeros ? 0 : grid->samples[rank - zeros - 1].value;
}
