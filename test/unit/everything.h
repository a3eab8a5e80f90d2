/*
 * everything.h
 *	  A value with a field of every kind (src/core/fields.h), for its unit tests and
 *	  for made-up bytes.
 */
#ifndef INFERACCT_EVERYTHING_H
#define INFERACCT_EVERYTHING_H

#include "forms.h"

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

static inline void *
EverythingFields(Fields *fields, void *value)
{
	Everything *all = fields->reading ? FormsZeros(sizeof(Everything)) : value;

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

#endif							/* INFERACCT_EVERYTHING_H */
