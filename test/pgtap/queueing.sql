-- queueing: errors, published cases, measured effective costs.
\set cases `cat "${INFERACCT_SHARED:-../shared}/cases/economics_cases.json" 2>/dev/null || echo '[]'`
BEGIN;
SET search_path = inferacct, public;
CREATE TEMP TABLE cases AS
SELECT c ->> 'id' AS id, c ->> 'group' AS kind, c -> 'inputs' AS i, c -> 'expected' AS e FROM jsonb_array_elements(:'cases'::jsonb) AS c
WHERE c ->> 'group' IN ('queue', 'effective_cost_measured');
SELECT CASE WHEN count(*) = 0 THEN diag('no ../shared/cases: the published cases are not checked') END FROM cases;
SELECT plan((20 + (SELECT count(*) FROM cases) + (SELECT count(*) FROM cases WHERE kind = 'queue'))::int);

SELECT throws_ok(format('SELECT %s', call), '22023', NULL, call) FROM unnest(ARRAY[
	'erlang_c(0, 1)', 'erlang_c(2, -1)', $$erlang_c(2, 'NaN')$$, $$erlang_c(2, 'Infinity')$$, 'mean_wait(2, 1, 0)', 'mean_wait(2, 1, 1, -1)',
	'max_utilization(2, 0, 1, 0.1)', 'max_utilization(2, 1, -1, 0.1)', 'max_utilization(2, 1, 1, 0)', 'max_utilization(2, 1, 1, 1)',
	'max_utilization(20000000, 1, 1, 0.1)']) AS call;
SELECT is(mean_wait(2, 2, 1), NULL, 'an overloaded queue has no mean wait');
SELECT is(erlang_c(NULL, 1), NULL, 'NULL gives NULL');
SELECT cmp_ok(max_utilization(32, 5, 0.5, 0.01), '<', max_utilization(64, 5, 0.5, 0.01), 'a larger fleet may be busier');
SELECT cmp_ok(max_utilization(32, 5, 0.5, 0.01, 2), '<', max_utilization(32, 5, 0.5, 0.01), 'a burstier load must leave more');

-- Simulated (gamma renewals, 400,000 requests): the utilization at which that share waits longer.
SELECT ok(abs(max_utilization(c, s, t, p, ca) - u) < 0.015, format('%s servers, arrivals of cv %s: %s', c, ca, u))
FROM (VALUES (32, 5, 0.5, 0.0112, 2, 0.49), (32, 5, 0.5, 0.0111, 3, 0.31), (32, 5, 0.5, 0.0339, 4, 0.25), (128, 5, 0.5, 0.0072, 2, 0.74), (1, 1, 2, 0.402, 2, 0.4)) AS v (c, s, t, p, ca, u);

SELECT CASE WHEN i ? 'offered' THEN
	ok(abs(erlang_c((i ->> 'servers')::int, (i ->> 'offered')::float8) - (e ->> 'p_wait')::float8) < 1e-12, id || ': probability of waiting')
	ELSE ok(abs(max_utilization((i ->> 'replicas')::int * (i ->> 'slots')::int, (i ->> 'service_s')::float8, (i ->> 'wait_s')::float8, (i ->> 'eps')::float8)
		- (e ->> 'rho_max')::float8) <= 1e-4, id || ': highest utilization') END
FROM cases WHERE kind = 'queue';
SELECT CASE WHEN i ? 'offered' THEN
	ok(abs(mean_wait((i ->> 'servers')::int, (i ->> 'offered')::float8, 1) - (e ->> 'wq_over_s')::float8) < 1e-12, id || ': mean wait')
	-- The published figure leaves the share that waits at Poisson's: bursts take more room than that.
	ELSE ok(max_utilization((i ->> 'replicas')::int * (i ->> 'slots')::int, (i ->> 'service_s')::float8, (i ->> 'wait_s')::float8, (i ->> 'eps')::float8, 2)
		< (e ->> 'rho_max_ca2_4')::float8, id || ': bursty arrivals take more room than published') END
FROM cases WHERE kind = 'queue';

-- The fleet's price over its measured throughput, at that rate and at the best.
SELECT ok(abs(usd - (e ->> 'c_eff_per_mtok')::numeric) < 1e-12 AND abs(usd / (e ->> 'c_naive_per_mtok')::numeric - (e ->> 'penalty')::numeric) < 1e-12, id)
FROM cases, LATERAL effective_usd_per_mtok((i ->> 'fleet_usd_hour')::numeric, (i ->> 'tps_output')::numeric) AS usd
WHERE kind = 'effective_cost_measured';

SELECT * FROM finish();
ROLLBACK;
