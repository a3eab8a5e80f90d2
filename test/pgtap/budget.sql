-- budget: forecasts and anomalies of a load whose truth is known.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'Asia/Kolkata';
SELECT plan(24);

SELECT set_price('bud', 'bud-a', 'input', 1), set_price('bud', 'bud-b', 'input', 2);
-- Six weeks from a Monday: so much an hour by day and hour, the same every week; an odd dollar tells the teams apart.
CREATE FUNCTION pg_temp.load(from_day date, until_day date, team text, model text, factor numeric) RETURNS void LANGUAGE sql AS $$
	INSERT INTO usage_log (at, usage, model, source, request_id, team)
	SELECT h, usage((1000000 * $5 * (1 + extract(hour FROM h AT TIME ZONE 'UTC') / 10) * CASE WHEN extract(isodow FROM h AT TIME ZONE 'UTC') > 5 THEN 0.5 ELSE 1 END)::bigint), $4, 'bud', $3 || $4 || h, $3
	FROM generate_series(begin_of($1), begin_of($2) - interval '1 hour', interval '1 hour') AS h $$;
CREATE FUNCTION pg_temp.refresh() RETURNS bigint LANGUAGE sql AS
$$ SELECT refresh_hours('usage_log', '2031-01-01Z', '2031-06-01Z', refresh_changed('usage_log', '2031-01-01Z', true), clock_timestamp()) $$;
SELECT pg_temp.load('2031-03-03', '2031-05-01', 'red', 'bud/bud-a', 1), pg_temp.load('2031-03-03', '2031-05-01', 'blue', 'bud/bud-b', 0.2);
SELECT pg_temp.refresh();
CREATE TEMP VIEW april AS SELECT team, spend(model, usage, at) AS usd FROM usage_log WHERE source = 'bud' AND at >= '2031-04-01Z' AND at < '2031-05-01Z' GROUP BY team;

SELECT ok(abs(normal_quantile(0.1) - 1.2815516) < 4.5e-4 AND abs(normal_quantile(0.025) - 1.9599640) < 4.5e-4 AND abs(normal_quantile(0.5)) < 4.5e-4, 'quantiles of the normal distribution');
SELECT results_eq($$SELECT usd, low_usd, high_usd, expected_usd FROM forecast('2031-04-01', provider => 'bud', at => '2031-05-01Z')$$, 'SELECT sum(usd), sum(usd), sum(usd), 0::numeric FROM april', 'a month that has ended is what it was');
SELECT results_eq($$SELECT spent_usd FROM forecast('2031-04-01', provider => 'bud', at => '2031-04-11 07:59Z')$$, $$SELECT spend(model, usage, at) FROM usage_log WHERE source = 'bud' AND at >= '2031-04-01Z' AND at < '2031-04-11 07:00Z'$$, 'what is spent is exact, to the whole hour');
SELECT results_eq($$SELECT method, abs(usd - (SELECT sum(usd) FROM april)) <= 0.01, high_usd - low_usd <= 0.01 FROM forecast('2031-04-01', provider => 'bud', at => '2031-04-11 07:59Z')$$, $$VALUES ('hour of week', true, true)$$, 'a load that repeats every week is forecast to the cent, with certainty');
SELECT results_eq($$SELECT abs(usd - (SELECT usd FROM april WHERE team = 'blue')) <= 0.01 FROM forecast('2031-04-01', 'blue', at => '2031-04-11Z')$$, 'VALUES (true)', 'of a team alone');
SELECT results_eq($$SELECT method, history_days, usd IS NOT NULL FROM forecast('2031-03-01', 'red', at => '2031-03-10Z')$$, $$VALUES ('hour of day', 7, true)$$, 'with little history, by the hour of the day');
SELECT results_eq($$SELECT usd, low_usd, history_days, reason FROM forecast('2031-03-01', 'red', at => '2031-03-05Z')$$, $$VALUES (NULL::numeric, NULL::numeric, 2, 'fewer than 3 days of history, and fewer than 3 other teams whose weeks could be taken')$$, 'with less, nothing and why');
SELECT results_eq($$SELECT spent_usd, usd, history_days FROM forecast('2031-03-01', 'nobody', at => '2031-03-05Z')$$, 'VALUES (0::numeric, NULL::numeric, 0)', 'with none, nothing');
SELECT throws_ok($$SELECT forecast('2031-03-01', confidence => 1)$$, '22023', NULL, 'no certainty can be asked for');
SELECT throws_ok($$SELECT forecast('2031-03-01', weeks => 0)$$, '22023', NULL, 'nor a forecast from nothing');
SELECT throws_ok($$SELECT forecast(NULL)$$, '22004', NULL, 'nor for no month');

-- Noise: most outcomes lie within the interval, and it is wider for more confidence.
INSERT INTO usage_log (at, usage, model, source, request_id, team)
	SELECT h, usage((hashint8extended(extract(epoch FROM h)::bigint, 7) & 1048575)), 'bud-a', 'bud', 'noise' || h, 'noise' FROM generate_series(timestamptz '2031-01-01Z', '2031-04-30 23:00Z', interval '1 hour') AS h;
SELECT pg_temp.refresh();
CREATE TEMP TABLE tries AS SELECT f.*, (SELECT sum(usd) FROM april WHERE team = 'noise') AS truth FROM generate_series(1, 28) AS d CROSS JOIN LATERAL forecast('2031-04-01', 'noise', at => timestamptz '2031-04-01Z' + d * interval '1 day') AS f;
SELECT ok((SELECT count(*) FILTER (WHERE truth BETWEEN low_usd AND high_usd) BETWEEN 16 AND 28 AND bool_and(low_usd >= spent_usd AND low_usd < usd AND usd < high_usd) FROM tries), 'the 80 % interval has the outcome, mostly');
SELECT ok((SELECT a.high_usd > b.high_usd FROM forecast('2031-04-01', 'noise', at => '2031-04-10Z', confidence => 0.95) AS a, forecast('2031-04-01', 'noise', at => '2031-04-10Z', confidence => 0.5) AS b), 'more confidence, a wider interval');

INSERT INTO budget (name, month, usd, team) VALUES ('tight', '2031-04-01', 100, 'red'), ('short', '2031-04-01', 1200, 'red'), ('wide', '2031-04-01', 1000000, 'red'), ('early', '2031-03-01', 10, 'nobody');
SELECT set_eq($$SELECT name, status FROM budget_pace('2031-04-11Z')$$, $$VALUES ('tight', 'over'), ('short', 'will be over'), ('wide', 'within'), ('early', 'within')$$, 'budgets and their status');
SELECT ok((SELECT pace > 1 AND spent_share + round(left_usd / budget_usd, 4) BETWEEN 0.9999 AND 1.0001 AND elapsed_share = 0.3333 FROM budget_pace('2031-04-11Z') WHERE name = 'short'), 'pace, shares and what is left');
SELECT throws_ok($$INSERT INTO budget (name, month, usd) VALUES ('x', '2031-04-02', 1)$$, '23514', NULL, 'a budget is for a month');
SELECT lives_ok('SELECT * FROM budget_status', 'the view is budget_pace() now');

SELECT is_empty($$SELECT * FROM anomaly('2031-04-01', '2031-04-29', 'red')$$, 'a load that repeats has no anomaly');
SELECT pg_temp.load('2031-04-16', '2031-04-17', 'red', 'bud/bud-b', 3);
UPDATE usage_log SET usage = usage + usage(4000000, requests => 0) WHERE source = 'bud' AND team = 'red' AND model = 'bud/bud-a' AND at >= '2031-04-22Z' AND at < '2031-04-23Z';
SELECT pg_temp.refresh();
SELECT results_eq($$SELECT day, driver_team, driver_model, split_part(cause, ':', 1), driver_share, deviation_usd > 0 FROM anomaly('2031-04-01', '2031-04-29', 'red')$$,
	$$VALUES (date '2031-04-16', 'red', 'bud/bud-b', 'new', 1.0000, true), (date '2031-04-22', 'red', 'bud/bud-a', 'tokens per request', 1.0000, true)$$, 'anomalies name the day, who drove them, and by what');
SELECT results_eq($$SELECT abs(usd - expected_usd - deviation_usd) <= 0.01, usd FROM anomaly('2031-04-16', '2031-04-17')$$, $$SELECT true, spend(model, usage, at) FROM usage_log WHERE source = 'bud' AND at >= '2031-04-16Z' AND at < '2031-04-17Z'$$, 'of all teams, with exact USD');
SELECT is_empty($$SELECT * FROM anomaly('2031-03-03', '2031-03-10', 'red')$$, 'without weeks before there is nothing to judge by');
DELETE FROM usage_log WHERE source = 'bud' AND team = 'red' AND at >= '2031-04-24Z' AND at < '2031-04-25Z';
SELECT pg_temp.refresh();
SELECT results_eq($$SELECT usd, cause FROM anomaly('2031-04-24', '2031-04-25', 'red')$$, $$VALUES (0::numeric, 'requests: none')$$, 'a day without requests is one, too');

-- A model without a price, of whichever team, stops nothing, and is named where it is the driver.
CREATE TEMP TABLE judged AS SELECT * FROM anomaly('2031-04-01', '2031-04-29', 'red');
INSERT INTO usage_log (at, usage, model, source, request_id, team) VALUES ('2031-04-05 10:00Z', usage(1000000000), 'bud/none', 'bud', 'no price', 'red'), ('2031-03-20 10:00Z', usage(1000), 'bud/none', 'bud', 'nor here', 'blue');
SELECT pg_temp.refresh();
SELECT set_eq($$SELECT * FROM anomaly('2031-04-01', '2031-04-29', 'red')$$, 'SELECT * FROM judged', 'a request without a price changes nothing else');
INSERT INTO price (provider, model, meter, usd, valid_from) SELECT 'bud', 'bud-a', m, NULL, '2031-04-27Z' FROM unnest(ARRAY['input', 'output']) AS m;
SELECT results_eq($$SELECT day, driver_model, cause ~ '^no price: [0-9]+ requests are in no figure$' FROM anomaly('2031-04-27', '2031-04-28', 'red')$$, $$VALUES (date '2031-04-27', 'bud/bud-a', true)$$, 'a day that is cheap since its prices have ended says so');

SELECT * FROM finish();
ROLLBACK;
