-- What did each team cost?
-- Reads the rollup.
SELECT team, requests, round(usd, 2) AS usd
FROM spend_by_team WHERE month = '2026-10-01' ORDER BY usd DESC;
