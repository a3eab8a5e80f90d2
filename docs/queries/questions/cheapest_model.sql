-- Which model would serve all of it for least?
-- Reads the rollup.
SELECT rank, model, round(usd, 4) AS usd, unpriced_requests, quality
FROM compare_models('hourly_spend',
	ARRAY['openai/gpt-5-mini', 'google/gemini-2.5-flash', 'anthropic/claude-haiku-4-5'], '2026-10-01', '2026-11-01');
