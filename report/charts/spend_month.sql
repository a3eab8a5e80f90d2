-- Spend of a month summed up day by day, beside the month before, the budget, the forecast and changes of prices.
WITH span AS (
	SELECT :'month'::date AS first, (:'month'::date + interval '1 month')::date AS next,
		(:'month'::date - interval '1 month')::date AS previous, :'at'::timestamptz AT TIME ZONE 'UTC' AS at
), spent AS (
	SELECT d.day, sum(d.usd) AS usd
	FROM span CROSS JOIN daily_spend AS d
	WHERE d.day >= span.previous AND d.day < span.next AND :'team' IN ('*', coalesce(d.team, ''))
		AND :'provider' IN ('*', coalesce(d.provider, '')) AND :'model' IN ('*', coalesce(d.model, ''))
	GROUP BY d.day
), summed AS (
	SELECT c.day >= span.first AS is_this, extract(day FROM c.day)::int AS day,
		sum(coalesce(s.usd, 0)) OVER (PARTITION BY c.day >= span.first ORDER BY c.day) AS usd
	FROM span CROSS JOIN LATERAL generate_series(span.previous, span.next - 1, interval '1 day') AS c(day)
	LEFT JOIN spent AS s ON s.day = c.day
	WHERE c.day < span.at
), ahead AS (	-- of this month while it runs, else of the next
	SELECT m.month, extract(day FROM m.month + interval '1 month' - interval '1 day')::int AS days,
		CASE WHEN m.month = span.first THEN round((extract(epoch FROM span.at - span.first) / 86400)::numeric, 2) ELSE 0 END AS elapsed, f.*
	FROM span
	CROSS JOIN LATERAL (SELECT CASE WHEN span.at < span.next THEN span.first ELSE span.next END AS month) AS m
	CROSS JOIN LATERAL forecast(m.month, nullif(:'team', '*'), NULL, nullif(:'provider', '*'), nullif(:'model', '*'), :'at'::timestamptz) AS f
), limits AS (
	SELECT b.month, min(b.usd) AS usd
	FROM budget AS b
	WHERE b.team IS NOT DISTINCT FROM nullif(:'team', '*') AND b.provider IS NOT DISTINCT FROM nullif(:'provider', '*')
		AND b.model IS NOT DISTINCT FROM nullif(:'model', '*') AND b.project IS NULL
	GROUP BY b.month
), used AS (
	SELECT DISTINCT s.model FROM span JOIN monthly_spend AS s ON s.month = span.first WHERE s.usd > 0
), priced AS (
	SELECT extract(day FROM h.valid_from AT TIME ZONE 'UTC')::int - 1 AS day, string_agg(DISTINCT h.model, ', ') AS label
	FROM span JOIN price_history AS h ON h.valid_from >= span.first AT TIME ZONE 'UTC' AND h.valid_from < span.next AT TIME ZONE 'UTC'
	WHERE h.provider || '/' || h.model IN (SELECT model FROM used)
	GROUP BY 1
), chart AS (
	SELECT to_char(CASE WHEN s.is_this THEN span.first ELSE span.previous END, 'FMMonth') AS series,
		CASE WHEN s.is_this THEN 'this' ELSE 'last' END AS kind, s.day::numeric AS day, round(s.usd, 2) AS usd,
		NULL::numeric AS low_usd, NULL::numeric AS high_usd, NULL::text AS label
	FROM span CROSS JOIN (SELECT * FROM summed UNION ALL SELECT DISTINCT is_this, 0, 0 FROM summed) AS s
	UNION ALL
	SELECT 'Forecast, ' || to_char(a.month, 'FMMonth'), 'forecast', p.day, round(p.usd, 2), round(p.low, 2), round(p.high, 2), NULL
	FROM ahead AS a CROSS JOIN LATERAL (VALUES
		(a.elapsed, CASE WHEN a.elapsed > 0 THEN a.spent_usd ELSE 0 END, CASE WHEN a.elapsed > 0 THEN a.spent_usd ELSE 0 END,
			CASE WHEN a.elapsed > 0 THEN a.spent_usd ELSE 0 END),
		(a.days, a.usd, a.low_usd, a.high_usd)) AS p(day, usd, low, high)
	WHERE a.usd IS NOT NULL
	UNION ALL
	SELECT 'Budget', 'budget', p.day, round(l.usd, 2), NULL, NULL, NULL
	FROM span JOIN limits AS l ON l.month = span.first CROSS JOIN (VALUES (0), (31)) AS p(day)
	UNION ALL
	SELECT 'Price change', 'price', p.day, 0, NULL, NULL, p.label FROM priced AS p
), total AS (
	SELECT coalesce(max(usd) FILTER (WHERE kind = 'this'), 0) AS this, max(usd) FILTER (WHERE kind = 'last') AS last,
		max(usd) FILTER (WHERE kind = 'budget') AS budget
	FROM chart
)
SELECT c.*, format('%s cost %s USD%s%s%s.', to_char(span.first, 'FMMonth YYYY') || CASE WHEN span.at < span.next THEN ' so far' ELSE '' END,
		to_char(t.this, 'FM999,999,999,990.00'),
		CASE WHEN t.budget > 0 THEN format(', %s %% of its budget of %s USD', round(100 * t.this / t.budget, 1), to_char(t.budget, 'FM999,999,999,990'))
			ELSE '; it has no budget' END,
		CASE WHEN t.last > 0 AND span.at >= span.next
			THEN format(', %s %% %s than %s', abs(round(100 * (t.this / t.last - 1), 1)), CASE WHEN t.this < t.last THEN 'less' ELSE 'more' END,
				to_char(span.previous, 'FMMonth')) ELSE '' END,
		CASE WHEN a.usd IS NULL THEN '. There is no forecast: ' || coalesce(a.reason, 'too little history')
			ELSE format('. The forecast for %s is %s USD, in 8 of 10 cases %s to %s%s', to_char(a.month, 'FMMonth'), to_char(a.usd, 'FM999,999,999,990'),
				to_char(a.low_usd, 'FM999,999,999,990'), to_char(a.high_usd, 'FM999,999,999,990'),
				CASE WHEN l.usd IS NULL THEN '' WHEN a.low_usd > l.usd THEN format(': over the budget of %s', to_char(l.usd, 'FM999,999,999,990'))
					WHEN a.high_usd > l.usd THEN format(': it may pass the budget of %s', to_char(l.usd, 'FM999,999,999,990'))
					ELSE format(': within the budget of %s', to_char(l.usd, 'FM999,999,999,990')) END) END) AS sentence
FROM span CROSS JOIN total AS t CROSS JOIN ahead AS a LEFT JOIN limits AS l ON l.month = a.month LEFT JOIN chart AS c ON true
ORDER BY c.kind, c.day;
