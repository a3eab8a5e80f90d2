-- S23: an admin puts a price into a version that was published before, and
-- reports of the past change.
-- @finops IA103
INSERT INTO inferacct.price (version, provider, model, meter, usd, valid_from, source) VALUES (1, 'openai', 'gpt-4o', 'input', 0.01, '2026-08-01', 'forged');
-- @harm
SELECT EXISTS (SELECT FROM inferacct.price WHERE source = 'forged');
