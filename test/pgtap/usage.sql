-- Type usage: errors by SQLSTATE, the binary form, and properties of random usages.
SET search_path = inferacct, inferacct_internal, public;
BEGIN;
SELECT plan(49);

-- The list of meters, which C, SQL and docs share
SELECT is((SELECT array_agg(name) FROM meter_list()), p.proargnames, 'the arguments of usage() are the meters')
FROM pg_proc AS p WHERE p.proname = 'usage' AND p.pronargs > 1;
SELECT is_empty($$SELECT name FROM meter_list() AS m WHERE meter(usage(jsonb_build_object(m.name, 7)), m.name) <> 7$$, 'each is counted by its name');
SELECT is_empty($$SELECT name FROM meter_list() AS m WHERE focus_meter(m.name) IS DISTINCT FROM m.focus_name OR focus_unit(m.name) IS DISTINCT FROM m.unit
	OR focus_token_direction(m.name) IS DISTINCT FROM initcap(nullif(m.side, 'other'))
	OR focus_token_cache_action(m.name) IS DISTINCT FROM CASE m.side WHEN 'input' THEN coalesce(initcap(m.cache), 'Uncached') END$$, 'FOCUS calls it what the list says');
SELECT is(cached_tokens(jsonb_object_agg(m.name, 1)::jsonb::usage), count(*) FILTER (WHERE m.cache = 'read'), 'cached tokens are those that are read from a cache')
FROM meter_list() AS m;
SELECT throws_ok($$SELECT focus_meter('tokens')$$, '22023', 'there is no meter "tokens"', 'another name has no name in FOCUS');

-- Errors of construction and text
SELECT throws_ok('SELECT usage(-1)', 'IA203', NULL, 'a count below zero is refused');
SELECT throws_ok('SELECT usage(pages => -9223372036854775808)', 'IA203', NULL, 'in the last meter, too');
SELECT throws_ok(format('SELECT %L::usage', t), code, NULL, format('%s: %s', code, t))
FROM (VALUES
	('{"input":-1}', 'IA203'),
	('{"input":9223372036854775808}', '22003'),
	('{"input":1e3}', '22P02'),
	('{"input":1.5}', '22P02'),
	('{"input":"1"}', '22P02'),
	('{"input":null}', '22P02'),
	('{"input":1,"input":1}', '22P02'),
	('{"tokens":1}', '22P02'),
	('{"input":1}{}', '22P02'),
	('{"input":1', '22P02'),
	('[]', '22P02'),
	('', '22P02')) AS v (t, code);
SELECT throws_ok($$SELECT '{"input":-1}'::jsonb::usage$$, 'IA203', NULL, 'jsonb: a count below zero');
SELECT throws_ok($$SELECT '{"input":1e30}'::jsonb::usage$$, '22003', NULL, 'jsonb: a count beyond bigint');
SELECT throws_ok($$SELECT '{"tokens":1}'::jsonb::usage$$, '22P02', NULL, 'jsonb: an unknown meter');
SELECT throws_ok($$SELECT 'null'::jsonb::usage$$, '22P02', NULL, 'jsonb: null is no usage');

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
SELECT is(pg_temp.hint_of($$SELECT '{"inptu":1}'::usage$$),
	'The meters are: ' || (SELECT string_agg(meter, ', ') FROM meters(
		(SELECT jsonb_object_agg(name, 1) FROM meter_list())::usage)) || '.',
	'the hint lists every meter in its order');
SELECT is((SELECT array_agg(meter) FROM meters(
		(SELECT jsonb_object_agg(name, 1) FROM meter_list())::usage)),
	(SELECT proargnames FROM pg_proc WHERE prosrc = 'usage_make'), 'the arguments of usage() are the meters');

-- Errors of arithmetic and reading
SELECT throws_ok('SELECT usage(1) - usage(2)', 'IA203', NULL, 'a difference below zero is refused');
SELECT throws_ok('SELECT usage(9223372036854775807) + usage(1)', '22003', NULL, 'a sum beyond bigint is refused');
SELECT throws_ok('SELECT sum(u) FROM (VALUES (usage(9223372036854775807)), (usage(1))) AS v (u)', '22003', NULL,
	'the aggregate refuses it, too');
SELECT throws_ok($$SELECT meter(usage(1), 'tokens')$$, '22023', NULL, 'there is no meter tokens');
SELECT is(pg_temp.hint_of($$SELECT meter(usage(1), 'tokens')$$), pg_temp.hint_of($$SELECT '{"x":1}'::usage$$),
	'and the hint lists the meters');
SELECT throws_ok('SELECT input_tokens(usage(9223372036854775807, cache_read => 1))', '22003', NULL,
	'prompt tokens beyond bigint are refused');
SELECT throws_ok('SELECT output_tokens(usage(0, 9223372036854775807, reasoning => 1))', '22003', NULL,
	'answer tokens beyond bigint are refused');

-- Binary form: what a client sends is checked.
CREATE TEMPORARY TABLE received (used usage) ON COMMIT DROP;
CREATE FUNCTION pg_temp.receive(message bytea) RETURNS usage LANGUAGE plpgsql AS
$$
DECLARE
	-- COPY's signature, flags and extension; one field; the end
	copied bytea := '\x5047434f50590aff0d0a0000000000000000000001'::bytea
		|| int4send(length(message)) || message || '\xffff'::bytea;
	octal text;
	result usage;
BEGIN
	SELECT string_agg(format('\%s%s%s', b / 64, b / 8 % 8, b % 8), '' ORDER BY i)
	FROM generate_series(0, length(copied) - 1) AS i, get_byte(copied, i) AS b INTO octal;
	EXECUTE format('COPY received FROM PROGRAM %L (FORMAT binary)', format('printf ''%s''', octal));
	DELETE FROM received RETURNING used INTO result;
	RETURN result;
END
$$;
SELECT is(usage_send(usage(258, pages => 7)), '\x00108001000000000000010200000000000000010000000000000007'::bytea,
	'binary form: bitmap, then counts');
SELECT is(pg_temp.receive(usage_send(u)), u, format('binary form keeps %s', u))
FROM (VALUES (usage()), ('{}'), (usage(9223372036854775807, 1, pages => 3))) AS v (u);
SELECT throws_ok(format('SELECT pg_temp.receive(%L)', message), code, NULL, reason)
FROM (VALUES
	('\x000000010000000000000000', '22P03', 'a zero count is refused'),
	('\x00000001ffffffffffffffff', '22P03', 'a negative count is refused'),
	(format('\x%s', lpad(to_hex(1::bigint << (SELECT count(*)::integer FROM meter_list())), 8, '0')), '22P03', 'an unknown meter is refused'),
	('\x0000000100000001', '08P01', 'a short message is refused'),
	('\x0000000100000000000000010000000000000001', '22P03', 'a long message is refused')) AS v (message, code, reason);

-- Properties of random usages
SELECT setseed(0.5);
CREATE TABLE sample AS
SELECT i AS id, i % 7 AS team,
	CASE WHEN i % 11 > 0 THEN usage((random() * 1e12)::bigint * (i % 2), (random() * 1e6)::bigint, (random() * 3)::int,
		reasoning => (random() * 2)::int, web_searches => (random() * 0.6)::int, pages => (i % 97 = 0)::int) END AS used
FROM generate_series(1, 3000) AS i;

CREATE FUNCTION pg_temp.sum_by_meter(team_id int) RETURNS jsonb LANGUAGE sql AS
$$
SELECT jsonb_object_agg(meter, total)
FROM (SELECT m.meter, sum(m.quantity) AS total FROM sample, meters(used) AS m WHERE team = team_id GROUP BY m.meter) AS t
$$;
SELECT is((SELECT count(*) FROM (SELECT team, sum(used) AS used FROM sample GROUP BY team) AS t
	WHERE used::jsonb = pg_temp.sum_by_meter(team)), 7::bigint, 'sum() is the sum of every meter');
SELECT is((SELECT count(*) FROM sample WHERE used::text::usage <> used OR used::jsonb::usage <> used
		OR used::json::usage <> used), 0::bigint, 'text, json and jsonb keep a usage');
SELECT is((SELECT count(*) FROM sample AS a JOIN sample AS b ON b.id = a.id + 1
	WHERE a.used + b.used - b.used <> a.used OR a.used + b.used <> b.used + a.used), 0::bigint,
	'subtracting undoes adding, which commutes');
SELECT is((SELECT count(*) FROM sample WHERE input_tokens(used) + output_tokens(used) <>
	(SELECT coalesce(sum(quantity), 0) FROM meters(used) WHERE meter NOT IN ('requests', 'web_searches', 'pages'))),
	0::bigint, 'both sides make up the tokens');
SELECT is((SELECT count(*) FROM
	(SELECT id, sum(used) OVER (ORDER BY id ROWS BETWEEN 3 PRECEDING AND 1 FOLLOWING) AS moving FROM sample) AS w,
	LATERAL (SELECT sum(used) AS plain FROM sample AS s WHERE s.id BETWEEN w.id - 3 AND w.id + 1) AS p
	WHERE w.id <= 300 AND moving IS DISTINCT FROM plain), 0::bigint, 'a moving sum is the sum of its frame');
SELECT is((SELECT count(*) FROM sample AS a JOIN sample AS b ON a.id < b.id AND b.id <= 100
	WHERE (a.used < b.used)::int + (a.used = b.used)::int + (a.used > b.used)::int <> 1), 0::bigint,
	'exactly one of <, =, > holds');

-- Workers
CREATE TEMPORARY TABLE serial_sum ON COMMIT DROP AS SELECT sum(used) AS used FROM sample;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
CREATE FUNCTION pg_temp.plan_of(statement text) RETURNS SETOF text LANGUAGE plpgsql AS
$$
BEGIN
	RETURN QUERY EXECUTE 'EXPLAIN (COSTS off) ' || statement;
END
$$;
SELECT ok(EXISTS (SELECT FROM pg_temp.plan_of('SELECT sum(used) FROM sample') AS line WHERE line LIKE '%Partial Aggregate%'),
	'workers sum parts');
SELECT is((SELECT sum(used) FROM sample), (SELECT used FROM serial_sum), 'and the parts make the same sum');

SELECT * FROM finish();
ROLLBACK;
