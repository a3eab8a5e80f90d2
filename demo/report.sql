-- What the month cost.  psql variables: month; block, the character of the bars;
-- bold and plain, what switches the terminal.
-- Every query is printed before its result, as it can be pasted.
\pset footer off
\pset pager off
\pset border 1
\pset null '-'
\pset numericlocale on
\set ECHO queries

\echo
\echo :bold'2. What the month cost, and whom':plain
\echo

SET search_path = inferacct, inferacct_internal, demo, public;
SET inferacct.unpriced = 'null';
\timing on
\echo

CREATE MATERIALIZED VIEW demo.monthly AS
SELECT date_trunc('month', at) AS month, team, provider, model, service_tier,
       count(*) AS requests, sum(usage) AS usage,
       spend(model, usage, at, service_tier, region) AS usd
FROM usage_log
GROUP BY 1, 2, 3, 4, 5;

\echo

SELECT sum(requests) AS requests, sum(input_tokens(usage) + output_tokens(usage)) AS tokens, sum(usd) AS usd
FROM demo.monthly
WHERE month = :'month';
\echo

SELECT team, sum(requests) AS requests, sum(input_tokens(usage) + output_tokens(usage)) AS tokens,
       round(sum(usd), 2) AS usd,
       repeat(:'block', (40 * sum(usd) / max(sum(usd)) OVER ())::int) AS spend
FROM demo.monthly
WHERE month = :'month'
GROUP BY team
ORDER BY sum(usd) DESC NULLS LAST;

\echo

SELECT to_char(day, 'Day') AS weekday, round(avg(requests)) AS requests, round(avg(usd), 2) AS usd,
       repeat(:'block', (40 * avg(usd) / max(avg(usd)) OVER ())::int) AS spend_of_a_day
FROM (SELECT date_trunc('day', at) AS day, count(*) AS requests, spend(model, usage, at, service_tier, region) AS usd
      FROM usage_log
      GROUP BY 1) AS daily
GROUP BY to_char(day, 'Day'), extract(isodow FROM day)
ORDER BY extract(isodow FROM day);

\echo
\echo :bold'3. What it was spent on':plain
\echo

SELECT model, sum(requests) AS requests, round(sum(usd), 2) AS usd,
       round(100 * sum(usd) / sum(sum(usd)) OVER (), 1) AS percent,
       repeat(:'block', (40 * sum(usd) / max(sum(usd)) OVER ())::int) AS spend
FROM demo.monthly
WHERE month = :'month'
GROUP BY model
ORDER BY sum(usd) DESC NULLS LAST;

\echo

SELECT meter, sum(quantity) AS tokens,
       round(100 * sum(quantity) / sum(sum(quantity)) OVER (), 1) AS percent,
       repeat(:'block', (40 * sum(quantity) / max(sum(quantity)) OVER ())::int) AS share
FROM demo.monthly, meters(usage)
WHERE month = :'month' AND meter NOT IN ('requests', 'web_searches')
GROUP BY meter
ORDER BY tokens DESC;

\echo
\echo :bold'4. What was not priced: unknown is NULL, never 0':plain
\echo

SELECT model, service_tier, count(*) AS requests,
       count(*) FILTER (WHERE meter(usage, 'web_searches') > 0) AS with_web_searches,
       sum(input_tokens(usage) + output_tokens(usage)) AS tokens
FROM usage_log
WHERE token_cost(model, usage, at, service_tier, region) IS NULL
GROUP BY model, service_tier
ORDER BY tokens DESC;
\echo

SELECT sum(tokens) AS tokens, sum(tokens) FILTER (WHERE usd IS NOT NULL) AS priced,
       round(100 * sum(tokens) FILTER (WHERE usd IS NOT NULL) / sum(tokens), 2) AS percent
FROM (SELECT input_tokens(usage) + output_tokens(usage) AS tokens,
             token_cost(model, usage, at, service_tier, region) AS usd
      FROM usage_log) AS request;

\echo
\echo 'By default an unpriced request is an error that says why. These three are meant to fail:'
\echo

\timing off
SET inferacct.unpriced = 'error';
\echo
SELECT token_cost('house/support-llama-70b', usage(1000, 100), '2026-10-15');
\echo
SELECT token_cost('gpt-oss-120b', usage(1000, 100), '2026-10-15');
\echo
SELECT token_cost('openai/gpt-4.1', usage(1000, 100, web_searches => 1), '2026-10-15');
\echo
SET inferacct.unpriced = 'null';
\timing on

\echo
\echo :bold'5. Three prices to check by hand: 60 million tokens in, 40 million out':plain
\echo

SELECT model, by_hand, token_cost(model, 60000000, 40000000) AS usd
FROM (VALUES ('anthropic/claude-3-5-sonnet-20240620', '60 x  3.00 + 40 x 15.00'),
             ('openai/gpt-4o-2024-05-13',             '60 x  5.00 + 40 x 15.00'),
             ('groq/llama3-70b-8192',                 '60 x  0.59 + 40 x  0.79')) AS baseline(model, by_hand);

\echo
\echo :bold'6. The most expensive requests, and why they cost that':plain
\echo

SELECT request_id, to_char(at, 'Dy DD HH24:MI') AS at, team, model, service_tier,
       input_tokens(usage) AS input, output_tokens(usage) AS output,
       token_cost(model, usage, at, service_tier, region) AS usd
FROM usage_log
ORDER BY usd DESC NULLS LAST
LIMIT 5;
\echo

SELECT left(r.request_id, 8) AS request, r.model, d.meter, d.quantity, d.unit_usd, d.unit_quantity, d.usd, d.tier
FROM (SELECT *
      FROM usage_log
      ORDER BY token_cost(model, usage, at, service_tier, region) DESC NULLS LAST
      LIMIT 3) AS r,
     token_cost_detail(r.model, r.usage, r.at, r.service_tier, r.region) AS d;
