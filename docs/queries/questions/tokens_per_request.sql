-- How many tokens does a request of each team have?
-- Reads the rollup.
SELECT team, round((input_tokens(usage) + output_tokens(usage))::numeric / requests, 1) AS tokens
FROM spend_by_team WHERE month = '2026-10-01' ORDER BY tokens DESC;
