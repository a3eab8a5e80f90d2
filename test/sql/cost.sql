-- What requests cost: token_cost(), token_cost_detail(), spend().
SET search_path = inferacct, inferacct_internal, public;
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set SHOW_CONTEXT never

-- Three well-known monthly bills: 100 million tokens, 60 in and 40 out.
SELECT model, token_cost(model, 60000000, 40000000, at)
FROM (VALUES ('claude-3-5-sonnet-20240620', timestamptz '2024-08-01'),
	('gpt-4o-2024-05-13', '2024-08-01'), ('groq/llama-3.3-70b-versatile', '2025-08-01')) v (model, at);

-- The same as logs of 10000 requests each, in two months.
CREATE TABLE cost_log AS
SELECT i AS id, model, at + i * interval '5 minutes' AS at, (6000 + i % 5 - 2)::bigint AS input_tokens, 4000 - i % 5 * 3 + 6 AS output_tokens,
	i % 3 AS team
FROM (VALUES ('claude-3-5-sonnet-20240620', timestamptz '2024-08-01'),
	('openai/gpt-4o-2024-05-13', '2024-08-01'), ('groq/llama-3.3-70b-versatile', '2025-08-01')) v (model, at),
	generate_series(1, 10000) AS i;
SELECT model, spend(model, input_tokens, output_tokens, at), sum(token_cost(model, input_tokens, output_tokens, at)) AS sum_of_costs
FROM cost_log GROUP BY model ORDER BY model;
SELECT spend(model, usage(input_tokens, output_tokens), at), spend(model, usage(input_tokens, output_tokens), at, 'standard', NULL) FROM cost_log;

-- By month, in a view that is refreshed.
CREATE MATERIALIZED VIEW monthly_bill AS
SELECT to_char(at, 'YYYY-MM') AS month, model, count(*) AS requests, spend(model, input_tokens, output_tokens, at) AS usd
FROM cost_log GROUP BY 1, 2;
SELECT * FROM monthly_bill ORDER BY month, model;
SELECT model, sum(usd) FROM monthly_bill GROUP BY model ORDER BY model;
INSERT INTO cost_log VALUES (10001, 'claude-3-5-sonnet-20240620', '2024-09-30 23:59:59', 1000000, 0, 0);
REFRESH MATERIALIZED VIEW monthly_bill;
SELECT model, sum(usd) FROM monthly_bill GROUP BY model ORDER BY model;
DELETE FROM cost_log WHERE id > 10000;
REFRESH MATERIALIZED VIEW monthly_bill;

-- Why it costs that; the parts add up to the whole.
SELECT meter, quantity, unit_quantity, unit_usd, usd, version, valid_from, tier, source IS NOT NULL AS has_source
FROM token_cost_detail('gpt-4o-2024-05-13', 60000000, 40000000, '2024-08-01');
SELECT meter, quantity, unit_usd, usd FROM token_cost_detail('claude-3-5-sonnet-20240620',
	usage(1000, 200, cache_read => 30000, cache_write => 500, cache_write_1h => 40), '2024-12-01');
SELECT count(*) FILTER (WHERE cost IS DISTINCT FROM parts) AS different, count(*)
FROM (SELECT token_cost(model, used, at) AS cost, (SELECT sum(usd) FROM token_cost_detail(model, used, at)) AS parts
	FROM (SELECT model, at, usage(input_tokens, output_tokens, cache_read => id * 10, reasoning => id % 3) AS used
		FROM cost_log WHERE id <= 100) l) c;

-- What is not given: no tokens are 0, no model or time is no request, no time at all is now.
SELECT token_cost('gpt-4o-2024-05-13', NULL, 1000, '2024-08-01') AS no_input, token_cost('gpt-4o-2024-05-13', 1000, NULL, '2024-08-01') AS no_output,
	token_cost('gpt-4o-2024-05-13', NULL::bigint, NULL, '2024-08-01') AS nothing,
	token_cost(NULL, 1, 1, '2024-08-01') AS no_model, token_cost('gpt-4o-2024-05-13', 1, 1, NULL) AS no_time,
	token_cost('gpt-4o-2024-05-13', NULL::usage, '2024-08-01') AS no_usage,
	token_cost('gpt-4o-2024-05-13', usage(1000), '2024-08-01', NULL, NULL) AS no_tier_no_region;
SELECT count(*) FROM token_cost_detail(NULL, 1, 1, '2024-08-01');
SELECT token_cost('gpt-4o-2024-05-13', 1000, 10) = token_cost('gpt-4o-2024-05-13', 1000, 10, now()) AS defaults_to_now;

-- The aggregate: groups, filters, order, distinct rows, no rows.
SELECT team, spend(model, input_tokens, output_tokens, at) FROM cost_log GROUP BY ROLLUP (team) ORDER BY team;
SELECT spend(model, input_tokens, output_tokens, at) FILTER (WHERE model LIKE 'groq/%') AS groq,
	spend(model, input_tokens, output_tokens, at) FILTER (WHERE model LIKE 'none/%') AS nobody,
	spend(model, input_tokens, output_tokens, at ORDER BY at DESC) AS ordered
FROM cost_log;
SELECT spend(DISTINCT model, input_tokens, output_tokens, at) AS distinct_rows, spend(model, input_tokens, output_tokens, at) AS all_rows,
	spend(DISTINCT model, usage(input_tokens, output_tokens), at) AS distinct_usages
FROM (SELECT * FROM cost_log WHERE id <= 5 UNION ALL SELECT * FROM cost_log WHERE id <= 5) l;
SELECT spend(model, input_tokens, output_tokens, at) IS NULL AS of_nothing FROM cost_log WHERE false;
SELECT spend(model, input_tokens, output_tokens, at) AS rows_without_model_or_time
FROM (VALUES (NULL, 1, 1, timestamptz '2024-08-01'), ('gpt-4o-2024-05-13', 1, 1, NULL)) v (model, input_tokens, output_tokens, at);
SELECT spend(model, input_tokens, output_tokens, at) AS one_of_them_counts
FROM (VALUES (NULL, 1, 1, timestamptz '2024-08-01'), ('gpt-4o-2024-05-13', NULL, 1000, '2024-08-01')) v (model, input_tokens, output_tokens, at);
SELECT spend(model, input_tokens, output_tokens, at) AS free FROM (VALUES ('gpt-4o-2024-05-13', 0, 0, timestamptz '2024-08-01')) v (model, input_tokens, output_tokens, at);

-- A moving sum is the sum of its frame, also when rows leave that have no price.
SELECT id, spend(model, input_tokens, output_tokens, at) OVER w
FROM cost_log WHERE model LIKE 'groq/%' AND id <= 6 WINDOW w AS (ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW);
CREATE TEMP TABLE mixed AS
SELECT row_number() OVER (ORDER BY id, model) AS n, CASE WHEN id % 4 > 0 THEN model END AS model, input_tokens, output_tokens, at
FROM cost_log WHERE id <= 300;
INSERT INTO mixed SELECT n + 900, 'no such model', 1, 1, at FROM mixed WHERE n BETWEEN 1 AND 6;
INSERT INTO mixed SELECT n + 906, model, 1, 1, at FROM mixed WHERE n BETWEEN 1 AND 20;
SET inferacct.unpriced = 'null';
SELECT count(*) FILTER (WHERE usd IS NULL) AS without_price, count(*),
	count(*) FILTER (WHERE usd IS DISTINCT FROM (SELECT spend(model, usage(input_tokens, output_tokens), at) FROM mixed p WHERE p.n BETWEEN m.n - 2 AND m.n)) AS differing
FROM (SELECT n, spend(model, usage(input_tokens, output_tokens), at) OVER (ORDER BY n ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS usd FROM mixed) m;
RESET inferacct.unpriced;

-- A model that means something else from a time on, asked for in any order of time.
BEGIN;
SELECT count(set_price('costco', model, 'input', usd)) FROM (VALUES ('gen-1', 10), ('gen-2', 1)) v (model, usd);
INSERT INTO model_alias (alias, provider, model, valid_from) VALUES ('gen', 'costco', 'gen-1', '2026-01-01'), ('gen', 'costco', 'gen-2', '2026-06-01'), ('gen', 'costco', NULL, '2026-09-01');
SET LOCAL inferacct.unpriced = 'null';
SELECT day, token_cost('gen', 1000000, 0, day) FROM unnest(ARRAY['2026-06-01', '2025-12-31', '2026-05-31 23:59:59.999999', '2026-01-01', '2026-08-31', '2026-09-01', '2030-01-01']::timestamptz[]) AS day;
ROLLBACK;

-- Requests without a price: an error, or left out on demand.
SELECT spend(model, 1000000, 0, '2024-08-01') FROM (VALUES ('gpt-4o-2024-05-13'), ('gpt-4o-2042')) v (model);
SET inferacct.unpriced = 'null';
SELECT spend(model, 1000000, 0, '2024-08-01') FROM (VALUES ('gpt-4o-2024-05-13'), ('gpt-4o-2042')) v (model);
SELECT token_cost('gpt-4o-2042', 1, 1, '2024-08-01') IS NULL AS unknown_model, token_cost('gpt-4o-2024-05-13', usage(pages => 1), '2024-08-01') IS NULL AS unpriced_meter,
	token_cost('gpt-4o-2024-05-13', usage(1), '2024-08-01', 'gold') IS NULL AS unknown_tier;
RESET inferacct.unpriced;

-- Summed usage: exact where any request costs the same per token, refused where the size of each matters.
SELECT token_cost('gpt-4o-2024-05-13', (SELECT sum(usage(input_tokens, output_tokens)) FROM cost_log WHERE model LIKE '%gpt-4o%'), '2024-08-01');
SELECT token_cost('gemini-2.5-pro', usage(150000), '2025-08-01') AS one, token_cost('gemini-2.5-pro', usage(250000), '2025-08-01') AS a_large_one;
SELECT token_cost('gemini-2.5-pro', usage(150000) + usage(100000), '2025-08-01');
SELECT spend('gemini-2.5-pro', used, '2025-08-01') FROM (VALUES (usage(150000)), (usage(100000))) v (used);

-- Partial sums: text, tables, combining.
SELECT spend_accum(NULL, 'gpt-4o-2024-05-13', 1000, 0, '2024-08-01'), spend_combine('1 2 0.5 0', '1 3 1.25 4'), spend_final('1 5 1.75 0'), spend_final('1 0 0 0') IS NULL AS of_nothing,
	spend_remove('1 2 0.01 0', 'gpt-4o-2024-05-13', 1000, 0, '2024-08-01'), '1 1 -170141183460469231731687.303715884105728 0'::spend_state;

DROP MATERIALIZED VIEW monthly_bill;
DROP TABLE cost_log;
