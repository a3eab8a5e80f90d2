-- What a routing policy would have cost on the requests of its dearest model, beside chance and a ruler.
WITH base AS (
	SELECT t.model FROM current_routing_tier AS t WHERE t.policy = :'policy' ORDER BY t.tier DESC LIMIT 1
), judged AS (
	SELECT route_savings(:'policy', l.score, b.model, l.usage, l.at, l.service_tier, l.region) AS r
	FROM base AS b JOIN :log AS l ON inferacct_internal.resolved_model(l.model,
		l.at) = inferacct_internal.resolved_model(b.model, l.at)
	WHERE l.at >= :'since'::timestamptz AND l.at < :'at'::timestamptz
), result AS (
	SELECT (j.r).*, b.model FROM judged AS j CROSS JOIN base AS b WHERE (j.r).requests > 0
), chart AS (
	SELECT k.place, k.way, round(1000 * k.usd / r.requests, 4) AS usd_per_1000, round(k.usd, 2) AS usd,
		round(100 * (1 - k.usd / nullif(r.baseline_usd, 0)), 1) AS saved_percent
	FROM result AS r CROSS JOIN LATERAL (VALUES (1, 'all to ' || r.model, r.baseline_usd),
		(2, 'longest prompts first', r.longest_first_usd), (3, 'by lot', r.random_usd),
		(4, 'policy: ' || :'policy', r.routed_usd + r.classifier_usd + r.deployment_usd)) AS k(place, way, usd)
)
SELECT c.*, CASE WHEN r.requests > 0 THEN format('%s sends %s %% of %s requests to a smaller model and saves %s USD, '
		'%s %% of what they cost; as many by lot would save %s %%, the shortest prompts %s %%.', :'policy',
		round(100 * r.moved_request_share, 1), to_char(r.requests, 'FM999,999,999,990'),
			to_char(r.saved_usd, 'FM999,999,990.00'), round(100 * r.saved_share, 1),
		round(100 * r.random_saved_share, 1), round(100 * r.longest_first_saved_share, 1))
	WHEN :'policy' = '' THEN 'There is no routing policy yet: docs/routing.md says how to state one.'
	ELSE 'The log has no request to the dearest model of this policy.' END AS sentence
FROM (SELECT 1) AS always LEFT JOIN result AS r ON true LEFT JOIN chart AS c ON true
ORDER BY c.place;
