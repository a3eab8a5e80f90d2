-- usage_log: partitions by UTC month, a default that loses nothing, idempotent import.
SET search_path = inferacct, public;
SET timezone = 'UTC';
SET datestyle = 'ISO, MDY';
\set SHOW_CONTEXT never

CREATE VIEW where_it_lies AS
	SELECT tableoid::regclass AS partition, at, source, request_id, usage, model, service_tier, region, status, team
	FROM usage_log;

-- Rows come before their partition: they lie in the default one, and move when it is made.
INSERT INTO usage_log (at, usage, model, source, request_id, team) VALUES
	('2026-09-30 23:59:59.999999', '{"input":10,"requests":1}', 'gpt-4o', 'gateway', 'a1', 'search'),
	('2026-10-01 00:00:00', '{"input":20,"requests":1}', 'gpt-4o', 'gateway', 'a2', 'search'),
	('2026-10-31 23:59:59.999999', '{"input":30,"requests":1}', 'gpt-4o', 'gateway', 'a3', NULL),
	('2026-11-01 00:00:00', '{"input":40,"requests":1}', 'gpt-4o', 'gateway', 'a4', NULL);
SELECT partition, at, request_id FROM where_it_lies ORDER BY at;
SELECT usage_log_partition('2026-10-15');
SELECT partition, at, request_id FROM where_it_lies ORDER BY at;
SELECT usage_log_partition('2026-10-01');			-- again: nothing happens
INSERT INTO usage_log (at, usage, model, source, request_id) VALUES
	('2026-10-02 00:00:00', '{"input":50,"requests":1}', 'gpt-4o', 'gateway', 'a5'),
	('1999-12-31 00:00:00', '{"input":60,"requests":1}', 'gpt-4o', 'gateway', 'a6');
SELECT * FROM where_it_lies ORDER BY at;

-- A month begins at the same instant in every session, whatever its time zone and date style.
SET timezone = 'Pacific/Auckland';
SET datestyle = 'SQL, DMY';
SELECT usage_log_partition('2026-11-30');
SET datestyle = 'ISO, MDY';
SET timezone = 'America/Los_Angeles';
SELECT usage_log_partitions('2026-12-31', '2027-02-01');
SET timezone = 'UTC';
SELECT partition, at, request_id FROM where_it_lies ORDER BY at;
SELECT inhrelid::regclass AS partition, pg_get_expr(relpartbound, inhrelid) AS bounds
FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
WHERE inhparent = 'usage_log'::regclass ORDER BY inhrelid::regclass::text;
SELECT indexdef FROM pg_indexes WHERE tablename = 'usage_log_2026_11' ORDER BY 1;

SELECT usage_log_partition(NULL);
SELECT usage_log_partition('infinity');
CREATE TABLE inferacct.usage_log_2030_01 ();
SELECT usage_log_partition('2030-01-01');
DROP TABLE inferacct.usage_log_2030_01;

-- A row is there once.
INSERT INTO usage_log (at, usage, model, source, request_id)
	VALUES ('2026-10-02 00:00:00', '{"input":50,"requests":1}', 'gpt-4o', 'gateway', 'a5') ON CONFLICT DO NOTHING;
INSERT INTO usage_log (at, usage, model, source, request_id)
	VALUES ('2026-10-02 00:00:00', '{"input":50,"requests":1}', 'gpt-4o', 'gateway', 'a5');
\set VERBOSITY terse
INSERT INTO usage_log (at, usage, model, source, request_id, status)
	VALUES ('2026-10-02 00:00:00', '{}', 'gpt-4o', 'gateway', 'a7', 'success');
INSERT INTO usage_log (at, usage, model, source, request_id)
	VALUES ('infinity', '{}', 'gpt-4o', 'gateway', 'a7');
\set VERBOSITY default
TRUNCATE usage_log;

-- Import: by column name, last of several, timestamps without time zone are UTC.
SET timezone = 'America/Los_Angeles';
CREATE TABLE batch (request_id text, model text, at timestamp, usage usage, team varchar(20), service_tier text, prompt text);
INSERT INTO batch VALUES
	('r1', 'gpt-4o', '2026-10-01 00:30:00', '{"input":1,"requests":1}', 'search', NULL, 'ignored'),
	('r2', 'gpt-4o', '2026-10-03 00:00:00', '{"input":2,"requests":1}', NULL, 'batch', NULL),
	('r2', 'gpt-4o', '2026-10-02 00:00:00', '{"input":3,"requests":1}', 'first', 'batch', NULL),
	('r2', 'gpt-4o', '2026-12-02 00:00:00', '{"input":4,"requests":1}', 'in another month', 'batch', NULL),
	('r3', 'gpt-4o', '2026-10-04 00:00:00', '{"input":5,"requests":1}', NULL, NULL, NULL),
	('r3', 'gpt-4o', '2026-10-04 00:00:00', '{"input":5,"requests":1}', NULL, NULL, NULL);
SELECT * FROM import_usage('batch', 'export');
SELECT * FROM import_usage('batch', 'export');
SET timezone = 'UTC';
SELECT * FROM where_it_lies ORDER BY at;

-- The same identifiers of another source are other requests; a known one at another time is known.
SELECT * FROM import_usage('batch', 'other export');
UPDATE batch SET at = at - interval '40 days';
INSERT INTO batch VALUES ('r4', 'gpt-4o', '2020-01-01', '{}', NULL, NULL, NULL);
SELECT * FROM import_usage('batch', 'export');

-- Sources of the relation's own.
CREATE VIEW batch_of_two AS SELECT at AT TIME ZONE 'UTC' AS at, usage, model, request_id, 's' || right(request_id, 1) AS source FROM batch;
SELECT * FROM import_usage('batch_of_two');
SELECT * FROM import_usage('batch_of_two');
SELECT source, count(*) FROM usage_log GROUP BY source ORDER BY source;

-- What cannot be imported is told, and nothing of it is.
SELECT * FROM import_usage('batch');
CREATE TABLE wrong (id int, model text, usage usage);
SELECT * FROM import_usage('wrong', 'wrong');
SELECT * FROM import_usage(NULL, 'wrong');
INSERT INTO batch VALUES ('r5', 'gpt-4o', '2026-10-05', '{"input":1}'), ('r6', NULL, '2026-10-05', '{"input":1}');
\set VERBOSITY terse
SELECT * FROM import_usage('batch', 'export');
\set VERBOSITY default
SELECT count(*) FROM usage_log WHERE request_id = 'r5';
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM import_usage('batch', 'export');
ROLLBACK;

-- The planner knows how many groups a month and a day make.
TRUNCATE usage_log;
INSERT INTO usage_log (at, usage, model, source, request_id, team)
	SELECT timestamptz '2026-10-01' + n * interval '263 seconds', '{"input":1,"requests":1}', 'model ' || n % 7, 'generated', n, 'team ' || n % 7 % 3
	FROM generate_series(0, 19999) AS n;
ANALYZE usage_log;
CREATE FUNCTION groups_expected(query text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
	RETURN (plan -> 0 -> 'Plan' ->> 'Plan Rows')::numeric;
END
$$;
SELECT count(DISTINCT (model, date_trunc('month', at))) AS groups,
	   groups_expected($$SELECT model, date_trunc('month', at), count(*) FROM usage_log GROUP BY 1, 2$$) BETWEEN 10 AND 40 AS by_month,
	   groups_expected($$SELECT team, date_trunc('month', at, 'UTC'), count(*) FROM usage_log GROUP BY 1, 2$$) BETWEEN 4 AND 20 AS by_month_utc
FROM usage_log;
SELECT count(DISTINCT (model, date_trunc('day', at))) AS groups,
	   groups_expected($$SELECT model, date_trunc('day', at), count(*) FROM usage_log GROUP BY 1, 2$$) BETWEEN 200 AND 800 AS by_day
FROM usage_log;

DROP FUNCTION groups_expected(text);
DROP VIEW batch_of_two, where_it_lies;
DROP TABLE batch, wrong, usage_log_2026_10, usage_log_2026_11, usage_log_2026_12, usage_log_2027_01;
TRUNCATE usage_log;
