-- S1: the same by the trigger function of the price tables, which goes by the
-- name of the table.
-- @mallory 42501
CREATE TYPE pg_temp.evil AS (x int);
CREATE FUNCTION pg_temp.take(pg_temp.evil) RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE mallory SUPERUSER'; RETURN '2026-01-01'; END $$;
CREATE CAST (pg_temp.evil AS timestamptz) WITH FUNCTION pg_temp.take(pg_temp.evil) AS IMPLICIT;
CREATE TEMP TABLE contract_term (valid_from pg_temp.evil, valid_to timestamptz);
CREATE TRIGGER bait AFTER INSERT ON contract_term REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION :internal.price_cuts_months();
INSERT INTO contract_term VALUES (ROW(1)::pg_temp.evil, now());
-- @harm
SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory';
