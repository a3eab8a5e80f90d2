-- price_book: prices as a value.
SET search_path = inferacct, inferacct_internal, public;
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set SHOW_CONTEXT never
BEGIN;
SELECT count(set_price('bookco', 'chapter-1', meter, usd)) FROM (VALUES ('input', 3), ('output', 15)) v (meter, usd);
INSERT INTO model_alias (alias, provider, model) VALUES ('chapter', 'bookco', 'chapter-1');
INSERT INTO contract (contract) VALUES ('bookdeal');
INSERT INTO contract_term (contract, provider, percent_off) VALUES ('bookdeal', 'bookco', 20);

-- It answers as the tables do, and goes on answering so when they change.
CREATE TEMP TABLE shelf (name text PRIMARY KEY, book price_book);
INSERT INTO shelf VALUES ('first', price_book()), ('deal', price_book(contract => 'bookdeal'));
SELECT name, token_cost(book, 'chapter-1', usage(1000000, 1000000), '2026-01-01'), token_cost(book, 'chapter', usage(1000000), '2026-01-01')
FROM shelf ORDER BY name;
SELECT set_price('bookco', 'chapter-1', 'input', 6) IS NOT NULL AS dearer;
INSERT INTO shelf VALUES ('second', price_book());
SELECT name, token_cost(book, 'chapter-1', usage(1000000), '2026-01-01') FROM shelf ORDER BY name;
SELECT token_cost('chapter-1', 1000000, 0, '2026-01-01') AS by_the_tables;
SELECT a.name, b.name, sum(token_cost(a.book, 'chapter-1', usage(1000000), '2026-01-01') - token_cost(b.book, 'chapter-1', usage(1000000), '2026-01-01')) AS difference
FROM shelf a JOIN shelf b ON a.name < b.name GROUP BY 1, 2 ORDER BY 1, 2;

-- What it says of itself.
SELECT name, models > 900 AS all_models, prices > 3000 AS all_prices, aliases > 300 AS all_aliases, contract, as_of, version > 1000 AS has_own_version, bytes > pg_column_size(book) AS compressed
FROM shelf, price_book_info(book) ORDER BY name;

-- Over many rows, as a value and as an aggregate's argument.
CREATE TEMP TABLE requests AS
SELECT 'chapter-1' AS model, timestamptz '2026-01-01' + i * interval '1 minute' AS at, usage(i, 2 * i) AS used, i::bigint AS input_tokens, 2::bigint * i AS output_tokens FROM generate_series(1, 2000) AS i;
SELECT name, sum(token_cost(book, model, used, at)) AS sum, spend(book, model, used, at), spend(book, model, input_tokens, output_tokens, at), spend(book, model, used, at, 'standard', 'eu')
FROM shelf, requests GROUP BY name ORDER BY name;
SELECT spend((SELECT price_book()), model, used, at), spend(model, used, at) FROM requests;
-- ... changing from row to row
SELECT spend(book, model, used, at) FROM shelf JOIN requests ON name = CASE WHEN input_tokens % 2 = 0 THEN 'first' ELSE 'second' END;
SELECT spend(book, model, used, at) IS NULL AS no_book FROM (SELECT NULL::price_book AS book) s, requests;
SELECT token_cost(NULL::price_book, 'chapter-1', usage(1), '2026-01-01') IS NULL AS no_book;
SELECT meter, unit_usd, usd, tier FROM shelf, token_cost_detail(book, 'chapter', usage(1000, 100), '2026-01-01') WHERE name = 'deal';
SELECT spend(book, model, used, at) OVER (ORDER BY at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM shelf, requests WHERE name = 'first' ORDER BY at LIMIT 3;

-- Text and binary forms keep it, to the byte.
SELECT name, book::text::price_book::text = book::text AS text_form, price_book_send(book) = price_book_send(book::text::price_book) AS binary_form FROM shelf ORDER BY name;
SELECT book::text::jsonb -> 'models' -> 0 -> 'prices' -> 0 ->> 'kind' AS kind FROM shelf WHERE name = 'first';
CREATE TEMP TABLE copied (LIKE shelf);
\set file `mktemp`
\setenv FILE :file
\set copy_out '\\copy shelf TO ' :file ' WITH (FORMAT binary)'
\set copy_in '\\copy copied FROM ' :file ' WITH (FORMAT binary)'
:copy_out
:copy_in
\! rm "$FILE"
SELECT count(*), bool_and(c.book::text = s.book::text) AS same, bool_and(token_cost(c.book, 'chapter', usage(7), '2026-01-01') = token_cost(s.book, 'chapter', usage(7), '2026-01-01')) AS same_prices
FROM copied c JOIN shelf s USING (name);

-- Prepared, with a plan for any book.
SET LOCAL plan_cache_mode = force_generic_plan;
PREPARE price (text, text, bigint) AS SELECT token_cost(book, $2, usage($3), '2026-01-01') FROM shelf WHERE name = $1;
EXECUTE price ('first', 'chapter', 1000000);
EXECUTE price ('second', 'chapter', 1000000);
PREPARE by_the_tables (bigint) AS SELECT token_cost('chapter', $1, 0, '2026-01-01'), spend('chapter', $1, 0, '2026-01-01');
EXECUTE by_the_tables (1000000);
SELECT set_price('bookco', 'chapter-1', 'input', 9) IS NOT NULL AS dearer_still;
EXECUTE by_the_tables (1000000);
EXECUTE price ('second', 'chapter', 1000000);

-- A book as of some time knows what was published until then.
SELECT models, prices, aliases, version FROM price_book_info(price_book(as_of => '2026-01-01'));
SELECT version, models > 900 AS all_models FROM price_book_info(price_book(as_of => '2026-11-30 00:00:00+00'));
SET LOCAL inferacct.as_of = '2026-01-01';
SELECT models, as_of FROM price_book_info(price_book());
SELECT token_cost(book, 'chapter', usage(1000000), '2026-01-01') AS whatever_the_session_says FROM shelf WHERE name = 'first';
RESET inferacct.as_of;

-- Errors are those of the tables.
SAVEPOINT s;
SELECT token_cost(book, 'chaptre-1', usage(1), '2026-01-01') FROM shelf WHERE name = 'first';
ROLLBACK TO s;
SAVEPOINT s;
SELECT token_cost(book, 'chapter-1', usage(pages => 1), '2026-01-01') FROM shelf WHERE name = 'first';
ROLLBACK TO s;
SAVEPOINT s;
SELECT price_book(contract => 'no such deal');
ROLLBACK TO s;
SAVEPOINT s;
SELECT '{"version": "1"}'::price_book;
ROLLBACK TO s;
SAVEPOINT s;
SELECT price_book('2026-01-01'); -- to SQL this is a value of the type
ROLLBACK TO s;
ROLLBACK;
