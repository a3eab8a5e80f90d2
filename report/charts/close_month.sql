-- Closed months: what was booked, what came late, what prices have changed since, and what it is now.
WITH month AS (
	SELECT r.month, sum(r.booked_usd) AS booked_usd, sum(r.late_effect) AS late_usd, sum(r.price_effect) AS price_usd,
		sum(r.restated_usd) AS restated_usd,
		sum(r.unbooked_usd) AS unbooked_usd, string_agg(DISTINCT r.problem, ' ') AS problem
	FROM restated_spend AS r WHERE r.month < :'at'::timestamptz AND :'team' IN ('*', coalesce(r.team, ''))
		GROUP BY r.month
), chart AS (
	SELECT to_char(m.month, 'YYYY-MM') AS month, p.place, p.label, p.kind, round(p.from_usd, 2) AS from_usd,
		round(p.to_usd, 2) AS to_usd, round(p.to_usd - p.from_usd, 2) AS usd
	FROM (SELECT * FROM month ORDER BY month DESC LIMIT 12) AS m CROSS JOIN LATERAL (VALUES
		(1, 'booked', 'total', 0, m.booked_usd), (2, 'late', CASE WHEN m.late_usd < 0 THEN 'less'
			ELSE 'more' END, m.booked_usd, m.booked_usd + m.late_usd),
		(3, 'price', CASE WHEN m.price_usd < 0 THEN 'less' ELSE 'more' END, m.booked_usd + m.late_usd,
			m.booked_usd + m.late_usd + m.price_usd),
		(4, 'now', 'total', 0, m.restated_usd)) AS p(place, label, kind, from_usd, to_usd)
	WHERE m.problem IS NULL OR p.place = 1		-- what cannot be told is left out, and said
)
SELECT c.*, format('%s was booked with %s USD; %s', to_char(m.month, 'FMMonth YYYY'),
	to_char(m.booked_usd, 'FM999,999,999,990.00'),
		coalesce('what it is now cannot be told: ' || m.problem || '.', CASE WHEN m.late_usd = 0
			AND m.price_usd = 0 THEN 'nothing has changed since.'
			ELSE format('%s USD came late and %s USD are changes of prices: it is %s USD now, of which %s USD are '
					'still to be booked.', to_char(m.late_usd, 'FMSG999,999,990.00'),
				to_char(m.price_usd, 'FMSG999,999,990.00'), to_char(m.restated_usd, 'FM999,999,999,990.00'),
					to_char(m.unbooked_usd, 'FMSG999,999,990.00')) END)) AS sentence
FROM chart AS c JOIN month AS m ON to_char(m.month, 'YYYY-MM') = c.month
ORDER BY c.month DESC, c.place;
