-- S4, D8: whoever can connect holds up every publication of prices.
-- @mallory 42501 open
BEGIN;
SELECT :internal.lock_prices();
-- @owner 00000
SET lock_timeout = '2s';
SELECT inferacct.set_price('attacked', 'm', 'input', 1);
-- @harm
SELECT NOT EXISTS (SELECT FROM inferacct.price WHERE provider = 'attacked');
