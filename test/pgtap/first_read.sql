-- first read: an origin of which nothing was read yet is read at once where it is small enough, and is the same as one that was looked at first.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';
SET LOCAL client_min_messages = warning;
SELECT plan(16);

SELECT set_price('pgtapfirst', 'm', 'input', 3), set_price('pgtapfirst', 'm', 'output', 5), set_price('pgtapfirst', 'm', 'output', 7, '2034-01-10 10:37Z') \g /dev/null
CREATE TABLE first_log (id text UNIQUE, at timestamptz, model text, tokens_in bigint, tokens_out bigint, team text);
INSERT INTO first_log SELECT n::text, timestamptz '2034-01-05 00:10Z' + n * interval '11 minutes', 'pgtapfirst/m', n * 7919 % 300000, n % 97, 'team ' || n % 5 FROM generate_series(1, 3000) AS n;
SELECT attach_usage('first', 'first_log', '{"at": "at", "request_id": "id", "model": "model", "input": "tokens_in", "output": "tokens_out", "team": "team", "input_includes_cached": false}') \g /dev/null

-- As refresh_usage() does, without its commits: was it read at once?
CREATE FUNCTION pg_temp.refresh(name text DEFAULT 'first', chunk interval DEFAULT NULL) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	f record;
	start timestamptz;
BEGIN
	PERFORM refresh_begin(name);
	f := refresh_find(name, NULL, false, chunk, false);
	PERFORM refresh_raise(f.problem);
	FOREACH start IN ARRAY f.starts LOOP
		PERFORM refresh_raise(refresh_chunk(name, start, f.starts, f.hours, f.found_at));
	END LOOP;
	PERFORM refresh_end(name, f.found_at, f.identity, f.problem);
	RETURN f.starts = '{}';
END $$;
CREATE FUNCTION pg_temp.again() RETURNS void LANGUAGE sql AS $$ SELECT forget_usage('first') $$;
CREATE VIEW pg_temp.of_rollup AS SELECT hour, model, team, sum(rows) AS rows, sum(usage) AS usage, rollup_spend(model, usage, first_at, last_at, min_input, max_input, aggregated, service_tier, region) AS usd
	FROM usage_hourly WHERE origin = 'first' GROUP BY 1, 2, 3;
CREATE VIEW pg_temp.of_rows AS SELECT hour_of(at) AS hour, model, team, count(*)::numeric AS rows, sum(usage) AS usage, spend(model, usage, at, service_tier, region) AS usd
	FROM usage_of_first WHERE usage IS NOT NULL AND row_problem(at, usage) IS NULL GROUP BY 1, 2, 3;
CREATE FUNCTION pg_temp.exact(what text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT bag_eq('SELECT * FROM pg_temp.of_rollup', 'SELECT * FROM pg_temp.of_rows', what || ': the rollup is the sum of the rows') $$;

SELECT is(pg_temp.refresh(), false, 'a table of which nothing is known is looked at');
SELECT pg_temp.exact('looked at');
CREATE TEMP TABLE looked AS SELECT * FROM usage_hourly WHERE origin = 'first';
CREATE TEMP TABLE looked_hours AS SELECT hour, read_by, rows, fingerprint FROM refreshed_hour WHERE origin = 'first';

ANALYZE first_log;
SELECT is(pg_temp.refresh(), false, 'so is one of which something was read');
SELECT pg_temp.again();
SELECT is(pg_temp.refresh(), true, 'one that is small is read at once');
SELECT bag_eq($$SELECT * FROM usage_hourly WHERE origin = 'first'$$, 'SELECT * FROM looked', 'into the same rows');
SELECT bag_eq($$SELECT hour, read_by, rows, fingerprint FROM refreshed_hour WHERE origin = 'first'$$, 'SELECT * FROM looked_hours', 'with the same notes');
SELECT results_eq($$SELECT hours, hours_done, rows_read, problem FROM refresh_run WHERE origin = 'first'$$, $$SELECT count(*), count(*), 3000::bigint, NULL::text FROM looked_hours$$, 'which the progress tells');
SELECT ok((SELECT count(*) FROM usage_hourly WHERE origin = 'first' AND slice <> hour) > 0, 'an hour in which a price begins is cut');

-- Times that the first row does not tell of, however they lie.
INSERT INTO first_log VALUES ('before', '2031-05-05 05:05Z', 'pgtapfirst/m', 1, 1, 'team 1'), ('after', '2037-05-05 05:05Z', 'pgtapfirst/m', 2, 2, 'team 1');
ANALYZE first_log;
SELECT pg_temp.again();
SELECT is(pg_temp.refresh(), false, 'rows of other years are looked at');
SELECT pg_temp.exact('other years');

-- Rows that nothing can be made of stop nothing, and are noted as when they are looked at.
DELETE FROM first_log WHERE id IN ('before', 'after');
INSERT INTO first_log VALUES ('no time', NULL, 'pgtapfirst/m', 1, 1, NULL), ('never', '-infinity', 'pgtapfirst/m', 1, 1, NULL), ('too much', '2034-01-06 00:10Z', 'pgtapfirst/m', 1e17, 1, NULL), ('no model', '2034-01-06 00:10Z', NULL, 1, 1, NULL);
ANALYZE first_log;
SELECT pg_temp.again();
SELECT is(pg_temp.refresh(chunk => '1 day'), false, 'who asks for chunks gets them');
CREATE TEMP TABLE bad_hours AS SELECT hour, read_by, rows, fingerprint FROM refreshed_hour WHERE origin = 'first';
SELECT pg_temp.again();
SELECT is(pg_temp.refresh(), true, 'bad rows are read at once');
SELECT pg_temp.exact('bad rows');
SELECT bag_eq($$SELECT hour, read_by, rows, fingerprint FROM refreshed_hour WHERE origin = 'first'$$, 'SELECT * FROM bad_hours', 'with the same notes');

-- The tail of a dimension is found by a look.
INSERT INTO usage_dimension (name, log_column, keep) VALUES ('key', 'api_key', 3);
SELECT pg_temp.again();
SELECT is(pg_temp.refresh(), false, 'with a dimension it is looked at');
SELECT pg_temp.exact('with a dimension');

SELECT * FROM finish();
ROLLBACK;
