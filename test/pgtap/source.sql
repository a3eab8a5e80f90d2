-- source: errors by SQLSTATE, and counts read as usage.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SELECT plan(51);

CREATE TABLE public.calls (id text, t timestamptz, local timestamp, n bigint, model text, prompt int, cached int, reasoning int, answer int, info jsonb, cost float8, note date);
INSERT INTO public.calls VALUES ('1', '2026-01-01 00:00Z', '2026-01-01', 1767225600, 'm', 100, 40, 3, 10, '{"tier": "Batch", "deep": {"team": "a"}}', 0.1);

SELECT throws_ok($$SELECT attach_usage(NULL, 'public.calls', 'otel')$$, '22004', NULL, 'no name');
SELECT throws_ok($$SELECT attach_usage('usage_log', 'public.calls', 'otel')$$, '22023', NULL, 'the name of the log');
SELECT throws_ok($$SELECT attach_usage(repeat('x', 49), 'public.calls', 'otel')$$, '22023', NULL, 'a name that is too long');
SELECT throws_ok($$SELECT attach_usage('c', 'public.none', 'otel')$$, '42P01', NULL, 'no such relation');
SELECT throws_ok($$SELECT attach_usage('c', 'inferacct.usage_log', 'otel')$$, '22023', NULL, 'the log itself');
SELECT throws_ok($$SELECT attach_usage('c', 'public.calls', 'litellm')$$, '42703', NULL, 'LiteLLM without its columns');
SELECT throws_ok($$SELECT attach_usage('c', 'public.calls', 'langfuse')$$, '42703', NULL, 'Langfuse without its columns');
SELECT throws_ok($$SELECT attach_usage('c', 'public.calls', 'otel')$$, '42703', NULL, 'spans without attributes');
SELECT throws_ok($$SELECT attach_usage('c', 'public.calls', '{"tool": "openai_usage_api", "page": "nowhere"}')$$, '42703', NULL, 'no such page column');
SELECT throws_ok($$SELECT attach_usage('c', 'public.calls', 'helicopter')$$, '22023', NULL, 'an unknown tool');
SELECT throws_ok($$SELECT attach_usage('c', 'public.calls', '[]'::jsonb)$$, '22023', NULL, 'a mapping that is no object');
SELECT throws_ok($$SELECT attach_usage('c', 'public.calls', '{"at": "t"')$$, '22P02', NULL, 'a mapping that is no JSON');

CREATE FUNCTION pg_temp.with_mapping(more jsonb) RETURNS regclass LANGUAGE sql AS $$
	SELECT inferacct.attach_usage('calls', 'public.calls', '{"at": "t", "request_id": "id", "model": "model", "input": "prompt", "input_includes_cached": true, "output": "answer"}'::jsonb || more) $$;
SELECT throws_ok($$SELECT pg_temp.with_mapping('{"input_includes_cached": null}')$$, '22023', NULL, 'not said what the input includes');
SELECT throws_ok($$SELECT pg_temp.with_mapping('{"input_includes_cached": "yes"}')$$, '22023', NULL, 'said by a text');
SELECT throws_ok($$SELECT pg_temp.with_mapping('{"reasoning": "reasoning"}')$$, '22023', NULL, 'not said what the output includes');
SELECT throws_ok($$SELECT pg_temp.with_mapping('{"at": "info"}')$$, '42804', NULL, 'JSON as time');
SELECT throws_ok($$SELECT pg_temp.with_mapping('{"at": "n"}')$$, '42804', NULL, 'a number as time without a unit');
SELECT throws_ok($$SELECT pg_temp.with_mapping('{"team": {"column": "n", "path": ["a"]}}')$$, '42804', NULL, 'a path into a number');
SELECT throws_ok($$SELECT pg_temp.with_mapping('{"team": 1}')$$, '22023', NULL, 'a column that is a number');
SELECT throws_ok($$SELECT pg_temp.with_mapping('{"team": "missing"}')$$, '42703', NULL, 'a column that is not there');
SELECT throws_ok($$SELECT pg_temp.with_mapping('{"tokens": "prompt"}')$$, '22023', NULL, 'a key that means nothing');
SELECT throws_ok($$SELECT pg_temp.with_mapping('{"team": "model\"; DROP TABLE calls; --"}')$$, '42703', NULL, 'SQL in the name of a column');
SELECT throws_ok($$SELECT detach_usage('calls')$$, '42704', NULL, 'detaching what is not attached');

-- Variants of one row.
CREATE FUNCTION pg_temp.row_with(more jsonb) RETURNS SETOF inferacct.usage_log LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.with_mapping(more);
	RETURN QUERY EXECUTE 'SELECT * FROM inferacct.usage_of_calls';
	PERFORM inferacct.detach_usage('calls');
END $$;
SELECT is(usage, '{"input":60,"output":10,"cache_read":40,"requests":1}', 'cached tokens inside the input') FROM pg_temp.row_with('{"cache_read": "cached"}');
SELECT is(usage, '{"input":100,"output":10,"cache_read":40,"requests":1}', 'cached tokens beside the input') FROM pg_temp.row_with('{"cache_read": "cached", "input_includes_cached": false}');
SELECT is(usage, '{"input":100,"output":7,"reasoning":3,"requests":1}', 'reasoning inside the output') FROM pg_temp.row_with('{"reasoning": "reasoning", "output_includes_reasoning": true}');
SELECT is(usage, '{"input":100,"output":10,"reasoning":3,"requests":1}', 'reasoning beside the output') FROM pg_temp.row_with('{"reasoning": "reasoning", "output_includes_reasoning": false}');
SELECT is(usage, '{"input":100,"output":10,"requests":5,"web_searches":2}', 'constants and other meters') FROM pg_temp.row_with('{"requests": {"value": 5}, "web_searches": {"value": "2"}}');
SET LOCAL timezone = 'Asia/Tokyo';
SELECT is(at, '2026-01-01 00:00Z', 'a time without time zone is UTC') FROM pg_temp.row_with('{"at": "local"}');
SELECT is(at, '2026-01-01 00:00Z', 'seconds since 1970') FROM pg_temp.row_with('{"at": "n", "at_unit": "s"}');
SELECT is(at, '2026-01-01 00:00Z', 'text without time zone is UTC') FROM pg_temp.row_with('{"at": {"value": "2026-01-01 00:00"}}');
SELECT is(at, '2026-01-01 00:00Z', 'text with one is what it says') FROM pg_temp.row_with('{"at": {"value": "2026-01-01T05:30:00+05:30"}}');
SELECT is(team, 'a', 'a path into json') FROM pg_temp.row_with('{"team": {"column": "info", "path": ["deep", "team"]}}');
SELECT is(service_tier, 'Batch', 'a tier is what the mapping says') FROM pg_temp.row_with('{"service_tier": {"column": "info", "path": ["tier"]}}');
SELECT is(provider_usd, 0.1, 'a float is its shortest text') FROM pg_temp.row_with('{"provider_usd": "cost"}');
SELECT is(ROW(source, request_id, status, service_tier)::text, '(calls,1,ok,standard)', 'defaults') FROM pg_temp.row_with('{}');

-- The counts of tools.
SELECT is(source_usage('response', litellm_counts('{}', NULL, '10', '5')), '{"input":10,"output":5,"requests":1}', 'LiteLLM: columns without an object');
SELECT is(source_usage('response', litellm_counts('{"usage_object": {"prompt_tokens": 20, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 3}}}', NULL, '10', '5')),
	'{"input":13,"output":7,"cache_read":4,"input_audio":3,"requests":1}', 'LiteLLM: the object wins');
-- What is read at a look is what the reader of payloads says; a name of no meaning sends a payload to that.
CREATE TABLE public.plain AS
SELECT jsonb_build_object('prompt_tokens', p, 'completion_tokens', c)
	|| CASE WHEN n % 7 > 0 THEN jsonb_build_object('total_tokens', p + c + CASE n % 29 WHEN 3 THEN 1 WHEN 4 THEN r ELSE 0 END) ELSE '{}' END
	|| CASE n % 5 WHEN 0 THEN '{}' WHEN 1 THEN jsonb_build_object('prompt_tokens_details', NULL, 'completion_tokens_details', NULL)
		ELSE jsonb_build_object('prompt_tokens_details', jsonb_build_object('cached_tokens', CASE WHEN n % 3 > 0 THEN k END, 'audio_tokens', CASE WHEN n % 23 = 0 THEN least(3, p) ELSE 0 END),
			'completion_tokens_details', jsonb_build_object('reasoning_tokens', r, 'accepted_prediction_tokens', n % 19 / 18)) END
	|| CASE n % 11 WHEN 0 THEN jsonb_build_object('cache_creation_input_tokens', 0, 'cache_read_input_tokens', k) WHEN 1 THEN '{"service_tier": "flex"}' WHEN 2 THEN '{"cached_tokens": 1}' WHEN 3 THEN '{"prompt_tokens": "12"}'
		WHEN 4 THEN '{"completion_tokens": 1.5}' WHEN 5 THEN '{"prompt_tokens": 9007199254740992, "completion_tokens": 0, "total_tokens": 9007199254740992}' ELSE '{}' END AS usage
FROM (SELECT n, p, c, p * (n % 4) / 2 AS k, c * (n % 6) / 4 AS r
	FROM (SELECT n, (n * 7919::bigint % 5 + 1) * (10 ^ (n % 13))::bigint - n % 2 AS p, CASE WHEN n % 17 > 0 THEN n * 104729 % 20011 ELSE 0 END AS c FROM generate_series(1, 6000) AS n) AS a) AS b;
SELECT is((SELECT count(*) FROM plain WHERE litellm_plain_usage(jsonb_build_object('usage_object', usage), 'acompletion')
		IS DISTINCT FROM source_usage('attributes', jsonb_build_object('usage', usage || '{"of_no_meaning": null}'))
	AND litellm_plain_usage(jsonb_build_object('usage_object', usage), 'acompletion') IS NOT NULL), 0::bigint, 'LiteLLM: plain counts are what the reader says');
SELECT cmp_ok((SELECT count(*) FROM plain WHERE litellm_plain_usage(jsonb_build_object('usage_object', usage), NULL) IS NOT NULL), '>', 1000::bigint, 'of many rows');
SELECT cmp_ok((SELECT count(*) FROM plain WHERE litellm_plain_usage(jsonb_build_object('usage_object', usage), NULL) IS NULL), '>', 1000::bigint, 'and many are left to it');
SELECT is((SELECT count(*) FROM plain WHERE litellm_plain_usage(jsonb_build_object('usage_object', usage), NULL) IS NOT NULL
	AND (payload_word('service_tier', jsonb_build_object('usage', usage)), payload_word('region', jsonb_build_object('usage', usage))) IS DISTINCT FROM ('standard', NULL)), 0::bigint, 'what is plain states no tier and no region');
SELECT is((SELECT string_agg(coalesce(litellm_plain_usage(m, t)::text, 'NULL'), ' ') FROM (VALUES ('{"usage_object": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}'::jsonb, 'acompletion'),
	('{"usage_object": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}', 'aretrieve_batch'), ('{"usage_object": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}', 'video'),
	('{"usage_object": [1]}', 'acompletion'), ('[]', 'acompletion'), ('3', 'acompletion'), (NULL, 'acompletion')) AS v(m, t)),
	'{"input":1,"output":1,"requests":1} NULL NULL NULL NULL NULL NULL', 'batches and pictures are not plain, nor is what is no object');
SELECT is(source_usage('response', litellm_counts('[]', NULL, '10', '5')), '{"input":10,"output":5,"requests":1}', 'LiteLLM: metadata that is no object');
SELECT is(source_usage('attributes', '{"gen_ai.usage.input_tokens": 9000000000000, "gen_ai.usage.output_tokens": "12"}'), '{"input":9000000000000,"output":12,"requests":1}', 'OTel: 64 bits, also as text');
SELECT matches(source_problem('attributes', '{"gen_ai.usage.input_tokens": 9223372036854775807}'), 'larger than', 'OTel: more than can be exact');
SELECT matches(source_problem('attributes', '{"gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 3, "gen_ai.usage.reasoning.output_tokens": 4}'), 'more than the 3 of the output', 'OTel: more reasoning than output');
SELECT is(source_usage('langfuse', '{"input": 5, "input_tokens": 5, "input_cached_tokens": 0, "cache_read_input_tokens": 3}'), '{"input":5,"cache_read":3,"requests":1}', 'Langfuse: names that agree, and a zero');
SELECT matches(source_problem('langfuse', '{"input": 5, "input_tokens": 6}'), 'another count of the same', 'Langfuse: names that do not');
SELECT is(source_usage(NULL, '{}'), NULL, 'no tool');
SELECT throws_ok($$SELECT source_usage('x', '{}')$$, '22023', NULL, 'an unknown tool of counts');

SELECT * FROM finish();
ROLLBACK;
