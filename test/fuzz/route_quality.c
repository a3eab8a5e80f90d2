/*
 * route_quality.c
 *	  The state of route_quality(), in both forms, and the report on what is read.
 */
#include "fuzz_forms.h"

#include "routing/route_fields.h"

typedef struct Quality
{
	uint32_t	count;
	QualityPoint *points;
} Quality;

static void *
PointsFields(Fields *fields, void *value)
{
	Quality    *quality = fields->reading ? FormsZeros(sizeof(Quality)) : value;

	QualityCountField(fields, &quality->count, 1 << 20);
	if (fields->reading)
		quality->points = FormsZeros(quality->count * sizeof(QualityPoint));
	QualityPointFields(fields, quality->points, quality->count);
	return quality;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Quality    *quality;
	QualityReport report;

	FuzzForms(PointsFields, data, size);
	if (size == 0)
		return 0;
	quality = FormRead(data[0] % 2 == 0 ? FIELDS_TEXT : FIELDS_BINARY, PointsFields, (const char *) data + 1, size - 1, NULL);
	if (quality != NULL)
	{
		for (uint32_t i = 0; i < quality->count; i++)
			Promise(QualityPointIsUsable(&quality->points[i]), "a point that is read can be used");
		RouteQuality(quality->points, quality->count, &report);
		Promise(QualityStatusName(report.status) != NULL, "a report has a status");
	}
	FormsFree();
	return 0;
}
