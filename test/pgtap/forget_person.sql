-- forget_person: a name goes out of everything that is kept, and no figure moves.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';
SET LOCAL client_min_messages = error;
SELECT plan(48);

SELECT set_price('fgp', 'fgp-a', 'input', 2), set_price('fgp', 'fgp-a', 'output', 9);
INSERT INTO usage_dimension (name, log_column, key, keep) VALUES ('person', 'end_user', NULL, 5), ('key', 'api_key', NULL, 100),
	('session', 'attributes', 'session', 100), ('caller', 'tags', 'caller', 100);
INSERT INTO usage_log (at, usage, model, source, request_id, tenant, team, end_user, api_key, attributes, tags)
SELECT timestamptz '2035-01-30 00:30Z' + n % 60 * interval '1 hour', usage(n * 3, n), 'fgp/fgp-a', 'fgp', n::text, 't' || n % 2, 'red', 'u' || n % 9, 'k' || n % 4,
	jsonb_build_object('session', 's' || n % 6, 'kept', n), CASE n % 3 WHEN 0 THEN jsonb_build_object('caller', 'c' || n % 5, 'x', 1) ELSE jsonb_build_array('x', 'caller:c' || n % 5, 7) END
FROM generate_series(1, 600) AS n;
CREATE TABLE fgp_rows AS SELECT at, 'a' || request_id AS id, 'fgp/fgp-a'::text AS model, 100 AS input, 10 AS output, end_user FROM usage_log WHERE source = 'fgp' AND request_id::int <= 90;
SELECT attach_usage('fgp_rows', 'fgp_rows', '{"at": "at", "request_id": "id", "model": "model", "input": "input", "output": "output", "input_includes_cached": true, "end_user": "end_user"}');
INSERT INTO spend_limit (name, usd, period, dimensions) VALUES ('fgp u1', 5, 'day', '{"person": "u1"}'), ('fgp key', 5, 'day', '{"key": "k1"}'), ('fgp team', 5, 'day', '{"team": "red"}');
CREATE FUNCTION pg_temp.refresh() RETURNS void LANGUAGE plpgsql AS $$
DECLARE f record; one text;
BEGIN
	FOREACH one IN ARRAY refresh_origins(NULL) LOOP
		f := refresh_find(one, NULL, false, NULL, true);
		PERFORM refresh_hours(one, '2035-01-01Z', '2035-03-01Z', f.hours, f.found_at);
		PERFORM refresh_end(one, f.found_at, f.identity, f.problem);
	END LOOP;
END $$;
-- Everywhere that a name is kept, as text.
CREATE FUNCTION pg_temp.found(name text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE t record; n bigint;
BEGIN
	FOR t IN SELECT c.oid::regclass AS relation FROM pg_class AS c JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
		WHERE c.relkind IN ('r', 'p') ORDER BY 1 LOOP
		EXECUTE format('SELECT count(*) FROM %s AS t WHERE to_jsonb(t)::text LIKE $1', t.relation) INTO n USING '%"' || name || '"%';
		IF n > 0 THEN RETURN NEXT t.relation; END IF;
	END LOOP;
END $$;
SELECT pg_temp.refresh();
SELECT ok((close_month('2035-01-01', before_its_end => true)).usd > 0, 'a month is closed');
CREATE TEMP TABLE before AS SELECT month, source, team, tenant, requests, usage, usd FROM monthly_spend;
CREATE TEMP TABLE booked AS SELECT * FROM month_close;
CREATE TEMP TABLE persons AS SELECT * FROM spend_by('person');

-- What is refused.
SELECT throws_ok($$SELECT forget_person(NULL, 'u1')$$, '22004', NULL, 'somebody');
SELECT throws_ok($$SELECT forget_person('team', 'red')$$, '42704', NULL, 'a team is no person');
SELECT throws_ok($$SELECT forget_person('colour', 'red')$$, '42704', NULL, 'nor is what nobody chose');
SELECT throws_ok($$SELECT forget_person('person', 'other')$$, '22023', NULL, 'nor all others');
SELECT throws_ok($$SELECT forget_person('person', '')$$, '22023', NULL, 'nor nobody');
SELECT throws_ok($$SELECT forget_person('person', 'u1', 'u2')$$, '22023', NULL, 'a pseudonym could not be taken for a name');
SELECT throws_ok($$SELECT forget_person('person', 'u1', 'pseudonym-' || repeat('x', 300))$$, '22023', NULL, 'and is short');
SET LOCAL ROLE inferacct_reader;
SELECT throws_ok($$SELECT forget_person('person', 'u1')$$, '42501', NULL, 'a reader makes nobody forgotten');
RESET ROLE;

-- Erased: the rows, the rollup, the values; the attached source is said.
SELECT ok('u1' IN (SELECT value FROM usage_dimension_value WHERE dimension = 'person' AND month = '2035-01-01') AND EXISTS (SELECT FROM usage_dimension_value
	WHERE dimension = 'person' AND is_tail), 'u1 is kept apart, beside a tail');
SELECT set_has($$SELECT * FROM pg_temp.found('u1')$$, $$VALUES ('usage_log'), ('usage_hourly'), ('usage_dimension_value'), ('spend_limit'), ('booked_usage')$$, 'and named in five tables');
SELECT bag_eq($$SELECT place, changed, remaining, note IS NULL FROM forget_person('person', 'u1') WHERE place NOT IN ('rollup', 'booked_usage')$$,
	$$SELECT 'usage_log' AS place, (SELECT count(*) FROM usage_log WHERE source = 'fgp' AND request_id::int % 9 = 1) AS changed, 0::bigint AS remaining, false AS quiet
	UNION ALL SELECT 'spend_limit', 1, 0, true UNION ALL SELECT 'source fgp_rows', 0, (SELECT count(*) FROM fgp_rows WHERE end_user = 'u1'), false$$, 'erased, and what is not is said');
SELECT is_empty($$SELECT * FROM pg_temp.found('u1')$$, 'no table names it');
SELECT set_eq('SELECT month, source, team, tenant, requests, usage, usd FROM monthly_spend', 'TABLE before', 'no figure has moved');
SELECT set_eq('SELECT * FROM month_close', 'TABLE booked', 'of the closed month neither');
SELECT ok((verify_month('2035-01-01')).verified, 'its books are as they were booked');
SELECT is((SELECT sum(requests) FROM spend_by('person') WHERE value IS NULL), (SELECT sum(requests)::numeric FROM persons WHERE value = 'u1' OR value IS NULL), 'what it used is of nobody');
SELECT set_eq($$SELECT month, value, requests, usd FROM spend_by('person') WHERE value IS NOT NULL$$, $$SELECT month, value, requests, usd FROM persons WHERE value <> 'u1'$$, 'everybody else is as before');
SELECT is((SELECT count(*) FROM spend_limit WHERE name LIKE 'fgp%'), 2::bigint, 'its limit is gone, others are not');
SELECT pg_temp.refresh();
SELECT is((SELECT count(*) FROM usage_hourly WHERE origin = 'usage_log' AND dimensions ->> 'person' = 'u1'), 0::bigint, 'hours that are read again do not bring it back');
UPDATE fgp_rows SET end_user = NULL WHERE end_user = 'u1';
SELECT is((SELECT remaining FROM forget_person('person', 'u1') WHERE place LIKE 'source%'), 0::bigint, 'and after the source none is left');
SELECT pg_temp.refresh();
SELECT set_eq('SELECT month, source, team, tenant, requests, usage, usd FROM monthly_spend', 'TABLE before', 'read again, no figure has moved');
SELECT ok((verify_month('2035-01-01')).verified, 'nor the books');
SELECT set_eq('SELECT price_effect, late_effect, unbooked_usd FROM month_close', 'VALUES (0::numeric, 0::numeric, 0::numeric)', 'nothing is late');

-- A pseudonym, by the column's own name, in one tenant.
SELECT is((SELECT changed FROM forget_person('api_key', 'k1', 'pseudonym-7', 't1') WHERE place = 'usage_log'), (SELECT count(*) FROM usage_log WHERE source = 'fgp' AND request_id::int % 4 = 1), 'a pseudonym');
SELECT is_empty($$SELECT * FROM pg_temp.found('k1')$$, 'in every place, since no other tenant has it');
SELECT is((SELECT dimensions ->> 'key' FROM spend_limit WHERE name = 'fgp key'), 'pseudonym-7', 'its limit goes on');
SELECT is((SELECT sum(requests) FROM spend_by('key') WHERE value = 'pseudonym-7'), 150::numeric, 'reports know it by that');
SELECT is((SELECT changed FROM forget_person('key', 'k3', 'pseudonym-8', 't0') WHERE place = 'usage_log'), 0::bigint, 'another tenant''s is not touched');
SELECT ok('usage_hourly' IN (SELECT * FROM pg_temp.found('k3')) AND 'usage_dimension_value' IN (SELECT * FROM pg_temp.found('k3')), 'and stays kept');
SELECT is((SELECT count(*) FROM usage_log WHERE api_key = 'pseudonym-8'), 0::bigint, 'nobody has that name');

-- A kept value beside a tail stays kept by its new name.
SELECT lives_ok($$SELECT forget_person('person', (SELECT min(value) FROM usage_dimension_value WHERE dimension = 'person' AND month = '2035-02-01' AND NOT is_tail), 'pseudonym-1')$$, 'beside a tail');
SELECT pg_temp.refresh();
SELECT ok((SELECT sum(requests) FROM spend_by('person', since => '2035-02-01') WHERE value = 'pseudonym-1') > 0, 'it is kept');
SELECT is((SELECT sum(requests) FROM spend_by('person') WHERE value = 'pseudonym-1'), (SELECT count(*)::numeric FROM usage_all WHERE end_user = 'pseudonym-1'), 'with all that the rows say');

-- In json.
SELECT is((SELECT changed FROM forget_person('session', 's2') WHERE place = 'usage_log'), 100::bigint, 'a session');
SELECT is_empty($$SELECT * FROM pg_temp.found('s2')$$, 'is gone');
SELECT is((SELECT count(*) FROM usage_log WHERE source = 'fgp' AND attributes ? 'kept'), 600::bigint, 'what stood beside it is not');
SELECT is((SELECT changed FROM forget_person('caller', 'c2') WHERE place = 'usage_log'), 120::bigint, 'of tags, an object or an array');
SELECT is((SELECT count(*) FROM usage_log WHERE source = 'fgp' AND request_id::int % 5 = 2 AND (tags = '{"x": 1}' OR tags = '["x", 7]')), 120::bigint, 'other tags stay, in their order');
SELECT is((SELECT changed FROM forget_person('caller', 'c3', 'pseudonym-9') WHERE place = 'usage_log'), 120::bigint, 'a pseudonym in tags');
SELECT is((SELECT count(*) FROM usage_log WHERE source = 'fgp' AND request_id::int % 5 = 3 AND (tags = '{"x": 1, "caller": "pseudonym-9"}' OR tags = '["x", "caller:pseudonym-9", 7]')), 120::bigint, 'in its place');
INSERT INTO usage_log (at, usage, model, source, request_id, tags, end_user) VALUES ('2035-01-05 10:10Z', usage(1), 'fgp/fgp-a', 'fgp', 'two', '["caller:a", "caller:b", "caller:a"]', repeat('long', 100));
SELECT is((SELECT changed FROM forget_person('caller', 'b') WHERE place = 'usage_log'), 1::bigint, 'the second of an array');
SELECT is((SELECT tags FROM usage_log WHERE request_id = 'two'), '["caller:a", "caller:a"]', 'and only that');
SELECT is((SELECT changed FROM forget_person('end_user', dimension_value(repeat('long', 100))) WHERE place = 'usage_log'), 1::bigint, 'a long value, as reports show it');

SET LOCAL ROLE inferacct_admin;
SELECT results_eq($$SELECT changed > 0, remaining IS NULL, note LIKE 'not looked at: permission denied%' FROM forget_person('session', 's3') WHERE place IN ('usage_log', 'source fgp_rows') ORDER BY place DESC$$,
	'VALUES (true, false, false), (false, true, true)', 'an admin may, and is told what he cannot see');
RESET ROLE;

-- Hours whose rows are gone.
SELECT pg_temp.refresh();
DELETE FROM usage_log WHERE source = 'fgp' AND at < '2035-01-31Z';
SELECT ok((SELECT changed FROM forget_person('session', 's4') WHERE place = 'rollup') > 0, 'the rollup forgets without the log');
SELECT is_empty($$SELECT * FROM pg_temp.found('s4')$$, 'there, too');
DROP TABLE fgp_rows;
SELECT results_eq($$SELECT remaining IS NULL, note LIKE 'not looked at:%' FROM forget_person('session', 's1') WHERE place LIKE 'source%'$$, 'VALUES (true, true)', 'a broken source is not known');

SELECT * FROM finish();
ROLLBACK;
