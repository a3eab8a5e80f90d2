-- spend_by_period: what was spent by day, week, month, quarter or year of a calendar, in its currency.
--
-- Invariants: a request is in the period in which it was made by the calendar's clocks, and
-- periods add up exactly.  What the rollup cannot tell apart, since a day begins within
-- an hour that was read before the calendar came, is said in note.  Months, quarters and
-- years of UTC are read of the months of the rollup, everything else of its hours.

CREATE FUNCTION inferacct_internal.period_expression(per text, fiscal_year_from integer)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	shift text := quote_literal(CASE WHEN per IN ('quarter', 'year') THEN fiscal_year_from - 1 ELSE 0 END || ' months');
BEGIN
	IF per IS NULL OR per NOT IN ('day', 'week', 'month', 'quarter', 'year') THEN
		PERFORM inferacct_internal.fail('22023', format('a period cannot be "%s"', per),
			hint => 'Give day, week, month, quarter or year.');
	END IF;
	RETURN format('(pg_catalog.date_trunc(%L, u.first_at AT TIME ZONE $1 - interval %s) + interval %2$s)::date', per,
		shift);
END
$$;

COMMENT ON FUNCTION period_expression(text, integer) IS
'SQL expression for the first day of the period of a row u of the rollup in zone $1; quarters and years begin '
'with that month. Error 22023 no such period.';

CREATE FUNCTION spend_by_period(per text, dimension text DEFAULT NULL, second_dimension text DEFAULT NULL,
	since date DEFAULT NULL, until date DEFAULT NULL, calendar text DEFAULT NULL,
	OUT period date, OUT value text, OUT second_value text, OUT requests bigint, OUT usage usage, OUT usd numeric,
	OUT provider_usd numeric, OUT currency text, OUT usd_per_unit numeric, OUT amount numeric, OUT note text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000 ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	c record := calendar_of(calendar);
	expression text := period_expression(per, c.fiscal_year_from);
	begins CONSTANT timestamptz := coalesce(since::timestamp AT TIME ZONE c.zone, '-infinity');
	ends CONSTANT timestamptz := coalesce(until::timestamp AT TIME ZONE c.zone, 'infinity');
	by_month CONSTANT boolean := c.zone = 'UTC' AND per IN ('month', 'quarter', 'year')
		AND coalesce(extract(day FROM since) = 1, true) AND coalesce(extract(day FROM until) = 1, true);
	told_apart text;
	chosen text[] := ARRAY(SELECT n FROM unnest(array_remove(ARRAY[dimension, second_dimension], NULL)) AS n
		WHERE dimension_column(n) LIKE '(u.dimensions%');
BEGIN
	IF c.zone <> 'UTC' THEN
		SELECT format('%s requests of hours in which a day of %s begins are with the day before: CALL refresh_usage(), '
			'which reads hours again whose rows are there', sum(meter(u.usage, 'requests')), c.zone) INTO told_apart
		FROM usage_hourly AS u
		WHERE u.hour >= hour_of(begins) AND u.hour < ends
			AND (u.first_at AT TIME ZONE c.zone)::date <> (u.last_at AT TIME ZONE c.zone)::date
		HAVING count(*) > 0;
	END IF;
	RETURN QUERY EXECUTE format($query$
		WITH sums AS (
			SELECT %1$s AS period, %2$s AS value, %3$s AS second_value, u.dimensions IS NULL
				OR NOT u.dimensions ?& $4 AS is_missing, sum(u.usage) AS usage,
				inferacct_internal.rollup_spend(u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input,
					u.aggregated, u.service_tier, u.region) AS usd,
				sum(u.provider_usd) AS provider_usd
			FROM %4$s GROUP BY 1, 2, 3, 4
		), priced AS (
			SELECT s.*, ((s.period + interval %5$L) AT TIME ZONE $1) - interval '1 microsecond' AS last_moment
			FROM sums AS s
		)
		SELECT s.period, s.value, s.second_value, inferacct.meter(s.usage, 'requests'), s.usage, s.usd, s.provider_usd,
			b.currency, b.usd_per_unit, b.amount, nullif(concat_ws('; ',
				CASE WHEN s.is_missing AND cardinality($4) > 0
					THEN 'of hours that were read before the dimension was chosen' END,
				CASE WHEN 'other' IN (s.value, s.second_value)
					THEN (SELECT string_agg(inferacct_internal.tail_note(n.name, n.value, s.period - 31,
						s.last_moment::date), '; ' ORDER BY n.name)
						FROM (VALUES ($6, s.value), ($7, s.second_value)) AS n(name, value)) END,
				$8), '')
		FROM priced AS s CROSS JOIN LATERAL inferacct.billed(s.usd, s.last_moment, $5) AS b
		ORDER BY s.period, s.usd DESC NULLS LAST, s.value, s.second_value
	$query$, expression, dimension_column(dimension), dimension_column(second_dimension),
		CASE WHEN by_month THEN 'inferacct_internal.rollup_usage AS u WHERE u.month >= inferacct_internal.month_of($2) '
				'AND u.month < inferacct_internal.month_of($3)'
			ELSE 'inferacct_internal.usage_hourly AS u WHERE u.hour >= inferacct_internal.hour_of($2) AND u.hour < $3 '
				'AND u.first_at >= $2 AND u.first_at < $3' END,
		CASE per WHEN 'quarter' THEN '3 months' ELSE '1 ' || per END)
	USING c.zone, begins, ends, chosen, calendar, dimension, second_dimension, told_apart;
END
$$;

COMMENT ON FUNCTION spend_by_period(text, text, text, date, date, text) IS
'Requests, usage and exact USD by day, week (from Monday), month, quarter or year of a calendar (NULL: default; '
'UTC where there is none), and by one or two dimensions, as spend_by() has them; of the requests from since to '
'before until (days of the calendar; NULL: all). period: its first day; quarters and years are fiscal ones. '
'amount is usd in the billing currency, to 15 decimals, at usd_per_unit, the rate in force at the end of the '
'period. Zones of half hours are exact; note says where hours were read before the calendar came, and what note '
'of spend_by() says. Errors: 22023 another period, 42704 no such dimension or calendar, IA007 no rate; others as '
'rollup_cost().';
