-- Does the provider bill what the log says, model by model?
-- Reads the rollup.
SELECT model, round(sum(computed_usd), 4) AS computed, sum(invoice_usd) AS billed,
	round(sum(variance_usd), 4) AS variance
FROM reconcile_lines('openai', '2026-10-01', cost_lines('openai', '{"object": "page", "data": [{"object": "bucket",
	"start_time": 1790812800, "end_time": 1790899200, "results": [{"object": "organization.costs.result",
	"amount": {"value": 12.5, "currency": "usd"}, "line_item": "gpt-5.4"}]}]}', '2026-10-01'))
GROUP BY model ORDER BY model;
