-- What did each model cost?
-- Reads the rollup.
SELECT model, requests, round(usd, 2) AS usd
FROM spend_by_model WHERE month = '2026-10-01' ORDER BY usd DESC NULLS LAST;
