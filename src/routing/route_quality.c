/*
 * route_quality.c
 *	  How good a router's scores are.
 */
#include <math.h>
#include <stdlib.h>

#include "routing/route_quality.h"

static const double thresholds[QUALITY_THRESHOLDS] = {0.2, 0.5, 0.8};

bool
QualityPointIsUsable(const QualityPoint *point)
{
	return !isnan(point->score) && isfinite(point->weak) && isfinite(point->strong);
}

static int
Descending(double left, double right)
{
	return (left < right) - (left > right);
}

/* By score, then by what makes sums come out alike whatever the order of rows. */
static int
ByScore(const void *left, const void *right)
{
	const QualityPoint *a = left;
	const QualityPoint *b = right;
	int			order = Descending(a->score, b->score);

	if (order == 0)
		order = Descending(a->strong, b->strong);
	return order != 0 ? order : Descending(a->weak, b->weak);
}

/* An oracle's score is the gain. */
static void
ScoreByGain(QualityPoint *points, size_t count)
{
	for (size_t i = 0; i < count; i++)
		points[i].score = points[i].strong - points[i].weak;
	qsort(points, count, sizeof(*points), ByScore);
}

/* Note what a point of the curve reaches: `gained` after k of count requests. */
static void
ReadThresholds(QualityCurve *curve, double gained, double gap, double tolerance, size_t k, size_t count)
{
	for (int i = 0; i < QUALITY_THRESHOLDS; i++)
	{
		bool		reached = gained >= thresholds[i] * gap - tolerance;

		if (!reached)
			curve->holds[i] = (double) (k + 1) / (double) count;
		else if (isnan(curve->cpt[i]))
			curve->cpt[i] = (double) k / (double) count;
	}
}

/* Walk the curve of points sorted by score. */
static void
Walk(const QualityPoint *points, size_t count, double gap, double tolerance, QualityCurve *curve)
{
	double		gained = 0;
	double		area = 0;
	size_t		end;

	for (int i = 0; i < QUALITY_THRESHOLDS; i++)
		curve->cpt[i] = NAN;
	ReadThresholds(curve, 0, gap, tolerance, 0, count);
	for (size_t start = 0; start < count; start = end)
	{
		double		block = 0;

		for (end = start; end < count && points[end].score == points[start].score; end++)
			block += points[end].strong - points[end].weak;
		for (size_t k = start + 1; k <= end; k++)
			ReadThresholds(curve, gained + block * (double) (k - start) / (double) (end - start),
						   gap, tolerance, k, count);
		area += (gained + block / 2) * (double) (end - start);
		gained += block;
	}
	curve->apgr = area / (double) count / gap;
}

void
RouteQuality(QualityPoint *points, size_t count, QualityReport *report)
{
	double		weak = 0;
	double		strong = 0;
	double		tolerance = 0;

	*report = (QualityReport) {.status = QUALITY_EMPTY};
	if (count == 0)
		return;
	qsort(points, count, sizeof(*points), ByScore);
	for (size_t i = 0; i < count; i++)
	{
		weak += points[i].weak;
		strong += points[i].strong;
		tolerance += fabs(points[i].strong - points[i].weak);
	}
	tolerance *= 1e-12;
	report->weak = weak / (double) count;
	report->strong = strong / (double) count;
	if (fabs(strong - weak) <= tolerance)
		report->status = QUALITY_NO_GAP;
	else if (strong < weak)
		report->status = QUALITY_STRONG_IS_WORSE;
	else
	{
		report->status = QUALITY_OK;
		Walk(points, count, strong - weak, tolerance, &report->router);
		ScoreByGain(points, count);
		Walk(points, count, strong - weak, tolerance, &report->oracle);
	}
}

const char *
QualityStatusName(QualityStatus status)
{
	switch (status)
	{
		case QUALITY_OK:
			return "ok";
		case QUALITY_EMPTY:
			return "no_requests";
		case QUALITY_NO_GAP:
			return "no_gap";
		case QUALITY_STRONG_IS_WORSE:
			return "strong_is_worse";
	}
	return "unknown";
}
