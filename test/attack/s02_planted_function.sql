-- S2: the schema is a superuser's, but somebody could once create in it.
-- @empty
-- @owner
CREATE SCHEMA inferacct;
GRANT CREATE, USAGE ON SCHEMA inferacct TO builder;
-- @builder
CREATE FUNCTION inferacct.format(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE builder SUPERUSER'; RETURN pg_catalog.format($1, $2); END $$;
-- @owner
REVOKE CREATE ON SCHEMA inferacct FROM builder;
-- @owner 42710
CREATE EXTENSION inferacct;
-- @harm
SELECT rolsuper FROM pg_roles WHERE rolname = 'builder';
