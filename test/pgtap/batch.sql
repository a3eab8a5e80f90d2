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

-- Earliest deadline first, bucket by bucket, with the last day four times more: does a capacity carry a load of which a share may wait a day?
CREATE FUNCTION pg_temp.carries(come numeric[], eligible numeric, capacity numeric) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	late	numeric[] := '{}';
	room	numeric;
	done	numeric;
BEGIN
	come := come || come[cardinality(come) - 23:] || come[cardinality(come) - 23:] || come[cardinality(come) - 23:] || come[cardinality(come) - 23:];
	FOR h IN 1 .. cardinality(come) LOOP
		room := capacity - come[h] * (1 - eligible);
		late[h] := come[h] * eligible;
		IF room < 0 THEN
			RETURN false;
		END IF;
		FOR i IN greatest(1, h - 23) .. h LOOP
			done := least(room, late[i]);
			late[i] := late[i] - done;
			room := room - done;
		END LOOP;
		IF h > 23 AND late[h - 23] > 0 THEN
			RETURN false;
		END IF;
	END LOOP;
	RETURN true;
END $$;
SELECT setseed(0.1);
CREATE TEMP TABLE load AS
SELECT instance, instance % 5 / 4.0 AS eligible, array_agg((floor(random() * 5) ^ 2)::numeric) AS come FROM generate_series(1, 100) AS instance, generate_series(1, 60) GROUP BY 1;
CREATE TEMP TABLE computed AS SELECT *, batch_capacity(come, eligible) AS capacity, (SELECT avg(x) FROM unnest(come[37:]) AS x) AS mean FROM load;
SELECT is_empty($$SELECT instance FROM computed WHERE NOT pg_temp.carries(come, eligible, capacity + 1e-15)$$, '100 random loads: what is computed carries them');
SELECT is_empty($$SELECT instance FROM computed WHERE capacity > mean + 1e-9 AND pg_temp.carries(come, eligible, capacity - 1e-9)$$, 'and less does not');

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
