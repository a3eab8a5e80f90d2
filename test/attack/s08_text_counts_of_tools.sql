-- S8: the same in the JSON that Langfuse and spans keep.
-- @owner
CREATE SCHEMA llm AUTHORIZATION litellm;
-- @litellm
CREATE TABLE llm.observations (id text, type text, start_time timestamptz, provided_model_name text, usage_details jsonb, total_cost numeric);
CREATE TABLE llm.spans (span_id text, start_time timestamptz, attributes jsonb);
INSERT INTO llm.observations SELECT n::text, 'GENERATION', '2026-09-01', 'gpt-4o', jsonb_build_object('input', n, 'output', 1) FROM jsonb_array_elements('["1,200", "5x", true, [5], {"a": 5}, -5, 0.5]') AS n;
INSERT INTO llm.spans SELECT n::text, '2026-09-01', jsonb_build_object('gen_ai.operation.name', 'chat', 'gen_ai.provider.name', 'openai', 'gen_ai.request.model', 'gpt-4o', 'gen_ai.usage.input_tokens', n, 'gen_ai.usage.output_tokens', 1)
	FROM jsonb_array_elements('["1,200", "5x", true, [5], -5, 0.5]') AS n;
GRANT USAGE ON SCHEMA llm TO PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA llm TO PUBLIC;
-- @owner
SELECT inferacct.attach_usage('l', 'llm.observations', 'langfuse'), inferacct.attach_usage('o', 'llm.spans', 'otel');
-- @owner 00000
CALL inferacct.refresh_usage();
-- @harm
SELECT (SELECT count(*) FROM inferacct.usage_all WHERE usage IS NOT NULL) > 0 OR (SELECT count(*) FROM inferacct.rejected_usage WHERE reason <> '') <> 13;
