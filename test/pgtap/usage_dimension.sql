-- usage_dimension: what the rollup says of a chosen dimension is the sum of its requests, bounded, in any order of reading.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';
SET LOCAL client_min_messages = warning;
SELECT plan(34);

SELECT throws_ok($$INSERT INTO usage_dimension (name, log_column) VALUES ('team', 'api_key')$$, '23514', NULL, 'a dimension has a name of its own');
SELECT throws_ok($$INSERT INTO usage_dimension (name, log_column) VALUES ('agent', 'tags')$$, '23514', NULL, 'tags are read by a key');
SELECT throws_ok($$INSERT INTO usage_dimension (name, log_column, keep) VALUES ('agent', 'api_key', 0)$$, '23514', NULL, 'some values are kept');
SELECT throws_ok($$SELECT spend_by('colour')$$, '42704', NULL, 'no such dimension');
SELECT throws_ok($$SELECT spend_by(NULL)$$, '22004', NULL, 'nor a NULL one');
SELECT is(tag_value('{"agent": "a", "n": 7}', 'n') || tag_value('["x", "agent:b:c", "agent:d"]', 'agent'), '7b:c', 'tags are an object or an array');
SELECT is(tag_value('["agent"]', 'agent'), NULL, 'a tag without a value states none');
SELECT is(tag_value('{"a": null, "b": {"c": true}}', 'a') IS NULL AND tag_value('"agent:x"', 'agent') IS NULL, true, 'null, and what is no list, state none');
SELECT is(ARRAY[tag_value('{"b": {"c": true}}', 'b'), tag_value('{"b": false}', 'b'), tag_value('{"b": ""}', 'b')], ARRAY['{"c": true}', 'false', NULL], 'any other value is its text');
SELECT is(length(dimension_value(repeat('x', 3000))), 75, 'a long value is cut');
SELECT is(octet_length(dimension_value(repeat('é', 300))), 75, 'between characters');
SELECT isnt(dimension_value(repeat('x', 3000)), dimension_value(repeat('x', 3001)), 'and stays different');

SELECT set_price('pgtapco', 'dimensional', 'input', 2), set_price('pgtapco', 'dimensional', 'output', 9);
-- As refresh_usage() does, hour by hour and in a random order, without its commits.
CREATE FUNCTION pg_temp.refresh() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE f record; h timestamptz; n bigint := 0;
BEGIN
	f := refresh_find('usage_log', NULL, false, NULL, true);
	FOR h IN SELECT x FROM unnest(f.hours) AS x ORDER BY md5(x::text) LOOP
		n := n + refresh_hours('usage_log', h, h + interval '1 hour', f.hours, f.found_at);
	END LOOP;
	PERFORM refresh_end('usage_log', f.found_at, f.identity, f.problem);
	RETURN n;
END $$;
INSERT INTO usage_log (at, usage, model, source, request_id, tenant, team, api_key, end_user, tags)
SELECT timestamptz '2034-01-30 00:30Z' + n % 96 * interval '1 hour', usage(n, n % 7), 'pgtapco/dimensional', 'dim', n::text, 'tenant ' || n % 2, 'team ' || n % 3,
	CASE WHEN n % 10 > 0 THEN 'key ' || n * n % 11 END, 'user ' || (n * 7919 % 1000) / (1 + n % 30), jsonb_build_object('agent', 'agent ' || n % 5)
FROM generate_series(1, 3000) AS n;

SELECT is(pg_temp.refresh(), 3000::bigint, 'without dimensions');
SELECT is((SELECT count(*) FROM usage_hourly WHERE dimensions IS NOT NULL AND source = 'dim'), 0::bigint, 'none is kept');
INSERT INTO usage_dimension (name, log_column, key, keep) VALUES ('agent', 'tags', 'agent', 3), ('key', 'api_key', NULL, 100), ('user', 'end_user', NULL, 20);
SELECT ok(NOT notes_suffice(), 'a dimension was chosen: everything is looked at');
SELECT ok(strpos((SELECT string_agg(note, ' ') FROM spend_by('key')), 'before the dimension was chosen') > 0, 'until then reports say so');
SELECT is(pg_temp.refresh(), 3000::bigint, 'and read again');

CREATE TEMP VIEW of_rows AS SELECT month_of(at) AS month, dimension_value(api_key) AS key, dimension_value(end_user) AS "user", tag_value(tags, 'agent') AS agent, team, tenant,
	count(*) AS requests, spend(model, usage, at, service_tier, region) AS usd FROM usage_log WHERE source = 'dim' GROUP BY 1, 2, 3, 4, 5, 6;
SELECT bag_eq($$SELECT month, value, requests, usd FROM spend_by('key')$$, $$SELECT month, key, sum(requests)::bigint AS requests, sum(usd) AS usd FROM of_rows GROUP BY 1, 2$$, 'a dimension of which all is kept');
SELECT bag_eq($$SELECT month, value, second_value, requests, usd FROM spend_by('tenant', 'key', '2034-02-01', '2034-03-01')$$,
	$$SELECT month, tenant, key, sum(requests)::bigint AS requests, sum(usd) AS usd FROM of_rows WHERE month = '2034-02-01' GROUP BY 1, 2, 3$$, 'two at once, of a month');
CREATE FUNCTION pg_temp.tail_exact(what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN NEXT bag_eq($q$SELECT month, value, second_value, requests, usd FROM spend_by('user', 'agent')$q$,
		$q$SELECT month, CASE WHEN "user" IN (SELECT value FROM usage_dimension_value AS v WHERE v.dimension = 'user' AND v.month = r.month AND NOT is_tail) THEN "user" ELSE 'other' END AS "user",
			CASE WHEN agent IN (SELECT value FROM usage_dimension_value AS v WHERE v.dimension = 'agent' AND v.month = r.month AND NOT is_tail) THEN agent ELSE 'other' END AS agent,
			sum(requests)::bigint AS requests, sum(usd) AS usd FROM of_rows AS r GROUP BY 1, 2, 3$q$, what || ': kept values and other are the sums of their requests');
END $$;
SELECT pg_temp.tail_exact('a tail');
SELECT is((SELECT max(n) FROM (SELECT count(DISTINCT dimensions ->> 'user') AS n FROM usage_hourly WHERE source = 'dim' GROUP BY month_of(hour)) AS m), 21::bigint, 'no more values than are kept, and other');
SELECT matches((SELECT note FROM spend_by('user') WHERE value = 'other' LIMIT 1), '^other: all values of user that are not kept$', 'which says so');

-- More of the same month, of new and old values, with room made meanwhile.
UPDATE usage_dimension SET keep = 1000;
INSERT INTO usage_log (at, usage, model, source, request_id, end_user, tags)
SELECT timestamptz '2034-01-31 05:30Z' + n % 40 * interval '1 hour', usage(n), 'pgtapco/dimensional', 'dim', 'late ' || n, 'user ' || n, '["agent:agent 4"]' FROM generate_series(1, 300) AS n;
UPDATE usage_log SET end_user = 'user 1' WHERE source = 'dim' AND request_id < '15';
DELETE FROM usage_log WHERE source = 'dim' AND request_id LIKE '%9';
SELECT ok(pg_temp.refresh() > 0, 'changes');
SELECT pg_temp.tail_exact('after changes');
SELECT is((SELECT sum(usd) FROM spend_by('user')), (SELECT sum(usd) FROM monthly_spend WHERE source = 'dim'), 'a report adds up to monthly_spend');
SELECT is(compact_usage() > 0, true, 'by the month');
SELECT pg_temp.tail_exact('by the month');

-- What does not add up is counted in the rows.
SELECT throws_ok($$SELECT request_distribution('2034-01-01', NULL)$$, '22004', NULL, 'a span has two ends');
SELECT throws_ok($$SELECT request_distribution('2034-01-01', '2034-02-01', 'colour')$$, '42704', NULL, 'no such dimension');
SELECT throws_ok($$SELECT request_distribution('2034-01-01', '2034-02-01', per => 'hour')$$, '22023', NULL, 'no such period');
SELECT bag_eq($$SELECT period, requests, distinct_values FROM request_distribution('2034-01-01', '2034-03-01')$$,
	$$SELECT (at AT TIME ZONE 'UTC')::date AS period, count(*) AS requests, count(DISTINCT (tenant, end_user)) AS distinct_values FROM usage_log WHERE source = 'dim' GROUP BY 1$$, 'users by day');
SELECT results_eq($$SELECT period, requests, distinct_values, unpriced_requests FROM request_distribution('2034-01-01', '2035-01-01', 'agent', 'year')$$,
	$$SELECT date '2034-01-01', count(*), count(DISTINCT (tenant, tag_value(tags, 'agent'))), 0::bigint FROM usage_log WHERE source = 'dim'$$, 'agents of a year, those that are not kept, too');
SELECT results_eq($$SELECT p50_usd, p90_usd, p99_usd, max_usd FROM request_distribution('2034-01-01', '2034-02-01', per => 'month')$$,
	$$SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY c), percentile_disc(0.9) WITHIN GROUP (ORDER BY c), percentile_disc(0.99) WITHIN GROUP (ORDER BY c), max(c)
	FROM (SELECT token_cost(model, usage, at) AS c FROM usage_log WHERE source = 'dim' AND at < '2034-02-01Z') AS t$$, 'percentiles of cost');
UPDATE usage_log SET model = 'no-such-model' WHERE source = 'dim' AND request_id = '2000';
SELECT is((SELECT unpriced_requests FROM request_distribution('2034-01-01', '2035-01-01', per => 'year')), 1::bigint, 'what has no price is counted');

SELECT * FROM finish();
ROLLBACK;
