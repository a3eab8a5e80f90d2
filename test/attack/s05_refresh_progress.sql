-- S5, D1: the same by the view of refresh_run.
-- @owner
GRANT CREATE ON SCHEMA public TO mallory;
GRANT inferacct_reader TO mallory;
REVOKE SELECT ON :internal.refresh_run FROM inferacct_reader;
-- @mallory 42501
CREATE TABLE public.got AS SELECT * FROM inferacct.refresh_progress;
-- @harm
SELECT to_regclass('public.got') IS NOT NULL;
