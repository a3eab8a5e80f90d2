-- ownership: what users do with their own relations takes nothing of ours along.
-- Every command of a list, by the role that owns the relation, on a source of each tool.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL client_min_messages = error;
SET LOCAL timezone = 'Asia/Kolkata';
SELECT no_plan();

CREATE ROLE inferacct_test_tool;
CREATE ROLE inferacct_test_other;
CREATE SCHEMA own_tool AUTHORIZATION inferacct_test_tool;
CREATE SCHEMA own_else AUTHORIZATION inferacct_test_tool;
CREATE SCHEMA own_steady;
GRANT CREATE ON SCHEMA own_tool TO inferacct_test_other;
GRANT USAGE ON SCHEMA own_tool, own_else TO inferacct_test_other;

-- A search_path full of better matches is not looked at.
CREATE SCHEMA own_trap;
CREATE FUNCTION own_trap.sprung(timestamptz, interval) RETURNS timestamptz LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'sprung'; END$$;
CREATE FUNCTION own_trap.sprung(text, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'sprung'; END$$;
CREATE FUNCTION own_trap.isfinite(timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'sprung'; END$$;
CREATE FUNCTION own_trap.jsonb_build_object(text, int, text, int) RETURNS jsonb LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'sprung'; END$$;
CREATE FUNCTION own_trap.jsonb_build_object(text, int) RETURNS jsonb LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'sprung'; END$$;
CREATE FUNCTION own_trap.to_jsonb(text[]) RETURNS jsonb LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'sprung'; END$$;
CREATE OPERATOR own_trap.= (FUNCTION = own_trap.sprung, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR own_trap.<> (FUNCTION = own_trap.sprung, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR own_trap.+ (FUNCTION = own_trap.sprung, LEFTARG = timestamptz, RIGHTARG = interval);
CREATE FUNCTION pg_temp.trapped() RETURNS bigint LANGUAGE plpgsql SET search_path TO own_trap, pg_catalog, public AS $$
DECLARE found bigint;
BEGIN
	EXECUTE 'SELECT count(u.*) + (SELECT count(*) FROM inferacct.rejected_usage) FROM inferacct.usage_all AS u' INTO found;
	RETURN found;
END $$;

-- What each tool keeps; at is the column that has the time, spare one that no mapping reads.
CREATE TEMP TABLE tool (name text, mapping jsonb, made text, at text, retyped text);
INSERT INTO tool VALUES
('litellm', '{"tool": "litellm"}',
	$$CREATE TABLE own_tool.log (spare int, request_id text, call_type text, api_key text, spend float8, prompt_tokens int, completion_tokens int, "startTime" timestamp(3), "endTime" timestamp(3),
		model text, custom_llm_provider text, "user" text, metadata jsonb, cache_hit text, request_tags jsonb, team_id text, end_user text, status text);
	INSERT INTO own_tool.log SELECT n, n::text, 'acompletion', '', 0.1, 10 * n, n, timestamp '2033-01-01' + n * interval '1 hour', timestamp '2033-01-01 00:00:01.5' + n * interval '1 hour', 'own-m', '', 'me',
		'{"usage_object": {"service_tier": "Flex"}, "project_id": "p"}', 'False', '["a"]', 'red', '', 'success' FROM generate_series(1, 5) AS n$$, 'startTime', $$timestamptz USING "startTime" AT TIME ZONE 'UTC'$$),
('langfuse', '{"tool": "langfuse"}',
	$$CREATE TABLE own_tool.log (spare int, id text, project_id text, type text, start_time timestamptz, end_time timestamptz, created_at timestamp, provided_model_name text, usage_details jsonb, total_cost numeric, level text, "modelParameters" jsonb, tags text[], is_deleted int);
	INSERT INTO own_tool.log SELECT n, n::text, 'p', 'GENERATION', timestamptz '2033-01-01Z' + n * interval '1 hour', timestamptz '2033-01-01Z' + n * interval '2 hours', '2033-01-01', 'own-m', jsonb_build_object('input', n), 0.25, 'ERROR', '{"service_tier": "flex"}', '{x,y}', 0
	FROM generate_series(1, 5) AS n$$, 'start_time', $$timestamp USING start_time AT TIME ZONE 'UTC'$$),
('otel', '{"tool": "otel"}',
	$$CREATE TABLE own_tool.log (spare int, span_id text, start_time_unix_nano bigint, "endTimeUnixNano" bigint, attributes json, service_name text);
	INSERT INTO own_tool.log SELECT n, n::text, (1990000000 + n) * 1000000000::bigint, (1990000001 + n) * 1000000000::bigint, json_build_object('gen_ai.system', 'o', 'gen_ai.request.model', 'own-m', 'gen_ai.usage.input_tokens', n * 7), 's' FROM generate_series(1, 5) AS n$$,
	'start_time_unix_nano', 'numeric'),
('flat', '{"tool": "otel"}',
	$$CREATE TABLE own_tool.log (spare int, span_id varchar(20), start_time timestamptz, gen_ai_request_model varchar, "gen_ai.usage.input_tokens" int, gen_ai_usage_output_tokens int);
	INSERT INTO own_tool.log SELECT n, n::text, timestamptz '2033-01-01Z' + n * interval '1 hour', 'own-m', n, n FROM generate_series(1, 5) AS n$$, 'start_time', 'timestamptz(3)'),
('openai', '{"tool": "openai_usage_api"}',
	$$CREATE TABLE own_tool.log (spare int, "the page" jsonb);
	INSERT INTO own_tool.log VALUES (1, '{"data": [{"start_time": 1990000800, "results": [{"input_tokens": 1000, "input_cached_tokens": 400, "output_tokens": 50, "num_model_requests": 5, "model": "own-m", "batch": true}, {"input_tokens": 1, "model": "own-m", "project_id": "p"}]}]}')$$,
	'the page', 'json'),
('anthropic', '{"tool": "anthropic_usage_report", "page": "page"}',
	$$CREATE TABLE own_tool.log (spare int, page json);
	INSERT INTO own_tool.log VALUES (1, '{"data": [{"starting_at": "2033-01-01T00:00:00Z", "results": [{"uncached_input_tokens": 15, "output_tokens": 500, "model": "own-m", "service_tier": "priority_on_demand", "inference_geo": "us"}, {"uncached_input_tokens": 1, "model": "own-m", "inference_geo": "global"}]}]}')$$,
	'page', 'jsonb'),
('own "mapping"', '{"at": "micros", "at_unit": "us", "request_id": "ID", "model": {"column": "info", "path": ["n", "m"]}, "input": "fresh", "input_includes_cached": false, "output": "out", "output_includes_reasoning": true, "reasoning": "think",
	"provider_usd": "usd", "team": {"value": "it''s \\ red"}}',
	$$CREATE TABLE own_tool.log (spare int, micros bigint, "ID" int, info json, fresh int, out int, think int, usd real);
	INSERT INTO own_tool.log SELECT n, (1990000000 + n) * 1000000::bigint, n, '{"n": {"m": "own-m"}}', n, 3 * n, n, 0.1 FROM generate_series(1, 5) AS n$$, 'micros', 'numeric'),
('parts', '{"at": "at", "request_id": "id", "model": "model", "input": "n", "input_includes_cached": true}',
	$$CREATE TABLE own_tool.log (spare int, at timestamptz, id int, model text, n bigint) PARTITION BY RANGE (at);
	CREATE TABLE own_tool.log_1 PARTITION OF own_tool.log FOR VALUES FROM ('2033-01-01') TO ('2033-01-02');
	CREATE TABLE own_tool.log_2 PARTITION OF own_tool.log FOR VALUES FROM ('2033-01-02') TO ('2034-01-01');
	INSERT INTO own_tool.log SELECT n, timestamptz '2033-01-01 12:00Z' + n * interval '1 hour', n, 'own-m', n FROM generate_series(1, 20) AS n$$, 'at', 'timestamptz(0)');

-- A source that nobody touches, and rows, prices and a booked month of our own.
CREATE TABLE own_steady.log AS SELECT timestamptz '2033-02-01Z' AS at, 1 AS id, 'own-m'::text AS model, 5 AS n;
SELECT attach_usage('own_steady', 'own_steady.log', '{"at": "at", "request_id": "id", "model": "model", "input": "n", "input_includes_cached": true}');
SELECT set_price('own', 'own-m', 'input', 1), set_price('own', 'own-m', 'output', 2);
INSERT INTO usage_log (at, usage, model, source, request_id) VALUES ('2033-01-05Z', usage(1000), 'own-m', 'own_log', '1');
SELECT close_month('2033-01-01', before_its_end => true, force => true);
CREATE VIEW own_steady.report AS SELECT source, count(*) AS requests FROM usage_all GROUP BY source;

-- Planned anew every time: an SQL function keeps its plan for as long as its caller runs.
CREATE FUNCTION pg_temp.ours() RETURNS text LANGUAGE plpgsql AS $$
DECLARE found text;
BEGIN
	EXECUTE $query$SELECT concat_ws(' ', (SELECT count(*) FROM pg_extension WHERE extname = 'inferacct'), (SELECT count(*) FROM usage_log), (SELECT sum(usd) FROM closed_month), (SELECT count(*) FROM price WHERE model = 'own-m'),
		(SELECT count(*) FROM usage_all WHERE source = 'own_steady'), (SELECT count(*) FROM own_steady.report WHERE source = 'own_steady'), (SELECT count(*) FROM rejected_usage WHERE source = 'own_steady'))$query$ INTO found;
	RETURN found;
END $$;
CREATE FUNCTION pg_temp.read(source text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE found text;
BEGIN
	EXECUTE 'SELECT string_agg(u::text, E''\n'' ORDER BY at, request_id, usage::text) FROM usage_all AS u WHERE u.source = $1' INTO found USING source;
	RETURN found;
END $$;

-- Run commands as the tool's role (or, behind a role's name and a colon, as another), look, and take it all back.
CREATE FUNCTION pg_temp.after(tool text, what text, commands text[], status text, same boolean) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	ours_before text := pg_temp.ours();
	rows_before text := pg_temp.read(tool);
	ours_after text; rows_after text; got inferacct.source_status; rejected text; command text; role text; failed text;
BEGIN
	BEGIN
		FOREACH command IN ARRAY commands LOOP
			role := coalesce(substring(command FROM '^(\w+):'), 'inferacct_test_tool');
			PERFORM set_config('role', role, true);
			EXECUTE regexp_replace(command, '^\w+:', '');
			PERFORM set_config('role', 'none', true);
		END LOOP;
		ours_after := pg_temp.ours();
		rows_after := pg_temp.read(tool);
		SELECT * INTO got FROM source_status AS s WHERE name = tool;
		EXECUTE 'SELECT string_agg(reason, '','') FROM rejected_usage WHERE source = $1' INTO rejected USING tool;
		RAISE EXCEPTION USING ERRCODE = 'ZZ000';
	EXCEPTION WHEN SQLSTATE 'ZZ000' THEN NULL;
		WHEN OTHERS THEN failed := SQLERRM;
	END;
	RETURN NEXT is(failed, NULL, format('%s, %s: nothing fails', tool, what));
	RETURN NEXT is(ours_after, ours_before, format('%s, %s: extension, log, prices, books and other sources stay', tool, what));
	RETURN NEXT is(got.status, status, format('%s, %s: the source is %s', tool, what, status));
	IF status = 'broken' THEN
		RETURN NEXT ok(rows_after IS NULL AND rejected = 'the source is broken: ' || got.problem AND got.remedy ~ 'attach_usage', format('%s, %s: and says so (%s)', tool, what, got.problem));
	ELSIF same THEN
		RETURN NEXT is(rows_after, rows_before, format('%s, %s: with the same rows', tool, what));
	ELSE
		RETURN NEXT isnt(rows_after, rows_before, format('%s, %s: with other rows', tool, what));
	END IF;
	RETURN NEXT is(pg_temp.read(tool), rows_before, format('%s, %s: taken back', tool, what));
END $$;

CREATE FUNCTION pg_temp.every_command(tool text, at text, retyped text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	copied CONSTANT text[] := ARRAY['CREATE TABLE own_else.copy AS SELECT * FROM own_tool.log', 'DROP TABLE own_tool.log'];
BEGIN
	RETURN QUERY SELECT a FROM (VALUES
		('DROP TABLE', ARRAY['DROP TABLE own_tool.log'], 'broken', NULL::boolean),
		('DROP TABLE CASCADE', ARRAY['DROP TABLE own_tool.log CASCADE'], 'broken', NULL),
		('DROP SCHEMA CASCADE', ARRAY['DROP SCHEMA own_tool CASCADE'], 'broken', NULL),
		('DROP OWNED', ARRAY['DROP OWNED BY inferacct_test_tool CASCADE'], 'broken', NULL),
		('DROP OWNED by a superuser', ARRAY['none:DROP OWNED BY inferacct_test_tool'], 'broken', NULL),
		('a column that is not read is dropped', ARRAY['ALTER TABLE own_tool.log DROP COLUMN spare CASCADE'], 'attached', true),
		('RENAME COLUMN', ARRAY[format('ALTER TABLE own_tool.log RENAME COLUMN %I TO "other \ ""name"""', at)], 'attached', true),
		('another column takes the name', ARRAY[format('ALTER TABLE own_tool.log RENAME COLUMN %I TO moved', at), format('ALTER TABLE own_tool.log RENAME COLUMN spare TO %I', at)], 'attached', true),
		('RENAME', ARRAY['ALTER TABLE own_tool.log RENAME TO "log; DROP"'], 'attached', true),
		('another table takes the name', ARRAY['ALTER TABLE own_tool.log RENAME TO old', 'CREATE TABLE own_tool.log (LIKE own_tool.old)'], 'attached', true),
		('SET SCHEMA', ARRAY['ALTER TABLE own_tool.log SET SCHEMA own_else'], 'attached', true),
		('ALTER SCHEMA RENAME', ARRAY['none:ALTER SCHEMA own_tool RENAME TO own_renamed'], 'attached', true),
		('renamed column, table and schema', ARRAY[format('ALTER TABLE own_tool.log RENAME COLUMN %I TO moved', at), 'ALTER TABLE own_tool.log RENAME TO log2', 'none:ALTER SCHEMA own_tool RENAME TO own_renamed'], 'attached', true),
		('ADD COLUMN', ARRAY['ALTER TABLE own_tool.log ADD COLUMN team_name text, ADD COLUMN cost numeric'], 'attached', true),
		('TRUNCATE', ARRAY['TRUNCATE own_tool.log'], 'attached', false),
		('OWNER TO', ARRAY['none:ALTER TABLE own_tool.log OWNER TO inferacct_test_other'], 'attached', true),
		('dropped and made again', copied || 'CREATE TABLE own_tool.log AS SELECT * FROM own_else.copy'::text, 'attached', true),
		('dropped and made again by a superuser', copied || 'none:CREATE TABLE own_tool.log AS SELECT * FROM own_else.copy'::text, 'attached', true),
		('dropped, and made again by another role', copied || ARRAY['GRANT SELECT ON own_else.copy TO PUBLIC', 'inferacct_test_other:CREATE TABLE own_tool.log AS SELECT * FROM own_else.copy'], 'broken', NULL),
		('a view takes its place', copied || 'CREATE VIEW own_tool.log AS SELECT * FROM own_else.copy'::text, 'broken', NULL),
		('made again without a column', copied || format('CREATE TABLE own_tool.log AS SELECT * FROM own_else.copy; ALTER TABLE own_tool.log DROP COLUMN %I', at), 'broken', NULL)
	) AS c(what, commands, status, same) CROSS JOIN LATERAL pg_temp.after(tool, what, commands, status, same) AS a;
	-- A partition key cannot be dropped, nor have another type.
	IF tool <> 'parts' THEN
		RETURN QUERY SELECT a FROM (VALUES
			('DROP COLUMN', ARRAY[format('ALTER TABLE own_tool.log DROP COLUMN %I', at)], 'broken', NULL),
			('DROP COLUMN CASCADE', ARRAY[format('ALTER TABLE own_tool.log DROP COLUMN %I CASCADE', at)], 'broken', NULL),
			('a renamed column is dropped', ARRAY[format('ALTER TABLE own_tool.log RENAME COLUMN %I TO moved', at), 'ALTER TABLE own_tool.log DROP COLUMN moved'], 'broken', NULL),
			('another type that can be read', ARRAY[format('ALTER TABLE own_tool.log ALTER COLUMN %I TYPE %s', at, retyped)], 'attached', true),
			('another type that cannot', ARRAY[format('ALTER TABLE own_tool.log ALTER COLUMN %I TYPE boolean USING true', at)], 'broken', NULL::boolean),
			('a type of its owner''s', ARRAY['CREATE TYPE own_tool.own AS ENUM (''x'')', format('ALTER TABLE own_tool.log ALTER COLUMN %I TYPE own_tool.own USING ''x''', at)], 'broken', NULL),
			('and back', ARRAY[format('ALTER TABLE own_tool.log ADD COLUMN kept text'), format('UPDATE own_tool.log SET kept = %I', at), format('ALTER TABLE own_tool.log ALTER COLUMN %I TYPE boolean USING true', at),
				format('ALTER TABLE own_tool.log ALTER COLUMN %1$I TYPE %2$s USING kept::%2$s', at, (SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = 'own_tool.log'::regclass AND attname = at))], 'attached', true)
		) AS c(what, commands, status, same) CROSS JOIN LATERAL pg_temp.after(tool, what, commands, status, same) AS a;
	ELSE
		RETURN QUERY SELECT a FROM (VALUES
			('a partition is dropped', ARRAY['DROP TABLE own_tool.log_1 CASCADE'], 'attached', false),
			('a partition is detached', ARRAY['ALTER TABLE own_tool.log DETACH PARTITION own_tool.log_2'], 'attached', false)
		) AS c(what, commands, status, same) CROSS JOIN LATERAL pg_temp.after(tool, what, commands, status, same) AS a;
	END IF;
END $$;

CREATE FUNCTION pg_temp.every_tool() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT * FROM tool LOOP
		SET LOCAL ROLE inferacct_test_tool;
		EXECUTE t.made;
		RESET ROLE;
		PERFORM attach_usage(t.name, 'own_tool.log', t.mapping);
		RETURN NEXT isnt(pg_temp.read(t.name), NULL, format('%s: has rows', t.name));
		RETURN NEXT is_empty('SELECT * FROM outside', format('%s: nothing of ours depends on what is not ours', t.name));
		RETURN NEXT is_empty('SELECT * FROM unsafe', format('%s: a reader''s search_path chooses no function and no operator', t.name));
		RETURN NEXT cmp_ok(pg_temp.trapped(), '>', 0::bigint, format('%s: a trap in it is not sprung', t.name));
		RETURN QUERY SELECT pg_temp.every_command(t.name, t.at, t.retyped);
		PERFORM detach_usage(t.name);
		DROP TABLE own_tool.log;
	END LOOP;
END $$;

-- What members, and what is part of them, depend on outside: everything with an OID that initdb did not give.
CREATE TEMP VIEW outside AS
WITH RECURSIVE ours (classid, objid) AS (
	SELECT d.classid, d.objid FROM pg_depend AS d JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'inferacct' AND d.deptype = 'e'
	UNION SELECT d.classid, d.objid FROM ours JOIN pg_depend AS d ON d.refclassid = ours.classid AND d.refobjid = ours.objid AND d.deptype IN ('i', 'a', 'P', 'S')
)
SELECT pg_describe_object(d.classid, d.objid, d.objsubid) AS ours, pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid) AS theirs
FROM ours JOIN pg_depend AS d USING (classid, objid)
WHERE d.refobjid >= 16384 AND (d.refclassid, d.refobjid) NOT IN (SELECT * FROM ours)
	AND d.refclassid <> 'pg_extension'::regclass AND (d.refclassid, d.refobjid) <> ('pg_namespace'::regclass, 'inferacct'::regnamespace);

-- Operators and functions without a schema, and the words that hide one, in what reads sources.
CREATE TEMP VIEW unsafe AS
SELECT proname, found FROM (
	SELECT proname, regexp_replace(regexp_replace(regexp_replace(prosrc, '''(?:[^'']|'''')*''', '''''', 'g'), '"(?:[^"]|"")*"', 'q', 'g'), 'OPERATOR\(pg_catalog\.[^)]*\)|::|=>', ' , ', 'g') AS code
	FROM pg_proc WHERE proname ~ '^(rows|rejected)_of_' AND pronamespace = 'inferacct_internal'::regnamespace) AS p
CROSS JOIN LATERAL (
	SELECT m[1] FROM regexp_matches(code, '([-+*/<>=~!@#%^&|`?]|\m(?:IN|LIKE|ILIKE|SIMILAR|BETWEEN|NULLIF|DISTINCT|CASE +[^W ]\w*)\M)', 'g') AS m
	UNION ALL SELECT m[1] FROM regexp_matches(code, '(?:^|[^.\w])(\w+) *\(', 'g') AS m
	WHERE lower(m[1]) NOT IN ('select', 'as', 'from', 'lateral', 'coalesce', 'greatest', 'extract', 'and', 'or', 'when', 'then', 'else', 'where', 'not', 'exists', 'row', 'over', 'all', 'b', 'e', 'x', 'y', 'k', 'o', 'any', 'timestamp')) AS f(found);

SELECT pg_temp.every_tool();

-- And of the other tools, and of every option of a mapping.
CREATE FUNCTION pg_temp.every_option() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	t record;
	own CONSTANT jsonb := '{"at": "at", "request_id": "id", "model": "m", "input": "n", "input_includes_cached": true}';
BEGIN
	FOR t IN SELECT * FROM (VALUES
		('days', '{"tool": "litellm"}'::jsonb, 'id text, date text, api_key text, model text, custom_llm_provider text, prompt_tokens bigint, completion_tokens bigint, cache_read_input_tokens bigint, cache_creation_input_tokens bigint, spend float8, api_requests bigint'),
		('no failures', '{"tool": "litellm", "failed": "leave_out"}', 'request_id text, call_type text, spend float8, prompt_tokens int, completion_tokens int, "startTime" timestamp, model text, metadata text, cache_hit text, request_tags text, status text'),
		('observations', '{"tool": "langfuse"}', 'id text, type text, start_time text, model text, prompt_tokens int, completion_tokens int, total_tokens int, unit text, usage_details text, total_cost text, calculated_total_cost numeric, tags text'),
		('spans', '{"tool": "phoenix"}', 'span_id text, start_time text, attributes text'),
		('helicone', '{"tool": "helicone"}', 'request_id text, request_created_at text, provider text, model text, prompt_tokens text, completion_tokens text, cost text, latency text, status text, properties text, cache_enabled_hit boolean'),
		('langsmith', '{"tool": "langsmith"}', 'id uuid, run_type text, start_time text, end_time text, prompt_tokens int, completion_tokens int, prompt_token_details text, total_cost text, session_name text, error text, tags text[], extra text, outputs text'),
		('openrouter', '{"tool": "openrouter"}', 'generation_id text, created_at text, cost_total text, tokens_prompt text, tokens_completion text, tokens_reasoning text, model_permaslug text, cancelled text, generation_time_ms text'),
		('vercel', '{"tool": "vercel"}', 'line text'), ('portkey', '{"tool": "portkey"}', 'line json'), ('claude', '{"tool": "claude_code"}', 'n int, line text'), ('codex', '{"tool": "codex"}', 'n int, session text, model text, line text'),
		('answers', '{"at": "at", "request_id": "id", "response": "body", "provider": {"value": "p"}, "names": {"a": "input"}, "cache_lifetime": "1h"}', 'at text, id int, body text'),
		('options', own || '{"filter": [{"column": "m", "is": ["a", "b"]}, {"column": "j", "path": ["x"], "is_not": "c"}], "provider_usd": "usd", "usd_scale": 0.01, "tags": "j"}', 'at text, id text, m text, n text, usd text, j text'),
		('each once', own || '{"repeats": "error"}', 'at timestamptz, id text, m text, n int'),
		('first', own || '{"repeats": "first", "order": "k"}', 'at timestamptz, id text, m text, n int, k timestamptz'),
		('near', own || '{"repeats": "last", "order": "k", "within": "1 hour"}', 'at timestamptz, id text, m text, n int, k int')) AS o(name, mapping, made)
	LOOP
		EXECUTE format('CREATE TABLE own_tool.log (%s)', t.made);
		PERFORM attach_usage(t.name, 'own_tool.log', t.mapping);
		RETURN NEXT is_empty('SELECT * FROM unsafe', format('%s: a reader''s search_path chooses no function and no operator', t.name));
		RETURN NEXT cmp_ok(pg_temp.trapped(), '>', 0::bigint, format('%s: a trap in it is not sprung', t.name));
		RETURN NEXT is_empty('SELECT * FROM outside', format('%s: nothing of ours depends on what is not ours', t.name));
		PERFORM detach_usage(t.name);
		DROP TABLE own_tool.log;
	END LOOP;
END $$;
SELECT pg_temp.every_option();

-- ---------------------------------------------------------------------------
-- What cannot be attached
-- ---------------------------------------------------------------------------

CREATE VIEW own_steady.v1 AS SELECT * FROM usage_all;
CREATE VIEW own_steady.v2 AS SELECT v.* FROM own_steady.v1 AS v JOIN own_steady.log AS l ON l.model = v.model;
CREATE VIEW own_steady.v3 AS WITH w AS (SELECT * FROM own_steady.v2) SELECT *, (SELECT count(*) FROM w) FROM w;
CREATE MATERIALIZED VIEW own_steady.m AS SELECT hour AS at, source AS request_id, model, rows AS tokens FROM usage_hourly;
CREATE VIEW own_steady.months AS SELECT * FROM monthly_spend;
CREATE VIEW own_steady.subquery AS SELECT * FROM own_steady.log WHERE EXISTS (SELECT FROM rejected_usage);
SELECT usage_log_partition('2033-01-01');
SELECT throws_ok(format('SELECT attach_usage(%L, %L, %L)', 'own_x', r, '{"at": "at", "request_id": "request_id", "model": "model", "input": "tokens", "input_includes_cached": true}'), '22023', NULL, format('%s cannot be attached', r))
FROM unnest(ARRAY['usage_log', 'usage_all', 'rejected_usage', 'usage_of_own_steady', 'usage_log_default', 'usage_log_2033_01', 'usage_hourly', 'usage_monthly', 'rollup_usage', 'monthly_spend', 'hourly_spend',
	'booked_usage', 'price', 'own_steady.v1', 'own_steady.v2', 'own_steady.v3', 'own_steady.m', 'own_steady.months', 'own_steady.subquery', 'own_steady.report']) AS r;
SELECT throws_like($$SELECT attach_usage('own_x', 'own_steady.v3', 'otel')$$, '%"own_steady.v3" cannot be attached: it is made of "%", which belongs to inferacct%', 'and the message says of what it is made');
SELECT throws_ok($$SELECT attach_usage('own_x', 'tool', 'otel')$$, '42809', 'relation "tool" is temporary', 'nor a temporary table');
SELECT throws_ok($$SELECT attach_usage('own_x', 'usage_hourly_hour', 'otel')$$, '42809', NULL, 'nor an index of ours');
CREATE INDEX own_index ON own_steady.log (at);
SELECT throws_ok($$SELECT attach_usage('own_x', 'own_steady.own_index', 'otel')$$, '42809', NULL, 'nor one of theirs');

-- A view that comes to read us is broken, and nothing runs in a circle.
CREATE VIEW own_steady.view AS SELECT at, id::text COLLATE "C" AS request_id, model, n FROM own_steady.log;
CREATE VIEW own_steady.over AS SELECT * FROM own_steady.view;
SELECT attach_usage('own_view', 'own_steady.over', '{"at": "at", "request_id": "request_id", "model": "model", "input": "n", "input_includes_cached": true}');
SELECT is((SELECT count(*) FROM usage_all WHERE source = 'own_view'), 1::bigint, 'a view over views is read');
SELECT is_empty('SELECT * FROM outside', 'and nothing of ours depends on it');
CREATE OR REPLACE VIEW own_steady.view AS SELECT at, request_id, model, 1 AS n FROM usage_all;
SELECT is((SELECT status || ': ' || problem FROM source_status WHERE name = 'own_view'), 'broken: its relation own_steady.over reads inferacct.usage_all of inferacct itself', 'a view that comes to read us is broken');
SELECT is((SELECT count(*) FROM usage_all WHERE source = 'own_view'), 0::bigint, 'and no circle');
CREATE OR REPLACE VIEW own_steady.view AS SELECT at, id::text COLLATE "C" AS request_id, model, n FROM own_steady.log;
SELECT is((SELECT status FROM source_status WHERE name = 'own_view'), 'attached', 'until it no longer does');
SELECT detach_usage('own_view');

-- ---------------------------------------------------------------------------
-- Reading: by the user's index, in parallel, with the user's rights
-- ---------------------------------------------------------------------------

CREATE TABLE own_steady.big AS SELECT timestamptz '2033-01-01Z' + n * interval '1 minute' AS at, n AS id, 'own-m'::text AS model, n AS tokens, 'team ' || n % 2 AS team FROM generate_series(1, 20000) AS n;
CREATE INDEX big_at ON own_steady.big (at);
ANALYZE own_steady.big;
SELECT attach_usage('own_big', 'own_steady.big', '{"at": "at", "request_id": "id", "model": "model", "input": "tokens", "input_includes_cached": true, "team": "team"}');
CREATE FUNCTION pg_temp.plan(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; lines text := '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP lines := lines || line || E'\n'; END LOOP;
	RETURN lines;
END $$;
SELECT alike(pg_temp.plan($$SELECT sum(usage) FROM usage_all WHERE at >= '2033-01-03Z' AND at < '2033-01-04Z'$$), '%big_at%', 'a condition goes into the index of the relation');
SELECT alike(pg_temp.plan($$SELECT sum(usage) FROM usage_of_own_big WHERE at >= '2033-01-03Z' AND at < '2033-01-04Z'$$), '%big_at%', 'also through the view of the source');
ALTER TABLE own_steady.big RENAME COLUMN at TO began;
SELECT alike(pg_temp.plan($$SELECT sum(usage) FROM usage_all WHERE at >= '2033-01-03Z' AND at < '2033-01-04Z'$$), '%big_at%', 'and after a rename');
SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0; SET LOCAL min_parallel_table_scan_size = 0; SET LOCAL max_parallel_workers_per_gather = 2;
SELECT alike(pg_temp.plan('SELECT sum(usage) FROM usage_all'), '%Parallel Append%Parallel Seq Scan on big%', 'in parallel');

CREATE ROLE inferacct_test_reader IN ROLE inferacct_reader;
GRANT USAGE ON SCHEMA own_steady TO inferacct_test_reader;
SET LOCAL ROLE inferacct_test_reader;
SELECT throws_ok('SELECT count(*) FROM usage_all', '42501', NULL, 'who may not read the relation reads no source');
RESET ROLE;
GRANT SELECT ON own_steady.report TO inferacct_test_reader;
SET LOCAL ROLE inferacct_test_reader;
SELECT throws_ok('SELECT * FROM own_steady.report', '42501', NULL, 'not even through a view of somebody who may');
RESET ROLE;
GRANT SELECT ON own_steady.big, own_steady.log TO inferacct_test_reader;
ALTER TABLE own_steady.big ENABLE ROW LEVEL SECURITY;
CREATE POLICY half ON own_steady.big TO inferacct_test_reader USING (team = 'team 1');
SET LOCAL ROLE inferacct_test_reader;
SELECT is((SELECT count(*) FROM usage_all WHERE source = 'own_big'), 10000::bigint, 'who may reads what its policies show, without a grant of ours for each source');
SELECT throws_ok('SELECT schema_changed()', '42501', NULL, 'and calls no event trigger');
SELECT throws_ok('SELECT follow_sources()', '42501', NULL, 'nor what it does');
RESET ROLE;
SELECT is((SELECT count(*) FROM usage_all WHERE source = 'own_big'), 20000::bigint, 'who is above them reads all');
SET LOCAL quote_all_identifiers = on;
SELECT is_empty($$SELECT * FROM source_status WHERE status <> 'attached'$$, 'however a session quotes names');
RESET quote_all_identifiers;
SELECT is(source_query('own_none'), NULL, 'no query of no source');
SAVEPOINT gone;
REVOKE ALL ON SCHEMA own_steady FROM inferacct_test_reader;
SET LOCAL ROLE inferacct_test_reader;
SELECT is((SELECT status || ' ' || hours_of_others FROM source_status WHERE name = 'own_big'), 'attached 0', 'who may not use the schema sees the status');
RESET ROLE;
DROP TABLE own_steady.big;
SET LOCAL ROLE inferacct_test_reader;
SELECT is((SELECT status FROM source_status WHERE name = 'own_big'), 'broken', 'also of what is gone');
SELECT is((SELECT status FROM refresh_progress WHERE origin = 'own_big'), 'broken', 'and in refresh_progress');
RESET ROLE;
ROLLBACK TO gone;
SELECT is((SELECT count(*) FROM (SELECT pg_temp.plan('SELECT * FROM (' || source_query('own_big') || ') AS q')) AS p), 1::bigint, 'the query of a source can be had');

-- The table may be corrected by hand: what reads the source follows.
UPDATE usage_source SET definition = jsonb_set(definition, '{columns,team}', '"''by hand''"') WHERE name = 'own_big';
SELECT is((SELECT min(team) FROM usage_all WHERE source = 'own_big'), 'by hand', 'a definition that is corrected by hand is read');
UPDATE usage_source SET relation = 'own_steady.log' WHERE name = 'own_big';
SELECT is((SELECT relation FROM usage_source WHERE name = 'own_big'), 'own_steady.big', 'the name of a relation is what it is called');
UPDATE usage_source SET name = 'own_large' WHERE name = 'own_big';
SELECT is((SELECT count(*) FROM usage_of_own_large), 20000::bigint, 'and so is another name');
SELECT hasnt_view('inferacct', 'usage_of_own_big', 'the old one is gone');
SELECT is((SELECT count(*) FROM usage_all WHERE source = 'own_large'), 20000::bigint, 'all rows have it');
UPDATE usage_source SET name = 'own_big' WHERE name = 'own_large';
SELECT is_empty($$SELECT * FROM source_status WHERE status <> 'attached'$$, 'and back');
SAVEPOINT by_hand;
UPDATE usage_source SET definition = jsonb_set(definition, '{columns,team}', '"r.nothing"') WHERE name = 'own_big';
SELECT is((SELECT status || ', ' || problem FROM source_status WHERE name = 'own_big'), 'broken, its relation own_steady.big cannot be read: column r.nothing does not exist', 'one that cannot be read is broken');
SELECT is((SELECT count(*) FROM usage_all WHERE source = 'own_big'), 0::bigint, 'and has no rows');
ROLLBACK TO by_hand;

-- Of a distributed relation no planner is asked to look into a function.
CREATE FUNCTION pg_temp.language() RETURNS name LANGUAGE sql AS $$SELECT lanname FROM pg_proc AS p JOIN pg_language AS l ON l.oid = prolang WHERE proname = 'rows_of_own_big'$$;
SELECT is(pg_temp.language(), 'sql', 'a function that is put in its place');
SAVEPOINT distributed;
SET LOCAL allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition AS SELECT 'own_steady.big'::regclass AS logicalrelid;
SELECT is(pg_temp.language(), 'plpgsql', 'a statement of its own, where pg_dist_partition has the relation');
SELECT is((SELECT count(*) FROM usage_all WHERE source = 'own_big'), 20000::bigint, 'with the same rows');
SELECT is((SELECT count(*) FROM rejected_usage WHERE source = 'own_big'), 0::bigint, 'and none rejected');
ROLLBACK TO distributed;

-- ---------------------------------------------------------------------------
-- Triggers that look at everybody's commands
-- ---------------------------------------------------------------------------

ALTER EVENT TRIGGER inferacct_schema_changed DISABLE;
ALTER TABLE own_steady.big RENAME COLUMN began TO at;
SELECT is((SELECT status || ', ' || remedy FROM source_status WHERE name = 'own_big'), 'changed, SELECT inferacct.follow_sources()', 'a change that nobody saw is told, with the remedy');
ALTER EVENT TRIGGER inferacct_schema_changed ENABLE ALWAYS;
CREATE TABLE own_steady.anything ();
SELECT is((SELECT status FROM source_status WHERE name = 'own_big'), 'attached', 'what was missed is made up for by the next command');
SAVEPOINT at_once;
ALTER EVENT TRIGGER inferacct_schema_changed DISABLE;
ALTER TABLE own_steady.big RENAME COLUMN at TO moved;
ALTER TABLE own_steady.big ALTER COLUMN moved TYPE timestamp;
SELECT follow_sources();
SELECT is((SELECT status || ', ' || problem FROM source_status WHERE name = 'own_big'), 'broken, columns of its relation own_steady.big have other names and other types', 'other names and other types at once are not guessed');
ROLLBACK TO at_once;
SELECT is((SELECT evtenabled FROM pg_event_trigger WHERE evtname = 'inferacct_schema_changed'), 'A', 'it fires in a replica, too');
SET LOCAL session_replication_role = replica;
ALTER TABLE own_steady.big RENAME COLUMN at TO began;
RESET session_replication_role;
SELECT is((SELECT status FROM source_status WHERE name = 'own_big'), 'attached', 'as here');
SELECT is((SELECT count(*) FROM usage_all WHERE source = 'own_big'), 20000::bigint, 'with all rows');

SELECT * FROM finish();
ROLLBACK;
