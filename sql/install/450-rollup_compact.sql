-- compact: usage_hourly summed up by month, so that a year's report reads a few
-- thousand rows.
--
-- Invariant: usage_monthly has the rows of whole months of an origin, or none of
-- them; compacted_month.compacted says which.  What changes a month of usage_hourly,
-- or brings a price that may tell its requests apart, takes the month out in the
-- same transaction, and rollup_usage reads its hours instead.  So a report is
-- exact at any time, and fast after compact_usage().  The triggers that do so
-- run as the owner: whoever may write hours or prices, no policy hides a row.
-- They, and what they call, look nothing up in a schema of ours.
--
-- As in usage_hourly, no price row tells two requests of one row apart: requests
-- of a model with weekly windows stay by the hour, and a month is cut where any
-- price begins or ends.

CREATE FUNCTION inferacct_internal.day_of(at timestamptz)
RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 2
RETURN (at AT TIME ZONE 'UTC')::date;

COMMENT ON FUNCTION day_of(timestamptz) IS 'The UTC day of a time. NULL gives NULL.';

CREATE FUNCTION inferacct_internal.month_of(at timestamptz)
RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 2
RETURN date_trunc('month', at AT TIME ZONE 'UTC')::date;

COMMENT ON FUNCTION month_of(timestamptz) IS 'First day of the UTC month of a time. NULL gives NULL.';

CREATE FUNCTION inferacct_internal.begin_of(day date)
RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 2
RETURN day::timestamp AT TIME ZONE 'UTC';

COMMENT ON FUNCTION begin_of(date) IS 'The moment at which a UTC day begins. NULL gives NULL.';

CREATE FUNCTION inferacct_internal.next_month(month date)
RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 2
RETURN (date_trunc('month', month::timestamp) + interval '1 month')::date;

COMMENT ON FUNCTION next_month(date) IS 'First day of the month after the one that a day lies in. NULL gives NULL.';

CREATE TABLE inferacct_internal.compacted_month (
	origin		text COLLATE "C" NOT NULL,
	month		date NOT NULL,
	compacted	boolean NOT NULL,
	PRIMARY KEY (origin, month)
);

COMMENT ON TABLE compacted_month IS
'The months that usage_hourly has of each origin, and whether usage_monthly has them; '
'kept by triggers, so read it through rollup_month. Of this database only: a dump leaves it out.';

-- Rows that come while triggers are off (pg_restore --disable-triggers) bring
-- months that nobody noted.  The index leads from each month to the next.
CREATE INDEX usage_hourly_origin ON usage_hourly (origin, hour);

-- daily_spend WHERE day = ... reads the pages of these days only.  Rows lie by hour, nearly: a B-tree
-- costs each row ten times as much.
CREATE INDEX usage_hourly_day ON usage_hourly USING brin (day_of(hour))
	WITH (pages_per_range = 16, autosummarize = on);

CREATE VIEW inferacct_internal.rollup_month WITH (security_invoker = true) AS
WITH RECURSIVE present(origin, month) AS (
	(SELECT h.origin, month_of(h.hour) FROM usage_hourly AS h ORDER BY h.origin, h.hour LIMIT 1)
	UNION ALL
	SELECT n.origin, month_of(n.hour) FROM present AS p CROSS JOIN LATERAL (
		SELECT h.origin, h.hour FROM usage_hourly AS h
			WHERE (h.origin, h.hour) >= (p.origin, begin_of(next_month(p.month)))
		ORDER BY h.origin, h.hour LIMIT 1) AS n
)
SELECT m.origin, m.month, m.compacted FROM compacted_month AS m
UNION ALL
SELECT p.origin, p.month, false FROM present AS p
WHERE NOT EXISTS (SELECT FROM compacted_month AS m WHERE m.origin = p.origin AND m.month = p.month);

COMMENT ON VIEW rollup_month IS
'The months of compacted_month, and those that usage_hourly has without a note there, which are not compacted.';

CREATE TABLE inferacct_internal.usage_monthly (
	month			date NOT NULL,
	slice			timestamptz NOT NULL,
	first_at		timestamptz NOT NULL,
	last_at			timestamptz NOT NULL,
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

CREATE INDEX usage_monthly_month ON usage_monthly (month, origin);

COMMENT ON TABLE usage_monthly IS
'usage_hourly summed up by month, as far as its hours have the same prices; made by compact_usage(). '
'Read it through rollup_usage. Columns as usage_hourly; slice: beginning of the part of the month in which no price '
'changes.';

-- Take a month out, or note it; its row stays locked until commit, which is what compact_usage() waits for.
CREATE FUNCTION inferacct_internal.month_changed(origin text, month date)
RETURNS void
LANGUAGE plpgsql VOLATILE COST 1000
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO inferacct_internal.compacted_month AS m (origin, month, compacted) VALUES (origin, month, false)
	ON CONFLICT ON CONSTRAINT compacted_month_pkey DO UPDATE SET compacted = false;
	DELETE FROM inferacct_internal.usage_monthly AS u WHERE u.origin = month_changed.origin
		AND u.month = month_changed.month;
END
$$;

COMMENT ON FUNCTION month_changed(text, date) IS
'Makes reports read a month of an origin from usage_hourly, until compact_usage(). For triggers.';

CREATE FUNCTION inferacct_internal.usage_hourly_written()
RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM inferacct_internal.check_own_table(TG_RELID);
	IF TG_OP = 'TRUNCATE' THEN
		PERFORM inferacct_internal.month_changed(origin, month)
		FROM (SELECT origin, month FROM inferacct_internal.compacted_month ORDER BY origin, month) AS m;
		RETURN NULL;
	END IF;
	PERFORM inferacct_internal.month_changed(origin, month)
	FROM (SELECT DISTINCT origin, inferacct_internal.month_of(hour) AS month
		FROM (SELECT DISTINCT origin, hour FROM written) AS h ORDER BY 1, 2) AS m;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION usage_hourly_written() IS 'Statement trigger of usage_hourly: its months are no longer compacted.';

REVOKE ALL ON FUNCTION usage_hourly_written() FROM PUBLIC;

CREATE TRIGGER usage_hourly_inserted AFTER INSERT ON usage_hourly REFERENCING NEW TABLE AS written
FOR EACH STATEMENT EXECUTE FUNCTION usage_hourly_written();
CREATE TRIGGER usage_hourly_deleted AFTER DELETE ON usage_hourly REFERENCING OLD TABLE AS written
FOR EACH STATEMENT EXECUTE FUNCTION usage_hourly_written();
CREATE TRIGGER usage_hourly_updated_from AFTER UPDATE ON usage_hourly REFERENCING OLD TABLE AS written
FOR EACH STATEMENT EXECUTE FUNCTION usage_hourly_written();
CREATE TRIGGER usage_hourly_updated_to AFTER UPDATE ON usage_hourly REFERENCING NEW TABLE AS written
FOR EACH STATEMENT EXECUTE FUNCTION usage_hourly_written();
CREATE TRIGGER usage_hourly_truncated AFTER TRUNCATE ON usage_hourly
FOR EACH STATEMENT EXECUTE FUNCTION usage_hourly_written();

-- Logical replication fires no statement trigger.  A month is taken out, and its
-- row locked, once per transaction.
CREATE FUNCTION inferacct_internal.usage_hourly_replicated()
RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM inferacct_internal.check_own_table(TG_RELID);
	PERFORM inferacct_internal.month_changed(t.origin, t.month) FROM (
		SELECT OLD.origin, inferacct_internal.month_of(OLD.hour) AS month WHERE TG_OP <> 'INSERT'
		UNION SELECT NEW.origin, inferacct_internal.month_of(NEW.hour) WHERE TG_OP <> 'DELETE' ORDER BY 1, 2) AS t
	WHERE NOT EXISTS (SELECT FROM inferacct_internal.compacted_month AS m
		WHERE m.origin = t.origin AND m.month = t.month AND NOT m.compacted
			AND inferacct_internal.is_own_transaction(m.xmin));
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION usage_hourly_replicated() IS
'Row trigger of usage_hourly for rows that replication writes: their months are no longer compacted.';

REVOKE ALL ON FUNCTION usage_hourly_replicated() FROM PUBLIC;

CREATE TRIGGER usage_hourly_replicated AFTER INSERT OR UPDATE OR DELETE ON usage_hourly
FOR EACH ROW EXECUTE FUNCTION usage_hourly_replicated();

-- The months that lie on both sides of one of these moments; NULL among them is every month.
CREATE FUNCTION inferacct_internal.months_cut(cuts timestamptz[])
RETURNS void
LANGUAGE plpgsql VOLATILE COST 1000
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM inferacct_internal.month_changed(origin, month) FROM (
		SELECT m.origin, m.month FROM inferacct_internal.compacted_month AS m
		WHERE m.compacted AND EXISTS (SELECT FROM unnest(cuts) AS cut
			WHERE cut IS NULL OR (cut > inferacct_internal.begin_of(m.month)
				AND cut < inferacct_internal.begin_of(inferacct_internal.next_month(m.month))))
		ORDER BY m.origin, m.month) AS m;
END
$$;

COMMENT ON FUNCTION months_cut(timestamptz[]) IS
'Takes out of usage_monthly the months in which one of these moments lies; all when one is NULL. For triggers.';

-- What a name means from then on may have weekly hours, which a month of sums does not tell apart.
CREATE FUNCTION inferacct_internal.alias_cut(provider text, model text, valid_from timestamptz)
RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT $3 WHERE $3 > '-infinity' AND NOT EXISTS (
		SELECT FROM inferacct.price AS p WHERE (p.provider, p.model) = ($1, $2) AND p.time_windows IS NOT NULL)
$$;

COMMENT ON FUNCTION alias_cut(text, text, timestamptz) IS
'The moment at which an alias of a model cuts months; NULL when it cuts all, as when the model has weekly hours. '
'For triggers.';

CREATE FUNCTION inferacct_internal.price_cuts_months()
RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM inferacct_internal.check_own_table(TG_RELID);
	IF TG_TABLE_NAME = 'price' THEN
		PERFORM inferacct_internal.months_cut(ARRAY(SELECT DISTINCT CASE
			WHEN time_windows IS NULL AND above_input_tokens = 0 THEN valid_from END FROM written));
	ELSIF TG_TABLE_NAME = 'contract_term' THEN
		PERFORM inferacct_internal.months_cut(ARRAY(SELECT valid_from FROM written UNION SELECT valid_to FROM written));
	ELSIF TG_TABLE_NAME = 'model_alias' THEN
		PERFORM inferacct_internal.months_cut(ARRAY(
			SELECT DISTINCT inferacct_internal.alias_cut(provider, model, valid_from) FROM written));
	ELSE
		PERFORM inferacct_internal.months_cut(ARRAY(SELECT DISTINCT valid_from FROM written));
	END IF;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION price_cuts_months() IS
'Statement trigger of the price tables: months in which a new price or alias begins, or all when it has windows or '
'context tiers, are no longer compacted.';

REVOKE ALL ON FUNCTION price_cuts_months() FROM PUBLIC;

-- The same for the rows that logical replication writes, one by one.
CREATE FUNCTION inferacct_internal.price_cut_replicated()
RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM inferacct_internal.check_own_table(TG_RELID);
	IF TG_TABLE_NAME = 'price' THEN
		PERFORM inferacct_internal.months_cut(ARRAY[CASE WHEN NEW.time_windows IS NULL AND NEW.above_input_tokens = 0
			THEN NEW.valid_from END]);
	ELSIF TG_TABLE_NAME = 'contract_term' THEN
		PERFORM inferacct_internal.months_cut(ARRAY[NEW.valid_from, NEW.valid_to]);
	ELSIF TG_TABLE_NAME = 'model_alias' THEN
		PERFORM inferacct_internal.months_cut(
			ARRAY[inferacct_internal.alias_cut(NEW.provider, NEW.model, NEW.valid_from)]);
	ELSE
		PERFORM inferacct_internal.months_cut(ARRAY[NEW.valid_from]);
	END IF;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION price_cut_replicated() IS
'Row trigger of the price tables for rows that replication writes: as price_cuts_months().';

REVOKE ALL ON FUNCTION price_cut_replicated() FROM PUBLIC;

DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['price', 'model_alias', 'contract_term', 'fx_rate'] LOOP
		EXECUTE format('CREATE TRIGGER price_cuts_months AFTER INSERT ON %I REFERENCING NEW TABLE AS written '
			'FOR EACH STATEMENT EXECUTE FUNCTION price_cuts_months()', name);
		EXECUTE format('CREATE TRIGGER price_cut_replicated AFTER INSERT ON %I '
			'FOR EACH ROW EXECUTE FUNCTION price_cut_replicated()', name);
	END LOOP;
END $$;

CREATE FUNCTION inferacct_internal.price_changes(from_at timestamptz, until_at timestamptz)
RETURNS timestamptz[]
LANGUAGE sql STABLE PARALLEL SAFE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT coalesce(array_agg(DISTINCT at ORDER BY at), '{}') FROM price_boundary WHERE at > from_at AND at < until_at
$$;

COMMENT ON FUNCTION price_changes(timestamptz, timestamptz) IS
'The moments after from_at and before until_at at which a price of any model, in any version or contract, begins or '
'ends, but for weekly windows.';

CREATE FUNCTION compact_usage(everything boolean DEFAULT false)
RETURNS bigint
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	m record;
	months bigint := 0;
	cuts timestamptz[];
	sizes bigint[] := context_thresholds();
BEGIN
	IF EXISTS (SELECT FROM trigger_modes() AS t WHERE t.relation = 'usage_hourly'::regclass AND t.mode = 'D') THEN
		PERFORM inferacct_internal.fail('55000', 'months cannot be summed up while triggers of usage_hourly are off',
			'Hours that come or go now would not take their month out again.',
			'SELECT enable_triggers() first.');
	END IF;
	PERFORM month_changed(r.origin, r.month) FROM (SELECT origin, month FROM rollup_month ORDER BY 1, 2) AS r
	WHERE everything OR NOT EXISTS (SELECT FROM compacted_month AS u WHERE u.origin = r.origin AND u.month = r.month);
	FOR m IN SELECT * FROM compacted_month WHERE NOT compacted ORDER BY origin, month FOR UPDATE LOOP
		cuts := price_changes(begin_of(m.month), begin_of(next_month(m.month)));
		DELETE FROM usage_monthly AS u WHERE u.origin = m.origin AND u.month = m.month;
		WITH hours AS MATERIALIZED (
			SELECT * FROM usage_hourly AS h WHERE h.origin = m.origin AND h.hour >= begin_of(m.month)
				AND h.hour < begin_of(next_month(m.month))
		), windowed AS MATERIALIZED (
			SELECT model FROM (SELECT DISTINCT model FROM hours OFFSET 0) AS names
				WHERE may_mean(model, (SELECT windowed_names()))
		)
		INSERT INTO usage_monthly (month, slice, first_at, last_at, min_input, max_input, rows, reported, usage, kinds,
			aggregated,
			origin, tenant, source, model, service_tier, region, provider, team, project, status, provider_usd,
			dimensions)
		SELECT m.month,
			CASE WHEN h.model IN (SELECT model FROM windowed) THEN h.slice
				 ELSE greatest(begin_of(m.month), cuts[width_bucket(h.first_at, cuts)]) END AS part,
			min(h.first_at), max(h.last_at), min(h.min_input), max(h.max_input), sum(h.rows), sum(h.reported),
			sum(h.usage), h.kinds, h.aggregated,
			m.origin, h.tenant, h.source, h.model, h.service_tier, h.region, h.provider, h.team, h.project, h.status,
			sum(h.provider_usd), h.dimensions
		FROM hours AS h
		GROUP BY part, width_bucket(h.min_input, sizes), h.kinds, h.aggregated, h.tenant, h.source, h.model,
			h.service_tier, h.region, h.provider, h.team, h.project, h.status, h.dimensions
		ORDER BY h.model, part;
		UPDATE compacted_month AS s SET compacted = true WHERE s.origin = m.origin AND s.month = m.month;
		months := months + 1;
	END LOOP;
	RETURN months;
END
$$;

COMMENT ON FUNCTION compact_usage(boolean) IS
'Sums up by month what has changed in usage_hourly, for monthly_spend and what is built on it, and returns how many '
'months that were; they are exact without it, too, but read every hour. '
'everything: all months again, also those whose rows came while triggers were off. '
'Waits for runs of refresh_usage() that write the same months. Call it after refresh_usage(). '
'Error 55000 while triggers of usage_hourly are off.';

CREATE VIEW inferacct_internal.rollup_usage WITH (security_invoker = true) AS
SELECT month, slice, first_at, last_at, min_input, max_input, rows, reported, usage, kinds, aggregated,
	origin, tenant, source, model, service_tier, region, provider, team, project, status, provider_usd, dimensions
FROM usage_monthly
UNION ALL
SELECT m.month, h.slice, h.first_at, h.last_at, h.min_input, h.max_input, h.rows, h.reported, h.usage, h.kinds,
	h.aggregated,
	h.origin, h.tenant, h.source, h.model, h.service_tier, h.region, h.provider, h.team, h.project, h.status,
	h.provider_usd, h.dimensions
FROM rollup_month AS m
CROSS JOIN LATERAL (SELECT * FROM usage_hourly AS u
	WHERE u.origin = m.origin AND u.hour >= begin_of(m.month) AND u.hour < begin_of(next_month(m.month)) OFFSET 0) AS h
WHERE NOT m.compacted;

COMMENT ON VIEW rollup_usage IS
'The rollup, by month where it is compacted and by hour where it is not: in both, rollup_cost() prices a row exactly. '
'The base of the monthly reports.';
