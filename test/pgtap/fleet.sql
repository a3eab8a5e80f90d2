-- fleet: errors, brute force of hybrid on random loads, properties of fleets.
BEGIN;
SET search_path = inferacct, inferacct_internal, public;
SELECT plan(44);

SELECT throws_ok(format('SELECT hybrid(%s)', call), state, NULL, call) FROM (VALUES
	('ARRAY[-1], 1, 1, 1', '22023'), ('ARRAY[1], -1, 1, 1', '22023'), ('ARRAY[1], 1, 0, 1', '22023'), ('ARRAY[1], 1, 1, -1', '22023'),
	($$ARRAY['NaN'::numeric], 1, 1, 1$$, '22023'), ('ARRAY[1, NULL], 1, 1, 1', '22004'), ('ARRAY[1], 1, 1, 1, -1', '22023')) AS v (call, state);
SELECT is(hybrid(NULL, 1, 1, 1), NULL, 'NULL gives NULL');

-- 2,000 random loads against every number of replicas
SELECT setseed(0.3);
CREATE TEMP TABLE loads AS
SELECT instance, array_agg(CASE WHEN instance % 2 = 0 THEN round((random() * most)::numeric, 3) ELSE floor(random() * most)::numeric END) AS hourly,
	round((0.1 + random() * 2)::numeric, 2) AS c, round((0.3 + random())::numeric, 2) AS q, round((random() * 4)::numeric, 2) AS p,
	CASE WHEN instance % 5 = 0 THEN round((random() * 20)::numeric, 1) ELSE 0 END AS fixed
FROM (SELECT instance, 1 + random() * 7 AS most FROM generate_series(1, 2000) AS instance OFFSET 0) i, generate_series(1, 10) GROUP BY instance;
CREATE TEMP TABLE verdicts AS SELECT instance, v.* FROM loads, hybrid(hourly, c, q, p, fixed) AS v;
CREATE TEMP TABLE brute AS
SELECT instance, n, n * c * 10 + CASE WHEN n > 0 THEN fixed ELSE 0 END + (SELECT sum(p * greatest(0, h - n * q)) FROM unnest(hourly) h) AS usd
FROM loads, LATERAL generate_series(0, ceil((SELECT max(h) FROM unnest(hourly) h) / q)) AS n;
SELECT is((SELECT count(*) FROM verdicts), 2000::bigint, '2,000 random loads');
SELECT is_empty('SELECT v.instance, v.usd, b.least FROM verdicts v JOIN (SELECT instance, min(usd) AS least FROM brute GROUP BY instance) b USING (instance) WHERE v.usd <> b.least',
	'no number of replicas is cheaper');
SELECT is_empty('SELECT v.instance FROM verdicts v JOIN (SELECT DISTINCT ON (instance) instance, n FROM brute ORDER BY instance, usd, n) b USING (instance) WHERE v.replicas <> b.n',
	'of equal ones it is the smallest');
SELECT is_empty('SELECT v.instance FROM verdicts v JOIN brute b USING (instance) WHERE b.n = 0 AND v.usd_api_only <> b.usd', 'the API alone is no replica');
SELECT is_empty('SELECT v.instance FROM verdicts v JOIN brute b ON b.instance = v.instance AND b.n = v.peak_replicas WHERE v.peak_replicas > 0 AND v.usd_peak_fleet <> b.usd',
	'the peak fleet sends nothing to the API');
SELECT is_empty('SELECT b.instance FROM brute b JOIN loads l USING (instance) LEFT JOIN LATERAL hybrid_curve(hourly, c, q, p) h ON h.replicas = b.n
	WHERE fixed = 0 AND h.usd IS DISTINCT FROM b.usd AND instance < 200', 'the curve is every number of replicas');

-- The weekly profile of docs/demand.md
CREATE TEMP TABLE week AS
SELECT h, CASE WHEN h < 120 THEN d[h % 24 + 1] ELSE ceil(d[h % 24 + 1] / 2) END AS d
FROM generate_series(0, 167) AS h, (SELECT '{2,2,2,2,2,3,4,6,8,10,11,12,12,12,11,10,9,8,7,6,5,4,3,2}'::numeric[] AS d) AS profile;
SELECT is((SELECT (v.replicas, round(v.usd, 2), v.usd_api_only, v.usd_peak_fleet, round(v.breakeven_utilization, 4), round(v.marginal_utilization, 3))::text
	FROM hybrid((SELECT array_agg(d * 0.5) FROM week), 3, 750 / 730.0, 7.8) AS v), '(3,2334.74,3607.5,3024,0.3744,0.465)', 'three replicas and the API');
SELECT is((SELECT v.replicas FROM hybrid((SELECT array_agg(d * 0.5) FROM week), 3, 750 / 730.0, 7.8, 2000) AS v), 0::numeric, 'none when they do not earn the fixed cost');

-- By a deployment
INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour, valid_from, source)
SELECT 'fleet GPU', 'fleet vendor', t, u, '2024-01-01', 'test' FROM (VALUES ('on_demand', 3), ('reserved_1y', 1.75), ('reserved_3y', 1.4)) AS v (t, u);
INSERT INTO deployment (name, gpu, term, capacity_mtok_per_month, mix, hours_per_month) VALUES ('fleet test', 'fleet GPU', 'on_demand', 750, usage(1000, 1000), 730);
INSERT INTO deployment (name, gpu, term, prefill_tokens_per_second, decode_tokens_per_second, target_utilization, spare_replicas, redundancy, max_replicas, marginal_usd_per_mtok)
VALUES ('fleet rates', 'fleet GPU', 'reserved_1y', 8000, 1000, 0.7, 1, 2, 3, 0.1);
INSERT INTO deployment_cost (deployment, item, fte, usd_per_fte_year) VALUES ('fleet rates', 'people', 0.01, 87600);
CREATE TEMP TABLE load AS
SELECT demand(timestamptz '2024-01-01' + h * interval '1 hour', usage((d * 250000)::bigint, (d * 250000)::bigint), d * 0.5 * 7.8) AS d FROM week;

SELECT is((SELECT (v.replicas, round(v.usd, 9), v.usd_api_only, v.usd_peak_fleet)::text FROM load, hybrid(d, 'fleet test') v),
	(SELECT (v.replicas, round(v.usd, 9), v.usd_api_only, v.usd_peak_fleet)::text FROM hybrid((SELECT array_agg(d * 0.5) FROM week), 3, 750 / 730.0, 7.8) AS v),
	'a demand and a deployment say the same');
SELECT is((SELECT round(f.usd, 9) FROM load, fleet(d, 'fleet test') f WHERE fleet = 'hybrid'), (SELECT round(v.usd, 9) FROM load, hybrid(d, 'fleet test') v), 'fleet agrees with hybrid');
SELECT is((SELECT f.usd FROM load, fleet(d, 'fleet test') f WHERE fleet = 'api'), 3607.5, 'the API alone');
SELECT is((SELECT (f.replicas, f.usd, f.overflow_usd, round(f.utilization, 4))::text FROM load, fleet(d, 'fleet test') f WHERE fleet = 'peak'), '(6,3024,0,0.4466)', 'the peak fleet');
SELECT is((SELECT array_agg(f.fleet) FROM load, fleet(d, 'fleet test', eligible => 0.3) f), '{api,mean,percentile,peak,hybrid,shaved,autoscaled}', 'every way to serve it');
SELECT is((SELECT f.replicas FROM load, fleet(d, 'fleet test', eligible => 0.3) f WHERE fleet = 'shaved'), 5::numeric, 'what may wait lowers the peak: 8.4 x 0.5 Mtok an hour');
SELECT is((SELECT f.replica_hours FROM load, fleet(d, 'fleet test', startup => '0', min_billing => '0') f WHERE fleet = 'autoscaled'),
	(SELECT sum(greatest(1, ceil(d * 0.5 * 730 / 750))) FROM week), 'autoscaling without delays bills what is needed');
SELECT is((SELECT f.replica_hours FROM load, fleet(d, 'fleet test', startup => '0', min_billing => '0', min_replicas => 0) f WHERE fleet = 'autoscaled'),
	(SELECT sum(ceil(d * 0.5 * 730 / 750)) FROM week), 'down to none');
SELECT cmp_ok((SELECT f.usd FROM load, fleet(d, 'fleet test', startup => '2 hours', min_billing => '6 hours') f WHERE fleet = 'autoscaled'), '>',
	(SELECT f.usd FROM load, fleet(d, 'fleet test') f WHERE fleet = 'autoscaled'), 'delays and minimum billing cost more');
SELECT is(autoscaled_replicas('{0,0,3,0,0,1}', 1, 1), '{0,3,3,3,1,1}'::numeric[], 'started ahead, held on');
SELECT is(billed_buckets('{0,2,0,1,0,0}', 1), 3::numeric, 'billed as they run');
SELECT is(billed_buckets('{0,2,0,1,0,0,0}', 4), 8::numeric, 'what is paid for is used again');
SELECT is((SELECT array_agg(unit || ':' || term ORDER BY unit) FROM load, commitment(d, 'fleet test', price_factor => 0.8) c), '{1:reserved_3y,2:reserved_3y,3:reserved_3y,4:on_demand,5:on_demand,6:on_demand}',
	'each replica on its cheapest term');
SELECT is((SELECT array_agg(unit || ':' || term ORDER BY unit) FROM load, commitment(d, 'fleet test', price_factor => 0.5) c WHERE unit < 3), '{1:reserved_1y,2:reserved_1y}',
	'three years do not pay when prices halve');

-- Redundancy, spare, people, marginal cost and the highest number of replicas
SELECT is((SELECT round(f.machines_usd, 9) FROM load, fleet(d, 'fleet rates') f WHERE fleet = 'peak'), f.replicas * 2 * 1.75 * 168, 'redundancy is paid') FROM load, fleet(d, 'fleet rates') f WHERE fleet = 'peak';
SELECT is((SELECT round(v.fixed_usd, 6) FROM load, hybrid(d, 'fleet rates', at => '2024-04-15') v), round(168 * (1.75 + 876.0 / 12 / 730), 6), 'so are spare replicas and people');
SELECT is((SELECT max(replicas) FROM load, fleet_series(d, 'fleet rates', target_utilization => 0.05)), 3::numeric, 'never more than max_replicas');
SELECT is((SELECT f.usd FROM load, fleet(d, 'fleet rates', target_utilization => 0.05) f WHERE fleet = 'api'), 3607.5, 'tokens that the API serves do not cost twice');
SELECT throws_ok($$SELECT hybrid(demand('2024-01-01', usage(1000, 1000), NULL), 'fleet test')$$, 'IA001', NULL, 'an unknown cost is not zero');

SELECT throws_ok($$SELECT fleet(d, 'fleet rates', target_utilization => 0.05, eligible => 0.1) FROM load$$, 'IA304', NULL, 'too few replicas for batches');
SELECT throws_ok($$SELECT fleet(d, 'fleet test', 1.5) FROM load$$, '22023', NULL, 'a percentile is at most 1');
SELECT throws_ok($$SELECT fleet(d, 'fleet test', startup => '-1 minute') FROM load$$, '22023', NULL, 'a start takes time');
SELECT throws_ok($$SELECT hybrid(d, 'no such') FROM load$$, 'IA301', NULL, 'an unknown deployment');
SELECT throws_ok($$SELECT hybrid(demand('2024-01-01', usage(1000), 1), 'fleet test')$$, 'IA303', NULL, 'a capacity for another mix');
SELECT ok(hybrid(e, 'fleet test') IS NULL AND NOT EXISTS (SELECT FROM fleet(e, 'fleet test')) AND NOT EXISTS (SELECT FROM commitment(e, 'fleet test')),
	'a demand without requests has no verdict') FROM (VALUES ('{"format":1,"minutes":60,"buckets":[]}'::demand)) AS v (e);

-- A latency target on a measured frontier (Llama 3.1 8B FP8, H100: arXiv 2606.11690)
INSERT INTO serving_point (deployment, requests_per_second, tokens_per_second, ttft_p99_ms, tpot_ms)
VALUES ('fleet test', 1, 255.4, 40, 4.73), ('fleet test', 10, 2492.9, 59, 7.74), ('fleet test', 25, 5753.5, 124, 13.84), ('fleet test', 50, 7596.3, 356, 41.66), ('fleet test', 200, 8155.1, 4586, 47.02);
SELECT is(round(latency_utilization('fleet test', tpot_ms => 14), 4), 0.7068, '14 ms per token cost 29 % of the throughput');
SELECT is(round(latency_utilization('fleet test', ttft_p99_ms => 500), 4), 0.9338, 'half a second to the first token costs 7 %');
SELECT is(latency_utilization('fleet test', tpot_ms => 1), NULL, 'what was never measured is not known');

SELECT * FROM finish();
ROLLBACK;
