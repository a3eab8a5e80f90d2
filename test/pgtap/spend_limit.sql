-- spend_limit: what limits saw, when they alert, and what may be spent.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'Asia/Kolkata';
SET LOCAL client_min_messages = warning;
SELECT plan(56);

SELECT set_price('limitco', m, meter, 1, '2024-01-01', unit_quantity => 1) FROM unnest('{a,b}'::text[]) AS m, unnest('{input,output}'::text[]) AS meter;
INSERT INTO usage_dimension (name, log_column) VALUES ('customer', 'end_user');
CREATE FUNCTION pg_temp.refresh() RETURNS void LANGUAGE plpgsql AS $$
DECLARE f record;
BEGIN
	f := refresh_find('usage_log', NULL, false, NULL, true);
	PERFORM refresh_hours('usage_log', f.hours[1], f.hours[cardinality(f.hours)] + interval '1 hour', f.hours, f.found_at);
	PERFORM refresh_end('usage_log', f.found_at, f.identity, f.problem);
END $$;
-- One USD an hour of team blue and model a, customer x by day; two of red and b, customer y.
INSERT INTO usage_log (at, usage, model, source, request_id, team, end_user)
SELECT h, usage(n), 'limitco/' || m, 'lim', concat_ws(' ', h, m), t, CASE WHEN extract(hour FROM h AT TIME ZONE 'UTC') < 12 THEN c END
FROM generate_series(timestamptz '2033-03-01 00:20Z', '2033-03-16 09:20Z', '1 hour') AS h, (VALUES ('a', 'blue', 'x', 1), ('b', 'red', 'y', 2)) AS v (m, t, c, n);
SELECT pg_temp.refresh();

SELECT throws_ok(format('INSERT INTO spend_limit (name, usd, period, width, dimensions, thresholds) VALUES (%s)', v), '23514', NULL, v) FROM unnest(ARRAY[
	$$'', 1, 'day', NULL, '{}', '{1}'$$, $$'l', 0, 'day', NULL, '{}', '{1}'$$, $$'l', 1, 'year', NULL, '{}', '{1}'$$, $$'l', 1, 'day', '1 day', '{}', '{1}'$$, $$'l', 1, 'rolling', NULL, '{}', '{1}'$$,
	$$'l', 1, 'rolling', '90 minutes', '{}', '{1}'$$, $$'l', 1, 'rolling', '1 month', '{}', '{1}'$$, $$'l', 1, 'day', NULL, '[]', '{1}'$$, $$'l', 1, 'day', NULL, '{}', '{}'$$,
	$$'l', 1, 'day', NULL, '{}', '{0}'$$, $$'l', 1, 'day', NULL, '{}', '{0.5,NULL}'$$]) AS v;
INSERT INTO spend_limit (name, usd, period, width, dimensions) VALUES ('day', 100, 'day', NULL, '{}'), ('week', 200, 'week', NULL, '{"team": "blue"}'), ('month', 1200, 'month', NULL, '{"model": "b", "team": "red"}'),
	('three days', 216, 'rolling', '72 hours', '{}'), ('customer', 7, 'day', NULL, '{"customer": "x"}'), ('none', 5, 'day', NULL, '{"team": "green"}'), ('unknown', 5, 'day', NULL, '{"colour": "red"}');
INSERT INTO budget (name, month, usd, provider) VALUES ('all', '2033-03-01', 1500, 'limitco'), ('past', '2033-02-01', 1, NULL), ('day', '2033-03-01', 1, NULL);

SELECT is(may_spend('day', 1, '2033-03-16 10:00Z'), NULL, 'nobody has looked yet: not known');
SELECT throws_ok($$SELECT may_spend('nobody', 1)$$, '42704', NULL, 'no such budget');
SELECT throws_ok($$SELECT may_spend('past', 1, '2033-03-16 10:00Z')$$, '42704', NULL, 'one of another month is none');
CREATE TEMP TABLE raised AS SELECT * FROM check_budgets('2033-03-16 10:10Z');
-- Plain SQL over the rows.
CREATE FUNCTION pg_temp.spent(since timestamptz, t text DEFAULT NULL, c text DEFAULT NULL, m text DEFAULT NULL) RETURNS numeric LANGUAGE sql AS $$
	SELECT trim_scale(spend(model, usage, at)) FROM usage_log WHERE source = 'lim' AND at >= $1 AND at < '2033-03-16 11:00Z' AND ($2 IS NULL OR team = $2) AND ($3 IS NULL OR end_user = $3) AND ($4 IS NULL OR model = $4) $$;
SELECT results_eq('SELECT name::text COLLATE "default", since, until, spent_usd FROM budget_state ORDER BY name', $$VALUES
	('all', timestamptz '2033-03-01Z', timestamptz '2033-04-01Z', pg_temp.spent('2033-03-01Z')), ('customer', '2033-03-16Z', '2033-03-17Z', pg_temp.spent('2033-03-16Z', c => 'x')),
	('day', '2033-03-16Z', '2033-03-17Z', pg_temp.spent('2033-03-16Z')), ('month', '2033-03-01Z', '2033-04-01Z', pg_temp.spent('2033-03-01Z', 'red', m => 'limitco/b')), ('none', '2033-03-16Z', '2033-03-17Z', 0),
	('three days', '2033-03-13 11:00Z', '2033-03-16 11:00Z', pg_temp.spent('2033-03-13 11:00Z')), ('unknown', '2033-03-16Z', '2033-03-17Z', 0), ('week', '2033-03-14Z', '2033-03-21Z', pg_temp.spent('2033-03-14Z', 'blue'))$$,
	'what was spent in days, weeks and months of UTC, whatever the session''s zone, by any dimension');
SELECT is((SELECT string_agg(concat_ws(' ', name, kind, threshold), ', ' ORDER BY name, kind DESC, threshold) FROM raised),
	'all spent 0.5, all forecast 1, customer spent 0.5, customer spent 0.8, customer spent 1, customer forecast 1, month spent 0.5, month forecast 1, three days spent 0.5, three days spent 0.8', 'alerts');
SELECT is((SELECT breach_at FROM budget_state WHERE name = 'month'), timestamptz '2033-03-26 00:10Z', 'so much a month is passed when the pace of the last week says');
SELECT is((SELECT breach_at FROM budget_state WHERE name = 'week'), NULL, 'not within the week');
SELECT is((SELECT breach_at FROM budget_state WHERE name = 'customer'), timestamptz '2033-03-16 10:10Z', 'one that is passed, is');
SELECT matches((SELECT problem FROM budget_state WHERE name = 'unknown'), '^42704 there is no dimension "colour"', 'a limit by what is no dimension has a problem, and stops nobody');
SELECT is_empty($$SELECT * FROM check_budgets('2033-03-16 10:20Z')$$, 'an alert is raised once');

-- What may be spent
SELECT is(may_spend('day', spare, '2033-03-16 10:30Z'), answer, format('%s USD of the 70 that are left', spare)) FROM (VALUES (0, true), (70, true), (70.01, false)) AS v (spare, answer);
SELECT is(may_spend('customer', 0, '2033-03-16 10:30Z'), false, 'nothing, when it has been passed');
SELECT is(may_spend('all', 389, '2033-03-16 10:30Z'), true, 'a budget of the month');
SELECT is(may_spend('unknown', 0, '2033-03-16 10:30Z'), NULL, 'what cannot be looked at is not known');
SELECT is(may_spend(b, u, a), NULL, why) FROM (VALUES ('day', 1, timestamptz '2033-03-16 11:21Z', 'too old'), ('day', 1, '2033-03-17 00:00Z', 'over'), ('day', 1, '2033-03-15 23:00Z', 'before'),
	(NULL, 1, '2033-03-16 10:30Z', 'no budget'), ('day', NULL, '2033-03-16 10:30Z', 'no amount'), ('day', 1, NULL, 'no time')) AS v (b, u, a, why);
SELECT throws_ok($$SELECT may_spend('day', -1)$$, '22023', NULL, 'nothing is spent back');
SELECT throws_ok($$SELECT may_spend('day', 'NaN')$$, '22023', NULL, 'nor no number');
UPDATE spend_limit SET stale_after = '5 hours' WHERE name = 'day';
SELECT is((SELECT count(*) FROM check_budgets('2033-03-16 10:30Z')), 0::bigint, 'a limit that is changed');
SELECT is(may_spend('day', 1, '2033-03-16 15:29Z'), true, 'is known for longer');

-- Spend that rises, falls and rises
INSERT INTO usage_log (at, usage, model, source, request_id, team) VALUES ('2033-03-16 10:40Z', usage(60), 'limitco/a', 'lim', 'x', 'green');
SELECT pg_temp.refresh();
SELECT is((SELECT string_agg(concat_ws(' ', name, kind, threshold), ', ' ORDER BY name, kind DESC, threshold) FROM check_budgets('2033-03-16 10:45Z')),
	'day spent 0.5, day spent 0.8, day forecast 1, none spent 0.5, none spent 0.8, none spent 1, none forecast 1, three days spent 1, three days forecast 1', 'more was spent: thresholds are passed');
DELETE FROM usage_log WHERE request_id = 'x' AND source = 'lim';
SELECT pg_temp.refresh();
SELECT is_empty($$SELECT * FROM check_budgets('2033-03-16 10:50Z')$$, 'it was wrong and is taken back');
SELECT is((SELECT count(*) FROM budget_alert WHERE name = 'none' AND cleared_at = '2033-03-16 10:50Z'), 4::bigint, 'which clears its alerts');
INSERT INTO usage_log (at, usage, model, source, request_id, team) VALUES ('2033-03-16 10:40Z', usage(6), 'limitco/a', 'lim', 'x', 'green');
SELECT pg_temp.refresh();
SELECT is((SELECT count(*) FROM check_budgets('2033-03-16 10:55Z') WHERE name = 'none'), 4::bigint, 'and raises them anew');
SELECT is((SELECT count(*) FROM check_budgets('2033-03-17 00:10Z') WHERE name = 'none'), 0::bigint, 'a new day begins');
SELECT is((SELECT spent_usd FROM budget_state WHERE name = 'none'), 0::numeric, 'with nothing spent');
SELECT is((SELECT (spent_share, alerts, known)::text FROM budget_metrics WHERE budget = 'none'), '(0,0,1)', 'and says so to a monitor');
SELECT is((SELECT alerts FROM budget_metrics WHERE budget = 'three days'), 2::bigint, 'a rolling window has no new period');

-- What has no price
INSERT INTO usage_log (at, usage, model, source, request_id, team) VALUES ('2033-03-17 00:01Z', usage(6), 'nobody knows', 'lim', 'y', 'green');
SELECT pg_temp.refresh();
SELECT lives_ok($$SELECT * FROM check_budgets('2033-03-17 00:20Z')$$, 'what has no price stops nothing');
SELECT is((SELECT problem FROM budget_state WHERE name = 'none'), '1 requests have no price: see unpriced_usage', 'and is told');
DELETE FROM spend_limit WHERE name = 'none';
SELECT check_budgets('2033-03-17 00:30Z');
SELECT throws_ok($$SELECT may_spend('none', 1)$$, '42704', NULL, 'a limit that is gone has no state');
-- A budget bears what is shared, in the same figures as in budget_pace().
INSERT INTO shared_cost (month, name, usd, basis) VALUES ('2033-03-01', 'gateway', 900, 'requests'), ('2033-03-01', 'credit note', -30, 'requests');
INSERT INTO budget (name, month, usd, team) VALUES ('blues', '2033-03-01', 1000, 'blue'), ('everything', '2033-03-01', 3000, NULL), ('a of blue', '2033-03-01', 500, 'blue');
UPDATE budget SET model = 'a' WHERE name = 'a of blue';
CREATE TEMP TABLE looked AS SELECT * FROM check_budgets('2033-03-17 00:40Z');
SELECT set_eq($$SELECT name, spent_usd, shared_usd, usd - spent_usd - coalesce(shared_usd, 0) FROM budget_state WHERE name IN ('blues', 'everything', 'a of blue', 'all')$$,
	$$SELECT name COLLATE "C", spent_usd, shared_usd, left_usd FROM budget_pace('2033-03-17 00:40Z') WHERE name IN ('blues', 'everything', 'a of blue', 'all')$$, 'a budget has one figure');
SELECT results_eq($$SELECT name::text COLLATE "default", shared_usd FROM budget_state WHERE name IN ('blues', 'everything', 'a of blue') ORDER BY 1$$, $$VALUES ('a of blue', NULL), ('blues', (SELECT sum(allocated_usd) FROM shared_cost_allocation WHERE month = '2033-03-01' AND team = 'blue')), ('everything', 870)$$, 'with its part of what is shared, where that can be told');
SELECT set_eq($$SELECT threshold FROM looked WHERE name = 'blues' AND kind = 'spent' AND shared_usd > 400$$, 'VALUES (0.5), (0.8)', 'thresholds are passed by both together');
SELECT is(may_spend('blues', (SELECT left_usd FROM budget_pace('2033-03-17 00:40Z') WHERE name = 'blues') + u, '2033-03-17 00:41Z'), u = 0, 'what may be spent is what is left after both') FROM (VALUES (0), (0.01)) AS v(u);
SELECT is((SELECT round((left_usd + spent_usd + shared_usd)::numeric, 6) FROM budget_metrics WHERE budget = 'everything'), 3000::numeric, 'and monitors have it');

SELECT throws_ok($$SELECT check_budgets('infinity')$$, '22023', NULL, 'no moment');
SELECT throws_ok($$SELECT check_budgets(NULL)$$, '22023', NULL, 'nor a NULL one');

SELECT * FROM finish();
ROLLBACK;
