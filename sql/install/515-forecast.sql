-- forecast: what a month will cost.
--
-- Invariant: what was spent is exact.  What is to come is tokens as in the weeks before,
-- hour of the week by hour of the week, at the prices that are published for the hours to
-- come; only hours of the month asked for count.  The level of these tokens is a mean of
-- five simple rules (the last 28, 14, 7 and 3 days, and the trend of two fortnights),
-- each weighted by how it did in the weeks before, and the first preferred, as noise is
-- more usual than change.  The interval is what the rules missed by in these weeks, and
-- no less than what the days vary by.  It is statistics in double precision, given in
-- whole cents, and says nothing (NULL with a reason) when there is too little to go by.
-- Hours that are not known yet are expected, not 0.

CREATE FUNCTION inferacct_internal.known_until(at timestamptz)
RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH recent AS (
		SELECT h.origin, h.hour, r.refreshed_at
		FROM (SELECT DISTINCT u.origin, u.hour FROM usage_hourly AS u
			WHERE u.hour >= hour_of($1) - interval '28 days' AND u.hour < hour_of($1)) AS h
		LEFT JOIN refreshed_hour AS r USING (origin, hour)
	), origins AS (
		-- An hour that was read before it was over is not known.
		SELECT max(n.hour) + CASE WHEN hour_of((array_agg(n.refreshed_at ORDER BY n.hour DESC))[1]) = max(n.hour)
				THEN interval '0' ELSE interval '1 hour' END AS until,
			count(*) >= 24 AND count(*) >= 0.5 * extract(epoch FROM max(n.hour) - min(n.hour)) / 3600 AS is_dense
		FROM recent AS n GROUP BY n.origin
	)
	SELECT least(hour_of($1), min(o.until) FILTER (WHERE o.is_dense AND o.until > hour_of($1) - interval '7 days'))
	FROM origins AS o
$$;

COMMENT ON FUNCTION known_until(timestamptz) IS
'Until when usage is known as seen at a time: the last hour of whichever origin, of those that have requests in most '
'hours, is behind; one that has had none for a week is taken to have ended.';

CREATE FUNCTION inferacct_internal.cost_at(model text, usage usage, at timestamptz, min_input bigint,
	max_input bigint, aggregated boolean, service_tier text, region text)
RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE COST 20
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN rollup_problem($1, $2, $3, $3, $4, $5, $6, $7, $8) IS NULL
		THEN rollup_cost($1, $2, $3, $3, $4, $5, $6, $7, $8) END
$$;

COMMENT ON FUNCTION cost_at(text, usage, timestamptz, bigint, bigint, boolean, text, text) IS
'USD of a row of the rollup as if its requests were made at one moment; NULL when it has no price then.';

CREATE FUNCTION inferacct_internal.chosen_usage(since timestamptz, until timestamptz, team text, project text,
	provider text, model text)
RETURNS SETOF usage_hourly
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT h.* FROM usage_hourly AS h
	WHERE h.hour >= $1 AND h.hour < $2 AND ($3 IS NULL OR h.team = $3) AND ($4 IS NULL OR h.project = $4)
		AND ($5 IS NULL OR resolved_provider(h.provider, h.model, h.first_at) = resolved_provider($5, h.model,
			h.first_at))
		AND ($6 IS NULL OR resolved_model(h.model, h.first_at) = resolved_model($6, h.first_at))
$$;

COMMENT ON FUNCTION chosen_usage(timestamptz, timestamptz, text, text, text, text) IS
'The rows of usage_hourly of [since, until) of a team, project, provider and model, by whatever names; NULL: any.';

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

CREATE FUNCTION inferacct_internal.week_shares(days float8[], n integer)
RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	shares float8[] := array_fill(0::float8, ARRAY[7]);
	weeks integer := 0;
	total float8;
BEGIN
	FOR w IN 0 .. least(8, n / 7) - 1 LOOP
		total := 0;
		FOR d IN 1 .. 7 LOOP
			total := total + days[n - 7 * w - 7 + d];
		END LOOP;
		CONTINUE WHEN total <= 0;
		weeks := weeks + 1;
		FOR d IN 1 .. 7 LOOP
			shares[d] := shares[d] + 7 * days[n - 7 * w - 7 + d] / total;
		END LOOP;
	END LOOP;
	RETURN CASE WHEN weeks = 0 THEN array_fill(1::float8, ARRAY[7])
		ELSE ARRAY(SELECT s / weeks FROM unnest(shares) AS s) END;
END
$$;

COMMENT ON FUNCTION week_shares(float8[], integer) IS
'What part of a mean day each day of the week is, by the last eight weeks of days[1 .. n]; element 7 is that of day n.';

CREATE FUNCTION inferacct_internal.levels(days float8[], n integer, ahead float8)
RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	shares float8[] := week_shares(days, n);
	level float8[] := '{}';
	lag integer;
	had float8;
	usual float8;
	growth float8;
BEGIN
	FOREACH lag IN ARRAY ARRAY[28, 14, 7, 3] LOOP
		had := 0;
		usual := 0;
		FOR d IN 0 .. least(lag, n) - 1 LOOP
			had := had + days[n - d];
			usual := usual + shares[7 - d % 7];
		END LOOP;
		level := level || CASE WHEN usual > 0 THEN had / usual ELSE 0 END;
	END LOOP;
	-- 28 days are the mean of both fortnights.
	growth := CASE WHEN n >= 28 AND level[2] > 0 AND 2 * level[1] > level[2]
		THEN level[2] / (2 * level[1] - level[2]) END;
	RETURN level || CASE WHEN growth IS NULL THEN level[2]
		ELSE level[2] * exp(0.7 * greatest(least(ln(growth), 1), -1) * (7 + ahead) / 14) END;
END
$$;

COMMENT ON FUNCTION levels(float8[], integer, float8) IS
'What a mean day will cost, by five rules: the mean of the last 28, 14, 7 and 3 of days[1 .. n] by their places in the '
'week, and the last fortnight with the trend since the one before, damped. ahead: days from n to the middle of what is '
'asked for.';

CREATE FUNCTION inferacct_internal.fitted_level(days float8[], gap float8, asked float8, OUT level float8,
	OUT sd float8)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	n CONSTANT integer := cardinality(days);
	span CONSTANT integer := greatest(least(round(asked)::integer, 14), 1);
	used CONSTANT integer := CASE WHEN n >= 14 THEN least(n - n % 7, 56) ELSE n END;
	rules CONSTANT float8[] := levels(days, n, gap + asked / 2);
	missed float8[] := '{}';		-- of the five rules, origin by origin
	absolute float8[] := array_fill(1e-9::float8, ARRAY[5]);
	origins integer := 0;
	origin integer;
	shares float8[];
	tried float8[];
	truth float8;
	usual float8;
	weights float8[];
	total float8;
	miss float8;
	mean_miss float8 := 0;
	mean_square float8 := 0;
	base float8;
	residual float8[];
	variance float8;
	rho float8;
BEGIN
	FOR j IN 0 .. 13 LOOP
		origin := n - span - 4 * j;
		EXIT WHEN origin < 29;
		shares := week_shares(days, origin);
		tried := levels(days, origin, span / 2.0);
		truth := 0;
		usual := 0;
		FOR d IN 1 .. span LOOP
			truth := truth + days[origin + d];
			usual := usual + shares[(d - 1) % 7 + 1];
		END LOOP;
		FOR i IN 1 .. 5 LOOP
			missed := missed || (tried[i] * usual - truth);
			absolute[i] := absolute[i] + abs(tried[i] * usual - truth);
		END LOOP;
		origins := origins + 1;
	END LOOP;
	-- Who missed half as much counts eight times; and the first sixteen times.
	weights := CASE WHEN origins = 0 THEN ARRAY[1, 0, 0, 0, 0]::float8[]
		ELSE ARRAY(SELECT CASE WHEN i = 1 THEN 16 ELSE 1 END * power(absolute[1] / absolute[i], 3)
			FROM generate_series(1, 5) AS i ORDER BY i) END;
	total := (SELECT sum(w) FROM unnest(weights) AS w);
	level := (SELECT sum(x.w * x.r) / total FROM unnest(weights, rules) AS x(w, r));
	FOR j IN 0 .. origins - 1 LOOP
		miss := (SELECT sum(weights[i] * missed[5 * j + i]) / total FROM generate_series(1, 5) AS i);
		mean_miss := mean_miss + miss / origins;
		mean_square := mean_square + miss * miss / origins;
	END LOOP;

	-- Days vary by themselves, and one like the day before (rho).
	shares := CASE WHEN n >= 14 THEN week_shares(days, n) ELSE array_fill(1::float8, ARRAY[7]) END;
	base := (SELECT avg(d) FROM unnest(days[n - used + 1 :]) AS d);
	residual := ARRAY(SELECT days[n - used + d] - base * shares[7 - (used - d) % 7]
		FROM generate_series(1, used) AS d ORDER BY d);
	variance := (SELECT sum(r * r) FROM unnest(residual) AS r)
		/ greatest(used - CASE WHEN n >= 14 THEN 7 ELSE 1 END, 1);
	rho := coalesce((SELECT sum(residual[d] * residual[d - 1]) FROM generate_series(2, used) AS d)
		/ nullif((SELECT sum(r * r) FROM unnest(residual) AS r), 0), 0);
	rho := greatest(least(rho, 0.9), 0);
	sd := sqrt((gap + asked) / asked * greatest(
		variance * (1 + rho) / (1 - rho) * (asked + asked * asked / least(n, 28)),
		1.4 * (greatest(mean_square - mean_miss * mean_miss, 0) * power(asked / span, 1.3)
			+ mean_miss * mean_miss * power(greatest(asked / span, 1), 3))));
END
$$;

COMMENT ON FUNCTION fitted_level(float8[], float8, float8) IS
'From the cost of days, the last one last: what a mean day will cost of those asked for, after a gap, and the standard '
'deviation of their sum.';

CREATE FUNCTION forecast(month date DEFAULT month_of(now()), team text DEFAULT NULL, project text DEFAULT NULL,
	provider text DEFAULT NULL, model text DEFAULT NULL,
	at timestamptz DEFAULT now(), confidence float8 DEFAULT 0.8, weeks integer DEFAULT 16,
	OUT spent_usd numeric, OUT expected_usd numeric, OUT usd numeric, OUT low_usd numeric, OUT high_usd numeric,
	OUT history_days integer, OUT method text, OUT reason text, OUT known_until timestamptz,
	OUT unpriced_requests bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
DECLARE
	this date := checked_month(month);
	month_end timestamptz := begin_of(next_month(this));
	asked_from timestamptz;
	first_hour timestamptz;
	period integer;
	step interval;
	usual_hours integer;
	days float8[];
	usual_day float8;
	to_come float8;
	lost bigint;
	fit record;
	asked float8;
	factor float8;
	error float8;
BEGIN
	IF confidence IS NULL OR confidence <= 0 OR confidence >= 1 OR weeks IS NULL OR weeks < 1 OR weeks > 104
		OR at IS NULL OR NOT isfinite(at) THEN
		PERFORM inferacct_internal.fail('22023', 'forecast() cannot use these arguments',
			hint => 'confidence lies between 0 and 1, weeks between 1 and 104, at is a finite time.');
	END IF;
	known_until := least(inferacct_internal.known_until(at), month_end);
	asked_from := greatest(known_until, begin_of(this));
	SELECT coalesce(trim_scale(sum(c.usd)), 0), coalesce(sum(c.requests) FILTER (WHERE c.usd IS NULL), 0)
	INTO spent_usd, unpriced_requests
	FROM (SELECT meter(h.usage, 'requests') AS requests, CASE WHEN rollup_problem(h.model, h.usage, h.first_at,
			h.last_at, h.min_input, h.max_input, h.aggregated, h.service_tier, h.region) IS NULL
			THEN rollup_cost(h.model, h.usage, h.first_at, h.last_at, h.min_input, h.max_input, h.aggregated,
				h.service_tier, h.region) END AS usd
		FROM chosen_usage(begin_of(this), forecast.known_until, team, project, provider, model) AS h) AS c;
	IF unpriced_requests > 0 THEN
		reason := format('%s requests of the month have no price, and are in no figure', unpriced_requests);
	END IF;
	IF asked_from >= month_end THEN
		expected_usd := 0;
		usd := spent_usd;
		low_usd := spent_usd;
		high_usd := spent_usd;
		method := 'the month has ended';
		RETURN;
	END IF;
	first_hour := (SELECT min(h.hour) FROM chosen_usage(forecast.known_until - weeks * interval '168 hours',
		forecast.known_until, team, project, provider, model) AS h);
	history_days := coalesce(floor(extract(epoch FROM known_until - first_hour) / 86400), 0);
	IF history_days < 3 THEN
		reason := 'fewer than 3 days of history';
		RETURN;
	END IF;
	method := CASE WHEN history_days >= 14 THEN 'hour of week' ELSE 'hour of day' END;
	period := CASE WHEN history_days >= 14 THEN 168 ELSE 24 END;
	step := make_interval(hours => period);
	usual_hours := least(24 * history_days / period * period, 1344);
	asked := extract(epoch FROM month_end - asked_from) / 86400;

	-- The past at the prices of the hours to come: of the next alike hour, for what is usual, and of all asked for.
	WITH past AS MATERIALIZED (
		SELECT h.model, h.usage, h.min_input, h.max_input, h.aggregated, h.service_tier, h.region,
			meter(h.usage, 'requests') AS requests, extract(epoch
				FROM forecast.known_until - h.hour) / 3600 AS hours_ago,
			h.first_at + ceil(extract(epoch FROM asked_from - h.hour) / 3600 / period)::integer * step AS next_at,
			h.hour + ceil(extract(epoch FROM asked_from - h.hour) / 3600 / period)::integer * step AS next_hour
		FROM chosen_usage(forecast.known_until - history_days * interval '24 hours', forecast.known_until, team,
			project,
			provider, model) AS h
	), priced AS MATERIALIZED (
		SELECT p.*, ceil(p.hours_ago / 24)::integer AS days_ago, p.hours_ago <= usual_hours AS is_usual,
			cost_at(p.model, p.usage, p.next_at, p.min_input, p.max_input, p.aggregated, p.service_tier,
				p.region)::float8
			AS usd
		FROM past AS p
	), daily AS (
		SELECT p.days_ago, sum(p.usd) AS usd FROM priced AS p GROUP BY p.days_ago
	)
	SELECT ARRAY(SELECT coalesce(d.usd, 0) FROM generate_series(1, history_days) AS g(ago)
			LEFT JOIN daily AS d ON d.days_ago = g.ago ORDER BY g.ago DESC),
		(SELECT sum(p.usd) * 24 / usual_hours FROM priced AS p WHERE p.is_usual),
		(SELECT sum(cost_at(p.model, p.usage, p.next_at + k * step, p.min_input, p.max_input, p.aggregated,
				p.service_tier, p.region)::float8) * period / usual_hours
			FROM priced AS p CROSS JOIN generate_series(0, 800 / period) AS k
			WHERE p.is_usual AND p.next_hour + k * step < month_end),
		(SELECT coalesce(sum(p.requests) FILTER (WHERE p.usd IS NULL), 0) FROM priced AS p WHERE p.is_usual)
	INTO days, usual_day, to_come, lost;
	fit := fitted_level(days, extract(epoch FROM asked_from - known_until)::float8 / 86400, asked);
	-- Mean days at the first prices, by the prices that will be in force.
	factor := CASE WHEN usual_day > 0 THEN coalesce(to_come, 0) / usual_day ELSE 0 END;
	error := normal_quantile((1 - confidence) / 2) * fit.sd * factor / asked;
	expected_usd := round((fit.level * factor)::numeric, 2);
	usd := spent_usd + expected_usd;
	low_usd := spent_usd + round(greatest(fit.level * factor - error, 0)::numeric, 2);
	high_usd := spent_usd + round((fit.level * factor + error)::numeric, 2);
	IF lost > 0 THEN
		reason := concat_ws('; ', reason, format('%s requests of the weeks before have no price for the hours to come, '
			'and are not expected', lost));
	END IF;
END
$$;

COMMENT ON FUNCTION forecast(date, text, text, text, text, timestamptz, float8, integer) IS
'What a UTC month will cost by its end, of that team, project, provider and model (NULL: any), as seen at that '
'moment: spent_usd (exact, whole hours), expected_usd for the rest of that month, usd their sum, and the interval '
'[low_usd, high_usd] that has the outcome with probability confidence. The tokens of the last weeks, by hour of the '
'week (hour of the day with less than 14 days of history), at a level that is fitted to them, cost what prices that '
'are '
'published for the hours to come say. known_until: hours from then on are not in the rollup yet, and expected. '
'unpriced_requests of the month have no price and are in no figure; reason says so. '
'With fewer than 3 days of history all but spent_usd is NULL, and reason says so. '
'Errors: 22023 arguments, 22004, 22008.';
