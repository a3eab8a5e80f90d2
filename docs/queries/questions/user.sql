-- What does each user cost?
-- Reads the rollup.
SELECT value AS end_user, requests, round(usd, 4) AS usd, round(usd / requests, 6) AS usd_per_request
FROM spend_by('customer', since => '2026-10-01', until => '2026-11-01');
