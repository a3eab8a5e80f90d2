-- budget: pace, forecast and anomaly of a load that doubles on a day.
SET search_path = inferacct, inferacct_internal, public;
SET timezone = 'UTC';
SET datestyle = 'ISO, MDY';
BEGIN;
SELECT set_price('budgetco', 'budgetco-a', 'input', 1) > 0 AS priced;
INSERT INTO usage_log (at, usage, model, source, request_id, provider, team)
	SELECT at, usage(1000000 * CASE WHEN extract(isodow FROM at) > 5 THEN 1 ELSE 2 END), 'budgetco-a', 'budgetco', at::text || n, 'budgetco', 'budgetco'
	FROM generate_series(timestamptz '2032-03-01', '2032-04-20', interval '1 hour') AS at CROSS JOIN LATERAL generate_series(1, CASE WHEN at >= '2032-04-14' AND at < '2032-04-15' THEN 2 ELSE 1 END) AS n;
SELECT refresh_hours('usage_log', '2032-03-01', '2032-05-01', refresh_changed('usage_log', '2032-03-01', true), clock_timestamp());
SELECT spent_usd, usd IS NOT NULL AS forecast, low_usd <= usd AND usd <= high_usd AS ordered, method, history_days FROM forecast('2032-04-01', 'budgetco', at => '2032-04-12');
SELECT spent_usd, expected_usd, usd, low_usd, high_usd FROM forecast('2032-04-01', 'budgetco', at => '2032-04-12');
SELECT spent_usd, usd, history_days, reason FROM forecast('2032-03-01', 'budgetco', at => '2032-03-02');
INSERT INTO budget (name, month, usd, team) VALUES ('budgetco', '2032-04-01', 1000, 'budgetco');
SELECT name, budget_usd, spent_usd, left_usd, spent_share, elapsed_share, pace, forecast_usd, status FROM budget_pace('2032-04-12') WHERE name = 'budgetco';
SELECT * FROM anomaly('2032-04-01', '2032-04-20', 'budgetco');
ROLLBACK;
