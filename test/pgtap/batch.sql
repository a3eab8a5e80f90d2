-- batch: errors, linear search on random loads, published cases.
\set cases `cat "${INFERACCT_SHARED:-../shared}/cases/economics_cases.json" 2>/dev/null || echo '[]'`
BEGIN;
SET search_path = inferacct, inferacct_internal, public;
CREATE TEMP TABLE cases AS
SELECT c ->> 'id' AS id, c ->> 'group' AS kind, c -> 'inputs' AS i, c -> 'expected' AS e FROM jsonb_array_elements(:'cases'::jsonb) AS c
WHERE c ->> 'group' IN ('batch', 'batch_peak_shaving');
SELECT CASE WHEN count(*) = 0 THEN diag('no ../shared/cases: the published cases are not checked') END FROM cases;
SELECT plan((22 + (SELECT count(*) FROM cases) + (SELECT count(*) FROM cases WHERE kind = 'batch_peak_shaving'))::int);

SELECT throws_ok(format('SELECT %s', call), '22023', NULL, call) FROM unnest(ARRAY[
	'batch_capacity(ARRAY[-1], 0.1)', 'batch_capacity(ARRAY[1], -0.1)', 'batch_capacity(ARRAY[1], 1.1)', 'batch_capacity(ARRAY[1], 0.1, 0)']) AS call;
SELECT is(batch_capacity('{}', 0.1), NULL, 'no load needs no capacity');
SELECT is(batch_capacity(array_fill(1, ARRAY[24]) || array_fill(5, ARRAY[24]), 1), 5::numeric, 'work does not move to another day');

-- Linear search over capacities in steps of 1/24: does what cannot wait fit in
-- every hour, and what may wait in what the day then leaves?
SELECT setseed(0.1);
CREATE TEMP TABLE hours AS
SELECT instance, instance % 5 AS quarters, floor(random() * 5)::int * 4 AS load FROM generate_series(1, 500) AS instance, generate_series(1, 24);
CREATE TEMP TABLE searched AS
SELECT instance, min(steps) / 24.0 AS capacity FROM (
	SELECT instance, steps FROM hours, generate_series(0, 16 * 24) AS steps GROUP BY instance, steps
	HAVING bool_and(load * (4 - quarters) / 4 * 24 <= steps) AND sum(load * quarters / 4 * 24) <= sum(steps - load * (4 - quarters) / 4 * 24)) AS enough
GROUP BY instance;
SELECT is_empty($$SELECT instance FROM searched JOIN (
		SELECT instance, batch_capacity(array_agg(load::numeric), max(quarters) / 4.0) AS computed FROM hours GROUP BY instance) c USING (instance)
	WHERE abs(computed - capacity) > 1e-12$$, '500 random days: a linear search finds no less');
SELECT is((SELECT count(*) FROM searched), 500::bigint, 'of all of them');

-- At the API
SELECT set_price('batcher', 'batched', m, p, '2024-01-01') FROM (VALUES ('input', 2), ('output', 8)) AS v (m, p);
SELECT set_price('batcher', 'batched', m, p, '2024-01-01', service_tier => 'batch') FROM (VALUES ('input', 1), ('output', 4)) AS v (m, p);
SELECT set_price('batcher', 'unbatched', m, p, '2024-01-01') FROM (VALUES ('input', 2), ('output', 8)) AS v (m, p);
CREATE TEMP TABLE requests AS
SELECT 'batched' AS model, usage(1000000, 500000) AS usage, timestamptz '2024-06-01' AS at, interval '1 day' AS tolerates
UNION ALL SELECT 'batched', usage(1000000), '2024-06-01', '23:59:59'
UNION ALL SELECT 'batched', usage(1000000), '2024-06-01', NULL
UNION ALL SELECT 'unbatched', usage(1000000), '2024-06-01', '1 week'
UNION ALL SELECT NULL, usage(1000000), '2024-06-01', '1 week';
SELECT is((SELECT batch_savings(model, usage, at, tolerates)::text FROM requests), '(4,1,1,12,6,3,3,0.25,0.5)', 'what may wait a day and has a batch price saves half');
SELECT is((SELECT batch_savings(model, usage, at, tolerates) FROM requests WHERE model IS NULL), NULL, 'no priced row, no result');
SELECT throws_ok($$SELECT batch_savings('no such model', usage(1), now(), '1 day')$$, 'IA002', NULL, 'an unknown model is an error');
SELECT is((SELECT batch_final(batch_combine(batch_state_in('1 1 1 0 2 2 1'), batch_state_in('1 2 0 1 3.5 0 0')))::text), '(3,1,1,5.5,2,1,1,0.18181818181818181818,0.36363636363636363636)',
	'partial results are combined');
SELECT is('1 9 8 7 1.5 -1 0.000000000000001'::batch_state::text, '1 9 8 7 1.5 -1 0.000000000000001', 'the state as text');
SELECT is(batch_state_send('1 9 8 7 1.5 -1 0.000000000000001'),
	'\x0100000000000000090000000000000008000000000000000700000000000000000005543df729c000fffffffffffffffffffc72815b39800000000000000000000000000000000001', 'and in binary');
SELECT throws_ok($$SELECT batch_combine('1 9223372036854775807 0 0 0 0 0', '1 1 0 0 0 0 0')$$, '22003', NULL, 'counts that do not fit');
SELECT throws_ok($$SELECT batch_combine('1 1 9223372036854775807 0 0 0 0', '1 1 1 0 0 0 0')$$, '22003', NULL, 'nor those of a part');
SELECT throws_ok($$SELECT batch_combine('1 1 0 9223372036854775807 0 0 0', '1 1 0 1 0 0 0')$$, '22003', NULL, 'of any part');
SELECT throws_ok(format('SELECT %L::batch_state', t), '22P02', NULL, t) FROM unnest('{1 1 2,1 1 2 3 4 5 6 7,1 1 2 3 x 5 6,2 1 2 3 4 5 6,1 -1 0 0 0 0 0}'::text[]) AS t;

SELECT CASE kind
	WHEN 'batch_peak_shaving' THEN is(batch_capacity((SELECT array_agg(h::numeric) FROM jsonb_array_elements_text(i -> 'hourly') h), (i ->> 'eligible')::numeric),
		(e ->> 'capacity')::numeric, id)
	WHEN 'batch' THEN (SELECT is(v.batch_usd, (e ->> 'exact')::numeric, id)
		FROM (SELECT (batch_savings('batched', usage(cost * 500000), '2024-06-01', '1 day')).* FROM (VALUES ((i ->> 'list_cost')::bigint)) AS r (cost)) v)
	END FROM cases;
-- The API's bill falls by the share that may wait, less what that still costs.
SELECT is((SELECT 1 - v.saved_share FROM (SELECT (batch_savings('batched', usage(u * 100000), '2024-06-01', w)).*
		FROM (VALUES (((i ->> 'eligible')::numeric * 10)::bigint, interval '1 day'), (((1 - (i ->> 'eligible')::numeric) * 10)::bigint, NULL)) AS r (u, w)) v),
	(e ->> 'api_factor')::numeric, id || ': at the API') FROM cases WHERE kind = 'batch_peak_shaving';

SELECT * FROM finish();
ROLLBACK;
