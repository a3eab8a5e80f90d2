-- Negotiated prices, prices in other currencies, and what a change of prices does.
SET search_path = inferacct, public;
BEGIN;

SELECT count(*) FROM (VALUES
	(set_price('contract-a', 'm', 'input', 10)),
	(set_price('contract-a', 'm', 'output', 20)),
	(set_price('contract-a', 'm', 'cache_read', 1)),
	(set_price('contract-a', 'm', 'input', 5, service_tier => 'batch')),
	(set_price('contract-b', 'n', 'input', 8))) v;
INSERT INTO contract (contract, note) VALUES ('acme', 'example');
INSERT INTO contract_term (contract, percent_off) VALUES ('acme', 10);
INSERT INTO contract_term (contract, provider, percent_off, valid_from, valid_to)
VALUES ('acme', 'contract-a', 15, '2026-01-01+00', '2027-01-01+00');
INSERT INTO contract_term (contract, provider, model, meter, usd) VALUES ('acme', 'contract-a', 'm', 'output', 7);

-- list prices without it
SELECT token_cost('contract-a/m', usage(1000000, 1000000, 1000000), '2026-06-01+00') AS list;

-- the narrowest percentage in its time, an own price, the same per call
SET LOCAL inferacct.contract = 'acme';
SELECT token_cost('contract-a/m', usage(1000000, 1000000, 1000000), '2026-06-01+00') = 8.5 + 7 + 0.85 AS within,
	token_cost('contract-a/m', usage(1000000, 1000000, 1000000), '2027-01-01+00') = 9 + 7 + 0.9 AS from_its_end_on,
	token_cost('contract-a/m', usage(1000000), '2027-01-01+00', 'batch') = 4.5 AS batch,
	token_cost('contract-b/n', usage(1000000), '2026-06-01+00') = 7.2 AS other_provider;
SELECT meter, unit_usd, usd, tier FROM token_cost_detail('contract-a/m', usage(1000000, 1000000, 1000000), '2026-06-01+00');
SELECT token_cost(price_book(contract => ''), 'contract-a/m', usage(1000000, 1000000, 1000000), '2026-06-01+00') AS list,
	token_cost(price_book(contract => 'acme'), 'contract-a/m', usage(1000000, 1000000, 1000000), '2026-06-01+00') AS acme;
SELECT price_book()::text::price_book::text = price_book()::text AS round_trip;

-- a term with no price and no percentage ends the one alike
INSERT INTO contract_term (contract, provider, valid_from) VALUES ('acme', 'contract-a', '2026-09-01+00');
INSERT INTO contract_term (contract, provider, model, meter, valid_from) VALUES ('acme', 'contract-a', 'm', 'output', '2026-09-01+00');
SELECT token_cost('contract-a/m', usage(1000000, 1000000), '2026-08-31+00') = 8.5 + 7 AS before,
	token_cost('contract-a/m', usage(1000000, 1000000), '2026-09-01+00') = 9 + 18 AS after;

-- a contract that is not there
SAVEPOINT unknown_contract;
SET LOCAL inferacct.contract = 'nobody';
SELECT token_cost('contract-b/n', 1, 0, '2026-06-01+00');
ROLLBACK TO unknown_contract;
SELECT price_book(contract => 'nobody') IS NULL;
ROLLBACK TO unknown_contract;
RESET inferacct.contract;

-- prices in another currency, by the exchange rate of the request's time
INSERT INTO price (provider, model, meter, currency, amount)
VALUES ('contract-zh', 'glm', 'input', 'CNY', 2), ('contract-zh', 'glm', 'output', 'CNY', 8);
INSERT INTO fx_rate (currency, usd_per_unit, valid_from)
VALUES ('CNY', 0.1379, '2026-01-01+00'), ('CNY', 0.14, '2026-05-01+00');
SELECT token_cost('contract-zh/glm', 1000000, 1000000, '2026-04-30 23:59:59+00') AS april,
	token_cost('contract-zh/glm', 1000000, 1000000, '2026-05-01+00') AS may;
SAVEPOINT no_rate;
SELECT token_cost('contract-zh/glm', 1000000, 1000000, '2025-06-01+00');
ROLLBACK TO no_rate;

-- what if one provider were 15 % cheaper
SELECT token_cost(price_book_scale(price_book(), 0.85, 'contract-a'), 'contract-a/m', usage(1000000, 1000000), '2026-06-01+00') AS cheaper,
	token_cost(price_book_scale(price_book(), 0.85, 'contract-a'), 'contract-b/n', usage(1000000), '2026-06-01+00') AS untouched,
	token_cost(price_book_scale(price_book(), 2, 'contract-a', 'm', 'output'), 'contract-a/m', usage(1000000, 1000000), '2026-06-01+00') AS output_doubled;
SELECT price_book_scale(price_book(), -1) IS NULL;
ROLLBACK TO no_rate;

-- a correction: the booked figure, the new one, and the difference
INSERT INTO usage_log (at, usage, model, source, request_id)
SELECT '2026-10-01+00'::timestamptz + i * interval '1 hour', usage(1000 * i, 100 * i), 'contract-a/m', 'contract test', i::text
FROM generate_series(1, 100) i;
SELECT spend(model, usage, at) AS booked FROM usage_log WHERE source = 'contract test';
SELECT set_price('contract-a', 'm', 'input', 11, valid_from => '2026-10-03+00') > 1000 AS corrected;
SELECT spend(model, usage, at) AS restated FROM usage_log WHERE source = 'contract test';
SELECT month, model, requests, usd_before, usd_after, difference_usd FROM price_impact() WHERE model = 'contract-a/m';
SELECT count(*) FROM price_impact(1, 1);
ROLLBACK;
