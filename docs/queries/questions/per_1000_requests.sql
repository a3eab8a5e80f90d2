-- What do a thousand requests of each team cost?
-- Reads the rollup.
SELECT team, round(1000 * usd / requests, 4) AS usd_per_1000
FROM spend_by_team WHERE month = '2026-10-01' ORDER BY usd_per_1000 DESC;
