-- usage_log: errors by SQLSTATE, and properties of partitions and import on generated rows.
BEGIN;
SET LOCAL search_path = inferacct, public;
SET LOCAL timezone = 'Asia/Kolkata';	-- half an hour off: a month that follows the session would show
SELECT plan(25);

-- Requests of 400 days around two year ends, some before any month that will exist.
CREATE TEMP TABLE batch AS
	SELECT timestamptz '2025-12-01 00:00:00Z' + (n * 7919 % 34560000) * interval '1 second' AS at,
		   format('{"input":%s,"requests":1}', n)::usage AS usage, 'model ' || n % 5 AS model,
		   'request ' || n % 4500 AS request_id		-- 500 identifiers come twice
	FROM generate_series(0, 4999) AS n;

SELECT results_eq($$SELECT * FROM import_usage('batch', 'a')$$, $$VALUES (4500::bigint, 500::bigint)$$, 'one row of each identifier is imported');
SELECT results_eq($$SELECT * FROM import_usage('batch', 'a')$$, $$VALUES (0::bigint, 5000::bigint)$$, 'a second import adds nothing');
SELECT set_eq($$SELECT request_id, at FROM usage_log$$, $$SELECT request_id, max(at) FROM batch GROUP BY request_id$$, 'the last of each identifier is kept');
SELECT is((SELECT count(*) FROM usage_log_default), 4500::bigint, 'without months, the default partition has all');

SELECT is((SELECT count(*) FROM usage_log_partitions('2026-01-17', '2026-12-01')), 11::bigint, 'a range of months is half-open');
SELECT is((SELECT count(*) FROM usage_log), 4500::bigint, 'making partitions loses no row');
SELECT set_eq($$SELECT at, usage::text FROM usage_log$$, $$SELECT DISTINCT ON (request_id) at, usage::text FROM batch ORDER BY request_id, at DESC$$, 'nor changes one');
SELECT is_empty($$SELECT FROM usage_log WHERE tableoid <> 'usage_log_default'::regclass AND tableoid::regclass::text NOT LIKE to_char(at AT TIME ZONE 'UTC', '"%usage_log_"YYYY_MM')$$, 'each month lies in its partition, by UTC');
SELECT is_empty($$SELECT FROM usage_log_default WHERE at >= '2026-01-01 00:00Z' AND at < '2026-12-01 00:00Z'$$, 'the default partition has nothing of the months made');
SELECT isnt_empty($$SELECT FROM usage_log_default WHERE at < '2026-01-01 00:00Z'$$, 'and keeps the others');
SELECT is((SELECT count(*) FROM usage_log_partitions('2026-01-01', '2026-12-01')), 11::bigint, 'making them again is no error');
SELECT results_eq($$SELECT * FROM import_usage('batch', 'a')$$, $$VALUES (0::bigint, 5000::bigint)$$, 'import knows the rows that moved');
SELECT is_empty($$SELECT inhrelid FROM pg_inherits WHERE inhparent = 'usage_log'::regclass
	EXCEPT SELECT conrelid FROM pg_constraint WHERE contype = 'p'$$, 'every partition has a primary key');


-- Parts and final rows of streamed answers, in one import or in several.
CREATE TEMP TABLE streamed AS SELECT timestamptz '2026-05-01Z' AS at, usage(100, output) AS usage, 'm' AS model, id AS request_id
	FROM (VALUES ('one', 9), ('one', 159), ('one', 40), ('two', 9)) AS v (id, output);
SELECT results_eq($$SELECT * FROM import_usage('streamed', 's')$$, $$VALUES (2::bigint, 2::bigint)$$, 'of several parts at one time');
SELECT set_eq($$SELECT request_id, output_tokens(usage) FROM usage_log WHERE source = 's'$$, $$VALUES ('one', 159::bigint), ('two', 9)$$, 'the one with the most output is kept');
INSERT INTO streamed VALUES ('2026-05-01Z', usage(100, 300), 'm', 'two'), ('2026-04-30Z', usage(100, 900), 'm', 'one'), ('2026-06-01 00:00:01Z', usage(5, 5), 'm', 'three');
SELECT results_eq($$SELECT * FROM import_usage('streamed', 's')$$, $$VALUES (2::bigint, 5::bigint)$$, 'a final row takes the place of a part that was imported before');
SELECT set_eq($$SELECT request_id, output_tokens(usage) FROM usage_log WHERE source = 's'$$, $$VALUES ('one', 159::bigint), ('two', 300), ('three', 5)$$, 'and an earlier one does not');
SELECT results_eq($$SELECT * FROM import_usage('streamed', 's')$$, $$VALUES (0::bigint, 7::bigint)$$, 'then all is known');

SELECT throws_ok($$INSERT INTO usage_log (at, usage, model, source, request_id) SELECT at, usage, model, source, request_id FROM usage_log LIMIT 1$$, '23505', NULL, 'the same row twice');
SELECT throws_ok($$INSERT INTO usage_log (at, usage, model, source, request_id, provider_usd) VALUES (now(), '{}', 'm', 's', 'r', 'NaN')$$, '23514', NULL, 'a reported cost that is no number');
SELECT throws_ok($$SELECT usage_log_partition('-infinity')$$, '22008', NULL, 'an infinite month');
SELECT throws_ok($$SELECT import_usage(NULL, 'a')$$, '22004', NULL, 'no relation');
SELECT throws_ok($$SELECT import_usage('batch')$$, '42703', NULL, 'no source');
UPDATE batch SET model = NULL WHERE request_id = 'request 7';
SELECT throws_ok($$SELECT import_usage('batch', 'b')$$, '23502', NULL, 'a NULL in a required column');
SELECT is((SELECT count(*) FROM usage_log WHERE source = 'b'), 0::bigint, 'and nothing of that import is kept');

SELECT * FROM finish();
ROLLBACK;
