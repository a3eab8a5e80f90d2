-- event_trigger: what looks at every statement that changes a schema.
--
-- Invariant: last of all, so that none of the statements before fires them: they
-- would take most of the time of CREATE EXTENSION.

CREATE EVENT TRIGGER inferacct_table_altered ON ddl_command_end WHEN TAG IN ('ALTER TABLE')
	EXECUTE FUNCTION table_altered();
ALTER EVENT TRIGGER inferacct_table_altered ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER inferacct_table_altered IS
'Triggers of inferacct stay as they were made: see table_altered().';

CREATE EVENT TRIGGER inferacct_schema_changed ON ddl_command_end EXECUTE FUNCTION schema_changed();
ALTER EVENT TRIGGER inferacct_schema_changed ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER inferacct_schema_changed IS
'The attached sources of inferacct follow their relations: see follow_sources().';
