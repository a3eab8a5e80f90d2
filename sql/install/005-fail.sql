-- fail: errors of functions in SQL and PL/pgSQL.
--
-- Invariant: an error has a SQLSTATE, a message and, where there is more to say, a
-- detail and a hint; the inside of our functions is not told as its CONTEXT.

CREATE FUNCTION inferacct_internal.fail(sqlstate text, message text, detail text DEFAULT NULL, hint text DEFAULT NULL)
	RETURNS void
LANGUAGE c STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'fail';

COMMENT ON FUNCTION fail(text, text, text, text) IS
'Raises an error of that SQLSTATE. Its CONTEXT leaves out the frames and statements of functions of the extension; '
'what called them is told.';
