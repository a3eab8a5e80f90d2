-- At which hour of the day is how much spent?
-- Reads the rollup.
SELECT extract(hour FROM hour AT TIME ZONE 'UTC') AS hour, round(sum(usd), 2) AS usd
FROM hourly_spend WHERE hour >= '2026-10-01 00:00Z' AND hour < '2026-11-01 00:00Z' GROUP BY 1 ORDER BY 1;
