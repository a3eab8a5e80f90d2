-- source_definition: from a mapping to SQL expressions.
--
-- Invariant: a definition has an expression for every column of usage_log that the
-- mapping fills, says which rows count, and fails for a word that it does not know:
-- nothing of a mapping is left out silently.  It is made of the tool's definition
-- (401-404), or of the columns that the mapping names, and then of what the
-- mapping says beside it, one concern in each function.  Expressions are over the
-- relation's row r, and write operators as {=} (400-source_mapping).

-- A mapping of one's own: which columns fill which, and what the counts contain; or where the provider's whole answer
-- is.
CREATE FUNCTION inferacct_internal.columns_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	counts text := '';
	response text;
	called text;
	key text;
	said jsonb;
BEGIN
	FOREACH key IN ARRAY CASE WHEN mapping ? 'response' THEN ARRAY['at', 'request_id']
		WHEN mapping ? 'usage' THEN ARRAY['at', 'request_id', 'model']
		ELSE ARRAY['at', 'request_id', 'model', 'input'] END LOOP
		IF NOT mapping ? key THEN
			PERFORM inferacct_internal.fail('22023', format('the mapping does not say which column is "%s"', key),
				hint =>
					'Required are at, request_id, and either response (a column with the provider''s whole answer), '
					'or model and usage (a column of that type), or model, input and input_includes_cached.');
		END IF;
	END LOOP;
	IF mapping ?| ARRAY['response', 'usage'] AND ((mapping ? 'response' AND mapping ? 'usage') OR EXISTS (
		SELECT FROM jsonb_object_keys(mapping) AS k(name) WHERE is_meter(k.name)
			OR k.name IN ('input_includes_cached', 'output_includes_reasoning', 'cache_write_total'))) THEN
		PERFORM inferacct_internal.fail('22023',
			format('a mapping with "%s" cannot have counts beside it', CASE WHEN mapping ? 'response' THEN 'response'
			ELSE 'usage' END),
			hint =>
				'An answer tells what its counts contain. For a name that it has and no release knows, say {"names": '
				'{"name": "meter"}}.');
	END IF;
	IF mapping ? 'usage' THEN
		response := source_need(relation, 'usage', mapping ->> 'usage');
		IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = relation AND format('r.%I', attname) = response
			AND atttypid = 'inferacct.usage'::regtype) THEN
			PERFORM inferacct_internal.fail('42804',
				format('column %s of relation "%s" is not of type usage', substr(response, 3), relation),
				hint =>
					'For a column with a provider''s answer say {"response": ...}; '
					'parse_usage() makes a usage of one.');
		END IF;
		RETURN jsonb_build_object('usage', response, 'columns', '{}'::jsonb);
	END IF;
	IF mapping ? 'response' THEN
		response := CASE WHEN jsonb_typeof(mapping -> 'response') = 'string' THEN source_json(relation,
			source_need(relation, 'response', mapping ->> 'response'))
			ELSE format('inferacct_internal.try_json(%s)',
				source_expression(relation, 'response', mapping -> 'response')) END;
		RETURN jsonb_build_object('kind', 'response', 'counts', response, 'columns', jsonb_build_object(
			'model', format('inferacct_internal.source_model(%s, inferacct_internal.payload_word(''model'', %s))',
				CASE WHEN mapping ? 'provider' THEN '(' || source_expression(relation, 'provider',
					mapping -> 'provider') || ')::text' ELSE 'NULL' END, response),
			'service_tier', format('inferacct_internal.payload_word(''service_tier'', %s)', response),
			'region', format('inferacct_internal.payload_word(''region'', %s)', response)));
	END IF;
	IF jsonb_typeof(mapping -> 'input_includes_cached') IS DISTINCT FROM 'boolean' THEN
		PERFORM inferacct_internal.fail('22023',
			'the mapping does not say whether the input count includes cached tokens',
			'OpenAI and OpenTelemetry count cached tokens within the input, Anthropic beside it; '
			'the wrong guess bills them twice or not at all.',
			'Add "input_includes_cached": true or false.');
	END IF;
	IF mapping ? 'reasoning' AND jsonb_typeof(mapping -> 'output_includes_reasoning') IS DISTINCT FROM 'boolean' THEN
		PERFORM inferacct_internal.fail('22023',
			'the mapping does not say whether the output count includes reasoning tokens',
			hint => 'Add "output_includes_reasoning": true or false.');
	END IF;
	FOR key, said IN SELECT * FROM jsonb_each(mapping) LOOP
		CONTINUE WHEN NOT is_meter(key) AND key <> 'cache_write_total';
		called := CASE WHEN key = 'input' AND (mapping ->> 'input_includes_cached')::boolean THEN 'input_total'
			WHEN key = 'output' AND coalesce((mapping ->> 'output_includes_reasoning')::boolean, false)
				THEN 'output_total'
			ELSE key END;
		counts := counts || format('%s%L, %s', CASE WHEN counts <> '' THEN ', ' ELSE '' END, called,
			source_expression(relation, key, said));
	END LOOP;
	RETURN jsonb_build_object('kind', 'columns', 'counts', format('pg_catalog.jsonb_build_object(%s)', counts),
		'columns', '{}'::jsonb);
END
$$;

COMMENT ON FUNCTION columns_definition(regclass, jsonb) IS
'Definition of any table by a mapping of its columns, for attach_usage().';

-- Which rows count: [{"column", "path"?, "is" | "is_not": value or values}, ...].
CREATE FUNCTION inferacct_internal.filter_condition(relation regclass, filter jsonb)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	conditions text;
	one jsonb;
	said jsonb;
BEGIN
	FOR one IN SELECT * FROM elements(filter) LOOP
		said := coalesce(one -> 'is', one -> 'is_not');
		IF said IS NULL OR jsonb_typeof(said) = 'object' OR NOT one ? 'column' OR (one ? 'is' AND one ? 'is_not')
			OR one - ARRAY['column', 'path', 'is', 'is_not'] <> '{}' THEN
			PERFORM inferacct_internal.fail('22023', format('the filter is not understood: %s', one),
				hint =>
					'Give {"column": name, "is": value} or {"column": name, "is_not": [value, ...]}, with "path" for '
					'a value in a json column, or an array of these.');
		END IF;
		conditions := concat_ws(' AND ', conditions,
			source_format(CASE WHEN one ? 'is' THEN 'coalesce(%s::text {=} ANY (%s), false)'
			ELSE 'coalesce(%s::text {<>} ALL (%s), true)' END,
			source_expression(relation, 'filter', CASE WHEN one ? 'path' THEN one - ARRAY['is', 'is_not']
				ELSE one -> 'column' END),
			quote_literal(ARRAY(SELECT e #>> '{}' FROM elements(said) AS e)) || '::text[]'));
	END LOOP;
	RETURN conditions;
END
$$;

COMMENT ON FUNCTION filter_condition(regclass, jsonb) IS
'Expression for what a mapping says under "filter". Errors: 22023 not understood, 42703 no such column.';

-- By what repeats are ordered: nothing that has no value comes last.
CREATE FUNCTION inferacct_internal.source_order(relation regclass, said jsonb)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	expression text;
BEGIN
	IF said IS NULL THEN
		RETURN '0';
	END IF;
	expression := source_expression(relation, 'order', said);
	RETURN CASE
		WHEN source_type(relation, expression) IN ('smallint', 'integer', 'bigint', 'numeric', 'real',
			'double precision') THEN format('coalesce(%s::numeric, ''-Infinity''::numeric)', expression)
		WHEN source_type(relation, expression) LIKE 'timestamp%' THEN format('coalesce(%s, ''-infinity'')', expression)
		ELSE format('coalesce(%s::text COLLATE "C", '''')', expression) END;
END
$$;

COMMENT ON FUNCTION source_order(regclass, jsonb) IS
'Expression by which rows of one request_id are ordered, before their time.';

-- What the tool's rows are, and the words that its mapping may have beside those of every mapping.
CREATE FUNCTION inferacct_internal.tool_definition(relation regclass, mapping jsonb, OUT definition jsonb,
	OUT options text[])
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	tools CONSTANT text :=
		'litellm, langfuse, otel, phoenix, openai_usage_api, anthropic_usage_report, helicone, langsmith, openrouter, '
		'vercel, portkey, claude_code and codex';
	tool text := mapping ->> 'tool';
BEGIN
	IF jsonb_typeof(mapping) IS DISTINCT FROM 'object' THEN
		PERFORM inferacct_internal.fail('22023', 'a mapping is the name of a tool or a JSON object',
			hint => format('The tools are %s.', tools));
	END IF;
	options := '{}';
	CASE tool
		WHEN 'litellm' THEN definition := litellm_definition(relation, mapping); options := ARRAY['failed'];
		WHEN 'langfuse' THEN definition := langfuse_definition(relation, mapping);
		WHEN 'otel', 'phoenix' THEN definition := otel_definition(relation, mapping);
		WHEN 'openai_usage_api' THEN definition := openai_definition(relation, mapping);
		WHEN 'anthropic_usage_report' THEN definition := anthropic_definition(relation, mapping);
		WHEN 'helicone' THEN definition := helicone_definition(relation, mapping);
		WHEN 'langsmith' THEN definition := langsmith_definition(relation, mapping);
		WHEN 'openrouter' THEN definition := openrouter_definition(relation, mapping);
		WHEN 'vercel' THEN definition := vercel_definition(relation, mapping);
		WHEN 'portkey' THEN definition := portkey_definition(relation, mapping);
		WHEN 'claude_code' THEN definition := claude_code_definition(relation, mapping);
		WHEN 'codex' THEN definition := codex_definition(relation, mapping);
		ELSE
			IF tool IS NOT NULL THEN
				PERFORM inferacct_internal.fail('22023', format('unknown tool "%s"', tool),
					hint => format('The tools are %s; map the columns of others.', tools));
			END IF;
			definition := columns_definition(relation, mapping);
			options := ARRAY['response', 'usage', 'input_includes_cached', 'output_includes_reasoning',
				'cache_write_total'];
	END CASE;
END
$$;

COMMENT ON FUNCTION tool_definition(regclass, jsonb) IS
'The definition of the tool that a mapping names, or of its own columns, and the options of that mapping alone. '
'Errors as attach_usage().';

-- Columns of usage_log that the caller maps himself go before those of the tool.
CREATE FUNCTION inferacct_internal.with_labels(relation regclass, mapping jsonb, options text[], definition jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	labels CONSTANT text[] := ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = 'inferacct.usage_log'::regclass
		AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('usage', 'source'));
	key text;
	said jsonb;
BEGIN
	FOR key, said IN SELECT * FROM jsonb_each(mapping) LOOP
		CONTINUE WHEN key = ANY (options) OR (NOT mapping ? 'tool' AND is_meter(key));
		IF NOT key = ANY (labels) THEN
			PERFORM inferacct_internal.fail('22023', format('a mapping cannot have "%s"', key),
				hint => format('It may have %s, and %s.', array_to_string(options, ', '),
					array_to_string(labels, ', ')));
		END IF;
		definition := jsonb_set(definition, ARRAY['columns', key],
			to_jsonb(source_as(relation, source_expression(relation, key, said), key, mapping ->> 'at_unit')));
		-- A cost that is told, and cannot be read, is not one that was not told.
		IF key = 'provider_usd' THEN
			definition := definition
				|| jsonb_build_object('refuse', concat_ws(', ', definition ->> 'refuse', source_format(
				'CASE WHEN (%s)::text {<>} '''' AND %s IS NULL AND pg_catalog.strpos(pg_catalog.lower((%1$s)::text), '
				'''n'') {=} 0 THEN ''the cost is no number'' END',
				source_expression(relation, key, said), definition #>> '{columns,provider_usd}')));
		END IF;
	END LOOP;
	RETURN definition;
END
$$;

COMMENT ON FUNCTION with_labels(regclass, jsonb, text[], jsonb) IS
'The definition with the columns that a mapping fills beside its options. Error 22023: another word in the mapping.';

CREATE FUNCTION inferacct_internal.with_usd_scale(mapping jsonb, definition jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	usd CONSTANT text := definition #>> '{columns,provider_usd}';
BEGIN
	IF NOT mapping ? 'usd_scale' THEN
		RETURN definition;
	END IF;
	IF try_number(mapping ->> 'usd_scale') IS NULL OR try_number(mapping ->> 'usd_scale') <= 0 OR usd IS NULL THEN
		PERFORM inferacct_internal.fail('22023', format('"usd_scale" cannot be %s', mapping -> 'usd_scale'),
			hint => 'It is the USD of one unit of the column provider_usd, which must be mapped: 0.01 for cents.');
	END IF;
	RETURN jsonb_set(definition, '{columns,provider_usd}',
		to_jsonb(source_format('(%s {*} %s::numeric)', usd, mapping ->> 'usd_scale')));
END
$$;

COMMENT ON FUNCTION with_usd_scale(jsonb, jsonb) IS
'The definition with provider_usd in the unit that a mapping says. Error 22023.';

CREATE FUNCTION inferacct_internal.with_cache_lifetime(mapping jsonb, definition jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT mapping ? 'cache_lifetime' THEN
		RETURN definition;
	END IF;
	IF mapping ->> 'cache_lifetime' NOT IN ('5m', '1h') THEN
		PERFORM inferacct_internal.fail('22023',
			format('"cache_lifetime" cannot be %s', mapping -> 'cache_lifetime'),
			hint => '5m or 1h: how long tokens live that are written to a cache, where the row does not tell.');
	END IF;
	RETURN definition || jsonb_build_object('one_hour', mapping ->> 'cache_lifetime' = '1h');
END
$$;

COMMENT ON FUNCTION with_cache_lifetime(jsonb, jsonb) IS
'The definition with the lifetime of cached tokens that a mapping says. Error 22023.';

-- Which of several rows of one request counts: "repeats", "order" and "within".
CREATE FUNCTION inferacct_internal.with_repeats(relation regclass, mapping jsonb, definition jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	lies_in_place CONSTANT boolean := (SELECT relkind IN ('r', 'p', 'm') FROM pg_class WHERE oid = relation);
BEGIN
	IF mapping ? 'repeats' THEN
		IF jsonb_typeof(mapping -> 'repeats') <> 'string' OR mapping ->> 'repeats' NOT IN ('error', 'first', 'last')
		THEN
			PERFORM inferacct_internal.fail('22023', format('"repeats" cannot be %s', mapping -> 'repeats'),
				hint =>
					'error: rows of one request_id are rejected; first, last: one of them counts, by "order" and '
					'then by time.');
		END IF;
		definition := definition || jsonb_build_object('repeats', mapping -> 'repeats');
	END IF;
	IF definition ->> 'repeats' IN ('first', 'last') THEN
		definition := definition || jsonb_build_object('order', source_order(relation, mapping -> 'order'))
			|| CASE WHEN lies_in_place AND NOT definition ? 'from' THEN '{}'::jsonb ELSE '{"ranked": true}' END;
	ELSIF mapping ?| ARRAY['order', 'within'] THEN
		PERFORM inferacct_internal.fail('22023', '"order" and "within" need "repeats": "first" or "last"');
	END IF;
	IF mapping ? 'within' THEN
		IF definition ? 'ranked' OR try_interval(mapping ->> 'within') IS NULL THEN
			PERFORM inferacct_internal.fail('22023', format('"within" cannot be %s', mapping -> 'within'),
				'It is how far apart the rows of one request may lie, as "1 hour"; '
				'all rows of views, foreign tables and pages are looked at.');
		END IF;
		definition := definition || jsonb_build_object('within', try_interval(mapping ->> 'within')::text);
	END IF;
	RETURN definition;
END
$$;

COMMENT ON FUNCTION with_repeats(regclass, jsonb, jsonb) IS
'The definition with what a mapping says of rows of one request. Error 22023.';

-- The usage of a row, and what keeps it from being told: of a column that is a usage, or of counts.
CREATE FUNCTION inferacct_internal.with_usage(mapping jsonb, definition jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	at CONSTANT text := definition #>> '{columns,at}';
	names CONSTANT text := CASE WHEN mapping ? 'names' THEN quote_literal(mapping -> 'names') || '::jsonb'
		ELSE 'NULL::jsonb' END;
	unserved CONSTANT text := definition ->> 'unserved';
	arguments text;		-- of the functions that read counts
	usage text;
	problem text;
BEGIN
	IF definition ? 'usage' THEN
		usage := format('inferacct_internal.countable_usage(%s, %s)', at, definition ->> 'usage');
		problem := format(
			'CASE WHEN %2$s IS NULL THEN ''no usage'' ELSE inferacct_internal.row_problem(%1$s, %2$s) END',
			at, definition ->> 'usage');
		RETURN jsonb_strip_nulls(definition - 'usage' || jsonb_build_object('problem', problem,
			'columns', (definition -> 'columns') || jsonb_build_object('usage', usage)));
	END IF;

	IF mapping ? 'names' THEN
		PERFORM parse_usage('{"usage": {"prompt_tokens": 0, "completion_tokens": 0}}'::jsonb, NULL, mapping -> 'names');
	END IF;
	arguments := format('(%L, %s, %s, %s, %s, %s)', definition ->> 'kind', definition ->> 'counts',
		coalesce(definition ->> 'charged', definition #>> '{columns,provider_usd}', 'NULL::numeric'), names,
		coalesce(definition ->> 'one_hour', 'false'),
		coalesce(source_format('(%s {=} ''failed'')', definition #>> '{columns,status}'), 'false'));
	-- What is read at a look has none of these names.
	usage := coalesce(source_format('coalesce(%s, %s)', CASE WHEN NOT mapping ? 'names' THEN definition ->> 'plain' END,
		'inferacct_internal.source_usage' || arguments), 'inferacct_internal.source_usage' || arguments);
	problem := 'inferacct_internal.source_problem' || arguments;
	IF unserved IS NOT NULL THEN
		usage := source_format('CASE WHEN %s THEN inferacct.usage(requests => 0) ELSE %s END', unserved, usage);
		problem := source_format('CASE WHEN %s THEN NULL ELSE %s END', unserved, problem);
	END IF;
	RETURN jsonb_strip_nulls(jsonb_build_object('from', definition -> 'from', 'where', definition -> 'where', 'refuse',
		definition -> 'refuse', 'repeats', definition -> 'repeats', 'order', definition -> 'order',
		'ranked', definition -> 'ranked', 'within', definition -> 'within', 'problem', problem,
		'columns', (definition -> 'columns') || jsonb_build_object('usage', usage)));
END
$$;

COMMENT ON FUNCTION with_usage(jsonb, jsonb) IS
'The definition with expressions for usage and problem, and without what they are made of. Errors as parse_usage().';

CREATE FUNCTION inferacct_internal.source_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	t record := tool_definition(relation, mapping);
	options CONSTANT text[] := ARRAY['tool', 'at_unit', 'names', 'filter', 'repeats', 'order', 'within', 'usd_scale',
		'cache_lifetime', 'page'] || t.options;
	definition jsonb := with_labels(relation, mapping, options, t.definition);
BEGIN
	definition := with_usd_scale(mapping, definition);
	definition := with_cache_lifetime(mapping, definition);
	IF mapping ? 'filter' THEN
		definition := definition || jsonb_build_object('where', concat_ws(' AND ',
			'(' || (definition ->> 'where') || ')', filter_condition(relation, mapping -> 'filter')));
	END IF;
	definition := with_repeats(relation, mapping, definition);
	RETURN with_usage(mapping, definition);
END
$$;

COMMENT ON FUNCTION source_definition(regclass, jsonb) IS
'What attach_usage() makes of a mapping: SQL expressions by column of usage_log. Errors as attach_usage().';
