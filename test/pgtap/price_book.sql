-- Price books: errors by SQLSTATE, forms that keep every byte, the same answers as the tables.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SELECT plan(77);

SELECT throws_ok(format('SELECT %L::price_book', value), '22P02', NULL, what)
FROM (VALUES ('', 'no text'), ('x', 'no JSON'), ('[]', 'a list'), ('{}', 'an empty object'),
	('{"format":"1","version":"1","as_of":"0","contract":"","unpriced":"error","guess":"allow","models":[],"aliases":[],"fx_rates":[]} 1', 'text after the book'),
	('{"format":"1","version":1,"as_of":"0","contract":"","unpriced":"error","guess":"allow","models":[],"aliases":[],"fx_rates":[]}', 'a number that is no string'),
	('{"format":"1","version":"1","as_of":"0","contract":"","unpriced":"error","guess":"allow","models":[{"provider":"p","model":"m"}],"aliases":[],"fx_rates":[]}', 'a model without prices'),
	('{"format":"1","version":"1","as_of":"0","contract":"","unpriced":"error","guess":"allow","models":[],"aliases":[{"alias":"a"}],"fx_rates":[]}', 'an alias of nothing'),
	('{"format":"2","version":"1","as_of":"0","contract":"","unpriced":"error","guess":"allow","models":[],"aliases":[],"fx_rates":[]}', 'another format'),
	('{"format":"1","version":"1","as_of":"0","contract":"","unpriced":"never","guess":"allow","models":[],"aliases":[],"fx_rates":[]}', 'another policy'),
	(repeat('[', 100000), 'nested too deeply')) v (value, what);
SELECT throws_ok(format('SELECT (replace(price_book()::text, %L, %L))::price_book', was, becomes), '22P02', NULL, becomes)
FROM (VALUES ('"kind":"rate"', '"kind":"rant"'), ('"meter":"input"', '"meter":"inlet"'), ('"unit_quantity":"1000000"', '"unit_quantity":"0"'), ('"min_input":"0"', '"min_input":"-1"'),
	('"service_tier":"standard"', '"service_tier":""')) v (was, becomes);
SELECT throws_ok($$SELECT price_book(contract => 'nobody')$$, 'IA006', NULL, 'a contract that there is not');
SELECT lives_ok($$SELECT '{"format":"1","version":"1","as_of":"0","contract":"","unpriced":"error","guess":"allow","models":[],"aliases":[],"fx_rates":[]}'::price_book$$, 'an empty book is a book');

CREATE FUNCTION pg_temp.receive(message bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	copied bytea := '\x5047434f50590aff0d0a0000000000000000000001'::bytea || int4send(length(message)) || message || '\xffff'::bytea;
	octal text;
	result text;
BEGIN
	CREATE TEMP TABLE IF NOT EXISTS received (book price_book) ON COMMIT DROP;
	SELECT string_agg(format('\%s%s%s', b / 64, b / 8 % 8, b % 8), '' ORDER BY i) FROM generate_series(0, length(copied) - 1) AS i, get_byte(copied, i) AS b INTO octal;
	EXECUTE format('COPY received FROM PROGRAM %L (FORMAT binary)', format('printf ''%s''', octal));
	DELETE FROM received RETURNING book::text INTO result;
	RETURN result;
END $$;
SELECT throws_ok($$SELECT pg_temp.receive('\x02')$$, '22P03', NULL, 'binary: another version');
SELECT throws_ok($$SELECT pg_temp.receive('\x01')$$, '22P03', NULL, 'binary: nothing in it');
SELECT throws_ok($$SELECT pg_temp.receive('')$$, '08P01', NULL, 'binary: no version');
SELECT throws_ok($$SELECT pg_temp.receive('\x0178')$$, '22P03', NULL, 'binary: no JSON');
SELECT is(pg_temp.receive(price_book_send('{"format":"1","version":"1","as_of":"0","contract":"gold","unpriced":"null","guess":"refuse","models":[],"aliases":[],"fx_rates":[]}')), '{"format":"1","version":"1","as_of":"0","contract":"gold","unpriced":"null","guess":"refuse","models":[],"aliases":[],"fx_rates":[]}', 'binary: a book');

-- names and texts of any length and kind survive
INSERT INTO price (provider, model, meter, usd, source, service_tier) VALUES
	('odd"\p/', repeat(U&'\65E5', 85), 'input', 1, repeat('s', 100000), repeat('t', 255)), ('odd"\p/', E'tab\there\x01', 'input', 1, '', 'standard');
INSERT INTO price (provider, model, meter, usd, above_input_tokens, threshold_inclusive, valid_from) VALUES
	('edge', 'e', 'input', 1, 9223372036854775806, false, '294276-12-31 23:59:59Z'), ('edge', 'e', 'input', 2, 0, true, '4713-01-01 BC'), ('edge', 'e', 'input', 3, 0, false, '-infinity');
CREATE TEMP TABLE made ON COMMIT DROP AS SELECT price_book(unpriced => 'null') AS book;
SELECT is(book::text::price_book::text, book::text, 'text form keeps every byte') FROM made;
SELECT is(price_book_send(book::text::price_book), price_book_send(book), 'binary form keeps every byte') FROM made;
SELECT is((price_book_info(book::text::price_book)).bytes, (price_book_info(book)).bytes, 'a book read back is as large') FROM made;
SELECT is(token_cost(book, repeat(U&'\65E5', 85), usage(1000000), '2026-01-01', repeat('t', 255)), 1::numeric, 'long names are found') FROM made;
SELECT is(token_cost(book, 'edge/e', usage(1000000), '2026-01-01'), token_cost('edge/e', usage(1000000), '2026-01-01'), 'extreme times and thresholds') FROM made;

-- the same answers as the tables, for every model and every alias, at every price change
CREATE TEMP TABLE question ON COMMIT DROP AS
SELECT name, at, tier, usage(i, 1000, i / 3, i / 5, i / 7, 100, web_searches => 1) AS used
FROM (SELECT provider || '/' || model AS name, CASE WHEN isfinite(valid_from) THEN valid_from ELSE '2026-01-01' END AS at, service_tier AS tier FROM price
	UNION SELECT alias, CASE WHEN isfinite(valid_from) THEN valid_from ELSE '2026-11-01' END, 'standard' FROM model_alias
	UNION SELECT model, '2026-11-15 02:30:00Z', 'standard' FROM price) n, unnest(ARRAY[1000, 300000]) AS i;
SET LOCAL inferacct.unpriced = 'null';
SELECT cmp_ok((SELECT count(*) FROM question), '>', 4000::bigint, 'many questions');
SELECT is_empty($$SELECT name, at, tier, by_book, by_tables FROM made, question, token_cost(book, name, used, at, tier) by_book, token_cost(name, used, at, tier) by_tables
	WHERE by_book IS DISTINCT FROM by_tables$$, 'a book answers as the tables');
SELECT is((SELECT spend(book, name, used, at, tier, NULL) FROM made, question), (SELECT spend(name, used, at, tier, NULL) FROM question), 'also in sum');
SELECT is((SELECT spend(book, name, used, at) FROM made, question), (SELECT sum(token_cost(book, name, used, at)) FROM made, question), 'which is the sum of costs');
SELECT isnt((SELECT spend(book, name, used, at) FROM made, question), NULL, 'and not nothing');
RESET inferacct.unpriced;

-- many books at one call site
CREATE TEMP TABLE books ON COMMIT DROP AS
SELECT i, format('{"format":"1","version":"1001","as_of":"9223372036854775807","contract":"","unpriced":"null","guess":"allow","models":[{"provider":"p","model":"m","prices":[{"service_tier":"standard","region":"","meter":"input","kind":"rate","scope":"0",'
	'"currency":"USD","value":"%s","unit_quantity":"1","min_input":"0","windows":"","valid_from":"%s","valid_to":"9223372036854775807","version":"1","published_at":"0","source":""}]}],"aliases":[],"fx_rates":[]}',
	i, CASE WHEN i % 2 = 0 THEN '-9223372036854775808' ELSE '0' END)::price_book AS book FROM generate_series(1, 200) AS i;
SELECT is((SELECT sum(token_cost(book, 'm', usage(1000000000000000), '2026-01-01')) FROM books), 20100::numeric, 'each book has its own price');
SELECT is((SELECT count(token_cost(book, 'm', usage(1), '1999-01-01')) FROM books), 100::bigint, 'and its own times');

-- A book carries the settings it was made under: none changes what it answers, in no kind of plan.
CREATE FUNCTION pg_temp.answers(book price_book) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(token_cost(book, 'nosuch', usage(1), '2026-01-01')::text, '-') || coalesce(spend(book, 'nosuch', usage(1), '2026-01-01')::text, '-')
		|| coalesce(spend(book, 'nosuch', 1, 1, '2026-01-01')::text, '-') || (SELECT count(*) FROM token_cost_detail(book, 'nosuch', usage(1), '2026-01-01'))
		|| coalesce(token_cost(book, 'gpt-4o', usage(pages => 1), '2026-01-01')::text, '-')
		|| coalesce(token_cost(book, 'gpt-4o', usage(1), '2026-01-01', 'nosuch')::text, '-')
$$;
SELECT is(pg_temp.answers(book), '---0--', setting || ': NULL by a book that says so')
FROM (VALUES ('error'), ('null')) AS s(setting), set_config('inferacct.unpriced', setting, true), (SELECT price_book(unpriced => 'null') AS book) AS b;
SELECT throws_ok(format('SET LOCAL inferacct.unpriced = %I; SELECT %s', setting, call), code, NULL, setting || ': ' || call)
FROM (VALUES ('error'), ('null')) AS s(setting), (VALUES
	('token_cost(price_book(unpriced => ''error''), ''nosuch'', usage(1), ''2026-01-01'')', 'IA002'),
	('spend(price_book(unpriced => ''error''), ''nosuch'', usage(1), ''2026-01-01'')', 'IA002'),
	('spend(price_book(unpriced => ''error''), ''nosuch'', 1, 1, ''2026-01-01'')', 'IA002'),
	('token_cost_detail(price_book(unpriced => ''error''), ''nosuch'', usage(1), ''2026-01-01'')', 'IA002'),
	('token_cost(price_book(unpriced => ''error''), ''gpt-4o'', usage(pages => 1), ''2026-01-01'')', 'IA001'),
	('token_cost(price_book_scale(price_book(unpriced => ''error''), 1), ''gpt-4o'', usage(1), ''2026-01-01'', ''nosuch'')', 'IA004')) AS c(call, code);
SET LOCAL inferacct.unpriced = 'null';
SELECT is((price_book_info(price_book())).unpriced, 'null', 'made under null');
SELECT is((price_book_info(price_book(unpriced => 'error'))).unpriced, 'error', 'an argument goes before the setting');
SELECT is((price_book_info(price_book_of_version(1))).unpriced, 'null', 'a book of a version too');
PREPARE ask AS SELECT token_cost('{"format":"1","version":"1","as_of":"0","contract":"","unpriced":"error","guess":"allow","models":[],"aliases":[],"fx_rates":[]}'::price_book, 'nosuch', usage(1), '2026-01-01') IS NULL;
SELECT throws_ok('EXECUTE ask', 'IA002', NULL, 'a prepared statement, time ' || n || ', under null') FROM generate_series(1, 7) AS n;
SET LOCAL inferacct.unpriced = 'error';
SELECT is((price_book_info(price_book())).unpriced, 'error', 'made under error');
SELECT throws_ok('EXECUTE ask', 'IA002', NULL, 'and under error');
SELECT throws_ok($$SELECT price_book(unpriced => 'maybe')$$, '22023', NULL, 'there are two policies');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p JOIN pg_depend AS d ON d.objid = p.oid AND d.deptype = 'e'
	WHERE 'price_book'::regtype = ANY (p.proargtypes::oid[]) AND p.prokind = 'f' AND (p.provolatile <> 'i' OR p.proparallel <> 's') AND p.proname <> 'price_book_info'$$,
	'functions of a book are immutable');

-- What another build stored, or what is damaged, is refused: bytes as they would lie in a table.
INSERT INTO pg_cast (oid, castsource, casttarget, castfunc, castcontext, castmethod) VALUES
	(4294967001, 'price_book'::regtype, 'bytea'::regtype, 0, 'e', 'b'), (4294967002, 'bytea'::regtype, 'price_book'::regtype, 0, 'e', 'b');
CREATE FUNCTION pg_temp.refusal(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
	PERFORM token_cost(bytes::price_book, 'm', usage(1), '2026-01-01');
	RETURN 'read';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', SQLSTATE, SQLERRM, nullif(detail, ''));
END $$;
CREATE TEMP TABLE small ON COMMIT DROP AS SELECT book::bytea AS bytes FROM books WHERE i = 1;
SELECT is(pg_temp.refusal(bytes), 'read', 'the bytes of a book') FROM small;
SELECT is(pg_temp.refusal(set_byte(bytes, 0, 9)), 'XX001 the price_book was stored by another version of inferacct Its format is number 9, this version reads number 2.', 'another format') FROM small;
SELECT matches(pg_temp.refusal(set_byte(bytes, 1, get_byte(bytes, 1) + 1)), '^XX001 the price_book was stored by another version of inferacct It has rates of \d+ meters, this version has \d+ meters.$', 'a meter more') FROM small;
SELECT is(pg_temp.refusal(substr(bytes, 1, length(bytes) - 8)), 'XX001 the stored price_book is damaged', 'cut off') FROM small;
SELECT is(pg_temp.refusal(''), 'XX001 the stored price_book is damaged', 'nothing');
SELECT is_empty($$SELECT at FROM small, generate_series(0, length(bytes) - 1) AS at, pg_temp.refusal(set_byte(bytes, at, get_byte(bytes, at) # 64)) AS refusal
	WHERE refusal NOT LIKE 'XX001 %'$$, 'any byte that is not as it was');
SELECT throws_ok(format('SELECT %s FROM small', call), 'XX001', NULL, call)
FROM (VALUES ('price_book_info(set_byte(bytes, 1, 99)::price_book)'), ('(set_byte(bytes, 1, 99)::price_book)::text'), ('price_book_send(set_byte(bytes, 1, 99)::price_book)'),
	('price_book_scale(set_byte(bytes, 1, 99)::price_book, 1)'), ('token_cost_detail(set_byte(bytes, 1, 99)::price_book, ''m'', usage(1), now())'),
	('spend(set_byte(bytes, 1, 99)::price_book, ''m'', 1, 1, now())'), ('spend(set_byte(bytes, 1, 99)::price_book, ''m'', usage(1), now())'),
	('spend(set_byte(bytes, 1, 99)::price_book, ''m'', usage(1), now(), ''standard'', NULL)')) AS c(call);

SELECT * FROM finish();
ROLLBACK;
