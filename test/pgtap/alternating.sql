-- What a call site keeps is kept for the arguments it was made for: whatever may alternate
-- from row to row gives in one query what it gives one at a time.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SELECT plan(28);

-- Books and policies that differ in every answer, and more of both than a call site keeps.
SELECT set_price('alt', m, meter, usd) FROM (VALUES ('small', 'input', 1), ('small', 'output', 2), ('large', 'input', 3), ('large', 'output', 7)) AS v(m, meter, usd) \g /dev/null
CREATE TEMP TABLE shelf ON COMMIT DROP AS
	SELECT n, price_book_scale(price_book_scale(book, 0, 'openai'), 1 + n / 1000.0, 'alt') AS book
	FROM generate_series(0, 2) AS n, (SELECT price_book(unpriced => 'null') AS book OFFSET 0) AS b;
CREATE TEMP TABLE small_shelf ON COMMIT DROP AS
	SELECT n, format('{"format":"1","version":"1","as_of":"9223372036854775807","contract":"","unpriced":"error","guess":"allow","models":[{"provider":"alt","model":"small","prices":[{"service_tier":"standard",'
		'"region":"","meter":"%s","kind":"rate","scope":"0","currency":"USD","value":"%s","unit_quantity":"1","min_input":"0","windows":"","valid_from":"-9223372036854775808",'
		'"valid_to":"9223372036854775807","version":"1","published_at":"0","source":""}]}],"aliases":[],"fx_rates":[]}', meter, 1000 + n)::price_book AS book
	FROM generate_series(0, 199) AS n, unnest(ARRAY['input', 'output']) AS meter WHERE (n % 2 = 0) = (meter = 'input');
CREATE TEMP TABLE log ON COMMIT DROP AS
	SELECT i, i % 7 / 7.0 AS score, 'alt/' || CASE WHEN i % 3 = 0 THEN 'small' ELSE 'large' END AS model, (i * 37 % 1000)::bigint AS input, (i * 91 % 300)::bigint AS output,
		usage(i * 37 % 1000, i * 91 % 300) AS used, timestamptz '2026-06-01Z' + i * interval '1 hour' AS at
	FROM generate_series(1, 600) AS i;

-- alike(what, query): the query over log l, joined to $choice by $n, gives in one go what it gives for each choice alone.
CREATE FUNCTION pg_temp.alike(what text, choice text, query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	n int;
	alone text[] := '{}';
	alternating text[];
	part text[];
BEGIN
	FOR n IN EXECUTE format('SELECT n FROM %I ORDER BY n', choice) LOOP
		EXECUTE format('SELECT array_agg(%s ORDER BY i) FROM log, (SELECT * FROM %I WHERE n = %s OFFSET 0) AS c WHERE i %% 3 = %s', query, choice, n, n) INTO part;
		alone := alone || part;
	END LOOP;
	EXECUTE format('SELECT array_agg(answer ORDER BY n, i) FROM (SELECT n, i, %s AS answer FROM (SELECT * FROM log ORDER BY i OFFSET 0) AS log JOIN %I ON n = i %% 3 OFFSET 0) AS a',
		query, choice) INTO alternating;
	RETURN NEXT ok(alternating = alone AND (SELECT count(DISTINCT a) > 100 FROM unnest(alone) AS a), what);
END $$;

SELECT pg_temp.alike('token_cost(book), a row a book', 'shelf', 'token_cost(book, model, used, at)::text');
SELECT pg_temp.alike('token_cost(book), in a service tier', 'shelf', 'coalesce(token_cost(book, model, used, at, CASE WHEN i % 2 = 0 THEN ''standard'' ELSE ''nosuch'' END)::text, ''none'' || i)');
SELECT pg_temp.alike('token_cost_detail(book)', 'shelf', '(SELECT string_agg(d::text, '';'') || i FROM token_cost_detail(book, model, used, at) AS d)');
SELECT pg_temp.alike('token_cost() of the tables, and usage()', 'shelf', 'token_cost(model, input * (n + 1), output, at)::text || usage(input * (n + 1), output)::text');

-- aggregates: all groups at once, hashed, each with a choice of its own, against one group at a time
CREATE FUNCTION pg_temp.grouped(what text, choice text, query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	n int;
	alone text[] := '{}';
	alternating text[];
	part text;
BEGIN
	PERFORM set_config('enable_sort', 'off', true), set_config('enable_nestloop', 'off', true), set_config('enable_mergejoin', 'off', true);
	FOR n IN EXECUTE format('SELECT n FROM %I ORDER BY n', choice) LOOP
		EXECUTE format('SELECT (%s)::text FROM log, (SELECT * FROM %I WHERE n = %s OFFSET 0) AS c', query, choice, n) INTO part;
		alone := alone || part;
	END LOOP;
	EXECUTE format('SELECT array_agg(answer::text ORDER BY n) FROM (SELECT n, %s AS answer FROM (SELECT * FROM %I JOIN log ON true ORDER BY i, n OFFSET 0) AS rows GROUP BY n) AS a', query, choice)
		INTO alternating;
	RETURN NEXT ok(alternating = alone AND (SELECT count(DISTINCT a) > 1 FROM unnest(alone) AS a), what);
END $$;
SELECT pg_temp.grouped('spend(book, tokens)', 'shelf', 'spend(book, model, input, output, at)');
SELECT pg_temp.grouped('spend(book, usage)', 'shelf', 'spend(book, model, used, at)');
SELECT pg_temp.grouped('spend(book, usage, tier, region)', 'shelf', 'spend(book, model, used, at, ''standard'', NULL)');
SELECT pg_temp.grouped('spend() of the tables', 'shelf', 'spend(model, input * (n + 1), output, at)');

-- within one group
SELECT is((SELECT spend(book, model, used, at) FROM (SELECT * FROM log, shelf ORDER BY i, n OFFSET 0) AS r),
	(SELECT sum(s) FROM (SELECT spend(book, model, used, at) AS s FROM log, shelf GROUP BY n) AS g), 'books that alternate within a group');
SELECT results_eq($$SELECT trim_scale(spend(book, model, used, at) OVER w) FROM (SELECT * FROM log, shelf ORDER BY i, n OFFSET 0) AS r WINDOW w AS (ORDER BY i, n ROWS 3 PRECEDING)$$,
	$$SELECT trim_scale(sum(token_cost(book, model, used, at)) OVER w) FROM (SELECT * FROM log, shelf ORDER BY i, n OFFSET 0) AS r WINDOW w AS (ORDER BY i, n ROWS 3 PRECEDING)$$, 'and in a moving window');
SELECT is((SELECT sum(token_cost(book, 'small', CASE WHEN n % 2 = 0 THEN usage(1000000) ELSE usage(0, 1000000) END, '2026-01-01')) FROM small_shelf, generate_series(1, 3)),
	(SELECT sum((1000 + n) * 0.000000001) FROM generate_series(0, 199) AS n, generate_series(1, 3)), 'more books than a call site keeps');
SELECT is((SELECT sum(token_cost(book, 'small', CASE WHEN n % 2 = 0 THEN usage(1000000) ELSE usage(0, 1000000) END, '2026-01-01')) FROM generate_series(1, 3) AS g, LATERAL (SELECT * FROM small_shelf ORDER BY (n * 77 + g) % 199 OFFSET 0) AS s),
	(SELECT sum((1000 + n) * 0.000000001) FROM generate_series(0, 199) AS n, generate_series(1, 3)), 'in any order');
SELECT throws_ok($$SELECT token_cost(book, 'small', usage(1), '2026-01-01') FROM small_shelf$$, 'IA001', NULL, 'an error of one book is not another''s');

-- routing policies
INSERT INTO routing_policy (name, kind) SELECT p, 'score' FROM unnest(ARRAY['a', 'b', 'c']) AS p;
INSERT INTO routing_tier (policy, below_score, model) VALUES ('a', 0.3, 'alt/small'), ('a', NULL, 'alt/large'), ('b', 0.6, 'alt/small'), ('b', NULL, 'alt/large'), ('c', 0.1, 'alt/large'), ('c', NULL, 'alt/small');
CREATE TEMP TABLE policies ON COMMIT DROP AS SELECT n, chr(97 + n) AS policy, CASE WHEN n = 1 THEN 'alt/small' ELSE 'alt/large' END AS baseline FROM generate_series(0, 2) AS n;
SELECT pg_temp.alike('route()', 'policies', 'route(policy, score) || '' '' || i');
SELECT pg_temp.grouped('route_savings()', 'policies', 'route_savings(policy, score, baseline, used, at)');
SELECT pg_temp.grouped('route_savings() in a tier and region', 'policies', 'route_savings(policy, score, baseline, used, at, NULL, NULL)');
SELECT is((SELECT array_agg(r::text ORDER BY policy, baseline) FROM (SELECT policy, baseline, route_savings(policy, score, baseline, used, at) AS r
		FROM (SELECT p.policy, b.baseline, l.* FROM log AS l, policies AS p, (VALUES ('alt/small'), ('alt/large')) AS b(baseline) ORDER BY i, policy, baseline OFFSET 0) AS x GROUP BY policy, baseline) AS g),
	(SELECT array_agg((SELECT route_savings(p.policy, score, b.baseline, used, at) FROM log)::text ORDER BY p.policy, b.baseline) FROM policies AS p, (VALUES ('alt/small'), ('alt/large')) AS b(baseline)),
	'a policy with two baselines');
SELECT throws_ok($$SELECT route_savings(policy, score, baseline, used, at) FROM log, policies$$, '22023', NULL, 'policies that alternate within a group');
SELECT throws_ok($$SELECT route_savings('a', score, baseline, used, at) FROM log, policies$$, '22023', NULL, 'and baselines');
SELECT throws_ok($$SELECT route(CASE WHEN i = 500 THEN 'nosuch' ELSE 'a' END, score) FROM log$$, 'IA401', NULL, 'an unknown policy among known ones');
SELECT is((SELECT count(*) FROM (SELECT route_savings(policy, score, baseline, used, at) AS r FROM log, policies, generate_series(1, 50) AS g GROUP BY n, g) AS x), 150::bigint, 'many groups');
INSERT INTO routing_policy (name, kind) SELECT 'p' || n, 'score' FROM generate_series(1, 150) AS n;
INSERT INTO routing_tier (policy, below_score, model) SELECT 'p' || n, n / 200.0, 'alt/small' FROM generate_series(1, 150) AS n UNION ALL SELECT 'p' || n, NULL, 'alt/large' FROM generate_series(1, 150) AS n;
SELECT is((SELECT count(*) FROM generate_series(1, 150) AS n, generate_series(1, 2) AS g WHERE route('p' || n, 0.4) = CASE WHEN n > 80 THEN 'alt/small' ELSE 'alt/large' END), 300::bigint, 'more policies than a call site keeps');

-- a policy that changes in the middle of a function's life
CREATE FUNCTION pg_temp.routed(policy text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN route(policy, 0.4); END $$;
SELECT is(pg_temp.routed('a') || pg_temp.routed('b'), 'alt/largealt/small', 'two policies through one function');
INSERT INTO routing_policy (name, kind, valid_from) VALUES ('a', 'score', '2026-01-01');
INSERT INTO routing_tier (policy, below_score, model, valid_from) VALUES ('a', 0.5, 'alt/small', '2026-01-01'), ('a', NULL, 'alt/large', '2026-01-01');
SELECT is(pg_temp.routed('a') || pg_temp.routed('b'), 'alt/smallalt/small', 'and when one of them has changed');

-- the other states
SELECT pg_temp.grouped('spend_by_month()', 'policies', 'spend_by_month(CASE WHEN n = 0 THEN model ELSE baseline END, input * (n + 1), output, at)');
SELECT pg_temp.grouped('batch_savings()', 'policies', 'batch_savings(baseline, used, at, interval ''2 days'')');
SELECT pg_temp.grouped('demand()', 'policies', 'demand(at, used, token_cost(baseline, used, at))');
SELECT pg_temp.grouped('parse_usage()', 'policies', 'sum(parse_usage(jsonb_build_object(''prompt_tokens'', input * (n + 1), ''completion_tokens'', output, ''total_tokens'', input * (n + 1) + output)))');

SELECT * FROM finish();
ROLLBACK;
