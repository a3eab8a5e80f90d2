-- advice: the rules on given facts, their precedence, what is unknown, and that plans add up.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SELECT plan(90);

CREATE FUNCTION pg_temp.verdict(rule text, facts jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT a.verdict FROM advice_rules(jsonb_populate_record(NULL::advice_facts, facts)) AS a WHERE a.rule = $1 $$;
-- A workload that should be self-hosted, in every respect.
CREATE FUNCTION pg_temp.good(but jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb '{"weeks": 12, "requests": 1000, "unpriced_requests": 0, "usd": 1000, "frontier_share": 0, "batch_share": 0, "batch_saved_usd": 0, "deployment": "d", "peak_to_mean": 1.2, "predictability": 0.9,
		"p99_utilization": 0.8, "breakeven_utilization": 0.3, "replicas": 4, "peak_replicas": 4, "left_usd": 1000, "plan_usd": 400, "hour_plan_usd": 500, "fleet_usd": 400, "served_usd": 1000, "started_hours": 0, "term": "reserved_1y", "materiality": 0.05, "api_price_decline": 0.3, "year_saved_usd": 300, "assumed": "All of it.", "p10_mtok_per_month": 500, "permanent_mtok": 300,
		"committed_replicas": 4, "committed_saved_usd": 100, "committed_needed_share": 0.9, "committed_price_ratio": 0.6, "committed_spared_usd": 90, "committed_erased_at": 0.5, "low_demand_share": 1, "regret_high_usd": 20, "regret_low_usd": 10, "forecast_error": 0.1,
		"reserved_1y_usd": 100, "reserved_3y_usd": 80, "price_factor": 0.8, "hours": 2016, "overflow_usd": 0, "first_mtok": 200, "breakeven_tokens_per_second": 76, "target_utilization": 0.7, "cv": 0.1, "forecast_wape": 0.05}' || but $$;

SELECT is((SELECT array_agg(rule) FROM advice_rules(NULL::advice_facts)),
	ARRAY['assumed', 'not_considered', 'residency', 'evidence', 'frontier_only', 'bursty', 'unpredictable', 'forecast_misses', 'api_fast_enough', 'changing_requirements', 'no_operations_team',
		'batch', 'routing', 'routing_keeps_quality', 'routing_worth_building', 'hybrid', 'self_host', 'api_too_slow', 'self_host_fast_enough', 'pays_multiple_times',
		'commitment', 'commitment_survives_low_demand', 'forecast_regret', 'pays_next_year', 'pays_over_term', 'longer_term', 'decision'],
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
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"replicas": 0, "plan_usd": 1000}')), 'api', 'no replica earns its cost');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"replicas": 0, "started_hours": 10}')), 'self_host', 'replicas that are started are replicas');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"overflow_usd": 1}')), 'hybrid', 'a rush that the API serves for less');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"plan_usd": 951}')), 'api', 'a saving that is too small changes nothing');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"plan_usd": 950}')), 'self_host', 'one of 5 % does');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"plan_usd": 951, "materiality": 0.01}')), 'self_host', 'or what was given');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"plan_usd": 501, "payback_multiple": 2}')), 'api', 'a multiple is asked for when it is given');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"plan_usd": 500, "payback_multiple": 2}')), 'self_host', 'and reached');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"unpriced_share": 0.21}')), 'insufficient_evidence', 'a bill of which a fifth is unknown');
SELECT is(pg_temp.verdict('evidence', pg_temp.good('{"unpriced_share": 0.21}')) || pg_temp.verdict('evidence', pg_temp.good('{"unpriced_share": 0.2}')), 'noyes', 'is no evidence');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"served_usd": 0}')), 'api', 'nothing that could be replaced');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"fte_needed": 0.5, "fte_available": 0.25}')), 'api', 'nobody to run it');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"fte_needed": 0.5}')), 'self_host', 'unknown people do not forbid it');
SELECT is(pg_temp.verdict('no_operations_team', pg_temp.good('{"fte_needed": 0.5}')), 'unknown', 'but are said to be unknown');

SELECT is(pg_temp.verdict('pays_multiple_times', pg_temp.good('{"low_demand_share": 0.79}')) || pg_temp.verdict('pays_multiple_times', pg_temp.good('{"low_demand_share": 0.8}')), 'noyes', 'a fleet pays twice in a weak week: 1000 x 0.8 = 2 x 400');

-- Where data may go is no reason to rent what cannot be had.
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"data_residency": true, "max_replicas": 3}')), 'api', 'three replicas of four');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"data_residency": true, "served_usd": 0}')), 'api', 'nothing that a deployment serves');
SELECT matches((SELECT explanation FROM advice_rules(jsonb_populate_record(NULL::advice_facts, pg_temp.good('{"data_residency": true, "fte_needed": 0.5, "fte_available": 0}'))) WHERE rule = 'decision'),
	'nobody is available.*in the required region', 'people and a regional endpoint are named');

-- An API that is too slow overrides cost where replicas were measured to be fast enough, but not evidence.
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"replicas": 0, "p95_latency_ms": 900, "latency_target_ms": 500, "latency_utilization": 0.7}')), 'self_host', 'the API is too slow, machines are not');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"replicas": 0, "p95_latency_ms": 900, "latency_target_ms": 500, "latency_utilization": 0.69}')), 'api', 'they would be, as planned');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"replicas": 0, "p95_latency_ms": 900, "latency_target_ms": 500}')), 'api', 'nobody has measured them');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"replicas": 0, "p95_latency_ms": 500, "latency_target_ms": 500, "latency_utilization": 1}')), 'api', 'the API is fast enough');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"replicas": 0, "p95_latency_ms": 900, "latency_target_ms": 500, "latency_utilization": 0.7, "answer_ms": 501}')), 'api', 'their whole answers are too slow as well');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"replicas": 0, "p95_latency_ms": 900, "latency_target_ms": 500, "latency_utilization": 0.7, "fte_needed": 1, "fte_available": 0}')), 'api', 'nobody runs them');
SELECT is(pg_temp.verdict('decision', pg_temp.good('{"weeks": 7, "p95_latency_ms": 900, "latency_target_ms": 500, "latency_utilization": 1}')), 'insufficient_evidence', 'evidence comes first');
SELECT is(pg_temp.verdict('api_too_slow', '{"p95_latency_ms": 501, "latency_target_ms": 500}') || pg_temp.verdict('api_fast_enough', '{"p95_latency_ms": 501, "latency_target_ms": 500}'), 'yesno', 'too slow is not fast enough');

-- Commitment: what may still go wrong with it.
SELECT is(pg_temp.verdict('forecast_regret', pg_temp.good('{"regret_low_usd": 89.99}')), 'yes', 'a forecast that is off costs less than reserving saves');
SELECT is(pg_temp.verdict('forecast_regret', pg_temp.good('{"regret_low_usd": 90}')), 'no', 'or as much, whichever side it is off');
SELECT is(pg_temp.verdict('forecast_regret', pg_temp.good('{"regret_high_usd": null, "regret_low_usd": null}')), 'unknown', 'or nobody said by how much');
SELECT is(pg_temp.verdict('forecast_regret', pg_temp.good('{"committed_replicas": 0}')), 'no', 'where nothing is reserved there is nothing to gain');
SELECT is(pg_temp.verdict('commitment_survives_low_demand', pg_temp.good('{"low_demand_share": 0.5}')), 'yes', 'weak weeks leave as much as the saving needs');
SELECT is(pg_temp.verdict('commitment_survives_low_demand', pg_temp.good('{"low_demand_share": 0.49}')), 'no', 'and less');
SELECT is(pg_temp.verdict('longer_term', pg_temp.good(but)), verdict, but ->> 'reserved_3y_usd')
FROM (VALUES (jsonb '{"reserved_3y_usd": 81}', 'yes'), ('{"reserved_3y_usd": 82}', 'no'), ('{"reserved_3y_usd": 82, "price_factor": 0.9}', 'yes'), ('{"reserved_3y_usd": null}', 'unknown')) AS v (but, verdict);
SELECT is((SELECT threshold_origin || ': ' || flips_when FROM advice_rules(jsonb_populate_record(NULL::advice_facts, pg_temp.good('{"reserved_3y_usd": 70, "price_factor": 0.9}'))) WHERE rule = 'longer_term'), 'given: a year''s GPU price as a share of the last one''s (price_factor) falls below 66.2 %',
	'seven tenths of the price turn where prices fall by 33.8 % a year');
SELECT is(pg_temp.verdict(rule, pg_temp.good('{"weeks": 7}')), 'unknown', rule || ' takes evidence') FROM unnest(ARRAY['forecast_regret', 'commitment_survives_low_demand', 'longer_term']) AS rule;

-- Single rules at their thresholds.
SELECT is(pg_temp.verdict('unpredictable', '{"cv": 0}'), 'no', 'a load that never changes is no riddle');
SELECT is(pg_temp.verdict('bursty', '{"peak_to_mean": 2, "cv": 1.1}'), 'yes', 'without a deployment, variation of the hours');
SELECT is(pg_temp.verdict('forecast_misses', '{"forecast_wape": 0.3}'), 'no', 'a forecast may miss 30 %');
SELECT is(pg_temp.verdict('routing_keeps_quality', '{"routing_policy": "p", "quality_holds": false}'), 'no', 'quality is given');
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

-- Whatever is known, each row is a sentence: it begins and ends like one, and has no hole where a figure is missing.
SELECT setseed(0.5);
SELECT is_empty($$
	SELECT rule, explanation, flips_when
	FROM generate_series(1, 400) AS i,
		LATERAL (SELECT jsonb_object_agg(key, CASE WHEN jsonb_typeof(value) = 'number' AND random() < 0.3 THEN to_jsonb((ARRAY[0, 1, 2])[1 + (random() * 2)::int]) ELSE value END) AS facts
				 FROM jsonb_each(pg_temp.good('{"routing_policy": "p", "routing_saved_usd": 5, "routing_saved_share": 0.1, "routing_random_share": 0.1, "routing_longest_share": 0.1, "routing_request_share": 0.2, "routing_spend_share": 0.2,
					"p95_latency_ms": 800, "latency_target_ms": 500, "latency_utilization": 0.5, "replica_latency_target": true, "fte_available": 1, "fte_needed": 2, "recent_model_share": 0.5, "recent_models": ["a", "b"], "payback_multiple": 3}'))
				 WHERE random() > 0.2 + 0 * i) AS f,
		advice_rules(jsonb_populate_record(NULL::advice_facts, facts))
	WHERE explanation IS NULL OR flips_when IS NULL OR verdict IS NULL OR explanation !~ '^[A-Z0-9].*[.]$' OR explanation ~ '  | [.,;]|[(] |"" |None| %s' OR flips_when ~ '  | [.,;]|[.]$' $$, 'no sentence has a hole');
SELECT is(ARRAY[counted(0, 'request'), counted(1, 'request'), counted(2, 'request'), counted(1.5, 'person', 'people'), counted(1234567, 'request'), counted(NULL, 'week')],
	ARRAY['no requests', '1 request', '2 requests', '1.5 people', '1,234,567 requests', 'an unknown number of weeks'], 'singular and plural');
SELECT is(ARRAY[usd_in_words(0), usd_in_words(999.994), usd_in_words(-1234.5), usd_in_words(1e15), usd_in_words(NULL)], ARRAY['0.00 USD', '999.99 USD', '-1,235 USD', '1000000000000000 USD', 'an unknown amount'], 'amounts');
SELECT is(ARRAY[mtok_in_words(0.04), mtok_in_words(21.72), mtok_in_words(12345.6), mtok_in_words(NULL)], ARRAY['0.0 million tokens', '21.7 million tokens', '12,346 million tokens', 'an unknown volume'], 'volumes');

-- A plan adds up, and is the bill of the log at its ends.
DO $$
BEGIN
	PERFORM set_price('plan', 'large', m, 10), set_price('plan', 'large', m, 5, service_tier => 'batch'), set_price('plan', 'small', m, 1) FROM unnest(ARRAY['input', 'output']) AS m;
END $$;
INSERT INTO routing_policy (name, kind) VALUES ('plan', 'score'), ('plan at a loss', 'score');
INSERT INTO routing_tier (policy, below_score, model) VALUES ('plan', 0.5, 'plan/small'), ('plan', NULL, 'plan/large'), ('plan at a loss', 0.5, 'plan/large'), ('plan at a loss', NULL, 'plan/small');
CREATE TABLE public.plan_log AS SELECT timestamptz '2026-01-01Z' + i * interval '1 hour' AS at, usage(1000 + i % 24, 1 + i % 24) AS usage, CASE WHEN i % 5 = 0 THEN 'large' ELSE 'plan/large' END AS model,
	'standard' AS service_tier, NULL::text AS region, NULL::bigint AS duration_ms, i % 10 / 10.0 AS score, CASE WHEN i % 3 = 0 THEN interval '2 days' END AS tolerates FROM generate_series(0, 1999) AS i;
SELECT is((SELECT usd_before FROM savings_plan(policy => 'plan', log => 'public.plan_log') WHERE step = 0), (SELECT month_usd(spend(model, usage, at), 2000) FROM public.plan_log), 'it begins with the bill of a month');
SELECT is_empty($$SELECT FROM (SELECT usd_before, usd_after, saved_usd, lag(usd_after) OVER (ORDER BY step) AS before FROM savings_plan(policy => 'plan', log => 'public.plan_log')) AS s
	WHERE usd_before <> before OR usd_after <> usd_before - saved_usd$$, 'each step begins where the one before ended');
SELECT is((SELECT usd_after FROM savings_plan(policy => 'plan', log => 'public.plan_log') WHERE step = 4),
	(SELECT month_usd(sum(CASE WHEN tolerates IS NOT NULL THEN token_cost('plan/large', usage, at, 'batch') ELSE token_cost(route('plan', score), usage, at) END), 2000) FROM public.plan_log), 'and ends with every request priced where it went');
SELECT is((SELECT saved_usd FROM savings_plan(policy => 'plan at a loss', baseline_model => 'plan/small', log => 'public.plan_log') WHERE step = 2), 0::numeric, 'a lever without effect saves nothing');
SELECT is((SELECT month_usd((traffic(w.routed_demand)).api_usd + (traffic(w.waiting)).api_usd, 2000) FROM workload('public.plan_log', 'plan') AS w), (SELECT usd_after FROM savings_plan(policy => 'plan', log => 'public.plan_log') WHERE step = 2),
	'what is left as demand, at once or later, is the bill by then');

-- A forecast that repeats the weeks before misses nothing; one that a doubled end surprises misses half.
SELECT is((SELECT forecast_wape(demand(timestamptz '2026-01-05Z' + h * interval '1 hour', usage(100 + h % 168), 1)) FROM generate_series(0, 1679) AS h), 0.000000, 'weeks that repeat');
SELECT is((SELECT forecast_wape(demand(timestamptz '2026-01-05Z' + h * interval '1 hour', usage(CASE WHEN h < 1008 THEN 100 + h % 168 ELSE 2 * (100 + h % 168) END), 1)) FROM generate_series(0, 1679) AS h), 0.5, 'the last four weeks are twice as large');
SELECT is((SELECT forecast_wape(demand(timestamptz '2026-01-05Z' + h * interval '1 hour', usage(100), 1)) FROM generate_series(0, 1342) AS h), NULL, 'less than eight weeks are too few');

-- A fact that is missing makes unknown what needs it, is said there, and leaves the rest as it is.
INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour) VALUES ('PLANGPU', 'plan', 'on_demand', 2);
INSERT INTO deployment (name, gpu, vendor, capacity_mtok_per_month, mix) VALUES ('plan other mix', 'PLANGPU', 'plan', 100, usage(1, 99));
INSERT INTO deployment (name, gpu, vendor) VALUES ('plan no rates', 'PLANGPU', 'plan');
INSERT INTO deployment (name, gpu, vendor, prefill_tokens_per_second) VALUES ('plan no decode', 'PLANGPU', 'plan', 1000);
INSERT INTO deployment (name, gpu, vendor, prefill_tokens_per_second, decode_tokens_per_second) VALUES ('plan no gpu price', 'PLANNONE', 'plan', 1000, 100), ('plan two vendors', 'PLANGPU', NULL, 1000, 100);
INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour) VALUES ('PLANGPU', 'plan too', 'on_demand', 3);
INSERT INTO routing_policy (name, kind) VALUES ('plan unknown model', 'score'), ('plan unknown baseline', 'score'), ('plan unknown machine', 'score'), ('plan no rates', 'score');
INSERT INTO routing_tier (policy, below_score, model) VALUES ('plan unknown model', 0.5, 'plan/nobody'), ('plan unknown model', NULL, 'plan/large'), ('plan unknown baseline', 0.5, 'plan/small'), ('plan unknown baseline', NULL, 'plan/nobody'),
	('plan unknown machine', NULL, 'plan/large'), ('plan no rates', NULL, 'plan/large');
INSERT INTO routing_tier (policy, below_score, deployment) VALUES ('plan unknown machine', 0.5, 'nobody'), ('plan no rates', 0.5, 'plan no gpu price');
CREATE TEMP TABLE plan_lack (deployment text, policy text, code text);
INSERT INTO plan_lack VALUES ('plan other mix', 'plan', 'IA303'), ('plan no rates', 'plan', 'IA303'), ('plan no decode', 'plan', 'IA303'), ('plan no gpu price', 'plan', 'IA302'), ('plan two vendors', 'plan', 'IA302'),
	(NULL, 'plan unknown model', 'IA002'), (NULL, 'plan unknown baseline', 'IA002'), (NULL, 'plan unknown machine', 'IA301'), (NULL, 'plan no rates', 'IA302');
CREATE TEMP TABLE plan_advice AS SELECT l.deployment, l.policy, l.code, a.* FROM plan_lack AS l, advise(l.deployment, l.policy, log => 'public.plan_log') AS a;
CREATE TEMP TABLE plan_saving AS SELECT l.deployment, l.policy, l.code, a.* FROM plan_lack AS l, savings_plan(l.deployment, l.policy, log => 'public.plan_log') AS a;
SELECT is_empty('SELECT FROM plan_lack AS l WHERE (SELECT count(*) FROM plan_advice AS a WHERE (a.deployment, a.policy) IS NOT DISTINCT FROM (l.deployment, l.policy)) <> 27', 'every rule is there');
SELECT is_empty($$SELECT deployment, rule, verdict, explanation FROM plan_advice WHERE deployment IS NOT NULL AND rule IN ('hybrid', 'self_host', 'pays_multiple_times', 'commitment', 'commitment_survives_low_demand', 'forecast_regret', 'longer_term')
	AND (verdict <> 'unknown' OR strpos(explanation, format('Deployment "%s" cannot be judged: %s', deployment, code)) = 0)$$, 'what needs the deployment names it and what it lacks');
SELECT is_empty($$SELECT deployment FROM plan_advice WHERE deployment IS NOT NULL AND rule = 'decision' AND (verdict <> 'insufficient_evidence' OR strpos(explanation, code) = 0)$$, 'and there is no decision about it');
SELECT is_empty($$SELECT policy, rule, verdict, explanation FROM plan_advice WHERE deployment IS NULL AND rule IN ('routing', 'routing_worth_building')
	AND (verdict <> 'unknown' OR strpos(explanation, format('Policy "%s" cannot be judged: %s', policy, code)) = 0)$$, 'what needs the policy names it and what it lacks');
SELECT is_empty($$SELECT a.deployment, a.rule, a.verdict, b.verdict FROM plan_advice AS a JOIN advise(NULL, 'plan', log => 'public.plan_log') AS b USING (rule)
	WHERE a.deployment IS NOT NULL AND rule IN ('residency', 'evidence', 'unpredictable', 'forecast_misses', 'api_fast_enough', 'batch', 'routing', 'routing_worth_building') AND (a.verdict, a.explanation) IS DISTINCT FROM (b.verdict, b.explanation)$$, 'the other rules are answered');
SELECT is_empty($$SELECT rule, explanation FROM plan_advice WHERE explanation IS NULL OR flips_when IS NULL OR explanation !~ '^[A-Z0-9].*[.]$' OR explanation ~ '  | [.,;]|[.][.]'$$, 'in sentences without a hole');
SELECT is_empty($$SELECT FROM plan_saving WHERE usd_before - coalesce(saved_usd, 0) <> usd_after OR usd_after IS NULL$$, 'a plan goes on without the lever');
SELECT is_empty($$SELECT deployment, policy, step, saved_usd, explanation FROM plan_saving WHERE (saved_usd IS NULL) <> (step = 2 AND deployment IS NULL OR step > 2 AND deployment IS NOT NULL) OR saved_usd IS NULL AND strpos(explanation, code) = 0$$,
	'whose saving is unknown, and no zero');
SELECT throws_ok($$SELECT advise('nobody', log => 'public.plan_log')$$, 'IA301', NULL, 'an unknown deployment');

-- The deployments that come with the extension serve every load.
SELECT is_empty($$SELECT d.name, i FROM deployment AS d, unnest(ARRAY[0, 1, 4, 40, 99, 100]) AS i WHERE d.version = 1 AND capacity_mtok(d.name, usage(100 - i, i), '2026-11-01') IS NULL$$, 'whatever its mix');
SELECT is_empty($$SELECT d.name FROM deployment AS d, advise(d.name, log => 'public.plan_log') AS a WHERE d.version = 1 AND a.explanation ~ 'cannot be judged'$$, 'and every rule about them is answered');

SELECT throws_ok($$SELECT advise(log => 'public.plan_log', forecast_error => 1.1)$$, '22023', NULL, 'a forecast off by more than all');
SELECT throws_ok($$SELECT advise(log => 'pg_class')$$, '42703', NULL, 'a relation that is no log');
SELECT throws_ok($$SELECT savings_plan(policy => 'nobody', log => 'public.plan_log')$$, 'IA401', NULL, 'an unknown policy');

SELECT * FROM finish();
ROLLBACK;
