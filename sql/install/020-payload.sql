-- payload: what a provider's API returned, read into a usage, the model and the
-- service tier.
--
-- Invariant: that of src/payload: each count is read, known to be free, mapped by the
-- caller, or an error.  json is stored as text, so both forms share a function.

CREATE FUNCTION parse_usage(payload text, flavor text DEFAULT NULL, names jsonb DEFAULT NULL)
RETURNS usage
AS 'MODULE_PATHNAME', 'parse_usage_text'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION parse_usage(text, text, jsonb) IS
'usage of one request as disjoint meters (tokens, requests, searches, images, seconds, pages). '
'payload: a response of a provider''s API, its usage object alone, or an array of the chunks of one stream. '
'flavor: the API that sent it, such as openai (docs/payloads.md); NULL tells it by shape. '
'names: what names that no release knows count, {"name": "meter"}: a meter, input_total, output_total, '
'cache_write_total, or null for no charge. '
'NULL for a NULL payload and for a line of a batch''s output without an answer. '
'Whether a count contains another is as the providers'' API references say. '
'Errors: IA201 not JSON, no usage in it, another API''s shape, or a count that is not a whole number below 2^53; '
'IA202 counts that contradict each other or the stated total; IA203 a count below zero; '
'IA204 a count under a name that is not known; IA205 several requests or models; '
'22023 an unknown flavor or malformed names';

CREATE FUNCTION parse_usage(payload json, flavor text DEFAULT NULL, names jsonb DEFAULT NULL)
RETURNS usage
AS 'MODULE_PATHNAME', 'parse_usage_text'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION parse_usage(json, text, jsonb) IS
'usage of one request from a json payload, as parse_usage(text, text, jsonb): flavor names the API, NULL tells it by '
'shape; a NULL payload gives NULL. Errors: IA201 to IA205, 22023';

CREATE FUNCTION parse_usage(payload jsonb, flavor text DEFAULT NULL, names jsonb DEFAULT NULL)
RETURNS usage
AS 'MODULE_PATHNAME', 'parse_usage_jsonb'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 25;
COMMENT ON FUNCTION parse_usage(jsonb, text, jsonb) IS
'usage of one request from a jsonb payload, read where it lies, as parse_usage(text, text, jsonb): flavor names the '
'API, NULL tells it by shape; a NULL payload gives NULL. Errors: IA201 to IA205, 22023';

CREATE FUNCTION parse_requests(payload text, flavor text DEFAULT NULL, names jsonb DEFAULT NULL)
RETURNS TABLE (model text, usage usage, service_tier text, region text)
AS 'MODULE_PATHNAME', 'parse_requests_text'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50 ROWS 1;
COMMENT ON FUNCTION parse_requests(text, text, jsonb) IS
'what a payload was charged, a row for each model: that of the answer, and others that it says were charged within it '
'(an advisor of Anthropic, images drawn within a response, the models of a Claude Code result). '
'usage sums the requests of one model; an array of several answers gives those of all. '
'Where parse_usage() reads one request, the one row is the same. model and region are NULL when the payload does not '
'name them; a geography is in region alone, and not before the name as parse_model() has it. '
'flavor, names and errors: as parse_usage(text, text, jsonb). '
'No rows for a NULL payload and for a line of a batch without an answer';

CREATE FUNCTION parse_requests(payload json, flavor text DEFAULT NULL, names jsonb DEFAULT NULL)
RETURNS TABLE (model text, usage usage, service_tier text, region text)
AS 'MODULE_PATHNAME', 'parse_requests_text'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50 ROWS 1;
COMMENT ON FUNCTION parse_requests(json, text, jsonb) IS
'as parse_requests(text, text, jsonb), from a json payload: a row for each model that was charged; '
'none for a NULL payload. Errors: IA201 to IA205, 22023';

CREATE FUNCTION parse_requests(payload jsonb, flavor text DEFAULT NULL, names jsonb DEFAULT NULL)
RETURNS TABLE (model text, usage usage, service_tier text, region text)
AS 'MODULE_PATHNAME', 'parse_requests_jsonb'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 25 ROWS 1;
COMMENT ON FUNCTION parse_requests(jsonb, text, jsonb) IS
'as parse_requests(text, text, jsonb), from a jsonb payload, read where it lies: a row for each model that was '
'charged; none for a NULL payload. Errors: IA201 to IA205, 22023';

CREATE FUNCTION parse_model(payload text)
RETURNS text
AS 'MODULE_PATHNAME', 'parse_model_text'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION parse_model(text) IS
'model that a response names, as the provider spells it (model, modelVersion, modelId), behind the geography that '
'Anthropic says it stayed in, which costs more (us.claude-opus-5); '
'NULL when it names none, as those of Bedrock do not, and for a NULL payload. Error: IA201 not JSON';

CREATE FUNCTION parse_model(payload json)
RETURNS text
AS 'MODULE_PATHNAME', 'parse_model_text'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION parse_model(json) IS
'model that a json response names, as parse_model(text): NULL when it names none, and for a NULL payload. Error: IA201';

CREATE FUNCTION parse_model(payload jsonb)
RETURNS text
AS 'MODULE_PATHNAME', 'parse_model_jsonb'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 25;
COMMENT ON FUNCTION parse_model(jsonb) IS
'model that a jsonb response names, as parse_model(text): NULL when it names none, and for a NULL payload. '
'Error: IA201';

CREATE FUNCTION parse_service_tier(payload text)
RETURNS text
AS 'MODULE_PATHNAME', 'parse_service_tier_text'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION parse_service_tier(text) IS
'service tier that a response was served at, in lower case: standard (also for default, auto, on_demand, and when it '
'does not say), flex, priority, batch, fast, or the provider''s own word. '
'What the response says wins over what the request asked for. A NULL payload gives NULL. Error: IA201 not JSON';

CREATE FUNCTION parse_service_tier(payload json)
RETURNS text
AS 'MODULE_PATHNAME', 'parse_service_tier_text'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION parse_service_tier(json) IS
'service tier that a json response was served at, as parse_service_tier(text): standard when it does not say; '
'a NULL payload gives NULL. Error: IA201';

CREATE FUNCTION parse_service_tier(payload jsonb)
RETURNS text
AS 'MODULE_PATHNAME', 'parse_service_tier_jsonb'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 25;
COMMENT ON FUNCTION parse_service_tier(jsonb) IS
'service tier that a jsonb response was served at, as parse_service_tier(text): standard when it does not say; '
'a NULL payload gives NULL. Error: IA201';

CREATE FUNCTION parse_region(payload text)
RETURNS text
AS 'MODULE_PATHNAME', 'parse_region_text'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION parse_region(text) IS
'region in which a response says it was served, in lower case, to be passed to token_cost(): inference_geo of '
'Anthropic, the region of Bedrock''s invocation log where the model''s id names no profile; '
'NULL when it does not say, and for a NULL payload. Error: IA201 not JSON';

CREATE FUNCTION parse_region(payload json)
RETURNS text
AS 'MODULE_PATHNAME', 'parse_region_text'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION parse_region(json) IS
'region in which a json response says it was served, as parse_region(text): NULL when it does not say, and for a NULL '
'payload. Error: IA201';

CREATE FUNCTION parse_region(payload jsonb)
RETURNS text
AS 'MODULE_PATHNAME', 'parse_region_jsonb'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 25;
COMMENT ON FUNCTION parse_region(jsonb) IS
'region in which a jsonb response says it was served, as parse_region(text): NULL when it does not say, and for a '
'NULL payload. Error: IA201';

-- Where responses say what they were charged, the most telling place first.
CREATE FUNCTION parse_provider_usd(payload jsonb)
RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT trim_scale(stated.usd)
	FROM (SELECT nth, part FROM jsonb_array_elements(CASE jsonb_typeof(payload) WHEN 'array' THEN payload
		ELSE jsonb_build_array(payload) END)
			WITH ORDINALITY AS chunk (part, nth)) chunks
	CROSS JOIN LATERAL (SELECT coalesce(nullif(part -> 'usage', 'null'), nullif(part #> '{response,usage}', 'null'),
		nullif(part #> '{response,body,usage}', 'null'), part) AS used) response
	CROSS JOIN LATERAL (SELECT CASE
		WHEN jsonb_typeof(used -> 'cost') = 'number' THEN (used ->> 'cost')::numeric +
			CASE WHEN (used -> 'is_byok') = 'true' AND (used ->> 'cost')::numeric > 0
					AND jsonb_typeof(used #> '{cost_details,upstream_inference_cost}') = 'number'
				THEN (used #>> '{cost_details,upstream_inference_cost}')::numeric ELSE 0 END
		WHEN jsonb_typeof(used #> '{cost,total_cost}') = 'number' THEN (used #>> '{cost,total_cost}')::numeric
		WHEN jsonb_typeof(used #> '{cost,total}') = 'number' THEN (used #>> '{cost,total}')::numeric
		WHEN jsonb_typeof(used -> 'estimated_cost') = 'number' THEN (used ->> 'estimated_cost')::numeric
		WHEN jsonb_typeof(used -> 'cost_in_usd_ticks') = 'number' THEN (used ->> 'cost_in_usd_ticks')::numeric
			/ 10000000000
		WHEN jsonb_typeof(part -> 'total_cost_usd') = 'number' THEN (part ->> 'total_cost_usd')::numeric
		WHEN jsonb_typeof(part #> '{data,total_cost}') = 'number' THEN (part #>> '{data,total_cost}')::numeric
		WHEN jsonb_typeof(part -> 'total_cost') = 'number' THEN (part ->> 'total_cost')::numeric
		WHEN jsonb_typeof(part -> 'costUSD') = 'number' THEN (part ->> 'costUSD')::numeric
	END AS usd) stated
	WHERE stated.usd IS NOT NULL
	ORDER BY nth DESC
	LIMIT 1;
END;
COMMENT ON FUNCTION parse_provider_usd(jsonb) IS
'USD that a response says its request was charged, exactly as stated, to keep beside token_cost(): usage.cost '
'(OpenRouter, with its fees; a fee for a key of one''s own with what that key''s provider charged, 0 where there was '
'no fee), usage.cost.total_cost (Perplexity), usage.cost.total (pi), usage.estimated_cost (DeepInfra), '
'usage.cost_in_usd_ticks (xAI, 1e10 per USD), total_cost_usd (Claude Code), data.total_cost or total_cost (a '
'generation of OpenRouter), costUSD. payload: the response, its usage object, or an array '
'of the chunks of a stream, of which the last that states it counts. NULL when it states none, and for a NULL payload';

CREATE FUNCTION parse_provider_usd(payload json)
RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 20
RETURN parse_provider_usd(payload::jsonb);
COMMENT ON FUNCTION parse_provider_usd(json) IS
'USD that a json response says its request was charged, as parse_provider_usd(jsonb); '
'NULL when it states none, and for a NULL payload';

CREATE FUNCTION parse_provider_usd(payload text)
RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 20
RETURN parse_provider_usd(payload::jsonb);
COMMENT ON FUNCTION parse_provider_usd(text) IS
'USD that a response in text says its request was charged, as parse_provider_usd(jsonb); '
'NULL when it states none, and for a NULL payload. Error: 22P02 not JSON';
