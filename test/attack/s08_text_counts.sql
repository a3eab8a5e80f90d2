-- S8: counts that are text and no plain number are read as 0, and their rows
-- cost nothing, without a word.
-- @owner
CREATE SCHEMA llm AUTHORIZATION litellm;
-- @litellm
CREATE TABLE llm.g (at timestamptz, id text, model text, tokens text);
INSERT INTO llm.g SELECT '2026-09-01', n, 'gpt-4o', n FROM unnest(ARRAY['1,200', '5x', '1e3', '-5', 'true', '[5]', '0x10', '12.5', '1_000', '١٢']) AS n;
INSERT INTO llm.g VALUES ('2026-09-01', 'right', 'gpt-4o', '1000');
GRANT USAGE ON SCHEMA llm TO PUBLIC;
GRANT SELECT ON llm.g TO PUBLIC;
-- @owner
SELECT inferacct.attach_usage('g', 'llm.g', '{"at": "at", "request_id": "id", "model": "model", "input": "tokens", "input_includes_cached": true}');
-- @owner 00000
CALL inferacct.refresh_usage();
-- @harm
SELECT (SELECT count(*) FROM inferacct.usage_all WHERE source = 'g' AND usage IS NOT NULL AND inferacct.input_tokens(usage) = 0) > 0
	OR (SELECT count(*) FROM inferacct.rejected_usage WHERE source = 'g' AND request_id <> 'right' AND reason <> '') <> 10;
