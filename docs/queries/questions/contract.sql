-- What is payable to each provider with a contract, and what is left of what was paid ahead?
-- Reads the rollup.
SELECT provider, kind, name, round(usd, 2) AS usd, round(left_usd, 2) AS left_usd, note
FROM contract_account('2026-10-01', '2026-11-01');
