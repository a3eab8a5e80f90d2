-- On which weekday is how much spent?
-- Reads the rollup.
SELECT to_char(day, 'Dy') AS weekday, round(avg(usd), 2) AS usd_a_day
FROM (SELECT day, sum(usd) AS usd FROM daily_spend
	WHERE day >= '2026-10-01' AND day < '2026-11-01' GROUP BY day) AS days
GROUP BY to_char(day, 'Dy'), extract(isodow FROM day) ORDER BY extract(isodow FROM day);
