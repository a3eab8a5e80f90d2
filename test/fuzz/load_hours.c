/*
 * load_hours.c
 *	  A load, hour by hour, in both forms: a number of hours, then each of them.
 */
#include "fuzz_forms.h"

#include "demand/load_hours.h"

static void *
LoadFields(Fields *fields, void *value)
{
	Load	   *load = fields->reading ? FuzzZeros(sizeof(Load)) : value;
	uint32_t	count = (uint32_t) load->count;

	FieldFormat(fields, 1, false);
	FieldCount(fields, &count, 1 << 20);
	if (fields->reading)
	{
		load->hours = FuzzZeros(count * sizeof(LoadHour));
		load->room = (int) count;
	}
	for (uint32_t i = 0; i < count && FieldsAreGood(fields); i++)
	{
		LoadHour	hour = fields->reading ? (LoadHour) {0} : load->hours[i];

		LoadHourFields(fields, &hour);
		if (fields->reading && FieldsAreGood(fields) && !LoadAdd(load, &hour))
			FieldsRefuse(fields);
	}
	for (int i = 1; i < load->count; i++)
		Promise(load->hours[i - 1].hour < load->hours[i].hour, "hours ascend");
	return load;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FuzzForms(LoadFields, data, size);
	return 0;
}
