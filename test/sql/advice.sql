-- advise() and savings_plan() on three prepared logs, and on one week.
SET search_path = inferacct, inferacct_internal, public;
BEGIN;
SELECT count(set_price('advice', model, meter, usd)) + count(set_price('advice', 'large', meter, usd / 2, service_tier => 'batch')) AS prices
FROM (VALUES ('large', 'input', 3), ('large', 'output', 15), ('small', 'input', 0.59), ('small', 'output', 0.79)) AS p(model, meter, usd);
INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour) VALUES ('gpu', 'advice', 'on_demand', 3), ('gpu', 'advice', 'reserved_1y', 1.75), ('gpu', 'advice', 'reserved_3y', 1.5);
INSERT INTO deployment (name, gpu, vendor, capacity_mtok_per_month, mix, hours_per_month) VALUES ('own', 'gpu', 'advice', 1500, usage(60, 40), 730);
INSERT INTO deployment_cost (deployment, item, fte, usd_per_fte_year) VALUES ('own', 'people', 0.25, 144000);
INSERT INTO routing_policy (name, kind, classifier_usd_per_request) VALUES ('by score', 'score', 0.0001);
INSERT INTO routing_tier (policy, below_score, model) VALUES ('by score', 0.5, 'advice/small'), ('by score', NULL, 'advice/large');

-- Ten weeks, hour by hour, of requests of 10,000 tokens, 60 % of them prompt.
CREATE VIEW advice_log AS
	SELECT load.log, timestamptz '2026-01-05Z' + h * interval '1 hour' AS at, usage(6000 * n, 4000 * n, requests => n) AS usage, 'advice/large' AS model,
		'standard' AS service_tier, NULL::text AS region, 800::bigint AS duration_ms, score, tolerates
	FROM generate_series(0, 1679) AS h,
		-- Bursty small: an hour's rush each Monday.  Steady large.  Mixed: office hours above a base, a rush a week, and reports that may wait.
		LATERAL (VALUES ('bursty small', CASE WHEN h % 168 = 10 THEN 500 END, 0.9, NULL::interval),
			('steady large', 1550, 0.9, NULL),
			('mixed', 300, 0.8, NULL), ('mixed', CASE WHEN h % 24 BETWEEN 8 AND 18 THEN 500 END, 0.9, NULL),
			('mixed', CASE WHEN h % 168 = 33 THEN 4000 END, 0.9, NULL),
			('mixed', 200, 0.2, NULL), ('mixed', CASE WHEN h % 24 = 1 THEN 1000 END, 0.8, '1 day')) AS load(log, n, score, tolerates)
	WHERE n IS NOT NULL;
CREATE TEMP VIEW bursty_small AS SELECT * FROM advice_log WHERE log = 'bursty small';
CREATE TEMP VIEW steady_large AS SELECT * FROM advice_log WHERE log = 'steady large';
CREATE TEMP VIEW mixed AS SELECT * FROM advice_log WHERE log = 'mixed';

CREATE TEMP TABLE advice_of AS
	SELECT log, a.* FROM unnest(ARRAY['bursty_small', 'steady_large', 'mixed']) AS log, LATERAL (SELECT row_number() OVER () AS n, * FROM advise('own', 'by score', log => log::regclass, fte_available => 1, latency_target_ms => 1000)) AS a;
SELECT max(n) AS n, rule, max(verdict) FILTER (WHERE log = 'bursty_small') AS bursty_small, max(verdict) FILTER (WHERE log = 'steady_large') AS steady_large, max(verdict) FILTER (WHERE log = 'mixed') AS mixed
FROM advice_of GROUP BY rule ORDER BY 1;
SELECT log, rule, round(measured, 4) AS measured, round(threshold, 4) AS threshold, threshold_origin, explanation, flips_when
FROM advice_of WHERE threshold_origin IS NOT NULL AND verdict <> 'unknown' AND NOT (rule = ANY ('{evidence,api_fast_enough,api_too_slow,no_operations_team}') AND log <> 'mixed') ORDER BY n, log COLLATE "C";

-- What is not known is said, in a sentence.
SELECT rule, explanation, flips_when FROM advice_of WHERE log = 'mixed' AND verdict = 'unknown' ORDER BY n;

-- Machines that were measured to be fast enough override cost where the API is too slow, and the premium is named.
INSERT INTO serving_point (deployment, requests_per_second, tokens_per_second, ttft_p99_ms, tpot_ms) VALUES ('own', 1, 300, 40, 5), ('own', 10, 800, 400, 40);
SELECT target.tpot_ms, a.rule, a.verdict, round(a.measured, 4) AS measured, round(a.threshold, 4) AS threshold, a.explanation, a.flips_when
FROM unnest(ARRAY[40, 20]) AS target (tpot_ms), advise('own', log => 'bursty_small', latency_target_ms => 500, tpot_ms => target.tpot_ms) AS a
WHERE rule IN ('api_too_slow', 'self_host_fast_enough', 'decision') ORDER BY tpot_ms DESC, rule;

-- What a forecast may miss, and how prices fall, are given.
SELECT forecast_error, price_factor, a.rule, a.verdict, round(a.measured, 4) AS measured, round(a.threshold, 4) AS threshold, threshold_origin, a.explanation, a.flips_when
FROM (VALUES (0.5, 0.8), (1, 0.9)) AS given (forecast_error, price_factor), advise('own', log => 'mixed', forecast_error => given.forecast_error, price_factor => given.price_factor) AS a
WHERE rule IN ('forecast_regret', 'longer_term') ORDER BY forecast_error, rule;

-- The levers one after the other: each step begins where the one before ended.
SELECT log, step, lever, round(usd_before, 2) AS usd_before, round(saved_usd, 2) AS saved_usd, round(usd_after, 2) AS usd_after, round(saved_share, 4) AS saved_share, explanation
FROM unnest(ARRAY['bursty_small', 'steady_large', 'mixed']) WITH ORDINALITY AS l(log, i), savings_plan('own', 'by score', log => log::regclass) ORDER BY i, step;

-- One week is not enough evidence, whatever it says.
SELECT rule, verdict, explanation FROM advise('own', 'by score', log => 'steady_large', until => '2026-01-12Z') WHERE rule IN ('evidence', 'hybrid', 'self_host', 'commitment', 'decision');
SELECT step, lever, round(saved_usd, 2) AS saved_usd, explanation FROM savings_plan('own', log => 'steady_large', until => '2026-01-12Z');

-- Residency overrides cost and evidence, and says what it costs; without anything known, nothing is guessed.
SELECT rule, verdict, explanation FROM advise('own', log => 'bursty_small', until => '2026-02-02Z', data_residency => true) WHERE rule IN ('residency', 'decision');
SELECT rule, verdict FROM advise(log => 'mixed') WHERE verdict = 'unknown';
SELECT rule, verdict, explanation FROM advise(log => 'mixed', since => '2030-01-01') WHERE rule IN ('evidence', 'decision');
ROLLBACK;
