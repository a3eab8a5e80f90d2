-- reference: docs/reference.md, from the comments of the database it runs in, which
-- has the extension.  `make docs/reference.md` writes it; test/t/surface.pl asks
-- whether it is what this prints.
\set QUIET on
\set ON_ERROR_STOP on
\pset format unaligned
\pset tuples_only on
SET search_path TO inferacct, inferacct_internal;
LOAD 'inferacct';
SET client_min_messages TO error;

\qecho # Reference
\qecho
\qecho 'All that schema `inferacct` has for callers, as the comments in the database say it (`make docs/reference.md` writes this page, and'
\qecho '`make test` compares it). How to use it is on the other pages. `\\dx+ inferacct` lists what the extension keeps for itself as well.'
\qecho
\qecho '## Functions'
-- Types and defaults as people write them.
CREATE FUNCTION pg_temp.plain(sql text) RETURNS text LANGUAGE sql AS $$
	SELECT replace(replace(replace(regexp_replace(sql, '::[a-z][a-z ]*(\[\])?', '', 'g'), 'timestamp with time zone', 'timestamptz'),
		'double precision', 'float8'), 'inferacct_internal.', '')
$$;
CREATE FUNCTION pg_temp.arguments(function oid, modes text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', nullif(p.proargnames[a.n], ''), CASE WHEN modes <> 't' AND modes <> 'ot' THEN pg_temp.plain(format_type(a.type, NULL)) END,
		'DEFAULT ' || pg_temp.plain(pg_get_function_arg_default(p.oid, a.n::integer))), ', ' ORDER BY a.n)
	FROM pg_proc AS p, unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY AS a(type, n)
	WHERE p.oid = function AND strpos(modes, coalesce(p.proargmodes[a.n], 'i')::text) > 0
$$;
SELECT format('- `%s(%s)` → %s%s', p.proname, pg_temp.arguments(p.oid, 'ibv'),
		CASE WHEN p.prokind = 'p' THEN 'procedure'
			ELSE coalesce('(' || pg_temp.arguments(p.oid, 'ot') || ')', '`' || pg_temp.plain(format_type(p.prorettype, NULL)) || '`') END,
		CASE WHEN p.prokind = 'a' THEN ', aggregate' WHEN p.proretset THEN ', rows' ELSE '' END)
	|| coalesce(E':\n  ' || obj_description(p.oid, 'pg_proc'), '')
FROM pg_proc AS p
WHERE p.pronamespace = 'inferacct'::regnamespace
	AND EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
ORDER BY p.proname COLLATE "C", p.pronargs, pg_get_function_arguments(p.oid) COLLATE "C";

-- What a column means in more than one relation is said once.
CREATE TEMP TABLE word AS
SELECT a.attname AS name, d.meaning, count(*) AS relations,
	row_number() OVER (PARTITION BY a.attname ORDER BY count(*) DESC, d.meaning COLLATE "C") AS place
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
CROSS JOIN LATERAL (SELECT col_description(c.oid, a.attnum)) AS d(meaning)
WHERE c.relnamespace = 'inferacct'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition AND d.meaning IS NOT NULL
GROUP BY 1, 2;
DELETE FROM word WHERE relations = 1 OR place > 1;
CREATE FUNCTION pg_temp.relation_line(relation oid, what text) RETURNS text LANGUAGE sql AS $$
	SELECT format('- `%s` (%s)', c.relname, (SELECT string_agg(a.attname, ', ' ORDER BY a.attnum)
			FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
		|| coalesce(E':\n  ' || coalesce(obj_description(c.oid, 'pg_class'), obj_description(c.reltype, 'pg_type')), '')
		|| coalesce((SELECT string_agg(format(E'\n  - `%s`: %s', a.attname, d.meaning), '' ORDER BY a.attnum)
			FROM pg_attribute AS a CROSS JOIN LATERAL (SELECT col_description(a.attrelid, a.attnum)) AS d(meaning)
			WHERE a.attrelid = c.oid AND a.attnum > 0 AND d.meaning IS NOT NULL
				AND NOT EXISTS (SELECT FROM pg_temp.word AS w WHERE (w.name, w.meaning) = (a.attname, d.meaning))), '')
	FROM pg_class AS c WHERE c.oid = relation
$$;

\qecho
\qecho '## Views'
SELECT pg_temp.relation_line(c.oid, 'view') FROM pg_class AS c
WHERE c.relnamespace = 'inferacct'::regnamespace AND c.relkind IN ('v', 'm') ORDER BY c.relname COLLATE "C";

\qecho
\qecho '## Tables'
SELECT pg_temp.relation_line(c.oid, 'table') FROM pg_class AS c
WHERE c.relnamespace = 'inferacct'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname COLLATE "C";

\qecho
\qecho '## Columns'
\qecho
\qecho 'What a column of a view or table means, where the relation itself does not say it.'
\qecho
SELECT format('- `%s`: %s', w.name, w.meaning) FROM word AS w ORDER BY w.name COLLATE "C";

\qecho
\qecho '## Types'
SELECT coalesce(pg_temp.relation_line(t.typrelid, 'type'), format('- `%s`', t.typname)
		|| coalesce(E':\n  ' || obj_description(t.oid, 'pg_type'), ''))
FROM pg_type AS t LEFT JOIN pg_class AS c ON c.oid = t.typrelid
WHERE t.typnamespace = 'inferacct'::regnamespace AND t.typelem = 0 AND coalesce(c.relkind, 'c') = 'c'
ORDER BY t.typname COLLATE "C";

\qecho
\qecho '## Settings'
SELECT format(E'- `%s`, by default %s:\n  %s', s.name, coalesce('`' || nullif(s.boot_val, '') || '`', 'empty'), concat_ws(' ', s.short_desc, s.extra_desc))
FROM pg_settings AS s WHERE s.name LIKE 'inferacct.%' ORDER BY s.name COLLATE "C";
