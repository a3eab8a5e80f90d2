-- What a company states beside its log, made up: budgets, an invoice, and answers that a judge compared.
-- After the screens: they show what comes without.
SET search_path = public, inferacct;
SET inferacct.unpriced = 'null';
SET client_min_messages = warning;

-- Round figures a little above what October cost, and one for the dearest team.
INSERT INTO budget (name, month, usd, team)
SELECT b.name, m.month, ceil(1.04 * b.usd / 100) * 100, b.team
FROM (SELECT 'all inference' AS name, NULL AS team, sum(usd) AS usd FROM monthly_spend WHERE month = '2026-10-01'
	UNION ALL
	(SELECT team, team, usd FROM spend_by_team WHERE month = '2026-10-01' ORDER BY usd DESC NULLS LAST LIMIT 1)) AS b
CROSS JOIN (VALUES (date '2026-10-01'), ('2026-11-01')) AS m(month)
WHERE b.usd IS NOT NULL
ON CONFLICT DO NOTHING;

-- Sonnet 5 a twentieth dearer than its list price, Haiku 4.5 with a fiftieth more tokens, a model that nobody logged,
-- and a credit.
SELECT load_invoice('INV-2026-10', 'anthropic', '2026-10-01', coalesce(jsonb_agg(jsonb_build_object('model', model, 'meter', meter,
		'quantity', round(logged_quantity * CASE WHEN model ~ 'haiku-4-5' THEN 1.02 ELSE 1 END),
		'usd', round(computed_usd * CASE WHEN model ~ 'haiku-4-5' THEN 1.02 WHEN model ~ 'sonnet-5' THEN 1.05 ELSE 1 END, 2))), '[]')
	|| '[{"model": "claude-2.1", "usd": 12.50}, {"kind": "credit", "usd": -20}]')
FROM reconcile_lines('anthropic', '2026-10-01', '[]')
WHERE computed_usd > 0 AND NOT EXISTS (SELECT FROM invoice WHERE invoice = 'INV-2026-10');

-- Requests that both models of the policy answered; a harder one is more often above the small model.
DROP TABLE IF EXISTS judged;
CREATE TABLE judged AS
SELECT score, usage, round((0.93 - 0.75 * greatest(score - 0.1, 0) - 0.25 * demo.uniform(n, 101) * score)::numeric, 3)::float8 AS weak_quality,
	round((0.94 - 0.10 * score - 0.06 * demo.uniform(n, 102))::numeric, 3)::float8 AS strong_quality
FROM (SELECT hashtextextended(request_id, 0) AS n, score::float8 AS score, usage FROM request
	WHERE model = 'anthropic/claude-sonnet-5' AND score IS NOT NULL ORDER BY request_id LIMIT 500) AS sample;
GRANT SELECT ON judged TO inferacct_reader;

-- What a scheduler calls after refresh_usage().
SELECT compact_usage();
