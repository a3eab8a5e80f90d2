-- Price books: errors by SQLSTATE, forms that keep every byte, the same answers as the tables.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SELECT plan(33);

SELECT throws_ok(format('SELECT %L::price_book', value), '22P02', NULL, what)
FROM (VALUES ('', 'no text'), ('x', 'no JSON'), ('[]', 'a list'), ('{}', 'an empty object'),
	('{"version":"1","as_of":"0","contract":"","models":[],"aliases":[],"fx_rates":[]} 1', 'text after the book'),
	('{"version":1,"as_of":"0","contract":"","models":[],"aliases":[],"fx_rates":[]}', 'a number that is no string'),
	('{"version":"1","as_of":"0","contract":"","models":[{"provider":"p","model":"m"}],"aliases":[],"fx_rates":[]}', 'a model without prices'),
	('{"version":"1","as_of":"0","contract":"","models":[],"aliases":[{"alias":"a"}],"fx_rates":[]}', 'an alias of nothing'),
	(repeat('[', 100000), 'nested too deeply')) v (value, what);
SELECT throws_ok(format('SELECT (replace(price_book()::text, %L, %L))::price_book', was, becomes), '22P02', NULL, becomes)
FROM (VALUES ('"kind":"rate"', '"kind":"rant"'), ('"meter":"input"', '"meter":"inlet"'), ('"unit_quantity":"1000000"', '"unit_quantity":"0"'), ('"min_input":"0"', '"min_input":"-1"'),
	('"service_tier":"standard"', '"service_tier":""')) v (was, becomes);
SELECT throws_ok($$SELECT price_book(contract => 'nobody')$$, 'IA006', NULL, 'a contract that there is not');
SELECT lives_ok($$SELECT '{"version":"1","as_of":"0","contract":"","models":[],"aliases":[],"fx_rates":[]}'::price_book$$, 'an empty book is a book');

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
SELECT throws_ok($$SELECT pg_temp.receive('\x01')$$, '22P02', NULL, 'binary: nothing in it');
SELECT throws_ok($$SELECT pg_temp.receive('')$$, '08P01', NULL, 'binary: no version');
SELECT throws_ok($$SELECT pg_temp.receive('\x0178')$$, '22P02', NULL, 'binary: no JSON');
SELECT is(pg_temp.receive(price_book_send('{"version":"1","as_of":"0","contract":"gold","models":[],"aliases":[],"fx_rates":[]}')), '{"version":"1","as_of":"0","contract":"gold","models":[],"aliases":[],"fx_rates":[]}', 'binary: a book');

-- names and texts of any length and kind survive
INSERT INTO price (provider, model, meter, usd, source, service_tier) VALUES
	('odd"\p/', repeat(U&'\65E5', 85), 'input', 1, repeat('s', 100000), repeat('t', 255)), ('odd"\p/', E'tab\there\x01', 'input', 1, '', 'standard');
INSERT INTO price (provider, model, meter, usd, above_input_tokens, threshold_inclusive, valid_from) VALUES
	('edge', 'e', 'input', 1, 9223372036854775806, false, '294276-12-31 23:59:59Z'), ('edge', 'e', 'input', 2, 0, true, '4713-01-01 BC'), ('edge', 'e', 'input', 3, 0, false, '-infinity');
CREATE TEMP TABLE made ON COMMIT DROP AS SELECT price_book() AS book;
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
SELECT i, format('{"version":"1001","as_of":"9223372036854775807","contract":"","models":[{"provider":"p","model":"m","prices":[{"service_tier":"standard","region":"","meter":"input","kind":"rate","scope":"0",'
	'"currency":"USD","value":"%s","unit_quantity":"1","min_input":"0","windows":"","valid_from":"%s","valid_to":"9223372036854775807","version":"1","published_at":"0","source":""}]}],"aliases":[],"fx_rates":[]}',
	i, CASE WHEN i % 2 = 0 THEN '-9223372036854775808' ELSE '0' END)::price_book AS book FROM generate_series(1, 200) AS i;
SELECT is((SELECT sum(token_cost(book, 'm', usage(1000000000000000), '2026-01-01')) FROM books), 20100::numeric, 'each book has its own price');
SET LOCAL inferacct.unpriced = 'null';
SELECT is((SELECT count(token_cost(book, 'm', usage(1), '1999-01-01')) FROM books), 100::bigint, 'and its own times');

SELECT * FROM finish();
ROLLBACK;
