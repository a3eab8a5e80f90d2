-- cache_savings: what a cache saves is what the same requests cost without one, row by row and over the rollup.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';
SET LOCAL client_min_messages = warning;
SELECT plan(43);

SELECT set_price('cacheco', 'claude-like', m, p, '2024-01-01') FROM (VALUES ('input', 3), ('cache_read', 0.3), ('cache_write', 3.75), ('cache_write_1h', 6), ('output', 15)) AS v (m, p);
SELECT set_price('cacheco', 'gpt-like', m, p, '2024-01-01') FROM (VALUES ('input', 2), ('cache_read', 0.5), ('output', 8)) AS v (m, p);
SELECT set_price('cacheco', 'plain', m, p, '2024-01-01') FROM (VALUES ('input', 2), ('output', 8)) AS v (m, p);
SELECT set_price('cacheco', 'tiered', m, p, '2024-01-01', above_input_tokens => t) FROM (VALUES ('input', 1, 0), ('cache_read', 0.1, 0), ('cache_write', 1.25, 0), ('output', 5, 0),
	('input', 2, 200000), ('cache_read', 0.2, 200000), ('cache_write', 2.5, 200000), ('output', 10, 200000)) AS v (m, p, t);
SELECT set_price('cacheco', 'tiered', 'input', 0.5, '2024-01-01', service_tier => 'batch');
SELECT set_price('cacheco', 'readable', m, p, '2024-01-01') FROM (VALUES ('cache_read', 0.3), ('output', 8)) AS v (m, p);
SELECT set_price('cacheco', 'voice', m, p, '2024-01-01') FROM (VALUES ('input', 4), ('input_audio', 32), ('cache_read_audio', 0.4), ('output', 16)) AS v (m, p);

-- By hand
SELECT is((SELECT (s.saved_usd, s.write_premium_usd, s.net_usd, s.reuse_to_break_even)::text FROM (SELECT (cache_savings('claude-like', usage(1000, 100, cache_read => 1000000, cache_write => 100000), '2024-06-01')).*) AS s),
	'(2.7,0.075,2.625,0.27777777777777777778)', 'what was read saves nine tenths, what was written cost a quarter more');
SELECT is((SELECT s.reuse_to_break_even_5m || ' ' || s.reuse_to_break_even_1h || ' ' || s.reuse FROM (SELECT (cache_savings('claude-like', usage(0, 0, cache_read => 900, cache_write => 100, cache_write_1h => 200), '2024-06-01')).*) AS s),
	'0.27777777777777777778 1.11111111111111111111 3', 'a write of five minutes pays from 0.28 reads on, one of an hour from 1.11');
SELECT is((SELECT s.reuse_to_break_even FROM (SELECT (cache_savings('claude-like', usage(0, 0, cache_write => 100, cache_write_1h => 100), '2024-06-01')).*) AS s), 0.69444444444444444444, 'both together');
SELECT is((SELECT s.net_usd FROM (SELECT (cache_savings('claude-like', usage(0, 0, cache_write => 1000000), '2024-06-01')).*) AS s), -0.75, 'what is written and never read costs');
SELECT is((SELECT (s.reuse_to_break_even IS NULL, s.reason)::text FROM (SELECT (cache_savings('gpt-like', usage(10, 0, cache_read => 90), '2024-06-01')).*) AS s),
	'(t,"nothing was written to a cache")', 'without a write there is nothing to earn back');
SELECT is((SELECT (s.reuse_to_break_even, s.reason)::text FROM (SELECT (cache_savings('gpt-like', usage(10, 0, cache_read => 90, cache_write => 10), '2024-06-01')).*) AS s), '(0,)', 'a write at the price of input pays at once');
SELECT is((SELECT (s.saved_usd, s.reuse_to_break_even, s.reason)::text FROM (SELECT (cache_savings('plain', usage(10, 0, cache_read => 90, cache_write => 10), '2024-06-01')).*) AS s),
	'(0,,"a read costs no less than plain input: writing never pays")', 'where reads cost what input does, writing never pays');
SELECT is((SELECT (s.hit_rate, s.requests, s.input_tokens, s.read_tokens, s.write_tokens, s.write_1h_tokens)::text FROM (SELECT (cache_savings('claude-like', u, '2024-06-01')).*
	FROM (VALUES (usage(60, 7, cache_read => 20, cache_write => 15, cache_write_1h => 5)), (usage(60, 7, cache_read => 40))) AS v (u)) AS s), '(0.3,2,120,60,15,5)', 'tokens by what the cache did');
SELECT is((SELECT s.saved_usd FROM (SELECT (cache_savings('voice', usage(0, 0, input_audio => 10, cache_read_audio => 1000000), '2024-06-01')).*) AS s), 31.6, 'audio is put back to audio');
SELECT is((SELECT (s.saved_usd, s.unread_usd)::text FROM (SELECT (cache_savings('tiered', usage(100000, 0, cache_read => 100001), '2024-06-01')).*) AS s), '(0.1800018,0.18)', 'the context tier is that of the whole prompt');
SELECT is((SELECT (s.saved_usd, s.usd)::text FROM (SELECT (cache_savings('tiered', usage(1000000, 0, cache_read => 1000), '2024-06-01', 'batch', NULL)).*) AS s),
	(SELECT format('(%s,%s)', trim_scale(token_cost('tiered', usage(1001000), '2024-06-01', 'batch') - token_cost('tiered', usage(1000000, cache_read => 1000), '2024-06-01', 'batch')),
		token_cost('tiered', usage(1000000, cache_read => 1000), '2024-06-01', 'batch'))), 'at the tier of the request');

-- NULLs, errors, what is left out
SELECT is((SELECT cache_savings(m, usage(1), '2024-06-01') FROM (VALUES (NULL::text)) AS v (m)), NULL, 'no model, no result');
SELECT is((SELECT cache_savings('plain', usage(1), now()) WHERE false), NULL, 'no row, no result');
SELECT is((SELECT (cache_savings('plain', '{"requests": 3}', '2024-06-01')).requests), 3::bigint, 'requests without tokens count');
SELECT throws_ok($$SELECT cache_savings('no such model', usage(1), now())$$, 'IA002', NULL, 'an unknown model is an error');
SELECT throws_ok($$SELECT cache_savings('readable', usage(0, 1, cache_read => 5), '2024-06-01')$$, 'IA001', NULL, 'so are reads that have no price as plain input');
SELECT throws_ok($$SELECT cache_savings('claude-like', usage(1), 'infinity')$$, '22008', NULL, 'and a time without end');
SET LOCAL inferacct.unpriced = 'null';
SELECT is((SELECT (cache_savings(m, usage(10, 0, cache_read => 5), '2024-06-01')).requests FROM unnest('{readable,no such model,plain}'::text[]) AS m), 1::bigint, 'which are left out where that is allowed');
RESET inferacct.unpriced;

-- The state
SELECT is('1 9 8 7 6 5 1.5 -1 0.000000000000001 0 2 3 4'::cache_state::text, '1 9 8 7 6 5 1.5 -1 0.000000000000001 0 2 3 4', 'the state as text');
SELECT is(left(encode(cache_state_send('1 1 2 3 4 5 0 0 0 0 0 0 0.000000000000007'), 'hex'), 34) || right(encode(cache_state_send('1 1 2 3 4 5 0 0 0 0 0 0 0.000000000000007'), 'hex'), 32),
	'01' || lpad('1', 16, '0') || lpad('2', 16, '0') || lpad('7', 32, '0'), 'in binary after its format');
SELECT is((cache_final(cache_combine('1 1 10 20 5 0 2 1 0.5 0 1 0 3', '1 2 10 0 0 5 1 0 0 1 0 2 1'))).net_usd, -0.5, 'parts are combined');
SELECT throws_ok(format('SELECT %L::cache_state', t), '22P02', NULL, t) FROM unnest('{1 1 2,2 1 2 3 4 5 0 0 0 0 0 0 0,1 -1 2 3 4 5 0 0 0 0 0 0 0,1 1 2 3 4 5 0 0 0 0 0 0 x}'::text[]) AS t;
SELECT throws_ok($$SELECT cache_combine('1 9223372036854775807 0 0 0 0 0 0 0 0 0 0 0', '1 1 0 0 0 0 0 0 0 0 0 0 0')$$, '22003', NULL, 'counts that do not fit');

-- Another hit rate
CREATE TEMP TABLE cached AS SELECT cache_savings('claude-like', usage(100000, 0, cache_read => 800000, cache_write => 100000), '2024-06-01') AS s;
SELECT is((SELECT cache_savings_at(s, 0.8) FROM cached), 2.085, 'at the rate that there is, it is what there is');
SELECT is((SELECT cache_savings_at(s, 1) FROM cached), 2.7, 'all of the prompt read: nothing is written, and all costs a tenth');
SELECT is((SELECT cache_savings_at(s, 0) FROM cached), -0.075, 'nothing read: the writes are lost');
SELECT is((SELECT cache_savings_at(s, 0.4) FROM cached), 1.005, 'half as much read');
SELECT is((SELECT cache_savings_at(s, 0.9) FROM cached), 2.3925, 'half of the rest read as well');
SELECT is((SELECT cache_savings_at(s, NULL) FROM cached), NULL, 'NULL gives NULL');
SELECT throws_ok($$SELECT cache_savings_at(s, 1.01) FROM cached$$, '22023', NULL, 'a rate is a share');
SELECT is((SELECT cache_savings_at(cache_savings('plain', usage(0, 5), '2024-06-01'), 0.5)), NULL, 'without a prompt there is no rate');

-- Against plain SQL, over a log with price changes, tiers and audio, and in parallel workers
SELECT set_price('cacheco', 'claude-like', m, p, '2024-06-15 10:30') FROM (VALUES ('input', 2), ('cache_read', 0.2), ('cache_write', 2.5), ('cache_write_1h', 4), ('output', 10)) AS v (m, p);
INSERT INTO usage_log (at, usage, model, source, request_id, team, project)
SELECT timestamptz '2024-06-14 00:10Z' + n % 72 * interval '37 minutes', usage(n * 131 % 90000, n % 500, cache_read => n % 3 * (n * 977 % 80000), cache_write => CASE WHEN n % 4 = 0 THEN n * 389 % 30000 ELSE 0 END,
		cache_write_1h => CASE WHEN n % 20 = 0 THEN n % 1000 ELSE 0 END), (ARRAY['cacheco/claude-like', 'gpt-like', 'tiered', 'plain'])[1 + n % 4 / (1 + (n % 20 = 0)::int * 9)],
	'cache', n::text, 'team ' || n % 3, 'project ' || n % 2
FROM generate_series(1, 4000) AS n;
CREATE TEMP VIEW uncached AS SELECT u.*, token_cost(model, usage, at, service_tier, region) AS usd,
	token_cost(model, usage(meter(usage, 'input') + meter(usage, 'cache_read') + meter(usage, 'cache_write') + meter(usage, 'cache_write_1h'), meter(usage, 'output')), at, service_tier, region) AS uncached_usd
	FROM usage_log AS u WHERE source = 'cache';
SELECT bag_eq($$SELECT model, (cache_savings(model, usage, at, service_tier, region)).net_usd FROM usage_log WHERE source = 'cache' GROUP BY model$$,
	$$SELECT model, trim_scale(sum(uncached_usd - usd)) FROM uncached GROUP BY model$$, 'plain SQL puts the tokens back and prices both');
SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0; SET LOCAL min_parallel_table_scan_size = 0;
DO $$ BEGIN PERFORM set_config(name, 'on', true) FROM pg_settings WHERE name IN ('debug_parallel_query', 'force_parallel_mode'); END $$;	-- its name since 16, and before
SELECT is((SELECT (cache_savings(model, usage, at, service_tier, region)).net_usd FROM usage_log WHERE source = 'cache'), (SELECT trim_scale(sum(uncached_usd - usd)) FROM uncached), 'in parallel workers too');
DO $$ BEGIN PERFORM set_config(name, 'off', true) FROM pg_settings WHERE name IN ('debug_parallel_query', 'force_parallel_mode'); END $$;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;

CREATE FUNCTION pg_temp.refresh() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE f record; n bigint := 0;
BEGIN
	f := refresh_find('usage_log', NULL, false, NULL, true);
	n := refresh_hours('usage_log', f.hours[1], f.hours[cardinality(f.hours)] + interval '1 hour', f.hours, f.found_at);
	PERFORM refresh_end('usage_log', f.found_at, f.identity, f.problem);
	RETURN n;
END $$;
SELECT is(pg_temp.refresh(), 4000::bigint, 'the rollup has them');
SELECT bag_eq($$SELECT month, value, second_value, requests, usd, net_usd FROM cache_savings_by(since => '2024-06-01', until => '2024-07-01')$$,
	$$SELECT date '2024-06-01', resolved_model(model, at), team, count(*) AS requests, trim_scale(sum(usd)) AS usd, trim_scale(sum(uncached_usd - usd)) AS net_usd FROM uncached GROUP BY 2, 3$$, 'and says the same by model and team');
SELECT bag_eq($$SELECT month, value, requests, usd FROM cache_savings_by('project', NULL)$$, $$SELECT month, value, requests, usd FROM spend_by('project')$$, 'its requests and USD are those of spend_by()');
SELECT is((SELECT sum(cache_savings_at(savings, hit_rate)) FROM cache_savings_by('team')), (SELECT sum(net_usd) FROM cache_savings_by('team')), 'each row can be asked for another hit rate');
SELECT compact_usage();
SELECT is((SELECT trim_scale(sum(net_usd)) FROM cache_savings_by()), (SELECT trim_scale(sum(uncached_usd - usd)) FROM uncached), 'compacted months say the same');
SELECT throws_ok($$SELECT cache_savings_by('colour')$$, '42704', NULL, 'no such dimension');
SELECT throws_ok($$SELECT cache_savings_by(NULL)$$, '22004', NULL, 'nor a NULL one');

SELECT * FROM finish();
ROLLBACK;
