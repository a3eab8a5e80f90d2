-- What did each team cost in euros, at the rate of the month's end?
-- Reads the rollup.
SELECT team, round(usd / fx.usd_per_unit, 2) AS eur, fx.usd_per_unit, fx.source
FROM spend_by_team CROSS JOIN LATERAL (
	SELECT usd_per_unit, source FROM fx_rate WHERE currency = 'EUR' AND valid_from < '2026-11-01'
	ORDER BY valid_from DESC, version DESC LIMIT 1) AS fx
WHERE month = '2026-10-01' ORDER BY eur DESC;
