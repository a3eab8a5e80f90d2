-- mapping: how the logs of other tools are read: SQL expressions over a relation
-- (alias r) for the columns of usage_log, made by attach_usage() (410-source_attach).
--
-- Invariants: an expression is built of names that the relation has, quoted, and
-- of quoted constants; nothing that a user writes is run as SQL.  An expression is
-- part of a function's body, which whoever reads parses in a search_path of his own:
-- so it names every function with its schema, and every operator as {op}, which
-- source_format() writes OPERATOR(pg_catalog.op).  What names an operator without
-- saying so (IN, LIKE, NULLIF, IS DISTINCT FROM, CASE x WHEN) does not occur.  Such
-- operators all bind alike, from left to right: where several meet, brackets say how.

CREATE FUNCTION inferacct_internal.source_usage(tool text, counts jsonb, input bigint DEFAULT NULL, output bigint DEFAULT NULL)
RETURNS usage
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20
AS 'MODULE_PATHNAME', 'source_usage';

COMMENT ON FUNCTION source_usage(text, jsonb, bigint, bigint) IS
'usage of one request from the counts that a tool keeps. tool: litellm (counts: its metadata), langfuse (usage_details), otel (attributes of a GenAI span), openai_usage_api, anthropic_usage_report (a result), columns (meters, input_total, output_total, cache_write_total). '
'input, output: the tool''s columns, used when counts state none. NULL when the counts are inconsistent, for source_problem() to say why; NULL tool gives NULL. Error: 22023 unknown tool.';

CREATE FUNCTION inferacct_internal.source_problem(tool text, counts jsonb, input bigint DEFAULT NULL, output bigint DEFAULT NULL)
RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20
AS 'MODULE_PATHNAME', 'source_problem';

COMMENT ON FUNCTION source_problem(text, jsonb, bigint, bigint) IS
'Why source_usage() of the same arguments is NULL: parts exceed their total, two names of a count contradict each other, a count is below zero, not whole, or of an unknown name. NULL when nothing is wrong. Error: 22023 unknown tool.';

CREATE FUNCTION inferacct_internal.source_model(provider text, model text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 2
RETURN CASE WHEN provider IS NULL OR provider = '' OR starts_with(model, provider || '/') THEN nullif(model, '')
			ELSE provider || '/' || nullif(model, '') END;

COMMENT ON FUNCTION source_model(text, text) IS
'provider/model, or model alone when provider is NULL or empty or already its prefix: the form that resolve_model() takes. An empty or NULL model gives NULL.';

CREATE FUNCTION inferacct_internal.source_tier(tier text)
RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 2
AS 'MODULE_PATHNAME', 'source_tier';

COMMENT ON FUNCTION source_tier(text) IS
'What a word for a service tier means: the word in lower case, X for on_demand_X, and standard for NULL and for default, auto, on_demand, standard_only, unspecified, traffic_type_unspecified and no word at all.';

CREATE FUNCTION inferacct_internal.utc_time(value text)
RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10
SET search_path TO pg_catalog, pg_temp
SET timezone TO 'UTC'
SET datestyle TO 'ISO'
AS $$ SELECT value::timestamptz $$;

COMMENT ON FUNCTION utc_time(text) IS
'A time from its text, in UTC where it states no zone. NULL gives NULL. Errors: 22007, 22008 not a time. IMMUTABLE for what a log has; of the words now, today ... it makes a constant.';

-- ---------------------------------------------------------------------------
-- Columns of the relation, as expressions
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.source_format(template text, VARIADIC expressions text[] DEFAULT '{}')
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN CASE WHEN array_position(expressions, NULL) IS NULL
			THEN format(regexp_replace(template, '{([-+*/<>=|#]+)}', 'OPERATOR(pg_catalog.\1)', 'g'), VARIADIC expressions) END;

COMMENT ON FUNCTION source_format(text, text[]) IS 'format() with {op} for an operator of PostgreSQL''s own, whatever the search_path; NULL when an expression is NULL: what a relation lacks stays lacking.';

-- What is not empty.
CREATE FUNCTION inferacct_internal.source_word(expression text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN source_format('CASE WHEN %1$s {<>} '''' THEN %1$s END', expression);

COMMENT ON FUNCTION source_word(text) IS 'Expression for a text, or NULL where it is empty.';

CREATE FUNCTION inferacct_internal.source_milliseconds(began text, ended text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN source_format('greatest(extract(epoch FROM %s {-} %s) {*} 1000::numeric, 0::numeric)', ended, began);

COMMENT ON FUNCTION source_milliseconds(text, text) IS 'Expression for the milliseconds between two times, and 0 when they are in the wrong order.';

-- The first of these columns that the relation has, as an expression.
CREATE FUNCTION inferacct_internal.source_column(relation regclass, VARIADIC names text[])
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT format('r.%I', a.attname) FROM unnest(names) WITH ORDINALITY AS n(name, rank)
	JOIN pg_attribute AS a ON a.attrelid = relation AND a.attname = n.name AND a.attnum > 0 AND NOT a.attisdropped
	ORDER BY n.rank LIMIT 1
$$;

COMMENT ON FUNCTION source_column(regclass, text[]) IS 'The first of these columns that relation has, as r.column; NULL when it has none. For attach_usage().';

CREATE FUNCTION inferacct_internal.source_need(relation regclass, what text, VARIADIC names text[])
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	found text := source_column(relation, VARIADIC names);
BEGIN
	IF found IS NULL THEN
		PERFORM inferacct_internal.fail('42703', format('relation "%s" has no column for %s', relation, what),
			'Sought: ' || array_to_string(names, ', ') || '. It has: ' || (
				SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped) || '.',
			'Name the columns in a mapping of your own; see attach_usage().');
	END IF;
	RETURN found;
END
$$;

COMMENT ON FUNCTION source_need(regclass, text, text[]) IS 'As source_column(), but a missing column is an error (42703).';

CREATE FUNCTION inferacct_internal.source_type(relation regclass, expression text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT atttypid::regtype::text FROM pg_attribute
	WHERE attrelid = relation AND format('r.%I', attname) = expression AND attnum > 0
$$;

COMMENT ON FUNCTION source_type(regclass, text) IS 'Type of the column that r.column names; NULL for any other expression.';

-- A time: without time zone it is UTC, a number needs its unit.
CREATE FUNCTION inferacct_internal.source_time(relation regclass, expression text, unit text)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	type text := coalesce(source_type(relation, expression), 'text');
	per_microsecond text;
BEGIN
	IF expression IS NULL THEN
		RETURN NULL;
	END IF;
	CASE
		WHEN type = 'timestamp with time zone' THEN RETURN expression;
		WHEN type = 'timestamp without time zone' THEN RETURN format('(%s AT TIME ZONE ''UTC'')', expression);
		WHEN type IN ('text', 'character varying') THEN RETURN format('inferacct_internal.utc_time(%s)', expression);
		WHEN type IN ('integer', 'bigint', 'numeric') THEN
			per_microsecond := CASE unit WHEN 's' THEN '{*} 1000000' WHEN 'ms' THEN '{*} 1000' WHEN 'us' THEN '{*} 1' WHEN 'ns' THEN '{/} 1000' END;
			IF per_microsecond IS NOT NULL THEN
				RETURN source_format('(timestamptz ''1970-01-01 00:00:00+00'' {+} ((%s::bigint ' || per_microsecond || ')::double precision {*} interval ''1 microsecond''))', expression);
			END IF;
		ELSE
	END CASE;
	PERFORM inferacct_internal.fail('42804', format('column %s of relation "%s" cannot be read as a time', substr(expression, 3), relation),
		format('It is of type %s.', type),
		'Numbers since 1970 need "at_unit": "s", "ms", "us" or "ns" in the mapping.');
END
$$;

COMMENT ON FUNCTION source_time(regclass, text, text) IS 'Expression for a timestamptz from one of another type; without time zone it is UTC. Error 42804 when that cannot be.';

-- Exactly the number that is there: a float as its shortest text.
CREATE FUNCTION inferacct_internal.source_usd(relation regclass, expression text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN source_type(relation, expression) IN ('double precision', 'real')
				THEN source_format('CASE WHEN %1$s {>} ''-Infinity'' AND %1$s {<} ''Infinity'' THEN %1$s::text::numeric END', expression)
				ELSE format('(%s)::numeric', expression) END
	WHERE expression IS NOT NULL
$$;

COMMENT ON FUNCTION source_usd(regclass, text) IS 'Expression for USD as numeric: a float by its shortest text, never by rounding to 15 digits; what is no finite number is NULL.';

-- What a mapping says of one column.
CREATE FUNCTION inferacct_internal.source_expression(relation regclass, key text, said jsonb)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	expression text;
BEGIN
	IF jsonb_typeof(said) = 'string' THEN
		RETURN source_need(relation, key, said #>> '{}');
	ELSIF jsonb_typeof(said) = 'object' AND said ? 'value' THEN
		RETURN coalesce(quote_literal(said ->> 'value'), 'NULL');
	ELSIF jsonb_typeof(said) = 'object' AND said ? 'column' AND jsonb_typeof(said -> 'path') = 'array' THEN
		expression := source_need(relation, key, said ->> 'column');
		IF source_type(relation, expression) NOT IN ('json', 'jsonb') THEN
			PERFORM inferacct_internal.fail('42804', format('column %s of relation "%s" is not json', substr(expression, 3), relation),
				hint => 'A "path" leads into a column of type json or jsonb.');
		END IF;
		RETURN source_format('(%s {#>>} %s)', expression, quote_literal(ARRAY(SELECT jsonb_array_elements_text(said -> 'path'))) || '::text[]');
	END IF;
	PERFORM inferacct_internal.fail('22023', format('the mapping of "%s" is not understood: %s', key, said),
		hint => 'Give a column''s name, {"column": name, "path": [key, ...]} for a value in a json column, or {"value": constant}.');
END
$$;

COMMENT ON FUNCTION source_expression(regclass, text, jsonb) IS 'Expression for what a mapping says of one key. Errors: 42703 no such column, 42804 a path into what is not json, 22023 not understood.';

-- ---------------------------------------------------------------------------
-- Ready mappings: definitions of tables that tools keep
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.litellm_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	metadata text := source_need(relation, 'metadata', 'metadata') || '::jsonb';
	counts text := source_format('(''litellm'', %s, %s, %s)', metadata, source_need(relation, 'prompt_tokens', 'prompt_tokens'), source_need(relation, 'completion_tokens', 'completion_tokens'));
	began text := source_time(relation, source_need(relation, 'the time of the request', 'startTime'), NULL);
	ended text := source_time(relation, source_column(relation, 'endTime'), NULL);
	provider text := source_column(relation, 'custom_llm_provider');
	cached text := source_column(relation, 'cache_hit');
	status text := source_column(relation, 'status');
	call_type text := source_column(relation, 'call_type');
	tier text := source_format('inferacct_internal.source_tier(%s {#>>} ''{usage_object,service_tier}''::text[])', metadata);
	failed text := coalesce(mapping ->> 'failed', 'keep');
BEGIN
	IF failed NOT IN ('keep', 'leave_out') THEN
		PERFORM inferacct_internal.fail('22023', format('"failed" cannot be "%s"', failed),
			hint => 'keep: failed calls cost what their counts say; leave_out: they are not in the view.');
	END IF;
	RETURN jsonb_build_object(
		'columns', jsonb_strip_nulls(jsonb_build_object(
			'at', began,
			'request_id', source_need(relation, 'request_id', 'request_id'),
			'model', source_format('inferacct_internal.source_model(%s, %s)', coalesce(provider, 'NULL'), source_need(relation, 'model', 'model')),
			-- An answer from LiteLLM's own cache reached no provider.
			'usage', CASE WHEN cached IS NULL THEN 'inferacct_internal.source_usage' || counts
				ELSE source_format('CASE WHEN %s {=} ''True'' THEN inferacct.usage(requests => 0) ELSE inferacct_internal.source_usage%s END', cached, counts) END,
			'service_tier', CASE WHEN call_type IS NULL THEN tier ELSE source_format('CASE WHEN pg_catalog.strpos(%s, ''batch'') {>} 0 THEN ''batch'' ELSE %s END', call_type, tier) END,
			'status', source_format('CASE WHEN %s {=} ''failure'' THEN ''failed'' ELSE ''ok'' END', status),
			'provider', source_word(provider),
			'team', source_word(source_column(relation, 'team_id')),
			'project', source_format('(%s {->>} ''project_id'')', metadata),
			'api_key', source_word(source_column(relation, 'api_key')),
			'end_user', coalesce(source_format('coalesce(%s, %s)', source_word(source_column(relation, 'end_user')), source_word(source_column(relation, 'user'))),
				source_column(relation, 'end_user', 'user')),
			'provider_usd', source_usd(relation, source_column(relation, 'spend')),
			'duration_ms', source_milliseconds(began, ended),
			'tags', source_column(relation, 'request_tags'))),
		'problem', CASE WHEN cached IS NULL THEN 'inferacct_internal.source_problem' || counts
			ELSE source_format('CASE WHEN coalesce(%s {<>} ''True'', true) THEN inferacct_internal.source_problem%s END', cached, counts) END,
		'where', CASE WHEN failed = 'leave_out' AND status IS NOT NULL THEN source_format('coalesce(%s {<>} ''failure'', true)', status) END);
END
$$;

COMMENT ON FUNCTION litellm_definition(regclass, jsonb) IS 'Definition of "LiteLLM_SpendLogs" for attach_usage(); option failed: keep or leave_out.';

CREATE FUNCTION inferacct_internal.langfuse_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	details text := source_column(relation, 'usage_details', 'usageDetails', 'provided_usage_details');
	counts text := source_format('(''langfuse'', %s, %s, %s)', coalesce(details || '::text::jsonb', 'NULL'),
		CASE WHEN details IS NULL THEN source_need(relation, 'usage_details', 'usage_details', 'prompt_tokens') ELSE coalesce(source_column(relation, 'prompt_tokens'), 'NULL') END,
		coalesce(source_column(relation, 'completion_tokens'), 'NULL'));
	began text := source_time(relation, source_need(relation, 'the time of the request', 'start_time', 'startTime'), NULL);
	ended text := source_time(relation, source_column(relation, 'end_time', 'endTime'), NULL);
	parameters text := source_column(relation, 'model_parameters', 'modelParameters');
	tags text := source_column(relation, 'tags');
BEGIN
	IF source_type(relation, details) = 'jsonb' THEN
		counts := replace(counts, '::text::jsonb', '');
	END IF;
	RETURN jsonb_build_object(
		'columns', jsonb_strip_nulls(jsonb_build_object(
			'at', began,
			'loaded_at', source_time(relation, source_column(relation, 'created_at', 'createdAt'), NULL),
			'request_id', source_need(relation, 'request_id', 'id', 'span_id'),
			'model', source_word(source_need(relation, 'model', 'provided_model_name', 'model')),
			'usage', 'inferacct_internal.source_usage' || counts,
			'service_tier', source_format('inferacct_internal.source_tier(%s::jsonb {->>} ''service_tier'')', parameters),
			'status', source_format('CASE WHEN %s::text {=} ''ERROR'' THEN ''failed'' ELSE ''ok'' END', source_column(relation, 'level')),
			'project', source_column(relation, 'project_id', 'projectId'),
			'end_user', source_column(relation, 'user_id'),
			'provider_usd', coalesce(
				source_format('coalesce(%s, %s)', source_usd(relation, source_column(relation, 'total_cost')), source_usd(relation, source_column(relation, 'calculated_total_cost'))),
				source_usd(relation, source_column(relation, 'total_cost', 'calculated_total_cost'))),
			'duration_ms', source_milliseconds(began, ended),
			'tags', source_format('pg_catalog.to_jsonb(%s)', tags))),
		'problem', 'inferacct_internal.source_problem' || counts,
		'where', (SELECT string_agg(condition, ' AND ') FROM (VALUES
			(source_format('(%1$s::text {=} ''GENERATION'' OR %1$s::text {=} ''EMBEDDING'')', source_column(relation, 'type'))),
			(source_format('%s::int {=} 0', source_column(relation, 'is_deleted')))) AS c(condition)));
END
$$;

COMMENT ON FUNCTION langfuse_definition(regclass, jsonb) IS 'Definition of Langfuse observations (v2 columns, v3 and events usage maps) for attach_usage(); generations and embeddings only.';

CREATE FUNCTION inferacct_internal.otel_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	attributes text := source_column(relation, 'attributes', 'span_attributes', 'SpanAttributes');
	began text := source_need(relation, 'the time of the request', 'start_time', 'startTime', 'start_time_unix_nano', 'startTimeUnixNano', 'timestamp', 'Timestamp');
	at text := source_time(relation, began, 'ns');
	names text[] := ARRAY['gen_ai.provider.name', 'gen_ai.system', 'gen_ai.request.model', 'gen_ai.response.model', 'gen_ai.operation.name', 'gen_ai.response.id',
		'gen_ai.openai.response.service_tier', 'gen_ai.request.service_tier', 'error.type'];
	read text[];	-- for each of these, an expression
	model text;
	counts text;
BEGIN
	IF attributes IS NOT NULL THEN
		attributes := attributes || CASE WHEN source_type(relation, attributes) = 'jsonb' THEN '' ELSE '::text::jsonb' END;
		read := ARRAY(SELECT source_format('(%s {->>} %s)', attributes, quote_literal(n)) FROM unnest(names) WITH ORDINALITY AS u(n, i) ORDER BY i);
		counts := attributes;
	ELSE
		read := ARRAY(SELECT coalesce(source_column(relation, n, replace(n, '.', '_')), 'NULL') FROM unnest(names) WITH ORDINALITY AS u(n, i) ORDER BY i);
		SELECT source_format('pg_catalog.jsonb_build_object(%s)', string_agg(source_format('%L, %s', n, source_column(relation, n, replace(n, '.', '_'))), ', '))
		INTO counts
		FROM unnest(ARRAY['input_tokens', 'output_tokens', 'prompt_tokens', 'completion_tokens', 'cache_read.input_tokens', 'cache_creation.input_tokens',
			'cache_read_input_tokens', 'cache_creation_input_tokens', 'input_cached_tokens', 'cached_tokens', 'reasoning.output_tokens', 'reasoning_tokens',
			'audio.input_tokens', 'image.input_tokens', 'video.input_tokens', 'audio.output_tokens']) AS u(short)
		CROSS JOIN LATERAL (SELECT 'gen_ai.usage.' || short) AS l(n)
		WHERE source_column(relation, n, replace(n, '.', '_')) IS NOT NULL;
		IF counts IS NULL THEN
			PERFORM source_need(relation, 'the attributes of spans', 'attributes', 'span_attributes', 'SpanAttributes', 'gen_ai.usage.input_tokens', 'gen_ai_usage_input_tokens');
		END IF;
	END IF;
	model := source_format('coalesce(%s, %s)', read[4], read[3]);
	RETURN jsonb_build_object(
		'columns', jsonb_strip_nulls(jsonb_build_object(
			'at', at,
			'request_id', source_need(relation, 'request_id', 'span_id', 'spanId', 'SpanId', 'id'),
			'model', source_format('inferacct_internal.source_model(coalesce(%s, %s), %s)', read[1], read[2], model),
			'usage', source_format('inferacct_internal.source_usage(''otel'', %s)', counts),
			'service_tier', source_format('inferacct_internal.source_tier(coalesce(%s, %s))', read[7], read[8]),
			'status', source_format('CASE WHEN %s IS NULL THEN ''ok'' ELSE ''failed'' END', read[9]),
			'provider', source_format('coalesce(%s, %s)', read[1], read[2]),
			'project', source_column(relation, 'service_name', 'ServiceName'),
			'duration_ms', source_milliseconds(at, source_time(relation, source_column(relation, 'end_time', 'endTime', 'end_time_unix_nano', 'endTimeUnixNano'), 'ns')))),
		'problem', source_format('inferacct_internal.source_problem(''otel'', %s)', counts),
		-- Spans of agents and workflows repeat the tokens of the calls within.
		'where', source_format('coalesce(%s, ''chat'') {=} ANY (ARRAY[''chat'', ''text_completion'', ''generate_content'', ''embeddings'']) AND %s IS NOT NULL', read[5], model));
END
$$;

COMMENT ON FUNCTION otel_definition(regclass, jsonb) IS 'Definition of a table of OpenTelemetry spans for attach_usage(): attributes in one json column, or in columns of their names (dots or underscores).';

-- The json column of a table of API pages.
CREATE FUNCTION inferacct_internal.source_page(relation regclass, mapping jsonb)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	pages text[];
BEGIN
	IF mapping ? 'page' THEN
		RETURN source_need(relation, 'page', mapping ->> 'page') || '::jsonb';
	END IF;
	pages := ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND atttypid IN ('json'::regtype, 'jsonb'::regtype));
	IF cardinality(pages) <> 1 THEN
		PERFORM inferacct_internal.fail('42703', format('relation "%s" has %s json columns; which has the pages?', relation, cardinality(pages)),
			hint => 'Name it: {"tool": ..., "page": "column"}.');
	END IF;
	RETURN source_format('r.%I::jsonb', pages[1]);
END
$$;

COMMENT ON FUNCTION source_page(regclass, jsonb) IS 'Expression for the json column that has the pages of a provider''s usage report. Error 42703 when it is not clear which.';

CREATE FUNCTION inferacct_internal.source_pages(relation regclass, mapping jsonb)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT source_format(' CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(%s {->} ''data'') AS b(bucket)'
		' CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(b.bucket {->} ''results'') AS e(result)', source_page(relation, mapping))
$$;

COMMENT ON FUNCTION source_pages(regclass, jsonb) IS 'What follows the relation in FROM: the buckets (b) of its pages, and their results (e).';

-- A value of a result of a page, as text.
CREATE FUNCTION inferacct_internal.source_result(key text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN source_format('(e.result {->>} %s)', quote_literal(key));

COMMENT ON FUNCTION source_result(text) IS 'Expression for the text of a key of a result of a page; see source_pages().';

-- A result has no name of its own: its bucket and all that it is grouped by make one.
CREATE FUNCTION inferacct_internal.source_result_id(bucket text, VARIADIC keys text[])
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN source_format('((b.bucket {->>} %s) {||} ''/'' {||} pg_catalog.md5(pg_catalog.jsonb_build_array(%s)::text))', quote_literal(bucket),
	(SELECT string_agg(source_format('e.result {->} %s', quote_literal(key)), ', ' ORDER BY rank) FROM unnest(keys) WITH ORDINALITY AS k(key, rank)));

COMMENT ON FUNCTION source_result_id(text, text[]) IS 'Expression for a request_id of a result of a page: the beginning of its bucket and a hash of the values of keys.';

CREATE FUNCTION inferacct_internal.openai_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT jsonb_build_object(
		'columns', jsonb_build_object(
			'at', source_format('(timestamptz ''1970-01-01 00:00:00+00'' {+} ((b.bucket {->>} ''start_time'')::bigint::double precision {*} interval ''1 second''))'),
			'request_id', source_result_id('start_time', 'object', 'project_id', 'user_id', 'api_key_id', 'model', 'batch', 'service_tier', 'size', 'source'),
			'model', source_format('inferacct_internal.source_model(''openai'', %s)', source_result('model')),
			'usage', 'inferacct_internal.source_usage(''openai_usage_api'', e.result)',
			'service_tier', source_format('CASE WHEN %s::boolean THEN ''batch'' ELSE inferacct_internal.source_tier(%s) END', source_result('batch'), source_result('service_tier')),
			'provider', '''openai''',
			'project', source_result('project_id'), 'api_key', source_result('api_key_id'), 'end_user', source_result('user_id')),
		'from', source_pages(relation, mapping),
		'problem', 'inferacct_internal.source_problem(''openai_usage_api'', e.result)')
$$;

COMMENT ON FUNCTION openai_definition(regclass, jsonb) IS 'Definition of a table of pages of OpenAI''s usage API for attach_usage(); option page: the json column.';

CREATE FUNCTION inferacct_internal.anthropic_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT jsonb_build_object(
		'columns', jsonb_build_object(
			'at', source_format('inferacct_internal.utc_time(b.bucket {->>} ''starting_at'')'),
			'request_id', source_result_id('starting_at', 'api_key_id', 'workspace_id', 'model', 'service_tier', 'context_window', 'inference_geo', 'speed', 'account_id', 'service_account_id'),
			'model', source_format('inferacct_internal.source_model(''anthropic'', %s)', source_result('model')),
			'usage', 'inferacct_internal.source_usage(''anthropic_usage_report'', e.result)',
			'service_tier', source_format('CASE WHEN %1$s {=} ''priority_on_demand'' THEN ''priority'' WHEN %1$s {=} ''flex_discount'' THEN ''flex'' ELSE inferacct_internal.source_tier(%1$s) END', source_result('service_tier')),
			'region', source_format('CASE WHEN %1$s {<>} ''not_available'' AND %1$s {<>} ''global'' THEN %1$s END', source_result('inference_geo')),
			'provider', '''anthropic''',
			'project', source_result('workspace_id'), 'api_key', source_result('api_key_id')),
		'from', source_pages(relation, mapping),
		'problem', 'inferacct_internal.source_problem(''anthropic_usage_report'', e.result)')
$$;

COMMENT ON FUNCTION anthropic_definition(regclass, jsonb) IS 'Definition of a table of pages of Anthropic''s messages usage report for attach_usage(); option page: the json column.';
