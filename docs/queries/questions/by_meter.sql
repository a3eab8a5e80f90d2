-- What do reasoning, cached and other tokens cost?
-- Reads the rollup.
SELECT meter, quantity, round(usd, 4) AS usd FROM spend_by_meter WHERE month = '2026-10-01' ORDER BY usd DESC;
