-- What will the month have cost by its end, as seen on the 20th?
-- Reads the rollup.
SELECT round(spent_usd, 2) AS spent, usd, low_usd, high_usd, method
FROM forecast('2026-10-01', at => '2026-10-20 00:00Z');
