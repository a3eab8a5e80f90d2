-- A month of requests in the tables of three tools, in schema month.
--
-- psql variable: rows (how many).  Two runs give the same rows: every draw is a
-- hash of the request's number.  month.request has what happened, and month.truth
-- what it costs, by plain numeric SQL and a price list that is written here;
-- nothing of it comes from the extension.
--
-- October 2026, with some hours of September and November on either side: a price
-- that changes in the middle of an hour, a batch tier, a context tier, hours of
-- day with a price of their own, a model without a price, failed calls, tags in
-- any number, rows without a team, and a day that costs unusually much.
\ir common.sql

-- USD per million tokens, of requests from from_at until until_at with min_input to max_input tokens of prompt; peak NULL: at any hour.
CREATE TABLE rate (model text, tier text, from_at timestamptz, until_at timestamptz, min_input bigint, max_input bigint, peak boolean,
	input numeric, cache_read numeric, cache_write numeric, output numeric, reasoning numeric);
INSERT INTO rate VALUES
	('alpha',   'standard', '-infinity', '2026-10-14 15:37:21Z', 0, 1000000000, NULL, 2.5, 0.25, 2.5, 10, 10),
	('alpha',   'standard', '2026-10-14 15:37:21Z', 'infinity',  0, 1000000000, NULL, 2.5, 0.25, 2.5, 12.5, 12.5),
	('alpha',   'batch',    '-infinity', 'infinity',             0, 1000000000, NULL, 1.25, 0.125, 1.25, 5, 5),
	('beta',    'standard', '-infinity', 'infinity',             0, 1000000000, NULL, 0.1000123, 0.025, 0.1000123, 0.4, 0.4),
	('gamma',   'standard', '-infinity', 'infinity',             0, 200000,     NULL, 1.25, 0.125, 1.25, 10, 10),
	('gamma',   'standard', '-infinity', 'infinity',        200001, 1000000000, NULL, 2.5, 0.25, 2.5, 15, 15),
	('delta',   'standard', '-infinity', 'infinity',             0, 1000000000, NULL, 3, 0.3, 3.75, 15, 15),
	('epsilon', 'standard', '-infinity', 'infinity',             0, 1000000000, false, 0.27, 0.27, 0.27, 1.1, 1.1),
	('epsilon', 'standard', '-infinity', 'infinity',             0, 1000000000, true, 0.54, 0.54, 0.54, 2.2, 2.2),
	('zeta',    'standard', '-infinity', 'infinity',             0, 1000000000, NULL, 0.5, 0.5, 0.5, 2, 3.3);
CREATE TABLE model (id int, provider text, model text);
INSERT INTO model VALUES (0, 'north', 'alpha'), (1, 'north', 'beta'), (2, 'south', 'gamma'), (3, 'south', 'delta'), (4, 'east', 'epsilon'), (5, 'east', 'zeta'), (6, 'west', 'unknown');

CREATE FUNCTION requests(first bigint, last bigint) RETURNS TABLE (n bigint, at timestamptz, provider text, model text, tier text, input bigint, cache_read bigint, cache_write bigint,
	output bigint, reasoning bigint, team text, project text, tags jsonb, failed boolean, reported numeric)
LANGUAGE sql STABLE SET search_path TO month, pg_catalog AS $$
	SELECT r.n, r.at, m.provider, m.model, CASE WHEN m.model = 'alpha' AND draw(r.n, 3, 4) = 0 THEN 'batch' ELSE 'standard' END,
		CASE WHEN r.failed THEN 0 ELSE r.prompt - r.prompt * r.cached / 100 - r.prompt * r.written / 100 END, CASE WHEN r.failed THEN 0 ELSE r.prompt * r.cached / 100 END,
		CASE WHEN r.failed THEN 0 ELSE r.prompt * r.written / 100 END, CASE WHEN r.failed THEN 0 ELSE r.answer END, CASE WHEN r.failed THEN 0 ELSE r.answer * draw(r.n, 7, 3) END,
		CASE WHEN r.strange THEN 'search' ELSE (ARRAY['support', 'search', 'analytics', 'research', NULL])[1 + draw(r.n, 8, 5)] END,
		(ARRAY['chat', 'mail', 'docs'])[1 + draw(r.n, 9, 3)], (ARRAY['[]', '["beta"]', '["beta", "chat"]', '["chat", "chat"]'])[1 + draw(r.n, 10, 4)]::jsonb, r.failed, draw(r.n, 11, 1000000) * 0.000001
	FROM (
		SELECT g AS n, strange, CASE WHEN strange THEN 3 ELSE width_bucket(draw(g, 2, 100), ARRAY[30, 50, 65, 80, 90, 97]) END AS model,
			CASE WHEN strange THEN timestamptz '2026-10-24 00:00Z' + draw(g, 1, 86400000) * interval '1 millisecond'
				ELSE timestamptz '2026-09-30 20:00Z' + (hashint8extended(g, 1) & 4611686018427387903) % 2707200000 * interval '1 millisecond' END AS at,
			CASE draw(g, 4, 50) WHEN 0 THEN 150000 + draw(g, 5, 100000) ELSE 20 + draw(g, 5, 6000) END::bigint AS prompt, 1 + draw(g, 6, 900)::bigint AS answer,
			CASE WHEN draw(g, 12, 3) = 0 THEN draw(g, 13, 80) ELSE 0 END AS cached, CASE WHEN draw(g, 14, 6) = 0 THEN draw(g, 15, 20) ELSE 0 END AS written, draw(g, 16, 100) = 0 AND NOT strange AS failed
		FROM generate_series(first, last) AS g CROSS JOIN LATERAL (SELECT g % 40 = 7 AS strange) AS s) AS r
	JOIN model AS m ON m.id = r.model
$$;

-- A request and what it costs; NULL when its model has no price.
CREATE FUNCTION costs(first bigint, last bigint) RETURNS TABLE (n bigint, at timestamptz, day date, month date, provider text, model text, tier text, input bigint, cache_read bigint, cache_write bigint,
	output bigint, reasoning bigint, team text, project text, tags jsonb, failed boolean, reported numeric, tokens bigint, usd numeric)
LANGUAGE sql STABLE SET search_path TO month, pg_catalog SET timezone TO 'UTC' AS $$
	SELECT r.n, r.at, r.at::date, date_trunc('month', r.at)::date, r.provider, r.provider || '/' || r.model, r.tier, r.input, r.cache_read, r.cache_write, r.output, r.reasoning, r.team, r.project, r.tags, r.failed, r.reported,
		r.input + r.cache_read + r.cache_write + r.output + r.reasoning,
		(r.input * p.input + r.cache_read * p.cache_read + r.cache_write * p.cache_write + r.output * p.output + r.reasoning * p.reasoning) * 0.000001
	FROM requests(first, last) AS r
	LEFT JOIN rate AS p ON p.model = r.model AND p.tier = r.tier AND r.at >= p.from_at AND r.at < p.until_at AND r.input + r.cache_read + r.cache_write BETWEEN p.min_input AND p.max_input
		AND (p.peak IS NULL OR p.peak = (r.at::time >= '06:00' AND r.at::time < '10:30'))
$$;

-- The tables of the tools, as their own schemas have them.
CREATE TABLE "LiteLLM_SpendLogs" (request_id text PRIMARY KEY, call_type text NOT NULL, api_key text NOT NULL DEFAULT '', spend double precision NOT NULL DEFAULT 0,
	total_tokens int NOT NULL DEFAULT 0, prompt_tokens int NOT NULL DEFAULT 0, completion_tokens int NOT NULL DEFAULT 0,
	"startTime" timestamp(3) NOT NULL, "endTime" timestamp(3) NOT NULL, "completionStartTime" timestamp(3), model text NOT NULL DEFAULT '', model_id text DEFAULT '', model_group text DEFAULT '',
	custom_llm_provider text DEFAULT '', api_base text DEFAULT '', "user" text DEFAULT '', metadata jsonb DEFAULT '{}', cache_hit text DEFAULT '', cache_key text DEFAULT '', request_tags jsonb DEFAULT '[]',
	team_id text, end_user text, requester_ip_address text, messages jsonb DEFAULT '{}', response jsonb DEFAULT '{}', session_id text, status text, mcp_namespaced_tool_name text, proxy_server_request jsonb DEFAULT '{}');
CREATE TABLE observations (id text PRIMARY KEY, trace_id text, project_id text NOT NULL, type text NOT NULL, parent_observation_id text, start_time timestamptz NOT NULL, end_time timestamptz, name text, metadata jsonb,
	level text NOT NULL DEFAULT 'DEFAULT', status_message text, version text, input text, output text, provided_model_name text, internal_model_id text, model_parameters text,
	provided_usage_details jsonb, usage_details jsonb, provided_cost_details jsonb, cost_details jsonb, total_cost numeric, completion_start_time timestamptz,
	created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, event_ts timestamptz, is_deleted smallint NOT NULL DEFAULT 0, tags text[]);
CREATE TABLE span (trace_id text, span_id text PRIMARY KEY, parent_span_id text, name text, start_time timestamptz NOT NULL, end_time timestamptz, service_name text, attributes jsonb NOT NULL);

CREATE FUNCTION write_requests(first bigint, last bigint) RETURNS void LANGUAGE plpgsql SET search_path TO month, pg_catalog SET timezone TO 'UTC' AS $$
BEGIN
	CREATE TEMP TABLE one ON COMMIT DROP AS SELECT *, r.input + r.cache_read + r.cache_write AS prompt, r.output + r.reasoning AS completion FROM month.requests(first, last) AS r;
	INSERT INTO month."LiteLLM_SpendLogs" (request_id, call_type, api_key, spend, total_tokens, prompt_tokens, completion_tokens, "startTime", "endTime", model, custom_llm_provider, metadata, cache_hit, request_tags, team_id, status)
	SELECT 'chatcmpl-' || n, 'acompletion', md5((n % 50)::text), reported, prompt + completion, prompt, completion, at AT TIME ZONE 'UTC', at AT TIME ZONE 'UTC' + interval '1.5 seconds',
		model, provider, jsonb_build_object('usage_object', jsonb_build_object('prompt_tokens', prompt, 'completion_tokens', completion, 'total_tokens', prompt + completion,
			'prompt_tokens_details', jsonb_build_object('cached_tokens', cache_read, 'audio_tokens', NULL), 'cache_read_input_tokens', cache_read, 'cache_creation_input_tokens', cache_write,
			'completion_tokens_details', jsonb_build_object('reasoning_tokens', reasoning), 'service_tier', tier), 'project_id', project), 'False', tags, team, CASE WHEN failed THEN 'failure' ELSE 'success' END
	FROM one;
	INSERT INTO month.observations (id, trace_id, project_id, type, start_time, end_time, metadata, level, provided_model_name, model_parameters, usage_details, total_cost, created_at, updated_at, tags)
	SELECT n::text, 'trace-' || n / 3, project, 'GENERATION', at, at + interval '1.5 seconds', jsonb_strip_nulls(jsonb_build_object('team', team)), CASE WHEN failed THEN 'ERROR' ELSE 'DEFAULT' END, provider || '/' || model,
		jsonb_build_object('service_tier', CASE tier WHEN 'standard' THEN 'default' ELSE tier END)::text,
		jsonb_build_object('input', input, 'input_cached_tokens', cache_read, 'input_cache_creation', cache_write, 'output', output, 'output_reasoning_tokens', reasoning, 'total', prompt + completion), reported, at, at,
		ARRAY(SELECT jsonb_array_elements_text(tags))
	FROM one;
	INSERT INTO month.observations (id, trace_id, project_id, type, start_time, created_at, updated_at) SELECT 'span-' || n, 'trace-' || n / 3, project, 'SPAN', at, at, at FROM one WHERE n % 3 = 0;
	INSERT INTO month.span
	SELECT md5((n / 3)::text), lpad(to_hex(n), 16, '0'), NULL, 'chat ' || model, at, at + interval '1.5 seconds', project, jsonb_strip_nulls(jsonb_build_object('gen_ai.operation.name', 'chat', 'gen_ai.provider.name', provider, 'gen_ai.request.model', model, 'gen_ai.usage.input_tokens', prompt,
		'gen_ai.usage.cache_read.input_tokens', cache_read::text, 'gen_ai.usage.cache_creation.input_tokens', cache_write, 'gen_ai.usage.output_tokens', completion, 'gen_ai.usage.reasoning.output_tokens', reasoning,
		'gen_ai.request.service_tier', tier, 'error.type', CASE WHEN failed THEN 'timeout' END, 'app.team', team, 'app.tags', tags, 'app.usd', reported))
	FROM one;
	INSERT INTO month.span SELECT md5((n / 3)::text), 'agent' || n, NULL, 'invoke_agent', at, NULL, project, jsonb_build_object('gen_ai.operation.name', 'invoke_agent', 'gen_ai.request.model', 'alpha', 'gen_ai.usage.input_tokens', 999) FROM one WHERE n % 3 = 0;
	DROP TABLE one;
END
$$;

CREATE FUNCTION forget_requests(after bigint) RETURNS void LANGUAGE sql SET search_path TO month, pg_catalog AS $$
	DELETE FROM month."LiteLLM_SpendLogs" WHERE substr(request_id, 10)::bigint > after;
	DELETE FROM month.observations WHERE substring(id FROM '[0-9]+$')::bigint > after;
	DELETE FROM month.span WHERE span_id LIKE 'agent%' AND substr(span_id, 6)::bigint > after OR span_id NOT LIKE 'agent%' AND span_id > lpad(to_hex(after), 16, '0');
$$;
