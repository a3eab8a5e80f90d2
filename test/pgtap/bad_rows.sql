-- bad_rows: with inferacct.unpriced = null no row of the log stops a report, and
-- none with a count that no request has is in its figures.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SELECT plan(42);

INSERT INTO routing_policy (name, kind) VALUES ('bad_rows', 'score');
INSERT INTO routing_tier (policy, below_score, model) VALUES ('bad_rows', 0.5, 'openai/gpt-4o-mini'), ('bad_rows', NULL, 'openai/gpt-4o');
INSERT INTO usage_log (at, usage, model, source, request_id, tolerates, score, duration_ms)
SELECT timestamptz '2026-10-01Z' + i * interval '1 minute', usage(1000 + i, 100, requests => 1), 'openai/gpt-4o', 'bad_rows', 'good ' || i, '24:00', 0.1, 500
FROM generate_series(1, 50) AS i;
CREATE TEMP TABLE good AS SELECT * FROM usage_log;
INSERT INTO usage_log (at, usage, model, source, request_id, tolerates, score, duration_ms)
SELECT at, usage, model, 'bad_rows', format('bad %s', row_number() OVER ()), '24:00', 0.1, 9223372036854775807
FROM (VALUES (timestamptz '2026-10-02Z', usage(9223372036854775807), 'openai/gpt-4o'), ('2026-10-02Z', usage(9223372036854775807), 'openai/gpt-4o'),
	('2026-10-02Z', usage(9223372036854775807, cache_read => 9223372036854775807), 'openai/gpt-4o'), ('2026-10-02Z', usage(1, 9223372036854775807), 'openai/gpt-4o'),
	('2026-10-02Z', usage(1, 9223372036854775807, reasoning => 1), 'openai/gpt-4o'), ('2026-10-02Z', usage(1, requests => 9223372036854775807), 'openai/gpt-4o'),
	('2026-10-02Z', usage(1, pages => 9223372036854775807), 'openai/gpt-4o'), ('2026-10-02Z', usage(10000000000000001), 'openai/gpt-4o'),
	('4700-01-01 BC', usage(9223372036854775807), 'openai/gpt-4o'), ('9999-01-01Z', usage(9223372036854775807), 'openai/gpt-4o'),
	('2026-10-02Z', usage(9223372036854775807), 'no such model')) AS v (at, usage, model);

SET LOCAL inferacct.unpriced = 'null';
SET LOCAL client_min_messages = error;

-- What reads a log row by row says the same as without them.
CREATE FUNCTION pg_temp.same(what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	with_them text;
	without text;
BEGIN
	EXECUTE format('SELECT (%s)::text FROM usage_log', what) INTO with_them;
	EXECUTE format('SELECT (%s)::text FROM good AS usage_log', what) INTO without;
	RETURN NEXT is(with_them, without, what);
END
$$;
SELECT pg_temp.same(what) FROM unnest(ARRAY[
	'spend(model, usage, at)', 'spend(model, usage, at, service_tier, region)',
	'spend(model, meter(usage, ''input''), 0, at) FILTER (WHERE meter(usage, ''input'') > 1)',
	'spend((SELECT price_book(unpriced => ''null'')), model, usage, at)', 'sum(usage)', 'sum(usage) FILTER (WHERE source <> '''')',
	'spend_by_month(model, usage, at)', 'spend_by_month(model, meter(usage, ''input''), 0, at) FILTER (WHERE meter(usage, ''input'') > 1)',
	'breakeven(''llama-70b-reserved'', at, model, usage)', 'batch_savings(model, usage, at, tolerates)', 'demand(at, usage, 1)',
	'demand(at, usage, 1, interval ''15 minutes'')', 'route_savings(''bad_rows'', score, ''openai/gpt-4o'', usage, at)']) AS what;

-- What reads it by name goes on.
CREATE FUNCTION pg_temp.answers(query text) RETURNS SETOF text LANGUAGE sql AS $$ SELECT lives_ok('SELECT count(*) FROM (' || query || ') AS q', query) $$;
SELECT pg_temp.answers(query) FROM unnest(ARRAY[
	'SELECT advise(deployment => ''llama-70b-reserved'', log => ''usage_log'')', 'SELECT * FROM savings_plan(''llama-70b-reserved'', log => ''usage_log'')',
	'SELECT workload(''usage_log'')', 'SELECT token_cost(model, usage, at) FROM usage_log', 'SELECT token_cost_detail(model, usage, at) FROM usage_log',
	'SELECT * FROM unpriced_usage', 'SELECT * FROM rejected_usage', 'SELECT * FROM usage_all', 'SELECT requests, usage FROM daily_spend',
	'SELECT * FROM spend_by_tag(''2026-10-01'', ''2026-11-01'')', 'SELECT * FROM request_distribution(''2026-10-01Z'', ''2026-11-01Z'')']) AS query;
SELECT ok(refresh_hours('usage_log', '2026-09-30 00:00Z', '2026-10-05 00:00Z', refresh_changed('usage_log', NULL, false), clock_timestamp()) >= 50,
	'the rollup reads the others');
SELECT pg_temp.answers(query) FROM unnest(ARRAY[
	'SELECT * FROM monthly_spend', 'SELECT * FROM daily_spend', 'SELECT * FROM unpriced_usage', 'SELECT * FROM rejected_usage', 'SELECT * FROM hourly_spend',
	'SELECT * FROM spend_by_tag', 'SELECT * FROM daily_spend', 'SELECT * FROM focus_1_4', 'SELECT * FROM anomaly(''2026-10-01'', ''2026-10-03'')']) AS query;
SELECT is((SELECT sum(requests) FROM monthly_spend WHERE source = 'bad_rows'), 50::numeric, 'the rollup has the others');
SELECT is(count(*), 11::bigint, 'and each is named') FROM rejected_usage WHERE source = 'bad_rows';

-- Where errors are asked for, they come, with the reason.
SET LOCAL inferacct.unpriced = 'error';
SELECT throws_ok('SELECT sum(usage) FROM usage_log', '22003', NULL, 'a sum that does not fit');
SELECT throws_ok('SELECT spend_by_month(model, usage, at) FROM usage_log WHERE model <> ''no such model'' AND isfinite(at)', '22003', NULL, 'nor one by month');

-- A large sum is one all the same.
SET LOCAL inferacct.unpriced = 'null';
SELECT is(sum(u), usage(20000000000000000, requests => 2), 'counts that requests may have') FROM (VALUES (usage(10000000000000000)), (usage(10000000000000000))) AS v (u);
SELECT is(sum(u), NULL, 'nothing is left') FROM (VALUES (usage(9223372036854775807))) AS v (u);
SELECT is(sum(u), usage(1), 'what is left') FROM (VALUES (usage(9223372036854775807)), (NULL), (usage(1))) AS v (u);
SELECT is(array_agg(s ORDER BY n), ARRAY[usage(1), usage(1), usage(2), usage(5, requests => 2)], 'a moving frame')
FROM (SELECT n, sum(u) OVER (ORDER BY n ROWS 1 PRECEDING) AS s FROM (VALUES (1, usage(1)), (2, usage(9223372036854775807)), (3, usage(2)), (4, usage(3))) AS v (n, u)) AS w;

SELECT * FROM finish();
ROLLBACK;
