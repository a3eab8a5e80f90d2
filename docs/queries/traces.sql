-- traces.sql: what an hour of real traffic says of self-hosting, minute by minute.
--
--	TRACES=/path/to/traces psql -X -f docs/queries/traces.sql
--
-- TRACES (default ../shared/traces) has azure-2023-code.csv and -conv.csv: the
-- Azure LLM inference traces of 2023 (Patel et al., Splitwise, ISCA 2024;
-- github.com/Azure/AzurePublicDataset), one row per request of a code completion
-- and of a chat service.  Nothing is kept: all of it is rolled back.
--
-- Priced as if the requests of 2023 had been made on 2024-11-16: by a frontier
-- API, and by one that serves an open 70B model.  The deployment is that model
-- on two rented GPUs; its throughput is an assumption to be replaced by measured
-- serving points.
\set ON_ERROR_STOP on
\set code `cat "${TRACES:-../shared/traces}/azure-2023-code.csv"`
\set conv `cat "${TRACES:-../shared/traces}/azure-2023-conv.csv"`
BEGIN;
SET LOCAL search_path = inferacct, public;
SET LOCAL timezone = 'UTC';

CREATE TEMP TABLE request AS
SELECT trace, split_part(line, ',', 1)::timestamp AT TIME ZONE 'UTC' AS at,
	usage(split_part(line, ',', 2)::bigint, split_part(line, ',', 3)::bigint) AS usage
FROM (VALUES ('code', :'code'), ('conv', :'conv')) AS file (trace, csv),
	string_to_table(csv, E'\n') WITH ORDINALITY AS l (line, n)
WHERE n > 1 AND line <> '';

CREATE TEMP TABLE api (model text);
INSERT INTO api VALUES ('anthropic/claude-3-5-sonnet-20240620'), ('groq/llama-3.1-70b-versatile');

INSERT INTO deployment (name, model, gpu, vendor, term, gpus_per_replica, prefill_tokens_per_second, decode_tokens_per_second, target_utilization, hours_per_month, source)
VALUES ('70B on 2 GPUs', 'llama-3.1-70b', 'A100-80GB', 'cloud (mid)', 'on_demand', 2, 8000, 1000, 0.7, 730, 'assumed throughput'),
	('70B on 2 GPUs, reserved', 'llama-3.1-70b', 'A100-80GB', 'cloud (mid)', 'reserved_1y', 2, 8000, 1000, 0.7, 730, 'assumed throughput');

CREATE TEMP TABLE load AS
SELECT trace, model, demand(at, usage, token_cost(model, usage, '2024-11-16'), '1 minute') AS d FROM request, api GROUP BY trace, model;

\echo
\echo 'Totals: the demand has what the rows have, to the last digit.'
SELECT r.trace, r.model, r.requests, r.input, r.output, r.usd,
	(d.requests, d.usage, d.usd) = (r.requests, r.usage, r.usd) AS exactly, pg_column_size(l.d) AS bytes
FROM load l
JOIN (SELECT trace, model, count(*)::numeric AS requests, sum(usage) AS usage, sum(input_tokens(usage)) AS input, sum(output_tokens(usage)) AS output,
		trim_scale(sum(token_cost(model, usage, '2024-11-16'))) AS usd
	FROM request, api GROUP BY trace, model) r USING (trace, model),
	LATERAL (SELECT sum(requests) AS requests, sum(s.usage) AS usage, trim_scale(sum(s.api_usd)) AS usd FROM demand_series(l.d) s) d
ORDER BY r.trace, r.model;

\echo 'Burstiness: tokens and requests per minute; dispersion of requests is 1 for Poisson arrivals.'
SELECT trace, measure, t.buckets AS minutes, round(t.mean::numeric, 1) AS mean, t.peak, t.p99, round(t.peak_to_mean::numeric, 3) AS peak_to_mean,
	round(t.p99_to_mean::numeric, 3) AS p99_to_mean, round(t.cv::numeric, 3) AS cv, ARRAY(SELECT round(i::numeric, 2) FROM unnest(t.index_of_dispersion) i) AS dispersion,
	t.dispersion_width
FROM load, unnest('{tokens,requests}'::text[]) AS measure, traffic(d, measure) t WHERE model LIKE 'groq/%' ORDER BY trace, measure;

\echo 'Replicas minute by minute: how many minutes need how many.'
SELECT trace, s.replicas, count(*) AS minutes, round(min(s.load), 3) AS least_load, round(max(s.load), 3) AS most_load
FROM load, fleet_series(d, '70B on 2 GPUs', min_replicas => 0, at => '2024-11-16') s WHERE model LIKE 'groq/%' GROUP BY trace, s.replicas ORDER BY trace, s.replicas;

\echo 'Fleets: five minutes to start a replica, billed by the minute; 30 % of the work may wait within the hour.'
SELECT trace, split_part(model, '/', 1) AS api, f.fleet, f.replicas, round(f.replica_hours, 2) AS replica_hours, round(f.utilization, 3) AS utilization,
	round(f.idle_usd, 2) AS idle_usd, round(f.overflow_usd, 4) AS overflow_usd, round(f.usd, 4) AS usd
FROM load, fleet(d, '70B on 2 GPUs', 0.99, eligible => 0.3, at => '2024-11-16') f ORDER BY trace, model, f.usd;

\echo 'Verdicts: base load on own replicas, overflow to the API.'
SELECT trace, split_part(model, '/', 1) AS api, deployment, v.replicas, round(v.usd, 4) AS usd, round(v.usd_api_only, 4) AS usd_api_only, round(v.usd_peak_fleet, 4) AS usd_peak_fleet,
	round(v.utilization, 3) AS utilization, round(v.breakeven_utilization, 3) AS breakeven_utilization,
	CASE WHEN v.replicas = 0 THEN 'API: a replica would have to be busier than it can be here'
		WHEN v.overflow_usd = 0 THEN 'self-host all of it' ELSE 'self-host the base load' END AS verdict
FROM load, unnest('{70B on 2 GPUs,"70B on 2 GPUs, reserved"}'::text[]) AS deployment, hybrid(d, deployment, at => '2024-11-16') v ORDER BY trace, model, deployment;

\echo 'Which replicas to reserve, if every hour were like this one.'
SELECT trace, c.unit, round(c.needed_share, 3) AS needed_share, round(c.on_demand_usd) AS on_demand_usd_per_year, c.reserved_1y_usd, c.term
FROM load, commitment(d, '70B on 2 GPUs', at => '2024-11-16') c WHERE model LIKE 'groq/%' ORDER BY trace, c.unit;

\echo 'A latency target: at most one request in 100 waits over half a second for one of 32 slots a replica.'
SELECT trace, round(u, 3) AS planned_utilization, v.replicas, v.peak_replicas, round(v.usd, 4) AS usd
FROM load, LATERAL (SELECT max_utilization(32, 5, 0.5, 0.01, sqrt((traffic(d)).index_of_dispersion[1]))::numeric AS u) AS target, hybrid(d, '70B on 2 GPUs', u, '2024-11-16') v
WHERE model LIKE 'anthropic/%' ORDER BY trace;
ROLLBACK;
