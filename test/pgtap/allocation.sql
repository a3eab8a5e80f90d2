-- allocation: a shared cost by what its basis says, to the last digit.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SELECT plan(13);

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

-- A team's reader sees what was booked of its own, and of no other.
SET LOCAL inferacct.unpriced = 'null';
SELECT ok((SELECT shared_usd = 510 FROM close_month('2021-03-01')), 'booked with the month');
CREATE ROLE inferacct_test_allocated ROLE CURRENT_USER IN ROLE inferacct_reader;
INSERT INTO team_member VALUES ('inferacct_test_allocated', 'violet');
SELECT protect_usage();
SET LOCAL ROLE inferacct_test_allocated;
SELECT results_eq('SELECT name, team, round(allocated_usd, 2) FROM booked_cost', $$VALUES ('as agreed', 'violet', 33.33)$$, 'a team sees its share of what was booked, and nothing of others');
RESET ROLE;
SELECT protect_usage(false);

SELECT throws_ok(format('INSERT INTO shared_cost (month, name, usd, basis, shares, capacity) VALUES (''2021-04-01'', ''x'', 1, %s)', v), '23514', NULL, v) FROM unnest(ARRAY[$$'shares', NULL, NULL$$, $$'shares', '{"red": 0}', NULL$$, $$'tokens', '{"red": 1}', NULL$$, $$'even', NULL, 5$$]) AS v;
SELECT * FROM finish();
ROLLBACK;
