-- Prices in other currencies: converted at the rate of the time of the request,
-- by whatever prices, with as many exchange rates as a central bank publishes.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL client_min_messages = warning;
SELECT plan(40);

CREATE FUNCTION pg_temp.day_rate(n int, day int) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
	SELECT 0.01 * (1 + (n * 37 + day * 11) % 200) $$;

-- 31 currencies, six years of days
INSERT INTO fx_rate (currency, usd_per_unit, valid_from)
SELECT CASE n WHEN 0 THEN 'EUR' WHEN 1 THEN 'CNY' ELSE 'X' || chr(65 + n / 26) || chr(65 + n % 26) END,
	pg_temp.day_rate(n, day), timestamptz '2020-01-01 15:00Z' + day * interval '1 day'
FROM generate_series(0, 30) n, generate_series(0, 2199) day;
SELECT is((SELECT count(*) FROM fx_rate), 68200::bigint, '68,200 exchange rates');

INSERT INTO price (provider, model, meter, currency, amount) VALUES
	('ovh', 'flat', 'input', 'EUR', 3), ('ovh', 'flat', 'output', 'EUR', 9), ('ovh', 'flat', 'requests', 'EUR', 100),
	('ovh', 'tiered', 'input', 'EUR', 3), ('ovh', 'tiered', 'output', 'EUR', 9),
	('ovh', 'mixed', 'input', 'EUR', 3), ('ovh', 'mixed', 'output', 'CNY', 40), ('ovh', 'mixed', 'pages', 'CNY', 1000);
INSERT INTO price (provider, model, meter, usd) VALUES ('ovh', 'mixed', 'cache_read', 0.5);
INSERT INTO price (provider, model, meter, currency, amount, above_input_tokens) VALUES ('ovh', 'tiered', 'input', 'EUR', 6, 5000);
INSERT INTO price (provider, model, meter, service_tier, multiplier) VALUES ('ovh', 'mixed', '*', 'batch', 0.5);
INSERT INTO price (provider, model, meter, currency, amount, time_windows)
VALUES ('ovh', 'mixed', 'input', 'EUR', 1, '{"timezone": "UTC", "windows": [{"from": "20:00", "to": "24:00"}]}');
INSERT INTO contract (contract) VALUES ('cheap');
INSERT INTO contract_term (contract, provider, percent_off) VALUES ('cheap', 'ovh', 25);

-- what SQL makes of the same
CREATE FUNCTION pg_temp.fx(of text, moment timestamptz) RETURNS numeric LANGUAGE sql STABLE AS $$
	SELECT usd_per_unit FROM inferacct.fx_rate WHERE currency = of AND valid_from <= moment ORDER BY valid_from DESC LIMIT 1 $$;
CREATE TEMP TABLE request AS
SELECT i, (i * 7919 % 12000)::bigint AS input, (i * 104729 % 3000)::bigint AS output,
	timestamptz '2020-01-01 15:00Z' + (i * 7654321 % 190000000) * interval '1 second' AS at
FROM generate_series(1, 3000::bigint) i;
ALTER TABLE request ADD eur numeric, ADD cny numeric;
UPDATE request SET eur = pg_temp.fx('EUR', at), cny = pg_temp.fx('CNY', at);
CREATE TEMP TABLE expected AS
SELECT i, input, output, at,
	(input * 3 * eur + output * 9 * eur + 100 * eur) / 1000000 AS flat,
	(input * CASE WHEN input > 5000 THEN 6 ELSE 3 END * eur + output * 9 * eur) / 1000000 AS tiered,
	(input * CASE WHEN extract(hour FROM at AT TIME ZONE 'UTC') >= 20 THEN 1 ELSE 3 END * eur + output * 40 * cny + 7 * 0.5) / 1000000 AS mixed
FROM request;

SELECT is((SELECT count(*) FROM expected WHERE token_cost('ovh/flat', input, output, at) IS DISTINCT FROM flat), 0::bigint, 'flat prices in EUR, in any order of time');
SELECT is((SELECT count(*) FROM expected WHERE token_cost('ovh/flat', usage(input, output), at) IS DISTINCT FROM flat), 0::bigint, 'of a usage');
SELECT is((SELECT count(*) FROM expected WHERE token_cost('ovh/tiered', input, output, at) IS DISTINCT FROM tiered), 0::bigint, 'by the size of the context');
SELECT is((SELECT count(*) FROM expected WHERE token_cost('ovh/mixed', usage(input, output, cache_read => 7), at) IS DISTINCT FROM mixed), 0::bigint, 'two other currencies, USD and weekly hours');
SELECT is((SELECT count(*) FROM expected WHERE token_cost('ovh/mixed', usage(input, output, cache_read => 7), at, 'batch') IS DISTINCT FROM mixed / 2), 0::bigint, 'times a multiplier');
SELECT is((SELECT count(*) FROM expected WHERE token_cost('ovh/mixed', usage(input, output, cache_read => 7), at, 'standard', 'eu') IS DISTINCT FROM mixed), 0::bigint, 'by the long way');
SELECT is((SELECT spend('ovh/' || model, usage(input, output), at) FROM expected, unnest(ARRAY['flat', 'tiered']) model),
	(SELECT sum(flat + tiered) FROM expected), 'spend');
SELECT is((SELECT spend('ovh/flat', input, output, at) FROM expected), (SELECT sum(flat) FROM expected), 'spend of plain tokens');
SELECT is((SELECT sum((c).usd) FROM (SELECT unnest(spend_by_month('ovh/flat', usage(input, output), at)) AS c FROM expected) m),
	(SELECT sum(flat) FROM expected), 'spend_by_month');
SELECT is((SELECT sum(d.usd) FROM expected, token_cost_detail('ovh/mixed', usage(input, output, cache_read => 7), at) d),
	(SELECT sum(mixed) FROM expected), 'details');
SELECT results_eq($$SELECT meter, usd_per_unit_quantity, usd FROM (
	SELECT meter, rate.usd_per AS usd_per_unit_quantity, usd FROM token_cost_detail('ovh/flat', usage(1000, 0), '2020-01-03Z')
	AS rate(meter, quantity, unit_quantity, usd_per, usd, version, valid_from, tier, source)) d ORDER BY meter$$,
	$$SELECT * FROM (VALUES ('input', 3 * pg_temp.day_rate(0, 1), 3 * pg_temp.day_rate(0, 1) / 1000),
		('requests', 100 * pg_temp.day_rate(0, 1), 100 * pg_temp.day_rate(0, 1) / 1000000)) v ORDER BY 1$$, 'in USD');
SET LOCAL inferacct.contract = 'cheap';
SELECT is((SELECT count(*) FROM expected WHERE token_cost('ovh/flat', input, output, at) IS DISTINCT FROM flat * 0.75), 0::bigint, 'under a contract');
SELECT is((SELECT count(*) FROM expected WHERE token_cost('ovh/mixed', usage(input, output, cache_read => 7), at, 'batch') IS DISTINCT FROM mixed * 0.375), 0::bigint, 'and times a multiplier');
RESET inferacct.contract;

-- a book has the rates that it needs, and no others
CREATE TEMP TABLE book AS SELECT price_book() AS book;
SELECT is((SELECT count(*) FROM expected, book WHERE token_cost(book, 'ovh/mixed', usage(input, output, cache_read => 7), at) IS DISTINCT FROM mixed), 0::bigint, 'by a book');
SELECT is((SELECT spend(book, 'ovh/flat', usage(input, output), at) FROM expected, book), (SELECT sum(flat) FROM expected), 'spend by a book');
SELECT is((SELECT array_agg(DISTINCT f->>'currency' ORDER BY f->>'currency') FROM book, json_array_elements(book::text::json->'fx_rates') f),
	ARRAY['CNY', 'EUR'], 'a book has the rates of the currencies that its prices name');
SELECT is((SELECT count(*) FROM book, json_array_elements(book::text::json->'fx_rates') f), 4400::bigint, 'all of them');
SELECT is((SELECT md5(book::text) FROM book), (SELECT md5(book::text::price_book::text) FROM book), 'its text gives it back');
SELECT is((SELECT spend((SELECT book::text::price_book FROM book), 'ovh/mixed', usage(input, output, cache_read => 7), at) FROM expected),
	(SELECT sum(mixed) FROM expected), 'with the same costs');
SELECT is((SELECT spend((SELECT price_book_scale(book, 2, model => 'flat') FROM book), 'ovh/flat', usage(input, output), at) FROM expected),
	(SELECT 2 * sum(flat) FROM expected), 'scaled, in whatever currency');
SELECT is((SELECT md5(book::text) FROM book), md5(price_book()::text), 'made twice it is the same');

-- exchange rates do not multiply: a model in EUR is about as large as one in USD
CREATE FUNCTION pg_temp.bytes() RETURNS bigint LANGUAGE sql AS 'SELECT (price_book_info(price_book())).bytes';
CREATE TEMP TABLE size AS SELECT pg_temp.bytes() AS before, NULL::bigint AS usd, NULL::bigint AS eur;
INSERT INTO price (provider, model, meter, usd) VALUES ('ovh', 'plain', 'input', 3), ('ovh', 'plain', 'output', 9);
UPDATE size SET usd = pg_temp.bytes();
INSERT INTO price (provider, model, meter, currency, amount) VALUES ('ovh', 'equal', 'input', 'EUR', 3), ('ovh', 'equal', 'output', 'EUR', 9);
UPDATE size SET eur = pg_temp.bytes();
SELECT cmp_ok(eur - usd, '<=', usd - before + 8, 'a model in EUR is not larger than one in USD') FROM size;

-- before the first rate, and after a correction
SELECT throws_ok($$SELECT token_cost('ovh/flat', 1000, 0, '2020-01-01 14:59:59Z')$$, 'IA007', 'no exchange rate for EUR', 'a time without a rate is an error');
SELECT throws_ok($$SELECT token_cost('ovh/flat', usage(1000), '2020-01-01 14:59:59Z')$$, 'IA007', 'no exchange rate for EUR', 'of a usage, too');
SELECT throws_ok($$SELECT token_cost('ovh/tiered', 1000, 0, '2020-01-01 14:59:59Z')$$, 'IA007', 'no exchange rate for EUR', 'and by the size of the context');
SELECT throws_ok($$SELECT spend('ovh/mixed', usage(0, 0, cache_read => 5, pages => 1), '2020-01-01 14:59:59Z')$$, 'IA007', 'no exchange rate for CNY', 'the currency is that of the meter');
SELECT is(token_cost('ovh/mixed', usage(0, 0, cache_read => 1000000), '2020-01-01 14:59:59Z'), 0.5, 'a meter priced in USD needs none');
SELECT throws_ok($$SELECT token_cost(book, 'ovh/flat', usage(1000), '2020-01-01 14:59:59Z') FROM book$$, 'IA007', 'no exchange rate for EUR', 'a book says the same');
SET LOCAL inferacct.unpriced = 'null';
SELECT is(token_cost('ovh/flat', 1000, 0, '2020-01-01 14:59:59Z'), NULL, 'no cost where NULL was asked for; unpriced_usage says why');
RESET inferacct.unpriced;
INSERT INTO price (provider, model, meter, currency, amount) VALUES ('ovh', 'per request', 'requests', 'JPY', 100);
INSERT INTO price (provider, model, meter, usd) VALUES ('ovh', 'per request', 'input', 1);
SELECT throws_ok($$SELECT token_cost('ovh/per request', 1000, 0, '2021-01-01')$$, 'IA007', 'no exchange rate for JPY', 'a price per request is not free for lack of an exchange rate');
SELECT throws_ok($$SELECT token_cost('ovh/per request', usage(1000), '2021-01-01')$$, 'IA007', 'no exchange rate for JPY', 'nor for a usage');
INSERT INTO fx_rate (version, currency, usd_per_unit, valid_from)
VALUES (open_price_version(now(), NULL, 'a correction', NULL), 'EUR', 2, '2020-01-02 15:00Z');
SELECT is(token_cost('ovh/equal', 1000000, 0, '2020-01-02 16:00Z'), 6::numeric, 'a correction counts at once');
SELECT is(token_cost('ovh/equal', 1000000, 0, '2020-01-03 16:00Z'), 3 * pg_temp.day_rate(0, 2), 'for its own day');

-- what does not fit is refused for the requests that need it, and for no others
INSERT INTO fx_rate (version, currency, usd_per_unit, valid_from)
VALUES (open_price_version(now(), NULL, 'a correction', NULL), 'EUR', 1.000000000001, '2020-01-10 15:00Z');
INSERT INTO price (provider, model, meter, currency, amount) VALUES ('ovh', 'fine', 'input', 'EUR', 0.000001), ('ovh', 'fine', 'output', 'EUR', 1000);
SELECT throws_ok($$SELECT token_cost('ovh/fine', 1, 0, '2020-01-10 16:00Z')$$, 'IA101',
	'the price in EUR of meter "input" of model "ovh/fine" does not fit the fixed point of 1e-15 USD per unit', 'too fine at the rate of that day');
SET LOCAL inferacct.unpriced = 'null';
SELECT is(token_cost('ovh/fine', usage(1), '2020-01-10 16:00Z'), NULL, 'nor one for what does not fit');
RESET inferacct.unpriced;
SELECT is(token_cost('ovh/fine', 0, 1000000, '2020-01-10 16:00Z'), 1000.000000001, 'another meter fits');
SELECT is(token_cost('ovh/fine', 1000000, 0, '2020-01-12 16:00Z'), 0.000001 * pg_temp.day_rate(0, 11), 'another day fits');
SELECT lives_ok('SELECT price_book()', 'and a book of all can be made');
SELECT throws_ok($$SELECT token_cost(price_book(), 'ovh/fine', usage(1), '2020-01-10 16:00Z')$$, 'IA101', NULL, 'which refuses the same');
SELECT * FROM finish();
ROLLBACK;
