-- tool_gateway: what attach_usage() makes of the logs of gateways, agents and observers.
--
-- Invariants: those of 401-tool_litellm.

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
			'isSidechain'), source_path(line, 'agentId')))),
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
			'attributes', source_attributes(session || '::text', NULL)),
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
			'attributes', source_attributes(source_path(properties, 'Helicone-Session-Id', 'session'), NULL),
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
			'attributes', source_attributes(source_path(extra, 'metadata/session_id', 'metadata/thread_id',
			'metadata/conversation_id'), NULL),
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
			'attributes', source_attributes(source_word(source_column(relation, 'session_id', 'sessionId')), NULL),
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
