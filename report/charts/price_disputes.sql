-- Prices that sources dispute, and what the month would cost more or less if the other were right.
WITH dispute AS (
	SELECT d.provider || '/' || d.model || ', ' || d.meter AS label, d.held_by, d.held_usd, d.other_by, d.other_usd,
		d.usd, d.usd_if_other, d.difference_usd, d.other_checked_on, d.note,
		row_number() OVER (PARTITION BY d.provider, d.model, d.service_tier, d.region, d.above_input_tokens, d.meter
			ORDER BY abs(d.difference_usd) DESC, d.other_by) AS best
	FROM price_dispute AS d WHERE d.month = :'month'::date
), chart AS (
	SELECT row_number() OVER (ORDER BY abs(difference_usd) DESC, label) AS place, label,
		round(difference_usd, 4) AS difference_usd, CASE WHEN difference_usd < 0 THEN 'less' ELSE 'more' END AS kind,
		held_by, held_usd, other_by, other_usd, round(usd, 4) AS usd, other_checked_on
	FROM dispute WHERE best = 1 AND difference_usd <> 0
)
SELECT c.*, CASE WHEN t.n = 0 THEN 'No price that this month was priced by is disputed.'
		ELSE format('%s disputed prices: where the other source is right the month costs up to %s USD more, or %s '
			'less.', t.n, to_char(t.most, 'FM999,999,990.00'), to_char(-t.least, 'FM999,999,990.00'))
		END AS sentence
FROM (SELECT count(*) AS n, coalesce(sum(least(difference_usd, 0)), 0) AS least,
	coalesce(sum(greatest(difference_usd, 0)), 0) AS most FROM chart) AS t
LEFT JOIN chart AS c ON c.place <= 12
ORDER BY c.place;
