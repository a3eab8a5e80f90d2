-- The screens of the demo.  psql variables: block, the character of the bars;
-- bold and plain, what switches the terminal.
-- Every statement is printed before its result, and can be pasted by itself.  No line is over 80 columns, bars and
-- sentences included: sentences are cut between words, as the statements show.
\pset footer off
\pset pager off
\pset border 1
\pset null '-'
\pset numericlocale on
\set ECHO queries

\echo
\echo :bold'2. What the month cost, whom, and for what':plain
\echo
SET inferacct.unpriced = 'null';  -- what has no price is in no sum: see 3
\echo
SELECT requests, input_tokens(usage) AS input, output_tokens(usage) AS output,
       round(usd, 2) AS usd, round(1000 * usd / requests, 2) AS usd_per_1000
FROM (SELECT sum(requests) AS requests, sum(usage) AS usage, sum(usd) AS usd
      FROM monthly_spend WHERE month = '2026-10-01') AS october;
\echo
SELECT team, requests, round(usd, 2) AS usd,
       repeat(:'block', (40 * usd / max(usd) OVER ())::int) AS october
FROM spend_by_team WHERE month = '2026-10-01' ORDER BY usd DESC;
\echo
SELECT model, round(usd, 2) AS usd,
       round(100 * usd / sum(usd) OVER (), 1) AS "%",
       repeat(:'block', (24 * usd / max(usd) OVER ())::int) AS october
FROM spend_by_model WHERE month = '2026-10-01'
ORDER BY usd DESC NULLS LAST LIMIT 12;
\echo
SELECT meter, sum(quantity) AS tokens,
       repeat(:'block', (40 * sum(quantity) / max(sum(quantity)) OVER ())::int)
         AS october
FROM monthly_spend, meters(usage)
WHERE month = '2026-10-01' AND meter NOT IN ('requests', 'web_searches')
GROUP BY meter ORDER BY tokens DESC;
\echo
SELECT to_char(day, 'Dy') AS weekday, round(avg(usd), 2) AS usd_a_day,
       repeat(:'block', (40 * avg(usd) / max(avg(usd)) OVER ())::int) AS october
FROM (SELECT day, sum(usd) AS usd FROM daily_spend
      WHERE day >= '2026-10-01' GROUP BY day) AS days
GROUP BY 1, extract(isodow FROM day) ORDER BY extract(isodow FROM day);

\echo
\echo :bold'3. What is not priced, and why: unknown is not zero':plain
\echo
SELECT model, split_part(reason, ':', 1) AS reason,
       sum(requests) AS requests, sum(tokens) AS tokens
FROM unpriced_usage WHERE month = '2026-10-01'
GROUP BY 1, 2 ORDER BY tokens DESC;
\echo
\echo 'A price of your own or an alias mends that: docs/prices.md.'
\echo
SELECT priced_tokens, tokens, round(100 * priced_share, 2) AS "% priced"
FROM priced_usage WHERE month = '2026-10-01';

\echo
\echo :bold'4. Three prices to check by hand':plain
\echo '60 million tokens in, 40 million out, at the prices of October:'
\echo
SELECT model, by_hand,
       token_cost(model, 60000000, 40000000, '2026-10-15') AS usd
FROM (VALUES
  ('anthropic/claude-3-5-sonnet-20240620', '60 x 3.00 + 40 x 15.00'),
  ('openai/gpt-4o-2024-05-13',             '60 x 5.00 + 40 x 15.00'),
  ('groq/llama3-70b-8192',                 '60 x 0.59 + 40 x  0.79')
) AS list(model, by_hand);

\echo
\echo :bold'5. The dearest requests, and why they cost that':plain
\echo
\echo 'What follows asks each request more than once: all are read into a table.'
\echo
CREATE TABLE IF NOT EXISTS request AS SELECT * FROM usage_all;
\echo
SELECT right(request_id, 6) AS id, team, model, input_tokens(usage) AS input,
       round(token_cost(model, usage, at, service_tier, region), 4) AS usd
FROM request
ORDER BY token_cost(model, usage, at, service_tier, region) DESC NULLS LAST
LIMIT 5;
\echo
SELECT d.meter, d.quantity, d.unit_usd AS usd_per_million, d.usd, d.tier
FROM (SELECT * FROM request
      ORDER BY token_cost(model, usage, at, service_tier, region)
               DESC NULLS LAST LIMIT 1) AS r,
     token_cost_detail(r.model, r.usage, r.at, r.service_tier, r.region) AS d;

\echo
\echo :bold'6. Keep renting? This log on machines of your own':plain
\echo 'A deployment that was measured (table deployment, column source): Llama 70B'
\echo 'on two H100, rented by the hour, with a quarter of an engineer; the API at the'
\echo 'prices of its standard tier.'
\echo
\x on
SELECT verdict, round(api_usd) AS api_usd, round(selfhost_usd) AS selfhost_usd,
       round(mtok_per_month) AS mtok_a_month,
       round(first_mtok) AS breakeven_mtok_a_month,
       round(100 * fleet_utilization, 1) AS "% used",
       round(100 * breakeven_utilization, 1) AS "% where it pays",
       regexp_replace(reason, '(.{1,50}) ', E'\\1\n', 'g') AS reason
FROM (SELECT (breakeven('llama-70b-2xh100', at, model, usage)).*
      FROM request) AS b;
\x off
\echo
\echo 'USD a month by volume, at the mix and the mean price of this log. Machines'
\echo 'come whole: a staircase (bars). The API is a line (A), > beyond the picture.'
\echo
WITH log AS (
  SELECT sum(usage) AS mix, sum(usd) * 1000000
         / (input_tokens(sum(usage)) + output_tokens(sum(usage))) AS api
  FROM monthly_spend WHERE usd IS NOT NULL
), cost AS (
  SELECT mtok, mtok * api AS api,
         (SELECT sum(usd) FROM selfhost_cost('llama-70b-2xh100', mtok, mix))
         AS own
  FROM log, generate_series(0, 54000, 3000) AS mtok
), scaled AS (
  SELECT *, (40 * own / max(own) OVER ())::int AS bar,
         least((40 * api / max(own) OVER ())::int, 41) AS line
  FROM cost
)
SELECT mtok, round(api) AS api_usd, round(own) AS own_usd,
       overlay(rpad(repeat(:'block', bar), 42) PLACING
         CASE line WHEN 41 THEN '>' ELSE 'A' END FROM 1 + line) AS usd
FROM scaled ORDER BY mtok;

\echo
\echo :bold'7. What could be saved: batch, routing, machines, commitment':plain
\echo 'A policy to judge: easy requests (a score that the callers send) of Claude'
\echo 'Sonnet 5 to Haiku 4.5. Each step is taken on what the one before has left.'
\echo
INSERT INTO routing_policy (name, kind)
SELECT 'easy to haiku', 'score'
WHERE NOT EXISTS (SELECT FROM routing_policy WHERE name = 'easy to haiku');
\echo
INSERT INTO routing_tier (policy, below_score, model)
SELECT 'easy to haiku', t.below, t.model
FROM (VALUES (0.2, 'anthropic/claude-haiku-4-5'),
             (NULL, 'anthropic/claude-sonnet-5')) AS t(below, model)
WHERE NOT EXISTS (SELECT FROM routing_tier WHERE policy = 'easy to haiku');
\echo
CREATE TABLE IF NOT EXISTS plan AS
SELECT * FROM savings_plan('llama-70b-2xh100', 'easy to haiku',
                           log => 'request');
\echo
SELECT lever, round(saved_usd, 2) AS saved, round(usd_after, 2) AS usd_after,
       repeat(' ', (44 * before / bill)::int) ||
       repeat(:'block', (44 * part / bill)::int) AS "of the bill"
FROM (SELECT *, max(usd_before) OVER () AS bill,
             CASE step WHEN 0 THEN 0 ELSE usd_after END AS before,
             CASE step WHEN 0 THEN usd_after ELSE saved_usd END AS part
      FROM plan) AS steps
ORDER BY step;

\echo
\echo :bold'8. The decision, with its reasons':plain
\echo
\echo 'In ten lines, for who signs; advise() has each rule with its figures:'
\echo
SELECT regexp_replace(line, '(.{1,72})( |$)', E'\\1\n', 'g') AS memo
FROM regexp_split_to_table(decision_memo('request', 'llama-70b-2xh100',
       'easy to haiku', fte_available => 0.5, draws => 50), E'\n') AS line;

\echo
\echo :bold'9. Month-end: share, close, adjust, reconcile':plain
\echo 'November as seen on its first day, with the interval that has it in 8 of 10:'
\echo
SELECT round(usd, 2) AS usd, round(low_usd, 2) AS low,
       round(high_usd, 2) AS high, history_days, method
FROM forecast('2026-11-01', at => '2026-11-01');
\echo
\echo 'A gateway is shared by tokens, one of output for four of input; a credit note'
\echo 'by what each team spends. October is closed with both:'
\echo
INSERT INTO shared_cost (month, name, usd, basis, weights)
SELECT c.*
FROM (VALUES
  (date '2026-10-01', 'gateway', 400, 'tokens', jsonb '{"output": 4}'),
  ('2026-10-01', 'credit note', -50, 'spend', NULL)) AS c
WHERE NOT EXISTS (SELECT FROM shared_cost);
\echo
SELECT month, round(usd, 2) AS usd, shared_usd AS shared, requests,
       unpriced_requests AS unpriced,
       to_char(known_at, 'YYYY-MM-DD HH24:MI') AS prices_known_at
FROM close_month('2026-10-01', 'the demo')
WHERE NOT EXISTS (SELECT FROM closed_month WHERE month = '2026-10-01');
\echo
SELECT team, round(sum(usd) FILTER (WHERE shared_cost IS NULL), 2) AS requests,
       round(sum(usd) FILTER (WHERE shared_cost ~ 'gateway'), 2) AS gateway,
       round(sum(usd) FILTER (WHERE shared_cost ~ 'credit'), 2) AS credit,
       round(sum(usd), 2) AS booked
FROM month_books WHERE month = '2026-10-01'
GROUP BY team ORDER BY sum(usd) DESC;
\echo
\echo 'The gateway bills 20 more when October is closed. That goes into the books of'
\echo 'November, by team; October stays as it was booked:'
\echo
UPDATE shared_cost SET usd = 420 WHERE name = 'gateway';
\echo
SELECT entry, month, of_month, round(usd, 2) AS usd
FROM adjust_month('2026-10-01', '2026-11-01', 'a bill that was corrected');
\echo
\echo 'The journal, each entry computed anew from what it booked:'
\echo
SELECT j.entry, j.kind, j.month, round(j.usd, 2) AS usd,
       left(j.digest, 16) AS digest, v.verified
FROM month_journal AS j
CROSS JOIN LATERAL verify_month(j.month, j.entry) AS v ORDER BY j.entry;
\echo
\echo 'An invoice that we make up: Sonnet 5 one twentieth dearer than its list price,'
\echo 'Haiku 4.5 with a fiftieth more tokens, a model that nobody logged, a credit and'
\echo 'a tax. Variance is price + volume + missing + other, and the rounding of its'
\echo 'cents, to the last digit.'
\echo
WITH lines AS (
  SELECT model, meter, computed_usd, logged_quantity AS quantity,
         CASE model WHEN 'claude-sonnet-5' THEN 1.05 ELSE 1 END AS dearer,
         CASE WHEN model ~ 'haiku-4-5' THEN 1.02 ELSE 1 END AS more
  FROM reconcile_lines('anthropic', '2026-10-01', '[]')
), invoice AS (
  SELECT coalesce(jsonb_agg(jsonb_build_object('model', model, 'meter', meter,
           'quantity', round(quantity * more),
           'usd', round(computed_usd * dearer * more, 2))), '[]')
         || '[{"model": "claude-2.1", "usd": 12.50},
              {"kind": "credit", "usd": -25},
              {"kind": "tax", "usd": 40}]' AS lines
  FROM lines WHERE computed_usd > 0
)
SELECT replace(coalesce(model, kind), 'claude-', '') AS line,
       round(sum(invoice_usd), 2) AS invoice,
       round(sum(variance_usd), 2) AS variance,
       round(sum(price_usd), 2) AS price,
       round(sum(volume_usd), 2) AS volume,
       round(sum(missing_usd), 2) AS missing,
       round(sum(other_usd), 2) AS other
FROM invoice, reconcile_lines('anthropic', '2026-10-01', lines)
GROUP BY 1 ORDER BY abs(sum(variance_usd)) DESC NULLS LAST;

\echo
\echo :bold'10. What to do next':plain
\echo 'With a log of your own, three lines:'
\echo
\echo '  CREATE EXTENSION inferacct;'
\echo '  SELECT inferacct.attach_usage(''gateway'', ''"LiteLLM_SpendLogs"'', ''litellm'');'
\echo '  CALL inferacct.refresh_usage();'
\echo
\set ECHO none
\t on
\pset format unaligned
SELECT format(E'Of the %s USD of a month at today''s prices %s USD (%s %%) can be saved:\n  %s,\n  if easy requests are answered well enough (route_quality() measures that).',
	to_char(s.today, 'FM999,999,990.00'), to_char(s.saved, 'FM999,999,990.00'), round(100 * s.saved / nullif(s.today, 0), 1), s.parts)
FROM (SELECT max(usd_before) FILTER (WHERE step = 0) AS today, sum(saved_usd) AS saved,
		coalesce(string_agg(format('%s USD by %s', to_char(saved_usd, 'FM999,999,990.00'), lever), ', ' ORDER BY step) FILTER (WHERE saved_usd > 0), 'nothing') AS parts
	FROM plan) AS s;
