-- spend_by_month: usage and exact USD by model and calendar month, in one pass.
--
-- Invariant: usd of a cell is spend() of its requests; cells are of UTC months.

CREATE TYPE spend_cell AS (model text, month date, requests bigint, usage usage, usd numeric);

COMMENT ON TYPE spend_cell IS
'What a model was used for and cost in one calendar month of UTC: model as the log spells it, the month''s first day, '
'the number of requests, the sum of their usage, and its USD (NULL when none of them has a price).';

CREATE TYPE inferacct_internal.spend_by_month_state;

CREATE FUNCTION inferacct_internal.spend_by_month_state_in(cstring) RETURNS spend_by_month_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.spend_by_month_state_out(spend_by_month_state) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.spend_by_month_state_recv(internal) RETURNS spend_by_month_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.spend_by_month_state_send(spend_by_month_state) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME';

CREATE TYPE inferacct_internal.spend_by_month_state (
	INPUT = spend_by_month_state_in, OUTPUT = spend_by_month_state_out,
	RECEIVE = spend_by_month_state_recv, SEND = spend_by_month_state_send,
	INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = extended
);

COMMENT ON TYPE spend_by_month_state IS
'Partial sums of spend_by_month(): format number, number of cells, then cells such as "gpt-4o" 2026 10 1 0.0042 '
'{"input":1200,"requests":3}: model, year, month, whether it has a price, USD, usage. '
'It travels between parallel workers and nodes without loss.';

CREATE FUNCTION inferacct_internal.spend_by_month_accum(spend_by_month_state, text, bigint, bigint, timestamptz)
	RETURNS spend_by_month_state
LANGUAGE c STABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'spend_by_month_accum_tokens';
CREATE FUNCTION inferacct_internal.spend_by_month_accum(spend_by_month_state, text, usage, timestamptz)
	RETURNS spend_by_month_state
LANGUAGE c STABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'spend_by_month_accum_usage';
CREATE FUNCTION inferacct_internal.spend_by_month_combine(spend_by_month_state, spend_by_month_state)
	RETURNS spend_by_month_state
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.spend_by_month_final(spend_by_month_state) RETURNS spend_cell[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 200 AS 'MODULE_PATHNAME';

-- SSPACE: five models for a year.
CREATE AGGREGATE spend_by_month(model text, input_tokens bigint, output_tokens bigint, at timestamptz) (
	SFUNC = spend_by_month_accum, STYPE = spend_by_month_state, SSPACE = 16384,
	FINALFUNC = spend_by_month_final, COMBINEFUNC = spend_by_month_combine, PARALLEL = SAFE
);

COMMENT ON AGGREGATE spend_by_month(text, bigint, bigint, timestamptz) IS
'Requests, usage and exact USD of a log for each model and calendar month of UTC (whatever the session''s time zone), '
'as an array of spend_cell ordered by the bytes of model, then month; unnest() makes rows of it. '
'The same as GROUP BY model, month with count(*), sum(usage) and spend(), without the cost of grouping. '
'Rows with NULL model or time are left out, NULL tokens are 0; no row gives NULL. '
'Under inferacct.unpriced = null requests without a price are counted and add nothing to usd, which is NULL when none '
'of the cell has one. Errors as token_cost(), 22003 also when a sum is out of range.';

CREATE AGGREGATE spend_by_month(model text, usage usage, at timestamptz) (
	SFUNC = spend_by_month_accum, STYPE = spend_by_month_state, SSPACE = 16384,
	FINALFUNC = spend_by_month_final, COMBINEFUNC = spend_by_month_combine, PARALLEL = SAFE
);

COMMENT ON AGGREGATE spend_by_month(text, usage, timestamptz) IS
'Requests (the meter of that name), usage and exact USD of a log for each model and calendar month of UTC (whatever '
'the session''s time zone), as an array of spend_cell ordered by the bytes of model, then month; '
'unnest() makes rows of it. The same as GROUP BY model, month with sum(usage) and spend(), without the cost of '
'grouping. Rows with NULL model, usage or time are left out; no row gives NULL. '
'Under inferacct.unpriced = null requests without a price are counted and add nothing to usd, which is NULL when none '
'of the cell has one. Errors as token_cost(), 22003 also when a sum is out of range.';
