-- S5, D1: policies on prices hold in the views of prices, too.
-- @owner
GRANT CREATE ON SCHEMA public TO mallory;
ALTER TABLE inferacct.price ENABLE ROW LEVEL SECURITY;
CREATE POLICY part ON inferacct.price USING (provider = 'openai');
-- @mallory 00000
CREATE TABLE public.got AS SELECT provider FROM inferacct.current_price UNION SELECT provider FROM inferacct.price_history;
-- @harm
SELECT count(*) > 1 FROM public.got;
