-- request_distribution: days that are kept, what makes one another day, and days that are merged by sketches, where the server offers them.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL client_min_messages = warning;
-- A server that does not offer both extensions runs the part of the sketches without them; .ci/server-tests tells so.
DO $$ BEGIN
	CREATE EXTENSION IF NOT EXISTS hll;
	CREATE EXTENSION IF NOT EXISTS tdigest;
EXCEPTION WHEN feature_not_supported OR undefined_file THEN NULL;
END $$;
SELECT count(*) = 2 AS sketches FROM pg_extension WHERE extname IN ('hll', 'tdigest') \gset
DROP EXTENSION IF EXISTS hll, tdigest;
SELECT plan(CASE WHEN :'sketches' THEN 32 ELSE 25 END);

SELECT set_price('pgtapdist', 'even', 'input', 3) \g /dev/null
SELECT usage_log_partitions('2034-01-01', '2034-03-01') \g /dev/null
INSERT INTO usage_log (at, usage, model, source, request_id, tenant, end_user)
SELECT timestamptz '2034-01-02 00:10Z' + n * interval '5 minutes', usage(n * 7919 % 20011 + 1), CASE WHEN n % 100 <> 7 THEN 'pgtapdist/even' ELSE 'no-such-model' END, 'dist', n::text, 't' || n % 2,
	CASE WHEN n % 10 > 0 THEN 'user ' || n * n % 4001 END FROM generate_series(1, 12000) AS n;
CREATE FUNCTION pg_temp.refresh() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	f record := refresh_find('usage_log', NULL, false, NULL, true);
	start timestamptz;
BEGIN
	FOREACH start IN ARRAY f.starts LOOP
		PERFORM fail(p ->> 'state', p ->> 'message') FROM refresh_chunk('usage_log', start, f.starts, f.hours, f.found_at) AS p WHERE p IS NOT NULL;
	END LOOP;
	PERFORM refresh_end('usage_log', f.found_at, f.identity, f.problem);
END $$;
SELECT pg_temp.refresh();

-- By the day, what is kept is what the rows say.
SELECT is(keep_distribution(since => '2034-01-01', until => '2034-03-01'), 0::bigint, 'a day that is not over is not kept');
SELECT results_eq($$SELECT * FROM request_distribution('2034-01-01', '2034-03-01', kept => true)$$, $$SELECT * FROM request_distribution('2034-01-01', '2034-03-01')$$, 'and is read from the rows');
UPDATE usage_log SET at = at - interval '10 years' WHERE source = 'dist';
SELECT pg_temp.refresh();
SELECT cmp_ok(keep_distribution(since => '2024-01-01', until => '2024-03-01'), '>', 40::bigint, 'days that are over are');
SELECT is(keep_distribution(since => '2024-01-01', until => '2024-03-01'), 0::bigint, 'once');
SELECT results_eq($$SELECT * FROM request_distribution('2024-01-01', '2024-03-01', kept => true)$$, $$SELECT * FROM request_distribution('2024-01-01', '2024-03-01')$$, 'a kept day is exact');
SELECT ok((SELECT sum(distinct_values) > 1000 AND sum(unpriced_requests) > 100 AND bool_and(NOT estimated) FROM request_distribution('2024-01-01', '2024-03-01', kept => true)), 'with users and requests without a price');
SELECT is((SELECT count(*) FROM daily_distribution WHERE dimension = 'end_user' AND (p99_usd IS NULL OR p50_usd > p90_usd OR p90_usd > p99_usd OR p99_usd > max_usd)), 0::bigint, 'in the order of percentiles');

-- Another day: rows that came late, were corrected, or are gone.
UPDATE usage_log SET usage = usage(1000000) WHERE source = 'dist' AND request_id = '30';
INSERT INTO usage_log (at, usage, model, source, request_id, end_user) VALUES ('2024-01-03 00:00Z', usage(1), 'pgtapdist/even', 'dist', 'late', 'late');
DELETE FROM usage_log WHERE source = 'dist' AND at >= '2024-01-04Z' AND at < '2024-01-05Z';
DELETE FROM usage_log WHERE source = 'dist' AND at >= '2024-01-05Z' AND at < '2024-01-05 01:00Z';
SELECT pg_temp.refresh();
SELECT results_eq($$SELECT * FROM request_distribution('2024-01-01', '2024-03-01', kept => true)$$, $$SELECT * FROM request_distribution('2024-01-01', '2024-03-01')$$, 'days that have other rows are read');
-- What this transaction itself has written is read again each time, so there may be more.
SELECT cmp_ok(keep_distribution(since => '2024-01-01', until => '2024-03-01'), '>=', 3::bigint, 'and kept again');
SELECT is((SELECT count(*) FROM daily_distribution WHERE day = '2024-01-04'), 0::bigint, 'a day without rows is forgotten');
SELECT results_eq($$SELECT * FROM request_distribution('2024-01-01', '2024-03-01', kept => true)$$, $$SELECT * FROM request_distribution('2024-01-01', '2024-03-01')$$, 'all the same');

-- It outlives the log: of the first days nothing is left but the rollup.
CREATE TEMP TABLE before AS SELECT * FROM request_distribution('2024-01-01', '2024-01-04', kept => true);
DELETE FROM usage_log WHERE source = 'dist' AND at < '2024-01-04Z';
SELECT pg_temp.refresh();
SELECT results_eq($$SELECT period, requests, p50_usd, incomplete_requests FROM request_distribution('2024-01-01', '2024-01-04')$$, 'SELECT period, 0::bigint, NULL::numeric, requests FROM before', 'without rows there is nothing to read, which is marked');
SELECT results_eq($$SELECT * FROM request_distribution('2024-01-01', '2024-01-04', kept => true)$$, 'SELECT * FROM before', 'but what was kept stays');

-- A kept day gets a late row, and loses rows before it is kept again: as it was kept, and marked, whichever way it is asked for.
CREATE TEMP TABLE kept_before AS SELECT * FROM request_distribution('2024-01-06', '2024-01-07', kept => true);
INSERT INTO usage_log (at, usage, model, source, request_id, end_user) VALUES ('2024-01-06 00:20Z', usage(1), 'pgtapdist/even', 'dist', 'later', 'late');
SELECT pg_temp.refresh();
SELECT results_eq($$SELECT requests, incomplete_requests FROM request_distribution('2024-01-06', '2024-01-07', kept => true)$$, 'SELECT requests + 1, 0::bigint FROM kept_before', 'a day that is read again is its rows');
DELETE FROM usage_log WHERE source = 'dist' AND at < '2024-01-06 12:00Z';
SELECT pg_temp.refresh();
SELECT results_eq($$SELECT requests, p50_usd, max_usd, distinct_values, incomplete_requests FROM request_distribution('2024-01-06', '2024-01-07', kept => true)$$,
	'SELECT requests, p50_usd, max_usd, distinct_values, requests + 1 FROM kept_before', 'one whose rows go before it is kept again is as it was kept, and marked');
SELECT keep_distribution(since => '2024-01-06', until => '2024-01-07') \g /dev/null
SELECT results_eq($$SELECT requests, incomplete_requests FROM request_distribution('2024-01-06', '2024-01-07', kept => true)$$, 'SELECT requests, requests + 1 FROM kept_before', 'and stays so');
SELECT ok((SELECT requests > 0 AND requests < k AND incomplete_requests = k + 1 FROM request_distribution('2024-01-06', '2024-01-07'), (SELECT requests AS k FROM kept_before) AS b), 'the rows that are left are marked, too');
SELECT is((SELECT incomplete_requests FROM request_distribution('2024-01-06', '2024-02-01', per => 'month')), (SELECT requests + 1 FROM kept_before), 'so is a month that has such a day');
-- Without a kept day, and without rows.
DELETE FROM usage_log WHERE source = 'dist' AND at < '2024-01-07Z';
DELETE FROM daily_distribution WHERE day = '2024-01-06';
SELECT pg_temp.refresh();
SELECT results_eq($$SELECT requests, p50_usd, incomplete_requests FROM request_distribution('2024-01-06', '2024-01-07', kept => true)$$, 'SELECT 0::bigint, NULL::numeric, requests + 1 FROM kept_before', 'a day that was never kept and has no rows is marked');
SELECT is((SELECT incomplete_requests FROM request_distribution('2024-01-08', '2024-02-01', per => 'month')), 0::bigint, 'whole days are not');

SELECT throws_ok($$SELECT request_distribution('2024-01-01', '2024-03-01', kept => NULL)$$, '22004', NULL, 'whether kept is yes or no');
SELECT throws_ok($$SELECT keep_distribution('colour')$$, '42704', NULL, 'no such dimension');
SET LOCAL inferacct.contract = 'acme';
SELECT throws_ok($$SELECT request_distribution('2024-01-01', '2024-03-01', kept => true)$$, '0A000', NULL, 'what is kept knows of no contract');
SELECT throws_ok($$SELECT keep_distribution()$$, '0A000', NULL, 'and none is kept under one');
SET LOCAL inferacct.contract = '';

\if :sketches
CREATE EXTENSION hll;
CREATE EXTENSION tdigest;
SELECT cmp_ok(keep_distribution(since => '2024-01-01', until => '2024-03-01'), '>', 30::bigint, 'days that cannot be merged are kept again');
SELECT ok((SELECT p50_usd IS NULL AND distinct_values IS NULL AND estimated AND requests > 0 FROM request_distribution('2024-01-01', '2024-01-08', per => 'week', kept => true)),
	'but those whose rows are gone: of a week with one nothing is estimated');
CREATE TEMP TABLE told AS SELECT k.*, d.requests AS all_requests, d.unpriced_requests AS all_unpriced, d.distinct_values AS users, d.max_usd AS largest
	FROM request_distribution('2024-01-08', '2024-02-12', per => 'month', kept => true) AS k JOIN request_distribution('2024-01-08', '2024-02-12', per => 'month') AS d USING (period);
SELECT ok((SELECT bool_and(estimated AND requests = all_requests AND unpriced_requests = all_unpriced AND max_usd = largest) FROM told), 'a month of sketches says so, and counts and the largest are exact');
SELECT ok((SELECT bool_and(abs(distinct_values - users) <= 0.0405 * users) FROM told), 'users within five standard errors');
-- The rank of an estimate among all that was charged.
CREATE TEMP TABLE costs AS SELECT token_cost(model, usage, at) AS usd, date_trunc('month', at, 'UTC')::date AS period FROM usage_log WHERE source = 'dist' AND model = 'pgtapdist/even' AND at >= '2024-01-08Z' AND at < '2024-02-12Z';
SELECT is((SELECT count(*) FROM told CROSS JOIN LATERAL (VALUES (p50_usd, 0.5, 0.005), (p90_usd, 0.9, 0.002), (p99_usd, 0.99, 0.0003)) AS e(usd, rank, bound)
	WHERE abs((SELECT avg((c.usd <= e.usd)::int) FROM costs AS c WHERE c.period = told.period) - rank) > bound + 2.0 / told.requests), 0::bigint, 'percentiles within the stated ranks');
UPDATE usage_log SET end_user = 'changed' WHERE source = 'dist' AND request_id = '3000';
SELECT pg_temp.refresh();
SELECT is((SELECT sum(requests) FROM request_distribution('2024-01-08', '2024-02-12', per => 'year', kept => true)), (SELECT sum(requests) FROM request_distribution('2024-01-08', '2024-02-12', per => 'year')), 'days of rows are merged with kept ones');
SELECT results_eq($$SELECT * FROM request_distribution('2024-01-08', '2024-02-12', kept => true)$$, $$SELECT * FROM request_distribution('2024-01-08', '2024-02-12')$$, 'days stay exact');
DROP EXTENSION hll;
SELECT throws_ok($$SELECT request_distribution('2024-01-08', '2024-02-12', per => 'month', kept => true)$$, '0A000', NULL, 'without sketches days are not merged');
\else
SELECT throws_ok($$SELECT request_distribution('2024-01-08', '2024-02-12', per => 'month', kept => true)$$, '0A000', NULL, 'without sketches days are not merged');
\endif

SELECT * FROM finish();
ROLLBACK;
