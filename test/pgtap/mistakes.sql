-- mistakes: fifteen ways in which tools get the cost of inference wrong.  Each
-- test states our figure, worked out by hand, and the mistaken one.
BEGIN;
SET search_path = inferacct, inferacct_internal, public;
SET timezone = 'UTC';
SELECT plan(95);

SELECT is(rejected, 0::bigint, 'prices for the mistakes are loaded')
FROM load_prices('{"inferacct": 1, "source": "test/pgtap/mistakes.sql", "checked_on": "2026-11-20", "prices": [
	{"provider": "wrong", "model": "chat", "usd": {"input": "2.5", "cache_read": "1.25", "output": "10"}},
	{"provider": "wrong", "model": "messages", "usd": {"input": "3", "cache_read": "0.3", "cache_write": "3.75", "cache_write_1h": "6", "output": "15", "web_searches": {"usd": "10", "per": 1000}}},
	{"provider": "wrong", "model": "messages", "above_input_tokens": 200000, "usd": {"input": "6", "cache_read": "0.6", "cache_write": "7.5", "cache_write_1h": "12", "output": "22.5"}},
	{"provider": "wrong", "model": "messages", "service_tier": "batch", "multiplier": {"*": "0.5"}},
	{"provider": "wrong", "model": "free", "usd": {"input": "0", "output": "0"}},
	{"provider": "wrong", "model": "tiers", "usd": {"input": "1", "output": "8", "cache_read": "0.1"}},
	{"provider": "wrong", "model": "tiers", "service_tier": "flex", "usd": {"input": "0.5", "output": "4", "cache_read": "0.05"}},
	{"provider": "wrong", "model": "tiers", "service_tier": "priority", "usd": {"input": "2", "output": "16", "cache_read": "0.2"}},
	{"provider": "wrong", "model": "thinking", "usd": {"input": "0.3", "output": "2.5"}},
	{"provider": "wrong", "model": "research", "usd": {"input": "2", "output": "8", "reasoning": "3", "citation": "2", "web_searches": {"usd": "5", "per": 1000}}},
	{"provider": "wrong", "model": "cut", "usd": {"input": "10", "output": "40"}},
	{"provider": "wrong", "model": "cut", "valid_from": "2026-06-10", "usd": {"input": "2", "output": "8"}},
	{"provider": "wrong", "model": "peak", "usd": {"input": "0.22", "output": "0.66"}},
	{"provider": "wrong", "model": "peak", "usd": {"input": "0.44", "output": "1.32"},
		"time_windows": {"timezone": "Asia/Shanghai", "windows": [{"days": [1, 2, 3, 4, 5], "from": "09:00", "to": "12:00"}, {"days": [1, 2, 3, 4, 5], "from": "14:00", "to": "18:00"}]}},
	{"provider": "aws", "model": "anthropic.wrong-1-v1:0", "usd": {"input": "3", "output": "15"}},
	{"provider": "aws", "model": "anthropic.wrong-1-v1:0", "region": "eu", "multiplier": {"*": "1.1"}},
	{"provider": "wrong", "model": "steps", "usd": {"input": "0.4"}},
	{"provider": "wrong", "model": "steps", "above_input_tokens": 32000, "usd": {"input": "0.7"}},
	{"provider": "wrong", "model": "steps", "above_input_tokens": 128000, "usd": {"input": "1.2"}},
	{"provider": "wrong", "model": "steps", "above_input_tokens": 256000, "usd": {"input": "1.1"}},
	{"provider": "wrong", "model": "images", "usd": {"input": "5", "input_image": "10", "cache_read": "1.25", "cache_read_image": "2.5", "output": "12", "output_image": "40"}},
	{"provider": "wrong", "model": "written", "usd": {"input": "5", "cache_read": "0.5", "cache_write": "6.25", "output": "30"}}],
	"aliases": [{"alias": "only-a-name", "provider": "wrong", "model": "never-priced"}]}');

CREATE FUNCTION pg_temp.cost(model text, payload jsonb, flavor text DEFAULT NULL, tier text DEFAULT 'standard') RETURNS numeric LANGUAGE sql
AS $$ SELECT token_cost('wrong/' || model, parse_usage(payload, flavor), '2026-11-20', tier) $$;

-- Two tests: it is right, and it is not what the mistake gives.
CREATE FUNCTION pg_temp.judge(n text, ours numeric, correct numeric, mistaken numeric, what text) RETURNS SETOF text LANGUAGE sql
AS $$
	SELECT is(ours, correct, n || ': ' || what)
	UNION ALL
	SELECT isnt(ours, mistaken, n || ': not ' || mistaken);
$$;

-- 1: cached tokens billed twice, at the input's price and at their own.
SELECT pg_temp.judge('1', pg_temp.cost('chat', '{"usage": {"prompt_tokens": 10000, "completion_tokens": 500, "total_tokens": 10500, "prompt_tokens_details": {"cached_tokens": 8000}}}'),
	(2000 * 2.5 + 8000 * 1.25 + 500 * 10) / 1e6, (10000 * 2.5 + 8000 * 1.25 + 500 * 10) / 1e6, 'cached tokens are billed once');

-- 2: counts that contain the cache taken for ones that do not, and the reverse.
SELECT pg_temp.judge('2', pg_temp.cost('messages', '{"type": "message", "usage": {"input_tokens": 100, "cache_read_input_tokens": 9000, "cache_creation_input_tokens": 900, "output_tokens": 50}}'),
	(100 * 3 + 9000 * 0.3 + 900 * 3.75 + 50 * 15) / 1e6, (0 * 3 + 9000 * 0.3 + 900 * 3.75 + 50 * 15) / 1e6, 'the cache is not taken off an input without it');
SELECT pg_temp.judge('2', pg_temp.cost('messages', '{"usage": {"prompt_tokens": 10000, "completion_tokens": 50, "total_tokens": 10050, "prompt_tokens_details": {"cached_tokens": 9000, "cache_write_tokens": 900}}}', 'openrouter'),
	(100 * 3 + 9000 * 0.3 + 900 * 3.75 + 50 * 15) / 1e6, (10000 * 3 + 9000 * 0.3 + 900 * 3.75 + 50 * 15) / 1e6, 'nor added to one that has it');

-- 3: a context tier for what exceeds it, or for the input alone.
SELECT pg_temp.judge('3', token_cost('wrong/messages', 300000, 1000, '2026-11-20'),
	(300000 * 6 + 1000 * 22.5) / 1e6, (200000 * 3 + 100000 * 6 + 1000 * 22.5) / 1e6, 'a context tier prices all tokens of the request');
SELECT pg_temp.judge('3', token_cost('wrong/messages', 300000, 1000, '2026-11-20'),
	(300000 * 6 + 1000 * 22.5) / 1e6, (300000 * 6 + 1000 * 15) / 1e6, 'the answer as well');

-- 4: the tier chosen without the cache, or the cache left in the base tier.
SELECT pg_temp.judge('4', token_cost('wrong/messages', usage(input => 1000, cache_read => 250000, cache_write => 10000, output => 100), '2026-11-20'),
	(1000 * 6 + 250000 * 0.6 + 10000 * 7.5 + 100 * 22.5) / 1e6, (1000 * 3 + 250000 * 0.3 + 10000 * 3.75 + 100 * 15) / 1e6, 'cached and written tokens make a request long');
SELECT pg_temp.judge('4', token_cost('wrong/messages', usage(input => 1000, cache_read => 250000, cache_write => 10000, output => 100), '2026-11-20'),
	(1000 * 6 + 250000 * 0.6 + 10000 * 7.5 + 100 * 22.5) / 1e6, (1000 * 6 + 250000 * 0.6 + 10000 * 3.75 + 100 * 22.5) / 1e6, 'and cost more in it');

-- 5: what is unknown costs nothing.
SELECT throws_ok($$ SELECT token_cost('wrong/no-such-model', 1000, 1000, '2026-11-20') $$, 'IA002', NULL, '5: an unknown model is an error');
SELECT throws_ok($$ SELECT token_cost('chatter-2026-11-01', 1000, 1000, '2026-11-20') $$, 'IA002', NULL, '5: so is the unknown build of an unknown model');
SELECT throws_ok($$ SELECT token_cost('only-a-name', 1000, 1000, '2026-11-20') $$, 'IA002', NULL, '5: a name without prices is an error');
SELECT throws_ok($$ SELECT token_cost('wrong/chat', usage(input => 10, web_searches => 1), '2026-11-20') $$, 'IA001', NULL, '5: a meter without a price is an error');
SET LOCAL inferacct.unpriced = 'null';
SELECT is(token_cost('wrong/no-such-model', 1000, 1000, '2026-11-20'), NULL, '5: or NULL, when that is asked for');
SELECT isnt(token_cost('wrong/no-such-model', 1000, 1000, '2026-11-20'), 0::numeric, '5: not 0');
SELECT is((SELECT spend(m, 1000::bigint, 1000::bigint, '2026-11-20'::timestamptz) FROM unnest(ARRAY['wrong/no-such-model', 'only-a-name']) m), NULL, '5: nor is their sum');
RESET inferacct.unpriced;
SELECT is(token_cost('wrong/free', 1000, 1000, '2026-11-20'), 0::numeric, '5: free is a price of 0');

-- 6: the service tier ignored, or taken from the request.
SELECT pg_temp.judge('6', pg_temp.cost('tiers', payload, NULL, parse_service_tier(payload)),
	(1000 * 0.5 + 1000 * 0.05 + 500 * 4) / 1e6, (1000 * 1 + 1000 * 0.1 + 500 * 8) / 1e6, 'flex costs half')
FROM (VALUES ('{"service_tier": "flex", "usage": {"input_tokens": 2000, "input_tokens_details": {"cached_tokens": 1000}, "output_tokens": 500, "total_tokens": 2500}}'::jsonb)) p(payload);
SELECT pg_temp.judge('6', pg_temp.cost('tiers', payload, NULL, parse_service_tier(payload)),
	(2000 * 2 + 500 * 16) / 1e6, (2000 * 1 + 500 * 8) / 1e6, 'priority costs twice')
FROM (VALUES ('{"service_tier": "priority", "usage": {"input_tokens": 2000, "output_tokens": 500, "total_tokens": 2500}}'::jsonb)) p(payload);
SELECT pg_temp.judge('6', pg_temp.cost('tiers', payload, NULL, parse_service_tier(payload)),
	(2000 * 1 + 500 * 8) / 1e6, (2000 * 2 + 500 * 16) / 1e6, 'priority that was asked for and not given costs nothing more')
FROM (VALUES ('{"model_parameters": {"service_tier": "priority"}, "service_tier": "default", "usage": {"input_tokens": 2000, "output_tokens": 500, "total_tokens": 2500}}'::jsonb)) p(payload);
SELECT throws_ok($$ SELECT token_cost('wrong/tiers', usage(input => 1), '2026-11-20', 'batch') $$, 'IA004', NULL, '6: a tier without prices is an error');

-- 7: the batch discount forgotten, or not combined with cache and context.
SELECT pg_temp.judge('7', ours, (50000 * 3 + 200000 * 0.3 + 10 * 11.25) / 1e6, (50000 * 6 + 200000 * 0.6 + 10 * 22.5) / 1e6, 'batch, cache and long context multiply')
FROM token_cost('wrong/messages', usage(input => 50000, cache_read => 200000, output => 10), '2026-11-20', 'batch') ours;
SELECT isnt(ours, mistaken, '7: not ' || mistaken)
FROM token_cost('wrong/messages', usage(input => 50000, cache_read => 200000, output => 10), '2026-11-20', 'batch') ours,
	(VALUES ((50000 * 1.5 + 200000 * 0.15 + 10 * 7.5) / 1e6), ((50000 * 3 + 200000 * 0.6 + 10 * 11.25) / 1e6)) wrong(mistaken);

-- 8: a cache write kept for an hour at the price of one kept for five minutes, or dropped.
SELECT pg_temp.judge('8', ours, (10 * 3 + 2000 * 3.75 + 4000 * 6 + 5 * 15) / 1e6, (10 * 3 + 6000 * 3.75 + 5 * 15) / 1e6, 'an hour in the cache costs more')
FROM pg_temp.cost('messages', '{"usage": {"input_tokens": 10, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 6000, "cache_creation": {"ephemeral_5m_input_tokens": 2000, "ephemeral_1h_input_tokens": 4000}, "output_tokens": 5}}') ours;
SELECT isnt(pg_temp.cost('messages', '{"usage": {"input_tokens": 10, "cache_read_input_tokens": 0, "cache_creation": {"ephemeral_5m_input_tokens": 2000, "ephemeral_1h_input_tokens": 4000}, "output_tokens": 5}}'),
	(10 * 3 + 5 * 15) / 1e6, '8: nor is the split alone dropped');

-- 9: Gemini's thoughts not counted, or counted twice.
SELECT pg_temp.judge('9', pg_temp.cost('thinking', '{"usageMetadata": {"promptTokenCount": 1000, "candidatesTokenCount": 100, "thoughtsTokenCount": 2400, "totalTokenCount": 3500}}'),
	(1000 * 0.3 + 2500 * 2.5) / 1e6, (1000 * 0.3 + 100 * 2.5) / 1e6, 'thoughts come on top of the candidates');
SELECT pg_temp.judge('9', pg_temp.cost('thinking', '{"usageMetadata": {"promptTokenCount": 1000, "candidatesTokenCount": 2500, "thoughtsTokenCount": 2400, "totalTokenCount": 3500}}'),
	(1000 * 0.3 + 2500 * 2.5) / 1e6, (1000 * 0.3 + 4900 * 2.5) / 1e6, 'unless the total has them among the candidates');

-- 10: reasoning that comes beside the completion dropped, or added where it is part of it.
SELECT pg_temp.judge('10', pg_temp.cost('tiers', '{"model": "grok-4", "usage": {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 1150, "completion_tokens_details": {"reasoning_tokens": 1000}}}'),
	(100 * 1 + 1050 * 8) / 1e6, (100 * 1 + 50 * 8) / 1e6, 'xAI reasons outside the completion');
SELECT pg_temp.judge('10', pg_temp.cost('tiers', '{"model": "gpt-5", "usage": {"prompt_tokens": 100, "completion_tokens": 1050, "total_tokens": 1150, "completion_tokens_details": {"reasoning_tokens": 1000}}}'),
	(100 * 1 + 1050 * 8) / 1e6, (100 * 1 + 2050 * 8) / 1e6, 'OpenAI within it');
SELECT pg_temp.judge('10', pg_temp.cost('research', '{"model": "sonar-deep-research", "usage": {"prompt_tokens": 10, "completion_tokens": 100, "total_tokens": 110, "citation_tokens": 3000, "reasoning_tokens": 5000, "num_search_queries": 4}}'),
	(10 * 2 + 100 * 8 + 3000 * 2 + 5000 * 3) / 1e6 + 4 * 0.005, (10 * 2 + 100 * 8) / 1e6 + 4 * 0.005, 'Perplexity beside it, and citations too');

-- 11: history priced by today's list; or by what was believed then, for ever.
CREATE TEMP VIEW week AS
SELECT 'wrong/cut'::text AS model, 100000::bigint AS input_tokens, 10000::bigint AS output_tokens, at
FROM generate_series('2026-06-07'::timestamptz, '2026-06-13', '1 day') at;
SELECT pg_temp.judge('11', (SELECT spend(model, input_tokens, output_tokens, at) FROM week),
	3 * (100000 * 10 + 10000 * 40) / 1e6 + 4 * (100000 * 2 + 10000 * 8) / 1e6, 7 * (100000 * 2 + 10000 * 8) / 1e6, 'each day has the price of its day');
SELECT is(rejected, 0::bigint, '11: a list of October says 10, one of November that it was 9 all along')
FROM load_prices('{"inferacct": 1, "source": "first list", "checked_on": "2026-10-01", "prices": [{"provider": "wrong", "model": "corrected", "usd": {"input": "10", "output": "0"}}]}', published_at => '2026-10-01');
SELECT is(changed, 1::bigint, '11: which is a correction')
FROM load_prices('{"inferacct": 1, "source": "corrected list", "checked_on": "2026-11-01", "prices": [{"provider": "wrong", "model": "corrected", "usd": {"input": "9"}}]}', published_at => '2026-11-01');
SELECT pg_temp.judge('11', token_cost('wrong/corrected', 1000000, 0, '2026-10-15'), 9, 10, 'a correction reaches back');
SET LOCAL inferacct.as_of = '2026-10-20';
SELECT pg_temp.judge('11', token_cost('wrong/corrected', 1000000, 0, '2026-10-15'), 10, 9, 'and what was known before it can be asked for');
RESET inferacct.as_of;

-- 12: one price all day and all week.
SELECT pg_temp.judge('12', token_cost('wrong/peak', 1000000, 0, '2026-09-14 01:00'), 0.44, 0.22, 'Monday 09:00 in Shanghai is dear');
SELECT pg_temp.judge('12', token_cost('wrong/peak', 1000000, 0, '2026-09-14 04:00'), 0.22, 0.44, 'from 12:00 it is not');
SELECT pg_temp.judge('12', token_cost('wrong/peak', 1000000, 0, '2026-09-13 02:00'), 0.22, 0.44, 'nor on Sunday');
SELECT is(count(*), 35::bigint, '12: 35 hours of a week')
FROM generate_series('2026-09-14'::timestamptz, '2026-09-20 23:00', '1 hour') at WHERE token_cost('wrong/peak', 1000000, 0, at) = 0.44;

-- 13: the premium of a region lost, or its name unknown.
SELECT pg_temp.judge('13', token_cost(name, 1000000, 100000, '2026-11-20'), 3.3 + 1.65, 3 + 1.5, name)
FROM unnest(ARRAY['eu.anthropic.wrong-1-v1:0', 'bedrock/eu.anthropic.wrong-1-v1:0',
	'arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.anthropic.wrong-1-v1:0']) name;
SELECT pg_temp.judge('13', token_cost('anthropic.wrong-1-v1:0', 1000000, 100000, '2026-11-20'), 3 + 1.5, 3.3 + 1.65, 'without a region no premium');
SELECT pg_temp.judge('13', token_cost('anthropic.wrong-1-v1:0', usage(input => 1000000), '2026-11-20', region => 'eu'), 3.3, 3, 'the caller''s region');

-- 14: a catalog that is wrong or stale, and cannot say where a price is from.
SELECT is(count(*), 0::bigint, '14: every shipped price has a source and the date it was read')
FROM price WHERE version <= 1000 AND (coalesce(source, '') = '' OR checked_on IS NULL);
SELECT is(count(*), 0::bigint, '14: every shipped alias as well')
FROM model_alias WHERE version <= 1000 AND (coalesce(source, '') = '' OR checked_on IS NULL);
SELECT isnt(count(*), 0::bigint, '14: and there are some') FROM price WHERE version <= 1000;
SELECT is(count(*), 0::bigint, '14: no shipped priority price is fifty times the standard one')
FROM price p JOIN price s USING (version, provider, model, region, meter, above_input_tokens, valid_from)
WHERE p.version <= 1000 AND p.service_tier = 'priority' AND s.service_tier = 'standard' AND p.rate > 10 * s.rate;
SELECT pg_temp.judge('14', token_cost('wrong/steps', 200000, 0, '2026-11-20'), 0.24, 0.14, 'thresholds are sorted as numbers');
SELECT results_eq($$
	SELECT added, changed, withdrawn, unchanged FROM load_prices('{"inferacct": 1, "source": "next list", "checked_on": "2026-11-20", "prices": [
		{"provider": "wrong", "model": "chat", "valid_from": "2026-12-01", "usd": {"input": "2", "output": null}},
		{"provider": "wrong", "model": "chat", "usd": {"input": "2.5"}}]}')
$$, $$ VALUES (0::bigint, 1::bigint, 1::bigint, 1::bigint) $$, '14: the difference of two versions: a price changed, one withdrawn, one as it was');
SELECT results_eq($$
	SELECT meter, usd, source FROM price WHERE version = (SELECT max(version) FROM price_version) ORDER BY meter
$$, $$ VALUES ('input'::text, 2::numeric, 'next list'::text), ('output', NULL, 'next list') $$, '14: and these are its rows');

-- 15: what is no token, and streams.
SELECT pg_temp.judge('15', pg_temp.cost('messages', '{"usage": {"input_tokens": 1000, "cache_read_input_tokens": 0, "output_tokens": 100, "server_tool_use": {"web_search_requests": 3}}}'),
	(1000 * 3 + 100 * 15) / 1e6 + 3 * 0.01, (1000 * 3 + 100 * 15) / 1e6, 'searches cost');
SELECT pg_temp.judge('15', pg_temp.cost('messages', '[{"type": "message_start", "message": {"usage": {"input_tokens": 1000, "cache_read_input_tokens": 0, "output_tokens": 1}}},
		{"type": "message_delta", "usage": {"output_tokens": 40}}, {"type": "message_delta", "usage": {"output_tokens": 100}}]'),
	(1000 * 3 + 100 * 15) / 1e6, (1000 * 3 + 141 * 15) / 1e6, 'the counts of a stream are totals so far');
SELECT pg_temp.judge('15', pg_temp.cost('written', '{"usage": {"input_tokens": 2600, "input_tokens_details": {"cached_tokens": 2000, "cache_write_tokens": 400}, "output_tokens": 0, "total_tokens": 2600}}'),
	(200 * 5 + 2000 * 0.5 + 400 * 6.25) / 1e6, (600 * 5 + 2000 * 0.5) / 1e6, 'cache writes of OpenAI cost');
SELECT pg_temp.judge('15', pg_temp.cost('images', '{"usage": {"input_tokens": 50, "output_tokens": 1300, "total_tokens": 1350, "output_tokens_details": {"image_tokens": 1290, "text_tokens": 10}}}'),
	(50 * 5 + 10 * 12 + 1290 * 40) / 1e6, (50 * 5 + 1300 * 12) / 1e6, 'image tokens are not text');
SELECT pg_temp.judge('15', pg_temp.cost('images', '{"usage": {"input_tokens": 400, "output_tokens": 0, "total_tokens": 400, "input_tokens_details": {"text_tokens": 40, "image_tokens": 360, "cached_tokens": 100, "cached_tokens_details": {"text_tokens": 0, "image_tokens": 100}}}}'),
	(40 * 5 + 260 * 10 + 100 * 2.5) / 1e6, (40 * 5 + 360 * 10 + 100 * 1.25) / 1e6, 'a cached image is cached and an image');

-- And: sums priced as one request, and floats.
CREATE TEMP VIEW session AS SELECT usage(input => 50000, output => 100) AS usage FROM generate_series(1, 40);
SELECT pg_temp.judge('sum', (SELECT spend('wrong/messages', usage, '2026-11-20'::timestamptz) FROM session),
	40 * (50000 * 3 + 100 * 15) / 1e6, 40 * (50000 * 6 + 100 * 22.5) / 1e6, 'forty requests of 50,000 tokens are not one of 2,000,000');
SELECT throws_ok($$ SELECT token_cost('wrong/messages', (SELECT sum(usage) FROM session), '2026-11-20') $$, 'IA005', NULL, 'sum: their sum has no context tier');
SELECT pg_temp.judge('float', (SELECT spend('wrong/chat', 1392::bigint, 0::bigint, '2026-11-20'::timestamptz) FROM generate_series(1, 1000)), 3.48, 3.4800000000000005, 'to the last digit');

SELECT * FROM finish();
ROLLBACK;
