-- Which models have no price, and what is to be done?
-- Reads the rollup.
SELECT model, reason, sum(requests) AS requests, sum(tokens) AS tokens
FROM unpriced_usage WHERE month = '2026-10-01' GROUP BY model, reason ORDER BY tokens DESC;
