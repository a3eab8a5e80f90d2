-- usage: what one request, or many, consumed.
--
-- Invariant: a vector of disjoint meters, no count below zero; equal usages are equal
-- bytes.  src/core/meter.h has the list of meters and its order.

CREATE TYPE usage;

CREATE FUNCTION inferacct_internal.usage_in(cstring)
RETURNS usage
AS 'MODULE_PATHNAME', 'usage_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;

CREATE FUNCTION inferacct_internal.usage_out(usage)
RETURNS cstring
AS 'MODULE_PATHNAME', 'usage_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;

CREATE FUNCTION inferacct_internal.usage_recv(internal)
RETURNS usage
AS 'MODULE_PATHNAME', 'usage_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION inferacct_internal.usage_send(usage)
RETURNS bytea
AS 'MODULE_PATHNAME', 'usage_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE TYPE usage (
	INTERNALLENGTH = VARIABLE,
	INPUT = usage_in,
	OUTPUT = usage_out,
	RECEIVE = usage_recv,
	SEND = usage_send,
	ALIGNMENT = double,
	STORAGE = plain
);
COMMENT ON TYPE usage IS
'what one request, or many, consumed: disjoint meters and their counts (tokens, requests, searches, images, seconds, '
'characters, pages, storage, guardrail units). Text form: JSON of the non-zero meters, {"input":1200,"output":350}. '
'Errors: 22P02 malformed text or unknown meter, 22003 a count beyond bigint, IA203 a count below zero';

-- The meters, as src/core/meter.h lists them.

CREATE FUNCTION inferacct_internal.meter_list(
	OUT name text, OUT side text, OUT kind text, OUT cache text, OUT parent text, OUT unit text, OUT focus_name text)
RETURNS SETOF record
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10 ROWS 30
AS 'MODULE_PATHNAME', 'meter_list';
COMMENT ON FUNCTION meter_list() IS
'One row for each meter, in the order of the arguments of usage(): the side of the request it counts toward (input, '
'output, other); of tokens what they carry and whether they are read from or written to a cache (NULL: neither); '
'the meter as which it is billed without a price of its own (NULL: none); its unit and SkuMeter in FOCUS.';

-- Construction.  The arguments are the meters, in their order: a request is one
-- request, and nothing of what is not stated.

DO $make$
DECLARE
	arguments	text;
	types		text;
BEGIN
	SELECT string_agg(format('%I bigint DEFAULT %s', m.name, CASE m.name WHEN 'requests' THEN 1 ELSE 0 END), ', '),
		string_agg('bigint', ', ')
	INTO arguments, types
	FROM meter_list() AS m;
	EXECUTE format('CREATE FUNCTION inferacct.usage(%s) RETURNS usage
		LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1
		AS ''MODULE_PATHNAME'', ''usage_make''', arguments);
	EXECUTE format('COMMENT ON FUNCTION inferacct.usage(%s) IS %L', types,
		'usage of one request from its counts; the meters are disjoint: input excludes cached and written tokens, '
		'output excludes reasoning. NULL counts as 0. Error: IA203 a count below zero');
END
$make$;

CREATE FUNCTION usage(json)
RETURNS usage
AS 'MODULE_PATHNAME', 'usage_from_json'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION usage(json) IS
'usage from its json form, an object of meters and whole numbers. Errors: 22P02 malformed or unknown meter, 22003 a '
'count beyond bigint, IA203 a count below zero. NULL gives NULL';

CREATE FUNCTION inferacct_internal.usage_to_json(usage)
RETURNS json
AS 'MODULE_PATHNAME', 'usage_to_json'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION usage_to_json(usage) IS
'json object of the non-zero meters. NULL gives NULL';

CREATE FUNCTION usage(jsonb)
RETURNS usage
AS 'MODULE_PATHNAME', 'usage_from_jsonb'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION usage(jsonb) IS
'usage from its jsonb form, an object of meters and whole numbers. Errors: 22P02 malformed or unknown meter, 22003 a '
'count beyond bigint, IA203 a count below zero. NULL gives NULL';

CREATE FUNCTION inferacct_internal.usage_to_jsonb(usage)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'usage_to_jsonb'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION usage_to_jsonb(usage) IS
'jsonb object of the non-zero meters. NULL gives NULL';

CREATE CAST (json AS usage) WITH FUNCTION usage(json);
CREATE CAST (jsonb AS usage) WITH FUNCTION usage(jsonb);
-- to_jsonb(), row_to_json() and the like nest a usage through the cast to json.
CREATE CAST (usage AS json) WITH FUNCTION usage_to_json(usage) AS ASSIGNMENT;
CREATE CAST (usage AS jsonb) WITH FUNCTION usage_to_jsonb(usage) AS ASSIGNMENT;
COMMENT ON CAST (json AS usage) IS 'usage from its json form';
COMMENT ON CAST (jsonb AS usage) IS 'usage from its jsonb form';
COMMENT ON CAST (usage AS json) IS 'json object of the non-zero meters';
COMMENT ON CAST (usage AS jsonb) IS 'jsonb object of the non-zero meters';

-- Sums and differences.

CREATE FUNCTION inferacct_internal.usage_add(usage, usage)
RETURNS usage
AS 'MODULE_PATHNAME', 'usage_add'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION usage_add(usage, usage) IS
'sum, meter by meter. NULL gives NULL. Error: 22003 a count beyond bigint';

CREATE FUNCTION inferacct_internal.usage_subtract(usage, usage)
RETURNS usage
AS 'MODULE_PATHNAME', 'usage_subtract'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION usage_subtract(usage, usage) IS
'difference, meter by meter. NULL gives NULL. Error: IA203 a count below zero';

CREATE OPERATOR + (
	FUNCTION = usage_add, LEFTARG = usage, RIGHTARG = usage, COMMUTATOR = +
);
COMMENT ON OPERATOR + (usage, usage) IS
'sum, meter by meter. Error: 22003 a count beyond bigint';

CREATE OPERATOR - (
	FUNCTION = usage_subtract, LEFTARG = usage, RIGHTARG = usage
);
COMMENT ON OPERATOR - (usage, usage) IS
'difference, meter by meter. Error: IA203 a count below zero';

CREATE FUNCTION inferacct_internal.usage_accum(usage, usage)
RETURNS usage
AS 'MODULE_PATHNAME', 'usage_accum'
LANGUAGE C STABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION usage_accum(usage, usage) IS
'transition function of sum(usage). Error: 22003 a count beyond bigint';

-- What was left out cannot be taken out again: a moving frame is summed anew.
CREATE AGGREGATE sum(usage) (
	SFUNC = usage_accum,
	STYPE = usage,
	COMBINEFUNC = usage_add,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sum(usage) IS
'exact sum, meter by meter. NULL rows are ignored; no rows give NULL. With inferacct.unpriced = null a usage with a '
'count above 10^16, which is no request''s, is left out with a WARNING. Error: 22003 a count beyond bigint';

-- Comparison: = is equality of every meter.  The order exists for DISTINCT,
-- merge joins and sorting; it ranks by the first meter that differs.

CREATE FUNCTION inferacct_internal.usage_eq(usage, usage)
RETURNS boolean
AS 'MODULE_PATHNAME', 'usage_eq'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION usage_eq(usage, usage) IS
'equal in every meter';

CREATE FUNCTION inferacct_internal.usage_ne(usage, usage)
RETURNS boolean
AS 'MODULE_PATHNAME', 'usage_ne'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION usage_ne(usage, usage) IS
'different in some meter';

CREATE FUNCTION inferacct_internal.usage_lt(usage, usage)
RETURNS boolean
AS 'MODULE_PATHNAME', 'usage_lt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION usage_lt(usage, usage) IS
'before in the order of the first meter that differs';

CREATE FUNCTION inferacct_internal.usage_le(usage, usage)
RETURNS boolean
AS 'MODULE_PATHNAME', 'usage_le'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION usage_le(usage, usage) IS
'before or equal in the order of the first meter that differs';

CREATE FUNCTION inferacct_internal.usage_ge(usage, usage)
RETURNS boolean
AS 'MODULE_PATHNAME', 'usage_ge'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION usage_ge(usage, usage) IS
'after or equal in the order of the first meter that differs';

CREATE FUNCTION inferacct_internal.usage_gt(usage, usage)
RETURNS boolean
AS 'MODULE_PATHNAME', 'usage_gt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION usage_gt(usage, usage) IS
'after in the order of the first meter that differs';

CREATE FUNCTION inferacct_internal.usage_cmp(usage, usage)
RETURNS integer
AS 'MODULE_PATHNAME', 'usage_cmp'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION usage_cmp(usage, usage) IS
'order of two usages by the first meter that differs: -1, 0 or 1';

CREATE FUNCTION inferacct_internal.usage_hash(usage)
RETURNS integer
AS 'MODULE_PATHNAME', 'usage_hash'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION usage_hash(usage) IS
'hash of a usage';

CREATE FUNCTION inferacct_internal.usage_hash_extended(usage, bigint)
RETURNS bigint
AS 'MODULE_PATHNAME', 'usage_hash_extended'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION usage_hash_extended(usage, bigint) IS
'seeded 64-bit hash of a usage';

CREATE OPERATOR = (
	FUNCTION = usage_eq, LEFTARG = usage, RIGHTARG = usage,
	COMMUTATOR = =, NEGATOR = <>,
	RESTRICT = eqsel, JOIN = eqjoinsel,
	HASHES, MERGES
);
COMMENT ON OPERATOR = (usage, usage) IS 'equal in every meter';

CREATE OPERATOR <> (
	FUNCTION = usage_ne, LEFTARG = usage, RIGHTARG = usage,
	COMMUTATOR = <>, NEGATOR = =,
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (usage, usage) IS 'different in some meter';

CREATE OPERATOR < (
	FUNCTION = usage_lt, LEFTARG = usage, RIGHTARG = usage,
	COMMUTATOR = >, NEGATOR = >=,
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR < (usage, usage) IS 'before in the order of the first meter that differs';

CREATE OPERATOR <= (
	FUNCTION = usage_le, LEFTARG = usage, RIGHTARG = usage,
	COMMUTATOR = >=, NEGATOR = >,
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR <= (usage, usage) IS 'before or equal in the order of the first meter that differs';

CREATE OPERATOR >= (
	FUNCTION = usage_ge, LEFTARG = usage, RIGHTARG = usage,
	COMMUTATOR = <=, NEGATOR = <,
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR >= (usage, usage) IS 'after or equal in the order of the first meter that differs';

CREATE OPERATOR > (
	FUNCTION = usage_gt, LEFTARG = usage, RIGHTARG = usage,
	COMMUTATOR = <, NEGATOR = <=,
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR > (usage, usage) IS 'after in the order of the first meter that differs';

CREATE OPERATOR CLASS usage_ops DEFAULT FOR TYPE usage USING btree AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 usage_cmp(usage, usage);
COMMENT ON OPERATOR CLASS usage_ops USING btree IS
'total order of usages by the first meter that differs';

CREATE OPERATOR CLASS usage_ops DEFAULT FOR TYPE usage USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 usage_hash(usage),
	FUNCTION 2 usage_hash_extended(usage, bigint);
COMMENT ON OPERATOR CLASS usage_ops USING hash IS 'equality of usages';

-- Reading it.

CREATE FUNCTION meter(usage usage, name text)
RETURNS bigint
AS 'MODULE_PATHNAME', 'usage_meter'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION meter(usage usage, name text) IS
'count of one meter, 0 when none was consumed. NULL gives NULL. Error: 22023 no such meter';

CREATE FUNCTION input_tokens(usage)
RETURNS bigint
AS 'MODULE_PATHNAME', 'usage_input_tokens'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION input_tokens(usage) IS
'tokens of the prompt side: input, cached, written, audio, image and video. NULL gives NULL. '
'Error: 22003 a total beyond bigint';

CREATE FUNCTION output_tokens(usage)
RETURNS bigint
AS 'MODULE_PATHNAME', 'usage_output_tokens'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION output_tokens(usage) IS
'tokens of the answer side: output, reasoning, audio, image, video and citation. NULL gives NULL. '
'Error: 22003 a total beyond bigint';

CREATE FUNCTION inferacct_internal.tokens_of(usage usage)
RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 2
RETURN input_tokens(usage) + output_tokens(usage);

COMMENT ON FUNCTION tokens_of(usage) IS 'All tokens of a usage, input and output. NULL gives NULL.';

CREATE FUNCTION inferacct_internal.cached_tokens(usage)
RETURNS bigint
AS 'MODULE_PATHNAME', 'usage_cached_tokens'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION cached_tokens(usage) IS
'tokens of the prompt that were read from a cache, and so need no prefill. NULL gives NULL. '
'Error: 22003 a total beyond bigint';

CREATE FUNCTION inferacct_internal.cache_write_tokens(usage usage)
RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 2
RETURN meter(usage, 'cache_write') + meter(usage, 'cache_write_1h');

COMMENT ON FUNCTION cache_write_tokens(usage) IS
'tokens of the prompt that were written to a cache, for however long. NULL gives NULL.';

CREATE FUNCTION meters(usage)
RETURNS TABLE (meter text, quantity bigint)
AS 'MODULE_PATHNAME', 'usage_meters'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1 ROWS 3;
COMMENT ON FUNCTION meters(usage) IS
'one row for each non-zero meter, in the order of the arguments of usage(). NULL gives no row';

