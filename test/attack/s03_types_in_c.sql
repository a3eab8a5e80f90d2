-- S3: queries of our C code name types and collations, which a schema public
-- before pg_catalog may have as well.
-- @owner
GRANT CREATE ON SCHEMA public TO mallory;
INSERT INTO inferacct.routing_policy (name, kind) VALUES ('p', 'score');
INSERT INTO inferacct.routing_tier (policy, below_score, model) VALUES ('p', 0.5, 'openai/gpt-4o-mini'), ('p', NULL, 'openai/gpt-4o');
-- @mallory
CREATE FUNCTION public.take(pg_catalog.text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE mallory SUPERUSER'; RETURN true; END $$;
CREATE DOMAIN public.text AS pg_catalog.text CHECK (public.take(VALUE));
-- @owner 00000
SET search_path = public, pg_catalog;
SELECT inferacct.route('p', 0.7);
-- @harm
SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory';
