-- The table of LiteLLM's proxy, with the requests of the given teams: its columns
-- are those of LiteLLM's schema that say what a request used, and who made it.
--
-- psql variable: teams, an array.  After generate.sql.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET inferacct.unpriced = 'null';
DROP TABLE IF EXISTS public."LiteLLM_SpendLogs";
CREATE TABLE public."LiteLLM_SpendLogs" (
	request_id text PRIMARY KEY, call_type text NOT NULL, api_key text NOT NULL DEFAULT '', spend double precision NOT NULL DEFAULT 0,
	total_tokens int NOT NULL DEFAULT 0, prompt_tokens int NOT NULL DEFAULT 0, completion_tokens int NOT NULL DEFAULT 0,
	"startTime" timestamp(3) NOT NULL, "endTime" timestamp(3) NOT NULL, model text NOT NULL DEFAULT '', custom_llm_provider text DEFAULT '',
	metadata jsonb DEFAULT '{}', cache_hit text DEFAULT '', request_tags jsonb DEFAULT '[]', team_id text, end_user text, status text);

-- What callers know of a request, its complexity and how long it may wait, they
-- send as metadata.  spend is what the gateway reckons by itself.
INSERT INTO public."LiteLLM_SpendLogs" (request_id, call_type, api_key, spend, total_tokens, prompt_tokens, completion_tokens, "startTime", "endTime",
	model, custom_llm_provider, metadata, cache_hit, request_tags, team_id, end_user, status)
SELECT r.request_id, CASE r.service_tier WHEN 'batch' THEN 'aretrieve_batch' ELSE 'acompletion' END, md5(r.team || r.project),
	coalesce(inferacct.token_cost(r.model, r.usage, r.at, r.service_tier), 0)::float8,
	t.prompt + t.completion, t.prompt, t.completion, r.at AT TIME ZONE 'UTC', r.at AT TIME ZONE 'UTC' + coalesce(r.duration_ms, 3600000) * interval '1 millisecond',
	regexp_replace(r.model, '^[^/]*/', ''), CASE WHEN r.model LIKE '%/%' THEN r.provider ELSE '' END,
	jsonb_build_object('usage_object', jsonb_strip_nulls(jsonb_build_object('prompt_tokens', t.prompt, 'completion_tokens', t.completion,
			'prompt_tokens_details', jsonb_build_object('cached_tokens', t.read), 'cache_creation_input_tokens', t.written,
			'completion_tokens_details', jsonb_build_object('reasoning_tokens', t.reasoning), 'server_tool_use', jsonb_build_object('web_search_requests', t.searches))),
		'project_id', r.project, 'score', round(r.score::numeric, 3), 'tolerates', r.tolerates),
	'False', CASE WHEN r.project IN ('chat', 'voice', 'shop') THEN '["customer"]'::jsonb ELSE '[]' END, r.team, NULL, 'success'
FROM demo.request AS r, LATERAL (
	SELECT inferacct.input_tokens(r.usage) AS prompt, inferacct.output_tokens(r.usage) AS completion,
		nullif(inferacct.meter(r.usage, 'cache_read'), 0) AS read, nullif(inferacct.meter(r.usage, 'cache_write'), 0) AS written,
		nullif(inferacct.meter(r.usage, 'reasoning'), 0) AS reasoning, nullif(inferacct.meter(r.usage, 'web_searches'), 0) AS searches) AS t
WHERE r.team = ANY (:'teams'::text[]);
ANALYZE public."LiteLLM_SpendLogs";
