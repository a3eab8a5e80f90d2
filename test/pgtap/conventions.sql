-- What docs/conventions.md says of names and arguments, of every function that callers
-- see, and of the columns of every relation and type.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SELECT plan(7);

CREATE TEMP VIEW argument AS
SELECT p.oid::regprocedure::text AS function, p.proname AS name, p.pronamespace = 'inferacct'::regnamespace AS is_public,
	a.name AS argument, a.n,
	coalesce(p.proallargtypes[a.n], p.proargtypes[a.n - 1]) AS type, p.proargmodes[a.n] IN ('o', 't') AS is_output
FROM pg_proc AS p
CROSS JOIN LATERAL unnest(p.proargnames) WITH ORDINALITY AS a(name, n)
WHERE p.pronamespace IN ('inferacct'::regnamespace, 'inferacct_internal'::regnamespace);

-- What callers write and read: arguments, outputs and columns.
CREATE TEMP VIEW word AS
SELECT function AS owner, name, argument AS word, type FROM argument WHERE is_public AND argument <> ''
UNION ALL
SELECT c.oid::regclass::text, c.relname, a.attname, a.atttypid
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
WHERE c.relnamespace = 'inferacct'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'c') AND NOT c.relispartition
	AND a.attnum > 0 AND NOT a.attisdropped;

SELECT cmp_ok((SELECT count(*) FROM argument WHERE NOT coalesce(is_output, false)), '>', 300::bigint, 'arguments are named');
SELECT is_empty($$SELECT owner, word, rule FROM word JOIN (VALUES
	('^(from|until|to)_(at|day|month|time)$|^(from|to|begin|end|starts?|ends|as_at)$', 'an interval is since and until, a moment is at'),
	('^(least|most|lowest|highest|minimum|maximum)_', 'bounds are min_ and max_'),
	('(^|_)costs?$|dollar', 'an amount says its unit: usd'),
	('^usd_(difference|saved|total|cost)$', 'and ends in it'),
	('_(pct|percent|percentage|fraction|ratio_of|proportion)$', 'a part of a whole is a share, from 0 to 1'),
	('^(n|num|number|count)_|_(n|num|number|count)$', 'a count is a plural')) AS r(spelling, rule) ON word ~ spelling
	WHERE word <> 'shared_cost'				-- the name of one
		AND name <> 'vllm_scrape'				-- vLLM's own names
		AND (name, word) NOT IN (('explain_change', 'from_month'), ('explain_change', 'to_month'),	-- two months, and no interval
		('breakeven_report', 'from'), ('breakeven_report', 'to'))$$,	-- of the contract
	'each concept has one spelling');
-- An argument is a number wherever it stands, or a time, or a text: what is written in two ways, or is of two kinds, is listed.
SELECT is_empty($$SELECT word, array_agg(DISTINCT kind) FROM (SELECT word, CASE WHEN typcategory IN ('N', 'D', 'S') THEN typcategory::text
		ELSE typname::text END AS kind FROM word JOIN pg_type AS t ON t.oid = type) AS k
	WHERE word NOT IN ('catalog', 'invoice', 'mapping', 'payload', 'relation')	-- JSON, or its text; a relation, or its name
		AND word NOT IN ('models', 'units', 'stale_after', 'term')				-- some, or how many; a span, or days
		AND word NOT IN ('confidence', 'kinds', 'load', 'period', 'tier', 'unit')	-- words of two fields
	GROUP BY word HAVING count(DISTINCT kind) > 1$$, 'a word means one kind of value');
SELECT is_empty($$SELECT function FROM argument GROUP BY function HAVING count(*) FILTER (WHERE argument = 'until' AND NOT coalesce(is_output, false)) > 0
	AND count(*) FILTER (WHERE argument = 'since') = 0$$, 'until follows a since');
SELECT is_empty($$SELECT function, argument FROM argument WHERE argument !~ '^([a-z][a-z0-9_]*)?$' AND NOT coalesce(is_output, false)$$, 'names are snake_case');
SELECT is_empty($$SELECT owner, word FROM word WHERE word !~ '^[a-z][a-z0-9_]*$' AND name NOT IN ('focus', 'focus_1_4')$$,
	'those of outputs and columns, too, but for what FOCUS names');
SELECT cmp_ok((SELECT count(DISTINCT proname) FROM pg_proc WHERE pronamespace = 'inferacct'::regnamespace), '<=', 134::bigint, 'callers see few names');

SELECT * FROM finish();
ROLLBACK;
