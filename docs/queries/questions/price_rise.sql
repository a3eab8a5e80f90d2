-- What if a vendor raises prices by a tenth?
-- Reads the rollup.
SELECT split_part(model, '/', 1) AS provider, round(sum(usd - usd_before), 4) AS more
FROM what_if('hourly_spend', '{"*": {"price_factor": 1.1}}', '2026-10-01', '2026-11-01')
GROUP BY 1 ORDER BY more DESC NULLS LAST;
