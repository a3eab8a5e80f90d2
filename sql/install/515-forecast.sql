-- forecast: what a month will cost.
--
-- Invariant: what was spent is exact.  What is to come is tokens as in the weeks before,
-- hour of the week by hour of the week, at the prices that are published for the hours to
-- come; only hours of the month asked for count.  The level of these tokens is a mean of
-- six simple rules (the last 28, 14, 7, 3 and 56 days, and the trend of two fortnights),
-- each weighted by how it did in the weeks before, and the first, which is the mean of
-- the same weekday of four weeks, preferred, as noise is more usual than change.  The
-- interval is what they missed by in these weeks, lately above all.  Of whom fewer than
-- two weeks are known, the week is that of the others.  It is statistics in double
-- precision, given in whole cents, and says nothing (NULL with a reason) when there is
-- too little to go by.  Hours that are not known yet are expected, not 0.

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

-- The z of Student's t with four degrees of freedom: misses of a few weeks have heavier tails than a normal variable.
CREATE FUNCTION inferacct_internal.heavy_quantile(upper float8)
RETURNS float8
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT z + (power(z, 3) + z) / 16 + (5 * power(z, 5) + 16 * power(z, 3) + 3 * z) / 1536
	FROM (SELECT normal_quantile(upper) AS z) AS x;
END;

COMMENT ON FUNCTION heavy_quantile(float8) IS
'What Student''s t with four degrees of freedom exceeds with probability upper, in (0, 0.5]: the first terms of its '
'expansion (Abramowitz and Stegun, 26.7.5), within 0.1 from 0.025 on. NULL gives NULL; errors 2201E, 2201F out of '
'range.';

CREATE FUNCTION inferacct_internal.week_shares(days float8[], n integer)
RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	shares float8[] := array_fill(0::float8, ARRAY[7]);
	total float8 := 0;
BEGIN
	FOR w IN 0 .. least(4, n / 7) - 1 LOOP
		FOR d IN 1 .. 7 LOOP
			shares[d] := shares[d] + days[n - 7 * w - 7 + d];
			total := total + days[n - 7 * w - 7 + d];
		END LOOP;
	END LOOP;
	RETURN CASE WHEN total <= 0 THEN array_fill(1::float8, ARRAY[7])
		ELSE ARRAY(SELECT 7 * s / total FROM unnest(shares) AS s) END;
END
$$;

COMMENT ON FUNCTION week_shares(float8[], integer) IS
'What part of a mean day each day of the week is, by the last four weeks of days[1 .. n]; element 7 is that of day n.';

CREATE FUNCTION inferacct_internal.levels(days float8[], n integer, ahead float8)
RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	shares float8[] := week_shares(days, n);
	level float8[] := array_fill(NULL::float8, ARRAY[5]);
	had float8 := 0;
	usual float8 := 0;
	growth float8;
BEGIN
	FOR d IN 1 .. least(n, 56) LOOP
		had := had + days[n + 1 - d];
		usual := usual + shares[7 - (d - 1) % 7];
		IF d IN (28, 14, 7, 3, 56) THEN
			level[array_position('{28,14,7,3,56}', d)] := CASE WHEN usual > 0 THEN had / usual ELSE 0 END;
		END IF;
	END LOOP;
	-- Of fewer days, all that there are.
	level := ARRAY(SELECT coalesce(l, CASE WHEN usual > 0 THEN had / usual ELSE 0 END) FROM unnest(level)
		WITH ORDINALITY AS x(l, i) ORDER BY i);
	-- 28 days are the mean of both fortnights.
	growth := CASE WHEN n >= 28 AND level[2] > 0 AND 2 * level[1] > level[2]
		THEN level[2] / (2 * level[1] - level[2]) END;
	RETURN level || CASE WHEN growth IS NULL THEN level[2]
		ELSE level[2] * exp(0.7 * greatest(least(ln(growth), 1), -1) * (7 + ahead) / 14) END;
END
$$;

COMMENT ON FUNCTION levels(float8[], integer, float8) IS
'What a mean day will cost, by six rules: the mean of the last 28, 14, 7, 3 and 56 of days[1 .. n] by their places in '
'the week, and the last fortnight with the trend since the one before, damped. ahead: days from n to the middle of '
'what is asked for.';

CREATE FUNCTION inferacct_internal.fitted_level(days float8[], gap float8, asked float8, OUT level float8,
	OUT sd float8)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	n CONSTANT integer := cardinality(days);
	span CONSTANT integer := greatest(least(round(asked)::integer, 28), 1);
	used CONSTANT integer := CASE WHEN n >= 14 THEN least(n - n % 7, 56) ELSE n END;
	rules CONSTANT float8[] := levels(days, n, gap + asked / 2);
	missed float8[] := '{}';		-- of the six rules, origin by origin
	absolute float8[] := array_fill(1e-9::float8, ARRAY[6]);
	origins integer := 0;
	origin integer;
	shares float8[];
	tried float8[];
	truth float8;
	usual float8;
	scale float8;
	weights float8[];
	total float8;
	miss float8;
	recent float8 := 0;
	mean_miss float8 := 0;
	mean_square float8 := 0;
	base float8;
	residual float8[];
	varied float8;
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
		-- A miss counts by the level that there was.
		scale := CASE WHEN tried[1] > 0 THEN least(greatest(rules[1] / tried[1], 0.25), 4) ELSE 1 END;
		FOR i IN 1 .. 6 LOOP
			missed := missed || scale * (tried[i] * usual - truth);
			absolute[i] := absolute[i] + abs(scale * (tried[i] * usual - truth));
		END LOOP;
		origins := origins + 1;
	END LOOP;
	-- Who missed half as much counts sixteen times, who missed more by a third not at all; and the first eight times.
	weights := CASE WHEN origins = 0 THEN ARRAY[1, 0, 0, 0, 0, 0]::float8[]
		ELSE ARRAY(SELECT CASE WHEN i = 1 THEN 8 ELSE greatest(power(absolute[1] / absolute[i], 4) - 0.3, 0) END
			FROM generate_series(1, 6) AS i ORDER BY i) END;
	total := (SELECT sum(w) FROM unnest(weights) AS w);
	level := (SELECT sum(x.w * x.r) / total FROM unnest(weights, rules) AS x(w, r));
	-- What was missed lately says more of what will be.
	FOR j IN 0 .. origins - 1 LOOP
		miss := (SELECT sum(weights[i] * missed[6 * j + i]) / total FROM generate_series(1, 6) AS i);
		recent := recent + power(0.9, j);
		mean_miss := mean_miss + power(0.9, j) * miss;
		mean_square := mean_square + power(0.9, j) * miss * miss;
	END LOOP;
	IF origins > 0 THEN
		mean_miss := mean_miss / recent;
		mean_square := 1.2 * (greatest(mean_square / recent - mean_miss * mean_miss, 0) * asked / span
			+ mean_miss * mean_miss * power(greatest(asked / span, 1), 3));
	END IF;

	-- Days vary by themselves, and one like the day before (rho).
	shares := CASE WHEN n >= 14 THEN week_shares(days, n) ELSE array_fill(1::float8, ARRAY[7]) END;
	base := (SELECT avg(d) FROM unnest(days[n - used + 1 :]) AS d);
	residual := ARRAY(SELECT days[n - used + d] - base * shares[7 - (used - d) % 7]
		FROM generate_series(1, used) AS d ORDER BY d);
	rho := coalesce((SELECT sum(residual[d] * residual[d - 1]) FROM generate_series(2, used) AS d)
		/ nullif((SELECT sum(r * r) FROM unnest(residual) AS r), 0), 0);
	rho := greatest(least(rho, 0.9), 0);
	varied := (SELECT sum(r * r) FROM unnest(residual) AS r) / greatest(used - CASE WHEN n >= 14 THEN 7 ELSE 1 END, 1)
		* (1 + rho) / (1 - rho) * (asked + asked * asked / least(n, 28));
	-- That is all there is to go by where little could be tried.
	sd := sqrt((gap + asked) / asked * CASE WHEN origins < 8 THEN greatest(varied, mean_square)
		ELSE greatest(0.6 * least(varied, 2 * mean_square / 1.2), mean_square) END);
END
$$;

COMMENT ON FUNCTION fitted_level(float8[], float8, float8) IS
'From the cost of days, the last one last: what a mean day will cost of those asked for, after a gap, and the standard '
'deviation of their sum, by heavy_quantile().';

-- What little is known of the one, in the weeks of the others.
CREATE FUNCTION inferacct_internal.shape_of_others(known_until timestamptz, history_days integer, gap float8,
	asked float8, team text, project text, provider text, model text, confidence float8, OUT shape float8,
	OUT error float8)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH spent AS MATERIALIZED (		-- all at the prices of one moment
		SELECT coalesce(h.team, '') AS name, ceil(extract(epoch FROM $1 - h.hour) / 86400)::integer AS ago,
			sum(cost_at(h.model, h.usage, $1, h.min_input, h.max_input, h.aggregated, h.service_tier, h.region)::float8)
				AS usd
		FROM usage_hourly AS h
		WHERE h.hour >= $1 - interval '2016 hours' AND h.hour < $1
			AND NOT (($5 IS NULL OR h.team IS NOT DISTINCT FROM $5)
				AND ($6 IS NULL OR h.project IS NOT DISTINCT FROM $6)
				AND ($7 IS NULL OR resolved_provider(h.provider, h.model, h.first_at)
					IS NOT DISTINCT FROM resolved_provider($7, h.model, h.first_at))
				AND ($8 IS NULL OR resolved_model(h.model, h.first_at) = resolved_model($8, h.first_at)))
		GROUP BY 1, 2
	), week AS MATERIALIZED (
		SELECT g.place, coalesce(sum(s.usd), 0) AS usd FROM generate_series(0, 6) AS g(place)
		LEFT JOIN spent AS s ON s.ago % 7 = g.place AND s.ago <= 56 GROUP BY g.place
	), others AS (
		SELECT s.name, max(s.ago) AS since FROM spent AS s GROUP BY s.name HAVING max(s.ago) >= 42 AND sum(s.usd) > 0
	), tries AS (
		SELECT o.name, d.from_day, d.from_day + d.span AS to_day, d.from_day + d.span + $2 AS window_day
		FROM others AS o CROSS JOIN (SELECT g AS from_day, greatest(least(round($4)::integer, 28), 1) AS span
			FROM generate_series(0, 40, 4) AS g) AS d
		WHERE d.from_day + d.span + $2 <= o.since
	), tried AS (
		SELECT (SELECT coalesce(sum(s.usd), 0) FROM spent AS s
				WHERE s.name = t.name AND s.ago > t.from_day AND s.ago <= t.to_day) AS truth,
			(SELECT sum(s.usd) FROM spent AS s WHERE s.name = t.name AND s.ago > t.to_day AND s.ago <= t.window_day)
			* (SELECT sum(w.usd) FROM generate_series(t.from_day + 1, t.to_day) AS a JOIN week AS w ON w.place = a % 7)
			/ (SELECT nullif(sum(w.usd), 0) FROM generate_series(t.to_day + 1, t.window_day) AS a
				JOIN week AS w ON w.place = a % 7) AS guess
		FROM tries AS t
	)
	SELECT (SELECT avg(w.usd) FROM generate_series(floor($3)::integer + 1, greatest(ceil($3 + $4)::integer,
			floor($3)::integer + 1)) AS f JOIN week AS w ON w.place = ((1 - f) % 7 + 7) % 7)
		/ nullif((SELECT avg(w.usd) FROM generate_series(1, $2) AS a JOIN week AS w ON w.place = a % 7), 0),
		(SELECT percentile_cont($9) WITHIN GROUP (ORDER BY abs(t.truth / t.guess - 1)) * sqrt(($3 + $4) / $4)
			FROM tried AS t WHERE t.guess > 0)
	WHERE (SELECT count(*) FROM others) >= 3
$$;

COMMENT ON FUNCTION
	shape_of_others(timestamptz, integer, float8, float8, text, text, text, text, float8) IS
'How much a mean day of those asked for costs by a mean one of the last history_days, as the week of all other usage '
'has it, and how far off such a guess of each other team was in the last twelve weeks, as a share, with that '
'confidence. NULLs with fewer than three other teams that have six weeks.';

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
	shape float8;
	shape_error float8;
	fit record;
	gap float8;
	asked float8;
	factor float8;
	expected float8;
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
	asked := extract(epoch FROM month_end - asked_from) / 86400;
	gap := extract(epoch FROM asked_from - known_until) / 86400;
	IF history_days BETWEEN 1 AND 13 THEN
		SELECT o.shape, o.error INTO shape, shape_error FROM shape_of_others(known_until, history_days, gap, asked,
			team, project, provider, model, confidence) AS o;
	END IF;
	IF history_days < 1 OR history_days < 3 AND num_nulls(shape, shape_error) > 0 THEN
		reason := concat_ws('; ', reason, CASE WHEN history_days < 1 THEN 'no day of history: nothing to go by'
			ELSE 'fewer than 3 days of history, and fewer than 3 other teams whose weeks could be taken' END);
		RETURN;
	END IF;
	method := CASE WHEN history_days >= 14 THEN 'hour of week' WHEN num_nulls(shape, shape_error) = 0
		THEN 'hour of day, in the week of others' ELSE 'hour of day' END;
	period := CASE WHEN history_days >= 14 THEN 168 ELSE 24 END;
	step := make_interval(hours => period);
	usual_hours := least(24 * history_days / period * period, 672);

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
	IF method = 'hour of day, in the week of others' THEN
		expected := coalesce(to_come, 0) * shape;
		error := expected * shape_error;
	ELSE
		-- Mean days at the first prices, by the prices that will be in force.
		fit := fitted_level(days, gap, asked);
		factor := CASE WHEN usual_day > 0 THEN coalesce(to_come, 0) / usual_day ELSE 0 END;
		expected := fit.level * factor;
		error := heavy_quantile((1 - confidence) / 2) * fit.sd * factor / asked;
	END IF;
	expected_usd := round(expected::numeric, 2);
	usd := spent_usd + expected_usd;
	low_usd := spent_usd + round(greatest(expected - error, 0)::numeric, 2);
	high_usd := spent_usd + round((expected + error)::numeric, 2);
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
'week, at a level that is fitted to them, cost what prices that are published for the hours to come say. With less '
'than 14 days of history it is by the hour of the day, in the week that at least three other teams have; without such '
'teams in no week. method says which. known_until: hours from then on are not in the rollup yet, and expected. '
'unpriced_requests of the month have no price and are in no figure; reason says so. Without a day of history, or with '
'fewer than 3 and no other teams, all but spent_usd is NULL, and reason says so. '
'Errors: 22023 arguments, 22004, 22008.';
