-- budget: what may be spent, what will be spent, and what was unusual.
--
-- Invariant: what was spent is exact; what is expected is statistics in double
-- precision, given in whole cents, and says nothing (NULL with a reason) when
-- there is too little to go by.  Hours without requests count as hours of 0.

CREATE TABLE budget (
	name		text NOT NULL CHECK (name <> ''),
	month		date NOT NULL CHECK (month = date_trunc('month', month::timestamp)::date),
	usd			numeric NOT NULL CHECK (usd > 0 AND usd < 'Infinity'),
	team		text,
	project		text,
	provider	text,
	model		text,
	note		text,
	PRIMARY KEY (name, month)
);

COMMENT ON TABLE budget IS
'What may be spent in a UTC month by the usage that has this team, project, provider and model; NULL: any. '
'See budget_status.';
SELECT pg_extension_config_dump('budget', '');

CREATE FUNCTION inferacct_internal.hourly_usd(from_at timestamptz, until_at timestamptz, team text DEFAULT NULL,
	project text DEFAULT NULL, provider text DEFAULT NULL, model text DEFAULT NULL,
	OUT hour timestamptz, OUT usd numeric)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 744
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT h.hour, coalesce(rollup_spend(h.model, h.usage, h.first_at, h.last_at, h.min_input, h.max_input,
		h.aggregated, h.service_tier, h.region), 0)
	FROM usage_hourly AS h
	WHERE h.hour >= $1 AND h.hour < $2 AND ($3 IS NULL OR h.team = $3) AND ($4 IS NULL OR h.project = $4)
		AND ($5 IS NULL OR resolved_provider(h.provider, h.model, h.first_at) = resolved_provider($5, h.model,
			h.first_at))
		AND ($6 IS NULL OR resolved_model(h.model, h.first_at) = resolved_model($6, h.first_at))
	GROUP BY h.hour
$$;

COMMENT ON FUNCTION hourly_usd(timestamptz, timestamptz, text, text, text, text) IS
'Exact USD of each UTC hour that has usage in [from_at, until_at), of that team, project, provider and model, by '
'whatever names; NULL: any. Errors as rollup_cost().';

CREATE FUNCTION inferacct_internal.normal_quantile(upper float8)
RETURNS float8
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 5
BEGIN ATOMIC
	SELECT t - (2.515517 + 0.802853 * t + 0.010328 * t * t)
		/ (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t)
	FROM (SELECT sqrt(-2 * ln(upper)) AS t) AS x;
END;

COMMENT ON FUNCTION normal_quantile(float8) IS
'The z that a standard normal variable exceeds with probability upper, in (0, 0.5]. '
'Error below 4.5e-4: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.23. NULL gives NULL; '
'errors 2201E, 2201F out of range.';

CREATE FUNCTION forecast(month date DEFAULT month_of(now()), team text DEFAULT NULL, project text DEFAULT NULL,
	provider text DEFAULT NULL, model text DEFAULT NULL,
	at timestamptz DEFAULT now(), confidence float8 DEFAULT 0.8, weeks integer DEFAULT 8,
	OUT spent_usd numeric, OUT expected_usd numeric, OUT usd numeric, OUT low_usd numeric, OUT high_usd numeric,
	OUT history_days integer, OUT method text, OUT reason text)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	this date := checked_month(month);
	month_end timestamptz := begin_of(next_month(this));
	seen_until timestamptz := least(hour_of(at), month_end);
	history_from timestamptz;
	first_hour timestamptz;
	level float8;
	day_sd float8;
	expected float8;
	days_left float8;
	level_days float8;
	error float8;
BEGIN
	IF confidence IS NULL OR confidence <= 0 OR confidence >= 1 OR weeks IS NULL OR weeks < 1 OR weeks > 104
		OR at IS NULL OR NOT isfinite(at) THEN
		PERFORM inferacct_internal.fail('22023', 'forecast() cannot use these arguments',
			hint => 'confidence lies between 0 and 1, weeks between 1 and 104, at is a finite time.');
	END IF;
	SELECT coalesce(trim_scale(sum(s.usd)), 0) INTO spent_usd
		FROM hourly_usd(begin_of(this), seen_until, team, project, provider, model) AS s;
	IF seen_until = month_end THEN
		expected_usd := 0;
		usd := spent_usd;
		low_usd := spent_usd;
		high_usd := spent_usd;
		method := 'the month has ended';
		RETURN;
	END IF;
	SELECT min(s.hour) INTO first_hour
		FROM hourly_usd(seen_until - weeks * interval '168 hours', seen_until, team, project, provider, model) AS s;
	history_days := floor(extract(epoch FROM seen_until - first_hour) / 86400);
	IF coalesce(history_days, 0) < 3 THEN
		history_days := coalesce(history_days, 0);
		reason := 'fewer than 3 days of history';
		RETURN;
	END IF;
	history_from := seen_until - history_days * interval '24 hours';
	method := CASE WHEN history_days >= 14 THEN 'hour of week' ELSE 'hour of day' END;

	WITH series AS (
		SELECT h.hour, coalesce(s.usd, 0)::float8 AS usd, CASE WHEN history_days >= 14 THEN 168 ELSE 24 END AS period,
			floor(extract(epoch FROM h.hour) / 3600)::bigint AS n, h.hour < seen_until AS seen
		FROM generate_series(history_from, month_end - interval '1 hour', interval '1 hour') AS h(hour)
		LEFT JOIN hourly_usd(history_from, seen_until, team, project, provider, model) AS s ON s.hour = h.hour
	), usual AS (
		SELECT n % period AS place, avg(series.usd) AS usd FROM series WHERE seen GROUP BY 1
	), fitted AS (
		SELECT series.*, usual.usd AS usual_usd FROM series JOIN usual ON usual.place = n % period
	), days AS (		-- counted back from the last hour, so that each is whole
		SELECT sum(f.usd - f.usual_usd) AS residual FROM fitted AS f WHERE f.seen
			GROUP BY floor(extract(epoch FROM seen_until - f.hour - interval '1 hour') / 86400)
	)
	SELECT coalesce(sum(f.usd) FILTER (WHERE f.seen AND f.hour >= seen_until - interval '168 hours')
			/ nullif(sum(f.usual_usd) FILTER (WHERE f.seen AND f.hour >= seen_until - interval '168 hours'), 0), 1),
		sum(f.usual_usd) FILTER (WHERE NOT f.seen),
		(SELECT sqrt(sum(d.residual * d.residual) / greatest(count(*) - CASE WHEN history_days >= 14 THEN 7 ELSE 1 END,
			1)) FROM days AS d)
	INTO level, expected, day_sd FROM fitted AS f;

	-- Of the days to come each varies by itself, and all by what is uncertain of the level.
	level_days := least(history_days, 7);
	days_left := extract(epoch FROM month_end - seen_until) / 86400;
	error := normal_quantile((1 - confidence) / 2) * day_sd * sqrt(days_left + days_left * days_left / level_days);
	expected_usd := round((expected * level)::numeric, 2);
	usd := spent_usd + expected_usd;
	low_usd := spent_usd + round(greatest(expected * level - error, 0)::numeric, 2);
	high_usd := spent_usd + round((expected * level + error)::numeric, 2);
END
$$;

COMMENT ON FUNCTION forecast(date, text, text, text, text, timestamptz, float8, integer) IS
'What a UTC month will cost by its end, of that team, project, provider and model (NULL: any), as seen at that '
'moment: spent_usd (exact, whole hours), expected_usd for the rest, usd their sum, and the interval [low_usd, '
'high_usd] that has the outcome with probability confidence. Each hour to come is expected to cost the mean of the '
'hours alike in the last weeks (hour of week, or hour of day with less than 14 days of history), times the level of '
'the last seven days; the interval takes days as independent and normal around that. '
'With fewer than 3 days of history all but spent_usd is NULL, and reason says so. '
'Errors: 22023 arguments, 22004, 22008; as rollup_cost() for what has no price.';

CREATE FUNCTION budget_pace(at timestamptz DEFAULT now(),
	OUT name text, OUT month date, OUT team text, OUT project text, OUT provider text, OUT model text,
	OUT budget_usd numeric, OUT spent_usd numeric, OUT left_usd numeric,
	OUT spent_share numeric, OUT elapsed_share numeric, OUT pace numeric, OUT forecast_usd numeric, OUT low_usd numeric,
	OUT high_usd numeric, OUT status text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 20
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT b.name, b.month, b.team, b.project, b.provider, b.model, b.usd, f.spent_usd, b.usd - f.spent_usd,
		round(f.spent_usd / b.usd, 4), round(e.elapsed, 4), round(f.spent_usd / b.usd / nullif(e.elapsed, 0), 4), f.usd,
		f.low_usd, f.high_usd,
		CASE WHEN f.spent_usd > b.usd THEN 'over' WHEN f.low_usd > b.usd THEN 'will be over'
			WHEN f.high_usd > b.usd THEN 'may be over'
			 WHEN f.usd IS NULL THEN 'unknown' ELSE 'within' END
	FROM budget AS b
	CROSS JOIN LATERAL forecast(b.month, b.team, b.project, b.provider, b.model, $1) AS f
	CROSS JOIN LATERAL (SELECT least(greatest(extract(epoch FROM $1 - begin_of(b.month)) / extract(epoch
		FROM begin_of(next_month(b.month)) - begin_of(b.month)), 0), 1) AS elapsed) AS e
$$;

COMMENT ON FUNCTION budget_pace(timestamptz) IS
'Every budget as seen at that moment: what is spent and left, the share spent and the share of the month that has '
'passed, pace (their ratio: above 1 is too fast), the forecast to the end of the month with its 80 % interval, and '
'status: over, will be over (the whole interval is above), may be over (part of it is), within, unknown (too little '
'history).';

CREATE VIEW budget_status WITH (security_invoker = true) AS SELECT * FROM budget_pace();

COMMENT ON VIEW budget_status IS 'budget_pace() now.';

CREATE FUNCTION anomaly(since date, until date, team text DEFAULT NULL, threshold float8 DEFAULT 4,
	weeks integer DEFAULT 4,
	OUT day date, OUT usd numeric, OUT expected_usd numeric, OUT deviation_usd numeric, OUT score numeric,
	OUT driver_team text, OUT driver_model text, OUT driver_usd numeric, OUT driver_expected_usd numeric,
	OUT driver_share numeric, OUT cause text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 10
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH cells AS MATERIALIZED (
		SELECT s.day, s.team, s.model, coalesce(sum(s.usd), 0) AS usd, sum(s.requests)::float8 AS requests,
			tokens_of(sum(s.usage))::float8 AS tokens
		FROM daily_spend AS s
		WHERE s.day >= $1 - 7 * $5 AND s.day < $2 AND ($3 IS NULL OR s.team = $3)
		GROUP BY s.day, s.team, s.model
	), days AS MATERIALIZED (
		SELECT d::date AS day, coalesce((SELECT sum(c.usd) FROM cells AS c WHERE c.day = d::date), 0) AS usd
		FROM generate_series((SELECT min(c.day) FROM cells AS c)::timestamp,
			CASE WHEN check_span($1::timestamp AT TIME ZONE 'UTC', $2::timestamp AT TIME ZONE 'UTC', '10 years')
				THEN $2::timestamp - interval '1 day' END,
			interval '1 day') AS d
	), weekdays AS (		-- of the weeks before each day: the median of each weekday
		SELECT d.day, extract(isodow FROM p.day) AS weekday, percentile_cont(0.5) WITHIN
			GROUP (ORDER BY p.usd::float8) AS usual, count(*) AS seen
		FROM days AS d JOIN days AS p ON p.day >= d.day - 7 * $5 AND p.day < d.day
		WHERE d.day >= $1 GROUP BY 1, 2
	), spread AS (
		SELECT d.day, 1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(p.usd::float8 - w.usual)) AS mad
		FROM days AS d JOIN days AS p ON p.day >= d.day - 7 * $5 AND p.day < d.day
		JOIN weekdays AS w ON w.day = d.day AND w.weekday = extract(isodow FROM p.day)
		WHERE d.day >= $1 GROUP BY 1
	), judged AS (
		SELECT d.day, d.usd, w.usual, w.seen, (d.usd::float8 - w.usual) / nullif(greatest(s.mad, 0.05 * w.usual, 0.01),
			0) AS score
		FROM days AS d JOIN weekdays AS w ON w.day = d.day AND w.weekday = extract(isodow FROM d.day) AND w.seen >= 2
			JOIN spread AS s ON s.day = d.day
	)
	SELECT j.day, trim_scale(j.usd), round(j.usual::numeric, 2), round(j.usd - j.usual::numeric, 2),
		round(j.score::numeric, 2),
		c.team, c.model, trim_scale(c.usd), round(c.usual::numeric, 2),
		round(((c.usd::float8 - c.usual) / nullif(j.usd::float8 - j.usual, 0))::numeric, 4),
		CASE WHEN c.seen = 0 THEN 'new: no such usage in the weeks before'
			 WHEN c.requests = 0 THEN 'requests: none'
			WHEN abs(ln(c.requests / c.usual_requests)) >= greatest(abs(ln(c.size / c.usual_size)),
				abs(ln(c.rate / c.usual_rate)))
				OR c.size IS NULL OR c.usual_size IS NULL OR c.rate IS NULL OR c.usual_rate IS NULL
				THEN format('requests: %s times as many', round((c.requests / c.usual_requests)::numeric, 2))
			 WHEN abs(ln(c.size / c.usual_size)) >= abs(ln(c.rate / c.usual_rate))
				THEN format('tokens per request: %s times as many', round((c.size / c.usual_size)::numeric, 2))
			 ELSE format('USD per token: %s times as much', round((c.rate / c.usual_rate)::numeric, 2)) END
	FROM judged AS j
	CROSS JOIN LATERAL (
		SELECT k.team, k.model, coalesce(n.usd, 0) AS usd, coalesce(n.requests, 0) AS requests,
			nullif(n.tokens, 0) / nullif(n.requests, 0) AS size, nullif(n.usd, 0)::float8 / nullif(n.tokens, 0) AS rate,
			coalesce(b.usd, 0) / j.seen AS usual, coalesce(b.seen, 0) AS seen, b.requests / b.seen AS usual_requests,
			nullif(b.tokens, 0) / nullif(b.requests, 0) AS usual_size,
			nullif(b.usd, 0) / nullif(b.tokens, 0) AS usual_rate
		FROM (SELECT DISTINCT c.team, c.model FROM cells AS c WHERE c.day <= j.day AND c.day >= j.day - 7 * $5) AS k
		LEFT JOIN cells AS n ON n.day = j.day AND n.team IS NOT DISTINCT FROM k.team AND n.model = k.model
		LEFT JOIN LATERAL (
			SELECT sum(c.usd)::float8 AS usd, sum(c.requests) AS requests, sum(c.tokens) AS tokens,
				nullif(count(*), 0) AS seen
			FROM cells AS c
			WHERE c.team IS NOT DISTINCT FROM k.team AND c.model = k.model AND c.day < j.day AND c.day >= j.day - 7 * $5
				AND extract(isodow FROM c.day) = extract(isodow FROM j.day)) AS b ON true
		ORDER BY (coalesce(n.usd, 0)::float8 - coalesce(b.usd, 0) / j.seen) * sign(j.usd::float8 - j.usual) DESC,
			k.team, k.model
		LIMIT 1) AS c
	WHERE abs(j.score) >= $4
	ORDER BY j.day
$$;

COMMENT ON FUNCTION anomaly(date, date, text, float8, integer) IS
'Days of [since, until) (UTC) that cost unusually much or little: usd, expected_usd (median of the same weekday in '
'the weeks before, of which two must be there), score (deviation by 1.4826 times the median absolute deviation of '
'these weeks, at least 5 % of what is expected), and the team and model that deviate most in the same direction, with '
'their share and cause: the factor that changed most of requests, tokens per request and USD per token. '
'team: only that team; threshold: least score shown. NULL since or until gives no row. '
'Errors: 22008 an infinite day, 54000 more than 10 years; others as rollup_cost().';
