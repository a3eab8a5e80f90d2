-- tool: what attach_usage() makes of the logs that widespread tools keep.
--
-- Invariants: each function gives a tool's definition: the columns of usage_log as
-- expressions (400-source_mapping says how they are written), what reads its counts
-- (kind, counts), whether a row reached no provider (unserved), and which rows are
-- calls (where).  A row is left out only for what it says that it is; a row that is a
-- call and cannot be read is rejected.  No value of a row raises an error.

CREATE FUNCTION inferacct_internal.litellm_is_other(call_type text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'litellm_is_other';

COMMENT ON FUNCTION litellm_is_other(text) IS
'Is a row of LiteLLM one of which a usage_object counts anything but one answer in text: a batch, image, rerank or '
'video? NULL for NULL.';

CREATE FUNCTION inferacct_internal.litellm_other_counts(metadata jsonb, call_type text, input text, output text)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 50
SET search_path TO inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	kept jsonb := CASE WHEN jsonb_typeof(metadata -> 'usage_object') = 'object' THEN metadata -> 'usage_object' END;
	of_columns jsonb := jsonb_build_object('prompt_tokens', coalesce(to_jsonb(try_number(input)), to_jsonb(input)),
		'completion_tokens', coalesce(to_jsonb(try_number(output)), to_jsonb(output)));
	has_columns boolean := coalesce(try_number(input), 1) <> 0 OR coalesce(try_number(output), 1) <> 0;
	counts jsonb := CASE
		WHEN kept ?| ARRAY['prompt_tokens', 'completion_tokens'] THEN of_columns || kept
		WHEN kept ?| ARRAY['input_tokens', 'output_tokens'] THEN kept
		WHEN kept IS NULL OR has_columns OR kept = '{}' THEN of_columns || coalesce(kept, '{}')
		ELSE kept END;
BEGIN
	RETURN CASE
		WHEN counts ? 'search_units' THEN jsonb_build_object('meta', jsonb_build_object('billed_units', counts))
		WHEN call_type LIKE '%video%' AND counts ? 'duration_seconds' THEN jsonb_build_object('object', 'video',
			'status', 'completed', 'seconds', counts -> 'duration_seconds')
		WHEN call_type LIKE '%image%' AND NOT counts ?| ARRAY['output_tokens_details', 'completion_tokens_details']
			THEN jsonb_build_object('type', 'image_generation.completed', 'usage', counts)
		WHEN call_type LIKE '%retrieve_batch' AND NOT counts ? 'requests' THEN
			jsonb_build_object('usage', counts || '{"requests": 2}')
		ELSE jsonb_build_object('usage', counts) END;
END
$$;

COMMENT ON FUNCTION litellm_other_counts(jsonb, text, text, text) IS
'litellm_counts() of a row that is no plain answer.';

-- One expression, which the planner puts in its place, for nearly all rows; with jsonb_build_object(), which is
-- STABLE, it would not.
CREATE FUNCTION inferacct_internal.litellm_counts(metadata jsonb, call_type text, input text, output text)
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
RETURN CASE WHEN metadata #> '{usage_object,prompt_tokens}' IS NOT NULL AND metadata #>
	'{usage_object,completion_tokens}' IS NOT NULL
	AND coalesce(NOT litellm_is_other(call_type), true)
	THEN jsonb_set('{}', '{usage}', metadata -> 'usage_object') ELSE litellm_other_counts(metadata, call_type, input,
		output) END;

COMMENT ON FUNCTION litellm_counts(jsonb, text, text, text) IS
'The counts of a row of LiteLLM as a payload: usage_object of metadata, and its own columns where that has none. The '
'usage of a batch is of several requests.';

CREATE FUNCTION inferacct_internal.litellm_plain_usage(metadata jsonb, call_type text)
RETURNS usage
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'litellm_plain_usage';

COMMENT ON FUNCTION litellm_plain_usage(jsonb, text) IS
'The usage of nearly all rows of LiteLLM, read at a look: of an answer in text whose usage_object counts tokens of the '
'prompt and the completion, cached and reasoning ones, and no others. NULL for any other row, whose litellm_counts() '
'tell. Where it is not NULL, usage_object states no tier and no region.';

-- Nearly all rows, told by a look at a hash table and not by the patterns of the others.
CREATE FUNCTION inferacct_internal.litellm_is_plain(call_type text)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1
RETURN call_type IN ('completion', 'acompletion', 'text_completion', 'atext_completion', 'embedding', 'aembedding',
	'responses', 'aresponses', 'anthropic_messages', 'generate_content', 'agenerate_content');

COMMENT ON FUNCTION litellm_is_plain(text) IS 'Is a row of LiteLLM, by its type, an answer in text or an embedding?';

-- No answer of speech or pictures is free: where nothing is counted, something was charged.
CREATE FUNCTION inferacct_internal.litellm_charged(call_type text, usd numeric)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN CASE WHEN litellm_is_plain(call_type) THEN usd
	WHEN call_type ~ 'speech|transcription|image|video|ocr|rerank|search' THEN greatest(usd, 1) ELSE usd END;

COMMENT ON FUNCTION litellm_charged(text, numeric) IS
	'Above 0 where a call of LiteLLM was charged for: what it says, or that it is of a kind that is.';

-- The proxy logs requests for files, batches and lists, too: no model answers them.
CREATE FUNCTION inferacct_internal.litellm_is_call(call_type text, input text, output text, usd numeric)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN CASE WHEN litellm_is_plain(call_type) THEN true WHEN call_type ~
	'^a?(create_batch|cancel_batch|list_batches|(create|retrieve|delete|list|get)_files?|file_(create|retrieve|delete|'
	'list|content)|(create|cancel|list|retrieve)_fine_tuning_jobs?|(get|delete|cancel|list)_(responses|input_items)|'
	'vector_store_.*|list_mcp_tools|call_mcp_tool|health_check)$'
			THEN coalesce(try_number(input), 0) <> 0 OR coalesce(try_number(output), 0) <> 0 OR coalesce(usd, 0) <> 0
				ELSE true END;

COMMENT ON FUNCTION litellm_is_call(text, text, text, numeric) IS 'Is a row of LiteLLM a call to a model? Not those '
	'of files, lists and jobs, unless they count or cost something. What has a type that is not known is one.';

CREATE FUNCTION inferacct_internal.litellm_daily_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	counts text := (SELECT string_agg(format('%L, %s', key, source_need(relation, key, key)), ', ' ORDER BY key)
		FROM unnest(ARRAY['prompt_tokens', 'completion_tokens', 'cache_read_input_tokens',
			'cache_creation_input_tokens']) AS k(key));
BEGIN
	RETURN jsonb_build_object('kind', 'attributes',
		'counts', format('pg_catalog.jsonb_build_object(%s, ''requests'', %s)', counts, source_need(relation,
		'the number of requests', 'api_requests')),
		-- Images, speech and pages have no column of their own: what was charged for them is not counted.
		'refuse', source_format(
			'CASE WHEN %s {>} 0::numeric AND coalesce(inferacct_internal.try_number(%s::text), 0::numeric) {=} '
			'0::numeric AND coalesce(inferacct_internal.try_number(%s::text), 0::numeric) {=} 0::numeric THEN ''a '
				'charge is stated, but no tokens are counted: what was charged is not known'' END',
				source_usd(relation, source_column(relation, 'spend')),
			source_column(relation, 'prompt_tokens'), source_column(relation, 'completion_tokens')),
		'columns', jsonb_strip_nulls(jsonb_build_object(
			'at', source_time(relation, source_need(relation, 'the day', 'date'), NULL),
			'request_id', source_need(relation, 'request_id', 'id') || '::text',
			'model', format('inferacct_internal.source_model(%s, %s)', source_need(relation, 'provider',
			'custom_llm_provider'), source_need(relation, 'model', 'model')),
			'provider', source_word(source_column(relation, 'custom_llm_provider')),
			'team', source_word(source_column(relation, 'team_id')),
			'api_key', source_word(source_column(relation, 'api_key')),
			'end_user', source_word(source_column(relation, 'user_id', 'end_user_id')),
			'provider_usd', source_usd(relation, source_column(relation, 'spend')))));
END
$$;

COMMENT ON FUNCTION litellm_daily_definition(regclass, jsonb) IS
	'Definition of "LiteLLM_DailyUserSpend" and its kind for attach_usage(): sums of many requests, by day.';

CREATE FUNCTION inferacct_internal.litellm_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	metadata text;
	counts text;
	plain text;
	began text;
	provider text := source_column(relation, 'custom_llm_provider');
	cached text := source_column(relation, 'cache_hit');
	status text := source_column(relation, 'status');
	call_type text := source_column(relation, 'call_type');
	usd text := source_usd(relation, source_column(relation, 'spend'));
	tier text;
	failed text := coalesce(mapping ->> 'failed', 'keep');
BEGIN
	IF failed NOT IN ('keep', 'leave_out') THEN
		PERFORM inferacct_internal.fail('22023', format('"failed" cannot be "%s"', failed),
			hint => 'keep: failed calls cost what their counts say; leave_out: they are not in the view.');
	END IF;
	IF source_column(relation, 'api_requests') IS NOT NULL AND source_column(relation, 'request_id') IS NULL THEN
		RETURN litellm_daily_definition(relation, mapping);
	END IF;
	metadata := source_json(relation, source_need(relation, 'metadata', 'metadata'));
	began := source_time(relation, source_need(relation, 'the time of the request', 'startTime'), NULL);
	counts := format('inferacct_internal.litellm_counts(%s, %s, %s::text, %s::text)', metadata, coalesce(call_type,
		'NULL::text'),
		source_need(relation, 'prompt_tokens', 'prompt_tokens'), source_need(relation, 'completion_tokens',
			'completion_tokens'));
	plain := format('inferacct_internal.litellm_plain_usage(%s, %s)', metadata, coalesce(call_type, 'NULL::text'));
	tier := format('CASE WHEN %s IS NOT NULL THEN ''standard'' ELSE '
		'inferacct_internal.payload_word(''service_tier'', %s) END', plain, counts);
	RETURN jsonb_build_object('kind', 'attributes',
		'counts', counts, 'plain', plain,
		'charged', format('inferacct_internal.litellm_charged(%s, %s)', coalesce(call_type, 'NULL::text'),
		coalesce(usd, 'NULL::numeric')),
		-- An answer from LiteLLM's own cache reached no provider.
		'unserved', source_format('(pg_catalog.octet_length(%1$s::text) {=} 4 AND pg_catalog.lower(%1$s::text) {=} '
			'''true'')', cached),
		'columns', jsonb_strip_nulls(jsonb_build_object(
			'at', began,
			'request_id', source_need(relation, 'request_id', 'request_id'),
			'model', format('inferacct_internal.source_model(%s, %s)', coalesce(provider, 'NULL'),
			source_need(relation, 'model', 'model')),
			'service_tier', CASE WHEN call_type IS NULL THEN tier ELSE
			source_format('CASE WHEN pg_catalog.strpos(%s, ''batch'') {>} 0 THEN ''batch'' ELSE %s END', call_type,
			tier) END,
			'region', format('CASE WHEN %s IS NULL THEN inferacct_internal.payload_word(''region'', %s) END', plain,
				counts),
			'status', source_format('CASE WHEN %s {=} ''failure'' THEN ''failed'' ELSE ''ok'' END', status),
			'provider', source_word(provider),
			'team', source_word(source_column(relation, 'team_id')),
			'project', source_path(metadata, 'project_id'),
			'api_key', source_word(source_column(relation, 'api_key')),
			'end_user', coalesce(source_format('coalesce(%s, %s)', source_word(source_column(relation, 'end_user')),
			source_word(source_column(relation, 'user'))),
				source_word(source_column(relation, 'end_user', 'user'))),
			'provider_usd', usd,
			'duration_ms', source_milliseconds(began, source_time(relation, source_column(relation, 'endTime'), NULL)),
			'attributes', source_attributes(source_word(source_column(relation, 'session_id')),
				source_word(source_column(relation, 'agent_id')),
				customer => source_word(source_column(relation, 'organization_id'))),
			'tags', source_as(relation, source_column(relation, 'request_tags'), 'tags', NULL))),
		'where', nullif(concat_ws(' AND ',
			CASE WHEN failed = 'leave_out' THEN source_format('coalesce(%s {<>} ''failure'', true)', status) END,
			format('inferacct_internal.litellm_is_call(%s, %s::text, %s::text, %s)', coalesce(call_type,
				'NULL::text'),
				source_column(relation, 'prompt_tokens'), source_column(relation, 'completion_tokens'), coalesce(usd,
				'NULL::numeric'))), ''));
END
$$;

COMMENT ON FUNCTION litellm_definition(regclass, jsonb) IS
	'Definition of "LiteLLM_SpendLogs" for attach_usage(), or of a daily table; option failed: keep or leave_out.';

CREATE FUNCTION inferacct_internal.langfuse_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	details text := source_json(relation, source_column(relation, 'usage_details', 'usageDetails',
		'provided_usage_details'));
	counts text := (SELECT string_agg(format('%L, %s', key, c), ', ' ORDER BY key) FROM (VALUES
		('input', source_column(relation, 'prompt_tokens', 'promptTokens')), ('output', source_column(relation,
			'completion_tokens', 'completionTokens')),
		('total', source_column(relation, 'total_tokens', 'totalTokens')), ('unit', source_column(relation, 'unit')))
			AS k(key, c) WHERE c IS NOT NULL);
	began text := source_time(relation, source_need(relation, 'the time of the request', 'start_time', 'startTime'),
		NULL);
	parameters text := source_json(relation, source_column(relation, 'model_parameters', 'modelParameters'));
	usd text := source_usd(relation, source_column(relation, 'total_cost', 'calculated_total_cost', 'totalCost'));
BEGIN
	IF details IS NULL AND counts IS NULL THEN
		PERFORM source_need(relation, 'usage_details', 'usage_details', 'prompt_tokens');
	END IF;
	IF source_column(relation, 'total_cost') IS NOT NULL AND source_column(relation, 'calculated_total_cost') IS NOT
		NULL THEN
		usd := format('coalesce(%s, %s)', usd, source_usd(relation, source_column(relation, 'calculated_total_cost')));
	END IF;
	counts := format('pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(%s))', counts);
	RETURN jsonb_build_object('kind', 'langfuse',
		'counts', CASE WHEN details IS NULL THEN counts WHEN counts IS NULL OR source_column(relation,
		'prompt_tokens', 'promptTokens') IS NULL THEN details
			ELSE source_format('CASE WHEN %1$s {<>} ''{}''::jsonb THEN %1$s WHEN %2$s IS NULL THEN %3$s END', details,
				source_column(relation, 'usage_details', 'usageDetails', 'provided_usage_details'), counts) END,
		'columns', jsonb_strip_nulls(jsonb_build_object(
			'at', began,
			'loaded_at', source_time(relation, source_column(relation, 'created_at', 'createdAt'), NULL),
			'request_id', source_need(relation, 'request_id', 'id', 'span_id'),
			'model', source_word(source_need(relation, 'model', 'provided_model_name', 'model')),
			'service_tier', source_format('inferacct_internal.source_tier(%s)',
				source_path(parameters, 'service_tier')),
			'status', source_format('CASE WHEN %s::text {=} ''ERROR'' THEN ''failed'' ELSE ''ok'' END',
			source_column(relation, 'level')),
			'project', source_column(relation, 'project_id', 'projectId'),
			'end_user', source_column(relation, 'user_id', 'userId'),
			'provider_usd', usd,
			'duration_ms', source_milliseconds(began, source_time(relation, source_column(relation, 'end_time',
			'endTime'), NULL)),
			'attributes', source_attributes(source_word(source_column(relation, 'session_id', 'sessionId')),
				trace => source_word(source_column(relation, 'trace_id', 'traceId'))),
			'tags', source_as(relation, source_column(relation, 'tags'), 'tags', NULL))),
		'where', (SELECT string_agg(condition, ' AND ') FROM (VALUES
			-- What is not known by its type is a call when it counts something.
			(source_format(CASE WHEN details IS NULL
				THEN '(%1$s::text {=} ''GENERATION'' OR %1$s::text {=} ''EMBEDDING'')'
				ELSE '(%1$s::text {=} ''GENERATION'' OR %1$s::text {=} ''EMBEDDING'' OR (%1$s::text {<>} ''SPAN'' '
					'AND %1$s::text {<>} ''EVENT'' AND %2$s {<>} ''{}''::jsonb))' END,
				source_column(relation, 'type'), coalesce(details, ''))),
			(source_format('coalesce(%s::text {=} ''0'' OR pg_catalog.lower(%1$s::text) {=} ''false'', true)',
				source_column(relation, 'is_deleted')))) AS c(condition)));
END
$$;

COMMENT ON FUNCTION langfuse_definition(regclass, jsonb) IS 'Definition of Langfuse observations (v2 columns, v3 and '
	'events usage maps) for attach_usage(): what has a usage.';

-- ---------------------------------------------------------------------------
-- Spans
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.first_word(attributes jsonb, VARIADIC names text[])
RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 3
AS 'MODULE_PATHNAME', 'first_word';

COMMENT ON FUNCTION first_word(jsonb, text[]) IS
	'The first of these attributes that is there and not empty, flat ("a.b") or nested; NULL when none is.';

CREATE FUNCTION inferacct_internal.span_provider(attributes jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 30
RETURN coalesce(first_word(attributes, 'gen_ai.provider.name', 'gen_ai.system', 'llm.provider', 'llm.system',
	'ai.model.provider'),
	CASE WHEN attributes ->> 'event.name' IN ('api_request', 'claude_code.api_request') THEN 'anthropic' WHEN
		attributes ->> 'event.name' LIKE 'gemini_cli.%' THEN 'google'
		WHEN attributes ->> 'event.name' LIKE 'codex.%' THEN 'openai' END);

COMMENT ON FUNCTION span_provider(jsonb) IS 'Who served the call of a span; the events of Claude Code are '
	'Anthropic''s, of the Gemini CLI Google''s, of Codex OpenAI''s. NULL when it does not say.';

-- Phoenix keeps attributes nested.
CREATE FUNCTION inferacct_internal.nested_counts(attributes jsonb)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (
		WITH RECURSIVE node(name, value) AS (
			SELECT path, attributes #> string_to_array(path, '.') FROM unnest(ARRAY['gen_ai.usage', 'ai.usage']) AS path
			UNION ALL SELECT node.name || '.' || child.key, child.value FROM node
			CROSS JOIN LATERAL jsonb_each(CASE WHEN jsonb_typeof(node.value) = 'object' THEN node.value END) AS child
		)
		SELECT jsonb_object_agg(name, value) FROM node WHERE jsonb_typeof(value) <> 'object');
END
$$;

COMMENT ON FUNCTION nested_counts(jsonb) IS
	'The usage of a span whose attributes are nested, under flat names; NULL when it has none.';

-- The events of some agents count as their provider does, under names of their own.
CREATE FUNCTION inferacct_internal.span_counts(attributes jsonb)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 10
RETURN CASE
	WHEN attributes #> '{gen_ai,usage}' IS NOT NULL AND NOT attributes ? 'llm' THEN nested_counts(attributes)
	WHEN NOT attributes ?& ARRAY['event.name', 'input_token_count'] THEN attributes
	WHEN attributes ->> 'event.name' LIKE 'gemini_cli.%' OR attributes ->> 'event.name' LIKE 'qwen-code.%'
		THEN jsonb_build_object('usageMetadata',
		jsonb_strip_nulls(jsonb_build_object(
		'promptTokenCount', attributes -> 'input_token_count', 'candidatesTokenCount', attributes ->
		'output_token_count', 'cachedContentTokenCount', attributes -> 'cached_content_token_count',
		'thoughtsTokenCount', attributes -> 'thoughts_token_count', 'toolUsePromptTokenCount', attributes ->
		'tool_token_count', 'totalTokenCount', attributes -> 'total_token_count')))
	WHEN attributes ->> 'event.name' LIKE 'codex.%' THEN jsonb_build_object('usage',
		jsonb_strip_nulls(jsonb_build_object(
		'input_tokens', attributes -> 'input_token_count', 'output_tokens', attributes -> 'output_token_count',
		'total_tokens', attributes -> 'tool_token_count',
		'input_tokens_details', jsonb_build_object('cached_tokens', attributes -> 'cached_token_count'),
		'output_tokens_details', jsonb_build_object('reasoning_tokens', attributes -> 'reasoning_token_count'))))
	ELSE attributes END;

COMMENT ON FUNCTION span_counts(jsonb) IS 'The attributes of a span that count, as a payload: events of the Gemini '
	'CLI, Qwen Code and Codex under their providers'' names, nested ones of GenAI flat, any other as it is.';

CREATE FUNCTION inferacct_internal.span_model(attributes jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 30
RETURN first_word(attributes, 'gen_ai.response.model', 'gen_ai.request.model', 'llm.model_name',
	'embedding.model_name', 'reranker.model_name', 'ai.response.model', 'ai.model.id',
	'llm.response.model', 'llm.request.model', 'model');

COMMENT ON FUNCTION span_model(jsonb) IS
	'The model of a span: that of the answer, else that of the request. NULL when it has none.';

-- Parents repeat the tokens of the calls within.
CREATE FUNCTION inferacct_internal.span_is_call(attributes jsonb)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 50
RETURN CASE
	WHEN attributes IS NULL OR jsonb_typeof(attributes) <> 'object' THEN true
	WHEN lower(first_word(attributes, 'gen_ai.operation.name')) IN ('invoke_agent', 'create_agent', 'execute_tool',
		'invoke_workflow', 'agent', 'workflow', 'tool', 'execute_task', 'retrieval') THEN false
	WHEN upper(first_word(attributes, 'openinference.span.kind')) IN ('CHAIN', 'AGENT', 'TOOL', 'RETRIEVER',
		'GUARDRAIL', 'EVALUATOR', 'PROMPT') THEN false
	WHEN first_word(attributes, 'traceloop.span.kind') IN ('workflow', 'agent', 'task', 'tool') THEN false
	WHEN attributes ?| ARRAY['pydantic_ai.all_messages', 'all_messages_events'] THEN false
	WHEN first_word(attributes, 'ai.operationId') IS NOT NULL
		THEN first_word(attributes, 'ai.operationId') ~ '\.do[A-Z]'
	WHEN attributes ? 'event.name' THEN attributes ->> 'event.name' IN ('api_request', 'claude_code.api_request') OR
		attributes ->> 'event.name' LIKE 'gen_ai.client.inference%'
		OR attributes::text ~ '"[a-z_.]*(_tokens?|_token_count|tokens?_[a-z]+)"'
	ELSE first_word(attributes, 'gen_ai.operation.name', 'openinference.span.kind') IS NOT NULL OR
		span_model(attributes) IS NOT NULL
		OR attributes::text ~ '"(gen_ai\.usage|llm\.token_count|llm\.usage|ai\.usage|token_count)' END;

COMMENT ON FUNCTION span_is_call(jsonb) IS 'Is a span a call to a model? Not those of agents, tools, chains and '
	'workflows, which repeat what is within, nor those that have nothing of a model. What has an operation that is '
	'not known is one.';

CREATE FUNCTION inferacct_internal.span_usd_parts(attributes jsonb)
RETURNS numeric
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 50
SET search_path TO inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT sum(try_number(value))
		FROM jsonb_each_text(CASE WHEN jsonb_typeof(attributes) = 'object' THEN attributes END)
		WHERE key IN ('gen_ai.usage.cost.input', 'gen_ai.usage.cost.output', 'gen_ai.usage.cost.input_tokens',
			'gen_ai.usage.cost.output_tokens', 'gen_ai.usage.input_cost', 'gen_ai.usage.output_cost',
			'gen_ai.usage.cost.cache_read', 'gen_ai.usage.cost.cache_write'));
END
$$;

COMMENT ON FUNCTION span_usd_parts(jsonb) IS
	'The sum of the parts of a cost that a span states; NULL when there is none.';

CREATE FUNCTION inferacct_internal.span_usd(attributes jsonb)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 30
RETURN coalesce(try_number(first_word(attributes, 'gen_ai.usage.cost', 'gen_ai.usage.cost.total',
	'gen_ai.usage.cost_usd', 'gen_ai.usage.total_cost', 'llm.cost.total', 'llm.usage.cost', 'operation.cost',
	'cost_usd')),
	CASE WHEN attributes ?| ARRAY['gen_ai.usage.cost.input', 'gen_ai.usage.cost.output',
		'gen_ai.usage.cost.input_tokens', 'gen_ai.usage.cost.output_tokens', 'gen_ai.usage.input_cost',
		'gen_ai.usage.output_cost'] THEN span_usd_parts(attributes) END);

COMMENT ON FUNCTION span_usd(jsonb) IS 'USD that a span states, in sum or by parts; NULL when it states none.';

-- Bedrock's prices are of its region, but for what a profile of several regions serves, whose
-- name says so (us.anthropic...), and for those of the USA that its list prices are of.
CREATE FUNCTION inferacct_internal.span_region(attributes jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 30
RETURN CASE WHEN span_provider(attributes) ~ 'bedrock' AND span_model(attributes) !~
	'^(arn:|[a-z-]{2,6}\.[a-z0-9-]+\.)' THEN
	nullif(nullif(nullif(coalesce(first_word(attributes, 'aws.region', 'cloud.region'),
		substring(first_word(attributes, 'server.address') FROM '^bedrock-runtime\.([a-z0-9-]+)\.amazonaws')),
		'us-east-1'), 'us-east-2'), 'us-west-2') END;

COMMENT ON FUNCTION span_region(jsonb) IS 'The region of AWS that served the call of a span, where its prices may be '
	'others than the list prices; NULL otherwise.';

CREATE FUNCTION inferacct_internal.span_kept(attributes jsonb, trace text)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 30
RETURN nullif(jsonb_strip_nulls(jsonb_build_object(
	'session', first_word(attributes, 'gen_ai.conversation.id', 'session.id', 'langfuse.session.id',
	'ai.telemetry.metadata.sessionId', 'traceloop.association.properties.session_id'),
	'agent', first_word(attributes, 'gen_ai.agent.name', 'agent.name', 'ai.telemetry.functionId',
	'aws.bedrock.agent.id', 'aws.bedrock.agent_id', 'ai.telemetry.metadata.agent'),
	'trace', nullif(trace, ''),
	'customer', first_word(attributes, 'customer.id', 'ai.telemetry.metadata.customerId',
	'traceloop.association.properties.customer_id', 'langfuse.trace.metadata.customer_id'),
	'finish_reason', btrim(coalesce(attributes ->> 'gen_ai.response.finish_reasons', first_word(attributes,
	'gen_ai.completion.0.finish_reason', 'ai.response.finishReason', 'llm.finish_reason')), '[]"'),
	'guardrail', first_word(attributes, 'aws.bedrock.guardrail.id', 'aws.bedrock.guardrail_id',
	'gen_ai.bedrock.guardrail.id'),
	'knowledge_base', first_word(attributes, 'aws.bedrock.knowledge_base.id', 'aws.bedrock.knowledge_base_id'))), '{}');

COMMENT ON FUNCTION span_kept(jsonb, text) IS 'What usage_log keeps of the attributes of a span: session, agent, '
	'customer, finish_reason, guardrail, knowledge_base, and its trace; NULL when it has none.';

-- Attributes in columns of their own, under dots or underscores, as one object.
CREATE FUNCTION inferacct_internal.flat_attributes(relation regclass)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT format('pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(%s))', string_agg(format('%L, r.%I',
		coalesce(k.name, a.attname), a.attname), ', ' ORDER BY a.attnum))
	FROM pg_attribute AS a
	LEFT JOIN unnest(ARRAY['gen_ai.provider.name', 'gen_ai.system', 'gen_ai.request.model', 'gen_ai.response.model',
		'gen_ai.operation.name', 'gen_ai.conversation.id', 'gen_ai.agent.name', 'gen_ai.response.finish_reasons',
		'customer.id', 'enduser.id',
		'openai.response.service_tier', 'gen_ai.openai.response.service_tier', 'gen_ai.request.service_tier',
		'error.type', 'aws.region', 'cloud.region', 'server.address', 'aws.bedrock.guardrail.id',
		'aws.bedrock.knowledge_base.id', 'gen_ai.usage.cost', 'gen_ai.usage.input_tokens',
		'gen_ai.usage.output_tokens',
		'gen_ai.usage.prompt_tokens', 'gen_ai.usage.completion_tokens', 'gen_ai.usage.total_tokens',
		'gen_ai.usage.cache_read.input_tokens', 'gen_ai.usage.cache_creation.input_tokens',
		'gen_ai.usage.cache_read_input_tokens',
		'gen_ai.usage.cache_creation_input_tokens', 'gen_ai.usage.input_cached_tokens', 'gen_ai.usage.cached_tokens',
		'gen_ai.usage.reasoning.output_tokens', 'gen_ai.usage.reasoning_tokens',
		'gen_ai.usage.audio.input_tokens', 'gen_ai.usage.image.input_tokens', 'gen_ai.usage.video.input_tokens',
		'gen_ai.usage.audio.output_tokens', 'gen_ai.usage.image.output_tokens',
		'session.id', 'user.id', 'openinference.span.kind', 'llm.provider', 'llm.model_name',
		'llm.token_count.prompt', 'llm.token_count.completion', 'llm.token_count.total',
		'llm.token_count.prompt_details.cache_read', 'llm.token_count.prompt_details.cache_write',
		'llm.token_count.completion_details.reasoning', 'llm.cost.total']) AS k(name)
		ON replace(k.name, '.', '_') = replace(a.attname, '.', '_') AND (k.name <>
			'gen_ai.usage.cache_read_input_tokens' OR a.attname = k.name)
		AND (k.name <> 'gen_ai.usage.cache_creation_input_tokens' OR a.attname = k.name)
	WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND (k.name IS NOT NULL OR a.attname ~
		'^(gen_ai[._]usage|llm[._]token_count)[._]')
$$;

COMMENT ON FUNCTION flat_attributes(regclass) IS
	'Expression for the attributes of spans that a relation has in columns; NULL when it has none.';

CREATE FUNCTION inferacct_internal.otel_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	attributes text := coalesce(source_json(relation, source_column(relation, 'attributes', 'span_attributes',
		'SpanAttributes', 'LogAttributes', 'log_attributes')), flat_attributes(relation));
	at text;
	word text := 'inferacct_internal.first_word(%s, %s)';
BEGIN
	IF attributes IS NULL THEN
		PERFORM source_need(relation, 'the attributes of spans', 'attributes', 'span_attributes', 'SpanAttributes',
			'gen_ai.usage.input_tokens', 'gen_ai_usage_input_tokens');
	END IF;
	at := source_time(relation, source_need(relation, 'the time of the request', 'start_time', 'startTime',
		'start_time_unix_nano', 'startTimeUnixNano', 'timestamp', 'Timestamp'),
		CASE WHEN source_column(relation, 'start_time', 'startTime', 'timestamp', 'Timestamp') IS NULL OR
			source_type(relation, source_column(relation, 'start_time', 'startTime', 'timestamp', 'Timestamp')) IN
			('bigint', 'numeric') THEN 'ns' END);
	RETURN jsonb_build_object('kind', 'attributes', 'counts', format('inferacct_internal.span_counts(%s)', attributes),
		'columns', jsonb_strip_nulls(jsonb_build_object(
			'at', at,
			'request_id', source_need(relation, 'request_id', 'span_id', 'spanId', 'SpanId', 'id') || '::text',
			'model', format('inferacct_internal.source_model(inferacct_internal.span_provider(%1$s), '
			'inferacct_internal.span_model(%1$s))', attributes),
			'service_tier', format('inferacct_internal.source_tier(' || word || ')', attributes,
				'''openai.response.service_tier'', ''gen_ai.openai.response.service_tier'', '
				'''gen_ai.response.service_tier'', ''gen_ai.request.service_tier'', ''openai.request.service_tier'', '
				'''gen_ai.openai.request.service_tier'''),
			'status', source_format('CASE WHEN ' || word || ' IS NULL%s THEN ''ok'' ELSE ''failed'' END', attributes,
			'''error.type''',
				coalesce(source_format(' AND coalesce(pg_catalog.strpos(pg_catalog.upper(%s::text), ''ERROR''), 0) '
					'{=} 0', source_column(relation, 'status_code', 'statusCode', 'StatusCode')), '')),
			'provider', format('inferacct_internal.span_provider(%s)', attributes),
			'provider_usd', format('inferacct_internal.span_usd(%s)', attributes),
			'region', format('inferacct_internal.span_region(%s)', attributes),
			'end_user', format(word, attributes,
			'''user.id'', ''enduser.id'', ''ai.telemetry.metadata.userId'', ''langfuse.user.id'''),
			'attributes', format('inferacct_internal.span_kept(%s, %s)', attributes,
				coalesce(source_column(relation, 'trace_id', 'traceId', 'TraceId') || '::text', 'NULL::text')),
			'project', source_column(relation, 'service_name', 'ServiceName'),
			'duration_ms', source_milliseconds(at, source_time(relation, source_column(relation, 'end_time',
			'endTime', 'end_time_unix_nano', 'endTimeUnixNano'),
				CASE WHEN source_type(relation, source_column(relation, 'end_time', 'endTime')) IS NULL OR
					source_type(relation, source_column(relation, 'end_time', 'endTime')) IN ('bigint', 'numeric')
					THEN 'ns' END)))),
		'where', format('inferacct_internal.span_is_call(%s)', attributes));
END
$$;

COMMENT ON FUNCTION otel_definition(regclass, jsonb) IS 'Definition of a table of spans (OpenTelemetry GenAI, '
	'OpenInference, OpenLLMetry, AI SDK, events of Claude Code) for attach_usage(): attributes in one json column, '
	'or in columns of their names (dots or underscores).';

-- ---------------------------------------------------------------------------
-- Usage reports of providers
-- ---------------------------------------------------------------------------

-- The json column of a table of API pages, or of lines.
CREATE FUNCTION inferacct_internal.source_page(relation regclass, mapping jsonb)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	pages text[];
BEGIN
	IF mapping ? 'page' THEN
		RETURN source_json(relation, source_need(relation, 'page', mapping ->> 'page'));
	END IF;
	pages := ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND
		atttypid IN ('json'::regtype, 'jsonb'::regtype));
	IF cardinality(pages) = 0 THEN
		pages := ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped
			AND attname IN ('page', 'line'));
	END IF;
	IF cardinality(pages) <> 1 THEN
		PERFORM inferacct_internal.fail('42703',
			format('relation "%s" has %s json columns; which has the pages or lines?', relation, cardinality(pages)),
			hint => 'Name it: {"tool": ..., "page": "column"}.');
	END IF;
	RETURN source_json(relation, format('r.%I', pages[1]));
END
$$;

COMMENT ON FUNCTION source_page(regclass, jsonb) IS 'Expression for the json column that has the pages of a '
	'provider''s report, or the lines of a file. Error 42703 when it is not clear which.';

CREATE FUNCTION inferacct_internal.elements(value jsonb)
RETURNS SETOF jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 10 ROWS 10
BEGIN ATOMIC
	SELECT e FROM jsonb_array_elements(CASE WHEN jsonb_typeof(value) = 'array' THEN value
		ELSE jsonb_build_array(value) END) AS e;
END;

COMMENT ON FUNCTION elements(jsonb) IS 'The elements of an array, or the value itself when it is none; one NULL for '
	'NULL: a page that cannot be read is a row that is rejected.';

CREATE FUNCTION inferacct_internal.source_pages(relation regclass, mapping jsonb)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT source_format(' CROSS JOIN LATERAL inferacct_internal.elements(%s {->} ''data'') AS b(bucket)'
		' CROSS JOIN LATERAL inferacct_internal.elements(b.bucket {->} ''results'') AS e(result)',
		source_page(relation, mapping))
$$;

COMMENT ON FUNCTION source_pages(regclass, jsonb) IS
	'What follows the relation in FROM: the buckets (b) of its pages, and their results (e).';

-- A value of a result of a page, as text.
CREATE FUNCTION inferacct_internal.source_result(key text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN source_format('(e.result {->>} %s)', quote_literal(key));

COMMENT ON FUNCTION source_result(text) IS
'Expression for the text of a key of a result of a page; see source_pages().';

-- A result has no name of its own: its bucket and all that it is grouped by make one, by whatever names.
CREATE FUNCTION inferacct_internal.result_key(result jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 20
RETURN md5(jsonb_path_query_array(result,
	'$.keyvalue() ? (@.value.type() == "string" || @.value.type() == "boolean")', '{}', true)::text);

COMMENT ON FUNCTION result_key(jsonb) IS
	'A hash of what a result of a page is grouped by: its strings and booleans. Its numbers are counts.';

CREATE FUNCTION inferacct_internal.source_result_id(bucket text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN source_format('((b.bucket {->>} %s) {||} ''/'' {||} inferacct_internal.result_key(e.result))',
	quote_literal(bucket));

COMMENT ON FUNCTION source_result_id(text) IS
	'Expression for a request_id of a result of a page: the beginning of its bucket, and its result_key().';

CREATE FUNCTION inferacct_internal.source_has_results()
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN source_format('coalesce(pg_catalog.jsonb_array_length(CASE WHEN pg_catalog.jsonb_typeof(b.bucket '
	'{->} ''results'') {=} ''array'' THEN b.bucket {->} ''results'' END) {>} 0, true)');

COMMENT ON FUNCTION source_has_results() IS
	'Expression for what leaves out the buckets of a page in which nothing was used; what is no list is rejected.';

-- What is kept counts by the time that it is kept; searches are made within requests that a page of completions counts.
CREATE FUNCTION inferacct_internal.openai_other_counts(bucket jsonb, result jsonb)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 50
SET search_path TO inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	days numeric := (try_number(bucket ->> 'end_time') - try_number(bucket ->> 'start_time')) / 86400;
BEGIN
	RETURN CASE
		WHEN result ->> 'object' ~ 'vector_stores' AND days > 0 AND try_number(result ->> 'usage_bytes') IS NOT NULL
			THEN result - 'usage_bytes' || jsonb_build_object('num_model_requests', 0,
				'storage_byte_days', round(try_number(result ->> 'usage_bytes') * days))
		WHEN result ->> 'object' ~ 'web_search' THEN result - 'num_requests' - 'num_model_requests'
			|| jsonb_build_object('num_model_requests', 0, 'web_searches', result -> 'num_requests')
		WHEN result ->> 'object' ~ 'file_search' THEN result - 'num_requests'
			|| jsonb_build_object('num_model_requests', 0, 'file_searches', result -> 'num_requests')
		ELSE result END;
END
$$;

COMMENT ON FUNCTION openai_other_counts(jsonb, jsonb) IS
	'openai_counts() of a result of storage or of searches; what is of neither is as it is.';

CREATE FUNCTION inferacct_internal.openai_counts(bucket jsonb, result jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN CASE WHEN result ?| ARRAY['usage_bytes', 'num_requests'] THEN openai_other_counts(bucket, result)
	ELSE result END;

COMMENT ON FUNCTION openai_counts(jsonb, jsonb) IS
	'What a result of OpenAI''s usage API counts: bytes kept for the time of its bucket are storage_byte_days.';

CREATE FUNCTION inferacct_internal.openai_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	-- A page that was fetched while its last bucket was filling is there twice: the fullest counts.
	SELECT jsonb_build_object('kind', 'openai_usage_api',
		'counts', 'inferacct_internal.openai_counts(b.bucket, e.result)', 'repeats', 'last',
		'columns', jsonb_build_object(
			'at', source_format('inferacct_internal.number_time(inferacct_internal.try_number(b.bucket {->>} '
			'''start_time''), 1::numeric)'),
			'request_id', source_result_id('start_time'),
			-- Sessions and stores are of no model: they have the names of what is billed.
			'model', source_format('inferacct_internal.source_model(''openai'', coalesce(%s, pg_catalog'
			'.substring(%s, ''[.](code_interpreter_sessions|vector_stores|file_searches|web_searches)[.]'')))',
			source_result('model'), source_result('object')),
			'service_tier',
			source_format('CASE WHEN %s {=} ''true'' THEN ''batch'' ELSE inferacct_internal.source_tier(%s) END',
			source_result('batch'), source_result('service_tier')),
			'provider', '''openai''',
			'project', source_result('project_id'), 'api_key', source_result('api_key_id'), 'end_user',
			source_result('user_id')),
		'from', source_pages(relation, mapping),
		'where', source_has_results())
$$;

COMMENT ON FUNCTION openai_definition(regclass, jsonb) IS
	'Definition of a table of pages of OpenAI''s usage API for attach_usage(); option page: the json column.';

CREATE FUNCTION inferacct_internal.anthropic_tier(tier text, context_window text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN (CASE tier WHEN 'priority_on_demand' THEN 'priority' WHEN 'flex_discount' THEN 'flex' ELSE source_tier(tier) END)
	|| CASE context_window WHEN '0-200k' THEN ' short' WHEN '200k-1M' THEN ' long' ELSE '' END;

COMMENT ON FUNCTION anthropic_tier(text, text) IS
	'The service tier of a row of Anthropic''s usage report, with the context tier that it names: short or long.';

CREATE FUNCTION inferacct_internal.anthropic_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT jsonb_build_object('kind', 'anthropic_usage_report', 'counts', 'e.result', 'repeats', 'last',
		'charged', source_format('inferacct_internal.try_number(e.result {->>} ''amount'')'),
		'columns', jsonb_build_object(
			'at', source_format('inferacct_internal.try_time(b.bucket {->>} ''starting_at'')'),
			'request_id', source_result_id('starting_at'),
			'model', format('inferacct_internal.source_model(''anthropic'', %s)', source_result('model')),
			'service_tier', format('inferacct_internal.anthropic_tier(CASE WHEN %1$s OPERATOR(pg_catalog.=) ''fast'' '
			'THEN %1$s ELSE %2$s END, %3$s)', source_result('speed'), source_result('service_tier'),
			source_result('context_window')),
			'region', source_format('CASE WHEN %1$s {<>} ''not_available'' AND %1$s {<>} ''global'' THEN %1$s END',
			source_result('inference_geo')),
			'provider', '''anthropic''',
			'project', source_result('workspace_id'), 'api_key', source_result('api_key_id')),
		'refuse', source_format('CASE WHEN e.result {->} ''amount'' IS NOT NULL THEN ''a page of costs, not of '
		'usage: give it to reconcile() by cost_lines()'' END'),
		'from', source_pages(relation, mapping),
		'where', source_has_results())
$$;

COMMENT ON FUNCTION anthropic_definition(regclass, jsonb) IS 'Definition of a table of pages of Anthropic''s '
	'messages usage report for attach_usage(); option page: the json column.';

-- ---------------------------------------------------------------------------
-- Logs of gateways and agents
-- ---------------------------------------------------------------------------

-- One line of a JSONL file in each row.
CREATE FUNCTION inferacct_internal.claude_code_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	line text := source_page(relation, mapping);
BEGIN
	RETURN jsonb_build_object('kind', 'response', 'counts', line, 'one_hour', true, 'repeats', 'last',
		'columns', jsonb_build_object(
			'at', format('inferacct_internal.try_time(%s)', source_path(line, 'timestamp')),
			'request_id', source_path(line, 'message/id', 'requestId', 'uuid'),
			'model', format('inferacct_internal.source_model(''anthropic'', %s)', source_path(line, 'message/model')),
			'service_tier', format('inferacct_internal.payload_word(''service_tier'', %s)',
			source_format('(%s {->} ''message'')', line)),
			'region', format('inferacct_internal.payload_word(''region'', %s)', source_format('(%s {->} ''message'')',
			line)),
			'provider', '''anthropic''',
			'project', source_path(line, 'cwd'),
			'provider_usd', format('inferacct_internal.try_number(%s)', source_path(line, 'costUSD')),
			'attributes', source_attributes(source_path(line, 'sessionId'),
				source_format('CASE WHEN %s {=} ''true'' THEN coalesce(%s, ''sidechain'') END', source_path(line,
				'isSidechain'), source_path(line, 'agentId')),
				finish_reason => source_path(line, 'message/stop_reason'))),
		-- What the user said, summaries and what Claude Code itself wrote are no calls.
		'where', source_format('(%1$s IS NULL OR (%2$s IS NOT NULL AND coalesce(%3$s {<>} ''<synthetic>'', true)))',
		line, source_path(line, 'message/usage'), source_path(line, 'message/model')));
END
$$;

COMMENT ON FUNCTION claude_code_definition(regclass, jsonb) IS 'Definition of a table of the lines of Claude Code''s '
	'JSONL files for attach_usage(); option page: the column. The last line of a message counts.';

CREATE FUNCTION inferacct_internal.codex_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	line text := source_page(relation, mapping);
	session text := source_need(relation, 'the session (file) of a line', 'session', 'file');
BEGIN
	RETURN jsonb_build_object('kind', 'response', 'counts', line, 'repeats', 'first',
		'columns', jsonb_build_object(
			'at', format('inferacct_internal.try_time(%s)', source_path(line, 'timestamp')),
			-- The running total tells one call from the next; an event that repeats it is no call.
			'request_id', source_format('(%s::text {||} ''/'' {||} pg_catalog.md5(%s))', session, source_path(line,
			'payload/info/total_token_usage')),
			'model', format('inferacct_internal.source_model(''openai'', %s)', source_need(relation,
			'the model of a line', 'model')),
			'provider', '''openai''',
			'attributes', source_attributes(session || '::text')),
		'refuse', source_format('CASE WHEN %s IS NULL AND %s IS NOT NULL THEN ''a running total, and not what this '
		'call used'' END', source_path(line, 'payload/info/last_token_usage'), line),
		'where', source_format('(%s IS NULL OR (%s {=} ''token_count'' AND coalesce(%s, %s) IS NOT NULL))', line,
		source_path(line, 'payload/type'),
			source_path(line, 'payload/info/last_token_usage'), source_path(line, 'payload/info/total_token_usage')));
END
$$;

COMMENT ON FUNCTION codex_definition(regclass, jsonb) IS 'Definition of a table of the lines of Codex''s JSONL '
	'files, with the columns session and model, for attach_usage(); docs/sources.md has the statement that fills '
	'them.';

CREATE FUNCTION inferacct_internal.helicone_counts(input text, output text, cache_read text, cache_write text,
	input_audio text, output_audio text, provider text)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 10
RETURN jsonb_strip_nulls(jsonb_build_object(
	CASE WHEN upper(provider) IN ('ANTHROPIC', 'AWS', 'BEDROCK') THEN 'input' ELSE 'input_total' END, nullif(input, ''),
	'output', CASE WHEN coalesce(try_whole(output_audio), 0) = 0 THEN nullif(output, '') END,
	'output_total', CASE WHEN coalesce(try_whole(output_audio), 0) > 0 THEN nullif(output, '') END,
	'cache_read', nullif(cache_read, ''), 'cache_write_total', nullif(cache_write, ''), 'input_audio',
	nullif(input_audio, ''), 'output_audio', nullif(output_audio, '')));

COMMENT ON FUNCTION helicone_counts(text, text, text, text, text, text, text) IS
	'Counts of a row of Helicone: the prompt contains the cached tokens but for providers that count them beside it.';

CREATE FUNCTION inferacct_internal.helicone_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	provider text := source_need(relation, 'provider', 'provider');
	properties text := source_json(relation, source_column(relation, 'properties'));
BEGIN
	RETURN jsonb_build_object('kind', 'columns',
		'counts', format('inferacct_internal.helicone_counts(%s)', (SELECT string_agg(coalesce(source_column(relation,
		name) || '::text', 'NULL::text'), ', ' ORDER BY rank)
			FROM unnest(ARRAY['prompt_tokens', 'completion_tokens', 'prompt_cache_read_tokens',
				'prompt_cache_write_tokens', 'prompt_audio_tokens', 'completion_audio_tokens', 'provider']) WITH
				ORDINALITY AS n(name, rank))),
		'unserved', source_format('(pg_catalog.lower(%1$s::text) {=} ''true'' OR pg_catalog.lower(%1$s::text) {=} '
		'''t'' OR %1$s::text {=} ''1'')', source_column(relation, 'cache_enabled_hit', 'cache_hit')),
		'columns', jsonb_strip_nulls(jsonb_build_object(
			'at', source_time(relation, source_need(relation, 'the time of the request', 'request_created_at',
			'created_at'), NULL),
			'request_id', source_need(relation, 'request_id', 'request_id', 'id') || '::text',
			'model', format('inferacct_internal.source_model(pg_catalog.lower(%s::text), %s)', provider,
			source_need(relation, 'model', 'response_model', 'model', 'request_model')),
			'status', source_format('CASE WHEN inferacct_internal.try_number(%1$s::text) {>=} 400::numeric THEN '
			'''failed'' ELSE ''ok'' END', source_column(relation, 'status', 'response_status')),
			'provider', source_format('pg_catalog.lower(%s::text)', provider),
			'end_user', source_column(relation, 'user_id', 'request_user_id'),
			'project', source_path(properties, 'Helicone-Property-Project', 'project'),
			'api_key', source_word(source_column(relation, 'proxy_key_id', 'auth_hash') || '::text'),
			'attributes', source_attributes(source_path(properties, 'Helicone-Session-Id', 'session'),
				source_path(properties, 'Helicone-Property-Agent', 'agent'),
				source_path(properties, 'Helicone-Property-Trace', 'trace'),
				source_path(properties, 'Helicone-Property-Customer', 'customer')),
			'duration_ms', source_as(relation, source_column(relation, 'latency', 'delay_ms'), 'duration_ms', NULL),
			'tags', properties,
			-- Helicone keeps billionths of a USD.
			'provider_usd', source_format('(inferacct_internal.try_number(%s::text) {*} 0.000000001::numeric)',
			source_column(relation, 'cost')))));
END
$$;

COMMENT ON FUNCTION helicone_definition(regclass, jsonb) IS
	'Definition of Helicone''s request_response_rmt for attach_usage().';

CREATE FUNCTION inferacct_internal.langsmith_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	outputs text := source_json(relation, source_column(relation, 'outputs'));
	extra text := source_json(relation, source_column(relation, 'extra'));
	began text := source_time(relation, source_need(relation, 'the time of the request', 'start_time'), NULL);
	counts text := format('inferacct_internal.langsmith_counts(%s, %s, %s, %s, %s)', coalesce(extra, 'NULL::jsonb'),
		coalesce(outputs, 'NULL::jsonb'),
		source_need(relation, 'prompt_tokens', 'prompt_tokens') || '::text', source_need(relation,
			'completion_tokens', 'completion_tokens') || '::text',
		coalesce(source_json(relation, source_column(relation, 'prompt_token_details')), 'NULL::jsonb'));
BEGIN
	RETURN jsonb_build_object('kind', 'response', 'counts', counts,
		'columns', jsonb_strip_nulls(jsonb_build_object(
			'at', began,
			'request_id', source_need(relation, 'request_id', 'id') || '::text',
			'model', format('inferacct_internal.source_model(%s, %s)', coalesce(source_path(extra,
			'metadata/ls_provider'), 'NULL'),
				coalesce(source_path(extra, 'metadata/ls_model_name', 'invocation_params/model',
					'invocation_params/model_name'), source_column(relation, 'model'), 'NULL')),
			'service_tier', source_format('inferacct_internal.source_tier(%s)', source_path(extra,
			'invocation_params/service_tier')),
			'status', source_format('CASE WHEN %s IS NULL THEN ''ok'' ELSE ''failed'' END', source_column(relation,
			'error')),
			'provider', source_path(extra, 'metadata/ls_provider'),
			'project', source_column(relation, 'session_name', 'project_name', 'session_id') || '::text',
			'end_user', source_path(extra, 'metadata/user_id'),
			'attributes', source_attributes(source_path(extra, 'metadata/session_id', 'metadata/thread_id',
				'metadata/conversation_id'), source_path(extra, 'metadata/lc_agent_name', 'metadata/agent'),
				source_column(relation, 'trace_id') || '::text', source_path(extra, 'metadata/customer_id'),
				source_path(outputs, 'generations/0/0/generation_info/finish_reason')),
			'provider_usd', source_usd(relation, source_column(relation, 'total_cost')),
			'duration_ms', source_milliseconds(began, source_time(relation, source_column(relation, 'end_time'), NULL)),
			'tags', source_as(relation, source_column(relation, 'tags'), 'tags', NULL))),
		-- These repeat what is within; what has a type that is not known is a call.
		'where', source_format('coalesce(pg_catalog.lower(%s::text) {<>} ALL '
		'(''{chain,tool,retriever,prompt,parser,agent}''::text[]), true)', source_need(relation, 'run_type',
		'run_type')));
END
$$;

CREATE FUNCTION inferacct_internal.langsmith_counts(extra jsonb, outputs jsonb, input text, output text, details jsonb)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 20
RETURN jsonb_strip_nulls(jsonb_build_object('usage_metadata', coalesce(
	CASE WHEN jsonb_typeof(outputs -> 'usage_metadata') = 'object' THEN outputs -> 'usage_metadata' END,
	CASE WHEN jsonb_typeof(outputs #> '{generations,0,0,message,kwargs,usage_metadata}') = 'object' THEN outputs #>
		'{generations,0,0,message,kwargs,usage_metadata}' END,
	CASE WHEN jsonb_typeof(extra #> '{metadata,usage_metadata}') = 'object'
		THEN extra #> '{metadata,usage_metadata}' END,
	-- The provider's own usage says more than the columns, which have no parts of it.
	CASE WHEN jsonb_typeof(outputs #> '{llm_output,token_usage}') = 'object'
		AND outputs #> '{llm_output,token_usage}' <> '{}'
		THEN outputs #> '{llm_output,token_usage}' END,
	CASE WHEN jsonb_typeof(outputs #> '{llm_output,usage}') = 'object' AND outputs #> '{llm_output,usage}' <> '{}'
		THEN outputs #> '{llm_output,usage}' END,
	CASE WHEN jsonb_typeof(outputs -> 'usage') = 'object' AND outputs -> 'usage' <> '{}' THEN outputs -> 'usage' END,
	jsonb_build_object('input_tokens', coalesce(to_jsonb(try_number(input)), to_jsonb(input)), 'output_tokens',
		coalesce(to_jsonb(try_number(output)), to_jsonb(output)),
		'input_token_details', details))));

COMMENT ON FUNCTION langsmith_definition(regclass, jsonb) IS 'Definition of exported runs of LangSmith for '
	'attach_usage(): not chains, tools, retrievers, prompts and parsers.';
COMMENT ON FUNCTION langsmith_counts(jsonb, jsonb, text, text, jsonb) IS
	'The usage_metadata of a run of LangSmith, wherever it stands, else its columns.';

-- OpenRouter's activity CSV, Vercel's and Portkey's exports: columns, told by any of their names.
CREATE FUNCTION inferacct_internal.openrouter_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	counts text := (SELECT string_agg(format('%L, %s', key, source_word(c || '::text')), ', ' ORDER BY key) FROM (VALUES
		('input_total', source_need(relation, 'tokens_prompt', 'native_tokens_prompt', 'tokens_prompt',
			'prompt_tokens')),
		('output_total', source_need(relation, 'tokens_completion', 'native_tokens_completion', 'tokens_completion',
			'completion_tokens')),
		('cache_read', source_column(relation, 'native_tokens_cached', 'tokens_cached')),
		('reasoning', source_column(relation, 'native_tokens_reasoning', 'tokens_reasoning', 'reasoning_tokens')),
		('web_searches', source_column(relation, 'num_search_results_billed'))) AS k(key, c) WHERE c IS NOT NULL);
	usd text := source_usd(relation, source_column(relation, 'cost_total', 'total_cost', 'usage'));
BEGIN
	RETURN jsonb_build_object('kind', 'columns', 'counts',
		format('pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(%s))', counts),
		'columns', jsonb_strip_nulls(jsonb_build_object(
			'at', source_time(relation, source_need(relation, 'the time of the request', 'created_at'), NULL),
			'request_id', source_need(relation, 'request_id', 'generation_id', 'id') || '::text',
			'model', format('inferacct_internal.source_model(''openrouter'', %s)', source_need(relation, 'model',
			'model_permaslug', 'model')),
			'status', source_format('CASE WHEN pg_catalog.lower(%1$s::text) {=} ''true'' OR '
			'pg_catalog.lower(%1$s::text) {=} ''t'' THEN ''failed'' ELSE ''ok'' END', source_column(relation,
			'cancelled')),
			'provider', '''openrouter''',
			'end_user', source_word(source_column(relation, 'user', 'external_user')),
			'project', source_word(source_column(relation, 'app_name')),
			'api_key', source_word(source_column(relation, 'api_key_name')),
			'attributes', source_attributes(source_word(source_column(relation, 'session_id')),
				finish_reason => source_word(source_column(relation, 'finish_reason_normalized', 'finish_reason'))),
			'duration_ms', source_as(relation, source_column(relation, 'generation_time_ms'), 'duration_ms', NULL),
			'provider_usd', usd)));
END
$$;

COMMENT ON FUNCTION openrouter_definition(regclass, jsonb) IS
	'Definition of OpenRouter''s activity CSV for attach_usage(): native counts where it has them.';

CREATE FUNCTION inferacct_internal.vercel_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	line text := source_page(relation, mapping);
	inner_line text := source_format('coalesce(%1$s {->} ''data'', %1$s)', line);
BEGIN
	RETURN jsonb_build_object('kind', 'columns', 'repeats', 'last',
		'counts', format('inferacct_internal.vercel_counts(%s)', inner_line),
		'columns', jsonb_build_object(
			'at', format('inferacct_internal.try_time(%s)', source_path(inner_line, 'created_at')),
			'request_id', source_path(inner_line, 'id', 'generation_id'),
			'model', source_path(inner_line, 'model'),
			'provider', source_path(inner_line, 'provider_name'),
			'end_user', source_path(inner_line, 'user'),
			'attributes', source_attributes(NULL, finish_reason => source_path(inner_line, 'finish_reason')),
			'duration_ms', format('inferacct_internal.try_whole(%s)', source_path(inner_line, 'generation_time')),
			'provider_usd', format('inferacct_internal.try_number(%s)', source_path(inner_line, 'total_cost'))));
END
$$;

-- Tokens of another name are refused with it.
CREATE FUNCTION inferacct_internal.vercel_other_counts(generation jsonb)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 50
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT jsonb_object_agg(key, value)
		FROM jsonb_each(CASE WHEN jsonb_typeof(generation) = 'object' THEN generation END)
		WHERE key ~ 'tokens_' AND value <> 'null'
			AND key !~ '^(native_)?tokens_(prompt|completion)$|^native_tokens_(cached|cache_creation|reasoning)$');
END
$$;

COMMENT ON FUNCTION vercel_other_counts(jsonb) IS
	'The tokens of a generation of Vercel''s AI Gateway under other names than are known; NULL when there are none.';

CREATE FUNCTION inferacct_internal.vercel_counts(generation jsonb)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 20
RETURN jsonb_strip_nulls(jsonb_build_object(
	'input_total', coalesce(generation -> 'native_tokens_prompt', generation -> 'tokens_prompt'), 'output_total',
	coalesce(generation -> 'native_tokens_completion', generation -> 'tokens_completion'),
	'cache_read', generation -> 'native_tokens_cached', 'cache_write_total', generation ->
	'native_tokens_cache_creation', 'reasoning', generation -> 'native_tokens_reasoning'))
	|| CASE WHEN regexp_replace(generation::text,
			'"(native_)?tokens_(prompt|completion)"|"native_tokens_(cached|cache_creation|reasoning)"', '', 'g')
			~ 'tokens_'
		THEN coalesce(vercel_other_counts(generation), '{}') ELSE '{}' END;

COMMENT ON FUNCTION vercel_definition(regclass, jsonb) IS 'Definition of a table of answers of Vercel''s AI Gateway '
	'to GET /generation for attach_usage(); option page: the column.';
COMMENT ON FUNCTION vercel_counts(jsonb) IS 'The counts of a generation of Vercel''s AI Gateway: the prompt contains '
	'the cached tokens, the completion the reasoning.';

CREATE FUNCTION inferacct_internal.portkey_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	line text := source_page(relation, mapping);
	response text := source_format('coalesce(%1$s {#>} ''{response,body}''::text[], %1$s {->} ''response'', %1$s '
		'{->} ''responseBody'')', line);
BEGIN
	RETURN jsonb_build_object('kind', 'response', 'counts', response, 'repeats', 'last',
		'unserved', source_format('(pg_catalog.strpos(pg_catalog.lower(%1$s), ''hit'') {>} 0)', source_path(line,
		'cache_status', 'cacheStatus')),
		'columns', jsonb_build_object(
			'at', format('inferacct_internal.try_time(%s)', source_path(line, 'created_at', 'createdAt',
			'time_of_generation')),
			'request_id', source_path(line, 'id', 'trace_id', 'request_id'),
			'model', format('inferacct_internal.source_model(%s, coalesce(inferacct_internal.payload_word(''model'', '
			'%s), %s))', source_path(line, 'ai_org', 'ai_provider', 'provider'), response, source_path(line,
			'ai_model', 'model')),
			'service_tier', format('inferacct_internal.payload_word(''service_tier'', %s)', response),
			'region', format('inferacct_internal.payload_word(''region'', %s)', response),
			'status', source_format('CASE WHEN inferacct_internal.try_number(%s) {>=} 400::numeric THEN ''failed'' '
			'ELSE ''ok'' END', source_path(line, 'response_status_code', 'responseStatus', 'response/status')),
			'provider', source_path(line, 'ai_org', 'ai_provider', 'provider'),
			'end_user', source_path(line, 'metadata/_user'),
			'attributes', source_attributes(source_path(line, 'metadata/session_id', 'metadata/_session'),
				source_path(line, 'metadata/agent'), source_path(line, 'trace_id'), source_path(line,
				'metadata/customer', 'metadata/customer_id'), source_path(response, 'choices/0/finish_reason')),
			-- Portkey keeps cents.
			'provider_usd', source_format('(inferacct_internal.try_number(%s) {/} 100::numeric)', source_path(line,
			'cost')),
			'duration_ms', format('inferacct_internal.try_whole(%s)',
				source_path(line, 'response_time', 'responseTime')),
			'tags', source_format('(%s {->} ''metadata'')', line)));
END
$$;

COMMENT ON FUNCTION portkey_definition(regclass, jsonb) IS 'Definition of a table of the lines of Portkey''s log '
	'export for attach_usage(); option page: the column. The provider''s answer is in response.';
