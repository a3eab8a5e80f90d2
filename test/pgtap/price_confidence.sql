-- price_confidence: a report shows which part of a month rests on what, to the digit.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL client_min_messages = error;
SELECT plan(24);

INSERT INTO price (provider, model, service_tier, meter, usd, multiplier, checked_on, agreement) VALUES
	('conf', 'fresh', 'standard', 'input', 1, NULL, '2031-01-15', NULL), ('conf', 'fresh', 'standard', 'output', 5, NULL, '2031-01-15', NULL), ('conf', 'fresh', 'batch', '*', NULL, 0.5, '2031-01-15', NULL),
	('conf', 'old', 'standard', 'input', 1, NULL, '2030-06-01', NULL), ('conf', 'free', 'standard', 'input', 0, NULL, '2031-01-15', 'single');
CREATE FUNCTION pg_temp.refresh() RETURNS bigint LANGUAGE sql AS
$$ SELECT refresh_hours('usage_log', '2031-01-01Z', '2031-06-01Z', refresh_changed('usage_log', '2031-01-01Z', true), clock_timestamp()) $$;

-- 95 requests at an exact price, 3 under a guessed name, 2 at a stale price, and one that has none
INSERT INTO usage_log (at, usage, model, source, request_id)
	SELECT timestamptz '2031-02-03 00:10Z' + n * interval '5 hours', usage(1000000), CASE WHEN n <= 95 THEN 'conf/fresh' WHEN n <= 98 THEN 'conf/fresh-2030-11-11' WHEN n <= 100 THEN 'conf/old' ELSE 'conf/nothing' END, 'conf', n::text
	FROM generate_series(1, 101) AS n;
SELECT pg_temp.refresh();
SELECT results_eq($$SELECT confidence, requests, usd, share FROM price_confidence WHERE month = '2031-02-01'$$,
	$$VALUES ('guessed name', 3::bigint, 3::numeric, 0.03), ('stale', 2, 2, 0.02), ('exact', 95, 95, 0.95)$$, 'a month with 3 % on guessed names and 2 % on stale prices shows exactly that');
SELECT is((SELECT confidence FROM priced_usage WHERE month = '2031-02-01' AND source = 'conf'), '{"guessed name": 0.03, "stale": 0.02, "exact": 0.95}', 'and so does priced_usage');
SELECT is((SELECT checked_on FROM price_confidence WHERE month = '2031-02-01' AND confidence = 'stale'), '2030-06-01', 'with the day of the oldest check');
SET LOCAL inferacct.unpriced = 'null';
SELECT set_eq($$SELECT model, confidence FROM monthly_spend WHERE month = '2031-02-01' AND usd IS NOT NULL AND model ~ 'old$'$$, $$VALUES ('conf/old', 'stale')$$, 'monthly_spend has the worst of each row');
SELECT is((SELECT min(confidence_order(confidence)) FROM monthly_spend WHERE month = '2031-02-01'), 0, 'of all of its figures');
RESET inferacct.unpriced;
SELECT ok(compact_usage() >= 1, 'the month is compacted');
SELECT results_eq($$SELECT confidence, requests, usd, share FROM price_confidence WHERE month = '2031-02-01'$$,
	$$VALUES ('guessed name', 3::bigint, 3::numeric, 0.03), ('stale', 2, 2, 0.02), ('exact', 95, 95, 0.95)$$, 'and shows the same');
SET LOCAL inferacct.stale_after = '';
SELECT results_eq($$SELECT confidence, share FROM price_confidence WHERE month = '2031-02-01'$$, $$VALUES ('guessed name', 0.03), ('exact', 0.97)$$, 'without stale_after nothing is stale');
RESET inferacct.stale_after;
SET LOCAL inferacct.guess = 'refuse';
SELECT results_eq($$SELECT confidence, usd FROM price_confidence WHERE month = '2031-02-01'$$, $$VALUES ('stale', 2::numeric), ('exact', 95)$$, 'a refused guess is in no sum');
SELECT set_eq($$SELECT model, reason, requests FROM unpriced_usage WHERE month = '2031-02-01' AND reason LIKE 'only%'$$, $$VALUES ('conf/fresh-2030-11-11', 'only a guess would price it: set_alias(), set_price(), or inferacct.guess = allow', 3::bigint)$$, 'and is told of');
RESET inferacct.guess;

-- figures of one request that rest on different things; the requests of which each is the worst
INSERT INTO usage_log (at, usage, model, service_tier, source, request_id) VALUES
	('2031-03-01Z', usage(1000000, 100000, cache_read => 500000), 'conf/fresh', 'standard', 'mixed', 'a'), ('2031-03-01Z', usage(1000000), 'conf/fresh', 'batch', 'mixed', 'b'),
	('2031-03-02Z', usage(1000), 'conf/free', 'standard', 'nothing', 'c'), ('2031-04-02Z', usage(1000), 'conf/free', 'standard', 'nothing', 'd');
SELECT pg_temp.refresh();
SELECT results_eq($$SELECT confidence, requests, usd, share FROM price_confidence WHERE month = '2031-03-01'$$,
	$$VALUES ('fallback meter', 1::bigint, 0.5, 0.2), ('single source', 1, 0, 0), ('derived', 1, 0.5, 0.2), ('exact', 0, 1.5, 0.6)$$, 'a figure is shared by what it rests on, a request is counted at its worst');
SELECT results_eq($$SELECT confidence, requests, usd, share FROM price_confidence WHERE month = '2031-04-01'$$, $$VALUES ('single source', 1::bigint, 0::numeric, 1::numeric)$$, 'what costs nothing is shared by its requests');

-- whatever the parts, shares add up to 1 and USD to the month
INSERT INTO usage_log (at, usage, model, service_tier, source, request_id)
	SELECT timestamptz '2031-05-01Z' + n * interval '3 hours', usage(1 + n * n % 97, n % 13, cache_read => n % 3), (ARRAY['conf/fresh', 'conf/fresh-2030-11-11', 'conf/old', 'conf/free', 'fresh'])[1 + n % 5], (ARRAY['standard', 'batch'])[1 + n % 5 % 2 * (n % 5 / 4)], 's' || n % 3, n::text
	FROM generate_series(1, 200) AS n WHERE NOT (n % 5 IN (2, 3) AND (n % 13 > 0));
SELECT pg_temp.refresh();
SELECT is_empty($$SELECT month, sum(share) FROM price_confidence GROUP BY month HAVING sum(share) <> 1$$, 'the shares of a month add up to 1');
SELECT is_empty($$SELECT month, source FROM priced_usage WHERE (SELECT sum(value::numeric) FROM jsonb_each_text(confidence)) <> 1$$, 'and those of a source');
SET LOCAL inferacct.unpriced = 'null';
SELECT is_empty($$SELECT c.month FROM (SELECT month, sum(usd) AS usd, sum(requests) AS requests FROM price_confidence GROUP BY 1) AS c
	JOIN (SELECT month, sum(usd) AS usd FROM monthly_spend GROUP BY 1) AS m USING (month) JOIN (SELECT month, sum(priced_requests) AS requests FROM priced_usage GROUP BY 1) AS p USING (month)
	WHERE c.usd IS DISTINCT FROM m.usd OR c.requests IS DISTINCT FROM p.requests$$, 'usd adds up to monthly_spend, requests to priced_usage');
SELECT is_empty($$WITH request AS (SELECT month_of(at) AS month, e.confidence, sum(e.usd) AS usd FROM usage_log CROSS JOIN LATERAL explain_price(model, usage, at, service_tier, region) AS e WHERE at >= '2031-01-01' GROUP BY 1, 2)
	SELECT * FROM request FULL JOIN (SELECT month, confidence, usd FROM price_confidence WHERE month >= '2031-01-01') AS c USING (month, confidence) WHERE trim_scale(request.usd) IS DISTINCT FROM c.usd$$,
	'and it is what explain_price() says of each request');

-- beside one another the two aggregates price a row once, and say what each says alone
SELECT is(rollup_worst(model, usage, at, at, 1, 1, false, 'standard', NULL), 'guessed name', 'rollup_worst() alone') FROM usage_log WHERE at >= '2031-02-01' AND at < '2031-03-01' AND model <> 'conf/nothing';
SELECT is((rollup_judged(model, usage, at, at, 1, 1, false, 'standard', NULL), rollup_worst(model, usage, at, at, 1, 1, false, 'standard', NULL)), (100::numeric, 'guessed name'::text), 'and beside rollup_judged()')
FROM usage_log WHERE at >= '2031-02-01' AND at < '2031-03-01' AND model <> 'conf/nothing';

-- of single rows
SELECT is(rollup_worst('conf/old', usage(1), '2031-02-03Z', '2031-02-03Z', 1, 1, false, 'standard', NULL), 'stale', 'rollup_worst() of a row');
SELECT is(rollup_worst('conf/nothing', usage(1), '2031-02-03Z', '2031-02-03Z', 1, 1, false, 'standard', NULL), NULL, 'of one without a price is NULL');
SELECT is((SELECT count(*) FROM rollup_confidence('conf/nothing', usage(1), '2031-02-03Z', '2031-02-03Z', 1, 1, false, 'standard', NULL)), 0::bigint, 'as rollup_confidence() has no row for it');
SELECT is((SELECT confidence FROM rollup_confidence('conf/old', usage(1), '2030-06-05Z', '2030-07-01Z', 1, 1, false, 'standard', NULL)), 'exact', 'a row is judged by its last request');
SELECT is((SELECT confidence FROM rollup_confidence('conf/old', usage(1), '2030-08-25Z', '2030-09-01Z', 1, 1, false, 'standard', NULL)), 'stale', 'which may be stale when the first is not');
SELECT is((SELECT array_agg(c ORDER BY confidence_order(c)) FROM unnest('{exact,alias,stale,single source,disputed,derived,fallback meter,guessed name,fallback region}'::text[]) AS c),
	ARRAY['guessed name', 'fallback region', 'fallback meter', 'disputed', 'stale', 'single source', 'derived', 'alias', 'exact'], 'the order of confidence');
ROLLBACK;
