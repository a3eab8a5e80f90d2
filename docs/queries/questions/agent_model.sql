-- Which agent uses which model, for how much?
-- Reads the rollup.
SELECT value AS agent, second_value AS model, requests, round(usd, 4) AS usd
FROM spend_by('agent', 'model', '2026-10-01', '2026-11-01') WHERE value IS NOT NULL;
