-- request_distribution: what does not add up: how many are different, and what a request costs.
--
-- Invariants: what is said of the rows is exact.  A kept day is what the rows of a day
-- that was over said, at the prices known then: exact for itself, and, where the server
-- offers the extensions hll and tdigest, with a sketch of each, by which days are merged.
-- What is merged says that it is estimated.  A day that is not kept, or that has other
-- rows since, by what refresh_usage() notes of its hours, is read from the rows; one that
-- the rollup has no hour of any more is not there.  A day of which the rollup has more
-- requests than the rows has lost rows: what is said of it is marked, whatever it rests on.
-- The sketches are kept as text, so that no table here depends on a type of others.

CREATE TABLE inferacct_internal.daily_distribution (
	dimension			text COLLATE "C" NOT NULL,
	day					date NOT NULL,
	log_rows			bigint NOT NULL,
	requests			bigint NOT NULL,
	unpriced_requests	bigint NOT NULL,
	distinct_values		bigint NOT NULL,
	p50_usd				numeric,
	p90_usd				numeric,
	p99_usd				numeric,
	max_usd				numeric,
	values_sketch		text,
	usd_sketch			text,
	made_at				timestamptz NOT NULL,
	PRIMARY KEY (dimension, day)
);

COMMENT ON TABLE daily_distribution IS
'request_distribution() of UTC days that are over, kept by keep_distribution(); it may outlive the log.';
COMMENT ON COLUMN daily_distribution.log_rows IS
'how many rows of the log refreshed_hour had of the day: it is another day when it has another number now';
COMMENT ON COLUMN daily_distribution.values_sketch IS
'hll, as text, of the different values; NULL: made without the extension hll, so that it cannot be merged';
COMMENT ON COLUMN daily_distribution.usd_sketch IS
'tdigest, as text, of what a request costs, in billionths of a USD; NULL: no request has a price, or made without the '
'extension tdigest';
COMMENT ON COLUMN daily_distribution.made_at IS 'when the rows were read, and as of when they were priced';

-- It may outlive the log it was made of.
SELECT pg_extension_config_dump('daily_distribution', '');

-- tdigest writes six decimals, so its numbers are billionths of a USD.
CREATE FUNCTION inferacct_internal.sketch_expression(what text, argument text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT format(CASE what
		WHEN 'values' THEN 'coalesce(%1$I.hll_add_agg(%1$I.hll_hash_text(%3$s), 14), %1$I.hll_empty(14))'
		WHEN 'usd' THEN '%2$I.tdigest((%3$s * 1000000000)::float8, 200)'
		WHEN 'merged values' THEN 'round(%1$I.hll_cardinality(%1$I.hll_union_agg(%3$s::%1$I.hll)))::bigint'
		ELSE '(%2$I.tdigest_percentile(%3$s::%2$I.tdigest, ' || what || ')::numeric / 1000000000)' END,
		h.nspname, t.nspname, argument)
	FROM pg_extension AS he JOIN pg_namespace AS h ON h.oid = he.extnamespace
	CROSS JOIN pg_extension AS te JOIN pg_namespace AS t ON t.oid = te.extnamespace
	WHERE he.extname = 'hll' AND te.extname = 'tdigest'
$$;

COMMENT ON FUNCTION sketch_expression(text, text) IS
'SQL expression for a sketch of an expression (values, usd), or for what merged sketches tell (merged values, or a '
'fraction: that percentile in USD). NULL when hll or tdigest is not installed in this database.';

CREATE FUNCTION inferacct_internal.distribution_rows(dimension text)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	expression text := (SELECT dimension_expression(d.log_column, d.key) FROM usage_dimension AS d
		WHERE d.name = dimension);
BEGIN
	IF expression IS NULL AND dimension NOT IN ('api_key', 'end_user', 'tenant', 'team', 'project', 'model',
		'request_id') THEN
		PERFORM inferacct_internal.fail('42704', format('there is no dimension "%s"', dimension),
			hint =>
				'Give api_key, end_user, tenant, team, project, model, request_id, or the name of one in '
				'usage_dimension.');
	END IF;
	RETURN format($query$(
		SELECT u.at, (u.at AT TIME ZONE 'UTC')::date AS day, CASE WHEN u.value IS NOT NULL THEN ROW(u.tenant, u.value)
			END AS one, inferacct.meter(u.usage, 'requests') AS requests,
			inferacct.token_cost(u.model, u.usage, u.at, u.service_tier, u.region)
				/ nullif(inferacct.meter(u.usage, 'requests'), 0) AS usd
		FROM (SELECT at, tenant, model, usage, service_tier, region, %s AS value FROM inferacct.usage_all
			WHERE at >= $1 AND at < $2 OFFSET 0) AS u
		WHERE u.usage IS NOT NULL AND u.model IS NOT NULL
			AND inferacct_internal.row_problem(u.at, u.usage) IS NULL OFFSET 0)$query$,
		coalesce(expression, dimension_expression(dimension, NULL)));
END
$$;

COMMENT ON FUNCTION distribution_rows(text) IS
'Subquery for the rows of [$1, $2): day, one (who is counted, NULL: nobody is stated), requests, and usd of each. '
'Error 42704 no such dimension.';

CREATE FUNCTION inferacct_internal.distribution_columns()
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1
RETURN 'coalesce(sum(r.requests), 0)::bigint AS requests, '
	'coalesce(sum(r.requests) FILTER (WHERE r.usd IS NULL), 0)::bigint AS unpriced_requests, '
	'count(DISTINCT r.one) AS distinct_values, '
	'percentile_disc(0.5) WITHIN GROUP (ORDER BY r.usd) AS p50_usd, '
	'percentile_disc(0.9) WITHIN GROUP (ORDER BY r.usd) AS p90_usd, '
	'percentile_disc(0.99) WITHIN GROUP (ORDER BY r.usd) AS p99_usd, max(r.usd) AS max_usd'::text;

COMMENT ON FUNCTION distribution_columns() IS 'What is said of some of distribution_rows() AS r, exactly.';

CREATE FUNCTION inferacct_internal.check_prices_of_today()
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	IF current_setting('inferacct.as_of', true) <> '' OR current_setting('inferacct.contract', true) <> '' THEN
		PERFORM inferacct_internal.fail('0A000', 'kept distributions are of list prices as known when they were kept',
			'inferacct.as_of or inferacct.contract is set.',
			'Reset both, or ask for kept => false: the rows are priced as these say.');
	END IF;
END
$$;

COMMENT ON FUNCTION check_prices_of_today() IS 'Error 0A000 when inferacct.as_of or inferacct.contract is set.';

CREATE FUNCTION inferacct_internal.rollup_days(since date, until date)
RETURNS SETOF date
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 31
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT DISTINCT d.day::date FROM rollup_month AS m
	CROSS JOIN LATERAL generate_series(greatest(m.month, $1)::timestamp,
		least(next_month(m.month), $2)::timestamp - interval '1 day', interval '1 day') AS d(day)
	WHERE EXISTS (SELECT FROM usage_hourly AS h WHERE h.origin = m.origin AND h.hour >= begin_of(d.day::date)
		AND h.hour < begin_of(d.day::date + 1))
$$;

COMMENT ON FUNCTION rollup_days(date, date) IS
'The UTC days of [since, until), NULL: all, of which the rollup has an hour.';

-- What refresh_usage() has read since it was kept, or what was not kept.
CREATE FUNCTION inferacct_internal.other_days(dimension text, since date, until date)
RETURNS SETOF date
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 10
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT d FROM rollup_days($2, $3) AS d
	WHERE NOT EXISTS (SELECT FROM daily_distribution AS k WHERE k.dimension = $1 AND k.day = d)
	UNION
	SELECT read.day FROM (SELECT day_of(r.hour) AS day, max(r.refreshed_at) AS at, sum(r.rows) AS rows
		FROM refreshed_hour AS r
		WHERE r.hour >= coalesce(begin_of($2), '-infinity') AND r.hour < coalesce(begin_of($3), 'infinity')
		GROUP BY 1) AS read
	LEFT JOIN daily_distribution AS k ON k.day = read.day AND k.dimension = $1
	WHERE k.day IS NULL OR k.made_at <= read.at OR k.log_rows <> read.rows
	ORDER BY 1
$$;

COMMENT ON FUNCTION other_days(text, date, date) IS
'The UTC days of [since, until), NULL: all, of which daily_distribution has nothing, or that have other rows since.';

CREATE FUNCTION keep_distribution(dimension text DEFAULT 'end_user', since date DEFAULT NULL, until date DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
DECLARE
	rows_of text := distribution_rows(dimension);
	one date;
	kept bigint := 0;
	requests bigint;
BEGIN
	PERFORM check_prices_of_today();
	IF NOT sees_all_usage() THEN
		PERFORM inferacct_internal.fail('42501', 'only who sees all usage can keep distributions',
			hint => 'Call it as a member of inferacct_admin.');
	END IF;
	PERFORM take_turn('distribution ' || dimension);
	DELETE FROM daily_distribution AS k WHERE k.dimension = keep_distribution.dimension
		AND k.day >= coalesce(since, '-infinity') AND k.day < coalesce(until, 'infinity')
		AND k.day NOT IN (SELECT d FROM rollup_days(since, until) AS d);
	FOR one IN SELECT d FROM other_days(dimension, since, least(until, day_of(now()))) AS d
		UNION SELECT k.day FROM daily_distribution AS k WHERE k.dimension = keep_distribution.dimension
			AND k.day >= coalesce(since, '-infinity') AND k.day < coalesce(until, 'infinity')
			AND k.values_sketch IS NULL AND sketch_expression('values', '') IS NOT NULL
		ORDER BY 1 LOOP
		EXECUTE format($query$
			INSERT INTO inferacct_internal.daily_distribution AS k (dimension, day, log_rows, requests,
				unpriced_requests, distinct_values, p50_usd, p90_usd, p99_usd, max_usd, values_sketch, usd_sketch,
				made_at)
			SELECT $3, $4, $6, s.*, clock_timestamp() FROM (SELECT %s, %s::text, %s::text FROM %s AS r) AS s
			WHERE s.requests = $5
			ON CONFLICT ON CONSTRAINT daily_distribution_pkey DO UPDATE SET log_rows = excluded.log_rows,
				requests = excluded.requests, unpriced_requests = excluded.unpriced_requests,
				distinct_values = excluded.distinct_values,
				p50_usd = excluded.p50_usd, p90_usd = excluded.p90_usd, p99_usd = excluded.p99_usd,
				max_usd = excluded.max_usd, values_sketch = excluded.values_sketch, usd_sketch = excluded.usd_sketch,
				made_at = excluded.made_at
		$query$, distribution_columns(), coalesce(sketch_expression('values', 'r.one::text'), 'NULL'),
			coalesce(sketch_expression('usd', 'r.usd'), 'NULL'), rows_of)
		USING begin_of(one), begin_of(one + 1), dimension, one,
			(SELECT coalesce(sum(meter(h.usage, 'requests')), 0)::bigint FROM usage_hourly AS h
				WHERE h.hour >= begin_of(one) AND h.hour < begin_of(one + 1)),
			(SELECT coalesce(sum(r.rows), 0)::bigint FROM refreshed_hour AS r
				WHERE r.hour >= begin_of(one) AND r.hour < begin_of(one + 1));
		GET DIAGNOSTICS requests = ROW_COUNT;
		kept := kept + requests;
	END LOOP;
	RETURN kept;
END
$$;

COMMENT ON FUNCTION keep_distribution(text, date, date) IS
'Keeps request_distribution() of the UTC days of [since, until), NULL: all, that are over and that refresh_usage() has '
'read since they were kept last; returns of how many days. A day whose rows are not all there any more, or not all '
'read yet, stays as it was kept; one that the rollup has nothing of any more is forgotten. '
'With the extensions hll and tdigest in this database, days can be merged. '
'dimension: as in request_distribution(). Reads the rows of these days once. '
'Errors: 42704 no such dimension, 42501 for who does not see all usage, 0A000 under inferacct.as_of or '
'inferacct.contract.';

CREATE FUNCTION request_distribution(since date, until date, dimension text DEFAULT 'end_user', per text DEFAULT 'day',
	kept boolean DEFAULT false,
	OUT period date, OUT requests bigint, OUT unpriced_requests bigint, OUT distinct_values bigint,
	OUT p50_usd numeric, OUT p90_usd numeric, OUT p99_usd numeric, OUT max_usd numeric, OUT estimated boolean,
	OUT incomplete_requests bigint)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 31
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
DECLARE
	rows_of text;
	unkept date[];
	merge boolean := sketch_expression('values', '') IS NOT NULL;
BEGIN
	IF num_nulls(since, until, dimension, per, kept) > 0 THEN
		PERFORM inferacct_internal.fail('22004',
			'request_distribution() needs a span of days, a dimension and a period');
	ELSIF per NOT IN ('day', 'week', 'month', 'year') THEN
		PERFORM inferacct_internal.fail('22023', format('a period cannot be "%s"', per),
			hint => 'Give day, week, month or year.');
	END IF;
	rows_of := distribution_rows(dimension);
	IF NOT kept OR NOT sees_all_usage() THEN
		RETURN QUERY EXECUTE format($query$
			WITH read AS MATERIALIZED (
				SELECT r.*, date_trunc($3, r.day::timestamp)::date AS period FROM %2$s AS r
			), rolled AS (
				SELECT inferacct_internal.day_of(h.hour) AS day, sum(inferacct.meter(h.usage, 'requests')) AS requests
				FROM inferacct_internal.usage_hourly AS h WHERE h.hour >= $1 AND h.hour < $2 GROUP BY 1
			), gone AS (
				SELECT date_trunc($3, w.day::timestamp)::date AS period, sum(w.requests)::bigint AS requests
				FROM rolled AS w LEFT JOIN (SELECT r.day, sum(r.requests) AS requests FROM read AS r GROUP BY 1) AS d
					USING (day)
				WHERE coalesce(d.requests, 0) < w.requests GROUP BY 1
			), said AS (
				SELECT r.period, %1$s FROM read AS r GROUP BY 1
			)
			SELECT period, coalesce(s.requests, 0), coalesce(s.unpriced_requests, 0), coalesce(s.distinct_values, 0),
				s.p50_usd, s.p90_usd, s.p99_usd, s.max_usd, false, coalesce(g.requests, 0)
			FROM said AS s FULL JOIN gone AS g USING (period) ORDER BY 1
		$query$, distribution_columns(), rows_of) USING begin_of(since), begin_of(until), per;
		RETURN;
	END IF;
	PERFORM check_prices_of_today();
	IF NOT merge AND per <> 'day' THEN
		PERFORM inferacct_internal.fail('0A000', 'days cannot be merged without the extensions hll and tdigest',
			'What is kept is exact, by the day.', 'CREATE EXTENSION hll; CREATE EXTENSION tdigest (Debian: '
			'postgresql-NN-hll, postgresql-NN-tdigest); or ask per day, or with kept => false for the rows.');
	END IF;
	unkept := ARRAY(SELECT d FROM other_days(dimension, since, until) AS d);
	RETURN QUERY EXECUTE format($query$
		WITH read AS MATERIALIZED (
			SELECT r.day, %5$s, %6$s::text AS values_sketch, %7$s::text AS usd_sketch FROM %8$s AS r
			WHERE r.day = ANY ($7) GROUP BY 1
		), rolled AS (
			SELECT inferacct_internal.day_of(h.hour) AS day,
				sum(inferacct.meter(h.usage, 'requests'))::bigint AS requests
			FROM inferacct_internal.usage_hourly AS h
			WHERE h.hour >= $1 AND h.hour < $2 AND inferacct_internal.day_of(h.hour) = ANY ($7) GROUP BY 1
		), known AS (
			SELECT k.day, k.requests, k.unpriced_requests, k.distinct_values, k.p50_usd, k.p90_usd, k.p99_usd,
				k.max_usd, k.values_sketch, k.usd_sketch, k.values_sketch IS NOT NULL AS mergeable
			FROM inferacct_internal.daily_distribution AS k
			WHERE k.dimension = $4 AND k.day >= $5 AND k.day < $6
				AND k.day IN (SELECT d FROM inferacct_internal.rollup_days($5, $6) AS d)
		), chosen AS (
			-- The rows of a day, where they are all there; otherwise what has most of them, and a mark.
			SELECT DISTINCT ON (c.day) c.*, CASE WHEN c.is_whole THEN 0 ELSE w.requests END AS incomplete_requests
			FROM (
				SELECT r.*, true AS mergeable, coalesce(r.requests >= w.requests, true) AS is_whole
				FROM read AS r LEFT JOIN rolled AS w USING (day)
				UNION ALL SELECT k.*, false FROM known AS k WHERE k.day = ANY ($7)
				UNION ALL SELECT w.day, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, false, false FROM rolled AS w
			) AS c LEFT JOIN rolled AS w USING (day)
			ORDER BY c.day, c.is_whole DESC, c.requests DESC
		)
		SELECT date_trunc($3, s.day::timestamp)::date, sum(s.requests)::bigint, sum(s.unpriced_requests)::bigint,
			CASE WHEN count(*) = 1 THEN min(s.distinct_values) WHEN bool_and(s.mergeable) THEN %1$s END,
			CASE WHEN count(*) = 1 THEN min(s.p50_usd) WHEN bool_and(s.mergeable) THEN %2$s END,
			CASE WHEN count(*) = 1 THEN min(s.p90_usd) WHEN bool_and(s.mergeable) THEN %3$s END,
			CASE WHEN count(*) = 1 THEN min(s.p99_usd) WHEN bool_and(s.mergeable) THEN %4$s END,
			max(s.max_usd), count(*) > 1, sum(s.incomplete_requests)::bigint
		FROM (
			SELECT k.*, 0 AS incomplete_requests FROM known AS k WHERE k.day <> ALL ($7)
			UNION ALL SELECT c.day, c.requests, c.unpriced_requests, c.distinct_values, c.p50_usd, c.p90_usd,
				c.p99_usd, c.max_usd, c.values_sketch, c.usd_sketch, c.mergeable, c.incomplete_requests
			FROM chosen AS c) AS s
		GROUP BY 1 ORDER BY 1
	$query$, coalesce(sketch_expression('merged values', 's.values_sketch'), 'NULL::bigint'),
		coalesce(sketch_expression('0.5', 's.usd_sketch'), 'NULL::numeric'),
		coalesce(sketch_expression('0.9', 's.usd_sketch'), 'NULL::numeric'),
		coalesce(sketch_expression('0.99', 's.usd_sketch'), 'NULL::numeric'),
		distribution_columns(), coalesce(sketch_expression('values', 'r.one::text'), 'NULL'),
		coalesce(sketch_expression('usd', 'r.usd'), 'NULL'), rows_of)
	USING begin_of(unkept[1]), begin_of(unkept[cardinality(unkept)] + 1), per, dimension, since, until, unkept;
END
$$;

COMMENT ON FUNCTION request_distribution(date, date, text, text, boolean) IS
'How many different values of a dimension the requests of [since, until) have (UTC days; '
'of several tenants each for itself), and what one request costs: median, 90th and 99th percentile and most, in USD, '
'of those that have a price; a row that sums up several requests is one of their mean. '
'By day, week (from Monday), month or year. dimension: api_key, end_user, tenant, team, project, model, request_id, '
'or one of usage_dimension, whatever its keep. Exact, from the rows of log and sources in that time; '
'the figures of two periods cannot be added, so ask for the longer period. The same under any inferacct.unpriced. '
'kept: from the days that keep_distribution() has kept, at the prices known then, and from the rows only of days that '
'were read since; a period of several days is then merged from sketches, and estimated is true: distinct_values within '
'0.81 % (standard error), percentiles within 0.5 % (median), 0.2 % (90th) and 0.03 % (99th) of the rank; NULL where a '
'day was kept without. Who does not see all usage gets the rows. '
'incomplete_requests: the requests, by the rollup, of days whose rows are not all there any more and that were not '
'kept since they were last read; what is said of them is by the rows that are left, or as they were kept before. '
'Errors: 22004 a NULL, 22023 another period, 42704 no such dimension; with kept, 0A000 for a longer period than a day '
'without the extensions hll and tdigest, or under inferacct.as_of or inferacct.contract.';
