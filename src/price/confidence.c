/*
 * confidence.c
 *	  The words for what a priced figure rests on.
 */
#include "price/confidence.h"

#include <string.h>

const char *
ConfidenceName(Confidence confidence)
{
	static const char *const names[CONFIDENCE_COUNT] = {
#define CONFIDENCE(ENUM, name) name,
		CONFIDENCES(CONFIDENCE)
#undef CONFIDENCE
	};

	return names[confidence];
}

static const char *const agreement_names[AGREEMENT_COUNT] = {"", "agreed", "single", "disputed"};

const char *
AgreementName(Agreement agreement)
{
	return agreement_names[agreement];
}

Agreement
AgreementByName(const char *name)
{
	Agreement	agreement = AGREEMENT_UNKNOWN;

	while (agreement < AGREEMENT_COUNT && strcmp(agreement_names[agreement], name) != 0)
		agreement++;
	return agreement;
}
