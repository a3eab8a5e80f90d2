-- The data that the examples of README.md, pricing/README.md and docs/ run on:
-- the requests of the demo, a few thousand of them.
--
--   createdb try && psql -d try -f demo/load.sql
--
-- usage_log has the requests of four teams, "LiteLLM_SpendLogs" those of the two
-- that go through a gateway, for the examples that attach it.
--
-- psql variable: requests; 20,000 when not given.
\set QUIET on
\set ON_ERROR_STOP on
\if :{?requests}
\else
	\set requests 20000
\endif
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS inferacct;
-- public first: a CREATE TABLE without a schema must not land in the extension's.
SELECT format('ALTER DATABASE %I SET search_path = public, inferacct', current_database()) \gexec
-- The log has three models without a price, on purpose.
SELECT format('ALTER DATABASE %I SET inferacct.unpriced = ''null''', current_database()) \gexec
\ir generate.sql
\set teams '{support,search}'
\ir litellm.sql

SET search_path = public, inferacct;
SET inferacct.unpriced = 'null';
CREATE TEMP VIEW exported AS SELECT * FROM demo.request WHERE team NOT IN ('support', 'search');
\o /dev/null
SELECT usage_log_partitions('2026-09-01', '2026-11-01');
SELECT import_usage('exported', 'export');
\o
DROP VIEW exported;
ANALYZE usage_log;
CALL refresh_usage();

-- A log of plain counts, one of another shape, and stored answers of three APIs.
CREATE VIEW my_log AS SELECT at, model, input_tokens(usage) AS input_tokens, output_tokens(usage) AS output_tokens FROM usage_log;
CREATE TABLE calls AS
SELECT at AS created, request_id AS id, regexp_replace(model, '^openai/', '') AS model_name, input_tokens(usage) AS prompt_tokens, meter(usage, 'cache_read') AS cached_tokens,
	0 AS written_tokens, output_tokens(usage) AS answer_tokens, meter(usage, 'reasoning') AS thinking_tokens, jsonb_build_object('billing', jsonb_build_object('team', team)) AS meta
FROM usage_log WHERE model LIKE 'openai/gpt-5%' LIMIT 500;
CREATE TABLE responses (at timestamptz, response jsonb);
INSERT INTO responses VALUES
	('2026-10-05 09:00Z', '{"id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-2024-08-06", "usage": {"prompt_tokens": 1200, "completion_tokens": 350, "total_tokens": 1550, "prompt_tokens_details": {"cached_tokens": 1024}}}'),
	('2026-10-05 09:01Z', '{"id": "msg_1", "type": "message", "model": "claude-sonnet-4-5-20250929", "usage": {"input_tokens": 200, "cache_read_input_tokens": 9000, "cache_creation_input_tokens": 0, "output_tokens": 350}}'),
	('2026-10-05 09:02Z', '{"responseId": "1", "modelVersion": "gemini-2.5-flash", "usageMetadata": {"promptTokenCount": 800, "candidatesTokenCount": 90, "totalTokenCount": 890}}');
\echo 'A log of two months and six teams is there; psql starts with search_path = public, inferacct.'
