-- usage_cells: the same as a GROUP BY, in parallel, merged, as text and in binary; what is left out.
-- A state that was merged, sent or stored is looked at through an aggregate that keeps it.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'America/St_Johns';
SELECT plan(24);

CREATE AGGREGATE public.usage_cells(times timestamptz[], inputs bigint[], at timestamptz, usage usage, provider_usd numeric, fingerprint bigint,
	tenant text, source text, model text, service_tier text, region text, provider text, team text, project text, status text, dimensions text) (
	SFUNC = usage_cells_accum, STYPE = usage_cells_state, COMBINEFUNC = usage_cells_combine, PARALLEL = SAFE);
CREATE AGGREGATE public.kept(usage_cells_state) (SFUNC = usage_cells_combine, STYPE = usage_cells_state, FINALFUNC = usage_cells_keep, FINALFUNC_MODIFY = READ_WRITE);
CREATE TABLE public.cell AS SELECT * FROM kept_cells_rows(NULL);
CREATE FUNCTION public.usage_cells_rows(cells usage_cells_state) RETURNS SETOF public.cell LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT * FROM kept_cells_rows((SELECT kept(cells))); END $$;

CREATE TABLE public.cells_rows AS
SELECT n AS id, timestamptz '2026-04-30 18:00Z' + (n * 7919 % 86400000) * interval '0.01 seconds' AS at,
	usage(n * 104729 % 9000, n % 11, cache_read => n % 3, web_searches => n / 5 % 2, requests => CASE WHEN n % 100 = 0 THEN 3 ELSE 1 END) AS usage,
	CASE WHEN n % 7 > 0 THEN (n % 13) * 0.00000012345678901234567 END AS provider_usd,
	CASE WHEN n % 50 <> 3 THEN 'model-' || n % 3 END AS model, CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'team ' || n % 4 END AS team
FROM generate_series(1, 20000) AS n;
CREATE FUNCTION public.cells_bounds(OUT times timestamptz[], OUT inputs bigint[]) IMMUTABLE PARALLEL SAFE LANGUAGE sql AS
$$ SELECT ARRAY[timestamptz '2026-04-30 18:20Z', '2026-05-01 12:00:00.000001Z'], ARRAY[100, 2001]::bigint[] $$;
CREATE FUNCTION public.cells_of(from_id int, until_id int) RETURNS usage_cells_state LANGUAGE sql AS $$
	SELECT usage_cells((cells_bounds()).times, (cells_bounds()).inputs, at, usage, provider_usd, id, 'tenant ' || id % 2, 'cells', model, 'standard', NULL, NULL, team, NULL, 'ok', ARRAY[id % 3, NULL]::text)
	FROM cells_rows WHERE id >= from_id AND id < until_id $$;

CREATE TABLE public.cells_grouped AS
SELECT (rate_key(b.times, b.inputs, at, usage)).*, min(at) AS first_at, max(at) AS last_at, min(input_tokens(usage)) AS min_input, max(input_tokens(usage)) AS max_input,
	count(*) AS rows, count(provider_usd) AS reported, sum(usage) AS usage, sum(provider_usd) AS provider_usd, sum(id)::bigint AS fingerprint,
	'tenant ' || id % 2 AS tenant, 'cells'::text AS source, model, 'standard'::text AS service_tier, NULL::text AS region, NULL::text AS provider, team, NULL::text AS project, 'ok'::text AS status,
	ARRAY[id % 3, NULL]::text AS dimensions
FROM cells_rows CROSS JOIN cells_bounds() AS b WHERE model IS NOT NULL
GROUP BY rate_key(b.times, b.inputs, at, usage), model, team, id % 2, id % 3;

SELECT cmp_ok((SELECT count(*) FROM cells_grouped), '>', 500::bigint, 'many groups');
SELECT bag_eq('SELECT * FROM usage_cells_rows(cells_of(0, 30000)) WHERE usage IS NOT NULL', 'SELECT * FROM cells_grouped', 'the same as a GROUP BY');
SELECT bag_eq($$SELECT r.hour, r.rows FROM
		(SELECT usage_cells('{}', '{}', at, usage(1), NULL, 1, '', 'far', 'm', 'standard', NULL, NULL, NULL, NULL, 'ok', NULL) AS state
		 FROM unnest('{4714-11-24 BC, 1999-12-31 23:30Z, 294276-12-31 23:30Z}'::timestamptz[]) AS at) AS s, usage_cells_rows(s.state::text::usage_cells_state) AS r$$,
	$$SELECT date_trunc('hour', at, 'UTC'), 1::bigint FROM unnest('{4714-11-24 BC, 1999-12-31 23:30Z, 294276-12-31 23:30Z}'::timestamptz[]) AS at$$,
	'rows of any time travel between workers');
SELECT results_eq('SELECT sum(rows)::bigint, sum(fingerprint)::bigint FROM usage_cells_rows(cells_of(0, 30000)) WHERE usage IS NULL',
	'SELECT count(*), sum(id)::bigint FROM cells_rows WHERE model IS NULL', 'rows that cannot be summed up are counted');
SELECT bag_eq('SELECT * FROM usage_cells_rows(usage_cells_combine(cells_of(0, 7000), cells_of(7000, 30000))) WHERE usage IS NOT NULL', 'SELECT * FROM cells_grouped', 'merged');
SELECT bag_eq('SELECT * FROM usage_cells_rows(cells_of(0, 30000)::text::usage_cells_state) WHERE usage IS NOT NULL', 'SELECT * FROM cells_grouped', 'as text and back');
CREATE TABLE public.cells_stored AS SELECT cells_of(0, 30000) AS cells;
SELECT bag_eq('SELECT r.* FROM cells_stored AS s CROSS JOIN LATERAL usage_cells_rows(s.cells) AS r WHERE r.usage IS NOT NULL', 'SELECT * FROM cells_grouped', 'stored');
SELECT throws_ok($$SELECT 'nonsense'::usage_cells_state$$, '22P02', NULL, 'what is no state is refused');
SELECT is((SELECT count(*) FROM usage_cells_rows(NULL)), 0::bigint, 'NULL gives none');
SELECT ok(usage_cells(NULL, NULL, NULL, usage(1), NULL, NULL, '', 's', 'm', 't', NULL, NULL, NULL, NULL, 'ok', NULL) IS NULL, 'nor does a row without a time');

SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
ANALYZE cells_rows;
PREPARE parallel AS SELECT usage_cells((SELECT times FROM cells_bounds()), (SELECT inputs FROM cells_bounds()), at, usage, provider_usd, id, 'tenant ' || id % 2, 'cells', model, 'standard', NULL, NULL, team, NULL, 'ok', ARRAY[id % 3, NULL]::text) AS cells FROM cells_rows;
CREATE FUNCTION pg_temp.plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN ' || query; END $$;
SELECT ok((SELECT bool_or(line LIKE '%Partial Aggregate%') FROM pg_temp.plan_of('EXECUTE parallel') AS line), 'it can be a partial aggregate of parallel workers');
CREATE TABLE public.cells_parallel AS EXECUTE parallel;
SELECT bag_eq('SELECT r.* FROM cells_parallel AS s CROSS JOIN LATERAL usage_cells_rows(s.cells) AS r WHERE r.usage IS NOT NULL', 'SELECT * FROM cells_grouped', 'by parallel workers');

-- Kept between two statements.
SELECT kept_cells((SELECT times FROM cells_bounds()), (SELECT inputs FROM cells_bounds()), at, usage, provider_usd, id, 'tenant ' || id % 2, 'cells', model, 'standard', NULL, NULL, team, NULL, 'ok', ARRAY[id % 3, NULL]::text) AS kept
	FROM cells_rows \gset
SELECT bag_eq(format('SELECT * FROM kept_cells_rows(%s) WHERE usage IS NOT NULL', :'kept'), 'SELECT * FROM cells_grouped', 'what is kept is the same, summed up by parallel workers');
SELECT ok((SELECT bool_and((r.hour, r.first_at) >= (r.before_hour, r.before_at)) FROM (SELECT hour, first_at, lag(hour) OVER (ORDER BY n) AS before_hour, lag(first_at) OVER (ORDER BY n) AS before_at
	FROM kept_cells_rows(:kept) WITH ORDINALITY AS k(hour, slice, context_from, kinds, aggregated, first_at, last_at, min_input, max_input, rows, reported, usage, provider_usd, fingerprint, tenant, source, model, service_tier, region, provider, team, project, status, dimensions, n)) AS r), 'in the order of time');
SELECT bag_eq(format('SELECT * FROM kept_cells_hours(%s)', :'kept'), $$SELECT date_trunc('hour', at, 'UTC'), count(*), sum(id)::bigint FROM cells_rows GROUP BY 1$$, 'with the hours, those of rows that are only counted too');
SELECT is((SELECT kept_cells(NULL, NULL, at, usage, NULL, 1, '', 's', 'm', 't', NULL, NULL, NULL, NULL, 'ok', NULL) FROM cells_rows WHERE false), NULL, 'no row keeps nothing');
SELECT is((SELECT sum(rows) FROM kept_cells_hours((SELECT kept_cells(NULL, NULL, at, usage, NULL, 1, '', 's', 'm', 't', NULL, NULL, NULL, NULL, 'ok', NULL) FROM cells_rows WHERE id <= 10))), 10::numeric, 'another one takes its place');
SELECT throws_ok(format('SELECT * FROM kept_cells_rows(%s)', :'kept'), '55000', NULL, 'which is said of the first');

SELECT is(row_problem('2026-05-01Z', usage(1, 1)), NULL, 'a request has no problem');
SELECT matches(row_problem('4714-11-24 00:00+00 BC', usage(1)), 'years', 'a time at the end of all times has');
SELECT matches(row_problem('infinity', usage(1)), 'years', 'infinity has');
SELECT matches(row_problem('2026-05-01Z', usage(9223372036854775807)), 'count', 'a count that no request has');
SELECT is(rate_key('{}', '{}', 'infinity', usage(1)), NULL, 'what has a problem has no key');
SELECT throws_ok($$SELECT rate_key(ARRAY[NULL]::timestamptz[], '{}', now(), usage(1))$$, '22023', NULL, 'a bound is a moment');

SELECT * FROM finish();
ROLLBACK;
