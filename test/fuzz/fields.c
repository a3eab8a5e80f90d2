/*
 * fields.c
 *	  Every kind of field, in both forms.
 */
#include "everything.h"
#include "fuzz_forms.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FuzzForms(EverythingFields, data, size);
	return 0;
}
