/*
 * month_sums.h
 *	  The state of spend_by_month() (src/spend/spend_by_month.h) as a value with
 *	  forms, for its unit tests and for made-up bytes.
 */
#ifndef INFERACCT_MONTH_SUMS_H
#define INFERACCT_MONTH_SUMS_H

#include "forms.h"
#include "spend/spend_by_month.h"

/* What sums consist of, as tests of forms want it. */
static inline void *
SumsFields(Fields *fields, void *value)
{
	SpendByMonth *sums = value;
	MonthModel **models = NULL;

	if (fields->reading)
	{
		sums = FormsZeros(sizeof(SpendByMonth));
		SpendByMonthInit(sums, FormsAllocate, NULL);
	}
	else
	{
		models = malloc((sums->nmodels + 1) * sizeof(MonthModel *));
		SpendByMonthModels(sums, models);
	}
	SpendByMonthFields(fields, sums, models);
	free(models);
	return sums;
}

#endif							/* INFERACCT_MONTH_SUMS_H */
