-- report: every report adds up to the rows, compacted or not, before and after a new price.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'Asia/Kolkata';	-- half an hour off: a month that follows the session would show
SELECT plan(48);

SELECT set_price('rep', 'rep-small', 'input', 1), set_price('rep', 'rep-small', 'output', 3), set_price('rep', 'rep-big', 'input', 7.123456789),
	set_price('rep', 'rep-big', 'input', 14, above_input_tokens => 900), set_price('rep', 'rep-big', 'output', 21), set_price('rep', 'rep-small', 'input', 0.5, service_tier => 'batch');
INSERT INTO price (provider, model, meter, usd, time_windows) VALUES ('rep', 'rep-night', 'input', 1, NULL), ('rep', 'rep-night', 'output', 2, NULL),
	('rep', 'rep-night', 'input', 5, '{"timezone": "Asia/Shanghai", "windows": [{"days": [1,2,3,4,5], "from": "09:30", "to": "12:00"}]}');
INSERT INTO usage_log (at, usage, model, service_tier, source, request_id, provider, team, tags)
	SELECT timestamptz '2031-01-30 00:00Z' + n * interval '17 minutes 3 seconds', usage(n * 37 % 1800, n % 300, cache_read => n % 5 * 10),
		CASE n % 5 WHEN 0 THEN 'rep-big' WHEN 1 THEN 'nobody/knows' WHEN 2 THEN 'rep-night' ELSE 'rep/rep-small' END, CASE WHEN n % 10 = 4 THEN 'batch' ELSE 'standard' END,
		'rep', n::text, CASE WHEN n % 2 = 0 THEN 'rep' END, (ARRAY['red', 'blue', NULL])[n % 3 + 1],
		CASE n % 4 WHEN 0 THEN '["a", "b", "a"]'::jsonb WHEN 1 THEN '{"stage": "prod"}' WHEN 2 THEN '[]' END
	FROM generate_series(0, 999) AS n;

CREATE FUNCTION pg_temp.refresh() RETURNS bigint LANGUAGE sql AS
$$ SELECT refresh_hours('usage_log', '2031-01-01Z', '2031-04-01Z', refresh_changed('usage_log', '2031-01-01Z', true), clock_timestamp()) $$;
CREATE TEMP VIEW requests AS SELECT * FROM usage_log WHERE source = 'rep';
CREATE TEMP VIEW truth AS
	SELECT (date_trunc('month', at AT TIME ZONE 'UTC'))::date AS month, resolved_model(model, at) AS model, team, service_tier, spend(model, usage, at, service_tier, region) AS usd, count(*) AS requests, sum(usage) AS usage
	FROM requests GROUP BY 1, 2, 3, 4;
CREATE TEMP VIEW report AS SELECT month, model, team, service_tier, sum(usd) AS usd, sum(requests)::bigint AS requests, sum(usage) AS usage FROM monthly_spend WHERE source = 'rep' GROUP BY 1, 2, 3, 4;
SELECT is(pg_temp.refresh(), 1000::bigint, 'the rollup reads the rows');

SELECT throws_ok('SELECT * FROM monthly_spend', 'IA002', NULL, 'what has no price is an error by default');
SET LOCAL inferacct.unpriced = 'null';
SELECT isnt_empty($$SELECT FROM compacted_month WHERE month = '2031-01-01' AND NOT compacted$$, 'a month that was written is not compacted');
SELECT set_eq('SELECT month, model, team, service_tier, usd, requests, usage::text FROM report', 'SELECT month, model, team, service_tier, usd, requests, usage::text FROM truth', 'monthly_spend is what the rows say, by the hour');
SELECT ok(compact_usage() >= 2, 'two months are compacted');
SELECT is((SELECT count(*) FROM compacted_month WHERE NOT compacted), 0::bigint, 'and none is left');
SELECT ok((SELECT count(*) FROM usage_monthly WHERE source = 'rep') < (SELECT count(*) FROM usage_hourly WHERE source = 'rep') / 2, 'which makes fewer rows');
SELECT set_eq('SELECT month, model, team, service_tier, usd, requests, usage::text FROM report', 'SELECT month, model, team, service_tier, usd, requests, usage::text FROM truth', 'monthly_spend is what the rows say, compacted');
SELECT is(compact_usage(), 0::bigint, 'compacting again does nothing');
SELECT set_eq('SELECT month, model, team, service_tier, usd FROM (SELECT month_of(begin_of(day)) AS month, model, team, service_tier, sum(usd) AS usd FROM daily_spend WHERE source = ''rep'' GROUP BY 1, 2, 3, 4) AS d',
	'SELECT month, model, team, service_tier, usd FROM truth', 'days add up to the month');
SELECT is((SELECT sum(usd) FROM spend_by_team WHERE month >= '2031-01-01' AND month < '2031-04-01'), (SELECT sum(usd) FROM truth), 'spend_by_team adds up');
SELECT is((SELECT sum(usd) FROM spend_by_model WHERE month >= '2031-01-01' AND month < '2031-04-01'), (SELECT sum(usd) FROM truth), 'spend_by_model adds up');
SELECT is((SELECT sum(usd) FROM spend_by_provider WHERE month >= '2031-01-01' AND month < '2031-04-01'), (SELECT sum(usd) FROM truth), 'spend_by_provider adds up');
SELECT is((SELECT sum(usd) FROM spend_by_tag WHERE total AND month >= '2031-01-01' AND month < '2031-04-01'), (SELECT sum(usd) FROM truth), 'a request with two tags is once in the total of spend_by_tag');
SELECT set_eq($$SELECT month, tag, total, requests, usd FROM spend_by_tag('2031-02-01', '2031-03-01')$$, $$SELECT month, tag, total, requests, usd FROM spend_by_tag WHERE month = '2031-02-01'$$, 'the tags of a month');
SELECT is_empty($$SELECT FROM spend_by_tag('2031-02-01', NULL)$$, 'NULL gives no row');
SELECT is((SELECT sum(requests) FROM spend_by_tag WHERE tag = 'a' AND month >= '2031-01-01'), 250::numeric, 'and once with a tag that it has twice');
SELECT is((SELECT sum(requests) FROM spend_by_tag WHERE tag IS NULL AND NOT total AND month >= '2031-01-01'), 500::numeric, 'and those without a tag stand apart');
SELECT set_eq($$SELECT DISTINCT tag FROM spend_by_tag WHERE month >= '2031-01-01'$$, $$VALUES ('a'), ('b'), ('stage:prod'), (NULL)$$, 'tags of arrays and objects');
SET LOCAL inferacct.unpriced = 'error';
SELECT set_eq($$SELECT model, reason, sum(requests) FROM unpriced_usage WHERE source = 'rep' GROUP BY 1, 2$$, $$VALUES ('nobody/knows', 'unknown model: set_alias() or set_price()', 200::numeric)$$, 'unpriced_usage names the model and the reason, whatever inferacct.unpriced says');
SELECT is((SELECT sum(priced_requests) FROM priced_usage WHERE source = 'rep'), 800::numeric, 'priced_usage counts the rest');
SELECT ok((SELECT bool_and(priced_share > 0 AND priced_share < 1 AND priced_share = round(priced_tokens::numeric / tokens, 6)) FROM priced_usage WHERE source = 'rep'), 'as a share of tokens');

-- A price that begins amid a month and of an hour, a context tier, and a window: exact as soon as the hours are made again.
SELECT set_price('nobody', 'knows', 'input', 2), set_price('nobody', 'knows', 'output', 2), set_price('rep', 'rep-small', 'output', 4, '2031-02-03 04:05:06Z'), set_price('rep', 'rep-small', 'input', 3, above_input_tokens => 500);
INSERT INTO price (provider, model, meter, usd, time_windows) VALUES ('rep', 'rep-big', 'output', 5, '{"timezone": "UTC", "windows": [{"days": [1,2,3], "from": "03:17", "to": "17:30"}]}');
SELECT pg_temp.refresh();
SELECT isnt_empty($$SELECT FROM compacted_month WHERE month = '2031-02-01' AND NOT compacted$$, 'a new price takes its month out of usage_monthly');
SELECT set_eq('SELECT month, model, team, service_tier, usd, requests, usage::text FROM report', 'SELECT month, model, team, service_tier, usd, requests, usage::text FROM truth', 'monthly_spend is what the rows say at new prices, by the hour');
SELECT compact_usage();
SELECT set_eq('SELECT month, model, team, service_tier, usd, requests, usage::text FROM report', 'SELECT month, model, team, service_tier, usd, requests, usage::text FROM truth', 'and compacted');
SELECT is_empty($$SELECT FROM unpriced_usage WHERE source = 'rep'$$, 'nothing is unpriced any more');
SELECT results_eq($$SELECT month, usd, problem IS NULL FROM (SELECT u.month, d.usd, rollup_problem(u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated, u.service_tier, u.region) AS problem
	FROM rollup_usage AS u CROSS JOIN LATERAL (SELECT sum(c.usd) AS usd FROM rollup_cost_detail(u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated, u.service_tier, u.region) AS c) AS d
	WHERE u.source = 'rep' AND coalesce(d.usd, 0) IS DISTINCT FROM rollup_cost(u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated, u.service_tier, u.region)) AS x$$,
	'SELECT NULL::date, NULL::numeric, NULL::boolean WHERE false', 'rollup_cost_detail() sums to rollup_cost(), row by row');

-- A name that comes to mean a model with weekly hours, in a month before: what was summed up of it is told apart.
INSERT INTO usage_log (at, usage, model, source, request_id) SELECT timestamptz '2031-02-03 00:00Z' + n * interval '31 minutes', usage(n, 1), 'owl', 'rep', 'owl ' || n FROM generate_series(1, 300) AS n;
SELECT pg_temp.refresh(), compact_usage();
SELECT set_alias('owl', 'rep/rep-night', '2031-01-31 00:00Z');
SELECT compact_usage();
SELECT set_eq('SELECT month, model, team, service_tier, usd, requests, usage::text FROM report', 'SELECT month, model, team, service_tier, usd, requests, usage::text FROM truth', 'an alias of a model with weekly hours takes later months out, too');

-- Shared costs: in thirds that are no decimals.
INSERT INTO shared_cost (month, name, usd, basis, models, capacity) VALUES
	('2031-02-01', 'gpus', 100.01, 'tokens', '{rep-big}', 1000000), ('2031-02-01', 'gateway', 10, 'requests', NULL, NULL), ('2031-02-01', 'idle', 5, 'tokens', '{nothing}', 7), ('2031-02-01', 'full', 1, 'tokens', NULL, 1);
SELECT set_eq($$SELECT name, trim_scale(sum(allocated_usd)) FROM shared_cost_allocation WHERE month = '2031-02-01' GROUP BY name$$, $$VALUES ('gpus', 100.01), ('gateway', 10), ('idle', 5), ('full', 1)$$, 'shared costs are allocated to the last digit');
SELECT ok((SELECT bool_and(used_usd + idle_usd = allocated_usd AND used_usd >= 0 AND idle_usd >= 0) FROM shared_cost_allocation), 'used and idle stand apart');
SELECT is((SELECT sum(idle_usd) FROM shared_cost_allocation WHERE name IN ('gateway', 'full') AND month = '2031-02-01'), 0::numeric, 'what is full has nothing idle');
SELECT results_eq($$SELECT team, used_usd, idle_usd FROM shared_cost_allocation WHERE name = 'idle' AND month = '2031-02-01'$$, 'VALUES (NULL::text, 0::numeric, 5::numeric)', 'what nobody used is all idle');

-- rollup_problem() says what rollup_cost() would raise, for every reason, without raising it.
SELECT set_price('problemco', 'flat', m, 1) FROM unnest(ARRAY['input', 'output']) AS m \g /dev/null
SELECT set_price('problemco', 'tiered', 'input', 1), set_price('problemco', 'tiered', 'input', 2, above_input_tokens => 1000), set_price('problemco', 'tiered', 'input', 3, valid_from => '2026-05-01 00:30Z'),
	set_price('problemco', 'late', 'input', 1, valid_from => '2026-06-01'), set_price('problemco', 'twin', 'input', 1), set_price('otherco', 'twin', 'input', 1) \g /dev/null
INSERT INTO price (provider, model, meter, amount, currency) VALUES ('problemco', 'abroad', 'input', 1, 'XTS');
CREATE TEMP TABLE problem_row ON COMMIT DROP AS
SELECT model, usage, first_at, first_at + span AS last_at, size AS min_input, size + spread AS max_input, aggregated, tier, region
FROM unnest(ARRAY['problemco/flat', 'problemco/tiered', 'problemco/late', 'twin', 'problemco/abroad', 'nosuch-model', 'problemco/nosuch']) AS model,
	unnest(ARRAY[usage(10, 5), usage(10), usage(10, web_searches => 1), usage(3000)]) AS usage,
	unnest(ARRAY[timestamptz '2026-05-01 00:00Z', '2026-07-01 00:00Z']) AS first_at, unnest(ARRAY['0', '40 minutes']::interval[]) AS span,
	unnest(ARRAY[10, 2000]) AS size, unnest(ARRAY[0, 5000]) AS spread, unnest(ARRAY[false, true]) AS aggregated, unnest(ARRAY[NULL, 'batch']) AS tier, unnest(ARRAY[NULL, 'eu']) AS region;
CREATE FUNCTION pg_temp.raised(r problem_row) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM rollup_cost(r.model, r.usage, r.first_at, r.last_at, r.min_input, r.max_input, r.aggregated, r.tier, r.region);
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE TEMP TABLE raised ON COMMIT DROP AS SELECT r AS row, pg_temp.raised(r) AS problem FROM problem_row AS r;
SELECT results_eq($$SELECT DISTINCT left(problem, 5) FROM raised ORDER BY 1$$, $$VALUES ('IA001'), ('IA002'), ('IA003'), ('IA004'), ('IA005'), ('IA007'), (NULL)$$, 'rows without a price for every reason, and with one');
SELECT is_empty(format($$SELECT problem, told FROM raised, set_config('inferacct.unpriced', %L, true),
		LATERAL rollup_problem((row).model, (row).usage, (row).first_at, (row).last_at, (row).min_input, (row).max_input, (row).aggregated, (row).tier, (row).region) AS told
	WHERE problem IS DISTINCT FROM told$$, setting), 'rollup_problem() says them, under ' || setting) FROM (VALUES ('error'), ('null')) AS s(setting);
SELECT throws_ok($$SELECT rollup_problem('problemco/flat', usage(1), 'infinity', 'infinity', 1, 1, false, NULL, NULL)$$, '22008', NULL, 'what is no row at all is an error');
SELECT is(rollup_problem(NULL, usage(1), now(), now(), 1, 1, false, NULL, NULL), NULL, 'no model, no problem');

-- Whoever asks for a day or a month does not read the others.
CREATE FUNCTION pg_temp.plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; lines text := '';
BEGIN
	SET LOCAL enable_seqscan = off;
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP lines := lines || line || chr(10); END LOOP;
	RETURN lines;
END $$;
-- What is read by the month is read of the months that are asked for: as many calls as months.
CREATE FUNCTION pg_temp.months_read(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	line text;
	most bigint := 0;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) ' || query LOOP
		most := greatest(most, substring(line FROM 'Function Scan on (?:spend_by_tag|unpriced_usage_of|judged_usage|confidence_usage) .* loops=(\d+)')::bigint);
	END LOOP;
	RETURN most;
END $$;
SELECT is(pg_temp.months_read($$SELECT * FROM spend_by_tag WHERE month = '2031-02-01'$$), 1::bigint, 'spend_by_tag of a month reads that month');
SELECT is(pg_temp.months_read('SELECT * FROM spend_by_tag'), (SELECT count(*) FROM log_months()), 'of all months each');
SELECT is(pg_temp.months_read($$SELECT * FROM unpriced_usage WHERE month >= '2031-02-01' AND month < '2031-03-01'$$), 1::bigint, 'unpriced_usage');
SELECT cmp_ok((SELECT count(DISTINCT month) FROM rollup_month), '>', 1::bigint, 'and there are others');
SELECT is(pg_temp.months_read($$SELECT * FROM priced_usage WHERE month = '2031-02-01'$$), 1::bigint, 'priced_usage');
SELECT is(pg_temp.months_read($$SELECT * FROM price_confidence WHERE month = '2031-02-01'$$), 1::bigint, 'price_confidence');
SELECT set_eq($$SELECT month, source, usd FROM (SELECT month, source, sum(usd) AS usd FROM confidence_usage() GROUP BY month, source) AS c$$,
	$$SELECT m.month, u.source, sum(u.usd) FROM (SELECT DISTINCT month FROM rollup_month) AS m CROSS JOIN LATERAL confidence_usage(m.month) AS u GROUP BY m.month, u.source$$, 'months together are all');
SELECT alike(pg_temp.plan_of($$SELECT * FROM daily_spend WHERE day >= '2031-02-01' AND day < '2031-02-03' AND team = 'a'$$), '%usage_hourly_day%', 'daily_spend of a day reads that day');
SELECT alike(pg_temp.plan_of($$SELECT * FROM monthly_spend WHERE month = '2031-02-01' AND team = 'a'$$), '%usage_monthly_month%', 'monthly_spend of a month reads that month');

-- For tools that know no type usage.
CREATE FUNCTION pg_temp.other_tokens() RETURNS SETOF text LANGUAGE plpgsql SET inferacct.unpriced TO 'null' AS $$
DECLARE relation regclass; rows bigint; wrong bigint;
BEGIN
	FOR relation IN SELECT a.attrelid FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid WHERE a.attname = 'reasoning_tokens' AND c.relnamespace = 'inferacct'::regnamespace LOOP
		EXECUTE format('SELECT count(*), count(*) FILTER (WHERE (input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens) IS DISTINCT FROM
			(input_tokens(usage), cached_tokens(usage), meter(usage, ''cache_write'') + meter(usage, ''cache_write_1h''), output_tokens(usage), meter(usage, ''reasoning''))) FROM %s', relation) INTO rows, wrong;
		IF wrong > 0 OR rows = 0 AND relation NOT IN ('booked_spend'::regclass, 'unpriced_usage') THEN RETURN NEXT relation || ': ' || wrong || ' of ' || rows; END IF;
	END LOOP;
END $$;
SELECT is_empty('SELECT * FROM pg_temp.other_tokens()', 'plain columns of tokens say what usage says');
SET LOCAL inferacct.unpriced = 'null';
SELECT set_eq($$SELECT month, min(confidence_order(confidence)) FROM spend_by_team GROUP BY month$$,
	$$SELECT month, min(confidence_order(confidence)) FROM monthly_spend GROUP BY month$$, 'every report of USD says what it rests on');

SELECT * FROM finish();
ROLLBACK;
