-- rollup: the tokens of every log by hour and by all that a price can depend on.
--
-- Invariant: of the requests in one row of usage_hourly no two are told apart by
-- any price row that was ever known, for any model, version or contract: a row
-- lies within one slice of time, in which no price begins or ends, no weekly
-- window opens or closes and no day of a calendar begins, and within one context bucket, in which no threshold
-- lies.  So the price of its sum is the sum of the prices, now and under as_of.
-- Prices that come later may split a row: pricing it is then an error (IA005),
-- never an approximation, until refresh_usage() has made it again.
--
-- An hour is replaced as a whole, in one transaction that also notes what was
-- read (refreshed_hour), so that a crash leaves whole hours, old or new.
--
-- One run at a time reads an origin: a turn is a row that only who may write the
-- rollup can lock.  A run that does not get its turn says so, and leaves a note.
--
-- What an hour was read by is noted with it: when another relation or mapping is
-- attached under the name of an origin, its hours are read again, and those that the
-- new one should have and has not are taken out.

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
	tenant			text COLLATE "C" NOT NULL,
	source			text COLLATE "C" NOT NULL,
	model			text NOT NULL,
	service_tier	text NOT NULL,
	region			text,
	provider		text,
	team			text,
	project			text,
	status			text NOT NULL,
	provider_usd	numeric,
	dimensions		jsonb
);

COMMENT ON TABLE usage_hourly IS
'Usage by hour and by all that prices and most reports depend on; kept by refresh_usage(), priced by rollup_cost() '
'and rollup_spend(). See hourly_spend.';
COMMENT ON COLUMN usage_hourly.hour IS 'beginning of the UTC hour';
COMMENT ON COLUMN usage_hourly.slice IS
'beginning of the part of the hour in which no price changes; nearly always the hour';
COMMENT ON COLUMN usage_hourly.first_at IS 'time of the earliest request';
COMMENT ON COLUMN usage_hourly.last_at IS 'time of the latest request';
COMMENT ON COLUMN usage_hourly.context_from IS 'smallest total input of the context bucket; 0 is the first';
COMMENT ON COLUMN usage_hourly.min_input IS 'smallest total input of a row, in tokens';
COMMENT ON COLUMN usage_hourly.max_input IS 'largest total input of a row, in tokens';
COMMENT ON COLUMN usage_hourly.rows IS 'rows of the log';
COMMENT ON COLUMN usage_hourly.reported IS 'rows that have a provider_usd';
COMMENT ON COLUMN usage_hourly.usage IS 'sum of their usage; its requests are the number of requests';
COMMENT ON COLUMN usage_hourly.kinds IS 'which kinds of meters each row has, by usage_kinds(): what may lack a price';
COMMENT ON COLUMN usage_hourly.aggregated IS
'each row sums up several requests itself, as usage reports of providers do';
COMMENT ON COLUMN usage_hourly.origin IS 'usage_log, or the name of the attached source';
COMMENT ON COLUMN usage_hourly.dimensions IS
'value by name of usage_dimension: a string, or null where the request states none; '
'NULL where none was chosen when the hour was read';
COMMENT ON COLUMN usage_hourly.provider_usd IS
'sum of what provider or tool reported, in USD; NULL when it reported nothing';

-- It may outlive the log it was made of.
SELECT pg_extension_config_dump('usage_hourly', '');

CREATE TABLE inferacct_internal.refreshed_hour (
	origin			text COLLATE "C" NOT NULL,
	hour			timestamptz NOT NULL,
	read_by			text NOT NULL,
	rows			bigint NOT NULL,
	fingerprint		bigint,
	horizon			xid8 NOT NULL,
	refreshed_at	timestamptz NOT NULL,
	PRIMARY KEY (origin, hour)
);

COMMENT ON TABLE refreshed_hour IS
'What refresh_usage() read for an hour: how many rows, and as of which transactions. '
'Of this database only: a dump leaves it out, and the next run looks at everything.';
COMMENT ON COLUMN refreshed_hour.read_by IS
'digest of the relation and the definition of the source, and of the dimensions, that it was read by; '
'of the dimensions only for usage_log';
COMMENT ON COLUMN refreshed_hour.fingerprint IS
'modulo 2^64: sum over the rows of the hash of the partition that each lies in; '
'of the whole row, where the relation does not tell which transaction wrote it';
COMMENT ON COLUMN refreshed_hour.horizon IS 'every transaction before this one had ended when the hour was read';

-- By what an hour is read: it is read again when this has changed.
CREATE FUNCTION inferacct_internal.source_read_by(relation oid, definition jsonb)
RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$ SELECT md5(concat_ws(' ', relation, definition, nullif(inferacct_internal.dimensions_digest(), ''))) $$;

COMMENT ON FUNCTION source_read_by(oid, jsonb) IS
'Digest of the relation and the definition of a source, and of the chosen dimensions; '
'another name of the first two is no other.';

CREATE VIEW source_status WITH (security_invoker = true) AS
SELECT s.name, s.relation,
	CASE WHEN c.unseen THEN 'changed' WHEN l.problem IS NOT NULL THEN 'broken' ELSE 'attached' END AS status,
	CASE WHEN c.unseen THEN 'its relation was changed unseen' ELSE l.problem END AS problem,
	CASE WHEN c.unseen THEN 'SELECT inferacct.follow_sources()'
		WHEN l.problem IS NOT NULL
			THEN format('SELECT inferacct.detach_usage(%1$L); SELECT inferacct.attach_usage(%1$L, %2$L, %3$L)', s.name,
			s.relation, s.mapping) END AS remedy,
	(SELECT count(*) FROM refreshed_hour AS r WHERE r.origin = s.name
		AND r.read_by <> source_read_by(l.relation, s.definition)) AS hours_of_others
FROM usage_source AS s LEFT JOIN source_relation AS l USING (name)
CROSS JOIN LATERAL (SELECT l.seen IS DISTINCT FROM source_seen(l.relation, s)) AS c(unseen);

COMMENT ON VIEW source_status IS
'The attached sources: attached; broken, when the relation cannot be read any more and the source has no rows; '
'or changed, when the relation has changed while event triggers were off. With the problem and its remedy.';
COMMENT ON COLUMN source_status.hours_of_others IS
'hours in usage_hourly that were read from another relation, or by another mapping, of this name: those that '
'refresh_usage() has not read again yet, or that lie before the first row of the relation';

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

CREATE TABLE inferacct_internal.refresh_skip (
	origin	text COLLATE "C" PRIMARY KEY,
	pid		integer NOT NULL,
	at		timestamptz NOT NULL
);

COMMENT ON TABLE refresh_skip IS
'The latest run of refresh_usage() per origin that found another at work and read nothing; '
'read it through refresh_progress.';

CREATE TABLE inferacct_internal.refresh_base (
	origin		text COLLATE "C" PRIMARY KEY,
	identity	text NOT NULL,
	looked_at	timestamptz NOT NULL
);

COMMENT ON TABLE refresh_base IS
'The origins of which, since everything that a look at all of it found has been read, changes are in usage_change. '
'Of this database only.';
COMMENT ON COLUMN refresh_base.identity IS 'notes_identity() before that look';
COMMENT ON COLUMN refresh_base.looked_at IS 'when it began';

CREATE FUNCTION inferacct_internal.usage_kinds(usage usage)
RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'usage_kinds';

COMMENT ON FUNCTION usage_kinds(usage) IS 
'Bitmap of the kinds of meters present, in the order of usage(): tokens of text count as what they are billed as '
'without a price of their own, since they have or lack a price together; requests are left out. NULL gives NULL.';

CREATE FUNCTION inferacct_internal.rollup_cost(model text, usage usage, first_at timestamptz, last_at timestamptz,
	min_input bigint, max_input bigint,
	aggregated boolean, service_tier text, region text)
RETURNS numeric
LANGUAGE c STABLE PARALLEL SAFE COST 15
AS 'MODULE_PATHNAME', 'rollup_cost';

COMMENT ON FUNCTION rollup_cost(text, usage, timestamptz, timestamptz, bigint, bigint, boolean, text, text) IS
'Exact USD of a row of usage_hourly: of requests from first_at to last_at of min_input to max_input total input '
'tokens each, whose usage adds up to usage; equal to the sum of token_cost() over them. '
'aggregated: the requests are sums themselves. NULL in any of the first seven gives NULL. '
'Errors: IA005 when a price changes between them or a context tier begins between their sizes, 22023 ends out of '
'order or more than 31 days apart; others as token_cost(), NULL under inferacct.unpriced = null where that is.';

CREATE FUNCTION inferacct_internal.rollup_accum(spend_state, text, usage, timestamptz, timestamptz, bigint, bigint,
	boolean, text, text)
RETURNS spend_state
LANGUAGE c STABLE PARALLEL SAFE COST 12
AS 'MODULE_PATHNAME', 'rollup_accum';

CREATE AGGREGATE inferacct_internal.rollup_spend(model text, usage usage, first_at timestamptz, last_at timestamptz,
	min_input bigint, max_input bigint,
	aggregated boolean, service_tier text, region text) (
	SFUNC = rollup_accum, STYPE = spend_state, SSPACE = 32, FINALFUNC = spend_final, COMBINEFUNC = spend_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE rollup_spend(text, usage, timestamptz, timestamptz, bigint, bigint, boolean, text, text) IS
'Exact USD of rows of usage_hourly: the sum of rollup_cost(), without making a numeric of each. '
'No priced row gives NULL. Errors as rollup_cost().';

CREATE VIEW hourly_spend WITH (security_invoker = true) AS
SELECT h.hour, h.tenant, h.source, h.provider, h.model, h.service_tier, h.region, h.team, h.project, h.status,
	h.dimensions,
	meter(h.usage, 'requests') AS requests, h.usage,
	input_tokens(h.usage) AS input_tokens, cached_tokens(h.usage) AS cached_tokens,
	cache_write_tokens(h.usage) AS cache_write_tokens,
	output_tokens(h.usage) AS output_tokens, meter(h.usage, 'reasoning') AS reasoning_tokens,
	rollup_cost(h.model, h.usage, h.first_at, h.last_at, h.min_input, h.max_input, h.aggregated, h.service_tier,
		h.region) AS usd,
	resolved_provider(h.provider, h.model, h.first_at) AS resolved_provider,
	resolved_model(h.model, h.first_at) AS resolved_model,
	resolved_tier(h.service_tier) AS resolved_tier, resolved_region(h.region, h.model, h.first_at) AS resolved_region,
	h.provider_usd, h.reported, h.rows, h.origin, h.slice, h.first_at, h.last_at, h.context_from, h.min_input,
	h.max_input, h.aggregated, h.kinds
FROM usage_hourly AS h;

COMMENT ON VIEW hourly_spend IS
'usage_hourly with the number of requests and the exact USD of each row at the prices in force at its time, as known '
'now or at inferacct.as_of. Provider, model, tier and region are as the log wrote them, and resolved_... '
'as reports group by them.';

-- ---------------------------------------------------------------------------
-- What tells requests apart
-- ---------------------------------------------------------------------------

CREATE VIEW inferacct_internal.price_boundary WITH (security_invoker = true) AS
SELECT valid_from AS at FROM price
UNION ALL SELECT valid_from FROM model_alias
UNION ALL SELECT valid_from FROM contract_term
UNION ALL SELECT valid_to FROM contract_term
UNION ALL SELECT valid_from FROM fx_rate;

COMMENT ON VIEW price_boundary IS
'The moments at which a price of any model, in any version or contract, begins or ends, but for weekly hours.';

GRANT SELECT ON price_boundary TO PUBLIC;

CREATE FUNCTION inferacct_internal.context_thresholds()
RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT coalesce(array_agg(DISTINCT from_input ORDER BY from_input), '{}')
	FROM (SELECT above_input_tokens + CASE WHEN threshold_inclusive THEN 0 ELSE 1 END FROM price
		WHERE above_input_tokens BETWEEN 1 AND 9223372036854775806) AS t(from_input)
$$;

COMMENT ON FUNCTION context_thresholds() IS
'The total inputs at which a context tier of any model begins, in any version of the prices.';

CREATE FUNCTION inferacct_internal.windowed_names()
RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH windowed AS (SELECT DISTINCT p.provider, p.model FROM price AS p WHERE p.time_windows IS NOT NULL)
	SELECT coalesce(array_agg(n.name ORDER BY n.name), '{}')
	FROM (SELECT w.model FROM windowed AS w
		UNION SELECT a.alias FROM model_alias AS a JOIN windowed AS w USING (provider, model)) AS n(name)
$$;

COMMENT ON FUNCTION windowed_names() IS
'The models that have a price by weekly hours in any version, and their aliases: what may_mean() one of them is kept '
'by the hour.';

-- Windows are taken on every day and an hour to either side, which covers
-- changes of the clock; what is cut too often only makes more rows.
CREATE FUNCTION inferacct_internal.price_cuts(from_at timestamptz, until_at timestamptz)
RETURNS timestamptz[]
LANGUAGE sql STABLE PARALLEL SAFE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH changes AS (
		SELECT at AS cut FROM price_boundary
		UNION ALL
		SELECT day_cuts(from_at, until_at)
		UNION ALL
		SELECT (day + edge::interval) AT TIME ZONE zone + shift * interval '1 hour'
		FROM (SELECT DISTINCT time_windows ->> 'timezone', window_edge
			  FROM (SELECT DISTINCT time_windows FROM price WHERE time_windows IS NOT NULL) AS p
			  CROSS JOIN LATERAL jsonb_array_elements(time_windows -> 'windows') AS w(spans)
			  CROSS JOIN LATERAL (VALUES (spans ->> 'from'), (spans ->> 'to')) AS e(window_edge)) AS edges(zone, edge)
		CROSS JOIN LATERAL generate_series(date_trunc('day', from_at AT TIME ZONE zone) - interval '1 day',
			CASE WHEN check_span(from_at, until_at) THEN date_trunc('day', until_at AT TIME ZONE zone)
				+ interval '1 day' END, interval '1 day') AS d(day)
		CROSS JOIN (VALUES (-1), (0), (1)) AS s(shift)
	)
	SELECT coalesce(array_agg(DISTINCT cut ORDER BY cut), '{}') FROM changes
	WHERE cut > from_at AND cut < until_at AND cut <> hour_of(cut)
$$;

COMMENT ON FUNCTION price_cuts(timestamptz, timestamptz) IS
'The moments within hours, after from_at and before until_at, at which a price of any model, in any version or '
'contract, may begin or end, or a day of a calendar begins. Errors: 22008 an infinite time, 54000 more than 1000 '
'years, where a price has weekly hours or there is a calendar.';

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
		AND NOT inferacct_internal.is_distributed(relation) AND NOT inferacct_internal.is_hypertable(relation)
	FROM tree JOIN pg_class AS c USING (oid) LEFT JOIN pg_am AS a ON a.oid = c.relam
$$;

COMMENT ON FUNCTION tells_transactions(regclass) IS
'Whether all rows of relation are in heap tables of this server, whose xmin says which transaction wrote them. '
'NULL gives NULL.';

-- What an hour is known by, apart from its transactions: a sum of 64-bit hashes.  Of rows
-- that tell which transactions wrote them, the hash of the partition that they lie in,
-- since one may be swapped for another that was written long ago; of others, of everything
-- that a row puts into the rollup.
CREATE FUNCTION inferacct_internal.row_hash(tracked boolean, dimensions text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1
RETURN CASE WHEN tracked THEN 'hashoidextended(part, 0)'
	ELSE
		'hash_record_extended(ROW(at, usage, model, service_tier, region, tenant, source, '
		'provider, team, project, status, provider_usd, ' || dimensions || '), 0)' END;

COMMENT ON FUNCTION row_hash(boolean, text) IS
'SQL expression for the hash of a row in the fingerprint of its hour; dimensions: expression for what it states of '
'the chosen dimensions.';

CREATE FUNCTION inferacct_internal.wrapped(total numeric)
RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN (mod(mod(total + 9223372036854775808, 18446744073709551616) + 18446744073709551616, 18446744073709551616)
	- 9223372036854775808)::bigint;

COMMENT ON FUNCTION wrapped(numeric) IS
'A whole number modulo 2^64, as a bigint: how sums of hashes are kept. NULL gives NULL.';

-- An origin as the statements below need it.
CREATE FUNCTION inferacct_internal.refresh_origin(origin text, OUT rows_of text, OUT at text, OUT scan text,
	OUT tracked boolean, OUT part text, OUT read_by text, OUT dimensions text, OUT every_time text)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	s usage_source;
BEGIN
	dimensions := dimensions_label();
	IF origin = 'usage_log' THEN
		rows_of := 'inferacct.usage_log AS r';
		at := 'r.at';
		scan := 'FROM inferacct.usage_log AS r';
		tracked := tells_transactions('inferacct.usage_log');
		part := CASE WHEN tracked THEN 'r.tableoid' ELSE 'NULL::oid' END;
		read_by := dimensions_digest();
		RETURN;
	END IF;
	SELECT * INTO s FROM usage_source WHERE name = origin;
	IF NOT FOUND THEN
		PERFORM inferacct_internal.fail('42704', format('no source "%s" is attached', origin),
			hint => 'SELECT name, relation FROM usage_source shows what is; the log itself is "usage_log".');
	END IF;
	-- The relation itself, not the function that reads it: its planner may have to know it.  Where repeats are
	-- an error, a new row changes what an old one of another hour counts.
	tracked := tells_transactions(s.relation::regclass) AND s.definition ->> 'from' IS NULL
		AND s.definition ->> 'repeats' IS DISTINCT FROM 'error';
	rows_of := '(' || source_select(s.name, s.relation, s.columns, s.definition, tracked) || ') AS r';
	at := s.definition #>> '{columns,at}';
	-- A row that another stands for counts nowhere, and is there all the same.
	every_time := CASE WHEN s.definition ->> 'repeats' IN ('first', 'last') THEN format('SELECT %s AS at %s', at,
		source_from(s.relation, s.columns, s.definition - 'repeats')) END;
	part := CASE WHEN tracked THEN 'r.part' ELSE 'NULL::oid' END;
	IF tracked THEN
		scan := source_from(s.relation, s.columns, s.definition, '{xmin,tableoid}');
	ELSE
		at := 'r.at';
		scan := 'FROM ' || rows_of;
	END IF;
	read_by := source_read_by(s.relation::regclass, s.definition);
END
$$;

COMMENT ON FUNCTION refresh_origin(text) IS
'How refresh_usage() reads usage_log or an attached source. Errors: 42704 no such source, 42P01 its relation is gone.';

-- An hour has changed when its number of rows has, when a row may have been
-- written by a transaction that had not ended when the hour was read, when its rows
-- lie in another partition, when a price has come that tells its requests apart, or
-- when it was read by another definition.  An hour that has lost all its rows goes when
-- there are rows of earlier hours: its own were deleted or moved.  Hours before the first
-- row that there is are kept: raw logs are dropped from their beginning, and the rollup
-- outlives them.  Rows of times that row_problem() refuses are not looked at.
-- EXISTS selects a column: Citus reads no result without one.
CREATE FUNCTION inferacct_internal.refresh_look(origin text, since timestamptz, drop_missing boolean,
	until timestamptz DEFAULT NULL, closing boolean DEFAULT false)
RETURNS TABLE (hour timestamptz, rows bigint)
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	o record := refresh_origin(origin);
BEGIN
	RETURN QUERY EXECUTE format($query$
		WITH seen AS (
			SELECT inferacct_internal.hour_of(at) AS hour, count(*) AS rows, %2$s AS youngest,
				inferacct_internal.wrapped(sum(%3$s)) AS fingerprint
			FROM (SELECT %1$s) AS r WHERE at >= $2 AND at < $5 GROUP BY 1
		), present AS (
			SELECT CASE WHEN $2 > '2000-01-01 00:00:00+00' AND EXISTS (
					SELECT true FROM (%4$s) AS r WHERE at >= '2000-01-01 00:00:00+00' AND at < $2) THEN $2
				ELSE %5$s END AS first_hour
		), kept AS (
			SELECT hour, rows, fingerprint, horizon, read_by FROM inferacct_internal.refreshed_hour WHERE origin = $1
				AND hour >= $2 AND hour < $5
		), cuts AS MATERIALIZED (
			SELECT inferacct_internal.price_cuts(min(hour), max(hour) + interval '1 hour') AS times,
				inferacct_internal.context_thresholds() AS inputs
			FROM inferacct_internal.usage_hourly WHERE origin = $1 AND hour >= $2 AND hour < $5 AND NOT $6
		), split AS (
			SELECT DISTINCT h.hour FROM inferacct_internal.usage_hourly AS h CROSS JOIN cuts
			WHERE h.origin = $1 AND h.hour >= $2 AND h.hour < $5 AND NOT $6
				AND (width_bucket(h.min_input, cuts.inputs) <> width_bucket(h.max_input, cuts.inputs)
				OR width_bucket(h.first_at, cuts.times) <> width_bucket(h.last_at, cuts.times))
		)
		SELECT hour, coalesce(seen.rows, 0)
		FROM seen FULL JOIN kept USING (hour)
		WHERE CASE
			WHEN seen.rows IS NULL THEN $3 OR kept.hour >= (SELECT first_hour FROM present)
			WHEN kept.rows IS NULL THEN true
			WHEN kept.read_by <> $4 THEN true
			ELSE seen.rows <> kept.rows OR seen.fingerprint IS DISTINCT FROM kept.fingerprint
				OR seen.youngest <= age(kept.horizon::xid)
				OR pg_snapshot_xmax(pg_current_snapshot())::text::numeric - kept.horizon::text::numeric > 1000000000
				OR hour IN (SELECT hour FROM split) END
	$query$,
		CASE WHEN o.tracked THEN format('%s AS at, r.xmin AS written, r.tableoid AS part %s', o.at, o.scan)
			ELSE 'r.* ' || o.scan END,
		CASE WHEN NOT o.tracked THEN 'NULL::integer'
			WHEN closing THEN 'min(age(written)) FILTER (WHERE NOT inferacct_internal.is_own_transaction(written))'
			ELSE 'min(age(written))' END, row_hash(o.tracked, o.dimensions),
		coalesce(o.every_time, format('SELECT %s AS at %s', CASE WHEN o.tracked THEN o.at ELSE 'r.at' END, o.scan)),
		CASE WHEN o.every_time IS NULL THEN '(SELECT min(hour) FROM seen)'
			ELSE format('(SELECT inferacct_internal.hour_of(min(at)) FROM (%s) AS r WHERE at >= $2 AND at < $5)',
				o.every_time) END)
	USING origin, greatest(hour_of(since), timestamptz '2000-01-01 00:00:00+00'), drop_missing, o.read_by,
		least(hour_of(until), timestamptz '2100-01-01 00:00:00+00'), closing;
END
$$;

COMMENT ON FUNCTION refresh_look(text, timestamptz, boolean, timestamptz, boolean) IS
'The hours of an origin, from the hour of since on and before that of until (NULL: all), that refresh_usage() has to '
'read again, and how many rows they have; with drop_missing also those before the first row that there is. '
'Looks at every row of that time. closing: hours that a price splits are left out, and rows that this transaction has '
'written are taken for read when their number is as it was.';

CREATE FUNCTION inferacct_internal.relation_of_origin(origin text)
RETURNS oid
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN origin = 'usage_log' THEN 'inferacct.usage_log'::regclass::oid
		ELSE (SELECT r.relation FROM inferacct_internal.source_relation AS r WHERE r.name = origin) END
$$;

COMMENT ON FUNCTION relation_of_origin(text) IS
'The relation whose rows an origin has; NULL when there is no such origin.';

CREATE FUNCTION inferacct_internal.notes_identity(origin text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN bool_and(p.noted_since IS NOT NULL
		AND NOT EXISTS (SELECT FROM inferacct_internal.source_relation AS s
			CROSS JOIN LATERAL inferacct_internal.parts_of(s.relation) AS other WHERE s.name <> origin
				AND other.part = p.part))
			AND NOT EXISTS (SELECT FROM inferacct.usage_source AS s WHERE s.name = origin AND s.definition ? 'repeats')
				THEN md5(concat_ws(' ', string_agg(concat_ws(':', p.part, p.file, p.noted_since), ' ' ORDER BY p.part),
		(SELECT e.epoch FROM inferacct_internal.price_epoch AS e),
		(SELECT string_agg(DISTINCT c.zone, ' ') FROM inferacct.calendar AS c),
		(SELECT o.read_by FROM inferacct_internal.refresh_origin(origin) AS o))) END
	FROM inferacct_internal.parts_of(inferacct_internal.relation_of_origin(origin)) AS p
$$;

COMMENT ON FUNCTION notes_identity(text) IS
'What the notes of usage_change are complete for: the partitions of an origin, their triggers, the state of the '
'prices, the zones of calendars, and by what its hours are read. NULL when a partition does not note what is '
'written in it, when another source reads it, too, as a note is for one, and when its rows may repeat a request: a '
'row changes other hours, too.';

-- The hours that have changed from notes, as long as these are complete.  Now and then
-- everything is looked at all the same: a superuser can turn triggers off.
CREATE FUNCTION inferacct_internal.refresh_noted(origin text)
RETURNS TABLE (hour timestamptz, rows bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	o record := refresh_origin(origin);
BEGIN
	RETURN QUERY EXECUTE format($query$
		WITH changed AS MATERIALIZED (
			SELECT DISTINCT c.hour FROM inferacct_internal.usage_change AS c
			WHERE c.hour >= '2000-01-01 00:00:00+00' AND c.hour < '2100-01-01 00:00:00+00'
				AND c.relation IN (SELECT p.part
					FROM inferacct_internal.parts_of(inferacct_internal.relation_of_origin($1)) AS p)
		)
		SELECT c.hour, 0::bigint FROM changed AS c
		WHERE EXISTS (SELECT true FROM (SELECT %1$s AS at %2$s) AS l WHERE l.at >= '2000-01-01 00:00:00+00'
			AND l.at < c.hour + interval '1 hour')
	$query$, o.at, o.scan) USING origin;
END
$$;

COMMENT ON FUNCTION refresh_noted(text) IS
'The hours of an origin that usage_change says have changed; rows is 0, for not known. '
'Without those before the first row that there is.';

CREATE FUNCTION inferacct_internal.notes_suffice(origin text DEFAULT 'usage_log')
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT EXISTS (SELECT FROM refresh_base AS b WHERE b.origin = notes_suffice.origin
		AND b.looked_at > now() - interval '1 day' AND b.identity = notes_identity(origin))
		AND NOT EXISTS (SELECT FROM usage_change AS c JOIN parts_of(relation_of_origin(origin)) AS p
			ON p.part = c.relation WHERE c.hour = '-infinity')
$$;

COMMENT ON FUNCTION notes_suffice(text) IS
'Whether refresh_noted() knows of every change of an origin: all of it was looked at, and read, within the last day, '
'and neither its partitions nor the prices have changed since.';

CREATE FUNCTION inferacct_internal.refresh_changed(origin text, since timestamptz, drop_missing boolean)
RETURNS timestamptz[]
LANGUAGE sql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$ SELECT coalesce(array_agg(c.hour ORDER BY c.hour), '{}') FROM refresh_look(origin, since, drop_missing) AS c $$;

COMMENT ON FUNCTION refresh_changed(text, timestamptz, boolean) IS 'The hours of refresh_look(), in order.';

-- The rows are summed up by one statement that may run in parallel, and stored by another, which passes them on
-- in memory.
CREATE FUNCTION inferacct_internal.read_cells(origin text, from_at timestamptz, until_at timestamptz,
	hours timestamptz[], OUT kept bigint, OUT horizon xid8, OUT read_by text, OUT names text[])
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET work_mem TO '64MB'
AS $$
DECLARE
	o record;
	lists record;
BEGIN
	-- What is noted is what is read by, whatever is attached under the name meanwhile: looked up once.
	SELECT r.*, dimension_names() AS names INTO o FROM refresh_origin(origin) AS r;
	read_by := o.read_by;
	names := o.names;
	lists := admit_values(o.rows_of, hours);
	-- Taken before the snapshot that reads: what ends in between is read now and looked at once more.
	horizon := pg_snapshot_xmin(pg_current_snapshot());
	EXECUTE format($query$
		SELECT inferacct_internal.kept_cells($3, $4, at, usage, provider_usd, %2$s, tenant, source, model,
			service_tier, region, provider, team, project, status, %4$s)
		FROM (SELECT at, usage, model, service_tier, region, tenant, source, provider, team, project, status,
			provider_usd, %5$s AS stated, %3$s AS part
			  FROM %1$s WHERE %6$s
			  OFFSET 0) AS once	-- a source's usage is computed, not stored: do it once
	$query$, o.rows_of, row_hash(o.tracked, 'stated'), o.part, lists.label, o.dimensions,
		CASE WHEN hours IS NULL THEN $when$at >= '2000-01-01 00:00:00+00' AND at < '2100-01-01 00:00:00+00'$when$
			ELSE 'at >= $1 AND at < $2 AND inferacct_internal.hour_of(at) = ANY ($5)' END)
	INTO kept
	USING greatest(from_at, hours[1]), least(until_at, hours[cardinality(hours)] + interval '1 hour'),
		price_cuts(from_at, until_at), context_thresholds(), hours, lists.months, lists.kept;
END
$$;

COMMENT ON FUNCTION read_cells(text, timestamptz, timestamptz, timestamptz[]) IS
'Sums up the rows of an origin of these hours of [from_at, until_at), in order, in kept_cells(), and gives its number; '
'horizon: every transaction before this one had ended; read_by, names: by what they were read, and which dimensions. '
'hours NULL: the rows of all hours, of which those outside [from_at, until_at) are not told apart as prices are.';

CREATE FUNCTION inferacct_internal.store_cells(origin text, kept bigint, horizon xid8, read_by text,
	names text[])
RETURNS bigint
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET work_mem TO '64MB'
AS $$
DECLARE
	rows_found bigint;
BEGIN
	INSERT INTO usage_hourly (hour, slice, first_at, last_at, context_from, min_input, max_input, rows, reported,
		usage, kinds, aggregated,
		origin, tenant, source, model, service_tier, region, provider, team, project, status, provider_usd,
		dimensions)
	SELECT r.hour, r.slice, r.first_at, r.last_at, r.context_from, r.min_input, r.max_input, r.rows, r.reported,
		r.usage, r.kinds, r.aggregated,
		store_cells.origin, r.tenant, r.source, r.model, r.service_tier, r.region, r.provider,
		coalesce(t.team, r.team), r.project, r.status, r.provider_usd,
		CASE WHEN r.dimensions IS NOT NULL THEN jsonb_object(store_cells.names, r.dimensions::text[]) END
	FROM kept_cells_rows(kept) AS r LEFT JOIN team_alias AS t ON t.alias = r.team WHERE r.usage IS NOT NULL;
	WITH noted AS (
		INSERT INTO refreshed_hour AS n (origin, hour, read_by, rows, fingerprint, horizon, refreshed_at)
		SELECT store_cells.origin, r.hour, store_cells.read_by, r.rows, r.fingerprint, store_cells.horizon,
			clock_timestamp()
		FROM kept_cells_hours(kept) AS r
		RETURNING n.rows
	)
	SELECT coalesce(sum(n.rows), 0) INTO rows_found FROM noted AS n;
	RETURN rows_found;
END
$$;

COMMENT ON FUNCTION store_cells(text, bigint, xid8, text, text[]) IS
'Writes what read_cells() has summed up into usage_hourly and refreshed_hour, and returns the rows of the log.';

-- Read these hours, of [from_at, until_at), again.
CREATE FUNCTION inferacct_internal.refresh_hours(origin text, from_at timestamptz, until_at timestamptz,
	hours timestamptz[], found_at timestamptz)
RETURNS bigint
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	todo timestamptz[];
	read record;
	rows_found bigint;
BEGIN
	PERFORM take_turn('refresh ' || origin);

	-- What another run has read since the change was found need not be read again.
	todo := ARRAY(SELECT h FROM unnest(hours) AS h WHERE h >= from_at AND h < until_at
		EXCEPT SELECT r.hour FROM refreshed_hour AS r
		WHERE r.origin = refresh_hours.origin AND r.hour >= from_at AND r.hour < until_at AND r.refreshed_at > found_at
		ORDER BY 1);
	DELETE FROM usage_hourly AS u WHERE u.origin = refresh_hours.origin AND u.hour >= from_at AND u.hour < until_at
		AND u.hour = ANY (todo);
	DELETE FROM refreshed_hour AS r WHERE r.origin = refresh_hours.origin AND r.hour = ANY (todo);
	PERFORM remembered(origin, todo);
	-- A note is deleted before the statement that reads takes its snapshot: what it stands for is read.
	DELETE FROM usage_change AS c WHERE c.hour = ANY (todo)
		AND c.relation IN (SELECT p.part FROM parts_of(relation_of_origin(origin)) AS p);
	PERFORM usage_changes_read();

	read := read_cells(origin, from_at, until_at, todo);
	rows_found := store_cells(origin, read.kept, read.horizon, read.read_by, read.names);
	UPDATE refresh_run AS r SET updated_at = clock_timestamp(), hours_done = r.hours_done + cardinality(todo),
		rows_read = r.rows_read + rows_found
	WHERE r.origin = refresh_hours.origin;
	RETURN rows_found;
END
$$;

COMMENT ON FUNCTION refresh_hours(text, timestamptz, timestamptz, timestamptz[], timestamptz) IS
'Makes the rows of usage_hourly of an origin for these hours, in any order, as far as they lie in [from_at, until_at) '
'and nobody has made them after found_at; returns the rows of the log that it read. One at a time per origin.';

CREATE FUNCTION inferacct_internal.warn_of_source(name text)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	s source_status;
BEGIN
	SELECT * INTO s FROM source_status AS t WHERE t.name = warn_of_source.name;
	RAISE WARNING USING
		MESSAGE = format('source "%s" is left out: %s', name, s.problem),
		DETAIL = 'Its part of the rollup stays as it was last read.',
		HINT = s.remedy || '.';
END
$$;

COMMENT ON FUNCTION warn_of_source(text) IS 'Says why refresh_usage() leaves a source out.';

CREATE FUNCTION inferacct_internal.notice_hours_of_others(origin text)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	read_by_now text := (refresh_origin(origin)).read_by;
	hours bigint;
	last_hour timestamptz;
BEGIN
	SELECT count(*), max(r.hour) INTO hours, last_hour FROM refreshed_hour AS r
		WHERE r.origin = notice_hours_of_others.origin AND r.read_by <> read_by_now;
	IF hours > 0 THEN
		RAISE NOTICE USING
			MESSAGE = format('%s: %s hours, up to %s, are as another relation or mapping of this name had them', origin,
				hours, last_hour),
			HINT
				= format(
				'They lie before the first row of the relation. SELECT inferacct.forget_usage(%L, '
				'until => %L) takes them out.', origin, last_hour + interval '1 hour');
	END IF;
END
$$;

COMMENT ON FUNCTION notice_hours_of_others(text) IS
'Says that hours of an origin in usage_hourly were read from another relation, or by another mapping, and are not in '
'the present one.';

-- ---------------------------------------------------------------------------
-- The procedure
-- ---------------------------------------------------------------------------

-- It commits, so it can have no SET clause, and names are looked up as its caller
-- likes.  So it only calls and commits: no operator, no cast, each name in full.
CREATE FUNCTION inferacct_internal.refresh_width(chunk interval)
RETURNS interval
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	IF chunk < interval '1 hour' OR extract(month FROM chunk) + extract(year FROM chunk) > 0 THEN
		PERFORM inferacct_internal.fail('22023', format('a chunk cannot be %s', chunk),
			hint => 'Give an hour or more, in hours or days.');
	END IF;
	RETURN make_interval(secs => extract(epoch FROM chunk));
END
$$;

COMMENT ON FUNCTION refresh_width(interval) IS
'A chunk of refresh_usage() in hours: its days have 24, whatever the clock of the session does. NULL gives NULL. '
'Error 22023 when it is shorter than an hour, or has months.';

CREATE FUNCTION inferacct_internal.refresh_origins(origin text)
RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN origin IS NULL THEN ARRAY['usage_log'] || ARRAY(SELECT name FROM usage_source ORDER BY name)
		ELSE ARRAY[origin] END
$$;

COMMENT ON FUNCTION refresh_origins(text) IS
'What a run of refresh_usage() looks at: this origin, or all when it is NULL.';

-- Noted and committed before it looks, so that a run that ends while looking is not taken for the one before.
CREATE FUNCTION inferacct_internal.refresh_begin(origin text)
RETURNS boolean
LANGUAGE plpgsql VOLATILE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	IF EXISTS (SELECT FROM source_status AS s WHERE s.name = origin AND s.problem IS NOT NULL) THEN
		PERFORM warn_of_source(origin);
		RETURN false;
	END IF;
	PERFORM refresh_origin(origin);			-- there is one
	IF NOT try_turn('refresh ' || origin) THEN
		INSERT INTO refresh_skip AS s (origin, pid, at) VALUES (origin, pg_backend_pid(), clock_timestamp())
		ON CONFLICT ON CONSTRAINT refresh_skip_pkey DO UPDATE SET pid = excluded.pid, at = excluded.at;
		RAISE WARNING USING
			ERRCODE = 'lock_not_available',
			MESSAGE = format('%s: nothing was read, since another refresh_usage() or forget_usage() is at work',
				origin),
			HINT = 'It is left to that one. refresh_progress shows how far it is.';
		RETURN false;
	END IF;
	INSERT INTO refresh_run AS r (origin, pid, started_at, updated_at)
	VALUES (origin, pg_backend_pid(), clock_timestamp(), clock_timestamp())
	ON CONFLICT ON CONSTRAINT refresh_run_pkey DO UPDATE SET pid = excluded.pid, hours = NULL, hours_done = 0,
		rows_read = 0,
		started_at = excluded.started_at, updated_at = excluded.updated_at, finished_at = NULL, problem = NULL;
	RETURN true;
END
$$;

COMMENT ON FUNCTION refresh_begin(text) IS
'Notes in refresh_run that this session begins a run of refresh_usage() for an origin. '
'False, with a warning, when the source is broken, or when another run is at work (55P03, and a note in '
'refresh_skip). Error 42704 no such source.';

-- How many rows a relation has, as the planner estimates it; NULL where nothing is known.
CREATE FUNCTION inferacct_internal.estimated_rows(relation oid)
RETURNS float8
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN bool_and(c.reltuples >= 0 AND c.relpages > 0 OR s.pages = 0)
		THEN sum(s.pages * coalesce(c.reltuples / nullif(c.relpages, 0), 0)) END
	FROM inferacct_internal.parts_of(relation) AS p JOIN pg_class AS c ON c.oid = p.part
	CROSS JOIN LATERAL (SELECT pg_relation_size(c.oid) / current_setting('block_size')::float8 AS pages) AS s
$$;

COMMENT ON FUNCTION estimated_rows(oid) IS
'About how many rows a table or its partitions have, by its size and its latest VACUUM or ANALYZE; NULL without one.';

-- A look tells which hours have changed, and where chunks begin.  Of an origin of which nothing was read yet all hours
-- have, and one of no more rows than a chunk needs none: it is read at once, as far as it lies in the year
-- from a month before the row that is found first.  If it does not, it is looked at.
CREATE FUNCTION inferacct_internal.read_at_once(origin text)
RETURNS boolean
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	o record := refresh_origin(origin);
	from_at timestamptz;
	until_at timestamptz;
	read record;
	hours_found bigint;
	rows_found bigint;
BEGIN
	IF NOT o.tracked OR dimension_names() IS NOT NULL
		OR coalesce(estimated_rows(relation_of_origin(origin)), 'infinity') > 1000000
		OR EXISTS (SELECT FROM refreshed_hour AS r WHERE r.origin = read_at_once.origin)
		OR EXISTS (SELECT FROM usage_hourly AS h WHERE h.origin = read_at_once.origin) THEN
		RETURN false;
	END IF;
	EXECUTE format('SELECT inferacct_internal.hour_of(l.at) - interval ''31 days'' FROM (SELECT %s AS at %s) AS l '
		'WHERE l.at >= ''2001-01-01 00:00:00+00'' AND l.at < ''2098-01-01 00:00:00+00'' LIMIT 1', o.at, o.scan)
	INTO from_at;
	until_at := from_at + interval '400 days';
	IF from_at IS NULL THEN
		RETURN false;
	END IF;
	DELETE FROM usage_change AS c
		WHERE c.relation IN (SELECT p.part FROM parts_of(relation_of_origin(origin)) AS p);
	PERFORM usage_changes_read();
	read := read_cells(origin, from_at, until_at, NULL);
	SELECT count(*) INTO hours_found FROM kept_cells_hours(read.kept);
	-- Or a dimension was chosen meanwhile.
	IF read.names IS NOT NULL
		OR EXISTS (SELECT FROM kept_cells_hours(read.kept) AS k WHERE k.hour < from_at OR k.hour >= until_at) THEN
		RETURN false;
	END IF;
	PERFORM remembered(origin, ARRAY(SELECT k.hour FROM kept_cells_hours(read.kept) AS k));
	rows_found := store_cells(origin, read.kept, read.horizon, read.read_by, read.names);
	UPDATE refresh_run AS r SET updated_at = clock_timestamp(), hours = hours_found, hours_done = hours_found,
		rows_read = rows_found WHERE r.origin = read_at_once.origin;
	RAISE NOTICE '%: % of % hours', origin, hours_found, hours_found;
	RETURN true;
END
$$;

COMMENT ON FUNCTION read_at_once(text) IS
'Reads all rows of an origin of which nothing was read yet, where they are no more than about a million: true; '
'false, and nothing is read, where that is not so.';

-- What fails is noted before it is raised: so the two below return it.
CREATE FUNCTION inferacct_internal.refresh_find(origin text, since timestamptz, drop_missing boolean, width interval,
	everything boolean,
	OUT found_at timestamptz, OUT hours timestamptz[], OUT starts timestamptz[], OUT identity text, OUT problem jsonb)
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	state text; message text; explanation text; advice text;
BEGIN
	PERFORM take_turn('refresh ' || origin);
	found_at := clock_timestamp();
	IF since IS NULL AND NOT (coalesce(everything, false) OR coalesce(drop_missing, false)) AND notes_suffice(origin)
	THEN
		SELECT coalesce(array_agg(c.hour ORDER BY c.hour), '{}'),
			refresh_starts(array_agg(c.hour ORDER BY c.hour), array_agg(c.rows ORDER BY c.hour), width)
		INTO hours, starts FROM refresh_noted(origin) AS c;
		UPDATE refresh_run AS r SET hours = cardinality(refresh_find.hours), updated_at = clock_timestamp()
			WHERE r.origin = refresh_find.origin;
		RETURN;
	END IF;
	IF since IS NULL THEN
		DELETE FROM refresh_base AS b WHERE b.origin = refresh_find.origin;
		-- Notes that no hour is read for, and those of relations that no origin has.
		DELETE FROM usage_change AS c WHERE c.relation NOT IN (SELECT p.part FROM unnest(refresh_origins(NULL)) AS o
			CROSS JOIN LATERAL parts_of(relation_of_origin(o)) AS p)
			OR (c.hour < '2000-01-01 00:00:00+00' OR c.hour >= '2100-01-01 00:00:00+00')
				AND c.relation IN (SELECT p.part FROM parts_of(relation_of_origin(origin)) AS p);
		identity := notes_identity(origin);
	END IF;
	IF since IS NULL AND width IS NULL AND read_at_once(origin) THEN
		hours := '{}';
		starts := '{}';
		RETURN;
	END IF;
	SELECT coalesce(array_agg(c.hour ORDER BY c.hour), '{}'),
		refresh_starts(array_agg(c.hour ORDER BY c.hour), array_agg(c.rows ORDER BY c.hour), width)
	INTO hours, starts FROM refresh_look(origin, since, coalesce(drop_missing, false)) AS c;
	UPDATE refresh_run AS r SET hours = cardinality(refresh_find.hours), updated_at = clock_timestamp()
		WHERE r.origin = refresh_find.origin;
EXCEPTION WHEN OTHERS OR query_canceled THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, explanation = PG_EXCEPTION_DETAIL,
	advice = PG_EXCEPTION_HINT;
	starts := '{}';
	problem := jsonb_build_object('state', state, 'message', message, 'detail', explanation, 'hint', advice);
END
$$;

COMMENT ON FUNCTION refresh_find(text, timestamptz, boolean, interval, boolean) IS
'The hours that a run of refresh_usage() has to read of an origin, where its chunks begin, and when they were found; '
'identity: for refresh_end(), after a look at all of usage_log; problem: the error that ended it, NULL when none did.';

-- A relation without an index on its time is scanned for every chunk, so chunks are
-- large; their cells have to fit in memory, and a chunk must not span so much time that
-- listing what prices cut in it takes long.
CREATE FUNCTION inferacct_internal.refresh_starts(hours timestamptz[], rows bigint[], width interval)
RETURNS timestamptz[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
RETURN ARRAY(
	SELECT min(c.hour) AS start
	FROM (SELECT h.hour, date_bin(coalesce(width, interval '100 days'), h.hour, timestamptz '2000-01-01 00:00:00+00')
		AS bin,
			CASE WHEN width IS NULL THEN (sum(h.rows) OVER (ORDER BY h.hour) - 1) / 1000000 END AS million
		  FROM ROWS FROM (unnest(hours), unnest(rows)) AS h(hour, rows)) AS c
	GROUP BY c.bin, trunc(c.million) ORDER BY start);

COMMENT ON FUNCTION refresh_starts(timestamptz[], bigint[], interval) IS
'Where the chunks begin that these hours, in order, are read in: chunks of this width, or of about a million rows '
'when it is NULL.';

CREATE FUNCTION inferacct_internal.refresh_chunk(origin text, start timestamptz, starts timestamptz[],
	hours timestamptz[], found_at timestamptz)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	state text; message text; explanation text; advice text;
	until_at timestamptz := (SELECT coalesce(min(s), hours[cardinality(hours)] + interval '1 hour')
		FROM unnest(starts) AS s WHERE s > start);
BEGIN
	PERFORM refresh_hours(origin, start, until_at, hours, found_at);
	RAISE NOTICE '%: % of % hours', origin, (SELECT count(*) FROM unnest(hours) AS h WHERE h < until_at),
		cardinality(hours);
	RETURN NULL;
EXCEPTION WHEN OTHERS OR query_canceled THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, explanation = PG_EXCEPTION_DETAIL,
	advice = PG_EXCEPTION_HINT;
	RETURN jsonb_build_object('state', state, 'message', message, 'detail', explanation, 'hint', advice);
END
$$;

COMMENT ON FUNCTION refresh_chunk(text, timestamptz, timestamptz[], timestamptz[], timestamptz) IS
'refresh_hours() of the chunk that begins at start; says (NOTICE) how many of the hours are read. '
'Returns the error that ended it, NULL when none did.';

CREATE FUNCTION inferacct_internal.refresh_end(origin text, found_at timestamptz, identity text, problem jsonb)
RETURNS void
LANGUAGE sql VOLATILE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	DELETE FROM refresh_base AS b WHERE b.origin = refresh_end.origin AND refresh_end.identity IS NOT NULL;
	INSERT INTO refresh_base (origin, identity, looked_at) SELECT refresh_end.origin, refresh_end.identity, found_at
		WHERE refresh_end.identity IS NOT NULL AND refresh_end.problem IS NULL;
	UPDATE refresh_run AS r SET finished_at = clock_timestamp(), problem = refresh_end.problem ->> 'message'
		WHERE r.origin = refresh_end.origin
$$;

COMMENT ON FUNCTION refresh_end(text, timestamptz, text, jsonb) IS
'Notes that a run of refresh_usage() is finished with an origin, or by which problem it failed; '
'identity: that all that was found when everything was looked at has been read, so that notes tell from then on.';

CREATE FUNCTION inferacct_internal.refresh_raise(problem jsonb)
RETURNS void
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM inferacct_internal.fail(problem ->> 'state', problem ->> 'message',
		coalesce(nullif(problem ->> 'detail', ''), 'No hour is half read: what was read before stays.'),
		coalesce(nullif(problem ->> 'hint', ''), 'refresh_usage() goes on with what is left when it is called again.'));
END
$$;

COMMENT ON FUNCTION refresh_raise(jsonb) IS
'Raises a problem of refresh_find() or refresh_chunk() again. NULL raises nothing.';

CREATE PROCEDURE refresh_usage(origin text DEFAULT NULL, since timestamptz DEFAULT NULL, chunk interval DEFAULT NULL,
	drop_missing boolean DEFAULT false,
	everything boolean DEFAULT false)
LANGUAGE plpgsql
AS $$
DECLARE
	width pg_catalog.interval;
	one pg_catalog.text;
	begun pg_catalog.bool;
	found_at pg_catalog.timestamptz;
	hours pg_catalog.timestamptz[];
	starts pg_catalog.timestamptz[];
	start pg_catalog.timestamptz;
	identity pg_catalog.text;
	problem pg_catalog.jsonb;
BEGIN
	width := inferacct_internal.refresh_width(chunk);
	FOREACH one IN ARRAY inferacct_internal.refresh_origins(origin) LOOP
		begun := inferacct_internal.refresh_begin(one);
		COMMIT;
		CONTINUE WHEN NOT begun;
		SELECT f.found_at, f.hours, f.starts, f.identity, f.problem INTO found_at, hours, starts, identity, problem
		FROM inferacct_internal.refresh_find(one, since, drop_missing, width, everything) AS f;
		COMMIT;
		FOREACH start IN ARRAY starts LOOP
			problem := inferacct_internal.refresh_chunk(one, start, starts, hours, found_at);
			EXIT WHEN problem IS NOT NULL;
			COMMIT;
		END LOOP;
		PERFORM inferacct_internal.refresh_end(one, found_at, identity, problem);
		COMMIT;
		PERFORM inferacct_internal.refresh_raise(problem);
		PERFORM inferacct_internal.notice_hours_of_others(one);
	END LOOP;
	PERFORM inferacct_internal.keep_allocation();
	COMMIT;
END
$$;

COMMENT ON PROCEDURE refresh_usage(text, timestamptz, interval, boolean, boolean) IS
'Brings usage_hourly up to date. origin: usage_log or an attached source, NULL for all; '
'since: look at the hours from this time on, NULL for all; chunk: how much time one transaction takes on, NULL: as '
'much as has about a million rows; drop_missing: also take out hours before the first row that there is (they are '
'kept by default, since raw logs are often dropped from their beginning); '
'everything: look at every row of usage_log, also when it was done within a day and its triggers tell what has '
'changed since (drop_missing and since do so, too). Finds new, late, corrected and deleted rows, and hours that a new '
'price splits; a crash or a cancel leaves whole hours, and the next run goes on. '
'Reports by NOTICE and in refresh_progress. What fails is noted there, and raised. '
'An origin that another run is looking through is left to that run, with a warning (55P03) and the status skipped. '
'A broken source is left out with a WARNING, and its hours stay. Hours that were read by another mapping, or from '
'another relation, are read again. Commits: call it outside a transaction block. '
'Errors: 42704 no such source, 22023 a bad chunk, 2D000 in a transaction block.';

-- A table of others keeps notes, too, when its owner lets it.
CREATE FUNCTION note_changes(name text, enabled boolean DEFAULT true)
RETURNS void
LANGUAGE plpgsql VOLATILE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	relation regclass := relation_of_origin(name);
	at text := (SELECT s.definition #>> '{columns,at}' FROM usage_source AS s WHERE s.name = note_changes.name);
	at_column name;
BEGIN
	-- The column by the name that it has now.
	SELECT a.attname INTO at_column FROM source_relation AS l
		CROSS JOIN LATERAL jsonb_each_text(l.columns) AS c(name, number)
	JOIN pg_attribute AS a ON a.attrelid = l.relation AND a.attnum = c.number::int
	WHERE l.name = note_changes.name
		AND at IN (format('r.%I', c.name), format('inferacct_internal.utc_time(r.%I)', c.name));
	IF at IS NULL THEN
		PERFORM inferacct_internal.fail('42704', format('no source "%s" is attached', name),
			hint => 'SELECT name, relation FROM usage_source shows what is; usage_log notes its changes anyway.');
	END IF;
	IF NOT coalesce(enabled, false) THEN
		EXECUTE format('DROP TRIGGER IF EXISTS inferacct_usage_changed ON %s', relation);
		RETURN;
	END IF;
	IF NOT tells_transactions(relation) OR (SELECT c.relkind FROM pg_class AS c WHERE c.oid = relation) NOT IN ('r',
		'p') OR at_column IS NULL THEN
		PERFORM inferacct_internal.fail('42809', format('the changes of "%s" cannot be noted', relation),
			format('That takes a table of this server and a column of times; its time is %s.', at),
			'It is looked at each time: since => ... limits that.');
	END IF;
	IF EXISTS (SELECT FROM usage_source AS s WHERE s.name = note_changes.name AND s.definition ? 'repeats') THEN
		PERFORM inferacct_internal.fail('42809', format('the changes of "%s" cannot be noted', relation),
			'Its mapping says which of several rows of a request counts: a row that comes changes other hours, too.',
			'It is looked at each time: since => ... limits that.');
	END IF;
	EXECUTE format('DROP TRIGGER IF EXISTS inferacct_usage_changed ON %s', relation);
	EXECUTE format('CREATE TRIGGER inferacct_usage_changed AFTER INSERT OR UPDATE OR DELETE ON %s '
		'FOR EACH ROW EXECUTE FUNCTION inferacct_internal.usage_changed(%L, ''attached'')', relation, at_column);
	EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER inferacct_usage_changed', relation);
END
$$;

COMMENT ON FUNCTION note_changes(text, boolean) IS
'Puts a trigger on the table of an attached source, which notes the hours that its writers touch, so that '
'refresh_usage() need not look at every row of it, as for usage_log; enabled false, or NULL: takes it away. '
'The caller must own the table and the extension. Nothing is noted for a table that two sources read. '
'The trigger never fails, but costs each written row about as much as a check. '
'Errors: 42704 no such source, 42809 no table of this server, one whose time is no column of type timestamp, or '
'one whose mapping has "repeats".';

CREATE FUNCTION forget_usage(origin text, since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity')
RETURNS bigint
LANGUAGE plpgsql VOLATILE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	forgotten bigint;
BEGIN
	PERFORM take_turn('refresh ' || origin);
	PERFORM keep_forgotten(origin, since, until);
	DELETE FROM refreshed_hour AS r WHERE r.origin = forget_usage.origin AND r.hour >= since AND r.hour < until;
	DELETE FROM refresh_base AS b WHERE b.origin = forget_usage.origin;		-- what comes back has no notes
	DELETE FROM usage_hourly AS h WHERE h.origin = forget_usage.origin AND h.hour >= since AND h.hour < until;
	GET DIAGNOSTICS forgotten = ROW_COUNT;
	RETURN forgotten;
END
$$;

COMMENT ON FUNCTION forget_usage(text, timestamptz, timestamptz) IS
'Takes the hours of an origin in [since, until) out of usage_hourly and returns how many rows that were. '
'What the log still has comes back with the next refresh_usage(). Closed months keep their figures, booked and '
'restated. NULL forgets nothing.';

-- For policies, and for figures that mean nothing without everybody's usage.
CREATE FUNCTION inferacct_internal.sees_everything()
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 10
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT coalesce((SELECT bool_or(pg_has_role(current_user, oid, 'MEMBER')) FROM pg_roles
		WHERE rolname = 'inferacct_admin'), false)
$$;

COMMENT ON FUNCTION sees_everything() IS 'Whether the current role is in inferacct_admin.';

CREATE FUNCTION inferacct_internal.sees_all_usage()
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 20
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$ SELECT NOT row_security_active('usage_hourly'::regclass) OR sees_everything() $$;

COMMENT ON FUNCTION sees_all_usage() IS
'Whether no policy hides usage from the current role: shares and idle capacity mean nothing of a part.';

-- A run is at work as long as the statement that began it; who may not see what
-- others run takes it to be.
CREATE VIEW refresh_progress WITH (security_invoker = true) AS
SELECT o.origin,
	CASE WHEN NOT sees_all_usage() THEN NULL
		WHEN o.problem IS NOT NULL THEN 'broken'
		WHEN w.at_work THEN 'running'
		WHEN s.at > coalesce(greatest(r.updated_at, r.finished_at), '-infinity') THEN 'skipped'
		WHEN r.origin IS NULL THEN 'never run'
		WHEN r.problem IS NOT NULL THEN 'failed'
		WHEN r.finished_at IS NOT NULL THEN 'finished'
		WHEN a.pid IS NULL THEN 'interrupted'
		ELSE 'failed' END AS status,
	r.hours, r.hours_done, r.rows_read, r.started_at, r.updated_at, r.finished_at, r.problem, s.at AS skipped_at
FROM (SELECT 'usage_log'::text COLLATE "C" AS origin, NULL AS problem UNION ALL SELECT name, problem
	FROM source_status) AS o
LEFT JOIN refresh_run AS r USING (origin)
LEFT JOIN refresh_skip AS s USING (origin)
LEFT JOIN pg_stat_activity AS a ON a.pid = r.pid AND coalesce(a.backend_start < r.started_at, true)
CROSS JOIN LATERAL (SELECT r.finished_at IS NULL AND a.pid IS NOT NULL
	AND coalesce(a.state = 'active' AND a.query_start <= r.started_at, true) AS at_work) AS w;

COMMENT ON VIEW refresh_progress IS
'The latest run of refresh_usage() for each origin: never run, running, finished, failed (problem says why, where it '
'could be noted), interrupted (its session or its server ended), skipped, when the latest found another at work and '
'read nothing (skipped_at), or broken (source_status says why); hours it has to read, NULL while it looks for them, '
'and has read, rows of the log read so far; finished_at: when it finished or failed. '
'Of all teams, so that all but origin is NULL for a role that protect_usage() shows its own only.';
