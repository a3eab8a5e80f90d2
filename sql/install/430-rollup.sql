-- rollup: the tokens of every log by hour and by all that a price can depend on.
--
-- Invariant: of the requests in one row of usage_hourly no two are told apart by
-- any price row that was ever known, for any model, version or contract: a row
-- lies within one slice of time, in which no price begins or ends and no weekly
-- window opens or closes, and within one context bucket, in which no threshold
-- lies.  So the price of its sum is the sum of the prices, now and under as_of.
-- Prices that come later may split a row: pricing it is then an error (IA005),
-- never an approximation, until refresh_usage() has made it again.
--
-- An hour is replaced as a whole, in one transaction that also notes what was
-- read (refreshed_hour), so that a crash leaves whole hours, old or new.

-- The first hour begins here: date_bin() needs an origin, and is much faster than date_trunc().
CREATE FUNCTION inferacct_internal.hour_of(at timestamptz)
RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 2
RETURN date_bin(interval '1 hour', at, timestamptz '2000-01-01 00:00:00+00');

COMMENT ON FUNCTION hour_of(timestamptz) IS 'Beginning of the UTC hour of a time. NULL gives NULL, infinity itself.';

CREATE TABLE inferacct_internal.usage_hourly (
	hour			timestamptz NOT NULL,
	slice			timestamptz NOT NULL,
	first_at		timestamptz NOT NULL,
	last_at			timestamptz NOT NULL,
	context_from	bigint NOT NULL,
	min_input		bigint NOT NULL,
	max_input		bigint NOT NULL,
	rows			bigint NOT NULL,
	reported		bigint NOT NULL,
	usage			usage NOT NULL,
	kinds			integer NOT NULL,
	aggregated		boolean NOT NULL,
	origin			text COLLATE "C" NOT NULL,
	source			text COLLATE "C" NOT NULL,
	model			text NOT NULL,
	service_tier	text NOT NULL,
	region			text,
	provider		text,
	team			text,
	project			text,
	status			text NOT NULL,
	provider_usd	numeric
);

CREATE INDEX usage_hourly_hour ON usage_hourly (hour, origin);

COMMENT ON TABLE usage_hourly IS 'Usage by hour and by all that prices and most reports depend on; kept by refresh_usage(), priced by rollup_cost() and rollup_spend(). See hourly_spend.';
COMMENT ON COLUMN usage_hourly.hour IS 'beginning of the UTC hour';
COMMENT ON COLUMN usage_hourly.slice IS 'beginning of the part of the hour in which no price changes; nearly always the hour';
COMMENT ON COLUMN usage_hourly.first_at IS 'time of the earliest request';
COMMENT ON COLUMN usage_hourly.last_at IS 'time of the latest request';
COMMENT ON COLUMN usage_hourly.context_from IS 'smallest total input of the context bucket; 0 is the first';
COMMENT ON COLUMN usage_hourly.min_input IS 'smallest total input of a row, in tokens';
COMMENT ON COLUMN usage_hourly.max_input IS 'largest total input of a row, in tokens';
COMMENT ON COLUMN usage_hourly.rows IS 'rows of the log';
COMMENT ON COLUMN usage_hourly.reported IS 'rows that have a provider_usd';
COMMENT ON COLUMN usage_hourly.usage IS 'sum of their usage; its requests are the number of requests';
COMMENT ON COLUMN usage_hourly.kinds IS 'which kinds of meters each row has, by usage_kinds(): what may lack a price';
COMMENT ON COLUMN usage_hourly.aggregated IS 'each row sums up several requests itself, as usage reports of providers do';
COMMENT ON COLUMN usage_hourly.origin IS 'usage_log, or the name of the attached source';
COMMENT ON COLUMN usage_hourly.provider_usd IS 'sum of what provider or tool reported, in USD; NULL when it reported nothing';

-- It may outlive the log it was made of.
SELECT pg_extension_config_dump('usage_hourly', '');

CREATE TABLE inferacct_internal.refreshed_hour (
	origin			text COLLATE "C" NOT NULL,
	hour			timestamptz NOT NULL,
	rows			bigint NOT NULL,
	fingerprint		numeric,
	horizon			xid8 NOT NULL,
	refreshed_at	timestamptz NOT NULL,
	PRIMARY KEY (origin, hour)
);

COMMENT ON TABLE refreshed_hour IS 'What refresh_usage() read for an hour: how many rows, and as of which transactions. Of this database only: a dump leaves it out, and the next run looks at everything.';
COMMENT ON COLUMN refreshed_hour.fingerprint IS 'sum of hashes of the rows, where the relation does not tell which transaction wrote a row';
COMMENT ON COLUMN refreshed_hour.horizon IS 'every transaction before this one had ended when the hour was read';

CREATE TABLE inferacct_internal.refresh_run (
	origin		text COLLATE "C" PRIMARY KEY,
	pid			integer NOT NULL,
	hours		bigint,
	hours_done	bigint NOT NULL DEFAULT 0,
	rows_read	bigint NOT NULL DEFAULT 0,
	started_at	timestamptz NOT NULL,
	updated_at	timestamptz NOT NULL,
	finished_at	timestamptz,
	problem		text
);

COMMENT ON TABLE refresh_run IS 'The latest run of refresh_usage() per origin; read it through refresh_progress.';

CREATE FUNCTION inferacct_internal.usage_kinds(usage usage)
RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'usage_kinds';

COMMENT ON FUNCTION usage_kinds(usage) IS 'Bitmap of the kinds of meters present, in the order of usage(): cached and written tokens count as input, reasoning and citation as output, since they have or lack a price together; requests are left out. NULL gives NULL.';

CREATE FUNCTION rollup_cost(model text, usage usage, first_at timestamptz, last_at timestamptz, min_input bigint, max_input bigint,
	aggregated boolean, service_tier text, region text)
RETURNS numeric
LANGUAGE c STABLE PARALLEL SAFE COST 15
AS 'MODULE_PATHNAME', 'rollup_cost';

COMMENT ON FUNCTION rollup_cost(text, usage, timestamptz, timestamptz, bigint, bigint, boolean, text, text) IS
'Exact USD of a row of usage_hourly: of requests from first_at to last_at of min_input to max_input total input tokens each, whose usage adds up to usage; equal to the sum of token_cost() over them. aggregated: the requests are sums themselves. NULL in any of the first seven gives NULL. '
'Errors: IA005 when a price changes between them or a context tier begins between their sizes, 22023 ends out of order or more than 31 days apart; others as token_cost(), NULL under inferacct.unpriced = null where that is.';

CREATE FUNCTION inferacct_internal.rollup_accum(spend_state, text, usage, timestamptz, timestamptz, bigint, bigint, boolean, text, text)
RETURNS spend_state
LANGUAGE c STABLE PARALLEL SAFE COST 12
AS 'MODULE_PATHNAME', 'rollup_accum';

CREATE AGGREGATE rollup_spend(model text, usage usage, first_at timestamptz, last_at timestamptz, min_input bigint, max_input bigint,
	aggregated boolean, service_tier text, region text) (
	SFUNC = rollup_accum, STYPE = spend_state, SSPACE = 32, FINALFUNC = spend_final, COMBINEFUNC = spend_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE rollup_spend(text, usage, timestamptz, timestamptz, bigint, bigint, boolean, text, text) IS
'Exact USD of rows of usage_hourly: the sum of rollup_cost(), without making a numeric of each. No priced row gives NULL. Errors as rollup_cost().';

CREATE VIEW hourly_spend WITH (security_invoker = true) AS
SELECT h.hour, h.source, h.provider, h.model, h.service_tier, h.region, h.team, h.project, h.status,
	meter(h.usage, 'requests') AS requests, h.usage,
	rollup_cost(h.model, h.usage, h.first_at, h.last_at, h.min_input, h.max_input, h.aggregated, h.service_tier, h.region) AS usd,
	h.provider_usd, h.reported, h.rows, h.origin, h.slice, h.first_at, h.last_at, h.context_from, h.min_input, h.max_input, h.aggregated, h.kinds
FROM usage_hourly AS h;

COMMENT ON VIEW hourly_spend IS 'usage_hourly with the number of requests and the exact USD of each row at the prices in force at its time, as known now or at inferacct.as_of.';

-- ---------------------------------------------------------------------------
-- What tells requests apart
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.context_thresholds()
RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT coalesce(array_agg(DISTINCT from_input ORDER BY from_input), '{}')
	FROM (SELECT above_input_tokens + CASE WHEN threshold_inclusive THEN 0 ELSE 1 END FROM price WHERE above_input_tokens BETWEEN 1 AND 9223372036854775806) AS t(from_input)
$$;

COMMENT ON FUNCTION context_thresholds() IS 'The total inputs at which a context tier of any model begins, in any version of the prices.';

-- Windows are taken on every day and an hour to either side, which covers
-- changes of the clock; what is cut too often only makes more rows.
CREATE FUNCTION inferacct_internal.price_cuts(from_at timestamptz, until_at timestamptz)
RETURNS timestamptz[]
LANGUAGE sql STABLE PARALLEL SAFE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH changes AS (
		SELECT valid_from AS cut FROM price
		UNION ALL SELECT valid_from FROM model_alias
		UNION ALL SELECT valid_from FROM contract_term
		UNION ALL SELECT valid_to FROM contract_term
		UNION ALL SELECT valid_from FROM fx_rate
		UNION ALL
		SELECT (day + edge::interval) AT TIME ZONE zone + shift * interval '1 hour'
		FROM (SELECT DISTINCT time_windows ->> 'timezone', window_edge
			  FROM (SELECT DISTINCT time_windows FROM price WHERE time_windows IS NOT NULL) AS p
			  CROSS JOIN LATERAL jsonb_array_elements(time_windows -> 'windows') AS w(spans)
			  CROSS JOIN LATERAL (VALUES (spans ->> 'from'), (spans ->> 'to')) AS e(window_edge)) AS edges(zone, edge)
		CROSS JOIN LATERAL generate_series(date_trunc('day', from_at AT TIME ZONE zone) - interval '1 day',
			date_trunc('day', until_at AT TIME ZONE zone) + interval '1 day', interval '1 day') AS d(day)
		CROSS JOIN (VALUES (-1), (0), (1)) AS s(shift)
	)
	SELECT coalesce(array_agg(DISTINCT cut ORDER BY cut), '{}') FROM changes
	WHERE cut > from_at AND cut < until_at AND cut <> hour_of(cut)
$$;

COMMENT ON FUNCTION price_cuts(timestamptz, timestamptz) IS 'The moments within hours, after from_at and before until_at, at which a price of any model, in any version or contract, may begin or end.';

-- ---------------------------------------------------------------------------
-- Which hours have changed
-- ---------------------------------------------------------------------------

-- Does every row of the relation tell which transaction wrote it?  Looks at the
-- catalog only: pg_partition_tree() would lock the partitions before their parent,
-- which usage_log_partition() locks the other way round.
CREATE FUNCTION inferacct_internal.tells_transactions(relation regclass)
RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
	WITH RECURSIVE tree(oid) AS (
		SELECT relation::oid UNION SELECT i.inhrelid FROM tree AS t JOIN pg_inherits AS i ON i.inhparent = t.oid
	)
	SELECT bool_and(c.relkind IN ('r', 'p', 'm') AND (a.amname = 'heap' OR c.relkind = 'p'))
	FROM tree JOIN pg_class AS c USING (oid) LEFT JOIN pg_am AS a ON a.oid = c.relam
$$;

COMMENT ON FUNCTION tells_transactions(regclass) IS 'Whether all rows of relation are in heap tables of this server, whose xmin says which transaction wrote them. NULL gives NULL.';

-- Everything that a row of the log puts into the rollup.
CREATE FUNCTION inferacct_internal.usage_fingerprint()
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1
RETURN 'sum(hash_record_extended(ROW(at, usage, model, service_tier, region, source, provider, team, project, status, provider_usd), 0)::numeric)';

COMMENT ON FUNCTION usage_fingerprint() IS 'SQL expression for the fingerprint of an hour: a sum of 64-bit hashes of all that the rollup takes from its rows.';

-- An origin as the statements below need it.
CREATE FUNCTION inferacct_internal.refresh_origin(origin text, OUT rows_of text, OUT at text, OUT scan text, OUT tracked boolean)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	s usage_source;
BEGIN
	IF origin = 'usage_log' THEN
		rows_of := 'inferacct.usage_log';
		at := 'r.at';
		scan := 'FROM inferacct.usage_log AS r';
		tracked := tells_transactions('inferacct.usage_log');
		RETURN;
	END IF;
	SELECT * INTO s FROM usage_source WHERE name = origin;
	IF NOT FOUND THEN
		RAISE undefined_object USING
			MESSAGE = format('no source "%s" is attached', origin),
			HINT = 'SELECT name, relation FROM usage_source shows what is; the log itself is "usage_log".';
	END IF;
	rows_of := source_view(origin);
	at := s.definition #>> '{columns,at}';
	tracked := tells_transactions(s.relation) AND s.definition ->> 'from' IS NULL;
	IF tracked THEN
		scan := source_from(s.relation, s.definition);
	ELSE
		at := 'r.at';
		scan := 'FROM ' || rows_of || ' AS r';
	END IF;
END
$$;

COMMENT ON FUNCTION refresh_origin(text) IS 'How refresh_usage() reads usage_log or an attached source. Error 42704 when there is no such source.';

-- An hour has changed when its number of rows has, when a row may have been
-- written by a transaction that had not ended when the hour was read, or when a
-- price has come that tells its requests apart.
CREATE FUNCTION inferacct_internal.refresh_changed(origin text, since timestamptz, drop_missing boolean)
RETURNS timestamptz[]
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	o record := refresh_origin(origin);
	changed timestamptz[];
BEGIN
	EXECUTE format($query$
		WITH seen AS (
			SELECT inferacct_internal.hour_of(at) AS hour, count(*) AS rows, %2$s AS youngest, %3$s AS fingerprint
			FROM (SELECT %1$s) AS r WHERE at >= $2 GROUP BY 1
		), kept AS (
			SELECT hour, rows, fingerprint, horizon FROM inferacct_internal.refreshed_hour WHERE origin = $1 AND hour >= $2
		), cuts AS MATERIALIZED (
			SELECT inferacct_internal.price_cuts(min(hour), max(hour) + interval '1 hour') AS times, inferacct_internal.context_thresholds() AS inputs
			FROM inferacct_internal.usage_hourly WHERE origin = $1 AND hour >= $2
		), split AS (
			SELECT DISTINCT h.hour FROM inferacct_internal.usage_hourly AS h CROSS JOIN cuts
			WHERE h.origin = $1 AND h.hour >= $2 AND (width_bucket(h.min_input, cuts.inputs) <> width_bucket(h.max_input, cuts.inputs)
				OR width_bucket(h.first_at, cuts.times) <> width_bucket(h.last_at, cuts.times))
		)
		SELECT array_agg(hour ORDER BY hour)
		FROM seen FULL JOIN kept USING (hour)
		WHERE isfinite(hour) AND CASE
			WHEN seen.rows IS NULL THEN $3
			WHEN kept.rows IS NULL THEN true
			ELSE seen.rows <> kept.rows OR seen.fingerprint IS DISTINCT FROM kept.fingerprint
				OR seen.youngest <= age(kept.horizon::xid)
				OR pg_snapshot_xmax(pg_current_snapshot())::text::numeric - kept.horizon::text::numeric > 1000000000
				OR hour IN (SELECT hour FROM split) END
	$query$,
		CASE WHEN o.tracked THEN format('%s AS at, r.xmin AS written %s', o.at, o.scan) ELSE 'r.* ' || o.scan END,
		CASE WHEN o.tracked THEN 'min(age(written))' ELSE 'NULL::integer' END,
		CASE WHEN o.tracked THEN 'NULL::numeric' ELSE usage_fingerprint() END)
	INTO changed USING origin, coalesce(hour_of(since), '-infinity'), drop_missing;
	RETURN coalesce(changed, '{}');
END
$$;

COMMENT ON FUNCTION refresh_changed(text, timestamptz, boolean) IS 'The hours of an origin, from the hour of since on (NULL: all), that refresh_usage() has to read again; with drop_missing also those that have lost all their rows.';

-- Read these hours, of [from_at, until_at), again.
CREATE FUNCTION inferacct_internal.refresh_hours(origin text, from_at timestamptz, until_at timestamptz, hours timestamptz[], found_at timestamptz)
RETURNS bigint
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	o record := refresh_origin(origin);
	todo timestamptz[];
	horizon xid8;
	rows_found bigint;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('inferacct.refresh_usage ' || origin, 0));

	-- What another run has read since the change was found need not be read again.
	todo := ARRAY(SELECT h FROM unnest(hours) AS h
		WHERE h >= from_at AND h < until_at
		  AND NOT EXISTS (SELECT FROM refreshed_hour AS r WHERE r.origin = refresh_hours.origin AND r.hour = h AND r.refreshed_at > found_at));
	DELETE FROM usage_hourly AS u WHERE u.origin = refresh_hours.origin AND u.hour >= from_at AND u.hour < until_at AND u.hour = ANY (todo);
	DELETE FROM refreshed_hour AS r WHERE r.origin = refresh_hours.origin AND r.hour = ANY (todo);

	-- Taken before the snapshot that reads: what ends in between is read now and looked at once more.
	horizon := pg_snapshot_xmin(pg_current_snapshot());
	EXECUTE format($query$
		WITH grouped AS MATERIALIZED (
			SELECT inferacct_internal.hour_of(at) AS hour,
				greatest(inferacct_internal.hour_of(at), $4[width_bucket(at, $4)]) AS slice,
				coalesce($5[width_bucket(inferacct.input_tokens(usage), $5)], 0) AS context_from,
				inferacct.meter(usage, 'requests') > 1 AS aggregated, inferacct_internal.usage_kinds(usage) AS kinds,
				source, model, service_tier, region, provider, team, project, status,
				count(*) AS rows, count(provider_usd) AS reported, sum(usage) AS usage, sum(provider_usd) AS provider_usd,
				min(at) AS first_at, max(at) AS last_at, min(inferacct.input_tokens(usage)) AS min_input, max(inferacct.input_tokens(usage)) AS max_input,
				%2$s AS fingerprint
			FROM (SELECT at, usage, model, service_tier, region, source, provider, team, project, status, provider_usd
				  FROM %1$s WHERE at >= $2 AND at < $3 AND inferacct_internal.hour_of(at) = ANY ($6)
				  OFFSET 0) AS once	-- a source's usage is computed, not stored: do it once
			GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
		), stored AS (
			INSERT INTO inferacct_internal.usage_hourly (hour, slice, first_at, last_at, context_from, min_input, max_input, rows, reported, usage, kinds, aggregated,
				origin, source, model, service_tier, region, provider, team, project, status, provider_usd)
			SELECT hour, slice, first_at, last_at, context_from, min_input, max_input, rows, reported, usage, kinds, aggregated,
				$1, source, model, service_tier, region, provider, team, project, status, provider_usd
			FROM grouped WHERE usage IS NOT NULL AND model IS NOT NULL
			ORDER BY hour, model
		), noted AS (
			INSERT INTO inferacct_internal.refreshed_hour (origin, hour, rows, fingerprint, horizon, refreshed_at)
			SELECT $1, hour, sum(rows), sum(fingerprint), $7, $8 FROM grouped GROUP BY hour
			RETURNING rows
		)
		SELECT coalesce(sum(rows), 0) FROM noted
	$query$, o.rows_of, CASE WHEN o.tracked THEN 'NULL::numeric' ELSE usage_fingerprint() END)
	INTO rows_found
	USING origin, from_at, until_at, price_cuts(from_at, until_at), context_thresholds(), todo, horizon, clock_timestamp();

	UPDATE refresh_run AS r SET updated_at = clock_timestamp(), hours_done = r.hours_done + cardinality(todo), rows_read = r.rows_read + rows_found
	WHERE r.origin = refresh_hours.origin;
	RETURN rows_found;
END
$$;

COMMENT ON FUNCTION refresh_hours(text, timestamptz, timestamptz, timestamptz[], timestamptz) IS 'Makes the rows of usage_hourly of an origin for these hours, as far as they lie in [from_at, until_at) and nobody has made them after found_at; returns the rows of the log that it read. One at a time per origin.';

-- ---------------------------------------------------------------------------
-- The procedure
-- ---------------------------------------------------------------------------

-- Noted and committed before it looks, so that a run that ends while looking is not taken for the one before.
CREATE FUNCTION inferacct_internal.refresh_began(origin text)
RETURNS void
LANGUAGE sql VOLATILE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	INSERT INTO refresh_run AS r (origin, pid, started_at, updated_at)
	SELECT $1, pg_backend_pid(), clock_timestamp(), clock_timestamp()
	WHERE $1 = 'usage_log' OR EXISTS (SELECT FROM usage_source AS s WHERE s.name = $1)
	ON CONFLICT ON CONSTRAINT refresh_run_pkey DO UPDATE SET pid = excluded.pid, hours = NULL, hours_done = 0, rows_read = 0,
		started_at = excluded.started_at, updated_at = excluded.updated_at, finished_at = NULL, problem = NULL
$$;

COMMENT ON FUNCTION refresh_began(text) IS 'Notes in refresh_run that this session begins a run for an origin, if there is such an origin.';

-- It commits, so it can have no SET clause: every name is written in full.
CREATE PROCEDURE refresh_usage(origin text DEFAULT NULL, since timestamptz DEFAULT NULL, chunk interval DEFAULT interval '1 day', drop_missing boolean DEFAULT false)
LANGUAGE plpgsql
AS $$
DECLARE
	first_hour CONSTANT timestamptz := '2000-01-01 00:00:00+00';
	one text;
	origins text[] := CASE WHEN origin IS NULL THEN ARRAY['usage_log'] || ARRAY(SELECT name FROM inferacct.usage_source ORDER BY name) ELSE ARRAY[origin] END;
	width interval;					-- the chunk in hours: days have 24, whatever the session's clock does
	hours timestamptz[];
	starts timestamptz[];
	start timestamptz;
	found_at timestamptz;
	found bigint;					-- hours that have changed
	done bigint;					-- and have been read
	failed boolean := false;
	state text; message text; explanation text; advice text;		-- of the error that ended a run
BEGIN
	IF chunk IS NULL OR chunk < interval '1 hour' OR extract(month FROM chunk) + extract(year FROM chunk) > 0 THEN
		RAISE invalid_parameter_value USING
			MESSAGE = pg_catalog.format('a chunk cannot be %s', chunk),
			HINT = 'Give an hour or more, in hours or days.';
	END IF;
	width := pg_catalog.make_interval(secs => extract(epoch FROM chunk));
	FOREACH one IN ARRAY origins LOOP
		IF NOT pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended('inferacct.refresh_usage ' || one, 0)) THEN
			RAISE NOTICE '%: another refresh_usage() is at work; left to it', one;
			CONTINUE;
		END IF;
		PERFORM inferacct_internal.refresh_began(one);
		COMMIT;
		-- What fails is noted, and then raised: a block that commits can have no handler itself.
		BEGIN
			PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('inferacct.refresh_usage ' || one, 0));
			found_at := pg_catalog.clock_timestamp();
			hours := inferacct_internal.refresh_changed(one, since, coalesce(drop_missing, false));
			found := pg_catalog.cardinality(hours);
			UPDATE inferacct_internal.refresh_run AS r SET hours = found, updated_at = pg_catalog.clock_timestamp() WHERE r.origin = one;
		EXCEPTION WHEN OTHERS OR query_canceled THEN
			GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, explanation = PG_EXCEPTION_DETAIL, advice = PG_EXCEPTION_HINT;
			failed := true;
		END;
		IF NOT failed THEN
			COMMIT;
			starts := ARRAY(SELECT DISTINCT pg_catalog.date_bin(width, h, first_hour) AS s FROM pg_catalog.unnest(hours) AS h ORDER BY s);
			FOREACH start IN ARRAY starts LOOP
				BEGIN
					PERFORM inferacct_internal.refresh_hours(one, start, start + width, hours, found_at);
					done := (SELECT pg_catalog.count(*) FROM pg_catalog.unnest(hours) AS h WHERE h < start + width);
				EXCEPTION WHEN OTHERS OR query_canceled THEN
					GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, explanation = PG_EXCEPTION_DETAIL, advice = PG_EXCEPTION_HINT;
					failed := true;
				END;
				EXIT WHEN failed;
				COMMIT;
				RAISE NOTICE '%: % of % hours', one, done, found;
			END LOOP;
		END IF;
		UPDATE inferacct_internal.refresh_run AS r SET finished_at = pg_catalog.clock_timestamp(), problem = message WHERE r.origin = one;
		COMMIT;
		IF failed THEN
			RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message,
				DETAIL = coalesce(nullif(explanation, ''), 'No hour is half read: what was read before stays.'),
				HINT = coalesce(nullif(advice, ''), 'refresh_usage() goes on with what is left when it is called again.');
		END IF;
	END LOOP;
END
$$;

COMMENT ON PROCEDURE refresh_usage(text, timestamptz, interval, boolean) IS
'Brings usage_hourly up to date. origin: usage_log or an attached source, NULL for all; since: look at the hours from this time on, NULL for all; chunk: how much time one transaction takes on; drop_missing: also take out hours that have lost all their rows (they are kept by default, since raw logs are often dropped after some time). '
'Finds new, late, corrected and deleted rows, and hours that a new price splits; a crash or a cancel leaves whole hours, and the next run goes on. Reports by NOTICE and in refresh_progress. An origin that another run is looking through is left to that run. '
'Commits: call it outside a transaction block. Errors: 42704 no such source, 22023 a bad chunk, 2D000 in a transaction block.';

CREATE FUNCTION forget_usage(origin text, since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity')
RETURNS bigint
LANGUAGE plpgsql VOLATILE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	forgotten bigint;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('inferacct.refresh_usage ' || origin, 0));
	DELETE FROM refreshed_hour AS r WHERE r.origin = forget_usage.origin AND r.hour >= since AND r.hour < until;
	DELETE FROM usage_hourly AS h WHERE h.origin = forget_usage.origin AND h.hour >= since AND h.hour < until;
	GET DIAGNOSTICS forgotten = ROW_COUNT;
	RETURN forgotten;
END
$$;

COMMENT ON FUNCTION forget_usage(text, timestamptz, timestamptz) IS
'Takes the hours of an origin in [since, until) out of usage_hourly and returns how many rows that were. What the log still has comes back with the next refresh_usage(). NULL forgets nothing.';

-- A run is at work as long as its statement is.  Who may not see what the session
-- does takes it to be, unless the failure was noted.
CREATE VIEW refresh_progress WITH (security_invoker = true) AS
SELECT o.origin,
	CASE WHEN r.origin IS NULL THEN 'never run' WHEN r.problem IS NOT NULL THEN 'failed' WHEN r.finished_at IS NOT NULL THEN 'finished'
		WHEN a.pid IS NULL THEN 'interrupted'
		WHEN coalesce(a.state = 'active' AND a.query_start <= r.started_at, true) THEN 'running' ELSE 'failed' END AS status,
	r.hours, r.hours_done, r.rows_read, r.started_at, r.updated_at, r.finished_at, r.problem
FROM (SELECT 'usage_log'::text COLLATE "C" AS origin UNION ALL SELECT name FROM usage_source) AS o
LEFT JOIN refresh_run AS r USING (origin)
LEFT JOIN pg_stat_activity AS a ON a.pid = r.pid AND coalesce(a.backend_start < r.started_at, true);

COMMENT ON VIEW refresh_progress IS 'The latest run of refresh_usage() for each origin: never run, running, finished, failed (problem says why, where it could be noted) or interrupted (its session or its server ended); hours it has to read, NULL while it looks for them, and has read, rows of the log read so far; finished_at: when it finished or failed.';
