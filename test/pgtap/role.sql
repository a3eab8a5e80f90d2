-- role: readers read, admins write, and a team sees its own in every report.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';
SELECT plan(41);

SELECT has_role('inferacct_reader');
SELECT has_role('inferacct_admin');
SELECT lives_ok('SELECT grant_roles()', 'granting again is no error');
SELECT is((SELECT count(*) FROM pg_roles WHERE rolname IN ('inferacct_reader', 'inferacct_admin') AND rolcanlogin), 0::bigint, 'nobody can log in as them');
SELECT is_empty($$SELECT c.relname FROM pg_class AS c WHERE relnamespace = 'inferacct'::regnamespace AND relkind IN ('r', 'p', 'v') AND relname NOT LIKE 'usage\_log\_%'
	AND NOT has_table_privilege('inferacct_reader', c.oid, 'SELECT')$$, 'a reader reads every table and view');
SELECT is_empty($$SELECT c.relname FROM pg_class AS c WHERE relnamespace = 'inferacct'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
	AND (has_table_privilege('inferacct_reader', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') OR relkind = 'm' AND has_table_privilege('inferacct_reader', c.oid, 'SELECT'))$$, 'writes none, and no copy of all teams'' figures');
SELECT is_empty($$SELECT c.relname FROM pg_class AS c JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
	WHERE c.relkind = 'v' AND c.relnamespace = 'inferacct'::regnamespace AND c.relname IN ('daily_spend', 'monthly_spend', 'spend_by_team', 'spend_by_tag', 'focus_1_4', 'rollup_usage', 'usage_all', 'hourly_spend', 'booked_spend', 'restated_spend', 'month_close', 'shared_cost_allocation', 'priced_usage', 'unpriced_usage', 'budget_status')
	AND NOT coalesce(c.reloptions @> ARRAY['security_invoker=true'], false)$$, 'every report reads as the role that asks');
SELECT is_empty($$SELECT p.proname FROM pg_proc AS p WHERE p.pronamespace = 'inferacct'::regnamespace AND p.prosecdef
	AND NOT coalesce(array_to_string(p.proconfig, ',') LIKE '%search_path=%', false)$$, 'no function runs with its owner''s rights in a caller''s search path');

SELECT set_price('rol', 'rol-a', 'input', 1);
INSERT INTO usage_log (at, usage, model, source, request_id, provider, team, tags)
	SELECT timestamptz '2031-01-01Z' + n * interval '1 hour', usage(n * 1000), 'rol-a', 'rol', n::text, 'rol', (ARRAY['rol_red', 'rol_blue', NULL])[n % 3 + 1], '["t"]' FROM generate_series(1, 300) AS n;
SELECT refresh_hours('usage_log', '2031-01-01Z', '2031-02-01Z', refresh_changed('usage_log', '2031-01-01Z', true), clock_timestamp());
INSERT INTO budget (name, month, usd, team) VALUES ('b', '2031-01-01', 1, 'rol_blue'), ('r', '2031-01-01', 1, 'rol_red'), ('all', '2031-01-01', 1, NULL);
INSERT INTO shared_cost (month, name, usd) VALUES ('2031-01-01', 'rol', 7);
INSERT INTO commitment (name, provider, type, models, service_tier, unit, units, usd_per_unit, per, since, until) VALUES ('rol-ptu', 'rol', 'PT', '{rol-a}', 'provisioned', 'PTU', 1, 2, 'hour', '2031-01-01Z', '2031-01-02Z');
INSERT INTO deployment (name, term, prefill_tokens_per_second, decode_tokens_per_second, upfront_usd) VALUES ('rol-fleet', 'owned', 1000, 100, 36000);
INSERT INTO deployment_run (deployment, models, since, until) VALUES ('rol-fleet', '{rol/llama}', '2021-01-01Z', '2021-02-01Z');
CREATE TABLE rol_requests (at timestamptz, id text, model text, tokens bigint);
CREATE ROLE inferacct_test_red ROLE CURRENT_USER IN ROLE inferacct_reader;
CREATE ROLE inferacct_test_boss IN ROLE inferacct_admin;
INSERT INTO team_member VALUES ('inferacct_test_red', 'rol_red');
CREATE TEMP TABLE truth AS SELECT team, spend(model, usage, at) AS usd FROM usage_log WHERE source = 'rol' GROUP BY team;
GRANT SELECT ON truth TO PUBLIC;
SELECT close_month('2031-01-01', before_its_end => true);
SELECT protect_usage();

SET LOCAL ROLE inferacct_test_red;
SELECT set_eq($$SELECT team, sum(usd) FROM monthly_spend GROUP BY 1$$, $$SELECT team, usd FROM truth WHERE team = 'rol_red'$$, 'monthly_spend of a team, by the hour');
RESET ROLE;
SELECT compact_usage();
SET LOCAL ROLE inferacct_test_red;
SELECT set_eq($$SELECT team, sum(usd) FROM monthly_spend GROUP BY 1$$, $$SELECT team, usd FROM truth WHERE team = 'rol_red'$$, 'and compacted');
SELECT set_eq($$SELECT team, sum(usd) FROM daily_spend GROUP BY 1$$, $$SELECT team, usd FROM truth WHERE team = 'rol_red'$$, 'daily_spend');
SELECT set_eq($$SELECT team, usd FROM spend_by_team$$, $$SELECT team, usd FROM truth WHERE team = 'rol_red'$$, 'spend_by_team');
SELECT set_eq($$SELECT total, usd FROM spend_by_tag$$, $$SELECT t, usd FROM truth, (VALUES (true), (false)) AS v(t) WHERE team = 'rol_red'$$, 'spend_by_tag');
SELECT set_eq($$SELECT team, sum(usd) FROM booked_spend GROUP BY 1$$, $$SELECT team, usd FROM truth WHERE team = 'rol_red'$$, 'booked_spend');
SELECT set_eq($$SELECT team, restated_usd FROM restated_spend$$, $$SELECT team, usd FROM truth WHERE team = 'rol_red'$$, 'restated_spend');
SELECT results_eq($$SELECT sum("BilledCost"), count(DISTINCT "SubAccountId") FROM focus_1_4$$, $$SELECT usd, 1::bigint FROM truth WHERE team = 'rol_red'$$, 'focus_1_4');
SELECT is((SELECT spent_usd FROM forecast('2031-01-01', at => '2031-02-01Z')), (SELECT usd FROM truth WHERE team = 'rol_red'), 'forecast');
SELECT is((reconcile('rol', '2031-01-01', 0::numeric)).computed_usd, (SELECT usd FROM truth WHERE team = 'rol_red'), 'reconcile');
SELECT set_eq('SELECT name FROM budget_status', $$VALUES ('r')$$, 'budgets');
SELECT is((SELECT spend(model, usage, at) FROM usage_all), (SELECT usd FROM truth WHERE team = 'rol_red'), 'and the log');
SELECT is((SELECT count(*) FROM shared_cost_allocation), 0::bigint, 'no shares of a part');
SELECT set_eq('SELECT name FROM shared_cost_all', $$VALUES ('rol'), ('rol-ptu')$$, 'nor what a deployment could have done beyond a part');
SELECT is((SELECT count(*) FROM focus('2031-01-01', '2031-02-01', '{commitment}')), 0::bigint, 'nor what became of a commitment');
SELECT throws_ok('SELECT price_capacity()', '42501', NULL, 'a reader makes nothing free');
SELECT throws_ok('SELECT * FROM usage_log_default', '42501', NULL, 'nor a partition by its name');
SELECT throws_ok($$SELECT set_price('rol', 'rol-a', 'input', 2)$$, '42501', NULL, 'a reader publishes no price');
SELECT throws_ok($$SELECT reopen_month('2031-01-01')$$, '42501', NULL, 'and closes no month');
RESET ROLE;

SET LOCAL ROLE inferacct_test_boss;
SELECT set_eq($$SELECT team, sum(usd) FROM monthly_spend WHERE source = 'rol' GROUP BY 1$$, 'SELECT team, usd FROM truth', 'an admin sees all teams');
SELECT is((SELECT sum(allocated_usd) FROM shared_cost_allocation WHERE name = 'rol'), 7::numeric, 'and all shares');
SELECT set_eq($$SELECT name, sum(idle_usd) FROM shared_cost_allocation WHERE kind <> 'stated' GROUP BY 1$$, $$VALUES ('rol-ptu', 48.0), ('rol-fleet', 1000)$$, 'of commitments and deployments, too');
SELECT lives_ok($$INSERT INTO commitment SELECT 'rol-ptu-2', provider, type, models, service_tier, unit, units, usd_per_unit, per, 10, since, until FROM commitment$$, 'says what was bought');
SELECT lives_ok($$UPDATE deployment_run SET until = '2021-01-20Z'$$, 'and what runs');
SELECT ok(price_capacity() > 1000, 'and publishes it');
SELECT throws_ok($$SELECT attach_usage('rol', 'rol_requests', '{"at": "at", "request_id": "id", "model": "model", "input": "tokens", "input_includes_cached": true}')$$, '42501', 'only the owner of extension inferacct can attach a source', 'an admin attaches no source, and is told who can');
SELECT throws_ok($$SELECT detach_usage('rol')$$, '42501', 'only the owner of extension inferacct can detach a source', 'nor detaches one');
SELECT throws_ok($$INSERT INTO usage_source VALUES ('rol', 'rol_requests', '{}', '{}')$$, '42501', NULL, 'nor writes one by hand');
SELECT lives_ok($$SELECT set_price('rol', 'rol-a', 'input', 2, '2031-01-10 01:02:03Z')$$, 'publishes a price');
SELECT lives_ok($$SELECT reopen_month('2031-01-01')$$, 'takes a closing back');
SELECT lives_ok($$SELECT refresh_hours('usage_log', '2031-01-01Z', '2031-02-01Z', refresh_changed('usage_log', '2031-01-01Z', true), clock_timestamp()), compact_usage(), close_month('2031-01-01', before_its_end => true)$$, 'refreshes, compacts and closes');
RESET ROLE;
SELECT is((SELECT sum(usd) FROM monthly_spend WHERE source = 'rol'), (SELECT spend(model, usage, at) FROM usage_log WHERE source = 'rol'), 'and what it made is right');
SELECT protect_usage(false);
SET LOCAL ROLE inferacct_test_red;
SELECT set_eq($$SELECT DISTINCT team FROM monthly_spend WHERE source = 'rol'$$, 'SELECT team FROM truth', 'without protection a reader sees all teams');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
