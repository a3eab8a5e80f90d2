-- What does the bill rest on?
-- Reads the rollup.
SELECT confidence, requests, round(usd, 2) AS usd, round(100 * share, 2) AS percent
FROM price_confidence WHERE month = '2026-10-01';
