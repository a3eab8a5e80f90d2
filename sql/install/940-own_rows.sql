-- own_rows: the triggers that see a row of this database's own.
--
-- Invariant: from here on, every row is one: the first stands in the way of DROP
-- EXTENSION (610-own_rows).  Once it does, a statement only looks for a name.

DO $$
DECLARE
	name text;
BEGIN
	-- The default partition, too: a dump is restored into it by its own name.
	FOR name IN SELECT relation::text FROM own_tables() WHERE kind <> 'S' UNION SELECT 'usage_log_default' LOOP
		EXECUTE format('CREATE TRIGGER keep_own_rows AFTER INSERT ON %s FOR EACH STATEMENT '
			'WHEN (to_regclass(''inferacct.lost_by_drop_extension'') IS NULL) EXECUTE FUNCTION keep_own_rows()', name);
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER keep_own_rows', name);
	END LOOP;
END $$;
