-- S23: an admin publishes a version as of the past.
-- @finops IA104
INSERT INTO inferacct.price_version (published_at, note) VALUES ('2026-01-01', 'forged');
-- @harm
SELECT EXISTS (SELECT FROM inferacct.price_version WHERE note = 'forged');
