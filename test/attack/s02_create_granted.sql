-- S2: nothing is planted yet, but somebody may still create in the schema.
-- @empty
-- @owner
CREATE SCHEMA inferacct;
GRANT CREATE, USAGE ON SCHEMA inferacct TO builder;
-- @owner 42501
CREATE EXTENSION inferacct;
-- @harm
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'inferacct');
