-- deployment: rows by validity and by what was known, throughput and mix,
-- costs, errors by SQLSTATE.
SET search_path = inferacct, inferacct_internal, public;
BEGIN;
SELECT plan(127);

CREATE FUNCTION pg_temp.hint_of(statement text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN hint;
END
$$;

SELECT FROM set_price('dep-test', 'api', 'input', 3);
SELECT FROM set_price('dep-test', 'api', 'output', 15);
SELECT FROM set_price('dep-test', 'api', 'cache_read', 0.3);
SELECT FROM set_price('dep-test', 'tiered', 'input', 1);
SELECT FROM set_price('dep-test', 'tiered', 'input', 2, above_input_tokens => 200000);
SELECT FROM set_price('dep-test', 'tiered', 'output', 4);
SELECT FROM set_price('dep-test', 'tiered', 'output', 6, above_input_tokens => 200000);
SELECT FROM set_price('dep-test', 'tiered', 'requests', 0.001, unit_quantity => 1);

INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour, valid_from) VALUES
	('G1', 'one', 'on_demand', 2, '-infinity'), ('G1', 'one', 'on_demand', 3, '2026-07-01'), ('G1', 'one', 'on_demand', NULL, '2026-09-01'),
	('G1', 'two', 'on_demand', 2.5, '2026-08-01');
INSERT INTO deployment (name, gpu, gpus_per_replica, prefill_tokens_per_second, decode_tokens_per_second) VALUES ('rates', 'G1', 2, 8000, 1000);
INSERT INTO deployment (name, gpu, vendor, prefill_tokens_per_second) VALUES ('prefill', 'G1', 'one', 8000);
INSERT INTO deployment (name, gpu, vendor) VALUES ('nothing', 'G1', 'one'), ('elsewhere', 'G1', 'three');
INSERT INTO deployment (name, gpu, vendor, term) VALUES ('on spot', 'G1', 'one', 'spot');
INSERT INTO deployment (name, gpu, vendor, prefill_tokens_per_second, decode_tokens_per_second) VALUES ('other gpu', 'G2', 'one', 1, 1);
INSERT INTO deployment (name, term, capacity_mtok_per_month, mix, target_utilization, upfront_usd, amortization_months, watts, usd_per_kwh, pue,
	gpus_per_replica, marginal_usd_per_mtok, spare_replicas, redundancy, max_replicas)
VALUES ('box', 'owned', 1000, usage(700, 300), 0.8, 70000, 36, 500, 0.1, 1.2, 4, 0.02, 1, 1.5, 3);
INSERT INTO deployment_cost (deployment, item, usd_per_month) VALUES ('box', 'monitoring', 300), ('box', 'updates', 50);
INSERT INTO deployment_cost (deployment, item, fte, usd_per_fte_year) VALUES ('box', 'MLOps', 0.3, 100000);

-- Rows in force
SELECT is((deployment_in_force('rates', '2020-01-01')).gpus_per_replica, 2, 'a row without a date always held');
SELECT isnt((deployment_in_force('rates', now())).version, NULL, 'its version fills itself');
SELECT cmp_ok((deployment_in_force('rates', now())).version, '>', 1000::bigint, 'with one of this database');
SELECT is(gpu_usd_per_hour('G1', 'one', 'on_demand', '2026-06-30'), 2::numeric, 'a rent holds until the next');
SELECT is(gpu_usd_per_hour('G1', 'one', 'on_demand', '2026-07-01'), 3::numeric, 'which holds from its first moment on');
SELECT is(gpu_usd_per_hour('G1', NULL, 'on_demand', '2026-07-31'), 3::numeric, 'the only vendor need not be named');
SELECT throws_ok($$SELECT gpu_usd_per_hour('G1', NULL, 'on_demand', '2026-08-01')$$, 'IA302', NULL, 'one of two must be');
SELECT is(gpu_usd_per_hour('G1', NULL, 'on_demand', '2026-09-01'), 2.5, 'a withdrawn rent is none');
SELECT throws_ok($$SELECT gpu_usd_per_hour('G1', 'one', 'on_demand', '2026-09-01')$$, 'IA302', NULL, 'and is an error when asked for');
SELECT throws_ok($$UPDATE deployment SET watts = 1$$, 'IA103', NULL, 'deployments are append-only');
SELECT throws_ok($$DELETE FROM deployment_cost$$, 'IA103', NULL, 'so are their costs');
SELECT throws_ok($$TRUNCATE serving_point$$, 'IA103', NULL, 'their measurements');
SELECT throws_ok($$DELETE FROM model_profile$$, 'IA103', NULL, 'and models');

INSERT INTO deployment (version, name, gpu, gpus_per_replica, prefill_tokens_per_second, decode_tokens_per_second)
VALUES (open_price_version(now(), NULL, 'correction', NULL), 'rates', 'G1', 4, 8000, 1000);
SELECT is((deployment_in_force('rates', now())).gpus_per_replica, 4, 'of rows with one date the one published later wins');
INSERT INTO deployment_cost (version, deployment, item, usd_per_month)
VALUES (open_price_version('2020-01-01', NULL, 'known before', NULL), 'box', 'monitoring', 1);
SELECT is((SELECT usd_per_month FROM deployment_costs('box', now()) WHERE item = 'monitoring'), 300::numeric, 'not the one inserted later');
SET LOCAL inferacct.as_of = '2021-01-01';
SELECT is((SELECT sum(usd_per_month) FROM deployment_costs('box', now())), 1::numeric, 'as_of answers with what was known');
SELECT throws_ok($$SELECT deployment_in_force('rates', now())$$, 'IA301', NULL, 'or was not');
RESET inferacct.as_of;

-- Months
SELECT is(hours_in_month(at::timestamptz), hours::numeric, format('%s: %s hours', at, hours))
FROM (VALUES ('2026-02-01 00:00+00', 672), ('2024-02-29 23:59+00', 696), ('2026-04-15 00:00+00', 720), ('2026-12-31 23:59:59.999999+00', 744)) v(at, hours);
SET LOCAL timezone = 'Asia/Tokyo';
SELECT is(hours_in_month('2026-02-28 23:00+00'), 672::numeric, 'a month is that of UTC');
RESET timezone;
SELECT throws_ok($$SELECT hours_in_month('infinity')$$, '22008', NULL, 'infinity has no month');

-- Capacity
SELECT is(capacity_mtok('rates', usage(60, 40), '2026-04-10'), capacity_mtok(8000, 1000, usage(60, 40), 720), 'capacity by rates, in April');
SELECT is(capacity_mtok('rates', usage(60, 40), '2026-04-10', 730), capacity_mtok(8000, 1000, usage(60, 40)), 'and in a month of 730 hours');
SELECT is(capacity_mtok('rates', usage(60, 40, cache_read => 100), '2026-04-10'), 2 * capacity_mtok('rates', usage(60, 40), '2026-04-10'),
	'cached tokens need no prefill');
SELECT is(capacity_mtok('prefill', usage(100), '2026-04-10'), 8000 * 720 * 0.0036, 'a mix without answers needs no decode rate');
SELECT is(capacity_mtok('box', usage(7, 3), '2026-04-10', 730), 800::numeric, 'one capacity, at its utilization');
SELECT is(capacity_mtok('box', usage(7, 3), '2026-02-10', 365), 400::numeric, 'in proportion to the hours');
SELECT lives_ok($$SELECT capacity_mtok('box', usage(80, 20)), capacity_mtok('box', usage(60, 40))$$, '10 points from its mix is near enough');
SELECT throws_ok(format('SELECT capacity_mtok(%L, %s)', d, mix), code, NULL, format('capacity_mtok(%L, %s)', d, mix))
FROM (VALUES ('box', 'usage(80001, 19999)', 'IA303'), ('box', 'usage(59999, 40001)', 'IA303'), ('prefill', 'usage(1, 1)', 'IA303'),
	('nothing', 'usage(1, 1)', 'IA303'), ('rates', 'usage(0)', '22023'), ('rates', 'usage(cache_read => 5)', '22023'), ('none', 'usage(1, 1)', 'IA301')) v(d, mix, code);
SELECT matches(pg_temp.hint_of($$SELECT capacity_mtok('box', usage(10, 90))$$), 'prefill_tokens_per_second', 'the hint says what to state instead');
SELECT matches(pg_temp.hint_of($$SELECT capacity_mtok('none', usage(10, 90))$$), 'box', 'or which deployments there are');

-- Measured points: 14 ms of time per token, 500 ms to the first one
INSERT INTO serving_point (deployment, requests_per_second, tokens_per_second, ttft_p99_ms, tpot_ms) VALUES
	('rates', 1, 255.4, 40, 4.73), ('rates', 10, 2492.9, 59, 7.74), ('rates', 25, 5753.5, 124, 13.84), ('rates', 50, 7596.3, 356, 41.66),
	('rates', 200, 8155.1, 4586, 47.02);
SELECT is(serving_tokens_per_second('rates'), 8155.1, 'no target: all that was measured');
SELECT is(round(serving_tokens_per_second('rates', tpot_ms => 14), 3), round(5753.5 + (7596.3 - 5753.5) * 0.16 / 27.82, 3), 'between two points');
SELECT is(serving_tokens_per_second('rates', tpot_ms => 13.84), 5753.5, 'at a point');
SELECT is(round(serving_tokens_per_second('rates', ttft_p99_ms => 500) / 8155.1, 2), 0.93, 'half a second to the first token leaves 93 %');
SELECT is(serving_tokens_per_second('rates', 500, 14), serving_tokens_per_second('rates', tpot_ms => 14), 'both targets: the tighter one');
SELECT is(serving_tokens_per_second('rates', tpot_ms => 1), NULL, 'a target below every point');
SELECT is(serving_tokens_per_second('box'), NULL, 'no measurement');

-- What it costs: 1,500 Mtok take 2 of 3 replicas, 1.5 machines each and a spare one
CREATE TEMP TABLE items AS SELECT * FROM selfhost_cost('box', 1500, usage(7, 3), '2026-04-10', 730);
SELECT is((SELECT jsonb_object_agg(item, round(usd, 6)) FROM items), jsonb_build_object('GPUs', 0.000000, 'redundancy', 0.000000,
	'power', 4 * round(4 * 0.5 * 0.1 * 730 * 1.2, 6), 'purchase', round(4 * 70000 / 36.0, 6), 'tokens', 30.000000,
	'MLOps', 2500.000000, 'monitoring', 300.000000, 'updates', 50.000000), 'every item');
SELECT is(selfhost_usd('box', 1500, usage(7, 3), '2026-04-10', 730), (SELECT round(sum(usd), 20) FROM items), 'selfhost_usd() is their sum');
SELECT is(effective_usd_per_mtok('box', 1500, usage(7, 3), '2026-04-10', 730), exact_quotient((SELECT sum(usd) FROM items), 1500), 'effective price');
SELECT throws_ok($$SELECT selfhost_usd('box', 2400.001, usage(7, 3), hours => 730)$$, 'IA304', NULL, 'more than its replicas serve');
SELECT lives_ok($$SELECT selfhost_usd('box', 2400, usage(7, 3), hours => 730)$$, 'and exactly as much');
SELECT throws_ok($$SELECT count(*) FROM selfhost_cost('box', 2401, usage(7, 3), hours => 730)$$, 'IA304', NULL, 'item by item, too');
SELECT is((SELECT count(*) FROM selfhost_cost('box', NULL, usage(7, 3))), 0::bigint, 'NULL has no items');
SELECT is((SELECT usd FROM selfhost_cost('rates', 1, usage(7, 3), '2026-04-10') WHERE item = 'GPUs'), 4 * 2 * 720::numeric, 'rent by the hours of the month');

-- The break-even of a deployment is that of its figures
SELECT is((b.first_mtok, b.permanent_mtok, b.crossings, b.floor_usd_per_mtok, b.naive_mtok),
	(e.first_mtok, e.permanent_mtok, e.crossings, e.floor_usd_per_mtok, e.naive_mtok), 'from tables and from figures, rented')
FROM breakeven('rates', 'dep-test/api', usage(7, 3), '2026-04-10') b,
	breakeven(4 * 2 * 720, capacity_mtok('rates', usage(7, 3), '2026-04-10'), 6.6) e;
SELECT is((round(b.first_mtok, 9), b.crossings), (round(e.first_mtok, 9), e.crossings), 'and bought')
FROM breakeven('box', 'dep-test/api', usage(7, 3), '2026-04-10', 730) b,
	breakeven(175.2 + 70000 / 36.00000000000000000000, 800, 6.6, 2850, 1, 1.5, 0.02, 1, 3) e;
SELECT is((breakeven('box', 'dep-test/api', usage(7, 3), '2026-04-10', 730)).breakeven_utilization,
	(SELECT exact_quotient((2850 + 2.5 * (175.2 + 70000 / 36.000000000000000000000000)), (6.6 - 0.02) * 1000)), 'break-even utilization is of the full throughput');
SELECT is((breakeven('rates', 'dep-test/api', usage(7000000, 3000000, requests => 1000), '2026-04-10')).first_mtok,
	(breakeven('rates', 'dep-test/api', usage(7, 3), '2026-04-10')).first_mtok, 'only the proportions of a mix count');
SELECT is((breakeven(NULL, 'dep-test/api', usage(7, 3))).status, NULL, 'NULL deployment');
SELECT throws_ok(format('SELECT breakeven(%L, %L, usage(7, 3), %L)', d, m, at), code, NULL, format('breakeven(%s, %s) at %s', d, m, at))
FROM (VALUES ('none', 'dep-test/api', '2026-04-10', 'IA301'), ('rates', 'dep-test/none', '2026-04-10', 'IA002'),
	('elsewhere', 'dep-test/api', '2026-04-10', 'IA302'), ('other gpu', 'dep-test/api', '2026-04-10', 'IA302'),
	('on spot', 'dep-test/api', '2026-04-10', 'IA302'), ('rates', 'dep-test/api', 'infinity', '22008')) v(d, m, at, code);

-- Mixes and context tiers
SELECT is(mix_usd('dep-test/tiered', usage(1000, 100), now()), token_cost('dep-test/tiered', usage(1000, 100)), 'a mix of one request is that request');
SELECT is(mix_usd('dep-test/tiered', usage(250000, 100), now()), 0.5016, 'also above a context tier');
SELECT is(mix_usd('dep-test/tiered', usage(250000, 100, requests => 2), now()), 0.2524, 'several requests have the tier of the mean one');
SELECT is(mix_usd('dep-test/tiered', usage(400001, 100, requests => 2), now()), 0.802602, 'rounded up');
SELECT is(mix_usd('dep-test/tiered', usage(7, 3, requests => 1000), now()), 1.000019, 'and their fees');

-- The curve is the same arithmetic
SELECT is(count(*), 0::bigint, 'a point of the curve is selfhost_usd() and the API price')
FROM breakeven_curve('box', 'dep-test/api', usage(7, 3), 2400, 7, '2026-04-10', 730) c
WHERE c.mtok > 0 AND (selfhost_usd <> selfhost_usd('box', mtok, usage(7, 3), '2026-04-10', 730) OR abs(api_usd - mtok * 6.6) > 1e-15);
SELECT is((SELECT array_agg(replicas ORDER BY mtok) FROM breakeven_curve('box', 'dep-test/api', usage(7, 3), 3200, 8, '2026-04-10', 730)),
	'{1,1,1,2,2,3,3,NULL,NULL}'::numeric[], 'replicas, none beyond the capacity');
SELECT throws_ok($$SELECT breakeven_curve('box', 'dep-test/api', usage(7, 3), 0, 8)$$, '22023', NULL, 'no curve to nowhere');
SELECT throws_ok($$SELECT breakeven_curve('box', 'dep-test/api', usage(7, 3), 10, 0)$$, '22023', NULL, 'nor in no steps');

-- Impossible rows
SELECT throws_ok(format('INSERT INTO deployment (name, gpu, %s) VALUES (%L, %L, %s)', columns, 'bad', 'G1', v), '23514', NULL, format('deployment %s = %s', columns, v))
FROM (VALUES ('term', '''monthly'''), ('target_utilization', '1.01'), ('target_utilization', '0'), ('gpus_per_replica', '0'),
	('prefill_tokens_per_second', '0'), ('decode_tokens_per_second', '-1'), ('redundancy', '0.5'), ('spare_replicas', '-1'), ('min_replicas', '0'),
	('min_replicas, max_replicas', '3, 2'), ('upfront_usd', '-1'), ('watts', '-1'), ('usd_per_kwh', '''NaN'''), ('pue', '0.9'), ('hours_per_month', '745'),
	('capacity_mtok_per_month', '750'), ('capacity_mtok_per_month, mix, decode_tokens_per_second', '750, usage(1, 1), 5'), ('capacity_mtok_per_month, mix', '0, usage(1, 1)')) x(columns, v);
SELECT throws_ok($$INSERT INTO deployment (name) VALUES ('bad')$$, '23514', NULL, 'a rented deployment names its GPU');
SELECT throws_ok(format('INSERT INTO deployment_cost (deployment, item, %s) VALUES (%L, %L, %s)', columns, 'bad', 'x', v), '23514', NULL, format('deployment_cost %s = %s', columns, v))
FROM (VALUES ('usd_per_month', '-1'), ('fte', '0.5'), ('usd_per_fte_year', '100'), ('usd_per_month, fte, usd_per_fte_year', '1, 1, 1'), ('usd_per_month', 'NULL')) x(columns, v);
SELECT throws_ok(format('SELECT %s', call), '22023', NULL, call)
FROM unnest(ARRAY['capacity_mtok(0)', 'capacity_mtok(1, 0)', 'capacity_mtok(1, 730, 1.1)', 'capacity_mtok(0, 1, usage(1))', 'capacity_mtok(1, 1, usage(0))',
	'effective_usd_per_mtok(-1, 1)', 'effective_usd_per_mtok(1, 0)', 'effective_usd_per_mtok(1, 1, 0)', 'effective_usd_per_mtok(1, 1, 1.0001)',
	'payback_months(-1, 1, 1)', 'payback_months(1, -1, 1)', 'payback_months(1, 1, -1)', 'payback_months(1, 1, 1, -0.1)',
	'power_usd(1, -1, 1)', 'power_usd(1, 1, 1, pue => 0.5)', 'kv_bytes_per_token(0, 1, 1)', 'kv_bytes_per_token(1.5, 1, 1)',
	'model_memory_gb(0)', 'model_memory_gb(1, 0)', 'gpus_required(1, 0)', 'gpus_required(1, 80, memory_utilization => 1.1)', 'kv_cache_tokens(0, 80, 1, 1)']) call;

-- Sizing by name
SELECT is(kv_bytes_per_token('llama-3.1-70b'), 327680::numeric, 'grouped-query attention');
SELECT is(kv_bytes_per_token('deepseek-v3'), 70272::numeric, 'latent attention');
SELECT throws_ok($$SELECT kv_bytes_per_token('llama-9')$$, 'IA301', NULL, 'an unknown model');
SELECT is(gpus_required(10, 80, 80, kv_heads => 1), NULL, 'a cache that no number of GPUs holds');

-- A stated capacity with the weight of an answer token answers for any mix, as the two rates do that it stands for.
INSERT INTO deployment (name, term, capacity_mtok_per_month, mix, output_weight, hours_per_month) VALUES
	('weighed', 'owned', (SELECT capacity_mtok(8000, 2000, usage(700, 300, cache_read => 100))), usage(700, 300, cache_read => 100), 4, 730);
INSERT INTO deployment (name, term, prefill_tokens_per_second, decode_tokens_per_second, hours_per_month) VALUES ('unweighed', 'owned', 8000, 2000, 730);
SELECT is_empty($$SELECT i, c FROM generate_series(0, 100, 5) AS i, unnest(ARRAY[0, 17]) AS c, LATERAL (SELECT usage(101 - i, i, cache_read => c) AS mix) AS m
	WHERE round(capacity_mtok('weighed', mix), 9) <> round(capacity_mtok('unweighed', mix), 9)$$, 'at every mix');
SELECT throws_ok($$INSERT INTO deployment (name, term, prefill_tokens_per_second, output_weight) VALUES ('w', 'owned', 1, 2)$$, '23514', NULL, 'a weight belongs to a stated capacity');
SELECT throws_ok($$INSERT INTO deployment (name, term, capacity_mtok_per_month, mix, output_weight) VALUES ('w', 'owned', 1, usage(1, 1), 0)$$, '23514', NULL, 'and is above 0');

SELECT * FROM finish();
ROLLBACK;
