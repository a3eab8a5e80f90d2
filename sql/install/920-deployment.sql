-- deployment: what is shipped of it: sizes of models, deployments of models that were
-- measured, and the worked deployment of the articles in its variants.
--
-- Invariant: each serves any mix, and its source says what was measured and what is
-- estimated.  Rows belong to price version 1, as the shipped catalogs do.

-- Open models that people host today, as their makers publish them.  Parameters were
-- counted again from the dimensions (experts, embeddings and heads included), and agree
-- with the model cards (GLM-4.5 has 352.8 without its draft layer).  published_gb is
-- counted the same way, from the precision of each tensor that the maker states.
INSERT INTO model_profile (version, model, parameters, active_parameters, layers, kv_heads, head_dim, latent_dim,
	window_layers, window_tokens, published_gb, context_tokens, source, checked_on)
SELECT 1, m.model, m.parameters, m.active, m.layers, m.kv_heads, m.head_dim, m.latent, m.window_layers,
	m.window_tokens, m.published, m.context, concat_ws('; ', card,
	coalesce(read, 'dimensions as in Lightning-AI/litgpt litgpt/config.py of 2026-06-29')), '2026-11-30'::date
FROM (VALUES
	('llama-2-7b', 6740000000, NULL, 32, 32, 128, NULL, NULL, NULL, NULL, 4096, 'meta-llama/Llama-2-7b', NULL),
	('llama-3.1-8b', 8030000000, NULL, 32, 8, 128, NULL, NULL, NULL, NULL, 131072, 'meta-llama/Llama-3.1-8B', NULL),
	('llama-3.1-70b', 70600000000, NULL, 80, 8, 128, NULL, NULL, NULL, NULL, 131072, 'meta-llama/Llama-3.1-70B', NULL),
	('llama-3.1-405b', 405900000000, NULL, 126, 8, 128, NULL, NULL, NULL, NULL, 131072, 'meta-llama/Llama-3.1-405B',
		NULL),
	('llama-3.2-1b', 1240000000, NULL, 16, 8, 64, NULL, NULL, NULL, NULL, 131072, 'meta-llama/Llama-3.2-1B', NULL),
	('llama-3.2-3b', 3210000000, NULL, 28, 8, 128, NULL, NULL, NULL, NULL, 131072, 'meta-llama/Llama-3.2-3B', NULL),
	('llama-3.3-70b', 70600000000, NULL, 80, 8, 128, NULL, NULL, NULL, NULL, 131072,
		'meta-llama/Llama-3.3-70B-Instruct', NULL),
	('qwen2.5-72b', 72700000000, NULL, 80, 8, 128, NULL, NULL, NULL, NULL, 131072, 'Qwen/Qwen2.5-72B', NULL),
	('qwen3-4b', 4020000000, NULL, 36, 8, 128, NULL, NULL, NULL, NULL, 32768, 'Qwen/Qwen3-4B', NULL),
	('qwen3-8b', 8190000000, NULL, 36, 8, 128, NULL, NULL, NULL, NULL, 32768, 'Qwen/Qwen3-8B', NULL),
	('qwen3-14b', 14800000000, NULL, 40, 8, 128, NULL, NULL, NULL, NULL, 32768, 'Qwen/Qwen3-14B', NULL),
	('qwen3-32b', 32800000000, NULL, 64, 8, 128, NULL, NULL, NULL, NULL, 32768, 'Qwen/Qwen3-32B', NULL),
	('qwen3-30b-a3b', 30500000000, 3300000000, 48, 4, 128, NULL, NULL, NULL, NULL, 262144,
		'Qwen/Qwen3-30B-A3B-Instruct-2507', NULL),
	('qwen3-235b-a22b', 235000000000, 22000000000, 94, 4, 128, NULL, NULL, NULL, NULL, 262144,
		'Qwen/Qwen3-235B-A22B-Instruct-2507', NULL),
	('mistral-7b', 7250000000, NULL, 32, 8, 128, NULL, NULL, NULL, NULL, 32768, 'mistralai/Mistral-7B-v0.3', NULL),
	('mixtral-8x7b', 46700000000, 12900000000, 32, 8, 128, NULL, NULL, NULL, NULL, 32768,
		'mistralai/Mixtral-8x7B-Instruct-v0.1', NULL),
	('mixtral-8x22b', 140600000000, 39100000000, 56, 8, 128, NULL, NULL, NULL, NULL, 65536,
		'mistralai/Mixtral-8x22B-Instruct-v0.1', NULL),
	('mistral-large-123b', 122600000000, NULL, 88, 8, 128, NULL, NULL, NULL, NULL, NULL,
		'mistralai/Mistral-Large-Instruct-2407', NULL),
	('mistral-nemo-12b', 12200000000, NULL, 40, 8, 128, NULL, NULL, NULL, NULL, 131072,
		'mistralai/Mistral-Nemo-Instruct-2407', 'config.json as in riple-saanvi-lab/Saanvi-C0-12B'),
	('mistral-small-24b', 23600000000, NULL, 40, 8, 128, NULL, NULL, NULL, NULL, 32768,
		'mistralai/Mistral-Small-24B-Instruct-2501',
		'config.json as in unsloth/Mistral-Small-24B-Instruct-2501-GGUF'),
	('gemma-2-9b', 9240000000, NULL, 42, 8, 256, NULL, 21, 4096, NULL, 8192,
		'google/gemma-2-9b-it; google/gemma_pytorch gemma/config.py', NULL),
	('gemma-2-27b', 27200000000, NULL, 46, 16, 128, NULL, 23, 4096, NULL, 8192,
		'google/gemma-2-27b-it; google/gemma_pytorch gemma/config.py', NULL),
	('gemma-3-12b', 12200000000, NULL, 48, 8, 256, NULL, 40, 1024, NULL, 131072, 'google/gemma-3-12b-it', NULL),
	('gemma-3-27b', 27400000000, NULL, 62, 16, 128, NULL, 52, 1024, NULL, 131072, 'google/gemma-3-27b-it', NULL),
	('gpt-oss-20b', 20900000000, 3600000000, 24, 8, 64, NULL, 12, 128, 13.8, 131072, 'openai/gpt-oss README.md',
		'gpt_oss/torch/model.py of 2026-07-24; experts MXFP4 (4.25 bits), the rest BF16'),
	('gpt-oss-120b', 116800000000, 5100000000, 36, 8, 64, NULL, 18, 128, 65.2, 131072, 'openai/gpt-oss README.md',
		'gpt_oss/torch/model.py of 2026-07-24; experts MXFP4 (4.25 bits), the rest BF16'),
	('deepseek-v3', 671000000000, 37000000000, 61, NULL, NULL, 576, NULL, NULL, 672.9, 131072,
		'deepseek-ai/DeepSeek-V3 README.md', 'config.json as in cann/cann-recipes-train; FP8, embeddings BF16'),
	('deepseek-r1', 671000000000, 37000000000, 61, NULL, NULL, 576, NULL, NULL, 672.9, 131072,
		'deepseek-ai/DeepSeek-R1', 'config.json as in amd/DeepSeek-R1-0528-MXFP4; FP8, embeddings BF16'),
	('glm-4.5-air', 106900000000, 12000000000, 46, 8, 128, NULL, NULL, NULL, NULL, 131072,
		'zai-org/GLM-4.5 README.md', 'config.json as in PrimeIntellect/INTELLECT-3-Base, made from its base'),
	('glm-4.5', 355000000000, 32000000000, 92, 8, 128, NULL, NULL, NULL, NULL, 131072, 'zai-org/GLM-4.5 README.md',
		'config.json of zai-org/GLM-4.7-FP8, the same 355B-A32B'),
	('kimi-k2', 1026400000000, 32000000000, 61, NULL, NULL, 576, NULL, NULL, 1028.8, 131072,
		'MoonshotAI/Kimi-K2 README.md',
		'dimensions of DeepSeek-V3 with 384 experts and 64 heads; FP8, embeddings BF16'))
	AS m (model, parameters, active, layers, kv_heads, head_dim, latent, window_layers, window_tokens, published,
	context, card, read);

-- By the makers' data sheets.  Arithmetic is dense (theirs is often with sparsity, twice that).
INSERT INTO gpu_spec (version, gpu, memory_gb, gb_per_second, tflops_16, tflops_8, watts, source, checked_on)
SELECT 1, gpu, memory, bandwidth, tflops_16, tflops_8, watts, source || '; as read in ' || read, '2026-11-30'::date
FROM (VALUES
	('T4', 16, 320, 65, NULL, 70, 'NVIDIA T4 data sheet', 'RajBhope/gpu-runtime-predictor gpu_catalog.json'),
	('A100', 40, 1555, 312, NULL, 400, 'NVIDIA A100 data sheet, SXM 40 GB',
		'RajBhope/gpu-runtime-predictor gpu_catalog.json'),
	('A100-80GB', 80, 2039, 312, NULL, 400, 'NVIDIA A100 data sheet, SXM 80 GB (A100 PCIe: 1,935 GB/s, 300 W)',
		'stas00/ml-engineering, 2026-08-22'),
	('L4', 24, 300, 121, 242, 72, 'NVIDIA L4 data sheet, half of what it states with sparsity',
		'hmc-tech.com'),
	('L40S', 48, 864, 362, 733, 350, 'NVIDIA L40S data sheet', 'stas00/ml-engineering, 2026-08-22'),
	('H100', 80, 3350, 989, 1979, 700, 'NVIDIA H100 data sheet, SXM', 'stas00/ml-engineering, 2026-08-22'),
	('H200', 141, 4800, 989, 1979, 700, 'NVIDIA H200 data sheet, SXM', 'stas00/ml-engineering, 2026-08-22'),
	('B200', 180, 7670, 2250, 4500, 1000, 'NVIDIA DGX B200 data sheet, per GPU; its 8 TB/s of memory are 7.67 by the '
		'driver (pytorch/ao#4002)', 'stas00/ml-engineering, 2026-08-22'),
	('MI300X', 192, 5300, 1307, 2615, 750, 'AMD Instinct MI300X data sheet', 'stas00/ml-engineering, 2026-08-22'),
	('MI325X', 256, 6000, 1307, 2615, 1000, 'AMD Instinct MI325X data sheet', 'stas00/ml-engineering, 2026-08-22'))
	AS sheet (gpu, memory, bandwidth, tflops_16, tflops_8, watts, source, read);

-- Deployments that were measured.  A run gives one mix (512 prompt and 256 answer
-- tokens), and two rates need two: an answer token is taken as the work of two prompt
-- tokens, as measurements of the same models at nine mixes and more say
-- (NVIDIA TensorRT-LLM, performance overview of v0.17 and v1.0, largest throughput of
-- H100 FP8: 2.0 for Llama 3.1 8B, 2.0 for Mixtral, 1.6 for Llama 3.3 70B, each a fit
-- that is off by up to a factor 1.5 where contexts are long).  So the run's own mix is
-- met exactly, and the others are an estimate.
INSERT INTO deployment (version, name, model, gpu, vendor, gpus_per_replica, prefill_tokens_per_second,
	decode_tokens_per_second, target_utilization, source, checked_on, attributes)
SELECT 1, name, model, 'H100', 'cloud (mid)', gpus, prefill, decode, 0.7, source, '2026-11-29', '{"bits": 8}'
FROM (VALUES
	('llama-8b-1xh100', 'llama-3.1-8b', 1, 32620, 16310,
		'Measured: Llama 3.1 8B FP8, vLLM 0.19, 8155 output tokens/s at 512/256 (pChitral/vllm-cost-meter, '
		'arXiv:2606.11690, run C2). Estimated: the split, an output token as two input tokens (fit to NVIDIA '
		'TensorRT-LLM v0.17). 0.7 leaves room for bursts.'),
	('qwen3-30b-1xh100', 'qwen3-30b-a3b', 1, 37084, 18542,
		'Measured: Qwen3-30B-A3B FP8, vLLM 0.19, 9271 output tokens/s at 512/256 (pChitral/vllm-cost-meter, '
		'arXiv:2606.11690, run C4). Estimated: the split, an output token as two input tokens (2.2 of NVIDIA '
		'TensorRT-LLM v1.0 on B200). 0.7 leaves room for bursts.'),
	('mixtral-8x7b-2xh100', 'mixtral-8x7b', 2, 30096, 15048,
		'Measured: Mixtral 8x7B FP8, vLLM 0.19, 7524 output tokens/s at 512/256 (pChitral/vllm-cost-meter, '
		'arXiv:2606.11690, run C6). Estimated: the split, an output token as two input tokens (fit to NVIDIA '
		'TensorRT-LLM v0.17). 0.7 leaves room for bursts.'),
	('llama-70b-2xh100', 'llama-3.3-70b', 2, 9572, 5998,
		'Measured: Llama 3.3 70B FP8 at ten mixes, NVIDIA TensorRT-LLM v1.0 performance overview, largest throughput '
		'without a latency target; the rates are the fit to all ten, off by 32 % (root mean square). '
		'0.7 leaves room for bursts.')) AS measured (name, model, gpus, prefill, decode, source);

-- Two runs at 5 requests a second are left out: their slowest requests are those of a
-- cold start (580 and 265 ms to the first token, between 40 and 94 ms on either side).
INSERT INTO serving_point (version, deployment, requests_per_second, tokens_per_second, ttft_p99_ms, tpot_ms, source,
	checked_on)
SELECT 1, deployment, requests_per_second, tokens_per_second, ttft_p99_ms, tpot_ms,
	'pChitral/vllm-cost-meter data/master_results.csv (arXiv:2606.11690): 512 input, 256 output tokens; '
	'offered requests; median time per output token', '2026-11-29'
FROM (VALUES
	('llama-8b-1xh100', 1, 255.4, 40, 4.73),
	('llama-8b-1xh100', 10, 2492.9, 59, 7.74),
	('llama-8b-1xh100', 25, 5753.5, 124, 13.84),
	('llama-8b-1xh100', 50, 7596.3, 356, 41.66),
	('llama-8b-1xh100', 100, 8100.6, 2188, 47.13),
	('llama-8b-1xh100', 200, 8155.1, 4586, 47.02),
	('qwen3-30b-1xh100', 1, 255.1, 78, 6.82),
	('qwen3-30b-1xh100', 5, 1252.6, 90, 10.39),
	('qwen3-30b-1xh100', 10, 2440.4, 108, 13.48),
	('qwen3-30b-1xh100', 25, 5279.9, 144, 22.27),
	('qwen3-30b-1xh100', 50, 7362.7, 264, 41.44),
	('qwen3-30b-1xh100', 100, 8902.5, 431, 44.02),
	('qwen3-30b-1xh100', 200, 9271.0, 2229, 43.76),
	('mixtral-8x7b-2xh100', 1, 255.0, 63, 7.80),
	('mixtral-8x7b-2xh100', 10, 2414.9, 94, 16.00),
	('mixtral-8x7b-2xh100', 25, 5296.9, 207, 25.62),
	('mixtral-8x7b-2xh100', 50, 7064.1, 442, 47.15),
	('mixtral-8x7b-2xh100', 100, 7486.6, 2973, 50.62),
	('mixtral-8x7b-2xh100', 200, 7524.1, 5387, 50.21)) AS point (deployment, requests_per_second, tokens_per_second,
	ttft_p99_ms, tpot_ms);

-- The article's capacity is the middle of its range, at full utilization; its
-- mix is 60 % input and 40 % output, its month 730 hours.  That is 285 tokens a second;
-- the same two GPUs were measured at three times as much (NVIDIA TensorRT-LLM v0.17:
-- 473 output tokens/s at 1000/1000).  For other mixes an answer token is two prompt tokens.
INSERT INTO deployment (version, name, model, gpu, vendor, term, gpus_per_replica, capacity_mtok_per_month, mix,
	output_weight, hours_per_month, redundancy, source, checked_on)
SELECT 1, name, 'llama-3.1-70b', 'A100-80GB', vendor, term, 2, 750, usage(60, 40), 2, 730, redundancy,
	'Article "Self-Hosted vs API", worked example of a 70B model: 750 million tokens a month at 60/40, a '
	'third of what was measured on these GPUs. Estimated: other mixes, an output token as two input '
	'tokens.', '2026-11-20'
FROM (VALUES
	('llama-70b-on-demand', 'cloud (mid)', 'on_demand', 1),
	('llama-70b-reserved', 'cloud (low)', 'reserved_1y', 1),
	('llama-70b-budget-low', 'cloud (low)', 'reserved_1y', 2),
	('llama-70b-budget-high', 'cloud (low)', 'reserved_1y', 2)) AS variant (name, vendor, term, redundancy);

INSERT INTO deployment_cost (version, deployment, item, usd_per_month, fte, usd_per_fte_year, source, checked_on)
SELECT 1, deployment, item, usd_per_month, fte, usd_per_fte_year,
	'Article "Self-Hosted vs API", realistic budget', '2026-11-20'
FROM (VALUES
	('llama-70b-budget-low', 'MLOps', NULL, 0.25, 144000),
	('llama-70b-budget-low', 'monitoring', 200, NULL, NULL),
	('llama-70b-budget-high', 'MLOps', NULL, 0.5, 192000),
	('llama-70b-budget-high', 'monitoring', 500, NULL, NULL)) AS cost (deployment, item, usd_per_month, fte,
	usd_per_fte_year);

-- The measured ones are planned with the low end of that budget.
INSERT INTO deployment_cost (version, deployment, item, usd_per_month, fte, usd_per_fte_year, source, checked_on)
SELECT c.version, d.name, c.item, c.usd_per_month, c.fte, c.usd_per_fte_year, c.source, c.checked_on
FROM deployment_cost c, deployment d
WHERE c.deployment = 'llama-70b-budget-low'
	AND d.name IN ('llama-8b-1xh100', 'qwen3-30b-1xh100', 'mixtral-8x7b-2xh100', 'llama-70b-2xh100');
