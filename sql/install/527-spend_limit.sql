-- spend_limit: budgets that act: limits by day, week, month or a rolling window, alerts, and may_spend().
--
-- Invariants: what has been spent is exact, of whole hours of the rollup, as of
-- budget_state.seen_until.  An alert is raised once, when its threshold is passed, and again
-- only after the spend has fallen below it.  may_spend() reads one row: it knows
-- what check_budgets() saw, and does not know (NULL) what is older than the limit allows.

CREATE TABLE spend_limit (
	name		text COLLATE "C" PRIMARY KEY CHECK (name <> ''),
	usd			numeric NOT NULL CHECK (usd > 0 AND usd < 'Infinity'),
	period		text NOT NULL CHECK (period IN ('day', 'week', 'month', 'rolling')),
	width		interval,
	dimensions	jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(dimensions) = 'object'),
	thresholds	numeric[] NOT NULL DEFAULT '{0.5,0.8,1}',
	stale_after	interval NOT NULL DEFAULT '1 hour' CHECK (stale_after > interval '0'),
	note		text,
	team		text GENERATED ALWAYS AS (dimensions ->> 'team') STORED,
	CONSTRAINT spend_limit_width_of_rolling CHECK ((period = 'rolling') = (width IS NOT NULL)),
	CONSTRAINT spend_limit_width_whole_hours CHECK (extract(month FROM width) = 0 AND extract(year FROM width) = 0
		AND extract(epoch FROM width) BETWEEN 3600 AND 366 * 86400 AND mod(extract(epoch FROM width), 3600) = 0),
	CONSTRAINT spend_limit_thresholds_positive CHECK (array_position(thresholds, NULL) IS NULL
		AND cardinality(thresholds) BETWEEN 1 AND 20 AND 0 < ALL (thresholds) AND 100 >= ALL (thresholds))
);

COMMENT ON TABLE spend_limit IS
'What may be spent in every day, week (from Monday) or month of UTC, or in a window that ends with the current hour. '
'check_budgets() compares it, and budget of the current month, with what was spent; may_spend() answers for a gateway.';
COMMENT ON COLUMN spend_limit.name IS 'the name that may_spend() takes; a limit goes before a budget of the same name';
COMMENT ON COLUMN spend_limit.usd IS 'USD for each period';
COMMENT ON COLUMN spend_limit.period IS 'day, week, month or rolling';
COMMENT ON COLUMN spend_limit.width IS 'of rolling: how long the window is, in whole hours; NULL for others';
COMMENT ON COLUMN spend_limit.dimensions IS
'whose spend it is: {"dimension": "value"}, all of them together, by any dimension of spend_by(); {} is everything';
COMMENT ON COLUMN spend_limit.thresholds IS 'shares of usd that raise an alert when they are passed';
COMMENT ON COLUMN spend_limit.stale_after IS
'how old what check_budgets() saw may be before may_spend() says that it does not know';
COMMENT ON COLUMN spend_limit.team IS 'the team of dimensions, whose members see the limit once protect_usage() is on';
SELECT pg_extension_config_dump('spend_limit', '');

CREATE TABLE budget_state (
	name		text COLLATE "C" PRIMARY KEY,
	team		text,
	period		text NOT NULL,
	since		timestamptz NOT NULL,
	until		timestamptz NOT NULL,
	usd			numeric NOT NULL,
	spent_usd	numeric NOT NULL,
	hourly_usd	numeric NOT NULL,
	breach_at	timestamptz,
	seen_until	timestamptz NOT NULL,
	checked_at	timestamptz NOT NULL,
	known_until	timestamptz NOT NULL,
	problem		text
);

COMMENT ON TABLE budget_state IS
'What check_budgets() saw last of each limit and budget. Not dumped: the next check_budgets() fills it.';
COMMENT ON COLUMN budget_state.name IS 'of spend_limit, or of budget';
COMMENT ON COLUMN budget_state.team IS 'the team that it is of; NULL: any';
COMMENT ON COLUMN budget_state.period IS 'day, week, month or rolling';
COMMENT ON COLUMN budget_state.since IS 'beginning of the period';
COMMENT ON COLUMN budget_state.until IS 'its end; of a rolling window that of the current hour';
COMMENT ON COLUMN budget_state.usd IS 'USD that may be spent in the period';
COMMENT ON COLUMN budget_state.spent_usd IS 'USD spent in it by seen_until, exactly; without what has no price';
COMMENT ON COLUMN budget_state.hourly_usd IS 'mean USD an hour of the last 168 hours, to 1e-15';
COMMENT ON COLUMN budget_state.breach_at IS
'when the limit is passed at that pace, if within the period (of a rolling window: within its width); a time before '
'checked_at when it has been passed; NULL otherwise';
COMMENT ON COLUMN budget_state.seen_until IS 'end of the last hour that the rollup has';
COMMENT ON COLUMN budget_state.checked_at IS 'when check_budgets() looked';
COMMENT ON COLUMN budget_state.known_until IS 'until when may_spend() takes this for known';
COMMENT ON COLUMN budget_state.problem IS
'why the spend is not known, as SQLSTATE and message, or what of it has no price; NULL: all is known';

CREATE TABLE budget_alert (
	name		text COLLATE "C" NOT NULL,
	team		text,
	since		timestamptz NOT NULL,
	kind		text NOT NULL CHECK (kind IN ('spent', 'forecast')),
	threshold	numeric NOT NULL,
	raised_at	timestamptz NOT NULL,
	cleared_at	timestamptz,
	usd			numeric NOT NULL,
	spent_usd	numeric NOT NULL,
	breach_at	timestamptz,
	PRIMARY KEY (name, since, kind, threshold, raised_at)
);

COMMENT ON TABLE budget_alert IS
'Alerts that check_budgets() has raised: one when a threshold of a limit is passed, one when its pace leads beyond it. '
'Append-only but for cleared_at.';
COMMENT ON COLUMN budget_alert.name IS 'of spend_limit, or of budget';
COMMENT ON COLUMN budget_alert.team IS 'the team that it is of; NULL: any';
COMMENT ON COLUMN budget_alert.since IS 'beginning of the period; -infinity of a rolling window';
COMMENT ON COLUMN budget_alert.kind IS
'spent: the threshold was passed; forecast: at the pace of the last week the limit is passed within the period';
COMMENT ON COLUMN budget_alert.threshold IS 'share of the limit; 1 of a forecast';
COMMENT ON COLUMN budget_alert.raised_at IS 'when check_budgets() saw it';
COMMENT ON COLUMN budget_alert.cleared_at IS
'when it saw that it no longer holds; NULL: it holds, or the period is over';
COMMENT ON COLUMN budget_alert.usd IS 'the limit in USD, then';
COMMENT ON COLUMN budget_alert.spent_usd IS 'USD spent, then';
COMMENT ON COLUMN budget_alert.breach_at IS
'when the limit was or is passed, as seen then; NULL: not within the period';
SELECT pg_extension_config_dump('budget_alert', '');

CREATE FUNCTION inferacct_internal.limit_condition(dimensions jsonb) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT coalesce(string_agg(CASE WHEN d.key = 'model'
			THEN format('%s = inferacct_internal.resolved_model(%L, u.first_at)', dimension_column(d.key), d.value)
		WHEN d.key = 'provider'
			THEN format('%s = inferacct_internal.resolved_provider(%L, u.model, u.first_at)',
				dimension_column(d.key), d.value)
		ELSE format('%s = %L', dimension_column(d.key), d.value) END, ' AND ' ORDER BY d.key), 'true')
	FROM jsonb_each_text($1) AS d
$$;

COMMENT ON FUNCTION limit_condition(jsonb) IS
'SQL condition over a row u of the rollup for {"dimension": "value"}; a model or provider by any name. '
'Error 42704 no such dimension.';

-- Spend of some hours, with what is left out of it.
CREATE FUNCTION inferacct_internal.limit_spend(dimensions jsonb, since timestamptz, until timestamptz,
	OUT usd numeric, OUT unpriced bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
BEGIN
	EXECUTE format($query$
		SELECT coalesce(trim_scale(sum(c.usd)), 0), coalesce(sum(c.requests) FILTER (WHERE c.usd IS NULL), 0)
		FROM (SELECT inferacct.meter(u.usage, 'requests') AS requests, inferacct_internal.rollup_cost(u.model, u.usage,
				u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated, u.service_tier, u.region) AS usd
			FROM inferacct_internal.usage_hourly AS u WHERE u.hour >= $1 AND u.hour < $2 AND (%s)) AS c
	$query$, limit_condition(dimensions)) INTO usd, unpriced USING since, until;
END
$$;

COMMENT ON FUNCTION limit_spend(jsonb, timestamptz, timestamptz) IS
'Exact USD of the hours of [since, until) of these values of dimensions, and the requests without a price, which it '
'leaves out whatever inferacct.unpriced says.';

-- Limits and the budgets of the month, alike.
CREATE FUNCTION inferacct_internal.limits_at(at timestamptz, OUT name text, OUT team text, OUT period text,
	OUT since timestamptz, OUT until timestamptz, OUT usd numeric, OUT dimensions jsonb, OUT thresholds numeric[],
	OUT stale_after interval)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 20
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET timezone TO 'UTC'
AS $$
	SELECT l.name, l.team, l.period,
		CASE WHEN l.period = 'rolling' THEN e.hour_end - l.width ELSE date_trunc(l.period, $1) END,
		CASE WHEN l.period = 'rolling' THEN e.hour_end
			ELSE date_trunc(l.period, $1) + ('1 ' || l.period)::interval END,
		l.usd, l.dimensions, l.thresholds, l.stale_after
	FROM spend_limit AS l CROSS JOIN (SELECT hour_of($1) + interval '1 hour' AS hour_end) AS e
	UNION ALL
	SELECT b.name, b.team, 'month', begin_of(b.month), begin_of(next_month(b.month)), b.usd,
		jsonb_strip_nulls(jsonb_build_object('team', b.team, 'project', b.project, 'provider', b.provider, 'model',
			b.model)), '{0.5,0.8,1}', interval '1 hour'
	FROM budget AS b
	WHERE b.month = month_of($1) AND NOT EXISTS (SELECT FROM spend_limit AS l WHERE l.name = b.name)
$$;

COMMENT ON FUNCTION limits_at(timestamptz) IS
'Every limit with its period at a moment, and the budgets of its month that have no limit of the same name.';

CREATE FUNCTION inferacct_internal.limit_state(at timestamptz, OUT state budget_state, OUT thresholds numeric[])
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE COST 1000000 ROWS 20
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	l record;
	spent record;
	pace record;
	seen timestamptz;
BEGIN
	SELECT max(h.hour) + interval '1 hour' INTO seen FROM usage_hourly AS h WHERE h.hour <= at;
	FOR l IN SELECT * FROM limits_at(at) LOOP
		thresholds := l.thresholds;
		BEGIN
			spent := limit_spend(l.dimensions, l.since, least(l.until, hour_of(at) + interval '1 hour'));
			pace := limit_spend(l.dimensions, hour_of(at) - interval '168 hours', hour_of(at));
			state := ROW(l.name, l.team, l.period, l.since, l.until, l.usd, spent.usd, round(pace.usd / 168, 15), NULL,
				coalesce(seen, '-infinity'), at, least(at + l.stale_after,
					CASE WHEN l.period <> 'rolling' THEN l.until ELSE 'infinity' END),
				CASE WHEN spent.unpriced > 0
					THEN format('%s requests have no price: see unpriced_usage', spent.unpriced) END)::budget_state;
			state.breach_at := CASE WHEN spent.usd > l.usd THEN at
				WHEN state.hourly_usd > 0 AND (l.usd - spent.usd) / state.hourly_usd < 876000
					THEN at + ceil((l.usd - spent.usd) / state.hourly_usd * 3600) * interval '1 second' END;
			-- A window that rolls on passes its limit only if its own length of that pace does.
			IF l.period = 'rolling' THEN
				IF spent.usd <= l.usd AND state.hourly_usd * extract(epoch FROM l.until - l.since) / 3600 <= l.usd THEN
					state.breach_at := NULL;
				END IF;
			ELSIF state.breach_at >= l.until THEN
				state.breach_at := NULL;
			END IF;
		EXCEPTION WHEN undefined_object OR numeric_value_out_of_range OR invalid_parameter_value
			OR datetime_field_overflow THEN
			state := ROW(l.name, l.team, l.period, l.since, l.until, l.usd, 0, 0, NULL, coalesce(seen, '-infinity'), at,
				'-infinity', concat_ws(' ', SQLSTATE, SQLERRM))::budget_state;
		END;
		RETURN NEXT;
	END LOOP;
END
$$;

COMMENT ON FUNCTION limit_state(timestamptz) IS
'What a look at every limit and budget finds; one that cannot be looked at (a dimension that nobody chose) has a '
'problem, and may_spend() does not know it.';

CREATE FUNCTION check_budgets(at timestamptz DEFAULT now())
RETURNS SETOF budget_alert
LANGUAGE plpgsql VOLATILE COST 1000000 ROWS 5
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	l record;
	reached record;
	key_since timestamptz;
	raised budget_alert;
BEGIN
	IF at IS NULL OR NOT isfinite(at) THEN
		PERFORM inferacct_internal.fail('22023', 'check_budgets() looks at a moment that is a finite time');
	END IF;
	PERFORM take_turn('budgets');
	DELETE FROM budget_state AS s WHERE NOT EXISTS (SELECT FROM limits_at(at) AS k WHERE k.name = s.name);
	FOR l IN SELECT (s.state).*, s.thresholds FROM limit_state(at) AS s LOOP
		INSERT INTO budget_state AS s SELECT l.name, l.team, l.period, l.since, l.until, l.usd, l.spent_usd,
			l.hourly_usd, l.breach_at, l.seen_until, l.checked_at, l.known_until, l.problem
		ON CONFLICT ON CONSTRAINT budget_state_pkey DO UPDATE SET (team, period, since, until, usd, spent_usd,
			hourly_usd, breach_at, seen_until, checked_at, known_until, problem) =
			(excluded.team, excluded.period, excluded.since,
			excluded.until, excluded.usd, excluded.spent_usd, excluded.hourly_usd, excluded.breach_at,
			excluded.seen_until, excluded.checked_at, excluded.known_until, excluded.problem);
		CONTINUE WHEN l.known_until = '-infinity';
		key_since := CASE WHEN l.period = 'rolling' THEN '-infinity' ELSE l.since END;
		FOR reached IN
			SELECT 'spent' AS kind, t AS threshold, l.spent_usd > t * l.usd AS holds FROM unnest(l.thresholds) AS t
			UNION ALL SELECT 'forecast', 1, l.breach_at IS NOT NULL ORDER BY kind DESC, threshold
		LOOP
			UPDATE budget_alert AS a SET cleared_at = at
			WHERE a.name = l.name AND a.since = key_since AND a.kind = reached.kind AND a.threshold = reached.threshold
				AND a.cleared_at IS NULL AND NOT reached.holds;
			CONTINUE WHEN NOT reached.holds OR EXISTS (SELECT FROM budget_alert AS a WHERE a.name = l.name
				AND a.since = key_since AND a.kind = reached.kind AND a.threshold = reached.threshold
				AND a.cleared_at IS NULL);
			INSERT INTO budget_alert (name, team, since, kind, threshold, raised_at, usd, spent_usd, breach_at)
			VALUES (l.name, l.team, key_since, reached.kind, reached.threshold, at, l.usd, l.spent_usd, l.breach_at)
			RETURNING * INTO raised;
			PERFORM pg_notify('inferacct_budget', jsonb_build_object('name', raised.name, 'kind', raised.kind,
				'threshold', raised.threshold, 'usd', raised.usd, 'spent_usd', raised.spent_usd, 'since', l.since,
				'breach_at', raised.breach_at)::text);
			RETURN NEXT raised;
		END LOOP;
	END LOOP;
END
$$;

COMMENT ON FUNCTION check_budgets(timestamptz) IS
'Looks at every limit, and every budget of the current month, as of a moment: keeps what was spent in budget_state, '
'and raises an alert for each threshold that is newly passed, and for a pace that leads beyond the limit within its '
'period. Each new alert is returned, kept in budget_alert, and sent as JSON by NOTIFY inferacct_budget when the '
'transaction commits. Call it after refresh_usage(), every few minutes. Whoever calls must see all rows. '
'Sessions that call it at once take turns. Error 22023 a moment that is NULL or infinite.';

CREATE FUNCTION may_spend(budget text, usd numeric, at timestamptz DEFAULT now()) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
DECLARE
	s record;
BEGIN
	SELECT b.usd - b.spent_usd AS left_usd, b.since, b.known_until INTO s FROM inferacct.budget_state AS b
		WHERE b.name = $1;
	IF NOT FOUND AND $1 IS NOT NULL AND NOT EXISTS (SELECT FROM inferacct_internal.limits_at($3) AS l
		WHERE l.name = $1) THEN
		PERFORM inferacct_internal.fail('42704', format('there is no budget "%s" now', $1), NULL,
			'INSERT INTO spend_limit, or INTO budget for this month.');
	ELSIF $2 < 0 OR $2 = 'NaN' THEN
		PERFORM inferacct_internal.fail('22023', format('%s USD cannot be spent', $2));
	END IF;
	IF ($3 >= s.since AND $3 < s.known_until) IS NOT TRUE THEN
		RETURN NULL;
	END IF;
	RETURN $2 <= s.left_usd;
END
$$;

COMMENT ON FUNCTION may_spend(text, numeric, timestamptz) IS
'Whether so many USD more stay within a limit or budget, by what check_budgets() saw last: for a gateway, before a '
'request; it reads one row. NULL is not known: nobody looked yet, the last look is older than spend_limit.stale_after '
'(an hour for a budget), its period is over, or an argument is NULL. What was spent after the look is not seen. '
'Errors: 42704 no such budget, 22023 a negative amount.';

CREATE VIEW budget_metrics WITH (security_invoker = true) AS
SELECT s.name AS budget, coalesce(s.team, '') AS team, s.period,
	s.usd::float8 AS limit_usd, s.spent_usd::float8 AS spent_usd, (s.usd - s.spent_usd)::float8 AS left_usd,
	(s.spent_usd / s.usd)::float8 AS spent_share, s.hourly_usd::float8 AS hourly_usd,
	coalesce(extract(epoch FROM s.breach_at), 0)::float8 AS breach_timestamp_seconds,
	(SELECT count(*) FROM budget_alert AS a WHERE a.name = s.name AND a.cleared_at IS NULL
		AND (a.since = s.since OR a.since = '-infinity')) AS alerts,
	extract(epoch FROM s.checked_at)::float8 AS checked_timestamp_seconds, (now() < s.known_until)::integer AS known
FROM budget_state AS s;

COMMENT ON VIEW budget_metrics IS
'budget_state for monitoring, as prometheus-postgres-exporter reads it (docs/questions.md): gauges in double '
'precision by budget, team and period. known is 0 when the figures are too old for may_spend(); '
'breach_timestamp_seconds is 0 when no breach is expected; alerts: how many hold.';
