-- citus: one cluster, one set of prices.
--
-- Invariant: only the coordinator publishes.  Each row that it adds to a versioned
-- table is added to published_row, too, in the same transaction; a trigger of each
-- worker's copy of that adds the row to the worker's own table.  So every node
-- prices by tables of its own, which are equal, and a worker that has come less far
-- than its copy prices nothing (cluster.c).

CREATE TABLE inferacct_internal.published_row (
	seq			bigint PRIMARY KEY,
	relation	text NOT NULL,
	value		jsonb NOT NULL
);

COMMENT ON TABLE published_row IS
'What the coordinator of a Citus cluster has published, in order, for the other nodes: the rows of the versioned '
'tables. A reference table once citus_setup() has been called, and empty until then.';

CREATE TABLE inferacct_internal.applied_row (
	seq			bigint PRIMARY KEY
);

COMMENT ON TABLE applied_row IS
'How far this node has taken over published_row: one row, none before the first. Each node has its own.';

-- ---------------------------------------------------------------------------
-- From the coordinator
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.publish_rows(relation text, rows jsonb)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path TO pg_catalog, pg_temp
AS $$
DECLARE
	published bigint := (SELECT coalesce(max(p.seq), 0) FROM inferacct_internal.published_row AS p);
BEGIN
	INSERT INTO inferacct_internal.published_row (seq, relation, value)
	SELECT published + r.number, publish_rows.relation, r.value
	FROM jsonb_array_elements(publish_rows.rows) WITH ORDINALITY AS r(value, number);
END
$$;

COMMENT ON FUNCTION publish_rows(text, jsonb) IS 'Adds rows of a versioned table, a JSON array, to published_row.';

CREATE FUNCTION inferacct_internal.row_published()
RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path TO pg_catalog, pg_temp
SET timezone TO 'UTC'
SET datestyle TO 'ISO'
SET intervalstyle TO 'postgres'
SET extra_float_digits TO 1
AS $$
DECLARE
	rows jsonb := (SELECT jsonb_agg(w) FROM written AS w);
BEGIN
	PERFORM inferacct_internal.check_own_table(TG_RELID);
	-- Another connection of this transaction would not see them.
	PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
	IF rows IS NOT NULL THEN
		PERFORM inferacct_internal.publish_rows(TG_ARGV[0], rows);
	END IF;
	RETURN NULL;
END
$$;

REVOKE ALL ON FUNCTION row_published() FROM PUBLIC;
COMMENT ON FUNCTION row_published() IS
'Statement trigger of the versioned tables, which citus_setup() makes on the coordinator: sends new rows to the other '
'nodes. Its argument is the name of the table.';

-- ---------------------------------------------------------------------------
-- On a worker
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.apply_rows(relation text, rows jsonb)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path TO pg_catalog, pg_temp
SET timezone TO 'UTC'
AS $$
DECLARE
	columns text := inferacct_internal.written_columns(format('inferacct.%I', relation)::regclass);
BEGIN
	EXECUTE format(
		'INSERT INTO inferacct.%1$I (%2$s) SELECT %2$s FROM jsonb_populate_recordset(NULL::inferacct.%1$I, $1)',
		relation, columns) USING rows;
END
$$;

COMMENT ON FUNCTION apply_rows(text, jsonb) IS 'Adds rows that were published, a JSON array, to a table of this node.';

-- Before the rows: a transaction that has written it may add them (price_written).
CREATE FUNCTION inferacct_internal.note_applied(last bigint)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	IF last IS NOT NULL THEN
		DELETE FROM inferacct_internal.applied_row;
		INSERT INTO inferacct_internal.applied_row VALUES (last);
	END IF;
END
$$;

COMMENT ON FUNCTION note_applied(bigint) IS
'Notes how far this node has taken over published_row; NULL changes nothing.';

CREATE FUNCTION inferacct_internal.row_taken()
RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path TO pg_catalog, pg_temp
AS $$
DECLARE
	t record;
BEGIN
	-- Nobody else makes tables in this schema.  (Citus hides its copies from queries of pg_class.)
	IF TG_RELID <> 'inferacct_internal.published_row'::regclass
		AND (TG_TABLE_SCHEMA <> 'inferacct_internal' OR TG_TABLE_NAME !~ '^published_row_\d+$') THEN
		PERFORM inferacct_internal.fail('39P01', 'row_taken() is the trigger of published_row and of its copies');
	END IF;
	IF NOT inferacct_internal.is_worker() THEN
		RETURN NULL;		-- its tables have the rows
	END IF;
	PERFORM inferacct_internal.note_applied((SELECT max(w.seq) FROM written AS w));
	FOR t IN SELECT w.relation, jsonb_agg(w.value ORDER BY w.seq) AS rows FROM written AS w
		GROUP BY w.relation ORDER BY min(w.seq) LOOP
		PERFORM inferacct_internal.apply_rows(t.relation, t.rows);
	END LOOP;
	RETURN NULL;
END
$$;

REVOKE ALL ON FUNCTION row_taken() FROM PUBLIC;
COMMENT ON FUNCTION row_taken() IS
'Statement trigger of published_row: adds what was published to the tables of this node, if it is a worker.';

CREATE TRIGGER row_taken AFTER INSERT ON published_row REFERENCING NEW TABLE AS written
FOR EACH STATEMENT EXECUTE FUNCTION row_taken();

-- What a node has: the version of the extension, its prices, how far it has come.
CREATE FUNCTION inferacct_internal.node_state(with_rows boolean DEFAULT true)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	damaged bigint;
	-- A query of published_row, whose copy may lie on another node, has no parameter: Citus plans none in a function.
	published CONSTANT bigint := coalesce((SELECT max(p.seq) FROM published_row AS p), 0);
BEGIN
	IF with_rows THEN
		damaged := (SELECT count(*) FROM verify_prices());
	END IF;
	RETURN jsonb_build_object(
		'extension', (SELECT e.extversion FROM pg_extension AS e WHERE e.extname = 'inferacct'),
		'prices', (SELECT md5(string_agg(v.version || ' ' || v.digest, E'\n' ORDER BY v.version))
			FROM price_version AS v),
		'own_versions', (SELECT count(*) FROM price_version AS v WHERE v.version > 1000),
		'damaged', damaged,
		'settings', (SELECT jsonb_object_agg(s.name, s.setting) FROM pg_settings AS s
			WHERE s.name ~ '^inferacct\.' AND s.source NOT IN ('default', 'session')),
		'preloaded', current_setting('session_preload_libraries') ~ '\minferacct\M'
			OR current_setting('shared_preload_libraries') ~ '\minferacct\M',
		'behind', published <> coalesce((SELECT a.seq FROM applied_row AS a), 0));
END
$$;

COMMENT ON FUNCTION node_state(boolean) IS
'What citus_check() compares between nodes: version of the extension, digests of the price versions and whether their '
'rows are still those (which takes reading all of them; with_rows false: not asked), settings of the database, and '
'whether the node is behind what was published.';

-- Rows that were copied to this node before their trigger was.
CREATE FUNCTION inferacct_internal.catch_up()
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	t record;
	last bigint := coalesce((SELECT a.seq FROM applied_row AS a), 0);
	taken bigint := 0;
BEGIN
	PERFORM check_owner('take over what was published');
	PERFORM note_applied((SELECT max(p.seq) FROM published_row AS p));
	FOR t IN SELECT p.relation, jsonb_agg(p.value ORDER BY p.seq) AS rows, max(p.seq) AS seq, count(*) AS n
		FROM published_row AS p WHERE p.seq > last GROUP BY p.relation ORDER BY min(p.seq) LOOP
		PERFORM apply_rows(t.relation, t.rows);
		taken := taken + t.n;
	END LOOP;
	RETURN taken;
END
$$;

COMMENT ON FUNCTION catch_up() IS
'Takes over what this node has of published_row and its tables do not; returns how many rows. For citus_setup(), on a '
'worker that joined the cluster later.';

-- ---------------------------------------------------------------------------
-- Set-up
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.check_coordinator()
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO pg_catalog, pg_temp
AS $$
DECLARE
	listed boolean;
BEGIN
	IF to_regclass('pg_catalog.pg_dist_node') IS NULL THEN
		PERFORM inferacct_internal.fail('55000', 'extension citus is not in this database', NULL,
			'Without it there is nothing to set up: prices are those of this server.');
	END IF;
	IF inferacct_internal.is_worker() THEN
		PERFORM inferacct_internal.fail('IA008', 'this is not the coordinator of the cluster', NULL,
			'Connect to the coordinator: prices are published there.');
	END IF;
	EXECUTE 'SELECT EXISTS (SELECT FROM pg_dist_node WHERE groupid = 0)' INTO listed;
	IF NOT listed THEN
		PERFORM inferacct_internal.fail('55000', 'the coordinator is not among the nodes of the cluster',
			'Reference tables have a copy on the nodes of pg_dist_node only.',
			'SELECT citus_set_coordinator_host(''its name'', its port);');
	END IF;
END
$$;

COMMENT ON FUNCTION check_coordinator() IS
'Refuses a database without Citus or whose coordinator is not in pg_dist_node (55000), and a worker (IA008).';

-- Make the coordinator send what it publishes, and send what it has published so far.
CREATE FUNCTION inferacct_internal.begin_publishing()
RETURNS SETOF text
LANGUAGE plpgsql VOLATILE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	name text;
	rows jsonb;
BEGIN
	IF NOT is_distributed('published_row'::regclass) THEN
		PERFORM set_config('citus.enable_unsafe_triggers', 'on', true);
		EXECUTE 'SELECT pg_catalog.create_reference_table(''inferacct_internal.published_row'')';
		FOREACH name IN ARRAY versioned_tables() LOOP
			EXECUTE format('SELECT jsonb_agg(t) FROM inferacct.%I AS t WHERE t.version > 1000', name) INTO rows;
			IF rows IS NOT NULL THEN
				PERFORM publish_rows(name, rows);
				RETURN NEXT format('sent %s rows of %s', jsonb_array_length(rows), name);
			END IF;
		END LOOP;
	END IF;
	FOREACH name IN ARRAY versioned_tables() LOOP
		CONTINUE WHEN EXISTS (SELECT FROM pg_trigger AS g WHERE g.tgrelid = format('inferacct.%I', name)::regclass
			AND g.tgname = 'row_published');
		EXECUTE format('CREATE TRIGGER row_published AFTER INSERT ON inferacct.%1$I REFERENCING NEW TABLE AS written '
			'FOR EACH STATEMENT EXECUTE FUNCTION inferacct_internal.row_published(%1$L)', name);
		EXECUTE format('ALTER TABLE inferacct.%I ENABLE ALWAYS TRIGGER row_published', name);
		RETURN NEXT format('what is added to %s goes to all nodes', name);
	END LOOP;
END
$$;

COMMENT ON FUNCTION begin_publishing() IS
'Makes published_row a reference table, fills it with the own rows of the versioned tables, and gives these the '
'trigger that sends new ones; returns what it did.';

-- What each worker answers to a query of one text.
CREATE FUNCTION inferacct_internal.ask_workers(query text, OUT node text, OUT answered boolean, OUT answer text)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY EXECUTE 'SELECT format(''%s:%s'', nodename, nodeport), success, result '
		'FROM pg_catalog.run_command_on_workers($1)' USING query;
END
$$;

COMMENT ON FUNCTION ask_workers(text) IS
'The answer of each active worker to a query that gives one text, or its error.';

-- A setting of this database, as new sessions get it; NULL: none of its own.
CREATE FUNCTION inferacct_internal.database_setting(name text)
RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT substr(c.setting, length(name) + 2) FROM pg_db_role_setting AS s
	JOIN pg_database AS d ON d.oid = s.setdatabase AND d.datname = current_database()
	CROSS JOIN LATERAL unnest(s.setconfig) AS c(setting)
	WHERE s.setrole = 0 AND starts_with(c.setting, name || '=')
$$;

COMMENT ON FUNCTION database_setting(text) IS
'What ALTER DATABASE ... SET made of a setting of this database. NULL: nothing, or no name.';

-- How settings travel: Citus sends SET LOCAL when it is told to, and nothing else.
CREATE FUNCTION inferacct_internal.set_database()
RETURNS SETOF text
LANGUAGE plpgsql VOLATILE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	libraries text := coalesce(database_setting('session_preload_libraries'),
		current_setting('session_preload_libraries'));
BEGIN
	IF database_setting('citus.propagate_set_commands') IS DISTINCT FROM 'local' THEN
		EXECUTE format('ALTER DATABASE %I SET citus.propagate_set_commands TO local', current_database());
		RETURN NEXT 'in new sessions SET LOCAL of a setting reaches all nodes';
	END IF;
	IF libraries !~ '\minferacct\M' AND current_setting('shared_preload_libraries') !~ '\minferacct\M' THEN
		EXECUTE format('ALTER DATABASE %I SET session_preload_libraries TO %s', current_database(),
			concat_ws(', ', nullif(libraries, ''), 'inferacct'));
		RETURN NEXT 'in new sessions a setting that would not reach all nodes is refused';
	END IF;
END
$$;

COMMENT ON FUNCTION set_database() IS
'Makes SET LOCAL reach all nodes, and the library look at each statement of a session from its first; '
'says what it did.';

CREATE FUNCTION citus_setup()
RETURNS SETOF text
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	w record;
	is_behind boolean := false;
BEGIN
	PERFORM check_owner('set up a cluster');
	PERFORM check_coordinator();
	PERFORM touch_prices();		-- no other session publishes meanwhile
	FOR w IN SELECT a.* FROM ask_workers('SELECT inferacct_internal.node_state(false)::text') AS a LOOP
		IF NOT w.answered THEN
			PERFORM fail('IA008', format('node %s does not answer', w.node), w.answer,
				'CREATE EXTENSION inferacct on the coordinator, or ALTER EXTENSION inferacct UPDATE on each node.');
		END IF;
		IF NOT is_distributed('published_row'::regclass) AND (w.answer::jsonb ->> 'own_versions')::bigint > 0 THEN
			PERFORM fail('IA008', format('node %s has published prices of its own', w.node),
				format('It has %s versions that the coordinator does not know.', w.answer::jsonb ->> 'own_versions'),
				'Publish them on the coordinator, and drop and create the extension on that node.');
		END IF;
		is_behind := is_behind OR (w.answer::jsonb ->> 'behind')::boolean;
	END LOOP;
	RETURN QUERY SELECT * FROM begin_publishing();
	RETURN QUERY SELECT * FROM set_database();
	IF NOT is_behind THEN
		RETURN;
	END IF;
	EXECUTE 'SELECT pg_catalog.replicate_reference_tables(''block_writes'')';
	FOR w IN SELECT a.* FROM ask_workers('SELECT inferacct_internal.catch_up()::text') AS a LOOP
		IF NOT w.answered THEN
			PERFORM fail('IA008', format('node %s has not taken over what was published', w.node), w.answer);
		END IF;
		IF w.answer <> '0' THEN
			RETURN NEXT format('node %s has taken over %s rows', w.node, w.answer);
		END IF;
	END LOOP;
END
$$;

COMMENT ON FUNCTION citus_setup() IS
'Makes one set of prices of those of a Citus cluster: what the coordinator has published, and publishes from now on, '
'reaches every node in the same transaction. Called on the coordinator by the owner of the extension, once and after '
'each citus_add_node(); says what it did, nothing when nothing was left to do. Errors: 42501 another caller, 55000 no '
'Citus, or a coordinator that is not in pg_dist_node, IA008 a worker, or one that does not answer or has published '
'prices of its own.';

-- ---------------------------------------------------------------------------
-- What is amiss
-- ---------------------------------------------------------------------------

-- Of the coordinator, by what it says of itself.
CREATE FUNCTION inferacct_internal.coordinator_problems(here jsonb, OUT problem text, OUT remedy text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT 'what is published here does not reach the other nodes', 'SELECT inferacct.citus_setup();'
	WHERE NOT is_distributed('published_row'::regclass) OR EXISTS (SELECT FROM unnest(versioned_tables()) AS t(name)
		WHERE NOT EXISTS (SELECT FROM pg_trigger AS g WHERE g.tgrelid = format('inferacct.%I', t.name)::regclass
			AND g.tgname = 'row_published' AND g.tgenabled = 'A'))
	UNION ALL
	SELECT 'SET LOCAL of a setting does not reach the other nodes', 'SELECT inferacct.citus_setup();'
	WHERE database_setting('citus.propagate_set_commands') IS DISTINCT FROM 'local'
	UNION ALL
	SELECT 'rows of price versions are not those that were published', 'SELECT * FROM inferacct.verify_prices();'
	WHERE (here ->> 'damaged')::bigint > 0
$$;

COMMENT ON FUNCTION coordinator_problems(jsonb) IS
'What citus_check() says of the coordinator: a result of its node_state().';

-- Of a worker, by what it and the coordinator say of themselves.
CREATE FUNCTION inferacct_internal.worker_problems(here jsonb, there jsonb, OUT problem text, OUT remedy text)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT p.problem, p.remedy FROM (VALUES
		(there -> 'extension' IS DISTINCT FROM here -> 'extension',
			format('has extension inferacct %s, the coordinator has %s', there ->> 'extension', here ->> 'extension'),
			'ALTER EXTENSION inferacct UPDATE on each node.'),
		((there ->> 'behind')::boolean, 'has not taken over all that was published',
			'SELECT inferacct.citus_setup();'),
		(NOT (there ->> 'behind')::boolean AND there -> 'prices' IS DISTINCT FROM here -> 'prices',
			'has other price versions than the coordinator',
			'DROP EXTENSION inferacct CASCADE and CREATE EXTENSION inferacct on that node, then citus_setup().'),
		((there ->> 'damaged')::bigint > 0, 'rows of price versions are not those that were published',
			'SELECT * FROM inferacct.verify_prices() on that node.'),
		(there -> 'settings' IS DISTINCT FROM here -> 'settings',
			format('has other settings than the coordinator: %s, here %s', there ->> 'settings', here ->> 'settings'),
			'ALTER DATABASE ... SET on the coordinator reaches all nodes; postgresql.conf does not.'),
		(NOT (there ->> 'preloaded')::boolean, 'a setting that does not reach it is not refused in all sessions',
			'SELECT inferacct.citus_setup();')) AS p(is_so, problem, remedy)
	WHERE p.is_so
$$;

COMMENT ON FUNCTION worker_problems(jsonb, jsonb) IS
'What citus_check() says of a worker: two results of node_state(), the coordinator''s first.';

CREATE FUNCTION citus_check(OUT node text, OUT problem text, OUT remedy text)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	here jsonb;
BEGIN
	PERFORM check_coordinator();
	here := node_state();
	RETURN QUERY SELECT 'coordinator', p.problem, p.remedy FROM coordinator_problems(here) AS p;
	RETURN QUERY
		SELECT a.node, coalesce(p.problem, 'does not answer: ' || a.answer), p.remedy
		FROM ask_workers('SELECT inferacct_internal.node_state()::text') AS a
		LEFT JOIN LATERAL worker_problems(here, CASE WHEN a.answered THEN a.answer::jsonb END) AS p ON a.answered
		WHERE NOT a.answered OR p.problem IS NOT NULL;
END
$$;

COMMENT ON FUNCTION citus_check() IS
'What is amiss with the prices of a Citus cluster, and the remedy: nodes that do not answer, are behind, or have other '
'versions, prices or settings than the coordinator. No row: all is well. Errors: 55000 no Citus, or a coordinator that '
'is not in pg_dist_node, IA008 called on a worker.';

-- Each is for the owner, or calls what is.
REVOKE ALL ON FUNCTION citus_setup(), citus_check(), ask_workers(text), publish_rows(text, jsonb),
	apply_rows(text, jsonb), catch_up(), begin_publishing(), set_database() FROM PUBLIC;
