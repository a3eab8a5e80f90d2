-- throughput: estimates against recorded runs, what bounds them, and where they are used.
\set cases `cat "${INFERACCT_SHARED:-../shared}/cases/economics_cases.json" 2>/dev/null || echo '[]'`
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
-- Of each configuration the most that it gave, where it was offered more than it could take.
CREATE TEMP TABLE run AS
SELECT DISTINCT ON (i ->> 'config') i ->> 'config' AS config, CASE WHEN i ->> 'model' ~ '8x7B' THEN 'mixtral-8x7b' WHEN i ->> 'model' ~ '30B' THEN 'qwen3-30b-a3b' ELSE 'llama-3.1-8b' END AS model,
	CASE i ->> 'hardware' WHEN 'H100' THEN 'H100' WHEN 'A100_80GB_PCIe' THEN 'A100-80GB' ELSE i ->> 'hardware' END AS gpu, (i ->> 'gpus')::int AS gpus,
	CASE WHEN i ->> 'precision' ~ '8' THEN 8 ELSE 16 END AS bits, (i ->> 'tps_output')::numeric / 256 AS requests
FROM (SELECT c -> 'inputs' AS i FROM jsonb_array_elements(:'cases'::jsonb) AS c WHERE c ->> 'group' = 'effective_cost_measured') AS c
WHERE i ->> 'model' ~ 'Llama-3.1-8B|8x7B|30B-A3B' AND (i ->> 'ttft_p99_ms')::numeric > 1000
ORDER BY i ->> 'config', (i ->> 'tps_output')::numeric DESC;
SELECT plan(25 + CASE WHEN EXISTS (SELECT FROM run) THEN 2 ELSE 0 END);
SELECT diag('no ../shared/cases: the recorded runs are not compared') WHERE NOT EXISTS (SELECT FROM run);

-- Runs at 512 prompt and 256 answer tokens (pChitral/vllm-cost-meter, arXiv:2606.11690), the highest throughput of each.
CREATE TEMP TABLE recorded AS SELECT * FROM (VALUES ('llama-3.1-8b', 'H100', 1, 8, 8155.1), ('qwen3-30b-a3b', 'H100', 1, 8, 9271.0), ('mixtral-8x7b', 'H100', 2, 8, 7524.1)) AS v (model, gpu, gpus, bits, tokens);
SELECT ok(tokens / 256 BETWEEN e.low AND e.high, format('%s on %s %s: %s within %s and %s requests a second', model, gpus, gpu, round(tokens / 256, 1), e.low, e.high))
FROM recorded, estimate_throughput(model, gpu, gpus, 512, 256, 256, bits) AS e;
SELECT cmp_ok(count(*) FILTER (WHERE r.requests BETWEEN e.low AND e.high), '>=', count(*) * 2 / 3, format('two thirds of %s saturated configurations are in the range', count(*)))
FROM run AS r, estimate_throughput(r.model, r.gpu, r.gpus, 512, 256, 256, r.bits) AS e HAVING count(*) > 0;
SELECT ok(percentile_cont(0.5) WITHIN GROUP (ORDER BY r.requests / e.requests_per_second) BETWEEN 0.75 AND 1.25, 'and half of them gave at least about what is estimated')
FROM run AS r, estimate_throughput(r.model, r.gpu, r.gpus, 512, 256, 256, r.bits) AS e HAVING count(*) > 0;

-- Every shipped figure has a source that was read, and a day; published weights are those of the precision stated.
SELECT is_empty('SELECT gpu FROM gpu_spec WHERE version = 1 AND (checked_on IS NULL OR source IS NULL)', 'GPUs were looked up');
SELECT is_empty('SELECT model FROM model_profile WHERE version = 1 AND (checked_on IS NULL OR source IS NULL)', 'and models');
SELECT is_empty($$SELECT m FROM unnest('{llama-3.1,llama-3.2,llama-3.3,qwen3-8b,qwen3-235b-a22b,gpt-oss,deepseek-v3,deepseek-r1,mixtral,mistral-,gemma-3,glm-4.5,kimi-k2}'::text[]) AS m
	WHERE NOT EXISTS (SELECT FROM model_profile WHERE model LIKE m || '%')$$, 'those that people host are there');
SELECT ok(weight_bytes(model_in_force('gpt-oss-120b', now()), NULL) BETWEEN 60.8 * 1073741824 * 0.995 AND 60.8 * 1073741824 * 1.005, 'gpt-oss-120b is the 60.8 GiB of its model card');
SELECT is(model_memory_gb('gpt-oss-120b', NULL), 65.2, 'which is what it holds at the precision of each tensor');
SELECT is(gpus_required('deepseek-v3', 141, NULL), gpus_required('deepseek-v3', 141, 8), 'as published, DeepSeek-V3 takes what it takes in FP8');
SELECT is(gpus_required('deepseek-v3', 141, 8), 8, 'DeepSeek-V3 in FP8 on eight H200');
SELECT is((SELECT array_agg(model ORDER BY model) FROM model_profile WHERE latent_dim IS NOT NULL AND weight_bytes(model_in_force(model, now()), NULL) < parameters * 1.01), '{deepseek-r1,deepseek-v3,kimi-k2}', 'published in FP8, one byte a parameter');

SELECT ok(e.low < e.requests_per_second AND e.requests_per_second < e.high, 'the estimate lies in its range') FROM estimate_throughput('llama-3.1-70b', 'H100', 4, 1000, 200, 64) AS e;
SELECT ok(abs(1 / (1000 / e.prefill_tokens_per_second + 200 / e.decode_tokens_per_second) - e.requests_per_second) < 0.01 * e.requests_per_second, 'reading and writing share the time') FROM estimate_throughput('llama-3.1-70b', 'H100', 4, 1000, 200, 64) AS e;
SELECT matches((estimate_throughput('llama-3.1-70b', 'H100', 1, 1000, 200))."limit", 'do not fit', 'what does not fit has no throughput');
SELECT is((SELECT num_nulls(prefill_tokens_per_second, decode_tokens_per_second, requests_per_second, low, high) FROM estimate_throughput('llama-3.1-70b', 'H100', 1, 1000, 200)), 5, 'not one of zero');
SELECT matches((estimate_throughput('llama-3.1-70b', 'H100', 4, 60000, 1000))."limit", '^memory: [0-9]+ requests', 'long prompts leave room for few');
SELECT is((estimate_throughput('llama-3.1-8b', 'H100', 1, 20000, 5, 4))."limit", 'arithmetic of prefill', 'reading is arithmetic');
SELECT is((estimate_throughput('llama-3.1-8b', 'H100', 1, 10, 500, 4))."limit", 'memory bandwidth of decoding', 'writing is memory');
SELECT cmp_ok((estimate_throughput('mixtral-8x7b', 'H100', 2, 10, 500, 1)).decode_tokens_per_second, '>', 2 * (estimate_throughput('mistral-large-123b', 'H100', 4, 10, 500, 1)).decode_tokens_per_second, 'one token reads two experts of eight');
SELECT is(model_memory_gb('gemma-3-27b', 16, 131072) < 54.8 + 131072::numeric * 2 * 62 * 16 * 128 * 2 * 0.000000001 / 4, true, 'sliding windows keep a part of the context');
SELECT is(gpus_required('gpt-oss-120b', 80, 4.25), 1, 'gpt-oss-120b on one H100');
SELECT is(estimate_throughput(NULL, 'H100', 1, 1, 1)::text, '(,,,,,)', 'NULL gives NULLs');
SELECT throws_ok($$SELECT estimate_throughput('nobody', 'H100', 1, 1, 1)$$, 'IA301', NULL, 'an unknown model');
SELECT throws_ok($$SELECT estimate_throughput('llama-3.1-8b', 'nothing', 1, 1, 1)$$, 'IA301', NULL, 'an unknown GPU');

-- Where nobody measured or stated it.
SELECT set_price('est', 'big', 'input', 3), set_price('est', 'big', 'output', 15);
INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour) VALUES ('H100', 'est', 'on_demand', 2.5);
INSERT INTO deployment (name, model, gpu, vendor, gpus_per_replica, target_utilization, attributes) VALUES ('est', 'llama-3.1-8b', 'H100', 'est', 1, 0.7, '{"bits": 8}');
CREATE TABLE public.est_log AS SELECT timestamptz '2025-01-06Z' + n * interval '1 hour' AS at, usage(2000000, 500000, requests => 1000) AS usage, 'est/big' AS model, 'standard' AS service_tier, NULL::text AS region, NULL::bigint AS duration_ms, NULL::float8 AS score, NULL::interval AS tolerates FROM generate_series(0, 1679) AS n;
SELECT matches((SELECT explanation FROM advise('est', log => 'public.est_log') WHERE rule = 'assumed'), 'estimated by roofline', 'a decision that rests on an estimate says so');

SELECT * FROM finish();
ROLLBACK;
