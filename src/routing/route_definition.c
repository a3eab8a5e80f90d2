/*
 * route_definition.c
 *	  Is a text a definition as routing_definition() writes them?
 *
 * What the final function of route_savings() reads of it has to be there, in
 * the types that it expects; nothing else is looked at.
 */
#include <string.h>

#include <cjson/cJSON.h>

#include "routing/route_fields.h"

/* A number, not below zero. */
static bool
IsAmount(const cJSON *value)
{
	return cJSON_IsNumber(value) && value->valuedouble >= 0;
}

static bool
IsAmountOrNull(const cJSON *value)
{
	return cJSON_IsNull(value) || IsAmount(value);
}

static bool
IsKind(const cJSON *kind)
{
	const char *word = cJSON_GetStringValue(kind);

	return word != NULL && (strcmp(word, "split") == 0 || strcmp(word, "score") == 0 || strcmp(word, "cascade") == 0);
}

/* A tier of a split has a share. */
static bool
IsTier(const cJSON *tier, bool of_split)
{
	const cJSON *share = cJSON_GetObjectItemCaseSensitive(tier, "share");
	const cJSON *quality = cJSON_GetObjectItemCaseSensitive(tier, "quality_ratio");

	return cJSON_IsString(cJSON_GetObjectItemCaseSensitive(tier, "model")) &&
		IsAmountOrNull(cJSON_GetObjectItemCaseSensitive(tier, "usd_per_month")) &&
		(quality == NULL || IsAmountOrNull(quality)) &&
		(of_split ? IsAmount(share) : IsAmountOrNull(share));
}

/* What replicas do for a tier: of which one, and how many there may be at what price. */
static bool
IsWork(const cJSON *work, int ntiers)
{
	const cJSON *of = cJSON_GetObjectItemCaseSensitive(work, "work_of");

	return IsAmount(of) && of->valuedouble >= 1 && of->valuedouble <= ntiers &&
		IsAmount(cJSON_GetObjectItemCaseSensitive(work, "replica_usd_per_month")) &&
		IsAmount(cJSON_GetObjectItemCaseSensitive(work, "min_replicas")) &&
		IsAmountOrNull(cJSON_GetObjectItemCaseSensitive(work, "max_replicas")) &&
		cJSON_IsBool(cJSON_GetObjectItemCaseSensitive(work, "by_month"));
}

static bool
IsDefinition(const cJSON *definition, int ntiers)
{
	const cJSON *tiers = cJSON_GetObjectItemCaseSensitive(definition, "tiers");
	const cJSON *kind = cJSON_GetObjectItemCaseSensitive(definition, "kind");
	const cJSON *works = cJSON_GetObjectItemCaseSensitive(definition, "works");
	const cJSON *tier;

	if (!IsKind(kind) || !cJSON_IsArray(tiers) || cJSON_GetArraySize(tiers) < 1 ||
		(works != NULL && !cJSON_IsArray(works)) ||
		cJSON_GetArraySize(tiers) + (works == NULL ? 0 : cJSON_GetArraySize(works)) != ntiers ||
		!IsAmount(cJSON_GetObjectItemCaseSensitive(definition, "classifier_usd_per_request")) ||
		!IsAmount(cJSON_GetObjectItemCaseSensitive(definition, "misroute_share")) ||
		!IsAmountOrNull(cJSON_GetObjectItemCaseSensitive(definition, "escalation_share")))
		return false;
	cJSON_ArrayForEach(tier, tiers)
	{
		if (!IsTier(tier, strcmp(kind->valuestring, "split") == 0))
			return false;
	}
	cJSON_ArrayForEach(tier, works)
	{
		if (!IsWork(tier, cJSON_GetArraySize(tiers)))
			return false;
	}
	return true;
}

bool
RouteDefinitionIsValid(const char *definition, int ntiers)
{
	cJSON	   *tree = cJSON_ParseWithOpts(definition, NULL, true);
	bool		valid = IsDefinition(tree, ntiers);

	cJSON_Delete(tree);
	return valid;
}
