-- what_if, compare_models: a log repriced is plain SQL over its rows repriced.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';
SET LOCAL client_min_messages = warning;
SELECT plan(52);

SELECT set_price('ifco', m, meter, p, '2024-01-01') FROM (VALUES ('large', 'input', 10), ('large', 'cache_read', 1), ('large', 'cache_write', 12.5), ('large', 'output', 50),
	('small', 'input', 1), ('small', 'output', 4), ('flash', 'input', 0.5), ('flash', 'cache_read', 0.05), ('flash', 'output', 2)) AS v (m, meter, p);
SELECT set_price('ifco', 'flash', m, p, '2024-01-01', above_input_tokens => 20000) FROM (VALUES ('input', 1), ('cache_read', 0.1), ('output', 3)) AS v (m, p);
SELECT set_price('ifco', 'small', m, p, '2024-01-01', service_tier => 'batch') FROM (VALUES ('input', 0.5), ('output', 2)) AS v (m, p);
SELECT set_price('ifco', 'large', 'input', 8, '2030-01-01');
SELECT set_alias('big', 'ifco/large');
INSERT INTO usage_log (at, usage, model, source, request_id, team)
SELECT timestamptz '2024-05-30 00:10Z' + n % 97 * interval '47 minutes', usage(n * 131 % 30000, n % 900, cache_read => n % 3 * (n * 77 % 9000), cache_write => n % 2 * (n * 7 % 500)),
	(ARRAY['ifco/large', 'big', 'small'])[1 + n % 3], 'if', n::text, 'team ' || n % 2 FROM generate_series(1, 900) AS n;
CREATE TEMP VIEW of_if AS SELECT at, usage, CASE WHEN model = 'small' THEN 'ifco/small' ELSE 'ifco/large' END AS model, service_tier, region FROM usage_log WHERE source = 'if';
CREATE TEMP VIEW only_if AS SELECT * FROM usage_log WHERE source = 'if';

SELECT bag_eq($$SELECT model, replaced_by, requests, usd, usd_before, saved_usd FROM what_if('only_if', '{"ifco/large": "ifco/small"}')$$,
	$$SELECT model, CASE WHEN model = 'ifco/large' THEN 'ifco/small' END AS replaced_by, count(*) AS requests, trim_scale(sum(token_cost('ifco/small', usage, at))) AS usd, trim_scale(sum(token_cost(model, usage, at))) AS usd_before,
		trim_scale(sum(token_cost(model, usage, at)) - sum(token_cost('ifco/small', usage, at))) AS saved_usd FROM of_if GROUP BY model$$, 'another model, whatever its name in the log');
SELECT results_eq($$SELECT * FROM what_if('only_if', '{"big": "small"}')$$, $$SELECT * FROM what_if('only_if', '{"ifco/large": "small"}')$$, 'a name in the map means what it means in the log');
SELECT is((SELECT sum(usd) FROM what_if('only_if', '{}')), (SELECT sum(usd_before) FROM what_if('only_if', '{}')), 'an empty map changes nothing');
SELECT is((SELECT sum(usd_before) FROM what_if('only_if', '{}')), (SELECT spend(model, usage, at, service_tier, region) FROM only_if), 'and has what was spent');
SELECT is((SELECT usd FROM what_if('only_if', '{"small": "flash"}') WHERE model = 'ifco/small'), (SELECT trim_scale(sum(token_cost('flash', usage, at))) FROM of_if WHERE model = 'ifco/small'), 'context tiers are those of the new model');
SELECT is((SELECT usd FROM what_if('only_if', '{"*": "flash"}', since => '2024-05-31', until => '2024-06-01') WHERE model = 'ifco/large'),
	(SELECT trim_scale(sum(token_cost('flash', usage, at))) FROM of_if WHERE model = 'ifco/large' AND at >= '2024-05-31' AND at < '2024-06-01'), 'every other model, in a span');
SELECT is((SELECT usd FROM what_if('only_if', '{}', at => '2030-06-01') WHERE model = 'ifco/large'), (SELECT trim_scale(sum(token_cost('large', usage, '2030-06-01'))) FROM of_if WHERE model = 'ifco/large'), 'at the prices of another time');
SELECT is((SELECT usd FROM what_if('only_if', '{"large": {"price_factor": 1.1}}') WHERE model = 'ifco/large'), (SELECT trim_scale(sum(token_cost(model, usage, at)) * 1.1) FROM of_if WHERE model = 'ifco/large'), 'at prices that rise by a tenth');
SELECT is((SELECT usd FROM what_if('only_if', '{"small": {"service_tier": "batch"}}') WHERE model = 'ifco/small'), (SELECT trim_scale(sum(token_cost('small', usage, at, 'batch'))) FROM of_if WHERE model = 'ifco/small'), 'at another tier');
SELECT is((SELECT usd FROM what_if('only_if', '{"*": "small"}', service_tier => 'batch') WHERE model = 'ifco/large'), (SELECT trim_scale(sum(token_cost('small', usage, at, 'batch'))) FROM of_if WHERE model = 'ifco/large'), 'of all');
SELECT is((SELECT usd FROM what_if('only_if', '{"large": {"model": "flash", "input_ratio": 1.25, "output_ratio": 1.5}}') WHERE model = 'ifco/large'),
	(SELECT trim_scale(sum(token_cost('flash', usage(round(meter(usage, 'input') * 1.25)::bigint, round(meter(usage, 'output') * 1.5)::bigint, cache_read => round(meter(usage, 'cache_read') * 1.25)::bigint,
		cache_write => round(meter(usage, 'cache_write') * 1.25)::bigint), at))) FROM of_if WHERE model = 'ifco/large'), 'another tokenizer, and longer answers, may reach another context tier');
SELECT is((SELECT usd FROM what_if('only_if', '{}', hit_rate => 0) WHERE model = 'ifco/large'),
	(SELECT trim_scale(sum(token_cost('large', usage(meter(usage, 'input') + meter(usage, 'cache_read'), meter(usage, 'output'), cache_write => meter(usage, 'cache_write')), at))) FROM of_if WHERE model = 'ifco/large'), 'no hit');
SELECT is((SELECT usd FROM what_if('only_if', '{}', hit_rate => 1) WHERE model = 'ifco/large'),
	(SELECT trim_scale(sum(token_cost('large', usage(0, meter(usage, 'output'), cache_read => input_tokens(usage)), at))) FROM of_if WHERE model = 'ifco/large'), 'hits alone');
SELECT results_eq($$SELECT model, replaced_by, requests, usd, saved_usd FROM what_if('only_if', '{"ifco/flash": "small"}') WHERE requests = 0$$, $$VALUES ('ifco/flash', 'small', 0::bigint, 0::numeric, 0::numeric)$$, 'a model that the log has not is said');

-- Over the rollup
CREATE FUNCTION pg_temp.refresh() RETURNS void LANGUAGE plpgsql AS $$
DECLARE f record;
BEGIN
	f := refresh_find('usage_log', NULL, false, NULL, true);
	PERFORM refresh_hours('usage_log', f.hours[1], f.hours[cardinality(f.hours)] + interval '1 hour', f.hours, f.found_at);
	PERFORM refresh_end('usage_log', f.found_at, f.identity, f.problem);
END $$;
SELECT pg_temp.refresh();
SELECT results_eq($$SELECT * FROM what_if('hourly_spend', '{"large": "flash", "*": {"service_tier": "batch"}}')$$, $$SELECT * FROM what_if('only_if', '{"large": "flash", "*": {"service_tier": "batch"}}')$$, 'the rollup says the same');
SELECT compact_usage();
SELECT results_eq(format($$SELECT * FROM what_if('hourly_spend', '{"large": "flash"}', %s)$$, span), format($$SELECT * FROM what_if('only_if', '{"large": "flash"}', %s)$$, span), 'of ' || span)
FROM unnest(ARRAY[$$'2024-06-01', '2024-07-01'$$, $$'2024-05-31 07:00', '2024-06-02 11:00'$$, $$'-infinity', '2024-06-01'$$, $$until => '2024-06-01', at => '2030-02-02'$$]) AS span;
SELECT throws_ok(format('SELECT * FROM what_if(%s)', call), state, NULL, call) FROM (VALUES
	($$'hourly_spend', '{}', hit_rate => 0.5$$, '22023'), ($$'hourly_spend', '{"small": {"output_ratio": 2}}'$$, '22023'), ($$'hourly_spend', '{}', '2024-06-01 00:30'$$, '22023'),
	($$NULL, '{}'$$, '22004'), ($$'only_if', NULL$$, '22004'), ($$'pg_class', '{}'$$, '42703'), ($$'only_if', '[]'$$, '22023'), ($$'only_if', '{"small": 5}'$$, '22023'),
	($$'only_if', '{"small": {"modle": "flash"}}'$$, '22023'), ($$'only_if', '{"small": {"output_ratio": "2"}}'$$, '22023'), ($$'only_if', '{"small": {"output_ratio": -1}}'$$, '22023'),
	($$'only_if', '{"small": {"hit_rate": 1.5}}'$$, '22023'), ($$'only_if', '{"large": "small", "big": "flash"}'$$, '22023'), ($$'only_if', '{"small": "no such model"}'$$, 'IA002'),
	($$'only_if', '{"large": "small"}', service_tier => 'flex'$$, 'IA004')) AS v (call, state);
SET LOCAL inferacct.unpriced = 'null';
SELECT results_eq($$SELECT model, requests, usd, usd_before, unpriced_requests FROM what_if('only_if', '{"small": {"service_tier": "flex"}}') WHERE model = 'ifco/small'$$,
	$$VALUES ('ifco/small', 300::bigint, NULL::numeric, NULL::numeric, 300::bigint)$$, 'what has no price afterwards is in neither sum, and counted');
RESET inferacct.unpriced;

-- Models side by side
INSERT INTO model_quality (model, task, quality, is_own, source, judged_on) VALUES ('small', '', 0.9, false, 'a board', '2024-06-01'), ('ifco/small', 'support', 0.8, true, 'us', '2024-01-01'),
	('big', '', 0.99, false, 'a board', '2024-01-01'), ('big', '', 0.95, false, 'a board', '2024-06-01');
SELECT results_eq($$SELECT rank, model, requests, usd, usd_before, saved_usd FROM compare_models('only_if', ARRAY['big', 'small', 'ifco/flash'])$$,
	$$SELECT row_number() OVER (ORDER BY usd)::integer, m, 900::bigint, usd, before, trim_scale(before - usd) FROM (SELECT m, trim_scale(spend(m, usage, at)) AS usd, spend(model, usage, at) AS before
		FROM of_if, unnest(ARRAY['big', 'small', 'ifco/flash']) AS m GROUP BY m) AS s ORDER BY usd$$, 'each model has all requests, the cheapest first');
SELECT results_eq($$SELECT * FROM compare_models('hourly_spend', ARRAY['big', 'small', 'ifco/flash'], '2024-05-01', '2024-07-01')$$,
	$$SELECT * FROM compare_models('only_if', ARRAY['big', 'small', 'ifco/flash'], '2024-05-01', '2024-07-01')$$, 'the rollup says the same');
SELECT is((SELECT usd FROM compare_models('only_if', '{large}', hit_rate => 1)), (SELECT trim_scale(sum(token_cost('large', usage(0, meter(usage, 'output'), cache_read => input_tokens(usage)), at))) FROM of_if), 'at another hit rate');
SELECT is((SELECT usd FROM compare_models('only_if', '{small}', service_tier => 'batch', at => '2030-02-01')), (SELECT trim_scale(sum(token_cost('small', usage, '2030-02-01', 'batch'))) FROM of_if), 'at another tier and time');
SELECT is((SELECT string_agg(concat_ws(' ', model, quality, quality_source), ', ' ORDER BY model) FROM compare_models('only_if', '{big,small,flash}', task => 'support')), 'big 0.95 a board, flash, small 0.8 us', 'one''s own judgement goes first, then the latest');
SELECT is((SELECT quality FROM compare_models('only_if', '{small}')), 0.9, 'of another task it says nothing');
SELECT is((SELECT usd_per_good_answer FROM compare_models('only_if', '{small}', task => 'support')), (SELECT exact_quotient(spend('small', usage, at), 720) FROM of_if), 'what a good answer costs');
SELECT results_eq($$SELECT rank, usd, saved_usd, unpriced_requests, reason FROM compare_models('only_if', '{no such model}')$$,
	$$SELECT NULL::integer, NULL::numeric, NULL::numeric, 900::bigint, '900 of 900 requests have no price: IA002 unknown model "no such model"'$$, 'a model without a price has no rank, and a reason');
SELECT is((SELECT count(*) FROM compare_models('only_if', '{no such model,small}') WHERE rank = 1 AND model = 'small'), 1::bigint, 'and does not stop the others');
SELECT is((SELECT reason FROM compare_models('only_if', '{small}', '2023-01-01', '2023-02-01')), 'the log has no request in that time', 'an empty log is said');
INSERT INTO usage_log (at, usage, model, source, request_id) VALUES ('2024-06-01', usage(5), 'nobody knows', 'if', 'x');
SELECT matches((SELECT reason FROM compare_models('only_if', '{small}')), '^1 requests have no price as they were', 'what had no price is no base');
SELECT is((SELECT saved_usd FROM compare_models('only_if', '{small}')), NULL, 'for saying what is saved');
SELECT throws_ok(format('SELECT * FROM compare_models(%s)', call), state, NULL, call) FROM (VALUES ($$'only_if', NULL$$, '22004'), ($$'only_if', '{small,NULL}'$$, '22004'), ($$NULL, '{small}'$$, '22004'),
	($$'only_if', '{small}', hit_rate => 2$$, '22023'), ($$'hourly_spend', '{small}', hit_rate => 0.5$$, '22023')) AS v (call, state);

SELECT * FROM finish();
ROLLBACK;
