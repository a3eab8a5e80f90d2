-- Prices of models in use that changed in the last three months or will in the next, and what the month paid more or
-- less for it.
WITH used AS (
	SELECT model, sum(usd) AS usd FROM monthly_spend WHERE month = :'month'::date AND usd > 0 GROUP BY model
), row_of AS (
	SELECT h.provider || '/' || h.model AS model, h.meter, h.valid_from, h.usd, h.unit_quantity, h.source,
		lag(h.usd) OVER (PARTITION BY h.provider, h.model, h.meter ORDER BY h.valid_from, h.version) AS usd_before
	FROM price_history AS h
	WHERE h.provider || '/' || h.model IN (SELECT model FROM used) AND h.service_tier = 'standard' AND h.region = ''
		AND h.above_input_tokens = 0
		AND h.time_windows IS NULL AND NOT coalesce(h.ended, false)
), worth AS (
	SELECT e.value AS model, sum(e.usd) AS usd FROM explain_change((:'month'::date - interval '1 month')::date,
		:'month'::date, 'model') AS e WHERE e.driver = 'price' GROUP BY e.value
), chart AS (
	SELECT row_number() OVER (ORDER BY abs(coalesce(w.usd, 0)) DESC,
		abs(r.usd / nullif(r.usd_before, 0) - 1) DESC NULLS LAST, r.valid_from DESC, r.model, r.meter) AS place,
		r.model || ', ' || r.meter || to_char(r.valid_from AT TIME ZONE 'UTC', ', FMDD Mon') AS label,
			to_char(r.valid_from AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS since, r.usd_before, r.usd,
			round(100 * (r.usd / nullif(r.usd_before, 0) - 1), 1) AS percent,
		CASE WHEN r.usd < r.usd_before THEN 'less' ELSE 'more' END AS kind, round(w.usd, 2) AS month_usd, r.source
	FROM row_of AS r LEFT JOIN worth AS w USING (model)
	WHERE r.usd_before IS NOT NULL AND r.usd IS DISTINCT FROM r.usd_before
		AND r.valid_from >= :'at'::timestamptz - interval '92 days'
		AND r.valid_from < :'at'::timestamptz + interval '92 days'
)
SELECT c.*, format('%s. Prices made %s USD of the difference between the two months%s.',
		CASE t.n WHEN 0 THEN 'No price of a model in use changed in the last three months, and no change is announced'
			ELSE t.n || ' prices of models in use changed or will' END,
		to_char(t.usd, 'FMSG999,999,990.00'), coalesce(', most of it ' || t.model, '')) AS sentence
FROM (SELECT (SELECT count(*) FROM chart) AS n, coalesce((SELECT sum(usd) FROM worth), 0) AS usd,
	(SELECT model FROM worth WHERE usd <> 0 ORDER BY abs(usd) DESC LIMIT 1) AS model) AS t
LEFT JOIN chart AS c ON c.place <= 12
ORDER BY c.place;
