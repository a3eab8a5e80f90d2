-- Every report of the month of one attached source, against plain SQL over month.truth.
-- psql variables: source, rows.  One line per check: ok or not ok.
SET client_min_messages = warning;
SET timezone = 'Asia/Kolkata';			-- days and months are UTC all the same
SET inferacct.unpriced = 'null';
SET work_mem = '64MB';
SET search_path = inferacct, inferacct_internal, month, public;

-- The rows, as they lie.
SELECT same(:'source', 'usage_all, spend()', 'SELECT model, service_tier, count(*), sum(tokens_of(usage)), spend(model, usage, at, service_tier, region) AS usd, sum(provider_usd) AS reported FROM usage_all GROUP BY 1, 2',
	'SELECT model, tier, count(*), sum(tokens), sum(usd), sum(reported) AS reported FROM truth GROUP BY 1, 2');
SELECT same(:'source', 'rejected_usage is empty', 'SELECT count(*) FROM rejected_usage', 'SELECT 0');

-- By the hour.
SELECT same(:'source', 'hourly_spend', 'SELECT hour, model, service_tier, team, project, status, sum(requests), sum(usd) AS usd, sum(provider_usd) AS reported, sum(rows) AS rows FROM hourly_spend GROUP BY 1, 2, 3, 4, 5, 6',
	'SELECT date_bin(''1 hour'', at, ''2000-01-01 00:00Z''), model, tier, team, project, CASE WHEN failed THEN ''failed'' ELSE ''ok'' END, count(*), sum(usd), sum(reported), count(*) AS rows FROM truth GROUP BY 1, 2, 3, 4, 5, 6');
SELECT same_spend(:'source', 'daily_spend', 'day, provider, model, service_tier, team', 'day, provider, model, tier, team');
SELECT same_spend(:'source', 'monthly_spend', 'month, provider, model, service_tier, team', 'month, provider, model, tier, team');
SELECT same_spend(:'source', 'spend_by_team', 'month, team', 'month, team');
SELECT same_spend(:'source', 'spend_by_provider', 'month, provider', 'month, provider');
SELECT same_spend(:'source', 'spend_by_model', 'month, model', 'month, model');
SELECT same_spend(:'source', 'spend_by_project', 'month, project', 'month, project');
SELECT same_spend(:'source', 'spend_by_source', 'month', 'month');
SELECT same(:'source', 'spend_by_tag', 'SELECT month, tag, total, requests, tokens_of(usage), usd FROM spend_by_tag',
	'SELECT month, x.tag, false, count(*), sum(tokens), sum(usd) AS usd FROM truth, LATERAL (SELECT DISTINCT jsonb_array_elements_text(tags)) AS x(tag) GROUP BY 1, 2
	UNION ALL SELECT month, NULL, false, count(*), sum(tokens), sum(usd) FROM truth WHERE tags = ''[]'' GROUP BY 1
	UNION ALL SELECT month, NULL, true, count(*), sum(tokens), sum(usd) FROM truth GROUP BY 1');
SELECT same(:'source', 'unpriced_usage', 'SELECT month, provider, model, service_tier, team, reason, requests, tokens, provider_usd, month_priced_share FROM unpriced_usage',
	'SELECT t.month, provider, model, tier, team, ''unknown model: set_alias() or set_price()'', count(*), sum(tokens), sum(reported), m.share FROM truth AS t JOIN (
		SELECT month, round(sum(tokens) FILTER (WHERE usd IS NOT NULL) / sum(tokens), 6) AS share FROM truth GROUP BY 1) AS m ON m.month = t.month
	WHERE usd IS NULL GROUP BY 1, 2, 3, 4, 5, m.share');
SELECT same(:'source', 'priced_usage', 'SELECT month, requests, priced_requests, tokens, priced_tokens, priced_share FROM priced_usage',
	'SELECT month, count(*), count(usd), sum(tokens), sum(tokens) FILTER (WHERE usd IS NOT NULL) AS priced, round(sum(tokens) FILTER (WHERE usd IS NOT NULL) / sum(tokens), 6) FROM truth GROUP BY 1');

-- By the month, and kept.
SELECT clock_timestamp() AS began \gset
SELECT compact_usage() \g /dev/null
SELECT format('# %s: compact_usage(): %s s', :'source', round(extract(epoch FROM clock_timestamp() - :'began'), 1));
DELETE FROM said WHERE source = :'source' AND label IN ('monthly_spend', 'spend_by_team');
SELECT same_spend(:'source', 'monthly_spend', 'month, provider, model, service_tier, team', 'month, provider, model, tier, team');
SELECT same_spend(:'source', 'spend_by_team', 'month, team', 'month, team');

-- Shared costs: cut at running totals.
SELECT same(:'source', 'shared_cost_allocation', 'SELECT name, team, units, used_usd, idle_usd, allocated_usd FROM shared_cost_allocation',
	'WITH units AS (
		SELECT ''gpus'' AS name, team, sum(tokens) AS units, 1000000 + 300 * ' || :'rows' || '::numeric AS capacity, 1000.01 AS usd FROM truth WHERE month = ''2026-10-01'' AND model = ''west/unknown'' GROUP BY 2
		UNION ALL SELECT ''gateway'', team, count(*), NULL, 100 FROM truth WHERE month = ''2026-10-01'' GROUP BY 2
	), used AS (
		SELECT *, sum(units) OVER (PARTITION BY name) AS every, sum(units) OVER (PARTITION BY name ORDER BY team NULLS LAST) AS upto, row_number() OVER (PARTITION BY name ORDER BY team DESC NULLS FIRST) = 1 AS is_last,
			CASE WHEN capacity IS NULL THEN usd ELSE round(usd * least(sum(units) OVER (PARTITION BY name) / greatest(capacity, sum(units) OVER (PARTITION BY name)), 1), 15) END AS all_used FROM units
	), cut AS (
		SELECT *, CASE WHEN is_last THEN all_used ELSE round(all_used * upto / every, 15) END AS u, CASE WHEN is_last THEN usd - all_used ELSE round((usd - all_used) * upto / every, 15) END AS i FROM used
	), split AS (
		SELECT *, u - coalesce(lag(u) OVER (PARTITION BY name ORDER BY team NULLS LAST), 0) AS used_usd, i - coalesce(lag(i) OVER (PARTITION BY name ORDER BY team NULLS LAST), 0) AS idle_usd FROM cut
	) SELECT name, team, units, used_usd, idle_usd, used_usd + idle_usd FROM split');
SELECT same(:'source', 'shared_cost_allocation adds up', 'SELECT name, sum(allocated_usd) FROM shared_cost_allocation GROUP BY 1', 'VALUES (''gpus'', 1000.01), (''gateway'', 100)');

-- FOCUS.
SELECT clock_timestamp() AS began \gset
CREATE TEMP TABLE charge AS SELECT * FROM focus_1_4;
SELECT format('# %s: focus_1_4: %s s', :'source', round(extract(epoch FROM clock_timestamp() - :'began'), 1));
SELECT same(:'source', 'focus_1_4: cost by day and team', 'SELECT "ChargePeriodStart", "SubAccountId", sum("BilledCost") AS billed, sum("EffectiveCost") AS effective FROM charge WHERE "ResourceId" IS NULL GROUP BY 1, 2 HAVING sum("BilledCost") > 0',
	'SELECT to_char(day, ''YYYY-MM-DD"T00:00:00Z"''), team, sum(usd), sum(usd) AS effective FROM truth GROUP BY 1, 2 HAVING sum(usd) > 0');
SELECT same(:'source', 'focus_1_4: tokens by day, model, tier, team and meter', 'SELECT "ChargePeriodStart", "SkuPriceDetails" ->> ''ModelId'' AS model, "SkuPriceDetails" ->> ''x_ServiceTier'' AS tier, "SubAccountId", "SkuPriceDetails" ->> ''x_Meter'' AS meter, sum("ConsumedQuantity") FROM charge WHERE "ConsumedUnit" = ''Tokens'' GROUP BY 1, 2, 3, 4, 5',
	'SELECT to_char(day, ''YYYY-MM-DD"T00:00:00Z"''), split_part(model, ''/'', 2), tier, team, m.meter, sum(m.quantity) FROM truth, LATERAL (VALUES (''input'', input), (''cache_read'', cache_read), (''cache_write'', cache_write), (''output'', output), (''reasoning'', reasoning)) AS m(meter, quantity)
	WHERE usd IS NOT NULL AND m.quantity > 0 GROUP BY 1, 2, 3, 4, 5');
SELECT same(:'source', 'focus_1_4: unit prices multiply, and all adds up', 'SELECT count(*) FILTER (WHERE "ListUnitPrice" * "PricingQuantity" <> "ListCost" OR "ContractedUnitPrice" * "PricingQuantity" <> "ContractedCost"), sum("BilledCost"), sum("EffectiveCost") AS effective FROM charge',
	'SELECT 0, sum(usd) + 1100.01, sum(usd) + 1100.01 AS effective FROM truth');
DROP TABLE charge;

-- Budgets, forecast, anomalies.
SELECT same(:'source', 'budget_status (as of a day)', 'SELECT name, spent_usd, left_usd + shared_usd, spent_share - round(shared_usd / budget_usd, 4) BETWEEN round(spent_usd / budget_usd, 4) - 0.0001 AND round(spent_usd / budget_usd, 4) + 0.0001 FROM budget_pace(''2026-10-20 00:00Z'')',
	'SELECT b.name, sum(t.usd), b.usd - sum(t.usd), true FROM (VALUES (''all'', 5000, NULL), (''search'', 100, ''search'')) AS b(name, usd, team) JOIN truth AS t ON b.team IS NULL OR t.team = b.team
	WHERE t.at >= ''2026-10-01 00:00Z'' AND t.at < ''2026-10-20 00:00Z'' GROUP BY b.name, b.usd');
SELECT same(:'source', 'budget_status now', 'SELECT name, spent_usd, forecast_usd - shared_usd FROM budget_status',
	'SELECT b.name, sum(t.usd), sum(t.usd) AS forecast FROM (VALUES (''all'', NULL), (''search'', ''search'')) AS b(name, team) JOIN truth AS t ON b.team IS NULL OR t.team = b.team WHERE t.month = ''2026-10-01'' GROUP BY b.name');
SELECT same(:'source', 'forecast', 'SELECT spent_usd, usd = spent_usd + expected_usd AND low_usd <= usd AND usd <= high_usd, history_days, method FROM forecast(''2026-10-01'', at => ''2026-10-20 00:00Z'')',
	'SELECT sum(usd), true, 19, ''hour of week'' FROM truth WHERE at >= ''2026-10-01 00:00Z'' AND at < ''2026-10-20 00:00Z''');
SELECT same(:'source', 'anomaly', 'SELECT day, usd, expected_usd, score, driver_team = ''search'' AND driver_model = ''south/delta'' OR day <> ''2026-10-24'' FROM anomaly(''2026-10-20'', ''2026-11-01'', threshold => 2)',
	'WITH days AS (SELECT day, sum(usd) AS usd, extract(isodow FROM day) AS weekday FROM truth WHERE day < ''2026-11-01'' GROUP BY 1),
	usual AS (SELECT d.day, p.weekday, percentile_cont(0.5) WITHIN GROUP (ORDER BY p.usd::float8) AS usd, count(*) AS seen FROM days AS d JOIN days AS p ON p.day >= d.day - 28 AND p.day < d.day GROUP BY 1, 2),
	spread AS (SELECT d.day, 1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(p.usd::float8 - u.usd)) AS mad FROM days AS d JOIN days AS p ON p.day >= d.day - 28 AND p.day < d.day JOIN usual AS u ON u.day = d.day AND u.weekday = p.weekday GROUP BY 1)
	SELECT d.day, d.usd, round(u.usd::numeric, 2), round(((d.usd::float8 - u.usd) / greatest(s.mad, 0.05 * u.usd, 0.01))::numeric, 2) AS score, true
	FROM days AS d JOIN usual AS u ON u.day = d.day AND u.weekday = d.weekday AND u.seen >= 2 JOIN spread AS s ON s.day = d.day
	WHERE d.day >= ''2026-10-20'' AND abs((d.usd::float8 - u.usd) / greatest(s.mad, 0.05 * u.usd, 0.01)) >= 2');

-- Invoices: one that is right, one with a line that is 10 USD too high, and a total.
CREATE TEMP TABLE line AS SELECT t.provider, t.model, m.meter, sum(m.quantity) AS quantity, sum(m.quantity * m.rate) * 0.000001 AS usd
	FROM truth AS t JOIN rate AS p ON p.model = split_part(t.model, '/', 2) AND p.tier = t.tier AND t.at >= p.from_at AND t.at < p.until_at AND t.input + t.cache_read + t.cache_write BETWEEN p.min_input AND p.max_input
		AND (p.peak IS NULL OR p.peak = ((t.at AT TIME ZONE 'UTC')::time >= '06:00' AND (t.at AT TIME ZONE 'UTC')::time < '10:30'))
	CROSS JOIN LATERAL (VALUES ('input', t.input, p.input), ('cache_read', t.cache_read, p.cache_read), ('cache_write', t.cache_write, p.cache_write), ('output', t.output, p.output), ('reasoning', t.reasoning, p.reasoning)) AS m(meter, quantity, rate)
	WHERE t.month = '2026-10-01' AND m.quantity > 0 GROUP BY 1, 2, 3;
SELECT same(:'source', 'reconcile: the right invoice', 'SELECT l.provider, r.computed_usd, r.invoice_usd, r.variance_usd, r.volume_usd, r.price_usd, r.missing_usd, r.unexplained_usd, r.unpriced_usd FROM (SELECT provider, jsonb_agg(jsonb_build_object(''model'', model, ''meter'', meter, ''quantity'', quantity, ''usd'', usd)) AS invoice FROM line GROUP BY 1) AS l CROSS JOIN LATERAL reconcile(l.provider, ''2026-10-01'', l.invoice) AS r',
	'SELECT provider, sum(usd), sum(usd) AS invoice, 0, 0 AS a, 0 AS b, 0 AS c, 0 AS d, 0 AS e FROM truth WHERE month = ''2026-10-01'' AND usd IS NOT NULL GROUP BY 1');
SELECT same(:'source', 'reconcile: a line that is too high', 'SELECT model, meter, r.variance_usd, r.price_usd, r.computed_usd FROM (SELECT jsonb_agg(jsonb_build_object(''model'', model, ''meter'', meter, ''quantity'', quantity, ''usd'', CASE WHEN model LIKE ''%delta'' AND meter = ''output'' THEN usd + 10 ELSE usd END)) AS invoice FROM line WHERE provider = ''south'') AS l
		CROSS JOIN LATERAL reconcile_lines(''south'', ''2026-10-01'', l.invoice) AS r',
	'SELECT split_part(model, ''/'', 2), meter, CASE WHEN model LIKE ''%delta'' AND meter = ''output'' THEN 10 ELSE 0 END, CASE WHEN model LIKE ''%delta'' AND meter = ''output'' THEN 10 ELSE 0 END AS price, usd FROM line WHERE provider = ''south''');
SELECT same(:'source', 'reconcile: a total', 'SELECT computed_usd, variance_usd, price_usd, missing_usd FROM reconcile(''north'', ''2026-10-01'', 1234.56)',
	'SELECT sum(usd), 1234.56 - sum(usd), sum(reported - usd) AS price, 1234.56 - sum(reported) AS missing FROM truth WHERE provider = ''north'' AND month = ''2026-10-01''');
DROP TABLE line;

-- The month is closed; then a price is corrected, and late requests come.
SELECT same(:'source', 'close_month', 'SELECT requests, unpriced_requests, usd FROM close_month(''2026-10-01'', before_its_end => true)',
	'SELECT count(*), count(*) FILTER (WHERE usd IS NULL) AS unpriced, sum(usd) FROM truth WHERE month = ''2026-10-01''');
SELECT same(:'source', 'booked_spend', 'SELECT provider, model, service_tier, team, requests, usd, provider_usd FROM booked_spend', 'SELECT provider, model, tier, team, count(*), sum(usd) AS usd, sum(reported) AS reported FROM truth WHERE month = ''2026-10-01'' GROUP BY 1, 2, 3, 4');
SELECT same(:'source', 'restated_spend before anything changes', 'SELECT sum(booked_usd), sum(restated_usd) AS restated, bool_and(price_effect = 0 AND late_effect = 0) FROM restated_spend', 'SELECT sum(usd), sum(usd) AS restated, true FROM truth WHERE month = ''2026-10-01''');
SELECT set_price('north', 'alpha', 'output', 11, '2026-10-14 15:37:21Z') \g /dev/null
CREATE TEMP VIEW corrected AS SELECT t.*, t.usd - CASE WHEN model = 'north/alpha' AND tier = 'standard' AND at >= '2026-10-14 15:37:21Z' THEN (output + reasoning) * 1.5 * 0.000001 ELSE 0 END AS now_usd FROM truth AS t;
SELECT same(:'source', 'price_impact', 'SELECT month, model, requests, usd_before, usd_after, difference_usd FROM price_impact()',
	'SELECT month, model, count(*), sum(usd), sum(now_usd) AS now, sum(now_usd - usd) AS difference FROM corrected GROUP BY 1, 2 HAVING sum(now_usd) <> sum(usd)');
SELECT same(:'source', 'month_close: the effect of a price', 'SELECT booked_usd, restated_usd, price_effect, late_effect FROM month_close', 'SELECT sum(usd), sum(now_usd) AS restated, sum(now_usd - usd) AS price, 0 FROM corrected WHERE month = ''2026-10-01''');
SELECT month.write_requests(:rows + 1, :rows + 500) \g /dev/null
CALL refresh_usage(:'source');
SELECT same(:'source', 'restated_spend: late requests', 'SELECT model, service_tier, team, booked_usd, restated_usd, price_effect, late_effect FROM restated_spend',
	'WITH l AS (SELECT model, tier, team, now_usd, usd, true AS booked FROM corrected WHERE month = ''2026-10-01''
		UNION ALL SELECT model, tier, team, usd - CASE WHEN model = ''north/alpha'' AND tier = ''standard'' AND at >= ''2026-10-14 15:37:21Z'' THEN (output + reasoning) * 1.5 * 0.000001 ELSE 0 END, 0, false FROM late WHERE month = ''2026-10-01'')
	SELECT model, tier, team, coalesce(sum(usd), 0), coalesce(sum(now_usd), 0) AS restated, coalesce(sum(now_usd - usd) FILTER (WHERE booked), 0) AS price, coalesce(sum(now_usd) FILTER (WHERE NOT booked), 0) AS late FROM l GROUP BY 1, 2, 3');
SELECT same(:'source', 'reproduce_month', 'SELECT booked_usd, reproduced_usd, reproduced FROM reproduce_month(''2026-10-01'')', 'SELECT sum(usd), sum(usd) AS again, true FROM truth WHERE month = ''2026-10-01''');

-- Back to where it was, for the next source.
SELECT reopen_month('2026-10-01') \g /dev/null
SELECT set_price('north', 'alpha', 'output', 12.5, '2026-10-14 15:37:21Z') \g /dev/null
SELECT month.forget_requests(:rows) \g /dev/null
