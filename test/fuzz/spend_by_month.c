/*
 * spend_by_month.c
 *	  The state of spend_by_month(), in both forms.
 */
#include "fuzz_forms.h"
#include "month_sums.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FuzzForms(SumsFields, data, size);
	return 0;
}
