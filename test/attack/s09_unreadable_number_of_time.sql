-- S9: the same with numbers since 1970.
-- @owner
CREATE SCHEMA llm AUTHORIZATION litellm;
-- @litellm
CREATE TABLE llm.g (at double precision, id text, model text, tokens bigint);
INSERT INTO llm.g SELECT t, t::text, 'gpt-4o', 10 FROM unnest(ARRAY['1e30', '-1e30', 'NaN', 'Infinity', '-Infinity', '1e-300', '9.2e18']::double precision[]) AS t;
INSERT INTO llm.g VALUES (1788256800000, 'right', 'gpt-4o', 1000);
GRANT USAGE ON SCHEMA llm TO PUBLIC;
GRANT SELECT ON llm.g TO PUBLIC;
-- @owner
SELECT inferacct.attach_usage('g', 'llm.g', '{"at": "at", "at_unit": "ms", "request_id": "id", "model": "model", "input": "tokens", "input_includes_cached": true}');
-- @owner 00000
CALL inferacct.refresh_usage();
-- @owner 00000
SELECT 1 / (count(*) = 7)::int FROM inferacct.rejected_usage WHERE source = 'g';
-- @harm
SELECT count(*) = 0 FROM :internal.usage_hourly WHERE origin = 'g';
