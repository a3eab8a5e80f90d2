-- No statement of a few bytes runs for ever, or fills the disk: it is refused.
-- `make fuzz-sql` looks for more of them.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL temp_file_limit = '64MB';
SELECT plan(87);

CREATE FUNCTION pg_temp.refused(query text, state text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT throws_ok(query, state, NULL, query) $$;

-- spans of time
SELECT pg_temp.refused(format('SELECT %s', call), '22008') FROM unnest(ARRAY[
	'usage_log_partitions(''-infinity'', ''infinity'')', 'usage_log_partitions(''-infinity'', ''2026-01-01'')', 'usage_log_partitions(''2026-01-01'', ''infinity'')',
	'months_touched(''-infinity'', ''infinity'')', 'months_touched(''-infinity'', ''2026-01-01'')', 'months_touched(''2026-01-01'', ''infinity'')',
	'month_parts(''-infinity'', ''2026-01-01'')', 'month_parts(''2026-01-01'', ''infinity'')',
	'price_cuts(''-infinity'', ''2026-01-01'')', 'price_cuts(''2026-01-01'', ''infinity'')', 'price_cuts(''-infinity'', ''infinity'')',
	'check_span(''-infinity'', ''2026-01-01'')']) call;
SELECT pg_temp.refused(format('SELECT %s', call), '54000') FROM unnest(ARRAY[
	'usage_log_partitions(''0001-01-01'', ''9999-01-01'')', 'usage_log_partitions(''4713-01-01 BC'', ''2026-01-01'')',
	'months_touched(''4713-01-01 BC'', ''294276-01-01'')', 'month_parts(''0001-01-01'', ''9999-01-01'')', 'price_cuts(''0001-01-01'', ''9999-01-01'')',
	'check_span(''2000-01-01'', ''3001-01-01'')']) call;
SELECT ok(check_span('2000-01-01', '2999-01-01'), 'a thousand years are a span');
SELECT is(check_span(NULL, 'infinity'), NULL, 'NULL is none');
SELECT is(round(months_touched('2026-01-01Z', '2026-12-31 23:00Z'), 10), 12.0000000000, 'months of a year');
INSERT INTO usage_log (at, usage, model, source, request_id) VALUES ('2026-10-01Z', usage(1), 'openai/gpt-4o', 'bounds', '1');
SELECT is((SELECT count(*) FROM usage_log_partitions('2031-01-01', '2031-04-01')), 3::bigint, 'partitions of a quarter');
SELECT pg_temp.refused(format('SELECT * FROM %s(%L, %L)', scan, since, until), CASE WHEN isfinite(since) AND isfinite(until) THEN '54000' ELSE '22008' END)
FROM (VALUES ('2026-10-01'::date, 'infinity'::date), ('-infinity', 'infinity'), ('-infinity', '2026-10-01'), ('2026-10-01', '9999-01-01'), ('2026-10-01', '200000-12-31')) v (since, until),
	unnest(ARRAY['anomaly', 'anomaly_scan']) AS scan;

-- a demand of two buckets far apart
CREATE TEMP TABLE far AS
SELECT format('{"format":1,"minutes":%s,"buckets":[{"from":"%s","requests":1,"usage":{"input":5},"usd":"1"},{"from":"%s","requests":1,"usage":{"input":5},"usd":"1"}]}',
	minutes, first, last)::demand AS demand, minutes
FROM (VALUES (1, '-4712-01-01T00:00Z', '294276-01-01T00:00Z'), (60, '-4712-01-01T00:00Z', '294276-01-01T00:00Z'), (1, '1900-01-01T00:00Z', '2026-01-01T00:00Z')) v (minutes, first, last);
CREATE FUNCTION pg_temp.far(width int, query text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT throws_ok(format('SELECT %s FROM (SELECT demand FROM far WHERE minutes = %s ORDER BY demand::text LIMIT 1 OFFSET 0) f', query, width), '54000',
		'the range of the demand has too many buckets', format('%s of minutes %s', query, width)) $$;
SELECT pg_temp.far(width, query)
FROM unnest(ARRAY[1, 60]) width, unnest(ARRAY['(SELECT count(*) FROM demand_series(demand))', 'traffic(demand)', 'forecast_wape(demand)',
	'hybrid(demand, ''llama-70b-on-demand'')', '(SELECT count(*) FROM fleet(demand, ''llama-70b-on-demand''))']) query;
SELECT throws_ok($$SELECT count(*) FROM far, demand_series(demand) WHERE demand::text LIKE '%1900%'$$, '54000', NULL, 'a series of a century of minutes');
SELECT lives_ok($$SELECT traffic(demand) FROM far WHERE demand::text LIKE '%1900%'$$, 'of which statistics can be had');
SELECT throws_ok($$SELECT demand_series('{"format":1,"minutes":1,"buckets":[]}', '4713-01-01 BC', '294276-01-01')$$, '54000', NULL, 'an empty demand over all time');

-- figures without bounds
CREATE FUNCTION pg_temp.loads() RETURNS SETOF text LANGUAGE sql AS $$
	VALUES ('{NaN,1}'), ('{Infinity,1}'), ('{-Infinity,1}'), ('{-1,1}'), ('{1e131000,1}'), ('{1e-16000,1}') $$;
SELECT pg_temp.refused(format(query, load), '22023')
FROM pg_temp.loads() load, unnest(ARRAY['SELECT best_units(%L, ''{1,1}'', 1, 1)', 'SELECT best_units(''{1,1}'', %L, 1, 1)',
	'SELECT hybrid_verdict(%L, ''{1,1}'', 1, 1, 1, 1, 0, 10)', 'SELECT hybrid_curve(%L::numeric[], ''{1,1}'', 1, 1, 1, 1)',
	'SELECT hybrid(%L::numeric[], 1, 1, 1)', 'SELECT commitment_regret(%L, 1, 1, 0)']) query;
SELECT pg_temp.refused(format('SELECT commitment(%s, 1, 1) FROM generate_series(1, 3)', figure), '22023') FROM unnest(ARRAY['''NaN''', '1e131000', '1e-16000']) figure;
SELECT pg_temp.refused('SELECT hybrid_curve(''{1,2}''::numeric[], 1, 1e-16, 1)', '54000');
SELECT pg_temp.refused('SELECT best_units(''{1,2}'', ''{1,2}'', 1e-16, 1)', '54000');
SELECT is(best_units('{1,2}', '{1,2}', 1, 1), 2::numeric, 'what is bounded is answered');
SELECT * FROM finish();
ROLLBACK;
