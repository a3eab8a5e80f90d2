/*
 * service_tier.c
 *	  The words that logs and providers have for service tiers.
 */
#include "core/service_tier.h"

#include <string.h>

#define PREFIX "on_demand_"

static const char *const standard_words[] = {
	"", "default", "auto", "on_demand", "standard_only", "unspecified", "traffic_type_unspecified"
};

size_t
ServiceTierOf(const char *bytes, size_t length, char *word)
{
	for (size_t i = 0; i < length; i++)
		word[i] = bytes[i] >= 'A' && bytes[i] <= 'Z' ? (char) (bytes[i] - 'A' + 'a') : bytes[i];
	word[length] = '\0';
	if (strncmp(word, PREFIX, strlen(PREFIX)) == 0)
	{
		length -= strlen(PREFIX);
		memmove(word, word + strlen(PREFIX), length + 1);
	}
	for (size_t i = 0; i < sizeof(standard_words) / sizeof(standard_words[0]); i++)
	{
		if (strcmp(word, standard_words[i]) == 0)
		{
			strcpy(word, SERVICE_TIER_STANDARD);
			return strlen(word);
		}
	}
	return length;
}
