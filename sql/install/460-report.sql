-- report: what was spent, by day and month, by whom and on what.
--
-- Invariant: every view prices the rollup's tokens with the prices in force at
-- the time of the requests, as the session's inferacct.as_of, contract and
-- unpriced say, reads as the role that asks (row-level security), and adds up
-- exactly to the sum over the rows.  Days and months are UTC.  Provider, model,
-- tier and region are what the log's words mean today, so that one of them is one
-- row, however tools spell it, and a new alias shows at once.

CREATE VIEW daily_spend WITH (security_invoker = true) AS
SELECT day, source, resolved_provider(provider, model, first_at) AS provider,
	resolved_model(model, first_at) AS model, resolved_tier(service_tier) AS service_tier, team, tenant,
	meter(sum(usage), 'requests') AS requests, sum(usage) AS usage,
	rollup_spend(model, usage, first_at, last_at, min_input, max_input,
		aggregated, service_tier, region) AS usd,
	sum(provider_usd) AS provider_usd
FROM rollup_usage_by_day
GROUP BY day, source, resolved_provider(provider, model, first_at), resolved_model(model, first_at),
	resolved_tier(service_tier), team, tenant;

COMMENT ON VIEW daily_spend IS
'Requests, usage and exact USD by UTC day, source, provider, model, service tier, team and tenant; '
'provider_usd is what provider or tool reported. usd is NULL when inferacct.unpriced is null and no request has a '
'price.';

-- What priced figures rest on: 465-price_confidence has the shares.
CREATE FUNCTION inferacct_internal.confidence_order(confidence text)
RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'confidence_order';

COMMENT ON FUNCTION confidence_order(text) IS
'The place of a confidence, worst first, from 0. NULL for another word, or NULL.';

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

CREATE VIEW monthly_spend WITH (security_invoker = true) AS
SELECT month, source, resolved_provider(provider, model, first_at) AS provider,
	resolved_model(model, first_at) AS model, resolved_tier(service_tier) AS service_tier, team, tenant,
	meter(sum(usage), 'requests') AS requests, sum(usage) AS usage,
	rollup_judged(model, usage, first_at, last_at, min_input, max_input, aggregated, service_tier, region) AS usd,
	sum(provider_usd) AS provider_usd,
	rollup_worst(model, usage, first_at, last_at, min_input, max_input, aggregated, service_tier, region) AS confidence
FROM rollup_usage
GROUP BY month, source, resolved_provider(provider, model, first_at), resolved_model(model, first_at),
	resolved_tier(service_tier), team, tenant;

COMMENT ON VIEW monthly_spend IS
'Requests, usage and exact USD by UTC month (its first day), source, provider, model, service tier, team and tenant; '
'provider_usd is what provider or tool reported. usd is NULL when inferacct.unpriced is null and no request has a '
'price. confidence is the worst of any figure in it (price_confidence has the shares). '
'A WARNING tells of prices that were checked more than inferacct.stale_after before the requests.';

DO $$
DECLARE
	dimension record;
BEGIN
	FOR dimension IN SELECT * FROM (VALUES
		('team', 'team', 'team'), ('provider', 'resolved_provider(provider, model, first_at)', 'provider'),
		('model', 'resolved_model(model, first_at)', 'model'),
		('project', 'project', 'project'), ('source', 'source', 'source'), ('tenant', 'tenant', 'tenant')) AS d(name,
		expression, title)
	LOOP
		EXECUTE format('CREATE VIEW %I WITH (security_invoker = true) AS
			SELECT month, %s AS %I, meter(sum(usage), ''requests'') AS requests, sum(usage) AS usage,
				rollup_spend(model, usage, first_at, last_at, min_input, max_input,
					aggregated, service_tier, region) AS usd,
				sum(provider_usd) AS provider_usd
			FROM rollup_usage GROUP BY month, %s',
			'spend_by_' || dimension.name, dimension.expression, dimension.name, dimension.expression);
		EXECUTE format('COMMENT ON VIEW %I IS %L', 'spend_by_' || dimension.name,
			format(
				'Requests, usage and exact USD by UTC month and %s. '
				'A NULL %1$s is usage that states none. Adds up to monthly_spend.', dimension.title));
	END LOOP;
END $$;

-- ---------------------------------------------------------------------------
-- Any dimension
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.dimension_column(dimension text)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	IF dimension IS NULL THEN
		RETURN 'NULL::text';
	ELSIF dimension IN ('tenant', 'source', 'team', 'project', 'status') THEN
		RETURN 'u.' || dimension;
	ELSIF dimension = 'provider' THEN
		RETURN 'inferacct.resolved_provider(u.provider, u.model, u.first_at)';
	ELSIF dimension = 'model' THEN
		RETURN 'inferacct.resolved_model(u.model, u.first_at)';
	ELSIF dimension = 'service_tier' THEN
		RETURN 'inferacct.resolved_tier(u.service_tier)';
	ELSIF dimension = 'region' THEN
		RETURN 'inferacct.resolved_region(u.region, u.model, u.first_at)';
	ELSIF dimension = ANY (dimension_names()) OR EXISTS (SELECT FROM usage_dimension_value AS v
		WHERE v.dimension = dimension_column.dimension) THEN
		RETURN format('(u.dimensions ->> %L)', dimension);
	END IF;
	PERFORM inferacct_internal.fail('42704', format('there is no dimension "%s"', dimension),
		format('There are tenant, source, provider, model, service_tier, region, team, project, status%s.',
			', ' || array_to_string(dimension_names(), ', ')),
		'INSERT INTO usage_dimension chooses one more.');
END
$$;

COMMENT ON FUNCTION dimension_column(text) IS
'SQL expression for a dimension over a row u of the rollup; NULL gives that of NULL. Error 42704 no such dimension.';

CREATE FUNCTION spend_by(dimension text, second_dimension text DEFAULT NULL, since date DEFAULT NULL,
	until date DEFAULT NULL,
	OUT month date, OUT value text, OUT second_value text, OUT requests bigint, OUT usage usage, OUT usd numeric,
	OUT provider_usd numeric, OUT note text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000 ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	names text[] := array_remove(ARRAY[dimension, second_dimension], NULL);
	chosen text[] := ARRAY(SELECT n FROM unnest(names) AS n WHERE dimension_column(n) LIKE '(u.dimensions%');
BEGIN
	IF dimension IS NULL THEN
		PERFORM inferacct_internal.fail('22004', 'the dimension is NULL',
			hint => 'Give the name of one, such as team.');
	END IF;
	RETURN QUERY EXECUTE format($query$
		WITH sums AS (
			SELECT u.month, %1$s AS value, %2$s AS second_value, u.dimensions IS NULL
				OR NOT u.dimensions ?& $3 AS is_missing, sum(u.usage) AS usage,
				inferacct.rollup_spend(u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated,
					u.service_tier, u.region) AS usd,
				sum(u.provider_usd) AS provider_usd
			FROM inferacct_internal.rollup_usage AS u
			WHERE u.month >= coalesce($1, '-infinity') AND u.month < coalesce($2, 'infinity')
			GROUP BY 1, 2, 3, 4
		)
		SELECT s.month, s.value, s.second_value, inferacct.meter(s.usage, 'requests'), s.usage, s.usd, s.provider_usd,
			concat_ws('; ',
			CASE WHEN s.is_missing AND cardinality($3) > 0
				THEN 'of hours that were read before the dimension was chosen' END,
			CASE WHEN 'other' IN (s.value, s.second_value)
				THEN (SELECT string_agg(format('other: all values of %%s that are not kept', n.name), '; '
				ORDER BY n.name)
				FROM (VALUES ($4, s.value), ($5, s.second_value)) AS n(name, value)
				WHERE n.value = 'other' AND EXISTS (SELECT FROM inferacct_internal.usage_dimension_value AS t
					WHERE t.dimension = n.name AND t.month = s.month AND t.is_tail)) END)
		FROM sums AS s ORDER BY s.month, s.usd DESC NULLS LAST, s.value, s.second_value
	$query$, dimension_column(dimension), dimension_column(second_dimension))
	USING since, until, chosen, dimension, second_dimension;
END
$$;

COMMENT ON FUNCTION spend_by(text, text, date, date) IS
'Requests, usage and exact USD by UTC month and one or two dimensions: tenant, source, provider, model, service_tier, '
'region, team, project, status, or any of usage_dimension; of the months that begin in [since, until), NULL: all. '
'A NULL value is usage that states none. All rows of a month add up to monthly_spend. '
'note: says where the values that usage_dimension.keep leaves no room for are summed up as other, and where hours '
'were read before the dimension was chosen. usd is NULL when inferacct.unpriced is null and no request has a price. '
'Errors: 42704 no such dimension, 22004 a NULL one; others as rollup_cost().';

-- ---------------------------------------------------------------------------
-- Tags
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.tag_names(tags jsonb)
RETURNS SETOF text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10 ROWS 2
BEGIN ATOMIC
	SELECT DISTINCT name FROM (
		SELECT jsonb_array_elements_text(CASE WHEN jsonb_typeof(tags) = 'array' THEN tags END) AS name
		UNION ALL
		SELECT t.key || ':' || t.value FROM jsonb_each_text(CASE WHEN jsonb_typeof(tags) = 'object' THEN tags END) AS t)
			AS names
	WHERE name IS NOT NULL;
END;

COMMENT ON FUNCTION tag_names(jsonb) IS
'The tags of a row of the log, each once: elements of an array, or key:value of an object. '
'NULL, and anything else, has none.';

-- Rows with the same tags are summed up first, and what they consumed, which a source's
-- view computes, is computed once.  A condition on the month is not known before that: who
-- asks for some months gives them as arguments.  Tags are few: with room for them, rows are not sorted.
CREATE FUNCTION spend_by_tag(since date, until date,
	OUT month date, OUT tag text, OUT total boolean, OUT requests bigint, OUT usage usage, OUT usd numeric)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET work_mem TO '64MB'
AS $$
	WITH tagged AS (
		SELECT month_of(r.at) AS month, r.tags, sum(r.usage) AS usage,
			spend(r.model, r.usage, r.at, r.service_tier, r.region) AS usd
		FROM (SELECT u.at, u.tags, u.usage, u.model, u.service_tier, u.region FROM usage_all AS u
			WHERE u.at >= begin_of($1) AND u.at < begin_of($2) OFFSET 0) AS r
		WHERE r.usage IS NOT NULL AND r.model IS NOT NULL
		GROUP BY month_of(r.at), r.tags
	)
	SELECT s.month, t.tag, t.total, meter(sum(s.usage), 'requests'), sum(s.usage), trim_scale(sum(s.usd))
	FROM tagged AS s CROSS JOIN LATERAL (
		SELECT n.tag, false FROM tag_names(s.tags) AS n(tag)
		UNION ALL SELECT NULL, true
		UNION ALL SELECT NULL, false WHERE NOT EXISTS (SELECT FROM tag_names(s.tags))) AS t(tag, total)
	GROUP BY s.month, t.tag, t.total
$$;

COMMENT ON FUNCTION spend_by_tag(date, date) IS
'Requests, usage and exact USD by UTC month and tag, of the requests from since to before until (UTC days), from the '
'rows of the log, of which it reads those of that time. A request with two tags is in both; '
'the row with total = true has every request of the month once, tagged or not, and the row with a NULL tag and total '
'= false those without a tag. NULL gives no row.';

CREATE FUNCTION inferacct_internal.log_months()
RETURNS SETOF date
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 24
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT m.month FROM inferacct_internal.rollup_month AS m
	UNION SELECT inferacct_internal.month_of(c.hour) FROM inferacct_internal.usage_change AS c
	WHERE c.hour >= '2000-01-01 00:00:00+00' AND c.hour < '2100-01-01 00:00:00+00'
$$;

COMMENT ON FUNCTION log_months() IS
'The UTC months of the log: those that the rollup has, and those in which something was written since.';

CREATE VIEW spend_by_tag WITH (security_invoker = true) AS
SELECT m.month, t.tag, t.total, t.requests, t.usage, t.usd
FROM log_months() AS m(month) CROSS JOIN LATERAL spend_by_tag(m.month, next_month(m.month)) AS t;

COMMENT ON VIEW spend_by_tag IS
'Requests, usage and exact USD by UTC month and tag, from the rows of the log, of which WHERE month ... reads those of '
'that time: of the months that refresh_usage() knows, or of which usage_log has noted a change. '
'A request with two tags is in both; the row with total = true has every request of the month once, '
'tagged or not, and the row with a NULL tag and total = false those without a tag.';

-- ---------------------------------------------------------------------------
-- What has no price
-- ---------------------------------------------------------------------------

CREATE FUNCTION rollup_problem(model text, usage usage, first_at timestamptz, last_at timestamptz, min_input bigint,
	max_input bigint,
	aggregated boolean, service_tier text, region text)
RETURNS text
LANGUAGE c STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'rollup_problem';

COMMENT ON FUNCTION rollup_problem(text, usage, timestamptz, timestamptz, bigint, bigint, boolean, text, text) IS
'Why rollup_cost() of the same arguments has no price: SQLSTATE and message of its error under inferacct.unpriced = '
'error (IA001 to IA005, IA007, IA009), whatever the setting is; NULL when it has one. '
'Other errors are raised, IA006 of the session''s contract too.';

CREATE FUNCTION inferacct_internal.tokens_of(usage usage)
RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 2
RETURN input_tokens(usage) + output_tokens(usage);

COMMENT ON FUNCTION tokens_of(usage) IS 'All tokens of a usage, input and output. NULL gives NULL.';

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
		-- OFFSET 0: each name is looked at once, not each row.
		SELECT n.model FROM (SELECT DISTINCT u.model FROM rollup_usage AS u
			WHERE u.month BETWEEN coalesce(of_month, '-infinity') AND coalesce(of_month, 'infinity') OFFSET 0) AS n
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

CREATE FUNCTION inferacct_internal.unpriced_usage_of(of_month date)
RETURNS TABLE (source text, provider text, model text, service_tier text, region text, team text, reason text,
	problem text, first_at timestamptz, last_at timestamptz, requests bigint, tokens bigint, usage usage,
	provider_usd numeric, month_priced_share numeric)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH judged AS MATERIALIZED (
		SELECT * FROM judged_usage(of_month)
	), explained AS (
		SELECT *, CASE
			WHEN left(problem, 5) IN ('IA001', 'IA002', 'IA004') AND has_capacity(model, service_tier, first_at)
				THEN 'served by a commitment or deployment: SELECT price_capacity()'
			WHEN problem LIKE 'IA001%' THEN 'no price for a meter: set_price()'
			WHEN problem LIKE 'IA002%' THEN 'unknown model: set_alias() or set_price()'
			WHEN problem LIKE 'IA003%' THEN 'several providers have it: log the provider, or set_alias()'
			WHEN problem LIKE 'IA004%' THEN 'no such service tier: set_price(service_tier => ...)'
			WHEN problem LIKE 'IA005%' AND meter(usage, 'requests') > 1 AND aggregated
				THEN 'a sum of requests that passes a context tier: '
					'attach the requests, or a report that names the tier'
			WHEN problem LIKE 'IA005%' THEN 'a new price splits it: CALL refresh_usage()'
			WHEN problem LIKE 'IA006%' THEN 'unknown contract: SET inferacct.contract to one of table contract'
			WHEN problem LIKE 'IA007%' THEN 'no exchange rate: INSERT INTO fx_rate'
			WHEN problem LIKE 'IA009%'
				THEN 'only a guess would price it: set_alias(), set_price(), or inferacct.guess = allow'
			WHEN problem LIKE 'IA101%' THEN 'a price finer or larger than the fixed point: set_price() in USD'
			WHEN problem LIKE '22003%' THEN 'a cost out of range: look at its counts'
			ELSE problem END AS reason
		FROM judged WHERE problem IS NOT NULL
	), whole AS (
		SELECT tokens_of(sum(usage)) AS tokens, coalesce(tokens_of(sum(usage) FILTER (WHERE problem IS NULL)), 0)
			AS priced_tokens
		FROM judged
	)
	SELECT j.source, j.provider, j.model, j.service_tier, j.region, j.team, j.reason,
		min(j.problem) AS problem, min(j.first_at) AS first_at, max(j.last_at) AS last_at,
		meter(sum(j.usage), 'requests') AS requests, tokens_of(sum(j.usage)) AS tokens, sum(j.usage) AS usage,
		sum(j.provider_usd) AS provider_usd,
		round(m.priced_tokens::numeric / nullif(m.tokens, 0), 6) AS month_priced_share
	FROM explained AS j CROSS JOIN whole AS m
	GROUP BY j.source, j.provider, j.model, j.service_tier, j.region, j.team, j.reason, m.priced_tokens, m.tokens
$$;

COMMENT ON FUNCTION unpriced_usage_of(date) IS 'unpriced_usage of one month (its first day).';

CREATE VIEW unpriced_usage WITH (security_invoker = true) AS
SELECT m.month, u.source, u.provider, u.model, u.service_tier, u.region, u.team, u.reason, u.problem, u.first_at,
	u.last_at, u.requests, u.tokens, u.usage, u.provider_usd, u.month_priced_share
FROM (SELECT DISTINCT month FROM rollup_month) AS m CROSS JOIN LATERAL unpriced_usage_of(m.month) AS u;

COMMENT ON VIEW unpriced_usage IS
'Usage that is in no sum of USD, by UTC month and all that its price would depend on: the reason ("cause: remedy"), '
'the message (problem), and month_priced_share, the share of the month''s tokens that has a price. '
'Usage that a commitment or a deployment serves is here until price_capacity() has made its price 0. '
'Empty when everything is priced. The same under any inferacct.unpriced.';

-- ---------------------------------------------------------------------------
-- Why a row of the rollup costs what it costs
-- ---------------------------------------------------------------------------

-- The rates are those of one request of the same size and meters; rollup_cost() makes sure that all its requests have
-- them.
CREATE FUNCTION rollup_cost_detail(model text, usage usage, first_at timestamptz, last_at timestamptz, min_input bigint,
	max_input bigint,
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

CREATE VIEW spend_by_meter WITH (security_invoker = true) AS
SELECT m.month, d.meter, sum(d.quantity)::bigint AS quantity, trim_scale(sum(d.usd)) AS usd
FROM (SELECT DISTINCT month FROM rollup_month) AS m
CROSS JOIN LATERAL alike_usage(m.month) AS a
CROSS JOIN LATERAL rollup_cost_detail(a.model, a.usage, a.first_at, a.last_at, a.min_input, a.max_input, a.aggregated,
	a.service_tier, a.region) AS d
GROUP BY m.month, d.meter;

COMMENT ON VIEW spend_by_meter IS
'Quantity (tokens, or what the meter counts) and exact USD by UTC month and meter: input, cache_read, output, '
'reasoning and so on. usd adds up to monthly_spend; what has no price is in neither under inferacct.unpriced = null.';
