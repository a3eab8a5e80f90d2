-- What the two articles say of routing, figure by figure.
SET search_path = inferacct, public;
BEGIN;
SELECT count(set_price('article', model, meter, usd))
FROM (VALUES ('local', 0, 0), ('groq-llama-70b', 0.59, 0.79), ('claude-3.5-sonnet', 3, 15)) AS m(model, input, output),
	LATERAL (VALUES ('input', input), ('output', output)) AS p(meter, usd);

-- 100M tokens a month, 60 % of them prompt: 1,000 requests of 100,000 tokens.
CREATE TEMP TABLE month AS SELECT usage(60000, 40000) AS usage, i / 1000.0 AS score, timestamptz '2026-01-01Z' AS at FROM generate_series(0, 999) AS i;

INSERT INTO routing_policy (name, kind)
SELECT format('%s to %s', share, model), 'split' FROM unnest(ARRAY[0.5, 0.547, 0.7, 0.766, 0.8]) AS share, unnest(ARRAY['local', 'groq-llama-70b']) AS model;
INSERT INTO routing_tier (policy, share, model)
SELECT format('%s to %s', share, model), s, 'article/' || m
FROM unnest(ARRAY[0.5, 0.547, 0.7, 0.766, 0.8]) AS share, unnest(ARRAY['local', 'groq-llama-70b']) AS model,
	LATERAL (VALUES (share, model), (1 - share, 'claude-3.5-sonnet')) AS t(s, m);

-- "Route 70-80 % to the small model and save 50-70 %": a free local model saves 70-80 %, one at 0.67 saves 64.0-73.1 %;
-- 50-70 % needs a share of 50-70 %, or of 54.7-76.6 %.
SELECT name AS policy, (route_savings(name, NULL, 'article/claude-3.5-sonnet', usage, at)).saved_share
FROM routing_policy, month WHERE name LIKE '%local' OR name LIKE '%groq%' GROUP BY name ORDER BY name;

-- The 70/30 chatbot: what it pays a month, and as a cascade that tries the small model first.
INSERT INTO routing_policy (name, kind, escalation_share) VALUES ('chatbot cascade', 'cascade', 0.3);
INSERT INTO routing_tier (policy, below_score, model) VALUES
	('chatbot cascade', 0.7, 'article/groq-llama-70b'), ('chatbot cascade', NULL, 'article/claude-3.5-sonnet');
SELECT policy, r.baseline_usd, r.routed_usd, r.saved_share
FROM (SELECT policy, route_savings(policy, NULL, 'article/claude-3.5-sonnet', usage, at) AS r
	  FROM month, unnest(ARRAY['0.7 to groq-llama-70b', 'chatbot cascade']) AS policy GROUP BY policy) AS s, LATERAL (SELECT (s.r).*) AS r ORDER BY policy;

-- Three tiers at 0.3 and 0.7 with uniform scores: 66.56 %.
INSERT INTO routing_policy (name, kind) VALUES ('article tiers', 'score'), ('article tiers, own GPU', 'score');
INSERT INTO routing_tier (policy, below_score, model) VALUES
	('article tiers', 0.3, 'article/local'), ('article tiers', 0.7, 'article/groq-llama-70b'), ('article tiers', NULL, 'article/claude-3.5-sonnet');
SELECT r.routed_usd, r.saved_share, 1 - 2.608 / 7.8 AS expected
FROM (SELECT route_savings('article tiers', score, 'article/claude-3.5-sonnet', usage, at) AS r FROM month) AS s, LATERAL (SELECT (s.r).*) AS r;

-- What they leave out: the local model's GPU, an L40S at 1.20 an hour. 70 % to it loses 330 USD a month at 100M tokens and pays above 160.4M.
INSERT INTO routing_tier (policy, below_score, deployment, usd_per_month) VALUES ('article tiers, own GPU', 0.7, 'l40s', 876);
INSERT INTO routing_tier (policy, below_score, model) VALUES ('article tiers, own GPU', NULL, 'article/claude-3.5-sonnet');
SELECT mtok, round(r.saved_usd, 2) AS saved_usd
FROM (SELECT mtok, route_savings('article tiers, own GPU', score, 'article/claude-3.5-sonnet', usage(600 * mtok, 400 * mtok), at + score * interval '743 hours 59 minutes') AS r
	  FROM month, unnest(ARRAY[100, 160, 161]) AS mtok GROUP BY mtok) AS s, LATERAL (SELECT (s.r).*) AS r ORDER BY mtok;
ROLLBACK;
