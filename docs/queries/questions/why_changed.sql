-- Why did October cost another sum than September?
-- Reads the rollup.
SELECT driver, round(usd, 2) AS usd, explanation FROM explain_change('2026-09-01', '2026-10-01');
