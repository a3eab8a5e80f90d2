-- What is earned with each customer who pays 1.3 times the list price?
-- Reads the log.
SELECT customer, round(charged, 4) AS charged, round(cost, 4) AS cost, round(charged - cost, 4) AS margin
FROM (SELECT end_user AS customer,
		-- Or price_book(contract => ...): a price list of one's own.
		spend((SELECT price_book_scale(price_book(unpriced => 'null'), 1.3)), model, usage, at, service_tier, region)
			AS charged,
		spend(model, usage, at, service_tier, region) AS cost
	FROM usage_all WHERE at >= '2026-10-01 00:00Z' AND at < '2026-11-01 00:00Z' AND end_user IS NOT NULL
	GROUP BY end_user) AS customers
ORDER BY margin DESC NULLS LAST;
