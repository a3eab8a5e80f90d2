-- Which days were unusual, and why?
-- Reads the rollup.
SELECT day, round(usd, 2) AS usd, expected_usd, driver_team, driver_model, cause
FROM anomaly('2026-10-15', '2026-11-01', threshold => 1);
