-- focus: rows of the export, as they are written.
SET search_path = inferacct, inferacct_internal, public;
SET timezone = 'America/Los_Angeles';
SET datestyle = 'ISO, MDY';
BEGIN;
SELECT set_price('focusco', 'focusco-a', 'input', 2.5) > 0 AS priced;
SELECT set_price('focusco', 'focusco-a', 'output', 10) > 0 AS priced;
SELECT set_price('focusco', 'focusco-a', 'cache_read', 0.25) > 0 AS priced;
SELECT set_price('focusco', 'focusco-a', 'web_searches', 10, unit_quantity => 1000) > 0 AS priced;
INSERT INTO usage_log (at, usage, model, source, request_id, team, project) VALUES
	('2032-05-01 00:30Z', usage(1000, 100, cache_read => 500, web_searches => 3), 'focusco/focusco-a', 'focusco', '1', 'search', 'shop'),
	('2032-05-01 23:30Z', usage(2000, 200), 'focusco/focusco-a', 'focusco', '2', 'search', 'shop'),
	('2032-05-02 00:30Z', usage(3000, 300), 'focusco/nothing', 'focusco', '3', NULL, NULL);
SELECT refresh_hours('usage_log', '2032-05-01Z', '2032-06-01Z', refresh_changed('usage_log', '2032-05-01Z', true), clock_timestamp());
INSERT INTO shared_cost (month, name, usd, models, capacity) VALUES ('2032-05-01', 'our gpus', 12, '{focusco/nothing}', 13200);
\x
SELECT "BilledCost", "BillingAccountId", "BillingPeriodStart", "ChargeDescription", "ChargePeriodStart", "ChargePeriodEnd", "ConsumedQuantity", "ConsumedUnit",
	"ListUnitPrice", "PricingQuantity", "PricingUnit", "ListCost", "SkuId", "SkuMeter", "SkuPriceDetails" - 'x_PriceTier' AS "SkuPriceDetails", "SubAccountId", "Tags", "AllocatedMethodId", "AllocatedResourceName"
FROM focus('2032-05-01', '2032-06-01') ORDER BY "SkuId", "ChargePeriodStart";
\x
-- A commitment: bought for half of April and for May, used by one request of May.  A month to
-- come is charged when the rollup has it: a failed request of April is enough.
INSERT INTO usage_log (at, usage, model, source, request_id, team, service_tier) VALUES
	('2032-04-20 10:00Z', usage(0), 'focusco/focusco-a', 'focusco', '5', NULL, 'provisioned'),
	('2032-05-03 10:00Z', usage(6000, 400), 'focusco/focusco-a', 'focusco', '4', 'search', 'provisioned');
INSERT INTO commitment (name, provider, type, models, service_tier, unit, units, usd_per_unit, per, tokens_per_unit_hour, since, until) VALUES
	('pt-7', 'focusco', 'Provisioned Throughput', '{focusco/focusco-a}', 'provisioned', 'Model Unit', 2, 744, 'month', 10, '2032-04-16Z', '2032-06-01Z');
SELECT refresh_hours('usage_log', '2032-04-01Z', '2032-06-01Z', refresh_changed('usage_log', '2032-04-01Z', true), clock_timestamp());
SELECT model, service_tier, reason, requests FROM unpriced_usage WHERE source = 'focusco' ORDER BY 1;
SELECT price_capacity() > 0 AS priced;
SELECT model, service_tier, reason, requests FROM unpriced_usage WHERE source = 'focusco' ORDER BY 1;
SELECT name, month, since AT TIME ZONE 'UTC' AS since, hours, unit_hours, quantity, usd, capacity FROM commitment_charge WHERE name = 'pt-7' ORDER BY month;
SELECT name, kind, month, team, units, used_usd, idle_usd FROM shared_cost_allocation WHERE month BETWEEN '2032-04-01' AND '2032-05-01' ORDER BY name, month, team;
\x
SELECT "BilledCost", "EffectiveCost", "ListCost", "ChargeCategory", "PricingCategory", "ChargeDescription", "ChargeFrequency", "ChargePeriodStart", "ChargePeriodEnd", "CommitmentDiscountId", "CommitmentDiscountCategory",
	"CommitmentDiscountType", "CommitmentDiscountQuantity", "CommitmentDiscountUnit", "CommitmentDiscountStatus", "ConsumedQuantity", "ConsumedUnit", "ListUnitPrice", "PricingQuantity", "PricingUnit", "ResourceId", "SkuId", "SkuMeter", "SkuPriceId", "SubAccountId", "AllocatedMethodId"
FROM focus('2032-04-01', '2032-06-01') WHERE "CommitmentDiscountId" IS NOT NULL ORDER BY "ChargePeriodStart", "ChargeCategory", "CommitmentDiscountStatus", "SkuMeter";
\x
SELECT column_name FROM information_schema.columns WHERE table_schema = 'inferacct' AND table_name = 'focus_1_4' ORDER BY ordinal_position;
ROLLBACK;
