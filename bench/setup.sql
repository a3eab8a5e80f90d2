-- The tables of the benchmark, in schema bench: a year of requests in the order
-- of their time, and the prices of their models, both as inferacct has them and
-- as a hand-written query would keep them.
--
-- psql variables: rows (of request), sample (rows of what is slow per row).
-- Two runs give the same rows: draws are random() after setseed().

SET client_min_messages = warning;
CREATE SCHEMA bench;
SET search_path = bench, inferacct, inferacct_internal, public;
SET work_mem = '512MB';
SELECT setseed(0.4) \g /dev/null

-- Time that the backend has spent on a processor, in nanoseconds.
CREATE FUNCTION cpu() RETURNS bigint
LANGUAGE sql VOLATILE
RETURN split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::bigint;

-- 40 models, named as models are, from the most to the least used: the share of
-- the one at place n is proportional to 1 / n ^ 1.1.
CREATE TABLE model AS
	SELECT n::int AS place,
		   (ARRAY['orion', 'vega-code', 'lyra', 'altair-instruct', 'rigel'])[1 + n % 5]
		   || (ARRAY['-4', '-4.5-mini', '-5-pro', '-5.1', '-3.5-turbo-16k', '-nano', '-2', '-r1'])[1 + (n / 5) % 8]
		   || CASE WHEN n % 3 = 0 THEN '-2025-07-18' ELSE '' END AS model
	FROM generate_series(0, 39) AS n;

CREATE TABLE choice AS
	SELECT array_agg(model ORDER BY place) AS models,
		   (SELECT array_agg(upto ORDER BY upto)
			FROM (SELECT sum((place + 1) ^ -1.1) OVER (ORDER BY place) / sum((place + 1) ^ -1.1) OVER () AS upto FROM model) AS summed) AS upto
	FROM model;

-- Three prices each of input, cached input and output, in USD per million
-- tokens; one of ten ends in a digit that needs 9 decimals.
INSERT INTO inferacct.price (version, provider, model, meter, usd, valid_from)
	SELECT opened.version, 'bench', model, meter,
		   round((CASE meter WHEN 'output' THEN 4.0 WHEN 'cache_read' THEN 0.1 ELSE 1.0 END
				  * (0.05 + (place * 7 % 40) * 0.123456) * (1 - 0.1 * period))::numeric,
				 CASE WHEN place % 10 = 0 THEN 9 ELSE 3 END),
		   (ARRAY[timestamptz '-infinity', '2025-05-01 00:00Z', '2025-10-01 00:00Z'])[1 + period]
	FROM (SELECT open_price_version(now(), 'bench', NULL, NULL) AS version OFFSET 0) AS opened,
		 model, unnest(ARRAY['input', 'cache_read', 'output']) AS meter, generate_series(0, 2) AS period;

-- The same prices pivoted, per token, with both ends: for hand-written SQL.
CREATE TABLE price AS
	SELECT model, valid_from,
		   lead(valid_from, 1, timestamptz 'infinity') OVER (PARTITION BY model ORDER BY valid_from) AS valid_to,
		   max(usd) FILTER (WHERE meter = 'input') * 0.000001 AS input,
		   max(usd) FILTER (WHERE meter = 'cache_read') * 0.000001 AS cache_read,
		   max(usd) FILTER (WHERE meter = 'output') * 0.000001 AS output
	FROM inferacct.price WHERE provider = 'bench' GROUP BY model, valid_from;
ALTER TABLE price ADD PRIMARY KEY (model, valid_from);

-- The requests; columns of fixed width first.
CREATE UNLOGGED TABLE request (
	id bigint NOT NULL,
	at timestamptz NOT NULL,
	input_tokens bigint NOT NULL,
	output_tokens bigint NOT NULL,
	cached_tokens bigint NOT NULL,
	duration_ms int NOT NULL,
	tenant int NOT NULL,
	model text NOT NULL
) WITH (autovacuum_enabled = off);

-- Sizes are spread like real ones: about log-normal, a median of 735 and 148 tokens.
INSERT INTO request
	SELECT n, timestamptz '2025-01-01 00:00Z' + interval '365 days' * ((n - random()) / :rows),
		   exp(6.6 + 2.2 * (random() + random() + random() - 1.5))::bigint,
		   exp(5.0 + 1.8 * (random() + random() + random() - 1.5))::bigint,
		   CASE WHEN random() < 0.4 THEN (random() * 40)::bigint * 128 ELSE 0 END,
		   (100 + 5000 * random())::int, (200 * random() ^ 3)::int,
		   models[1 + width_bucket(random(), upto)]
	FROM generate_series(1, :rows) AS n, choice;
-- What refresh_usage() reads the hours that have changed by.
CREATE INDEX request_at ON request USING brin (at);
VACUUM (FREEZE, ANALYZE) request;

-- Without these the planner takes date_trunc('month', at) for as many groups as rows.
CREATE STATISTICS request_month ON (date_trunc('month', at)) FROM request;
CREATE STATISTICS request_model_month (ndistinct) ON model, (date_trunc('month', at)) FROM request;
ANALYZE request;

-- Some of them, spread over the year, for what is slow per row: as rows, and as
-- what an OpenAI-compatible endpoint answers.
CREATE UNLOGGED TABLE request_sample (LIKE request) WITH (autovacuum_enabled = off);
INSERT INTO request_sample SELECT * FROM request WHERE id % (:rows / :sample) = 0;
VACUUM (FREEZE, ANALYZE) request_sample;

CREATE UNLOGGED TABLE payload_sample (at timestamptz NOT NULL, model text NOT NULL, payload jsonb NOT NULL) WITH (autovacuum_enabled = off);
INSERT INTO payload_sample
	SELECT at, model, jsonb_build_object('id', 'chatcmpl-' || id, 'object', 'chat.completion', 'model', model,
		'created', extract(epoch FROM at)::bigint, 'choices', '[]'::jsonb,
		'usage', jsonb_build_object('prompt_tokens', input_tokens + cached_tokens, 'completion_tokens', output_tokens,
									'total_tokens', input_tokens + cached_tokens + output_tokens,
									'prompt_tokens_details', jsonb_build_object('cached_tokens', cached_tokens)))
	FROM request_sample;
VACUUM (FREEZE, ANALYZE) payload_sample;

CREATE FUNCTION plpgsql_cost(of_model text, input_tokens bigint, output_tokens bigint, at timestamptz) RETURNS numeric
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
AS $$
DECLARE
	found_price bench.price;
BEGIN
	SELECT * INTO found_price FROM bench.price AS p
	WHERE p.model = of_model AND p.valid_from <= at ORDER BY p.valid_from DESC LIMIT 1;
	RETURN input_tokens * found_price.input + output_tokens * found_price.output;
END $$;

-- What the answers have to be, by hand-written SQL: by model and month, and in all.
CREATE TABLE by_hand AS
	SELECT r.model, date_trunc('month', r.at)::date AS month, sum(r.input_tokens) AS tokens, sum(r.output_tokens) AS answered,
		   trim_scale(sum(r.input_tokens * p.input + r.output_tokens * p.output)) AS usd,
		   sum(r.cached_tokens * p.cache_read) AS cached_usd
	FROM request AS r JOIN price AS p ON p.model = r.model AND r.at >= p.valid_from AND r.at < p.valid_to
	GROUP BY 1, 2;

CREATE TABLE expected (name text PRIMARY KEY, answer text NOT NULL);

INSERT INTO expected
	SELECT unnest(ARRAY['tokens', 'plain', 'usage', 'groups_tokens', 'groups']),
		   unnest(ARRAY[sum(tokens + answered)::text, trim_scale(sum(usd))::text, trim_scale(sum(usd + cached_usd))::text,
						md5(string_agg(concat_ws(' ', model, month, tokens), ',' ORDER BY model COLLATE "C", month)),
						md5(string_agg(concat_ws(' ', model, month, usd), ',' ORDER BY model COLLATE "C", month))])
	FROM by_hand;

INSERT INTO expected
	SELECT unnest(ARRAY['plain_sample', 'usage_sample']),
		   unnest(ARRAY[trim_scale(sum(r.input_tokens * p.input + r.output_tokens * p.output))::text,
						trim_scale(sum(r.input_tokens * p.input + r.output_tokens * p.output + r.cached_tokens * p.cache_read))::text])
	FROM request_sample AS r JOIN price AS p ON p.model = r.model AND r.at >= p.valid_from AND r.at < p.valid_to;

-- Routing from a dear model to a middle and a cheap one.  A score may be any
-- number: the milliseconds that a request took are one that costs little to read.
INSERT INTO routing_policy (name, kind) VALUES ('bench', 'score');
INSERT INTO routing_tier (policy, below_score, model) VALUES
	('bench', 1600, 'bench/orion-4-2025-07-18'), ('bench', 3600, 'bench/vega-code-4'), ('bench', NULL, 'bench/lyra-5.1');

INSERT INTO expected
	SELECT 'routed', concat_ws(' ', trim_scale(sum(tokens * b.input + answered * b.output)), trim_scale(sum(tokens * p.input + answered * p.output)))
	FROM (SELECT width_bucket(duration_ms, ARRAY[1600, 3600]) AS tier, valid_from, sum(input_tokens) AS tokens, sum(output_tokens) AS answered
		  FROM request AS r JOIN price AS b ON b.model = 'lyra-5.1' AND r.at >= b.valid_from AND r.at < b.valid_to GROUP BY 1, 2) AS g
	JOIN price AS p ON p.model = (ARRAY['orion-4-2025-07-18', 'vega-code-4', 'lyra-5.1'])[1 + tier] AND p.valid_from = g.valid_from
	JOIN price AS b ON b.model = 'lyra-5.1' AND b.valid_from = g.valid_from;

-- The rollup reads the table where it lies.
SELECT attach_usage('bench', 'bench.request', '{"at": "at", "request_id": "id", "model": "model", "input": "input_tokens",
	"input_includes_cached": false, "cache_read": "cached_tokens", "output": "output_tokens"}') \g /dev/null
CHECKPOINT;

-- Getting rows in: what import_usage() and a first refresh_usage() do, beside the plain
-- statements, of the first weeks of the log.  What they leave is taken away again, unmeasured
-- (bench/queries.sh).
CREATE UNLOGGED TABLE request_weeks (LIKE request) WITH (autovacuum_enabled = off);
INSERT INTO request_weeks SELECT * FROM request WHERE id <= :sample;
VACUUM (FREEZE, ANALYZE) request_weeks;
CREATE UNLOGGED TABLE arriving AS
	SELECT at, usage(input => input_tokens, output => output_tokens, cache_read => cached_tokens) AS usage, model, 'arriving'::text AS source,
		id::text AS request_id, 'team ' || tenant % 20 AS team, CASE WHEN id % 50 = 0 THEN 'failed' ELSE 'ok' END AS status
	FROM request_weeks;
VACUUM (FREEZE, ANALYZE) arriving;
SELECT usage_log_partitions('2025-01-01', '2026-01-01') \g /dev/null
CREATE TABLE plain (LIKE inferacct.usage_log INCLUDING ALL, PRIMARY KEY (source, request_id, at, tenant));
SELECT attach_usage('arriving', 'bench.request_weeks', '{"at": "at", "request_id": "id", "model": "model", "input": "input_tokens",
	"input_includes_cached": false, "cache_read": "cached_tokens", "output": "output_tokens"}') \g /dev/null

CREATE FUNCTION plain_insert() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	INSERT INTO bench.plain (at, usage, model, source, request_id, team, status) SELECT * FROM bench.arriving;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END $$;

CREATE FUNCTION log_import() RETURNS bigint LANGUAGE sql AS $$ SELECT inserted FROM inferacct.import_usage('bench.arriving') $$;

CREATE FUNCTION plain_groups() RETURNS bigint LANGUAGE sql AS $$
	SELECT sum(g.rows)::bigint FROM (
		SELECT hour_of(at) AS hour, input_tokens(usage) >= 200001 AS long, meter(usage, 'requests') > 1 AS aggregated, usage_kinds(usage) AS kinds,
			source, model, service_tier, region, provider, team, project, status,
			count(*) AS rows, count(provider_usd) AS reported, sum(usage) AS usage, sum(provider_usd) AS provider_usd,
			min(at) AS first_at, max(at) AS last_at, min(input_tokens(usage)) AS min_input, max(input_tokens(usage)) AS max_input
		FROM usage_of_arriving GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 OFFSET 0) AS g $$;

-- What refresh_usage() does for an origin, without its commits; how many rows it read.
CREATE FUNCTION refresh_of(origin text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	f record := inferacct_internal.refresh_find(origin, NULL, false, NULL, false);
	start timestamptz;
	n bigint;
BEGIN
	FOREACH start IN ARRAY f.starts LOOP
		PERFORM inferacct_internal.fail(p ->> 'state', p ->> 'message') FROM inferacct_internal.refresh_chunk(origin, start, f.starts, f.hours, f.found_at) AS p WHERE p IS NOT NULL;
	END LOOP;
	PERFORM inferacct_internal.refresh_end(origin, f.found_at, f.identity, f.problem);
	PERFORM inferacct_internal.refresh_raise(f.problem);
	-- What is read at once has no list of hours.
	n := (SELECT sum(r.rows) FROM inferacct_internal.refreshed_hour AS r WHERE r.origin = refresh_of.origin AND (r.hour = ANY (f.hours) OR f.hours = '{}'));
	RETURN n;
END $$;

INSERT INTO expected SELECT 'arriving', count(*)::text FROM arriving UNION ALL VALUES ('noted', 't');

-- The same requests as the table that LiteLLM keeps, whose counts lie in JSON: as thin as the log, 1,141 an hour, where
-- more than every third request makes a row of the rollup, and of a proxy that is eleven times as busy.
CREATE UNLOGGED TABLE "LiteLLM_SpendLogs" (
	request_id text NOT NULL, call_type text NOT NULL, api_key text NOT NULL, spend float8 NOT NULL, total_tokens int NOT NULL, prompt_tokens int NOT NULL, completion_tokens int NOT NULL,
	"startTime" timestamp(3) NOT NULL, "endTime" timestamp(3) NOT NULL, model text NOT NULL, custom_llm_provider text, metadata jsonb, cache_hit text, request_tags jsonb,
	team_id text, end_user text, status text
) WITH (autovacuum_enabled = off);
CREATE UNLOGGED TABLE busy (LIKE "LiteLLM_SpendLogs") WITH (autovacuum_enabled = off);
CREATE FUNCTION litellm_rows(times_as_busy int) RETURNS SETOF "LiteLLM_SpendLogs" LANGUAGE sql AS $$
	SELECT 'chatcmpl-' || id, 'acompletion', md5(tenant::text), 0.000001 * input_tokens, (input_tokens + cached_tokens + output_tokens)::int, (input_tokens + cached_tokens)::int, output_tokens::int,
		r.at AT TIME ZONE 'UTC', (r.at + duration_ms * interval '1 ms') AT TIME ZONE 'UTC', model, NULL,
		jsonb_build_object('user_api_key_team_id', 'team ' || tenant % 20, 'usage_object', jsonb_build_object('prompt_tokens', input_tokens + cached_tokens, 'completion_tokens', output_tokens,
			'total_tokens', input_tokens + cached_tokens + output_tokens, 'prompt_tokens_details', jsonb_build_object('cached_tokens', cached_tokens),
			'completion_tokens_details', jsonb_build_object('reasoning_tokens', 0))), 'False', '[]'::jsonb, 'team ' || tenant % 20, NULL, 'success'
	FROM bench.request_weeks AS w CROSS JOIN LATERAL (SELECT timestamptz '2025-01-01 00:00Z' + (w.at - timestamptz '2025-01-01 00:00Z') / times_as_busy) AS r(at) $$;
INSERT INTO "LiteLLM_SpendLogs" SELECT * FROM litellm_rows(1);
INSERT INTO busy SELECT * FROM litellm_rows(11);
VACUUM (FREEZE, ANALYZE) "LiteLLM_SpendLogs";
VACUUM (FREEZE, ANALYZE) busy;
SELECT attach_usage('litellm', 'bench."LiteLLM_SpendLogs"', 'litellm'), attach_usage('busy', 'bench.busy', 'litellm') \g /dev/null

-- With the keys that a row of the rollup has, and nothing is written.
CREATE FUNCTION extracted_groups(log regclass) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('SELECT sum(g.requests)::bigint FROM (
		SELECT date_trunc(''hour'', "startTime") AS hour, prompt_tokens > 200000 AS long, cached > 0 AS has_cached, reasoning > 0 AS has_reasoning,
			model, custom_llm_provider, team_id, project_id, status,
			count(*) AS requests, sum(spend) AS spend, sum(prompt_tokens - cached) AS input, sum(cached) AS cached, sum(completion_tokens - reasoning) AS output, sum(reasoning) AS reasoning
		FROM (SELECT *, metadata ->> ''project_id'' AS project_id, coalesce((metadata #>> ''{usage_object,prompt_tokens_details,cached_tokens}'')::bigint, 0) AS cached,
			coalesce((metadata #>> ''{usage_object,completion_tokens_details,reasoning_tokens}'')::bigint, 0) AS reasoning FROM %s OFFSET 0) AS l
		GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 OFFSET 0) AS g', log) INTO n;
	RETURN n;
END $$;

CREATE SEQUENCE more START 1000000000000;
-- A thousand rows, of no tokens, in two hours: what the next refresh has to find among all.
CREATE FUNCTION more_requests() RETURNS void LANGUAGE sql AS $$
	INSERT INTO bench.request SELECT nextval('bench.more'), v.since + n * interval '7.2 s', 0, 0, 0, duration_ms, tenant, model
	FROM (SELECT * FROM bench.request_weeks LIMIT 1) AS r CROSS JOIN (VALUES (timestamptz '2025-12-31 10:00Z')) AS v(since) CROSS JOIN generate_series(0, 999) AS n $$;
