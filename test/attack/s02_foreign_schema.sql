-- S2: CREATE EXTENSION into a schema that a role made which may create in the
-- database: its functions are found before those of pg_catalog.
-- @empty
-- @builder
CREATE SCHEMA inferacct;
CREATE FUNCTION inferacct.format(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE builder SUPERUSER'; RETURN pg_catalog.format($1, $2); END $$;
-- @owner 42501
CREATE EXTENSION inferacct;
-- @harm
SELECT rolsuper FROM pg_roles WHERE rolname = 'builder';
