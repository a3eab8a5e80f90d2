-- month: what of a month is booked, and when a month may be closed.
--
-- Invariant: what is booked is never changed or deleted, and can be computed again:
-- the tokens that were booked are kept (booked_usage) with the time as of which
-- their prices were known (closed_month.known_at) and the settings that they were
-- priced under; so are commitments, deployments and shared costs (booked_cost), as
-- they were.  Every booking is an entry of the journal (505-journal); the books of a
-- month are those of the entry that closed_month names.
--
-- A month is booked and taken back as a whole, by the functions of the journal only:
-- they run as the owner, since a right to write the tables would be one to book
-- anything.  The tables of a restore arrive in any order, so none looks at another
-- when rows come in; inferacct_check() compares them.

CREATE TABLE closed_month (
	month			date PRIMARY KEY CHECK (month = date_trunc('month', month::timestamp)::date),
	version			bigint NOT NULL,
	known_at		timestamptz NOT NULL,
	contract		text,
	requests		bigint NOT NULL CHECK (requests >= 0),
	unpriced_requests bigint NOT NULL CHECK (unpriced_requests BETWEEN 0 AND requests),
	usd				numeric NOT NULL CHECK (usd > '-Infinity' AND usd < 'Infinity'),
	shared_usd		numeric NOT NULL DEFAULT 0 CHECK (shared_usd > '-Infinity' AND shared_usd < 'Infinity'),
	unread_hours	bigint NOT NULL DEFAULT 0 CHECK (unread_hours >= 0),
	forced			boolean NOT NULL DEFAULT false,
	before_its_end	boolean NOT NULL DEFAULT false,
	entry			bigint NOT NULL DEFAULT 0,
	closed_at		timestamptz NOT NULL DEFAULT now(),
	closed_by		text NOT NULL DEFAULT session_user,
	note			text
);

COMMENT ON TABLE closed_month IS
'The months that are closed, by close_month(): with the latest price version, and the time as of which prices were '
'known.';
COMMENT ON COLUMN closed_month.known_at IS 'inferacct.as_of that gives the booked figures again';
COMMENT ON COLUMN closed_month.unpriced_requests IS 'requests that had no price, and are in no booked figure of USD';
COMMENT ON COLUMN closed_month.usd IS 'what the requests cost; shared_usd is apart';
COMMENT ON COLUMN closed_month.shared_usd IS
'commitments, deployments and shared costs of the month, as booked (booked_cost)';
COMMENT ON COLUMN closed_month.unread_hours IS
'hours whose rows were not as refresh_usage() had read them, or could not be looked at, when the month was closed by '
'force';
COMMENT ON COLUMN closed_month.forced IS 'what was missing was booked over by force; month_journal.coverage says what';
COMMENT ON COLUMN closed_month.before_its_end IS 'the month had not ended yet: its books are of a part of it';
COMMENT ON COLUMN closed_month.entry IS 'the entry of month_journal that has the books';
COMMENT ON COLUMN closed_month.closed_by IS 'the role that was set, or else the one that logged in';
SELECT pg_extension_config_dump('closed_month', '');

CREATE TABLE booked_usage (
	entry			bigint NOT NULL,
	month			date NOT NULL CHECK (month = date_trunc('month', month::timestamp)::date),
	first_at		timestamptz NOT NULL,
	last_at			timestamptz NOT NULL,
	min_input		bigint NOT NULL,
	max_input		bigint NOT NULL,
	usage			usage NOT NULL,
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
	provider_usd	numeric CHECK (provider_usd > '-Infinity' AND provider_usd < 'Infinity'),
	dimensions		jsonb,
	usd				numeric CHECK (usd > '-Infinity' AND usd < 'Infinity')
);

CREATE INDEX booked_usage_entry ON booked_usage (entry);

COMMENT ON TABLE booked_usage IS
'The rollup of a month as each entry of month_journal that closes, restates or adjusts it found it, hour by hour so '
'that later prices can be put to it, with what was booked: usd, NULL where it had no price.';
SELECT pg_extension_config_dump('booked_usage', '');

CREATE TABLE booked_cost (
	entry			bigint NOT NULL,
	month			date NOT NULL CHECK (month = date_trunc('month', month::timestamp)::date),
	kind			text NOT NULL,
	name			text NOT NULL,
	basis			text NOT NULL,
	team			text,
	units			numeric,
	used_usd		numeric,
	idle_usd		numeric,
	allocated_usd	numeric CHECK (allocated_usd > '-Infinity' AND allocated_usd < 'Infinity'),
	problem			text
);

CREATE INDEX booked_cost_entry ON booked_cost (entry);

COMMENT ON TABLE booked_cost IS
'shared_cost_allocation of a month (shared costs, commitments, deployments by team) as each entry of month_journal '
'that closes, restates or adjusts it found it.';
SELECT pg_extension_config_dump('booked_cost', '');

CREATE VIEW inferacct_internal.booked_now WITH (security_invoker = true) AS
SELECT b.* FROM closed_month AS c JOIN booked_usage AS b USING (entry, month);

COMMENT
	ON VIEW booked_now IS 'The rows of booked_usage that are the books of closed months: those of closed_month.entry.';

CREATE FUNCTION inferacct_internal.booked_append_only()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	-- A closing that a later entry of the journal takes back or replaces leaves closed_month; nothing else goes.
	IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'closed_month' THEN
		IF NOT EXISTS (SELECT FROM gone AS g WHERE NOT EXISTS (SELECT FROM month_journal AS j
				WHERE j.of_month = g.month AND j.kind IN ('reopening', 'restatement') AND j.entry > g.entry)) THEN
			RETURN NULL;
		END IF;
	ELSIF TG_OP = 'DELETE' THEN
		IF NOT EXISTS (SELECT FROM gone) THEN
			RETURN NULL;
		END IF;
	END IF;
	PERFORM inferacct_internal.fail('IA103', format('table "%s" is append-only', TG_TABLE_NAME),
		format('%s was refused: what is booked stays.', TG_OP),
		'month_close shows what has changed since; adjust_month() books it, reopen_month() takes it back.');
END
$$;

COMMENT ON FUNCTION booked_append_only() IS
'Statement trigger of the books: refuses UPDATE, TRUNCATE and DELETE (IA103), but of a month in closed_month that a '
'later entry of month_journal reopens or restates.';

-- The first day of the month; an error when there is none.
CREATE FUNCTION inferacct_internal.checked_month(month date)
RETURNS date
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	IF month IS NULL THEN
		PERFORM inferacct_internal.fail('22004', 'the month is NULL', hint => 'Give any day of it.');
	ELSIF NOT isfinite(month) THEN
		PERFORM inferacct_internal.fail('22008', format('month %s is not finite', month));
	END IF;
	RETURN date_trunc('month', month::timestamp)::date;
END
$$;

COMMENT ON FUNCTION checked_month(date) IS 'First day of the month of a day. Errors: 22004 NULL, 22008 not finite.';

CREATE FUNCTION inferacct_internal.check_closing(month date, before_its_end boolean)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	IF begin_of(next_month(month)) > now() AND NOT coalesce(before_its_end, false) THEN
		PERFORM inferacct_internal.fail('22023', format('month %s has not ended', month),
			hint => 'Close it after its last day (UTC), or say before_its_end => true.');
	END IF;
	IF EXISTS (SELECT FROM closed_month AS c WHERE c.month = check_closing.month) THEN
		PERFORM inferacct_internal.fail('42710', format('month %s is closed already', month),
			hint => 'month_close shows what has changed since; adjust_month() books it, reopen_month() takes it back.');
	END IF;
END
$$;

COMMENT ON FUNCTION check_closing(date, boolean) IS
'Refuses a month that has not ended (22023, unless before_its_end), or that is closed (42710).';

-- ---------------------------------------------------------------------------
-- Is the rollup complete for a month?
-- ---------------------------------------------------------------------------

-- Notes are not asked: a month is closed on what its rows say (relation, partition, transaction).
CREATE FUNCTION inferacct_internal.origin_coverage(origin text, month date, OUT rows bigint, OUT requests bigint,
	OUT first_at timestamptz, OUT last_at timestamptz, OUT refreshed_at timestamptz, OUT forgotten_hours bigint,
	OUT unread_hours bigint, OUT problem text)
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	SELECT coalesce(sum(h.rows), 0), coalesce(meter(sum(h.usage), 'requests'), 0), min(h.first_at), max(h.last_at)
	INTO rows, requests, first_at, last_at
	FROM usage_hourly AS h WHERE h.origin = origin_coverage.origin
		AND h.hour >= begin_of(month) AND h.hour < begin_of(next_month(month));
	SELECT r.finished_at INTO refreshed_at FROM refresh_run AS r WHERE r.origin = origin_coverage.origin;
	SELECT count(*) INTO forgotten_hours FROM forgotten_hour AS f WHERE f.origin = origin_coverage.origin
		AND f.hour >= begin_of(month) AND f.hour < begin_of(next_month(month));
	SELECT count(*) INTO unread_hours
	FROM refresh_look(origin, begin_of(month), false, begin_of(next_month(month)), true);
EXCEPTION WHEN OTHERS THEN
	unread_hours := (SELECT count(*) FROM refreshed_hour AS r WHERE r.origin = origin_coverage.origin
		AND r.hour >= begin_of(month) AND r.hour < begin_of(next_month(month)));
	problem := SQLERRM;
END
$$;

COMMENT ON FUNCTION origin_coverage(text, date) IS 'month_coverage() of one origin.';

CREATE FUNCTION month_coverage(month date)
RETURNS TABLE (origin text, rows bigint, requests bigint, first_at timestamptz, last_at timestamptz,
	refreshed_at timestamptz, forgotten_hours bigint, unread_hours bigint, problem text)
LANGUAGE sql VOLATILE COST 1000000 ROWS 3
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT o.origin, c.* FROM unnest(refresh_origins(NULL)) AS o(origin)
	CROSS JOIN LATERAL origin_coverage(o.origin, checked_month($1)) AS c
$$;

COMMENT ON FUNCTION month_coverage(date) IS
'What the rollup has of a UTC month from the log and each attached source, and whether that is all: rows and requests, '
'the first and the last, when refresh_usage() last finished with it, forgotten_hours, which forget_usage() took out, '
'unread_hours, whose rows are not as refresh_usage() read them, and problem, why the origin cannot be looked at. '
'close_month() refuses a month with any of the last three. Looks at every row of the month. '
'Errors: 22004, 22008.';
