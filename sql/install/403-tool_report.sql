-- tool_report: what attach_usage() makes of the usage reports of providers.
--
-- Invariants: those of 401-tool_litellm.

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
