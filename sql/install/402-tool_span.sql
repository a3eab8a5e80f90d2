-- tool_span: what attach_usage() makes of spans: OpenTelemetry, Phoenix, and what is named alike.
--
-- Invariants: those of 401-tool_litellm.

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

CREATE FUNCTION inferacct_internal.span_kept(attributes jsonb)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 30
RETURN nullif(jsonb_strip_nulls(jsonb_build_object(
	'session', first_word(attributes, 'gen_ai.conversation.id', 'session.id', 'langfuse.session.id',
	'ai.telemetry.metadata.sessionId', 'traceloop.association.properties.session_id'),
	'agent', first_word(attributes, 'gen_ai.agent.name', 'agent.name', 'ai.telemetry.functionId',
	'aws.bedrock.agent.id', 'aws.bedrock.agent_id'),
	'guardrail', first_word(attributes, 'aws.bedrock.guardrail.id', 'aws.bedrock.guardrail_id',
	'gen_ai.bedrock.guardrail.id'),
	'knowledge_base', first_word(attributes, 'aws.bedrock.knowledge_base.id', 'aws.bedrock.knowledge_base_id'))), '{}');

COMMENT ON FUNCTION span_kept(jsonb) IS 'What usage_log keeps of the attributes of a span: session, agent, '
	'guardrail, knowledge_base; NULL when it has none.';

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
		'gen_ai.operation.name', 'gen_ai.conversation.id', 'gen_ai.agent.name',
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
			'attributes', format('inferacct_internal.span_kept(%s)', attributes),
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
