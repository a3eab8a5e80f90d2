-- rollup: what tells requests apart, and properties on generated rows.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'America/St_Johns';
SELECT plan(19);

SELECT set_price('pgtapco', 'pgtap-1', m, p, above_input_tokens => a, threshold_inclusive => i) FROM (VALUES ('input', 2, 0, false), ('output', 9, 0, false), ('input', 4, 7777, true), ('output', 18, 3333, false)) AS v(m, p, a, i);
SELECT set_price('pgtapco', 'pgtap-1', 'input', 2.1, valid_from => '2026-05-01 10:20:30.123456Z'), set_price('pgtapco', 'pgtap-1', 'input', 2.2, valid_from => '2026-05-01 12:00Z');
WITH opened AS (SELECT open_price_version(now(), 'test', 'windows', NULL) AS version)
INSERT INTO price (version, provider, model, meter, usd, time_windows)
SELECT version, 'pgtapco', 'pgtap-1', 'output', 5, '{"timezone": "Australia/Lord_Howe", "windows": [{"days": [5], "from": "10:15", "to": "24:00"}]}' FROM opened;

SELECT ok(context_thresholds() @> '{7777, 3334}', 'inclusive and exclusive thresholds');
SELECT ok(NOT context_thresholds() && '{7778, 3333}', 'each where it begins');
SELECT ok(price_cuts('2026-05-01 00:00Z', '2026-05-02 00:00Z') @> ARRAY[timestamptz '2026-05-01 10:20:30.123456Z'], 'a price within an hour cuts it');
SELECT ok(NOT price_cuts('2026-05-01 00:00Z', '2026-05-02 00:00Z') @> ARRAY[timestamptz '2026-05-01 12:00Z'], 'one at a full hour does not');
SELECT ok(price_cuts('2026-04-30 20:00Z', '2026-05-01 02:00Z') @> ARRAY[timestamptz '2026-04-30 23:45Z'], 'a window opens within an hour');
SELECT is(price_cuts('2026-05-01 10:20:30.123456Z', '2026-05-01 10:20:30.123457Z'), '{}', 'both ends are left out');

SELECT is(usage_kinds(usage(1, 1)), usage_kinds(usage(cache_read => 5, cache_write => 6, reasoning => 8, citation => 2)), 'meters that are priced together are of one kind');
SELECT isnt(usage_kinds(usage(1, 1)), usage_kinds(usage(1, 1, web_searches => 1)), 'others are of their own');
SELECT is(usage_kinds(usage()), 0, 'requests are of none');
SELECT is(usage_kinds(NULL), NULL, 'NULL gives NULL');

-- Any requests that refresh_hours() puts together are priced alike, at any price.
CREATE TABLE public.calls AS
SELECT n AS id, timestamptz '2026-04-30 18:00Z' + (n * 7919 % 86400000) * interval '0.001 seconds' AS at, 'pgtap-1'::text AS model, n * 104729 % 9000 AS input, n % 11 AS output
FROM generate_series(1, 6000) AS n;
SELECT attach_usage('pgtap calls', 'public.calls', '{"at": "at", "request_id": "id", "model": "model", "input": "input", "input_includes_cached": true, "output": "output"}');
CREATE FUNCTION pg_temp.refresh() RETURNS bigint LANGUAGE sql AS $$
	SELECT refresh_hours('pgtap calls', '2026-04-30 00:00Z', '2026-05-03 00:00Z', refresh_changed('pgtap calls', NULL, false), clock_timestamp()) $$;
SELECT is(pg_temp.refresh(), 6000::bigint, 'every row is read');
SELECT results_eq($$SELECT sum(rows)::bigint, sum(usage), sum(usd) FROM hourly_spend WHERE origin = 'pgtap calls'$$,
	$$SELECT count(*), sum(usage), spend(model, usage, at, service_tier, region) FROM usage_all WHERE source = 'pgtap calls'$$, 'rollup = rows');
SELECT is(refresh_hours('pgtap calls', '2026-04-30 00:00Z', '2026-05-03 00:00Z',
	ARRAY(SELECT DISTINCT hour FROM usage_hourly WHERE origin = 'pgtap calls' ORDER BY hour DESC), 'infinity'), 6000::bigint, 'hours in another order are read, too');
SELECT results_eq($$SELECT sum(rows)::bigint, sum(usage) FROM usage_hourly WHERE origin = 'pgtap calls'$$,
	$$SELECT count(*), sum(usage) FROM usage_all WHERE source = 'pgtap calls'$$, 'and none is lost');
SELECT is((SELECT count(*) FROM usage_hourly WHERE origin = 'pgtap calls' AND (first_at < slice OR slice < hour OR min_input < context_from OR last_at >= hour + interval '1 hour')), 0::bigint, 'each row within its slice and bucket');
SELECT set_price('pgtapco', 'pgtap-1', 'input', (n % 7) + 0.123, valid_from => timestamptz '2026-04-30 18:00Z' + n * interval '1371.5 seconds', above_input_tokens => n * 37 % 9000) FROM generate_series(1, 20) AS n;
SELECT throws_ok($$SELECT sum(usd) FROM hourly_spend WHERE origin = 'pgtap calls'$$, 'IA005', NULL, 'prices that split rows are refused');
SELECT ok(pg_temp.refresh() > 0, 'and read again');
SELECT results_eq($$SELECT sum(rows)::bigint, sum(usage), sum(usd) FROM hourly_spend WHERE origin = 'pgtap calls'$$,
	$$SELECT count(*), sum(usage), spend(model, usage, at, service_tier, region) FROM usage_all WHERE source = 'pgtap calls'$$, 'rollup = rows again');
SELECT throws_ok($$CALL refresh_usage()$$, '2D000', NULL, 'not within a transaction');

SELECT * FROM finish();
ROLLBACK;
