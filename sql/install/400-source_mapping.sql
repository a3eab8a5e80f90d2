-- mapping: how the logs of other tools are read: SQL expressions over a relation
-- (alias r) for the columns of usage_log, made by attach_usage() (412-source_attach).
--
-- Invariants: an expression is built of names that the relation has, quoted, and
-- of quoted constants; nothing that a user writes is run as SQL.  An expression is
-- part of a function's body, which whoever reads parses in a search_path of his own:
-- so it names every function with its schema, and every operator as {op}, which
-- source_format() writes OPERATOR(pg_catalog.op).  What names an operator without
-- saying so (IN, LIKE, NULLIF, IS DISTINCT FROM, CASE x WHEN) does not occur.  Such
-- operators all bind alike, from left to right: where several meet, brackets say how.
--
-- The planner takes in functions in SQL that an expression names, where it can: one that
-- it cannot is run by the executor, which costs a row 6 us, and 150 us with another one
-- inside.  So they are not STRICT, have no SET, and are STABLE where what they call is
-- (jsonb_build_object, to_jsonb, a time and an interval); what needs more is in C or in
-- PL/pgSQL.  test/pgtap/source_inline.sql holds every tool to it.

CREATE FUNCTION inferacct_internal.source_usage(tool text, counts jsonb, charged numeric DEFAULT NULL,
	names jsonb DEFAULT NULL, one_hour boolean DEFAULT NULL, failed boolean DEFAULT NULL)
RETURNS usage
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20
AS 'MODULE_PATHNAME', 'source_usage';

COMMENT ON FUNCTION source_usage(text, jsonb, numeric, jsonb, boolean, boolean) IS
'usage of one row of a tool. tool: response (what a provider answered, as parse_usage()), attributes (the same, where '
'counts may be strings of digits), langfuse (usage_details), openai_usage_api, anthropic_usage_report (a result), '
'columns (meters, input_total, output_total, cache_write_total). charged: USD that the tool reports; '
'where it is above 0 and nothing is counted, the usage is unknown. names: as in parse_usage(). '
'one_hour: tokens written to a cache live one hour where nothing tells. '
'failed: a call that failed may have no count, any other may not. NULL where the counts cannot be read or contradict '
'each other, for source_problem() to say why; NULL tool gives NULL. Error: 22023 unknown tool.';

CREATE FUNCTION inferacct_internal.source_problem(tool text, counts jsonb, charged numeric DEFAULT NULL,
	names jsonb DEFAULT NULL, one_hour boolean DEFAULT NULL, failed boolean DEFAULT NULL)
RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20
AS 'MODULE_PATHNAME', 'source_problem';

COMMENT ON FUNCTION source_problem(text, jsonb, numeric, jsonb, boolean, boolean) IS
'Why source_usage() of the same arguments is NULL, with the name of the count, and what to do. '
'NULL when nothing is wrong. Error: 22023 unknown tool.';

CREATE FUNCTION inferacct_internal.payload_word(word text, payload jsonb)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'payload_word';

COMMENT ON FUNCTION payload_word(text, jsonb) IS
'The model, service_tier or region (word) that a payload names; NULL when it names none, or is none. Raises nothing.';

CREATE FUNCTION inferacct_internal.try_time(value text)
RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'try_time';

COMMENT ON FUNCTION try_time(text) IS
'A time from its text, in UTC where it states no zone; NULL when it is none, infinite, or a word as now. '
'The same in every session.';

CREATE FUNCTION inferacct_internal.utc_time(value timestamp)
RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'utc_time';

COMMENT ON FUNCTION utc_time(timestamp) IS
'The time that value is in UTC: value AT TIME ZONE ''UTC'', without looking for the zone.';

CREATE FUNCTION inferacct_internal.float_usd(value double precision)
RETURNS numeric
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'float_usd';

COMMENT ON FUNCTION float_usd(double precision) IS
'The number that the shortest text of a float is: value::text::numeric; NULL when it is infinite or none.';

CREATE FUNCTION inferacct_internal.try_json(value text)
RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20
AS 'MODULE_PATHNAME', 'try_json';

COMMENT ON FUNCTION try_json(text) IS
'jsonb from its text; NULL when it is no JSON, nested more than 200 deep, or has a number that no jsonb holds.';

CREATE FUNCTION inferacct_internal.try_number(value text)
RETURNS numeric
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
AS 'MODULE_PATHNAME', 'try_number';

COMMENT ON FUNCTION try_number(text) IS 'numeric from its text; NULL when that is no plain number.';

CREATE FUNCTION inferacct_internal.try_whole(value text)
RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN CASE WHEN value ~ '^\s*\d{1,18}(\.0*)?\s*$' THEN trunc(value::numeric)::bigint END;

COMMENT ON FUNCTION try_whole(text) IS 'bigint from its text; NULL when that is no whole number of 0 to 10^18.';

CREATE FUNCTION inferacct_internal.try_interval(value text)
RETURNS interval
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 20
SET search_path TO pg_catalog, pg_temp
SET intervalstyle TO postgres
AS $$
BEGIN
	RETURN CASE WHEN value::interval >= interval '0' THEN value::interval END;
EXCEPTION WHEN data_exception THEN
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION try_interval(text) IS 'interval from its text; NULL when that is none, or below 0.';

-- STABLE, as adding an interval is by its label.
CREATE FUNCTION inferacct_internal.number_time(value numeric, per_second numeric)
RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE COST 5
RETURN CASE WHEN value > -60000000000 * per_second AND value < 250000000000 * per_second
			THEN timestamptz '1970-01-01 00:00:00+00' + trunc(value * 1000000 / per_second)::bigint::double precision
				* interval '1 microsecond' END;

COMMENT ON FUNCTION number_time(numeric, numeric) IS
'The time that is value units after 1970, per_second of which make a second; NULL beyond about 9900 years.';

CREATE FUNCTION inferacct_internal.milliseconds(began timestamptz, ended timestamptz)
RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN CASE WHEN isfinite(began) AND isfinite(ended)
	THEN greatest(extract(epoch FROM ended - began) * 1000, 0)::bigint END;

COMMENT ON FUNCTION milliseconds(timestamptz, timestamptz) IS
'Milliseconds from began to ended, 0 when they are in the wrong order; NULL when one is infinite.';

-- What the rest of the product can count with: months of four digits, and a name for each request.
CREATE FUNCTION inferacct_internal.source_row_problem(at timestamptz, request_id text, model text)
RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 2
AS 'MODULE_PATHNAME', 'source_row_problem';

COMMENT ON FUNCTION source_row_problem(timestamptz, text, text) IS
'Why a row of a source cannot be counted, whatever it counts; NULL when it can.';

CREATE FUNCTION inferacct_internal.source_model(provider text, model text)
RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 2
AS 'MODULE_PATHNAME', 'source_model';

COMMENT ON FUNCTION source_model(text, text) IS
'provider/model, or model alone when provider is NULL or empty or already its prefix: the form that resolve_model() '
'takes. An empty or NULL model gives NULL.';

CREATE FUNCTION inferacct_internal.source_tier(tier text)
RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 2
AS 'MODULE_PATHNAME', 'source_tier';

COMMENT ON FUNCTION source_tier(text) IS
'What a word for a service tier means: the word in lower case, X for on_demand_X, and standard for NULL and for '
'default, auto, on_demand, standard_only, unspecified, traffic_type_unspecified and no word at all.';

-- ---------------------------------------------------------------------------
-- Columns of the relation, as expressions
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.source_format(template text, VARIADIC expressions text[] DEFAULT '{}')
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN CASE WHEN array_position(expressions, NULL) IS NULL
			THEN format(regexp_replace(template, '{([-+*/<>=|#]+)}', 'OPERATOR(pg_catalog.\1)', 'g'),
				VARIADIC expressions) END;

COMMENT ON FUNCTION source_format(text, text[]) IS
'format() with {op} for an operator of PostgreSQL''s own, whatever the search_path; '
'NULL when an expression is NULL: what a relation lacks stays lacking.';

-- What is not empty.
CREATE FUNCTION inferacct_internal.source_word(expression text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN source_format('CASE WHEN %1$s {<>} '''' THEN %1$s END', expression);

COMMENT ON FUNCTION source_word(text) IS 'Expression for a text, or NULL where it is empty.';

CREATE FUNCTION inferacct_internal.source_milliseconds(began text, ended text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN source_format('inferacct_internal.milliseconds(%s, %s)', began, ended);

COMMENT ON FUNCTION source_milliseconds(text, text) IS 'Expression for the milliseconds between two times.';

-- A value in a json expression, as text: the first of these paths ("a/b") that leads to one.
CREATE FUNCTION inferacct_internal.source_path(document text, VARIADIC paths text[])
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 20
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN document IS NULL THEN NULL WHEN count(*) = 1 THEN min(e)
		ELSE format('coalesce(%s)', string_agg(e, ', ' ORDER BY rank)) END
	FROM unnest(paths) WITH ORDINALITY AS p(path, rank)
	CROSS JOIN LATERAL (SELECT source_format('(%s {#>>} %s)', document, quote_literal(string_to_array(path, '/'))
		|| '::text[]')) AS x(e)
$$;

COMMENT ON FUNCTION source_path(text, text[]) IS
'Expression for the text at the first of these paths that a document has; NULL without a document.';

-- Each argument once: what costs much is not taken in twice.
CREATE FUNCTION inferacct_internal.session_attributes(session text, agent text)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 5
RETURN nullif(jsonb_strip_nulls(jsonb_build_object('session', nullif(session, ''), 'agent', nullif(agent, ''))), '{}');

COMMENT ON FUNCTION session_attributes(text, text) IS
'attributes of usage_log with the session and the agent of a request; NULL when there is neither.';

-- Of what somebody keeps: session and agent, which reports know.
CREATE FUNCTION inferacct_internal.source_attributes(session text, agent text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN CASE WHEN session IS NOT NULL OR agent IS NOT NULL
	THEN format('inferacct_internal.session_attributes(%s, %s)', coalesce(session, 'NULL::text'),
		coalesce(agent, 'NULL::text')) END;

COMMENT ON FUNCTION source_attributes(text, text) IS
'Expression for attributes with a session and an agent, where a tool knows them.';

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

COMMENT ON FUNCTION source_column(regclass, text[]) IS
'The first of these columns that relation has, as r.column; NULL when it has none. For attach_usage().';

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
				SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = relation
					AND attnum > 0 AND NOT attisdropped) || '.',
			'Name the columns in a mapping of your own; see attach_usage().');
	END IF;
	RETURN found;
END
$$;

COMMENT ON FUNCTION source_need(regclass, text, text[]) IS
'As source_column(), but a missing column is an error (42703).';

CREATE FUNCTION inferacct_internal.source_type(relation regclass, expression text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT atttypid::regtype::text FROM pg_attribute
	WHERE attrelid = relation AND format('r.%I', attname) = expression AND attnum > 0
$$;

COMMENT ON FUNCTION source_type(regclass, text) IS
'Type of the column that r.column names; NULL for any other expression.';

-- A time: without time zone it is UTC, a number needs its unit.
CREATE FUNCTION inferacct_internal.source_time(relation regclass, expression text, unit text)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	type text := coalesce(source_type(relation, expression), 'text');
	per_second text;
BEGIN
	IF expression IS NULL THEN
		RETURN NULL;
	END IF;
	CASE
		WHEN type = 'timestamp with time zone' THEN RETURN expression;
		WHEN type = 'timestamp without time zone' THEN RETURN format('inferacct_internal.utc_time(%s)', expression);
		WHEN type = 'date'
			THEN RETURN format('inferacct_internal.utc_time(%s::timestamp without time zone)', expression);
		WHEN type IN ('text', 'character varying') AND unit IS NULL
			THEN RETURN format('inferacct_internal.try_time(%s)', expression);
		WHEN type IN ('integer', 'bigint', 'numeric', 'double precision', 'text', 'character varying') THEN
			per_second := CASE unit WHEN 's' THEN '1' WHEN 'ms' THEN '1000' WHEN 'us' THEN '1000000'
				WHEN 'ns' THEN '1000000000' END;
			IF per_second IS NOT NULL THEN
				RETURN format('inferacct_internal.number_time(inferacct_internal.try_number(%s::text), %s::numeric)',
					expression, per_second);
			END IF;
		ELSE
	END CASE;
	PERFORM inferacct_internal.fail('42804',
		format('column %s of relation "%s" cannot be read as a time', substr(expression, 3), relation),
		format('It is of type %s.', type),
		'Numbers since 1970 need "at_unit": "s", "ms", "us" or "ns" in the mapping.');
END
$$;

COMMENT ON FUNCTION source_time(regclass, text, text) IS
'Expression for a timestamptz from one of another type; without time zone it is UTC. Error 42804 when that cannot be.';

-- Exactly the number that is there: a float as its shortest text.
CREATE FUNCTION inferacct_internal.source_usd(relation regclass, expression text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT CASE source_type(relation, expression)
		WHEN 'double precision'
			THEN format('inferacct_internal.float_usd(%s)', expression)
		WHEN 'real' THEN source_format(
			'CASE WHEN %1$s {>} ''-Infinity'' AND %1$s {<} ''Infinity'' THEN %1$s::text::numeric END', expression)
		WHEN 'integer' THEN expression || '::numeric'
		WHEN 'bigint' THEN expression || '::numeric'
		WHEN 'numeric' THEN source_format('CASE WHEN %1$s {>} ''-Infinity'' AND %1$s {<} ''Infinity'' THEN %1$s END',
			expression)
		ELSE format('inferacct_internal.try_number((%s)::text)', expression) END
	WHERE expression IS NOT NULL
$$;

COMMENT ON FUNCTION source_usd(regclass, text) IS
'Expression for USD as numeric: a float by its shortest text, never by rounding to 15 digits; '
'what is no finite number is NULL.';

CREATE FUNCTION inferacct_internal.source_json(relation regclass, expression text)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	type text := coalesce(source_type(relation, expression), 'text');
BEGIN
	CASE
		WHEN expression IS NULL THEN RETURN NULL;
		WHEN type = 'jsonb' THEN RETURN expression;
		WHEN type IN ('json', 'text', 'character varying') THEN RETURN format('inferacct_internal.try_json(%s::text)',
			expression);
		ELSE
	END CASE;
	PERFORM inferacct_internal.fail('42804',
		format('column %s of relation "%s" cannot be read as JSON', substr(expression, 3), relation),
		format('It is of type %s.', type),
		'It must be of type jsonb, json or text.');
END
$$;

COMMENT ON FUNCTION source_json(regclass, text) IS
'Expression for jsonb from a column of type jsonb, json or text; NULL where it is no JSON. '
'Error 42804 for another type.';

-- A column of usage_log from an expression of any type.
CREATE FUNCTION inferacct_internal.source_as(relation regclass, expression text, key text, unit text)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	type text := source_type(relation, expression);
BEGIN
	IF expression IS NULL OR expression = 'NULL' THEN
		RETURN expression;
	END IF;
	CASE
		WHEN key IN ('at', 'loaded_at') THEN RETURN source_time(relation, expression, unit);
		WHEN key = 'provider_usd' THEN RETURN source_usd(relation, expression);
		WHEN key = 'duration_ms' THEN RETURN format('inferacct_internal.try_whole((%s)::text)', expression);
		WHEN key = 'score' THEN RETURN format('inferacct_internal.try_number((%s)::text)', expression);
		WHEN key IN ('tags', 'attributes') AND (type IS NULL OR type IN ('json', 'text', 'character varying')) THEN
			RETURN format('inferacct_internal.try_json((%s)::text)', expression);
		WHEN key IN ('tags', 'attributes') THEN RETURN format('pg_catalog.to_jsonb(%s)', expression);
		WHEN key = 'tolerates' AND type IS DISTINCT FROM 'interval' AND type IS NOT NULL THEN
			PERFORM inferacct_internal.fail('42804', format('column %s of relation "%s" cannot be read as an interval',
				substr(expression, 3), relation),
				format('It is of type %s.', type));
		ELSE RETURN expression;
	END CASE;
END
$$;

COMMENT ON FUNCTION source_as(regclass, text, text, text) IS
'Expression for a column (key) of usage_log from one of the relation: what cannot be read is NULL. '
'Error 42804 when no value could.';

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
		expression := source_json(relation, source_need(relation, key, said ->> 'column'));
		RETURN source_format('(%s {#>>} %s)', expression,
			quote_literal(ARRAY(SELECT jsonb_array_elements_text(said -> 'path'))) || '::text[]');
	END IF;
	PERFORM inferacct_internal.fail('22023', format('the mapping of "%s" is not understood: %s', key, said),
		hint =>
			'Give a column''s name, {"column": name, "path": [key, ...]} for a value in a json column, or {"value": '
			'constant}.');
END
$$;

COMMENT ON FUNCTION source_expression(regclass, text, jsonb) IS
'Expression for what a mapping says of one key. Errors: 42703 no such column, 42804 a path into what is not json, '
'22023 not understood.';
