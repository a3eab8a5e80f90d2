-- Which share of the tokens has no price?
-- Reads the rollup.
SELECT month, source, tokens, round(100 * (1 - priced_share), 3) AS percent_unpriced
FROM priced_usage WHERE month >= '2026-09-01' ORDER BY month, source;
