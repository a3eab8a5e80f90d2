-- source: the same requests, as five tools keep them, are the same usage and cost.
SET search_path = inferacct, inferacct_internal, public;
SET timezone = 'Asia/Kolkata';	-- times without zone are UTC, whatever the session says
SELECT set_price('sourceco', 'sourceco-large', meter, usd, above_input_tokens => above) > 0 AS set
FROM (VALUES ('input', 3, 0), ('output', 15, 0), ('cache_read', 0.3, 0), ('cache_write', 3.75, 0), ('input', 6, 200000), ('output', 22.5, 200000)) AS p(meter, usd, above);
SELECT set_price('sourceco', 'sourceco-small', meter, usd) > 0 AS set FROM (VALUES ('input', 0.15), ('output', 0.6), ('cache_read', 0.075)) AS p(meter, usd);
SELECT set_price('sourceco', 'sourceco-small', meter, usd, valid_from => '2026-03-15 12:30Z') > 0 AS set FROM (VALUES ('input', 0.1), ('output', 0.4)) AS p(meter, usd);

-- A month of requests; totals include their parts, by mixed sizes around the context tier.
CREATE SCHEMA sources;
CREATE TABLE sources.request AS
SELECT n, timestamp '2026-03-01 00:00' + n * interval '222.003 seconds' AS at,
	CASE WHEN n % 3 = 0 THEN 'sourceco-large' ELSE 'sourceco-small' END AS model,
	input, input * (n % 5) / 7 AS cached, CASE WHEN n % 3 = 0 THEN input / 11 ELSE 0 END AS written, output, output * (n % 4) / 9 AS reasoning,
	'team ' || n % 4 AS team
FROM generate_series(1, 12000) AS n CROSS JOIN LATERAL (SELECT (n * 7919 % 9973) * CASE WHEN n % 40 = 0 THEN 50 ELSE 1 END AS input, n * 104729 % 2003 AS output) AS t;

CREATE TABLE sources."LiteLLM_SpendLogs" (request_id text PRIMARY KEY, call_type text NOT NULL, api_key text NOT NULL DEFAULT '', spend double precision NOT NULL DEFAULT 0,
	total_tokens int NOT NULL DEFAULT 0, prompt_tokens int NOT NULL DEFAULT 0, completion_tokens int NOT NULL DEFAULT 0,
	"startTime" timestamp(3) NOT NULL, "endTime" timestamp(3) NOT NULL, "completionStartTime" timestamp(3), model text NOT NULL DEFAULT '', model_id text, model_group text,
	custom_llm_provider text, api_base text, "user" text, metadata jsonb, cache_hit text DEFAULT '', cache_key text DEFAULT '', request_tags jsonb DEFAULT '[]', team_id text, end_user text,
	requester_ip_address text, messages jsonb, response jsonb, session_id text, status text, mcp_namespaced_tool_name text, proxy_server_request jsonb);
INSERT INTO sources."LiteLLM_SpendLogs" (request_id, call_type, spend, total_tokens, prompt_tokens, completion_tokens, "startTime", "endTime", model, custom_llm_provider, metadata, cache_hit, request_tags, team_id, status)
SELECT n::text, 'acompletion', n * 1e-7, input + output, input, output, at, at + interval '1.5 seconds', model, 'sourceco',
	jsonb_build_object('usage_object', jsonb_build_object('prompt_tokens', input, 'completion_tokens', output, 'total_tokens', input + output,
		'prompt_tokens_details', jsonb_build_object('cached_tokens', cached, 'audio_tokens', NULL), 'cache_creation_input_tokens', written,
		'completion_tokens_details', jsonb_build_object('reasoning_tokens', reasoning)), 'project_id', 'p'), 'False', '["a", "b"]', team, 'success'
FROM sources.request;

CREATE TABLE sources.observations (id text, project_id text, type text, start_time timestamp(3), end_time timestamp(3), created_at timestamp(3), provided_model_name text,
	usage_details jsonb, total_cost numeric, level text);
INSERT INTO sources.observations
SELECT n::text, 'p', 'GENERATION', at, at + interval '1.5 seconds', at, model,
	jsonb_build_object('input', input - cached - written, 'input_cached_tokens', cached, 'input_cache_creation', written,
		'output', output - reasoning, 'output_reasoning_tokens', reasoning, 'total', input + output), n * 1e-7, 'DEFAULT'
FROM sources.request;
INSERT INTO sources.observations SELECT 'trace', 'p', 'SPAN', min(at) FROM sources.request;	-- not a call to a model

CREATE TABLE sources.span (trace_id text, span_id text, start_time timestamptz, end_time timestamptz, attributes jsonb);
INSERT INTO sources.span
SELECT 'trace', n::text, at AT TIME ZONE 'UTC', at AT TIME ZONE 'UTC' + interval '1.5 seconds',
	jsonb_build_object('gen_ai.operation.name', 'chat', 'gen_ai.provider.name', 'sourceco', 'gen_ai.request.model', model, 'gen_ai.usage.input_tokens', input,
		'gen_ai.usage.cache_read.input_tokens', cached::text, 'gen_ai.usage.cache_creation.input_tokens', written,	-- OTLP writes 64 bits as text
		'gen_ai.usage.output_tokens', output, 'gen_ai.usage.reasoning.output_tokens', reasoning)
FROM sources.request;
INSERT INTO sources.span SELECT 'trace', 'agent', min(start_time), NULL, '{"gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "sourceco-large", "gen_ai.usage.input_tokens": 999999}' FROM sources.span;

CREATE TABLE sources.flat_span AS
SELECT span_id, (extract(epoch FROM start_time) * 1000000)::bigint * 1000 AS start_time_unix_nano, attributes ->> 'gen_ai.request.model' AS gen_ai_request_model,
	(attributes ->> 'gen_ai.usage.input_tokens')::int AS gen_ai_usage_input_tokens, (attributes ->> 'gen_ai.usage.cache_read.input_tokens')::int AS "gen_ai.usage.cache_read.input_tokens",
	(attributes ->> 'gen_ai.usage.cache_creation.input_tokens')::int AS gen_ai_usage_cache_creation_input_tokens,
	(attributes ->> 'gen_ai.usage.output_tokens')::int AS gen_ai_usage_output_tokens, (attributes ->> 'gen_ai.usage.reasoning.output_tokens')::int AS gen_ai_usage_reasoning_output_tokens
FROM sources.span WHERE span_id <> 'agent';

CREATE TABLE sources.gateway AS
SELECT (extract(epoch FROM at AT TIME ZONE 'UTC') * 1000000)::bigint AS micros, n AS id, jsonb_build_object('name', model, 'team', team) AS info,
	input - cached - written AS fresh, cached, written, output, reasoning FROM sources.request;

SELECT attach_usage('litellm test', 'sources."LiteLLM_SpendLogs"', 'litellm');
SELECT attach_usage('langfuse_test', 'sources.observations', 'langfuse');
SELECT attach_usage('otel_test', 'sources.span', 'otel');
SELECT attach_usage('otel_flat_test', 'sources.flat_span', 'otel');
SELECT attach_usage('gateway_test', 'sources.gateway', '{"at": "micros", "at_unit": "us", "request_id": "id", "model": {"column": "info", "path": ["name"]}, "team": {"column": "info", "path": ["team"]},
	"input": "fresh", "input_includes_cached": false, "cache_read": "cached", "cache_write_total": "written", "output": "output", "output_includes_reasoning": true, "reasoning": "reasoning",
	"provider": {"value": "sourceco"}}');

SELECT source, count(*), sum(usage), min(at) AT TIME ZONE 'UTC' AS first, max(at) AT TIME ZONE 'UTC' AS last, spend(model, usage, at, service_tier, region) AS usd, sum(provider_usd) AS reported
FROM usage_all WHERE source ~ 'test$' GROUP BY source ORDER BY source;

-- What the requests themselves cost: the same.
SELECT spend(model, usage(input - cached - written, output - reasoning, cached, written, reasoning => reasoning), at AT TIME ZONE 'UTC') AS usd FROM sources.request;

-- One row of each in full.
\x on
SELECT at AT TIME ZONE 'UTC' AS at, usage, model, service_tier, region, source, request_id, status, provider, team, project, provider_usd, duration_ms, tags
FROM usage_all WHERE source ~ 'test$' AND request_id = '303' ORDER BY source;
\x off

-- What makes no sense has no usage, and is told.
INSERT INTO sources."LiteLLM_SpendLogs" (request_id, call_type, prompt_tokens, completion_tokens, "startTime", "endTime", model, metadata, cache_hit, status, spend) VALUES
	('too much cached', 'acompletion', 10, 5, '2026-04-01', '2026-04-01', 'sourceco-small', '{"usage_object": {"prompt_tokens_details": {"cached_tokens": 11}}}', 'False', 'success', 0.1::float8 + 0.2::float8),
	('two truths', 'acompletion', 10, 5, '2026-04-01', '2026-04-01', 'sourceco-small', '{"usage_object": {"cache_read_input_tokens": 3, "prompt_tokens_details": {"cached_tokens": 2}}}', 'False', 'success', 'NaN'),
	('negative', 'acompletion', -1, 5, '2026-04-01', '2026-04-01', 'sourceco-small', NULL, 'False', 'success', 0),
	('fraction', 'acompletion', 10, 5, '2026-04-01', '2026-04-01', 'sourceco-small', '{"usage_object": {"cache_read_input_tokens": 1.5}}', 'False', 'success', 0),
	('writes', 'acompletion', 100, 5, '2026-04-01', '2026-04-01', 'sourceco-small',
		'{"usage_object": {"cache_creation_input_tokens": 5, "cache_creation_token_details": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 4}}}', 'False', 'success', 0),
	('writes, some not told apart', 'acompletion', 100, 5, '2026-04-01', '2026-04-01', 'sourceco-small',
		'{"usage_object": {"cache_creation_input_tokens": 9, "cache_creation_token_details": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 4}}}', 'False', 'success', 0),
	('no model', 'acompletion', 1, 1, '2026-04-01', '2026-04-01', '', NULL, 'False', 'failure', 0),
	('failed', 'acompletion', 7, 0, '2026-04-01', '2026-04-01', 'sourceco-small', '{"usage_object": "none"}', 'False', 'failure', 0),
	('cached by the proxy', 'acompletion', 1000, 1000, '2026-04-01', '2026-04-01', 'sourceco-small', NULL, 'True', 'success', 0),
	('a batch', 'aretrieve_batch', 1000, 1000, '2026-04-01', '2026-04-01', 'sourceco-small', '{"usage_object": {"prompt_tokens": 2000}}', NULL, 'success', 0);
INSERT INTO sources.observations (id, type, start_time, provided_model_name, usage_details) VALUES ('new kind', 'GENERATION', '2026-04-01', 'sourceco-small', '{"input": 1, "input_smell": 4, "output_taste": 0}');
INSERT INTO sources.observations (id, type, start_time, provided_model_name, usage_details) VALUES ('no time', 'GENERATION', 'infinity', 'sourceco-small', '{"input": 1}');
SELECT source, request_id, reason FROM rejected_usage ORDER BY source, request_id;
SELECT request_id, usage, service_tier, status, model, provider_usd FROM usage_all WHERE source = 'litellm test' AND at >= '2026-04-01 00:00Z' ORDER BY request_id;

-- Failed calls may be left out.
SELECT detach_usage('litellm test');
SELECT attach_usage('litellm test', 'sources."LiteLLM_SpendLogs"', '{"tool": "litellm", "failed": "leave_out", "project": {"value": "all"}}'::jsonb);
SELECT count(*), count(*) FILTER (WHERE status = 'failed') AS failed, min(project) AS project FROM usage_all WHERE source = 'litellm test';

-- Reports of the providers themselves.
CREATE TABLE sources.openai_page (page jsonb);
INSERT INTO sources.openai_page VALUES ('{"object": "page", "data": [{"object": "bucket", "start_time": 1775001600, "end_time": 1775005200, "results": [
	{"object": "organization.usage.completions.result", "input_tokens": 1000, "input_cached_tokens": 400, "output_tokens": 50, "input_audio_tokens": 0, "output_audio_tokens": 0, "num_model_requests": 5, "model": "gpt-4o-2024-08-06", "project_id": "p", "batch": true},
	{"object": "organization.usage.completions.result", "input_tokens": 1000, "input_cached_tokens": 400, "input_cached_text_tokens": 300, "input_cached_audio_tokens": 100, "input_audio_tokens": 250, "output_tokens": 50, "output_audio_tokens": 20, "num_model_requests": 2, "model": "gpt-audio", "service_tier": "default"}]}],
	"has_more": false}');
CREATE TABLE sources.anthropic_page (id int, page jsonb);
INSERT INTO sources.anthropic_page VALUES (1, '{"data": [{"starting_at": "2026-04-01T00:00:00Z", "ending_at": "2026-04-02T00:00:00Z", "results": [
	{"uncached_input_tokens": 1500, "cache_creation": {"ephemeral_1h_input_tokens": 1000, "ephemeral_5m_input_tokens": 500}, "cache_read_input_tokens": 200, "output_tokens": 500, "server_tool_use": {"web_search_requests": 10}, "model": "claude-sonnet-4-20250514", "service_tier": "batch", "inference_geo": "us", "workspace_id": "w"},
	{"uncached_input_tokens": 1, "cache_creation_5m_input_tokens": 2, "cache_creation_1h_input_tokens": 3, "output_tokens": 4, "model": "claude-sonnet-4-20250514", "service_tier": "standard", "inference_geo": "not_available"}]}], "has_more": false}');
SELECT attach_usage('openai_test', 'sources.openai_page', 'openai_usage_api');
SELECT attach_usage('anthropic_test', 'sources.anthropic_page', 'anthropic_usage_report');
SELECT source, at AT TIME ZONE 'UTC' AS at, model, usage, service_tier, region, project FROM usage_all WHERE source IN ('openai_test', 'anthropic_test') ORDER BY source, usage;
SELECT detach_usage(name) FROM usage_source WHERE name IN ('openai_test', 'anthropic_test');

-- Langfuse 2 keeps columns.
CREATE TABLE sources.observations2 (id text, project_id text, type text, start_time timestamp(3), model text, "modelParameters" jsonb, prompt_tokens int, completion_tokens int, total_cost numeric, calculated_total_cost numeric);
INSERT INTO sources.observations2 VALUES ('1', 'p', 'GENERATION', '2026-03-01', 'sourceco-small', '{"service_tier": "Flex"}', 100, 10, NULL, 0.000000000123456789);
SELECT attach_usage('langfuse2_test', 'sources.observations2', 'langfuse');
SELECT usage, service_tier, provider_usd, tags FROM usage_all WHERE source = 'langfuse2_test';
SELECT detach_usage('langfuse2_test');

-- Mistakes.
\set SHOW_CONTEXT never
SELECT attach_usage('x', 'sources.gateway', 'litellm');
SELECT attach_usage('x', 'sources.gateway', 'langsmyth');
SELECT attach_usage('x', 'sources.gateway', '{"at": "micros", "request_id": "id", "model": "info", "input": "fresh"}');
SELECT attach_usage('x', 'sources.gateway', '{"at": "micros", "request_id": "id", "model": "info", "input": "fresh", "input_includes_cached": true}');
SELECT attach_usage('x', 'sources.gateway', '{"at": "micros", "at_unit": "us", "request_id": "id", "model": "info", "input": "fresh", "input_includes_cached": true, "colour": "id"}');
SELECT attach_usage('gateway_test', 'sources.gateway', 'otel');
SELECT detach_usage('x');

SELECT detach_usage(name) FROM usage_source WHERE name ~ 'test$' ORDER BY name;
SELECT count(*) FROM usage_all WHERE source ~ 'test$';
SET client_min_messages = warning;
DROP SCHEMA sources CASCADE;
