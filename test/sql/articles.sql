-- articles: every number of the two articles that can be computed, as it is
-- printed and as it is.  "Self-Hosted vs API" unless said otherwise.
SET search_path = inferacct, inferacct_internal, public;
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set at '''2026-11-01'''
\set mix 'usage(60, 40)'
\set claude '''anthropic/claude-3-5-sonnet-20241022'''
\set gpt4o '''openai/gpt-4o-2024-05-13'''
\set groq '''groq/llama-3.3-70b-versatile'''

-- 1-4: a month of 100M tokens, 60/40, and its blended price
SELECT model, printed, token_cost(model, 60000000, 40000000, :at) AS usd,
	trim_scale(token_cost(model, 60000000, 40000000, :at) / 100) AS usd_per_mtok
FROM (VALUES (:claude, 780), (:gpt4o, 900), (:groq, 67)) month (model, printed);

-- 2: the GPT-4o of three months later
SELECT '900' AS printed, token_cost('openai/gpt-4o-2024-08-06', 60000000, 40000000, :at) AS usd;

-- 5: "10-25x cheaper than frontier models"
SELECT model, '10-25' AS printed,
	round(token_cost(model, 1000, 0, :at) / token_cost(:groq, 1000, 0, :at), 2) AS input,
	round(token_cost(model, 0, 1000, :at) / token_cost(:groq, 0, 1000, :at), 2) AS output,
	round(token_cost(model, 60, 40, :at) / token_cost(:groq, 60, 40, :at), 2) AS the_workload
FROM (VALUES (:claude), (:gpt4o)) frontier (model);

-- 6: "overpaying by 5-10x"
SELECT '5-10' AS printed, round(selfhost_usd('llama-70b-on-demand', 100, :mix, :at) / token_cost(:groq, 60000000, 40000000, :at), 1) AS own_gpus_for_groq,
	round(token_cost(:claude, 60, 40, :at) / token_cost(:groq, 60, 40, :at), 1) AS claude_for_groq;

-- 7-8: two A100 for a month of 730 hours; a calendar month differs
SELECT term, vendor, printed, 2 * 730 * gpu_usd_per_hour('A100-80GB', vendor, term, :at) AS usd,
	2 * hours_in_month(:at) * gpu_usd_per_hour('A100-80GB', vendor, term, :at) AS november
FROM (VALUES ('on_demand', 'cloud (low)', NULL), ('on_demand', 'cloud (mid)', 4380), ('on_demand', 'cloud (high)', NULL),
	('reserved_1y', 'cloud (low)', 2190), ('reserved_1y', 'cloud (mid)', NULL), ('reserved_1y', 'cloud (high)', NULL)) price (term, vendor, printed);
SELECT selfhost_usd('llama-70b-on-demand', 100, :mix, :at) AS on_demand, selfhost_usd('llama-70b-reserved', 100, :mix, :at) AS reserved;

-- 9-11: memory and GPUs; what fits loads, what is left serves
SELECT '140 GB' AS printed, model_memory_gb(70e9) AS fp16, model_memory_gb('llama-3.1-70b') AS of_70_6b,
	model_memory_gb(70e9, 4) AS int4, model_memory_gb('llama-3.1-70b', 4.5) AS int4_with_scales;
SELECT '2x, 1x A100' AS printed, gpus_required(140, 80) AS fp16, gpus_required(35, 80) AS int4,
	kv_cache_tokens(2, 80, 140, 327680) AS tokens_on_two, kv_cache_tokens(4, 80, 140, 327680) AS tokens_on_four,
	kv_cache_tokens(1, 80, 35, 327680) AS int4_tokens_on_one;
SELECT concurrency, model_memory_gb('llama-3.1-70b', 16, 1000, concurrency) - model_memory_gb('llama-3.1-70b') AS gb_of_1k_contexts,
	gpus_required('llama-3.1-70b', 80, 16, 1000, concurrency) AS gpus
FROM unnest(ARRAY[1, 200, 400]) concurrency;

-- 12: 50-80 tokens a second for each of 200-400 requests, and what is said of it
SELECT tokens_per_second, '500M-1B' AS printed, capacity_mtok(tokens_per_second) AS mtok_a_month,
	round(capacity_mtok(tokens_per_second) / 1000, 1) AS times_a_billion
FROM unnest(ARRAY[50 * 200, 80 * 400]) tokens_per_second;

-- 13: 750M at 80 %: of which full capacity?
SELECT '750 at 80 %' AS printed, capacity_mtok('llama-70b-on-demand', :mix, :at) AS full_capacity,
	capacity_mtok('llama-70b-on-demand', :mix, :at) * 0.8 AS at_80_percent, 750 / 0.8 AS or_full_capacity;

-- 14: effective price
SELECT mtok, printed, effective_usd_per_mtok('llama-70b-on-demand', mtok, :mix, :at) AS usd_per_mtok
FROM (VALUES (500, NULL), (600, NULL), (750, 5.84)) volume (mtok, printed);
SELECT 1000 AS mtok, '4.38' AS on_one_replica, effective_usd_per_mtok('llama-70b-on-demand', 1000, :mix, :at) AS on_the_two_it_takes;

\pset null never
-- 15-17: Groq, naively at the mean of both prices, at the mix, and with capacity
SELECT '~3.2B' AS printed, breakeven(2190, 0.69) AS of_the_mean_price, breakeven(2190, 0.67) AS of_the_mix;
SELECT status, naive_mtok, first_mtok, permanent_mtok, floor_usd_per_mtok, breakeven_utilization, breakeven_tokens_per_second
FROM breakeven('llama-70b-reserved', :groq, :mix, :at);
SELECT (breakeven('llama-70b-reserved', :groq, :mix, :at)).reason;
SELECT min(selfhost_usd - api_usd) AS smallest_gap, (array_agg(mtok ORDER BY selfhost_usd - api_usd))[1] AS at_mtok
FROM breakeven_curve('llama-70b-reserved', :groq, :mix, 200000, 4000, :at);

-- 18: what 2,190 USD buy of Claude's tokens
SELECT '~243M' AS printed, breakeven(2190, 9) AS of_the_mean_price, breakeven(2190, 7.8) AS of_the_mix;
SELECT status, first_mtok, permanent_mtok FROM breakeven('llama-70b-reserved', :claude, :mix, :at);

-- 19: "500M-1B crossover": the API price that each budget needs for it
SELECT budget, monthly_usd, trim_scale(round(monthly_usd / 1000.0, 3)) AS price_for_1b, trim_scale(round(monthly_usd / 500.0, 3)) AS price_for_500m
FROM (VALUES ('reserved', 2190), ('on demand', 4380), ('budget, low', 8000), ('budget, high', 15000)) budget (budget, monthly_usd);
SELECT deployment, model, status, round(first_mtok, 2) AS first_mtok, round(permanent_mtok, 2) AS permanent_mtok, crossings
FROM unnest(ARRAY['llama-70b-reserved', 'llama-70b-on-demand', 'llama-70b-budget-low', 'llama-70b-budget-high']) deployment,
	unnest(ARRAY[:claude, :gpt4o, :groq]) model, breakeven(deployment, model, :mix, :at);

-- 20: "60 %+ utilization"
SELECT deployment, model, '60' AS printed, round(100 * breakeven_utilization, 1) AS percent, status
FROM unnest(ARRAY['llama-70b-reserved', 'llama-70b-on-demand']) deployment,
	unnest(ARRAY[:claude, :gpt4o, :groq]) model, breakeven(deployment, model, :mix, :at);

\pset null ''
-- 20, 34, 37: which is what a reservation costs of on demand
SELECT gpu, vendor, round(gpu_usd_per_hour(gpu, vendor, 'reserved_1y', :at) / gpu_usd_per_hour(gpu, vendor, 'on_demand', :at), 3) AS reserved_of_on_demand
FROM unnest(ARRAY['A100-80GB', 'H100']) gpu, unnest(ARRAY['cloud (low)', 'cloud (mid)', 'cloud (high)']) vendor;

-- 21-25: the realistic budget
SELECT deployment, item, usd FROM unnest(ARRAY['llama-70b-budget-low', 'llama-70b-budget-high']) deployment,
	selfhost_cost(deployment, 750, :mix, :at) WHERE usd > 0;
SELECT deployment, '8,000-15,000' AS printed, selfhost_usd(deployment, 750, :mix, :at) AS usd,
	selfhost_usd(deployment, 750, :mix, :at) + 2 * 2190 AS on_demand,
	round(effective_usd_per_mtok(deployment, 750, :mix, :at), 2) AS usd_per_mtok
FROM unnest(ARRAY['llama-70b-budget-low', 'llama-70b-budget-high']) deployment;
SELECT printed AS printed_budget, round(printed / 750.0, 2) AS usd_per_mtok, 7.8 AS claude FROM unnest(ARRAY[8000, 15000]) printed;

-- 26: "< 500M API, > 1B self-host": Claude with a team, with one spare replica and with all twice
SELECT spare, redundancy, status, round(first_mtok, 2) AS first_mtok, round(permanent_mtok, 2) AS permanent_mtok, crossings, events[2] AS back
FROM (VALUES (1, 1), (0, 2)) how (spare, redundancy), breakeven(2190, 750, 7.8, 3200, spare, redundancy);

-- 27-29: routing 70-80 % to a small model, and the GPU that it runs on
SELECT small, share, '50-70' AS printed, round(100 * share * (1 - small / 7.8), 1) AS percent_saved
FROM (VALUES (0), (0.67)) model (small), (VALUES (0.7), (0.8)) split (share);
SELECT round(100 * (1 - (0.3 * 0 + 0.4 * 0.67 + 0.3 * 7.8) / 7.8), 2) AS three_tiers_percent_saved;
SELECT 730 * gpu_usd_per_hour('L40S', 'cloud (low)', 'on_demand', :at) AS l40s, round(breakeven(876, 0.7 * 7.8) / 1000000, 1) AS pays_above_mtok,
	0.7 * 7.8 * 100 - 876 AS saved_at_100m;

-- 36: L40S
SELECT vendor, 730 * gpu_usd_per_hour('L40S', vendor, 'on_demand', :at) AS usd FROM unnest(ARRAY['cloud (low)', 'cloud (high)']) vendor;

\pset null never
-- Why 12 matters: the same deployment at the throughput that the article claims
SELECT tokens_per_second, round(1000000 * 2190.0 / (tokens_per_second * 3600 * 730), 3) AS usd_per_mtok, status, round(first_mtok, 2) AS first_mtok
FROM unnest(ARRAY[285, 1243, 1244, 10000]::numeric[]) tokens_per_second, breakeven(2190, capacity_mtok(tokens_per_second), 0.67);

\pset null ''
-- "Infrastructure for LLMs" (31-33): small models first, cascades, batches
SELECT round(100 * 0.7 * (1 - 0.67 / 7.8), 1) AS split_percent_saved, 0.67 + 0.3 * 7.8 AS cascade_usd, round(100 * (1 - (0.67 + 0.3 * 7.8) / 7.8), 1) AS cascade_percent_saved;
