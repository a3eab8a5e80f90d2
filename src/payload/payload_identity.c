/*
 * payload_identity.c
 *	  What a payload says beside its counts: the model, the service tier and
 *	  the region.
 *
 * Invariant: what the response says wins over what the request asked for, and a
 * place that says more than "standard" over one that says no more.
 */
#include "core/service_tier.h"
#include "payload/payload_reader.h"

#include <string.h>

#define MAX_PATH 4
#define lengthof_array(array) (sizeof(array) / sizeof((array)[0]))

static Node *
FindModelIn(PayloadReader *reader, Node *root)
{
	static const PayloadKey paths[][MAX_PATH + 1] = {
		{KEY_model},
		{KEY_modelVersion},
		{KEY_model_version},
		{KEY_modelId},
		{KEY_response, KEY_model},
		{KEY_response, KEY_modelVersion},
		{KEY_response, KEY_model_version},
		{KEY_response, KEY_modelId},
		{KEY_response, KEY_body, KEY_model},
		{KEY_interaction, KEY_model},
		{KEY_message, KEY_model},
		{KEY_result, KEY_message, KEY_model},
		{KEY_modelOutput, KEY_model},
		{KEY_response_metadata, KEY_model_name},
		{KEY_response_metadata, KEY_model},
		{KEY_data, KEY_model},
		{KEY_meta, KEY_model},
		{KEY_info, KEY_modelID},
		{KEY_modelID},
		{KEY_gen_ai_response_model},
		{KEY_gen_ai_request_model},
		{KEY_attributes, KEY_gen_ai_response_model},
		{KEY_attributes, KEY_gen_ai_request_model},
		{KEY_llm_model_name},
		{KEY_attributes, KEY_llm_model_name},
		{KEY_attributes, KEY_llm, KEY_model_name},
	};

	for (size_t i = 0; i < lengthof_array(paths); i++)
	{
		Node	   *model = MemberAt(reader, root, paths[i]);

		if (IsKind(model, JSON_STRING) && model->value.length > 0)
			return model;
	}
	return StringOf(reader, AnswerOfLine(reader, root), KEY_model);
}

Node *
FindModel(PayloadReader *reader)
{
	Node	   *found = FindModelIn(reader, reader->root);

	if (IsKind(reader->root, JSON_ARRAY))
	{
		for (Node *chunk = Child(reader, reader->root); chunk != NULL && found == NULL; chunk = chunk->next)
			found = FindModelIn(reader, chunk);
	}
	return found;
}

/* Objects in which a response may say how it was served, itself first. */
static const PayloadKey places[][MAX_PATH + 1] = {
	{KEY_NONE},
	{KEY_usage},
	{KEY_message},
	{KEY_message, KEY_usage},
	{KEY_result, KEY_message},
	{KEY_result, KEY_message, KEY_usage},
	{KEY_response},
	{KEY_response, KEY_usage},
	{KEY_response, KEY_body},
	{KEY_response, KEY_body, KEY_usage},
	{KEY_usageMetadata},
	{KEY_usage_metadata},
	{KEY_response, KEY_usageMetadata},
	{KEY_response, KEY_usage_metadata},
	{KEY_modelOutput},
	{KEY_modelOutput, KEY_usage},
	{KEY_interaction},
	{KEY_metadata},
	{KEY_response_metadata},
	{KEY_response_metadata, KEY_usage},
	{KEY_response_metadata, KEY_token_usage},
	{KEY_usage, KEY_extra_properties, KEY_google},
	{KEY_extra_properties, KEY_google},
	{KEY_attributes},
	{KEY_data},
	{KEY_providerMetadata, KEY_openai},
	{KEY_providerMetadata, KEY_azure},
	{KEY_providerMetadata, KEY_google, KEY_usageMetadata},
	{KEY_providerMetadata, KEY_vertex, KEY_usageMetadata},
	{KEY_providerMetadata, KEY_anthropic, KEY_usage},
};

/* Write our word for a tier as a provider spells it. */
void
NormalizeTier(PayloadReader *reader, const Node *tier, char word[PAYLOAD_TIER_SIZE])
{
	char		meant[SERVICE_TIER_ROOM(PAYLOAD_TIER_SIZE)];
	const char *text = tier->value.at;
	size_t		length = tier->value.length;

	if (length >= PAYLOAD_TIER_SIZE || memchr(text, '\0', length) != NULL)
	{
		Problem(reader, PAYLOAD_MALFORMED, "The name of the service tier is longer than %d bytes.", PAYLOAD_TIER_SIZE - 1);
		return;
	}
	ServiceTierOf(text, length, meant);
	strcpy(word, meant);
}

/* Take over a tier; true when there is one and it says more than "standard". */
static bool
TakeTier(PayloadReader *reader, Node *stated, bool *found, char tier[PAYLOAD_TIER_SIZE])
{
	if (!IsKind(stated, JSON_STRING) || stated->value.length == 0)
		return false;
	*found = true;
	NormalizeTier(reader, stated, tier);
	return strcmp(tier, "standard") != 0;
}

/* LangChain writes the tier into the names of the details. */
static bool
TakeDetailedTier(PayloadReader *reader, Node *root, char tier[PAYLOAD_TIER_SIZE])
{
	Node	   *usage = FirstOf(reader, root, KEY_usage_metadata, KEY_NONE);
	Node	   *details = Member(reader, usage == NULL ? root : usage, KEY_input_token_details);

	if (HasAny(reader, details, KEY_priority, KEY_priority_cache_read, KEY_NONE))
		strcpy(tier, "priority");
	else if (HasAny(reader, details, KEY_flex, KEY_flex_cache_read, KEY_NONE))
		strcpy(tier, "flex");
	else
		return false;
	return true;
}

static bool
TakeResponseTier(PayloadReader *reader, Node *root, bool *found, char tier[PAYLOAD_TIER_SIZE])
{
	static const PayloadKey keys[] = {KEY_speed, KEY_service_tier, KEY_serviceTier, KEY_trafficType, KEY_traffic_type,
	KEY_gen_ai_openai_response_service_tier, KEY_openai_response_service_tier};

	for (size_t i = 0; i < lengthof_array(places); i++)
	{
		Node	   *place = MemberAt(reader, root, places[i]);

		if (!IsKind(place, JSON_OBJECT))
			continue;
		for (size_t k = 0; k < lengthof_array(keys); k++)
		{
			Node	   *stated = Member(reader, place, keys[k]);

			/* Bedrock Converse has an object of it. */
			if (IsKind(stated, JSON_OBJECT))
				stated = Member(reader, stated, KEY_type);
			if (TakeTier(reader, stated, found, tier))
				return true;
		}
		if (TakeTier(reader, Member(reader, Member(reader, place, KEY_performanceConfig), KEY_latency), found, tier))
			return true;
	}
	return TakeDetailedTier(reader, root, tier);
}

void
FindTier(PayloadReader *reader, Node *root, char tier[PAYLOAD_TIER_SIZE])
{
	bool		found = false;
	Node	   *object = StringOf(reader, root, KEY_object);

	if (!TakeResponseTier(reader, root, &found, tier) && !found &&
		!TakeTier(reader, Member(reader, Member(reader, root, KEY_model_parameters), KEY_service_tier), &found, tier) && !found)
		(void) TakeTier(reader, Member(reader, Member(reader, root, KEY_modelParameters), KEY_service_tier), &found, tier);

	/* A batch, and a line of its output, whose inner response says "default". */
	if (strcmp(tier, "standard") == 0 &&
		(reader->of_batch || IsBatchLine(reader, root) || AnswersOfBatch(reader, root) != NULL || StringIs(object, "batch") ||
		 StringIs(StringOf(reader, root, KEY_type), "message_batch")))
		strcpy(tier, "batch");
}

/* A faster mode that root says it was served in; NULL when it says none. */
Node *
FindSpeed(PayloadReader *reader, Node *root)
{
	for (size_t i = 0; i < lengthof_array(places); i++)
	{
		Node	   *speed = StringOf(reader, MemberAt(reader, root, places[i]), KEY_speed);

		if (speed != NULL && !StringIs(speed, "standard"))
			return speed;
	}
	return NULL;
}

/* Where the answer was made, when that has a price of its own; NULL when it does not say. */
Node *
FindRegion(PayloadReader *reader, Node *root)
{
	static const PayloadKey keys[] = {KEY_inference_geo, KEY_inferenceGeo};
	Node	   *model;

	for (size_t i = 0; i < lengthof_array(places); i++)
	{
		Node	   *place = MemberAt(reader, root, places[i]);

		for (size_t k = 0; k < lengthof_array(keys) && IsKind(place, JSON_OBJECT); k++)
		{
			Node	   *geo = StringOf(reader, place, keys[k]);

			if (geo != NULL && !StringIs(geo, "not_available"))
				return geo;
		}
	}

	/* Bedrock's log names the region; a profile in the model's id says it better. */
	model = StringOf(reader, root, KEY_modelId);
	if (StringStarts(StringOf(reader, root, KEY_schemaType), "ModelInvocationLog") &&
		!StringHas(model, "inference-profile") && !StringStarts(model, "us.") && !StringStarts(model, "eu.") &&
		!StringStarts(model, "global.") && !StringStarts(model, "apac.") && !StringStarts(model, "jp.") &&
		!StringStarts(model, "au.") && !StringStarts(model, "us-gov."))
		return StringOf(reader, root, KEY_region);
	return NULL;
}
