-- What if another model did that work?
-- Reads the rollup.
SELECT model, replaced_by, requests, round(usd, 4) AS usd, round(saved_usd, 4) AS saved
FROM what_if('hourly_spend', '{"anthropic/claude-sonnet-5": "openai/gpt-5-mini"}', '2026-10-01', '2026-11-01')
WHERE replaced_by IS NOT NULL;
