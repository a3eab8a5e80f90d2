-- rollup_explained: why a row of the rollup costs what it costs, or has no cost.
--
-- Invariant: each of these takes the arguments of rollup_cost(), and says of its cost,
-- under the same settings, why it is not there, what it is made of, and how far it is
-- to be trusted.

CREATE FUNCTION inferacct_internal.rollup_problem(model text, usage usage, first_at timestamptz, last_at timestamptz,
	min_input bigint, max_input bigint,
	aggregated boolean, service_tier text, region text)
RETURNS text
LANGUAGE c STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'rollup_problem';

COMMENT ON FUNCTION rollup_problem(text, usage, timestamptz, timestamptz, bigint, bigint, boolean, text, text) IS
'Why rollup_cost() of the same arguments has no price: SQLSTATE and message of its error under inferacct.unpriced = '
'error (IA001 to IA005, IA007, IA009), whatever the setting is; NULL when it has one. '
'Other errors are raised, IA006 of the session''s contract too.';

-- The rates are those of one request of the same size and meters; rollup_cost() makes sure that all its requests have
-- them.
CREATE FUNCTION inferacct_internal.rollup_cost_detail(model text, usage usage, first_at timestamptz,
	last_at timestamptz, min_input bigint, max_input bigint,
	aggregated boolean, service_tier text, region text,
	OUT meter text, OUT quantity bigint, OUT unit_quantity bigint, OUT unit_usd numeric, OUT usd numeric,
	OUT version bigint, OUT valid_from timestamptz, OUT tier text, OUT source text,
	OUT rule text, OUT confidence text, OUT provider text, OUT resolved_model text, OUT checked_on date, OUT note text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 500 ROWS 4
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH present AS (
		SELECT m.meter, m.quantity, input_tokens(jsonb_build_object(m.meter, 1)::usage) = 1 AS of_input
			FROM meters($2) AS m
	), sized AS (
		SELECT *, count(*) FILTER (WHERE of_input) OVER () AS inputs, row_number() OVER (PARTITION BY of_input
			ORDER BY p.meter) AS place FROM present AS p
	), one AS (
		SELECT jsonb_object_agg(s.meter, CASE WHEN of_input AND place = 1 THEN greatest($6 - (inputs - 1), 1)
			ELSE 1 END)::usage AS request FROM sized AS s
	)
	SELECT d.meter, p.quantity, d.unit_quantity, d.unit_usd,
		trim_scale(round((d.unit_usd + 0.000000000000000) / d.unit_quantity, 15) * p.quantity), d.version, d.valid_from,
		d.tier, d.source,
		d.rule, d.confidence, d.provider, d.resolved_model, d.checked_on, d.note
	FROM one CROSS JOIN LATERAL token_cost_detail($1, one.request, $3, $8, $9) AS d
		JOIN present AS p ON p.meter = d.meter
	WHERE rollup_cost($1, $2, $3, $4, $5, $6, $7, $8, $9) IS NOT NULL
$$;

COMMENT ON FUNCTION rollup_cost_detail(text, usage, timestamptz, timestamptz, bigint, bigint, boolean, text, text) IS
'Why rollup_cost() of the same arguments is what it is, as token_cost_detail(): a row for each priced meter. '
'usd sums exactly to rollup_cost(). NULLs and errors as rollup_cost(); no row where that is NULL.';

CREATE FUNCTION inferacct_internal.confidence_order(confidence text)
RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'confidence_order';

COMMENT ON FUNCTION confidence_order(text) IS
'The place of a confidence, worst first, from 0. NULL for another word, or NULL.';

CREATE FUNCTION inferacct_internal.rollup_confidence(model text, usage usage, first_at timestamptz, last_at timestamptz,
	min_input bigint, max_input bigint, aggregated boolean, service_tier text, region text,
	OUT confidence text, OUT requests bigint, OUT usd numeric, OUT checked_on date)
RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 1
AS 'MODULE_PATHNAME', 'rollup_confidence';

COMMENT ON FUNCTION rollup_confidence(text, usage, timestamptz, timestamptz, bigint, bigint, boolean, text, text) IS
'What the cost of a row of usage_hourly rests on: a row for each confidence (see explain_price()) that one of its '
'figures has, with the USD of those figures, which sum exactly to rollup_cost(), the requests in the row of the '
'worst, and the earliest day on which one of their prices was checked (NULL: of a contract). '
'Stale is judged by the last request. No row for what has no price; other errors as rollup_problem().';

-- Two aggregates of one transition: where both stand in a query, each row is priced once.
CREATE FUNCTION inferacct_internal.rollup_judge(spend_state, text, usage, timestamptz, timestamptz, bigint, bigint,
	boolean, text, text)
RETURNS spend_state
LANGUAGE c STABLE PARALLEL SAFE COST 15
AS 'MODULE_PATHNAME', 'rollup_judge';

CREATE FUNCTION inferacct_internal.worst_final(spend_state) RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE AGGREGATE inferacct_internal.rollup_judged(model text, usage usage, first_at timestamptz, last_at timestamptz,
	min_input bigint, max_input bigint, aggregated boolean, service_tier text, region text) (
	SFUNC = rollup_judge, STYPE = spend_state, SSPACE = 32, FINALFUNC = spend_final, COMBINEFUNC = spend_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE rollup_judged(text, usage, timestamptz, timestamptz, bigint, bigint, boolean, text, text) IS
'As rollup_spend(), beside rollup_worst().';

CREATE AGGREGATE inferacct_internal.rollup_worst(model text, usage usage, first_at timestamptz, last_at timestamptz,
	min_input bigint, max_input bigint, aggregated boolean, service_tier text, region text) (
	SFUNC = rollup_judge, STYPE = spend_state, SSPACE = 32, FINALFUNC = worst_final, COMBINEFUNC = spend_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE rollup_worst(text, usage, timestamptz, timestamptz, bigint, bigint, boolean, text, text) IS
'The worst confidence (see explain_price()) of any figure of rows of usage_hourly; rows without a price are left out. '
'NULL when none has one. Stale is judged by the last request of a row.';

-- What has the same prices is judged once.  A row that a new price splits, in time or by its sizes, is not put
-- together with those that it does not split.
CREATE FUNCTION inferacct_internal.alike_usage(of_month date DEFAULT NULL)
RETURNS TABLE (month date, source text, provider text, model text, service_tier text, region text, team text,
	aggregated boolean, usage usage,
	first_at timestamptz, last_at timestamptz, min_input bigint, max_input bigint, provider_usd numeric)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH ends AS MATERIALIZED (
		SELECT context_thresholds() AS sizes, price_changes(begin_of(coalesce(of_month, min(m.month))),
			begin_of(next_month(coalesce(of_month, max(m.month))))) AS cuts FROM rollup_month AS m
	), windowed AS MATERIALIZED (
		SELECT n.model FROM (SELECT DISTINCT u.model FROM rollup_usage AS u
			WHERE u.month BETWEEN coalesce(of_month, '-infinity') AND coalesce(of_month, 'infinity')
			OFFSET 0) AS n	-- each name is asked once
			WHERE may_mean(n.model, (SELECT windowed_names()))
	)
	SELECT u.month, u.source, resolved_provider(u.provider, u.model, u.first_at), u.model, u.service_tier, u.region,
		u.team, u.aggregated,
		sum(u.usage), min(u.first_at), max(u.last_at), min(u.min_input), max(u.max_input), sum(u.provider_usd)
	FROM rollup_usage AS u CROSS JOIN ends AS e
	WHERE u.month BETWEEN coalesce(of_month, '-infinity') AND coalesce(of_month, 'infinity')
	GROUP BY u.month, u.source, resolved_provider(u.provider, u.model, u.first_at), u.model, u.service_tier, u.region,
		u.team, u.aggregated, u.kinds,
		CASE WHEN u.model IN (SELECT w.model FROM windowed AS w) THEN u.slice END, width_bucket(u.first_at, e.cuts),
			width_bucket(u.last_at, e.cuts),
		width_bucket(u.min_input, e.sizes), width_bucket(u.max_input, e.sizes)
$$;

COMMENT ON FUNCTION alike_usage(date) IS
'The rollup summed up by month, labels and prices; of one month (its first day), or, NULL, of all.';

CREATE FUNCTION inferacct_internal.judged_usage(of_month date DEFAULT NULL)
RETURNS TABLE (month date, source text, provider text, model text, service_tier text, region text, team text,
	usage usage, first_at timestamptz, last_at timestamptz,
	provider_usd numeric, problem text, aggregated boolean)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT a.month, a.source, a.provider, a.model, a.service_tier, a.region, a.team, a.usage, a.first_at, a.last_at,
		a.provider_usd,
		rollup_problem(a.model, a.usage, a.first_at, a.last_at, a.min_input, a.max_input, a.aggregated, a.service_tier,
			a.region),
		a.aggregated
	FROM alike_usage(of_month) AS a
$$;

COMMENT ON FUNCTION judged_usage(date) IS
'alike_usage(): the rollup summed up by month, labels and prices, with what rollup_problem() says of it: '
'NULL problem for what has a price.';
