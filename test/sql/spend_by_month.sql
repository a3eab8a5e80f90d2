-- spend_by_month: usage and exact USD by model and calendar month of UTC.
SET search_path = inferacct, inferacct_internal, public;
SET timezone = 'UTC';
SET datestyle = 'ISO, MDY';
\set SHOW_CONTEXT never
BEGIN;

SELECT count(set_price('monthly', model, meter, usd, valid_from)) AS prices
FROM (VALUES ('mo-1', 'input', 1, '-infinity'::timestamptz), ('mo-1', 'output', 2, '-infinity'), ('mo-1', 'input', 3, '2026-10-15 00:00Z'),
	('mo "quoted\', 'input', 5, '-infinity')) AS p (model, meter, usd, valid_from);

CREATE TABLE request (model text, input bigint, output bigint, at timestamptz);
INSERT INTO request VALUES
	('mo-1', 1000000, 1000000, '2026-09-30 23:59:59.999999Z'),
	('mo-1', 1000000, 0, '2026-10-01 00:00Z'),
	('mo-1', 1000000, 0, '2026-10-15 00:00Z'),			-- a new price in the middle of a month
	('mo-1', 1000000, NULL, '2026-10-14 23:59:59.999999Z'),
	('mo "quoted\', 2000000, 0, '2028-02-29 12:00Z'),
	('monthly/mo-1', 7, 0, '2026-10-31 23:59:59Z'),		-- as the log spells it
	(NULL, 1, 1, '2026-10-01'), ('mo-1', 1, 1, NULL);	-- left out

SELECT c.* FROM (SELECT spend_by_month(model, input, output, at) AS cells FROM request) AS s, unnest(s.cells) AS c;
SELECT c.* FROM (SELECT spend_by_month(model, usage(input => input, cache_read => 10, requests => 2), at) AS cells FROM request) AS s, unnest(s.cells) AS c;

-- A month is one of UTC in every session.
SET timezone = 'Pacific/Auckland';
SELECT c.month, c.requests, c.usd FROM (SELECT spend_by_month(model, input, output, at) AS cells FROM request) AS s, unnest(s.cells) AS c;
SET timezone = 'UTC';

-- No row, and rows that do not count, give NULL.
SELECT spend_by_month(model, input, output, at) FROM request WHERE false;
SELECT spend_by_month(model, NULL::usage, at) FROM request;
SELECT spend_by_month(NULL, input, output, at) FROM request;

-- What has no price is an error, or counted and left out of usd.
\set VERBOSITY terse
SAVEPOINT before;
SELECT spend_by_month('mo-none', 1, 1, '2026-10-01');
ROLLBACK TO before;
\set VERBOSITY default
SET LOCAL inferacct.unpriced = 'null';
SELECT c.* FROM (SELECT spend_by_month(model, usage, '2026-10-01') AS cells
	FROM (VALUES ('mo-none', '{"input":5,"requests":1}'::usage), ('mo-1', '{"input":5,"requests":1}'), ('mo-1', '{"input":5,"pages":2,"requests":1}')) AS r (model, usage)) AS s, unnest(s.cells) AS c;

-- A partial sum is text, lossless.
SELECT state, state::text::spend_by_month_state::text = state::text AS same
FROM (SELECT spend_by_month_accum(spend_by_month_accum(spend_by_month_accum(NULL, 'mo "quoted\', 3, 0, '2026-10-01'), 'mo-none', 1, 1, '2026-11-01'), 'mo-1', 2, 0, '2026-10-02') AS state) AS s;
SELECT unnest(spend_by_month_final(spend_by_month_combine('1 2 "a" 2026 10 1 0.5 {"input":1} "b" 2026 10 0 0 {"pages":1}', '1 2 "a" 2026 10 1 0.25 {"output":1} "a" 2026 9 1 1 {}')));
SELECT spend_by_month_combine(NULL, NULL) IS NULL AS nothing, spend_by_month_combine('1 0', NULL)::text AS no_cells, spend_by_month_final('1 0') AS no_array;
SELECT '1 1 "a" 2026 13 1 1 {}'::spend_by_month_state;
ROLLBACK;
