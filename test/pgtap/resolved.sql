-- resolved: one provider and one model are one row of every report, however tools spell them, and a new alias shows at once.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';
SET LOCAL client_min_messages = warning;
SELECT plan(26);

SELECT is(resolved_provider(label, 'openai/gpt-4o', '2036-01-01'), 'openai', label) FROM (VALUES ('openai'), ('OPENAI'), ('OpenAI'), ('text-completion-openai'), ('')) AS v(label);
SELECT is(resolved_provider(NULL, 'openai/gpt-4o', '2036-01-01'), 'openai', 'the provider of the model');
SELECT is(array_agg(DISTINCT resolved_provider(label, NULL, '2036-01-01')), ARRAY['google'], 'spellings of one') FROM unnest(ARRAY['vertex_ai', 'gcp.vertex_ai', 'gcp.gen_ai', 'gemini', 'gcp.gemini', 'google', 'Gemini']) AS label;
SELECT is(resolved_provider('Our Gateway', 'openai/gpt-4o', '2036-01-01'), 'Our Gateway', 'another label stays');
SELECT is(resolved_provider(NULL, 'azure.ai.openai/no-such-thing', '2036-01-01'), 'azure', 'before the slash of a name that nobody knows');
SELECT is(resolved_provider(NULL, 'no-such-thing', '2036-01-01'), NULL, 'nothing');
SELECT is(length(resolved_provider(repeat('x', 1000), NULL, '2036-01-01')), 1000, 'a long label stays');
SELECT is(resolved_model('gpt-4o-no-such', '2036-01-01'), 'gpt-4o-no-such', 'an unknown model stays');
SELECT is(ARRAY[resolved_tier(NULL), resolved_tier('default'), resolved_tier('Flex'), resolved_tier('on_demand_flex')], '{standard,standard,flex,flex}', 'tiers');
SELECT is(resolved_region('eu', 'm', '2036-01-01'), 'eu', 'the region of the log');
SELECT throws_ok($$SELECT resolved_model('m', 'infinity')$$, '22008', NULL, 'a time is finite');

SELECT set_price('openai', 'pgtap-one', 'input', 2);
INSERT INTO usage_log (at, usage, model, source, request_id, provider, service_tier)
SELECT timestamptz '2036-01-02Z' + n * interval '1 hour', usage(1000000), (ARRAY['pgtap-one', 'openai/pgtap-one', 'PGTAP-one', 'openai:pgtap-one', 'our-deployment'])[1 + n % 5], 'names', n::text,
	(ARRAY['openai', 'OPENAI', NULL])[1 + n % 3], (ARRAY['standard', 'default'])[1 + n % 2]
FROM generate_series(0, 29) AS n;
SELECT refresh_hours('usage_log', '2036-01-01Z', '2036-02-01Z', refresh_changed('usage_log', '2036-01-01Z', false), 'infinity');
SET LOCAL inferacct.unpriced = 'null';
SELECT set_eq($$SELECT provider, model, service_tier, requests, usd FROM monthly_spend WHERE source = 'names'$$,
	$$VALUES ('openai', 'openai/pgtap-one', 'standard', 24::bigint, 48::numeric), ('openai', 'our-deployment', 'standard', 4, NULL), (NULL, 'our-deployment', 'standard', 2, NULL)$$, 'a row for each model');
SELECT set_alias('our-deployment', 'openai/pgtap-one');
SELECT results_eq($$SELECT provider, model, service_tier, requests, usd FROM monthly_spend WHERE source = 'names'$$,
	$$VALUES ('openai', 'openai/pgtap-one', 'standard', 30::bigint, 60::numeric)$$, 'a new alias shows at once');
SELECT results_eq($$SELECT count(*), sum(requests)::bigint FROM daily_spend WHERE source = 'names'$$, $$VALUES (2::bigint, 30::bigint)$$, 'by the day');
SELECT results_eq($$SELECT value, second_value, requests FROM spend_by('provider', 'model', '2036-01-01')$$, $$VALUES ('openai', 'openai/pgtap-one', 30::bigint)$$, 'by any two');
SELECT results_eq($$SELECT provider, requests, usd FROM spend_by_provider WHERE month = '2036-01-01'$$, $$VALUES ('openai', 30::bigint, 60::numeric)$$, 'by provider');
SELECT results_eq(format('SELECT computed_usd, missing_usd FROM reconcile(%L, %L, 60)', p, '2036-01-01'), 'VALUES (60::numeric, 0::numeric)', 'reconcile() takes all of them, as ' || p) FROM unnest(ARRAY['openai', 'OPENAI']) AS p;
INSERT INTO budget (name, month, usd, provider, model) VALUES ('one', '2036-01-01', 100, 'OPENAI', 'pgtap-one');
SELECT is((SELECT spent_usd FROM forecast('2036-01-01', provider => 'OPENAI', model => 'pgtap-one', at => '2036-02-01Z')), 60::numeric, 'a budget has all of them');
SELECT results_eq($$SELECT DISTINCT "ServiceProviderName", "SkuPriceDetails" ->> 'ModelId' FROM focus('2036-01-01', '2036-02-01')$$, $$VALUES ('openai', 'pgtap-one')$$, 'FOCUS, too');
SELECT is((SELECT count(*) FROM focus('2036-01-01', '2036-02-01')), 2::bigint, 'a row for each day');
SELECT set_eq($$SELECT provider, model, resolved_provider, resolved_model, resolved_tier FROM hourly_spend WHERE source = 'names' AND hour < '2036-01-02 02:00Z'$$,
	$$VALUES ('openai', 'pgtap-one', 'openai', 'openai/pgtap-one', 'standard'), ('OPENAI', 'openai/pgtap-one', 'openai', 'openai/pgtap-one', 'standard')$$, 'hourly_spend has both: as written and as meant');

SELECT * FROM finish();
ROLLBACK;
