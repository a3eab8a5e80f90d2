-- S0: the owner of an attached table drops a column, and the extension, the log
-- and the books go along.
-- @owner
CREATE SCHEMA llm AUTHORIZATION litellm;
-- @litellm
CREATE TABLE llm.g (at timestamptz, id text, model text, tokens bigint, note text);
INSERT INTO llm.g VALUES ('2026-09-01', '1', 'gpt-4o', 1000, 'p');
GRANT SELECT ON llm.g TO PUBLIC;
-- @owner
INSERT INTO inferacct.usage_log (at, usage, model, source, request_id) VALUES ('2026-09-01', inferacct.usage(1), 'gpt-4o', 's', '1');
SELECT inferacct.attach_usage('g', 'llm.g', '{"at": "at", "request_id": "id", "model": "model", "input": "tokens", "input_includes_cached": true, "project": "note"}');
-- @litellm 00000
ALTER TABLE llm.g DROP COLUMN note CASCADE;
-- @harm
SELECT to_regclass('inferacct.usage_log') IS NULL OR NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'inferacct');
