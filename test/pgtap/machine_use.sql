-- machine_use: what shared machines cost by usage and by reservation, and what vLLM's own counters say.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';
SET LOCAL client_min_messages = warning;
SELECT plan(19);

CREATE FUNCTION pg_temp.metrics(prompt text, generation text, running text) RETURNS text LANGUAGE sql AS $$ SELECT format(E'# HELP vllm:prompt_tokens_total Number of prefill tokens processed.\n# TYPE vllm:prompt_tokens_total counter\n'
	'vllm:prompt_tokens_total{engine="0",model_name="meta-llama/Llama-3.3-70B-Instruct"} %s\nvllm:prompt_tokens_total{engine="1",model_name="meta-llama/Llama-3.3-70B-Instruct"} 100.0\r\n'
	'vllm:generation_tokens_total{engine="0",model_name="meta-llama/Llama-3.3-70B-Instruct"} %s 1760000000000\n'
	'vllm:prefix_cache_queries_total{engine="0",model_name="meta-llama/Llama-3.3-70B-Instruct"} %1$s\nvllm:prefix_cache_hits_total{engine="0",model_name="meta-llama/Llama-3.3-70B-Instruct"} 2.5e+2\n'
	'vllm:request_success_total{engine="0",finished_reason="stop",model_name="meta-llama/Llama-3.3-70B-Instruct"} 7.0\nvllm:request_success_total{engine="0",finished_reason="length",model_name="meta-llama/Llama-3.3-70B-Instruct"} 2.0\n'
	'vllm:num_requests_running{engine="0",model_name="meta-llama/Llama-3.3-70B-Instruct"} %3$s\nvllm:gpu_cache_usage_perc{model_name="meta-llama/Llama-3.3-70B-Instruct"} 0.25\n'
	'vllm:num_requests_waiting{model_name="a \"quoted\", {odd} one"} NaN\nvllm:time_to_first_token_seconds_bucket{le="0.5",model_name="x"} 3.0\npython_gc_objects_collected_total{generation="0"} 5\nnonsense', prompt, generation, running) $$;
SELECT is(load_vllm_metrics('mch', 'r0', pg_temp.metrics('1000.0', '1.5e+03', '4.0'), '2021-03-01 10:00Z'), 2::bigint, 'what a replica says, a row for each model');
SELECT is(load_vllm_metrics('mch', 'r0', pg_temp.metrics('1000.0', '1.5e+03', '4.0'), '2021-03-01 10:00Z'), 0::bigint, 'is kept once');
SELECT results_eq($$SELECT prompt_tokens_total, generation_tokens_total, prefix_cache_hits_total, request_success_total, num_requests_running, kv_cache_usage_perc, num_requests_waiting FROM vllm_scrape WHERE model LIKE 'meta%'$$,
	'VALUES (1100::numeric, 1500::numeric, 250::numeric, 9::numeric, 4::numeric, 0.25, NULL::numeric)', 'engines and reasons added up');
SELECT is((SELECT num_requests_waiting FROM vllm_scrape WHERE model LIKE 'a %'), NULL, 'what is no number is not known');
SELECT throws_ok($$SELECT load_vllm_metrics('mch', NULL, '')$$, '22004', NULL, 'of which replica');
SELECT throws_ok($$SELECT load_vllm_metrics('mch', 'r0', 'vllm:prompt_tokens_total{model_name="m"} -5')$$, '23514', NULL, 'a counter is not negative');
SELECT throws_ok($$SELECT load_vllm_metrics('mch', 'r0', 'vllm:prompt_tokens_total{model_name="m"} 5', 'infinity')$$, '23514', NULL, 'a scrape has a time');
SELECT is(load_vllm_metrics('mch', 'r0', 'nothing of vLLM'), 0::bigint, 'other metrics are passed over');

SELECT load_vllm_metrics('mch', 'r0', pg_temp.metrics('4000', '2000', '6'), '2021-03-01 10:30Z'), load_vllm_metrics('mch', 'r0', pg_temp.metrics('300', '50', '0'), '2021-03-01 11:00Z'),
	load_vllm_metrics('mch', 'r1', pg_temp.metrics('77777', '1', '2'), '2021-03-01 11:30Z');
SELECT results_eq($$SELECT hour, prompt_tokens, generation_tokens, running, scrapes FROM vllm_hourly WHERE model LIKE 'meta%' ORDER BY hour$$,
	$$VALUES (timestamptz '2021-03-01 10:00Z', 3000::numeric, 500::numeric, 5.000, 2::bigint), ('2021-03-01 11:00Z', 400, 50, 1.000, 2)$$, 'since the scrape before, and all of it after a restart');
SELECT results_eq($$SELECT prefix_cache_hit_rate FROM vllm_hourly WHERE model LIKE 'meta%' AND hour = '2021-03-01 11:00Z'$$, $$VALUES (round(0 / 300.0, 6))$$, 'how much the prefix cache had');

-- What they cost.
SELECT set_price('mch', 'mch-a', 'input', 0), set_price('mch', 'mch-a', 'output', 0);
INSERT INTO commitment (name, provider, type, models, service_tier, unit, units, usd_per_unit, per, tokens_per_unit_hour, since, until) VALUES ('mch-ptu', 'mch', 'PT', '{mch/mch-a}', 'standard', 'PTU', 2, 3, 'hour', 1000, '2021-03-01Z', '2021-03-02Z');
INSERT INTO usage_log (at, usage, model, source, request_id, team) SELECT timestamptz '2021-03-01Z' + n * interval '1 hour', usage(900, 100), 'mch/mch-a', 'mch', n::text, 'team ' || n % 2 FROM generate_series(1, 12) AS n;
SELECT refresh_hours('usage_log', '2021-03-01Z', '2021-04-01Z', refresh_changed('usage_log', '2021-03-01Z', true), clock_timestamp());
SELECT results_eq($$SELECT usd, used_usd, idle_usd, used_tokens, capacity, used_share, usd_per_mtok_used, usd_per_mtok_reserved, vllm_tokens FROM machine_cost WHERE name = 'mch-ptu'$$,
	'VALUES (144::numeric, 36::numeric, 108::numeric, 12000::numeric, 48000::numeric, 0.25, 12000::numeric, 3000::numeric, NULL::numeric)', 'by usage, and by reservation');
SELECT is((SELECT sum(allocated_usd) FROM shared_cost_allocation WHERE name = 'mch-ptu'), (SELECT used_usd + idle_usd FROM machine_cost WHERE name = 'mch-ptu'), 'teams add up to it');
DELETE FROM usage_log WHERE source = 'mch';
SELECT refresh_hours('usage_log', '2021-03-01Z', '2021-04-01Z', refresh_changed('usage_log', '2021-03-01Z', true), clock_timestamp());
SELECT results_eq($$SELECT usd_per_mtok_used, usd_per_mtok_reserved, idle_usd FROM machine_cost WHERE name = 'mch-ptu'$$, 'VALUES (NULL::numeric, 3000::numeric, 144::numeric)', 'what served nothing has no price by usage');
INSERT INTO deployment (name, term, prefill_tokens_per_second, decode_tokens_per_second, upfront_usd, amortization_months) VALUES ('mch', 'owned', 1000, 100, 36000, 36);
INSERT INTO deployment_run (deployment, models, since, until) VALUES ('mch', '{mch/mch-a}', '2021-03-01Z', '2021-04-01Z');
SELECT results_eq($$SELECT vllm_tokens, usd > 0 FROM machine_cost WHERE name = 'mch'$$, 'VALUES (3950::numeric, true)', 'beside what its counters say');
SELECT is(since_before(5, 3) || ' ' || since_before(3, 5) || ' ' || coalesce(since_before(3, NULL), -1), '2 3 -1', 'a counter that began again');
SET LOCAL ROLE inferacct_reader;
SELECT lives_ok('SELECT * FROM machine_cost', 'a reader reads it');
SELECT lives_ok('SELECT * FROM vllm_hourly', 'and this');
SELECT throws_ok($$SELECT load_vllm_metrics('mch', 'r9', 'vllm:prompt_tokens_total{model_name="m"} 5')$$, '42501', NULL, 'and keeps no scrape');
RESET ROLE;
SET LOCAL ROLE inferacct_admin;
SELECT is(load_vllm_metrics('mch', 'r9', 'vllm:prompt_tokens_total{model_name="m"} 5'), 1::bigint, 'an admin does');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
