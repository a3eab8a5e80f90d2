-- Which ten requests were the dearest?
-- Reads the log.
SELECT request_id, at, team, model, usage, round(token_cost(model, usage, at, service_tier, region), 6) AS usd
FROM usage_all WHERE at >= '2026-10-01 00:00Z' AND at < '2026-11-01 00:00Z'
ORDER BY usd DESC NULLS LAST, request_id LIMIT 10;
