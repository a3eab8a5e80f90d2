-- decision: what advise(), savings_plan() and their companions decide for logs whose right
-- answer is known: what can be replaced, prices of today, one optimum, true flips.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';
SELECT plan(77);

DO $$
BEGIN
	PERFORM set_price('tp', 'api-big', 'input', 3), set_price('tp', 'api-big', 'cache_read', 0.3), set_price('tp', 'api-big', 'output', 15),
		set_price('tp', 'api-big', 'input', 1.5, service_tier => 'batch'), set_price('tp', 'api-big', 'output', 7.5, service_tier => 'batch'),
		set_price('tp', 'api-small', 'input', 0.59), set_price('tp', 'api-small', 'output', 0.79),
		set_price('tp', 'api-frontier', 'input', 15), set_price('tp', 'api-frontier', 'output', 75),
		set_price('tp', 'api-mid', 'input', 1), set_price('tp', 'api-mid', 'output', 4),
		set_price('tp', 'api-cut', 'input', 10), set_price('tp', 'api-cut', 'output', 40),
		set_price('tp', 'api-cut', 'input', 2, '2025-03-10'), set_price('tp', 'api-cut', 'output', 8, '2025-03-10'),
		set_price('tp', 'img', 'images', 0.04, unit_quantity => 1), set_price('tp', 'api-small', 'web_searches', 10, unit_quantity => 1000),
		set_price('tp', 'embed', 'input', 5);
END $$;
INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour) VALUES ('DH', 'hv', 'on_demand', 2.5), ('DH', 'hv', 'reserved_1y', 1.8), ('DH', 'hv', 'reserved_3y', 1.3), ('DX', 'v', 'on_demand', 4), ('DX', 'v', 'reserved_1y', 2);
INSERT INTO deployment (name, model, gpu, vendor, gpus_per_replica, prefill_tokens_per_second, decode_tokens_per_second, target_utilization, spare_replicas, max_replicas) VALUES
	('d70', 'llama-3.1-70b', 'DH', 'hv', 4, 8000, 1000, 0.7, 1, NULL), ('d70n', 'llama-3.1-70b', 'DH', 'hv', 4, 8000, 1000, 0.7, 0, NULL),
	('dmax', 'llama-3.1-70b', 'DH', 'hv', 4, 8000, 1000, 0.7, 0, 2), ('dx', NULL, 'DX', 'v', 1, 8000, 1000, 0.7, 0, NULL), ('dwords', NULL, 'DH', 'hv', 4, 8000, 1000, 0.7, 1, NULL);
INSERT INTO deployment_cost (deployment, item, fte, usd_per_fte_year) VALUES ('d70', 'MLOps', 0.5, 180000);
INSERT INTO deployment_cost (deployment, item, usd_per_month) VALUES ('d70', 'monitoring', 300);
INSERT INTO routing_policy (name, kind) VALUES ('own', 'score');
INSERT INTO routing_tier (policy, below_score, model) VALUES ('own', NULL, 'tp/api-big');
INSERT INTO routing_tier (policy, below_score, deployment) VALUES ('own', 0.6, 'd70');

-- Ten weeks, hour by hour; n is the number of the hour.
CREATE TABLE public.hours AS SELECT n, timestamptz '2025-01-06Z' + n * interval '1 hour' AS at, n / 168 AS week FROM generate_series(0, 1679) AS n;
CREATE VIEW public.nothing AS SELECT 'standard'::text AS service_tier, NULL::text AS region, 900::bigint AS duration_ms;
CREATE TABLE public.logs AS
	SELECT l.log, h.at, l.usage, l.model, x.*, l.score::float8 AS score, l.tolerates::interval AS tolerates
	FROM hours AS h, nothing AS x, LATERAL (VALUES
		('mix', 'tp/api-frontier', usage(4000000, 1000000), NULL, NULL), ('mix', 'tp/api-small', usage(2000000, 500000), NULL, NULL),
		('images', 'tp/api-small', usage(2000000, 500000), NULL, NULL), ('images', 'tp/img', usage(input => 0, images => 3000), NULL, NULL),
		('images', 'tp/embed', usage(20000000), NULL, NULL), ('images', 'tp/api-small', usage(input => 1000, output => 1, web_searches => 2000), NULL, NULL),
		('cut', 'tp/api-cut', usage(3000000, 1000000), NULL, NULL),
		('falls', 'tp/api-big', usage((6000000 * 0.9 ^ h.week)::bigint, (2000000 * 0.9 ^ h.week)::bigint), NULL, NULL),
		('grows', 'tp/api-big', usage((2000000 * 1.25 ^ h.week)::bigint, (700000 * 1.25 ^ h.week)::bigint), NULL, NULL),
		('waits', 'tp/api-big', usage(24657534, 2739726), NULL, '24 hours'), ('prompt', 'tp/api-big', usage(24657534, 2739726), NULL, NULL),
		('night', CASE WHEN h.n % 24 BETWEEN 1 AND 5 THEN 'tp/api-big' END, usage(71000000, 7900000), NULL, '8 hours'),
		('small', 'tp/api-big', usage(1027397, 342466), NULL, NULL), ('middle', 'tp/api-big', usage(2568493, 856164), NULL, NULL),
		('steady', 'tp/api-big', usage(9246575, 3082192), NULL, NULL),
		('bursts', CASE WHEN h.n % 50 = 0 THEN 'tp/api-big' END, usage(460000000, 154000000), NULL, NULL),
		('reserve', 'tp/api-mid', usage(1369863, 342466), NULL, NULL),
		('own', 'tp/api-big', usage(8400000, 1200000), 0.3, NULL), ('own', 'tp/api-big', usage(8400000, 1200000), 0.8, NULL),
		('overload', 'tp/api-big', usage(70000000, 10000000), 0.3, NULL)) AS l (log, model, usage, score, tolerates)
	WHERE l.model IS NOT NULL;
DO $$ DECLARE name text; BEGIN FOR name IN SELECT DISTINCT log FROM logs LOOP EXECUTE format('CREATE VIEW public.log_%1$s AS SELECT * FROM public.logs WHERE log = %1$L', name); END LOOP; END $$;

CREATE TEMP TABLE answer (id text, rule text, verdict text, measured numeric, threshold numeric, threshold_origin text, explanation text, flips_when text, flips flip[]);
INSERT INTO answer
SELECT q.id, a.* FROM (VALUES ('mix', 'mix', 'd70', ARRAY['api-frontier']), ('images', 'images', 'd70', NULL), ('cut', 'cut', 'd70', NULL), ('falls', 'falls', 'd70', NULL), ('grows', 'grows', 'd70', NULL),
	('waits', 'waits', 'd70', NULL), ('prompt', 'prompt', 'd70', NULL), ('night', 'night', 'd70', NULL), ('small', 'small', 'd70', NULL), ('middle', 'middle', 'd70', NULL), ('bursts', 'bursts', 'd70', NULL),
	('steady', 'steady', 'd70', NULL), ('reserve', 'reserve', 'dx', NULL), ('capped', 'steady', 'dmax', NULL)) AS q (id, log, deployment, frontier),
	LATERAL advise(q.deployment, log => ('public.log_' || q.log)::regclass, frontier_models => q.frontier, at => '2025-04-01Z', fte_available => 1) AS a;
-- The row of a rule.
CREATE FUNCTION pg_temp.of(id text, rule text DEFAULT 'decision') RETURNS answer LANGUAGE sql AS $$ SELECT a FROM answer AS a WHERE a.id = $1 AND a.rule = $2 $$;

-- What can be replaced.
SELECT is((pg_temp.of('mix')).verdict, 'api', 'no machine for what a frontier model does');
SELECT matches((pg_temp.of('mix')).explanation, '1,150 USD a month for what it could serve.*not to be self-hosted .98,550 USD', 'nor is its spend ever saved; a bare name means the model');
SELECT throws_ok($$SELECT advise('d70', log => 'public.log_mix', frontier_models => ARRAY['no-such-model'])$$, 'IA002', NULL, 'a frontier model that nobody knows is a mistake');
SELECT is((pg_temp.of('images')).verdict, 'api', 'no machine draws images');
SELECT matches((pg_temp.of('images', 'not_considered')).explanation, 'generated images .87,600 USD', 'images are named');
SELECT matches((pg_temp.of('images', 'not_considered')).explanation, 'embeddings .73,000 USD', 'embeddings, too');
SELECT matches((pg_temp.of('images', 'not_considered')).explanation, 'fees for searches .14,600 USD', 'and fees within requests of text');
SELECT is((SELECT w.usd - w.served_usd FROM workload('public.log_images', at => '2025-04-01Z') AS w), (SELECT sum((r ->> 'usd')::numeric) FROM workload('public.log_images', at => '2025-04-01Z') AS w, jsonb_array_elements(w.not_considered) AS r),
	'what is not considered and what is make up the bill');
INSERT INTO deployment_serves (deployment, model) VALUES ('dwords', '*small');
INSERT INTO deployment_serves (deployment, model, kinds, quality_ratio) VALUES ('dwords', 'api-frontier', '{text,embeddings}', 0.5);
SELECT is((SELECT w.served_models FROM workload('public.log_mix', deployment => 'dwords', at => '2025-04-01Z') AS w), ARRAY['tp/api-frontier', 'tp/api-small'], 'served by name and by pattern');
SELECT is((SELECT (w.accepted_rest_usd, (traffic(w.demand)).api_usd)::text FROM workload('public.log_mix', deployment => 'dwords', at => '2025-04-01Z') AS w),
	(SELECT (trim_scale(sum(token_cost('tp/api-frontier', usage, at)) FILTER (WHERE model LIKE '%frontier') * 0.5), trim_scale(sum(token_cost(model, usage, at) * CASE WHEN model LIKE '%frontier' THEN 0.5 ELSE 1 END)))::text FROM log_mix),
	'half of the answers are asked of the API again, and are no saving');
INSERT INTO deployment_serves (deployment, model, serves) VALUES ('dwords', 'tp/api-small', false);
SELECT is((SELECT w.served_models FROM workload('public.log_mix', deployment => 'dwords', at => '2025-04-01Z') AS w), ARRAY['tp/api-frontier'], 'a longer pattern wins');
SELECT throws_ok($$INSERT INTO deployment_serves (deployment, model, kinds) VALUES ('d70', '*', '{smell}')$$, '23514', NULL, 'a kind that is none');
SELECT throws_ok($$INSERT INTO deployment_serves (deployment, model, quality_ratio) VALUES ('d70', '*', 1.1)$$, '23514', NULL, 'answers better than all');
SELECT is(ARRAY(SELECT usage_kind(u) FROM unnest(ARRAY[usage(1, 1), usage(1), usage(0, 0, web_searches => 1), usage(1, 1, input_image => 5), usage(1, 1, input_audio => 1), usage(1, output_audio => 1), usage(0, 0, images => 1), usage(0, 0, pages => 1), usage(1, 1, input_video => 1)]) AS u),
	'{text,embeddings,other,vision,audio,speech,images,pages,video}', 'kinds of usage');
CREATE VIEW public.log_classes AS SELECT *, jsonb_build_object('data_class', CASE WHEN extract(hour FROM at) < 12 THEN 'public' ELSE 'secret' END) AS tags FROM log_mix;
INSERT INTO deployment_serves (deployment, model, data_classes) VALUES ('dx', '*', '{public}');
SELECT is((SELECT round(w.served_usd / w.usd, 6) FROM workload('public.log_classes', deployment => 'dx', at => '2025-04-01Z') AS w), 0.5, 'a class of data stays where it may');
INSERT INTO deployment_serves (deployment, model, valid_from) VALUES ('dx', '*', '2020-01-01Z');

-- At the prices of one time.
SELECT is((pg_temp.of('cut')).verdict, 'api', 'a price that was cut decides, not what was paid before');
SELECT matches((pg_temp.of('cut')).explanation, '10,220 USD a month', 'at that price');
SELECT is((SELECT verdict FROM advise('d70', log => 'public.log_cut', at => '2025-03-01Z', fte_available => 1) WHERE rule = 'decision'), 'self_host', 'as it was before the cut, it was different');
SELECT is((pg_temp.of('falls')).verdict, 'api', 'a demand that is gone is not planned for');
SELECT is((pg_temp.of('falls', 'commitment')).verdict, 'no', 'nor reserved for');
SELECT ok((pg_temp.of('grows')).verdict IN ('hybrid', 'self_host') AND (pg_temp.of('grows', 'forecast_misses')).verdict = 'no', 'growth is a trend and no noise');
SELECT matches((pg_temp.of('grows', 'assumed')).explanation, 'The log grows by .* a month', 'which is said');
SELECT is(has_trend(trend(ARRAY(SELECT 100 * (1 + 0.3 * sin(17.0 * n)) FROM generate_series(1, 52) AS n))), false, 'ups and downs are no trend');
SELECT is((SELECT bool_and(a.measured = b.measured AND a.threshold = b.threshold AND a.explanation = b.explanation) FROM advise('d70', log => 'public.log_steady', at => '2026-02-15Z') AS a JOIN advise('d70', log => 'public.log_steady', at => '2026-01-15Z') AS b USING (rule) WHERE rule IN ('decision', 'hybrid')),
	true, 'the month of asking changes no money');
SELECT is((SELECT hybrid(d, 'd70', at => '2026-02-15Z')::text FROM (SELECT demand(at, usage, 1) AS d FROM log_steady) AS l), (SELECT hybrid(d, 'd70', at => '2026-01-15Z')::text FROM (SELECT demand(at, usage, 1) AS d FROM log_steady) AS l), 'nor does it elsewhere');

-- One optimum.
SELECT is((pg_temp.of('waits')).verdict, 'self_host', 'work that may wait makes machines cheaper');
SELECT cmp_ok((SELECT usd_after FROM savings_plan('d70', log => 'public.log_waits', at => '2025-04-01Z') WHERE step = 4), '<', (SELECT usd_after FROM savings_plan('d70', log => 'public.log_prompt', at => '2025-04-01Z') WHERE step = 4), 'than the same work that may not');
SELECT cmp_ok((SELECT usd_after FROM savings_plan('d70', log => 'public.log_waits', at => '2025-04-01Z') WHERE step = 4), '<', (SELECT usd_after FROM savings_plan('d70', log => 'public.log_waits', at => '2025-04-01Z') WHERE step = 1), 'and than batch prices');
SELECT ok((pg_temp.of('night')).verdict IN ('hybrid', 'self_host') AND (pg_temp.of('night', 'bursty')).verdict IS NOT NULL, 'a nightly batch is served by replicas that start for it');
SELECT matches((pg_temp.of('night')).explanation, 'replicas started for the load', 'and says so');
SELECT is((pg_temp.of('reserve')).verdict || (pg_temp.of('reserve', 'commitment')).verdict, 'self_hostyes', 'a reservation pays where renting by the hour does not');
SELECT is((SELECT string_agg((saved_usd > 0)::text, ' ' ORDER BY step) FROM savings_plan('dx', log => 'public.log_reserve', at => '2025-04-01Z') WHERE step > 2), 'false true', 'and is the step that saves');
SELECT matches((pg_temp.of('steady', 'commitment')).explanation, '^Reserving 3 machines, spare ones included', 'spare machines run in every hour, too');
SELECT is((SELECT max(usd_after) FROM savings_plan('d70', 'own', log => 'public.log_own', at => '2025-04-01Z') WHERE step = 4), (SELECT max(usd_after) FROM savings_plan('d70', log => 'public.log_own', at => '2025-04-01Z') WHERE step = 4),
	'a tier that the deployment serves pays its machines once');
SELECT is((SELECT round(usd_after, 6) FROM savings_plan(NULL, 'own', log => 'public.log_overload', at => '2025-04-01Z') WHERE step = 3), round(9 * 10 * 730 + 7800.0, 6), 'a tier needs the replicas that carry it: eight, and the spare');
SELECT is((SELECT round((route_savings('own', score, 'tp/api-big', usage, at)).deployment_usd, 6) FROM log_overload), round(9 * 10 * 1680 + 7800 * 1680 / 730.0, 6), 'also where routing is judged alone');
SELECT matches((SELECT explanation FROM savings_plan('d70n', 'own', log => 'public.log_own', at => '2025-04-01Z') WHERE step = 2), 'IA305.*another deployment: d70', 'two deployments are not planned as one');
SELECT is((SELECT verdict FROM advise('dmax', log => 'public.log_prompt', at => '2025-04-01Z', data_residency => true) WHERE rule = 'decision'), 'api', 'three replicas where there can be two are no answer');
SELECT matches((SELECT explanation FROM advise('dmax', log => 'public.log_prompt', at => '2025-04-01Z', data_residency => true) WHERE rule = 'decision'), 'takes 3 replicas and there can be 2', 'and no premium is told for them');
SELECT is_empty($$SELECT id FROM answer WHERE rule = 'decision' AND verdict = 'self_host' AND explanation ~ 'the API for the rest'$$, 'self_host is without the API');
SELECT is_empty($$SELECT d.id FROM answer AS d JOIN answer AS h USING (id) WHERE d.rule = 'decision' AND h.rule = 'hybrid' AND d.verdict = 'hybrid' AND h.explanation !~ 'the API for the rest'$$, 'hybrid is with it, in every row');
SELECT is_empty($$SELECT d.id FROM answer AS d JOIN answer AS s USING (id) WHERE d.rule = 'decision' AND s.rule = 'self_host' AND (d.verdict = 'self_host' AND s.verdict <> 'yes' OR d.verdict = 'hybrid' AND s.verdict <> 'no')$$, 'and self_host agrees');
CREATE TEMP TABLE step AS SELECT l AS log, s.* FROM unnest('{waits,night,steady,reserve,own}'::text[]) AS l, savings_plan('d70', log => ('public.log_' || l)::regclass, at => '2025-04-01Z') AS s;
SELECT is_empty('SELECT log FROM step GROUP BY log HAVING max(usd_before) FILTER (WHERE step = 0) - sum(saved_usd) <> max(usd_after) FILTER (WHERE step = 4)', 'steps sum to the plan');
SELECT is_empty('SELECT log, step FROM step WHERE saved_usd < 0', 'no step costs more than the one before');
SELECT is_empty($$SELECT s.log FROM step AS s, advise('d70', log => ('public.log_' || s.log)::regclass, at => '2025-04-01Z') AS a WHERE s.step = 4 AND a.rule = 'decision' AND s.log IN ('steady', 'night')
	AND strpos(a.explanation, usd_in_words((SELECT usd_after FROM step AS t WHERE t.log = s.log AND t.step = 4))) = 0$$, 'whose cost is what the decision says');

-- Why, and what turns it.
SELECT is((pg_temp.of('small', 'bursty')).verdict || (pg_temp.of('middle', 'bursty')).verdict, 'nono', 'a flat load does not come in bursts');
SELECT matches((pg_temp.of('small', 'bursty')).explanation, 'too small, not too bursty', 'it is too small');
SELECT is((SELECT verdict FROM advise('d70n', log => 'public.log_bursts', at => '2025-04-01Z') WHERE rule = 'bursty'), 'yes', 'a load of one hour in fifty does');
SELECT is(round((SELECT threshold FROM advise('d70n', log => 'public.log_small', at => '2025-04-01Z') WHERE rule = 'bursty'), 3), (SELECT round((breakeven('d70n', at, model, usage)).breakeven_utilization, 3) FROM log_small), 'both mean full throughput');
SELECT is_empty($$SELECT id FROM answer WHERE rule = 'decision' AND verdict IN ('api', 'hybrid', 'self_host') AND flips_when ~ 'throughput'$$, 'no flip is a figure that says nothing');

-- Evidence is data.
CREATE VIEW public.log_stray AS SELECT * FROM log_steady WHERE at < '2025-01-13Z' UNION ALL SELECT 'steady', '2024-10-01Z', usage, model, service_tier, region, duration_ms, score, tolerates FROM log_steady WHERE at = '2025-01-06Z';
SELECT is((SELECT verdict || ' ' || measured FROM advise('d70', log => 'public.log_stray', at => '2025-04-01Z') WHERE rule = 'evidence'), 'no 1', 'a stray row makes no weeks');
CREATE VIEW public.log_unpriced AS SELECT * FROM log_middle UNION ALL SELECT log, at, usage, 'nobody/unknown-model', service_tier, region, duration_ms, score, tolerates FROM log_middle;
SELECT is((SELECT string_agg(verdict, ' ' ORDER BY rule DESC) FROM advise('d70', log => 'public.log_unpriced', at => '2025-04-01Z') WHERE rule IN ('evidence', 'decision')), 'no insufficient_evidence', 'half of the tokens without a price are no evidence');
SELECT cmp_ok((SELECT (traffic(demand(timestamptz '2025-01-06Z' + h * interval '1 hour', usage((1000 * (-ln(0.0000001 + (hashint4(h + 7)::bigint & 65535) / 65536.0)))::bigint), 1))).predictability FROM generate_series(0, 335) AS h), '<', 0.2::float8, 'two weeks of noise are not predictable');
SELECT is((pg_temp.of('steady', 'assumed')).explanation ~ 'API prices of 2025-04-01.*8000 prompt tokens.*stated, not measured.*70 %.*4 DHs from hv at 2.5 USD.*replaces tp/api-big .assumed: no row of deployment_serves.*nobody measured', true, 'what was assumed is said first');
SELECT is((SELECT rule FROM advise('d70', log => 'public.log_steady', at => '2025-04-01Z') LIMIT 1), 'assumed', 'in the first row');

-- Latency: whole answers with whole answers.
INSERT INTO serving_point (deployment, requests_per_second, tokens_per_second, ttft_p99_ms, tpot_ms) VALUES ('d70', 1, 500, 200, 60), ('d70', 2, 1000, 400, 60);
CREATE VIEW public.log_slow AS SELECT at, usage(150000, 50000, requests => 100) AS usage, model, service_tier, region, 2500::bigint AS duration_ms, score, tolerates FROM log_small;
SELECT is((SELECT string_agg(verdict, ' ' ORDER BY rule) FROM advise('d70', log => 'public.log_slow', at => '2025-04-01Z', fte_available => 0, latency_target_ms => 2000, ttft_p99_ms => 2000) WHERE rule IN ('api_too_slow', 'decision', 'self_host_fast_enough')), 'yes api no',
	'an answer of 30 seconds is no faster than one of 2.5');
SELECT is(answer_ms('d70', 500, '2026-12-01Z'), 400 + 500 * 60.0, 'first token, and each further one');

-- Small ones of a kind.
SELECT is(batch_capacity(array_fill(0, ARRAY[23]) || '{144,144}'::numeric[] || array_fill(0, ARRAY[23]), 1), 11.52, 'work is not done before it comes');
SELECT is((SELECT f.replicas FROM (SELECT demand(timestamptz '2025-03-03 09:00Z' + h * interval '1 hour', usage(100800000, 12600000), 1) AS d FROM generate_series(0, 13 * 24 + 7) AS h WHERE (h + 9) % 24 BETWEEN 9 AND 16) AS l, fleet(d, 'd70n', eligible => 1) AS f WHERE fleet = 'shaved'), 4::numeric,
	'a log that ends in a busy hour is no peak');
SELECT is((SELECT gpus_required('deepseek-v3', 141, 8, 8192, 256)), 8, 'attention that is shared out by request fits 8 GPUs of 141 GB');
SELECT is((SELECT gpus_required('deepseek-v3', 141, 8, 8192, 256, data_parallel_attention => false)), NULL, 'where every GPU keeps the whole cache none do');
SELECT is((SELECT gpus_required('llama-3.1-70b', 80, 16, 4096, 32)), (SELECT gpus_required('llama-3.1-70b', 80, 16, 4096, 32, data_parallel_attention => false)), 'heads are split as they were');
SELECT is(route('own', NULL), 'tp/api-big', 'what nobody scored goes to the last tier');
INSERT INTO routing_policy (name, kind) VALUES ('cascade', 'cascade');
INSERT INTO routing_tier (policy, below_score, model) VALUES ('cascade', 0.5, 'tp/api-small'), ('cascade', NULL, 'tp/api-big');
SELECT is((SELECT (t).model FROM (SELECT unnest((route_savings('cascade', NULL, 'tp/api-big', usage(10, 10), '2025-01-01')).tiers) AS t) AS s WHERE (t).requests = 1), route('cascade', NULL), 'also in a cascade, where it is paid for');
SELECT is((SELECT array_agg((e).cheaper ORDER BY n) FROM unnest((breakeven(1, 1::numeric / 3, 6, 0, 0, 1, 0, 1, NULL, 730)).events) WITH ORDINALITY AS v (mtok, cheaper, n), LATERAL (SELECT ROW(mtok, cheaper)::breakeven_event AS e) AS x), (SELECT array_agg(CASE n % 2 WHEN 1 THEN 'self_host' ELSE 'api' END ORDER BY n) FROM generate_series(1, (breakeven(1, 1::numeric / 3, 6, 0, 0, 1, 0, 1, NULL, 730)).crossings::int) AS n),
	'events take turns');

-- Side by side, in ranges, and in ten lines.
CREATE TEMP TABLE compared AS SELECT * FROM compare_deployments('public.log_steady', ARRAY['d70', 'd70n', 'dmax'], at => '2025-04-01Z');
SELECT is((SELECT count(*) FROM compared), 3::bigint, 'every candidate has a row');
SELECT is_empty('SELECT FROM compared AS a JOIN compared AS b ON a.rank < b.rank WHERE a.usd > b.usd', 'the cheapest first');
SELECT is((SELECT usd FROM compared WHERE deployment = 'd70'), (SELECT usd_after FROM step WHERE log = 'steady' AND step = 4), 'at what the plan costs');
CREATE TEMP TABLE ranged AS SELECT * FROM decision_range('public.log_steady', 'd70', draws => 100, at => '2025-04-01Z');
SELECT ok((SELECT p10_usd <= p50_usd AND p50_usd <= p90_usd AND flip_probability BETWEEN 0 AND 1 FROM ranged), 'a range');
SELECT is((SELECT p50_usd FROM decision_range('public.log_steady', 'd70', draws => 100, at => '2025-04-01Z')), (SELECT p50_usd FROM ranged), 'the same for the same seed');
SELECT is((SELECT round(p50_usd, 6) FROM decision_range('public.log_steady', 'd70', ranges => '{"api_price": [1, 1], "throughput": [1, 1], "utilization": [1, 1], "cache": [1, 1], "people": [1, 1], "gpu_price": [1, 1], "growth": [1, 1]}', draws => 3, at => '2025-04-01Z')),
	(SELECT round(sum(saved_usd), 6) FROM step WHERE log = 'steady' AND step > 2), 'without any doubt it is what the plan saves');
SELECT is((SELECT (unnest(drivers)).low_usd FROM ranged LIMIT 1), (SELECT min(low_usd) FROM ranged, LATERAL unnest(drivers) AS d WHERE d.driver = (drivers[1]).driver), 'the figure that matters most is the first');
SELECT throws_ok($$SELECT decision_range('public.log_steady', 'd70', ranges => '{"luck": [0, 1]}')$$, '22023', NULL, 'a figure that has no range');
SELECT throws_ok($$SELECT decision_range('public.log_steady', 'd70', ranges => '{"cache": [1, 0.5]}')$$, '22023', NULL, 'a range upside down');
SELECT is((SELECT array_agg(split_part(line, ':', 1) ORDER BY i) FROM regexp_split_to_table(decision_memo('public.log_steady', 'd70', draws => 20, at => '2025-04-01Z', fte_available => 1), E'\n') WITH ORDINALITY AS l (line, i)),
	ARRAY['What to do', 'Why', 'What it costs', 'What it saves', 'In which range', 'What was assumed', 'What was left out', 'What would change the answer', 'Commitment', 'People'], 'a memo has ten lines');
SELECT matches(decision_memo('public.log_images', 'd70', draws => 0, format => 'markdown', at => '2025-04-01Z'), '\*\*What to do\*\*: stay with the API.*\*\*What was left out\*\*: generated images', 'also as Markdown');
SELECT throws_ok($$SELECT decision_memo('public.log_steady', 'd70', format => 'verse')$$, '22023', NULL, 'in no other form');

SELECT * FROM finish();
ROLLBACK;
