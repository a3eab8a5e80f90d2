-- What do reasoning, cached and other tokens cost?
-- Reads the rollup.
SELECT d.meter, sum(d.quantity) AS quantity, round(sum(d.usd), 4) AS usd
FROM hourly_spend AS h CROSS JOIN LATERAL rollup_cost_detail(h.model, h.usage, h.first_at, h.last_at, h.min_input,
	h.max_input, h.aggregated, h.service_tier, h.region) AS d
WHERE h.hour >= '2026-10-01 00:00Z' AND h.hour < '2026-11-01 00:00Z' GROUP BY d.meter ORDER BY usd DESC;
