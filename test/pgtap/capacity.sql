-- capacity: commitments and running deployments in every report, and in the export.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'Asia/Kolkata';
SELECT plan(58);

-- A model sold by the token and, at a tier of its own, by commitment; and one that only we serve.
SELECT set_price('capco', 'capco-a', 'input', 2), set_price('capco', 'capco-a', 'output', 10), set_price('capco', 'capco-a', 'web_searches', 10, unit_quantity => 1000);
INSERT INTO usage_log (at, usage, model, source, request_id, team, project, service_tier, region)
	SELECT timestamptz '2021-01-25 00:07Z' + n * interval '97 minutes', usage(n * 7 % 1500, n % 300, cache_read => n % 3 * 5, cache_write => n % 7, reasoning => n % 5, web_searches => CASE WHEN n % 40 = 1 THEN 2 ELSE 0 END),
		CASE WHEN n % 5 < 3 THEN 'capco/capco-a' ELSE 'caphouse/llama' END, 'cap', n::text, (ARRAY['red', 'blue', 'green', NULL])[n % 4 + 1], CASE WHEN n % 2 = 0 THEN 'p' END,
		CASE WHEN n % 5 BETWEEN 1 AND 2 THEN 'provisioned' ELSE 'standard' END, CASE WHEN n % 11 = 0 THEN 'eu' END
	FROM generate_series(0, 999) AS n;
CREATE FUNCTION pg_temp.refresh() RETURNS bigint LANGUAGE sql AS
	$$ SELECT inferacct_internal.refresh_hours('usage_log', '2021-01-01Z', '2021-06-01Z', inferacct_internal.refresh_changed('usage_log', '2021-01-01Z', true), clock_timestamp()) $$;
CREATE TEMP VIEW asked AS SELECT *, month_of(at) AS month FROM usage_log WHERE source = 'cap';
SELECT is(pg_temp.refresh(), 1000::bigint, 'the rollup has the log');

SELECT set_eq($$SELECT DISTINCT model, reason FROM unpriced_usage WHERE source = 'cap'$$,
	$$VALUES ('capco/capco-a', 'no such service tier: set_price(service_tier => ...)'), ('caphouse/llama', 'unknown model: set_alias() or set_price()')$$, 'before anything is said, neither has a price');
SELECT is(price_capacity(), NULL, 'and nothing is published');

INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour, valid_from) VALUES ('CAP', 'capcloud', 'on_demand', 2.5, '2020-01-01Z'), ('CAP', 'capcloud', 'on_demand', 3.25, '2021-02-11 06:30Z');
INSERT INTO deployment (name, model, gpu, vendor, gpus_per_replica, prefill_tokens_per_second, decode_tokens_per_second, target_utilization, upfront_usd, watts, usd_per_kwh, pue, marginal_usd_per_mtok)
	VALUES ('cap-fleet', 'llama', 'CAP', 'capcloud', 2, 0.3, 0.1, 0.7, 36, 700, 0.11, 1.3, 0.07);
INSERT INTO deployment_cost (deployment, item, usd_per_month, valid_from) VALUES ('cap-fleet', 'monitoring', 200, '-infinity'), ('cap-fleet', 'monitoring', 100, '2021-03-01Z');
INSERT INTO deployment_cost (deployment, item, fte, usd_per_fte_year) VALUES ('cap-fleet', 'MLOps', 0.25, 144000.01);
SELECT is_empty($$SELECT FROM shared_cost_all WHERE name = 'cap-fleet'$$, 'a deployment costs nothing until it is said to run');

INSERT INTO deployment_run (deployment, replicas, models, since, until) VALUES
	('cap-fleet', 2, '{caphouse/llama}', '2021-02-03 05:00Z', '2021-03-20 12:34:56Z'), ('cap-fleet', 3, '{caphouse/llama}', '2021-02-10Z', '2021-02-20Z');
INSERT INTO commitment (name, provider, type, models, service_tier, unit, units, usd_per_unit, per, tokens_per_unit_hour, since, until) VALUES
	('cap-ptu', 'capco', 'Provisioned Throughput', '{capco/capco-a}', 'provisioned', 'PTU', 3, 1.1, 'hour', 91, '2021-02-03 05:00Z', '2021-03-20Z'),
	('cap-ptu', 'capco', 'Provisioned Throughput', '{capco/capco-a}', 'provisioned', 'PTU', 7, 260.01, 'month', 91, '2021-02-09Z', '2021-05-01Z');

SELECT set_eq($$SELECT DISTINCT model, reason FROM unpriced_usage WHERE source = 'cap' AND first_at >= '2021-02-03 05:00Z' AND last_at < '2021-03-20 12:00Z'$$,
	$$VALUES ('capco/capco-a', 'served by a commitment or deployment: SELECT price_capacity()'), ('caphouse/llama', 'served by a commitment or deployment: SELECT price_capacity()')$$, 'unpriced_usage says what to do');
SELECT ok(price_capacity() > 1000, 'price_capacity() publishes prices of 0');
SELECT is(price_capacity(), NULL, 'once');
SELECT pg_temp.refresh();
SELECT set_eq($$SELECT service_tier, model, meter, usd, valid_from FROM price_history WHERE source = 'price_capacity()'$$,
	$$SELECT t, m, k, u, v::timestamptz FROM (VALUES ('provisioned', 'capco-a', 0, '2021-02-03 05:00Z'), ('provisioned', 'capco-a', NULL, '2021-05-01Z'), ('standard', 'llama', 0, '2021-02-03 05:00Z'), ('standard', 'llama', NULL, '2021-03-20 12:34:56Z')) AS x(t, m, u, v), (VALUES ('input'), ('output'), ('cache_write_1h')) AS y(k)$$,
	'for the time of the terms, one after the other as one');
SELECT is(token_cost('capco/capco-a', usage(1000, 100, cache_read => 7, web_searches => 3), '2021-03-01Z', 'provisioned'), 0.03, 'its tokens are free, and what is no token is not');
SELECT is(token_cost('capco/capco-a', usage(1000, 100), '2021-03-01Z'), 0.003, 'by the token the model costs what it did');
SELECT throws_ok($$SELECT token_cost('capco/capco-a', usage(1000, 100), '2021-05-01Z', 'provisioned')$$, 'IA001', NULL, 'a commitment that has ended serves nothing for free');
SELECT throws_ok($$SELECT token_cost('caphouse/llama', usage(1000, 100), '2021-02-03 04:59Z')$$, 'IA001', NULL, 'nor one that has not begun');

SET LOCAL inferacct.unpriced = 'null';
SELECT is((SELECT sum(requests) FROM unpriced_usage WHERE source = 'cap'), (SELECT count(*) FROM asked
	WHERE service_tier = 'provisioned' AND NOT at <@ tstzrange('2021-02-03 05:00Z', '2021-05-01Z') OR model = 'caphouse/llama' AND NOT at <@ tstzrange('2021-02-03 05:00Z', '2021-03-20 12:34:56Z'))::numeric, 'what was used outside the terms has no price');
SELECT is((SELECT sum(usd) FROM monthly_spend WHERE source = 'cap'), (SELECT spend(model, usage, at, service_tier, region) FROM asked), 'monthly_spend is what the rows say');
SELECT is((SELECT sum(usd) FROM spend_by_team WHERE month BETWEEN '2021-01-01' AND '2021-05-01'), (SELECT spend(model, usage, at, service_tier, region) FROM asked), 'and so is spend_by_team');
SELECT is((SELECT sum(usd) FROM daily_spend WHERE source = 'cap' AND service_tier = 'provisioned'), 0.02 * (SELECT count(*) FROM asked WHERE meter(usage, 'web_searches') > 0 AND at >= '2021-02-03 05:00Z' AND at < '2021-05-01Z')::numeric, 'a request that a commitment serves is in no sum twice');

-- Purchases.
SELECT set_eq($$SELECT month, hours, quantity, usd, unit_hours, capacity FROM commitment_charge WHERE name = 'cap-ptu'$$, $$VALUES
	(date '2021-02-01', 619.0, 1857.0, 2042.7, 1857.0, 168987.0), (date '2021-03-01', 456, 1368, 1504.8, 1368, 124488),
	('2021-02-01', 480, 5, 1300.05, 3360, 305760), ('2021-03-01', 744, 7, 1820.07, 5208, 473928), ('2021-04-01', 720, 7, 1820.07, 5040, 458640)$$, 'each month of a term costs its hours');
SELECT set_eq($$SELECT month, kind, usd, capacity FROM shared_cost_all WHERE name = 'cap-ptu'$$, $$VALUES (date '2021-02-01', 'commitment', 3342.75, 474747.0), ('2021-03-01', 'commitment', 3324.87, 598416), ('2021-04-01', 'commitment', 1820.07, 458640)$$, 'rows of a name add up');

-- The deployment, by hand: seconds of each part, replicas, rent.
CREATE TEMP TABLE part AS SELECT x.*, extract(epoch FROM until - since) AS seconds, CASE WHEN since < '2021-03-01Z' THEN 672 ELSE 744 END AS hours, CASE WHEN since < '2021-03-01Z' THEN 200 ELSE 100 END AS monthly,
	(SELECT coalesce(sum(tokens_of(usage)), 0) FROM asked WHERE model = 'caphouse/llama' AND at >= x.since AND at < x.until) AS tokens
	FROM (VALUES (timestamptz '2021-02-03 05:00Z', timestamptz '2021-02-10Z', 2, 2.5), ('2021-02-10Z', '2021-02-11 06:30Z', 5, 2.5), ('2021-02-11 06:30Z', '2021-02-20Z', 5, 3.25), ('2021-02-20Z', '2021-03-01Z', 2, 3.25), ('2021-03-01Z', '2021-03-20 12:34:56Z', 2, 3.25)) AS x(since, until, replicas, rent);
SELECT is((SELECT round(usd, 12) FROM shared_cost_all WHERE name = 'cap-fleet' AND month = m), (SELECT round(sum(round(seconds * 1.000000000000000000000000 / 3600 * replicas * 2 * (rent + 0.7 * 0.11 * 1.3), 18)
		+ round(seconds * (replicas * 1.0 + monthly + 36000.0025 / 12) * 1.000000000000000000000000 / (hours * 3600), 18) + tokens * 0.07 / 1000000), 12) FROM part WHERE month_of(since) = m), 'rent, power, purchase and people by the second: ' || m)
	FROM (VALUES (date '2021-02-01'), ('2021-03-01')) AS x(m);
SELECT is((SELECT round(capacity, 3) FROM shared_cost_all WHERE name = 'cap-fleet' AND month = m),
	(SELECT round(sum(seconds * replicas) * 0.7 * u.tokens / (u.fresh / 0.3 + u.output / 0.1), 3) FROM part WHERE month_of(since) = m), 'capacity is that of the mix it served: ' || m)
	FROM (VALUES (date '2021-02-01'), ('2021-03-01')) AS x(m)
	CROSS JOIN LATERAL (SELECT tokens_of(sum(usage))::numeric AS tokens, (input_tokens(sum(usage)) - cached_tokens(sum(usage)))::numeric AS fresh, output_tokens(sum(usage))::numeric AS output
		FROM asked WHERE model = 'caphouse/llama' AND month = m AND at >= '2021-02-03 05:00Z' AND at < '2021-03-20 12:34:56Z') AS u;
SELECT is((deployment_spend('cap-fleet', '2021-05-17')).usd, NULL, 'nothing in a month in which it did not run');
INSERT INTO deployment_run (deployment, replicas, models, since, until) VALUES ('cap-fleet', 1, '{nothing}', '2021-04-01Z', '2021-05-01Z');
SELECT is((deployment_spend('cap-fleet', '2021-04-17')).usd, (SELECT trim_scale(round(rent_usd + power_usd + upfront_usd / upfront_months + monthly_usd + yearly_usd / 12, 15)) FROM deployment_bill(deployment_in_force('cap-fleet', '2021-04-01Z'), '2021-04-01Z')), 'a whole month is what deployment_bill() says');
SELECT results_eq($$SELECT team, units, used_usd, idle_usd = allocated_usd FROM shared_cost_allocation WHERE name = 'cap-fleet' AND month = '2021-04-01'$$, 'VALUES (NULL::text, 0::numeric, 0::numeric, true)', 'and all idle when nobody uses it');
DELETE FROM deployment_run WHERE models = '{nothing}';

-- Allocation.
SELECT is_empty($$SELECT a.month, a.name FROM shared_cost_allocation AS a GROUP BY a.month, a.name, a.kind
	HAVING sum(a.allocated_usd) <> (SELECT c.usd FROM shared_cost_all AS c WHERE (c.month, c.name, c.kind) = (a.month, a.name, a.kind)) OR sum(used_usd) < 0 OR min(idle_usd) < 0$$, 'used and idle add up to the cost, to the last digit');
SELECT set_eq($$SELECT month, name, team, units FROM shared_cost_allocation WHERE name LIKE 'cap-%' AND units > 0$$,
	$$SELECT month, 'cap-ptu', team, tokens_of(sum(usage))::numeric FROM asked WHERE service_tier = 'provisioned' AND at <@ tstzrange('2021-02-03 05:00Z', '2021-05-01Z') GROUP BY 1, 3
	UNION ALL SELECT month, 'cap-fleet', team, tokens_of(sum(usage)) FROM asked WHERE model = 'caphouse/llama' AND at <@ tstzrange('2021-02-03 05:00Z', '2021-03-20 12:34:56Z') GROUP BY 1, 3$$, 'by what each team used within the terms');
SELECT ok((SELECT bool_and(idle_usd > 0 AND used_usd > 0) FROM shared_cost_allocation WHERE name LIKE 'cap-%' AND month < '2021-04-01'), 'part used, part idle');
SELECT compact_usage();
SELECT set_eq($$SELECT month, name, team, units FROM shared_cost_allocation WHERE name LIKE 'cap-%' AND units > 0$$,
	$$SELECT month, 'cap-ptu', team, tokens_of(sum(usage))::numeric FROM asked WHERE service_tier = 'provisioned' AND at <@ tstzrange('2021-02-03 05:00Z', '2021-05-01Z') GROUP BY 1, 3
	UNION ALL SELECT month, 'cap-fleet', team, tokens_of(sum(usage)) FROM asked WHERE model = 'caphouse/llama' AND at <@ tstzrange('2021-02-03 05:00Z', '2021-03-20 12:34:56Z') GROUP BY 1, 3$$, 'the same from compacted months');

-- The export.
CREATE TEMP TABLE charge AS SELECT * FROM focus('2021-01-01', '2021-06-01');
SELECT is((SELECT sum("BilledCost") FROM charge), (SELECT sum(usd) FROM monthly_spend WHERE source = 'cap') + (SELECT sum(allocated_usd) FROM shared_cost_allocation WHERE month BETWEEN '2021-01-01' AND '2021-05-01'), 'BilledCost is what the reports say');
SELECT is((SELECT sum("EffectiveCost") FROM charge), (SELECT sum("BilledCost") FROM charge), 'and so is EffectiveCost');
SELECT set_eq($$SELECT "SubAccountId", sum("EffectiveCost") FROM charge GROUP BY 1$$,
	$$SELECT team, sum(usd) FROM (SELECT team, usd FROM spend_by_team WHERE month BETWEEN '2021-01-01' AND '2021-05-01' UNION ALL SELECT team, allocated_usd FROM shared_cost_allocation WHERE month BETWEEN '2021-01-01' AND '2021-05-01') AS x GROUP BY 1$$, 'by team');
SELECT set_eq($$SELECT "CommitmentDiscountId", "BillingPeriodStart", sum("BilledCost") AS billed, sum("EffectiveCost") AS effective, sum("CommitmentDiscountQuantity") FILTER (WHERE "ChargeCategory" = 'Usage') - sum("CommitmentDiscountQuantity") FILTER (WHERE "ChargeCategory" = 'Purchase') AS hours FROM charge WHERE "CommitmentDiscountId" IS NOT NULL GROUP BY 1, 2$$,
	$$SELECT name, focus_time(begin_of(month)), usd AS billed, usd AS effective, 0.0 FROM shared_cost_all WHERE kind = 'commitment'$$, 'used and unused add up to each month''s purchase, in USD and in unit-hours');
SELECT is_empty($$SELECT FROM charge WHERE "ListUnitPrice" * "PricingQuantity" <> "ListCost" OR "ContractedUnitPrice" * "PricingQuantity" <> "ContractedCost"$$, 'unit prices multiply');
SELECT set_eq($$SELECT DISTINCT "ChargeCategory", "PricingCategory", "CommitmentDiscountStatus", "BilledCost" > 0 AS billed, "EffectiveCost" > 0 AS effective, "ConsumedQuantity" IS NULL AS nothing, "PricingUnit" FROM charge WHERE "CommitmentDiscountId" IS NOT NULL$$,
	$$VALUES ('Purchase', 'Standard', NULL, true, false, true, 'PTU-Hours'), ('Purchase', 'Standard', NULL, true, false, true, 'PTU-Months'), ('Usage', 'Committed', 'Used', false, true, false, '1000000 Tokens'), ('Usage', 'Committed', 'Unused', false, true, true, 'PTU-Hours'), ('Usage', 'Committed', 'Unused', false, true, true, 'PTU-Months')$$, 'rows are of the four kinds, what is unused in the unit that was bought');
SELECT is_empty($$SELECT FROM charge WHERE "CommitmentDiscountId" IS NOT NULL AND ("ResourceId" <> "CommitmentDiscountId" OR num_nulls("CommitmentDiscountCategory", "CommitmentDiscountName", "CommitmentDiscountQuantity", "CommitmentDiscountType", "CommitmentDiscountUnit") > 0
	OR ("ConsumedQuantity" IS NULL) <> ("ConsumedUnit" IS NULL)) OR "CommitmentDiscountId" IS NULL AND num_nonnulls("CommitmentDiscountCategory", "CommitmentDiscountName", "CommitmentDiscountQuantity", "CommitmentDiscountType", "CommitmentDiscountUnit", "CommitmentDiscountStatus") > 0$$, 'with all that names a commitment, and no other row has it');
SELECT set_eq($$SELECT "SkuPriceDetails" ->> 'x_Meter' AS meter, sum("ConsumedQuantity") FROM charge WHERE "ConsumedUnit" IN ('Tokens', 'Web Searches') GROUP BY 1$$,
	$$SELECT m.meter, sum(m.quantity) FROM asked CROSS JOIN LATERAL meters(usage) AS m WHERE m.meter <> 'requests' AND token_cost(model, usage, at, service_tier, region) IS NOT NULL GROUP BY 1$$, 'every token is there once');
SELECT set_eq($$SELECT "ChargePeriodStart", "SubAccountId", sum("ConsumedQuantity") FROM charge WHERE "CommitmentDiscountStatus" = 'Used' GROUP BY 1, 2$$,
	$$SELECT focus_time(begin_of(day_of(at))), team, tokens_of(sum(usage))::numeric FROM asked WHERE service_tier = 'provisioned' AND at <@ tstzrange('2021-02-03 05:00Z', '2021-05-01Z') GROUP BY 1, 2$$, 'by day and team');
SELECT is_empty($$SELECT "SkuPriceId" FROM charge WHERE "CommitmentDiscountId" IS NOT NULL GROUP BY 1 HAVING count(DISTINCT ("SkuId", "SkuMeter", "ListUnitPrice", "PricingUnit")) > 1$$, 'a price has one SKU, meter and unit price');
SELECT set_eq($$SELECT "SkuMeter", sum("BilledCost") AS billed, sum("EffectiveCost") AS effective FROM charge WHERE "ResourceId" = 'cap-fleet' AND "ResourceType" = 'Deployment' GROUP BY 1$$,
	$$SELECT 'Used Capacity' AS meter, sum(used_usd) AS billed, sum(used_usd) AS effective FROM shared_cost_allocation WHERE name = 'cap-fleet' UNION ALL SELECT 'Idle Capacity', sum(idle_usd), sum(idle_usd) FROM shared_cost_allocation WHERE name = 'cap-fleet'$$, 'the deployment''s used and idle GPUs are rows of their own');
SELECT bag_eq($$SELECT * FROM focus('2021-02-01', '2021-02-14') UNION ALL SELECT * FROM focus('2021-02-14', '2021-03-01')$$, $$SELECT * FROM charge WHERE "BillingPeriodStart" = '2021-02-01T00:00:00Z'$$, 'halves of a month are the month');
INSERT INTO contract (contract) VALUES ('cap');
INSERT INTO contract_term (contract, provider, percent_off) VALUES ('cap', 'capco', 12.5);
SET LOCAL inferacct.contract = 'cap';
SELECT is((SELECT sum("EffectiveCost") FROM focus('2021-01-01', '2021-06-01')), (SELECT sum(usd) FROM monthly_spend WHERE source = 'cap') + (SELECT sum(allocated_usd) FROM shared_cost_allocation WHERE month BETWEEN '2021-01-01' AND '2021-05-01'), 'under a contract, too');
RESET inferacct.contract;
SELECT is((SELECT count(*) FROM focus(NULL, '2021-06-01', '{commitment}')), 0::bigint, 'no days, no rows');

-- Terms that change.
UPDATE commitment SET until = '2021-04-11Z' WHERE per = 'month';
UPDATE deployment_run SET until = NULL WHERE replicas = 2;
SELECT ok(price_capacity() > 1000, 'a term that changes is published');
SELECT throws_ok($$SELECT token_cost('capco/capco-a', usage(1), '2021-04-11Z', 'provisioned')$$, 'IA001', NULL, 'a shorter one ends earlier') FROM (SELECT set_config('inferacct.unpriced', 'error', true)) AS x;
SELECT is(token_cost('caphouse/llama', usage(1), '2031-01-01Z'), 0::numeric, 'an open one goes on');
SELECT is((SELECT max(month) FROM shared_cost_all WHERE name = 'cap-fleet'), month_of(now()), 'and costs until now');
DELETE FROM deployment_run;
SELECT ok(price_capacity() > 1000, 'one that is taken out is withdrawn');
SELECT throws_ok($$SELECT token_cost('caphouse/llama', usage(1), '2021-03-01Z')$$, 'IA001', NULL, 'and has no price again');

-- What cannot be.
INSERT INTO deployment_run (deployment, models, since) VALUES ('cap-fleet', '{capco-a}', '2021-02-01Z');
SELECT throws_ok('SELECT price_capacity()', '55000', '"capco-a" at service tier "standard" has a price by the token', 'a model that is sold by the token is not made free');
UPDATE deployment_run SET service_tier = 'own';
SELECT lives_ok('SELECT price_capacity()', 'but at a tier of its own');
INSERT INTO deployment_run (deployment, models, since, until) VALUES ('cap-nowhere', '{x}', '2021-02-01Z', '2021-02-02Z');

-- A fact that is missing is said in the row that needs it; the other rows are there.
INSERT INTO deployment (name, gpu, vendor, term, capacity_mtok_per_month, mix) VALUES ('cap-other-mix', 'CAPGPU', 'capv', 'on_demand', 100, usage(1, 99));
INSERT INTO deployment (name, gpu, vendor, term) VALUES ('cap-no-rates', 'CAPGPU', 'capv', 'on_demand');
INSERT INTO deployment (name, gpu, vendor, term, prefill_tokens_per_second, decode_tokens_per_second) VALUES ('cap-no-price', 'CAPNONE', 'capv', 'on_demand', 1, 1);
INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour) VALUES ('CAPGPU', 'capv', 'on_demand', 2);
INSERT INTO deployment_run (deployment, models, service_tier, since, until)
SELECT name, '{caphouse/llama}', 'standard', '2021-03-01Z', '2021-03-02Z' FROM unnest(ARRAY['cap-other-mix', 'cap-no-rates', 'cap-no-price']) AS name;
SET LOCAL client_min_messages = error;
SELECT ok((SELECT tokens_of(sum(usage)) > 0 FROM usage_hourly WHERE model = 'caphouse/llama' AND service_tier = 'standard' AND first_at >= '2021-03-01Z' AND first_at < '2021-03-02Z'), 'they have something to serve');
SELECT set_eq($$SELECT name, usd, capacity, substr(problem, strpos(problem, 'IA'), 5), strpos(problem, name) > 0 FROM shared_cost_all WHERE name IN ('cap-nowhere', 'cap-other-mix', 'cap-no-rates', 'cap-no-price')$$,
	$$VALUES ('cap-nowhere', NULL::numeric, NULL::numeric, 'IA301', true), ('cap-other-mix', 48, NULL, 'IA303', true), ('cap-no-rates', 48, NULL, 'IA303', true), ('cap-no-price', NULL, NULL, 'IA302', true)$$,
	'what a missing fact leaves unknown is NULL, and the reason beside it');
SELECT is_empty($$SELECT FROM shared_cost_all WHERE name IN ('cap-ptu', 'cap-fleet') AND (usd IS NULL OR problem IS NOT NULL)$$, 'what is known stays known');
SELECT set_eq($$SELECT name, sum(allocated_usd), count(used_usd) AS used, count(idle_usd) AS idle, bool_and(problem IS NOT NULL) FROM shared_cost_allocation WHERE name IN ('cap-nowhere', 'cap-other-mix', 'cap-no-rates', 'cap-no-price') GROUP BY 1$$,
	$$VALUES ('cap-nowhere', NULL::numeric, 0, 0, true), ('cap-other-mix', 48, 0, 0, true), ('cap-no-rates', 48, 0, 0, true), ('cap-no-price', NULL, 0, 0, true)$$,
	'a known cost is allocated whole where used and idle cannot be told apart');
SELECT set_eq($$SELECT "ResourceName", sum("BilledCost"), min("SkuMeter") FROM focus('2021-03-01', '2021-04-01') WHERE "ResourceType" = 'Deployment' AND "ResourceName" <> 'cap-fleet' GROUP BY 1$$,
	$$VALUES ('cap-other-mix', 48::numeric, 'Undivided Capacity'), ('cap-no-rates', 48, 'Undivided Capacity')$$, 'FOCUS has every cost that is known');
SET LOCAL client_min_messages = notice;
SELECT throws_ok($$INSERT INTO commitment VALUES ('c', 'p', 't', '{m}', 'tier', 'PTU', 1, 1, 'hour', NULL, '2021-01-01 00:30Z')$$, '23514', NULL, 'a commitment begins at a whole hour');
SELECT throws_ok($$INSERT INTO commitment VALUES ('c', 'p', 't', '{m}', 'tier', 'ptu', 1, 1, 'hour', NULL, '2021-01-01Z')$$, '23514', NULL, 'a unit is written as FOCUS wants it');

SELECT * FROM finish();
ROLLBACK;
