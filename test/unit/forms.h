/*
 * forms.h
 *	  Holds the text and the binary form of a value (src/core/fields.h) against
 *	  what fields promise: what was written reads back alike; cut off anywhere, or
 *	  longer, it is refused; changed at random, it is refused or read as another
 *	  value, whose form then reads back alike, too.
 *
 * What is read lies in memory of just its size, so that a sanitizer sees a read
 * or a write outside of it.
 */
#ifndef INFERACCT_FORMS_H
#define INFERACCT_FORMS_H

#include <stdlib.h>
#include <string.h>

#include "core/fields.h"
#include "random.h"
#include "tap.h"

/* Write a value's fields, or read them and return a new value, which is allocated by the Fields' owner. */
typedef void *(*FormsFields) (Fields *fields, void *value);

typedef struct Form
{
	char	   *bytes;
	size_t		size;
	size_t		room;
} Form;

/* ---------- memory that is freed together ---------- */

static void **forms_blocks;
static size_t forms_nblocks;

static inline void *
FormsAllocate(void *owner, size_t size)
{
	(void) owner;
	forms_blocks = realloc(forms_blocks, (forms_nblocks + 1) * sizeof(void *));
	return forms_blocks[forms_nblocks++] = malloc(size == 0 ? 1 : size);
}

/* Memory for a value that is read, all zeros. */
static inline void *
FormsZeros(size_t size)
{
	return memset(FormsAllocate(NULL, size), 0, size);
}

static inline void
FormsFree(void)
{
	while (forms_nblocks > 0)
		free(forms_blocks[--forms_nblocks]);
	free(forms_blocks);
	forms_blocks = NULL;
}

/* ---------- forms ---------- */

static inline void
FormAppend(void *sink, const char *bytes, size_t size)
{
	Form	   *form = sink;

	if (form->size + size > form->room)
		form->bytes = realloc(form->bytes, form->room = 2 * (form->size + size) + 64);
	memcpy(form->bytes + form->size, bytes, size);
	form->size += size;
}

static inline Form
FormOf(FieldsForm kind, FormsFields list, void *value)
{
	Form		form = {NULL, 0, 0};
	Fields		fields = FieldsToWrite(kind, FormAppend, &form);
	Fields		counting = FieldsToWrite(kind, NULL, NULL);

	form.bytes = malloc(form.room = 64);
	list(&fields, value);
	list(&counting, value);
	if (fields.size != form.size || counting.size != form.size)
		abort();
	return form;
}

/* The value of a form, NULL when it is of none. */
static inline void *
FormRead(FieldsForm kind, FormsFields list, const char *bytes, size_t size, FieldsProblem *problem)
{
	char	   *exact = FormsAllocate(NULL, size);
	Fields		fields;
	void	   *value;

	memcpy(exact, bytes, size);
	fields = FieldsToRead(kind, exact, size, FormsAllocate, NULL, NULL);
	value = list(&fields, NULL);
	if (problem != NULL)
		*problem = fields.problem;
	return FieldsEnd(&fields) ? value : NULL;
}

static inline bool
FormsAlike(const Form *a, const Form *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* Is what stands there refused, or a value that has a form of its own?  Counts those read. */
static inline bool
FormIsRefusedOrTrue(FieldsForm kind, FormsFields list, const char *bytes, size_t size, int *read)
{
	void	   *value = FormRead(kind, list, bytes, size, NULL);
	Form		first,
				second;
	bool		alike;

	if (value == NULL)
		return true;
	(*read)++;
	first = FormOf(kind, list, value);
	value = FormRead(kind, list, first.bytes, first.size, NULL);
	if (value == NULL)
	{
		free(first.bytes);
		return false;
	}
	second = FormOf(kind, list, value);
	alike = FormsAlike(&first, &second);
	free(first.bytes);
	free(second.bytes);
	return alike;
}

static inline void
CheckForm(FieldsForm kind, FormsFields list, void *value, int mutations, const char *what)
{
	const char *name = kind == FIELDS_TEXT ? "text" : "bytes";
	Form		form = FormOf(kind, list, value);
	char	   *changed = malloc(form.size + 1);
	void	   *back = FormRead(kind, list, form.bytes, form.size, NULL);
	Form		again = back == NULL ? (Form) {NULL, 0, 0} : FormOf(kind, list, back);
	FieldsProblem problem;
	bool		right = true;
	int			read = 0;

	Ok(back != NULL && FormsAlike(&form, &again), "%s: %s read back alike", what, name);
	for (size_t cut = 0; cut < form.size; cut++)
		right &= FormIsRefusedOrTrue(kind, list, form.bytes, cut, &read);
	memcpy(changed, form.bytes, form.size);
	changed[form.size] = ' ';
	right &= FormRead(kind, list, changed, form.size + 1, NULL) == NULL;
	Ok(right && (kind == FIELDS_TEXT || read == 0), "%s: %s cut off, or too long, are refused", what, name);

	for (int i = 0; i < mutations; i++)
	{
		memcpy(changed, form.bytes, form.size);
		for (int change = 0; change < 1 + i % 3; change++)
			changed[Random() % (i % 2 == 0 || form.size < 64 ? form.size : 64)] =
				kind == FIELDS_TEXT && Random() % 2 ? " -0123456789.\"\\{}e"[Random() % 18] : (char) (Random() >> 11);
		right &= FormIsRefusedOrTrue(kind, list, changed, form.size, &read);
		FormsFree();
	}
	Ok(right && read < mutations, "%s: %s changed are refused or of another value (%d of %d)", what, name, read, mutations);

	memcpy(changed, form.bytes, form.size);
	changed[0] = kind == FIELDS_TEXT ? '9' : 9;
	Ok(FormRead(kind, list, changed, form.size, &problem) == NULL && problem == FIELDS_OTHER_FORMAT,
	   "%s: %s of another format are told apart", what, name);
	free(form.bytes);
	free(again.bytes);
	free(changed);
	FormsFree();
}

/* Both forms of a value. */
static inline void
CheckForms(FormsFields list, void *value, int mutations, const char *what)
{
	CheckForm(FIELDS_TEXT, list, value, mutations, what);
	CheckForm(FIELDS_BINARY, list, value, mutations, what);
}

/* Is a text of the value that this other text is of? */
static inline bool
TextIs(FormsFields list, const char *text, const char *expected)
{
	void	   *value = FormRead(FIELDS_TEXT, list, text, strlen(text), NULL);
	Form		form = value == NULL ? (Form) {NULL, 0, 0} : FormOf(FIELDS_TEXT, list, value);
	bool		is = expected == NULL ? value == NULL :
		value != NULL && form.size == strlen(expected) && memcmp(form.bytes, expected, form.size) == 0;

	free(form.bytes);
	FormsFree();
	return is;
}

#endif							/* INFERACCT_FORMS_H */
