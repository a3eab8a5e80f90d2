-- explain_change: drivers of a change add up to it, each is the one that was made, by any dimension.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';
SET LOCAL client_min_messages = warning;
SELECT plan(132);

SELECT set_price('whyco', m, meter, p, '2024-01-01') FROM (VALUES ('a', 'input', 2), ('a', 'cache_read', 0.2), ('a', 'output', 8), ('a', 'web_searches', 10000), ('b', 'input', 1), ('b', 'output', 4),
	('c', 'input', 5), ('c', 'output', 20), ('free', 'input', 0), ('free', 'output', 0)) AS v (m, meter, p);
CREATE FUNCTION pg_temp.refresh() RETURNS void LANGUAGE plpgsql AS $$
DECLARE f record;
BEGIN
	f := refresh_find('usage_log', NULL, false, NULL, true);
	IF cardinality(f.hours) > 0 THEN
		PERFORM refresh_hours('usage_log', f.hours[1], f.hours[cardinality(f.hours)] + interval '1 hour', f.hours, f.found_at);
	END IF;
	PERFORM refresh_end('usage_log', f.found_at, f.identity, f.problem);
END $$;
-- A month of one kind of request: so many a day, of so many tokens, of which so many are read from a cache.
CREATE FUNCTION pg_temp.month(month date, model text, team text, a_day int, input bigint, output bigint, cached bigint DEFAULT 0, status text DEFAULT 'ok', searches int DEFAULT 0) RETURNS void LANGUAGE sql AS $$
	INSERT INTO usage_log (at, usage, model, source, request_id, team, status)
	SELECT $1::timestamptz + d * interval '1 day' + n * interval '3 minutes', usage($5 - $7, $6, cache_read => $7, web_searches => $9), $2, 'why', concat_ws(' ', $1, $2, $3, $5, $6, $7, $8, d, n), $3, $8
	FROM generate_series(0, 27) AS d, generate_series(1, $4) AS n $$;
CREATE FUNCTION pg_temp.drivers(f date, t date, d text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', value, driver, usd), ', ' ORDER BY value, driver) FROM explain_change($1, $2, $3) $$;
CREATE FUNCTION pg_temp.spent(m date) RETURNS numeric LANGUAGE sql AS $$ SELECT coalesce(sum(usd), 0) FROM monthly_spend WHERE month = $1 $$;
-- Of each pair of months: drivers add up to the difference, by every dimension and in both directions.
CREATE FUNCTION pg_temp.adds_up(f date, t date) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE d text;
BEGIN
	FOREACH d IN ARRAY ARRAY[NULL, 'team', 'model', 'provider', 'status', 'project', 'service_tier'] LOOP
		RETURN NEXT is((SELECT coalesce(sum(usd), 0) FROM explain_change(f, t, d)), pg_temp.spent(t) - pg_temp.spent(f), format('%s to %s adds up by %s', f, t, coalesce(d, 'nothing')));
		RETURN NEXT is((SELECT coalesce(sum(usd), 0) FROM explain_change(t, f, d)), pg_temp.spent(f) - pg_temp.spent(t), format('and back, by %s', coalesce(d, 'nothing')));
	END LOOP;
END $$;

-- One cause at a time
SELECT pg_temp.month('2031-01-01', 'whyco/a', 'blue', 10, 1000, 100);
SELECT pg_temp.month('2031-02-01', 'whyco/a', 'blue', 15, 1000, 100);	-- half as many more
SELECT pg_temp.month('2031-03-01', 'whyco/a', 'blue', 15, 1500, 150);	-- half as long again
SELECT pg_temp.month('2031-04-01', 'whyco/a', 'blue', 15, 1500, 150, 1000);	-- cached
SELECT pg_temp.month('2031-05-01', 'whyco/a', 'blue', 15, 1500, 150, 1000);	-- dearer
SELECT set_price('whyco', 'a', m, p, '2031-05-01') FROM (VALUES ('input', 3), ('cache_read', 0.3), ('output', 12)) AS v (m, p);
SELECT pg_temp.month('2031-06-01', 'whyco/a', 'blue', 15, 1500, 150, 1000);
SELECT pg_temp.month('2031-06-01', 'whyco/a', 'blue', 2, 1500, 0, 0, 'failed');	-- failures
SELECT pg_temp.month('2031-07-01', 'whyco/a', 'blue', 15, 1500, 150, 1000, 'ok', 1);	-- and searches, without failures
SELECT pg_temp.refresh();
SELECT is(pg_temp.drivers('2031-01-01', '2031-02-01'), 'volume 0.392', 'more requests are volume');
SELECT is(pg_temp.drivers('2031-02-01', '2031-03-01'), 'size 0.588', 'longer ones are size');
SELECT is(pg_temp.drivers('2031-03-01', '2031-04-01'), 'cache -0.756', 'what a cache saves is cache');
SELECT is(pg_temp.drivers('2031-04-01', '2031-05-01'), 'price 0.504', 'other prices are price');
SELECT is(pg_temp.drivers('2031-05-01', '2031-06-01'), 'waste 0.252', 'what failed is waste');
SELECT is(pg_temp.drivers('2031-06-01', '2031-07-01'), 'fees 4.2, waste -0.252', 'searches are fees');
SELECT is((SELECT explanation FROM explain_change('2031-01-01', '2031-02-01')), '420 requests, 280 before, at what one cost then: 0.39 USD more, all by whyco/a.', 'volume in words');
SELECT is((SELECT explanation FROM explain_change('2031-03-01', '2031-04-01')), 'A cache saves 42.9 % of what these tokens would cost, 0 % before: 0.76 USD less, all by whyco/a.', 'a cache in words');
SELECT pg_temp.adds_up('2031-01-01', '2031-07-01');

-- Models that come, go and take requests from each other; teams that come
SELECT pg_temp.month('2031-09-01', 'whyco/a', 'blue', 9, 1000, 100);
SELECT pg_temp.month('2031-09-01', 'whyco/b', 'blue', 3, 1000, 100);
SELECT pg_temp.month('2031-10-01', 'whyco/a', 'blue', 3, 1000, 100);
SELECT pg_temp.month('2031-10-01', 'whyco/b', 'blue', 9, 1000, 100);
SELECT pg_temp.month('2031-11-01', 'whyco/a', 'blue', 3, 1000, 100);
SELECT pg_temp.month('2031-11-01', 'whyco/c', 'blue', 9, 1000, 100);
SELECT pg_temp.month('2031-12-01', 'whyco/a', 'blue', 3, 1000, 100);
SELECT pg_temp.month('2031-12-01', 'whyco/c', 'blue', 9, 1000, 100);
SELECT pg_temp.month('2031-12-01', 'whyco/a', 'red', 5, 1000, 100);
SELECT pg_temp.month('2031-12-01', 'whyco/free', 'blue', 5, 1000, 100);
SELECT pg_temp.refresh();
SELECT is(pg_temp.drivers('2031-09-01', '2031-10-01'), 'mix -0.4704', 'requests that move to a cheaper model are mix');
SELECT is(pg_temp.drivers('2031-10-01', '2031-11-01', 'team'), 'blue gone model -0.3528, blue new model 1.764', 'models that come and go');
SELECT is(pg_temp.drivers('2031-11-01', '2031-12-01', 'team'), 'blue mix -0.882, blue volume 0.882, red new team 0.588', 'a team that comes; requests of a model that costs nothing');
SELECT pg_temp.adds_up(f, t) FROM (VALUES (date '2031-09-01', date '2031-10-01'), ('2031-09-01', '2031-12-01'), ('2031-07-01', '2031-12-01'), ('2031-08-01', '2031-09-01')) AS v (f, t);

-- At random, with weekly windows, context tiers, prices within the month, and half of it compacted
SELECT set_price('whyco', 'windowed', m, p, '2024-01-01') FROM (VALUES ('input', 1), ('output', 3)) AS v (m, p);
INSERT INTO price (provider, model, meter, usd, time_windows) VALUES ('whyco', 'windowed', 'output', 6, '{"timezone": "UTC", "windows": [{"from": "08:00", "to": "20:00"}]}');
SELECT set_price('whyco', 'tiered', m, p, '2024-01-01', above_input_tokens => t) FROM (VALUES ('input', 1, 0), ('output', 4, 0), ('input', 2, 5000), ('output', 8, 5000)) AS v (m, p, t);
SELECT set_price('whyco', 'tiered', 'input', 1.5, '2032-02-11 13:20');
INSERT INTO usage_log (at, usage, model, source, request_id, team, project, status, service_tier)
SELECT timestamptz '2032-01-01Z' + (n * 7919 % 5180000) * interval '1 second', usage(n * 131 % 9000, n % 900, cache_read => n % 5 * 37, web_searches => (n % 50 = 0)::int), (ARRAY['whyco/a', 'b', 'tiered', 'windowed', 'c'])[1 + n % 5],
	'why', n::text, 'team ' || n % 4, CASE WHEN n % 3 > 0 THEN 'project ' || n % 2 END, CASE WHEN n % 41 = 0 THEN 'failed' ELSE 'ok' END, 'standard'
FROM generate_series(1, 3000) AS n;
SELECT pg_temp.refresh();
SELECT pg_temp.adds_up('2032-01-01', '2032-02-01');
SELECT compact_usage();
SELECT pg_temp.adds_up('2032-01-01', '2032-02-01');
SELECT is((SELECT sum(usd) FROM explain_change('2032-01-01', '2032-02-01') WHERE driver = 'price'),
	(SELECT trim_scale(sum(token_cost(model, usage, at) - token_cost(model, usage, '2032-01-31'))) FROM usage_log WHERE source = 'why' AND model = 'tiered' AND at >= '2032-02-11 13:20' AND at < '2032-03-01' AND status = 'ok'),
	'price is what the price change made of it, row by row');

-- Unknown
INSERT INTO usage_log (at, usage, model, source, request_id) VALUES ('2032-02-02', usage(5), 'nobody knows', 'why', 'x');
SELECT pg_temp.refresh();
SELECT throws_ok($$SELECT * FROM explain_change('2032-01-01', '2032-02-01')$$, 'IA002', NULL, 'what has no price is an error');
SET LOCAL inferacct.unpriced = 'null';
SELECT pg_temp.adds_up('2032-01-01', '2032-02-01');
SELECT is_empty($$SELECT * FROM explain_change('2032-01-01', '2032-01-17')$$, 'a month against itself');
SELECT is_empty($$SELECT * FROM explain_change('2040-01-01', '2040-02-01')$$, 'months without usage');
SELECT throws_ok($$SELECT * FROM explain_change(NULL, '2040-02-01')$$, '22004', NULL, 'no month');
SELECT throws_ok($$SELECT * FROM explain_change('2040-01-01', 'infinity')$$, '22008', NULL, 'nor one without end');
SELECT throws_ok($$SELECT * FROM explain_change('2040-01-01', '2040-02-01', 'colour')$$, '42704', NULL, 'no such dimension');

-- Larger requests of the same models, while most requests have moved to a model that is asked for less.
SELECT alike(change_in_words('size', 5, 10, 10, 100, 120, NULL, NULL, 'm', 5, 1), '120 tokens a request, 100 before: 5.00 USD more%', 'size is told by the mean');
SELECT alike(change_in_words('size', 5, 10, 10, 120, 100, NULL, NULL, 'm', 5, 1), 'Requests of the same models were larger: 5.00 USD more%', 'but not by one that goes the other way');
SELECT * FROM finish();
ROLLBACK;
