-- breakeven: volumes, curves, a log.  Errors and properties are in
-- test/pgtap/breakeven.sql, the articles' numbers in articles.sql.
SET search_path = inferacct, inferacct_internal, public;
SET timezone = 'UTC';
SET datestyle = 'ISO';
BEGIN;
\pset null '-'

-- the naive figure, in tokens
SELECT breakeven(2190, 7.8) AS tokens_a_month;

-- the exact ones, in million tokens
SELECT price, capacity, replica, fixed, spare, status, round(first_mtok, 3) AS first_mtok, round(permanent_mtok, 3) AS permanent_mtok,
	crossings, round(naive_mtok, 2) AS naive_mtok, naive_is_reachable AS reachable
FROM (VALUES (0.67, 750, 2190, 0, 0), (7.8, 750, 2190, 0, 0), (7.8, 750, 2190, 3200, 1), (7.8, 750, 2190, 8500, 1),
	(7.8, 750, 4380, 0, 0), (9.0, 750, 4380, 3200, 1), (3.0, 750, 2190, 0, 0), (3.0, 750, 2190, 500, 0)) v (price, capacity, replica, fixed, spare),
	breakeven(replica, capacity, price, fixed, spare);

-- every column, with what there is to say
\x
SELECT * FROM breakeven(2190, 750, 7.8, 3200, 1);
SELECT * FROM breakeven(2190, 750, 7.8, 3200, 1, max_replicas => 1);
SELECT * FROM breakeven(2190, 750, 1.5, marginal_usd_per_mtok => 2);
\x
SELECT * FROM unnest((breakeven(2190, 750, 7.8, 3200, 1)).events);

-- a deployment with rates, its power, purchase and people
SELECT FROM set_price('example', 'chat', 'input', 3);
SELECT FROM set_price('example', 'chat', 'output', 15);
INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour) VALUES ('H100', 'example', 'reserved_1y', 2.5);
INSERT INTO deployment (name, model, gpu, vendor, term, gpus_per_replica, prefill_tokens_per_second, decode_tokens_per_second,
	target_utilization, spare_replicas, upfront_usd, watts, usd_per_kwh, pue, marginal_usd_per_mtok, max_replicas)
VALUES ('example', 'chat-70b', 'H100', 'example', 'reserved_1y', 2, 8000, 1000, 0.7, 1, 3600, 700, 0.15, 1.3, 0.01, 4);
INSERT INTO deployment_cost (deployment, item, usd_per_month) VALUES ('example', 'monitoring', 200), ('example', 'infrastructure', 150), ('example', 'updates', 400);
INSERT INTO deployment_cost (deployment, item, fte, usd_per_fte_year) VALUES ('example', 'MLOps', 0.25, 160000);

SELECT item, round(usd, 4) AS usd, note FROM selfhost_cost('example', 5000, usage(600, 400), '2026-06-15');
SELECT round(selfhost_usd('example', 5000, usage(600, 400), '2026-06-15'), 4) AS usd,
	round(effective_usd_per_mtok('example', 5000, usage(600, 400), '2026-06-15'), 6) AS usd_per_mtok,
	round(capacity_mtok('example', usage(600, 400), '2026-06-15'), 3) AS mtok_a_replica;
SELECT status, round(first_mtok, 3) AS first_mtok, round(permanent_mtok, 3) AS permanent_mtok, first_replicas, round(replica_usd, 3) AS replica_usd,
	round(floor_usd_per_mtok, 6) AS floor, round(breakeven_utilization, 6) AS utilization
FROM breakeven('example', 'example/chat', usage(600, 400), '2026-06-15');
SELECT mtok, api_usd, round(selfhost_usd, 2) AS selfhost_usd, replicas FROM breakeven_curve('example', 'example/chat', usage(600, 400), 18000, 6, '2026-06-15');

-- a week of a log: busy days, quiet nights
CREATE TEMP TABLE week AS
SELECT timestamptz '2026-06-01' + hour * interval '1 hour' + i * interval '6 minutes' AS at,
	usage(input => 600000 * (1 + hour % 24 / 4), output => 400000 * (1 + hour % 24 / 4)) AS used
FROM generate_series(0, 167) hour, generate_series(0, 9) i;
\x
SELECT (breakeven('example', at, 'example/chat', used)).* FROM week;
SELECT verdict, reason FROM (SELECT (breakeven('llama-70b-reserved', at, 'groq/llama-3.3-70b-versatile', used)).* FROM week) r;
\x
ROLLBACK;
