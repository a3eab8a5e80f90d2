-- How sure the saving is, and on which figure it depends most: each alone at both ends of its range.
WITH range AS (
	SELECT * FROM decision_range(:'log'::regclass, :'deployment', nullif(:'policy', ''), since => :'since'::timestamptz,
		until => :'at'::timestamptz, at => :'at'::timestamptz, draws => 100)
), chart AS (
	SELECT d.ordinality AS place, replace(d.driver, '_', ' ') AS driver, d.low, d.high, round(d.low_usd, 2) AS low_usd,
		round(d.high_usd, 2) AS high_usd,
		round(least(d.low_usd, d.high_usd), 2) AS from_usd, round(greatest(d.low_usd, d.high_usd), 2) AS to_usd,
			round(r.p10_usd, 2) AS p10_usd, round(r.p50_usd, 2) AS p50_usd, round(r.p90_usd, 2) AS p90_usd
	FROM range AS r CROSS JOIN LATERAL unnest(r.drivers) WITH ORDINALITY AS d
	WHERE (SELECT max(round(swing_usd, 2))
		FROM unnest(r.drivers)) > 0		-- without machines there is nothing that could vary
)
SELECT c.*, 'The saving of the machines: ' || coalesce(r.explanation, 'nothing is known of it.') AS sentence
FROM range AS r LEFT JOIN chart AS c ON true
ORDER BY c.place;
