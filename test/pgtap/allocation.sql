-- allocation: a shared cost by what its basis says, to the last digit.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SELECT plan(30);

SELECT set_price('all', 'all-a', 'input', 1), set_price('all', 'all-b', 'input', 10);
INSERT INTO usage_log (at, usage, model, source, request_id, team) SELECT '2021-03-02 10:00Z', usage(t, requests => r), m, 'all', k || m, k FROM (VALUES ('red', 'all/all-a', 3000000, 30), ('blue', 'all/all-b', 1000000, 10), ('green', 'all/all-a', 2000000, 60)) AS v(k, m, t, r);
SELECT refresh_hours('usage_log', '2021-03-01Z', '2021-05-01Z', refresh_changed('usage_log', '2021-03-01Z', true), clock_timestamp());
INSERT INTO shared_cost (month, name, usd, basis, shares) VALUES ('2021-03-01', 'by tokens', 60, 'tokens', NULL), ('2021-03-01', 'by requests', 100, 'requests', NULL), ('2021-03-01', 'by spend', 150, 'spend', NULL), ('2021-03-01', 'evenly', 100, 'even', NULL),
	('2021-03-01', 'as agreed', 100, 'shares', '{"red": 2, "violet": 1}');
CREATE TEMP VIEW part AS SELECT name, team, allocated_usd FROM shared_cost_allocation WHERE month = '2021-03-01';
SELECT set_eq($$SELECT team, allocated_usd FROM part WHERE name = 'by tokens'$$, $$VALUES ('red', 30::numeric), ('blue', 10), ('green', 20)$$, 'by tokens');
SELECT set_eq($$SELECT team, allocated_usd FROM part WHERE name = 'by requests'$$, $$VALUES ('red', 30::numeric), ('blue', 10), ('green', 60)$$, 'by requests');
SELECT set_eq($$SELECT team, allocated_usd FROM part WHERE name = 'by spend'$$, $$VALUES ('red', 30::numeric), ('blue', 100), ('green', 20)$$, 'by what the usage costs');
SELECT set_eq($$SELECT team, round(allocated_usd, 2) FROM part WHERE name = 'evenly'$$, $$VALUES ('red', 33.33), ('blue', 33.33), ('green', 33.33)$$, 'evenly');
SELECT set_eq($$SELECT team, round(allocated_usd, 2) FROM part WHERE name = 'as agreed'$$, $$VALUES ('red', 66.67), ('violet', 33.33)$$, 'by fixed shares, also to a team without usage');
SELECT set_eq('SELECT name, sum(allocated_usd) FROM part GROUP BY name', 'SELECT name, usd FROM shared_cost', 'the parts add up exactly');
INSERT INTO usage_log (at, usage, model, source, request_id, team) VALUES ('2021-03-05 10:00Z', usage(1), 'all/nobody', 'all', 'unpriced', 'grey');
SELECT refresh_hours('usage_log', '2021-03-01Z', '2021-05-01Z', refresh_changed('usage_log', '2021-03-01Z', true), clock_timestamp());
SELECT is((SELECT allocated_usd FROM part WHERE name = 'by spend' AND team = 'grey'), 0::numeric, 'usage without a price bears nothing by spend, and stops nothing');

-- Tokens by weights: 2 of input, 1 of output and 10 cached of red are 2 + 4 + 1, and 7 of input of blue are 7.
INSERT INTO usage_log (at, usage, model, source, request_id, team) VALUES ('2021-04-02 10:00Z', usage(2, 1, cache_read => 10), 'all/all-a', 'all', 'w1', 'red'), ('2021-04-03 10:00Z', usage(7, requests => 3), 'all/all-b', 'all', 'w2', 'blue'),
	('2021-04-04 10:00Z', usage(0, requests => 1, reasoning => 1), 'all/all-b', 'all', 'w3', 'green');
SELECT refresh_hours('usage_log', '2021-03-01Z', '2021-05-01Z', refresh_changed('usage_log', '2021-03-01Z', true), clock_timestamp());
INSERT INTO shared_cost (month, name, usd, basis, weights) VALUES ('2021-04-01', 'weighed', 180, 'tokens', '{"output": 4, "cache_read": 0.1}'), ('2021-04-01', 'output alone', 60, 'tokens', '{"input": 0, "reasoning": 2}');
SELECT set_eq($$SELECT team, units, allocated_usd FROM shared_cost_allocation WHERE name = 'weighed'$$, $$VALUES ('red', 7::numeric, 70::numeric), ('blue', 7, 70), ('green', 4, 40)$$, 'by tokens, as they weigh: of reasoning as output does');
SELECT set_eq($$SELECT team, units, allocated_usd FROM shared_cost_allocation WHERE name = 'output alone'$$, $$VALUES ('red', 1::numeric, 20::numeric), ('blue', 0, 0), ('green', 2, 40)$$, 'what weighs nothing bears nothing');
SELECT throws_ok(format('INSERT INTO shared_cost (month, name, usd, basis, weights) VALUES (''2021-04-01'', ''x'', 1, %s)', v), '23514', NULL, v)
FROM unnest(ARRAY[$$'requests', '{"output": 4}'$$, $$'tokens', '{}'$$, $$'tokens', '{"output": -1}'$$, $$'tokens', '{"words": 1}'$$, $$'tokens', '{"web_searches": 1}'$$, $$'tokens', '[1]'$$]) AS v;

-- A credit is spread as a cost is, and takes from the total.
INSERT INTO shared_cost (month, name, usd, basis) VALUES ('2021-04-01', 'credit note', -100, 'requests');
SELECT set_eq($$SELECT team, allocated_usd FROM shared_cost_allocation WHERE name = 'credit note'$$, $$VALUES ('red', -20::numeric), ('blue', -60), ('green', -20)$$, 'a credit is spread, too');
SELECT throws_ok($$INSERT INTO shared_cost (month, name, usd, capacity) VALUES ('2021-04-01', 'x', -1, 5)$$, '23514', NULL, 'but has no capacity');
INSERT INTO budget (name, month, usd, team) VALUES ('reds', '2021-04-01', 100, 'red');
SELECT is((SELECT shared_usd FROM budget_pace('2021-05-02Z') WHERE name = 'reds'), 70::numeric, 'in budgets as well');

-- A team's reader sees what was booked of its own, and of no other.
SET LOCAL inferacct.unpriced = 'null';
SELECT ok((SELECT shared_usd = 510 FROM close_month('2021-03-01')), 'booked with the month');
CREATE ROLE inferacct_test_allocated ROLE CURRENT_USER IN ROLE inferacct_reader;
INSERT INTO team_member VALUES ('inferacct_test_allocated', 'violet');
SELECT protect_usage();
SET LOCAL ROLE inferacct_test_allocated;
SELECT results_eq($$SELECT name, team, round(allocated_usd, 2) FROM shared_cost_allocation$$, $$VALUES ('as agreed', 'violet', 33.33)$$, 'and in reports, of a month that is closed');
SELECT results_eq('SELECT name, team, round(allocated_usd, 2) FROM booked_cost', $$VALUES ('as agreed', 'violet', 33.33)$$, 'a team sees its share of what was booked, and nothing of others');
RESET ROLE;
-- Of an open month it sees what the last refresh wrote.
INSERT INTO team_member VALUES ('inferacct_test_allocated', 'red');
SET LOCAL ROLE inferacct_test_allocated;
SELECT is_empty($$SELECT FROM shared_cost_allocation WHERE month = '2021-04-01'$$, 'nothing until a refresh wrote it');
SELECT is((SELECT shared_usd FROM budget_pace('2021-05-02Z') WHERE name = 'reds'), NULL, 'and its budget does not know');
RESET ROLE;
SELECT keep_allocation();
SET LOCAL ROLE inferacct_test_allocated;
SELECT set_eq($$SELECT name, team, allocated_usd FROM shared_cost_allocation WHERE month = '2021-04-01'$$, $$VALUES ('weighed', 'red', 70::numeric), ('output alone', 'red', 20), ('credit note', 'red', -20)$$, 'its own share, and nothing of others');
SELECT is((SELECT shared_usd FROM budget_pace('2021-05-02Z') WHERE name = 'reds'), 70::numeric, 'which its budget bears');
RESET ROLE;
UPDATE shared_cost SET usd = 360 WHERE name = 'weighed';
UPDATE shared_cost SET usd = 0 WHERE month = '2021-03-01';
SELECT keep_allocation();
SELECT results_eq($$SELECT sum(allocated_usd) FILTER (WHERE name = 'weighed'), sum(allocated_usd) FILTER (WHERE month = '2021-03-01') FROM allocated_cost$$, 'VALUES (360::numeric, 510::numeric)', 'what changes is written again, but not what is booked');
SELECT protect_usage(false);

SELECT throws_ok(format('INSERT INTO shared_cost (month, name, usd, basis, shares, capacity) VALUES (''2021-04-01'', ''x'', 1, %s)', v), '23514', NULL, v) FROM unnest(ARRAY[$$'shares', NULL, NULL$$, $$'shares', '{"red": 0}', NULL$$, $$'tokens', '{"red": 1}', NULL$$, $$'even', NULL, 5$$]) AS v;
SELECT * FROM finish();
ROLLBACK;
