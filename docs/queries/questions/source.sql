-- Which tool or gateway does the spend come through?
-- Reads the rollup.
SELECT source, requests, round(usd, 2) AS usd, round(provider_usd, 2) AS told_by_the_tool
FROM spend_by_source WHERE month = '2026-10-01' ORDER BY usd DESC;
