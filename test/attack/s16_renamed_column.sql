-- S16: the owner of an attached table renames its time column, and no refresh
-- runs any more.
-- @owner
CREATE SCHEMA llm AUTHORIZATION litellm;
-- @litellm
CREATE TABLE llm.g (at timestamptz, id text, model text, tokens bigint);
INSERT INTO llm.g VALUES ('2026-09-01', '1', 'gpt-4o', 1000);
GRANT SELECT ON llm.g TO PUBLIC;
-- @owner
SELECT inferacct.attach_usage('g', 'llm.g', '{"at": "at", "request_id": "id", "model": "model", "input": "tokens", "input_includes_cached": true}');
-- @litellm
ALTER TABLE llm.g RENAME COLUMN at TO happened;
-- @owner 00000
CALL inferacct.refresh_usage();
-- @harm
SELECT count(*) = 0 FROM :internal.usage_hourly WHERE origin = 'g';
