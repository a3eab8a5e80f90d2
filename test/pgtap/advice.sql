-- advice: the rules on given facts, their precedence, what is unknown, and that plans add up.
BEGIN;
SET LOCAL search_path = inferacct, public;
SELECT plan(36);

CREATE FUNCTION pg_temp.verdict(rule text, facts jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT a.verdict FROM advice_rules(jsonb_populate_record(NULL::advice_facts, facts)) AS a WHERE a.rule = $1 $$;
-- A workload that should be self-hosted, in every respect.
CREATE FUNCTION pg_temp.good(but jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb '{"weeks": 12, "requests": 1000, "unpriced_requests": 0, "usd": 1000, "frontier_share": 0, "batch_share": 0, "batch_saved_usd": 0, "deployment": "d", "peak_to_mean": 1.2, "predictability": 0.9,
		"p99_utilization": 0.8, "breakeven_utilization": 0.3, "replicas": 4, "peak_replicas": 4, "left_usd": 1000, "hybrid_usd": 400, "fleet_usd": 400, "p10_mtok_per_month": 500, "permanent_mtok": 300,
		"committed_replicas": 4, "committed_saved_usd": 100, "committed_needed_share": 0.9, "committed_price_ratio": 0.6}' || but $$;

SELECT is((SELECT array_agg(rule) FROM advice_rules(NULL::advice_facts)),
	ARRAY['residency', 'evidence', 'frontier_only', 'bursty', 'unpredictable', 'api_fast_enough', 'changing_requirements', 'no_operations_team', 'batch', 'routing', 'routing_worth_building', 'hybrid', 'self_host', 'pays_multiple_times', 'commitment', 'decision'],
	'the rules come in the order in which they are to be applied');
SELECT is((SELECT count(*) FROM advice_rules(NULL::advice_facts) WHERE rule <> 'decision' AND verdict <> 'unknown' ), 0::bigint, 'what is not known is unknown');
SELECT is((SELECT count(*) FROM advice_rules(jsonb_populate_record(NULL::advice_facts, pg_temp.good())) WHERE explanation IS NULL OR flips_when IS NULL), 0::bigint, 'every verdict is explained and says what flips it');
SELECT is((SELECT count(*) FROM advice_rules(jsonb_populate_record(NULL::advice_facts, '{"weeks": 9}')) WHERE explanation IS NULL OR flips_when IS NULL), 0::bigint, 'also without a deployment');

-- The decision and its precedence.
SELECT is(pg_temp.verdict('decision', pg_temp.good()), 'self_host', 'steady, large, paying several times');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"weeks": 7}')), 'insufficient_evidence', 'seven weeks are not enough');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"weeks": 7, "data_residency": true}')), 'self_host', 'residency comes before evidence');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"weeks": 7, "frontier_share": 1}')), 'insufficient_evidence', 'evidence comes before frontier models');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"frontier_share": 1}')), 'api', 'frontier models come before cost');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"frontier_share": 0.99}')), 'self_host', 'but only when they are all of it');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"replicas": 0, "hybrid_usd": 1000}')), 'api', 'no replica earns its cost');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"peak_replicas": 5}')), 'hybrid', 'a rush that no own replica should serve');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"p10_mtok_per_month": 299}')), 'hybrid', 'weak weeks below the permanent break-even');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"p10_mtok_per_month": 300}')), 'self_host', 'at it is enough');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"fleet_usd": 501}')), 'hybrid', 'the API must cost twice the fleet');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"fleet_usd": 501, "payback_multiple": 1.5}')), 'self_host', 'or what was given');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"fte_needed": 0.5, "fte_available": 0.25}')), 'api', 'nobody to run it');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"fte_needed": 0.5}')), 'self_host', 'unknown people do not forbid it');
SELECT is(pg_temp.verdict('no_operations_team', pg_temp.good('{"fte_needed": 0.5}')), 'unknown', 'but are said to be unknown');

-- Single rules at their thresholds.
SELECT is(pg_temp.verdict('bursty', '{"p99_utilization": 0.3, "breakeven_utilization": 0.3}'), 'no', 'a fleet used as much as it must be');
SELECT is(pg_temp.verdict('bursty', '{"p99_utilization": 0.29, "breakeven_utilization": 0.3}'), 'yes', 'and a little less');
SELECT is(pg_temp.verdict('bursty', '{"peak_to_mean": 3.1}'), 'yes', 'without a deployment, peak to mean');
SELECT is(pg_temp.verdict('unpredictable', '{"predictability": 0.5}'), 'no', 'half of the variance is enough');
SELECT is(pg_temp.verdict('api_fast_enough', '{"p95_latency_ms": 900, "latency_target_ms": 900}'), 'yes', 'as fast as the target');
SELECT is(pg_temp.verdict('changing_requirements', '{"recent_model_share": 0.9, "requirements_change": false}'), 'no', 'what is given wins over what is guessed');
SELECT is(pg_temp.verdict('routing', '{"routing_policy": "p", "routing_saved_usd": 5, "routing_saved_share": 0.5}'), 'yes', 'routing that saves');
SELECT is(pg_temp.verdict('routing', '{"routing_policy": "p", "routing_saved_usd": 5, "routing_saved_share": 0.5, "quality_holds": false}'), 'no', 'but not at the price of quality');
SELECT is(pg_temp.verdict('routing', '{"routing_policy": "p", "routing_saved_usd": 0}'), 'no', 'nor for nothing');
SELECT is(pg_temp.verdict('commitment', pg_temp.good('{"weeks": 7}')), 'unknown', 'no commitment without evidence');

-- A plan adds up, and is the bill of the log at its ends.
DO $$
BEGIN
	PERFORM set_price('plan', 'large', m, 10), set_price('plan', 'large', m, 5, service_tier => 'batch'), set_price('plan', 'small', m, 1) FROM unnest(ARRAY['input', 'output']) AS m;
END $$;
INSERT INTO routing_policy (name, kind) VALUES ('plan', 'score'), ('plan at a loss', 'score');
INSERT INTO routing_tier (policy, below_score, model) VALUES ('plan', 0.5, 'plan/small'), ('plan', NULL, 'plan/large'), ('plan at a loss', 0.5, 'plan/large'), ('plan at a loss', NULL, 'plan/small');
CREATE TABLE public.plan_log AS SELECT timestamptz '2026-01-01Z' + i * interval '1 hour' AS at, usage(1000 + i, i) AS usage, CASE WHEN i % 5 = 0 THEN 'large' ELSE 'plan/large' END AS model,
	'standard' AS service_tier, NULL::text AS region, NULL::bigint AS duration_ms, i % 10 / 10.0 AS score, CASE WHEN i % 3 = 0 THEN interval '2 days' END AS tolerates FROM generate_series(0, 1999) AS i;
SELECT is((SELECT usd_before FROM savings_plan(policy => 'plan', log => 'public.plan_log') WHERE step = 0), (SELECT trim_scale(spend(model, usage, at)) FROM public.plan_log), 'it begins with the bill');
SELECT is_empty($$SELECT FROM (SELECT usd_before, usd_after, saved_usd, lag(usd_after) OVER (ORDER BY step) AS before FROM savings_plan(policy => 'plan', log => 'public.plan_log')) AS s
	WHERE usd_before <> before OR usd_after <> usd_before - saved_usd$$, 'each step begins where the one before ended');
SELECT is((SELECT usd_after FROM savings_plan(policy => 'plan', log => 'public.plan_log') WHERE step = 4),
	(SELECT trim_scale(sum(CASE WHEN tolerates IS NOT NULL THEN token_cost('plan/large', usage, at, 'batch') ELSE token_cost(route('plan', score), usage, at) END)) FROM public.plan_log), 'and ends with every request priced where it went');
SELECT is((SELECT saved_usd FROM savings_plan(policy => 'plan at a loss', baseline_model => 'plan/small', log => 'public.plan_log') WHERE step = 2), 0::numeric, 'a lever without effect saves nothing');
SELECT is((SELECT api_usd FROM traffic((workload('public.plan_log', 'plan')).demand)), (SELECT usd_after - (SELECT sum(token_cost('plan/large', usage, at, 'batch')) FROM public.plan_log WHERE tolerates IS NOT NULL)
	FROM savings_plan(policy => 'plan', log => 'public.plan_log') WHERE step = 2), 'what is left as demand is the bill less what went to batch');

SELECT throws_ok($$SELECT advise(log => 'pg_class')$$, '42703', NULL, 'a relation that is no log');
SELECT throws_ok($$SELECT savings_plan(policy => 'nobody', log => 'public.plan_log')$$, 'IA401', NULL, 'an unknown policy');

SELECT * FROM finish();
ROLLBACK;
