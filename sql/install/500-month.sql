-- month: closing a month, and what has become of it since.
--
-- Invariant: what is booked is never changed, and can be computed again: the
-- tokens that were booked are kept (booked_usage) with the time as of which
-- their prices were known (closed_month.known_at) and the contract.  So
-- restated - booked = price effect + late effect, exactly: the booked tokens at
-- today's prices, and what has come into or left the log since.
--
-- A month is booked and taken back as a whole, and by these two functions only:
-- they run as the owner, since a right to write the tables would be one to book
-- anything.  The tables of a restore arrive in any order, so neither looks at the
-- other when rows come in; inferacct_check() compares them.

CREATE TABLE closed_month (
	month			date PRIMARY KEY CHECK (month = date_trunc('month', month::timestamp)::date),
	version			bigint NOT NULL,
	known_at		timestamptz NOT NULL,
	contract		text,
	requests		bigint NOT NULL CHECK (requests >= 0),
	unpriced_requests bigint NOT NULL CHECK (unpriced_requests BETWEEN 0 AND requests),
	usd				numeric NOT NULL CHECK (usd > '-Infinity' AND usd < 'Infinity'),
	unread_hours	bigint NOT NULL DEFAULT 0 CHECK (unread_hours >= 0),
	closed_at		timestamptz NOT NULL DEFAULT now(),
	closed_by		text NOT NULL DEFAULT session_user,
	note			text
);

COMMENT ON TABLE closed_month IS
'The months that are closed, by close_month(): with the latest price version, and the time as of which prices were '
'known.';
COMMENT ON COLUMN closed_month.known_at IS 'inferacct.as_of that gives the booked figures again';
COMMENT ON COLUMN closed_month.unpriced_requests IS 'requests that had no price, and are in no booked figure of USD';
COMMENT ON COLUMN closed_month.unread_hours IS
'hours whose rows were not as refresh_usage() had read them, or could not be looked at, when the month was closed by '
'force';
SELECT pg_extension_config_dump('closed_month', '');

CREATE TABLE booked_usage (
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
	usd				numeric CHECK (usd > '-Infinity' AND usd < 'Infinity')
);

CREATE INDEX booked_usage_month ON booked_usage (month);

COMMENT ON TABLE booked_usage IS
'The rollup of a closed month as it was, hour by hour so that later prices can be put to it, with what was booked: '
'usd, NULL where it had no price.';
SELECT pg_extension_config_dump('booked_usage', '');

CREATE FUNCTION inferacct_internal.booked_append_only()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	-- A month that has left both tables is reopened.
	IF TG_OP = 'DELETE' THEN
		IF NOT EXISTS (SELECT FROM gone WHERE month IN (SELECT c.month FROM closed_month AS c)
				OR month IN (SELECT b.month FROM booked_usage AS b)) THEN
			RETURN NULL;
		END IF;
	END IF;
	PERFORM inferacct_internal.fail('IA103', format('table "%s" is append-only', TG_TABLE_NAME),
		format('%s was refused: what is booked stays.', TG_OP),
		'restated_spend shows what has changed since; reopen_month() takes a closing back.');
END
$$;

COMMENT ON FUNCTION booked_append_only() IS
'Statement trigger of closed_month and booked_usage: refuses UPDATE, TRUNCATE, and any DELETE that leaves a part of a '
'month (IA103).';

DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['closed_month', 'booked_usage'] LOOP
		EXECUTE format('CREATE TRIGGER booked_append_only AFTER UPDATE OR TRUNCATE ON %I '
			'FOR EACH STATEMENT EXECUTE FUNCTION booked_append_only()', name);
		EXECUTE format('CREATE TRIGGER booked_whole_month AFTER DELETE ON %I REFERENCING OLD TABLE AS gone '
			'FOR EACH STATEMENT EXECUTE FUNCTION booked_append_only()', name);
	END LOOP;
END $$;

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
			hint => 'restated_spend shows what has changed since; reopen_month() takes the closing back.');
	END IF;
END
$$;

COMMENT ON FUNCTION check_closing(date, boolean) IS
'Refuses a month that has not ended (22023, unless before_its_end), or that is closed (42710).';

CREATE FUNCTION inferacct_internal.refuse_unread(month date, origin text, hours bigint, problem text)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM inferacct_internal.fail('IA105', format('the rollup of month %s is not complete', month),
		CASE WHEN problem IS NOT NULL THEN format('%s cannot be looked at: %s.', origin, problem)
			ELSE format('%s: the rows of %s hours are not as refresh_usage() read them.', origin, hours) END,
		'CALL refresh_usage() first; or say force => true: what the rollup has is booked, and '
		'closed_month.unread_hours says so.');
END
$$;

COMMENT ON FUNCTION refuse_unread(date, text, bigint, text) IS
'Refuses (IA105) to close a month of whose origin hours are not read, or that cannot be looked at.';

-- Notes are not asked: a month is closed on what its rows say (relation, partition, transaction), and once.
CREATE FUNCTION inferacct_internal.unread_hours(origin text, month date, OUT hours bigint, OUT problem text)
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	SELECT count(*) INTO hours FROM refresh_look(origin, begin_of(month), false, begin_of(next_month(month)), true);
EXCEPTION WHEN OTHERS THEN
	hours := (SELECT count(*) FROM refreshed_hour AS r WHERE r.origin = unread_hours.origin
		AND r.hour >= begin_of(month) AND r.hour < begin_of(next_month(month)));
	problem := SQLERRM;
END
$$;

COMMENT ON FUNCTION unread_hours(text, date) IS
'How many hours of a month have rows of an origin that are not as refresh_usage() read them; '
'looks at all rows of the month. problem: why it cannot be looked at; hours are then all that were read of it.';

CREATE FUNCTION inferacct_internal.book_month(month date, note text, before_its_end boolean, force boolean,
	unread bigint)
RETURNS closed_month
LANGUAGE plpgsql VOLATILE SECURITY DEFINER COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	this date := checked_month(month);
	closed closed_month;
	of_log record;
BEGIN
	PERFORM check_closing(this, before_its_end);
	of_log := unread_hours('usage_log', this);
	IF NOT coalesce(force, false) AND (of_log.hours > 0 OR of_log.problem IS NOT NULL) THEN
		PERFORM refuse_unread(this, 'usage_log', of_log.hours, of_log.problem);
	END IF;
	-- What is being published now would else be known since a time before known_at, and yet not be booked.
	PERFORM lock_prices();
	-- Prices that are published for a later time are known, too.
	closed.known_at := coalesce(nullif(current_setting('inferacct.as_of', true), '')::timestamptz,
		greatest(now(), (SELECT max(published_at) FROM price_version)));
	-- One statement, and so one snapshot: what is booked is what is counted.
	WITH booked AS MATERIALIZED (
		SELECT u.*, rollup_cost(u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated,
			u.service_tier, u.region) AS usd
		FROM usage_hourly AS u WHERE u.hour >= begin_of(this) AND u.hour < begin_of(next_month(this))
	), closing AS (
		INSERT INTO closed_month (month, version, known_at, contract, requests, unpriced_requests, usd, unread_hours,
			note)
		SELECT this, coalesce((SELECT max(v.version) FROM price_version AS v WHERE v.published_at <= closed.known_at),
			0),
			closed.known_at, nullif(current_setting('inferacct.contract', true), ''),
			coalesce(meter(sum(b.usage), 'requests'), 0),
			coalesce(meter(sum(b.usage) FILTER (WHERE b.usd IS NULL), 'requests'), 0),
			coalesce(trim_scale(sum(b.usd)), 0), of_log.hours + book_month.unread, book_month.note
		FROM booked AS b
		RETURNING *
	), rows AS (
		INSERT INTO booked_usage (month, first_at, last_at, min_input, max_input, usage, aggregated,
			origin, tenant, source, model, service_tier, region, provider, team, project, status, provider_usd, usd)
		SELECT this, b.first_at, b.last_at, b.min_input, b.max_input, b.usage, b.aggregated,
			b.origin, b.tenant, b.source, b.model, b.service_tier, b.region, b.provider, b.team, b.project, b.status,
			b.provider_usd, b.usd
		FROM booked AS b
	)
	SELECT * INTO closed FROM closing;
	RETURN closed;
END
$$;

COMMENT ON FUNCTION book_month(date, text, boolean, boolean, bigint) IS
'close_month() after it has looked at the attached sources; unread: hours of these that are not read. '
'Runs as the owner of the extension.';

REVOKE ALL ON FUNCTION book_month(date, text, boolean, boolean, bigint) FROM PUBLIC;

-- Attached relations are read as the caller: their views may run code of others.
CREATE FUNCTION close_month(month date, note text DEFAULT NULL, before_its_end boolean DEFAULT false,
	force boolean DEFAULT false)
RETURNS closed_month
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	this date := checked_month(month);
	source text;
	of_source record;
	unread bigint := 0;
BEGIN
	PERFORM check_closing(this, before_its_end);
	FOR source IN SELECT s.name FROM usage_source AS s ORDER BY s.name LOOP
		of_source := unread_hours(source, this);
		IF NOT coalesce(force, false) AND (of_source.hours > 0 OR of_source.problem IS NOT NULL) THEN
			PERFORM refuse_unread(this, source, of_source.hours, of_source.problem);
		END IF;
		unread := unread + of_source.hours;
	END LOOP;
	RETURN book_month(this, note, before_its_end, force, unread);
END
$$;

COMMENT ON FUNCTION close_month(date, text, boolean, boolean) IS
'Books a UTC month: keeps its rollup and what it costs, with the price version, the time as of which prices are known '
'(inferacct.as_of, or now) and the contract, and returns its row of closed_month. month: any day of it; '
'before_its_end: also while it still runs; force: also when rows of the month are not as refresh_usage() read them, '
'which closed_month.unread_hours then says. Looks at every row of the month to know. '
'What has no price is an error (IA001 to IA007), or under inferacct.unpriced = null booked without USD and counted. '
'Books as the owner of the extension, with the caller''s settings: every team''s usage is booked. '
'Errors: IA105 the rollup is not complete, 22023 the month has not ended, 42710 it is closed, 22004, 22008.';

REVOKE ALL ON FUNCTION close_month(date, text, boolean, boolean) FROM PUBLIC;

CREATE FUNCTION reopen_month(month date)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	this date := checked_month(month);
BEGIN
	-- One statement, after which nothing of the month is left.
	WITH rows AS (DELETE FROM booked_usage AS b WHERE b.month = this)
	DELETE FROM closed_month AS c WHERE c.month = this;
	IF NOT FOUND THEN
		PERFORM inferacct_internal.fail('42704', format('month %s is not closed', this));
	END IF;
END
$$;

COMMENT ON FUNCTION reopen_month(date) IS
'Takes the closing of a month back, with what was booked. Runs as the owner of the extension. '
'Errors: 42704 it is not closed, 22004, 22008.';

REVOKE ALL ON FUNCTION reopen_month(date) FROM PUBLIC;

CREATE FUNCTION reproduce_month(month date, OUT booked_usd numeric, OUT reproduced_usd numeric, OUT reproduced boolean)
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
SET inferacct.as_of TO ''
SET inferacct.contract TO ''
AS $$
DECLARE
	closed closed_month;
BEGIN
	SELECT * INTO closed FROM closed_month AS c WHERE c.month = checked_month(reproduce_month.month);
	IF NOT FOUND THEN
		PERFORM inferacct_internal.fail('42704', format('month %s is not closed', checked_month(month)));
	END IF;
	-- Both go back to the caller's when the function ends.
	PERFORM set_config('inferacct.as_of', closed.known_at::text, true),
		set_config('inferacct.contract', coalesce(closed.contract, ''), true);
	booked_usd := closed.usd;
	SELECT coalesce(trim_scale(rollup_spend(b.model, b.usage, b.first_at, b.last_at, b.min_input, b.max_input,
		b.aggregated, b.service_tier, b.region)), 0),
		bool_and(b.usd IS NOT DISTINCT FROM
			rollup_cost(b.model, b.usage, b.first_at, b.last_at, b.min_input, b.max_input, b.aggregated, b.service_tier,
				b.region))
	INTO reproduced_usd, reproduced FROM booked_usage AS b WHERE b.month = closed.month;
	reproduced := coalesce(reproduced, true) AND booked_usd = reproduced_usd;
END
$$;

COMMENT ON FUNCTION reproduce_month(date) IS
'Computes a closed month again, with the prices known when it was closed: the booked sum, the sum computed now, and '
'whether every booked row has the same figure. Not so only when a price was published later with an earlier '
'published_at. Reads as its caller: under row-level security reproduced_usd is of the caller''s rows. '
'Errors: 42704 not closed, 22004, 22008.';

CREATE VIEW booked_spend WITH (security_invoker = true) AS
SELECT month, source, resolved_provider(provider, model, first_at) AS provider,
	resolved_model(model, first_at) AS model, resolved_tier(service_tier) AS service_tier, team, tenant,
	meter(sum(usage), 'requests') AS requests, sum(usage) AS usage, sum(usd) AS usd, sum(provider_usd) AS provider_usd
FROM booked_usage
GROUP BY month, source, resolved_provider(provider, model, first_at), resolved_model(model, first_at),
	resolved_tier(service_tier), team, tenant;

COMMENT ON VIEW booked_spend IS 'monthly_spend of the closed months, as booked.';

-- What has no price counts for nothing on its side; price_effect has it when it gets one.
CREATE VIEW restated_spend WITH (security_invoker = true) AS
WITH booked AS (
	SELECT month, source, resolved_provider(provider, model, first_at) AS provider,
		resolved_model(model, first_at) AS model, resolved_tier(service_tier) AS service_tier, team, tenant,
		meter(sum(usage), 'requests') AS requests, coalesce(sum(usd), 0) AS usd,
		coalesce(rollup_spend(model, usage, first_at, last_at, min_input, max_input, aggregated, service_tier, region),
			0) AS repriced_usd
	FROM booked_usage GROUP BY month, source, resolved_provider(provider, model, first_at),
		resolved_model(model, first_at), resolved_tier(service_tier), team, tenant
), now AS (
	SELECT month, source, provider, model, service_tier, team, tenant, requests, coalesce(usd, 0) AS usd
	FROM monthly_spend WHERE month IN (SELECT month FROM closed_month)
)
SELECT coalesce(b.month, n.month) AS month, coalesce(b.source, n.source) AS source,
	coalesce(b.provider, n.provider) AS provider,
	coalesce(b.model, n.model) AS model, coalesce(b.service_tier, n.service_tier) AS service_tier,
	coalesce(b.team, n.team) AS team, coalesce(b.tenant, n.tenant) AS tenant,
	coalesce(b.requests, 0) AS booked_requests, coalesce(n.requests, 0) AS restated_requests,
	coalesce(b.usd, 0) AS booked_usd, coalesce(n.usd, 0) AS restated_usd,
	trim_scale(coalesce(b.repriced_usd - b.usd, 0)) AS price_effect,
	trim_scale(coalesce(n.usd, 0) - coalesce(b.repriced_usd, 0)) AS late_effect
FROM booked AS b FULL JOIN now AS n
	ON b.month = n.month AND b.tenant = n.tenant AND b.source = n.source AND b.model = n.model
		AND b.service_tier = n.service_tier
	AND coalesce(b.provider, '') = coalesce(n.provider, '') AND (b.provider IS NULL) = (n.provider IS NULL)
	AND coalesce(b.team, '') = coalesce(n.team, '') AND (b.team IS NULL) = (n.team IS NULL);

COMMENT ON VIEW restated_spend IS
'Closed months as booked and as they are now: restated_usd - booked_usd = price_effect (the booked tokens at the '
'prices known now) + late_effect (usage that came or went since), exactly. '
'Read under inferacct.unpriced = null, what has no price counts as nothing on both sides.';

CREATE VIEW month_close WITH (security_invoker = true) AS
SELECT c.month, c.closed_at, c.closed_by, c.version, c.known_at, c.contract, c.unpriced_requests, c.unread_hours,
	c.note,
	sum(r.booked_requests)::bigint AS booked_requests, sum(r.restated_requests)::bigint AS restated_requests,
	trim_scale(coalesce(sum(r.booked_usd), 0)) AS booked_usd,
	trim_scale(coalesce(sum(r.restated_usd), 0)) AS restated_usd,
	trim_scale(coalesce(sum(r.price_effect), 0)) AS price_effect,
	trim_scale(coalesce(sum(r.late_effect), 0)) AS late_effect
FROM closed_month AS c LEFT JOIN restated_spend AS r USING (month)
GROUP BY c.month;

COMMENT ON VIEW month_close IS
'Closed months, with their totals as booked and as they are now; the difference is price_effect + late_effect, '
'exactly.';
