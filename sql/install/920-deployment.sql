-- shipped: sizes of models, and the worked deployment of the articles in its
-- variants.  Rows belong to price version 1, as the shipped catalogs do.

INSERT INTO model_profile (version, model, parameters, active_parameters, layers, kv_heads, head_dim, latent_dim, context_tokens, source, checked_on)
VALUES
	(1, 'llama-3.1-8b', 8030000000, NULL, 32, 8, 128, NULL, 131072, 'Model card and config.json, meta-llama/Llama-3.1-8B', '2026-11-20'),
	(1, 'llama-3.1-70b', 70600000000, NULL, 80, 8, 128, NULL, 131072, 'Model card and config.json, meta-llama/Llama-3.1-70B', '2026-11-20'),
	(1, 'llama-3.1-405b', 405900000000, NULL, 126, 8, 128, NULL, 131072, 'Model card and config.json, meta-llama/Llama-3.1-405B', '2026-11-20'),
	(1, 'llama-2-7b', 6740000000, NULL, 32, 32, 128, NULL, 4096, 'Model card and config.json, meta-llama/Llama-2-7b', '2026-11-20'),
	(1, 'mistral-7b', 7240000000, NULL, 32, 8, 128, NULL, 32768, 'Model card and config.json, mistralai/Mistral-7B-v0.1', '2026-11-20'),
	(1, 'qwen2.5-72b', 72700000000, NULL, 80, 8, 128, NULL, 131072, 'Model card and config.json, Qwen/Qwen2.5-72B', '2026-11-20'),
	(1, 'deepseek-v3', 671000000000, 37000000000, 61, NULL, NULL, 576, 131072, 'Model card and config.json, deepseek-ai/DeepSeek-V3', '2026-11-20');

-- The article's capacity is the middle of its range, at full utilization; its
-- mix is 60 % input and 40 % output, its month 730 hours.
INSERT INTO deployment (version, name, model, gpu, vendor, term, gpus_per_replica, capacity_mtok_per_month, mix, hours_per_month, redundancy, source, checked_on)
SELECT 1, name, 'llama-3.1-70b', 'A100-80GB', vendor, term, 2, 750, usage(60, 40), 730, redundancy,
	'Article "Self-Hosted vs API", worked example of a 70B model', '2026-11-20'
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
	('llama-70b-budget-high', 'monitoring', 500, NULL, NULL)) AS cost (deployment, item, usd_per_month, fte, usd_per_fte_year);
