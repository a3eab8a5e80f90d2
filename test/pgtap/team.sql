-- team: a team that is renamed, or merged into another, keeps its history; no money moves.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL client_min_messages = warning;
SELECT plan(35);

SELECT set_price('tea', 'tea-a', 'input', 1);
INSERT INTO usage_log (at, usage, model, source, request_id, team) SELECT d + n * interval '1 hour', usage(1000000 * n), 'tea/tea-a', 'tea', t || d || n, t
FROM generate_series(timestamptz '2021-03-01Z', '2021-04-30Z', '1 day') AS d, (VALUES ('red', 1), ('blue', 2), ('green', 3)) AS v(t, n);
CREATE FUNCTION pg_temp.refresh() RETURNS bigint LANGUAGE sql AS $$ SELECT refresh_hours('usage_log', '2021-03-01Z', '2021-06-01Z', refresh_changed('usage_log', '2021-03-01Z', true), clock_timestamp()) $$;
SELECT pg_temp.refresh();
INSERT INTO shared_cost (month, name, usd, basis, shares) SELECT m, v.* FROM unnest('{2021-03-01,2021-04-01}'::date[]) AS m, (VALUES ('gateway', 61, 'tokens', NULL::jsonb), ('agreed', 60, 'shares', '{"red": 1, "blue": 2, "green": 3}')) AS v;
INSERT INTO budget (name, month, usd, team) VALUES ('reds', '2021-04-01', 100, 'red');
SELECT close_month('2021-03-01');
CREATE TEMP TABLE before AS SELECT month, sum(usd) AS usd FROM month_books GROUP BY month;

SELECT is(rename_team('red', 'crimson'), 61::bigint, 'a team is renamed');
SELECT set_eq('SELECT month, team, usd FROM spend_by_team', $$VALUES (date '2021-03-01', 'crimson', 31::numeric), ('2021-03-01', 'blue', 62), ('2021-03-01', 'green', 93), ('2021-04-01', 'crimson', 30), ('2021-04-01', 'blue', 60), ('2021-04-01', 'green', 90)$$, 'and has its history');
SELECT compact_usage();
SELECT set_eq($$SELECT month, usd FROM monthly_spend WHERE team = 'crimson'$$, $$VALUES (date '2021-03-01', 31::numeric), ('2021-04-01', 30)$$, 'compacted, too');
SELECT set_eq($$SELECT month, name, round(allocated_usd, 6) FROM shared_cost_allocation WHERE team = 'crimson'$$, $$SELECT m, n, round(u, 6) FROM (VALUES (date '2021-03-01', 'gateway', 61 / 6.0), ('2021-04-01', 'gateway', 61 / 6.0), ('2021-03-01', 'agreed', 10), ('2021-04-01', 'agreed', 10)) AS v(m, n, u)$$, 'shares, also those that name the old one');
SELECT results_eq($$SELECT spent_usd, round(shared_usd, 6) FROM budget_pace('2021-05-01Z') WHERE name = 'reds'$$, $$VALUES (30::numeric, round(61 / 6.0 + 10, 6))$$, 'a budget by the old name is of the same team');
SELECT is((SELECT spent_usd FROM forecast('2021-04-01', 'red', at => '2021-05-01Z')), 30::numeric, 'and a forecast');
INSERT INTO spend_limit (name, usd, period, dimensions) VALUES ('limit', 1, 'month', '{"team": "red"}');
SELECT is((SELECT (s.state).spent_usd FROM limit_state('2021-04-30 23:30Z') AS s WHERE (s.state).name = 'limit'), 30::numeric, 'and a limit');
INSERT INTO usage_log (at, usage, model, source, request_id, team) VALUES ('2021-04-30 20:00Z', usage(5000000), 'tea/tea-a', 'tea', 'late', 'red');
SELECT pg_temp.refresh();
SELECT is((SELECT sum(usd) FROM spend_by_team WHERE month = '2021-04-01' AND team = 'crimson'), 35::numeric, 'what still comes under the old name is its own');

-- Books.
SELECT is_empty('SELECT FROM restated_spend WHERE late_effect <> 0 OR price_effect <> 0 OR unbooked_usd <> 0', 'a new name is no late usage');
SELECT is_empty($$SELECT adjust_month('2021-03-01', '2021-05-01') WHERE false UNION ALL SELECT j FROM adjust_month('2021-03-01', '2021-05-01') AS j WHERE j.entry IS NOT NULL$$, 'and there is nothing to adjust');
SELECT set_eq('SELECT month, sum(usd) FROM month_books GROUP BY month', 'SELECT month, usd FROM before', 'the books are as they were');
SELECT is((SELECT sum(usd) FROM month_books WHERE team = 'crimson' AND shared_cost IS NULL), 31::numeric, 'under its present name');
SELECT set_eq('SELECT DISTINCT team FROM journal_line', $$VALUES ('red'), ('blue'), ('green')$$, 'what is booked has the name that it was booked under');
SELECT ok((SELECT verified FROM verify_month('2021-03-01')), 'and is verified');

-- A member of the team, by whichever name.
CREATE ROLE inferacct_test_team ROLE CURRENT_USER IN ROLE inferacct_reader;
INSERT INTO team_member VALUES ('inferacct_test_team', 'red');
SELECT keep_allocation();
SELECT protect_usage();
SET LOCAL ROLE inferacct_test_team;
SELECT set_eq('SELECT team, sum(usd) FROM monthly_spend GROUP BY team', $$VALUES ('crimson', 66::numeric)$$, 'sees it');
SELECT set_eq('SELECT DISTINCT team FROM shared_cost_allocation', $$VALUES ('crimson')$$, 'its shares');
SELECT set_eq('SELECT DISTINCT team FROM booked_cost', $$VALUES ('red')$$, 'what was booked');
SELECT set_eq('SELECT DISTINCT team FROM usage_log', $$VALUES ('red')$$, 'the log');
SELECT set_eq('SELECT name FROM budget', $$VALUES ('reds')$$, 'and its budget');
SELECT throws_ok($$SELECT rename_team('crimson', 'mine')$$, '42501', NULL, 'and renames nothing');
RESET ROLE;
SELECT protect_usage(false);

-- Merged, renamed again, and back.
SELECT is(rename_team('blue', 'crimson') > 0, true, 'a team is merged into it');
SELECT set_eq($$SELECT month, usd FROM spend_by_team WHERE team = 'crimson'$$, $$VALUES (date '2021-03-01', 93::numeric), ('2021-04-01', 95)$$, 'with all of its history');
SELECT is((SELECT units FROM shared_cost_allocation WHERE month = '2021-04-01' AND name = 'agreed' AND team = 'crimson'), 3::numeric, 'and both shares');
SELECT is(rename_team('crimson', 'scarlet') > 0, true, 'renamed again');
SELECT set_eq('SELECT alias, team FROM team_alias', $$VALUES ('red', 'scarlet'), ('blue', 'scarlet'), ('crimson', 'scarlet')$$, 'all names that it had are its own');
SELECT is(rename_team('scarlet', 'crimson') > 0, true, 'and back to one');
SELECT set_eq('SELECT alias, team FROM team_alias', $$VALUES ('red', 'crimson'), ('blue', 'crimson'), ('scarlet', 'crimson')$$, 'which is no alias of itself');
SELECT is(rename_team('blue', NULL) > 0, true, 'a merger is taken back');
SELECT pg_temp.refresh();
SELECT set_eq($$SELECT month, team, usd FROM spend_by_team WHERE team IN ('blue', 'crimson')$$, $$VALUES (date '2021-03-01', 'crimson', 31::numeric), ('2021-03-01', 'blue', 62), ('2021-04-01', 'crimson', 35), ('2021-04-01', 'blue', 60)$$, 'as the log tells them apart');
SELECT throws_ok(statement, state, NULL, statement) FROM (VALUES ($$SELECT rename_team('red', 'x')$$, '42710'), ($$SELECT rename_team('nobody', NULL)$$, '42704'), ($$SELECT rename_team('green', 'green')$$, '22023'), ($$SELECT rename_team('green', '')$$, '22023')) AS v(statement, state);

-- Two teams of one hour, merged: two rows that have one key, right in every sum.
INSERT INTO usage_log (at, usage, model, source, request_id, team) SELECT '2021-05-02 03:10Z', usage, model, 'two', team, team FROM (SELECT usage, model FROM usage_log WHERE team = 'red' LIMIT 1) AS u, unnest(ARRAY['east', 'west']) AS t(team);
SELECT pg_temp.refresh();
SELECT is(rename_team('west', 'east') > 0, true, 'another merger');
SELECT is_empty($$SELECT key FROM inferacct_check() WHERE what = 'usage_hourly'$$, 'hours that both had are no fault');
SELECT * FROM finish();
ROLLBACK;
