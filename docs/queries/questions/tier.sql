-- What runs as a batch, and what at once?
-- Reads the rollup.
SELECT value AS service_tier, requests, round(usd, 2) AS usd
FROM spend_by('service_tier', since => '2026-10-01', until => '2026-11-01');
