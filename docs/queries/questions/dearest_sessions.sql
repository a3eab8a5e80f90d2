-- Which sessions were the dearest, and how many requests had they?
-- Reads the rollup.
SELECT value AS session, requests, round(usd, 4) AS usd
FROM spend_by('session', since => '2026-10-01', until => '2026-11-01') WHERE value IS NOT NULL LIMIT 10;
