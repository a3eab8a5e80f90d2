-- Who and what a month was spent on, beside the month before: by team, model, provider, meter.
WITH span AS (
	SELECT :'month'::date AS first, (:'month'::date - interval '1 month')::date AS previous
), spent AS (
	SELECT s.month = span.first AS is_this, v.by, coalesce(v.value, 'not stated') AS value, s.usd
	FROM span JOIN monthly_spend AS s ON s.month IN (span.first, span.previous)
	CROSS JOIN LATERAL (VALUES ('team', s.team), ('model', s.model), ('provider', s.provider)) AS v(by, value)
	WHERE :'team' IN ('*', coalesce(s.team, '')) AND :'provider' IN ('*', coalesce(s.provider, ''))
		AND :'model' IN ('*', coalesce(s.model, ''))
	UNION ALL
	SELECT u.month = span.first, 'meter', d.meter, d.usd
	FROM span JOIN inferacct_internal.monthly_usage AS u ON u.month IN (span.first, span.previous)
	CROSS JOIN LATERAL rollup_cost_detail(u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated, u.service_tier,
		u.region) AS d
	WHERE :'team' IN ('*', coalesce(u.team, '')) AND :'provider' IN ('*', coalesce(resolved_provider(u.provider, u.model, u.last_at), ''))
		AND :'model' IN ('*', coalesce(resolved_model(u.model, u.last_at), ''))
), summed AS (
	SELECT by, value, coalesce(sum(usd) FILTER (WHERE is_this), 0) AS usd, coalesce(sum(usd) FILTER (WHERE NOT is_this), 0) AS last_usd
	FROM spent GROUP BY by, value HAVING sum(usd) > 0
), ranked AS (
	SELECT *, row_number() OVER (PARTITION BY by ORDER BY usd DESC, value) AS place FROM summed
), chart AS (
	SELECT by, CASE WHEN place <= 12 THEN value ELSE 'all others' END AS value, min(place) AS place, round(sum(usd), 2) AS usd,
		round(sum(last_usd), 2) AS last_usd, round(100 * sum(usd) / nullif(sum(sum(usd)) OVER (PARTITION BY by), 0), 1) AS percent
	FROM ranked GROUP BY by, CASE WHEN place <= 12 THEN value ELSE 'all others' END
), said AS (
	SELECT by, format('The largest is %s: %s USD, %s %% of %s; %s', max(value) FILTER (WHERE place = 1),
			to_char(max(usd) FILTER (WHERE place = 1), 'FM999,999,999,990.00'), max(percent) FILTER (WHERE place = 1),
			to_char(:'month'::date, 'FMMonth'),
			coalesce(format('the first three of %s together %s %%.', (SELECT count(*) FROM summed AS s WHERE s.by = c.by), sum(percent) FILTER (WHERE place <= 3)), '')) AS sentence
	FROM chart AS c GROUP BY by
)
SELECT c.*, s.sentence FROM said AS s JOIN chart AS c USING (by) ORDER BY c.by DESC, c.place;
