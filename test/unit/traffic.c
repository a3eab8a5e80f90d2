/*
 * traffic.c
 *	  Unit tests of src/demand/traffic.c against figures computed by hand and the
 *	  weekly profile whose figures are known.
 */
#include <math.h>

#include "demand/demand.h"
#include "tap.h"
#include "demand/traffic.h"

static const double weekday[24] = {2, 2, 2, 2, 2, 3, 4, 6, 8, 10, 11, 12, 12, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2};

static bool
Near(double a, double b)
{
	return fabs(a - b) < 5e-4;
}

/* So many weeks of the profile: weekends have half of it, rounded up. */
static TrafficGrid
Weeks(TrafficSample *samples, int weeks)
{
	for (int hour = 0; hour < weeks * 168; hour++)
	{
		double		value = weekday[hour % 24];

		if (hour % 168 >= 120)
			value = ceil(value / 2);
		samples[hour] = (TrafficSample) {hour, value, value};
	}
	return (TrafficGrid) {DEMAND_HOUR, 0, weeks * 168, samples, weeks * 168};
}

int
main(void)
{
	TrafficSample samples[3 * 168];
	TrafficGrid grid = Weeks(samples, 1);
	Traffic		traffic;

	TrafficMeasure(&grid, &traffic);
	Ok(Near(traffic.mean, 5.506) && traffic.peak == 12, "mean and peak of the profile");
	Ok(Near(traffic.peak / traffic.mean, 2.179) && Near(traffic.cv, 0.646), "peak/mean and cv");
	Ok(isnan(traffic.predictability), "one week tells nothing of the next");
	Ok(TrafficPercentile(&grid, 0.99) == 12 && TrafficPercentile(&grid, 0.5) == 5, "percentiles are values of buckets");

	grid = Weeks(samples, 3);
	TrafficMeasure(&grid, &traffic);
	Ok(Near(traffic.predictability, 1), "equal weeks are predictable");
	Ok(traffic.window[0] == DEMAND_HOUR && traffic.window[1] == DEMAND_DAY && traffic.window[2] == DEMAND_WEEK,
	   "windows of hour, day, week");
	Ok(Near(traffic.dispersion[2], 0), "equal weeks have no dispersion");
	Ok(traffic.dispersion[1] > traffic.dispersion[0], "days of a week differ more than hours");

	/* Four hours, of which the first and the last have requests. */
	samples[0] = (TrafficSample) {10, 6, 3};
	samples[1] = (TrafficSample) {13, 2, 1};
	grid = (TrafficGrid) {DEMAND_HOUR, 10, 4, samples, 2};
	TrafficMeasure(&grid, &traffic);
	Ok(traffic.mean == 2 && Near(traffic.cv, sqrt(6) / 2), "absent buckets are zeros");
	Ok(Near(traffic.dispersion[0], 1.5) && isnan(traffic.dispersion[1]), "dispersion of counts; none of one window");
	Ok(TrafficPercentile(&grid, 0.5) == 0 && TrafficPercentile(&grid, 0.75) == 2 && TrafficPercentile(&grid, 1) == 6,
	   "zeros count in percentiles");

	grid = (TrafficGrid) {DEMAND_HOUR, 10, 4, samples, 0};
	TrafficMeasure(&grid, &traffic);
	Ok(traffic.mean == 0 && isnan(traffic.cv) && isnan(traffic.dispersion[0]), "no load has no ratios");
	return Done();
}
