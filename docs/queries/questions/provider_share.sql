-- Which share of the bill goes to whom?
-- Reads the rollup.
SELECT provider, round(usd, 2) AS usd, round(100 * usd / sum(usd) OVER (), 2) AS percent
FROM spend_by_provider WHERE month = '2026-10-01' ORDER BY usd DESC NULLS LAST;
