-- source: usage logs that other tools keep, read where they lie.
--
-- Invariants: attaching copies nothing.  What users own cannot take us along: no
-- object of the extension depends on an attached relation.  A source is read by two
-- functions, rows_of_<name> and rejected_of_<name>, whose bodies are text that the
-- planner puts in their place, with the rights of who asks; usage_of_<name>,
-- usage_all and rejected_usage are views over such functions.  After every command
-- that changes a schema, follow_sources() compares each attached relation with what
-- it was: a relation or column that has another name is read by that, and a source
-- that cannot be read any more is broken: it has no rows, says so to whoever reads
-- it, and stands in rejected_usage and source_status with what to do.
-- What anybody but the owner of the extension can put in a relation's place is never
-- read unasked: it could run code of his as whoever reads a report.

CREATE TABLE usage_source (
	name		text COLLATE "C" PRIMARY KEY CHECK (name <> '' AND octet_length(name) <= 48 AND name <> 'usage_log'),
	relation	text NOT NULL,
	mapping		jsonb NOT NULL,
	definition	jsonb NOT NULL,
	columns		jsonb NOT NULL,
	attached_at	timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE usage_source IS
'The attached logs; written by attach_usage() and detach_usage(). Their state is in source_status.';
COMMENT ON COLUMN usage_source.relation IS 'name of the relation, with its schema';
COMMENT ON COLUMN usage_source.mapping IS 'as attach_usage() was given it';
COMMENT ON COLUMN usage_source.definition IS
'what it made of it: SQL expressions over the relation (alias r) by column of usage_log, and FROM, '
'WHERE and problem; in the names that columns had when it was attached';
COMMENT ON COLUMN usage_source.columns IS
'the columns that it reads: by the name that each had when it was attached, the name that it has and its type';

SELECT pg_extension_config_dump('usage_source', '');

CREATE TABLE inferacct_internal.source_relation (
	name		text COLLATE "C" PRIMARY KEY,
	relation	oid,
	kind		"char",
	owner		oid,
	columns		jsonb NOT NULL DEFAULT '{}',
	seen		text NOT NULL DEFAULT '',
	problem		text
);

COMMENT ON TABLE source_relation IS
'Which relation of this database a source reads, and as what it was last seen; kept by follow_sources(). '
'A dump leaves it out; restoring usage_source fills it.';
COMMENT ON COLUMN source_relation.columns IS
'the number of each column that is read, by the name that it had when it was attached';
COMMENT ON COLUMN source_relation.seen IS 'source_seen() when the functions of the source were made';
COMMENT ON COLUMN source_relation.problem IS 'why the source is broken; NULL when it is not';

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

-- The whole definition: what the tool's mapping gives, and what the caller's says beside it.
CREATE FUNCTION inferacct_internal.source_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	tools constant text :=
		'litellm, langfuse, otel, phoenix, openai_usage_api, anthropic_usage_report, helicone, langsmith, openrouter, '
		'vercel, portkey, claude_code and codex';
	tool text := mapping ->> 'tool';
	definition jsonb;
	options text[] := ARRAY['tool', 'at_unit', 'names', 'filter', 'repeats', 'order', 'within', 'usd_scale',
		'cache_lifetime', 'page'];
	labels text[];
	key text;
	said jsonb;
	usd text;
	counts text;
	usage text;
	lies_in_place boolean := (SELECT relkind IN ('r', 'p', 'm') FROM pg_class WHERE oid = relation);
BEGIN
	IF jsonb_typeof(mapping) IS DISTINCT FROM 'object' THEN
		PERFORM inferacct_internal.fail('22023', 'a mapping is the name of a tool or a JSON object',
			hint => format('The tools are %s.', tools));
	END IF;
	CASE tool
		WHEN 'litellm' THEN definition := litellm_definition(relation, mapping); options := options || ARRAY['failed'];
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
			options := options || ARRAY['response', 'usage', 'input_includes_cached', 'output_includes_reasoning',
				'cache_write_total'];
	END CASE;

	labels := ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = 'inferacct.usage_log'::regclass AND attnum > 0
		AND NOT attisdropped
		AND attname NOT IN ('usage', 'source'));
	FOR key, said IN SELECT * FROM jsonb_each(mapping) LOOP
		CONTINUE WHEN key = ANY (options) OR (tool IS NULL AND is_meter(key));
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

	IF mapping ? 'usd_scale' THEN
		IF try_number(mapping ->> 'usd_scale') IS NULL OR try_number(mapping ->> 'usd_scale') <= 0
			OR definition #>> '{columns,provider_usd}' IS NULL THEN
			PERFORM inferacct_internal.fail('22023', format('"usd_scale" cannot be %s', mapping -> 'usd_scale'),
				hint => 'It is the USD of one unit of the column provider_usd, which must be mapped: 0.01 for cents.');
		END IF;
		definition := jsonb_set(definition, '{columns,provider_usd}',
			to_jsonb(source_format('(%s {*} %s::numeric)', definition #>> '{columns,provider_usd}',
			mapping ->> 'usd_scale')));
	END IF;
	IF mapping ? 'cache_lifetime' THEN
		IF mapping ->> 'cache_lifetime' NOT IN ('5m', '1h') THEN
			PERFORM inferacct_internal.fail('22023',
				format('"cache_lifetime" cannot be %s', mapping -> 'cache_lifetime'),
				hint => '5m or 1h: how long tokens live that are written to a cache, where the row does not tell.');
		END IF;
		definition := definition || jsonb_build_object('one_hour', mapping ->> 'cache_lifetime' = '1h');
	END IF;
	IF mapping ? 'filter' THEN
		definition := definition
			|| jsonb_build_object('where',
			concat_ws(' AND ', '(' || (definition ->> 'where') || ')',
			filter_condition(relation, mapping -> 'filter')));
	END IF;
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

	IF definition ? 'usage' THEN
		RETURN jsonb_strip_nulls(definition - 'usage'
			|| jsonb_build_object('columns', (definition -> 'columns') || jsonb_build_object(
				'usage', format('inferacct_internal.countable_usage(%s, %s)', definition #>> '{columns,at}',
					definition ->> 'usage')),
			'problem',
			format('CASE WHEN %2$s IS NULL THEN ''no usage'' ELSE inferacct_internal.row_problem(%1$s, %2$s) END',
				definition #>> '{columns,at}', definition ->> 'usage')));
	END IF;

	-- The counts, once all else is said.
	usd := coalesce(definition ->> 'charged', definition #>> '{columns,provider_usd}', 'NULL::numeric');
	counts := format('(%L, %s, %s, %s, %s, %s)', definition ->> 'kind', definition ->> 'counts', usd,
		CASE WHEN mapping ? 'names' THEN quote_literal(mapping -> 'names') || '::jsonb' ELSE 'NULL::jsonb' END,
			coalesce(definition ->> 'one_hour', 'false'),
		coalesce(source_format('(%s {=} ''failed'')', definition #>> '{columns,status}'), 'false'));
	IF mapping ? 'names' THEN
		PERFORM parse_usage('{"usage": {"prompt_tokens": 0, "completion_tokens": 0}}'::jsonb, NULL, mapping -> 'names');
	END IF;
	-- What is read at a look has none of these names.
	usage := coalesce(source_format('coalesce(%s, %s)', CASE WHEN NOT mapping ? 'names' THEN definition ->> 'plain' END,
		'inferacct_internal.source_usage' || counts), 'inferacct_internal.source_usage' || counts);
	RETURN jsonb_strip_nulls(jsonb_build_object('from', definition -> 'from', 'where', definition -> 'where', 'refuse',
		definition -> 'refuse',
		'repeats', definition -> 'repeats', 'order', definition -> 'order', 'ranked', definition -> 'ranked', 'within',
		definition -> 'within',
		'columns', (definition -> 'columns') || jsonb_build_object('usage',
			coalesce(source_format('CASE WHEN %s THEN inferacct.usage(requests => 0) ELSE %s END',
				definition ->> 'unserved', usage), usage)),
		'problem', coalesce(source_format('CASE WHEN %s THEN NULL ELSE %s END', definition ->> 'unserved',
			'inferacct_internal.source_problem' || counts), 'inferacct_internal.source_problem' || counts)));
END
$$;

COMMENT ON FUNCTION source_definition(regclass, jsonb) IS
'What attach_usage() makes of a mapping: SQL expressions by column of usage_log. Errors as attach_usage().';

-- ---------------------------------------------------------------------------
-- The text of a source
-- ---------------------------------------------------------------------------

-- The relation of a source.  Its columns have the names that they had when it was attached.
CREATE FUNCTION inferacct_internal.source_rows(relation text, columns jsonb, system_columns name[] DEFAULT NULL)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN columns IS NULL THEN relation
		ELSE format('(SELECT %s FROM %s AS t)',
			concat_ws(', ', (SELECT string_agg(format('t.%I AS %I', value ->> 'name', key), ', ' ORDER BY key)
				FROM jsonb_each(columns)),
				(SELECT string_agg(DISTINCT 't.' || c, ', ') FROM unnest(system_columns) AS c)),
			relation) END
$$;

COMMENT ON FUNCTION source_rows(text, jsonb, name[]) IS
'What stands behind FROM for the relation of a source, with system_columns (xmin, tableoid), too, when these are '
'given. columns NULL: those that it has, under their own names.';

-- Is a time one that a report can have?
CREATE FUNCTION inferacct_internal.is_in_range(at text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
RETURN source_format(
	'(%1$s {>=} timestamptz ''2000-01-01 00:00:00+00'' AND %1$s {<} timestamptz ''2100-01-01 00:00:00+00'')', at);

COMMENT ON FUNCTION is_in_range(text) IS 'Expression for whether a time is within those that row_problem() allows.';

-- Rows of one request, of one tenant.
CREATE FUNCTION inferacct_internal.source_identity(definition jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
RETURN coalesce(source_format('((%s)::text {||} '' '' {||} coalesce((%s)::text, ''''))',
	definition #>> '{columns,request_id}', definition #>> '{columns,tenant}'),
	format('(%s)::text', definition #>> '{columns,request_id}'));

COMMENT ON FUNCTION source_identity(jsonb) IS
'Expression that is the same in rows of one request; NULL without a request_id.';

-- Where a row stands among those of its request: by the stated order, then by time; what has no time never counts
-- before what has one.
CREATE FUNCTION inferacct_internal.source_place(definition jsonb)
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT ARRAY[definition ->> 'order',
		format('CASE WHEN %s THEN %s ELSE timestamptz %L END', is_in_range(definition #>> '{columns,at}'),
		definition #>> '{columns,at}',
		CASE definition ->> 'repeats' WHEN 'last' THEN '-infinity' ELSE 'infinity' END)]
$$;

COMMENT ON FUNCTION source_place(jsonb) IS
'Two expressions by which the rows of one request are ordered: the stated order, and the time.';

-- FROM and WHERE of one source. What has a time that no report can have is only rejected. Of rows of a table that
-- repeat one request, the first or last by source_place() and by where it lies counts.
CREATE FUNCTION inferacct_internal.source_from(relation text, columns jsonb, definition jsonb,
	system_columns name[] DEFAULT NULL)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT concat(format('FROM %s AS r',
		source_rows(relation, columns,
		system_columns || CASE WHEN k.lateral IS NOT NULL THEN '{ctid,tableoid}'::name[] END)),
		definition ->> 'from', k.lateral,
		' WHERE ' || nullif(concat_ws(' AND ', definition ->> 'where', k.condition,
			CASE WHEN NOT coalesce((definition ->> 'every_time')::boolean, false) THEN
			format('(%s IS NULL OR %s)', definition #>> '{columns,at}',
				is_in_range(definition #>> '{columns,at}')) END), ''))
	FROM (SELECT
		format(' CROSS JOIN LATERAL (SELECT %s) AS k(id, place, at, part, line)', p.place) AS lateral,
		source_format(
			'NOT EXISTS (SELECT FROM %s AS r CROSS JOIN LATERAL (SELECT %s) AS o(id, place, at, part, line) '
			'WHERE %s o.id {=} k.id%s AND ROW(o.place, o.at, o.part, o.line) '
			|| CASE definition ->> 'repeats' WHEN 'last' THEN '{>}' ELSE '{<}' END
				|| ' ROW(k.place, k.at, k.part, k.line))',
			source_rows(relation, columns, '{ctid,tableoid}'), p.place,
			coalesce((definition ->> 'where') || ' AND', ''),
			coalesce(source_format(' AND o.at {>=} (k.at {-} interval %1$s) AND o.at {<=} (k.at {+} interval %1$s)',
				quote_literal(definition ->> 'within')), '')) AS condition
		FROM (SELECT format('%s, %s, r.tableoid, r.ctid', source_identity(definition),
			array_to_string(source_place(definition), ', ')) AS place) AS p
		WHERE definition ->> 'repeats' IN ('first', 'last') AND NOT definition ? 'ranked'
		UNION ALL SELECT NULL, NULL WHERE coalesce(definition ->> 'repeats' NOT IN ('first', 'last'), true)
			OR definition ? 'ranked') AS k
$$;

-- The rows of a view, a foreign table or pages do not lie anywhere: those of one request are ranked, by source_place()
-- and then as import_usage() does. What has no request_id repeats nothing.
CREATE FUNCTION inferacct_internal.source_ranked(query text, columns text, definition jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT format(
		'FROM (SELECT n.repeat_of, %3$s, pg_catalog.row_number() OVER (PARTITION BY n.repeat_of '
		'ORDER BY n.repeat_place %1$s, n.repeat_at %1$s, '
		'inferacct.output_tokens(n.usage) %1$s NULLS LAST, inferacct.input_tokens(n.usage) '
		'%1$s NULLS LAST) AS nth FROM (%2$s) AS n) AS n ', direction, query, columns)
		|| source_format('WHERE (n.nth {=} 1 OR n.repeat_of IS NULL)')
	FROM (SELECT CASE definition ->> 'repeats' WHEN 'last' THEN 'DESC' ELSE 'ASC' END) AS d(direction)
$$;

COMMENT ON FUNCTION source_ranked(text, text, jsonb) IS
'FROM and WHERE for the rows of a query that do not repeat a request, with these of its columns (of n); it has usage, '
'repeat_of, repeat_place and repeat_at.';

COMMENT ON FUNCTION source_from(text, jsonb, jsonb, name[]) IS
'FROM and WHERE of the query behind an attached source; the relation is called r, and has system_columns (xmin, '
'tableoid), too, when these are given. columns NULL: those that it has, under their own names.';

-- Why a row is not counted, whatever it counts.
CREATE FUNCTION inferacct_internal.source_refusal(relation text, columns jsonb, definition jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT format('coalesce(inferacct_internal.source_row_problem(%s, (%s)::text, (%s)::text)%s%s)',
		definition #>> '{columns,at}', definition #>> '{columns,request_id}', definition #>> '{columns,model}',
		', ' || (definition ->> 'refuse'),
		CASE WHEN definition ->> 'repeats' = 'error' THEN source_format(
			', CASE WHEN %1$s {=} ANY (SELECT %1$s FROM %2$s AS r %3$s '
			'GROUP BY 1 HAVING pg_catalog.count(1) {>} 1) THEN ''another row has this request_id'' END',
			source_identity(definition), source_rows(relation, columns),
			concat(definition ->> 'from', ' WHERE ' || (definition ->> 'where'))) END)
$$;

COMMENT ON FUNCTION source_refusal(text, jsonb, jsonb) IS
'Expression for why a row of a source is not counted, but for what its counts say; NULL where nothing is wrong.';

-- The query of one source in the shape of usage_log.
CREATE FUNCTION inferacct_internal.source_select(name text, relation text, columns jsonb, definition jsonb,
	with_part boolean DEFAULT false)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN definition ? 'ranked' THEN format('SELECT %1$s %2$s', string_agg(format('n.%I', a.attname), ', '
		ORDER BY a.attnum),
			inferacct_internal.source_ranked(
				format('SELECT %s, %s AS repeat_of, %s AS repeat_place, %s AS repeat_at %s',
				string_agg(e.expression, ', ' ORDER BY a.attnum),
				inferacct_internal.source_identity(definition), (inferacct_internal.source_place(definition))[1],
				(inferacct_internal.source_place(definition))[2],
				inferacct_internal.source_from(relation, columns, definition)),
				string_agg(format('n.%I', a.attname), ', ' ORDER BY a.attnum), definition))
		ELSE format('SELECT %s %s', string_agg(e.expression, ', ' ORDER BY a.attnum)
			|| CASE WHEN with_part THEN ', r.tableoid AS part' ELSE '' END,
			inferacct_internal.source_from(relation, columns, definition,
				CASE WHEN with_part THEN '{tableoid}'::name[] END)) END
	FROM pg_attribute AS a
	CROSS JOIN LATERAL (SELECT format('(%s)::%s%s AS %I',
			CASE a.attname
				WHEN 'source' THEN quote_literal(name)
				WHEN 'usage' THEN format('CASE WHEN %s IS NULL THEN %s END',
					inferacct_internal.source_refusal(relation, columns, definition), definition #>> '{columns,usage}')
				WHEN 'service_tier' THEN coalesce(inferacct_internal.source_format('coalesce(%s, ''standard'')',
					definition #>> '{columns,service_tier}'), quote_literal('standard'))
				WHEN 'tenant' THEN coalesce(inferacct_internal.source_format('coalesce(%s, '''')',
					definition #>> '{columns,tenant}'), quote_literal(''))
				WHEN 'status' THEN coalesce(definition #>> '{columns,status}', quote_literal('ok'))
				ELSE coalesce(definition #>> ARRAY['columns', a.attname], 'NULL') END,
			a.atttypid::regtype,
			CASE WHEN a.attcollation <> 0 THEN format(' COLLATE %s', a.attcollation::regcollation) ELSE '' END,
			a.attname)) AS e(expression)
	WHERE a.attrelid = 'inferacct.usage_log'::regclass AND a.attnum > 0 AND NOT a.attisdropped
$$;

COMMENT ON FUNCTION source_select(text, text, jsonb, jsonb, boolean) IS
'The query behind an attached source, in the columns of usage_log; with_part: and part, the table that a row lies in.';

-- Rows of one source that are in no sum, and why.
CREATE FUNCTION inferacct_internal.source_rejected(name text, relation text, columns jsonb, definition jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT format(
		'SELECT x.source, x.request_id, x.at, x.model, x.reason FROM (SELECT n.source, n.request_id, n.at, n.model, '
		'n.reason %s) AS x WHERE x.reason IS NOT NULL',
		CASE WHEN definition ? 'ranked' THEN inferacct_internal.source_ranked(q.query,
			'n.source, n.request_id, n.at, n.model, n.reason', definition) ELSE format('FROM (%s) AS n', q.query) END)
	FROM (
		SELECT format(
		'SELECT %L::text COLLATE "C" AS source, (%s)::text COLLATE "C" AS request_id, '
		'(%s)::timestamp with time zone AS at, (%s)::text AS model, coalesce(%s, %s)::text AS reason%s %s',
		name, definition #>> '{columns,request_id}', definition #>> '{columns,at}', definition #>> '{columns,model}',
		inferacct_internal.source_refusal(relation, columns, definition), definition ->> 'problem',
		CASE WHEN definition ? 'ranked'
			THEN format(', (%s)::inferacct.usage AS usage, %s AS repeat_of, %s AS repeat_place, %s AS repeat_at',
			definition #>> '{columns,usage}',
			inferacct_internal.source_identity(definition), (inferacct_internal.source_place(definition))[1],
			(inferacct_internal.source_place(definition))[2]) END,
		inferacct_internal.source_from(relation, columns, definition || '{"every_time": true}'))) AS q(query)
$$;

COMMENT ON FUNCTION source_rejected(text, text, jsonb, jsonb) IS
'The query for the rows of an attached source that are in no sum, with what is wrong with each.';

CREATE FUNCTION inferacct_internal.qualified_name(relation regclass)
RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 10
SET search_path TO pg_catalog, pg_temp
SET quote_all_identifiers TO off
AS $$ SELECT relation::text $$;

COMMENT ON FUNCTION qualified_name(regclass) IS 'Name of a relation with its schema, whatever the search_path.';

-- Unlike to_regclass(), for whoever may not use the schema, too.
CREATE FUNCTION inferacct_internal.relation_of(qualified_name text)
RETURNS oid
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000
SET search_path TO pg_catalog, pg_temp
SET quote_all_identifiers TO off
AS $$ SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
	WHERE format('%I.%I', n.nspname, c.relname) = $1 $$;

COMMENT ON FUNCTION relation_of(text) IS 'The relation of that qualified_name(); NULL when there is none.';

CREATE FUNCTION inferacct_internal.source_view(name text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 5
RETURN format('inferacct.%I', 'usage_of_' || name);

COMMENT ON FUNCTION source_view(text) IS 'Name of the view of an attached source.';

CREATE FUNCTION inferacct_internal.source_function(kind text, name text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 5
RETURN format('inferacct_internal.%I()', kind || '_of_' || name);

COMMENT ON FUNCTION source_function(text, text) IS
'Name of a function that reads an attached source; kind: rows or rejected.';

-- ---------------------------------------------------------------------------
-- The functions and views that read sources
-- ---------------------------------------------------------------------------

-- Tools that know no type usage read plain columns.
CREATE FUNCTION inferacct_internal.token_columns(usage text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN format('inferacct.input_tokens(%1$s) AS input_tokens, inferacct_internal.cached_tokens(%1$s) AS cached_tokens, '
	'inferacct.meter(%1$s, ''cache_write'') OPERATOR(pg_catalog.+) inferacct.meter(%1$s, ''cache_write_1h'') '
	'AS cache_write_tokens, inferacct.output_tokens(%1$s) AS output_tokens, '
	'inferacct.meter(%1$s, ''reasoning'') AS reasoning_tokens', usage);

COMMENT ON FUNCTION token_columns(text) IS
'The columns of tokens that a view has beside an expression of type usage, as SQL.';

DO $$
BEGIN
	EXECUTE format('CREATE VIEW usage_all WITH (security_invoker = true) AS SELECT u.*, %s FROM inferacct.usage_log '
		'AS u', token_columns('inferacct_internal.countable_usage(u.at, u.usage)'));
END $$;

COMMENT ON VIEW usage_all IS
'usage_log and every attached source, in the columns of usage_log, and the tokens of usage as plain numbers. A usage '
'of NULL is one that could not be read: see rejected_usage. A broken source has no rows, and a WARNING says so.';

CREATE VIEW rejected_usage WITH (security_invoker = true) AS
SELECT source, request_id, at, model, row_problem(at, usage) AS reason FROM usage_log
	WHERE row_problem(at, usage) IS NOT NULL;

COMMENT ON VIEW rejected_usage IS
'Rows of usage_log and of attached sources that have no time, no model or no usage that makes sense, and why: they '
'are not in the rollup, nor in any report that reads it. A source that is broken is one row here.';

CREATE FUNCTION inferacct_internal.broken_source(name text, problem text)
RETURNS SETOF usage_log
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	RAISE WARNING USING
		MESSAGE = format('source "%s" is broken, and its rows are left out', name),
		DETAIL = problem,
		HINT = 'SELECT * FROM inferacct.source_status shows the remedy; see docs/sources.md.';
END
$$;

COMMENT ON FUNCTION broken_source(text, text) IS 'What is read of a source that is broken: no row, and a WARNING.';

-- Is its data on other nodes?  Their planner cannot look into a function's text.
CREATE FUNCTION inferacct_internal.is_distributed(relation oid)
RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10
SET search_path TO pg_catalog, pg_temp
AS $$
DECLARE
	found boolean := false;
BEGIN
	IF to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL THEN
		EXECUTE 'SELECT EXISTS (SELECT FROM pg_catalog.pg_dist_partition WHERE logicalrelid = $1)'
			INTO found USING relation;
	END IF;
	RETURN found;
END
$$;

COMMENT ON FUNCTION is_distributed(oid) IS 'Whether a relation is distributed by Citus.';

-- Make the function of this name read that; the same function if it is there.
CREATE FUNCTION inferacct_internal.make_source_function(name text, returns text, query text, as_statement boolean)
RETURNS void
LANGUAGE plpgsql VOLATILE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET check_function_bodies TO on
AS $$
DECLARE
	is_new boolean := to_regprocedure(name) IS NULL;
BEGIN
	-- It is our own: what is put in its place is the same function.
	EXECUTE format('CREATE OR ' || 'REPLACE FUNCTION %s RETURNS %s LANGUAGE %s STABLE PARALLEL SAFE AS %L', name,
		returns,
		CASE WHEN as_statement THEN 'plpgsql' ELSE 'sql' END,
		CASE WHEN as_statement THEN format('BEGIN RETURN QUERY %s; END', query) ELSE query END);
	IF is_new THEN
		EXECUTE format('COMMENT ON FUNCTION %s IS %L', name,
			'Reads an attached source; made by attach_usage(), kept by follow_sources().');
		EXECUTE format('ALTER EXTENSION inferacct ADD FUNCTION %s', name);
	END IF;
END
$$;

COMMENT ON FUNCTION make_source_function(text, text, text, boolean) IS
'Makes a function that reads an attached source. as_statement: as a statement of its own, which no planner can put in '
'the function''s place. Errors: those of the query.';

CREATE FUNCTION inferacct_internal.make_source_functions(name text, relation oid, query text, rejected text)
RETURNS void
LANGUAGE plpgsql VOLATILE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM make_source_function(source_function('rows', name), 'SETOF inferacct.usage_log', query,
		is_distributed(relation));
	PERFORM make_source_function(source_function('rejected', name),
		'TABLE (source text, request_id text, at timestamp with time zone, model text, reason text)', rejected,
		is_distributed(relation));
END
$$;

COMMENT ON FUNCTION make_source_functions(text, oid, text, text) IS
'Makes both functions that read an attached source.';

-- ---------------------------------------------------------------------------
-- Following relations
-- ---------------------------------------------------------------------------

-- Does it read what we are made of?  Then it would be read by itself, or counted twice.
CREATE FUNCTION inferacct_internal.own_relation(relation oid)
RETURNS regclass
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000
SET search_path TO pg_catalog, pg_temp
AS $$
	WITH RECURSIVE own (oid) AS (
		SELECT e.objid FROM pg_depend AS e JOIN pg_extension AS x ON e.refclassid = 'pg_extension'::regclass
			AND x.oid = e.refobjid AND x.extname = 'inferacct'
		WHERE e.classid = 'pg_class'::regclass AND e.deptype = 'e'
	), read (oid, is_own) AS (
		SELECT $1, $1 IN (SELECT oid FROM own)
		UNION
		SELECT next.oid, next.oid IN (SELECT oid FROM own) FROM read CROSS JOIN LATERAL (
			-- what a view or a materialized view reads
			SELECT d.refobjid FROM pg_rewrite AS w
			JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
				AND d.refclassid = 'pg_class'::regclass
			WHERE w.ev_class = read.oid
			-- the table that a partition is part of, and its own parts
			UNION ALL SELECT i.inhparent FROM pg_inherits AS i WHERE i.inhrelid = read.oid
			UNION ALL SELECT i.inhrelid FROM pg_inherits AS i WHERE i.inhparent = read.oid) AS next(oid)
		WHERE NOT read.is_own
	)
	SELECT read.oid::regclass FROM read WHERE is_own ORDER BY read.oid LIMIT 1
$$;

COMMENT ON FUNCTION own_relation(oid) IS
'The relation of this extension that a relation is, is part of, or reads through any number of views; '
'NULL when there is none.';

-- Everything of a relation that a source depends on, in one text.  In PL/pgSQL, which
-- keeps its plan: it runs for every source after every command that changes a schema.
CREATE FUNCTION inferacct_internal.source_seen(relation oid, source usage_source)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO pg_catalog, pg_temp
SET quote_all_identifiers TO off
AS $$
DECLARE
	seen text;
BEGIN
	SELECT concat_ws(' ', c.oid, c.oid::regclass, c.relkind, c.relowner, inferacct_internal.is_distributed(c.oid),
		CASE WHEN c.relkind IN ('v', 'm') THEN inferacct_internal.own_relation(c.oid) END,
		(SELECT string_agg(concat_ws(' ', a.attnum, quote_ident(a.attname), a.atttypid::regtype), ', '
			ORDER BY a.attnum)
		 FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
	INTO seen
	FROM pg_class AS c WHERE c.oid = coalesce((SELECT k.oid FROM pg_class AS k WHERE k.oid = source_seen.relation),
		inferacct_internal.relation_of(source.relation));
	RETURN concat_ws(' ', coalesce(seen, 'gone'), 'by',
		md5(concat(source.relation, source.columns, source.definition)));
END
$$;

COMMENT ON FUNCTION source_seen(oid, usage_source) IS
'What a source can tell of its relation, or of the one that has its name when it is gone, and by what it reads it: '
'when this changes, follow_sources() has work.';

-- The columns that a definition reads: PostgreSQL itself says which.
CREATE FUNCTION inferacct_internal.source_columns(relation regclass, definition jsonb)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE COST 10000
SET search_path TO pg_catalog, pg_temp
SET quote_all_identifiers TO off
AS $$
DECLARE
	columns jsonb;
BEGIN
	EXECUTE format(
		'CREATE VIEW inferacct_internal.probe_of_source WITH (security_invoker = true) AS SELECT FROM (%s) AS a, '
		'(%s) AS b',
		inferacct_internal.source_select('probe', relation::text, NULL, definition),
		inferacct_internal.source_rejected('probe', relation::text, NULL, definition));
	SELECT coalesce(jsonb_object_agg(a.attname, jsonb_build_object('name', a.attname, 'type', a.atttypid::regtype)),
		'{}') INTO columns
	FROM pg_rewrite AS w
	JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
		AND d.refclassid = 'pg_class'::regclass AND d.refobjid = relation
	JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid AND a.attnum > 0
	WHERE w.ev_class = 'inferacct_internal.probe_of_source'::regclass;
	DROP VIEW inferacct_internal.probe_of_source;
	RETURN columns;
END
$$;

COMMENT ON FUNCTION source_columns(regclass, jsonb) IS
'The columns of relation that a definition reads, with their types, as in usage_source.columns. '
'Errors: those of the expressions.';

-- Why a relation that has the name of one that is gone is not read in its place; NULL when it is.
CREATE FUNCTION inferacct_internal.replacement_problem(relation oid, former_owner oid)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN c.relkind NOT IN ('r', 'p')
			THEN format('its relation was dropped, and %s, which has its name now, is no table', c.oid::regclass)
		WHEN c.relowner <> former_owner AND NOT (SELECT rolsuper FROM pg_roles WHERE oid = c.relowner)
			THEN format('its relation was dropped, and %s, which has its name now, belongs to another role (%s)',
				c.oid::regclass, c.relowner::regrole) END
	FROM pg_class AS c WHERE c.oid = relation
$$;

COMMENT ON FUNCTION replacement_problem(oid, oid) IS
'Why a relation is not read in the place of one of its name: whoever made it could run code of his as the reader of a '
'report. NULL when it is a table of the former owner or of a superuser.';

-- Bring one source up to date with its relation; the caller knows that something has changed.
CREATE FUNCTION inferacct_internal.follow_source(name text)
RETURNS void
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO pg_catalog, pg_temp
SET quote_all_identifiers TO off
AS $$
DECLARE
	s inferacct.usage_source;
	l inferacct_internal.source_relation;
	now_seen text;
	now_relation oid;
	now_owner oid;
	now_kind "char";
	now_columns jsonb := '{}';
	numbers jsonb := '{}';
	retyped boolean := false;
	renamed boolean := false;
	a record;
	why text;	-- it cannot be read
BEGIN
	SELECT * INTO s FROM inferacct.usage_source AS u WHERE u.name = follow_source.name;
	INSERT INTO inferacct_internal.source_relation (name) VALUES (name) ON CONFLICT DO NOTHING;
	SELECT * INTO l FROM inferacct_internal.source_relation AS r WHERE r.name = follow_source.name FOR UPDATE;
	now_seen := inferacct_internal.source_seen(l.relation, s);
	IF now_seen = l.seen THEN
		RETURN;
	END IF;
	-- First of all, so that what is made below finds nothing to do.
	UPDATE inferacct_internal.source_relation AS r SET seen = now_seen WHERE r.name = follow_source.name;

	SELECT c.oid, c.relowner, c.relkind INTO now_relation, now_owner, now_kind FROM pg_class AS c
	WHERE c.oid = coalesce((SELECT k.oid FROM pg_class AS k WHERE k.oid = l.relation),
		inferacct_internal.relation_of(s.relation));
	BEGIN
		IF now_relation IS NULL THEN
			why := format('its relation %s was dropped', s.relation);
		ELSIF now_relation <> l.relation THEN
			why := inferacct_internal.replacement_problem(now_relation, l.owner);
		ELSIF now_kind <> l.kind THEN
			why := format('its relation %s was made into something else', now_relation::regclass);
		END IF;
		IF why IS NULL AND inferacct_internal.own_relation(now_relation) IS NOT NULL THEN
			why := format('its relation %s reads %s of inferacct itself', now_relation::regclass,
				inferacct_internal.own_relation(now_relation));
		END IF;

		IF why IS NULL THEN
			FOR a IN
				SELECT c.key, c.value ->> 'type' AS type, p.attnum, p.attname, p.atttypid::regtype::text AS now_type,
					(SELECT t.typnamespace = 'pg_catalog'::regnamespace FROM pg_type AS t
						WHERE t.oid = p.atttypid) AS builtin
				FROM jsonb_each(s.columns) AS c
				LEFT JOIN pg_attribute AS p ON p.attrelid = now_relation AND p.attnum > 0 AND NOT p.attisdropped
					AND CASE WHEN now_relation = l.relation THEN p.attnum = (l.columns ->> c.key)::int
						ELSE p.attname = c.value ->> 'name' END
				ORDER BY c.key
			LOOP
				IF a.attnum IS NULL THEN
					why := format('column "%s" of its relation %s was dropped', s.columns #>> ARRAY[a.key, 'name'],
						now_relation::regclass);
				ELSIF a.now_type <> a.type AND NOT a.builtin THEN
					why := format('column "%s" of its relation %s is of type %s now; it was of type %s', a.attname,
						now_relation::regclass, a.now_type, a.type);
				END IF;
				EXIT WHEN why IS NOT NULL;
				retyped := retyped OR a.now_type <> a.type;
				renamed := renamed OR a.attname <> a.key;
				now_columns := now_columns
					|| jsonb_build_object(a.key, jsonb_build_object('name', a.attname, 'type', a.now_type));
				numbers := numbers || jsonb_build_object(a.key, a.attnum);
			END LOOP;
		END IF;

		-- What an expression is made of depends on types; what looks for columns knows them by their first names only.
		IF why IS NULL AND retyped AND renamed THEN
			why := format('columns of its relation %s have other names and other types', now_relation::regclass);
		ELSIF why IS NULL AND retyped THEN
			s.definition := inferacct_internal.source_definition(now_relation, s.mapping);
			now_columns := inferacct_internal.source_columns(now_relation, s.definition);
			numbers := (SELECT coalesce(jsonb_object_agg(p.attname, p.attnum), '{}') FROM pg_attribute AS p
				WHERE p.attrelid = now_relation AND p.attnum > 0 AND NOT p.attisdropped
					AND now_columns ? p.attname::text);
		END IF;

		IF why IS NULL THEN
			PERFORM inferacct_internal.make_source_functions(name, now_relation,
				inferacct_internal.source_select(name, now_relation::regclass::text, now_columns, s.definition),
				inferacct_internal.source_rejected(name, now_relation::regclass::text, now_columns, s.definition));
			s.relation := now_relation::regclass::text;
			s.columns := now_columns;
			UPDATE inferacct_internal.source_relation AS r SET relation = now_relation, kind = now_kind,
				owner = now_owner, columns = numbers, problem = NULL,
				seen = inferacct_internal.source_seen(now_relation, s) WHERE r.name = follow_source.name;
			UPDATE inferacct.usage_source AS u SET relation = s.relation, columns = s.columns, definition = s.definition
			WHERE u.name = follow_source.name
				AND (u.relation, u.columns, u.definition) <> (s.relation, s.columns, s.definition);
			IF l.problem IS NOT NULL THEN
				RAISE NOTICE 'source "%" of inferacct can be read again', name;
			END IF;
			RETURN;
		END IF;
	EXCEPTION WHEN OTHERS THEN
		why := format('its relation %s cannot be read: %s', s.relation, SQLERRM);
	END;

	PERFORM inferacct_internal.make_source_functions(name, NULL,
		format('SELECT * FROM inferacct_internal.broken_source(%L, %L)', name, why),
		format('SELECT %L::text, NULL::text, NULL::timestamp with time zone, NULL::text, %L::text', name,
			'the source is broken: ' || why));
	UPDATE inferacct_internal.source_relation AS r SET problem = why WHERE r.name = follow_source.name;
END
$$;

COMMENT ON FUNCTION follow_source(text) IS
'Makes the functions of a source again after a change of its relation; when it cannot be read, they say so instead.';

CREATE FUNCTION follow_sources()
RETURNS void
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO pg_catalog, pg_temp
AS $$
DECLARE
	changed text;
BEGIN
	PERFORM inferacct_internal.check_owner('follow sources');
	FOR changed IN
		SELECT s.name FROM inferacct.usage_source AS s JOIN inferacct_internal.source_relation AS l USING (name)
		WHERE inferacct_internal.source_seen(l.relation, s) <> l.seen ORDER BY s.name
	LOOP
		PERFORM inferacct_internal.follow_source(changed);
	END LOOP;
END
$$;

COMMENT ON FUNCTION follow_sources() IS
'Looks at the relation of every attached source, and makes what reads it again where the relation has changed: other '
'names are followed, what cannot be read is broken (source_status). An event trigger calls it after every command '
'that changes a schema; call it when event triggers were off, or when a relation was distributed. '
'Error: 42501 the caller does not own the extension.';

-- Runs after everybody's commands: it does nothing but the above, and never makes a command fail.
CREATE FUNCTION inferacct_internal.schema_changed()
RETURNS event_trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM inferacct.follow_sources();
EXCEPTION WHEN OTHERS THEN
	RAISE WARNING USING
		MESSAGE = format('inferacct could not look at its sources: %s', SQLERRM),
		HINT = 'SELECT inferacct.follow_sources(), as the owner of extension inferacct.';
END
$$;

REVOKE ALL ON FUNCTION schema_changed() FROM PUBLIC;
COMMENT ON FUNCTION schema_changed() IS
'Event trigger: the sources follow their relations. Runs as the owner of the extension, since whoever changes a '
'relation need have no right on it.';

-- ---------------------------------------------------------------------------
-- The views follow usage_source
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.make_usage_views()
RETURNS void
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	s text;
	one record;
	every text := 'SELECT * FROM inferacct.usage_log';
	tokens CONSTANT text := token_columns('inferacct_internal.countable_usage(u.at, u.usage)');
	rejected text :=
		'SELECT source, request_id, at, model, inferacct_internal.row_problem(at, usage) AS reason '
		'FROM inferacct.usage_log WHERE inferacct_internal.row_problem(at, usage) IS NOT NULL';
BEGIN
	FOR s IN SELECT name FROM usage_source ORDER BY name LOOP
		IF to_regclass(source_view(s)) IS NULL THEN
			PERFORM follow_source(s);
			EXECUTE format('CREATE VIEW %s WITH (security_invoker = true) AS SELECT * FROM %s', source_view(s),
				source_function('rows', s));
			EXECUTE format('COMMENT ON VIEW %s IS %L', source_view(s),
				format('The rows of source %s in the columns of usage_log; made by attach_usage().', s));
			FOR one IN SELECT a.attname, col_description(a.attrelid, a.attnum) AS meaning FROM pg_attribute AS a
				WHERE a.attrelid = 'inferacct.usage_log'::regclass AND a.attnum > 0 AND NOT a.attisdropped LOOP
				EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', source_view(s), one.attname, one.meaning);
			END LOOP;
			EXECUTE format('ALTER EXTENSION inferacct ADD VIEW %s', source_view(s));
		END IF;
		every := every || format(' UNION ALL SELECT * FROM %s', source_function('rows', s));
		rejected := rejected || format(' UNION ALL SELECT * FROM %s', source_function('rejected', s));
	END LOOP;
	-- These two are our own: what is put in their place is the same view.
	EXECUTE format('CREATE OR ' || 'REPLACE VIEW inferacct.usage_all WITH (security_invoker = true) AS '
		'SELECT u.*, %s FROM (%s) AS u', tokens, every);
	EXECUTE 'CREATE OR ' || 'REPLACE VIEW inferacct.rejected_usage WITH (security_invoker = true) AS ' || rejected;

	FOR s IN SELECT name FROM source_relation EXCEPT SELECT name FROM usage_source LOOP
		EXECUTE format('ALTER EXTENSION inferacct DROP VIEW %s', source_view(s));
		EXECUTE format('DROP VIEW %s', source_view(s));
		EXECUTE format('ALTER EXTENSION inferacct DROP FUNCTION %s', source_function('rows', s));
		EXECUTE format('ALTER EXTENSION inferacct DROP FUNCTION %s', source_function('rejected', s));
		EXECUTE format('DROP FUNCTION %s, %s', source_function('rows', s), source_function('rejected', s));
		DELETE FROM source_relation WHERE name = s;
	END LOOP;
END
$$;

COMMENT ON FUNCTION make_usage_views() IS
'Makes what reads the attached sources, usage_all and rejected_usage from usage_source, and drops what read others. '
'Run by its trigger; the caller must own the extension.';

CREATE FUNCTION inferacct_internal.usage_source_written()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM make_usage_views();
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION usage_source_written() IS 'Statement trigger of usage_source: the views follow it.';

CREATE TRIGGER usage_source_written AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE OF name ON usage_source
FOR EACH STATEMENT EXECUTE FUNCTION usage_source_written();

CREATE FUNCTION inferacct_internal.usage_source_corrected()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM follow_sources();
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION usage_source_corrected() IS
'Statement trigger of usage_source: what reads a source follows its definition.';

CREATE TRIGGER usage_source_corrected AFTER UPDATE OF relation, columns, definition ON usage_source
FOR EACH STATEMENT EXECUTE FUNCTION usage_source_corrected();

-- ---------------------------------------------------------------------------
-- Attaching
-- ---------------------------------------------------------------------------

-- Not for inferacct_admin, and never as SECURITY DEFINER: who reads a report reads
-- every attached relation as himself, and so runs what its views and types are made
-- of; and CREATE on this schema would let its holder shadow names of our functions.
CREATE FUNCTION inferacct_internal.check_owner(action text)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	owner name := (SELECT extowner::regrole::name FROM pg_extension WHERE extname = 'inferacct');
BEGIN
	IF NOT pg_has_role(current_user, owner, 'USAGE') THEN
		PERFORM inferacct_internal.fail('42501', format('only the owner of extension inferacct can %s', action),
			'Whoever reads a report reads every attached relation, and runs what its views and types are made of; '
			'so inferacct_admin does not suffice.',
			format('Have it done by role %s or a member of it.', owner));
	END IF;
END
$$;

COMMENT ON FUNCTION check_owner(text) IS
'Refuses an action (42501) to whoever is not the owner of the extension, nor a member of that role.';

-- What cannot be a source: no rows of its own, gone with the session, or ours.
CREATE FUNCTION inferacct_internal.check_relation(relation regclass)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO pg_catalog, pg_temp
AS $$
DECLARE
	c pg_class;
	own regclass := inferacct_internal.own_relation(relation);
BEGIN
	SELECT * INTO c FROM pg_class WHERE oid = relation;
	IF own IS NOT NULL THEN
		PERFORM inferacct_internal.fail('22023',
			format('relation "%s" cannot be attached: %s', relation,
				CASE WHEN own = relation THEN 'it belongs to inferacct'
				ELSE format('it is made of "%s", which belongs to inferacct', own) END),
			'Its requests would be counted twice, or be read by their own reading.',
			'Attach the relation in which another tool keeps its log.');
	END IF;
	IF c.relkind NOT IN ('r', 'p', 'v', 'm', 'f') THEN
		PERFORM inferacct_internal.fail('42809', format('"%s" is not a table, foreign table or view', relation));
	END IF;
	IF c.relpersistence = 't' THEN
		PERFORM inferacct_internal.fail('42809', format('relation "%s" is temporary', relation),
			NULL, 'A source is read by other sessions, too: attach a table that stays.');
	END IF;
END
$$;

COMMENT ON FUNCTION check_relation(regclass) IS
'Refuses a relation that cannot be attached. Errors: 22023 it is, is part of or reads a relation of this extension; '
'42809 no table or view, or a temporary one.';

CREATE FUNCTION inferacct_internal.request_column(relation regclass, definition jsonb)
RETURNS name
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
		AND definition #>> '{columns,request_id}' IN (format('r.%I', a.attname), format('r.%I::text', a.attname))
$$;

COMMENT ON FUNCTION request_column(regclass, jsonb) IS
'The column of a relation that is the request_id; NULL when that is an expression.';

CREATE FUNCTION inferacct_internal.has_request_index(relation regclass, definition jsonb,
	is_unique boolean DEFAULT false)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT EXISTS (
		SELECT FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
		WHERE i.indrelid = relation AND i.indpred IS NULL
			AND a.attname = inferacct_internal.request_column(relation, definition)
			AND (NOT is_unique OR i.indisunique AND i.indnkeyatts = 1))
$$;

COMMENT ON FUNCTION has_request_index(regclass, jsonb, boolean) IS
'Whether an index of the relation begins with the column of request_id; '
'is_unique: whether one keeps a request from being there twice.';

CREATE FUNCTION inferacct_internal.warn_of_doubles(name text, relation regclass, mapping jsonb, definition jsonb)
RETURNS void
LANGUAGE plpgsql VOLATILE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	other text;
BEGIN
	SELECT s.name INTO other FROM usage_source AS s WHERE s.relation = qualified_name(warn_of_doubles.relation)
		AND s.name <> warn_of_doubles.name ORDER BY s.name LIMIT 1;
	IF other IS NOT NULL THEN
		RAISE WARNING USING
			MESSAGE = format('%s is attached as source "%s", too', relation, other),
			DETAIL = 'Its requests are counted twice.',
			HINT = format('SELECT detach_usage(%L) takes one of them out.', other);
	END IF;
	SELECT s.name INTO other FROM usage_source AS s
	WHERE s.name <> warn_of_doubles.name AND s.mapping ->> 'tool' = 'litellm'
		AND warn_of_doubles.mapping ->> 'tool' = 'litellm'
		AND NOT s.mapping ? 'filter' AND NOT warn_of_doubles.mapping ? 'filter'
		AND (s.definition #>> '{columns,usage}' LIKE '%api_requests%') <> (warn_of_doubles.definition #>>
			'{columns,usage}' LIKE '%api_requests%')
	ORDER BY s.name LIMIT 1;
	IF other IS NOT NULL THEN
		RAISE WARNING USING
			MESSAGE = format('sources "%s" and "%s" keep the same requests of LiteLLM, one by request and one by day',
				name, other),
			DETAIL = 'They are counted twice.',
			HINT = format('SELECT detach_usage(%L), or filter each to the days that the other has not.', other);
	END IF;
	IF NOT definition ? 'repeats' AND NOT has_request_index(relation, definition, is_unique => true) THEN
		RAISE WARNING USING
			MESSAGE = format('%s may have a request twice', relation),
			DETAIL = 'Its request_id has no unique index: what is there twice counts twice.',
			HINT = 'Make one, or say which row counts: "repeats": "error", "first", "last".';
	END IF;
	IF definition ->> 'repeats' IN ('first', 'last') AND NOT definition ? 'ranked'
		AND request_column(relation, definition) IS NOT NULL AND NOT has_request_index(relation, definition) THEN
		RAISE NOTICE USING
			MESSAGE = format('repeats in %s are looked for in all its rows', relation),
			HINT = format('With an index they are found at once: CREATE INDEX ON %s (%I).', relation,
				request_column(relation, definition));
	END IF;
END
$$;

COMMENT ON FUNCTION warn_of_doubles(text, regclass, jsonb, jsonb) IS
'Warns of what may count requests of a source twice: another source with the same, or no unique key.';

CREATE FUNCTION attach_usage(name text, relation regclass, mapping jsonb)
RETURNS regclass
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	definition jsonb;
	problem text;
BEGIN
	PERFORM check_owner('attach a source');
	IF num_nulls(name, relation, mapping) > 0 THEN
		PERFORM inferacct_internal.fail('22004', 'attach_usage() needs a name, a relation and a mapping');
	END IF;
	IF name = 'usage_log' OR name = '' OR octet_length(name) > 48 THEN
		PERFORM inferacct_internal.fail('22023', format('a source cannot be called "%s"', name),
			hint => 'Any name of 1 to 48 bytes but usage_log will do.');
	END IF;
	IF EXISTS (SELECT FROM usage_source AS s WHERE s.name = attach_usage.name) THEN
		PERFORM inferacct_internal.fail('42710', format('source "%s" is attached already', name),
			hint => format('Detach it first: SELECT detach_usage(%L).', name));
	END IF;
	PERFORM check_relation(relation);
	definition := source_definition(relation, mapping);
	INSERT INTO usage_source (name, relation, mapping, definition, columns)
	VALUES (name, qualified_name(relation), mapping, definition, source_columns(relation, definition));
	problem := (SELECT r.problem FROM source_relation AS r WHERE r.name = attach_usage.name);
	IF problem IS NOT NULL THEN
		PERFORM inferacct_internal.fail('42804', format('relation "%s" cannot be attached: %s', relation, problem));
	END IF;
	PERFORM warn_of_doubles(name, relation, mapping, definition);
	PERFORM tell_source(name);
	RETURN source_view(name)::regclass;
END
$$;

COMMENT ON FUNCTION attach_usage(text, regclass, jsonb) IS
'Makes a log of another tool part of usage_all, where it lies: a view usage_of_<name>, no copy. '
'name: the source in reports; relation: a table, foreign table or view; '
'mapping: {"tool": ...} with columns of one''s own beside it, or, without tool, which columns fill at, request_id, '
'and either response (the provider''s whole answer), or model and usage (a column of that type), or model, input and '
'other meters, and columns of usage_log. A column is given by name, {"column": name, "path": [key, ...]} in a json '
'column, or {"value": constant}. input_includes_cached must be said, and output_includes_reasoning when reasoning is '
'mapped. Timestamps without time zone are UTC; numbers need at_unit (s, ms, us, ns). Returns the view. '
'The relation stays its owner''s, who may change and drop it: see source_status. '
'When a source of this name was attached before with another mapping or relation, the next refresh_usage() reads its '
'hours again. Errors: 42703 no such column, 42804 a type that cannot be read, 22023 a mapping that does not say what '
'it must, or a relation that is made of this extension''s own, 42809 no table or view, or a temporary one, 42710 a '
'name in use, 22004 NULL, 42501 the caller does not own the extension (inferacct_admin does not suffice).';

CREATE FUNCTION attach_usage(name text, relation regclass, mapping text)
RETURNS regclass
LANGUAGE sql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT attach_usage(name, relation, CASE WHEN ltrim(mapping) LIKE '{%' THEN mapping::jsonb
		ELSE jsonb_build_object('tool', mapping) END)
$$;

COMMENT ON FUNCTION attach_usage(text, regclass, text) IS
'As attach_usage(name, relation, mapping jsonb); mapping: the name of a tool (docs/sources.md has them), or the text '
'of a JSON object.';

CREATE FUNCTION detach_usage(name text)
RETURNS void
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM check_owner('detach a source');
	DELETE FROM usage_source AS s WHERE s.name = detach_usage.name;
	IF NOT FOUND THEN
		PERFORM inferacct_internal.fail('42704', format('no source "%s" is attached', name),
			hint => 'SELECT name, relation FROM usage_source shows what is.');
	END IF;
END
$$;

COMMENT ON FUNCTION detach_usage(text) IS
'Takes an attached source out of usage_all and drops its view; its relation is left as it is, and so is its part of '
'usage_hourly, until forget_usage() or until another relation or mapping is attached by its name. '
'Errors: 42704 no such source, 2BP01 other views read its view, 42501 the caller does not own the extension.';

CREATE FUNCTION source_query(name text)
RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT source_select(s.name, s.relation, s.columns, s.definition) FROM usage_source AS s WHERE s.name = $1
$$;

COMMENT ON FUNCTION source_query(text) IS
'The query behind an attached source, in the columns of usage_log, for a view of one''s own: such a view is planned '
'by Citus on the nodes that have the rows, but keeps its relation from being dropped. '
'NULL when no source has this name.';
