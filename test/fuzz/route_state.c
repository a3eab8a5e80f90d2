/*
 * route_state.c
 *	  The state of route_savings(), in both forms: what is read is valid.
 */
#include "fuzz_forms.h"

#include "routing/route_fields.h"

static void *
StateFields(Fields *fields, void *value)
{
	RouteState *state = RouteStateFields(fields, value);

	if (fields->reading && state != NULL && FieldsEnd(fields))
		Promise(RouteStateIsValid(state, RouteStateSize(state->ntiers, state->names_size, state->nbuckets)), "a state that is read is valid");
	return state;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FuzzForms(StateFields, data, size);
	return 0;
}
