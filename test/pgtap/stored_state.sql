-- States of aggregates as they lie in tables and travel: what another version of inferacct laid
-- out otherwise, or what is damaged, is refused in every form and by every function, never misread.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SELECT plan(77);

SELECT set_price('stored', m, meter, 1) FROM unnest(ARRAY['a', 'b']) AS m, unnest(ARRAY['input', 'output']) AS meter \g /dev/null
INSERT INTO routing_policy (name, kind) VALUES ('stored', 'score');
INSERT INTO routing_tier (policy, below_score, model) VALUES ('stored', 0.5, 'stored/a'), ('stored', NULL, 'stored/b');

-- Bytes as they lie in a table, and back.
INSERT INTO pg_cast (oid, castsource, casttarget, castfunc, castcontext, castmethod)
SELECT 4294966000 + row_number() OVER (), a, b, 0, 'e', 'b'
FROM (SELECT t AS a, 'bytea'::regtype AS b FROM unnest('{demand,breakeven_state,spend_by_month_state,route_savings_state,route_quality_state}'::regtype[]) AS t
	UNION ALL SELECT 'bytea', t FROM unnest('{demand,breakeven_state,spend_by_month_state,route_savings_state,route_quality_state}'::regtype[]) AS t
	UNION ALL SELECT 'name', t FROM unnest('{spend_state,batch_state,cache_state}'::regtype[]) AS t) AS c;

-- A state of each type, the functions that take one, and where its format number and its number of meters lie.
CREATE TEMP TABLE kind (type regtype, value text, stored bytea, sent bytea, format_at int, meters_at int, reader text, combiner text) ON COMMIT DROP;
INSERT INTO kind
SELECT 'demand'::regtype, d::text, d::bytea, demand_send(d), 0, 1, 'traffic(%s)', 'demand_combine(%s, %1$s)'
FROM (SELECT demand('2026-01-01', usage(5, 6, 7), 0.5) AS d) AS x
UNION ALL
SELECT 'spend_by_month_state'::regtype, s::text, s::bytea, spend_by_month_state_send(s), 0, 1, 'spend_by_month_final(%s)', 'spend_by_month_combine(%s, %1$s)'
FROM (SELECT spend_by_month_accum(NULL, 'stored/a', usage(5, 6, 7), '2026-01-01') AS s) AS x
UNION ALL
SELECT 'breakeven_state'::regtype, s::text, s::bytea, breakeven_state_send(s), 0, 1, 'breakeven_demand(%s)', 'breakeven_combine(%s, %1$s)'
FROM (SELECT breakeven_accum(NULL, 'd', '2026-01-01', 'stored/a', usage(5, 6)) AS s) AS x
UNION ALL
SELECT 'route_savings_state'::regtype, s::text, s::bytea, route_savings_state_send(s), 0, NULL, 'route_savings_final(%s)', 'route_savings_combine(%s, %1$s)'
FROM (SELECT route_savings_accum(NULL, 'stored', 0.25, 'stored/b', usage(5, 6), '2026-01-01') AS s) AS x
UNION ALL
SELECT 'route_quality_state'::regtype, s::text, s::bytea, route_quality_state_send(s), 0, NULL, 'route_quality_final(%s)', 'route_quality_combine(%s, %1$s)'
FROM (SELECT route_quality_accum(NULL, 0.25, 0, 1) AS s) AS x;

CREATE FUNCTION pg_temp.refusal(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	about text;
BEGIN
	EXECUTE 'SELECT ' || query;
	RETURN 'read';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS about = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', SQLSTATE, SQLERRM, nullif(about, ''));
END $$;
CREATE FUNCTION pg_temp.literal(stored bytea, type regtype) RETURNS text LANGUAGE sql AS $$ SELECT format('%L::bytea::%s', stored, type) $$;

-- as they are, they are read
SELECT is(pg_temp.refusal(format(f, pg_temp.literal(stored, type))), 'read', type || ': as it is')
FROM kind, unnest(ARRAY[reader, combiner, '%s::text']) AS f;
-- of another format
SELECT is(pg_temp.refusal(format(f, pg_temp.literal(set_byte(stored, format_at, 9), type))),
	'XX001 a value of type ' || type || ' was stored by another version of inferacct Its format is number 9, this version reads number 1.', type || ': another format, ' || f)
FROM kind, unnest(ARRAY[reader, combiner, '%s::text']) AS f;
-- of a meter more, or less
SELECT matches(pg_temp.refusal(format(f, pg_temp.literal(set_byte(stored, meters_at, get_byte(stored, meters_at) + more), type))),
	'^XX001 a value of type ' || type || ' was stored by another version of inferacct It has counts of \d+ meters, this version has \d+ meters.$', type || format(': %s meters, ', more) || f)
FROM kind, unnest(ARRAY[1, -1]) AS more, unnest(ARRAY[reader, combiner]) AS f WHERE meters_at IS NOT NULL;
-- cut off, or longer
SELECT is_empty(format($$SELECT n, refusal FROM kind, generate_series(0, length(stored) - 1) AS n, pg_temp.refusal(format(reader, pg_temp.literal(substr(stored, 1, n), type))) AS refusal
	WHERE type = %L::regtype AND refusal NOT LIKE 'XX001 %%'$$, type), type || ': cut off anywhere') FROM kind;
SELECT is(left(pg_temp.refusal(format(reader, pg_temp.literal(stored || '\x0000000000000000', type))), 5), 'XX001', type || ': longer than it is') FROM kind;
-- a byte changed is refused or read, and nothing else happens
SELECT is_empty(format($$SELECT n, refusal FROM kind, generate_series(0, length(stored) - 1) AS n, unnest(ARRAY[0, 255]) AS b,
		pg_temp.refusal(format(reader, pg_temp.literal(set_byte(stored, n, b), type))) AS refusal
	WHERE type = %L::regtype AND refusal !~ '^(read|XX001|22P02|IA301|22003|22008|54000)'$$, type), type || ': changed anywhere') FROM kind;

-- in text and in binary form
SELECT is(pg_temp.refusal(format('%L::%s', regexp_replace(value, '^(\D*)1', '\19'), type)),
	'22P02 a value of type ' || type || ' was written by another version of inferacct Its format is number 9, this version reads number 1.', type || ': text of another format')
FROM kind;
SELECT is(pg_temp.refusal(format('%L::%s', text, type)),
	'22P02 a value of type ' || type || ' was written by another version of inferacct Its format is number 2, this version reads number 1.', type || ': text of another format')
FROM (VALUES ('spend_state', '2 1 0.5 0'), ('batch_state', '2 1 0 0 1 0 0'), ('cache_state', '2 1 2 3 4 5 0 0 0 0 0 0 0')) AS v(type, text);

-- states of fixed size: nothing but what this version wrote
SELECT is(left(pg_temp.refusal(format(call, format('%L::name::%s', repeat('x', 63), type))), 5), 'XX001', call || ' of ' || type)
FROM (VALUES ('spend_state', 'spend_final(%s)'), ('spend_state', 'spend_combine(NULL, %s)'), ('spend_state', 'spend_combine(%s, NULL)'), ('spend_state', '%s::text'),
	('batch_state', 'batch_final(%s)'), ('batch_state', 'batch_combine(NULL, %s)'), ('batch_state', 'batch_combine(%s, NULL)'), ('batch_state', '%s::text'),
	('cache_state', 'cache_final(%s)'), ('cache_state', 'cache_combine(NULL, %s)'), ('cache_state', 'cache_combine(%s, NULL)'), ('cache_state', '%s::text')) AS c(type, call);

SELECT * FROM finish();
ROLLBACK;
