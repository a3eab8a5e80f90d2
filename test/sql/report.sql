-- report: what was spent, by day, month, team, model and tag; what has no price; what is shared.
SET search_path = inferacct, inferacct_internal, public;
SET timezone = 'America/Los_Angeles';		-- months and days are UTC all the same
SET datestyle = 'ISO, MDY';
\set SHOW_CONTEXT never
BEGIN;
SELECT set_price('reportco', 'reportco-a', 'input', 2) > 0 AS priced;
SELECT set_price('reportco', 'reportco-a', 'output', 10) > 0 AS priced;
INSERT INTO usage_log (at, usage, model, source, request_id, team, provider_usd, tags) VALUES
	('2032-01-31 23:30Z', usage(1000, 100), 'reportco/reportco-a', 'reportco', '1', 'search', 0.003, '["chat", "beta"]'),
	('2032-02-01 00:30Z', usage(2000, 200), 'reportco/reportco-a', 'reportco', '2', 'search', NULL, '{"stage": "beta"}'),
	('2032-02-01 01:30Z', usage(3000, 300), 'reportco/reportco-a', 'reportco', '3', NULL, NULL, NULL),
	('2032-02-29 23:59Z', usage(4000, 400), 'reportco/other', 'reportco', '4', 'support', 0.5, '["chat"]');
SELECT refresh_hours('usage_log', '2032-01-01Z', '2032-04-01Z', refresh_changed('usage_log', '2032-01-01Z', true), clock_timestamp());

SELECT month, source, provider, model, service_tier, team, tenant, requests, usage, usd, provider_usd, confidence FROM monthly_spend WHERE source = 'reportco' AND model LIKE '%-a' ORDER BY month, team;
SAVEPOINT unpriced;
SELECT month, team, usd FROM monthly_spend WHERE source = 'reportco';
ROLLBACK TO unpriced;
SET LOCAL inferacct.unpriced = 'null';
SELECT day, provider, model, team, requests, usd, provider_usd FROM daily_spend WHERE source = 'reportco' ORDER BY day, team;
SELECT month, team, requests, usd FROM spend_by_team WHERE month >= '2032-01-01' AND month < '2032-04-01' ORDER BY month, team;
SELECT month, provider, requests, usd FROM spend_by_provider WHERE month >= '2032-01-01' AND month < '2032-04-01' ORDER BY month;
SELECT month, tag, total, requests, usd FROM spend_by_tag WHERE month >= '2032-01-01' AND month < '2032-04-01' ORDER BY month, total, tag;
SELECT month, model, team, reason, requests, tokens, usage, provider_usd, month_priced_share FROM unpriced_usage WHERE source = 'reportco';
SELECT * FROM priced_usage WHERE source = 'reportco' ORDER BY month;

INSERT INTO shared_cost (month, name, usd, basis, models, capacity) VALUES
	('2032-02-01', 'our gpus', 100, 'tokens', '{reportco/reportco-a}', 22000), ('2032-02-01', 'gateway', 10, 'requests', NULL, NULL);
SELECT name, team, units, used_usd, idle_usd, allocated_usd FROM shared_cost_allocation WHERE month = '2032-02-01' ORDER BY name, team;

-- The same from months as from hours.
SELECT count(*) > 0 AS by_the_hour FROM compacted_month WHERE NOT compacted;
SELECT compact_usage() > 0 AS compacted;
SELECT month, model, team, requests, usd FROM monthly_spend WHERE source = 'reportco' ORDER BY month, model, team;
ROLLBACK;
