-- own_rows: what this database has of its own, and how it leaves and comes back.
--
-- Invariant: once a table of the extension has a row that CREATE EXTENSION did not
-- bring, a view that is not a member of it reads one of its functions, so that DROP
-- EXTENSION, DROP OWNED and whatever else does not say CASCADE is refused.  The view
-- is the user's: it is dumped, restored, and dropped by pg_restore --clean.  Which
-- rows are own is said once, by pg_extension_config_dump().

CREATE FUNCTION inferacct_internal.own_tables(OUT relation regclass, OUT condition text, OUT kind "char",
	OUT rank bigint)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 30
SET search_path TO pg_catalog, pg_temp
AS $$
	-- A partition stands for the table that it is part of.
	SELECT coalesce(i.inhparent, c.oid)::regclass, t.condition, c.relkind, t.rank
	FROM pg_extension AS e
	CROSS JOIN LATERAL unnest(e.extconfig, e.extcondition) WITH ORDINALITY AS t(relation, condition, rank)
	JOIN pg_class AS c ON c.oid = t.relation
	LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid
	WHERE e.extname = 'inferacct' ORDER BY t.rank
$$;

COMMENT ON FUNCTION own_tables() IS
'The tables and sequences of which a dump carries rows, in an order in which they can be filled; condition: '
'WHERE of the rows that are not shipped, or empty.';

CREATE FUNCTION own_rows(OUT relation regclass, OUT rows bigint)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000 ROWS 30
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT * FROM own_tables() AS o WHERE o.kind <> 'S' LOOP
		relation := t.relation;
		EXECUTE format('SELECT count(*) FROM %s %s', t.relation, t.condition) INTO rows;
		IF rows > 0 THEN
			RETURN NEXT;
		END IF;
	END LOOP;
END
$$;

COMMENT ON FUNCTION own_rows() IS
'How many rows each table has that this database added: what DROP EXTENSION ... '
'CASCADE loses, and what inferacct_export() gives. Counts them, and so reads the whole log.';

CREATE FUNCTION inferacct_internal.has_own_rows()
RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	t record;
	found boolean;
BEGIN
	FOR t IN SELECT * FROM own_tables() AS o WHERE o.kind <> 'S' LOOP
		EXECUTE format('SELECT EXISTS (SELECT FROM %s %s)', t.relation, t.condition) INTO found;
		IF found THEN
			RETURN true;
		END IF;
	END LOOP;
	RETURN false;
END
$$;

COMMENT ON FUNCTION has_own_rows() IS 'Whether a table has a row that this database added.';

CREATE FUNCTION inferacct_internal.keep_own_rows()
RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path TO pg_catalog, pg_temp
SET citus.enable_ddl_propagation TO off
AS $$
BEGIN
	PERFORM inferacct_internal.check_own_table(TG_RELID);
	IF to_regclass('inferacct.lost_by_drop_extension') IS NOT NULL OR NOT inferacct_internal.has_own_rows() THEN
		RETURN NULL;
	END IF;
	BEGIN
		CREATE VIEW inferacct.lost_by_drop_extension WITH (security_invoker = true) AS SELECT relation, rows
			FROM inferacct.own_rows();
		COMMENT ON VIEW inferacct.lost_by_drop_extension IS
			'Not part of the extension inferacct, so that it stands in the way of DROP EXTENSION without CASCADE: '
			'what that would lose. Save it first: inferacct_export().';
		-- Another role's, so that DROP OWNED by the owner of the extension meets it, too.
		IF to_regrole('inferacct_admin') IS NOT NULL THEN
			ALTER VIEW inferacct.lost_by_drop_extension OWNER TO inferacct_admin;
			IF to_regrole('inferacct_reader') IS NOT NULL THEN
				GRANT SELECT ON inferacct.lost_by_drop_extension TO inferacct_reader;
			END IF;
		END IF;
	EXCEPTION WHEN duplicate_table OR unique_violation THEN
		NULL;			-- another session made it at the same time
	END;
	RETURN NULL;
END
$$;

REVOKE ALL ON FUNCTION keep_own_rows() FROM PUBLIC;
COMMENT ON FUNCTION keep_own_rows() IS
'Statement trigger of the tables that a dump carries: at the first row of this database it makes the view that DROP '
'EXTENSION is refused for. Runs as the owner of the extension, since that is who may make views here.';

-- ---------------------------------------------------------------------------
-- Out and in
-- ---------------------------------------------------------------------------

-- The months that have a partition of the log, of those that usage_log_partition() makes.
CREATE FUNCTION inferacct_internal.usage_log_months()
RETURNS SETOF date
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 24
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT to_date(right(c.relname, 7), 'YYYY_MM') FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
	WHERE i.inhparent = 'inferacct.usage_log'::regclass AND c.relname ~ '^usage_log_\d{4}_\d{2}$'
$$;

COMMENT ON FUNCTION usage_log_months() IS
'The months that have a partition of usage_log by the name that usage_log_partition() gives.';

CREATE FUNCTION inferacct_export()
RETURNS SETOF jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET timezone TO 'UTC'
SET datestyle TO 'ISO'
SET intervalstyle TO 'postgres'
SET extra_float_digits TO 1
AS $$
DECLARE
	t record;
	lines bigint := 0;
	found bigint;
BEGIN
	PERFORM check_owner('export everything');
	RETURN NEXT jsonb_build_object('inferacct', (SELECT extversion FROM pg_extension WHERE extname = 'inferacct'),
		'exported_at', now());
	FOR t IN SELECT * FROM own_tables() AS o WHERE o.kind = 'S' LOOP
		RETURN QUERY EXECUTE format(
			'SELECT jsonb_build_object(''sequence'', %L, ''value'', last_value, ''called'', is_called) FROM %s',
			(SELECT relname FROM pg_class WHERE oid = t.relation), t.relation);
		lines := lines + 1;
	END LOOP;
	RETURN QUERY SELECT jsonb_build_object('partition', month) FROM usage_log_months() AS month ORDER BY month;
	GET DIAGNOSTICS found = ROW_COUNT;
	lines := lines + found;
	FOR t IN SELECT * FROM own_tables() AS o WHERE o.kind <> 'S' LOOP
		RETURN QUERY EXECUTE format('SELECT jsonb_build_object(''table'', %L, ''row'', to_jsonb(t)) FROM %s AS t %s',
			(SELECT relname FROM pg_class WHERE oid = t.relation), t.relation, t.condition);
		GET DIAGNOSTICS found = ROW_COUNT;
		lines := lines + found;
	END LOOP;
	RETURN NEXT jsonb_build_object('lines', lines);
END
$$;

COMMENT ON FUNCTION inferacct_export() IS
'All that this database added: log, prices with their versions and times, contracts, budgets, commitments, sources, '
'rollup and closed months, a JSON object a row, for inferacct_import(). Exact. '
'The relations of attached sources are not in it, nor are grants and protect_usage(). '
'Error: 42501 the caller does not own the extension.';

-- All of one export, and nothing else.
CREATE FUNCTION inferacct_internal.check_export(lines regclass, line text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	said record;
	unknown text;
BEGIN
	EXECUTE format(
		'SELECT string_agg(%1$s ->> ''inferacct'', '', '') AS version, sum((%1$s ->> ''lines'')::bigint) AS lines, '
		'count(*) FILTER (WHERE NOT %1$s ?| ARRAY[''inferacct'', ''lines'']) AS found '
		'FROM %2$s', line, lines) INTO said;
	IF said.version IS DISTINCT FROM (SELECT extversion FROM pg_extension WHERE extname = 'inferacct') THEN
		PERFORM inferacct_internal.fail('22023', format('"%s" is no export of this version of inferacct', lines),
			format('It says: %s.', coalesce(said.version, 'nothing')));
	END IF;
	IF said.lines IS DISTINCT FROM said.found THEN
		PERFORM inferacct_internal.fail('22023', format('"%s" is not a whole export', lines),
			format('It has %s lines beside the first and last one; the last one says %s.', said.found,
				coalesce(said.lines::text, 'nothing, for it is not there')));
	END IF;
	EXECUTE format(
		'SELECT string_agg(DISTINCT l.%1$s ->> ''table'', '', '') FROM %2$s AS l WHERE l.%1$s ? ''table'' '
		'AND NOT EXISTS '
		'(SELECT FROM inferacct_internal.own_tables() AS o '
		'JOIN pg_class AS c ON c.oid = o.relation WHERE o.kind <> ''S'' '
		'AND c.relname = l.%1$s ->> ''table'')', line, lines) INTO unknown;
	IF unknown IS NOT NULL THEN
		PERFORM inferacct_internal.fail('42P01', format('inferacct has no table for these rows of the export: %s',
			unknown));
	END IF;
END
$$;

COMMENT ON FUNCTION check_export(regclass, text) IS
'Raises what inferacct_import() refuses of the lines of a table, in that column: 22023 of another version, or not '
'whole; 42P01 rows of a table that there is none of.';

-- The columns of a table that are written, for SQL.
CREATE FUNCTION inferacct_internal.written_columns(relation regclass, row_name text DEFAULT '')
RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT string_agg(row_name || quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
	WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
$$;

COMMENT ON FUNCTION written_columns(regclass, text) IS
'The columns of a table but the generated ones, for SQL, with what is to stand before each. NULL gives NULL.';

CREATE FUNCTION inferacct_import(lines regclass, OUT relation regclass, OUT rows bigint)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE COST 1000000 ROWS 30
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET timezone TO 'UTC'
SET datestyle TO 'ISO'
SET intervalstyle TO 'postgres'
AS $$
DECLARE
	line text;			-- the column that has them
	unknown text;
	t record;
BEGIN
	PERFORM check_owner('import everything');
	line := (SELECT CASE WHEN count(*) = 1 AND min(atttypid::regtype::text) = 'jsonb' THEN min(quote_ident(attname)) END
		FROM pg_attribute WHERE attrelid = lines AND attnum > 0 AND NOT attisdropped);
	IF line IS NULL THEN
		PERFORM inferacct_internal.fail('42804', 'inferacct_import() needs a table of one column of type jsonb', NULL,
			'CREATE TEMP TABLE exported (line jsonb), then \copy exported FROM the file of inferacct_export().');
	END IF;
	IF has_own_rows() THEN
		PERFORM inferacct_internal.fail('55000', 'this database has rows of its own already',
			(SELECT string_agg(format('%s: %s', o.relation, o.rows), ', ') FROM own_rows() AS o),
			'Import into a database where CREATE EXTENSION has just been run.');
	END IF;

	PERFORM check_export(lines, line);

	EXECUTE format(
		'SELECT count(usage_log_partition(d)) FROM (SELECT (%1$s ->> ''partition'')::date '
		'FROM %2$s WHERE %1$s ? ''partition'' ORDER BY 1) AS p(d)', line, lines);
	FOR t IN SELECT o.relation, c.relname FROM own_tables() AS o JOIN pg_class AS c ON c.oid = o.relation
		WHERE o.kind <> 'S' ORDER BY o.rank LOOP
		EXECUTE format(
			'SELECT string_agg(DISTINCT k, '', '') FROM %2$s AS l CROSS '
			'JOIN LATERAL jsonb_object_keys(l.%1$s -> ''row'') AS k '
			'WHERE l.%1$s ->> ''table'' = %3$L AND NOT EXISTS (SELECT FROM pg_attribute '
			'WHERE attrelid = %4$L::regclass AND attnum > 0 AND NOT attisdropped AND attname = k)',
			line, lines, t.relname, t.relation) INTO unknown;
		IF unknown IS NOT NULL THEN
			PERFORM inferacct_internal.fail('42703', format('table %s has no column for these values of the export: %s',
				t.relation, unknown));
		END IF;
		relation := t.relation;
		EXECUTE format(
			'INSERT INTO %1$s (%2$s) OVERRIDING SYSTEM VALUE SELECT %6$s FROM (SELECT l.%3$s -> ''row'' AS value '
			'FROM %4$s AS l WHERE l.%3$s ->> ''table'' = %5$L) AS e '
			'CROSS JOIN LATERAL jsonb_populate_record(NULL::%1$s, e.value) AS r', t.relation,
			written_columns(t.relation), line, lines, t.relname, written_columns(t.relation, 'r.'));
		GET DIAGNOSTICS rows = ROW_COUNT;
		IF rows > 0 THEN
			RETURN NEXT;
		END IF;
	END LOOP;
	EXECUTE format(
		'SELECT count(setval(o.relation, (l.%1$s ->> ''value'')::bigint, (l.%1$s ->> ''called'')::boolean)) '
		'FROM %2$s AS l '
		'JOIN pg_class AS c ON c.relname = l.%1$s ->> ''sequence'' JOIN inferacct_internal.own_tables() '
		'AS o ON o.relation = c.oid AND o.kind = ''S''', line, lines);
END
$$;

COMMENT ON FUNCTION inferacct_import(regclass) IS
'Fills a database in which CREATE EXTENSION has just been run with what inferacct_export() gave: a table of one jsonb '
'column, a row a line. The same rows, with their versions, times and booked months, '
'or nothing. Returns how many rows each table got. Relations of attached sources have to be there, '
'or their sources are broken until they are. Errors: 42804 no such table, 55000 the database has rows of its own, '
'22023 another version, or not a whole export, 42P01 and 42703 what has no place here, '
'42501 the caller does not own the extension.';
