-- Payloads: what each API's response is counted as, through text, json and jsonb.
-- The numbers are made up, the shapes are the providers'.  "Mistake" names a
-- published billing error that the case would catch.
SET search_path = inferacct, inferacct_internal, public;
BEGIN;
SELECT plan(293);

CREATE TEMP TABLE payload (name text, flavor text, payload text, expected usage);

-- OpenAI chat and what copies it
INSERT INTO payload VALUES
('openai chat', NULL, '{"id":"chatcmpl-1","object":"chat.completion","model":"gpt-4o-2024-08-06","usage":{"prompt_tokens":120,"completion_tokens":30,"total_tokens":150}}',
	usage(120, 30)),
-- Mistake 1, cached tokens billed twice: input would be 1000
('openai chat, cached', 'openai', '{"usage":{"prompt_tokens":1000,"completion_tokens":20,"total_tokens":1020,"prompt_tokens_details":{"cached_tokens":896,"audio_tokens":0}}}',
	usage(104, 20, cache_read => 896)),
-- Mistake 15, cache writes ignored: input would be 700
('openai chat, cache written', NULL, '{"usage":{"prompt_tokens":3000,"completion_tokens":5,"total_tokens":3005,"prompt_tokens_details":{"cached_tokens":2300,"cache_write_tokens":600}}}',
	usage(100, 5, cache_read => 2300, cache_write => 600)),
-- Mistake 10, mirrored: reasoning inside the completion counted on top, output 500 + 320
('openai chat, reasoning', 'openai', '{"usage":{"prompt_tokens":40,"completion_tokens":500,"total_tokens":540,"completion_tokens_details":{"reasoning_tokens":320,"accepted_prediction_tokens":7,"rejected_prediction_tokens":9}}}',
	usage(40, 180, reasoning => 320)),
('openai chat, audio both ways', NULL, '{"usage":{"prompt_tokens":90,"completion_tokens":60,"total_tokens":150,"prompt_tokens_details":{"audio_tokens":70,"text_tokens":20,"cached_tokens":0},"completion_tokens_details":{"audio_tokens":45,"text_tokens":15}}}',
	usage(20, 15, input_audio => 70, output_audio => 45)),
-- 50 cached tokens do not fit into 20 of text: 30 of them must be audio
('openai chat, cached audio forced by the counts', NULL, '{"usage":{"prompt_tokens":90,"completion_tokens":1,"prompt_tokens_details":{"audio_tokens":70,"cached_tokens":50}}}',
	usage(0, 1, cache_read => 20, input_audio => 40, cache_read_audio => 30)),
('openai chat, nulls are absent', NULL, '{"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11,"prompt_tokens_details":null,"completion_tokens_details":{"reasoning_tokens":null}}}',
	usage(9, 2)),
('openai chat, zero counts', NULL, '{"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}', usage()),
('bare usage object', 'openai', '{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}', usage(12, 3)),
('openai embeddings', NULL, '{"object":"list","data":[{"embedding":[0.1]}],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}}', usage(8)),
('azure chat', 'azure', '{"model":"gpt-4.1-2025-04-14","usage":{"prompt_tokens":77,"completion_tokens":11,"total_tokens":88},"prompt_filter_results":[]}', usage(77, 11)),
('mistral, cached', 'mistral', '{"model":"mistral-large-2512","usage":{"prompt_tokens":513,"completion_tokens":12,"total_tokens":525,"prompt_tokens_details":{"cached_tokens":448}}}',
	usage(65, 12, cache_read => 448)),
('mistral, undocumented num_cached_tokens is not a discount', 'mistral', '{"usage":{"prompt_tokens":96,"completion_tokens":4,"total_tokens":100,"num_cached_tokens":64}}', usage(96, 4)),
('mistral transcription', 'mistral', '{"model":"voxtral-mini-2507","usage":{"prompt_audio_seconds":120,"prompt_tokens":6,"completion_tokens":300,"total_tokens":2306}}',
	usage(6, 300, seconds => 120)),
('groq', 'groq', '{"model":"llama-3.3-70b-versatile","usage":{"queue_time":0.02,"prompt_tokens":2050,"prompt_time":0.1,"completion_tokens":40,"completion_time":0.2,"total_tokens":2090,"total_time":0.3,"prompt_tokens_details":{"cached_tokens":2048}}}',
	usage(2, 40, cache_read => 2048)),
('groq stream chunk', NULL, '{"id":"c","choices":[],"x_groq":{"id":"req","usage":{"prompt_tokens":18,"completion_tokens":6,"total_tokens":24}}}', usage(18, 6)),
('deepseek hits and misses', 'deepseek', '{"usage":{"prompt_tokens":500,"completion_tokens":90,"total_tokens":590,"prompt_cache_hit_tokens":384,"prompt_cache_miss_tokens":116,"completion_tokens_details":{"reasoning_tokens":60}}}',
	usage(116, 30, cache_read => 384, reasoning => 60)),
('deepseek, both spellings of cached', NULL, '{"usage":{"prompt_tokens":500,"completion_tokens":1,"prompt_cache_hit_tokens":384,"prompt_cache_miss_tokens":116,"prompt_tokens_details":{"cached_tokens":384}}}',
	usage(116, 1, cache_read => 384)),
-- Mistake 10, xAI reasoning dropped: output would be 200 with none of 700
('xai chat, told by the total', NULL, '{"usage":{"prompt_tokens":1000,"completion_tokens":200,"total_tokens":1900,"prompt_tokens_details":{"text_tokens":1000,"image_tokens":0,"cached_tokens":128},"completion_tokens_details":{"reasoning_tokens":700}}}',
	usage(872, 200, cache_read => 128, reasoning => 700)),
('xai chat, told by the flavor', 'xai', '{"usage":{"prompt_tokens":10,"completion_tokens":20,"completion_tokens_details":{"reasoning_tokens":5}}}',
	usage(10, 20, reasoning => 5)),
('xai chat, told by its ticks', NULL, '{"usage":{"prompt_tokens":10,"completion_tokens":20,"cost_in_usd_ticks":12345,"completion_tokens_details":{"reasoning_tokens":5}}}',
	usage(10, 20, reasoning => 5)),
('xai chat, text tokens repeat the prompt', 'xai', '{"usage":{"prompt_tokens":300,"completion_tokens":1,"total_tokens":301,"prompt_tokens_details":{"text_tokens":300,"image_tokens":250}}}',
	usage(50, 1, input_image => 250)),
('xai native', 'xai', '{"model":"grok-4","usage":{"prompt_tokens":64,"cached_prompt_text_tokens":32,"completion_tokens":8,"reasoning_tokens":100,"total_tokens":172,"num_sources_used":3}}',
	usage(32, 8, cache_read => 32, reasoning => 100, web_searches => 3)),
-- The same maker's model elsewhere: the API decides, not the model
('grok through openrouter is inclusive', NULL, '{"model":"x-ai/grok-4","usage":{"prompt_tokens":70,"completion_tokens":90,"total_tokens":160,"completion_tokens_details":{"reasoning_tokens":80}}}',
	usage(70, 10, reasoning => 80)),
-- Mistake 2, inclusive taken for exclusive: input would be 3300
('claude through openrouter is inclusive', 'openrouter', '{"model":"anthropic/claude-sonnet-4.6","provider":"Anthropic","usage":{"prompt_tokens":3300,"completion_tokens":10,"total_tokens":3310,"cost":0.0123,"is_byok":false,"prompt_tokens_details":{"cached_tokens":3000,"cache_write_tokens":250,"audio_tokens":0,"video_tokens":0}}}',
	usage(50, 10, cache_read => 3000, cache_write => 250)),
-- Mistake 15, image tokens as text: output would be 1300
('openrouter, video in, image out', NULL, '{"usage":{"prompt_tokens":700,"completion_tokens":1300,"total_tokens":2000,"prompt_tokens_details":{"video_tokens":660},"completion_tokens_details":{"image_tokens":1290,"reasoning_tokens":0}}}',
	usage(40, 10, input_video => 660, output_image => 1290)),
-- Mistake 10, Perplexity's additive classes: output would be 400
('perplexity deep research', NULL, '{"model":"sonar-deep-research","usage":{"prompt_tokens":20,"completion_tokens":400,"total_tokens":420,"citation_tokens":9000,"num_search_queries":14,"reasoning_tokens":50000}}',
	usage(20, 400, reasoning => 50000, citation => 9000, web_searches => 14)),
('perplexity deep research, bare and named', 'perplexity', '{"prompt_tokens":20,"completion_tokens":400,"total_tokens":420,"reasoning_tokens":30}',
	usage(20, 400, reasoning => 30)),
('perplexity sonar', NULL, '{"model":"sonar","usage":{"prompt_tokens":9,"completion_tokens":80,"total_tokens":89,"search_context_size":"low","cost":{"request_cost":0.005,"total_cost":0.00508}}}',
	usage(9, 80)),
('modal, reasoning at the top is inclusive', NULL, '{"model":"moonshotai/Kimi-K3","usage":{"prompt_tokens":30,"completion_tokens":200,"reasoning_tokens":150}}',
	usage(30, 50, reasoning => 150)),
('anthropic through its openai endpoint', 'anthropic', '{"model":"claude-sonnet-4","usage":{"prompt_tokens":210,"completion_tokens":8,"total_tokens":218,"cached_tokens":200}}',
	usage(10, 8, cache_read => 200)),
-- Mistake 9, thoughts that only the total counts: output would be 12
('gemini through its openai endpoint, hidden thoughts', NULL, '{"model":"gemini-2.5-pro","usage":{"prompt_tokens":35,"completion_tokens":12,"total_tokens":100}}',
	usage(35, 12, reasoning => 53)),
('gemini through its openai endpoint, stated thoughts', 'gemini', '{"usage":{"prompt_tokens":35,"completion_tokens":65,"total_tokens":100,"completion_tokens_details":{"reasoning_tokens":53}}}',
	usage(35, 12, reasoning => 53)),
('litellm, anthropic counts in the openai shape', NULL, '{"model":"claude-sonnet-4","usage":{"prompt_tokens":1510,"completion_tokens":10,"total_tokens":1520,"cache_creation_input_tokens":500,"cache_read_input_tokens":1000,"prompt_tokens_details":{"cached_tokens":1000,"cache_creation_tokens":500,"cache_creation_token_details":{"ephemeral_5m_input_tokens":100,"ephemeral_1h_input_tokens":400}}}}',
	usage(10, 10, cache_read => 1000, cache_write => 100, cache_write_1h => 400)),
('litellm, web searches', NULL, '{"usage":{"prompt_tokens":5,"completion_tokens":5,"prompt_tokens_details":{"web_search_requests":2}}}',
	usage(5, 5, web_searches => 2));

-- OpenAI responses, realtime, images, transcription
INSERT INTO payload VALUES
('openai responses', 'openai', '{"object":"response","model":"gpt-5-2025-08-07","service_tier":"default","output":[],"usage":{"input_tokens":900,"input_tokens_details":{"cached_tokens":640},"output_tokens":350,"output_tokens_details":{"reasoning_tokens":256},"total_tokens":1250}}',
	usage(260, 94, cache_read => 640, reasoning => 256)),
('openai responses, cache written', NULL, '{"usage":{"input_tokens":2600,"input_tokens_details":{"cached_tokens":2100,"cache_write_tokens":350},"output_tokens":7}}',
	usage(150, 7, cache_read => 2100, cache_write => 350)),
-- Mistake 15, search fee dropped; opening a page is not a search
('openai responses, web searches', NULL, '{"output":[{"type":"web_search_call","status":"completed","action":{"type":"search","query":"q"}},{"type":"web_search_call","status":"completed"},{"type":"web_search_call","status":"completed","action":{"type":"open_page","url":"u"}},{"type":"web_search_call","status":"failed","action":{"type":"search"}},{"type":"message"}],"usage":{"input_tokens":10,"output_tokens":5,"total_tokens":15}}',
	usage(10, 5, web_searches => 2)),
('openai responses event', NULL, '{"type":"response.completed","response":{"id":"resp_1","model":"gpt-5","output":[{"type":"web_search_call"}],"usage":{"input_tokens":10,"output_tokens":5,"total_tokens":15}}}',
	usage(10, 5, web_searches => 1)),
('azure responses', 'azure', '{"usage":{"input_tokens":33,"input_tokens_details":{"cached_tokens":0},"output_tokens":44,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":77}}', usage(33, 44)),
('xai responses is inclusive', 'xai', '{"usage":{"input_tokens":100,"output_tokens":90,"output_tokens_details":{"reasoning_tokens":60},"total_tokens":190}}', usage(100, 30, reasoning => 60)),
-- Mistake 15, cached x image overlap: each modality loses what of it was cached
('openai realtime', NULL, '{"type":"response.done","response":{"usage":{"total_tokens":1500,"input_tokens":1100,"input_token_details":{"text_tokens":500,"audio_tokens":400,"image_tokens":200,"cached_tokens":600,"cached_tokens_details":{"text_tokens":300,"audio_tokens":180,"image_tokens":120}},"output_tokens":400,"output_token_details":{"text_tokens":90,"audio_tokens":310}}}}',
	usage(200, 90, cache_read => 300, input_audio => 220, cache_read_audio => 180, input_image => 80, cache_read_image => 120, output_audio => 310)),
('openai images by token', NULL, '{"created":1,"data":[{"b64_json":"x"}],"usage":{"input_tokens":60,"input_tokens_details":{"text_tokens":20,"image_tokens":40},"output_tokens":1056,"output_tokens_details":{"text_tokens":0,"image_tokens":1056},"total_tokens":1116}}',
	usage(20, 0, input_image => 40, output_image => 1056)),
('openai images by piece', NULL, '{"created":1,"data":[{"url":"u1"},{"url":"u2"}]}', usage(images => 2)),
('openai transcription by token', NULL, '{"text":"hi","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":4,"audio_tokens":10},"output_tokens":3,"total_tokens":17}}',
	usage(4, 3, input_audio => 10)),
('openai transcription by duration', NULL, '{"text":"hi","usage":{"type":"duration","seconds":9}}', usage(seconds => 9)),
('langchain usage_metadata', NULL, '{"usage_metadata":{"input_tokens":350,"output_tokens":240,"total_tokens":590,"input_token_details":{"audio":10,"cache_creation":200,"cache_read":100},"output_token_details":{"audio":10,"reasoning":200}}}',
	usage(40, 30, cache_read => 100, cache_write => 200, reasoning => 200, input_audio => 10, output_audio => 10)),
('pydantic ai usage', NULL, '{"input_tokens":100,"cache_read_tokens":60,"cache_write_tokens":30,"output_tokens":20,"output_reasoning_tokens":15}',
	usage(10, 5, cache_read => 60, cache_write => 30, reasoning => 15)),
('vercel ai sdk', NULL, '{"usage":{"inputTokens":50,"cachedInputTokens":30,"outputTokens":9,"reasoningTokens":4,"totalTokens":59}}',
	usage(20, 5, cache_read => 30, reasoning => 4));

-- Anthropic
INSERT INTO payload VALUES
-- Mistake 2, exclusive taken for inclusive: input would be 3 - 9000 - 2000, clamped to 0
('anthropic, input smaller than the cache', NULL, '{"type":"message","model":"claude-haiku-4-5","usage":{"input_tokens":3,"cache_creation_input_tokens":2000,"cache_read_input_tokens":9000,"cache_creation":{"ephemeral_5m_input_tokens":2000,"ephemeral_1h_input_tokens":0},"output_tokens":40,"service_tier":"standard"}}',
	usage(3, 40, cache_read => 9000, cache_write => 2000)),
-- Mistake 8, one-hour writes at the five-minute rate: cache_write would be 900
('anthropic, both times to live', 'anthropic', '{"usage":{"input_tokens":50,"cache_creation_input_tokens":900,"cache_read_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":300,"ephemeral_1h_input_tokens":600},"output_tokens":1}}',
	usage(50, 1, cache_write => 300, cache_write_1h => 600)),
-- Mistake 8, the split dropped: 100 tokens in neither class are written all the same
('anthropic, split smaller than the whole', NULL, '{"usage":{"input_tokens":1,"cache_creation_input_tokens":900,"cache_creation":{"ephemeral_5m_input_tokens":300,"ephemeral_1h_input_tokens":500},"output_tokens":1}}',
	usage(1, 1, cache_write => 400, cache_write_1h => 500)),
('anthropic, split only', NULL, '{"usage":{"input_tokens":1,"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":5},"output_tokens":1}}',
	usage(1, 1, cache_write => 3, cache_write_1h => 5)),
('anthropic, no split', NULL, '{"usage":{"input_tokens":1,"cache_creation_input_tokens":8,"output_tokens":1}}', usage(1, 1, cache_write => 8)),
('anthropic, no cache', NULL, '{"model":"claude-3-5-haiku","usage":{"input_tokens":504,"output_tokens":97,"service_tier":"standard"}}', usage(504, 97)),
('anthropic, thinking and searches', NULL, '{"usage":{"input_tokens":12,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":400,"output_tokens_details":{"thinking_tokens":330},"server_tool_use":{"web_search_requests":4,"web_fetch_requests":1}}}',
	usage(12, 70, reasoning => 330, web_searches => 4)),
('anthropic, compaction is billed beside the totals', NULL, '{"usage":{"input_tokens":180,"cache_read_input_tokens":0,"cache_creation_input_tokens":0,"output_tokens":8,"iterations":[{"type":"compaction","input_tokens":100,"cache_creation_input_tokens":5000,"cache_read_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":5000},"output_tokens":80},{"type":"message","input_tokens":180,"output_tokens":8}]}}',
	usage(280, 88, cache_write_1h => 5000)),
('anthropic message_start', NULL, '{"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":25,"cache_read_input_tokens":10,"output_tokens":1}}}', usage(25, 1, cache_read => 10)),
('anthropic batch result', NULL, '{"custom_id":"a","result":{"type":"succeeded","message":{"model":"claude-haiku-4-5","usage":{"input_tokens":5,"output_tokens":6,"cache_read_input_tokens":7,"service_tier":"batch"}}}}', usage(5, 6, cache_read => 7)),
('anthropic on bedrock', 'bedrock', '{"usage":{"input_tokens":5,"cache_read_input_tokens":7,"output_tokens":6}}', usage(5, 6, cache_read => 7)),
('anthropic on vertex', 'gemini', '{"usage":{"input_tokens":5,"cache_read_input_tokens":7,"output_tokens":6}}', usage(5, 6, cache_read => 7)),
('anthropic on azure', 'azure', '{"usage":{"input_tokens":5,"cache_read_input_tokens":7,"output_tokens":6}}', usage(5, 6, cache_read => 7));

-- Gemini
INSERT INTO payload VALUES
-- Mistake 9, thoughts not counted: output 60 and nothing else
('gemini, thoughts', 'gemini', '{"modelVersion":"gemini-2.5-flash","usageMetadata":{"promptTokenCount":200,"candidatesTokenCount":60,"thoughtsTokenCount":90,"totalTokenCount":350}}',
	usage(200, 60, reasoning => 90)),
-- Mistake 9, thoughts counted twice: output would be 150
('gemini, thoughts within the candidates', NULL, '{"usageMetadata":{"promptTokenCount":200,"candidatesTokenCount":150,"thoughtsTokenCount":90,"totalTokenCount":350}}',
	usage(200, 60, reasoning => 90)),
('gemini, tool results come on top of the prompt', NULL, '{"usageMetadata":{"promptTokenCount":17,"toolUsePromptTokenCount":119,"candidatesTokenCount":20,"thoughtsTokenCount":4,"totalTokenCount":160,"toolUsePromptTokensDetails":[{"modality":"TEXT","tokenCount":100},{"modality":"IMAGE","tokenCount":19}]}}',
	usage(117, 20, reasoning => 4, input_image => 19)),
('gemini, every modality cached in part', NULL, '{"usageMetadata":{"promptTokenCount":1000,"cachedContentTokenCount":400,"candidatesTokenCount":10,"totalTokenCount":1010,"promptTokensDetails":[{"modality":"TEXT","tokenCount":500},{"modality":"AUDIO","tokenCount":250},{"modality":"DOCUMENT","tokenCount":90},{"modality":"IMAGE","tokenCount":60},{"modality":"VIDEO","tokenCount":100}],"cacheTokensDetails":[{"modality":"TEXT","tokenCount":200},{"modality":"AUDIO","tokenCount":110},{"modality":"DOCUMENT","tokenCount":40},{"modality":"VIDEO","tokenCount":50}]}}',
	usage(300, 10, cache_read => 250, input_audio => 140, cache_read_audio => 110, input_image => 110, cache_read_image => 40, input_video => 50)),
-- Details leave 46 of the answer out: they are text
('gemini, incomplete details', NULL, '{"usageMetadata":{"promptTokenCount":17,"candidatesTokenCount":1336,"totalTokenCount":1353,"promptTokensDetails":[{"modality":"TEXT","tokenCount":11}],"candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":1290}]}}',
	usage(17, 46, output_image => 1290)),
('gemini, total too small but details bear the counts out', NULL, '{"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":60,"thoughtsTokenCount":9,"totalTokenCount":159,"promptTokensDetails":[{"modality":"TEXT","tokenCount":100}],"candidatesTokensDetails":[{"modality":"TEXT","tokenCount":50},{"modality":"AUDIO","tokenCount":10}]}}',
	usage(100, 50, reasoning => 9, output_audio => 10)),
('gemini, blocked prompt', NULL, '{"usageMetadata":{"promptTokenCount":14,"totalTokenCount":14}}', usage(14)),
('gemini embeddings', NULL, '{"embeddings":[],"usageMetadata":{"promptTokenCount":7,"promptTokenDetails":[{"modality":"TEXT","tokenCount":7}]}}', usage(7)),
('gemini live', NULL, '{"usageMetadata":{"promptTokenCount":30,"responseTokenCount":70,"totalTokenCount":100,"responseTokensDetails":[{"modality":"AUDIO","tokenCount":65}]}}', usage(30, 5, output_audio => 65)),
('gemini, python spelling', NULL, '{"model_version":"gemini-2.5-pro","usage_metadata":{"prompt_token_count":10,"cached_content_token_count":4,"candidates_token_count":5,"thoughts_token_count":6,"total_token_count":21}}',
	usage(6, 5, cache_read => 4, reasoning => 6)),
('gemini, bare', 'gemini', '{"promptTokenCount":10,"candidatesTokenCount":5,"totalTokenCount":15}', usage(10, 5)),
-- Mistake 15, grounding fee dropped
('gemini, grounding', NULL, '{"candidates":[{"groundingMetadata":{"webSearchQueries":["a","b","c"]}}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":5,"totalTokenCount":15}}',
	usage(10, 5, web_searches => 3));

-- Bedrock, Cohere, and what is not billed by the token
INSERT INTO payload VALUES
('bedrock converse', 'bedrock', '{"output":{},"usage":{"inputTokens":9,"outputTokens":5,"totalTokens":14},"metrics":{"latencyMs":300}}', usage(9, 5)),
-- Mistake 2 again: inputTokens excludes both caches
('bedrock converse, cached', NULL, '{"usage":{"inputTokens":9,"outputTokens":5,"cacheReadInputTokens":700,"cacheReadInputTokenCount":700,"cacheWriteInputTokens":60,"cacheWriteInputTokenCount":60,"totalTokens":774}}',
	usage(9, 5, cache_read => 700, cache_write => 60)),
-- Mistake 8 on Bedrock
('bedrock converse, one-hour writes', NULL, '{"usage":{"inputTokens":9,"outputTokens":5,"cacheReadInputTokens":0,"cacheWriteInputTokens":60,"totalTokens":74,"cacheDetails":[{"ttl":"1h","inputTokens":45},{"ttl":"5m","inputTokens":15}]}}',
	usage(9, 5, cache_write => 15, cache_write_1h => 45)),
('bedrock converse stream', NULL, '{"metadata":{"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3}}}', usage(1, 2)),
('bedrock invocation metrics', NULL, '{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":30,"outputTokenCount":4,"invocationLatency":9,"cacheReadInputTokenCount":100,"cacheWriteInputTokenCount":0}}',
	usage(30, 4, cache_read => 100)),
('bedrock invocation log', NULL, '{"modelId":"amazon.nova-lite-v1:0","input":{"inputTokenCount":30,"cacheReadInputTokenCount":6},"output":{"outputTokenCount":4}}', usage(30, 4, cache_read => 6)),
('bedrock titan', NULL, '{"inputTextTokenCount":15,"results":[{"tokenCount":7,"outputText":"x"},{"tokenCount":3}]}', usage(15, 10)),
('bedrock llama', NULL, '{"generation":"x","prompt_token_count":20,"generation_token_count":6}', usage(20, 6)),
-- Cohere bills fewer tokens than it processed
('cohere chat', 'cohere', '{"message":{"role":"assistant"},"usage":{"billed_units":{"input_tokens":13,"output_tokens":8},"tokens":{"input_tokens":542,"output_tokens":10},"cached_tokens":500}}', usage(13, 8)),
('cohere chat, decimals of the sdk', NULL, '{"usage":{"billed_units":{"input_tokens":13.0,"output_tokens":8.0}}}', usage(13, 8)),
('cohere stream end', NULL, '{"type":"message-end","delta":{"usage":{"billed_units":{"input_tokens":1,"output_tokens":2}}}}', usage(1, 2)),
('cohere tokens only', NULL, '{"usage":{"tokens":{"input_tokens":3,"output_tokens":4}}}', usage(3, 4)),
('cohere embed', NULL, '{"meta":{"billed_units":{"input_tokens":4,"image_tokens":6}}}', usage(4, input_image => 6)),
('cohere rerank', NULL, '{"results":[],"meta":{"billed_units":{"search_units":2}}}', usage(requests => 2)),
('voyage embeddings', NULL, '{"object":"list","data":[{"embedding":[]}],"model":"voyage-3","usage":{"total_tokens":31}}', usage(31)),
('mistral ocr', NULL, '{"model":"mistral-ocr-2505","pages":[],"usage_info":{"pages_processed":12,"doc_size_bytes":null}}', usage(pages => 12)),
('langfuse buckets', NULL, '{"usageDetails":{"input":100,"input_cached_tokens":40,"output":20,"output_reasoning_tokens":15,"total":175,"grounding_queries":2}}',
	usage(100, 20, cache_read => 40, reasoning => 15, web_searches => 2)),
('openai batch line', NULL, '{"custom_id":"r-1","response":{"status_code":200,"body":{"model":"gpt-4o-mini","service_tier":"default","usage":{"prompt_tokens":22,"completion_tokens":2,"total_tokens":24}}}}', usage(22, 2));

-- Streams.  Mistake 15, cumulative usage summed: each would come out larger
INSERT INTO payload VALUES
('stream of openai chat', NULL, '[{"id":"c1","usage":null},{"id":"c1"},{"id":"c1","usage":{"prompt_tokens":7,"completion_tokens":9,"total_tokens":16}}]', usage(7, 9)),
('stream with running counts', NULL, '[{"id":"c1","usage":{"prompt_tokens":7,"completion_tokens":1,"total_tokens":8}},{"id":"c1","usage":{"prompt_tokens":7,"completion_tokens":9,"total_tokens":16}}]', usage(7, 9)),
('stream of anthropic', NULL, '[{"type":"message_start","message":{"id":"m","model":"claude","usage":{"input_tokens":25,"cache_creation_input_tokens":40,"cache_read_input_tokens":10,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":40},"output_tokens":1}}},{"type":"message_delta","usage":{"output_tokens":15}}]',
	usage(25, 15, cache_read => 10, cache_write_1h => 40)),
('stream whose end states less than its start', NULL, '[{"message":{"id":"m","usage":{"input_tokens":25,"cache_read_input_tokens":10,"output_tokens":1}}},{"type":"message_delta","usage":{"input_tokens":0,"cache_read_input_tokens":0,"output_tokens":15}}]',
	usage(25, 15, cache_read => 10)),
('stream of gemini', NULL, '[{"responseId":"g","usageMetadata":{"promptTokenCount":10,"totalTokenCount":10}},{"responseId":"g","usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":3,"totalTokenCount":13}},{"responseId":"g","candidates":[{"groundingMetadata":{"webSearchQueries":["a"]}}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":8,"thoughtsTokenCount":2,"totalTokenCount":20,"candidatesTokensDetails":[{"modality":"AUDIO","tokenCount":5}]}}]',
	usage(10, 3, reasoning => 2, output_audio => 5, web_searches => 1));

SELECT is(parse_usage(payload, flavor)::text, expected::text, name) FROM payload;
SELECT ok(parse_usage(payload::json, flavor) = expected AND parse_usage(payload::jsonb, flavor) = expected,
		  name || ': json and jsonb') FROM payload;
SELECT cmp_ok(count(DISTINCT name), '>=', 90::bigint, 'cases have distinct names') FROM payload;

-- Errors
CREATE TEMP TABLE wrong (name text, flavor text, payload text, code text);
INSERT INTO wrong VALUES
('not json', NULL, '{"usage":', 'IA201'),
('empty', NULL, '', 'IA201'),
('text after the value', NULL, '{"prompt_tokens":1} x', 'IA201'),
('two values', NULL, '{"prompt_tokens":1}{"prompt_tokens":2}', 'IA201'),
('a number', NULL, '17', 'IA201'),
('a string', NULL, '"usage"', 'IA201'),
('null', NULL, 'null', 'IA201'),
('no usage', NULL, '{"model":"gpt-4o","choices":[]}', 'IA201'),
('usage is null', NULL, '{"usage":null}', 'IA201'),
('usage is empty', NULL, '{"usage":{}}', 'IA201'),
('counts are null', NULL, '{"usage":{"prompt_tokens":null,"completion_tokens":null}}', 'IA201'),
('keys are case-sensitive', NULL, '{"Usage":{"Prompt_Tokens":1}}', 'IA201'),
('a stream without usage', NULL, '[{"id":"c","usage":null}]', 'IA201'),
('two responses in an array', NULL, '[{"id":"a","usage":{"prompt_tokens":1}},{"id":"b","usage":{"prompt_tokens":2}}]', 'IA205'),
('a string is no count', NULL, '{"prompt_tokens":"12","completion_tokens":1}', 'IA201'),
('true is no count', NULL, '{"prompt_tokens":true}', 'IA201'),
('an array is no count', NULL, '{"prompt_tokens":[1]}', 'IA201'),
('a fraction', NULL, '{"prompt_tokens":1.5}', 'IA201'),
('2^53, to which 2^53 + 1 is rounded', NULL, '{"prompt_tokens":9007199254740992}', 'IA201'),
('2^53 + 1', NULL, '{"prompt_tokens":9007199254740993}', 'IA201'),
('1e400', NULL, '{"prompt_tokens":1e400}', 'IA201'),
('a bad detail', NULL, '{"prompt_tokens":5,"prompt_tokens_details":{"cached_tokens":"5"}}', 'IA201'),
('anthropic shape under openai', 'openai', '{"input_tokens":1,"cache_read_input_tokens":5,"output_tokens":1}', 'IA201'),
('gemini shape under openai', 'openai', '{"usageMetadata":{"promptTokenCount":1}}', 'IA201'),
('converse shape under anthropic', 'anthropic', '{"usage":{"inputTokens":1,"outputTokens":1}}', 'IA201'),
('below zero', NULL, '{"prompt_tokens":-1,"completion_tokens":1}', 'IA203'),
('a detail below zero', NULL, '{"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":-1}}', 'IA203'),
('an unknown flavor', 'watson', '{"prompt_tokens":1}', '22023'),
('an empty flavor', '', '{"prompt_tokens":1}', '22023'),
('total too large', NULL, '{"prompt_tokens":10,"completion_tokens":5,"total_tokens":20}', 'IA202'),
('total too small', NULL, '{"prompt_tokens":10,"completion_tokens":5,"total_tokens":14}', 'IA202'),
('responses total', NULL, '{"input_tokens":10,"output_tokens":5,"total_tokens":16}', 'IA202'),
('anthropic total', NULL, '{"input_tokens":10,"cache_read_input_tokens":3,"output_tokens":5,"total_tokens":17}', 'IA202'),
('gemini total: thoughts left out', NULL, '{"usageMetadata":{"promptTokenCount":75,"candidatesTokenCount":18,"totalTokenCount":237,"promptTokensDetails":[{"modality":"TEXT","tokenCount":75}],"candidatesTokensDetails":[{"modality":"TEXT","tokenCount":18}]}}', 'IA202'),
('converse total', NULL, '{"usage":{"inputTokens":9,"outputTokens":5,"cacheReadInputTokens":3,"totalTokens":15}}', 'IA202'),
('ai sdk total', NULL, '{"usage":{"inputTokens":9,"outputTokens":5,"reasoningTokens":1,"totalTokens":20}}', 'IA202'),
('perplexity total', 'perplexity', '{"prompt_tokens":1,"completion_tokens":2,"reasoning_tokens":3,"total_tokens":4}', 'IA202'),
('cached more than the prompt', NULL, '{"prompt_tokens":10,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":11}}', 'IA202'),
('cached and written more than the input', NULL, '{"input_tokens":10,"output_tokens":1,"input_tokens_details":{"cached_tokens":6,"cache_write_tokens":5}}', 'IA202'),
('audio more than the prompt', NULL, '{"prompt_tokens":10,"prompt_tokens_details":{"audio_tokens":11}}', 'IA202'),
('cached audio more than cached', NULL, '{"input_tokens":10,"output_tokens":1,"input_token_details":{"audio_tokens":9,"cached_tokens":3,"cached_tokens_details":{"audio_tokens":4}}}', 'IA202'),
('reasoning more than the completion', 'openai', '{"prompt_tokens":10,"completion_tokens":5,"completion_tokens_details":{"reasoning_tokens":6}}', 'IA202'),
('reasoning outside the completion under openai', 'openai', '{"prompt_tokens":10,"completion_tokens":5,"total_tokens":18,"completion_tokens_details":{"reasoning_tokens":3}}', 'IA202'),
('thinking more than the output', NULL, '{"input_tokens":1,"cache_read_input_tokens":0,"output_tokens":5,"output_tokens_details":{"thinking_tokens":6}}', 'IA202'),
('cache split more than written', NULL, '{"input_tokens":1,"cache_creation_input_tokens":5,"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":3},"output_tokens":1}', 'IA202'),
('gemini cached more than the prompt', NULL, '{"usageMetadata":{"promptTokenCount":5,"toolUsePromptTokenCount":9,"cachedContentTokenCount":6}}', 'IA202'),
('deepseek hits and misses are not the prompt', 'deepseek', '{"prompt_tokens":10,"completion_tokens":1,"prompt_cache_hit_tokens":4,"prompt_cache_miss_tokens":5}', 'IA202');

SELECT throws_ok(format('SELECT parse_usage(%L, %L)', payload, flavor), code, NULL, name) FROM wrong;
SELECT throws_ok('SELECT parse_model(''{'')', 'IA201', NULL, 'parse_model: not json');
SELECT throws_ok('SELECT parse_service_tier(''{'')', 'IA201', NULL, 'parse_service_tier: not json');
SELECT throws_ok(format('SELECT parse_usage(%L)', repeat('[', 5000) || repeat(']', 5000)), 'IA201', NULL, 'nested too deeply');

-- The largest exact count, and duplicate keys: the last counts in every form
SELECT is(parse_usage('{"prompt_tokens":9007199254740991}'), usage(9007199254740991), 'the largest exact count');
SELECT is(parse_usage(p), usage(2), 'duplicate keys in text') FROM (VALUES ('{"prompt_tokens":1,"prompt_tokens":2}')) AS v (p);
SELECT is(parse_usage(p::json), parse_usage(p::jsonb), 'duplicate keys in json and jsonb') FROM (VALUES ('{"prompt_tokens":1,"prompt_tokens":2}')) AS v (p);

-- Model
SELECT is(parse_model(p), m, format('model of %s', p)) FROM (VALUES
	('{"model":"gpt-4o"}', 'gpt-4o'),
	('{"modelVersion":"gemini-2.5-pro"}', 'gemini-2.5-pro'),
	('{"response":{"model":"gpt-5"}}', 'gpt-5'),
	('{"message":{"model":"claude-haiku-4-5"}}', 'claude-haiku-4-5'),
	('{"custom_id":"a","response":{"body":{"model":"gpt-4o-mini"}}}', 'gpt-4o-mini'),
	('[{"type":"ping"},{"message":{"model":"claude"}}]', 'claude'),
	('{"model":"mod\u00e8le"}', U&'mod\00E8le'),
	('{"usage":{"inputTokens":1}}', NULL),
	('{"model":null}', NULL),
	('{"model":""}', NULL),
	('{"model":{"name":"x"}}', NULL),
	('17', NULL)) AS v (p, m);
SELECT is(parse_model(p::json) || parse_model(p::jsonb), 'aa', 'model of json and jsonb') FROM (VALUES ('{"model":"a"}')) AS v (p);
-- A geography that costs more stands before the name, which alone is priced right.
SELECT is(parse_model(p), m, format('model in a geography: %s', p)) FROM (VALUES
	('{"type": "message", "model": "claude-opus-5", "usage": {"input_tokens": 1, "inference_geo": "us"}}'::jsonb, 'us.claude-opus-5'),
	('{"type": "message", "model": "claude-opus-5", "usage": {"input_tokens": 1, "inference_geo": "global"}}', 'claude-opus-5')) AS v (p, m);
SELECT is(token_cost(parse_model(p), parse_usage(p), '2026-10-01'), token_cost(parse_model(p), parse_usage(p), '2026-10-01', parse_service_tier(p), parse_region(p)),
	'with and without its region it costs the same') FROM (VALUES
	('{"type": "message", "model": "claude-opus-5", "usage": {"input_tokens": 1000, "output_tokens": 10, "inference_geo": "us"}}'::jsonb)) AS v (p);
SELECT throws_ok(format('SELECT parse_model(%L)', json_build_object('model', repeat('m', 1024))), 'IA201', NULL, 'a model name too long');
SELECT is(length(parse_model(json_build_object('model', repeat('m', 1023)))), 1023, 'the longest model name');

-- Service tier.  Mistake 6, tier ignored or taken from the request
SELECT is(parse_service_tier(p), t, format('tier of %s', p)) FROM (VALUES
	('{}', 'standard'),
	('{"service_tier":null}', 'standard'),
	('{"service_tier":"default"}', 'standard'),
	('{"service_tier":"auto"}', 'standard'),
	('{"service_tier":"on_demand"}', 'standard'),
	('{"service_tier":"flex"}', 'flex'),
	('{"service_tier":"priority"}', 'priority'),
	('{"service_tier":"scale"}', 'scale'),
	('{"usage":{"service_tier":"batch"}}', 'batch'),
	('{"usage":{"service_tier":"standard","speed":"fast"}}', 'fast'),
	('{"usage":{"service_tier":"priority","speed":"standard"}}', 'priority'),
	('{"response":{"service_tier":"flex"}}', 'flex'),
	('{"usageMetadata":{"trafficType":"ON_DEMAND"}}', 'standard'),
	('{"usageMetadata":{"trafficType":"ON_DEMAND_FLEX"}}', 'flex'),
	('{"usageMetadata":{"trafficType":"ON_DEMAND_PRIORITY","serviceTier":"standard"}}', 'priority'),
	('{"usageMetadata":{"serviceTier":"flex"}}', 'flex'),
	('{"serviceTier":{"type":"priority"}}', 'priority'),
	('{"model_parameters":{"service_tier":"flex"}}', 'flex'),
	('{"service_tier":"default","model_parameters":{"service_tier":"priority"}}', 'standard'),
	('{"custom_id":"a","response":{"body":{"service_tier":"default"}}}', 'batch'),
	('{"custom_id":"a","result":{"message":{"usage":{"service_tier":"batch"}}}}', 'batch'),
	('[{"message":{"usage":{"service_tier":"priority"}}},{"type":"message_delta"}]', 'priority')) AS v (p, t);
SELECT is(parse_service_tier(p::json) || parse_service_tier(p::jsonb), 'flexflex', 'tier of json and jsonb') FROM (VALUES ('{"service_tier":"flex"}')) AS v (p);
SELECT throws_ok(format('SELECT parse_service_tier(%L)', json_build_object('service_tier', repeat('t', 64))), 'IA201', NULL, 'a tier too long');

-- Numbers of jsonb, as they lie: of every number of digits, with zeros at their end, and what only looks like one.
CREATE FUNCTION pg_temp.told(payload text, as_jsonb boolean) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN CASE WHEN as_jsonb THEN parse_usage(payload::jsonb) ELSE parse_usage(payload) END;
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE;
END $$;
CREATE TEMP TABLE number AS
SELECT n::text AS number FROM (SELECT (10 ^ e)::numeric(20, 0) * d + o FROM generate_series(0, 16) AS e, unnest(ARRAY[1, 3, 9]) AS d, unnest(ARRAY[-1, 0, 1, 10000]) AS o) AS t(n)
UNION SELECT unnest(ARRAY['0', '-0', '-1', '-10000', '0.5', '1.0', '10000.0', '1e3', '1e8', '12e-1', '1200e-2', '9007199254740991', '9007199254740992', '100000000000000000000', '0.00001', '-0.0']);
SELECT cmp_ok((SELECT count(*) FROM number), '>', 200::bigint, 'numbers');
SELECT is((SELECT string_agg(concat_ws(' ', number, j, t), ', ') FROM (SELECT number, pg_temp.told(p, true) AS j, pg_temp.told(p, false) AS t
	FROM number CROSS JOIN LATERAL (VALUES (format('{"usage": {"prompt_tokens": %s, "completion_tokens": 0}}', number))) AS f(p)) AS x WHERE j IS DISTINCT FROM t), NULL, 'a number of jsonb counts as in text');
SELECT is((SELECT count(*) FROM number WHERE number ~ '^[1-9][0-9]{0,14}$' AND pg_temp.told(format('{"usage": {"prompt_tokens": %s, "completion_tokens": 0}}', number), true)
	IS DISTINCT FROM format('{"input":%s,"requests":1}', number)), 0::bigint, 'as what it is');

SELECT * FROM finish();
ROLLBACK;
