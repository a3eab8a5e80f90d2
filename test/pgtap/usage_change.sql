-- usage_change: what is written is noted, however it is written, and what notes cannot tell is looked for.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';
SET LOCAL client_min_messages = warning;
SELECT plan(36);

SELECT usage_log_partition('2034-01-01'), usage_log_partition('2034-02-01');
-- As refresh_usage() does, without its commits.
CREATE FUNCTION pg_temp.refresh(OUT by_notes boolean, OUT hours int) LANGUAGE plpgsql AS $$
DECLARE f record; s timestamptz;
BEGIN
	by_notes := notes_suffice();
	f := refresh_find('usage_log', NULL, false, NULL, false);
	FOREACH s IN ARRAY f.starts LOOP PERFORM refresh_hours('usage_log', s, '2034-08-01', f.hours, f.found_at); EXIT; END LOOP;
	PERFORM refresh_end('usage_log', f.found_at, f.identity, f.problem);
	hours := cardinality(f.hours);
END $$;
CREATE FUNCTION pg_temp.exact() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE same boolean;
BEGIN
	EXECUTE $s$ SELECT (SELECT row(sum(usage), sum(rows)) FROM usage_hourly WHERE source = 'noted') IS NOT DISTINCT FROM
		(SELECT row(sum(usage), count(*)::numeric) FROM usage_log WHERE source = 'noted') $s$ INTO same;
	RETURN same;
END $$;
CREATE FUNCTION pg_temp.found(statement text, at_most int, what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
	EXECUTE statement;
	r := pg_temp.refresh();
	RETURN NEXT ok(r.by_notes AND r.hours BETWEEN 1 AND at_most AND pg_temp.exact(), format('%s: noted, and read (%s hours)', what, r.hours));
END $$;
CREATE FUNCTION pg_temp.looked(statement text, what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
	EXECUTE statement;
	r := pg_temp.refresh();
	RETURN NEXT ok(NOT r.by_notes AND pg_temp.exact(), format('%s: everything is looked at, and exact', what));
END $$;

INSERT INTO usage_log (at, usage, model, source, request_id) SELECT timestamptz '2034-01-01 00:30Z' + n * interval '1 hour', usage(n), 'm', 'noted', n::text FROM generate_series(0, 1200) AS n;
SELECT results_eq('SELECT by_notes, hours FROM pg_temp.refresh()', 'VALUES (false, 1201)', 'the first time everything is looked at');
-- The transaction's own rows look new to every look, so only notes can find fewer.
SELECT pg_temp.found($$INSERT INTO usage_log (at, usage, model, source, request_id) VALUES ('2034-01-02 00:10Z', usage(5), 'm', 'noted', 'late')$$, 1, 'a late row');
SELECT pg_temp.found($$UPDATE usage_log SET usage = usage(6) WHERE request_id = 'late'$$, 1, 'a corrected row');
SELECT pg_temp.found($$UPDATE usage_log SET at = at + interval '5 hours' WHERE request_id = 'late'$$, 2, 'a row of another hour');
SELECT pg_temp.found($$UPDATE usage_log SET at = at + interval '31 days' WHERE request_id = 'late'$$, 2, 'a row of another partition');
SELECT pg_temp.found($$DELETE FROM usage_log WHERE request_id = '700' AND source = 'noted'$$, 1, 'a deleted row');
SELECT is((SELECT count(*) FROM usage_hourly WHERE hour = timestamptz '2034-01-01 00:00Z' + 700 * interval '1 hour'), 0::bigint, 'its hour, which has no other, is gone');
SELECT pg_temp.found($$DELETE FROM usage_log_2034_01 WHERE request_id = '300'$$, 1, 'a row deleted from its partition');
SELECT pg_temp.found($$INSERT INTO usage_log_2034_02 (at, usage, model, source, request_id) VALUES ('2034-02-02 00:10Z', usage(5), 'm', 'noted', 'straight')$$, 1, 'a row put into its partition');
SELECT pg_temp.found($$INSERT INTO usage_log (at, usage, model, source, request_id) VALUES ('2034-07-02 00:10Z', usage(5), 'm', 'noted', 'default')$$, 1, 'a row of no partition');
SELECT pg_temp.found($$SET LOCAL session_replication_role = replica; DELETE FROM usage_log WHERE request_id = '301'; SET LOCAL session_replication_role = origin$$, 1, 'a row deleted as replication does');
SELECT pg_temp.found($s$DO $d$ BEGIN DELETE FROM usage_log WHERE request_id = '302'; BEGIN DELETE FROM usage_log WHERE request_id = '303'; RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END;
	DELETE FROM usage_log WHERE request_id = '303'; END $d$$s$, 2, 'after a rolled back subtransaction');
SELECT pg_temp.refresh();
DELETE FROM usage_log WHERE source = 'noted' AND request_id::text IN ('305', '306');
SELECT is((SELECT count(*) FROM usage_change WHERE hour >= '2034-01-01'), 2::bigint, 'a note for each hour');
INSERT INTO usage_log (at, usage, model, source, request_id) SELECT timestamptz '2034-01-01 00:30Z' + 305 * interval '1 hour', usage(n), 'm', 'noted', 'more ' || n FROM generate_series(0, 50) AS n;
SELECT is((SELECT count(*) FROM usage_change WHERE hour >= '2034-01-01'), 2::bigint, 'and one only in a transaction');
SELECT pg_temp.refresh();
SELECT is((SELECT count(*) FROM usage_change WHERE hour >= '2034-01-01'), 0::bigint, 'none when they are read');

-- What is not noted.
CREATE TABLE public.noted_staged (LIKE usage_log INCLUDING ALL);
INSERT INTO noted_staged SELECT * FROM usage_log_2034_01;
UPDATE noted_staged SET usage = usage(9) WHERE request_id = '5';
SELECT pg_temp.looked($$ALTER TABLE usage_log DETACH PARTITION usage_log_2034_01; ALTER TABLE usage_log ATTACH PARTITION noted_staged FOR VALUES FROM ('2034-01-01Z') TO ('2034-02-01Z')$$, 'a swapped partition');
SELECT pg_temp.found($$DELETE FROM noted_staged WHERE request_id = '6'$$, 1, 'then its rows');
SELECT pg_temp.looked($$TRUNCATE usage_log_default; INSERT INTO usage_log (at, usage, model, source, request_id) VALUES ('2034-02-03Z', usage(1), 'm', 'noted', 'after')$$, 'a truncated partition');
SELECT pg_temp.looked($$ALTER TABLE usage_log DISABLE TRIGGER usage_changed; DELETE FROM usage_log WHERE request_id = '7'; ALTER TABLE usage_log ENABLE ALWAYS TRIGGER usage_changed$$, 'a trigger that was off');
SELECT pg_temp.looked($$SELECT set_price('notedco', 'noted-1', 'input', 1)$$, 'a new price');
SELECT pg_temp.looked($$SELECT forget_usage('usage_log', '2034-01-10Z', '2034-01-12Z')$$, 'hours that were forgotten');
UPDATE refresh_base SET looked_at = now() - interval '25 hours';
SELECT pg_temp.looked('SELECT', 'once a day');
CREATE TABLE public.noted_bait (at timestamptz);
CREATE TRIGGER bait AFTER INSERT ON noted_bait FOR EACH ROW EXECUTE FUNCTION usage_changed('no such column');
SELECT throws_ok('INSERT INTO noted_bait VALUES (now())', '39P01', NULL, 'a trigger names a column of time');

-- Tables of others, when they let it: an ordinary one, without time zone, and a partitioned one.
CREATE TABLE public.noted_tool ("startTime" timestamp, id int, model text, n int);
INSERT INTO noted_tool SELECT timestamp '2034-03-01 00:30' + n * interval '1 hour', n, 'm', n FROM generate_series(1, 100) AS n;
CREATE TABLE public.noted_parts (happened timestamptz, id int, model text, n int) PARTITION BY RANGE (happened);
CREATE TABLE public.noted_parts_1 PARTITION OF noted_parts FOR VALUES FROM ('2034-03-01Z') TO ('2034-04-01Z');
INSERT INTO noted_parts SELECT timestamptz '2034-03-01 00:30Z' + n * interval '1 hour', n, 'm', n FROM generate_series(1, 100) AS n;
SELECT attach_usage('tool', 'noted_tool', '{"at": "startTime", "request_id": "id", "model": "model", "input": "n", "input_includes_cached": true}'),
	attach_usage('parts', 'noted_parts', '{"at": "happened", "request_id": "id", "model": "model", "input": "n", "input_includes_cached": true}');
CREATE FUNCTION pg_temp.refresh_of(origin text, OUT by_notes boolean, OUT hours int, OUT exact boolean) LANGUAGE plpgsql AS $$
DECLARE f record;
BEGIN
	by_notes := notes_suffice(origin);
	f := refresh_find(origin, NULL, false, NULL, false);
	PERFORM refresh_hours(origin, '2034-01-01', '2035-08-01', f.hours, f.found_at);
	PERFORM refresh_end(origin, f.found_at, f.identity, f.problem);
	hours := cardinality(f.hours);
	EXECUTE format('SELECT (SELECT row(sum(usage), sum(rows)) FROM usage_hourly WHERE origin = %1$L) IS NOT DISTINCT FROM (SELECT row(sum(usage), count(*)::numeric) FROM usage_all WHERE source = %1$L)', origin) INTO exact;
END $$;
SELECT throws_ok($$SELECT note_changes('nobody')$$, '42704', NULL, 'of no such source');
SELECT results_eq(format('SELECT * FROM pg_temp.refresh_of(%L)', o), 'VALUES (false, 100, true)', o || ': looked at each time') FROM unnest(ARRAY['tool', 'tool', 'parts']) AS o;
SELECT note_changes('tool'), note_changes('parts');
SELECT results_eq($$SELECT by_notes FROM pg_temp.refresh_of('tool')$$, 'VALUES (false)', 'once more');
SELECT results_eq($$SELECT by_notes FROM pg_temp.refresh_of('parts')$$, 'VALUES (false)', 'once more');
UPDATE noted_tool SET n = 7 WHERE id = 5;
UPDATE noted_tool SET "startTime" = "startTime" + interval '400 days' WHERE id = 6;
DELETE FROM noted_parts_1 WHERE id = 9;
SELECT results_eq($$SELECT * FROM pg_temp.refresh_of('tool')$$, 'VALUES (true, 3, true)', 'then what was written is noted');
SELECT results_eq($$SELECT * FROM pg_temp.refresh_of('parts')$$, 'VALUES (true, 1, true)', 'in partitions, too');
CREATE TABLE public.noted_parts_2 PARTITION OF noted_parts FOR VALUES FROM ('2034-04-01Z') TO ('2034-05-01Z');
INSERT INTO noted_parts VALUES ('2034-04-02 00:30Z', 1000, 'm', 5);
SELECT results_eq($$SELECT by_notes, exact FROM pg_temp.refresh_of('parts')$$, 'VALUES (false, true)', 'a new partition is looked at');
ALTER TABLE noted_tool RENAME "startTime" TO began;
SELECT follow_sources();
UPDATE noted_tool SET n = 8 WHERE id = 5;
SELECT results_eq($$SELECT by_notes, exact FROM pg_temp.refresh_of('tool')$$, 'VALUES (false, true)', 'a renamed column stops no writer: everything is looked at');
SELECT note_changes('tool');
SELECT pg_temp.refresh_of('tool');
SELECT attach_usage('tool again', 'noted_tool', '{"at": "began", "request_id": "id", "model": "model", "input": "n", "input_includes_cached": true}');
SELECT ok(NOT notes_suffice('tool'), 'notes are for one source');
SELECT note_changes('tool', false), note_changes('parts', false);
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgname = 'inferacct_usage_changed'), 0::bigint, 'and go away');
CREATE TABLE public.noted_text (at text, id int, model text, n int);
SELECT attach_usage('texts', 'noted_text', '{"at": "at", "request_id": "id", "model": "model", "input": "n", "input_includes_cached": true}');
SELECT throws_ok($$SELECT note_changes('texts')$$, '42809', NULL, 'a time that is a text');

SELECT * FROM finish();
ROLLBACK;
