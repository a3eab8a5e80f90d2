-- usage_cells: rows of a log summed up into rows of the rollup, in one pass.
--
-- Invariant: two rows are summed up into one only when no price that the bounds
-- know tells them apart (rate_key) and all their labels are equal.  What tells
-- apart is said in C alone (src/spend/rate_key.h).

CREATE TYPE inferacct_internal.rate_key AS (hour timestamptz, slice timestamptz, context_from bigint, kinds integer,
	aggregated boolean);

COMMENT ON TYPE rate_key IS
'What tells requests of the same labels apart: the UTC hour and the part of it in which no price changes, the context '
'bucket, the kinds of meters present, whether the row sums up several requests itself.';

CREATE FUNCTION inferacct_internal.rate_key(times timestamptz[], inputs bigint[], at timestamptz, usage usage)
RETURNS rate_key
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 3
AS 'MODULE_PATHNAME', 'rate_key';

COMMENT ON FUNCTION rate_key(timestamptz[], bigint[], timestamptz, usage) IS
'The rate key of a row, for bounds in ascending order: the moments and the total inputs at which a price may begin. '
'NULL for any NULL, and for a row that has a row_problem(). Error 22023 for a NULL among the bounds.';

CREATE FUNCTION inferacct_internal.row_problem(at timestamptz, usage usage)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
AS 'MODULE_PATHNAME', 'row_problem';

COMMENT ON FUNCTION row_problem(timestamptz, usage) IS
'Why the rollup leaves a row out: a time outside the years 2000 to 2099, or a count above 10^16, which no request has '
'and which would let sums overflow. NULL when it has it, or for any NULL.';

CREATE FUNCTION inferacct_internal.countable_usage(at timestamptz, usage usage)
RETURNS usage
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
AS 'MODULE_PATHNAME', 'countable_usage';

COMMENT ON FUNCTION countable_usage(timestamptz, usage) IS
'usage, or NULL when the row has a row_problem(). NULL for any NULL.';

CREATE TYPE inferacct_internal.usage_cells_state;

CREATE FUNCTION inferacct_internal.usage_cells_state_in(cstring) RETURNS usage_cells_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.usage_cells_state_out(usage_cells_state) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.usage_cells_state_recv(internal) RETURNS usage_cells_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.usage_cells_state_send(usage_cells_state) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME';

CREATE TYPE inferacct_internal.usage_cells_state (
	INPUT = usage_cells_state_in, OUTPUT = usage_cells_state_out, RECEIVE = usage_cells_state_recv,
	SEND = usage_cells_state_send,
	INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = extended
);

COMMENT ON TYPE usage_cells_state IS
'Rows of a log summed up, as kept_cells() keeps them. It travels between parallel workers and nodes without loss.';

CREATE FUNCTION inferacct_internal.usage_cells_accum(usage_cells_state, timestamptz[], bigint[], timestamptz, usage,
	numeric, bigint,
	text, text, text, text, text, text, text, text, text, text) RETURNS usage_cells_state
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.usage_cells_combine(usage_cells_state, usage_cells_state) RETURNS usage_cells_state
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME';

-- Between the statement that reads rows, which may run in parallel, and those that store what it has summed up.
-- SSPACE: a thousand cells.
CREATE FUNCTION inferacct_internal.usage_cells_keep(usage_cells_state) RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED COST 1000 AS 'MODULE_PATHNAME';

CREATE AGGREGATE inferacct_internal.kept_cells(times timestamptz[], inputs bigint[], at timestamptz, usage usage,
	provider_usd numeric, fingerprint bigint,
	tenant text, source text, model text, service_tier text, region text, provider text, team text, project text,
	status text, dimensions text) (
	SFUNC = usage_cells_accum, STYPE = usage_cells_state, SSPACE = 400000, COMBINEFUNC = usage_cells_combine,
	FINALFUNC = usage_cells_keep, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE
);

COMMENT ON AGGREGATE kept_cells(timestamptz[], bigint[], timestamptz, usage, numeric, bigint, text, text, text, text,
	text, text, text, text, text, text) IS
'Sums up the rows of a log by rate_key() and labels, the same as a GROUP BY without the cost of grouping, and gives '
'the number under which kept_cells_rows() and kept_cells_hours() find it in this session: until the next is kept, or '
'to the end of the transaction. fingerprint: a hash of the row, or NULL. '
'A row without model or usage, or with a row_problem(), is only counted; one without a time is left out. '
'No row gives NULL, and keeps nothing.';

CREATE FUNCTION inferacct_internal.kept_cells_rows(kept bigint)
RETURNS TABLE (hour timestamptz, slice timestamptz, context_from bigint, kinds integer, aggregated boolean,
	first_at timestamptz, last_at timestamptz, min_input bigint, max_input bigint, rows bigint, reported bigint,
	usage usage, provider_usd numeric, fingerprint bigint,
	tenant text, source text, model text, service_tier text, region text, provider text, team text, project text,
	status text, dimensions text)
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED COST 1000 ROWS 10000
AS 'MODULE_PATHNAME', 'kept_cells_rows';

COMMENT ON FUNCTION kept_cells_rows(bigint) IS
'The rows of the rollup that kept_cells() has made, by hour and first_at. Where rows were only counted, all but the '
'hour, rows and fingerprint (the sum of the rows'' hashes, modulo 2^64) is NULL or means nothing. NULL gives none. '
'Error 55000 when nothing is kept under that number any more.';

CREATE FUNCTION inferacct_internal.kept_cells_hours(kept bigint)
RETURNS TABLE (hour timestamptz, rows bigint, fingerprint bigint)
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED COST 1000 ROWS 1000
AS 'MODULE_PATHNAME', 'kept_cells_hours';

COMMENT ON FUNCTION kept_cells_hours(bigint) IS
'The hours of what kept_cells() keeps, with the rows of the log and the sum of their hashes modulo 2^64. '
'NULL gives none. Error 55000 when nothing is kept under that number any more.';
