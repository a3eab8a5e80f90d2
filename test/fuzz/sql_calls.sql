-- Makes up the calls: one line for each, a transaction that is rolled back.
SET search_path = public, pg_catalog;
SET client_min_messages = error;
SELECT setseed(:seed) \g /dev/null

-- Values of the composite and pseudo types, and of the states, too: NULL, a row of NULLs, a row of a table.
INSERT INTO fuzz_value (type, value)
SELECT format_type(t.oid, NULL), value
FROM (SELECT DISTINCT unnest(p.proargtypes) AS oid FROM pg_proc p WHERE p.pronamespace = 'inferacct'::regnamespace) a JOIN pg_type t USING (oid)
	LEFT JOIN pg_class c ON c.oid = t.typrelid, unnest(ARRAY[CASE WHEN t.typtype = 'c' AND c.relkind = 'r' THEN format('(SELECT r FROM %s r LIMIT 1)', t.oid::regtype) END, 'NULL',
		CASE WHEN t.typtype = 'c' THEN format('(SELECT row(%s)::%s)', (SELECT string_agg('NULL', ', ') FROM pg_attribute WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped), t.oid::regtype) END,
		CASE WHEN t.typelem <> 0 THEN '''{}''' END]) AS value
WHERE value IS NOT NULL AND t.typtype <> 'p' AND NOT EXISTS (SELECT FROM fuzz_value v WHERE v.type = format_type(t.oid, NULL));

-- The functions: all that can be called by name.
CREATE TEMP TABLE fuzz_function AS
SELECT p.oid, p.proname, p.prokind, p.proretset, p.pronargs,
	ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY AS a (t, i) ORDER BY i) AS types,
	ARRAY(SELECT p.proargnames[i] FROM generate_series(1, p.pronargs) i) AS names
FROM pg_proc p
WHERE p.pronamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('inferacct', 'inferacct_internal'))
	AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) t WHERE t IN ('internal'::regtype))
	AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype, 'internal'::regtype);

CREATE FUNCTION pg_temp.ordinary(type text, name text) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT coalesce((SELECT o.value FROM fuzz_ordinary o WHERE o.name = ordinary.name AND ordinary.type = 'text'),
		(SELECT v.value FROM fuzz_value v WHERE v.type = ordinary.type ORDER BY n LIMIT 1), 'NULL') $$;
CREATE FUNCTION pg_temp.any_value(of text) RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT coalesce((SELECT v.value FROM fuzz_value v WHERE v.type = of ORDER BY random() LIMIT 1), 'NULL') $$;

-- The call of a function with these values.
CREATE FUNCTION pg_temp.call(f fuzz_function, given text[]) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT format(CASE WHEN f.prokind = 'p' THEN 'CALL %1$s.%2$I(%3$s);'
			WHEN f.prokind = 'a' THEN 'SELECT length(coalesce(%1$s.%2$I(%3$s)::text, '''')) FROM generate_series(1, 3);'
			ELSE 'SELECT sum(length(t::text)) FROM %1$s.%2$I(%3$s) t;' END,
		(SELECT pronamespace::regnamespace FROM pg_proc WHERE oid = f.oid), f.proname,
		(SELECT string_agg(CASE WHEN f.types[i] = 'cstring' THEN given[i] || '::cstring' ELSE format('(%s)::%s', given[i], f.types[i]) END, ', ' ORDER BY i)
			FROM generate_subscripts(given, 1) i)) $$;
SET search_path = inferacct, public, pg_catalog;
SELECT format('BEGIN; %s ROLLBACK;', replace(call, E'\n', ' '))
FROM (
	SELECT DISTINCT pg_temp.call(f, given) AS call
	FROM fuzz_function f, LATERAL (
		-- each argument in turn at every boundary of its type
		SELECT ARRAY(SELECT CASE WHEN i = turn THEN v.value ELSE pg_temp.ordinary(f.types[i], f.names[i]) END FROM generate_series(1, f.pronargs) i ORDER BY i) AS given
		FROM generate_series(1, f.pronargs) turn JOIN fuzz_value v ON v.type = f.types[turn]
		UNION ALL SELECT ARRAY(SELECT pg_temp.ordinary(f.types[i], f.names[i]) FROM generate_series(1, f.pronargs) i ORDER BY i)
		UNION ALL SELECT ARRAY(SELECT CASE WHEN random() < 0.3 THEN pg_temp.ordinary(f.types[i], f.names[i]) ELSE pg_temp.any_value(f.types[i]) END
				FROM generate_series(1, f.pronargs) i WHERE n > 0 ORDER BY i)
			FROM generate_series(1, :random_calls) n WHERE f.pronargs > 1
	) g
) c
ORDER BY md5(call);
