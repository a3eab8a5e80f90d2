-- source: usage logs that other tools keep, read where they lie.
--
-- Invariants: attaching copies nothing; every attached relation has one view,
-- usage_of_<name>, of the columns of usage_log; usage_all is usage_log and all
-- of these.  The views are members of the extension that are made again from
-- usage_source whenever it changes, also by pg_restore.  All have the rights of
-- who asks (security_invoker).

CREATE TABLE usage_source (
	name		text COLLATE "C" PRIMARY KEY CHECK (name <> '' AND octet_length(name) <= 48 AND name <> 'usage_log'),
	relation	regclass NOT NULL,
	mapping		jsonb NOT NULL,
	definition	jsonb NOT NULL,
	attached_at	timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE usage_source IS 'The attached logs; written by attach_usage() and detach_usage().';
COMMENT ON COLUMN usage_source.mapping IS 'as attach_usage() was given it';
COMMENT ON COLUMN usage_source.definition IS 'what it made of it: SQL expressions over the relation (alias r) by column of usage_log, and FROM, WHERE and problem';

SELECT pg_extension_config_dump('usage_source', '');

-- A mapping of one's own: which columns fill which, and what the counts contain.
CREATE FUNCTION inferacct_internal.columns_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	counts text := '';
	called text;
	key text;
	said jsonb;
BEGIN
	FOREACH key IN ARRAY ARRAY['at', 'request_id', 'model', 'input'] LOOP
		IF NOT mapping ? key THEN
			RAISE invalid_parameter_value USING
				MESSAGE = format('the mapping does not say which column is "%s"', key),
				HINT = 'Required are at, request_id, model, input and input_includes_cached.';
		END IF;
	END LOOP;
	IF jsonb_typeof(mapping -> 'input_includes_cached') IS DISTINCT FROM 'boolean' THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'the mapping does not say whether the input count includes cached tokens',
			DETAIL = 'OpenAI and OpenTelemetry count cached tokens within the input, Anthropic beside it; the wrong guess bills them twice or not at all.',
			HINT = 'Add "input_includes_cached": true or false.';
	END IF;
	IF mapping ? 'reasoning' AND jsonb_typeof(mapping -> 'output_includes_reasoning') IS DISTINCT FROM 'boolean' THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'the mapping does not say whether the output count includes reasoning tokens',
			HINT = 'Add "output_includes_reasoning": true or false.';
	END IF;
	FOR key, said IN SELECT * FROM jsonb_each(mapping) LOOP
		CONTINUE WHEN NOT is_meter(key) AND key <> 'cache_write_total';
		called := CASE WHEN key = 'input' AND (mapping ->> 'input_includes_cached')::boolean THEN 'input_total'
			WHEN key = 'output' AND coalesce((mapping ->> 'output_includes_reasoning')::boolean, false) THEN 'output_total'
			ELSE key END;
		counts := counts || format('%s%L, %s', CASE WHEN counts <> '' THEN ', ' ELSE '' END, called, source_expression(relation, key, said));
	END LOOP;
	counts := format('(''columns'', jsonb_build_object(%s))', counts);
	RETURN jsonb_build_object('columns', jsonb_build_object('usage', 'inferacct_internal.source_usage' || counts), 'problem', 'inferacct_internal.source_problem' || counts);
END
$$;

COMMENT ON FUNCTION columns_definition(regclass, jsonb) IS 'Definition of any table by a mapping of its columns, for attach_usage().';

-- The whole definition: what the tool's mapping gives, and what the caller's says beside it.
CREATE FUNCTION inferacct_internal.source_definition(relation regclass, mapping jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	tool text := mapping ->> 'tool';
	definition jsonb;
	options text[] := ARRAY['tool', 'at_unit'];
	labels text[];
	key text;
	said jsonb;
	expression text;
BEGIN
	IF jsonb_typeof(mapping) IS DISTINCT FROM 'object' THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'a mapping is the name of a tool or a JSON object',
			HINT = 'The tools are litellm, langfuse, otel, openai_usage_api and anthropic_usage_report.';
	END IF;
	CASE tool
		WHEN 'litellm' THEN definition := litellm_definition(relation, mapping); options := options || ARRAY['failed'];
		WHEN 'langfuse' THEN definition := langfuse_definition(relation, mapping);
		WHEN 'otel' THEN definition := otel_definition(relation, mapping);
		WHEN 'openai_usage_api' THEN definition := openai_definition(relation, mapping); options := options || ARRAY['page'];
		WHEN 'anthropic_usage_report' THEN definition := anthropic_definition(relation, mapping); options := options || ARRAY['page'];
		ELSE
			IF tool IS NOT NULL THEN
				RAISE invalid_parameter_value USING
					MESSAGE = format('unknown tool "%s"', tool),
					HINT = 'The tools are litellm, langfuse, otel, openai_usage_api and anthropic_usage_report; map the columns of others.';
			END IF;
			definition := columns_definition(relation, mapping);
			options := options || ARRAY['input_includes_cached', 'output_includes_reasoning', 'cache_write_total'];
	END CASE;

	labels := ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = 'inferacct.usage_log'::regclass AND attnum > 0 AND NOT attisdropped
		AND attname NOT IN ('usage', 'source'));
	FOR key, said IN SELECT * FROM jsonb_each(mapping) LOOP
		CONTINUE WHEN key = ANY (options) OR (tool IS NULL AND is_meter(key));
		IF NOT key = ANY (labels) THEN
			RAISE invalid_parameter_value USING
				MESSAGE = format('a mapping cannot have "%s"', key),
				HINT = format('It may have %s, and %s.', array_to_string(options, ', '), array_to_string(labels, ', '));
		END IF;
		expression := source_expression(relation, key, said);
		IF key IN ('at', 'loaded_at') THEN
			expression := source_time(relation, expression, mapping ->> 'at_unit');
		ELSIF key = 'provider_usd' THEN
			expression := source_usd(relation, expression);
		END IF;
		definition := jsonb_set(definition, ARRAY['columns', key], to_jsonb(expression));
	END LOOP;
	RETURN definition;
END
$$;

COMMENT ON FUNCTION source_definition(regclass, jsonb) IS 'What attach_usage() makes of a mapping: SQL expressions by column of usage_log. Errors as attach_usage().';

-- ---------------------------------------------------------------------------
-- Views
-- ---------------------------------------------------------------------------

-- FROM and WHERE of one source.
CREATE FUNCTION inferacct_internal.source_from(relation regclass, definition jsonb)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT format('FROM %s AS r%s%s', relation, definition ->> 'from', ' WHERE ' || (definition ->> 'where'))
$$;

COMMENT ON FUNCTION source_from(regclass, jsonb) IS 'FROM and WHERE of the query behind the view of an attached source; the relation is called r.';

-- The query of one source in the shape of usage_log.
CREATE FUNCTION inferacct_internal.source_select(name text, relation regclass, definition jsonb)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT format('SELECT %s %s',
		string_agg(format('(%s)::%s%s AS %I',
			CASE a.attname
				WHEN 'source' THEN quote_literal(name)
				WHEN 'usage' THEN format('CASE WHEN isfinite(%s) THEN %s END', definition #>> '{columns,at}', definition #>> '{columns,usage}')
				WHEN 'service_tier' THEN coalesce(source_format('coalesce(%s, ''standard'')', definition #>> '{columns,service_tier}'), quote_literal('standard'))
				WHEN 'status' THEN coalesce(definition #>> '{columns,status}', quote_literal('ok'))
				ELSE coalesce(definition #>> ARRAY['columns', a.attname], 'NULL') END,
			a.atttypid::regtype,
			CASE WHEN a.attcollation <> 0 THEN format(' COLLATE %s', a.attcollation::regcollation) ELSE '' END,
			a.attname), ', ' ORDER BY a.attnum),
		source_from(relation, definition))
	FROM pg_attribute AS a
	WHERE a.attrelid = 'inferacct.usage_log'::regclass AND a.attnum > 0 AND NOT a.attisdropped
$$;

COMMENT ON FUNCTION source_select(text, regclass, jsonb) IS 'The query behind the view of an attached source.';

CREATE FUNCTION inferacct_internal.source_view(name text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 5
RETURN format('inferacct.%I', 'usage_of_' || name);

COMMENT ON FUNCTION source_view(text) IS 'Name of the view of an attached source.';

CREATE VIEW usage_all WITH (security_invoker = true) AS SELECT * FROM usage_log;

COMMENT ON VIEW usage_all IS 'usage_log and every attached source, in the columns of usage_log. A usage of NULL is one that could not be read: see rejected_usage.';

CREATE VIEW rejected_usage WITH (security_invoker = true) AS
SELECT source, request_id, at, model, NULL::text AS reason FROM usage_log WHERE false;

COMMENT ON VIEW rejected_usage IS 'Rows of attached sources that have no time, no model or no usage that makes sense, and why: they are in no sum.';

-- Rows of one source that are in no sum, and why.
CREATE FUNCTION inferacct_internal.source_rejected(name text, relation regclass, definition jsonb)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT format('SELECT * FROM (SELECT %L::text COLLATE "C", (%s)::text COLLATE "C", %s, (%s)::text, (%s)::text %s) AS x (source, request_id, at, model, problem) '
			'CROSS JOIN LATERAL (SELECT CASE WHEN isfinite(at) IS NOT TRUE THEN ''no time'' WHEN model IS NULL THEN ''no model'' ELSE problem END) AS y (reason)',
		name, definition #>> '{columns,request_id}', definition #>> '{columns,at}', definition #>> '{columns,model}',
		definition ->> 'problem', source_from(relation, definition))
$$;

COMMENT ON FUNCTION source_rejected(text, regclass, jsonb) IS 'The query for the rows of an attached source with what is wrong with each; NULL where nothing is.';

-- Make the views again from usage_source.
CREATE FUNCTION inferacct_internal.make_usage_views()
RETURNS void
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	s usage_source;
	every text := 'SELECT * FROM inferacct.usage_log';
	rejected text := 'SELECT source, request_id, at, model, NULL::text AS reason FROM inferacct.usage_log WHERE false';
BEGIN
	FOR s IN SELECT * FROM usage_source ORDER BY name LOOP
		IF to_regclass(source_view(s.name)) IS NULL THEN
			EXECUTE format('CREATE VIEW %s WITH (security_invoker = true) AS %s', source_view(s.name), source_select(s.name, s.relation, s.definition));
			EXECUTE format('COMMENT ON VIEW %s IS %L', source_view(s.name), format('The rows of %s in the columns of usage_log; made by attach_usage().', s.relation));
			EXECUTE format('ALTER EXTENSION inferacct ADD VIEW %s', source_view(s.name));
		END IF;
		every := every || format(' UNION ALL SELECT * FROM %s', source_view(s.name));
		rejected := rejected || format(' UNION ALL SELECT source, request_id, at, model, reason FROM (%s) AS q WHERE reason IS NOT NULL',
			source_rejected(s.name, s.relation, s.definition));
	END LOOP;
	-- These two are our own: what is put in their place is the same view.
	EXECUTE 'CREATE OR ' || 'REPLACE VIEW inferacct.usage_all WITH (security_invoker = true) AS ' || every;
	EXECUTE 'CREATE OR ' || 'REPLACE VIEW inferacct.rejected_usage WITH (security_invoker = true) AS ' || rejected;
END
$$;

COMMENT ON FUNCTION make_usage_views() IS 'Makes the views of attached sources, usage_all and rejected_usage from usage_source. Run by its trigger; the caller must own the extension.';

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

CREATE TRIGGER usage_source_written AFTER INSERT OR UPDATE OR DELETE ON usage_source
FOR EACH STATEMENT EXECUTE FUNCTION usage_source_written();

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
		RAISE insufficient_privilege USING
			MESSAGE = format('only the owner of extension inferacct can %s', action),
			DETAIL = 'Whoever reads a report reads every attached relation, and runs what its views and types are made of; so inferacct_admin does not suffice.',
			HINT = format('Have it done by role %s or a member of it.', owner);
	END IF;
END
$$;

COMMENT ON FUNCTION check_owner(text) IS 'Refuses an action (42501) to whoever is not the owner of the extension, nor a member of that role.';

CREATE FUNCTION attach_usage(name text, relation regclass, mapping jsonb)
RETURNS regclass
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM check_owner('attach a source');
	IF num_nulls(name, relation, mapping) > 0 THEN
		RAISE null_value_not_allowed USING MESSAGE = 'attach_usage() needs a name, a relation and a mapping';
	END IF;
	IF name = 'usage_log' OR name = '' OR octet_length(name) > 48 THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('a source cannot be called "%s"', name),
			HINT = 'Any name of 1 to 48 bytes but usage_log will do.';
	END IF;
	IF EXISTS (SELECT FROM usage_source AS s WHERE s.name = attach_usage.name) THEN
		RAISE duplicate_object USING
			MESSAGE = format('source "%s" is attached already', name),
			HINT = format('Detach it first: SELECT detach_usage(%L).', name);
	END IF;
	IF relation = ANY (ARRAY['inferacct.usage_log', 'inferacct.usage_all']::regclass[]) THEN
		RAISE invalid_parameter_value USING MESSAGE = format('relation "%s" is in usage_all already', relation);
	END IF;
	INSERT INTO usage_source (name, relation, mapping, definition)
	VALUES (name, relation, mapping, source_definition(relation, mapping));
	RETURN source_view(name)::regclass;
END
$$;

COMMENT ON FUNCTION attach_usage(text, regclass, jsonb) IS
'Makes a log of another tool part of usage_all, where it lies: a view usage_of_<name>, no copy. name: the source in reports; relation: a table, foreign table or view; mapping: {"tool": litellm | langfuse | otel | openai_usage_api | anthropic_usage_report}, with columns of one''s own beside it, or, without tool, which columns fill at, request_id, model, input (required), other meters and columns of usage_log. '
'A column is given by name, {"column": name, "path": [key, ...]} in a json column, or {"value": constant}. input_includes_cached must be said, and output_includes_reasoning when reasoning is mapped. Timestamps without time zone are UTC; numbers need at_unit (s, ms, us, ns). Returns the view. '
'Errors: 42703 no such column, 42804 a type that cannot be read, 22023 a mapping that does not say what it must, 42710 a name in use, 22004 NULL, 42501 the caller does not own the extension (inferacct_admin does not suffice).';

CREATE FUNCTION attach_usage(name text, relation regclass, mapping text)
RETURNS regclass
LANGUAGE sql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT attach_usage(name, relation, CASE WHEN ltrim(mapping) LIKE '{%' THEN mapping::jsonb ELSE jsonb_build_object('tool', mapping) END)
$$;

COMMENT ON FUNCTION attach_usage(text, regclass, text) IS
'As attach_usage(name, relation, mapping jsonb); mapping: the name of a tool (litellm, langfuse, otel, openai_usage_api, anthropic_usage_report), or the text of a JSON object.';

CREATE FUNCTION detach_usage(name text)
RETURNS void
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM check_owner('detach a source');
	DELETE FROM usage_source AS s WHERE s.name = detach_usage.name;
	IF NOT FOUND THEN
		RAISE undefined_object USING
			MESSAGE = format('no source "%s" is attached', name),
			HINT = 'SELECT name, relation FROM usage_source shows what is.';
	END IF;
	EXECUTE format('ALTER EXTENSION inferacct DROP VIEW %s', source_view(name));
	EXECUTE format('DROP VIEW %s', source_view(name));
END
$$;

COMMENT ON FUNCTION detach_usage(text) IS
'Takes an attached source out of usage_all and drops its view; its relation is left as it is, and so is its part of usage_hourly, until forget_usage(). Errors: 42704 no such source, 2BP01 other views read its view, 42501 the caller does not own the extension.';
