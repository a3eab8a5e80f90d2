-- role: a team sees its own.
SET search_path = inferacct, inferacct_internal, public;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
BEGIN;
SELECT set_price('roleco', 'roleco-a', 'input', 2) > 0 AS priced;
INSERT INTO usage_log (at, usage, model, source, request_id, provider, team) VALUES
	('2032-08-01', usage(1000), 'roleco-a', 'roleco', '1', 'roleco', 'rol_red'), ('2032-08-02', usage(2000), 'roleco-a', 'roleco', '2', 'roleco', 'rol_blue');
SELECT refresh_hours('usage_log', '2032-08-01', '2032-09-01', refresh_changed('usage_log', '2032-08-01', true), clock_timestamp());
CREATE ROLE inferacct_test_reader IN ROLE inferacct_reader;
INSERT INTO team_member VALUES ('inferacct_test_reader', 'rol_red');
SELECT protect_usage();
SET LOCAL ROLE inferacct_test_reader;
SELECT month, team, requests, usd FROM monthly_spend;
SELECT team, usd FROM spend_by_team;
SELECT team, count(*) FROM usage_log GROUP BY team;
SAVEPOINT refused;
INSERT INTO budget (name, month, usd) VALUES ('mine', '2032-08-01', 1);
ROLLBACK TO refused;
SELECT set_price('roleco', 'roleco-a', 'input', 1);
ROLLBACK TO refused;
RESET ROLE;
SELECT month, team, requests, usd FROM monthly_spend WHERE source = 'roleco' ORDER BY team;
ROLLBACK;
