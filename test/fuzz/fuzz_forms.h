/*
 * fuzz_forms.h
 *	  Made-up bytes as the text or binary form of a value (src/core/fields.h): they
 *	  are refused, or are of a value whose own form reads back alike.
 *
 * The first byte chooses the form.
 */
#ifndef INFERACCT_FUZZ_FORMS_H
#define INFERACCT_FUZZ_FORMS_H

#include "forms.h"
#include "fuzz.h"

static inline void
FuzzForms(FormsFields list, const uint8_t *data, size_t size)
{
	int			read = 0;

	if (size == 0)
		return;
	Promise(FormIsRefusedOrTrue(data[0] % 2 == 0 ? FIELDS_TEXT : FIELDS_BINARY, list, (const char *) data + 1, size - 1, &read),
			"what is read has a form that reads back alike");
	FormsFree();
}

#endif							/* INFERACCT_FUZZ_FORMS_H */
