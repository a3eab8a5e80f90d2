-- Spend day by day of the last two months, a line for each team and each of the dearest models.
WITH span AS (
	SELECT (:'month'::date - interval '1 month')::date AS since, (:'month'::date + interval '1 month')::date AS until
), day AS (
	SELECT v.of, v.value, d.day, sum(d.usd) AS usd
	FROM span JOIN daily_spend AS d ON d.day >= span.since AND d.day < span.until
	CROSS JOIN LATERAL (VALUES ('team', coalesce(d.team, 'not stated')),
		('model', coalesce(d.model, 'not stated'))) AS v(of, value)
	GROUP BY v.of, v.value, d.day
), filled AS (
	SELECT k.of, k.value, c.day, coalesce(d.usd, 0) AS usd, max(coalesce(d.usd, 0))
		OVER (PARTITION BY k.of, k.value) AS most
	FROM span CROSS JOIN (SELECT DISTINCT of, value FROM day) AS k
	CROSS JOIN LATERAL generate_series(span.since, span.until - 1, interval '1 day') AS c(day)
	LEFT JOIN day AS d ON d.of = k.of AND d.value = k.value AND d.day = c.day
), line AS (
	SELECT f.of, f.value, round(sum(f.usd), 2) AS usd,
		string_agg(substr('▁▂▃▄▅▆▇█', CASE WHEN f.most > 0 THEN 1 + floor(7.99 * f.usd / f.most)::int ELSE 1 END, 1), ''
			ORDER BY f.day) AS days
	FROM filled AS f GROUP BY f.of, f.value
)
SELECT of AS by, value, usd, days
FROM (SELECT *, row_number() OVER (PARTITION BY of ORDER BY usd DESC, value) AS place FROM line) AS ranked
WHERE place <= 12
ORDER BY of DESC, place;
