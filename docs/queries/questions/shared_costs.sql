-- What is each team's part of the shared costs?
-- Reads the rollup.
SELECT name, team, round(allocated_usd, 4) AS usd
FROM shared_cost_allocation WHERE month = '2026-10-01' ORDER BY usd DESC;
