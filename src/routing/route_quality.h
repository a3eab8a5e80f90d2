/*
 * route_quality.h
 *	  How good a router's scores are: the curve of quality over the share of
 *	  requests that go to the strong model.
 *
 * The curve has one point per request.  Requests go to the strong model by
 * descending score; those of equal score in every order with equal chance, so
 * that the curve is a straight line across them and does not depend on the
 * order of rows.  PGR(k) is the part of the gap between the models' mean
 * qualities that the first k requests close; it may fall, and pass 1.
 *
 * These are statistics: doubles.  Comparisons with a threshold allow 1e-12 of
 * the sum of all gains, which covers the rounding of sums.
 * Pure C: no postgres.h.  Nothing here allocates; points are the caller's.
 */
#ifndef INFERACCT_ROUTE_QUALITY_H
#define INFERACCT_ROUTE_QUALITY_H

#include <stdbool.h>
#include <stddef.h>

typedef struct QualityPoint
{
	double		score;
	double		weak;			/* quality of the weak model's answer */
	double		strong;
} QualityPoint;

typedef enum QualityStatus
{
	QUALITY_OK,
	QUALITY_EMPTY,				/* no request */
	QUALITY_NO_GAP,				/* the models are equally good: PGR has no meaning */
	QUALITY_STRONG_IS_WORSE
} QualityStatus;

/* The thresholds at which a curve is read: PGR of 20, 50 and 80 %. */
#define QUALITY_THRESHOLDS 3

typedef struct QualityCurve
{
	double		apgr;			/* area under the curve, by trapezoids */
	double		cpt[QUALITY_THRESHOLDS];	/* least share that reaches the threshold */
	double		holds[QUALITY_THRESHOLDS];	/* least share from which on it is never missed */
} QualityCurve;

typedef struct QualityReport
{
	QualityStatus status;
	double		weak;			/* mean qualities */
	double		strong;
	QualityCurve router;		/* set when status is QUALITY_OK */
	QualityCurve oracle;		/* by the gain itself */
} QualityReport;

/* A score that can be compared, and qualities that can be added up? */
extern bool QualityPointIsUsable(const QualityPoint *point);

/* Report on points, which are sorted in the course. */
extern void RouteQuality(QualityPoint *points, size_t count, QualityReport *report);

/* Word for a status, as SQL shows it. */
extern const char *QualityStatusName(QualityStatus status);

#endif							/* INFERACCT_ROUTE_QUALITY_H */
