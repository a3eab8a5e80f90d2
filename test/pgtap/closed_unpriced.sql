-- closed_unpriced: a closed month with usage that no refresh can give a price is not said to wait for one.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL inferacct.unpriced = 'null';
SELECT plan(5);

-- Two requests in one row of the log, of which one may and one may not be above the size from which input is dearer.
SELECT set_price('clu', 'clu-a', 'input', 1);
SELECT set_price('clu', 'clu-a', 'input', 2, above_input_tokens => 200000);
INSERT INTO usage_log (at, usage, model, source, request_id) VALUES
	('2021-03-02 03:10Z', usage(1000), 'clu/clu-a', 'clu', 'one'), ('2021-03-02 03:20Z', usage(300000, requests => 2), 'clu/clu-a', 'clu', 'two in one');
SELECT refresh_hours('usage_log', '2021-01-01Z', '2021-12-01Z', refresh_changed('usage_log', '2021-01-01Z', false), clock_timestamp());
SELECT is((SELECT count(*) FROM unpriced_usage WHERE source = 'clu'), 1::bigint, 'one row has no price');
SELECT is((close_month('2021-03-01')).unpriced_requests, 2::bigint, 'the month is closed without it, and says so');
SELECT is_empty($$SELECT problem FROM restated_spend WHERE month = '2021-03-01' AND problem IS NOT NULL$$, 'nothing is said to be mended by another refresh');
SELECT results_eq($$SELECT late_effect, price_effect, unbooked_usd FROM month_close WHERE month = '2021-03-01'$$, 'VALUES (0::numeric, 0::numeric, 0::numeric)', 'nothing has changed');
-- A price that begins amid an hour that was read before it was known is mended by one.
SELECT set_price('clu', 'clu-b', 'input', 1);
INSERT INTO usage_log (at, usage, model, source, request_id) SELECT '2021-04-02 03:00Z'::timestamptz + n * interval '20 min', usage(1000), 'clu/clu-b', 'clu', 'b' || n FROM generate_series(0, 2) AS n;
SELECT refresh_hours('usage_log', '2021-01-01Z', '2021-12-01Z', refresh_changed('usage_log', '2021-01-01Z', false), clock_timestamp());
SELECT close_month('2021-04-01');
SELECT set_price('clu', 'clu-b', 'input', 3, '2021-04-02 03:10Z');
SELECT matches((SELECT string_agg(problem, ' ') FROM restated_spend WHERE month = '2021-04-01'), 'CALL refresh_usage', 'where a refresh helps it is said');
SELECT * FROM finish();
ROLLBACK;
