-- future: a request whose clock was wrong, and a price that is published for later, change nothing outside themselves, whichever way they come in.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'America/Los_Angeles';
SET LOCAL client_min_messages = warning;
SELECT plan(30);

SELECT set_price('fut', 'fut-a', 'input', 1, '2020-01-01Z'), set_price('fut', 'fut-a', 'output', 4, '2020-01-01Z');
CREATE FUNCTION pg_temp.this_month() RETURNS date LANGUAGE sql AS $$ SELECT month_of(now()) $$;
CREATE FUNCTION pg_temp.last_month() RETURNS date LANGUAGE sql AS $$ SELECT month_of(begin_of(month_of(now()) - 1)) $$;
INSERT INTO usage_log (at, usage, model, source, request_id, team)
SELECT date_trunc('hour', now()) - n * interval '1 hour', usage(1000, 100), 'fut/fut-a', 'fut', n::text, (ARRAY['red', 'blue'])[n % 2 + 1] FROM generate_series(1, 24 * 70) AS n;
INSERT INTO commitment (name, provider, type, models, service_tier, unit, units, usd_per_unit, per, since, until) VALUES
	('fut-open', 'fut', 'PT', '{fut/fut-a}', 'provisioned', 'PTU', 1, 1, 'hour', begin_of(pg_temp.last_month()), NULL), ('fut-term', 'fut', 'PT', '{fut/fut-a}', 'provisioned', 'PTU', 1, 2, 'hour', begin_of(pg_temp.last_month()), '2032-01-01Z');
INSERT INTO shared_cost (month, name, usd) VALUES (pg_temp.last_month(), 'fut gateway', 10), (pg_temp.this_month(), 'fut gateway', 12);
INSERT INTO budget (name, month, usd) VALUES ('fut', pg_temp.this_month(), 1000);
CREATE TABLE pg_temp.fut_calls (at timestamptz, model text, input_tokens bigint, output_tokens bigint, request_id text PRIMARY KEY);
INSERT INTO fut_calls VALUES (date_trunc('hour', now()) - interval '2 days', 'fut/fut-a', 10, 10, 'c1');
CREATE FUNCTION pg_temp.refresh() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	o text;
BEGIN
	FOREACH o IN ARRAY refresh_origins(NULL) LOOP
		PERFORM refresh_hours(o, '2000-01-01Z', '2100-01-01Z', refresh_changed(o, '2000-01-01Z', true), clock_timestamp());
	END LOOP;
	PERFORM compact_usage();
END $$;
SELECT pg_temp.refresh();

-- What reports say of the months until now.
CREATE FUNCTION pg_temp.said() RETURNS TABLE (report text, line text) LANGUAGE sql AS $$
	SELECT 'monthly_spend', to_jsonb(m)::text FROM monthly_spend AS m WHERE m.month <= pg_temp.this_month()
	UNION ALL SELECT 'commitment_charge', to_jsonb(c)::text FROM commitment_charge AS c WHERE c.month <= pg_temp.this_month()
	UNION ALL SELECT 'shared_cost_allocation', to_jsonb(c)::text FROM shared_cost_allocation AS c WHERE c.month <= pg_temp.this_month()
	UNION ALL SELECT 'forecast', to_jsonb(f)::text FROM forecast(at => date_trunc('hour', now())) AS f
	UNION ALL SELECT 'forecast of a team', to_jsonb(f)::text FROM forecast(team => 'red', at => date_trunc('hour', now())) AS f
	UNION ALL SELECT 'budget_pace', to_jsonb(b)::text FROM budget_pace(date_trunc('hour', now())) AS b
	UNION ALL SELECT 'anomaly', to_jsonb(a)::text FROM anomaly((now() - interval '20 days')::date, now()::date) AS a
	UNION ALL SELECT 'anomaly_scan', to_jsonb(a)::text FROM anomaly_scan((now() - interval '20 days')::date, now()::date) AS a
	UNION ALL SELECT 'month_coverage', (to_jsonb(c) - 'refreshed_at')::text FROM month_coverage(pg_temp.last_month()) AS c WHERE c.origin = 'usage_log'
	UNION ALL SELECT 'focus', to_jsonb(f)::text FROM focus(pg_temp.last_month(), next_month(pg_temp.this_month())) AS f
	UNION ALL SELECT 'focus_1_4', to_jsonb(f)::text FROM focus_1_4 AS f WHERE f."ChargePeriodStart" = focus_time(begin_of(pg_temp.last_month()))
	UNION ALL SELECT 'token_cost', token_cost('fut/fut-a', usage(1000, 100), now())::text
	UNION ALL SELECT 'inferacct_check', to_jsonb(c)::text FROM inferacct_check() AS c
$$;
CREATE TEMP TABLE before AS SELECT * FROM pg_temp.said();
SELECT ok((SELECT count(DISTINCT report) >= 9 FROM before), 'the reports say something');
CREATE FUNCTION pg_temp.harmless(what text) RETURNS text LANGUAGE sql AS $$ SELECT bag_eq('SELECT * FROM pg_temp.said()', 'SELECT * FROM before', $1) $$;

-- Requests.
INSERT INTO usage_log (at, usage, model, source, request_id, team) VALUES ('2029-01-15Z', usage(7000000, 1), 'fut/fut-a', 'fut', '2029', 'red'), ('2099-12-31 23:30Z', usage(9000000), 'fut/fut-a', 'fut', '2099', 'green'), (now() + interval '40 days', usage(5), 'fut/none', 'fut', 'soon', 'red');
SELECT pg_temp.refresh();
SELECT pg_temp.harmless('INSERT of requests from the future');
SELECT set_eq($$SELECT month, usage, usd FROM monthly_spend WHERE month >= '2029-01-01'$$, $$VALUES (date '2029-01-01', usage(7000000, 1), 7.000004), ('2099-12-01', usage(9000000), 9)$$, 'which are in the months that they say');
SELECT is_empty($$SELECT FROM commitment_charge WHERE month > next_month(next_month(pg_temp.this_month())) AND month <> '2029-01-01'$$, 'and make no month of a commitment between');
SELECT set_eq($$SELECT DISTINCT left("BillingPeriodStart", 7) FROM focus_1_4 WHERE "BillingPeriodStart" > '2028'$$, $$VALUES ('2029-01'), ('2099-12')$$, 'nor of the export');
SELECT set_eq($$SELECT month FROM focus_known_months('2028-01-01', 'infinity') AS k(month)$$, $$VALUES (date '2029-01-01'), ('2099-12-01')$$, 'nor of the list of its months');
SELECT throws_ok($$SELECT close_month('2029-01-01')$$, '22023', NULL, 'such a month is not closed');
SELECT throws_ok($$INSERT INTO usage_log (at, usage, model, source, request_id) VALUES ('infinity', usage(1), 'fut/fut-a', 'fut', 'inf')$$, '23514', NULL, 'a request without an end is refused');
INSERT INTO usage_log (at, usage, model, source, request_id, team) VALUES ('2345-01-15Z', usage(7000000), 'fut/fut-a', 'fut', '2345', 'red');
SELECT pg_temp.refresh();
SELECT pg_temp.harmless('a request of 2345');
SELECT results_eq($$SELECT reason FROM rejected_usage WHERE request_id = '2345'$$, $$VALUES ('its time is not within the years 2000 to 2099')$$, 'is rejected, and named');

CREATE TABLE pg_temp.fut_import AS SELECT at, usage, model, request_id, team FROM usage_log WHERE false;
INSERT INTO fut_import VALUES ('2031-06-01Z', usage(3000000), 'fut/fut-a', 'i1', 'red');
SELECT is((import_usage('fut_import', 'fut import')).inserted, 1::bigint, 'import_usage() takes a request of 2031');
SELECT pg_temp.refresh();
SELECT pg_temp.harmless('an imported request');
SELECT is((SELECT usd FROM monthly_spend WHERE source = 'fut import'), 3::numeric, 'which is in its month');

INSERT INTO fut_calls VALUES ('2033-03-03Z', 'fut/fut-a', 2000000, 0, 'c2');
DELETE FROM fut_calls WHERE request_id = 'c1';
CREATE TABLE public.fut_calls AS SELECT * FROM fut_calls;
ALTER TABLE public.fut_calls ADD PRIMARY KEY (request_id);
SELECT lives_ok($$SELECT attach_usage('fut calls', 'public.fut_calls', '{"at": "at", "model": "model", "request_id": "request_id", "input": "input_tokens", "output": "output_tokens", "input_includes_cached": false}')$$, 'a log with one is attached');
SELECT pg_temp.refresh();
SELECT set_eq($$SELECT report FROM (SELECT * FROM pg_temp.said() EXCEPT ALL SELECT * FROM before) AS d$$, $$SELECT NULL::text WHERE false$$, 'a request of an attached log');
SELECT is((SELECT usd FROM monthly_spend WHERE source = 'fut calls'), 2::numeric, 'which is in its month, too');

-- Prices that are published for later.
INSERT INTO price_version (published_at, note) VALUES ('2098-01-01Z', 'announced');
INSERT INTO price (version, provider, model, meter, usd) SELECT max(version), 'fut', 'fut-a', 'input', 77 FROM price_version;
SELECT pg_temp.harmless('a price that is announced');
SELECT lives_ok($$SELECT load_prices('{"inferacct": 1, "source": "announced", "checked_on": "2026-11-01", "prices": [{"provider": "fut", "model": "fut-a", "usd": {"input": 88, "output": 99}}]}', published_at => '2097-01-01Z')$$, 'a catalog is announced');
SELECT pg_temp.harmless('a catalog that is announced');
INSERT INTO price_version (published_at, note) VALUES ('2096-01-01Z', 'announced');
INSERT INTO fx_rate (version, valid_from, currency, usd_per_unit) SELECT max(version), '2020-01-01Z', 'EUR', 9 FROM price_version;
INSERT INTO model_alias (version, alias, provider, model) SELECT max(version), 'fut-b', 'fut', 'fut-a' FROM price_version;
SELECT pg_temp.harmless('a rate and a name that are announced');
SELECT set_price('fut', 'fut-a', 'input', 2, now() + interval '1 year');
SELECT pg_temp.harmless('a price that begins next year');
SELECT is(token_cost('fut/fut-a', usage(1000000), now() + interval '2 years'), 2::numeric, 'it begins then');
SELECT throws_ok($$INSERT INTO fx_rate (valid_from, currency, usd_per_unit) VALUES ('infinity', 'EUR', 1)$$, '23514', NULL, 'a rate begins at a finite time');
SELECT throws_ok($$INSERT INTO price_version (published_at) VALUES ('infinity')$$, '23514', NULL, 'a version is published at one');

-- A month is closed at what is known now, with all of this there.
SELECT lives_ok(format('SELECT close_month(%L)', pg_temp.last_month()), 'the month before is closed');
SELECT results_eq(format('SELECT usd, known_at <= clock_timestamp() FROM closed_month WHERE month = %L', pg_temp.last_month()),
	format('SELECT sum(usd), true FROM monthly_spend WHERE month = %L', pg_temp.last_month()), 'at the prices that are known');
SELECT ok((SELECT verified FROM verify_month(pg_temp.last_month())), 'and can be replayed');
SELECT results_eq('SELECT price_effect, late_effect, shared_effect, unbooked_usd FROM month_close', 'VALUES (0::numeric, 0::numeric, 0::numeric, 0::numeric)', 'nothing of it is open');
SELECT is_empty(format($$SELECT FROM focus(%L, %L) WHERE "ChargeClass" IS NOT NULL$$, pg_temp.last_month(), pg_temp.this_month()), 'and FOCUS has no correction of it');
SELECT ok((SELECT reproduced FROM reproduce_month(pg_temp.last_month())), 'it is reproduced, whatever is published for later');

SELECT * FROM finish();
ROLLBACK;
