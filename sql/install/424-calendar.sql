-- calendar: by whose clocks, from which month and in which currency an organisation reports.
--
-- Invariants: the rollup is cut at every beginning of a day in the zone of a calendar, so that
-- a day of half-hour zones is exact; hours that were read before a calendar came are read
-- again, and those whose rows are gone are said to lie on both sides.  Money is kept and summed up in
-- USD; a figure in another currency is that sum, divided once by the rate in force at the end of
-- its period, which stands beside it.  Closed months and books stay months of UTC, in USD.

CREATE TABLE calendar (
	name				text PRIMARY KEY DEFAULT 'default' CHECK (name <> ''),
	zone				text NOT NULL DEFAULT 'UTC' CHECK (timestamp '2000-01-01' AT TIME ZONE zone IS NOT NULL),
	fiscal_year_from	integer NOT NULL DEFAULT 1 CHECK (fiscal_year_from BETWEEN 1 AND 12),
	currency			text NOT NULL DEFAULT 'USD' CHECK (currency ~ '^[A-Z]{3}$'),
	note				text
);

COMMENT ON TABLE calendar IS
'By whose clocks, from which month and in which currency reports are: the one named default, where none is named. '
'Without it: UTC, January, USD. spend_by_period(), billed() and the amounts of reports go by it. '
'After a row with a new zone, CALL refresh_usage().';
COMMENT ON COLUMN calendar.name IS 'its name; default: that of reports which name none';
COMMENT ON COLUMN calendar.zone IS 'time zone, by its name in pg_timezone_names: days and months begin at its midnight';
COMMENT ON COLUMN calendar.fiscal_year_from IS 'month in which the fiscal year begins, 1 to 12';
COMMENT ON COLUMN calendar.currency IS 'the billing currency, by its code in ISO 4217; its rates are in fx_rate';
COMMENT ON COLUMN calendar.note IS 'a remark';
SELECT pg_extension_config_dump('calendar', '');

CREATE FUNCTION inferacct_internal.calendar_of(calendar text, OUT zone text, OUT fiscal_year_from integer,
	OUT currency text)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	SELECT c.zone, c.fiscal_year_from, c.currency INTO zone, fiscal_year_from, currency FROM calendar AS c
	WHERE c.name = coalesce(calendar_of.calendar, 'default');
	IF zone IS NOT NULL THEN
		RETURN;
	END IF;
	IF calendar IS NOT NULL AND calendar <> 'default' THEN
		PERFORM inferacct_internal.fail('42704', format('there is no calendar "%s"', calendar),
			(SELECT 'There are ' || string_agg(c.name, ', ' ORDER BY c.name) || '.' FROM calendar AS c),
			'INSERT INTO calendar (name, zone, currency) VALUES (...).');
	END IF;
	zone := 'UTC';
	fiscal_year_from := 1;
	currency := 'USD';
END
$$;

COMMENT ON FUNCTION calendar_of(text) IS
'What a calendar says; NULL is default, which is UTC, January and USD where there is no row. Error 42704.';

-- Which of its hours has a beginning of a day within it: at 30 or 45 minutes past, of some zones.
CREATE FUNCTION inferacct_internal.day_cuts(since timestamptz, until timestamptz)
RETURNS SETOF timestamptz
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 31
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT day AT TIME ZONE c.zone FROM (SELECT DISTINCT zone FROM calendar) AS c
	CROSS JOIN LATERAL generate_series(date_trunc('day', $1 AT TIME ZONE c.zone),
		CASE WHEN check_span($1, $2) THEN $2 AT TIME ZONE c.zone END, interval '1 day') AS d(day)
$$;

COMMENT ON FUNCTION day_cuts(timestamptz, timestamptz) IS
'The beginnings of days of all calendars in about that time. Errors: 22008 an infinite time, 54000 more than '
'1000 years.';

CREATE FUNCTION inferacct_internal.fx_usd(currency text, at timestamptz)
RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN upper($1) = 'USD' THEN 1 ELSE (
		SELECT f.usd_per_unit FROM fx_rate AS f JOIN price_version AS v USING (version)
		WHERE f.currency = upper($1) AND f.valid_from <= $2 AND v.published_at <= (SELECT price_horizon())
		ORDER BY f.valid_from DESC, f.version DESC LIMIT 1) END
$$;

COMMENT ON FUNCTION fx_usd(text, timestamptz) IS
'USD per unit of a currency at a time, as known now or at inferacct.as_of; 1 of USD, NULL where no rate is known.';

CREATE FUNCTION inferacct_internal.billing_rate(at timestamptz, calendar text DEFAULT NULL)
RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 200
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	currency text := (calendar_of(calendar)).currency;
BEGIN
	IF at IS NULL THEN
		RETURN NULL;
	ELSIF current_setting('inferacct.unpriced', true) = 'null' THEN
		RETURN fx_usd(currency, at);
	END IF;
	RETURN usd_per(currency, at);
END
$$;

COMMENT ON FUNCTION billing_rate(timestamptz, text) IS
'USD per unit of the billing currency of a calendar (NULL: default) at a time, by fx_rate as known now or at '
'inferacct.as_of; 1 of USD. Errors: IA007 no rate (NULL under inferacct.unpriced = null), 42704 no such calendar.';

CREATE FUNCTION billed(usd numeric, at timestamptz, calendar text DEFAULT NULL,
	OUT amount numeric, OUT currency text, OUT usd_per_unit numeric)
LANGUAGE sql STABLE PARALLEL SAFE COST 200
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT trim_scale(round(exact_quotient($1, r.rate), 15)), c.currency, r.rate
	FROM calendar_of($3) AS c CROSS JOIN LATERAL (SELECT billing_rate($2, $3)) AS r(rate)
$$;

COMMENT ON FUNCTION billed(numeric, timestamptz, text) IS
'USD of any figure of a report in the billing currency of a calendar (NULL: default), at the rate of fx_rate '
'that is in force then (usd_per_unit; at is the end of the period), as known now or at inferacct.as_of; amount '
'to 15 decimals: round it when it is shown. A NULL usd gives a NULL amount. Errors: IA007 no rate (NULL under '
'inferacct.unpriced = null), 42704 no such calendar.';
