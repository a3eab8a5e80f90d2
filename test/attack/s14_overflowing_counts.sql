-- S14: two counts that together do not fit a bigint stop every refresh.
-- @owner
CREATE SCHEMA llm AUTHORIZATION litellm;
-- @litellm
CREATE TABLE llm.g (at timestamptz, id text, model text, tokens bigint);
INSERT INTO llm.g VALUES ('2026-09-01 10:00', 'much', 'gpt-4o', 9223372036854775807), ('2026-09-01 10:00', 'too much', 'gpt-4o', 9223372036854775807), ('2026-09-01 10:00', 'right', 'gpt-4o', 1000);
GRANT USAGE ON SCHEMA llm TO PUBLIC;
GRANT SELECT ON llm.g TO PUBLIC;
-- @owner
SELECT inferacct.attach_usage('g', 'llm.g', '{"at": "at", "request_id": "id", "model": "model", "input": "tokens", "input_includes_cached": true}');
-- @owner 00000
CALL inferacct.refresh_usage();
-- @owner 00000
SELECT 1 / (count(*) = 2)::int FROM inferacct.rejected_usage WHERE source = 'g';
-- @harm
SELECT count(*) = 0 FROM :internal.usage_hourly WHERE origin = 'g';
