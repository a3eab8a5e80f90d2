-- Whose spend changed most, and why?
-- Reads the rollup.
SELECT value AS team, driver, round(usd, 2) AS usd, explanation
FROM explain_change('2026-09-01', '2026-10-01', 'team') LIMIT 10;
