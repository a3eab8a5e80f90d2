\echo Use "CREATE EXTENSION inferacct" to load this file. \quit

-- Names below are resolved in these schemas only, whatever the installing
-- session's search_path says.
SET LOCAL search_path TO inferacct, pg_catalog, pg_temp;

