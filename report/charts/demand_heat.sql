-- When the load is: replicas that each hour of the week keeps busy, over the last four weeks.
WITH load AS (
	SELECT demand(h.hour, h.usage, h.usd) AS demand
	FROM hourly_spend AS h
	WHERE h.hour >= :'at'::timestamptz - interval '28 days' AND h.hour < :'at'::timestamptz AND h.usd IS NOT NULL
), hour AS (
	SELECT f.bucket AT TIME ZONE 'UTC' AS hour, f.load, f.replicas FROM load AS l CROSS
		JOIN LATERAL fleet_series(l.demand, :'deployment', at => :'at'::timestamptz) AS f
), chart AS (
	SELECT extract(isodow FROM hour)::int AS weekday_number, to_char(hour, 'Dy') AS weekday,
		extract(hour FROM hour)::int AS hour, round(avg(load), 3) AS replicas,
		round(max(load), 3) AS most_replicas
	FROM hour GROUP BY 1, 2, 3
)
SELECT c.*, CASE WHEN t.most IS NULL THEN 'There is no load with a price in these four weeks.'
	ELSE format('The busiest hour of the week is %s at %s: %s replicas of %s on average, %s at most; the quietest '
		'%s at %s with %s. The mean is %s.',
		(SELECT format('%s', weekday) FROM chart ORDER BY replicas DESC LIMIT 1),
			(SELECT lpad(chart.hour::text, 2, '0') || ':00 UTC' FROM chart ORDER BY replicas DESC LIMIT 1),
		t.most, :'deployment', t.peak, (SELECT weekday FROM chart ORDER BY replicas LIMIT 1),
			(SELECT lpad(chart.hour::text, 2, '0') || ':00' FROM chart ORDER BY replicas LIMIT 1), t.least,
			t.mean) END AS sentence
FROM (SELECT round(max(replicas), 2) AS most, round(min(replicas), 2) AS least, round(avg(replicas), 2) AS mean,
	round(max(most_replicas), 2) AS peak FROM chart) AS t
LEFT JOIN chart AS c ON true
ORDER BY c.weekday_number, c.hour;
