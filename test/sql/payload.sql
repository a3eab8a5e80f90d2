-- Payloads: the forms of the argument, what is NULL, what errors say.
-- test/pgtap/payload.sql has the APIs and their counts.
SET search_path = inferacct, inferacct_internal, public;

CREATE TABLE response (id int PRIMARY KEY, provider text, body jsonb);
INSERT INTO response VALUES
(1, 'openai', '{"model":"gpt-4o-2024-08-06","service_tier":"default","usage":{"prompt_tokens":1000,"completion_tokens":300,"total_tokens":1300,"prompt_tokens_details":{"cached_tokens":768},"completion_tokens_details":{"reasoning_tokens":100}}}'),
(2, 'anthropic', '{"type":"message","model":"claude-sonnet-4-20250514","usage":{"input_tokens":10,"cache_creation_input_tokens":300,"cache_creation":{"ephemeral_5m_input_tokens":100,"ephemeral_1h_input_tokens":200},"cache_read_input_tokens":4000,"output_tokens":50,"service_tier":"priority","server_tool_use":{"web_search_requests":2}}}'),
(3, 'gemini', '{"modelVersion":"gemini-2.5-flash","usageMetadata":{"promptTokenCount":500,"cachedContentTokenCount":200,"candidatesTokenCount":40,"thoughtsTokenCount":60,"totalTokenCount":600,"trafficType":"ON_DEMAND_FLEX","promptTokensDetails":[{"modality":"TEXT","tokenCount":100},{"modality":"AUDIO","tokenCount":400}],"cacheTokensDetails":[{"modality":"AUDIO","tokenCount":200}]}}'),
(4, 'bedrock', '{"usage":{"inputTokens":9,"outputTokens":5,"cacheReadInputTokens":70,"cacheWriteInputTokens":0,"totalTokens":84}}'),
(5, 'xai', '{"model":"grok-4","usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":200,"completion_tokens_details":{"reasoning_tokens":80}}}'),
(6, 'cohere', '{"usage":{"billed_units":{"input_tokens":13,"output_tokens":8},"tokens":{"input_tokens":542,"output_tokens":8}}}');

-- One row of a log: what was used, of which model, at which tier
SELECT id, parse_model(body) AS model, parse_service_tier(body) AS tier, parse_usage(body) AS usage
FROM response ORDER BY id;

-- The flavor only confirms what the shape tells here; the three forms agree
SELECT count(*) AS same
FROM response
WHERE parse_usage(body, provider) = parse_usage(body)
  AND parse_usage(body::text) = parse_usage(body)
  AND parse_usage(body::json, NULL) = parse_usage(body)
  AND parse_usage(payload => body, flavor => provider) = parse_usage(body);

-- Usages of payloads add up
SELECT sum(parse_usage(body)) FROM response;

-- NULL
SELECT parse_usage(NULL::text) IS NULL AS usage_of_text, parse_usage(NULL::json) IS NULL AS of_json,
	   parse_usage(NULL::jsonb, 'openai') IS NULL AS of_jsonb, parse_usage(NULL::text, 'watson') IS NULL AS unread,
	   parse_model(NULL::jsonb) IS NULL AS model, parse_service_tier(NULL::jsonb) IS NULL AS tier;

-- Immutable: an index and a generated column can be built on them
CREATE INDEX ON response (parse_model(body));
ALTER TABLE response ADD used usage GENERATED ALWAYS AS (parse_usage(body)) STORED;
SELECT id, used FROM response WHERE id = 1;

-- Labels
SELECT p.oid::regprocedure AS function, provolatile, proisstrict, proparallel
FROM pg_proc p WHERE proname IN ('parse_usage', 'parse_model', 'parse_service_tier')
ORDER BY p.oid::regprocedure::text COLLATE "C";

-- Errors say what is wrong and what to do
\set SHOW_CONTEXT never
DO $$
DECLARE
	bad record;
	code text;
	message text;
	detail text;
	hint text;
BEGIN
	FOR bad IN
		SELECT * FROM (VALUES
			('{"usage":', NULL),
			('{"choices":[]}', NULL),
			('{"prompt_tokens":1}{"prompt_tokens":2}', NULL),
			('[{"id":"chatcmpl-1","usage":{"prompt_tokens":1}},{"id":"chatcmpl-2","usage":{"prompt_tokens":2}}]', NULL),
			('{"usageMetadata":{"promptTokenCount":5}}', 'mistral'),
			('{"prompt_tokens":"12"}', NULL),
			('{"prompt_tokens":12.5}', NULL),
			('{"prompt_tokens":9007199254740993}', NULL),
			('{"prompt_tokens":-3}', NULL),
			('{"prompt_tokens":10,"completion_tokens":5,"total_tokens":16}', NULL),
			('{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":11}}', NULL),
			('{"prompt_tokens":10,"completion_tokens":5,"completion_tokens_details":{"reasoning_tokens":6}}', NULL),
			('{"input_tokens":1,"cache_creation_input_tokens":5,"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":3},"output_tokens":1}', NULL),
			('{"usageMetadata":{"promptTokenCount":75,"candidatesTokenCount":18,"totalTokenCount":237}}', NULL),
			('{"prompt_tokens":1}', 'watson')) AS v (payload, flavor)
	LOOP
		BEGIN
			PERFORM parse_usage(bad.payload, bad.flavor);
			RAISE NOTICE 'no error for %', bad.payload;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
				detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
			RAISE INFO '%', concat_ws(E'\n  ', bad.payload, code || ' ' || message,
				nullif(detail, ''), nullif(hint, ''));
		END;
	END LOOP;
END
$$;

DROP TABLE response;
