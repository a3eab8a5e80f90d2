-- The hours of four weeks from the busiest to the quietest, and what would serve them at the least cost.
WITH load AS (
	SELECT demand(h.hour, h.usage, h.usd) AS demand
	FROM hourly_spend AS h
	WHERE h.hour >= :'at'::timestamptz - interval '28 days' AND h.hour < :'at'::timestamptz AND h.usd IS NOT NULL
), best AS (
	SELECT h.*, l.demand FROM load AS l CROSS JOIN LATERAL hybrid(l.demand, :'deployment',
		at => :'at'::timestamptz) AS h
), reserved AS (	-- of the replicas that pay, those that pay reserved
	SELECT count(*) FILTER (WHERE c.term LIKE 'reserved%') AS units FROM best AS b CROSS
		JOIN LATERAL commitment(b.demand, :'deployment', at => :'at'::timestamptz) AS c
	WHERE c.unit <= b.replicas
), hour AS (
	SELECT f.load, row_number() OVER (ORDER BY f.load DESC, f.bucket) AS place, count(*) OVER () AS hours
	FROM best AS b CROSS JOIN LATERAL fleet_series(b.demand, :'deployment', at => :'at'::timestamptz) AS f
), chart AS (
	SELECT p.place, p.served_by, round(100.0 * (h.place - 1) / greatest(h.hours - 1, 1), 2) AS percent_of_hours,
		round(p.load, 4) AS replicas
	FROM hour AS h CROSS JOIN best AS b CROSS JOIN reserved AS r CROSS JOIN LATERAL (VALUES
		(1, 'reserved', least(h.load, r.units)), (2, 'on demand', greatest(least(h.load, b.replicas) - r.units, 0)),
		(3, 'API', greatest(h.load - b.replicas, 0))) AS p(place, served_by, load)
)
SELECT c.*, CASE WHEN t.peak IS NULL THEN 'There is no load with a price in these four weeks.'
	ELSE format('The busiest hour needs %s replicas of %s, half of the hours less than %s. %s', round(t.peak, 2),
	:'deployment', round(t.median, 2),
		CASE WHEN b.replicas > 0 THEN format('Cheapest are %s replicas, %s of them reserved, and the API for the '
				'rest: %s USD less in these four weeks.', b.replicas, r.units, to_char(b.saved_usd, 'FM999,999,990'))
			ELSE format('No replica pays: one has to be busy %s %% of the time, and the API alone costs %s USD in '
					'these four weeks.', round(100 * b.breakeven_utilization, 1),
				to_char(b.usd_api_only, 'FM999,999,990')) END) END AS sentence
FROM (SELECT max(load) AS peak, percentile_disc(0.5) WITHIN GROUP (ORDER BY load) AS median FROM hour) AS t
LEFT JOIN best AS b ON true LEFT JOIN reserved AS r ON true LEFT JOIN chart AS c ON true
ORDER BY c.percent_of_hours, c.place;
