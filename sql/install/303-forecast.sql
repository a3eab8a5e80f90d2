-- forecast: what to plan for: the log at the level that it has reached.
--
-- Seasons stay as the log has them.  A trend is not noise: where the weeks rise or fall
-- throughout, each is brought to the level at the end of the log.  Statistics only; the
-- factors that they give are whole millionths, and money is multiplied exactly.

CREATE TYPE inferacct_internal.trend AS (
	weeks		integer,
	per_week	float8,
	certainty	float8
);

COMMENT ON TYPE trend IS
'How a load rises (above 0) or falls from week to week, in logarithms: the median of all slopes between two weeks '
'(Theil and Sen), and how many standard deviations their order is from chance (Mann and Kendall).';

CREATE FUNCTION inferacct_internal.trend(weekly float8[]) RETURNS trend
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH week AS (
		SELECT n, ln(load) AS height FROM unnest(weekly) WITH ORDINALITY AS w (load, n) WHERE load > 0
	)
	SELECT ROW(count(DISTINCT b.n)::integer + 1, percentile_cont(0.5) WITHIN GROUP (ORDER BY (b.height - a.height)
		/ (b.n - a.n)),
		abs(sum(sign(b.height - a.height))) / nullif(sqrt((count(DISTINCT b.n) + 1) * count(DISTINCT b.n)
			* (2.0 * (count(DISTINCT b.n) + 1) + 5) / 18), 0))::trend
	FROM week AS a JOIN week AS b ON a.n < b.n
$$;

COMMENT ON FUNCTION trend(float8[]) IS 'The trend of weekly loads; weeks without load do not count.';

CREATE FUNCTION inferacct_internal.week_loads(demand demand, waiting demand) RETURNS float8[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH hours AS (
		SELECT s.bucket, (input_tokens(s.usage) + output_tokens(s.usage))::float8 AS load FROM demand_series(demand)
			AS s
		UNION ALL
		SELECT s.bucket, (input_tokens(s.usage) + output_tokens(s.usage))::float8 FROM demand_series(waiting) AS s
	), week AS (
		SELECT floor(extract(epoch FROM (SELECT max(bucket) FROM hours) - bucket) / 604800) AS back, sum(load) AS load,
			min(bucket) AS starts
		FROM hours GROUP BY 1
	)
	SELECT array_agg(load ORDER BY back DESC) FROM week
	WHERE starts + interval '168 hours' <= (SELECT max(bucket) FROM hours)
		+ coalesce(bucket_width(demand), bucket_width(waiting))
$$;

COMMENT ON FUNCTION week_loads(demand, demand) IS
'Tokens of each whole week of two demands together, counted back from their last bucket, the oldest first.';

-- One log in 200 without a trend is taken for one with.
CREATE FUNCTION inferacct_internal.has_trend(t trend) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(t.weeks >= 6 AND t.certainty > 2.8, false);

COMMENT ON FUNCTION has_trend(trend) IS 'Is a trend of 6 weeks or more, and more than chance?';

CREATE FUNCTION inferacct_internal.scaled_usage(usage usage, millionths numeric) RETURNS usage
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT coalesce(jsonb_object_agg(m.meter, ceil(m.quantity * millionths / 1000000))::usage, $1) FROM meters($1) AS m
$$;

COMMENT ON FUNCTION scaled_usage(usage, numeric) IS
'A usage times so many millionths, meter by meter and rounded up. NULL gives NULL.';

CREATE FUNCTION inferacct_internal.at_level(demand demand, per_week float8, ends timestamptz, ahead float8 DEFAULT 0)
RETURNS demand
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT demand(l.bucket, scaled_usage(l.usage + usage(requests => l.requests - meter(l.usage, 'requests')),
			l.millionths),
		round(l.api_usd * l.millionths * 0.000001, 15), bucket_width(at_level.demand))
	FROM (
		SELECT s.*, greatest(1, round(1000000 * exp(per_week * (ahead + extract(epoch FROM ends - s.bucket)::float8
			/ 604800))::numeric)) AS millionths
		FROM demand_series(at_level.demand) AS s
	) AS l
	WHERE l.requests > 0
$$;

COMMENT ON FUNCTION at_level(demand, float8, timestamptz, float8) IS
'A demand whose buckets are brought to the level that its trend has `ahead` weeks after `ends`.';

CREATE FUNCTION inferacct_internal.forecast_wape(demand demand) RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	seen	trend;
	answer	numeric;
BEGIN
	seen := (SELECT trend(array_agg(load ORDER BY week))
	FROM (SELECT (i - mod(n, 168)) / 168 AS week, sum(tokens) AS load
		FROM (SELECT row_number() OVER (ORDER BY s.bucket) - 1 AS i, count(*) OVER () AS n,
			(input_tokens(s.usage) + output_tokens(s.usage))::float8 AS tokens FROM demand_series(demand) s) AS h
		WHERE i >= mod(n, 168) AND i < n - 672 GROUP BY 1) AS w);
	IF NOT has_trend(seen) THEN
		seen.per_week := 0;
	END IF;
	WITH hours AS MATERIALIZED (
		SELECT row_number() OVER (ORDER BY s.bucket) - 1 AS i, count(*) OVER () AS n, input_tokens(s.usage)::numeric
			+ output_tokens(s.usage) AS tokens
		FROM demand_series(demand) s
	), forecast AS (
		SELECT i % 168 AS hour, avg(tokens * exp(seen.per_week * (n - 672 - i) / 168.0)::numeric) AS tokens
		FROM hours WHERE i < n - 672 GROUP BY 1
	)
	SELECT round(sum(abs(h.tokens - f.tokens * exp(seen.per_week * (h.i - h.n + 672) / 168.0)::numeric))
		/ nullif(sum(h.tokens), 0), 6) INTO answer
	FROM hours h JOIN forecast f ON f.hour = h.i % 168 WHERE h.i >= h.n - 672 AND h.n >= 1344;
	RETURN answer;
END $$;

COMMENT ON FUNCTION forecast_wape(demand) IS
'Weighted absolute percentage error (as a share of 1, 6 decimals) of a backtest: the last four weeks of an hourly '
'demand, forecast by the mean of the same hour of the week in all weeks before and, where those rise or fall '
'throughout, by their trend. NULL for less than 8 weeks.';
