/*
 * fields.c
 *	  Every kind of field, in both forms.
 */
#include "fuzz_forms.h"

typedef struct Everything
{
	int64_t		small;
	int64_t		large;
	bool		flag;
	Money		usd;
	double		number;
	const char *name;
	size_t		length;
	uint32_t	count;
	MeterCounts used;
} Everything;

static void *
EverythingFields(Fields *fields, void *value)
{
	Everything *all = fields->reading ? FuzzZeros(sizeof(Everything)) : value;

	FieldFormat(fields, 1, true);
	FieldInteger(fields, &all->small, -5, 5);
	FieldInteger(fields, &all->large, INT64_MIN, INT64_MAX);
	FieldFlag(fields, &all->flag);
	FieldMoney(fields, &all->usd);
	FieldDouble(fields, &all->number);
	FieldString(fields, &all->name, &all->length, 100);
	FieldCount(fields, &all->count, 3);
	FieldUsage(fields, &all->used);
	return all;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FuzzForms(EverythingFields, data, size);
	return 0;
}
