-- spend_by: what was spent in each month, by any dimension.
--
-- Invariant: that of 453-daily_spend.  All rows of a month add up to monthly_spend,
-- whatever the dimension is.

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
			SELECT month, %s AS %I, meter(sum(usage), ''requests'') AS requests, sum(usage) AS usage, %s,
				rollup_spend(model, usage, first_at, last_at, min_input, max_input,
					aggregated, service_tier, region) AS usd,
				sum(provider_usd) AS provider_usd,
				rollup_worst(model, usage, first_at, last_at, min_input, max_input, aggregated, service_tier, region)
					AS confidence
			FROM rollup_usage GROUP BY month, %s',
			'spend_by_' || dimension.name, dimension.expression, dimension.name, token_columns('sum(usage)'),
			dimension.expression);
		EXECUTE format('COMMENT ON VIEW %I IS %L', 'spend_by_' || dimension.name,
			format(
				'Requests, usage and exact USD by UTC month and %s. '
				'A NULL %1$s is usage that states none. confidence is the worst of any figure in it. '
				'Adds up to monthly_spend.', dimension.title));
	END LOOP;
END $$;

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
		RETURN 'inferacct_internal.resolved_provider(u.provider, u.model, u.first_at)';
	ELSIF dimension = 'model' THEN
		RETURN 'inferacct_internal.resolved_model(u.model, u.first_at)';
	ELSIF dimension = 'service_tier' THEN
		RETURN 'inferacct_internal.resolved_tier(u.service_tier)';
	ELSIF dimension = 'region' THEN
		RETURN 'inferacct_internal.resolved_region(u.region, u.model, u.first_at)';
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

CREATE FUNCTION inferacct_internal.tail_note(dimension text, value text, first_month date, last_month date)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100
RETURN CASE WHEN value = 'other' AND EXISTS (SELECT FROM usage_dimension_value AS t
		WHERE t.dimension = tail_note.dimension AND t.month BETWEEN first_month AND last_month AND t.is_tail)
	THEN format('other: all values of %s that are not kept', dimension) END;

COMMENT ON FUNCTION tail_note(text, text, date, date) IS
'What note says of a value of a dimension in months: that it is other, the sum of the values that usage_dimension.keep '
'leaves no room for. NULL for any other value.';

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
				inferacct_internal.rollup_spend(u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input,
					u.aggregated, u.service_tier, u.region) AS usd,
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
				THEN (SELECT string_agg(inferacct_internal.tail_note(n.name, n.value, s.month, s.month), '; '
					ORDER BY n.name) FROM (VALUES ($4, s.value), ($5, s.second_value)) AS n(name, value)) END)
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
'Errors: 42704 no such dimension, 22004 a NULL one; others as token_cost().';
