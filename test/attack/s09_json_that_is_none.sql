-- S9: one text that should be JSON, and is none, stops every reader of every source.
-- @owner
CREATE SCHEMA llm AUTHORIZATION litellm;
-- @litellm
CREATE TABLE llm.observations (id text, type text, start_time timestamptz, provided_model_name text, usage_details text, total_cost numeric);
INSERT INTO llm.observations SELECT n::text, 'GENERATION', '2026-09-01 10:00', 'gpt-4o', j FROM unnest(ARRAY['not json', '{''input'':100}', '{"input": 1', '', '{"input": 1e999999}', '{"input": "\u0000"}', repeat('[', 100000)]) WITH ORDINALITY AS u(j, n);
INSERT INTO llm.observations VALUES ('right', 'GENERATION', '2026-09-01 10:00', 'gpt-4o', '{"input": 100, "output": 10}', 0.1);
GRANT USAGE ON SCHEMA llm TO PUBLIC;
GRANT SELECT ON llm.observations TO PUBLIC;
-- @owner
SELECT inferacct.attach_usage('l', 'llm.observations', 'langfuse');
-- @owner 00000
CALL inferacct.refresh_usage();
-- @owner 00000
SELECT 1 / (count(*) = 7 AND bool_and(reason <> '' AND request_id IS NOT NULL))::int FROM inferacct.rejected_usage WHERE source = 'l';
-- @harm
SELECT count(*) = 0 FROM :internal.usage_hourly WHERE origin = 'l';
