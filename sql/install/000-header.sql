\echo Use "CREATE EXTENSION inferacct" to load this file. \quit

-- What the extension keeps for itself.  Functions run with the rights of their
-- caller and look names up there; what protects is EXECUTE, not USAGE.
CREATE SCHEMA inferacct_internal;
GRANT USAGE ON SCHEMA inferacct_internal TO PUBLIC;
COMMENT ON SCHEMA inferacct_internal IS 'What extension inferacct keeps for itself; nothing in it is for callers, and all of it may change.';

-- Names below are resolved in these schemas only, whatever the installing
-- session's search_path says.
SET LOCAL search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp;

