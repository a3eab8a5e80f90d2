-- What does a feature cost, as requests are tagged?
-- Reads the rollup.
SELECT value AS feature, requests, round(usd, 2) AS usd, note
FROM spend_by('feature', since => '2026-10-01', until => '2026-11-01');
