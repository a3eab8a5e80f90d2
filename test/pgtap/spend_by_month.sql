-- spend_by_month: equal to GROUP BY on random requests, in every plan; errors by SQLSTATE.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'Asia/Kolkata';	-- a month that follows the session would show
SET LOCAL inferacct.unpriced = 'null';
SELECT plan(27);

-- Models of short and long names; every third has a dearer price for long
-- prompts, every fifth a price per request, two have none.
CREATE TEMP TABLE model AS
	SELECT n, repeat('m', n % 4) || n || repeat('-long', n % 7) AS model FROM generate_series(1, 30) AS n;
SELECT lives_ok($$SELECT set_price('monthly', model, meter, (n + place) * 0.123, valid_from => since)
	FROM model, unnest(ARRAY['input', 'output', 'cache_read']) WITH ORDINALITY AS m (meter, place),
		 unnest(ARRAY[timestamptz '-infinity', '2025-06-11 12:34:56Z', '2025-11-01 00:00Z']) AS since
	WHERE n <= 28$$, 'prices in three versions');
SELECT lives_ok($$SELECT set_price('monthly', model, 'input', n * 0.5, above_input_tokens => 2000) FROM model WHERE n % 3 = 0 AND n <= 28$$, 'for long prompts');
SELECT lives_ok($$SELECT set_price('monthly', model, 'requests', 0.003, unit_quantity => 1) FROM model WHERE n % 5 = 0 AND n <= 28$$, 'per request');

-- In no order of time, over two years.
CREATE TEMP TABLE request AS
	SELECT r.n, m.model, nullif(hashint8extended(r.n, 1) & 4095, 0) AS input, hashint8extended(r.n, 2) & 1023 AS output,
		   CASE WHEN r.n % 2 = 0 THEN hashint8extended(r.n, 3) & 2047 ELSE 0 END AS cached,
		   timestamptz '2024-12-15 00:00Z' + (hashint8extended(r.n, 4) & 67108863) * interval '1 second' AS at, r.n % 3 AS team
	FROM generate_series(1, 20000) AS r (n) JOIN model AS m ON m.n = 1 + (hashint8extended(r.n, 5) & 1023) % 30;
INSERT INTO request (model, at) VALUES (NULL, now()), ('m1', NULL);
ANALYZE request;

CREATE TEMP VIEW by_group AS
	SELECT model, date_trunc('month', at AT TIME ZONE 'UTC')::date AS month, count(*) AS requests,
		   sum(usage(input => input, output => output))::text AS usage, spend(model, input, output, at) AS usd
	FROM request WHERE num_nulls(model, at) = 0 GROUP BY 1, 2;
CREATE TEMP VIEW by_group_usage AS
	SELECT team, model, date_trunc('month', at AT TIME ZONE 'UTC')::date AS month, count(*) AS requests,
		   sum(usage(input => input, output => output, cache_read => cached))::text AS usage,
		   spend(model, usage(input => input, output => output, cache_read => cached), at) AS usd
	FROM request WHERE num_nulls(model, at) = 0 GROUP BY 1, 2, 3;
PREPARE by_group AS SELECT * FROM by_group;
PREPARE by_month AS
	SELECT c.model, c.month, c.requests, c.usage::text, c.usd
	FROM (SELECT spend_by_month(model, input, output, at) AS cells FROM request) AS s, unnest(s.cells) AS c;
PREPARE by_month_usage AS
	SELECT s.team, c.model, c.month, c.requests, c.usage::text, c.usd
	FROM (SELECT team, spend_by_month(model, usage(input => input, output => output, cache_read => cached), at) AS cells
		  FROM request GROUP BY team) AS s, unnest(s.cells) AS c;

SELECT cmp_ok((SELECT count(*) FROM by_group WHERE usd IS NULL), '>', 20::bigint, 'some cells have no price');
SELECT set_eq('by_month', 'by_group', 'plain tokens: as GROUP BY');
SET LOCAL enable_hashagg = off;
SELECT bag_eq('by_month_usage', 'SELECT * FROM by_group_usage', 'usage by team, sorted: as GROUP BY');
SET LOCAL enable_hashagg = on;
SET LOCAL enable_sort = off;
SELECT bag_eq('by_month_usage', 'SELECT * FROM by_group_usage', 'usage by team, hashed: as GROUP BY');
SET LOCAL enable_sort = on;

SELECT is(cells, (SELECT array_agg(c ORDER BY c.model COLLATE "C", c.month) FROM unnest(cells) AS c), 'cells are in the order of model and month')
FROM (SELECT spend_by_month(model, input, output, at) AS cells FROM request) AS s;
SET LOCAL timezone = 'America/St_Johns';
SELECT set_eq('by_month', 'by_group', 'in another time zone, the same');

-- Partial sums: of workers' plans, as text, in tables, and in windows.
CREATE AGGREGATE partly(text, bigint, bigint, timestamptz) (SFUNC = spend_by_month_accum, STYPE = spend_by_month_state, PARALLEL = SAFE);
CREATE AGGREGATE together(spend_by_month_state) (SFUNC = spend_by_month_combine, STYPE = spend_by_month_state, FINALFUNC = spend_by_month_final);
CREATE TEMP TABLE partial AS SELECT n % 7 AS part, partly(model, input, output, at) AS state FROM request GROUP BY 1;
INSERT INTO partial VALUES (8, NULL);
PREPARE of_partial AS
	SELECT c.model, c.month, c.requests, c.usage::text, c.usd FROM (SELECT together(state) AS cells FROM partial) AS s, unnest(s.cells) AS c;
SELECT set_eq('of_partial', 'by_group', 'stored partial sums add up');
SELECT set_eq($$SELECT c.model, c.month, c.requests, c.usage::text, c.usd
	FROM (SELECT together(state::text::spend_by_month_state) AS cells FROM partial) AS s, unnest(s.cells) AS c$$, 'by_group', 'and as text');
DO $$
DECLARE
	file text := current_setting('data_directory') || '/spend_by_month.copy';
BEGIN
	CREATE TEMP TABLE partial_copy (LIKE partial);
	EXECUTE format('COPY partial TO %L (FORMAT binary)', file);
	EXECUTE format('COPY partial_copy FROM %L (FORMAT binary)', file);
END $$;
SELECT set_eq('SELECT part, state::text FROM partial_copy', 'SELECT part, state::text FROM partial', 'and as binary');
SELECT results_eq($$SELECT cardinality(spend_by_month(model, input, output, at) OVER (ORDER BY n)) FROM request WHERE n <= 100 ORDER BY n$$,
	$$SELECT (SELECT count(DISTINCT (model, date_trunc('month', at AT TIME ZONE 'UTC')))::int FROM request AS r WHERE r.n <= of.n) FROM request AS of WHERE n <= 100 ORDER BY n$$,
	'as a running sum');

-- With workers: a table of its own, as temporary ones are read by one process.
CREATE TABLE shared_request AS SELECT * FROM request;
ANALYZE shared_request;
PREPARE by_workers AS
	SELECT c.model, c.month, c.requests, c.usage::text, c.usd
	FROM (SELECT spend_by_month(model, input, output, at) AS cells FROM shared_request) AS s, unnest(s.cells) AS c;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
CREATE FUNCTION pg_temp.plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS
$$BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query; END$$;
SELECT set_has($$SELECT trim(leading ' ->' FROM pg_temp.plan_of('EXECUTE by_workers'))$$, $$VALUES ('Partial Aggregate'), ('Workers Planned: 2')$$, 'the plan is parallel');
SELECT set_eq('by_workers', 'by_group', 'with workers: as GROUP BY');
SET LOCAL parallel_leader_participation = off;
SELECT set_eq('by_workers', 'by_group', 'and with workers alone');

-- A state outlives statements, the rates that it remembers do not.
CREATE FUNCTION pg_temp.between_prices() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state spend_by_month_state;
BEGIN
	PERFORM set_price('monthly', 'changing', 'input', 1);
	PERFORM set_config('inferacct.unpriced', 'error', true);
	state := spend_by_month_accum(state, 'changing', 1000000, 0, '2026-10-01Z');
	PERFORM set_price('monthly', 'changing', 'input', 10);
	state := spend_by_month_accum(state, 'changing', 1000000, 0, '2026-10-01Z');
	BEGIN
		state := spend_by_month_accum(state, 'changing', -1, 0, '2026-10-01Z');
	EXCEPTION WHEN SQLSTATE 'IA203' THEN
	END;
	PERFORM set_config('inferacct.unpriced', 'null', true);
	RETURN state::text;
END $$;
SELECT is(pg_temp.between_prices(), '1 1 "changing" 2026 10 1 11 {"input":2000000,"requests":2}', 'a plain call sees the prices of its own statement');
SELECT is(spend_by_month_accum(state, 'm1', 1, 1, '2025-01-01Z')::text <> state::text AND spend_by_month_accum(state, 'm1', 1, 1, '2025-01-01Z')::text = spend_by_month_accum(state, 'm1', 1, 1, '2025-01-01Z')::text,
	true, 'a plain call leaves its argument alone') FROM partial WHERE part = 0;

-- Large sums and errors: what bad_rows.sql leaves out is counted where errors are asked for.
SET LOCAL inferacct.unpriced = 'error';
SELECT is((spend_by_month('changing', input, 0, '2026-10-01Z'))[1]::text, '(changing,2026-10-01,2,"{""input"":9223372036854775807,""requests"":2}",92233720368547.75807)', 'the largest count')
FROM unnest(ARRAY[9223372036854775806, 1]) AS input;
SELECT throws_ok($$SELECT spend_by_month('changing', input, 0, '2026-10-01Z') FROM unnest(ARRAY[9223372036854775807, 1]) AS input$$, '22003', NULL, 'a count that does not fit');
SET LOCAL inferacct.unpriced = 'null';
SELECT throws_ok($$SELECT spend_by_month('changing', usage(pages => 10000000000000000), '2026-10-01Z') FROM generate_series(1, 923)$$, '22003', NULL, 'nor of another meter');
SELECT throws_ok($$SELECT spend_by_month_combine('1 1 "a" 2026 10 1 1 {"input":9223372036854775807}', '1 1 "a" 2026 10 1 1 {"input":1}')$$, '22003', NULL, 'nor together');
SET LOCAL inferacct.unpriced = 'null';
SELECT is((SELECT spend_by_month('changing', 1, 1, 'infinity')), NULL, 'an infinite time is left out');
SET LOCAL inferacct.unpriced = 'error';
SELECT throws_ok($$SELECT spend_by_month('changing', 1, 1, 'infinity')$$, '22008', NULL, 'an infinite time');
SELECT throws_ok($$SELECT spend_by_month('changing', 1, 0, '4714-11-24 00:00:00 BC'::timestamptz AT TIME ZONE 'UTC' AT TIME ZONE 'UTC')$$, '22008', NULL, 'a month that begins before the first date');
SELECT throws_ok($$SELECT spend_by_month(model, input, output, at) FROM request$$, 'IA002', NULL, 'a model without prices');
SELECT throws_ok($$SELECT spend_by_month('changing', usage(pages => 1), '2026-10-01Z')$$, 'IA001', NULL, 'a meter without a price');

SELECT * FROM finish();
ROLLBACK;
