-- How do budgets stand?
-- Reads the rollup.
SELECT name, budget_usd, round(spent_usd, 2) AS spent, round(100 * spent_share, 1) AS percent, status
FROM budget_pace('2026-10-01 00:00Z') WHERE month = '2026-09-01';
