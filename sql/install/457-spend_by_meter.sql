-- spend_by_meter: what input, cached tokens, output, reasoning and so on cost.
--
-- Invariant: usd adds up to monthly_spend, exactly, as each row of the rollup is the sum
-- of its meters (rollup_cost_detail).  What is alike is priced once.

CREATE VIEW spend_by_meter WITH (security_invoker = true) AS
SELECT m.month, d.meter, sum(d.quantity)::bigint AS quantity, trim_scale(sum(d.usd)) AS usd,
	(array_agg(d.confidence ORDER BY confidence_order(d.confidence)))[1] AS confidence
FROM (SELECT DISTINCT month FROM rollup_month) AS m
CROSS JOIN LATERAL alike_usage(m.month) AS a
CROSS JOIN LATERAL rollup_cost_detail(a.model, a.usage, a.first_at, a.last_at, a.min_input, a.max_input, a.aggregated,
	a.service_tier, a.region) AS d
GROUP BY m.month, d.meter;

COMMENT ON VIEW spend_by_meter IS
'Quantity (tokens, or what the meter counts) and exact USD by UTC month and meter: input, cache_read, output, '
'reasoning and so on. usd adds up to monthly_spend; what has no price is in neither under inferacct.unpriced = null. '
'confidence is the worst of any figure in it.';
