-- S9: one time that cannot be read stops every report and every refresh.
-- @owner
CREATE SCHEMA llm AUTHORIZATION litellm;
-- @litellm
CREATE TABLE llm.g (at text, id text, model text, tokens bigint);
INSERT INTO llm.g SELECT t, t, 'gpt-4o', 10 FROM unnest(ARRAY['garbage', '', 'now', '2026-13-45', 'infinity', '294276-12-31', '4714-11-24 BC', repeat('9', 500)]) AS t;
INSERT INTO llm.g VALUES ('2026-09-01 10:00', 'right', 'gpt-4o', 1000);
GRANT USAGE ON SCHEMA llm TO PUBLIC;
GRANT SELECT ON llm.g TO PUBLIC;
-- @owner
SELECT inferacct.attach_usage('g', 'llm.g', '{"at": "at", "request_id": "id", "model": "model", "input": "tokens", "input_includes_cached": true}');
-- @owner 00000
CALL inferacct.refresh_usage();
-- @owner 00000
SELECT inferacct.spend(model, usage, at, service_tier, region) FROM inferacct.usage_all;
-- @owner 00000
SELECT 1 / (count(*) = 8 AND bool_and(reason <> '' AND request_id IS NOT NULL))::int FROM inferacct.rejected_usage WHERE source = 'g';
-- @harm
SELECT count(*) = 0 FROM :internal.usage_hourly WHERE origin = 'g';
