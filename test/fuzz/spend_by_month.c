/*
 * spend_by_month.c
 *	  The state of spend_by_month(), in both forms.
 */
#include "fuzz_forms.h"

#include "spend/spend_by_month.h"

static void *
SumsFields(Fields *fields, void *value)
{
	SpendByMonth *sums = value;
	MonthModel **models = NULL;

	if (fields->reading)
	{
		sums = FuzzZeros(sizeof(SpendByMonth));
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FuzzForms(SumsFields, data, size);
	return 0;
}
