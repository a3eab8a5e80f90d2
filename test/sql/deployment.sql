-- deployment: what the tables hold and how rows follow each other.  Errors are
-- in test/pgtap/deployment.sql.
SET search_path = inferacct, inferacct_internal, public;
SET timezone = 'UTC';
SET datestyle = 'ISO';

-- the shipped rows
SELECT name, model, gpu, vendor, term, gpus_per_replica AS gpus, capacity_mtok_per_month AS mtok, mix, redundancy, hours_per_month AS hours, version
FROM deployment WHERE version <= 1000 ORDER BY name;
SELECT deployment, item, usd_per_month, fte, usd_per_fte_year FROM deployment_cost WHERE version <= 1000 ORDER BY deployment, item;
SELECT gpu, vendor, term, usd_per_hour FROM gpu_price WHERE version <= 1000 ORDER BY gpu, vendor, term;

-- sizes of models: bytes of cache per token, GB of cache at 4k and 128k, GB of weights by precision
SELECT model, kv_bytes_per_token(model) AS kv_bytes, round(model_memory_gb(model, context_tokens => 4096) - model_memory_gb(model), 3) AS at_4k,
	round(model_memory_gb(model, context_tokens => 131072) - model_memory_gb(model), 2) AS at_128k,
	round(model_memory_gb(model), 1) AS fp16, round(model_memory_gb(model, 8), 1) AS fp8, round(model_memory_gb(model, 4.5), 1) AS int4,
	gpus_required(model, 80) AS gpus, gpus_required(model, 80, 8, 8192, 32) AS gpus_busy_fp8
FROM model_profile WHERE version <= 1000 ORDER BY parameters, model;

-- capacity follows the mix
SELECT mix, round(capacity_mtok(8000, 1000, mix) / (3600 * 730) * 1000000, 2) AS tokens_per_second
FROM (VALUES (usage(60, 40)), (usage(90, 10)), (usage(10, 90))) v (mix);

-- power, effective price, payback
SELECT power_usd(2, 300, 0.15, 176) AS power, effective_usd_per_mtok(6.98, 8155.1) AS busy, effective_usd_per_mtok(6.98, 8155.1, 0.1) AS mostly_idle,
	payback_months(240000, 3590.4, 126.72) AS plain, round(payback_months(36000, 4000, 1000, 0.01), 6) AS discounted, payback_months(36000, 900, 1000) AS never;

-- rows follow each other by valid_from
BEGIN;
INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour, valid_from) VALUES ('G9', 'v', 'spot', 1, '-infinity'), ('G9', 'v', 'spot', 1.5, '2026-10-01');
INSERT INTO deployment (name, gpu, vendor, term, capacity_mtok_per_month, mix, valid_from) VALUES
	('moving', 'G9', 'v', 'spot', 730, usage(1, 1), '-infinity'), ('moving', 'G9', 'v', 'spot', 1460, usage(1, 1), '2026-11-01');
SELECT at::date, capacity_mtok('moving', usage(1, 1), at) AS mtok, selfhost_usd('moving', 1000, usage(1, 1), at) AS usd
FROM unnest(ARRAY['2026-09-15', '2026-10-15', '2026-11-15']::timestamptz[]) at;
ROLLBACK;

-- errors say what to do
\set SHOW_CONTEXT never
SELECT breakeven(2190, 0, 7.8);
INSERT INTO deployment (name, gpu, vendor, capacity_mtok_per_month, mix) VALUES ('stated', 'A100-80GB', 'cloud (low)', 750, usage(60, 40));
SELECT breakeven('stated', 'groq/llama-3.3-70b-versatile', usage(90, 10));
SELECT status FROM breakeven('llama-70b-reserved', 'groq/llama-3.3-70b-versatile', usage(90, 10));
SELECT gpu_usd_per_hour('A100-80GB', NULL, 'reserved_1y', '2026-11-15 00:00+00');
SELECT gpu_usd_per_hour('L40S', NULL, 'reserved_1y', '2026-11-15 00:00+00');
