/*
 * fields.c
 *	  Unit tests of src/core/fields.c: every kind of field in both forms, and what
 *	  is refused.
 */
#include <math.h>

#include "everything.h"

#define MUTATIONS 20000

/* A number, and all the rest. */
static void *
RestFields(Fields *fields, void *value)
{
	Everything *all = fields->reading ? FormsZeros(sizeof(Everything)) : value;

	FieldInteger(fields, &all->small, -5, 5);
	FieldRest(fields, &all->name, &all->length);
	return all;
}

static void *
IntegerFields(Fields *fields, void *value)
{
	int64_t    *number = fields->reading ? FormsAllocate(NULL, sizeof(int64_t)) : value;

	FieldInteger(fields, number, INT64_MIN, INT64_MAX);
	return number;
}

static void *
StringFields(Fields *fields, void *value)
{
	Everything *all = fields->reading ? FormsZeros(sizeof(Everything)) : value;

	FieldString(fields, &all->name, &all->length, 8);
	return all;
}

static void *
DoubleFields(Fields *fields, void *value)
{
	double	   *number = fields->reading ? FormsAllocate(NULL, sizeof(double)) : value;

	FieldDouble(fields, number);
	return number;
}

static void
TestRest(void)
{
	Ok(TextIs(RestFields, "5 {\"a\": [1, 2]} \\", "5 {\"a\": [1, 2]} \\"), "the rest is as it is");
	Ok(TextIs(RestFields, "5 ", "5 "), "also nothing");
	Ok(TextIs(RestFields, "5", NULL), "but for the space before it");
	Ok(TextIs(RestFields, "6 x", NULL), "and not after what does not fit");
}

static void
TestEverything(void)
{
	Everything	all = {
		.small = -5,.large = INT64_MIN,.flag = true,.usd = -((Money) 1 << 126),.number = 0.1,
		.name = "a \"name\\ \xc3\xa4",.length = 11,.count = 2
	};
	Form		form;
	FieldsProblem problem;

	all.used.of[METER_INPUT] = INT64_MAX;
	all.used.of[METER_REQUESTS] = 1;
	CheckForms(EverythingFields, &all, MUTATIONS, "every kind of field");
	form = FormOf(FIELDS_TEXT, EverythingFields, &all);
	FormAppend(&form, "", 1);
	Ok(strcmp(form.bytes, "1 -5 -9223372036854775808 1 -85070591730234615865843.651857942052864 0.1 \"a \\\"name\\\\ \xc3\xa4\" 2 "
			  "{\"input\":9223372036854775807,\"requests\":1}") == 0, "fields with a space between them");
	free(form.bytes);
	form = FormOf(FIELDS_BINARY, EverythingFields, &all);
	form.bytes[1]++;
	Ok(FormRead(FIELDS_BINARY, EverythingFields, form.bytes, form.size, &problem) == NULL && problem == FIELDS_OTHER_METERS,
	   "bytes with a meter more are told apart");
	free(form.bytes);
	all = (Everything) {.name = "",.number = -INFINITY};
	CheckForms(EverythingFields, &all, MUTATIONS / 10, "nothing in them");
}

static void
TestText(void)
{
	static const char *const integers[] = {
		"", " ", "-", "+1", "01", "-0", "1.0", "1 ", " 1", "1x", "9223372036854775808", "-9223372036854775809", "1 2", "0x1", "\t1"
	};
	static const char *const strings[] = {"", "a", "\"", "\"a", "\"a\\", "\"a\\\"", "\"a\"b", "\"123456789\"", "\"a\" ", "'a'"};
	static const char *const doubles[] = {"", "x", "1x", " 1", "\t1", "+1", "1,5"};

	for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++)
		Ok(TextIs(IntegerFields, integers[i], NULL), "no whole number: \"%s\"", integers[i]);
	Ok(TextIs(IntegerFields, "-9223372036854775808", "-9223372036854775808") && TextIs(IntegerFields, "0", "0"), "whole numbers");
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		Ok(TextIs(StringFields, strings[i], NULL), "no string: %s", strings[i]);
	Ok(TextIs(StringFields, "\"1234\\5678\"", "\"12345678\"") && TextIs(StringFields, "\"\"", "\"\""), "strings");
	for (size_t i = 0; i < sizeof(doubles) / sizeof(doubles[0]); i++)
		Ok(TextIs(DoubleFields, doubles[i], NULL), "no number: \"%s\"", doubles[i]);
	Ok(TextIs(DoubleFields, "-0", "-0") && TextIs(DoubleFields, "1e300", "1e+300"), "numbers");
}

static void
TestDoubles(void)
{
	bool		alike = true;

	for (int i = 0; i < MUTATIONS; i++)
	{
		uint64_t	bits = Random();
		double		number;
		double	   *back;
		Form		form;

		memcpy(&number, &bits, sizeof(number));
		if (isnan(number))
			continue;
		form = FormOf(FIELDS_TEXT, DoubleFields, &number);
		back = FormRead(FIELDS_TEXT, DoubleFields, form.bytes, form.size, NULL);
		alike &= back != NULL && memcmp(back, &number, sizeof(number)) == 0;
		free(form.bytes);
		FormsFree();
	}
	Ok(alike, "any double reads back, bit for bit");
}

int
main(void)
{
	TestEverything();
	TestRest();
	TestText();
	TestDoubles();
	return Done();
}
