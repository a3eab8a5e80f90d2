-- explain_change: why one month cost more than another.
--
-- Invariant: usd of all rows adds up exactly to the spend of the second month less
-- that of the first.  What is used of a model at a tier in a region by a value of the
-- dimension is a cell; its tokens are priced as they were and at the prices of the
-- last week of the first month, hour of week for hour of week.  The difference is
-- price; at these constant prices, with requests n, USD A, and U without a cache,
--
--   volume    A0 (N1/N0 - 1)                 more requests of the value in all
--   size      n1 (U1/n1 - U0/n0) A0/U0       more tokens a request
--   cache     U1 (A1/U1 - A0/U0)             another share saved by a cache
--   mix       the rest: A0/n0 (n1 - n0 N1/N0), requests moved between cells, with the rounding

CREATE FUNCTION inferacct_internal.token_part(usage usage) RETURNS usage
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
AS 'MODULE_PATHNAME', 'usage_token_part';

COMMENT ON FUNCTION token_part(usage) IS
'A usage without what is not tokens: requests, searches, seconds ... NULL gives NULL.';

CREATE FUNCTION inferacct_internal.change_cells(from_month date, to_month date, dimension text,
	OUT value text, OUT model text, OUT failed boolean, OUT n0 numeric, OUT n1 numeric, OUT c0 numeric, OUT c1 numeric,
	OUT t0 numeric, OUT t1 numeric, OUT a0 numeric, OUT a1 numeric, OUT u0 numeric, OUT u1 numeric,
	OUT tokens0 numeric, OUT tokens1 numeric)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY EXECUTE format($query$
		WITH rows AS (
			SELECT u.month = $2 AS later, %1$s AS value,
				inferacct_internal.resolved_model(u.model, u.first_at) AS model,
				inferacct_internal.resolved_tier(u.service_tier) AS tier,
				inferacct_internal.resolved_region(u.region, u.model, u.first_at) AS place,
				u.status = 'failed' AS failed,
				$3 - interval '168 hours' + inferacct_internal.time_into(u.first_at, $3, 604800) AS then_at,
				inferacct_internal.token_part(u.usage) AS tokens,
				inferacct_internal.rollup_cost(u.model, u.usage, u.first_at,
					u.last_at, u.min_input, u.max_input, u.aggregated, u.service_tier, u.region) AS usd,
				u.model AS logged, u.usage, u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated,
				u.service_tier, u.region
			FROM inferacct_internal.rollup_usage AS u WHERE u.month IN ($1, $2) AND $1 <> $2 OFFSET 0
		), costed AS (
			SELECT r.*, inferacct_internal.rollup_cost(r.logged, r.tokens, r.first_at, r.last_at,
					r.min_input, r.max_input, r.aggregated, r.service_tier, r.region) AS token_usd,
				inferacct_internal.rollup_problem(r.model, r.tokens, r.then_at, r.then_at, r.min_input, r.max_input,
					r.aggregated, r.service_tier, r.place) IS NULL AS has_then
			FROM rows AS r WHERE r.usd IS NOT NULL OFFSET 0
		), cells AS (
			SELECT c.later, c.value, c.model, c.tier, c.place, c.failed, inferacct.meter(sum(c.usage), 'requests') AS n,
				sum(c.usd) AS usd, sum(c.token_usd) AS token_usd, inferacct_internal.tokens_of(sum(c.tokens)) AS tokens,
				coalesce(sum(c.token_usd) FILTER (WHERE NOT c.has_then), 0) AS unknown_usd,
				inferacct_internal.rollup_cache_savings(c.model, c.tokens, c.then_at, c.then_at,
					c.min_input, c.max_input, c.aggregated, c.service_tier, c.place) FILTER (WHERE c.has_then) AS s
			FROM costed AS c GROUP BY 1, 2, 3, 4, 5, 6
		), sides AS (
			SELECT c.value, c.model, c.failed, c.tier, c.place, c.later, c.n::numeric, c.usd, c.token_usd, c.tokens,
				c.unknown_usd + coalesce((c.s).usd, 0) AS a,
				c.unknown_usd + coalesce((c.s).usd + (c.s).net_usd, 0) AS u FROM cells AS c
		)
		SELECT s.value, s.model, s.failed,
			coalesce(sum(s.n) FILTER (WHERE NOT s.later), 0), coalesce(sum(s.n) FILTER (WHERE s.later), 0),
			coalesce(sum(s.usd) FILTER (WHERE NOT s.later), 0), coalesce(sum(s.usd) FILTER (WHERE s.later), 0),
			coalesce(sum(s.token_usd) FILTER (WHERE NOT s.later), 0),
			coalesce(sum(s.token_usd) FILTER (WHERE s.later), 0),
			coalesce(sum(s.a) FILTER (WHERE NOT s.later), 0), coalesce(sum(s.a) FILTER (WHERE s.later), 0),
			coalesce(sum(s.u) FILTER (WHERE NOT s.later), 0), coalesce(sum(s.u) FILTER (WHERE s.later), 0),
			coalesce(sum(s.tokens) FILTER (WHERE NOT s.later), 0)::numeric,
			coalesce(sum(s.tokens) FILTER (WHERE s.later), 0)::numeric
		FROM sides AS s GROUP BY s.value, s.model, s.tier, s.place, s.failed
	$query$, dimension_column(dimension))
	USING from_month, to_month, begin_of(next_month(from_month));
END
$$;

COMMENT ON FUNCTION change_cells(date, date, text) IS
'What explain_change() compares, a row for each value, model, tier, region and outcome, of the first month (0) and the '
'second (1): requests n, USD c as they were, t of tokens alone, a of these at the prices of the last week of the first '
'month (as they were, where there were none), u the same without a cache, and tokens. '
'What has no price is left out under inferacct.unpriced = null.';

CREATE FUNCTION inferacct_internal.in_words(number numeric) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(to_char(number, 'FM999,999,999,999,999,990'), 'none');

COMMENT ON FUNCTION in_words(numeric) IS 'A whole number for a sentence; none for NULL.';

CREATE FUNCTION inferacct_internal.change_in_words(driver text, usd numeric, n0 numeric, n1 numeric, size0 numeric,
	size1 numeric, saved0 numeric, saved1 numeric, main_model text, main_usd numeric, models bigint)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN driver = 'price' THEN format('Other prices cost %s%s', usd_in_words(abs(usd)), more)
		WHEN driver = 'volume' THEN format('%s, %s before, at what one cost then: %s%s', counted(n1, 'request'),
			in_words(n0), usd_in_words(abs(usd)), more)
		WHEN driver = 'size' AND sign(size1 - size0) = sign(usd) THEN format('%s tokens a request, %s before: %s%s',
			in_words(round(size1)), in_words(round(size0)), usd_in_words(abs(usd)), more)
		-- The mean over all models goes the other way where requests have moved between them.
		WHEN driver = 'size' THEN format('Requests of the same models were %s: %s%s',
			CASE WHEN usd > 0 THEN 'larger' ELSE 'smaller' END, usd_in_words(abs(usd)), more)
		WHEN driver = 'cache' THEN format('A cache saves %s of what these tokens would cost, %s before: %s%s',
			percent(saved1), percent(saved0), usd_in_words(abs(usd)), more)
		WHEN driver = 'mix' THEN format('Requests moved to models, tiers or regions that cost %s%s',
			usd_in_words(abs(usd)), more)
		WHEN driver = 'waste' THEN format('%s failed, %s before: %s%s', counted(n1, 'request'), in_words(n0),
			usd_in_words(abs(usd)), more)
		WHEN driver = 'fees' THEN format('What is billed by other things than tokens costs %s%s',
			usd_in_words(abs(usd)), more)
		WHEN driver LIKE 'new %' THEN format('%s that the month before had not: %s%s', counted(n1, 'request'),
			usd_in_words(abs(usd)), more)
		ELSE format('%s of before are gone: %s%s', counted(n0, 'request'), usd_in_words(abs(usd)), more) END
		|| CASE WHEN models > 1 THEN format('; %s by %s', usd_in_words(main_usd), main_model)
			ELSE ', all by ' || main_model END || '.'
	FROM (SELECT CASE WHEN usd < 0 THEN ' less' ELSE ' more' END AS more) AS m
$$;

COMMENT ON FUNCTION change_in_words(text, numeric, numeric, numeric, numeric, numeric, numeric, numeric, text, numeric,
	bigint) IS 'A driver of explain_change() as a sentence.';

CREATE FUNCTION explain_change(from_month date, to_month date, dimension text DEFAULT NULL,
	OUT value text, OUT driver text, OUT usd numeric, OUT usd_from numeric, OUT usd_to numeric, OUT share numeric,
	OUT main_model text, OUT main_usd numeric, OUT explanation text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 20
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH cells AS MATERIALIZED (
		SELECT c.*, sum(c.n0) OVER of_model = 0 AS is_new, sum(c.n1) OVER of_model = 0 AS is_gone,
			sum(c.n0) OVER of_value AS all0, sum(c.n1) OVER of_value AS all1
		FROM change_cells(checked_month($1), checked_month($2), $3) AS c
		WINDOW of_model AS (PARTITION BY c.model), of_value AS (PARTITION BY c.value, c.failed)
	), shaped AS (		-- what is new or gone has nothing to be compared with
		SELECT c.*, CASE WHEN c.failed THEN 'waste' WHEN c.is_new THEN 'new model' WHEN c.is_gone THEN 'gone model'
				WHEN c.all0 = 0 THEN 'new ' || $3 WHEN c.all1 = 0 THEN 'gone ' || $3 END AS whole,
			c.a1 - c.a0 AS rest,
			round(c.a0 * (c.all1 - c.all0) / nullif(c.all0, 0), 15) AS volume,
			CASE WHEN c.n0 = 0 OR c.n1 = 0 THEN 0 WHEN c.u0 = 0 THEN round(c.a1 - c.a0 * c.n1 / c.n0, 15)
				ELSE round((c.u1 - c.u0 * c.n1 / c.n0) * c.a0 / c.u0, 15) END AS size,
			CASE WHEN c.n0 = 0 OR c.n1 = 0 OR c.u0 = 0 THEN 0 ELSE c.a1 - round(c.u1 * c.a0 / c.u0, 15) END AS cache
		FROM cells AS c
	), parts AS (
		SELECT s.value, d.driver, s.model, d.usd, s.n0, s.n1, s.tokens0, s.tokens1, s.a0, s.a1, s.u0, s.u1
		FROM shaped AS s CROSS JOIN LATERAL (
			SELECT s.whole AS driver, CASE WHEN s.failed THEN s.c1 - s.c0 ELSE s.t1 - s.t0 END AS usd
				WHERE s.whole IS NOT NULL
			UNION ALL SELECT 'fees', (s.c1 - s.t1) - (s.c0 - s.t0) WHERE NOT s.failed
			UNION ALL SELECT n.driver, n.usd FROM (VALUES
				('price', (s.t1 - s.a1) + (s.a0 - s.t0)), ('volume', s.volume), ('size', s.size), ('cache', s.cache),
				('mix', s.rest - s.volume - s.size - s.cache)) AS n(driver, usd)
				WHERE s.whole IS NULL) AS d
	), models AS (
		SELECT p.value, p.driver, p.model, sum(p.usd) AS usd, sum(p.n0) AS n0, sum(p.n1) AS n1,
			sum(p.tokens0) AS tokens0, sum(p.tokens1) AS tokens1, sum(p.a0) AS a0, sum(p.a1) AS a1, sum(p.u0) AS u0,
			sum(p.u1) AS u1
		FROM parts AS p GROUP BY p.value, p.driver, p.model
	), drivers AS (
		SELECT m.value, m.driver, sum(m.usd) AS usd, sum(m.n0) AS n0, sum(m.n1) AS n1,
			sum(m.tokens0) / nullif(sum(m.n0), 0) AS size0, sum(m.tokens1) / nullif(sum(m.n1), 0) AS size1,
			1 - sum(m.a0) / nullif(sum(m.u0), 0) AS saved0, 1 - sum(m.a1) / nullif(sum(m.u1), 0) AS saved1,
			(array_agg(m.model ORDER BY abs(m.usd) DESC, m.model))[1] AS main_model,
			(array_agg(m.usd ORDER BY abs(m.usd) DESC, m.model))[1] AS main_usd,
			count(*) FILTER (WHERE m.usd <> 0) AS models
		FROM models AS m GROUP BY m.value, m.driver HAVING sum(m.usd) <> 0
	), totals AS (
		SELECT c.value, sum(c.c0) AS usd_from, sum(c.c1) AS usd_to, sum(sum(c.c1 - c.c0)) OVER () AS change
		FROM cells AS c GROUP BY c.value
	)
	SELECT d.value, d.driver, trim_scale(d.usd), trim_scale(t.usd_from), trim_scale(t.usd_to),
		exact_quotient(d.usd, nullif(t.change, 0)), d.main_model, trim_scale(d.main_usd),
		change_in_words(d.driver, d.usd, d.n0, d.n1, d.size0, d.size1, d.saved0, d.saved1, d.main_model, d.main_usd,
			d.models)
	FROM drivers AS d JOIN totals AS t ON t.value IS NOT DISTINCT FROM d.value
	ORDER BY abs(d.usd) DESC, d.value, d.driver
$$;

COMMENT ON FUNCTION explain_change(date, date, text) IS
'Why UTC month to_month cost more or less than from_month: a row for each driver of each value of a dimension (as in '
'spend_by(); NULL: of everything), the largest first, with its USD; all rows add up exactly to the difference of '
'monthly_spend, and share is of that. Drivers: price; volume, more or fewer requests; size, tokens a request; cache; '
'mix, requests that moved between models, tiers and regions; new model, gone model, and new or gone values; waste, '
'what failed requests cost; fees, what is billed by other things than tokens. Volume, size, cache and mix are at the '
'prices of the last week of from_month. usd_from, usd_to: what the value cost in each month; main_model: the model '
'that moved the driver most, by main_usd. Under inferacct.unpriced = null what has no price '
'is left out. Errors: 22004 a NULL month, 42704 no such dimension; others as token_cost() and cache_savings().';
