-- S9: one cost that is text and no number stops every reader of every source.
-- @owner
CREATE SCHEMA llm AUTHORIZATION litellm;
-- @litellm
CREATE TABLE llm.g (at timestamptz, id text, model text, tokens bigint, usd text);
INSERT INTO llm.g SELECT '2026-09-01 10:00', u, 'gpt-4o', 10, u FROM unnest(ARRAY['0.5usd', '1,5', '--1', '1e9999', repeat('9', 200000)]) AS u;
INSERT INTO llm.g VALUES ('2026-09-01 10:00', 'right', 'gpt-4o', 1000, '0.5');
GRANT USAGE ON SCHEMA llm TO PUBLIC;
GRANT SELECT ON llm.g TO PUBLIC;
-- @owner
SELECT inferacct.attach_usage('g', 'llm.g', '{"at": "at", "request_id": "id", "model": "model", "input": "tokens", "input_includes_cached": true, "provider_usd": "usd"}');
-- @owner 00000
CALL inferacct.refresh_usage();
-- @owner 00000
SELECT 1 / (count(*) = 5)::int FROM inferacct.rejected_usage WHERE source = 'g';
-- @harm
SELECT count(*) = 0 FROM :internal.usage_hourly WHERE origin = 'g';
