-- One vocabulary of service tiers, and one rule of what a GPU costs: whoever
-- asks gets the same.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SELECT plan(63);
SELECT set_price('tierco', 'm', 'input', 2) > 0 AS standard, set_price('tierco', 'm', 'input', 1, service_tier => 'flex') > 0 AS flex,
	set_price('tierco', 'm', 'input', 4, service_tier => 'priority') > 0 AS priority;

CREATE TEMP TABLE word (given text, means text);
INSERT INTO word VALUES ('', 'standard'), ('standard', 'standard'), ('Standard', 'standard'), ('default', 'standard'), ('Default', 'standard'), ('AUTO', 'standard'),
	('on_demand', 'standard'), ('ON_DEMAND', 'standard'), ('standard_only', 'standard'), ('unspecified', 'standard'), ('TRAFFIC_TYPE_UNSPECIFIED', 'standard'),
	('flex', 'flex'), ('FLEX', 'flex'), ('on_demand_flex', 'flex'), ('ON_DEMAND_PRIORITY', 'priority'), ('nosuch', 'nosuch'), ('on_demand_nosuch', 'nosuch');
SELECT is(source_tier(given), means, format('source_tier(%L)', given)) FROM word;
SELECT is(parse_service_tier(jsonb_build_object('service_tier', given)), means, format('parse_service_tier of %L', given)) FROM word WHERE given <> '';
SELECT is(token_cost('tierco/m', usage(1000000), '2026-01-01', given), CASE means WHEN 'standard' THEN 2 WHEN 'flex' THEN 1 WHEN 'priority' THEN 4 END::numeric, format('token_cost on %L', given))
FROM word WHERE means <> 'nosuch';
SELECT throws_ok(format('SELECT token_cost(''tierco/m'', usage(1), ''2026-01-01'', %L)', given), 'IA004', NULL, format('token_cost on %L', given)) FROM word WHERE means = 'nosuch';
SELECT is(source_tier(NULL), 'standard', 'no word is the standard tier');
SELECT is(length(source_tier(repeat('X', 5000))), 5000, 'a word of any length');
SELECT set_price('tierco', 'm', 'input', 7, service_tier => 'Default') > 0 AS a_tier_of_that_name;
SELECT is(token_cost('tierco/m', usage(1000000), '2026-01-01', 'Default'), 7::numeric, 'a tier that the model has by that name comes first');
SELECT is(token_cost('tierco/m', usage(1000000), '2026-01-01', 'default'), 2::numeric, 'and by no other');

-- a rent that was withdrawn, or is not known yet, is none to anybody
INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour) SELECT gpu, vendor, 'on_demand', 2 FROM deployment WHERE name = 'llama-70b-reserved' ON CONFLICT DO NOTHING;
SELECT ok(has_gpu_price(gpu, vendor, 'on_demand', '2026-06-01Z'), 'a rent') FROM deployment WHERE name = 'llama-70b-reserved' ORDER BY version DESC LIMIT 1;
INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour, valid_from)
SELECT DISTINCT gpu, vendor, 'on_demand', NULL::numeric, '2026-07-01Z'::timestamptz FROM deployment WHERE name = 'llama-70b-reserved';
SELECT ok(NOT has_gpu_price(gpu, vendor, 'on_demand', '2026-08-01Z'), 'withdrawn') FROM deployment WHERE name = 'llama-70b-reserved' ORDER BY version DESC LIMIT 1;
SELECT throws_ok(format('SELECT gpu_usd_per_hour(%L, %L, ''on_demand'', ''2026-08-01Z'')', gpu, vendor), 'IA302', NULL, 'for both') FROM deployment WHERE name = 'llama-70b-reserved' ORDER BY version DESC LIMIT 1;
SELECT lives_ok($$SELECT hybrid('{"format":1,"minutes":60,"buckets":[{"from":"2026-08-01T00:00Z","requests":1,"usage":{"input":60000,"output":40000},"usd":"5"}]}', 'llama-70b-reserved', at => '2026-08-01Z')$$,
	'hybrid() of a reserved deployment answers without a rent on demand');
INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour) VALUES ('T1', 'v', 'on_demand', 2);
SELECT ok(has_gpu_price('T1', NULL, 'on_demand', '2026-06-01Z'), 'a new rent is known');
SET LOCAL inferacct.as_of = '2026-11-20Z';
SELECT ok(NOT has_gpu_price('T1', NULL, 'on_demand', '2026-06-01Z'), 'and was not before');
RESET inferacct.as_of;

-- a SECURITY DEFINER function prices by its owner's choice once it says so
CREATE ROLE caller;
REVOKE SELECT ON contract, contract_term FROM PUBLIC;
INSERT INTO contract_term (contract, provider, percent_off) VALUES ('secret deal', 'tierco', 40);
CREATE SCHEMA quotes;
CREATE FUNCTION quotes.quote() RETURNS numeric LANGUAGE sql STABLE SECURITY DEFINER SET search_path TO inferacct, pg_catalog, pg_temp
	AS $$ SELECT token_cost('tierco/m', 1000000, 0, '2026-01-01Z') $$;
GRANT USAGE ON SCHEMA quotes TO caller;
SET LOCAL ROLE caller;
SET LOCAL inferacct.contract = 'secret deal';
SELECT is(quotes.quote(), 1.2, 'without the line the caller chooses the contract');
RESET ROLE;
ALTER FUNCTION quotes.quote() SET inferacct.contract = '';
SET LOCAL ROLE caller;
SELECT is(quotes.quote(), 2::numeric, 'with it the function does');
RESET ROLE;
SET LOCAL inferacct.contract = '';
CREATE OR REPLACE FUNCTION quotes.quote() RETURNS numeric LANGUAGE sql STABLE SECURITY DEFINER SET search_path TO inferacct, pg_catalog, pg_temp SET inferacct.contract FROM CURRENT
	AS $$ SELECT token_cost('tierco/m', 1000000, 0, '2026-01-01Z') $$;
SET LOCAL ROLE caller;
SET LOCAL inferacct.contract = 'secret deal';
SELECT is(quotes.quote(), 2::numeric, 'or FROM CURRENT');
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
