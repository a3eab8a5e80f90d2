-- Who answers at length: tokens out for each token in?
-- Reads the rollup.
SELECT model, sum(input_tokens(usage)) AS input, sum(output_tokens(usage)) AS output,
	round(sum(output_tokens(usage))::numeric / nullif(sum(input_tokens(usage)), 0), 3) AS ratio
FROM monthly_spend WHERE month = '2026-10-01' GROUP BY model ORDER BY ratio DESC NULLS LAST;
