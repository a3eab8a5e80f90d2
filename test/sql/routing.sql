-- Routing: tiers, what a policy would have saved, and the baselines beside it.
SET search_path = inferacct, inferacct_internal, public;
BEGIN;

-- Models that cost 0, 0.67 and 7.8 USD per million tokens.
SELECT count(set_price('routing', model, meter, usd))
FROM (VALUES ('free', 0), ('middle', 0.67), ('large', 7.8)) AS m(model, usd), unnest(ARRAY['input', 'output']) AS meter;

-- Rows as users insert them: the version fills itself.
INSERT INTO routing_policy (name, kind) VALUES ('three tiers', 'score');
INSERT INTO routing_tier (policy, below_score, model) VALUES
	('three tiers', 0.3, 'routing/free'), ('three tiers', 0.7, 'routing/middle'), ('three tiers', NULL, 'routing/large');
SELECT tier, below_score, model FROM current_routing_tier WHERE policy = 'three tiers' ORDER BY tier;

-- Half-open tiers; nobody can call a request easy whose score is NULL or NaN.
SELECT score, route('three tiers', score)
FROM unnest(ARRAY['-Infinity', 0, 0.29999999999999999, 0.3, 0.69999999999999999, 0.7, 1, 'Infinity', 'NaN', NULL]::float8[]) AS score;
SELECT route(NULL, 0.5) IS NULL AS no_policy;

-- Uniform scores over three tiers at 0, 0.67 and 7.8 save exactly 66.5641... %.
\x on
SELECT r.* FROM (
	SELECT route_savings('three tiers', i / 10.0, 'routing/large', usage(600, 400), '2026-01-01Z') AS r FROM generate_series(0, 9) AS i) AS s, LATERAL (SELECT (s.r).*) AS r;
\x off

-- Easy requests are shorter: 70 % of the requests are not 70 % of the spend.
SELECT r.moved_request_share, r.moved_spend_share, r.saved_share, r.random_saved_share, r.longest_first_saved_share
FROM (SELECT route_savings('three tiers', i / 10.0, 'routing/large', usage(100 * (i + 1), 100), '2026-01-01Z') AS r FROM generate_series(0, 9) AS i) AS s,
	LATERAL (SELECT (s.r).*) AS r;

-- A split saves what its shares say, whatever it draws; shares or thresholds describe it.
INSERT INTO routing_policy (name, kind) VALUES ('split', 'split'), ('split by thresholds', 'split');
INSERT INTO routing_tier (policy, share, model) VALUES ('split', 0.7, 'routing/middle'), ('split', NULL, 'routing/large');
INSERT INTO routing_tier (policy, below_score, model) VALUES
	('split by thresholds', 0.7, 'routing/middle'), ('split by thresholds', NULL, 'routing/large');
SELECT policy, (route_savings(policy, NULL, 'routing/large', usage(600, 400), '2026-01-01Z')).saved_share
FROM unnest(ARRAY['split', 'split by thresholds']) AS policy GROUP BY policy ORDER BY policy;
SELECT route('split', i / 1000.0) AS model, count(*) FROM generate_series(0, 999) AS i GROUP BY 1 ORDER BY 1;

-- A cascade pays the small model for every request; by share, or by what the score says.
INSERT INTO routing_policy (name, kind, escalation_share, classifier_usd_per_request) VALUES ('cascade', 'cascade', 0.3, 0.000001);
INSERT INTO routing_policy (name, kind) VALUES ('judged cascade', 'cascade');
INSERT INTO routing_tier (policy, below_score, model)
SELECT policy, below_score, model FROM unnest(ARRAY['cascade', 'judged cascade']) AS policy,
	(VALUES (0.7, 'routing/middle'), (NULL, 'routing/large')) AS t(below_score, model);
SELECT policy, r.requests, r.baseline_usd, r.routed_usd, r.classifier_usd, r.saved_share, t.tier, t.requests, t.calls, t.usd
FROM (SELECT policy, route_savings(policy, i / 10.0, 'routing/large', usage(600, 400), '2026-01-01Z') AS r
	  FROM unnest(ARRAY['cascade', 'judged cascade']) AS policy, generate_series(0, 9) AS i GROUP BY policy) AS s,
	LATERAL (SELECT (s.r).*) AS r, unnest(r.tiers) AS t ORDER BY policy, t.tier;
SELECT route('judged cascade', NULL) AS unscored, route('judged cascade', 0.8) AS escalated;

-- Misrouted requests pay the last tier, too; a classifier is paid for every request.
INSERT INTO routing_policy (name, kind, misroute_share, classifier_usd_per_request) VALUES ('mistaken', 'score', 0.1, 0.000001);
INSERT INTO routing_tier (policy, below_score, model) VALUES ('mistaken', 0.7, 'routing/middle'), ('mistaken', NULL, 'routing/large');
SELECT r.baseline_usd, r.routed_usd, r.classifier_usd, r.saved_usd, r.random_usd
FROM (SELECT route_savings('mistaken', i / 10.0, 'routing/large', usage(600, 400), '2026-01-01Z') AS r FROM generate_series(0, 9) AS i) AS s,
	LATERAL (SELECT (s.r).*) AS r;

-- A tier counts tokens, answers and caches in its own way; fractions of a token round up.
SELECT count(set_price('routing', 'large', 'cache_read', 0.78));
INSERT INTO routing_policy (name, kind) VALUES ('wordy', 'split');
INSERT INTO routing_tier (policy, share, model, tokenizer_ratio, output_ratio, keeps_cache) VALUES ('wordy', 1, 'routing/middle', 1.1, 1.5, false);
SELECT r.baseline_usd, r.routed_usd, r.routed_usd / 0.67 * 1000000 AS tokens
FROM (SELECT route_savings('wordy', NULL, 'routing/large', usage(5, 3, cache_read => 5), '2026-01-01Z') AS r) AS s, LATERAL (SELECT (s.r).*) AS r;

-- A tier served by a deployment costs by the month, used or not.
INSERT INTO routing_policy (name, kind) VALUES ('own small model', 'score');
INSERT INTO routing_tier (policy, below_score, deployment, usd_per_month, usd_per_mtok) VALUES ('own small model', 0.7, 'our-l40s', 876, 0.01);
INSERT INTO routing_tier (policy, below_score, model) VALUES ('own small model', NULL, 'routing/large');
SELECT route('own small model', 0.1);
SELECT mtok, r.saved_usd, r.deployment_usd, r.routed_usd
FROM (SELECT mtok, route_savings('own small model', i % 10 / 10.0, 'routing/large', usage((mtok * 1000)::bigint), '2026-01-01Z'::timestamptz + i * interval '0.744 hour') AS r
	  FROM unnest(ARRAY[100, 160, 161]) AS mtok, generate_series(0, 999) AS i GROUP BY mtok) AS s, LATERAL (SELECT (s.r).*) AS r ORDER BY mtok;
INSERT INTO routing_policy (name, kind) VALUES ('shipped deployment', 'split');
INSERT INTO routing_tier (policy, share, deployment) VALUES ('shipped deployment', 1, 'llama-70b-budget-low');
SELECT r.requests, r.routed_usd, r.deployment_usd, 2 * 2190 + 3000 + 200 AS of_the_article
FROM (SELECT route_savings('shipped deployment', NULL, 'routing/large', usage(1000), at) AS r
	  FROM unnest(ARRAY['2026-02-01 00:30Z', '2026-02-28 23:10Z']::timestamptz[]) AS at) AS s, LATERAL (SELECT (s.r).*) AS r;

-- Definitions are dated, corrected and ended like prices.
INSERT INTO routing_tier (policy, below_score, model, valid_from) VALUES
	('three tiers', 0.3, NULL, '2020-01-01'), ('three tiers', 0.7, 'routing/large', '9999-01-01');
SELECT tier, below_score, model FROM current_routing_tier WHERE policy = 'three tiers' ORDER BY tier;
SELECT route('three tiers', 0.1);

-- The state is a value: it can be written, read and merged.
CREATE TEMP TABLE part AS
	SELECT route_savings_accum(NULL, 'three tiers', 0.5, 'routing/large', usage(1000000, 3), '2026-01-01Z')::text AS state;
SELECT state::route_savings_state::text = state AS reads_back FROM part;
SELECT (route_savings_final(route_savings_combine(state::route_savings_state, state::route_savings_state))).requests FROM part;
SELECT input_tokens, requests, usd FROM part, route_savings_lengths(state::route_savings_state);
ROLLBACK;
