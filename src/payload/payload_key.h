/*
 * payload_key.h
 *	  The one list of the names in a payload that mean something.
 *
 * READ: a reader knows it.  NAMED: the same, where the name is no identifier.
 * FREE: whatever it counts carries no charge of its own, for the reason beside
 * it; a reader may read it all the same.
 *
 * Invariant: a count under any other name makes a usage unknown, unless it is
 * zero or the caller says what it counts.
 */
#ifndef INFERACCT_PAYLOAD_KEY_H
#define INFERACCT_PAYLOAD_KEY_H

#include <stdbool.h>
#include <stddef.h>

#define PAYLOAD_KEYS(READ, NAMED, FREE) \
	READ(SERVER_SIDE_TOOL_CODE_EXECUTION) \
	READ(SERVER_SIDE_TOOL_COLLECTIONS_SEARCH) \
	READ(SERVER_SIDE_TOOL_IMAGE_GENERATION) \
	READ(SERVER_SIDE_TOOL_MCP) \
	READ(SERVER_SIDE_TOOL_VIEW_IMAGE) \
	READ(SERVER_SIDE_TOOL_VIEW_X_VIDEO) \
	READ(SERVER_SIDE_TOOL_WEB_SEARCH) \
	READ(SERVER_SIDE_TOOL_X_SEARCH) \
	READ(WORD) \
	READ(action) \
	READ(anthropic) \
	READ(attributes) \
	READ(audio) \
	READ(audio_tokens) \
	READ(azure) \
	READ(b64_json) \
	READ(batch_request_id) \
	READ(batch_result) \
	READ(billed_units) \
	READ(body) \
	READ(cache) \
	READ(cacheCreationInputTokens) \
	READ(cacheDetails) \
	READ(cacheRead) \
	READ(cacheReadInputTokenCount) \
	READ(cacheReadInputTokens) \
	READ(cacheReadTokens) \
	READ(cacheTokensDetails) \
	READ(cacheWrite) \
	READ(cacheWriteInputTokenCount) \
	READ(cacheWriteInputTokens) \
	READ(cacheWriteTokens) \
	READ(cache_audio_read_tokens) \
	READ(cache_creation) \
	READ(cache_creation_input_tokens) \
	READ(cache_creation_token_details) \
	READ(cache_creation_tokens) \
	READ(cache_image_read_tokens) \
	READ(cache_input) \
	READ(cache_read) \
	READ(cache_read_audio) \
	READ(cache_read_image) \
	READ(cache_read_input_tokens) \
	READ(cache_read_tokens) \
	READ(cache_tokens_details) \
	READ(cache_video_read_tokens) \
	READ(cache_write) \
	READ(cache_write_1h) \
	READ(cache_write_1h_tokens) \
	READ(cache_write_input_tokens) \
	READ(cache_write_tokens) \
	READ(cached) \
	READ(cachedContentTokenCount) \
	READ(cachedInputTokens) \
	READ(cached_content_token_count) \
	READ(cached_input_tokens) \
	READ(cached_prompt_text_tokens) \
	READ(cached_prompt_tokens) \
	READ(cached_read_tokens) \
	READ(cached_tokens) \
	READ(cached_tokens_by_modality) \
	READ(cached_tokens_details) \
	READ(cached_write_tokens) \
	READ(candidatesTokenCount) \
	READ(candidatesTokensDetails) \
	READ(candidates_token_count) \
	READ(candidates_tokens_details) \
	READ(characters) \
	READ(citation) \
	READ(citation_tokens) \
	READ(code_interpreter) \
	READ(code_interpreter_calls) \
	READ(completed) \
	READ(completion) \
	READ(completionReason) \
	READ(completionTokens) \
	READ(completion_audio_tokens) \
	READ(completion_details) \
	READ(completion_token_details) \
	READ(completion_tokens) \
	READ(completion_tokens_details) \
	READ(connector_tokens) \
	READ(connectors) \
	READ(container_id) \
	READ(contentPolicyUnits) \
	READ(contextualGroundingPolicyUnits) \
	READ(created) \
	READ(custom_id) \
	READ(data) \
	READ(delta) \
	READ(dest) \
	READ(details) \
	READ(document_search_calls) \
	READ(done) \
	READ(duration) \
	READ(environment) \
	READ(ephemeral_1h_input_tokens) \
	READ(ephemeral_5m_input_tokens) \
	READ(error) \
	READ(executed_tools) \
	READ(eval_count) \
	READ(file_search_calls) \
	READ(finishReason) \
	READ(flagged) \
	READ(flex_cache_read) \
	READ(flex_reasoning) \
	READ(generation) \
	READ(generationTokens) \
	READ(generation_token_count) \
	READ(google) \
	READ(googleMapsWidgetContextToken) \
	READ(google_maps_grounding_requests) \
	READ(google_maps_widget_context_token) \
	READ(groundingChunks) \
	READ(groundingMetadata) \
	READ(grounding_chunks) \
	READ(grounding_metadata) \
	READ(grounding_queries) \
	READ(guardrail) \
	READ(image) \
	READ(imageSearchQueries) \
	READ(image_gen) \
	READ(image_generation) \
	READ(image_generation_calls) \
	READ(image_search_queries) \
	READ(image_tokens) \
	READ(images) \
	READ(inferenceGeo) \
	READ(inference_geo) \
	READ(info) \
	READ(inlinedResponses) \
	READ(inlined_responses) \
	READ(input) \
	READ(inputAssessment) \
	READ(inputTextTokenCount) \
	READ(inputTokenCount) \
	READ(inputTokenDetails) \
	READ(inputTokens) \
	READ(input_audio) \
	READ(input_audio_tokens) \
	READ(input_cache_creation) \
	READ(input_cache_creation_1h) \
	READ(input_cache_creation_5m) \
	READ(input_cache_read) \
	READ(input_cached_audio_tokens) \
	READ(input_cached_tokens) \
	READ(input_image) \
	READ(input_image_tokens) \
	READ(input_token_details) \
	READ(input_tokens) \
	READ(input_tokens_by_modality) \
	READ(input_tokens_details) \
	READ(input_video) \
	READ(input_video_tokens) \
	READ(interaction) \
	READ(invocation) \
	READ(invocationMetrics) \
	READ(item) \
	READ(item_id) \
	READ(iterations) \
	READ(key) \
	READ(last_token_usage) \
	READ(llm) \
	READ(llmOutput) \
	READ(llm_output) \
	READ(maps) \
	READ(meta) \
	READ(metadata) \
	READ(modality) \
	READ(model) \
	READ(modelID) \
	READ(modelId) \
	READ(modelParameters) \
	READ(modelUsage) \
	READ(modelVersion) \
	READ(name) \
	READ(model_name) \
	READ(model_parameters) \
	READ(model_version) \
	READ(models) \
	READ(native_tokens_cached) \
	READ(native_tokens_completion) \
	READ(native_tokens_completion_images) \
	READ(native_tokens_prompt) \
	READ(native_tokens_reasoning) \
	READ(non_cached_input_tokens) \
	READ(num_model_requests) \
	READ(num_requests) \
	READ(num_search_queries) \
	READ(num_server_side_tools_used) \
	READ(num_sources_used) \
	READ(num_turns) \
	READ(object) \
	READ(openai) \
	READ(output) \
	READ(outputAssessments) \
	READ(outputText) \
	READ(outputTokenCount) \
	READ(outputTokenDetails) \
	READ(outputTokens) \
	READ(output_audio) \
	READ(output_audio_tokens) \
	READ(output_citation_tokens) \
	READ(output_image) \
	READ(output_image_tokens) \
	READ(output_reasoning) \
	READ(output_reasoning_tokens) \
	READ(output_token_details) \
	READ(output_tokens) \
	READ(output_tokens_by_modality) \
	READ(output_tokens_details) \
	READ(output_video) \
	READ(output_video_tokens) \
	READ(outputs) \
	READ(pages_processed) \
	READ(payload) \
	READ(performanceConfig) \
	READ(priority_cache_read) \
	READ(priority_reasoning) \
	READ(processed_time) \
	READ(prompt) \
	READ(promptTokenCount) \
	READ(promptTokenDetails) \
	READ(promptTokens) \
	READ(promptTokensDetails) \
	READ(prompt_audio_seconds) \
	READ(prompt_audio_tokens) \
	READ(prompt_cache_hit_tokens) \
	READ(prompt_cache_miss_tokens) \
	READ(prompt_cache_read_tokens) \
	READ(prompt_cache_write_tokens) \
	READ(prompt_details) \
	READ(prompt_eval_count) \
	READ(prompt_token_count) \
	READ(prompt_token_details) \
	READ(prompt_tokens) \
	READ(prompt_tokens_details) \
	READ(providerExecuted) \
	READ(providerMetadata) \
	READ(queries) \
	READ(read) \
	READ(reasoning) \
	READ(reasoningTokens) \
	READ(reasoning_output_tokens) \
	READ(reasoning_tokens) \
	READ(recordId) \
	READ(region) \
	READ(request_count) \
	READ(request_counts) \
	READ(requests) \
	READ(response) \
	READ(responseId) \
	READ(responseTokenCount) \
	READ(responseTokensDetails) \
	READ(response_id) \
	READ(response_metadata) \
	READ(response_token_count) \
	READ(response_tokens_details) \
	READ(result) \
	READ(results) \
	READ(schemaType) \
	READ(search_context_size) \
	READ(search_units) \
	READ(search_web) \
	READ(seconds) \
	READ(sensitiveInformationPolicyUnits) \
	READ(server_side_tool_usage) \
	READ(server_side_tool_usage_details) \
	READ(server_side_tools_used) \
	READ(server_tool_use) \
	READ(server_tool_use_details) \
	READ(service_tier) \
	READ(speed) \
	READ(status) \
	READ(step) \
	READ(step_details) \
	READ(steps) \
	READ(stop_reason) \
	READ(successful_requests) \
	READ(thinking_tokens) \
	READ(thoughts) \
	READ(thoughtsTokenCount) \
	READ(thoughts_token_count) \
	READ(thoughts_tokens) \
	READ(tokenCount) \
	READ(tokenUsage) \
	READ(token_count) \
	READ(token_usage) \
	READ(tokens) \
	READ(tokens_completion) \
	READ(tokens_prompt) \
	READ(tool) \
	READ(toolName) \
	READ(toolUsePromptTokenCount) \
	READ(toolUsePromptTokensDetails) \
	READ(tool_calls_details) \
	READ(tool_usage) \
	READ(tool_use_prompt_token_count) \
	READ(tool_use_prompt_tokens_details) \
	READ(tool_use_tokens_by_modality) \
	READ(tools) \
	READ(topicPolicyUnits) \
	READ(total) \
	READ(totalOutputTextTokenCount) \
	READ(totalTokenCount) \
	READ(totalTokens) \
	READ(totalUsage) \
	READ(total_cached_tokens) \
	READ(total_input_tokens) \
	READ(total_output_tokens) \
	READ(total_reasoning_tokens) \
	READ(total_thought_tokens) \
	READ(total_token_count) \
	READ(total_tokens) \
	READ(total_tool_use_tokens) \
	READ(trace) \
	READ(traffic_type) \
	READ(ttl) \
	READ(type) \
	READ(unit) \
	READ(url) \
	READ(usage) \
	READ(usage_breakdown) \
	READ(usageDetails) \
	READ(usageMetadata) \
	READ(usage_details) \
	READ(usage_info) \
	READ(usage_metadata) \
	READ(vertex) \
	READ(video) \
	READ(video_tokens) \
	READ(view_image_calls) \
	READ(view_x_video_calls) \
	READ(webSearchQueries) \
	READ(webSearchRequests) \
	READ(web_search) \
	READ(web_search_calls) \
	READ(web_search_queries) \
	READ(web_search_requests) \
	READ(web_searches) \
	READ(write) \
	READ(x_groq) \
	READ(x_search_calls) \
	NAMED(ai_usage_cachedInputTokens, "ai.usage.cachedInputTokens") \
	NAMED(ai_usage_completionTokens, "ai.usage.completionTokens") \
	NAMED(ai_usage_inputTokenDetails_cacheReadTokens, "ai.usage.inputTokenDetails.cacheReadTokens") \
	NAMED(ai_usage_inputTokenDetails_cacheWriteTokens, "ai.usage.inputTokenDetails.cacheWriteTokens") \
	NAMED(ai_usage_inputTokenDetails_noCacheTokens, "ai.usage.inputTokenDetails.noCacheTokens") \
	NAMED(ai_usage_inputTokens, "ai.usage.inputTokens") \
	NAMED(ai_usage_outputTokenDetails_reasoningTokens, "ai.usage.outputTokenDetails.reasoningTokens") \
	NAMED(ai_usage_outputTokenDetails_textTokens, "ai.usage.outputTokenDetails.textTokens") \
	NAMED(ai_usage_outputTokens, "ai.usage.outputTokens") \
	NAMED(ai_usage_promptTokens, "ai.usage.promptTokens") \
	NAMED(ai_usage_reasoningTokens, "ai.usage.reasoningTokens") \
	NAMED(ai_usage_tokens, "ai.usage.tokens") \
	NAMED(ai_usage_totalTokens, "ai.usage.totalTokens") \
	NAMED(bedrock_invocationMetrics, "amazon-bedrock-invocationMetrics") \
	NAMED(bedrock_trace, "amazon-bedrock-trace") \
	NAMED(gen_ai_openai_response_service_tier, "gen_ai.openai.response.service_tier") \
	NAMED(gen_ai_operation_name, "gen_ai.operation.name") \
	NAMED(gen_ai_request_model, "gen_ai.request.model") \
	NAMED(gen_ai_response_model, "gen_ai.response.model") \
	NAMED(gen_ai_usage_audio_dot_input_tokens, "gen_ai.usage.audio.input_tokens") \
	NAMED(gen_ai_usage_audio_dot_output_tokens, "gen_ai.usage.audio.output_tokens") \
	NAMED(gen_ai_usage_cache_creation_dot_input_tokens, "gen_ai.usage.cache_creation.input_tokens") \
	NAMED(gen_ai_usage_cache_creation_input_tokens, "gen_ai.usage.cache_creation_input_tokens") \
	NAMED(gen_ai_usage_cache_read_dot_input_tokens, "gen_ai.usage.cache_read.input_tokens") \
	NAMED(gen_ai_usage_cache_read_input_tokens, "gen_ai.usage.cache_read_input_tokens") \
	NAMED(gen_ai_usage_cached_tokens, "gen_ai.usage.cached_tokens") \
	NAMED(gen_ai_usage_completion_tokens, "gen_ai.usage.completion_tokens") \
	NAMED(gen_ai_usage_details_cache_creation_input_tokens, "gen_ai.usage.details.cache_creation_input_tokens") \
	NAMED(gen_ai_usage_details_cache_read_input_tokens, "gen_ai.usage.details.cache_read_input_tokens") \
	NAMED(gen_ai_usage_details_cache_read_tokens, "gen_ai.usage.details.cache_read_tokens") \
	NAMED(gen_ai_usage_details_cache_write_tokens, "gen_ai.usage.details.cache_write_tokens") \
	NAMED(gen_ai_usage_details_cached_content_tokens, "gen_ai.usage.details.cached_content_tokens") \
	NAMED(gen_ai_usage_details_cached_tokens, "gen_ai.usage.details.cached_tokens") \
	NAMED(gen_ai_usage_details_reasoning_tokens, "gen_ai.usage.details.reasoning_tokens") \
	NAMED(gen_ai_usage_details_thoughts_tokens, "gen_ai.usage.details.thoughts_tokens") \
	NAMED(gen_ai_usage_details_web_search_requests, "gen_ai.usage.details.web_search_requests") \
	NAMED(gen_ai_usage_image_dot_input_tokens, "gen_ai.usage.image.input_tokens") \
	NAMED(gen_ai_usage_image_dot_output_tokens, "gen_ai.usage.image.output_tokens") \
	NAMED(gen_ai_usage_input_cached_tokens, "gen_ai.usage.input_cached_tokens") \
	NAMED(gen_ai_usage_input_tokens, "gen_ai.usage.input_tokens") \
	NAMED(gen_ai_usage_output_tokens, "gen_ai.usage.output_tokens") \
	NAMED(gen_ai_usage_prompt_tokens, "gen_ai.usage.prompt_tokens") \
	NAMED(gen_ai_usage_reasoning_dot_output_tokens, "gen_ai.usage.reasoning.output_tokens") \
	NAMED(gen_ai_usage_reasoning_tokens, "gen_ai.usage.reasoning_tokens") \
	NAMED(gen_ai_usage_total_tokens, "gen_ai.usage.total_tokens") \
	NAMED(gen_ai_usage_video_dot_input_tokens, "gen_ai.usage.video.input_tokens") \
	NAMED(llm_model_name, "llm.model_name") \
	NAMED(llm_token_count_completion, "llm.token_count.completion") \
	NAMED(llm_token_count_completion_details_audio, "llm.token_count.completion_details.audio") \
	NAMED(llm_token_count_completion_details_reasoning, "llm.token_count.completion_details.reasoning") \
	NAMED(llm_token_count_prompt, "llm.token_count.prompt") \
	NAMED(llm_token_count_prompt_details_audio, "llm.token_count.prompt_details.audio") \
	NAMED(llm_token_count_prompt_details_cache_input, "llm.token_count.prompt_details.cache_input") \
	NAMED(llm_token_count_prompt_details_cache_read, "llm.token_count.prompt_details.cache_read") \
	NAMED(llm_token_count_prompt_details_cache_write, "llm.token_count.prompt_details.cache_write") \
	NAMED(llm_token_count_total, "llm.token_count.total") \
	NAMED(llm_usage_total_tokens, "llm.usage.total_tokens") \
	NAMED(openai_response_service_tier, "openai.response.service_tier") \
	FREE(cost, "money") \
	FREE(cost_estimate, "money") \
	FREE(pydantic_ai_gateway, "money") \
	FREE(cost_details, "money") \
	FREE(total_cost, "money") \
	FREE(total_cost_usd, "money") \
	FREE(cost_in_usd_ticks, "money") \
	FREE(cost_usd, "money") \
	FREE(costUSD, "money") \
	FREE(estimated_cost, "money") \
	FREE(input_cost, "money") \
	FREE(output_cost, "money") \
	FREE(request_cost, "money") \
	FREE(upstream_inference_cost, "money") \
	FREE(cache_discount, "money") \
	FREE(search_cost, "money") \
	FREE(input_tokens_cost, "money") \
	FREE(output_tokens_cost, "money") \
	FREE(reasoning_tokens_cost, "money") \
	FREE(citation_tokens_cost, "money") \
	FREE(search_queries_cost, "money") \
	FREE(prompt_cost, "money") \
	FREE(completion_cost, "money") \
	FREE(total_nano_aiu, "money") \
	FREE(copilot_usage, "money") \
	FREE(guardrailProcessingLatency, "a time") \
	FREE(queue_time, "a time") \
	FREE(prompt_time, "a time") \
	FREE(completion_time, "a time") \
	FREE(total_time, "a time") \
	FREE(total_duration, "a time") \
	FREE(load_duration, "a time") \
	FREE(prompt_eval_duration, "a time") \
	FREE(eval_duration, "a time") \
	FREE(start_time, "a time") \
	FREE(end_time, "a time") \
	FREE(time_to_first_token, "a time") \
	FREE(time_to_first_token_ms, "a time") \
	FREE(total_latency, "a time") \
	FREE(latency, "a time") \
	FREE(latencyMs, "a time") \
	FREE(latency_ms, "a time") \
	FREE(invocationLatency, "a time") \
	FREE(firstByteLatency, "a time") \
	FREE(duration_ms, "a time") \
	FREE(duration_api_ms, "a time") \
	FREE(ttft_ms, "a time") \
	FREE(ttft, "a time") \
	FREE(generation_time, "a time") \
	FREE(moderation_latency, "a time") \
	FREE(time_info, "a time") \
	FREE(created_at, "a time") \
	FREE(updated_at, "a time") \
	FREE(completion_token_time, "a time") \
	FREE(prompt_token_time, "a time") \
	FREE(acceptance_rate, "a rate") \
	FREE(completion_tokens_per_sec, "a rate") \
	FREE(total_tokens_per_sec, "a rate") \
	FREE(completion_tokens_after_first_per_sec, "a rate") \
	FREE(completion_tokens_after_first_per_sec_first_ten, "a rate") \
	FREE(completion_tokens_after_first_per_sec_graph, "a rate") \
	FREE(completion_tokens_after_first_per_sec_first_five, "a rate") \
	FREE(prompt_tokens_per_second, "a rate") \
	FREE(completion_tokens_per_second, "a rate") \
	FREE(prompt_tokens_per_sec, "a rate") \
	FREE(total_tokens_per_second, "a rate") \
	FREE(contextWindow, "a limit") \
	FREE(context_window, "a limit") \
	FREE(maxOutputTokens, "a limit") \
	FREE(max_output_tokens, "a limit") \
	FREE(max_tokens, "a limit") \
	FREE(text_tokens, "the rest of a total that is counted") \
	FREE(input_text_tokens, "the rest of a total that is counted") \
	FREE(output_text_tokens, "the rest of a total that is counted") \
	FREE(text, "the rest of a total that is counted") \
	FREE(textTokens, "the rest of a total that is counted") \
	FREE(noCache, "the rest of a total that is counted") \
	FREE(noCacheTokens, "the rest of a total that is counted") \
	FREE(priority, "the rest of a total that is counted") \
	FREE(flex, "the rest of a total that is counted") \
	FREE(prompt_text_tokens, "the rest of a total that is counted") \
	FREE(cache_text_read_tokens, "the rest of a total that is counted") \
	FREE(accepted_prediction_tokens, "part of a count that is charged as a whole") \
	FREE(rejected_prediction_tokens, "part of a count that is charged as a whole") \
	FREE(num_cached_tokens, "part of a count that is charged as a whole") \
	FREE(billablePromptUsage, "a copy of counts that are read") \
	FREE(raw, "a copy of counts that are read") \
	FREE(request_usage_entries, "a copy of counts that are read") \
	FREE(context_details, "a copy of counts that are read") \
	FREE(nativeUsage, "a copy of counts that are read") \
	FREE(x_details, "a copy of counts that are read") \
	FREE(web_fetch_requests, "a tool without a fee of its own") \
	FREE(tool_search_requests, "a tool without a fee of its own") \
	FREE(mcp_calls, "a tool without a fee of its own") \
	FREE(mcp_requests, "a tool without a fee of its own") \
	FREE(tool_calls, "a tool without a fee of its own") \
	FREE(toolCalls, "a tool without a fee of its own") \
	FREE(num_tool_calls, "a tool without a fee of its own") \
	FREE(tool_calls_requested, "a tool without a fee of its own") \
	FREE(tool_calls_executed, "a tool without a fee of its own") \
	FREE(code_execution_requests, "not charged by the request") \
	FREE(wordPolicyUnits, "not charged by the request") \
	FREE(sensitiveInformationPolicyFreeUnits, "not charged by the request") \
	FREE(doc_size_bytes, "bytes of what was sent") \
	FREE(guardrailCoverage, "what a guardrail looked at") \
	FREE(modelOutput, "what a guardrail looked at") \
	FREE(actionReason, "what a guardrail looked at") \
	FREE(index, "about the answer, not a count of its usage") \
	FREE(finish_reason, "about the answer, not a count of its usage") \
	FREE(choices, "about the answer, not a count of its usage") \
	FREE(content, "about the answer, not a count of its usage") \
	FREE(message, "about the answer, not a count of its usage") \
	FREE(messages, "about the answer, not a count of its usage") \
	FREE(candidates, "about the answer, not a count of its usage") \
	FREE(embedding, "about the answer, not a count of its usage") \
	FREE(embeddings, "about the answer, not a count of its usage") \
	FREE(embeddings_by_type, "about the answer, not a count of its usage") \
	FREE(embeddingsByType, "about the answer, not a count of its usage") \
	FREE(context, "about the answer, not a count of its usage") \
	FREE(inputBodyJson, "about the answer, not a count of its usage") \
	FREE(outputBodyJson, "about the answer, not a count of its usage") \
	FREE(requestMetadata, "about the answer, not a count of its usage") \
	FREE(logprobs, "about the answer, not a count of its usage") \
	FREE(progress, "about the answer, not a count of its usage") \
	FREE(relevance_score, "about the answer, not a count of its usage") \
	FREE(id, "about the answer, not a count of its usage") \
	FREE(extra_properties, "about the answer, not a count of its usage") \
	FREE(quotaSnapshots, "about the answer, not a count of its usage") \
	FREE(status_code, "about the answer, not a count of its usage") \
	FREE(is_byok, "about the answer, not a count of its usage") \
	FREE(request, "about the answer, not a count of its usage") \
	FREE(arguments, "about the answer, not a count of its usage") \
	FREE(metrics, "about the answer, not a count of its usage") \
	FREE(serviceTier, "about the answer, not a count of its usage") \
	FREE(trafficType, "about the answer, not a count of its usage") \
	FREE(done_reason, "about the answer, not a count of its usage")

typedef enum PayloadKey
{
	KEY_NONE,					/* ends a list of keys */
#define KEY_OF(ident) KEY_##ident,
#define KEY_OF_2(ident, other) KEY_##ident,
	PAYLOAD_KEYS(KEY_OF, KEY_OF_2, KEY_OF_2)
#undef KEY_OF
#undef KEY_OF_2
	KEY_UNKNOWN
} PayloadKey;

/* The key of that name, or KEY_UNKNOWN. */
extern PayloadKey PayloadKeyByName(const char *name, size_t length);

/* Does what is counted under this name carry no charge? */
extern bool PayloadKeyIsFree(unsigned key);

#endif							/* INFERACCT_PAYLOAD_KEY_H */
