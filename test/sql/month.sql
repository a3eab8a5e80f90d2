-- month: close, correct, restate, reconcile.
SET search_path = inferacct, inferacct_internal, public;
SET timezone = 'UTC';
SET datestyle = 'ISO, MDY';
\set SHOW_CONTEXT never
BEGIN;
SET LOCAL inferacct.unpriced = 'null';
INSERT INTO price_version (published_at, note) VALUES ('2032-01-01', 'month test');
INSERT INTO price (version, provider, model, meter, usd)
	SELECT max(version), 'monthco', 'monthco-a', v.meter, v.usd FROM price_version, (VALUES ('input', 2), ('output', 10)) AS v(meter, usd) GROUP BY v.meter, v.usd;
INSERT INTO usage_log (at, usage, model, source, request_id, provider, team)
	SELECT timestamptz '2032-06-01' + n * interval '1 hour', usage(10000, 1000), 'monthco-a', 'monthco', n::text, 'monthco', (ARRAY['red', 'blue'])[n % 2 + 1] FROM generate_series(0, 99) AS n;
SELECT refresh_hours('usage_log', '2032-06-01', '2032-07-01', refresh_changed('usage_log', '2032-06-01', true), clock_timestamp());

SAVEPOINT early;
SELECT close_month('2032-06-30');
ROLLBACK TO early;
SELECT month, requests, unpriced_requests, usd, note FROM close_month('2032-06-30', 'as reported', before_its_end => true);
SAVEPOINT closed;
SELECT close_month('2032-06-01', before_its_end => true);
ROLLBACK TO closed;
UPDATE closed_month SET usd = 0;
ROLLBACK TO closed;

-- The price was another from the middle of the month on, and a row was late.
INSERT INTO price_version (published_at, note) VALUES ('2032-07-01', 'correction');
INSERT INTO price (version, provider, model, meter, usd, valid_from) SELECT max(version), 'monthco', 'monthco-a', 'input', 1.5, '2032-06-03' FROM price_version;
INSERT INTO usage_log (at, usage, model, source, request_id, provider, team) VALUES ('2032-06-20', usage(1000000), 'monthco-a', 'monthco', 'late', 'monthco', 'blue');
SELECT refresh_hours('usage_log', '2032-06-01', '2032-07-01', refresh_changed('usage_log', '2032-06-01', true), clock_timestamp());
SELECT team, booked_requests, restated_requests, booked_usd, restated_usd, price_effect, late_effect FROM restated_spend WHERE month = '2032-06-01' ORDER BY team;
SELECT month, booked_usd, restated_usd, price_effect, late_effect, note FROM month_close WHERE month = '2032-06-01';
SELECT * FROM reproduce_month('2032-06-01');

SELECT * FROM reconcile('monthco', '2032-06-01', 5.00);
SELECT model, meter, logged_quantity, billed_quantity, computed_usd, invoice_usd, variance_usd, volume_usd, price_usd, unexplained_usd, missing_usd
FROM reconcile_lines('monthco', '2032-06-01', '[
	{"model": "monthco-a", "meter": "input", "quantity": 2200000, "usd": "3.74"},
	{"model": "monthco-a", "meter": "output", "quantity": 100000, "usd": "1.10"},
	{"model": "monthco-b", "meter": "input", "quantity": 1000, "usd": "0.25"}]');
SELECT * FROM reconcile('monthco', '2032-06-01', '[
	{"model": "monthco-a", "meter": "input", "quantity": 2200000, "usd": "3.74"},
	{"model": "monthco-a", "meter": "output", "quantity": 100000, "usd": "1.10"},
	{"model": "monthco-b", "meter": "input", "quantity": 1000, "usd": "0.25"}]');
SAVEPOINT lines;
SELECT * FROM reconcile('monthco', '2032-06-01', '[{"model": "monthco-a", "usd": "three"}]');
ROLLBACK TO lines;
ROLLBACK;
