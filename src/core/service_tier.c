/*
 * service_tier.c
 *	  The words that logs and providers have for service tiers.
 */
#include "core/service_tier.h"

#include <string.h>

static const char *const prefixes[] = {"service_tier_", "on_demand_"};

static const char *const standard_words[] = {
	"", "default", "auto", "on_demand", "standard_only", "unspecified", "traffic_type_unspecified"
};

size_t
ServiceTierOf(const char *bytes, size_t length, char *word)
{
	for (size_t i = 0; i < length; i++)
		word[i] = bytes[i] >= 'A' && bytes[i] <= 'Z' ? (char) (bytes[i] - 'A' + 'a') : bytes[i];
	word[length] = '\0';
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
	{
		if (strncmp(word, prefixes[i], strlen(prefixes[i])) != 0)
			continue;
		length -= strlen(prefixes[i]);
		memmove(word, word + strlen(prefixes[i]), length + 1);
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
