-- Which teams grow fastest?
-- Reads the rollup.
SELECT team, round(sum(usd) FILTER (WHERE month = '2026-09-01'), 2) AS september,
	round(sum(usd) FILTER (WHERE month = '2026-10-01'), 2) AS october,
	round(100 * (sum(usd) FILTER (WHERE month = '2026-10-01')
		/ sum(usd) FILTER (WHERE month = '2026-09-01') - 1), 1) AS percent_more
FROM spend_by_team GROUP BY team ORDER BY percent_more DESC NULLS LAST;
