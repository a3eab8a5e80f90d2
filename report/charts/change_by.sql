-- Whose spend changed from month to month, and by what: the drivers of each team, model, provider.
WITH span AS (
	SELECT :'month'::date AS first, (:'month'::date - interval '1 month')::date AS previous
), driver AS (
	SELECT d.by, coalesce(e.value, 'not stated') AS value, e.driver, sum(e.usd) AS usd
	FROM span CROSS JOIN (VALUES ('team'), ('model'), ('provider')) AS d(by)
	CROSS JOIN LATERAL explain_change(span.previous, span.first, d.by) AS e
	GROUP BY d.by, coalesce(e.value, 'not stated'), e.driver
), whole AS (
	SELECT by, value, sum(usd) AS usd, (array_agg(driver ORDER BY abs(usd) DESC))[1] AS driver,
		(array_agg(usd ORDER BY abs(usd) DESC))[1] AS driver_usd,
		row_number() OVER (PARTITION BY by ORDER BY abs(sum(usd)) DESC, value) AS place
	FROM driver GROUP BY by, value
), chart AS (
	SELECT by, place, value, round(usd, 2) AS usd, CASE WHEN usd < 0 THEN 'less' ELSE 'more' END AS kind, driver AS main_driver,
		round(driver_usd, 2) AS driver_usd
	FROM whole WHERE place <= 12
)
SELECT c.*, format('%s changed most: %s USD, mainly by %s (%s USD).', s.value, to_char(s.usd, 'FMSG999,999,990.00'), s.main_driver,
		to_char(s.driver_usd, 'FMSG999,999,990.00')) AS sentence
FROM chart AS s JOIN chart AS c USING (by) WHERE s.place = 1
ORDER BY c.by DESC, c.place;
