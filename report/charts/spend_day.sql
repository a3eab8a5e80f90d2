-- Spend day by day, this month and the month before, with the days that cost unusually much or little.
WITH span AS (
	SELECT (:'month'::date - interval '1 month')::date AS since, (:'month'::date + interval '1 month')::date AS until
), day AS (
	SELECT d.day, sum(d.usd) AS usd, sum(d.requests) AS requests
	FROM span JOIN daily_spend AS d ON d.day >= span.since AND d.day < span.until
	WHERE :'team' IN ('*', coalesce(d.team, '')) AND :'provider' IN ('*', coalesce(d.provider, '')) AND :'model' IN ('*', coalesce(d.model, ''))
	GROUP BY d.day
), odd AS (
	SELECT a.day, a.usd - a.expected_usd AS off_usd, concat_ws(', ', a.driver_team, a.driver_model, a.cause) AS driver
	FROM span CROSS JOIN LATERAL anomaly((:'month'::date), span.until, nullif(:'team', '*')) AS a
	WHERE :'provider' = '*' AND :'model' = '*'
), chart AS (
	SELECT d.day, CASE WHEN o.day IS NOT NULL THEN 'unusual' WHEN d.day >= :'month'::date THEN 'this' ELSE 'last' END AS kind, round(d.usd, 2) AS usd, d.requests, round(o.off_usd, 2) AS off_usd, o.driver
	FROM day AS d LEFT JOIN odd AS o USING (day)
)
SELECT c.*, format('A day of %s cost %s USD at the median; the dearest was %s with %s USD. %s', to_char(:'month'::date, 'FMMonth'),
		to_char(t.median, 'FM999,999,990.00'), to_char(t.top_day, 'FMDD FMMonth'), to_char(t.top, 'FM999,999,990.00'),
		CASE t.odd WHEN 0 THEN 'No day stands out from its weekday.'
			WHEN 1 THEN 'One day stands out from its weekday (marked).' ELSE format('%s days stand out from their weekdays (marked).', t.odd) END) AS sentence
FROM (SELECT round(percentile_disc(0.5) WITHIN GROUP (ORDER BY usd), 2) AS median, max(usd) AS top,
		(array_agg(day ORDER BY usd DESC NULLS LAST))[1] AS top_day, count(off_usd) AS odd FROM chart WHERE day >= :'month'::date) AS t
LEFT JOIN chart AS c ON true
ORDER BY c.day;
