-- forecast: only the month asked for, at the prices to come, of hours that are known; and how far off it is.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'Asia/Kolkata';
SELECT plan(31);

SELECT set_price('foc', 'foc-a', 'input', 1), set_price('foc', 'foc-a', 'input', 0.5, '2021-11-16Z');
CREATE FUNCTION pg_temp.write(series text, day date, hour int, usd float8) RETURNS void LANGUAGE sql AS $$
	INSERT INTO usage_log (at, usage, model, source, request_id, team) SELECT begin_of($2) + $3 * interval '1 hour', usage(($4 * 1000000)::bigint), 'foc/foc-a', 'foc', $1 || $2 || ' ' || $3, $1 $$;
CREATE FUNCTION pg_temp.refresh() RETURNS bigint LANGUAGE sql AS
$$ SELECT refresh_hours('usage_log', '2021-01-01Z', '2022-06-01Z', refresh_changed('usage_log', '2021-01-01Z', true), clock_timestamp()) $$;
-- 100 USD a day of tokens, every day alike, hour by hour.
SELECT count(pg_temp.write('flat', d::date, h, 100 / 24.0)) FROM generate_series('2021-06-01'::timestamp, '2021-11-30', '1 day') AS d, generate_series(0, 23) AS h;
SELECT pg_temp.refresh();

SELECT is(round(usd, 1), want, format('%s as seen at %s', month, at)) FROM (VALUES (date '2021-10-01', timestamptz '2021-09-10Z', 3100.0), ('2021-11-01', '2021-09-10Z', 2250), ('2021-12-01', '2021-09-10Z', 1550),
	('2021-11-01', '2021-11-10Z', 2250), ('2021-11-01', '2021-11-15Z', 2250), ('2021-11-01', '2021-11-18Z', 2250), ('2021-10-01', '2021-10-20 07:30Z', 3100)) AS v(month, at, want)
CROSS JOIN LATERAL forecast(month, 'flat', at => at) AS f;
SELECT is((SELECT spent_usd FROM forecast('2021-10-01', 'flat', at => '2021-09-10Z')), 0::numeric, 'nothing is spent of a month that has not begun');
SELECT results_eq($$SELECT high_usd - low_usd < 0.05 FROM forecast('2021-11-01', 'flat', at => '2021-11-10Z')$$, 'VALUES (true)', 'what never varies has no interval');
INSERT INTO budget (name, month, usd, team) VALUES ('october', '2021-10-01', 3500, 'flat');
SELECT is((SELECT status FROM budget_pace('2021-09-10Z') WHERE name = 'october'), 'within', 'a budget of next month is not used up by this one');

-- Hours that are not there yet are expected, and not 0.
DELETE FROM usage_log WHERE source = 'foc' AND at >= '2021-10-19Z' AND at < '2021-10-20Z';
SELECT pg_temp.refresh();
SELECT results_eq($$SELECT round(usd, 1), known_until FROM forecast('2021-10-01', 'flat', at => '2021-10-20Z')$$, $$VALUES (3100.0, timestamptz '2021-10-19Z')$$, 'a day that is not read yet is expected');
SELECT count(pg_temp.write('other', '2021-10-19', h, 1)) FROM generate_series(0, 23) AS h;
SELECT pg_temp.refresh();
SELECT results_eq($$SELECT round(spent_usd, 1), known_until FROM forecast('2021-10-01', 'flat', at => '2021-10-20Z')$$, $$VALUES (1800.0, timestamptz '2021-10-20Z')$$, 'a team that is silent while others are not has spent nothing');

-- What has no price stops nothing, and is told.
INSERT INTO usage_log (at, usage, model, source, request_id, team) VALUES ('2021-10-05Z', usage(1000), 'foc/unknown', 'foc', 'unpriced', 'flat');
SELECT pg_temp.refresh();
SELECT results_eq($$SELECT unpriced_requests, usd > 2900, reason LIKE '1 requests of the month have no price%' FROM forecast('2021-10-01', 'flat', at => '2021-10-20Z')$$, 'VALUES (1::bigint, true, true)', 'one request without a price');
SELECT ok((SELECT count(*) = 1 FROM budget_pace('2021-10-20Z')), 'nor does it stop the budgets');

-- What is shared counts for a budget, too.
INSERT INTO commitment (name, provider, type, models, service_tier, unit, units, usd_per_unit, per, since, until) VALUES ('foc-ptu', 'foc', 'PT', '{foc-a}', 'provisioned', 'PTU', 1, 36000, 'month', '2021-10-01Z', '2021-11-01Z');
INSERT INTO shared_cost (month, name, usd) VALUES ('2021-10-01', 'gateway', 100);
INSERT INTO budget (name, month, usd, team, provider) VALUES ('provider', '2021-10-01', 5000, NULL, 'foc'), ('all', '2021-10-01', 5000, NULL, NULL), ('both', '2021-10-01', 5000, 'flat', 'foc');
SELECT set_eq($$SELECT name, status, shared_usd FROM budget_pace('2021-10-20Z') WHERE name <> 'october'$$, $$VALUES ('provider', 'over', 36000.0), ('all', 'over', 36100), ('both', 'within', NULL)$$, 'a commitment is over the budget of its provider');
SELECT is((SELECT shared_usd FROM budget_pace('2021-10-20Z') WHERE name = 'october'), (SELECT sum(allocated_usd) FROM shared_cost_allocation WHERE team = 'flat' AND month = '2021-10-01'), 'a team bears its part');
SELECT is((SELECT left_usd + spent_usd + shared_usd FROM budget_pace('2021-10-20Z') WHERE name = 'october'), 3500::numeric, 'and what is left is after it');

-- The backtest: days of known kinds, by a seed; the forecast against the mean of the same weekday of four weeks.
\set seeds 8
\ir ../../bench/backtest.sql
SELECT diag(format('%s: off by %s %%, the weekday mean by %s %%; in the interval %s and %s of 100', kind, error, plain, in_80, in_95)) FROM backtest ORDER BY is_all, n;
SELECT is((SELECT count(*) FROM backtest WHERE NOT is_all AND is_new IS NOT NULL), 19::bigint, 'eight known kinds, and eleven new ones');
SELECT cmp_ok(error, '<', plain, 'it is better than the mean of the same weekday') FROM backtest WHERE is_all;
SELECT is_empty('SELECT kind, error, plain FROM backtest WHERE error > 1.02 * plain', 'and nowhere more than 2 % worse');
SELECT ok(abs(in_80 - 80) <= 5 AND abs(in_95 - 95) <= 5, 'the intervals have the outcome as often as they say, on average') FROM backtest WHERE is_all;
SELECT is_empty('SELECT kind, in_80, in_95 FROM backtest WHERE abs(in_80 - 80) > 10 OR abs(in_95 - 95) > 10', 'and of every kind within 10 of 100');

-- What forecast() says of a log is what was tried here.
SELECT count(pg_temp.write('walk', date '2020-01-01' + t - 1, 7, x[t])) FROM (SELECT pg_temp.series(n, kind, 1) AS x FROM kind WHERE kind = 'a random walk') AS s, generate_series(1, 150) AS t;
SELECT refresh_hours('usage_log', '2020-01-01Z', '2020-06-01Z', refresh_changed('usage_log', '2020-01-01Z', true), clock_timestamp());
SELECT results_eq($$SELECT round(expected_usd, 1) FROM forecast('2020-05-01', 'walk', at => '2020-05-11Z')$$, $$SELECT round((f.level * (SELECT sum((week_shares(x[20:131], 112))[(k - 1) % 7 + 1]) FROM generate_series(1, 21) AS k))::numeric, 1)
	FROM kind AS n CROSS JOIN LATERAL pg_temp.series(n.n, n.kind, 1) AS x CROSS JOIN LATERAL fitted_level(x[20:131], 0, 21) AS f WHERE n.kind = 'a random walk'$$, 'forecast() is what was tried');

-- A team of which little is known, in the week of the others.
SELECT count(pg_temp.write('team ' || t, d::date, h, t * CASE WHEN extract(isodow FROM d) > 5 THEN 0.2 ELSE 1 END)) FROM generate_series('2022-01-03'::timestamp, '2022-04-30', '1 day') AS d, generate_series(0, 23, 6) AS h, generate_series(1, 3) AS t;
SELECT count(pg_temp.write('new', d::date, h, 5 * CASE WHEN extract(isodow FROM d) > 5 THEN 0.2 ELSE 1 END)) FROM generate_series('2022-04-05'::timestamp, '2022-04-30', '1 day') AS d, generate_series(0, 23, 6) AS h;
SELECT pg_temp.refresh();
SELECT results_eq($$SELECT round(f.usd, 1), f.method, f.history_days, f.high_usd - f.low_usd < 0.1 FROM generate_series(timestamptz '2022-04-06Z', '2022-04-17Z', '1 day') AS at CROSS JOIN LATERAL forecast('2022-04-01', 'new', at => at) AS f$$,
	$$SELECT (SELECT sum(usd) FROM daily_spend WHERE team = 'new'), 'hour of day, in the week of others', n, true FROM generate_series(1, 12) AS n$$, 'a team that began yesterday has the week of the others');
SELECT results_eq($$SELECT usd, method, reason FROM forecast('2022-04-01', 'new', at => '2022-04-05 20:00Z')$$, $$VALUES (NULL::numeric, NULL, 'no day of history: nothing to go by')$$, 'without a day it is impossible, and said to be');
SELECT results_eq($$SELECT usd, reason FROM forecast('2022-04-01', 'nobody', at => '2022-04-20Z')$$, $$VALUES (NULL::numeric, 'no day of history: nothing to go by')$$, 'as of a team that never was');
INSERT INTO usage_log (at, usage, model, source, request_id, team) SELECT at, usage((1000000 * pg_temp.uniform(extract(epoch FROM at)::bigint + t) * t)::bigint), 'foc/foc-a', 'foc', 'uneven' || t || at, 'team ' || t
FROM generate_series(timestamptz '2022-01-03Z', '2022-04-30Z', '3 hours') AS at, generate_series(1, 3) AS t;
SELECT pg_temp.refresh();
SELECT results_eq($$SELECT a.high_usd - a.low_usd > 1, b.high_usd - b.low_usd > a.high_usd - a.low_usd FROM forecast('2022-04-01', 'new', at => '2022-04-10Z', confidence => 0.5) AS a, forecast('2022-04-01', 'new', at => '2022-04-10Z', confidence => 0.95) AS b$$, 'VALUES (true, true)', 'its interval is what guesses of the others missed by');

SELECT throws_ok(statement, state, NULL, statement) FROM (VALUES ($$SELECT forecast('2021-03-01', confidence => 0)$$, '22023'), ($$SELECT forecast('2021-03-01', weeks => 105)$$, '22023'), ($$SELECT forecast('2021-03-01', at => 'infinity')$$, '22023'), ($$SELECT forecast('infinity')$$, '22008')) AS t(statement, state);

SELECT * FROM finish();
ROLLBACK;
