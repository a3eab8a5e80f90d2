-- quiet_hour: a row that is deleted, or moved to another time, is seen though it was the only one of its hour, and so are both of its months.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'Asia/Kolkata';
SELECT plan(9);

SELECT set_price('qui', 'qui-a', 'input', 1);
INSERT INTO usage_log (at, usage, model, source, request_id, team) VALUES ('2021-03-02 03:10Z', usage(1000000), 'qui/qui-a', 'qui', 'first', 'red'), ('2021-03-10 03:10Z', usage(500000000), 'qui/qui-a', 'qui', 'wrong', 'red'),
	('2021-03-31 22:10Z', usage(7000000), 'qui/qui-a', 'qui', 'border', 'blue'), ('2021-04-20 03:10Z', usage(2000000), 'qui/qui-a', 'qui', 'last', 'red');
-- As refresh_usage() does by default: without drop_missing.
CREATE FUNCTION pg_temp.refresh() RETURNS bigint LANGUAGE sql AS
$$ SELECT refresh_hours('usage_log', '2021-01-01Z', '2021-12-01Z', refresh_changed('usage_log', '2021-01-01Z', false), clock_timestamp()) $$;
CREATE FUNCTION pg_temp.right_now(what text) RETURNS text LANGUAGE sql AS $$ SELECT set_eq('SELECT month, team, usd FROM monthly_spend WHERE source = ''qui''',
	'SELECT month_of(at), team, spend(model, usage, at) FROM usage_log WHERE source = ''qui'' GROUP BY 1, 2', $1) $$;
SELECT pg_temp.refresh();
SELECT compact_usage();
SELECT pg_temp.right_now('the months are what the rows cost');
SELECT close_month('2021-03-01');
DELETE FROM usage_log WHERE source = 'qui' AND request_id = 'wrong';
SELECT pg_temp.refresh();
SELECT pg_temp.right_now('without a row that was alone in its hour');
SELECT results_eq($$SELECT late_effect, price_effect FROM month_close WHERE month = '2021-03-01'$$, 'VALUES (-500.0, 0.0)', 'which the closed month tells');
UPDATE usage_log SET at = at + interval '4 hours' WHERE source = 'qui' AND request_id = 'border';
SELECT pg_temp.refresh();
SELECT pg_temp.right_now('with one that was moved over the end of the month, once');
SELECT is((SELECT sum(usd) FROM monthly_spend WHERE source = 'qui'), 10::numeric, 'and no other');
SELECT results_eq($$SELECT late_effect, unbooked_usd FROM month_close WHERE month = '2021-03-01'$$, 'VALUES (-507.0, -507.0)', 'gone from the closed month');
SELECT results_eq($$SELECT "ChargePeriodStart", "BilledCost" FROM focus('2021-03-01', '2021-05-01') WHERE "ChargeClass" = 'Correction' ORDER BY 1$$,
	$$VALUES ('2021-03-10T00:00:00Z', -500.0), ('2021-03-31T00:00:00Z', -7.0)$$, 'and corrected in the export on its days');
UPDATE usage_log SET at = at - interval '4 hours' WHERE source = 'qui' AND request_id = 'border';
SELECT pg_temp.refresh();
SELECT results_eq($$SELECT late_effect FROM month_close WHERE month = '2021-03-01'$$, 'VALUES (-500.0)', 'moved back, it is as it was booked');
SELECT is((SELECT count(*) FROM focus('2021-03-01', '2021-05-01') WHERE "ChargeClass" = 'Correction'), 1::bigint, 'and corrected no more');

SELECT * FROM finish();
ROLLBACK;
