-- What a prompt cache saved by reads, and what writing it cost above plain input: by model and by team.
WITH saved AS (
	SELECT d.by, coalesce(c.value, 'not stated') AS value, c.saved_usd, c.write_premium_usd, c.net_usd, c.unread_usd,
		c.hit_rate
	FROM (VALUES ('model'), ('team')) AS d(by)
	CROSS JOIN LATERAL cache_savings_by(d.by, NULL, :'month'::date, (:'month'::date + interval '1 month')::date) AS c
	WHERE c.saved_usd > 0 OR c.write_premium_usd > 0
), ranked AS (
	SELECT *, row_number() OVER (PARTITION BY by ORDER BY net_usd DESC, value) AS place FROM saved
), chart AS (
	SELECT r.by, r.place, r.value, k.kind, round(k.usd, 2) AS usd, round(r.net_usd, 2) AS net_usd,
		round(100 * r.hit_rate, 1) AS hit_percent,
		round(r.unread_usd, 2) AS unread_usd
	FROM ranked AS r CROSS JOIN LATERAL (VALUES ('saved by reads', r.saved_usd),
		('premium of writes', -r.write_premium_usd)) AS k(kind, usd)
	WHERE r.place <= 12
), said AS (
	SELECT by, format('Caching saved %s USD net in %s: %s by reads less %s for writes. If all of the prompts had been '
			'read from a cache it would be %s more.',
			to_char(sum(net_usd), 'FM999,999,990.00'), to_char(:'month'::date, 'FMMonth'),
				to_char(sum(saved_usd), 'FM999,999,990.00'),
			to_char(sum(write_premium_usd), 'FM999,999,990.00'),
				to_char(sum(unread_usd), 'FM999,999,990.00')) AS sentence
	FROM saved GROUP BY by
)
SELECT c.*, s.sentence FROM said AS s JOIN chart AS c USING (by) ORDER BY c.by, c.place, c.kind;
