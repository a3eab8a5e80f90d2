-- month: what is booked stays and can be computed again; a variance is split exactly.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'Asia/Kolkata';
SELECT plan(47);

INSERT INTO price_version (published_at, note) VALUES ('2030-12-01Z', 'month test');
INSERT INTO price (version, provider, model, meter, usd) SELECT max(version), 'mon', m, k, p FROM price_version, (VALUES
	('mon-a', 'input', 1), ('mon-a', 'output', 4), ('mon-b', 'input', 3.000000007), ('mon-b', 'output', 9)) AS v(m, k, p) GROUP BY m, k, p;
INSERT INTO usage_log (at, usage, model, source, request_id, provider, team, provider_usd)
	SELECT timestamptz '2031-01-01 00:00Z' + n * interval '73 minutes', usage(n * 37 % 1800, n % 300), CASE n % 3 WHEN 0 THEN 'mon-b' WHEN 1 THEN 'mon/mon-a' ELSE 'mon/none' END,
		'mon', n::text, 'mon', (ARRAY['red', 'blue', NULL])[n % 3 + 1], CASE WHEN n % 3 = 2 THEN 0.5 END
	FROM generate_series(0, 599) AS n;
CREATE FUNCTION pg_temp.refresh() RETURNS bigint LANGUAGE sql AS
$$ SELECT refresh_hours('usage_log', '2031-01-01Z', '2031-04-01Z', refresh_changed('usage_log', '2031-01-01Z', true), clock_timestamp()) $$;
SELECT pg_temp.refresh();
CREATE TEMP VIEW truth AS SELECT spend(model, usage, at) AS usd FROM usage_log WHERE source = 'mon' AND at < '2031-02-01Z';

SELECT throws_ok($$SELECT close_month('2031-01-15')$$, '22023', NULL, 'a month that has not ended is not closed');
SELECT throws_ok($$SELECT close_month(NULL)$$, '22004', NULL, 'nor no month');
SELECT throws_ok($$SELECT close_month('infinity')$$, '22008', NULL, 'nor an infinite one');
SELECT throws_ok($$SELECT close_month('2031-01-15', before_its_end => true)$$, 'IA002', NULL, 'nor one with usage without a price, by default');
SET LOCAL inferacct.unpriced = 'null';
CREATE TEMP TABLE before AS SELECT usd FROM truth;
SELECT results_eq($$SELECT month, usd, requests, unpriced_requests FROM close_month('2031-01-15', 'test', true)$$, $$SELECT date '2031-01-01', usd, 600::bigint - count(*) FILTER (WHERE at >= '2031-02-01Z'), count(*) FILTER (WHERE model = 'mon/none' AND at < '2031-02-01Z') FROM before, usage_log WHERE source = 'mon' GROUP BY usd$$, 'close_month() books what the rows cost, and counts what has no price');
SELECT throws_ok($$SELECT close_month('2031-01-01', before_its_end => true)$$, '42710', NULL, 'a month is closed once');
SELECT results_eq($$SELECT sum(usd) FROM booked_spend WHERE month = '2031-01-01'$$, 'SELECT usd FROM before', 'booked_spend adds up to it');
SELECT results_eq($$SELECT price_effect, late_effect, booked_usd = restated_usd FROM month_close WHERE month = '2031-01-01'$$, 'VALUES (0::numeric, 0::numeric, true)', 'nothing has changed yet');
SELECT ok((SELECT reproduced FROM reproduce_month('2031-01-01')), 'the booked figures can be computed again');
SELECT throws_ok('UPDATE closed_month SET usd = 0', 'IA103', NULL, 'closed_month cannot be changed');
SELECT throws_ok('DELETE FROM booked_usage', 'IA103', NULL, 'nor what is booked');
SELECT throws_ok('TRUNCATE booked_usage', 'IA103', NULL, 'nor emptied');

-- A correction known later, and late rows.
INSERT INTO price_version (published_at, note) VALUES ('2030-12-02Z', 'correction');
INSERT INTO price (version, provider, model, meter, usd, valid_from) SELECT max(version), 'mon', 'mon-a', 'input', 1.5, timestamptz '2031-01-10Z' FROM price_version;
CREATE TEMP TABLE corrected AS SELECT usd FROM truth;
SELECT pg_temp.refresh();
SELECT results_eq($$SELECT booked_usd, price_effect, late_effect FROM month_close WHERE month = '2031-01-01'$$, 'SELECT b.usd, c.usd - b.usd, 0::numeric FROM before AS b, corrected AS c', 'a correction is the price effect');
INSERT INTO usage_log (at, usage, model, source, request_id, provider, team) VALUES ('2031-01-02Z', usage(1000000), 'mon-b', 'mon', 'late', 'mon', 'green');
SELECT pg_temp.refresh();
SELECT results_eq($$SELECT late_effect, restated_usd FROM month_close WHERE month = '2031-01-01'$$, 'SELECT 3.000000007, usd FROM truth', 'a late row is the late effect, and the sum is what the rows cost now');
SELECT is_empty('SELECT FROM restated_spend WHERE restated_usd - booked_usd <> price_effect + late_effect', 'row by row');
SELECT results_eq($$SELECT team, booked_requests, restated_requests FROM restated_spend WHERE team = 'green'$$, $$VALUES ('green', 0::bigint, 1::bigint)$$, 'a team that was not booked is there');
CREATE TEMP TABLE final ON COMMIT DROP AS SELECT at, usage + usage(output => 1000000, requests => 0) AS usage, model, request_id, provider, team FROM usage_log WHERE source = 'mon' AND request_id = '3';
SELECT results_eq($$SELECT * FROM import_usage('final', 'mon')$$, 'VALUES (1::bigint, 0::bigint)', 'the final row of a request takes the place of a part');
SELECT pg_temp.refresh();
SELECT results_eq($$SELECT late_effect, restated_usd FROM month_close WHERE month = '2031-01-01'$$, 'SELECT 12.000000007, usd FROM truth', 'of a closed month it is late, not lost');
SELECT is_empty('SELECT FROM restated_spend WHERE restated_usd - booked_usd <> price_effect + late_effect', 'row by row');
SELECT ok((SELECT reproduced AND booked_usd = reproduced_usd FROM reproduce_month('2031-01-20')), 'and the booked figures can still be computed again');
SELECT is(current_setting('inferacct.as_of', true), '', 'reproduce_month() leaves the session as it was');
SELECT lives_ok($$SELECT reopen_month('2031-01-01')$$, 'a closing can be taken back');
SELECT throws_ok($$SELECT reopen_month('2031-01-01')$$, '42704', NULL, 'once');
SELECT throws_ok($$SELECT reproduce_month('2031-01-01')$$, '42704', NULL, 'and then there is nothing to compute');

-- Reconciliation.
CREATE TEMP TABLE line AS SELECT model, meter, sum(quantity) AS quantity, sum(usd) AS usd FROM (
	SELECT u.model, d.* FROM rollup_usage AS u CROSS JOIN LATERAL rollup_cost_detail(u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated, u.service_tier, u.region) AS d(meter, quantity, unit_quantity, unit_usd, usd)
	WHERE u.source = 'mon' AND u.month = '2031-01-01') AS x GROUP BY 1, 2;
CREATE FUNCTION pg_temp.invoice(factor numeric, price numeric) RETURNS jsonb LANGUAGE sql AS
$$ SELECT jsonb_agg(jsonb_build_object('model', model, 'meter', meter, 'quantity', quantity * factor, 'usd', usd * price)) FROM line $$;
SELECT results_eq($$SELECT variance_usd, volume_usd, price_usd, mix_usd, unpriced_usd, missing_usd FROM reconcile('mon', '2031-01-01', pg_temp.invoice(1, 1))$$, 'VALUES (0::numeric, 0::numeric, 0::numeric, 0::numeric, 0::numeric, 0::numeric)', 'an invoice of what was computed has no variance');
SELECT results_eq($$SELECT volume_usd = computed_usd, price_usd, mix_usd FROM reconcile('mon', '2031-01-01', pg_temp.invoice(2, 2))$$, 'VALUES (true, 0::numeric, 0::numeric)', 'twice of everything is volume');
SELECT results_eq($$SELECT volume_usd, price_usd = computed_usd, mix_usd FROM reconcile('mon', '2031-01-01', pg_temp.invoice(1, 2))$$, 'VALUES (0::numeric, true, 0::numeric)', 'twice the USD is price');
CREATE TEMP TABLE odd AS SELECT * FROM reconcile_lines('mon', '2031-01-01',
	'[{"model": "mon-a", "meter": "input", "quantity": 100000, "usd": "0.1"}, {"model": "mon/mon-a", "meter": "output", "quantity": 7777, "usd": 0.33}, {"model": "mon-b", "usd": "2"},
	  {"model": "none", "meter": "input", "quantity": 3, "usd": "55"}, {"model": "mon-z", "meter": "input", "usd": "1.25"}]');
SELECT is_empty('SELECT FROM odd WHERE variance_usd IS DISTINCT FROM volume_usd + price_usd + unexplained_usd + unpriced_usd + missing_usd + rounding_usd + other_usd OR variance_usd <> coalesce(invoice_usd, 0) - computed_usd', 'every line of an odd invoice is split exactly');
SELECT results_eq($$SELECT unpriced_usd FROM odd WHERE model = 'none' AND meter = 'input'$$, 'VALUES (55::numeric)', 'what is billed for unpriced usage is unpriced');
SELECT results_eq($$SELECT missing_usd FROM odd WHERE model = 'mon-z'$$, 'VALUES (1.25)', 'what is billed and not logged is missing');
SELECT results_eq($$SELECT sum(computed_usd), sum(unexplained_usd) <> 0 FROM odd WHERE model = 'mon-b'$$, $$SELECT sum(usd), true FROM line WHERE model = 'mon-b'$$, 'a line for a whole model is compared with the whole model');
SELECT is_empty($$SELECT FROM reconcile('mon', '2031-01-01', 12.34) AS r WHERE r.variance_usd <> r.volume_usd + r.price_usd + r.mix_usd + r.unpriced_usd + r.missing_usd OR r.invoice_usd <> 12.34 OR r.unpriced_usd = 0$$, 'a total alone is split by what the log reports');
SELECT throws_ok($$SELECT reconcile('mon', '2031-01-01', '[{"model": "x"}]')$$, '22023', NULL, 'a line without USD');
SELECT throws_ok($$SELECT reconcile('mon', '2031-01-01', '{}'::jsonb)$$, '22023', NULL, 'lines that are not an array');

-- Books are written and taken back whole, and by two functions only.
CREATE FUNCTION pg_temp.close_again() RETURNS void LANGUAGE plpgsql SET inferacct.unpriced = 'null' AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM closed_month WHERE month = '2031-01-01') THEN
		PERFORM close_month('2031-01-01', before_its_end => true);
	END IF;
END $$;
SELECT pg_temp.close_again();
SET LOCAL inferacct_month.reopening = 'on';		-- what opened them once
SELECT throws_ok(statement, 'IA103', NULL, statement) FROM unnest(ARRAY['DELETE FROM booked_usage', 'DELETE FROM closed_month', 'DELETE FROM booked_usage WHERE usd > 0',
	'UPDATE booked_usage SET usd = 0', 'UPDATE closed_month SET usd = 0', 'TRUNCATE booked_usage', 'TRUNCATE closed_month']) AS statement;
SELECT throws_ok(format($$INSERT INTO closed_month (month, version, known_at, requests, unpriced_requests, usd) VALUES ('2031-03-01', 1, now(), 1, 0, %L)$$, usd), '23514', NULL, 'a month of ' || usd)
FROM unnest(ARRAY['NaN', 'Infinity']) AS usd;
CREATE ROLE inferacct_test_closer IN ROLE inferacct_admin;
SET LOCAL ROLE inferacct_test_closer;
SELECT throws_ok('DELETE FROM booked_usage', '42501', NULL, 'an administrator writes no books');
SELECT throws_ok('INSERT INTO booked_usage SELECT * FROM booked_usage', '42501', NULL, 'nor adds to them');
SELECT lives_ok($$SELECT reopen_month('2031-01-01')$$, 'but reopens a month');
RESET ROLE;
SET LOCAL ROLE inferacct_reader;
SELECT throws_ok($$SELECT close_month('2031-01-01')$$, '42501', NULL, 'a reader does not close one');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
