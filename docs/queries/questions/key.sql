-- What does each key cost?
-- Reads the rollup.
SELECT value AS api_key, requests, round(usd, 4) AS usd
FROM spend_by('key', since => '2026-10-01', until => '2026-11-01') LIMIT 20;
