-- Why a month cost more or less than the one before: driver by driver, which add up to the difference.
WITH span AS (
	SELECT :'month'::date AS first, (:'month'::date - interval '1 month')::date AS previous
), month AS (
	SELECT coalesce(sum(usd) FILTER (WHERE m.month = span.first), 0) AS usd, coalesce(sum(usd) FILTER (WHERE m.month = span.previous), 0) AS last_usd
	FROM span JOIN monthly_spend AS m ON m.month IN (span.first, span.previous)
), driver AS (
	SELECT e.driver, sum(e.usd) AS usd, string_agg(e.explanation, ' ') AS explanation, row_number() OVER (ORDER BY abs(sum(e.usd)) DESC, e.driver) AS place
	FROM span CROSS JOIN LATERAL explain_change(span.previous, span.first) AS e
	GROUP BY e.driver
), step AS (
	SELECT 0 AS place, to_char(span.previous, 'FMMonth') AS label, 'total' AS kind, 0::numeric AS from_usd, m.last_usd AS to_usd, NULL AS explanation
	FROM span CROSS JOIN month AS m
	UNION ALL
	SELECT d.place, d.driver, CASE WHEN d.usd < 0 THEN 'less' ELSE 'more' END, m.last_usd + sum(d.usd) OVER (ORDER BY d.place) - d.usd,
		m.last_usd + sum(d.usd) OVER (ORDER BY d.place), d.explanation
	FROM driver AS d CROSS JOIN month AS m
	UNION ALL
	SELECT 1 + (SELECT count(*) FROM driver), to_char(span.first, 'FMMonth'), 'total', 0, m.usd, NULL
	FROM span CROSS JOIN month AS m
), chart AS (
	SELECT place, label, kind, round(from_usd, 2) AS from_usd, round(to_usd, 2) AS to_usd,
		round(to_usd - from_usd, 2) AS usd, explanation
	FROM step
)
SELECT c.*, format('%s cost %s USD %s than %s. %s', to_char(span.first, 'FMMonth'), to_char(abs(m.usd - m.last_usd), 'FM999,999,999,990.00'),
		CASE WHEN m.usd < m.last_usd THEN 'less' ELSE 'more' END, to_char(span.previous, 'FMMonth'),
		coalesce((SELECT string_agg(explanation, ' ' ORDER BY place) FROM driver WHERE place <= 2), '')) AS sentence
FROM span CROSS JOIN month AS m LEFT JOIN chart AS c ON true
ORDER BY c.place;
