-- What is earned with each customer who pays 1.3 times the list price?
-- Reads the rollup.
SELECT value AS customer, requests, round(charged_usd, 4) AS charged, round(cost_usd, 4) AS cost,
	round(margin_usd, 4) AS margin, note
FROM margin('customer', markup => 1.3, since => '2026-10-01', until => '2026-11-01') WHERE value IS NOT NULL;
