-- usage_change: which hours of the log were written since they were last read.
--
-- Invariant: a transaction that changes rows of an hour of usage_log, in whatever
-- way, appends a note of it, and refresh_usage() deletes the note before it reads
-- the hour.  So an hour whose change is committed and not yet read has a note,
-- unless its partition has no trigger or is not one that was known when everything
-- was last looked at: then everything is looked at again (refresh_noted).  Attached
-- tables have notes where note_changes() was called for them.

CREATE TABLE inferacct_internal.usage_change (
	relation	oid NOT NULL,
	hour		timestamptz NOT NULL
);

-- Notes are deleted, which a publication of all tables would refuse without a key.
ALTER TABLE usage_change REPLICA IDENTITY FULL;

COMMENT ON TABLE usage_change IS
'Notes of hours that transactions have changed, without a key, so that writers never wait for one another. '
'Of this database only.';
COMMENT ON COLUMN usage_change.relation IS 'the partition';
COMMENT ON COLUMN usage_change.hour IS 'beginning of the UTC hour; -infinity: all of them';

CREATE FUNCTION inferacct_internal.usage_changed()
RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'usage_changed';

REVOKE ALL ON FUNCTION usage_changed() FROM PUBLIC;

COMMENT ON FUNCTION usage_changed() IS
'Trigger: notes in usage_change the hours of the rows that are written, by the column of time that its argument '
'names; of a statement, all hours. Errors: 39P01 without such a column; '
'with a second argument all hours are noted instead, since the table is somebody else''s.';

CREATE FUNCTION inferacct_internal.usage_changes_read()
RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'usage_changes_read';

COMMENT ON FUNCTION usage_changes_read() IS
'To be called when notes were deleted: what the same transaction changes from then on is noted again.';

-- For each row, so that logical replication, which fires no statement trigger, is noted,
-- and on the parent, so that every partition has it; ALWAYS, so that nothing turns it off
-- but its name.
CREATE TRIGGER usage_changed AFTER INSERT OR UPDATE OR DELETE ON usage_log
FOR EACH ROW EXECUTE FUNCTION usage_changed('at');
ALTER TABLE usage_log ENABLE ALWAYS TRIGGER usage_changed;

CREATE FUNCTION inferacct_internal.parts_of(relation oid)
RETURNS TABLE (part oid, file oid, noted_since xid)
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 24
SET search_path TO pg_catalog, pg_temp
AS $$
	WITH RECURSIVE tree(oid) AS (
		SELECT relation UNION SELECT i.inhrelid FROM tree AS t JOIN pg_inherits AS i ON i.inhparent = t.oid
	)
	SELECT c.oid, c.relfilenode, (SELECT g.xmin FROM pg_trigger AS g
		WHERE g.tgrelid = c.oid AND g.tgfoid = 'inferacct_internal.usage_changed()'::regprocedure AND g.tgenabled = 'A'
		ORDER BY g.oid LIMIT 1)
	FROM tree JOIN pg_class AS c USING (oid) WHERE c.relkind <> 'p'
$$;

COMMENT ON FUNCTION parts_of(oid) IS
'The partitions that hold the rows of a relation, or itself, the file of each, which TRUNCATE and rewriting change, '
'and the transaction since which its trigger notes what is written in it, whatever the session''s settings; '
'NULL when none does. Looks at the catalog only.';
