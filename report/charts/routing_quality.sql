-- Quality against cost of routing, on the answers that a judge compared: by score, by lot, longest prompts first, by
-- the true gain.
WITH tier AS (
	SELECT *, row_number() OVER (ORDER BY t.tier) AS low, row_number() OVER (ORDER BY t.tier DESC) AS high
		FROM current_routing_tier AS t WHERE t.policy = :'policy'
), model AS (
	SELECT (SELECT model FROM tier WHERE low = 1) AS weak, (SELECT model FROM tier WHERE high = 1) AS strong,
		(SELECT max(below_score) FROM tier) AS strong_from
), answer AS (
	SELECT j.score, j.weak_quality, j.strong_quality, input_tokens(j.usage) AS length,
		token_cost(m.weak, j.usage, :'at'::timestamptz) AS weak_usd,
		token_cost(m.strong, j.usage, :'at'::timestamptz) AS strong_usd, m.strong_from
	FROM :judged AS j CROSS JOIN model AS m
	WHERE j.score IS NOT NULL AND j.weak_quality IS NOT NULL AND j.strong_quality IS NOT NULL
), whole AS (
	SELECT count(*) AS n, sum(weak_quality) AS weak_quality, sum(strong_quality) AS strong_quality,
		sum(weak_usd) AS weak_usd, sum(strong_usd) AS strong_usd
	FROM answer WHERE weak_usd IS NOT NULL AND strong_usd IS NOT NULL
), ordered AS (
	SELECT a.*, o.place, o.way, row_number() OVER (PARTITION BY o.way ORDER BY o.key DESC, a.score, a.length) AS rank
	FROM answer AS a CROSS JOIN LATERAL (VALUES (1, 'by score', a.score::numeric),
		(3, 'longest first', a.length::numeric), (4, 'oracle',
		(a.strong_quality - a.weak_quality)::numeric)) AS o(place, way, key)
	WHERE a.weak_usd IS NOT NULL AND a.strong_usd IS NOT NULL
), summed AS (
	SELECT place, way, rank, sum(strong_quality - weak_quality) OVER w AS gain, sum(strong_usd - weak_usd) OVER w AS usd
		FROM ordered WINDOW w AS (PARTITION BY way ORDER BY rank)
), curve AS (
	SELECT s.place, s.way, s.rank, s.gain, s.usd FROM summed AS s CROSS JOIN whole AS t
		WHERE s.rank % greatest(t.n / 20, 1) = 0 OR s.rank = t.n
	UNION ALL SELECT DISTINCT place, way, 0, 0::float8, 0::numeric FROM summed
	UNION ALL SELECT 2, 'by lot', p.n, p.part * (t.strong_quality - t.weak_quality),
		p.part * (t.strong_usd - t.weak_usd)
	FROM whole AS t CROSS JOIN LATERAL (VALUES (0, 0), (t.n, 1)) AS p(n, part) WHERE t.n > 0
	UNION ALL SELECT 5, 'policy', count(*) FILTER (WHERE score >= strong_from),
		sum(CASE WHEN score >= strong_from THEN strong_quality - weak_quality ELSE 0 END),
		sum(CASE WHEN score >= strong_from THEN strong_usd - weak_usd ELSE 0 END) FROM answer HAVING count(*) > 0
), chart AS (
	SELECT c.place, c.way, round(100.0 * c.rank / t.n, 1) AS strong_percent,
		round(1000 * (t.weak_usd + c.usd) / t.n, 4) AS usd_per_1000,
		round(((t.weak_quality + c.gain) / t.n)::numeric, 4) AS quality
	FROM curve AS c CROSS JOIN whole AS t
)
SELECT c.*, CASE WHEN t.n > 0 THEN format('On %s judged answers the policy keeps %s of the %s quality of %s, for %s '
		'USD instead of %s USD per 1,000 requests.', t.n,
			p.quality, round((t.strong_quality / t.n)::numeric, 4), m.strong, round(p.usd_per_1000, 2),
				round(1000 * t.strong_usd / t.n, 2))
		ELSE 'How good the answers are is not known: no judged answers were given (JUDGED, report/README.md). A '
				'saving alone does not say that the policy is good.' END AS sentence
FROM whole AS t CROSS JOIN model AS m LEFT JOIN chart AS c ON true LEFT
	JOIN (SELECT * FROM chart WHERE way = 'policy') AS p ON true
ORDER BY c.place, c.usd_per_1000;
