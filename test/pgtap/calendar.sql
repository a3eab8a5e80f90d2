-- calendar: days, months and fiscal periods by an organisation's clocks are exactly those of the requests, in its currency.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'America/New_York';
SET LOCAL client_min_messages = warning;
SELECT plan(34);

SELECT set_price('cal', 'cal-a', 'input', 2), set_price('cal', 'cal-a', 'output', 9), set_price('cal', 'cal-a', 'input', 3, '2036-11-15 07:20Z');
INSERT INTO usage_log (at, usage, model, source, request_id, team)
SELECT timestamptz '2036-10-30Z' + n * interval '397 seconds', usage(n, n % 7), 'cal/cal-a', 'cal', n::text, 'team ' || n % 2 FROM generate_series(1, 20000) AS n;
INSERT INTO usage_log (at, usage, model, source, request_id, team) VALUES ('2037-04-01 03:44:59Z', usage(1), 'cal/cal-a', 'cal', 'a', 'x'), ('2037-03-31 18:15Z', usage(1), 'cal/cal-a', 'cal', 'c', 'x'), ('2037-03-31 18:29:59.999999Z', usage(1), 'cal/cal-a', 'cal', 'd', 'x'), ('2037-03-31 18:30Z', usage(1), 'cal/cal-a', 'cal', 'e', 'x');
-- As refresh_usage() does, by what it finds to have changed.
CREATE FUNCTION pg_temp.refresh() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE f record; n bigint;
BEGIN
	f := refresh_find('usage_log', NULL, false, NULL, false);
	n := refresh_hours('usage_log', '2036-10-01Z', '2037-06-01Z', f.hours, f.found_at);
	PERFORM refresh_end('usage_log', f.found_at, f.identity, f.problem);
	RETURN n;
END $$;
SELECT pg_temp.refresh();

SELECT throws_ok($$INSERT INTO calendar (zone) VALUES ('Mars/Olympus')$$, '22023', NULL, 'a zone that there is');
SELECT throws_ok($$INSERT INTO calendar (currency) VALUES ('euro')$$, '23514', NULL, 'a code of a currency');
SELECT throws_ok($$INSERT INTO calendar (fiscal_year_from) VALUES (13)$$, '23514', NULL, 'a month');
SELECT throws_ok($$SELECT spend_by_period('hour')$$, '22023', NULL, 'no such period');
SELECT throws_ok($$SELECT spend_by_period('day', calendar => 'nobody''s')$$, '42704', NULL, 'no such calendar');
SELECT throws_ok($$SELECT spend_by_period('day', 'colour')$$, '42704', NULL, 'no such dimension');

-- A plain sum over the rows.
CREATE FUNCTION pg_temp.plain(per text, zone text, shift int, since date, until date) RETURNS TABLE (period date, value text, requests bigint, usd numeric) LANGUAGE sql AS $$
	SELECT (date_trunc(per, (l.at AT TIME ZONE zone) - shift * interval '1 month') + shift * interval '1 month')::date, l.team, count(*), spend(l.model, l.usage, l.at) FROM usage_log AS l
	WHERE l.source = 'cal' AND (l.at AT TIME ZONE zone)::date >= since AND (l.at AT TIME ZONE zone)::date < until GROUP BY 1, 2 $$;
SELECT set_eq($$SELECT period, value, requests, usd FROM spend_by_period('month', 'team', since => '2036-10-01', until => '2037-06-01')$$, $$SELECT * FROM pg_temp.plain('month', 'UTC', 0, '2036-10-01', '2037-06-01')$$, 'without a calendar, UTC');
SELECT set_eq($$SELECT period, value, requests, usd FROM spend_by_period('day', 'team', since => '2036-11-03', until => '2036-11-06')$$, $$SELECT * FROM pg_temp.plain('day', 'UTC', 0, '2036-11-03', '2036-11-06')$$, 'days of UTC');
INSERT INTO calendar (name, zone, fiscal_year_from, currency) VALUES ('india', 'Asia/Kolkata', 4, 'INR'), ('nepal', 'Asia/Kathmandu', 8, 'USD'), ('new york', 'America/New_York', 10, 'USD');
SELECT ok(NOT notes_suffice(), 'a calendar came: everything is looked at');
SET LOCAL inferacct.unpriced = 'null';
SELECT ok((SELECT bool_and(note LIKE '% requests of hours in which a day of Asia/Kolkata begins are with the day before%') FROM spend_by_period('day', 'team', since => '2036-11-03', until => '2036-11-06', calendar => 'india')), 'until then reports say so');
SELECT ok(pg_temp.refresh() > 0, 'hours in which a day begins are read again');
SELECT is((SELECT count(*) FROM spend_by_period('day', 'team', calendar => 'india') WHERE note IS NOT NULL), 0::bigint, 'and told apart');
SELECT set_eq(format($$SELECT period, value, requests, usd FROM spend_by_period(%L, 'team', since => '2036-10-01', until => '2037-06-01', calendar => %L)$$, per, name),
	format($$SELECT * FROM pg_temp.plain(%L, %L, %L, '2036-10-01', '2037-06-01')$$, per, zone, CASE WHEN per IN ('quarter', 'year') THEN fiscal_year_from - 1 ELSE 0 END), name || ' by ' || per)
FROM calendar, unnest(ARRAY['day', 'week', 'month', 'quarter', 'year']) AS per;
SELECT set_eq($$SELECT period, requests FROM spend_by_period('month', since => '2037-03-01', until => '2037-06-01', calendar => 'india')$$, $$VALUES (date '2037-03-01', 2::bigint), ('2037-04-01', 2)$$, 'on the second');
RESET inferacct.unpriced;

-- Currency.
SELECT throws_ok($$SELECT spend_by_period('month', since => '2036-11-01', until => '2036-12-01', calendar => 'india')$$, 'IA007', NULL, 'no rate is known');
INSERT INTO fx_rate (valid_from, currency, usd_per_unit, source) VALUES ('2036-01-01Z', 'INR', 0.012, 'a test'), ('2036-11-30 18:30Z', 'INR', 0.0125, 'a test'), ('2036-11-30 18:29Z', 'INR', 0.0119, 'a test');
SELECT results_eq($$SELECT currency, usd_per_unit, amount, usd FROM spend_by_period('month', since => '2036-11-01', until => '2036-12-01', calendar => 'india')$$,
	$$SELECT 'INR', 0.0119, round(sum(usd) / 0.0119, 15)::numeric, sum(usd) FROM pg_temp.plain('month', 'Asia/Kolkata', 0, '2036-11-01', '2036-12-01')$$, 'at the rate of the end of the month, which stands beside it');
SELECT is((SELECT DISTINCT usd_per_unit FROM spend_by_period('day', since => '2036-12-01', until => '2036-12-02', calendar => 'india')), 0.0125, 'from midnight on the next');
SELECT results_eq($$SELECT * FROM billed(10, '2036-12-01Z', 'india')$$, $$VALUES (800::numeric, 'INR', 0.0125)$$, 'any figure');
SELECT is((billed(10, '2036-12-01Z')).amount, 10::numeric, 'USD where there is no calendar');
SELECT is((billed(NULL, '2036-12-01Z', 'india')).amount, NULL, 'what is not known stays so');

SELECT * FROM finish();
ROLLBACK;
