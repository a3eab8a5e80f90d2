-- What inferacct.as_of and inferacct.contract hide says so, and aliases have a function.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SELECT plan(24);

-- A time before all versions is answered with the oldest.
CREATE TEMP TABLE oldest AS SELECT min(published_at) AS at FROM price_version;
SET LOCAL inferacct.as_of = '2001-01-01';
SELECT is(price_horizon(), (SELECT at FROM oldest), 'before the oldest version, the oldest is asked');
SELECT isnt(token_cost('openai/gpt-4o', 1000, 10, '2026-10-01'), NULL, 'so the shipped prices are there');
SELECT isnt(token_cost(price_book(as_of => '2001-01-01'), 'openai/gpt-4o', usage(1000), '2026-10-01'), NULL, 'in a book, too');
SELECT is((price_book_info(price_book(as_of => '2001-01-01'))).as_of, (SELECT at FROM oldest), 'which says as of when it is');
SELECT isnt((SELECT count(*) FROM current_price), 0::bigint, 'and in the views');
SELECT lives_ok($$SELECT breakeven('llama-70b-reserved', 'openai/gpt-4o', usage(6000, 4000), '2026-10-01')$$, 'and for deployments');
RESET inferacct.as_of;
SELECT is(price_horizon(), 'infinity', 'without the setting all is known');

-- Everything below was published after this moment.
CREATE TEMP TABLE before AS SELECT clock_timestamp() AS at;
SELECT pg_sleep(0.01);
SELECT set_price('late', 'one', 'input', 1), set_price('late', 'one', 'output', 2, service_tier => 'batch'), set_price('openai', 'gpt-4o', 'pages', 1);
INSERT INTO contract (contract) VALUES ('late deal');
INSERT INTO deployment (name, gpu, vendor, capacity_mtok_per_month, mix) VALUES ('late machine', 'H100', 'cloud (mid)', 750, usage(60, 40));
INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour) VALUES ('late gpu', 'late', 'on_demand', 1);
INSERT INTO model_profile (model, parameters, layers, kv_heads, head_dim) VALUES ('late profile', 8e9, 32, 8, 128);
INSERT INTO routing_policy (name, kind) VALUES ('late policy', 'score');

CREATE FUNCTION pg_temp.told(statement text, part text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text; message text; detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN CASE part WHEN 'state' THEN state WHEN 'detail' THEN detail WHEN 'hint' THEN hint ELSE message END;
END $$;

SELECT set_config('inferacct.as_of', (SELECT at::text FROM before), true);
SELECT alike(pg_temp.told($$SELECT token_cost('late/one', 1, 1, '2026-10-01')$$, 'detail'), 'late/one is known since % as of %', 'a model that is hidden says since when it is known');
SELECT is(pg_temp.told($$SELECT token_cost('late/one', 1, 1, '2026-10-01')$$, 'state'), 'IA002', 'and is unknown');
SELECT alike(pg_temp.told($$SELECT token_cost('openai/gpt-4o', usage(input => 1, pages => 1), '2026-10-01')$$, 'detail'), '%Prices are asked for as of%', 'so does a meter');
SELECT alike(pg_temp.told($$SELECT token_cost('openai/gpt-4o', usage(1), '2026-10-01', 'nosuch')$$, 'detail'), '%Prices are asked for as of%', 'a tier');
SELECT alike(pg_temp.told($$SELECT deployment_in_force('late machine', '2026-10-01')$$, 'detail'), '%Prices are asked for as of%', 'a deployment');
SELECT unalike(pg_temp.told($$SELECT deployment_in_force('late machine', '2026-10-01')$$, 'hint'), '%late machine%', 'whose hint does not list what would not work');
SELECT alike(pg_temp.told($$SELECT gpu_usd_per_hour('late gpu', 'late', 'on_demand')$$, 'detail'), '%Prices are asked for as of%', 'a GPU');
SELECT unalike(pg_temp.told($$SELECT gpu_usd_per_hour('late gpu', 'late', 'on_demand')$$, 'hint'), '%late gpu%', 'nor does its hint');
SELECT unalike(pg_temp.told($$SELECT kv_bytes_per_token('late profile')$$, 'hint'), '%late profile%', 'nor that of a model''s profile');
SELECT alike(pg_temp.told($$SELECT routing_definition('late policy')$$, 'detail'), '%Prices are asked for as of%', 'a policy');
SET LOCAL inferacct.contract = 'late deal';
SELECT alike(pg_temp.told($$SELECT token_cost('openai/gpt-4o', 1, 1, '2026-10-01')$$, 'detail'), 'It is known since % as of %', 'a contract');
RESET inferacct.contract;
RESET inferacct.as_of;

-- aliases
SELECT alike(pg_temp.told($$SELECT token_cost('azure/my-gpt4', 1, 1, '2026-10-01')$$, 'hint'), '%SELECT set_alias(''azure/my-gpt4'', %unpriced_usage%', 'an unknown name shows the statement that adds an alias');
SELECT set_alias('azure/my-gpt4', 'azure/gpt-4o');
SELECT is(token_cost('azure/my-gpt4', 1000, 10, '2026-10-01'), token_cost('azure/gpt-4o', 1000, 10, '2026-10-01'), 'set_alias() is that statement');
SELECT set_alias('azure/my-gpt4', 'gpt-4.1', '2026-09-01');
SELECT is((resolve_model('azure/my-gpt4', '2026-10-01')).model, 'gpt-4.1', 'an alias may change its meaning');
SELECT set_alias('azure/my-gpt4', NULL, '2026-11-01');
SELECT is(pg_temp.told($$SELECT resolve_model('azure/my-gpt4', '2026-11-02')$$, 'state'), 'IA002', 'and end');
SELECT is(pg_temp.told($$SELECT set_alias('a', 'no such model anywhere')$$, 'state'), 'IA002', 'what it means must have prices');
SELECT is(pg_temp.told($$SELECT set_alias('', 'gpt-4o')$$, 'state') || pg_temp.told($$SELECT set_alias('openai/gpt-4o', 'openai/gpt-4o')$$, 'state') || pg_temp.told($$SELECT set_alias('never', NULL)$$, 'state'),
	'2200422023IA002', 'nothing, itself and what is no alias are refused');

SELECT * FROM finish();
ROLLBACK;
