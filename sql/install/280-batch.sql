-- batch: what work that may wait saves, at the API or on own machines.
--
-- Invariant: never both for the same tokens: what goes to batch prices is no load of a
-- fleet, and what a fleet does in its idle hours has no batch price.

-- Work that may wait is done from the bucket in which it comes until a day later, never
-- before.  A capacity does that exactly when no stretch of buckets is asked for more
-- than it holds: for all that cannot wait in it, and for what may and comes a day or
-- more before it ends.  The stretch that asks for most is found by Dinkelbach's method:
-- the stretch that misses a capacity most gives the next one, until none misses it.
CREATE FUNCTION batch_capacity(hourly numeric[], eligible numeric, buckets_per_day integer DEFAULT 24) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	last_day	numeric[] := hourly[greatest(1, cardinality(hourly) - buckets_per_day + 1):];
	come		numeric[];			-- the load, and twice what follows it: its last day again and again
	stretch_work	numeric;			-- of the stretch that asks for most so far, in so many buckets
	stretch			numeric;
	worse		record;
BEGIN
	PERFORM check_figures('hourly', hourly), check_figure('eligible', eligible, 0, 1),
		check_figure('buckets_per_day', buckets_per_day, 1);
	IF cardinality(hourly) = 0 THEN
		RETURN NULL;
	END IF;
	come := hourly || ARRAY(SELECT last_day[mod(i - 1, cardinality(last_day)) + 1]
		FROM generate_series(1, 2 * buckets_per_day) AS i);
	-- Stretches of one bucket, and the one without end.
	stretch_work := (SELECT max(hour) * (1 - eligible) FROM unnest(hourly) AS hour);
	stretch := 1;
	IF (SELECT sum(hour) FROM unnest(last_day) AS hour) > stretch_work * cardinality(last_day) THEN
		stretch_work := (SELECT sum(hour) FROM unnest(last_day) AS hour);
		stretch := cardinality(last_day);
	END IF;
	LOOP
		WITH sums AS MATERIALIZED (
			SELECT i, sum(hour) OVER (ORDER BY i) AS asked, sum(hour) OVER (ORDER BY i) - hour AS before
			FROM unnest(come) WITH ORDINALITY AS c (hour, i)
		), ends AS (
			-- How much more than the capacity a stretch asks for is urgent + waiting - least.
			SELECT l.i AS ends_at, s.i AS last_start,
				stretch * (l.asked * (1 - eligible) + s.asked * eligible) - stretch_work * l.i
				- min(stretch * s.before - stretch_work * (s.i - 1)) OVER (ORDER BY s.i) AS missed
			FROM sums AS s JOIN sums AS l ON l.i = s.i + buckets_per_day - 1
		), worst AS (
			SELECT * FROM ends ORDER BY missed DESC, ends_at LIMIT 1
		)
		SELECT w.missed, l.asked * (1 - eligible) + last.asked * eligible - f.before AS work,
			(w.ends_at - f.i + 1)::numeric AS buckets
		INTO worse
		FROM worst AS w, sums AS l, sums AS last, LATERAL (SELECT s.i, s.before FROM sums AS s WHERE s.i <= w.last_start
			ORDER BY stretch * s.before - stretch_work * (s.i - 1), s.i LIMIT 1) AS f
		WHERE l.i = w.ends_at AND last.i = w.last_start;
		EXIT WHEN worse.missed IS NULL OR worse.missed <= 0;
		stretch_work := worse.work;
		stretch := worse.buckets;
	END LOOP;
	RETURN CASE WHEN stretch = 1 THEN trim_scale(stretch_work) ELSE exact_quotient(stretch_work, stretch) END;
END $$;
COMMENT ON FUNCTION batch_capacity(numeric[], numeric, integer) IS
'The least capacity that serves a load of so much per hour when a share of it (eligible, 0 to 1) may wait a day from '
'the hour in which it comes, and is done in no hour before that. Exact, by the stretch of hours that asks for most; '
'the last day is taken to come again and again, so that a log may end in a busy hour. '
'Of a load that is the same every day it is max((1 - eligible) x busiest hour, mean). buckets_per_day: for other '
'buckets than hours. A quotient has 20 decimals. NULL gives NULL; an empty load, NULL. '
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
