-- fleet: base load on own replicas, the rest by the API; fleets that follow.
SET search_path = inferacct, inferacct_internal, public;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
BEGIN;
CREATE TEMP TABLE week AS
SELECT h, CASE WHEN h < 120 THEN d[h % 24 + 1] ELSE ceil(d[h % 24 + 1] / 2) END AS d
FROM generate_series(0, 167) AS h, (SELECT '{2,2,2,2,2,3,4,6,8,10,11,12,12,12,11,10,9,8,7,6,5,4,3,2}'::numeric[] AS d) AS profile;
SELECT replicas, round(usd, 2) AS usd, usd_api_only, usd_peak_fleet, peak_replicas FROM hybrid((SELECT array_agg(d * 0.5) FROM week), 3, 750 / 730.0, 7.8);
SELECT replicas, round(usd, 2) AS usd, round(overflow_usd, 2) AS overflow_usd, round(utilization, 3) AS utilization, round(marginal_utilization, 3) AS marginal
FROM hybrid_curve((SELECT array_agg(d * 0.5) FROM week), 3, 750 / 730.0, 7.8);
SELECT replicas, usd, usd_peak_fleet FROM hybrid('{0,0,0}', 1, 1, 1);
SELECT replicas, usd FROM hybrid('{1,1,1}', 1, 1, 1);
SELECT replicas, usd FROM hybrid('{}', 1, 1, 1);

INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour, valid_from, source)
SELECT 'fleet GPU', 'fleet vendor', t, u, '2024-01-01', 'test' FROM (VALUES ('on_demand', 3), ('reserved_1y', 1.75), ('reserved_3y', 1.4)) AS v (t, u);
INSERT INTO deployment (name, gpu, term, prefill_tokens_per_second, decode_tokens_per_second, target_utilization, hours_per_month)
VALUES ('fleet test', 'fleet GPU', 'on_demand', 8000, 1000, 0.7, 730);
CREATE TEMP TABLE load AS
SELECT demand(timestamptz '2024-01-01+00' + h * interval '1 hour', usage((d * 2000000)::bigint, (d * 400000)::bigint, cache_read => (d * 100000)::bigint), d * 2) AS d FROM week;
SELECT v.replicas, round(v.usd, 4) AS usd, v.usd_api_only, v.usd_peak_fleet, round(v.utilization, 4) AS utilization FROM load, hybrid(d, 'fleet test') v;
SELECT c.replicas, round(c.usd, 4) AS usd, round(c.marginal_utilization, 4) AS marginal FROM load, hybrid_curve(d, 'fleet test') c;
SELECT f.fleet, f.replicas, f.replica_hours, round(f.utilization, 4) AS utilization, f.machines_usd, round(f.idle_usd, 2) AS idle_usd, round(f.overflow_usd, 4) AS overflow_usd, round(f.usd, 4) AS usd
FROM load, fleet(d, 'fleet test', 0.9, eligible => 0.3) f;
SELECT s.bucket, round(s.load, 4) AS load, s.replicas, s.autoscaled, s.api_usd FROM load, fleet_series(d, 'fleet test', startup => '90 minutes', hold => '1 hour') s WHERE s.bucket < '2024-01-01 12:00+00';
SELECT c.unit, round(c.needed_share, 4) AS needed_share, round(c.on_demand_usd, 2) AS on_demand_usd, c.reserved_1y_usd, c.reserved_3y_usd, c.term, round(c.usd, 2) AS usd FROM load, commitment(d, 'fleet test') c;

-- A latency target lowers what replicas are planned with, and so the verdict.
SELECT u, v.replicas, v.peak_replicas, round(v.usd, 2) AS usd FROM load, unnest(ARRAY[round(max_utilization(32, 5, 0.5, 0.01)::numeric, 3), 0.9]) AS u, hybrid(d, 'fleet test', u) v;
ROLLBACK;
