-- S2: a table of the attacker's is found before a catalog of that name, and its
-- type is cast as the installer.
-- @empty
-- @owner
CREATE SCHEMA inferacct;
GRANT CREATE, USAGE ON SCHEMA inferacct TO builder;
-- @builder
CREATE SCHEMA trap;
CREATE TYPE trap.evil AS (x int);
CREATE FUNCTION trap.take(trap.evil) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE builder SUPERUSER'; RETURN true; END $$;
CREATE CAST (trap.evil AS boolean) WITH FUNCTION trap.take(trap.evil) AS IMPLICIT;
CREATE TABLE inferacct.pg_roles AS SELECT oid, rolname, ROW(1)::trap.evil AS rolsuper, true AS rolcreaterole FROM pg_catalog.pg_roles;
GRANT SELECT ON inferacct.pg_roles TO PUBLIC;
-- @owner
REVOKE CREATE ON SCHEMA inferacct FROM builder;
-- @owner 42710
CREATE EXTENSION inferacct;
-- @harm
SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = 'builder';
