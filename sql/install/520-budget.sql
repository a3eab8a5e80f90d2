-- budget: what may be spent, what will be spent, and what was unusual.
--
-- Invariant: what was spent is exact; what is expected is statistics in double
-- precision, given in whole cents, and says nothing (NULL with a reason) when
-- there is too little to go by.

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

-- Of a budget by team its share of everything that is shared; by provider its commitments.
CREATE FUNCTION inferacct_internal.budget_shared_usd(b budget)
RETURNS numeric
LANGUAGE sql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN $1.project IS NOT NULL OR $1.model IS NOT NULL OR $1.team IS NOT NULL AND $1.provider IS NOT NULL THEN NULL
		WHEN NOT EXISTS (SELECT FROM shared_cost_all AS c WHERE c.month = $1.month) THEN 0
		WHEN NOT sees_all_usage() THEN NULL
		WHEN $1.team IS NOT NULL THEN (SELECT coalesce(sum(a.allocated_usd), 0) FROM shared_cost_allocation AS a
			WHERE a.month = $1.month AND a.team = $1.team)
		WHEN $1.provider IS NOT NULL THEN (SELECT coalesce(sum(c.usd), 0) FROM commitment_charge AS c
			WHERE c.month = $1.month AND resolved_provider(c.provider, NULL, c.since)
				= resolved_provider($1.provider, NULL, c.since))
		ELSE (SELECT coalesce(sum(c.usd), 0) FROM shared_cost_all AS c WHERE c.month = $1.month) END
$$;

COMMENT ON FUNCTION budget_shared_usd(budget) IS
'What a budget bears of shared costs, commitments and deployments of its month: all of them, a team''s allocation, '
'or a '
'provider''s commitments. NULL where that cannot be told: of a project, a model, a team at a provider, or for a role '
'that sees a part of the usage.';

CREATE FUNCTION budget_pace(at timestamptz DEFAULT now(),
	OUT name text, OUT month date, OUT team text, OUT project text, OUT provider text, OUT model text,
	OUT budget_usd numeric, OUT spent_usd numeric, OUT left_usd numeric,
	OUT spent_share numeric, OUT elapsed_share numeric, OUT pace numeric, OUT forecast_usd numeric, OUT low_usd numeric,
	OUT high_usd numeric, OUT status text, OUT shared_usd numeric, OUT reason text)
RETURNS SETOF record
LANGUAGE sql VOLATILE COST 100000 ROWS 20
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT b.name, b.month, b.team, b.project, b.provider, b.model, b.usd, f.spent_usd, b.usd - f.spent_usd - s.usd,
		round((f.spent_usd + s.usd) / b.usd, 4), round(e.elapsed, 4),
		round((f.spent_usd / nullif(e.elapsed, 0) + s.usd) / b.usd, 4), f.usd + s.usd, f.low_usd + s.usd,
			f.high_usd + s.usd,
		CASE WHEN f.spent_usd + s.usd > b.usd THEN 'over' WHEN f.low_usd + s.usd > b.usd THEN 'will be over'
			WHEN f.high_usd + s.usd > b.usd THEN 'may be over'
			WHEN f.usd IS NULL THEN 'unknown' ELSE 'within' END,
		h.usd, f.reason
	FROM budget AS b
	CROSS JOIN LATERAL forecast(b.month, b.team, b.project, b.provider, b.model, $1) AS f
	CROSS JOIN LATERAL budget_shared_usd(b) AS h(usd)
	CROSS JOIN LATERAL (SELECT coalesce(h.usd, 0) AS usd) AS s
	CROSS JOIN LATERAL (SELECT least(greatest(extract(epoch FROM $1 - begin_of(b.month)) / extract(epoch
		FROM begin_of(next_month(b.month)) - begin_of(b.month)), 0), 1) AS elapsed) AS e
$$;

COMMENT ON FUNCTION budget_pace(timestamptz) IS
'Every budget as seen at that moment: spent_usd by requests, shared_usd of shared costs, commitments and '
'deployments of '
'the whole month (NULL where it cannot be told, see budget_shared_usd()), what is left after both, the share spent and '
'the share of the month that has passed, pace (what the month would cost at this rate, by the budget: above 1 is too '
'fast), the forecast to the end of the month with its 80 % interval, and '
'status: over, will be over (the whole interval is above), may be over (part of it is), within, unknown (too little '
'history; reason says so, and what has no price).';

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
SET inferacct.unpriced TO 'null'
AS $$
	WITH cells AS MATERIALIZED (
		SELECT s.day, s.team, s.model, coalesce(sum(s.usd), 0) AS usd, sum(s.requests)::float8 AS requests,
			sum(s.requests) FILTER (WHERE s.usd IS NULL) AS unpriced, tokens_of(sum(s.usage))::float8 AS tokens
		FROM (SELECT day_of(h.hour) AS day, h.team, resolved_model(h.model, h.first_at) AS model, h.usage,
				meter(h.usage, 'requests') AS requests,
				CASE WHEN rollup_problem(h.model, h.usage, h.first_at, h.last_at,
					h.min_input, h.max_input, h.aggregated, h.service_tier, h.region) IS NULL
					THEN rollup_cost(h.model, h.usage, h.first_at, h.last_at, h.min_input, h.max_input, h.aggregated,
						h.service_tier, h.region) END AS usd
			FROM usage_hourly AS h
			WHERE h.hour >= begin_of($1 - 7 * $5) AND h.hour < begin_of($2) AND ($3 IS NULL OR h.team = $3)) AS s
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
		CASE WHEN c.unpriced > 0 THEN format('no price: %s requests are in no figure', c.unpriced)
			WHEN c.seen = 0 THEN 'new: no such usage in the weeks before'
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
		SELECT k.team, k.model, n.unpriced, coalesce(n.usd, 0) AS usd, coalesce(n.requests, 0) AS requests,
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
'team: only that team; threshold: least score shown. What has no price is in no figure, and where it is the driver''s '
'cause says so. NULL since or until gives no row. Errors: 22008 an infinite day, 54000 more than 10 years.';
