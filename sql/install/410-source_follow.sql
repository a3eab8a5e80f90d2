-- source_follow: usage logs that other tools keep, read where they lie.
--
-- Invariants: attaching copies nothing.  What users own cannot take us along: no
-- object of the extension depends on an attached relation.  A source is read by two
-- functions, rows_of_<name> and rejected_of_<name>, whose bodies are text that the
-- planner puts in their place, with the rights of who asks; usage_of_<name>,
-- usage_all and rejected_usage are views over such functions.  After every command
-- that changes a schema, follow_sources() compares each attached relation with what
-- it was: a relation or column that has another name is read by that, and a source
-- that cannot be read any more is broken: it has no rows, says so to whoever reads
-- it, and stands in rejected_usage and source_status with what to do.
-- What anybody but the owner of the extension can put in a relation's place is never
-- read unasked: it could run code of his as whoever reads a report.

CREATE TABLE usage_source (
	name		text COLLATE "C" PRIMARY KEY CHECK (name <> '' AND octet_length(name) <= 48 AND name <> 'usage_log'),
	relation	text NOT NULL,
	mapping		jsonb NOT NULL,
	definition	jsonb NOT NULL,
	columns		jsonb NOT NULL,
	attached_at	timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE usage_source IS
'The attached logs; written by attach_usage() and detach_usage(). Their state is in source_status.';
COMMENT ON COLUMN usage_source.relation IS 'name of the relation, with its schema';
COMMENT ON COLUMN usage_source.mapping IS 'as attach_usage() was given it';
COMMENT ON COLUMN usage_source.definition IS
'what it made of it: SQL expressions over the relation (alias r) by column of usage_log, and FROM, '
'WHERE and problem; in the names that columns had when it was attached';
COMMENT ON COLUMN usage_source.columns IS
'the columns that it reads: by the name that each had when it was attached, the name that it has and its type';

SELECT pg_extension_config_dump('usage_source', '');

CREATE TABLE inferacct_internal.source_relation (
	name		text COLLATE "C" PRIMARY KEY,
	relation	oid,
	kind		"char",
	owner		oid,
	columns		jsonb NOT NULL DEFAULT '{}',
	seen		text NOT NULL DEFAULT '',
	problem		text
);

COMMENT ON TABLE source_relation IS
'Which relation of this database a source reads, and as what it was last seen; kept by follow_sources(). '
'A dump leaves it out; restoring usage_source fills it.';
COMMENT ON COLUMN source_relation.columns IS
'the number of each column that is read, by the name that it had when it was attached';
COMMENT ON COLUMN source_relation.seen IS 'source_seen() when the functions of the source were made';
COMMENT ON COLUMN source_relation.problem IS 'why the source is broken; NULL when it is not';

-- ---------------------------------------------------------------------------
-- The functions and views that read sources
-- ---------------------------------------------------------------------------

-- In a cluster they are the coordinator's: Citus would send them to its nodes, and to new ones,
-- which do not have the sources (citus.enable_ddl_propagation, elsewhere a setting without meaning).

-- Tools that know no type usage read plain columns.
CREATE FUNCTION inferacct_internal.token_columns(usage text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN format('inferacct.input_tokens(%1$s) AS input_tokens, inferacct_internal.cached_tokens(%1$s) AS cached_tokens, '
	'inferacct_internal.cache_write_tokens(%1$s) AS cache_write_tokens, '
	'inferacct.output_tokens(%1$s) AS output_tokens, '
	'inferacct.meter(%1$s, ''reasoning'') AS reasoning_tokens', usage);

COMMENT ON FUNCTION token_columns(text) IS
'The columns of tokens that a view has beside an expression of type usage, as SQL.';

DO $$
BEGIN
	EXECUTE format('CREATE VIEW usage_all WITH (security_invoker = true) AS SELECT u.*, %s FROM inferacct.usage_log '
		'AS u', token_columns('inferacct_internal.countable_usage(u.at, u.usage)'));
END $$;

COMMENT ON VIEW usage_all IS
'usage_log and every attached source, in the columns of usage_log, and the tokens of usage as plain numbers. A usage '
'of NULL is one that could not be read: see rejected_usage. A broken source has no rows, and a WARNING says so.';

CREATE VIEW rejected_usage WITH (security_invoker = true) AS
SELECT source, request_id, at, model, row_problem(at, usage) AS reason FROM usage_log
	WHERE row_problem(at, usage) IS NOT NULL;

COMMENT ON VIEW rejected_usage IS
'Rows of usage_log and of attached sources that have no time, no model or no usage that makes sense, and why: they '
'are not in the rollup, nor in any report that reads it. A source that is broken is one row here.';

CREATE FUNCTION inferacct_internal.broken_source(name text, problem text)
RETURNS SETOF usage_log
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	RAISE WARNING USING
		MESSAGE = format('source "%s" is broken, and its rows are left out', name),
		DETAIL = problem,
		HINT = 'SELECT * FROM inferacct.source_status shows the remedy; see docs/sources.md.';
END
$$;

COMMENT ON FUNCTION broken_source(text, text) IS 'What is read of a source that is broken: no row, and a WARNING.';

-- Is its data on other nodes?  Their planner cannot look into a function's text.
CREATE FUNCTION inferacct_internal.is_distributed(relation oid)
RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10
SET search_path TO pg_catalog, pg_temp
AS $$
DECLARE
	found boolean := false;
BEGIN
	IF to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL THEN
		EXECUTE 'SELECT EXISTS (SELECT FROM pg_catalog.pg_dist_partition WHERE logicalrelid = $1)'
			INTO found USING relation;
	END IF;
	RETURN found;
END
$$;

COMMENT ON FUNCTION is_distributed(oid) IS 'Whether a relation is distributed by Citus.';

-- Compressed chunks keep their rows elsewhere, and do not tell which transactions wrote them.
CREATE FUNCTION inferacct_internal.is_hypertable(relation oid)
RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10
SET search_path TO pg_catalog, pg_temp
AS $$
DECLARE
	found boolean := false;
BEGIN
	IF to_regclass('_timescaledb_catalog.hypertable') IS NOT NULL THEN
		EXECUTE 'SELECT EXISTS (SELECT FROM _timescaledb_catalog.hypertable AS h '
			'WHERE to_regclass(format(''%I.%I'', h.schema_name, h.table_name)) = $1)'
			INTO found USING relation;
	END IF;
	RETURN found;
END
$$;

COMMENT ON FUNCTION is_hypertable(oid) IS 'Whether a relation is a hypertable of TimescaleDB.';

-- Make the function of this name read that; the same function if it is there.
CREATE FUNCTION inferacct_internal.make_source_function(name text, returns text, query text, as_statement boolean)
RETURNS void
LANGUAGE plpgsql VOLATILE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET check_function_bodies TO on
SET citus.enable_ddl_propagation TO off
AS $$
DECLARE
	is_new boolean := to_regprocedure(name) IS NULL;
BEGIN
	-- It is our own: what is put in its place is the same function.
	EXECUTE format('CREATE OR ' || 'REPLACE FUNCTION %s RETURNS %s LANGUAGE %s STABLE PARALLEL SAFE AS %L', name,
		returns,
		CASE WHEN as_statement THEN 'plpgsql' ELSE 'sql' END,
		CASE WHEN as_statement THEN format('BEGIN RETURN QUERY %s; END', query) ELSE query END);
	IF is_new THEN
		EXECUTE format('COMMENT ON FUNCTION %s IS %L', name,
			'Reads an attached source; made by attach_usage(), kept by follow_sources().');
		EXECUTE format('ALTER EXTENSION inferacct ADD FUNCTION %s', name);
	END IF;
END
$$;

COMMENT ON FUNCTION make_source_function(text, text, text, boolean) IS
'Makes a function that reads an attached source. as_statement: as a statement of its own, which no planner can put in '
'the function''s place. Errors: those of the query.';

CREATE FUNCTION inferacct_internal.make_source_functions(name text, relation oid, query text, rejected text)
RETURNS void
LANGUAGE plpgsql VOLATILE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM make_source_function(source_function('rows', name), 'SETOF inferacct.usage_log', query,
		is_distributed(relation));
	PERFORM make_source_function(source_function('rejected', name),
		'TABLE (source text, request_id text, at timestamp with time zone, model text, reason text)', rejected,
		is_distributed(relation));
END
$$;

COMMENT ON FUNCTION make_source_functions(text, oid, text, text) IS
'Makes both functions that read an attached source.';

-- ---------------------------------------------------------------------------
-- Following relations
-- ---------------------------------------------------------------------------

-- Does it read what we are made of?  Then it would be read by itself, or counted twice.
CREATE FUNCTION inferacct_internal.own_relation(relation oid)
RETURNS regclass
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000
SET search_path TO pg_catalog, pg_temp
AS $$
	WITH RECURSIVE own (oid) AS (
		SELECT e.objid FROM pg_depend AS e JOIN pg_extension AS x ON e.refclassid = 'pg_extension'::regclass
			AND x.oid = e.refobjid AND x.extname = 'inferacct'
		WHERE e.classid = 'pg_class'::regclass AND e.deptype = 'e'
	), read (oid, is_own) AS (
		SELECT $1, $1 IN (SELECT oid FROM own)
		UNION
		SELECT next.oid, next.oid IN (SELECT oid FROM own) FROM read CROSS JOIN LATERAL (
			-- what a view or a materialized view reads
			SELECT d.refobjid FROM pg_rewrite AS w
			JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
				AND d.refclassid = 'pg_class'::regclass
			WHERE w.ev_class = read.oid
			-- the table that a partition is part of, and its own parts
			UNION ALL SELECT i.inhparent FROM pg_inherits AS i WHERE i.inhrelid = read.oid
			UNION ALL SELECT i.inhrelid FROM pg_inherits AS i WHERE i.inhparent = read.oid) AS next(oid)
		WHERE NOT read.is_own
	)
	SELECT read.oid::regclass FROM read WHERE is_own ORDER BY read.oid LIMIT 1
$$;

COMMENT ON FUNCTION own_relation(oid) IS
'The relation of this extension that a relation is, is part of, or reads through any number of views; '
'NULL when there is none.';

-- Everything of a relation that a source depends on, in one text.  In PL/pgSQL, which
-- keeps its plan: it runs for every source after every command that changes a schema.
CREATE FUNCTION inferacct_internal.source_seen(relation oid, source usage_source)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO pg_catalog, pg_temp
SET quote_all_identifiers TO off
AS $$
DECLARE
	seen text;
BEGIN
	SELECT concat_ws(' ', c.oid, c.oid::regclass, c.relkind, c.relowner, inferacct_internal.is_distributed(c.oid),
		CASE WHEN c.relkind IN ('v', 'm') THEN inferacct_internal.own_relation(c.oid) END,
		(SELECT string_agg(concat_ws(' ', a.attnum, quote_ident(a.attname), a.atttypid::regtype), ', '
			ORDER BY a.attnum)
		 FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
	INTO seen
	FROM pg_class AS c WHERE c.oid = coalesce((SELECT k.oid FROM pg_class AS k WHERE k.oid = source_seen.relation),
		inferacct_internal.relation_of(source.relation));
	RETURN concat_ws(' ', coalesce(seen, 'gone'), 'by',
		md5(concat(source.relation, source.columns, source.definition)));
END
$$;

COMMENT ON FUNCTION source_seen(oid, usage_source) IS
'What a source can tell of its relation, or of the one that has its name when it is gone, and by what it reads it: '
'when this changes, follow_sources() has work.';

-- The columns that a definition reads: PostgreSQL itself says which.
CREATE FUNCTION inferacct_internal.source_columns(relation regclass, definition jsonb)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE COST 10000
SET search_path TO pg_catalog, pg_temp
SET quote_all_identifiers TO off
SET citus.enable_ddl_propagation TO off
AS $$
DECLARE
	columns jsonb;
BEGIN
	EXECUTE format(
		'CREATE VIEW inferacct_internal.probe_of_source WITH (security_invoker = true) AS SELECT FROM (%s) AS a, '
		'(%s) AS b',
		inferacct_internal.source_select('probe', relation::text, NULL, definition),
		inferacct_internal.source_rejected('probe', relation::text, NULL, definition));
	SELECT coalesce(jsonb_object_agg(a.attname, jsonb_build_object('name', a.attname, 'type', a.atttypid::regtype)),
		'{}') INTO columns
	FROM pg_rewrite AS w
	JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
		AND d.refclassid = 'pg_class'::regclass AND d.refobjid = relation
	JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid AND a.attnum > 0
	WHERE w.ev_class = 'inferacct_internal.probe_of_source'::regclass;
	DROP VIEW inferacct_internal.probe_of_source;
	RETURN columns;
END
$$;

COMMENT ON FUNCTION source_columns(regclass, jsonb) IS
'The columns of relation that a definition reads, with their types, as in usage_source.columns. '
'Errors: those of the expressions.';

-- Why a relation that has the name of one that is gone is not read in its place; NULL when it is.
CREATE FUNCTION inferacct_internal.replacement_problem(relation oid, former_owner oid)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN c.relkind NOT IN ('r', 'p')
			THEN format('its relation was dropped, and %s, which has its name now, is no table', c.oid::regclass)
		WHEN c.relowner <> former_owner AND NOT (SELECT rolsuper FROM pg_roles WHERE oid = c.relowner)
			THEN format('its relation was dropped, and %s, which has its name now, belongs to another role (%s)',
				c.oid::regclass, c.relowner::regrole) END
	FROM pg_class AS c WHERE c.oid = relation
$$;

COMMENT ON FUNCTION replacement_problem(oid, oid) IS
'Why a relation is not read in the place of one of its name: whoever made it could run code of his as the reader of a '
'report. NULL when it is a table of the former owner or of a superuser.';

-- The columns of a source in its relation as it is now: by their places in the relation that was attached, by their
-- names in one that took its place.
CREATE FUNCTION inferacct_internal.columns_now(source usage_source, attached source_relation, now_relation oid,
	OUT columns jsonb, OUT numbers jsonb, OUT retyped boolean, OUT renamed boolean, OUT problem text)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO pg_catalog, pg_temp
SET quote_all_identifiers TO off
AS $$
DECLARE
	a record;
BEGIN
	columns := '{}';
	numbers := '{}';
	retyped := false;
	renamed := false;
	FOR a IN
		SELECT c.key, c.value ->> 'type' AS type, p.attnum, p.attname, p.atttypid::regtype::text AS now_type,
			(SELECT t.typnamespace = 'pg_catalog'::regnamespace FROM pg_type AS t
				WHERE t.oid = p.atttypid) AS builtin
		FROM jsonb_each(source.columns) AS c
		LEFT JOIN pg_attribute AS p ON p.attrelid = now_relation AND p.attnum > 0 AND NOT p.attisdropped
			AND CASE WHEN now_relation = attached.relation THEN p.attnum = (attached.columns ->> c.key)::int
				ELSE p.attname = c.value ->> 'name' END
		ORDER BY c.key
	LOOP
		IF a.attnum IS NULL THEN
			problem := format('column "%s" of its relation %s was dropped', source.columns #>> ARRAY[a.key, 'name'],
				now_relation::regclass);
			RETURN;
		ELSIF a.now_type <> a.type AND NOT a.builtin THEN
			problem := format('column "%s" of its relation %s is of type %s now; it was of type %s', a.attname,
				now_relation::regclass, a.now_type, a.type);
			RETURN;
		END IF;
		retyped := retyped OR a.now_type <> a.type;
		renamed := renamed OR a.attname <> a.key;
		columns := columns || jsonb_build_object(a.key, jsonb_build_object('name', a.attname, 'type', a.now_type));
		numbers := numbers || jsonb_build_object(a.key, a.attnum);
	END LOOP;
	-- What an expression is made of depends on types; what looks for columns knows them by their first names only.
	IF retyped AND renamed THEN
		problem := format('columns of its relation %s have other names and other types', now_relation::regclass);
	END IF;
END
$$;

COMMENT ON FUNCTION columns_now(usage_source, source_relation, oid) IS
'Names and types of a source''s columns as its relation has them now, and their numbers there; whether one has another '
'type, and whether one has another name than when it was attached; problem: what keeps them from being read.';

-- Why what bears the relation's name now is not read in its place; NULL when it is.
CREATE FUNCTION inferacct_internal.relation_problem(source usage_source, attached source_relation, now_relation oid,
	now_kind "char")
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO pg_catalog, pg_temp
SET quote_all_identifiers TO off
AS $$
DECLARE
	problem text;
BEGIN
	IF now_relation IS NULL THEN
		RETURN format('its relation %s was dropped', source.relation);
	ELSIF now_relation <> attached.relation THEN
		problem := inferacct_internal.replacement_problem(now_relation, attached.owner);
	ELSIF now_kind <> attached.kind THEN
		problem := format('its relation %s was made into something else', now_relation::regclass);
	END IF;
	IF problem IS NULL AND inferacct_internal.own_relation(now_relation) IS NOT NULL THEN
		problem := format('its relation %s reads %s of inferacct itself', now_relation::regclass,
			inferacct_internal.own_relation(now_relation));
	END IF;
	RETURN problem;
END
$$;

COMMENT ON FUNCTION relation_problem(usage_source, source_relation, oid, "char") IS
'Why the relation that a source would read now is none that it may read, in words; NULL when it may.';

-- Bring one source up to date with its relation; the caller knows that something has changed.
CREATE FUNCTION inferacct_internal.follow_source(name text)
RETURNS void
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO pg_catalog, pg_temp
SET quote_all_identifiers TO off
AS $$
DECLARE
	s inferacct.usage_source;
	l inferacct_internal.source_relation;
	now_seen text;
	now_relation oid;
	now_owner oid;
	now_kind "char";
	columns_now record;
	why text;	-- it cannot be read
BEGIN
	SELECT * INTO s FROM inferacct.usage_source AS u WHERE u.name = follow_source.name;
	INSERT INTO inferacct_internal.source_relation (name) VALUES (name) ON CONFLICT DO NOTHING;
	SELECT * INTO l FROM inferacct_internal.source_relation AS r WHERE r.name = follow_source.name FOR UPDATE;
	now_seen := inferacct_internal.source_seen(l.relation, s);
	IF now_seen = l.seen THEN
		RETURN;
	END IF;
	-- First of all, so that what is made below finds nothing to do.
	UPDATE inferacct_internal.source_relation AS r SET seen = now_seen WHERE r.name = follow_source.name;

	SELECT c.oid, c.relowner, c.relkind INTO now_relation, now_owner, now_kind FROM pg_class AS c
	WHERE c.oid = coalesce((SELECT k.oid FROM pg_class AS k WHERE k.oid = l.relation),
		inferacct_internal.relation_of(s.relation));
	BEGIN
		why := inferacct_internal.relation_problem(s, l, now_relation, now_kind);
		IF why IS NULL THEN
			columns_now := inferacct_internal.columns_now(s, l, now_relation);
			why := columns_now.problem;
		END IF;
		IF why IS NULL THEN
			s.columns := columns_now.columns;
			l.columns := columns_now.numbers;
			IF columns_now.retyped THEN
				s.definition := inferacct_internal.source_definition(now_relation, s.mapping);
				s.columns := inferacct_internal.source_columns(now_relation, s.definition);
				l.columns := (SELECT coalesce(jsonb_object_agg(p.attname, p.attnum), '{}') FROM pg_attribute AS p
					WHERE p.attrelid = now_relation AND p.attnum > 0 AND NOT p.attisdropped
						AND s.columns ? p.attname::text);
			END IF;
			PERFORM inferacct_internal.make_source_functions(name, now_relation,
				inferacct_internal.source_select(name, now_relation::regclass::text, s.columns, s.definition),
				inferacct_internal.source_rejected(name, now_relation::regclass::text, s.columns, s.definition));
			s.relation := now_relation::regclass::text;
			UPDATE inferacct_internal.source_relation AS r SET relation = now_relation, kind = now_kind,
				owner = now_owner, columns = l.columns, problem = NULL,
				seen = inferacct_internal.source_seen(now_relation, s) WHERE r.name = follow_source.name;
			UPDATE inferacct.usage_source AS u SET relation = s.relation, columns = s.columns, definition = s.definition
			WHERE u.name = follow_source.name
				AND (u.relation, u.columns, u.definition) <> (s.relation, s.columns, s.definition);
			IF l.problem IS NOT NULL THEN
				RAISE NOTICE 'source "%" of inferacct can be read again', name;
			END IF;
			RETURN;
		END IF;
	EXCEPTION WHEN OTHERS THEN
		why := format('its relation %s cannot be read: %s', s.relation, SQLERRM);
	END;

	PERFORM inferacct_internal.make_source_functions(name, NULL,
		format('SELECT * FROM inferacct_internal.broken_source(%L, %L)', name, why),
		format('SELECT %L::text, NULL::text, NULL::timestamp with time zone, NULL::text, %L::text', name,
			'the source is broken: ' || why));
	UPDATE inferacct_internal.source_relation AS r SET problem = why WHERE r.name = follow_source.name;
END
$$;

COMMENT ON FUNCTION follow_source(text) IS
'Makes the functions of a source again after a change of its relation; when it cannot be read, they say so instead.';

CREATE FUNCTION follow_sources()
RETURNS void
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO pg_catalog, pg_temp
AS $$
DECLARE
	changed text;
BEGIN
	PERFORM inferacct_internal.check_owner('follow sources');
	FOR changed IN
		SELECT s.name FROM inferacct.usage_source AS s JOIN inferacct_internal.source_relation AS l USING (name)
		WHERE inferacct_internal.source_seen(l.relation, s) <> l.seen ORDER BY s.name
	LOOP
		PERFORM inferacct_internal.follow_source(changed);
	END LOOP;
END
$$;

COMMENT ON FUNCTION follow_sources() IS
'Looks at the relation of every attached source, and makes what reads it again where the relation has changed: other '
'names are followed, what cannot be read is broken (source_status). An event trigger calls it after every command '
'that changes a schema; call it when event triggers were off, or when a relation was distributed. '
'Error: 42501 the caller does not own the extension.';

-- Runs after everybody's commands: it does nothing but the above, and never makes a command fail.
CREATE FUNCTION inferacct_internal.schema_changed()
RETURNS event_trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM inferacct.follow_sources();
EXCEPTION WHEN OTHERS THEN
	RAISE WARNING USING
		MESSAGE = format('inferacct could not look at its sources: %s', SQLERRM),
		HINT = 'SELECT inferacct.follow_sources(), as the owner of extension inferacct.';
END
$$;

REVOKE ALL ON FUNCTION schema_changed() FROM PUBLIC;
COMMENT ON FUNCTION schema_changed() IS
'Event trigger: the sources follow their relations. Runs as the owner of the extension, since whoever changes a '
'relation need have no right on it.';

-- ---------------------------------------------------------------------------
-- The views follow usage_source
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.make_usage_views()
RETURNS void
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET citus.enable_ddl_propagation TO off
AS $$
DECLARE
	s text;
	one record;
	every text := 'SELECT * FROM inferacct.usage_log';
	tokens CONSTANT text := token_columns('inferacct_internal.countable_usage(u.at, u.usage)');
	rejected text :=
		'SELECT source, request_id, at, model, inferacct_internal.row_problem(at, usage) AS reason '
		'FROM inferacct.usage_log WHERE inferacct_internal.row_problem(at, usage) IS NOT NULL';
BEGIN
	FOR s IN SELECT name FROM usage_source ORDER BY name LOOP
		IF to_regclass(source_view(s)) IS NULL THEN
			PERFORM follow_source(s);
			EXECUTE format('CREATE VIEW %s WITH (security_invoker = true) AS SELECT * FROM %s', source_view(s),
				source_function('rows', s));
			EXECUTE format('COMMENT ON VIEW %s IS %L', source_view(s),
				format('The rows of source %s in the columns of usage_log; made by attach_usage().', s));
			FOR one IN SELECT a.attname, col_description(a.attrelid, a.attnum) AS meaning FROM pg_attribute AS a
				WHERE a.attrelid = 'inferacct.usage_log'::regclass AND a.attnum > 0 AND NOT a.attisdropped LOOP
				EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', source_view(s), one.attname, one.meaning);
			END LOOP;
			EXECUTE format('ALTER EXTENSION inferacct ADD VIEW %s', source_view(s));
		END IF;
		every := every || format(' UNION ALL SELECT * FROM %s', source_function('rows', s));
		rejected := rejected || format(' UNION ALL SELECT * FROM %s', source_function('rejected', s));
	END LOOP;
	-- These two are our own: what is put in their place is the same view.
	EXECUTE format('CREATE OR ' || 'REPLACE VIEW inferacct.usage_all WITH (security_invoker = true) AS '
		'SELECT u.*, %s FROM (%s) AS u', tokens, every);
	EXECUTE 'CREATE OR ' || 'REPLACE VIEW inferacct.rejected_usage WITH (security_invoker = true) AS ' || rejected;

	FOR s IN SELECT name FROM source_relation EXCEPT SELECT name FROM usage_source LOOP
		EXECUTE format('ALTER EXTENSION inferacct DROP VIEW %s', source_view(s));
		EXECUTE format('DROP VIEW %s', source_view(s));
		EXECUTE format('ALTER EXTENSION inferacct DROP FUNCTION %s', source_function('rows', s));
		EXECUTE format('ALTER EXTENSION inferacct DROP FUNCTION %s', source_function('rejected', s));
		EXECUTE format('DROP FUNCTION %s, %s', source_function('rows', s), source_function('rejected', s));
		DELETE FROM source_relation WHERE name = s;
	END LOOP;
END
$$;

COMMENT ON FUNCTION make_usage_views() IS
'Makes what reads the attached sources, usage_all and rejected_usage from usage_source, and drops what read others. '
'Run by its trigger; the caller must own the extension.';

CREATE FUNCTION inferacct_internal.usage_source_written()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM make_usage_views();
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION usage_source_written() IS 'Statement trigger of usage_source: the views follow it.';

CREATE TRIGGER usage_source_written AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE OF name ON usage_source
FOR EACH STATEMENT EXECUTE FUNCTION usage_source_written();

CREATE FUNCTION inferacct_internal.usage_source_corrected()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM follow_sources();
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION usage_source_corrected() IS
'Statement trigger of usage_source: what reads a source follows its definition.';

CREATE TRIGGER usage_source_corrected AFTER UPDATE OF relation, columns, definition ON usage_source
FOR EACH STATEMENT EXECUTE FUNCTION usage_source_corrected();
