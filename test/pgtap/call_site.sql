-- token_cost() and usage() give their results in memory of the call site.  Whatever
-- keeps results of many rows has to have them apart, as it has those of plain SQL.
BEGIN;
SELECT plan(36);
SET search_path = inferacct, public;
SELECT set_price('call-site', 'm', 'input', 1.25), set_price('call-site', 'm', 'output', 3) \g /dev/null

CREATE TEMPORARY TABLE r AS
	SELECT n, n % 7 AS g, (n * 7919 % 1000 + 1)::bigint AS i, (n * 104729 % 500)::bigint AS o, timestamptz '2026-10-01 00:00Z' AS at, usage(n * 7919 % 1000 + 1, n * 104729 % 500) AS u
	FROM generate_series(1, 500) AS n;
ANALYZE r;

-- same(what, query): the query gives the same with each way to price and with plain SQL, in place of $cost.
CREATE FUNCTION pg_temp.same(what text, query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	by_hand text;
	priced text[];
	way text;
BEGIN
	EXECUTE replace(query, '$cost', '(i * 0.00000125 + o * 0.000003)') INTO by_hand;
	FOREACH way IN ARRAY ARRAY['token_cost(''call-site/m'', i, o, at)', 'token_cost(''call-site/m'', u, at)'] LOOP
		EXECUTE replace(query, '$cost', way) INTO way;
		priced := priced || way;
	END LOOP;
	RETURN NEXT is(priced, ARRAY[by_hand, by_hand], what);
END $$;

-- Written alike, whatever the scale.
CREATE FUNCTION pg_temp.list(numeric[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT string_agg(trim_scale(x)::text, ' ' ORDER BY n) FROM unnest($1) WITH ORDINALITY AS a(x, n) $$;

SELECT pg_temp.same('sum', 'SELECT trim_scale(sum($cost)) FROM r');
SELECT pg_temp.same('min and max', 'SELECT trim_scale(min($cost)) || '' '' || trim_scale(max($cost)) FROM r');
SELECT pg_temp.same('array_agg', 'SELECT pg_temp.list(array_agg($cost ORDER BY n)) FROM r');
SELECT pg_temp.same('array_agg without order', 'SELECT pg_temp.list(array_agg($cost)) FROM (SELECT * FROM r ORDER BY n) AS r');
SELECT pg_temp.same('array of a subquery', 'SELECT pg_temp.list(ARRAY(SELECT $cost FROM r ORDER BY n))');
SELECT pg_temp.same('array_agg(DISTINCT)', 'SELECT pg_temp.list(array_agg(DISTINCT $cost)) FROM r');
SELECT pg_temp.same('json', 'SELECT md5((SELECT jsonb_agg(trim_scale($cost) ORDER BY n) FROM r)::text)');
SELECT pg_temp.same('percentiles', 'SELECT pg_temp.list(percentile_disc(ARRAY[0.1, 0.5, 0.9]) WITHIN GROUP (ORDER BY $cost)) FROM r');
SELECT pg_temp.same('mode', 'SELECT trim_scale(mode() WITHIN GROUP (ORDER BY $cost)) FROM r');
SELECT pg_temp.same('ORDER BY', 'SELECT string_agg(n::text, '' '') FROM (SELECT n FROM r ORDER BY $cost, n) AS s');
SELECT pg_temp.same('top rows', 'SELECT pg_temp.list(array_agg(c)) FROM (SELECT $cost AS c FROM r ORDER BY 1 DESC LIMIT 10) AS s');
SELECT pg_temp.same('ties', 'SELECT pg_temp.list(array_agg(c)) FROM (SELECT $cost AS c FROM r ORDER BY round($cost, 4) DESC FETCH FIRST 10 ROWS WITH TIES) AS s');
SELECT pg_temp.same('lag and lead', 'SELECT pg_temp.list(array_agg(coalesce(a, 0) * 2 + coalesce(b, 0) * 3 + c ORDER BY n)) FROM (SELECT n, lag($cost) OVER w AS a, lead($cost, 2) OVER w AS b, $cost AS c FROM r WINDOW w AS (ORDER BY n)) AS s');
SELECT pg_temp.same('one window function alone', 'SELECT pg_temp.list(array_agg(a)) FROM (SELECT lag($cost, 1, 0::numeric) OVER (ORDER BY n) AS a FROM r) AS s');
SELECT pg_temp.same('first, last and nth value', 'SELECT pg_temp.list(array_agg(a + 2 * b + 3 * c ORDER BY n)) FROM (SELECT n, first_value($cost) OVER w AS a, last_value($cost) OVER w AS b, coalesce(nth_value($cost, 3) OVER w, 0) AS c FROM r WINDOW w AS (PARTITION BY g ORDER BY n ROWS BETWEEN 2 PRECEDING AND 2 FOLLOWING)) AS s');
SELECT pg_temp.same('moving sum and maximum', 'SELECT pg_temp.list(array_agg(a + 2 * b ORDER BY n)) FROM (SELECT n, sum($cost) OVER w AS a, max($cost) OVER w AS b FROM r WINDOW w AS (ORDER BY n ROWS BETWEEN 3 PRECEDING AND 1 FOLLOWING)) AS s');
SELECT pg_temp.same('window over groups', 'SELECT pg_temp.list(array_agg(a ORDER BY g)) FROM (SELECT g, sum(sum($cost)) OVER (ORDER BY g) AS a FROM r GROUP BY g) AS s');
SELECT pg_temp.same('DISTINCT ON', 'SELECT pg_temp.list(array_agg(c ORDER BY g)) FROM (SELECT DISTINCT ON (g) g, $cost AS c FROM r ORDER BY g, $cost DESC) AS s');
SET LOCAL enable_sort = off;
SELECT pg_temp.same('GROUP BY by hashing', 'SELECT string_agg(trim_scale(c) || '':'' || k, '' '' ORDER BY c) FROM (SELECT $cost AS c, count(*) AS k FROM r GROUP BY 1) AS s');
RESET enable_sort;
SET LOCAL enable_hashagg = off;
SELECT pg_temp.same('GROUP BY by sorting', 'SELECT string_agg(trim_scale(c) || '':'' || k, '' '' ORDER BY c) FROM (SELECT $cost AS c, count(*) AS k FROM r GROUP BY 1) AS s');
RESET enable_hashagg;
SELECT pg_temp.same('EXCEPT', 'SELECT pg_temp.list(array_agg(c ORDER BY c)) FROM (SELECT $cost AS c FROM r EXCEPT SELECT $cost FROM r WHERE g = 3) AS s');
SET LOCAL enable_hashjoin = off; SET LOCAL enable_nestloop = off;
SELECT pg_temp.same('merge join', 'SELECT count(*) || '' '' || sum(a.n * b.n) FROM (SELECT n, $cost AS c FROM r) AS a JOIN (SELECT n, $cost AS c FROM r) AS b USING (c)');
RESET enable_hashjoin;
SET LOCAL enable_mergejoin = off;
SELECT pg_temp.same('hash join', 'SELECT count(*) || '' '' || sum(a.n * b.n) FROM (SELECT n, $cost AS c FROM r) AS a JOIN (SELECT n, $cost AS c FROM r) AS b USING (c)');
RESET enable_nestloop; SET LOCAL enable_hashjoin = off;
SELECT pg_temp.same('nested loop', 'SELECT count(*) || '' '' || sum(a.n * b.n) FROM (SELECT n, $cost AS c FROM r) AS a JOIN (SELECT n, $cost AS c FROM r OFFSET 0) AS b ON a.c < b.c');
RESET enable_hashjoin; RESET enable_mergejoin;
SELECT pg_temp.same('a set beside it', 'SELECT pg_temp.list(array_agg(c + k)) FROM (SELECT $cost AS c, generate_series(1, 3) AS k FROM r WHERE n < 50) AS s');
SELECT pg_temp.same('CASE, GREATEST and an array of calls', 'SELECT pg_temp.list(array_agg(x[1] + 2 * x[2] + greatest($cost, 0.001) ORDER BY n)) FROM (SELECT *, ARRAY[$cost, CASE WHEN $cost > 0.001 THEN $cost ELSE 0 END] AS x FROM r) AS r');

-- usage(i, o) has to give what column u has.
CREATE FUNCTION pg_temp.same_usage(what text, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	stored text;
	made text;
BEGIN
	EXECUTE replace(query, '$usage', 'u') INTO stored;
	EXECUTE replace(query, '$usage', 'usage(i, o)') INTO made;
	RETURN is(made, stored, 'usage: ' || what);
END $$;
UPDATE r SET u = usage(input => i, output => o);

CREATE FUNCTION pg_temp.usage_of(outputs bigint[]) RETURNS usage[] LANGUAGE plpgsql AS $$
DECLARE
	made usage[];
	output bigint;
BEGIN
	FOREACH output IN ARRAY outputs LOOP
		made := made || usage(1, output, cache_read => NULL);
	END LOOP;
	RETURN made;
END $$;
SELECT is(pg_temp.usage_of('{NULL, 2, NULL, 0, 3}'), ARRAY[usage(1), usage(1, 2), usage(1), usage(1), usage(1, 3)], 'an argument that is NULL at first');
PREPARE made(bigint) AS SELECT usage(1, $1);
EXECUTE made(NULL) \g /dev/null
SELECT results_eq('EXECUTE made(2)', 'SELECT usage(1, 2)', 'a parameter that was NULL before');
SELECT pg_temp.same_usage('array_agg', 'SELECT array_agg($usage ORDER BY n)::text FROM r');
SELECT pg_temp.same_usage('lag', 'SELECT array_agg(x ORDER BY n)::text FROM (SELECT n, lag($usage, 2) OVER (ORDER BY n) AS x FROM r) AS s');
SELECT pg_temp.same_usage('window functions side by side', 'SELECT array_agg(x + y + z ORDER BY n)::text FROM (SELECT n, first_value($usage) OVER w AS x, last_value($usage) OVER w AS y, sum($usage) OVER w AS z FROM r WINDOW w AS (PARTITION BY g ORDER BY n ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING)) AS s');
SELECT pg_temp.same_usage('GROUP BY', 'SELECT string_agg(x::text || k, '','' ORDER BY x) FROM (SELECT $usage AS x, count(*) AS k FROM r GROUP BY 1) AS s');
SELECT pg_temp.same_usage('ORDER BY', 'SELECT string_agg(n::text, '','') FROM (SELECT n FROM r ORDER BY $usage, n) AS s');
SELECT pg_temp.same_usage('set operation', 'SELECT string_agg(x::text, '','' ORDER BY x) FROM (SELECT $usage AS x FROM r EXCEPT SELECT $usage FROM r WHERE g = 2) AS s');
SELECT pg_temp.same_usage('arguments of one call', 'SELECT array_agg(token_cost(''call-site/m'', $usage + $usage, at) ORDER BY n)::text FROM (SELECT i, o, at, n, u FROM r) AS s');

-- Variables of PL/pgSQL.
CREATE FUNCTION pg_temp.kept() RETURNS numeric[] LANGUAGE plpgsql AS $$
DECLARE
	kept numeric[] := '{}';
	last numeric;
	this numeric;
BEGIN
	FOR n IN 1 .. 20 LOOP
		last := this;
		this := token_cost('call-site/m', n * 1000, 0, '2026-10-01 00:00Z');
		kept := kept || last;
	END LOOP;
	RETURN kept || this;
END $$;
SELECT is(pg_temp.kept(), (SELECT NULL::numeric || array_agg(n * 0.00125 ORDER BY n) FROM generate_series(1, 20) AS n), 'variables of PL/pgSQL');

SELECT * FROM finish();
ROLLBACK;
