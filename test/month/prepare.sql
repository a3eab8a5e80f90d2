-- What is checked, how, and the prices and budgets that the extension is told.
-- psql variable: rows.  After generate.sql.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET work_mem = '128MB';
SET search_path = month, public;

CREATE TABLE truth AS SELECT * FROM costs(1, :rows);
CREATE TABLE late AS SELECT * FROM costs(:rows + 1, :rows + 500);
ANALYZE truth;

-- A report of spend by these columns, against the sums of the same columns of truth.
CREATE FUNCTION same_spend(source text, report text, columns text, of_truth text, reported boolean DEFAULT true) RETURNS text LANGUAGE sql AS $$
	SELECT month.same(source, report, format('SELECT %s, requests, meter(usage, ''input''), meter(usage, ''cache_read'') AS r, meter(usage, ''cache_write'') AS w, meter(usage, ''output'') AS o, meter(usage, ''reasoning'') AS t, usd %s FROM %s', columns, CASE WHEN reported THEN ', provider_usd' END, coalesce(to_regclass('inferacct.' || report), to_regclass('inferacct_internal.' || report))),
		format('SELECT %s, count(*), sum(input), sum(cache_read) AS r, sum(cache_write) AS w, sum(output) AS o, sum(reasoning) AS t, sum(usd) AS usd %s FROM month.truth GROUP BY %1$s', of_truth, CASE WHEN reported THEN ', sum(reported) AS reported' END))
$$;

SET search_path = inferacct, month, public;
-- The price list, as its provider would state it.
SELECT count(set_price(m.provider, r.model, p.meter, p.usd, r.from_at, service_tier => r.tier, above_input_tokens => CASE WHEN r.min_input > 0 THEN r.min_input - 1 ELSE 0 END)) AS prices
FROM month.rate AS r JOIN month.model AS m USING (model)
CROSS JOIN LATERAL (VALUES ('input', r.input), ('cache_read', nullif(r.cache_read, r.input)), ('cache_write', nullif(r.cache_write, r.input)), ('output', r.output), ('reasoning', nullif(r.reasoning, r.output))) AS p(meter, usd)
WHERE p.usd IS NOT NULL AND r.peak IS NOT TRUE;
INSERT INTO price (provider, model, meter, usd, time_windows)
SELECT 'east', r.model, p.meter, p.usd, '{"timezone": "UTC", "windows": [{"from": "06:00", "to": "10:30"}]}'
FROM month.rate AS r CROSS JOIN LATERAL (VALUES ('input', r.input), ('output', r.output)) AS p(meter, usd) WHERE r.peak;
INSERT INTO budget (name, month, usd, team) VALUES ('all', '2026-10-01', 5000, NULL), ('search', '2026-10-01', 100, 'search');
INSERT INTO shared_cost (month, name, usd, basis, models, capacity) VALUES ('2026-10-01', 'gpus', 1000.01, 'tokens', '{west/unknown}', 1000000 + 300 * :rows), ('2026-10-01', 'gateway', 100, 'requests', NULL, NULL);
