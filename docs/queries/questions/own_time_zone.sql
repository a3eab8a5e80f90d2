-- What did October cost by the clocks of New York?
-- Reads the rollup.
SELECT (hour AT TIME ZONE 'America/New_York')::date AS day, round(sum(usd), 2) AS usd
FROM hourly_spend WHERE hour >= timestamp '2026-10-01' AT TIME ZONE 'America/New_York'
	AND hour < timestamp '2026-11-01' AT TIME ZONE 'America/New_York' GROUP BY 1 ORDER BY 1;
