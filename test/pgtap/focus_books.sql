-- focus_books: closed months in FOCUS are as they were closed, and what has become of them since are corrections; commitments at the
-- price of what they serve; all tags; credits.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'Asia/Kolkata';
SELECT plan(38);

SELECT set_price('fob', 'fob-a', 'input', 2), set_price('fob', 'fob-a', 'output', 8), set_price('fob', 'fob-b', 'input', 5), set_price('fob', 'fob-b', 'output', 25);
SELECT set_contract_term('fob deal', percent_off => 10, provider => 'fob');
INSERT INTO usage_dimension (name, log_column, key) VALUES ('customer', 'tags', 'customer'), ('all_tags', 'tags', '*'), ('caller', 'end_user', NULL);
INSERT INTO usage_log (at, usage, model, source, request_id, team, project, tags, end_user, service_tier)
	SELECT timestamptz '2021-03-01 00:10Z' + n * interval '7 hours', usage(n * 991 % 5000, n * 13 % 700), CASE n % 3 WHEN 0 THEN 'fob/fob-a' ELSE 'fob-b' END, 'gw ' || n % 2, n::text,
		(ARRAY['red', 'blue', NULL])[n % 3 + 1], CASE WHEN n % 4 = 0 THEN 'p' END,
		CASE n % 5 WHEN 0 THEN '{"customer": "acme", "env": "prod", "retries": 2, "team": "of the tags"}'::jsonb WHEN 1 THEN '["env:test", "urgent", "a:b:c"]' WHEN 2 THEN '{"nested": {"x": [1]}, "customer": null}' WHEN 3 THEN '[]' END,
		CASE WHEN n % 2 = 0 THEN 'ann' END, CASE WHEN n % 7 = 0 THEN 'provisioned' ELSE 'standard' END
	FROM generate_series(1, 100) AS n;
INSERT INTO shared_cost (month, name, usd, basis) VALUES ('2021-03-01', 'gateway', 100, 'requests');
INSERT INTO commitment (name, provider, type, models, service_tier, unit, units, usd_per_unit, per, tokens_per_unit_hour, since, until) VALUES
	('fob-pt', 'fob', 'PT', '{fob/fob-a,fob-b}', 'provisioned', 'PTU', 2, 0.75, 'hour', 40, '2021-03-05Z', '2021-03-25Z'),
	('fob-month', 'fob', 'Scale', '{fob/only-here}', 'scale', 'Unit', 1, 310, 'month', 100, '2021-03-01Z', '2021-04-01Z');
INSERT INTO usage_log (at, usage, model, source, request_id, team, service_tier) VALUES ('2021-03-09 10:00Z', usage(9000, 1000), 'fob/only-here', 'gw 0', 'only', 'red', 'scale');
SELECT price_capacity() > 0;
CREATE FUNCTION pg_temp.refresh() RETURNS bigint LANGUAGE sql AS
$$ SELECT refresh_hours('usage_log', '2021-03-01Z', '2021-04-01Z', refresh_changed('usage_log', '2021-03-01Z', true), clock_timestamp()) $$;
SELECT pg_temp.refresh();
-- What a month costs, by plain reports, at the settings of the session.
CREATE TEMP VIEW reported AS SELECT (SELECT sum(usd) FROM monthly_spend WHERE month = '2021-03-01') + (SELECT sum(allocated_usd) FROM shared_cost_allocation WHERE month = '2021-03-01') AS usd;
CREATE TEMP VIEW march AS SELECT * FROM focus('2021-03-01', '2021-04-01');
SET LOCAL inferacct.unpriced = 'null';

-- Commitments.
CREATE TEMP TABLE charge AS SELECT * FROM march;
SELECT is((SELECT sum("BilledCost") FROM charge), (SELECT usd FROM reported), 'the open month is what the reports say');
SELECT set_eq($$SELECT "ChargePeriodStart", "SubAccountId", sum("ListCost") AS list, sum("ContractedCost") AS contracted FROM charge WHERE "CommitmentDiscountStatus" = 'Used' AND "CommitmentDiscountId" = 'fob-pt' GROUP BY 1, 2$$,
	$$SELECT focus_time(begin_of(day_of(at))), team, spend(model, usage, at) AS list, spend(model, usage, at) AS contracted FROM usage_log WHERE source LIKE 'gw %' AND service_tier = 'provisioned' AND at >= '2021-03-05Z' AND at < '2021-03-25Z' GROUP BY 1, 2$$, 'what a commitment serves has list and contracted cost of the same tokens without it');
SELECT ok((SELECT sum("EffectiveCost") <> sum("ListCost") AND bool_and("ListUnitPrice" > 0) FROM charge WHERE "CommitmentDiscountId" = 'fob-pt' AND "CommitmentDiscountStatus" = 'Used'), 'beside what they are charged for it');
SELECT results_eq($$SELECT DISTINCT "PricingUnit", "ListUnitPrice", "ContractedUnitPrice", "ListCost" > 0 FROM charge WHERE "CommitmentDiscountId" = 'fob-month' AND "CommitmentDiscountStatus" = 'Used'$$, $$VALUES ('Unit-Months', 310::numeric, 310::numeric, true)$$, 'what nobody sells otherwise has the price of the commitment');
SELECT set_eq($$SELECT DISTINCT "SkuId", "SkuPriceId", "PricingUnit", "ListUnitPrice" FROM charge WHERE "ChargeCategory" = 'Purchase' OR "CommitmentDiscountStatus" = 'Unused'$$,
	$$VALUES ('fob/PT/PTU', 'fob/PT/PTU/PTU-Hours', 'PTU-Hours', 0.75), ('fob/Scale/Unit', 'fob/Scale/Unit/Unit-Months', 'Unit-Months', 310)$$, 'what is bought and what is left unused of it are of one SKU and price');
SELECT is_empty($$SELECT FROM charge AS u JOIN charge AS s USING ("SkuMeter") WHERE u."CommitmentDiscountStatus" = 'Used' AND s."CommitmentDiscountId" IS NULL AND (u."SkuPriceDetails" ->> 'ModelId', u."SkuPriceDetails" ->> 'ModelDeveloper') = (s."SkuPriceDetails" ->> 'ModelId', s."SkuPriceDetails" ->> 'ModelDeveloper') AND u."SkuId" <> s."SkuId"$$, 'a SKU is the same however it is paid for');
SELECT is_empty('SELECT FROM charge WHERE "ListUnitPrice" * "PricingQuantity" <> "ListCost" OR "ContractedUnitPrice" * "PricingQuantity" <> "ContractedCost"', 'unit prices multiply');
SELECT is_empty('SELECT "SkuPriceId" FROM charge GROUP BY 1 HAVING count(DISTINCT ("SkuId", "SkuMeter", "PricingUnit")) > 1', 'a price has one SKU');
SET LOCAL inferacct.contract = 'fob deal';
SELECT results_eq($$SELECT sum("ContractedCost"), sum("ListCost") FROM march WHERE "CommitmentDiscountId" = 'fob-pt' AND "CommitmentDiscountStatus" = 'Used'$$, $$SELECT sum("ListCost") * 0.9, sum("ListCost") FROM charge WHERE "CommitmentDiscountId" = 'fob-pt' AND "CommitmentDiscountStatus" = 'Used'$$, 'a contract is in the contracted cost');
SELECT set_eq('SELECT DISTINCT "SkuPriceId" FROM march', 'SELECT DISTINCT "SkuPriceId" FROM charge', 'and in no SkuPriceId');
RESET inferacct.contract;

-- Tags.
SELECT set_eq($$SELECT DISTINCT "Tags" - '{team,project,caller}'::text[] FROM charge WHERE "CommitmentDiscountId" IS NULL AND "SkuPriceDetails" ? 'x_Meter'$$,
	$$VALUES ('{"customer": "acme", "env": "prod", "retries": 2}'::jsonb), ('{"env": "test", "urgent": true, "a": "b:c"}'), ('{"nested": "{\"x\": [1]}"}'), ('{}')$$, 'every tag of the log is there, once, names without a value as true');
SELECT set_eq($$SELECT "SubAccountId" AS team, "Tags" ->> 'project' AS project, "Tags" ->> 'caller' AS caller, "Tags" ->> 'customer' AS customer, sum("ConsumedQuantity") FROM charge WHERE "SkuPriceDetails" ? 'x_Meter' GROUP BY 1, 2, 3, 4$$,
	$$SELECT team, project, end_user, CASE WHEN jsonb_typeof(tags) = 'object' THEN tags ->> 'customer' END, sum(tokens_of(usage))::numeric FROM usage_log WHERE source LIKE 'gw %' AND (service_tier = 'standard' OR at >= '2021-03-05Z' AND at < '2021-03-25Z' OR service_tier = 'scale') GROUP BY 1, 2, 3, 4$$, 'costs can be allocated by each');
SELECT is_empty($$SELECT FROM charge AS c CROSS JOIN LATERAL jsonb_each("Tags") AS t WHERE jsonb_typeof(t.value) IN ('object', 'array', 'null') OR t.key = ''$$, 'as FOCUS writes keys and values');
SELECT is((focus_tags('red', NULL, '{"all_tags": "other", "customer": "other"}')), '{"team": "red", "all_tags": "other", "customer": "other"}'::jsonb, 'what the rollup has summed up as other says so');
SELECT is(focus_tags(NULL, NULL, '{"all_tags": "no json"}'), '{}'::jsonb, 'and what another dimension of that name has left stops nothing');

-- Closed, and nothing has changed.
SELECT lives_ok($$SELECT close_month('2021-03-01', 'reported')$$, 'the month is closed');
CREATE TEMP TABLE closed AS SELECT * FROM march;
SELECT bag_eq($$SELECT to_jsonb(c) - 'x_JournalEntry' FROM closed AS c$$, $$SELECT to_jsonb(c) - 'x_JournalEntry' FROM charge AS c$$, 'closed, it has the same charges');
SELECT set_eq('SELECT DISTINCT "ChargeClass", "x_JournalEntry" FROM closed', $$SELECT NULL::text, entry FROM closed_month WHERE month = '2021-03-01'$$, 'of the entry that closed it, and none is a correction');

-- What becomes of it.
INSERT INTO usage_log (at, usage, model, source, request_id, team, tags) VALUES ('2021-03-17 10:00Z', usage(1000000, 50000), 'fob/fob-a', 'gw 0', 'late', 'green', '{"customer": "late"}');
DELETE FROM usage_log WHERE source = 'gw 0' AND request_id = '20';
SELECT set_price('fob', 'fob-b', 'output', 26, '2021-03-20Z');
SELECT pg_temp.refresh();
CREATE TEMP TABLE changed AS SELECT * FROM march;
SELECT bag_eq('SELECT * FROM changed WHERE "ChargeClass" IS NULL', 'SELECT * FROM closed', 'the charges stay as they were closed');
SELECT is((SELECT sum("BilledCost") FROM changed), (SELECT usd FROM reported), 'with their corrections they are what the reports say');
SELECT is((SELECT sum("EffectiveCost") FROM changed), (SELECT usd FROM reported), 'by effective cost, too');
SELECT results_eq($$SELECT sum("BilledCost") FROM changed WHERE "ChargeClass" = 'Correction'$$, $$SELECT unbooked_usd FROM month_close WHERE month = '2021-03-01'$$, 'the corrections are what month_close says is not booked');
SELECT set_eq($$SELECT "ChargePeriodStart", "SubAccountId", sum("BilledCost") FROM changed WHERE "SkuPriceDetails" ? 'x_Meter' AND "CommitmentDiscountId" IS NULL GROUP BY 1, 2 HAVING sum("BilledCost") <> 0$$,
	$$SELECT focus_time(begin_of(day)), team, sum(usd) FROM daily_spend WHERE day >= '2021-03-01' AND day < '2021-04-01' AND usd > 0 GROUP BY 1, 2$$, 'by day and team');
SELECT set_eq($$SELECT "ChargePeriodStart", "ConsumedQuantity", "BilledCost", "Tags" ->> 'customer' FROM changed WHERE "ChargeClass" = 'Correction' AND "SubAccountId" = 'green' AND "SkuMeter" LIKE '%Tokens'$$, $$VALUES ('2021-03-17T00:00:00Z', 1000000::numeric, 2::numeric, 'late'), ('2021-03-17T00:00:00Z', 50000, 0.4, 'late')$$, 'a late request is corrected on its day, meter by meter, with its tags');
SELECT is_empty($$SELECT FROM changed WHERE "ChargeClass" = 'Correction' AND ("BillingPeriodStart" < '2021-04' OR "ListUnitPrice" IS NOT NULL OR "x_JournalEntry" IS NOT NULL OR "SkuId" IS NULL)$$, 'in an open billing period, of no entry yet');
SET LOCAL inferacct.contract = 'fob deal';
SELECT bag_eq('SELECT * FROM march', 'SELECT * FROM changed', 'whatever the contract of the reader is: the month has that which it was closed under');
SELECT is(current_setting('inferacct.contract'), 'fob deal', 'and reading leaves the reader''s');
SET LOCAL inferacct.contract = '';
SELECT bag_eq($$SELECT * FROM focus('2021-03-01', '2021-03-12') UNION ALL SELECT * FROM focus('2021-03-12', '2021-04-01')$$, 'SELECT * FROM changed', 'parts of a month are the month');
SELECT bag_eq($$SELECT * FROM focus_1_4 WHERE "ChargePeriodStart" LIKE '2021-03%'$$, 'SELECT * FROM changed', 'and the view has them');

-- Booked: into itself, and into an open month.
CREATE TEMP TABLE unbooked AS SELECT unbooked_usd FROM month_close WHERE month = '2021-03-01';
SELECT lives_ok($$SELECT restate_month('2021-03-01', 'late')$$, 'the month is restated');
CREATE TEMP TABLE restated AS SELECT * FROM march;
SELECT results_eq($$SELECT "ChargeClass", "BillingPeriodStart", "x_JournalEntry", sum("BilledCost") FROM restated WHERE "ChargeClass" IS NOT NULL GROUP BY 1, 2, 3$$, $$SELECT 'Correction', '2021-03-01T00:00:00Z', max(entry), (SELECT unbooked_usd FROM unbooked) FROM month_journal$$, 'a restatement is a correction in the books of the month, by its entry');
SELECT bag_eq($$SELECT to_jsonb(c) - '{x_JournalEntry,BillingPeriodStart,BillingPeriodEnd}'::text[] FROM restated AS c$$, $$SELECT to_jsonb(c) - '{x_JournalEntry,BillingPeriodStart,BillingPeriodEnd}'::text[] FROM changed AS c$$, 'and changes nothing else');
UPDATE shared_cost SET usd = 90 WHERE name = 'gateway';
UPDATE commitment SET usd_per_unit = 0.8 WHERE name = 'fob-pt';
INSERT INTO usage_log (at, usage, model, source, request_id, team) VALUES ('2021-03-18 10:00Z', usage(500000), 'fob-b', 'gw 1', 'later', 'red');
SELECT pg_temp.refresh();
CREATE TEMP TABLE adjusted AS SELECT usd, entry FROM adjust_month('2021-03-01', '2021-05-01', 'later');
SELECT results_eq($$SELECT "BillingPeriodStart", "x_JournalEntry", sum("BilledCost") FROM march WHERE "ChargeClass" = 'Correction' AND "x_JournalEntry" = (SELECT entry FROM adjusted) GROUP BY 1, 2$$, $$SELECT '2021-05-01T00:00:00Z', entry, usd FROM adjusted$$, 'an adjustment is one in the books of the month that it was booked into');
SELECT set_eq($$SELECT "BillingPeriodStart", sum("BilledCost") FROM march GROUP BY 1$$, $$SELECT focus_time(begin_of(month)), sum(usd) FROM month_books WHERE month <= '2021-05-01' GROUP BY 1$$, 'billing periods are the books of their months, exactly');
SELECT is((SELECT sum("BilledCost") FROM march), (SELECT usd FROM reported), 'and all of it what the reports say');
SELECT is((SELECT sum("EffectiveCost") FROM march), (SELECT sum("BilledCost") FROM march), 'by both costs');
SELECT ok((SELECT bool_and((verify_month(month, entry)).verified) FROM month_journal), 'every entry, adjustments too, is replayed');
SELECT forget_usage('usage_log', '2021-03-01Z', '2021-03-10Z') > 0;
SELECT is((SELECT sum("BilledCost") FROM march), (SELECT sum(j.usd) FROM month_journal AS j), 'what is forgotten is no correction');

SELECT * FROM finish();
ROLLBACK;
