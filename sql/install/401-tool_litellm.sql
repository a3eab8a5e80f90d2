-- tool_litellm: what attach_usage() makes of the log of LiteLLM's proxy.
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
				source_column(relation, 'end_user', 'user')),
			'provider_usd', usd,
			'duration_ms', source_milliseconds(began, source_time(relation, source_column(relation, 'endTime'), NULL)),
			'attributes', source_attributes(source_word(source_column(relation, 'session_id')),
			source_word(source_column(relation, 'agent_id'))),
			'tags', source_as(relation, source_column(relation, 'request_tags'), 'tags', NULL))),
		'where', nullif(concat_ws(' AND ',
			CASE WHEN failed = 'leave_out' THEN source_format('coalesce(%s {<>} ''failure'', true)', status) END,
			format('inferacct_internal.litellm_is_call(%s, %s::text, %s::text, %s)', call_type,
				source_column(relation, 'prompt_tokens'), source_column(relation, 'completion_tokens'), coalesce(usd,
				'NULL::numeric'))), ''));
END
$$;

COMMENT ON FUNCTION litellm_definition(regclass, jsonb) IS
	'Definition of "LiteLLM_SpendLogs" for attach_usage(), or of a daily table; option failed: keep or leave_out.';
