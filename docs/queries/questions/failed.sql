-- What did failed requests cost?
-- Reads the rollup.
SELECT value AS status, requests, round(usd, 4) AS usd
FROM spend_by('status', since => '2026-10-01', until => '2026-11-01');
