-- forecast: only the month asked for, at the prices to come, of hours that are known; and how far off it is.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'Asia/Kolkata';
SELECT plan(25);

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
CREATE FUNCTION pg_temp.noise(n bigint) RETURNS float8 LANGUAGE sql AS $$		-- standard normal, of twelve uniform ones
	SELECT sum((hashint8extended($1 * 12 + i, 20261130) & 1048575) / 1048576.0) - 6 FROM generate_series(0, 11) AS i $$;
CREATE FUNCTION pg_temp.series(kind text, seed int) RETURNS float8[] LANGUAGE plpgsql AS $$
DECLARE
	x float8[]; e float8; ar float8 := 0; walk float8 := 0; week float8[] := '{1,1.05,1.1,1.05,1,0.5,0.45}'; v float8;
BEGIN
	FOR t IN 0 .. 329 LOOP
		e := pg_temp.noise(hashtext(kind)::bigint * 1000 + seed * 400 + t);
		ar := CASE kind WHEN 'like yesterday' THEN 0.5 WHEN 'very like yesterday' THEN 0.8 ELSE 0 END * ar + 0.15 * e;
		walk := walk + 0.05 * e;
		v := CASE kind WHEN 'even' THEN 1 + 0.05 * e WHEN 'noisy' THEN exp(0.5 * e) WHEN 'growing' THEN power(1.08, t / 30.0) * (1 + 0.1 * e) WHEN 'shrinking' THEN power(0.92, t / 30.0) * (1 + 0.1 * e)
			WHEN 'holidays' THEN (1 + 0.1 * e) * CASE WHEN t % 60 IN (20, 21, 22) THEN 0.3 ELSE 1 END WHEN 'random walk' THEN exp(walk) WHEN 'weekly' THEN 1 + 0.1 * e ELSE exp(ar) END;
		x := x || greatest(100 * v * CASE WHEN kind = 'even' THEN 1 ELSE week[t % 7 + 1] END, 0);
	END LOOP;
	RETURN x;
END $$;
CREATE TEMP TABLE tried AS
WITH series AS MATERIALIZED (SELECT kind, seed, pg_temp.series(kind, seed) AS x FROM unnest(ARRAY['even', 'noisy', 'weekly', 'like yesterday', 'very like yesterday', 'growing', 'shrinking', 'holidays', 'random walk']) AS kind, generate_series(1, 6) AS seed),
asked AS (SELECT s.kind, s.seed, s.x, 30 * m + d AS n, 30 - d AS days, 30 * m AS begun FROM series AS s, generate_series(4, 9) AS m, unnest(ARRAY[4, 10, 18]) AS d),
found AS (SELECT a.*, f.level, f.sd, week_shares(x[greatest(n - 111, 1):n], least(n, 112)) AS shares, (SELECT sum(v) FROM unnest(x[begun + 1:n]) AS v) AS spent, (SELECT sum(v) FROM unnest(x[n + 1:n + days]) AS v) AS truth,
	(SELECT sum((SELECT avg(x[n + k - 7 * (j + (k - 1) / 7)]) FROM generate_series(1, 4) AS j)) FROM generate_series(1, days) AS k) AS weekday_mean
	FROM asked AS a CROSS JOIN LATERAL fitted_level(x[greatest(n - 111, 1):n], 0, days) AS f)
SELECT kind, abs(guess - truth) / (spent + truth) AS error, abs(weekday_mean - truth) / (spent + truth) AS plain, abs(guess - truth) <= 1.2816 * sd AS in_80, abs(guess - truth) <= 1.96 * sd AS in_95
FROM (SELECT *, level * (SELECT sum(shares[(k - 1) % 7 + 1]) FROM generate_series(1, days) AS k) AS guess FROM found) AS f;
SELECT diag(format('%s: off by %s %%, the weekday mean by %s %%; in the interval %s and %s of 100', kind, round(100 * avg(error)::numeric, 2), round(100 * avg(plain)::numeric, 2), round(100.0 * count(*) FILTER (WHERE in_80) / count(*)), round(100.0 * count(*) FILTER (WHERE in_95) / count(*)))) FROM tried GROUP BY kind ORDER BY kind;
SELECT cmp_ok((SELECT avg(error) FROM tried), '<', (SELECT avg(plain) FROM tried), 'it is better than the mean of the same weekday');
SELECT is_empty('SELECT kind, avg(error) / avg(plain) FROM tried GROUP BY kind HAVING avg(error) > 1.02 * avg(plain)', 'and nowhere more than 2 % worse');
SELECT ok((SELECT abs(avg(in_80::int) - 0.8) <= 0.05 AND abs(avg(in_95::int) - 0.95) <= 0.05 FROM tried), 'the intervals have the outcome as often as they say, on average');
SELECT is_empty('SELECT kind, avg(in_80::int), avg(in_95::int) FROM tried GROUP BY kind HAVING abs(avg(in_80::int) - 0.8) > 0.1 OR abs(avg(in_95::int) - 0.95) > 0.1', 'and of every kind within 10 of 100');

SELECT throws_ok(statement, state, NULL, statement) FROM (VALUES ($$SELECT forecast('2021-03-01', confidence => 0)$$, '22023'), ($$SELECT forecast('2021-03-01', weeks => 105)$$, '22023'), ($$SELECT forecast('2021-03-01', at => 'infinity')$$, '22023'), ($$SELECT forecast('infinity')$$, '22008')) AS t(statement, state);

SELECT * FROM finish();
ROLLBACK;
