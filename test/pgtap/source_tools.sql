-- tools: one sample of each log that attach_usage() reads, and bad values that must not stop the others.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL client_min_messages = error;
SELECT no_plan();

-- Claude Code: the last row of a message counts, what is written lives an hour, sidechains are told.
CREATE TABLE public.cc (n serial, line text);
INSERT INTO public.cc (line) VALUES
	('{"type":"user","message":{"role":"user","content":"x"},"timestamp":"2026-10-01T10:00:00Z","uuid":"u1"}'),
	('{"type":"assistant","sessionId":"s1","requestId":"r","timestamp":"2026-10-01T10:00:01Z","message":{"id":"m1","model":"claude-opus-4-5-20251101","usage":{"input_tokens":10,"output_tokens":9,"cache_read_input_tokens":15000,"cache_creation_input_tokens":11000,"service_tier":"standard"}}}'),
	('{"type":"assistant","sessionId":"s1","isSidechain":true,"requestId":"r","timestamp":"2026-10-01T10:00:01Z","message":{"id":"m1","model":"claude-opus-4-5-20251101","usage":{"input_tokens":10,"output_tokens":159,"cache_read_input_tokens":15000,"cache_creation_input_tokens":11000,"service_tier":"standard"}}}'),
	('{"type":"assistant","sessionId":"s1","timestamp":"2026-10-01T10:00:02Z","message":{"id":"m3","model":"claude-opus-4-5-20251101","usage":{"input_tokens":1,"output_tokens":2,"cache_creation_input_tokens":5,"cache_creation":{"ephemeral_5m_input_tokens":5,"ephemeral_1h_input_tokens":0}}}}'),
	('not json'),
	('{"type":"assistant","timestamp":"2026-10-01T10:00:01Z","message":{"id":"m2","model":"<synthetic>","usage":{"input_tokens":0,"output_tokens":0}}}');
SELECT isa_ok(attach_usage('cc', 'public.cc', 'claude_code'), 'regclass', 'attach_usage() gives the view');
SELECT set_eq($$SELECT request_id, usage::text, attributes ->> 'agent' FROM usage_of_cc WHERE usage IS NOT NULL$$,
	$$VALUES ('m1', '{"input":10,"output":159,"cache_read":15000,"cache_write_1h":11000,"requests":1}', 'sidechain'), ('m3', '{"input":1,"output":2,"cache_write":5,"requests":1}', NULL)$$, 'Claude Code');
SELECT set_eq($$SELECT source, reason FROM rejected_usage$$, $$VALUES ('cc', 'no time')$$, 'a line that is no JSON is rejected');

-- Codex: the running total tells calls apart.
CREATE TABLE public.codex (session text, model text, line jsonb);
INSERT INTO public.codex SELECT 's', 'gpt-5-codex', format('{"timestamp":"2026-10-01T10:00:0%sZ","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":%s},"last_token_usage":{"input_tokens":100,"cached_input_tokens":60,"output_tokens":7,"reasoning_output_tokens":2,"total_tokens":107}}}}', n, t)::jsonb
FROM (VALUES (1, 100), (2, 100), (3, 200)) AS v(n, t);
INSERT INTO public.codex VALUES ('old', 'gpt-5-codex', '{"timestamp":"2026-10-01T10:00:00Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":9}}}}'), ('old', 'gpt-5-codex', '{"timestamp":"2026-10-01T10:00:00Z","type":"event_msg","payload":{"type":"token_count","info":null}}');
SELECT attach_usage('codex', 'public.codex', 'codex');
SELECT results_eq($$SELECT reason FROM rejected_usage WHERE source = 'codex'$$, $$VALUES ('a running total, and not what this call used')$$, 'Codex: a total alone');
SELECT results_eq($$SELECT count(*), min(usage::text), min(model) FROM usage_of_codex WHERE usage IS NOT NULL$$, $$VALUES (2::bigint, '{"input":40,"output":5,"cache_read":60,"reasoning":2,"requests":1}', 'openai/gpt-5-codex')$$, 'Codex');

-- LiteLLM: calls of every type, and days beside requests.
CREATE TABLE public.ll (request_id text PRIMARY KEY, call_type text, spend float8, prompt_tokens int, completion_tokens int, "startTime" timestamp, "endTime" timestamp, model text, custom_llm_provider text, metadata jsonb, cache_hit text, status text, session_id text);
INSERT INTO public.ll SELECT id, type, usd, i, o, '2026-10-01', CASE WHEN id = 'late' THEN 'infinity' ELSE '2026-10-01' END::timestamp, 'm', 'openai', jsonb_build_object('usage_object', object::jsonb), 'False', status, 'sess' FROM (VALUES
	('image', 'aimage_generation', 0.04, 0, 0, '{"input_tokens": 50, "output_tokens": 1056, "total_tokens": 1106, "input_tokens_details": {"text_tokens": 10, "image_tokens": 40}}', 'success'),
	('whisper', 'atranscription', 0.001, 0, 0, '{"type": "duration", "seconds": 11}', 'success'),
	('speech', 'aspeech', 0, 0, 0, NULL, 'success'),
	('pages', 'aocr', 0.05, 0, 0, '{"pages_processed": 29}', 'success'),
	('video', 'avideo_generation', 0.8, 0, 0, '{"duration_seconds": 8.0}', 'success'),
	('rerank', 'arerank', 0.006, 0, 0, '{"search_units": 3}', 'success'),
	('failed', 'acompletion', 0, 0, 0, '{}', 'failure'),
	('batch', 'aretrieve_batch', 1, 1000, 10, '{"prompt_tokens": 1000, "completion_tokens": 10, "total_tokens": 1010}', 'success'),
	('late', 'acompletion', 0, 5, 5, NULL, 'success'),
	('charged', 'acompletion', 0.5, 0, 0, '{}', 'success'), ('charged, failed', 'acompletion', 0.5, 0, 0, '{}', 'failure'),
	('file', 'acreate_file', 0, 0, 0, NULL, 'success'), ('job', 'acreate_batch', 0, 0, 0, NULL, 'success'), ('tool', 'call_mcp_tool', 0, 0, 0, NULL, 'success'), ('paid job', 'acreate_batch', 0.1, 0, 0, NULL, 'success'),
	('unknown', 'acompletion', 0, 5, 5, '{"prompt_tokens": 5, "completion_tokens": 5, "prompt_tokens_details": {"smell_tokens": 3}}', 'success')) AS v(id, type, usd, i, o, object, status);
SELECT attach_usage('ll', 'public.ll', 'litellm');
SELECT set_eq($$SELECT request_id, usage::text, service_tier FROM usage_of_ll WHERE usage IS NOT NULL$$, $$VALUES
	('image', '{"input":10,"input_image":40,"output_image":1056,"requests":1}', 'standard'), ('whisper', '{"requests":1,"seconds":11}', 'standard'), ('pages', '{"requests":1,"pages":29}', 'standard'),
	('video', '{"requests":1,"video_seconds":8}', 'standard'), ('rerank', '{"requests":3}', 'standard'), ('failed', '{"requests":1}', 'standard'), ('charged, failed', '{"requests":1}', 'standard'), ('batch', '{"input":1000,"output":10,"requests":2}', 'batch'), ('late', '{"input":5,"output":5,"requests":1}', 'standard')$$, 'LiteLLM');
SELECT set_eq($$SELECT request_id FROM rejected_usage WHERE source = 'll'$$, $$VALUES ('speech'), ('unknown'), ('charged'), ('paid job')$$, 'what was charged and not counted is rejected');
SELECT is((SELECT count(*) FROM usage_of_ll WHERE request_id IN ('file', 'job', 'tool')), 0::bigint, 'files, jobs and tools of MCP servers are no calls');
SELECT is((SELECT attributes FROM usage_of_ll WHERE request_id = 'image'), '{"session": "sess"}', 'the session is kept');
CREATE TABLE public.daily (id text PRIMARY KEY, date text, user_id text, api_key text, model text, custom_llm_provider text, prompt_tokens bigint, completion_tokens bigint, cache_read_input_tokens bigint, cache_creation_input_tokens bigint, spend float8, api_requests bigint);
INSERT INTO public.daily VALUES ('d1', '2026-10-01', 'u', 'k', 'gpt-4o', 'openai', 1000, 50, 400, 0, 0.1, 7), ('d2', 'yesterday', 'u', 'k', 'gpt-4o', 'openai', 1, 1, 0, 0, 0, 1),
	('d3', '2026-10-01', 'u', 'k', 'gpt-image-1', 'openai', 0, 0, 0, 0, 0.4, 10), ('d4', '2026-10-01', 'u', 'k', 'gpt-4o', 'openai', 0, 0, 0, 0, 0, 2);
SELECT attach_usage('daily', 'public.daily', 'litellm');
SELECT set_eq($$SELECT request_id, usage::text FROM usage_of_daily WHERE usage IS NOT NULL$$, $$VALUES ('d1', '{"input":600,"output":50,"cache_read":400,"requests":7}'), ('d4', '{"requests":2}')$$, 'LiteLLM by day');
SELECT set_eq($$SELECT request_id FROM rejected_usage WHERE source = 'daily'$$, $$VALUES ('d2'), ('d3')$$, 'a day of pictures is charged, and not counted');

-- Langfuse, version 2 and 3.
CREATE TABLE public.lf (id text PRIMARY KEY, type text, start_time timestamp, provided_model_name text, usage_details text, total_cost numeric, level text, session_id text);
INSERT INTO public.lf SELECT id, 'GENERATION', '2026-10-01', 'gemini-2.5-flash', details, usd, 'DEFAULT', 's' FROM (VALUES
	('gemini', '{"promptTokenCount": "100", "candidatesTokenCount": 50, "thoughtsTokenCount": 20, "webSearchQueries": 2, "input_modality_1": 0, "total": 172}', 0.1),
	('map', '{''input'':100}', 0.1), ('total', '{"total": 1100}', 0.1), ('none', '{}', 0.1), ('bad', '{"input": "5x"}', 0)) AS v(id, details, usd);
SELECT attach_usage('lf', 'public.lf', 'langfuse');
SELECT set_eq($$SELECT request_id, usage::text FROM usage_of_lf WHERE usage IS NOT NULL$$, $$VALUES ('gemini', '{"input":100,"output":50,"reasoning":20,"requests":1,"web_searches":2}')$$, 'Langfuse 3');
SELECT set_eq($$SELECT request_id FROM rejected_usage WHERE source = 'lf'$$, $$VALUES ('map'), ('total'), ('none'), ('bad')$$, 'a map of ClickHouse, a total alone, nothing and nonsense are rejected');
CREATE TABLE public.lf2 (id text PRIMARY KEY, type text, start_time timestamp, model text, prompt_tokens int, completion_tokens int, total_tokens int, unit text, calculated_total_cost numeric);
INSERT INTO public.lf2 VALUES ('t', 'GENERATION', '2026-10-01', 'm', 10, 5, 15, 'TOKENS', 1), ('c', 'GENERATION', '2026-10-01', 'm', 900, 0, 900, 'CHARACTERS', 1), ('x', 'GENERATION', '2026-10-01', 'm', 0, 0, 500, 'TOKENS', 1);
SELECT attach_usage('lf2', 'public.lf2', 'langfuse');
SELECT set_eq($$SELECT request_id, usage::text FROM usage_of_lf2 WHERE usage IS NOT NULL$$, $$VALUES ('t', '{"input":10,"output":5,"requests":1}'), ('c', '{"requests":1,"characters":900}')$$, 'Langfuse 2');

-- Spans of every generation; parents are left out, unknown operations are not.
CREATE TABLE public.sp (span_id text PRIMARY KEY, start_time timestamptz, attributes jsonb);
INSERT INTO public.sp SELECT id, '2026-10-01', a::jsonb FROM (VALUES
	('new', '{"gen_ai.operation.name":"chat","gen_ai.provider.name":"openai","gen_ai.request.model":"gpt-5","openai.response.service_tier":"priority","gen_ai.usage.input_tokens":100,"gen_ai.usage.output_tokens":10,"gen_ai.usage.cost.input":0.1,"gen_ai.usage.cost.output":0.2,"gen_ai.conversation.id":"c","gen_ai.agent.name":"planner"}'),
	('old', '{"gen_ai.system":"openai","gen_ai.request.model":"gpt-5","gen_ai.usage.prompt_tokens":"100","gen_ai.usage.completion_tokens":"10"}'),
	('phoenix', '{"openinference":{"span":{"kind":"LLM"}},"llm":{"provider":"openai","model_name":"gpt-4o","token_count":{"prompt":100,"completion":10,"total":110,"prompt_details":{"cache_read":40}}},"session":{"id":"ph"}}'),
	('nested', '{"gen_ai":{"operation":{"name":"chat"},"provider":{"name":"anthropic"},"request":{"model":"claude-opus-5"},"usage":{"input_tokens":100,"output_tokens":10,"cache_read":{"input_tokens":60}}}}'),
	('nested, unknown', '{"gen_ai":{"operation":{"name":"chat"},"system":"openai","request":{"model":"gpt-5"},"usage":{"input_tokens":100,"smell_tokens":10}}}'),
	('nested agent', '{"gen_ai":{"operation":{"name":"invoke_agent"},"system":"openai","request":{"model":"gpt-5"},"usage":{"input_tokens":100,"output_tokens":10}}}'),
	('nested sdk', '{"ai":{"operationId":"ai.generateText","usage":{"promptTokens":100,"completionTokens":10}},"gen_ai":{"system":"openai","request":{"model":"gpt-5"}}}'),
	('qwen', '{"event.name":"qwen-code.api_response","model":"qwen3-coder-plus","input_token_count":8000,"output_token_count":100,"cached_content_token_count":7000,"thoughts_token_count":0,"tool_token_count":0,"total_token_count":8100}'),
	('chain', '{"openinference.span.kind":"CHAIN","llm.model_name":"x","llm.token_count.prompt":9}'),
	('agent', '{"gen_ai.operation.name":"invoke_agent","gen_ai.request.model":"x","gen_ai.usage.input_tokens":9}'),
	('http', '{"http.method":"GET"}'),
	('run', '{"agent_name":"a","model_name":"gpt-5","all_messages_events":"[]","gen_ai.usage.input_tokens":9}'),
	('aws', '{"gen_ai.operation.name":"chat","gen_ai.system":"aws.bedrock","gen_ai.request.model":"anthropic.claude-sonnet-4-6","gen_ai.usage.input_tokens":8,"gen_ai.usage.output_tokens":2,"gen_ai.usage.cost_usd":0.02,"cloud.region":"eu-west-1","aws.bedrock.guardrail.id":"gr-1"}'),
	('aws, profile', '{"gen_ai.operation.name":"chat","gen_ai.system":"aws.bedrock","gen_ai.request.model":"eu.anthropic.claude-sonnet-4-6","gen_ai.usage.input_tokens":8,"gen_ai.usage.output_tokens":2,"cloud.region":"eu-west-1"}'),
	('aws, listed', '{"gen_ai.operation.name":"chat","gen_ai.system":"aws.bedrock","gen_ai.request.model":"amazon.nova-micro-v1:0","gen_ai.usage.input_tokens":8,"gen_ai.usage.output_tokens":2,"server.address":"bedrock-runtime.us-east-1.amazonaws.com"}'),
	('sdk', '{"ai.operationId":"ai.generateText.doGenerate","gen_ai.system":"anthropic.messages","gen_ai.request.model":"claude-sonnet-4-5","gen_ai.usage.input_tokens":5,"gen_ai.usage.output_tokens":6}'),
	('parent', '{"ai.operationId":"ai.generateText","ai.model.id":"claude-sonnet-4-5","ai.usage.promptTokens":5,"ai.usage.completionTokens":6}'),
	('event', '{"event.name":"api_request","model":"claude-sonnet-4-5","input_tokens":"5","output_tokens":"20","cache_read_tokens":"10000","cache_creation_tokens":"50","cost_usd":"0.01"}'),
	('gemini', '{"event.name":"gemini_cli.api_response","model":"gemini-2.5-pro","status_code":200,"input_token_count":8000,"output_token_count":100,"cached_content_token_count":7000,"thoughts_token_count":50,"tool_token_count":0,"total_token_count":8150}'),
	('gemini, asked', '{"event.name":"gemini_cli.api_request","model":"gemini-2.5-pro","request_text":"x"}'),
	('codex', '{"event.name":"codex.sse_event","event.kind":"response.completed","model":"gpt-5-codex","input_token_count":"1000","output_token_count":"100","cached_token_count":"700","reasoning_token_count":"60","tool_token_count":"1100"}'),
	('other event', '{"event.name":"agent.answered","model":"gpt-5","smell_tokens":5}'),
	('other', '{"gen_ai.operation.name":"responses","gen_ai.provider.name":"openai","gen_ai.request.model":"gpt-5","gen_ai.usage.input_tokens":7,"gen_ai.usage.smell_tokens":12}'),
	('text', '{"gen_ai.operation.name":"embedding","gen_ai.provider.name":"openai","gen_ai.request.model":"e","gen_ai.usage.input_tokens":"5x"}')) AS v(id, a);
SELECT attach_usage('sp', 'public.sp', 'otel');
SELECT set_eq($$SELECT request_id, usage::text, service_tier, provider_usd FROM usage_of_sp WHERE usage IS NOT NULL$$, $$VALUES
	('nested', '{"input":40,"output":10,"cache_read":60,"requests":1}', 'standard', NULL), ('qwen', '{"input":1000,"output":100,"cache_read":7000,"requests":1}', 'standard', NULL),
	('new', '{"input":100,"output":10,"requests":1}', 'priority', 0.3), ('old', '{"input":100,"output":10,"requests":1}', 'standard', NULL), ('phoenix', '{"input":60,"output":10,"cache_read":40,"requests":1}', 'standard', NULL),
	('sdk', '{"input":5,"output":6,"requests":1}', 'standard', NULL), ('aws', '{"input":8,"output":2,"requests":1}', 'standard', 0.02), ('aws, profile', '{"input":8,"output":2,"requests":1}', 'standard', NULL), ('aws, listed', '{"input":8,"output":2,"requests":1}', 'standard', NULL), ('gemini', '{"input":1000,"output":100,"cache_read":7000,"reasoning":50,"requests":1}', 'standard', NULL), ('codex', '{"input":300,"output":40,"cache_read":700,"reasoning":60,"requests":1}', 'standard', NULL), ('event', '{"input":5,"output":20,"cache_read":10000,"cache_write":50,"requests":1}', 'standard', 0.01)$$, 'spans');
SELECT set_eq($$SELECT request_id FROM rejected_usage WHERE source = 'sp'$$, $$VALUES ('other'), ('other event'), ('text'), ('nested, unknown')$$, 'a count of an unknown name, and text');
SELECT is((SELECT attributes FROM usage_of_sp WHERE request_id = 'new'), '{"agent": "planner", "session": "c"}', 'conversation and agent are kept');
SELECT set_eq($$SELECT request_id, region, attributes FROM usage_of_sp WHERE request_id LIKE 'aws%'$$, $$VALUES ('aws', 'eu-west-1', '{"guardrail": "gr-1"}'::jsonb), ('aws, profile', NULL, NULL), ('aws, listed', NULL, NULL)$$, 'the region of Bedrock, where its name does not say it');
SELECT is((SELECT sum(requests) FROM inspect_usage('sp') WHERE fact = 'left out'), 8::numeric, 'inspect_usage() tells what is left out');
SELECT is((SELECT sum(requests) FROM inspect_usage('sp') WHERE fact = 'rejected'), 4::numeric, 'and what is rejected');
SELECT is((SELECT requests FROM inspect_usage('sp') WHERE fact = 'day'), 12::numeric, 'and days');

-- As an exporter writes them into ClickHouse: other column names, the status in one of them.
CREATE TABLE public.otel_traces ("Timestamp" timestamp, "SpanId" text PRIMARY KEY, "SpanAttributes" text, "StatusCode" text, "ServiceName" text);
INSERT INTO public.otel_traces SELECT '2026-10-01', code, '{"gen_ai.system":"openai","gen_ai.request.model":"gpt-5","gen_ai.usage.input_tokens":"7","gen_ai.usage.output_tokens":"1"}', code, 'shop' FROM unnest(ARRAY['Ok', 'Unset', 'Error', 'STATUS_CODE_ERROR']) AS code;
SELECT attach_usage('traces', 'public.otel_traces', 'otel');
SELECT set_eq($$SELECT request_id, status, project FROM usage_of_traces WHERE input_tokens(usage) = 7$$, $$VALUES ('Ok', 'ok', 'shop'), ('Unset', 'ok', 'shop'), ('Error', 'failed', 'shop'), ('STATUS_CODE_ERROR', 'failed', 'shop')$$, 'ClickHouse');

-- A call that counts nothing, not even zero: unknown, unless it failed.
CREATE TABLE public.nothing (id text PRIMARY KEY, t timestamptz, n int, status text, answer text);
INSERT INTO public.nothing VALUES ('none', '2026-10-01', NULL, 'ok', '{"model":"gpt-4o"}'), ('zero', '2026-10-01', 0, 'ok', '{"model":"gpt-4o","usage":{"prompt_tokens":0,"completion_tokens":0}}'),
	('failed', '2026-10-01', NULL, 'failed', '{"error":{"message":"overloaded"}}'), ('failed, no body', '2026-10-01', NULL, 'failed', NULL), ('failed late', '2026-10-01', 7, 'failed', '{"usage":{"prompt_tokens":7,"completion_tokens":0}}');
SELECT attach_usage('nothing', 'public.nothing', '{"at": "t", "request_id": "id", "model": {"value": "openai/gpt-4o"}, "input": "n", "input_includes_cached": true, "status": "status"}');
SELECT attach_usage('no_answer', 'public.nothing', '{"at": "t", "request_id": "id", "model": {"value": "openai/gpt-4o"}, "response": "answer", "status": "status"}');
SELECT set_eq($$SELECT request_id, usage::text FROM usage_all WHERE source = 'nothing'$$, $$VALUES ('none', NULL), ('zero', '{"requests":1}'), ('failed', '{"requests":1}'), ('failed, no body', '{"requests":1}'), ('failed late', '{"input":7,"requests":1}')$$, 'in columns');
SELECT set_eq($$SELECT request_id, usage::text FROM usage_all WHERE source = 'no_answer'$$, $$SELECT request_id, usage::text FROM usage_all WHERE source = 'nothing'$$, 'in answers');
SELECT set_eq($$SELECT request_id FROM rejected_usage WHERE source IN ('nothing', 'no_answer')$$, $$VALUES ('none')$$, 'and it is rejected');
SELECT detach_usage('nothing'), detach_usage('no_answer');

-- Gateways.
CREATE TABLE public.hel (request_id text PRIMARY KEY, request_created_at timestamptz, provider text, model text, prompt_tokens int, completion_tokens int, prompt_cache_read_tokens int, cost bigint, status int);
INSERT INTO public.hel VALUES ('o', '2026-10-01', 'OPENAI', 'gpt-4o', 100, 10, 60, 350000, 200), ('a', '2026-10-01', 'ANTHROPIC', 'claude-sonnet-4-5', 100, 10, 600, 0, 500);
SELECT attach_usage('hel', 'public.hel', 'helicone');
SELECT set_eq($$SELECT request_id, model, usage::text, provider_usd, status FROM usage_of_hel$$, $$VALUES ('o', 'openai/gpt-4o', '{"input":40,"output":10,"cache_read":60,"requests":1}', 0.00035, 'ok'),
	('a', 'anthropic/claude-sonnet-4-5', '{"input":100,"output":10,"cache_read":600,"requests":1}', 0, 'failed')$$, 'Helicone');
CREATE TABLE public.ls (id uuid PRIMARY KEY, run_type text, start_time text, end_time text, prompt_tokens int, completion_tokens int, outputs jsonb, extra jsonb, total_cost text, error text, tags text[]);
INSERT INTO public.ls VALUES ('00000000-0000-0000-0000-000000000001', 'llm', '2026-10-01T00:00:00', '2026-10-01T00:00:01', 100, 10, '{"usage_metadata":{"input_tokens":100,"output_tokens":10,"total_tokens":110,"input_token_details":{"cache_read":60}}}', '{"metadata":{"ls_provider":"google_genai","ls_model_name":"gemini-2.5-flash"}}', '0.5', NULL, '{a}'),
	('00000000-0000-0000-0000-000000000002', 'chain', '2026-10-01T00:00:00', NULL, 100, 10, NULL, NULL, NULL, NULL, NULL),
	('00000000-0000-0000-0000-000000000003', 'llm', '2026-10-01T00:00:00', NULL, 100, 10, '{"llm_output":{"token_usage":{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110,"prompt_tokens_details":{"cached_tokens":60}}}}', '{"metadata":{"ls_provider":"openai","ls_model_name":"gpt-5"}}', NULL, NULL, NULL);
SELECT attach_usage('ls', 'public.ls', 'langsmith');
SELECT set_eq($$SELECT model, usage::text, provider_usd, tags FROM usage_of_ls$$, $$VALUES ('google_genai/gemini-2.5-flash', '{"input":40,"output":10,"cache_read":60,"requests":1}', 0.5, '["a"]'::jsonb),
	('openai/gpt-5', '{"input":40,"output":10,"cache_read":60,"requests":1}', NULL, NULL)$$, 'LangSmith, the parts of the provider''s own usage as well');
CREATE TABLE public.orc (generation_id text PRIMARY KEY, created_at text, cost_total text, tokens_prompt text, tokens_completion text, tokens_reasoning text, tokens_cached text, model_permaslug text, provider_name text, cancelled text);
INSERT INTO public.orc VALUES ('g', '2026-10-01 10:00:00', '0.01', '100', '10', '4', '60', 'anthropic/claude-4.5-sonnet-20250929', 'Google', 'false'), ('h', '2026-10-01 10:00:00', '0.01', '1,000', '10', '4', '60', 'x', 'Google', 'false'),
	('i', '2026-10-01 10:00:00', '0.01', '100', '10', '', '', 'x', 'Google', 'false');
SELECT attach_usage('orc', 'public.orc', 'openrouter');
SELECT set_eq($$SELECT request_id, usage::text FROM usage_of_orc$$, $$VALUES ('g', '{"input":40,"output":6,"cache_read":60,"reasoning":4,"requests":1}'), ('h', NULL), ('i', '{"input":100,"output":10,"requests":1}')$$, 'OpenRouter');
CREATE TABLE public.ver (line jsonb);
INSERT INTO public.ver VALUES ('{"data":{"id":"gen_1","created_at":"2026-10-01T00:00:00Z","model":"openai/gpt-5","provider_name":"openai","total_cost":0.01,"native_tokens_prompt":100,"native_tokens_completion":10,"native_tokens_cached":60,"native_tokens_reasoning":4,"tokens_prompt":99,"tokens_completion":9}}');
INSERT INTO public.ver SELECT jsonb_set(jsonb_set(line, '{data,id}', '"gen_2"'), '{data,native_tokens_smell}', '3') FROM public.ver;
SELECT attach_usage('ver', 'public.ver', 'vercel');
SELECT results_eq($$SELECT left(reason, 26) FROM rejected_usage WHERE source = 'ver'$$, $$VALUES ('"native_tokens_smell" is 3')$$, 'Vercel: a count of an unknown name');
SELECT set_eq($$SELECT request_id, model, usage::text FROM usage_of_ver WHERE usage IS NOT NULL$$, $$VALUES ('gen_1', 'openai/gpt-5', '{"input":40,"output":6,"cache_read":60,"reasoning":4,"requests":1}')$$, 'Vercel');
CREATE TABLE public.pk (line jsonb);
INSERT INTO public.pk VALUES ('{"id":"p1","created_at":"2026-10-01T00:00:00Z","ai_org":"openai","ai_model":"gpt-4o","response_status_code":200,"cost":1.5,"response":{"model":"gpt-4o-2024-08-06","service_tier":"default","usage":{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110,"prompt_tokens_details":{"cached_tokens":60}}},"metadata":{"_user":"u"}}');
SELECT attach_usage('pk', 'public.pk', 'portkey');
SELECT set_eq($$SELECT request_id, model, usage::text, provider_usd, end_user FROM usage_of_pk$$, $$VALUES ('p1', 'openai/gpt-4o-2024-08-06', '{"input":40,"output":10,"cache_read":60,"requests":1}', 0.015, 'u')$$, 'Portkey');

-- A count that a report has under no name known.
SELECT matches(source_problem(tool, ('{"model": "m", "' || name || '": 5, "num_model_requests": 1, "output_tokens": 1}')::jsonb), 'not known', tool || ': ' || left(name, 20))
FROM unnest(ARRAY['openai_usage_api', 'anthropic_usage_report']) AS tool, unnest(ARRAY['input_smell_tokens', repeat('long', 50)]) AS name;
SELECT isnt(source_usage(tool, '{"model": "m", "input_smell_tokens": 0, "output_tokens": 1, "size": "1024x1024", "batch": false, "project_id": null}'), NULL, tool || ': zero') FROM unnest(ARRAY['openai_usage_api', 'anthropic_usage_report']) AS tool;
-- What OpenAI bills without a model.
CREATE TABLE public.oa (page jsonb);
INSERT INTO public.oa VALUES ('{"data":[{"start_time":1775001600,"end_time":1775088000,"results":[{"object":"organization.usage.code_interpreter_sessions.result","num_sessions":4,"project_id":"p"},
	{"object":"organization.usage.vector_stores.result","usage_bytes":1000,"project_id":"p"},{"object":"organization.usage.images.result","images":5,"num_model_requests":5,"size":"1024x1024","model":"dall-e-3"},
	{"object":"organization.usage.audio_transcriptions.result","seconds":30,"num_model_requests":2,"model":"whisper-1"},{"object":"organization.costs.result","amount":{"value":1,"currency":"usd"},"line_item":"x"},
	{"object":"organization.usage.web_searches.result","num_model_requests":9,"num_requests":12,"model":"gpt-5","context_level":"medium"},{"object":"organization.usage.web_searches.result","num_model_requests":0,"num_requests":3,"smell":1},
	{"object":"organization.usage.file_searches.result","num_requests":7,"vector_store_id":"vs_1"}]},
	{"start_time":1775088000,"end_time":1775091600,"results":[{"object":"organization.usage.vector_stores.result","usage_bytes":48000000000,"project_id":"hour"}]},
	{"start_time":1775088000,"results":[{"object":"organization.usage.vector_stores.result","usage_bytes":1000,"project_id":"no end"}]}]}');
SELECT attach_usage('oa', 'public.oa', 'openai_usage_api');
SELECT set_eq($$SELECT model, usage::text FROM usage_of_oa WHERE usage IS NOT NULL$$, $$VALUES ('openai/code_interpreter_sessions', '{"requests":1,"container_sessions":4}'), ('openai/dall-e-3', '{"requests":5,"images":5}'), ('openai/whisper-1', '{"requests":2,"seconds":30}'),
	('openai/vector_stores', '{"storage_byte_days":1000}'), ('openai/vector_stores', '{"storage_byte_days":2000000000}'), ('openai/gpt-5', '{"web_searches":12}'), ('openai/file_searches', '{"file_searches":7}')$$, 'OpenAI: sessions, images, seconds, storage, searches');
SELECT set_eq($$SELECT model, left(reason, 21) FROM rejected_usage WHERE source = 'oa'$$, $$VALUES ('openai/vector_stores', '"usage_bytes" is 1000'), (NULL, 'no model'), ('openai/web_searches', '"smell" is 1, and wha')$$,
	'a store, whose time nothing tells, a page of costs, and an unknown count');
SELECT set_price('openai', 'vector_stores', 'storage_byte_days', 0.10, unit_quantity => 1000000000);
SELECT is(sum(token_cost(model, usage, at)), 0.2000001, 'what a GB costs a day') FROM usage_of_oa WHERE model = 'openai/vector_stores';

-- Reports of providers: the context tier that the report names prices the sum.
CREATE TABLE public.an (page jsonb);
INSERT INTO public.an VALUES ('{"data":[{"starting_at":"2026-03-01T00:00:00Z","results":[
	{"uncached_input_tokens":1500000,"output_tokens":500,"model":"claude-sonnet-4-5-20250929","service_tier":"standard","context_window":"0-200k"},
	{"uncached_input_tokens":1500,"output_tokens":500,"model":"claude-sonnet-4-5-20250929","service_tier":"batch","context_window":"200k-1M"},
	{"uncached_input_tokens":1500000,"output_tokens":500,"model":"claude-sonnet-4-5-20250929","service_tier":"standard"},
	{"amount":"123.78912","currency":"USD","model":"claude-sonnet-4-5"}]}]}'), ('null');
SELECT attach_usage('an', 'public.an', 'anthropic_usage_report');
SET LOCAL inferacct.unpriced = 'null';
SELECT set_eq($$SELECT service_tier, token_cost(model, usage, at, service_tier, region) FROM usage_of_an WHERE usage IS NOT NULL$$,
	$$VALUES ('standard short', 4.5075), ('batch long', 0.010125), ('standard', NULL)$$, 'a context tier that is named, and a sum that is not told apart: NULL, no error');
SELECT is((SELECT spend(model, usage, at, service_tier, region) FROM usage_of_an), 4.517625, 'nothing stops a sum');
SELECT matches((SELECT reason FROM rejected_usage WHERE source = 'an' AND model IS NOT NULL), 'page of costs', 'a page of costs is told');
SELECT is(refresh_hours('an', '2026-03-01Z', '2026-04-01Z', refresh_changed('an', '2026-03-01Z', true), clock_timestamp()) > 0, true, 'the rollup reads it');
SELECT results_eq($$SELECT reason FROM unpriced_usage WHERE source = 'an'$$, $$VALUES ('a sum of requests that passes a context tier: attach the requests, or a report that names the tier')$$, 'the true cause, and the remedy');
SELECT is((SELECT sum(usd) FROM monthly_spend WHERE source = 'an'), 4.517625, 'and no report stops');
SET LOCAL inferacct.unpriced = 'error';
SELECT throws_ok($$SELECT spend(model, usage, at, service_tier, region) FROM usage_of_an$$, 'IA005', NULL, 'unless an error is asked for');

-- Whatever a row has, it stops nothing.
CREATE TABLE public.bad (id text, t text, n text, out text, model text, usd text, j text);
INSERT INTO public.bad SELECT id, t, n, '1', 'openai/gpt-4o', usd, j FROM (VALUES
	('1', '2026-10-01', '1,200', '0.1', '{}'), ('2', 'garbage', '10', '0.1', '{}'), ('3', '2026-10-01', '5x', '0.1', '{'), ('4', '2026-10-01', ' 7 ', '0.5', '{'), ('5', '2026-10-01', '-5', '0.5', '{'),
	('6', '2026-10-01', '7', '0.5usd', '{'), (NULL, '2026-10-01', '7', '0.5', '{'), ('8', '294000-10-01', '7', '0.5', '{'), ('9', '2026-10-01', '99999999999999999', '0.5', '{'),
	('10', '2026-10-01 10:00', '9', '0.5', '{'), ('11', 'now', '9', '0.5', '{'), ('12', '4714-11-24 BC', '9', '0.5', '{'), ('13', '2026-10-01', '1e3', '0.5', '{'), ('14', 'infinity', '1', '0.5', '{"a":1e999999}')) AS v(id, t, n, usd, j);
SELECT attach_usage('bad', 'public.bad', '{"at": "t", "request_id": "id", "model": "model", "input": "n", "input_includes_cached": true, "output": "out", "provider_usd": "usd", "tags": "j"}');
SELECT set_eq($$SELECT request_id FROM usage_of_bad WHERE usage IS NOT NULL$$, $$VALUES ('10')$$, 'one row is right');
SELECT is((SELECT count(*) FROM rejected_usage WHERE source = 'bad'), 13::bigint, 'and all others are rejected');
SELECT is(try_json(repeat('[', 100000)), NULL, 'JSON nested too deeply');
SELECT is(try_json('{"a": "\u0000"}'), NULL, 'a character that no text holds');
SELECT is(try_json('{"a": 1e999999}'), NULL, 'a number that no numeric holds');
SELECT is(try_json('{"a": "\" [[ 1e999999", "b": [1]}'), '{"a": "\" [[ 1e999999", "b": [1]}', 'what looks so within a string');
SET LOCAL timezone = 'Asia/Tokyo';
SET LOCAL datestyle = 'ISO, DMY';
SELECT is(try_time('2026-01-02 00:00'), '2026-01-02 00:00Z', 'UTC, whatever the session says');
SELECT is(current_setting('timezone'), 'Asia/Tokyo', 'which goes on saying it');

-- A mapping of one's own: the provider's answer, a filter, repeats, a scale, a lifetime, names.
CREATE TABLE public.own (id int, t timestamptz, kind text, answer json, cents numeric);
INSERT INTO public.own VALUES
	(1, '2026-10-01', 'llm', '{"model":"gpt-4o","usage":{"prompt_tokens":10,"completion_tokens":5}}', 3), (1, '2026-10-01', 'llm', '{"model":"gpt-4o","usage":{"prompt_tokens":10,"completion_tokens":9}}', 3),
	(2, '2026-10-01', 'tool', '{}', 0), (3, '2026-10-01', 'llm', '{"model":"m","usage":{"tokens_in":10,"tokens_out":5}}', 1);
SELECT attach_usage('own', 'public.own', '{"at": "t", "request_id": "id", "response": "answer", "provider": {"value": "openai"}, "provider_usd": "cents", "usd_scale": 0.01,
	"filter": {"column": "kind", "is": "llm"}, "repeats": "last", "names": {"tokens_in": "input", "tokens_out": "output"}}');
SELECT set_eq($$SELECT request_id, model, usage::text, provider_usd FROM usage_of_own$$, $$VALUES ('1', 'openai/gpt-4o', '{"input":10,"output":9,"requests":1}', 0.03), ('3', 'openai/m', '{"input":10,"output":5,"requests":1}', 0.01)$$, 'response');
SELECT detach_usage('own');
SELECT attach_usage('own', 'public.own', '{"at": "t", "request_id": "id", "response": "answer", "filter": [{"column": "kind", "is_not": ["tool"]}], "repeats": "error"}');
SELECT set_eq($$SELECT request_id, left(reason, 11) FROM rejected_usage WHERE source = 'own'$$, $$VALUES ('1', 'another row'), ('3', '"tokens_in"')$$, 'repeats that are errors');
SELECT detach_usage('own');
CREATE TABLE public.answer (id text, t timestamptz, body jsonb);
INSERT INTO public.answer VALUES ('1', '2026-10-01', '{"type": "message", "model": "claude-sonnet-4-6", "usage": {"input_tokens": 400, "output_tokens": 30, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0, "iterations": [{"type": "message", "input_tokens": 400, "output_tokens": 30}, {"type": "advisor_message", "model": "claude-opus-4-7", "input_tokens": 9000, "output_tokens": 700}]}}');
CREATE VIEW public.answer_request AS SELECT id || ' ' || r.model AS id, t, r.model, r.usage, r.service_tier FROM public.answer, parse_requests(body) AS r UNION ALL SELECT 'none', '2026-10-01', 'm', NULL, NULL;
SELECT attach_usage('own', 'public.answer', '{"at": "t", "request_id": "id", "response": "body"}');
SELECT matches((SELECT reason FROM rejected_usage WHERE source = 'own'), 'Attach a view that calls parse_requests', 'an answer of two models is rejected, with what to do');
SELECT detach_usage('own');
SELECT attach_usage('own', 'public.answer_request', '{"at": "t", "request_id": "id", "model": "model", "usage": "usage", "service_tier": "service_tier", "provider": {"value": "anthropic"}}');
SELECT set_eq($$SELECT request_id, input_tokens(usage) FROM usage_of_own$$, $$VALUES ('1 claude-sonnet-4-6', 400::bigint), ('1 claude-opus-4-7', 9000), ('none', NULL)$$, 'and that is done so');
SELECT set_eq($$SELECT request_id, reason FROM rejected_usage WHERE source = 'own'$$, $$VALUES ('none', 'no usage')$$, 'no usage');
SELECT detach_usage('own');
SELECT throws_ok($$SELECT attach_usage('own', 'public.own', '{"at": "t", "request_id": "id", "model": "kind", "usage": "answer"}')$$, '42804', NULL, 'a usage that is none');
SELECT throws_ok($$SELECT attach_usage('own', 'public.own', '{"at": "t", "request_id": "id", "model": "kind", "usage": "answer", "input": "id"}')$$, '22023', NULL, 'a usage and counts');
SELECT throws_ok($$SELECT attach_usage('own', 'public.own', '{"at": "t", "request_id": "id", "response": "answer", "repeats": "never"}')$$, '22023', NULL, 'a rule that is none');
SELECT throws_ok($$SELECT attach_usage('own', 'public.own', '{"at": "t", "request_id": "id", "response": "answer", "usd_scale": 0}')$$, '22023', NULL, 'a scale that is none');
SELECT throws_ok($$SELECT attach_usage('own', 'public.own', '{"at": "t", "request_id": "id", "response": "answer", "filter": {"is": 1}}')$$, '22023', NULL, 'a filter that is none');
SELECT throws_ok($$SELECT attach_usage('own', 'public.own', '{"at": "t", "request_id": "id", "response": "answer", "names": {"a": "b"}}')$$, '22023', NULL, 'names that are none');
SELECT throws_ok($$SELECT attach_usage('own', 'public.own', '{"at": "t", "request_id": "id", "response": "answer", "cache_lifetime": "2h"}')$$, '22023', NULL, 'a lifetime that is none');
CREATE VIEW public.own_view AS SELECT * FROM public.own;
SELECT throws_ok($$SELECT attach_usage('own', 'public.own', '{"at": "t", "request_id": "id", "response": "answer", "repeats": "error", "order": "t"}')$$, '22023', NULL, 'an order of nothing');
SELECT throws_ok($$SELECT attach_usage('own', 'public.own', '{"at": "t", "request_id": "id", "response": "answer", "repeats": "last", "within": "soon"}')$$, '22023', NULL, 'a span that is none');
SELECT throws_ok($$SELECT attach_usage('own', 'public.own_view', '{"at": "t", "request_id": "id", "response": "answer", "repeats": "last", "within": "1 hour"}')$$, '22023', NULL, 'a span in a view');

-- Repeats, by every rule, in every kind of relation: the same rows count.  Times that cannot be read stand behind those that can.
CREATE TABLE public.rep (id text, t text, n int, out int);
INSERT INTO public.rep VALUES ('a', '2026-10-01 10:00', 1, 5), ('a', '2026-10-01 10:01', 3, 7), ('a', '2026-10-01 10:02', 2, 6), ('a', 'garbage', 9, 100), ('a', 'infinity', 9, 101),
	('b', '2026-10-01 10:00', 1, 5), ('b', '2026-10-01 10:00', 1, 5), ('c', '2026-10-01 10:00', 1, 8), (NULL, '2026-10-01 10:00', 1, 8), (NULL, '2026-10-01 10:00', 1, 9), ('d', 'garbage', 1, 8),
	('e', '2026-10-01 10:00', 1, 5), ('e', '2026-10-02 10:00', 2, 6);
CREATE VIEW public.rep_view AS SELECT * FROM public.rep;
CREATE TABLE public.rep_part (LIKE public.rep) PARTITION BY LIST (id);
CREATE TABLE public.rep_1 PARTITION OF public.rep_part FOR VALUES IN ('a', 'b');
CREATE TABLE public.rep_2 PARTITION OF public.rep_part DEFAULT;
INSERT INTO public.rep_part SELECT * FROM public.rep;
CREATE FUNCTION pg_temp.counted(relation regclass, rule text, OUT kept text, OUT rejected text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM attach_usage('rep', relation, jsonb '{"at": "t", "request_id": "id", "model": {"value": "m"}, "input": "n", "input_includes_cached": true, "output": "out"}' || rule::jsonb);
	kept := (SELECT string_agg(request_id || output_tokens(usage), ' ' ORDER BY 1) FROM (SELECT request_id, usage FROM usage_of_rep WHERE usage IS NOT NULL) AS u);
	kept := (SELECT string_agg(k, ' ' ORDER BY k) FROM string_to_table(kept, ' ') AS k);
	rejected := (SELECT string_agg(k, ' ' ORDER BY k) FROM (SELECT coalesce(request_id, '-') || ':' || left(reason, 10) AS k FROM rejected_usage WHERE source = 'rep') AS r);
	PERFORM detach_usage('rep');
END $$;
SELECT results_eq(format('SELECT * FROM pg_temp.counted(%L, %L)', relation, rule), format('VALUES (%L, %L)', kept, rejected), relation || ' ' || rule)
FROM unnest(ARRAY['public.rep', 'public.rep_view', 'public.rep_part']) AS relation, (VALUES
	('{"repeats": "last"}', 'a6 b5 c8 e6', '-:no request -:no request d:no time'),
	('{"repeats": "first"}', 'a5 b5 c8 e5', '-:no request -:no request d:no time'),
	('{"repeats": "error"}', 'c8', '-:no request -:no request a:another ro a:another ro a:another ro a:no time a:no time b:another ro b:another ro d:no time e:another ro e:another ro')) AS r(rule, kept, rejected);
SELECT results_eq(format('SELECT kept FROM pg_temp.counted(%L, %L)', relation, '{"repeats": "last", "order": "n", "filter": {"column": "n", "is_not": 9}}'), $$VALUES ('a7 b5 c8 e6')$$, 'by a stated order before the time: ' || relation)
FROM unnest(ARRAY['public.rep', 'public.rep_view']) AS relation;
SELECT results_eq($$SELECT kept FROM pg_temp.counted('public.rep', '{"repeats": "last", "within": "1 hour"}')$$, $$VALUES ('a6 b5 c8 e5 e6')$$, 'within a span: what is further apart is another request');
SELECT results_eq($$SELECT kept FROM pg_temp.counted('$$ || relation || $$', '{"repeats": "last", "tenant": "id", "request_id": {"value": "same"}, "filter": {"column": "t", "is": "2026-10-01 10:00"}}')$$, $$VALUES ('same5 same5 same5 same8 same9')$$, 'tenants number their requests apart: ' || relation)
FROM unnest(ARRAY['public.rep', 'public.rep_view']) AS relation;
CREATE TABLE public.rep_page (page jsonb);
INSERT INTO public.rep_page SELECT jsonb_build_object('data', jsonb_build_array(jsonb_build_object('start_time', 1775001600, 'end_time', 1775005200, 'results', jsonb_build_array(jsonb_build_object(
	'object', 'organization.usage.completions.result', 'input_tokens', n, 'output_tokens', 1, 'num_model_requests', 1, 'model', 'gpt-4o'))))) FROM unnest(ARRAY[100, 100, 130]) AS n;
SELECT attach_usage('pages', 'public.rep_page', '{"tool": "openai_usage_api", "repeats": "last"}');
SELECT results_eq($$SELECT input_tokens(usage) FROM usage_of_pages$$, 'VALUES (130::bigint)', 'of a bucket that was fetched thrice the fullest counts');
SELECT throws_ok($$SELECT * FROM inspect_usage('nothing')$$, '42704', NULL, 'no source to inspect');

-- Costs, for reconcile().
SELECT is(cost_lines('anthropic', '{"data":[{"starting_at":"2026-03-01T00:00:00Z","results":[{"amount":"123.78912","currency":"USD","model":"m"}]}]}', '2026-03-01') #>> '{0,usd}', '1.2378912000000000', 'Anthropic states cents');
SELECT is(cost_lines('openai', '{"data":[{"start_time":1775001600,"results":[{"amount":{"value":1.5,"currency":"usd"},"line_item":"gpt-4o, input"}]}]}', '2026-04-01'), '[{"usd": 1.5, "model": "gpt-4o"}]', 'OpenAI');
SELECT is(cost_lines('focus', '[{"ChargePeriodStart":"2026-04-01","BilledCost":"2.5","BillingCurrency":"USD","SkuMeter":"m"},{"ChargePeriodStart":"2026-05-01","BilledCost":"9"}]', '2026-04-01'), '[{"usd": 2.5, "model": "m"}]', 'FOCUS, of one month');
SELECT throws_ok($$SELECT cost_lines('focus', '[{"BilledCost":"2,5"}]', '2026-04-01')$$, '22023', NULL, 'a line that cannot be read');

-- Names of providers as tools write them: one seller each.
CREATE TABLE public.seller AS SELECT given, seller, (SELECT p.model FROM price AS p WHERE p.provider = seller AND p.meter = 'input' AND p.usd > 0 ORDER BY p.model LIMIT 1) AS model
FROM (VALUES
	('openai', 'openai OPENAI OpenAI openai.responses openai.chat openai.completion openai.embedding openai.image openai.speech openai.transcription text-completion-openai openai-responses'),
	('azure', 'azure AZURE azure_ai azure_text azure.chat azure.responses azure-openai azure-openai.chat azure-openai.responses azure_openai azure.ai.openai azure.ai.inference az.ai.openai azure-ai AzureOpenAI'),
	('anthropic', 'anthropic ANTHROPIC Anthropic anthropic.messages anthropic_text'),
	('google', 'google GOOGLE gemini gcp.gemini gcp.gen_ai gcp.vertex_ai vertex_ai vertex_ai_beta VertexAI vertex-ai VERTEX google_genai google_vertexai google-genai google_ai google.generative-ai google.vertex google.vertex.chat vertex.anthropic.messages google_anthropic_vertex'),
	('aws', 'aws AWS bedrock BEDROCK bedrock_converse aws.bedrock amazon-bedrock amazon_bedrock aws_bedrock'),
	('mistral', 'mistral MISTRAL mistral_ai mistral-ai mistral.chat MistralAI codestral'),
	('x-ai', 'xai XAI x-ai x_ai xai.chat xai.responses'), ('groq', 'groq GROQ Groq groq.chat'), ('cohere', 'cohere COHERE cohere_chat cohere.chat cohere.textEmbedding'),
	('deepseek', 'deepseek DEEPSEEK deepseek.chat'), ('perplexity', 'perplexity PERPLEXITY perplexity-ai perplexity.chat'), ('together', 'together TOGETHER together_ai together-ai togetherai togetherai.chat'),
	('fireworks', 'fireworks FIREWORKS fireworks_ai fireworks-ai fireworks.chat'), ('openrouter', 'openrouter OPENROUTER openrouter.chat'), ('moonshotai', 'moonshot moonshot_ai moonshotai moonshotai.chat'),
	('cerebras', 'cerebras CEREBRAS cerebras.chat'), ('sambanova', 'sambanova'), ('novita', 'novita NOVITA novita.chat'), ('voyageai', 'voyage voyageai VOYAGE'), ('zai', 'zai z-ai zai.chat'), ('ai21', 'ai21 ai21_chat')) AS v(seller, spellings),
	string_to_table(spellings, ' ') AS given;
SELECT is((SELECT provider FROM resolve_model(given || '/' || model, '2026-11-25')), seller, given) FROM public.seller;
-- Who was named is who sold it, or nobody: another seller comes with a word in rule.
CREATE FUNCTION pg_temp.sold(name text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT provider || ' ' || coalesce(rule, '') FROM resolve_model(name, '2026-11-25'));
EXCEPTION WHEN SQLSTATE 'IA002' OR SQLSTATE 'IA003' THEN
	RETURN NULL;
END $$;
SELECT is_empty($$SELECT n.name, n.sold FROM public.seller AS s CROSS JOIN (SELECT DISTINCT model FROM public.seller) AS o
	CROSS JOIN LATERAL (SELECT s.given || '/' || o.model, s.seller) AS g(name, seller) CROSS JOIN LATERAL (SELECT g.name, pg_temp.sold(g.name)) AS n(name, sold)
	WHERE split_part(n.sold, ' ', 1) <> g.seller AND split_part(n.sold, ' ', 2) IN ('', 'exact')$$, 'a provider that was named is not overruled without a word');

-- Whom and what for: what a tool knows of session, trace, agent, customer, user and key, and why an answer ended.
CREATE TABLE public.who_lf (id text PRIMARY KEY, type text, start_time timestamp, provided_model_name text, usage_details jsonb, session_id text, trace_id text, user_id text);
INSERT INTO public.who_lf VALUES ('a', 'GENERATION', '2026-10-01', 'gpt-4o', '{"input": 5, "output": 1}', 's', 't', 'u'), ('b', 'GENERATION', '2026-10-01', 'gpt-4o', '{"input": 5, "output": 1}', '', NULL, NULL);
SELECT attach_usage('who_lf', 'public.who_lf', 'langfuse');
SELECT set_eq('SELECT request_id, end_user, attributes FROM usage_of_who_lf', $$VALUES ('a', 'u', '{"session": "s", "trace": "t"}'::jsonb), ('b', NULL, NULL)$$, 'who: Langfuse');
CREATE TABLE public.who_ll (request_id text PRIMARY KEY, prompt_tokens int, completion_tokens int, "startTime" timestamp, model text, metadata jsonb, api_key text, end_user text, session_id text, agent_id text, organization_id text);
INSERT INTO public.who_ll VALUES ('a', 5, 1, '2026-10-01', 'gpt-4o', '{}', 'k', 'u', 's', 'planner', 'acme'), ('b', 5, 1, '2026-10-01', 'gpt-4o', '{}', '', '', '', '', '');
SELECT attach_usage('who_ll', 'public.who_ll', 'litellm');
SELECT set_eq('SELECT request_id, api_key, end_user, attributes FROM usage_of_who_ll', $$VALUES ('a', 'k', 'u', '{"session": "s", "agent": "planner", "customer": "acme"}'::jsonb), ('b', NULL, NULL, NULL)$$, 'who: LiteLLM');
CREATE TABLE public.who_sp (trace_id text, span_id text PRIMARY KEY, start_time timestamptz, attributes jsonb);
INSERT INTO public.who_sp SELECT 't', id, '2026-10-01', a::jsonb FROM (VALUES
	('genai', '{"gen_ai.operation.name":"chat","gen_ai.provider.name":"openai","gen_ai.request.model":"gpt-5","gen_ai.usage.input_tokens":1,"gen_ai.usage.output_tokens":1,"gen_ai.conversation.id":"c","gen_ai.agent.name":"planner","user.id":"u","customer.id":"acme","gen_ai.response.finish_reasons":["length"]}'),
	('sdk', '{"ai.operationId":"ai.generateText.doGenerate","gen_ai.system":"openai","gen_ai.request.model":"gpt-5","gen_ai.usage.input_tokens":1,"gen_ai.usage.output_tokens":1,"ai.telemetry.metadata.userId":"u","ai.telemetry.metadata.sessionId":"c","ai.response.finishReason":"stop"}')) AS v(id, a);
SELECT attach_usage('who_sp', 'public.who_sp', 'otel');
SELECT set_eq('SELECT request_id, end_user, attributes FROM usage_of_who_sp', $$VALUES ('genai', 'u', '{"session": "c", "agent": "planner", "trace": "t", "customer": "acme", "finish_reason": "length"}'::jsonb),
	('sdk', 'u', '{"session": "c", "trace": "t", "finish_reason": "stop"}')$$, 'who: spans');
CREATE TABLE public.who_hel (request_id text PRIMARY KEY, request_created_at timestamptz, provider text, model text, prompt_tokens int, completion_tokens int, user_id text, proxy_key_id text, properties jsonb);
INSERT INTO public.who_hel VALUES ('a', '2026-10-01', 'OPENAI', 'gpt-4o', 5, 1, 'u', 'k', '{"Helicone-Session-Id": "s", "customer": "acme", "agent": "planner"}');
SELECT attach_usage('who_hel', 'public.who_hel', 'helicone');
SELECT set_eq('SELECT api_key, end_user, attributes FROM usage_of_who_hel', $$VALUES ('k', 'u', '{"session": "s", "agent": "planner", "customer": "acme"}'::jsonb)$$, 'who: Helicone');
CREATE TABLE public.who_ls (id text PRIMARY KEY, run_type text, start_time text, prompt_tokens int, completion_tokens int, trace_id text, outputs jsonb, extra jsonb);
INSERT INTO public.who_ls VALUES ('a', 'llm', '2026-10-01T00:00:00', 5, 1, 't', '{"generations": [[{"generation_info": {"finish_reason": "length"}}]]}', '{"metadata": {"ls_provider": "openai", "ls_model_name": "gpt-5", "thread_id": "s", "user_id": "u", "lc_agent_name": "planner"}}');
SELECT attach_usage('who_ls', 'public.who_ls', 'langsmith');
SELECT set_eq('SELECT end_user, attributes FROM usage_of_who_ls', $$VALUES ('u', '{"session": "s", "agent": "planner", "trace": "t", "finish_reason": "length"}'::jsonb)$$, 'who: LangSmith');
CREATE TABLE public.who_cc (n serial, line text);
INSERT INTO public.who_cc (line) VALUES ('{"type":"assistant","sessionId":"s","timestamp":"2026-10-01T10:00:02Z","message":{"id":"m","model":"claude-opus-4-5-20251101","stop_reason":"max_tokens","usage":{"input_tokens":1,"output_tokens":2}}}');
SELECT attach_usage('who_cc', 'public.who_cc', 'claude_code');
SELECT set_eq('SELECT attributes FROM usage_of_who_cc', $$VALUES ('{"session": "s", "finish_reason": "max_tokens"}'::jsonb)$$, 'who: Claude Code');
CREATE TABLE public.who_or (generation_id text PRIMARY KEY, created_at text, tokens_prompt text, tokens_completion text, model_permaslug text, "user" text, api_key_name text, finish_reason_normalized text);
INSERT INTO public.who_or VALUES ('a', '2026-10-01 00:00', '5', '1', 'openai/gpt-5', 'u', 'k', 'length');
SELECT attach_usage('who_or', 'public.who_or', 'openrouter');
SELECT set_eq('SELECT end_user, api_key, attributes FROM usage_of_who_or', $$VALUES ('u', 'k', '{"finish_reason": "length"}'::jsonb)$$, 'who: OpenRouter');
CREATE TABLE public.who_pk (line jsonb);
INSERT INTO public.who_pk VALUES ('{"id":"a","created_at":"2026-10-01T00:00:00Z","ai_org":"openai","ai_model":"gpt-4o","trace_id":"t","metadata":{"_user":"u","session_id":"s"},"response":{"model":"gpt-4o","choices":[{"finish_reason":"length"}],"usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}}');
SELECT attach_usage('who_pk', 'public.who_pk', 'portkey');
SELECT set_eq('SELECT end_user, attributes FROM usage_of_who_pk', $$VALUES ('u', '{"session": "s", "trace": "t", "finish_reason": "length"}'::jsonb)$$, 'who: Portkey');
CREATE TABLE public.who_vc (line jsonb);
INSERT INTO public.who_vc VALUES ('{"data":{"id":"a","created_at":"2026-10-01T00:00:00Z","model":"openai/gpt-5","user":"u","finish_reason":"length","tokens_prompt":5,"tokens_completion":1}}');
SELECT attach_usage('who_vc', 'public.who_vc', 'vercel');
SELECT set_eq('SELECT end_user, attributes FROM usage_of_who_vc', $$VALUES ('u', '{"finish_reason": "length"}'::jsonb)$$, 'who: Vercel');

-- The planner takes in every function in SQL that a source names; what it cannot is run by the executor, 6 to 150 us a row.
-- Not where the attributes of spans are text: what reads them more than once is not taken in, as the text would be parsed each time.
CREATE FUNCTION pg_temp.not_taken_in(view text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	plan text := '';
BEGIN
	FOR line IN EXECUTE format('EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM inferacct.%I', view) LOOP
		plan := plan || regexp_replace(line, '''[^'']*''', '', 'g') || E'\n';
	END LOOP;
	RETURN (SELECT string_agg(DISTINCT proname, ', ') FROM pg_proc JOIN pg_language AS l ON l.oid = prolang
		WHERE lanname = 'sql' AND pronamespace IN ('inferacct'::regnamespace, 'inferacct_internal'::regnamespace) AND plan ~ ('\m' || proname || '\('));
END
$$;
SELECT is(pg_temp.not_taken_in('usage_of_' || name), NULL, name || ': the planner takes in all that it names') FROM usage_source WHERE name <> 'traces' ORDER BY name;
SELECT is(pg_temp.not_taken_in('usage_of_traces'), 'span_counts, span_is_call, span_kept, span_provider, span_region, span_usd', 'attributes in text: not these');

SELECT * FROM finish();
ROLLBACK;
