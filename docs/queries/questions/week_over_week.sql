-- How does each week compare with the one before?
-- Reads the rollup.
SELECT week, round(usd, 2) AS usd, round(100 * (usd / lag(usd) OVER (ORDER BY week) - 1), 1) AS percent_more
FROM (SELECT date_trunc('week', day)::date AS week, sum(usd) AS usd FROM daily_spend GROUP BY 1) AS weeks
ORDER BY week;
