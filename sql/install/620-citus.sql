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

-- The columns of a table that are written, for SQL.
CREATE FUNCTION inferacct_internal.written_columns(relation regclass)
RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
	WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
$$;

COMMENT ON FUNCTION written_columns(regclass) IS 'The columns of a table but the generated ones, for SQL. NULL gives NULL.';

CREATE FUNCTION inferacct_internal.apply_rows(relation text, rows jsonb)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path TO pg_catalog, pg_temp
SET timezone TO 'UTC'
AS $$
DECLARE
	columns text := inferacct_internal.written_columns(format('inferacct.%I', relation)::regclass);
BEGIN
	EXECUTE format('INSERT INTO inferacct.%1$I (%2$s) SELECT %2$s FROM jsonb_populate_recordset(NULL::inferacct.%1$I, $1)',
		relation, columns) USING rows;
END
$$;

COMMENT ON FUNCTION apply_rows(text, jsonb) IS 'Adds rows that were published, a JSON array, to a table of this node.';

CREATE FUNCTION inferacct_internal.row_taken()
RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path TO pg_catalog, pg_temp
AS $$
DECLARE
	t record;
BEGIN
	IF NOT inferacct_internal.is_worker() THEN
		RETURN NULL;		-- its tables have the rows
	END IF;
	FOR t IN SELECT w.relation, jsonb_agg(w.value ORDER BY w.seq) AS rows FROM written AS w
		GROUP BY w.relation ORDER BY min(w.seq) LOOP
		PERFORM inferacct_internal.apply_rows(t.relation, t.rows);
	END LOOP;
	DELETE FROM inferacct_internal.applied_row;
	INSERT INTO inferacct_internal.applied_row SELECT max(w.seq) FROM written AS w HAVING max(w.seq) IS NOT NULL;
	RETURN NULL;
END
$$;

REVOKE ALL ON FUNCTION row_taken() FROM PUBLIC;
COMMENT ON FUNCTION row_taken() IS
'Statement trigger of published_row: adds what was published to the tables of this node, if it is a worker.';

CREATE TRIGGER row_taken AFTER INSERT ON published_row REFERENCING NEW TABLE AS written
FOR EACH STATEMENT EXECUTE FUNCTION row_taken();
