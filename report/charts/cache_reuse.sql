-- How often what was written to a cache was read again, beside how often it has to be until the write is earned back.
WITH reuse AS (
	SELECT d.by, coalesce(c.value, 'not stated') AS value, c.reuse, c.reuse_to_break_even, c.net_usd,
		c.write_premium_usd
	FROM (VALUES ('model'), ('team')) AS d(by)
	CROSS JOIN LATERAL cache_savings_by(d.by, NULL, :'month'::date, (:'month'::date + interval '1 month')::date) AS c
	WHERE c.reuse_to_break_even > 0
), chart AS (
	SELECT by, row_number() OVER (PARTITION BY by ORDER BY reuse / reuse_to_break_even DESC, value) AS place, value,
		round(reuse, 2) AS reuse,
		round(reuse_to_break_even, 2) AS reuse_to_break_even, CASE WHEN reuse >= reuse_to_break_even THEN 'pays'
			ELSE 'does not pay' END AS kind, round(net_usd, 2) AS net_usd
	FROM reuse
), said AS (
	SELECT by, format('%s of %s are above the line: what they wrote was read often enough to be earned back.%s',
		count(*) FILTER (WHERE kind = 'pays'),
			count(*), coalesce(' Not: ' || string_agg(value, ', ' ORDER BY place)
				FILTER (WHERE kind <> 'pays') || '.', '')) AS sentence
	FROM chart GROUP BY by
)
SELECT c.*, s.sentence FROM said AS s JOIN chart AS c USING (by) WHERE c.place <= 12 ORDER BY c.by, c.place;
