-- batch: what work that may wait saves, at the API or on own machines; never
-- both for the same tokens.

-- At most `day` hours, all of whose deferrable work may be done in any of them:
-- what cannot wait fits in every hour, and everything fits in the day.
CREATE FUNCTION batch_capacity(hourly numeric[], eligible numeric, buckets_per_day integer DEFAULT 24) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM check_figure('hourly', hour, 0) FROM unnest(hourly) AS hour;
	PERFORM check_figure('eligible', eligible, 0, 1), check_figure('buckets_per_day', buckets_per_day, 1);
	RETURN (SELECT max(greatest(peak, mean)) FROM (
		SELECT trim_scale(max(hour) * (1 - eligible)) AS peak, exact_quotient(sum(hour), count(*)) AS mean
		FROM unnest(hourly) WITH ORDINALITY AS v (hour, i) GROUP BY (i - 1) / buckets_per_day) AS days);
END $$;
COMMENT ON FUNCTION batch_capacity(numeric[], numeric, integer) IS
'The least capacity that serves a load of so much per hour when a share of it (eligible, 0 to 1) may be done at any '
'hour of the same day: max over days of max((1 - eligible) x busiest hour, total / hours of the day). '
'Days are 24 hours one after the other, from the first on (buckets_per_day for other buckets); '
'a last shorter one counts by its own hours. What may wait a day from its request on, day after day alike, needs the '
'same. A quotient has 20 decimals. NULL gives NULL; an empty load, NULL. '
'Errors: 22023 a negative load, eligible outside [0, 1].';

CREATE TYPE inferacct_internal.batch_state;

CREATE FUNCTION inferacct_internal.batch_state_in(cstring) RETURNS batch_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.batch_state_out(batch_state) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.batch_state_recv(internal) RETURNS batch_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.batch_state_send(batch_state) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE TYPE inferacct_internal.batch_state (
	INPUT = batch_state_in, OUTPUT = batch_state_out, RECEIVE = batch_state_recv, SEND = batch_state_send,
	INTERNALLENGTH = 80, ALIGNMENT = double
);
COMMENT ON TYPE batch_state IS
'Partial sums of batch_savings(): format number, requests, eligible, unbatched, usd, eligible_usd, batch_usd, with '
'spaces between them. They travel between parallel workers and nodes without loss.';

CREATE TYPE batch_savings_result AS (
	requests bigint, eligible_requests bigint, unbatched_requests bigint, usd numeric, eligible_usd numeric,
	batch_usd numeric,
	saved_usd numeric, saved_share numeric, eligible_share numeric
);
COMMENT ON TYPE batch_savings_result IS
'What batch_savings() tells: usd of all requests as they were priced; eligible_requests may wait and have a batch '
'price, and cost eligible_usd now, batch_usd as a batch; unbatched_requests may wait but their model has no batch '
'price. saved_share and eligible_share are shares of usd';

CREATE FUNCTION inferacct_internal.batch_accum(batch_state, text, usage, timestamptz, interval) RETURNS batch_state
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION batch_accum(batch_state, text, usage, timestamptz, interval) IS
'transition function of batch_savings()';
CREATE FUNCTION inferacct_internal.batch_combine(batch_state, batch_state) RETURNS batch_state
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION batch_combine(batch_state, batch_state) IS 'combine function of batch_savings()';
CREATE FUNCTION inferacct_internal.batch_final(batch_state) RETURNS batch_savings_result
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION batch_final(batch_state) IS 'final function of batch_savings()';

CREATE AGGREGATE batch_savings(model text, usage usage, at timestamptz, tolerates interval) (
	SFUNC = batch_accum, STYPE = batch_state, SSPACE = 80, FINALFUNC = batch_final, COMBINEFUNC = batch_combine,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE batch_savings(text, usage, timestamptz, interval) IS
'What the provider''s batch prices would save: each request priced at the standard tier and, when its answer may wait '
'for 24 hours or longer (tolerates), at the tier "batch" of its model at its time. NULL tolerates is not eligible; '
'neither is a model without batch prices. Rows with NULL model, usage or time, or left out by inferacct.unpriced, are '
'not counted; no row gives NULL. Exact. Work batched here must not be shaved from an own fleet''s peak too. '
'Errors as token_cost().';
