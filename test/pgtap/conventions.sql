-- What docs/conventions.md says of names and arguments, of every function that callers see.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SELECT plan(5);

CREATE TEMP VIEW argument AS
SELECT p.oid::regprocedure::text AS function, p.proname AS name, a.name AS argument, a.n
FROM pg_proc AS p
CROSS JOIN LATERAL unnest(p.proargnames) WITH ORDINALITY AS a(name, n)
WHERE p.pronamespace IN ('inferacct'::regnamespace, 'inferacct_internal'::regnamespace)
	AND (p.proargmodes IS NULL OR p.proargmodes[a.n] IN ('i', 'b', 'v'));

SELECT cmp_ok((SELECT count(*) FROM argument), '>', 300::bigint, 'arguments are named');
SELECT is_empty($$SELECT function, argument FROM argument JOIN pg_proc AS p ON p.oid::regprocedure::text = function
	WHERE p.pronamespace = 'inferacct'::regnamespace AND argument ~ '^(from|until|to)_(at|day|month|time)$|^(from|to|begin|end|starts?|ends|as_at)$'
		AND (name, argument) NOT IN (('explain_change', 'from_month'), ('explain_change', 'to_month'))$$,	-- two months, and no interval
	'an interval is since and until, a moment is at');
SELECT is_empty($$SELECT function FROM argument GROUP BY function HAVING count(*) FILTER (WHERE argument = 'until') > 0 AND count(*) FILTER (WHERE argument = 'since') = 0$$,
	'until follows a since');
SELECT is_empty($$SELECT function, argument FROM argument WHERE argument !~ '^([a-z][a-z0-9_]*)?$'$$, 'names are snake_case');
SELECT cmp_ok((SELECT count(DISTINCT proname) FROM pg_proc WHERE pronamespace = 'inferacct'::regnamespace), '<', 160::bigint, 'callers see few names');

SELECT * FROM finish();
ROLLBACK;
