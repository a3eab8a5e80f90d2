-- usage_log: one row per request, partitioned by month.
--
-- Invariants: no row is refused for its month (what no partition takes lies in
-- usage_log_default); a (tenant, source, request_id, at) is there once, and
-- through import_usage() a (tenant, source, request_id) is there once, whatever
-- its at.
--
-- The primary key and the BRIN index are made on each partition and not on the
-- parent: the parent belongs to the extension, so pg_dump leaves its indexes to
-- CREATE EXTENSION, and a restore that attaches a partition to an indexed parent
-- makes the indexes that the dump then makes again ("multiple primary keys").
-- A key of at's own partition is as strong, since equal keys have equal at.

CREATE TABLE usage_log (
	at           timestamptz NOT NULL,
	loaded_at    timestamptz NOT NULL DEFAULT now(),
	usage        usage       NOT NULL,
	model        text        NOT NULL,
	service_tier text        NOT NULL DEFAULT 'standard',
	region       text,
	source       text        COLLATE "C" NOT NULL,
	request_id   text        COLLATE "C" NOT NULL,
	tenant       text        COLLATE "C" NOT NULL DEFAULT '',
	status       text        NOT NULL DEFAULT 'ok',
	provider     text,
	team         text,
	project      text,
	api_key      text,
	end_user     text,
	provider_usd numeric,
	duration_ms  bigint,
	score        float8,
	tolerates    interval,
	tags         jsonb,
	attributes   jsonb,
	CONSTRAINT usage_log_at_finite CHECK (isfinite(at)),
	CONSTRAINT usage_log_status_known CHECK (status IN ('ok', 'failed')),
	CONSTRAINT usage_log_provider_usd_finite CHECK (provider_usd > '-Infinity' AND provider_usd < 'Infinity'),
	CONSTRAINT usage_log_duration_not_negative CHECK (duration_ms >= 0),
	CONSTRAINT usage_log_tolerates_not_negative CHECK (tolerates >= interval '0')
) PARTITION BY RANGE (at);

COMMENT ON TABLE usage_log IS
'One row per request to a model, partitioned by UTC month of at. Rows of a month without a partition are kept in '
'usage_log_default; usage_log_partition() makes a month''s partition and moves them there. '
'spend(model, usage, at, service_tier, region) prices it. Run ANALYZE usage_log after large loads: autovacuum '
'analyses the partitions, never the parent whose statistics the planner uses for GROUP BY.';
COMMENT ON COLUMN usage_log.at IS 'when the request was made: the time whose price holds';
COMMENT ON COLUMN usage_log.loaded_at IS
'when the row came into the log: tells late rows of a closed month from those that were booked';
COMMENT ON COLUMN usage_log.usage IS 'what the request consumed, in disjoint meters';
COMMENT ON COLUMN usage_log.model IS
'the model as resolve_model() takes it: with its provider (openai/gpt-4o) where the bare name is not unique';
COMMENT ON COLUMN usage_log.service_tier IS 'the tier that was billed: standard, batch, flex, priority ...';
COMMENT ON COLUMN usage_log.region IS
'the region that was billed; NULL for the one in the model''s name (eu.anthropic...), or none';
COMMENT ON COLUMN usage_log.source IS
'where the row comes from: the gateway, account or export that numbers its requests';
COMMENT ON COLUMN usage_log.request_id IS 'the source''s own identifier of the request';
COMMENT ON COLUMN usage_log.tenant IS
'whose request it is, where one database serves several organisations; empty where it serves one. '
'In every key, so that log and rollup can be distributed by it';
COMMENT ON COLUMN usage_log.status IS
'ok or failed; a failed request costs what its usage says, since providers bill some failures';
COMMENT ON COLUMN usage_log.provider IS 'who served the request: a label of reports; prices follow model';
COMMENT ON COLUMN usage_log.team IS 'who pays: a label of reports';
COMMENT ON COLUMN usage_log.project IS 'what for: a label of reports';
COMMENT ON COLUMN usage_log.api_key IS 'name or hash of the credential, never the credential';
COMMENT ON COLUMN usage_log.end_user IS 'on whose behalf: a label of reports';
COMMENT ON COLUMN usage_log.provider_usd IS
'USD that the provider or the tool reported, kept beside the computed cost; NULL when it reported none';
COMMENT ON COLUMN usage_log.duration_ms IS 'milliseconds from request to last token';
COMMENT ON COLUMN usage_log.score IS 'complexity of the request, 0 to 1, by the classifier in use; for route_savings()';
COMMENT ON COLUMN usage_log.tolerates IS 'how long the answer may wait, for batch_savings(); NULL when nobody said';
COMMENT ON COLUMN usage_log.tags IS 'labels of the source, for reports';
COMMENT ON COLUMN usage_log.attributes IS 'anything else of the source that shall be kept';

CREATE TABLE usage_log_default PARTITION OF usage_log (PRIMARY KEY (source, request_id, at, tenant)) DEFAULT;
CREATE INDEX usage_log_default_at_idx ON usage_log_default USING brin (at) WITH (autosummarize = on);

COMMENT ON TABLE usage_log_default IS
'The rows of usage_log whose month has no partition. Nothing is lost here; usage_log_partition() moves a month out.';

-- Rows of the default partition are the user's; those of the other partitions
-- are in tables of his own, which pg_dump knows.
SELECT pg_extension_config_dump('usage_log_default', '');

-- Without these the planner takes every row of a GROUP BY month for a group of
-- its own, and never runs it in parallel.
CREATE STATISTICS usage_log_month (ndistinct)
	ON model, team, (date_trunc('month', at)), (date_trunc('month', at, 'UTC')) FROM usage_log;
CREATE STATISTICS usage_log_day (ndistinct)
	ON model, team, (date_trunc('day', at)), (date_trunc('day', at, 'UTC')) FROM usage_log;

COMMENT ON STATISTICS usage_log_month IS
'how many groups a GROUP BY month, with model or team, has; filled by ANALYZE usage_log';
COMMENT ON STATISTICS usage_log_day IS
'how many groups a GROUP BY day, with model or team, has; filled by ANALYZE usage_log';

-- Make one month's partition.  The whole log is locked first, in the strongest
-- mode and from the parent down: a writer that had already chosen the default
-- partition would otherwise fail on it, and a reader that goes on to write
-- would deadlock with a lock taken in two steps.
CREATE FUNCTION usage_log_partition(month date DEFAULT (now() AT TIME ZONE 'UTC')::date)
RETURNS regclass
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET timezone TO 'UTC'
SET datestyle TO 'ISO'
AS $$
DECLARE
	since timestamptz;
	until timestamptz;
	partition name;
BEGIN
	IF NOT isfinite(month) THEN
		PERFORM inferacct_internal.fail('22008', format('"%s" is not a month', month),
			hint => 'Give any date of the month.');
	END IF;
	since := date_trunc('month', month::timestamp) AT TIME ZONE 'UTC';
	until := (date_trunc('month', month::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
	partition := 'usage_log_' || to_char(since, 'YYYY_MM');

	IF usage_log_has_partition(partition) THEN
		RETURN format('inferacct.%I', partition)::regclass;
	END IF;

	LOCK TABLE ONLY usage_log, ONLY usage_log_default IN ACCESS EXCLUSIVE MODE;
	IF usage_log_has_partition(partition) THEN	-- made while we waited
		RETURN format('inferacct.%I', partition)::regclass;
	END IF;

	EXECUTE format(
		'CREATE TABLE inferacct.%I (LIKE inferacct.usage_log INCLUDING ALL EXCLUDING INDEXES EXCLUDING '
		'STATISTICS)', partition);
	EXECUTE format(
		'WITH moved AS (DELETE FROM inferacct.usage_log_default WHERE at >= %L AND at < %L RETURNING *) '
		'INSERT INTO inferacct.%I SELECT * FROM moved ORDER BY at', since, until, partition);
	EXECUTE format('ALTER TABLE inferacct.%I ADD PRIMARY KEY (source, request_id, at, tenant)', partition);
	EXECUTE format('CREATE INDEX ON inferacct.%I USING brin (at) WITH (autosummarize = on)', partition);
	EXECUTE format('ALTER TABLE inferacct.usage_log ATTACH PARTITION inferacct.%I FOR VALUES FROM (%L) TO (%L)',
		partition, since, until);
	RETURN format('inferacct.%I', partition)::regclass;
END
$$;

COMMENT ON FUNCTION usage_log_partition(date) IS
'Makes the partition of usage_log for the UTC month that month lies in (the current one by default), with its primary '
'key and BRIN index, and moves that month''s rows out of usage_log_default, all in the caller''s transaction. '
'Returns the partition; does nothing when it is there already. NULL gives NULL. '
'Readers and writers of usage_log wait while it runs; the caller must own usage_log. '
'Errors: 22008 for an infinite month, 42P07 when a table of that name is not a partition of usage_log.';

-- Is the table of this name, if there is one, a partition of usage_log?
CREATE FUNCTION inferacct_internal.usage_log_has_partition(partition name)
RETURNS boolean
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	candidate regclass := to_regclass(format('inferacct.%I', partition));
BEGIN
	IF candidate IS NULL THEN
		RETURN false;
	END IF;
	IF EXISTS (SELECT FROM pg_inherits WHERE inhrelid = candidate AND inhparent = 'inferacct.usage_log'::regclass) THEN
		RETURN true;
	END IF;
	PERFORM inferacct_internal.fail('42P07', format('relation "%s" is not a partition of usage_log', candidate),
		hint => 'Attach it with ALTER TABLE inferacct.usage_log ATTACH PARTITION, or give it another name.');
END
$$;

COMMENT ON FUNCTION usage_log_has_partition(name) IS
'Whether usage_log has a partition of this name; NULL gives NULL. Error 42P07 when something else in schema inferacct '
'has the name.';

-- What is made month by month, or day by day, is made of a span that somebody could want.
CREATE FUNCTION inferacct_internal.check_span(since timestamptz, until timestamptz,
	most interval DEFAULT '1000 years')
RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT isfinite(since) OR NOT isfinite(until) THEN
		PERFORM inferacct_internal.fail('22008', 'the span of time must be finite',
			format('It is from %s to %s.', since, until),
			'Give its first and its last moment.');
	END IF;
	IF extract(epoch FROM until) - extract(epoch FROM since) > extract(epoch FROM most) THEN
		PERFORM inferacct_internal.fail('54000', 'the span of time is too long',
			format('It is from %s to %s, of at most %s.', since, until, most),
			'Give a shorter one.');
	END IF;
	RETURN true;
END
$$;

COMMENT ON FUNCTION check_span(timestamptz, timestamptz, interval) IS
'True, or an error: 22008 for an infinite time, 54000 for a span longer than `most`. A NULL gives NULL.';

CREATE FUNCTION inferacct_internal.time_into(at timestamptz, since timestamptz, seconds numeric) RETURNS interval
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN make_interval(secs => mod(mod(extract(epoch FROM at - since), seconds) + seconds, seconds)::float8);

COMMENT ON FUNCTION time_into(timestamptz, timestamptz, numeric) IS
'How far a time is into its period of so many seconds, of which one begins at `since`: what is priced by the hour of '
'the day or week finds the same hour of another one so. NULL gives NULL.';

CREATE FUNCTION usage_log_partitions(since date, until date)
RETURNS SETOF regclass
LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE COST 100000 ROWS 12
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT usage_log_partition(month::date)
	FROM generate_series(date_trunc('month', since::timestamp),
		CASE WHEN check_span(since::timestamp AT TIME ZONE 'UTC', until::timestamp AT TIME ZONE 'UTC', '100 years')
			THEN until::timestamp END,
		interval '1 month') AS month
	WHERE month < until::timestamp
	ORDER BY month
$$;

COMMENT ON FUNCTION usage_log_partitions(date, date) IS
'Makes the partitions of usage_log for every UTC month that meets [since, until), as usage_log_partition() does, and '
'returns them in order. A NULL gives no row. Errors: 22008 an infinite day, 54000 more than 100 years.';

-- Whose turn it is to do a work that must not be done twice at once.  The lock is
-- that of a row, which takes the right to update it: advisory locks are for
-- everybody who can connect, and so would hold up who works here.
CREATE TABLE inferacct_internal.turn (
	work	text COLLATE "C" PRIMARY KEY
);

COMMENT ON TABLE turn IS
'Works that are done one at a time: import, import <source>, refresh <origin>. '
'Who does one has its row locked until commit. Of this database only.';
INSERT INTO turn VALUES ('import'), ('refresh usage_log');

CREATE FUNCTION inferacct_internal.check_turn(work text)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT has_table_privilege('inferacct_internal.turn', 'INSERT')
		OR NOT has_table_privilege('inferacct_internal.turn', 'UPDATE') THEN
		PERFORM inferacct_internal.fail('42501', format('role "%s" may not do this work: %s', current_user, work),
			'It is done by one at a time, and who takes a turn has to have the right to write table '
			'inferacct_internal.turn.',
			'GRANT inferacct_admin to it, or see docs/roles.md.');
	END IF;
END
$$;

COMMENT ON FUNCTION check_turn(text) IS 'Refuses (42501) a work that is done in turns to who may not take one.';

CREATE FUNCTION inferacct_internal.take_turn(work text, shared boolean DEFAULT false)
RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM inferacct_internal.check_turn(work);
	INSERT INTO inferacct_internal.turn AS t (work) VALUES (work) ON CONFLICT DO NOTHING;
	IF shared THEN
		PERFORM FROM inferacct_internal.turn AS t WHERE t.work = take_turn.work FOR SHARE;
	ELSE
		PERFORM FROM inferacct_internal.turn AS t WHERE t.work = take_turn.work FOR UPDATE;
	END IF;
END
$$;

COMMENT ON FUNCTION take_turn(text, boolean) IS
'Waits until nobody else does this work, and keeps others waiting until commit; '
'shared: others that share it do not wait. Error 42501 for who may not write table turn (inferacct_admin may). '
'NULL does nothing.';

CREATE FUNCTION inferacct_internal.try_turn(work text)
RETURNS boolean
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM inferacct_internal.check_turn(work);
	INSERT INTO inferacct_internal.turn AS t (work) VALUES (work) ON CONFLICT DO NOTHING;
	PERFORM FROM inferacct_internal.turn AS t WHERE t.work = try_turn.work FOR UPDATE SKIP LOCKED;
	RETURN FOUND;
END
$$;

COMMENT ON FUNCTION try_turn(text) IS
'As take_turn(), but false at once when somebody else does this work; the first time that a work is done by two at '
'once, the second waits. NULL gives NULL.';

-- Copy the rows of a relation that the log does not have yet.
--
-- Imports take a lock before the statement that looks for known rows takes its
-- snapshot, so that the second of two imports sees the rows of the first; under
-- a snapshot older than the lock it would not.
-- A column of the relation fills the column of its name; a NULL in one that has a
-- default takes the default.  The argument source overrides a column source;
-- loaded_at is always now.  One function: what each statement counted decides whether
-- the next one runs.
CREATE FUNCTION inferacct_internal.import_columns(log regclass, source text, OUT targets text, OUT outputs text)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	missing text;			-- required columns that the relation lacks
	canonical text;			-- every column of usage_log
BEGIN
	SELECT string_agg(quote_ident(l.attname), ', ' ORDER BY l.attnum) FILTER (WHERE filled.by IS NOT NULL),
		   string_agg(CASE WHEN d.adbin IS NULL THEN format('(%s)::%s AS %I', filled.by, t.type, l.attname)
						ELSE format('coalesce((%s)::%s, %s) AS %I', filled.by, t.type, pg_get_expr(d.adbin, d.adrelid),
							l.attname) END,
					  ', ' ORDER BY l.attnum) FILTER (WHERE filled.by IS NOT NULL),
		string_agg(quote_ident(l.attname), ', ' ORDER BY l.attnum) FILTER (WHERE filled.by IS NULL AND l.attnotnull
			AND d.adbin IS NULL),
		   string_agg(quote_ident(l.attname), ', ' ORDER BY l.attnum)
	INTO targets, outputs, missing, canonical
	FROM pg_attribute AS l
	LEFT JOIN pg_attrdef AS d ON d.adrelid = l.attrelid AND d.adnum = l.attnum
	LEFT JOIN pg_attribute AS r ON r.attrelid = log AND r.attname = l.attname AND r.attnum > 0
		AND NOT r.attisdropped
	CROSS JOIN LATERAL (SELECT CASE WHEN l.attname = 'source' AND import_columns.source IS NOT NULL
		THEN quote_literal(import_columns.source)
									WHEN l.attname = 'tenant' AND r.attname IS NULL THEN quote_literal('')
									ELSE 'r.' || quote_ident(r.attname) END) AS filled(by)
	CROSS JOIN LATERAL (SELECT format_type(l.atttypid, l.atttypmod)) AS t(type)
	WHERE l.attrelid = 'inferacct.usage_log'::regclass AND l.attnum > 0 AND NOT l.attisdropped
		AND l.attname <> 'loaded_at';

	IF missing IS NOT NULL THEN
		PERFORM inferacct_internal.fail('42703', format('relation "%s" lacks required columns: %s', log, missing),
			'Columns are matched by name with those of usage_log: ' || canonical || '.',
			'Make a view that names the columns so; source may be given as the second argument of import_usage().');
	END IF;
END
$$;

COMMENT ON FUNCTION import_columns(regclass, text) IS
'What import_usage() fills: targets, columns of usage_log, and outputs, the expressions over the relation (as r) that '
'fill them, both as SQL. Error 42703: the relation lacks a required column.';

CREATE FUNCTION import_usage(log regclass, source text DEFAULT NULL, OUT inserted bigint, OUT duplicates bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET work_mem TO '64MB'
SET timezone TO 'UTC'
AS $$
DECLARE
	targets text;			-- columns of usage_log to fill
	outputs text;			-- expressions over the relation that fill them
	insertion text;
	known boolean;			-- the log may have some of the rows
	repeated boolean;		-- the relation may have a request twice, by the hashes, or another writer has one of them
	found bigint;
	replaced bigint;
	explanation text;
	null_column text;
BEGIN
	IF log IS NULL THEN
		PERFORM inferacct_internal.fail('22004', 'import_usage() needs a relation to import');
	END IF;
	IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
		PERFORM inferacct_internal.fail('25000', 'import_usage() cannot run in a transaction that is '
			|| upper(current_setting('transaction_isolation')),
			'It could not see the rows of an import that ends while it waits for it.',
			'Run it under READ COMMITTED.');
	END IF;

	SELECT c.targets, c.outputs INTO targets, outputs FROM import_columns(log, source) AS c;

	-- One import of a source at a time; one of unknown sources shuts out all others.
	IF import_usage.source IS NULL THEN
		PERFORM take_turn('import');
	ELSE
		PERFORM take_turn('import', shared => true);
		PERFORM take_turn('import ' || import_usage.source);
	END IF;

	known := EXISTS (SELECT FROM usage_log AS l WHERE l.source = import_usage.source OR import_usage.source IS NULL);
	EXECUTE format('SELECT count(*), count(*) > count(DISTINCT hashtextextended(e.request_id COLLATE "C",
			hashtextextended(e.source COLLATE "C", hashtextextended(e.tenant COLLATE "C", 0))))
		FROM (SELECT %s FROM %s AS r) AS e', outputs, log)
	INTO found, repeated;

	-- Hardly any import has a request twice, or meets another writer's: what that takes is left
	-- out at first.  Rows go in by time, as the BRIN index wants them.
	insertion := format(
		'INSERT INTO inferacct.usage_log (%1$s) SELECT n.* FROM (SELECT %2$s '
		'FROM %3$s AS r) AS n WHERE true', targets, outputs, log)
		|| CASE WHEN known THEN
			' AND NOT EXISTS (SELECT FROM inferacct.usage_log AS l WHERE l.source = n.source '
			'AND l.request_id = n.request_id AND l.tenant = n.tenant)' ELSE '' END;
	BEGIN
		IF NOT repeated THEN
			EXECUTE insertion || ' ORDER BY n.at';
			GET DIAGNOSTICS inserted = ROW_COUNT;
		END IF;
	EXCEPTION WHEN unique_violation THEN
		repeated := true;
	END;
	insertion := insertion || format(' AND NOT EXISTS (SELECT FROM (SELECT %s FROM %s AS r) AS e
			WHERE e.source = n.source AND e.request_id = n.request_id AND e.tenant = n.tenant
			AND (e.at, output_tokens(e.usage), input_tokens(e.usage))
				> (n.at, output_tokens(n.usage), input_tokens(n.usage)))
		ORDER BY n.at ON CONFLICT DO NOTHING', outputs, log);
	IF repeated THEN
		EXECUTE insertion;
		GET DIAGNOSTICS inserted = ROW_COUNT;
	END IF;

	-- A final row takes the place of the part that came before it; loaded_at tells when it came.
	IF known AND inserted < found THEN
		EXECUTE format('DELETE FROM inferacct.usage_log AS l USING (SELECT %s FROM %s AS r) AS n
			WHERE l.source = n.source AND l.request_id = n.request_id AND l.tenant = n.tenant
			AND (n.at, output_tokens(n.usage), input_tokens(n.usage))
				> (l.at, output_tokens(l.usage), input_tokens(l.usage))', outputs, log);
		GET DIAGNOSTICS replaced = ROW_COUNT;
		IF replaced > 0 THEN
			EXECUTE insertion;
			GET DIAGNOSTICS replaced = ROW_COUNT;
			inserted := inserted + replaced;
		END IF;
	END IF;
	duplicates := greatest(found - inserted, 0);		-- the relation may have got rows meanwhile
EXCEPTION
	WHEN not_null_violation THEN
		GET STACKED DIAGNOSTICS null_column = COLUMN_NAME, explanation = PG_EXCEPTION_DETAIL;
		RAISE not_null_violation USING
			MESSAGE = format('column "%s" of relation "%s" is NULL in a row to import', null_column, log),
			DETAIL = explanation,
			HINT = 'Nothing was imported. Leave such rows out with a view, or give them a value.',
			COLUMN = null_column;
END
$$;

COMMENT ON FUNCTION import_usage(regclass, text) IS
'Copies into usage_log the rows of a table or view whose columns bear the names of usage_log''s; '
'required are at, usage, model, request_id and source, the last as a column or as the argument, which overrides the '
'column. Other columns are optional, a NULL takes the default, loaded_at and columns of other names are ignored, and '
'timestamps without time zone are UTC. Tools write a streamed answer in parts before its final row, so of several '
'rows of one (source, request_id) of a tenant the last is kept, by at, output and input tokens: it takes the place of '
'one that is in the log already (for a closed month it is late, by its loaded_at); any other is skipped. '
'Returns rows inserted and skipped. All or nothing; imports of one source wait for each other until commit. '
'Errors: 42703 when a required column is missing, 23502 when one is NULL, 22004 for a NULL relation, 25000 outside '
'READ COMMITTED, 42501 for who is not in inferacct_admin and may not write inferacct_internal.turn.';
