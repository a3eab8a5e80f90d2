-- S9: a row without a request_id, which nothing can tell from another, is priced.
-- @owner
CREATE SCHEMA llm AUTHORIZATION litellm;
-- @litellm
CREATE TABLE llm.g (at timestamptz, id text, model text, tokens bigint);
INSERT INTO llm.g VALUES ('2026-09-01 10:00', NULL, 'gpt-4o', 1000), ('2026-09-01 10:00', NULL, 'gpt-4o', 1000), ('2026-09-01 10:00', 'right', 'gpt-4o', 1000);
GRANT USAGE ON SCHEMA llm TO PUBLIC;
GRANT SELECT ON llm.g TO PUBLIC;
-- @owner
SELECT inferacct.attach_usage('g', 'llm.g', '{"at": "at", "request_id": "id", "model": "model", "input": "tokens", "input_includes_cached": true}');
-- @owner 00000
CALL inferacct.refresh_usage();
-- @harm
SELECT (SELECT sum(requests) FROM inferacct.spend_by_source WHERE source = 'g') > 1 OR (SELECT count(*) FROM inferacct.rejected_usage WHERE source = 'g') <> 2;
