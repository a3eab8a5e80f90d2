-- S5, D1: a view that reads as its owner shows prices to who may not read them.
-- @owner
GRANT CREATE ON SCHEMA public TO mallory;
REVOKE SELECT ON inferacct.price FROM PUBLIC;
-- @mallory 42501
CREATE TABLE public.got AS SELECT * FROM inferacct.price_history;
-- @harm
SELECT to_regclass('public.got') IS NOT NULL;
