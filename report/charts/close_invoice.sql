-- What a provider billed beside what was computed, and what the difference is made of.
WITH invoice AS (
	SELECT i.invoice, i.provider, i.month, sum(r.computed_usd) AS computed, sum(r.invoice_usd) AS billed,
		sum(r.volume_usd) AS volume, sum(r.price_usd) AS price,
		sum(r.unexplained_usd) AS unexplained, sum(r.unpriced_usd) AS unpriced, sum(r.missing_usd) AS missing,
			sum(r.rounding_usd) AS rounding, sum(r.other_usd) AS other
	FROM (SELECT * FROM invoice WHERE month < :'at'::timestamptz ORDER BY month DESC, invoice LIMIT 12) AS i CROSS
		JOIN LATERAL reconcile_invoice(i.invoice) AS r
	GROUP BY i.invoice, i.provider, i.month
), part AS (
	SELECT i.invoice, i.computed, p.place, p.label, coalesce(p.usd, 0) AS usd,
		coalesce(i.computed, 0) + sum(coalesce(p.usd, 0)) OVER (PARTITION BY i.invoice ORDER BY p.place) AS to_usd
	FROM invoice AS i CROSS JOIN LATERAL (VALUES (2, 'price', i.price), (3, 'volume', i.volume),
		(4, 'missing', i.missing), (5, 'unpriced', i.unpriced),
		(6, 'credits, tax', i.other), (7, 'rounding', i.rounding), (8, 'unexplained', i.unexplained)) AS p(place, label,
			usd)
), chart AS (
	SELECT invoice, place, label, CASE WHEN usd < 0 THEN 'less'
		ELSE 'more' END AS kind, round(to_usd - usd, 2) AS from_usd, round(to_usd, 2) AS to_usd, round(usd, 2) AS usd
		FROM part
	UNION ALL SELECT invoice, 1, 'computed', 'total', 0, round(coalesce(computed, 0), 2),
		round(coalesce(computed, 0), 2) FROM invoice
	UNION ALL SELECT invoice, 9, 'billed', 'total', 0, round(coalesce(billed, 0), 2), round(coalesce(billed, 0), 2)
		FROM invoice
)
SELECT c.*, format('%s billed %s USD for %s, %s USD %s than computed%s.', i.provider,
	to_char(i.billed, 'FM999,999,990.00'), to_char(i.month, 'FMMonth YYYY'),
		to_char(abs(i.billed - coalesce(i.computed, 0)), 'FM999,999,990.00'),
		CASE WHEN i.billed < i.computed THEN 'less'
			ELSE 'more' END,
		coalesce(', mostly by ' || (SELECT string_agg(format('%s (%s)', label, to_char(p.usd, 'FMSG999,999,990.00')),
			', ')
			FROM (SELECT label, usd FROM part AS p WHERE p.invoice = i.invoice AND p.usd <> 0
			ORDER BY abs(usd) DESC LIMIT 3) AS p), '')) AS sentence
FROM invoice AS i JOIN chart AS c USING (invoice)
ORDER BY i.month DESC, c.invoice, c.place;
