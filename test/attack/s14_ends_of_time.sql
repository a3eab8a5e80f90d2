-- S14: rows with times at the ends of what there is stop every refresh, so that no
-- hour is read.
-- @owner
CREATE SCHEMA llm AUTHORIZATION litellm;
-- @litellm
CREATE TABLE llm.g (at timestamptz, id text, model text, tokens bigint);
INSERT INTO llm.g VALUES ('4714-11-24 00:00+00 BC', 'first', 'gpt-4o', 10), ('294276-12-31 23:59:59+00', 'last', 'gpt-4o', 10), ('infinity', 'infinite', 'gpt-4o', 10), ('2026-09-01 10:00', 'right', 'gpt-4o', 1000);
GRANT USAGE ON SCHEMA llm TO PUBLIC;
GRANT SELECT ON llm.g TO PUBLIC;
-- @owner
SELECT inferacct.attach_usage('g', 'llm.g', '{"at": "at", "request_id": "id", "model": "model", "input": "tokens", "input_includes_cached": true}');
-- @owner 00000
CALL inferacct.refresh_usage();
-- @owner 00000
SELECT 1 / (count(*) = 3)::int FROM inferacct.rejected_usage WHERE source = 'g';
-- @harm
SELECT count(*) = 0 FROM :internal.usage_hourly WHERE origin = 'g';
