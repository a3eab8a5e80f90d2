-- Type demand: errors by SQLSTATE, bytes of merged parts, totals of rows.
SET search_path = inferacct, inferacct_internal, public;
\set code `cat "${INFERACCT_SHARED:-../shared}/traces/azure-2023-code.csv" 2>/dev/null || true`
\set conv `cat "${INFERACCT_SHARED:-../shared}/traces/azure-2023-conv.csv" 2>/dev/null || true`
BEGIN;
SELECT plan(48 + CASE WHEN :'code' = '' OR :'conv' = '' THEN 0 ELSE 8 END);

CREATE FUNCTION pg_temp.error_of(statement text, OUT message text, OUT detail text, OUT hint text) LANGUAGE plpgsql AS
$$
BEGIN
	EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END
$$;

-- Errors
SELECT throws_ok($$SELECT demand('infinity', usage(1), 1)$$, '22008', NULL, 'a request has a finite time');
SELECT throws_ok($$SELECT demand('-infinity', usage(1), 1)$$, '22008', NULL, 'not before all time either');
SELECT throws_ok($$SELECT demand('2024-01-01', usage(1), 0.0000000000000001)$$, '22003', NULL, 'a cost finer than 1e-15');
SELECT throws_ok($$SELECT demand('2024-01-01', usage(1), 'NaN')$$, '22003', NULL, 'a cost that is no number');
SELECT throws_ok($$SELECT demand('2024-01-01', usage(1), 'Infinity')$$, '22003', NULL, 'an infinite cost');
SELECT throws_ok($$SELECT demand('2024-01-01', usage(1), 2e22)$$, '22003', NULL, 'a cost beyond the fixed point');
CREATE FUNCTION pg_temp.one(u usage) RETURNS demand LANGUAGE sql IMMUTABLE AS $$ SELECT demand('2024-01-01', u, 0) $$;
-- A count beyond bigint names its meter, however it comes about: row by row, merged, in parts.
SELECT throws_ok(format('SELECT %s FROM generate_series(1, 2), (SELECT %L::usage AS u) AS v', way, format('{"%s":9223372036854775807}', meter)), '22003',
	format('usage of meter "%s" is out of range', meter), meter || ': ' || way)
FROM unnest(ARRAY['input', 'output', 'cache_read', 'requests', 'pages']) AS meter,
	unnest(ARRAY['demand(''2024-01-01'', u, 0)', 'merge(pg_temp.one(u))', 'demand(''2024-01-01'', u, 0, ''1 day'')']) AS way;
SELECT throws_ok($$SELECT demand('2024-01-01', u, 0) FROM (VALUES ('{"input":1}'::usage), ('{"requests":9223372036854775807}')) AS v(u)$$, '22003', NULL, 'requests that count themselves after one that does not');
SELECT throws_ok(format('SELECT demand(''2024-01-01'', usage(1), 1, %L)', w), '22023', NULL, format('%s is no width', w))
FROM unnest('{0,-1 hour,59 seconds,90 seconds,8 days,1 month}'::text[]) AS w;
SELECT throws_ok($$SELECT demand('2024-01-01', usage(1), 1, NULL)$$, '22004', NULL, 'a width is not null');
SELECT throws_ok($$SELECT demand('2024-01-01', usage(1), 1, i * interval '1 hour') FROM generate_series(1, 2) i$$, '22023', NULL,
	'one demand has one width');
SELECT throws_ok($$SELECT merge(d) FROM (SELECT demand('2024-01-01', usage(1), 1, i * interval '1 hour') AS d FROM generate_series(1, 2) i GROUP BY i) p$$,
	'22023', NULL, 'demands of two widths do not merge');
SELECT throws_ok($$SELECT '{"format":1,"minutes":60,"buckets":[{}]}'::demand$$, '22P02', NULL, 'text that is no demand');
SELECT matches((pg_temp.error_of($$SELECT '{"format":1,"minutes":60,"buckets":[{}]}'::demand$$)).detail, 'character 38', 'says where');
SELECT throws_ok($$SELECT traffic(demand('2024-01-01', usage(1), 1), 'tokns')$$, '22023', NULL, 'no such load');
SELECT throws_ok($$SELECT traffic(demand(t, usage(1), 1, '1 minute')) FROM unnest('{1000-01-01,2024-01-01}'::timestamptz[]) t$$, '54000', NULL,
	'statistics over a thousand years of minutes');
SELECT throws_ok($$SELECT * FROM demand_series('{"format":1,"minutes":60,"buckets":[]}', 'infinity')$$, '22008', NULL, 'an infinite range');

-- NULLs
SELECT is(demand(t, u, 1), NULL, 'rows without time or usage are none')
FROM (VALUES (NULL::timestamptz, usage(1)), ('2024-01-01', NULL)) AS v (t, u);
SELECT is(merge(NULL::demand), NULL, 'no demands make none');
SELECT is((SELECT (traffic(demand('2024-01-01', usage(requests => 3), NULL))).unpriced_requests), 3::bigint, 'an unknown cost is counted');
SELECT is((SELECT sum(requests) FROM demand_series((SELECT demand('2024-01-01', u, 1) FROM (VALUES ('{}'::usage), ('{"requests":4}')) v (u)))),
	5::numeric, 'a row whose usage counts no requests is one');

-- 200,000 rows, in 100 parts, in any order, also by parallel workers
CREATE TABLE demand_rows AS
SELECT timestamptz '2024-01-01' + (i * 7919 % 31536000) * interval '1 second' AS at,
	usage(i % 5000, i % 700, cache_read => CASE WHEN i % 3 = 0 THEN i % 900 END, reasoning => CASE WHEN i % 11 = 0 THEN 5 END,
		requests => (i % 4 + 1)::bigint) AS usage,
	CASE WHEN i % 1000 <> 7 THEN (i % 100003) * 0.000000125 END AS usd, i * 31 % 100 AS part
FROM generate_series(1, 200000) AS i;
ANALYZE demand_rows;
CREATE TEMP TABLE whole AS SELECT demand(at, usage, usd) AS d FROM demand_rows;
CREATE TEMP TABLE parts AS SELECT part, demand(at, usage, usd) AS d FROM demand_rows GROUP BY part;
SELECT is((SELECT demand_send(merge(d)) FROM parts), (SELECT demand_send(d) FROM whole), '100 parts merged have the bytes of the whole');
SELECT is((SELECT demand_send(merge(d ORDER BY part DESC)) FROM parts), (SELECT demand_send(d) FROM whole), 'in another order, too');
SELECT is((SELECT demand_send(demand(at, usage, usd ORDER BY usd, at)) FROM demand_rows), (SELECT demand_send(d) FROM whole), 'and from sorted rows');
SET LOCAL max_parallel_workers_per_gather = 2;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SELECT is((SELECT demand_send(demand(at, usage, usd)) FROM demand_rows), (SELECT demand_send(d) FROM whole), 'and by parallel workers');
SELECT is(d::text::demand, d, 'text loses nothing') FROM whole;
SELECT results_eq('SELECT sum(s.usage), trim_scale(sum(s.api_usd))::text FROM whole, demand_series(d) s',
	'SELECT sum(usage), trim_scale(sum(usd))::text FROM demand_rows', 'the totals are those of the rows');
SELECT is((SELECT count(*) FROM whole, demand_series(d)), 8760::bigint, 'a year has every hour');
SELECT cmp_ok(pg_column_size(d), '<', 400000, 'a year of hours is small') FROM whole;

-- The real traces
CREATE TEMP TABLE trace AS
SELECT name, split_part(line, ',', 1)::timestamp AT TIME ZONE 'UTC' AS at, split_part(line, ',', 2)::bigint AS input, split_part(line, ',', 3)::bigint AS output
FROM (VALUES ('code', :'code'), ('conv', :'conv')) AS f (name, csv), string_to_table(csv, E'\n') WITH ORDINALITY AS l (line, n)
WHERE n > 1 AND line <> '';
SELECT CASE WHEN count(*) = 0 THEN diag('no ../shared/traces: their totals are not checked') END FROM trace;
CREATE TEMP TABLE traced AS SELECT name, demand(at, usage(input, output), (input * 3 + output * 15) * 0.000001, '1 minute') AS d FROM trace GROUP BY name;
SELECT is((SELECT (sum(s.requests), sum(input_tokens(s.usage)), sum(output_tokens(s.usage)), trim_scale(sum(s.api_usd)))::text FROM demand_series(d) s),
	(SELECT (count(*), sum(input), sum(output), trim_scale(sum((input * 3 + output * 15) * 0.000001)))::text FROM trace WHERE trace.name = traced.name),
	format('%s: totals per minute are those of the rows', name)) FROM traced;
SELECT is((SELECT demand(at, usage(input, output), (input * 3 + output * 15) * 0.000001, '5 minutes') FROM trace WHERE trace.name = traced.name),
	(SELECT demand(bucket, s.usage, s.api_usd, '5 minutes') FROM demand_series(d) s WHERE s.requests > 0),
	format('%s: minutes add up to five minutes', name)) FROM traced;
SELECT is((traffic(d)).requests, (SELECT count(*) FROM trace WHERE trace.name = traced.name), format('%s: traffic counts the rows', name)) FROM traced;
SELECT cmp_ok((traffic(d)).index_of_dispersion[1], '>', 1::float8, format('%s: real traffic is no Poisson process', name)) FROM traced;

SELECT * FROM finish();
ROLLBACK;
