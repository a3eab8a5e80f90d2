-- focus: the invariants of the export, on usage of every meter, tier and contract.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'Asia/Kolkata';
SELECT plan(30);

SELECT set_price('foc', 'foc-a', 'input', 1.0008), set_price('foc', 'foc-a', 'output', 3), set_price('foc', 'foc-a', 'cache_read', 0.1), set_price('foc', 'foc-a', 'cache_write', 1.25), set_price('foc', 'foc-a', 'cache_write_1h', 1.25),
	set_price('foc', 'foc-a', 'web_searches', 10, unit_quantity => 1000), set_price('foc', 'foc-a', 'images', 0.03, unit_quantity => 3), set_price('foc', 'foc-a', 'input', 2, above_input_tokens => 1000),
	set_price('foc', 'foc-a', 'input', 4, '2031-01-15 12:34:56Z');
INSERT INTO contract (contract) VALUES ('foc');
INSERT INTO contract_term (contract, provider, percent_off) VALUES ('foc', 'foc', 12.5);
INSERT INTO usage_log (at, usage, model, source, request_id, team, project, region)
	SELECT timestamptz '2031-01-14 18:00Z' + n * interval '13 minutes', usage(n * 7 % 1500, n % 300, cache_read => n % 3 * 5, cache_write => n % 7, cache_write_1h => n % 2, reasoning => n % 5, web_searches => n % 4, images => n % 5),
		CASE WHEN n % 10 = 9 THEN 'foc/unknown' ELSE 'foc-a' END, 'foc', n::text, (ARRAY['red', 'blue', NULL])[n % 3 + 1], CASE WHEN n % 2 = 0 THEN 'p' END, CASE WHEN n % 20 = 0 THEN 'eu' END
	FROM generate_series(0, 399) AS n;
SELECT refresh_hours('usage_log', '2031-01-01Z', '2031-04-01Z', refresh_changed('usage_log', '2031-01-01Z', true), clock_timestamp());
CREATE TEMP TABLE charge AS SELECT * FROM focus('2031-01-01', '2031-02-01');
CREATE TEMP VIEW truth AS SELECT * FROM usage_log WHERE source = 'foc' AND model = 'foc-a';

SELECT is((SELECT sum("BilledCost") FROM charge), (SELECT spend(model, usage, at, service_tier, region) FROM truth), 'the export adds up to what the rows cost');
SELECT set_eq('SELECT "SubAccountId", sum("BilledCost") FROM charge GROUP BY 1', 'SELECT team, spend(model, usage, at, service_tier, region) FROM truth GROUP BY 1', 'by team');
SELECT set_eq($$SELECT "ChargePeriodStart", sum("BilledCost") FROM charge GROUP BY 1$$, $$SELECT focus_time(begin_of(day_of(at))), spend(model, usage, at, service_tier, region) FROM truth GROUP BY 1$$, 'by day');
SELECT set_eq($$SELECT "SkuPriceDetails" ->> 'x_Meter' AS meter, sum("ConsumedQuantity") FROM charge GROUP BY 1$$, $$SELECT m.meter, sum(m.quantity) FROM truth, meters(usage) AS m WHERE m.meter <> 'requests' GROUP BY 1$$, 'and every unit of every meter is there once');
SELECT is_empty('SELECT FROM charge WHERE "ListUnitPrice" * "PricingQuantity" <> "ListCost"', 'list unit price x quantity = list cost');
SELECT is_empty('SELECT FROM charge WHERE "ContractedUnitPrice" * "PricingQuantity" <> "ContractedCost"', 'contracted unit price x quantity = contracted cost');
SELECT is_empty('SELECT FROM charge WHERE "BilledCost" <> "EffectiveCost" OR "BilledCost" <> "ContractedCost" OR "BilledCost" <> "ListCost"', 'without a contract all costs are one');
SELECT is_empty($$SELECT FROM charge WHERE "ConsumedUnit" = 'Tokens' AND ("PricingUnit" <> '1000000 Tokens' OR "PricingQuantity" * 1000000 <> "ConsumedQuantity")$$, 'tokens are priced by the million');
SELECT set_eq($$SELECT DISTINCT "PricingUnit" FROM charge$$, $$VALUES ('1000000 Tokens'), ('1000 Web Searches'), ('Images')$$, 'other meters in their own units, and those of odd size one by one');
SELECT set_eq($$SELECT DISTINCT "SkuMeter", "SkuPriceDetails" ->> 'TokenDirection' AS direction, "SkuPriceDetails" ->> 'TokenCacheAction' AS cached FROM charge$$,
	$$VALUES ('Input Tokens', 'Input', 'Uncached'), ('Output Tokens', 'Output', NULL), ('Cache Read Input Tokens', 'Input', 'Read'), ('Cache Write Input Tokens', 'Input', 'Write'),
		('Cache Write One Hour Input Tokens', 'Input', 'Write'), ('Reasoning Output Tokens', 'Output', NULL), ('Web Searches', NULL, NULL), ('Images', NULL, NULL)$$, 'meters say what they are');
-- FOCUS: no amount, time or contract is in a SkuPriceId, so that one price can be followed over time; what a price list tells
-- prices of a SKU apart by (region, tier, context size, unit) is.  A price that begins amid a day changes the amount alone.
SELECT is_empty('SELECT "SkuPriceId" FROM charge GROUP BY 1 HAVING count(DISTINCT ("SkuId", "SkuMeter", "PricingUnit", "RegionId", "SkuPriceDetails")) > 1', 'a price has one SKU, meter, unit and region');
SELECT is_empty($$SELECT "SkuPriceId" FROM charge WHERE "ChargePeriodStart" <> '2031-01-15T00:00:00Z' GROUP BY "SkuPriceId", "ChargePeriodStart" HAVING count(DISTINCT "ListUnitPrice") > 1$$, 'and at one time one unit price');
SELECT is((SELECT count(DISTINCT "SkuId") FROM charge), 8::bigint, 'a SKU is a meter of a model, wherever and at whatever size of context');
SELECT is_empty($$SELECT FROM charge WHERE "ChargePeriodStart" !~ '^2031-01-[0-3][0-9]T00:00:00Z$' OR "ChargePeriodEnd"::timestamptz - "ChargePeriodStart"::timestamptz <> interval '1 day'$$, 'a charge is for a day');
SELECT is_empty($$SELECT FROM charge WHERE "BillingPeriodStart" <> '2031-01-01T00:00:00Z' OR "BillingPeriodEnd" <> '2031-02-01T00:00:00Z'$$, 'of a month');
SELECT is_empty($$SELECT FROM charge WHERE num_nulls("BilledCost", "BillingAccountId", "BillingCurrency", "ChargeCategory", "ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost", "ServiceCategory", "ServiceName", "ServiceProviderName", "ServiceSubcategory", "HostProviderName") > 0$$, 'what FOCUS wants is there');
SELECT is((SELECT count(DISTINCT "ListUnitPrice") FROM charge WHERE "SkuMeter" = 'Input Tokens'), 3::bigint, 'a price of each context tier, and the one that holds from amid a day');
SELECT is_empty($$SELECT FROM charge WHERE "SkuId" LIKE '%unknown%'$$, 'usage without a price has no row');

SET LOCAL inferacct.contract = 'foc';
CREATE TEMP TABLE contracted AS SELECT * FROM focus('2031-01-01', '2031-02-01');
SELECT set_eq('SELECT DISTINCT "SkuId", "SkuPriceId" FROM contracted', 'SELECT DISTINCT "SkuId", "SkuPriceId" FROM charge', 'a contract changes no SkuId and no SkuPriceId');
SELECT is((SELECT sum("ListCost") FROM contracted), (SELECT sum("BilledCost") FROM charge), 'under a contract, list cost is what anybody pays');
SELECT is((SELECT sum("BilledCost") FROM contracted), (SELECT spend(model, usage, at, service_tier, region) FROM truth), 'and billed cost what the contract says');
SELECT is_empty('SELECT FROM contracted WHERE "ListUnitPrice" * "PricingQuantity" <> "ListCost" OR "ContractedUnitPrice" * "PricingQuantity" <> "ContractedCost" OR "BilledCost" > "ListCost"', 'unit prices multiply, both');
RESET inferacct.contract;
SELECT set_price('foc', 'foc-a', 'input', 1.0008), set_price('foc', 'foc-a', 'output', 2, '2031-01-16Z'), set_price('foc', 'foc-a', 'cache_read', 0.1, '2031-01-01Z');
SELECT refresh_hours('usage_log', '2031-01-01Z', '2031-04-01Z', refresh_changed('usage_log', '2031-01-01Z', true), clock_timestamp());
SELECT set_eq($$SELECT DISTINCT "SkuId", "SkuPriceId" FROM focus('2031-01-01', '2031-02-01')$$, 'SELECT DISTINCT "SkuId", "SkuPriceId" FROM charge', 'nor does a price that is published again, or another one');
SELECT is_empty($$SELECT FROM charge WHERE "BillingAccountId" <> "InvoiceIssuerName" OR "BillingAccountId" <> "BillingAccountName"$$, 'who bills has one account');

INSERT INTO shared_cost (month, name, usd, basis, models, capacity) VALUES ('2031-01-01', 'gpus', 99.99, 'tokens', '{foc-a}', 10000000);
SELECT is((SELECT sum("BilledCost") FROM focus('2031-01-01', '2031-02-01') WHERE "AllocatedMethodId" = 'inferacct:tokens'), 99.99, 'shared costs are rows, too');
SELECT set_eq($$SELECT DISTINCT "SkuMeter" FROM focus('2031-01-01', '2031-02-01') WHERE "AllocatedResourceId" = 'gpus'$$, $$VALUES ('Used Capacity'), ('Idle Capacity')$$, 'used and idle apart');
SELECT is((SELECT count(*) FROM focus(NULL, '2031-02-01')), 0::bigint, 'no days, no rows');

-- A condition on the time computes no other day.
CREATE FUNCTION pg_temp.days_computed(condition text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	line text;
	loops bigint := 0;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT FROM focus_1_4 WHERE ' || condition LOOP
		loops := greatest(loops, CASE WHEN line ~ 'Function Scan on focus ' THEN substring(line FROM 'loops=(\d+)')::bigint END);
	END LOOP;
	RETURN loops;
END $$;
SELECT cmp_ok(pg_temp.days_computed('true'), '>', 27::bigint, 'the view has many days');
SELECT is(pg_temp.days_computed(format('"ChargePeriodStart" = %L', (SELECT min("ChargePeriodStart") FROM focus_1_4))), 1::bigint, 'of which it computes those that are asked for');
SELECT set_eq('SELECT md5(f::text), count(*) FROM focus_1_4 AS f GROUP BY 1', $$SELECT md5(f::text), count(*) FROM (SELECT min(month) AS first, max(month) AS last FROM rollup_month) AS m CROSS JOIN LATERAL focus(m.first, next_month(m.last)) AS f GROUP BY 1$$,
	'all of it is focus() of all months');

SELECT * FROM finish();
ROLLBACK;
