-- S5, D1: the same by the view of routing_policy.
-- @owner
GRANT CREATE ON SCHEMA public TO mallory;
REVOKE SELECT ON inferacct.routing_policy FROM PUBLIC;
-- @mallory 42501
CREATE TABLE public.got AS SELECT * FROM inferacct.current_routing_policy;
-- @harm
SELECT to_regclass('public.got') IS NOT NULL;
