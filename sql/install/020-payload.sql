
-- Payloads: what a provider's API returned, read into a usage, the model and
-- the service tier.  json is stored as text, so both forms share a function.

CREATE FUNCTION parse_usage(payload text, flavor text DEFAULT NULL)
RETURNS usage
AS 'MODULE_PATHNAME', 'parse_usage_text'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION parse_usage(text, text) IS
'usage of one request as disjoint meters (tokens, requests, searches, images, seconds, pages). payload: a response of a provider''s API, its usage object alone, or an array of the chunks of one stream. flavor: the API that sent it (openai, azure, anthropic, gemini, bedrock, mistral, cohere, groq, deepseek, xai, openrouter, perplexity); NULL tells it by shape. A NULL payload gives NULL. Whether a count contains another is as the providers'' API references say. Errors: IA201 not JSON, no usage in it, another API''s shape, or a count that is not a whole number below 2^53; IA202 counts that contradict each other or the stated total; IA203 a count below zero; 22023 an unknown flavor';

CREATE FUNCTION parse_usage(payload json, flavor text DEFAULT NULL)
RETURNS usage
AS 'MODULE_PATHNAME', 'parse_usage_text'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION parse_usage(json, text) IS
'usage of one request from a json payload, as parse_usage(text, text): flavor names the API, NULL tells it by shape; a NULL payload gives NULL. Errors: IA201, IA202, IA203, 22023';

CREATE FUNCTION parse_usage(payload jsonb, flavor text DEFAULT NULL)
RETURNS usage
AS 'MODULE_PATHNAME', 'parse_usage_jsonb'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION parse_usage(jsonb, text) IS
'usage of one request from a jsonb payload, as parse_usage(text, text): flavor names the API, NULL tells it by shape; a NULL payload gives NULL. Errors: IA201, IA202, IA203, 22023';

CREATE FUNCTION parse_model(payload text)
RETURNS text
AS 'MODULE_PATHNAME', 'parse_model_text'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION parse_model(text) IS
'model that a response names, as the provider spells it (model, modelVersion, modelId); NULL when it names none, as those of Bedrock do not, and for a NULL payload. Error: IA201 not JSON';

CREATE FUNCTION parse_model(payload json)
RETURNS text
AS 'MODULE_PATHNAME', 'parse_model_text'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION parse_model(json) IS
'model that a json response names, as parse_model(text): NULL when it names none, and for a NULL payload. Error: IA201';

CREATE FUNCTION parse_model(payload jsonb)
RETURNS text
AS 'MODULE_PATHNAME', 'parse_model_jsonb'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION parse_model(jsonb) IS
'model that a jsonb response names, as parse_model(text): NULL when it names none, and for a NULL payload. Error: IA201';

CREATE FUNCTION parse_service_tier(payload text)
RETURNS text
AS 'MODULE_PATHNAME', 'parse_service_tier_text'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION parse_service_tier(text) IS
'service tier that a response was served at, in lower case: standard (also for default, auto, on_demand, and when it does not say), flex, priority, batch, fast, or the provider''s own word. What the response says wins over what the request asked for. A NULL payload gives NULL. Error: IA201 not JSON';

CREATE FUNCTION parse_service_tier(payload json)
RETURNS text
AS 'MODULE_PATHNAME', 'parse_service_tier_text'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION parse_service_tier(json) IS
'service tier that a json response was served at, as parse_service_tier(text): standard when it does not say; a NULL payload gives NULL. Error: IA201';

CREATE FUNCTION parse_service_tier(payload jsonb)
RETURNS text
AS 'MODULE_PATHNAME', 'parse_service_tier_jsonb'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION parse_service_tier(jsonb) IS
'service tier that a jsonb response was served at, as parse_service_tier(text): standard when it does not say; a NULL payload gives NULL. Error: IA201';

CREATE FUNCTION parse_provider_usd(payload jsonb)
RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT trim_scale(CASE
		WHEN jsonb_typeof(used -> 'cost') = 'number' THEN (used ->> 'cost')::numeric
		WHEN jsonb_typeof(used #> '{cost,total_cost}') = 'number' THEN (used #>> '{cost,total_cost}')::numeric
		WHEN jsonb_typeof(used -> 'cost_in_usd_ticks') = 'number' THEN (used ->> 'cost_in_usd_ticks')::numeric / 10000000000
	END)
	FROM (SELECT coalesce(payload -> 'usage', payload #> '{response,usage}', payload) AS used) response;
END;
COMMENT ON FUNCTION parse_provider_usd(jsonb) IS
'USD that a response says its request was charged, exactly as stated, to keep beside token_cost(): usage.cost (OpenRouter, with its fees; 0 for a key of one''s own), usage.cost.total_cost (Perplexity), usage.cost_in_usd_ticks (xAI, 1e10 per USD). payload: the response or its usage object. NULL when it states none, and for a NULL payload';
