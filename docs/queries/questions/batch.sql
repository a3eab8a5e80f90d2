-- What would batching save of the work that may wait a day?
-- Reads the log.
SELECT team, (savings).eligible_requests, round((savings).saved_usd, 4) AS saved
FROM (SELECT team, batch_savings(model, usage, at, tolerates) AS savings FROM usage_all
	WHERE at >= '2026-10-01 00:00Z' AND at < '2026-11-01 00:00Z' AND service_tier = 'standard' GROUP BY team) AS teams
ORDER BY saved DESC NULLS LAST;
