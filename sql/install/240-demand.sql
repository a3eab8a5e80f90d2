-- demand: how load lies over time, in buckets of requests, usage and API cost.

CREATE TYPE demand;

CREATE FUNCTION inferacct_internal.demand_in(cstring) RETURNS demand
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
CREATE FUNCTION inferacct_internal.demand_out(demand) RETURNS cstring
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
CREATE FUNCTION inferacct_internal.demand_recv(internal) RETURNS demand
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
CREATE FUNCTION inferacct_internal.demand_send(demand) RETURNS bytea
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE TYPE demand (
	INPUT = demand_in, OUTPUT = demand_out, RECEIVE = demand_recv, SEND = demand_send,
	INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended
);
COMMENT ON TYPE demand IS
'How load lies over time: buckets of one width (whole minutes, to seven days) with requests, usage and API cost. '
'Made by the aggregate demand(), added up by merge(), stored in tables. '
'Equal requests give equal bytes in whatever order and parts they were added. '
'Text form: {"format":1,"minutes":60,"buckets":[{"from":"2024-05-01T13:00Z","requests":1,'
'"usage":{"input":1200,"requests":1},"usd":"0.0036"}]}';

CREATE FUNCTION inferacct_internal.demand_eq(demand, demand) RETURNS boolean
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION demand_eq(demand, demand) IS
'are the bytes of two demands the same: same width, same requests. NULL gives NULL';
CREATE FUNCTION inferacct_internal.demand_ne(demand, demand) RETURNS boolean
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION demand_ne(demand, demand) IS 'do two demands differ. NULL gives NULL';

CREATE OPERATOR = (
	FUNCTION = demand_eq, LEFTARG = demand, RIGHTARG = demand,
	COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel
);
COMMENT ON OPERATOR = (demand, demand) IS 'same width, same requests';
CREATE OPERATOR <> (
	FUNCTION = demand_ne, LEFTARG = demand, RIGHTARG = demand,
	COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (demand, demand) IS 'other width or other requests';

-- From rows, and from demands.

CREATE FUNCTION inferacct_internal.demand_accum(demand, timestamptz, usage, numeric) RETURNS demand
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION demand_accum(demand, timestamptz, usage, numeric) IS
'transition function of demand(at, usage, api_usd)';
CREATE FUNCTION inferacct_internal.demand_accum(demand, timestamptz, usage, numeric, interval) RETURNS demand
AS 'MODULE_PATHNAME', 'demand_accum_width' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION demand_accum(demand, timestamptz, usage, numeric, interval) IS
'transition function of demand(at, usage, api_usd, width)';
CREATE FUNCTION inferacct_internal.demand_combine(demand, demand) RETURNS demand
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION demand_combine(demand, demand) IS
'the sum of two demands, NULL counting as none. Error: 22023 different widths';

CREATE AGGREGATE demand(at timestamptz, usage usage, api_usd numeric) (
	SFUNC = demand_accum, STYPE = demand, SSPACE = 65536, COMBINEFUNC = demand_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE demand(timestamptz, usage, numeric) IS
'The rows as a demand with one bucket per hour (UTC). usage: what the row consumed; '
'a row whose usage counts no requests is one request. api_usd: its cost at an API in USD, exact; '
'NULL is unknown: the request is counted as unpriced and adds no cost. Rows with NULL time or usage are left out; '
'no row gives NULL. Errors: 22003 an api_usd finer than 1e-15 or a sum out of range, 22008 infinite time.';

CREATE AGGREGATE demand(at timestamptz, usage usage, api_usd numeric, width interval) (
	SFUNC = demand_accum, STYPE = demand, SSPACE = 65536, COMBINEFUNC = demand_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE demand(timestamptz, usage, numeric, interval) IS
'The rows as a demand with buckets of that width: whole minutes, from one minute to seven days, counted from Monday '
'2000-01-03 00:00 UTC. Otherwise as demand(at, usage, api_usd). Errors: those, and 22023 a width that is not one, or '
'not the same in all rows; 22004 NULL width.';

CREATE AGGREGATE merge(demand) (
	SFUNC = demand_combine, STYPE = demand, SSPACE = 65536, COMBINEFUNC = demand_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE merge(demand) IS
'The sum of demands: the same, byte for byte, as the demand of all their rows. NULLs are left out; '
'no demand gives NULL. Error: 22023 different widths.';

-- Reading it.

CREATE FUNCTION inferacct_internal.bucket_width(demand) RETURNS interval
AS 'MODULE_PATHNAME', 'demand_width' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION bucket_width(demand) IS 'how long each bucket is. NULL gives NULL';

CREATE FUNCTION demand_series(demand demand, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	OUT bucket timestamptz, OUT requests bigint, OUT usage usage, OUT api_usd numeric)
RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000 ROWS 1000;
COMMENT ON FUNCTION demand_series(demand, timestamptz, timestamptz) IS
'One row per bucket in the order of time, empty ones included: from the first to the last with a request, or those '
'that start in [since, until). api_usd is the cost of the priced requests. NULL demand gives no row; '
'NULL range: the demand''s own. Errors: 22008 infinite range, 54000 more than 10,519,200 buckets (20 years of '
'minutes).';

CREATE TYPE traffic_statistics AS (
	since timestamptz, until timestamptz, width interval, buckets bigint,
	requests bigint, unpriced_requests bigint, api_usd numeric,
	mean float8, peak float8, p99 float8, peak_to_mean float8, p99_to_mean float8, cv float8,
	index_of_dispersion float8[], dispersion_width interval[], predictability float8
);
COMMENT ON TYPE traffic_statistics IS
'What traffic() tells of a demand. mean, peak and p99 are of the load per bucket; cv is standard deviation / mean; '
'index_of_dispersion is variance / mean of the requests in windows of dispersion_width (1 for Poisson arrivals; '
'growth with the width is correlation); predictability is the share of the variance that the hour of the week '
'explains, adjusted for its 168 means (of noise about 0), 0 to 1';

CREATE FUNCTION traffic(demand demand, load text DEFAULT 'tokens', since timestamptz DEFAULT NULL,
	until timestamptz DEFAULT NULL)
RETURNS traffic_statistics
AS 'MODULE_PATHNAME', 'demand_traffic' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION traffic(demand, text, timestamptz, timestamptz) IS
'Burstiness of a demand, over every bucket of its range with empty ones as zeros (see demand_series). '
'load: tokens, input_tokens, output_tokens, requests, usd, or a meter. p99 is the least load that 99 percent of the '
'buckets do not exceed. predictability is NULL below two weeks, ratios are NULL without load. '
'NULL demand, or no bucket, gives NULL. Errors: 22023 no such load, 22008 infinite range, 54000 more than 105,120,000 '
'buckets (two centuries of minutes).';
