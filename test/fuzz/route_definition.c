/*
 * route_definition.c
 *	  The definition of a routing policy.  The first byte says how many tiers it has to have.
 */
#include "fuzz.h"

#include "routing/route_fields.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text;
	int			ntiers;

	if (size == 0)
		return 0;
	ntiers = data[0] % (ROUTE_MAX_TIERS + 1);
	text = FuzzText(data + 1, size - 1);
	if (RouteDefinitionIsValid(text, ntiers))
		Promise(ntiers > 0 && !RouteDefinitionIsValid(text, ntiers + 1), "a definition is one of so many tiers");
	free(text);
	return 0;
}
